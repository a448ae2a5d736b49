-- payment_rate.sql: what it takes to record a payment and apply it to the oldest open item, call by call and in bulk, beside pgbench's
-- own transactions and beside a bare ledger.
--
-- A rate is transactions a second: more is better, and so is a ratio.  In bulk a measure is milliseconds, and less is better.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;
\setenv PGHOST :HOST
\setenv PGPORT :PORT
\setenv PGUSER :USER
\setenv PGDATABASE :DBNAME
\set rounds 3
\set seconds 3
\getenv seconds AR_BENCH_SECONDS

-- 10,000 customers with forty open invoices each, more than any of them will pay.
SELECT ar.create_ledger(code => 'BENCH', name => 'Bench', currency => 'EUR') AS ledger \gset
INSERT INTO ar.customer (ledger_id, code, name) SELECT :ledger, 'C' || n, 'Customer ' || n FROM generate_series(1, 10000) AS n;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT :ledger, c.customer_id, date '2026-01-01' + n, 'EUR 100.00', 'open'
FROM ar.customer AS c, generate_series(1, 40) AS n;
SELECT min(customer_id) AS first, max(customer_id) AS last, 1 / (max(customer_id) - min(customer_id) = 9999)::integer AS without_gap
FROM ar.customer \gset

-- The bare ledger: payment, allocation, two balances, in cents, and nothing else: no foreign key, no guard, no way back.
CREATE SCHEMA bare;
CREATE TABLE bare.customer (
    customer_id bigint PRIMARY KEY,
    balance bigint NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE bare.item (
    item_id bigint PRIMARY KEY,
    customer_id bigint NOT NULL,
    due_on date NOT NULL,
    open bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX ON bare.item (customer_id, due_on) WHERE open > 0;
CREATE TABLE bare.payment (
    payment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL,
    amount bigint NOT NULL,
    received_on date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE bare.allocation (
    allocation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id bigint NOT NULL,
    item_id bigint NOT NULL,
    amount bigint NOT NULL
);
INSERT INTO bare.customer SELECT customer_id, 1000000 FROM ar.customer;
-- It is quicker, and so needs more to be paid.
INSERT INTO bare.item
SELECT row_number() OVER (ORDER BY n, c.customer_id), c.customer_id, date '2026-01-01' + n, 10000
FROM bare.customer AS c, generate_series(1, 100) AS n;
CREATE FUNCTION bare.record_payment(for_customer bigint, paid bigint, paid_on date) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    made bigint;
    oldest bigint;
BEGIN
    UPDATE bare.customer SET balance = balance - paid WHERE customer_id = for_customer;
    INSERT INTO bare.payment (customer_id, amount, received_on) VALUES (for_customer, paid, paid_on) RETURNING payment_id INTO made;
    SELECT item_id INTO STRICT oldest FROM bare.item
    WHERE customer_id = for_customer AND open > 0 ORDER BY due_on, item_id LIMIT 1;
    UPDATE bare.item SET open = open - paid WHERE item_id = oldest;
    INSERT INTO bare.allocation (payment_id, item_id, amount) VALUES (made, oldest, paid);
    RETURN made;
END
$$;

-- pgbench asks that its scale be at least the number of clients.
\! pgbench --quiet -i -s 10 2>/dev/null
VACUUM ANALYZE;

-- Waiting for the disk is worth measuring only where the disk is waited for.  Nothing left over shall be written meanwhile.
ALTER SYSTEM SET fsync TO on;
SELECT pg_reload_conf(), pg_sleep(1);
\! sync
CREATE TABLE public.rate (what text, clients integer, wait text, rate numeric);
\setenv PAYMENT_RATE :ledger' ':first' ':last' ':rounds' ':seconds
-- Into a file first: a COPY that waited for it would hold back what is cleaned up, of which the TPC-B-like script suffers most.
\set rates `mktemp`
\setenv PAYMENT_RATES :rates
\! test/bench/payment_rate.sh $PAYMENT_RATE >"$PAYMENT_RATES"
\copy public.rate FROM PROGRAM 'cat "$PAYMENT_RATES"; rm "$PAYMENT_RATES"'
ALTER SYSTEM RESET fsync;
SELECT pg_reload_conf();
SELECT 1 / (count(*) = :rounds * 12)::integer AS complete FROM public.rate;
-- Each found what to pay.
SELECT 1 / ((SELECT count(*) FROM ar.application) = (SELECT count(*) FROM ar.payment) AND count(*) = 0)::integer AS applied
FROM ar.item WHERE payment_id IS NOT NULL AND closed_on IS NULL;

CREATE TABLE public.median AS
SELECT what, clients, wait, percentile_cont(0.5) WITHIN GROUP (ORDER BY rate::float8)::numeric AS rate FROM public.rate GROUP BY 1, 2, 3;
INSERT INTO public.bench_result (name, ours, baseline, unit)
SELECT format('record and apply a payment, %s, synchronous_commit %s / %s',
              CASE ours.clients WHEN 1 THEN '1 client' ELSE ours.clients || ' clients' END, ours.wait,
              CASE other.what WHEN 'tpcb' THEN 'TPC-B of pgbench' ELSE 'a bare ledger in PL/pgSQL' END),
       ours.rate, other.rate, '/s'
FROM public.median AS ours JOIN public.median AS other USING (clients, wait)
WHERE ours.what = 'ours' AND other.what <> 'ours'
ORDER BY other.what DESC, ours.clients, ours.wait;

-- In bulk: 100,000 of the items that are left, paid in one statement, in a hundred, and call by call into the bare ledger.
VACUUM ANALYZE;
CREATE TABLE public.to_pay AS
SELECT i.customer_id, row_number() OVER (ORDER BY i.item_id) AS nth
FROM ar.item AS i WHERE i.closed_on IS NULL ORDER BY i.item_id LIMIT 100000;
CREATE TABLE public.bare_to_pay AS SELECT i.customer_id FROM bare.item AS i WHERE i.open > 0 ORDER BY i.item_id LIMIT 100000;
SELECT 1 / ((SELECT count(*) FROM public.to_pay) = 100000 AND count(*) = 100000)::integer AS enough FROM public.bare_to_pay;
CREATE PROCEDURE public.pay(a_statement integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR k IN 1 .. 100000 BY a_statement LOOP
        INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, apply)
        SELECT (SELECT min(ledger_id) FROM ar.ledger), p.customer_id, 'EUR 100.00', '2026-03-01', 'oldest'
        FROM public.to_pay AS p WHERE p.nth BETWEEN k AND k + a_statement - 1 ORDER BY p.nth;
    END LOOP;
END
$$;
CREATE INDEX ON public.to_pay (nth);
ANALYZE public.to_pay;
CALL public.bench_each('{"100,000 payments in one statement / in statements of 1,000: 1.3 at most", "100,000 payments in one statement / a bare ledger in PL/pgSQL"}',
'CALL public.pay(100000)',
'{"CALL public.pay(1000)", "SELECT count(bare.record_payment(p.customer_id, 10000, ''2026-03-01'')) FROM public.bare_to_pay AS p"}',
3);
INSERT INTO public.bench_result (name, ours, baseline)
SELECT format('100,000 payments in one statement / single calls of 1 client, synchronous_commit %s: 0.2 at most', m.wait),
       r.ours, 100000 * 1000 / m.rate
FROM public.bench_result AS r, public.median AS m
WHERE r.name LIKE '100,000 payments in one statement / in statements%' AND m.what = 'ours' AND m.clients = 1
ORDER BY m.wait DESC;
-- The same money into the bare ledger, call by call as its callers would.
INSERT INTO public.bench_result (name, ours, baseline)
SELECT '100,000 payments in one statement / single calls of the bare ledger, synchronous_commit off', r.ours, 100000 * 1000 / m.rate
FROM public.bench_result AS r, public.median AS m
WHERE r.name LIKE '100,000 payments in one statement / in statements%' AND m.what = 'bare' AND m.clients = 1 AND m.wait = 'off';
SELECT 1 / (SELECT count(*) = 0 FROM ar.verify())::integer AS sound;
