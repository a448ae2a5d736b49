# shellcheck shell=bash
# wrapped.sh: run tests in a server that runs inside another program, for sanitize.sh and valgrind.sh; to be sourced after
# server.sh.

# server_program COMMAND...: from now on the server is started by this command, with what postgres is given after it.
server_program() {
    SERVER_PROGRAM=$SCRATCH/shared/server-program
    printf '%q ' exec "$@" "$BIN/postgres" | sed '1i #!/bin/sh' | sed '$s/$/"$@"/' | as_server tee "$SERVER_PROGRAM" >/dev/null
    as_server chmod 755 "$SERVER_PROGRAM"
}

# run_regress: the tests of test/sql; where one differs, how.
run_regress() {
    local tests
    tests=$(cd "$TREE/test/sql" && printf '%s\n' *.sql | sed 's/\.sql$//')
    as_server mkdir "$SCRATCH/log/regress"
    in_tree ln -s "$SCRATCH/tree/expected" "$SCRATCH/log/regress/expected"
    # shellcheck disable=SC2086
    in_tree "$PGXS_TEST/regress/pg_regress" --inputdir=test --outputdir="$SCRATCH/log/regress" --bindir="$BIN" \
        --dbname=regress --load-extension=ar_ext $tests && return
    as_server cat "$SCRATCH/log/regress/regression.diffs" || true
    return 1
}

# run_pgtap FILE...: these files of test/pgtap.
run_pgtap() {
    as_server createdb pgtap
    scratch_psql -d pgtap -c "CREATE EXTENSION ar_ext" -c "CALL ar.create_books()" -c "CREATE SCHEMA tap" \
        -c "CREATE EXTENSION pgtap SCHEMA tap" -c "ALTER DATABASE pgtap SET search_path = public, tap"
    in_tree pg_prove --psql-bin "$BIN/psql" -d pgtap "$@"
}
