-- proof: what invoices come to and what discounts they grant is broken in turn, and ar.verify() reports exactly that.
BEGIN;
\ir helper.psql
SELECT plan(23);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A') AS a, pg_temp.ledger() AS ledger \gset
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 100, "tax_rate": 19}, {"unit_price": 50, "tax_rate": 7}]', '2026-01-05', '50% 3/10 2/20 net 30, 50% net 60', 'I1',
        options => '{"allowances": [{"percent": 10}]}') AS i1,
    ar.create_invoice(:ledger, :a, '[{"unit_price": 1, "tax_rate": 19}, {"unit_price": 1, "tax_rate": 19}]', '2026-01-05', '2/10 net 30', 'I2', options => '{"prices_include_tax": true, "discount_basis": "net"}') AS i2,
    ar.create_invoice(:ledger, :a, '[{"unit_price": 1000, "tax_rate": 15}]', '2026-01-05', '10/10 net 30', 'I3', options => '{"discount_basis": "mixed"}') AS i3 \gset
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) VALUES (:ledger, :a, 'BARE', '2026-01-05', 'EUR 5', 'open');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound to begin with');

-- Breaks the books behind the backs of all triggers and constraints, asks, and takes it back: check, table and row of all that is reported.
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        ALTER TABLE ar.invoice DROP CONSTRAINT invoice_net_check;
        ALTER TABLE ar.invoice_line DROP CONSTRAINT invoice_line_net_check, DROP CONSTRAINT invoice_line_tax_check;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(concat_ws(' ', v.check_name, v.table_name, v.row_id), '; ' ORDER BY v.check_name, v.table_name, v.row_id) INTO reported
        FROM ar.verify(pg_temp.ledger()) AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        NULL;
    END;
    RETURN reported;
END
$$;
CREATE FUNCTION pg_temp.row(check_name text, table_name text, row_id bigint) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', $1, $2, $3) $$;
SELECT pg_temp.item('I1') AS item1, pg_temp.item('I2') AS item2, pg_temp.item('BARE') AS bare \gset

SELECT is(pg_temp.broken($$UPDATE ar.invoice SET net = 'EUR 134' WHERE number = 'I1'$$), pg_temp.row('invoice_lines', 'invoice', :i1), 'net is not what the lines make');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET tax = 'EUR 20' WHERE number = 'I1'$$), pg_temp.row('invoice_lines', 'invoice', :i1), 'tax is not');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET net = NULL, tax = NULL WHERE number = 'I1'$$), pg_temp.row('invoice_lines', 'invoice', :i1), 'they are missing');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET cash_rounding = 'EUR 0.01' WHERE number = 'I1'$$), pg_temp.row('invoice_lines', 'invoice', :i1), 'rounding is no part of the total');
SELECT is(pg_temp.broken($$UPDATE ar.invoice SET net = 'EUR 5', tax = 'EUR 0' WHERE number = 'BARE'$$), pg_temp.row('invoice_lines', 'invoice', pg_temp.invoice('BARE')), 'there is net without lines');
SELECT is(pg_temp.broken($$UPDATE ar.invoice_line SET gross = 'EUR 119' WHERE invoice_id = pg_temp.invoice('I1') AND line_number = 1$$), pg_temp.row('invoice_lines', 'invoice', :i1), 'a line has gross where prices are without tax');
SELECT is(pg_temp.broken($$UPDATE ar.invoice_line SET net = 'EUR 0.85', tax = 'EUR 0.15' WHERE invoice_id = pg_temp.invoice('I2')$$), pg_temp.row('invoice_lines', 'invoice', :i2), 'lines whose prices include tax have another net than their sum');
SELECT is(pg_temp.broken($$UPDATE ar.invoice_line SET net = 'USD 50', tax = 'USD 3.50' WHERE invoice_id = pg_temp.invoice('I1') AND line_number = 2;
    UPDATE ar.invoice_allowance SET amount = 'USD 5', tax = 'USD 0.35', base = 'USD 50' WHERE invoice_id = pg_temp.invoice('I1') AND tax_rate = 7$$),
    pg_temp.row('invoice_lines', 'invoice', :i1) || '; ' || pg_temp.row('invoice_tax', 'invoice_tax', :i1) || '; ' || pg_temp.row('invoice_tax', 'invoice_tax', :i1), 'a line is in another currency');
