-- billing_recurring: schedules, versions, proration, pauses, and one invoice for each period.
-- Protects: every template and period is billed once, on the right day and at the price of that day, however often the run is repeated.
BEGIN;
\ir helper.psql
SELECT plan(59);

-- The calendar: from the anchor, never from the period before.
SELECT is(ARRAY(SELECT ar.recurring_boundary(anchored_on::date, unit, every, n)::text FROM unnest(nth) WITH ORDINALITY AS p(n, position) ORDER BY position), expected::text[], format('%s %s from %s', every, unit, anchored_on))
FROM (VALUES
    ('2026-01-31', 'month', 1, '{-1,0,1,2,3,13}'::integer[], '{2025-12-31,2026-01-31,2026-02-28,2026-03-31,2026-04-30,2027-02-28}'),
    ('2023-12-31', 'month', 1, '{1,2,3}', '{2024-01-31,2024-02-29,2024-03-31}'),
    ('2026-01-29', 'month', 1, '{1,2}', '{2026-02-28,2026-03-29}'),
    ('2025-11-30', 'month', 3, '{0,1,2}', '{2025-11-30,2026-02-28,2026-05-30}'),
    ('2024-02-29', 'year', 1, '{0,1,4,-4}', '{2024-02-29,2025-02-28,2028-02-29,2020-02-29}'),
    ('2025-12-29', 'week', 1, '{0,1}', '{2025-12-29,2026-01-05}'),
    ('2025-12-25', 'day', 10, '{0,1,-1}', '{2025-12-25,2026-01-04,2025-12-15}')) AS v(anchored_on, unit, every, nth, expected);
-- Position is the inverse of boundary, on every day of eight years, for each kind of interval.
SELECT is_empty(format($$
    SELECT d.day FROM generate_series(date '2023-01-01', '2030-12-31', interval '1 day') AS g(t), LATERAL (SELECT g.t::date AS day) AS d,
        LATERAL ar.recurring_position(%1$L, %2$L, %3$s, d.day) AS p
    WHERE d.day NOT BETWEEN ar.recurring_boundary(%1$L, %2$L, %3$s, p) AND ar.recurring_boundary(%1$L, %2$L, %3$s, p + 1) - 1$$, anchored_on, unit, every),
    format('every day lies in one period of %s %s from %s', every, unit, anchored_on))
FROM (VALUES (date '2026-01-31', 'month', 1), ('2024-02-29', 'year', 1), ('2026-08-30', 'month', 5), ('2026-01-07', 'week', 2), ('2026-05-05', 'day', 9)) AS v(anchored_on, unit, every);

