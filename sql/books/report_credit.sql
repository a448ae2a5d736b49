-- report: credit, in plain numeric, text and date columns.

CREATE VIEW ar.report_credit WITH (security_invoker = true) AS
SELECT l.code AS ledger, e.customer_code AS customer, c.name AS customer_name, c.customer_class, e.currency,
       ar.amount(e.open_debits) AS open_debits, ar.amount(e.unapplied) AS unapplied, ar.amount(e.reserved) AS reserved,
       ar.amount(e.drafts) AS drafts, ar.amount(e.exposure) AS exposure, ar.amount(e.group_exposure) AS group_exposure,
       ar.amount(e.credit_limit) AS credit_limit, e.limit_source, e.probation_percent, ar.amount(e.available) AS available,
       e.utilisation_percent, coalesce(e.group_exposure > e.credit_limit, false) AS is_over_limit,
       g.code AS parent, l.ledger_id, e.customer_id
FROM ar.ledger AS l
CROSS JOIN LATERAL ar.credit_exposures(l.ledger_id) AS e
JOIN ar.customer AS c ON c.ledger_id = l.ledger_id AND c.customer_id = e.customer_id
LEFT JOIN ar.customer AS g ON g.ledger_id = c.ledger_id AND g.customer_id = c.parent_id;
COMMENT ON VIEW ar.report_credit IS 'A row is the exposure of one customer on the business date of the ledger, beside his limit.';
COMMENT ON COLUMN ar.report_credit.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_credit.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_credit.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_credit.customer_class IS 'Class of the customer.';
COMMENT ON COLUMN ar.report_credit.currency IS 'ISO 4217 code of the amounts: that of the limit, else of the ledger.';
COMMENT ON COLUMN ar.report_credit.open_debits IS 'What he owes.';
COMMENT ON COLUMN ar.report_credit.unapplied IS 'What he paid and is not applied yet, negative.';
COMMENT ON COLUMN ar.report_credit.reserved IS 'What orders have reserved beyond what is invoiced of them.';
COMMENT ON COLUMN ar.report_credit.drafts IS 'Drafts, where the policy counts them.';
COMMENT ON COLUMN ar.report_credit.exposure IS 'The sum of these four.';
COMMENT ON COLUMN ar.report_credit.group_exposure IS 'The same with the members of his group.';
COMMENT ON COLUMN ar.report_credit.credit_limit IS 'The limit in force; NULL: none of his own.';
COMMENT ON COLUMN ar.report_credit.limit_source IS 'temporary, customer or default.';
COMMENT ON COLUMN ar.report_credit.probation_percent IS 'Part of the limit that counts during probation; NULL: he is on none.';
COMMENT ON COLUMN ar.report_credit.available IS 'credit_limit less group_exposure.';
COMMENT ON COLUMN ar.report_credit.utilisation_percent IS 'group_exposure in percent of credit_limit.';
COMMENT ON COLUMN ar.report_credit.is_over_limit IS 'Whether group_exposure is above the limit.';
COMMENT ON COLUMN ar.report_credit.parent IS 'Code of the customer whose group he belongs to.';
COMMENT ON COLUMN ar.report_credit.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_credit.customer_id IS 'Id of the customer.';

CREATE VIEW ar.report_credit_hold WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, v.number, v.status::text AS invoice_status, h.action,
       array_to_string(h.reasons, ', ') AS reasons, h.detail, ar.currency(h.amount) AS currency, ar.amount(h.amount) AS amount,
       h.held_by, h.held_at, h.decision, h.decided_by, h.decided_at, h.decision_reason,
       h.action = 'hold' AND h.decision IS NULL AS is_open, h.ledger_id, h.customer_id, h.invoice_id, h.hold_id
FROM ar.credit_hold AS h
JOIN ar.ledger AS l ON l.ledger_id = h.ledger_id
JOIN ar.customer AS c ON c.ledger_id = h.ledger_id AND c.customer_id = h.customer_id
JOIN ar.invoice AS v ON v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id;
COMMENT ON VIEW ar.report_credit_hold IS 'A row is an invoice that was held, or posted with a warning.';
COMMENT ON COLUMN ar.report_credit_hold.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_credit_hold.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_credit_hold.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_credit_hold.number IS 'Number of the invoice; NULL before it is posted, unless given.';
COMMENT ON COLUMN ar.report_credit_hold.invoice_status IS 'Status of the invoice now.';
COMMENT ON COLUMN ar.report_credit_hold.action IS 'hold or warn.';
COMMENT ON COLUMN ar.report_credit_hold.reasons IS 'All the reasons, apart by commas.';
COMMENT ON COLUMN ar.report_credit_hold.detail IS 'A sentence for each reason.';
COMMENT ON COLUMN ar.report_credit_hold.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN ar.report_credit_hold.amount IS 'Total of the invoice then.';
COMMENT ON COLUMN ar.report_credit_hold.held_by IS 'Who had it posted.';
COMMENT ON COLUMN ar.report_credit_hold.held_at IS 'When.';
COMMENT ON COLUMN ar.report_credit_hold.decision IS 'released, rejected, withdrawn or lapsed; NULL: none yet.';
COMMENT ON COLUMN ar.report_credit_hold.decided_by IS 'Who decided.';
COMMENT ON COLUMN ar.report_credit_hold.decided_at IS 'When.';
COMMENT ON COLUMN ar.report_credit_hold.decision_reason IS 'Why.';
COMMENT ON COLUMN ar.report_credit_hold.is_open IS 'Whether it waits for a decision.';
COMMENT ON COLUMN ar.report_credit_hold.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_credit_hold.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_credit_hold.invoice_id IS 'Id of the invoice.';
COMMENT ON COLUMN ar.report_credit_hold.hold_id IS 'Id of the hold.';

