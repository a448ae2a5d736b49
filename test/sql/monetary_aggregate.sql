-- The aggregates of ar.monetary: alone, in parallel, in windows, and their states.
SET search_path TO ar, public;
\set SHOW_CONTEXT never

SELECT sum(m), avg(m), min(m), max(m), total(m) FROM unnest('{USD 1,USD 2.01,NULL,USD -9}'::monetary[]) AS m;
SELECT sum(m), avg(m), min(m), max(m), total(m) FROM unnest('{}'::monetary[]) AS m;
SELECT sum(m), avg(m), min(m), max(m), total(m) FROM unnest('{NULL,NULL}'::monetary[]) AS m;
SELECT sum(m), avg(m), min(m), max(m), total(m) FROM unnest('{JPY 0}'::monetary[]) AS m;
SELECT total(m) FROM unnest('{USD 1,EUR 2.01,NULL,USD -9,JPY 5,BHD 0.001,EUR 1,AED 3}'::monetary[]) AS m;
SELECT total(m) FILTER (WHERE sign(m) > 0), sum(DISTINCT m), total(m ORDER BY m DESC) FROM unnest('{USD 1,USD 1,USD -9}'::monetary[]) AS m;
SELECT currency(m), sum(m), count(*) FROM unnest('{USD 1,EUR 2.01,USD -9}'::monetary[]) AS m GROUP BY currency(m) ORDER BY 1;

-- Mixed currencies
SELECT sum(m) FROM unnest('{USD 1,EUR 2}'::monetary[]) AS m;
SELECT avg(m) FROM unnest('{USD 1,EUR 2}'::monetary[]) AS m;
SELECT min(m) FROM unnest('{USD 1,EUR 2}'::monetary[]) AS m;
SELECT max(m) FROM unnest('{USD 1,NULL,EUR 2}'::monetary[]) AS m;

-- The average is rounded half-even, once.
SELECT m, (SELECT avg(v) FROM unnest(m) AS v)
FROM (VALUES ('{USD 0.01,USD 0.02}'::monetary[]), ('{USD 0.02,USD 0.03}'), ('{USD -0.01,USD -0.02}'), ('{USD -0.02,USD -0.03}'), ('{USD 0.01,USD 0.01,USD 0.02}'), ('{JPY 1,JPY 0,JPY 0}'), ('{JPY 2,JPY 0,JPY 0}')) AS t (m);

-- A sum may leave the range and come back; where it stays out, only the sum fails.
SELECT sum(m), avg(m), total(m) FROM unnest('{JPY 9223372036854775807,JPY 9223372036854775807,JPY -9223372036854775807}'::monetary[]) AS m;
SELECT sum(m) FROM unnest('{JPY -9223372036854775808,JPY -1,JPY 1}'::monetary[]) AS m;
SELECT avg(m) FROM unnest('{JPY 9223372036854775807,JPY 9223372036854775806}'::monetary[]) AS m;
SELECT avg(m) FROM unnest('{JPY -9223372036854775808,JPY -9223372036854775808}'::monetary[]) AS m;
SELECT sum(m) FROM unnest('{JPY 9223372036854775807,JPY 1}'::monetary[]) AS m;
SELECT sum(m) FROM unnest('{USD -92233720368547758.08,USD -0.01}'::monetary[]) AS m;
SELECT total(m) FROM unnest('{EUR 1,JPY 9223372036854775807,JPY 1}'::monetary[]) AS m;

--
-- Parallel equals serial
--
CREATE TABLE many AS
    SELECT n AS id, n % 10 AS bucket,
        CASE WHEN n % 17 = 0 THEN NULL ELSE monetary((n * 7919::bigint % 2000003 - 1000000) / 100.0, 'USD') END AS m,
        monetary(n * 7919 % 20011 - 10000, (ARRAY['EUR', 'JPY', 'USD', 'BHD', 'CLF'])[n % 5 + 1]) AS mixed,
        CASE WHEN n % 2 = 0 THEN 'USD 92233720368547758.07'::monetary ELSE 'USD -92233720368547758.08' END AS huge
    FROM generate_series(1, 30000) AS n;
