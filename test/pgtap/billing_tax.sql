-- billing: taxes by date, prices with and without tax, rounding per line and per document, allowances, charges, cash rounding.
-- The worked numbers of the notes on algorithms, section 6.1, and those of EN 16931.
BEGIN;
\ir helper.psql
SELECT plan(87);

SELECT ar.create_ledger('TEST', 'Test', 'EUR', 'UTC', 'net 20') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A', 'net 10') \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a \gset

-- An invoice by its number: net, tax, rounding, total.
CREATE FUNCTION pg_temp.totals(number text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' + ', v.net::text, v.tax::text, v.cash_rounding::text) || ' = ' || v.total
    FROM ar.invoice AS v WHERE v.ledger_id = pg_temp.ledger() AND v.number = $1
$$;
-- Its taxes.
CREATE FUNCTION pg_temp.taxes(number text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', t.tax_category, t.tax_rate, ar.amount(t.taxable), ar.amount(t.tax), t.exemption_reason), '; ' ORDER BY t.tax_category, t.tax_rate)
    FROM ar.invoice_tax AS t WHERE t.ledger_id = pg_temp.ledger() AND t.invoice_id = pg_temp.invoice($1)
$$;
CREATE FUNCTION pg_temp.bill(number text, lines jsonb, options jsonb DEFAULT '{}', post boolean DEFAULT true) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('A'), lines, '2026-01-05', number => number, post => post, options => options)
$$;

-- The arithmetic by itself.
SELECT is(ar.included_tax('EUR 200', 10)::text, 'EUR 18.18', 'of 200 with 10 percent in it, 18.18 is tax and 181.82 net');
SELECT is(ar.included_tax('EUR 50', 18)::text, 'EUR 7.63', 'a discount of 50 with 18 percent in it is 42.37 net and 7.63 tax');
SELECT is(ar.included_tax('EUR 23.60', 18)::text, 'EUR 3.60', '10 percent of 236 are 20.00 net and 3.60 tax');
SELECT is(ar.included_tax('EUR -200', 10)::text, 'EUR -18.18', 'a credit mirrors it');
SELECT is(ar.percent_of('EUR 0.50', 1)::text || ', ' || ar.percent_of('EUR 2.50', 1) || ', ' || ar.percent_of('EUR -2.50', 1),
    'EUR 0.01, EUR 0.03, EUR -0.03', 'half a cent goes up, away from zero');
SELECT is(ar.round_to('CLF 1.2345', 'CLF 0.02')::text, 'CLF 1.2400', '1.2345 to 0.02 is 1.24');
SELECT is(ar.round_to('CHF 1.03', 'CHF -0.05')::text, 'CHF 1.05', 'the sign of the increment does not matter');
SELECT is(ar.round_to('CHF 1.03', 'CHF 0')::text, 'CHF 1.03', 'an increment of zero changes nothing');
SELECT results_eq($$SELECT mode || ' ' || amount, ar.round_to(amount::ar.monetary, 'CHF 0.10', mode)::text
    FROM unnest('{half_up,half_even,up,down}'::text[]) WITH ORDINALITY AS m(mode, p), unnest('{CHF 1.05,CHF 1.15,CHF -1.05,CHF 1.01}'::text[]) WITH ORDINALITY AS c(amount, q)
    ORDER BY (mode || amount) COLLATE "C"$$,
    $$VALUES ('down CHF -1.05', 'CHF -1.00'), ('down CHF 1.01', 'CHF 1.00'), ('down CHF 1.05', 'CHF 1.00'), ('down CHF 1.15', 'CHF 1.10'),
    ('half_even CHF -1.05', 'CHF -1.00'), ('half_even CHF 1.01', 'CHF 1.00'), ('half_even CHF 1.05', 'CHF 1.00'), ('half_even CHF 1.15', 'CHF 1.20'),
    ('half_up CHF -1.05', 'CHF -1.10'), ('half_up CHF 1.01', 'CHF 1.00'), ('half_up CHF 1.05', 'CHF 1.10'), ('half_up CHF 1.15', 'CHF 1.20'),
    ('up CHF -1.05', 'CHF -1.10'), ('up CHF 1.01', 'CHF 1.10'), ('up CHF 1.05', 'CHF 1.10'), ('up CHF 1.15', 'CHF 1.20')$$, 'four ways to round to an increment');
