-- billing_memo: credit and debit memos, invoices made void, and deposits.
-- Protects: no invoice and no line is credited beyond itself; a void invoice stays void and takes its tax back; no deposit counts twice.
BEGIN;
\ir helper.psql
SELECT plan(106);

SELECT ar.create_ledger('TEST', 'Test', 'EUR', terms => '50% net 10, 50% net 30'), ar.create_ledger('OTHER', 'Other', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A') AS a, ar.create_customer(pg_temp.ledger(), 'B', 'B') AS b,
       ar.create_customer(pg_temp.ledger(), 'C', 'C') AS c, pg_temp.ledger() AS ledger \gset
-- What a document is: kind, status, net, tax, total, and what is open of it.
CREATE FUNCTION pg_temp.document(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', v.kind, v.number, v.status, coalesce(ar.amount(v.net)::text, '-'), coalesce(ar.amount(v.tax)::text, '-'), ar.amount(v.total),
                     'open', (SELECT sum(ar.amount(i.open)) FROM ar.item AS i WHERE i.ledger_id = v.ledger_id AND i.invoice_id = v.invoice_id))
    FROM ar.invoice AS v WHERE v.ledger_id = pg_temp.ledger() AND v.invoice_id = $1
$$;
CREATE FUNCTION pg_temp.invoice_of(code text, dated date DEFAULT '2026-01-05') RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer($1), '[{"description": "Lamp", "unit_price": 100, "tax_rate": 19},
        {"description": "Book", "unit_price": 50, "tax_rate": 7, "quantity": 4}]', $2)
$$;

-- By amount: the tax in proportion, the open part first, the rest unapplied.
SELECT pg_temp.invoice_of('A') AS i \gset
SELECT is(pg_temp.document(:i), 'invoice INV-2026-000001 open 300.00 33.00 333.00 open 333.00', 'an invoice of two taxes and two instalments');
SELECT ar.create_credit_memo(:ledger, :i, 100, invoiced_on => '2026-01-10', reason => 'late') AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000001 paid 90.09 9.91 100.00 open 0.00', 'a credit memo has a number, net and tax of its own');
SELECT results_eq(format('SELECT tax_rate, net::text, tax::text, gross::text, description FROM ar.invoice_line WHERE invoice_id = %s ORDER BY 1', :m),
    $$VALUES (7::numeric, 'EUR 60.06', 'EUR 4.20', 'EUR 64.26', 'late'), (19, 'EUR 30.03', 'EUR 5.71', 'EUR 35.74', 'late')$$, 'divided among the taxes of the invoice');
SELECT is(pg_temp.document(:i), 'invoice INV-2026-000001 partial 300.00 33.00 333.00 open 233.00', 'it is applied to what it corrects');
SELECT results_eq(format('SELECT instalment::integer, open::text FROM ar.item WHERE invoice_id = %s ORDER BY 1', :i), $$VALUES (1, 'EUR 66.50'), (2, 'EUR 166.50')$$, 'the earliest due date first');
SELECT is(ar.creditable(:ledger, :i)::text, 'EUR 233.00', 'the rest may still be credited');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, 233.01, invoiced_on => ''2026-01-10'')', :ledger, :i), 'all'),
    E'RA002: more would be credited than remains creditable of invoice INV-2026-000001\nOf a total of EUR 333.00, EUR 100.00 was credited before; EUR 233.00 remains, EUR 233.01 is asked for.\n'
    'Credit at most what remains, or leave out the invoice to give credit on account.', 'but a cent more may not');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.invoice (ledger_id, customer_id, kind, corrects_id, invoiced_on, total, status) '
    'SELECT %s, %s, ''credit_memo'', %s, ''2026-01-10'', ''EUR 116.51'', ''open'' FROM generate_series(1, 2)', :ledger, :a, :i)), 'RA002', 'nor by two written straight to the table');
