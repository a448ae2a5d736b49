# The types come and go through every driver as they are.
#
# Protects: values of the four types, and arrays of ar.monetary, sent as parameters and read as results by psql, psycopg 3
# (text and binary), ODBC, JDBC and node-postgres; the SQLSTATEs they see; and what docs/type.md says of each.
#
# The program of each driver is in test/t/driver.  It writes the same rows, and prints what it reads, a line a value.  A driver
# that is not installed is skipped.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('drivers');
# As books are: a driver gives bytes for text where it is not told the encoding.
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
# JDBC knows TCP only.
$node->append_conf('postgresql.conf', "listen_addresses = '127.0.0.1'");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CREATE TABLE kept (driver text, place integer, amount ar.monetary, charged ar.monetary('EUR'), bucket ar.aging_bucket,
    status ar.invoice_status, terms ar.terms, amounts ar.monetary[], PRIMARY KEY (driver, place));
CREATE TABLE copied (place integer GENERATED ALWAYS AS IDENTITY, amount ar.monetary);
SQL
my $user = $node->safe_psql('postgres', 'SELECT current_user');
my @connection = ($node->host, $node->port, 'postgres', $user);

my $array = '{"EUR 1.00",NULL,"USD -92233720368547758.08"}';
my $list = 'EUR 1.00|null|USD -92233720368547758.08';
my $row = "USD -1234.50|EUR 0.01|31-60|partial|30% due on receipt, 70% 2/10 net 60|$array";
my %read = (
	amount => 'USD -1234.50',
	charged => 'EUR 0.01',
	bucket => '31-60',
	status => 'partial',
	terms => '30% due on receipt, 70% 2/10 net 60',
	amounts => $array,
	nulls => 'null|null|null|null|null|null',
	parameter => 'USD 1.25',
	cast => '-1234.50',
	currency => 'RA009',
	malformed => '22P02');

# Whether a command succeeds; what it says is nobody's business.
sub works
{
	return system('sh', '-c', 'exec "$@" >/dev/null 2>&1 </dev/null', 'sh', @_) == 0;
}

# Run a driver's program, and compare what it printed with what it should have, and the rows it wrote.
sub drive
{
	my ($name, $expected, $rows, @command) = @_;
	my ($stdout, $stderr) = run_command([ 'timeout', 120, @command ]);
	is($stderr, '', "$name: nothing went wrong");
	is_deeply({ map { split /=/, $_, 2 } split /\n/, $stdout }, $expected, "$name: reads what it wrote");
	is($node->safe_psql('postgres', "SELECT amount, charged, bucket, status, terms, amounts FROM kept WHERE driver ~ '^$name' AND place <> 2"),
		join("\n", ($row) x $rows), "$name: wrote what it meant");
	is($node->safe_psql('postgres', "SELECT count(*) FROM kept WHERE driver = '$name' AND num_nulls(amount, charged, bucket, status, terms, amounts) = 6"),
		1, "$name: wrote nulls");
}

# The first of the commands with which the rest works.
sub first_of
{
	my ($commands, @rest) = @_;
	return (grep { works($_, @rest) } @$commands)[0];
}

my @pythons = ('/usr/bin/python3', 'python3');
$ENV{NODE_PATH} = join(':', grep { defined && length } $ENV{NODE_PATH}, '/usr/share/nodejs', '/usr/lib/node_modules', '/usr/local/lib/node_modules');

subtest 'psql' => sub {
	my @set = ('-v', 'amount=USD -1234.50', '-v', 'charged=EUR 0.01', '-v', 'bucket=31-60', '-v', 'status=partial',
		'-v', 'terms=30% due on receipt, 70% 2/10 net 60', '-v', "amounts=$array");
	$node->safe_psql('postgres', "INSERT INTO kept VALUES ('psql', 1, :'amount', :'charged', :'bucket', :'status', :'terms', :'amounts')",
		extra_params => \@set);
	is($node->safe_psql('postgres', "SELECT amount, charged, bucket, status, terms, amounts FROM kept WHERE driver = 'psql'"), $row,
		'variables');
  SKIP:
	{
		skip 'psql has no \bind before 16', 1 if $node->pg_version < 16;
		is($node->safe_psql('postgres', q{SELECT $1::ar.monetary, $2::ar.monetary[] \bind :amount :amounts \g}, extra_params => \@set),
			"USD -1234.50|$array", 'parameters');
	}
};

subtest 'psycopg 3' => sub {
	my $python = first_of(\@pythons, '-c', 'import psycopg')
	  or plan skip_all => 'psycopg 3 is not installed (python3-psycopg)';
	my %told = map { ($_ => 'True') } 'copied_text', 'copied_binary',
	  map { ("registered_${_}_text", "registered_${_}_binary") } 's', 't', 'b';
	drive('psycopg',
		{
			%read, %told,
			binary_amount => '0155534402fffffffffffe1dc6',
			binary_charged => '01455552020000000000000001',
			binary_bucket => '001f003c',
			binary_status => '04',
			binary_terms => unpack('H*', $read{terms})
		},
		3, $python, 'test/t/driver/psycopg3.py', @connection);
};

subtest 'ODBC' => sub {
	my ($driver) = glob('/usr/lib/*/odbc/psqlodbcw.so /usr/lib*/psqlodbcw.so');
	my $python = first_of(\@pythons, '-c', 'import pyodbc');
	plan skip_all => 'ODBC is not installed (odbc-postgresql, python3-pyodbc)' unless $driver && $python;
	drive('odbc', \%read, 1, $python, 'test/t/driver/odbc.py', @connection, $driver);
};

subtest 'JDBC' => sub {
	my ($jar) = glob('/usr/share/java/postgresql.jar');
	plan skip_all => 'JDBC is not installed (libpostgresql-jdbc-java, and a JDK such as default-jdk-headless)'
	  unless $jar && works('javac', '-version');
	drive('jdbc', { %read, amounts => $list, class => 'PGobject "ar"."monetary"' }, 2,
		'java', '-cp', $jar, 'test/t/driver/Jdbc.java', '127.0.0.1', @connection[1 .. 3]);
};

subtest 'node-postgres' => sub {
	works('node', '-e', "require('pg')")
	  or plan skip_all => 'node-postgres is not installed (node-pg, or npm install --global pg)';
	drive('node', { %read, told_amounts => $list }, 1, 'node', 'test/t/driver/node.js', @connection);
};

$node->stop;
done_testing();
