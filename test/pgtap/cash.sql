-- cash: payments, and what they are applied to by themselves.
BEGIN;
\ir helper.psql
SELECT plan(74);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B,C,D,E,F,G}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset

CREATE FUNCTION pg_temp.bill(customer text, number text, total ar.monetary, due date, day date DEFAULT '2026-01-01')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $2, $5, $4, $3, 'open')
$$;
-- What a payment was applied to: invoice, amount and day, in the order of writing; then what is left.
CREATE FUNCTION pg_temp.applied(payment bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ', string_agg(format('%s %s on %s', coalesce(v.number, j.number), ar.amount(a.amount), to_char(a.applied_on, 'MM-DD')), ', '
                                      ORDER BY a.application_id)
                     FILTER (WHERE a.application_id IS NOT NULL), 'left ' || -ar.amount(c.open))
    FROM ar.item AS c
    LEFT JOIN ar.application AS a ON a.ledger_id = c.ledger_id AND a.credit_item_id = c.item_id
    LEFT JOIN ar.item AS d ON d.ledger_id = a.ledger_id AND d.item_id = a.debit_item_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = d.ledger_id AND v.invoice_id = d.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = d.ledger_id AND j.adjustment_id = d.adjustment_id
    WHERE c.ledger_id = pg_temp.ledger() AND c.payment_id = $1
    GROUP BY c.item_id, c.open
$$;
CREATE FUNCTION pg_temp.pay(customer text, amount ar.monetary, reference text DEFAULT NULL, remittance jsonb DEFAULT NULL,
                            apply text DEFAULT 'auto', day date DEFAULT '2026-02-01') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN pg_temp.applied(ar.record_payment(pg_temp.ledger(), pg_temp.customer(customer), amount, day,
        reference => reference, remittance => remittance, apply => apply));
END
$$;
-- What ar.auto_apply() says of one payment: outcome, and the rule.
CREATE FUNCTION pg_temp.auto(payment bigint, rule text DEFAULT 'auto') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.outcome, a.found_by) FROM ar.auto_apply(pg_temp.ledger(), ARRAY[$1], $2) AS a
$$;

-- A payment, as it is recorded.
SELECT ar.record_payment(:ledger, pg_temp.customer('A'), 'EUR 5', '2026-01-05', 'cheque', 'no 17', '[{"number": "nothing"}]', 'pay-1', 'none') AS p1 \gset
SELECT results_eq(format('SELECT amount::text, received_on, method, reference, remittance::text, external_id, recorded_at >= now() FROM ar.payment WHERE payment_id = %s', :p1),
    $$VALUES ('EUR 5.00', date '2026-01-05', 'cheque', 'no 17', '[{"number": "nothing"}]', 'pay-1', true)$$, 'a payment is recorded');
SELECT results_eq(format('SELECT kind, amount::text, open::text, issued_on, due_on FROM ar.item WHERE payment_id = %s', :p1),
    $$VALUES ('payment', 'EUR -5.00', 'EUR -5.00', date '2026-01-05', date '2026-01-05')$$, 'and is a credit item');
SELECT is(pg_temp.balance('A'), 'EUR 0.00 and EUR -5.00', 'and credit of the customer');
SELECT is(ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), '5.00 EUR', '2026-01-05', 'cheque', 'no 17', '[{"number": "nothing"}]', 'pay-1', 'none'),
    :p1::bigint, 'the same external id again returns the first');
SELECT is(pg_temp.balance('A'), 'EUR 0.00 and EUR -5.00', 'and is not counted twice');
SELECT pg_temp.bill('A', 'A0', 'EUR 2', '2026-01-10') \g /dev/null
SELECT is(ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), 'EUR 5', '2026-01-05', 'cheque', 'no 17', '[{"number": "nothing"}]', 'pay-1', 'oldest'),
    :p1::bigint, 'even if it were to be applied otherwise');
SELECT is(pg_temp.applied(:p1), 'left 5.00', 'it is not applied again');
SELECT is(pg_temp.outcome($$SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), 'EUR 5.01', '2026-01-05', 'cheque', 'no 17', '[{"number": "nothing"}]', 'pay-1')$$, 'all'),
    E'RA006: external id "pay-1" was used for another payment\nThe same external id again must come with the same payload.\n'
    'Give each write an external id of its own.', 'another payload under it is an error');
