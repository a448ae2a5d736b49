-- sqlsmith.sql: the books that sqlsmith asks about, and the user that it asks as.
SELECT ar.create_ledger('main', 'Main', 'USD');
SELECT ar.create_customer(1, 'C' || n, 'Customer ' || n) FROM generate_series(1, 20) AS n;
SELECT ar.create_invoice(1, 1 + n % 20, '[{"unit_price": 100}]', date '2026-01-01' + n, terms => '2/10 net 30') FROM generate_series(1, 100) AS n;
SELECT ar.record_payment(1, 1 + n % 20, 'USD 25.00', date '2026-02-01' + n, apply => 'oldest') FROM generate_series(1, 50) AS n;
CREATE ROLE smith LOGIN;
GRANT USAGE ON SCHEMA ar TO smith;
GRANT SELECT ON ALL TABLES IN SCHEMA ar TO smith;
-- What everybody may call is enough: sqlsmith would fill the book, and lock itself out.
CREATE TABLE public.value AS
SELECT n AS id, ('USD ' || n)::ar.monetary AS monetary, ar.aging_bucket(date '2026-01-01', date '2026-01-01' + n) AS bucket,
       ('net ' || n)::ar.terms AS terms, 'open'::ar.invoice_status AS status, date '2026-01-01' + n AS due_on, n::numeric AS number,
       ARRAY[n, 1]::numeric[] AS weights, ARRAY[0, n]::integer[] AS boundaries, 'USD'::text AS code,
       ar.aging_add(NULL, 'USD 1', date '2026-01-01', date '2026-01-01' + n) AS aging_state,
       (n || ' USD 1.00')::ar.monetary_sum_state AS sum_state, (n || ' USD 1.00')::ar.monetary_total_state AS total_state
FROM generate_series(1, 100) AS n;
GRANT SELECT ON public.value TO smith;
ANALYZE;
