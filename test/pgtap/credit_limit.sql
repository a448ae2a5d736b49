-- credit: which limit is in force: by date, by currency, by group, by default; and what moves between them.
-- Dates lie far in the past or future, so that the business date of no run matters.
BEGIN;
\ir helper.psql
SELECT plan(56);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
CREATE FUNCTION pg_temp.made(code text, credit_limit text DEFAULT NULL, parent text DEFAULT NULL, class text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.customer (ledger_id, code, name, credit_limit, parent_id, customer_class)
    VALUES (pg_temp.ledger(), $1, $1, $2::ar.monetary, pg_temp.customer($3), $4) RETURNING customer_id $$;
CREATE FUNCTION pg_temp.bill(customer text, total text, number text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) '
                  'VALUES (pg_temp.ledger(), pg_temp.customer(%L), %L, ''2026-01-01'', %L, ''open'')', $1, $3, $2) $$;
CREATE FUNCTION pg_temp.exposed(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s of %s (%s), group %s', e.exposure, coalesce(e.credit_limit::text, 'no limit'), coalesce(e.limit_source, '-'), e.group_exposure)
    FROM ar.credit_exposure(pg_temp.ledger(), pg_temp.customer($1)) AS e $$;

-- One truth: the standing limit in ar.customer, and every limit ever granted in ar.credit_limit.
SELECT pg_temp.made('ONE', 'EUR 100') AS one \gset
SELECT results_eq($$SELECT kind, amount::text FROM ar.credit_limit WHERE customer_id = pg_temp.customer('ONE')$$, $$VALUES ('standing', 'EUR 100.00')$$, 'a limit given with the customer is recorded');
SELECT lives_ok($$SELECT ar.set_credit_limit(pg_temp.ledger(), pg_temp.customer('ONE'), 'EUR 200', reason => 'good payer')$$, 'a limit is set by function');
SELECT is((SELECT credit_limit::text FROM ar.customer WHERE customer_id = :one), 'EUR 200.00', 'and stands with the customer');
UPDATE ar.customer SET credit_limit = 'EUR 150' WHERE customer_id = :one;
SELECT results_eq(format('SELECT amount::text, reason, recorded_by = session_user FROM ar.credit_limit WHERE customer_id = %s ORDER BY limit_id', :one),
    $$VALUES ('EUR 100.00', NULL, true), ('EUR 200.00', 'good payer', true), ('EUR 150.00', NULL, true)$$, 'each change is kept, whoever writes it');
SELECT is((SELECT count(*) FROM ar.credit_limit WHERE customer_id = :one AND amount IS NULL), 0::bigint, 'no change, no row');
SELECT is((SELECT credit_decided_on = ar.business_date(:ledger) FROM ar.customer WHERE customer_id = :one), true, 'and the day of the decision is noted');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_limit SET amount = ''EUR 1'' WHERE customer_id = %s', :one)), 'RA003', 'a limit that was granted does not change');
SELECT is(pg_temp.outcome(format('DELETE FROM ar.credit_limit WHERE customer_id = %s', :one)), 'RA003', 'nor does it vanish');
SELECT is(pg_temp.outcome(format('SELECT ar.set_credit_limit(%s, %s, ''EUR -1'')', :ledger, :one)), '23514', 'a limit is not negative');

-- Temporary and additional limits expire by themselves.
SELECT ar.set_credit_limit(:ledger, :one, 'EUR 500', '2001-01-01', '2001-12-31') \g /dev/null
SELECT ar.set_credit_limit(:ledger, :one, 'EUR 600', '2901-01-01', '2901-12-31') \g /dev/null
SELECT is(pg_temp.exposed('ONE'), 'EUR 0.00 of EUR 150.00 (customer), group EUR 0.00', 'what is over, or has not begun, does not count');
SELECT ar.set_credit_limit(:ledger, :one, 'EUR 300', '2001-01-01', '2901-12-31') AS temporary \gset
SELECT is(pg_temp.exposed('ONE'), 'EUR 0.00 of EUR 300.00 (temporary), group EUR 0.00', 'a valid temporary limit replaces the standing one');
SELECT ar.set_credit_limit(:ledger, :one, 'EUR 120', '2001-01-01') \g /dev/null
SELECT is(pg_temp.exposed('ONE'), 'EUR 0.00 of EUR 120.00 (temporary), group EUR 0.00', 'the latest of them counts, also to less');
SELECT ar.set_credit_limit(:ledger, :one, 'EUR 30', '2001-01-01', '2901-12-31', additional => true) \g /dev/null
SELECT is(pg_temp.exposed('ONE'), 'EUR 0.00 of EUR 150.00 (temporary), group EUR 0.00', 'an additional one adds');
SELECT is(pg_temp.outcome(pg_temp.bill('ONE', 'EUR 150.01')), 'RA001', 'it is judged by them');
SELECT lives_ok(pg_temp.bill('ONE', 'EUR 150', 'ONE-1'), 'equality passes');
SELECT lives_ok(format('SELECT ar.withdraw_credit_limit(%s, limit_id, ''mistake'') FROM ar.credit_limit WHERE customer_id = %s AND kind <> ''standing'' AND limit_id <> %s',
    :ledger, :one, :temporary), 'limits with dates are withdrawn');
SELECT is(pg_temp.exposed('ONE'), 'EUR 150.00 of EUR 300.00 (temporary), group EUR 150.00', 'and the one before is back');
SELECT is(pg_temp.outcome(format('SELECT ar.withdraw_credit_limit(%s, %s, ''x'')', :ledger, :temporary)), 'done', 'that one, too');
SELECT is(pg_temp.outcome(format('SELECT ar.set_credit_limit(%s, %s, ''EUR 1'', ''2026-02-01'', ''2026-01-01'')', :ledger, :one)), '23514', 'an end before the start is refused');
SELECT is((SELECT string_agg((limit_id IS NOT NULL)::text, ',') FROM ar.set_credit_limits(:ledger, format('[{"customer_id": %s, "amount": "EUR 1.00", "external_id": "L"}]', :one)::jsonb)), 'true', 'many at once');
SELECT is(ar.set_credit_limit(:ledger, :one, 'EUR 1', external_id => 'L'), (SELECT limit_id FROM ar.credit_limit WHERE external_id = 'L'), 'an external id again is the first result');
SELECT is(pg_temp.outcome(format('SELECT ar.set_credit_limit(%s, %s, ''EUR 2'', external_id => ''L'')', :ledger, :one)), 'RA006', 'with another payload an error');
SELECT is(pg_temp.exposed('ONE'), 'EUR 150.00 of EUR 300.00 (temporary), group EUR 150.00', 'lowering the standing limit leaves the temporary one');

-- Items in many currencies, at the rate of the day; a missing rate is an error, never 1.
SELECT pg_temp.made('WORLD', 'EUR 100') AS world \gset
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'USD 1')), 'RA009', 'without a rate nothing is compared');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (:ledger, 'EUR', 'USD', '2001-01-01', 1.25), (:ledger, 'EUR', 'JPY', '2001-01-01', 160);
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'USD 125.01')), 'RA001', 'USD 125.01 are EUR 100.01');
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'USD 125')), 'done', 'USD 125 are EUR 100');
SELECT lives_ok(pg_temp.bill('WORLD', 'USD 50', 'W1'), 'dollars');
SELECT lives_ok(pg_temp.bill('WORLD', 'JPY 4800', 'W2'), 'and yen');
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'EUR 30.01')), 'RA001', 'add up in euros');
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'EUR 30')), 'done', 'to the cent');
SELECT ar.record_payment(:ledger, :world, 'USD 25', '2026-01-02', apply => 'none') \g /dev/null
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'EUR 50')), 'done', 'a payment in dollars makes room in euros');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (:ledger, 'EUR', 'JPY', '2001-01-02', 40);
SELECT is(pg_temp.exposed('WORLD'), 'EUR 140.00 of EUR 100.00 (customer), group EUR 140.00', 'a new rate raises what is owed, and refuses nothing by itself');
SELECT is(pg_temp.outcome(pg_temp.bill('WORLD', 'EUR 0.01')), 'RA001', 'but whatever comes after it');

