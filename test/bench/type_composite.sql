-- type_composite.sql: ar.monetary beside what SQL alone can do for an amount in a currency: numeric and char(3), as two
-- columns (a pair) or as a composite.  And int8, to show what of a hash is the executor's.
-- At a tenth of the rows, because these are slow.  A name ends with the ratio wanted.

\ir type.psql

-- A tenth of the amounts, with all their rows.
CREATE UNLOGGED TABLE public.integer_tenth AS SELECT * FROM public.integer_row WHERE amount % 100 = 10;
CREATE UNLOGGED TABLE public.monetary_tenth AS SELECT * FROM public.monetary_row WHERE ar.minor_units(amount) % 100 = 10;
CREATE UNLOGGED TABLE public.pair_tenth AS SELECT * FROM public.numeric_row WHERE amount % 1 = 0.10;
SELECT count(*) AS tenth FROM public.monetary_tenth \gset
CREATE UNLOGGED TABLE public.composite_tenth AS
SELECT customer_id, ROW(amount, currency)::public.composite AS amount FROM public.pair_tenth;
CREATE UNLOGGED TABLE public.monetary_text AS SELECT amount::text AS t FROM public.monetary_tenth;
CREATE UNLOGGED TABLE public.composite_text AS SELECT amount::text AS t FROM public.composite_tenth;
DROP TABLE public.integer_row, public.monetary_row, public.numeric_row;
VACUUM ANALYZE;

SELECT avg(pg_column_size(m.amount)) AS ours, (SELECT avg(pg_column_size(amount)) FROM public.composite_tenth) AS composite
FROM public.monetary_tenth AS m \gset
CALL public.bench_size('bytes a value / composite: 0.50', :ours, :composite);
CALL public.bench_size('heap, bytes a row with an integer key / composite: 0.50',
    pg_relation_size('public.monetary_tenth')::numeric / :tenth, pg_relation_size('public.composite_tenth')::numeric / :tenth);

CALL public.bench_type('sum of ' || :'n_tenth', 'SELECT ar.sum(amount) FROM public.monetary_tenth', '{composite: 0.50}',
    ARRAY['SELECT (amount).currency, sum((amount).amount) FROM public.composite_tenth GROUP BY (amount).currency']);
CALL public.bench_type('sum of ' || :'n_tenth' || ' by 100,000 customers',
    'SELECT customer_id, ar.sum(amount) FROM public.monetary_tenth GROUP BY customer_id OFFSET 100000', '{composite: 0.50}',
    ARRAY['SELECT customer_id, (amount).currency, sum((amount).amount) FROM public.composite_tenth
           GROUP BY customer_id, (amount).currency OFFSET 100000']);

CALL public.bench_type('ORDER BY of ' || :'n_tenth', 'SELECT amount FROM public.monetary_tenth ORDER BY amount OFFSET 100000000',
    '{composite: 0.50,pair: 0.45}',
    ARRAY['SELECT amount FROM public.composite_tenth ORDER BY amount OFFSET 100000000',
          'SELECT currency, amount FROM public.pair_tenth ORDER BY currency, amount OFFSET 100000000'], 0);
CALL public.bench_type('btree build of ' || :'n_tenth', 'CREATE INDEX built ON public.monetary_tenth (amount)',
    '{composite: 0.50,pair: 0.45}',
    ARRAY['CREATE INDEX built ON public.composite_tenth (amount)', 'CREATE INDEX built ON public.pair_tenth (currency, amount)'], 0);
CREATE INDEX monetary_index ON public.monetary_tenth (amount);
CREATE INDEX composite_index ON public.composite_tenth (amount);
CREATE INDEX pair_index ON public.pair_tenth (currency, amount);
CALL public.bench_size('btree, bytes a row / composite: 0.50', pg_relation_size('public.monetary_index')::numeric / :tenth,
                       pg_relation_size('public.composite_index')::numeric / :tenth);
CALL public.bench_size('btree, bytes a row / pair: 0.60', pg_relation_size('public.monetary_index')::numeric / :tenth,
                       pg_relation_size('public.pair_index')::numeric / :tenth);
DROP INDEX public.monetary_index, public.composite_index, public.pair_index;

SET work_mem TO '1GB';
SET enable_mergejoin TO off;
SET enable_nestloop TO off;
SET enable_sort TO off;
CALL public.bench_type('hash aggregate of ' || :'n_tenth',
    'SELECT amount, count(*) FROM public.monetary_tenth GROUP BY amount OFFSET 100000000',
    '{composite: 0.50,pair: 0.80,int8}',
    ARRAY['SELECT amount, count(*) FROM public.composite_tenth GROUP BY amount OFFSET 100000000',
          'SELECT amount, currency, count(*) FROM public.pair_tenth GROUP BY amount, currency OFFSET 100000000',
          'SELECT amount, count(*) FROM public.integer_tenth GROUP BY amount OFFSET 100000000'], 0);
CALL public.bench_type('hash join of ' || :'n_tenth' || ' and a tenth',
    'SELECT count(*) FROM public.monetary_tenth AS a JOIN public.monetary_tenth AS b ON a.amount OPERATOR(ar.=) b.amount
     WHERE b.customer_id % 10 = 0',
    '{composite: 0.50,pair: 0.80,int8}',
    ARRAY['SELECT count(*) FROM public.composite_tenth AS a JOIN public.composite_tenth AS b ON a.amount = b.amount
           WHERE b.customer_id % 10 = 0',
          'SELECT count(*) FROM public.pair_tenth AS a
           JOIN public.pair_tenth AS b ON a.amount = b.amount AND a.currency = b.currency WHERE b.customer_id % 10 = 0',
          'SELECT count(*) FROM public.integer_tenth AS a JOIN public.integer_tenth AS b ON a.amount = b.amount
           WHERE b.customer_id % 10 = 0'], 0);

CALL public.bench_type('text output of ' || :'n_tenth', 'SELECT count(amount::text) FROM public.monetary_tenth',
    '{composite: 0.50}', ARRAY['SELECT count(amount::text) FROM public.composite_tenth'], 0);
CALL public.bench_type('text input of ' || :'n_tenth', 'SELECT count(t::ar.monetary) FROM public.monetary_text',
    '{composite: 0.50}', ARRAY['SELECT count(t::public.composite) FROM public.composite_text'], 0);
