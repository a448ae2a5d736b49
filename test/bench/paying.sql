-- paying.sql: what it costs to record and apply payments, one call each and many in one statement.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;

-- 1,000 customers with ten open invoices each.
SELECT ar.create_ledger(code => 'BENCH', name => 'Bench', currency => 'EUR') AS ledger \gset
INSERT INTO ar.customer (ledger_id, code, name)
SELECT :ledger, 'C' || n, 'Customer ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT :ledger, c.customer_id, date '2026-01-01' + n, 'EUR 100.00', 'open'
FROM ar.customer AS c, generate_series(1, 10) AS n;

-- The same book as a program without us would keep it: plain numbers, its own status and balance.
CREATE SCHEMA plain;
CREATE TABLE plain.customer (
    customer_id bigint PRIMARY KEY,
    balance numeric NOT NULL
);
CREATE TABLE plain.invoice (
    invoice_id bigint PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES plain.customer,
    due_on date NOT NULL,
    total numeric NOT NULL,
    paid numeric NOT NULL DEFAULT 0,
    status text NOT NULL DEFAULT 'open'
);
CREATE INDEX ON plain.invoice (customer_id, due_on) WHERE status <> 'paid';
CREATE TABLE plain.payment (
    payment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES plain.customer,
    received_on date NOT NULL,
    amount numeric NOT NULL,
    unapplied numeric NOT NULL
);
CREATE INDEX ON plain.payment (customer_id);
CREATE TABLE plain.allocation (
    allocation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id bigint NOT NULL REFERENCES plain.payment,
    invoice_id bigint NOT NULL REFERENCES plain.invoice,
    amount numeric NOT NULL,
    applied_on date NOT NULL
);
CREATE INDEX ON plain.allocation (payment_id);
CREATE INDEX ON plain.allocation (invoice_id);
INSERT INTO plain.customer
SELECT customer_id, sum(ar.amount(total)) FROM ar.invoice GROUP BY customer_id;
INSERT INTO plain.invoice (invoice_id, customer_id, due_on, total)
SELECT i.invoice_id, i.customer_id, i.due_on, ar.amount(i.amount) FROM ar.item AS i;
-- Not the tables that are empty yet: no book is, to autovacuum, before it has rows.
VACUUM ANALYZE ar.customer, ar.invoice, ar.item, ar.customer_balance, plain.customer, plain.invoice;

-- Careful as such programs are: it locks the customer, and applies to the oldest invoices in a loop.
CREATE FUNCTION plain.record_payment(for_customer bigint, paid_amount numeric, paid_on date) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    rest numeric := paid_amount;
    part numeric;
    made bigint;
    oldest record;
BEGIN
    UPDATE plain.customer SET balance = balance - paid_amount WHERE customer_id = for_customer;
    INSERT INTO plain.payment (customer_id, received_on, amount, unapplied)
    VALUES (for_customer, paid_on, paid_amount, paid_amount) RETURNING payment_id INTO made;
    FOR oldest IN
        SELECT invoice_id, total - paid AS open FROM plain.invoice
        WHERE customer_id = for_customer AND status <> 'paid' ORDER BY due_on, invoice_id FOR UPDATE
    LOOP
        EXIT WHEN rest = 0;
        part := least(rest, oldest.open);
        INSERT INTO plain.allocation (payment_id, invoice_id, amount, applied_on)
        VALUES (made, oldest.invoice_id, part, paid_on);
        UPDATE plain.invoice SET paid = paid + part, status = CASE WHEN paid + part = total THEN 'paid' ELSE 'partial' END
        WHERE invoice_id = oldest.invoice_id;
        rest := rest - part;
    END LOOP;
    UPDATE plain.payment SET unapplied = rest WHERE payment_id = made;
    RETURN made;
END
$$;

-- Each pays two invoices and a half.
CALL public.bench('1,000 payments, a call each, applied oldest first / a plain function',
$$SELECT count(ar.record_payment(ledger_id => c.ledger_id, customer_id => c.customer_id, amount => 'EUR 250.00',
                                 received_on => '2026-03-01', apply => 'oldest')) FROM ar.customer AS c$$,
$$SELECT count(plain.record_payment(c.customer_id, 250.00, '2026-03-01')) FROM plain.customer AS c$$,
3);

CALL public.bench('1,000 payments in one call, applied oldest first / a plain function, a call each',
$$SELECT count(*) FROM ar.record_payments((SELECT min(ledger_id) FROM ar.ledger),
      (SELECT jsonb_agg(jsonb_build_object('customer_id', c.customer_id, 'amount', 'EUR 250.00', 'received_on', '2026-03-01'))
       FROM ar.customer AS c), 'oldest')$$,
$$SELECT count(plain.record_payment(c.customer_id, 250.00, '2026-03-01')) FROM plain.customer AS c$$,
3);
SELECT 1 / (SELECT count(*) = 0 FROM ar.verify())::integer AS sound;
