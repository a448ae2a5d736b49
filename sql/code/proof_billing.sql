-- proof: what invoices come to, and what is granted on them, checked from lines and terms alone.

-- In plain numeric and not by the functions that post: so an error in those shows.
CREATE FUNCTION ar.verify_invoice_totals(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
-- As in ar.verify_documents().
SET enable_nestloop = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH part AS (
        SELECT n.ledger_id, n.invoice_id, n.tax_category, n.tax_rate, ar.currency(n.net) AS currency,
               ar.amount(n.net) AS net, ar.amount(n.gross) AS gross, ar.amount(n.tax) AS tax, n.corrects_tax
        FROM ar.invoice_line AS n
        WHERE verify_invoice_totals.ledger_id IS NULL OR n.ledger_id = verify_invoice_totals.ledger_id
        UNION ALL
        SELECT a.ledger_id, a.invoice_id, a.tax_category, a.tax_rate, ar.currency(a.amount),
               s.sign * ar.amount(a.amount), s.sign * ar.amount(a.gross), s.sign * ar.amount(a.tax), NULL
        FROM ar.invoice_allowance AS a, LATERAL (SELECT CASE WHEN a.is_charge THEN 1 ELSE -1 END) AS s(sign)
        WHERE verify_invoice_totals.ledger_id IS NULL OR a.ledger_id = verify_invoice_totals.ledger_id
    ), category AS MATERIALIZED (
        SELECT p.ledger_id, p.invoice_id, p.tax_category, p.tax_rate, p.currency, x.taxable, x.tax,
               CASE WHEN v.prices_include_tax THEN p.grosses <> p.parts OR p.net <> x.taxable OR p.corrects_tax AND v.corrects_id IS NULL
                    ELSE p.grosses <> 0 END AS is_unfit
        FROM (SELECT p.ledger_id, p.invoice_id, p.tax_category, p.tax_rate, p.currency,
                     sum(p.net) AS net, sum(p.gross) AS gross, sum(p.tax) AS tax, count(p.gross) AS grosses, count(*) AS parts,
                     sum(CASE WHEN p.corrects_tax THEN p.tax
                              ELSE p.gross - round(p.gross * 100 / (100 + p.tax_rate), scale(p.net)) END) AS included_tax,
                     bool_or(p.corrects_tax) AS corrects_tax
              FROM part AS p GROUP BY p.ledger_id, p.invoice_id, p.tax_category, p.tax_rate, p.currency) AS p
        JOIN ar.invoice AS v ON v.ledger_id = p.ledger_id AND v.invoice_id = p.invoice_id
        LEFT JOIN ar.invoice_tax AS t ON t.ledger_id = p.ledger_id AND t.invoice_id = p.invoice_id
         AND t.tax_category = p.tax_category AND t.tax_rate = p.tax_rate AND ar.currency(t.taxable) = p.currency
        CROSS JOIN LATERAL (
            SELECT CASE WHEN NOT v.prices_include_tax THEN p.net
                        WHEN v.tax_rounding = 'line' THEN p.gross - p.included_tax
                        ELSE round(p.gross * 100 / (100 + p.tax_rate), scale(p.net)) END) AS net(taxable)
        CROSS JOIN LATERAL (
            SELECT net.taxable,
                   CASE WHEN v.prices_include_tax THEN p.gross - net.taxable
                        WHEN v.tax_rounding = 'line' THEN p.tax
                        ELSE round((p.net - CASE WHEN v.discount_basis = 'mixed' THEN coalesce(ar.amount(t.discounted), 0) ELSE 0 END)
                                   * p.tax_rate / 100, scale(p.net)) END) AS x(taxable, tax)
        WHERE (ar.is_posted(v.status) OR v.status = 'void' AND v.recorded_at IS NOT NULL)
    )
    SELECT 'invoice_tax', coalesce(t.ledger_id, c.ledger_id), 'invoice_tax', coalesce(t.invoice_id, c.invoice_id),
           format('%s %s: %s and tax %s; the lines make %s and tax %s', coalesce(t.tax_category, c.tax_category),
                  coalesce(t.tax_rate, c.tax_rate), coalesce(t.taxable::text, 'nothing'), coalesce(t.tax::text, 'nothing'),
                  coalesce(c.taxable, 0), coalesce(c.tax, 0))
    FROM (SELECT * FROM ar.invoice_tax AS t
          WHERE verify_invoice_totals.ledger_id IS NULL OR t.ledger_id = verify_invoice_totals.ledger_id) AS t
    FULL JOIN category AS c ON c.ledger_id = t.ledger_id AND c.invoice_id = t.invoice_id
     AND c.tax_category = t.tax_category AND c.tax_rate = t.tax_rate AND c.currency = ar.currency(t.taxable)
    WHERE t.ledger_id IS NULL OR c.ledger_id IS NULL
       OR c.taxable <> ar.amount(t.taxable) OR c.tax <> ar.amount(t.tax)
    UNION ALL
    SELECT 'invoice_lines', v.ledger_id, 'invoice', v.invoice_id,
           CASE WHEN c.invoice_id IS NULL THEN format('net is %s, and there are no lines', v.net)
                WHEN c.is_unfit THEN 'its lines do not fit its prices, with tax or without'
                ELSE format('net %s, tax %s, total %s; its lines make %s and %s', coalesce(v.net::text, 'null'),
                            coalesce(v.tax::text, 'null'), v.total, c.net, c.tax) END
    FROM ar.invoice AS v
    LEFT JOIN (SELECT c.ledger_id, c.invoice_id, sum(c.taxable) AS net, sum(c.tax) AS tax,
                      array_agg(DISTINCT c.currency) AS currency, bool_or(c.is_unfit) AS is_unfit
               FROM category AS c GROUP BY c.ledger_id, c.invoice_id) AS c
      ON c.ledger_id = v.ledger_id AND c.invoice_id = v.invoice_id
    WHERE (verify_invoice_totals.ledger_id IS NULL OR v.ledger_id = verify_invoice_totals.ledger_id)
      AND (ar.is_posted(v.status) OR v.status = 'void' AND v.recorded_at IS NOT NULL)
      AND CASE WHEN c.invoice_id IS NULL THEN v.net IS NOT NULL
               ELSE c.is_unfit OR c.currency <> ARRAY[ar.currency(v.total)] OR v.net IS NULL OR v.tax IS NULL
                 OR ar.amount(v.net) <> c.net OR ar.amount(v.tax) <> c.tax
                 OR ar.amount(v.total) <> c.net + c.tax + CASE WHEN v.cash_rounding IS NULL THEN 0 ELSE ar.amount(v.cash_rounding) END END;
END
$$;
COMMENT ON FUNCTION ar.verify_invoice_totals(integer) IS
'The part of ar.verify() on what invoices come to: ar.invoice_tax, net, tax and total against lines and allowances.';

CREATE FUNCTION ar.verify_discounts(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH granted AS MATERIALIZED (
        SELECT d.ledger_id, i.invoice_id, d.item_id, d.tier, d.discount_until, abs(ar.amount(d.discount)) AS discount, i.due_on,
               i.invoice_id IS NULL OR d.discount_until > i.due_on OR ar.sign(d.discount) <> ar.sign(i.amount)
               OR ar.currency(d.discount) <> ar.currency(i.amount) AS is_wrong
        FROM ar.item_discount AS d
        LEFT JOIN ar.item AS i ON i.ledger_id = d.ledger_id AND i.item_id = d.item_id
        WHERE verify_discounts.ledger_id IS NULL OR d.ledger_id = verify_discounts.ledger_id
    ), asked AS MATERIALIZED (
        -- On the day of each invoice, on the last day of each of its discounts, and on the day after, unless the due date
        -- ended it: that may have been shifted by a calendar.
        SELECT v.ledger_id, v.invoice_id, v.invoiced_on AS paid_on
        FROM ar.invoice AS v
        WHERE v.terms IS NOT NULL AND (ar.is_posted(v.status) OR v.status = 'void' AND v.recorded_at IS NOT NULL)
          AND (verify_discounts.ledger_id IS NULL OR v.ledger_id = verify_discounts.ledger_id)
        UNION
        SELECT g.ledger_id, g.invoice_id, g.discount_until + n
        FROM granted AS g, generate_series(0, CASE WHEN g.discount_until < g.due_on THEN 1 ELSE 0 END) AS n
        WHERE NOT g.is_wrong
    )
    SELECT 'item_discount', g.ledger_id, 'item_discount', g.item_id,
           format('tier %s until %s has no item of an invoice, or does not fit it', g.tier, g.discount_until)
    FROM granted AS g WHERE g.is_wrong
    UNION ALL
    SELECT 'invoice_discount', v.ledger_id, 'invoice', v.invoice_id,
           format('paid on %s it earns %s, its terms make it %s', a.paid_on, coalesce(s.discount, 0), e.discount)
    FROM asked AS a
    JOIN ar.invoice AS v ON v.ledger_id = a.ledger_id AND v.invoice_id = a.invoice_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN v.terms IS NULL THEN 0
                    ELSE ar.amount(ar.discount(v.terms, CASE WHEN v.discount_basis IN ('net', 'mixed') AND v.net IS NOT NULL
                                                             THEN v.net ELSE v.total END, v.invoiced_on, a.paid_on)) END) AS e(discount)
    LEFT JOIN (
        SELECT b.ledger_id, b.invoice_id, b.paid_on, sum(b.discount) AS discount, count(*) AS items
        FROM (SELECT DISTINCT ON (a.ledger_id, a.invoice_id, a.paid_on, g.item_id) a.ledger_id, a.invoice_id, a.paid_on, g.discount
              FROM asked AS a JOIN granted AS g ON g.ledger_id = a.ledger_id AND g.invoice_id = a.invoice_id
              WHERE g.discount_until >= a.paid_on
              ORDER BY a.ledger_id, a.invoice_id, a.paid_on, g.item_id, g.tier) AS b
        GROUP BY b.ledger_id, b.invoice_id, b.paid_on) AS s
      ON s.ledger_id = a.ledger_id AND s.invoice_id = a.invoice_id AND s.paid_on = a.paid_on
    -- Each of several instalments may round by itself.
    WHERE abs(coalesce(s.discount, 0) - e.discount) * 10 ^ scale(ar.amount(v.total))
          > CASE WHEN s.items > 1 THEN s.items ELSE 0 END;
END
$$;
COMMENT ON FUNCTION ar.verify_discounts(integer) IS
'The part of ar.verify() on discounts for early payment: ar.item_discount against the terms of the invoices.';

REVOKE ALL ON FUNCTION ar.verify_invoice_totals(integer), ar.verify_discounts(integer) FROM PUBLIC;
