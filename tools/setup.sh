#!/bin/bash
# setup.sh: install what the build, the demo and the tests need, on Debian and its like.
#
# Looks for the things themselves rather than for packages, so it is silent, and needs neither network nor root, where
# all is there already, however it came there.
set -euo pipefail

PG_CONFIG=${PG_CONFIG:-pg_config}
missing=()

# need PACKAGE COMMAND...: PACKAGE is missing unless COMMAND succeeds.
need() {
    local package=$1
    shift
    "$@" >/dev/null 2>&1 || missing+=("$package")
}

pg_path() {
    "$PG_CONFIG" "--$1" 2>/dev/null || echo /nonexistent
}

major=$("$PG_CONFIG" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p') || true
# A pg_config of the client library alone knows no server.
[ -f "$(pg_path pgxs)" ] && [ -n "$major" ] || major=15

look() {
    missing=()
    need gcc command -v gcc
    need clang command -v clang
    need make command -v make
    need "postgresql-server-dev-$major" test -f "$(pg_path pgxs)"
    need "postgresql-$major" test -x "$(pg_path bindir)/postgres"
    need "postgresql-$major-cron" test -f "$(pg_path sharedir)/extension/pg_cron.control"
    need "postgresql-$major-pgtap" test -f "$(pg_path sharedir)/extension/pgtap.control"
    need libtap-parser-sourcehandler-pgtap-perl command -v pg_prove
    need libipc-run-perl perl -MIPC::Run -e 1
    need libqrencode-dev test -f /usr/include/qrencode.h
    need perl perl -MTest::More -MTime::HiRes -e 1
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
