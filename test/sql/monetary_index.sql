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
