#!/bin/bash
# fuzz.sh: let the types read millions of random texts and bytes; RUNS=number of each, 10 million when not given.
set -euo pipefail
cd "$(dirname "$0")/.."

RUNS=${RUNS:-10000000}
tools/setup.sh
. tools/server.sh
. tools/fuzzers.sh
scratch_temporary fuzz
fuzz_build
build COPT="-DUSE_ASSERT_CHECKING" all
install_build
cluster_start "fsync = off"
as_server createdb fuzz
scratch_psql -d fuzz -c "CREATE EXTENSION ar_ext"

failed=0
fuzz_start -runs="$RUNS"
for parser in "${FUZZ_PARSERS[@]}"; do
    fuzz_result "$parser" || failed=1
done
fuzz_receive fuzz "$RUNS" 0 || failed=1
[ $failed = 0 ] || exit 1
