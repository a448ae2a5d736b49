# Protects the cost of ar.auto_apply(): no statement compares each line with each, be it the first time or when all is suggested already, and
# what goes row by row keeps its plans.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('auto_apply');
$node->init;
$node->start;

# 5,000 lines of 1,000 customers, and what was looked at in vain, each filter as often as it was asked.
my (undef, $out, $plans) = $node->psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SET search_path TO pg_catalog;
CREATE EXTENSION pg_trgm SCHEMA public;
SELECT ar.index_payer_names();
\set customers 1000
\i test/bench/cash_month.psql
SELECT month.receive(:ledger);
CREATE TABLE public.mode (mode text);
CREATE FUNCTION public.note_mode() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.mode VALUES (current_setting('plan_cache_mode')); RETURN NEW; END $$;
CREATE TRIGGER note_mode BEFORE INSERT ON ar.payment_transfer FOR EACH ROW EXECUTE FUNCTION public.note_mode();
CREATE TRIGGER note_mode BEFORE INSERT ON ar.match_suggestion FOR EACH ROW EXECUTE FUNCTION public.note_mode();
CREATE TRIGGER note_mode BEFORE INSERT ON ar.application FOR EACH ROW EXECUTE FUNCTION public.note_mode();
LOAD 'auto_explain';
SET auto_explain.log_min_duration = '1ms';
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
SELECT 'first: ' || count(*) FROM ar.auto_apply(:ledger) AS a WHERE a.outcome <> 'applied';
DO $$ BEGIN RAISE LOG 'again'; END $$;
SELECT 'again: ' || count(*) FROM ar.auto_apply(:ledger) AS a;
SET client_min_messages = warning;
VACUUM ar.payment_waiting;
SELECT 'found: ' || (SELECT count(*) FROM ar.payment_transfer) || ' of ' || (SELECT count(*) FROM ar.payment WHERE customer_id IS NULL);
CREATE FUNCTION public.pages(statement text) RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE plan json; BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || statement INTO plan;
    RETURN (plan -> 0 -> 'Plan' ->> 'Shared Hit Blocks')::bigint + (plan -> 0 -> 'Plan' ->> 'Shared Read Blocks')::bigint; END $$;
SELECT 'pages: ' || public.pages(format('SELECT * FROM ar.unidentified_payments(%s)', :ledger)) FROM generate_series(1, 2) AS warm;
SELECT 'mode: ' || string_agg(DISTINCT mode, ' ') FROM public.mode;
SELECT 'violations: ' || count(*) FROM ar.verify();
SQL
SKIP:
{
	skip 'no auto_explain', 3 if $plans =~ /could not access file/;
	my %vain = (first => 0, again => 0);
	my ($run, $loops) = ('first', 1);
	for my $line (split /\n/, $plans)
	{
		$run = 'again' if $line =~ /LOG:  again/;
		$loops = $1 if $line =~ /actual .*loops=(\d+)/;
		$vain{$run} += $1 * $loops if $line =~ /Rows Removed by (?:Join )?Filter: (\d+)/;
	}
	like($plans, qr/Insert on payment_transfer/, 'the plans are those of identifying');
	note "$vain{$_} rows looked at in vain $_" for qw(first again);
	cmp_ok($vain{$_}, '<', 100 * 5000, "$_: no statement compares each line with each") for qw(first again);
}
like($out, qr/^first: [1-9]\d{2,3}$/m, 'some lines are left');
like($out, qr/^again: [1-9]\d{2,3}$/m, 'and looked at again');
my ($found, $came) = $out =~ /^found: (\d+) of (\d+)$/m;
cmp_ok($found, '>', 2000, 'of many it was found out whose they are');
my @pages = $out =~ /^pages: (\d+)$/mg;
# Only what waits is read, many to a page: nothing of those that do not.
cmp_ok($pages[1], '<', 20 + ($came - $found) / 20, 'which is not looked for among them any more') or diag "$found of $came, $pages[1] pages";
like($out, qr/^mode: auto$/m, 'what goes row by row keeps its plans');
like($out, qr/^violations: 0$/m, 'the books are sound');

$node->stop;
done_testing();
