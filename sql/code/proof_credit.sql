-- proof: limits, orders, holds and the credit accounts of groups.

CREATE FUNCTION ar.verify_credit(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'credit_account_missing', c.ledger_id, 'customer', c.customer_id, 'has a limit, but no credit account'
    FROM ar.customer AS c
    WHERE (verify_credit.ledger_id IS NULL OR c.ledger_id = verify_credit.ledger_id)
      AND (c.credit_limit IS NOT NULL
           OR EXISTS (SELECT FROM ar.credit_limit AS l WHERE l.ledger_id = c.ledger_id AND l.customer_id = c.customer_id))
      AND NOT EXISTS (SELECT FROM ar.credit_account AS a WHERE a.ledger_id = c.ledger_id AND a.customer_id = c.customer_id)
    UNION ALL
    SELECT 'credit_limit_standing', c.ledger_id, 'customer', c.customer_id,
           format('the limit is %s, the last that was granted %s', coalesce(c.credit_limit::text, 'none'), coalesce(l.amount::text, 'none'))
    FROM ar.customer AS c
    LEFT JOIN LATERAL (
        SELECT l.amount FROM ar.credit_limit AS l
        WHERE l.ledger_id = c.ledger_id AND l.customer_id = c.customer_id AND l.kind = 'standing'
        ORDER BY l.limit_id DESC LIMIT 1) AS l ON true
    WHERE (verify_credit.ledger_id IS NULL OR c.ledger_id = verify_credit.ledger_id)
      AND c.credit_limit IS DISTINCT FROM l.amount
    UNION ALL
    SELECT 'credit_reservation_invoiced', r.ledger_id, 'credit_reservation', r.reservation_id,
           format('%s is invoiced of the order, its invoices make %s', r.invoiced, ar.order_invoiced(r.ledger_id, r.customer_id, r.order_reference, r.invoiced))
    FROM ar.credit_reservation AS r
    WHERE (verify_credit.ledger_id IS NULL OR r.ledger_id = verify_credit.ledger_id)
      AND r.invoiced <> ar.order_invoiced(r.ledger_id, r.customer_id, r.order_reference, r.invoiced)
    UNION ALL
    SELECT 'credit_reservation_currency', v.ledger_id, 'invoice', v.invoice_id,
           format('is of %s for order "%s" of %s', v.total, v.order_reference, r.amount)
    FROM ar.credit_reservation AS r
    JOIN ar.invoice AS v ON v.ledger_id = r.ledger_id AND v.order_reference = r.order_reference
     AND v.customer_id = r.customer_id AND ar.is_posted(v.status) AND ar.currency(v.total) <> ar.currency(r.amount)
    WHERE (verify_credit.ledger_id IS NULL OR r.ledger_id = verify_credit.ledger_id)
    UNION ALL
    SELECT 'credit_hold_missing', v.ledger_id, 'invoice', v.invoice_id, 'is held, and nothing says why'
    FROM ar.invoice AS v
    WHERE (verify_credit.ledger_id IS NULL OR v.ledger_id = verify_credit.ledger_id)
      AND v.recorded_at IS NULL AND v.status = 'held'
      AND NOT EXISTS (SELECT FROM ar.credit_hold AS h WHERE h.ledger_id = v.ledger_id AND h.invoice_id = v.invoice_id
                        AND h.decision IS NULL AND h.action = 'hold')
    UNION ALL
    SELECT 'credit_hold_open', h.ledger_id, 'credit_hold', h.hold_id,
           format('is not decided, and invoice %s is %s', h.invoice_id, coalesce(v.status::text, 'not there'))
    FROM ar.credit_hold AS h
    LEFT JOIN ar.invoice AS v ON v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id
    WHERE (verify_credit.ledger_id IS NULL OR h.ledger_id = verify_credit.ledger_id)
      AND h.decision IS NULL AND h.action = 'hold' AND v.status::text IS DISTINCT FROM 'held'
    UNION ALL
    SELECT 'credit_hold_customer', h.ledger_id, 'credit_hold', h.hold_id,
           format('is of customer %s, invoice %s of customer %s', h.customer_id, h.invoice_id, v.customer_id)
    FROM ar.credit_hold AS h
    JOIN ar.invoice AS v ON v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id
    WHERE (verify_credit.ledger_id IS NULL OR h.ledger_id = verify_credit.ledger_id)
      AND h.customer_id <> v.customer_id AND ar.is_posted(v.status)
    UNION ALL
    SELECT 'credit_application_decision', a.ledger_id, 'credit_application', a.application_id,
           CASE WHEN a.decided_by = a.requested_by THEN format('was requested and decided by %s', a.decided_by)
                ELSE 'is approved, and no limit was granted' END
    FROM ar.credit_application AS a
    WHERE (verify_credit.ledger_id IS NULL OR a.ledger_id = verify_credit.ledger_id)
      AND (a.status IN ('approved', 'rejected') AND a.decided_by = a.requested_by
           OR a.status = 'approved' AND NOT EXISTS (
               SELECT FROM ar.credit_limit AS l
               WHERE l.ledger_id = a.ledger_id AND l.limit_id = a.limit_id AND l.customer_id = a.customer_id
                 AND l.amount = a.approved));
END
$$;
COMMENT ON FUNCTION ar.verify_credit(integer) IS
'The part of ar.verify() on credit: accounts, standing limits, reservations against invoices, holds against held invoices, and applications.';

REVOKE ALL ON FUNCTION ar.verify_credit(integer) FROM PUBLIC;
