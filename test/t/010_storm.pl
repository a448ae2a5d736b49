# A storm of eight clients on eight customers, at every isolation level.
#
# Protects: no credit limit is passed, nothing is over-applied, numbers have no
# gap, nothing deadlocks, only named errors and serialization failures (40001)
# reach a caller, and ar.verify() is empty all the while, as a ninth session
# sees it.
#
# Beside it stand two controls, which must fail where the books must not: the
# same rules by sum-then-insert, and locks taken in no order.  If they hold, the
# load is too weak to prove anything.

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

my $node = PostgreSQL::Test::Cluster->new('storm');
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

# Not in the load: deleting a draft to which others write lines.  Their foreign
# key locks it before its guard does, which a DELETE can turn into a deadlock.
#
# The load: each function is one thing a user does, on customers, invoices and
# payments chosen at random.  A function that runs a command catches the errors
# that have a name, and counts them by a sequence, which no rollback takes back.
$node->safe_psql('books', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
CREATE SCHEMA storm;

CREATE TABLE storm.ledger AS SELECT ar.create_ledger('storm', 'Storm', 'EUR') AS ledger_id;
CREATE TABLE storm.customer AS
SELECT n, ar.create_customer(ledger_id, 'C' || n, 'Customer ' || n, credit_limit => 'EUR 1000.00',
                             terms => CASE n % 2 WHEN 0 THEN '30% due on receipt, 70% net 60' ELSE 'net 30' END::ar.terms) AS customer_id
FROM storm.ledger, generate_series(1, 8) AS n;
CREATE FUNCTION storm.ledger() RETURNS integer LANGUAGE sql STABLE AS 'SELECT ledger_id FROM storm.ledger';
CREATE FUNCTION storm.customer(n integer) RETURNS bigint LANGUAGE sql STABLE
AS 'SELECT c.customer_id FROM storm.customer AS c WHERE c.n = $1';
CREATE FUNCTION storm.euro(cents integer) RETURNS ar.monetary LANGUAGE sql IMMUTABLE
AS $$ SELECT format('EUR %s', round($1 / 100.0, 2))::ar.monetary $$;

CREATE SEQUENCE storm.refused_ra001;
CREATE SEQUENCE storm.refused_ra002;
CREATE SEQUENCE storm.refused_ra003;
CREATE SEQUENCE storm.refused_23503;
CREATE SEQUENCE storm.refused_23514;
CREATE SEQUENCE storm.soundings;

CREATE FUNCTION storm.attempt(command text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE command;
EXCEPTION WHEN SQLSTATE 'RA001' OR SQLSTATE 'RA002' OR SQLSTATE 'RA003' OR foreign_key_violation OR check_violation THEN
    PERFORM nextval('storm.refused_' || lower(SQLSTATE));
END $$;

CREATE FUNCTION storm.invoice(n integer, cents integer, post boolean) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'SELECT ar.create_invoice(%s, %s, %L, ''2026-01-10'', post => %L)',
    storm.ledger(), storm.customer(n), jsonb_build_array(jsonb_build_object('unit_price', cents / 100.0)), post)) $$;

-- Three invoices for each of four customers, in any order.
CREATE FUNCTION storm.bulk(cents integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
     SELECT %s, c.customer_id, ''2026-01-10'', %L, ''open''
     FROM (SELECT * FROM storm.customer ORDER BY random() LIMIT 4) AS c, generate_series(1, 3)',
    storm.ledger(), storm.euro(cents))) $$;

CREATE FUNCTION storm.pay(n integer, cents integer, rule text) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'SELECT ar.record_payment(%s, %s, %L, ''2026-01-20'', reference => %L, apply => %L)',
    storm.ledger(), storm.customer(n), storm.euro(cents),
    (SELECT string_agg(v.number, ', ') FROM (
        SELECT v.number FROM ar.invoice AS v WHERE v.ledger_id = storm.ledger() AND v.customer_id = storm.customer(n)
          AND v.status IN ('open', 'partial') ORDER BY random() LIMIT 2) AS v), rule)) $$;

