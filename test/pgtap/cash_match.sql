-- cash: the rules by which a payment finds what it is for, each with what it must not do.
-- Protects: nothing is applied where two answers are as good, and what is applied says by which rule, and how sure.
BEGIN;
\ir helper.psql
\ir cash_match.psql
SELECT plan(97);

-- Numbers in what the payer wrote.
SELECT pg_temp.somebody('N') \g /dev/null
SELECT pg_temp.bill('N', 'INV-2026-' || lpad(n::text, 6, '0'), ar.monetary(t, 'EUR')), pg_temp.bill('N', 'INV-2026-000200', 'EUR 33.33', purchase_order => 'PO-4711-99')
FROM (VALUES (101, 100), (102, 250), (103, 250), (104, 80), (105, 60), (106, 60), (107, 1000)) AS v(n, t) WHERE n = 101 \g /dev/null
SELECT pg_temp.bill('N', 'INV-2026-' || lpad(n::text, 6, '0'), ar.monetary(t, 'EUR'))
FROM (VALUES (102, 250), (103, 250), (104, 80), (105, 60), (106, 60), (107, 1000)) AS v(n, t) \g /dev/null
SELECT pg_temp.bill('N', 'INV-2026-000201', 'EUR 44', payment_reference => 'RF18539007547034'),
       pg_temp.bill('N', 'INV-2026-000202', 'EUR 45', payment_reference => '210000000003139471430009017') \g /dev/null
SELECT is(pg_temp.paid('N', 'EUR 350', 'INV-2026-000101, INV-2026-000102'), 'number 0.9900; INV-2026-000101 100.00, INV-2026-000102 250.00',
    'two numbers that come to the amount');
SELECT is(pg_temp.paid('N', 'EUR 250', 'inv 2O26 OOO103 thank you'), 'number 0.9800; INV-2026-000103 250.00', 'letters for digits, blanks for dashes');
SELECT is(pg_temp.paid('N', 'EUR 80', 'INV-2026-00104'), 'number 0.9600; INV-2026-000104 80.00', 'a zero lost');
SELECT is(pg_temp.paid('N', 'EUR 33.33', 'your order PO-4711-99'), 'number 0.9500; INV-2026-000200 33.33', 'a purchase order, with the amount');
SELECT is(pg_temp.paid('N', 'EUR 40', structured_reference => 'RF18 5390 0754 7034'), 'number 0.9500; INV-2026-000201 40.00', 'a creditor reference, paid in part');
SELECT is(pg_temp.paid('N', 'EUR 4', 'RF18539007547034'), 'number 0.9900; INV-2026-000201 4.00', 'or in the text');
SELECT is(pg_temp.paid('N', 'EUR 45', structured_reference => '21 00000 00003 13947 14300 09017'), 'number 0.9900; INV-2026-000202 45.00', 'a Swiss reference');
SELECT is(pg_temp.paid('N', 'EUR 60', 'INV-2026-000105 INV-2026-000107'), 'number 0.9400; INV-2026-000105 60.00', 'two are named, and one of them comes to the amount');
SELECT is(pg_temp.paid('N', 'EUR 460', 'INV-2026-000106 INV-2026-000107'), 'number 0.9500; INV-2026-000106 60.00, INV-2026-000107 400.00',
    'named as they are, they are paid in order as far as it goes');
SELECT is(pg_temp.paid('N', 'EUR 700', 'INV-2026-000107'), 'number 0.9500; INV-2026-000107 600.00; left 100.00', 'what is too much stays on account');

-- What looks like a number must have the amount on its side.
SELECT pg_temp.somebody('L'), pg_temp.bill('L', 'INV-2026-300111', 'EUR 70'), pg_temp.bill('L', 'INV-2026-300222', 'EUR 80'), pg_temp.bill('L', 'INV-2026-300333', 'EUR 90') \g /dev/null
SELECT is(pg_temp.paid('L', 'EUR 70', 'INV-2026-300112'), 'number 0.9400; INV-2026-300111 70.00', 'one slip, and the amount');
SELECT is(pg_temp.paid('L', 'EUR 79', 'INV-2026-300223'), 'left 79.00; number? 0.6000 INV-2026-300222 79.00', 'one slip, and another amount: it is suggested');
SELECT is(pg_temp.paid('L', 'EUR 90', 'INV-2026-300223'), 'left 90.00; exact? 0.5000 INV-2026-300333 90.00, number? 0.6000 INV-2026-300222 80.00',
    'where number and amount disagree, both are suggested');

