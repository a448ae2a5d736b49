-- collect: write-offs with reasons and limits, small balances in bulk, the tax in them, and recovery.
--
-- Protects: no more is written off than a reason or the policy allows, by function or table; bulk takes what is small, old and not
-- disputed, up to its cap; what is recovered is owed as before, and a write-off is recovered once.
BEGIN;
\ir helper.psql
SELECT plan(51);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code, details => '{"customer_class": "trade"}') FROM unnest('{A,B,C}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c \gset
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, '2026-01-01', $4, $2::ar.monetary, 'open') $$;
SELECT pg_temp.bill('A', 'EUR 100', 'A1', '2026-01-31'), pg_temp.bill('A', 'EUR 50', 'A2', '2026-01-31'), pg_temp.bill('A', 'USD 50', 'A3', '2026-01-31') \g /dev/null
SELECT ar.create_invoice(:ledger, :b, '[{"unit_price": 100}]', '2026-01-01', number => 'B1', terms => '50% net 10, 50% net 20') \g /dev/null

SELECT is((SELECT count(*) FROM ar.write_off_reason WHERE ledger_id = :ledger), 8::bigint, 'a new ledger has the usual reasons');
-- In whole, in part, all of a customer.
SELECT results_eq(format('SELECT item_id, written_off::text FROM ar.write_off(%s, pg_temp.invoice(''A1''), ''EUR 30'', ''settlement'', ''agreed'', ''2026-03-01'', external_id => ''w1'')', :ledger),
    $$VALUES (pg_temp.item('A1'), 'EUR 30.00')$$, 'a part is written off');
SELECT is(pg_temp.status('A1') || ' ' || pg_temp.state('A1'), 'partial EUR 70.00, closed -, undone -', 'the rest is owed');
SELECT is((SELECT format('%s %s %s %s', j.reason_code, j.reason, j.adjusted_on, w.written_off_by = session_user) FROM ar.write_off AS w JOIN ar.adjustment AS j USING (ledger_id, adjustment_id)), 'settlement agreed 2026-03-01 t', 'with its reason, and who did it');
SELECT is((SELECT count(*) FROM ar.write_off(:ledger, pg_temp.invoice('A1'), 'EUR 30', 'settlement', 'agreed', '2026-03-01', external_id => 'w1')), 1::bigint, 'the same external id again returns the first result');
SELECT is(pg_temp.state('A1'), 'EUR 70.00, closed -, undone -', 'and writes off nothing');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''A1''), external_id => ''w1'')', :ledger)), 'RA006', 'another payload does not');
SELECT ar.write_off(:ledger, pg_temp.invoice('A1'), reason_code => 'insolvency', written_off_on => '2026-03-02') AS w \g /dev/null
SELECT is(pg_temp.status('A1'), 'written_off', 'an invoice with nothing open is written off');
SELECT is((SELECT count(*) FROM ar.write_off(:ledger, item_ids => ARRAY[pg_temp.item('B1'), pg_temp.item('B1', 2)], amount => 'EUR 60', written_off_on => '2026-03-02')), 2::bigint, 'by items');
SELECT is(pg_temp.state('B1') || '; ' || pg_temp.state('B1', 2), 'EUR 0.00, closed 2026-03-02, undone -; EUR 40.00, closed -, undone -', 'the earliest due date first');
SELECT is((SELECT string_agg(written_off::text, ', ' ORDER BY written_off) FROM ar.write_off(:ledger, customer_id => :a, written_off_on => '2026-03-02')), 'EUR 50.00, USD 50.00', 'by customer, all he owes');
SELECT is(pg_temp.balance('A'), 'EUR 0.00 and EUR 0.00; USD 0.00 and USD 0.00', 'who owes nothing then');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, customer_id => %s)', :ledger, :a)), 'RA002', 'nothing more');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''B1''), ''EUR 40.01'')', :ledger)), 'RA002', 'nor more than is open');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''B1''), reason_code => ''no_such'')', :ledger)), '23503', 'nor for an unknown reason');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, item_ids => ''{1}'')', :ledger)), '23503', 'nor an unknown item');
SELECT ar.record_payment(:ledger, :b, 'EUR 1', '2026-03-03', reference => 'P') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, item_ids => ARRAY[pg_temp.item(''P'')])', :ledger)), '23514', 'nor a credit');

-- Limits: of the reason, else of the policy, in any currency.
INSERT INTO ar.collect_policy (ledger_id, write_off_limit, small_balance, small_balance_days) VALUES (:ledger, 'EUR 20', 'EUR 5', 60);
UPDATE ar.write_off_reason SET maximum = 'EUR 35' WHERE ledger_id = :ledger AND reason_code = 'insolvency';
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''B1''), ''EUR 20.01'')', :ledger), 'all'),
    E'23514: EUR 20.01 is more than may be written off\nThe limit is EUR 20.00 of an item, for reason "uncollectible".\nGive another reason, or have somebody raise its maximum in ar.write_off_reason, or write_off_limit in ar.collect_policy.', 'the policy has a limit');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''B1''), ''EUR 20'')', :ledger)), 'done', 'to which equality passes');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''B1''), ''EUR 35'', ''insolvency'')', :ledger)), 'done', 'a reason has its own');
