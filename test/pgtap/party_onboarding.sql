-- party: from prospect to active customer, groups, contacts.
-- Protects: a status moves only as it may, whoever writes; what a ledger requires is there before a customer becomes active, and all that
-- is missing is said at once; nobody with something open is closed; groups hold no circle; of contacts one comes first.
BEGIN;
\ir helper.psql
SELECT plan(59);
SELECT ar.create_ledger('TEST', 'Test Company', 'EUR', 'Europe/Berlin'), ar.create_ledger('OTHER', 'Other', 'USD');
CREATE FUNCTION pg_temp.party(code text) RETURNS text LANGUAGE sql AS
$$ SELECT c.status || coalesce(': ' || c.status_reason, '') FROM ar.customer AS c WHERE c.ledger_id = pg_temp.ledger() AND c.code = $1 $$;

-- The state machine.
SELECT results_eq($$SELECT a.status || ' > ' || string_agg(b.status, ' ' ORDER BY b.status) FROM unnest('{prospect,verified,active,on_hold,closed}'::text[]) AS a(status),
        unnest('{prospect,verified,active,on_hold,closed}'::text[]) AS b(status) WHERE ar.can_move_customer(a.status, b.status) GROUP BY a.status ORDER BY 1$$,
    $$VALUES ('active > closed on_hold'), ('closed > prospect'), ('on_hold > active closed'), ('prospect > closed verified'), ('verified > active closed prospect')$$,
    'where a status can go');
SELECT results_eq($$SELECT s, ar.can_be_invoiced(s) FROM unnest('{prospect,verified,active,on_hold,closed}'::text[]) AS s$$,
    $$VALUES ('prospect', false), ('verified', false), ('active', true), ('on_hold', true), ('closed', false)$$, 'who can be invoiced');
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'Active'), ar.create_customer(pg_temp.ledger(), 'P', 'Prospect', details => '{"status": "prospect"}');
SELECT is(pg_temp.party('A'), 'active', 'where a ledger requires nothing a customer is active');
SELECT is(pg_temp.outcome($$SELECT ar.activate_customer(pg_temp.ledger(), pg_temp.customer('P'))$$, 'all'),
    E'RA004: customer "P" cannot go from prospect to active\nFrom prospect he can go to: verified, closed.', 'a prospect is verified first');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET status = 'active' WHERE code = 'P'$$), 'RA004', 'whoever writes');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET status = 'sleeping' WHERE code = 'P'$$), 'RA004', 'there are no other statuses');
SELECT is(pg_temp.outcome($$INSERT INTO ar.customer (ledger_id, code, name, status) VALUES (pg_temp.ledger(), 'Z', 'Z', 'sleeping')$$, 'constraint'), '23514 customer_status_check', 'nor for new ones');
SELECT is(ar.verify_customer(pg_temp.ledger(), pg_temp.customer('P'), 'register looked up'), 1::bigint, 'one was verified');
SELECT is(ar.verify_customer(pg_temp.ledger(), pg_temp.customer('P')), 0::bigint, 'once');
SELECT is(pg_temp.party('P'), 'verified: register looked up', 'with a reason');
SELECT is(ar.activate_customers(pg_temp.ledger(), ARRAY[pg_temp.customer('P'), pg_temp.customer('A')]), 1::bigint, 'of two the one that was not active');
SELECT is(pg_temp.party('P'), 'active', 'a reason goes with the next move');
SELECT is(ar.hold_customer(pg_temp.ledger(), pg_temp.customer('P'), 'bounced'), 1::bigint, 'on hold');
UPDATE ar.customer SET status = 'active' WHERE code = 'P';
SELECT is(pg_temp.party('P'), 'active', 'and back, by whatever road');
SELECT results_eq($$SELECT from_status, to_status, reason, changed_by = session_user FROM ar.customer_status_change WHERE customer_id = pg_temp.customer('P') ORDER BY status_change_id$$,
    $$VALUES ('prospect', 'verified', 'register looked up', true), ('verified', 'active', NULL, true), ('active', 'on_hold', 'bounced', true),
             ('on_hold', 'active', NULL, true)$$, 'each move is recorded');
