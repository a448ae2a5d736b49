-- cash: payments that came to nothing.
-- Protects: a reversal reopens what was paid with its own due date, takes back what came with the payment, leaves every day before as it
-- was reported, and loses nothing, whatever became of the money; a random book is afterwards as if nothing had been applied.
BEGIN;
\ir helper.psql
SELECT plan(65);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B,C,D}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c, pg_temp.customer('D') AS d \gset

CREATE FUNCTION pg_temp.bill(customer text, number text, total ar.monetary, due date DEFAULT '2026-01-31') RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $2, '2026-01-01', $4, $3, 'open')
$$;
CREATE FUNCTION pg_temp.pay(customer text, reference text, amount ar.monetary, method text DEFAULT 'cheque', day date DEFAULT '2026-01-20') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, reference, apply)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, $5, $4, $2, 'none') RETURNING payment_id
$$;
CREATE FUNCTION pg_temp.payment(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT p.payment_id FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() AND p.reference = $1 $$;
CREATE FUNCTION pg_temp.apply(credit text, debit text, amount ar.monetary DEFAULT NULL, day date DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
$$ SELECT ar.apply(pg_temp.ledger(), pg_temp.item($1), pg_temp.item($2), $3, $4) $$;
-- What came with a payment and what followed from it: kind, amount, day, and what is open; taken back or taking back.
CREATE FUNCTION pg_temp.came_with(reference text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', j.kind, ar.amount(j.amount), 'on', to_char(j.adjusted_on, 'MM-DD'), 'open', ar.amount(i.open),
                                CASE WHEN j.reverses_id IS NOT NULL THEN 'taking back' END), ', ' ORDER BY j.adjustment_id)
    FROM ar.adjustment AS j JOIN ar.item AS i USING (ledger_id, adjustment_id)
    WHERE j.ledger_id = pg_temp.ledger() AND j.payment_id = pg_temp.payment($1)
$$;

-- A cheque bounces.
SELECT pg_temp.bill('A', 'A1', 'EUR 60', '2026-01-15'), pg_temp.bill('A', 'A2', 'EUR 50', '2026-02-15') \g /dev/null
SELECT pg_temp.pay('A', 'P1', 'EUR 100') \g /dev/null
SELECT pg_temp.apply('P1', 'A1'), pg_temp.apply('P1', 'A2', 'EUR 30', '2026-01-25') \g /dev/null
CREATE TEMPORARY TABLE before AS
SELECT day::date, a.* FROM generate_series('2026-01-01', '2026-02-03', interval '1 day') AS day, ar.aging(:ledger, day::date) AS a;
SELECT clock_timestamp() AS known \gset
CREATE TEMPORARY TABLE known AS SELECT day::date, a.* FROM generate_series('2026-01-01', '2026-03-01', interval '1 day') AS day, ar.aging(:ledger, day::date) AS a;
SELECT ar.reverse_payment(:ledger, pg_temp.payment('P1'), 'bounced', '2026-02-04', 'insufficient_funds', 'no money', 'EUR 7.50', 'r1') AS reversal \gset
SELECT is(pg_temp.state('A1'), 'EUR 60.00, closed -, undone 2026-02-04', 'what was paid is open again');
SELECT is((SELECT array_agg(due_on ORDER BY due_on) FROM ar.item WHERE ledger_id = :ledger AND invoice_id IS NOT NULL), '{2026-01-15,2026-02-15}'::date[], 'and due when it was');
SELECT is(pg_temp.status('A1') || ' ' || pg_temp.status('A2'), 'open open', 'the invoices are open');
SELECT is(pg_temp.state('P1'), 'EUR 0.00, closed 2026-02-04, undone 2026-02-04', 'the payment is closed');
SELECT is(pg_temp.came_with('P1'), 'reversal 100.00 on 02-04 open 0.00, fee 7.50 on 02-04 open 7.50', 'by its reversal, and a fee is charged');
SELECT is(pg_temp.balance('A'), 'EUR 117.50 and EUR 0.00', 'the customer owes all, and the fee');
SELECT results_eq('SELECT kind, reversed_on, reason_code, reason, fee::text, external_id, reversed_by = session_user FROM ar.payment_reversal',
    $$VALUES ('bounced', date '2026-02-04', 'insufficient_funds', 'no money', 'EUR 7.50', 'r1', true)$$, 'it is on record');
SELECT results_eq($$SELECT customer_id, kind, occurred_on, amount::text, reference, reason FROM ar.credit_event$$,
    format($$VALUES (%s::bigint, 'bounced_payment', date '2026-02-04', 'EUR 100.00', 'P1', 'bounced, insufficient_funds, no money')$$, :a), 'and counted on the customer');
SELECT set_eq($$SELECT day::date, a.* FROM generate_series('2026-01-01', '2026-02-03', interval '1 day') AS day, ar.aging(pg_temp.ledger(), day::date) AS a$$,
    'SELECT * FROM before', 'every day before is as it was');
SELECT set_eq(format($$SELECT day::date, a.* FROM generate_series('2026-01-01', '2026-03-01', interval '1 day') AS day, ar.aging(pg_temp.ledger(), day::date, %L) AS a$$, :'known'),
    'SELECT * FROM known', 'and every day as it was known before');
SELECT is(ar.reverse_payment(:ledger, pg_temp.payment('P1'), 'bounced', '2026-02-04', 'insufficient_funds', 'no money', 'EUR 7.50', 'r1'), :reversal::bigint,
    'the same external id again returns the first reversal');
SELECT is(pg_temp.outcome(format('SELECT ar.reverse_payment(pg_temp.ledger(), %s)', given)), expected, words) FROM (VALUES
    ('pg_temp.payment(''P1''), ''bounced'', ''2026-02-04'', external_id => ''r1''', 'RA006', 'with another payload it is refused'),
    ('pg_temp.payment(''P1''), ''bounced'', ''2026-02-04''', 'RA002', 'a payment is reversed once'),
    ('-1, ''bounced'', ''2026-02-04''', '23503', 'what does not exist is not reversed'),
    ('pg_temp.payment(''P1''), NULL', '22023', 'nor without a kind')) AS v(given, expected, words);
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment_reversal (ledger_id, payment_id, kind, reversed_on) VALUES (%s, %s, ''bounced'', ''2026-02-04'')', :ledger, pg_temp.payment('P1'))),
    '23505', 'nor straight into the table');
