-- report: aging by bucket, by day, as it was known; and the views.
BEGIN;
\ir helper.psql
SELECT plan(41);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B,C,D}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c, pg_temp.customer('D') AS d \gset

CREATE FUNCTION pg_temp.aging(customer text, as_of date, known_at timestamptz DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', g.currency, g.not_due, g.days_1_30, g.days_31_60, g.days_61_90, g.days_91_plus, g.unapplied, '=', g.balance), '; ')
    FROM ar.aging(pg_temp.ledger(), $2, $3, pg_temp.customer($1)) AS g
$$;

-- The edges of the buckets: an invoice of 2^n euros for each number of days past due.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
SELECT :ledger, :a, 'A' || days, '2026-01-01', date '2026-10-01' - days, ar.monetary((2 ^ nth)::numeric, 'EUR'), 'open'
FROM unnest('{-1,0,1,30,31,60,61,90,91,200}'::integer[]) WITH ORDINALITY AS v(days, nth);
SELECT is(pg_temp.aging('A', '2026-10-01'), 'EUR 6.00 24.00 96.00 384.00 1536.00 0.00 = 2046.00',
    'the due day itself is not overdue; then 1 to 30, 31 to 60, 61 to 90, and more');
SELECT results_eq($$SELECT number, days_past_due, bucket::text, amount, open FROM ar.aging_detail(pg_temp.ledger(), '2026-10-01') ORDER BY due_on DESC$$, $$VALUES
    ('A-1', -1, 'current', 2.00, 2.00), ('A0', 0, 'current', 4.00, 4.00), ('A1', 1, '1-30', 8.00, 8.00), ('A30', 30, '1-30', 16.00, 16.00),
    ('A31', 31, '31-60', 32.00, 32.00), ('A60', 60, '31-60', 64.00, 64.00), ('A61', 61, '61-90', 128.00, 128.00), ('A90', 90, '61-90', 256.00, 256.00),
    ('A91', 91, '91+', 512.00, 512.00), ('A200', 200, '91+', 1024.00, 1024.00)$$, 'item by item, too');
SELECT is(pg_temp.aging('A', '2026-10-02'), 'EUR 2.00 12.00 48.00 192.00 1792.00 0.00 = 2046.00', 'a day later each edge is passed');
SELECT results_eq($$SELECT bucket::text, sum(open) FROM ar.aging_detail(pg_temp.ledger(), '2026-10-01', boundaries => '{0,60}') GROUP BY 1 ORDER BY 1$$,
    $$VALUES ('1-60', 120.00), ('61+', 1920.00), ('current', 6.00)$$, 'other buckets can be had');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.aging_detail(pg_temp.ledger(), '2026-10-01', boundaries => '{60,0}')$$), '22023', 'but not in another order');
SELECT is(pg_temp.aging('A', '2025-12-31'), NULL, 'before it is issued, nothing is owed');
SELECT is_empty($$SELECT FROM ar.aging(pg_temp.ledger(), '2026-10-01', for_customer_id => pg_temp.customer('B'))$$, 'who owes nothing has no row');
SELECT is(pg_temp.outcome('SELECT * FROM ar.aging(-1)'), '23503', 'there is no aging without a ledger');

-- Unapplied cash has its own column; what is applied is gone from the buckets.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
VALUES (:ledger, :b, 'B1', '2026-01-01', '2026-01-31', 'EUR 100', 'open'), (:ledger, :b, 'B2', '2026-02-01', '2026-03-03', 'USD 10', 'open');
SELECT ar.record_payment(:ledger, :b, 'EUR 70', '2026-02-10', reference => 'B1 later', apply => 'none') \g /dev/null
SELECT ar.apply(:ledger, pg_temp.item('B1 later'), pg_temp.item('B1'), 'EUR 40', '2026-02-20') AS first \gset
SELECT is(pg_temp.aging('B', '2026-01-31'), 'EUR 100.00 0.00 0.00 0.00 0.00 0.00 = 100.00', 'on 31 January it is not overdue');
SELECT is(pg_temp.aging('B', '2026-02-09'), 'EUR 0.00 100.00 0.00 0.00 0.00 0.00 = 100.00; USD 10.00 0.00 0.00 0.00 0.00 0.00 = 10.00',
    'on 9 February nothing is paid; a row a currency');
