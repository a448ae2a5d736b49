# A storm of eight clients on the credit of one group, at every isolation level.
#
# Protects: neither the group nor a part of it ever owes more than its limit, by
# invoices in two currencies, orders, limits, drafts and invoices made void, payments,
# releases, new rates and moves from group to group; nothing deadlocks; only
# named errors and serialization failures (40001) reach a caller; and
# ar.verify() is empty all the while, as a ninth session sees it.
#
# Beside it stands a control that adds up and inserts, as it is mostly written:
# it must breach where the books must not, or the load proves nothing.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $clients = 8;
my $seconds = $ENV{AR_STORM_SECONDS} || 5;
my $seed = $ENV{AR_STORM_SEED} || time;
note "AR_STORM_SEED=$seed repeats the choices, not the timing";

my $node = PostgreSQL::Test::Cluster->new('storm_credit');
$node->init;
$node->append_conf('postgresql.conf', <<'CONF');
deadlock_timeout = 50ms
log_statement = none
log_line_prefix = '%m [%p] %e '
max_connections = 30
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE books');
$node->safe_psql('postgres', 'CREATE DATABASE control');
$node->safe_psql('postgres', 'ALTER DATABASE books SET search_path = public, ar');
my $directory = PostgreSQL::Test::Utils::tempdir;

# A group of two levels: ROOT may owe 1000, MID and its four members 600 of it.
# Members 7 and 8 have their invoices held where the others' are refused.
# A dollar only ever falls against the euro, so that a rate is never a breach.
$node->safe_psql('books', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
CREATE SCHEMA storm;

CREATE TABLE storm.ledger AS SELECT ar.create_ledger('storm', 'Storm', 'EUR') AS ledger_id;
CREATE FUNCTION storm.ledger() RETURNS integer LANGUAGE sql STABLE AS 'SELECT ledger_id FROM storm.ledger';
INSERT INTO ar.customer (ledger_id, code, name, credit_limit) VALUES (storm.ledger(), 'ROOT', 'Root', 'EUR 1000');
INSERT INTO ar.customer (ledger_id, code, name, credit_limit, parent_id)
SELECT storm.ledger(), 'MID', 'Mid', 'EUR 600', customer_id FROM ar.customer WHERE code = 'ROOT';
INSERT INTO ar.customer (ledger_id, code, name, parent_id, customer_class)
SELECT storm.ledger(), 'C' || n, 'Customer ' || n, c.customer_id, CASE WHEN n > 6 THEN 'hold' END
FROM generate_series(1, 8) AS n JOIN ar.customer AS c ON c.code = CASE WHEN n <= 4 THEN 'MID' ELSE 'ROOT' END;
CREATE TABLE storm.customer AS SELECT substr(code, 2)::integer AS n, customer_id FROM ar.customer WHERE code LIKE 'C_';
INSERT INTO ar.credit_policy (ledger_id, customer_class, on_breach) VALUES (storm.ledger(), 'hold', 'hold');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (storm.ledger(), 'USD', 'EUR', '2000-01-01', 0.9);
CREATE SEQUENCE storm.rate;
CREATE FUNCTION storm.customer(n integer) RETURNS bigint LANGUAGE sql STABLE
AS 'SELECT c.customer_id FROM storm.customer AS c WHERE c.n = $1';

CREATE SEQUENCE storm.refused_ra001;
CREATE SEQUENCE storm.refused_ra003;
CREATE SEQUENCE storm.refused_ra004;
CREATE SEQUENCE storm.done;
CREATE SEQUENCE storm.soundings;
CREATE FUNCTION storm.attempt(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF command IS NOT NULL THEN
        EXECUTE command;
        PERFORM nextval('storm.done');
    END IF;
EXCEPTION WHEN SQLSTATE 'RA001' OR SQLSTATE 'RA003' OR SQLSTATE 'RA004' THEN
    PERFORM nextval('storm.refused_' || lower(SQLSTATE));
END $$;

CREATE FUNCTION storm.invoice(n integer, cents integer, currency text, post boolean) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'SELECT ar.create_invoice(%s, %s, %L, ''2026-01-10'', post => %L, currency => %L)',
    storm.ledger(), storm.customer(n), jsonb_build_array(jsonb_build_object('unit_price', cents / 100.0)), post, currency)) $$;
