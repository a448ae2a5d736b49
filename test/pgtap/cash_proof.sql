-- cash: each invariant of reversals, refunds, transfers and payouts is broken in turn, and ar.verify() reports exactly that.
BEGIN;
\ir helper.psql
SELECT plan(29);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, reference, apply)
SELECT :ledger, CASE WHEN name <> 'U' THEN :a END, 'EUR 100', '2026-01-20', CASE name WHEN 'PAID_OUT' THEN 'online_processor' ELSE 'cheque' END, name, 'none' FROM unnest('{BOUNCED,GOOD,MOVED,PAID_OUT,U}'::text[]) AS name;
CREATE FUNCTION pg_temp.payment(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT p.payment_id FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() AND p.reference = $1 $$;
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) VALUES (:ledger, :a, 'I1', '2026-01-01', '2026-01-31', 'EUR 60', 'open');
SELECT ar.apply(:ledger, pg_temp.item('BOUNCED'), pg_temp.item('I1')) AS application \gset
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, number, payment_id) VALUES (:ledger, :a, 'discount', 'EUR -2', '2026-01-20', 'D1', pg_temp.payment('BOUNCED'));
SELECT ar.reverse_payment(:ledger, pg_temp.payment('BOUNCED'), 'bounced', '2026-02-01') AS reversal \gset
SELECT a.application_id AS counter_row FROM ar.application AS a WHERE a.reverses_id = :application \gset
SELECT o.adjustment_id AS opposite, o.reverses_id AS discount FROM ar.adjustment AS o WHERE o.reverses_id IS NOT NULL \gset
SELECT ar.refund(:ledger, pg_temp.payment('GOOD'), amount => 'EUR 10', refunded_on => '2026-02-01') AS refund \gset
SELECT ar.transfer_payment(:ledger, pg_temp.payment('MOVED'), :b, '2026-02-01'), ar.transfer_payment(:ledger, pg_temp.payment('U'), :b, '2026-02-01') \g /dev/null
SELECT max(adjustment_id) FILTER (WHERE customer_id = :a) AS moved_from, max(adjustment_id) FILTER (WHERE customer_id = :b) AS moved_to FROM ar.adjustment WHERE kind = 'transfer' \gset
SELECT ar.record_payout(:ledger, 'online_processor', 'po', '2026-02-02', 'EUR 99', 'EUR 1', jsonb_build_array(jsonb_build_object('payment_id', pg_temp.payment('PAID_OUT')))) AS payout \gset
SELECT ar.clear_payments(:ledger, ARRAY[pg_temp.payment('GOOD')], '2026-02-02') \g /dev/null
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, reference, replaces_id) VALUES (:ledger, :a, 'EUR 90', '2026-02-03', 'cheque', 'AGAIN', pg_temp.payment('BOUNCED'));
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound to begin with');

CREATE TEMPORARY TABLE seen (check_name text);
-- Breaks the books, and says which of the checks of cash see it: other checks may, too.
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
        INTO reported, checks FROM ar.verify_cash(pg_temp.ledger()) AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        INSERT INTO seen SELECT unnest(checks);
    END;
    RETURN reported;
END
$$;

SELECT is(pg_temp.broken(format($$UPDATE ar.payment SET method = 'barter' WHERE payment_id = %s$$, pg_temp.payment('GOOD'))),
    format('payment_method payment %s', pg_temp.payment('GOOD')), 'a payment by a method that there is not');
SELECT is(pg_temp.broken(format('DELETE FROM ar.adjustment WHERE adjustment_id = %s', :reversal)),
    format('reversal_application application %s; reversal_debit payment_reversal %s', (SELECT max(a.application_id) FROM ar.application AS a WHERE a.credit_item_id = pg_temp.item('BOUNCED')), pg_temp.payment('BOUNCED')), 'nothing closes a reversed payment');
