-- proof: dunning.

CREATE FUNCTION ar.verify_dunning(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    -- In a cycle no level is reached without those below it: written, skipped, or cancelled since.
    SELECT 'dunning_levels', k.ledger_id, 'item', k.item_id,
           format('in cycle %s has the levels %s', k.cycle, string_agg(DISTINCT k.level::text, ', '))
    FROM ar.dunning_notice_item AS k
    WHERE k.level > 0 AND (verify_dunning.ledger_id IS NULL OR k.ledger_id = verify_dunning.ledger_id)
    GROUP BY k.ledger_id, k.item_id, k.cycle
    HAVING count(DISTINCT k.level) <> max(k.level) OR count(DISTINCT k.level) FILTER (WHERE k.is_counted) <> count(*) FILTER (WHERE k.is_counted)
    UNION ALL
    -- A letter says what its items say, each of them once, and its level is the highest.
    SELECT 'dunning_items', n.ledger_id, 'dunning_notice', n.notice_id,
           format('is at level %s for %s of %s items, they are %s at level %s for %s', n.level, n.amount, n.items, s.items, s.level, s.amount)
    FROM ar.dunning_notice AS n
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE NOT k.is_skipped) AS items, max(k.level) AS level, sum(ar.amount(k.amount)) FILTER (WHERE NOT k.is_skipped) AS amount,
               count(DISTINCT k.item_id) AS different, bool_or(ar.currency(k.amount) <> n.currency OR k.noticed_on <> n.decided_on OR i.customer_id <> n.customer_id) AS is_wrong
        FROM ar.dunning_notice_item AS k JOIN ar.item AS i ON i.ledger_id = k.ledger_id AND i.item_id = k.item_id
        WHERE k.ledger_id = n.ledger_id AND k.notice_id = n.notice_id) AS s
    WHERE n.status = 'confirmed' AND (verify_dunning.ledger_id IS NULL OR n.ledger_id = verify_dunning.ledger_id)
      AND (s.items <> n.items OR s.different <> n.items OR s.level IS DISTINCT FROM n.level OR s.amount IS DISTINCT FROM ar.amount(n.amount) OR s.is_wrong)
    UNION ALL
    SELECT 'dunning_items', n.ledger_id, 'dunning_notice', n.notice_id, 'is proposed, with items that are not side by side with their levels'
    FROM ar.dunning_notice AS n
    WHERE n.status <> 'confirmed' AND (verify_dunning.ledger_id IS NULL OR n.ledger_id = verify_dunning.ledger_id)
      AND (cardinality(n.item_ids) <> n.items OR cardinality(n.levels) <> n.items)
    UNION ALL
    -- The message is that of the letter, and what counts follows from it.
    SELECT 'dunning_message', n.ledger_id, 'dunning_notice', n.notice_id,
           format('has message %s of purpose %s to customer %s, which is %s, and %s of its levels count', n.message_id, o.purpose, o.customer_id, o.status, s.counted)
    FROM ar.dunning_notice AS n
    JOIN ar.outbox AS o ON o.ledger_id = n.ledger_id AND o.message_id = n.message_id
    CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE k.is_counted) AS counted, count(*) AS all FROM ar.dunning_notice_item AS k
                        WHERE k.ledger_id = n.ledger_id AND k.notice_id = n.notice_id) AS s
    WHERE (verify_dunning.ledger_id IS NULL OR n.ledger_id = verify_dunning.ledger_id)
      AND (o.customer_id IS DISTINCT FROM n.customer_id OR o.dedupe_key IS DISTINCT FROM 'dunning notice ' || n.notice_id
           OR o.status = 'cancelled' AND s.counted > 0
           -- One that was given up and went out after all may find its levels taken.
           OR o.status <> 'cancelled' AND s.counted < s.all AND NOT (o.status IN ('sent', 'failed') AND o.attempts > 0))
    UNION ALL
    SELECT 'dunning_fee', n.ledger_id, 'dunning_notice', n.notice_id, format('has a fee of %s, adjustment %s is a %s of %s', n.fee, n.fee_id, j.kind, j.amount)
    FROM ar.dunning_notice AS n
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = n.ledger_id AND j.adjustment_id = n.fee_id
    WHERE n.fee_id IS NOT NULL AND (verify_dunning.ledger_id IS NULL OR n.ledger_id = verify_dunning.ledger_id)
      AND (j.kind IS DISTINCT FROM 'fee' OR j.customer_id <> n.customer_id OR j.amount::text <> n.fee::text OR j.adjusted_on <> n.decided_on)
    UNION ALL
    -- Where items stand is what the letters say.
    SELECT 'dunning_item', coalesce(d.ledger_id, s.ledger_id), 'item', coalesce(d.item_id, s.item_id),
           format('stands at level %s of cycle %s since %s, by its letters at level %s of cycle %s since %s', d.level, d.cycle, d.noticed_on, s.level, s.cycle, s.noticed_on)
    FROM (SELECT * FROM ar.dunning_item AS d WHERE verify_dunning.ledger_id IS NULL OR d.ledger_id = verify_dunning.ledger_id) AS d
    FULL JOIN (
        SELECT w.ledger_id, w.item_id, w.cycle, coalesce(max(k.level), 0) AS level, max(k.noticed_on) FILTER (WHERE k.level > 0) AS noticed_on,
               max(k.noticed_on) FILTER (WHERE k.level = 0) AS reminded_on
        FROM (SELECT u.ledger_id, u.item_id, max(u.cycle) AS cycle
              FROM (SELECT k.ledger_id, k.item_id, 1 AS cycle FROM ar.dunning_notice_item AS k
                    UNION ALL SELECT r.ledger_id, r.item_id, r.cycle FROM ar.dunning_restart AS r) AS u
              WHERE verify_dunning.ledger_id IS NULL OR u.ledger_id = verify_dunning.ledger_id
              GROUP BY u.ledger_id, u.item_id) AS w
        LEFT JOIN ar.dunning_notice_item AS k ON k.ledger_id = w.ledger_id AND k.item_id = w.item_id AND k.cycle = w.cycle AND k.is_counted
        GROUP BY w.ledger_id, w.item_id, w.cycle) AS s ON s.ledger_id = d.ledger_id AND s.item_id = d.item_id
    WHERE (d.cycle, d.level, d.noticed_on, d.reminded_on) IS DISTINCT FROM (s.cycle, s.level, s.noticed_on, s.reminded_on)
    UNION ALL
    SELECT 'dunning_customer', n.ledger_id, 'dunning_notice', n.notice_id, format('is for customer %s, who does not exist', n.customer_id)
    FROM ar.dunning_notice AS n
    LEFT JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
    WHERE c.customer_id IS NULL AND (verify_dunning.ledger_id IS NULL OR n.ledger_id = verify_dunning.ledger_id);
END
$$;
COMMENT ON FUNCTION ar.verify_dunning(integer) IS
'The part of ar.verify_collect() on dunning: no level without those below it, and none twice; letters, their items, messages and fees; where items stand.';
REVOKE ALL ON FUNCTION ar.verify_dunning(integer) FROM PUBLIC;
