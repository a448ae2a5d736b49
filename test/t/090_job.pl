# The daily run: once for each ledger, step and day, however often, however parallel, and however rudely it is ended.
#
# Protects: missed days are caught up in their order; a second runner skips; a
# failure stops neither the ledger's other steps nor other ledgers, and is tried
# again; a server killed in the middle leaves nothing half done, and the next
# run completes it; pg_cron runs it, under a role that is no superuser.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my $node = PostgreSQL::Test::Cluster->new('job');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 30\nlog_statement = none");
my ($share) = run_command([ 'pg_config', '--sharedir' ]);
my $has_cron = -f "$share/extension/pg_cron.control";
$node->append_conf('postgresql.conf', <<'CONF') if $has_cron;
shared_preload_libraries = 'pg_cron'
cron.database_name = 'books'
cron.use_background_workers = on
max_worker_processes = 20
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE books');
$node->safe_psql('books', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SELECT ar.create_ledger(code, code, 'EUR', timezone) FROM (VALUES ('east', 'Pacific/Auckland'), ('west', 'America/Los_Angeles'), ('broken', 'UTC')) AS l(code, timezone);
SELECT ar.create_recurring_invoice(l.ledger_id, ar.create_customer(l.ledger_id, 'C', 'C'), '[{"unit_price": 10}]', starts_on => '2026-03-01', interval_unit => 'day')
FROM ar.ledger AS l;
SQL

# runs WHERE: ledger, step, day and outcome, a line each.
sub runs
{
	my ($where) = @_;
	return $node->safe_psql('books', <<"SQL");
SELECT l.code, r.step, r.business_date, r.attempts, r.rows, left(r.error, 5), r.finished_at IS NOT NULL
FROM ar.job_run AS r JOIN ar.ledger AS l USING (ledger_id) WHERE $where ORDER BY 1, 3, 2
SQL
}

# daily AS_OF: run it; what it said.
sub daily
{
	my ($as_of) = @_;
	my ($status, undef, $stderr) = $node->psql('books', "CALL ar.run_daily('$as_of')");
	is($status, 0, "the run of $as_of ends well");
	return $stderr;
}

my $steps = $node->safe_psql('books', 'SELECT count(*) FROM ar.job_steps()');
my $said = daily('2026-03-01');
like($said, qr/ledger 1, 2026-03-01: recurring_invoices done \(1\)/, 'and says what it does');
unlike($said, qr/WARNING/, 'and warns of nothing where nothing is wrong');
is($node->safe_psql('books', 'SELECT count(*), count(DISTINCT (ledger_id, step)), max(attempts) FROM ar.job_run WHERE error IS NULL AND finished_at IS NOT NULL'),
	3 * $steps . '|' . 3 * $steps . '|1', 'each step of each ledger is done once');
is(daily('2026-03-01'), '', 'the same day again does nothing');
is($node->safe_psql('books', 'SELECT count(*) FROM ar.invoice'), '3', 'one invoice a ledger');

# Three nights were missed.
daily('2026-03-05');
is($node->safe_psql('books', q{SELECT string_agg(business_date::text, ' ' ORDER BY started_at) FROM ar.job_run WHERE ledger_id = 1 AND step = 'aging_snapshot'}),
	'2026-03-01 2026-03-02 2026-03-03 2026-03-04 2026-03-05', 'missed days are caught up, in their order');
is($node->safe_psql('books', q{SELECT string_agg(as_of::text, ' ' ORDER BY as_of) FROM ar.aging_snapshot WHERE ledger_id = 1}),
	'2026-02-28 2026-03-01 2026-03-02 2026-03-03 2026-03-04', 'one snapshot a day');
is($node->safe_psql('books', 'SELECT count(*), count(DISTINCT (ledger_id, invoiced_on)) FROM ar.invoice'), '15|15', 'one invoice a ledger and day');

# One ledger fails: a balance that somebody falsified.
$node->safe_psql('books', q{BEGIN; SET LOCAL session_replication_role TO replica; UPDATE ar.customer_balance SET open_debits = 'EUR 1.00' WHERE ledger_id = 3; COMMIT});
like(daily('2026-03-06'), qr/WARNING: .* ledger 3, 2026-03-06: verification failed: 22000: 1 violations/, 'a violation is an error');
is(runs(q{r.business_date = '2026-03-06' AND r.error IS NOT NULL}), 'broken|verification|2026-03-06|1||22000|t', 'of this ledger and step alone');
is($node->safe_psql('books', q{SELECT count(*) FROM ar.job_run WHERE business_date = '2026-03-06' AND error IS NULL}), 3 * $steps - 1, 'all others went on');
$node->safe_psql('books', q{BEGIN; SET LOCAL session_replication_role TO replica; UPDATE ar.customer_balance SET open_debits = 'EUR 60.00' WHERE ledger_id = 3; COMMIT});
daily('2026-03-06');
is(runs(q{l.code = 'broken' AND r.step = 'verification' AND r.business_date = '2026-03-06'}), 'broken|verification|2026-03-06|2|0||t', 'and the next run tries it again');

# A second runner skips what the first works on, and does the rest.
my ($in, $out, $err) = ('', '', '');
my $first = start([ 'psql', '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('books') ], '<', \$in, '>', \$out, '2>', \$err);
$in .= "BEGIN;\nSELECT pg_advisory_xact_lock(ar.job_lock_class(), 1);\n\\echo held\n";
$first->pump until $out =~ /held/;
daily('2026-03-07');
is($node->safe_psql('books', q{SELECT string_agg(DISTINCT ledger_id::text, ' ') FROM ar.job_run WHERE business_date = '2026-03-07'}), '2 3', 'a ledger that somebody else runs is skipped');
$in .= "ROLLBACK;\n\\q\n";
$first->finish;
my @eight = map { start([ 'psql', '-X', '-q', '-d', $node->connstr('books'), '-c', q{CALL ar.run_daily('2026-03-09')} ], '<', \undef, '>', \my $o, '2>', \my $e) } 1 .. 8;
ok(finish($_), 'one of eight at once ends well') for @eight;
daily('2026-03-09');
is($node->safe_psql('books', 'SELECT count(*), count(DISTINCT (ledger_id, invoiced_on)) FROM ar.invoice'), '27|27', 'eight at once bill each day once');
# Two may start a step at the same moment; one of them finds it done.
is($node->safe_psql('books', q{SELECT count(*) FROM ar.job_run WHERE business_date BETWEEN '2026-03-08' AND '2026-03-09' AND finished_at IS NOT NULL AND error IS NULL}), 6 * $steps, 'and do each step');

# Killed in the middle: a step that takes its time.
$node->safe_psql('books', <<'SQL');
CREATE FUNCTION public.take_time() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(300); RETURN NULL; END';
CREATE TRIGGER invoice_take_time AFTER INSERT ON ar.invoice FOR EACH STATEMENT EXECUTE FUNCTION public.take_time();
SQL
my $victim = start([ 'psql', '-X', '-q', '-d', $node->connstr('books'), '-c', q{CALL ar.run_daily('2026-03-10')} ], '<', \undef, '>', \my $vo, '2>', \my $ve);
$node->poll_query_until('books', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}) or die 'it does not start';
is(runs(q{r.finished_at IS NULL}), 'east|recurring_invoices|2026-03-10|1|||f', 'while a step runs, everybody can see it');
my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
$node->kill9;
finish($victim);
for my $try (1 .. 600) { last unless kill 0, $postmaster; sleep(0.1); }
for my $try (1 .. 600) { $node->{_pid} = undef; last if $node->start(fail_ok => 1); sleep(0.1); }
is($node->safe_psql('books', q{SELECT count(*) FROM ar.invoice WHERE invoiced_on = '2026-03-10'}), '0', 'nothing is half done');
$node->safe_psql('books', 'DROP FUNCTION public.take_time() CASCADE');
daily('2026-03-10');
is(runs(q{l.code = 'east' AND r.step = 'recurring_invoices' AND r.business_date = '2026-03-10'}), 'east|recurring_invoices|2026-03-10|2|1||t', 'the next run completes it');
is($node->safe_psql('books', 'SELECT count(*), count(DISTINCT (ledger_id, invoiced_on)) FROM ar.invoice'), '30|30', 'once');
is($node->safe_psql('books', 'SELECT * FROM ar.verify()'), '', 'the books are sound');

# The schedule.
my (undef, undef, $advice) = $node->psql('postgres', 'CREATE EXTENSION ar_ext; SELECT * FROM ar.schedule_jobs()');
like($advice, $has_cron ? qr/In database books, where pg_cron is, call:\nSELECT cron\.schedule_in_database\(/ : qr/Debian: apt-get install postgresql-\d+-cron/,
	'where pg_cron is not, it says what to do');
is($node->safe_psql('postgres', 'SELECT ar.unschedule_jobs()'), '0', 'and there is nothing to take off');
SKIP:
{
	skip 'pg_cron is not installed', 7 unless $has_cron;
	$node->safe_psql('books', <<'SQL');
CREATE EXTENSION pg_cron;
CREATE ROLE runner LOGIN;
GRANT USAGE ON SCHEMA ar TO runner;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA ar TO runner;
GRANT ALL ON ALL TABLES IN SCHEMA ar TO runner;
GRANT ALL ON ALL SEQUENCES IN SCHEMA ar TO runner;
GRANT USAGE ON SCHEMA cron TO runner;
-- The days up to now are nobody's business here.
UPDATE ar.job_run SET business_date = (now() AT TIME ZONE 'UTC')::date - 1 WHERE business_date = '2026-03-10';
SQL
	is($node->safe_psql('books', q{SELECT runs_as, runs FROM ar.schedule_jobs('runner', '* * * * *') WHERE scheduled_job LIKE '%daily'}), 'runner|CALL ar.run_daily()', 'the run is scheduled');
	$node->safe_psql('books', q{SELECT ar.schedule_jobs('runner', '* * * * *')});
	is($node->safe_psql('books', q{SELECT count(*), min(username), min(database) FROM cron.job}), '2|runner|books', 'again without doubling, in this database, as no superuser');
	ok($node->poll_query_until('books', q{SELECT count(*) > 0 FROM ar.job_run WHERE run_by = 'runner' AND finished_at IS NOT NULL}), 'the job fires');
	is($node->safe_psql('books', q{SELECT count(*) FROM ar.job_run WHERE run_by = 'runner' AND error IS NOT NULL}), '0', 'and needs no superuser');
	is($node->safe_psql('books', 'SELECT * FROM ar.verify()'), '', 'the books are sound');
	is($node->safe_psql('books', 'SET ROLE runner; SELECT ar.unschedule_jobs()'), '2', 'it is taken off');
	is($node->safe_psql('books', 'SELECT count(*) FROM cron.job'), '0', 'and gone');
}
$node->stop;
done_testing();
