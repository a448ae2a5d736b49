-- cash: bank lines are told once, become payments, and what is not a payment is not lost.
BEGIN;
\ir helper.psql
SELECT plan(104);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset

-- Files as banks write them: an entry of camt, and a message; a statement of MT940.
CREATE FUNCTION pg_temp.entry(amount text, reference text DEFAULT NULL, e2e text DEFAULT NULL, content text DEFAULT NULL, side text DEFAULT 'CRDT',
    day text DEFAULT '2026-03-02', extra text DEFAULT '', details text DEFAULT NULL, payer text DEFAULT 'DE89370400440532013000', code text DEFAULT 'RCDT')
RETURNS text LANGUAGE sql AS $$
    SELECT format('<Ntry><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%3$s</Dt></ValDt>%s'
        '<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>%s</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls>%s</NtryDtls></Ntry>',
        amount, side, day, '<AcctSvcrRef>' || reference || '</AcctSvcrRef>', code,
        coalesce(details, '<TxDtls><Refs>' || coalesce('<EndToEndId>' || e2e || '</EndToEndId>', '') || '</Refs><RltdPties><Dbtr><Nm>Payer</Nm></Dbtr><DbtrAcct><Id><IBAN>'
            || payer || '</IBAN></Id></DbtrAcct></RltdPties><RmtInf>' || coalesce('<Ustrd>' || content || '</Ustrd>', '') || '</RmtInf>' || extra || '</TxDtls>'))
$$;
CREATE FUNCTION pg_temp.camt(entries text, id text DEFAULT '1', message text DEFAULT '053') RETURNS bytea LANGUAGE sql AS $$
    SELECT convert_to(format('<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.%s.001.08"><%s><GrpHdr><MsgId>%s</MsgId></GrpHdr>'
        '<%s><Id>%3$s</Id><CreDtTm>2026-03-02T18:00:00</CreDtTm><Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ccy>EUR</Ccy></Acct>%5$s</%4$s></%2$s></Document>',
        message, CASE message WHEN '053' THEN 'BkToCstmrStmt' WHEN '054' THEN 'BkToCstmrDbtCdtNtfctn' ELSE 'BkToCstmrAcctRpt' END, id,
        CASE message WHEN '053' THEN 'Stmt' WHEN '054' THEN 'Ntfctn' ELSE 'Rpt' END, entries), 'UTF8')
$$;
CREATE FUNCTION pg_temp.mt940(bookings text, opening text DEFAULT 'C260301EUR0,', closing text DEFAULT 'C260302EUR0,', number text DEFAULT '1/1') RETURNS text LANGUAGE sql AS
$$ SELECT format(E':20:S%s\r\n:25:12345678/1\r\n:28C:%1$s\r\n:60F:%s\r\n%s:62F:%s\r\n-\r\n', number, opening, bookings, closing) $$;
CREATE FUNCTION pg_temp.import(content bytea, format text DEFAULT 'auto', options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s: %s new, %s known%s', s.account, s.new_lines, s.known_lines, CASE WHEN s.is_new THEN '' ELSE ', not new' END), '; ' ORDER BY s.bank_statement_id)
    FROM ar.import_bank_statement(pg_temp.ledger(), $1, $2, $3) AS s
$$;
CREATE FUNCTION pg_temp.text(content text) RETURNS bytea LANGUAGE sql AS $$ SELECT convert_to($1, 'UTF8') $$;
CREATE FUNCTION pg_temp.refused(content bytea, format text DEFAULT 'auto', options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT regexp_replace(pg_temp.outcome(format('SELECT ar.import_bank_statement(pg_temp.ledger(), %L, %L, %L)', $1, $2, $3), 'all'), E'\n(Nothing of|Find out|Save|Give|Name)[^\n]*$', '') $$;
-- The latest line of a text, or with a reference.
CREATE FUNCTION pg_temp.line(what text) RETURNS bigint LANGUAGE sql AS $$
    SELECT max(l.bank_line_id) FROM ar.bank_line AS l WHERE l.ledger_id = pg_temp.ledger() AND $1 IN (l."text", l.bank_reference, l.end_to_end_reference, l.payer_name)
$$;
CREATE FUNCTION pg_temp.line_state(what text) RETURNS text LANGUAGE sql AS
$$ SELECT r.state FROM ar.report_bank_line AS r WHERE r.ledger_id = pg_temp.ledger() AND r.bank_line_id = pg_temp.line($1) $$;
CREATE FUNCTION pg_temp.paid() RETURNS numeric LANGUAGE sql AS $$ SELECT coalesce(sum(ar.amount(p.amount)), 0) FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger() $$;

-- Told once.
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('10', 'R1', 'E1', 'one') || pg_temp.entry('20', 'R2', 'E2', 'two'))), 'DE02120300000000202051: 2 new, 0 known', 'a statement');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('10', 'R1', 'E1', 'one') || pg_temp.entry('20', 'R2', 'E2', 'two'))), 'DE02120300000000202051: 2 new, 0 known, not new', 'again');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('20', 'R2', 'E2', 'two') || pg_temp.entry('30', 'R3', 'E3', 'three'), '2')), 'DE02120300000000202051: 1 new, 1 known',
    'one that overlaps brings what it has anew');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('30', 'R3', 'E3', 'three') || pg_temp.entry('40', 'R4', 'E4', 'four'), '3', '054')), 'DE02120300000000202051: 1 new, 1 known',
    'a notification, too');
