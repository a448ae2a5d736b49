-- collect: dunning: before a letter goes out it is looked at once more.

CREATE FUNCTION ar.dunning_vetoes(ledger_id integer, message_ids bigint[], as_of date)
RETURNS TABLE (message_id bigint, reason text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    debtors bigint[] := ARRAY(SELECT DISTINCT n.customer_id FROM ar.with_ledger(dunning_vetoes.ledger_id, dunning_vetoes.message_ids) AS w
                              JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.message_id = w.id);
BEGIN
    IF cardinality(debtors) = 0 THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH exception AS MATERIALIZED (
        SELECT e.item_id, e.amount, e.reason FROM ar.dunning_exceptions(dunning_vetoes.ledger_id, dunning_vetoes.as_of, debtors) AS e
    ), fallen AS (
        SELECT n.message_id, n.customer_id, coalesce(v.number, j.number, i.item_id::text) AS number,
               CASE WHEN i.closed_on IS NOT NULL THEN 'is paid' WHEN e.item_id IS NOT NULL AND ar.sign(e.amount) = 0 THEN 'is ' || e.reason
                    ELSE format('has %s to be reminded of, not %s', coalesce(e.amount, i.open), k.amount) END AS reason
        FROM ar.with_ledger(dunning_vetoes.ledger_id, dunning_vetoes.message_ids) AS w
        JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.message_id = w.id
        JOIN ar.dunning_notice_item AS k ON k.ledger_id = n.ledger_id AND k.notice_id = n.notice_id AND NOT k.is_skipped
        JOIN ar.item AS i ON i.ledger_id = k.ledger_id AND i.item_id = k.item_id
        LEFT JOIN exception AS e ON e.item_id = k.item_id
        LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
        LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
        WHERE i.closed_on IS NOT NULL OR coalesce(e.amount, i.open) < k.amount
    )
    SELECT f.message_id, left(string_agg(f.number || ' ' || f.reason, '; ' ORDER BY f.number), 500) FROM fallen AS f GROUP BY f.message_id
    UNION ALL
    SELECT n.message_id, 'the customer is blocked'
    FROM ar.with_ledger(dunning_vetoes.ledger_id, dunning_vetoes.message_ids) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.message_id = w.id
    WHERE NOT EXISTS (SELECT FROM fallen AS f WHERE f.message_id = n.message_id)
      AND EXISTS (SELECT FROM ar.dunning_block AS b
                  WHERE b.ledger_id = n.ledger_id AND b.customer_id = n.customer_id AND b.item_id IS NULL
                    AND (b.lifted_on IS NULL OR b.lifted_on > dunning_vetoes.as_of)
                    AND dunning_vetoes.as_of BETWEEN b.from_on AND coalesce(b.until_on, 'infinity'));
END
$$;
COMMENT ON FUNCTION ar.dunning_vetoes(integer, bigint[], date) IS
'Which letters must not go out on a day, and why: one of their items was paid, or has less to be reminded of than the letter says. What is left of them is proposed anew.
Arguments: ledger_id; message_ids; as_of.';

CREATE FUNCTION ar.recheck_dunning(ledger_id integer, message_ids bigint[])
RETURNS TABLE (message_id bigint, reason text)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT v.message_id, v.reason
    FROM ar.dunning_vetoes(recheck_dunning.ledger_id, recheck_dunning.message_ids, ar.business_date(recheck_dunning.ledger_id)) AS v
$$;
COMMENT ON FUNCTION ar.recheck_dunning(integer, bigint[]) IS
'For ar.claim_outbox(), which cancels them: the letters that must not go out today (ar.dunning_vetoes()).';

CREATE FUNCTION ar.recheck_reminder(ledger_id integer, message_ids bigint[])
RETURNS TABLE (message_id bigint, reason text)
LANGUAGE sql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT v.message_id, v.reason FROM ar.recheck_dunning(recheck_reminder.ledger_id, recheck_reminder.message_ids) AS v $$;
COMMENT ON FUNCTION ar.recheck_reminder(integer, bigint[]) IS 'The same as ar.recheck_dunning(), for reminders before the due date.';

REVOKE ALL ON FUNCTION ar.dunning_vetoes(integer, bigint[], date), ar.recheck_dunning(integer, bigint[]), ar.recheck_reminder(integer, bigint[]) FROM PUBLIC;
