-- item: posting, applications and their undoing, and that facts stay as they are.
BEGIN;
\ir helper.psql
SELECT plan(144);

SELECT ar.create_ledger('TEST', 'Test', 'EUR'), ar.create_ledger('OTHER', 'Other', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT ar.create_customer(pg_temp.ledger('OTHER'), 'A', 'A') \g /dev/null

-- Invoices and payments come from SQL here: the tables alone hold every rule.
CREATE FUNCTION pg_temp.invoice_of(customer text, number text, total ar.monetary, day date, ledger text DEFAULT 'TEST')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger($5), pg_temp.customer($1, $5), $2, $4, $4 + 30, $3, 'open')
$$;
CREATE FUNCTION pg_temp.payment_of(customer text, reference text, amount ar.monetary, day date, ledger text DEFAULT 'TEST')
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, reference, received_on, amount)
    VALUES (pg_temp.ledger($5), pg_temp.customer($1, $5), $2, $4, $3)
$$;
CREATE FUNCTION pg_temp.adjustment_of(customer text, number text, kind text, amount ar.monetary, day date)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.adjustment (ledger_id, customer_id, number, kind, adjusted_on, amount)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $2, $3, $5, $4)
$$;
CREATE FUNCTION pg_temp.apply(credit text, debit text, amount ar.monetary DEFAULT NULL, day date DEFAULT NULL)
RETURNS bigint LANGUAGE sql AS
$$ SELECT ar.apply(pg_temp.ledger(), pg_temp.item($1), pg_temp.item($2), $3, $4) $$;
CREATE FUNCTION pg_temp.unapply(credit text, debit text, day date DEFAULT NULL) RETURNS bigint LANGUAGE sql AS
$$ SELECT ar.unapply(pg_temp.ledger(), pg_temp.application($1, $2), $3) $$;

-- Posting makes items.
SELECT pg_temp.invoice_of('A', 'I1', 'EUR 100', '2026-01-10') \g /dev/null
SELECT pg_temp.payment_of('A', 'P1', 'EUR 60', '2026-01-20') \g /dev/null
SELECT results_eq($$
    SELECT kind, instalment::integer, issued_on, due_on, amount::text, open::text, closed_on, undone_on
    FROM ar.item WHERE ledger_id = pg_temp.ledger() ORDER BY item_id$$, $$VALUES
    ('invoice', 1, date '2026-01-10', date '2026-02-09', 'EUR 100.00', 'EUR 100.00', NULL::date, NULL::date),
    ('payment', 1, '2026-01-20', '2026-01-20', 'EUR -60.00', 'EUR -60.00', NULL, NULL)$$,
    'an invoice is a debit item, a payment a credit item, due on its day');
SELECT is_empty($$
    SELECT FROM ar.item AS i
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.payment AS p ON p.ledger_id = i.ledger_id AND p.payment_id = i.payment_id
    WHERE i.ledger_id = pg_temp.ledger()
      AND (i.recorded_at <> coalesce(v.recorded_at, p.recorded_at) OR coalesce(v.recorded_at, p.recorded_at) IS NULL)$$,
    'an item was recorded when its document was');
SELECT is(pg_temp.balance('A'), 'EUR 100.00 and EUR -60.00', 'the balance has both sides');

-- An application moves both items, the balance and the invoice.
SELECT ok(pg_temp.apply('P1', 'I1', 'EUR 40', '2026-01-25') > 0, 'a payment is applied in part');
SELECT is(pg_temp.state('I1'), 'EUR 60.00, closed -, undone -', 'the invoice has less open');
SELECT is(pg_temp.state('P1'), 'EUR -20.00, closed -, undone -', 'and the payment');
SELECT is(pg_temp.balance('A'), 'EUR 60.00 and EUR -20.00', 'and both sides of the balance');
SELECT is(pg_temp.status('I1'), 'partial', 'and the invoice is partial');
SELECT ok(pg_temp.apply('P1', 'I1') > 0, 'without an amount, all that both have open is applied');
SELECT is(pg_temp.state('P1'), 'EUR 0.00, closed 2026-01-25, undone -', 'which closes the payment');
SELECT is(pg_temp.state('I1'), 'EUR 40.00, closed -, undone -', 'and not the invoice');
SELECT results_eq($$SELECT amount::text, applied_on FROM ar.application WHERE ledger_id = pg_temp.ledger() ORDER BY application_id$$,
    $$VALUES ('EUR 40.00', date '2026-01-25'), ('EUR 20.00', '2026-01-20')$$,
    'without a date, on the first day on which both were there');
