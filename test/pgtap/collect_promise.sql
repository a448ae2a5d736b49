-- collect: promises to pay, one at a time for an item, judged by what was applied in time.
--
-- Protects: the due day and the grace are not broken, the day after them is; what was there before, came late, was written off
-- or taken back does not count; a judgement comes once, with its credit event, and frees the items.
BEGIN;
\ir helper.psql
SELECT plan(55);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code, details => '{"customer_class": "big"}') FROM unnest('{A,B,C}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c \gset
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 100}]', '2026-01-01', number => 'I' || n, due_on => date '2026-01-10' + n) FROM generate_series(1, 9) AS n \g /dev/null
SELECT ar.create_invoice(:ledger, :b, '[{"unit_price": 100}]', '2026-01-01', number => 'B1') AS b1 \gset
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 100}]', '2026-01-01', number => 'USD', currency => 'USD') AS usd \gset

CREATE FUNCTION pg_temp.promise(number text, amount text, due_on date, made_on date DEFAULT '2026-02-01') RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.promise_to_pay(pg_temp.ledger(), pg_temp.customer('A'), $2::ar.monetary, $3, ARRAY[pg_temp.item($1)], $4, 'by telephone') $$;
CREATE FUNCTION pg_temp.pay(number text, amount text, paid_on date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE reference text := 'P' || nextval('ar.document_id');
BEGIN
    PERFORM ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), amount::ar.monetary, paid_on, reference => reference, apply => 'none');
    RETURN ar.apply(pg_temp.ledger(), pg_temp.item(reference), pg_temp.item(number), applied_on => paid_on);
END $$;
CREATE FUNCTION pg_temp.judged(as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s of %s', j.status, j.paid, j.amount), '; ' ORDER BY j.promise_id), 'none') FROM ar.judge_promises(pg_temp.ledger(), $1) AS j $$;
CREATE FUNCTION pg_temp.promised(number text, as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT p.amount || ' for ' || p.due_on FROM ar.promised(pg_temp.ledger(), ARRAY[pg_temp.item($1)], $2) AS p), 'nothing') $$;

-- Kept, to the day and within the grace.
SELECT pg_temp.promise('I1', 'EUR 60', '2026-02-10') AS p1 \gset
SELECT is(pg_temp.promised('I1', '2026-02-10'), 'EUR 60.00 for 2026-02-10', 'an item is promised until its day');
SELECT is(pg_temp.promised('I1', '2026-02-11'), 'nothing', 'and no day longer, judged or not');
SELECT is(pg_temp.promised('I1', '2026-01-31'), 'nothing', 'nor before the promise');
SELECT pg_temp.pay('I1', 'EUR 20', '2026-02-03') \g /dev/null
SELECT is(pg_temp.promised('I1', '2026-02-05'), 'EUR 40.00 for 2026-02-10', 'what is paid is not promised any more');
SELECT is(pg_temp.judged('2026-02-10'), 'none', 'the due day itself is not broken');
SELECT pg_temp.pay('I1', 'EUR 40', '2026-02-10') \g /dev/null
SELECT is(pg_temp.judged('2026-02-09'), 'none', 'a payment of tomorrow does not count today');
SELECT is(pg_temp.judged('2026-02-10'), 'kept EUR 60.00 of EUR 60.00', 'a promise is kept as soon as it is paid');
SELECT is(pg_temp.judged('2026-02-10'), 'none', 'once');
SELECT is((SELECT format('%s %s %s %s', status, judged_on, judged_by = session_user, paid) FROM ar.promise WHERE promise_id = :p1), 'kept 2026-02-10 t EUR 60.00', 'who judged is recorded');