-- Double payments.
SELECT pg_temp.somebody('DP', '{"double_payment_days": 30, "remainder": "oldest"}'), pg_temp.bill('DP', 'DP-2026-0101', 'EUR 500'), pg_temp.bill('DP', 'DP-2026-0102', 'EUR 500'), pg_temp.bill('DP', 'DP-2026-0103', 'EUR 77') \g /dev/null
SELECT is(pg_temp.paid('DP', 'EUR 500', 'DP-2026-0101'), 'number 0.9900; DP-2026-0101 500.00', 'an invoice is paid');
SELECT is(pg_temp.paid('DP', 'EUR 500', 'DP-2026-0101', day => '2026-02-09'), 'left 500.00; number? 0.3000 nothing',
    'paid again it is not applied to another of that amount, whatever the policy');
SELECT is((SELECT explanation FROM ar.match_suggestion ORDER BY suggestion_id DESC LIMIT 1),
    '"DP-2026-0101" is named, but is paid already: this looks like a double payment.', 'but said to be a double payment');
SELECT is(pg_temp.paid('DP', 'EUR 500', 'DP-2026-01O1', day => '2026-02-09'), 'left 500.00; number? 0.3000 nothing', 'however it is written');
SELECT is(pg_temp.paid('DP', 'EUR 77', 'DP-2026-0101', day => '2026-02-09'), 'left 77.00; exact? 0.5000 DP-2026-0103 77.00',
    'a number that is paid, and an amount that is open, is for somebody to see');
SELECT is(pg_temp.paid('DP', 'EUR 500', 'DP-2026-0101', day => '2026-03-04'), 'exact 0.9500; DP-2026-0102 500.00', 'after so many days nobody looks back');

-- A number that is written like ours, and nobody has.
SELECT pg_temp.somebody('UN'), pg_temp.bill('UN', 'INV-2026-500001', 'EUR 71'), pg_temp.bill('UN', 'INV-2026-500002', 'EUR 72'), pg_temp.bill('UN', 'INV-2026-500003', 'EUR 73'), pg_temp.bill('UN', 'INV-2026-500004', 'EUR 74'),
       pg_temp.bill('UN', 'INV-2026-500005', 'EUR 75') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) VALUES (:ledger, pg_temp.customer('UN'), 'INV-2026-700001', '2026-01-01', 'EUR 1', 'void');
SELECT is(pg_temp.paid('UN', 'EUR 71', 'inv 2026 999888'), 'left 71.00; exact? 0.5000 INV-2026-500001 71.00', 'a document that nobody has is not what has the same amount');
SELECT is((SELECT explanation FROM ar.match_suggestion ORDER BY suggestion_id DESC LIMIT 1), 'Only "INV-2026-500001" has exactly this amount open. The text names "inv 2026 999888", which is no document.', 'and it says so');
SELECT is(pg_temp.paid('UN', 'EUR 71', 'INV-2026-99988'), 'exact 0.9500; INV-2026-500001 71.00', 'what is not quite written like it is no such number');
SELECT is(pg_temp.paid('UN', 'EUR 72', 'order 2026999888 of 12.01.2026, customer 4711'), 'exact 0.9500; INV-2026-500002 72.00', 'nor are other numbers');
SELECT is(pg_temp.paid('UN', 'EUR 73', 'PO-2026-999888'), 'exact 0.9500; INV-2026-500003 73.00', 'nor those of others');
SELECT is(pg_temp.paid('UN', 'EUR 74', 'INV-2026-700001'), 'exact 0.9500; INV-2026-500004 74.00', 'one that is void is one');
SELECT is(pg_temp.paid('UN', 'EUR 75', 'INV-2026-999888', '[]', structured_reference => NULL), 'left 75.00; exact? 0.5000 INV-2026-500005 75.00', 'an empty remittance is none');
SELECT pg_temp.somebody('UR', '{"rules": ["exact"]}'), pg_temp.bill('UR', 'INV-2026-600001', 'EUR 71') \g /dev/null
SELECT is(pg_temp.paid('UR', 'EUR 71', 'INV-2026-999888'), 'exact 0.9500; INV-2026-600001 71.00', 'whose policy reads no numbers is not asked for them');
SELECT pg_temp.somebody('UO', '{"remainder": "oldest"}'), pg_temp.bill('UO', 'INV-2026-610001', 'EUR 71') \g /dev/null
SELECT is(pg_temp.paid('UO', 'EUR 50', 'INV-2026-999888'), 'oldest; INV-2026-610001 50.00', 'and who wants the rest to go on gets it');