SELECT pg_temp.pay('A', 'P2', 'EUR 10') \g /dev/null
SELECT is(pg_temp.outcome(format($$SELECT ar.reverse_payment(pg_temp.ledger(), pg_temp.payment('P2'), 'bounced', '2026-01-19')$$), 'all'),
    format(E'23514: payment %s cannot be reversed before it was there\nIt counts for its customer from 2026-01-20 on, and was to be reversed on 2026-01-19.\nGive that day or a later one.', pg_temp.payment('P2')),
    'nor before it was received');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, payment_id) VALUES (%s, %s, ''reversal'', ''EUR 10'', ''2026-02-01'', %s)',
    :ledger, :a, pg_temp.payment('P2'))), 'RA003', 'an adjustment alone reverses nothing');
SELECT is(pg_temp.outcome('UPDATE ar.payment_reversal SET fee = NULL'), 'RA003', 'a reversal is a fact');

-- A statement that inserts many rows.
SELECT pg_temp.pay('A', 'P3', 'EUR 20'), pg_temp.pay('B', 'P4', 'EUR 30'), pg_temp.bill('B', 'B1', 'EUR 25') \g /dev/null
SELECT pg_temp.apply('P4', 'B1'), pg_temp.apply('P2', 'A1', 'EUR 4') \g /dev/null
INSERT INTO ar.cash_policy (ledger_id, reversal_fee) VALUES (:ledger, 'EUR 3');
INSERT INTO ar.payment_reversal (ledger_id, payment_id, kind, reversed_on, fee)
VALUES (:ledger, pg_temp.payment('P4'), 'bounced', '2026-02-06', NULL), (:ledger, pg_temp.payment('P2'), 'bounced', '2026-02-05', 'EUR 0'), (:ledger, pg_temp.payment('P3'), 'in_error', '2026-02-06', NULL);
SELECT is(pg_temp.came_with('P4'), 'reversal 30.00 on 02-06 open 0.00, fee 3.00 on 02-06 open 3.00', 'the fee is that of the policy');
SELECT is(pg_temp.came_with('P2'), 'reversal 10.00 on 02-05 open 0.00', 'unless none is to be charged');
SELECT is(pg_temp.came_with('P3'), 'reversal 20.00 on 02-06 open 0.00', 'and an error costs nothing');
SELECT is(pg_temp.balance('A') || ', ' || pg_temp.balance('B'), 'EUR 117.50 and EUR 0.00, EUR 28.00 and EUR 0.00', 'all of them are done');
SELECT is((SELECT count(*) FROM ar.credit_event), 3::bigint, 'what was in error is not counted on anybody');

