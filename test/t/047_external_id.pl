# What it costs to find what a client names, counted in rows and not in seconds.
#
# Protects: a book so young that no table has statistics.  What a client names
# by external id, code, or id, and what the triggers below must see of it, is
# found by its index: for each object fewer than 100 rows are read, whether
# hundreds come in one call or each in a call of its own, and when all come
# again.  And within a call no statement compares each with each.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { ROWS => 300, MOST => 100 };

my $node = PostgreSQL::Test::Cluster->new('external_id');
$node->init;
# What is counted must be ours alone, and no table has statistics.
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

my $lines = q{'lines', '[{"unit_price": 10}]'::jsonb};
my $of = sub { "(SELECT x.$_[0]_id FROM ar.$_[0] AS x WHERE x.ledger_id = 1 AND x.external_id = '$_[1]' || n)" };
my $invoice = $of->('invoice', 'create_invoices');
# What is written: the function, and the object that it is given for customer c, the n-th.  Those with an
# external id are written once more.
my @written = (
	[ 'create_customers', q{'code', 'D' || n, 'name', 'D' || n}, 'external' ],
	[ 'create_customers', q{'code', 'E' || n, 'name', 'E' || n, 'parent_code', 'D' || n} ],
	[ 'create_invoices', qq{'customer_id', c, 'invoiced_on', '2026-01-01', $lines}, 'external' ],
	[ 'create_invoices', qq{'customer_id', c, 'invoiced_on', '2026-01-01', $lines} ],
	[ 'create_credit_memos', qq{'customer_id', c, 'invoiced_on', '2026-01-02', 'lines', '[{"unit_price": 1}]'::jsonb}, 'external' ],
	[ 'create_credit_memos', qq{'invoice_id', $invoice, 'invoiced_on', '2026-01-02', 'amount', 1, 'details', '{"note": "N"}'::jsonb} ],
	[ 'create_debit_memos', qq{'invoice_id', $invoice, 'invoiced_on', '2026-01-02', 'amount', 1}, 'external' ],
	[ 'create_deposits', q{'customer_id', c, 'invoiced_on', '2026-01-02', 'amount', 1}, 'external' ],
	[ 'create_recurring_invoices', qq{'customer_id', c, 'starts_on', '2026-01-01', $lines}, 'external' ],
	[ 'record_payments', q{'customer_id', c, 'amount', 'EUR 2', 'received_on', '2026-02-01', 'apply', 'none'}, 'external' ],
	[ 'record_payments', q{'customer_id', c, 'amount', 'EUR 1', 'received_on', '2026-02-01'} ],
	[ 'create_mandates', q{'customer_id', c, 'reference', 'M' || n, 'signed_on', '2026-01-01'}, 'external' ],
	[ 'refund_payments', q{'payment_id', } . $of->('payment', 'record_payments') . q{, 'amount', 'EUR 1', 'refunded_on', '2026-02-02'}, 'external' ],
	[ 'reverse_payments', q{'payment_id', } . $of->('payment', 'record_payments') . q{, 'kind', 'in_error', 'reversed_on', '2026-02-03'}, 'external' ],
	[ 'request_credits', q{'customer_id', c, 'amount', 'EUR 1000', 'reason', 'R'}, 'external' ],
	[ 'set_credit_limits', q{'customer_id', c, 'amount', 'EUR 100000'}, 'external' ],
	[ 'reserve_credits', q{'customer_id', c, 'amount', 'EUR 1', 'order_reference', 'O' || n}, 'external' ],
	[ 'record_credit_events', q{'customer_id', c, 'kind', 'other', 'occurred_on', '2026-02-01'}, 'external' ],
	[ 'record_activities', q{'customer_id', c, 'kind', 'note', 'note', 'N'}, 'external' ],
	[ 'promises_to_pay', q{'customer_id', c, 'amount', 'EUR 1', 'due_on', '2026-03-01', 'made_on', '2026-02-20'}, 'external' ],
	[ 'open_disputes', qq{'invoice_id', $invoice, 'reason_code', 'price', 'opened_on', '2026-02-20'}, 'external' ],
);