SELECT is(pg_temp.paid(), 100::numeric, 'each is paid once');
SELECT is(pg_temp.line_state('two'), 'duplicate', 'what was told before is a duplicate');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('5', NULL, NULL, 'rent') || pg_temp.entry('5', NULL, NULL, 'rent'), '4')), 'DE02120300000000202051: 2 new, 0 known',
    'two that are the same, in one file, are two');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('5', NULL, NULL, 'rent') || pg_temp.entry('5', NULL, NULL, 'rent') || pg_temp.entry('6', NULL, NULL, 'rent'), '5')),
    'DE02120300000000202051: 1 new, 2 known', 'and are known both');
SELECT is(pg_temp.import(pg_temp.camt(repeat(pg_temp.entry('5', NULL, NULL, 'rent'), 3), '6')), 'DE02120300000000202051: 1 new, 2 known', 'a third is new');
SELECT is(pg_temp.paid(), 121::numeric, 'three of 5 and one of 6');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('7', NULL, 'same', 'seven'), '7', '054')), 'DE02120300000000202051: 1 new, 0 known', 'without a reference of the bank');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('7', NULL, 'same', 'seven, written otherwise') || pg_temp.entry('7', NULL, 'same', 'seven', payer => 'GB82WEST12345698765432'), '8')),
    'DE02120300000000202051: 1 new, 1 known', 'the end-to-end reference and the account of the payer tell');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('7', NULL, 'same', 'seven', day => '2026-03-03'), '9')), 'DE02120300000000202051: 1 new, 0 known', 'on another day it is another');
-- What looks the same in two files may be two: somebody says so.
SELECT is(ar.count_bank_lines(:ledger, ARRAY[pg_temp.line('two')]), 1::bigint, 'a duplicate is none');
SELECT is(pg_temp.line_state('two'), 'waiting', 'and waits');
SELECT is(ar.post_bank_lines(:ledger), 1::bigint, 'to be a payment');
SELECT is(pg_temp.paid(), 162::numeric, 'of 20');
SELECT is(pg_temp.import(pg_temp.camt(repeat(pg_temp.entry('20', 'R2', 'E2', 'two'), 2), '10')), 'DE02120300000000202051: 0 new, 2 known', 'now two are known');

-- A batch: one line, or its transactions.
CREATE FUNCTION pg_temp.details(amounts text[]) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('<TxDtls><Refs><EndToEndId>B%s</EndToEndId></Refs><Amt Ccy="EUR">%s</Amt><RmtInf><Ustrd>part %s</Ustrd></RmtInf></TxDtls>', nth, amount, nth), '' ORDER BY nth)
    FROM unnest($1) WITH ORDINALITY AS a(amount, nth) $$;
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('60', 'BATCH', details => pg_temp.details('{10,20,30}')), '11', '054')), 'DE02120300000000202051: 3 new, 0 known', 'transactions of a batch are a line each');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('60', 'BATCH', details => '<Btch><NbOfTxs>3</NbOfTxs></Btch>'), '12')), 'DE02120300000000202051: 0 new, 1 known', 'the batch in one is known');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('61', 'BATCH2', details => '<Btch><NbOfTxs>2</NbOfTxs></Btch>'), '13')), 'DE02120300000000202051: 1 new, 0 known', 'a batch in one');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('61', 'BATCH2', details => pg_temp.details('{31,30}')), '14', '054')), 'DE02120300000000202051: 0 new, 2 known', 'is not paid again by its transactions');
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('62', 'BATCH3', details => pg_temp.details('{31,30}')), '15')), 'DE02120300000000202051: 1 new, 0 known', 'transactions that do not add up are not taken');
SELECT results_eq($$SELECT s.mismatch, s.transaction_details, s.lines FROM ar.bank_statement AS s WHERE s.ledger_id = pg_temp.ledger() AND s.reference = '15'$$,
    $$VALUES ('{"the details of entry 1 do not add up to its amount: it is one line"}'::text[], 2, 1)$$, 'and that is told');
