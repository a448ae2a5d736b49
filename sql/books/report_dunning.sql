-- report: dunning, in plain numeric, text and date columns.

CREATE VIEW ar.dunning_proposal WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, n.level::integer AS level, n.currency, ar.amount(n.amount) AS amount, n.items, v.numbers,
       v.oldest_due_on, n.proposed_on - v.oldest_due_on AS days_past_due, n.proposed_on, n.reason AS problem, n.ledger_id, n.customer_id, n.notice_id, n.run_id
FROM ar.dunning_notice AS n
JOIN ar.ledger AS l ON l.ledger_id = n.ledger_id
JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
CROSS JOIN LATERAL (
    SELECT string_agg(coalesce(v.number, j.number, i.item_id::text) || ' (' || u.level || ')', ', ' ORDER BY i.due_on, i.item_id) AS numbers, min(i.due_on) AS oldest_due_on
    FROM unnest(n.item_ids, n.levels) AS u(item_id, level)
    JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = u.item_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id) AS v
WHERE n.status = 'proposed';
COMMENT ON VIEW ar.dunning_proposal IS 'A row is a letter that is proposed: to be confirmed or ignored.';
COMMENT ON COLUMN ar.dunning_proposal.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.dunning_proposal.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.dunning_proposal.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.dunning_proposal.level IS 'Level of the letter, the highest of its items; 0: a reminder before the due date.';
COMMENT ON COLUMN ar.dunning_proposal.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN ar.dunning_proposal.amount IS 'What is to be reminded of.';
COMMENT ON COLUMN ar.dunning_proposal.items IS 'How many items.';
COMMENT ON COLUMN ar.dunning_proposal.numbers IS 'Their numbers, each with its level.';
COMMENT ON COLUMN ar.dunning_proposal.oldest_due_on IS 'The earliest due date of them.';
COMMENT ON COLUMN ar.dunning_proposal.days_past_due IS 'Days from that to the proposal.';
COMMENT ON COLUMN ar.dunning_proposal.proposed_on IS 'Day for which it was proposed.';
COMMENT ON COLUMN ar.dunning_proposal.problem IS 'What kept it from being confirmed, or NULL.';
COMMENT ON COLUMN ar.dunning_proposal.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.dunning_proposal.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.dunning_proposal.notice_id IS 'Id of the notice, for ar.confirm_dunning() and ar.ignore_notices().';
COMMENT ON COLUMN ar.dunning_proposal.run_id IS 'Id of the run.';

CREATE VIEW ar.dunning_history WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, n.level::integer AS level, n.currency, ar.amount(n.amount) AS amount, n.items,
       CASE WHEN n.status = 'confirmed' THEN o.status ELSE n.status END AS status, n.decided_on, n.decided_by, n.pay_by, coalesce(n.reason, o.last_error) AS reason,
       ar.amount(n.fee) AS fee, ar.amount(n.interest) AS interest, o.channel, o.address, o.sent_at, n.ledger_id, n.customer_id, n.notice_id, n.message_id
FROM ar.dunning_notice AS n
JOIN ar.ledger AS l ON l.ledger_id = n.ledger_id
JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
LEFT JOIN ar.outbox AS o ON o.ledger_id = n.ledger_id AND o.message_id = n.message_id
WHERE n.status <> 'proposed';
COMMENT ON VIEW ar.dunning_history IS 'A row is a letter that was decided about, and how far it got.';
COMMENT ON COLUMN ar.dunning_history.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.dunning_history.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.dunning_history.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.dunning_history.level IS 'Level of the letter; 0: a reminder before the due date.';
COMMENT ON COLUMN ar.dunning_history.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.dunning_history.amount IS 'What it reminds of.';
COMMENT ON COLUMN ar.dunning_history.items IS 'How many items.';
COMMENT ON COLUMN ar.dunning_history.status IS 'ignored, withdrawn; or, of a confirmed one, the status of its message: queued, sending, sent, failed, ambiguous, cancelled.';
COMMENT ON COLUMN ar.dunning_history.decided_on IS 'Day of the letter, or on which it was ignored or withdrawn.';
COMMENT ON COLUMN ar.dunning_history.decided_by IS 'Who confirmed, ignored or withdrew it.';
COMMENT ON COLUMN ar.dunning_history.pay_by IS 'Day by which it asks to be paid.';
COMMENT ON COLUMN ar.dunning_history.reason IS 'Why it was ignored, withdrawn or cancelled, or what went wrong.';
COMMENT ON COLUMN ar.dunning_history.fee IS 'Fee that was charged for it.';
COMMENT ON COLUMN ar.dunning_history.interest IS 'Interest that it claims.';
COMMENT ON COLUMN ar.dunning_history.channel IS 'How it goes out.';
COMMENT ON COLUMN ar.dunning_history.address IS 'Where it goes.';
COMMENT ON COLUMN ar.dunning_history.sent_at IS 'When it was sent.';
COMMENT ON COLUMN ar.dunning_history.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.dunning_history.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.dunning_history.notice_id IS 'Id of the notice.';
COMMENT ON COLUMN ar.dunning_history.message_id IS 'Id of the message; NULL: there is none.';

