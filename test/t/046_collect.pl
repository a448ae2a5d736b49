# What collecting and sending cost, counted in rows and not in seconds.
#
# Protects: interest, reversals, promises, payment plans, disputes, agencies,
# write-offs and messages look at rows in proportion to their number, also in a
# book so young that no table has statistics: 2,000 read at most four and a half
# times what 500 do and fewer than 200 each, and no statement compares each with
# each.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('collect');
$node->init;
# Vacuum would come and go: what is counted must be ours alone, and no table has statistics.
$node->append_conf('postgresql.conf', "autovacuum = off\n");
$node->start;

# Of each invoice i of the ledger: an array of objects.
sub each_invoice
{
	my ($object) = @_;
	return "(SELECT jsonb_agg(jsonb_build_object($object)) FROM ar.item AS i WHERE i.kind = 'invoice')";
}

# On a day, a part of each invoice.
sub pay
{
	my ($day) = @_;
	return <<"SQL";
WITH paid AS (
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, apply)
    SELECT c.ledger_id, c.customer_id, 'EUR 10', '$day', 'proportional' FROM ar.customer AS c RETURNING payment_id)
SELECT count(*) FROM paid
SQL
}

my @steps = (
	[ 'queue_messages', 'SELECT count(*) FROM ar.queue_messages(1, ' . each_invoice(<<'SQL') . ')' ],
'customer_id', i.customer_id, 'purpose', 'notice', 'subject', 'S', 'body', 'B', 'channel', 'email', 'address', 'a@example.org', 'dedupe_key', 'M' || i.item_id
SQL
	[ 'claim_outbox', 'SELECT count(*) FROM ar.claim_outbox(:n)' ],
	[ 'mark_sent', 'SELECT count(*) FROM (SELECT ar.mark_sent(1, o.message_id) FROM ar.outbox AS o WHERE o.message_id % 2 = 0) AS m' ],
	[ 'mark_failed', q{SELECT count(*) FROM (SELECT ar.mark_failed(1, o.message_id, 'busy') FROM ar.outbox AS o WHERE o.message_id % 2 = 1) AS m} ],
	[ 'cancel_messages', q{SELECT count(*) FROM ar.cancel_messages(1, (SELECT array_agg(o.message_id) FROM ar.outbox AS o WHERE o.status = 'queued'), 'R')} ],
	[ 'reverse_payments', <<'SQL' ],
SELECT count(*) FROM ar.reverse_payments(1, (
    SELECT jsonb_agg(jsonb_build_object('payment_id', p.payment_id, 'kind', 'returned', 'reversed_on', '2026-02-15', 'fee', 'EUR 3', 'external_id', 'R' || p.payment_id))
    FROM ar.payment AS p))
SQL
	[ 'charge_interest', q{SELECT count(*) FROM ar.charge_interest(1, '2026-03-31')} ],
	[ 'charge_interest next', q{SELECT count(*) FROM ar.charge_interest(1, '2026-04-30')} ],
	[ 'promises_to_pay', 'SELECT count(*) FROM ar.promises_to_pay(1, ' . each_invoice(<<'SQL') . ')' ],
'customer_id', i.customer_id, 'amount', 'EUR 10', 'due_on', '2026-05-10', 'made_on', '2026-05-01', 'item_ids', jsonb_build_array(i.item_id), 'external_id', 'P' || i.item_id
SQL
	[ 'pay what is promised', pay('2026-05-05') ],
	[ 'judge_promises', q{SELECT count(*) FROM ar.judge_promises(1, '2026-06-10')} ],
	[ 'create_payment_plans', 'SELECT count(*) FROM ar.create_payment_plans(1, ' . each_invoice(<<'SQL') . ')' ],
'customer_id', i.customer_id, 'instalments', 2, 'first_due_on', '2026-07-01', 'agreed_on', '2026-06-10', 'item_ids', jsonb_build_array(i.item_id), 'external_id', 'L' || i.item_id
SQL
	[ 'pay what is planned', pay('2026-06-15') ],
	[ 'judge_plans', q{SELECT count(*) FROM ar.judge_plans(1, '2026-07-31')} ],
	[ 'open_disputes', 'SELECT count(*) FROM ar.open_disputes(1, ' . each_invoice(<<'SQL') . ')' ],
'item_ids', jsonb_build_array(i.item_id), 'reason_code', 'price', 'opened_on', '2026-08-01', 'external_id', 'D' || i.item_id
SQL
	[ 'resolve_disputes', <<'SQL' ],
SELECT count(*) FROM ar.resolve_disputes(1, (
    SELECT jsonb_agg(jsonb_build_object('dispute_id', d.dispute_id, 'outcome', 'rejected', 'resolution', 'R', 'resolved_on', '2026-08-02')) FROM ar.dispute AS d))
SQL
	[ 'refresh_cases', q{SELECT count(*) FROM ar.refresh_cases(1, '2026-08-02')} ],
	[ 'waive_charges', q{SELECT count(*) FROM ar.waive_charges(1, (SELECT array_agg(j.adjustment_id) FROM ar.adjustment AS j WHERE j.kind = 'interest'), 'R', waived_on => '2026-08-02')} ],
	[ 'place_with_agency', q{SELECT count(*) FROM ar.place_with_agency(1, 'agency', item_ids => (SELECT array_agg(i.item_id) FROM ar.item AS i WHERE i.kind = 'invoice'), placed_on => '2026-08-02')} ],
	[ 'recall_placements', q{SELECT ar.recall_placements(1, (SELECT array_agg(p.placement_id) FROM ar.placement AS p), 'R', '2026-08-03')} ],
	[ 'write_off_small_balances', q{SELECT count(*) FROM ar.write_off_small_balances(1, '2026-08-03', 'EUR 10', 30)} ],
	[ 'recover_write_offs', q{SELECT count(*) FROM ar.recover_write_offs(1, (SELECT array_agg(j.adjustment_id) FROM ar.adjustment AS j WHERE j.kind = 'write_off'), '2026-08-04')} ],
	[ 'reverse_adjustments', q{SELECT count(*) FROM ar.reverse_adjustments(1, (SELECT array_agg(j.adjustment_id) FROM ar.adjustment AS j WHERE j.payment_id IS NOT NULL AND j.kind = 'fee'), '2026-08-04')} ],
);

