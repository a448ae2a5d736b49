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

$node->safe_psql('postgres', <<'SQL');
INSERT INTO ar.payment (ledger_id, payment_id, customer_id, amount, received_on, method) VALUES (1, 7, NULL, 'EUR 1', '2026-01-01', 'card'), (1, 8, 1, 'EUR 1', '2026-01-01', 'card');
INSERT INTO ar.match_suggestion (ledger_id, suggestion_id, kind, payment_id, customer_id, rule, confidence, explanation, fingerprint) VALUES (1, 7, 'payer', 7, 1, 'name', 0.5, 'Perhaps.', sha256('a'));
SELECT ar.import_bank_statement(1, convert_to(E'd,a\n2026-01-02,-1\n', 'UTF8'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}, "account": "X"}');
SQL
my $payments = $node->safe_psql('postgres', 'SELECT count(*) FROM ar.payment');

for my $road (
	"INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, processor_reference) VALUES (1, 1, 'EUR 1', '2026-01-01', '$card');",
	"INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, external_id) VALUES (1, 1, 'EUR 1', '2026-01-01', 'tx $card');",
	"SELECT ar.record_payment(1, 1, 'EUR 1', '2026-01-01', external_id => '$card');",
	"SELECT ar.transfer_payment(1, 7, 1, reason => 'card $card');",
	"SELECT ar.reject_suggestion(1, 7, 'card $card');",
	"SELECT ar.ignore_bank_lines(1, array_agg(bank_line_id), 'card $card') FROM ar.bank_line;",
	"SELECT ar.reverse_payment(1, 8, 'in_error', '2026-01-02', reason => '$card');",
	"SELECT ar.reverse_payment(1, 8, 'in_error', '2026-01-02', external_id => '$card');",
	"SELECT ar.record_payout(1, 'card', '$card', '2026-01-02', 'EUR 1', 'EUR 0', '[{\"payment_id\": 8}]');",
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
	like($err, qr/23514: column "\w+" of table "\w+" seems to hold a card number/, "refused by $how");
	unlike($err, qr/$card/, 'and not told back');
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM ar.payment'), $payments, 'nothing is stored');
# What a program counts up satisfies the formula now and then, and is no card for that.
$node->safe_psql('postgres', "SELECT ar.record_payment(1, 1, 'EUR 1', '2026-01-01', external_id => '1234567890123452'), ar.record_payment(1, 1, 'EUR 1', '2026-01-01', processor_reference => '1234567890123452')");
is($node->safe_psql('postgres', 'SELECT count(*) FROM ar.payment'), $payments + 2, 'numbers of programs are stored');
$node->stop;
my $log = slurp_file($node->logfile);
like($log, qr/seems to hold a card number/, 'the server logs that it refused');
unlike($log, qr/$card/, 'and not what');
done_testing();