SELECT is(pg_temp.outcome($$SELECT ar.round_to('CHF 1', 'EUR 1')$$), 'RA009', 'of one currency');
SELECT is(ar.line_amount(3, 0.33333, 'EUR', 'EUR 0.10', 'EUR 1')::text, 'EUR 1.90', 'a line: quantity by price, rounded, less discount, plus charge');
SELECT is(ar.line_amount(3, 0.33333, 'JPY')::text, 'JPY 1', 'in the unit of its currency');
SELECT results_eq($$SELECT string_agg(c || rate, ' ' ORDER BY c, rate) FROM unnest('{S,Z,E,AE,K,G,O,L,M,X,s,SS}'::text[]) AS c, unnest('{0,19}'::numeric[]) AS rate WHERE ar.is_tax_category(c, rate)$$,
    $$VALUES ('AE0 E0 G0 K0 L0 L19 M0 M19 O0 S19 Z0')$$, 'which categories go with which rates');

-- Per document and per line.  Three times 0.33 at 19 percent: 0.99 makes 0.19, and three times 0.06 make 0.18.
SELECT pg_temp.bill('DOC', '[{"unit_price": 0.33, "tax_rate": 19}, {"unit_price": 0.33, "tax_rate": 19}, {"unit_price": 0.33, "tax_rate": 19}]') \g /dev/null
SELECT pg_temp.bill('LINE', '[{"unit_price": 0.33, "tax_rate": 19}, {"unit_price": 0.33, "tax_rate": 19}, {"unit_price": 0.33, "tax_rate": 19}]', '{"tax_rounding": "line"}') \g /dev/null
SELECT is(pg_temp.totals('DOC'), 'EUR 0.99 + EUR 0.19 = EUR 1.18', 'tax rounded once');
SELECT is(pg_temp.totals('LINE'), 'EUR 0.99 + EUR 0.18 = EUR 1.17', 'tax rounded line by line');
SELECT is(pg_temp.taxes('DOC') || ' | ' || pg_temp.taxes('LINE'), 'S 19 0.99 0.19 | S 19 0.99 0.18', 'and so in the breakdown');

-- Several rates; rates that are equal numbers are one.
SELECT pg_temp.bill('RATES', '[{"unit_price": 100, "tax_rate": 19}, {"unit_price": 10.05, "tax_rate": 7}, {"unit_price": 10.05, "tax_rate": 7.0},
    {"unit_price": 5}, {"unit_price": 40, "tax_category": "E", "exemption_reason": "Insurance"}, {"unit_price": 30, "tax_category": "AE", "exemption_reason_code": "VATEX-EU-AE"}]') \g /dev/null
SELECT is(pg_temp.taxes('RATES'), 'AE 0 30.00 0.00; E 0 40.00 0.00 Insurance; S 7 20.10 1.41; S 19 100.00 19.00; Z 0 5.00 0.00', 'a row a category and rate');
SELECT is(pg_temp.totals('RATES'), 'EUR 195.10 + EUR 20.41 = EUR 215.51', 'which make net and tax');
SELECT is(pg_temp.outcome(format('SELECT pg_temp.bill(''X'', %L)', lines), 'constraint'), expected, words) FROM (VALUES
    ('[{"unit_price": 1, "tax_category": "E"}]', '23514 invoice_line_exemption_check', 'exempt without a reason'),
    ('[{"unit_price": 1, "exemption_reason": "because"}]', '23514 invoice_line_exemption_check', 'a reason without exemption'),
    ('[{"unit_price": 1, "tax_category": "S"}]', '23514 invoice_line_tax_category_check', 'standard at zero'),
    ('[{"unit_price": 1, "tax_category": "Z", "tax_rate": 19}]', '23514 invoice_line_tax_category_check', 'zero at 19'),
    ('[{"unit_price": 1, "tax_category": "VAT", "tax_rate": 19}]', '23514 invoice_line_tax_category_check', 'an unknown category')) AS v(lines, expected, words);
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice_tax VALUES (pg_temp.ledger(), pg_temp.invoice('DOC'), 'S', 7, 'EUR 1', NULL, 'EUR 0.07')$$), 'RA003', 'nobody writes the breakdown by hand');