-- Broken: the day after; by nothing, by what was there before, or came late, or was written off, or taken back.
SELECT pg_temp.pay('I2', 'EUR 30', '2026-02-01') \g /dev/null
SELECT pg_temp.promise('I2', 'EUR 30', '2026-02-10') AS p2, pg_temp.promise('I3', 'EUR 100', '2026-02-10') AS p3, pg_temp.promise('I4', 'EUR 50', '2026-02-10') AS p4 \gset
SELECT pg_temp.pay('I3', 'EUR 100', '2026-02-11') \g /dev/null
SELECT pg_temp.pay('I4', 'EUR 50', '2026-02-05') AS bounced \gset
SELECT ar.unapply(:ledger, :bounced, '2026-02-11') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, number) VALUES (:ledger, :a, 'write_off', 'EUR -70', '2026-02-06', 'W2');
SELECT ar.apply(:ledger, pg_temp.item('W2'), pg_temp.item('I2'), applied_on => '2026-02-06') \g /dev/null
SELECT is((SELECT count(*) FROM ar.credit_event WHERE kind = 'broken_promise'), 0::bigint, 'nothing is broken yet');
SELECT is(pg_temp.judged('2026-02-11'), 'broken EUR 0.00 of EUR 30.00; broken EUR 0.00 of EUR 100.00; broken EUR 0.00 of EUR 50.00', 'the day after, what was not paid in time is broken');
SELECT is(pg_temp.judged('2026-02-12'), 'none', 'once');
SELECT results_eq('SELECT occurred_on, amount::text, reference, reason FROM ar.credit_event WHERE kind = ''broken_promise'' ORDER BY reference',
    format('VALUES (date ''2026-02-11'', ''EUR 30.00'', ''%s'', ''by telephone''), (''2026-02-11'', ''EUR 100.00'', ''%s'', ''by telephone''), (''2026-02-11'', ''EUR 50.00'', ''%s'', ''by telephone'')', :p2, :p3, :p4),
    'and each records a credit event');
SELECT is((SELECT count(*) FROM ar.credit_review WHERE cause = 'broken_promise'), 1::bigint, 'which opens a review');

-- Grace and tolerance come with the policy of the day on which it was made.
INSERT INTO ar.collect_policy (ledger_id, promise_grace_days, promise_tolerance_percent) VALUES (:ledger, 3, 10);
INSERT INTO ar.collect_policy (ledger_id, customer_class, promise_grace_days) VALUES (:ledger, 'big', 2);
SELECT is((SELECT format('%s days, %s percent', promise_grace_days, promise_tolerance_percent) FROM ar.collect_policies(:ledger, ARRAY[:a]::bigint[])), '2 days, 10 percent', 'each column of a policy is inherited by itself');
SELECT is((SELECT changed_by FROM ar.collect_policy WHERE customer_class = 'big'), session_user::text, 'who wrote a policy is recorded');
SELECT pg_temp.promise('I5', 'EUR 100', '2026-03-10', '2026-03-01') AS p5, pg_temp.promise('I6', 'EUR 100', '2026-03-10', '2026-03-01') AS p6, pg_temp.promise('I7', 'EUR 100', '2026-03-10', '2026-03-01') AS p7 \gset
UPDATE ar.collect_policy SET promise_grace_days = 0, promise_tolerance_percent = 0;
SELECT pg_temp.pay('I5', 'EUR 90', '2026-03-12'), pg_temp.pay('I6', 'EUR 89.99', '2026-03-12') \g /dev/null
SELECT is(pg_temp.promised('I6', '2026-03-12'), 'EUR 10.01 for 2026-03-10', 'the grace is promised, too');
SELECT is(pg_temp.judged('2026-03-12'), 'kept EUR 90.00 of EUR 100.00', 'ten percent may be missing, two days later');
SELECT is(pg_temp.judged('2026-03-13'), 'partly_kept EUR 89.99 of EUR 100.00; broken EUR 0.00 of EUR 100.00', 'a cent less is kept in part');
SELECT is((SELECT count(*) FROM ar.credit_event WHERE kind = 'broken_promise'), 4::bigint, 'which is no event');

-- More was promised than was owed in the end: settled is kept.
SELECT pg_temp.promise('I8', 'EUR 100', '2026-03-20', '2026-03-14') AS p8 \gset
SELECT ar.create_credit_memo(:ledger, pg_temp.invoice('I8'), 40, invoiced_on => '2026-03-15'), pg_temp.pay('I8', 'EUR 60', '2026-03-16') \g /dev/null
SELECT is(pg_temp.judged('2026-03-16'), 'kept EUR 100.00 of EUR 100.00', 'what is credited counts, as what is paid does');

