-- Protects what a payer copies or scans: the check digits of ISO 11649 and the QR code.

BEGIN;
SELECT plan(24);

-- Creditor reference.  The first two are worked examples of the European Payments Council and of the Bank of Finland.

SELECT is(ar.creditor_reference('539007547034'), 'RF18539007547034', 'check digits of a number');
SELECT is(ar.creditor_reference('2348236'), 'RF332348236', 'and of a short one');
SELECT is(ar.creditor_reference('INV-2026/000 123'), 'RF98INV2026000123', 'only letters and digits are kept');
SELECT is(ar.creditor_reference('inv2026000123'), 'RF98INV2026000123', 'small letters are made capital');
SELECT is(ar.creditor_reference('Ä1ß'), ar.creditor_reference('1'), 'what is not ASCII is dropped');
SELECT is(ar.creditor_reference('AAAAA' || repeat('7', 20) || 'Z'), ar.creditor_reference(repeat('7', 20) || 'Z'),
          'of more than 21 characters the last 21 are kept');
SELECT is(length(ar.creditor_reference(repeat('x', 1000))), 25, 'never longer than 25');
SELECT is(ar.creditor_reference('§ - '), NULL, 'nothing to keep, no reference');
SELECT is(ar.creditor_reference(NULL), NULL, 'no number, no reference');
SELECT is((SELECT count(*) FROM generate_series(1, 2000) AS n
           WHERE NOT ar.is_creditor_reference(ar.creditor_reference('No ' || n * 7919))), 0::bigint,
          'what is made is valid');
SELECT ok((SELECT bool_and(substr(r, 3, 2) ~ '^(0[2-9]|[1-8][0-9]|9[0-8])$')
           FROM (SELECT ar.creditor_reference(n::text) AS r FROM generate_series(1, 2000) AS n) AS made),
          'with check digits from 02 to 98');

SELECT ok(ar.is_creditor_reference('RF18 5390 0754 7034'), 'the printed form is valid');
SELECT ok(ar.is_creditor_reference('rf18539007547034'), 'and so are small letters');
SELECT ok(NOT ar.is_creditor_reference('RF18539007547043'), 'two digits exchanged are found out');
SELECT ok(NOT ar.is_creditor_reference('RF18539007547035'), 'a wrong digit is found out');
-- RF97 of a number with remainder 1 would also do with 00: two spellings of one reference.
SELECT is((SELECT array_agg(DISTINCT substr(r, 3, 2) ORDER BY substr(r, 3, 2))
           FROM (SELECT 'RF' || lpad(c::text, 2, '0') || n AS r
                 FROM generate_series(0, 99) AS c, generate_series(1, 300) AS n) AS every
           WHERE ar.is_creditor_reference(r) AND substr(r, 3, 2) IN ('00', '01', '99')), NULL,
          'check digits that no number has are refused');
SELECT ok(NOT ar.is_creditor_reference('RF18'), 'a reference needs a number');
SELECT ok(NOT ar.is_creditor_reference('GB82WEST12345698765432'), 'an IBAN is none');
SELECT ok(NOT ar.is_creditor_reference('RF04' || repeat('1', 22)), 'nor is anything longer than 25');
SELECT ok(NOT ar.is_creditor_reference('RF18-5390-0754-7034'), 'nor one with other signs');

-- QR code.  What it says is read back in test/t/060_einvoice.pl.

SELECT matches(ar.qr_code_svg('hello'),
               '^<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" [^>]*><path [^>]*/><path d="[M0-9hvz -]+"/></svg>$',
               'a QR code is one SVG element: 21 modules and 4 of margin on each side');
SELECT throws_ok($$ SELECT ar.qr_code_svg('') $$, '22023', 'a QR code needs a text to encode', 'an empty text is refused');
SELECT throws_ok($$ SELECT ar.qr_code_svg('x', 'X') $$, '22023', 'unknown level of error correction "X"',
                 'an unknown level is refused');
SELECT throws_ok($$ SELECT ar.qr_code_svg(repeat('x', 2332)) $$, '54000', '2332 bytes are too many for a QR code',
                 'a text that no QR code holds is refused');

SELECT * FROM finish();
ROLLBACK;
