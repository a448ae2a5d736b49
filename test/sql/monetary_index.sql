-- Indexes, joins, sorts and partitions by ar.monetary.
SET search_path TO ar, public;
\set SHOW_CONTEXT never
SET max_parallel_workers_per_gather = 0;

SELECT am.amname, opc.opcname, opc.opcdefault, opc.opckeytype::regtype
FROM pg_opclass AS opc JOIN pg_am AS am ON am.oid = opc.opcmethod
WHERE opc.opcintype = 'ar.monetary'::regtype
ORDER BY am.amname;
SELECT am.amname, amvalidate(opc.oid)
FROM pg_opclass AS opc JOIN pg_am AS am ON am.oid = opc.opcmethod
WHERE opc.opcintype = 'ar.monetary'::regtype
ORDER BY am.amname;

CREATE TABLE indexed (id integer PRIMARY KEY, m monetary);
INSERT INTO indexed
    SELECT n, CASE WHEN n % 100 = 0 THEN NULL ELSE monetary(n * 7919 % 20011 - 10000, (ARRAY['EUR', 'JPY', 'USD'])[n % 3 + 1]) END
    FROM generate_series(1, 20000) AS n;
ANALYZE indexed;

-- btree
CREATE INDEX indexed_m ON indexed (m);
EXPLAIN (COSTS OFF) SELECT id FROM indexed WHERE m = 'EUR 17';
EXPLAIN (COSTS OFF) SELECT m FROM indexed WHERE m BETWEEN 'USD 0' AND 'USD 9' ORDER BY m;
-- (PostgreSQL 17 no longer says what an InitPlan returns.)
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        RETURN NEXT regexp_replace(line, ' \(returns [^)]*\)', '');
    END LOOP;
END
$$;
SELECT * FROM pg_temp.plan($$SELECT min(m), max(m) FROM indexed WHERE m >= 'USD -1000000' AND m <= 'USD 1000000'$$);
SET enable_seqscan = off;
SET enable_bitmapscan = off;
CREATE TEMPORARY TABLE by_index AS
    SELECT bound, (SELECT count(*) FROM indexed WHERE m < bound) AS lt, (SELECT count(*) FROM indexed WHERE m <= bound) AS le, (SELECT count(*) FROM indexed WHERE m = bound) AS eq,
        (SELECT count(*) FROM indexed WHERE m >= bound) AS ge, (SELECT count(*) FROM indexed WHERE m > bound) AS gt
    FROM unnest('{EUR -10000,EUR 0,EUR 17,JPY -5,JPY 10010,USD 0.01,USD 17,USD 9999,AED 0,ZWG 0}'::monetary[]) AS bound;
SELECT min(m), max(m) FROM indexed WHERE m >= 'USD -1000000' AND m <= 'USD 1000000';
RESET enable_seqscan;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
CREATE TEMPORARY TABLE by_scan AS
    SELECT bound, (SELECT count(*) FROM indexed WHERE m < bound) AS lt, (SELECT count(*) FROM indexed WHERE m <= bound) AS le, (SELECT count(*) FROM indexed WHERE m = bound) AS eq,
        (SELECT count(*) FROM indexed WHERE m >= bound) AS ge, (SELECT count(*) FROM indexed WHERE m > bound) AS gt
    FROM unnest('{EUR -10000,EUR 0,EUR 17,JPY -5,JPY 10010,USD 0.01,USD 17,USD 9999,AED 0,ZWG 0}'::monetary[]) AS bound;
SELECT min(m), max(m) FROM indexed WHERE m >= 'USD -1000000' AND m <= 'USD 1000000';
TABLE by_scan;
SELECT count(*) AS differences FROM (TABLE by_scan EXCEPT TABLE by_index) AS difference;
RESET enable_indexscan;
RESET enable_indexonlyscan;
RESET enable_bitmapscan;

-- The order of the index is the order of a sort, in memory and on disk.
SET work_mem = '64kB';
SELECT bool_and(sorted = parts) AS same_order
FROM (SELECT row_number() OVER (ORDER BY m, id) AS sorted, row_number() OVER (ORDER BY currency(m) COLLATE "C", minor_units(m), id) AS parts FROM indexed) AS numbered;
RESET work_mem;

-- Across currencies the ends of the index are those of the order: a plan that
-- reads an index sees no second currency, one that reads the rows does.
SELECT min(m), max(m) FROM indexed;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SELECT min(m) FROM indexed;
RESET enable_indexscan;
RESET enable_indexonlyscan;
DROP INDEX indexed_m;

-- Equal values have equal bytes, so that the index may deduplicate.
CREATE TABLE duplicated AS SELECT (ARRAY['USD 1', 'USD 2'])[n % 2 + 1]::monetary AS m FROM generate_series(1, 20000) AS n;
CREATE INDEX duplicated_m ON duplicated (m);
CREATE INDEX duplicated_plain ON duplicated (m) WITH (deduplicate_items = off);
SELECT pg_relation_size('duplicated_m') * 2 < pg_relation_size('duplicated_plain') AS deduplicated;
DROP TABLE duplicated;