-- Payments of several customers at once, in any order.
CREATE FUNCTION storm.pay_many(cents integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT * FROM ar.record_payments(%s, %L, ''oldest'')', storm.ledger(),
    (SELECT jsonb_agg(jsonb_build_object('customer_id', c.customer_id, 'amount', storm.euro(cents)::text,
                                         'received_on', '2026-01-20'))
     FROM (SELECT * FROM storm.customer ORDER BY random() LIMIT 4) AS c))) $$;

-- All that waits, by the rules; or all of one customer, in some order.
CREATE FUNCTION storm.auto_apply(n integer, rule text) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT count(*) FROM ar.auto_apply(%s, %L, %L)', storm.ledger(),
    CASE WHEN rule <> 'auto' THEN (SELECT array_agg(p.payment_id) FROM ar.payment AS p
     WHERE p.ledger_id = storm.ledger() AND p.customer_id = storm.customer(n)) END, rule)) $$;

-- What was suggested, though it may not fit any more.
CREATE FUNCTION storm.accept() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.accept_suggestion(%s, %s)', s.ledger_id, s.suggestion_id))
FROM (SELECT * FROM ar.match_suggestion AS s WHERE s.ledger_id = storm.ledger() AND s.status = 'open' ORDER BY random() LIMIT 1) AS s $$;

-- An amount that may be more than is open: half again what the credit has.
CREATE FUNCTION storm.apply(n integer, percent integer) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.apply(%s, %s, %s, %L)', storm.ledger(), credit.item_id, debit.item_id,
    storm.euro(greatest(1, (-ar.amount(credit.open) * percent)::integer))))
FROM (SELECT * FROM ar.item WHERE ledger_id = storm.ledger() AND customer_id = storm.customer(n)
      AND closed_on IS NULL AND ar.sign(open) < 0 ORDER BY random() LIMIT 1) AS credit,
     (SELECT * FROM ar.item WHERE ledger_id = storm.ledger() AND customer_id = storm.customer(n)
      AND closed_on IS NULL AND ar.sign(open) > 0 ORDER BY random() LIMIT 1) AS debit $$;

CREATE FUNCTION storm.unapply() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.unapply(%s, %s)', a.ledger_id, a.application_id))
FROM (SELECT a.* FROM ar.application AS a
      WHERE a.ledger_id = storm.ledger() AND a.reverses_id IS NULL
        AND NOT EXISTS (SELECT FROM ar.application AS r WHERE r.ledger_id = a.ledger_id AND r.reverses_id = a.application_id)
      ORDER BY random() LIMIT 1) AS a $$;

CREATE FUNCTION storm.adjust(n integer, kind text, amount ar.monetary) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on) VALUES (%s, %s, %L, %L, ''2026-01-20'')',
    storm.ledger(), storm.customer(n), kind, amount)) $$;

-- Drafts of any customers, and now and then one that is posted already.
CREATE FUNCTION storm.post() RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('SELECT ar.post_invoices(%s, %L)', storm.ledger(), array_agg(v.invoice_id)))
FROM ((SELECT v.invoice_id FROM ar.invoice AS v WHERE v.ledger_id = storm.ledger() AND v.status = 'draft' ORDER BY random() LIMIT 3)
      UNION ALL
      (SELECT v.invoice_id FROM ar.invoice AS v WHERE v.ledger_id = storm.ledger() AND v.status <> 'draft' ORDER BY random() LIMIT 1)) AS v $$;

