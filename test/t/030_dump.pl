# A book is dumped and restored into an empty cluster, in each of the ways there are.
#
# Protects: dump and restore lose nothing and post nothing twice.  The triggers
# come after the data, so what was derived is restored as it was; columns,
# indexes, policies and grants that a user added to the books come along;
# sequences and document numbers continue.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $directory = PostgreSQL::Test::Utils::tempdir;
my $source = PostgreSQL::Test::Cluster->new('source');
$source->init;
$source->start;

# A book with every kind of row.
$source->safe_psql('postgres', <<'SQL');
CREATE EXTENSION ar_ext;
CALL ar.create_books();
SET search_path = public, ar;
DO $$
DECLARE
    l integer := ar.create_ledger('main', 'Main', 'EUR', 'Europe/Berlin', 'net 14');
    other integer := ar.create_ledger('other', 'Other', 'JPY');
    c bigint;
    d bigint;
    invoice bigint;
    id bigint;
    kind text;
BEGIN
    c := ar.create_customer(l, 'C1', 'Customer one', '2/10 net 30', 'EUR 5000.00', 'customer 1');
    d := ar.create_customer(l, 'C2', E'Quote '' backslash \\ tab \t', NULL, NULL);
    -- A group, on hold and back, a tax id, a contact, a calendar in use, a rate, a policy.
    UPDATE ar.customer SET parent_id = d, tax_id = 'DE136695976', tax_id_scheme = 'VAT' WHERE customer_id = c;
    PERFORM ar.hold_customer(l, c, 'a reason'), ar.activate_customer(l, c);
    INSERT INTO ar.contact (ledger_id, customer_id, channel, address) VALUES (l, c, 'email', 'one@example.com');
    INSERT INTO ar.calendar (ledger_id, calendar) VALUES (l, 'TARGET');
    INSERT INTO ar.holiday (ledger_id, calendar, day) VALUES (l, 'TARGET', '2026-01-01');
    UPDATE ar.ledger SET calendar = 'TARGET' WHERE ledger_id = l;
    INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (l, 'EUR', 'USD', '2026-01-05', 1.2);
    INSERT INTO ar.onboarding_policy (ledger_id, require_tax_id) VALUES (other, true);
    INSERT INTO ar.document_series (ledger_id, series, pattern, digits) VALUES (l, 'export', 'X{number}/{year}', 4);
    -- Open, partial, paid, in instalments, of nothing, with a number and with a series of its own.
    PERFORM ar.create_invoice(l, c, '[{"description": "Work", "quantity": 3, "unit_price": 33.333, "tax_rate": 19}, {"unit_price": 5}]', '2026-01-10', external_id => 'invoice 1');
    PERFORM ar.create_invoice(l, d, '[{"unit_price": 100}]', '2026-01-11', terms => '30% due on receipt, 70% net 60');
    PERFORM ar.create_invoice(l, d, '[{"unit_price": 80}]', '2026-01-12', number => 'OWN-1', due_on => '2026-03-01');
    PERFORM ar.create_invoice(l, d, '[{"unit_price": 0}]', '2026-01-12', series => 'export');
    PERFORM ar.create_invoice(l, d, '[{"unit_price": 12.5}]', '2026-01-12', series => 'export', currency => 'USD');
    INSERT INTO ar.tax_rate (ledger_id, tax_code, valid_from, tax_category, rate) VALUES (l, 'vat', '-infinity', 'S', 19);
    INSERT INTO ar.cash_rounding (ledger_id, currency, increment) VALUES (l, 'CHF', 'CHF 0.05');
    INSERT INTO ar.document_label (ledger_id, language, label, wording) VALUES (l, 'en', 'invoice', 'Bill');
    INSERT INTO ar.billing_policy (ledger_id, discount_basis) VALUES (l, 'net');
    INSERT INTO ar.cash_policy (ledger_id, reversal_fee) VALUES (other, 'JPY 500');
    PERFORM ar.create_invoice(l, d, '[{"unit_price": 9.99, "tax_code": "vat"}, {"unit_price": 0.33, "tax_code": "vat"}]', '2026-01-12', terms => '3/10 2/20 net 30', currency => 'CHF',
        options => '{"prices_include_tax": true, "allowances": [{"percent": 10}]}');
    PERFORM ar.create_invoice(other, ar.create_customer(other, 'C1', 'Customer one', details => '{"status": "active", "tax_id": "1"}'), '[{"unit_price": 5000}]', '2026-01-12');
    -- Draft, held, void.
    PERFORM ar.create_invoice(l, c, '[{"unit_price": 1}]', '2026-01-13', post => false);
    id := ar.create_invoice(l, c, '[{"unit_price": 2}]', '2026-01-13', post => false);
    UPDATE ar.invoice SET status = 'held' WHERE invoice_id = id;
    id := ar.create_invoice(l, c, '[{"unit_price": 3}]', '2026-01-13', post => false);
    UPDATE ar.invoice SET status = 'void' WHERE invoice_id = id;
    -- Payments: to the oldest, by remittance, waiting; one unapplied again.
    PERFORM ar.record_payment(l, d, 'EUR 50.00', '2026-01-20', 'cheque', apply => 'oldest', external_id => 'payment 1');
    PERFORM ar.record_payment(l, d, 'EUR 80.00', '2026-01-21', remittance => '[{"number": "OWN-1", "amount": 80}]');
    PERFORM ar.record_payment(l, c, 'EUR 10.00', '2026-01-22', reference => 'no such number');
    SELECT a.application_id INTO id FROM ar.application AS a ORDER BY a.application_id LIMIT 1;
    PERFORM ar.unapply(l, id, '2026-01-25');
    PERFORM ar.record_payment(l, d, 'EUR 20.00', '2026-01-26', apply => 'oldest');
    -- Every kind of adjustment; a write-off that closes an invoice.
    FOREACH kind IN ARRAY '{write_off,discount,difference,fee,interest,chargeback}'::text[] LOOP
        INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, number, reason)
        VALUES (l, c, kind, CASE WHEN kind IN ('write_off', 'discount') THEN 'EUR -4.00' ELSE 'EUR 4.00' END::ar.monetary,
                '2026-02-01', 'ADJ-' || kind, 'because');
    END LOOP;
    invoice := ar.create_invoice(l, c, '[{"unit_price": 4}]', '2026-01-14');
    -- Numbers drawn fast and in batches, memos, an invoice made void, a deposit used, and a template that has billed.
    INSERT INTO ar.document_series (ledger_id, series, pattern, numbering, yearly) VALUES (l, 'fast', 'F{year}-{number}', 'fast', true), (l, 'batch', 'B{number}', 'batch', false);
    PERFORM ar.create_invoice(l, c, '[{"unit_price": 4}]', '2026-01-14', series => s) FROM unnest('{fast,fast,batch}'::text[]) AS s;
    PERFORM ar.number_invoices(l);
    PERFORM ar.create_credit_memo(l, (SELECT min(v.invoice_id) FROM ar.invoice AS v WHERE v.ledger_id = l AND v.series = 'fast'), 1, invoiced_on => '2026-01-20');
    PERFORM ar.void_invoice(l, (SELECT max(v.invoice_id) FROM ar.invoice AS v WHERE v.ledger_id = l AND v.series = 'fast'), '2026-01-20');
    PERFORM ar.create_recurring_invoice(l, c, '[{"unit_price": 1}]', starts_on => '2026-01-01', external_id => 'recurring 1');
    PERFORM ar.generate_recurring_invoices(l, '2026-02-01');
    PERFORM ar.apply(l, w.item_id, i.item_id, external_id => 'application 1')
    FROM ar.item AS w, ar.item AS i WHERE w.kind = 'write_off' AND i.invoice_id = invoice;
    -- Money: a mandate, a payment that bounced with a fee, one refunded and moved, one without a customer, one that cleared, and a payout.
    PERFORM ar.create_mandate(l, d, 'M-1', '2026-01-01', account => 'DE89370400440532013000', external_id => 'mandate 1');
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, mandate_reference) VALUES (l, d, 'EUR 6.00', '2026-02-03', 'direct_debit', 'M-1') RETURNING payment_id INTO id;
    PERFORM ar.reverse_payment(l, id, 'returned', '2026-02-05', 'am04', 'no money', 'EUR 3.00', 'reversal 1');
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, mandate_reference, replaces_id) VALUES (l, d, 'EUR 6.00', '2026-02-09', 'direct_debit', 'M-1', id) RETURNING payment_id INTO id;
    PERFORM ar.clear_payments(l, ARRAY[id], '2026-02-11', 'bank 1');
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, apply) VALUES (l, d, 'EUR 9.00', '2026-02-03', 'card', 'none') RETURNING payment_id INTO id;
    PERFORM ar.reverse_adjustment(l, ar.refund(l, id, amount => 'EUR 2.00', refunded_on => '2026-02-04', reference => 'refund 1', external_id => 'refund 1'), '2026-02-05');
    PERFORM ar.refund(l, id, amount => 'EUR 1.00', refunded_on => '2026-02-06'), ar.transfer_payment(l, id, c, '2026-02-07');
    PERFORM ar.record_payout(l, 'card', 'payout 1', '2026-02-08', 'EUR 8.50', 'EUR 0.50', jsonb_build_array(jsonb_build_object('payment_id', id)), external_id => 'payout 1');
    INSERT INTO ar.payment (ledger_id, amount, received_on, reference) VALUES (l, 'EUR 7.00', '2026-02-03', 'whose?') RETURNING payment_id INTO id;
    PERFORM ar.transfer_payment(l, id, c, '2026-02-04', 'found out');
