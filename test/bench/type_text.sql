-- type_text.sql: ar.monetary as text, and in COPY, beside numeric(18,2) and char(3) in two columns.
-- A name ends with the ratio wanted.

\ir type.psql

CREATE UNLOGGED TABLE public.monetary_text AS SELECT amount::text AS t FROM public.monetary_row;
CREATE UNLOGGED TABLE public.numeric_text AS SELECT amount::text AS a, currency::text AS c FROM public.numeric_row;
DROP TABLE public.integer_row;
VACUUM ANALYZE;

-- The files lie beside the data, and go with it.
COPY public.monetary_row (amount) TO PROGRAM 'cat > bench_monetary.copy';
COPY public.numeric_row (amount, currency) TO PROGRAM 'cat > bench_numeric.copy';
SELECT current_setting('data_directory') AS here \gset

CALL public.bench_type('text output of ' || :'n', 'SELECT count(amount::text) FROM public.monetary_row',
    '{numeric + char(3): 1.00}', ARRAY['SELECT count(amount::text), count(currency::text) FROM public.numeric_row'], 0);
CALL public.bench_type('text input of ' || :'n', 'SELECT count(t::ar.monetary) FROM public.monetary_text',
    '{numeric + char(3): 1.00}', ARRAY['SELECT count(a::numeric(18, 2)), count(c::char(3)) FROM public.numeric_text'], 0);
CALL public.bench_type('COPY out of ' || :'n', $$COPY public.monetary_row (amount) TO '/dev/null'$$,
    '{numeric + char(3)}', ARRAY[$$COPY public.numeric_row (amount, currency) TO '/dev/null'$$], 0);
CALL public.bench_type('COPY in of ' || :'n',
    format('CREATE UNLOGGED TABLE public.copied (amount ar.monetary); COPY public.copied FROM %L', :'here' || '/bench_monetary.copy'),
    '{numeric + char(3)}',
    ARRAY[format('CREATE UNLOGGED TABLE public.copied (amount numeric(18, 2), currency char(3)); COPY public.copied FROM %L',
                 :'here' || '/bench_numeric.copy')], 0);
COPY (SELECT 1) TO PROGRAM 'rm bench_monetary.copy bench_numeric.copy; cat > /dev/null';
