# What a write costs, counted in rows and not in seconds.
#
# Protects: a partial payment is HOT everywhere (it touches no index), and many
# rows in one statement read rows in proportion to their number: 20,000 invoices
# of one customer read at most four and a half times what 5,000 do, and write
# his balance once.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('hot');
$node->init;
# Vacuum would come and go: what is counted must be ours alone.
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
ALTER DATABASE postgres SET search_path = public, ar;
DO $$
DECLARE
    l integer := ar.create_ledger('hot', 'Hot', 'EUR');
BEGIN
    PERFORM ar.create_customer(l, 'C' || n, 'Customer ' || n) FROM generate_series(1, 4) AS n;
END $$;
-- What this session did to a table since its statistics were last sent off.
CREATE VIEW work AS
SELECT relname, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_hot_upd AS hot, n_tup_del AS deleted,
       seq_tup_read + coalesce(idx_tup_fetch, 0) AS read
FROM pg_stat_xact_user_tables WHERE schemaname = 'ar';
CREATE FUNCTION customer(code text) RETURNS bigint LANGUAGE sql STABLE
AS 'SELECT c.customer_id FROM ar.customer AS c WHERE c.code = $1';

-- 5,000 invoices of 10.00, so that pages are as full as they get, and a payment.
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT 1, customer('C1'), '2026-01-10', 'EUR 10.00', 'open' FROM generate_series(1, 5000);
SELECT ar.record_payment(1, customer('C1'), 'EUR 9000.00', '2026-01-20', apply => 'none');
SQL

# counted SQL: what the commands say, less the empty lines of rows without columns.
sub counted
{
	my $out = $node->safe_psql('postgres', shift);
	$out =~ s/^\n+//mg;
	return $out;
}

# One payment to one invoice, both only in part.
is(counted(<<'SQL'), "customer_balance|1|1\ninvoice|1|1\nitem|2|2", 'a partial payment is HOT in every table it updates');
SELECT FROM pg_stat_force_next_flush();
BEGIN;
DO $$ BEGIN
    PERFORM ar.apply(1, c.item_id, d.item_id, 'EUR 1.00') FROM ar.item AS c,
        (SELECT * FROM ar.item WHERE kind = 'invoice' ORDER BY item_id LIMIT 1) AS d WHERE c.kind = 'payment';
END $$;
SELECT relname, updated, hot FROM work WHERE updated > 0 ORDER BY relname;
COMMIT;
SQL

# One invoice in ten, in one statement: a page has room for the rows of its own that change.
is(counted(<<'SQL'), "customer_balance|t|t\ninvoice|t|t\nitem|t|t", 'so are five hundred in one statement, but for an invoice here and there');
BEGIN;
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT 1, c.item_id, d.item_id, 'EUR 1.00', '2026-01-20'
FROM ar.item AS c, (SELECT *, row_number() OVER (ORDER BY item_id) AS nth FROM ar.item WHERE kind = 'invoice') AS d
WHERE c.kind = 'payment' AND d.nth % 10 = 5;
SELECT relname, updated = CASE relname WHEN 'customer_balance' THEN 1 WHEN 'invoice' THEN 500 WHEN 'item' THEN 501 END,
       hot >= CASE relname WHEN 'invoice' THEN 0.97 ELSE 1 END * updated
FROM work WHERE updated > 0 ORDER BY relname;
COMMIT;
SQL

# As the statistics of the server say it, over transactions of their own.
is(counted(<<'SQL'), 't', 'twenty partial payments of one invoice, one after another, are HOT but for pages that are full');
CREATE TABLE before AS SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'ar.item'::regclass;
SELECT FROM pg_stat_force_next_flush();
DO $$
DECLARE
    credit bigint := (SELECT item_id FROM ar.item WHERE kind = 'payment');
    debit bigint := (SELECT item_id FROM ar.item WHERE kind = 'invoice' ORDER BY item_id DESC LIMIT 1);
BEGIN
    FOR i IN 1 .. 20 LOOP
        PERFORM ar.apply(1, credit, debit, 'EUR 0.10');
        COMMIT;
    END LOOP;
END $$;
SELECT FROM pg_stat_force_next_flush();
SELECT s.n_tup_upd - b.n_tup_upd = 40 AND s.n_tup_hot_upd - b.n_tup_hot_upd >= 36
FROM pg_stat_user_tables AS s, before AS b WHERE s.relid = 'ar.item'::regclass;
SQL

# What a payment is for is known before it is written.
is(counted(<<'SQL'), "customer_balance|0|1\ninvoice|0|2\nitem|1|2\npayment|1|0", 'a payment that pays two invoices writes its item and its balance once');
BEGIN;
SELECT FROM ar.record_payment(1, customer('C1'), 'EUR 19.00', '2026-01-20', apply => 'oldest');
SELECT relname, inserted, updated FROM work WHERE inserted + updated > 0 AND relname <> 'application' ORDER BY relname;
COMMIT;
SQL

