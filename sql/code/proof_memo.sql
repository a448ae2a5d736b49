-- proof: memos, and invoices they make void.

CREATE FUNCTION ar.verify_memos(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH memo AS MATERIALIZED (
        SELECT m.*, c.customer_id AS corrected_customer_id, c.kind AS corrected_kind, c.total AS corrected_total,
               c.status AS corrected_status, c.recorded_at AS corrected_recorded_at, c.invoiced_on AS corrected_on
        FROM ar.invoice AS m
        LEFT JOIN ar.invoice AS c ON c.ledger_id = m.ledger_id AND c.invoice_id = m.corrects_id
        WHERE m.corrects_id IS NOT NULL AND m.recorded_at IS NOT NULL
          AND (verify_memos.ledger_id IS NULL OR m.ledger_id = verify_memos.ledger_id)
    )
    SELECT 'memo_corrects', m.ledger_id, 'invoice', m.invoice_id,
           format('corrects %s %s of customer %s for %s, dated %s, and is of customer %s for %s, dated %s',
                  coalesce(m.corrected_kind, 'nothing'), m.corrects_id, m.corrected_customer_id, m.corrected_total,
                  m.corrected_on, m.customer_id, m.total, m.invoiced_on)
    FROM memo AS m
    WHERE m.corrected_recorded_at IS NULL OR m.corrected_kind = 'credit_memo' OR m.corrected_customer_id <> m.customer_id
       OR ar.currency(m.corrected_total) <> ar.currency(m.total) OR m.invoiced_on < m.corrected_on
    UNION ALL
    SELECT 'memo_credited', m.ledger_id, 'invoice', m.corrects_id,
           format('the total is %s, credit memos make %s', max(m.corrected_total), sum(ar.amount(m.total)))
    FROM memo AS m WHERE m.kind = 'credit_memo'
    GROUP BY m.ledger_id, m.corrects_id
    HAVING sum(ar.amount(m.total)) > max(ar.amount(m.corrected_total))
    UNION ALL
    SELECT 'memo_line_credited', m.ledger_id, 'invoice', m.corrects_id,
           format('line %s is %s without tax, credit memos make %s', k.corrects_line,
                  coalesce(max(n.net)::text, 'missing'), sum(ar.amount(k.net)))
    FROM memo AS m
    JOIN ar.invoice_line AS k ON k.ledger_id = m.ledger_id AND k.invoice_id = m.invoice_id AND k.corrects_line IS NOT NULL
    LEFT JOIN ar.invoice_line AS n ON n.ledger_id = m.ledger_id AND n.invoice_id = m.corrects_id AND n.line_number = k.corrects_line
    WHERE m.kind = 'credit_memo'
    GROUP BY m.ledger_id, m.corrects_id, k.corrects_line
    HAVING max(ar.amount(n.net)) IS NULL
        OR sum(ar.amount(k.net)) NOT BETWEEN least(max(ar.amount(n.net)), 0) AND greatest(max(ar.amount(n.net)), 0)
    UNION ALL
    SELECT 'memo_reversal', m.ledger_id, 'invoice', m.invoice_id,
           format('reverses invoice %s for %s and is %s; that is %s for %s', m.reverses_id, m.total, m.status,
                  m.corrected_status, m.corrected_total)
    FROM memo AS m
    WHERE m.reverses_id IS NOT NULL
      AND (m.corrected_status <> 'void' OR m.status <> 'paid' OR m.corrected_total <> m.total OR m.reverses_id <> m.corrects_id);
END
$$;
COMMENT ON FUNCTION ar.verify_memos(integer) IS
'The part of ar.verify() on memos: what they correct, that no invoice and no line is credited beyond itself, and that a reversed invoice is void.';
REVOKE ALL ON FUNCTION ar.verify_memos(integer) FROM PUBLIC;