SELECT ar.record_payment(:ledger, :a, 'EUR 200', '2026-01-15', apply => 'oldest') \g /dev/null
SELECT ar.create_credit_memo(:ledger, :i, 50, invoiced_on => '2026-01-20') AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000002 partial 45.05 4.95 50.00 open -17.00', 'of an invoice that is nearly paid it takes the open part, and the rest stays unapplied');
SELECT ar.create_credit_memo(:ledger, :i, invoiced_on => '2026-01-21', apply => false) AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000003 open 164.86 18.14 183.00 open -183.00', 'without amount or lines, all that remains; and not applied, if so wanted');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, invoiced_on => ''2026-01-21'')', :ledger, :i), 'all'),
    E'RA002: nothing remains creditable of invoice INV-2026-000001\nCredit memos take all of its total of EUR 333.00; EUR 0.00 remains.', 'then nothing remains');

-- By lines.
SELECT pg_temp.invoice_of('A') AS j \gset
SELECT ar.create_credit_memo(:ledger, :j, lines => '[{"corrects_line": 2, "quantity": 1}, {"corrects_line": 1, "amount": 10.00, "description": "scratch"}]', invoiced_on => '2026-01-10') AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000004 paid 60.00 5.40 65.40 open 0.00', 'one book, and ten euros of the lamp');
SELECT results_eq(format('SELECT corrects_line, description, quantity, unit_price, net::text, tax::text FROM ar.invoice_line WHERE invoice_id = %s ORDER BY line_number', :m),
    $$VALUES (2, 'Book', 1::numeric, 50::numeric, 'EUR 50.00', 'EUR 3.50'), (1, 'scratch', 1, 10.00, 'EUR 10.00', 'EUR 1.90')$$, 'at their price and tax');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, lines => ''[{"corrects_line": 2, "quantity": 4}]'', invoiced_on => ''2026-01-10'')', :ledger, :j), 'all'),
    E'RA002: more would be credited than remains creditable of line 2 of invoice INV-2026-000002\nOf EUR 200.00, EUR 50.00 was credited before; EUR 150.00 remains, EUR 200.00 is asked for.', 'no line is credited beyond itself');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, lines => ''[{"corrects_line": 2, "quantity": 2}, {"corrects_line": 2, "quantity": 2}]'', invoiced_on => ''2026-01-10'')', :ledger, :j)), 'RA002', 'nor by two lines of one memo');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, lines => ''[{"corrects_line": 3}]'', invoiced_on => ''2026-01-10'')', :ledger, :j)), '23503', 'nor one that is not there');
SELECT ar.create_credit_memo(:ledger, :j, lines => '[{"corrects_line": 2}, {"corrects_line": 1}]', invoiced_on => '2026-01-11') AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000005 paid 240.00 27.60 267.60 open 0.00', 'without quantity or amount, the rest of the line');
SELECT is(pg_temp.document(:j), 'invoice INV-2026-000002 paid 300.00 33.00 333.00 open 0.00', 'which takes the invoice to the cent');