SELECT is(pg_temp.outcome($$SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('B'), 'EUR 5', '2026-01-05', 'cheque', 'no 17', '[{"number": "nothing"}]', 'pay-1')$$),
    'RA006', 'another customer, too');

-- Rules: none, oldest, auto.
SELECT pg_temp.bill('B', 'B3', 'EUR 30', '2026-01-30'), pg_temp.bill('B', 'B1', 'EUR 10', '2026-01-10'), pg_temp.bill('B', 'B2', 'EUR 20', '2026-01-20') \g /dev/null
SELECT is(pg_temp.pay('B', 'EUR 100', 'B1', NULL, 'none'), 'left 100.00', 'none applies nothing, whatever it says');
SELECT is(pg_temp.pay('B', 'EUR 25', 'B3', NULL, 'oldest'), 'B1 10.00 on 02-01, B2 15.00 on 02-01, left 0.00', 'oldest goes by due date, whatever it says');
SELECT is(pg_temp.pay('B', 'EUR 50', NULL, NULL, 'oldest'), 'B2 5.00 on 02-01, B3 30.00 on 02-01, left 15.00', 'what is too much stays unapplied');
SELECT is(pg_temp.status('B1') || pg_temp.status('B2') || pg_temp.status('B3'), 'paidpaidpaid', 'the invoices are paid');
SELECT is(pg_temp.pay('B', 'EUR 1', NULL, NULL, 'oldest'), 'left 1.00', 'with nothing open, all stays unapplied');
SELECT pg_temp.bill('B', 'B4', 'EUR 9', '2026-03-30', '2026-03-01') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, number, adjusted_on, amount)
VALUES (:ledger, pg_temp.customer('B'), 'fee', 'FEE', '2026-03-15', 'EUR 2');
SELECT is(pg_temp.pay('B', 'EUR 3', NULL, NULL, 'oldest'), 'FEE 2.00 on 03-15, B4 1.00 on 03-01, left 0.00',
    'charges are paid as invoices are, and nothing is applied before it is there');
SELECT is(pg_temp.outcome($$SELECT pg_temp.pay('B', 'EUR 1', NULL, NULL, 'cheapest')$$, 'constraint'), '23514 payment_apply_check', 'there are no other rules');
SELECT is(pg_temp.outcome($$SELECT ar.auto_apply(pg_temp.ledger(), '{}', 'cheapest')$$, 'all'),
    E'22023: unknown rule "cheapest" to apply payments by\nThe rules are auto, oldest, newest, largest, proportional and none.', 'nor later');
SELECT is(pg_temp.pay('B', 'EUR 1'), 'left 1.00', 'auto without reference and remittance applies nothing');

-- auto, by numbers in the reference.
SELECT pg_temp.bill('C', 'C1001', 'EUR 10', '2026-01-10'), pg_temp.bill('C', 'C1002', 'EUR 20', '2026-01-20'), pg_temp.bill('C', 'C1003', 'EUR 30', '2026-01-05') \g /dev/null
SELECT is(pg_temp.pay('C', 'EUR 5', 'for C1002'), 'C1002 5.00 on 02-01, left 0.00', 'the invoice named is paid, not the oldest');
SELECT is(pg_temp.pay('C', 'EUR 20', E'C1002,C1001;XX\tC1001 and  more'), 'C1002 15.00 on 02-01, C1001 5.00 on 02-01, left 0.00', 'several in the order named, each once');
SELECT is(pg_temp.pay('C', 'EUR 10', 'C1001'), 'C1001 5.00 on 02-01, left 5.00', 'what is too much stays unapplied, though another is open');
SELECT is(pg_temp.pay('C', 'EUR 10', 'C1001 C1002'), 'left 10.00', 'on paid invoices nothing is applied');
SELECT is(pg_temp.pay('C', 'EUR 10', 'C10033 C 10031 91003'), 'left 10.00', 'a number is found only as a whole');
SELECT is(pg_temp.pay('D', 'EUR 10', 'C1003'), 'left 10.00', 'invoices of other customers are not paid');
SELECT is(pg_temp.pay('C', 'EUR 10', ''), 'left 10.00', 'an empty reference names nothing');
SELECT is(pg_temp.pay('C', 'EUR 10', 'C1003', '[{"number": "C1009"}]'), 'C1003 10.00 on 02-01, left 0.00', 'where the remittance names nothing, the reference may');
SELECT is(pg_temp.pay('C', 'EUR 10', 'C1003', '[]'), 'C1003 10.00 on 02-01, left 0.00', 'an empty one says nothing');

