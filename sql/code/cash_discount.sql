-- cash: what of a discount for early payment is net, and what tax.

CREATE FUNCTION ar.discount_breakdown(ledger_id integer, adjustment_ids bigint[])
RETURNS TABLE (adjustment_id bigint, tax_category text, tax_rate numeric, net ar.monetary, tax ar.monetary)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH discount AS (
        SELECT j.adjustment_id, j.amount, j.invoice_id, v.discount_basis
        FROM (SELECT DISTINCT w.adjustment_id FROM unnest(discount_breakdown.adjustment_ids) AS w(adjustment_id)) AS w
        JOIN ar.adjustment AS j ON j.ledger_id = discount_breakdown.ledger_id AND j.adjustment_id = w.adjustment_id
         AND j.kind = 'discount'
        LEFT JOIN ar.invoice AS v ON v.ledger_id = discount_breakdown.ledger_id AND v.invoice_id = j.invoice_id
    ), share AS (
        -- By what each category and rate is on the invoice, its tax included where the discount includes it.
        SELECT d.adjustment_id, d.discount_basis, t.tax_category, t.tax_rate, part.amount
        FROM discount AS d
        CROSS JOIN LATERAL (
            SELECT array_agg(i.tax_category ORDER BY i.tax_category, i.tax_rate) AS categories,
                   array_agg(i.tax_rate ORDER BY i.tax_category, i.tax_rate) AS rates,
                   array_agg(greatest(0, CASE d.discount_basis WHEN 'gross' THEN ar.amount(i.taxable) + ar.amount(i.tax)
                                         ELSE ar.amount(i.taxable) END) ORDER BY i.tax_category, i.tax_rate) AS weights
            FROM ar.invoice_tax AS i
            WHERE i.ledger_id = discount_breakdown.ledger_id AND i.invoice_id = d.invoice_id) AS w
        CROSS JOIN LATERAL unnest(w.categories, w.rates, ar.allocate(d.amount, w.weights)) AS part(tax_category, tax_rate, amount)
        CROSS JOIN LATERAL (SELECT part.tax_category, part.tax_rate) AS t
        WHERE (SELECT sum(x) FROM unnest(w.weights) AS x) > 0
    ), split AS (
        SELECT s.adjustment_id, s.tax_category, s.tax_rate, s.amount,
               CASE s.discount_basis WHEN 'gross' THEN
                   ar.round(ar.amount(s.amount) / (1 + s.tax_rate / 100), ar.currency(s.amount), 'half_even')
               ELSE s.amount END AS net
        FROM share AS s
    )
    SELECT s.adjustment_id, s.tax_category, s.tax_rate, s.net, s.amount - s.net
    FROM split AS s
    UNION ALL
    -- Without taxes there is nothing to split.
    SELECT d.adjustment_id, NULL, NULL, d.amount, d.amount - d.amount
    FROM discount AS d
    WHERE NOT EXISTS (SELECT FROM split AS s WHERE s.adjustment_id = d.adjustment_id)
    ORDER BY 1, 2, 3;
END
$$;
COMMENT ON FUNCTION ar.discount_breakdown(integer, bigint[]) IS
'What of discounts taken for early payment is net and what tax, by category and rate of tax, in proportion to the invoice. Where the discount was agreed gross, it takes off tax, too; net or mixed, it does not (ar.invoice.discount_basis).
Arguments: ledger_id; adjustment_ids, of kind discount.
Result: the adjustment; category and rate, NULL where the invoice has no taxes; net and tax, of the sign of the adjustment, which they add up to.';
