-- billing_memo_tax: what memos and reversals make of every kind of price and tax.
-- Protects: a reversal takes back exactly what the invoice had, and a memo its part of every tax, to the cent.
BEGIN;
\ir helper.psql
SELECT plan(44);

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

-- What remains of each rate is what the next memo takes, and the last takes all of it.
DELETE FROM made;
INSERT INTO made
SELECT v.name, (SELECT c.invoice_id FROM ar.create_invoices(pg_temp.ledger(), jsonb_build_array(v.payload::jsonb || jsonb_build_object('customer_id', pg_temp.customer('A'), 'invoiced_on', '2026-06-10'))) AS c)
FROM (VALUES
    ('two', '{"lines": [{"unit_price": 100, "tax_rate": 19}, {"unit_price": 100, "tax_rate": 7}]}'),
    ('by line', '{"tax_rounding": "line", "lines": [{"unit_price": 0.33, "tax_rate": 19}, {"unit_price": 0.33, "tax_rate": 19}, {"unit_price": 0.33, "tax_rate": 19}]}'),
    ('many', ('{"tax_rounding": "line", "lines": [' || array_to_string(array_fill('{"unit_price": 0.03, "tax_rate": 19}'::text, '{100}'), ',') || ']}')),
    ('gross', '{"prices_include_tax": true, "lines": [{"unit_price": 100, "tax_rate": 19}, {"unit_price": 5.35, "tax_rate": 7}, {"unit_price": 3, "tax_category": "E", "exemption_reason": "Post"}]}'),
    ('mixed', '{"discount_basis": "mixed", "terms": "10/10 net 30", "lines": [{"unit_price": 1000, "tax_rate": 15}]}'),
    ('mixed line', '{"discount_basis": "mixed", "terms": "10/10 net 30", "lines": [{"unit_price": 1000, "tax_rate": 15}]}'),
    ('mixed half', '{"discount_basis": "mixed", "terms": "10/10 net 30", "lines": [{"unit_price": 1000, "tax_rate": 15}]}'),
    ('negative', '{"lines": [{"unit_price": 100, "tax_rate": 19}, {"unit_price": 50, "quantity": -1, "tax_rate": 7}]}'),
    ('cash', '{"payment_means": "10", "lines": [{"unit_price": 10.01, "tax_rate": 19}]}'),
    ('zero', '{"lines": [{"unit_price": 0, "tax_rate": 19}]}')) AS v(name, payload);
