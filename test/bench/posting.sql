-- posting.sql: what it costs to post invoices, beside the same rows without our triggers.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;

SELECT ar.create_ledger(code => 'BENCH', name => 'Bench', currency => 'EUR') AS ledger \gset
INSERT INTO ar.customer (ledger_id, code, name, terms)
SELECT :ledger, 'C' || n, 'Customer ' || n, CASE WHEN n % 2 = 0 THEN 'net 14'::ar.terms END
FROM generate_series(1, 1000) AS n;

-- What is to be billed: 100,000 invoices of 1,000 customers.
CREATE TABLE public.order_to_bill AS
SELECT :ledger AS ledger_id, c.customer_id, date '2026-01-01' + n % 90 AS invoiced_on,
       ar.monetary((1000 + n * 7919 % 100000)::numeric / 100, 'EUR') AS total
FROM generate_series(1, 100000) AS n
JOIN ar.customer AS c ON c.ledger_id = :ledger AND c.code = 'C' || (1 + n * 7919 % 1000);
ANALYZE;

-- The baseline is what anybody would have to write who had no triggers of ours: the same rows, complete, into tables
-- with the same columns, checks, keys, foreign keys and indexes, from rows that are worked out beforehand.
CREATE SCHEMA plain;
CREATE TABLE plain.document_series (LIKE ar.document_series INCLUDING ALL);
CREATE TABLE plain.invoice (LIKE ar.invoice INCLUDING ALL);
CREATE TABLE plain.item (LIKE ar.item INCLUDING ALL);
CREATE TABLE plain.customer_balance (LIKE ar.customer_balance INCLUDING ALL);
CREATE TABLE plain.payment (LIKE ar.payment INCLUDING ALL);
CREATE TABLE plain.application (LIKE ar.application INCLUDING ALL);
ALTER TABLE plain.document_series SET (fillfactor = 50);
ALTER TABLE plain.invoice SET (fillfactor = 90);
ALTER TABLE plain.item SET (fillfactor = 80);
ALTER TABLE plain.customer_balance SET (fillfactor = 50);
-- LIKE copies everything but these and foreign keys; between our copies they point to the copies.
SELECT format('ALTER TABLE plain.%I ADD CONSTRAINT %I %s', t.relname, k.conname,
              regexp_replace(pg_get_constraintdef(k.oid),
                             'REFERENCES ar\.(document_series|invoice|item|payment|application)\M',
                             'REFERENCES plain.\1'))
FROM pg_constraint AS k JOIN pg_class AS t ON t.oid = k.conrelid
WHERE k.contype = 'f' AND k.connamespace = 'ar'::regnamespace AND to_regclass('plain.' || t.relname) IS NOT NULL
ORDER BY t.relname, k.conname \gexec
INSERT INTO plain.document_series SELECT * FROM ar.document_series;

-- Post once and keep copies of the rows that came of it.
CREATE TABLE public.result_invoice (LIKE ar.invoice);
CREATE TABLE public.result_item (LIKE ar.item);
CREATE TABLE public.result_balance (LIKE ar.customer_balance);
BEGIN;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT ledger_id, customer_id, invoiced_on, total, 'open' FROM public.order_to_bill;
INSERT INTO public.result_invoice SELECT * FROM ar.invoice;
INSERT INTO public.result_item SELECT * FROM ar.item;
INSERT INTO public.result_balance SELECT * FROM ar.customer_balance;
SELECT 1 / (SELECT count(*) = 0 FROM ar.verify())::integer AS sound;
ALTER TABLE ar.invoice DISABLE TRIGGER USER;
ALTER TABLE ar.item DISABLE TRIGGER USER;
ALTER TABLE ar.customer_balance DISABLE TRIGGER USER;
ALTER TABLE ar.document_counter DISABLE TRIGGER USER;
DELETE FROM ar.item;
DELETE FROM ar.invoice;
DELETE FROM ar.customer_balance;
DELETE FROM ar.document_counter;
ALTER TABLE ar.invoice ENABLE TRIGGER USER;
ALTER TABLE ar.item ENABLE TRIGGER USER;
ALTER TABLE ar.customer_balance ENABLE TRIGGER USER;
ALTER TABLE ar.document_counter ENABLE TRIGGER USER;
COMMIT;
VACUUM FULL ar.item, ar.invoice, ar.customer_balance, ar.document_series;
ANALYZE;

CALL public.bench('post 100,000 invoices in one statement / the rows without triggers',
$$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
  SELECT ledger_id, customer_id, invoiced_on, total, 'open' FROM public.order_to_bill$$,
$$INSERT INTO plain.invoice SELECT * FROM public.result_invoice;
  INSERT INTO plain.item SELECT * FROM public.result_item;
  INSERT INTO plain.customer_balance SELECT * FROM public.result_balance$$,
3);

-- Linear is 4: what a row costs must not grow with the rows of its statement.
CALL public.bench('20,000 invoices of one customer in one statement / 5,000: 4 is linear',
$$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
  SELECT ledger_id, (SELECT min(customer_id) FROM ar.customer), invoiced_on, total, 'open'
  FROM public.order_to_bill LIMIT 20000$$,
$$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
  SELECT ledger_id, (SELECT min(customer_id) FROM ar.customer), invoiced_on, total, 'open'
  FROM public.order_to_bill LIMIT 5000$$,
3);