SELECT is(pg_temp.paid(), 345::numeric, 'and all is paid once');

-- Facts.
SELECT is(pg_temp.outcome('UPDATE ar.bank_line SET amount = amount'), 'RA003', 'what the bank said is not changed');
SELECT is(pg_temp.outcome('UPDATE ar.bank_line SET "text" = NULL WHERE false'), 'RA003', 'nor tried to be');
SELECT is(pg_temp.outcome('DELETE FROM ar.bank_line'), 'RA003', 'nor deleted');
SELECT is(pg_temp.outcome('TRUNCATE ar.bank_line CASCADE'), 'RA003', 'nor truncated');
SELECT is(pg_temp.outcome('UPDATE ar.bank_statement SET mismatch = NULL'), 'RA003', 'a statement neither');
SELECT is(pg_temp.outcome('DELETE FROM ar.bank_file'), 'RA003', 'nor a file');
SELECT is(pg_temp.outcome($$UPDATE ar.bank_line SET payment_id = NULL WHERE bank_line_id = pg_temp.line('one')$$), 'RA003', 'a payment stays');
SELECT is(pg_temp.outcome($$UPDATE ar.bank_line SET occurrence = 9 WHERE bank_line_id = pg_temp.line('one')$$), 'RA003', 'so does which of several it is');
SELECT is(pg_temp.outcome($$UPDATE ar.bank_line SET duplicate_of = pg_temp.line('four') WHERE bank_line_id = pg_temp.line('one')$$), 'RA003', 'and of what it is a duplicate');

-- Payments: none of what is ignored; the one that is there already.
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('11', 'P1', 'pay-1', 'p1') || pg_temp.entry('12', 'P2', NULL, 'p2') || pg_temp.entry('13', 'P3', 'pay-3', 'p3')
    || pg_temp.entry('14', 'P4', 'pay-4', 'p4'), '20'), 'camt.053', '{"post": false}'), 'DE02120300000000202051: 4 new, 0 known', 'lines that wait');
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, processor_reference) VALUES
    (:ledger, pg_temp.customer('A'), 'EUR 11', '2026-03-01', 'pay-1'), (:ledger, pg_temp.customer('A'), 'EUR 13', '2026-03-01', 'pay-3'),
    (:ledger, pg_temp.customer('B'), 'EUR 13', '2026-03-01', 'pay-3'), (:ledger, pg_temp.customer('A'), 'EUR 14.01', '2026-03-01', 'pay-4');
SELECT is(pg_temp.outcome(format('SELECT ar.ignore_bank_lines(%s, ARRAY[pg_temp.line(''p2'')], '' '')', :ledger)), '23514', 'nothing is ignored without a reason');
SELECT is(ar.ignore_bank_lines(:ledger, ARRAY[pg_temp.line('p2')], 'own money'), 1::bigint, 'one is ignored');
SELECT results_eq($$SELECT ignored_reason, ignored_by = session_user, ignored_at IS NOT NULL FROM ar.bank_line WHERE bank_line_id = pg_temp.line('p2')$$,
    $$VALUES ('own money', true, true)$$, 'with who said so');
SELECT is(ar.post_bank_lines(:ledger), 3::bigint, 'the others are payments');
SELECT is(ar.post_bank_lines(:ledger), 0::bigint, 'once');
SELECT results_eq($$SELECT l."text", p.customer_id = pg_temp.customer('A'), p.amount::text FROM ar.bank_line AS l JOIN ar.payment AS p USING (ledger_id, payment_id)
      WHERE l.ledger_id = pg_temp.ledger() AND l."text" ~ '^p[0-9]' ORDER BY 1$$,
    $$VALUES ('p1', true, 'EUR 11.00'), ('p3', NULL, 'EUR 13.00'), ('p4', NULL, 'EUR 14.00')$$,
    'the one that was recorded before is taken; where two fit, or the amount differs, it is a new one, of nobody');
