# A user with rights on the books and a schema of his own makes his names come first.
#
# Protects: no operator, function, table or setting of his is ever taken for
# ours, whether he calls the functions or writes to the tables; and what a
# trigger does as the owner of the books cannot be turned to his ends.
#
# The same day is lived twice: by an honest clerk, and by mallory, who has put
# traps that raise an error before everything.  Both books must be equal.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->start;

my $books = <<'SQL';
CREATE EXTENSION ar_ext;
CALL ar.create_books();
DO $$
DECLARE
    l integer := ar.create_ledger('main', 'Main', 'EUR');
    f regprocedure;
BEGIN
    PERFORM ar.create_customer(l, 'C1', 'Customer one', credit_limit => 'EUR 1000.00');
    FOR f IN SELECT p.oid FROM pg_proc AS p WHERE p.pronamespace = 'ar'::regnamespace AND p.prokind = 'f' AND p.proname !~ '^tg_' LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', f, current_setting('test.grantee'));
    END LOOP;
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA ar TO %I', current_setting('test.grantee'));
    EXECUTE format('GRANT INSERT ON ar.invoice, ar.invoice_line, ar.payment, ar.adjustment, ar.application TO %I', current_setting('test.grantee'));
    -- ar.post_invoices() and ar.auto_apply() lock these rows, which takes this right.
    EXECUTE format('GRANT UPDATE ON ar.invoice, ar.customer_balance TO %I', current_setting('test.grantee'));
    EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA ar TO %I', current_setting('test.grantee'));
END $$;
SQL

for my $user ('clerk', 'mallory')
{
	$node->safe_psql('postgres', "CREATE ROLE $user LOGIN");
	$node->safe_psql('postgres', "CREATE DATABASE $user");
	$node->safe_psql($user, "SET test.grantee = '$user'; $books CREATE SCHEMA mine AUTHORIZATION $user; GRANT TEMPORARY ON DATABASE $user TO $user;");
}

# The traps.  Each says who walked into it.
$node->safe_psql('mallory', <<'SQL');
SET ROLE mallory;
CREATE FUNCTION mine.trap() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'trapped as %', current_user;
END $$;
DO $do$
DECLARE
    t text;
    o text;
    signature text;
BEGIN
    -- Operators on our type, and on the types that our keys are made of.
    FOREACH t IN ARRAY '{ar.monetary,ar.invoice_status,ar.terms,integer,bigint,text,date,numeric,boolean,jsonb,timestamptz,bytea,smallint}'::text[] LOOP
        EXECUTE format('CREATE FUNCTION mine.of_boolean(%s, %1$s) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT mine.trap(); SELECT true $$', t);
        EXECUTE format('CREATE FUNCTION mine.of_same(%s, %1$s) RETURNS %1$s LANGUAGE sql VOLATILE AS $$ SELECT mine.trap(); SELECT $1 $$', t);
        FOREACH o IN ARRAY '{=,<>,<,>,<=,>=}'::text[] LOOP
            EXECUTE format('CREATE OPERATOR mine.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = mine.of_boolean)', o, t);
        END LOOP;
        FOREACH o IN ARRAY '{+,-,*,/,%,||}'::text[] LOOP
            EXECUTE format('CREATE OPERATOR mine.%s (LEFTARG = %s, RIGHTARG = %2$s, FUNCTION = mine.of_same)', o, t);
        END LOOP;
        -- Exactly typed, so that it would win by type as well as by name.
        FOREACH o IN ARRAY '{sign,currency,amount,is_posted,upper,max,min,round,sha256,isfinite}'::text[] LOOP
            EXECUTE format('CREATE FUNCTION mine.%I(%s) RETURNS %2$s LANGUAGE sql VOLATILE AS $$ SELECT mine.trap(); SELECT $1 $$', o, t);
        END LOOP;
        EXECUTE format('CREATE AGGREGATE mine.sum(%s) (SFUNC = mine.of_same, STYPE = %1$s)', t);
        EXECUTE format('CREATE FUNCTION mine.is_open_within(%s, %1$s) RETURNS boolean LANGUAGE sql VOLATILE AS $$ SELECT mine.trap(); SELECT true $$', t);
    END LOOP;
    FOREACH signature IN ARRAY ARRAY[
        'now() RETURNS timestamptz', 'clock_timestamp() RETURNS timestamptz', 'nextval(text) RETURNS bigint',
        'nextval(regclass) RETURNS bigint', 'unnest(anyarray) RETURNS SETOF anyelement', 'count(anyelement) RETURNS bigint',
        'format(text, VARIADIC "any") RETURNS text', 'jsonb_typeof(jsonb) RETURNS text', 'business_date(integer) RETURNS date',
        'jsonb_array_elements(jsonb) RETURNS SETOF jsonb', 'row_number() RETURNS bigint', 'payload_digest(jsonb) RETURNS bytea',
        'pg_current_xact_id() RETURNS xid8', 'num_nonnulls(VARIADIC "any") RETURNS integer', 'is_remittance(jsonb) RETURNS boolean',
        'post_drafts(integer, bigint[]) RETURNS bigint', 'post_invoices(integer, bigint[]) RETURNS bigint',
        'auto_apply(integer, bigint[], text) RETURNS bigint', 'settle_items(integer, bigint[], text) RETURNS bigint'] LOOP
        -- SQL functions cannot take "any", and a trap is not worth a C function.
        CONTINUE WHEN signature LIKE '%"any"%';
        EXECUTE format('CREATE FUNCTION mine.%s LANGUAGE plpgsql AS $$ BEGIN PERFORM mine.trap(); RETURN %s; END $$', signature,
                       CASE WHEN signature LIKE '%SETOF%' THEN '' ELSE 'NULL' END);
    END LOOP;
