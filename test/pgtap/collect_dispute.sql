-- collect: disputes over items and parts of them, their three outcomes, what they leave in the aging, and the reasons.
--
-- Protects: what is disputed is never more than is open; a credit goes to the disputed item, with the tax of its invoice, and
-- only once; what is resolved is a fact; functions and tables keep the same rules.
BEGIN;
\ir helper.psql
SELECT plan(56);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 100, "tax_rate": 19}]', '2026-01-01', number => 'I1', due_on => '2026-01-31') AS i1,
       ar.create_invoice(:ledger, :a, '[{"unit_price": 200}]', '2026-01-01', number => 'I2', terms => '50% net 10, 50% net 30') AS i2,
       ar.create_invoice(:ledger, :b, '[{"unit_price": 50}]', '2026-01-01', number => 'I3') AS i3,
       ar.create_invoice(:ledger, :a, '[{"unit_price": 70}]', '2026-01-01', number => 'USD', currency => 'USD') AS usd \gset
CREATE FUNCTION pg_temp.disputed(number text, instalment integer DEFAULT 1) RETURNS text LANGUAGE sql AS $$
    SELECT d.amount::text || CASE WHEN d.disputes > 1 THEN ' in ' || d.disputes ELSE '' END
    FROM ar.disputed(pg_temp.ledger(), ARRAY[pg_temp.item($1, $2)]) AS d $$;

-- Reasons.
SELECT is((SELECT count(*) FROM ar.dispute_reason WHERE ledger_id = :ledger), 14::bigint, 'a new ledger has the usual reasons');
INSERT INTO ar.dispute_reason (ledger_id, reason_code, name) VALUES (:ledger, 'season', 'Out of season');

-- All that is open of an invoice.
SELECT ar.open_dispute(:ledger, :i1, 'damaged', description => 'a lamp is broken', assigned_to => 'anna', opened_on => '2026-02-01', reference => 'C-7', external_id => 'd1') AS d1 \gset
SELECT is(pg_temp.disputed('I1'), 'EUR 119.00', 'all that is open is disputed');
SELECT is((SELECT format('%s %s %s', due_on, opened_by = session_user, outcome) FROM ar.dispute), '2026-02-15 t ', 'the deadline is that of the reason');
SELECT results_eq('SELECT kind, occurred_on, amount::text, reference, reason FROM ar.credit_event',
    $$VALUES ('dispute', date '2026-02-01', 'EUR 119.00', 'C-7', 'damaged')$$, 'a credit event is recorded');
SELECT is(ar.open_dispute(:ledger, :i1, 'damaged', description => 'a lamp is broken', assigned_to => 'anna', opened_on => '2026-02-01', reference => 'C-7', external_id => 'd1'),
    :d1::bigint, 'the same external id again returns the first dispute');
SELECT is(pg_temp.outcome(format($$SELECT ar.open_dispute(%s, %s, 'price', external_id => 'd1')$$, :ledger, :i1)), 'RA006', 'another payload does not');
SELECT is((SELECT count(*) FROM ar.credit_event), 1::bigint, 'and there is one event');

-- It stays in the aging, with a column of its own, and as it was known.
SELECT is((SELECT format('%s %s %s of %s', days_1_30, not_due, disputed, balance) FROM ar.aging_disputed(:ledger, '2026-02-05') WHERE customer_code = 'A' AND currency = 'EUR'),
    '319.00 0.00 119.00 of 319.00', 'the aging keeps what is disputed in its bucket');
SELECT is((SELECT disputed FROM ar.aging_disputed(:ledger, '2026-01-31') WHERE customer_code = 'A' AND currency = 'EUR'), 0::numeric, 'before, nothing was disputed');
SELECT is((SELECT count(*) FROM ar.aging_disputed(:ledger, '2026-02-05', '2026-02-05')), 0::bigint, 'nothing was known of it');
SELECT is((SELECT string_agg(a::text, E'\n') FROM ar.aging(:ledger, '2026-02-05') AS a),
    (SELECT string_agg(ROW(customer_id, customer_code, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance)::text, E'\n')
     FROM ar.aging_disputed(:ledger, '2026-02-05')), 'the other columns are those of ar.aging()');

