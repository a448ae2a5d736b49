-- ar.aging_bucket: ranges of days past due, and the aggregate ar.aging
SET search_path TO ar, public;
SET timezone TO 'UTC';
SET datestyle TO 'ISO';
\set SHOW_CONTEXT never

-- Text: every form, and its canonical spelling.
SELECT literal, literal::aging_bucket AS bucket, first_day(literal::aging_bucket), last_day(literal::aging_bucket)
FROM unnest(ARRAY['current', '0-', '1-30', '31-60', '61-90', '91+', '0-0', '-7-0', '-7--1', '-7-', '-7+', '5-5',
                  '-32768-32767', '-32768+', '-32768-0', '-32768--32768', '-32768-', '32767-', '32767+', '32766-32767',
                  '0+', '1-32767', '-32767-32766']) WITH ORDINALITY AS t (literal, place)
ORDER BY place;

-- Everything written reads back as itself.
SELECT count(*) AS wrong
FROM generate_series(-40, 40) AS a, generate_series(-40, 40) AS b
WHERE a <= b AND (a || '-' || b)::aging_bucket::text::aging_bucket <> (a || '-' || b)::aging_bucket;

-- Malformed.
SELECT ''::aging_bucket;
SELECT ' current'::aging_bucket;
SELECT 'Current'::aging_bucket;
SELECT 'current '::aging_bucket;
SELECT '30'::aging_bucket;
SELECT '1 - 30'::aging_bucket;
SELECT '1-30 '::aging_bucket;
SELECT '1-30x'::aging_bucket;
SELECT '01-30'::aging_bucket;
SELECT '1-030'::aging_bucket;
SELECT '-0-5'::aging_bucket;
SELECT '+1-30'::aging_bucket;
SELECT '1+30'::aging_bucket;
SELECT '91++'::aging_bucket;
SELECT '1--'::aging_bucket;
SELECT '--1'::aging_bucket;
SELECT '-'::aging_bucket;
SELECT '+'::aging_bucket;
SELECT '1-30-60'::aging_bucket;
SELECT '1.5-3'::aging_bucket;
SELECT '1–30'::aging_bucket;
SELECT '>90'::aging_bucket;
\echo :LAST_ERROR_SQLSTATE
SELECT '30-1'::aging_bucket;
\echo :LAST_ERROR_SQLSTATE
SELECT '1--1'::aging_bucket;
SELECT '32768+'::aging_bucket;
\echo :LAST_ERROR_SQLSTATE
SELECT '-32769-'::aging_bucket;
SELECT '1-32768'::aging_bucket;
SELECT '99999999999999999999+'::aging_bucket;

-- Binary: two 16-bit integers; the hash pins the four bytes in memory and on disk, which are frozen.
SELECT aging_bucket_send('current'), aging_bucket_send('1-30'), aging_bucket_send('91+'), aging_bucket_send('-7--1');
SELECT aging_bucket_hash('current') = hashint4(-2147483648) AS current, aging_bucket_hash('1-30') = hashint4((1 << 16) + 30) AS "1-30",
       aging_bucket_hash('-7--1') = hashint4((-7 << 16) + 65535) AS "-7--1";
SELECT typlen, typbyval, typalign, typstorage FROM pg_type WHERE oid = 'aging_bucket'::regtype;

-- A round trip in binary, through COPY.
CREATE TEMP TABLE bucket (place integer, bucket aging_bucket);
INSERT INTO bucket
SELECT g, CASE WHEN g % 7 = 0 THEN NULL ELSE (g - 500 || '-' || g - 500 + g % 50)::aging_bucket END
FROM generate_series(1, 1000) AS g;
COPY bucket TO PROGRAM 'cat > ar_aging_bucket.copy' (FORMAT binary);
CREATE TEMP TABLE bucket_back (LIKE bucket);
COPY bucket_back FROM PROGRAM 'cat ar_aging_bucket.copy; rm ar_aging_bucket.copy' (FORMAT binary);
SELECT count(*) AS rows, count(*) FILTER (WHERE b.bucket = c.bucket OR b.bucket IS NULL AND c.bucket IS NULL) AS same
FROM bucket AS b JOIN bucket_back AS c USING (place);
-- What a client may not send: the last day before the first, and half a value.
COPY (SELECT 1::integer, int4send((5 << 16) + 4)) TO PROGRAM 'cat > ar_aging_bucket.copy' (FORMAT binary);
COPY bucket_back FROM PROGRAM 'cat ar_aging_bucket.copy; rm ar_aging_bucket.copy' (FORMAT binary);
\echo :LAST_ERROR_SQLSTATE
COPY (SELECT 1::integer, int2send(4::smallint)) TO PROGRAM 'cat > ar_aging_bucket.copy' (FORMAT binary);
COPY bucket_back FROM PROGRAM 'cat ar_aging_bucket.copy; rm ar_aging_bucket.copy' (FORMAT binary);