-- Prices with tax.  The customer pays exactly what the labels say.
SELECT pg_temp.bill('INCL', '[{"unit_price": 200, "tax_rate": 10}]', '{"prices_include_tax": true}') \g /dev/null
SELECT is(pg_temp.totals('INCL'), 'EUR 181.82 + EUR 18.18 = EUR 200.00', 'net and tax of a price');
SELECT pg_temp.bill('LABELS', (SELECT jsonb_agg(jsonb_build_object('unit_price', 1, 'tax_rate', 19)) FROM generate_series(1, 100)), '{"prices_include_tax": true}') \g /dev/null
SELECT is(pg_temp.totals('LABELS'), 'EUR 84.03 + EUR 15.97 = EUR 100.00', 'a hundred labels of 1.00 are 100.00, and the tax is that of the sum');
SELECT results_eq($$SELECT net::text, tax::text, count(*), min(line_number), max(line_number) FROM ar.invoice_line WHERE invoice_id = pg_temp.invoice('LABELS') GROUP BY 1, 2 ORDER BY 1$$,
    $$VALUES ('EUR 0.84', 'EUR 0.16', 97::bigint, 4, 100), ('EUR 0.85', 'EUR 0.15', 3, 1, 3)$$, 'three lines give a cent, so that the net of the lines is the net of the invoice');
SELECT pg_temp.bill('LABELS-L', (SELECT jsonb_agg(jsonb_build_object('unit_price', 1, 'tax_rate', 19)) FROM generate_series(1, 100)), '{"prices_include_tax": true, "tax_rounding": "line"}') \g /dev/null
SELECT is(pg_temp.totals('LABELS-L'), 'EUR 84.00 + EUR 16.00 = EUR 100.00', 'line by line, each is 0.84 and 0.16');
SELECT pg_temp.bill('LABELS-A', '[{"unit_price": 1, "tax_rate": 19}, {"unit_price": 1, "tax_rate": 19}, {"unit_price": 1, "tax_rate": 7}]',
    '{"prices_include_tax": true, "allowances": [{"percent": 10}, {"amount": 0.50, "is_charge": true, "tax_rate": 7, "reason": "Carriage"}]}') \g /dev/null
SELECT is(pg_temp.totals('LABELS-A'), 'EUR 2.82 + EUR 0.38 = EUR 3.20', 'allowances and charges include it, too');
SELECT is(pg_temp.taxes('LABELS-A'), 'S 7 1.31 0.09; S 19 1.51 0.29', '0.90 and 0.50 at 7, 1.80 at 19');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, tax_rate, gross, net, tax)
    VALUES (pg_temp.ledger(), pg_temp.bill('X', '[{"unit_price": 1}]', '{}', false), 2, 200, 10, 'EUR 200', 'EUR 181.81', 'EUR 18.19')$$), 'done',
    'a line may give or take less than a cent of its own rounding');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, tax_rate, gross, net, tax)
    VALUES (pg_temp.ledger(), pg_temp.bill('X', '[{"unit_price": 1}]', '{}', false), 2, 200, 10, 'EUR 200', 'EUR 181.80', 'EUR 18.20')$$, 'constraint'),
    '23514 invoice_line_tax_check', 'and no more');