-- All memos of an invoice together, by rate; an amount, or all that remains.
CREATE FUNCTION pg_temp.credited(name text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', x.tax_category, x.tax_rate, x.taxable, x.tax), ', ' ORDER BY x.tax_category, x.tax_rate)
    FROM (SELECT x.tax_category, x.tax_rate, sum(ar.amount(x.taxable)) AS taxable, sum(ar.amount(x.tax)) AS tax
          FROM ar.invoice AS m JOIN ar.invoice_tax AS x USING (ledger_id, invoice_id)
          WHERE m.ledger_id = pg_temp.ledger() AND m.corrects_id = pg_temp.made(name) AND m.kind = 'credit_memo' GROUP BY 1, 2) AS x
$$;
CREATE FUNCTION pg_temp.credit(name text, amount numeric, lines jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.taxes(ar.create_credit_memo(pg_temp.ledger(), pg_temp.made(name), amount, lines, invoiced_on => '2026-07-05'))
$$;
SELECT pg_temp.credit('two', NULL, '[{"corrects_line": 1}]') \g /dev/null
SELECT is(pg_temp.credit('two', 53.5), 'S 7 50.00 3.50', 'an amount goes to the rates of which something remains');
SELECT is(pg_temp.credit('two', NULL), 'S 7 50.00 3.50', 'and the rest is the rest of those');
SELECT pg_temp.credit('by line', 1) \g /dev/null
SELECT pg_temp.credit('by line', NULL) \g /dev/null
SELECT is(pg_temp.credited('by line'), pg_temp.taxes(pg_temp.made('by line')), 'tax rounded by line is credited to the cent');
SELECT is(pg_temp.taxes(pg_temp.made('by line')), 'S 19 0.99 0.18', 'which is not what the rate makes of the sum');
SELECT is(pg_temp.credit('many', 1), 'S 19 0.75 0.25', 'however much was rounded');
SELECT is(pg_temp.credit('many', NULL), 'S 19 2.25 0.75', 'to the last cent');
SELECT pg_temp.credit('gross', amount) FROM (VALUES (1), (1), (NULL)) AS v(amount) \g /dev/null
SELECT is(pg_temp.credited('gross'), pg_temp.taxes(pg_temp.made('gross')), 'prices with tax are credited to the cent in every rate');
SELECT is(pg_temp.document(pg_temp.made('gross')), 'paid EUR 92.03 EUR 16.32 EUR 108.35', 'and that is all of them');
SELECT is(pg_temp.credit('mixed', 567.5), 'S 15 500.00 67.50', 'an amount has the tax that was charged');
SELECT is(pg_temp.credit('mixed', NULL), 'S 15 500.00 67.50', 'its rest, too');
SELECT is(pg_temp.credit('mixed line', NULL, '[{"corrects_line": 1}]'), 'S 15 1000.00 135.00', 'and a whole line');
SELECT is(pg_temp.credit('mixed half', NULL, '[{"corrects_line": 1, "quantity": 0.5}]'), 'S 15 500.00 67.50', 'and half of one');
SELECT is(pg_temp.credit('mixed half', NULL, '[{"corrects_line": 1}]'), 'S 15 500.00 67.50', 'and what remains of it');
SELECT is(pg_temp.credit('negative', NULL), 'S 7 -50.00 -3.50, S 19 100.00 19.00', 'all that remains is each rate as it is, below nothing, too');
SELECT pg_temp.credit('cash', 1) \g /dev/null
SELECT pg_temp.credit('cash', NULL) \g /dev/null
SELECT is(pg_temp.credited('cash') || ' ' || ar.creditable(:ledger, pg_temp.made('cash')), 'S 19 10.01 1.90 EUR 0.00', 'what cash rounding added or took is not tax');
SELECT is(pg_temp.outcome($$SELECT pg_temp.credit('zero', 1)$$), 'RA002', 'of nothing, nothing remains');
SELECT is(pg_temp.outcome($$SELECT pg_temp.credit('gross', 1)$$), 'RA002', 'nor of what was credited');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 1, "tax_rate": 19}]', '2026-06-10', options => '{"prices_include_tax": true, "tax_rounding": "line"}', post => false) AS i \gset
UPDATE ar.invoice SET net = NULL, tax = NULL WHERE ledger_id = :ledger AND invoice_id = :i;
UPDATE ar.invoice_line SET corrects_tax = true, net = 'EUR 0.50', tax = 'EUR 0.50' WHERE ledger_id = :ledger AND invoice_id = :i;
SELECT alike(pg_temp.outcome(format('SELECT ar.post_invoice(%s, %s)', :ledger, :i), 'all'), '23514: the lines of invoice % do not fit its prices%', 'only a memo has the tax of another document');

-- A document may be numbered in batches and made void before.
INSERT INTO ar.document_series (ledger_id, series, pattern, numbering) VALUES (:ledger, 'b', 'B{number}', 'batch');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 1}]', '2026-06-10', series => 'b') AS i \gset
SELECT ar.void_invoice(:ledger, :i, '2026-06-11') \g /dev/null
SELECT is(ar.number_invoices(:ledger), 1::bigint, 'what was posted and is void gets its number');
SELECT is((SELECT number || ' ' || payment_reference FROM ar.invoice WHERE invoice_id = :i), 'B000001 ' || ar.creditor_reference('B000001'), 'and its payment reference');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