-- Groups: a member counts against every ancestor that has a limit.
SELECT pg_temp.made('ROOT', 'EUR 100'), pg_temp.made('MID', NULL, 'ROOT'), pg_temp.made('LEAF', 'EUR 80', 'MID'), pg_temp.made('TWIN', NULL, 'MID') \g /dev/null
SELECT lives_ok(pg_temp.bill('LEAF', 'EUR 60', 'G1'), 'a member owes within his own limit and the group''s');
SELECT is(pg_temp.outcome(pg_temp.bill('LEAF', 'EUR 20.01'), 'all'),
    E'RA001: credit limit of customer "LEAF" exceeded\nThe exposure would be EUR 80.01 against a limit of EUR 80.00, an excess of EUR 0.01.\n'
    'Take a payment first, lower the amount, or raise the limit.', 'his own limit comes first');
SELECT is(pg_temp.outcome(pg_temp.bill('TWIN', 'EUR 40.01'), 'all'),
    E'RA001: credit limit of customer "ROOT" exceeded\nThe exposure would be EUR 100.01 against a limit of EUR 100.00, an excess of EUR 0.01. '
    'Customer "TWIN" counts against it as a member of the group.\nTake a payment first, lower the amount, or raise the limit.', 'a sister has what the group has left');
SELECT lives_ok(pg_temp.bill('ROOT', 'EUR 40', 'G2'), 'the group''s head counts as well');
SELECT is(pg_temp.outcome(pg_temp.bill('TWIN', 'EUR 0.01')), 'RA001', 'and takes from his members');
SELECT is(pg_temp.exposed('ROOT'), 'EUR 40.00 of EUR 100.00 (customer), group EUR 100.00', 'which the exposure shows');
SELECT is(pg_temp.exposed('TWIN'), 'EUR 0.00 of no limit (-), group EUR 0.00', 'a member without a limit of his own shows none');

