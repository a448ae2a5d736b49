-- proof: reversals, refunds, transfers, mandates and payouts.

CREATE FUNCTION ar.verify_cash(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH undone AS MATERIALIZED (
        SELECT u.ledger_id, u.reverses_id FROM ar.application AS u
        WHERE u.reverses_id IS NOT NULL AND (verify_cash.ledger_id IS NULL OR u.ledger_id = verify_cash.ledger_id)
    ), reversed AS MATERIALIZED (
        SELECT r.*, i.item_id, i.customer_id, i.amount, j.adjustment_id, j.amount AS taken, j.customer_id AS taken_from,
               j.adjusted_on, k.reversals, p.received_on
        FROM ar.payment_reversal AS r
        JOIN ar.payment AS p ON p.ledger_id = r.ledger_id AND p.payment_id = r.payment_id
        LEFT JOIN ar.payment_method AS m ON m.ledger_id = p.ledger_id AND m.method = p.method
        LEFT JOIN ar.payment_method_kinds() AS k ON k.kind = m.kind
        LEFT JOIN ar.item AS i ON i.ledger_id = r.ledger_id AND i.payment_id = r.payment_id
        LEFT JOIN ar.adjustment AS j ON j.ledger_id = r.ledger_id AND j.payment_id = r.payment_id AND j.kind = 'reversal'
        WHERE verify_cash.ledger_id IS NULL OR r.ledger_id = verify_cash.ledger_id
    ), opposite AS MATERIALIZED (
        SELECT o.*, j.customer_id AS of_customer, j.kind AS of_kind, j.amount AS of_amount, j.invoice_id AS of_invoice,
               j.payment_id AS of_payment, j.adjusted_on AS of_day, j.reverses_id AS of_reverses
        FROM ar.adjustment AS o
        JOIN ar.adjustment AS j ON j.ledger_id = o.ledger_id AND j.adjustment_id = o.reverses_id
        WHERE o.reverses_id IS NOT NULL AND (verify_cash.ledger_id IS NULL OR o.ledger_id = verify_cash.ledger_id)
    )
    SELECT 'reversal_debit', r.ledger_id, 'payment_reversal', r.payment_id,
           CASE WHEN r.adjustment_id IS NULL THEN 'has an item, and no adjustment takes it back'
                ELSE 'is taken back by an adjustment of another amount, customer or day' END
    FROM reversed AS r
    WHERE CASE WHEN r.item_id IS NULL THEN r.adjustment_id IS NOT NULL
               ELSE r.adjustment_id IS NULL OR r.taken <> -r.amount OR r.taken_from <> r.customer_id OR r.adjusted_on <> r.reversed_on END
    UNION ALL
    SELECT 'reversal_kind', r.ledger_id, 'payment_reversal', r.payment_id,
           format('is %s on %s, which its method or its day does not allow', r.kind, r.reversed_on)
    FROM reversed AS r
    WHERE r.kind <> ALL (r.reversals) OR r.reversed_on < r.received_on
    UNION ALL
    -- No foreign key says so.
    SELECT 'payment_method', p.ledger_id, 'payment', p.payment_id, format('came by "%s", which is no method of its ledger', p.method)
    FROM ar.payment AS p
    WHERE (verify_cash.ledger_id IS NULL OR p.ledger_id = verify_cash.ledger_id)
      AND NOT EXISTS (SELECT FROM ar.payment_method AS m WHERE m.ledger_id = p.ledger_id AND m.method = p.method)
    UNION ALL
    SELECT 'reversal_missing', j.ledger_id, 'adjustment', j.adjustment_id, format('takes back payment %s, which is not reversed', j.payment_id)
    FROM ar.adjustment AS j
    WHERE j.kind = 'reversal' AND (verify_cash.ledger_id IS NULL OR j.ledger_id = verify_cash.ledger_id)
      AND NOT EXISTS (SELECT FROM ar.payment_reversal AS r WHERE r.ledger_id = j.ledger_id AND r.payment_id = j.payment_id)
    UNION ALL
    -- Of a reversed payment only its reversal stands.
    SELECT 'reversal_application', a.ledger_id, 'application', a.application_id, format('stands, and payment %s is reversed', r.payment_id)
    FROM reversed AS r
    JOIN ar.application AS a ON a.ledger_id = r.ledger_id AND a.credit_item_id = r.item_id AND a.reverses_id IS NULL
    JOIN ar.item AS d ON d.ledger_id = a.ledger_id AND d.item_id = a.debit_item_id
    WHERE d.adjustment_id IS DISTINCT FROM r.adjustment_id
      AND NOT EXISTS (SELECT FROM undone AS u WHERE u.ledger_id = a.ledger_id AND u.reverses_id = a.application_id)
    UNION ALL
    SELECT 'reversal_adjustment', j.ledger_id, 'adjustment', j.adjustment_id, format('came with payment %s, which is reversed, and stands', j.payment_id)
    FROM reversed AS r
    JOIN ar.adjustment AS j ON j.ledger_id = r.ledger_id AND j.payment_id = r.payment_id
    -- Its item is the older one: ids are drawn while the balance is held.
    JOIN ar.item AS i ON i.ledger_id = j.ledger_id AND i.adjustment_id = j.adjustment_id AND i.item_id < r.adjustment_id
    WHERE j.kind NOT IN ('refund', 'reversal') AND j.reverses_id IS NULL
      AND NOT EXISTS (SELECT FROM opposite AS o WHERE o.ledger_id = j.ledger_id AND o.reverses_id = j.adjustment_id)
    UNION ALL
    SELECT 'adjustment_reverses', o.ledger_id, 'adjustment', o.adjustment_id, format('is not the exact opposite of adjustment %s', o.reverses_id)
    FROM opposite AS o
    WHERE o.of_reverses IS NOT NULL OR o.customer_id <> o.of_customer OR o.kind <> o.of_kind
       OR ar.currency(o.amount) <> ar.currency(o.of_amount) OR ar.amount(o.amount) <> -ar.amount(o.of_amount)
       OR o.invoice_id IS DISTINCT FROM o.of_invoice OR o.payment_id IS DISTINCT FROM o.of_payment OR o.adjusted_on < o.of_day
    UNION ALL
    SELECT 'adjustment_settled', i.ledger_id, 'adjustment', i.adjustment_id, format('is a %s, and %s of it is covered by nothing', j.kind, i.open)
    FROM ar.item AS i
    JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
    WHERE i.kind IN ('refund', 'transfer') AND i.closed_on IS NULL AND ar.sign(i.open) > 0 AND j.reverses_id IS NULL
      AND (verify_cash.ledger_id IS NULL OR i.ledger_id = verify_cash.ledger_id)
      AND NOT (j.kind = 'refund'
               AND EXISTS (SELECT FROM reversed AS r WHERE r.ledger_id = j.ledger_id AND r.payment_id = j.payment_id)
               AND ar.amount(j.amount) <= (SELECT sum(ar.amount(a.amount)) FROM ar.application AS a
                   WHERE a.ledger_id = i.ledger_id AND a.debit_item_id = i.item_id AND a.reverses_id IS NULL))
    UNION ALL
    SELECT 'transfer_sum', j.ledger_id, 'payment', j.payment_id, format('its transfers add up to %s', sum(ar.amount(j.amount)))
    FROM ar.adjustment AS j
    WHERE j.kind = 'transfer' AND (verify_cash.ledger_id IS NULL OR j.ledger_id = verify_cash.ledger_id)
    GROUP BY j.ledger_id, j.payment_id
    HAVING sum(ar.amount(j.amount)) <> 0 OR count(DISTINCT ar.currency(j.amount)) > 1
    UNION ALL
    SELECT 'payment_transfer', t.ledger_id, 'payment', t.payment_id,
           CASE WHEN p.customer_id IS NOT NULL THEN 'came in with its customer, and was transferred'
                ELSE 'was transferred before it came in, or another amount than came in' END
    FROM ar.payment_transfer AS t
    JOIN ar.payment AS p ON p.ledger_id = t.ledger_id AND p.payment_id = t.payment_id
    WHERE (verify_cash.ledger_id IS NULL OR t.ledger_id = verify_cash.ledger_id)
      AND (p.customer_id IS NOT NULL OR t.transferred_on < p.received_on OR t.amount <> p.amount)
    UNION ALL
    SELECT 'payment_waiting', coalesce(w.ledger_id, p.ledger_id), 'payment', coalesce(w.payment_id, p.payment_id),
           CASE WHEN w.payment_id IS NULL THEN 'has no customer, and does not wait for one' ELSE 'waits for a customer, which it has, or is reversed' END
    FROM (SELECT w.ledger_id, w.payment_id FROM ar.payment_waiting AS w
          WHERE verify_cash.ledger_id IS NULL OR w.ledger_id = verify_cash.ledger_id) AS w
    FULL JOIN (SELECT p.ledger_id, p.payment_id FROM ar.payment AS p
               WHERE p.customer_id IS NULL AND (verify_cash.ledger_id IS NULL OR p.ledger_id = verify_cash.ledger_id)
                 AND NOT EXISTS (SELECT FROM ar.payment_transfer AS t WHERE t.ledger_id = p.ledger_id AND t.payment_id = p.payment_id)
                 AND NOT EXISTS (SELECT FROM ar.payment_reversal AS r WHERE r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id)) AS p
      ON p.ledger_id = w.ledger_id AND p.payment_id = w.payment_id
    WHERE w.payment_id IS NULL OR p.payment_id IS NULL
    UNION ALL
    SELECT 'payment_replaces', p.ledger_id, 'payment', p.payment_id, format('replaces payment %s, which is not reversed', p.replaces_id)
    FROM ar.payment AS p
    WHERE p.replaces_id IS NOT NULL AND (verify_cash.ledger_id IS NULL OR p.ledger_id = verify_cash.ledger_id)
      AND NOT EXISTS (SELECT FROM reversed AS r WHERE r.ledger_id = p.ledger_id AND r.payment_id = p.replaces_id)
    UNION ALL
    SELECT 'payment_clearing', t.ledger_id, 'payment', t.payment_id, format('cleared on %s, and was received on %s', t.cleared_on, p.received_on)
    FROM ar.payment_clearing AS t
    JOIN ar.payment AS p ON p.ledger_id = t.ledger_id AND p.payment_id = t.payment_id
    WHERE (verify_cash.ledger_id IS NULL OR t.ledger_id = verify_cash.ledger_id) AND t.cleared_on < p.received_on
    UNION ALL
    SELECT 'payout_sum', o.ledger_id, 'payout', o.payout_id,
           format('says %s, %s and %s, its lines make %s and %s', o.gross, o.deducted, o.net, coalesce(s.gross, 0), coalesce(s.deducted, 0))
    FROM ar.payout AS o
    LEFT JOIN (
        SELECT e.ledger_id, e.payout_id, sum(ar.amount(e.amount)) FILTER (WHERE e.kind = 'payment') AS gross,
               -sum(ar.amount(e.amount)) FILTER (WHERE e.kind <> 'payment') AS deducted,
               array_agg(DISTINCT ar.currency(e.amount)) AS currencies
        FROM ar.payout_payment AS e
        WHERE verify_cash.ledger_id IS NULL OR e.ledger_id = verify_cash.ledger_id
        GROUP BY e.ledger_id, e.payout_id) AS s ON s.ledger_id = o.ledger_id AND s.payout_id = o.payout_id
    WHERE (verify_cash.ledger_id IS NULL OR o.ledger_id = verify_cash.ledger_id)
      AND (ar.amount(o.gross) <> coalesce(s.gross, 0) OR ar.amount(o.deducted) <> coalesce(s.deducted, 0)
           OR ar.amount(o.gross) - ar.amount(o.deducted) - ar.amount(o.fee) <> ar.amount(o.net)
           OR s.currencies <> ARRAY[ar.currency(o.net)])
    UNION ALL
    SELECT 'payout_payment', e.ledger_id, 'payout', e.payout_id, format('line %s adds %s, which is not what its %s is', e.line_number, e.amount, e.kind)
    FROM ar.payout_payment AS e
    JOIN ar.payment AS p ON p.ledger_id = e.ledger_id AND p.payment_id = e.payment_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = e.ledger_id AND j.adjustment_id = e.adjustment_id
    WHERE (verify_cash.ledger_id IS NULL OR e.ledger_id = verify_cash.ledger_id)
      AND ar.amount(e.amount) <> CASE e.kind WHEN 'payment' THEN ar.amount(p.amount) WHEN 'reversal' THEN -ar.amount(p.amount)
                                 ELSE -coalesce(ar.amount(j.amount), 0) END;
END
$$;
COMMENT ON FUNCTION ar.verify_cash(integer) IS
'The part of ar.verify() on methods, reversals, adjustments taken back, refunds, transfers, replacements, clearing and payouts.';

REVOKE ALL ON FUNCTION ar.verify_cash(integer) FROM PUBLIC;
