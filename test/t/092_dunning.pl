# Dunning: however often, however parallel, however late, and however rudely it is ended: one letter per item and level.
#
# Protects: a server killed in the middle of proposing or confirming leaves nothing half done, and the next run completes it; eight at once
# write to nobody twice; missed nights are caught up as the policy says; what is paid before it goes out is not sent.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('dunning');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 30\njit = off");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
DO $$
DECLARE
    l integer := ar.create_ledger('main', 'Main', 'EUR');
BEGIN
    INSERT INTO ar.customer (ledger_id, code, name, street) SELECT l, 'C' || n, 'Customer ' || n, 'Way ' || n FROM generate_series(1, 40) AS n;
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    SELECT l, c.customer_id, c.code || '/' || n, '2026-01-01', '2026-01-14', 'EUR 10.00', 'open' FROM ar.customer AS c, generate_series(1, 3) AS n;
    PERFORM ar.set_dunning_preset(l, fees => '{"EUR 1"}');
END $$;
SQL

# letters: how many there are, of how many different items and levels, how many of them count, and fees.
sub letters
{
	return $node->safe_psql('postgres', <<'SQL');
SELECT count(*), count(DISTINCT (k.item_id, k.level, k.cycle)), (SELECT count(*) FROM ar.dunning_notice WHERE status = 'confirmed'),
       (SELECT count(*) FROM ar.outbox), (SELECT count(*) FROM ar.item WHERE kind = 'fee')
FROM ar.dunning_notice_item AS k WHERE k.is_counted
SQL
}

# at_once SQL: eight sessions do it.
sub at_once
{
	my ($sql) = @_;
	my @eight = map { start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-c', $sql ], '<', \undef, '>', \my $o, '2>', \my $e) } 1 .. 8;
	ok(finish($_), 'one of eight at once ends well') for @eight;
}

# killed TABLE, SQL: the server is killed while the statement writes the table.
sub killed
{
	my ($table, $sql) = @_;
	$node->safe_psql('postgres', <<"SQL");
CREATE FUNCTION public.take_time() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(300); RETURN NULL; END';
CREATE TRIGGER take_time AFTER INSERT ON ar.$table FOR EACH STATEMENT EXECUTE FUNCTION public.take_time();
SQL
	my $victim = start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $sql ], '<', \undef, '>', \my $o, '2>', \my $e);
	$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}) or die 'it does not start';
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	$node->kill9;
	finish($victim);
	for my $try (1 .. 600) { last unless kill 0, $postmaster; sleep(0.1); }
	for my $try (1 .. 600) { $node->{_pid} = undef; last if $node->start(fail_ok => 1); sleep(0.1); }
	$node->safe_psql('postgres', 'DROP FUNCTION public.take_time() CASCADE');
}

my $run = q{SELECT count(*) FROM ar.run_dunning(1, '2026-01-21')};
my $confirm = q{SELECT count(*) FROM ar.confirm_dunning(1, confirmed_on => '2026-01-21')};
killed('dunning_notice', $run);
is($node->safe_psql('postgres', 'SELECT (SELECT count(*) FROM ar.dunning_notice), (SELECT count(*) FROM ar.dunning_run)'), '0|0', 'killed while proposing, nothing is proposed');
at_once($run);
is($node->safe_psql('postgres', $run), '0', 'again there is nothing to propose');
is($node->safe_psql('postgres', 'SELECT count(*), sum(items), count(DISTINCT customer_id) FROM ar.dunning_notice'), '40|120|40', 'eight at once propose each letter once');
killed('dunning_notice_item', $confirm);
is(letters(), '0|0|0|0|0', 'killed while confirming, nothing is confirmed, charged or queued');
at_once($confirm);
is(letters(), '120|120|40|40|40', 'eight at once confirm each letter once');
at_once($run);
is(letters(), '120|120|40|40|40', 'and nothing follows on that day');

# Three nights and more are missed: one level a run.
is($node->safe_psql('postgres', q{SELECT count(*), max(level) FROM ar.run_dunning(1, '2026-03-31')}), '40|2', 'after missed nights an item rises by one level');
$node->safe_psql('postgres', q{SELECT count(*) FROM ar.confirm_dunning(1, confirmed_on => '2026-03-31')});
is($node->safe_psql('postgres', q{SELECT count(*) FROM ar.run_dunning(1, '2026-04-01')}), '0', 'and not again on the next night');
is(letters(), '240|240|80|80|40', 'one letter per item and level');

# By the daily run, with one customer who pays before his letter goes out.
$node->safe_psql('postgres', q{UPDATE ar.dunning_policy SET confirmation = 'automatic'; CALL ar.run_daily('2026-04-14')});
is($node->safe_psql('postgres', q{SELECT error, rows FROM ar.job_run WHERE step = 'dunning'}), '|40', 'the daily run proposes and confirms');
is(letters(), '360|360|120|120|40', 'one letter per item and level');
$node->safe_psql('postgres', q{SELECT ar.record_payment(1, c.customer_id, 'EUR 30.00', '2026-04-14') FROM ar.customer AS c WHERE c.code = 'C7'});
is($node->safe_psql('postgres', q{SELECT count(*), count(*) FILTER (WHERE c.code = 'C7') FROM ar.claim_outbox(1000) AS o JOIN ar.customer AS c USING (customer_id)}), '117|0', 'who has paid gets no letter');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ar.dunning_history WHERE customer = 'C7' AND status = 'cancelled'}), '3', 'they are cancelled');
is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');
$node->stop;
done_testing();