-- auto, by remittance.
SELECT pg_temp.bill('D', 'D1', 'EUR 10', '2026-01-10'), pg_temp.bill('D', 'D2', 'EUR 20', '2026-01-20'), pg_temp.bill('D', 'D3', 'EUR 30', '2026-01-05') \g /dev/null
SELECT is(pg_temp.pay('D', 'EUR 40', NULL, '[{"number": "D3", "amount": 12.5}, {"number": "D1"}]'), 'D3 12.50 on 02-01, D1 10.00 on 02-01, left 17.50',
    'amounts are kept to, and without one all that is open is paid');
SELECT is(pg_temp.pay('D', 'EUR 100', NULL, '[{"number": "D2", "amount": 99}]'), 'D2 20.00 on 02-01, left 80.00', 'not more than is open');
SELECT is(pg_temp.pay('D', 'EUR 10', NULL, '[{"number": "D3", "amount": 8}, {"number": "D3", "amount": 8}]'), 'D3 10.00 on 02-01, left 0.00',
    'nor more than was paid; a number may come twice');
SELECT is(pg_temp.pay('D', 'EUR 50', NULL, '[{"number": "D3", "amount": 5}, {"number": "D3", "amount": 5}]'), 'D3 7.50 on 02-01, left 42.50',
    'twice together not more than is open');
SELECT pg_temp.bill('D', 'D4', 'EUR 10', '2026-01-10') \g /dev/null
SELECT is(pg_temp.pay('D', 'EUR 5', NULL, '[{"number": "none"}, {"number": "D4", "amount": 3}]'), 'D4 3.00 on 02-01, left 2.00', 'an unknown number leaves its part unapplied');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, total, status)
VALUES (:ledger, pg_temp.customer('D'), 'D5', '2026-01-01', '50% net 10, 50% net 40', 'EUR 100', 'open');
SELECT is(pg_temp.pay('D', 'EUR 70', NULL, '[{"number": "D5", "amount": 60}]'), 'D5 50.00 on 02-01, D5 10.00 on 02-01, left 10.00',
    'an amount goes to the instalments in order');
SELECT is(pg_temp.pay('D', 'EUR 70', 'D5'), 'D5 40.00 on 02-01, left 30.00', 'and then to what is open of them');

-- Currencies.
SELECT pg_temp.bill('E', 'E1001', 'USD 10', '2026-01-10'), pg_temp.bill('E', 'E1002', 'EUR 10', '2026-01-11') \g /dev/null
SELECT is(pg_temp.pay('E', 'EUR 50', 'E1001'), 'left 50.00', 'dollars are not paid with euros, by reference');
SELECT is(pg_temp.pay('E', 'EUR 50', NULL, '[{"number": "E1001", "amount": 5}]'), 'left 50.00', 'by remittance');
SELECT is(pg_temp.pay('E', 'EUR 4', NULL, NULL, 'oldest'), 'E1002 4.00 on 02-01, left 0.00', 'or as the oldest');
SELECT is(pg_temp.balance('E'), 'EUR 6.00 and EUR -100.00; USD 10.00 and USD 0.00', 'each currency has its balance');
SELECT is(pg_temp.pay('E', 'USD 4', 'E1001 E1002'), 'E1001 4.00 on 02-01, left 0.00', 'dollars go to dollars');

