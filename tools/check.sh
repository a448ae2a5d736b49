#!/bin/bash
# check.sh: build with every warning an error, then run every test; the last line says how many passed and failed.
#
# Each stage shows its runner's own output; the last line adds up the runners' own totals.  A stage without files is
# skipped with a word.  Nothing outside a scratch of its own is written, so any number may run at once.
# shellcheck disable=SC2317 # verify_line calls functions by their names
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
. tools/server.sh
. tools/fuzzers.sh

passed=0
failed=0
executed=0

stage() {
    printf '\n== %s\n' "$1"
}

# count PASSED FAILED: add a runner's totals to ours.
count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    executed=$((executed + $1 + $2))
}

# finish: print the line of totals and leave with the status it implies.
finish() {
    if [ $executed = 0 ]; then
        echo "No test was run, and that is a failure."
        failed=$((failed + 1))
    fi
    [ $failed = 0 ] || scratch_keep_log
    printf '\n%s\n' "$passed passed, $failed failed"
    [ $failed = 0 ] || exit 1
    exit 0
}

# The log is the server user's, the counting is ours: run a command, show its output, keep it.
logged() {
    local log=$1
    shift
    set +e
    "$@" 2>&1 | as_server tee "$SCRATCH/log/$log"
    local status=${PIPESTATUS[0]}
    set -e
    return "$status"
}

# count_regress LOG STATUS: the totals of pg_regress and pg_isolation_regress, in the words of 15 and of later ones.
count_regress() {
    local log=$SCRATCH/log/$1 total=0 bad=0
    if [[ $(<"$log") =~ ([0-9]+)\ of\ ([0-9]+)\ tests\ failed ]]; then
        bad=${BASH_REMATCH[1]} total=${BASH_REMATCH[2]}
    elif [[ $(<"$log") =~ All\ ([0-9]+)\ tests\ passed ]]; then
        total=${BASH_REMATCH[1]}
    fi
    # A runner that gave up counts, whatever it managed to say.
    if [ "$2" != 0 ] && [ "$bad" = 0 ]; then
        bad=1 total=$((total > 0 ? total : 1))
    fi
    count $((total - bad)) "$bad"
}

# count_prove LOG STATUS: the totals of prove and pg_prove, and of their report on each file that failed.
count_prove() {
    local log=$SCRATCH/log/$1 total=0 failed_tests=0 bad=0 report
    if [[ $(<"$log") =~ Files=[0-9]+,\ Tests=([0-9]+) ]]; then
        total=${BASH_REMATCH[1]}
    fi
    # A file that dies, or plans more than it runs, fails without a failed test: it counts as one.
    while read -r report; do
        failed_tests=$((failed_tests + report))
        bad=$((bad + (report > 0 ? report : 1)))
    done < <([ "$2" = 0 ] || sed -nE 's/^.* \(Wstat: .* Tests: [0-9]+ Failed: ([0-9]+)\)$/\1/p' "$log")
    if [ "$2" != 0 ] && [ "$bad" = 0 ]; then
        bad=1
    fi
    count $((total - failed_tests)) "$bad"
}

# verify_line WORDS COMMAND...: one check of the house itself, as a line like a runner's.
verify_line() {
    local words=$1
    shift
    if "$@"; then
        echo "ok - $words"
        passed=$((passed + 1))
    else
        echo "not ok - $words"
        failed=$((failed + 1))
    fi
}

names() {
    (cd "$TREE" && find "$1" -name "*.$2" -printf '%f\n' 2>/dev/null | LC_ALL=C sort | sed "s/\.$2\$//") || true
}

# absent PATTERN GREP-ARGUMENT...: the pattern is nowhere; where it is, the places are shown.
absent() {
    local places
    places=$(grep -rnEi "$@") || return 0
    echo "$places"
    return 1
}

# A database with the books in it, for the stages that begin there.
make_books() {
    as_server createdb "$1" && scratch_psql -d "$1" -c "CREATE EXTENSION ar_ext" -c "CALL ar.create_books()"
}

reference_is_fresh() {
    scratch_psql -At -d "$1" -f tools/reference.sql | diff -u docs/reference.md - && return
    echo "docs/reference.md is not what the catalog says: run \"make reference\""
    return 1
}

# The tour is what a newcomer sees first: it must run to its end, and leave a sound book.
tour_is_sound() {
    local tour_log
    tour_log=$(mktemp)
    scratch_psql -d "$1" <docs/tour.sql >"$tour_log" 2>&1 &&
        [ "$(scratch_psql -At -d "$1" -c "SELECT count(*) FROM ar.verify()")" = 0 ] && rm -f "$tour_log" && return
    tail -n 20 "$tour_log"
    rm -f "$tour_log"
    return 1
}

stage "house"
verify_line "the C code calls no function that can overrun a buffer or hide a malformed number" \
    absent '\b(v?sprintf|strcpy|strcat|ato[ilf]|gets)\(' src
# What somebody made beforehand would be taken over.
verify_line "the install script says neither OR REPLACE nor IF NOT EXISTS" \
    absent '^ *CREATE +(.* )?(OR +REPLACE|IF +NOT +EXISTS)\b' sql --exclude-dir=upgrade --exclude='ar_ext--*'