-- A part, over the due dates in order; capped by what is open.
SELECT ar.open_dispute(:ledger, :i2, 'season', 'EUR 130', opened_on => '2026-02-02') AS d2 \gset
SELECT is(pg_temp.disputed('I2') || ' and ' || pg_temp.disputed('I2', 2), 'EUR 100.00 and EUR 30.00', 'a part takes the earliest due date first');
SELECT is((SELECT due_on FROM ar.dispute WHERE dispute_id = :d2), NULL, 'a reason without days gives no deadline');
SELECT ar.open_dispute(:ledger, NULL, 'price', 'EUR 80', ARRAY[pg_temp.item('I2', 2)], opened_on => '2026-02-03') AS d3 \gset
SELECT is(pg_temp.disputed('I2', 2), 'EUR 100.00 in 2', 'two disputes over an item are never more than is open of it');
SELECT ar.record_payment(:ledger, :a, 'EUR 60', '2026-02-04', reference => 'P1', apply => 'none') \g /dev/null
SELECT ar.apply(:ledger, pg_temp.item('P1'), pg_temp.item('I2', 2), applied_on => '2026-02-04') \g /dev/null
SELECT is(pg_temp.disputed('I2', 2), 'EUR 40.00 in 2', 'nor after a payment');
SELECT is((SELECT count(*) FROM ar.disputed(:ledger)), 3::bigint, 'without ids, all');
SELECT is((SELECT sum(disputed) FROM ar.report_dispute WHERE customer = 'A'), 119 + 130 + 40::numeric, 'the view says what is open of each');

-- What is refused.
SELECT is(pg_temp.outcome(format('SELECT ar.open_dispute(%s, %s, amount => ''EUR 500'')', :ledger, :i1)), 'RA002', 'more than is open');
SELECT is(pg_temp.outcome(format('SELECT ar.open_dispute(%s)', :ledger)), 'RA002', 'about nothing');
SELECT is(pg_temp.outcome(format('SELECT ar.open_dispute(%s, %s, ''no_such'')', :ledger, :i1)), '23503', 'an unknown reason');
SELECT is(pg_temp.outcome(format('SELECT ar.open_dispute(%s, item_ids => ARRAY[%s, %s])', :ledger, pg_temp.item('I1'), pg_temp.item('I3'))), '23514', 'items of two customers');
SELECT is(pg_temp.outcome(format('SELECT ar.open_dispute(%s, item_ids => ARRAY[%s, %s])', :ledger, pg_temp.item('I1'), pg_temp.item('USD'))), 'RA009', 'items in two currencies');
SELECT is(pg_temp.outcome(format('SELECT ar.open_disputes(%s, ''[{"reason_code": "price", "items": [{"item_id": %s, "amount": "USD 1"}]}]'')', :ledger, pg_temp.item('I1'))), 'RA009', 'an item in another currency');
SELECT is(pg_temp.outcome(format('SELECT ar.open_disputes(%s, ''[{"reason_code": "price", "items": [{"item_id": %s}]}]'')', :ledger, pg_temp.item('P1'))), '23514', 'a payment');
SELECT is(pg_temp.outcome(format('SELECT ar.open_disputes(%s, ''[{"reason_code": "price", "items": [{"item_id": 1}]}]'')', :ledger)), '23503', 'an unknown item');
SELECT is(pg_temp.outcome(format('SELECT ar.open_disputes(%s, ''[{"reason": "price"}]'')', :ledger)), '22023', 'an unknown key');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.dispute_item (ledger_id, dispute_id, item_id, amount) VALUES (%s, %s, %s, ''EUR 119.01'')', :ledger, :d2, pg_temp.item('I1'))), 'RA002', 'by the table, more than the item has');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.dispute (ledger_id, customer_id, reason_code, opened_on, outcome, resolution, resolved_on) VALUES (%s, %s, ''price'', ''2026-02-01'', ''rejected'', ''x'', ''2026-02-01'')', :ledger, :a)), 'RA004', 'or resolved from the start');
SELECT is(pg_temp.outcome('DELETE FROM ar.dispute'), 'RA003', 'a dispute is not deleted');
SELECT is(pg_temp.outcome('DELETE FROM ar.dispute_item'), 'RA003', 'nor what it is about');
SELECT is(pg_temp.outcome('UPDATE ar.dispute_item SET amount = ''EUR 1'''), 'RA003', 'nor is that changed');
SELECT is(pg_temp.outcome('UPDATE ar.dispute SET opened_on = ''2026-01-02'''), 'RA003', 'nor its date');
SELECT is(pg_temp.outcome(format('UPDATE ar.dispute SET assigned_to = ''bert'' WHERE dispute_id = %s', :d1)), 'done', 'somebody else may take it');
SELECT ar.note_dispute(:ledger, :d1, 'photo received', 'photo-1.jpg') \g /dev/null
SELECT is(pg_temp.outcome('UPDATE ar.dispute_note SET note = ''x'''), 'RA003', 'a note is a fact');

