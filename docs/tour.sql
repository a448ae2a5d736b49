-- tour.sql: one company's quarter, told by its receivables; `make demo` plays it.
--
-- To play it in a database of your own that has the books:   psql -X -q < docs/tour.sql
-- Every date is fixed, so the story always ends the same way.

\set QUIET on
\set ON_ERROR_STOP on
\set SHOW_CONTEXT never
\set seen ''
\pset pager off
\pset footer off
\pset border 1
\pset null '-'
SET datestyle TO 'ISO';
-- For the operators of ar.monetary.
SET search_path TO ar, public;

\echo
\echo '1. A BOOK, AND WHO IS IN IT'
\echo
\echo 'Lumen makes lamps in Berlin and sells them on credit. Its book is a ledger in euros.'
\echo 'Alba may owe up to 20 000 euros, Brio 5 000; Claro and Eden have no limit.'
\echo 'Unless a customer has terms of its own, it pays within 30 days.'
\echo
SELECT ar.create_ledger(code => 'LUMEN', name => 'Lumen GmbH', currency => 'EUR',
                        timezone => 'Europe/Berlin', terms => 'net 30') AS lumen \gset
SELECT ar.create_customer(ledger_id => :lumen, code => 'ALBA', name => 'Alba Hotels',
                          credit_limit => 'EUR 20000.00') AS alba \gset
SELECT ar.create_customer(ledger_id => :lumen, code => 'BRIO', name => 'Brio Cafes',
                          terms => 'net 14', credit_limit => 'EUR 5000.00') AS brio \gset
SELECT ar.create_customer(ledger_id => :lumen, code => 'CLARO', name => 'Claro Cinemas',
                          terms => '30% due on receipt, 70% net 60') AS claro \gset
SELECT ar.create_customer(ledger_id => :lumen, code => 'EDEN', name => 'Eden Gardens') AS eden \gset
SELECT code, name, coalesce(terms::text, 'net 30, as for all') AS terms, ar.amount(credit_limit) AS credit_limit
FROM ar.customer WHERE ledger_id = :lumen ORDER BY code;

\echo '2. INVOICES'
\echo
\echo 'The first goes to Alba: forty lamps with 19 % tax, and a book of instructions with 7 %.'
\echo
SELECT ar.create_invoice(
    ledger_id => :lumen, customer_id => :alba, invoiced_on => '2026-01-05',
    lines => '[{"description": "Desk lamp", "quantity": 40, "unit_price": 89.90, "tax_rate": 19},
               {"description": "Instructions", "unit_price": 24.50, "tax_rate": 7}]') AS first \gset
SELECT line_number AS line, description, quantity, unit_price, tax_rate,
       ar.amount(net) AS net, ar.amount(tax) AS tax
FROM ar.invoice_line WHERE ledger_id = :lumen AND invoice_id = :first ORDER BY line_number;
\echo 'Seven more follow in one call. They get their numbers, without a gap, when they are posted.'
\echo
SELECT count(*) AS "invoices made" FROM ar.create_invoices(ledger_id => :lumen, invoices => jsonb_build_array(
    jsonb_build_object('customer_id', :brio, 'invoiced_on', '2026-01-07',
        'lines', '[{"description": "Table light", "quantity": 12, "unit_price": 120, "tax_rate": 19}]'::jsonb),
    jsonb_build_object('customer_id', :claro, 'invoiced_on', '2026-01-12',
        'lines', '[{"description": "Chandelier", "unit_price": 10000, "tax_rate": 19}]'::jsonb),
    jsonb_build_object('customer_id', :eden, 'invoiced_on', '2026-01-15',
        'lines', '[{"description": "Path light", "quantity": 6, "unit_price": 50, "tax_rate": 19}]'::jsonb),
    jsonb_build_object('customer_id', :alba, 'invoiced_on', '2026-02-02',
        'lines', '[{"description": "Wall lamp", "quantity": 20, "unit_price": 75, "tax_rate": 19}]'::jsonb),
    jsonb_build_object('customer_id', :alba, 'invoiced_on', '2026-02-16',
        'lines', '[{"description": "Spotlight", "quantity": 30, "unit_price": 40, "tax_rate": 19}]'::jsonb),
    jsonb_build_object('customer_id', :brio, 'invoiced_on', '2026-02-20',
        'lines', '[{"description": "Bar light", "quantity": 10, "unit_price": 60, "tax_rate": 19}]'::jsonb),
    jsonb_build_object('customer_id', :alba, 'invoiced_on', '2026-03-12',
        'lines', '[{"description": "Floor lamp", "quantity": 8, "unit_price": 130, "tax_rate": 19}]'::jsonb)));