-- Order: by first day, then by last day.
SELECT bucket FROM (VALUES ('91+'::aging_bucket), ('1-30'), ('current'), ('1-15'), ('31-60'), ('-7-0'), (NULL), ('-32768--1')) AS t (bucket)
ORDER BY bucket;
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, aging_bucket_cmp(a, b) AS cmp
FROM (VALUES ('current'::aging_bucket, '1-30'::aging_bucket), ('1-30', '1-30'), ('1-31', '1-30'), ('-1-5', '0-5')) AS t (a, b);
SELECT min(place) AS first_place, array_agg(DISTINCT bucket) FROM bucket WHERE bucket < '-490-0';

-- Operator classes: each is used, and gives what a plain scan gives.
SET enable_seqscan TO off;
CREATE INDEX bucket_btree ON bucket USING btree (bucket);
EXPLAIN (COSTS OFF) SELECT count(*) FROM bucket WHERE bucket = '-499--498';
SELECT count(*) FROM bucket WHERE bucket = '-499--498';
EXPLAIN (COSTS OFF) SELECT bucket FROM bucket WHERE bucket >= '400-' ORDER BY bucket LIMIT 3;
SELECT count(*) FROM bucket WHERE bucket < '1-1';
DROP INDEX bucket_btree;
CREATE INDEX bucket_hash ON bucket USING hash (bucket);
EXPLAIN (COSTS OFF) SELECT count(*) FROM bucket WHERE bucket = '-499--498';
SELECT count(*) FROM bucket WHERE bucket = '-499--498';
DROP INDEX bucket_hash;
CREATE INDEX bucket_brin ON bucket USING brin (bucket);
EXPLAIN (COSTS OFF) SELECT count(*) FROM bucket WHERE bucket < '1-1';
SELECT count(*) FROM bucket WHERE bucket < '1-1';
DROP INDEX bucket_brin;
RESET enable_seqscan;
SELECT count(*) FROM bucket WHERE bucket < '1-1';
SET enable_mergejoin TO off;
SET enable_nestloop TO off;
SELECT count(*) AS hash_joined FROM bucket AS a JOIN bucket AS b USING (bucket);
RESET enable_nestloop;
SET enable_hashjoin TO off;
RESET enable_mergejoin;
SELECT count(*) AS merge_joined FROM bucket AS a JOIN bucket AS b USING (bucket);
RESET enable_hashjoin;
-- The hash of a value, and its extended form without a seed, agree in the low half.
SELECT count(*) AS wrong FROM bucket
WHERE aging_bucket_hash(bucket)::bit(32) <> aging_bucket_hash_extended(bucket, 0)::bit(32);
CREATE TEMP TABLE bucket_part (bucket aging_bucket) PARTITION BY HASH (bucket);
CREATE TEMP TABLE bucket_part_0 PARTITION OF bucket_part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TEMP TABLE bucket_part_1 PARTITION OF bucket_part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO bucket_part SELECT bucket FROM bucket WHERE bucket IS NOT NULL;
SELECT (SELECT count(*) FROM bucket_part_0) > 300 AS first_half, (SELECT count(*) FROM bucket_part_1) > 300 AS second_half,
       (SELECT count(*) FROM bucket_part) AS "all";
-- All comparison functions are leakproof, all functions parallel safe.
SELECT count(*) AS leakproof FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname ~ '^aging_bucket_(eq|ne|lt|le|gt|ge|cmp|hash|hash_extended)$' AND proleakproof;
SELECT count(*) AS not_safe FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname ~ '^aging_(bucket|state|add|remove|combine|finish)' AND (proparallel <> 's' OR provolatile <> 'i');

