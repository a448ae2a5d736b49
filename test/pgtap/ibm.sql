-- ibm: a real receivables ledger, 2,466 invoices and their payments, against an aging reckoned elsewhere.
-- The files lie beside the checkout, in the directory that AR_SHARED_DATA names; without them the test is skipped.
BEGIN;
\ir helper.psql
\getenv data AR_SHARED_DATA
\if :{?data}
\else
    \set data ../shared/data
\endif
\set invoices :data/ar/ibm_wa_fn_usec_ar.csv
\set expected :data/ar/ibm_expected_aging.csv
\set expected_by_customer :data/ar/ibm_expected_by_customer.csv
\set found `test -r "${AR_SHARED_DATA:-../shared/data}/ar/ibm_wa_fn_usec_ar.csv" && echo true || echo false`
\if :found
SELECT plan(17);

CREATE TEMPORARY TABLE ibm (
    country text, customer text, paperless text, number text, invoiced_on date, due_on date, amount numeric,
    disputed text, settled_on date, bill text, days_to_settle integer, days_late integer);
CREATE TEMPORARY TABLE expected (
    as_of date, not_due numeric, days_1_30 numeric, days_31_60 numeric, days_61_90 numeric, days_91_plus numeric,
    balance numeric, open_invoices bigint, sales numeric, dso numeric);
CREATE TEMPORARY TABLE expected_by_customer (
    customer text, invoices bigint, total numeric, late_invoices bigint, days_late bigint);
SET LOCAL datestyle TO 'ISO, MDY';
-- COPY ... FROM STDIN would read this file: the others come through \copy, which takes no variables but by its whole line.
\set copy_ibm '\\copy ibm FROM ' :'invoices' ' WITH (FORMAT csv, HEADER)'
\set copy_expected '\\copy expected FROM ' :'expected' ' WITH (FORMAT csv, HEADER)'
\set copy_by_customer '\\copy expected_by_customer FROM ' :'expected_by_customer' ' WITH (FORMAT csv, HEADER)'
:copy_ibm
:copy_expected
:copy_by_customer
SET LOCAL datestyle TO 'ISO';
SELECT is((SELECT count(*) FROM ibm), 2466::bigint, 'the file has 2,466 invoices');

CREATE FUNCTION pg_temp.load_invoices(book text) RETURNS void LANGUAGE sql AS $$
    SELECT ar.create_ledger($1, 'IBM', 'USD');
    INSERT INTO ar.customer (ledger_id, code, name)
    SELECT DISTINCT pg_temp.ledger($1), customer, customer FROM ibm;
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    SELECT c.ledger_id, c.customer_id, i.number, i.invoiced_on, i.due_on, ar.monetary(i.amount, 'USD'), 'open'
    FROM ibm AS i JOIN ar.customer AS c ON c.ledger_id = pg_temp.ledger($1) AND c.code = i.customer;
$$;
-- All payments of some days, in the order of their dates, each applied to the invoice it names.
CREATE FUNCTION pg_temp.load_payments(book text, after date, until date) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, reference, received_on, amount)
    SELECT c.ledger_id, c.customer_id, i.number, i.settled_on, ar.monetary(i.amount, 'USD')
    FROM ibm AS i JOIN ar.customer AS c ON c.ledger_id = pg_temp.ledger($1) AND c.code = i.customer
    WHERE i.settled_on > $2 AND i.settled_on <= $3 ORDER BY i.settled_on;
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT p.ledger_id, credit.item_id, debit.item_id, p.amount, p.received_on
    FROM ar.payment AS p
    JOIN ar.item AS credit ON credit.ledger_id = p.ledger_id AND credit.payment_id = p.payment_id
    JOIN ar.invoice AS v ON v.ledger_id = p.ledger_id AND v.number = p.reference
    JOIN ar.item AS debit ON debit.ledger_id = v.ledger_id AND debit.invoice_id = v.invoice_id
    WHERE p.ledger_id = pg_temp.ledger($1) AND p.received_on > $2 AND p.received_on <= $3;
$$;
CREATE FUNCTION pg_temp.total_aging(book text, as_of date)
RETURNS TABLE (not_due numeric, days_1_30 numeric, days_31_60 numeric, days_61_90 numeric, days_91_plus numeric, unapplied numeric, balance numeric)
LANGUAGE sql AS $$
    SELECT sum(not_due), sum(days_1_30), sum(days_31_60), sum(days_61_90), sum(days_91_plus), sum(unapplied), sum(balance)
    FROM ar.aging(pg_temp.ledger($1), $2)
$$;

