-- party: identifiers and their check digits.
-- Protects: numbers that their holders publish are valid, however they are spaced; with another last digit they are not;
-- a known scheme is enforced on ledgers and on customers beyond prospect, an unknown one is not.
BEGIN;
\ir helper.psql
SELECT plan(45);

-- Every scheme has an example that holds, in the form it is stored in.
SELECT is_empty($$SELECT * FROM ar.tax_id_schemes() AS s
                  WHERE NOT ar.is_valid_tax_id(s.example, s.scheme) OR s.example <> ar.compact_id(s.example)
                     OR NOT ar.is_tax_id_scheme(s.scheme)$$, 'every scheme has a valid example');
SELECT set_eq($$SELECT DISTINCT s.scheme || rtrim(' ' || s.prefix) FROM ar.tax_id_schemes() AS s
                WHERE s.prefix IN ('', 'AT', 'BE', 'DE', 'DK', 'ES', 'FI', 'FR', 'IE', 'IT', 'LU', 'NL', 'PL', 'PT', 'SE', 'EL', 'GB', 'CH', 'NO')$$,
    $$VALUES ('VAT AT'), ('VAT BE'), ('VAT DE'), ('VAT DK'), ('VAT ES'), ('VAT FI'), ('VAT FR'), ('VAT IE'), ('VAT IT'), ('VAT LU'),
             ('VAT NL'), ('VAT PL'), ('VAT PT'), ('VAT SE'), ('VAT EL'), ('VAT GB'), ('VAT CH'), ('VAT NO'),
             ('CH-UID'), ('NO-ORG'), ('US-EIN'), ('AU-ABN'), ('IN-GSTIN')$$, 'the schemes that were asked for are there');
-- A digit changed: a check digit must notice. US-EIN has none; the last digits of others are not part of the check.
SELECT is_empty($$
    SELECT s.example, changed FROM ar.tax_id_schemes() AS s
    CROSS JOIN LATERAL (SELECT overlay(s.example PLACING ((substr(s.example, place, 1)::integer + 1) % 10)::text FROM place) AS changed
                        FROM (SELECT max(p) AS place FROM generate_series(1, length(s.example)) AS p
                              WHERE substr(s.example, p, 1) ~ '[0-9]'
                                AND p <= CASE WHEN s.prefix = 'NL' THEN 11 WHEN s.prefix = 'SE' THEN 12 ELSE 20 END) AS l) AS c
    WHERE s.scheme <> 'US-EIN' AND ar.is_valid_tax_id(changed, s.scheme)$$, 'with another last digit none is valid');

-- More numbers than one a scheme: the ways a scheme has, written as their holders do.
SELECT is_empty($$
    SELECT * FROM (VALUES
        ('ATU 3386 4707', 'VAT'), ('BE 0403.019.261', 'VAT'), ('BE0203430576', 'VAT'), ('DE 811569869', 'VAT'), ('DE 129 273 398', 'VAT'),
        ('DK 13 58 56 28', 'VAT'), ('ES B-58378431', 'VAT'), ('ES12345678Z', 'VAT'), ('ESX1234567L', 'VAT'), ('FI 2077474-0', 'VAT'),
        ('FR 83 404 833 048', 'VAT'), ('FRK7399859412', 'VAT'), ('FR 4Z 123456782', 'VAT'), ('GB 980 7806 84', 'VAT'), ('GB GD001', 'VAT'),
        ('GBHA500', 'VAT'), ('IE 8D79739I', 'VAT'), ('IE3628739UA', 'VAT'), ('IT 00905811006', 'VAT'), ('LU 15027442', 'VAT'),
        ('NL 1234.56.782.B90', 'VAT'), ('NL123456789B13', 'VAT'), ('PL 526-000-12-46', 'VAT'), ('PT 500 100 144', 'VAT'),
        ('SE 556703-7485 01', 'VAT'), ('GR094259216', 'VAT'), ('EL 094259216', 'VAT'), ('CHE-116.281.710 MWST', 'VAT'),
        ('CHE-107.787.577', 'CH-UID'), ('NO 974 760 673 MVA', 'VAT'), ('974 760 673', 'NO-ORG'), ('51 824 753 556', 'AU-ABN'),
        ('91-1144442', 'US-EIN'), ('27AAPFU0939F1ZV', 'IN-GSTIN'), ('LT100001919017', 'VAT'), ('CZ612345670', 'VAT'), ('CZ7103192745', 'VAT'),
        ('SK7103192745', 'VAT'), ('BG7523169263', 'VAT'), ('LV16117519997', 'VAT'), ('RO1630615123457', 'VAT')
    ) AS v(tax_id, scheme) WHERE ar.is_valid_tax_id(v.tax_id, v.scheme) IS NOT TRUE$$, 'numbers as people write them are valid');