ANALYZE many;
SET max_parallel_workers_per_gather = 0;
CREATE TEMPORARY TABLE serial AS SELECT sum(m), avg(m), min(m), max(m), total(m), total(mixed) AS mixed, sum(huge) AS huge, sum(m) FILTER (WHERE false) AS nothing FROM many;
CREATE TEMPORARY TABLE serial_bucket AS SELECT bucket, sum(m), avg(m), total(mixed) FROM many GROUP BY bucket;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT sum(m), avg(m), min(m), max(m), total(mixed) FROM many;
CREATE TEMPORARY TABLE parallel AS SELECT sum(m), avg(m), min(m), max(m), total(m), total(mixed) AS mixed, sum(huge) AS huge, sum(m) FILTER (WHERE false) AS nothing FROM many;
CREATE TEMPORARY TABLE parallel_bucket AS SELECT bucket, sum(m), avg(m), total(mixed) FROM many GROUP BY bucket;
TABLE parallel;
SELECT (SELECT count(*) FROM (TABLE serial EXCEPT TABLE parallel) AS d) AS differences, (SELECT count(*) FROM (TABLE serial_bucket EXCEPT TABLE parallel_bucket) AS d) AS bucket_differences;
-- Which currencies meet first is a matter of chance.
\set VERBOSITY sqlstate
SELECT sum(mixed) FROM many;
SELECT sum(CASE WHEN id <= 15000 THEN m ELSE 'EUR 1' END) FROM many;
\set VERBOSITY default
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- The numbers are right, by numeric's own account.
SELECT sum = monetary((SELECT sum(amount(m)) FROM many), 'USD') AS sum, avg = round((SELECT avg(amount(m)) FROM many), 'USD') AS avg,
    mixed = (SELECT array_agg(monetary(amount, currency) ORDER BY currency COLLATE "C") FROM (SELECT currency(mixed) AS currency, sum(amount(mixed)) AS amount FROM many GROUP BY 1) AS g) AS mixed
FROM serial;

--
-- Windows that move equal plain recomputation
--
CREATE TEMPORARY TABLE moving AS
    SELECT id, sum(m) OVER w AS sum, avg(m) OVER w AS avg, total(mixed) OVER w AS total, sum(huge) OVER huge AS huge
    FROM many WHERE id <= 500
    WINDOW w AS (ORDER BY id ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING), huge AS (ORDER BY id ROWS 1 PRECEDING);
SELECT count(*) AS rows,
    count(*) FILTER (WHERE NOT (
        ROW(moving.sum, moving.avg, moving.total) IS NOT DISTINCT FROM (
            SELECT ROW(sum(m), avg(m), total(mixed)) FROM many WHERE many.id BETWEEN moving.id - 3 AND least(moving.id + 1, 500)
        )
    )) AS differences