-- A line that changes no total, or one that does: that draft cannot be posted.  Some go to what is posted.
CREATE FUNCTION storm.line(cents integer, to_draft boolean) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format(
    'INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax)
     SELECT v.ledger_id, v.invoice_id, 2 + floor(random() * 1000000000), %s, %L, ''EUR 0.00''
     FROM ar.invoice AS v WHERE v.ledger_id = %s AND (v.status = ''draft'') = %L ORDER BY random() LIMIT %s',
    cents / 100.0, storm.euro(cents), storm.ledger(), to_draft, CASE WHEN to_draft THEN 2 ELSE 1 END)) $$;

CREATE FUNCTION storm.copy(file text) RETURNS void LANGUAGE sql AS $$
SELECT storm.attempt(format('COPY ar.invoice (ledger_id, customer_id, invoiced_on, total, status) FROM %L', file)) $$;

-- Never above 1000.
CREATE FUNCTION storm.limit(n integer, euros integer) RETURNS void LANGUAGE sql AS $$
UPDATE ar.customer SET credit_limit = storm.euro(euros * 100) WHERE ledger_id = storm.ledger() AND customer_id = storm.customer(n) $$;

-- What must hold at every moment, from the documents themselves and by ar.verify().
CREATE FUNCTION storm.unsound() RETURNS TABLE (what text) LANGUAGE sql STABLE AS $$
SELECT format('%s %s %s: %s', v.check_name, v.table_name, v.row_id, v.detail) FROM ar.verify() AS v
UNION ALL
SELECT format('customer %s owes %s', d.customer_id, sum(d.amount))
FROM (SELECT customer_id, ar.amount(total) FROM ar.invoice WHERE status NOT IN ('draft', 'held', 'void')
      UNION ALL SELECT customer_id, -ar.amount(amount) FROM ar.payment
      -- What is owed by law or contract no limit refuses; what is judged counts it, so that the rest stays below it.
      UNION ALL SELECT customer_id, ar.amount(amount) FROM ar.adjustment WHERE kind <> 'fee') AS d (customer_id, amount)
GROUP BY d.customer_id HAVING sum(d.amount) > 1000
UNION ALL
SELECT format('item %s of %s has %s applied', i.item_id, i.amount, sum(ar.amount(a.amount)))
FROM ar.item AS i
JOIN (SELECT ledger_id, credit_item_id, amount FROM ar.application
      UNION ALL SELECT ledger_id, debit_item_id, amount FROM ar.application) AS a (ledger_id, item_id, amount)
  ON a.ledger_id = i.ledger_id AND a.item_id = i.item_id
GROUP BY i.item_id, i.amount HAVING sum(ar.amount(a.amount)) NOT BETWEEN 0 AND abs(ar.amount(i.amount))
UNION ALL
SELECT format('%s invoices have the numbers up to %s', count(v.series_number), max(v.series_number))
FROM ar.invoice AS v HAVING count(v.series_number) <> coalesce(max(v.series_number), 0)
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

SELECT storm.invoice(n % 8 + 1, 2000, n % 3 > 0) FROM generate_series(1, 50) AS n;
SELECT storm.pay(n % 8 + 1, 3000, 'none') FROM generate_series(1, 50) AS n;
SQL

# The customers last to first: a COPY whose order is the opposite of the locks'.
my $copy = "$directory/invoice.copy";
append_to_file($copy, $node->safe_psql('books', <<'SQL') . "\n");
SELECT ledger_id || E'\t' || customer_id || E'\t2026-01-10\tEUR 7.00\topen'
FROM storm.ledger, storm.customer, generate_series(1, 2) ORDER BY n DESC
SQL

# script NAME, SQL: a pgbench script; its variables are chosen anew each time.
sub script
{
	my ($name, $sql) = @_;
	my $file = "$directory/$name.sql";
	append_to_file($file, <<"SCRIPT");
\\set customer random(1, 8)
\\set cents random(100, 30000)
\\set percent random(1, 150)
\\set chance random(1, 100)
$sql
SCRIPT
	return $file;
}