-- Rejected: it is owed as before.
SELECT is(ar.resolve_dispute(:ledger, :d3, 'rejected', 'the price was agreed', resolved_on => '2026-02-10'), NULL, 'a rejection credits nothing');
SELECT is(pg_temp.disputed('I2', 2), 'EUR 30.00', 'and leaves the other dispute');
SELECT is(pg_temp.outcome(format('SELECT ar.resolve_dispute(%s, %s, ''rejected'', ''again'')', :ledger, :d3)), 'RA004', 'a dispute is resolved once');
SELECT is(pg_temp.outcome(format('UPDATE ar.dispute SET resolution = ''x'' WHERE dispute_id = %s', :d3)), 'RA003', 'and is then a fact');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.dispute_item (ledger_id, dispute_id, item_id, amount) VALUES (%s, %s, %s, ''EUR 1'')', :ledger, :d3, pg_temp.item('I1'))), 'RA003', 'that takes no more items');

-- Credited: with the tax of the invoice, to the disputed item.
SELECT is(ar.resolve_dispute(:ledger, :d1, 'credited', 'it was broken', resolved_on => '2026-02-12'), 'EUR 119.00'::ar.monetary, 'a credit is for all that was disputed');
SELECT is((SELECT format('%s %s %s %s %s', v.kind, v.corrects_id = :i1, v.invoiced_on, v.total, v.tax) FROM ar.dispute_item AS d JOIN ar.invoice AS v ON v.invoice_id = d.credit_memo_id WHERE d.dispute_id = :d1),
    'credit_memo t 2026-02-12 EUR 119.00 EUR 19.00', 'by a memo with its tax');
SELECT is(pg_temp.status('I1'), 'paid', 'which is applied');
SELECT is((SELECT disputed FROM ar.aging_disputed(:ledger, '2026-02-11') WHERE customer_code = 'A' AND currency = 'EUR'), 249.00, 'the day before, it was still disputed');

-- Compromised: the part agreed, to the disputed instalments and no others; what was paid meanwhile is credit on account.
SELECT is(pg_temp.outcome(format('SELECT ar.resolve_dispute(%s, %s, ''compromised'', ''half'')', :ledger, :d2)), '22023', 'a compromise has an amount');
SELECT is(pg_temp.outcome(format('SELECT ar.resolve_dispute(%s, %s, ''compromised'', ''half'', ''EUR 130'')', :ledger, :d2)), '22023', 'that is not all');
SELECT is(pg_temp.outcome(format('SELECT ar.resolve_dispute(%s, %s, ''credited'', ''half'', ''EUR 1'')', :ledger, :d2)), '22023', 'and a credit none');
SELECT is(pg_temp.outcome(format('UPDATE ar.dispute SET outcome = ''credited'', resolution = ''x'', resolved_on = ''2026-03-01'' WHERE dispute_id = %s', :d2)), 'RA004', 'by the table, an outcome needs its credits');
SELECT is(ar.resolve_dispute(:ledger, :d2, 'compromised', 'half', 'EUR 120', resolved_on => '2026-02-20'), 'EUR 120.00'::ar.monetary, 'a compromise credits its part');
SELECT is(pg_temp.state('I2') || '; ' || pg_temp.state('I2', 2), 'EUR 0.00, closed 2026-02-20, undone -; EUR 20.00, closed -, undone -', 'to the disputed items');
SELECT is((SELECT count(*) FROM ar.disputed(:ledger)), 0::bigint, 'nothing is disputed any more');

