-- proof: each invariant is broken in turn, and ar.verify() reports exactly that.
BEGIN;
\ir helper.psql
SELECT plan(48);

SELECT ar.create_ledger('TEST', 'Test', 'EUR'), ar.create_ledger('OTHER', 'Other', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) VALUES
    (:ledger, :a, 'I1', '2026-01-01', '2026-01-31', 'EUR 100', 'open'), (:ledger, :b, 'IB', '2026-01-01', '2026-01-31', 'EUR 100', 'open'),
    (:ledger, :a, 'PAID', '2026-01-01', '2026-01-31', 'EUR 10', 'open'), (:ledger, :a, 'UNDONE', '2026-01-01', '2026-01-31', 'EUR 7', 'open');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total) VALUES (:ledger, :a, 'DRAFT', '2026-01-01', 'EUR 1');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 5}]', '2026-01-01') AS first, ar.create_invoice(:ledger, :a, '[{"unit_price": 6}]', '2026-01-01') AS second \gset
SELECT ar.record_payment(:ledger, :a, 'EUR 60', '2026-01-10', reference => 'P1', apply => 'none'), ar.record_payment(:ledger, :a, 'EUR 10', '2026-01-10', reference => 'P2', apply => 'none'),
       ar.record_payment(:ledger, :a, 'EUR 9', '2026-01-10', reference => 'P3', apply => 'none'), ar.record_payment(:ledger, :b, 'EUR 120', '2026-01-10', reference => 'PB', apply => 'none') \g /dev/null
SELECT ar.apply(:ledger, pg_temp.item('P1'), pg_temp.item('I1'), 'EUR 40'), ar.apply(:ledger, pg_temp.item('P2'), pg_temp.item('PAID')),
       ar.apply(:ledger, pg_temp.item('P1'), pg_temp.item('UNDONE'), 'EUR 7') \g /dev/null
SELECT pg_temp.application('P1', 'UNDONE') AS undone, pg_temp.application('P1', 'I1') AS standing \gset
SELECT ar.unapply(:ledger, :undone, '2026-01-20') AS counter \gset
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound to begin with');

-- Breaks the books behind the backs of all triggers, asks, and takes it back: check, table and row of all that is reported.
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
        SELECT string_agg(concat_ws(' ', v.check_name, v.table_name, coalesce(v.row_id::text, '-'), CASE v.ledger WHEN pg_temp.ledger() THEN 'here' END), '; '
                          ORDER BY v.check_name, v.table_name, v.row_id), array_agg(v.check_name) INTO reported, checks
        FROM ar.verify() AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        INSERT INTO seen SELECT unnest(checks);
    END;
    RETURN reported;
END
$$;
CREATE FUNCTION pg_temp.row(check_name text, table_name text, row_id bigint) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', $1, $2, coalesce($3::text, '-'), 'here') $$;

-- Items and balances.
SELECT is(pg_temp.broken($$UPDATE ar.item SET open = 'EUR 59.99' WHERE item_id = pg_temp.item('I1')$$), pg_temp.row('item_open', 'item', pg_temp.item('I1')), 'open is not what the applications leave');
SELECT is(pg_temp.broken($$
    ALTER TABLE ar.item DROP CONSTRAINT item_open_check;
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    VALUES (pg_temp.ledger(), pg_temp.item('PB'), pg_temp.item('IB'), 'EUR 110', '2026-01-10');
    UPDATE ar.item SET open = CASE item_id WHEN pg_temp.item('IB') THEN 'EUR -10' ELSE 'EUR -10' END::ar.monetary
    WHERE item_id IN (pg_temp.item('PB'), pg_temp.item('IB'));
    UPDATE ar.invoice SET status = 'partial' WHERE number = 'IB';
    UPDATE ar.customer_balance SET open_debits = 'EUR 0', open_credits = 'EUR -20' WHERE customer_id = pg_temp.customer('B')$$),
    pg_temp.row('item_over_applied', 'item', pg_temp.item('IB')), 'more is applied than there is, and all else agrees with it');
SELECT is(pg_temp.broken($$UPDATE ar.item SET closed_on = '2026-01-11' WHERE item_id = pg_temp.item('PAID')$$), pg_temp.row('item_closed_on', 'item', pg_temp.item('PAID')), 'an item is closed on another day');
SELECT is(pg_temp.broken($$ALTER TABLE ar.item DROP CONSTRAINT item_closed_on_check; UPDATE ar.item SET closed_on = NULL WHERE item_id = pg_temp.item('PAID')$$),
    pg_temp.row('item_closed_on', 'item', pg_temp.item('PAID')), 'or not at all');