SELECT is(pg_temp.aging('B', '2026-02-10'), 'EUR 0.00 100.00 0.00 0.00 0.00 -70.00 = 30.00; USD 10.00 0.00 0.00 0.00 0.00 0.00 = 10.00',
    'on the 10th it is paid and not applied');
SELECT is(pg_temp.aging('B', '2026-02-20'), 'EUR 0.00 60.00 0.00 0.00 0.00 -30.00 = 30.00; USD 10.00 0.00 0.00 0.00 0.00 0.00 = 10.00',
    'on the 20th a part is applied, and the balance is the same');
SELECT ar.unapply(:ledger, :first, '2026-03-10') \g /dev/null
SELECT is(pg_temp.aging('B', '2026-03-09'), 'EUR 0.00 0.00 60.00 0.00 0.00 -30.00 = 30.00; USD 0.00 10.00 0.00 0.00 0.00 0.00 = 10.00',
    'until the day before its undoing it is');
SELECT is(pg_temp.aging('B', '2026-03-10'), 'EUR 0.00 0.00 100.00 0.00 0.00 -70.00 = 30.00; USD 0.00 10.00 0.00 0.00 0.00 0.00 = 10.00',
    'and from that day on no more');
SELECT is(pg_temp.aging('B', '2026-02-25'), 'EUR 0.00 60.00 0.00 0.00 0.00 -30.00 = 30.00; USD 10.00 0.00 0.00 0.00 0.00 0.00 = 10.00',
    'which leaves the days between as they were');
SELECT ar.apply(:ledger, pg_temp.item('B1 later'), pg_temp.item('B1')) \g /dev/null
SELECT is(pg_temp.aging('B', '2026-03-10'), 'EUR 0.00 0.00 30.00 0.00 0.00 0.00 = 30.00; USD 0.00 10.00 0.00 0.00 0.00 0.00 = 10.00', 'applied again, it is');
SELECT is(pg_temp.aging('B', '2026-02-20'), 'EUR 0.00 60.00 0.00 0.00 0.00 -30.00 = 30.00; USD 10.00 0.00 0.00 0.00 0.00 0.00 = 10.00', 'and still nothing before has changed');

-- Two times: a payment that is recorded late, with an earlier date.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
VALUES (:ledger, :c, 'C1', '2026-01-01', '2026-01-31', 'EUR 50', 'open');
SELECT clock_timestamp() AS "known" \gset
SELECT pg_sleep(0.002) \g /dev/null
SELECT ar.record_payment(:ledger, :c, 'EUR 50', '2026-02-15', reference => 'C1') \g /dev/null
SELECT clock_timestamp() AS paid \gset
SELECT is(pg_temp.aging('C', '2026-02-28'), NULL, 'a payment of 15 February settles the aging of the 28th');
SELECT is(pg_temp.aging('C', '2026-02-14'), 'EUR 0.00 50.00 0.00 0.00 0.00 0.00 = 50.00', 'not that of the 14th');
SELECT is(pg_temp.aging('C', '2026-02-28', :'known'), 'EUR 0.00 50.00 0.00 0.00 0.00 0.00 = 50.00', 'nor that of the 28th as it was known before');
SELECT is(pg_temp.aging('C', '2026-02-28', :'paid'), NULL, 'as it was known after, it does');
SELECT pg_sleep(0.002) \g /dev/null
SELECT ar.unapply(a.ledger_id, a.application_id) FROM ar.application AS a JOIN ar.item AS i ON i.ledger_id = a.ledger_id AND i.item_id = a.debit_item_id
WHERE i.invoice_id = pg_temp.invoice('C1') \g /dev/null
SELECT is(pg_temp.aging('C', '2026-02-28'), 'EUR 0.00 50.00 0.00 0.00 0.00 -50.00 = 0.00', 'undone as if it had never been, both sides are open, at a balance of nothing');
SELECT is(pg_temp.aging('C', '2026-02-28', :'paid'), NULL, 'which was not known then');
SELECT is(pg_temp.aging('C', '2026-02-28', :'known'), 'EUR 0.00 50.00 0.00 0.00 0.00 0.00 = 50.00', 'nor before');
SELECT is_empty($$SELECT FROM ar.aging(pg_temp.ledger(), '2026-12-31', '2020-01-01')$$, 'before anything was recorded nothing was known');

