#!/bin/bash
# valgrind.sh: run test/sql, the tests of the types, in a server under valgrind; takes some minutes.
#
# The server is the one installed, whose memory contexts valgrind does not know: it sees what is read before it was written,
# and what lies beyond the blocks that the server got from the system.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
tools/setup.sh valgrind
. tools/server.sh
. tools/wrapped.sh
scratch_temporary valgrind
build CC=gcc with_llvm=no COPT="-g -O1" all
install_build
server_program valgrind --quiet --leak-check=no --trace-children=yes --track-origins=yes --read-var-info=no \
    --suppressions="$SCRATCH/tree/tools/valgrind.supp" --log-file="$SCRATCH/log/valgrind.%p"
cluster_start "fsync = off" "jit = off" "restart_after_crash = off" "autovacuum = off" "max_parallel_workers_per_gather = 0"

failed=0
run_regress || failed=1
scratch_stop
# With --quiet a log has its errors only.
if grep -h . "$SCRATCH"/log/valgrind.*; then
    failed=1
fi
[ $failed = 0 ] || exit 1
echo "valgrind: nothing was found"
