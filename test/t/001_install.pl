# The extension and its books: what is made, what is refused, and whose the books are.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('install');
$node->init;
$node->start;

my $version_control = slurp_file('ar_ext.control');
my ($version) = $version_control =~ /^default_version = '(.+)'$/m;

# refused DATABASE, SQL, REGEX, WORDS: the statement fails, and with these words.
sub refused
{
	my ($database, $sql, $regex, $words) = @_;
	my ($status, $out, $err) = $node->psql($database, "\\set VERBOSITY verbose\n$sql",
		on_error_stop => 1);
	isnt($status, 0, "$words: is refused");
	like($err, $regex, "$words: says why and what to do");
	return;
}

# A schema that somebody made beforehand, perhaps with functions to be run by us, is not taken over.
$node->safe_psql('postgres', 'CREATE DATABASE hostile');
$node->safe_psql('hostile', 'CREATE ROLE stranger; GRANT CREATE ON DATABASE hostile TO stranger;
	SET ROLE stranger; CREATE SCHEMA ar');
refused('hostile', 'CREATE EXTENSION ar_ext', qr/42P06: schema "ar" already exists/,
	'CREATE EXTENSION over a schema made beforehand');
is($node->safe_psql('hostile', q{SELECT count(*) FROM pg_extension WHERE extname = 'ar_ext'}),
	'0', 'and leaves nothing behind');

$node->safe_psql('postgres', 'CREATE DATABASE book');
refused('book', q{CREATE EXTENSION ar_ext; CALL ar.upgrade_books()},
	qr/42P01: there are no books to upgrade.*HINT:  Create them with CALL ar\.create_books\(\)\./s,
	'upgrading books that are not there');
is($node->safe_psql('book', 'SELECT ar.version()'), $version,
	'the library has the version of the control file');
is($node->safe_psql('book', q{SELECT extversion FROM pg_extension WHERE extname = 'ar_ext'}),
	$version, 'and so has the extension');

$node->safe_psql('book', 'CALL ar.create_books()');
is($node->safe_psql('book', 'SELECT version FROM ar.books'), $version,
	'the books carry the version');
refused('book', 'CALL ar.create_books()',
	qr/42P07: the books exist already.*HINT:  Bring older books to this version with CALL ar\.upgrade_books\(\)\./s,
	'creating the books twice');

my ($status, $out, $err) = $node->psql('book', 'CALL ar.upgrade_books()');
is($status, 0, 'upgrading books of this version works');
like($err, qr/NOTICE:  the books are at version \Q$version\E already: nothing to do/,
	'and says that there is nothing to do');

# Books from a version that this code does not know are left alone.
refused('book', q{BEGIN; UPDATE ar.books SET version = '0.0.1'; CALL ar.upgrade_books()},
	qr/55000: no way is known from books of version 0\.0\.1 to version \Q$version\E/,
	'upgrading books of an unknown version');

# The code is the extension's; the books are the user's.
is( $node->safe_psql('book', q{
	SELECT count(*) FROM pg_class c
	WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'v', 'S', 'p')
	  AND EXISTS (SELECT FROM pg_depend d
	              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')}),
	'0', 'no table, view or sequence of the books is a member of the extension');
is( $node->safe_psql('book', q{
	SELECT count(*) FROM pg_proc p
	WHERE p.pronamespace = 'ar'::regnamespace
	  AND NOT EXISTS (SELECT FROM pg_depend d
	                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')}),
	'0', 'every function of ar is a member of the extension');

refused('book', 'DROP EXTENSION ar_ext', qr/2BP01: cannot drop extension ar_ext/,
	'dropping the extension while books exist');

# The books belong to whoever makes them, who need not be a superuser but must be allowed to.
$node->safe_psql('postgres', 'CREATE DATABASE owned; CREATE ROLE bookkeeper');
$node->safe_psql('owned', 'CREATE EXTENSION ar_ext');
refused('owned', 'SET ROLE bookkeeper; CALL ar.create_books()',
	qr/42501: permission denied for procedure create_books/,
	'creating the books without the right to');
$node->safe_psql('owned', 'GRANT USAGE, CREATE ON SCHEMA ar TO bookkeeper;
	GRANT EXECUTE ON ALL ROUTINES IN SCHEMA ar TO bookkeeper;
	SET ROLE bookkeeper; CALL ar.create_books()');
is($node->safe_psql('owned', q{SELECT string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_class
	WHERE relnamespace = 'ar'::regnamespace AND relkind IN ('r', 'v', 'S', 'p')}),
	'bookkeeper', 'who creates the books owns them');

# Without books it goes, and leaves no trace.
$node->safe_psql('postgres', 'CREATE DATABASE empty');
$node->safe_psql('empty', 'CREATE EXTENSION ar_ext; DROP EXTENSION ar_ext');
is($node->safe_psql('empty', q{SELECT to_regnamespace('ar') IS NULL}), 't',
	'without books the extension is dropped with its schema');

$node->stop;
done_testing();
