-- cash: files of real banks, as parser libraries keep them, against totals that were reckoned elsewhere.
-- Protects: every statement of the files is read to the cent, what does not balance is said, what is broken is refused with its place.
-- The files lie beside the checkout, in the directory that AR_SHARED_DATA names; without them the test is skipped.
BEGIN;
\ir helper.psql
\set found `test -r "${AR_SHARED_DATA:-../shared/data}/bank/expected_totals.csv" && echo true || echo false`
\if :found
SELECT plan(37);

\set files `cd "${AR_SHARED_DATA:-../shared/data}/bank" && for f in */*; do echo "$f $(base64 -w0 "$f")"; done`
\set totals `cat "${AR_SHARED_DATA:-../shared/data}/bank/expected_totals.csv"`
CREATE TEMPORARY TABLE file AS
SELECT split_part(l, ' ', 1) AS name, decode(split_part(l, ' ', 2), 'base64') AS content FROM regexp_split_to_table(:'files', E'\n') AS l;
CREATE TEMPORARY TABLE expected AS
SELECT n AS nth, row_number() OVER (PARTITION BY f[1] ORDER BY n) AS statement, f[1] AS name, f[2] AS kind, f[3] AS account, nullif(f[4], '') AS currency,
       nullif(f[5], '')::numeric AS opening, nullif(f[6], '')::numeric AS closing, nullif(f[7], '')::integer AS entries,
       nullif(f[8], '')::integer AS details, nullif(f[9], '')::numeric AS credits, nullif(f[10], '')::numeric AS debits, f[11] AS "check"
FROM regexp_split_to_table(:'totals', E'\n') WITH ORDINALITY AS l(line, n), string_to_array(rtrim(line, E'\r'), ',') AS f
WHERE n > 1 AND line <> '';
SELECT is((SELECT count(*) FROM file), 18::bigint, 'there are 18 files');
SELECT is((SELECT count(*) FROM expected), 30::bigint, 'and 30 rows of totals');

SELECT ar.create_ledger('TEST', 'Test', 'USD') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
CREATE FUNCTION pg_temp.import(name text, options jsonb DEFAULT '{}', ledger integer DEFAULT pg_temp.ledger()) RETURNS TABLE (statement bigint, account text, opening numeric,
    closing numeric, currency text, entries integer, details integer, credits numeric, debits numeric, mismatch text, is_new boolean)
LANGUAGE sql AS $$
    SELECT row_number() OVER (), s.account, s.opening, s.closing, s.currency, s.entries, s.transaction_details, s.credit_total, s.debit_total, s.mismatch, s.is_new
    FROM ar.import_bank_statement($3, (SELECT f.content FROM file AS f WHERE f.name = $1), 'auto', $2) AS s
$$;
CREATE TEMPORARY TABLE broken (name text);
INSERT INTO broken VALUES ('camt/camt053.v2.wrong.xml'), ('bai2/moov-error-sample-parseError.txt'), ('mt940/betterplace-sepa_snippet_broken.sta'),
    ('mt940/self-provided-february_30.sta'), ('ofx/ofxparse-fail-date_missing.ofx');

-- What is broken is refused, and where.
SELECT is(pg_temp.outcome($$SELECT pg_temp.import('camt/camt053.v2.wrong.xml')$$, 'all'),
    E'RA008: malformed camt file, element BkToCstmrStmt\nThere is no statement in it: no Stmt, Ntfctn or Rpt.\nNothing of the file was imported. Ask the bank for it again.',
    'a message without a statement is refused');
SELECT is(pg_temp.outcome($$SELECT pg_temp.import('bai2/moov-error-sample-parseError.txt')$$), 'RA008', 'what is no format is refused');
SELECT is(pg_temp.outcome($$SELECT ar.import_bank_statement(pg_temp.ledger(), (SELECT content FROM file WHERE name = 'bai2/moov-error-sample-parseError.txt'), 'BAI2')$$, 'all'),
    E'RA008: malformed BAI2 file, line 1\n"00" is no code of a record.\nNothing of the file was imported. Ask the bank for it again.', 'as BAI2, with the line');
SELECT is(pg_temp.outcome($$SELECT pg_temp.import('mt940/betterplace-sepa_snippet_broken.sta')$$, 'all'),
    E'RA008: malformed MT940 file, line 6\nField 25 is out of place.\nNothing of the file was imported. Ask the bank for it again.',
    'an account in place of the text of a booking: something was lost');