-- Everything posted; then the past is asked.
SELECT pg_temp.load_invoices('IBM') \g /dev/null
ANALYZE ar.customer, ar.invoice, ar.item;
SELECT pg_temp.load_payments('IBM', '-infinity', 'infinity') \g /dev/null
ANALYZE ar.payment, ar.item, ar.application;
SELECT is((SELECT count(*) FROM ar.invoice WHERE ledger_id = pg_temp.ledger('IBM') AND status = 'paid'), 2466::bigint, 'all are paid');
SELECT is((SELECT count(*) FROM ar.payment WHERE ledger_id = pg_temp.ledger('IBM')), 2466::bigint, 'by as many payments');
SELECT is((SELECT count(*) FROM ar.application WHERE ledger_id = pg_temp.ledger('IBM')), 2466::bigint, 'each applied');
SELECT is_empty($$SELECT FROM ar.item WHERE ledger_id = pg_temp.ledger('IBM') AND closed_on IS NULL$$, 'nothing is open');
SELECT is_empty($$SELECT FROM ar.aging(pg_temp.ledger('IBM'))$$, 'so nobody owes today');
SELECT is((SELECT count(*) FROM expected), 2::bigint, 'two days are asked');
SELECT results_eq($$SELECT e.as_of, g.not_due, g.days_1_30, g.days_31_60, g.days_61_90, g.days_91_plus, g.unapplied, g.balance
      FROM expected AS e, pg_temp.total_aging('IBM', e.as_of) AS g ORDER BY 1$$,
    $$SELECT as_of, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, 0.00, balance FROM expected ORDER BY 1$$,
    'the aging of both days is right to the cent, with every payment posted');
SELECT results_eq($$SELECT e.as_of, (SELECT count(*) FROM ar.aging_detail(pg_temp.ledger('IBM'), e.as_of)) FROM expected AS e ORDER BY 1$$,
    'SELECT as_of, open_invoices FROM expected ORDER BY 1', 'and so many invoices are open');
SELECT set_eq($$SELECT customer, count(*) AS invoices, sum(total) AS total, count(*) FILTER (WHERE closed_on > due_on) AS late, sum(greatest(closed_on - due_on, 0)) AS days_late
      FROM ar.report_invoice WHERE ledger = 'IBM' GROUP BY customer$$,
    'SELECT customer, invoices, total, late_invoices, days_late FROM expected_by_customer', 'customer by customer the totals are right');
SELECT set_eq($$SELECT customer, count(*) AS invoices, sum(amount) AS total, count(*) FILTER (WHERE days_past_due > 0) AS late, sum(greatest(days_past_due, 0)) AS days_late
      FROM ar.report_application WHERE ledger = 'IBM' GROUP BY customer$$,
    'SELECT customer, invoices, total, late_invoices, days_late FROM expected_by_customer', 'and those of what they paid, and how late');

-- Day by day: the payments of each date are posted in order, and the aging is asked when its day is reached.
SELECT pg_temp.load_invoices('DAILY') \g /dev/null
ANALYZE ar.customer, ar.invoice, ar.item;
CREATE TEMPORARY TABLE seen (as_of date, not_due numeric, days_1_30 numeric, days_31_60 numeric, days_61_90 numeric, days_91_plus numeric, unapplied numeric, balance numeric);
DO $$
DECLARE
    day date;
BEGIN
    FOR day IN SELECT DISTINCT settled_on FROM ibm UNION SELECT as_of FROM expected ORDER BY 1 LOOP
        PERFORM pg_temp.load_payments('DAILY', day - 1, day);
        IF day IN (SELECT as_of FROM expected) OR extract(day FROM day) = 15 THEN
            INSERT INTO seen SELECT day, g.* FROM pg_temp.total_aging('DAILY', day) AS g;
        END IF;
    END LOOP;
END
$$;
SELECT results_eq('SELECT * FROM seen WHERE as_of IN (SELECT as_of FROM expected) ORDER BY 1',
    $$SELECT as_of, not_due, days_1_30, days_31_60, days_61_90, days_91_plus, 0.00, balance FROM expected ORDER BY 1$$,
    'asked when their day is reached, both days say the same');
SELECT cmp_ok((SELECT count(*)::integer FROM seen), '>=', 20, 'the 15th of each month was asked, too');
SELECT set_eq('SELECT * FROM seen', $$SELECT s.as_of, g.* FROM seen AS s, pg_temp.total_aging('IBM', s.as_of) AS g$$,
    'and is the same in the book that has everything posted');
SELECT set_eq('SELECT * FROM seen', $$SELECT s.as_of, g.* FROM seen AS s, pg_temp.total_aging('DAILY', s.as_of) AS g$$, 'as in this one at its end');
SELECT is((SELECT count(*) FROM ar.invoice WHERE ledger_id = pg_temp.ledger('DAILY') AND status = 'paid'), 2466::bigint, 'where all is paid in the end');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
\else
SELECT plan(1);
SELECT skip('no file of that name: set AR_SHARED_DATA to the directory that holds ar/ibm_wa_fn_usec_ar.csv', 1);
SELECT * FROM finish();
\endif
ROLLBACK;