SELECT is(pg_temp.broken($$DELETE FROM ar.invoice_line WHERE invoice_id = pg_temp.invoice('I3')$$), pg_temp.row('invoice_lines', 'invoice', :i3) || '; ' || pg_temp.row('invoice_tax', 'invoice_tax', :i3), 'lines are lost');
SELECT is(pg_temp.broken($$DELETE FROM ar.invoice_allowance WHERE tax_rate = 7$$), pg_temp.row('invoice_lines', 'invoice', :i1) || '; ' || pg_temp.row('invoice_tax', 'invoice_tax', :i1), 'an allowance is lost');
SELECT is(pg_temp.broken($$UPDATE ar.invoice_tax SET tax = 'EUR 17.11' WHERE invoice_id = pg_temp.invoice('I1') AND tax_rate = 19$$), pg_temp.row('invoice_tax', 'invoice_tax', :i1), 'a tax of the breakdown is wrong');
SELECT is(pg_temp.broken($$UPDATE ar.invoice_tax SET taxable = 'EUR 91' WHERE invoice_id = pg_temp.invoice('I1') AND tax_rate = 19$$), pg_temp.row('invoice_tax', 'invoice_tax', :i1), 'or what is taxed');
SELECT is(pg_temp.broken($$DELETE FROM ar.invoice_tax WHERE invoice_id = pg_temp.invoice('I1') AND tax_rate = 7$$), pg_temp.row('invoice_tax', 'invoice_tax', :i1), 'a row of it is missing');
SELECT is(pg_temp.broken($$INSERT INTO ar.invoice_tax VALUES (pg_temp.ledger(), pg_temp.invoice('BARE'), 'Z', 0, 'EUR 5', NULL, 'EUR 0')$$), pg_temp.row('invoice_tax', 'invoice_tax', pg_temp.invoice('BARE')), 'or one is made up');

SELECT is(pg_temp.broken($$UPDATE ar.item_discount SET discount = 'EUR 5' WHERE item_id = pg_temp.item('I2')$$), pg_temp.row('invoice_discount', 'invoice', :i2) || '; ' || pg_temp.row('invoice_discount', 'invoice', :i2), 'a discount is not what the terms grant, on two days');
SELECT is(pg_temp.broken($$DELETE FROM ar.item_discount WHERE item_id = pg_temp.item('I2')$$), pg_temp.row('invoice_discount', 'invoice', :i2), 'it is missing');
SELECT is(pg_temp.broken($$UPDATE ar.item_discount SET discount_until = '2026-01-16' WHERE item_id = pg_temp.item('I2')$$), pg_temp.row('invoice_discount', 'invoice', :i2), 'it lasts a day longer');
SELECT is(pg_temp.broken($$DELETE FROM ar.item_discount WHERE item_id = pg_temp.item('I1') AND tier = 2$$), pg_temp.row('invoice_discount', 'invoice', :i1), 'the second tier is missing');
SELECT is(pg_temp.broken($$UPDATE ar.item_discount SET discount = 'EUR -0.03' WHERE item_id = pg_temp.item('I2')$$), pg_temp.row('item_discount', 'item_discount', :item2), 'it has the wrong sign');
SELECT is(pg_temp.broken(format($$INSERT INTO ar.item_discount VALUES (pg_temp.ledger(), -5, 1, '2026-01-10', 'EUR 1')$$)), pg_temp.row('item_discount', 'item_discount', -5), 'it has no item');
SELECT is(pg_temp.broken(format($$INSERT INTO ar.item_discount VALUES (pg_temp.ledger(), %s, 1, '2026-01-10', 'EUR 1')$$, :bare)),
    pg_temp.row('invoice_discount', 'invoice', pg_temp.invoice('BARE')) || '; ' || pg_temp.row('invoice_discount', 'invoice', pg_temp.invoice('BARE')), 'nobody granted it');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