SELECT pg_temp.payment_of('A', 'P2', 'EUR 100', '2026-02-01') \g /dev/null
SELECT ok(pg_temp.apply('P2', 'I1') > 0, 'the rest is applied');
SELECT is(pg_temp.state('I1'), 'EUR 0.00, closed 2026-02-01, undone -', 'the invoice is closed on the day of its last application');
SELECT is(pg_temp.status('I1'), 'paid', 'and paid');
SELECT is(pg_temp.balance('A'), 'EUR 0.00 and EUR -60.00', 'and of the payment the rest is open');
SELECT pg_temp.invoice_of('A', 'I1b', 'EUR 30', '2026-01-10'), pg_temp.invoice_of('A', 'I1c', 'EUR 30', '2026-01-10') \g /dev/null
SELECT pg_temp.apply('P2', 'I1b', 'EUR 30', '2026-03-31'), pg_temp.apply('P2', 'I1c', 'EUR 30', '2026-03-01') \g /dev/null
SELECT is(pg_temp.state('P2'), 'EUR 0.00, closed 2026-03-31, undone -',
    'closed on the latest date, though an earlier one was written last');

-- Undoing writes a counter-row.
SELECT pg_temp.invoice_of('A', 'I2', 'EUR 50', '2026-01-01'), pg_temp.payment_of('A', 'P3', 'EUR 50', '2026-01-02') \g /dev/null
SELECT pg_temp.apply('P3', 'I2') AS undone \gset
SELECT is(pg_temp.status('I2'), 'paid', 'an invoice is paid');
SELECT pg_temp.unapply('P3', 'I2', '2026-01-15') AS counter \gset
SELECT results_eq(format('SELECT amount::text, applied_on, reverses_id FROM ar.application WHERE application_id = %s', :counter),
    format($$VALUES ('EUR -50.00', date '2026-01-15', %s::bigint)$$, :undone), 'the undoing is the opposite of what it undoes');
SELECT is(pg_temp.state('I2'), 'EUR 50.00, closed -, undone 2026-01-15', 'the invoice is open again, and knows the day');
SELECT is(pg_temp.state('P3'), 'EUR -50.00, closed -, undone 2026-01-15', 'and the payment');
SELECT is(pg_temp.status('I2'), 'open', 'the status goes back');
SELECT is(pg_temp.outcome(format('SELECT ar.unapply(pg_temp.ledger(), %s)', :undone), 'all'), format(
    E'RA002: application %s is undone already\nApply the two items again with ar.apply().', :undone), 'undone once is enough');
SELECT is(pg_temp.outcome(format($$
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id)
    VALUES (pg_temp.ledger(), pg_temp.item('P3'), pg_temp.item('I2'), 'EUR -50', '2026-01-16', %s)$$, :undone), 'constraint'),
    '23505 application_reverses_key', 'by INSERT, too');
SELECT is(pg_temp.outcome(format('SELECT ar.unapply(pg_temp.ledger(), %s)', :counter), 'all'), format(
    E'23514: application %s is itself the undoing of application %s\nApply the two items again with ar.apply().',
    :counter, :undone), 'an undoing is not undone');
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('P3', 'I2', 'EUR 50', '2026-01-14')$$, 'all'), format(
    E'23514: item %s cannot be applied before the day on which an application of it was undone\n'
    'That day is 2026-01-15.\nLeave applied_on to ar.apply(), or give that day or a later one.', pg_temp.item('I2')),
    'a past in which it was applied already stays as it was');
SELECT pg_temp.payment_of('A', 'P4', 'EUR 10', '2026-01-02'), pg_temp.invoice_of('A', 'I3', 'EUR 10', '2026-01-02') \g /dev/null
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('P4', 'I2', 'EUR 10', '2026-01-14')$$), '23514', 'for another payment, too');
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('P3', 'I3', 'EUR 10', '2026-01-14')$$), '23514', 'and for another invoice');
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('P4', 'I3', 'EUR 10', '2026-01-14')$$), 'done', 'but not for others');
SELECT pg_temp.apply('P3', 'I2') AS again \gset
SELECT is((SELECT applied_on FROM ar.application WHERE application_id = :again), date '2026-01-15',
    'applied again, it is applied from that day on');
SELECT ar.unapply(pg_temp.ledger(), :again) AS counter \gset
SELECT is((SELECT applied_on FROM ar.application WHERE application_id = :counter), date '2026-01-15',
    'without a date, an application is undone on its own day, as if it had never been');
SELECT is(pg_temp.outcome('SELECT ar.unapply(pg_temp.ledger(), -1)'), '23503', 'what is not there cannot be undone');
SELECT is(pg_temp.outcome(format($$SELECT ar.unapply(pg_temp.ledger('OTHER'), %s)$$, :again)), '23503', 'nor from another ledger');

