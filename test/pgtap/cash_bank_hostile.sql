-- cash: bank files that are wrong, cut off, or made to do harm; and the odd ones that are right.
-- Protects: RA008 with the place, nothing written, nothing read from the server, no time lost; and that no variant of a format is refused for its looks.
BEGIN;
\ir helper.psql
SELECT plan(66);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
CREATE FUNCTION pg_temp.text(content text) RETURNS bytea LANGUAGE sql AS $$ SELECT convert_to($1, 'UTF8') $$;
CREATE FUNCTION pg_temp.refused(content bytea, format text DEFAULT 'auto', options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT regexp_replace(pg_temp.outcome(format('SELECT ar.import_bank_statement(pg_temp.ledger(), %L, %L, %L)', $1, $2, $3), 'all'), E'\n(Nothing of|Find out|Save|Give|Name|Convert)[^\n]*$', '') $$;
-- The lines of a file: amount, dates and a column.
CREATE FUNCTION pg_temp.read(content bytea, columns text DEFAULT 'text', options jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    PERFORM ar.import_bank_statement(pg_temp.ledger(), content, 'auto', options);
    EXECUTE format('SELECT string_agg(concat_ws('' | '', l.amount, l.booked_on, %s), E''\n'' ORDER BY l."position") FROM ar.bank_line AS l
        WHERE l.bank_statement_id = (SELECT max(s.bank_statement_id) FROM ar.bank_statement AS s)', columns) INTO result;
    RETURN result;
END
$$;
CREATE FUNCTION pg_temp.mt940(bookings text, opening text DEFAULT 'C260301EUR0,', account text DEFAULT '1/2') RETURNS text LANGUAGE sql AS
$$ SELECT format(E':20:X\n:25:%s\n:28C:1/1\n:60F:%s\n%s\n:62F:C260302EUR0,\n-\n', account, opening, bookings) $$;
CREATE FUNCTION pg_temp.entry(content text DEFAULT '<Amt Ccy="EUR">1</Amt>', side text DEFAULT 'CRDT', day text DEFAULT '2026-03-02') RETURNS text LANGUAGE sql AS
$$ SELECT format('<Ntry>%s<CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt></Ntry>', content, side, day) $$;
CREATE FUNCTION pg_temp.camt(entries text, before text DEFAULT '', namespace text DEFAULT ' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"') RETURNS text LANGUAGE sql AS
$$ SELECT format('%s<Document%s><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>%s</Stmt></BkToCstmrStmt></Document>', before, namespace, entries) $$;

-- XML that does harm.
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt('<Ntry>&lol9;</Ntry>', '<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;"><!ENTITY lol9 "&lol2;&lol2;">]>'))),
    E'RA008: malformed camt file, element <!DOCTYPE>\nA bank statement declares no document type and no entities.', 'entities that expand without end');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt('<Ntry>&x;</Ntry>', '<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'))),
    E'RA008: malformed camt file, element <!DOCTYPE>\nA bank statement declares no document type and no entities.', 'an entity that is a file of the server');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt('', '<?xml version="1.0"?><!DOCTYPE Document SYSTEM "http://localhost/x.dtd">'))),
    E'RA008: malformed camt file, element <!DOCTYPE>\nA bank statement declares no document type and no entities.', 'a document type elsewhere');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt('<Ntry>&undeclared;</Ntry>'))), E'RA008: malformed camt file, line 1\nIt is not well-formed XML: Entity ''undeclared'' not defined.', 'an entity that nobody declared');
SELECT matches(pg_temp.refused(pg_temp.text(repeat('<a>', 100000)), 'camt'), '^RA008: malformed camt file, line 1', 'elements without end');
SELECT matches(pg_temp.refused(pg_temp.text(left(pg_temp.camt(E'\n\n' || pg_temp.entry()), -40))), E'^RA008: malformed camt file, line 3\nIt is not well-formed XML: ', 'a file that is cut off');
SELECT is(pg_temp.refused(pg_temp.text('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"><CstmrCdtTrfInitn/></Document>')),
    E'RA008: malformed camt file, element Document\nIt holds CstmrCdtTrfInitn, which is no statement, notification or report of an account.', 'another message');
