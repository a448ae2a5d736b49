-- cash: ar.record_payment(), which writes its row without a statement where nobody could tell.
-- Protects: what it writes, refuses and asks for is what an INSERT would; and where somebody could tell (row security, rules, rights
-- on columns alone, read only) it is an INSERT, or refused like one.
BEGIN;
\ir helper.psql
SELECT plan(31);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B,C}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c \gset
INSERT INTO ar.cash_policy (ledger_id, requires_mandate) VALUES (:ledger, false);
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status)
SELECT :ledger, customer_id, v.code || '-100' || n, date '2026-01-01' + n, 'EUR 100.00', 'open'
FROM (VALUES (:a, 'A'), (:b, 'B')) AS v(customer_id, code), generate_series(1, 8) AS n ORDER BY 2, n;

-- What became of the latest payment, without its ids.
CREATE FUNCTION pg_temp.became(customer bigint) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat_ws(' | ', p.amount, p.received_on, p.method, p.apply, p.reference, p.remittance, p.structured_reference, p.payer_name,
                     p.payer_account, p.mandate_reference, p.processor_reference, p.recorded_at > '2026-01-01',
                     i.amount, i.open, i.closed_on, i.recorded_at = p.recorded_at,
                     (SELECT string_agg(concat_ws(' ', a.amount, a.applied_on, a.rule, a.confidence, d.open, v.status, right(v.number, 4)), ', ' ORDER BY a.application_id)
                      FROM ar.application AS a JOIN ar.item AS d ON d.item_id = a.debit_item_id JOIN ar.invoice AS v ON v.invoice_id = d.invoice_id
                      WHERE a.credit_item_id = i.item_id), b.open_debits, b.open_credits)
    FROM ar.payment AS p JOIN ar.item AS i ON i.payment_id = p.payment_id
    JOIN ar.customer_balance AS b ON b.customer_id = p.customer_id
    WHERE p.customer_id = $1 ORDER BY p.payment_id DESC LIMIT 1
$$;
-- Each way of saying what to do: A by the function, B by a statement.
SELECT is(pg_temp.became(:a), replace(pg_temp.became(:b), 'B-', 'A-'), format('%s: as by a statement', v.words))
FROM (VALUES
    ('oldest', 'EUR 150.00', '{"apply": "oldest"}'::jsonb), ('newest', 'EUR 30.00', '{"apply": "newest"}'), ('largest', 'EUR 10.00', '{"apply": "largest"}'),
    ('proportional', 'EUR 7.77', '{"apply": "proportional"}'), ('none', 'EUR 5.00', '{"apply": "none"}'), ('unsaid', 'EUR 5.00', '{}'),
    ('a number in the text', 'EUR 100.00', '{"apply": "auto", "reference": "X-1004 thank you"}'),
    ('all that a payment can say', 'EUR 12.34', '{"apply": "auto", "method": "direct_debit", "reference": "r", "remittance": [{"number": "X-1005", "amount": 12.34}],
      "structured_reference": "s", "payer_name": "n", "payer_account": "a", "mandate_reference": "m", "processor_reference": "p"}')) AS v(words, amount, more),
LATERAL (SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), v.amount::ar.monetary, '2026-02-01', coalesce(g.method, 'wire'), replace(g.reference, 'X-', 'A-'),
             replace(g.remittance::text, 'X-', 'A-')::jsonb, apply => g.apply, structured_reference => g.structured_reference, payer_name => g.payer_name,
             payer_account => g.payer_account, mandate_reference => g.mandate_reference, processor_reference => g.processor_reference) AS by_function,
         ar.record_payment_by_statement(pg_temp.ledger(), pg_temp.customer('B'), v.amount::ar.monetary, '2026-02-01', coalesce(g.method, 'wire'), replace(g.reference, 'X-', 'B-'),
             replace(g.remittance::text, 'X-', 'B-')::jsonb, NULL, g.apply, g.structured_reference, g.payer_name,
             g.payer_account, g.mandate_reference, g.processor_reference, NULL) AS by_statement
         FROM jsonb_to_record(v.more) AS g(apply text, method text, reference text, remittance jsonb, structured_reference text, payer_name text,
             payer_account text, mandate_reference text, processor_reference text)) AS r;

-- It is no statement, and only then.
CREATE FUNCTION pg_temp.is_statement(command text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMPORARY TABLE seen (query text);
    CREATE FUNCTION pg_temp.see() RETURNS trigger LANGUAGE plpgsql AS 'DECLARE stack text; BEGIN GET DIAGNOSTICS stack = PG_CONTEXT; INSERT INTO seen VALUES (stack); RETURN NULL; END';
    CREATE TRIGGER zz_see AFTER INSERT ON ar.payment FOR EACH STATEMENT EXECUTE FUNCTION pg_temp.see();
    EXECUTE command;
    RETURN (SELECT bool_or(query LIKE '%record_payment_by_statement%') FROM seen);
END
$$;
SAVEPOINT here;
SELECT is(pg_temp.is_statement(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), false, 'most payments need no statement');
ROLLBACK TO here;
SELECT is(pg_temp.is_statement(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :c)), false, 'nor does the first of a customer');
ROLLBACK TO here;
CREATE RULE payment_rule AS ON INSERT TO ar.payment DO ALSO NOTIFY payment;
SELECT is(pg_temp.is_statement(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), true, 'one does where there is a rule');
ROLLBACK TO here;

