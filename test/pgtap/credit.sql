-- credit: the limit holds whoever writes, however many rows at once.
BEGIN;
\ir helper.psql
SELECT plan(48);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code, credit_limit => credit_limit::ar.monetary)
FROM (VALUES ('FREE', NULL), ('ZERO', 'EUR 0'), ('HUNDRED', 'EUR 100'), ('MANY', 'EUR 10000'), ('DOLLAR', 'USD 50'), ('LOWERED', 'EUR 100'),
             ('OTHER', 'EUR 5')) AS v(code, credit_limit) \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('HUNDRED') AS hundred, pg_temp.customer('MANY') AS many \gset

CREATE FUNCTION pg_temp.bill(customer text, total text, number text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) '
                  'VALUES (pg_temp.ledger(), pg_temp.customer(%L), %L, ''2026-01-01'', %L, ''open'')', $1, $3, $2)
$$;
CREATE FUNCTION pg_temp.exposure(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT (ar.sum(b.open_debits + b.open_credits))::text FROM ar.customer_balance AS b
    WHERE b.ledger_id = pg_temp.ledger() AND b.customer_id = pg_temp.customer($1) AND b.currency = 'EUR'
$$;

-- No limit, a limit of zero, equality, a cent over.
SELECT is(pg_temp.outcome(pg_temp.bill('FREE', 'EUR 90000000000000000.00')), 'done', 'no limit is unlimited');
SELECT is(pg_temp.outcome(pg_temp.bill('ZERO', 'EUR 0.01')), 'RA001', 'zero is nothing on credit');
SELECT is(pg_temp.outcome(pg_temp.bill('ZERO', 'EUR 0')), 'done', 'but for an invoice of nothing');
SELECT is(pg_temp.outcome(pg_temp.bill('HUNDRED', 'EUR 100')), 'done', 'equality passes');
SELECT is(pg_temp.outcome(pg_temp.bill('HUNDRED', 'EUR 100.01'), 'all'),
    E'RA001: credit limit of customer "HUNDRED" exceeded\n'
    'The exposure would be EUR 100.01 against a limit of EUR 100.00, an excess of EUR 0.01.\n'
    'Take a payment first, lower the amount, or raise the limit.', 'a cent over does not, and the detail says why');
SELECT is(pg_temp.outcome(pg_temp.bill('HUNDRED', 'EUR 100.01'), 'constraint'), 'RA001 customer_balance_credit_limit_check', 'with a name to know it by');
SELECT is_empty('SELECT FROM ar.item WHERE ledger_id = pg_temp.ledger()', 'a refused invoice leaves no item');
SELECT is_empty('SELECT FROM ar.document_counter WHERE ledger_id = pg_temp.ledger()', 'and takes no number');

-- It adds up, by every way to write.
SELECT lives_ok(pg_temp.bill('HUNDRED', 'EUR 60', 'H1'), 'a first invoice fits');
SELECT is(pg_temp.outcome(pg_temp.bill('HUNDRED', 'EUR 40.01')), 'RA001', 'a second that does not, by INSERT');
SELECT is(pg_temp.outcome($$SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('HUNDRED'), '[{"unit_price": 40.01}]', '2026-01-01')$$, 'all'),
    E'RA001: credit limit of customer "HUNDRED" exceeded\n'
    'The exposure would be EUR 100.01 against a limit of EUR 100.00, an excess of EUR 0.01.\n'
    'Take a payment first, lower the amount, or raise the limit.', 'by function');
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, invoiced_on, total) VALUES
    (:ledger, 7000000001, :hundred, '2026-01-01', 'EUR 20.01'), (:ledger, 7000000002, :hundred, '2026-01-01', 'EUR 20');