-- Counter-rows by hand: the exact opposite, or nothing.
SELECT pg_temp.apply('P3', 'I2', 'EUR 20', '2026-01-20') AS target \gset
PREPARE counter_row (bigint, text, text, ar.monetary, date) AS
INSERT INTO ar.application (ledger_id, reverses_id, credit_item_id, debit_item_id, amount, applied_on)
VALUES (pg_temp.ledger(), $1, pg_temp.item($2), pg_temp.item($3), $4, $5);
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I2', 'EUR -19.99', '2026-01-20')$$, :target), 'all'), format(
    E'23514: a counter-row must be the exact opposite of application %s\n'
    'It has the same two items, the amount negated, and a date not before that of the application.\n'
    'Use ar.unapply(), which writes it.', :target), 'a counter-row of another amount is refused');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P4', 'I2', 'EUR -20', '2026-01-20')$$, :target)), '23514', 'of another credit, too');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I3', 'EUR -20', '2026-01-20')$$, :target)), '23514', 'of another debit, too');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I2', 'EUR -20', '2026-01-19')$$, :target)), '23514', 'of an earlier day, too');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I2', 'USD -20', '2026-01-20')$$, :target)), 'RA009', 'of another currency, too');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I2', 'EUR 20', '2026-01-20')$$, :target), 'constraint'),
    '23514 application_amount_check', 'a counter-row is negative');
SELECT is(pg_temp.outcome($$EXECUTE counter_row(NULL, 'P3', 'I2', 'EUR -20', '2026-01-20')$$, 'constraint'),
    '23514 application_amount_check', 'and nothing else is');
SELECT is(pg_temp.outcome($$EXECUTE counter_row(NULL, 'P3', 'I2', 'EUR 0', '2026-01-20')$$, 'constraint'),
    '23514 application_amount_check', 'nothing is not applied');
SELECT is(pg_temp.outcome($$EXECUTE counter_row(-1, 'P3', 'I2', 'EUR -20', '2026-01-20')$$), '23503', 'a counter-row of nothing is refused');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I2', 'EUR -50', '2026-01-20')$$, :counter)), '23514',
    'a counter-row of a counter-row is refused');
SELECT is(pg_temp.outcome($$EXECUTE counter_row(NULL, 'P3', 'I2', 'EUR 1', 'infinity')$$, 'constraint'),
    '23514 application_applied_on_check', 'no application is dated infinity');
SELECT is(pg_temp.outcome(format($$EXECUTE counter_row(%s, 'P3', 'I2', 'EUR -20', '2026-01-20')$$, :target)), 'done', 'the exact opposite is taken');
SELECT lives_ok($$
    WITH ids AS (SELECT nextval('ar.document_id') AS id)
    INSERT INTO ar.application (ledger_id, application_id, reverses_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT pg_temp.ledger(), id, NULL, pg_temp.item('P4'), pg_temp.item('I3'), 'EUR 10'::ar.monetary, date '2026-02-01' FROM ids
    UNION ALL
    SELECT pg_temp.ledger(), nextval('ar.document_id'), id, pg_temp.item('P4'), pg_temp.item('I3'), 'EUR -10', '2026-02-01' FROM ids$$,
    'an application and its undoing may come in one statement');
SELECT is(pg_temp.state('I3'), 'EUR 10.00, closed -, undone 2026-02-01', 'which leaves the item open');

-- What an application refuses: by function, by INSERT, by INSERT of many, by MERGE.
SELECT pg_temp.invoice_of('A', 'R1', 'EUR 10', '2026-03-01'), pg_temp.payment_of('A', 'R2', 'EUR 7', '2026-03-05'),
       pg_temp.payment_of('A', 'R3', 'EUR 7', '2026-03-06'), pg_temp.payment_of('A', 'R4', 'USD 7', '2026-03-06'),
       pg_temp.payment_of('B', 'R5', 'EUR 7', '2026-03-06'), pg_temp.payment_of('A', 'R6', 'EUR 99', '2026-03-06'),
       pg_temp.invoice_of('A', 'R7', 'EUR 1', '2026-03-01'), pg_temp.invoice_of('A', 'R8', 'USD 5', '2026-03-01'),
       pg_temp.payment_of('A', 'X1', 'EUR 7', '2026-03-06', 'OTHER') \g /dev/null
-- Four ways to write the same rows; each must end alike.
CREATE FUNCTION pg_temp.ways(credit bigint, debit bigint, amount text, day date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    ways text[] := ARRAY[
        format('SELECT ar.apply(pg_temp.ledger(), %s, %s, %L, %L)', credit, debit, amount, day),
        format('INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on) '
               'VALUES (pg_temp.ledger(), %s, %s, %L, %L)', credit, debit, amount, day),
        format('INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on) '
               'SELECT pg_temp.ledger(), c, d, a::ar.monetary, t::date FROM (VALUES (%s, %s, %L, %L), (%s, %s, %L, %L)) AS v(c, d, a, t)',
               pg_temp.item('R6'), pg_temp.item('R7'), 'EUR 0.01', '2026-03-06', credit, debit, amount, day),
        format('MERGE INTO ar.application AS a USING (SELECT %s::bigint AS c, %s::bigint AS d) AS s '
               'ON a.ledger_id = pg_temp.ledger() AND a.credit_item_id = s.c AND a.debit_item_id = s.d '
               'WHEN NOT MATCHED THEN INSERT (ledger_id, credit_item_id, debit_item_id, amount, applied_on) '
               'VALUES (pg_temp.ledger(), s.c, s.d, %L, %L)', credit, debit, amount, day)];
    results text;
BEGIN
    SELECT string_agg(DISTINCT pg_temp.outcome(way), ', ') INTO results FROM unnest(ways) AS way;
    RETURN results;
END
$$;
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R1'), 'EUR 7', '2026-03-05'), 'done', 'four ways to apply, as it should be');
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R1'), 'EUR 7.01', '2026-03-05'), 'RA002', 'a cent more than is open of the credit');
SELECT is(pg_temp.ways(pg_temp.item('R6'), pg_temp.item('R1'), 'EUR 10.01', '2026-03-06'), 'RA002', 'a cent more than is open of the debit');
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('R6', 'R1', 'EUR 10.01')$$, 'all'), format(
    E'RA002: item %s would be over-applied\nEUR 10.00 is open, EUR 10.01 would be applied.\nApply at most what is open of both items.',
    pg_temp.item('R1')), 'the message says what is open');