-- Line discounts and charges.
SELECT pg_temp.bill('DISCOUNT', '[{"quantity": 3, "unit_price": 9.995, "discount_percent": 10, "charge": 2, "tax_rate": 19, "unit_code": "HUR", "item_number": "A1", "buyer_item_number": "B1"},
    {"unit_price": 10, "discount": 2.5}]') \g /dev/null
SELECT results_eq($$SELECT unit_code, discount_percent, discount::text, charge::text, net::text, tax::text, item_number, buyer_item_number FROM ar.invoice_line WHERE invoice_id = pg_temp.invoice('DISCOUNT') ORDER BY line_number$$,
    $$VALUES ('HUR', 10::numeric, 'EUR 3.00', 'EUR 2.00', 'EUR 28.99', 'EUR 5.51', 'A1', 'B1'), ('C62', NULL, 'EUR 2.50', NULL, 'EUR 7.50', 'EUR 0.00', NULL, NULL)$$,
    '29.99 less 3.00 plus 2.00; and an amount off');
SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('X', '[{"unit_price": 10, "discount_percent": 10, "discount": 2}]')$$, 'constraint'), '23514 invoice_line_discount_check', 'a percent that does not make the amount');

-- Taxes by date.
INSERT INTO ar.tax_rate (ledger_id, tax_code, valid_from, tax_category, rate, exemption_reason) VALUES
    (:ledger, 'vat', '-infinity', 'S', 19, NULL), (:ledger, 'vat', '2020-07-01', 'S', 16, NULL), (:ledger, 'vat', '2021-01-01', 'S', 19, NULL),
    (:ledger, 'export', '2000-01-01', 'G', 0, 'Export');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 100, "tax_code": "vat"}]', d.day)
FROM (VALUES (date '2020-06-30'), ('2020-07-01'), ('2020-12-31'), ('2021-01-01')) AS d(day) \g /dev/null
SELECT results_eq($$SELECT v.invoiced_on, n.tax_rate FROM ar.invoice_line AS n JOIN ar.invoice AS v USING (ledger_id, invoice_id)
    WHERE n.tax_code = 'vat' ORDER BY 1$$, $$VALUES (date '2020-06-30', 19::numeric), ('2020-07-01', 16), ('2020-12-31', 16), ('2021-01-01', 19)$$,
    'the rate in force on the day');
SELECT pg_temp.bill('SUPPLY', '[{"unit_price": 100, "tax_code": "vat"}, {"unit_price": 10, "tax_code": "export"}]', '{"supplied_on": "2020-12-31"}') \g /dev/null
SELECT is(pg_temp.taxes('SUPPLY'), 'G 0 10.00 0.00 Export; S 16 100.00 16.00', 'of supply, if that is said; exemption and reason come along');
SELECT pg_temp.bill('MOVED', '[{"unit_price": 100, "tax_code": "vat"}]', '{}', false) AS moved \gset
UPDATE ar.invoice SET supplied_on = '2020-08-01' WHERE invoice_id = :moved;
SELECT is(pg_temp.outcome(format('SELECT ar.post_invoice(pg_temp.ledger(), %s)', :moved), 'all'), format(
    E'23514: tax "vat" on invoice %s is not the one in force\nIt has S 19; on 2020-08-01 it is S 16.\nar.recalculate_invoices() gives drafts the rates in force.', :moved), 'a rate of another day is not posted');