SELECT is(pg_temp.line_state('p2'), 'ignored', 'ignored');
SELECT is(ar.restore_bank_lines(:ledger, ARRAY[pg_temp.line('p2')]), 1::bigint, 'and not any more');
SELECT is(pg_temp.outcome(format('UPDATE ar.bank_line SET payment_id = %s WHERE bank_line_id = pg_temp.line(''p2'')', (SELECT min(payment_id) FROM ar.payment WHERE amount = 'EUR 14.01'))),
    '23514', 'a line is no payment of another amount');
SELECT is(ar.post_bank_lines(:ledger, ARRAY[pg_temp.line('p2'), pg_temp.line('p2')]), 1::bigint, 'it becomes one');
SELECT is(pg_temp.outcome(format('SELECT ar.ignore_bank_lines(%s, ARRAY[pg_temp.line(''p2'')], ''late'')', :ledger)), 'RA004', 'and cannot be ignored then');
SELECT is(pg_temp.outcome(format('SELECT ar.ignore_bank_lines(%s, ARRAY[pg_temp.line(''p2'')], ''late'')', :ledger), 'all'), format(E'RA004: bank line %s cannot be ignored\nIt is payment %s already.\n'
    'Where the money is no matter of the receivables, take the payment back: ar.reverse_payment(%s, %2$s, ''in_error'', reason => ''...''). The line then waits for nobody.',
    pg_temp.line('p2'), (SELECT payment_id FROM ar.bank_line WHERE bank_line_id = pg_temp.line('p2')), :ledger), 'but its payment be taken back');
SELECT is(pg_temp.outcome(format('SELECT ar.ignore_bank_lines(%s, ARRAY[0], ''none'')', :ledger)), 'RA004', 'nor can what is not there');
SELECT results_eq($$SELECT p.method, p.received_on, p.reference, p.structured_reference, p.payer_name, p.payer_account, p.processor_reference, p.mandate_reference
      FROM ar.bank_line AS l JOIN ar.payment AS p USING (ledger_id, payment_id) WHERE l.bank_line_id = pg_temp.line('p3')$$,
    $$VALUES ('wire', date '2026-03-02', 'p3', NULL, 'Payer', 'DE89370400440532013000', 'pay-3', NULL)$$, 'a payment says what the line said');
SELECT results_eq($$SELECT c, ar.bank_line_method(c, NULL) FROM unnest('{PMNT/RDDT/ESDD,PMNT/RCHQ/XBCQ,PMNT/CCRD/POSC,PMNT/CNTR/CDPT,PMNT/RCDT/ESCT,NTRF+171,NCHK,lockbox,175,195,CHECK}'::text[]) WITH ORDINALITY AS u(c, n) ORDER BY n$$,
    $$VALUES ('PMNT/RDDT/ESDD', 'direct_debit'), ('PMNT/RCHQ/XBCQ', 'cheque'), ('PMNT/CCRD/POSC', 'card'), ('PMNT/CNTR/CDPT', 'cash'), ('PMNT/RCDT/ESCT', 'wire'),
      ('NTRF+171', 'direct_debit'), ('NCHK', 'cheque'), ('lockbox', 'lockbox'), ('175', 'cheque'), ('195', 'wire'), ('CHECK', 'cheque')$$, 'how it was paid');