SELECT is(pg_temp.ways(pg_temp.item('R4'), pg_temp.item('R1'), 'EUR 7', '2026-03-06'), 'RA009', 'a credit in another currency');
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R8'), 'EUR 5', '2026-03-06'), 'RA009', 'a debit in another currency');
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R1'), 'USD 5', '2026-03-06'), 'RA009', 'an amount in another currency');
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('R4', 'R1')$$, 'all'),
    E'RA009: an application and its two items must have the same currency\nThe credit item is in USD, the debit item in EUR.',
    'and without an amount');
SELECT is(pg_temp.ways(pg_temp.item('R1'), pg_temp.item('R2'), 'EUR 5', '2026-03-06'), '23514', 'the sides exchanged');
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R3'), 'EUR 5', '2026-03-06'), '23514', 'two credits');
SELECT is(pg_temp.ways(pg_temp.item('R7'), pg_temp.item('R1'), 'EUR 1', '2026-03-06'), '23514', 'two debits');
SELECT is(pg_temp.ways(pg_temp.item('R1'), pg_temp.item('R1'), 'EUR 1', '2026-03-06'), '23514', 'an item with itself');
SELECT is(pg_temp.ways(pg_temp.item('R5'), pg_temp.item('R1'), 'EUR 5', '2026-03-06'), '23514', 'another customer');
SELECT is(pg_temp.ways(pg_temp.item('X1', 1, 'OTHER'), pg_temp.item('R1'), 'EUR 5', '2026-03-06'), '23503', 'a credit of another ledger');
SELECT is(pg_temp.ways(pg_temp.item('R2'), -1, 'EUR 5', '2026-03-06'), '23503', 'a debit that is not there');
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R1'), 'EUR 5', '2026-03-04'), '23514', 'a day before the payment');
SELECT is(pg_temp.ways(pg_temp.item('R2'), pg_temp.item('R1'), 'EUR -5', '2026-03-06'), '23514', 'a negative amount');
SELECT is(pg_temp.outcome($$
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT pg_temp.ledger(), pg_temp.item(p), pg_temp.item('R1'), 'EUR 5.01', '2026-03-06' FROM unnest('{R2,R3}'::text[]) AS p$$),
    'RA002', 'two payments in one statement, each of which alone would fit the invoice');
SELECT is(pg_temp.outcome($$
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT pg_temp.ledger(), pg_temp.item('R6'), pg_temp.item('R1'), 'EUR 0.01', '2026-03-06' FROM generate_series(1, 1001)$$),
    'RA002', 'a thousand and one cents on a debit of a thousand');
SELECT is(pg_temp.outcome($$
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT pg_temp.ledger(), pg_temp.item('R6'), pg_temp.item('R1'), 'EUR 0.01', '2026-03-06' FROM generate_series(1, 1000)$$),
    'done', 'a thousand fit');
SELECT is(pg_temp.outcome($$
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT pg_temp.ledger(), pg_temp.item('R2'), pg_temp.item(d), 'EUR 4', '2026-03-06' FROM unnest('{R1,I3}'::text[]) AS d$$),
    'RA002', 'one payment on two invoices at once');
