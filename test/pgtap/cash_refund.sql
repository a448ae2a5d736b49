-- cash: money that is paid back, and adjustments that are taken back.
-- Protects: nobody refunds what is not there, whether by function or by INSERT; a refund that failed comes back whole.
BEGIN;
\ir helper.psql
SELECT plan(51);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset

CREATE FUNCTION pg_temp.pay(customer text, reference text, amount ar.monetary, day date DEFAULT '2026-01-20') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference, apply)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, $4, $2, 'none') RETURNING payment_id
$$;
CREATE FUNCTION pg_temp.payment(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT p.payment_id FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() AND p.reference = $1 $$;
CREATE FUNCTION pg_temp.apply(credit text, debit text, amount ar.monetary DEFAULT NULL, day date DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
$$ SELECT ar.apply(pg_temp.ledger(), pg_temp.item($1), pg_temp.item($2), $3, $4) $$;
CREATE FUNCTION pg_temp.charge(customer text, number text, kind text, amount ar.monetary, day date DEFAULT '2026-01-10', reverses bigint DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.adjustment (ledger_id, customer_id, number, kind, amount, adjusted_on, reverses_id)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $2, $3, $4, $5, $6) RETURNING adjustment_id
$$;
CREATE FUNCTION pg_temp.adjustment(number text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT j.adjustment_id FROM ar.adjustment AS j WHERE j.ledger_id = pg_temp.ledger() AND j.number = $1 $$;
-- Runs statements to the end of their transaction, undoes them, and says how they ended.
CREATE FUNCTION pg_temp.commit(statement text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.outcome('SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED; ' || $1 || '; SET CONSTRAINTS ALL IMMEDIATE', 'sqlstate') $$;

-- Of a payment.
SELECT pg_temp.pay('A', 'P1', 'EUR 100'), pg_temp.charge('A', 'F1', 'fee', 'EUR 30') \g /dev/null
SELECT pg_temp.apply('P1', 'F1') \g /dev/null
SELECT ar.refund(:ledger, pg_temp.payment('P1'), amount => 'EUR 20', refunded_on => '2026-01-25', method => 'wire', reference => 'T-1', reason => 'paid twice', external_id => 'x1', reason_code => 'double') AS r1 \gset
SELECT results_eq(format('SELECT customer_id, kind, amount::text, adjusted_on, payment_id, method, reference, reason, reason_code FROM ar.adjustment WHERE adjustment_id = %s', :r1),
    format($$VALUES (%s::bigint, 'refund', 'EUR 20.00', date '2026-01-25', %s::bigint, 'wire', 'T-1', 'paid twice', 'double')$$, :a, pg_temp.payment('P1')), 'a part of a payment is paid back');
SELECT is(pg_temp.state('P1'), 'EUR -50.00, closed -, undone -', 'which takes it off what is unapplied');
SELECT results_eq(format('SELECT open::text, closed_on FROM ar.item WHERE adjustment_id = %s', :r1), $$VALUES ('EUR 0.00', date '2026-01-25')$$, 'at once');
SELECT is(pg_temp.balance('A'), 'EUR 0.00 and EUR -50.00', 'and off the balance');
SELECT is(ar.refund(:ledger, pg_temp.payment('P1'), amount => 'EUR 20', refunded_on => '2026-01-25', method => 'wire', reference => 'T-1', reason => 'paid twice', external_id => 'x1', reason_code => 'double'), :r1::bigint,
    'the same external id again is the same refund');
SELECT is(pg_temp.outcome(format('SELECT ar.refund(pg_temp.ledger(), %s)', given)), expected, words) FROM (VALUES
    ('pg_temp.payment(''P1''), amount => ''EUR 5'', external_id => ''x1''', 'RA006', 'with another payload it is refused'),
    ('pg_temp.payment(''P1''), amount => ''EUR 50.01''', 'RA002', 'more than is unapplied is not refunded'),
    ('pg_temp.payment(''P1''), amount => ''EUR 0''', '23514', 'nor nothing'),
    ('pg_temp.payment(''P1''), amount => ''EUR -1''', '23514', 'nor less'),
    ('pg_temp.payment(''P1''), amount => ''USD 1''', 'RA009', 'nor in another currency'),
    ('pg_temp.payment(''P1''), refunded_on => ''2026-01-19''', '23514', 'nor before it came'),
    ('pg_temp.payment(''P1''), method => ''barter''', '23503', 'nor by a method there is not'),
    ('-1', '23503', 'nor what is no payment'),
    ('credit_item_id => -1', '23503', 'nor what is no item'),
    ('credit_item_id => pg_temp.item(''F1'')', '23514', 'nor what is no credit'),
    ('NULL', '22023', 'nor nobody knows what')) AS v(given, expected, words);
SELECT is(pg_temp.outcome('SELECT ar.refund(pg_temp.ledger(), pg_temp.payment(''P1''), amount => ''EUR 50.01'')', 'all'), format(
    E'RA002: more is to be refunded than is unapplied of item %s\nUnapplied are EUR 50.00, to be refunded were EUR 50.01.\nUndo with ar.unapply() what should not be applied, or refund less.',
    pg_temp.item('P1')), 'and says how much there is');
SELECT ar.refund(:ledger, pg_temp.payment('P1'), refunded_on => '2026-01-26') AS r2 \gset
SELECT is((SELECT amount::text FROM ar.adjustment WHERE adjustment_id = :r2), 'EUR 50.00', 'without an amount all that is unapplied is paid back');
SELECT is(pg_temp.outcome('SELECT ar.refund(pg_temp.ledger(), pg_temp.payment(''P1''))'), 'RA002', 'after which there is nothing');

-- Of a credit memo, and of several at once.
SELECT ar.create_credit_memo(:ledger, customer_id => :a, amount => 40, invoiced_on => '2026-01-15') AS memo \gset
SELECT item_id AS memo_item FROM ar.item WHERE ledger_id = :ledger AND invoice_id = :memo \gset
SELECT pg_temp.pay('A', 'P2', 'EUR 7'), pg_temp.pay('B', 'P3', 'EUR 8') \g /dev/null
CREATE TEMPORARY TABLE many AS SELECT * FROM ar.refund_payments(:ledger, jsonb_build_array(
    jsonb_build_object('payment_id', pg_temp.payment('P3'), 'refunded_on', '2026-01-26'),
    jsonb_build_object('credit_item_id', :memo_item, 'amount', 'EUR 39', 'refunded_on', '2026-01-26'),
    jsonb_build_object('payment_id', pg_temp.payment('P2'), 'amount', 'EUR 1', 'refunded_on', '2026-01-26')));
SELECT results_eq('SELECT m.element, j.amount::text, j.invoice_id, j.payment_id FROM many AS m JOIN ar.adjustment AS j USING (adjustment_id) ORDER BY 1', format($$VALUES
    (1::bigint, 'EUR 8.00', NULL::bigint, %s::bigint), (2, 'EUR 39.00', %s, NULL), (3, 'EUR 1.00', NULL, %s)$$, pg_temp.payment('P3'), :memo, pg_temp.payment('P2')), 'of many credits at once, a memo among them');
SELECT is(pg_temp.balance('A') || ', ' || pg_temp.balance('B'), 'EUR 0.00 and EUR -7.00, EUR 0.00 and EUR 0.00', 'each of its own');
SELECT is(pg_temp.outcome(format('SELECT ar.refund_payments(pg_temp.ledger(), %L)', jsonb_build_array(
    jsonb_build_object('payment_id', pg_temp.payment('P2'), 'amount', 'EUR 1'), jsonb_build_object('payment_id', pg_temp.payment('P2'), 'amount', 'EUR 1')))), '22023', 'each once');
SELECT pg_temp.charge('A', 'W1', 'write_off', 'EUR -5') \g /dev/null
SELECT is(pg_temp.outcome('SELECT ar.refund(pg_temp.ledger(), credit_item_id => pg_temp.item(''W1''))'), '23514', 'what was never paid is not paid back');
INSERT INTO ar.payment (ledger_id, amount, received_on, reference) VALUES (:ledger, 'EUR 11', '2026-01-20', 'U1');
SELECT is(pg_temp.outcome('SELECT ar.refund(pg_temp.ledger(), pg_temp.payment(''U1''))'), 'RA002', 'nor what is nobody''s');

-- By hand: it must be covered by the end of the transaction.
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is(pg_temp.outcome($$SELECT pg_temp.charge('A', 'H1', 'refund', 'EUR 1')$$), 'RA002', 'a refund to which nothing is applied is refused');
SET CONSTRAINTS ALL DEFERRED;
SELECT is(pg_temp.commit($$SELECT pg_temp.charge('A', 'H1', 'refund', 'EUR 6'); SELECT pg_temp.apply('P2', 'H1')$$), 'done', 'if it is covered, it stands');
SELECT is(pg_temp.commit($$SELECT pg_temp.charge('A', 'H1', 'refund', 'EUR 6.01'); SELECT pg_temp.apply('P2', 'H1')$$), 'RA002', 'not if a cent is missing');
SELECT is(pg_temp.commit($$SELECT ar.unapply(ledger_id, application_id) FROM ar.application WHERE ledger_id = pg_temp.ledger() AND debit_item_id = (SELECT item_id FROM ar.item WHERE adjustment_id = $$ || :r1 || ')'),
    'RA002', 'nor is it uncovered later, to refund the same money again');
SELECT is(pg_temp.commit($$SELECT ar.unapply(ledger_id, application_id) FROM ar.application WHERE ledger_id = pg_temp.ledger() AND debit_item_id = pg_temp.item('F1')$$), 'done',
    'any other application is undone as ever');

-- A refund that failed comes back.
SELECT ar.reverse_adjustment(:ledger, :r1, '2026-02-01', 'account closed') AS back \gset
SELECT results_eq(format('SELECT kind, amount::text, adjusted_on, reason, payment_id, reverses_id, method, reference FROM ar.adjustment WHERE adjustment_id = %s', :back),
    format($$VALUES ('refund', 'EUR -20.00', date '2026-02-01', 'account closed', %s::bigint, %s::bigint, 'wire', 'T-1')$$, pg_temp.payment('P1'), :r1), 'a refund is taken back by its opposite');
SELECT results_eq(format('SELECT open::text FROM ar.item WHERE adjustment_id IN (%s, %s)', :r1, :back), $$VALUES ('EUR 0.00'), ('EUR 0.00')$$, 'both are closed');
SELECT is(pg_temp.state('P1'), 'EUR -20.00, closed -, undone 2026-02-01', 'and the money is there again');
SELECT is(pg_temp.balance('A'), 'EUR 0.00 and EUR -32.00', 'in the balance, too');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'which holds to the end');
SET CONSTRAINTS ALL DEFERRED;
SELECT ok(ar.refund(:ledger, pg_temp.payment('P1'), refunded_on => '2026-02-02') > 0, 'so it is refunded again');

-- Adjustments taken back, of every kind.
SELECT pg_temp.charge('B', 'D1', 'discount', 'EUR -3'), pg_temp.charge('B', 'F2', 'fee', 'EUR 9'), pg_temp.pay('B', 'P4', 'EUR 6') \g /dev/null
SELECT pg_temp.apply('D1', 'F2'), pg_temp.apply('P4', 'F2') \g /dev/null
SELECT is(pg_temp.balance('B'), 'EUR 0.00 and EUR 0.00', 'a fee is paid, less a discount');
SELECT results_eq(format($$SELECT adjustment_id, reversal_id IS NOT NULL FROM ar.reverse_adjustments(%s, ARRAY[pg_temp.adjustment('F2'), pg_temp.adjustment('D1')], '2026-02-01', 'waived')$$, :ledger),
    $$VALUES (pg_temp.adjustment('D1'), true), (pg_temp.adjustment('F2'), true)$$, 'both are taken back');
SELECT is(pg_temp.balance('B'), 'EUR 0.00 and EUR -6.00', 'and what was paid is unapplied');
SELECT is((SELECT count(*) FROM ar.item AS i JOIN ar.adjustment AS j USING (ledger_id, adjustment_id) WHERE j.ledger_id = :ledger AND j.customer_id = :b AND i.closed_on IS NULL), 0::bigint, 'all of them are closed');
SELECT is(pg_temp.outcome(statement), expected, words) FROM (VALUES
    ('SELECT ar.reverse_adjustment(pg_temp.ledger(), pg_temp.adjustment(''F2''), ''2026-02-01'')', 'RA002', 'it is taken back once'),
    ('SELECT ar.reverse_adjustment(pg_temp.ledger(), pg_temp.adjustment(''F1''), ''2026-01-09'')', '23514', 'not before it was there'),
    ('SELECT ar.reverse_adjustment(pg_temp.ledger(), -1)', '23503', 'nor what is none'),
    (format('SELECT ar.reverse_adjustment(pg_temp.ledger(), %s, ''2026-02-01'')', :back), '23514', 'nor what takes back itself')) AS v(statement, expected, words);
SELECT is(pg_temp.outcome(format('SELECT pg_temp.charge(%s)', given)), expected, words) FROM (VALUES
    ('''A'', ''O1'', ''fee'', ''EUR -30'', ''2026-02-01'', pg_temp.adjustment(''F1'')', 'done', 'by hand it is the exact opposite'),
    ('''A'', ''O1'', ''fee'', ''EUR -29'', ''2026-02-01'', pg_temp.adjustment(''F1'')', '23514', 'of the amount'),
    ('''A'', ''O1'', ''fee'', ''USD -30'', ''2026-02-01'', pg_temp.adjustment(''F1'')', '23514', 'the currency'),
    ('''A'', ''O1'', ''interest'', ''EUR -30'', ''2026-02-01'', pg_temp.adjustment(''F1'')', '23514', 'the kind'),
    ('''B'', ''O1'', ''fee'', ''EUR -30'', ''2026-02-01'', pg_temp.adjustment(''F1'')', '23514', 'the customer'),
    ('''A'', ''O1'', ''fee'', ''EUR -30'', ''2026-01-09'', pg_temp.adjustment(''F1'')', '23514', 'and not before it'),
    ('''A'', ''O1'', ''fee'', ''EUR -30'', ''2026-02-01'', -1', '23503', 'of something that is there')) AS v(given, expected, words);

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
