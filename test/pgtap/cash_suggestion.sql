-- cash: what is suggested, and what becomes of it.
-- Protects: a suggestion is carried out exactly as it stands or not at all, decided once, and made once.
BEGIN;
\ir helper.psql
\ir cash_match.psql
SELECT plan(46);

CREATE FUNCTION pg_temp.suggestion(customer text, number text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    SELECT s.suggestion_id FROM ar.report_match_suggestion AS s
    WHERE s.ledger_id = pg_temp.ledger() AND s.customer = $1 AND ($2 IS NULL OR s.would_pay LIKE $2 || '%')
    ORDER BY s.suggestion_id DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.statuses(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', s.would_pay, s.status, s.decision_reason), ', ' ORDER BY s.suggestion_id)
    FROM ar.report_match_suggestion AS s WHERE s.ledger_id = pg_temp.ledger() AND s.customer = $1
$$;
CREATE FUNCTION pg_temp.auto(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', a.outcome, a.found_by, a.unapplied), ', ' ORDER BY a.credit_item_id)
    FROM ar.auto_apply(pg_temp.ledger()) AS a WHERE a.customer_id = pg_temp.customer($1)
$$;

-- A tie: both are shown; one is accepted.
SELECT pg_temp.somebody('A'), pg_temp.bill('A', 'A-1', 'EUR 100'), pg_temp.bill('A', 'A-2', 'EUR 100') \g /dev/null
SELECT is(pg_temp.paid('A', 'EUR 100', 'thanks'), 'left 100.00; exact? 0.5000 A-1 100.00, exact? 0.5000 A-2 100.00', 'two answers');
SELECT results_eq($$SELECT kind, rule, confidence, explanation, status, received_on, reference, currency, unapplied, would_pay, decided_by IS NULL
    FROM ar.report_match_suggestion WHERE customer = 'A' ORDER BY suggestion_id$$, $$VALUES
    ('application', 'exact', 0.5::numeric, '"A-1" has exactly this amount open, but so has another.', 'open', date '2026-02-01', 'thanks', 'EUR', 100.00::numeric, 'A-1 100.00', true),
    ('application', 'exact', 0.5, '"A-2" has exactly this amount open, but so has another.', 'open', '2026-02-01', 'thanks', 'EUR', 100.00, 'A-2 100.00', true)$$, 'as people read them');
SELECT is(pg_temp.auto('A'), 'suggested exact EUR 100.00', 'asked again, the same is found');
SELECT is(pg_temp.statuses('A'), 'A-1 100.00 open, A-2 100.00 open', 'and not suggested twice');
SELECT is(ar.accept_suggestion(:ledger, pg_temp.suggestion('A', 'A-2'), 'he called'), 1::bigint, 'one is accepted');
SELECT is(pg_temp.statuses('A'), 'A-1 100.00 superseded, A-2 100.00 accepted he called', 'the other is of no use any more');
SELECT is(pg_temp.status('A-1') || ' ' || pg_temp.status('A-2'), 'open paid', 'what it said was done');
SELECT results_eq($$SELECT a.rule, a.confidence FROM ar.application AS a JOIN ar.item AS d ON d.item_id = a.debit_item_id WHERE d.invoice_id = pg_temp.invoice('A-2')$$,
    $$VALUES ('exact', 0.5::numeric)$$, 'and the application says how it was found');
SELECT is((SELECT decided_by = session_user AND decided_at >= now() FROM ar.match_suggestion WHERE suggestion_id = pg_temp.suggestion('A', 'A-2')), true, 'who decided, and when, the database says');
SELECT is(pg_temp.outcome(format('SELECT ar.accept_suggestion(%s, %s)', :ledger, pg_temp.suggestion('A', 'A-2')), 'all'),
    format(E'RA003: suggestion %s is decided already\nIt is accepted.\nApply by hand with ar.apply(), or undo with ar.unapply().', pg_temp.suggestion('A', 'A-2')), 'nobody decides twice');
SELECT is(pg_temp.outcome(format('SELECT ar.reject_suggestion(%s, %s)', :ledger, pg_temp.suggestion('A', 'A-1'))), 'RA003', 'nor otherwise');

-- Refused, it is not asked again; the next best is not either, unless it is another answer.
SELECT pg_temp.somebody('B'), pg_temp.bill('B', 'B-1', 'EUR 100'), pg_temp.bill('B', 'B-2', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('B', 'EUR 100') \g /dev/null
SELECT is(ar.reject_suggestions(:ledger, (SELECT array_agg(suggestion_id) FROM ar.report_match_suggestion WHERE customer = 'B'), 'neither'), 2::bigint, 'both are refused');
SELECT is(pg_temp.auto('B') || '; ' || pg_temp.statuses('B'), 'waiting exact EUR 100.00; B-1 100.00 rejected neither, B-2 100.00 rejected neither', 'and not made again');
SELECT pg_temp.bill('B', 'B-3', 'EUR 100') \g /dev/null
SELECT is(pg_temp.auto('B') || '; ' || pg_temp.statuses('B'), 'suggested exact EUR 100.00; B-1 100.00 rejected neither, B-2 100.00 rejected neither, B-3 100.00 open', 'a new answer is');

-- What moved.
SELECT pg_temp.somebody('C'), pg_temp.bill('C', 'C-1', 'EUR 100'), pg_temp.bill('C', 'C-2', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('C', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('C', 'EUR 1', NULL, NULL, apply => 'oldest') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.accept_suggestion(%s, %s)', :ledger, pg_temp.suggestion('C', 'C-1')), 'all'),
    format(E'RA002: suggestion %s does not fit any more what is open\nOf item %s, EUR 99.00 is open; it says EUR 100.00.\nRun ar.auto_apply() for what fits now, or apply by hand with ar.apply().', pg_temp.suggestion('C', 'C-1'), pg_temp.item('C-1')),
    'a suggestion that does not fit any more is refused');
SELECT is(pg_temp.auto('C') || '; ' || pg_temp.statuses('C'), 'applied exact EUR 0.00; C-1 100.00 superseded, C-2 100.00 superseded', 'and gives way to what is found now');
SELECT pg_temp.somebody('D'), pg_temp.bill('D', 'D-1', 'EUR 100'), pg_temp.bill('D', 'D-2', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('D', 'EUR 100', 'PAY-D') \g /dev/null
SELECT ar.apply(:ledger, pg_temp.item('PAY-D'), pg_temp.item('D-2'), 'EUR 40') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.accept_suggestion(%s, %s)', :ledger, pg_temp.suggestion('D', 'D-1'))), 'RA002', 'so is one of which the money went');

-- What is granted besides is carried out, too.
SELECT pg_temp.somebody('E', '{"confidence_threshold": 1, "tolerance": "EUR 1", "overpayment": "write_off"}'), pg_temp.bill('E', 'E-2026-001', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('E', 'E-2026-002', 'EUR 50'),
       pg_temp.bill('E', 'E-2026-003', 'EUR 70'), pg_temp.bill('E', 'E-2026-004', 'EUR 80') \g /dev/null
SELECT is(pg_temp.paid('E', 'EUR 980', day => '2026-01-10'), 'left 980.00; discounted? 0.9400 E-2026-001 980.00 -20.00', 'a discount is suggested');
SELECT is(pg_temp.paid('E', 'EUR 49.50', 'E-2026-002'), 'left 49.50; number? 0.9500 E-2026-002 49.50 -0.50', 'a difference');
SELECT is(pg_temp.paid('E', 'EUR 70.60', 'E-2026-003'), 'left 70.60; number? 0.9500 E-2026-003 70.00', 'something too much');
SELECT is(pg_temp.paid('E', 'EUR 75', NULL, '[{"number": "E-2026-004", "amount": 75, "reason": "short"}]'), 'left 75.00; remittance? 0.9900 E-2026-004 75.00', 'a deduction');
SELECT is(ar.accept_suggestions(:ledger, (SELECT array_agg(suggestion_id) FROM ar.report_match_suggestion WHERE customer = 'E')), 4::bigint, 'all are accepted at once');
SELECT results_eq(format('SELECT kind, amount::text, reason_code FROM ar.adjustment WHERE customer_id = %s ORDER BY kind, ar.amount(amount)', pg_temp.customer('E')), $$VALUES
    ('deduction', 'EUR -5.00', 'short'), ('deduction', 'EUR 5.00', 'short'), ('difference', 'EUR -0.50', NULL), ('difference', 'EUR 0.60', NULL), ('discount', 'EUR -20.00', NULL)$$, 'with what they grant');
SELECT is(pg_temp.balance('E'), 'EUR 5.00 and EUR 0.00', 'and nothing else is left');

-- Set off by a memo.
SELECT pg_temp.somebody('F', '{"confidence_threshold": 1}'), pg_temp.bill('F', 'F-1', 'EUR 100'), pg_temp.bill('F', 'F-2', 'EUR 200') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status) VALUES (:ledger, pg_temp.customer('F'), 'CM-1', 'credit_memo', '2026-01-05', 'EUR 30', 'open');
SELECT pg_temp.paid('F', 'EUR 270') \g /dev/null
SELECT is(ar.accept_suggestion(:ledger, pg_temp.suggestion('F')), 1::bigint, 'a memo that is set off');
SELECT is(pg_temp.balance('F'), 'EUR 0.00 and EUR 0.00', 'is used, too');

-- A double payment has nothing to accept.
SELECT pg_temp.somebody('G'), pg_temp.bill('G', 'G-2026-001', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('G', 'EUR 100', 'G-2026-001'), pg_temp.paid('G', 'EUR 100', 'G-2026-001') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.accept_suggestion(%s, %s)', :ledger, pg_temp.suggestion('G')), 'all'),
    format(E'23514: suggestion %s has nothing to apply\nGive the money back or leave it on account, and reject the suggestion.', pg_temp.suggestion('G')), 'a double payment cannot be accepted');
SELECT is(ar.reject_suggestion(:ledger, pg_temp.suggestion('G'), 'given back'), 1::bigint, 'but seen');

-- Whose a payment is.
SELECT ar.create_customer(:ledger, 'H', 'Holm Bakery'), ar.create_customer(:ledger, 'I', 'Inga Holm') \g /dev/null
SELECT pg_temp.bill('H', 'H-1', 'EUR 100') \g /dev/null
SELECT ar.record_payment(:ledger, NULL, 'EUR 100', '2026-02-01', reference => 'unknown', payer_name => 'Holm') AS unknown \gset
INSERT INTO ar.match_suggestion (ledger_id, kind, payment_id, customer_id, rule, confidence, explanation, fingerprint)
VALUES (:ledger, 'payer', :unknown, pg_temp.customer('H'), 'name', 0.5, 'It is called so.', 'h'),
       (:ledger, 'payer', :unknown, pg_temp.customer('I'), 'name', 0.5, 'She is called so.', 'i');
SELECT is(ar.accept_suggestion(:ledger, pg_temp.suggestion('H'), 'seen on the slip'), 1::bigint, 'a payer is accepted');
SELECT results_eq(format('SELECT customer_id, reason, transferred_on FROM ar.payment_transfer WHERE payment_id = %s', :unknown), format($$VALUES (%s::bigint, 'seen on the slip', date '2026-02-01')$$, pg_temp.customer('H')),
    'the payment is transferred');
SELECT is(pg_temp.status('H-1'), 'paid', 'and applied at once');
SELECT is((SELECT status FROM ar.report_match_suggestion WHERE customer = 'I'), 'superseded', 'the other payer is ruled out');

-- The table keeps itself.
SELECT pg_temp.somebody('J'), pg_temp.bill('J', 'J-1', 'EUR 100'), pg_temp.bill('J', 'J-2', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('J', 'EUR 100') \g /dev/null
SELECT is(pg_temp.outcome(format('UPDATE ar.match_suggestion SET %s WHERE suggestion_id = %s', change, pg_temp.suggestion('J'))), 'RA003', 'not to be changed: ' || change)
FROM unnest(ARRAY['confidence = 1', 'lines = ''[]''', 'credit_item_id = 1', 'explanation = ''x''', 'suggested_at = now()']) AS change;
SELECT is(pg_temp.outcome(format('DELETE FROM ar.match_suggestion WHERE suggestion_id = %s', pg_temp.suggestion('J'))), 'RA003', 'nor deleted');
SELECT is(pg_temp.outcome('TRUNCATE ar.match_suggestion'), 'RA003', 'nor emptied');
UPDATE ar.match_suggestion SET status = 'rejected', decided_by = 'nobody', decided_at = '2000-01-01' WHERE suggestion_id = pg_temp.suggestion('J');
SELECT is((SELECT decided_by = session_user AND decided_at >= now() FROM ar.match_suggestion WHERE suggestion_id = pg_temp.suggestion('J')), true, 'who decided cannot be chosen');
SELECT is(pg_temp.outcome(format('SELECT ar.accept_suggestion(%s, -1)', :ledger)), '23503', 'what is not there cannot be accepted');
SELECT is(pg_temp.outcome(format('SELECT ar.reject_suggestion(%s, -1)', :ledger)), '23503', 'nor refused');

-- What was refused is not carried out later, when it has become the only answer.
SELECT pg_temp.somebody('RJ', '{"remainder": "oldest"}'), pg_temp.bill('RJ', 'RJ-2026-01', 'EUR 80'), pg_temp.bill('RJ', 'RJ-2026-02', 'EUR 80') \g /dev/null
UPDATE ar.cash_policy SET remainder = 'wait' WHERE customer_id = pg_temp.customer('RJ');
SELECT pg_temp.paid('RJ', 'EUR 80') \g /dev/null
SELECT ar.reject_suggestion(:ledger, (SELECT suggestion_id FROM ar.match_suggestion
    WHERE customer_id = pg_temp.customer('RJ') AND (lines -> 0 ->> 'item_id')::bigint = pg_temp.item('RJ-2026-01')), 'not this one') \g /dev/null
SELECT is(pg_temp.paid('RJ', 'EUR 70', 'RJ-2026-02'), 'number 0.9500; RJ-2026-02 70.00', 'another payment leaves one answer');
UPDATE ar.cash_policy SET remainder = 'oldest' WHERE customer_id = pg_temp.customer('RJ');
SELECT results_eq(format('SELECT outcome, explanation FROM ar.auto_apply(%s) WHERE customer_id = %s', :ledger, pg_temp.customer('RJ')),
    $$VALUES ('waiting', 'What was found was rejected before: somebody must say what it is for.')$$, 'but that one was refused');
SELECT is(pg_temp.status('RJ-2026-01'), 'open', 'and is not paid, by the policy neither');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
