-- credit: what does not count as paid or sold, and what is refused: decisions without a reason, other currencies, customers who cannot buy.
BEGIN;
\ir helper.psql
SELECT plan(50);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code, credit_limit => 'EUR 1000', terms => 'net 30') FROM unnest('{A,B,C,D}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c, pg_temp.customer('D') AS d \gset
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, order_reference text DEFAULT NULL, kind text DEFAULT 'invoice', status text DEFAULT 'open') RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, due_on, total, status, order_reference) '
                  'VALUES (pg_temp.ledger(), pg_temp.customer(%L), %L, %L, ''2901-01-01'', ''2901-01-31'', %L, %L, %L)', $1, $3, $5, $2, $6, $4) $$;

-- Probation: only payments pay.
SELECT ar.start_probation(:ledger, :a) \g /dev/null
SELECT lives_ok(pg_temp.bill('A', 'EUR 10', 'A1') || ';' || pg_temp.bill('A', 'EUR 10', 'A2') || ';' || pg_temp.bill('A', 'EUR 10', 'A3') || ';' || pg_temp.bill('A', 'EUR 10', 'A4'), 'somebody on probation is invoiced');
SELECT ar.void_invoice(:ledger, pg_temp.invoice('A1'), '2901-01-02', 'wrong') \g /dev/null
SELECT lives_ok(pg_temp.bill('A', 'EUR 10', 'AC', kind => 'credit_memo'), 'and credited');
SELECT ar.apply(:ledger, pg_temp.item('AC'), pg_temp.item('A2'), applied_on => '2901-01-03') \g /dev/null
SELECT is(pg_temp.status('A1') || ' ' || pg_temp.status('A2'), 'void paid', 'one invoice is void, one taken by a credit memo');
SELECT is((SELECT paid_on_time FROM ar.probation_progress(:ledger)), 0::bigint, 'neither was paid on time');
SELECT ar.record_payment(:ledger, :a, 'EUR 9', '2901-01-10', reference => 'A3') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, adjusted_on, amount, number) VALUES (:ledger, :a, 'discount', '2901-01-10', 'EUR -1', 'AD');
SELECT ar.apply(:ledger, pg_temp.item('AD'), pg_temp.item('A3'), applied_on => '2901-01-10') \g /dev/null
SELECT ar.record_payment(:ledger, :a, 'EUR 10', '2901-01-10', reference => 'A4') \g /dev/null
SELECT is((SELECT paid_on_time FROM ar.probation_progress(:ledger)), 2::bigint, 'a payment is, and one less the discount');

-- The suggested limit: sales are what was invoiced, less what was taken back.
SELECT lives_ok(pg_temp.bill('B', 'EUR 300', 'B1') || ';' || pg_temp.bill('B', 'EUR 100', 'BC', kind => 'credit_memo') || ';' || pg_temp.bill('B', 'EUR 500', 'B2') || ';' || pg_temp.bill('B', 'EUR 50', 'BD', kind => 'deposit'), 'sales');
SELECT ar.void_invoice(:ledger, pg_temp.invoice('B2'), '2901-01-02', 'wrong') \g /dev/null
SELECT is((SELECT monthly_sales::text FROM ar.suggested_limits(:ledger, ARRAY[:b]::bigint[], '2901-01-15')), 'EUR 200.00', 'less credit memos, without deposits and what is void');
SELECT lives_ok(pg_temp.bill('B', 'EUR 900', 'BC2', kind => 'credit_memo'), 'more taken back than sold');
SELECT is((SELECT suggested_limit::text FROM ar.suggested_limits(:ledger, ARRAY[:b]::bigint[], '2901-01-15')), 'EUR 0.00', 'suggests no credit, and no negative one');