SELECT is(pg_temp.broken($$UPDATE ar.item SET undone_on = NULL WHERE item_id = pg_temp.item('UNDONE')$$), pg_temp.row('item_undone_on', 'item', pg_temp.item('UNDONE')), 'an undoing is forgotten');
SELECT is(pg_temp.broken($$UPDATE ar.item SET undone_on = '2026-01-05' WHERE item_id = pg_temp.item('I1')$$), pg_temp.row('item_undone_on', 'item', pg_temp.item('I1')), 'or made up');
SELECT is(pg_temp.broken($$UPDATE ar.customer_balance SET open_debits = 'EUR 0.01' WHERE customer_id = pg_temp.customer('B')$$), pg_temp.row('customer_balance', 'customer_balance', :b), 'a balance is wrong in its debits');
SELECT is(pg_temp.broken($$UPDATE ar.customer_balance SET open_credits = 'EUR 0' WHERE customer_id = pg_temp.customer('B')$$), pg_temp.row('customer_balance', 'customer_balance', :b), 'or in its credits');
SELECT is(pg_temp.broken($$DELETE FROM ar.customer_balance WHERE customer_id = pg_temp.customer('B')$$), pg_temp.row('customer_balance', 'customer_balance', :b), 'it is missing');
SELECT is(pg_temp.broken($$INSERT INTO ar.customer_balance VALUES (pg_temp.ledger(), pg_temp.customer('B'), 'USD', 'USD 1', 'USD 0')$$), pg_temp.row('customer_balance', 'customer_balance', :b), 'or there is one of nothing');

-- Applications.
PREPARE application (bigint, text, text, ar.monetary) AS
INSERT INTO ar.application (ledger_id, application_id, credit_item_id, debit_item_id, amount, applied_on)
VALUES (pg_temp.ledger(), $1, coalesce(pg_temp.item($2), -1), coalesce(pg_temp.item($3), -2), $4, '2026-01-10');
SELECT is(pg_temp.broken($$EXECUTE application(-7, 'nothing', 'none', 'EUR 5')$$), pg_temp.row('application_orphan', 'application', -7), 'an application joins what is not there');
SELECT is(pg_temp.broken($$EXECUTE application(-7, 'P1', 'I1', 'USD 5')$$), pg_temp.row('application_currency', 'application', -7), 'currencies differ');
SELECT is(pg_temp.broken($$EXECUTE application(-7, 'I1', 'I1', 'EUR 5')$$), pg_temp.row('application_sides', 'application', -7), 'sides are wrong');
SELECT is(pg_temp.broken($$
    EXECUTE application(-7, 'P1', 'IB', 'EUR 5');
    UPDATE ar.item SET open = CASE item_id WHEN pg_temp.item('P1') THEN 'EUR -15' ELSE 'EUR 95' END::ar.monetary WHERE item_id IN (pg_temp.item('P1'), pg_temp.item('IB'));
    UPDATE ar.invoice SET status = 'partial' WHERE number = 'IB';
    UPDATE ar.customer_balance SET open_debits = 'EUR 95' WHERE customer_id = pg_temp.customer('B');
    UPDATE ar.customer_balance SET open_credits = 'EUR -24' WHERE customer_id = pg_temp.customer('A')$$),
    pg_temp.row('application_customer', 'application', -7), 'customers differ, and all else agrees with it');
SELECT is(pg_temp.broken(format($$UPDATE ar.application SET applied_on = '2026-01-09' WHERE application_id = %s$$, :standing)),
    pg_temp.row('application_applied_on', 'application', :standing), 'an application is older than its items');
SELECT is(pg_temp.broken(format($$UPDATE ar.application SET reverses_id = %s WHERE application_id = %s$$, :standing, :counter)),
    pg_temp.row('application_reverses', 'application', :counter), 'a counter-row is not the opposite of what it undoes');
SELECT is(pg_temp.broken(format($$UPDATE ar.application SET reverses_id = -3 WHERE application_id = %s$$, :counter)),
    pg_temp.row('application_reverses', 'application', :counter), 'or undoes what is not there');

-- Documents and their items.
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET total = 'EUR 101' WHERE number = 'I1'$$), pg_temp.row('document_items', 'invoice', pg_temp.invoice('I1')), 'an invoice differs from its items');
SELECT is(pg_temp.broken($$UPDATE ar.payment SET amount = 'EUR 61' WHERE reference = 'P1'$$),
    (SELECT pg_temp.row('document_items', 'payment', payment_id) FROM ar.payment WHERE reference = 'P1'), 'a payment differs');
