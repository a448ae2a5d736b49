# docs/load.sql: a file of invoices becomes a book, or is refused as a whole and with its lines.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('load');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION ar_ext; CALL ar.create_books()');

# load LEDGER, CSV: as make demo does it; returns the exit code and the errors.
sub load
{
	my ($ledger, $csv) = @_;
	my ($header) = $csv =~ /^([^\r\n]*)/;
	my $columns = join ', ', map { sprintf '"%s" text', lc } split /,/, $header;
	my ($out, $err);
	IPC::Run::run(
		[ 'psql', '-X', '-q', '-v', "columns=$columns", '-v', 'as_of=', '-v', "ledger=$ledger",
			'-f', 'docs/load.sql', '-d', $node->connstr('postgres') ],
		'<', \$csv, '>', \$out, '2>', \$err);
	return ($? >> 8, $err);
}

# aging LEDGER, AS_OF: a line a customer and currency.
sub aging
{
	my ($ledger, $as_of) = @_;
	return $node->safe_psql('postgres', qq{
		SELECT customer_code, currency, not_due, days_1_30, unapplied, balance
		FROM ar.aging((SELECT ledger_id FROM ar.ledger WHERE code = '$ledger'), '$as_of')
		ORDER BY customer_code, currency});
}

# Columns in any order and case, a column of no meaning, quotes, line ends of either kind, two currencies, a payment that
# came before its invoice (C), and an invoice over nothing (3).
my ($status, $err) = load('GOOD', join "\r\n",
	'Number,Customer,Invoiced_on,Due_on,Amount,Currency,Settled_on,Note',
	'1,A,2026-01-31,2026-02-28,10.50,EUR,2026-03-15,"x, ""y"""',
	'2,A,1/31/2026,3/1/2026,1000,JPY,,',
	'3,B,2026-01-31,,0,EUR,2026-02-01,',
	'4,C,2026-02-10,2026-02-20,7,EUR,2026-02-05,', '');
is($status, 0, 'a good file is loaded') or diag $err;
is(aging('GOOD', '2026-02-07'),
	"A|EUR|10.50|0.00|0.00|10.50\nA|JPY|1000|0|0|1000\nC|EUR|0.00|0.00|-7.00|-7.00",
	'what was paid before it was invoiced is unapplied until then');
is(aging('GOOD', '2026-03-14'), "A|EUR|0.00|10.50|0.00|10.50\nA|JPY|0|1000|0|1000",
	'what is settled later is overdue until then');
is(aging('GOOD', '2026-03-15'), 'A|JPY|0|1000|0|1000', 'and gone from that day on');

# The names that the sample of IBM has.
($status, $err) = load('OTHER', join "\r\n",
	'countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate',
	'391,A,4/6/2013,611365,1/2/2013,2/1/2013,55.94,No,1/15/2013', '');
is($status, 0, 'a file with the other names is loaded') or diag $err;
is(aging('OTHER', '2013-01-14'), 'A|USD|55.94|0.00|0.00|55.94', 'as dollars, with the month first');

# Every line that cannot be read is named, and nothing is loaded.
($status, $err) = load('BROKEN', join "\n",
	'customer,number,invoiced_on,due_on,amount,currency,settled_on',
	'A,1,31/12/2026,2026-12-31,ten,EURO,soon', ',,,,,,', 'A,2,2026-01-01,,1,EUR,',
	'A,2,2026-01-01,,1,EUR,', '');
is($status, 3, 'a file with unreadable lines is refused');
like($err, qr/
	cannot\ be\ loaded.*
	line\ 2:\ amount\ is\ no\ number,\ or\ below\ zero:\ "ten".*
	line\ 2:\ currency\ is\ no\ ISO\ 4217\ code:\ "EURO".*
	line\ 2:\ invoiced_on\ is\ no\ date:\ "31\/12\/2026".*
	line\ 2:\ settled_on\ is\ no\ date:\ "soon".*
	line\ 3:\ there\ is\ no\ customer.*
	line\ 3:\ there\ is\ no\ number.*
	nothing\ was\ loaded/sx, 'and its lines are named');
($status, $err) = load('BROKEN', "customer,number,invoiced_on,amount\nA,2,2026-01-01,1\nA,2,2026-01-02,1\n");
like($err, qr/line 2: number "2" is there more than once/, 'a number that is there twice is refused');
($status, $err) = load('BROKEN', "customer,number,invoiced_on,amount\n");
like($err, qr/the file holds no invoices/, 'and so is an empty file');
is($node->safe_psql('postgres', q{SELECT count(*) FROM ar.ledger WHERE code = 'BROKEN'}), '0',
	'nothing is loaded of a file that is refused');

is($node->safe_psql('postgres', 'SELECT count(*) FROM ar.verify()'), '0', 'the books are sound');

$node->stop;
done_testing();