SELECT is(pg_temp.refused(pg_temp.text('<html/>')), E'RA008: malformed camt file, element Document\nThere is no element Document, or nothing in it.', 'another document');
SELECT is(pg_temp.refused(pg_temp.text(replace(pg_temp.camt(''), '<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id></Acct>', ''))),
    E'RA008: malformed camt file, element Stmt[1]/Acct/Id\nThe statement does not name its account.', 'a statement of no account');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry() || pg_temp.entry('<Amt Ccy="EUR">1.005</Amt>')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[2]/Amt\nThe amount "1.005" has more than 2 decimals.', 'three decimals');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">-1</Amt>')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/Amt\nThe amount "-1" is negative.', 'a negative amount');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">99999999999999999999</Amt>')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/Amt\nThe amount "99999999999999999999" is too large.', 'too much');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">1e5</Amt>')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/Amt\n"1e5" is no amount.', 'no amount');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry('')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/Amt\nIt has no amount.', 'none');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt>1</Amt>')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/Amt\nIt has no currency, Ccy.', 'no currency');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="XYZ">1</Amt>')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/Amt\nThe currency "XYZ" is unknown.', 'an unknown one');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry(side => 'BOTH')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/CdtDbtInd\nIt says neither CRDT nor DBIT.', 'no side');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry(day => '2026-02-29')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/BookgDt\nThere is no date 2026-02-29.', 'a day that never was');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry(day => 'soon')))), E'RA008: malformed camt file, element Stmt[1]/Ntry[1]/BookgDt\n"soon" is no date.', 'no day at all');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt(pg_temp.entry())) || '\x00'), E'RA008: malformed camt file\nThere are bytes that are not valid in encoding UTF8.', 'a byte of zero');
SELECT is(pg_temp.refused(pg_temp.text('<?xml version="1.0" encoding="UTF-8"?>' || pg_temp.camt('')) || '\xff'), E'RA008: malformed camt file\nThere are bytes that are not valid in encoding UTF-8.', 'bytes that are no characters');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.camt('', '<?xml version="1.0" encoding="EBCDIC-37"?>'))), E'RA008: malformed camt file, line 1\nThe encoding "EBCDIC-37" is unknown.', 'an encoding that nobody knows');
SELECT is(pg_temp.refused('\xfffe3c0044006f00', 'camt'), E'RA008: malformed camt file, line 1\nThe file is encoded in UTF-16.', 'one that is not read');

-- XML that is odd, and right.
SELECT is(pg_temp.read(pg_temp.text('<a:Document xmlns:a="urn:x"><a:BkToCstmrStmt><a:Stmt><a:Acct><a:Id><a:Othr><a:Id>77</a:Id></a:Othr></a:Id></a:Acct><a:Ntry><a:Amt Ccy="JPY">5</a:Amt><a:CdtDbtInd>DBIT</a:CdtDbtInd>'
    '<a:RvslInd>true</a:RvslInd><a:Sts><a:Cd>BOOK</a:Cd></a:Sts><a:ValDt><a:DtTm>2026-03-01T23:59:59+09:00</a:DtTm></a:ValDt></a:Ntry></a:Stmt></a:BkToCstmrStmt></a:Document>'), 'is_reversal'),
    'JPY -5 | 2026-03-01 | t', 'a prefix, and a namespace of its own');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">1.500</Amt>'), '', ''))), 'EUR 1.50 | 2026-03-02', 'no namespace at all, and a zero too many');