-- Two invoices for each of four customers, in any order.
CREATE FUNCTION storm.bulk(cents integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
     SELECT %s, c.customer_id, ''2026-01-10'', ar.monetary(%s, (ARRAY[''EUR'', ''USD''])[g]), ''open''
     FROM (SELECT * FROM storm.customer ORDER BY random() LIMIT 4) AS c, generate_series(1, 2) AS g',
    storm.ledger(), round(cents / 800.0, 2))) $$;
-- Up to three, which others post, too.
CREATE FUNCTION storm.post() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt((SELECT format('SELECT ar.post_invoices(%s, %L)', storm.ledger(), array_agg(v.invoice_id))
FROM (SELECT v.invoice_id FROM ar.invoice AS v WHERE v.ledger_id = storm.ledger() AND v.status IN ('draft', 'held') ORDER BY random() LIMIT 3) AS v
HAVING count(*) > 0)) $$;
CREATE FUNCTION storm.void() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt((SELECT format('UPDATE ar.invoice SET status = ''void'' WHERE ledger_id = %s AND invoice_id = %s', v.ledger_id, v.invoice_id)
FROM ar.invoice AS v WHERE v.ledger_id = storm.ledger() AND v.status IN ('draft', 'held') ORDER BY random() LIMIT 1)) $$;
-- By a reversal, unless something is applied to it already.
CREATE FUNCTION storm.reverse() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt((SELECT format('SELECT ar.void_invoice(%s, %s, ''2026-01-20'', ''storm'')', v.ledger_id, v.invoice_id)
FROM ar.invoice AS v WHERE v.ledger_id = storm.ledger() AND v.status = 'open' AND v.kind = 'invoice' ORDER BY random() LIMIT 1)) $$;
CREATE FUNCTION storm.pay(n integer, cents integer, currency text) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.record_payment(%s, %s, %L, ''2026-01-20'', apply => ''oldest'')',
    storm.ledger(), storm.customer(n), ar.monetary(round(cents / 100.0, 2), currency))) $$;
CREATE FUNCTION storm.reserve(n integer, cents integer, currency text) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.reserve_credit(%s, %s, %L, %L)',
    storm.ledger(), storm.customer(n), ar.monetary(round(cents / 100.0, 2), currency), gen_random_uuid())) $$;
CREATE FUNCTION storm.pick() RETURNS ar.credit_reservation LANGUAGE sql AS $$
SELECT r.* FROM ar.credit_reservation AS r WHERE r.ledger_id = storm.ledger() AND r.released_at IS NULL AND r.invoiced < r.amount ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION storm.bill(percent integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status, order_reference) VALUES (%s, %s, ''2026-01-10'', %L, ''open'', %L)',
    r.ledger_id, r.customer_id, r.amount * (percent / 100.0), r.order_reference)) FROM storm.pick() AS r WHERE r.ledger_id IS NOT NULL $$;
CREATE FUNCTION storm.release() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.release_credit(%s, %s, ''storm'')', r.ledger_id, r.reservation_id)) FROM storm.pick() AS r WHERE r.ledger_id IS NOT NULL $$;
CREATE FUNCTION storm.grow(percent integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.change_reservation(%s, %s, %L)', r.ledger_id, r.reservation_id, r.amount * (1 + percent / 100.0)))
FROM storm.pick() AS r WHERE r.ledger_id IS NOT NULL $$;
-- Never above what it began with.
CREATE FUNCTION storm.limit(chance integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.set_credit_limit(%s, %s, %L)', c.ledger_id, c.customer_id,
    ar.monetary(CASE c.code WHEN 'ROOT' THEN 1000 ELSE 600 END - CASE WHEN chance > 50 THEN chance ELSE 0 END, 'EUR')))
FROM ar.customer AS c WHERE c.ledger_id = storm.ledger() AND c.code IN ('ROOT', 'MID') ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION storm.rate() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (%s, ''USD'', ''EUR'', %L, %s)',
    storm.ledger(), date '2000-01-01' + n::integer, 0.9 - n * 0.0001)) FROM nextval('storm.rate') AS n $$;
CREATE FUNCTION storm.move(n integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('UPDATE ar.customer SET parent_id = %s WHERE ledger_id = %s AND customer_id = %s', c.customer_id, c.ledger_id, storm.customer(n)))
FROM ar.customer AS c WHERE c.ledger_id = storm.ledger() AND c.code IN ('ROOT', 'MID') ORDER BY random() LIMIT 1 $$;
CREATE FUNCTION storm.unhold() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.release_holds(%s)', storm.ledger())) $$;