-- By the amount: one item, or one invoice with all its parts.
SELECT pg_temp.somebody('X'), pg_temp.bill('X', 'X-1', 'EUR 100'), pg_temp.bill('X', 'X-2', 'EUR 100'), pg_temp.bill('X', 'X-3', 'EUR 33'),
       pg_temp.bill('X', 'X-4', 'EUR 300', NULL, '50% net 10, 50% net 40'), pg_temp.bill('X', 'X-5', 'EUR 80', NULL, '50% net 10, 50% net 40') \g /dev/null
SELECT is(pg_temp.paid('X', 'EUR 33'), 'exact 0.9500; X-3 33.00', 'one item of the amount');
SELECT is(pg_temp.paid('X', 'EUR 100'), 'left 100.00; exact? 0.5000 X-1 100.00, exact? 0.5000 X-2 100.00', 'two of it are a tie: both are suggested');
SELECT is(pg_temp.paid('X', 'EUR 300'), 'exact 0.9500; X-4 150.00, X-4 150.00', 'one invoice with all its parts');
SELECT is(pg_temp.paid('X', 'EUR 40'), 'exact 0.9500; X-5 40.00', 'of equal parts of one invoice, the older');
SELECT is(pg_temp.paid('X', 'EUR 12.34'), 'left 12.34', 'an amount that is nothing waits');

