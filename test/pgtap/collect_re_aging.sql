-- collect: payment plans by whose instalments the aging goes.
--
-- Protects: while a re-aged plan is open, what is open of its items falls into its last instalments, to the cent; before and afterwards it goes by the
-- due dates of the items; as of a past day and as known at a moment that is as it was, and snapshots stay true.
BEGIN;
\ir helper.psql
SELECT plan(29);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code) FROM unnest('{A,B,C}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c \gset
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date DEFAULT '2026-01-10') RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, '2025-11-01', $4, $2::ar.monetary, 'open') $$;
CREATE FUNCTION pg_temp.pay(customer text, amount text, paid_on date, reference text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer($1), $2::ar.monetary, $3, reference => $4, apply => 'oldest') $$;
-- The buckets of a customer: not due, to 30, to 60, to 90, more.
CREATE FUNCTION pg_temp.aged(customer text, as_of date, known_at timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s/%s/%s/%s/%s', not_due, days_1_30, days_31_60, days_61_90, days_91_plus)
    FROM ar.aging(pg_temp.ledger(), $2, $3) WHERE customer_code = $1 $$;
CREATE FUNCTION pg_temp.parts(customer text, as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s %s', number, due_on, open), ', ' ORDER BY due_on, number)
    FROM ar.aging_detail(pg_temp.ledger(), $2, for_customer_id => pg_temp.customer($1)) WHERE open > 0 $$;

SELECT pg_temp.bill('A', 'EUR 60', 'A1'), pg_temp.bill('A', 'EUR 40', 'A2', '2025-12-01'), pg_temp.bill('A', 'EUR 7', 'A3', '2026-05-01') \g /dev/null
SELECT ar.create_payment_plan(:ledger, :a, item_ids => ARRAY[pg_temp.item('A1'), pg_temp.item('A2')], agreed_on => '2026-02-01',
    schedule => '[{"due_on": "2026-02-28", "amount": 33.33}, {"due_on": "2026-03-31", "amount": 33.33}, {"due_on": "2026-04-30", "amount": 33.34}]') AS plan \gset
SELECT is(pg_temp.aged('A', '2026-02-10'), '7.00/0.00/60.00/40.00/0.00', 'items on a plan keep their due dates');
SELECT pg_sleep(0.01) \g /dev/null
SELECT clock_timestamp() AS before \gset
SELECT pg_sleep(0.01) \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.re_age_plan(%s, %s, ''agreed'', ''2026-01-31'')', :ledger, :plan)), '23514', 'it cannot be re-aged before it was agreed on');
SELECT is(pg_temp.outcome(format('SELECT ar.re_age_plan(%s, %s, '' '', ''2026-02-05'')', :ledger, :plan)), '23514', 'nor without a word why');
SELECT ar.re_age_plan(:ledger, :plan, 'agreed with the bank', '2026-02-05') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.re_age_plan(%s, %s, ''again'', ''2026-02-06'')', :ledger, :plan)), '23505', 'nor twice');
SELECT is(pg_temp.aged('A', '2026-02-04'), '7.00/60.00/0.00/40.00/0.00', 'the day before it goes by the items');
SELECT is(pg_temp.aged('A', '2026-02-05'), '107.00/0.00/0.00/0.00/0.00', 'from that day on by the instalments');
SELECT is(pg_temp.aged('A', '2026-02-05', :'before'), '7.00/60.00/0.00/40.00/0.00', 'as it was known before, by the items');
SELECT is(pg_temp.parts('A', '2026-02-10'), 'A2 2026-02-28 33.33, A1 2026-03-31 26.66, A2 2026-03-31 6.67, A1 2026-04-30 33.34, A3 2026-05-01 7.00', 'each falls into instalments, the earliest due first');
SELECT is((SELECT sum(open) FROM ar.aging_detail(:ledger, '2026-02-10')), 107.00, 'which loses no cent');
SELECT pg_temp.pay('A', 'EUR 40', '2026-02-20', 'P1') \g /dev/null
SELECT is(pg_temp.parts('A', '2026-02-21'), 'A1 2026-03-31 26.66, A1 2026-04-30 33.34, A3 2026-05-01 7.00', 'what is paid went to the first ones');
SELECT is(pg_temp.parts('A', '2026-02-19'), 'A2 2026-02-28 33.33, A1 2026-03-31 26.66, A2 2026-03-31 6.67, A1 2026-04-30 33.34, A3 2026-05-01 7.00', 'and before the payment it was as it was');
SELECT is(pg_temp.aged('A', '2026-04-01'), '40.34/26.66/0.00/0.00/0.00', 'what is missed is overdue from its instalment');
SELECT ar.take_aging_snapshot(:ledger, '2026-03-31') \g /dev/null
SELECT is((SELECT string_agg(bucket || ' ' || open, ', ') FROM ar.aging_snapshot_line WHERE as_of = '2026-03-31'), 'current EUR 67.00', 'a snapshot goes by the instalments, too');

-- A breach brings the due dates back, from its day on.
SELECT is((SELECT status FROM ar.judge_plans(:ledger, '2026-04-01')), 'breached', 'it is breached');
SELECT is(pg_temp.aged('A', '2026-04-01'), '7.00/0.00/0.00/60.00/0.00', 'and goes by the items again');
SELECT is(pg_temp.aged('A', '2026-03-31'), '67.00/0.00/0.00/0.00/0.00', 'from that day on: before it was kept');
SELECT is_empty('SELECT * FROM ar.verify_snapshots(NULL)', 'what was kept is still true');
SELECT is(pg_temp.outcome(format('SELECT ar.re_age_plan(%s, %s, ''late'', ''2026-04-01'')', :ledger, :plan)), 'RA004', 'what has ended is not re-aged');

-- With the plan; fee and interest; what is written off; more open than the plan is about; cancelled for a day that has passed.
SELECT pg_temp.bill('B', 'EUR 100', 'B1'), pg_temp.pay('B', 'EUR 40', '2026-01-15', 'PB') \g /dev/null
SELECT p.plan_id AS pb FROM ar.create_payment_plans(:ledger, jsonb_build_array(jsonb_build_object('customer_id', :b, 'instalments', 2, 'first_due_on', '2026-03-01', 'fee', 'EUR 10', 'agreed_on', '2026-02-01', 're_aged', true))) AS p \gset
SELECT is(pg_temp.parts('B', '2026-02-02'), 'B1 2026-03-01 35.00, B1 2026-04-01 25.00, ' || (SELECT coalesce(number, '') FROM ar.adjustment WHERE customer_id = :b) || ' 2026-04-01 10.00', 'a plan may be made so, with its fee');
SELECT ar.write_off(:ledger, pg_temp.invoice('B1'), 'EUR 20', written_off_on => '2026-02-10') \g /dev/null
SELECT is(pg_temp.aged('B', '2026-03-02'), '35.00/15.00/0.00/0.00/0.00', 'what is written off leaves the last ones');
SELECT ar.unapply(:ledger, pg_temp.application('PB', 'B1'), '2026-02-12') \g /dev/null
SELECT is(pg_temp.aged('B', '2026-02-15'), '70.00/0.00/20.00/0.00/0.00', 'what is open beyond the plan keeps its due date');
SELECT clock_timestamp() AS before \gset
SELECT ar.cancel_plan(:ledger, :pb, 'he wants another', '2026-02-14') \g /dev/null
SELECT is(pg_temp.aged('B', '2026-02-13'), '70.00/0.00/20.00/0.00/0.00', 'cancelled for the 14th, it counts until the 13th');
SELECT is(pg_temp.aged('B', '2026-02-15'), '0.00/10.00/80.00/0.00/0.00', 'and no more on the 15th');
SELECT is(pg_temp.aged('B', '2026-02-15', :'before'), '70.00/0.00/20.00/0.00/0.00', 'as it was known before, it does');
SELECT is((SELECT string_agg(format('%s %s', number, days_past_due), ' ') FROM ar.aging_detail(:ledger, '2026-02-15', for_customer_id => :b) WHERE number = 'B1'), 'B1 36', 'by each item');
SELECT is(pg_temp.outcome('DELETE FROM ar.plan_re_aging'), 'RA003', 'a decision is a fact');
SELECT is((SELECT balance FROM ar.aging_disputed(:ledger, '2026-02-10') WHERE customer_code = 'A'), 107.00, 'disputes are reported beside it');

SAVEPOINT sound;
SET LOCAL session_replication_role TO replica;
UPDATE ar.plan_re_aging SET re_aged_on = '2026-01-01' WHERE plan_id = :pb;
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify_plans(NULL)', $$VALUES ('plan_re_aging')$$, 'what is wrong is reported');
ROLLBACK TO sound;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
