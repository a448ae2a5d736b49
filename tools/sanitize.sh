#!/bin/bash
# sanitize.sh: run test/sql and test/pgtap with ar_ext built for the sanitizers of addresses and of undefined behaviour.
#
# The server itself is the one installed, and is given the sanitizers' libraries before all others.  What they find ends
# the server, and so the tests; the report is in the server's log.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
. tools/server.sh
. tools/wrapped.sh
scratch_temporary sanitize
build CC=gcc with_llvm=no COPT="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
    -DUSE_ASSERT_CHECKING" all
install_build
# A library of the server's asks for translations before the sanitizer is ready, and may wait for its lock for ever.
as_server gcc -x c -shared -fPIC -o "$SCRATCH/shared/untranslated.so" - \
    <<<'char *bindtextdomain(const char *domain, const char *directory) { (void) domain; return (char *) directory; }'
# Leaks are no matter: PostgreSQL frees by the context, and not at its end.
server_program env LD_PRELOAD="$(gcc -print-file-name=libasan.so):$SCRATCH/shared/untranslated.so" \
    ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:abort_on_error=1
cluster_start "fsync = off" "jit = off" "restart_after_crash = off"

failed=0
run_regress || failed=1
# The million of each property is long under the sanitizers, and adds no other path.
# shellcheck disable=SC2046
run_pgtap $(cd "$TREE" && find test/pgtap -name '*.sql' ! -name type_property.sql ! -name type_terms.sql | LC_ALL=C sort) || failed=1
if grep -E -A 40 'runtime error|AddressSanitizer|terminated by signal|TRAP:' "$SCRATCH/log/server"; then
    failed=1
fi
[ $failed = 0 ] || exit 1
echo "sanitize: nothing was found"
