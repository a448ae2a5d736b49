-- The arithmetic of ar.monetary against numeric, which is exact: a million random triples of two amounts and a number.
--
-- Protects: every operator, cast, rounding mode and allocation gives what the definition in docs/type.md says, in every
-- currency and with every number of decimals, out to both ends of the type; and beyond them it gives an error.
--
-- The numbers come from a hash of the row's number, so every run has the same, whatever the plan. Amounts are as often
-- of 3 digits as of 18. Oracles are made in another way than the C: a quotient is rounded here by adding a half to it.

BEGIN;
\ir helper.psql
SELECT plan(43);
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL jit = off;

CREATE FUNCTION pg_temp.fits(minor numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT $1 BETWEEN -9223372036854775808 AND 9223372036854775807 $$;

-- Half-even: a half is rounded by rounding half of it, which is no tie then.
CREATE FUNCTION pg_temp.half_even(n numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT CASE WHEN abs($1 % 1) = 0.5 THEN 2 * round($1 / 2) ELSE round($1) END $$;

-- The quotient rounded half-even, without a division that is not exact.
CREATE FUNCTION pg_temp.half_even_quotient(n numeric, d numeric) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sign($1) * sign($2) * CASE
        WHEN (2 * abs($1) + abs($2)) % (2 * abs($2)) = 0 THEN 2 * div(div(2 * abs($1) + abs($2), 2 * abs($2)), 2)
        ELSE div(2 * abs($1) + abs($2), 2 * abs($2)) END
$$;

-- Random bits, of a random length.
CREATE FUNCTION pg_temp.random_integer(i bigint, place bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT hashint8extended($1, $2) >> (hashint8extended($1, $2 + 100) & 63)::integer $$;

-- An ordinary table, for parallel workers see no temporary one; it is gone with the transaction.
CREATE UNLOGGED TABLE public.triple AS
WITH currency AS (
    SELECT row_number() OVER (ORDER BY code) - 1 AS place, code, minor_unit AS exponent, ('1e-' || minor_unit)::numeric AS unit
    FROM ar.currencies()
), drawn AS (
    SELECT i,
           CASE WHEN i % 50 <> 0 THEN pg_temp.random_integer(i, 1)
                ELSE ('{-9223372036854775808,-9223372036854775807,9223372036854775807,0,1,-1}'::bigint[])[1 + i / 50 % 6] END AS a_minor,
           CASE WHEN i % 49 <> 0 THEN pg_temp.random_integer(i, 2)
                ELSE ('{-9223372036854775808,9223372036854775807,-1,0,1}'::bigint[])[1 + i / 49 % 5] END AS b_minor,
           -- Every third is a whole number and a half, so that halves come out of it.
           CASE WHEN i % 3 = 0 THEN pg_temp.random_integer(i, 3) % 1000 + 0.5
                ELSE pg_temp.random_integer(i, 3) * ('1e-' || (hashint8extended(i, 4) & 15))::numeric END AS factor,
           -- To be rounded, in minor units: every third is a tie, every third has a tie but for the last decimal.
           CASE i % 3 WHEN 0 THEN pg_temp.random_integer(i, 5) / 10 + 0.5
                      WHEN 1 THEN pg_temp.random_integer(i, 5) / 10 + 0.5 + ((i % 5) - 2) * 1e-18
                      ELSE pg_temp.random_integer(i, 5) * ('1e-' || (hashint8extended(i, 6) & 15))::numeric END AS rough
    FROM generate_series(1, 1000000) AS i
)
SELECT d.i, c.code, c.exponent, c.unit, d.a_minor, d.b_minor, d.factor, d.rough,
       (pg_temp.random_integer(d.i, 7) % 2147483648)::integer AS whole, (pg_temp.random_integer(d.i, 8) % 32768)::smallint AS small,
       -- As text, so that the input function makes all amounts.
       (c.code || ' ' || d.a_minor * c.unit)::ar.monetary AS a,
       (d.b_minor * c.unit || ' ' || lower(c.code))::ar.monetary AS b,
       other.code AS other_code,
       (other.code || ' ' || d.b_minor * other.unit)::ar.monetary AS other
FROM drawn AS d
JOIN currency AS c ON c.place = d.i % (SELECT count(*) FROM currency)
JOIN currency AS other ON other.place = (d.i / 7) % (SELECT count(*) FROM currency);
ANALYZE public.triple;

SELECT is((SELECT count(*) FROM triple), 1000000::bigint, 'there are a million triples');
SELECT is((SELECT array_agg(DISTINCT exponent ORDER BY exponent) FROM triple), '{0,2,3,4}'::integer[], 'with every number of decimals');
SELECT is((SELECT count(DISTINCT code) FROM triple), (SELECT count(*) FROM currencies()), 'and in every currency');

-- What would be computed more than once below.
CREATE UNLOGGED TABLE public.expected AS
SELECT *, pg_temp.half_even(a_minor * factor) AS product, CASE WHEN factor <> 0 THEN pg_temp.half_even_quotient(a_minor, factor) END AS quotient,
       CASE WHEN b_minor <> 0 THEN a / b END AS ratio
FROM public.triple;

-- One pass over all; every column counts the rows that break a law.
CREATE TEMP TABLE broken AS
SELECT
    count(*) FILTER (WHERE a::text <> code || ' ' || a_minor * unit) AS "the text is the number",
    count(*) FILTER (WHERE a::text::monetary <> a) AS "the text reads back",
    count(*) FILTER (WHERE amount(a) <> a_minor * unit OR scale(amount(a)) <> exponent) AS "amount() is the number, with its decimals",
    count(*) FILTER (WHERE a::numeric <> a_minor * unit) AS "the cast to numeric is the number",
    count(*) FILTER (WHERE monetary(a_minor * unit, code) <> a) AS "monetary() takes the number back",
    count(*) FILTER (WHERE minor_units(a) <> a_minor) AS "minor_units()",
    count(*) FILTER (WHERE currency(a) <> code) AS "currency()",
    count(*) FILTER (WHERE sign(a) <> sign(a_minor::numeric)) AS "sign()",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(-a_minor::numeric) THEN minor_units(-a) <> -a_minor::numeric END) AS "unary minus",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(-a_minor::numeric) THEN minor_units(abs(a)) <> abs(a_minor::numeric) END) AS "abs()",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(a_minor::numeric + b_minor) THEN minor_units(a + b) <> a_minor::numeric + b_minor END) AS "sum",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(a_minor::numeric - b_minor) THEN minor_units(a - b) <> a_minor::numeric - b_minor END) AS "difference",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(a_minor::numeric * small)
                           THEN minor_units(a * small) <> a_minor::numeric * small OR minor_units(small * a) <> a_minor::numeric * small END) AS "product with a smallint",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(a_minor::numeric * whole)
                           THEN minor_units(a * whole) <> a_minor::numeric * whole OR minor_units(whole * a) <> a_minor::numeric * whole END) AS "product with an integer",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(a_minor::numeric * b_minor)
                           THEN minor_units(a * b_minor) <> a_minor::numeric * b_minor OR minor_units(b_minor * a) <> a_minor::numeric * b_minor END) AS "product with a bigint",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(product) THEN minor_units(a * factor) <> product OR minor_units(factor * a) <> product END) AS "product with a numeric, rounded half-even",
    count(*) FILTER (WHERE CASE WHEN pg_temp.fits(quotient) THEN minor_units(a / factor) <> quotient END) AS "quotient with a numeric, rounded half-even",
    count(*) FILTER (WHERE abs(ratio * b_minor - a_minor) > abs(b_minor::numeric) * 0.5 * ('1e-' || scale(ratio))::numeric)
        AS "quotient of two amounts, to the last decimal",
    count(*) FILTER (WHERE (a = b) <> (a_minor = b_minor)) AS "=",
    count(*) FILTER (WHERE (a <> b) <> (a_minor <> b_minor)) AS "<>",
    count(*) FILTER (WHERE (a < b) <> (a_minor < b_minor)) AS "<",
    count(*) FILTER (WHERE (a <= b) <> (a_minor <= b_minor)) AS "<=",
    count(*) FILTER (WHERE (a > b) <> (a_minor > b_minor)) AS ">",
    count(*) FILTER (WHERE (a >= b) <> (a_minor >= b_minor)) AS ">=",
    count(*) FILTER (WHERE sign(monetary_cmp(a, other)) <>
                           CASE WHEN code < other_code COLLATE "C" THEN -1 WHEN code > other_code COLLATE "C" THEN 1 ELSE sign(a_minor::numeric - b_minor) END)
        AS "the order of two currencies is that of their codes",
    count(*) FILTER (WHERE (a < other) <> (monetary_cmp(a, other) < 0) OR (a <= other) <> (monetary_cmp(a, other) <= 0)
                        OR (a = other) <> (monetary_cmp(a, other) = 0) OR (a <> other) <> (monetary_cmp(a, other) <> 0)
                        OR (a > other) <> (monetary_cmp(a, other) > 0) OR (a >= other) <> (monetary_cmp(a, other) >= 0))
        AS "all comparisons agree, with two currencies too",
    count(*) FILTER (WHERE (a = b) AND (monetary_hash(a) <> monetary_hash(b) OR monetary_hash_extended(a, i) <> monetary_hash_extended(b, i)))
        AS "equal amounts have equal hashes",
    count(*) FILTER (WHERE minor_units(round(rough * unit, code)) <> pg_temp.half_even(rough)
                        OR round(rough * unit, code) <> round(rough * unit, code, 'half_even')) AS "round() half-even",
    count(*) FILTER (WHERE minor_units(round(rough * unit, code, 'half_up')) <> pg_catalog.round(rough)) AS "round() half up",
    count(*) FILTER (WHERE minor_units(round(rough * unit, code, 'up')) <> sign(rough) * ceil(pg_catalog.abs(rough))) AS "round() up",
    count(*) FILTER (WHERE minor_units(round(rough * unit, code, 'down')) <> trunc(rough)) AS "round() down",
    -- That the halves of above were there at all.
    count(*) FILTER (WHERE abs(a_minor * factor % 1) = 0.5) > 50000 AS "product ties",
    count(*) FILTER (WHERE CASE WHEN factor <> 0 THEN a_minor % factor <> 0 AND 2.0 * a_minor % factor = 0 END) > 50 AS "quotient ties",
    count(*) FILTER (WHERE abs(rough % 1) = 0.5) > 300000 AS "rounding ties"
