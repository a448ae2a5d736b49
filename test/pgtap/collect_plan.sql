-- collect: payment plans: equal or given instalments, interest and fee, completed, breached, cancelled.
--
-- Protects: the instalments make what is owed, the remainder on the last; a plan is breached on the day after day and grace of a missed
-- instalment and not before; items keep their due dates, and are on one plan at a time.
BEGIN;
\ir helper.psql
SELECT plan(49);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code) FROM unnest('{A,B,C,D}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c, pg_temp.customer('D') AS d \gset
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date DEFAULT '2026-01-10') RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, '2026-01-01', $4, $2::ar.monetary, 'open') $$;
CREATE FUNCTION pg_temp.pay(customer text, amount text, paid_on date, reference text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer($1), $2::ar.monetary, $3, reference => $4, apply => 'oldest') $$;
CREATE FUNCTION pg_temp.schedule(plan bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(i.due_on || ' ' || i.amount, ', ' ORDER BY i.instalment) FROM ar.payment_plan_instalment AS i WHERE i.plan_id = $1 $$;
CREATE FUNCTION pg_temp.judged(as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(c.code || ' ' || j.status, ', ' ORDER BY c.code), 'none')
    FROM ar.judge_plans(pg_temp.ledger(), $1) AS j JOIN ar.customer AS c USING (customer_id) $$;
CREATE FUNCTION pg_temp.planned(number text, as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT p.next_amount || ' on ' || p.next_due_on FROM ar.planned(pg_temp.ledger(), ARRAY[pg_temp.item($1)], $2) AS p), 'none') $$;

-- Equal instalments, the remainder on the last; month by month from the end of one.
SELECT pg_temp.bill('A', 'EUR 60', 'A1'), pg_temp.bill('A', 'EUR 40', 'A2', '2026-01-05'), pg_temp.bill('A', 'USD 70', 'A3') \g /dev/null
SELECT ar.create_payment_plan(:ledger, :a, 3, '2026-01-31', agreed_on => '2026-01-20', external_id => 'e1') AS pa \gset
SELECT is(pg_temp.schedule(:pa), '2026-01-31 EUR 33.33, 2026-02-28 EUR 33.33, 2026-03-31 EUR 33.34', 'three parts, the remainder on the last');
SELECT is(ar.create_payment_plan(:ledger, :a, 3, '2026-01-31', agreed_on => '2026-01-20', external_id => 'e1'), :pa::bigint, 'the same external id again returns the first plan');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-01-31'', external_id => ''e1'')', :ledger, :a)), 'RA006', 'another payload does not');
SELECT is((SELECT string_agg(due_on::text, ' ' ORDER BY due_on) FROM ar.item WHERE item_id IN (pg_temp.item('A1'), pg_temp.item('A2'))), '2026-01-05 2026-01-10', 'the items keep their due dates');
SELECT is(pg_temp.planned('A1', '2026-01-31'), 'EUR 33.33 on 2026-01-31', 'they are on a plan');
SELECT is(pg_temp.planned('A1', '2026-01-19'), 'none', 'from its first day');
SELECT is(pg_temp.planned('A3', '2026-01-31'), 'none', 'in its currency');
SELECT is(pg_temp.judged('2026-01-31'), 'none', 'an instalment is not missed on its day');
SELECT is(pg_temp.planned('A1', '2026-02-01'), 'none', 'on the day after it is, judged or not');
SELECT pg_temp.pay('A', 'EUR 40', '2026-01-31', 'P1') \g /dev/null
SELECT is(pg_temp.planned('A1', '2026-02-01'), 'EUR 26.66 on 2026-02-28', 'what is paid beyond goes to the next');
SELECT results_eq(format('SELECT paid::text, is_missed FROM ar.plan_progress(%s, ''2026-03-01'')', :ledger), $$VALUES ('EUR 33.33', false), ('EUR 6.67', true), ('EUR 0.00', false)$$, 'the progress is known');
SELECT is(pg_temp.judged('2026-02-28'), 'none', 'nor is the second missed on its day');
SELECT is((SELECT days_31_60 + days_1_30 FROM ar.aging(:ledger, '2026-02-28') WHERE customer_code = 'A' AND currency = 'EUR'), 60.00, 'the aging goes by the due dates of the items');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-05-31'', ARRAY[pg_temp.item(''A1'')], agreed_on => ''2026-02-01'')', :ledger, :a), 'constraint'), '23505 payment_plan_item_open_key', 'an item is on one plan at a time');
SELECT pg_temp.pay('A', 'EUR 60', '2026-02-27', 'P2') \g /dev/null
SELECT is(pg_temp.judged('2026-02-27'), 'A completed', 'a plan is completed when all is paid');
SELECT is(pg_temp.judged('2026-12-31'), 'none', 'once');
SELECT is((SELECT format('%s %s %s', status, ended_on, ended_by = session_user) FROM ar.payment_plan WHERE plan_id = :pa), 'completed 2026-02-27 t', 'as is recorded');