-- All that is open, and all that is overdue.
SELECT pg_temp.somebody('AO'), pg_temp.bill('AO', 'AO-1', 'EUR 10.10'), pg_temp.bill('AO', 'AO-2', 'EUR 20.20'), pg_temp.bill('AO', 'AO-3', 'EUR 40.40', '2026-02-01') \g /dev/null
SELECT is(pg_temp.paid('AO', 'EUR 30.30', day => '2026-02-01'), 'all_overdue 0.9300; AO-1 10.10, AO-2 20.20', 'all that is overdue; what is due that day is not');
SELECT pg_temp.bill('AO', 'AO-4', 'EUR 5.05', '2026-05-01') \g /dev/null
SELECT is(pg_temp.paid('AO', 'EUR 45.45'), 'all_open 0.9500; AO-3 40.40, AO-4 5.05', 'all that is open');
SELECT pg_temp.somebody('AN'), pg_temp.bill('AN', 'AN-1', 'EUR 100'), pg_temp.bill('AN', 'AN-2', 'EUR 200') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status) VALUES (:ledger, pg_temp.customer('AN'), 'CM-10', 'credit_memo', '2026-01-05', 'EUR 30', 'open');
SELECT is(pg_temp.paid('AN', 'EUR 270'), 'all_open 0.9400; CM-10 AN-1 30.00, AN-1 70.00, AN-2 200.00', 'all that is open less a memo');
SELECT pg_temp.somebody('AD'), pg_temp.bill('AD', 'AD-1', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('AD', 'AD-2', 'EUR 500', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('AD', 'EUR 1470', day => '2026-01-11'), 'all_open 0.9400; AD-1 980.00, discount AD-1 20.00, AD-2 490.00, discount AD-2 10.00', 'all that is open less the discounts');

-- A combination, if it is the only one and no accident.
SELECT pg_temp.somebody('K') \g /dev/null
SELECT pg_temp.bill('K', 'K-' || n, ar.monetary(t, 'EUR')) FROM unnest('{101.17,212.31,55.03,77.77,310.10}'::numeric[]) WITH ORDINALITY AS u(t, n) \g /dev/null
SELECT is(pg_temp.paid('K', 'EUR 267.34'), 'combination 0.9478; K-2 212.31, K-3 55.03', 'the one combination of items');
SELECT pg_temp.somebody('K2') \g /dev/null
SELECT pg_temp.bill('K2', 'K2-' || n, ar.monetary(100 * n, 'EUR')) FROM generate_series(1, 9) AS n \g /dev/null
SELECT is(pg_temp.paid('K2', 'EUR 1700'), 'left 1700.00', 'of several combinations none');
SELECT is((SELECT explanation FROM ar.auto_apply(:ledger) WHERE customer_id = pg_temp.customer('K2')), 'More than one choice of open items comes to this amount.', 'and it says so');
SELECT pg_temp.somebody('K3') \g /dev/null
SELECT pg_temp.bill('K3', 'K3-' || n, ar.monetary((n * n * n * 7919) % 40000 / 100.0 + 20, 'EUR')) FROM generate_series(1, 22) AS n \g /dev/null
SELECT is(pg_temp.paid('K3', (SELECT ar.sum(total) FROM ar.invoice WHERE customer_id = pg_temp.customer('K3') AND number IN ('K3-3', 'K3-7', 'K3-8', 'K3-12', 'K3-15', 'K3-16', 'K3-20'))) ~ '^left', true,
    'of so many choices of which one fits by accident, none is trusted');
SELECT pg_temp.somebody('K4') \g /dev/null
SELECT pg_temp.bill('K4', 'K4-' || n, ar.monetary(10 + n + n * n / 1000.0 * 0, 'EUR')) FROM generate_series(1, 40) AS n \g /dev/null
SELECT is(pg_temp.paid('K4', 'EUR 95'), 'left 95.00', 'more than thirty items are not even tried');

-- Tolerance: the stricter of amount and percentage, both inclusive.
SELECT pg_temp.somebody('T', '{"tolerance": "EUR 1.00", "tolerance_percent": 1}'), pg_temp.bill('T', 'T-1', 'EUR 50'), pg_temp.bill('T', 'T-2', 'EUR 1000'), pg_temp.bill('T', 'T-3', 'EUR 300') \g /dev/null
SELECT is(pg_temp.paid('T', 'EUR 998.99'), 'left 998.99', 'more is missing than the amount allows');
SELECT is(pg_temp.paid('T', 'EUR 999'), 'tolerance 0.9100; T-2 999.00, difference T-2 1.00', 'just what it allows');
SELECT is(pg_temp.paid('T', 'EUR 49.49'), 'left 49.49', 'more than the percentage allows');
SELECT is(pg_temp.paid('T', 'EUR 49.50'), 'tolerance 0.9100; T-1 49.50, difference T-1 0.50', 'just what it allows');
SELECT is(pg_temp.paid('T', 'EUR 300.50'), 'tolerance 0.9100; T-3 300.00; left 0.50', 'a little too much pays it, too, and the rest stays');
SELECT pg_temp.somebody('TP', '{"tolerance_percent": 1.0}'), pg_temp.bill('TP', 'TP-1', 'EUR 1000') \g /dev/null
SELECT is(pg_temp.paid('TP', 'EUR 990'), 'tolerance 0.9100; TP-1 990.00, difference TP-1 10.00', '990 of 1000 are within 1.0 percent');
SELECT pg_temp.somebody('TH', '{"tolerance_percent": 0.5}'), pg_temp.bill('TH', 'TH-1', 'EUR 1000') \g /dev/null
SELECT is(pg_temp.paid('TH', 'EUR 990'), 'left 990.00', 'and not within 0.5');
SELECT pg_temp.somebody('TC', '{"tolerance": "USD 50"}'), pg_temp.bill('TC', 'TC-1', 'EUR 1000') \g /dev/null
SELECT is(pg_temp.paid('TC', 'EUR 990'), 'left 990.00', 'a tolerance in dollars is none in euros');
SELECT pg_temp.somebody('TN', '{"tolerance": "EUR 1"}'), pg_temp.bill('TN', 'TN-2026-001', 'EUR 100'), pg_temp.bill('TN', 'TN-2026-002', 'EUR 100') \g /dev/null
SELECT is(pg_temp.paid('TN', 'EUR 99.5'), 'left 99.50; tolerance? 0.5000 TN-2026-001 99.50 -0.50, tolerance? 0.5000 TN-2026-002 99.50 -0.50', 'two within it are a tie');
SELECT is(pg_temp.paid('TN', 'EUR 99', 'TN-2026-002'), 'number 0.9500; TN-2026-002 99.00, difference TN-2026-002 1.00', 'a number decides, and the tolerance closes');

-- What is too much.
SELECT pg_temp.somebody('O1', '{"overpayment": "write_off", "tolerance": "EUR 1"}'), pg_temp.bill('O1', 'O1-2026-01', 'EUR 100'), pg_temp.bill('O1', 'O1-2026-02', 'EUR 200'), pg_temp.bill('O1', 'O1-2026-03', 'EUR 400') \g /dev/null
SELECT is(pg_temp.paid('O1', 'EUR 100.50', 'O1-2026-01'), 'number 0.9500; O1-2026-01 100.00, difference 0.50', 'is kept as a difference, where it may be');
SELECT is(pg_temp.paid('O1', 'EUR 201.00'), 'tolerance 0.9100; O1-2026-02 200.00, difference 1.00', 'by the amount alone, too');
SELECT is(pg_temp.paid('O1', 'EUR 402', 'O1-2026-03'), 'number 0.9500; O1-2026-03 400.00; left 2.00', 'but not beyond the tolerance');
SELECT pg_temp.somebody('O2', '{"overpayment": "refund"}'), pg_temp.bill('O2', 'O2-2026-01', 'EUR 100'), pg_temp.bill('O2', 'O2-2026-02', 'EUR 200') \g /dev/null
SELECT is(pg_temp.paid('O2', 'EUR 110', 'O2-2026-01'), 'number 0.9500; O2-2026-01 100.00; left 10.00', 'nothing is refunded to who owes something else');
SELECT is(pg_temp.paid('O2', 'EUR 220', 'O2-2026-02'), 'number 0.9500; O2-2026-02 200.00, refund 20.00', 'to who owes nothing else it is');
SELECT pg_temp.somebody('O3', '{"overpayment": "write_off", "tolerance": "EUR 1"}'), pg_temp.bill('O3', 'O3-2026-01', 'EUR 100'), pg_temp.bill('O3', 'O3-2026-02', 'EUR 900') \g /dev/null
UPDATE ar.customer SET credit_limit = 'EUR 50' WHERE customer_id = pg_temp.customer('O3');
SELECT is(pg_temp.paid('O3', 'EUR 100.50', 'O3-2026-01'), 'number 0.9500; O3-2026-01 100.00; left 0.50', 'a payment is never refused for it, though the credit limit is passed');

-- What the payer says is not gone against, whatever the policy does with what is left.
SELECT pg_temp.somebody('RR', '{"remainder": "oldest"}'), pg_temp.bill('RR', 'RR-2026-1', 'EUR 100'), pg_temp.bill('RR', 'RR-2026-2', 'EUR 200'), pg_temp.bill('RR', 'RR-2026-3', 'EUR 300') \g /dev/null
SELECT is(pg_temp.paid('RR', 'EUR 60', NULL, '[{"number": "RR-2026-2", "amount": 50}]'), 'remittance 0.9500; RR-2026-2 50.00; left 10.00', 'what a remittance leaves is given to nothing else');
SELECT is(pg_temp.paid('RR', 'EUR 70', NULL, '[{"number": "RR-2026-9"}]'), 'left 70.00', 'nor what it gives to nothing that is there');
SELECT is((SELECT string_agg(explanation, ' ' ORDER BY credit_item_id) FROM ar.auto_apply(:ledger) WHERE customer_id = pg_temp.customer('RR')),
    'What the remittance says has been done: the rest waits. The remittance names "RR-2026-9", of which nothing is open.', 'asked again, it waits, and says so');
SELECT is(pg_temp.paid('RR', 'EUR 310', 'RR-2026-3'), 'number 0.9500, oldest; RR-2026-3 300.00, RR-2026-1 10.00', 'what a text leaves goes on');
SELECT is(pg_temp.paid('RR', 'EUR 20', NULL, '[]'), 'oldest; RR-2026-1 20.00', 'and so does what says nothing');

-- Remittance, line by line.
SELECT pg_temp.somebody('R'), pg_temp.bill('R', 'R-1', 'EUR 100'), pg_temp.bill('R', 'R-2', 'EUR 200'), pg_temp.bill('R', 'R-3', 'EUR 300'), pg_temp.bill('R', 'R-4', 'EUR 60') \g /dev/null
SELECT is(pg_temp.paid('R', 'EUR 290', NULL, '[{"number": "R-1"}, {"number": "R-2", "amount": 190, "reason": "damaged"}]'),
    'remittance 0.9900; R-1 100.00, R-2 190.00, deduction R-2 10.00', 'what is kept back for a reason is a deduction');
SELECT results_eq(format($$SELECT j.amount::text, j.reason_code, j.adjusted_on, i.open::text, j.invoice_id = pg_temp.invoice('R-2'), j.payment_id IS NOT NULL
    FROM ar.adjustment AS j JOIN ar.item AS i USING (ledger_id, adjustment_id) WHERE j.customer_id = %s ORDER BY j.adjustment_id$$, pg_temp.customer('R')),
    $$VALUES ('EUR -10.00', 'damaged', date '2026-02-01', 'EUR 0.00', true, true), ('EUR 10.00', 'damaged', '2026-02-01', 'EUR 10.00', true, true)$$,
    'the invoice is closed by a credit, and a debit of the same amount is left to be cleared');
SELECT is(pg_temp.paid('R', 'EUR 50', NULL, '[{"number": "R-3", "amount": 50}, {"number": "gone"}]'), 'remittance 0.9500; R-3 50.00', 'what it does not find it leaves');
SELECT is(pg_temp.paid('R', 'EUR 60', NULL, '[{"number": "gone"}]'), 'left 60.00; exact? 0.5000 R-4 60.00', 'and no amount goes against what the payer says');
SELECT is(pg_temp.paid('R', 'EUR 400', NULL, '[{"number": "r 3"}, {"number": "R-4", "amount": 20}]'), 'remittance 0.9500; R-3 250.00, R-4 20.00; left 130.00', 'without an amount all is meant, with one no more');
SELECT pg_temp.somebody('S'), pg_temp.bill('S', 'S-1', 'EUR 100'), pg_temp.bill('S', 'S-2', 'EUR 200'), pg_temp.bill('S', 'S-2026-0003', 'EUR 90') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status)
SELECT :ledger, pg_temp.customer('S'), n, 'credit_memo', '2026-01-05', 'EUR 30', 'open' FROM unnest('{CM-2026-0009,CM-2026-0010}'::text[]) AS n;
SELECT is(pg_temp.paid('S', 'EUR 270', NULL, '[{"number": "S-1"}, {"number": "S-2"}, {"number": "CM-2026-0009", "amount": -30}]'),
    'remittance 0.9900; CM-2026-0009 S-1 30.00, S-1 70.00, S-2 200.00', 'a memo is set off');