-- Lines of its own, and on account.
SELECT pg_temp.invoice_of('B') AS k \gset
SELECT ar.create_credit_memo(:ledger, :k, lines => '[{"description": "Goodwill", "unit_price": 10, "tax_rate": 19}]', invoiced_on => '2026-01-11', reason => 'goodwill', external_id => 'cm-1') AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000006 paid 10.00 1.90 11.90 open 0.00', 'a memo has lines of its own');
SELECT is(ar.create_credit_memo(:ledger, :k, lines => '[{"description": "Goodwill", "unit_price": 10, "tax_rate": 19}]', invoiced_on => '2026-01-11', reason => 'goodwill', external_id => 'cm-1'), :m::bigint, 'the same external id again is the same memo');
SELECT is(pg_temp.document(:k), 'invoice INV-2026-000003 partial 300.00 33.00 333.00 open 321.10', 'applied once');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, 10, external_id => ''cm-1'')', :ledger, :k)), 'RA006', 'with another payload it is refused');
SELECT ar.create_credit_memo(:ledger, customer_id => :b, amount => 5, invoiced_on => '2026-01-11') AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000007 open - - 5.00 open -5.00', 'credit on account is unapplied');
SELECT is(ar.apply(:ledger, (SELECT item_id FROM ar.item WHERE invoice_id = :m), (SELECT item_id FROM ar.item WHERE invoice_id = :k AND instalment = 2)) > 0, true, 'until somebody applies it');
SELECT ar.create_credit_memo(:ledger, customer_id => :b, amount => 7, invoiced_on => '2026-01-12', apply_to => :k) AS m \gset
SELECT is(pg_temp.document(:m), 'credit_memo CM-2026-000008 paid - - 7.00 open 0.00', 'or it says to what');
SELECT results_eq(format($$SELECT element FROM ar.create_credit_memos(%s, '[{"invoice_id": %2$s, "amount": 1, "invoiced_on": "2026-01-12", "external_id": "e1"}, {"invoice_id": %2$s, "amount": 2, "invoiced_on": "2026-01-12"},
    {"invoice_id": %2$s, "amount": 1, "invoiced_on": "2026-01-12", "external_id": "e1"}, {"customer_id": %3$s, "lines": [{"unit_price": 3}], "invoiced_on": "2026-01-12"}]')
    ORDER BY element$$, :ledger, :k, :a), 'VALUES (1::bigint), (2), (3), (4)', 'many at once');
SELECT is((SELECT count(*) FROM ar.invoice WHERE ledger_id = pg_temp.ledger() AND external_id = 'e1'), 1::bigint, 'one for each external id');
SELECT is(pg_temp.document(:k), 'invoice INV-2026-000003 partial 300.00 33.00 333.00 open 306.10', 'each applied');
SELECT ar.create_credit_memo(:ledger, :k, 1, invoiced_on => '2026-01-12', post => false) AS m \gset
SELECT is((SELECT status::text || (number IS NULL)::text FROM ar.invoice WHERE invoice_id = :m), 'drafttrue', 'a draft has no number');
SELECT is(ar.creditable(:ledger, :k)::text, 'EUR 318.10', 'and takes nothing away');

-- An invoice without lines, and a debit memo.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) VALUES (:ledger, :b, 'OPENING', '2025-12-31', 'EUR 80', 'open');
SELECT ar.create_credit_memo(:ledger, pg_temp.invoice('OPENING'), 30, invoiced_on => '2026-01-12') AS m \gset
SELECT matches(pg_temp.document(:m), 'credit_memo CM-2026-\d+ paid - - 30.00 open 0.00', 'an opening balance is credited without tax');
SELECT ar.create_debit_memo(:ledger, :k, lines => '[{"corrects_line": 1, "amount": 5}]', invoiced_on => '2026-01-13', terms => 'net 7') AS d \gset
SELECT is(pg_temp.document(:d), 'debit_memo DM-2026-000001 open 5.00 0.95 5.95 open 5.95', 'a debit memo charges more for a line');
SELECT results_eq(format('SELECT due_on, kind FROM ar.item WHERE invoice_id = %s', :d), $$VALUES (date '2026-01-20', 'debit_memo')$$, 'at terms of its own');
SELECT is((SELECT payment_reference LIKE 'RF%DM2026000001' FROM ar.invoice WHERE invoice_id = :d), true, 'and says how to pay it');
SELECT ar.create_debit_memo(:ledger, customer_id => :b, amount => 12, invoiced_on => '2026-01-13') AS d \gset
SELECT is(pg_temp.document(:d), 'debit_memo DM-2026-000002 open - - 12.00 open 12.00', 'or charges on account');