END $do$;
SQL

# What mallory does first in each session.
my $hostile = <<'SQL';
SET client_min_messages = error;
CREATE TEMP TABLE ledger (LIKE ar.ledger);
CREATE TEMP TABLE customer (LIKE ar.customer);
CREATE TEMP TABLE document_series (LIKE ar.document_series);
CREATE TEMP TABLE invoice (LIKE ar.invoice);
CREATE TEMP TABLE invoice_line (LIKE ar.invoice_line);
CREATE TEMP TABLE payment (LIKE ar.payment);
CREATE TEMP TABLE adjustment (LIKE ar.adjustment);
CREATE TEMP TABLE item (LIKE ar.item);
CREATE TEMP TABLE application (LIKE ar.application);
CREATE TEMP TABLE customer_balance (LIKE ar.customer_balance);
CREATE TEMP TABLE unnest (item_id bigint);
-- Settings that change what a text means or how a plan is made.
SET transform_null_equals = on;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Pacific/Kiritimati';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET enable_indexscan = off;
SET enable_nestloop = off;
SET enable_sort = off;
-- The plans look so dear now that each would be compiled.
SET jit = off;
SET search_path = mine, pg_temp, ar, pg_catalog;
SQL

# One day: every function a clerk calls, and every table he writes to.  Not one operator of its own, for
# those of mallory would be met: ids are known, since both books begin alike.
my $day = <<'SQL';
SELECT ar.create_invoice(1, 1, '[{"description": "it\u0027s", "quantity": 3, "unit_price": 33.333, "tax_rate": 19}]', '2026-01-10', external_id => 'i1') AS first_invoice \gset
SELECT ar.create_invoice(1, 1, '[{"unit_price": 80}]', '2026-01-11', terms => '30% due on receipt, 70% net 60') AS second_invoice \gset
SELECT ar.create_invoice(1, 1, '[{"unit_price": 7}]', '2026-01-11', post => false) AS draft \gset
INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax) VALUES (1, :draft, 2, 0, 'EUR 0.00', 'EUR 0.00');
SELECT ar.post_invoice(1, :draft);
SELECT ar.create_invoice(1, 1, '[{"description": "it\u0027s", "quantity": 3, "unit_price": 33.333, "tax_rate": 19}]', '2026-01-10', external_id => 'i1');
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status) VALUES (1, 1, '2026-01-12', 'EUR 20.00', 'open'), (1, 1, '2026-01-12', 'EUR 0.00', 'open');
COPY ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) FROM STDIN;
1	1	COPIED	2026-01-13	2026-02-13	EUR 30.00	open
\.
SELECT ar.record_payment(1, 1, 'EUR 25.00', '2026-01-20', apply => 'oldest', external_id => 'p1');
SELECT ar.record_payment(1, 1, 'EUR 35.00', '2026-01-21', reference => 'INV-2026-000002 INV-2026-000003');
SELECT ar.record_payment(1, 1, 'EUR 30.00', '2026-01-22', remittance => '[{"number": "COPIED", "amount": 11.5}]');
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on) VALUES (1, 1, 'EUR 12.00', '2026-01-23');
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (1, 1, 'discount', 'EUR -6.00', '2026-01-24'), (1, 1, 'fee', 'EUR 2.00', '2026-01-24');
SELECT item_id AS credit FROM ar.item WHERE kind OPERATOR(pg_catalog.=) 'discount' \gset
SELECT item_id AS fee FROM ar.item WHERE kind OPERATOR(pg_catalog.=) 'fee' \gset
SELECT ar.apply(1, :credit, :fee) AS application \gset
SELECT ar.unapply(1, :application, '2026-01-25') \gset
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on) VALUES (1, :credit, :fee, 'EUR 1.00', '2026-01-26');
SELECT ar.auto_apply(1, ARRAY[payment_id], 'oldest') FROM ar.payment WHERE received_on OPERATOR(pg_catalog.=) '2026-01-23';
-- A limit and an item cannot be passed by way of a trap either.
\set ON_ERROR_STOP 0
\set VERBOSITY sqlstate
\o /dev/null
SELECT ar.create_invoice(1, 1, '[{"unit_price": 1000}]', '2026-01-27');
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status) VALUES (1, 1, '2026-01-12', 'EUR 1000.00', 'open');
SELECT ar.apply(1, :credit, :fee, 'EUR 2.00');
UPDATE ar.invoice SET total = 'EUR 1.00';
UPDATE ar.customer_balance SET open_debits = open_credits;
SELECT * FROM ar.record_payments(1, '[{"customer_id": 1, "amount": "EUR 26.00", "received_on": "2026-01-20", "method": "wire", "external_id": "p1"}]');
\set ON_ERROR_STOP 1
SELECT * FROM ar.aging(1, '2026-02-28');
SELECT * FROM ar.aging_detail(1, '2026-02-28');
SELECT * FROM ar.report_open_item;
SELECT * FROM ar.report_aging;
SELECT * FROM ar.report_invoice;
SELECT * FROM ar.report_payment;
SELECT * FROM ar.report_application;
SELECT * FROM ar.verify();
SQL