SELECT is(pg_temp.broken($$DELETE FROM ar.item WHERE item_id = pg_temp.item('P3');
    UPDATE ar.customer_balance SET open_credits = 'EUR -20' WHERE customer_id = pg_temp.customer('A')$$),
    (SELECT pg_temp.row('document_items', 'payment', payment_id) FROM ar.payment WHERE reference = 'P3'), 'an item is missing');
SELECT is(pg_temp.broken($$UPDATE ar.payment SET customer_id = pg_temp.customer('B') WHERE reference = 'P1'$$),
    (SELECT pg_temp.row('item_document', 'payment', payment_id) FROM ar.payment WHERE reference = 'P1'), 'a payment is of another customer than its item');
SELECT is(pg_temp.broken($$UPDATE ar.payment SET received_on = '2026-01-09' WHERE reference = 'P1'$$),
    (SELECT pg_temp.row('item_document', 'payment', payment_id) FROM ar.payment WHERE reference = 'P1'), 'of another date');
SELECT is(pg_temp.broken($$UPDATE ar.payment SET recorded_at = recorded_at + interval '1 microsecond' WHERE reference = 'P1'$$),
    (SELECT pg_temp.row('item_document', 'payment', payment_id) FROM ar.payment WHERE reference = 'P1'), 'of another moment');
SELECT is(pg_temp.broken($$UPDATE ar.payment SET amount = 'USD 60' WHERE reference = 'P1'$$),
    (SELECT pg_temp.row('item_document', 'payment', payment_id) FROM ar.payment WHERE reference = 'P1'), 'of another currency');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET status = 'draft', recorded_at = NULL WHERE number = 'I1'$$),
    pg_temp.row('item_document', 'invoice', pg_temp.invoice('I1')), 'a draft has items');
SELECT is(pg_temp.broken($$DELETE FROM ar.payment WHERE reference = 'P3'$$), pg_temp.row('item_orphan', 'item', pg_temp.item('P3')), 'an item has no document');

-- Invoices.
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET status = 'paid' WHERE number = 'I1'$$), pg_temp.row('invoice_status', 'invoice', pg_temp.invoice('I1')), 'a status does not follow from the facts');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET status = 'written_off' WHERE number = 'PAID'$$), pg_temp.row('invoice_status', 'invoice', pg_temp.invoice('PAID')), 'nothing was written off');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET number = NULL WHERE number = 'I1'$$), pg_temp.row('number_missing', 'invoice', pg_temp.invoice('I1')), 'a posted invoice has no number');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET recorded_at = now() WHERE number = 'DRAFT'$$), pg_temp.row('invoice_recorded', 'invoice', pg_temp.invoice('DRAFT')), 'a draft was recorded');
SELECT is(pg_temp.broken(format($$UPDATE ar.invoice_line SET unit_price = 4, net = 'EUR 4' WHERE invoice_id = %s$$, :first)), pg_temp.row('invoice_lines', 'invoice', :first) || '; ' || pg_temp.row('invoice_tax', 'invoice_tax', :first), 'lines make another total');
SELECT is(pg_temp.broken($$INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, tax_category, net, tax) VALUES (pg_temp.ledger(), -5, 1, 0, 'Z', 'EUR 0', 'EUR 0')$$),
    pg_temp.row('invoice_line_orphan', 'invoice_line', -5), 'a line has no invoice');
SELECT is(pg_temp.broken(format($$UPDATE ar.invoice SET series_number = 1 WHERE invoice_id = %s;
    UPDATE ar.document_counter SET next_number = 2 WHERE ledger_id = pg_temp.ledger()$$, :second)), pg_temp.row('number_double', 'invoice', :first), 'a number is used twice');
SELECT is(pg_temp.broken('UPDATE ar.document_counter SET next_number = 4 WHERE ledger_id = pg_temp.ledger()'), pg_temp.row('number_gap', 'document_counter', NULL), 'a number was drawn and lost at the end');
SELECT is(pg_temp.broken(format($$UPDATE ar.invoice SET series_number = 3 WHERE invoice_id = %s;
    UPDATE ar.document_counter SET next_number = 4 WHERE ledger_id = pg_temp.ledger()$$, :second)), pg_temp.row('number_gap', 'document_counter', NULL), 'or between');

