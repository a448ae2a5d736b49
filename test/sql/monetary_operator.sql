-- Arithmetic, comparison and allocation of ar.monetary.
SET search_path TO ar, public;
\set SHOW_CONTEXT never

-- Evaluates an expression and tells what came of it.
CREATE FUNCTION pg_temp.outcome(expression text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result text;
    message text;
    detail text;
BEGIN
    EXECUTE 'SELECT ' || expression INTO result;
    RETURN coalesce(result, 'null');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || message || concat(' / ' || nullif(detail, ''));
END
$$;

--
-- Arithmetic
--
SELECT expression, pg_temp.outcome(replace(replace(expression, '«', '''' ), '»', '''::ar.monetary')) AS outcome
FROM unnest(ARRAY[
    '«USD 1.10» + «USD 2.25»', '«USD 1» - «USD 2.25»', '«USD 1» + «USD 0»', '-«USD 1»', '-«USD -1»', '-«USD 0»',
    '«USD 1» + «EUR 1»', '«USD 1» - «EUR 1»', '«USD 1» / «EUR 1»', '«USD 1» + NULL', 'NULL - «USD 1»', '-NULL::ar.monetary',
    '«JPY 9223372036854775807» + «JPY 1»', '«JPY -9223372036854775808» + «JPY -1»', '«JPY -9223372036854775808» - «JPY 1»', '«JPY 0» - «JPY -9223372036854775808»',
    '-«JPY -9223372036854775808»', 'ar.abs(«JPY -9223372036854775808»)', 'ar.abs(«JPY -9223372036854775807»)',
    '«JPY 9223372036854775807» + «JPY -9223372036854775808»',
    '«USD 1.50» * 3', '3 * «USD 1.50»', '«USD 1.50» * 3::bigint', '3::bigint * «USD 1.50»', '«USD 1.50» * 3::smallint', '3::smallint * «USD 1.50»', '«USD 1.50» * -1', '«USD 1.50» * 0',
    '«USD 92233720368547758.07» * 2', '«USD -92233720368547758.08» * -1', '«USD -92233720368547758.08» * 1', '«USD 0.01» * 9223372036854775807', '«USD 0.02» * 9223372036854775807', '«USD 1» * NULL::bigint',
    '«USD 0.01» * 0.5', '«USD 0.03» * 0.5', '«USD 0.05» * 0.5', '«USD -0.03» * 0.5', '0.5 * «USD 0.03»', '«USD 0.01» * 0.50000000000000000000000000000000001', '«USD 100» * 0.19', '«USD 33.33» * 0.075',
    '«JPY 3» * 0.5', '«BHD 0.001» * 1.5', '«USD 92233720368547758.07» * 1.0', '«USD 92233720368547758.07» * 1.00000000000000000000000001', '«USD 92233720368547758.07» * 1.1', '«USD 92233720368547758.07» * 1e-16',
    '«USD 1» * ''NaN''::numeric', '«USD 1» * ''Infinity''::numeric', '''-Infinity''::numeric * «USD 1»', '«USD 0» * ''Infinity''::numeric', '«USD 1» * NULL::numeric', '«USD 1» * 1e1000', '«USD 1» * 1.5::double precision',
    '«USD 10» / 3', '«USD 10» / 4::bigint', '«USD 0.05» / 2', '«USD 0.15» / 2', '«USD -0.05» / 2', '«USD 0.05» / -2', '«USD -0.15» / -2', '«USD 10» / 0.3', '«USD 1» / 1e30',
    '«USD 0.01» / 1.9999999999999999999999999999999999999999', '«USD 0.01» / 2.0000000000000000000000000000000000000001', '«USD 0.01» / 2',
    '«USD 1» / 0', '«USD 0» / 0', '«USD 1» / 0.000', '«USD 1» / ''NaN''::numeric', '«USD 1» / ''Infinity''::numeric', '«USD 92233720368547758.07» / 0.5', '«USD -92233720368547758.08» / -1', '«USD 1» / NULL::numeric',
    '«USD 10» / «USD 4»', '«USD 10» / «USD 3»', '«USD -10» / «USD 4»', '«USD 10» / «USD 0»', '«JPY 9223372036854775807» / «JPY 1»', '«USD 1» / NULL::ar.monetary',
    '3 / «USD 1»', '«USD 1» * «USD 1»', '«USD 1» + 1'
]) WITH ORDINALITY AS t (expression, n)
ORDER BY n;

-- A product and a quotient are the exact ones, rounded once: what is off is
-- half a unit at most, and with just half a unit the result is even.
WITH input AS (
    SELECT minor, step / 8.0 AS number
    FROM generate_series(-35, 35) AS minor, generate_series(-40, 40) AS step
    WHERE step <> 0
), result AS (
    SELECT minor, number, minor_units(monetary(minor, 'JPY') * number) AS product, minor_units(monetary(minor, 'JPY') / number) AS quotient
    FROM input
)
SELECT count(*) AS cases,
    bool_and(abs(product - minor * number) < 0.5 OR abs(product - minor * number) = 0.5 AND product % 2 = 0) AS products,
    bool_and(abs(quotient * number - minor) < abs(number) / 2 OR abs(quotient * number - minor) = abs(number) / 2 AND quotient % 2 = 0) AS quotients
FROM result;

--
-- Comparison: by currency, then by amount, and never an error
--
SELECT m FROM unnest('{USD 1,EUR 5,USD -3,JPY 100,EUR -5,USD 0,NULL,BHD 1,USD 92233720368547758.07,USD -92233720368547758.08}'::monetary[]) AS m ORDER BY m;
SELECT m FROM unnest('{USD 1,EUR 5,USD -3,NULL,EUR -5}'::monetary[]) AS m ORDER BY m DESC;
SELECT 'EUR 5'::monetary < 'USD 1', 'USD 1'::monetary = 'EUR 1', 'USD 1'::monetary <> 'EUR 1', 'USD 1.0'::monetary = '1 usd', 'USD 1'::monetary IN ('EUR 1', 'USD 1'), 'USD 1'::monetary BETWEEN 'USD 0' AND 'USD 2';
SELECT greatest('USD 1'::monetary, 'USD 3', 'USD 2'), least('USD 1'::monetary, 'USD 3', 'USD -2'), ARRAY['USD 1'::monetary, 'USD 2'] = '{1 USD,2 USD}', ROW('USD 1'::monetary, 1) < ROW('USD 1'::monetary, 2);

-- Laws, over a corpus, two by two and three by three.
CREATE TEMPORARY TABLE corpus AS
    SELECT m FROM (
        SELECT monetary(amount, code)
        FROM unnest('{EUR,JPY,USD,BHD,CLF}'::text[]) AS code, unnest('{0,1,-1,2,7,-7,100,4294967296,-4294967296,2147483647}'::numeric[]) AS amount
        UNION ALL SELECT unnest('{USD 0.01,USD -0.01,USD 92233720368547758.07,USD -92233720368547758.08,JPY 9223372036854775807,JPY -9223372036854775808,AED 1,ZWG 1}'::monetary[])
    ) AS value (m);
SELECT count(*) AS pairs,
    bool_and((a.m < b.m)::integer + (a.m = b.m)::integer + (a.m > b.m)::integer = 1) AS trichotomy,
    bool_and((a.m <= b.m) = (a.m < b.m OR a.m = b.m) AND (a.m >= b.m) = (a.m > b.m OR a.m = b.m) AND (a.m <> b.m) = NOT (a.m = b.m)) AS negators,
    bool_and((a.m < b.m) = (b.m > a.m) AND (a.m <= b.m) = (b.m >= a.m) AND (a.m = b.m) = (b.m = a.m)) AS commutators,
    bool_and(monetary_cmp(a.m, b.m) = (a.m > b.m)::integer - (a.m < b.m)::integer) AS cmp,
    bool_and((a.m = b.m) = (a.m::text = b.m::text)) AS equal_is_same_text,
    bool_and(a.m <> b.m OR (monetary_hash(a.m) = monetary_hash(b.m) AND monetary_hash_extended(a.m, 42) = monetary_hash_extended(b.m, 42))) AS equal_hash,
    bool_and((a.m < b.m) = ((currency(a.m) COLLATE "C", minor_units(a.m)) < (currency(b.m) COLLATE "C", minor_units(b.m)))) AS "order"
FROM corpus AS a, corpus AS b;
SELECT bool_and(NOT (a.m <= b.m AND b.m <= c.m) OR a.m <= c.m) AS transitive FROM corpus AS a, corpus AS b, corpus AS c;
SELECT bool_and(m::text::monetary = m) AS in_out, bool_and(m::text::monetary::text = m::text) AS out_in_out, bool_and(monetary(amount(m), currency(m)) = m) AS parts,
    count(DISTINCT m) = count(*) AS "distinct", count(DISTINCT monetary_hash(m)) > 50 AS hash_spreads, count(DISTINCT monetary_hash_extended(m, 1)) > 50 AS extended_spreads,
    bool_or(monetary_hash_extended(m, 1) <> monetary_hash_extended(m, 2)) AS seed_matters,
    bool_and((monetary_hash_extended(m, 0) & 4294967295) = (monetary_hash(m)::bigint & 4294967295)) AS hashes_agree
FROM corpus;
SELECT proname, bool_and(proleakproof) AS leakproof
FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname IN ('monetary_in', 'monetary_add', 'monetary_eq', 'monetary_ne', 'monetary_lt', 'monetary_le', 'monetary_gt', 'monetary_ge', 'monetary_cmp', 'monetary_hash', 'monetary_hash_extended')
GROUP BY proname
ORDER BY proname COLLATE "C";

--
-- Allocation
--
SELECT total, weights, allocate(total, weights)
FROM (VALUES
    (1, 'USD 100'::monetary, '{1,1,1}'::numeric[]), (2, 'USD 100', '{1,1,1,1,1,1}'), (3, 'USD -100', '{1,1,1}'), (4, 'USD 0.05', '{3,7}'), (5, 'USD 0.02', '{1,3}'), (6, 'USD 0.02', '{3,1}'),
    (7, 'USD 0', '{1,2}'), (8, 'USD 0.01', '{1,1,1}'), (9, 'JPY 100', '{0,1,0,2,0}'), (10, 'USD 10', '{5}'), (11, 'BHD 1', '{0.1,0.2,0.3}'), (12, 'JPY 1000', '{1e-20,2e-20}'),
    (13, 'JPY 9223372036854775807', '{1,1}'), (14, 'JPY -9223372036854775808', '{1,1}'), (15, 'JPY -9223372036854775808', '{1,0}'), (16, 'JPY 9223372036854775807', '{1e100,1}'), (17, 'USD 1', '[5:6]={1,1}'), (18, NULL, '{1}'), (19, 'USD 1', NULL)
) AS t (n, total, weights)
ORDER BY n;
SELECT weights, pg_temp.outcome(format('ar.allocate(%L, %L)', 'USD 1', weights)) AS outcome
FROM unnest(ARRAY['{}', '{NULL}', '{1,NULL}', '{1,-1}', '{0}', '{0,0.0}', '{NaN}', '{1,Infinity}', '{1,-Infinity}', '{{1,2},{3,4}}']) AS weights;

-- For every total and all weights: nothing is lost, no part is a unit or more
-- away from its exact share, the mirror image holds, the order of the weights
-- does not matter, and equal weights differ by one unit at most.
WITH input AS (
    SELECT total, ARRAY[a, b, c, d] AS weights
    FROM generate_series(0, 13) AS total, generate_series(0, 3) AS a, generate_series(0, 3) AS b, generate_series(0, 3) AS c, unnest('{1,2,7}'::numeric[]) AS d
), output AS (
    SELECT total, weights, allocate(monetary(total, 'JPY'), weights) AS parts, allocate(monetary(-total, 'JPY'), weights) AS mirrored,
        allocate(monetary(total, 'JPY'), ARRAY[weights[4], weights[3], weights[2], weights[1]]) AS backwards
    FROM input
)
SELECT count(*) AS cases,
    bool_and((SELECT sum(part) = monetary(total, 'JPY') FROM unnest(parts) AS part)) AS lossless,
    bool_and((SELECT bool_and(abs(amount(part) - total * weight / (SELECT sum(w) FROM unnest(weights) AS w)) < 1) FROM unnest(parts, weights) AS t (part, weight))) AS near,
    bool_and((SELECT array_agg(-part ORDER BY n) = parts FROM unnest(mirrored) WITH ORDINALITY AS t (part, n))) AS mirrored,
    bool_and((SELECT array_agg(part ORDER BY part) FROM unnest(parts) AS part) = (SELECT array_agg(part ORDER BY part) FROM unnest(backwards) AS part)) AS order_independent,
    bool_and((SELECT bool_and(spread <= 1) FROM (SELECT max(amount(part)) - min(amount(part)) AS spread FROM unnest(parts, weights) AS t (part, weight) GROUP BY weight) AS equals)) AS fair
FROM output;
SELECT array_length(allocate('USD 1', array_fill(1::numeric, ARRAY[100000])), 1) AS parts,
    (SELECT sum(part) FROM unnest(allocate('USD 1234.56', array_fill(1::numeric, ARRAY[100000]))) AS part) AS sum;