-- A random book, the same each time: 300 documents of 40 customers, applied and undone, over half a year.
SELECT ar.create_ledger('RANDOM', 'Random', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger('RANDOM'), n::text, 'c') FROM generate_series(1, 40) AS n \g /dev/null
SELECT setseed(0.4711) \g /dev/null
CREATE TEMPORARY TABLE moment (nth integer, at timestamptz);
CREATE TEMPORARY TABLE seed AS
SELECT n, (1 + floor(random() * 40))::integer::text AS customer, date '2026-01-01' + floor(random() * 180)::integer AS day,
       1 + floor(random() * 100000)::integer AS cents, CASE WHEN random() < 0.8 THEN 'EUR' ELSE 'JPY' END AS currency, random() AS luck
FROM generate_series(1, 300) AS n;
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, total, status)
SELECT pg_temp.ledger('RANDOM'), c.customer_id, n::text, day, CASE WHEN luck < 0.2 THEN '40% net 5, 60% net 45' WHEN luck < 0.6 THEN 'net 14' ELSE 'net 30' END::ar.terms,
       CASE currency WHEN 'EUR' THEN ar.monetary(cents / 100.0, 'EUR') ELSE ar.monetary(cents, 'JPY') END, 'open'
FROM seed JOIN ar.customer AS c ON c.ledger_id = pg_temp.ledger('RANDOM') AND c.code = seed.customer;
INSERT INTO moment VALUES (1, clock_timestamp());
INSERT INTO ar.payment (ledger_id, customer_id, received_on, amount)
SELECT pg_temp.ledger('RANDOM'), c.customer_id, day + (luck * 60)::integer,
       CASE currency WHEN 'EUR' THEN ar.monetary(cents / 100.0 * 0.7, 'EUR') ELSE ar.monetary(cents / 2, 'JPY') END
FROM (SELECT n, customer, day, currency, luck, cents - cents % 10 + 10 AS cents FROM seed) AS seed
JOIN ar.customer AS c ON c.ledger_id = pg_temp.ledger('RANDOM') AND c.code = seed.customer WHERE n % 4 <> 0;
SELECT ar.auto_apply(pg_temp.ledger('RANDOM'), array_agg(payment_id) FILTER (WHERE payment_id % 2 = 0), 'oldest')
FROM ar.payment WHERE ledger_id = pg_temp.ledger('RANDOM') \g /dev/null
INSERT INTO moment VALUES (2, clock_timestamp());
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id)
SELECT ledger_id, credit_item_id, debit_item_id, -amount, applied_on + (application_id % 40)::integer, application_id
FROM ar.application WHERE ledger_id = pg_temp.ledger('RANDOM') AND application_id % 3 = 0;
INSERT INTO moment VALUES (3, clock_timestamp());
SELECT ar.auto_apply(pg_temp.ledger('RANDOM'), array_agg(payment_id), 'oldest') FROM ar.payment WHERE ledger_id = pg_temp.ledger('RANDOM') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount)
SELECT ledger_id, customer_id, 'discount', '2026-05-05', ar.monetary(-7, 'EUR') FROM ar.customer WHERE ledger_id = pg_temp.ledger('RANDOM') AND customer_id % 5 = 0;
INSERT INTO moment VALUES (4, clock_timestamp());
-- Autovacuum would have done it by now.
ANALYZE ar.item, ar.application;

