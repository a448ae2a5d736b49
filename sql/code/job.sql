-- job: the daily run.

-- The first key of the advisory locks by which one runner at a time works on a ledger; the second is its ledger_id.
-- Integrity never rests on them: each step may be run at any time, and twice.
CREATE FUNCTION ar.job_lock_class() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 1634889332 $$;
COMMENT ON FUNCTION ar.job_lock_class() IS 'The first key of the advisory lock that the daily run of a ledger holds; the second is the ledger_id.';

CREATE FUNCTION ar.job_steps() RETURNS TABLE (step text, "position" integer, does text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES ('recurring_invoices', 10, 'Makes the recurring invoices that are due.'),
           ('numbers', 20, 'Draws the numbers of the series that are numbered in batches.'),
           ('cash', 30, 'Applies what is unapplied.'),
           ('promises', 32, 'Judges promises to pay whose day has passed.'),
           ('payment_plans', 34, 'Judges payment plans.'),
           ('interest', 36, 'Charges interest and fees for paying late.'),
           ('dunning', 38, 'Proposes reminders and dunning letters, and confirms those of policies that say so.'),
           ('worklist', 39, 'Opens, closes and assigns cases of customers who owe something overdue.'),
           ('credit_holds', 40, 'Posts held invoices that nothing holds any more.'),
           ('credit_reviews', 50, 'Ends probations that are passed and opens the credit reviews that are due.'),
           ('aging_snapshot', 60, 'Keeps the aging of the day before, and thins the older ones.'),
           ('verification', 70, 'Verifies the ledger; a violation is an error.')
$$;
COMMENT ON FUNCTION ar.job_steps() IS 'The steps of the daily run of a ledger, in their order.';

CREATE FUNCTION ar.do_job_step(ledger_id integer, step text, business_date date) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
-- Many statements of a moment each: to compile them takes longer than to run them.
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    done bigint;
    wrong text;
BEGIN
    CASE do_job_step.step
    WHEN 'recurring_invoices' THEN
        SELECT count(g.invoice_id), string_agg(format('template %s: %s', g.recurring_id, g.error), E'\n') FILTER (WHERE g.error IS NOT NULL)
        INTO done, wrong
        FROM ar.generate_recurring_invoices(do_job_step.ledger_id, do_job_step.business_date) AS g;
        IF wrong IS NOT NULL THEN
            RAISE WARNING 'some recurring invoices could not be made: %', wrong;
        END IF;
    WHEN 'numbers' THEN
        done := ar.number_invoices(do_job_step.ledger_id);
    WHEN 'cash' THEN
        SELECT count(*) INTO done FROM ar.auto_apply(do_job_step.ledger_id) AS a
        WHERE a.outcome IN ('applied', 'partly_applied');
    WHEN 'promises' THEN
        SELECT count(*) INTO done FROM ar.judge_promises(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'payment_plans' THEN
        SELECT count(*) INTO done FROM ar.judge_plans(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'interest' THEN
        SELECT count(*) INTO done FROM ar.charge_interest(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'dunning' THEN
        SELECT count(*) INTO done FROM ar.run_dunning(do_job_step.ledger_id, do_job_step.business_date);
        PERFORM ar.record_dunning_levels(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'worklist' THEN
        SELECT count(*) INTO done FROM ar.refresh_cases(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'credit_holds' THEN
        SELECT count(*) INTO done FROM ar.release_holds(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'credit_reviews' THEN
        SELECT count(*) INTO done FROM ar.review_probations(do_job_step.ledger_id, do_job_step.business_date);
        SELECT done + count(*) INTO done FROM ar.open_credit_reviews(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'aging_snapshot' THEN
        done := ar.take_aging_snapshot(do_job_step.ledger_id, do_job_step.business_date - 1);
        PERFORM ar.thin_aging_snapshots(do_job_step.ledger_id, do_job_step.business_date);
    WHEN 'verification' THEN
        SELECT count(*), min(format('%s of %s %s: %s', v.check_name, v.table_name, v.row_id, v.detail)) INTO done, wrong
        FROM ar.verify(do_job_step.ledger_id) AS v;
        IF done > 0 THEN
            RAISE data_exception USING
                MESSAGE = format('%s violations, such as %s', done, wrong),
                HINT = format('SELECT * FROM ar.verify(ledger_id => %s) shows all.', do_job_step.ledger_id);
        END IF;
    ELSE
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown step "%s" of the daily run', do_job_step.step),
            HINT = format('The steps are %s.', (SELECT string_agg(s.step, ', ' ORDER BY s.position) FROM ar.job_steps() AS s));
    END CASE;
    RETURN done;
END
$$;
COMMENT ON FUNCTION ar.do_job_step(integer, text, date) IS
'Does one step of the daily run of a ledger, whatever ar.job_run says, and returns how much it did. Every step may be done again: what is done already is not done twice.
Arguments: ledger_id; step, one of ar.job_steps(); business_date.
Errors: 22023 unknown step; 22000 the verification found violations; those of the steps.';
REVOKE ALL ON FUNCTION ar.do_job_step(integer, text, date) FROM PUBLIC;

CREATE FUNCTION ar.start_job_step(as_of date, only_ledger_id integer, catch_up_days integer, from_ledger_id integer, failed text[])
RETURNS TABLE (ledger_id integer, step text, business_date date)
LANGUAGE plpgsql VOLATILE ROWS 1
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ledger record;
BEGIN
    IF NOT isfinite(start_job_step.as_of) OR coalesce(start_job_step.catch_up_days, -1) NOT BETWEEN 0 AND 366 THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('the daily run cannot be done as of %s with %s days caught up', coalesce(start_job_step.as_of::text, 'today'),
                             coalesce(start_job_step.catch_up_days::text, 'NULL')),
            HINT = 'Give a day of the calendar, and from 0 to 366 days.';
    END IF;
    FOR ledger IN
        SELECT l.ledger_id, coalesce(start_job_step.as_of, (now() AT TIME ZONE l.timezone)::date) AS last_day
        FROM ar.ledger AS l
        WHERE l.ledger_id >= start_job_step.from_ledger_id
          AND (start_job_step.only_ledger_id IS NULL OR l.ledger_id = start_job_step.only_ledger_id)
        ORDER BY l.ledger_id
    LOOP
        -- A step that a ledger never did begins today; one that it did catches up from then on. A run for a day to come does not keep today's back.
        SELECT s.step, d.day::date INTO step, business_date
        FROM ar.job_steps() AS s
        CROSS JOIN LATERAL (SELECT coalesce(min(r.business_date), ledger.last_day) AS day FROM ar.job_run AS r
                            WHERE r.ledger_id = ledger.ledger_id AND r.step = s.step AND r.business_date <= ledger.last_day) AS first
        CROSS JOIN LATERAL generate_series(greatest(first.day, ledger.last_day - start_job_step.catch_up_days)::timestamp,
                                           ledger.last_day::timestamp, interval '1 day') AS d(day)
        WHERE NOT EXISTS (SELECT FROM ar.job_run AS r
                          WHERE r.ledger_id = ledger.ledger_id AND r.step = s.step AND r.business_date = d.day::date
                            AND r.finished_at IS NOT NULL AND r.error IS NULL)
          AND format('%s %s', ledger.ledger_id, s.step) <> ALL (start_job_step.failed)
        ORDER BY d.day, s.position
        LIMIT 1;
        CONTINUE WHEN NOT FOUND OR NOT pg_try_advisory_xact_lock(ar.job_lock_class(), ledger.ledger_id);

        ledger_id := ledger.ledger_id;
        INSERT INTO ar.job_run AS r (ledger_id, step, business_date)
        VALUES (start_job_step.ledger_id, start_job_step.step, start_job_step.business_date)
        ON CONFLICT (ledger_id, step, business_date) DO UPDATE
        SET attempts = r.attempts + 1, started_at = clock_timestamp(), finished_at = NULL, rows = NULL, error = NULL,
            run_by = session_user;
        RETURN NEXT;
        RETURN;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.start_job_step(date, integer, integer, integer, text[]) IS
'Finds the next step of the daily run that is to be done, of a ledger that nobody else runs now, and notes in ar.job_run that it starts. For ar.run_daily().
Arguments: as_of, NULL for the business date of each ledger; only_ledger_id, NULL for all; catch_up_days; from_ledger_id, where to look from; failed, the ledgers and steps that failed in this run, apart by a blank.
Result: no row when nothing is left.
Errors: 22023 as_of is no day, or not from 0 to 366 days are to be caught up.';
REVOKE ALL ON FUNCTION ar.start_job_step(date, integer, integer, integer, text[]) FROM PUBLIC;

CREATE FUNCTION ar.finish_job_step(ledger_id integer, step text, business_date date) RETURNS text
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    done bigint;
    message text;
    detail text;
BEGIN
    -- Held by another runner, or done by him since: not ours.
    IF NOT pg_try_advisory_xact_lock(ar.job_lock_class(), finish_job_step.ledger_id)
       OR EXISTS (SELECT FROM ar.job_run AS r
                  WHERE r.ledger_id = finish_job_step.ledger_id AND r.step = finish_job_step.step
                    AND r.business_date = finish_job_step.business_date AND r.finished_at IS NOT NULL) THEN
        RETURN '';
    END IF;
    BEGIN
        done := ar.do_job_step(finish_job_step.ledger_id, finish_job_step.step, finish_job_step.business_date);
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
        message := concat_ws(' ', format('%s: %s', SQLSTATE, message), CASE WHEN detail <> '' THEN format('(%s)', detail) END);
    END;
    UPDATE ar.job_run AS r
    SET finished_at = clock_timestamp(), rows = CASE WHEN message IS NULL THEN coalesce(done, 0) END, error = message
    WHERE r.ledger_id = finish_job_step.ledger_id AND r.step = finish_job_step.step
      AND r.business_date = finish_job_step.business_date;
    IF message IS NULL THEN
        RAISE NOTICE 'ledger %, %: % done (%)', finish_job_step.ledger_id, finish_job_step.business_date, finish_job_step.step,
            coalesce(done, 0);
        RETURN '';
    END IF;
    RAISE WARNING 'ledger %, %: % failed: %', finish_job_step.ledger_id, finish_job_step.business_date, finish_job_step.step, message;
    RETURN format('%s %s', finish_job_step.ledger_id, finish_job_step.step);
END
$$;
COMMENT ON FUNCTION ar.finish_job_step(integer, text, date) IS
'Does a step that ar.start_job_step() started, and notes in ar.job_run how it ended. For ar.run_daily(). An error of the step is noted, and raised as a warning.
Result: ledger and step if it failed, else an empty text.';
REVOKE ALL ON FUNCTION ar.finish_job_step(integer, text, date) FROM PUBLIC;

-- It commits, so it can pin no search_path: every name is qualified, and no operator is used.
CREATE PROCEDURE ar.run_daily(as_of date DEFAULT NULL, only_ledger_id integer DEFAULT NULL, catch_up_days integer DEFAULT 31)
LANGUAGE plpgsql
AS $$
DECLARE
    work record;
    from_ledger_id integer := 0;
    failed text[] := '{}';
BEGIN
    LOOP
        SELECT s.ledger_id, s.step, s.business_date INTO work
        FROM ar.start_job_step(run_daily.as_of, run_daily.only_ledger_id, run_daily.catch_up_days, from_ledger_id, failed) AS s;
        EXIT WHEN NOT FOUND;
        -- From here on everybody can see that it runs.
        COMMIT;
        from_ledger_id := work.ledger_id;
        failed := pg_catalog.array_append(failed, ar.finish_job_step(work.ledger_id, work.step, work.business_date));
        COMMIT;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE ar.run_daily(date, integer, integer) IS
'Does for each ledger, by its own time zone and business date, all the steps of ar.job_steps() that are not done yet, those of missed days first. Each step is a row of ar.job_run and a transaction of its own: one that fails stops neither the ledger''s others nor other ledgers, and is tried again by the next run. A ledger that somebody else runs now is skipped. Run it as often as you like.
Arguments: as_of, by default the business date of each ledger; only_ledger_id, by default all ledgers; catch_up_days, how far back missed days are caught up, at most 366. A step that a ledger never did begins with as_of.
Raises a notice for each step done, and a warning for each that failed. Errors: 2D000 called inside a transaction; 22023 as_of is no day, or not from 0 to 366 days are to be caught up.';
REVOKE ALL ON PROCEDURE ar.run_daily(date, integer, integer) FROM PUBLIC;