SELECT is(pg_temp.read(pg_temp.text('<Envelope xmlns="urn:e"><Header/>' || pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">2</Amt>')) || '</Envelope>')), 'EUR 2.00 | 2026-03-02', 'in an envelope');
SELECT is(pg_temp.read(convert_to(pg_temp.camt(pg_temp.entry(U&'<Amt Ccy="EUR">3</Amt><AddtlNtryInf>M\00FCller &amp; S\00F6hne</AddtlNtryInf>'), '<?xml version="1.0" encoding="ISO-8859-1"?>'), 'LATIN1')),
    U&'EUR 3.00 | 2026-03-02 | M\00FCller & S\00F6hne', 'in the encoding that it declares');
SELECT is(pg_temp.read('\xefbbbf'::bytea || pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">4</Amt>')))), 'EUR 4.00 | 2026-03-02', 'with a byte order mark');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.camt(replace(pg_temp.entry('<Amt Ccy="EUR">5</Amt>'), 'BOOK', 'PDNG')))), 'EUR 5.00 | 2026-03-02', 'announced only') ;
SELECT results_eq($$SELECT l.is_booked, l.payment_id, s.credit_total FROM ar.bank_line AS l JOIN ar.bank_statement AS s USING (ledger_id, bank_statement_id) ORDER BY l.bank_line_id DESC LIMIT 1$$,
    $$VALUES (false, NULL::bigint, 0::numeric)$$, 'which pays nothing, and is in no total');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.camt(pg_temp.entry('<Amt Ccy="EUR">5</Amt>')))), 'EUR 5.00 | 2026-03-02', 'and when it is booked');
SELECT is((SELECT p.amount::text FROM ar.bank_line AS l JOIN ar.payment AS p USING (ledger_id, payment_id) ORDER BY l.bank_line_id DESC LIMIT 1), 'EUR 5.00', 'it is paid');

-- MT940 that is wrong.
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:2603020302C1,005NTRFNONREF'))), E'RA008: malformed MT940 file, line 5\nThe amount "1,005" has more than 2 decimals.', 'three decimals');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:2603020302C99999999999999999999,NTRFNONREF'))), E'RA008: malformed MT940 file, line 5\nThe amount "99999999999999999999," is too large.', 'too much');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:2603020302X1,NTRFNONREF'))), E'RA008: malformed MT940 file, line 5\nField 61 says neither C nor D after its dates.', 'no side');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:2613020302C1,NTRFNONREF'))), E'RA008: malformed MT940 file, line 5\nThere is no date 2026-13-02.', 'no month');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:260302C1,'))), E'RA008: malformed MT940 file, line 5\nField 61 has no type of transaction after its amount.', 'no type');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940('', 'C260301XYZ0,'))), E'RA008: malformed MT940 file, line 4\nThe currency "XYZ" is unknown.', 'an unknown currency');
SELECT is(pg_temp.refused(pg_temp.text(left(pg_temp.mt940(':61:2603020302C1,NTRFNONREF'), -25))), E'RA008: malformed MT940 file, line 5\nThe statement that begins in line 1 has no closing balance.', 'cut off');
SELECT is(pg_temp.refused(pg_temp.text(E':20:X\n:61:2603020302C1,NTRFNONREF\n')), E'RA008: malformed MT940 file, line 2\nField 61 is out of place.', 'a booking before the balance');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:2603020302C1,NTRFNONREF' || E'\n:86:a')) || '\x0000'), E'RA008: malformed MT940 file, line 9\nThere is a byte of zero.', 'a byte of zero');
SELECT is(pg_temp.refused(pg_temp.text(pg_temp.mt940(':61:2603020302C1,NTRFNONREF' || E'\n:86:')) || '\xff', 'MT940', '{"encoding": "UTF8"}'), 'done', 'what is outside of the statements is not read');
SELECT is(pg_temp.refused(pg_temp.text(E':20:X\n:25:1\n:28C:1\n:60F:C260301EUR0,\n:61:2603020302C1,NTRFNONREF\n:86:') || '\xff0a' || pg_temp.text(E':62F:C260302EUR0,\n'), 'MT940', '{"encoding": "UTF8"}'),
    E'RA008: malformed MT940 file, line 7\nThere are bytes that are not valid in encoding UTF8.', 'bytes that are no characters');