SELECT is(pg_temp.outcome('UPDATE ar.customer_status_change SET reason = NULL') || pg_temp.outcome('DELETE FROM ar.customer_status_change')
       || pg_temp.outcome('TRUNCATE ar.customer_status_change') || pg_temp.outcome($$INSERT INTO ar.customer_status_change (ledger_id, customer_id, from_status, to_status)
            VALUES (pg_temp.ledger(), pg_temp.customer('P'), 'active', 'closed')$$), 'RA003RA003RA003RA003', 'by the database alone');
SELECT is(pg_temp.outcome($$SELECT ar.hold_customers(pg_temp.ledger(), ARRAY[pg_temp.customer('P'), -5])$$, 'all'),
    format('23503: customer -5 does not exist in ledger %s', pg_temp.ledger()), 'all or none: one that does not exist');
SELECT is(pg_temp.outcome($$SELECT ar.hold_customer(pg_temp.ledger('OTHER'), pg_temp.customer('P'))$$), '23503', 'nor does one of another ledger');

-- The policy.
INSERT INTO ar.onboarding_policy (ledger_id, require_tax_id, require_address, require_contact, require_electronic_address, require_registration_id, require_credit_decision)
VALUES (pg_temp.ledger(), true, true, true, true, true, true);
INSERT INTO ar.onboarding_policy (ledger_id, customer_class) VALUES (pg_temp.ledger(), 'consumer');
INSERT INTO ar.onboarding_policy (ledger_id, customer_class, require_contact) VALUES (pg_temp.ledger(), 'public', true);
SELECT ar.create_customer(pg_temp.ledger(), 'N', 'New'), ar.create_customer(pg_temp.ledger(), 'C', 'Consumer', details => '{"customer_class": "consumer"}');
SELECT is(pg_temp.party('N') || ' ' || pg_temp.party('C'), 'prospect active', 'where something is required a customer begins as a prospect, by his class');
SELECT is(pg_temp.party('A'), 'active', 'a policy changes nobody who is there');
SELECT is(pg_temp.outcome($$SELECT ar.verify_customer(pg_temp.ledger(), pg_temp.customer('N'))$$, 'all'),
    format(E'RA004: a customer cannot become verified yet\nCustomer "N" lacks tax id; registration id; address: street, postal code, city, country; electronic address; contact with role billing.\n'
    'The policy is ar.onboarding_policy of ledger %s; ar.missing_requirements() lists what is missing. A customer can be entered as a prospect.', pg_temp.ledger()),
    'all that is missing is said at once');
SELECT is(pg_temp.outcome($$INSERT INTO ar.customer (ledger_id, code, name) VALUES (pg_temp.ledger(), 'X', 'X')$$), 'RA004', 'nobody is inserted as active without it');
SELECT is(pg_temp.outcome($$INSERT INTO ar.customer (ledger_id, code, name, status) VALUES (pg_temp.ledger(), 'X', 'X', 'on_hold')$$), 'RA004', 'or as held');
SELECT is(pg_temp.outcome($$INSERT INTO ar.customer (ledger_id, code, name, status) VALUES (pg_temp.ledger(), 'X', 'X', 'closed')$$), 'done', 'a closed one is');
UPDATE ar.customer SET tax_id = 'DE136695976', tax_id_scheme = 'VAT', street = 'Unter den Linden 1', city = 'Berlin', country = 'DE', registration_id = 'HRB 1',
    electronic_address = 'DE136695976', electronic_address_scheme = '9930' WHERE code = 'N';
SELECT results_eq($$SELECT requirement, required_for FROM ar.missing_requirements(pg_temp.ledger(), ARRAY[pg_temp.customer('N')])$$,
    $$VALUES ('address: postal code', 'verified'), ('contact with role billing', 'verified'), ('credit decision', 'active')$$, 'what is still missing can be asked');
