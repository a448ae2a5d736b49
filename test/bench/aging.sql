-- aging.sql: the aging of a million invoices, beside the join and sum by which such reports are made elsewhere.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;

-- 1,000,000 invoices of 10,000 customers in 400 days: 80 % paid in full, 5 % in part, each by a payment of its own,
-- and 10,000 payments that nobody has applied.
SELECT ar.create_ledger(code => 'BENCH', name => 'Bench', currency => 'EUR') AS ledger \gset
INSERT INTO ar.customer (ledger_id, customer_id, code, name)
SELECT :ledger, n, 'C' || n, 'Customer ' || n FROM generate_series(1, 10000) AS n;
CREATE TABLE public.sale AS
SELECT n, 1 + n * 7919::bigint % 10000 AS customer_id, date '2025-05-27' + n / 2500 AS invoiced_on,
       date '2025-05-27' + n / 2500 + 30 AS due_on, (1000 + n * 7919::bigint % 100000) / 100.0 AS total,
       CASE WHEN n % 20 < 16 THEN (1000 + n * 7919::bigint % 100000) / 100.0 WHEN n % 20 = 16 THEN 5.00 END AS paid,
       least(date '2025-05-27' + n / 2500 + 10 + n % 50, date '2026-06-30') AS paid_on
FROM generate_series(1, 1000000) AS n;

-- Written as posting and paying would leave the rows, with the triggers off: a million postings would take minutes.
SET session_replication_role TO replica;
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, number, invoiced_on, due_on, total, status, recorded_at)
SELECT :ledger, 10000000 + n, customer_id, 'N' || n, invoiced_on, due_on, ar.monetary(total, 'EUR'),
       CASE WHEN paid = total THEN 'paid' WHEN paid > 0 THEN 'partial' ELSE 'open' END::ar.invoice_status, invoiced_on
FROM public.sale;
INSERT INTO ar.payment (ledger_id, payment_id, customer_id, amount, received_on, recorded_at)
SELECT :ledger, 20000000 + n, customer_id, ar.monetary(paid, 'EUR'), paid_on, paid_on
FROM public.sale WHERE paid > 0
UNION ALL
SELECT :ledger, 30000000 + n, n, ar.monetary(n % 100 + 1, 'EUR'), '2026-06-01', '2026-06-01'
FROM generate_series(1, 10000) AS n;
INSERT INTO ar.item (ledger_id, item_id, customer_id, kind, invoice_id, payment_id, instalment,
                     issued_on, due_on, amount, open, closed_on, recorded_at)
SELECT :ledger, 40000000 + n, customer_id, 'invoice', 10000000 + n, NULL, 1, invoiced_on, due_on,
       ar.monetary(total, 'EUR'), ar.monetary(total - coalesce(paid, 0), 'EUR'),
       CASE WHEN paid = total THEN greatest(paid_on, invoiced_on) END, invoiced_on
FROM public.sale
UNION ALL
SELECT :ledger, 50000000 + n, customer_id, 'payment', NULL, 20000000 + n, 1, paid_on, paid_on,
       ar.monetary(-paid, 'EUR'), ar.monetary(0, 'EUR'), paid_on, paid_on
FROM public.sale WHERE paid > 0
UNION ALL
SELECT :ledger, 60000000 + n, n, 'payment', NULL, 30000000 + n, 1, '2026-06-01', '2026-06-01',
       ar.monetary(-(n % 100 + 1), 'EUR'), ar.monetary(-(n % 100 + 1), 'EUR'), NULL, '2026-06-01'
FROM generate_series(1, 10000) AS n;
INSERT INTO ar.application (ledger_id, application_id, credit_item_id, debit_item_id, amount, applied_on, recorded_at)
SELECT :ledger, 70000000 + n, 50000000 + n, 40000000 + n, ar.monetary(paid, 'EUR'), paid_on, paid_on
FROM public.sale WHERE paid > 0;
RESET session_replication_role;