FROM public.expected;

SELECT is(law.value::text, CASE jsonb_typeof(law.value) WHEN 'number' THEN '0' ELSE 'true' END, law.key)
FROM broken, jsonb_each(to_jsonb(broken)) AS law
ORDER BY law.key COLLATE "C";

-- Beyond the ends, and only there, is an error. A statement that fails costs a subtransaction, so not all of them.
CREATE TEMP TABLE beyond AS
SELECT t.statement, pg_temp.outcome(t.statement) AS outcome, t.operator
FROM (
    SELECT 'a + b' AS operator, format('SELECT %L::ar.monetary + %L', a, b) AS statement, i FROM triple WHERE NOT pg_temp.fits(a_minor::numeric + b_minor)
    UNION ALL SELECT 'a - b', format('SELECT %L::ar.monetary - %L', a, b), i FROM triple WHERE NOT pg_temp.fits(a_minor::numeric - b_minor)
    UNION ALL SELECT '-a', format('SELECT -%L::ar.monetary', a), i FROM triple WHERE NOT pg_temp.fits(-a_minor::numeric) AND i % 10 = 0
    UNION ALL SELECT 'abs(a)', format('SELECT ar.abs(%L)', a), i FROM triple WHERE NOT pg_temp.fits(-a_minor::numeric) AND i % 10 = 0
    UNION ALL SELECT 'a * integer', format('SELECT %L::ar.monetary * (%s)', a, whole), i FROM triple WHERE NOT pg_temp.fits(a_minor::numeric * whole) AND i % 100 = 0
    UNION ALL SELECT 'a * bigint', format('SELECT (%s)::bigint * %L::ar.monetary', b_minor + 0.0, a), i FROM triple
              WHERE NOT pg_temp.fits(a_minor::numeric * b_minor) AND i % 100 = 0
    UNION ALL SELECT 'a * numeric', format('SELECT %L::ar.monetary * (%s)::numeric', a, factor), i FROM triple
              WHERE NOT pg_temp.fits(pg_temp.half_even(a_minor * factor)) AND i % 100 = 0
    UNION ALL SELECT 'a / numeric', format('SELECT %L::ar.monetary / (%s)::numeric', a, factor), i FROM triple
              WHERE factor <> 0 AND abs(factor) < 1 AND NOT pg_temp.fits(pg_temp.half_even_quotient(a_minor, factor))
    UNION ALL SELECT 'monetary()', format('SELECT ar.monetary(%s, %L)', (a_minor + sign(a_minor::numeric) * 9223372036854775809) * unit, code), i
              FROM triple WHERE a_minor <> 0 AND i % 200 = 0
    UNION ALL SELECT 'round()', format('SELECT ar.round(%s, %L, %L)', (a_minor + sign(a_minor::numeric) * 9223372036854775808.5) * unit, code,
                                       ('{half_even,half_up,up,down}'::text[])[1 + i / 200 % 4]), i
              FROM triple WHERE a_minor <> 0 AND i % 200 = 0
    UNION ALL SELECT 'input', format('SELECT %L::ar.monetary', code || ' ' || (a_minor + sign(a_minor::numeric) * 9223372036854775809) * unit), i
              FROM triple WHERE a_minor <> 0 AND i % 200 = 0
) AS t
WHERE t.i <= 200000;
SELECT is_empty('SELECT * FROM beyond WHERE outcome <> ''22003'' LIMIT 10', 'beyond the ends is an error');
SELECT cmp_ok((SELECT min(count) FROM (SELECT count(*) FROM beyond GROUP BY operator) AS t), '>', 20::bigint, 'for every operator there was such a row');
SELECT is((SELECT count(DISTINCT operator) FROM beyond), 11::bigint, 'and for all of them');
-- The very ends, where one unit decides.
SELECT is(array_agg(pg_temp.outcome(statement) ORDER BY place), '{done,22003,done,22003,done,22003,done,22003,done,22003,done,22003}'::text[], 'one unit within is a value, one beyond an error')
FROM unnest(ARRAY[
    $$SELECT 'USD 92233720368547758.06'::ar.monetary + 'USD 0.01'$$, $$SELECT 'USD 92233720368547758.07'::ar.monetary + 'USD 0.01'$$,
    $$SELECT 'USD -92233720368547758.07'::ar.monetary - 'USD 0.01'$$, $$SELECT 'USD -92233720368547758.08'::ar.monetary - 'USD 0.01'$$,
    $$SELECT -'USD -92233720368547758.07'::ar.monetary$$, $$SELECT -'USD -92233720368547758.08'::ar.monetary$$,
    $$SELECT 'JPY 4611686018427387904'::ar.monetary * -2$$, $$SELECT 'JPY 4611686018427387904'::ar.monetary * 2$$,
    $$SELECT ar.round(9223372036854775807.5, 'JPY', 'down')$$, $$SELECT ar.round(9223372036854775807.5, 'JPY')$$,
    $$SELECT ar.round(-9223372036854775808.5, 'JPY')$$, $$SELECT ar.round(-9223372036854775808.5, 'JPY', 'up')$$]) WITH ORDINALITY AS t (statement, place);