CREATE VIEW ar.report_credit_reservation WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, r.order_reference, ar.currency(r.amount) AS currency,
       ar.amount(r.amount) AS amount, ar.amount(r.invoiced) AS invoiced,
       CASE WHEN r.released_at IS NULL AND coalesce(r.expires_on >= ar.business_date(r.ledger_id), true)
            THEN greatest(ar.amount(r.amount) - greatest(ar.amount(r.invoiced), 0), 0) ELSE 0 END AS reserved,
       CASE WHEN r.released_at IS NOT NULL THEN 'released'
            WHEN ar.amount(r.invoiced) >= ar.amount(r.amount) THEN 'invoiced'
            WHEN r.expires_on < ar.business_date(r.ledger_id) THEN 'expired'
            WHEN ar.amount(r.invoiced) > 0 THEN 'partly_invoiced' ELSE 'reserved' END AS state,
       r.expires_on, r.recorded_at, r.released_at, r.release_reason, r.ledger_id, r.customer_id, r.reservation_id
FROM ar.credit_reservation AS r
JOIN ar.ledger AS l ON l.ledger_id = r.ledger_id
JOIN ar.customer AS c ON c.ledger_id = r.ledger_id AND c.customer_id = r.customer_id;
COMMENT ON VIEW ar.report_credit_reservation IS 'A row is an order for which credit was reserved.';
COMMENT ON COLUMN ar.report_credit_reservation.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_credit_reservation.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_credit_reservation.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_credit_reservation.order_reference IS 'The order.';
COMMENT ON COLUMN ar.report_credit_reservation.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_credit_reservation.amount IS 'What was ordered.';
COMMENT ON COLUMN ar.report_credit_reservation.invoiced IS 'What is invoiced of it.';
COMMENT ON COLUMN ar.report_credit_reservation.reserved IS 'What still counts as exposure.';
COMMENT ON COLUMN ar.report_credit_reservation.state IS 'reserved, partly_invoiced, invoiced, expired or released.';
COMMENT ON COLUMN ar.report_credit_reservation.expires_on IS 'Last day on which it counts.';
COMMENT ON COLUMN ar.report_credit_reservation.recorded_at IS 'When it was reserved.';
COMMENT ON COLUMN ar.report_credit_reservation.released_at IS 'When it was released.';
COMMENT ON COLUMN ar.report_credit_reservation.release_reason IS 'Why it was released.';
COMMENT ON COLUMN ar.report_credit_reservation.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_credit_reservation.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_credit_reservation.reservation_id IS 'Id of the reservation.';

CREATE VIEW ar.credit_review_due WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, r.cause, r.due_on,
       ar.business_date(r.ledger_id) - r.due_on AS days_waiting, r.detail, r.opened_by, r.opened_at,
       ar.currency(c.credit_limit) AS currency, ar.amount(c.credit_limit) AS credit_limit, s.score, s.scored_on,
       ar.amount(s.suggested_limit) AS suggested_limit, r.ledger_id, r.customer_id, r.review_id
FROM ar.credit_review AS r
JOIN ar.ledger AS l ON l.ledger_id = r.ledger_id
JOIN ar.customer AS c ON c.ledger_id = r.ledger_id AND c.customer_id = r.customer_id
LEFT JOIN LATERAL (
    SELECT s.score, s.scored_on, s.suggested_limit FROM ar.credit_score AS s
    WHERE s.ledger_id = r.ledger_id AND s.customer_id = r.customer_id
    ORDER BY s.score_id DESC LIMIT 1) AS s ON true
