-- posting.sql: what it costs to bill, drafts and lines to posted invoices, beside the same rows without our triggers.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;

SELECT ar.create_ledger(code => 'BENCH', name => 'Bench', currency => 'EUR') AS ledger \gset
INSERT INTO ar.customer (ledger_id, code, name, terms)
SELECT :ledger, 'C' || n, 'Customer ' || n, CASE WHEN n % 2 = 0 THEN 'net 14'::ar.terms END
FROM generate_series(1, 1000) AS n;

-- What is to be billed: 100,000 invoices of 1,000 customers, each of three lines at two rates of tax.
CREATE TABLE public.order_to_bill AS
SELECT :ledger AS ledger_id, nextval('ar.document_id') AS invoice_id, c.customer_id, date '2026-01-01' + n % 90 AS invoiced_on
FROM generate_series(1, 100000) AS n
JOIN ar.customer AS c ON c.ledger_id = :ledger AND c.code = 'C' || (1 + n * 7919 % 1000)
ORDER BY n;
CREATE TABLE public.order_line AS
SELECT o.ledger_id, o.invoice_id, k AS line_number, 'Article ' || k AS description, (1 + o.invoice_id % 7)::numeric AS quantity,
       (1000 + o.invoice_id * 7919 * k % 100000)::numeric / 1000 AS unit_price,
       CASE WHEN k = 3 THEN 7 ELSE 19 END::numeric AS tax_rate
FROM public.order_to_bill AS o, generate_series(1, 3) AS k
ORDER BY o.invoice_id, k;
ALTER TABLE public.order_line ADD net ar.monetary, ADD tax ar.monetary;
UPDATE public.order_line SET net = ar.line_amount(quantity, unit_price, 'EUR');
UPDATE public.order_line SET tax = ar.percent_of(net, tax_rate);
ALTER TABLE public.order_to_bill ADD total ar.monetary;
UPDATE public.order_to_bill AS o SET total = t.total
FROM (SELECT r.invoice_id, ar.sum(r.net OPERATOR(ar.+) ar.percent_of(r.net, r.tax_rate)) AS total
      FROM (SELECT n.invoice_id, n.tax_rate, ar.sum(n.net) AS net FROM public.order_line AS n GROUP BY 1, 2) AS r
      GROUP BY r.invoice_id) AS t
WHERE t.invoice_id = o.invoice_id;
VACUUM FULL public.order_to_bill, public.order_line;
ANALYZE;

-- What an application does: drafts, their lines, and one call; so many of them.
CREATE FUNCTION public.bill(first_invoice integer, last_invoice integer, of_customer bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    SELECT array_agg(w.invoice_id) INTO ids
    FROM (SELECT o.invoice_id FROM public.order_to_bill AS o
          ORDER BY o.invoice_id OFFSET first_invoice - 1 LIMIT last_invoice - first_invoice + 1) AS w;
    INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, invoiced_on, total)
    SELECT o.ledger_id, o.invoice_id, coalesce(of_customer, o.customer_id), o.invoiced_on, o.total
    FROM public.order_to_bill AS o WHERE o.invoice_id BETWEEN ids[1] AND ids[cardinality(ids)];
    INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_price,
                                 tax_category, tax_rate, net, tax)
    SELECT n.ledger_id, n.invoice_id, n.line_number, n.description, n.quantity, n.unit_price, 'S', n.tax_rate, n.net, n.tax
    FROM public.order_line AS n WHERE n.invoice_id BETWEEN ids[1] AND ids[cardinality(ids)];
    PERFORM ar.post_invoices((SELECT min(o.ledger_id) FROM public.order_to_bill AS o), ids);
END
$$;