-- The states of credits.
SELECT ar.create_invoice(:ledger, pg_temp.customer('A'), jsonb_build_array(jsonb_build_object('unit_price', 5)), '2026-02-01', number => 'V1') \g /dev/null
SELECT is(pg_temp.line_state('p1'), 'on_account', 'of a customer, and nothing of it applied');
SELECT is(pg_temp.line_state('p3'), 'unidentified', 'of nobody');
SELECT ar.apply(:ledger, (SELECT i.item_id FROM ar.item AS i JOIN ar.bank_line AS l USING (ledger_id, payment_id) WHERE l.bank_line_id = pg_temp.line('p1')), pg_temp.item('V1')) \g /dev/null
SELECT is(pg_temp.line_state('p1'), 'partly_matched', 'partly applied');
SELECT ar.create_invoice(:ledger, pg_temp.customer('A'), jsonb_build_array(jsonb_build_object('unit_price', 6)), '2026-02-01', number => 'V2') \g /dev/null
SELECT ar.apply(:ledger, (SELECT i.item_id FROM ar.item AS i JOIN ar.bank_line AS l USING (ledger_id, payment_id) WHERE l.bank_line_id = pg_temp.line('p1')), pg_temp.item('V2')) \g /dev/null
SELECT is(pg_temp.line_state('p1'), 'matched', 'all of it');
INSERT INTO ar.match_suggestion (ledger_id, kind, payment_id, customer_id, rule, confidence, explanation, fingerprint)
SELECT :ledger, 'payer', l.payment_id, pg_temp.customer('B'), 'name', 0.5, 'The name is alike.', '\x00' FROM ar.bank_line AS l WHERE l.bank_line_id = pg_temp.line('p3');
SELECT is(pg_temp.line_state('p3'), 'suggested', 'with a suggestion');
SELECT is((SELECT explanation FROM ar.unmatched_bank_line WHERE bank_line_id = pg_temp.line('p3')), 'The name is alike.', 'which is shown where it waits');
SELECT is_empty($$SELECT FROM ar.unmatched_bank_line WHERE bank_line_id IN (pg_temp.line('p1'), (SELECT max(bank_line_id) FROM ar.bank_line WHERE duplicate_of IS NOT NULL))$$, 'what is matched, or a duplicate, does not wait');

-- Debits: what they are, and what came back.  Mandates are not the matter here.
INSERT INTO ar.cash_policy (ledger_id, requires_mandate) VALUES (:ledger, false);
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, mandate_reference, processor_reference) VALUES
    (:ledger, pg_temp.customer('B'), 'EUR 50', '2026-01-05', 'direct_debit', 'M1', 'dd-1'), (:ledger, pg_temp.customer('B'), 'EUR 50', '2026-02-05', 'direct_debit', 'M1', 'dd-2'),
    (:ledger, pg_temp.customer('B'), 'EUR 9', '2026-02-05', 'direct_debit', NULL, 'dd-3');
SELECT is(pg_temp.import(pg_temp.camt(
    pg_temp.entry('50', 'D1', 'dd-1', 'came back', 'DBIT', extra => '<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>')
    || pg_temp.entry('53.50', 'D2', NULL, 'by mandate', 'DBIT', details => '<TxDtls><Refs><MndtId>M1</MndtId></Refs><RmtInf><Ustrd>by mandate</Ustrd></RmtInf><RtrInf><Rsn><Cd>MD06</Cd></Rsn></RtrInf></TxDtls>')
    || pg_temp.entry('9', 'D3', NULL, 'who knows', 'DBIT', extra => '<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>')
    || replace(pg_temp.entry('2', 'D4', NULL, 'charges', 'DBIT', code => 'ICDT'), 'ESCT', 'CHRG') || pg_temp.entry('3', 'D5', NULL, 'Refund 17', 'DBIT') || pg_temp.entry('4', 'D6', NULL, 'stamps', 'DBIT'), '30')),
    'DE02120300000000202051: 6 new, 0 known', 'debits');
SELECT results_eq($$SELECT l.bank_reference, d.kind, p.processor_reference FROM ar.classify_bank_debits(pg_temp.ledger()) AS d JOIN ar.bank_line AS l ON l.bank_line_id = d.bank_line_id
      LEFT JOIN ar.payment AS p ON p.payment_id = d.payment_id ORDER BY 1$$,
    $$VALUES ('D1', 'return', 'dd-1'), ('D2', 'return', 'dd-2'), ('D3', 'return', NULL), ('D4', 'fee', NULL), ('D5', 'refund', NULL), ('D6', 'other', NULL)$$,
    'each is recognised; a return finds its payment by reference, or the last of its mandate');
SELECT is((SELECT d.explanation FROM ar.classify_bank_debits(:ledger, ARRAY[pg_temp.line('D2')]) AS d),
    format('The bank took back payment %s of EUR 50.00, by its mandate M1, with EUR 3.50 more.', (SELECT payment_id FROM ar.payment WHERE processor_reference = 'dd-2')), 'in a sentence');
SELECT is(pg_temp.line_state('D6'), 'other', 'none is lost');
SELECT results_eq($$SELECT state, offered_payment_id = (SELECT payment_id FROM ar.payment WHERE processor_reference = 'dd-1') FROM ar.unmatched_bank_line WHERE bank_line_id = pg_temp.line('D1')$$,
    $$VALUES ('return', true)$$, 'each is offered');
