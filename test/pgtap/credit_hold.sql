-- credit: what a breach does is policy, and every other reason to hold; whoever writes, and however many rows at once.
BEGIN;
\ir helper.psql
SELECT plan(63);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
INSERT INTO ar.customer (ledger_id, code, name, credit_limit, customer_class)
SELECT :ledger, code, code, credit_limit::ar.monetary, class
FROM (VALUES ('HOLD', 'EUR 100', 'hold'), ('WARN', 'EUR 100', 'warn'), ('REFUSE', 'EUR 100', NULL), ('BULK', 'EUR 10000', 'hold'), ('TOLD', 'EUR 100', 'tolerant'),
             ('LATE', NULL, NULL), ('STOP', 'EUR 100', 'hold'), ('MANY', 'EUR 100', 'hold'), ('DRAFT', 'EUR 100', 'draft'), ('SPECIAL', 'EUR 100', 'hold')) AS v(code, credit_limit, class);
INSERT INTO ar.credit_policy (ledger_id, customer_class, on_breach, tolerance_percent, counts_drafts, release_percent)
VALUES (:ledger, 'hold', 'hold', NULL, NULL, 90), (:ledger, 'warn', 'warn', NULL, NULL, NULL), (:ledger, 'tolerant', NULL, 10, NULL, NULL), (:ledger, 'draft', NULL, NULL, true, NULL);

CREATE FUNCTION pg_temp.bill(customer text, total text, number text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) '
                  'VALUES (pg_temp.ledger(), pg_temp.customer(%L), %L, ''2026-01-01'', ''2026-01-31'', %L, ''open'')', $1, $3, $2) $$;
CREATE FUNCTION pg_temp.exposure(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT e.exposure::text FROM ar.credit_exposure(pg_temp.ledger(), pg_temp.customer($1)) AS e $$;
-- The last hold of an invoice: action, reasons, decision.
CREATE FUNCTION pg_temp.hold(number text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s for %s: %s', h.action, array_to_string(h.reasons, '+'), coalesce(h.decision, 'waits')) FROM ar.credit_hold AS h
    WHERE h.ledger_id = pg_temp.ledger() AND h.invoice_id = pg_temp.invoice($1) ORDER BY h.hold_id DESC LIMIT 1 $$;

-- Refuse, hold, warn, tolerate.
SELECT is(pg_temp.outcome(pg_temp.bill('REFUSE', 'EUR 100.01')), 'RA001', 'by default a breach is refused');
SELECT lives_ok(pg_temp.bill('HOLD', 'EUR 100.01', 'H1'), 'where the policy holds, it is not');
SELECT is(pg_temp.status('H1'), 'held', 'the invoice is held');
SELECT is((SELECT recorded_at IS NULL AND series_number IS NULL FROM ar.invoice WHERE number = 'H1'), true, 'not recorded, not numbered');
SELECT is_empty($$SELECT FROM ar.item WHERE invoice_id = pg_temp.invoice('H1')$$, 'and has no item');
SELECT is(pg_temp.hold('H1'), 'hold for credit_limit: waits', 'with a reason');
SELECT is((SELECT detail FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('H1')),
    'It adds EUR 100.01 to an exposure of EUR 0.00 before this statement; the limit of customer "HOLD" is EUR 100.00.', 'and its figures');
SELECT lives_ok(pg_temp.bill('HOLD', 'EUR 100', 'H2'), 'equality passes');
SELECT is(pg_temp.status('H2'), 'open', 'and is posted: what is held takes no room');
SELECT is(pg_temp.outcome($$INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount) VALUES (pg_temp.ledger(), pg_temp.customer('HOLD'), 'deduction', '2026-01-01', 'EUR 0.01')$$),
    'RA001', 'a charge, which cannot be held, is refused');
SELECT lives_ok(pg_temp.bill('WARN', 'EUR 100.01', 'W1'), 'where the policy warns');
SELECT is(pg_temp.status('W1') || ', ' || pg_temp.hold('W1'), 'open, warn for credit_limit: waits', 'it is posted, and the warning kept');
SELECT is(pg_temp.outcome(pg_temp.bill('TOLD', 'EUR 110')), 'done', 'within the tolerance it passes');
SELECT is(pg_temp.outcome(pg_temp.bill('TOLD', 'EUR 110.01')), 'RA001', 'and not beyond');

-- Every way to write: several invoices are judged in the order of their ids, each against what those before it took.
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, number, invoiced_on, total, status)
SELECT :ledger, 7000000000 + n, pg_temp.customer('MANY'), 'M' || n, '2026-01-01', total::ar.monetary, 'open'
FROM (VALUES (4, 'EUR 20'), (1, 'EUR 60'), (3, 'EUR 41'), (2, 'EUR 50')) AS v(n, total);
SELECT is((SELECT string_agg(number || ' ' || status, ', ' ORDER BY invoice_id) FROM ar.invoice WHERE customer_id = pg_temp.customer('MANY')),
    'M1 open, M2 held, M3 held, M4 open', 'INSERT of four: the smaller one after two that do not fit still does');
