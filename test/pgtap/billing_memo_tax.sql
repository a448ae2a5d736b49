-- billing_memo_tax: what memos and reversals make of every kind of price and tax.
-- Protects: a reversal takes back exactly what the invoice had, and a memo its part of every tax, to the cent.
BEGIN;
\ir helper.psql
SELECT plan(26);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A') AS a, pg_temp.ledger() AS ledger \gset
INSERT INTO ar.tax_rate (ledger_id, tax_code, valid_from, tax_category, rate) VALUES (:ledger, 'vat', '-infinity', 'S', 19), (:ledger, 'vat', '2026-07-01', 'S', 16);
INSERT INTO ar.cash_rounding (ledger_id, currency, payment_means, increment) VALUES (:ledger, 'EUR', '10', 'EUR 0.05');

-- One invoice of each kind.
CREATE TEMPORARY TABLE made (name text, invoice_id bigint);
INSERT INTO made
SELECT v.name, (SELECT c.invoice_id FROM ar.create_invoices(pg_temp.ledger(), jsonb_build_array(v.payload::jsonb || jsonb_build_object('customer_id', pg_temp.customer('A'), 'invoiced_on', '2026-06-10'))) AS c)
FROM (VALUES
    ('plain', '{"lines": [{"unit_price": 33.33, "quantity": 3, "tax_rate": 19}, {"unit_price": 9.99, "tax_rate": 7}]}'),
    ('included', '{"prices_include_tax": true, "lines": [{"unit_price": 9.99, "tax_rate": 19}, {"unit_price": 9.99, "tax_rate": 19}, {"unit_price": 0.99, "quantity": 3, "tax_rate": 19}, {"unit_price": 5, "tax_rate": 7}]}'),
    ('by line', '{"tax_rounding": "line", "lines": [{"unit_price": 0.13, "tax_rate": 19}, {"unit_price": 0.13, "tax_rate": 19}, {"unit_price": 0.13, "tax_rate": 19}]}'),
    ('exempt', '{"lines": [{"unit_price": 100, "tax_rate": 19}, {"unit_price": 50, "tax_category": "AE", "exemption_reason": "Reverse charge"}, {"unit_price": 7, "tax_rate": 0}]}'),
    ('allowances', '{"lines": [{"unit_price": 100, "tax_rate": 19, "discount_percent": 10}, {"unit_price": 20, "tax_rate": 7, "discount": 2, "charge": 1}], "allowances": [{"percent": 5, "reason": "Loyal", "tax_rate": 19}, {"is_charge": true, "amount": 4.90, "reason": "Freight", "tax_rate": 19}]}'),
    ('mixed', '{"discount_basis": "mixed", "terms": "10/10 net 30", "lines": [{"unit_price": 1000, "tax_rate": 15}]}'),
    ('cash', '{"payment_means": "10", "lines": [{"unit_price": 10.01, "tax_rate": 19}]}'),
    ('code', '{"lines": [{"unit_price": 100, "tax_code": "vat"}]}'),
    ('negative', '{"lines": [{"unit_price": 100, "tax_rate": 19}, {"unit_price": 10, "quantity": -1, "tax_rate": 7}]}')) AS v(name, payload);
