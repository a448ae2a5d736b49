-- numbering.sql: what numbers cost where eight clients post into one series, beside posting without numbers.
-- A measure is milliseconds for 1,000 invoices, each posted in a transaction of its own.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;
\setenv PGHOST :HOST
\setenv PGPORT :PORT
\setenv PGUSER :USER
\setenv PGDATABASE :DBNAME

SELECT ar.create_ledger(code => 'BENCH', name => 'Bench', currency => 'EUR') AS ledger \gset
INSERT INTO ar.customer (ledger_id, code, name) SELECT :ledger, 'C' || n, 'Customer ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO ar.document_series (ledger_id, series, pattern, numbering)
SELECT :ledger, n, upper(n) || '{year}-{number}', n FROM unnest('{gapless,fast,batch}'::text[]) AS n;
SELECT format($$CREATE PROCEDURE public.post_%1$s(nth integer) LANGUAGE sql AS '
    INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, due_on, total, status)
    SELECT c.ledger_id, c.customer_id, ''%1$s'', ''2026-01-01'', ''2026-01-31'', ''EUR 10.00'', ''open''
    FROM ar.customer AS c WHERE c.ledger_id = %2$s AND c.code = ''C'' || nth'$$, n, :ledger)
FROM unnest('{gapless,fast,batch}'::text[]) AS n \gexec
ANALYZE;
-- What is measured: transactions a second, the modes by turns, three times each.
\setenv BENCH_POST 'one() { printf "\\\\set n random(1, 1000)\nCALL public.post_$1(:n);\n" | pgbench -n -c 8 -j 2 -T 3 -f /dev/stdin | sed -n "s/^tps = \\([0-9.]*\\).*/\\1/p"; }; turn() { echo "{$(one gapless),$(one fast),$(one batch)}"; }; echo "{$(turn),$(turn),$(turn)}"'
\set runs `bash -c "$BENCH_POST"`
SELECT avg(t) FILTER (WHERE n % 3 = 1) AS gapless, avg(t) FILTER (WHERE n % 3 = 2) AS fast, avg(t) FILTER (WHERE n % 3 = 0) AS batch
FROM unnest(:'runs'::numeric[]) WITH ORDINALITY AS r(t, n) \gset
INSERT INTO public.bench_result (name, ours, baseline) VALUES
    ('8 clients, one gapless series / without numbers', 1000000 / :gapless, 1000000 / :batch),
    ('8 clients, one fast series / without numbers', 1000000 / :fast, 1000000 / :batch);

-- And what it costs to number them afterwards.
SELECT clock_timestamp() AS started \gset
SELECT ar.number_invoices(:ledger) AS numbered \gset
INSERT INTO public.bench_result (name, ours, baseline)
SELECT 'number in one batch / post them without numbers', extract(epoch FROM clock_timestamp() - :'started'::timestamptz) * 1000 * 1000 / :numbered,
       1000000 / :batch;
SELECT 1 / (SELECT count(*) = 0 FROM ar.verify())::integer AS sound;