# costs CODE, ROWS: rows read by posting that many invoices, by paying them, and by undoing that,
# each one statement, for a customer of his own.
sub costs
{
	my ($code, $rows) = @_;
	my $out = counted(<<"SQL");
BEGIN;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT 1, customer('$code'), '2026-01-10', 'EUR 10.00', 'open' FROM generate_series(1, $rows);
SELECT sum(read), sum(inserted) FILTER (WHERE relname = 'item'), sum(inserted + updated) FILTER (WHERE relname = 'customer_balance') FROM work;
COMMIT;
DO \$\$ BEGIN PERFORM ar.record_payment(1, customer('$code'), 'EUR ${rows}0.00', '2026-01-20', apply => 'none'); END \$\$;
SELECT FROM pg_stat_force_next_flush();
BEGIN;
SELECT (ar.amount(a.applied) / 10)::integer
FROM (SELECT array_agg(payment_id) AS ids FROM ar.payment WHERE customer_id = customer('$code')) AS p, ar.auto_apply(1, p.ids, 'oldest') AS a;
SELECT sum(read), sum(updated) FILTER (WHERE relname = 'item'), sum(inserted + updated) FILTER (WHERE relname = 'customer_balance') FROM work;
COMMIT;
SQL
	my @line = split /\n/, $out;
	is($line[1], $rows, "$rows invoices: as many applications");
	my ($posting, $items, $balances) = split /\|/, $line[0];
	is($items, $rows, "$rows invoices: as many items");
	is($balances, 2, "$rows invoices: the balance is made, and written once");
	my ($paying, $updated, $written) = split /\|/, $line[2];
	is($updated, $rows + 1, "$rows applications: as many items change, and the payment");
	is($written, 1, "$rows applications: the balance is written once");
	note "$rows: $posting rows read by posting, $paying by paying";
	return ($posting, $paying);
}
my @small = costs('C2', 5000);
my @large = costs('C3', 20000);
cmp_ok($large[0], '<=', 4.5 * $small[0], 'posting four times as many reads at most four and a half times the rows');
cmp_ok($large[1], '<=', 4.5 * $small[1], 'and so does paying them');

# What the counters do not see: rows that a join looks at in vain.
SKIP:
{
	$node->safe_psql('postgres', 'ANALYZE');
	my (undef, undef, $plans) = $node->psql('postgres', <<'SQL');
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
BEGIN;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT 1, customer('C4'), '2026-01-10', 'EUR 10.00', 'open' FROM generate_series(1, 2000);
SELECT ar.record_payment(1, customer('C4'), 'EUR 19999.00', '2026-01-20', apply => 'oldest');
COMMIT;
SQL
	skip 'no auto_explain', 2 if $plans =~ /could not access file/;
	like($plans, qr/Index Scan using item_open_idx/, 'the plans are those of a payment');
	my $vain = 0;
	$vain += $_ for $plans =~ /Rows Removed by (?:Join )?Filter: (\d+)/g;
	# By the square it would be four million; other customers' open items are another 7,000.
	note "$vain rows looked at in vain";
	cmp_ok($vain, '<', 100 * 2000, 'no statement compares each of the rows with each');
}
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');

# A session that begins on empty, analyzed tables makes its first plans for one
# row.  They must not be what it then runs thousands of rows with.
$node->safe_psql('postgres', 'CREATE DATABASE young');
SKIP:
{
	my (undef, $young, $plans) = $node->psql('young', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SELECT ar.create_ledger('Y', 'Young', 'EUR');
VACUUM ANALYZE;
SELECT ar.create_customer(1, 'Y1', 'Young customer');
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT 1, customer_id, '2026-01-10', 'EUR 10.00', 'open' FROM ar.customer;
SELECT ar.record_payment(1, customer_id, 'EUR 10.00', '2026-01-20', apply => 'oldest') FROM ar.customer;
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT 1, customer_id, '2026-01-10', 'EUR 10.00', 'open' FROM ar.customer, generate_series(1, 2000);
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on)
SELECT 1, customer_id, 'EUR 10.00', '2026-01-20' FROM ar.customer, generate_series(1, 2000);
INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
SELECT 1, c.item_id, d.item_id, 'EUR 10.00', '2026-01-20'
FROM (SELECT item_id, row_number() OVER (ORDER BY item_id) AS nth
      FROM ar.item WHERE payment_id IS NOT NULL AND closed_on IS NULL) AS c
JOIN (SELECT item_id, row_number() OVER (ORDER BY item_id) AS nth
      FROM ar.item WHERE invoice_id IS NOT NULL AND closed_on IS NULL) AS d USING (nth);
SET client_min_messages = warning;
SELECT 'violations: ' || count(*) FROM ar.verify();
SQL
	skip 'no auto_explain', 3 if $plans =~ /could not access file/;
	like($plans, qr/Update on invoice/, 'the plans are those of posting');
	my $vain = 0;
	$vain += $_ for $plans =~ /Rows Removed by (?:Join )?Filter: (\d+)/g;
	note "$vain rows looked at in vain in the young book";
	cmp_ok($vain, '<', 100 * 2000, 'a young book grows without comparing each row with each');
	like($young, qr/violations: 0/, 'and is sound');
}

$node->stop;
done_testing();