SELECT is(ar.recalculate_invoices(pg_temp.ledger(), ARRAY[:moved]), 1::bigint, 'recalculated');
SELECT is(pg_temp.totals('MOVED'), 'EUR 100.00 + EUR 16.00 = EUR 116.00', 'it has the right one');
SELECT is(pg_temp.outcome(format('SELECT ar.post_invoice(pg_temp.ledger(), %s)', :moved)), 'done', 'and is posted');
SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('X', '[{"unit_price": 1, "tax_code": "vta"}]')$$), '23514', 'an unknown tax is not posted');
INSERT INTO ar.tax_rate VALUES (:ledger, 'vat', '2020-07-02', 'S', 20);
SELECT is_empty('SELECT * FROM ar.verify()', 'a rate that comes in afterwards changes no posted invoice');
SELECT is(pg_temp.outcome($$INSERT INTO ar.tax_rate VALUES (pg_temp.ledger(), 'x', '2020-01-01', 'E', 0)$$), '23514', 'an exempt tax has a reason');

-- Allowances and charges of the whole invoice.
SELECT pg_temp.bill('ALLOW', '[{"unit_price": 100, "tax_rate": 19}, {"unit_price": 50, "tax_rate": 7}, {"unit_price": 50, "tax_rate": 7}]',
    '{"allowances": [{"percent": 10, "reason": "Loyalty"}, {"amount": 10}, {"amount": 7.5, "is_charge": true, "tax_rate": 19, "reason": "Freight", "reason_code": "FC"}]}') \g /dev/null
SELECT results_eq($$SELECT allowance_number, is_charge, reason, reason_code, base::text, percent, tax_rate, amount::text, tax::text FROM ar.invoice_allowance WHERE invoice_id = pg_temp.invoice('ALLOW') ORDER BY 1$$, $$VALUES
    (1, false, 'Loyalty', NULL, 'EUR 100.00', 10::numeric, 7::numeric, 'EUR 10.00', 'EUR 0.70'), (2, false, 'Loyalty', NULL, 'EUR 100.00', 10, 19, 'EUR 10.00', 'EUR 1.90'),
    (3, false, 'Discount', '95', NULL, NULL, 7, 'EUR 5.00', 'EUR 0.35'), (4, false, 'Discount', '95', NULL, NULL, 19, 'EUR 5.00', 'EUR 0.95'),
    (5, true, 'Freight', 'FC', NULL, NULL, 19, 'EUR 7.50', 'EUR 1.43')$$, 'those without a tax are spread over the taxes of the lines');
SELECT is(pg_temp.taxes('ALLOW'), 'S 7 85.00 5.95; S 19 92.50 17.58', 'they count in the breakdown');
SELECT is(pg_temp.totals('ALLOW'), 'EUR 177.50 + EUR 23.53 = EUR 201.03', 'and in the totals');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice_allowance (ledger_id, invoice_id, allowance_number, tax_rate, amount, tax) VALUES (pg_temp.ledger(), pg_temp.invoice('ALLOW'), 6, 0, 'EUR 1', 'EUR 0')$$),
    'RA003', 'a posted invoice takes no further one');
SELECT is(pg_temp.outcome('DELETE FROM ar.invoice_allowance'), 'RA003', 'and loses none');
SELECT is(pg_temp.outcome(format('SELECT pg_temp.bill(''X'', ''[{"unit_price": 1}]'', %L)', options)), expected, words) FROM (VALUES
    ('{"allowances": [{"amount": -1}]}', '23514', 'a negative allowance'),
    ('{"allowances": [{"amount": 2}]}', '23514', 'an allowance above the whole'),
    ('{"allowances": [{"sum": 2}]}', '22023', 'an unknown key of an allowance'),
    ('{"allowances": {"amount": 1}}', '22023', 'allowances that are no array'),
    ('{"allowances": [{"percent": 10, "amount": 1}]}', '22023', 'an allowance in percent and amount'),
    ('{"tax_rounding": "never"}', '23514', 'an unknown way to round'),
    ('{"kind": "bill"}', '23514', 'an unknown kind'),
    ('{"discount_basis": "mixed", "prices_include_tax": true}', '23514', 'a mixed discount of prices with tax')) AS v(options, expected, words);

