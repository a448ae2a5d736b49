-- proof: bank statements, their lines, and the payments that these became.

CREATE FUNCTION ar.verify_bank(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH line AS MATERIALIZED (
        SELECT l.ledger_id, l.bank_statement_id, count(*) AS lines,
               coalesce(sum(ar.amount(l.amount)) FILTER (WHERE l.is_booked AND ar.sign(l.amount) > 0 AND ar.currency(l.amount) = s.currency), 0) AS credits,
               coalesce(-sum(ar.amount(l.amount)) FILTER (WHERE l.is_booked AND ar.sign(l.amount) < 0 AND ar.currency(l.amount) = s.currency), 0) AS debits,
               count(*) FILTER (WHERE l.bank_account_id <> s.bank_account_id) AS elsewhere
        FROM ar.bank_line AS l
        JOIN ar.bank_statement AS s ON s.ledger_id = l.ledger_id AND s.bank_statement_id = l.bank_statement_id
        WHERE verify_bank.ledger_id IS NULL OR l.ledger_id = verify_bank.ledger_id
        GROUP BY l.ledger_id, l.bank_statement_id
    )
    SELECT 'bank_statement_total', s.ledger_id, 'bank_statement', s.bank_statement_id,
           format('has %s lines, credits %s and debits %s, its lines make %s, %s and %s', s.lines, s.credit_total, s.debit_total,
                  coalesce(l.lines, 0), coalesce(l.credits, 0), coalesce(l.debits, 0))
    FROM ar.bank_statement AS s
    LEFT JOIN line AS l ON l.ledger_id = s.ledger_id AND l.bank_statement_id = s.bank_statement_id
    WHERE (verify_bank.ledger_id IS NULL OR s.ledger_id = verify_bank.ledger_id)
      AND (s.lines <> coalesce(l.lines, 0) OR s.credit_total <> coalesce(l.credits, 0) OR s.debit_total <> coalesce(l.debits, 0))
    UNION ALL
    SELECT 'bank_line_account', l.ledger_id, 'bank_statement', l.bank_statement_id, format('%s of its lines are of another account', l.elsewhere)
    FROM line AS l WHERE l.elsewhere > 0
    UNION ALL
    SELECT 'bank_line_payment', l.ledger_id, 'bank_line', l.bank_line_id, format('is %s, its payment %s', l.amount, p.amount)
    FROM ar.bank_line AS l
    JOIN ar.payment AS p ON p.ledger_id = l.ledger_id AND p.payment_id = l.payment_id
    WHERE (verify_bank.ledger_id IS NULL OR l.ledger_id = verify_bank.ledger_id)
      AND (ar.sign(l.amount) > 0 AND p.amount <> l.amount OR ar.currency(p.amount) <> ar.currency(l.amount) OR NOT l.is_booked)
    UNION ALL
    SELECT 'bank_line_occurrence', o.ledger_id, 'bank_line', o.bank_line_id,
           format('is occurrence %s of its line, of %s that are there', o.last, o.occurrences)
    FROM (SELECT l.ledger_id, max(l.bank_line_id) AS bank_line_id, max(l.occurrence) AS last, count(*) AS occurrences
          FROM ar.bank_line AS l
          WHERE (verify_bank.ledger_id IS NULL OR l.ledger_id = verify_bank.ledger_id) AND l.duplicate_of IS NULL
          GROUP BY l.ledger_id, l.bank_account_id, l.identity
          HAVING max(l.occurrence) <> count(*)) AS o
    UNION ALL
    SELECT 'bank_line_duplicate', l.ledger_id, 'bank_line', l.bank_line_id,
           format('is the same as bank line %s, which is %s', l.duplicate_of,
                  CASE WHEN d.duplicate_of IS NOT NULL THEN 'a duplicate itself' ELSE 'of another account' END)
    FROM ar.bank_line AS l
    JOIN ar.bank_line AS d ON d.ledger_id = l.ledger_id AND d.bank_line_id = l.duplicate_of
    WHERE (verify_bank.ledger_id IS NULL OR l.ledger_id = verify_bank.ledger_id)
      AND (d.duplicate_of IS NOT NULL OR d.bank_account_id <> l.bank_account_id);
END
$$;
COMMENT ON FUNCTION ar.verify_bank(integer) IS
'The part of ar.verify() on bank files: lines against the totals of their statements, payments against the amounts of their lines, and that each line counts once.';

REVOKE ALL ON FUNCTION ar.verify_bank(integer) FROM PUBLIC;