-- What came with the payment goes with it.
SELECT pg_temp.bill('C', 'C1', 'EUR 100'), pg_temp.bill('C', 'C2', 'EUR 50'), pg_temp.pay('C', 'Q', 'EUR 140') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, number, invoice_id, payment_id)
SELECT :ledger, :c, v.kind, v.amount::ar.monetary, '2026-01-20', v.number, pg_temp.invoice(v.invoice), pg_temp.payment('Q') FROM (VALUES
    ('discount', 'EUR -3', 'QD', 'C1'), ('difference', 'EUR -0.05', 'QT', 'C2'), ('deduction', 'EUR -9', 'QK', 'C2'), ('deduction', 'EUR 9', 'QN', 'C2')) AS v(kind, amount, number, invoice);
SELECT pg_temp.apply('QD', 'C1'), pg_temp.apply('Q', 'C1'), pg_temp.apply('QT', 'C2'), pg_temp.apply('QK', 'C2'), pg_temp.apply('Q', 'C2') \g /dev/null
-- Somebody else's money settled the deduction since.
SELECT pg_temp.pay('C', 'Q2', 'EUR 9', day => '2026-02-10') \g /dev/null
SELECT pg_temp.apply('Q2', 'QN') \g /dev/null
SELECT is(pg_temp.status('C1') || ' ' || pg_temp.status('C2') || ' ' || pg_temp.balance('C'), 'paid paid EUR 0.00 and EUR -2.05', 'two invoices are closed by a payment and what came with it');
SELECT ar.reverse_payment(:ledger, pg_temp.payment('Q'), 'bounced', '2026-02-01', fee => 'EUR 0') \g /dev/null
SELECT is(pg_temp.status('C1') || ' ' || pg_temp.status('C2') || ' ' || pg_temp.balance('C'), 'open open EUR 150.00 and EUR -9.00', 'and open again in full');
SELECT is(pg_temp.came_with('Q'),
    'discount -3.00 on 01-20 open 0.00, difference -0.05 on 01-20 open 0.00, deduction -9.00 on 01-20 open 0.00, deduction 9.00 on 01-20 open 0.00, '
    'discount 3.00 on 02-01 open 0.00 taking back, difference 0.05 on 02-01 open 0.00 taking back, deduction 9.00 on 02-01 open 0.00 taking back, '
    'deduction -9.00 on 02-01 open 0.00 taking back, reversal 140.00 on 02-01 open 0.00', 'for all that came with it is taken back');
SELECT is(pg_temp.state('Q2'), 'EUR -9.00, closed -, undone 2026-02-10', 'what settled the deduction is unapplied again, from the day it was applied on');

-- Refunded in part: the customer owes it.
SELECT pg_temp.bill('D', 'D1', 'EUR 40'), pg_temp.pay('D', 'R', 'EUR 100') \g /dev/null
SELECT pg_temp.apply('R', 'D1') \g /dev/null
SELECT ar.refund(:ledger, pg_temp.payment('R'), amount => 'EUR 25', refunded_on => '2026-01-25') AS refund \gset
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
SELECT ar.reverse_payment(:ledger, pg_temp.payment('R'), 'bounced', '2026-02-01', fee => 'EUR 0') \g /dev/null
SELECT is(pg_temp.came_with('R'), 'refund 25.00 on 01-25 open 25.00, reversal 100.00 on 02-01 open 0.00', 'what was refunded of a payment that bounced is owed');
SELECT is(pg_temp.balance('D'), 'EUR 65.00 and EUR 0.00', 'with what it had paid');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'and so it stays');
SET CONSTRAINTS ALL DEFERRED;