-- Days past due: the due day is 0 and not overdue.
SELECT due_on, as_of, days_past_due(due_on, as_of), aging_bucket(due_on, as_of)
FROM (VALUES ('2026-01-31'::date, '2026-01-31'::date), ('2026-01-31', '2026-01-30'), ('2026-01-31', '2026-02-01'),
             ('2026-01-31', '2026-03-02'), ('2026-01-31', '2026-03-03'), ('2026-01-31', '2026-04-01'), ('2026-01-31', '2026-04-02'),
             ('2026-01-31', '2026-05-01'), ('2026-01-31', '2026-05-02'), ('2024-02-28', '2024-03-01'), ('2023-02-28', '2023-03-01'),
             ('1900-01-01', '2026-01-01'), ('2026-01-01', '1900-01-01'), ('4713-01-01 BC', '5874897-12-31'),
             ('5874897-12-31', '4713-01-01 BC'), ('infinity', '2026-01-01'), ('-infinity', '2026-01-01'), ('2026-01-01', 'infinity'),
             ('2026-01-01', '-infinity'), ('infinity', 'infinity'), ('-infinity', '-infinity'), ('-infinity', 'infinity'),
             ('infinity', '-infinity'), (NULL, '2026-01-01'), ('2026-01-01', NULL)) AS t (due_on, as_of);

-- Schemes of one's own.
SELECT days, aging_bucket('2026-01-31'::date, '2026-01-31'::date + days, '{0,7,14}'),
       aging_bucket('2026-01-31'::date, '2026-01-31'::date + days, '{-8,0}'), aging_bucket('2026-01-31'::date, '2026-01-31'::date + days, '{0}')
FROM unnest(ARRAY[-40000, -9, -8, -7, 0, 1, 7, 8, 14, 15, 40000]) AS days;
SELECT array_agg(b) FROM aging_buckets() AS b;
SELECT array_agg(b) FROM aging_buckets('{-8,0,15,45}') AS b;
SELECT array_agg(b) FROM aging_buckets('{-32768,32766}') AS b;
SELECT aging_buckets(), aging_buckets('{0}');
SELECT array_agg(b) FROM aging_buckets('[5:6]={0,30}') AS b;
SELECT count(*), (array_agg(b ORDER BY b))[1] AS first, (array_agg(b ORDER BY b DESC))[1] AS last
FROM aging_buckets((SELECT array_agg(g) FROM generate_series(-500, 500) AS g)) AS b;
-- Buckets of a scheme follow each other without gap or overlap.
SELECT count(*) AS wrong
FROM (SELECT first_day(b) AS first_day, lag(last_day(b)) OVER (ORDER BY b) AS last_day, row_number() OVER (ORDER BY b) AS place
      FROM aging_buckets((SELECT array_agg(g * g) FROM generate_series(0, 50) AS g)) AS b) AS t
