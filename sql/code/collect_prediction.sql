-- collect: when customers will pay, from what was known when the invoice was posted.

CREATE FUNCTION ar.predicted_payments(ledger_id integer, as_of date DEFAULT NULL, customer_ids bigint[] DEFAULT NULL, prior_invoices numeric DEFAULT 5)
RETURNS TABLE (customer_id bigint, item_id bigint, due_on date, invoices bigint, own_delay numeric, class_delay numeric, delay numeric, predicted_on date)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(predicted_payments.as_of, ar.business_date(predicted_payments.ledger_id));
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT i.customer_id, i.item_id, i.issued_on, i.due_on, coalesce(c.customer_class, '') AS class
        FROM ar.items_as_of(predicted_payments.ledger_id, day) AS i
        JOIN ar.customer AS c ON c.ledger_id = predicted_payments.ledger_id AND c.customer_id = i.customer_id
        WHERE ar.sign(i.open) > 0
          AND (predicted_payments.customer_ids IS NULL OR i.customer_id IN (SELECT u.id FROM unnest(predicted_payments.customer_ids) AS u(id)))
    ), paid AS MATERIALIZED (
        -- Instalments of invoices that were paid; what was credited or written off says nothing about paying.
        SELECT i.customer_id, coalesce(c.customer_class, '') AS class, i.closed_on, (i.closed_on - i.due_on)::numeric AS delay
        FROM ar.item AS i
        JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
        JOIN ar.customer AS c ON c.ledger_id = i.ledger_id AND c.customer_id = i.customer_id
        WHERE i.ledger_id = predicted_payments.ledger_id AND i.kind = 'invoice' AND i.closed_on < day
          AND v.status OPERATOR(ar.<>) 'written_off' AND v.status OPERATOR(ar.<>) 'void'
    ), own AS (
        -- Each asks for what had been paid the day before it was posted, and not long before: nothing that came later helps it.
        SELECT e.item_id, sum(e.n) OVER w AS n, sum(e.delay) OVER w AS delay
        FROM (SELECT p.customer_id, p.closed_on AS day, NULL::bigint AS item_id, count(*) AS n, sum(p.delay) AS delay
              FROM paid AS p WHERE p.customer_id IN (SELECT a.customer_id FROM asked AS a) GROUP BY p.customer_id, p.closed_on
              UNION ALL
              SELECT a.customer_id, a.issued_on, a.item_id, 0, 0 FROM asked AS a) AS e
        WINDOW w AS (PARTITION BY e.customer_id ORDER BY e.day RANGE BETWEEN interval '730 days' PRECEDING AND interval '1 day' PRECEDING)
    ), class AS (
        SELECT e.class, e.day, e.is_asked, sum(e.n) OVER w AS n, sum(e.delay) OVER w AS delay
        FROM (SELECT p.class, p.closed_on AS day, false AS is_asked, count(*) AS n, sum(p.delay) AS delay FROM paid AS p GROUP BY p.class, p.closed_on
              UNION ALL
              SELECT DISTINCT a.class, a.issued_on, true, 0, 0 FROM asked AS a) AS e
        WINDOW w AS (PARTITION BY e.class ORDER BY e.day RANGE BETWEEN interval '730 days' PRECEDING AND interval '1 day' PRECEDING)
    ), fitted AS (
        SELECT a.*, coalesce(o.n, 0)::bigint AS invoices, o.delay / nullif(o.n, 0) AS own_delay, coalesce(k.delay / nullif(k.n, 0), 0) AS class_delay,
               coalesce((coalesce(o.delay, 0) + predicted_payments.prior_invoices * coalesce(k.delay / nullif(k.n, 0), 0))
                        / nullif(coalesce(o.n, 0) + predicted_payments.prior_invoices, 0), 0) AS delay
        FROM asked AS a
        JOIN own AS o ON o.item_id = a.item_id
        JOIN class AS k ON k.class = a.class AND k.day = a.issued_on AND k.is_asked
    )
    SELECT f.customer_id, f.item_id, f.due_on, f.invoices, round(f.own_delay, 2), round(f.class_delay, 2), round(f.delay, 2),
           greatest(f.due_on + round(f.delay)::integer, f.issued_on)
    FROM fitted AS f
    ORDER BY f.customer_id, f.due_on, f.item_id;
END
$$;
COMMENT ON FUNCTION ar.predicted_payments(integer, date, bigint[], numeric) IS
'When open debit items are likely to be paid: so many days after they are due as the customer was late before, drawn towards his class the fewer invoices he has paid: (n own + k class) / (n + k). Only what was paid within the two years before the item was posted counts, so the prediction can be judged later without knowing the answer.
Arguments: ledger_id; as_of, by default the business date; customer_ids, by default all; prior_invoices, the k.
Result: customer_id; item_id; due_on; invoices, the n; own_delay, the mean of his days past due (early is negative), NULL without any; class_delay, 0 without any; delay; predicted_on, not before the item was issued.';