-- Interest on what is left, and a fee: 1200 in three parts of 400, at 12 percent: 31 days on 1200, 28 on 800, 31 on 400 from 1 January.
SELECT pg_temp.bill('B', 'EUR 1200', 'B1') \g /dev/null
SELECT ar.create_payment_plan(:ledger, :b, 3, '2026-02-01', interest_rate => 12, fee => 'EUR 10', agreed_on => '2026-01-01', grace_days => 5) AS pb \gset
SELECT is((SELECT string_agg(i.kind || ' ' || i.amount, ', ' ORDER BY i.kind) FROM ar.payment_plan_item AS n JOIN ar.item AS i USING (ledger_id, item_id) WHERE n.plan_id = :pb), 'fee EUR 10.00, interest EUR 23.67, invoice EUR 1200.00', 'interest and fee are items of the plan');
SELECT is(pg_temp.schedule(:pb), '2026-02-01 EUR 411.22, 2026-03-01 EUR 411.22, 2026-04-01 EUR 411.23', 'and of its instalments');
SELECT pg_temp.pay('B', 'EUR 411.22', '2026-02-06', 'P3') \g /dev/null
SELECT is(pg_temp.judged('2026-02-07'), 'none', 'within the grace is in time');
SELECT is(pg_temp.judged('2026-03-06'), 'none', 'and the last day of it is not missed');
SELECT is(pg_temp.judged('2026-03-07'), 'B breached', 'the day after is');
SELECT results_eq($$SELECT kind, occurred_on, amount::text FROM ar.credit_event$$, $$VALUES ('broken_promise', date '2026-03-07', 'EUR 1233.67')$$, 'which is a credit event');
SELECT is(pg_temp.planned('B1', '2026-03-07'), 'none', 'and the items are free');
SELECT is((SELECT count(*) FROM ar.create_payment_plans(:ledger, jsonb_build_array(jsonb_build_object('customer_id', :b, 'instalments', 2, 'first_due_on', '2026-04-10', 'agreed_on', '2026-03-10', 'every', '2 weeks')))), 1::bigint, 'for another plan, by the many');
SELECT is((SELECT pg_temp.schedule(plan_id) FROM ar.payment_plan WHERE customer_id = :b AND status = 'open'), '2026-04-10 EUR 411.22, 2026-04-24 EUR 411.23', 'of what is open then');