\echo 'Each due date of an invoice is an item of its own. Claro''s terms make two of them.'
\echo
SELECT v.number, c.code AS customer, i.issued_on, i.instalment AS part, i.due_on, ar.amount(i.amount) AS amount
FROM ar.item AS i JOIN ar.invoice AS v USING (ledger_id, invoice_id)
JOIN ar.customer AS c ON c.ledger_id = i.ledger_id AND c.customer_id = i.customer_id
WHERE i.ledger_id = :lumen ORDER BY v.number, i.instalment;

\echo '3. A LIMIT IS A LIMIT'
\echo
\echo 'Brio owes 2 427.60 euros of its 5 000, and orders lights for 3 570. The database says no:'
\echo
\set ON_ERROR_STOP off
SELECT ar.create_invoice(
    ledger_id => :lumen, customer_id => :brio, invoiced_on => '2026-02-21',
    lines => '[{"description": "Street light", "quantity": 3, "unit_price": 1000, "tax_rate": 19}]');
\set seen :seen :SQLSTATE
\set ON_ERROR_STOP on
\echo
\echo 'Nothing is left of the attempt: no invoice, no item, no number used up.'
\echo

\echo '4. MONEY COMES IN'
\echo
\echo 'Alba pays its first invoice exactly, and writes the number on the transfer.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :alba, amount => 'EUR 4305.46',
    received_on => '2026-02-03', reference => 'INV-2026-000001') AS exact \gset
\echo 'Brio pays a round thousand and names nothing: it goes to what is oldest.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :brio, amount => 'EUR 1000.00',
    received_on => '2026-01-26', method => 'cheque', apply => 'oldest') AS partial \gset
\echo 'Claro pays the first of its two parts, in time.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :claro, amount => 'EUR 3570.00',
    received_on => '2026-01-12', method => 'card', reference => 'INV-2026-000003') AS part \gset
\echo 'Eden rounds up, from 357 euros to 400: the 43 too many wait for the next invoice.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :eden, amount => 'EUR 400.00',
    received_on => '2026-02-10', reference => 'for INV-2026-000004, thank you') AS too_much \gset
\echo 'Alba settles one invoice and half of another by one transfer, and says so in its remittance.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :alba, amount => 'EUR 2499.00',
    received_on => '2026-03-04', external_id => 'bank-0304-17',
    remittance => '[{"number": "INV-2026-000005"}, {"number": "INV-2026-000006", "amount": 714}]') AS remitted \gset
\echo 'Brio sends 200 euros for an order that nobody knows: they wait, unapplied, and are not lost.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :brio, amount => 'EUR 200.00',
    received_on => '2026-03-20', method => 'cash', reference => 'order 4711') AS unknown \gset
\echo
SELECT customer, received_on, method, reference, amount, applied, unapplied
FROM ar.report_payment WHERE ledger_id = :lumen ORDER BY received_on, payment_id;

\echo '5. THE SAME NEWS TWICE'
\echo
\echo 'The bank''s program is restarted and reports that last transfer again, under the same external id.'
\echo 'It gets the payment that is there; nothing is booked twice.'
\echo
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :alba, amount => 'EUR 2499.00',
           received_on => '2026-03-04', external_id => 'bank-0304-17',
           remittance => '[{"number": "INV-2026-000005"}, {"number": "INV-2026-000006", "amount": 714}]')
       = :remitted AS "the same payment",
       (SELECT count(*) FROM ar.payment WHERE ledger_id = :lumen) AS "payments in the book";
\echo 'With another amount under that id, it must be a mistake:'
\echo
\set ON_ERROR_STOP off
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :alba, amount => 'EUR 2500.00',
    received_on => '2026-03-04', external_id => 'bank-0304-17');