-- Cash rounding.
INSERT INTO ar.cash_rounding (ledger_id, currency, payment_means, increment, mode) VALUES
    (:ledger, 'EUR', '10', 'EUR 0.05', 'half_up'), (:ledger, 'CHF', 'any', 'CHF 0.05', 'half_up'), (:ledger, 'SEK', '10', 'SEK 1.00', 'half_up'),
    (:ledger, 'DKK', '10', 'DKK 0.50', 'half_up'), (:ledger, 'NOK', 'any', 'NOK 1', 'down'), (:ledger, 'NOK', '30', 'NOK 0.01', 'half_up');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 999.99, "tax_rate": 15}]', '2026-01-05', number => format('CASH-%s', p), currency => currency,
    options => jsonb_build_object('payment_means', means))
FROM unnest('{EUR,EUR,CHF,SEK,DKK,NOK,NOK}'::text[], '{10,30,NULL,10,10,10,30}'::text[]) WITH ORDINALITY AS c(currency, means, p) \g /dev/null
SELECT results_eq($$SELECT ar.currency(total), payment_means, total::text, cash_rounding::text FROM ar.invoice WHERE number LIKE 'CASH-_' ORDER BY number$$,
    $$VALUES ('EUR', '10', 'EUR 1150.00', 'EUR 0.01'), ('EUR', '30', 'EUR 1149.99', NULL), ('CHF', NULL, 'CHF 1150.00', 'CHF 0.01'), ('SEK', '10', 'SEK 1150.00', 'SEK 0.01'),
    ('DKK', '10', 'DKK 1150.00', 'DKK 0.01'), ('NOK', '10', 'NOK 1149.00', 'NOK -0.99'), ('NOK', '30', 'NOK 1149.99', NULL)$$, '999.99 and 15 percent are 1149.99, and in cash 1150.00');
SELECT is((SELECT string_agg(i.open::text, ', ') FROM ar.item AS i JOIN ar.invoice AS v USING (ledger_id, invoice_id) WHERE ar.currency(v.total) = 'CHF'), 'CHF 1150.00', 'what is open is rounded');
UPDATE ar.cash_rounding SET mode = 'down' WHERE ledger_id = :ledger AND currency = 'EUR';
SELECT pg_temp.bill('DOWN', '[{"unit_price": 999.99, "tax_rate": 15}]', '{"payment_means": "10"}') \g /dev/null
SELECT is(pg_temp.totals('DOWN'), 'EUR 999.99 + EUR 150.00 + EUR -0.04 = EUR 1149.95', 'rounded down it is 1149.95');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 868.33}]', '2026-01-31', '50% net 30, 50% net 60', 'SPLIT', currency => 'CHF') \g /dev/null
SELECT results_eq($$SELECT due_on, amount::text FROM ar.item WHERE invoice_id = pg_temp.invoice('SPLIT') ORDER BY 1$$,
    $$VALUES (date '2026-03-02', 'CHF 434.20'), ('2026-04-01', 'CHF 434.15')$$, '868.33 becomes 868.35, and two instalments that cash can pay');

-- Straight to the tables: a total that the lines do not make is not posted; net and tax left out are filled in.
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, number, invoiced_on, total) VALUES (:ledger, 7000000001, :a, 'HAND', '2026-01-05', 'EUR 119.00');
INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, tax_rate, net, tax) VALUES (:ledger, 7000000001, 1, 100, 19, 'EUR 100', 'EUR 19');
SELECT is((SELECT tax_category FROM ar.invoice_line WHERE invoice_id = 7000000001), 'S', 'a line that names no category gets one');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET net = 'EUR 99', tax = 'EUR 20' WHERE invoice_id = 7000000001; UPDATE ar.invoice SET status = 'open' WHERE invoice_id = 7000000001$$, 'all'),
    E'23514: the lines of invoice 7000000001 do not make its net and tax\nNet is EUR 99.00, tax EUR 20.00, cash rounding EUR 0.00; the lines make EUR 100.00, EUR 19.00 and EUR 0.00.\n'
    'Leave them out, and posting fills them in; or call ar.recalculate_invoices().', 'net and tax that the lines do not make');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET net = 'EUR 99', tax = 'EUR 19' WHERE invoice_id = 7000000001$$, 'constraint'), '23514 invoice_net_check', 'net and tax that do not make the total');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET net = 'EUR 119' WHERE invoice_id = 7000000001$$, 'constraint'), '23514 invoice_net_check', 'net without tax');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET prices_include_tax = true WHERE invoice_id = 7000000001; SELECT ar.post_invoice(pg_temp.ledger(), 7000000001)$$, 'constraint'), '23514 invoice_total_check', 'prices that lines do not have');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, net, tax, total, status) VALUES (pg_temp.ledger(), pg_temp.customer('A'), '2026-01-05', 'EUR 1', 'EUR 0', 'EUR 1', 'open')$$), '23514', 'net without lines');
