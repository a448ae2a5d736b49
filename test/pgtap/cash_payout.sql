-- cash: what processors pay out in one sum.
-- Protects: a payout adds up to the cent, and a payment is paid out once.
BEGIN;
\ir helper.psql
SELECT plan(36);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A') AS a, pg_temp.ledger() AS ledger \gset
INSERT INTO ar.payment_method (ledger_id, method, kind) VALUES (:ledger, 'stripe', 'online_processor');
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, reference, processor_reference, apply)
SELECT :ledger, :a, v.amount::ar.monetary, '2026-02-01', 'stripe', v.name, v.charge, 'none' FROM (VALUES
    ('P1', 'EUR 100', 'ch_1'), ('P2', 'EUR 50.50', 'ch_2'), ('P3', 'EUR 20', 'ch_3'), ('P4', 'EUR 7', 'ch_4'), ('P5', 'EUR 8', 'twice'), ('P6', 'EUR 9', 'twice'),
    ('P7', 'USD 10', 'ch_7'), ('P8', 'EUR 30', 'ch_8')) AS v(name, amount, charge);
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, reference, apply) VALUES (:ledger, :a, 'EUR 11', '2026-02-01', 'card', 'PC', 'none');
CREATE FUNCTION pg_temp.payment(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT p.payment_id FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() AND p.reference = $1 $$;
-- A payout of lines such as P1 (a payment by id), ch_2 (by processor reference), -P3 (reversed), or the id of a refund.
CREATE FUNCTION pg_temp.payout(reference text, net text, fee text, lines text, day date DEFAULT '2026-02-05', external_id text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.record_payout(pg_temp.ledger(), 'stripe', $1, $5, $2::ar.monetary, $3::ar.monetary, (
        SELECT jsonb_agg(CASE WHEN l ~ '^P' THEN jsonb_build_object('payment_id', pg_temp.payment(l))
                              WHEN l ~ '^-P' THEN jsonb_build_object('payment_id', pg_temp.payment(substr(l, 2)), 'kind', 'reversal')
                              WHEN l ~ '^\d+$' THEN jsonb_build_object('refund_id', l::bigint)
                              ELSE jsonb_build_object('processor_reference', l) END)
        FROM regexp_split_to_table($4, ' ') AS l), external_id => $6)
$$;

SELECT is((SELECT string_agg(state, ' ') FROM ar.payment_states(:ledger, ARRAY[pg_temp.payment('P1')], '2026-02-05')), 'pending', 'a payment waits at the processor');
SELECT pg_temp.payout('po_1', 'EUR 145.98', 'EUR 4.52', 'P1 ch_2', external_id => 'x1') AS o1 \gset
SELECT results_eq('SELECT method, reference, paid_on, gross::text, deducted::text, fee::text, net::text FROM ar.payout',
    $$VALUES ('stripe', 'po_1', date '2026-02-05', 'EUR 150.50', 'EUR 0.00', 'EUR 4.52', 'EUR 145.98')$$, 'it is paid out with others, less a fee');
SELECT results_eq('SELECT line_number, kind, payment_id, amount::text FROM ar.payout_payment ORDER BY 1',
    $$VALUES (1, 'payment', pg_temp.payment('P1'), 'EUR 100.00'), (2, 'payment', pg_temp.payment('P2'), 'EUR 50.50')$$, 'by its id, or by that of the processor');
SELECT results_eq(format($$SELECT state, cleared_on FROM ar.payment_states(%s, ARRAY[pg_temp.payment('P1'), pg_temp.payment('P2')], '2026-02-05')$$, :ledger),
    $$VALUES ('cleared', date '2026-02-05'), ('cleared', '2026-02-05')$$, 'and clears');
SELECT is((SELECT string_agg(state, ' ') FROM ar.payment_states(:ledger, ARRAY[pg_temp.payment('P1')], '2026-02-04')), 'pending', 'on that day');
SELECT is(pg_temp.payout('po_1', 'EUR 145.98', 'EUR 4.52', 'P1 ch_2', external_id => 'x1'), :o1::bigint, 'the same external id again is the same payout');
SELECT is(pg_temp.outcome(format('SELECT pg_temp.payout(%s)', given)), expected, words) FROM (VALUES
    ('''po_1'', ''EUR 145.98'', ''EUR 4.53'', ''P1 ch_2'', external_id => ''x1''', 'RA006', 'with another payload it is refused'),
    ('''po_2'', ''EUR 95'', ''EUR 5'', ''P1''', 'RA002', 'a payment is paid out once'),
    ('''po_1'', ''EUR 19'', ''EUR 1'', ''P3''', '23505', 'and a payout recorded once'),
    ('''po_2'', ''EUR 18'', ''EUR 1'', ''P3''', '23514', 'it adds up'),
    ('''po_2'', ''EUR 38'', ''EUR 2'', ''P3 P3''', '23505', 'no line twice'),
    ('''po_2'', ''EUR 8'', ''EUR 0'', ''twice''', '22023', 'a reference that two payments have names neither'),
    ('''po_2'', ''EUR 8'', ''EUR 0'', ''ch_9''', '23503', 'one that none has neither'),
    ('''po_2'', ''EUR 8'', ''EUR 0'', ''P9''', '23503', 'nor does nothing'),
    ('''po_2'', ''EUR 8'', ''EUR 0'', ''99999999''', '23503', 'nor a refund that is none'),
    ('''po_2'', ''EUR 10'', ''EUR 0'', ''P7''', 'RA009', 'each currency has a payout of its own'),
    ('''po_2'', ''EUR 20'', ''EUR 0'', ''P3'', ''2026-01-31''', '23514', 'not before the payment came'),
    ('''po_2'', ''EUR 21'', ''EUR -1'', ''P3''', '23514', 'a fee is nothing that is added'),
    ('''po_2'', ''EUR -20'', ''EUR 0'', ''-P3''', '23514', 'what was not charged back is not deducted'),
    ('''po_2'', ''EUR 11'', ''EUR 0'', ''PC''', '23514', 'what came by another method is in no payout'),
    ('''po_2'', ''EUR 20'', ''EUR 0'', ''P3'', ''infinity''', '23514', 'it has a day')) AS v(given, expected, words);
SELECT is(pg_temp.outcome('SELECT pg_temp.payout(''po_2'', ''EUR 18'', ''EUR 1'', ''P3'')', 'all'),
    E'23514: payout "po_2" does not add up\n'
    'Payments of EUR 20.00 less deductions of EUR 0.00 less a fee of EUR 1.00 make EUR 19.00; paid out were EUR 18.00, a difference of EUR -1.00.\n'
    'Look for a payment, refund or chargeback that is missing or too many, or correct the fee.', 'and it says what is missing');

SELECT is(pg_temp.outcome('SELECT pg_temp.payout(''po_2'', ''EUR 11'', ''EUR 0'', ''PC'')', 'all'), format(E'23514: payment %s cannot be in a payout of stripe\nIt came by card.\n'
    'A processor pays out what came through it: look up the payment, or the method of the payout.', pg_temp.payment('PC')), 'and it says how it came');
SELECT ar.refund(:ledger, pg_temp.payment('PC'), amount => 'EUR 2', refunded_on => '2026-02-02') AS other_refund \gset
SELECT is(pg_temp.outcome(format('SELECT pg_temp.payout(''po_2'', ''EUR -2'', ''EUR 0'', ''%s'')', :other_refund)), '23514', 'nor is its refund');

-- Refunds and chargebacks are deducted.
SELECT ar.reverse_payment(:ledger, pg_temp.payment('P1'), 'charged_back', '2026-02-08') \g /dev/null
SELECT ar.refund(:ledger, pg_temp.payment('P3'), amount => 'EUR 5', refunded_on => '2026-02-08') AS refund \gset
SELECT pg_temp.payout('po_3', 'EUR -49.00', 'EUR 1', format('P3 P4 P8 -P1 %s', :refund), '2026-02-10') AS o3 \gset
SELECT results_eq(format('SELECT gross::text, deducted::text, net::text FROM ar.payout WHERE payout_id = %s', :o3), $$VALUES ('EUR 57.00', 'EUR 105.00', 'EUR -49.00')$$,
    'a chargeback and a refund are deducted, and a processor may draw from the bank');
SELECT results_eq(format('SELECT line_number, kind, payment_id, adjustment_id, amount::text FROM ar.payout_payment WHERE payout_id = %s AND kind <> ''payment'' ORDER BY 1', :o3),
    format($$VALUES (4, 'reversal', pg_temp.payment('P1'), NULL::bigint, 'EUR -100.00'), (5, 'refund', pg_temp.payment('P3'), %s, 'EUR -5.00')$$, :refund), 'each on a line of its own');
SELECT is(pg_temp.outcome(format('SELECT pg_temp.payout(''po_4'', ''%s'', ''EUR 0'', ''%s'')', net, line)), 'RA002', words)
FROM (VALUES ('EUR -100', '-P1', 'a chargeback is deducted once'), ('EUR -5', :'refund', 'and a refund')) AS v(net, line, words);

-- Straight to the tables.
CREATE FUNCTION pg_temp.by_hand(gross text, deducted text, net text, lines text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.payout (ledger_id, payout_id, method, reference, paid_on, gross, deducted, fee, net)
    VALUES (pg_temp.ledger(), -7, 'stripe', 'hand', '2026-02-12', $1::ar.monetary, $2::ar.monetary, 'EUR 0', $3::ar.monetary);
    INSERT INTO ar.payout_payment (ledger_id, payout_id, line_number, payment_id, amount)
    SELECT pg_temp.ledger(), -7, l.n, pg_temp.payment(l.name), 'EUR 1' FROM regexp_split_to_table($4, ' ') WITH ORDINALITY AS l(name, n)
$$;
SELECT is(pg_temp.outcome(format('SELECT pg_temp.by_hand(%s); SET CONSTRAINTS ALL IMMEDIATE', given)), expected, words) FROM (VALUES
    ('''EUR 17'', ''EUR 0'', ''EUR 17'', ''P5 P6''', 'done', 'the amounts of the lines are found by the database'),
    ('''EUR 16'', ''EUR 0'', ''EUR 16'', ''P5 P6''', '23514', 'and must add up by the end'),
    ('''EUR 17'', ''EUR 0'', ''EUR 16'', ''P5 P6''', '23514', 'as the sums themselves'),
    ('''EUR 17'', ''EUR 0'', ''EUR 17'', ''P5 P6 P1''', '23505', 'what was paid out before is not again')) AS v(given, expected, words);
SELECT is(pg_temp.outcome(statement), expected, words) FROM (VALUES
    ('UPDATE ar.payout SET fee = ''EUR 0''', 'RA003', 'a payout is a fact'),
    ('DELETE FROM ar.payout_payment', 'RA003', 'and so are its lines'),
    ('INSERT INTO ar.payout_payment (ledger_id, payout_id, line_number, payment_id, amount) VALUES (pg_temp.ledger(), -1, 1, pg_temp.payment(''P5''), ''EUR 8'')', '23503', 'a line has a payout')) AS v(statement, expected, words);

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