UPDATE ar.customer SET postal_code = '10117' WHERE code = 'N';
INSERT INTO ar.contact (ledger_id, customer_id, channel, address) VALUES (pg_temp.ledger(), pg_temp.customer('N'), 'email', 'billing@example.com');
SELECT is(pg_temp.outcome($$SELECT ar.verify_customer(pg_temp.ledger(), pg_temp.customer('N'))$$), 'done', 'verified needs no credit decision');
SELECT ar.verify_customer(pg_temp.ledger(), pg_temp.customer('N'));
SELECT matches(pg_temp.outcome($$SELECT ar.activate_customer(pg_temp.ledger(), pg_temp.customer('N'))$$, 'all'), 'Customer "N" lacks credit decision\.', 'active does');
UPDATE ar.customer SET credit_decided_on = '2026-01-05' WHERE code = 'N';
SELECT is(ar.activate_customer(pg_temp.ledger(), pg_temp.customer('N')), 1::bigint, 'with all of it he is active');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'G', 'Town', details => '{"customer_class": "public", "status": "active",
    "contacts": [{"channel": "email", "address": "town@example.org", "is_primary": true}]}')$$), 'done', 'who comes with what is required may be active at once');
SELECT matches(pg_temp.outcome($$SELECT ar.create_customers(pg_temp.ledger(), '[{"code": "M1", "name": "M", "status": "active", "customer_class": "public"},
    {"code": "M2", "name": "M", "status": "active", "customer_class": "public"}]')$$, 'all'),
    E'RA004: 2 customers cannot become active yet\nCustomer "M1" lacks contact with role billing\\.\nCustomer "M2" lacks contact', 'of many each is named');
UPDATE ar.customer SET status = 'on_hold' WHERE code = 'A';
SELECT is(pg_temp.outcome($$SELECT ar.activate_customer(pg_temp.ledger(), pg_temp.customer('A'))$$), 'done', 'release from hold asks nothing anew');
UPDATE ar.customer SET status = 'active' WHERE code = 'A';

-- Closing.
SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('A'), '[{"unit_price": 100}]', '2026-01-05', number => 'I1');
SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('P'), '[{"unit_price": 5}]', '2026-01-05', number => 'I2', currency => 'USD');
SELECT is(pg_temp.outcome($$SELECT ar.close_customers(pg_temp.ledger(), ARRAY[pg_temp.customer('A'), pg_temp.customer('P'), pg_temp.customer('N')])$$, 'all'),
    E'RA004: 2 customers with something open cannot be closed\nCustomer "A" has open: EUR 100.00 and EUR 0.00.\nCustomer "P" has open: USD 5.00 and USD 0.00.\n'
    'Collect, refund, apply or write off first.', 'nobody with something open is closed');
SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('A'), 'EUR 101', '2026-01-10', apply => 'oldest');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET status = 'closed' WHERE code = 'A'$$), 'RA004', 'nor with a cent to get back');
SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('P'), 'USD 5', '2026-01-10', apply => 'oldest');
SELECT is(ar.close_customer(pg_temp.ledger(), pg_temp.customer('P'), 'moved away'), 1::bigint, 'who has paid is closed');
SELECT is(ar.find_open_customers(pg_temp.ledger(), ARRAY[pg_temp.customer('A'), pg_temp.customer('P'), NULL]), ARRAY[pg_temp.customer('A')], 'who has something open');
SELECT is(ar.reopen_customer(pg_temp.ledger(), pg_temp.customer('P')), 1::bigint, 'and may come back');
SELECT is(pg_temp.party('P'), 'prospect', 'as a prospect');

