-- billing_memo: the order, purchase order and buyer reference of memos; invoices of zero; the status of credit memos.
-- Protects: what is credited of an order is reserved for it again, once; a void invoice gives its order back once, not twice.
BEGIN;
\ir helper.psql
SELECT plan(30);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code, credit_limit => 'EUR 1000') FROM unnest('{A,B,C,D}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c, pg_temp.customer('D') AS d \gset
CREATE FUNCTION pg_temp.references(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', v.kind, v.status, coalesce(v.order_reference, '-'), coalesce(v.purchase_order, '-'), coalesce(v.buyer_reference, '-'))
    FROM ar.invoice AS v WHERE v.ledger_id = pg_temp.ledger() AND v.invoice_id = $1 $$;
CREATE FUNCTION pg_temp.bill(customer text, price numeric, order_reference text) RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer($1), jsonb_build_array(jsonb_build_object('description', 'Lamp', 'unit_price', $2)), '2026-01-05',
        options => jsonb_build_object('order_reference', $3, 'purchase_order', 'P-' || $3, 'buyer_reference', 'B-' || $3)) $$;
-- What he owes, has unapplied, and reserved.
CREATE FUNCTION pg_temp.parts(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s %s %s', ar.amount(e.open_debits), ar.amount(e.unapplied), ar.amount(e.reserved))
    FROM ar.credit_exposure(pg_temp.ledger(), pg_temp.customer($1)) AS e $$;
CREATE FUNCTION pg_temp.invoiced(customer text, order_reference text) RETURNS text LANGUAGE sql AS
$$ SELECT ar.order_invoiced(pg_temp.ledger(), pg_temp.customer($1), $2, 'EUR 0')::text $$;

-- Credit memos inherit, whichever way their lines come.
SELECT ar.reserve_credit(:ledger, :a, 'EUR 100', 'O1') \g /dev/null
SELECT pg_temp.bill('A', 100, 'O1') AS i \gset
SELECT is(pg_temp.parts('A'), '100.00 0.00 0.00', 'an order of 100 that is invoiced reserves nothing');
SELECT ar.create_credit_memo(:ledger, :i, 30, invoiced_on => '2026-01-10') AS m \gset
SELECT is(pg_temp.references(:m), 'credit_memo paid O1 P-O1 B-O1', 'a credit memo for an amount has the references of the invoice');
SELECT is(pg_temp.parts('A'), '70.00 0.00 30.00', 'and what it credits is reserved for the order again');
SELECT ar.create_credit_memo(:ledger, :i, lines => '[{"corrects_line": 1, "amount": 20}]', invoiced_on => '2026-01-10') AS m \gset
SELECT is(pg_temp.references(:m), 'credit_memo paid O1 P-O1 B-O1', 'one for a line, too');
SELECT ar.create_credit_memo(:ledger, :i, lines => '[{"unit_price": 10}]', invoiced_on => '2026-01-10', apply => false) AS m \gset
SELECT is(pg_temp.references(:m), 'credit_memo open O1 P-O1 B-O1', 'and one with lines of its own');
SELECT is(pg_temp.parts('A'), '50.00 -10.00 60.00', 'all are reserved again, applied or not');
SELECT invoice_id AS m FROM ar.create_credit_memos(:ledger, jsonb_build_array(jsonb_build_object('invoice_id', :i, 'lines', '[{"unit_price": 1}]'::jsonb,
    'invoiced_on', '2026-01-10', 'details', '{"order_reference": "O9", "purchase_order": "P9", "buyer_reference": "B9"}'::jsonb))) \gset
SELECT is(pg_temp.references(:m), 'credit_memo paid O9 P9 B9', 'details come first');
SELECT ar.create_credit_memo(:ledger, :i, 1, invoiced_on => '2026-01-10', order_reference => 'O8') AS m \gset
SELECT is(pg_temp.references(:m), 'credit_memo paid O8 P-O1 B-O1', 'so does what is given');
SELECT invoice_id AS m FROM ar.create_credit_memos(:ledger, jsonb_build_array(jsonb_build_object('invoice_id', :i, 'amount', 1, 'invoiced_on', '2026-01-10', 'order_reference', NULL))) \gset
SELECT is(pg_temp.references(:m), 'credit_memo paid - P-O1 B-O1', 'and null is none');
SELECT is(pg_temp.parts('A'), '47.00 -10.00 60.00', 'which then leave this order alone');
SELECT ar.create_credit_memo(:ledger, customer_id => :a, amount => 5, invoiced_on => '2026-01-10') AS m \gset
SELECT is(pg_temp.references(:m), 'credit_memo open - - -', 'credit on account has no order');

-- Debit memos bill more of the order.
SELECT ar.create_debit_memo(:ledger, :i, 15, invoiced_on => '2026-01-11') AS m \gset
SELECT is(pg_temp.references(:m), 'debit_memo open O1 P-O1 B-O1', 'a debit memo inherits');
SELECT is(pg_temp.parts('A'), '62.00 -15.00 45.00', 'and takes from what is reserved');
SELECT ar.create_debit_memo(:ledger, customer_id => :a, amount => 5, invoiced_on => '2026-01-11', order_reference => 'O1') AS m \gset
SELECT is(pg_temp.parts('A'), '67.00 -15.00 40.00', 'one on account, where it names the order');

-- A deposit of an order bills it once: with the invoice it is taken back.
SELECT ar.reserve_credit(:ledger, :b, 'EUR 100', 'O2') \g /dev/null
SELECT ar.create_deposit(:ledger, :b, 30, invoiced_on => '2026-01-02', order_reference => 'O2') AS m \gset
SELECT is(pg_temp.parts('B'), '30.00 0.00 70.00', 'a deposit that names an order');
SELECT ar.record_payment(:ledger, :b, 'EUR 30', '2026-01-03', apply => 'oldest') \g /dev/null
SELECT pg_temp.bill('B', 100, 'O2') AS j \gset
SELECT ar.apply_deposit(:ledger, :m, :j, applied_on => '2026-01-06') AS n \gset
SELECT is(pg_temp.references(:n), 'credit_memo paid O2 - -', 'the memo that applies it names it, too');
SELECT is(pg_temp.invoiced('B', 'O2'), 'EUR 100.00', 'so 100 of the order are invoiced, not 130');

-- Void: order 100, of it 60 stay invoiced and 40 are made void.
SELECT ar.reserve_credit(:ledger, :c, 'EUR 100', 'O3', '2900-01-01') AS reservation \gset
SELECT pg_temp.bill('C', 60, 'O3') AS i, pg_temp.bill('C', 40, 'O3') AS j \gset
SELECT is(pg_temp.parts('C'), '100.00 0.00 0.00', 'two invoices of an order');
SELECT ar.void_invoice(:ledger, :j, '2026-01-12') AS m \gset
SELECT is(pg_temp.references(:m), 'credit_memo paid - P-O3 B-O3', 'a reversal names no order');
SELECT is(pg_temp.invoiced('C', 'O3'), 'EUR 60.00', 'as what is void is no longer invoiced: it counts once');
SELECT is(pg_temp.parts('C'), '60.00 0.00 40.00', '40 are reserved again');
SELECT ar.void_invoice(:ledger, :i, '2026-01-12') AS m \gset
SELECT is(pg_temp.parts('C'), '0.00 0.00 100.00', 'and all of it once, when both are void');

-- An invoice of zero is paid from the start.
SELECT ar.create_invoice(:ledger, :d, '[{"description": "Lamp", "unit_price": 10}, {"description": "Gift", "unit_price": -10}]', '2026-01-05', number => 'ZERO') AS z \gset
SELECT is(pg_temp.outcome(format('SELECT ar.void_invoice(%s, %s, ''2026-01-06'')', :ledger, :z), 'all'),
    E'RA004: invoice ZERO is of zero and cannot be made void\nNothing of it was ever owed; it is paid from the start, and a reversal would have nothing to take back.\n'
    'Take its lines back with ar.create_credit_memo(), which names them, or leave it as it is.', 'there is nothing to reverse');
SELECT ar.create_credit_memo(:ledger, :z, lines => '[{"corrects_line": 1}, {"corrects_line": 2}]', invoiced_on => '2026-01-06') AS m \gset
SELECT is((SELECT concat_ws(' ', v.status, v.total) FROM ar.invoice AS v WHERE v.ledger_id = :ledger AND v.invoice_id = :m), 'paid EUR 0.00', 'its lines are taken back as the hint says');
SELECT is(pg_temp.outcome(format('SELECT ar.void_invoice(%s, ar.create_invoice(%1$s, %2$s, ''[{"unit_price": 0}]'', ''2026-01-05'', post => false))', :ledger, :d)), 'done', 'a draft of zero is made void as it is');

-- The status of a credit memo is what its items make it.
SELECT ar.create_credit_memo(:ledger, customer_id => :d, amount => 50, invoiced_on => '2026-01-07', number => 'FREE') AS free \gset
SELECT ar.create_invoice(:ledger, :d, '[{"unit_price": 20}]', '2026-01-07', number => 'D1') AS i \gset
SELECT ar.create_credit_memo(:ledger, customer_id => :d, amount => 50, invoiced_on => '2026-01-07', number => 'PART', apply_to => :i) AS part \gset
SELECT is(pg_temp.status('FREE') || ' ' || pg_temp.status('PART'), 'open partial', 'two credit memos, one with an application');
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(concat_ws(' ', v.check_name, v.table_name, v.row_id, v.detail), '; ' ORDER BY v.check_name, v.row_id) INTO reported FROM ar.verify() AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        RETURN reported;
    END;
END
$$;
SELECT is(pg_temp.broken(format('UPDATE ar.invoice SET status = %L WHERE number = %L', status, number)),
    format('invoice_status invoice %s is %s, what is applied makes it %s', pg_temp.invoice(number), status, truth), format('%s is %s, not %s', number, truth, status))
FROM (VALUES ('FREE', 'paid', 'open'), ('PART', 'paid', 'partial'), ('PART', 'open', 'partial')) AS v(number, status, truth);

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
