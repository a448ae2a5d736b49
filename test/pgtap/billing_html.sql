-- Protects the printed form: what it says and to whom, in which language, and that no text becomes code.
-- How it looks is for eyes; what the QR code says is read in test/t/060_einvoice.pl.

BEGIN;
\ir helper.psql
SELECT plan(63);

SELECT ar.create_ledger('TEST', E'"; } </style><script>alert(1)</script>', 'EUR');
SELECT ar.create_ledger('OTHER', 'Other', 'EUR');
UPDATE ar.ledger SET legal_name = 'Nordlicht & Söhne GmbH', tax_id = 'DE136695976', tax_id_scheme = 'VAT', registration_id = 'HRB 1', street = 'Weg 1',
    city = 'Hamburg', postal_code = '20457', country = 'DE', email = 'a@example.com', phone = '+49 40 1', iban = 'DE89370400440532013000', bic = 'COBADEFFXXX'
WHERE code = 'TEST';
SELECT ar.create_customer(pg_temp.ledger(), 'C1', '<script>alert("C1")</script> & ''Co''', '30% due on receipt, 70% 2/10 net 30');
SELECT ar.create_customer(pg_temp.ledger(), 'C2', 'Plain', 'net 14');
UPDATE ar.customer SET country = 'US', city = 'Springfield', region = 'IL', postal_code = '62701', language = 'en' WHERE code = 'C1';

CREATE FUNCTION pg_temp.draft(number text, customer text, total ar.monetary, kind text DEFAULT 'invoice', corrects text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    INSERT INTO ar.invoice (ledger_id, customer_id, kind, corrects_id, number, invoiced_on, total)
    VALUES (pg_temp.ledger(), pg_temp.customer(draft.customer), draft.kind, pg_temp.invoice(draft.corrects), draft.number, '2026-03-05', draft.total)
    RETURNING invoice_id INTO id;
    INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_code, unit_price, tax_category, tax_rate, net, tax)
    VALUES (pg_temp.ledger(), id, 1, E'Thing <img src=x onerror=alert(1)>\nwith <b>more</b>', 2.5, 'HUR', 400, 'S', 19,
            ar.monetary(1000, ar.currency(draft.total)), ar.monetary(190, ar.currency(draft.total)));
    RETURN id;
