-- credit: probation, events and reviews, the scorecard, and applications that a second person decides.
BEGIN;
\ir helper.psql
SELECT plan(50);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date DEFAULT '2026-01-31', invoiced_on date DEFAULT '2026-01-01') RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, $5, $4, $2::ar.monetary, 'open') $$;
CREATE FUNCTION pg_temp.limit_of(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(e.credit_limit::text, 'none') || coalesce(', ' || e.probation_percent || ' percent', '') FROM ar.credit_exposure(pg_temp.ledger(), pg_temp.customer($1)) AS e $$;

-- Probation: of new customers, by policy.
INSERT INTO ar.credit_policy (ledger_id, customer_class, probation_invoices, probation_limit_percent, probation_terms, on_breach) VALUES (:ledger, 'new', 2, 40, 'net 7', 'hold');
INSERT INTO ar.customer (ledger_id, code, name, credit_limit, terms, customer_class) VALUES (:ledger, 'NEW', 'New', 'EUR 100', 'net 60', 'new'), (:ledger, 'OLD', 'Old', 'EUR 100', 'net 60', NULL);
SELECT is(pg_temp.limit_of('NEW'), 'EUR 40.00, 40 percent', 'a new customer has part of his limit');
SELECT is((SELECT terms::text FROM ar.customer WHERE code = 'NEW'), 'net 7', 'and shorter terms');
SELECT is(pg_temp.limit_of('OLD') || ' ' || (SELECT terms FROM ar.customer WHERE code = 'OLD'), 'EUR 100.00 net 60', 'without the policy he has not');
SELECT is(ar.start_probation(:ledger, pg_temp.customer('NEW')), 0::bigint, 'he is on one probation at a time');
SELECT pg_temp.bill('NEW', 'EUR 40.01', 'N0', '2901-01-31', '2901-01-01') \g /dev/null
SELECT is((SELECT array_to_string(reasons, '+') || ': ' || detail FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('N0')),
    'credit_limit+probation: It adds EUR 40.01 to an exposure of EUR 0.00 before this statement; the limit of customer "NEW" is EUR 40.00, 40 percent of what was granted, during probation.', 'the hold says so');
SELECT pg_temp.bill('NEW', 'EUR 10', 'N' || n, '2901-01-31', '2901-01-01') FROM generate_series(1, 3) AS n \g /dev/null
SELECT ar.record_payment(:ledger, pg_temp.customer('NEW'), 'EUR 10', d, reference => 'N' || n) FROM (VALUES (1, date '2901-01-31'), (2, '2901-02-01')) AS v(n, d) \g /dev/null
SELECT results_eq($$SELECT paid_on_time, invoices_required FROM ar.probation_progress(pg_temp.ledger())$$, 'VALUES (1::bigint, 2)', 'a day late does not count');
SELECT is((SELECT count(*) FROM ar.review_probations(:ledger)), 0::bigint, 'and does not pass');
SELECT ar.record_payment(:ledger, pg_temp.customer('NEW'), 'EUR 10', '2901-01-15', reference => 'N3') \g /dev/null
SELECT is((SELECT count(*) FROM ar.review_probations(:ledger)), 1::bigint, 'enough on time do');
SELECT is(pg_temp.limit_of('NEW') || ' ' || (SELECT terms FROM ar.customer WHERE code = 'NEW'), 'EUR 100.00 net 60', 'he has his limit and his terms back');
SELECT is((SELECT outcome || ': ' || reason FROM ar.credit_probation WHERE customer_id = pg_temp.customer('NEW')), 'passed: 2 invoices paid on time, 2 were required', 'and the record says why');
SELECT is(pg_temp.outcome($$UPDATE ar.credit_probation SET outcome = 'failed'$$), 'RA003', 'which does not change');
SELECT is((SELECT count(*) FROM ar.release_holds(:ledger)), 1::bigint, 'what was held for it is released');

-- Events open reviews; reviews fall due by date, utilisation, and over the limit.
SELECT ar.record_credit_event(:ledger, pg_temp.customer('OLD'), 'broken_promise', '2026-02-01', 'EUR 50', reference => 'P-1', external_id => 'E1') AS event \gset
SELECT results_eq($$SELECT customer, cause, due_on, detail FROM ar.credit_review_due WHERE ledger = 'TEST'$$, $$VALUES ('OLD', 'broken_promise', date '2026-02-01', 'P-1, EUR 50.00')$$, 'a broken promise is on the work list');
SELECT is(ar.record_credit_event(:ledger, pg_temp.customer('OLD'), 'broken_promise', '2026-02-01', 'EUR 50', reference => 'P-1', external_id => 'E1'), :event::bigint, 'an external id again is the first result');
SELECT is(pg_temp.outcome('UPDATE ar.credit_event SET kind = ''other'''), 'RA003', 'an event is a fact');
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_event(%s, %s, ''rumour'')', :ledger, pg_temp.customer('OLD'))), '23514', 'of a known kind');
SELECT ar.record_credit_event(:ledger, pg_temp.customer('OLD'), 'broken_promise', '2026-02-02') \g /dev/null
SELECT is((SELECT count(*) FROM ar.credit_review WHERE customer_id = pg_temp.customer('OLD')), 1::bigint, 'a second one while the first is open opens none');
INSERT INTO ar.credit_policy (ledger_id, customer_id, review_days, review_utilisation_percent) VALUES (:ledger, pg_temp.customer('OLD'), 100, 75);
SELECT pg_temp.bill('OLD', 'EUR 75', 'O1') \g /dev/null
SELECT is((SELECT count(*) FROM ar.open_credit_reviews(:ledger, '2026-03-01')), 0::bigint, 'three quarters used is not more');
SELECT pg_temp.bill('OLD', 'EUR 5', 'O2') \g /dev/null
SELECT results_eq($$SELECT cause, due_on FROM ar.open_credit_reviews(pg_temp.ledger(), '2026-03-01')$$, $$VALUES ('utilisation', date '2026-03-01')$$, 'a review falls due by utilisation');
SELECT is((SELECT count(*) FROM ar.open_credit_reviews(:ledger, '2026-03-02')), 0::bigint, 'once');
SELECT ar.set_credit_limit(:ledger, pg_temp.customer('OLD'), 'EUR 60') \g /dev/null
SELECT set_eq($$SELECT cause FROM ar.open_credit_reviews(pg_temp.ledger(), '2901-03-01')$$, $$VALUES ('date'), ('over_limit')$$, 'by date, and over a limit that was lowered');
SELECT is(pg_temp.outcome($$SELECT ar.record_credit_review(r.ledger_id, r.review_id, 'raised', 'x', 'EUR 50') FROM ar.credit_review AS r WHERE cause = 'over_limit'$$), '23514', 'less is not raised');
SELECT is(pg_temp.outcome($$SELECT ar.record_credit_review(r.ledger_id, r.review_id, 'kept', '') FROM ar.credit_review AS r WHERE cause = 'over_limit'$$), '23514', 'a review has its reason');
SELECT ar.record_credit_review(r.ledger_id, r.review_id, 'raised', 'season', 'EUR 200') FROM ar.credit_review AS r WHERE cause = 'over_limit' \g /dev/null
SELECT is((SELECT format('%s from %s to %s by %s', outcome, limit_before, limit_after, CASE WHEN done_by = session_user THEN 'me' END) FROM ar.credit_review WHERE cause = 'over_limit'), 'raised from EUR 60.00 to EUR 200.00 by me', 'what is decided is recorded');
SELECT is(pg_temp.limit_of('OLD'), 'EUR 200.00', 'and done');
SELECT ar.record_credit_review(r.ledger_id, r.review_id, 'stopped', 'enough') FROM ar.credit_review AS r WHERE cause = 'broken_promise' \g /dev/null
SELECT is((SELECT count(*) FROM ar.credit_reasons(:ledger, ARRAY[pg_temp.customer('OLD')])), 1::bigint, 'a review may stop credit');
SELECT is(pg_temp.outcome($$UPDATE ar.credit_review SET reason = 'other' WHERE cause = 'broken_promise'$$), 'RA003', 'what is done is a fact');
SELECT is(ar.request_credit_reviews(:ledger, ARRAY[pg_temp.customer('OLD'), pg_temp.customer('NEW')], '2026-05-01', 'merger'), 2::bigint, 'reviews are opened by hand, too');

-- The scorecard, worked by hand: 100 for a day late on average is 85 points, and so on.
SELECT ar.create_customer(:ledger, 'SCORE', 'Score', credit_limit => 'EUR 1000', terms => 'net 45') AS score \gset
UPDATE ar.customer SET created_on = '2025-01-01' WHERE customer_id = :score;
SELECT pg_temp.bill('SCORE', 'EUR 100', 'C1', '2026-02-10'), pg_temp.bill('SCORE', 'EUR 100', 'C2', '2026-02-10'), pg_temp.bill('SCORE', 'EUR 100', 'C3', '2026-02-10'), pg_temp.bill('SCORE', 'EUR 300', 'C4', '2026-02-10', '2026-02-01') \g /dev/null
SELECT ar.record_payment(:ledger, :score, 'EUR 100', d, reference => n) FROM (VALUES ('C1', date '2026-02-10'), ('C2', '2026-02-12'), ('C3', '2026-02-20')) AS v(n, d) \g /dev/null
SELECT ar.record_credit_event(:ledger, :score, 'bounced_payment', '2026-02-11'), ar.record_credit_event(:ledger, :score, 'bounced_payment', '2024-02-11') \g /dev/null
SELECT results_eq(format('SELECT factor, value FROM ar.credit_factors(%s, ARRAY[%s], ''2026-03-01'') ORDER BY factor', :ledger, :score), $$VALUES
    ('bounced_payments', 1.00), ('broken_promises', 0.00), ('days_late', 4.00), ('days_late_max', 19.00), ('disputes', 0.00), ('overdue_share', 100.00),
    ('relation_days', 424.00), ('share_late', 66.67), ('utilisation', 30.00)$$, 'what the scorecard looks at');
-- (25*85 + 10*80 + 15*20 + 15*0 + 10*100 + 10*70 + 5*40 + 5*100 + 5*100) / 100
SELECT is((SELECT score FROM ar.credit_scores(:ledger, ARRAY[:score]::bigint[], '2026-03-01')), 61.25, 'makes its points');
SELECT is((SELECT format('%s %s %s %s', monthly_sales, terms_days, coalesce(cap::text, 'no cap'), suggested_limit) FROM ar.suggested_limits(:ledger, ARRAY[:score]::bigint[], '2026-03-01')),
    'EUR 300.00 45.00 no cap EUR 450.00', '600 in two months are 300 a month; for 45 days that is 450');
INSERT INTO ar.credit_policy (ledger_id, customer_id, score_limit_cap, score_limit_factor) VALUES (:ledger, :score, 'EUR 800', 2);
SELECT is((SELECT suggested_limit::text FROM ar.suggested_limits(:ledger, ARRAY[:score]::bigint[], '2026-03-01')), 'EUR 800.00', 'no more than the cap');
SELECT is(ar.create_scorecard(:ledger), 39::bigint, 'a ledger has a scorecard of its own');
UPDATE ar.credit_score_factor SET weight = 0 WHERE ledger_id = :ledger AND factor <> 'days_late';
UPDATE ar.credit_score_band SET points = 77 WHERE ledger_id = :ledger AND factor = 'days_late' AND from_value = 1;
SELECT is(ar.record_credit_score(:ledger, :score, '2026-03-01') > 0, true, 'a score is kept');
SELECT is((SELECT format('%s %s', score, inputs) FROM ar.credit_score WHERE customer_id = :score),
    '77.00 {"limit": {"cap": "EUR 800.00", "terms_days": 45.00, "limit_factor": 2, "monthly_sales": "EUR 300.00"}, "factors": [{"value": 4.00, "factor": "days_late", "points": 77, "weight": 25}]}', 'with everything it was made from');
SELECT is(pg_temp.outcome('UPDATE ar.credit_score SET score = 100'), 'RA003', 'as a fact');
SELECT is((SELECT count(*) FROM ar.record_credit_scores(:ledger)), 1::bigint, 'all customers are scored at once, but who has nothing to be scored by');

-- Applications: who asks does not decide, whoever writes.
CREATE ROLE credit_clerk LOGIN SUPERUSER;
CREATE ROLE credit_manager LOGIN SUPERUSER;
SET SESSION AUTHORIZATION credit_clerk;
SELECT ar.request_credit(:ledger, :score, 'EUR 5000', 'new shop', external_id => 'A1') AS asked, ar.request_credit(:ledger, :score, 'EUR 9000', 'fair', '2026-06-01', '2901-06-30') AS fair,
       ar.request_credit(:ledger, :score, 'EUR 1', 'mistake') AS mistake \gset
SELECT is(pg_temp.outcome(format('SELECT ar.decide_credit(%s, %s, ''approved'', ''fine'')', :ledger, :asked), 'all'),
    format(E'RA007: application %s for credit must be decided by a second person\ncredit_clerk requested it.\nHave somebody else decide; who requested can withdraw.', :asked), 'who asks cannot decide');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_application SET status = ''rejected'', decision_reason = ''x'' WHERE application_id = %s', :asked)), 'RA007', 'nor by the table');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_application SET requested_by = ''somebody'' WHERE application_id = %s', :asked)), 'RA003', 'nor pretend that another asked');
