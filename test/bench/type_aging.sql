-- type_aging.sql: ar.aging() and ar.aging_bucket() beside what is written elsewhere, sums and CASE expressions.
-- A name ends with the ratio wanted.

\ir type.psql

-- Due within 90 days before and after the day asked about.
CREATE UNLOGGED TABLE public.monetary_due AS
SELECT date '2026-03-31' + (customer_id % 250) - 180 AS due_on, amount AS open FROM public.monetary_row;
CREATE UNLOGGED TABLE public.numeric_due AS
SELECT date '2026-03-31' + (customer_id % 250) - 180 AS due_on, amount AS open FROM public.numeric_row;
DROP TABLE public.integer_row, public.monetary_row, public.numeric_row;
VACUUM ANALYZE;

SELECT $$CASE WHEN date '2026-03-31' - due_on <= 0 THEN 'current' WHEN date '2026-03-31' - due_on <= 30 THEN '1-30'
              WHEN date '2026-03-31' - due_on <= 60 THEN '31-60' WHEN date '2026-03-31' - due_on <= 90 THEN '61-90'
              ELSE '91+' END$$ AS bucket \gset

CALL public.bench_type('ar.aging of ' || :'n', $$SELECT ar.aging(open, due_on, '2026-03-31') FROM public.monetary_due$$,
    '{five sums FILTER over CASE: 0.40,five sums FILTER over dates}',
    ARRAY[format($$SELECT sum(open) FILTER (WHERE b = 'current'), sum(open) FILTER (WHERE b = '1-30'),
                          sum(open) FILTER (WHERE b = '31-60'), sum(open) FILTER (WHERE b = '61-90'),
                          sum(open) FILTER (WHERE b = '91+')
                   FROM (SELECT open, %s AS b FROM public.numeric_due) AS d$$, :'bucket'),
          $$SELECT sum(open) FILTER (WHERE date '2026-03-31' - due_on <= 0),
                   sum(open) FILTER (WHERE date '2026-03-31' - due_on BETWEEN 1 AND 30),
                   sum(open) FILTER (WHERE date '2026-03-31' - due_on BETWEEN 31 AND 60),
                   sum(open) FILTER (WHERE date '2026-03-31' - due_on BETWEEN 61 AND 90),
                   sum(open) FILTER (WHERE date '2026-03-31' - due_on > 90) FROM public.numeric_due$$]);
CALL public.bench_type('ar.aging_bucket of ' || :'n',
    $$SELECT count(ar.aging_bucket(due_on, '2026-03-31')) FROM public.monetary_due$$, '{CASE: 0.80}',
    ARRAY[format('SELECT count(%s) FROM public.monetary_due', :'bucket')]);