SELECT ar.post_invoice(:ledger, 7000000001) \g /dev/null
SELECT is(pg_temp.totals('HAND'), 'EUR 100.00 + EUR 19.00 = EUR 119.00', 'net and tax are filled in');
SELECT results_eq($$SELECT taxable::text, tax::text FROM ar.tax_breakdown(pg_temp.ledger(), ARRAY[7000000001])$$, $$VALUES ('EUR 100.00', 'EUR 19.00')$$, 'what a draft would come to is asked by function');
SELECT is(pg_temp.outcome($$SELECT ar.recalculate_invoice(pg_temp.ledger(), 7000000001)$$), 'RA003', 'a posted invoice is not recalculated');
SELECT is(pg_temp.outcome($$SELECT ar.recalculate_invoice(pg_temp.ledger(), -1)$$), '23503', 'nor one that is not there');

-- An edited draft follows its lines: prices, percents, and what was spread.
SELECT pg_temp.bill('EDIT', '[{"unit_price": 100, "tax_rate": 19, "discount_percent": 10}, {"unit_price": 100, "tax_rate": 7}]', '{"allowances": [{"percent": 50}]}', false) AS edit \gset
SELECT is(pg_temp.totals('EDIT'), 'EUR 95.00 + EUR 12.05 = EUR 107.05', 'a draft');
UPDATE ar.invoice_line SET quantity = 2, discount = 'EUR 20', net = 'EUR 180', tax = 'EUR 34.20' WHERE invoice_id = :edit AND line_number = 1;
DELETE FROM ar.invoice_line WHERE invoice_id = :edit AND line_number = 2;
SELECT is(pg_temp.outcome(format('SELECT ar.post_invoice(pg_temp.ledger(), %s)', :edit)), '23514', 'edited, it is not posted as it was');
SELECT ar.recalculate_invoice(:ledger, :edit) \g /dev/null
SELECT is(pg_temp.totals('EDIT'), 'EUR 90.00 + EUR 17.10 = EUR 107.10', 'recalculated, it follows');
SELECT ar.post_invoice(:ledger, :edit) \g /dev/null

-- Credit memos carry positive numbers and make credit items; their taxes are those of their lines.
SELECT pg_temp.bill('CREDIT', '[{"unit_price": 100, "tax_rate": 19}]', '{"kind": "credit_memo"}') \g /dev/null
SELECT is((SELECT format('%s %s %s', kind, amount, open) FROM ar.item WHERE invoice_id = pg_temp.invoice('CREDIT')), 'credit_memo EUR -119.00 EUR -119.00', 'a credit memo');

-- A percent where the lines of one tax are negative: of the whole, spread over the others.
SELECT pg_temp.bill('NEGATIVE', '[{"unit_price": 100, "tax_rate": 19}, {"unit_price": -20, "tax_rate": 7}]', '{"allowances": [{"percent": 10}]}') \g /dev/null
SELECT is(pg_temp.taxes('NEGATIVE'), 'S 7 -20.00 -1.40; S 19 92.00 17.48', '10 percent of 80 are 8, taken off what is positive');