-- What must hold at every moment, from the documents themselves and by ar.verify().
CREATE FUNCTION storm.exposure(code text) RETURNS numeric LANGUAGE sql STABLE AS $$
WITH RECURSIVE member AS (
    SELECT c.customer_id FROM ar.customer AS c WHERE c.code = $1
    UNION ALL SELECT c.customer_id FROM member AS m JOIN ar.customer AS c ON c.parent_id = m.customer_id
), owed AS (
    SELECT v.customer_id, ar.currency(v.total) AS currency, ar.amount(v.total) AS amount FROM ar.invoice AS v
    WHERE v.status NOT IN ('draft', 'held', 'void') AND v.reverses_id IS NULL -- Both or neither of what is reversed.
    UNION ALL SELECT p.customer_id, ar.currency(p.amount), -ar.amount(p.amount) FROM ar.payment AS p
    UNION ALL
    SELECT r.customer_id, ar.currency(r.amount),
           greatest(ar.amount(r.amount) - coalesce((SELECT sum(ar.amount(v.total)) FROM ar.invoice AS v
               WHERE v.order_reference = r.order_reference AND v.status NOT IN ('draft', 'held', 'void')), 0), 0)
    FROM ar.credit_reservation AS r WHERE r.released_at IS NULL
)
SELECT sum(round(s.amount * CASE s.currency WHEN 'EUR' THEN 1 ELSE (SELECT rate FROM ar.exchange_rate ORDER BY valid_from DESC LIMIT 1) END, 2))
FROM (SELECT o.currency, sum(o.amount) AS amount FROM owed AS o JOIN member AS m USING (customer_id) GROUP BY o.currency) AS s
$$;
CREATE FUNCTION storm.unsound() RETURNS TABLE (what text) LANGUAGE sql STABLE AS $$
SELECT format('%s %s %s: %s', v.check_name, v.table_name, v.row_id, v.detail) FROM ar.verify() AS v
UNION ALL
SELECT format('%s owes %s', g.code, storm.exposure(g.code)) FROM (VALUES ('ROOT', 1000), ('MID', 600)) AS g(code, most)
WHERE storm.exposure(g.code) > g.most
$$;
CREATE FUNCTION storm.sound() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    what text;
BEGIN
    PERFORM nextval('storm.soundings');
    SELECT string_agg(u.what, '; ') INTO what FROM storm.unsound() AS u;
    IF what IS NOT NULL THEN
        RAISE EXCEPTION 'unsound: %', what;
    END IF;
END $$;
SQL

# script NAME, SQL: a pgbench script; its variables are chosen anew each time.
sub script
{
	my ($name, $sql) = @_;
	my $file = "$directory/$name.sql";
	append_to_file($file, <<"SCRIPT");
\\set customer random(1, 8)
\\set moved random(3, 6)
\\set cents random(100, 30000)
\\set percent random(1, 120)
\\set chance random(1, 100)
$sql
SCRIPT
	return $file;
}

my $currency = q{CASE WHEN :chance > 60 THEN 'USD' ELSE 'EUR' END};
my %weight = (
	script('invoice', "SELECT storm.invoice(:customer, :cents, $currency, :chance > 20);") => 10,
	script('bulk', 'SELECT storm.bulk(:cents);') => 4,
	script('post', 'SELECT storm.post();') => 5,
	script('void', 'SELECT storm.void();') => 2,
	script('reverse', 'SELECT storm.reverse();') => 3,
	script('pay', "SELECT storm.pay(:customer, :cents / 3, $currency);") => 8,
	script('reserve', "SELECT storm.reserve(:customer, :cents, $currency);") => 7,
	script('bill', 'SELECT storm.bill(:percent);') => 7,
	script('release', 'SELECT storm.release();') => 4,
	script('grow', 'SELECT storm.grow(:percent);') => 3,
	script('limit', 'SELECT storm.limit(:chance);') => 2,
	script('rate', 'SELECT storm.rate();') => 1,
	script('move', 'SELECT storm.move(:moved);') => 1,
	script('unhold', 'SELECT storm.unhold();') => 2,
	script('both', <<"SQL") => 3);
BEGIN;
SELECT storm.pay(:customer, :cents / 3, $currency);
SELECT storm.invoice(:customer, :cents, $currency, true);
\\if :chance > 30
COMMIT;
\\else
ROLLBACK;
\\endif
SQL
my @load = map { ('-f', "$_\@$weight{$_}") } sort keys %weight;
my $sound = script('sound', 'SELECT storm.sound();');

