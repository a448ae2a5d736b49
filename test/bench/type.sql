-- type.sql: what ar.monetary costs in sums, sorts, indexes and hashes, and in bytes, beside numeric(18,2) and int8.
-- A name ends with the ratio wanted; where it ends with none, the baseline is there to compare with.

\ir type.psql

-- The same amounts in twenty currencies.
CREATE UNLOGGED TABLE public.monetary_mixed AS
SELECT customer_id, ar.monetary(ar.amount(amount),
           ('{AUD,BRL,CAD,CHF,CNY,CZK,DKK,EUR,GBP,HKD,ILS,INR,MXN,NOK,NZD,PLN,SEK,SGD,USD,ZAR}'::text[])[customer_id % 20 + 1]) AS amount
FROM public.monetary_row;
CREATE UNLOGGED TABLE public.numeric_mixed AS
SELECT customer_id, ar.amount(amount)::numeric(18, 2) AS amount, ar.currency(amount)::char(3) COLLATE "C" AS currency
FROM public.monetary_mixed;
VACUUM ANALYZE;

-- All must hold the same before anybody asks which is faster.
SELECT 1 / (ar.amount((SELECT ar.sum(amount) FROM public.monetary_row)) = (SELECT sum(amount) FROM public.numeric_row)
            AND (SELECT ar.total(amount) FROM public.monetary_mixed) =
                (SELECT array_agg(ar.monetary(s, c) ORDER BY c)
                 FROM (SELECT currency::text, sum(amount) FROM public.numeric_mixed GROUP BY currency) AS g (c, s)))::integer AS same;

CALL public.bench_size('heap, bytes a row with an integer key / int8',
    pg_relation_size('public.monetary_row')::numeric / :rows, pg_relation_size('public.integer_row')::numeric / :rows);
CALL public.bench_size('heap, bytes a row with an integer key / numeric + char(3): 1.00',
    pg_relation_size('public.monetary_row')::numeric / :rows, pg_relation_size('public.numeric_row')::numeric / :rows);

-- Sums

CALL public.bench_type('sum of ' || :'n', 'SELECT ar.sum(amount) FROM public.monetary_row',
    '{numeric: 0.70,int8: 1.10}',
    ARRAY['SELECT sum(amount) FROM public.numeric_row', 'SELECT sum(amount) FROM public.integer_row'], 2);
CALL public.bench_type('total of ' || :'n' || ' in 20 currencies', 'SELECT ar.total(amount) FROM public.monetary_mixed',
    '{numeric GROUP BY currency: 0.60}',
    ARRAY['SELECT currency, sum(amount) FROM public.numeric_mixed GROUP BY currency']);
CALL public.bench_type('sum of ' || :'n' || ' by 100,000 customers',
    'SELECT customer_id, ar.sum(amount) FROM public.monetary_row GROUP BY customer_id OFFSET 100000', '{numeric: 0.70}',
    ARRAY['SELECT customer_id, sum(amount) FROM public.numeric_row GROUP BY customer_id OFFSET 100000']);

-- Order.  int8 alone is sorted much faster than in a row of two columns, so it is measured both ways: PostgreSQL sorts
-- every type that is passed by reference in a row, so that the last line is the nearer comparison.  Equal amounts are compared in
-- their rows, int8 is not; so all is measured again where no two are equal.

CALL public.bench_type('ORDER BY of ' || :'n', 'SELECT amount FROM public.monetary_row ORDER BY amount OFFSET 100000000',
    '{numeric: 0.45,int8 by value,int8 in a row}',
    ARRAY['SELECT amount FROM public.numeric_row ORDER BY amount OFFSET 100000000',
          'SELECT amount FROM public.integer_row ORDER BY amount OFFSET 100000000',
          'SELECT customer_id, amount FROM public.integer_row ORDER BY amount OFFSET 100000000']);
CALL public.bench_type('btree build of ' || :'n', 'CREATE INDEX built ON public.monetary_row (amount)',
    '{numeric: 0.45,int8}',
    ARRAY['CREATE INDEX built ON public.numeric_row (amount)', 'CREATE INDEX built ON public.integer_row (amount)']);
CREATE INDEX monetary_index ON public.monetary_row (amount);
CREATE INDEX numeric_index ON public.numeric_row (amount);
CALL public.bench_size('btree, bytes a row / numeric: 0.60', pg_relation_size('public.monetary_index')::numeric / :rows,
                       pg_relation_size('public.numeric_index')::numeric / :rows);
DROP INDEX public.monetary_index, public.numeric_index;
CREATE UNLOGGED TABLE public.integer_distinct AS
SELECT n % 100000 AS customer_id, n::bigint * 10 AS amount FROM generate_series(1, :rows) AS n ORDER BY hashint4(n);
CREATE UNLOGGED TABLE public.monetary_distinct AS
SELECT customer_id, ar.monetary(amount / 100.0, 'EUR') AS amount FROM public.integer_distinct;
CREATE UNLOGGED TABLE public.numeric_distinct AS
SELECT customer_id, (amount / 100.0)::numeric(18, 2) AS amount FROM public.integer_distinct;
VACUUM ANALYZE;
CALL public.bench_type('ORDER BY of ' || :'n' || ' distinct', 'SELECT amount FROM public.monetary_distinct ORDER BY amount OFFSET 100000000',
    '{numeric,int8 in a row}',
    ARRAY['SELECT amount FROM public.numeric_distinct ORDER BY amount OFFSET 100000000',
          'SELECT customer_id, amount FROM public.integer_distinct ORDER BY amount OFFSET 100000000'], 0);
DROP TABLE public.monetary_distinct, public.numeric_distinct, public.integer_distinct;

-- Hashes, in memory; int8 shows what of them is the executor's.

SET work_mem TO '1GB';
SET enable_mergejoin TO off;
SET enable_nestloop TO off;
SET enable_sort TO off;
CALL public.bench_type('hash aggregate of ' || :'n',
    'SELECT amount, count(*) FROM public.monetary_row GROUP BY amount OFFSET 100000000', '{numeric: 0.80,int8}',
    ARRAY['SELECT amount, count(*) FROM public.numeric_row GROUP BY amount OFFSET 100000000',
          'SELECT amount, count(*) FROM public.integer_row GROUP BY amount OFFSET 100000000']);
CALL public.bench_type('hash join of ' || :'n' || ' and a tenth',
    'SELECT count(*) FROM public.monetary_row AS a JOIN public.monetary_row AS b ON a.amount OPERATOR(ar.=) b.amount
     WHERE b.customer_id % 10 = 0', '{numeric: 0.80,int8}',
    ARRAY['SELECT count(*) FROM public.numeric_row AS a JOIN public.numeric_row AS b ON a.amount = b.amount
           WHERE b.customer_id % 10 = 0',
          'SELECT count(*) FROM public.integer_row AS a JOIN public.integer_row AS b ON a.amount = b.amount
           WHERE b.customer_id % 10 = 0']);
