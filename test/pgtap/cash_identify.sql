-- cash: whose an unidentified payment is.
-- Protects: each rule finds its customer and says why; what is not sure, or contradicted, is suggested and never carried out; what was refused is not
-- asked again; accounts are learned from payments whose customer is certain, and forgotten with them.
BEGIN;
\ir helper.psql
SELECT plan(106);

SELECT ar.create_ledger('TEST', 'Test', 'EUR'), ar.create_ledger('OTHER', 'Other', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
UPDATE ar.ledger SET iban = 'DE02120300000000202051' WHERE ledger_id = :ledger;
INSERT INTO ar.customer (ledger_id, code, name, iban, created_on) VALUES
    (:ledger, 'A', 'Hotel Alba Müller GmbH', 'DE89370400440532013000', '2026-01-01'),
    (:ledger, 'B', 'Kino Claro & Söhne KG', NULL, '2026-01-01'),
    (:ledger, 'C', 'Anna Weber', NULL, '2026-01-01'), (:ledger, 'D', 'Weber, Anna', NULL, '2026-01-01'),
    (:ledger, 'P', 'Verdano Holding AG', NULL, '2026-01-01'), (:ledger, 'S', 'Verdano Logistik Nord GmbH', NULL, '2026-01-01'),
    (pg_temp.ledger('OTHER'), 'O', 'Fremde Firma Ostwind', 'DE75512108001245126199', '2026-01-01');
UPDATE ar.customer SET parent_id = pg_temp.customer('P') WHERE ledger_id = :ledger AND code = 'S';
CREATE FUNCTION pg_temp.bill(customer text, number text, total ar.monetary, ledger text DEFAULT 'TEST', reference text DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status, payment_reference)
    VALUES (pg_temp.ledger($4), pg_temp.customer($1, $4), $2, '2026-01-10', '2026-02-09', $3, 'open', $5)
$$;
SELECT pg_temp.bill('A', 'INV-2026-000101', 'EUR 119.00'), pg_temp.bill('A', 'INV-2026-000102', 'EUR 50.00'),
       pg_temp.bill('B', 'INV-2026-000103', 'EUR 75.50'), pg_temp.bill('C', 'INV-2026-000104', 'EUR 88.00'),
       pg_temp.bill('D', 'INV-2026-000105', 'EUR 88.00'), pg_temp.bill('P', 'INV-2026-000106', 'EUR 300.00'),
       pg_temp.bill('S', 'INV-2026-000107', 'EUR 410.00'), pg_temp.bill('B', 'INV-2026-000108', 'EUR 61.00', 'TEST', 'RF18539007547034'),
       pg_temp.bill('O', 'INV-2026-000150', 'EUR 66.00', 'OTHER') \g /dev/null

-- A payment without a customer, of the given columns; its id.
CREATE FUNCTION pg_temp.receive(amount ar.monetary, reference text DEFAULT NULL, name text DEFAULT NULL, account text DEFAULT NULL,
                                structured text DEFAULT NULL, method text DEFAULT 'wire', processor text DEFAULT NULL,
                                customer text DEFAULT NULL, remittance jsonb DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, reference, payer_name, payer_account, structured_reference,
                            method, processor_reference, remittance)
    VALUES (pg_temp.ledger(), pg_temp.customer($8), $1, '2026-02-05', $2, $3, $4, $5, $6, $7, $9) RETURNING payment_id
$$;
-- What is answered for it: customer, rule, confidence, in order.
CREATE FUNCTION pg_temp.candidates(payment bigint) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s by %s %s', c.code, k.rule, k.confidence), ', ' ORDER BY k.ordinality), 'nobody')
    FROM ROWS FROM (ar.payer_candidates(pg_temp.ledger(), ARRAY[payment])) WITH ORDINALITY AS k
    JOIN ar.customer AS c ON c.ledger_id = pg_temp.ledger() AND c.customer_id = k.customer_id
$$;
CREATE FUNCTION pg_temp.explained(payment bigint) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(k.explanation, ' / ' ORDER BY k.ordinality)
    FROM ROWS FROM (ar.payer_candidates(pg_temp.ledger(), ARRAY[payment])) WITH ORDINALITY AS k
$$;

-- Names, as sets of words.
SELECT is(ar.payer_name_key(name), expected, format('the words of "%s"', name))
FROM (VALUES ('Müller & Söhne G.m.b.H.', 'mueller soehne'), ('SOEHNE MUELLER', 'mueller soehne'), ('S.A. Électricité de Liège', 'de electricite liege'),
             ('AG', 'ag'), ('Łódź Žižek Ţîrgu', 'lodz tirgu zizek'), ('L''Oréal  L''Oréal', 'loreal'), ('..,', NULL),
             ('Ωmega ΑΒΓ', 'αβγ ωmega')) AS t(name, expected);
SELECT is(ar.is_payer_name(one, two) AND ar.is_payer_name(two, one), expected, format('"%s" and "%s"', one, two))
FROM (VALUES ('Muller Hotel Alba', 'Hotel Alba Müller GmbH', true), ('HOTEL ALBA MUELL', 'Hotel Alba Müller GmbH', true), ('Hotel', 'Hotel Alba', false),
             ('Hotel Alma', 'Hotel Alba', false), ('Filiale 1234', 'Filiale 1235', false), ('Filiale 1234', 'Filiale 12345', false),
             ('Alba', 'ALBA AG', true), ('Kino Claro', 'Kino Clara', true), ('Herr Kino Claro', 'Claro Kino', true), ('', 'Alba', false)) AS t(one, two, expected);

-- The keys of documents.
SELECT is(ar.document_key(number), expected, format('the key of %s', number))
FROM (VALUES ('INV-2026-000123', '2026#123'), ('RE004711', '#4711'), ('A-17', 'A#17'), ('2026/12/0815', '202612#815'), ('A12-B34', 'A12834'),
             ('INV-000', NULL), ('none', NULL)) AS t(number, expected);
SELECT ok(ar.document_key(number) = ANY (ar.document_keys(text)), format('"%s" leads to %s', text, number))
FROM (VALUES ('INV-2026-000123', 'Invoice INV-2026-000123 thank you'), ('INV-2026-000123', 'inv 2026 000 123'), ('INV-2026-000123', '2026000123'),
             ('INV-2026-000123', 'INV2026000123INV2026000124'), ('INV-2026-000123', 'INV-2O26-OOO123'), ('INV-2026-000123', 'INV-2026-123'),
             ('RE004711', 'RE 4711'), ('RE004711', '4711'), ('A-17', 'a 17')) AS t(number, text);

-- Rule by rule.
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', customer => 'B')), 'B by customer 1.0', 'who came in with his customer is his');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9')), 'nobody', 'nothing is no customer');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'DE89 3704 0044 0532 0130 00')), 'A by account 0.98', 'the account of a customer, however spaced');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'DE75512108001245126199')), 'nobody', 'not that of another ledger''s');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'DE02120300000000202051')), 'nobody', 'nor our own');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', structured => 'RF18 5390 0754 7034')), 'B by reference 0.99', 'a structured reference, however spaced');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', 'for rf18539007547034 thanks')), 'B by reference 0.99', 'in the text, too');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', structured => 'RF19539007547034')), 'nobody', 'not with wrong check digits');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', structured => ar.creditor_reference('INV-2026-000104'))), 'C by reference 0.99',
    'one made of the number of a document');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 119', 'INV-2026-000101')), 'A by number 0.97', 'a number, and the amount');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 169', 'inv 2026 000101, 2026-102')), 'A by number 0.97', 'two numbers, and what both have open');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 119', remittance => '[{"number": "INV-2026-000101"}]')), 'A by number 0.97', 'a remittance names documents, too');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 40', 'INV-2026-000101', 'ALBA HOTEL MUELLER')), 'A by number 0.95', 'a number, and the name of the payer');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 119', 'INV-2026-000101', 'Somebody Else')), 'A by number 0.94', 'a number, the amount and a name that is nobody''s');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 40', 'INV-2026-000101')), 'A by number 0.7', 'a number alone may be a wrong one');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 66', 'INV-2026-000150')), 'nobody', 'the number of another ledger is none');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 119', 'INV-2026-000111')), 'nobody', 'a digit wrong is no number');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', name => 'CLARO KINO')), 'nobody', 'half a name is none without pg_trgm');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', name => 'CLARO KINO SOEHNE')), 'B by name 0.6', 'a name alone is not sure');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 75.50', name => 'CLARO KINO SOEHNE')), 'B by name 0.92', 'with an amount that is open it is');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 88', name => 'Anna Weber')), 'C by name 0.5, D by name 0.5', 'two of one name may be either');