SELECT is(pg_temp.paid('S', 'EUR 60', 'S-2026-0003 less CM-2026-0010'), 'number 0.9900; CM-2026-0009 S-1 30.00, CM-2026-0010 S-2026-0003 30.00, S-2026-0003 60.00', 'in the text, too');

-- Orders, for who says so.
SELECT pg_temp.somebody('P') \g /dev/null
SELECT pg_temp.bill('P', 'P-' || n, ar.monetary(t, 'EUR'), date '2026-01-31' + n::integer) FROM unnest('{100,200,50}'::numeric[]) WITH ORDINALITY AS u(t, n) \g /dev/null
SELECT is(pg_temp.paid('P', 'EUR 100', apply => 'proportional'), 'proportional; P-1 28.57, P-2 57.14, P-3 14.29', 'in proportion: the cent over goes to the largest fraction');
SELECT is(pg_temp.paid('P', 'EUR 20', apply => 'newest'), 'newest; P-3 20.00', 'the newest first');
SELECT is(pg_temp.paid('P', 'EUR 80', apply => 'largest'), 'largest; P-2 80.00', 'the largest first');
SELECT is(pg_temp.paid('P', 'EUR 10', apply => 'largest'), 'largest; P-1 10.00', 'which is then another one');
SELECT is(pg_temp.paid('P', 'EUR 1000', apply => 'proportional'), 'proportional; P-1 61.43, P-2 62.86, P-3 15.71; left 860.00', 'more than all is all');
SELECT pg_temp.somebody('PR') \g /dev/null
SELECT pg_temp.bill('PR', 'PR-' || n, 'EUR 1.00', date '2026-01-31' + n) FROM generate_series(1, 3) AS n \g /dev/null
SELECT is(pg_temp.paid('PR', 'EUR 1.00', apply => 'proportional'), 'proportional; PR-1 0.34, PR-2 0.33, PR-3 0.33', 'of equal fractions the oldest');