-- Several payments in one call, also on the same invoice.
SELECT pg_temp.bill('F', 'F1001', 'EUR 10', '2026-01-10'), pg_temp.bill('F', 'F1002', 'EUR 20', '2026-01-20'), pg_temp.bill('G', 'G1001', 'EUR 7', '2026-01-20') \g /dev/null
CREATE TEMPORARY TABLE batch AS SELECT jsonb_build_array(
    jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 6', 'received_on', '2026-02-02', 'reference', 'F1001'),
    jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 6', 'received_on', '2026-02-03', 'reference', 'F1001', 'external_id', 'b-2'),
    jsonb_build_object('customer_id', pg_temp.customer('G'), 'amount', 'EUR 9', 'received_on', '2026-02-03', 'remittance', '[{"number": "G1001", "amount": 5}, {"number": "F1002"}]'::jsonb),
    jsonb_build_object('external_id', 'b-2', 'reference', 'F1001', 'received_on', '2026-02-03', 'amount', 'EUR 6', 'customer_id', pg_temp.customer('F')),
    jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 25', 'received_on', '2026-02-04', 'reference', 'F1001 F1002')) AS payload;
CREATE TEMPORARY TABLE batch_result AS SELECT r.* FROM batch, ar.record_payments(:ledger, batch.payload) AS r;
SELECT results_eq('SELECT element, pg_temp.applied(payment_id) FROM batch_result ORDER BY 1', $$VALUES
    (1::bigint, 'F1001 6.00 on 02-02, left 0.00'), (2, 'F1001 4.00 on 02-03, left 2.00'), (3, 'G1001 5.00 on 02-03, left 4.00'),
    (4, 'F1001 4.00 on 02-03, left 2.00'), (5, 'F1002 20.00 on 02-04, left 5.00')$$,
    'in their order, each with what the earlier ones leave; a repeated external id is one payment');
SELECT is((SELECT count(DISTINCT payment_id) FROM batch_result), 4::bigint, 'four payments, of five elements');
SELECT results_eq('SELECT r.element, r.payment_id FROM batch, ar.record_payments(pg_temp.ledger(), jsonb_build_array(payload -> 1)) AS r',
    'SELECT 1::bigint, payment_id FROM batch_result WHERE element = 2', 'in another call it is the same one');
SELECT pg_temp.bill('F', 'F1003', 'EUR 10', '2026-01-10'), pg_temp.bill('F', 'F1004', 'EUR 20', '2026-01-05') \g /dev/null
SELECT results_eq($$SELECT element, pg_temp.applied(payment_id) FROM ar.record_payments(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 12', 'received_on', '2026-02-05'),
        jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 12', 'received_on', '2026-02-06'),
        jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 12', 'received_on', '2026-02-07')), 'oldest')$$, $$VALUES
    (1::bigint, 'F1004 12.00 on 02-05, left 0.00'), (2, 'F1004 8.00 on 02-06, F1003 4.00 on 02-06, left 0.00'), (3, 'F1003 6.00 on 02-07, left 6.00')$$,
    'oldest payments first, on the oldest invoices');
SELECT is(pg_temp.outcome($$SELECT ar.record_payments(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 1', 'external_id', 'b-9'),
        jsonb_build_object('customer_id', pg_temp.customer('F'), 'amount', 'EUR 2', 'external_id', 'b-9')))$$), 'RA006', 'two payloads under one external id');
-- A payment left waiting is applied later, from the day on which both are there.
SELECT ar.record_payment(:ledger, pg_temp.customer('G'), 'EUR 8', '2026-02-10', reference => 'G2') AS early \gset
SELECT pg_temp.bill('G', 'G2', 'EUR 8', '2026-04-01', '2026-03-01') \g /dev/null
SELECT is(pg_temp.auto(:early), 'applied number', 'a payment that came too early is applied when asked again');
SELECT is(pg_temp.applied(:early), 'G2 8.00 on 03-01, left 0.00', 'from the day on which the invoice is there');
SELECT is(pg_temp.auto(:early), NULL, 'and asking once more does nothing');
SELECT pg_temp.bill('G', 'G4', 'EUR 30', '2026-04-01', '2026-03-01') \g /dev/null
SELECT ar.record_payment(:ledger, pg_temp.customer('G'), 'EUR 40', '2026-03-02', remittance => '[{"number": "G4", "amount": 12}]') AS part \gset
SELECT is(pg_temp.auto(:part) || ': ' || pg_temp.applied(:part), 'waiting: G4 12.00 on 03-02, left 28.00',
    'nor does it give an invoice more than the payer said');
-- After an undoing, on the day of the undoing at the earliest.
SELECT pg_temp.bill('G', 'G3', 'EUR 8', '2026-01-20') \g /dev/null
SELECT ar.record_payment(:ledger, pg_temp.customer('G'), 'EUR 8', '2026-02-10', reference => 'G3') AS again \gset
SELECT ar.unapply(:ledger, application_id, '2026-02-20') FROM ar.application WHERE credit_item_id = (SELECT item_id FROM ar.item WHERE payment_id = :again) \g /dev/null
SELECT is(pg_temp.auto(:again) || ': ' || pg_temp.applied(:again), 'applied number: G3 8.00 on 02-10, G3 -8.00 on 02-20, G3 8.00 on 02-20, left 0.00',
    'what was undone is applied again from that day on, by reference');
SELECT ar.unapply(:ledger, application_id, '2026-02-25') FROM ar.application
WHERE credit_item_id = (SELECT item_id FROM ar.item WHERE payment_id = :again) ORDER BY application_id DESC LIMIT 1 \g /dev/null
SELECT is(pg_temp.auto(:again, 'oldest') || ' ' || pg_temp.status('G3'), 'applied oldest partial', 'and as the oldest, after what is older still');

-- Straight into the table: as it says, or as the policy does.
SELECT ar.create_customer(:ledger, code, code) FROM unnest('{H,I}'::text[]) AS code \g /dev/null
INSERT INTO ar.cash_policy (ledger_id, customer_id, apply_on_receipt) VALUES (:ledger, pg_temp.customer('I'), true);
SELECT pg_temp.bill(c, c || '-2026-' || n, 'EUR 10', '2026-01-10') FROM unnest('{H,I}'::text[]) AS c, unnest('{11,22}'::text[]) AS n \g /dev/null
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, apply, reference)
SELECT :ledger, pg_temp.customer(c), 'EUR 10', '2026-02-01', apply, concat(c, '-2026-', CASE WHEN apply IS NULL THEN '11' ELSE '22' END)
FROM unnest('{H,I}'::text[]) AS c, unnest('{none,auto,NULL}'::text[]) AS apply;
SELECT results_eq(format('SELECT reference, apply, pg_temp.applied(payment_id) FROM ar.payment WHERE customer_id IN (%s, %s) ORDER BY payment_id', pg_temp.customer('H'), pg_temp.customer('I')), $$VALUES
    ('H-2026-22', 'none', 'left 10.00'), ('H-2026-22', 'auto', 'H-2026-22 10.00 on 02-01, left 0.00'), ('H-2026-11', NULL, 'left 10.00'),
    ('I-2026-22', 'none', 'left 10.00'), ('I-2026-22', 'auto', 'I-2026-22 10.00 on 02-01, left 0.00'), ('I-2026-11', NULL, 'I-2026-11 10.00 on 02-01, left 0.00')$$,
    'what says nothing waits, unless the policy applies on receipt');