my $script = <<"SQL";
SET search_path = public, ar;
SET client_min_messages = warning;
CREATE EXTENSION ar_ext;
CALL ar.create_books();
CREATE VIEW work AS
SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) AS read FROM pg_stat_xact_user_tables WHERE schemaname = 'ar';
SELECT ar.create_ledger('L', 'L', 'EUR');
SELECT count(*) FROM ar.create_customers(1, (SELECT jsonb_agg(jsonb_build_object('code', 'C' || n, 'name', 'C' || n)) FROM generate_series(1, ${\ROWS}) AS n));
CREATE TABLE customer AS SELECT customer_id AS c, row_number() OVER (ORDER BY customer_id)::integer AS n FROM ar.customer;
LOAD 'auto_explain';
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_nested_statements = on;
SQL

# measure STEP, ROWS, QUERY, EXPLAINED: the query in a transaction of its own.
my %rows;
sub measure
{
	my ($step, $rows, $query, $explained) = @_;
	$rows{$step} = $rows;
	$script .= <<"SQL";
SELECT FROM pg_stat_force_next_flush();
BEGIN;
SET LOCAL client_min_messages = log;
DO \$\$ BEGIN RAISE LOG 'step $step'; END \$\$;
SET LOCAL auto_explain.log_min_duration = @{[ $explained ? 0 : -1 ]};
$query;
SELECT '$step: ' || read FROM work;
COMMIT;
SQL
}

for (@written)
{
	my ($function, $object, $has_external_id) = @$_;
	my $step = $has_external_id ? $function : "$function without external id";
	$object .= qq{, 'external_id', '$function' || n} if $has_external_id;
	$script .= "CREATE TEMPORARY TABLE given AS SELECT n, jsonb_build_object($object) AS object FROM customer;\n";
	# The first half in one call, the others each in its own; then all once more.
	measure("$step, many", ROWS / 2, "SELECT count(*) FROM ar.$function(1, (SELECT jsonb_agg(object ORDER BY n) FROM given WHERE n % 2 = 0))", 1);
	measure("$step, one by one", ROWS / 2, "SELECT count(f) FROM given, LATERAL ar.$function(1, jsonb_build_array(object)) AS f WHERE n % 2 = 1");
	measure("$step, once more", ROWS, "SELECT count(*) FROM ar.$function(1, (SELECT jsonb_agg(object ORDER BY n) FROM given))", 1) if $has_external_id;
	measure("$step, one by one once more", ROWS, "SELECT count(f) FROM given, LATERAL ar.$function(1, jsonb_build_array(object)) AS f") if $has_external_id;
	$script .= "DROP TABLE given;\n";
}

my ($status, $out, $plans) = $node->psql('postgres', $script);
is($status, 0, 'every step is gone through') or diag $plans =~ /(ERROR.*)/;
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'and the books are sound');

# Rows looked at in vain, each filter as often as it was asked, in one statement of the step at most.
my %vain;
my ($step, $loops) = ('', 1);
for my $line (split /\n/, $plans)
{
	$step = $1 if $line =~ /LOG:  step (.*)/;
	$loops = $1 if $line =~ /actual .*loops=(\d+)/;
	$vain{$step} += $1 * $loops if $line =~ /Rows Removed by (?:Join )?Filter: (\d+)/;
}
my %read = $out =~ /^(.*): (\d+)$/mg;
for my $step (sort keys %rows)
{
	cmp_ok($read{$step} // 0, '<', MOST * $rows{$step}, "$step: few rows are read for each");
	SKIP:
	{
		skip 'no auto_explain', 1 if $plans =~ /could not access file/;
		cmp_ok($vain{$step} // 0, '<', MOST * $rows{$step}, "$step: nothing is compared each with each");
	}
}

$node->stop;
done_testing();