SELECT is_empty($$
    SELECT * FROM (VALUES
        ('ATU33864706', 'VAT'), ('AT33864707', 'VAT'), ('BE0203430575', 'VAT'), ('BE2203430576', 'VAT'), ('DE036695976', 'VAT'), ('DE13669597', 'VAT'),
        ('DE1366959760', 'VAT'), ('DK13585627', 'VAT'), ('ES54362315Z', 'VAT'), ('ESA28015866', 'VAT'), ('FI20774741', 'VAT'), ('FR84323140391', 'VAT'),
        ('GB802311781', 'VAT'), ('GBGD500', 'VAT'), ('GBHA499', 'VAT'), ('IE6433435E', 'VAT'), ('IT00743110158', 'VAT'), ('LU15027443', 'VAT'),
        ('NL123456789B90', 'VAT'), ('NL004495445B00', 'VAT'), ('PL8567346216', 'VAT'), ('PT501964842', 'VAT'), ('SE556012579000', 'VAT'),
        ('EL123456781', 'VAT'), ('CHE107787578', 'CH-UID'), ('NO988077918MVA', 'VAT'), ('NO974760673', 'VAT'), ('988077918', 'NO-ORG'),
        ('99999999999', 'AU-ABN'), ('07-1144442', 'US-EIN'), ('91114444', 'US-EIN'), ('369296450896540', 'IN-GSTIN'), ('27AAPFU0939F1ZA', 'IN-GSTIN'),
        ('39AAPFU0939F1ZV', 'IN-GSTIN'), ('136695976', 'VAT'), ('', 'VAT'), ('--', 'VAT'), ('CZ71031927450', 'VAT'), ('ZZ123456789', 'VAT')
    ) AS v(tax_id, scheme) WHERE ar.is_valid_tax_id(v.tax_id, v.scheme) IS NOT FALSE$$, 'malformed and wrong ones are not');
SELECT ok(ar.is_valid_tax_id('ISK 12345', 'IS-VSK') AND ar.is_valid_tax_id('133/8150/8159', NULL) AND ar.is_valid_tax_id('US123', 'VAT'),
    'of an unknown scheme, no scheme, or a country whose rule is not known, any will do');
SELECT ok(NOT ar.is_valid_tax_id(' / ', NULL) AND ar.is_valid_tax_id(NULL, 'VAT') IS NULL, 'but for nothing at all; NULL is unknown');

-- The sums behind: each published with its standard.
SELECT is(ar.luhn('79927398713'), 0, 'Luhn: the number of the standard''s example');
SELECT is(ar.luhn('79927398710'), 7, 'Luhn: what is missing to ten');
SELECT ok(ar.mod11_10('07945') AND NOT ar.mod11_10('07946'), 'MOD 11,10: the example of ISO 7064');
SELECT is(ar.weighted_sum('123', 3, 2, 1), 10, 'a weighted sum');
SELECT is(ar.weighted_sum('1234', 1, 1), 3, 'digits beyond the weights do not count');
SELECT is(ar.mod97('3214282912345698765432161182'), 1, 'MOD 97-10: an IBAN, its letters as numbers');
SELECT is(ar.mod97('a1'), NULL, 'not of small letters');
SELECT ok(ar.is_birth_number('7103192745') AND NOT ar.is_birth_number('7113192745') AND ar.is_birth_number('530312123')
      AND NOT ar.is_birth_number('7103192746'), 'birth numbers have a date and a check digit');