-- Moved to another customer, and applied there: it comes back from where it went.
SELECT pg_temp.pay('D', 'S', 'EUR 80'), pg_temp.bill('B', 'B2', 'EUR 45') \g /dev/null
SELECT ar.transfer_payment(:ledger, pg_temp.payment('S'), :b, '2026-01-22') \g /dev/null
SELECT ar.apply(:ledger, i.item_id, pg_temp.item('B2')) FROM ar.item AS i JOIN ar.adjustment AS j USING (ledger_id, adjustment_id)
WHERE j.payment_id = pg_temp.payment('S') AND j.customer_id = :b \g /dev/null
SELECT is(pg_temp.balance('B') || ', ' || pg_temp.balance('D'), 'EUR 28.00 and EUR -35.00, EUR 65.00 and EUR 0.00', 'a payment is moved, and pays there');
SELECT ar.reverse_payment(:ledger, pg_temp.payment('S'), 'bounced', '2026-02-01', fee => 'EUR 0') \g /dev/null
SELECT is(pg_temp.balance('B') || ', ' || pg_temp.balance('D'), 'EUR 73.00 and EUR 0.00, EUR 65.00 and EUR 0.00', 'and what it paid there is open again');

-- Without a customer.
INSERT INTO ar.payment (ledger_id, amount, received_on, reference) VALUES (:ledger, 'EUR 11', '2026-01-20', 'U1'), (:ledger, 'EUR 12', '2026-01-20', 'U2');
SELECT results_eq('SELECT reference, amount FROM ar.unidentified_payment ORDER BY 1', $$VALUES ('U1', 11.00), ('U2', 12.00)$$, 'payments wait for their customer');
INSERT INTO ar.match_suggestion (ledger_id, kind, payment_id, customer_id, rule, confidence, explanation, fingerprint)
VALUES (:ledger, 'payer', pg_temp.payment('U1'), :a, 'name', 0.5, 'It sounds like A.', '\x01');
SELECT results_eq($$SELECT reversal_id, fee_id FROM ar.reverse_payments(pg_temp.ledger(), jsonb_build_array(jsonb_build_object('payment_id', pg_temp.payment('U1'), 'kind', 'returned', 'reversed_on', '2026-01-21')))$$,
    'VALUES (NULL::bigint, NULL::bigint)', 'one is returned before it was found out whose it is');
SELECT results_eq('SELECT reference, amount FROM ar.unidentified_payment', $$VALUES ('U2', 12.00)$$, 'and waits no more');
SELECT results_eq('SELECT status, decided_at IS NOT NULL FROM ar.match_suggestion', $$VALUES ('superseded', true)$$, 'nor has anybody to decide whose it was');
SELECT results_eq('SELECT reference, state, unapplied FROM ar.report_payment WHERE reference IN (''U1'', ''U2'') ORDER BY 1', $$VALUES ('U1', 'returned', 0.00), ('U2', 'cleared', 12.00)$$, 'people see it');
SELECT is(pg_temp.outcome(format('SELECT ar.transfer_payment(pg_temp.ledger(), %s, %s, ''2026-01-22'')', pg_temp.payment('U1'), :a)), '23514', 'it is nobody''s any more');
SELECT is((SELECT count(*) FROM ar.item AS i WHERE i.payment_id = pg_temp.payment('U1')), 0::bigint, 'nor has it an item');

-- No limit keeps the bank from taking its money back.
SELECT ar.create_customer(:ledger, 'L', 'L', credit_limit => 'EUR 100') AS l \gset
SELECT pg_temp.bill('L', 'L1', 'EUR 100'), pg_temp.pay('L', 'LP', 'EUR 100') \g /dev/null
SELECT pg_temp.apply('LP', 'L1') \g /dev/null
SELECT pg_temp.bill('L', 'L2', 'EUR 100') \g /dev/null
SELECT is(pg_temp.outcome('SELECT pg_temp.bill(''L'', ''L3'', ''EUR 0.01'')'), 'RA001', 'a customer is at his limit');
SELECT lives_ok('SELECT ar.reverse_payment(pg_temp.ledger(), pg_temp.payment(''LP''), ''bounced'', ''2026-02-01'')', 'his cheque bounces all the same');
SELECT is(pg_temp.balance('L'), 'EUR 203.00 and EUR 0.00', 'fee and all');
INSERT INTO ar.credit_policy (ledger_id, on_breach) VALUES (:ledger, 'hold');
SELECT pg_temp.pay('L', 'LP2', 'EUR 50') \g /dev/null
SELECT lives_ok('SELECT ar.reverse_payment(pg_temp.ledger(), pg_temp.payment(''LP2''), ''bounced'', ''2026-02-01'')', 'nor does a policy that holds what is over');
SELECT pg_temp.bill('L', 'L3', 'EUR 0.01') \g /dev/null
SELECT is(pg_temp.status('L3') || ' ' || pg_temp.balance('L'), 'held EUR 206.00 and EUR 0.00', 'afterwards he is judged as ever');

