-- collect: activities and contact limits.
--
-- Protects: no more than 7 calls within 7 days and none within 7 days of a conversation, by the calendar and the clock where the customer is, whichever way a call
-- is recorded and in whatever order; the error says when the next call is allowed; what was recorded wrongly is taken back and counts no more.
BEGIN;
\ir helper.psql
SELECT plan(47);

SELECT ar.create_ledger('TEST', 'Test', 'USD', 'America/New_York') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customers(:ledger, '[{"code": "A", "name": "A", "customer_class": "consumer"}, {"code": "B", "name": "B", "customer_class": "consumer", "timezone": "America/Los_Angeles"},
    {"code": "C", "name": "C"}, {"code": "D", "name": "D", "customer_class": "consumer", "contacts": [{"channel": "phone", "address": "+18085550100", "timezone": "Pacific/Honolulu"}]}]') \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c, pg_temp.customer('D') AS d \gset
SELECT contact_id AS phone FROM ar.contact WHERE customer_id = :d \gset
-- A call, and what came of it: 'done', or SQLSTATE and the rest.
CREATE FUNCTION pg_temp.call(customer text, at text, outcome text DEFAULT 'no_answer', override text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.record_activity(pg_temp.ledger(), pg_temp.customer($1), 'call', $3, occurred_at => $2::timestamptz, override_reason => $4) $$;
CREATE FUNCTION pg_temp.called(customer text, at text, outcome text DEFAULT 'no_answer', what text DEFAULT 'sqlstate') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('SELECT pg_temp.call(%L, %L, %L)', $1, $2, $3), $4) $$;
CREATE FUNCTION pg_temp.next_call(customer text, at text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s %s %s', m.may::text, to_char(m.next_at AT TIME ZONE m.timezone, 'YYYY-MM-DD HH24:MI'), m.attempts)
    FROM ar.may_contact(pg_temp.ledger(), ARRAY[pg_temp.customer($1)], $2::timestamptz) AS m $$;

SELECT is(pg_temp.called('A', '2026-03-02 03:00-05'), 'done', 'without a rule there is no limit');
SELECT is(pg_temp.outcome(format('SELECT ar.set_contact_preset(%s, ''x'')', :ledger)), '22023', 'an unknown preset is refused');
SELECT is(ar.set_contact_preset(:ledger, 'us_regulation_f', 'consumer'), 2::bigint, 'a preset is rules');
SELECT is(ar.set_contact_preset(:ledger, 'us_regulation_f', 'consumer'), 2::bigint, 'and set again, the same');
SELECT is((SELECT count(*) FROM ar.contact_rule), 2::bigint, 'without doubling');

-- Hours: from 8 to 21, where he is.
SELECT is(pg_temp.called('A', '2026-03-02 07:59-05', what => 'all'), E'23514: the contact limits do not allow a call with customer "A" on 2026-03-02 07:59\nIt is 07:59 in America/New_York, and allowed from 08:00 to 21:00.\nThe next one is allowed from 2026-03-02 08:00 (America/New_York) on, or with an override_reason.', 'not before eight, and it is said when');
SELECT is(pg_temp.called('A', '2026-03-02 08:00-05'), 'done', 'at eight');
SELECT is(pg_temp.called('A', '2026-03-02 21:00-05'), 'done', 'until nine in the evening');
SELECT is(pg_temp.called('A', '2026-03-02 21:01-05'), '23514', 'and no later');
SELECT is(pg_temp.next_call('A', '2026-03-02 21:01-05'), 'false 2026-03-03 08:00 0', 'but on the next morning');
SELECT is(pg_temp.called('B', '2026-03-02 08:00-05'), '23514', 'by the time where the customer is');
SELECT is(pg_temp.next_call('B', '2026-03-02 08:00-05'), 'false 2026-03-02 08:00 0', 'which is three hours behind');
SELECT is(pg_temp.called('B', '2026-03-02 23:59-05'), 'done', 'and longer in the evening');
SELECT is(pg_temp.called('D', '2026-03-02 23:59-05'), '23514', 'of one without a zone by that of the ledger');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activity(%s, %s, ''call'', ''no_answer'', contact_id => %s, occurred_at => ''2026-03-03 01:59-05'')', :ledger, :d, :phone)), 'done', 'but the one called counts first');
SELECT is(pg_temp.called('C', '2026-03-02 03:00-05'), 'done', 'another class has no limits');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activity(%s, %s, ''message'', ''sent'', occurred_at => ''2026-03-02 22:00-05'')', :ledger, :a)), '23514', 'messages keep the hours, too');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activity(%s, %s, ''note'', note => ''hm'', occurred_at => ''2026-03-02 22:00-05'')', :ledger, :a)), 'done', 'notes need not');