-- Bank accounts: the examples of the registry of IBANs.
SELECT is_empty($$SELECT v FROM unnest('{DE89370400440532013000,GB29NWBK60161331926819,FR1420041010050500013M02606,NL91ABNA0417164300,
    AT611904300234573201,CH9300762011623852957,NO9386011117947,MT84MALT011000012345MTLCAST001S,BE68539007547034,SE4550000000058398257466,
    PL61109010140000071219812874,IT60X0542811101000000123456,ES9121000418450200051332,BR1800360305000010009795493C1,LC55HEMM000100010012001200023015}'::text[]) AS v
    WHERE NOT ar.is_iban(v)$$, 'IBANs of the registry are valid');
SELECT is_empty($$SELECT v FROM unnest('{DE89370400440532013001,DE8937040044053201300,DE893704004405320130000,GB29NWBK60161331926818,
    "DE89 3704 0044 0532 0130 00",de89370400440532013000,NO938601111794,X}'::text[]) AS v WHERE ar.is_iban(v)$$,
    'other check digits, lengths and spellings are not');
SELECT ok(ar.is_bic('DEUTDEFF') AND ar.is_bic('DEUTDEFF500') AND ar.is_bic('E097AEXX'), 'BICs have 8 or 11 places');
SELECT ok(NOT ar.is_bic('DEUTDEF') AND NOT ar.is_bic('DEUTZZFF') AND NOT ar.is_bic('deutdeff') AND NOT ar.is_bic('DEUTDEFF50'), 'a country in the middle, and capitals');
SELECT ok(ar.is_lei('5493001KJTIIGC8Y1R12') AND ar.is_lei('7LTWFZYICNSX8D621K86') AND NOT ar.is_lei('5493001KJTIIGC8Y1R13')
      AND NOT ar.is_lei('5493001KJTIIGC8Y1R1'), 'LEIs have check digits');
SELECT ok(ar.is_country('DE') AND ar.is_country('XK') AND NOT ar.is_country('de') AND NOT ar.is_country('UK') AND NOT ar.is_country('D E'),
    'countries are those of ISO 3166');
SELECT ok(bool_and(ar.is_language(t)), 'language tags') FROM unnest('{de,pt-BR,zh-Hant-TW,sr-Latn,es-419,sl-rozaj-biske,de-CH-1996,en-x-own,x-own,ast}'::text[]) AS t;
SELECT ok(NOT bool_or(ar.is_language(t)), 'what is no language tag') FROM unnest('{d,german language,de_DE,de-,"",12,e-mail-,toolongtag1}'::text[]) AS t;
SELECT is(ar.compact_id(' che-116.281.710 mwst'), 'CHE116281710MWST', 'compact: capitals without separators');

-- In the books.
SELECT ar.create_ledger('TEST', 'Test Company', 'EUR');
SELECT is(pg_temp.outcome($$UPDATE ar.ledger SET tax_id = 'DE136695975', tax_id_scheme = 'VAT' WHERE code = 'TEST'$$, 'all'),
    E'23514: tax id "DE136695975" is not valid by scheme "VAT"\nThe form is: DE and 9 digits; the check digits must hold.\n'
    'Correct it; leave tax_id_scheme NULL for an id of another kind; or enter the customer as a prospect.', 'a ledger has no wrong tax id');