-- Allocation: of a million totals among four weights, in two orders. In steps, so that workers share each of them.
CREATE UNLOGGED TABLE public.weighted AS
SELECT a, a_minor::numeric AS a_minor, abs(factor) AS w1,
       CASE i % 11 WHEN 0 THEN 0 WHEN 1 THEN abs(factor) ELSE abs(whole) * unit END AS w2,
       CASE i % 13 WHEN 0 THEN 0 WHEN 1 THEN abs(factor) ELSE 1 + abs(small) / 7.0 END AS w3,
       CASE i % 17 WHEN 0 THEN 0 ELSE abs(rough) + 1 END AS w4
FROM public.triple;
CREATE UNLOGGED TABLE public.allocation AS
SELECT a_minor, w1, w2, w3, w4, w1 + w2 + w3 + w4 AS weights,
       w1 <> w2 AND w1 <> w3 AND w1 <> w4 AND w2 <> w3 AND w2 <> w4 AND w3 <> w4 AS is_distinct,
       allocate(a, ARRAY[w1, w2, w3, w4]) AS p, allocate(a, ARRAY[w3, w1, w4, w2]) AS q
FROM public.weighted
WHERE w1 + w2 + w3 + w4 > 0;
CREATE UNLOGGED TABLE public.part AS
SELECT a_minor, w1, w2, w3, w4, weights, is_distinct,
       minor_units(p[1])::numeric AS p1, minor_units(p[2])::numeric AS p2, minor_units(p[3])::numeric AS p3, minor_units(p[4])::numeric AS p4,
       minor_units(q[2])::numeric AS q1, minor_units(q[4])::numeric AS q2, minor_units(q[1])::numeric AS q3, minor_units(q[3])::numeric AS q4