-- The same book in plain numbers, indexed as such books are.
CREATE SCHEMA plain;
CREATE TABLE plain.document (
    document_id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    kind text NOT NULL,
    currency text NOT NULL,
    issued_on date NOT NULL,
    due_on date NOT NULL,
    amount numeric(18, 2) NOT NULL
);
CREATE TABLE plain.allocation (
    allocation_id bigint PRIMARY KEY,
    payment_id bigint NOT NULL,
    invoice_id bigint NOT NULL,
    applied_on date NOT NULL,
    amount numeric(18, 2) NOT NULL
);
INSERT INTO plain.document
SELECT item_id, customer_id, kind, 'EUR', issued_on, due_on, ar.amount(amount) FROM ar.item;
INSERT INTO plain.allocation
SELECT application_id, credit_item_id, debit_item_id, applied_on, ar.amount(amount) FROM ar.application;
CREATE INDEX ON plain.document (customer_id, issued_on);
CREATE INDEX ON plain.document (due_on);
CREATE INDEX ON plain.allocation (payment_id);
CREATE INDEX ON plain.allocation (invoice_id);
CREATE INDEX ON plain.allocation (applied_on);
DROP TABLE public.sale;
VACUUM ANALYZE;

CREATE FUNCTION plain.aging(as_of date)
RETURNS TABLE (customer_id bigint, currency text, not_due numeric, days_1_30 numeric, days_31_60 numeric,
               days_61_90 numeric, days_91_plus numeric, unapplied numeric, balance numeric)
LANGUAGE sql STABLE
AS $$
    SELECT o.customer_id, o.currency,
           sum(CASE WHEN o.open > 0 AND as_of - o.due_on <= 0 THEN o.open ELSE 0 END),
           sum(CASE WHEN o.open > 0 AND as_of - o.due_on BETWEEN 1 AND 30 THEN o.open ELSE 0 END),
           sum(CASE WHEN o.open > 0 AND as_of - o.due_on BETWEEN 31 AND 60 THEN o.open ELSE 0 END),
           sum(CASE WHEN o.open > 0 AND as_of - o.due_on BETWEEN 61 AND 90 THEN o.open ELSE 0 END),
           sum(CASE WHEN o.open > 0 AND as_of - o.due_on > 90 THEN o.open ELSE 0 END),
           sum(CASE WHEN o.open < 0 THEN o.open ELSE 0 END),
           sum(o.open)
    FROM (SELECT d.customer_id, d.currency, d.due_on, d.amount - coalesce(a.amount, 0) AS open
          FROM plain.document AS d
          LEFT JOIN (SELECT invoice_id, sum(amount) AS amount FROM plain.allocation
                     WHERE applied_on <= as_of GROUP BY invoice_id) AS a ON a.invoice_id = d.document_id
          WHERE d.kind = 'invoice' AND d.issued_on <= as_of
          UNION ALL
          SELECT d.customer_id, d.currency, d.due_on, d.amount + coalesce(a.amount, 0)
          FROM plain.document AS d
          LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM plain.allocation
                     WHERE applied_on <= as_of GROUP BY payment_id) AS a ON a.payment_id = d.document_id
          WHERE d.kind = 'payment' AND d.issued_on <= as_of) AS o
    WHERE o.open <> 0
    GROUP BY o.customer_id, o.currency
$$;

-- Both must answer the same before anybody asks which is faster.
CREATE PROCEDURE public.compare(as_of date)
LANGUAGE plpgsql
AS $$
BEGIN
    IF EXISTS (
        (SELECT customer_id, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance
         FROM ar.aging((SELECT min(ledger_id) FROM ar.ledger), as_of)
         EXCEPT ALL SELECT * FROM plain.aging(as_of))
        UNION ALL
        (SELECT * FROM plain.aging(as_of)
         EXCEPT ALL
         SELECT customer_id, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance
         FROM ar.aging((SELECT min(ledger_id) FROM ar.ledger), as_of)))
    THEN
        RAISE EXCEPTION 'the two agings of % differ', as_of;
    END IF;
END
$$;
CALL public.compare('2026-06-30');
CALL public.compare('2026-05-31');

CALL public.bench('aging today of 1,000,000 invoices / join and sum in numeric',
$$SELECT count(*) FROM ar.aging((SELECT min(ledger_id) FROM ar.ledger), '2026-06-30')$$,
$$SELECT count(*) FROM plain.aging('2026-06-30')$$,
3);
CALL public.bench('aging a month ago of 1,000,000 invoices / join and sum in numeric',
$$SELECT count(*) FROM ar.aging((SELECT min(ledger_id) FROM ar.ledger), '2026-05-31')$$,
$$SELECT count(*) FROM plain.aging('2026-05-31')$$,
3);