-- The same in words.
SELECT is(pg_temp.explained(pg_temp.receive('EUR 169', 'inv 2026 000101, 2026-102', 'Alba Müller Hotel')),
    '2 documents are named in the text, such as INV-2026-000101. The amount is what is open. The payer has the customer''s name.', 'a number is explained');
SELECT is(pg_temp.explained(pg_temp.receive('EUR 75.50', name => 'CLARO KINO SOEHNE')),
    'The payer has the name of customer "Kino Claro & Söhne KG". What is open of INV-2026-000103 is exactly the amount.', 'so is a name');

-- What contradicts itself decides nothing.
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 75.50', 'INV-2026-000103', account => 'DE89370400440532013000')),
    'A by account 0.5, B by number 0.5', 'the account of one and the number of another');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 119', 'INV-2026-000101', 'Kino Claro u. Soehne')), 'A by number 0.5, B by name 0.5',
    'the number of one and the name of another: a digit wrong');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 119', 'INV-2026-000101', 'Weber Anna')), 'A by number 0.5, C by name 0.5, D by name 0.5',
    'though the name is of two others');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 88', 'INV-2026-000105', 'Weber Anna')), 'D by number 0.94', 'but a number tells which of two it is');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 194.50', 'INV-2026-000101 INV-2026-000103')), 'A by number 0.5, B by number 0.5', 'numbers of two');