-- The replay: from documents, terms and applications alone, by another road; no derived column is read.
CREATE FUNCTION pg_temp.replay(book integer, as_of date, known_at timestamptz)
RETURNS TABLE (customer_id bigint, currency text, buckets numeric[], unapplied numeric) LANGUAGE sql AS $$
    WITH open AS (
        SELECT i.customer_id, ar.currency(i.amount) AS currency, $2 - i.due_on AS late, ar.amount(i.amount) > 0 AS is_debit,
               ar.amount(i.amount) - coalesce((
                   SELECT sum(CASE WHEN a.debit_item_id = i.item_id THEN ar.amount(a.amount) ELSE -ar.amount(a.amount) END)
                   FROM ar.application AS a
                   WHERE a.ledger_id = $1 AND i.item_id IN (a.debit_item_id, a.credit_item_id)
                     AND a.applied_on <= $2 AND a.recorded_at <= $3), 0) AS open
        FROM ar.item AS i WHERE i.ledger_id = $1 AND i.issued_on <= $2 AND i.recorded_at <= $3)
    SELECT o.customer_id, o.currency, ARRAY[
               coalesce(sum(open) FILTER (WHERE is_debit AND late <= 0), 0), coalesce(sum(open) FILTER (WHERE is_debit AND late BETWEEN 1 AND 30), 0),
               coalesce(sum(open) FILTER (WHERE is_debit AND late BETWEEN 31 AND 60), 0), coalesce(sum(open) FILTER (WHERE is_debit AND late BETWEEN 61 AND 90), 0),
               coalesce(sum(open) FILTER (WHERE is_debit AND late > 90), 0)],
           coalesce(sum(open) FILTER (WHERE NOT is_debit), 0)
    FROM open AS o WHERE open <> 0 GROUP BY 1, 2
$$;
CREATE TEMPORARY TABLE asked AS
SELECT day::date, m.at FROM generate_series(date '2026-01-05', date '2026-09-30', interval '5.5 days') AS day
CROSS JOIN (SELECT at FROM moment WHERE nth IN (1, 3) UNION ALL SELECT 'infinity') AS m;
CREATE TEMPORARY TABLE answered AS SELECT q.day, q.at, g.* FROM asked AS q, ar.aging(pg_temp.ledger('RANDOM'), q.day, q.at) AS g;
SELECT cmp_ok((SELECT count(DISTINCT day)::integer FROM asked), '>=', 49, 'about fifty days, each as it was known at three moments');
SELECT cmp_ok((SELECT count(*)::integer FROM answered WHERE unapplied <> 0 AND days_91_plus <> 0), '>', 100, 'of a book with all kinds of open items');
SELECT cmp_ok((SELECT count(*)::integer FROM ar.application WHERE ledger_id = pg_temp.ledger('RANDOM') AND reverses_id IS NOT NULL), '>', 30, 'and many an undoing');
SELECT set_eq('SELECT day, at, customer_id, currency, ARRAY[not_due, days_1_30, days_31_60, days_61_90, days_91_plus], unapplied FROM answered',
    $$SELECT q.day, q.at, r.* FROM asked AS q, pg_temp.replay(pg_temp.ledger('RANDOM'), q.day, q.at) AS r$$, 'every aging equals a replay of the facts');
SELECT is_empty('SELECT * FROM answered WHERE not_due + days_1_30 + days_31_60 + days_61_90 + days_91_plus + unapplied <> balance',
    'the buckets and what is unapplied make the balance');
SELECT set_eq($$SELECT customer_id, currency, balance FROM ar.aging(pg_temp.ledger('RANDOM'), '2027-12-31')$$,
    $$SELECT customer_id, currency, ar.amount(open_debits) + ar.amount(open_credits) FROM ar.customer_balance
      WHERE ledger_id = pg_temp.ledger('RANDOM') AND (ar.sign(open_debits) <> 0 OR ar.sign(open_credits) <> 0)$$,
    'in the end it is the balance of each customer');