CREATE FUNCTION pg_temp.made(name text) RETURNS bigint LANGUAGE sql STABLE AS $$ SELECT invoice_id FROM made WHERE made.name = $1 $$;
CREATE FUNCTION pg_temp.document(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', v.status, v.net, v.tax, v.cash_rounding, v.total) FROM ar.invoice AS v WHERE v.ledger_id = pg_temp.ledger() AND v.invoice_id = $1
$$;
-- Net and tax of each rate.
CREATE FUNCTION pg_temp.taxes(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', x.tax_category, x.tax_rate, ar.amount(x.taxable), ar.amount(x.tax)), ', ' ORDER BY x.tax_category, x.tax_rate)
    FROM ar.invoice_tax AS x WHERE x.ledger_id = pg_temp.ledger() AND x.invoice_id = $1
$$;

-- By amount: every tax in proportion, to the cent of the amount.
SELECT ar.create_credit_memo(:ledger, pg_temp.made('plain'), 10, invoiced_on => '2026-07-05') AS m \gset
SELECT is(pg_temp.taxes(:m), 'S 7 0.77 0.05, S 19 7.71 1.47', 'an amount is divided among the taxes');
SELECT is(pg_temp.document(:m), 'paid EUR 8.48 EUR 1.52 EUR 10.00', 'and is what was asked for');
SELECT ar.create_credit_memo(:ledger, pg_temp.made('exempt'), 88, invoiced_on => '2026-07-05') AS m \gset
SELECT is(pg_temp.taxes(:m), 'AE 0 25.00 0.00, S 19 50.00 9.50, Z 0 3.50 0.00', 'those that are none, too');
SELECT is((SELECT exemption_reason FROM ar.invoice_line WHERE invoice_id = :m AND tax_category = 'AE'), 'Reverse charge', 'with their reason');
SELECT ar.create_credit_memo(:ledger, pg_temp.made('code'), invoiced_on => '2026-07-05') AS m \gset
SELECT is(pg_temp.taxes(:m), 'S 19 100.00 19.00', 'at the rate of the invoice, not of the day');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, 10, invoiced_on => ''2026-07-05'')', :ledger, pg_temp.made('negative'))), '22023', 'an amount cannot be divided where a tax is negative');
SELECT ar.create_credit_memo(:ledger, pg_temp.made('negative'), lines => '[{"corrects_line": 1}, {"corrects_line": 2}]', invoiced_on => '2026-07-05') AS m \gset
SELECT is(pg_temp.taxes(:m), 'S 7 -10.00 -0.70, S 19 100.00 19.00', 'but its lines can be credited');

-- By lines, prices with tax: each line at its price, and their sum right by rate.
SELECT ar.create_credit_memo(:ledger, pg_temp.made('included'), lines => '[{"corrects_line": 3, "quantity": 1}, {"corrects_line": 1}]', invoiced_on => '2026-07-05') AS m \gset
SELECT is(pg_temp.document(:m), 'paid EUR 9.23 EUR 1.75 EUR 10.98', 'a line with tax included is credited with it');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, lines => ''[{"corrects_line": 3, "amount": 1.99}]'', invoiced_on => ''2026-07-05'')', :ledger, pg_temp.made('included'))), 'RA002', 'no more than it has');
SELECT ar.create_credit_memo(:ledger, pg_temp.made('included'), lines => '[{"corrects_line": 3}, {"corrects_line": 2}, {"corrects_line": 4}]', invoiced_on => '2026-07-05') AS m \gset
SELECT is(pg_temp.document(pg_temp.made('included')), 'paid EUR 23.96 EUR 3.99 EUR 27.95', 'to the last cent');
SELECT is(ar.creditable(:ledger, pg_temp.made('included'))::text, 'EUR 0.00', 'of which nothing remains');
SELECT ar.create_credit_memo(:ledger, pg_temp.made('allowances'), lines => '[{"corrects_line": 2, "quantity": 0.5}, {"corrects_line": 1}]', invoiced_on => '2026-07-05') AS m \gset
SELECT results_eq(format('SELECT quantity, discount::text, charge::text, net::text FROM ar.invoice_line WHERE invoice_id = %s ORDER BY line_number', :m),
    $$VALUES (0.5, 'EUR 1.00', 'EUR 0.50', 'EUR 9.50'), (1, 'EUR 10.00', NULL, 'EUR 90.00')$$, 'discount and charge of a line go with its quantity');