SELECT is(ar.accept_bank_return(:ledger, pg_temp.line('D2'), fee => 'EUR 3.50'), (SELECT payment_id FROM ar.payment WHERE processor_reference = 'dd-2'), 'a return is accepted');
SELECT results_eq($$SELECT r.kind, r.reversed_on, r.reason_code, r.reason, r.fee::text FROM ar.payment_reversal AS r JOIN ar.payment AS p USING (ledger_id, payment_id) WHERE p.processor_reference = 'dd-2'$$,
    $$VALUES ('returned', date '2026-03-02', 'md06', 'MD06', 'EUR 3.50')$$, 'and the payment reversed, on the day of the bank, for its reason');
SELECT is(pg_temp.line_state('D2'), 'accepted', 'which settles the line');
SELECT is(pg_temp.outcome(format('SELECT ar.accept_bank_return(%s, pg_temp.line(''D2''))', :ledger)), 'RA004', 'once');
SELECT is(pg_temp.outcome(format('SELECT ar.accept_bank_return(%s, pg_temp.line(''D3''))', :ledger), 'all'),
    format(E'RA004: what bank line %s took back is not known\nThe bank took something back, and no payment has its reference.\nName the payment.', pg_temp.line('D3')), 'nothing is guessed');
SELECT is(ar.accept_bank_return(:ledger, pg_temp.line('D3'), (SELECT payment_id FROM ar.payment WHERE processor_reference = 'dd-3')),
    (SELECT payment_id FROM ar.payment WHERE processor_reference = 'dd-3'), 'somebody may say it');

-- Card numbers are never stored, and what only looks like one is no reason to refuse a file.
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('80', 'K1', NULL, 'card 4111 1111 1111 1111, thanks')
    || pg_temp.entry('81', 'K2', NULL, 'betalingskenmerk 1234567812345670 van mei', extra => '<RmtInf><Strd><CdtrRefInf><Ref>1234567812345670</Ref></CdtrRefInf></Strd></RmtInf>'), '40')),
    'DE02120300000000202051: 2 new, 0 known', 'a card number, and a reference that looks like one');
SELECT results_eq($$SELECT l.bank_reference, l."text", p.reference, p.structured_reference FROM ar.bank_line AS l JOIN ar.payment AS p USING (ledger_id, payment_id) WHERE l.bank_reference ~ '^K' ORDER BY 1$$,
    $$VALUES ('K1', 'card 4111 11** **** 1111, thanks', 'card 4111 11** **** 1111, thanks', NULL), ('K2', 'betalingskenmerk 1234567812345670 van mei', 'betalingskenmerk ... van mei', NULL)$$,
    'the one is masked everywhere; the payment has the other only where the ledger lets such numbers pass');
UPDATE ar.cash_policy SET refuses_card_numbers = false WHERE ledger_id = :ledger AND customer_id IS NULL;
SELECT pg_temp.import(pg_temp.camt(pg_temp.entry('82', 'K3', NULL, 'betalingskenmerk 1234567812345670 van mei'), '41')) \g /dev/null
SELECT is((SELECT p.reference FROM ar.bank_line AS l JOIN ar.payment AS p USING (ledger_id, payment_id) WHERE l.bank_reference = 'K3'), 'betalingskenmerk 1234567812345670 van mei', 'as here');

