# A year of a ledger of 200 customers, day by day: invoices, payments early, late, short and bounced, disputes, promises, plans, credit memos, letters, calls, and the
# daily run of each day, whose date is handed to it.
#
# Protects: nothing of the daily run reads the clock where it should go by its date; the books are sound at the end of each month; and the numbers of
# snapshots, charges, fees, letters, promises, plans and cases are those that another reckoning, from documents and applications alone, comes to.

use strict;
use warnings;
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $here = dirname(__FILE__);
my $node = PostgreSQL::Test::Cluster->new('year');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nlog_statement = none\nautovacuum_naptime = 5s");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE books');
$node->safe_psql('books', 'CREATE EXTENSION ar_ext; CALL ar.create_books()');
$node->safe_psql('books', slurp_file("$here/095_year.sql"));

my $began = time;
$node->safe_psql('books', 'SET search_path TO public, ar; CALL sim.begin()');
# Quietly: each step says what it did.
$node->safe_psql('books', "SET client_min_messages TO error; SET search_path TO public, ar; SET jit TO off; CALL sim.run('2025-01-01', '2025-12-31')");
note sprintf('the year took %.0f s', time - $began);
$node->safe_psql('books', slurp_file("$here/095_year_check.sql"));

sub asked { my ($query) = @_; return $node->safe_psql('books', "SET search_path TO public, ar; $query"); }

# It is a year that has something of everything, and the same each time.
note asked(q{SELECT string_agg(k.what || ' ' || k.n, ', ' ORDER BY k.what) FROM (
	SELECT kind AS what, count(*) AS n FROM item GROUP BY 1 UNION ALL SELECT 'application', count(*) FROM application
	UNION ALL SELECT 'promise ' || status, count(*) FROM promise GROUP BY 1 UNION ALL SELECT 'plan ' || status, count(*) FROM payment_plan GROUP BY 1
	UNION ALL SELECT 'dispute ' || coalesce(outcome, 'open'), count(*) FROM dispute GROUP BY 1 UNION ALL SELECT 'case', count(*) FROM collection_case
	UNION ALL SELECT 'call', count(*) FROM collection_activity UNION ALL SELECT 'letter of level ' || level, count(DISTINCT message_id) FROM sim.level GROUP BY level
	UNION ALL SELECT 'message ' || status, count(*) FROM outbox GROUP BY status UNION ALL SELECT 'correction', count(*) FROM interest_correction) AS k});
is(asked(q{SELECT string_agg(w.what, ', ') FROM (VALUES ('bounced payments', (SELECT count(*) FROM payment_reversal)), ('kept promises', (SELECT count(*) FROM promise WHERE status = 'kept')),
	('broken promises', (SELECT count(*) FROM promise WHERE status = 'broken')), ('completed plans', (SELECT count(*) FROM payment_plan WHERE status = 'completed')),
	('breached plans', (SELECT count(*) FROM payment_plan WHERE status = 'breached')), ('re-aged plans', (SELECT count(*) FROM plan_re_aging)),
	('credited disputes', (SELECT count(*) FROM dispute WHERE outcome = 'credited')), ('write-offs', (SELECT count(*) FROM write_off)),
	('corrections', (SELECT count(*) FROM interest_correction)), ('calls', (SELECT count(*) FROM collection_activity)),
	('third letters', (SELECT count(*) FROM sim.level WHERE level = 3)), ('letters that did not go', (SELECT count(*) FROM outbox WHERE status = 'cancelled'))) AS w(what, n) WHERE w.n = 0}), '', 'nothing of what a year has is missing');

# The days.
my $steps = asked('SELECT count(*) FROM ar.job_steps()');
is(asked(q{SELECT string_agg(format('%s %s: %s', business_date, step, error), E'\n') FROM (SELECT * FROM job_run WHERE error IS NOT NULL LIMIT 5) AS r}), '', 'no step failed');
is(asked('SELECT count(*), count(DISTINCT business_date), max(attempts) FROM job_run WHERE finished_at IS NOT NULL'), 365 * $steps . '|365|1', 'each step was done once a day');
is(asked('SELECT count(*), min(as_of), max(as_of) FROM aging_snapshot'), '365|2024-12-31|2025-12-30', 'there is one snapshot a day');
is(asked('SELECT count(*), count(DISTINCT (customer_id, invoiced_on)) FROM invoice AS v JOIN recurring_period AS p USING (ledger_id, invoice_id)'), '60|60', 'five subscriptions were billed each month, once');

# The dates that were kept are those that were given, not those of the clock.
is(asked(q{SELECT string_agg(DISTINCT k.what, ', ') FROM (
	SELECT 'application' AS what, applied_on AS day FROM application UNION ALL SELECT 'adjustment', adjusted_on FROM adjustment UNION ALL SELECT 'item', issued_on FROM item
	UNION ALL SELECT 'promise', judged_on FROM promise UNION ALL SELECT 'plan', ended_on FROM payment_plan UNION ALL SELECT 'charge', to_on FROM interest_charge
	UNION ALL SELECT 'case', opened_on FROM collection_case UNION ALL SELECT 'case', closed_on FROM collection_case UNION ALL SELECT 'assignment', assigned_on FROM case_assignment
	UNION ALL SELECT 'credit event', occurred_on FROM credit_event UNION ALL SELECT 'dispute', resolved_on FROM dispute
	UNION ALL SELECT 'review', due_on FROM credit_review) AS k WHERE k.day NOT BETWEEN '2025-01-01' AND '2025-12-31'}), '', 'no day is outside of the year');

is(asked('SELECT string_agg(v::text, E\'\n\') FROM (SELECT * FROM sim.violation LIMIT 5) AS v'), '', 'the books were sound at the end of each month');
for my $what ([ snapshot => 'the snapshots of the ends of months are what a replay gives' ], [ interest => 'interest is what it comes to day by day' ],
	[ fee => 'each late invoice has one fee' ], [ promise => 'promises were judged by what was paid' ], [ plan => 'plans ended when and as what was paid says' ],
	[ case => 'a case is from the first overdue day to the last' ], [ call => 'no customer was called too often' ],
	[ letter => 'letters went for what was overdue and to be collected, one an item and level' ])
{
	is(asked("SELECT string_agg(w::text, E'\\n') FROM (SELECT * FROM sim.wrong_$what->[0] LIMIT 5) AS w"), '', $what->[1]);
}
is(asked('SELECT count(*) FROM ar.verify()'), '0', 'and they are sound at the end');
$node->stop;
done_testing();