SELECT is(pg_temp.refused('', 'MT940'), E'RA008: malformed MT940 file, line 1\nThere is no statement: no line begins with :20:.', 'nothing');
SELECT is(pg_temp.refused(''), E'RA008: the format of the bank file is not recognised\nIt begins like no camt, MT940, BAI2, lockbox or OFX, and no CSV format of the ledger has its headings.', 'nothing at all');

-- MT940 that is odd, and right.
SELECT is(pg_temp.read(pg_temp.text(E'{1:F01BANKDEFFAXXX0000000000}{2:I940BANKDEFFXXXXN}{4:\r\n' || replace(replace(pg_temp.mt940(':61:2601020102C1,NTRFNONREF//B1' || E'\n:86:\u20AC x'), E'\n', E'\r\n'), E'-\r\n', E'-}{5:{CHK:0}}\r\n')), 'bank_reference, "text"'),
    U&'EUR 1.00 | 2026-01-02 | B1 | \20AC x', 'in the envelope of SWIFT');
SELECT is(pg_temp.read(convert_to(pg_temp.mt940(U&':61:2601020102RD2,NTRFNONREF\000A:86:M\00FCller'), 'WIN1252'), 'is_reversal, "text"'), U&'EUR 2.00 | 2026-01-02 | t | M\00FCller', 'in the encoding of Windows; a debit taken back is a credit');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.mt940(':61:2512310102RC3,50NTRFNONREF'))), 'EUR -3.50 | 2026-01-02', 'a credit taken back is a debit; booked in the year after its value date');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.mt940(E':61:2601020102D4,N426EREF//X\n:86:/TRTP/SEPA OVERBOEKING/IBAN/NL91ABNA0417164300/BIC/ABNANL2A/NAME/J. de Vries/REMI/factuur 20\n26-7 en meer/EREF/E-77/MARF/M-1')),
    'payer_name, payer_account, payer_bank, "text", end_to_end_reference, mandate_reference'), 'EUR -4.00 | 2026-01-02 | J. de Vries | NL91ABNA0417164300 | ABNANL2A | factuur 2026-7 en meer | E-77 | M-1', 'names between slashes');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.mt940(E':61:2601020102C5,NTRFNONREF\n:86:/ORDP//NAME/ACME B.V./REMI/USTD//a/b/EREF/NOTPROVIDED/')), 'payer_name, "text", end_to_end_reference'),
    'EUR 5.00 | 2026-01-02 | ACME B.V. | a/b', 'other ones, and a slash of the payer');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.mt940(E':61:2601020102C6,NTRFNONREF\n:86:166?20EREF+E1?21MREF+M1?22CRED+DE98ZZZ?23SVWZ+Rechnungen 4711, 4712?24 und 4713')), 'end_to_end_reference, mandate_reference, l.original ->> ''creditor_id'', "text"'),
    'EUR 6.00 | 2026-01-02 | E1 | M1 | DE98ZZZ | Rechnungen 4711, 4712  und 4713', 'names of SEPA');
SELECT is(pg_temp.read(pg_temp.text(E':20:I\n:25:1/2\n:28C:1/1\n:34F:EUR0,\n:13D:2601021200+0100\n:61:2601020102EC7,NTRFNONREF\n:61:2601020102C8,NTRFNONREF//I1\n:90D:0EUR0,\n:90C:1EUR8,\n-\n'), 'is_booked'),
    E'EUR 7.00 | 2026-01-02 | f\nEUR 8.00 | 2026-01-02 | t', 'MT942: of the day so far, with what is expected');