SELECT is(pg_temp.exposure('MANY'), 'EUR 80.00', 'and no more is owed than fits');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total) SELECT :ledger, pg_temp.customer('MANY'), 'M' || n, '2026-01-01', 'EUR 15' FROM generate_series(5, 6) AS n;
UPDATE ar.invoice SET status = 'open' WHERE number IN ('M5', 'M6');
SELECT is(pg_temp.status('M5') || ' ' || pg_temp.status('M6'), 'open held', 'UPDATE of drafts');
SELECT ar.create_invoice(:ledger, pg_temp.customer('MANY'), '[{"unit_price": 6}]', '2026-01-01', number => 'M7') \g /dev/null
SELECT is(pg_temp.status('M7'), 'held', 'by function');
DO $$ BEGIN EXECUTE format('ALTER TABLE ar.invoice ALTER ledger_id SET DEFAULT %s, ALTER customer_id SET DEFAULT %s', pg_temp.ledger(), pg_temp.customer('MANY')); END $$;
COPY ar.invoice (number, invoiced_on, total, status) FROM stdin;
M8	2026-01-01	EUR 6	open
M9	2026-01-01	EUR 5	open
\.
SELECT is(pg_temp.status('M8') || ' ' || pg_temp.status('M9'), 'held open', 'by COPY');
MERGE INTO ar.invoice AS v USING (SELECT 1) AS s ON v.number = 'M10' WHEN NOT MATCHED THEN INSERT (number, invoiced_on, total, status) VALUES ('M10', '2026-01-01', 'EUR 0.01', 'open');
SELECT is(pg_temp.status('M10'), 'held', 'by MERGE');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status)
SELECT :ledger, pg_temp.customer('BULK'), 'B' || n, '2026-01-01', CASE WHEN n % 2 = 0 THEN 'EUR 2' ELSE 'EUR 1' END::ar.monetary, 'open' FROM generate_series(1, 10000) AS n;
SELECT is((SELECT string_agg(status || ' ' || count, ', ' ORDER BY status) FROM (SELECT status, count(*) FROM ar.invoice WHERE customer_id = pg_temp.customer('BULK') GROUP BY status) AS s),
    'held 3333, open 6667', 'ten thousand in one statement');
SELECT is(pg_temp.exposure('BULK'), 'EUR 10000.00', 'fill the limit to the cent');
SELECT is((SELECT count(*) FROM ar.credit_hold WHERE customer_id = pg_temp.customer('BULK') AND decision IS NULL), 3333::bigint, 'each with its hold');