END $$;

-- Credit: a policy, a stop, an event with its review, an order, an application, probation and a score.
INSERT INTO ar.credit_policy (ledger_id, customer_class, on_breach, default_limit) SELECT ledger_id, 'dump', 'hold', 'EUR 9.00' FROM ar.ledger WHERE code = 'main';
SELECT ar.create_customer(ledger_id, 'C9', 'Customer nine', credit_limit => 'EUR 100.00') FROM ar.ledger WHERE code = 'main';
SELECT ar.reserve_credit(ledger_id, customer_id, 'EUR 60.00', 'order 1', '2901-01-01', 'reservation 1'), ar.request_credit(ledger_id, customer_id, 'EUR 200.00', 'growth'),
       ar.set_credit_limit(ledger_id, customer_id, 'EUR 150.00', '2001-01-01', '2901-12-31'), ar.start_probation(ledger_id, customer_id),
       ar.record_credit_event(ledger_id, customer_id, 'dispute', '2026-02-02', 'EUR 5.00'), ar.record_credit_score(ledger_id, customer_id, '2026-03-01'),
       ar.stop_credit(ledger_id, customer_id, 'to be dumped'), ar.create_scorecard(ledger_id)
FROM ar.customer WHERE code = 'C9';

-- Messages: a policy, templates, one that was sent and one that waits.
INSERT INTO ar.message_policy (ledger_id, on_ambiguous) SELECT ledger_id, 'resend' FROM ar.ledger WHERE code = 'main';
SELECT ar.create_message_templates(ledger_id) FROM ar.ledger WHERE code = 'main';
SELECT ar.queue_messages(c.ledger_id, jsonb_build_array(jsonb_build_object('code', 'reminder', 'customer_id', c.customer_id, 'dedupe_key', 'reminder 1',
       'fields', '{"total_open": "EUR 1.00", "items": []}'::jsonb))) FROM ar.customer AS c WHERE c.code = 'C1' AND c.external_id = 'customer 1';
