# Large bank files, and eight sessions that import the same one at once.
#
# Protects: the time of an import grows with the file, not with its square; a
# file of 50 MB is read at all; of eight sessions one imports, and the others
# get its result.  By default the files have a few MB; AR_BANK_MB=50 makes them
# as large as that, which takes minutes, and time and memory are told.

use strict;
use warnings;
use IPC::Run qw(start finish);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $megabytes = $ENV{AR_BANK_MB} || 4;
my $node = PostgreSQL::Test::Cluster->new('bank');
$node->init;
$node->append_conf('postgresql.conf', "log_statement = none\nautovacuum = off\nmax_wal_size = 4GB\n");
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION ar_ext; CALL ar.create_books()");

# file NAME, FORMAT, MEGABYTES: writes a file of so many MB; tells how many bookings it has.
my $directory = PostgreSQL::Test::Utils::tempdir;
sub file
{
	my ($name, $format, $size) = @_;
	my ($n, $sum, $written) = (0, 0, 0);
	open my $out, '>', "$directory/$name" or die "could not write $name: $!\n";
	print $out $format eq 'camt'
	  ? '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>1</MsgId></GrpHdr>'
	  . '<Stmt><Id>1</Id><CreDtTm>2026-03-02T18:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>'
	  : ":20:X\n:25:12345678/1\n:28C:1/1\n:60F:C260301EUR0,\n";
	while ($written < $size * 1e6)
	{
		$n++;
		$sum += $n;
		my $booking = $format eq 'camt'
		  ? "<Ntry><Amt Ccy=\"EUR\">$n.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-03-02</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt>"
		  . "<AcctSvcrRef>REF$n</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs><EndToEndId>E2E$n</EndToEndId></Refs>"
		  . "<RltdPties><Dbtr><Pty><Nm>Payer $n</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct></RltdPties><RmtInf><Ustrd>Invoice INV-2026-$n, thank you</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
		  : ":61:2603020302C$n,00NTRFNONREF//REF$n\n:86:166?00GUTSCHRIFT?100399?20EREF+E2E$n?21SVWZ+Invoice INV-2026-$n?22thank you?30DRESDEFF508?31DE89370400440532013000?32Payer $n\n";
		print $out $booking;
		$written += length $booking;
	}
	print $out $format eq 'camt' ? '</Stmt></BkToCstmrStmt></Document>' : ":62F:C260302EUR$sum,00\n-\n";
	close $out;
	return ($n, $sum);
}

# import_file NAME: imports it in a session of its own; its seconds of processor, its memory in MB, and what it says.
sub import_file
{
	my ($name) = @_;
	my $result = $node->safe_psql('postgres', <<"SQL");
SELECT ar.create_ledger('$name', 'Bank', 'EUR') AS l \\gset
SELECT concat_ws(' ', entries, new_lines, credit_total, coalesce(mismatch, 'agrees')) FROM ar.import_bank_statement(:l, pg_read_binary_file('$directory/$name'));
SELECT array_to_string(array_agg(m[1]), ' ') FROM regexp_matches(pg_read_file('/proc/self/status'), 'VmHWM:\\s+(\\d+) kB') AS m;
SELECT (string_to_array(substring(pg_read_file('/proc/self/stat') FROM '\\) (.*)'), ' '))[12]::numeric / 100;
SQL
	my @lines = split /\n/, $result;
	return ($lines[2], $lines[1] / 1024, $lines[0]);
}

foreach my $format ('camt', 'MT940')
{
	my %seconds;
	foreach my $size ($megabytes / 2, $megabytes)
	{
		my ($n, $sum) = file("$format-$size", $format, $size);
		my ($seconds, $memory, $said) = import_file("$format-$size");
		is($said, "$n $n $sum.00 agrees", "$format: $size MB, $n bookings");
		diag(sprintf '%s: %s MB, %d bookings: %.1f s of processor, %d MB of memory', $format, $size, $n, $seconds, $memory);
		$seconds{$size} = $seconds;
	}
	# Twice the file, twice the time; four times would be its square.
	cmp_ok($seconds{$megabytes}, '<', 3 * $seconds{ $megabytes / 2 } + 1, "$format: the time grows with the file");
}

# Eight at once.
my ($n, $sum) = file('shared', 'MT940', 0.3);
$node->safe_psql('postgres', "SELECT ar.create_ledger('shared', 'Bank', 'EUR')");
my @sessions = map {
	my ($out, $err) = ('', '');
	my $session = { out => \$out, err => \$err };
	$session->{handle} = start(
		[   'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c',
			"SELECT concat_ws(' ', s.new_lines, s.is_new) FROM ar.ledger AS l, ar.import_bank_statement(l.ledger_id, pg_read_binary_file('$directory/shared')) AS s WHERE l.code = 'shared'" ],
		'>', \$out, '2>', \$err);
	$session
} 1 .. 8;
finish($_->{handle}) foreach @sessions;
is(join(',', sort map { ${ $_->{err} } } @sessions), ',,,,,,,', 'no session of eight fails');
my @said = sort map { my $said = ${ $_->{out} }; chomp $said; $said } @sessions;
is_deeply(\@said, [ ("$n f") x 7, "$n t" ], 'one imports, and all say the same');
is( $node->safe_psql('postgres', "SELECT count(*), sum(ar.amount(p.amount)) FROM ar.payment AS p JOIN ar.ledger AS l USING (ledger_id) WHERE l.code = 'shared'"),
	"$n|$sum.00", 'and every booking is paid once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM ar.verify()'), '0', 'the books are sound');

$node->stop;
done_testing();
