-- Malformed text of the four types is a soft error from PostgreSQL 16 on: pg_input_is_valid() says so, and raises nothing.
--
-- Protects: every way in which text can be wrong, so that none of them raises where the caller asked for an answer; and that
-- the answer carries the SQLSTATE, message, detail and hint of the error.  On 15, only that each of them is an error.

BEGIN;

CREATE TEMPORARY TABLE malformed (type text, literal text, sqlstate text);
INSERT INTO malformed VALUES
    ('ar.monetary', '', '22P02'), ('ar.monetary', '12', '22P02'), ('ar.monetary', 'EUR', '22P02'), ('ar.monetary', 'EUR 1.005', '22P02'),
    ('ar.monetary', 'EUR 1.00x', '22P02'), ('ar.monetary', 'EUR 1,00', '22P02'), ('ar.monetary', 'QQQ 1', '22P02'),
    ('ar.monetary', 'EUR NaN', '22P02'), ('ar.monetary', 'EUR 92233720368547758.08', '22003'),
    ('ar.monetary', 'EUR 99999999999999999999999999', '22003'), ('ar.monetary(''EUR'')', 'USD 1.00', 'RA009'),
    ('ar.aging_bucket', '', '22P02'), ('ar.aging_bucket', '01-30', '22P02'), ('ar.aging_bucket', '30-1', '22P02'),
    ('ar.aging_bucket', '32768+', '22003'), ('ar.aging_bucket', '-99999999999-', '22003'),
    ('ar.invoice_status', '', '22P02'), ('ar.invoice_status', 'Draft', '22P02'), ('ar.invoice_status', 'overdue', '22P02'),
    ('ar.terms', '', '22P02'), ('ar.terms', 'net', '22P02'), ('ar.terms', 'net 99999', '22P02'), ('ar.terms', 'day 0', '22P02'),
    ('ar.terms', 'day 32', '22P02'), ('ar.terms', '30% net 10, 60% net 60', '22P02'), ('ar.terms', '2/40 net 30', '22P02'),
    ('ar.terms', repeat('net 30 ', 10), '22P02'), ('ar.terms', repeat('1% net 1, ', 70) || 'rest net 2', '22P02');
CREATE TEMPORARY TABLE wellformed (type text, literal text);
INSERT INTO wellformed VALUES
    ('ar.monetary', 'EUR 1.00'), ('ar.monetary(''EUR'')', '1 EUR'), ('ar.aging_bucket', '31-60'), ('ar.invoice_status', 'draft'),
    ('ar.terms', '30% due on receipt, 70% 2/10 net 60');

SELECT plan((SELECT count(*)::integer FROM malformed) + 3);
SELECT throws_ok(format('SELECT %L::%s', literal, type), sqlstate, NULL, format('%s refuses "%s"', type, left(literal, 30)))
FROM malformed;

SELECT current_setting('server_version_num')::integer >= 160000 AS has_soft_errors \gset
\if :has_soft_errors
SELECT is_empty($$
    SELECT m.type, m.literal, e.* FROM malformed AS m, pg_input_error_info(m.literal, m.type) AS e
    WHERE pg_input_is_valid(m.literal, m.type) OR e.sql_error_code IS DISTINCT FROM m.sqlstate OR e.message IS NULL
$$, 'what is malformed is not valid, and says why');
SELECT is_empty('SELECT * FROM wellformed WHERE NOT pg_input_is_valid(literal, type)', 'what is well-formed is valid');
SELECT row_eq($$SELECT message, detail, hint, sql_error_code FROM pg_input_error_info('30% due on receipt, 60% net 60', 'ar.terms')$$,
    ROW ('invalid input syntax for type ar.terms: "30% due on receipt, 60% net 60"'::text,
         'At character 21, "60%": the percents must add up to 100, and they add up to 90.'::text,
         'Correct the percents, or let the last instalment be "rest".'::text, '22P02'::text),
    'an answer carries detail and hint');
\else
SELECT skip('soft errors came with PostgreSQL 16', 3);
\endif

SELECT * FROM finish();
ROLLBACK;