\set seen :seen :SQLSTATE
\set ON_ERROR_STOP on
\echo

\echo '6. MISTAKES ARE UNDONE, NEVER ERASED'
\echo
\echo 'Brio pays 714 euros for its second invoice; a clerk applies them to the first.'
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :brio, amount => 'EUR 714.00',
    received_on => '2026-03-06', apply => 'none') AS brio_payment \gset
SELECT p.item_id AS credit, wrong.item_id AS wrong_debit, meant.item_id AS right_debit
FROM ar.item AS p, ar.report_open_item AS wrong, ar.report_open_item AS meant
WHERE p.ledger_id = :lumen AND p.payment_id = :brio_payment
  AND wrong.ledger_id = :lumen AND wrong.number = 'INV-2026-000002'
  AND meant.ledger_id = :lumen AND meant.number = 'INV-2026-000007' \gset
SELECT ar.apply(ledger_id => :lumen, credit_item_id => :credit, debit_item_id => :wrong_debit) AS mistake \gset
\echo 'On the 9th she sees it, undoes it, and applies the payment as it was meant.'
SELECT ar.unapply(ledger_id => :lumen, application_id => :mistake, applied_on => '2026-03-09') AS undone \gset
SELECT ar.apply(ledger_id => :lumen, credit_item_id => :credit, debit_item_id => :right_debit) AS meant \gset
\echo
SELECT applied_on, credit_kind AS credit, debit_number AS "applied to", amount,
       CASE WHEN reverses_id IS NOT NULL THEN 'undoes the one above' ELSE '' END AS note
FROM ar.report_application WHERE ledger_id = :lumen AND customer = 'BRIO' ORDER BY application_id;

\echo '7. CREDIT MEMO AND WRITE-OFF'
\echo
\echo 'A spotlight arrived broken: Alba gets a credit memo over 47.60 euros for its invoice 6.'
SELECT invoice_id AS spotlights FROM ar.invoice WHERE ledger_id = :lumen AND number = 'INV-2026-000006' \gset
SELECT ar.create_credit_memo(ledger_id => :lumen, invoice_id => :spotlights, amount => 47.60,
    invoiced_on => '2026-03-10', reason => 'one spotlight broken') AS memo \gset
\echo 'Eden buys once more, for 53 euros; its 43 are applied by hand, the last 10 are written off.'
SELECT ar.create_invoice(ledger_id => :lumen, customer_id => :eden, invoiced_on => '2026-02-25',
    due_on => '2026-03-11', lines => '[{"description": "Spare bulbs", "unit_price": 53}]') AS bulbs \gset
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, reason)
VALUES (:lumen, :eden, 'write_off', 'EUR -10.00', '2026-03-27', 'too small to pursue')
RETURNING adjustment_id AS write_off \gset
-- Straight into the table, both at once.
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT :lumen, credit.item_id, debit.item_id, -credit.open, greatest(credit.issued_on, debit.issued_on)
FROM ar.item AS credit
JOIN ar.item AS debit ON debit.ledger_id = credit.ledger_id AND debit.customer_id = credit.customer_id
JOIN ar.invoice AS v ON v.ledger_id = debit.ledger_id AND v.invoice_id = debit.invoice_id
WHERE credit.ledger_id = :lumen AND credit.closed_on IS NULL AND debit.closed_on IS NULL
  AND (credit.adjustment_id = :write_off OR credit.payment_id = :too_much)
  AND v.number = 'INV-2026-000009';
\echo
SELECT number, customer, invoiced_on, due_on, total, open, status, closed_on
FROM ar.report_invoice WHERE ledger_id = :lumen ORDER BY number;

\echo '8. WHAT IS POSTED STAYS'
\echo
\echo 'Can a payment be made larger afterwards, an invoice deleted, a balance set to what one likes?'
\echo
\set ON_ERROR_STOP off
UPDATE ar.payment SET amount = 'EUR 9999.00' WHERE ledger_id = :lumen AND payment_id = :exact;
\set seen :seen :SQLSTATE
DELETE FROM ar.invoice WHERE ledger_id = :lumen AND number = 'INV-2026-000002';
\set seen :seen :SQLSTATE
UPDATE ar.customer_balance SET open_debits = 'EUR 0.00' WHERE ledger_id = :lumen;
\set seen :seen :SQLSTATE
\set ON_ERROR_STOP on
\echo

