-- report: agings that are kept: what they hold, that they stay, how they are thinned, and that a false one is found.
BEGIN;
\ir helper.psql
SELECT plan(20);

SELECT ar.create_ledger('TEST', 'Test', 'EUR', 'Pacific/Auckland') AS ledger \gset
SELECT ar.create_customer(:ledger, code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
SELECT :ledger, pg_temp.customer(c), n, '2026-01-01', due::date, total::ar.monetary, 'open'
FROM (VALUES ('A', 'A1', '2026-01-31', 'EUR 100.00'), ('A', 'A2', '2026-03-31', 'EUR 50.00'), ('A', 'A3', '2026-03-31', 'EUR 25.00'),
             ('B', 'B1', '2026-01-10', 'USD 7.00')) AS v(c, n, due, total);
SELECT ar.record_payment(:ledger, pg_temp.customer('A'), 'EUR 10.00', '2026-02-01', apply => 'none', reference => 'credit') \g /dev/null

CREATE FUNCTION pg_temp.lines(day date) RETURNS TABLE (line text) LANGUAGE sql AS $$
    SELECT concat_ws(' ', c.code, s.currency, CASE WHEN s.is_credit THEN 'credit' ELSE 'debit' END, s.bucket, ar.amount(s.open), s.items)
    FROM ar.aging_snapshot_line AS s JOIN ar.customer AS c ON c.ledger_id = s.ledger_id AND c.customer_id = s.customer_id
    WHERE s.ledger_id = pg_temp.ledger() AND s.as_of = day ORDER BY c.code, s.currency, s.is_credit, s.bucket
$$;

-- The ledger is younger than these days: what is known now.
SELECT is(ar.take_aging_snapshot(:ledger, '2026-02-28'), 4::bigint, 'a snapshot makes a row per customer, currency, side and bucket');
SELECT results_eq($$SELECT * FROM pg_temp.lines('2026-02-28')$$,
    $$VALUES ('A EUR debit current 75.00 2'), ('A EUR debit 1-30 100.00 1'), ('A EUR credit 1-30 -10.00 1'), ('B USD debit 31-60 7.00 1')$$,
    'which hold the aging of the day, credits by their own date');
SELECT results_eq($$SELECT customer_code, currency, not_due + days_1_30 + days_31_60 + days_61_90 + days_91_plus + unapplied FROM ar.aging(pg_temp.ledger(), '2026-02-28')$$,
    $$SELECT c.code, s.currency, ar.amount(ar.sum(s.open)) FROM ar.aging_snapshot_line AS s JOIN ar.customer AS c USING (ledger_id, customer_id) GROUP BY 1, 2 ORDER BY 1, 2$$,
    'and agree with the aging');
SELECT ar.record_payment(:ledger, pg_temp.customer('A'), 'EUR 100.00', '2026-02-10', remittance => '[{"number": "A1"}]') \g /dev/null
SELECT is(ar.take_aging_snapshot(:ledger, '2026-02-28'), 0::bigint, 'taken again it makes nothing');
SELECT results_eq($$SELECT * FROM pg_temp.lines('2026-02-28')$$,
    $$VALUES ('A EUR debit current 75.00 2'), ('A EUR debit 1-30 100.00 1'), ('A EUR credit 1-30 -10.00 1'), ('B USD debit 31-60 7.00 1')$$,
    'and changes nothing, whatever was recorded since');
SELECT is_empty('SELECT * FROM ar.verify()', 'it is what was known then');
SELECT is(ar.take_aging_snapshot(:ledger, '2026-03-01'), 3::bigint, 'the next one knows it');

-- A day that ended after the ledger was made: what was known at its end, in the ledger's own time zone.
UPDATE ar.ledger SET created_at = '2026-01-01' WHERE ledger_id = :ledger;
SELECT is(ar.take_aging_snapshot(:ledger, '2026-03-02'), 0::bigint, 'of a day that the ledger knew nothing of, nothing is kept');
SELECT is((SELECT known_at FROM ar.aging_snapshot WHERE ledger_id = :ledger AND as_of = '2026-03-02'), '2026-03-03 00:00+13'::timestamptz,
    'known at the midnight of Auckland');
SELECT is(pg_temp.outcome(format($$SELECT ar.take_aging_snapshot(%s, 'infinity')$$, :ledger)), '22023', 'no snapshot of a day to come');
SELECT is(pg_temp.outcome($$SELECT ar.take_aging_snapshot(-1, '2026-03-01')$$), '23503', 'nor of a ledger that is not there');

-- They stay.
SELECT is(pg_temp.outcome($$UPDATE ar.aging_snapshot SET known_at = now()$$), 'RA003', 'a snapshot is not changed');
SELECT is(pg_temp.outcome($$UPDATE ar.aging_snapshot_line SET items = 9$$), 'RA003', 'nor a line of it');
SELECT is(pg_temp.outcome($$TRUNCATE ar.aging_snapshot CASCADE$$), 'RA003', 'nor are all thrown away');

-- A false one is found.
DO $$ BEGIN
    SET LOCAL session_replication_role TO replica;
    UPDATE ar.aging_snapshot_line SET open = 'EUR 76.00' WHERE as_of = '2026-02-28' AND open = 'EUR 75.00';
    SET LOCAL session_replication_role TO origin;
END $$;
SELECT results_eq($$SELECT check_name, detail FROM ar.verify()$$,
    $$VALUES ('aging_snapshot', 'of 2026-02-28, EUR debits current: kept are EUR 76.00 of 2 items, they are EUR 75.00 of 2')$$, 'a false line is found');
DO $$ BEGIN
    SET LOCAL session_replication_role TO replica;
    UPDATE ar.aging_snapshot_line SET open = 'EUR 75.00' WHERE as_of = '2026-02-28' AND open = 'EUR 76.00';
    SET LOCAL session_replication_role TO origin;
END $$;

-- Thinned: the days of 30 days back, the month ends of 3 months.
INSERT INTO ar.snapshot_policy (ledger_id, keep_daily_days, keep_monthly_months) VALUES (:ledger, 30, 3);
SELECT count(ar.take_aging_snapshot(:ledger, d::date)) FROM unnest('{2025-12-31,2026-01-30,2026-01-31,2026-02-27,2026-03-15,2026-03-31}'::date[]) AS d \g /dev/null
SELECT is(ar.thin_aging_snapshots(:ledger, '2026-04-10'), 5::bigint, 'thinning deletes what the policy does not keep');
SELECT results_eq($$SELECT as_of FROM ar.aging_snapshot ORDER BY 1$$,
    $$VALUES (date '2026-01-31'), ('2026-02-28'), ('2026-03-15'), ('2026-03-31')$$, 'and keeps month ends, and the last days');
SELECT is(ar.thin_aging_snapshots(:ledger, '2026-04-10'), 0::bigint, 'and has nothing more to do');
SELECT is(pg_temp.outcome($$UPDATE ar.snapshot_policy SET boundaries = '{30,0}'$$), '22023', 'boundaries that are none are refused');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