-- What no rule decides goes on as the policy says.
SELECT pg_temp.somebody('W', '{"remainder": "oldest"}'), pg_temp.bill('W', 'W-1', 'EUR 100'), pg_temp.bill('W', 'W-2', 'EUR 100', '2026-03-01') \g /dev/null
SELECT is(pg_temp.paid('W', 'EUR 100'), 'oldest; W-1 100.00', 'a tie, to the oldest');
SELECT is(pg_temp.paid('W', 'EUR 30'), 'oldest; W-2 30.00', 'and what fits nothing');
-- The order of the rules is the policy's, and what it leaves out is not tried.
SELECT pg_temp.somebody('RO', '{"rules": ["exact", "number"]}'), pg_temp.bill('RO', 'RO-2026-01', 'EUR 100'), pg_temp.bill('RO', 'RO-2026-02', 'EUR 200') \g /dev/null
SELECT is(pg_temp.paid('RO', 'EUR 200', 'RO-2026-01'), 'exact 0.9500; RO-2026-02 200.00', 'the first rule that gives an answer');
SELECT is(pg_temp.paid('RO', 'EUR 60', 'RO-2026-01'), 'number 0.9500; RO-2026-01 60.00', 'else the next');
SELECT is(pg_temp.paid('RO', 'EUR 40', NULL, '[{"number": "RO-2026-01"}]'), 'exact 0.9500; RO-2026-01 40.00', 'no remittance is read');
-- A threshold.
SELECT pg_temp.somebody('TT', '{"confidence_threshold": 0.96}'), pg_temp.bill('TT', 'TT-2026-01', 'EUR 100') \g /dev/null
SELECT is(pg_temp.paid('TT', 'EUR 100'), 'left 100.00; exact? 0.9500 TT-2026-01 100.00', 'what is less sure than the policy wants is suggested');
SELECT is(pg_temp.paid('TT', 'EUR 100', 'TT-2026-01'), 'number 0.9900; TT-2026-01 100.00', 'what is as sure is applied');