-- The baseline is what anybody would have to write who had no triggers of ours: the same rows, complete, into tables
-- with the same columns, checks, keys, foreign keys and indexes, from rows that are worked out beforehand.
CREATE SCHEMA plain;
CREATE TABLE plain.document_series (LIKE ar.document_series INCLUDING ALL);
CREATE TABLE plain.invoice (LIKE ar.invoice INCLUDING ALL);
CREATE TABLE plain.invoice_line (LIKE ar.invoice_line INCLUDING ALL);
CREATE TABLE plain.invoice_tax (LIKE ar.invoice_tax INCLUDING ALL);
CREATE TABLE plain.item (LIKE ar.item INCLUDING ALL);
CREATE TABLE plain.customer_balance (LIKE ar.customer_balance INCLUDING ALL);
CREATE TABLE plain.payment (LIKE ar.payment INCLUDING ALL);
CREATE TABLE plain.application (LIKE ar.application INCLUDING ALL);
ALTER TABLE plain.document_series SET (fillfactor = 50);
ALTER TABLE plain.invoice SET (fillfactor = 45);
ALTER INDEX plain.invoice_pkey SET (fillfactor = 50);
ALTER TABLE plain.item SET (fillfactor = 80);
ALTER TABLE plain.customer_balance SET (fillfactor = 50);
-- LIKE copies everything but these and foreign keys; between our copies they point to the copies.
SELECT format('ALTER TABLE plain.%I ADD CONSTRAINT %I %s', t.relname, k.conname,
              regexp_replace(pg_get_constraintdef(k.oid),
                             'REFERENCES ar\.(document_series|invoice|invoice_line|item|payment|application)\M',
                             'REFERENCES plain.\1'))
FROM pg_constraint AS k JOIN pg_class AS t ON t.oid = k.conrelid
WHERE k.contype = 'f' AND k.connamespace = 'ar'::regnamespace AND to_regclass('plain.' || t.relname) IS NOT NULL
ORDER BY t.relname, k.conname \gexec
INSERT INTO plain.document_series SELECT * FROM ar.document_series;

-- Post once and keep copies of the rows that came of it.
CREATE TABLE public.result_invoice (LIKE ar.invoice);
CREATE TABLE public.result_line (LIKE ar.invoice_line);
CREATE TABLE public.result_tax (LIKE ar.invoice_tax);
CREATE TABLE public.result_item (LIKE ar.item);
CREATE TABLE public.result_balance (LIKE ar.customer_balance);
BEGIN;
SELECT public.bill(1, 100000);
INSERT INTO public.result_invoice SELECT * FROM ar.invoice ORDER BY invoice_id;
INSERT INTO public.result_line SELECT * FROM ar.invoice_line ORDER BY invoice_id, line_number;
INSERT INTO public.result_tax SELECT * FROM ar.invoice_tax ORDER BY invoice_id, tax_category, tax_rate;
INSERT INTO public.result_item SELECT * FROM ar.item ORDER BY item_id;
INSERT INTO public.result_balance SELECT * FROM ar.customer_balance ORDER BY customer_id;
SELECT 1 / (SELECT count(*) = 0 FROM ar.verify())::integer AS sound;
SELECT 1 / (count(*) = 200000)::integer AS taxes FROM public.result_tax;
-- Triggers refuse it, and a truncated table starts without the traces of what was in it.
SET LOCAL session_replication_role TO replica;
TRUNCATE ar.invoice, ar.customer_balance, ar.document_counter CASCADE;
COMMIT;
VACUUM FULL ar.document_series;
CREATE INDEX ON public.order_to_bill (invoice_id);
CREATE INDEX ON public.order_line (invoice_id);
CREATE INDEX ON public.result_invoice (invoice_id);
CREATE INDEX ON public.result_line (invoice_id);
CREATE INDEX ON public.result_tax (invoice_id);
CREATE INDEX ON public.result_item (invoice_id);
ANALYZE;

CALL public.bench('bill 100,000 invoices of 3 lines in bulk / the same rows without triggers',
'SELECT public.bill(1, 100000)',
$$INSERT INTO plain.invoice SELECT * FROM public.result_invoice;
  INSERT INTO plain.invoice_line SELECT * FROM public.result_line;
  INSERT INTO plain.invoice_tax SELECT * FROM public.result_tax;
  INSERT INTO plain.item SELECT * FROM public.result_item;
  INSERT INTO plain.customer_balance SELECT * FROM public.result_balance$$,
3);