-- Nobody knows whose it is, until it is transferred: then it goes as it said, and by the rules if it said nothing.
SELECT pg_temp.bill('H', 'H-2026-3' || n, 'EUR 30', '2026-01-10') FROM generate_series(1, 3) AS n \g /dev/null
CREATE TEMPORARY TABLE stranger AS SELECT element, r.payment_id FROM ar.record_payments(:ledger,
    '[{"amount": "EUR 30", "received_on": "2026-02-01", "structured_reference": "H-2026-31"}, {"amount": "EUR 25", "received_on": "2026-02-01", "apply": "oldest"},
      {"amount": "EUR 30", "received_on": "2026-02-01", "apply": "none", "payer_name": "Hans", "payer_account": "DE02120300000000202051", "processor_reference": "ch-1"}]') AS r;
SELECT is((SELECT count(*) FROM ar.item JOIN stranger USING (payment_id)), 0::bigint, 'a payment without a customer has no item');
SELECT results_eq(format('SELECT a.outcome, a.applied::text, a.unapplied::text FROM ar.auto_apply(%s, (SELECT array_agg(payment_id) FROM stranger WHERE element = 3)) AS a', :ledger),
    $$VALUES ('unidentified', 'EUR 0.00', 'EUR 30.00')$$, 'and is told to be unidentified');