SELECT is(pg_temp.outcome($$SELECT pg_temp.import('mt940/self-provided-february_30.sta')$$, 'all'),
    E'RA008: malformed MT940 file, line 6\nThere is no date 2016-02-30.\nNothing of the file was imported. Ask the bank for it again.',
    'a day that never was');
SELECT is(pg_temp.outcome($$SELECT pg_temp.import('ofx/ofxparse-fail-date_missing.ofx')$$, 'all'),
    E'RA008: malformed OFX file, line 33\nThe transaction has no date, DTPOSTED.\nNothing of the file was imported. Ask the bank for it again.',
    'a transaction without a date');
SELECT is((SELECT count(*) FROM ar.bank_file) + (SELECT count(*) FROM ar.bank_account) + (SELECT count(*) FROM ar.bank_statement)
    + (SELECT count(*) FROM ar.bank_line) + (SELECT count(*) FROM ar.payment), 0::bigint, 'of all these, nothing is stored');

-- A ledger for each file: some are the same statement, written another way.
CREATE TEMPORARY TABLE imported AS
SELECT f.name, ar.create_ledger(f.name, 'Test', 'USD') AS ledger_id FROM file AS f
WHERE f.name NOT IN (SELECT b.name FROM broken AS b) OR f.name = 'mt940/self-provided-february_30.sta';
CREATE TEMPORARY TABLE result AS
SELECT i.name, s.* FROM imported AS i CROSS JOIN LATERAL pg_temp.import(i.name, '{"month_has_30_days": true}', i.ledger_id) AS s;
SELECT results_eq(
    $$SELECT e.name, e.statement, r.account, coalesce(e.currency, 'USD'), coalesce(r.opening, 0), r.closing, r.entries, r.details, r.credits, r.debits
      FROM expected AS e JOIN result AS r ON r.name = e.name AND r.statement = e.statement WHERE e.kind <> 'BAI2 file' AND e.kind !~ 'BAI2' ORDER BY e.nth$$,
    $$SELECT e.name, e.statement, e.account, e.currency, coalesce(e.opening, 0), e.closing, e.entries, e.details, e.credits, e.debits
      FROM expected AS e WHERE e.kind !~ 'BAI2' AND e.name NOT IN (SELECT b.name FROM broken AS b WHERE b.name <> 'mt940/self-provided-february_30.sta') ORDER BY e.nth$$,
    'account, balances, entries and sums are those expected, statement by statement');
SELECT results_eq(
    $$SELECT e.name, e.statement, r.account, r.currency, r.entries, r.details, r.credits, r.debits
      FROM expected AS e JOIN result AS r ON r.name = e.name AND r.statement = e.statement WHERE e.kind = 'BAI2 acct' ORDER BY e.nth$$,
    $$SELECT e.name, e.statement, e.account, coalesce(e.currency, 'USD'), e.entries, e.details, e.credits, e.debits FROM expected AS e WHERE e.kind = 'BAI2 acct' ORDER BY e.nth$$,
    'those of BAI2, too');
SELECT is((SELECT count(*) FROM result), (SELECT count(*) FROM expected WHERE kind <> 'BAI2 file' AND name NOT IN (SELECT b.name FROM broken AS b WHERE b.name <> 'mt940/self-provided-february_30.sta')) + 1,
    'there is no further statement, but that of the lockbox');
SELECT results_eq(
    $$SELECT e.name, e.statement, e."check" = 'balanced' FROM expected AS e WHERE e."check" ~ '^(balanced|op)' AND e.name <> 'mt940/betterplace-sepa_snippet_broken.sta' ORDER BY e.nth$$,
    $$SELECT e.name, e.statement, r.mismatch IS NULL FROM expected AS e JOIN result AS r ON r.name = e.name AND r.statement = e.statement
      WHERE e."check" ~ '^(balanced|op)' ORDER BY e.nth$$,
    'what balances, balances, and nothing else does');
SELECT is((SELECT r.mismatch FROM result AS r WHERE r.name = 'mt940/jejik-abnamro.sta' AND r.statement = 1),
    'opening balance 3236.28, plus credits 0, less debits 321.44, is 2914.84; the closing balance is 876.84', 'what does not is told, with its figures');
