# shellcheck shell=bash
# fuzzers.sh: the fuzzers of the types' parsers, for fuzz.sh and check.sh; to be sourced after server.sh.
#
# A parser has a libFuzzer harness of its own, test/fuzz/PARSER.c, with words for it in PARSER.dict and where to begin in
# corpus/PARSER.  The functions that need a server are fuzzed from within one, by the module of test/fuzz/receive.c.

FUZZ_PARSERS=(monetary terms aging_bucket number)
declare -A fuzz_sources=(
    [monetary]="src/type/monetary_parse.c src/type/currency.c"
    [terms]="src/type/terms_parse.c src/type/terms_write.c"
    [aging_bucket]="src/type/aging_bucket_parse.c"
    [number]="src/cash/number.c src/cash/number_find.c src/cash/number_match.c src/cash/number_scan.c
        src/cash/number_use.c src/cash/iban.c src/cash/card.c src/cash/reference.c src/billing/reference.c src/type/currency.c"
)
declare -A fuzz_process

# fuzz_build: compile the harnesses, with everything that notices an error, and the module.
fuzz_build() {
    local parser libraries flags
    flags=(-I"$("$PG_CONFIG" --includedir-server)" -Isrc -Wall -Wextra -Werror -Wno-unused-parameter -Wno-sign-compare
        -Wno-missing-field-initializers -g -O1)
    libraries=(-L"$("$PG_CONFIG" --pkglibdir)" -L"$("$PG_CONFIG" --libdir)" -lpgcommon -lpgport)
    for parser in "${FUZZ_PARSERS[@]}"; do
        # What is left unresolved is the server, which no parser may call.
        # shellcheck disable=SC2086
        in_tree clang "${flags[@]}" -Wno-ignored-attributes -DUSE_ASSERT_CHECKING \
            -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
            -o "test/fuzz/$parser" "test/fuzz/$parser.c" ${fuzz_sources[$parser]} "${libraries[@]}" \
            -no-pie -Wl,--unresolved-symbols=ignore-all || return
    done
    in_tree gcc "${flags[@]}" -fPIC -shared -o test/fuzz/receive.so test/fuzz/receive.c
}

# fuzz_start LIMIT: start the harnesses, all at once and in the background; the limit is an option of libFuzzer.
fuzz_start() {
    local parser
    for parser in "${FUZZ_PARSERS[@]}"; do
        in_tree nice -n 10 "test/fuzz/$parser" "$@" -dict="test/fuzz/$parser.dict" -max_len=256 -timeout=10 -rss_limit_mb=1024 \
            -print_final_stats=1 -artifact_prefix="$SCRATCH/log/$parser-" "test/fuzz/corpus/$parser" \
            >"$SCRATCH/log/fuzz-$parser" 2>&1 &
        fuzz_process[$parser]=$!
    done
}

# fuzz_result PARSER: wait for a harness and say what it did; what it found is in the logs, and shown.
fuzz_result() {
    local log=$SCRATCH/log/fuzz-$1 status=0 runs
    wait "${fuzz_process[$1]}" || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status = 0 ] && [ -n "$runs" ]; then
        echo "$runs texts read as $1, and no promise broken"
        return 0
    fi
    grep -v '^#[0-9]' "$log" | tail -n 40
    return 1
}

# fuzz_receive DATABASE RUNS SECONDS: let every type read so many random bytes, in a database that has the extension.
fuzz_receive() {
    scratch_psql -d "$1" -v module="$SCRATCH/tree/test/fuzz/receive.so" -v runs="$2" -v seconds="$3" \
        -v seed="$(date +%s)" -f test/fuzz/receive.sql
}
