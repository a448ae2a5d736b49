-- report: bank lines and what became of them.

CREATE VIEW ar.report_bank_line WITH (security_invoker = true) AS
SELECT g.code AS ledger, a.account, s.reference AS statement_reference, s.kind AS statement_kind, l.booked_on, l.value_on,
       ar.currency(l.amount) AS currency, ar.amount(l.amount) AS amount,
       CASE
           WHEN l.duplicate_of IS NOT NULL THEN 'duplicate'
           WHEN NOT l.is_booked THEN 'announced'
           WHEN l.ignored_reason IS NOT NULL THEN 'ignored'
           WHEN ar.sign(l.amount) <= 0 THEN
               CASE WHEN l.payment_id IS NOT NULL THEN 'accepted'
                    ELSE ar.bank_debit_kind(l.transaction_code, l.return_reason, l.is_reversal, concat_ws(' ', l."text", l.original ->> 'booking_text')) END
           WHEN l.payment_id IS NULL THEN 'waiting'
           WHEN EXISTS (SELECT FROM ar.payment_reversal AS v WHERE v.ledger_id = l.ledger_id AND v.payment_id = l.payment_id) THEN 'reversed'
           WHEN i.closed_on IS NOT NULL THEN 'matched'
           WHEN q.suggestions > 0 THEN 'suggested'
           WHEN i.item_id IS NULL THEN 'unidentified'
           WHEN i.open > i.amount THEN 'partly_matched'
           ELSE 'on_account' END AS state,
       c.code AS customer, -ar.amount(i.open) AS unapplied, coalesce(q.suggestions, 0) AS suggestions,
       l.payer_name, l.payer_account, l.end_to_end_reference, l.structured_reference, l.mandate_reference, l.cheque_number,
       l.transaction_code, l.return_reason, l."text", l.ignored_reason,
       l.ledger_id, l.bank_line_id, l.bank_statement_id, l.payment_id, i.customer_id, l.duplicate_of
FROM ar.bank_line AS l
JOIN ar.ledger AS g ON g.ledger_id = l.ledger_id
JOIN ar.bank_statement AS s ON s.ledger_id = l.ledger_id AND s.bank_statement_id = l.bank_statement_id
JOIN ar.bank_account AS a ON a.ledger_id = l.ledger_id AND a.bank_account_id = l.bank_account_id
LEFT JOIN ar.item AS i ON i.ledger_id = l.ledger_id AND i.payment_id = l.payment_id
LEFT JOIN ar.customer AS c ON c.ledger_id = i.ledger_id AND c.customer_id = i.customer_id
LEFT JOIN LATERAL (
    SELECT count(*) AS suggestions
    FROM ar.match_suggestion AS m
    WHERE m.ledger_id = l.ledger_id AND m.status = 'open' AND (m.payment_id = l.payment_id OR m.credit_item_id = i.item_id)) AS q
    ON l.payment_id IS NOT NULL;
COMMENT ON VIEW ar.report_bank_line IS 'A row is one line of a bank statement, with what became of it.';
COMMENT ON COLUMN ar.report_bank_line.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_bank_line.account IS 'Number of the bank account.';
COMMENT ON COLUMN ar.report_bank_line.statement_reference IS 'What the bank calls the statement.';
COMMENT ON COLUMN ar.report_bank_line.statement_kind IS 'statement, notification, intraday or lockbox.';
COMMENT ON COLUMN ar.report_bank_line.booked_on IS 'Date of booking.';
COMMENT ON COLUMN ar.report_bank_line.value_on IS 'Value date.';
COMMENT ON COLUMN ar.report_bank_line.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_bank_line.amount IS 'Money in above zero, money out below.';
COMMENT ON COLUMN ar.report_bank_line.state IS 'Of a credit: waiting (no payment yet), unidentified, suggested, on_account (nothing of it applied), partly_matched, matched, reversed (its payment was taken back). Of a debit: return, fee, refund, other, or accepted. Of both: ignored, duplicate (an earlier file told it), announced (not booked yet).';
COMMENT ON COLUMN ar.report_bank_line.customer IS 'Code of the customer whose payment it is.';
COMMENT ON COLUMN ar.report_bank_line.unapplied IS 'What of the payment is not applied.';
COMMENT ON COLUMN ar.report_bank_line.suggestions IS 'How many suggestions are open for it.';
COMMENT ON COLUMN ar.report_bank_line.payer_name IS 'Who is on the other side.';
COMMENT ON COLUMN ar.report_bank_line.payer_account IS 'His account.';
COMMENT ON COLUMN ar.report_bank_line.end_to_end_reference IS 'Reference that the payer gave the payment.';
COMMENT ON COLUMN ar.report_bank_line.structured_reference IS 'Reference of the creditor.';
COMMENT ON COLUMN ar.report_bank_line.mandate_reference IS 'Reference of the mandate.';
COMMENT ON COLUMN ar.report_bank_line.cheque_number IS 'Number of the cheque.';
COMMENT ON COLUMN ar.report_bank_line.transaction_code IS 'What kind of transaction it is.';
COMMENT ON COLUMN ar.report_bank_line.return_reason IS 'Why it came back.';
COMMENT ON COLUMN ar.report_bank_line."text" IS 'What the payer wrote.';
COMMENT ON COLUMN ar.report_bank_line.ignored_reason IS 'Why it is ignored.';
COMMENT ON COLUMN ar.report_bank_line.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_bank_line.bank_line_id IS 'Id of the line.';
COMMENT ON COLUMN ar.report_bank_line.bank_statement_id IS 'Id of the statement.';
COMMENT ON COLUMN ar.report_bank_line.payment_id IS 'Id of the payment: that it became, or took back.';
COMMENT ON COLUMN ar.report_bank_line.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_bank_line.duplicate_of IS 'Id of the line that it tells again.';