-- Void: the same again, of each kind, and nothing left.
DELETE FROM made;
INSERT INTO made
SELECT v.name, (SELECT c.invoice_id FROM ar.create_invoices(pg_temp.ledger(), jsonb_build_array(v.payload::jsonb || jsonb_build_object('customer_id', pg_temp.customer('A'), 'invoiced_on', '2026-06-10'))) AS c)
FROM (VALUES
    ('included', '{"prices_include_tax": true, "lines": [{"unit_price": 9.99, "tax_rate": 19}, {"unit_price": 9.99, "tax_rate": 19}, {"unit_price": 0.99, "quantity": 3, "tax_rate": 19}, {"unit_price": 5, "tax_rate": 7}]}'),
    ('by line', '{"tax_rounding": "line", "lines": [{"unit_price": 0.13, "tax_rate": 19}, {"unit_price": 0.13, "tax_rate": 19}, {"unit_price": 0.13, "tax_rate": 19}]}'),
    ('allowances', '{"lines": [{"unit_price": 100, "tax_rate": 19, "discount_percent": 10}, {"unit_price": 20, "tax_rate": 7, "discount": 2, "charge": 1}], "allowances": [{"percent": 5, "reason": "Loyal", "tax_rate": 19}, {"is_charge": true, "amount": 4.90, "reason": "Freight", "tax_rate": 19}]}'),
    ('mixed', '{"discount_basis": "mixed", "terms": "10/10 net 30", "lines": [{"unit_price": 1000, "tax_rate": 15}]}'),
    ('mixed instalments', '{"discount_basis": "mixed", "terms": "50% 10/10 net 30, 50% net 60", "lines": [{"unit_price": 999.99, "tax_rate": 15}]}'),
    ('cash', '{"payment_means": "10", "lines": [{"unit_price": 10.01, "tax_rate": 19}]}'),
    ('code', '{"lines": [{"unit_price": 100, "tax_code": "vat"}]}'),
    ('exempt', '{"lines": [{"unit_price": 100, "tax_rate": 19}, {"unit_price": 50, "tax_category": "K", "exemption_reason_code": "VATEX-EU-IC"}]}')) AS v(name, payload);
SELECT ar.void_invoices(:ledger, array_agg(invoice_id), '2026-07-05') FROM made \g /dev/null
SELECT is(concat_ws(' ', r.net, r.tax, coalesce(r.cash_rounding::text, '-'), r.total), concat_ws(' ', v.net, v.tax, coalesce(v.cash_rounding::text, '-'), v.total), 'void: ' || m.name)
FROM made AS m JOIN ar.invoice AS v USING (invoice_id) JOIN ar.invoice AS r ON r.reverses_id = v.invoice_id ORDER BY m.name;
SELECT results_eq('SELECT DISTINCT v.status::text, r.status::text FROM made AS m JOIN ar.invoice AS v USING (invoice_id) JOIN ar.invoice AS r ON r.reverses_id = v.invoice_id', $$VALUES ('void', 'paid')$$, 'all are void');
SELECT results_eq($$SELECT m.name FROM made AS m JOIN ar.invoice AS r ON r.reverses_id = m.invoice_id WHERE pg_temp.taxes(m.invoice_id) <> pg_temp.taxes(r.invoice_id)$$, $$SELECT ''::text WHERE false$$, 'every tax is taken back');
SELECT is_empty('SELECT i.item_id FROM made AS m JOIN ar.item AS i USING (invoice_id) WHERE ar.sign(i.open) <> 0', 'nothing is open');

-- A document may be numbered in batches and made void before.
INSERT INTO ar.document_series (ledger_id, series, pattern, numbering) VALUES (:ledger, 'b', 'B{number}', 'batch');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 1}]', '2026-06-10', series => 'b') AS i \gset
SELECT ar.void_invoice(:ledger, :i, '2026-06-11') \g /dev/null
SELECT is(ar.number_invoices(:ledger), 1::bigint, 'what was posted and is void gets its number');
SELECT is((SELECT number || ' ' || payment_reference FROM ar.invoice WHERE invoice_id = :i), 'B000001 ' || ar.creditor_reference('B000001'), 'and its payment reference');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
