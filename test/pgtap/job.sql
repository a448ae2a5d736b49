-- job: which step of the daily run comes next.
--
-- Protects: missed days come first, in their order; a run for a day to come, as by a slip of the pen, does not keep the days until then from being done.
BEGIN;
\ir helper.psql
SELECT plan(5);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
CREATE FUNCTION pg_temp.next(as_of date, catch_up_days integer DEFAULT 31) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT format('%s %s', s.step, s.business_date) FROM ar.start_job_step($1, pg_temp.ledger(), $2, 0, '{}') AS s), 'nothing') $$;
CREATE FUNCTION pg_temp.finish(as_of date) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.job_run (ledger_id, step, business_date, finished_at, rows)
    SELECT pg_temp.ledger(), s.step, $1, clock_timestamp(), 0 FROM ar.job_steps() AS s
    ON CONFLICT (ledger_id, step, business_date) DO UPDATE SET finished_at = excluded.finished_at, rows = 0, error = NULL $$;

SELECT pg_temp.finish('2099-01-01') \g /dev/null
SELECT is(pg_temp.next('2026-03-02'), 'recurring_invoices 2026-03-02', 'a run for a day to come keeps nothing back');
SELECT pg_temp.finish('2026-03-02') \g /dev/null
SELECT is(pg_temp.next('2026-03-02'), 'nothing', 'what is done is done');
SELECT is(pg_temp.next('2026-03-05'), 'recurring_invoices 2026-03-03', 'missed days come first');
SELECT is(pg_temp.next('2026-05-05', 7), 'recurring_invoices 2026-04-28', 'as far back as is said');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
