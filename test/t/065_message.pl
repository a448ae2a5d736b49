# The sender of docs/examples delivers the outbox to a mail server on the loopback: two at once, one of them killed in the middle.
#
# Protects: each message goes out once, as text and as HTML; what the mail server refuses is tried again or given up by its
# code; what nobody knows, because the sender was killed (SIGKILL) or the connection broke after the message was handed over,
# is ambiguous and not sent again unasked; a sender that waits is woken.
#
# The mail server is here: it does as the address says, and writes down what it took.

use strict;
use warnings;
use IO::Socket::INET;
use IPC::Run qw(start finish);
use POSIX ();
use MIME::QuotedPrint;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep);

my ($python) = grep { system("$_ -c 'import psycopg' >/dev/null 2>&1") == 0 } '/usr/bin/python3', 'python3';
plan skip_all => 'psycopg 3 is not installed (python3-psycopg)' unless $python;

my $directory = PostgreSQL::Test::Utils::tempdir;
my $taken = "$directory/taken";
append_to_file($taken, '');

my $listener = IO::Socket::INET->new(Listen => 10, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die "no mail server: $!";
my $port = $listener->sockport;
my $server = fork;
if ($server == 0)
{
	$SIG{CHLD} = 'IGNORE';
	$SIG{TERM} = 'DEFAULT';
	# Or prove would wait for it.
	open(STDOUT, '>', '/dev/null');
	open(STDERR, '>', '/dev/null');
	while (my $client = $listener->accept)
	{
		if (fork == 0) { $listener->close; serve($client); POSIX::_exit(0); }
		$client->close;
	}
	POSIX::_exit(0);
}
$listener->close;
END { kill 'TERM', $server if $server; }

# One conversation.  busy: refused once; unknown: for good; full: refused after its content; breaks, hangs: taken, and nothing said, once.
sub serve
{
	my ($client) = @_;
	my $to = '';
	my $say = sub { print $client "$_[0]\r\n"; $client->flush; };
	my $first = sub { return !-e "$directory/$to" && open(my $mark, '>', "$directory/$to"); };
	$say->('220 here');
	while (defined(my $line = <$client>))
	{
		if ($line =~ /^EHLO/i) { $say->('250 here') }
		elsif ($line =~ /^RCPT TO:<(.*?)@/i)
		{
			$to = $1;
			if ($to =~ /^unknown/) { $say->('550 no such user') }
			elsif ($to =~ /^busy/ && $first->()) { $say->('451 later') }
			else { $say->('250 ok') }
		}
		elsif ($line =~ /^DATA/i)
		{
			$say->('354 go on');
			my $content = '';
			while (defined($line = <$client>)) { last if $line eq ".\r\n"; $content .= $line; }
			if ($to =~ /^full/) { $say->('552 too much'); next; }
			open(my $file, '>>', $taken);
			syswrite($file, "$to\n");
			close($file);
			if (open(my $copy, '>', "$directory/mail.$to")) { print $copy $content; close($copy); }
			if ($to =~ /^breaks/ && $first->()) { return }
			# Until the sender is gone.
			if ($to =~ /^hangs/ && $first->()) { <$client>; return }
			$say->("250 taken as $to");
		}
		elsif ($line =~ /^QUIT/i) { $say->('221 bye'); return }
		else { $say->('250 ok') }
	}
}

my $node = PostgreSQL::Test::Cluster->new('outbox');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SELECT ar.create_ledger('outbox', 'Nordlicht & Söhne', 'EUR');
UPDATE ar.ledger SET email = 'ar@nordlicht.example';
INSERT INTO ar.message_policy (ledger_id, retry_after) SELECT ledger_id, '200 milliseconds' FROM ar.ledger;
SELECT ar.create_message_templates(ledger_id) FROM ar.ledger;
SELECT ar.create_customer(ledger_id, 'C1', 'Müller "The Miller" & Co', details => '{"language": "de", "contacts": [{"channel": "email", "address": "letter@example.com"}]}') FROM ar.ledger;
CREATE FUNCTION queue(names text[]) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM ar.ledger AS l, ar.queue_messages(l.ledger_id, (SELECT jsonb_agg(jsonb_build_object('purpose', 'notice', 'subject', n, 'body', n, 'channel', 'email',
        'address', n || '@example.com', 'dedupe_key', n)) FROM unnest(names) AS n)) AS q WHERE q.is_new $$;
SQL

sub query { return $node->safe_psql('postgres', $_[0]); }
sub states { return query("SELECT string_agg(dedupe_key || ' ' || status || ' ' || attempts, ', ' ORDER BY dedupe_key) FROM ar.outbox WHERE dedupe_key ~ '$_[0]'"); }
sub sender
{
	my @options = @_;
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'postgres';
	local $ENV{PYTHONDONTWRITEBYTECODE} = 1;
	my $log = "$directory/sender.log";
	return start([ $python, 'docs/examples/send_outbox.py', '--smtp', "127.0.0.1:$port", @options ], '<', \undef, '>>', $log, '2>>', $log);
}

# wait_until CONDITION, WHAT: for a minute at most.
sub wait_until
{
	my ($condition, $what) = @_;
	for my $try (1 .. 600) { return pass($what) if $condition->(); sleep(0.1); }
	return fail($what);
}
sub times_taken { my %times; $times{$_}++ for split /\n/, slurp_file($taken); return \%times; }

# One is killed while the mail server has the message and has not answered.
query("SELECT queue('{hangs}')");
my $killed = sender();
wait_until(sub { times_taken()->{hangs} }, 'a sender has handed a message over');
$killed->kill_kill;
is(states('hangs'), 'hangs sending 1', 'and is killed before it could say so');

# Two at once, over all that can happen.
query("SELECT queue(ARRAY(SELECT 'plain' || n FROM generate_series(1, 60) AS n) || '{busy,unknown,full,breaks}')");
query(q{SELECT ar.queue_messages(ledger_id, jsonb_build_array(jsonb_build_object('code', 'dunning_1', 'customer_id', customer_id, 'dedupe_key', 'letter',
    'attachments', jsonb_build_array(jsonb_build_object('name', 'list.csv', 'type', 'text/csv', 'content', 'YTtiCg==')),
    'fields', '{"today": "2026-03-20", "total_open": "EUR 1234.50", "fee": "EUR 5.00", "interest": null, "total_due": "EUR 1239.50", "pay_by": "2026-04-01",
                "items": [{"number": "INV-1", "due_on": "2026-02-01", "days_past_due": 47, "open": "EUR 1234.50"}]}'::jsonb))) FROM ar.customer});
my @senders = (sender('--poll', 0.2), sender('--poll', 0.2));
wait_until(sub { query(q{SELECT count(*) FROM ar.outbox WHERE status = 'queued' OR status = 'sending' AND dedupe_key <> 'hangs'}) == 0 }, 'two senders send the rest');
$_->kill_kill for @senders;

my %once = map { ($_ => 1) } 'hangs', 'busy', 'breaks', 'letter', map { "plain$_" } 1 .. 60;
is_deeply(times_taken(), \%once, 'each was taken once');
is(query(q{SELECT count(*), count(DISTINCT claimed_by), count(provider_reference) FROM ar.outbox WHERE dedupe_key ~ '^plain' AND status = 'sent' AND attempts = 1}), '60|2|60', 'by both, at the first attempt');
is(states('^(busy|unknown|full|breaks)$'), 'breaks ambiguous 1, busy sent 2, full failed 1, unknown failed 1', 'refused: tried again, or given up; broken: ambiguous');
is(query(q{SELECT last_error FROM ar.outbox WHERE dedupe_key = 'unknown'}), '550 no such user', 'in the words of the mail server');
is(query(q{SELECT provider_reference FROM ar.outbox WHERE dedupe_key = 'letter'}), '250 taken as letter', 'and how it knows what it took');

# The lease of the one that was killed ends.
is(query(q{SELECT ar.expire_claims(as_of => clock_timestamp() + interval '1 hour')}), 1, 'a lease ends');
is(states('hangs'), 'hangs ambiguous 1', 'nobody knows whether that one was sent');
finish(sender('--once'));
is_deeply(times_taken(), \%once, 'so it is not sent again');
query(q{SELECT ar.resolve_ambiguous(ledger_id, message_id, dedupe_key = 'breaks') FROM ar.outbox WHERE status = 'ambiguous'});
finish(sender('--once'));
is_deeply(times_taken(), { %once, hangs => 2 }, 'unless somebody says that it was not');
is(states('^(hangs|breaks)$'), 'breaks sent 1, hangs sent 2', 'or that it was');

# What is on the wire.
my ($head, $content) = split /\r\n\r\n/, slurp_file("$directory/mail.letter"), 2;
$head =~ s/\r\n\s+/ /g;
like($head, qr/^From: Nordlicht & =\?utf-8\?q\?S=C3=B6hne\?= <ar\@nordlicht\.example>\r?$/m, 'from the ledger');
like($head, qr/^To: .*<letter\@example\.com>\r?$/m, 'to the contact');
like($head, qr/^Message-ID: <ar\.1\.\d+\@nordlicht\.example>\r?$/m, 'with an id of its own');
like($head, qr/^Subject: .*Zahlungserinnerung.*1=2E239=2C50=C2=A0EUR/m, 'with its subject');
my %part;
while ($content =~ m{Content-Type: (text/\w+);.*?\r\n\r\n(.*?)\r\n--==}gs) { $part{$1} //= $2; }
my $text = decode_qp($part{'text/plain'} // '');
like($text, qr/Guten Tag M\xc3\xbcller "The Miller" & Co,/, 'as text');
like($text, qr/INV-1 +01\.02\.2026 +47 +1\.234,50/, 'with the items');
like(decode_qp($part{'text/html'} // ''), qr{<td[^>]*>INV-1</td>}, 'as HTML, with the items in a table');
like($content, qr/filename="list\.csv"/, 'with what is attached');

# One that waits is woken, long before it would look.
my $waiting = sender('--poll', 3000);
wait_until(sub { query(q{SELECT count(*) FROM pg_stat_activity WHERE state = 'idle' AND query ~ 'claim_outbox'}) == 1 }, 'a sender waits');
query("SELECT queue('{awaited}')");
wait_until(sub { times_taken()->{awaited} }, 'and is woken');
$waiting->kill_kill;
wait_until(sub { query(q{SELECT count(*) FROM ar.outbox WHERE status = 'sending'}) == 0 || query(q{SELECT ar.expire_claims(as_of => clock_timestamp() + interval '1 hour')}) }, 'nothing is left over');

is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');
note slurp_file("$directory/sender.log");
$node->stop;
done_testing();