SELECT ar.mark_sent(ledger, message_id, 'provider 1') FROM ar.claim_outbox(1);
SELECT ar.queue_messages(ledger_id, '[{"purpose": "notice", "subject": "S", "body": "B", "channel": "letter", "address": "Way 1"}]') FROM ar.ledger WHERE code = 'main';
-- Collections: a dispute that is credited in part, with a note; a broken promise; interest, corrected, and fees, waived; a write-off, recovered in part; a payment plan, re-aged; a case with its collector and a call; a placement.
SELECT ar.create_invoice(c.ledger_id, c.customer_id, '[{"unit_price": 1000}]', '2026-01-10', number => 'OWN-2')
FROM ar.ledger AS l JOIN ar.customer AS c USING (ledger_id) WHERE l.code = 'main' AND c.code = 'C2';
SELECT ar.note_dispute(v.ledger_id, ar.open_dispute(v.ledger_id, v.invoice_id, 'price', 'EUR 2.00', opened_on => '2026-02-01'), 'a note')
FROM ar.invoice AS v WHERE v.number = 'OWN-2';
SELECT ar.resolve_dispute(d.ledger_id, d.dispute_id, 'compromised', 'half', 'EUR 1.00', '2026-02-03') FROM ar.dispute AS d;
INSERT INTO ar.collect_policy (ledger_id, promise_grace_days) SELECT ledger_id, 2 FROM ar.ledger WHERE code = 'main';
SELECT ar.promise_to_pay(v.ledger_id, v.customer_id, 'EUR 100.00', '2026-02-10', made_on => '2026-02-05') FROM ar.invoice AS v WHERE v.number = 'OWN-2';
SELECT ar.judge_promises(ledger_id, '2026-02-13') FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.interest_rate (ledger_id, reference, valid_from, rate) SELECT ledger_id, 'ecb', '2025-06-11', 2 FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.interest_policy (ledger_id, reference, margin, fee_scheme) SELECT ledger_id, 'ecb', 8, 'eu' FROM ar.ledger WHERE code = 'main';
SELECT ar.charge_interest(ledger_id, '2026-03-01') FROM ar.ledger WHERE code = 'main';
SELECT ar.waive_charges(ledger_id, array_agg(adjustment_id), 'goodwill', waived_on => '2026-03-01') FROM ar.late_fee GROUP BY ledger_id;
UPDATE ar.interest_rate SET rate = 2.15;
SELECT ar.charge_interest(ledger_id, '2026-03-02') FROM ar.ledger WHERE code = 'main';
SELECT ar.recover_write_off(v.ledger_id, w.adjustment_id, 'EUR 40.00', '2026-03-05')
FROM ar.invoice AS v CROSS JOIN LATERAL ar.write_off(v.ledger_id, v.invoice_id, 'EUR 100.00', written_off_on => '2026-03-04') AS w WHERE v.number = 'OWN-2';
SELECT ar.create_payment_plan(v.ledger_id, v.customer_id, 3, '2026-04-01', agreed_on => '2026-03-10', fee => 'EUR 5.00', re_aged => true) FROM ar.invoice AS v WHERE v.number = 'OWN-2';
INSERT INTO ar.collector (ledger_id, collector, name, team) SELECT ledger_id, 'anna', 'Anna', 'home' FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.assignment_rule (ledger_id, "position", team) SELECT ledger_id, 1, 'home' FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.worklist_policy (ledger_id, days_weight) SELECT ledger_id, 3 FROM ar.ledger WHERE code = 'main';
SELECT ar.set_contact_preset(ledger_id, 'us_regulation_f') FROM ar.ledger WHERE code = 'main';
SELECT count(*) FROM ar.ledger AS l, ar.refresh_cases(l.ledger_id, '2026-02-20') WHERE l.code = 'main';
SELECT ar.record_activity(v.ledger_id, v.customer_id, 'call', 'no_answer', occurred_at => '2026-02-20 12:00+00') FROM ar.invoice AS v WHERE v.number = 'OWN-2';
INSERT INTO ar.agency (ledger_id, agency, name, commission_percent) SELECT ledger_id, 'acme', 'Acme', 15 FROM ar.ledger WHERE code = 'main';
SELECT ar.place_with_agency(v.ledger_id, 'acme', ARRAY[v.customer_id], placed_on => '2026-06-01') FROM ar.invoice AS v WHERE v.number = 'OWN-2';
-- Dunning: a policy, a proposal, a letter, a block, and one that begins anew.
INSERT INTO ar.customer (ledger_id, code, name, street) SELECT l.ledger_id, c.code, c.code, 'Way 1' FROM ar.ledger AS l, unnest('{D1,D2}'::text[]) AS c(code) WHERE l.code = 'main';
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
SELECT ledger_id, customer_id, 'DUN-' || code, '2026-03-01', '2026-03-10', 'EUR 7.00', 'open' FROM ar.customer WHERE code IN ('D1', 'D2');
SELECT ar.set_dunning_preset(ledger_id, fees => '{"EUR 1"}') FROM ar.ledger WHERE code = 'main';
SELECT ar.run_dunning(ledger_id, '2026-03-20') FROM ar.ledger WHERE code = 'main';
SELECT ar.confirm_dunning(n.ledger_id, ARRAY[n.notice_id], confirmed_on => '2026-03-20') FROM ar.dunning_notice AS n JOIN ar.customer AS c USING (customer_id) WHERE c.code = 'D1';
SELECT ar.restart_dunning(ledger_id, ARRAY[item_id], 'agreed', '2026-03-21'), ar.block_dunning(ledger_id, item_ids => ARRAY[item_id], reason => 'asked', from_on => '2026-03-21') FROM ar.dunning_item;
-- Cash: a policy, a payment that found its customer, and one of which nobody knows which of two invoices it is for.
INSERT INTO ar.cash_policy (ledger_id, tolerance) SELECT ledger_id, 'EUR 0.05' FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.payer_account (ledger_id, account, note) SELECT ledger_id, 'DE00BANK', 'a bank' FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.payer_pattern (ledger_id, customer_id, name_pattern) SELECT ledger_id, customer_id, '^nine' FROM ar.customer WHERE code = 'C9';
SELECT ar.create_customer(ledger_id, 'C10', 'Customer ten') FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status)
SELECT ledger_id, customer_id, 'TIE-' || n, '2026-03-01', 'EUR 7.00', 'open' FROM ar.customer, generate_series(1, 2) AS n WHERE code = 'C10';
INSERT INTO ar.payment (ledger_id, amount, received_on, apply) SELECT ledger_id, 'EUR 7.00', '2026-03-05', 'auto' FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.payment_transfer (ledger_id, payment_id, customer_id, transferred_on)
SELECT p.ledger_id, p.payment_id, c.customer_id, '2026-03-06' FROM ar.payment AS p JOIN ar.customer AS c USING (ledger_id) WHERE p.customer_id IS NULL AND c.code = 'C10'
  AND NOT EXISTS (SELECT FROM ar.payment_transfer AS t WHERE t.ledger_id = p.ledger_id AND t.payment_id = p.payment_id)
  AND NOT EXISTS (SELECT FROM ar.payment_reversal AS r WHERE r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id);

