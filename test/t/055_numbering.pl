# Eight clients post into every kind of series, roll back at random, and lose the server twice (SIGKILL).
#
# Protects: numbers without gap and double where a series has none, however a
# transaction ends, and whoever numbers in batches meanwhile; no double in a
# fast series, whose sequence must come back from a crash beyond all it gave.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $kills = 2;
my $node = PostgreSQL::Test::Cluster->new('numbering');
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
SELECT ar.create_ledger('numbering', 'Numbering', 'EUR');
SELECT ar.create_customer(l.ledger_id, 'C' || n, 'Customer ' || n) FROM ar.ledger AS l, generate_series(1, 16) AS n;
INSERT INTO ar.document_series (ledger_id, series, pattern, numbering, yearly)
SELECT l.ledger_id, s.numbering || s.yearly, s.numbering || s.yearly || '-{year}-{number}', s.numbering, s.yearly
FROM ar.ledger AS l, (SELECT n AS numbering, y AS yearly FROM unnest('{gapless,fast,batch}'::text[]) AS n, unnest('{false,true}'::boolean[]) AS y) AS s;
SQL

# script NAME, SQL: a pgbench script.
my $directory = PostgreSQL::Test::Utils::tempdir;
sub script
{
	my ($name, $sql) = @_;
	append_to_file("$directory/$name.sql", $sql);
	return "$directory/$name.sql";
}
my $insert = <<'SQL';
INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, total, status)
SELECT c.ledger_id, c.customer_id, s.series, date '2025-12-01' + :day, 'EUR 1.00', 'open'
FROM ar.customer AS c JOIN ar.document_series AS s USING (ledger_id)
WHERE c.code = 'C' || :customer AND s.numbering || s.yearly = s.series;
SQL
my $variables = "\\set day random(0, 60)\n\\set customer random(1, 16)\n";
my @scripts = map { ('-f', $_) } (
	script('commit', "$variables$insert") . '@6',
	script('rollback', "${variables}BEGIN;\n${insert}ROLLBACK;\n") . '@3',
	script('savepoint', "${variables}BEGIN;\nSAVEPOINT s;\n${insert}ROLLBACK TO s;\n${insert}COMMIT;\n") . '@1',
	script('number', "SELECT ar.number_invoices(l.ledger_id) FROM ar.ledger AS l;\n") . '@2');

sub run_clients
{
	my ($seconds) = @_;
	return start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port, '-c', 8, '-j', 2, '-T', $seconds,
		'--max-tries=20', @scripts, 'postgres' ], '<', \undef, '>', \my $out, '2>', \my $err);
}

my $gaps = <<'SQL';
SELECT s.series, CASE WHEN s.yearly THEN extract(year FROM v.invoiced_on) END AS year, count(*), max(v.series_number)
FROM ar.invoice AS v JOIN ar.document_series AS s USING (ledger_id, series)
WHERE s.numbering <> 'fast' AND v.series_number IS NOT NULL
GROUP BY 1, 2 HAVING count(*) <> max(v.series_number) OR count(*) <> count(DISTINCT v.series_number) OR min(v.series_number) <> 1
SQL

# kill_server: SIGKILL, and once nobody is left, a new start.
sub kill_server
{
	my ($running) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	$node->kill9;
	finish($running) if $running;
	for my $try (1 .. 600) { last unless kill 0, $postmaster; sleep(0.1); }
	for my $try (1 .. 600) { $node->{_pid} = undef; last if $node->start(fail_ok => 1); sleep(0.1); }
	return;
}

# Of a young sequence: at wal_level = minimal, which is the level here, its first numbers are logged in another way.
my $young = <<'SQL';
INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, total, status)
SELECT c.ledger_id, c.customer_id, s.series, '2024-05-01', 'EUR 1.00', 'open'
FROM ar.customer AS c JOIN ar.document_series AS s USING (ledger_id) WHERE c.code = 'C1' AND s.numbering = 'fast'
SQL
is($node->safe_psql('postgres', 'SHOW wal_level'), 'minimal', 'little is logged');
$node->safe_psql('postgres', $young) for 1 .. 2;
kill_server();
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'a young sequence knows after a crash what it gave');
$node->safe_psql('postgres', $young);

for my $round (1 .. $kills)
{
	my $running = run_clients(60);
	sleep(1 + rand);
	kill_server($running);
	is($node->safe_psql('postgres', $gaps), '', "kill $round: no gap and no double");
	is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', "kill $round: the books are sound");
}

my $running = run_clients(2);
ok(finish($running), 'eight clients work on after the crashes');
$node->safe_psql('postgres', 'SELECT ar.number_invoices(l.ledger_id) FROM ar.ledger AS l');
cmp_ok($node->safe_psql('postgres', 'SELECT min(n) FROM (SELECT count(*) AS n FROM ar.invoice GROUP BY series) AS c'), '>', 50,
	'every series has documents');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ar.invoice WHERE number IS NULL'), '0', 'each has its number');
is($node->safe_psql('postgres', $gaps), '', 'no gap and no double');
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');
my $deadlocks = () = slurp_file($node->logfile) =~ /deadlock detected/g;
is($deadlocks, 0, 'no deadlock');
$node->stop;

done_testing();
