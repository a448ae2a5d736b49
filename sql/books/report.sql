-- report: views for BI tools, in plain numeric, text and date columns.

CREATE VIEW ar.report_open_item WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, i.kind,
       coalesce(v.number, j.number) AS number, i.issued_on, i.due_on,
       ar.currency(i.amount) AS currency, ar.amount(i.amount) AS amount, ar.amount(i.open) AS open,
       i.ledger_id, i.customer_id, i.item_id
FROM ar.item AS i
JOIN ar.ledger AS l ON l.ledger_id = i.ledger_id
JOIN ar.customer AS c ON c.ledger_id = i.ledger_id AND c.customer_id = i.customer_id
LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
WHERE i.closed_on IS NULL;
COMMENT ON VIEW ar.report_open_item IS 'A row is one item that is open now: a due date of an invoice, a charge, or a payment or credit not applied yet.';
COMMENT ON COLUMN ar.report_open_item.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_open_item.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_open_item.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_open_item.kind IS 'invoice, payment, or the kind of the adjustment.';
COMMENT ON COLUMN ar.report_open_item.number IS 'Number of the invoice or adjustment.';
COMMENT ON COLUMN ar.report_open_item.issued_on IS 'Accounting date.';
COMMENT ON COLUMN ar.report_open_item.due_on IS 'Last day on which it is not overdue.';
COMMENT ON COLUMN ar.report_open_item.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_open_item.amount IS 'Amount at posting: debit positive, credit negative.';
COMMENT ON COLUMN ar.report_open_item.open IS 'What is not applied yet, of the same sign.';
COMMENT ON COLUMN ar.report_open_item.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_open_item.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_open_item.item_id IS 'Id of the item.';

CREATE VIEW ar.report_aging WITH (security_invoker = true) AS
SELECT l.code AS ledger, a.customer_code AS customer, c.name AS customer_name, a.currency,
       a.not_due, a.days_1_30, a.days_31_60, a.days_61_90, a.days_91_plus, a.unapplied, a.balance,
       ar.business_date(l.ledger_id) AS as_of, l.ledger_id, a.customer_id
FROM ar.ledger AS l
CROSS JOIN LATERAL ar.aging(l.ledger_id) AS a
JOIN ar.customer AS c ON c.ledger_id = l.ledger_id AND c.customer_id = a.customer_id;
COMMENT ON VIEW ar.report_aging IS 'A row is what one customer has open in one currency on the business date of the ledger, by days past due.';
COMMENT ON COLUMN ar.report_aging.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_aging.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_aging.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_aging.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_aging.not_due IS 'Open and not overdue.';
COMMENT ON COLUMN ar.report_aging.days_1_30 IS 'Open, 1 to 30 days past due.';
COMMENT ON COLUMN ar.report_aging.days_31_60 IS 'Open, 31 to 60 days past due.';
COMMENT ON COLUMN ar.report_aging.days_61_90 IS 'Open, 61 to 90 days past due.';
COMMENT ON COLUMN ar.report_aging.days_91_plus IS 'Open, more than 90 days past due.';
COMMENT ON COLUMN ar.report_aging.unapplied IS 'Payments and credits not applied yet, negative.';
COMMENT ON COLUMN ar.report_aging.balance IS 'The sum of all these.';
COMMENT ON COLUMN ar.report_aging.as_of IS 'The day it is reckoned for.';
COMMENT ON COLUMN ar.report_aging.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_aging.customer_id IS 'Id of the customer.';

CREATE VIEW ar.report_invoice WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, v.number, v.kind, v.status::text AS status,
       v.invoiced_on, i.due_on, v.terms::text AS terms, ar.currency(v.total) AS currency,
       CASE v.kind WHEN 'credit_memo' THEN -ar.amount(v.total) ELSE ar.amount(v.total) END AS total,
       coalesce(i.open, 0) AS open, i.closed_on,
       v.ledger_id, v.customer_id, v.invoice_id