-- A bank's file with its mapping, who pays from where, an aging that was kept, and a daily run.
INSERT INTO ar.bank_csv_format (ledger_id, name, mapping) SELECT ledger_id, 'dump', '{"columns": {"booked_on": "Date", "amount": "Amount", "text": "Text"}}' FROM ar.ledger WHERE code = 'main';
SELECT count(*) FROM ar.ledger AS l, ar.import_bank_statement(l.ledger_id, convert_to(E':20:S\n:25:1/2\n:28C:1\n:60F:C260301EUR0,00\n:61:2603020302C12,00NTRFNONREF//B1\n:86:166?20HELLO?32SOMEBODY\n:62F:C260302EUR12,00\n-\n', 'UTF8')) WHERE l.code = 'main';
INSERT INTO ar.snapshot_policy (ledger_id, keep_daily_days) SELECT ledger_id, 100 FROM ar.ledger WHERE code = 'main';
SELECT ar.take_aging_snapshot(ledger_id, '2026-02-28') FROM ar.ledger WHERE code = 'main';
INSERT INTO ar.job_run (ledger_id, step, business_date, finished_at, rows) SELECT ledger_id, 'numbers', '2026-03-01', '2026-03-01', 3 FROM ar.ledger WHERE code = 'main';

-- What a user of the books adds to them.
CREATE ROLE clerk;
GRANT USAGE ON SCHEMA ar TO clerk;
GRANT SELECT ON ar.item TO clerk;
ALTER TABLE ar.invoice ADD COLUMN region text DEFAULT 'north';
UPDATE ar.invoice SET region = 'south' WHERE status = 'draft';
ALTER TABLE ar.customer ADD COLUMN owner text;
UPDATE ar.customer SET owner = 'clerk' WHERE code = 'C1';
CREATE INDEX customer_owner ON ar.customer (owner);
ALTER TABLE ar.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_customers ON ar.customer TO clerk USING (owner = CURRENT_USER);
GRANT SELECT ON ar.customer TO clerk;
SQL