-- Rights are those of an INSERT.
CREATE ROLE clerk;
CREATE FUNCTION pg_temp.as_clerk(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    SET LOCAL ROLE clerk;
    result := pg_temp.outcome(command);
    RESET ROLE;
    RETURN result;
END
$$;
GRANT USAGE ON SCHEMA ar TO clerk;
GRANT USAGE ON SEQUENCE ar.document_id TO clerk;
GRANT EXECUTE ON FUNCTION ar.record_payment TO clerk;
SAVEPOINT here;
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), '42501', 'no right, no payment');
GRANT INSERT (ledger_id) ON ar.payment TO clerk;
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), '42501', 'a right on one column is not enough');
GRANT INSERT ON ar.payment TO clerk;
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), 'done', 'the right to insert is');
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'', ''direct_debit'')', :ledger, :a)), 'done', 'of a direct debit, too');
REVOKE USAGE ON SEQUENCE ar.document_id FROM clerk;
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), '42501', 'that of its ids is asked for');
ROLLBACK TO here;
GRANT INSERT, SELECT ON ar.payment TO clerk;
GRANT EXECUTE ON FUNCTION ar.record_payment_by_statement TO clerk;
ALTER TABLE ar.payment ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON ar.payment FOR INSERT TO clerk WITH CHECK (ar.amount(amount) < 5);
CREATE POLICY all_seen ON ar.payment FOR SELECT TO clerk USING (true);
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), 'done', 'what row security lets pass');
SELECT is(pg_temp.as_clerk(format('SELECT ar.record_payment(%s, %s, ''EUR 5.00'', ''2026-02-01'')', :ledger, :a)), '42501', 'and what it does not');
ROLLBACK TO here;

-- So are its refusals.
SELECT is(pg_temp.outcome(command), expected, words) FROM (VALUES
    (format('SELECT ar.record_payment(%s, 0, ''EUR 1.00'', ''2026-02-01'')', pg_temp.ledger()), '23503', 'no such customer'),
    (format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'', ''barter'')', pg_temp.ledger(), pg_temp.customer('A')), '23503', 'no such method'),
    (format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''infinity'')', pg_temp.ledger(), pg_temp.customer('A')), '23514', 'no day'),
    (format('SELECT ar.record_payment(%s, %s, ''EUR 0.00'', ''2026-02-01'')', pg_temp.ledger(), pg_temp.customer('A')), '23514', 'no amount'),
    (format('SELECT ar.record_payment(%s, %s, NULL, ''2026-02-01'')', pg_temp.ledger(), pg_temp.customer('A')), '22023', 'an amount of NULL'),
    (format('SELECT ar.record_payment(NULL, %s, ''EUR 1.00'', ''2026-02-01'')', pg_temp.customer('A')), '23502', 'a ledger of NULL'),
    (format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'', payer_name => '''')', pg_temp.ledger(), pg_temp.customer('A')), '23514', 'what a constraint refuses'))
    AS v(command, expected, words);
SAVEPOINT here;
SET LOCAL transaction_read_only TO on;
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), '25006', 'a transaction that only reads');
ROLLBACK TO here;

-- What somebody put on the table himself holds.
SAVEPOINT here;
CREATE TABLE public.branch (branch integer PRIMARY KEY);
ALTER TABLE ar.payment ADD COLUMN branch integer REFERENCES public.branch, ALTER COLUMN branch SET DEFAULT 7;
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), '23503', 'his foreign key');
INSERT INTO public.branch VALUES (7);
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), 'done', 'and his default');
ROLLBACK TO here;
CREATE FUNCTION pg_temp.other_customer() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.customer_id := 0; RETURN NEW; END';
CREATE TRIGGER zz_other BEFORE INSERT ON ar.payment FOR EACH ROW EXECUTE FUNCTION pg_temp.other_customer();
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, %s, ''EUR 1.00'', ''2026-02-01'')', :ledger, :a)), '23503', 'a customer that his trigger makes of it is looked up');
ROLLBACK TO here;

ALTER TABLE ar.payment DISABLE TRIGGER payment_settle_ais;
SELECT is(pg_temp.outcome(format('SELECT ar.record_payment(%s, 0, ''EUR 1.00'', ''2026-02-01'')', :ledger)), '23503', 'a customer is looked up even where no trigger posts');
ROLLBACK TO here;

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