FROM ar.invoice AS v
JOIN ar.ledger AS l ON l.ledger_id = v.ledger_id
JOIN ar.customer AS c ON c.ledger_id = v.ledger_id AND c.customer_id = v.customer_id
LEFT JOIN LATERAL (
    SELECT max(i.due_on) AS due_on, sum(ar.amount(i.open)) AS open,
           CASE WHEN bool_and(i.closed_on IS NOT NULL) THEN max(i.closed_on) END AS closed_on
    FROM ar.item AS i
    WHERE i.ledger_id = v.ledger_id AND i.invoice_id = v.invoice_id) AS i ON true;
COMMENT ON VIEW ar.report_invoice IS 'A row is one invoice, memo or deposit, drafts included.';
COMMENT ON COLUMN ar.report_invoice.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_invoice.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_invoice.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_invoice.number IS 'Number of the invoice; NULL for a draft without one.';
COMMENT ON COLUMN ar.report_invoice.kind IS 'invoice, credit_memo, debit_memo or deposit.';
COMMENT ON COLUMN ar.report_invoice.status IS 'draft, held, open, partial, paid, written_off or void.';
COMMENT ON COLUMN ar.report_invoice.invoiced_on IS 'Invoice date.';
COMMENT ON COLUMN ar.report_invoice.due_on IS 'Its last due date; NULL before it is posted.';
COMMENT ON COLUMN ar.report_invoice.terms IS 'Credit terms.';
COMMENT ON COLUMN ar.report_invoice.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_invoice.total IS 'Amount due, tax included; negative for a credit memo.';
COMMENT ON COLUMN ar.report_invoice.open IS 'What is not paid or credited yet, of a credit memo what is not applied yet; 0 for what is not posted.';
COMMENT ON COLUMN ar.report_invoice.closed_on IS 'Date on which nothing was open any more; NULL while something is.';
COMMENT ON COLUMN ar.report_invoice.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_invoice.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_invoice.invoice_id IS 'Id of the invoice.';

CREATE VIEW ar.report_payment WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, p.received_on, p.method, p.reference,
       ar.currency(p.amount) AS currency, ar.amount(p.amount) AS amount,
       ar.amount(p.amount) + coalesce(ar.amount(i.open), -ar.amount(p.amount)) AS applied,
       coalesce(-ar.amount(i.open), CASE WHEN r.payment_id IS NULL THEN ar.amount(p.amount) ELSE 0 END) AS unapplied,
       p.ledger_id, i.customer_id, p.payment_id, s.state, s.cleared_on, ar.amount(s.refunded) AS refunded
FROM ar.payment AS p
-- OFFSET 0: today is asked once a ledger.
JOIN (SELECT l.ledger_id, l.code, ar.business_date(l.ledger_id) AS today FROM ar.ledger AS l OFFSET 0) AS l ON l.ledger_id = p.ledger_id
LEFT JOIN ar.item AS i ON i.ledger_id = p.ledger_id AND i.payment_id = p.payment_id
LEFT JOIN ar.customer AS c ON c.ledger_id = i.ledger_id AND c.customer_id = i.customer_id
LEFT JOIN ar.payment_reversal AS r ON r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id
LEFT JOIN LATERAL ar.payment_life(l.ledger_id, l.today) AS s ON s.payment_id = p.payment_id;
COMMENT ON VIEW ar.report_payment IS 'A row is one payment.';
COMMENT ON COLUMN ar.report_payment.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_payment.customer IS 'Code of the customer; NULL: unidentified.';
COMMENT ON COLUMN ar.report_payment.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_payment.received_on IS 'Accounting date.';
COMMENT ON COLUMN ar.report_payment.method IS 'How it was paid.';
COMMENT ON COLUMN ar.report_payment.reference IS 'What the payer wrote.';
COMMENT ON COLUMN ar.report_payment.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_payment.amount IS 'Amount received.';
COMMENT ON COLUMN ar.report_payment.applied IS 'What is applied to invoices, charges, refunds, transfers or its reversal.';
COMMENT ON COLUMN ar.report_payment.unapplied IS 'What is not applied yet.';
COMMENT ON COLUMN ar.report_payment.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_payment.customer_id IS 'Id of the customer; NULL: unidentified.';
COMMENT ON COLUMN ar.report_payment.payment_id IS 'Id of the payment.';
COMMENT ON COLUMN ar.report_payment.state IS 'On the business date of the ledger: pending, cleared, refunded, bounced, returned, charged_back or reversed; NULL: it counts from a later day on.';
COMMENT ON COLUMN ar.report_payment.cleared_on IS 'The day on which it cleared.';
COMMENT ON COLUMN ar.report_payment.refunded IS 'What was paid back of it.';