SELECT is(ar.decide_credit(:ledger, :mistake, 'withdrawn', NULL), 1::bigint, 'he can withdraw');
SET SESSION AUTHORIZATION credit_manager;
SELECT is(pg_temp.outcome(format('SELECT ar.decide_credit(%s, %s, ''approved'', NULL)', :ledger, :asked)), '23502', 'a decision has its reason');
SELECT is(pg_temp.outcome(format('SELECT ar.decide_credit(%s, %s, ''perhaps'', ''x'')', :ledger, :asked)), '22023', 'and is one');
SELECT is(ar.decide_credit(:ledger, :asked, 'approved', 'sound', 'EUR 4000'), 1::bigint, 'somebody else decides, perhaps for less');
SELECT is(pg_temp.limit_of('SCORE'), 'EUR 4000.00', 'and that is the limit');
SELECT is((SELECT format('%s %s %s %s', requested_by, decided_by, decision_reason, score) FROM ar.report_credit_application WHERE application_id = :asked), 'credit_clerk credit_manager sound 77.00', 'who, why, and by which score');
SELECT is(ar.decide_credit(:ledger, :fair, 'approved', 'for the fair'), 1::bigint, 'a temporary one');
SELECT is(pg_temp.outcome(format('SELECT ar.decide_credit(%s, %s, ''rejected'', ''no'')', :ledger, :asked)), 'RA003', 'what is decided stays so');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM ar.credit_limit WHERE customer_id = :score AND recorded_by = 'credit_manager'), 2::bigint, 'the limits bear the name of who decided');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