SELECT pass('drafts are not judged');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET status = 'open' WHERE invoice_id IN (7000000001, 7000000002)$$), 'RA001', 'by UPDATE of two, of which each would fit');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoices(pg_temp.ledger(), '{7000000001, 7000000002}')$$), 'RA001', 'by posting both by function');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET status = 'held' WHERE invoice_id = 7000000001$$), 'done', 'one that does not fit is held');
SELECT is(pg_temp.outcome($$MERGE INTO ar.invoice AS v USING (SELECT 1) AS s ON v.invoice_id = 7000000009
    WHEN NOT MATCHED THEN INSERT (ledger_id, customer_id, invoiced_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer('HUNDRED'), '2026-01-01', 'EUR 40.01', 'open')$$), 'RA001', 'by MERGE');
SELECT is(pg_temp.outcome($$INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount)
    VALUES (pg_temp.ledger(), pg_temp.customer('HUNDRED'), 'deduction', '2026-01-01', 'EUR 40.01')$$), 'RA001', 'by a charge');
SELECT is((SELECT string_agg(pg_temp.outcome(format($$INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount)
    SELECT pg_temp.ledger(), pg_temp.customer('HUNDRED'), kind, '2026-01-01', 'EUR 40.01' FROM unnest('{%s}'::text[]) AS kind$$, kinds)), ' ' ORDER BY kinds)
    FROM unnest('{fee,interest,chargeback,"fee,interest","fee,refund",refund}'::text[]) AS kinds), 'done done done RA001 done RA001', 'but not by a fee, interest or a chargeback, which are owed already');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, terms, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer('HUNDRED'), '2026-01-01', '50% net 10, 50% net 400', 'EUR 40.01', 'open')$$), 'RA001', 'in instalments');
SELECT is(pg_temp.exposure('HUNDRED'), 'EUR 60.00', 'none of these left a trace');
SELECT is(pg_temp.outcome(format($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
    SELECT pg_temp.ledger(), pg_temp.customer('MANY'), '2026-01-01', CASE n WHEN 4711 THEN 'EUR 1.01' ELSE 'EUR 1' END::ar.monetary, 'open'
    FROM generate_series(1, 10000) AS n$$)), 'RA001', 'ten thousand rows in one statement, together a cent over');
SELECT is_empty(format('SELECT FROM ar.item WHERE customer_id = %s', :many), 'leave nothing');
SELECT lives_ok($$INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    SELECT pg_temp.ledger(), pg_temp.customer('MANY'), 'T' || n, '2026-01-01', '2026-01-31', 'EUR 1', 'open' FROM generate_series(1, 10000) AS n$$,
    'and exactly at the limit they pass');
SELECT is(pg_temp.exposure('MANY'), 'EUR 10000.00', 'all of them');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
    SELECT pg_temp.ledger(), pg_temp.customer(c), '2026-01-01', 'EUR 1', 'open' FROM unnest('{FREE,HUNDRED,OTHER,MANY}'::text[]) AS c$$, 'all'),
    E'RA001: credit limit of customer "MANY" exceeded\n'
    'The exposure would be EUR 10001.00 against a limit of EUR 10000.00, an excess of EUR 1.00.\n'
    'Take a payment first, lower the amount, or raise the limit.', 'of many customers, the one who is over is named');
SELECT is(pg_temp.exposure('OTHER'), NULL, 'and nobody''s invoice is posted');

-- COPY: one that fails is read by the server, for the client's would end this file.
DO $$ BEGIN EXECUTE format('ALTER TABLE ar.invoice ALTER ledger_id SET DEFAULT %s, ALTER customer_id SET DEFAULT %s',
    pg_temp.ledger(), pg_temp.customer('HUNDRED')); END $$;
SELECT is(pg_temp.outcome($$COPY ar.invoice (invoiced_on, total, status) FROM PROGRAM
    'printf "2026-01-01\tEUR 20\topen\n2026-01-01\tEUR 20\topen\n2026-01-01\tEUR 0.01\topen\n"'$$), 'RA001', 'COPY is judged as a whole');