SELECT ar.create_ledger('TEST', 'Test', 'EUR', terms => 'net 10'), ar.create_ledger('OTHER', 'Other', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A') AS a, ar.create_customer(pg_temp.ledger(), 'B', 'B', credit_limit => 'EUR 250') AS b,
       pg_temp.ledger() AS ledger, pg_temp.ledger('OTHER') AS other \gset
-- What a template has billed: a word a period.
CREATE FUNCTION pg_temp.billed(name text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(p.period_from || '/' || p.period_to || CASE WHEN p.skipped THEN ' skipped' ELSE ' ' || v.invoiced_on || ' ' || ar.amount(v.total) END, ', ' ORDER BY p.period_number)
    FROM ar.recurring_invoice AS r JOIN ar.recurring_period AS p USING (ledger_id, recurring_id) LEFT JOIN ar.invoice AS v USING (ledger_id, invoice_id)
    WHERE r.ledger_id = pg_temp.ledger() AND r.name = $1
$$;
CREATE FUNCTION pg_temp.template(name text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT r.recurring_id FROM ar.recurring_invoice AS r WHERE r.ledger_id = pg_temp.ledger() AND r.name = $1 $$;
CREATE FUNCTION pg_temp.run(as_of date) RETURNS bigint LANGUAGE sql AS
$$ SELECT count(g.invoice_id) FROM ar.generate_recurring_invoices(pg_temp.ledger(), $1) AS g $$;

-- Advance and arrears, stubs, and proration.
SELECT ar.create_recurring_invoices(:ledger, format('[
    {"name": "advance", "customer_id": %1$s, "starts_on": "2026-01-01", "lines": [{"unit_price": 100, "description": "{period_number}: {period_from} to {period_to}, {year}-{month}, quarter {quarter}"}]},
    {"name": "arrears", "customer_id": %1$s, "starts_on": "2026-01-01", "billed": "arrears", "lines": [{"unit_price": 100}], "terms": "net 60"},
    {"name": "stub", "customer_id": %1$s, "starts_on": "2026-01-22", "anchored_on": "2026-01-01", "ends_on": "2026-03-10", "prorated": true, "lines": [{"unit_price": 31, "quantity": 10, "tax_rate": 19}]},
    {"name": "full stub", "customer_id": %1$s, "starts_on": "2026-01-22", "anchored_on": "2026-01-01", "ends_on": "2026-02-10", "lines": [{"unit_price": 310}]},
    {"name": "three", "customer_id": %1$s, "starts_on": "2026-01-05", "interval_unit": "week", "periods": 3, "issue_offset": -3, "post": false, "lines": [{"unit_price": 7}]}]', :a)::jsonb) \g /dev/null
SELECT is(pg_temp.run('2025-12-31'), 0::bigint, 'nothing before its day');
SELECT is(pg_temp.run('2026-01-01'), 1::bigint, 'the first day is the day');
SELECT is(pg_temp.run('2026-01-01'), 0::bigint, 'once');
SELECT is(pg_temp.run('2026-03-31'), 13::bigint, 'missed periods are caught up');
SELECT is(pg_temp.billed('advance'), '2026-01-01/2026-01-31 2026-01-01 100.00, 2026-02-01/2026-02-28 2026-02-01 100.00, 2026-03-01/2026-03-31 2026-03-01 100.00', 'in advance: dated the first day');
SELECT is(pg_temp.billed('arrears'), '2026-01-01/2026-01-31 2026-01-31 100.00, 2026-02-01/2026-02-28 2026-02-28 100.00, 2026-03-01/2026-03-31 2026-03-31 100.00', 'in arrears: the last');
SELECT is(pg_temp.billed('stub'), '2026-01-22/2026-01-31 2026-01-22 119.00, 2026-02-01/2026-02-28 2026-02-01 368.90, 2026-03-01/2026-03-10 2026-03-01 119.00', 'ten days of January, all of February, ten days of March');
SELECT is(pg_temp.billed('full stub'), '2026-01-22/2026-01-31 2026-01-22 310.00, 2026-02-01/2026-02-10 2026-02-01 310.00', 'not prorated, a part costs the whole');
SELECT is(pg_temp.billed('three'), '2026-01-05/2026-01-11 2026-01-02 7.00, 2026-01-12/2026-01-18 2026-01-09 7.00, 2026-01-19/2026-01-25 2026-01-16 7.00', 'three weeks, billed three days before');
SELECT results_eq($$SELECT description FROM ar.invoice_line JOIN ar.recurring_period USING (ledger_id, invoice_id) WHERE recurring_id = pg_temp.template('advance') AND period_number = 2$$,
    $$VALUES ('2: 2026-02-01 to 2026-02-28, 2026-02, quarter 1')$$, 'a description knows its period');
SELECT results_eq($$SELECT v.period_from, v.period_to, v.terms::text, i.due_on FROM ar.invoice AS v JOIN ar.recurring_period AS p USING (ledger_id, invoice_id) JOIN ar.item AS i USING (ledger_id, invoice_id)
    WHERE p.recurring_id = pg_temp.template('arrears') AND p.period_number = 1$$, $$VALUES (date '2026-01-01', date '2026-01-31', 'net 60', date '2026-04-01')$$, 'and so does the invoice, which has the terms of the template');
SELECT results_eq($$SELECT DISTINCT v.status::text FROM ar.invoice AS v JOIN ar.recurring_period AS p USING (ledger_id, invoice_id) WHERE p.recurring_id = pg_temp.template('three')$$, $$VALUES ('draft')$$, 'drafts, where drafts are wanted');
SELECT is(pg_temp.run('2026-12-31') > 0 AND pg_temp.run('2026-12-31') = 0, true, 'and once again');
SELECT is((SELECT count(*) FROM ar.recurring_period WHERE recurring_id = pg_temp.template('stub')), 3::bigint, 'what is at its end stays there');
DELETE FROM ar.invoice WHERE ledger_id = :ledger AND status = 'draft';
SELECT is(pg_temp.run('2026-12-31'), 0::bigint, 'a draft that was deleted is not made again');
SELECT is((SELECT count(*) FROM ar.recurring_period WHERE recurring_id = pg_temp.template('three') AND invoice_id IS NULL), 3::bigint, 'its period stays billed');

-- Prices by date.
SELECT ar.create_recurring_invoice(:ledger, :a, '[{"unit_price": 10}]', starts_on => '2027-01-01', name => 'price') AS price \gset
SELECT ar.revise_recurring_invoice(:ledger, :price, '2027-03-01', '[{"unit_price": 12}]'), ar.revise_recurring_invoice(:ledger, :price, '2027-03-15', '[{"unit_price": 99}]'),
       ar.revise_recurring_invoice(:ledger, :price, '2027-03-15', '[{"unit_price": 15}]', 'net 5') \g /dev/null
SELECT pg_temp.run('2027-04-01') \g /dev/null
SELECT is(pg_temp.billed('price'), '2027-01-01/2027-01-31 2027-01-01 10.00, 2027-02-01/2027-02-28 2027-02-01 10.00, 2027-03-01/2027-03-31 2027-03-01 12.00, 2027-04-01/2027-04-30 2027-04-01 15.00',
    'each period has the price that its first day had, and a correction is the later record');

-- Pauses and skips.
SELECT ar.create_recurring_invoice(:ledger, :a, '[{"unit_price": 1}]', starts_on => '2028-01-01', name => 'pause') AS pause,
       ar.create_recurring_invoice(:ledger, :a, '[{"unit_price": 2}]', starts_on => '2028-01-01', name => 'catch') AS catch \gset
UPDATE ar.recurring_invoice SET ends_on = '2027-12-31' WHERE recurring_id NOT IN (:pause, :catch) AND ends_on IS NULL;
SELECT ar.pause_recurring_invoice(:ledger, :pause, '2028-02-15'), ar.pause_recurring_invoice(:ledger, :catch, '2028-02-15') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.resume_recurring_invoice(%s, %s, %L)', :'ledger', :'pause', '2028-05-02')), '55000', 'what was due before the pause is billed first');
DO $$ BEGIN PERFORM pg_temp.run('2028-01-01'); END $$;
SELECT is((SELECT count(*) FROM ar.recurring_period WHERE recurring_id = :pause), 1::bigint, 'a pause lets earlier periods through');
SELECT pg_temp.run('2028-04-30') \g /dev/null
SELECT is((SELECT max(period_number) FROM ar.recurring_period WHERE recurring_id = :pause), 2, 'and no others');
SELECT is(ar.resume_recurring_invoice(:ledger, :pause, '2028-05-01'), 2::bigint, 'resumed, the periods of the pause are skipped');
SELECT is(ar.resume_recurring_invoice(:ledger, :catch, '2028-05-01', catch_up => true), 0::bigint, 'or not');
SELECT is(ar.resume_recurring_invoice(:ledger, :pause, '2028-05-01'), 0::bigint, 'what is not paused is not resumed');
SELECT is(ar.skip_recurring_period(:ledger, :catch), 3, 'a period is skipped by hand');
SELECT is(pg_temp.run('2028-05-01'), 3::bigint, 'the next run goes on');
SELECT is(pg_temp.billed('pause'), '2028-01-01/2028-01-31 2028-01-01 1.00, 2028-02-01/2028-02-29 2028-02-01 1.00, 2028-03-01/2028-03-31 skipped, 2028-04-01/2028-04-30 skipped, 2028-05-01/2028-05-31 2028-05-01 1.00', 'after the pause');
SELECT is(pg_temp.billed('catch'), '2028-01-01/2028-01-31 2028-01-01 2.00, 2028-02-01/2028-02-29 2028-02-01 2.00, 2028-03-01/2028-03-31 skipped, 2028-04-01/2028-04-30 2028-04-01 2.00, 2028-05-01/2028-05-31 2028-05-01 2.00', 'or through it');

-- One that cannot be billed stops nobody, and goes on when it can.
UPDATE ar.recurring_invoice SET ends_on = '2028-12-31' WHERE ledger_id = :ledger AND ends_on IS NULL;
SELECT pg_temp.run('2028-12-31') \g /dev/null
SELECT ar.create_recurring_invoice(:ledger, CASE WHEN n = 3 THEN :b ELSE :a END, '[{"unit_price": 100}]', starts_on => '2029-01-01', periods => 4, name => 'n' || n) FROM generate_series(1, 5) AS n \g /dev/null
SELECT results_eq('SELECT count(invoice_id), count(error) FROM ar.generate_recurring_invoices(pg_temp.ledger(), ''2029-04-30'')', 'VALUES (18::bigint, 2::bigint)', 'one customer over his limit stops nobody else');
SELECT is(pg_temp.billed('n3'), '2029-01-01/2029-01-31 2029-01-01 100.00, 2029-02-01/2029-02-28 2029-02-01 100.00', 'and gets what his limit holds');
SELECT results_eq('SELECT period_number, error FROM ar.generate_recurring_invoices(pg_temp.ledger(), ''2029-04-30'')', $$VALUES (3, 'RA001: credit limit of customer "B" exceeded'), (4, 'period 3 comes first')$$, 'the result says why');
UPDATE ar.customer SET credit_limit = 'EUR 1000' WHERE customer_id = :b;
SELECT is(pg_temp.run('2029-04-30'), 2::bigint, 'the next run makes up for it');

-- What is refused.
SELECT ar.create_recurring_invoice(:ledger, :a, '[{"unit_price": 1}]', starts_on => '2035-01-01', external_id => 'x', name => 'external') AS first \gset
SELECT is(ar.create_recurring_invoice(:ledger, :a, '[{"unit_price": 1}]', starts_on => '2035-01-01', external_id => 'x', name => 'external'), :first::bigint, 'the same external id again is the same template');
SELECT is(pg_temp.outcome(format(statement, :ledger, :a, pg_temp.template('n1'))), expected, statement) FROM (VALUES
    ('SELECT ar.create_recurring_invoice(%1$s, %2$s, ''[{"unit_price": 2}]'', external_id => ''x'')', 'RA006'),
    ('SELECT ar.create_recurring_invoice(%1$s, %2$s, ''[{"price": 2}]'')', '22023'),
    ('SELECT ar.create_recurring_invoice(%1$s, %2$s, ''[{"unit_price": 2}]'', ''fortnight'')', '23514'),
    ('SELECT ar.create_recurring_invoice(%1$s, -1, ''[{"unit_price": 2}]'')', '23503'),
    ('UPDATE ar.recurring_invoice SET interval_count = 2 WHERE recurring_id = %3$s', 'RA003'),
    ('UPDATE ar.recurring_version SET lines = ''[{"unit_price": 1}]''', 'RA003'),
    ('DELETE FROM ar.recurring_period', 'RA003'),
    ('UPDATE ar.recurring_period SET skipped = true WHERE recurring_id = %3$s', 'RA003'),
    ('INSERT INTO ar.recurring_period (ledger_id, recurring_id, period_number) VALUES (%1$s, %3$s, 5)', '23514'),
    ('INSERT INTO ar.recurring_period (ledger_id, recurring_id, period_number) VALUES (%1$s, %3$s, 1)', '23505'),
    ('INSERT INTO ar.recurring_period (ledger_id, recurring_id, period_number) VALUES (%1$s, -1, 1)', '23503')) AS v(statement, expected);

-- What ar.verify() finds.
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(v.check_name || ': ' || v.detail, '; ' ORDER BY v.check_name, v.detail) INTO reported FROM ar.verify() AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        RETURN reported;
    END;
END
$$;
SELECT is(pg_temp.broken(format(corruption, pg_temp.template('n1'), pg_temp.customer('B'))), expected, corruption) FROM (VALUES
    ('DELETE FROM ar.recurring_period WHERE recurring_id = %s AND period_number = 2', 'recurring_gap: 3 periods are billed or skipped, numbered from 1 to 4'),
    ('UPDATE ar.recurring_invoice SET anchored_on = ''2029-01-02'', starts_on = ''2029-01-02'' WHERE recurring_id = %s; UPDATE ar.recurring_period SET period_from = ''2029-01-02'' WHERE period_number = 1 AND recurring_id = %1$s;'
     'UPDATE ar.recurring_period SET period_from = period_from + 1 WHERE recurring_id = %1$s AND period_number IN (2, 3)', 'recurring_dates: period 4 begins on 2029-04-01, the schedule makes it 2029-04-02')) AS v(corruption, expected);
SELECT matches(pg_temp.broken(format('UPDATE ar.recurring_invoice SET customer_id = %2$s WHERE recurring_id = %1$s', pg_temp.template('stub'), pg_temp.customer('B'))), 'recurring_customer: period 1 is billed to customer', 'a customer was changed');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