SELECT is(pg_temp.explained(pg_temp.receive('EUR 410', 'INV-2026-000107', 'Verdano Holding')),
    '"INV-2026-000107" in the text is INV-2026-000107. The amount is what is open. But customer "Verdano Holding AG" of the same group is found, too: one may pay for the other. / '
    'The payer has the name of customer "Verdano Holding AG". But customer "Verdano Logistik Nord GmbH" of the same group is found, too: one may pay for the other.',
    'a parent that pays for a subsidiary is for somebody to decide');

-- Similar names, where the database compares trigrams.
SELECT ok(NOT ar.index_payer_names(), 'there is no pg_trgm yet');
CREATE SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
SELECT ok(ar.index_payer_names() AND ar.index_payer_names(), 'with it names get an index, once');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 75.50', name => 'Kino Klaro u Soehne')), 'B by name 0.92', 'a similar name is found');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 88.00', name => 'Ana Weber')), 'nobody', 'not where another is as similar');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 75.50', name => 'Blumen Krause')), 'nobody', 'nor any');

-- Accounts are learned.
SELECT pg_temp.receive('EUR 1', account => 'GB29NWBK60161331926819', customer => 'B') AS taught \gset
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'gb29 nwbk 6016 1331 9268 19')), 'B by account 0.93', 'from one payment');
SELECT pg_temp.receive('EUR 1', account => 'GB29NWBK60161331926819', customer => 'B') \g /dev/null
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'GB29NWBK60161331926819')), 'B by account 0.96', 'from two, more surely');
INSERT INTO ar.cash_policy (ledger_id, customer_id, learns_accounts) VALUES (:ledger, pg_temp.customer('B'), false);
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'GB29NWBK60161331926819')), 'B by account 0.5', 'not for whom the policy says that nothing is learned');
DELETE FROM ar.cash_policy WHERE ledger_id = :ledger;
INSERT INTO ar.payer_account (ledger_id, account) VALUES (:ledger, 'GB29NWBK60161331926819');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'GB29NWBK60161331926819')), 'nobody', 'nor where somebody said that the account tells nothing');
UPDATE ar.payer_account SET customer_id = pg_temp.customer('S') WHERE ledger_id = :ledger;
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'GB29NWBK60161331926819')), 'S by account 0.99', 'or whose it is');
DELETE FROM ar.payer_account WHERE ledger_id = :ledger;
SELECT pg_temp.receive('EUR 1', account => 'GB29NWBK60161331926819', customer => 'P') \g /dev/null
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'GB29NWBK60161331926819')), 'B by account 0.5, P by account 0.5', 'an account of two is of neither');