\echo '9. WHO OWES WHAT, ON ANY DAY'
\echo
\echo 'At the end of the quarter, 31 March 2026:'
\echo
SELECT customer_code AS customer, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance
FROM ar.aging(ledger_id => :lumen, as_of => '2026-03-31');
\echo 'And all customers together, on three days. What came later is rolled back; nothing was stored for it.'
\echo
SELECT day AS as_of, sum(not_due) AS not_due, sum(days_1_30) AS days_1_30, sum(days_31_60) AS days_31_60,
       sum(days_61_90) AS days_61_90, sum(days_91_plus) AS days_91_plus, sum(unapplied) AS unapplied,
       sum(balance) AS balance
FROM unnest('{2026-01-31,2026-02-28,2026-04-15}'::date[]) AS day,
     LATERAL ar.aging(ledger_id => :lumen, as_of => day)
GROUP BY day ORDER BY day;
\echo 'Every item behind the figures of 31 March:'
\echo
SELECT c.code AS customer, a.number, a.kind, a.due_on, a.days_past_due AS days, a.bucket, a.amount, a.open
FROM ar.aging_detail(ledger_id => :lumen, as_of => '2026-03-31') AS a
JOIN ar.customer AS c ON c.ledger_id = :lumen AND c.customer_id = a.customer_id
ORDER BY c.code, a.due_on;

\echo '10. NEWS OF YESTERDAY'
\echo
\echo 'In April a cheque turns up that Claro had handed in on 30 March: 5 000 euros towards invoice 3.'
SELECT clock_timestamp() AS reported \gset
SELECT ar.record_payment(ledger_id => :lumen, customer_id => :claro, amount => 'EUR 5000.00',
    received_on => '2026-03-30', method => 'cheque', reference => 'INV-2026-000003') AS late \gset
\echo 'It belongs to March, so March changes. What was reported before can still be asked for.'
\echo
SELECT 'as it is known now' AS "Claro on 31 March", days_1_30, balance
FROM ar.aging(ledger_id => :lumen, as_of => '2026-03-31', for_customer_id => :claro)
UNION ALL
SELECT 'as it was reported', days_1_30, balance
FROM ar.aging(ledger_id => :lumen, as_of => '2026-03-31', known_at => :'reported', for_customer_id => :claro)
ORDER BY 2;
\echo 'Alba''s account, as it would stand on a statement:'
\echo
SELECT i.issued_on AS day, i.kind, coalesce(v.number, j.number, p.external_id, p.reference) AS number,
       ar.amount(i.amount) AS amount,
       ar.amount(ar.sum(i.amount) OVER (ORDER BY i.issued_on, i.item_id)) AS balance
FROM ar.item AS i
LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
LEFT JOIN ar.payment AS p ON p.ledger_id = i.ledger_id AND p.payment_id = i.payment_id
LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
WHERE i.ledger_id = :lumen AND i.customer_id = :alba ORDER BY i.issued_on, i.item_id;

\echo '11. AN ORDER, A HOLD, AND AN INVOICE FOR THE MAIL'
\echo
\echo 'From April on, what is over a limit is not refused but held for the credit manager. Brio orders for'
\echo '3 000, which counts against its limit at once, and then buys for 2 500 more.'
\echo
INSERT INTO ar.credit_policy (ledger_id, on_breach) VALUES (:lumen, 'hold');
SELECT ar.reserve_credit(ledger_id => :lumen, customer_id => :brio, amount => 'EUR 3000.00', order_reference => 'SO-17') AS reserved \gset
SELECT ar.create_invoice(ledger_id => :lumen, customer_id => :brio, invoiced_on => '2026-04-16',
    lines => '[{"description": "Ceiling lights", "quantity": 25, "unit_price": 100}]') AS held \gset
