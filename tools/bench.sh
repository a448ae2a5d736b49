#!/bin/bash
# bench.sh: measure; one line a measure: name, ours, baseline, and how many times the baseline ours takes.
#
# Each file of test/bench runs in a database with the books in it, and leaves rows in bench_result, by public.bench()
# of tools/bench.sql or otherwise.  No time is ever asserted: that is for who reads the lines.
#
# BENCH='type*' runs only the files so named; AR_BENCH_ROWS=1000000 measures the types by fewer rows than 10,000,000.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
. tools/server.sh
scratch_temporary bench
build all
install_build
# Memory enough that both sides are measured, and not the disk; JIT off, because it compiles in some runs only.
cluster_start "fsync = off" "shared_buffers = 4GB" "work_mem = 64MB" "max_wal_size = 8GB" "jit = off" \
    "checkpoint_timeout = 1h" "autovacuum = off"

format='%-84s %14s %14s %6s\n'
# shellcheck disable=SC2059
printf "$format" measure ours baseline ratio
measured=0
for file in test/bench/${BENCH:-*}.sql; do
    [ -f "$file" ] || continue
    as_server createdb bench
    scratch_psql -d bench -c "CREATE EXTENSION ar_ext" -c "CALL ar.create_books()" -f tools/bench.sql
    scratch_psql -d bench -o /dev/null -f "$file"
    while IFS=$'\t' read -r name ours baseline ratio; do
        # shellcheck disable=SC2059
        printf "$format" "$name" "$ours" "$baseline" "$ratio"
        measured=$((measured + 1))
    done < <(scratch_psql -At -F $'\t' -d bench -c "SELECT name, round(ours, 1) || ' ' || unit, round(baseline, 1) || ' ' || unit,
        round(ours / nullif(baseline, 0), 2) FROM public.bench_result ORDER BY result_id")
    as_server dropdb bench
done
if [ $measured = 0 ]; then
    echo "bench: nothing was measured" >&2
    exit 1
fi