-- What is refused.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total) VALUES (:ledger, :a, 'DRAFT', '2026-01-05', 'EUR 10');
SELECT is(pg_temp.outcome(format(statement, :ledger, :k, :a)), expected, statement) FROM (VALUES
    ('SELECT ar.create_credit_memo(%1$s)', '22023'), ('SELECT ar.create_credit_memo(%1$s, customer_id => %3$s)', '22023'),
    ('SELECT ar.create_credit_memo(%1$s, %2$s, 1, ''[{"unit_price": 1}]'')', '22023'), ('SELECT ar.create_credit_memo(%1$s, %2$s, -1)', '22023'),
    ('SELECT ar.create_credit_memo(%1$s, %2$s, 0)', '22023'), ('SELECT ar.create_credit_memo(%1$s, %2$s, lines => ''[{"unit_price": 1}, {"corrects_line": 1}]'')', '22023'),
    ('SELECT ar.create_credit_memo(%1$s, customer_id => %3$s, lines => ''[{"corrects_line": 1}]'')', '22023'), ('SELECT ar.create_credit_memo(%1$s, -1, 1)', '22023'),
    ('SELECT ar.create_credit_memos(%1$s, ''[{"customer_id": 1, "sum": 1}]'')', '22023'), ('SELECT ar.create_credit_memo(%1$s, customer_id => -1, amount => 1)', '23503'),
    ('SELECT ar.create_credit_memo(%1$s, %2$s, 1, invoiced_on => ''2026-01-04'')', '23514'), ('SELECT ar.create_credit_memo(%1$s, %2$s, 1, customer_id => %3$s, invoiced_on => ''2026-01-10'')', '23514'),
    ('SELECT ar.create_credit_memo(%1$s, %2$s, 1, currency => ''USD'', invoiced_on => ''2026-01-10'')', 'RA009'),
    ('SELECT ar.create_credit_memo(%1$s, pg_temp.invoice(''DRAFT''), 1, invoiced_on => ''2026-01-10'')', 'RA004'),
    ('SELECT ar.create_credit_memo(%1$s, pg_temp.invoice(''CM-2026-000001''), 1, invoiced_on => ''2026-01-10'')', '23514'),
    ('SELECT ar.create_credit_memo(%1$s, customer_id => %3$s, amount => 1, apply_to => %2$s, invoiced_on => ''2026-01-10'')', '23514'),
    ('INSERT INTO ar.invoice (ledger_id, customer_id, kind, reverses_id, invoiced_on, total) VALUES (%1$s, %3$s, ''credit_memo'', %2$s, ''2026-01-10'', ''EUR 1'')', '23514')) AS v(statement, expected);

-- Void: a draft, and a posted invoice.
SELECT ar.create_invoice(:ledger, :c, '[{"unit_price": 1}]', '2026-02-01', post => false) AS draft, pg_temp.invoice_of('C', '2026-02-01') AS v \gset
CREATE TEMPORARY TABLE before AS SELECT d::date AS day, a.* FROM generate_series(date '2026-02-01', '2026-02-28', '1 day') AS d, LATERAL ar.aging(pg_temp.ledger(), d::date) AS a;
SELECT is(ar.void_invoice(:ledger, :draft, reason => 'not wanted'), NULL, 'a draft is made void without more ado');
SELECT results_eq(format('SELECT status::text, note FROM ar.invoice WHERE invoice_id = %s', :draft), $$VALUES ('void', 'not wanted')$$, 'with its reason');
SELECT is(pg_temp.outcome(format('UPDATE ar.invoice SET status = ''void'' WHERE invoice_id = %s', :v), 'all'),
    E'RA004: an invoice that is posted becomes void by its reversal\nUse ar.void_invoice(), which posts it.', 'a posted one not by hand');
SELECT ar.void_invoice(:ledger, :v, '2026-02-20', 'wrong customer') AS m \gset
SELECT matches(pg_temp.document(:v), 'invoice INV-2026-\d+ void 300.00 33.00 333.00 open 0.00', 'but by its reversal');
SELECT matches(pg_temp.document(:m), 'credit_memo CM-2026-\d+ paid 300.00 33.00 333.00 open 0.00', 'which takes net and tax back');
SELECT results_eq(format('SELECT line_number, net::text, tax::text, corrects_line FROM ar.invoice_line WHERE invoice_id = %s ORDER BY 1', :m),
    $$VALUES (1, 'EUR 100.00', 'EUR 19.00', 1), (2, 'EUR 200.00', 'EUR 14.00', 2)$$, 'line by line');
