-- report: agings that are kept.

CREATE FUNCTION ar.wait_for_writers(patience interval DEFAULT '10 seconds') RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    writer xid8;
    give_up_at timestamptz := clock_timestamp() + wait_for_writers.patience;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = 'a transaction that sees one snapshot all along cannot wait for what others are writing',
            HINT = 'Do this at isolation level READ COMMITTED.';
    END IF;
    -- A row is stamped just before its transaction becomes one that is known to write.
    PERFORM pg_sleep(0.05);
    -- Whether a transaction has ended is asked of the transaction log: the snapshot at hand would never tell.
    FOR writer IN
        SELECT x.writer FROM pg_snapshot_xip(pg_current_snapshot()) AS x(writer)
        WHERE x.writer IS DISTINCT FROM pg_current_xact_id_if_assigned()
    LOOP
        WHILE pg_xact_status(writer) = 'in progress' LOOP
            IF clock_timestamp() > give_up_at THEN
                RAISE lock_not_available USING
                    MESSAGE = format('transaction %s has been writing for longer than %s', writer, wait_for_writers.patience),
                    HINT = 'Try again once it has ended; pg_stat_activity shows whose it is.';
            END IF;
            PERFORM pg_sleep(0.05);
        END LOOP;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.wait_for_writers(interval) IS
'Waits for the transactions that are writing now, so that what was recorded up to now is to be seen by the next statement. Takes no lock.
Argument: patience, how long to wait at most. Errors: 55P03 one took longer; 55000 at another isolation level than READ COMMITTED.';
REVOKE ALL ON FUNCTION ar.wait_for_writers(interval) FROM PUBLIC;

CREATE FUNCTION ar.aging_lines(ledger_id integer, as_of date, known_at timestamptz, boundaries integer[])
RETURNS TABLE (customer_id bigint, currency text, is_credit boolean, bucket ar.aging_bucket, open ar.monetary, items integer)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    is_re_aged boolean := ar.has_re_aged(aging_lines.ledger_id);
BEGIN
    RETURN QUERY
    SELECT i.customer_id, ar.currency(i.open), ar.sign(i.open) < 0,
           ar.aging_bucket(i.due_on, aging_lines.as_of, aging_lines.boundaries), ar.sum(i.open), count(*)::integer
    FROM ar.aged_items(aging_lines.ledger_id, aging_lines.as_of, aging_lines.known_at, NULL, is_re_aged) AS i
    GROUP BY 1, 2, 3, 4;
END
$$;
COMMENT ON FUNCTION ar.aging_lines(integer, date, timestamptz, integer[]) IS
'What customers had open at the end of a day, as it was known at a moment, a row per customer, currency, side and bucket: what a snapshot keeps. An item on a re-aged payment plan counts once for each instalment that it falls into.
Arguments: ledger_id; as_of; known_at; boundaries, as those of ar.aging_bucket().';
REVOKE ALL ON FUNCTION ar.aging_lines(integer, date, timestamptz, integer[]) FROM PUBLIC;

CREATE FUNCTION ar.take_aging_snapshot(ledger_id integer, as_of date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    present timestamptz := clock_timestamp();
    today date := ar.business_date(take_aging_snapshot.ledger_id);
    day date := coalesce(take_aging_snapshot.as_of, today);
    moment timestamptz;
    boundaries integer[];
    made bigint;
BEGIN
    IF day > today THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s has not come yet: in ledger %s it is %s', day, take_aging_snapshot.ledger_id, today),
            HINT = 'Take a snapshot of a day that has begun.';
    END IF;
    IF EXISTS (SELECT FROM ar.aging_snapshot AS s WHERE s.ledger_id = take_aging_snapshot.ledger_id AND s.as_of = day) THEN
        RETURN 0;
    END IF;
    SELECT CASE WHEN e.ended_at < l.created_at THEN present ELSE least(present, e.ended_at) END, coalesce(p.boundaries, '{0,30,60,90}')
    INTO moment, boundaries
    FROM ar.ledger AS l
    CROSS JOIN LATERAL (SELECT (day + 1)::timestamp AT TIME ZONE l.timezone AS ended_at) AS e
    LEFT JOIN ar.snapshot_policy AS p ON p.ledger_id = l.ledger_id
    WHERE l.ledger_id = take_aging_snapshot.ledger_id;

    PERFORM ar.wait_for_writers();
    INSERT INTO ar.aging_snapshot (ledger_id, as_of, known_at, boundaries)
    VALUES (take_aging_snapshot.ledger_id, day, moment, boundaries)
    ON CONFLICT (ledger_id, as_of) DO NOTHING;
    IF NOT FOUND THEN
        -- Somebody else took it just now.
        RETURN 0;
    END IF;
    INSERT INTO ar.aging_snapshot_line (ledger_id, as_of, customer_id, currency, is_credit, bucket, open, items)
    SELECT take_aging_snapshot.ledger_id, day, a.customer_id, a.currency, a.is_credit, a.bucket, a.open, a.items
    FROM ar.aging_lines(take_aging_snapshot.ledger_id, day, moment, boundaries) AS a;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ar.take_aging_snapshot(integer, date) IS
'Keeps the aging of the end of a day, a row per customer, currency, side and bucket, and returns how many rows that made: 0 when it was taken before, and then changes nothing.
Arguments: ledger_id; as_of, by default the business date. Taken after the day has ended it holds what was known at its end in the ledger''s time zone, however much later; taken on the day itself, what was known then. Of a day before the ledger was created here (a history that was loaded) it holds what is known now.
Errors: 22023 a day that has not come; 23503 no such ledger; 55P03 a transaction has been writing for too long to know what was recorded; 55000 at another isolation level than READ COMMITTED.';
REVOKE ALL ON FUNCTION ar.take_aging_snapshot(integer, date) FROM PUBLIC;

CREATE FUNCTION ar.thin_aging_snapshots(ledger_id integer, as_of date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(thin_aging_snapshots.as_of, ar.business_date(thin_aging_snapshots.ledger_id));
    keep_days integer := 400;
    keep_months integer;
    gone bigint;
BEGIN
    SELECT coalesce(p.keep_daily_days, 400), p.keep_monthly_months INTO keep_days, keep_months
    FROM ar.ledger AS l LEFT JOIN ar.snapshot_policy AS p ON p.ledger_id = l.ledger_id
    WHERE l.ledger_id = thin_aging_snapshots.ledger_id;
    DELETE FROM ar.aging_snapshot AS s
    WHERE s.ledger_id = thin_aging_snapshots.ledger_id AND s.as_of < day - keep_days
      AND (EXISTS (SELECT FROM ar.aging_snapshot AS later
                   WHERE later.ledger_id = s.ledger_id AND later.as_of > s.as_of
                     AND date_trunc('month', later.as_of) = date_trunc('month', s.as_of))
           OR s.as_of < day - make_interval(months => keep_months));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
COMMENT ON FUNCTION ar.thin_aging_snapshots(integer, date) IS
'Deletes the snapshots that the ledger''s policy (ar.snapshot_policy) no longer keeps, and returns how many: daily ones after a time, but for the last of each month, and that after a longer time.
Arguments: ledger_id; as_of, the day from which is counted back, by default the business date.
Errors: 23503 no such ledger.';
REVOKE ALL ON FUNCTION ar.thin_aging_snapshots(integer, date) FROM PUBLIC;