# checksums NODE, DATABASE: a line a table, the same in whatever order its rows lie, and a line a sequence.
sub checksums
{
	my ($node, $database) = @_;
	my $tables = $node->safe_psql($database, <<'SQL');
SELECT string_agg(format('SELECT %L, count(*), coalesce(sum((''x'' || md5(t::text))::bit(60)::bigint), 0)::text FROM ar.%I AS t',
                         c.relname, c.relname), ' UNION ALL ' ORDER BY c.relname)
FROM pg_class AS c WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind = 'r'
SQL
	return $node->safe_psql($database, "$tables ORDER BY 1") . "\n"
	  . $node->safe_psql($database, q{SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'ar' ORDER BY 1});
}

# definitions NODE, DATABASE: the whole schema as pg_dump writes it.
sub definitions
{
	my ($node, $database) = @_;
	my ($sql) = run_command([ 'pg_dump', '--schema-only', '-d', $node->connstr($database) ]);
	# A key that is another each time.
	$sql =~ s/^\\(un)?restrict .*\n//mg;
	return $sql;
}

my $checksums = checksums($source, 'postgres');
my $definitions = definitions($source, 'postgres');
note $checksums;
is($source->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'the books are sound');
is($source->safe_psql('postgres', q{SELECT string_agg(DISTINCT status::text, ' ' ORDER BY status::text) FROM ar.invoice}),
	'draft held open paid partial void written_off', 'there is an invoice in every status');