CREATE VIEW ar.report_dunning WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, c.customer_class, coalesce(v.number, j.number) AS number, k.level::integer AS level, k.cycle, k.noticed_on,
       k.due_on, k.noticed_on - k.due_on AS days_past_due, ar.currency(k.amount) AS currency, ar.amount(k.amount) AS amount, ar.amount(i.open) AS open, i.closed_on,
       i.closed_on - k.noticed_on AS days_to_payment, k.is_skipped, k.is_counted, o.status, k.ledger_id, i.customer_id, k.item_id, k.notice_id
FROM ar.dunning_notice_item AS k
JOIN ar.dunning_notice AS n ON n.ledger_id = k.ledger_id AND n.notice_id = k.notice_id
JOIN ar.ledger AS l ON l.ledger_id = k.ledger_id
JOIN ar.item AS i ON i.ledger_id = k.ledger_id AND i.item_id = k.item_id
JOIN ar.customer AS c ON c.ledger_id = i.ledger_id AND c.customer_id = i.customer_id
JOIN ar.outbox AS o ON o.ledger_id = n.ledger_id AND o.message_id = n.message_id
LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id;
COMMENT ON VIEW ar.report_dunning IS 'A row is an item at a level of a letter: which levels are reached, and what is paid after them.';
COMMENT ON COLUMN ar.report_dunning.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_dunning.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_dunning.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_dunning.customer_class IS 'His class.';
COMMENT ON COLUMN ar.report_dunning.number IS 'Number of the invoice or charge.';
COMMENT ON COLUMN ar.report_dunning.level IS 'The level; 0: a reminder before the due date.';
COMMENT ON COLUMN ar.report_dunning.cycle IS 'How often the dunning of the item began anew, from 1.';
COMMENT ON COLUMN ar.report_dunning.noticed_on IS 'Day of the letter.';
COMMENT ON COLUMN ar.report_dunning.due_on IS 'Day from which its days were counted.';
COMMENT ON COLUMN ar.report_dunning.days_past_due IS 'Days between them.';
COMMENT ON COLUMN ar.report_dunning.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_dunning.amount IS 'What the letter says is to be paid of it.';
COMMENT ON COLUMN ar.report_dunning.open IS 'What is open of it now.';
COMMENT ON COLUMN ar.report_dunning.closed_on IS 'When nothing of it was open any more; NULL: it is.';
COMMENT ON COLUMN ar.report_dunning.days_to_payment IS 'Days from the letter to that.';
COMMENT ON COLUMN ar.report_dunning.is_skipped IS 'Whether the level was passed over without a letter of its own.';
COMMENT ON COLUMN ar.report_dunning.is_counted IS 'Whether the level counts; not if the letter was cancelled.';
COMMENT ON COLUMN ar.report_dunning.status IS 'Status of the message.';
COMMENT ON COLUMN ar.report_dunning.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_dunning.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_dunning.item_id IS 'Id of the item.';
COMMENT ON COLUMN ar.report_dunning.notice_id IS 'Id of the letter.';
