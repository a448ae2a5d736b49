-- Which of some amounts add up to a target, if only one choice does.
\pset format unaligned
\pset tuples_only on
\pset null '-'

SELECT * FROM ar.subset_sum('{100,250,300}', 350);
SELECT * FROM ar.subset_sum('{100,200,300}', 300);
SELECT * FROM ar.subset_sum('{100,200,400}', 350);
-- Credits are below zero.
SELECT * FROM ar.subset_sum('{1000,-150,777}', 850);
SELECT * FROM ar.subset_sum('{1000,-150,850}', 850);
SELECT * FROM ar.subset_sum('{-5}', -5);
-- Equal amounts are several choices, unless both are meant.
SELECT * FROM ar.subset_sum('{100,100}', 100);
SELECT * FROM ar.subset_sum('{100,100}', 200);
-- To choose nothing is no answer.
SELECT * FROM ar.subset_sum('{}', 0);
SELECT * FROM ar.subset_sum('{1,2}', 0);
SELECT * FROM ar.subset_sum('{0}', 0);
SELECT * FROM ar.subset_sum('{0,0}', 0);
SELECT * FROM ar.subset_sum('{7,0}', 7);
SELECT * FROM ar.subset_sum('{7,-7}', 0);
-- Sums beyond what an amount can be.
SELECT * FROM ar.subset_sum('{9223372036854775807,9223372036854775807,-9223372036854775807,5}', 9223372036854775807);
SELECT * FROM ar.subset_sum('{9223372036854775807,9223372036854775806,-9223372036854775808}', 9223372036854775805);
SELECT * FROM ar.subset_sum('{-9223372036854775808,-9223372036854775808}', -9223372036854775808);
-- 30 amounts, and one too many.
SELECT answer, cardinality(positions) FROM ar.subset_sum(ARRAY(SELECT 1::bigint << i FROM generate_series(0, 29) AS i), (1::bigint << 30) - 1);
SELECT * FROM ar.subset_sum(ARRAY(SELECT 1::bigint << i FROM generate_series(0, 29) AS i), 5 + (1 << 29));
SELECT * FROM ar.subset_sum(ARRAY(SELECT 1::bigint << i FROM generate_series(0, 30) AS i), 1);
SELECT * FROM ar.subset_sum(array_fill(1::bigint, ARRAY[30]), 15);
SELECT * FROM ar.subset_sum('{1,NULL}', 1);
SELECT * FROM ar.subset_sum(NULL, 1);
