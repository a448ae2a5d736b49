-- credit: each invariant of credit is broken in turn, and ar.verify() reports exactly that.
BEGIN;
\ir helper.psql
SELECT plan(15);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code, credit_limit => 'EUR 100') FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset
INSERT INTO ar.credit_policy (ledger_id, on_breach) VALUES (:ledger, 'hold');
SELECT ar.reserve_credit(:ledger, :a, 'EUR 50', 'O1') AS reservation \gset
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status, order_reference) VALUES
    (:ledger, :a, 'I1', '2026-01-01', '2026-01-31', 'EUR 20', 'open', 'O1'), (:ledger, :a, 'HELD', '2026-01-01', '2026-01-31', 'EUR 200', 'open', NULL);
SELECT hold_id AS hold FROM ar.credit_hold \gset
CREATE ROLE credit_clerk LOGIN SUPERUSER;
SET SESSION AUTHORIZATION credit_clerk;
SELECT ar.request_credit(:ledger, :b, 'EUR 200', 'growth') AS application \gset
RESET SESSION AUTHORIZATION;
SELECT ar.decide_credit(:ledger, :application, 'approved', 'fine') \g /dev/null
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound to begin with');

CREATE TEMPORARY TABLE seen (check_name text);
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
    checks text[];
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(concat_ws(' ', v.check_name, v.table_name, v.row_id), '; ' ORDER BY v.check_name, v.row_id), array_agg(v.check_name)
        INTO reported, checks FROM ar.verify() AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        INSERT INTO seen SELECT unnest(checks);
    END;
    RETURN reported;
END
$$;

SELECT is(pg_temp.broken('DELETE FROM ar.credit_account WHERE customer_id = pg_temp.customer(''A'')'), 'credit_account_missing customer ' || :a, 'a limited customer has no account');
SELECT is(pg_temp.broken('UPDATE ar.customer SET credit_limit = ''EUR 101'' WHERE code = ''A'''), 'credit_limit_standing customer ' || :a, 'a standing limit was never granted');
SELECT is(pg_temp.broken('UPDATE ar.customer SET credit_limit = NULL WHERE code = ''A'''), 'credit_limit_standing customer ' || :a, 'or is gone');
SELECT is(pg_temp.broken('UPDATE ar.credit_reservation SET invoiced = ''EUR 19.99'''), 'credit_reservation_invoiced credit_reservation ' || :reservation, 'an order is not invoiced as its invoices say');
SELECT is(pg_temp.broken('UPDATE ar.invoice SET order_reference = NULL WHERE number = ''I1'''), 'credit_reservation_invoiced credit_reservation ' || :reservation, 'or an invoice has lost its order');
SELECT is(pg_temp.broken('UPDATE ar.credit_reservation SET amount = ''USD 50'', invoiced = ''USD 0'''), 'credit_reservation_currency invoice ' || pg_temp.invoice('I1'), 'an order is in another currency than its invoices');
SELECT is(pg_temp.broken('DELETE FROM ar.credit_hold'), 'credit_hold_missing invoice ' || pg_temp.invoice('HELD'), 'nothing says why an invoice is held');
SELECT is(pg_temp.broken('UPDATE ar.credit_hold SET decision = ''lapsed'', decided_by = ''x'', decided_at = now()'), 'credit_hold_missing invoice ' || pg_temp.invoice('HELD'), 'or the hold is over');
SELECT is(pg_temp.broken('UPDATE ar.invoice SET status = ''draft'' WHERE number = ''HELD'''), 'credit_hold_open credit_hold ' || :hold, 'a hold waits, and its invoice is not held');
SELECT is(pg_temp.broken('UPDATE ar.credit_hold SET action = ''warn'', invoice_id = pg_temp.invoice(''I1''), customer_id = pg_temp.customer(''B'')'),
    'credit_hold_customer credit_hold ' || :hold || '; credit_hold_missing invoice ' || pg_temp.invoice('HELD'), 'a hold is of another customer');
SELECT is(pg_temp.broken('UPDATE ar.credit_application SET limit_id = NULL'), 'credit_application_decision credit_application ' || :application, 'an approval granted nothing');
SELECT is(pg_temp.broken('ALTER TABLE ar.credit_application DROP CONSTRAINT credit_application_decided_by_check; UPDATE ar.credit_application SET decided_by = requested_by'),
    'credit_application_decision credit_application ' || :application, 'or was its requester''s own');

SELECT set_eq('SELECT check_name FROM seen', $$
    SELECT DISTINCT m[1] FROM pg_proc AS p, regexp_matches(p.prosrc, 'SELECT ''([a-z]+_[a-z_]+)'', ', 'g') AS m
    WHERE p.pronamespace = 'ar'::regnamespace AND p.proname = 'verify_credit'$$, 'no check was left out');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