-- Parties.
SELECT min(customer_id) AS party FROM ar.customer WHERE ledger_id = pg_temp.ledger() \gset
SELECT is(pg_temp.broken(format($$ALTER TABLE ar.customer DROP CONSTRAINT customer_parent_check;
    UPDATE ar.customer SET parent_id = customer_id WHERE customer_id = %s$$, :party)), pg_temp.row('customer_group', 'customer', :party), 'a customer is his own parent');
SELECT is(pg_temp.broken(format($$INSERT INTO ar.customer_status_change (ledger_id, customer_id, from_status, to_status)
    VALUES (pg_temp.ledger(), %s, 'active', 'on_hold')$$, :party)), pg_temp.row('customer_status', 'customer', :party), 'a status is not that of the last move');
SELECT is(pg_temp.broken(format($$INSERT INTO ar.customer_status_change (ledger_id, status_change_id, customer_id, from_status, to_status)
    VALUES (pg_temp.ledger(), 1000001, %1$s, 'active', 'on_hold'), (pg_temp.ledger(), 1000002, %1$s, 'verified', 'active')$$, :party)),
    pg_temp.row('customer_status_change', 'customer_status_change', 1000002), 'a move does not begin where the last one ended');
SELECT is(pg_temp.broken(format($$UPDATE ar.customer SET tax_id = 'DE1', tax_id_scheme = 'VAT' WHERE customer_id = %s$$, :party)), pg_temp.row('tax_id', 'customer', :party), 'a tax id is wrong');
SELECT is(pg_temp.broken($$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'EUR', 'USD', '2999-01-01', 1)$$),
    pg_temp.row('exchange_rate_future', 'exchange_rate', NULL), 'a rate is of the future');

-- What waits for the end of the transaction would keep the tables from being altered.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;

-- Triggers: each of ours, missing or disabled; and those of foreign keys.
CREATE TEMPORARY TABLE our_trigger AS
SELECT c.relname::text AS table_name, t.tgname::text AS trigger_name
FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid WHERE c.relnamespace = 'ar'::regnamespace AND NOT t.tgisinternal;
SELECT set_eq($$SELECT table_name, trigger_name, pg_temp.broken(format('DROP TRIGGER %I ON ar.%I', trigger_name, table_name)) FROM our_trigger$$,
    $$SELECT table_name, trigger_name, 'trigger_missing ' || table_name || ' -' FROM our_trigger$$, 'every trigger is missed');
SELECT set_eq($$SELECT table_name, trigger_name, pg_temp.broken(format('ALTER TABLE ar.%I DISABLE TRIGGER %I', table_name, trigger_name)) FROM our_trigger$$,
    $$SELECT table_name, trigger_name, 'trigger_disabled ' || table_name || ' -' FROM our_trigger$$, 'and its silence heard');
SELECT is(pg_temp.broken(format('ALTER TABLE ar.payment ENABLE REPLICA TRIGGER payment_settle_ais')), 'trigger_disabled payment -', 'a trigger for replicas alone is silent, too');
SELECT is(pg_temp.broken((SELECT format('ALTER TABLE ar.payment DISABLE TRIGGER %I', tgname) FROM pg_trigger
    WHERE tgrelid = 'ar.payment'::regclass AND tgisinternal ORDER BY tgname LIMIT 1)), 'trigger_disabled payment -', 'that of a foreign key is heard');

SELECT set_eq($$SELECT check_name FROM seen WHERE check_name NOT LIKE 'number\_%'$$, $$
    SELECT DISTINCT m[1] FROM pg_proc AS p, regexp_matches(p.prosrc, 'SELECT ''([a-z]+_[a-z_]+)'', ', 'g') AS m
    WHERE p.pronamespace = 'ar'::regnamespace AND p.proname LIKE 'verify%'
      AND p.proname NOT IN ('verify_invoice_totals', 'verify_discounts', 'verify_numbers', 'verify_memos', 'verify_recurring', 'verify_credit',
                            'verify_cash', 'verify_bank', 'verify_messages', 'verify_snapshots', 'verify_disputes', 'verify_interest',
                            'verify_plans', 'verify_promises', 'verify_write_offs', 'verify_placements', 'verify_cases', 'verify_dunning')
    UNION VALUES ('invoice_lines'), ('invoice_tax')$$, 'no check was left out but those that have tests of their own');
SELECT results_eq($$SELECT count(*) FROM ar.verify(pg_temp.ledger('OTHER'))$$, 'VALUES (0::bigint)', 'a ledger can be asked alone');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