SELECT is((SELECT r.mismatch FROM result AS r WHERE r.name = 'camt/camt053.v8.xml'),
    'the opening balance is in EUR, the closing balance in SEK; the account is in EUR, a balance in another currency; '
    'opening balance 18.15, plus credits 8.85, less debits 0, is 27.00; the closing balance is -27.00', 'all of it');
SELECT is_empty($$SELECT FROM result AS r WHERE r.name ~ '^(bai2|lockbox|ofx)' AND r.mismatch IS NOT NULL$$, 'control totals and numbers of records agree');
SELECT is((SELECT r.mismatch FROM result AS r WHERE r.name = 'camt/camt054.v4.xml'), 'the details of entry 1 do not add up to its amount: it is one line',
    'a batch whose transactions are in another currency stays one line');

-- The lines.
CREATE FUNCTION pg_temp.line(name text, statement integer, line integer, columns text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    EXECUTE format('SELECT concat_ws(%L, %s) FROM ar.bank_line AS l JOIN ar.bank_statement AS s USING (ledger_id, bank_statement_id)
        WHERE l.ledger_id = (SELECT i.ledger_id FROM imported AS i WHERE i.name = $1) AND s."position" = $2 AND l."position" = $3', ' | ', columns)
    INTO result USING name, statement, line;
    RETURN result;
END
$$;
SELECT is(pg_temp.line('mt940/betterplace-sepa_snippet.sta', 1, 1, 'amount, booked_on, value_on, bank_reference, end_to_end_reference, "text", payer_name, payer_account, payer_bank, transaction_code'),
    'EUR 50990.05 | 2007-09-04 | 2007-09-07 | 0724710333343453 | EndToEndId TFNR 22 004 00001 | Verw CTSc-01 BC-PPP TFNr 22 004 | KARL KAUFMANN | DE14508800500194785000 | DRESDEFF508 | NTRF+166',
    'a German booking: subfields are taken apart, and texts that were cut are joined');
SELECT is(pg_temp.line('mt940/betterplace-sepa_snippet.sta', 2, 3, 'amount, end_to_end_reference, "text", return_reason'),
    'EUR 15000.00 | TFNR 40001 00002 | Grund nicht spezifiziert Reject aus SEPA-Ueberweisungsauftrag | 914', 'a transfer that came back, and why');
SELECT is(pg_temp.line('mt940/betterplace-sepa_snippet.sta', 2, 4, '"text", payer_name'),
    'TO 13 TFNr 20001 Eingangskanal Mint Unstrukturierter Verwendungszweck 140 Zeichen Beginn Fuellzeichen ' || repeat('x', 38)
    || ' | Richter Renate 70 Zeichen Beginn Fuellzeichen xxxxxxxx', 'texts of many subfields');
SELECT is(pg_temp.line('mt940/jejik-abnamro.sta', 1, 1, '"text"'),
    E'GIRO   428428 KPN - DIGITENNE    BETALINGSKENM.  0000000421886595314606715                       BETREFT FACTUUR D.D. 20-05-2011\nINCL. 1,44 BTW',
    'a Dutch one, in plain text: a number that was broken at the end of a full line is whole');
SELECT is(pg_temp.line('mt940/jejik-rabobank.sta', 1, 1, 'amount, payer_name, payer_account, "text"'),
    E'EUR -1213.28 | W.P. Jansen | 0121470966 | Terugboeking\nNIET AKKOORD MET AFSCHRIJVING\nKOSTEN KINDEROPVANG JUNI\n20095731',
    'another: account and name stand in field 61, and there are many fields 86');
SELECT is(pg_temp.line('mt940/cmxl-mt940.sta', 1, 1, 'amount, cheque_number, "text"'), 'DEM -6800.00 | 16703074 | 999PN5477SCHECK-NR. 0000016703074',
    'a cheque, in a currency of the last century');
SELECT is(pg_temp.line('mt940/cmxl-mt940.sta', 3, 1, 'amount, bank_reference, payer_name, payer_account'),
    'PLN 20000.00 | 8327000090031789 | HUTA SZKLA TOPIC UL PRZEMY SLOWA 67 32-669 WROCLAW | PL08106000760000777777777777', 'a Polish one');
SELECT is(pg_temp.line('mt940/cmxl-mt940.sta', 3, 3, 'l.original ->> ''booking_text'''), U&'Uznanie kwot\0105 odsetek', 'with its letters');
SELECT is(pg_temp.line('mt940/self-provided-february_30.sta', 1, 1, 'value_on, booked_on'), '2016-02-29 | 2016-03-01',
    'who says that his bank reckons by months of 30 days gets the last of February');
SELECT is(pg_temp.line('bai2/moov-sample2.txt', 3, 1, 'amount, value_on, bank_reference, "text", l.original ->> ''customer_reference'''),
    'USD 200000.00 | 2004-06-22 | SP4738 | PROCEEDS OF LETTER OF CREDIT FROM THE ARAMCO OIL CO | YRC065321', 'BAI2: a text on a record of its own');
SELECT is(pg_temp.line('lockbox/test_lockbox.bai', 1, 1, 'amount, booked_on, cheque_number, payer_name, payer_account, payer_bank, "text"'),
    'USD 7000.00 | 2016-05-23 | 0000000180 | BOB E SMITH | 0012345555 | 055002707 | CE554', 'a lockbox: a cheque, and the invoice that came with it');
SELECT is(pg_temp.line('ofx/ofxparse-checking.ofx', 1, 3, 'amount, cheque_number, bank_reference, "text"'),
    'USD -25.00 | 319 | 0000488 | RETURNED CHECK FEE, CHECK # 319 FOR $45.33 ON 04/07/11', 'OFX of the kind without closing tags');
SELECT is(pg_temp.line('camt/camt053.v2.minimal.xml', 1, 1, 'amount, booked_on, value_on, payer_name, payer_account, structured_reference'),
    'EUR 8.85 | 2014-12-31 | 2015-01-02 | NAME NAME | NL56AGDH9619008421 | 4654654654654654', 'camt of version 2');
SELECT is(pg_temp.line('camt/camt053.v8.xml', 1, 1, 'amount, booked_on, bank_reference, end_to_end_reference, payer_name, transaction_code'),
    'EUR 8.85 | 2014-12-31 | AAAASESS-FP-CN_98765/01 | MUELL/FINP/RA12345 | NAME NAME | PMNT/RCDT/BOOK', 'and of version 8, which writes names and states otherwise');
SELECT matches(pg_temp.line('camt/camt054.v4.xml', 1, 1, 'amount, "text"'),
    '^SEK -200000.00 \| .*ISR ref number V1 .*Unstructured Remittance Information V3 block 2', 'all that the transactions of a batch say is in its text');

-- Payments of the credits, and of nothing else.
SELECT results_eq($$SELECT i.name, count(p.payment_id), coalesce(sum(ar.amount(p.amount)), 0) FROM imported AS i LEFT JOIN ar.payment AS p USING (ledger_id) GROUP BY i.name ORDER BY i.name COLLATE "C"$$,
    $$SELECT i.name, count(l.bank_line_id), coalesce(sum(ar.amount(l.amount)), 0) FROM imported AS i LEFT JOIN ar.bank_line AS l ON l.ledger_id = i.ledger_id AND ar.sign(l.amount) > 0
      GROUP BY i.name ORDER BY i.name COLLATE "C"$$, 'every credit is a payment');
SELECT is((SELECT sum(ar.amount(p.amount)) FROM ar.payment AS p), (SELECT sum(r.credits) FROM result AS r), 'of what the statements add up to');

-- Again.
CREATE TEMPORARY TABLE again AS
SELECT i.name, s.* FROM imported AS i CROSS JOIN LATERAL pg_temp.import(i.name, '{"month_has_30_days": true}', i.ledger_id) AS s;
SELECT set_eq('SELECT name, statement, account, opening, closing, currency, entries, details, credits, debits, mismatch, false FROM result', 'SELECT * FROM again',
    'the same files again say the same, and that they are not new');
SELECT is((SELECT sum(ar.amount(p.amount)) FROM ar.payment AS p), (SELECT sum(r.credits) FROM result AS r), 'and pay nothing');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
\else
SELECT plan(1);
SELECT skip('no file of that name: set AR_SHARED_DATA to the directory that holds bank/expected_totals.csv', 1);
SELECT * FROM finish();
\endif
ROLLBACK;
