# shellcheck shell=bash
# server.sh: a PostgreSQL server of one's own, for a demo or a test; to be sourced.
#
# Vocabulary: a *scratch* is one directory that holds all a run makes: tree (a copy of this checkout), root (a copy of the
# installed PostgreSQL, with the extension in it), data (a cluster), socket and log.  So nothing is installed into the
# system, nothing is written to the checkout, runs beside each other do not meet, and throwing a scratch away is complete.
# Everything in it belongs to the *server user*: PostgreSQL refuses to run as root, so for root that is postgres.

PG_CONFIG=${PG_CONFIG:-pg_config}
TREE=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Not TMPDIR: that may be closed to the server user, or too long a path for a socket.
SCRATCH_PARENT=${AR_SCRATCH_PARENT:-/var/tmp}
# Only names the socket file: with a directory of its own, and no TCP, it can collide with nobody's.
SCRATCH_PORT=5432

# What the caller's make or shell says about variables and connections is not meant for ours.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL DESTDIR TMPDIR CDPATH
for name in "${!PG@}"; do
    [ "$name" = PG_CONFIG ] || unset "$name"
done
# LANG too: the TAP modules take LC_ALL away, and where nothing is left a cluster would be one of SQL_ASCII.
export LC_ALL=C.UTF-8 LANG=C.UTF-8 PGCLIENTENCODING=UTF8

# as_server COMMAND...: run it as the server user, from a directory that this user can enter.
if [ "$(id -u)" = 0 ]; then
    SERVER_USER=postgres
    as_server() { (cd / && runuser -u "$SERVER_USER" -- "$@"); }
else
    SERVER_USER=$(id -un)
    as_server() { (cd / && "$@"); }
fi

# scratch_make DIRECTORY: take over a directory of the server user and copy checkout and server into it.
scratch_make() {
    SCRATCH=$1
    # By its full path, because the PATH of a scratch begins with another.
    PG_CONFIG=$(command -v "$PG_CONFIG")
    BIN=$SCRATCH/root$("$PG_CONFIG" --bindir)
    export HOME=$SCRATCH PATH=$BIN:$PATH
    as_server mkdir "$SCRATCH"/{tree,root,log,socket,shared}
    # Writable, whatever the original is: it is to be deleted again.
    local copy=(tar --create --mode=u+rwX --file=-)
    "${copy[@]}" -C "$TREE" --exclude-vcs --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude='sql/ar_ext--*.sql' . |
        as_server tar -C "$SCRATCH/tree" --no-same-owner -xf -
    # Some tests use real data kept beside the checkout, and are skipped without.
    if [ -d "$TREE/../shared/data" ]; then
        "${copy[@]}" -C "$TREE/../shared" data | as_server tar -C "$SCRATCH/shared" --no-same-owner -xf -
    fi

    # PostgreSQL finds its files relative to its programs: a copy of the three directories is a whole server.
    local directories
    directories=$(for which in bindir pkglibdir sharedir; do "$PG_CONFIG" --$which; done)
    # shellcheck disable=SC2046
    "${copy[@]}" -C / $(cut -c 2- <<<"$directories") | as_server tar -C "$SCRATCH/root" --no-same-owner -xf -
    # The test runners and the Perl modules that come with the server's headers.
    PGXS_TEST=$(dirname "$("$PG_CONFIG" --pgxs)")/../test
    export PGXS_TEST
}

# in_tree COMMAND...: run it in the copy of the checkout.
in_tree() {
    as_server env -C "$SCRATCH/tree" "$@"
}

# build ARGUMENT...: compile the copy; the arguments go to make.
build() {
    in_tree make -s -j "$(nproc)" PG_CONFIG="$PG_CONFIG" "$@"
}

# install_build: install what build made into the scratch's own server.
install_build() {
    in_tree make -s PG_CONFIG="$PG_CONFIG" DESTDIR="$SCRATCH/root" install >"$SCRATCH/log/install" 2>&1 || {
        cat "$SCRATCH/log/install" >&2
        return 1
    }
}

# cluster_start SETTING...: make the cluster and start it; each setting is a line of postgresql.conf.  Where SERVER_PROGRAM is
# set, that program is started in the place of postgres.
cluster_start() {
    as_server "$BIN/initdb" -D "$SCRATCH/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --data-checksums -N \
        >"$SCRATCH/log/initdb" 2>&1 || {
        cat "$SCRATCH/log/initdb" >&2
        return 1
    }
    printf '%s\n' "listen_addresses = ''" "port = $SCRATCH_PORT" "unix_socket_directories = '$SCRATCH/socket'" \
        "unix_socket_permissions = 0700" "$@" | as_server tee -a "$SCRATCH/data/postgresql.conf" >/dev/null
    as_server "$BIN/pg_ctl" -D "$SCRATCH/data" -l "$SCRATCH/log/server" -s -w -t 60 \
        ${SERVER_PROGRAM:+-p "$SERVER_PROGRAM"} start || {
        tail -n 20 "$SCRATCH/log/server" >&2
        return 1
    }
    export PGHOST=$SCRATCH/socket PGPORT=$SCRATCH_PORT PGUSER=postgres
}

# scratch_psql ARGUMENT...: psql in the cluster; stops at the first error.
scratch_psql() {
    in_tree "$BIN/psql" -X -q -v ON_ERROR_STOP=1 "$@"
}

# scratch_stop: stop the cluster, if there is one.
scratch_stop() {
    if [ -f "$SCRATCH/data/postmaster.pid" ]; then
        as_server "$BIN/pg_ctl" -D "$SCRATCH/data" -s -m immediate -w stop || true
    fi
}

# scratch_keep_log: stop the cluster and delete all but what tells why a run failed.
scratch_keep_log() {
    scratch_stop
    as_server rm -rf "$SCRATCH"/{tree,root,data,socket,shared}
    echo "The logs are in $SCRATCH/log"
    trap - EXIT
}

# scratch_temporary NAME: a scratch of this run alone; its end deletes it, its failure leaves the logs.
scratch_temporary() {
    SCRATCH=$(as_server mktemp -d "$SCRATCH_PARENT/ar_ext-$1.XXXXXX")
    trap scratch_end EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    scratch_make "$SCRATCH"
}

scratch_end() {
    if [ $? = 0 ]; then
        scratch_stop
        as_server rm -rf "$SCRATCH"
    else
        scratch_keep_log
    fi
}