-- Every decision has its reason, whoever writes.
CREATE ROLE refusal_clerk LOGIN SUPERUSER;
SET SESSION AUTHORIZATION refusal_clerk;
SELECT ar.request_credit(:ledger, :c, 'EUR 5000', 'new shop') AS asked \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.outcome(format('SELECT ar.decide_credit(%s, %s, ''rejected'', NULL)', :ledger, :asked)), '23502', 'no application is rejected without a reason');
SELECT is(pg_temp.outcome(format(E'SELECT ar.decide_credit(%s, %s, ''approved'', E''\\t '')', :ledger, :asked)), '23502', 'nor approved for a blank one');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_application SET status = ''rejected'' WHERE application_id = %s', :asked)), '23502', 'nor by the table');
SELECT ar.request_credit_reviews(:ledger, ARRAY[:c]::bigint[]) \g /dev/null
SELECT review_id AS review FROM ar.credit_review WHERE customer_id = :c \gset
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_review(%s, %s, ''kept'', NULL)', :ledger, :review)), '23514', 'no review is done without a reason');
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_review(%s, %s, ''kept'', '' '')', :ledger, :review)), '23514', 'nor with a blank one');
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_review(%s, %s, NULL, ''x'')', :ledger, :review)), '23514', 'nor without an outcome');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_review SET reason = ''x'' WHERE review_id = %s', :review)), '23514', 'nor half, by the table');
SELECT is(pg_temp.outcome(format('SELECT ar.stop_credit(%s, %s, '' '')', :ledger, :c)), '23514', 'credit is not stopped for a blank reason');
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_review(%s, %s, ''kept'', ''x'', ''EUR 1'')', :ledger, :review)), '22023', 'a limit that is kept is no new one');
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_review(%s, %s, ''raised'', ''x'', ''USD 5000'')', :ledger, :review)), 'RA009', 'dollars are not more euros');
SELECT is(pg_temp.outcome(format('SELECT ar.record_credit_review(%s, %s, ''lowered'', ''x'', ''EUR 999'')', :ledger, :review)), 'done', 'less euros are less');
SELECT lives_ok(pg_temp.bill('C', 'EUR 10', 'C1', status => 'held'), 'an invoice is held by hand');
SELECT is(pg_temp.outcome('UPDATE ar.credit_hold SET decision = ''released'' WHERE invoice_id = pg_temp.invoice(''C1'')'), '23514', 'no hold is decided without a reason');
SELECT is(pg_temp.outcome(format(E'SELECT ar.release_hold(%s, pg_temp.invoice(''C1''), E''\\n'')', :ledger)), '23502', 'nor for a blank one');

-- Orders: in the currency of their invoices, for customers who can be invoiced.
SELECT lives_ok(pg_temp.bill('D', 'EUR 10', 'D1', 'O1'), 'an order is invoiced before it is reserved');
SELECT is(pg_temp.outcome(format('SELECT ar.reserve_credit(%s, %s, ''USD 50'', ''O1'')', :ledger, :d)), 'RA009', 'and not reserved in another currency');
INSERT INTO ar.customer (ledger_id, code, name, status) VALUES (:ledger, 'P', 'Prospect', 'prospect');
SELECT is(pg_temp.outcome(format('SELECT ar.reserve_credit(%s, pg_temp.customer(''P''), ''EUR 50'', ''O2'')', :ledger)), '23514', 'nothing is reserved for a prospect');

-- A hold is decided together with its invoice; what is posted is counted, and no more.
SELECT matches(pg_temp.outcome('UPDATE ar.credit_hold SET decision = ''released'', decision_reason = ''x'' WHERE invoice_id = pg_temp.invoice(''C1''); SET CONSTRAINTS ALL IMMEDIATE', 'all'),
    '^RA003: credit hold \d+ cannot be decided while its invoice stays held\n.*\nUse ar\.release_hold\(\) or ar\.reject_hold\(\)', 'a decision that leaves the invoice held is refused at the end of the transaction');
SELECT is(pg_temp.outcome('UPDATE ar.credit_hold SET decision = ''released'', decision_reason = ''x'' WHERE invoice_id = pg_temp.invoice(''C1''); UPDATE ar.invoice SET status = ''open'' WHERE number = ''C1''; SET CONSTRAINTS ALL IMMEDIATE'),
    'done', 'one with which the invoice is posted is not');
INSERT INTO ar.customer (ledger_id, code, name, credit_limit) VALUES (:ledger, 'H', 'Held', 'EUR 100');
INSERT INTO ar.credit_policy (ledger_id, customer_id, on_breach) VALUES (:ledger, pg_temp.customer('H'), 'hold');
SELECT lives_ok(pg_temp.bill('H', 'EUR 101', 'H1'), 'an invoice is held');
SELECT is(ar.post_invoice(:ledger, pg_temp.invoice('H1')), 0::bigint, 'posting it again posts none');
UPDATE ar.invoice SET total = 'EUR 200' WHERE number = 'H1';
SELECT is(ar.release_hold(:ledger, pg_temp.invoice('H1'), 'fine'), 0::bigint, 'nor does a release of less than it is by now');
SELECT is((SELECT string_agg(coalesce(decision, 'waits'), ' ' ORDER BY hold_id) FROM ar.credit_hold WHERE invoice_id = pg_temp.invoice('H1')), 'lapsed lapsed waits', 'which is not recorded as one');
SELECT is(ar.release_hold(:ledger, pg_temp.invoice('H1'), 'fine'), 1::bigint, 'the next is for the whole');
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

-- A draft that was held keeps its holds.
SELECT lives_ok(pg_temp.bill('H', 'EUR 1', 'H2'), 'another is held');
SELECT ar.reject_hold(:ledger, pg_temp.invoice('H2'), 'no', back_to_draft => true) \g /dev/null
SELECT matches(pg_temp.outcome('DELETE FROM ar.invoice WHERE number = ''H2''', 'all'), '^RA003: invoice \d+ was judged for credit and cannot be deleted\n.*\nMake it void', 'a draft that was held is not deleted');
SELECT is(pg_temp.outcome('SELECT ar.void_invoice(pg_temp.ledger(), pg_temp.invoice(''H2''))'), 'done', 'but made void');

