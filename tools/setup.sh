#!/bin/bash
# setup.sh [COMMAND...]: install what the build, the demo and the tests need, on Debian and its like; and these commands,
# by packages of the same names.
#
# Looks for the things themselves rather than for packages, so it is silent, and needs neither network nor root, where
# all is there already, however it came there.  Given the names of commands, whose packages are called as they are, looks
# for those alone.
set -euo pipefail

PG_CONFIG=${PG_CONFIG:-pg_config}
missing=()

# need PACKAGE COMMAND...: PACKAGE is missing unless COMMAND succeeds.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

# Whether clang can link a fuzzer, for which it needs a library of its own.
clang_fuzzes() {
    echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n); int LLVMFuzzerTestOneInput(const char *d, unsigned long n) { return 0; }' |
        clang -fsanitize=fuzzer,address,undefined -x c -o /dev/null -
}

pg_path() {
    "$PG_CONFIG" "--$1" 2>/dev/null || echo /nonexistent
}

major=$("$PG_CONFIG" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p') || true
# A pg_config of the client library alone knows no server; then PG says which version is to come.
[ -f "$(pg_path pgxs)" ] && [ -n "$major" ] || major=${PG:-15}
wanted=("$@")

look() {
    missing=()
    for command in "${wanted[@]}"; do
        need "$command" command -v "$command"
    done
    [ ${#wanted[@]} = 0 ] || return 0
    need gcc command -v gcc
    need clang command -v clang
    need libclang-rt-dev clang_fuzzes
    need make command -v make
    # Debian's client package has the makefiles, without the headers.
    need "postgresql-server-dev-$major" test -f "$(pg_path pgxs)" -a -f "$(pg_path includedir-server)/postgres.h"
    need "postgresql-$major" test -x "$(pg_path bindir)/postgres"
    need "postgresql-$major-cron" test -f "$(pg_path sharedir)/extension/pg_cron.control"
    need "postgresql-$major-pgtap" test -f "$(pg_path sharedir)/extension/pgtap.control"
    need libtap-parser-sourcehandler-pgtap-perl command -v pg_prove
    need libipc-run-perl perl -MIPC::Run -e 1
    need libqrencode-dev test -f /usr/include/qrencode.h
    need perl perl -MTest::More -MTime::HiRes -e 1
    # Drivers that a test uses where they are: the small ones, where they are easily had.
    if command -v apt-get >/dev/null; then
        need python3-psycopg /usr/bin/python3 -c 'import psycopg'
        need python3-pyodbc /usr/bin/python3 -c 'import pyodbc'
        need odbc-postgresql compgen -G '/usr/lib/*/odbc/psqlodbcw.so'
        need libpostgresql-jdbc-java test -f /usr/share/java/postgresql.jar
    fi
}

look
[ ${#missing[@]} -gt 0 ] || exit 0

echo "setup: missing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    echo "setup: there is no apt-get here; install these, or what your system calls them, and run this again" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "setup: installing needs root: run \"make setup\" once as root, or install sudo" >&2
        exit 1
    fi
    as_root=(sudo)
fi

log=$(mktemp)
# Debian's server package makes and starts a cluster named main: nobody asked for one.
no_cluster=/etc/postgresql-common/createcluster.d/ar_ext-setup.conf
"${as_root[@]}" mkdir -p "${no_cluster%/*}"
trap '"${as_root[@]}" rm -f "$no_cluster"; rm -f "$log"' EXIT
echo "create_main_cluster = false" | "${as_root[@]}" tee "$no_cluster" >/dev/null

apt() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1 </dev/null
}
echo "setup: installing them with apt-get, which takes a minute or two"
# The lists may be old or missing; where updating fails (no network), those at hand may still do.
apt update || true
if ! apt install --no-install-recommends "${missing[@]}"; then
    tail -n 30 "$log" >&2
    echo "setup: apt-get could not install them; its last lines are above" >&2
    exit 1
fi

look
if [ ${#missing[@]} -gt 0 ]; then
    echo "setup: still missing after the installation: ${missing[*]}" >&2
    echo "setup: the server in use is the one of PG_CONFIG=$PG_CONFIG; these belong to it" >&2
    exit 1
fi
echo "setup: all is there"
