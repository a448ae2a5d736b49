-- report: disputes, promises, charges and write-offs, in plain numeric, text and date columns.

CREATE VIEW ar.report_dispute WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, d.reason_code, r.name AS reason, d.description, d.reference,
       s.numbers, s.currency, s.amount, s.disputed, s.credited, d.assigned_to, d.opened_on, d.due_on,
       d.resolved_on - d.opened_on AS days_to_resolve, coalesce(d.outcome, 'open') AS outcome, d.resolution, d.resolved_on, n.notes,
       d.opened_by, d.resolved_by, d.ledger_id, d.customer_id, d.dispute_id
FROM ar.dispute AS d
JOIN ar.ledger AS l ON l.ledger_id = d.ledger_id
JOIN ar.customer AS c ON c.ledger_id = d.ledger_id AND c.customer_id = d.customer_id
JOIN ar.dispute_reason AS r ON r.ledger_id = d.ledger_id AND r.reason_code = d.reason_code
CROSS JOIN LATERAL (
    SELECT string_agg(DISTINCT coalesce(v.number, j.number), ', ') AS numbers, min(ar.currency(x.amount)) AS currency,
           sum(ar.amount(x.amount)) AS amount, coalesce(sum(ar.amount(x.credited)), 0) AS credited,
           CASE WHEN d.outcome IS NULL THEN sum(ar.amount(least(x.amount, i.open))) ELSE 0 END AS disputed
    FROM ar.dispute_item AS x
    JOIN ar.item AS i ON i.ledger_id = x.ledger_id AND i.item_id = x.item_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
    WHERE x.ledger_id = d.ledger_id AND x.dispute_id = d.dispute_id) AS s
CROSS JOIN LATERAL (
    SELECT count(*) AS notes FROM ar.dispute_note AS n WHERE n.ledger_id = d.ledger_id AND n.dispute_id = d.dispute_id) AS n;
COMMENT ON VIEW ar.report_dispute IS 'A row is one dispute.';
COMMENT ON COLUMN ar.report_dispute.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_dispute.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_dispute.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_dispute.reason_code IS 'Why, as a code.';
COMMENT ON COLUMN ar.report_dispute.reason IS 'Why, as people call it.';
COMMENT ON COLUMN ar.report_dispute.description IS 'What the customer says.';
COMMENT ON COLUMN ar.report_dispute.reference IS 'How the customer calls it.';
COMMENT ON COLUMN ar.report_dispute.numbers IS 'Numbers of the invoices and charges it is about.';
COMMENT ON COLUMN ar.report_dispute.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_dispute.amount IS 'What was disputed when it was opened.';
COMMENT ON COLUMN ar.report_dispute.disputed IS 'What of that is open still; 0 when resolved.';
COMMENT ON COLUMN ar.report_dispute.credited IS 'What was credited when it was resolved.';
COMMENT ON COLUMN ar.report_dispute.assigned_to IS 'Who has to resolve it.';
COMMENT ON COLUMN ar.report_dispute.opened_on IS 'First day from which it counts.';
COMMENT ON COLUMN ar.report_dispute.due_on IS 'Day by which it should be resolved.';
COMMENT ON COLUMN ar.report_dispute.days_to_resolve IS 'Days from opening to resolution; NULL while open.';
COMMENT ON COLUMN ar.report_dispute.outcome IS 'open, credited, compromised or rejected.';
COMMENT ON COLUMN ar.report_dispute.resolution IS 'Why it was resolved so.';
COMMENT ON COLUMN ar.report_dispute.resolved_on IS 'First day from which it counts no more.';
COMMENT ON COLUMN ar.report_dispute.notes IS 'How many notes there are.';
COMMENT ON COLUMN ar.report_dispute.opened_by IS 'Who recorded it.';
COMMENT ON COLUMN ar.report_dispute.resolved_by IS 'Who resolved it.';
COMMENT ON COLUMN ar.report_dispute.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_dispute.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_dispute.dispute_id IS 'Id of the dispute.';

CREATE VIEW ar.report_promise WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, s.numbers, ar.currency(p.amount) AS currency,
       ar.amount(p.amount) AS amount, p.made_on, p.due_on, p.due_on + p.grace_days AS last_day, p.status, ar.amount(p.paid) AS paid,
       p.judged_on, p.reason, p.note, p.recorded_by, p.ledger_id, p.customer_id, p.promise_id