FROM public.allocation;
CREATE TEMP TABLE unfair AS
SELECT count(*) AS allocations,
    count(*) FILTER (WHERE p1 + p2 + p3 + p4 <> a_minor) AS not_the_whole,
    count(*) FILTER (WHERE abs(p1 * weights - a_minor * w1) >= weights OR abs(p2 * weights - a_minor * w2) >= weights
                        OR abs(p3 * weights - a_minor * w3) >= weights OR abs(p4 * weights - a_minor * w4) >= weights) AS a_unit_off,
    count(*) FILTER (WHERE p1 * a_minor < 0 OR p2 * a_minor < 0 OR p3 * a_minor < 0 OR p4 * a_minor < 0) AS against_the_total,
    count(*) FILTER (WHERE is_distinct AND (q1 <> p1 OR q2 <> p2 OR q3 <> p3 OR q4 <> p4)) AS by_the_order,
    -- Among equal weights the position decides: then what they get together stays the same.
    count(*) FILTER (WHERE NOT is_distinct AND (
        q1 * w1 + q2 * w2 + q3 * w3 + q4 * w4 <> p1 * w1 + p2 * w2 + p3 * w3 + p4 * w4
        OR q1 * q1 + q2 * q2 + q3 * q3 + q4 * q4 <> p1 * p1 + p2 * p2 + p3 * p3 + p4 * p4)) AS by_the_order_of_equals,
    count(*) FILTER (WHERE NOT is_distinct) AS equals
FROM public.part;
SELECT is(unfair.*::text, format('(%s,0,0,0,0,0,%s)', allocations, equals),
          'the parts sum to the whole, none is a unit off or against it, and the order makes no difference') FROM unfair;
SELECT ok(allocations > 900000 AND equals > 100000, 'of very many allocations, many among equals') FROM unfair;
SELECT * FROM finish();
ROLLBACK;