# costs ROWS: of each step the rows read, and those looked at in vain, each filter as often as it was asked.
sub costs
{
	my ($rows) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE rows$rows");
	my $script = <<"SQL";
\\set n $rows
SET search_path = public, ar;
SET client_min_messages = warning;
CREATE EXTENSION ar_ext;
CALL ar.create_books();
CREATE VIEW work AS
SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) AS read FROM pg_stat_xact_user_tables WHERE schemaname = 'ar';
SELECT ar.create_ledger('L', 'L', 'EUR');
INSERT INTO ar.interest_policy (ledger_id, rate, fee_scheme, charge_days) VALUES (1, 12, 'eu', 30);
INSERT INTO ar.agency (ledger_id, agency, name) VALUES (1, 'agency', 'Agency');
SELECT count(*) FROM ar.create_customers(1, (SELECT jsonb_agg(jsonb_build_object('code', 'C' || g, 'name', 'C' || g)) FROM generate_series(1, :n / 10) AS g));
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, due_on, total, status)
SELECT 1, c.customer_id, '2026-01-01', date '2026-01-31' - g, 'EUR 10.00', 'open' FROM ar.customer AS c, generate_series(1, 10) AS g;
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, apply)
SELECT 1, i.customer_id, 'EUR 10.00', '2026-02-10', 'oldest' FROM ar.item AS i;
LOAD 'auto_explain';
SET auto_explain.log_min_duration = '1ms';
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
SQL
	$script .= <<"SQL" for @steps;
DO \$\$ BEGIN RAISE LOG 'step $_->[0]'; END \$\$;
SELECT FROM pg_stat_force_next_flush();
BEGIN;
$_->[1];
SELECT '$_->[0]: ' || read FROM work;
COMMIT;
SQL
	my ($status, $out, $plans) = $node->psql("rows$rows", $script);
	is($status, 0, "$rows rows go through every step") or diag $plans =~ /(ERROR.*)/;
	my %read = map { /^(.*): (\d+)$/ ? ($1 => $2) : () } split /\n/, $out;
	my %vain = map { $_->[0] => 0 } @steps;
	my ($step, $loops) = ('', 1);
	for my $line (split /\n/, $plans)
	{
		$step = $1 if $line =~ /LOG:  step (.*)/;
		$loops = $1 if $line =~ /actual .*loops=(\d+)/;
		$vain{$step} += $1 * $loops if $step && $line =~ /Rows Removed by (?:Join )?Filter: (\d+)/;
	}
	is($node->safe_psql("rows$rows", 'SELECT * FROM ar.verify()'), '', 'and the books are sound');
	return (\%read, \%vain, $plans !~ /could not access file/);
}
my ($small) = costs(500);
my ($large, $vain, $has_plans) = costs(2000);
for my $step (map { $_->[0] } @steps)
{
	note "$step: $small->{$step} and $large->{$step} rows read, $vain->{$step} looked at in vain";
	cmp_ok($large->{$step}, '<=', 4.5 * $small->{$step}, "$step: four times as many read at most four and a half times the rows");
	cmp_ok($large->{$step}, '<', 200 * 2000, "$step: and that is little for each");
	cmp_ok($small->{$step}, '<', 200 * 500, "$step: also where they are few");
	SKIP:
	{
		skip 'no auto_explain', 1 unless $has_plans;
		cmp_ok($vain->{$step}, '<', 100 * 2000, "$step: no statement compares each with each");
	}
}

$node->stop;
done_testing();