-- What a credit manager decides: who, when, why.
SELECT is(pg_temp.outcome($$SELECT ar.release_hold(pg_temp.ledger(), pg_temp.invoice('H1'), '')$$), '23502', 'a decision needs a reason');
SELECT is(pg_temp.outcome($$SELECT ar.release_hold(pg_temp.ledger(), pg_temp.invoice('H2'), 'x')$$), 'RA004', 'what is not held cannot be released');
SELECT is(pg_temp.outcome($$SELECT ar.release_hold(pg_temp.ledger(), -1, 'x')$$), '23503', 'nor what is not there');
SELECT is(ar.release_hold(:ledger, pg_temp.invoice('H1'), 'old friend'), 1::bigint, 'an invoice is released');
SELECT is(pg_temp.status('H1') || ', ' || pg_temp.exposure('HOLD'), 'open, EUR 200.01', 'and posted over the limit');
SELECT is((SELECT format('%s %s %s', decision, decided_by = session_user, decision_reason) FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('H1')), 'released t old friend', 'the decision is kept');
SELECT is(ar.reject_hold(:ledger, pg_temp.invoice('M2'), 'too much'), 1::bigint, 'another is rejected');
SELECT is(pg_temp.status('M2') || ', ' || pg_temp.hold('M2'), 'void, hold for credit_limit: rejected', 'and void');
SELECT is(ar.reject_holds(:ledger, ARRAY[pg_temp.invoice('M3')], 'again, smaller', back_to_draft => true), 1::bigint, 'or');
SELECT is(pg_temp.status('M3'), 'draft', 'a draft again');
SELECT is(pg_temp.outcome($$UPDATE ar.credit_hold SET decision = 'released', decision_reason = 'x' WHERE invoice_id = pg_temp.invoice('M2')$$), 'RA004', 'what is decided stays so');
SELECT is(pg_temp.outcome($$UPDATE ar.credit_hold SET reasons = '{manual}' WHERE invoice_id = pg_temp.invoice('M6')$$), 'RA003', 'reasons are not rewritten');
SELECT is(pg_temp.outcome($$INSERT INTO ar.credit_hold (ledger_id, invoice_id, customer_id, reasons, detail, amount) VALUES (pg_temp.ledger(), pg_temp.invoice('M1'), pg_temp.customer('MANY'), '{manual}', 'x', 'EUR 1')$$),
    'RA003', 'nor holds made up');
UPDATE ar.invoice SET status = 'draft' WHERE number = 'M6';
SELECT is(pg_temp.hold('M6'), 'hold for credit_limit: withdrawn', 'taking a held invoice back closes its hold');
UPDATE ar.invoice SET status = 'held' WHERE number = 'M6';
SELECT is(pg_temp.hold('M6'), 'hold for manual: waits', 'holding by hand is recorded');
UPDATE ar.credit_hold SET decision = 'released', decision_reason = 'in person' WHERE invoice_id = pg_temp.invoice('M7') AND decision IS NULL;
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET status = 'open' WHERE number = 'M7'$$), 'done', 'the decision may be written to the table');
DELETE FROM ar.invoice_line WHERE invoice_id = pg_temp.invoice('M7');
UPDATE ar.invoice SET net = 'EUR 60', total = 'EUR 60', status = 'open' WHERE number = 'M7';
SELECT is(pg_temp.status('M7') || ', ' || pg_temp.hold('M7'), 'held, hold for credit_limit: waits', 'but a release is for no more than was held');
UPDATE ar.invoice SET status = 'open' WHERE number = 'M7';
SELECT is((SELECT string_agg(coalesce(decision, 'waits'), ' ' ORDER BY hold_id) FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('M7')), 'released lapsed waits', 'posting a held invoice judges it anew');