WHERE CASE WHEN place = 1 THEN first_day IS NOT NULL ELSE NOT coalesce(first_day = last_day + 1, false) END;
SELECT aging_bucket('2026-01-01', '2026-01-01', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT aging_bucket('2026-01-01', '2026-01-01', '{0,NULL}');
SELECT aging_bucket('2026-01-01', '2026-01-01', '{30,0}');
SELECT aging_bucket('2026-01-01', '2026-01-01', '{0,0}');
SELECT aging_bucket('2026-01-01', '2026-01-01', '{0,32767}');
SELECT aging_bucket('2026-01-01', '2026-01-01', '{-32769,0}');
SELECT aging_bucket('2026-01-01', '2026-01-01', '{{0,30},{60,90}}');
SELECT * FROM aging_buckets('{}');
SELECT aging_bucket('2026-01-01', '2026-01-01', NULL) IS NULL AS is_null;

-- The aggregate.
CREATE TEMP TABLE debt (place integer, customer integer, open monetary, due_on date);
INSERT INTO debt
SELECT g, g % 7, ('USD ' || (g * 37 % 1000 - 100) || '.' || lpad((g % 100)::text, 2, '0'))::monetary, '2026-03-31'::date - (g * 13 % 150 - 20)
FROM generate_series(1, 2000) AS g;
SELECT aging(open, due_on, '2026-03-31') FROM debt;
SELECT aging(open, due_on, '2026-03-31', '{-10,0,60}') FROM debt;
-- The same by hand: one sum a bucket, in order, and all of them the total.
WITH by_hand AS (
    SELECT b.bucket, sum(d.open) AS open
    FROM aging_buckets() AS b (bucket)
    LEFT JOIN debt AS d ON b.bucket = aging_bucket(d.due_on, '2026-03-31')
    GROUP BY b.bucket
)
SELECT (SELECT array_agg(open ORDER BY bucket) FROM by_hand) = (SELECT aging(open, due_on, '2026-03-31') FROM debt) AS same_buckets,
       (SELECT sum(o) FROM unnest((SELECT aging(open, due_on, '2026-03-31') FROM debt)) AS o) = (SELECT sum(open) FROM debt) AS same_total;
-- Zeros are there; an amount that is null does not count, with whatever dates; no amounts, no result.
SELECT aging('USD 5'::monetary, '2026-03-01', '2026-03-31');
SELECT aging(o, due_on, '2026-03-31') FROM (VALUES ('USD 5'::monetary, '2026-04-01'::date), (NULL, '2026-01-01'), (NULL, NULL)) AS t (o, due_on);
SELECT aging(NULL::monetary, due_on, '2026-03-31') IS NULL AS is_null FROM debt;
SELECT aging(open, due_on, '2026-03-31') IS NULL AS is_null FROM debt WHERE false;
SELECT aging(NULL::monetary, NULL, NULL, NULL) IS NULL AS is_null;
SELECT aging(open, due_on, 'infinity'), aging(open, due_on, '-infinity') FROM debt WHERE place <= 3;
-- By customer, each adding up.
SELECT customer, aging(open, due_on, '2026-03-31') FROM debt GROUP BY customer ORDER BY customer;
-- Refused: two currencies, a missing date, boundaries that are missing, wrong, or not the same.
SELECT aging(o, '2026-01-01', '2026-01-31') FROM (VALUES ('USD 1'::monetary), ('EUR 1')) AS t (o);
\echo :LAST_ERROR_SQLSTATE
SELECT aging('USD 1'::monetary, NULL, '2026-01-31');
\echo :LAST_ERROR_SQLSTATE
SELECT aging('USD 1'::monetary, '2026-01-31', NULL);
SELECT aging('USD 1'::monetary, '2026-01-31', '2026-01-31', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT aging('USD 1'::monetary, '2026-01-31', '2026-01-31', '{}');
SELECT aging('USD 1'::monetary, '2026-01-31', '2026-01-31', ARRAY[0, g]) FROM generate_series(1, 2) AS g;
\echo :LAST_ERROR_SQLSTATE
-- 128 bits inside: only a result beyond the type is refused.
SELECT aging(o, '2026-01-01', '2026-01-01')
FROM (VALUES ('USD 92233720368547758.07'::monetary), ('USD 92233720368547758.07'), ('USD -92233720368547758.07'), ('USD -92233720368547758.08'),
             ('USD 0.01')) AS t (o);
SELECT aging(o, '2026-01-01', '2026-01-01') FROM (VALUES ('USD 92233720368547758.07'::monetary), ('USD 0.01')) AS t (o);
\echo :LAST_ERROR_SQLSTATE
SELECT aging(o, '2026-01-01', '2026-01-01') FROM (VALUES ('USD -92233720368547758.08'::monetary), ('USD -0.01')) AS t (o);
SELECT aging(o, '2026-01-01', '2026-01-01') FROM (VALUES ('USD -92233720368547758.08'::monetary)) AS t (o);

-- As a window: moving frames give what plain aggregation of the same rows gives.
SELECT count(*) AS rows, count(*) FILTER (WHERE moving = plain OR moving IS NULL AND plain IS NULL) AS same
FROM (SELECT place, aging(CASE WHEN place % 5 < 3 THEN open END, due_on, '2026-03-31') OVER (ORDER BY place ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING) AS moving
      FROM debt WHERE place <= 300) AS w
CROSS JOIN LATERAL (
    SELECT aging(CASE WHEN p.place % 5 < 3 THEN p.open END, p.due_on, '2026-03-31') AS plain
    FROM debt AS p WHERE p.place BETWEEN w.place - 3 AND w.place - 2
) AS p;
SELECT count(*) AS rows, count(*) FILTER (WHERE moving = plain) AS same
FROM (SELECT place, aging(open, due_on, '2026-03-31', '{0,45}') OVER (ORDER BY place ROWS BETWEEN 20 PRECEDING AND 5 FOLLOWING) AS moving
      FROM debt WHERE place <= 300) AS w
CROSS JOIN LATERAL (
    SELECT aging(p.open, p.due_on, '2026-03-31', '{0,45}') AS plain
    FROM debt AS p WHERE p.place BETWEEN w.place - 20 AND least(w.place + 5, 300)
) AS p;
-- A frame that has emptied may go on with another currency or scheme, a full one may not.
SELECT place, aging(o, '2026-01-01', '2026-01-31', b) OVER (ORDER BY place ROWS BETWEEN CURRENT ROW AND CURRENT ROW)
FROM (VALUES (1, 'USD 1'::monetary, '{0,30}'::integer[]), (2, 'EUR 2', '{0,30}'), (3, NULL, NULL), (4, 'EUR 3', '{0}')) AS t (place, o, b);
SELECT place, aging(o, '2026-01-01', '2026-01-31') OVER (ORDER BY place ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
FROM (VALUES (1, 'USD 1'::monetary), (2, 'EUR 2')) AS t (place, o);

-- In parallel: the same as serially.
CREATE TABLE debt_large AS
SELECT ('USD ' || (g * 37 % 1000 - 100))::monetary AS open, '2026-03-31'::date - (g * 13 % 150 - 20) AS due_on FROM generate_series(1, 50000) AS g;
ANALYZE debt_large;
SET max_parallel_workers_per_gather TO 0;
SELECT aging(open, due_on, '2026-03-31')::text AS serial FROM debt_large \gset
SET max_parallel_workers_per_gather TO 2;
SET parallel_setup_cost TO 0;
SET parallel_tuple_cost TO 0;
SET min_parallel_table_scan_size TO 0;
EXPLAIN (COSTS OFF) SELECT aging(open, due_on, '2026-03-31') FROM debt_large;
SELECT aging(open, due_on, '2026-03-31')::text = :'serial' AS parallel_is_serial FROM debt_large;
-- A worker that sees no row that counts does no harm.
SELECT aging(open, due_on, '2026-03-31')::text FROM debt_large WHERE due_on < '1990-01-01';
SELECT aging(CASE WHEN due_on = '2026-03-31' THEN open END, due_on, '2026-03-31') FROM debt_large;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE debt_large;

-- The state travels as text and in binary, and can be combined by hand.
SELECT aging_state_out(aging_add(NULL, 'USD 1.50', '2026-01-01', '2026-01-31', '{0}'));
SELECT aging_finish(aging_combine(s, aging_state_in(aging_state_out(s))))
FROM (SELECT aging_add(aging_add(NULL, 'USD 1.50', '2026-01-01', '2026-01-31'), 'USD -7', '2026-02-01', '2026-01-31') AS s) AS t;
SELECT aging_finish(s), aging_finish(aging_add(s, 'USD 1', '2026-01-01', '2026-01-31')), aging_finish(s)
FROM (SELECT aging_add(NULL, 'USD 1.50', '2026-01-01', '2026-01-31') AS s OFFSET 0) AS t;
SELECT aging_combine(aging_add(NULL, 'USD 1', '2026-01-01', '2026-01-31'), aging_add(NULL, 'EUR 1', '2026-01-01', '2026-01-31'));
SELECT aging_combine(aging_add(NULL, 'USD 1', '2026-01-01', '2026-01-31'), aging_add(NULL, 'USD 1', '2026-01-01', '2026-01-31', '{0}'));
CREATE TEMP TABLE state AS SELECT aging_add(NULL, 'USD 1.50', '2026-01-01', '2026-01-31') AS state;
COPY state TO PROGRAM 'cat > ar_aging_bucket.copy' (FORMAT binary);
COPY state FROM PROGRAM 'cat ar_aging_bucket.copy; rm ar_aging_bucket.copy' (FORMAT binary);
SELECT aging_finish(state) FROM state;
SELECT ''::aging_state;
SELECT 'zz'::aging_state;
\echo :LAST_ERROR_SQLSTATE
CREATE TEMP VIEW good AS SELECT aging_add(NULL, 'USD 1.50', '2026-01-01', '2026-01-31', '{0}')::text AS good;
SELECT good::aging_state::text = good AS same FROM good;
SELECT aging_add(NULL, NULL, NULL, NULL)::aging_state::text::aging_state::text = aging_add(NULL, NULL, NULL, NULL)::text AS same_without_rows;
SELECT (good || '00')::aging_state FROM good;
SELECT left(good, -2)::aging_state FROM good;
SELECT left(good, 10)::aging_state FROM good;
SELECT overlay(good PLACING '02' FROM 1)::aging_state AS unknown_version FROM good;
\echo :LAST_ERROR_SQLSTATE
SELECT overlay(good PLACING 'ff' FROM 3)::aging_state AS negative_rows FROM good;
SELECT overlay(good PLACING '5a5a5a02' FROM 19)::aging_state AS unknown_currency FROM good;
SELECT overlay(good PLACING '55534403' FROM 19)::aging_state AS wrong_decimals FROM good;
SELECT overlay(good PLACING '7fffffff' FROM 27)::aging_state AS too_many_boundaries FROM good;
SELECT overlay(good PLACING '00000000' FROM 27)::aging_state AS no_boundaries FROM good;
SELECT overlay(good PLACING '00007fff' FROM 35)::aging_state AS boundary_too_late FROM good;
SELECT aging_remove(NULL, 'USD 1', '2026-01-01', '2026-01-31');