-- One at a time; over several items; without naming any.
SELECT ar.promise_to_pay(:ledger, :b, 'EUR 100', '2026-04-10', made_on => '2026-04-01', external_id => 'e1') AS pb \gset
SELECT is((SELECT count(*) FROM ar.promise_item WHERE promise_id = :pb AND item_id = pg_temp.item('B1') AND is_open), 1::bigint, 'without ids, what he owes is promised');
SELECT is(ar.promise_to_pay(:ledger, :b, 'EUR 100', '2026-04-10', made_on => '2026-04-01', external_id => 'e1'), :pb::bigint, 'the same external id again returns the first promise');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 99'', ''2026-04-10'', external_id => ''e1'')', :ledger, :b)), 'RA006', 'another payload does not');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''2901-04-10'')', :ledger, :b)), 'RA002', 'all he owes is promised');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''2901-04-10'', ARRAY[%s]::bigint[])', :ledger, :b, pg_temp.item('B1')), 'constraint'), '23505 promise_item_open_key', 'and no item has two promises');
SELECT ar.cancel_promise(:ledger, :pb, 'a new date was agreed', '2026-04-05') \g /dev/null
SELECT is((SELECT format('%s %s %s', status, reason, paid IS NULL) FROM ar.promise WHERE promise_id = :pb), 'cancelled a new date was agreed t', 'a promise is cancelled');
SELECT is(pg_temp.judged('2026-05-01'), 'none', 'and then not broken');
SELECT ar.promise_to_pay(:ledger, :a, 'EUR 45', '2026-05-10', made_on => '2026-05-01') AS pm \gset
SELECT results_eq(format('SELECT item_id, amount::text FROM ar.promised(%s, NULL, ''2026-05-02'') ORDER BY item_id', :ledger),
    $$VALUES (pg_temp.item('I1'), 'EUR 40.00'), (pg_temp.item('I4'), 'EUR 5.00')$$, 'a promise is spread over what is open, the earliest due date first');
SELECT is((SELECT count(*) FROM ar.promised(:ledger, ARRAY[pg_temp.item('I4'), pg_temp.item('I5')], '2026-05-02')), 1::bigint, 'and asked for some items');

