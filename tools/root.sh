#!/bin/bash
# root.sh MAJOR COMMAND...: run a command of this checkout where PostgreSQL MAJOR is at home.
#
# That is this machine, if its PG_CONFIG is of that version; or else a Debian root that has it: a directory made by
# debootstrap, outside the checkout, kept from run to run in AR_ROOTS.  Delete it and the next run makes it anew.
# The command has mounts and processes of its own, gone when it ends; nothing is written to the checkout.
set -euo pipefail
cd "$(dirname "$0")/.."

major=$1
shift
if [ "$("${PG_CONFIG:-pg_config}" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p')" = "$major" ]; then
    exec "$@"
fi

case $major in
    15) suite=bookworm ;;
    17) suite=trixie ;;
    18) suite=sid ;;
    *)
        echo "root: no Debian is known here that has PostgreSQL $major; there are 15, 17 and 18" >&2
        exit 1
        ;;
esac

# Of the environment the command sees the house's own variables alone.
settings=()
for name in "${!AR_@}"; do
    settings+=("$name=${!name}")
done
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "root: a Debian root needs root: run this as root, or install sudo" >&2
        exit 1
    fi
    exec sudo env "${settings[@]}" "$PWD/tools/root.sh" "$major" "$@"
fi

PATH=$PATH:/usr/sbin:/sbin
roots=${AR_ROOTS:-/var/cache/ar_ext}
root=$roots/$suite

# make_root: debootstrap from the mirror that this machine's apt uses, and by its rules.
make_root() {
    tools/setup.sh debootstrap
    local mirror
    # shellcheck disable=SC2016 # apt expands it
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p) || true
    mirror=${mirror:-http://deb.debian.org/debian}
    local proxy
    proxy=$(apt-config dump --format '%v%n' Acquire::http::Proxy) || true

    echo "root: making a Debian $suite with PostgreSQL $major in $root, which takes a minute or two"
    rm -rf "$root.new"
    if ! http_proxy=${proxy:-${http_proxy:-}} debootstrap --variant=minbase "$suite" "$root.new" "$mirror" >"$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        echo "root: debootstrap failed; all it said is in $root.log" >&2
        return 1
    fi
    {
        apt-config dump --format '%F "%v";%n' Acquire::http::Proxy Acquire::Check-Valid-Until || true
        echo 'APT::Keep-Downloaded-Packages "false";'
    } >"$root.new/etc/apt/apt.conf.d/80machine"
    # No service starts in here.
    printf '#!/bin/sh\nexit 101\n' >"$root.new/usr/sbin/policy-rc.d"
    chmod 755 "$root.new/usr/sbin/policy-rc.d"
    mkdir "$root.new"/srv/{checkout,shared}
    rm "$root.log"
    mv "$root.new" "$root"
}

mkdir -p "$roots"
exec 9>"$roots/$suite.lock"
flock 9
if [ ! -d "$root" ]; then
    make_root
fi
for file in hosts resolv.conf; do
    [ ! -r "/etc/$file" ] || cp -L "/etc/$file" "$root/etc/$file"
done

# enter COMMAND...: run it in the root, beside the real data if that is beside the checkout.
# shellcheck disable=SC2016 # the inner shell is to expand these
enter() {
    unshare --mount --pid --fork --kill-child bash -c '
        set -e
        root=$1 scratch=$2
        shift 2
        mount --bind "$PWD" "$root/srv/checkout"
        [ ! -d "$PWD/../shared" ] || mount --bind "$PWD/../shared" "$root/srv/shared"
        mount --bind "$scratch" "$root/var/tmp"
        mount --rbind /dev "$root/dev"
        mount -t proc proc "$root/proc"
        exec chroot "$root" /usr/bin/env -i -C /srv/checkout "$@"' \
        enter "$root" "${AR_SCRATCH_PARENT:-/var/tmp}" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM="${TERM:-dumb}" \
        "${settings[@]}" AR_SCRATCH_PARENT=/var/tmp "$@"
}

# Two runs do not install at once.
enter PG="$major" tools/setup.sh
exec 9>&-
enter "$@"