-- The same drafts, there already: the one call alone.
VACUUM FULL ar.invoice, ar.invoice_line, ar.invoice_tax, ar.item, ar.customer_balance, ar.document_series,
    plain.invoice, plain.invoice_line, plain.invoice_tax, plain.item, plain.customer_balance;
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, invoiced_on, total)
SELECT o.ledger_id, o.invoice_id, o.customer_id, o.invoiced_on, o.total FROM public.order_to_bill AS o ORDER BY o.invoice_id;
INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_price, tax_category, tax_rate, net, tax)
SELECT n.ledger_id, n.invoice_id, n.line_number, n.description, n.quantity, n.unit_price, 'S', n.tax_rate, n.net, n.tax
FROM public.order_line AS n ORDER BY n.invoice_id, n.line_number;
ANALYZE;
CALL public.bench('post 100,000 drafts of 3 lines by one call / the same rows without triggers',
'SELECT ar.post_invoices(min(ledger_id), array_agg(invoice_id)) FROM public.order_to_bill',
$$INSERT INTO plain.invoice SELECT * FROM public.result_invoice;
  INSERT INTO plain.invoice_line SELECT * FROM public.result_line;
  INSERT INTO plain.invoice_tax SELECT * FROM public.result_tax;
  INSERT INTO plain.item SELECT * FROM public.result_item;
  INSERT INTO plain.customer_balance SELECT * FROM public.result_balance$$,
3);
DELETE FROM ar.invoice;
VACUUM FULL ar.invoice, ar.invoice_line;
ANALYZE;

-- One by one, as an application does that bills a sale at a time.
CREATE PROCEDURE public.bill_singly(invoices integer) LANGUAGE plpgsql AS $$
DECLARE
    o record;
BEGIN
    FOR o IN SELECT * FROM public.order_to_bill ORDER BY invoice_id LIMIT invoices LOOP
        INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, invoiced_on, total)
        VALUES (o.ledger_id, o.invoice_id, o.customer_id, o.invoiced_on, o.total);
        INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_price,
                                     tax_category, tax_rate, net, tax)
        SELECT n.ledger_id, n.invoice_id, n.line_number, n.description, n.quantity, n.unit_price, 'S', n.tax_rate, n.net, n.tax
        FROM public.order_line AS n WHERE n.invoice_id = o.invoice_id;
        PERFORM ar.post_invoice(o.ledger_id, o.invoice_id);
    END LOOP;
END
$$;
CREATE PROCEDURE public.insert_singly(invoices integer) LANGUAGE plpgsql AS $$
DECLARE
    o record;
BEGIN
    FOR o IN SELECT * FROM public.order_to_bill ORDER BY invoice_id LIMIT invoices LOOP
        INSERT INTO plain.invoice SELECT * FROM public.result_invoice AS r WHERE r.invoice_id = o.invoice_id;
        INSERT INTO plain.invoice_line SELECT * FROM public.result_line AS r WHERE r.invoice_id = o.invoice_id;
        INSERT INTO plain.invoice_tax SELECT * FROM public.result_tax AS r WHERE r.invoice_id = o.invoice_id;
        INSERT INTO plain.item SELECT * FROM public.result_item AS r WHERE r.invoice_id = o.invoice_id;
        INSERT INTO plain.customer_balance AS b VALUES (o.ledger_id, o.customer_id, 'EUR', o.total, 'EUR 0')
        ON CONFLICT (ledger_id, customer_id, currency) DO UPDATE SET open_debits = b.open_debits OPERATOR(ar.+) excluded.open_debits;
    END LOOP;
END
$$;
CALL public.bench('bill 1,000 invoices of 3 lines one by one / the same rows without triggers',
'CALL public.bill_singly(1000)', 'CALL public.insert_singly(1000)', 5);

-- Linear is 4: what a row costs must not grow with the rows of its statement.
CALL public.bench('bill 20,000 invoices of one customer at once / 5,000: 4 is linear',
'SELECT public.bill(1, 20000, (SELECT min(customer_id) FROM ar.customer))',
'SELECT public.bill(1, 5000, (SELECT min(customer_id) FROM ar.customer))',
3);