COPY ar.invoice (number, invoiced_on, total, status) FROM stdin;
H2	2026-01-01	EUR 20	open
H3	2026-01-01	EUR 20	open
\.
SELECT is(pg_temp.exposure('HUNDRED'), 'EUR 100.00', 'and passes at the limit');

-- Room is made by paying, and by applying nothing is changed.
SELECT is(pg_temp.outcome(pg_temp.bill('HUNDRED', 'EUR 0.01')), 'RA001', 'the limit is reached');
SELECT ar.record_payment(:ledger, :hundred, 'EUR 30', '2026-02-01', reference => 'HP', apply => 'none') \g /dev/null
SELECT is(pg_temp.exposure('HUNDRED'), 'EUR 70.00', 'a payment makes room, applied or not');
SELECT ar.apply(:ledger, pg_temp.item('HP'), pg_temp.item('H1')) \g /dev/null
SELECT is(pg_temp.exposure('HUNDRED'), 'EUR 70.00', 'applying it makes no more');
SELECT is(pg_temp.outcome(pg_temp.bill('HUNDRED', 'EUR 30.01')), 'RA001', 'the room is what was paid');
SELECT lives_ok(pg_temp.bill('HUNDRED', 'EUR 30'), 'and no less');
SELECT ar.unapply(:ledger, pg_temp.application('HP', 'H1')) \g /dev/null
SELECT is(pg_temp.exposure('HUNDRED'), 'EUR 100.00', 'undoing the application takes none away, though both sides are open again');
SELECT is(pg_temp.balance('HUNDRED'), 'EUR 130.00 and EUR -30.00', 'as the balance shows');
SELECT is(pg_temp.outcome($$INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount)
    VALUES (pg_temp.ledger(), pg_temp.customer('HUNDRED'), 'refund', '2026-02-01', 'EUR 1')$$), 'RA001', 'paying back what was paid needs room');
SELECT is(pg_temp.outcome($$INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount)
    SELECT pg_temp.ledger(), pg_temp.customer('HUNDRED'), k, '2026-02-01', ar.monetary(a, 'EUR')
    FROM (VALUES ('discount', -5), ('fee', 5)) AS v(k, a)$$), 'done', 'what one statement gives and takes is judged together');

-- Another currency than the limit's.
SELECT is(pg_temp.outcome(pg_temp.bill('DOLLAR', 'USD 50')), 'done', 'a limit in dollars is judged in dollars');
SELECT is(pg_temp.outcome(pg_temp.bill('DOLLAR', 'USD 50.01')), 'RA001', 'whatever the currency of the ledger');
SELECT is(pg_temp.outcome(pg_temp.bill('DOLLAR', 'EUR 1')), 'RA009',
    'what cannot be compared is refused');
SELECT is(pg_temp.outcome($$SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('DOLLAR'), 'EUR 10', '2026-01-01')$$), 'done',
    'but a payment is taken in any currency');

-- A limit that is lowered below what is open stops further credit, and nothing else.
SELECT lives_ok(pg_temp.bill('LOWERED', 'EUR 80', 'L1'), 'somebody owes within the limit');
SELECT lives_ok($$UPDATE ar.customer SET credit_limit = 'EUR 50' WHERE code = 'LOWERED'$$, 'which is then lowered below it');
SELECT is(pg_temp.outcome(pg_temp.bill('LOWERED', 'EUR 0.01')), 'RA001', 'nothing more is given');
SELECT lives_ok($$SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('LOWERED'), 'EUR 10', '2026-02-01', reference => 'L1')$$, 'a payment is taken and applied');
SELECT lives_ok($$SELECT ar.unapply(a.ledger_id, a.application_id) FROM ar.application AS a WHERE a.ledger_id = pg_temp.ledger() AND a.amount::text = 'EUR 10.00'$$,
    'and its application undone, though the exposure is over the limit');
SELECT is(pg_temp.exposure('LOWERED'), 'EUR 70.00', 'which it still is');

-- Autovacuum would have done it by now.
ANALYZE ar.item, ar.application, ar.invoice, ar.invoice_line;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