CREATE VIEW ar.unmatched_bank_line WITH (security_invoker = true) AS
SELECT r.ledger, r.account, r.statement_reference, r.booked_on, r.value_on, r.currency, r.amount, r.state, r.customer, r.unapplied,
       r.suggestions, o.payment_id AS offered_payment_id,
       coalesce(o.explanation, (SELECT m.explanation FROM ar.match_suggestion AS m
           WHERE m.ledger_id = r.ledger_id AND m.status = 'open'
             AND (m.payment_id = r.payment_id OR m.credit_item_id = (SELECT i.item_id FROM ar.item AS i
                  WHERE i.ledger_id = r.ledger_id AND i.payment_id = r.payment_id))
           ORDER BY m.confidence DESC, m.suggestion_id LIMIT 1)) AS explanation,
       r.payer_name, r.payer_account, r.end_to_end_reference, r.structured_reference, r."text",
       r.ledger_id, r.bank_line_id, r.payment_id, r.customer_id
FROM ar.report_bank_line AS r
LEFT JOIN LATERAL ar.classify_bank_debits(r.ledger_id, ARRAY[r.bank_line_id]) AS o ON r.amount < 0
WHERE r.state IN ('waiting', 'unidentified', 'suggested', 'on_account', 'partly_matched', 'return', 'fee', 'refund', 'other');
COMMENT ON VIEW ar.unmatched_bank_line IS 'A row is one line of a bank statement that waits for somebody: money that is not all applied, and money that left the account.';
COMMENT ON COLUMN ar.unmatched_bank_line.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.unmatched_bank_line.account IS 'Number of the bank account.';
COMMENT ON COLUMN ar.unmatched_bank_line.statement_reference IS 'What the bank calls the statement.';
COMMENT ON COLUMN ar.unmatched_bank_line.booked_on IS 'Date of booking.';
COMMENT ON COLUMN ar.unmatched_bank_line.value_on IS 'Value date.';
COMMENT ON COLUMN ar.unmatched_bank_line.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.unmatched_bank_line.amount IS 'Money in above zero, money out below.';
COMMENT ON COLUMN ar.unmatched_bank_line.state IS 'waiting, unidentified, suggested, on_account or partly_matched; of a debit return, fee, refund or other.';
COMMENT ON COLUMN ar.unmatched_bank_line.customer IS 'Code of the customer, where he is known.';
COMMENT ON COLUMN ar.unmatched_bank_line.unapplied IS 'What of the payment is not applied.';
COMMENT ON COLUMN ar.unmatched_bank_line.suggestions IS 'How many suggestions are open for it.';
COMMENT ON COLUMN ar.unmatched_bank_line.offered_payment_id IS 'Of a return: the payment it takes back; ar.accept_bank_return() reverses it.';
COMMENT ON COLUMN ar.unmatched_bank_line.explanation IS 'What was found out, in a sentence: of a debit, or of the best suggestion.';
COMMENT ON COLUMN ar.unmatched_bank_line.payer_name IS 'Who is on the other side.';
COMMENT ON COLUMN ar.unmatched_bank_line.payer_account IS 'His account.';
COMMENT ON COLUMN ar.unmatched_bank_line.end_to_end_reference IS 'Reference that the payer gave the payment.';
COMMENT ON COLUMN ar.unmatched_bank_line.structured_reference IS 'Reference of the creditor.';
COMMENT ON COLUMN ar.unmatched_bank_line."text" IS 'What the payer wrote.';
COMMENT ON COLUMN ar.unmatched_bank_line.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.unmatched_bank_line.bank_line_id IS 'Id of the line.';
COMMENT ON COLUMN ar.unmatched_bank_line.payment_id IS 'Id of the payment, once it is one.';
COMMENT ON COLUMN ar.unmatched_bank_line.customer_id IS 'Id of the customer, where he is known.';