my %weight = (
	script('invoice', q{SELECT storm.invoice(:customer, :cents, :chance > 25);}) => 10,
	script('bulk', q{SELECT storm.bulk(:cents / 4);}) => 4,
	script('copy', "SELECT storm.copy('$copy');") => 2,
	script('oldest', q{SELECT storm.pay(:customer, :cents / 2, 'oldest');}) => 5,
	script('auto', q{SELECT storm.pay(:customer, :cents / 2, 'auto');}) => 5,
	script('pay_many', q{SELECT storm.pay_many(:cents / 3);}) => 3,
	script('auto_apply', q{SELECT storm.auto_apply(:customer, 'auto');}) => 2,
	script('proportional', q{SELECT storm.auto_apply(:customer, 'proportional');}) => 1,
	script('batches', 'SET client_min_messages = warning; CALL ar.auto_apply_batches(storm.ledger(), 3);') => 1,
	script('accept', q{SELECT storm.accept();}) => 3,
	script('none', q{SELECT storm.pay(:customer, :cents / 3, 'none');}) => 3,
	script('apply', q{SELECT storm.apply(:customer, :percent);}) => 10,
	script('unapply', q{SELECT storm.unapply();}) => 6,
	script('discount', q{SELECT storm.adjust(:customer, 'discount', storm.euro(-:cents / 10));}) => 1,
	script('fee', q{SELECT storm.adjust(:customer, 'fee', storm.euro(:cents / 10));}) => 2,
	script('write_off', q{SELECT storm.adjust(:customer, 'write_off', storm.euro(-:cents / 10));}) => 1,
	script('post', q{SELECT storm.post();}) => 5,
	script('line', q{SELECT storm.line(CASE WHEN :chance > 20 THEN 0 ELSE 1 END, :chance > 10);}) => 3,
	script('limit', q{SELECT storm.limit(:customer, 1000 - :chance);}) => 1,
	script('both', <<'SQL') => 5);
BEGIN;
SELECT storm.invoice(:customer, :cents, true);
SELECT storm.pay(:customer, :cents, 'oldest');
\if :chance > 30
COMMIT;
\else
ROLLBACK;
\endif
SQL
my @load = map { ('-f', "$_\@$weight{$_}") } sort keys %weight;
my $sound = script('sound', 'SELECT storm.sound();');

# bench DATABASE, LEVEL, ARGUMENTS: start pgbench; what it says is kept in the hash.
sub bench
{
	my ($database, $level, @arguments) = @_;
	my %run = (out => '', err => '');
	local $ENV{PGOPTIONS} = "-c default_transaction_isolation=" . $level =~ s/ /\\ /r;
	$run{handle} = start([ 'pgbench', '-n', '-h', $node->host, '-p', $node->port,
			'--random-seed', $seed, @arguments, $database ],
		'<', \undef, '>', \$run{out}, '2>', \$run{err});
	return \%run;
}

# transactions RUN: how many transactions a finished run counts, and how many it gave up.
sub transactions
{
	my ($run) = @_;
	my ($done) = $run->{out} =~ /actually processed: (\d+)/;
	my ($failed) = $run->{out} =~ /failed transactions: (\d+)/;
	return ($done // 0, $failed // 'no');
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
	my ($done, $failed) = transactions($storm);
	my ($soundings) = transactions($reader);
	note "$level: $done transactions, $soundings times sounded";
	cmp_ok($done, '>', 30, "$level: there was a storm");
	is($failed, 0, "$level: no transaction was given up");
	cmp_ok($soundings, '>', 0, "$level: the books were sounded");
	is($node->safe_psql('books', 'SELECT * FROM storm.unsound()'), '', "$level: the books are sound");

	# In the field for the SQLSTATE of log_line_prefix.
	my @states = sort keys %{ { map { $_ => 1 }
			slurp_file($node->logfile, $log) =~ /\[\d+\] (\w{5}) ERROR: /g } };
	is_deeply([ grep { $_ ne '40001' } @states ], [], "$level: only serialization failures reached a client");
	is("@states", '', "$level: and not even those") if $level eq 'read committed';
}
is($node->safe_psql('books', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'books'}),
	0, 'no deadlock');
