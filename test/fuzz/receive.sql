-- receive.sql: every type of ours reads random bytes, in its binary and its text form; see receive.c.
-- Variables: module (its file), runs (of each), seconds (for all together, 0 for no limit), seed.
-- A broken promise is an error, and ends the script; a crash does, too.
SET client_min_messages TO error;
CREATE FUNCTION pg_temp.fuzz_type(type regtype, is_binary boolean, examples text[], runs bigint, seconds integer, seed bigint)
RETURNS bigint AS :'module' LANGUAGE C STRICT;

CREATE TEMP TABLE subject (type regtype, examples text[]);
INSERT INTO subject VALUES
    ('ar.monetary', '{USD 1234.50,JPY -5,BHD 0.003,CLF 1.2345,EUR 92233720368547758.07}'),
    ('ar.aging_bucket', '{current,1-30,91+,-8-,-7-0}'),
    ('ar.invoice_status', '{draft,open,written_off,void}'),
    ('ar.terms', '{due on receipt,2/10 net 30,"30% net 1, 70% eom cutoff 25","500 net 1, rest net 30 next friday"}');
-- The states of the aggregates are types, too.
INSERT INTO subject VALUES
    ('ar.monetary_sum_state', '{0,3 USD 12.50,9223372036854775807 JPY -170141183460469231731687303715884105728}'),
    ('ar.monetary_total_state', '{"","3 EUR 12.50,1 USD 2.00"}'),
    ('ar.aging_state', ARRAY(
        SELECT ar.aging_add(NULL, open, '2026-01-31', '2026-03-31', boundaries)::text
        FROM unnest('{NULL,USD 5.00,JPY -9223372036854775807}'::ar.monetary[]) AS open,
             (VALUES ('{0}'::integer[]), ('{-8,0,30,60,90}')) AS scheme (boundaries)));

-- Texts are slower to be refused, and the parsers of texts have harnesses of their own.
SELECT type, CASE WHEN is_binary THEN 'binary' ELSE 'text' END AS form, runs,
       pg_temp.fuzz_type(type, is_binary, examples, runs, :seconds / 14, :seed) AS values_read
FROM subject, (VALUES (true, :runs::bigint), (false, :runs::bigint / 10)) AS f (is_binary, runs)
ORDER BY is_binary DESC, type::text;