SELECT lives_ok($$UPDATE ar.ledger SET tax_id = 'DE136695976', tax_id_scheme = 'VAT', iban = 'DE89370400440532013000', bic = 'COBADEFF', country = 'DE',
    electronic_address = 'DE136695976', electronic_address_scheme = '9930' WHERE code = 'TEST'$$, 'a right one it may have');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'W', 'Wrong', details => '{"tax_id": "DE1", "tax_id_scheme": "VAT"}')$$, 'constraint'),
    '23514 customer_tax_id_check', 'an active customer has none either');
SELECT lives_ok($$SELECT ar.create_customer(pg_temp.ledger(), 'P', 'Prospect', details => '{"tax_id": "DE1", "tax_id_scheme": "VAT", "status": "prospect"}')$$,
    'a prospect may');
SELECT is(pg_temp.outcome($$SELECT ar.verify_customer(pg_temp.ledger(), pg_temp.customer('P'))$$, 'constraint'),
    '23514 customer_tax_id_check', 'until he is to be verified');
SELECT lives_ok($$SELECT ar.create_customer(pg_temp.ledger(), 'S', 'Spaces', details => '{"tax_id": "DE 811 569 869", "tax_id_scheme": "VAT",
    "iban": "GB29 NWBK 6016 1331 9268 19", "bic": "nwbkgb2l", "country": "de"}')$$, 'functions take spaces out');
SELECT results_eq($$SELECT tax_id, iban, bic, country FROM ar.customer WHERE code = 'S'$$,
    $$VALUES ('DE811569869', 'GB29NWBK60161331926819', 'NWBKGB2L', 'DE')$$, 'and capitals in');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET tax_id = 'DE 811569869' WHERE code = 'S'$$), '23514', 'the table holds them without');
SELECT lives_ok($$UPDATE ar.customer SET tax_id = '133/8150/8159', tax_id_scheme = NULL WHERE code = 'S'$$, 'without a scheme a tax id stands as it is written');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET tax_id = '' WHERE code = 'S'$$), '23514', 'but not empty');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET iban = 'DE89370400440532013001' WHERE code = 'S'$$, 'constraint'), '23514 customer_iban_check', 'bank accounts are checked');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET bic = 'X' WHERE code = 'S'$$, 'constraint'), '23514 customer_bic_check', 'and banks');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET country = 'UK' WHERE code = 'S'$$, 'constraint'), '23514 customer_country_check', 'and countries');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET language = 'german' || ' ' WHERE code = 'S'$$, 'constraint'), '23514 customer_language_check', 'and languages');
SELECT is(pg_temp.outcome($$UPDATE ar.customer SET electronic_address = 'x' WHERE code = 'S'$$, 'constraint'),
    '23514 customer_electronic_address_check', 'an electronic address needs a scheme');
SELECT is(pg_temp.outcome($$UPDATE ar.ledger SET due_date_shift = 'up' WHERE code = 'TEST'$$, 'constraint'), '23514 ledger_due_date_shift_check', 'settings of ledgers are checked, too');
SELECT is(pg_temp.outcome($$UPDATE ar.ledger SET iban = 'DE1' WHERE code = 'TEST'$$, 'constraint'), '23514 ledger_iban_check', 'their bank account');
SELECT is(pg_temp.outcome($$UPDATE ar.ledger SET bic = 'DE1' WHERE code = 'TEST'$$, 'constraint'), '23514 ledger_bic_check', 'their bank');
SELECT is(pg_temp.outcome($$UPDATE ar.ledger SET country = 'EN' WHERE code = 'TEST'$$, 'constraint'), '23514 ledger_country_check', 'their country');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SET LOCAL session_replication_role TO replica;
UPDATE ar.customer SET tax_id = 'DE811569868', tax_id_scheme = 'VAT' WHERE code = 'S';
SET LOCAL session_replication_role TO origin;
SELECT results_eq($$SELECT check_name, row_id FROM ar.verify()$$, $$SELECT 'tax_id', pg_temp.customer('S')$$, 'verify finds a wrong tax id');
SELECT * FROM finish();
ROLLBACK;