SELECT results_eq(format('SELECT reverses_id, corrects_id, invoiced_on, note FROM ar.invoice WHERE invoice_id = %s', :m), format('VALUES (%1$s::bigint, %1$s::bigint, date ''2026-02-20'', ''wrong customer'')', :v), 'on its day');
SELECT is(ar.void_invoice(:ledger, :v), :m::bigint, 'void already, it is left alone');
SELECT results_eq($$SELECT day, balance FROM before WHERE day < '2026-02-20' AND customer_code = 'C' ORDER BY day$$,
    $$SELECT d::date, a.balance FROM generate_series(date '2026-02-01', '2026-02-19', '1 day') AS d, LATERAL ar.aging(pg_temp.ledger(), d::date) AS a WHERE a.customer_code = 'C' ORDER BY d$$, 'the days before are as they were');
SELECT is_empty($$SELECT FROM ar.aging(pg_temp.ledger(), '2026-02-20') AS a WHERE a.customer_code = 'C' AND a.balance <> 0$$, 'from that day on nothing is owed');
SELECT is(pg_temp.outcome(format('SELECT ar.unapply(%s, application_id) FROM ar.application WHERE credit_item_id IN (SELECT item_id FROM ar.item WHERE invoice_id = %s) LIMIT 1', :ledger, :m), 'all'),
    E'RA004: an invoice that is void stays void\nWhat its reversal is applied to cannot be undone.\nCreate the invoice again.', 'void is for good');
SELECT is(pg_temp.outcome(format('SELECT ar.create_credit_memo(%s, %s, 1, invoiced_on => ''2026-02-21'')', :ledger, :v), 'all'), (SELECT format('RA004: invoice %s is void', number) FROM ar.invoice WHERE invoice_id = :v), 'and nothing is credited of it');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.invoice (ledger_id, customer_id, kind, corrects_id, reverses_id, invoiced_on, total, status) VALUES (%s, %s, ''credit_memo'', %3$s, %3$s, ''2026-02-21'', ''EUR 333'', ''open'')', :ledger, :c, :v)), '23505', 'nor is it reversed again');
SELECT is(pg_temp.outcome(format('SELECT ar.post_invoice(%s, %s)', :ledger, :v)), 'RA004', 'nor is it posted again');
SELECT is(pg_temp.outcome(format('SELECT ar.void_invoice(%s, %s, %L)', :ledger, id, '2026-02-20'), 'all'), expected, words) FROM (VALUES
    (:k::bigint, E'RA004: invoice INV-2026-000003 is partial and cannot be made void\nSomething is applied to it.\nUndo that first with ar.unapply(), or credit what remains with ar.create_credit_memo().', 'what is partly paid is not made void'),
    (pg_temp.invoice('CM-2026-000003'), E'RA004: credit memo CM-2026-000003 cannot be made void\nUndo what it is applied to with ar.unapply(), and charge its amount with ar.create_debit_memo().', 'nor a credit memo'),
    (-1, format('23503: invoice -1 does not exist in ledger %s', pg_temp.ledger()), 'nor what is not there')) AS v(id, expected, words);
SELECT pg_temp.invoice_of('C', '2026-02-01') AS w, pg_temp.invoice_of('C', '2026-02-01') AS x, pg_temp.invoice_of('C', '2026-02-25') AS late \gset
SELECT ar.create_credit_memo(:ledger, :x, 3, invoiced_on => '2026-02-02', apply => false) \g /dev/null
SELECT matches(pg_temp.outcome(format('SELECT ar.void_invoice(%s, %s, %L)', :ledger, :x, '2026-02-20'), 'all'), 'RA004: invoice .* is credited in part and cannot be made void\nCredit memos take EUR 3.00 of EUR 333.00', 'nor what is partly credited');
SELECT is(pg_temp.outcome(format('SELECT ar.void_invoices(%s, ARRAY[%s, %s], %L)', :ledger, :w, :late, '2026-02-20')), '23514', 'nor what is dated later; all or none');
SELECT is((SELECT status::text FROM ar.invoice WHERE invoice_id = :w), 'open', 'none');
SELECT results_eq(format('SELECT count(*), count(credit_memo_id) FROM ar.void_invoices(%s, ARRAY[%s, %s, %s], %L)', :ledger, :w, :late, :draft, '2026-03-01'), 'VALUES (3::bigint, 2::bigint)', 'many at once');
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, %L, %L, reference => number, apply => %L) FROM ar.invoice WHERE invoice_id = %s', :ledger, :c, 'EUR 1', '2026-03-02', 'auto', :w)), 'done', 'who pays a void invoice has paid ahead');