SELECT pg_temp.apply('R2', 'R1', 'EUR 7'), pg_temp.apply('R3', 'R1', 'EUR 3') \g /dev/null
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('R3', 'R1')$$, 'all'), format(
    E'RA002: there is nothing to apply\nOpen are EUR -4.00 of item %s and EUR 0.00 of item %s.',
    pg_temp.item('R3'), pg_temp.item('R1')), 'on a paid invoice nothing is applied');
SELECT is(pg_temp.outcome($$SELECT pg_temp.apply('R3', 'R1', 'EUR 0.01')$$), 'RA002', 'not even a cent');

-- The same external id again.
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('R6'), pg_temp.item('R7'), 'EUR 0.40', '2026-03-07', 'app-1') AS first \gset
SELECT is(ar.apply(pg_temp.ledger(), pg_temp.item('R6'), pg_temp.item('R7'), '0.40 EUR', '2026-03-07', 'app-1'), :first::bigint,
    'the same external id again returns the first application');
SELECT is(pg_temp.state('R7'), 'EUR 0.60, closed -, undone -', 'and applies nothing');
SELECT is(pg_temp.outcome($$SELECT ar.apply(pg_temp.ledger(), pg_temp.item('R6'), pg_temp.item('R7'), 'EUR 0.41', '2026-03-07', 'app-1')$$),
    'RA006', 'for another amount it is an error');
SELECT is(pg_temp.outcome($$SELECT ar.apply(pg_temp.ledger(), pg_temp.item('R6'), pg_temp.item('R7'), 'EUR 0.40', '2026-03-08', 'app-1')$$),
    'RA006', 'and for another date');

-- Facts and what is derived stay as they are, whoever asks and even if no row is meant.
-- (What waits for the end of the transaction would be told of first.)
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, number, invoiced_on, due_on, total)
VALUES (pg_temp.ledger(), 1000000001, pg_temp.customer('A'), 'LINED', '2026-03-01', '2026-03-31', 'EUR 5');
INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax)
VALUES (pg_temp.ledger(), 1000000001, 1, 5, 'EUR 5', 'EUR 0');
UPDATE ar.invoice SET status = 'open' WHERE number = 'LINED';
SELECT is(pg_temp.outcome(statement), 'RA003', regexp_replace(statement, '\s+', ' ', 'g')) FROM unnest(ARRAY[
    $$UPDATE ar.payment SET amount = 'EUR 1'$$,
    $$UPDATE ar.payment SET reference = 'x' WHERE false$$,
    $$DELETE FROM ar.payment$$,
    $$DELETE FROM ar.payment WHERE false$$,
    $$TRUNCATE ar.payment CASCADE$$,
    $$MERGE INTO ar.payment AS p USING (SELECT 1) AS s ON true WHEN MATCHED THEN UPDATE SET method = 'cash'$$,
    $$MERGE INTO ar.payment AS p USING (SELECT 1) AS s ON true WHEN MATCHED THEN DELETE$$,
    $$INSERT INTO ar.payment SELECT * FROM ar.payment ON CONFLICT (ledger_id, payment_id) DO UPDATE SET method = 'cash'$$,
    $$UPDATE ar.adjustment SET reason = 'x'$$,
    $$DELETE FROM ar.adjustment$$,
    $$TRUNCATE ar.adjustment CASCADE$$,
    $$UPDATE ar.application SET applied_on = '2026-12-31'$$,
    $$DELETE FROM ar.application$$,
    $$TRUNCATE ar.application$$,
    $$UPDATE ar.invoice SET total = 'EUR 1' WHERE number = 'I1'$$,
    $$UPDATE ar.invoice SET external_id = 'x' WHERE number = 'LINED'$$,
    $$UPDATE ar.invoice SET number = number WHERE number = 'LINED'$$,
    $$DELETE FROM ar.invoice WHERE number = 'I1'$$,
    $$TRUNCATE ar.invoice CASCADE$$,
    $$UPDATE ar.invoice_line SET description = 'x'$$,
    $$DELETE FROM ar.invoice_line$$,
    $$TRUNCATE ar.invoice_line$$,
    $$INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax)
      VALUES (pg_temp.ledger(), 1000000001, 2, 0, 'EUR 0', 'EUR 0')$$,
    $$INSERT INTO ar.item SELECT * FROM ar.item$$,
    $$UPDATE ar.item SET open = amount$$,
    $$UPDATE ar.item SET due_on = due_on WHERE false$$,
    $$DELETE FROM ar.item$$,
    $$TRUNCATE ar.item CASCADE$$,
    $$INSERT INTO ar.customer_balance SELECT * FROM ar.customer_balance$$,
    $$UPDATE ar.customer_balance SET open_credits = open_debits$$,
    $$DELETE FROM ar.customer_balance$$,
    $$TRUNCATE ar.customer_balance$$,
    $$INSERT INTO ar.document_counter SELECT * FROM ar.document_counter$$,
    $$UPDATE ar.document_counter SET next_number = 7$$,
    $$TRUNCATE ar.document_series CASCADE$$,
    $$TRUNCATE ar.customer CASCADE$$,
    $$TRUNCATE ar.ledger CASCADE$$]) AS statement;