SELECT is_empty($$
    SELECT day FROM (SELECT DISTINCT day FROM asked LIMIT 12) AS q,
         LATERAL (SELECT g.customer_id, g.currency, g.balance FROM ar.aging(pg_temp.ledger('RANDOM'), q.day) AS g) AS g
         FULL JOIN LATERAL (SELECT t.customer_id, t.currency, sum(t.open) AS balance FROM ar.aging_detail(pg_temp.ledger('RANDOM'), q.day) AS t GROUP BY 1, 2) AS t
           USING (customer_id, currency)
    WHERE g.balance IS DISTINCT FROM t.balance$$, 'item by item makes the same sums');

-- The views: plain columns, for tools that know no others, and nobody's rights but the reader's.
SELECT set_eq($$SELECT relname::text FROM pg_class WHERE relnamespace = 'ar'::regnamespace AND relkind = 'v'$$,
    '{report_open_item,report_aging,report_invoice,report_payment,report_application,
      report_credit,report_credit_hold,report_credit_reservation,report_credit_limit,report_credit_application,credit_review_due,
      unidentified_payment,report_bank_line,unmatched_bank_line,report_match_suggestion,report_dispute,report_promise,report_write_off,
      report_worklist,report_activity,dunning_proposal,dunning_history,report_dunning}'::text[], 'these are the views');
SELECT is_empty($$
    SELECT c.relname, a.attname, a.atttypid::regtype FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind = 'v'
      AND a.atttypid::regtype::text <> ALL ('{numeric,text,date,integer,bigint,boolean,timestamp with time zone}')$$, 'in plain columns');
SELECT is_empty($$
    SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind = 'v'
      AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)$$, 'with the rights of who reads them');
SELECT results_eq($$SELECT customer, kind, number, currency, amount, open FROM ar.report_open_item WHERE ledger = 'TEST' AND customer IN ('B', 'C') ORDER BY item_id$$,
    $$VALUES ('B', 'invoice', 'B1', 'EUR', 100.00, 30.00), ('B', 'invoice', 'B2', 'USD', 10.00, 10.00),
    ('C', 'invoice', 'C1', 'EUR', 50.00, 50.00), ('C', 'payment', NULL, 'EUR', -50.00, -50.00)$$, 'open items');
SELECT results_eq($$SELECT customer, number, status, total, open, closed_on FROM ar.report_invoice WHERE ledger = 'TEST' AND customer <> 'A' ORDER BY invoice_id$$,
    $$VALUES ('B', 'B1', 'partial', 100.00, 30.00, NULL::date), ('B', 'B2', 'open', 10.00, 10.00, NULL), ('C', 'C1', 'open', 50.00, 50.00, NULL)$$, 'invoices');
SELECT results_eq($$SELECT customer, received_on, reference, amount, applied, unapplied FROM ar.report_payment WHERE ledger = 'TEST' ORDER BY payment_id$$,
    $$VALUES ('B', date '2026-02-10', 'B1 later', 70.00, 70.00, 0.00), ('C', '2026-02-15', 'C1', 50.00, 0.00, 50.00)$$, 'payments');
SELECT results_eq($$SELECT customer, applied_on, credit_kind, credit_number, debit_number, amount, days_past_due, reverses_id IS NOT NULL
    FROM ar.report_application WHERE ledger = 'TEST' AND customer = 'B' ORDER BY application_id$$, $$VALUES
    ('B', date '2026-02-20', 'payment', 'B1 later', 'B1', 40.00, 20, false), ('B', '2026-03-10', 'payment', 'B1 later', 'B1', -40.00, 38, true),
    ('B', '2026-03-10', 'payment', 'B1 later', 'B1', 70.00, 38, false)$$, 'applications');
SELECT set_eq($$SELECT customer_id, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance, as_of
      FROM ar.report_aging WHERE ledger = 'TEST'$$,
    $$SELECT customer_id, currency, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, unapplied, balance, ar.business_date(pg_temp.ledger())
      FROM ar.aging(pg_temp.ledger())$$, 'and the aging of the business date');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
