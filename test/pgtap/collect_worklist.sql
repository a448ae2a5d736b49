-- collect: cases, who works on them, predictions, and the worklist.
--
-- Protects: a case from the first overdue day to the last; rules decide in order, teams share evenly, what somebody decided is left alone; a prediction knows nothing
-- that came after the posting; the score is the sum of its parts, by the formula that is documented, and the order never depends on chance.
BEGIN;
\ir helper.psql
SELECT plan(49);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customers(:ledger, '[{"code": "Abel", "name": "Abel", "country": "DE"}, {"code": "Berta", "name": "Berta", "country": "FR"}, {"code": "Caesar", "name": "Caesar", "customer_class": "public"},
    {"code": "Dora", "name": "Dora"}, {"code": "Emil", "name": "Emil"}, {"code": "Zeta", "name": "Zeta"}]') \g /dev/null
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date DEFAULT '2026-01-10', invoiced_on date DEFAULT '2026-01-01') RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, $5, $4, $2::ar.monetary, 'open') $$;
CREATE FUNCTION pg_temp.pay(customer text, amount text, paid_on date, reference text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer($1), $2::ar.monetary, $3, reference => $4, apply => 'oldest') $$;
CREATE FUNCTION pg_temp.refreshed(as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', c.code, r.outcome, r.collector), ', ' ORDER BY c.code, r.outcome), 'none')
    FROM ar.refresh_cases(pg_temp.ledger(), $1) AS r JOIN ar.customer AS c USING (customer_id) $$;
CREATE FUNCTION pg_temp.cases() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', c.code, k.collector), ', ' ORDER BY c.code) FROM ar.collection_case AS k JOIN ar.customer AS c USING (ledger_id, customer_id) WHERE k.closed_on IS NULL $$;
CREATE FUNCTION pg_temp.listed(as_of date, collector text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s %s', w.customer_code, w.score, w.next_step), ', ' ORDER BY w.place), 'none') FROM ar.worklist(pg_temp.ledger(), $1, $2) AS w $$;
CREATE FUNCTION pg_temp.step(customer text, as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s on %s: %s', w.next_step, w.next_step_on, w.reason) FROM ar.worklist(pg_temp.ledger(), $2) AS w WHERE w.customer_code = $1 $$;
CREATE FUNCTION pg_temp.points(customer text, as_of date) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s/%s/%s/%s/%s/%s/%s/%s', overdue_points, days_points, risk_points, broken_promise_points, bounced_points, disputed_points, contacted_points, predicted_points)
    FROM ar.worklist(pg_temp.ledger(), $2) AS w WHERE w.customer_code = $1 $$;

-- Cases.
SELECT pg_temp.bill('Abel', 'EUR 999', 'A1'), pg_temp.bill('Berta', 'EUR 99', 'B1', '2026-01-20') \g /dev/null
SELECT is(pg_temp.refreshed('2026-01-10'), 'none', 'nothing is overdue on its day');
SELECT is(pg_temp.refreshed('2026-01-11'), 'Abel opened', 'on the day after it is');
SELECT is(pg_temp.refreshed('2026-01-11'), 'none', 'once');
SELECT is(pg_temp.refreshed('2026-01-21'), 'Berta opened', 'another later');
SELECT pg_temp.pay('Berta', 'EUR 99', '2026-01-25', 'PB') \g /dev/null
SELECT is(pg_temp.refreshed('2026-01-25'), 'Berta closed', 'it is closed when nothing is overdue');
SELECT is((SELECT format('%s %s %s', opened_on, closed_on, closed_by = session_user) FROM ar.collection_case WHERE customer_id = pg_temp.customer('Berta')), '2026-01-21 2026-01-25 t', 'as is recorded');
SELECT ar.unapply(:ledger, pg_temp.application('PB', 'B1'), '2026-02-01') \g /dev/null
SELECT is(pg_temp.refreshed('2026-02-01'), 'Berta opened', 'and another one opened if it is again');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.collection_case (ledger_id, customer_id, opened_on) VALUES (%s, pg_temp.customer(''Berta''), ''2026-02-01'')', :ledger)), '23505', 'one at a time');
SELECT is(pg_temp.outcome('UPDATE ar.collection_case SET activities = 7'), 'RA003', 'what is derived is not anybody''s to say');
SELECT is(pg_temp.outcome('DELETE FROM ar.collection_case'), 'RA003', 'nor are cases deleted');
SELECT ar.create_payment_plan(:ledger, pg_temp.customer('Berta'), 2, '2026-03-01', agreed_on => '2026-02-02') AS plan \gset
SELECT is(pg_temp.refreshed('2026-02-02'), 'Berta closed', 'what is on a plan that is kept is not to be collected');
SELECT is(pg_temp.refreshed('2026-03-02'), 'Berta opened', 'from the day after a missed instalment it is');

-- Assignment.
SELECT is((SELECT count(*) FROM ar.assign_cases(:ledger, '2026-03-02')), 0::bigint, 'without rules nobody is assigned');
INSERT INTO ar.collector (ledger_id, collector, name, team) VALUES (:ledger, 'anna', 'Anna', 'home'), (:ledger, 'bob', 'Bob', 'home'), (:ledger, 'carl', 'Carl', NULL), (:ledger, 'dave', 'Dave', NULL);
INSERT INTO ar.assignment_rule (ledger_id, "position", collector, team, customer_class, country, code_from, code_to, overdue_from, note) VALUES
    (:ledger, 10, 'carl', NULL, 'public', NULL, NULL, NULL, NULL, 'towns'), (:ledger, 20, 'dave', NULL, NULL, 'DE', NULL, NULL, 1000, NULL), (:ledger, 30, NULL, 'home', NULL, NULL, 'a', 'e', NULL, NULL);
SELECT pg_temp.bill('Caesar', 'EUR 5', 'C1'), pg_temp.bill('Dora', 'EUR 5', 'D1'), pg_temp.bill('Emil', 'EUR 5', 'E1'), pg_temp.bill('Zeta', 'EUR 5', 'Z1') \g /dev/null
SELECT is(pg_temp.refreshed('2026-03-02'), 'Abel assigned anna, Berta assigned bob, Caesar assigned carl, Caesar opened, Dora assigned anna, Dora opened, Emil assigned bob, Emil opened, Zeta opened', 'the first rule that holds decides; a team shares evenly');
SELECT is((SELECT string_agg(DISTINCT a.reason, ', ' ORDER BY a.reason) FROM ar.case_assignment AS a), 'rule 10: towns, rule 30', 'and it is known which');
SELECT is(pg_temp.refreshed('2026-03-02'), 'none', 'once');
SELECT ar.assign_case(:ledger, pg_temp.customer('Dora'), 'carl', 'he knows her', '2026-03-03') \g /dev/null
SELECT pg_temp.bill('Abel', 'EUR 1', 'A2') \g /dev/null
SELECT is(pg_temp.refreshed('2026-03-03'), 'none', 'a case stays where it is');
SELECT is((SELECT string_agg(c.code || ' ' || a.collector, ', ' ORDER BY c.code) FROM ar.assign_cases(:ledger, '2026-03-03', true) AS a JOIN ar.customer AS c USING (customer_id)), 'Abel dave, Berta anna', 'asked anew, the rules decide anew');
SELECT is(pg_temp.cases(), 'Abel dave, Berta anna, Caesar carl, Dora carl, Emil bob, Zeta', 'but not of what somebody decided');
UPDATE ar.collector SET is_active = false WHERE collector = 'carl';
SELECT is(pg_temp.refreshed('2026-03-04'), 'Caesar assigned anna, Dora assigned bob', 'whoever is not active gives his cases up');
SELECT is(pg_temp.outcome(format('SELECT ar.assign_case(%s, pg_temp.customer(''Dora''), ''carl'', ''x'')', :ledger)), '23514', 'and gets none');
SELECT is(pg_temp.outcome(format('SELECT ar.assign_case(%s, pg_temp.customer(''Dora''), ''nobody'', ''x'')', :ledger)), '23503', 'nor does one that nobody knows');
SELECT is((SELECT string_agg(a.collector, ' ' ORDER BY a.assignment_id) FROM ar.case_assignment AS a JOIN ar.collection_case AS k USING (ledger_id, case_id) WHERE k.customer_id = pg_temp.customer('Dora')), 'anna carl bob', 'the history is kept');
SELECT is(pg_temp.outcome('UPDATE ar.case_assignment SET collector = ''dave'''), 'RA003', 'as facts');

-- Prediction: Emil paid 10 and 20 days late, the class of those without one 10, 20 and 0; (2 * 15 + 5 * 10) / 7.
SELECT pg_temp.bill('Emil', 'EUR 10', 'E2', '2025-06-01', '2025-05-01'), pg_temp.pay('Emil', 'EUR 5', '2025-06-11'), pg_temp.pay('Emil', 'EUR 5', '2025-06-11') \g /dev/null
SELECT pg_temp.bill('Emil', 'EUR 10', 'E3', '2025-08-01', '2025-07-01'), pg_temp.pay('Emil', 'EUR 10', '2025-08-21') \g /dev/null
SELECT pg_temp.bill('Zeta', 'EUR 10', 'Z2', '2025-08-01', '2025-07-01'), pg_temp.pay('Zeta', 'EUR 10', '2025-08-01') \g /dev/null
SELECT is((SELECT string_agg(number || ' ' || status, ', ' ORDER BY number) FROM ar.invoice WHERE number IN ('E1', 'E2', 'E3', 'Z2', 'Z1')), 'E1 open, E2 paid, E3 paid, Z1 open, Z2 paid', 'who paid what');
SELECT results_eq(format('SELECT invoices, own_delay, class_delay, delay, predicted_on FROM ar.predicted_payments(%s, ''2026-03-01'', ARRAY[pg_temp.customer(''Emil'')])', :ledger),
    $$VALUES (2::bigint, 15.00, 10.00, 11.43, date '2026-01-21')$$, 'his own mean, drawn to that of his class');
SELECT pg_temp.pay('Zeta', 'EUR 5', '2026-02-28') \g /dev/null
SELECT is((SELECT delay FROM ar.predicted_payments(:ledger, '2026-03-01', ARRAY[pg_temp.customer('Emil')])), 11.43, 'what was paid after the posting does not help it');
SELECT is((SELECT delay FROM ar.predicted_payments(:ledger, '2026-03-01', ARRAY[pg_temp.customer('Emil')], 0)), 15.00, 'without a prior it is his mean');
SELECT is((SELECT string_agg(format('%s %s', invoices, delay), ', ') FROM ar.predicted_payments(:ledger, '2025-07-15', ARRAY[pg_temp.customer('Zeta')])), '0 10.00', 'as of a day, of those without a history the mean of the class');
SELECT is((SELECT delay FROM ar.predicted_payments(:ledger, '2026-03-01', ARRAY[pg_temp.customer('Caesar')])), 0.00, 'and on time where nothing is known');

-- The list.
SELECT is(pg_temp.refreshed('2026-03-05'), 'Zeta closed', 'the next morning');
-- Abel: log10(1001) * 10, 54 days, half the risk.
SELECT is(pg_temp.points('Abel', '2026-03-05'), '30.00/9.00/10.00/0.00/0.00/0.00/0.00/0.00', 'amount, age and risk');
SELECT is((SELECT overdue || ' ' || currency || ' ' || oldest_days || ' ' || items FROM ar.worklist(:ledger, '2026-03-05') WHERE place = 1), '1000.00 EUR 54 2', 'with what they come from');
SELECT is(pg_temp.listed('2026-03-05'), 'Abel 49.00 call, Berta 37.33 call, Caesar 26.78 call, Dora 26.78 call, Emil 26.78 call', 'the highest first; of equals the older customer');
SELECT is(pg_temp.listed('2026-03-05', 'anna'), 'Berta 37.33 call, Caesar 26.78 call', 'of one collector');
SELECT is((SELECT status FROM ar.judge_plans(:ledger, '2026-03-06')), 'breached', 'a plan is breached');
SELECT ar.open_dispute(:ledger, invoice_id => pg_temp.invoice('D1'), opened_on => '2026-03-06'), ar.promise_to_pay(:ledger, pg_temp.customer('Caesar'), 'EUR 5', '2026-03-10', made_on => '2026-03-06') \g /dev/null
SELECT ar.record_activity(:ledger, pg_temp.customer('Abel'), 'call', 'no_answer', occurred_at => '2026-03-06 10:00', next_step => 'write', next_step_on => '2026-03-09') \g /dev/null
INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on) VALUES (:ledger, pg_temp.customer('Emil'), 'bounced_payment', '2026-03-06');
UPDATE ar.customer SET status = 'on_hold', status_reason = 'late' WHERE code = 'Emil';
SELECT is(pg_temp.points('Abel', '2026-03-06'), '30.00/9.17/10.00/0.00/0.00/0.00/-20.00/0.00', 'a contact lowers it');
SELECT is(pg_temp.points('Abel', '2026-03-10'), '30.00/9.83/10.00/0.00/0.00/0.00/-8.57/0.00', 'and fades');
SELECT is(pg_temp.points('Emil', '2026-03-06'), '7.78/9.17/20.00/0.00/5.00/0.00/0.00/0.00', 'a bounced payment and a hold raise it');
SELECT is(pg_temp.points('Dora', '2026-03-06'), '7.78/9.17/10.00/0.00/0.00/-10.00/0.00/0.00', 'a dispute lowers it');
SELECT is(pg_temp.points('Berta', '2026-03-06'), '20.00/7.50/10.00/5.00/0.00/0.00/0.00/0.00', 'a breached plan raises it');
SELECT is(pg_temp.points('Berta', '2026-03-05'), '20.00/7.33/10.00/0.00/0.00/0.00/0.00/0.00', 'but not the day before');
SELECT is(concat_ws('; ', pg_temp.step('Abel', '2026-03-06'), pg_temp.step('Berta', '2026-03-06'), pg_temp.step('Caesar', '2026-03-06'), pg_temp.step('Dora', '2026-03-06')),
    'write on 2026-03-09: said so when he was contacted last; call on 2026-03-06: he broke a promise on 2026-03-06; wait on 2026-03-11: he promised to pay by 2026-03-10; resolve_dispute on 2026-03-06: all of it is disputed', 'and what to do next');
INSERT INTO ar.worklist_policy (ledger_id, overdue_weight, risk_weight) VALUES (:ledger, 0, 0);
INSERT INTO ar.worklist_policy (ledger_id, customer_id, overdue_weight, place_days) VALUES (:ledger, pg_temp.customer('Abel'), 1, 30);
SELECT is(pg_temp.points('Abel', '2026-03-06'), '3.00/9.17/0.00/0.00/0.00/0.00/-20.00/0.00', 'weights are the customer''s, else the ledger''s');
SELECT pg_temp.bill('Zeta', 'USD 100', 'Z9', '2026-03-01', '2026-02-01') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT * FROM ar.worklist(%s, ''2026-03-06'')', :ledger)), 'RA009', 'a missing rate is an error, never 1');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (:ledger, 'USD', 'EUR', '2026-01-01', 0.5);
SELECT is(pg_temp.refreshed('2026-03-06'), 'Zeta opened', 'amounts in another currency');
SELECT is((SELECT overdue FROM ar.worklist(:ledger, '2026-03-06') WHERE customer_code = 'Zeta'), 50.00, 'are converted');

SAVEPOINT sound;
SET LOCAL session_replication_role TO replica;
UPDATE ar.collection_case SET collector = 'dave' WHERE customer_id = pg_temp.customer('Emil');
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify_cases(NULL)', $$VALUES ('case_collector')$$, 'what is wrong is reported');
ROLLBACK TO sound;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