SELECT is(pg_temp.outcome($$DELETE FROM ar.payment$$, 'all'),
    E'RA003: table "payment" holds posted facts and cannot be deleted from\n'
    'Undo a fact with a new one: ar.unapply() for an application, a reversing document for a document.', 'and it says what to do instead');
SELECT is(pg_temp.outcome($$UPDATE ar.item SET open = amount$$, 'all'),
    E'RA003: table "item" is derived and cannot be updated\n'
    'Write documents and applications; what is derived from them follows by itself.', 'for what is derived, too');
SELECT is(pg_temp.outcome($$DELETE FROM ar.customer WHERE ledger_id = pg_temp.ledger() AND code = 'A'$$), '23503', 'a customer with documents stays');
SELECT is(pg_temp.outcome($$DELETE FROM ar.ledger WHERE code = 'TEST'$$), '23503', 'and a ledger with customers');
SELECT is(pg_temp.outcome($$UPDATE ar.document_series SET pattern = 'R{number}' WHERE ledger_id = pg_temp.ledger()$$), 'done',
    'how numbers are written may change');
INSERT INTO ar.payment (ledger_id, customer_id, reference, received_on, amount, recorded_at)
VALUES (pg_temp.ledger(), pg_temp.customer('B'), 'STAMP', '2026-01-01', 'EUR 1', '2001-01-01');
SELECT ok(recorded_at >= now(), 'when a fact was recorded is nobody''s to choose') FROM ar.payment WHERE reference = 'STAMP';

-- Adjustments: every kind takes its sign and no other.
SELECT results_eq($$
    SELECT kind, string_agg(pg_temp.outcome(format('SELECT pg_temp.adjustment_of(''B'', NULL, %L, %L, ''2026-01-01'')',
                                                   kind, 'EUR ' || amount)), ' ' ORDER BY amount)
    FROM unnest('{write_off,discount,difference,fee,interest,refund,chargeback,credit_memo,gift}'::text[])
         WITH ORDINALITY AS k(kind, position),
         unnest('{-1,0,1}'::integer[]) AS amount
    GROUP BY kind, position ORDER BY position$$, $$VALUES
    ('write_off', 'done 23514 23514'), ('discount', 'done 23514 23514'),
    ('difference', 'done 23514 done'),
    ('fee', '23514 23514 done'), ('interest', '23514 23514 done'),
    ('refund', '23514 23514 done'), ('chargeback', '23514 23514 done'), ('credit_memo', '23514 23514 23514'), ('gift', '23514 23514 23514')$$,
    'a kind of adjustment is a credit, a debit, either, or unknown');
SELECT pg_temp.adjustment_of('B', kind, kind, ('EUR ' || amount)::ar.monetary, '2026-04-01')
FROM (VALUES ('write_off', -6), ('discount', -7), ('difference', -8),
             ('fee', 3), ('interest', 2), ('refund', 1), ('chargeback', 9)) AS v(kind, amount) \g /dev/null
SELECT results_eq($$
    SELECT i.kind, i.amount::text, i.open::text, i.issued_on, i.due_on FROM ar.item AS i
    WHERE i.ledger_id = pg_temp.ledger() AND i.adjustment_id IS NOT NULL ORDER BY i.item_id$$, $$VALUES
    ('write_off', 'EUR -6.00', 'EUR -6.00', date '2026-04-01', date '2026-04-01'), ('discount', 'EUR -7.00', 'EUR -7.00', '2026-04-01', '2026-04-01'),
    ('difference', 'EUR -8.00', 'EUR -8.00', '2026-04-01', '2026-04-01'),
    ('fee', 'EUR 3.00', 'EUR 3.00', '2026-04-01', '2026-04-01'), ('interest', 'EUR 2.00', 'EUR 2.00', '2026-04-01', '2026-04-01'),
    ('refund', 'EUR 1.00', 'EUR 1.00', '2026-04-01', '2026-04-01'), ('chargeback', 'EUR 9.00', 'EUR 9.00', '2026-04-01', '2026-04-01')$$,
    'an adjustment is an item of its kind, amount and day');
