-- cash: payments that find their customer, or another one.
-- Protects: a payment belongs to one customer from one day on; what is moved is never more than is unapplied, and adds up to zero.
BEGIN;
\ir helper.psql
SELECT plan(39);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B,C}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c \gset

CREATE FUNCTION pg_temp.pay(customer text, reference text, amount ar.monetary, day date DEFAULT '2026-01-20') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference, apply)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, $4, $2, 'none') RETURNING payment_id
$$;
CREATE FUNCTION pg_temp.payment(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT p.payment_id FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() AND p.reference = $1 $$;
CREATE FUNCTION pg_temp.balances() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', c.code, ar.amount(b.open_debits), ar.amount(b.open_credits)), ', ' ORDER BY c.code)
    FROM ar.customer_balance AS b JOIN ar.customer AS c USING (ledger_id, customer_id) WHERE b.ledger_id = pg_temp.ledger()
$$;

-- Unidentified.
SELECT pg_temp.pay(NULL, 'U1', 'EUR 100'), pg_temp.pay(NULL, 'U2', 'EUR 50') \g /dev/null
SELECT is((SELECT count(*) FROM ar.item), 0::bigint, 'a payment without a customer has no item');
SELECT results_eq('SELECT ledger, reference, currency, amount FROM ar.unidentified_payment ORDER BY 2', $$VALUES ('TEST', 'U1', 'EUR', 100.00), ('TEST', 'U2', 'EUR', 50.00)$$, 'and waits');
SELECT set_eq('SELECT payment_id FROM ar.payment_waiting', 'SELECT payment_id FROM ar.payment', 'which a row says of each');
SELECT is(pg_temp.outcome(statement), 'RA003', words) FROM (VALUES
    ('DELETE FROM ar.payment_waiting', 'it is not for anybody to delete'),
    ('INSERT INTO ar.payment_waiting SELECT ledger_id, 1 FROM ar.ledger', 'nor to write')) AS v(statement, words);
SELECT is(ar.transfer_payment(:ledger, pg_temp.payment('U1'), :a, '2026-01-23', 'he rang')::text, 'EUR 100.00', 'it is given to its customer, all of it');
SELECT results_eq('SELECT customer_id, amount::text, transferred_on, reason, transferred_by = session_user, recorded_at >= now() FROM ar.payment_transfer',
    format($$VALUES (%s::bigint, 'EUR 100.00', date '2026-01-23', 'he rang', true, true)$$, :a), 'which is on record');
SELECT results_eq('SELECT customer_id, kind, issued_on, open::text FROM ar.item', format($$VALUES (%s::bigint, 'payment', date '2026-01-23', 'EUR -100.00')$$, :a), 'and his from that day on');
SELECT results_eq('SELECT customer, unapplied FROM ar.report_payment WHERE reference IN (''U1'', ''U2'') ORDER BY reference', $$VALUES ('A', 100.00), (NULL, 50.00)$$, 'people see whose it is');
SELECT results_eq('SELECT reference FROM ar.unidentified_payment', $$VALUES ('U2')$$, 'it waits no more');
SELECT set_eq('SELECT payment_id FROM ar.payment_waiting', ARRAY[pg_temp.payment('U2')], 'nor is it looked for');
SELECT set_eq('SELECT u.payment_id FROM ar.payment AS p CROSS JOIN LATERAL ar.unidentified_payments(p.ledger_id, ARRAY[p.payment_id, p.payment_id]) AS u',
    ARRAY[pg_temp.payment('U2')], 'nor when it is asked for by its id');
SELECT is(pg_temp.outcome(format('SELECT ar.transfer_payment(pg_temp.ledger(), %s)', given)), expected, words) FROM (VALUES
    ('pg_temp.payment(''U2''), pg_temp.customer(''A''), ''2026-01-19''', '23514', 'not before it came'),
    ('pg_temp.payment(''U2''), -1, ''2026-01-25''', '23503', 'nor to nobody'),
    ('-1, pg_temp.customer(''A''), ''2026-01-25''', '23503', 'nor what is none'),
    ('pg_temp.payment(''U1''), pg_temp.customer(''A''), ''2026-01-25''', 'RA002', 'nor to whom it belongs already')) AS v(given, expected, words);
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment_transfer (ledger_id, payment_id, customer_id, amount, transferred_on) VALUES (%s, %s, %s, ''EUR 1'', ''2026-01-25'')', :ledger, pg_temp.payment('U1'), :b)),
    '23505', 'nor twice');
INSERT INTO ar.payment_transfer (ledger_id, payment_id, customer_id, amount, transferred_on) VALUES (:ledger, pg_temp.payment('U2'), :b, 'EUR 1', '2026-01-25');
SELECT is(pg_temp.balances(), 'A 0.00 -100.00, B 0.00 -50.00', 'straight into the table it is all of the payment, too, whatever amount was given');
SELECT is_empty('SELECT * FROM ar.payment_waiting', 'and it waits no more');

-- Booked to the wrong customer.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) VALUES (:ledger, :a, 'A1', '2026-01-01', '2026-01-31', 'EUR 30', 'open'), (:ledger, :c, 'C1', '2026-01-01', '2026-01-31', 'EUR 55', 'open');
SELECT ar.apply(:ledger, pg_temp.item('U1'), pg_temp.item('A1')) AS application \gset
SELECT is(ar.transfer_payment(:ledger, pg_temp.payment('U1'), :c, '2026-01-25', 'it was C''s')::text, 'EUR 70.00', 'what is unapplied of it is moved');
SELECT results_eq(format($$SELECT customer_id, kind, j.amount::text, adjusted_on, reason, i.open::text FROM ar.adjustment AS j JOIN ar.item AS i USING (ledger_id, adjustment_id, customer_id, kind) WHERE j.payment_id = %s ORDER BY ar.amount(j.amount) DESC$$, pg_temp.payment('U1')),
    format($$VALUES (%s::bigint, 'transfer', 'EUR 70.00', date '2026-01-25', 'it was C''s', 'EUR 0.00'), (%s, 'transfer', 'EUR -70.00', '2026-01-25', 'it was C''s', 'EUR -70.00')$$, :a, :c), 'by a debit there, and a credit here');