-- Groups.
SELECT ar.create_customers(pg_temp.ledger(), '[{"code": "leaf", "name": "Leaf", "parent_code": "middle", "customer_class": "consumer"},
    {"code": "middle", "name": "Middle", "parent_code": "root", "customer_class": "consumer"}, {"code": "root", "name": "Root", "customer_class": "consumer"},
    {"code": "twig", "name": "Twig", "parent_code": "middle", "customer_class": "consumer"}]');
CREATE FUNCTION pg_temp.code(bigint) RETURNS text LANGUAGE sql AS $$ SELECT code FROM ar.customer WHERE customer_id = $1 $$;
SELECT results_eq($$SELECT pg_temp.code(ancestor_id), distance FROM ar.customer_ancestors(pg_temp.ledger(), pg_temp.customer('leaf'))$$,
    $$VALUES ('root', 2), ('middle', 1), ('leaf', 0)$$, 'a line begins at the root');
SELECT results_eq($$SELECT pg_temp.code(customer_id), pg_temp.code(ancestor_id), distance FROM ar.customer_ancestors(pg_temp.ledger(), ARRAY[pg_temp.customer('twig'), pg_temp.customer('root')])
                    ORDER BY 1, 3 DESC$$, $$VALUES ('root', 'root', 0), ('twig', 'root', 2), ('twig', 'middle', 1), ('twig', 'twig', 0)$$, 'many lines at once');
SELECT results_eq($$SELECT pg_temp.code(descendant_id), distance FROM ar.customer_descendants(pg_temp.ledger(), pg_temp.customer('root')) ORDER BY 2, 1$$,
    $$VALUES ('root', 0), ('middle', 1), ('leaf', 2), ('twig', 2)$$, 'and down again');
SELECT is_empty($$SELECT * FROM ar.customer_ancestors(pg_temp.ledger('OTHER'), pg_temp.customer('leaf'))$$, 'in its ledger alone');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = pg_temp.customer('leaf') WHERE code = 'root'$$, 'all'),
    E'23514: customer "root" would belong to his own group\nHis parent "leaf" is himself below him.\nTake the parent out of the group first.', 'no circle');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = customer_id WHERE code = 'root'$$, 'constraint'), '23514 customer_parent_check', 'not of one');
SELECT is(pg_temp.outcome($$INSERT INTO ar.customer (ledger_id, customer_id, code, name, parent_id, customer_class) VALUES (pg_temp.ledger(), -1, 'a', 'a', -2, 'consumer'),
    (pg_temp.ledger(), -2, 'b', 'b', -1, 'consumer')$$, 'constraint'), '23514 customer_parent_check', 'nor of two new ones');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET parent_id = CASE code WHEN 'root' THEN pg_temp.customer('twig') ELSE NULL END WHERE code IN ('root', 'middle')$$), 'done',
    'one statement may turn a tree over');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger('OTHER'), 'o', 'o', details => jsonb_build_object('parent_id', pg_temp.customer('root')))$$, 'constraint'),
    '23503 customer_parent_fkey', 'no parent in another ledger');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'o', 'o', details => '{"parent_code": "nobody"}')$$), '23503', 'nor one that is not there');

-- Contacts.
SELECT is_empty($$SELECT * FROM (VALUES ('email', 'a@b.de', true), ('email', 'a.b+c@sub.example.org', true), ('email', 'a@b', false), ('email', 'a b@c.de', false), ('email', NULL, false),
        ('sms', '+491701234567', true), ('sms', '0170 1234567', false), ('phone', '+49 (30) 1234-567', true), ('phone', '030/12345 ext. 12', true), ('phone', 'call me', false),
        ('e_invoice', '0204:991-1234512345-06', true), ('e_invoice', '991-1234512345-06', false), ('letter', NULL, true), ('letter', ' ', false), ('pigeon', 'x', false)
    ) AS v(channel, address, valid) WHERE ar.is_contact_address(v.channel, v.address) <> v.valid$$, 'addresses have the form of their channel');