-- What replaces it.
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, replaces_id) VALUES (pg_temp.ledger(), %s)', given)), expected, words) FROM (VALUES
    (format('%s, ''EUR 100'', ''2026-02-10'', ''cheque'', %s', :a, pg_temp.payment('P1')), 'done', 'a cheque is presented again'),
    (format('%s, ''EUR 60'', ''2026-02-10'', ''cheque'', %s', :a, pg_temp.payment('P1')), 'done', 'or a part of it comes'),
    (format('%s, ''EUR 100.01'', ''2026-02-10'', ''cheque'', %s', :a, pg_temp.payment('P1')), '23514', 'never more'),
    (format('%s, ''EUR 100'', ''2026-02-03'', ''cheque'', %s', :a, pg_temp.payment('P1')), '23514', 'nor before it bounced'),
    (format('%s, ''EUR 100'', ''2026-02-10'', ''cheque'', %s', :b, pg_temp.payment('P1')), '23514', 'nor from another customer'),
    (format('%s, ''EUR 9'', ''2026-02-10'', ''cheque'', %s', :c, pg_temp.payment('Q2')), '23514', 'nor what did not bounce'),
    (format('%s, ''EUR 200'', ''2026-02-10'', ''cheque'', %s', :b, pg_temp.payment('P3')), 'done', 'what was in error is replaced by what is right'),
    (format('%s, ''EUR 1'', ''2026-02-10'', ''cheque'', -1', :a), '23503', 'nor what is none')) AS v(given, expected, words);
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, replaces_id)
    SELECT %s, %s, ''EUR 10'', ''2026-02-10'', ''cheque'', %s FROM generate_series(1, 2)', :ledger, :a, pg_temp.payment('P1'))), '23505', 'and once');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');

-- A random book: applied at random, known, reversed or unapplied; as if nothing had been applied.
SELECT setseed(0.4711) \g /dev/null
SELECT ar.create_ledger('RANDOM', 'Random', 'EUR') AS random \gset
SELECT ar.create_customer(:random, 'R' || n, 'R' || n) FROM generate_series(1, 3) AS n \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, due_on, total, status)
SELECT :random, c.customer_id, '2026-01-01'::date + (random() * 30)::integer, '2026-02-01'::date + (random() * 40)::integer, ar.monetary((100 + floor(random() * 30000))::numeric / 100, 'EUR'), 'open'
FROM ar.customer AS c, generate_series(1, 12) WHERE c.ledger_id = :random;
CREATE TEMPORARY TABLE unpaid AS SELECT i.item_id, i.open, v.status FROM ar.item AS i JOIN ar.invoice AS v USING (ledger_id, invoice_id) WHERE i.ledger_id = :random;
CREATE TEMPORARY TABLE unpaid_balance AS SELECT b.customer_id, b.open_debits FROM ar.customer_balance AS b WHERE b.ledger_id = :random;
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, apply)
SELECT :random, c.customer_id, ar.monetary((100 + floor(random() * 20000))::numeric / 100, 'EUR'), '2026-01-10'::date + (random() * 40)::integer, 'cheque', 'none'
FROM ar.customer AS c, generate_series(1, 15) WHERE c.ledger_id = :random;
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT c.ledger_id, c.item_id AS credit, d.item_id AS debit, random() AS part
             FROM ar.item AS c JOIN ar.item AS d USING (ledger_id, customer_id)
             WHERE c.ledger_id = pg_temp.ledger('RANDOM') AND c.kind = 'payment' AND d.kind = 'invoice' ORDER BY random() LOOP
        INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
        SELECT c.ledger_id, c.item_id, d.item_id, least(-c.open, d.open, ar.monetary(1 + round((r.part * 100)::numeric, 2), 'EUR')), greatest(c.issued_on, d.issued_on) + (r.part * 9)::integer
        FROM ar.item AS c, ar.item AS d
        WHERE c.ledger_id = r.ledger_id AND c.item_id = r.credit AND d.ledger_id = r.ledger_id AND d.item_id = r.debit AND c.closed_on IS NULL AND d.closed_on IS NULL;
    END LOOP;