unlike($checksums, qr/\|0\|0$/m, 'there is a row in every table');
# This takes a transaction after the one that recorded it, so it is tested here.
my (undef, undef, $refused) = $source->psql('postgres', q{INSERT INTO ar.payout_payment (ledger_id, payout_id, line_number, payment_id, amount)
	SELECT ledger_id, payout_id, 2, payment_id, amount FROM ar.payout_payment});
like($refused, qr/is recorded, and gets no more lines/, 'a payout that is recorded gets no more lines');

# The extension does not take the books with it.
my ($status, undef, $stderr) = $source->psql('postgres', 'DROP EXTENSION ar_ext');
isnt($status, 0, 'DROP EXTENSION is refused while there are books');
like($stderr, qr/cannot drop extension ar_ext because other objects depend on it/, 'and says why');
is(checksums($source, 'postgres'), $checksums, 'the books are still there');

my $target = PostgreSQL::Test::Cluster->new('target');
$target->init;
$target->start;
# Roles belong to the cluster, not to the database.
$target->safe_psql('postgres', 'CREATE ROLE clerk');

my $custom = "$directory/book.dump";
my $plain = "$directory/book.sql";
$source->command_ok([ 'pg_dump', '-Fc', '-f', $custom, 'postgres' ], 'pg_dump -Fc');
$source->command_ok([ 'pg_dump', '-f', $plain, 'postgres' ], 'pg_dump, plain');