for generator in tools/currency_table*; do
    [ -x "$generator" ] || continue
    verify_line "the compiled-in currency table is the one that $generator makes" "$generator" --check
done

scratch_temporary check

stage "build with clang, warnings as errors"
# The server's flags and headers are made for gcc, and PGXS hands them to clang too: no fault of the code.
foreign_flags="-Wno-ignored-attributes -Wno-ignored-optimization-argument"
foreign_flags+=" -Wno-unknown-warning-option -Wno-unused-command-line-argument"
if ! logged build-clang build CC=clang with_llvm=no COPT="-Werror $foreign_flags" all; then
    count 0 1
    finish
fi
in_tree make -s PG_CONFIG="$PG_CONFIG" clean
stage "build with gcc, warnings as errors, assertions on"
if ! logged build-gcc build CC=gcc COPT="-Werror -DUSE_ASSERT_CHECKING" all || ! install_build; then
    count 0 1
    finish
fi
if ! logged build-fuzz fuzz_build; then
    count 0 1
    finish
fi
cluster_start "fsync = off" "max_prepared_transactions = 10"

make_books house
stage "documentation"
verify_line "docs/reference.md is what the catalog says" reference_is_fresh house
if [ -f docs/tour.sql ]; then
    verify_line "docs/tour.sql runs to its end and leaves sound books" tour_is_sound house
fi

stage "pg_regress: test/sql"
tests=$(names test/sql sql)
if [ -n "$tests" ]; then
    as_server mkdir "$SCRATCH/log/regress"
    in_tree ln -s "$SCRATCH/tree/expected" "$SCRATCH/log/regress/expected"
    status=0
    # shellcheck disable=SC2086
    logged regress.log in_tree "$PGXS_TEST/regress/pg_regress" --inputdir=test --outputdir="$SCRATCH/log/regress" \
        --bindir="$BIN" --dbname=regress --load-extension=ar_ext $tests || status=$?
    [ $status = 0 ] || as_server cat "$SCRATCH/log/regress/regression.diffs" || true
    count_regress regress.log $status
else
    echo "skipped: no files"
fi

stage "isolation: test/specs"
tests=$(names test/specs spec)
if [ -n "$tests" ]; then
    make_books isolation
    as_server mkdir "$SCRATCH/log/isolation"
    # Which of its checks finds first that a transaction cannot be serialized differs between versions of the server, and
    # so its words after "due to": they are taken out of what is expected, and of what comes.
    same='s/^(ERROR:  could not serialize access) due to .*/\1/'
    in_tree cp -r expected "$SCRATCH/log/isolation/expected"
    in_tree sed -E -i "$same" -- "$SCRATCH"/log/isolation/expected/*.out
    as_server tee "$SCRATCH/log/isolation/launcher" >/dev/null <<<"set -o pipefail; \"\$@\" 2>&1 | sed -E '$same'"
    status=0
    # shellcheck disable=SC2086
    logged isolation.log in_tree "$PGXS_TEST/isolation/pg_isolation_regress" --inputdir=test \
        --outputdir="$SCRATCH/log/isolation" --bindir="$BIN" --dbname=isolation --use-existing \
        --launcher="bash $SCRATCH/log/isolation/launcher" $tests || status=$?
    [ $status = 0 ] || as_server cat "$SCRATCH/log/isolation/regression.diffs" || true
    count_regress isolation.log $status
else
    echo "skipped: no files"
fi

stage "pgTAP: test/pgtap"
if [ -n "$(names test/pgtap sql)" ]; then
    make_books pgtap
    scratch_psql -d pgtap -c "CREATE SCHEMA tap" -c "CREATE EXTENSION pgtap SCHEMA tap" \
        -c "ALTER DATABASE pgtap SET search_path = public, tap"
    status=0
    logged pgtap.log in_tree pg_prove --psql-bin "$BIN/psql" -d pgtap --recurse --ext .sql test/pgtap || status=$?
    count_prove pgtap.log $status
else
    echo "skipped: no files"
fi

# The fuzzers run beside the next stage, and are asked about after it.
fuzz_start -max_total_time=60
stage "TAP: test/t"
if [ -n "$(names test/t pl)" ]; then
    as_server mkdir "$SCRATCH/log/tap"
    status=0
    # These make clusters of their own: the one above is not theirs.
    logged tap.log in_tree env -u PGHOST -u PGPORT -u PGUSER PERL5LIB="$PGXS_TEST/perl" TESTDIR="$SCRATCH/log/tap" \
        TESTDATADIR="$SCRATCH/log/tap" TESTLOGDIR="$SCRATCH/log/tap" PG_TEST_PORT_DIR="$SCRATCH/log/tap" \
        PG_REGRESS="$PGXS_TEST/regress/pg_regress" prove --recurse --ext .pl test/t || status=$?
    count_prove tap.log $status
else
    echo "skipped: no files"
fi

stage "fuzzers: test/fuzz"
for parser in "${FUZZ_PARSERS[@]}"; do
    verify_line "the parser of $parser keeps its promises, whatever it reads" fuzz_result "$parser"
done
verify_line "every type reads random bytes without a crash or an internal error" fuzz_receive pgtap 1000000 60

finish