SELECT pg_temp.receive('EUR 1', account => 'BE68539007547034', customer => 'B') AS mistaken \gset
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'BE68539007547034')), 'B by account 0.93', 'an account is known');
SELECT ar.reverse_payment(:ledger, :mistaken, 'in_error', '2026-02-06') \g /dev/null
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'BE68539007547034')), 'nobody', 'until its payment turns out to be an error');
SELECT pg_temp.receive('EUR 1', account => 'BE68539007547034', customer => 'B') AS moved \gset
SELECT ar.transfer_payments(:ledger, jsonb_build_array(jsonb_build_object('payment_id', :moved, 'customer_id', pg_temp.customer('S'), 'transferred_on', '2026-02-06'))) \g /dev/null
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'BE68539007547034')), 'nobody', 'or to be another customer''s');
SELECT pg_temp.receive('EUR 61', 'INV-2026-000108', 'Steuerberatung Treuhand', 'CH9300762011623852957') AS advised \gset
SELECT is((SELECT outcome || ' ' || confidence FROM ar.identify_payments(:ledger, ARRAY[:advised]::bigint[])), 'identified 0.94', 'somebody else may pay');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', 'salary', account => 'CH9300762011623852957')), 'nobody', 'but his account is not the customer''s');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 50', 'INV-2026-000102', 'Treuhand', 'GB29NWBK60161331926819')), 'A by number 0.94',
    'an account of two is nothing against a third either');

-- Mandates, processors and patterns.
SELECT ar.create_mandate(:ledger, pg_temp.customer('B'), 'M-1', signed_on => '2026-01-10', account => 'DE89370400440532013000') \g /dev/null
INSERT INTO ar.payment (ledger_id, amount, received_on, method, mandate_reference) VALUES (:ledger, 'EUR 9', '2026-02-05', 'direct_debit', 'M-1') RETURNING payment_id AS drawn \gset
SELECT is(pg_temp.candidates(:drawn), 'B by mandate 0.99', 'the mandate of a direct debit');
SELECT pg_temp.receive('EUR 1', method => 'card', processor => 'cus_1', customer => 'A'), pg_temp.receive('EUR 1', method => 'cheque', processor => '1001', customer => 'A') \g /dev/null
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', method => 'online_processor', processor => 'cus_1')), 'A by processor 0.97', 'the reference of a processor');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', method => 'cheque', processor => '1001')), 'nobody', 'but not the number of a cheque');
INSERT INTO ar.payer_pattern (ledger_id, customer_id, name_pattern, reference_pattern) VALUES (:ledger, pg_temp.customer('S'), '^stadtkasse', 'aktenzeichen 7\M');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', 'AKTENZEICHEN 7', 'Stadtkasse Bonn')), 'S by pattern 0.95', 'all of a pattern');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', 'AKTENZEICHEN 77', 'Stadtkasse Bonn')), 'nobody', 'not a part of it');
SELECT is(pg_temp.outcome(format($$INSERT INTO ar.payer_pattern (ledger_id, customer_id, name_pattern) VALUES (%s, %s, '(')$$, :ledger, pg_temp.customer('S'))), '2201B',
    'a pattern is a regular expression');

-- Carrying out.
SELECT pg_temp.receive('EUR 119', 'INV-2026-000101', 'Hotel Alba Müller', 'FR7630006000011234567890189') AS sure, pg_temp.receive('EUR 9', name => 'KINO CLARO SOEHNE', account => 'AT611904300234573201') AS unsure,
       pg_temp.receive('EUR 9', 'hello') AS unknown, pg_temp.receive('EUR 75.50', name => 'KINO CLARO SOEHNE', account => 'NL91ABNA0417164300') AS named \gset
SELECT results_eq(format($$SELECT c.code, i.outcome, i.rule FROM ar.identify_payments(%s, '{%s,%s,%s,%s}') AS i LEFT JOIN ar.customer AS c USING (customer_id) ORDER BY i.payment_id$$,
                         :ledger, :sure, :unsure, :unknown, :named),
    $$VALUES ('A', 'identified', 'number'), ('B', 'suggested', 'name'), (NULL, 'unidentified', NULL), ('B', 'identified', 'name')$$, 'what is sure is carried out, the rest is suggested');
SELECT results_eq(format($$SELECT t.customer_id, t.amount::text, t.transferred_on, t.rule, t.reason, i.open::text FROM ar.payment_transfer AS t JOIN ar.item AS i USING (ledger_id, payment_id) WHERE t.payment_id = %s$$, :sure),
    format($$VALUES (%s::bigint, 'EUR 119.00', date '2026-02-05', 'number', '"INV-2026-000101" in the text is INV-2026-000101. The amount is what is open. The payer has the customer''s name.', 'EUR 0.00')$$, pg_temp.customer('A')),
    'by a transfer, that says why, and makes the item');