SELECT is(pg_temp.broken(format('UPDATE ar.adjustment SET %s WHERE adjustment_id = %s', change, :reversal)), format('reversal_debit payment_reversal %s', pg_temp.payment('BOUNCED')), words)
FROM (VALUES ('amount = ''EUR 99''', 'or not all of it'), ('customer_id = pg_temp.customer(''B'')', 'or of another customer'), ('adjusted_on = ''2026-02-02''', 'or on another day')) AS v(change, words);
SELECT is(pg_temp.broken('UPDATE ar.payment_reversal SET kind = ''returned'''), format('reversal_kind payment_reversal %s', pg_temp.payment('BOUNCED')), 'a cheque is returned like a direct debit');
SELECT is(pg_temp.broken('UPDATE ar.payment_reversal SET reversed_on = ''2026-01-19'''), format('reversal_debit payment_reversal %1$s; reversal_kind payment_reversal %1$s', pg_temp.payment('BOUNCED')), 'or bounced before it came');
SELECT is(pg_temp.broken('DELETE FROM ar.payment_reversal'), format('payment_replaces payment %s; reversal_missing adjustment %s', pg_temp.payment('AGAIN'), :reversal), 'a reversal is not on record');
SELECT is(pg_temp.broken(format('DELETE FROM ar.application WHERE application_id = %s', :counter_row)), format('reversal_application application %s', :application), 'a reversed payment pays something');
SELECT is(pg_temp.broken(format('DELETE FROM ar.adjustment WHERE adjustment_id = %s', :opposite)), format('reversal_adjustment adjustment %s', :discount), 'what came with it stands');
SELECT is(pg_temp.broken(format('UPDATE ar.adjustment SET %s WHERE adjustment_id = %s', change, :opposite)), format('adjustment_reverses adjustment %s', :opposite), words)
FROM (VALUES ('amount = ''EUR 3''', 'what takes back is of another amount'), ('customer_id = pg_temp.customer(''B'')', 'customer'), ('payment_id = NULL', 'payment'), ('adjusted_on = ''2026-01-01''', 'or an earlier day')) AS v(change, words);
SELECT is(pg_temp.broken(format('UPDATE ar.item SET open = ''EUR 1'', closed_on = NULL WHERE adjustment_id = %s', :refund)), format('adjustment_settled adjustment %s', :refund), 'a refund is not covered');
SELECT is(pg_temp.broken(format('UPDATE ar.item SET open = ''EUR 1'', closed_on = NULL WHERE adjustment_id = %s', :moved_from)), format('adjustment_settled adjustment %s', :moved_from), 'nor a transfer');
SELECT is(pg_temp.broken(format('DELETE FROM ar.adjustment WHERE adjustment_id = %s', :moved_to)), format('transfer_sum payment %s', pg_temp.payment('MOVED')), 'a transfer has one side');
SELECT is(pg_temp.broken(format('UPDATE ar.payment SET customer_id = %s WHERE reference = ''U''', :b)), format('payment_transfer payment %s', pg_temp.payment('U')), 'a payment had its customer before it was given to him');
SELECT is(pg_temp.broken(format('UPDATE ar.payment_transfer SET %s', change)), format('payment_transfer payment %s', pg_temp.payment('U')), words)
FROM (VALUES ('amount = ''EUR 99''', 'or a part of it was'), ('transferred_on = ''2026-01-19''', 'or before it came')) AS v(change, words);
SELECT is(pg_temp.broken('DELETE FROM ar.payment_transfer'), format('payment_waiting payment %s', pg_temp.payment('U')), 'a payment has no customer, and is not looked for');
SELECT is(pg_temp.broken(format('INSERT INTO ar.payment_waiting VALUES (%s, %s)', :ledger, pg_temp.payment('U'))), format('payment_waiting payment %s', pg_temp.payment('U')), 'or has one, and is');
SELECT is(pg_temp.broken(format('UPDATE ar.payment SET replaces_id = %s WHERE reference = ''AGAIN''', pg_temp.payment('GOOD'))), format('payment_replaces payment %s', pg_temp.payment('AGAIN')), 'what did not bounce is replaced');
SELECT is(pg_temp.broken('UPDATE ar.payment_clearing SET cleared_on = ''2026-01-19'''), format('payment_clearing payment %s', pg_temp.payment('GOOD')), 'a cheque clears before it comes');
SELECT is(pg_temp.broken('DELETE FROM ar.payout_payment'), format('payout_sum payout %s', :payout), 'a payout pays nothing');
SELECT is(pg_temp.broken('UPDATE ar.payout_payment SET amount = ''EUR 99'''), format('payout_payment payout %1$s; payout_sum payout %1$s', :payout), 'or another amount');

SELECT set_eq('SELECT check_name FROM seen', $$
    SELECT DISTINCT m[1] FROM pg_proc AS p, regexp_matches(p.prosrc, 'SELECT ''([a-z]+_[a-z_]+)'', ', 'g') AS m
    WHERE p.pronamespace = 'ar'::regnamespace AND p.proname = 'verify_cash'$$, 'no check was left out');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