-- What is refused.
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 0'', ''2901-04-10'')', :ledger, :b)), 'RA002', 'nothing is no promise');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR -1'', ''2901-04-10'', ARRAY[%s]::bigint[])', :ledger, :b, pg_temp.item('B1'))), '23514', 'nor less');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''2026-04-10'', made_on => ''2026-04-11'')', :ledger, :b)), '23514', 'nor a day before it was made');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''2901-04-10'', ARRAY[%s]::bigint[])', :ledger, :b, pg_temp.item('I9'))), '23514', 'nor another''s item');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''2901-04-10'', ARRAY[%s]::bigint[])', :ledger, :a, pg_temp.item('USD'))), 'RA009', 'nor in another currency');
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''2901-04-10'', ARRAY[1]::bigint[])', :ledger, :a)), '23503', 'nor an unknown item');
SELECT is(pg_temp.outcome(format('SELECT ar.promises_to_pay(%s, ''[{"customer_id": %s, "amount": "EUR 1"}]'')', :ledger, :a)), '22023', 'nor without a day');
SELECT is(pg_temp.outcome(format('SELECT ar.cancel_promise(%s, %s, ''x'')', :ledger, :p1)), 'RA003', 'what is judged is a fact');
SELECT is(pg_temp.outcome(format('SELECT ar.cancel_promise(%s, 1, ''x'')', :ledger)), '23503', 'an unknown promise is told');
SELECT is(pg_temp.outcome(format('SELECT ar.cancel_promise(%s, %s, '' '')', :ledger, :pm)), '23514', 'cancelling has a reason');
-- One promise too far away for the calendar would keep all others from being judged.
SELECT is(pg_temp.outcome(format('SELECT ar.promise_to_pay(%s, %s, ''EUR 1'', ''5874897-12-31'', ARRAY[%s]::bigint[])', :ledger, :b, pg_temp.item('B1')), 'constraint'), '23514 promise_days_check', 'a day that cannot be added to is no day');
SELECT is(pg_temp.outcome(format('SELECT ar.promises_to_pay(%s, ''[{"customer_id": %s, "amount": "EUR 1", "due_on": "2026-12-01", "made_on": "2026-02-01", "grace_days": 3661}]'')', :ledger, :b), 'constraint'), '23514 promise_days_check', 'nor so many of grace');
SELECT is(pg_temp.outcome(format('SELECT ar.cancel_promise(%s, %s, ''x'', ''2026-04-30'')', :ledger, :pm), 'constraint'), '23514 promise_days_check', 'no promise is cancelled before it was made');
SELECT is(pg_temp.outcome(format('SELECT ar.cancel_promise(%s, %s, ''x'', ''infinity'')', :ledger, :pm), 'constraint'), '23514 promise_days_check', 'nor never');
SELECT is(pg_temp.outcome('DELETE FROM ar.promise'), 'RA003', 'a promise is not deleted');
SELECT is(pg_temp.outcome('DELETE FROM ar.promise_item'), 'RA003', 'nor what it is for');
SELECT is(pg_temp.outcome(format('UPDATE ar.promise_item SET is_open = false WHERE promise_id = %s', :pm)), 'RA003', 'which is open as long as it is');
SELECT is(pg_temp.outcome(format('UPDATE ar.promise SET amount = ''EUR 1'' WHERE promise_id = %s', :pm)), 'RA003', 'nor is it changed');
SELECT is(pg_temp.outcome(format('UPDATE ar.promise SET status = ''broken'', paid = ''EUR 0'', judged_on = ''2026-05-10'' WHERE promise_id = %s', :pm)), '23514', 'nor broken on its day');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.promise (ledger_id, customer_id, amount, due_on, made_on, status, reason, judged_on) VALUES (%s, %s, ''EUR 1'', ''2026-04-10'', ''2026-04-01'', ''cancelled'', ''x'', ''2026-04-01'')', :ledger, :a)), 'RA004', 'nor judged from the start');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.promise_item (ledger_id, promise_id, item_id) VALUES (%s, %s, %s)', :ledger, :p1, pg_temp.item('I9'))), 'RA003', 'what is judged takes no more items');

SELECT results_eq(format('SELECT customer_code, promises, kept, partly_kept, broken, cancelled, open, promised, paid, kept_percent FROM ar.promise_rates(%s, ''2026-01-01'', ''2026-12-31'')', :ledger),
    $$VALUES ('A', 9::bigint, 3::bigint, 1::bigint, 4::bigint, 0::bigint, 1::bigint, 685.00, 339.99, 37.5), ('B', 1, 0, 0, 0, 1, 0, 100.00, 0, NULL)$$, 'how promises are kept is reported');
SELECT is((SELECT format('%s %s %s', numbers, status, last_day) FROM ar.report_promise WHERE promise_id = :p5), 'I5 kept 2026-03-12', 'the view has a row a promise');

-- Each invariant broken in turn.
SELECT ar.promise_to_pay(:ledger, :b, 'EUR 1', '2026-06-10', made_on => '2026-06-01') AS pv \gset
SET LOCAL session_replication_role TO replica;
UPDATE ar.promise_item SET is_open = false WHERE promise_id = :pm;
DELETE FROM ar.credit_event WHERE external_id = 'promise ' || :p2;
UPDATE ar.promise SET customer_id = :c WHERE promise_id = :pv;
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify() WHERE table_name = ''promise''', $$VALUES ('promise_open'), ('promise_event'), ('promise_items')$$, 'what is wrong is reported');
SET LOCAL session_replication_role TO replica;
UPDATE ar.promise_item SET is_open = true WHERE promise_id = :pm;
UPDATE ar.promise SET customer_id = :b WHERE promise_id = :pv;
INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on, external_id) VALUES (:ledger, :a, 'broken_promise', '2026-02-11', 'promise ' || :p2);
SET LOCAL session_replication_role TO origin;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
