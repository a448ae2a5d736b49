#!/bin/bash
# valgrind.sh: run test/sql, the tests of the types, in a server under valgrind; takes a quarter of an hour.
#
# The server is the one installed, whose memory contexts valgrind does not know: it sees what is read or written out before
# it was set, and what lies beyond the blocks that the server got from the system.  PostgreSQL writes the padding of its
# own structs to files, so that only those errors count that ar_ext has a part in: in the place itself, or in where the
# memory came from.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
tools/setup.sh valgrind
. tools/server.sh
. tools/wrapped.sh
scratch_temporary valgrind
build CC=gcc with_llvm=no COPT="-g -O1" all
install_build
server_program valgrind --quiet --leak-check=no --trace-children=yes --track-origins=yes --num-callers=40 \
    --log-file="$SCRATCH/log/valgrind.%p"
cluster_start "fsync = off" "jit = off" "restart_after_crash = off" "autovacuum = off" "max_parallel_workers_per_gather = 0"

failed=0
run_regress || failed=1
scratch_stop
# An error is a paragraph; with --quiet there is nothing else.
found=$(as_server sh -c "sed -s 's/^==[0-9]*== \?//' '$SCRATCH'/log/valgrind.* | awk -v RS= '/ar_ext\.so/ { print \$0 \"\n\" }'")
if [ -n "$found" ]; then
    printf '%s\n' "$found"
    failed=1
fi
[ $failed = 0 ] || exit 1
echo "valgrind: nothing was found"