SELECT results_eq('SELECT kind, mismatch FROM ar.bank_statement ORDER BY bank_statement_id DESC LIMIT 1', $$VALUES ('intraday', NULL::text[])$$, 'whose counts agree');
SELECT is(length(pg_temp.read(pg_temp.text(pg_temp.mt940(E':61:2601020102C9,NTRFNONREF\n:86:' || repeat(E'line of a very long text\n', 100000))))) > 2000000, true, 'a text of 100,000 lines');
SELECT is(pg_temp.read(pg_temp.text(pg_temp.mt940(':61:2601020102C10,NTRFNONREF', account => 'DE02120300000000202051EUR'))), 'EUR 10.00 | 2026-01-02', 'an account with its currency');
SELECT is((SELECT a.account FROM ar.bank_account AS a ORDER BY a.imported_at DESC LIMIT 1), 'DE02120300000000202051', 'which is no part of its number');

-- BAI2, lockbox, OFX that are wrong: refused, or told.
SELECT is(pg_temp.refused(pg_temp.text(E'01,1,2,260302,1200,1,,,2/\n02,1,2,1,260302,,EUR,/\n03,77,EUR,010,1,,/\n16,195,5x,,,,/\n')), E'RA008: malformed BAI2 file, line 4\n"5x" is no amount.', 'BAI2: no amount');
SELECT is(pg_temp.refused(pg_temp.text(E'01,1,2,260302,1200,1,,,2/\n02,1,2,1,260302,,EUR,/\n03,77,EUR,010,1,,/\n')), E'RA008: malformed BAI2 file, line 3\nThe file ends without record 99.', 'cut off');
SELECT is(pg_temp.refused(pg_temp.text(E'01,1,2,260302,1200,1,,,2/\n16,195,5,,,,/\n')), E'RA008: malformed BAI2 file, line 2\nThe record is outside of an account.', 'out of place');
SELECT is(pg_temp.read(pg_temp.text(E'01,1,2,260302,1200,1,,,2/\n02,1,2,1,260302,,EUR,/\n03,77,EUR,010,100,,/\n16,195,500,0,B7,C7,a, b/c\n88,and more\n49,601,5/\n98,601,1,6/\n99,600,1,8/\n')), 'EUR 5.00 | 2026-03-02 | a, b/c and more', 'a text with commas, slashes and a second line');
SELECT is((SELECT array_to_string(s.mismatch || f.mismatch, E'\n') FROM ar.bank_statement AS s JOIN ar.bank_file AS f USING (ledger_id, bank_file_id) ORDER BY s.bank_statement_id DESC LIMIT 1),
    E'record 49 in line 6: the control total is 601, the file has 600\nrecord 49 in line 6: the number of records is 5, the file has 4\nrecord 99 in line 8: the control total is 600, the file has 601', 'what does not agree is told');
SELECT is(pg_temp.refused(pg_temp.text(E'100BBBBBBBBBB00000000012605231800\n500000000022222605 3BBBBBBBBBB0000000001\n'), 'lockbox'), E'RA008: malformed lockbox file, line 2\n"2605 3" is no date.', 'lockbox: no date');
SELECT is(pg_temp.refused(pg_temp.text(E'OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>USD\n<BANKACCTFROM><ACCTID>7\n</BANKACCTFROM><STMTTRN><DTPOSTED>20260302<TRNAMT>1.005</STMTTRN></STMTRS></OFX>')), E'RA008: malformed OFX file, line 5\nThe amount "1.005" has more than 2 decimals.', 'OFX: three decimals');
SELECT is(pg_temp.refused(pg_temp.text(E'OFXHEADER:100\n\n<OFX><STMTRS><CURDEF>USD\n<STMTTRN>')), E'RA008: malformed OFX file, line 4\nThe file is cut off inside a statement.', 'cut off');
SELECT is(pg_temp.refused(pg_temp.text('<?xml version="1.0"?><!DOCTYPE OFX [<!ENTITY x "y">]><?OFX OFXHEADER="200"?><OFX/>'), 'OFX'), E'RA008: malformed OFX file, line 1\nIt has a DOCTYPE, which is not read.', 'a document type');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