-- Deposits: never double.
SELECT ar.create_customer(:ledger, 'D', 'D', terms => 'net 14') AS d, ar.create_customer(:ledger, 'E', 'E') AS e \gset
SELECT ar.create_deposit(:ledger, :d, lines => '[{"description": "Deposit", "unit_price": 200, "tax_rate": 19}]', invoiced_on => '2026-03-01') AS dep \gset
SELECT is(pg_temp.document(:dep), 'deposit DEP-2026-000001 open 200.00 38.00 238.00 open 238.00', 'a deposit is asked for');
SELECT is(pg_temp.balance('D'), 'EUR 238.00 and EUR 0.00', 'and owed');
SELECT is(ar.deposit_available(:ledger, :dep)::text, 'EUR 0.00', 'not paid, it is there for nothing');
SELECT ar.create_invoice(:ledger, :d, '[{"unit_price": 1000, "tax_rate": 19}]', '2026-04-05') AS f \gset
SELECT matches(pg_temp.outcome(format('SELECT ar.apply_deposit(%s, %s, %s, applied_on => ''2026-04-05'')', :ledger, :dep, :f), 'all'), 'RA002: deposit DEP-2026-000001 does not have so much to apply.*EUR 0.00 is paid and not used, the invoice has EUR 1190.00 open', 'until then it is not applied');
SELECT ar.record_payment(:ledger, :d, 'EUR 238', '2026-03-05', remittance => '[{"number": "DEP-2026-000001"}]') \g /dev/null
SELECT is(ar.deposit_available(:ledger, :dep)::text, 'EUR 238.00', 'paid, it is there');
SELECT is(pg_temp.balance('D'), 'EUR 1190.00 and EUR 0.00', 'the invoice is owed in full');
SELECT ar.apply_deposit(:ledger, :dep, :f, 100, applied_on => '2026-04-05') AS m1 \gset
SELECT is(ar.deposit_available(:ledger, :dep)::text, 'EUR 138.00', 'a part is applied');
SELECT ar.apply_deposit(:ledger, :dep, :f, applied_on => '2026-04-05', external_id => 'apply') AS m2 \gset
SELECT is(ar.apply_deposit(:ledger, :dep, :f, applied_on => '2026-04-05', external_id => 'apply'), :m2::bigint, 'then the rest, once');
SELECT is(pg_temp.document(:f), (SELECT format('invoice %s partial 1000.00 190.00 1190.00 open 952.00', number) FROM ar.invoice WHERE invoice_id = :f), 'the invoice has 952 left');
SELECT is(pg_temp.balance('D'), 'EUR 952.00 and EUR 0.00', 'which is all that is owed');
SELECT is(ar.prepaid(:ledger, :f)::text, 'EUR 238.00', 'and says what was paid in advance');
SELECT results_eq(format('SELECT sum(CASE kind WHEN ''credit_memo'' THEN -1 ELSE 1 END * ar.amount(tax)) FROM ar.invoice WHERE ledger_id = %s AND customer_id = %s', :ledger, :d), 'VALUES (190.00)', 'the tax is that of the invoice');
SELECT is(pg_temp.outcome(format('SELECT ar.apply_deposit(%s, %s, %s)', :ledger, :dep, :f)), 'RA002', 'used up, it is not applied again');
-- Two deposits to one smaller invoice; a third unpaid and made void.
SELECT ar.create_deposit(:ledger, :e, 60, invoiced_on => '2026-03-01') AS d1, ar.create_deposit(:ledger, :e, 60, invoiced_on => '2026-03-01') AS d2, ar.create_deposit(:ledger, :e, 60, invoiced_on => '2026-03-01') AS d3 \gset
SELECT ar.record_payment(:ledger, :e, 'EUR 120', '2026-03-05', remittance => '[{"number": "DEP-2026-000002"}, {"number": "DEP-2026-000003"}]') \g /dev/null
SELECT ar.create_invoice(:ledger, :e, '[{"unit_price": 100}]', '2026-04-05') AS g \gset
SELECT ar.apply_deposits(:ledger, format('[{"deposit_id": %1$s, "invoice_id": %3$s, "applied_on": "2026-04-05"}, {"deposit_id": %2$s, "invoice_id": %3$s, "applied_on": "2026-04-05"}]', :d1, :d2, :g)::jsonb) \g /dev/null
SELECT results_eq(format('SELECT m.total::text FROM ar.invoice AS m WHERE m.corrects_id IN (%s, %s) ORDER BY m.corrects_id', :d1, :d2), $$VALUES ('EUR 60.00'), ('EUR 40.00')$$, 'two deposits fill an invoice in turn');
SELECT is(ar.void_invoice(:ledger, :d3, '2026-04-05') > 0, true, 'a deposit that nobody paid is made void');
SELECT is(pg_temp.balance('E'), 'EUR 0.00 and EUR 0.00', 'nothing is owed');
SELECT is(ar.deposit_available(:ledger, :d2)::text, 'EUR 20.00', 'twenty are left');
SELECT is(pg_temp.outcome(format(statement, :ledger, :d2, :f, :k)), expected, statement) FROM (VALUES
    ('SELECT ar.apply_deposit(%s, -1, %3$s)', '23503'), ('SELECT ar.apply_deposit(%s, %2$s, -1)', '23503'), ('SELECT ar.apply_deposit(%s, %3$s, %4$s)', '23503'),
    ('SELECT ar.apply_deposit(%s, %2$s, %2$s)', 'RA004'), ('SELECT ar.apply_deposit(%s, %2$s, %3$s, -1)', '22023'), ('SELECT ar.apply_deposit(%s, %2$s, %3$s, 1)', '23514'),
    ('SELECT ar.apply_deposit(%s, %2$s, %3$s, 20.01)', 'RA002')) AS v(statement, expected);