-- Who is closed leaves nothing behind.
INSERT INTO ar.customer (ledger_id, code, name) VALUES (:ledger, 'E', 'End');
SELECT ar.reserve_credit(:ledger, pg_temp.customer('E'), 'EUR 5', 'O3') AS reservation \gset
SELECT is(pg_temp.outcome('SELECT ar.close_customer(pg_temp.ledger(), pg_temp.customer(''E''))'), 'RA004', 'nobody is closed with an order reserved');
SELECT ar.release_credit(:ledger, :reservation) \g /dev/null
SELECT lives_ok(pg_temp.bill('E', 'EUR 1', 'E1', status => 'held'), 'an invoice is held');
SELECT is(pg_temp.outcome('SELECT ar.close_customer(pg_temp.ledger(), pg_temp.customer(''E''))'), 'RA004', 'nor with it');
SELECT ar.reject_hold(:ledger, pg_temp.invoice('E1'), 'no') \g /dev/null
SELECT is(ar.close_customer(:ledger, pg_temp.customer('E')), 1::bigint, 'else he is');
SELECT is(pg_temp.outcome(format('SELECT ar.reserve_credit(%s, pg_temp.customer(''E''), ''EUR 50'', ''O4'')', :ledger)), '23514', 'and has nothing reserved any more');

-- Moves inside a group: only the groups that he was not in before are judged.
INSERT INTO ar.customer (ledger_id, code, name, credit_limit) VALUES (:ledger, 'ROOT', 'Root', 'EUR 100');
INSERT INTO ar.customer (ledger_id, code, name, credit_limit, parent_id)
SELECT :ledger, code, code, lim::ar.monetary, pg_temp.customer('ROOT') FROM (VALUES ('LEFT', 'EUR 100'), ('RIGHT', 'EUR 100'), ('SMALL', 'EUR 79')) AS v(code, lim);
INSERT INTO ar.customer (ledger_id, code, name, parent_id) VALUES (:ledger, 'LEAF', 'Leaf', pg_temp.customer('LEFT'));
SELECT lives_ok(pg_temp.bill('LEAF', 'EUR 80', 'G1'), 'a member owes');
UPDATE ar.customer SET credit_limit = 'EUR 50' WHERE code = 'ROOT';
SELECT is(pg_temp.outcome('UPDATE ar.customer SET parent_id = pg_temp.customer(''RIGHT'') WHERE code = ''LEAF''') || ' ' || pg_temp.outcome('UPDATE ar.customer SET parent_id = pg_temp.customer(''SMALL'') WHERE code = ''LEAF'''), 'done RA001',
    'he moves inside a group that is over its limit, to where there is room');

-- The widest limit and tolerance.
INSERT INTO ar.customer (ledger_id, code, name, credit_limit) VALUES (:ledger, 'WIDE', 'Wide', 'EUR 92233720368547758.07');
INSERT INTO ar.credit_policy (ledger_id, customer_id, on_breach, tolerance_percent) VALUES (:ledger, pg_temp.customer('WIDE'), 'hold', 1000000);
SELECT lives_ok(pg_temp.bill('WIDE', 'EUR 80000000000000000', 'W1'), 'a limit and a tolerance as wide as can be');
SELECT is(pg_temp.status('W1'), 'open', 'have room');

-- A missing rate is no error where there is no limit.
INSERT INTO ar.customer (ledger_id, code, name) VALUES (:ledger, 'FREE', 'Free');
SELECT lives_ok(pg_temp.bill('FREE', 'GBP 5', 'F1'), 'somebody without a limit owes in a currency that has no rate');
SELECT is((SELECT count(*) FROM ar.credit_exposures(:ledger)), (SELECT count(*) FROM ar.customer WHERE ledger_id = :ledger), 'all exposures are there');
SELECT is((SELECT format('%s, %s', coalesce(exposure::text, 'unknown'), coalesce(group_exposure::text, 'unknown')) FROM ar.credit_exposures(:ledger) WHERE customer_code = 'FREE'), 'unknown, unknown', 'but his');
SELECT is(pg_temp.outcome('SELECT FROM ar.open_credit_reviews(pg_temp.ledger()); SELECT FROM ar.report_credit') || ' ' || pg_temp.outcome('UPDATE ar.customer SET credit_limit = ''EUR 1'' WHERE code = ''FREE''; SELECT FROM ar.credit_exposures(pg_temp.ledger())'),
    'done RA009', 'reviews and report do without, a limit does not');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
