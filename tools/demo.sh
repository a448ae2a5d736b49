#!/bin/bash
# demo.sh [stop]: show the extension at work, in a cluster of its own that stays until it is stopped.
#
# Plays docs/tour.sql.  With DATA=file.csv, loads the invoices of that file by docs/load.sql instead, and prints their aging
# as of AS_OF (the last day in the file, when not given).  A second demo replaces the first.
set -euo pipefail

DATA=${DATA:-}
AS_OF=${AS_OF:-}
[ -z "$DATA" ] || DATA=$(realpath "$DATA")
cd "$(dirname "$0")/.."
system_path=$PATH
. tools/server.sh

demo=$SCRATCH_PARENT/ar_ext-demo-$(id -un)

# Stop and delete the demo that is there, if any; only ever one of our own making.
stop_demo() {
    [ -e "$demo" ] || [ -L "$demo" ] || return 1
    if [ -L "$demo" ] || [ "$(stat -c %U "$demo")" != "$SERVER_USER" ]; then
        echo "demo: $demo is there, but is no directory of $SERVER_USER: remove it first" >&2
        exit 1
    fi
    SCRATCH=$demo
    BIN=$(dirname "$(as_server find "$demo/root" -path '*/bin/pg_ctl' -print -quit)")
    scratch_stop
    as_server rm -rf "$demo"
}

if [ "${1:-}" = stop ]; then
    if stop_demo; then echo "The demo is gone."; else echo "There is no demo to stop."; fi
    exit
fi
if [ -n "$DATA" ] && [ ! -r "$DATA" ]; then
    echo "demo: cannot read DATA=$DATA" >&2
    exit 1
fi

tools/setup.sh
stop_demo || true
echo "Building ar_ext, and a PostgreSQL server for it in $demo ..."
as_server mkdir -m 700 "$demo"
scratch_make "$demo"
build all
install_build
# Background workers, because there is no TCP for pg_cron to connect through.
cluster_start "shared_preload_libraries = 'pg_cron'" "cron.database_name = 'receivables'" \
    "cron.use_background_workers = on" "max_worker_processes = 20"
as_server createdb receivables
scratch_psql -d receivables -c "ALTER DATABASE receivables SET search_path = ar, public" \
    -c "CREATE EXTENSION pg_cron" -c "CREATE EXTENSION ar_ext" -c "CALL ar.create_books()"

# Read from the standard input, psql prints an error without the name of a file before it.
show() {
    scratch_psql -d receivables -P pager=off -P footer=off -P linestyle=unicode -P border=1 -v SHOW_CONTEXT=never "$@" 2>&1
}
give_up() {
    stop_demo
    echo "demo: that failed, and the demo is gone again" >&2
    exit 1
}
if [ -z "$DATA" ]; then
    show <docs/tour.sql || give_up
else
    # The file's own header names the columns of the staging table; docs/load.sql knows what they mean.
    columns=$(head -n 1 "$DATA" | tr -d '\r"\357\273\277' | tr '[:upper:]' '[:lower:]' | sed 's/[^,]*/"&" text/g')
    show -v columns="$columns" -v as_of="$AS_OF" -f docs/load.sql <"$DATA" || give_up
fi

psql=$(PATH=$system_path command -v psql) && psql=psql || psql=$BIN/psql
cat <<END

This database is yours to play with:   $psql -h $PGHOST -p $PGPORT -U postgres receivables
When you have seen enough:             make demo-stop
END
