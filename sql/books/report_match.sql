-- report: suggestions as people and BI tools read them.

CREATE VIEW ar.report_match_suggestion WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, s.kind, s.rule, s.confidence, s.explanation,
       s.status, coalesce(p.received_on, i.issued_on) AS received_on, coalesce(p.reference, m.number) AS reference, p.payer_name,
       coalesce(ar.currency(i.open), ar.currency(p.amount)) AS currency,
       coalesce(-ar.amount(i.open), ar.amount(p.amount)) AS unapplied,
       (SELECT string_agg(format('%s %s', coalesce(v.number, j.number, n.item_id::text), n.amount), ', ' ORDER BY n.place)
        FROM ROWS FROM (jsonb_to_recordset(s.lines) AS (item_id bigint, amount numeric)) WITH ORDINALITY AS n(item_id, amount, place)
        JOIN ar.item AS d ON d.ledger_id = s.ledger_id AND d.item_id = n.item_id
        LEFT JOIN ar.invoice AS v ON v.ledger_id = d.ledger_id AND v.invoice_id = d.invoice_id
        LEFT JOIN ar.adjustment AS j ON j.ledger_id = d.ledger_id AND j.adjustment_id = d.adjustment_id) AS would_pay,
       s.suggested_at, s.decided_by, s.decided_at, s.decision_reason,
       s.ledger_id, s.customer_id, s.payment_id, s.credit_item_id, s.suggestion_id
FROM ar.match_suggestion AS s
JOIN ar.ledger AS l ON l.ledger_id = s.ledger_id
JOIN ar.customer AS c ON c.ledger_id = s.ledger_id AND c.customer_id = s.customer_id
LEFT JOIN ar.payment AS p ON p.ledger_id = s.ledger_id AND p.payment_id = s.payment_id
LEFT JOIN ar.item AS i ON i.ledger_id = s.ledger_id AND i.item_id = s.credit_item_id
LEFT JOIN ar.invoice AS m ON m.ledger_id = i.ledger_id AND m.invoice_id = i.invoice_id;
COMMENT ON VIEW ar.report_match_suggestion IS 'A row is one suggestion: whose a payment may be, or what a credit may be for. Those of status open wait for somebody.';
COMMENT ON COLUMN ar.report_match_suggestion.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_match_suggestion.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_match_suggestion.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_match_suggestion.kind IS 'payer: whose the payment is; application: what the credit is for.';
COMMENT ON COLUMN ar.report_match_suggestion.rule IS 'The rule that found it.';
COMMENT ON COLUMN ar.report_match_suggestion.confidence IS 'How sure the rule is, from 0 to 1.';
COMMENT ON COLUMN ar.report_match_suggestion.explanation IS 'Why, in a sentence.';
COMMENT ON COLUMN ar.report_match_suggestion.status IS 'open, accepted, rejected or superseded.';
COMMENT ON COLUMN ar.report_match_suggestion.received_on IS 'When the money came in, or the memo was issued.';
COMMENT ON COLUMN ar.report_match_suggestion.reference IS 'What the payer wrote, or the number of the memo.';
COMMENT ON COLUMN ar.report_match_suggestion.payer_name IS 'Who paid, as the bank says.';
COMMENT ON COLUMN ar.report_match_suggestion.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_match_suggestion.unapplied IS 'What of the credit is not applied yet.';
COMMENT ON COLUMN ar.report_match_suggestion.would_pay IS 'What it would be applied to: numbers and amounts; NULL: nothing.';
COMMENT ON COLUMN ar.report_match_suggestion.suggested_at IS 'When it was suggested.';
COMMENT ON COLUMN ar.report_match_suggestion.decided_by IS 'Who decided.';
COMMENT ON COLUMN ar.report_match_suggestion.decided_at IS 'When.';
COMMENT ON COLUMN ar.report_match_suggestion.decision_reason IS 'Why he decided so.';
COMMENT ON COLUMN ar.report_match_suggestion.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_match_suggestion.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_match_suggestion.payment_id IS 'Id of the payment; NULL: it is a memo.';
COMMENT ON COLUMN ar.report_match_suggestion.credit_item_id IS 'Id of the credit item; NULL: the payment has none yet.';
COMMENT ON COLUMN ar.report_match_suggestion.suggestion_id IS 'Id of the suggestion.';