SELECT is(pg_temp.outcome(format('SELECT ar.write_off(%s, pg_temp.invoice(''B1''), ''EUR 35.01'', ''insolvency'')', :ledger)), '23514', 'which is no higher');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (%s, %s, ''write_off'', ''EUR -20.01'', ''2026-03-01'')', :ledger, :b)), '23514', 'by the table, too');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (%s, %s, ''write_off'', ''USD -1'', ''2026-03-01'')', :ledger, :b)), 'RA009', 'another currency needs a rate');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (:ledger, 'EUR', 'USD', '2026-01-01', 1.25);
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (%s, %s, ''write_off'', ''USD -25'', ''2026-03-01'')', :ledger, :b)), 'done', 'and is converted');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (%s, %s, ''write_off'', ''USD -25.02'', ''2026-03-01'')', :ledger, :b)), '23514', 'to the cent');

-- Small balances: small, old, not disputed, not on a plan, not promised, and no more than the cap.
SELECT pg_temp.bill('C', v.total, v.number, v.due_on) FROM (VALUES ('EUR 5', 'C1', date '2026-01-30'), ('EUR 5.01', 'C2', '2026-01-30'), ('EUR 4', 'C3', '2026-02-01'),
    ('EUR 3', 'C4', '2026-01-29'), ('USD 1', 'C5', '2026-01-29'), ('EUR 2', 'C6', '2026-01-28'), ('EUR 1', 'C7', '2026-01-28'), ('EUR 1', 'C8', '2026-01-28')) AS v(total, number, due_on) \g /dev/null
SELECT ar.open_dispute(:ledger, pg_temp.invoice('C4'), 'price', opened_on => '2026-02-01') \g /dev/null
SELECT ar.create_payment_plan(:ledger, pg_temp.customer('C'), 2, '2026-05-01', ARRAY[pg_temp.item('C7')], agreed_on => '2026-02-01'),
       ar.promise_to_pay(:ledger, pg_temp.customer('C'), 'EUR 1', '2026-05-01', ARRAY[pg_temp.item('C8')], '2026-02-01') \g /dev/null