SELECT is(pg_temp.balance('B'), 'EUR 15.00 and EUR -29.00', 'and moves the balance on its side');
SELECT ok(pg_temp.apply('discount', 'chargeback') > 0, 'a discount is applied to a chargeback');
SELECT ok(pg_temp.apply('R5', 'refund', 'EUR 1') > 0, 'a refund takes what was paid');
SELECT is(pg_temp.outcome($$SELECT pg_temp.adjustment_of('B', 'fee', 'fee', 'EUR 1', '2026-04-01')$$, 'constraint'),
    '23505 adjustment_number_key', 'a number is given once');

-- A write-off.
SELECT pg_temp.invoice_of('A', 'W1', 'EUR 100', '2026-05-01'), pg_temp.adjustment_of('A', 'WO1', 'write_off', 'EUR -100', '2026-06-01') \g /dev/null
SELECT pg_temp.apply('WO1', 'W1') \g /dev/null
SELECT is(pg_temp.status('W1'), 'written_off', 'an invoice is written off');
SELECT is(pg_temp.state('W1'), 'EUR 0.00, closed 2026-06-01, undone -', 'which closes it');
SELECT pg_temp.unapply('WO1', 'W1', '2026-06-10') \g /dev/null
SELECT is(pg_temp.status('W1'), 'open', 'undoing brings it back');
SELECT pg_temp.payment_of('A', 'W1P', 'EUR 100', '2026-06-11') \g /dev/null
SELECT pg_temp.apply('W1P', 'W1') \g /dev/null
SELECT is(pg_temp.status('W1'), 'paid', 'and when it is paid after all, it is paid');
SELECT pg_temp.unapply('W1P', 'W1') \g /dev/null
SELECT pg_temp.apply('W1P', 'W1', 'EUR 40'), pg_temp.apply('WO1', 'W1', 'EUR 60') \g /dev/null
SELECT is(pg_temp.status('W1'), 'written_off', 'the rest is written off');
SELECT pg_temp.unapply('W1P', 'W1') \g /dev/null
SELECT is(pg_temp.status('W1'), 'partial', 'without the payment it is partial');
SELECT pg_temp.apply('W1P', 'W1', 'EUR 40'), pg_temp.unapply('WO1', 'W1') \g /dev/null
SELECT is(pg_temp.status('W1'), 'partial', 'without the write-off, too');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, total, status)
VALUES (pg_temp.ledger(), pg_temp.customer('A'), 'W2', '2026-05-01', '50% net 10, 50% net 40', 'EUR 80', 'open');
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('W1P'), pg_temp.item('W2', 1)) \g /dev/null
SELECT is(pg_temp.status('W2'), 'partial', 'one of two instalments is paid');
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('WO1'), pg_temp.item('W2', 2)) \g /dev/null
SELECT is(pg_temp.status('W2'), 'written_off', 'the other is written off, and so the invoice is');
SELECT pg_temp.invoice_of('A', 'W3', 'EUR 5', '2026-05-01'), pg_temp.adjustment_of('A', 'D3', 'discount', 'EUR -5', '2026-05-02') \g /dev/null
SELECT pg_temp.apply('D3', 'W3') \g /dev/null
SELECT is(pg_temp.status('W3'), 'paid', 'any other credit pays');

-- Many rows in one statement do what they do one by one, and statements may span ledgers.
SELECT ar.create_ledger(code, code, 'EUR') FROM unnest('{MANY,ONE}'::text[]) AS code \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(l), c::text, 'c') FROM unnest('{MANY,ONE}'::text[]) AS l, generate_series(1, 3) AS c \g /dev/null
CREATE TEMPORARY TABLE wanted_document AS
SELECT n, (n % 3 + 1)::text AS customer, date '2026-01-01' + n % 17 AS day, n * 7 % 50 + 10 AS amount,
       CASE n % 4 WHEN 0 THEN 'USD' ELSE 'EUR' END AS currency
FROM generate_series(1, 60) AS n;
-- n meets n + 12: the same customer and, because 12 is a multiple of 4, the same currency.
CREATE TEMPORARY TABLE wanted_application AS
SELECT p.n, 'P' || p.n AS credit, 'I' || i.n AS debit, p.currency,
       least(p.amount, i.amount) / 2 AS amount, greatest(p.day, i.day) AS day
