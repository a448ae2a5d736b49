-- job: the schedule, by pg_cron.

CREATE FUNCTION ar.job_schedule(schedule text DEFAULT '7,22,37,52 * * * *')
RETURNS TABLE (job text, schedule text, command text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 2
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('ar_ext %s daily', current_database()), job_schedule.schedule, 'CALL ar.run_daily()'
    UNION ALL
    SELECT format('ar_ext %s history', current_database()), '41 3 * * *',
           'DELETE FROM cron.job_run_details WHERE end_time < now() - interval ''14 days'' AND jobid IN (SELECT jobid FROM cron.job WHERE jobname LIKE ''ar_ext %'')'
    WHERE to_regnamespace('cron') IS NOT NULL
$$;
COMMENT ON FUNCTION ar.job_schedule(text) IS
'The jobs of this database as pg_cron is to be told: the daily run, many times a day because midnight comes to each time zone at its own hour and the run does only what is left to do; and what keeps pg_cron''s own history short.';

CREATE FUNCTION ar.schedule_jobs(role text DEFAULT NULL, schedule text DEFAULT '7,22,37,52 * * * *')
RETURNS TABLE (scheduled_job text, scheduled_at text, runs text, runs_as text)
LANGUAGE plpgsql VOLATILE ROWS 2
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    runner text := coalesce(schedule_jobs.role, current_user);
    cron_database text := coalesce(current_setting('cron.database_name', true), 'postgres');
    planned record;
    job_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.rolname = runner) THEN
        RAISE undefined_object USING MESSAGE = format('role "%s" does not exist', runner);
    ELSIF NOT (SELECT r.rolcanlogin FROM pg_roles AS r WHERE r.rolname = runner) THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('role "%s" cannot log in, so no job can run as it', runner),
            HINT = format('ALTER ROLE %I LOGIN, or give another role.', runner);
    END IF;
    IF to_regproc('cron.schedule_in_database') IS NULL THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('pg_cron is not installed in database "%s"', current_database()),
            DETAIL = 'Without it everything works, but for the schedule.',
            HINT = CASE
                WHEN current_setting('cron.database_name', true) IS NULL THEN
                    format(E'Install it (Debian: apt-get install postgresql-%s-cron), set shared_preload_libraries = ''pg_cron'' and '
                           'cron.database_name = ''%s'', restart, CREATE EXTENSION pg_cron, and call this again.\n'
                           'Or put this line into the crontab of a user who may connect as %s:\n'
                           '%s psql -X -d %s -U %s -c "CALL ar.run_daily()"',
                           current_setting('server_version_num')::integer / 10000, current_database(), runner,
                           schedule_jobs.schedule, current_database(), runner)
                WHEN cron_database = current_database() THEN 'CREATE EXTENSION pg_cron, and call this again.'
                ELSE format(E'In database %s, where pg_cron is, call:\nSELECT cron.schedule_in_database(%L, %L, %L, %L, %L);',
                            cron_database, format('ar_ext %s daily', current_database()), schedule_jobs.schedule, 'CALL ar.run_daily()',
                            current_database(), runner)
                END;
    END IF;

    FOR planned IN SELECT s.job, s.schedule, s.command FROM ar.job_schedule(schedule_jobs.schedule) AS s LOOP
        -- Its name is unique for a role alone: what ran as another would run twice.
        FOR job_id IN
            EXECUTE 'SELECT j.jobid FROM cron.job AS j WHERE j.jobname = $1 AND j.username <> $2' USING planned.job, runner
        LOOP
            EXECUTE 'SELECT cron.unschedule($1)' USING job_id;
        END LOOP;
        IF runner = current_user THEN
            EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING planned.job, planned.schedule, planned.command;
        ELSE
            EXECUTE 'SELECT cron.schedule_in_database($1, $2, $3, $4, $5)'
            USING planned.job, planned.schedule, planned.command, current_database()::text, runner;
        END IF;
        RETURN QUERY SELECT planned.job, planned.schedule, planned.command, runner;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.schedule_jobs(text, text) IS
'Puts the jobs of this database on pg_cron: the daily run of all ledgers, and the thinning of pg_cron''s own history. Called again, it changes what there is and doubles nothing.
Arguments: role to run as, by default the present one, which need not be superuser but must be able to log in and to execute ar.run_daily(); another one only a superuser may give; schedule of the daily run, as pg_cron writes it.
Result: what is scheduled. Errors: 55000 pg_cron is not here, with a hint that says what to install, or which line to put where; 42704 no such role; 22023 it cannot log in, or a schedule that pg_cron does not understand.';
REVOKE ALL ON FUNCTION ar.schedule_jobs(text, text) FROM PUBLIC;

CREATE FUNCTION ar.unschedule_jobs() RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    job_id bigint;
    gone bigint := 0;
BEGIN
    IF to_regclass('cron.job') IS NULL THEN
        RETURN 0;
    END IF;
    FOR job_id IN
        EXECUTE 'SELECT j.jobid FROM cron.job AS j JOIN ar.job_schedule() AS s ON s.job = j.jobname ORDER BY j.jobid'
    LOOP
        EXECUTE 'SELECT cron.unschedule($1)' USING job_id;
        gone := gone + 1;
    END LOOP;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION ar.unschedule_jobs() IS
'Takes the jobs of this database off pg_cron, those that the present role may see, and returns how many.';
REVOKE ALL ON FUNCTION ar.unschedule_jobs() FROM PUBLIC;