CREATE FUNCTION pg_temp.small(VARIADIC options text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT coalesce(string_agg(v.number || '' '' || w.written_off, '', '' ORDER BY v.number), ''nothing'')
        FROM ar.write_off_small_balances(pg_temp.ledger(), %s) AS w JOIN ar.item AS i USING (item_id) JOIN ar.invoice AS v USING (invoice_id)', array_to_string($1, ', ')) INTO result;
    RETURN result;
END $$;
SELECT is((SELECT string_agg(v.number, ' ' ORDER BY v.number) FROM ar.small_balances(:ledger, '2026-03-31') AS s JOIN ar.item AS i USING (item_id) JOIN ar.invoice AS v USING (invoice_id)), 'C1 C6', 'what would be written off can be seen');
SELECT is(pg_temp.small('''2026-03-31''', 'cap => ''EUR 6.99'''), 'C6 EUR 2.00', 'the cap holds, the earliest due date first');
SELECT is(pg_temp.small('''2026-03-31'''), 'C1 EUR 5.00', 'by policy: so small, and sixty days past due');
SELECT is(pg_temp.small('''2026-03-31'''), 'nothing', 'again there is nothing');
SELECT is(pg_temp.small('''2026-03-31''', 'threshold => ''USD 1''', 'minimum_days => 30'), 'C5 USD 1.00', 'by arguments, in their currency');
SELECT is(pg_temp.small('''2026-04-02'''), 'C3 EUR 4.00', 'two days later one more is old enough');
SELECT is(pg_temp.status('C1') || ' ' || pg_temp.status('C2') || ' ' || pg_temp.status('C4') || ' ' || pg_temp.status('C7') || ' ' || pg_temp.status('C8'), 'written_off open open open open', 'what is larger, disputed, on a plan, or promised is owed');
SELECT is((SELECT format('%s %s', reason_code, is_still_owed) FROM ar.report_write_off WHERE number = 'C1'), 'small_balance f', 'the reason says whether it may still be collected');

-- The tax: 2.90 at 19 percent are 0.46.
SELECT is(ar.tax_relief('EUR 2.90', 19), 'EUR 0.46'::ar.monetary, 'the tax in a write-off');
SELECT ar.create_invoice(:ledger, :c, '[{"unit_price": 100, "tax_rate": 19}, {"unit_price": 100, "tax_rate": 7}]', '2026-01-01', number => 'T1') AS t1 \gset
UPDATE ar.collect_policy SET write_off_limit = NULL;
SELECT adjustment_id AS w1 FROM ar.write_off(:ledger, :t1, 'EUR 113', written_off_on => '2026-04-05') \gset
SELECT results_eq(format('SELECT tax_rate, amount::text, net::text, tax::text FROM ar.write_off_taxes(%s, ''2026-04-05'', ''2026-04-05'')', :ledger),
    $$VALUES (7::numeric, 'EUR 53.50', 'EUR 50.00', 'EUR 3.50'), (19, 'EUR 59.50', 'EUR 50.00', 'EUR 9.50')$$, 'is that of its invoice, in proportion');

-- Recovery.
SELECT is(pg_temp.outcome(format('SELECT ar.recover_write_off(%s, %s, ''EUR 113.01'')', :ledger, :w1)), 'RA002', 'no more is recovered than was written off');
SELECT is(pg_temp.outcome(format('SELECT ar.recover_write_off(%s, %s, recovered_on => ''2026-04-04'')', :ledger, :w1)), '23514', 'nor before');
SELECT is(pg_temp.outcome(format('SELECT ar.recover_write_off(%s, 1)', :ledger)), '23503', 'nor what is not there');
SELECT is(ar.recover_write_off(:ledger, :w1, recovered_on => '2026-05-01'), 'EUR 113.00'::ar.monetary, 'a write-off is recovered');
SELECT is(pg_temp.status('T1') || ' ' || pg_temp.state('T1'), 'open EUR 226.00, closed -, undone 2026-05-01', 'the invoice is open as before');
SELECT is(pg_temp.balance('C'), 'EUR 236.01 and EUR 0.00; USD 0.00 and USD 0.00', 'and nothing else is');
SELECT is(pg_temp.outcome(format('SELECT ar.recover_write_off(%s, %s)', :ledger, :w1)), 'RA004', 'once');
SELECT results_eq(format('SELECT tax_rate, tax::text FROM ar.write_off_taxes(%s, ''2026-05-01'', ''2026-05-01'')', :ledger), $$VALUES (7::numeric, 'EUR -3.50'), (19, 'EUR -9.50')$$, 'the tax is owed again');
SELECT is((SELECT format('%s %s', recovered_on, is_still_owed) FROM ar.report_write_off WHERE adjustment_id = :w1), '2026-05-01 f', 'as the report says');
-- In part: the customer sends something after all. The rest is written off within the limits in force.
UPDATE ar.write_off_reason SET maximum = NULL;
SELECT ar.recover_write_off(:ledger, w.adjustment_id, 'EUR 20', '2026-06-01') FROM ar.report_write_off AS w WHERE number = 'A1' AND reason_code = 'insolvency' \g /dev/null
SELECT is(pg_temp.status('A1') || ' ' || pg_temp.state('A1'), 'partial EUR 20.00, closed -, undone 2026-06-01', 'a part is recovered, the rest stays written off');
SELECT ar.record_payment(:ledger, :a, 'EUR 20', '2026-06-02', reference => 'A1') \g /dev/null
SELECT is(pg_temp.status('A1'), 'written_off', 'and is written off when that is paid');
SELECT ar.create_invoice(:ledger, :b, '[{"unit_price": 100}]', '2026-01-01', number => 'B2', terms => '50% net 10, 50% net 20') \g /dev/null
SELECT ar.write_off(:ledger, item_ids => ARRAY[pg_temp.item('B2')], reason_code => 'insolvency', written_off_on => '2026-06-01') \g /dev/null
SELECT ar.record_payment(:ledger, :b, 'EUR 50', '2026-06-02', reference => 'B2') \g /dev/null
SELECT is(pg_temp.status('B2'), 'written_off', 'of two instalments one written off, the other paid');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, reverses_id) SELECT r.ledger_id, r.customer_id, ''write_off'', ''EUR 1'', ''2026-06-01'', r.adjustment_id FROM ar.report_write_off AS r WHERE r.number = ''C1''')), '23514', 'by the table, only the exact opposite recovers');
SELECT is(pg_temp.outcome('DELETE FROM ar.write_off'), 'RA003', 'what was written off is a fact');

-- Each invariant broken in turn.
SAVEPOINT sound;
SET LOCAL session_replication_role TO replica;
UPDATE ar.write_off SET item_id = pg_temp.item('B1') WHERE adjustment_id = :w1;
UPDATE ar.adjustment SET amount = 'EUR 112.99' WHERE reverses_id = :w1;
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify_write_offs(NULL)', $$VALUES ('write_off_adjustment'), ('write_off_recovered')$$, 'what is wrong is reported');
ROLLBACK TO sound;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