for my $state ('ra001', 'ra002', 'ra003', '23514')
{
	is($node->safe_psql('books', "SELECT is_called FROM storm.refused_$state"), 't', "the storm met $state");
}
note $node->safe_psql('books', <<'SQL');
SELECT (SELECT count(*) FROM ar.invoice), 'invoices', (SELECT count(*) FROM ar.payment), 'payments',
       (SELECT count(*) FROM ar.application), 'applications',
       'refused', (SELECT last_value FROM storm.refused_ra001), 'RA001', (SELECT last_value FROM storm.refused_ra002), 'RA002',
       (SELECT last_value FROM storm.refused_ra003), 'RA003', (SELECT last_value FROM storm.refused_23503), '23503',
       (SELECT last_value FROM storm.refused_23514), '23514'
SQL

# The controls.  The same two rules, the way they are mostly written: add up,
# compare, insert.
$node->safe_psql('control', <<'SQL');
CREATE TABLE invoice (customer integer, cents integer);
CREATE INDEX ON invoice (customer);
CREATE FUNCTION check_limit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(sum(v.cents), 0) FROM invoice AS v WHERE v.customer = NEW.customer) + NEW.cents > 100000 THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_limit BEFORE INSERT ON invoice FOR EACH ROW EXECUTE FUNCTION check_limit();

CREATE TABLE application (payment integer, cents integer);
CREATE INDEX ON application (payment);
CREATE FUNCTION check_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT coalesce(sum(a.cents), 0) FROM application AS a WHERE a.payment = NEW.payment) + NEW.cents > 10000 THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER application_open BEFORE INSERT ON application FOR EACH ROW EXECUTE FUNCTION check_open();

CREATE TABLE balance (customer integer PRIMARY KEY, cents integer NOT NULL) WITH (fillfactor = 50);
INSERT INTO balance SELECT n, 0 FROM generate_series(1, 8) AS n;
SQL
my $naive = script('naive', <<'SQL');
\set payment random(1, 50)
BEGIN;
INSERT INTO invoice VALUES (:customer, :cents);
INSERT INTO application VALUES (:payment, :cents / 4);
COMMIT;
SQL
my $unordered = script('unordered', <<'SQL');
\set other random(1, 8)
BEGIN;
UPDATE balance SET cents = cents + 1 WHERE customer = :customer;
UPDATE balance SET cents = cents + 1 WHERE customer = :other;
COMMIT;
SQL

# until_true QUERY, LEVEL, SCRIPT: repeat the load in short rounds until the query says so.
sub until_true
{
	my ($query, $level, $script) = @_;
	for my $round (1 .. 20)
	{
		my $run = bench('control', $level, '-c', $clients, '-j', 2, '-T', 1, '-f', $script);
		finish($run->{handle}) or die $run->{err};
		return 1 if $node->safe_psql('control', $query) eq 't';
		$node->safe_psql('control', 'TRUNCATE invoice, application');
	}
	return 0;
}

for my $level ('read committed', 'repeatable read')
{
	$node->safe_psql('control', 'TRUNCATE invoice, application');
	ok(until_true('SELECT EXISTS (SELECT FROM invoice GROUP BY customer HAVING sum(cents) > 100000)', $level, $naive),
		"control at $level: sum-then-insert passes the limit");
	$node->safe_psql('control', 'TRUNCATE invoice, application');
	ok(until_true('SELECT EXISTS (SELECT FROM application GROUP BY payment HAVING sum(cents) > 10000)', $level, $naive),
		"control at $level: sum-then-insert over-applies");
}
ok(until_true(q{SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = 'control'}, 'read committed', $unordered),
	'control: locks in no order deadlock');

$node->stop;
done_testing();