-- hash
CREATE INDEX indexed_m ON indexed USING hash (m);
EXPLAIN (COSTS OFF) SELECT id FROM indexed WHERE m = 'EUR 17';
SELECT id FROM indexed WHERE m = 'EUR 17';
DROP INDEX indexed_m;
SELECT id FROM indexed WHERE m = 'EUR 17';

-- brin
CREATE TABLE ranged AS SELECT monetary(n, 'USD') AS m FROM generate_series(1, 50000) AS n;
CREATE INDEX ranged_m ON ranged USING brin (m) WITH (pages_per_range = 8);
ANALYZE ranged;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM ranged WHERE m BETWEEN 'USD 100' AND 'USD 199';
SELECT count(*) FROM ranged WHERE m BETWEEN 'USD 100' AND 'USD 199';
SELECT count(*) FROM ranged WHERE m < 'USD 3';
SELECT count(*) FROM ranged WHERE m = 'EUR 3';
RESET enable_seqscan;
DROP TABLE ranged;

-- joins and grouping
SET enable_mergejoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM indexed AS a JOIN indexed AS b ON a.m = b.m;
SELECT count(*) FROM indexed AS a JOIN indexed AS b ON a.m = b.m;
SET enable_hashjoin = off;
SET enable_mergejoin = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM indexed AS a JOIN indexed AS b ON a.m = b.m;
SELECT count(*) FROM indexed AS a JOIN indexed AS b ON a.m = b.m;
RESET enable_mergejoin;
RESET enable_nestloop;
RESET enable_hashjoin;
EXPLAIN (COSTS OFF) SELECT m, count(*) FROM indexed GROUP BY m;
SELECT count(*) FROM (SELECT m, count(*) FROM indexed GROUP BY m) AS grouped;
SET enable_hashagg = off;
EXPLAIN (COSTS OFF) SELECT m, count(*) FROM indexed GROUP BY m;
SELECT count(*) FROM (SELECT m, count(*) FROM indexed GROUP BY m) AS grouped;
RESET enable_hashagg;
SELECT count(DISTINCT (currency(m), minor_units(m))) + 1 AS groups FROM indexed WHERE m IS NOT NULL;

-- partitions by hash, by range, by list
CREATE TABLE hashed (m monetary) PARTITION BY HASH (m);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE hashed_2 PARTITION OF hashed FOR VALUES WITH (MODULUS 3, REMAINDER 2);
INSERT INTO hashed SELECT m FROM indexed;
SELECT count(*) FROM hashed;
SELECT min(n) > 5000 AS spread FROM (SELECT count(*) AS n FROM hashed GROUP BY tableoid) AS part;
SELECT count(*) AS found FROM hashed WHERE m = 'EUR 17';
CREATE TABLE split (m monetary) PARTITION BY RANGE (m);
CREATE TABLE split_below PARTITION OF split FOR VALUES FROM (MINVALUE) TO ('USD 0');
CREATE TABLE split_above PARTITION OF split FOR VALUES FROM ('USD 0') TO (MAXVALUE);
INSERT INTO split VALUES ('USD -0.01'), ('USD 0'), ('ZWG -5'), ('EUR 5');
SELECT tableoid::regclass, m FROM split ORDER BY m;
EXPLAIN (COSTS OFF) SELECT * FROM split WHERE m = 'USD 5';
CREATE TABLE listed (m monetary) PARTITION BY LIST (m);
CREATE TABLE listed_zero PARTITION OF listed FOR VALUES IN ('USD 0', 'EUR 0');
INSERT INTO listed VALUES ('0 eur'), ('0.00 USD');
INSERT INTO listed VALUES ('JPY 0');
SELECT * FROM listed ORDER BY m;
DROP TABLE hashed, split, listed, indexed;

--
-- Abbreviated keys: a sort or an index build by them gives the order of the parts, for every currency, around zero, around
-- the ends of what a key holds and at the ends of what a value holds; in memory, on disk, in parallel, and either way round.
--
CREATE TABLE extreme AS
    SELECT row_number() OVER (ORDER BY hashtext(code || minor || copy), copy) AS id, code, minor, monetary(minor * ('1e-' || minor_unit)::numeric, code) AS m
    FROM currencies(), generate_series(1, 4) AS copy,
        unnest('{-9223372036854775808,-9223372036854775807,-35184372088834,-35184372088833,-35184372088832,-35184372088831,-4294967297,-1,0,1,4294967297,
            35184372088830,35184372088831,35184372088832,35184372088833,9223372036854775806,9223372036854775807}'::bigint[]) AS minor;