WHERE r.outcome IS NULL AND r.due_on <= ar.business_date(r.ledger_id)
ORDER BY r.due_on, r.review_id;
COMMENT ON VIEW ar.credit_review_due IS 'A row is an open review of a customers credit that is due on the business date: the work list, oldest first.';
COMMENT ON COLUMN ar.credit_review_due.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.credit_review_due.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.credit_review_due.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.credit_review_due.cause IS 'Why: date, utilisation, over_limit, probation, manual, or the kind of the event.';
COMMENT ON COLUMN ar.credit_review_due.due_on IS 'The day it was due.';
COMMENT ON COLUMN ar.credit_review_due.days_waiting IS 'Days since then.';
COMMENT ON COLUMN ar.credit_review_due.detail IS 'What made it due.';
COMMENT ON COLUMN ar.credit_review_due.opened_by IS 'Who opened it.';
COMMENT ON COLUMN ar.credit_review_due.opened_at IS 'When.';
COMMENT ON COLUMN ar.credit_review_due.currency IS 'ISO 4217 code of the limit.';
COMMENT ON COLUMN ar.credit_review_due.credit_limit IS 'Standing limit.';
COMMENT ON COLUMN ar.credit_review_due.score IS 'Last score, from 0 to 100.';
COMMENT ON COLUMN ar.credit_review_due.scored_on IS 'Day of that score.';
COMMENT ON COLUMN ar.credit_review_due.suggested_limit IS 'Limit that the last score suggests.';
COMMENT ON COLUMN ar.credit_review_due.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.credit_review_due.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.credit_review_due.review_id IS 'Id of the review.';

CREATE VIEW ar.report_credit_limit WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, g.kind, ar.currency(g.amount) AS currency,
       ar.amount(g.amount) AS amount, g.valid_from, g.valid_until, g.reason, g.recorded_by, g.recorded_at,
       g.withdrawn_by, g.withdrawn_at, g.withdrawal_reason, g.ledger_id, g.customer_id, g.limit_id
FROM ar.credit_limit AS g
JOIN ar.ledger AS l ON l.ledger_id = g.ledger_id
JOIN ar.customer AS c ON c.ledger_id = g.ledger_id AND c.customer_id = g.customer_id;
COMMENT ON VIEW ar.report_credit_limit IS 'A row is one limit that was ever granted.';
COMMENT ON COLUMN ar.report_credit_limit.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_credit_limit.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_credit_limit.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_credit_limit.kind IS 'standing, temporary or additional.';
COMMENT ON COLUMN ar.report_credit_limit.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN ar.report_credit_limit.amount IS 'The limit; NULL: unlimited.';
COMMENT ON COLUMN ar.report_credit_limit.valid_from IS 'First day of a limit with dates.';
COMMENT ON COLUMN ar.report_credit_limit.valid_until IS 'Its last day.';
COMMENT ON COLUMN ar.report_credit_limit.reason IS 'Why it was granted.';
COMMENT ON COLUMN ar.report_credit_limit.recorded_by IS 'Who recorded it.';
COMMENT ON COLUMN ar.report_credit_limit.recorded_at IS 'When.';
COMMENT ON COLUMN ar.report_credit_limit.withdrawn_by IS 'Who withdrew it.';
COMMENT ON COLUMN ar.report_credit_limit.withdrawn_at IS 'When.';
COMMENT ON COLUMN ar.report_credit_limit.withdrawal_reason IS 'Why.';
COMMENT ON COLUMN ar.report_credit_limit.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_credit_limit.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_credit_limit.limit_id IS 'Id of the limit.';

CREATE VIEW ar.report_credit_application WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, a.status, ar.currency(a.requested) AS currency,
       ar.amount(a.requested) AS requested, ar.amount(a.approved) AS approved, a.valid_from, a.valid_until, a.reason,
       a.requested_by, a.requested_at, a.decided_by, a.decided_at, a.decision_reason, s.score,
       a.ledger_id, a.customer_id, a.application_id
FROM ar.credit_application AS a
JOIN ar.ledger AS l ON l.ledger_id = a.ledger_id
JOIN ar.customer AS c ON c.ledger_id = a.ledger_id AND c.customer_id = a.customer_id
LEFT JOIN ar.credit_score AS s ON s.ledger_id = a.ledger_id AND s.score_id = a.score_id;
COMMENT ON VIEW ar.report_credit_application IS 'A row is one application for credit.';
COMMENT ON COLUMN ar.report_credit_application.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_credit_application.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_credit_application.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_credit_application.status IS 'requested, approved, rejected or withdrawn.';
COMMENT ON COLUMN ar.report_credit_application.currency IS 'ISO 4217 code of the amounts.';
COMMENT ON COLUMN ar.report_credit_application.requested IS 'The limit asked for.';
COMMENT ON COLUMN ar.report_credit_application.approved IS 'The limit granted.';
COMMENT ON COLUMN ar.report_credit_application.valid_from IS 'First day, of a temporary limit.';
COMMENT ON COLUMN ar.report_credit_application.valid_until IS 'Last day, of a temporary limit.';
COMMENT ON COLUMN ar.report_credit_application.reason IS 'Why it is asked for.';
COMMENT ON COLUMN ar.report_credit_application.requested_by IS 'Who asked.';
COMMENT ON COLUMN ar.report_credit_application.requested_at IS 'When.';
COMMENT ON COLUMN ar.report_credit_application.decided_by IS 'Who decided.';
COMMENT ON COLUMN ar.report_credit_application.decided_at IS 'When.';
COMMENT ON COLUMN ar.report_credit_application.decision_reason IS 'Why.';
COMMENT ON COLUMN ar.report_credit_application.score IS 'Score that lay before who decided.';
COMMENT ON COLUMN ar.report_credit_application.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_credit_application.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_credit_application.application_id IS 'Id of the application.';