-- Given instalments; cancelled; a payment that bounced; settled otherwise.
SELECT pg_temp.bill('C', 'EUR 100', 'C1') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, schedule => ''[{"due_on": "2026-02-01", "amount": 99}]'', agreed_on => ''2026-01-20'')', :ledger, :c)), '23514', 'given instalments make what is owed');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, schedule => ''[{"due_on": "2026-03-01", "amount": 50}, {"due_on": "2026-02-01", "amount": 50}]'', agreed_on => ''2026-01-20'')', :ledger, :c)), '23514', 'in the order of their days');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-01-19'', agreed_on => ''2026-01-20'')', :ledger, :c)), '23514', 'none before the plan');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s)', :ledger, :c)), '22023', 'one way or the other');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-02-01'', ARRAY[pg_temp.item(''B1'')])', :ledger, :c)), 'RA002', 'for no item of another');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-02-01'', ARRAY[pg_temp.item(''C1'')], fee => ''USD 1'', agreed_on => ''2026-01-20'')', :ledger, :c)), 'RA009', 'nor a fee in another currency');
SELECT ar.create_payment_plan(:ledger, :c, schedule => '[{"due_on": "2026-02-01", "amount": 20}, {"due_on": "2026-03-01", "amount": 80}]', agreed_on => '2026-01-20') AS pc \gset
SELECT pg_temp.pay('C', 'EUR 20', '2026-02-01', 'P4') \g /dev/null
SELECT is(pg_temp.planned('C1', '2026-02-02'), 'EUR 80.00 on 2026-03-01', 'the first is paid');
SELECT ar.unapply(:ledger, pg_temp.application('P4', 'C1'), '2026-02-05') \g /dev/null
SELECT is(pg_temp.planned('C1', '2026-02-05'), 'none', 'until the payment bounces');
SELECT ar.cancel_plan(:ledger, :pc, 'he wants another', '2026-02-05') \g /dev/null
SELECT is(pg_temp.judged('2026-02-06'), 'none', 'what is cancelled is not breached');
SELECT is(pg_temp.outcome(format('SELECT ar.cancel_plan(%s, %s, ''x'')', :ledger, :pc)), 'RA003', 'and has ended');
SELECT pg_temp.bill('D', 'EUR 100', 'D1') \g /dev/null
SELECT ar.create_payment_plan(:ledger, :d, 2, '2026-02-01', agreed_on => '2026-01-20') AS pd \gset
SELECT ar.write_off(:ledger, pg_temp.invoice('D1'), reason_code => 'insolvency', written_off_on => '2026-01-25') \g /dev/null
SELECT is(pg_temp.judged('2026-01-25'), 'D completed', 'nothing is open of it');

-- What makes no sense is not left out in silence; and no plan may be too far away to be judged with the others.
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-05-31'', interest_rate => -5, agreed_on => ''2026-05-01'')', :ledger, :a)), '22023', 'no interest below zero');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-05-31'', fee => ''EUR 0'', agreed_on => ''2026-05-01'')', :ledger, :a)), '22023', 'no fee of nothing');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 2, ''2026-05-31'', every => ''0 days'', agreed_on => ''2026-05-01'')', :ledger, :a)), '22023', 'no two instalments on a day');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 1, ''10000-01-01'', currency => ''USD'', agreed_on => ''2026-05-01'')', :ledger, :a), 'constraint'), '23514 payment_plan_instalment_instalment_check', 'none after the year 9999');
SELECT is(pg_temp.outcome(format('SELECT ar.create_payment_plan(%s, %s, 1, ''2026-05-31'', currency => ''USD'', agreed_on => ''2026-05-01'', grace_days => 3661)', :ledger, :a), 'constraint'), '23514 payment_plan_days_check', 'nor with more than ten years of grace');

-- By the tables.
SELECT is(pg_temp.outcome('DELETE FROM ar.payment_plan'), 'RA003', 'a plan is not deleted');
SELECT is(pg_temp.outcome('UPDATE ar.payment_plan_instalment SET amount = ''EUR 1'''), 'RA003', 'an instalment is a fact');
SELECT is(pg_temp.outcome('UPDATE ar.payment_plan_item SET is_open = false'), 'RA003', 'an item follows its plan');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment_plan_instalment (ledger_id, plan_id, instalment, due_on, amount) SELECT %s, plan_id, 9, ''2027-01-01'', ''EUR 0.01'' FROM ar.payment_plan WHERE status = ''open''', :ledger)), '23514', 'no more than the plan');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment_plan (ledger_id, customer_id, amount, agreed_on) VALUES (%s, %s, ''EUR 1'', ''2026-01-01''); SET CONSTRAINTS ALL IMMEDIATE', :ledger, :d)), '23514', 'nor less');

-- Each invariant broken in turn.
SAVEPOINT sound;
SET LOCAL session_replication_role TO replica;
DELETE FROM ar.payment_plan_instalment WHERE plan_id = :pa AND instalment = 3;
UPDATE ar.payment_plan_item SET is_open = true WHERE plan_id = :pd;
UPDATE ar.payment_plan_item SET item_id = pg_temp.item('P1') WHERE plan_id = :pc;
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify_plans(NULL)', $$VALUES ('plan_items'), ('plan_open'), ('plan_instalments')$$, 'what is wrong is reported');
ROLLBACK TO sound;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