-- Coming into a group is judged; leaving it, and being lowered, is not.
SELECT pg_temp.made('STRAY', 'EUR 50') \g /dev/null
SELECT lives_ok(pg_temp.bill('STRAY', 'EUR 0.01', 'S1'), 'somebody owes a cent');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = pg_temp.customer('MID') WHERE code = 'STRAY'$$), 'RA001', 'he does not fit into a full group');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = pg_temp.customer('MID'), credit_limit = NULL WHERE code = 'STRAY'$$), 'RA001', 'whatever else changes');
SELECT lives_ok($$UPDATE ar.customer SET parent_id = NULL WHERE code = 'LEAF'$$, 'a member leaves');
SELECT lives_ok($$UPDATE ar.customer SET parent_id = pg_temp.customer('MID') WHERE code = 'STRAY'$$, 'and makes room');
SELECT lives_ok($$UPDATE ar.customer SET credit_limit = 'EUR 10' WHERE code IN ('ROOT', 'STRAY')$$, 'a limit goes below what is owed');
SELECT is(pg_temp.outcome(pg_temp.bill('STRAY', 'EUR 1')), 'RA001', 'and stops further credit');

UPDATE ar.customer SET credit_limit = 'EUR 100' WHERE code = 'ROOT';
SELECT ar.record_payment(:ledger, pg_temp.customer('TWIN'), 'EUR 50', '2026-01-02', apply => 'none') \g /dev/null
SELECT lives_ok(pg_temp.bill('ROOT', 'EUR 109.99', 'G3'), 'what a member paid ahead makes room for the group');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = NULL WHERE code = 'TWIN'$$), 'RA001', 'which he cannot take with him');
SELECT ar.record_payment(:ledger, pg_temp.customer('ROOT'), 'EUR 50', '2026-01-02', apply => 'none') \g /dev/null
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = NULL WHERE code = 'TWIN'$$), 'done', 'before the group has paid');

-- Defaults of ledger and class, for who has no limit, nor a group with one.
SELECT pg_temp.made('PLAIN'), pg_temp.made('SHOP', NULL, NULL, 'retail'), pg_temp.made('OWN', 'EUR 5', NULL, 'retail') \g /dev/null
INSERT INTO ar.credit_policy (ledger_id, customer_class, default_limit) VALUES (:ledger, NULL, 'EUR 10'), (:ledger, 'retail', 'EUR 20');
SELECT is(pg_temp.outcome(pg_temp.bill('PLAIN', 'EUR 10.01')), 'RA001', 'the ledger''s default');
SELECT is(pg_temp.outcome(pg_temp.bill('SHOP', 'EUR 20')), 'done', 'that of the class comes before it');
SELECT is(pg_temp.outcome(pg_temp.bill('OWN', 'EUR 5.01')), 'RA001', 'his own before both');
SELECT is(pg_temp.exposed('TWIN'), 'EUR -50.00 of no limit (-), group EUR -50.00', 'and a group''s limit instead of any default');
SELECT is((SELECT string_agg(customer || ' ' || coalesce(credit_limit::text, '-'), ', ' ORDER BY customer) FROM ar.report_credit WHERE ledger = 'TEST' AND is_over_limit),
    'WORLD 100.00', 'the report finds who is over his limit');

ANALYZE ar.item, ar.invoice, ar.customer_balance;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