SELECT v.status, h.detail AS "why it is held" FROM ar.invoice AS v, ar.report_credit_hold AS h
WHERE v.ledger_id = :lumen AND v.invoice_id = :held AND h.ledger_id = v.ledger_id AND h.invoice_id = v.invoice_id;
\echo 'The credit manager lets it pass, and says why. Now it has a number, and a reference that banks can check.'
\echo
SELECT ar.release_hold(ledger_id => :lumen, invoice_id => :held, reason => 'the parent company vouches') AS posted \gset
SELECT number, status, total, payment_reference FROM ar.invoice WHERE ledger_id = :lumen AND invoice_id = :held;
\echo 'To go out as an e-invoice it lacks something. All of it is said at once:'
\echo
\set ON_ERROR_STOP off
SELECT ar.invoice_ubl(ledger_id => :lumen, invoice_id => :held);
\set ON_ERROR_STOP on
\set seen :seen:SQLSTATE
\echo
\echo '12. THE BANK''S FILE'
\echo
\echo 'One euro may be missing, says Lumen from now on. Then the bank''s statement of 20 April comes in, a file of MT940.'
\echo
INSERT INTO ar.cash_policy (ledger_id, tolerance) VALUES (:lumen, 'EUR 1.00');
\set file ':20:STARTSUMME\n:25:10020030/1234567\n:28C:00077/001\n:60F:C260419EUR10000,00\n'
\set file :file ':61:2604200420C1904,00NTRFNONREF//B4711-1\n:86:166?00GUTSCHRIFT?20RG. 2026-6 UND 2026/8?32ALBA HOTELS AG\n'
\set file :file ':61:2604200420C2500,00NTRFNONREF//B4711-2\n:86:166?00GUTSCHRIFT?20INV2O26 OOO010?32BRIO CAFES\n'
\set file :file ':61:2604200420C3329,00NTRFNONREF//B4711-3\n:86:166?00GUTSCHRIFT?20INV-2026-000003 REST?32CLARO CINEMAS LTD\n'
\set file :file ':61:2604200420C500,00NTRFNONREF//B4711-4\n:86:166?00GUTSCHRIFT?20THANK YOU?31DE89370400440532013000?32BRIO CAFES\n'
\set file :file ':61:2604200420D12,50NCHGNONREF//B4711-5\n:86:808?00ENTGELT?20KONTOFUEHRUNG\n:62F:C260420EUR18220,50\n-\n'
SELECT statement_reference AS statement, opening, entries, credit_total, debit_total, closing, mismatch, new_lines
FROM ar.import_bank_statement(ledger_id => :lumen, content => decode(:'file', 'escape'), format => 'auto');
\echo 'Each line of money that came in is a payment now, of nobody yet. Who paid, and what for?'
\echo
SELECT b.payer_name, b.text, b.amount, a.outcome, a.found_by, a.confidence AS sure
FROM ar.auto_apply(ledger_id => :lumen) AS a JOIN ar.report_bank_line AS b ON b.ledger_id = :lumen AND b.payment_id = a.payment_id
ORDER BY b.bank_line_id;
\echo 'Lost prefixes, a slip of the eyes, a euro short: found. A name alone is not enough: that one is for a clerk to say.'
\echo
SELECT suggestion_id AS suggestion FROM ar.match_suggestion WHERE ledger_id = :lumen AND status = 'open' AND kind = 'payer' \gset
SELECT customer_id = :brio AS "is it Brio?", confidence, explanation FROM ar.match_suggestion WHERE ledger_id = :lumen AND suggestion_id = :suggestion;
SELECT ar.accept_suggestion(ledger_id => :lumen, suggestion_id => :suggestion, reason => 'a call to Brio') AS accepted \gset
SELECT a.outcome, a.found_by, a.applied, a.unapplied
FROM ar.report_bank_line AS b, ar.auto_apply(ledger_id => :lumen, payment_ids => ARRAY[b.payment_id], rule => 'oldest') AS a
WHERE b.ledger_id = :lumen AND b.text = 'THANK YOU';
\echo 'The same file again changes nothing. What still waits of it:'
\echo
SELECT count(*) AS payments FROM ar.payment WHERE ledger_id = :lumen \gset
SELECT f.is_new AS "is it new?", (SELECT count(*) FROM ar.payment WHERE ledger_id = :lumen) - :payments AS "payments made"
FROM ar.import_bank_statement(ledger_id => :lumen, content => decode(:'file', 'escape')) AS f;
SELECT text, amount, state, explanation FROM ar.unmatched_bank_line WHERE ledger_id = :lumen ORDER BY bank_line_id;
\echo 'On the 24th Claro''s bank recalls its 3 329 euros. The invoice is open again since its own due date, the forgiven euro too.'
\echo
SELECT ar.reverse_payment(ledger_id => :lumen, payment_id => b.payment_id, kind => 'returned', reversed_on => '2026-04-24', fee => 'EUR 8.00') AS reversed
FROM ar.report_bank_line AS b WHERE b.ledger_id = :lumen AND b.text = 'INV-2026-000003 REST' \gset
SELECT kind, number, issued_on, due_on, days_past_due AS days, open
FROM ar.aging_detail(ledger_id => :lumen, as_of => '2026-04-30', for_customer_id => :claro);
\echo '13. OVERDUE, AND WRITTEN TO POLITELY'
\echo
\echo 'Who is late gets a letter after 7, 21 and 35 days, says Lumen, one for all that is due. Each is proposed before it is sent.'
\echo
SELECT ar.set_dunning_preset(ledger_id => :lumen) AS policy \gset
INSERT INTO ar.contact (ledger_id, customer_id, name, channel, address)
VALUES (:lumen, :brio, 'Bruna Brio', 'email', 'bruna@brio.example'), (:lumen, :claro, 'Carl Claro', 'email', 'carl@claro.example');
SELECT customer_code AS customer, level, items, amount, currency, status FROM ar.run_dunning(ledger_id => :lumen, as_of => '2026-04-30');
\echo 'What Brio paid ahead is not asked for again. Claro calls: it will pay on 8 May. Who has promised is left in peace.'
\echo
SELECT ar.promise_to_pay(ledger_id => :lumen, customer_id => :claro, amount => 'EUR 3338.00', due_on => '2026-05-08', made_on => '2026-04-30') AS promise \gset
SELECT level, amount, error FROM ar.confirm_dunning(ledger_id => :lumen, confirmed_on => '2026-04-30');
\echo 'So one letter waits to be sent, and a sender takes it out of the box:'
\echo
SELECT message_id AS letter, address, subject, body FROM ar.claim_outbox(ledger_id => :lumen) \gset
\echo To :address: :subject
\echo
\echo :body
SELECT ar.mark_sent(ledger_id => :lumen, message_id => :letter) AS sent \gset
\echo 'The 8th comes and goes. Promises are judged at night, and the case is first on the list of whom to call, with the reasons:'
\echo
SELECT status FROM ar.judge_promises(ledger_id => :lumen, as_of => '2026-05-12');
SELECT count(*) AS cases FROM ar.refresh_cases(ledger_id => :lumen, as_of => '2026-05-12') \gset
SELECT place, customer_code AS customer, overdue, oldest_days AS days, score, overdue_points, days_points, risk_points, broken_promise_points AS promise_points,
       next_step
FROM ar.worklist(:lumen, '2026-05-12');
\echo '14. DO THE BOOKS AGREE?'
\echo
\echo 'Every balance, open amount, status and number is worked out anew from the facts and compared.'
\echo 'Each violation would be a row here:'
\echo
SELECT check_name, table_name, row_id, detail FROM ar.verify(ledger_id => :lumen);
SELECT c.code AS customer, ar.amount(b.open_debits) AS owes, ar.amount(b.open_credits) AS "paid ahead",
       ar.amount(c.credit_limit) AS credit_limit
FROM ar.customer_balance AS b JOIN ar.customer AS c USING (ledger_id, customer_id)
WHERE b.ledger_id = :lumen ORDER BY c.code;

SELECT :'seen' = 'RA001RA006RA003RA003RA00323514' AND NOT EXISTS (SELECT FROM ar.verify()) AS went_as_told \gset
\if :went_as_told
\echo 'That was the quarter: every refusal came, and the books agree.'
\else
DO 'BEGIN RAISE EXCEPTION ''the tour did not go as it is told''; END';
\endif