-- What ar.verify() finds.
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(DISTINCT v.check_name, ' ' ORDER BY v.check_name) INTO reported FROM ar.verify() AS v WHERE v.check_name LIKE 'memo%' OR v.check_name = 'invoice_status';
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        RETURN reported;
    END;
END
$$;
SELECT is(pg_temp.broken(format(corruption, :k, :m, :v)), expected, corruption) FROM (VALUES
    ('UPDATE ar.invoice SET customer_id = 0 WHERE invoice_id = %2$s', 'memo_corrects'),
    ('UPDATE ar.invoice SET invoiced_on = ''2020-01-01'' WHERE number = ''CM-2026-000001''', 'memo_corrects'),
    ('UPDATE ar.invoice SET total = ''EUR 400'', net = NULL, tax = NULL WHERE number = ''CM-2026-000006''', 'invoice_status memo_credited'),
    ('UPDATE ar.invoice_line SET corrects_line = 1 WHERE corrects_line = 2 AND invoice_id = pg_temp.invoice(''CM-2026-000005'')', 'memo_line_credited'),
    ('UPDATE ar.invoice_line SET corrects_line = 9 WHERE corrects_line = 1 AND invoice_id = pg_temp.invoice(''CM-2026-000005'')', 'memo_line_credited'),
    ('UPDATE ar.invoice SET status = ''paid'' WHERE invoice_id = %3$s', 'invoice_status memo_reversal'),
    ('UPDATE ar.invoice SET reverses_id = NULL WHERE invoice_id = %2$s', 'invoice_status')) AS v(corruption, expected);

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
