-- A condition on ar.aging_bucket() is planned as a range of due dates: the same answer for every date, by an index.
SET search_path TO ar, public;
SET timezone TO 'UTC';
SET datestyle TO 'ISO';
\set SHOW_CONTEXT never

-- The range of a bucket, and what lies beyond the calendar.
SELECT bucket, due_from(bucket, date '2026-03-31'), due_until(bucket, date '2026-03-31')
FROM unnest('{current,1-30,31-60,91+,-7-0,-8-,5-5}'::aging_bucket[]) WITH ORDINALITY AS t (bucket, place) ORDER BY place;
SELECT bucket, as_of, due_from(bucket, as_of), due_until(bucket, as_of)
FROM unnest('{current,1-30,91+,-7+}'::aging_bucket[]) WITH ORDINALITY AS t (bucket, place),
    unnest('{-infinity,4713-11-24 BC,5874897-12-31,infinity}'::date[]) WITH ORDINALITY AS a (as_of, place)
ORDER BY t.place, a.place;

-- Of every date it is the inverse of aging_bucket(): beside each boundary, at the ends of the calendar, at infinity.
CREATE TABLE as_of_date (as_of date);
INSERT INTO as_of_date VALUES ('-infinity'), ('4713-11-24 BC'), ('4713-12-20 BC'), ('2026-03-31'), ('5874897-12-01'), ('5874897-12-31'), ('infinity'), (NULL);
CREATE TABLE due (due_on date);
INSERT INTO due
SELECT NULL UNION VALUES ('-infinity'::date), ('infinity'), ('4713-11-24 BC'), ('4713-11-25 BC'), ('5874897-12-30'), ('5874897-12-31')
UNION SELECT date '2026-03-31' - days FROM unnest('{-33000,-100,-10,-9,-8,-7,-1,0,1,2,14,15,16,29,30,31,32,59,60,61,89,90,91,120,40000}'::int[]) AS days
UNION SELECT date '5874897-12-31' - days FROM generate_series(0, 100) AS days
UNION SELECT date '4713-11-24 BC' + days FROM generate_series(0, 100) AS days;
CREATE TABLE scheme (boundaries integer[]);
INSERT INTO scheme VALUES ('{0,30,60,90}'), ('{-8,0,15}'), ('{-8}'), ('{15}'), ('{-32768,32766}');
SELECT count(*) AS wrong
FROM due, as_of_date, scheme, aging_buckets(boundaries) AS bucket
WHERE (due_on BETWEEN due_from(bucket, as_of) AND due_until(bucket, as_of)) IS DISTINCT FROM
    (days_past_due(due_on, as_of) BETWEEN coalesce(first_day(bucket), -2147483648) AND coalesce(last_day(bucket), 2147483647));

-- With constants, in either order, the condition gives what it gives row by row: so for every comparison, for buckets in and
-- between those of the scheme, and for an as-of date that is a constant or a column.
CREATE TABLE compared AS
SELECT as_of, scheme.boundaries, bucket, operator
FROM as_of_date, scheme, unnest('{=,<>,<,<=,>,>=}'::text[]) AS operator,
    LATERAL (SELECT aging_buckets(scheme.boundaries) UNION SELECT unnest('{current,31-60,31-61,91+,5-5,-9-,-32768+}'::aging_bucket[])) AS b (bucket);
CREATE FUNCTION pg_temp.compare(as_constant boolean) RETURNS TABLE (conditions bigint, wrong bigint, planned_as_range bigint)
LANGUAGE plpgsql AS $$
DECLARE
    c record;
    condition text;
    differences bigint;
    plan text;
BEGIN
    conditions := 0; wrong := 0; planned_as_range := 0;
    FOR c IN SELECT * FROM compared WHERE as_constant OR as_of = '2026-03-31' LOOP
        condition := format(CASE WHEN conditions % 2 = 0 THEN 'aging_bucket(d.due_on, %1$s, %2$L) %4$s %3$L'
                                 ELSE '%3$L %5$s aging_bucket(d.due_on, %1$s, %2$L)' END,
                            CASE WHEN as_constant THEN quote_nullable(c.as_of) || '::date' ELSE 'a.as_of' END,
                            c.boundaries, c.bucket, c.operator, translate(c.operator, '<>', CASE c.operator WHEN '<>' THEN '<>' ELSE '><' END));
        EXECUTE format('SELECT count(*) FROM due AS d, as_of_date AS a, (SELECT %L::aging_bucket OFFSET 0) AS b (bucket)
                        WHERE (NOT %L::boolean OR a.as_of IS NOT DISTINCT FROM %L)
                          AND (%s) IS DISTINCT FROM (aging_bucket(d.due_on, a.as_of, %L) %s b.bucket)',
                       c.bucket, as_constant, c.as_of, condition, c.boundaries, c.operator) INTO differences;
        EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM due AS d, as_of_date AS a WHERE ' || condition INTO plan;
        conditions := conditions + 1;
        wrong := wrong + differences;
        planned_as_range := planned_as_range + (plan NOT LIKE '%aging_bucket(%')::int;
    END LOOP;
    RETURN NEXT;
END
$$;
SELECT * FROM pg_temp.compare(true);
SELECT * FROM pg_temp.compare(false);