END
$$;
CREATE FUNCTION pg_temp.page(number text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT ar.invoice_html(pg_temp.ledger(), pg_temp.invoice(number)) $$;
-- The page as people read it: neither style nor marks, and one space between words.
CREATE FUNCTION pg_temp.words(number text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT btrim(regexp_replace(regexp_replace(regexp_replace(pg_temp.page(number), '<style>.*</style>', ''), '<[^>]*>', ' ', 'g'), '[\s\u00a0]+', ' ', 'g'))
$$;

SELECT pg_temp.draft('I1', 'C1', 'EUR 1190.00');
UPDATE ar.invoice SET note = 'Thanks <i>a lot</i>', purchase_order = 'PO-<1>', supplied_on = '2026-03-02', period_from = '2026-02-01', period_to = '2026-02-28'
WHERE number = 'I1';
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('I1'));

-- One page that is safe

SELECT matches(pg_temp.page('I1'), '^<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">', 'a page of HTML in its language');
SELECT matches(pg_temp.page('I1'), '</html>\n$', 'to its end');
SELECT is((SELECT count(*) FROM regexp_matches(pg_temp.page('I1'), '<script|<img|<i>|<b>', 'gi')), 0::bigint, 'no text becomes an element');
SELECT is((SELECT count(*) FROM regexp_matches(pg_temp.page('I1'), '</style>', 'gi')), 1::bigint, 'nor ends the style sheet');
SELECT is((SELECT string_agg(DISTINCT m[1], ' ' ORDER BY m[1])
           FROM regexp_matches(regexp_replace(pg_temp.page('I1'), '>[^<]*<', '><', 'g'), '<([a-z0-9]+)', 'gi') AS m),
          'body br div figcaption figure footer h1 h2 head header html main meta p path section span style svg table tbody td th thead title tr',
          'there are these elements and no other: none that runs, none that fetches');
SELECT is((SELECT string_agg(DISTINCT m[1], ' ' ORDER BY m[1])
           FROM regexp_matches(regexp_replace(pg_temp.page('I1'), '>[^<]*<', '><', 'g'), '\s([a-z:-]+)\s*=', 'gi') AS m),
          'charset class content d fill initial-scale lang name scope shape-rendering viewBox xmlns', 'with these attributes');
SELECT unalike(pg_temp.page('I1'), '%url(%', 'and the style sheet fetches nothing');
SELECT ok(position('&lt;script&gt;alert(&quot;C1&quot;)&lt;/script&gt; &amp; &#39;Co&#39;' IN pg_temp.page('I1')) > 0, 'a hostile name is shown as it is');
SELECT ok(position('\22 \3b  \7d  \3c \2f style' IN pg_temp.page('I1')) > 0, 'also in the style sheet, where it names the page');
SELECT is(ar.html(E'a\x01b<&>"'''), 'ab&lt;&amp;&gt;&quot;&#39;', 'what is escaped');
SELECT is(ar.css_string('a"b\'), '"a\22 b\5c "', 'and in a style sheet');

-- What it says

SELECT ok(position(w.words IN pg_temp.words('I1')) > 0, w.words)
FROM (VALUES ('Invoice I1'), ('Date 5 Mar 2026'), ('Date of supply 2 Mar 2026'), (E'Period 1 Feb 2026 \u2013 28 Feb 2026'), ('Customer number C1'),
      ('Your order PO-&lt;1&gt;'), ('Springfield, IL 62701 US'), ('Thanks &lt;i&gt;a lot&lt;/i&gt;'),
      ('# Description Quantity Unit price VAT Amount EUR'),
      ('1 Thing &lt;img src=x onerror=alert(1)&gt; with &lt;b&gt;more&lt;/b&gt; 2.5 h 400.00 19% 1,000.00'),
      ('Total without VAT 1,000.00 VAT 19% on 1,000.00 190.00 Total EUR 1,190.00'),
      ('Please pay EUR 357.00 by 5 Mar 2026.'), ('Please pay EUR 833.00 by 4 Apr 2026.'),
      ('If paid by 15 Mar 2026: EUR 816.34 (discount EUR 16.66)'),
      ('Account holder Nordlicht &amp; Söhne GmbH IBAN DE89 3704 0044 0532 0130 00 BIC COBADEFFXXX'),
      ('Reference ' || regexp_replace(ar.creditor_reference('I1'), '(....)', '\1 ')), ('Scan to pay EUR 357.00'),
      ('Registration HRB 1'), ('VAT number DE136695976')) AS w(words);

-- The QR code asks for the instalment that is due first, as long as something is open.

SELECT ok(position(ar.qr_code_svg(ar.epc_payment_code('Nordlicht & Söhne GmbH', 'DE89370400440532013000', 'COBADEFFXXX', 'EUR 357.00', ar.creditor_reference('I1')))
                   IN pg_temp.page('I1')) > 0, 'the code is that of the first instalment');
SELECT is(ar.epc_payment_code('Nordlicht', 'DE89 3704 0044 0532 0130 00', NULL, 'EUR 12.30', 'rf18 5390 0754 7034'),
          E'BCD\n002\n1\nSCT\n\nNordlicht\nDE89370400440532013000\nEUR12.3\n\nRF18539007547034', 'what a code says, with a structured reference');
SELECT is(ar.epc_payment_code(E' Nord\nlicht ', 'DE89370400440532013000', 'COBADEFFXXX', 'EUR 5', E'No 7\nof two'),
          E'BCD\n002\n1\nSCT\nCOBADEFFXXX\nNord licht\nDE89370400440532013000\nEUR5\n\n\nNo 7 of two', 'and with a text; no line is broken into');
SELECT is(split_part(ar.epc_payment_code(repeat('x', 80), 'DE89370400440532013000', NULL, 'EUR 999999999.99', 'x'), E'\n', 6), repeat('x', 70), 'a name is cut to 70');
SELECT is(ar.epc_payment_code('N', 'DE89370400440532013000', NULL, 'EUR 1000000000.00', 'x'), NULL, 'too much');
SELECT is(ar.epc_payment_code('N', 'DE89370400440532013000', NULL, 'EUR 0.00', 'x'), NULL, 'nothing');
SELECT is(ar.epc_payment_code('N', 'DE89370400440532013000', NULL, 'USD 1.00', 'x'), NULL, 'no euros');
SELECT is(ar.epc_payment_code('N', NULL, NULL, 'EUR 1.00', 'x'), NULL, 'no account');
SELECT is(ar.epc_payment_code('N', 'CH9300762011623852957', NULL, 'EUR 1.00', 'x'), NULL, 'outside of the European Economic Area a BIC is needed');
SELECT isnt(ar.epc_payment_code('N', 'CH9300762011623852957', 'POFICHBEXXX', 'EUR 1.00', 'x'), NULL, 'and does');
SELECT is(ar.epc_payment_code('N', 'TR330006100519786457841326', 'TCZBTR2AXXX', 'EUR 1.00', 'x'), NULL, 'no account in the area of SEPA');
SELECT ok(length(ar.epc_payment_code(repeat('x', 70), 'MT84MALT011000012345MTLCAST001S', 'MALTMTMTXXX', 'EUR 999999999.99', repeat('y', 140))) <= 331,
          'the longest fits version 13 at level M, as the standard wants');

-- Languages

SELECT pg_temp.draft('I2', 'C2', 'EUR 1190.00');
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('I2'));
SELECT ok(position('Rechnung I2' IN pg_temp.words('I2')) > 0 AND position('Gesamtbetrag 1.190,00 EUR' IN pg_temp.words('I2')) > 0
          AND position(E'2,5 Std. 400,00 19 % 1.000,00' IN pg_temp.words('I2')) > 0 AND position('Fällig am 19.03.2026' IN pg_temp.words('I2')) > 0,
          'without a language of his own a customer is written to in that of the seller''s country');
SELECT is((SELECT string_agg(l.language || ': ' || replace(ar.format_money('EUR -1234567.50', ar.labels(pg_temp.ledger(), l.language)), E'\u00A0', ' ') || ', '
                             || ar.format_date('2026-03-05', ar.labels(pg_temp.ledger(), l.language)), E'\n' ORDER BY l.language)
           FROM unnest('{en,en-US,de,de-CH,fr,es,it,nl,pt}'::text[]) AS l(language)),
    E'de: \u22121.234.567,50 EUR, 05.03.2026\nde-CH: EUR \u22121\u2019234\u2019567.50, 05.03.2026\nen: EUR \u22121,234,567.50, 5 Mar 2026\n'
    || E'en-US: EUR \u22121,234,567.50, Mar 5, 2026\nes: \u22121.234.567,50 EUR, 05/03/2026\nfr: \u22121\u202F234\u202F567,50 EUR, 05/03/2026\n'
    || E'it: \u22121.234.567,50 EUR, 05/03/2026\nnl: EUR \u22121.234.567,50, 05-03-2026\npt: EUR \u22121,234,567.50, 5 Mar 2026',
    'amounts and dates as each language writes them, English for one that is not there');
SELECT is((SELECT count(*) FROM ar.label_texts() AS t WHERE t.language IN ('en', 'de', 'fr', 'es', 'it', 'nl')
           GROUP BY t.label HAVING count(*) <> 6), NULL, 'every label is worded in six languages');
SELECT is_empty($$ SELECT t.language, t.label FROM ar.label_texts() AS t GROUP BY t.language, t.label HAVING count(*) > 1 $$, 'once in each');
SELECT is_empty($$
    SELECT t.language, t.label FROM ar.label_texts() AS t JOIN ar.label_texts() AS e ON e.language = 'en' AND e.label = t.label
    WHERE ARRAY(SELECT m[1] FROM regexp_matches(t.wording, '\{[a-z]+\}', 'g') AS m ORDER BY 1)
       <> ARRAY(SELECT m[1] FROM regexp_matches(e.wording, '\{[a-z]+\}', 'g') AS m ORDER BY 1)
$$, 'with the same places to fill in');
INSERT INTO ar.document_label VALUES (pg_temp.ledger(), 'pt', 'invoice', 'Fatura'), (pg_temp.ledger(), 'de', 'invoice', 'Honorarnote'),
    (pg_temp.ledger(), 'de-at', 'number', 'Nr'), (pg_temp.ledger(), 'en', 'payment', 'To pay');
SELECT is(ar.labels(pg_temp.ledger(), 'pt-BR') ->> 'invoice', 'Fatura', 'a ledger adds a language');
SELECT is(ar.labels(pg_temp.ledger(), 'DE-AT') ->> 'invoice', 'Honorarnote', 'and words of its own');
SELECT is((ar.labels(pg_temp.ledger(), 'de-AT') ->> 'number') || (ar.labels(pg_temp.ledger(), 'de') ->> 'number'), 'NrNummer', 'also for one country');
SELECT is(ar.labels(pg_temp.ledger(), 'de') ->> 'payment', 'Zahlung', 'which do not displace those of another language');
SELECT is(ar.labels(pg_temp.ledger('OTHER'), 'de') ->> 'invoice', 'Rechnung', 'nor another ledger''s');
SELECT is(ar.fill_template('{a} and {b}, {a}{c}', ARRAY['a', '{b}', 'b', NULL]), '{b} and , {b}', 'a template is filled once');
SELECT is(ar.format_number(0.5, '{"decimal_separator": ",", "group_separator": "\\1"}', 3), '0,500', 'decimals are added, never dropped');
SELECT is(ar.format_number(1234, '{"decimal_separator": ",", "group_separator": "\\1"}'), E'1\\1234', 'and a separator is text');

-- Other documents

SELECT pg_temp.draft('N1', 'C2', 'EUR 1190.00', kind => 'credit_memo', corrects => 'I2');
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('N1'));
SELECT ok(position('Gutschrift N1' IN pg_temp.words('N1')) > 0 AND position('Zu Rechnung I2' IN pg_temp.words('N1')) > 0
          AND position('Gutschriftbetrag 1.190,00 EUR' IN pg_temp.words('N1')) > 0 AND position('IBAN' IN pg_temp.words('N1')) = 0
          AND position('<svg' IN pg_temp.page('N1')) = 0, 'a credit memo asks for no payment');
SELECT pg_temp.draft('D1', 'C2', 'EUR 1190.00');
SELECT ok(position('Entwurf' IN pg_temp.words('D1')) > 0 AND position('USt. 19 % auf 1.000,00 190,00' IN pg_temp.words('D1')) > 0
          AND position('bis zum 19.03.2026' IN pg_temp.words('D1')) > 0 AND position('<svg' IN pg_temp.page('D1')) = 0,
          'a draft is stamped, complete, and not to be paid yet');
SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('C1'), 'EUR 1190.00', '2026-03-20', reference => 'PAY', apply => 'none');
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('PAY'), pg_temp.item('I1', 1), 'EUR 357.00', '2026-03-20');
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('PAY'), pg_temp.item('I1', 2), 'EUR 833.00', '2026-03-20');
SELECT ok(position('<svg' IN pg_temp.page('I1')) = 0 AND position('Please pay EUR 357.00' IN pg_temp.words('I1')) > 0,
          'what is paid is printed as it was, without a code to pay it again');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status)
VALUES (pg_temp.ledger(), pg_temp.customer('C2'), 'T1', '2026-03-05', 'EUR 5.00', 'open');
SELECT ok(position('<table class="lines">' IN pg_temp.page('T1')) = 0 AND position('Gesamtbetrag 5,00 EUR' IN pg_temp.words('T1')) > 0, 'an invoice without lines has its total');

SELECT throws_ok($$ SELECT ar.invoice_html(pg_temp.ledger(), 0) $$, '23503', NULL, 'no such invoice');
SELECT throws_ok($$ SELECT ar.invoice_html(pg_temp.ledger('OTHER'), pg_temp.invoice('I1')) $$, '23503', NULL, 'nor in another ledger');
SELECT is((SELECT string_agg(substring(p.page FROM '<title>(.*)</title>'), ', ' ORDER BY p.invoice_id)
           FROM ar.invoices_html(pg_temp.ledger(), ARRAY[pg_temp.invoice('N1'), pg_temp.invoice('I1')]) AS p), 'Invoice I1, Gutschrift N1', 'many documents, a row each');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