-- Seven within seven days.
SELECT pg_temp.call('A', format('2026-03-%s 10:00-05', lpad(n::text, 2, '0'))) FROM generate_series(2, 8) AS n \g /dev/null
SELECT is(pg_temp.next_call('A', '2026-03-08 12:00-04'), 'false 2026-03-09 08:00 7', 'seven calls in seven days are enough');
SELECT is(pg_temp.called('A', '2026-03-08 12:00-04', what => 'all'), E'23514: the contact limits do not allow a call with customer "A" on 2026-03-08 12:00\nThere were 7 within 7 days, and no more than 7 are allowed.\nThe next one is allowed from 2026-03-09 08:00 (America/New_York) on, or with an override_reason.', 'the eighth is refused');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.collection_activity (ledger_id, customer_id, kind, occurred_at) VALUES (%s, %s, ''call'', ''2026-03-08 12:00-04'')', :ledger, :a), 'constraint'), '23514 collection_activity_limit_check', 'by the table, too');
SELECT is(pg_temp.called('A', '2026-03-09 07:59-04'), '23514', 'the day counts, not the hour of the first: but not before eight');
SELECT is(pg_temp.called('A', '2026-03-09 08:00-04'), 'done', 'the next day is free');
SELECT is(pg_temp.called('A', '2026-03-04 12:00-05'), '23514', 'one that is recorded late may be too many, too');
SELECT is(pg_temp.called('A', '2026-03-01 12:00-05'), 'done', 'unless it is not in any such week');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activities(%s, (SELECT jsonb_agg(jsonb_build_object(''customer_id'', %s, ''kind'', ''call'', ''occurred_at'', format(''2026-05-01 %%s:00-04'', n))) FROM generate_series(10, 17) AS n))', :ledger, :a)), '23514', 'eight at once are too many');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activities(%s, (SELECT jsonb_agg(jsonb_build_object(''customer_id'', %s, ''kind'', ''call'', ''occurred_at'', format(''2026-05-01 %%s:00-04'', n))) FROM generate_series(10, 16) AS n))', :ledger, :a)), 'done', 'seven are not');
SELECT is(pg_temp.outcome(format('SELECT pg_temp.call(''A'', format(''2026-05-01 %%s:00-04'', n)) FROM generate_series(17, 10, -1) AS n')), '23514', 'nor does it help to record them backwards');
SELECT is(pg_temp.outcome($$SELECT pg_temp.call('A', '2026-03-08 13:00-04', override => 'he asked to be called')$$), 'done', 'with a reason it is possible');
SELECT is(pg_temp.outcome($$UPDATE ar.contact_rule SET allow_override = false; SELECT pg_temp.call('A', '2026-03-08 13:00-04', override => 'he asked to be called')$$), '23514', 'where the rule allows that');

-- What is taken back counts no more.
SELECT activity_id AS fourth FROM ar.collection_activity WHERE customer_id = :a AND occurred_at = '2026-03-05 10:00-05' \gset
SELECT ar.reverse_activity(:ledger, :fourth, 'another customer') AS undo \gset
SELECT is(pg_temp.next_call('A', '2026-03-08 12:00-04'), 'true 2026-03-08 12:00 6', 'what is taken back was no call');
SELECT is(pg_temp.outcome(format('SELECT ar.reverse_activity(%s, %s, ''again'')', :ledger, :fourth)), '23505', 'once');
SELECT is(pg_temp.outcome(format('SELECT ar.reverse_activity(%s, %s, ''no'')', :ledger, :undo)), '23514', 'and that is not taken back');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.collection_activity (ledger_id, customer_id, kind, reverses_id) VALUES (%s, %s, ''call'', %s)', :ledger, :b, :fourth)), '23514', 'not by another customer''s');

-- A conversation: none within seven days, of which its day is the first.
SELECT pg_temp.call('B', '2026-03-10 10:00-07', 'reached') \g /dev/null
SELECT is(pg_temp.called('B', '2026-03-10 11:00-07'), '23514', 'not after a conversation');
SELECT is(pg_temp.called('B', '2026-03-10 09:00-07'), 'done', 'before it, that morning');
SELECT is(pg_temp.next_call('B', '2026-03-10 11:00-07'), 'false 2026-03-17 08:00 1', 'but seven days later');
SELECT is(pg_temp.called('B', '2026-03-16 20:59-07'), '23514', 'not on the seventh day');
SELECT is(pg_temp.called('B', '2026-03-17 08:00-07'), 'done', 'on the eighth');
SELECT is((SELECT string_agg(c.code || ' ' || m.may::text, ', ' ORDER BY c.code) FROM ar.may_contact(:ledger, ARRAY[:a, :b, :c, :d, NULL]::bigint[], '2026-03-12 12:00-04') AS m JOIN ar.customer AS c USING (customer_id)), 'A true, B false, C true, D true', 'asked for many');

-- Rows.
SELECT ar.record_activity(:ledger, :c, 'visit', 'promise', 'he will pay', '2026-03-03 12:00-05', 'call', '2026-03-10', external_id => 'v1') AS visit \gset
SELECT is((SELECT format('%s %s %s %s', outcome, note, next_step, next_step_on) FROM ar.collection_activity WHERE activity_id = :visit), 'promise he will pay call 2026-03-10', 'a visit');
SELECT is(ar.record_activity(:ledger, :c, 'visit', 'promise', 'he will pay', '2026-03-03 12:00-05', 'call', '2026-03-10', external_id => 'v1'), :visit::bigint, 'the same external id again is the same one');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activity(%s, %s, ''visit'', external_id => ''v1'')', :ledger, :c)), 'RA006', 'another payload is not');
SELECT is(pg_temp.outcome(format('SELECT ar.record_activity(%s, %s, ''call'', contact_id => %s)', :ledger, :c, :phone)), '23514', 'no contact of another');
SELECT is(pg_temp.outcome('UPDATE ar.collection_activity SET note = ''x'''), 'RA003', 'an activity is a fact');

SAVEPOINT sound;
SET LOCAL session_replication_role TO replica;
UPDATE ar.collection_case SET activities = 99, collector = NULL WHERE customer_id = :a;
UPDATE ar.collection_activity SET customer_id = :b WHERE activity_id = :fourth;
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify_cases(NULL)', $$VALUES ('case_activities'), ('case_customer'), ('activity_reversal')$$, 'what is wrong is reported');
ROLLBACK TO sound;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
