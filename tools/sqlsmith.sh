#!/bin/bash
# sqlsmith.sh: send random queries over the books and all functions; QUERIES=number, 20000 when not given.
#
# sqlsmith writes queries from the catalog, and most of them fail, as they may: but none may end the server, and no error
# may be internal (XX000) and raised by our code.  It asks as a user who may read the books and call what everybody may.
set -euo pipefail
cd "$(dirname "$0")/.."

QUERIES=${QUERIES:-20000}
SEED=${SEED:-$(date +%s)}
tools/setup.sh
tools/setup.sh sqlsmith
. tools/server.sh
scratch_temporary sqlsmith
build COPT="-DUSE_ASSERT_CHECKING" all
install_build
# In verbose errors the place in the source tells whose an internal one is.
cluster_start "fsync = off" "jit = off" "restart_after_crash = off" "log_error_verbosity = verbose" "statement_timeout = 5s" \
    "max_parallel_workers_per_gather = 0" "lc_messages = 'C'"
as_server createdb sqlsmith
scratch_psql -d sqlsmith -o /dev/null -c "CREATE EXTENSION ar_ext" -c "CALL ar.create_books()" -f test/fuzz/sqlsmith.sql

echo "sqlsmith: $QUERIES queries with seed $SEED"
status=0
in_tree sqlsmith --target="host=$PGHOST port=$PGPORT user=smith dbname=sqlsmith" --exclude-catalog --max-queries="$QUERIES" \
    --seed="$SEED" >"$SCRATCH/log/sqlsmith" 2>&1 || status=$?
log=$SCRATCH/log/server
sed -nE 's/.*(ERROR|FATAL|PANIC):  ([0-9A-Z]{5}):.*/\2/p' "$log" | sort | uniq -c | sort -rn | head -n 15
if [ $status != 0 ] || grep -E -A 5 'terminated by signal|TRAP:|PANIC:' "$log"; then
    tail -n 5 "$SCRATCH/log/sqlsmith"
    exit 1
fi
# An internal error with its context, up to its place, which is the LOCATION line.
internal=$(awk '/ERROR:  XX/ { on = 1 } on { print substr($0, 1, 500) } /LOCATION:/ { on = 0 }' "$log")
[ -z "$internal" ] || printf '%s\n' "internal errors:" "$internal"
ours=$(find src -name '*.c' -printf '%f\n' | tr '\n' '|' | sed 's/|$//')
if grep -q -E "LOCATION: .*[, ]($ours):[0-9]|function ar\.[a-z_]+\(.*\) line" <<<"$internal"; then
    echo "sqlsmith: ar_ext raises an internal error" >&2
    exit 1
fi
echo "sqlsmith: no crash, and no internal error of ours"