INSERT INTO ar.payment_transfer (ledger_id, payment_id, customer_id, transferred_on) SELECT :ledger, payment_id, pg_temp.customer('H'), '2026-02-03' FROM stranger;
SELECT results_eq('SELECT element, pg_temp.applied(payment_id) FROM stranger ORDER BY 1', $$VALUES
    (1::bigint, 'H-2026-31 30.00 on 02-03, left 0.00'), (2, 'H-2026-11 10.00 on 02-03, H-2026-32 15.00 on 02-03, left 0.00'), (3, 'left 30.00')$$, 'with one it is applied, from that day on');

-- What a payment may not be.
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s)', given)), expected, words)
FROM (VALUES
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''EUR 0''', '23514', 'a payment of nothing'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''EUR -1''', '23514', 'a negative payment'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''EUR 1'', method => ''barter''', '23503', 'an unknown method'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''EUR 1'', ''infinity''', '23514', 'a payment dated infinity'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''EUR 1'', remittance => ''{"number": "A0"}''', '23514', 'a remittance that is no array'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), NULL', '22023', 'no amount'),
    ('pg_temp.ledger(), -1, ''EUR 1''', '23503', 'an unknown customer'),
    ('-1, pg_temp.customer(''A''), ''EUR 1''', '23503', 'an unknown ledger')) AS v(given, expected, words);
SELECT is(pg_temp.outcome(format('SELECT ar.record_payments(pg_temp.ledger(), %L)', given)), expected, words)
FROM (VALUES ('{}', '22023', 'payments that are no array'), ('[1]', '22023', 'a payment that is no object'),
    ('[{"customer_id": 1}]', '22023', 'a payment without amount'),
    ('[{"customer_id": 1, "amount": "EUR 1", "date": "2026-01-01"}]', '22023', 'an unknown key'),
    ('[{"customer_id": 1, "amount": 1}]', '22P02', 'an amount without currency')) AS v(given, expected, words);
SELECT is(array_agg(given) FILTER (WHERE NOT ar.is_remittance(given::jsonb)), NULL, 'what is a remittance')
FROM unnest(ARRAY['[]', '[{"number": "A"}]', '[{"number": "A", "amount": 1.5}, {"number": "A"}]', '[{"number": "A", "amount": -1}]',
    '[{"number": "A", "amount": 98, "discount": 2, "reason": "price_difference", "text": "thanks"}]', '[{"number": "A", "discount": 0}]']) AS given;
SELECT is(array_agg(given) FILTER (WHERE ar.is_remittance(given::jsonb)), NULL, 'and what is none')
FROM unnest(ARRAY['{}', '"A"', '1', 'null', '[1]', '["A"]', '[null]', '[[]]', '[{}]', '[{"amount": 1}]', '[{"number": 1}]', '[{"number": null}]',
    '[{"number": "A", "amount": 0}]', '[{"number": "A", "amount": "1"}]', '[{"number": "A", "amount": null}]', '[{"number": "A", "amout": 1}]',
    '[{"number": "A"}, 1]', '[{"number": "A", "discount": -1}]', '[{"number": "A", "discount": "2"}]', '[{"number": "A", "reason": "Price!"}]',
    '[{"number": "A", "reason": 1}]', '[{"number": "A", "text": 1}]', '[{"number": "A", "text": null}]']) AS given;
SELECT is(ar.is_remittance(NULL), NULL, 'nothing is neither');

-- What a person gets wrong is said without the contents of the row, with what to do.
SELECT is(pg_temp.outcome($$SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), 'EUR -1', '2026-02-01', processor_reference => 'secret')$$, 'all'),
    E'23514: the amount of a payment must be above zero\nIt is EUR -1.00.\nTake a payment back with ar.reverse_payment(), and pay back with ar.refund().', 'an amount below zero');
SELECT is(pg_temp.outcome($$SELECT pg_temp.pay('A', 'EUR 1', NULL, '[{"number": "A0", "amount": "1"}]')$$, 'all'),
    E'23514: malformed remittance of a payment\nGive an array of objects with number, a string, and perhaps amount, a number other than 0, discount, a number not below 0, reason, a code in lower case, and text.',
    'a malformed remittance');
SELECT is(pg_temp.outcome($$SELECT pg_temp.pay('A', 'EUR 1', NULL, NULL, 'cheapest')$$, 'all'),
    E'23514: a payment cannot be applied by "cheapest"\nSay auto, oldest, newest, largest, proportional or none, or nothing, to have it done as ar.cash_policy says.', 'an unknown apply');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
