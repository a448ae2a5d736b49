-- Statistics on ar.monetary: ANALYZE makes a histogram, and the planner estimates by it.
SET search_path TO ar, public;
\set SHOW_CONTEXT never

-- Amounts of three currencies, so many of each that none is estimated like another, and one amount that is common.
CREATE TABLE charge (charge_id integer, charged monetary);
INSERT INTO charge
SELECT n, CASE WHEN n % 10 = 0 THEN 'USD 49.00'
               WHEN n % 2 = 0 THEN monetary((n * 7919 % 100000)::numeric / 100, 'EUR')
               WHEN n % 3 = 0 THEN monetary((n * 7919 % 100000)::numeric, 'JPY')
               ELSE monetary((n * 7919 % 100000)::numeric / 100, 'USD') END
FROM generate_series(1, 30000) AS n;
ANALYZE charge;

SELECT array_length(histogram_bounds, 1) AS bounds, most_common_vals::text::monetary[] AS most_common,
    (histogram_bounds::text::monetary[])[1] = (SELECT charged FROM charge ORDER BY charged LIMIT 1) AS starts_at_least,
    (histogram_bounds::text::monetary[])[101] = (SELECT charged FROM charge ORDER BY charged DESC LIMIT 1) AS ends_at_greatest,
    correlation IS NOT NULL AS has_correlation, n_distinct <> 0 AS has_distinct, avg_width
FROM pg_stats WHERE tablename = 'charge' AND attname = 'charged';

-- Estimates against the truth: near it (a hundredth of the table, the width of a bin), and not what stands in where nothing is known.
CREATE FUNCTION pg_temp.estimate(condition text) RETURNS TABLE (near boolean, by_statistics boolean)
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
    expected double precision;
    actual double precision;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM charge WHERE ' || estimate.condition INTO plan;
    EXECUTE 'SELECT count(*) FROM charge WHERE ' || estimate.condition INTO actual;
    expected := plan #>> '{0,Plan,Plan Rows}';
    RETURN QUERY SELECT abs(expected - actual) <= 0.01 * 30000, expected::int NOT IN (10000, 150, 29850);
END
$$;
SELECT t.condition, e.*
FROM unnest(ARRAY[$$charged < 'EUR 100'$$, $$charged <= 'EUR 900'$$, $$charged > 'JPY 50000'$$, $$charged >= 'USD 500'$$,
                  $$charged BETWEEN 'EUR 250' AND 'EUR 500'$$, $$charged > 'JPY 20000' AND charged < 'JPY 80000'$$,
                  $$'USD 900' < charged$$, $$charged = 'USD 49.00'$$, $$charged <> 'USD 49.00'$$, $$charged = 'EUR 3.00'$$,
                  $$charged < 'AED 0'$$, $$charged >= 'AED 0'$$, $$charged > 'USD 100000'$$, $$charged < 'CHF 5'$$])
    WITH ORDINALITY AS t (condition, place), LATERAL pg_temp.estimate(t.condition) AS e
ORDER BY place;

DROP TABLE charge;