FROM wanted_document AS p JOIN wanted_document AS i ON i.n IN (p.n, p.n + 12);
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
SELECT pg_temp.ledger('MANY'), pg_temp.customer(customer, 'MANY'), 'I' || n, day, day + 30, ar.monetary(amount, currency), 'open' FROM wanted_document;
INSERT INTO ar.payment (ledger_id, customer_id, reference, received_on, amount)
SELECT pg_temp.ledger('MANY'), pg_temp.customer(customer, 'MANY'), 'P' || n, day, ar.monetary(amount, currency) FROM wanted_document;
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT pg_temp.ledger('MANY'), pg_temp.item(credit, 1, 'MANY'), pg_temp.item(debit, 1, 'MANY'), ar.monetary(amount, currency), day
FROM wanted_application;
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id)
SELECT ledger_id, credit_item_id, debit_item_id, -amount, applied_on + 5, application_id
FROM (SELECT a.*, row_number() OVER (ORDER BY application_id) AS nth FROM ar.application AS a
      WHERE ledger_id = pg_temp.ledger('MANY')) AS a WHERE nth % 3 = 0;
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM wanted_document ORDER BY n LOOP
        PERFORM pg_temp.invoice_of(wanted.customer, 'I' || wanted.n, ar.monetary(wanted.amount, wanted.currency), wanted.day, 'ONE'),
                pg_temp.payment_of(wanted.customer, 'P' || wanted.n, ar.monetary(wanted.amount, wanted.currency), wanted.day, 'ONE');
    END LOOP;
    FOR wanted IN SELECT * FROM wanted_application LOOP
        PERFORM ar.apply(pg_temp.ledger('ONE'), pg_temp.item(wanted.credit, 1, 'ONE'), pg_temp.item(wanted.debit, 1, 'ONE'),
                         ar.monetary(wanted.amount, wanted.currency), wanted.day);
    END LOOP;
    FOR wanted IN SELECT * FROM (SELECT a.*, row_number() OVER (ORDER BY application_id) AS nth FROM ar.application AS a
                                 WHERE ledger_id = pg_temp.ledger('ONE')) AS a WHERE nth % 3 = 0 LOOP
        PERFORM ar.unapply(wanted.ledger_id, wanted.application_id, wanted.applied_on + 5);
    END LOOP;
END
$$;
CREATE FUNCTION pg_temp.everything(ledger text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'item', v.number, p.reference, i.kind, i.amount, i.open, 'closed', coalesce(i.closed_on::text, '-'),
                     'undone', coalesce(i.undone_on::text, '-'), v.status)
    FROM ar.item AS i
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.payment AS p ON p.ledger_id = i.ledger_id AND p.payment_id = i.payment_id
    WHERE i.ledger_id = pg_temp.ledger($1)
    UNION ALL
    SELECT concat_ws(' ', 'balance', c.code, b.currency, b.open_debits, b.open_credits)
    FROM ar.customer_balance AS b JOIN ar.customer AS c ON c.ledger_id = b.ledger_id AND c.customer_id = b.customer_id
    WHERE b.ledger_id = pg_temp.ledger($1)
$$;
SELECT cmp_ok(count(*)::integer, '>=', 126, 'a book made in four statements') FROM pg_temp.everything('MANY');
SELECT cmp_ok((SELECT count(*) FROM ar.item WHERE ledger_id = pg_temp.ledger('MANY') AND undone_on IS NOT NULL)::integer, '>', 20,
    'with plenty of undone applications');
SELECT bag_eq($$SELECT pg_temp.everything('MANY')$$, $$SELECT pg_temp.everything('ONE')$$, 'is the book made one row at a time');
SELECT lives_ok($$
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT pg_temp.ledger(l), pg_temp.item('P1', 1, l), pg_temp.item('I1', 1, l), ar.monetary(1, 'EUR'), '2026-03-01'
    FROM unnest('{MANY,ONE}'::text[]) AS l$$, 'a statement may span ledgers');
SELECT bag_eq($$SELECT pg_temp.everything('MANY')$$, $$SELECT pg_temp.everything('ONE')$$, 'and does the same in each');

-- Any owner may attach any trigger function: with no table of new rows it must refuse, never crash.
CREATE FUNCTION pg_temp.fires_astray(function_name text, argument text, columns_of text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TEMPORARY TABLE stray (LIKE ar.%I)', columns_of);
    EXECUTE format('CREATE TRIGGER astray AFTER DELETE ON pg_temp.stray REFERENCING OLD TABLE AS gone
                    FOR EACH STATEMENT EXECUTE FUNCTION ar.%I(%s)', function_name, argument);
    DELETE FROM pg_temp.stray;
    RETURN 'fired';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE;
END
$$;
SELECT is(pg_temp.fires_astray(f, a, t), '39P01', f || ' refuses an event it is not made for')
FROM (VALUES ('tg_post', '''payment''', 'payment'), ('tg_apply', '', 'application'), ('tg_post_invoice', '', 'invoice'),
             ('tg_follow_items', '', 'item'), ('tg_enforce_limit', '', 'customer_balance')) AS v(f, a, t);

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