-- Plans.
CREATE TABLE open_item (item_id integer, due_on date);
INSERT INTO open_item SELECT n, date '2026-01-01' - 1500 + n % 2000 FROM generate_series(1, 20000) AS n;
CREATE INDEX open_item_due_on ON open_item (due_on);
ANALYZE open_item;
SET enable_bitmapscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, '2026-03-31') = '31-60';
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE '91+' = aging_bucket(due_on, '2022-03-05');
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, '2021-12-05') > 'current';
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, '2021-12-05') <> 'current';
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, '2026-03-31') BETWEEN '31-60' AND '61-90';
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, '2026-03-31', '{0,15,45}') = '16-45';
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, '2026-03-31', '{0,0}') = '16-45';
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on, CURRENT_DATE) = '31-60';
SET plan_cache_mode = force_generic_plan;
PREPARE in_bucket(date) AS SELECT * FROM open_item WHERE aging_bucket(due_on, $1) = '31-60';
EXPLAIN (COSTS OFF) EXECUTE in_bucket('2026-03-31');
RESET plan_cache_mode;
-- What may differ from one evaluation to the next, or costs much, is not written twice.  (A version of PostgreSQL writes its
-- subplans as it likes.)
EXPLAIN (COSTS OFF) SELECT * FROM open_item WHERE aging_bucket(due_on + (random() * 9)::int, '2026-03-31') = '31-60';
CREATE FUNCTION pg_temp.filter(query text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN regexp_replace(plan #>> '{0,Plan,Filter}', '\(InitPlan 1\)\.col1|\$0', 'subplan');
END
$$;
SELECT pg_temp.filter($$SELECT * FROM open_item WHERE aging_bucket(due_on, (SELECT max(as_of) FROM as_of_date)) = '31-60'$$);
RESET enable_bitmapscan;

-- Partitions are pruned.
CREATE TABLE parted (due_on date) PARTITION BY RANGE (due_on);
CREATE TABLE parted_2025 PARTITION OF parted FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE parted_2026 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
EXPLAIN (COSTS OFF) SELECT * FROM parted WHERE aging_bucket(due_on, '2026-03-31') = '31-60';

-- Grouped by the bucket, with and without grouping sets, it is compared as the bucket that it is.
INSERT INTO parted SELECT date '2026-03-31' - n FROM generate_series(-9, 89) AS n;
SELECT aging_bucket(due_on, '2026-03-31') AS bucket, aging_bucket(due_on, '2026-03-31') = '31-60' AS is_it, count(*)
FROM parted GROUP BY 1 HAVING aging_bucket(due_on, '2026-03-31') <> 'current' OR count(*) > 9 ORDER BY 1;
SELECT aging_bucket(due_on, '2026-03-31') AS bucket, aging_bucket(due_on, '2026-03-31') = '31-60' AS is_it, count(*)
FROM parted GROUP BY ROLLUP (aging_bucket(due_on, '2026-03-31')) ORDER BY 1;

-- How many rows are expected.
CREATE FUNCTION pg_temp.expected_rows(query text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
    RETURN plan #>> '{0,Plan,Plan Rows}';
END
$$;
SELECT condition, round(expected::numeric / actual, 1) AS expected_of_actual
FROM (SELECT condition, pg_temp.expected_rows('SELECT FROM open_item WHERE ' || condition) AS expected,
          (xpath('//count/text()', query_to_xml('SELECT count(*) FROM open_item WHERE ' || condition, true, false, '')))[1]::text::bigint AS actual
      FROM unnest(ARRAY[$$aging_bucket(due_on, '2026-03-31') = '91+'$$, $$aging_bucket(due_on, '2026-03-31') = 'current'$$,
                        $$aging_bucket(due_on, '2026-03-31', '{0,365,730}') = '366-730'$$,
                        $$aging_bucket(due_on, '2026-03-31') BETWEEN '1-30' AND '61-90'$$]) AS condition) AS estimate;
SELECT query, pg_temp.expected_rows('SELECT * FROM ' || query)
FROM unnest(ARRAY[$$aging_buckets()$$, $$aging_buckets('{0,15}')$$, $$aging_buckets('{}')$$,
                  $$schedule('net 30', 'EUR 5', '2026-01-31')$$,
                  $$schedule('25% net 30, 25% net 60, 25% net 90, 25% net 120', 'EUR 5', '2026-01-31')$$,
                  $$schedule('25% net 30, 25% net 60, 25% net 90, 25% net 120', 'EUR 0', '2026-01-31')$$,
                  $$schedule('50% net 30, 20% net 60, 30% net 90', monetary(length(current_user), 'EUR'), '2026-01-31')$$,
                  $$unnest('{net 30}'::terms[]) AS t (terms), schedule(t.terms, 'EUR 5', '2026-01-31')$$]) WITH ORDINALITY AS t (query, place)
ORDER BY place;
-- Those without an argument say the exact number.
SELECT p.oid::regprocedure AS function, p.prorows = (CASE p.proname WHEN 'currencies' THEN (SELECT count(*) FROM currencies())
                                                                    ELSE (SELECT count(*) FROM invoice_status_graph()) END) AS is_exact
FROM pg_proc AS p WHERE p.pronamespace = 'ar'::regnamespace AND p.proname IN ('currencies', 'invoice_status_graph') ORDER BY 1;

DROP TABLE as_of_date, due, scheme, compared, open_item, parted;