FROM moving;
SELECT id, huge FROM moving WHERE id <= 3 ORDER BY id;
-- One currency leaves the frame before the next comes in; nulls and empty frames.
SELECT n, m, sum(m) OVER w, avg(m) OVER w, total(m) OVER w, sum(m) OVER (ORDER BY n ROWS CURRENT ROW) AS "row", total(m) OVER (ORDER BY n ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS total_of_three,
    sum(m) OVER (ORDER BY n ROWS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS next
FROM unnest('{USD 1,USD 2.01,USD -9,NULL,NULL,EUR 1,NULL,JPY 3,NULL}'::monetary[]) WITH ORDINALITY AS t (m, n)
WINDOW w AS (ORDER BY n ROWS 1 PRECEDING)
ORDER BY n;
SELECT sum(m) OVER (ORDER BY n ROWS 1 PRECEDING) FROM unnest('{USD 1,EUR 1}'::monetary[]) WITH ORDINALITY AS t (m, n);
-- In and out of the range of an amount.
SELECT n, total(m) OVER (ORDER BY n ROWS 1 PRECEDING), avg(m) OVER (ORDER BY n ROWS 2 PRECEDING) FROM unnest('{JPY 9223372036854775807,JPY -9223372036854775808,JPY 5}'::monetary[]) WITH ORDINALITY AS t (m, n);

--
-- State types: called by anybody, they work or raise, and change no argument
--
SELECT aggfnoid::regproc, aggtranstype::regtype, aggcombinefn, aggserialfn, aggmtranstype::regtype, aggsortop::regoper, proparallel
FROM pg_aggregate JOIN pg_proc ON pg_proc.oid = aggfnoid
WHERE pronamespace = 'ar'::regnamespace AND pronargs = 1 AND proargtypes[0] = 'ar.monetary'::regtype
ORDER BY proname COLLATE "C";
SELECT state, monetary_sum_accumulate(state, 'USD 1.50'), monetary_sum_result(state), monetary_average_result(state), monetary_sum_state_send(state), state AS again
FROM unnest('{0,1 USD 5.00,3 USD -12.50,2 USD 184467440737095516.14}'::monetary_sum_state[]) WITH ORDINALITY AS t (state, n) WHERE n < 4;
SELECT monetary_average_result('2 USD 184467440737095516.14');
SELECT monetary_sum_result('2 USD 184467440737095516.14');
SELECT state, monetary_total_accumulate(state, 'EUR 1.50'), monetary_total_result(state), monetary_total_state_send(state), state AS again
FROM unnest(ARRAY['', '1 USD 5.00', '1 EUR 1.00,3 USD -12.50']::monetary_total_state[]) AS state;
SELECT monetary_sum_accumulate('1 USD 5.00', 'EUR 1');
SELECT monetary_sum_combine('1 USD 5.00', '1 EUR 1.00');
SELECT monetary_sum_combine('1 USD 5.00', '0'), monetary_sum_combine('0', '1 USD 5.00'), monetary_sum_combine('0', '0'), monetary_sum_combine('1 USD 5.00', '2 USD -7.00'), monetary_sum_combine(NULL, '0');
SELECT monetary_sum_remove('2 USD 5.00', 'USD 1.50'), monetary_sum_remove('1 USD 5.00', 'USD 5.00'), monetary_sum_remove('1 USD 5.00', 'USD 4.00');
SELECT monetary_sum_remove('0', 'USD 1');
SELECT monetary_sum_remove('1 USD 5.00', 'EUR 5');
SELECT monetary_total_remove('1 EUR 1.00,1 USD 5.00', 'EUR 1'), monetary_total_remove('2 EUR 1.00', 'EUR 1'), monetary_total_combine('1 EUR 1.00', '1 AED 2.00,2 EUR 3.00,1 USD 4.00'), monetary_total_combine('', '');
SELECT monetary_total_remove('1 EUR 1.00', 'USD 1');
SELECT monetary_total_result('');
-- The ends of 128 bits.
SELECT state, state::monetary_sum_state FROM unnest('{1 JPY 170141183460469231731687303715884105727,1 JPY -170141183460469231731687303715884105728,9223372036854775807 JPY 18446744073709551616,1 JPY -18446744073709551617,1 JPY 18446744073709551615}'::text[]) AS state;
SELECT '1 JPY 170141183460469231731687303715884105728'::monetary_sum_state;
SELECT '1 JPY -170141183460469231731687303715884105729'::monetary_sum_state;
SELECT monetary_sum_accumulate('1 JPY 170141183460469231731687303715884105727', 'JPY 1');
SELECT monetary_sum_accumulate('1 JPY -170141183460469231731687303715884105728', 'JPY -1');
SELECT monetary_sum_combine('1 JPY 170141183460469231731687303715884105727', '1 JPY -170141183460469231731687303715884105728');
SELECT monetary_sum_remove('2 JPY -170141183460469231731687303715884105728', 'JPY 1');
SELECT monetary_sum_remove('2 JPY 5', 'JPY -9223372036854775808');
SELECT monetary_sum_accumulate('9223372036854775807 JPY 5', 'JPY 1');
SELECT monetary_average_result('1 JPY 170141183460469231731687303715884105727');
-- Malformed states
CREATE FUNCTION pg_temp.accepts(state text, type regtype) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT %L::%s', state, type);
    RETURN true;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN false;
END
$$;
SELECT state, pg_temp.accepts(state, 'monetary_sum_state') AS sum, pg_temp.accepts(state, 'monetary_total_state') AS total
FROM unnest(ARRAY['', '0', '1', '1 USD', '1 USD ', '0 USD 0.00', '-1 USD 1.00', '1 USD 1', '1 USD 1.0', '1 USD 1.000', '1 ZZZ 1.00', '1  USD 1.00', '1 USD 1.00 ', '1 USD --1.00', '1 USD .00', '1 USD 1.0.0', '1 JPY 1.', '1 JPY 1',
    '9223372036854775808 JPY 1', '1 USD 1.00,', ',1 USD 1.00', '1 USD 1.00,1 USD 1.00', '1 USD 1.00,1 EUR 1.00', '1 EUR 1.00,1 USD 1.00', 'x']) AS state;
-- Binary round trip of the states.
CREATE TEMPORARY TABLE state (s monetary_sum_state, t monetary_total_state);
INSERT INTO state VALUES ('0', ''), ('3 USD -12.50', '1 EUR 1.00,3 USD -12.50'), ('1 JPY -170141183460469231731687303715884105728', '1 JPY 170141183460469231731687303715884105727'), (NULL, NULL);
CREATE TEMPORARY TABLE state_again (LIKE state);
\copy state TO PROGRAM 'cat > "${PG_ABS_BUILDDIR:-/tmp}/monetary_state.binary"' (FORMAT binary)
\copy state_again FROM PROGRAM 'cat "${PG_ABS_BUILDDIR:-/tmp}/monetary_state.binary" && rm "${PG_ABS_BUILDDIR:-/tmp}/monetary_state.binary"' (FORMAT binary)
TABLE state_again;
-- The states work from a table, where they lie packed.
SELECT total, monetary_total_result(total) FROM (SELECT monetary_total_combine(t, '1 USD 1.00') AS total FROM state_again WHERE t IS NOT NULL AND t::text NOT LIKE '%JPY%') AS stored;
DROP TABLE many;