INSERT INTO extreme (id) SELECT -n FROM generate_series(1, 10) AS n;
ANALYZE extreme;
CREATE FUNCTION pg_temp.sorted_wrongly() RETURNS TABLE (ascending bigint, descending bigint, index_order bigint)
LANGUAGE sql AS $$
    SELECT (SELECT count(*) FROM (SELECT id, lead(id) OVER () AS next_id FROM (SELECT id FROM extreme ORDER BY m, id) AS s) AS sorted
            JOIN (SELECT id, lead(id) OVER (ORDER BY code COLLATE "C", minor, id) AS next_id FROM extreme) AS parts USING (id)
            WHERE sorted.next_id <> parts.next_id OR (sorted.next_id IS NULL) <> (parts.next_id IS NULL)),
        (SELECT count(*) FROM (SELECT id, lead(id) OVER () AS next_id FROM (SELECT id FROM extreme ORDER BY m DESC NULLS LAST, id) AS s) AS sorted
            JOIN (SELECT id, lead(id) OVER (ORDER BY code COLLATE "C" DESC NULLS LAST, minor DESC NULLS LAST, id) AS next_id FROM extreme) AS parts USING (id)
            WHERE sorted.next_id <> parts.next_id OR (sorted.next_id IS NULL) <> (parts.next_id IS NULL)),
        (SELECT count(*) FROM (SELECT code, minor, lag(code) OVER () AS last_code, lag(minor) OVER () AS last_minor FROM (SELECT code, minor FROM extreme ORDER BY m) AS s) AS scanned
            WHERE code < last_code COLLATE "C" OR (code = last_code AND minor < last_minor))
$$;
SELECT count(*), count(DISTINCT m) FROM extreme;
SELECT * FROM pg_temp.sorted_wrongly();
SET work_mem = '64kB';
SELECT * FROM pg_temp.sorted_wrongly();
RESET work_mem;
SET max_parallel_workers_per_gather = 2;
SET max_parallel_maintenance_workers = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT m FROM extreme ORDER BY m;
SELECT count(*) AS differences FROM (
    SELECT m, lag(m) OVER () AS last_m FROM (SELECT m FROM extreme WHERE m IS NOT NULL ORDER BY m) AS s
) AS sorted WHERE m < last_m;
ALTER TABLE extreme SET (parallel_workers = 2);
CREATE INDEX extreme_m ON extreme (m);
SET max_parallel_workers_per_gather = 0;
SET enable_sort = off;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT code, minor FROM extreme ORDER BY m;
SELECT index_order FROM pg_temp.sorted_wrongly();
-- Every value is found, and found four times.
SELECT count(*) AS differences FROM (SELECT e.id, (SELECT count(*) FROM extreme AS x WHERE x.m = e.m) AS n FROM extreme AS e WHERE e.id % 97 = 0) AS found WHERE n <> 4;
SELECT min(m), max(m) FROM extreme WHERE m BETWEEN 'USD -92233720368547758.08' AND 'USD 92233720368547758.07';
RESET enable_sort;
RESET enable_seqscan;
DROP TABLE extreme;
-- So few values that keys are given up.
CREATE TABLE alike AS SELECT n AS id, (ARRAY['USD 1', 'EUR 9', 'USD 1.01'])[CASE WHEN n % 10000 = 0 THEN 2 WHEN n % 9999 = 0 THEN 3 ELSE 1 END]::monetary AS m FROM generate_series(1, 100000) AS n;
SELECT m, count(*), min(nr), max(nr) FROM (SELECT m, row_number() OVER () AS nr FROM (SELECT m FROM alike ORDER BY m) AS s) AS sorted GROUP BY m ORDER BY m;
DROP TABLE alike;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_maintenance_workers;

--
-- Size: as small in a row as an int8, and an index at most 0.6 of numeric's, for equal amounts share their entry.
--
CREATE TABLE sized AS SELECT n AS id, monetary(n % 2000 * 5 + 0.25, 'USD') AS m, (n % 2000 * 5 + 0.25)::numeric(18, 2) AS n FROM generate_series(1, 20000) AS n;
CREATE TABLE sized_monetary AS SELECT id, m FROM sized;
CREATE TABLE sized_int8 AS SELECT id, minor_units(m) FROM sized;
SELECT pg_relation_size('sized_monetary') = pg_relation_size('sized_int8') AS as_small_as_int8;
CREATE INDEX sized_m ON sized (m);
CREATE INDEX sized_n ON sized (n);
SELECT pg_relation_size('sized_m') <= 0.6 * pg_relation_size('sized_n') AS deduplicated;

--
-- Statistics: a histogram, and estimates by it.
--
ANALYZE sized;
SELECT array_length(histogram_bounds::text::monetary[], 1) > 50 AS histogram, n_distinct, null_frac, avg_width, abs(correlation) < 0.5 AS mixed FROM pg_stats WHERE tablename = 'sized' AND attname = 'm';
CREATE FUNCTION pg_temp.estimate(condition text) RETURNS numeric
LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) SELECT * FROM sized WHERE ' || condition INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::numeric;
END
$$;
SELECT condition, pg_temp.estimate(condition) BETWEEN low AND high AS sane
FROM (VALUES ('m < ''USD 2500''', 4000, 6000), ('m >= ''USD 7500''', 4000, 6000), ('m BETWEEN ''USD 1000'' AND ''USD 2000''', 1500, 2500), ('m = ''USD 50.25''', 5, 20), ('m = ''EUR 50.25''', 1, 20),
    ('m < ''EUR 5''', 1, 20), ('m > ''EUR 5''', 19900, 20000)) AS c (condition, low, high);
DROP TABLE sized, sized_monetary, sized_int8;
