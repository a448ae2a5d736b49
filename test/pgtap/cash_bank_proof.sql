-- proof: what ar.verify() says of bank files that somebody has falsified.
-- Protects: one wrong value is one row, and no check is silent.
BEGIN;
\ir helper.psql
SELECT plan(8);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
CREATE FUNCTION pg_temp.import(number integer) RETURNS void LANGUAGE sql AS $$
    SELECT FROM ar.import_bank_statement(pg_temp.ledger(), convert_to(format(
        E':20:S%s\n:25:%s\n:28C:1/1\n:60F:C260301EUR0,\n:61:2603020302C10,NTRFNONREF\n:86:a\n:61:2603020302C10,NTRFNONREF\n:86:a\n:61:2603020302D5,NTRFNONREF\n:86:b\n:62F:C260302EUR15,\n-\n', $1, $1 / 2), 'UTF8'))
$$;
-- 2 and 3 are the same account: the lines of 3 are known. 4 is another.
SELECT pg_temp.import(2), pg_temp.import(3), pg_temp.import(4) \g /dev/null
-- Breaks the books past all triggers: what is found then.
CREATE FUNCTION pg_temp.broken(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    SET LOCAL session_replication_role = replica;
    BEGIN
        EXECUTE statement;
        SELECT string_agg(concat_ws(' ', v.check_name, v.table_name, v.detail), E'\n' ORDER BY v.check_name, v.row_id) INTO found FROM ar.verify() AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN NULL;
    END;
    SET LOCAL session_replication_role = origin;
    RETURN found;
END
$$;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT is(pg_temp.broken($$UPDATE ar.bank_statement SET credit_total = 21 WHERE bank_statement_id = (SELECT min(bank_statement_id) FROM ar.bank_statement)$$),
    'bank_statement_total bank_statement has 3 lines, credits 21 and debits 5.00, its lines make 3, 20.00 and 5.00', 'a total that is not that of the lines');
SELECT is(pg_temp.broken($$DELETE FROM ar.bank_line WHERE bank_line_id = (SELECT max(bank_line_id) FROM ar.bank_line)$$),
    'bank_statement_total bank_statement has 3 lines, credits 20.00 and debits 5.00, its lines make 2, 20.00 and 0', 'a line that is gone');
SELECT is(pg_temp.broken($$UPDATE ar.bank_line AS l SET bank_account_id = (SELECT max(bank_account_id) FROM ar.bank_account), identity = sha256('x')
    WHERE l.bank_line_id = (SELECT min(k.bank_line_id) FROM ar.bank_line AS k WHERE k.amount < 'EUR 0' AND k.duplicate_of IS NULL)$$),
    format(E'bank_line_account bank_statement 1 of its lines are of another account\nbank_line_duplicate bank_line is the same as bank line %s, which is of another account',
           (SELECT min(bank_line_id) FROM ar.bank_line WHERE amount < 'EUR 0')), 'a line of another account');
SELECT is(pg_temp.broken($$UPDATE ar.bank_line SET payment_id = (SELECT max(payment_id) FROM ar.payment), amount = 'EUR -5.00' WHERE bank_line_id = (SELECT min(bank_line_id) FROM ar.bank_line WHERE amount < 'EUR 0');
    UPDATE ar.payment SET amount = 'EUR 11' WHERE payment_id = (SELECT max(payment_id) FROM ar.payment)$$),
    'bank_line_payment bank_line is EUR 10.00, its payment EUR 11.00', 'a payment of another amount');
SELECT is(pg_temp.broken($$UPDATE ar.bank_line SET occurrence = 3 WHERE bank_line_id = (SELECT max(bank_line_id) FROM ar.bank_line WHERE occurrence = 2 AND duplicate_of IS NULL)$$),
    'bank_line_occurrence bank_line is occurrence 3 of its line, of 2 that are there', 'an occurrence that is missing');
SELECT is(pg_temp.broken($$UPDATE ar.bank_line SET duplicate_of = (SELECT max(bank_line_id) FROM ar.bank_line WHERE duplicate_of IS NOT NULL)
    WHERE bank_line_id = (SELECT min(bank_line_id) FROM ar.bank_line WHERE duplicate_of IS NOT NULL)$$),
    format('bank_line_duplicate bank_line is the same as bank line %s, which is a duplicate itself', (SELECT max(bank_line_id) FROM ar.bank_line WHERE duplicate_of IS NOT NULL)),
    'a duplicate of a duplicate');
SELECT is_empty('SELECT * FROM ar.verify()', 'and all is put back');
SELECT * FROM finish();
ROLLBACK;