SELECT results_eq(format($$SELECT kind, status, rule, confidence, lines::text, fingerprint = sha256(convert_to(format('{"lines": [], "customer_id": %%s}', customer_id), 'UTF8')) FROM ar.match_suggestion WHERE payment_id = %s$$, :unsure),
    $$VALUES ('payer', 'open', 'name', 0.6000, '[]', true)$$, 'a suggestion waits');
SELECT is((SELECT count(*) FROM ar.identify_payments(:ledger, ARRAY[:sure, :unsure, :unknown, :named]::bigint[])), 2::bigint, 'again only what is unidentified is asked');
SELECT is((SELECT count(*) FROM ar.match_suggestion WHERE payment_id = :unsure), 1::bigint, 'and no answer is suggested twice');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'FR7630006000011234567890189')), 'A by account 0.93', 'an account is learned from who was identified');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 9', account => 'NL91ABNA0417164300')), 'nobody', 'but not by a name alone');
UPDATE ar.match_suggestion SET status = 'rejected', decided_at = now() WHERE payment_id = :unsure;
SELECT is(pg_temp.candidates(:unsure), 'nobody', 'who was refused is not asked about again');
SELECT is((SELECT outcome FROM ar.identify_payments(:ledger, ARRAY[:unsure]::bigint[])), 'unidentified', 'nor suggested');
SELECT pg_temp.receive('EUR 75.50', name => 'Blumen Krause') AS early \gset
SELECT pg_temp.receive('EUR 9', 'INV-2026-000106') AS later \gset
SELECT is((SELECT outcome FROM ar.identify_payments(:ledger, ARRAY[:later]::bigint[])), 'suggested', 'a number alone is suggested');
INSERT INTO ar.payer_pattern (ledger_id, customer_id, reference_pattern) VALUES (:ledger, pg_temp.customer('P'), 'INV-2026-000106');
SELECT is((SELECT outcome FROM ar.identify_payments(:ledger, ARRAY[:later]::bigint[])), 'identified', 'until something else says the same');
SELECT is((SELECT status FROM ar.match_suggestion WHERE payment_id = :later), 'superseded', 'which the suggestion is overtaken by');
INSERT INTO ar.cash_policy (ledger_id, confidence_threshold) VALUES (:ledger, 0);
SELECT pg_temp.receive('EUR 75.50', 'INV-2026-000103', account => 'DE89370400440532013000') AS torn \gset
SELECT is((SELECT outcome FROM ar.identify_payments(:ledger, ARRAY[:torn]::bigint[])), 'suggested', 'a contradiction is never carried out, whatever the threshold');
SELECT is((SELECT count(*) FROM ar.match_suggestion WHERE payment_id = :torn AND status = 'open'), 2::bigint, 'both answers are suggested');
SELECT cmp_ok((SELECT count(*) FROM ar.identify_payments(:ledger)), '>', 10::bigint, 'all that are unidentified are asked at once');
-- A few digits among other words are no number of an invoice, unless the name says so, too.
SELECT pg_temp.bill('B', '5678', 'EUR 71.00') \g /dev/null
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 71.00', 'tel 0043 5678 9', 'Somebody Else')), 'B by number 0.7', 'a telephone with the amount is suggested only');
SELECT is(pg_temp.candidates(pg_temp.receive('EUR 71.00', 'invoice 5678', 'Kino Claro & Söhne')) ~ '^B by number 0.97', true, 'with the name it is sure');

-- What came to nothing before it was known whose it was.
SELECT ar.create_ledger('GONE', 'Gone', 'EUR') AS gone \gset
SELECT ar.create_customer(:gone, 'G', 'Gone Ltd') AS gone_customer \gset
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) VALUES (:gone, :gone_customer, 'INV-2026-4711', '2026-01-01', 'EUR 100', 'open');
INSERT INTO ar.payment (ledger_id, amount, received_on, reference)
SELECT :gone, 'EUR 100', '2026-02-01', 'INV-2026-4711' FROM generate_series(1, 2);
SELECT ar.reverse_payment(:gone, min(payment_id), 'in_error', '2026-02-02') FROM ar.payment WHERE ledger_id = :gone \g /dev/null
SELECT results_eq(format('SELECT outcome FROM ar.auto_apply(%s)', :gone), $$VALUES ('applied')$$, 'a reversed payment of nobody does not keep the others from being applied');
SELECT is_empty(format('SELECT * FROM ar.identify_payments(%s)', :gone), 'and is not asked about again');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
