# Somebody writes a card number into a payment, by every road there is.
#
# Protects: the number is stored nowhere, and neither what the client is told nor what the server logs of the error repeats it.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $card = '4111111111111111';
my $node = PostgreSQL::Test::Cluster->new('card');
$node->init;
# All that a server can log of an error.
$node->append_conf('postgresql.conf', "log_statement = none\nlog_error_verbosity = verbose\nlog_min_error_statement = error\nlog_parameter_max_length_on_error = -1\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SELECT ar.create_customer(ar.create_ledger('main', 'Main', 'EUR'), 'C1', 'Customer one');
SQL

for my $road (
	"INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference) VALUES (1, 1, 'EUR 1', '2026-01-01', 'card $card');",
	"INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference) VALUES (1, 1, 'EUR -1', '2026-01-01', '$card');",
	"PREPARE p(text) AS INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, payer_name) VALUES (1, 1, 'EUR 1', '2026-01-01', \$1); EXECUTE p('$card');",
	"COPY ar.payment (ledger_id, customer_id, amount, received_on, reference) FROM STDIN;\n1\t1\tEUR 1\t2026-01-01\t$card\n\\.\n",
	"SELECT ar.record_payment(1, 1, 'EUR 1', '2026-01-01', reference => '$card');",
	"SELECT ar.record_payments(1, '[{\"customer_id\": 1, \"amount\": \"EUR 1\", \"remittance\": [{\"number\": \"$card\"}]}]');",
	"DO \$\$ BEGIN EXECUTE 'INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference) VALUES (1, 1, ''EUR 1'', ''2026-01-01'', ''$card'')'; END \$\$;")
{
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n\\set SHOW_CONTEXT always\n$road");
	my ($how) = $road =~ /^(\w+ ?[\w.]*)/;
	# The client program quotes its own statement as LINE only where the position of an error is known.
	like($err, qr/23514: column "\w+" of table "payment" seems to hold a card number/, "refused by $how");
	unlike($err, qr/$card/, 'and not told back');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM ar.payment'), 0, 'nothing is stored');
$node->stop;
my $log = slurp_file($node->logfile);
like($log, qr/seems to hold a card number/, 'the server logs that it refused');
unlike($log, qr/$card/, 'and not what');
done_testing();