# check_restored DATABASE, HOW: all is there as it was, and goes on from there.
sub check_restored
{
	my ($database, $how) = @_;
	is(checksums($target, $database), $checksums, "$how: every row of every table, and the sequences");
	is(definitions($target, $database), $definitions, "$how: every definition, those of the user included");
	is($target->safe_psql($database, 'SELECT * FROM ar.verify()'), '', "$how: the books are sound");
	is($target->safe_psql($database, 'SET ROLE clerk; SELECT count(*) FROM ar.customer'), '2', "$how: the policy holds");

	my $next = $source->safe_psql('postgres', q{SELECT next_number FROM ar.document_counter AS s JOIN ar.ledger USING (ledger_id)
		WHERE code = 'main' AND series = 'invoice'});
	my $number = $target->safe_psql($database, <<'SQL');
DO $$ BEGIN
    PERFORM ar.create_invoice(c.ledger_id, c.customer_id, '[{"unit_price": 9}]', '2026-04-01', external_id => 'after')
    FROM ar.ledger AS l JOIN ar.customer AS c USING (ledger_id) WHERE l.code = 'main' AND c.code = 'C1';
END $$;
SELECT number FROM ar.invoice WHERE external_id = 'after';
SQL
	is($number, sprintf('INV-2026-%06d', $next), "$how: the next number continues");
	is($target->safe_psql($database, <<'SQL'), 'paid', "$how: a new payment pays the new invoice");
SET search_path = public, ar;
DO $$ BEGIN
    PERFORM ar.record_payment(v.ledger_id, v.customer_id, 'EUR 9.00', '2026-04-02', reference => v.number)
    FROM ar.invoice AS v WHERE v.external_id = 'after';
END $$;
SELECT status FROM ar.invoice WHERE external_id = 'after';
SQL
	# The first time's answer, not a second document.
	is($target->safe_psql($database, <<'SQL'), 't', "$how: a known external id is still known");
SELECT ar.record_payment(p.ledger_id, p.customer_id, 'EUR 50.00', '2026-01-20', 'cheque', apply => 'oldest', external_id => 'payment 1') = p.payment_id
FROM ar.payment AS p WHERE p.external_id = 'payment 1';
SQL
	is($target->safe_psql($database, 'SELECT * FROM ar.verify()'), '', "$how: the books are sound afterwards");
}

$target->safe_psql('postgres', 'CREATE DATABASE custom');
$target->command_ok([ 'pg_restore', '-j', 4, '--exit-on-error', '-d', 'custom', $custom ], 'pg_restore -j4');
check_restored('custom', 'custom format, four jobs');

$target->safe_psql('postgres', 'CREATE DATABASE plain');
$target->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-d', 'plain', '-f', $plain ], 'psql -f');
check_restored('plain', 'plain format');

$target->safe_psql('postgres', 'CREATE DATABASE apart');
$target->command_ok([ 'pg_restore', '--schema-only', '--exit-on-error', '-d', 'apart', $custom ], 'pg_restore --schema-only');
# With the triggers on, rows come before what they refer to, and derived ones are refused: loudly, and wholly.
$target->command_fails([ 'pg_restore', '--data-only', '--single-transaction', '-d', 'apart', $custom ],
	'pg_restore --data-only without --disable-triggers is refused');
is($target->safe_psql('apart', 'SELECT count(*) FROM ar.item'), '0', 'and left nothing behind');
$target->command_ok([ 'pg_restore', '--data-only', '--disable-triggers', '-j', 4, '--exit-on-error', '-d', 'apart', $custom ],
	'pg_restore --data-only --disable-triggers');
check_restored('apart', 'data after schema');

done_testing();