-- CSV: the columns are mapped; nothing is guessed.
SELECT is(pg_temp.import(convert_to(E'Konto;Umsaetze\n\nBuchungstag;Wert;Auftraggeber;Verwendungszweck;Notiz;Betrag;W\u00E4hrung\n02.03.2026;03.03.2026;"M\u00FCller; S\u00F6hne";"Re 7 ""eilig""\nzweite Zeile";x;"1.234,50";EUR\n2.3.2026;;Bank;Geb\u00FChr;;-0,50;\n;;;;;;\n', 'WIN1252'), 'CSV',
    U&'{"columns": {"booked_on": "Buchungstag", "value_on": "Wert", "amount": "Betrag", "currency": "W\00E4hrung", "payer_name": "Auftraggeber", "text": ["Verwendungszweck", "Notiz"]},
      "delimiter": ";", "decimal": ",", "date_format": "D.M.YYYY", "skip": 2, "account": "DE02 1203 0000 0000 2020 51"}'), 'DE02120300000000202051: 2 new, 0 known', 'CSV of a German bank');
SELECT results_eq($$SELECT amount::text, booked_on, value_on, payer_name, "text" FROM ar.bank_line WHERE bank_statement_id = (SELECT max(bank_statement_id) FROM ar.bank_statement) ORDER BY "position"$$,
    E'VALUES (\'EUR 1234.50\', date \'2026-03-02\', date \'2026-03-03\', U&\'M\\00FCller; S\\00F6hne\', E\'Re 7 "eilig"\\nzweite Zeile x\'), (\'EUR -0.50\', \'2026-03-02\', \'2026-03-02\', \'Bank\', U&\'Geb\\00FChr\')',
    'quotes, umlauts, dates and amounts are read');
INSERT INTO ar.bank_csv_format (ledger_id, name, mapping, header) VALUES (:ledger, 'two columns',
    '{"columns": {"booked_on": "Date", "credit": "In", "debit": "Out", "text": "What", "account": "Account", "bank_reference": "Id"}, "currency": "USD", "date_format": "MM/DD/YYYY"}', 'Date,Account,Id,What,In,Out');
SELECT is(pg_temp.import(pg_temp.text(E'\uFEFFDate,Account,Id,What,In,Out\r\n03/02/2026,1-2,1,a,"1,000.00",\r\n03/02/2026,3,2,b,,5.5\r\n03/03/2026,1-2,3,c,0.00,7\r\n')),
    '1-2: 2 new, 0 known; 3: 1 new, 0 known', 'a format that the ledger knows by its headings; an account each is a statement');
SELECT is(pg_temp.import(pg_temp.text(E'1;2026-03-02;S;3,10;EUR\n'), 'CSV', '{"columns": {"booked_on": 2, "indicator": 3, "amount": 4, "currency": 5}, "header": false, "delimiter": ";", "decimal": ",", "account": "X"}'),
    'X: 1 new, 0 known', 'without headings, by numbers, with an indicator of the side');
SELECT is(pg_temp.refused(pg_temp.text(E'd,a\n2026-03-02,1\n2026-03-02,1.001\n'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}, "account": "X"}'),
    E'RA008: malformed CSV file, line 3\n"1.001" is no amount with "." before at most 2 decimals.', 'no amount is rounded');
SELECT is(pg_temp.refused(pg_temp.text(E'd,a\n2026-03-02,"1,50"\n'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}, "account": "X"}'),
    E'RA008: malformed CSV file, line 2\n"1,50" is no amount with "." before at most 2 decimals.', 'nor a comma taken for what it may not be');
SELECT is(pg_temp.refused(pg_temp.text(E'd,a\n2026-02-30,1\n'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}, "account": "X"}'), E'RA008: malformed CSV file, line 2\nThere is no date 2026-02-30.', 'no day that never was');
SELECT is(pg_temp.refused(pg_temp.text(E'd,a\n2026-02-03,1,"x\n'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}, "account": "X"}'), E'RA008: malformed CSV file, line 2\nA quote is not closed.', 'no open quote');
SELECT is(pg_temp.refused(pg_temp.text(E'd,b\n'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}, "account": "X"}'), E'RA008: malformed CSV file, line 1\nThere is no column "a".', 'no column that is not there');
SELECT is(pg_temp.refused(pg_temp.text(E'd,a\n2026-02-03,1\n'), 'CSV', '{"columns": {"booked_on": "d", "amount": "a"}}'), E'RA008: malformed CSV file, line 2\nThe statement does not name its account.', 'no account, no statement');
SELECT is(pg_temp.outcome($$SELECT ar.import_bank_statement(pg_temp.ledger(), 'a', 'CSV', '{"columns": {"sum": "a"}}')$$), '22023', 'a mapping to what is not there');
SELECT is(pg_temp.outcome($$SELECT ar.import_bank_statement(pg_temp.ledger(), 'a', 'CSV', '{"csv_format": "none"}')$$), '23503', 'a format that is not there');
SELECT is(pg_temp.outcome($$SELECT ar.import_bank_statement(pg_temp.ledger(), 'a', 'pdf')$$), '22023', 'a format of its own');
SELECT is(pg_temp.outcome($$SELECT ar.import_bank_statement(0, 'a')$$), '23503', 'a ledger that is not there');

-- Options are known ones, and of their type.
SELECT is(pg_temp.outcome(format('SELECT ar.import_bank_statement(%s, ''a'', %L, %L)', :ledger, v.format, v.options), 'all'), v.expected, v.words) FROM (VALUES
    ('MT940', '{"psot": false}', E'22023: unknown option "psot" of a bank file\nThe options of MT940 are post, encoding, currency, month_has_30_days.', 'an option that is misspelt'),
    ('camt.053', '{"delimiter": ";"}', E'22023: unknown option "delimiter" of a bank file\nThe options of camt are post, encoding, currency, month_has_30_days.', 'or of another format'),
    ('CSV', '{"columsn": {}}', E'22023: unknown option "columsn" of a bank file\nThe options of CSV are post, encoding, currency, month_has_30_days, account, account_name, bank, columns, credit, csv_format, date_format, debit, decimal, delimiter, header, skip.', 'of CSV, too'),
    ('BAI2', '{"post": "no"}', E'22023: option "post" of a bank file is of type string\nIt is true or false.', 'or of another type')) AS v(format, options, expected, words);
SELECT is(pg_temp.outcome(format('SELECT ar.import_bank_statement(%s, ''a'', %L, ''{"x": 1}'')', :ledger, f)), '22023', 'no format takes what it does not know: ' || f)
FROM unnest('{auto,lockbox,OFX,camt}'::text[]) AS f;

-- A line that moves no money waits for nobody.
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('0', 'Z1', 'Z1', 'nothing'), 'zero')), 'DE02120300000000202051: 1 new, 0 known', 'a line of no money');
SELECT results_eq($$SELECT ignored_reason, ignored_by = session_user FROM ar.bank_line WHERE bank_line_id = pg_temp.line('nothing')$$, $$VALUES ('It moves no money.', true)$$, 'is ignored from the beginning');

-- Card numbers in what a payer wrote are masked, and hold up no file; nor do references that satisfy Luhn's formula by chance.
SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('71', 'C1', '4111111111111111', 'card 4111 1111 1111 1111')
    || pg_temp.entry('72', 'C2', 'C2', extra => '', details => '<TxDtls><Refs><EndToEndId>C2</EndToEndId></Refs><RmtInf><Strd><CdtrRefInf><Ref>1234567890123452</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>')
    || pg_temp.entry('73', 'C3', 'C3', 'order 1234567890123452'), 'cards')), 'DE02120300000000202051: 3 new, 0 known', 'a file with card numbers is imported');