END $$;
CREATE TEMPORARY TABLE random_before AS SELECT day::date, a.* FROM generate_series('2026-01-02', '2026-03-09', interval '3 days') AS day, ar.aging(:random, day::date) AS a;
SELECT clock_timestamp() AS known \gset
CREATE TEMPORARY TABLE random_known AS SELECT day::date, a.* FROM generate_series('2026-02-20', '2026-03-28', interval '4 days') AS day, ar.aging(:random, day::date) AS a;
SELECT cmp_ok((SELECT count(*) FROM ar.application WHERE ledger_id = :random), '>', 60::bigint, 'much is applied in a random book');
-- A third is undone by hand, two thirds of the payments bounce.
SELECT ar.unapply(a.ledger_id, a.application_id, '2026-03-10') FROM ar.application AS a WHERE a.ledger_id = :random AND a.application_id % 3 = 0 \g /dev/null
SELECT count(*) FROM ar.reverse_payments(:random, (SELECT jsonb_agg(jsonb_build_object('payment_id', p.payment_id, 'kind', 'bounced', 'reversed_on', '2026-03-10')) FROM ar.payment AS p WHERE p.ledger_id = :random AND p.payment_id % 3 > 0)) \g /dev/null
SELECT set_eq($$SELECT day::date, a.* FROM generate_series('2026-01-02', '2026-03-09', interval '3 days') AS day, ar.aging(pg_temp.ledger('RANDOM'), day::date) AS a$$,
    'SELECT * FROM random_before', 'every day before is as it was');
SELECT set_eq(format($$SELECT day::date, a.* FROM generate_series('2026-02-20', '2026-03-28', interval '4 days') AS day, ar.aging(pg_temp.ledger('RANDOM'), day::date, %L) AS a$$, :'known'),
    'SELECT * FROM random_known', 'and every day as it was known before');
SELECT count(*) FROM ar.reverse_payments(:random, (SELECT jsonb_agg(jsonb_build_object('payment_id', p.payment_id, 'kind', 'bounced', 'reversed_on', '2026-03-11')) FROM ar.payment AS p WHERE p.ledger_id = :random AND p.payment_id % 3 = 0)) \g /dev/null
SELECT set_eq(format('SELECT i.item_id, i.open, v.status FROM ar.item AS i JOIN ar.invoice AS v USING (ledger_id, invoice_id) WHERE i.ledger_id = %s', :random), 'SELECT * FROM unpaid',
    'when all have bounced, all is open as if nothing had been applied');
SELECT set_eq(format('SELECT b.customer_id, b.open_debits FROM ar.customer_balance AS b WHERE b.ledger_id = %s AND ar.sign(b.open_credits) = 0', :random), 'SELECT * FROM unpaid_balance', 'and so are the balances');

-- What a person gets wrong is said without the contents of the row, with what to do.
SELECT pg_temp.pay('A', 'wording', 'EUR 1') \g /dev/null
INSERT INTO ar.payment (ledger_id, amount, received_on, reference) VALUES (:ledger, 'EUR 1', '2026-01-20', 'of nobody');
SELECT is(pg_temp.outcome(format('SELECT ar.reverse_payment(%s, %s, %s)', :ledger, pg_temp.payment(reference), given), 'all'), expected, words)
FROM (VALUES
    ('wording', $$'lost', '2026-02-01'$$, E'23514: a payment cannot be "lost"\nA payment is bounced, returned, charged_back, or in_error.', 'an unknown kind'),
    ('wording', $$'bounced', '2026-02-01', 'AM04'$$, E'23514: "AM04" is no reason code\nWrite it in lower case, such as am04 or insufficient_funds; words go into reason.', 'a code in capitals'),
    ('wording', $$'bounced', '2026-02-01', fee => 'EUR -1'$$, E'23514: the fee for a reversal cannot be below zero\nGive an amount above zero, or zero for none.', 'a fee below zero')) AS v(reference, given, expected, words);
-- A fee that nobody can be charged is not lost without a word.
SELECT is(pg_temp.outcome(format($$SELECT ar.reverse_payment(%s, %s, 'returned', '2026-02-01', fee => 'EUR 5')$$, :ledger, pg_temp.payment('of nobody')), 'all'),
    format(E'23514: payment %s has no customer, who could be charged a fee\nThe fee was to be EUR 5.00.\nGive it to its customer with ar.transfer_payment() first, or reverse it without a fee.', pg_temp.payment('of nobody')),
    'a fee for a payment of nobody');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