-- An invoice is in one currency, and due on its day or later.
SELECT pg_temp.bill('YEN', '[{"unit_price": 100, "tax_rate": 19}]', post => false) AS yen \gset
UPDATE ar.invoice_line SET net = 'JPY 100', tax = 'JPY 19' WHERE invoice_id = :yen;
SELECT is(pg_temp.outcome(format('SELECT ar.post_invoice(pg_temp.ledger(), %s)', :yen)), 'RA009', 'lines in another currency than the total');
DELETE FROM ar.invoice WHERE invoice_id = :yen;
SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('EARLY', '[{"unit_price": 1}]', '{"due_on": "2026-01-04"}')$$, 'constraint'), '23514 invoice_due_on_check', 'due before it was written');
SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('SAMEDAY', '[{"unit_price": 1}]', '{"due_on": "2026-01-05"}')$$), 'done', 'due the same day');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoice(pg_temp.ledger(), NULL)$$), '22004', 'nothing is not posted');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoices(NULL, '{1}')$$), '22004', 'nor in no ledger');

SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('OBJECT', '{"unit_price": 1}')$$, 'all'),
    E'22023: lines must be a JSON array of objects\nEach has unit_price, and perhaps description, quantity and tax_rate.', 'lines that are an object');

-- Many drafts of a ledger that the statistics do not know: the plans look each up by its whole key.
SELECT ar.create_ledger('YOUNG', 'Young', 'EUR', 'UTC', 'net 20') AS young \gset
INSERT INTO ar.tax_rate VALUES (:young, 'vat', '2020-01-01', 'S', 19);
SELECT ar.create_customer(:young, 'Y', 'Y', 'net 10') AS y \gset
ANALYZE ar.invoice, ar.invoice_line;
SELECT array_agg(c.invoice_id) AS drafts FROM ar.create_invoices(:young, (SELECT jsonb_agg(jsonb_build_object('customer_id', :y, 'invoiced_on', '2026-01-05',
    'lines', '[{"unit_price": 1, "tax_code": "vat"}]'::jsonb)) FROM generate_series(1, 3000)), false) AS c \gset
SELECT seq_tup_read + idx_tup_fetch AS read FROM pg_stat_xact_all_tables WHERE relid = 'ar.invoice'::regclass \gset
SELECT ar.recalculate_invoices(:young, :'drafts'), ar.post_invoices(:young, :'drafts') \g /dev/null
SELECT cmp_ok(seq_tup_read + idx_tup_fetch - :read, '<', 3000::bigint * 100, 'are recalculated and posted one by one, not each against all')
FROM pg_stat_xact_all_tables WHERE relid = 'ar.invoice'::regclass;

-- What documents were taxed by is evidence.
SELECT throws_ok($$UPDATE ar.tax_rate SET rate = 18 WHERE tax_code = 'vat' AND description = '' AND ledger_id = (SELECT ledger_id FROM ar.ledger WHERE code = 'YOUNG')$$,
    'RA003', NULL, 'a rate that was used is not changed');
SELECT throws_ok($$DELETE FROM ar.tax_rate WHERE tax_code = 'vat' AND ledger_id = (SELECT ledger_id FROM ar.ledger WHERE code = 'YOUNG')$$,
    'RA003', NULL, 'nor deleted');
INSERT INTO ar.tax_rate VALUES (:young, 'vat', '2027-01-01', 'S', 20);
SELECT lives_ok($$DELETE FROM ar.tax_rate WHERE tax_code = 'vat' AND valid_from = '2027-01-01'$$, 'one that comes later may be withdrawn');
SELECT lives_ok($$UPDATE ar.tax_rate SET description = 'VAT' WHERE tax_code = 'vat' AND ledger_id = (SELECT ledger_id FROM ar.ledger WHERE code = 'YOUNG')$$,
    'and a description is free');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