-- What holds whatever the limit leaves, every reason named.
SELECT is(ar.stop_credit(:ledger, pg_temp.customer('STOP'), 'lawyer says so'), 1::bigint, 'credit is stopped by hand');
SELECT lives_ok(pg_temp.bill('STOP', 'EUR 200', 'S1'), 'an invoice');
SELECT is(pg_temp.hold('S1'), 'hold for credit_limit+manual_stop: waits', 'is held, for all its reasons');
UPDATE ar.customer SET status = 'on_hold', status_reason = 'moved' WHERE code = 'REFUSE';
SELECT lives_ok(pg_temp.bill('REFUSE', 'EUR 1', 'R1'), 'a customer on hold');
SELECT is((SELECT array_to_string(reasons, '+') || ': ' || detail FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('R1')), 'customer_on_hold: The customer is on hold: moved.', 'has his invoices held');
INSERT INTO ar.credit_policy (ledger_id, customer_id, overdue_days, overdue_minimum, dunning_level, bounced_payments, bounced_days) VALUES (:ledger, pg_temp.customer('LATE'), 30, 'EUR 10', 2, 2, 36500);
SELECT lives_ok(pg_temp.bill('LATE', 'EUR 9.99', 'L0') , 'somebody owes too little to matter');
SELECT lives_ok(pg_temp.bill('LATE', 'EUR 10', 'L1') , 'or enough');
SELECT is(pg_temp.status('L1'), 'open', 'what is overdue holds what comes after it');
SELECT ar.record_credit_events(:ledger, format('[{"customer_id": %1$s, "kind": "dunning", "level": 2, "occurred_on": "2026-03-01"}, {"customer_id": %1$s, "kind": "bounced_payment", "occurred_on": "2026-03-01"},
    {"customer_id": %1$s, "kind": "bounced_payment", "occurred_on": "2026-03-02"}]', pg_temp.customer('LATE'))::jsonb) \g /dev/null
SELECT lives_ok(pg_temp.bill('LATE', 'EUR 1', 'L2'), 'the next');
SELECT is(pg_temp.hold('L2'), 'hold for bounced_payments+dunning_level+overdue: waits', 'is held for three reasons');
SELECT matches((SELECT detail FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('L2')),
    '^2 payments bounced within 36500 days; from 2 on credit is held\. Dunning has reached level 2; from 2 on credit is held\. EUR 10\.00 is overdue since 2026-01-31, by \d+ days; no more than 30 are allowed\.$', 'with a sentence each');

-- Released by themselves when nothing holds them, with hysteresis.
SELECT is((SELECT count(*) FROM ar.release_holds(:ledger)), 0::bigint, 'nothing is released while its reasons stand');
SELECT ar.record_credit_event(:ledger, pg_temp.customer('LATE'), 'dunning', '2026-03-03', level => 0), ar.record_payment(:ledger, pg_temp.customer('LATE'), 'EUR 19.99', '2026-03-03', reference => 'L0 L1') \g /dev/null
SELECT is((SELECT count(*) FROM ar.release_holds(:ledger)), 0::bigint, 'nor while one of them does');
UPDATE ar.credit_policy SET bounced_payments = 3 WHERE customer_id = pg_temp.customer('LATE');
SELECT results_eq($$SELECT invoice_id FROM ar.release_holds(pg_temp.ledger())$$, $$VALUES (pg_temp.invoice('L2'))$$, 'when the last is gone, it is');
SELECT is(pg_temp.status('L2') || ', ' || pg_temp.hold('L2'), 'open, hold for bounced_payments+dunning_level+overdue: lapsed', 'posted');
SELECT ar.lift_credit_stop(:ledger, pg_temp.customer('STOP'), 'settled'), ar.set_credit_limit(:ledger, pg_temp.customer('STOP'), 'EUR 222') \g /dev/null
SELECT is((SELECT count(*) FROM ar.release_holds(:ledger)), 0::bigint, 'EUR 200 are more than 90 percent of EUR 222');
SELECT ar.set_credit_limit(:ledger, pg_temp.customer('STOP'), 'EUR 223') \g /dev/null
SELECT results_eq($$SELECT invoice_id FROM ar.release_holds(pg_temp.ledger())$$, $$VALUES (pg_temp.invoice('S1'))$$, 'and less of EUR 223');

-- Drafts, where the policy counts them.
SELECT lives_ok($$INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total) VALUES (pg_temp.ledger(), pg_temp.customer('DRAFT'), 'D1', '2026-01-01', 'EUR 60')$$, 'a draft');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total) VALUES (pg_temp.ledger(), pg_temp.customer('DRAFT'), '2026-01-01', 'EUR 40.01')$$)
    || ' ' || pg_temp.outcome($$UPDATE ar.invoice SET total = 'EUR 100.01' WHERE number = 'D1'$$), 'RA001 RA001', 'is exposure, and so is what it grows by');
UPDATE ar.invoice SET status = 'open' WHERE number = 'D1';
SELECT is(pg_temp.exposure('DRAFT'), 'EUR 60.00', 'posted it counts once');

SELECT is((SELECT count(*) FROM ar.report_credit_hold WHERE ledger = 'TEST' AND is_open AND customer <> 'BULK'), (SELECT count(*) FROM ar.invoice WHERE status = 'held' AND customer_id <> pg_temp.customer('BULK')), 'the report has what is held');
ANALYZE ar.item, ar.invoice, ar.customer_balance, ar.credit_hold;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
