-- collect: dunning: what is due is proposed, and somebody looks at it.

-- The first key of the advisory lock by which one at a time proposes for a ledger; the second is its ledger_id.
-- Integrity does not rest on it: it keeps two from doing the same work.
CREATE FUNCTION ar.dunning_lock_class() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 1634889333 $$;
COMMENT ON FUNCTION ar.dunning_lock_class() IS 'The first key of the advisory lock that ar.run_dunning() holds; the second is the ledger_id.';

CREATE FUNCTION ar.run_dunning(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (notice_id bigint, customer_id bigint, customer_code text, item_id bigint, level smallint, items integer, currency text, amount numeric, status text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(run_dunning.as_of, ar.business_date(run_dunning.ledger_id));
    last_day date;
    run bigint;
    proposed bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM ar.dunning_policy AS p WHERE p.ledger_id = run_dunning.ledger_id) THEN
        PERFORM ar.business_date(run_dunning.ledger_id);    -- says if there is no such ledger
        RETURN;
    END IF;
    -- It would keep all days until then from being run.
    IF day > ar.business_date(run_dunning.ledger_id) THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('notices cannot be proposed for %s, which is yet to come', day),
            HINT = format('In ledger %s it is %s.', run_dunning.ledger_id, ar.business_date(run_dunning.ledger_id));
    END IF;
    IF NOT pg_try_advisory_xact_lock(ar.dunning_lock_class(), run_dunning.ledger_id) THEN
        RAISE NOTICE 'somebody else is proposing notices of ledger % now', run_dunning.ledger_id;
        RETURN;
    END IF;
    SELECT max(r.run_on) INTO last_day FROM ar.dunning_run AS r WHERE r.ledger_id = run_dunning.ledger_id;
    IF day < last_day THEN
        RAISE NOTICE 'ledger % was run for % already: nothing is proposed for %', run_dunning.ledger_id, last_day, day;
        RETURN;
    END IF;
    INSERT INTO ar.dunning_run AS r (ledger_id, run_on) VALUES (run_dunning.ledger_id, day)
    ON CONFLICT (ledger_id, run_on) DO NOTHING;
    SELECT r.run_id INTO run FROM ar.dunning_run AS r WHERE r.ledger_id = run_dunning.ledger_id AND r.run_on = day;

    PERFORM ar.credit_dunning_fees(run_dunning.ledger_id, day);

    -- What was proposed before and nobody has decided about is brought up to date, or withdrawn.
    WITH due AS MATERIALIZED (
        SELECT d.* FROM ar.dunning_due(run_dunning.ledger_id, day) AS d
    ), made AS (
        INSERT INTO ar.dunning_notice AS n (ledger_id, run_id, proposed_on, policy_id, customer_id, currency, item_id, level, items, amount, item_ids, levels)
        SELECT run_dunning.ledger_id, run, day, d.policy_id, d.customer_id, d.currency, d.single_id, d.level, d.items, d.amount, d.item_ids, d.levels
        FROM due AS d
        ORDER BY d.customer_id, d.currency, d.single_id
        ON CONFLICT (ledger_id, customer_id, currency, (level > 0), (coalesce(item_id, 0))) WHERE status = 'proposed' DO UPDATE
        SET run_id = excluded.run_id, proposed_on = excluded.proposed_on, policy_id = excluded.policy_id, level = excluded.level,
            items = excluded.items, amount = excluded.amount, item_ids = excluded.item_ids, levels = excluded.levels, reason = NULL
        WHERE (n.policy_id, n.level, n.items, ar.amount(n.amount)) <> (excluded.policy_id, excluded.level, excluded.items, ar.amount(excluded.amount))
           OR (n.item_ids, n.levels) <> (excluded.item_ids, excluded.levels) AND EXISTS (
               SELECT u.item_id, u.level FROM unnest(n.item_ids, n.levels) AS u(item_id, level)
               EXCEPT SELECT u.item_id, u.level FROM unnest(excluded.item_ids, excluded.levels) AS u(item_id, level))
        RETURNING n.notice_id
    ), stale AS (
        UPDATE ar.dunning_notice AS n SET status = 'withdrawn', decided_on = greatest(day, n.proposed_on), decided_by = session_user, decided_at = clock_timestamp(),
            reason = 'it is not due any more'
        WHERE n.ledger_id = run_dunning.ledger_id AND n.status = 'proposed'
          AND NOT EXISTS (SELECT FROM due AS d
                          WHERE d.customer_id = n.customer_id AND d.currency = n.currency AND (d.level > 0) = (n.level > 0)
                            AND coalesce(d.single_id, 0) = coalesce(n.item_id, 0))
    )
    SELECT array_agg(m.notice_id) INTO proposed FROM made AS m;

    PERFORM ar.confirm_dunning(run_dunning.ledger_id, ARRAY(
        SELECT n.notice_id FROM ar.dunning_notice AS n
        JOIN ar.dunning_policy AS p ON p.ledger_id = n.ledger_id AND p.policy_id = n.policy_id AND p.confirmation = 'automatic'
        WHERE n.ledger_id = run_dunning.ledger_id AND n.status = 'proposed'), confirmed_on => day);

    RETURN QUERY
    SELECT n.notice_id, n.customer_id, c.code, n.item_id, n.level, n.items, n.currency, ar.amount(n.amount), n.status
    FROM ar.with_ledger(run_dunning.ledger_id, proposed) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id
    JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
    ORDER BY c.code, n.currency, n.notice_id;
END
$$;
COMMENT ON FUNCTION ar.run_dunning(integer, date) IS
'Proposes the letters that are due on a day by ar.dunning_policy; where the policy says so, it confirms them, too. What was proposed before and is not decided is brought up to date, or withdrawn: nothing is proposed twice, and again it finds nothing to do. Takes back the fees of letters that were cancelled. Run it daily.
Arguments: ledger_id; as_of, by default the business date. For a day before the last run nothing is done, with a NOTICE; nor while somebody else runs.
Result: a row for each notice that is new, or not as it was: notice_id; customer_id and customer_code; item_id, where each item has a letter of its own; level, the highest of its items, 0 before the due date; items; currency and amount; status, proposed or confirmed.
Errors: 22023 a day that is yet to come; 23503 no such ledger; RA009 there is no rate into the currency of a minimum; as ar.confirm_dunning().';

CREATE FUNCTION ar.dunning_items(ledger_id integer, notice_ids bigint[])
RETURNS TABLE (notice_id bigint, item_id bigint, number text, issued_on date, due_on date, level smallint, amount ar.monetary, open ar.monetary, is_skipped boolean)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT k.notice_id, k.item_id, coalesce(v.number, j.number), i.issued_on, coalesce(k.due_on, i.due_on), k.level, k.amount, i.open, k.is_skipped
    FROM (
        SELECT n.ledger_id, n.notice_id, u.item_id, u.level, NULL::date AS due_on, NULL::ar.monetary AS amount, false AS is_skipped
        FROM ar.with_ledger(dunning_items.ledger_id, dunning_items.notice_ids) AS w
        JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id
        CROSS JOIN LATERAL unnest(n.item_ids, n.levels) AS u(item_id, level)
        UNION ALL
        SELECT k.ledger_id, k.notice_id, k.item_id, k.level, k.due_on, k.amount, k.is_skipped
        FROM ar.with_ledger(dunning_items.ledger_id, dunning_items.notice_ids) AS w
        JOIN ar.dunning_notice_item AS k ON k.ledger_id = w.ledger_id AND k.notice_id = w.id) AS k
    JOIN ar.item AS i ON i.ledger_id = k.ledger_id AND i.item_id = k.item_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
    ORDER BY k.notice_id, i.due_on, k.item_id, k.level;
END
$$;
COMMENT ON FUNCTION ar.dunning_items(integer, bigint[]) IS
'The items of notices, proposed or confirmed: number, dates, the level of each, what the letter says is to be paid (NULL while it is proposed), what is open now, and whether that level was skipped.
Arguments: ledger_id; notice_ids.';

CREATE FUNCTION ar.ignore_notices(ledger_id integer, notice_ids bigint[], reason text, until_on date DEFAULT NULL, ignored_on date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held bigint[];
BEGIN
    held := ARRAY(SELECT h.notice_id FROM (
        SELECT n.notice_id FROM ar.dunning_notice AS n
        WHERE n.ledger_id = ignore_notices.ledger_id AND n.notice_id IN (SELECT unnest(ignore_notices.notice_ids)) AND n.status = 'proposed'
        ORDER BY n.notice_id FOR NO KEY UPDATE) AS h);
    INSERT INTO ar.dunning_block (ledger_id, customer_id, item_id, from_on, until_on, reason, notice_id)
    SELECT n.ledger_id, n.customer_id, u.item_id, d.day, greatest(coalesce(ignore_notices.until_on, d.day + coalesce(l.gap, 0)), d.day), ignore_notices.reason, n.notice_id
    FROM ar.with_ledger(ignore_notices.ledger_id, held) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id
    CROSS JOIN LATERAL (SELECT coalesce(ignore_notices.ignored_on, n.proposed_on) AS day) AS d
    CROSS JOIN LATERAL unnest(n.item_ids) AS u(item_id)
    LEFT JOIN LATERAL (SELECT greatest(l.gap_days, 7) - 1 AS gap FROM ar.dunning_level AS l
                       WHERE l.ledger_id = n.ledger_id AND l.policy_id = n.policy_id AND l.level = n.level) AS l ON true
    ORDER BY n.customer_id, u.item_id;
    UPDATE ar.dunning_notice AS n SET status = 'ignored', reason = ignore_notices.reason, decided_by = session_user, decided_at = clock_timestamp(),
        decided_on = coalesce(ignore_notices.ignored_on, n.proposed_on)
    FROM ar.with_ledger(ignore_notices.ledger_id, held) AS w
    WHERE n.ledger_id = w.ledger_id AND n.notice_id = w.id;
    RETURN cardinality(held);
END
$$;
COMMENT ON FUNCTION ar.ignore_notices(integer, bigint[], text, date, date) IS
'Ignores proposed notices, and returns how many: their items are left alone until a day, by blocks of their own, and are proposed again after it. A single item is taken out of a proposal with ar.block_dunning().
Arguments: ledger_id; notice_ids; reason; until_on, the last day, by default that before a week has passed, or the gap of the level if that is longer; ignored_on, by default the day of the proposal.
Errors: 23502 no reason; 23514 a day before the proposal.';

REVOKE ALL ON FUNCTION ar.run_dunning(integer, date), ar.dunning_items(integer, bigint[]),
    ar.ignore_notices(integer, bigint[], text, date, date) FROM PUBLIC;
