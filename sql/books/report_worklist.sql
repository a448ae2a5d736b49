-- report: cases and what was done about them, in plain numeric, text and date columns.

CREATE VIEW ar.report_worklist WITH (security_invoker = true) AS
SELECT w.place, l.code AS ledger, w.customer_code AS customer, w.customer_name, w.collector, w.score, w.overdue, w.currency, w.oldest_days, w.items,
       w.credit_score, w.broken_promises, w.bounced_payments, w.disputed_percent, w.promised_until, w.last_contact_on, w.predicted_on,
       w.overdue_points, w.days_points, w.risk_points, w.broken_promise_points, w.bounced_points, w.disputed_points, w.contacted_points,
       w.predicted_points, w.next_step, w.next_step_on, w.reason, l.today AS as_of, l.ledger_id, w.customer_id, w.case_id
-- OFFSET 0: today is asked once a ledger.
FROM (SELECT l.ledger_id, l.code, ar.business_date(l.ledger_id) AS today FROM ar.ledger AS l OFFSET 0) AS l
CROSS JOIN LATERAL ar.worklist(l.ledger_id, l.today) AS w;
COMMENT ON VIEW ar.report_worklist IS 'A row is one open case on the business date of its ledger, what matters most first.';
COMMENT ON COLUMN ar.report_worklist.place IS 'Place in the list of the ledger, from 1.';
COMMENT ON COLUMN ar.report_worklist.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_worklist.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_worklist.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_worklist.collector IS 'Who works on it; NULL: nobody yet.';
COMMENT ON COLUMN ar.report_worklist.score IS 'Sum of the points.';
COMMENT ON COLUMN ar.report_worklist.overdue IS 'What is overdue, in the currency of the ledger.';
COMMENT ON COLUMN ar.report_worklist.currency IS 'ISO 4217 code of that.';
COMMENT ON COLUMN ar.report_worklist.oldest_days IS 'Days past due of the oldest item.';
COMMENT ON COLUMN ar.report_worklist.items IS 'How many items are overdue.';
COMMENT ON COLUMN ar.report_worklist.credit_score IS 'Latest score of the scorecard; NULL: none.';
COMMENT ON COLUMN ar.report_worklist.broken_promises IS 'Promises and plans broken within a year.';
COMMENT ON COLUMN ar.report_worklist.bounced_payments IS 'Payments bounced within a year.';
COMMENT ON COLUMN ar.report_worklist.disputed_percent IS 'How much of it is disputed.';
COMMENT ON COLUMN ar.report_worklist.promised_until IS 'Day by which the customer promised to pay; NULL: he did not.';
COMMENT ON COLUMN ar.report_worklist.last_contact_on IS 'Day of the last contact.';
COMMENT ON COLUMN ar.report_worklist.predicted_on IS 'Day of the next payment that is likely.';
COMMENT ON COLUMN ar.report_worklist.overdue_points IS 'Points for the amount.';
COMMENT ON COLUMN ar.report_worklist.days_points IS 'Points for the age.';
COMMENT ON COLUMN ar.report_worklist.risk_points IS 'Points for the risk.';
COMMENT ON COLUMN ar.report_worklist.broken_promise_points IS 'Points for broken promises.';
COMMENT ON COLUMN ar.report_worklist.bounced_points IS 'Points for bounced payments.';
COMMENT ON COLUMN ar.report_worklist.disputed_points IS 'Points, mostly below zero, for what is disputed.';
COMMENT ON COLUMN ar.report_worklist.contacted_points IS 'Points, below zero, for a contact just made.';
COMMENT ON COLUMN ar.report_worklist.predicted_points IS 'Points, below zero, for what is likely to be paid soon.';
COMMENT ON COLUMN ar.report_worklist.next_step IS 'What to do next.';
COMMENT ON COLUMN ar.report_worklist.next_step_on IS 'When.';
COMMENT ON COLUMN ar.report_worklist.reason IS 'Why, in words.';
COMMENT ON COLUMN ar.report_worklist.as_of IS 'Business date of the ledger.';
COMMENT ON COLUMN ar.report_worklist.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_worklist.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_worklist.case_id IS 'Id of the case.';

CREATE VIEW ar.report_activity WITH (security_invoker = true) AS
SELECT l.code AS ledger, c.code AS customer, c.name AS customer_name, a.occurred_at, (a.occurred_at AT TIME ZONE l.timezone)::date AS occurred_on,
       a.kind, a.outcome, k.name AS contact_name, a.note, a.next_step, a.next_step_on, coalesce(a.performed_by, a.recorded_by) AS performed_by,
       a.override_reason, a.reverses_id, u.activity_id IS NOT NULL AS is_taken_back, a.ledger_id, a.customer_id, a.case_id, a.activity_id
FROM ar.collection_activity AS a
JOIN ar.ledger AS l ON l.ledger_id = a.ledger_id
JOIN ar.customer AS c ON c.ledger_id = a.ledger_id AND c.customer_id = a.customer_id
LEFT JOIN ar.contact AS k ON k.ledger_id = a.ledger_id AND k.contact_id = a.contact_id
LEFT JOIN ar.collection_activity AS u ON u.ledger_id = a.ledger_id AND u.reverses_id = a.activity_id;
COMMENT ON VIEW ar.report_activity IS 'A row is one call, letter, message, visit or note, or what takes one back.';
COMMENT ON COLUMN ar.report_activity.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.report_activity.customer IS 'Code of the customer.';
COMMENT ON COLUMN ar.report_activity.customer_name IS 'Name of the customer.';
COMMENT ON COLUMN ar.report_activity.occurred_at IS 'When it was done.';
COMMENT ON COLUMN ar.report_activity.occurred_on IS 'The day, in the time zone of the ledger.';
COMMENT ON COLUMN ar.report_activity.kind IS 'call, mail, message, visit or note.';
COMMENT ON COLUMN ar.report_activity.outcome IS 'What came of it.';
COMMENT ON COLUMN ar.report_activity.contact_name IS 'Whom it reached or tried to reach.';
COMMENT ON COLUMN ar.report_activity.note IS 'What was said.';
COMMENT ON COLUMN ar.report_activity.next_step IS 'What is to be done next.';
COMMENT ON COLUMN ar.report_activity.next_step_on IS 'When.';
COMMENT ON COLUMN ar.report_activity.performed_by IS 'Who did it.';
COMMENT ON COLUMN ar.report_activity.override_reason IS 'Why it was beyond the limits.';
COMMENT ON COLUMN ar.report_activity.reverses_id IS 'The activity that this one takes back.';
COMMENT ON COLUMN ar.report_activity.is_taken_back IS 'Whether it was taken back, and counts for nothing.';
COMMENT ON COLUMN ar.report_activity.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.report_activity.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.report_activity.case_id IS 'Id of the case.';
COMMENT ON COLUMN ar.report_activity.activity_id IS 'Id of the activity.';
