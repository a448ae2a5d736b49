#!/bin/bash
# reference.sh: write docs/reference.md from the comments in the catalog.
set -euo pipefail
cd "$(dirname "$0")/.."

tools/setup.sh
. tools/server.sh
scratch_temporary reference
build all
install_build
cluster_start "fsync = off"
scratch_psql -d postgres -c "CREATE EXTENSION ar_ext" -c "CALL ar.create_books()"
page=$(scratch_psql -At -d postgres -f tools/reference.sql)
printf '%s\n' "$page" >docs/reference.md