# bench DATABASE, LEVEL, ARGUMENTS: start pgbench; what it says is kept in the hash.
sub bench
{
	my ($database, $level, @arguments) = @_;
	my %run = (out => '', err => '');
	local $ENV{PGOPTIONS} = "-c client_min_messages=error -c default_transaction_isolation=" . $level =~ s/ /\\ /r;
	$run{handle} = start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port,
			'--random-seed', $seed, @arguments, $database ],
		'<', \undef, '>', \$run{out}, '2>', \$run{err});
	return \%run;
}

for my $level ('read committed', 'repeatable read', 'serializable')
{
	my $log = -s $node->logfile;
	my $storm = bench('books', $level, '-c', $clients, '-j', 2, '-T', $seconds,
		$level eq 'read committed' ? () : ('--max-tries', 1000), @load);
	my $reader = bench('books', 'repeatable read', '-c', 1, '-T', $seconds, '-f', $sound);
	ok(finish($storm->{handle}), "$level: no client met an error without a name") or diag $storm->{err};
	ok(finish($reader->{handle}), "$level: the books were sound all the while, seen from a ninth session")
		or diag $reader->{err};
	my ($done) = $storm->{out} =~ /actually processed: (\d+)/;
	my ($failed) = $storm->{out} =~ /failed transactions: (\d+)/;
	my ($soundings) = $reader->{out} =~ /actually processed: (\d+)/;
	note "$level: $done transactions, $soundings times sounded";
	cmp_ok($done, '>', 30, "$level: there was a storm");
	is($failed // 0, 0, "$level: no transaction was given up");
	cmp_ok($soundings, '>', 0, "$level: the books were sounded");
	is($node->safe_psql('books', 'SELECT * FROM storm.unsound()'), '', "$level: the books are sound");

	# In the field for the SQLSTATE of log_line_prefix.
	my @states = sort keys %{ { map { $_ => 1 }
			slurp_file($node->logfile, $log) =~ /\[\d+\] (\w{5}) ERROR: /g } };
	is_deeply([ grep { $_ ne '40001' } @states ], [], "$level: only serialization failures reached a client");
	is("@states", '', "$level: and not even those") if $level eq 'read committed';
}
is($node->safe_psql('books', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'books'}), 0, 'no deadlock');
cmp_ok($node->safe_psql('books', 'SELECT last_value FROM storm.refused_ra001'), '>', 10, 'the storm met the limit, and not once');
note $node->safe_psql('books', <<'SQL');
SELECT (SELECT count(*) FROM ar.invoice), 'invoices', (SELECT count(*) FROM ar.credit_reservation), 'orders',
       (SELECT count(*) FROM ar.credit_hold), 'holds', (SELECT count(*) FROM ar.credit_limit), 'limits',
       (SELECT count(*) FROM ar.exchange_rate), 'rates', 'refused', (SELECT last_value FROM storm.refused_ra001), 'RA001',
       (SELECT last_value FROM storm.refused_ra003), 'RA003', (SELECT last_value FROM storm.refused_ra004), 'RA004',
       storm.exposure('ROOT'), 'of 1000 and', storm.exposure('MID'), 'of 600'
SQL

# The control: invoices and orders of a group against one limit, by adding up, comparing, inserting.
$node->safe_psql('control', <<'SQL');
CREATE TABLE owed (customer integer, cents integer);
CREATE FUNCTION check_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(sum(o.cents), 0) FROM owed AS o) + NEW.cents > 100000 THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER owed_limit BEFORE INSERT ON owed FOR EACH ROW EXECUTE FUNCTION check_limit();
SQL
my $naive = script('naive', 'INSERT INTO owed VALUES (:customer, :cents);');
for my $level ('read committed', 'repeatable read')
{
	my $breached = 0;
	for my $round (1 .. 20)
	{
		$node->safe_psql('control', 'TRUNCATE owed');
		my $run = bench('control', $level, '-c', $clients, '-j', 2, '-T', 1, '-f', $naive);
		finish($run->{handle}) or die $run->{err};
		$breached = $node->safe_psql('control', 'SELECT sum(cents) > 100000 FROM owed') eq 't';
		last if $breached;
	}
	ok($breached, "control at $level: sum-then-insert passes the limit");
}

$node->stop;
done_testing();
