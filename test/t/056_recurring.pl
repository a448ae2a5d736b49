# Eight clients make recurring invoices at once, skip periods, and lose the server twice (SIGKILL).
#
# Protects: one invoice for each template and period, whoever runs, however
# often, and whatever happens to the server; and a run after it that makes up
# for what was lost.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('recurring');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
log_statement = none
fsync = on
synchronous_commit = on
deadlock_timeout = 50ms
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SELECT ar.create_ledger('recurring', 'Recurring', 'EUR');
SELECT ar.create_customer(l.ledger_id, 'C' || n, 'Customer ' || n) FROM ar.ledger AS l, generate_series(1, 10) AS n;
SELECT count(*) FROM ar.ledger AS l, ar.create_recurring_invoices(l.ledger_id, (
    SELECT jsonb_agg(jsonb_build_object('customer_id', c.customer_id, 'starts_on', '2026-01-01', 'interval_unit', u, 'lines', '[{"unit_price": 1}]'::jsonb))
    FROM ar.customer AS c, unnest('{day,week,month}'::text[]) AS u));
SQL

my $directory = PostgreSQL::Test::Utils::tempdir;
sub script
{
	my ($name, $sql) = @_;
	append_to_file("$directory/$name.sql", $sql);
	return "$directory/$name.sql";
}
my @scripts = map { ('-f', $_) } (
	script('run', "\\set day random(0, 399)\nSELECT count(*) FROM ar.ledger AS l, ar.generate_recurring_invoices(l.ledger_id, date '2026-01-01' + :day) AS g;\n") . '@8',
	script('rollback', "\\set day random(0, 399)\nBEGIN;\nSELECT count(*) FROM ar.ledger AS l, ar.generate_recurring_invoices(l.ledger_id, date '2026-01-01' + :day) AS g;\nROLLBACK;\n") . '@2');

my $once = <<'SQL';
SELECT 'double', p.recurring_id, p.period_number FROM ar.recurring_period AS p GROUP BY 2, 3 HAVING count(*) > 1
UNION ALL
SELECT 'lost', v.invoice_id, NULL FROM ar.invoice AS v
WHERE NOT EXISTS (SELECT FROM ar.recurring_period AS p WHERE p.ledger_id = v.ledger_id AND p.invoice_id = v.invoice_id)
UNION ALL
SELECT 'empty', p.recurring_id, p.period_number FROM ar.recurring_period AS p WHERE p.invoice_id IS NULL
SQL

for my $round (1 .. 2)
{
	my $running = start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', 8, '-j', 2, '-T', 60, '--max-tries=20',
		@scripts, 'postgres' ], '<', \undef, '>', \my $out, '2>', \my $err);
	sleep(0.7 + rand(0.5));
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	$node->kill9;
	finish($running);
	for my $try (1 .. 600) { last unless kill 0, $postmaster; sleep(0.1); }
	for my $try (1 .. 600) { $node->{_pid} = undef; last if $node->start(fail_ok => 1); sleep(0.1); }
	is($node->safe_psql('postgres', $once), '', "kill $round: once, and each with its invoice");
	is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', "kill $round: the books are sound");
}
$node->safe_psql('postgres', q{SELECT count(*) FROM ar.ledger AS l, ar.generate_recurring_invoices(l.ledger_id, '2027-02-04') AS g});
# 400 days, 58 weeks and 14 months begin by then, for ten customers each.
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT invoice_id) FROM ar.recurring_period'), '4720|4720', 'the next run makes up for the rest');
is($node->safe_psql('postgres', 'SELECT count(*), count(number) FROM ar.invoice'), '4720|4720', 'no invoice more');
is($node->safe_psql('postgres', $once), '', 'once');
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');
my $deadlocks = () = slurp_file($node->logfile) =~ /deadlock detected/g;
is($deadlocks, 0, 'no deadlock');
$node->stop;

done_testing();