# live USER, SETTINGS: live the day; the SQLSTATEs of what was refused.
sub live
{
	my ($user, $settings) = @_;
	my ($status, $out, $err) = $node->psql($user, $settings . $day, extra_params => [ '-U', $user ], on_error_stop => 1);
	is($status, 0, "$user lives through the day") or diag $err;
	return join ' ', $err =~ /ERROR:\s+(\w{5})/g;
}

# book DATABASE: all that is in it but the moments, seen by an honest eye.
sub book
{
	my ($database) = @_;
	return $node->safe_psql($database, <<'SQL');
SET search_path = public, ar;
SELECT invoice_id, series, series_number, number, invoiced_on, due_on, terms, total, status, external_id, external_digest FROM ar.invoice ORDER BY invoice_id;
SELECT * FROM ar.invoice_line ORDER BY invoice_id, line_number;
SELECT payment_id, customer_id, amount, received_on, method, reference, remittance, external_id, external_digest FROM ar.payment ORDER BY payment_id;
SELECT adjustment_id, customer_id, kind, amount, adjusted_on FROM ar.adjustment ORDER BY adjustment_id;
SELECT item_id, kind, invoice_id, payment_id, adjustment_id, instalment, issued_on, due_on, amount, open, closed_on, undone_on FROM ar.item ORDER BY item_id;
SELECT application_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id FROM ar.application ORDER BY application_id;
SELECT * FROM ar.customer_balance;
SELECT * FROM ar.aging(1, '2026-02-28');
SQL
}

my $refused = live('clerk', '');
is($refused, 'RA001 RA001 RA002 RA003 RA003 RA006', 'what must be refused is refused to the clerk');
is(live('mallory', $hostile), $refused, 'and to mallory');
my $book = book('clerk');
like($book, qr/INV-2026-000002\|.*\|partial\|/, 'the clerk has a book');
is(book('mallory'), $book, 'mallory has the same');
is($node->safe_psql($_, 'SELECT * FROM ar.verify()'), '', "the books of $_ are sound") for 'clerk', 'mallory';

# The traps are set: whoever does not qualify his names walks into them.
my (undef, undef, $trapped) = $node->psql('mallory', $hostile . 'SELECT open + open FROM ar.item;', extra_params => [ '-U', 'mallory' ]);
like($trapped, qr/trapped as mallory/, 'an operator of mallory is met by who looks for one');
(undef, undef, $trapped) = $node->psql('mallory', $hostile . 'SELECT now();', extra_params => [ '-U', 'mallory' ]);
like($trapped, qr/trapped as mallory/, 'and so is a function');

# Our triggers act as the owner of the table they are on; they are not his to put on a table of his.
my (undef, undef, $denied) = $node->psql('mallory', <<'SQL', extra_params => [ '-U', 'mallory' ]);
CREATE TABLE mine.application (LIKE ar.application);
CREATE TRIGGER mine_apply AFTER INSERT ON mine.application REFERENCING NEW TABLE AS new_application
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_apply();
SQL
like($denied, qr/permission denied for function (ar\.)?tg_apply/, 'mallory cannot make a trigger of ours');

$node->stop;
done_testing();