-- Credit memos: first to what they correct, then by the rules.
SELECT pg_temp.somebody('CM'), pg_temp.bill('CM', 'CM-1', 'EUR 100'), pg_temp.bill('CM', 'CM-2', 'EUR 200'), pg_temp.bill('CM', 'CM-3', 'EUR 45') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, corrects_id, invoiced_on, total, status)
VALUES (:ledger, pg_temp.customer('CM'), 'CM-2026-0011', 'credit_memo', pg_temp.invoice('CM-2'), '2026-01-05', 'EUR 30', 'open'),
       (:ledger, pg_temp.customer('CM'), 'CM-2026-0012', 'credit_memo', NULL, '2026-01-06', 'EUR 45', 'open');
SELECT results_eq(format('SELECT outcome, found_by, confidence, applied::text, unapplied::text, explanation FROM ar.auto_apply(%s) WHERE customer_id = %s ORDER BY credit_item_id', :ledger, pg_temp.customer('CM')), $$VALUES
    ('applied', 'correction', NULL::numeric, 'EUR 30.00', 'EUR 0.00', 'It is about that invoice.'),
    ('applied', 'exact', 0.95, 'EUR 45.00', 'EUR 0.00', 'Only "CM-3" has exactly this amount open.')$$, 'memos are applied by ar.auto_apply()');