SELECT is(pg_temp.balances(), 'A 0.00 0.00, B 0.00 -50.00, C 55.00 -70.00', 'so that the balances add up');
SELECT is(pg_temp.outcome(format('SELECT ar.transfer_payment(pg_temp.ledger(), pg_temp.payment(''U1''), %s, ''2026-01-26'')', :c)), 'RA002', 'more than is unapplied is not moved');
-- It is moved on from where it is.
SELECT ar.apply(:ledger, i.item_id, pg_temp.item('C1')) FROM ar.item AS i WHERE i.customer_id = :c AND i.kind = 'transfer' \g /dev/null
SELECT is(ar.transfer_payment(:ledger, pg_temp.payment('U1'), :b, '2026-01-26')::text, 'EUR 15.00', 'the rest is moved on');
SELECT is(ar.transfer_payment(:ledger, pg_temp.payment('U1'), :a, '2026-01-27')::text, 'EUR 15.00', 'and back');
SELECT is(pg_temp.balances(), 'A 0.00 -15.00, B 0.00 -50.00, C 0.00 0.00', 'and nothing is lost');
SELECT results_eq($$SELECT element, moved::text FROM ar.transfer_payments(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('payment_id', pg_temp.payment('U1'), 'customer_id', pg_temp.customer('C'), 'transferred_on', '2026-01-28'),
        jsonb_build_object('payment_id', pg_temp.payment('U2'), 'customer_id', pg_temp.customer('C'), 'transferred_on', '2026-01-28'),
        jsonb_build_object('payment_id', pg_temp.pay(NULL, 'U3', 'EUR 5'), 'customer_id', pg_temp.customer('C'), 'transferred_on', '2026-01-28')))$$,
    $$VALUES (1::bigint, 'EUR 15.00'), (2, 'EUR 50.00'), (3, 'EUR 5.00')$$, 'many at once');
SELECT is(pg_temp.balances(), 'A 0.00 0.00, B 0.00 0.00, C 0.00 -70.00', 'each from where it was');
SELECT is(pg_temp.outcome($$SELECT ar.transfer_payments(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('payment_id', pg_temp.payment('U1'), 'customer_id', pg_temp.customer('A')),
        jsonb_build_object('payment_id', pg_temp.payment('U1'), 'customer_id', pg_temp.customer('B'))))$$), '22023', 'but none twice');
SELECT ok(ar.refund(:ledger, credit_item_id => i.item_id, refunded_on => '2026-01-29') > 0, 'what was moved is refunded where it is')
FROM ar.item AS i JOIN ar.adjustment AS j USING (ledger_id, adjustment_id) WHERE j.payment_id = pg_temp.payment('U2') AND j.customer_id = :c AND i.closed_on IS NULL;
SELECT is((SELECT state FROM ar.payment_states(:ledger, ARRAY[pg_temp.payment('U2')], '2026-01-29')), 'refunded', 'as a refund of the payment');

-- No limit keeps what was never his.
SELECT ar.create_customer(:ledger, 'L', 'L', credit_limit => 'EUR 100') AS l \gset
INSERT INTO ar.credit_policy (ledger_id, on_breach) VALUES (:ledger, 'hold');
SELECT pg_temp.pay('L', 'LP', 'EUR 20') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) VALUES (:ledger, :l, 'L1', '2026-01-01', '2026-01-31', 'EUR 120', 'open');
SELECT lives_ok(format('SELECT ar.transfer_payment(pg_temp.ledger(), pg_temp.payment(''LP''), %s, ''2026-01-26'')', :a), 'a payment leaves who is at his limit');

-- By hand.
CREATE FUNCTION pg_temp.move(reference text, amounts text[], customers text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, payment_id)
    SELECT pg_temp.ledger(), pg_temp.customer(v.c), 'transfer', v.a::ar.monetary, '2026-01-30', pg_temp.payment($1) FROM unnest($2, $3) AS v(a, c)
$$;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT is(pg_temp.outcome($$SELECT pg_temp.move('LP', '{EUR 5}', '{A}')$$), 'RA002', 'a debit that nothing covers is refused');
SELECT is(pg_temp.outcome($$SELECT pg_temp.move('LP', '{EUR -5}', '{A}')$$), '23514', 'and a credit out of nothing');
SELECT is(pg_temp.outcome($$SELECT pg_temp.move('LP', '{EUR 5,EUR -6}', '{A,B}')$$), 'RA002', 'and what does not add up');
SET CONSTRAINTS ALL DEFERRED;
SELECT is(pg_temp.outcome(format('INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (%s, %s, ''transfer'', ''EUR 5'', ''2026-01-30'')', :ledger, :a)), '23514', 'a transfer is of a payment');
SELECT is(pg_temp.outcome($$SELECT ar.reverse_adjustment(ledger_id, adjustment_id, '2026-02-01') FROM ar.adjustment WHERE payment_id = pg_temp.payment('LP') LIMIT 1$$), '23514', 'one side alone is not taken back');
SELECT lives_ok('SET CONSTRAINTS ALL IMMEDIATE', 'all that was moved is covered');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
