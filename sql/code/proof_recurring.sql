-- proof: recurring invoices.

CREATE FUNCTION ar.verify_recurring(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'recurring_gap', p.ledger_id, 'recurring_period', p.recurring_id,
           format('%s periods are billed or skipped, numbered from %s to %s', count(*), min(p.period_number), max(p.period_number))
    FROM ar.recurring_period AS p
    WHERE verify_recurring.ledger_id IS NULL OR p.ledger_id = verify_recurring.ledger_id
    GROUP BY p.ledger_id, p.recurring_id
    HAVING min(p.period_number) <> 1 OR max(p.period_number) <> count(*)
    UNION ALL
    -- The end and the offset may change later; the days on which periods begin may not.
    SELECT 'recurring_dates', p.ledger_id, 'recurring_period', p.recurring_id,
           format('period %s begins on %s, the schedule makes it %s', p.period_number, p.period_from, coalesce(s.period_from::text, 'none'))
    FROM ar.recurring_period AS p
    LEFT JOIN ar.recurring_invoice AS r ON r.ledger_id = p.ledger_id AND r.recurring_id = p.recurring_id
    LEFT JOIN LATERAL ar.recurring_period(p.period_number, r.starts_on, r.anchored_on, r.interval_unit,
                                          r.interval_count, NULL, r.billed, 0) AS s ON true
    WHERE (verify_recurring.ledger_id IS NULL OR p.ledger_id = verify_recurring.ledger_id)
      AND p.period_from IS DISTINCT FROM s.period_from
    UNION ALL
    SELECT 'recurring_customer', p.ledger_id, 'recurring_period', p.recurring_id,
           format('period %s is billed to customer %s by invoice %s, the template is of customer %s', p.period_number,
                  v.customer_id, v.invoice_id, r.customer_id)
    FROM ar.recurring_period AS p
    JOIN ar.recurring_invoice AS r ON r.ledger_id = p.ledger_id AND r.recurring_id = p.recurring_id
    JOIN ar.invoice AS v ON v.ledger_id = p.ledger_id AND v.invoice_id = p.invoice_id
    WHERE (verify_recurring.ledger_id IS NULL OR p.ledger_id = verify_recurring.ledger_id)
      AND v.recorded_at IS NOT NULL AND v.customer_id <> r.customer_id;
END
$$;
COMMENT ON FUNCTION ar.verify_recurring(integer) IS
'The part of ar.verify() on recurring invoices: periods without a gap, on the days of their schedule, billed to the right customer.';
REVOKE ALL ON FUNCTION ar.verify_recurring(integer) FROM PUBLIC;