FROM ar.promise AS p
JOIN ar.ledger AS l ON l.ledger_id = p.ledger_id
JOIN ar.customer AS c ON c.ledger_id = p.ledger_id AND c.customer_id = p.customer_id
CROSS JOIN LATERAL (
    SELECT string_agg(DISTINCT coalesce(v.number, j.number), ', ') AS numbers
    FROM ar.promise_item AS n
    JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
    WHERE n.ledger_id = p.ledger_id AND n.promise_id = p.promise_id) AS s;
COMMENT ON VIEW ar.report_promise IS 'A row is one promise to pay.';
COMMENT ON COLUMN ar.report_promise.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_promise.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_promise.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_promise.numbers IS 'Numbers of the invoices and charges it is for.';
COMMENT ON COLUMN ar.report_promise.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_promise.amount IS 'What was promised.';
COMMENT ON COLUMN ar.report_promise.made_on IS 'Day on which it was promised.';
COMMENT ON COLUMN ar.report_promise.due_on IS 'Day by which it was promised.';
COMMENT ON COLUMN ar.report_promise.last_day IS 'That day and the grace.';
COMMENT ON COLUMN ar.report_promise.status IS 'open, kept, partly_kept, broken or cancelled.';
COMMENT ON COLUMN ar.report_promise.paid IS 'What was paid in time; NULL while open, or cancelled.';
COMMENT ON COLUMN ar.report_promise.judged_on IS 'Day as of which it was judged or cancelled.';
COMMENT ON COLUMN ar.report_promise.reason IS 'Why it was cancelled.';
COMMENT ON COLUMN ar.report_promise.note IS 'What was said.';
COMMENT ON COLUMN ar.report_promise.recorded_by IS 'Who took it.';
COMMENT ON COLUMN ar.report_promise.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_promise.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_promise.promise_id IS 'Id of the promise.';

CREATE VIEW ar.report_write_off WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, v.number, v.status::text AS invoice_status, j.reason_code, j.reason,
       coalesce(r.is_still_owed, true) AND u.adjustment_id IS NULL AS is_still_owed, ar.currency(j.amount) AS currency, -ar.amount(j.amount) AS amount,
       j.adjusted_on AS written_off_on, u.adjusted_on AS recovered_on, w.written_off_by, j.ledger_id, j.customer_id, j.invoice_id, j.adjustment_id
FROM ar.adjustment AS j
JOIN ar.ledger AS l ON l.ledger_id = j.ledger_id
JOIN ar.customer AS c ON c.ledger_id = j.ledger_id AND c.customer_id = j.customer_id
LEFT JOIN ar.invoice AS v ON v.ledger_id = j.ledger_id AND v.invoice_id = j.invoice_id
LEFT JOIN ar.write_off_reason AS r ON r.ledger_id = j.ledger_id AND r.reason_code = j.reason_code
LEFT JOIN ar.write_off AS w ON w.ledger_id = j.ledger_id AND w.adjustment_id = j.adjustment_id
LEFT JOIN ar.adjustment AS u ON u.ledger_id = j.ledger_id AND u.reverses_id = j.adjustment_id
WHERE j.kind = 'write_off' AND j.reverses_id IS NULL;
COMMENT ON VIEW ar.report_write_off IS 'A row is one write-off, recovered or not.';
COMMENT ON COLUMN ar.report_write_off.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_write_off.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_write_off.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_write_off.number IS 'Number of the invoice, if it concerns one.';
COMMENT ON COLUMN ar.report_write_off.invoice_status IS 'Status of the invoice now.';
COMMENT ON COLUMN ar.report_write_off.reason_code IS 'Why, as a code.';
COMMENT ON COLUMN ar.report_write_off.reason IS 'Why, in words.';
COMMENT ON COLUMN ar.report_write_off.is_still_owed IS 'Whether it is written off and may still be collected by law.';
COMMENT ON COLUMN ar.report_write_off.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN ar.report_write_off.amount IS 'What was written off.';
COMMENT ON COLUMN ar.report_write_off.written_off_on IS 'Accounting date.';
COMMENT ON COLUMN ar.report_write_off.recovered_on IS 'Date on which it was taken back; NULL: it was not.';
COMMENT ON COLUMN ar.report_write_off.written_off_by IS 'Who did it; NULL: straight to the table.';
COMMENT ON COLUMN ar.report_write_off.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_write_off.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_write_off.invoice_id IS 'Id of the invoice.';
COMMENT ON COLUMN ar.report_write_off.adjustment_id IS 'Id of the write-off.';