-- Charges have no invoice to correct: a memo on account; two disputes in one call.
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, number) VALUES (:ledger, :a, 'fee', 'EUR 15', '2026-02-01', 'FEE'), (:ledger, :a, 'interest', 'EUR 5', '2026-02-01', 'INTEREST');
SELECT ar.open_dispute(:ledger, NULL, 'other', item_ids => ARRAY[pg_temp.item('FEE'), pg_temp.item('INTEREST')], opened_on => '2026-03-01') AS d4,
       ar.open_dispute(:ledger, :i3, 'duplicate', opened_on => '2026-03-01') AS d5 \gset
SELECT results_eq(format($$SELECT outcome, credited::text FROM ar.resolve_disputes(%s, '[{"dispute_id": %s, "outcome": "credited", "resolution": "goodwill", "resolved_on": "2026-03-11"},
    {"dispute_id": %s, "outcome": "rejected", "resolution": "it was not", "resolved_on": "2026-03-05"}]')$$, :ledger, :d4, :d5),
    $$VALUES ('credited', 'EUR 20.00'), ('rejected', NULL)$$, 'many at once');
SELECT is((SELECT format('%s %s %s', count(DISTINCT credit_memo_id), min(v.total::text), bool_and(v.corrects_id IS NULL)) FROM ar.dispute_item AS d JOIN ar.invoice AS v ON v.invoice_id = d.credit_memo_id WHERE d.dispute_id = :d4),
    '1 EUR 20.00 t', 'charges are credited on account, by one memo');
SELECT is(pg_temp.state('FEE'), 'EUR 0.00, closed 2026-03-11, undone -', 'and closed');

SELECT results_eq(format('SELECT reason_code, outcome, disputes, amount, credited, days FROM ar.dispute_reasons(%s, ''2026-02-01'', ''2026-03-01'')', :ledger), $$VALUES
    ('damaged', 'credited', 1::bigint, 119.00, 119.00, 11.0), ('duplicate', 'rejected', 1, 50.00, 0, 4.0), ('other', 'credited', 1, 20.00, 20.00, 10.0),
    ('price', 'rejected', 1, 80.00, 0, 7.0), ('season', 'compromised', 1, 130.00, 120.00, 18.0)$$, 'the reasons are reported');

-- Each invariant broken in turn.
SET LOCAL session_replication_role TO replica;
UPDATE ar.dispute SET outcome = 'rejected' WHERE dispute_id = :d1;
UPDATE ar.dispute_item SET credited = 'EUR 10' WHERE dispute_id = :d4 AND item_id = pg_temp.item('FEE');
UPDATE ar.dispute_item SET amount = 'EUR 81' WHERE dispute_id = :d5;
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify()', $$VALUES ('dispute_outcome'), ('dispute_items'), ('dispute_credited')$$, 'what is wrong is reported');
SET LOCAL session_replication_role TO replica;
UPDATE ar.dispute SET outcome = 'credited' WHERE dispute_id = :d1;
UPDATE ar.dispute_item SET amount = 'EUR 50' WHERE dispute_id = :d5;
UPDATE ar.dispute_item SET credited = amount WHERE dispute_id = :d4;
SET LOCAL session_replication_role TO origin;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