SELECT is((SELECT open::text FROM ar.item WHERE invoice_id = pg_temp.invoice('CM-2')), 'EUR 170.00', 'to the invoice they correct');

-- A few digits among other words may be of a telephone, a street or a customer: without the amount they name nothing.
SELECT pg_temp.somebody('BD'), pg_temp.bill('BD', '1001', 'EUR 70'), pg_temp.bill('BD', '1002', 'EUR 170'), pg_temp.bill('BD', 'BD-4711', 'EUR 111') \g /dev/null
SELECT is(pg_temp.paid('BD', 'EUR 10', 'tel +43 1001 2026'), 'left 10.00; number? 0.6000 1001 10.00', 'a telephone is no number of an invoice');
SELECT is(pg_temp.paid('BD', 'EUR 11', 'Hauptstrasse 4711'), 'left 11.00; number? 0.6000 BD-4711 11.00', 'nor is a street');
SELECT is(pg_temp.paid('BD', 'EUR 240', 'invoices 1001 and 1002'), 'number 0.9500; 1001 70.00, 1002 170.00', 'with the amount they are');
SELECT is(pg_temp.paid('BD', 'EUR 11', 'BD-4711'), 'number 0.9500; BD-4711 11.00', 'and with their letters');
SELECT pg_temp.somebody('WS'), pg_temp.bill('WS', 'WS-2026-01', 'EUR 100') \g /dev/null
SELECT pg_temp.paid('WS', 'EUR 100', 'WS-2026-01', apply => 'none') \g /dev/null
SELECT is((SELECT explanation FROM ar.auto_apply(:ledger) WHERE customer_id = pg_temp.customer('WS')),
    '"WS-2026-01" stands in the reference, and its open amount is exactly what was paid.', 'the sentence is one');

-- Memos of a remittance: as much as the line says, and once.
SELECT pg_temp.somebody('SO'), pg_temp.bill('SO', 'SO-1', 'EUR 100'), pg_temp.bill('SO', 'SO-2', 'EUR 100') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status)
VALUES (:ledger, pg_temp.customer('SO'), 'SO-C1', 'credit_memo', '2026-01-05', 'EUR 40', 'open');
SELECT is(pg_temp.paid('SO', 'EUR 75', NULL, '[{"number": "SO-1"}, {"number": "SO-C1", "amount": -25}]'),
    'remittance 0.9900; SO-C1 SO-1 25.00, SO-1 75.00', 'of a memo no more is set off than the line says');
SELECT is((SELECT open::text FROM ar.item WHERE invoice_id = pg_temp.invoice('SO-C1')), 'EUR -15.00', 'the rest stays');
SELECT is(pg_temp.paid('SO', 'EUR 20', NULL, '[{"number": "SO-2"}, {"number": "SO-C1"}, {"number": "SO-C1"}]'),
    'remittance 0.9900; SO-C1 SO-1 25.00, SO-C1 SO-2 15.00, SO-2 20.00', 'a memo named twice is set off once');
SELECT is((SELECT open::text FROM ar.item WHERE invoice_id = pg_temp.invoice('SO-2')), 'EUR 65.00', 'and pays no more than it has');

-- Who names a document of somebody else does not mean what merely has the same amount.
SELECT pg_temp.somebody('NO'), pg_temp.somebody('NP'), pg_temp.bill('NO', 'NO-2026-000777', 'EUR 777'), pg_temp.bill('NP', 'NP-2026-000888', 'EUR 777') \g /dev/null
SELECT is(pg_temp.paid('NO', 'EUR 777', 'for NP-2026-000888'), 'left 777.00; exact? 0.5000 NO-2026-000777 777.00', 'it is suggested');
SELECT is(pg_temp.paid('NO', 'EUR 777', 'for the lamps'), 'exact 0.9500; NO-2026-000777 777.00', 'and without that name applied');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