CREATE VIEW ar.report_application WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, a.applied_on,
       credit.kind AS credit_kind, coalesce(j.number, p.reference, m.number) AS credit_number,
       debit.kind AS debit_kind, coalesce(v.number, k.number) AS debit_number, debit.due_on AS debit_due_on,
       ar.currency(a.amount) AS currency, ar.amount(a.amount) AS amount,
       a.applied_on - debit.due_on AS days_past_due, a.rule, a.confidence, a.reverses_id,
       a.ledger_id, debit.customer_id, a.application_id
FROM ar.application AS a
JOIN ar.ledger AS l ON l.ledger_id = a.ledger_id
JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
JOIN ar.item AS debit ON debit.ledger_id = a.ledger_id AND debit.item_id = a.debit_item_id
JOIN ar.customer AS c ON c.ledger_id = a.ledger_id AND c.customer_id = debit.customer_id
LEFT JOIN ar.payment AS p ON p.ledger_id = a.ledger_id AND p.payment_id = credit.payment_id
LEFT JOIN ar.adjustment AS j ON j.ledger_id = a.ledger_id AND j.adjustment_id = credit.adjustment_id
LEFT JOIN ar.invoice AS m ON m.ledger_id = a.ledger_id AND m.invoice_id = credit.invoice_id
LEFT JOIN ar.invoice AS v ON v.ledger_id = a.ledger_id AND v.invoice_id = debit.invoice_id
LEFT JOIN ar.adjustment AS k ON k.ledger_id = a.ledger_id AND k.adjustment_id = debit.adjustment_id;
COMMENT ON VIEW ar.report_application IS 'A row is one application of a credit to a debit, or its undoing, which has a negative amount.';
COMMENT ON COLUMN ar.report_application.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_application.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_application.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_application.applied_on IS 'Accounting date.';
COMMENT ON COLUMN ar.report_application.credit_kind IS 'What was applied: payment, credit_memo, or the kind of the adjustment.';
COMMENT ON COLUMN ar.report_application.credit_number IS 'Reference of the payment, or number of the memo or adjustment.';
COMMENT ON COLUMN ar.report_application.debit_kind IS 'What it was applied to: invoice, debit_memo, deposit, or the kind of the adjustment.';
COMMENT ON COLUMN ar.report_application.debit_number IS 'Number of the invoice or adjustment.';
COMMENT ON COLUMN ar.report_application.debit_due_on IS 'Due date of the item applied to.';
COMMENT ON COLUMN ar.report_application.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_application.amount IS 'Amount applied; negative where it undoes.';
COMMENT ON COLUMN ar.report_application.days_past_due IS 'Days from the due date to the application; negative when early.';
COMMENT ON COLUMN ar.report_application.rule IS 'The rule that found what the credit is for; NULL: somebody said so.';
COMMENT ON COLUMN ar.report_application.confidence IS 'How sure the rule was, from 0 to 1; NULL: it was told what to do.';
COMMENT ON COLUMN ar.report_application.reverses_id IS 'The application that this row undoes, or NULL.';
COMMENT ON COLUMN ar.report_application.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_application.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_application.application_id IS 'Id of the application.';
