-- cash_month.sql: a month of bank lines: how many are applied without a person, how many of them wrongly, and what a line costs, beside
-- a plain matcher that knows exact numbers and exact amounts.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;
SET client_min_messages TO warning;
CREATE EXTENSION pg_trgm SCHEMA public;
SELECT ar.index_payer_names();
\set customers 2000
\ir cash_month.psql

-- The plain matcher: each word of the text that is the number of an open invoice pays it, as far as the money goes; what names
-- none pays the one open invoice of exactly the amount.
CREATE SCHEMA plain;
CREATE TABLE plain.invoice AS
SELECT v.invoice_id, v.number, v.customer_id, v.cents AS open FROM month.invoice AS v WHERE v.k < 10;
ALTER TABLE plain.invoice ADD PRIMARY KEY (invoice_id);
CREATE UNIQUE INDEX ON plain.invoice (number);
CREATE INDEX ON plain.invoice (open) WHERE open > 0;
CREATE TABLE plain.payment (payment_id bigint PRIMARY KEY, currency text NOT NULL, received_on date NOT NULL, reference text, unapplied bigint NOT NULL);
CREATE TABLE plain.allocation (
    payment_id bigint NOT NULL REFERENCES plain.payment, invoice_id bigint NOT NULL REFERENCES plain.invoice, cents bigint NOT NULL,
    PRIMARY KEY (payment_id, invoice_id));
CREATE FUNCTION plain.match() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line record;
    hit record;
    part bigint;
    rest bigint;
BEGIN
    FOR line IN SELECT * FROM plain.payment WHERE currency = 'EUR' ORDER BY payment_id LOOP
        rest := line.unapplied;
        FOR hit IN
            SELECT v.invoice_id, v.open FROM plain.invoice AS v
            WHERE v.number = ANY (regexp_split_to_array(line.reference, '[[:space:],;]+')) AND v.open > 0 ORDER BY v.invoice_id FOR UPDATE
        LOOP
            EXIT WHEN rest = 0;
            part := least(rest, hit.open);
            INSERT INTO plain.allocation VALUES (line.payment_id, hit.invoice_id, part);
            UPDATE plain.invoice SET open = open - part WHERE invoice_id = hit.invoice_id;
            rest := rest - part;
        END LOOP;
        IF rest = line.unapplied THEN
            SELECT min(v.invoice_id) AS invoice_id, count(*) AS hits INTO hit FROM plain.invoice AS v WHERE v.open = line.unapplied AND v.open > 0;
            IF hit.hits = 1 THEN
                INSERT INTO plain.allocation VALUES (line.payment_id, hit.invoice_id, rest);
                UPDATE plain.invoice SET open = 0 WHERE invoice_id = hit.invoice_id;
                rest := 0;
            END IF;
        END IF;
        UPDATE plain.payment SET unapplied = rest WHERE payment_id = line.payment_id;
    END LOOP;
END
$$;
CREATE FUNCTION plain.receive() RETURNS void LANGUAGE sql AS $$
    INSERT INTO plain.payment SELECT payment_id, currency, received_on, reference, cents FROM month.line ORDER BY n
$$;
VACUUM ANALYZE;

SELECT format('%s bank lines identified, matched and applied / a plain matcher', to_char(5 * :customers, 'FM99,999')) AS name \gset
CALL public.bench(:'name',
format('SELECT month.receive(%1$s); SELECT count(*) FROM ar.auto_apply(%1$s)', :ledger),
'SELECT plain.receive(); SELECT plain.match()', 3);
INSERT INTO public.bench_result (name, ours, baseline, unit)
SELECT 'a bank line, identified, matched and applied / a plain matcher', ours * 1000 / (5 * :customers), baseline * 1000 / (5 * :customers), 'us'
FROM public.bench_result WHERE name = :'name';

-- For good, and judged by the truth.
SELECT month.receive(:ledger);
SELECT count(*) FROM ar.auto_apply(:ledger);
SELECT plain.receive(), plain.match();
CREATE TABLE month.result AS SELECT * FROM month.outcome(:ledger);
CREATE TABLE plain.result AS
SELECT l.n, l.can_be_applied, p.unapplied = 0 AS is_touchless,
       EXISTS (SELECT FROM plain.allocation AS a
               LEFT JOIN month.truth AS t ON t.payment_id = a.payment_id AND t.invoice_id = a.invoice_id
               WHERE a.payment_id = l.payment_id AND (t.payment_id IS NULL OR t.cents <> a.cents)) AS is_wrong
FROM month.line AS l JOIN plain.payment AS p ON p.payment_id = l.payment_id;
INSERT INTO public.bench_result (name, ours, baseline, unit)
SELECT 'touchless, of the lines that can be / a plain matcher', 100.0 * o.touchless / o.lines, 100.0 * p.touchless / p.lines, '%'
FROM (SELECT count(*) FILTER (WHERE is_touchless AND fault IS NULL) AS touchless, count(*) AS lines FROM month.result WHERE can_be_applied) AS o,
     (SELECT count(*) FILTER (WHERE is_touchless AND NOT is_wrong) AS touchless, count(*) AS lines FROM plain.result WHERE can_be_applied) AS p;
INSERT INTO public.bench_result (name, ours, baseline, unit)
SELECT format('wrong matches of %s lines, must be 0 / a plain matcher', o.lines), o.wrong, p.wrong, 'lines'
FROM (SELECT count(*) AS lines, count(fault) AS wrong FROM month.result) AS o,
     (SELECT count(*) FILTER (WHERE is_wrong) AS wrong FROM plain.result) AS p;
SELECT 1 / (SELECT count(*) = 0 FROM ar.verify())::integer AS sound;