SELECT results_eq($$SELECT l.end_to_end_reference, p.processor_reference FROM ar.bank_line AS l JOIN ar.payment AS p USING (ledger_id, payment_id) WHERE l.ledger_id = pg_temp.ledger() AND l.bank_reference = 'C1'$$,
    $$VALUES ('411111******1111', '411111******1111')$$, 'the reference that the payer gave is masked, too');

-- A debit takes back no payment that is more than it.
SELECT pg_temp.import(pg_temp.camt(pg_temp.entry('5', 'C9', 'C9', 'charges', 'DBIT'), 'debit')) \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.accept_bank_return(%s, %s, %s)', :ledger, pg_temp.line('C9'), (SELECT payment_id FROM ar.bank_line WHERE ledger_id = :ledger AND bank_reference = 'C1')), 'all'),
    format(E'23514: bank line %s cannot be payment %s\nThe line is EUR -5.00, the payment EUR 71.00.\nA debit takes back a payment that is no more than it. Where the bank took back a part, ignore the line with ar.ignore_bank_lines(), and record what was paid back with ar.refund().',
        pg_temp.line('C9'), (SELECT payment_id FROM ar.bank_line WHERE ledger_id = :ledger AND bank_reference = 'C1')), 'a debit of 5 is no return of 71');
SELECT is((SELECT count(*) FROM ar.payment_reversal AS r JOIN ar.bank_line AS l USING (ledger_id, payment_id) WHERE l.bank_reference = 'C1'), 0::bigint, 'and nothing is reversed');
SELECT is(pg_temp.line_state('C9'), 'other', 'the debit waits');

-- A line whose payment was taken back waits for nobody.
SELECT ar.reverse_payment(:ledger, (SELECT payment_id FROM ar.bank_line WHERE ledger_id = :ledger AND bank_reference = 'C2'), 'in_error', '2026-03-05') \g /dev/null
SELECT is(pg_temp.line_state('C2'), 'reversed', 'the payment of a line is taken back');
SELECT is_empty($$SELECT FROM ar.unmatched_bank_line WHERE bank_line_id = pg_temp.line('C2')$$, 'and the line waits no more');

SELECT is(pg_temp.import(pg_temp.camt(pg_temp.entry('71', 'C1', '4111111111111111', 'card 4111 1111 1111 1111'), 'cards again')), 'DE02120300000000202051: 0 new, 1 known', 'and the line known again');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
