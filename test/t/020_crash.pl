# Five times the postmaster is killed (SIGKILL) under four writers.
#
# Protects: what was acknowledged is there, exactly once, and nothing is there
# by halves.  Each writer chooses its external ids, writes an id down before it
# asks and again once the server has said yes, outside of the server.  What was
# asked but not acknowledged when the server died may be there or not; asked
# again, it is there once.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $writers = 4;
my $kills = 5;
my $seed = $ENV{AR_CRASH_SEED} || time;
srand($seed);
note "AR_CRASH_SEED=$seed repeats the moments of the kills";

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(extra => ['--data-checksums']);
$node->append_conf('postgresql.conf', <<'CONF');
log_statement = none
fsync = on
synchronous_commit = on
full_page_writes = on
# Checkpoints while we write: recovery then begins in the middle of things.
checkpoint_timeout = 30s
max_wal_size = 32MB
autovacuum_naptime = 1s
CONF
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SELECT ar.create_ledger('crash', 'Crash', 'EUR');
SELECT ar.create_customer(l.ledger_id, 'C' || n, 'Customer ' || n) FROM ar.ledger AS l, generate_series(1, 4) AS n;
SQL
is($node->safe_psql('postgres', 'SHOW fsync'), 'on', 'fsync is on');
is($node->safe_psql('postgres', 'SHOW data_checksums'), 'on', 'data checksums are on');
my $has_amcheck = $node->safe_psql('postgres',
	q{SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'});
$node->safe_psql('postgres', 'CREATE EXTENSION amcheck') if $has_amcheck;

# The ack logs: a line "?id" before asking, "!id" once the payment is recorded.
my $directory = PostgreSQL::Test::Utils::tempdir;

# The command of one payment: an invoice of 10.00 and a payment of 7.00 on the
# oldest debt, in one transaction, so that a half would show.
sub payment
{
	my ($id) = @_;
	my ($writer) = $id =~ /^(\d+)/;
	return <<"SQL";
BEGIN;
SELECT ar.create_invoice(l.ledger_id, c.customer_id, '[{"unit_price": 10}]', '2026-01-10', external_id => '$id')
FROM ar.ledger AS l JOIN ar.customer AS c USING (ledger_id) WHERE c.code = 'C$writer';
SELECT ar.record_payment(l.ledger_id, c.customer_id, 'EUR 7.00', '2026-01-20', external_id => '$id', apply => 'oldest')
FROM ar.ledger AS l JOIN ar.customer AS c USING (ledger_id) WHERE c.code = 'C$writer';
COMMIT;
SQL
}

# start_writer NUMBER, ROUND: a psql that pays until it loses the server.
sub start_writer
{
	my ($writer, $round) = @_;
	my $log = "$directory/log.$writer";
	my $script = "$directory/script.$writer.$round";
	append_to_file($script, join '', map {
		my $id = "$writer-$round-$_";
		"\\! echo '?$id' >> '$log'\n" . payment($id) . "\\! echo '!$id' >> '$log'\n"
	} 1 .. 20000);
	return start([ 'psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $script ],
		'<', \undef, '>', \my $out, '2>', \my $err);
}

# ids MARK: what the logs say was asked (?) or acknowledged (!).
sub ids
{
	my ($mark) = @_;
	return map { /^\Q$mark\E(\S+)$/ ? $1 : () } map { split /\n/, slurp_file($_) } glob "$directory/log.*";
}

# recorded TABLE: external id to how often it is there.
sub recorded
{
	my ($table) = @_;
	return map { split /\|/ } split /\n/,
		$node->safe_psql('postgres', "SELECT external_id, count(*) FROM ar.$table GROUP BY external_id");
}

my $in_doubt = 0;
for my $round (1 .. $kills)
{
	my @running = map { start_writer($_, $round) } 1 .. $writers;
	sleep(1.5 + rand);
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	$node->kill9;
	# Each loses its connection; that it fails is the point.
	finish($_) for @running;

	# The dead postmaster has to be reaped, and its children have to notice: only then can it be followed.
	for my $try (1 .. 600)
	{
		last unless kill 0, $postmaster;
		sleep(0.1);
	}
	for my $try (1 .. 600)
	{
		# From 17 on a start that failed counts as running, by the number that the dead one left.
		$node->{_pid} = undef;
		last if $node->start(fail_ok => 1);
		sleep(0.1);
	}
	my %payment = recorded('payment');
	my %invoice = recorded('invoice');
	my @acknowledged = ids('!');
	note sprintf 'kill %d: %d acknowledged, %d recorded', $round, scalar @acknowledged, scalar keys %payment;
	cmp_ok(scalar(grep { /^\d+-$round-/ } @acknowledged), '>', 0, "kill $round: there were writers");
	is_deeply([ grep { ($payment{$_} // 0) != 1 || ($invoice{$_} // 0) != 1 } @acknowledged ], [],
		"kill $round: all that was acknowledged is there once");
	is_deeply([ grep { $payment{$_} != 1 } keys %payment ], [], "kill $round: no payment is there twice");
	is_deeply([ sort keys %payment ], [ sort keys %invoice ], "kill $round: no transaction is there by half");
	is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', "kill $round: the books are sound");

	# What a client does that got no answer: it asks again.
	my %answered = map { $_ => 1 } @acknowledged;
	for my $id (grep { !$answered{$_} } ids('?'))
	{
		$in_doubt++;
		$node->safe_psql('postgres', payment($id));
		append_to_file("$directory/log.again", "!$id\n");
	}
}
my %payment = recorded('payment');
my %asked = map { $_ => 1 } ids('?');
is_deeply([ sort keys %payment ], [ sort keys %asked ], 'asked again, all that was asked is there');
is_deeply([ grep { $payment{$_} != 1 } keys %payment ], [], 'once each');
cmp_ok($in_doubt, '>', 0, 'some writer was left without an answer');
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');

SKIP:
{
	skip 'no amcheck', 2 unless $has_amcheck;
	my $indexes = <<'SQL';
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_am AS a ON a.oid = c.relam
WHERE a.amname = 'btree' AND c.relnamespace = 'ar'::regnamespace
SQL
	cmp_ok($node->safe_psql('postgres', "SELECT count(*) $indexes"), '>', 20, 'there are indexes to check');
	is($node->safe_psql('postgres', "SELECT count(bt_index_check(c.oid, true)) > 0 $indexes"), 't',
		'every index agrees with its table');
}
$node->stop;
my ($checksums) = run_command([ 'pg_checksums', '--check', '-D', $node->data_dir ]);
like($checksums, qr/Bad checksums:\s+0$/m, 'every page has its checksum');

done_testing();