SELECT is(pg_temp.outcome($$INSERT INTO ar.contact (ledger_id, customer_id, channel, address) VALUES (pg_temp.ledger(), pg_temp.customer('N'), 'email', 'nowhere')$$, 'constraint'),
    '23514 contact_address_check', 'in the books, too');
SELECT is(pg_temp.outcome($$INSERT INTO ar.contact (ledger_id, customer_id, channel, address, language) VALUES (pg_temp.ledger(), pg_temp.customer('N'), 'email', 'a@b.de', 'deutsch!')$$, 'constraint'),
    '23514 contact_language_check', 'languages are tags');
UPDATE ar.customer SET language = 'de-AT' WHERE code = 'N';
INSERT INTO ar.contact (ledger_id, customer_id, name, role, channel, address, language, is_primary) VALUES
    (pg_temp.ledger(), pg_temp.customer('N'), 'First', 'billing', 'email', 'first@example.com', 'fr', true),
    (pg_temp.ledger(), pg_temp.customer('N'), 'Stern', 'dunning', 'email', 'stern@example.com', NULL, false),
    (pg_temp.ledger(), pg_temp.customer('N'), NULL, 'billing', 'letter', NULL, NULL, true);
SELECT is(pg_temp.outcome($$INSERT INTO ar.contact (ledger_id, customer_id, channel, address, is_primary) VALUES (pg_temp.ledger(), pg_temp.customer('N'), 'email', 'a@b.de', true)$$, 'constraint'),
    '23505 contact_primary_key', 'of a role and channel one comes first');
SELECT results_eq($$SELECT channel, name, address, language FROM ar.find_contacts(pg_temp.ledger(), ARRAY[pg_temp.customer('N')]) ORDER BY 1$$,
    $$VALUES ('email', 'First', 'first@example.com', 'fr'), ('letter', 'New', E'Unter den Linden 1\n10117 Berlin\nDE', 'de-AT')$$, 'whom to write to, where, and how');
SELECT results_eq($$SELECT name, language FROM ar.find_contacts(pg_temp.ledger(), ARRAY[pg_temp.customer('N')], 'dunning', '{email}')$$,
    $$VALUES ('Stern', 'de-AT')$$, 'for a purpose who has it');
SELECT results_eq($$SELECT name FROM ar.find_contacts(pg_temp.ledger(), ARRAY[pg_temp.customer('N')], 'order', '{email}')$$, $$VALUES ('First')$$, 'else who has billing');

-- Many at once.
SELECT is_empty($$SELECT * FROM ar.create_customers(pg_temp.ledger(), '[]')$$, 'nothing asked, nothing made');
SELECT ar.create_customers(pg_temp.ledger(), '[{"code": "E2", "name": "E", "external_id": "e2", "terms": "net 30", "contacts": [{"channel": "letter"}]}]') AS made \gset
SELECT results_eq($$SELECT element, pg_temp.code(customer_id) FROM ar.create_customers(pg_temp.ledger(), '[{"code": "E3", "name": "E"},
    {"code": "E2", "name": "E", "external_id": "e2", "terms": " net  30", "contacts": [{"channel": "letter"}]}, {"code": "E4", "name": "E"}]')$$,
    $$VALUES (1::bigint, 'E3'), (2, 'E2'), (3, 'E4')$$, 'ids come in the order given, the known one among them');
SELECT is(pg_temp.outcome($$SELECT ar.create_customers(pg_temp.ledger(), '[{"code": "E2", "name": "E", "external_id": "e2", "city": "Bonn"}]')$$), 'RA006', 'with other details it is refused');
SELECT is(pg_temp.outcome($$SELECT ar.create_customers(pg_temp.ledger(), '[{"code": "E9", "name": "E", "colour": "red"}]')$$) ||
          pg_temp.outcome($$SELECT ar.create_customers(pg_temp.ledger(), '[{"code": "E9", "name": "E", "contacts": [{"chanel": "email"}]}]')$$), '2202322023', 'a misspelt key is an error');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
