-- cash: methods, what each may do, clearing, states, and card numbers that are never stored.
-- Protects: a kind's life stands in one place; a state follows from the facts on every day; no error repeats a card number.
BEGIN;
\ir helper.psql
SELECT plan(58);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a \gset
INSERT INTO ar.cash_policy (ledger_id, requires_mandate) VALUES (:ledger, false);

CREATE FUNCTION pg_temp.pay(method text, amount ar.monetary DEFAULT 'EUR 10', day date DEFAULT '2026-02-02', name text DEFAULT NULL)
RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, reference)
    VALUES (pg_temp.ledger(), pg_temp.customer('A'), $2, $3, $1, coalesce($4, $1)) RETURNING payment_id
$$;
CREATE FUNCTION pg_temp.payment(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT p.payment_id FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() AND p.reference = $1 $$;
CREATE FUNCTION pg_temp.life(name text, day date) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', s.state, s.cleared_on, CASE WHEN s.is_in_flight THEN 'in flight' END)
    FROM ar.payment_states(pg_temp.ledger(), ARRAY[pg_temp.payment($1)], $2) AS s
$$;

-- The kinds.
SELECT results_eq('SELECT method, kind FROM ar.payment_method WHERE ledger_id = pg_temp.ledger() ORDER BY method',
    'SELECT kind, kind FROM ar.payment_method_kinds() ORDER BY kind', 'a ledger begins with a method of each kind');
SELECT results_eq($$SELECT kind, clears_at_once, needs_mandate, array_to_string(reversals, ' ') FROM ar.payment_method_kinds()$$, $$VALUES
    ('cheque', false, false, 'bounced in_error'), ('wire', true, false, 'returned in_error'), ('card', false, false, 'charged_back in_error'),
    ('direct_debit', false, true, 'returned in_error'), ('cash', true, false, 'in_error'), ('online_processor', false, false, 'charged_back in_error'),
    ('mobile_wallet', false, false, 'charged_back in_error'), ('lockbox', false, false, 'bounced in_error'), ('set_off', true, false, 'in_error')$$,
    'and each has a life of its own');
INSERT INTO ar.payment_method (ledger_id, method, kind, name, clearing_days) VALUES
    (:ledger, 'stripe', 'online_processor', 'Stripe', 7), (:ledger, 'sepa', 'direct_debit', 'SEPA', 5), (:ledger, 'twint', 'wire', NULL, NULL);
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment_method (ledger_id, method, kind) VALUES (pg_temp.ledger(), %L, %L)', method, kind)), expected, words)
FROM (VALUES ('barter', 'barter', '23514', 'a kind there is not'), ('Barter', 'cash', '23514', 'a name that is none'),
    ('stripe', 'card', '23505', 'a method that is there'), ('check', 'cheque', 'done', 'a method of its own')) AS v(method, kind, expected, words);
SELECT is(pg_temp.outcome($$UPDATE ar.payment_method SET kind = 'cheque' WHERE method = 'wire'$$, 'all'),
    E'RA003: name and kind of payment method "wire" cannot be changed\nPayments refer to it, and what they may do follows from its kind.\nAdd a method of the other name or kind.', 'its kind is for good');
SELECT is(pg_temp.outcome($$UPDATE ar.payment_method SET method = 'transfer' WHERE method = 'wire'$$), 'RA003', 'and so is its name');
SELECT is(pg_temp.outcome($$DELETE FROM ar.payment_method WHERE method = 'twint'$$, 'all'),
    E'RA003: payment methods are never deleted\nPayments refer to them.\nLeave one that is out of use where it is.', 'and it is there for good');
SELECT is(pg_temp.outcome($$TRUNCATE ar.payment_method CASCADE$$), 'RA003', 'with all others');
SELECT is(pg_temp.outcome($$UPDATE ar.payment_method SET clearing_days = 3, name = 'Cheque' WHERE method = 'cheque'$$), 'done', 'the rest of it is not');
SELECT is(pg_temp.outcome($$INSERT INTO ar.payment_method (ledger_id, method, kind) VALUES (pg_temp.ledger(), 'cheque', 'cash')$$), '23514', 'a method called like a kind is of that kind');

-- What a payment may meet.
SELECT pg_temp.pay(kind) FROM ar.payment_method_kinds() \g /dev/null
SELECT pg_temp.pay('stripe'), pg_temp.pay('sepa'), pg_temp.pay('twint') \g /dev/null
SELECT results_eq($$
    SELECT m.method, string_agg(k.kind, ' ' ORDER BY k.kind) FILTER (WHERE o.outcome = 'done'),
           string_agg(DISTINCT o.outcome, ' ') FILTER (WHERE o.outcome <> 'done')
    FROM ar.payment_method AS m, unnest('{bounced,returned,charged_back,in_error}'::text[]) AS k(kind),
         LATERAL (SELECT pg_temp.outcome(format('SELECT ar.reverse_payment(pg_temp.ledger(), %s, %L, ''2026-02-10'')',
                                                pg_temp.payment(m.method), k.kind)) AS outcome) AS o
    WHERE m.ledger_id = pg_temp.ledger() GROUP BY m.method ORDER BY m.method$$, $$VALUES
    ('card', 'charged_back in_error', '23514'), ('cash', 'in_error', '23514'), ('cheque', 'bounced in_error', '23514'),
    ('direct_debit', 'in_error returned', '23514'), ('lockbox', 'bounced in_error', '23514'), ('mobile_wallet', 'charged_back in_error', '23514'),
    ('online_processor', 'charged_back in_error', '23514'), ('sepa', 'in_error returned', '23514'), ('set_off', 'in_error', '23514'),
    ('stripe', 'charged_back in_error', '23514'), ('twint', 'in_error returned', '23514'), ('wire', 'in_error returned', '23514')$$,
    'a method meets what its kind can meet, and nothing else');
SELECT is(pg_temp.outcome(format('SELECT ar.reverse_payment(pg_temp.ledger(), %s, ''charged_back'', ''2026-02-10'')', pg_temp.payment('cheque')), 'all'),
    format(E'23514: payment %s by cheque cannot be charged back\nWhat can happen to it: bounced, in_error.', pg_temp.payment('cheque')), 'and says what that is');

-- Clearing.
SELECT results_eq($$SELECT p.method, pg_temp.life(p.reference, '2026-02-04') FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() ORDER BY 1$$, $$VALUES
    ('card', 'pending'), ('cash', 'cleared 2026-02-02'), ('cheque', 'pending'), ('direct_debit', 'pending in flight'), ('lockbox', 'pending'),
    ('mobile_wallet', 'pending'), ('online_processor', 'pending'), ('sepa', 'pending in flight'), ('set_off', 'cleared 2026-02-02'), ('stripe', 'pending'),
    ('twint', 'cleared 2026-02-02'), ('wire', 'cleared 2026-02-02')$$, 'some clear at once, the others later; a direct debit is in flight until then');
SELECT is(pg_temp.life('wire', '2026-02-01'), NULL, 'before it was received it has no state');
SELECT is(pg_temp.life('stripe', '2026-02-08'), 'pending', 'clearing_days are not over');
SELECT is(pg_temp.life('stripe', '2026-02-09'), 'cleared 2026-02-09', 'and it clears by itself');
SELECT is(pg_temp.life('sepa', '2026-02-07'), 'cleared 2026-02-07', 'nor is a direct debit in flight for ever');
SELECT is(ar.clear_payments(:ledger, ARRAY[pg_temp.payment('cheque'), pg_temp.payment('wire'), pg_temp.payment('direct_debit'), pg_temp.payment('cheque')], '2026-02-05', 'B1'),
    2::bigint, 'payments clear when the bank says so, each once, and those that have nothing to clear are left out');
SELECT is(ar.clear_payments(:ledger, ARRAY[pg_temp.payment('cheque')], '2026-02-06'), 0::bigint, 'they clear once');
SELECT is(pg_temp.life('cheque', '2026-02-04') || ', ' || pg_temp.life('cheque', '2026-02-05'), 'pending, cleared 2026-02-05', 'from that day on');
SELECT is(pg_temp.life('direct_debit', '2026-02-05'), 'cleared 2026-02-05', 'a collected direct debit has landed');
SELECT ar.clear_payments(:ledger, ARRAY[pg_temp.payment('stripe')], '2026-02-04') \g /dev/null
SELECT is(pg_temp.life('stripe', '2026-02-04'), 'cleared 2026-02-04', 'what is recorded counts, and not clearing_days');
SELECT results_eq($$SELECT cleared_on, reference, recorded_at >= now() FROM ar.payment_clearing WHERE payment_id = pg_temp.payment('cheque')$$,
    $$VALUES (date '2026-02-05', 'B1', true)$$, 'it is on record');
SELECT is(pg_temp.outcome(statement), expected, words) FROM (VALUES
    ('SELECT ar.clear_payments(pg_temp.ledger(), ARRAY[pg_temp.payment(''card'')], ''2026-02-01'')', '23514', 'not before it was received'),
    ('SELECT ar.clear_payments(pg_temp.ledger(), ARRAY[pg_temp.payment(''card'')], ''infinity'')', '23514', 'nor at the end of time'),
    ('SELECT ar.clear_payments(pg_temp.ledger(), ARRAY[-1])', '23503', 'nor what is none'),
    ('INSERT INTO ar.payment_clearing (ledger_id, payment_id, cleared_on) VALUES (pg_temp.ledger(), pg_temp.payment(''wire''), ''2026-02-05'')', '23514', 'a wire has nothing to clear'),
    ('UPDATE ar.payment_clearing SET cleared_on = ''2026-02-06''', 'RA003', 'it is a fact'),
    ('TRUNCATE ar.payment_clearing', 'RA003', 'for good')) AS v(statement, expected, words);

-- States of what came to nothing, on every day.
SELECT ar.reverse_payment(:ledger, pg_temp.payment('cheque'), 'bounced', '2026-02-10'), ar.reverse_payment(:ledger, pg_temp.payment('card'), 'charged_back', '2026-02-10'),
       ar.reverse_payment(:ledger, pg_temp.payment('sepa'), 'returned', '2026-02-06'), ar.reverse_payment(:ledger, pg_temp.payment('cash'), 'in_error', '2026-02-10') \g /dev/null
SELECT is(concat_ws(', ', pg_temp.life('cheque', '2026-02-09'), pg_temp.life('cheque', '2026-02-10')), 'cleared 2026-02-05, bounced 2026-02-05', 'a cheque bounces, and had not before');
SELECT is(pg_temp.life('card', '2026-02-10'), 'charged_back', 'a card payment is charged back');
SELECT is(pg_temp.life('sepa', '2026-02-05') || ', ' || pg_temp.life('sepa', '2026-02-06'), 'pending in flight, returned', 'a direct debit comes back, and is in flight no more');
SELECT is(pg_temp.life('cash', '2026-02-10'), 'reversed 2026-02-02', 'an error is reversed');
SELECT is(pg_temp.outcome('SELECT ar.clear_payments(pg_temp.ledger(), ARRAY[pg_temp.payment(''card'')], ''2026-02-11'')'), '23514', 'what was reversed clears no more');
SELECT ar.refund(:ledger, pg_temp.payment('wire'), amount => 'EUR 4', refunded_on => '2026-02-11') AS part \gset
SELECT is(pg_temp.life('wire', '2026-02-11'), 'cleared 2026-02-02', 'a part of it is refunded');
SELECT ar.refund(:ledger, pg_temp.payment('wire'), refunded_on => '2026-02-12') \g /dev/null
SELECT is(pg_temp.life('wire', '2026-02-11') || ', ' || pg_temp.life('wire', '2026-02-12'), 'cleared 2026-02-02, refunded 2026-02-02', 'and then all');
SELECT ar.reverse_adjustment(:ledger, :part, '2026-02-13') \g /dev/null
SELECT is(pg_temp.life('wire', '2026-02-13'), 'cleared 2026-02-02', 'until a part comes back');
SELECT results_eq($$SELECT method, state, cleared_on, refunded FROM ar.report_payment WHERE ledger_id = pg_temp.ledger() AND method IN ('wire', 'card', 'stripe') ORDER BY method$$, $$VALUES
    ('card', 'charged_back', NULL::date, 0.00), ('stripe', 'cleared', '2026-02-04', 0.00), ('wire', 'cleared', '2026-02-02', 6.00)$$, 'and people see it');
SELECT is((SELECT count(*) FROM ar.payment_states(:ledger)), 12::bigint, 'all payments have a state');

-- Card numbers. 4111 1111 1111 1111 is everybody's example.
CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    state text; message text; detail text; hint text; context text; place text; whole text;
BEGIN
    BEGIN
        EXECUTE statement;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
            context = PG_EXCEPTION_CONTEXT, place = COLUMN_NAME, whole = TABLE_NAME;
        RETURN concat_ws(' ', state, whole, place, CASE WHEN concat_ws(' ', message, detail, hint, context) ~ '1111' THEN 'and repeated' END);
    END;
    RETURN 'done';
END
$$;
SELECT is(pg_temp.refused(format('INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, %I) VALUES (%s, %s, %L, ''2026-02-02'', %L)',
                                 col, :ledger, :a, amount, value)), expected, words)
FROM (VALUES
    ('reference', 'card 4111111111111111, thanks', 'EUR 1', '23514 payment reference', 'a card number is refused'),
    ('reference', '4111 1111 1111 1111', 'EUR 1', '23514 payment reference', 'in groups, too'),
    ('reference', '4111111111111111', 'EUR -1', '23514 payment reference', 'before a constraint would print the row'),
    ('structured_reference', '4111-1111-1111-1111', 'EUR 1', '23514 payment structured_reference', 'as a reference with check digits'),
    ('payer_name', 'Mr 4111111111111111', 'EUR 1', '23514 payment payer_name', 'as a name'),
    ('remittance', '[{"number": "4111111111111111"}]', 'EUR 1', '23514 payment remittance', 'and in a remittance'),
    ('reference', '4111111111111112', 'EUR 1', 'done', 'a number with a wrong check digit is none'),
    ('reference', 'INV-2026-000001', 'EUR 1', 'done', 'nor is that of an invoice')) AS v(col, value, amount, expected, words);
SELECT is(pg_temp.refused(format('SELECT ar.record_payment(%s, %s, ''EUR 1'', ''2026-02-02'', reference => ''4111111111111111'')', :ledger, :a)),
    '23514 payment reference', 'nor is it repeated by a function that was called');
SELECT is(pg_temp.refused(format($$COPY ar.payment (ledger_id, customer_id, amount, received_on, reference) FROM PROGRAM 'printf "%s\t%s\tEUR 1\t2026-02-02\t4111111111111111\n"'$$, :ledger, :a)),
    '23514 payment reference', 'nor by COPY, which else quotes the line');
SELECT is(pg_temp.refused(format($$SELECT ar.refund(%s, %s, reference => '4111111111111111')$$, :ledger, pg_temp.payment('stripe'))), '23514 adjustment reference', 'nor stored with a refund');
SELECT is(pg_temp.refused(format($$SELECT ar.reverse_payment(%s, %s, 'in_error', '2026-02-10', reason => '4111111111111111')$$, :ledger, pg_temp.payment('stripe'))),
    '23514 payment_reversal reason', 'or a reversal');
INSERT INTO ar.cash_policy (ledger_id, customer_id, refuses_card_numbers) VALUES (:ledger, :a, false);
SELECT is(pg_temp.refused(format('INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference) VALUES (%s, %s, ''EUR 1'', ''2026-02-02'', ''4111111111111111'')', :ledger, :a)),
    'done', 'where such numbers are none, the policy says so');
SELECT is(pg_temp.refused(format('INSERT INTO ar.payment (ledger_id, amount, received_on, reference) VALUES (%s, ''EUR 1'', ''2026-02-02'', ''4111111111111111'')', :ledger)),
    '23514 payment reference', 'for whom it says so; not of a payment without a customer');

-- A session remembers the methods that it looked up, but none that is taken back.
SELECT customer_id AS anybody FROM ar.customer ORDER BY customer_id LIMIT 1 \gset
SAVEPOINT before;
INSERT INTO ar.payment_method (ledger_id, method, kind, name) VALUES (:ledger, 'shells', 'cash', 'Shells');
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, ''EUR 1'', ''2026-02-01'', method => ''shells'')', :ledger, :anybody)), 'done', 'a new method is known at once');
ROLLBACK TO before;
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, ''EUR 1'', ''2026-02-01'', method => ''shells'')', :ledger, :anybody)), '23503', 'and unknown when it is taken back');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
