-- Protects what an e-invoice says, asked by XPath, and what is said where it cannot be made.
-- Whether the rules accept it is judged in test/t/060_einvoice.pl.

BEGIN;
\ir helper.psql
SELECT plan(60);

SELECT ar.create_ledger('TEST', 'Nordlicht <&> Co', 'EUR');
SELECT ar.create_ledger('OTHER', 'Other', 'EUR');
UPDATE ar.ledger SET legal_name = 'Nordlicht GmbH', tax_id = 'DE136695976', tax_id_scheme = 'VAT', registration_id = 'HRB 1', street = 'Weg 1',
    city = 'Hamburg', postal_code = '20457', country = 'DE', email = 'a@example.com', phone = '+49 40 1', iban = 'DE89370400440532013000', bic = 'COBADEFFXXX'
WHERE code = 'TEST';
SELECT ar.create_customer(pg_temp.ledger(), 'C1', E'Hostile\x02 ]]> </cbc:Name><script>&amp;', 'net 30');
SELECT ar.create_customer(pg_temp.ledger(), 'C2', 'Bare');
UPDATE ar.customer SET country = 'XK', city = 'Prishtina', language = 'en', buyer_reference = 'LW-1', electronic_address = 'x@example.com',
    electronic_address_scheme = 'EM' WHERE code = 'C1';
INSERT INTO ar.contact (ledger_id, customer_id, name, role, channel, address, is_primary)
VALUES (pg_temp.ledger(), pg_temp.customer('C1'), 'Second', 'billing', 'email', 'b@example.com', false),
       (pg_temp.ledger(), pg_temp.customer('C1'), 'First', 'billing', 'email', 'c@example.com', true);

-- Drafts, straight into the tables.
CREATE FUNCTION pg_temp.draft(number text, customer text, total ar.monetary, kind text DEFAULT 'invoice', corrects text DEFAULT NULL,
                              rates numeric[] DEFAULT '{19}', category text DEFAULT 'S', reason text DEFAULT NULL, unit text DEFAULT 'C62',
                              description text DEFAULT 'Thing') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    id bigint;
BEGIN
    INSERT INTO ar.invoice (ledger_id, customer_id, kind, corrects_id, number, invoiced_on, total)
    VALUES (pg_temp.ledger(), pg_temp.customer(draft.customer), draft.kind, pg_temp.invoice(draft.corrects), draft.number, '2026-03-05', draft.total)
    RETURNING invoice_id INTO id;
    INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_code, unit_price, tax_category, tax_rate,
                                 exemption_reason, net, tax)
    SELECT pg_temp.ledger(), id, r.place, draft.description, 2, draft.unit, 50, draft.category, r.rate, draft.reason,
           ar.monetary(100, ar.currency(draft.total)), ar.monetary(r.rate, ar.currency(draft.total))
    FROM unnest(draft.rates) WITH ORDINALITY AS r(rate, place);
    RETURN id;
END
$$;
-- What a path comes to, as the text that it stands for.
CREATE FUNCTION pg_temp.at(number text, path text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT replace(replace(replace((xpath('string(' || path || ')', ar.invoice_ubl(pg_temp.ledger(), pg_temp.invoice(number)),
        '{{i,urn:oasis:names:specification:ubl:schema:xsd:Invoice-2},{n,urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2},
          {a,urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2},{b,urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}}'))[1]::text,
        '&lt;', '<'), '&gt;', '>'), '&amp;', '&')
$$;

SELECT pg_temp.draft('I1', 'C1', 'EUR 226.00', rates => '{19,7}');
UPDATE ar.invoice SET period_from = '2026-02-01', period_to = '2026-02-28', supplied_on = '2026-03-01', purchase_order = 'PO <1>', note = 'A & B'
WHERE number = 'I1';
UPDATE ar.invoice_line SET description = E'Name\nand more', item_number = 'S-1', buyer_item_number = 'B-1' WHERE invoice_id = pg_temp.invoice('I1') AND line_number = 1;
-- Prices are never negative in an e-invoice, quantities may be.
UPDATE ar.invoice_line SET quantity = -4, unit_price = -25 WHERE invoice_id = pg_temp.invoice('I1') AND line_number = 2;
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('I1'));

SELECT is(pg_temp.at('I1', 'local-name(/*)'), 'Invoice', 'an invoice is an Invoice');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:CustomizationID'), 'urn:cen.eu:en16931:2017', 'by EN 16931');
SELECT is(pg_temp.at('I1', 'count(//b:ProfileID)'), '0', 'of no process');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:ID'), 'I1', 'with its number');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:IssueDate'), '2026-03-05', 'date');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:DueDate'), '2026-04-04', 'due date');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:InvoiceTypeCode'), '380', 'type');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:Note'), 'A & B', 'note');
SELECT is(pg_temp.at('I1', '/i:Invoice/b:BuyerReference'), 'LW-1', 'reference of the customer');
SELECT is(pg_temp.at('I1', '/i:Invoice/a:OrderReference/b:ID'), 'PO <1>', 'order');
SELECT is(pg_temp.at('I1', 'concat(//a:InvoicePeriod/b:StartDate, " ", //a:InvoicePeriod/b:EndDate)'), '2026-02-01 2026-02-28', 'period');
SELECT is(pg_temp.at('I1', '//a:Delivery/b:ActualDeliveryDate'), '2026-03-01', 'date of supply');
SELECT is(pg_temp.at('I1', '//a:AccountingSupplierParty/a:Party/a:PartyName/b:Name'), 'Nordlicht <&> Co', 'name of the seller');
SELECT is(pg_temp.at('I1', '//a:AccountingSupplierParty//a:PartyLegalEntity/b:RegistrationName'), 'Nordlicht GmbH', 'its legal name');
SELECT is(pg_temp.at('I1', '//a:AccountingSupplierParty//a:PartyTaxScheme[a:TaxScheme/b:ID = "VAT"]/b:CompanyID'), 'DE136695976', 'its VAT id');
SELECT is(pg_temp.at('I1', '//a:AccountingCustomerParty/a:Party/a:PartyName/b:Name'), 'Hostile ]]> </cbc:Name><script>&amp;',
          'a hostile name is text, without what XML cannot say');
SELECT is(pg_temp.at('I1', '//a:AccountingCustomerParty//a:Country/b:IdentificationCode'), '1A', 'Kosovo by the code of the rules');
SELECT is(pg_temp.at('I1', '//a:AccountingCustomerParty//b:EndpointID[@schemeID = "EM"]'), 'x@example.com', 'electronic address of the buyer');
SELECT is(pg_temp.at('I1', 'count(//a:AccountingSupplierParty//b:EndpointID)'), '0', 'none of the seller, who has none');
SELECT is(pg_temp.at('I1', '//a:AccountingCustomerParty//a:Contact/b:ElectronicMail'), 'c@example.com', 'the first contact for billing');
SELECT is(pg_temp.at('I1', '//a:PaymentMeans/b:PaymentMeansCode'), '58', 'a transfer within SEPA');
SELECT is(pg_temp.at('I1', '//a:PaymentMeans/b:PaymentID'), ar.creditor_reference('I1'), 'the creditor reference');
SELECT is(pg_temp.at('I1', 'concat(//a:PayeeFinancialAccount/b:ID, " ", //a:FinancialInstitutionBranch/b:ID)'), 'DE89370400440532013000 COBADEFFXXX', 'the account');
SELECT is(pg_temp.at('I1', '//a:PaymentTerms/b:Note'), E'Please pay EUR\u00A0226.00 by 4 Apr 2026.', 'the terms in words');
SELECT is(pg_temp.at('I1', 'count(/i:Invoice/a:TaxTotal/a:TaxSubtotal)'), '2', 'a tax subtotal a rate');
SELECT is(pg_temp.at('I1', '//a:TaxSubtotal[a:TaxCategory/b:Percent = 7]/b:TaxAmount'), '7.00', 'with its tax');
SELECT is(pg_temp.at('I1', 'concat(//b:LineExtensionAmount, " ", //b:TaxExclusiveAmount, " ", //b:TaxInclusiveAmount, " ", //b:PayableAmount)'),
          '200.00 200.00 226.00 226.00', 'the totals');
SELECT is(pg_temp.at('I1', '//b:PayableAmount/@currencyID'), 'EUR', 'in their currency');
SELECT is(pg_temp.at('I1', 'concat(//a:InvoiceLine[1]//b:Name, " | ", //a:InvoiceLine[1]//b:Description)'), 'Name | and more', 'the first line of a description is the name');
SELECT is(pg_temp.at('I1', 'concat(//a:SellersItemIdentification, " ", //a:BuyersItemIdentification)'), 'S-1 B-1', 'item numbers');
SELECT is(pg_temp.at('I1', 'concat(//a:InvoiceLine[2]/b:InvoicedQuantity, " ", //a:InvoiceLine[2]//b:PriceAmount)'), '4 25', 'a price is not negative');
SELECT is(pg_temp.at('I1', '//a:InvoiceLine[1]/b:InvoicedQuantity/@unitCode'), 'C62', 'the unit');

-- Memos

SELECT pg_temp.draft('N1', 'C1', 'EUR 119.00', kind => 'credit_memo', corrects => 'I1');
SELECT pg_temp.draft('M1', 'C1', 'EUR 119.00', kind => 'debit_memo', corrects => 'I1');
SELECT pg_temp.draft('P1', 'C1', 'EUR 119.00', kind => 'deposit');
SELECT ar.post_invoices(pg_temp.ledger(), ARRAY[pg_temp.invoice('N1'), pg_temp.invoice('M1'), pg_temp.invoice('P1')]);
SELECT is(pg_temp.at('N1', 'concat(local-name(/*), " ", //b:CreditNoteTypeCode)'), 'CreditNote 381', 'a credit memo is a CreditNote');
SELECT is(pg_temp.at('N1', 'concat(//a:BillingReference//b:ID, " ", //a:BillingReference//b:IssueDate)'), 'I1 2026-03-05', 'for an invoice of a date');
SELECT is(pg_temp.at('N1', 'concat(//b:PaymentMeansCode, " ", count(//b:PaymentID), count(//a:PayeeFinancialAccount), count(//b:DueDate), count(//a:CreditNoteLine), count(//b:CreditedQuantity))'), '97 00011', 'nobody is asked to pay it');
SELECT is(pg_temp.at('M1', 'concat(//b:InvoiceTypeCode, " ", //a:BillingReference//b:ID)'), '383 I1', 'a debit memo');
SELECT is(pg_temp.at('P1', '//b:InvoiceTypeCode'), '386', 'a prepayment');

-- Tax in a foreign currency is in the seller's own, too.

SELECT pg_temp.draft('U1', 'C1', 'USD 119.00');
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('U1'));
SELECT is(pg_temp.outcome($$ SELECT ar.invoice_ubl(pg_temp.ledger(), pg_temp.invoice('U1')) $$, 'all'),
          E'23514: an e-invoice lacks what the rules demand\n'
          || E'U1: exchange rate from USD to EUR for the tax (ar.exchange_rate) (BR-53)\n'
          || 'Each line names the document, what is missing and, in brackets, the rule. ar.missing_for_ubl() gives the same as rows.',
          'a missing exchange rate is said');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'USD', 'EUR', '2020-01-01', 0.915);
SELECT is(pg_temp.at('U1', 'concat(//b:TaxCurrencyCode, " ", //b:TaxAmount[@currencyID = "EUR"], " ", //a:TaxTotal[1]/b:TaxAmount)'), 'EUR 17.39 19.00',
          'tax in the currency of the ledger');
SELECT is(pg_temp.at('U1', '//b:PaymentMeansCode'), '30', 'a transfer outside of SEPA');

-- Outside of the scope of tax nobody has a VAT id, and there is no rate.

SELECT pg_temp.draft('O1', 'C1', 'EUR 100.00', rates => '{0}', category => 'O', reason => 'Damages');
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('O1'));
SELECT is(pg_temp.at('O1', 'concat(count(//a:PartyTaxScheme), count(//b:Percent), " ", //b:TaxExemptionReason)'), '00 Damages', 'out of scope');

-- Many at once

SELECT is((SELECT string_agg((xpath('string(/*/*[local-name() = "ID"])', u.document))[1]::text, ' ' ORDER BY u.invoice_id)
           FROM ar.invoices_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('N1'), pg_temp.invoice('I1'), pg_temp.invoice('M1')]) AS u), 'I1 N1 M1',
          'many documents, a row each');
SELECT is((SELECT count(*) FROM ar.invoices_ubl(pg_temp.ledger(), '{}')), 0::bigint, 'none of none');
SELECT is((SELECT u.document::text FROM ar.invoices_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('N1'), pg_temp.invoice('I1')]) AS u LIMIT 1),
          ar.invoice_ubl(pg_temp.ledger(), pg_temp.invoice('I1'))::text, 'one is many with one');
SELECT ok(ar.invoice_ubl(pg_temp.ledger(), pg_temp.invoice('I1')) IS DOCUMENT, 'a document of XML');

-- What lacks, all of it at once

SELECT throws_ok($$ SELECT ar.invoice_ubl(pg_temp.ledger(), 0) $$, '23503', NULL, 'no such invoice');
SELECT throws_ok($$ SELECT ar.invoice_ubl(pg_temp.ledger('OTHER'), pg_temp.invoice('I1')) $$, '23503', NULL, 'nor in another ledger');

SELECT pg_temp.draft('D1', 'C1', 'EUR 119.00');
SELECT is(pg_temp.outcome($$ SELECT ar.invoice_ubl(pg_temp.ledger(), pg_temp.invoice('D1')) $$, 'all'),
          E'23514: an e-invoice lacks what the rules demand\n'
          || E'D1: it is draft: only what is posted has its number for good (BR-02)\n'
          || 'Each line names the document, what is missing and, in brackets, the rule. ar.missing_for_ubl() gives the same as rows.',
          'a draft is not sent');

SELECT pg_temp.draft('L1', 'C2', 'EUR 119.00', description => ' ', unit => 'piece');
SELECT pg_temp.draft('L2', 'C2', 'EUR 100.00', rates => '{0}', category => 'K', reason => 'Intra-Community supply');
SELECT pg_temp.draft('L3', 'C2', 'EUR 100.00', rates => '{0}', category => 'AE', reason => 'Reverse charge');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, payment_means)
VALUES (pg_temp.ledger(), pg_temp.customer('C2'), 'L4', '2026-03-05', 'EUR 5.00', '99');
SELECT ar.post_invoices(pg_temp.ledger(), ARRAY[pg_temp.invoice('L1'), pg_temp.invoice('L2'), pg_temp.invoice('L3'), pg_temp.invoice('L4')]);
UPDATE ar.ledger SET tax_id = NULL, tax_id_scheme = NULL, registration_id = NULL, country = NULL WHERE code = 'TEST';
SELECT set_eq($$ SELECT m.number || ' ' || m.rule FROM ar.missing_for_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('L1'), pg_temp.invoice('L2'), pg_temp.invoice('L3'), pg_temp.invoice('L4')]) AS m $$,
    ARRAY['L1 BR-09', 'L1 BR-11', 'L1 BR-25', 'L1 BR-CL-23', 'L1 BR-CO-26', 'L1 BR-S-02',
          'L2 BR-09', 'L2 BR-11', 'L2 BR-CO-26', 'L2 BR-IC-02',
          'L3 BR-09', 'L3 BR-11', 'L3 BR-CO-26', 'L3 BR-S-02', 'L3 BR-AE-02',
          'L4 BR-09', 'L4 BR-11', 'L4 BR-CO-26', 'L4 BR-16', 'L4 BR-CL-16'],
    'everything of every document is listed');
SELECT matches(pg_temp.outcome($$ SELECT * FROM ar.invoices_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('L1'), pg_temp.invoice('L4')]) $$, 'all'),
    '^23514: 2 e-invoices lack what the rules demand\nL1: country of the seller \(ar\.ledger\.country\) \(BR-09\)\n(.+\n){5}L4: it has no lines \(BR-16\)\n(.+\n){4}Each line',
    'in one error');
SELECT is((SELECT string_agg(m.missing, '; ') FROM ar.missing_for_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('L1')]) AS m WHERE m.rule LIKE 'BR-CL%' OR m.rule = 'BR-11'),
    'country of customer C2 (ar.customer.country); unit of UN/ECE recommendation 20 on line 1 ("piece") (ar.invoice_line.unit_code)', 'and where it goes');
UPDATE ar.ledger SET tax_id = 'DE136695976', registration_id = 'HRB 1', country = 'DE' WHERE code = 'TEST';

SELECT is((SELECT string_agg(m.rule, ' ') FROM ar.missing_for_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('I1')],
           'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0') AS m), 'PEPPOL-EN16931-R020 PEPPOL-EN16931-CL008',
          'Peppol demands more');
UPDATE ar.customer SET electronic_address = '4000000000006', electronic_address_scheme = '0088' WHERE code = 'C1';
UPDATE ar.ledger SET electronic_address = '1', electronic_address_scheme = '9999' WHERE code = 'TEST';
SELECT is((SELECT string_agg(m.rule, ' ') FROM ar.missing_for_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('I1')]) AS m), 'BR-CL-25', 'an address of an unknown scheme is found');
UPDATE ar.ledger SET electronic_address = '4000000000006', electronic_address_scheme = '0088' WHERE code = 'TEST';
SELECT is((SELECT string_agg((xpath('string(/*/*[local-name() = "ProfileID"])', ar.invoice_ubl(pg_temp.ledger(), pg_temp.invoice('I1'),
           'urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0', 'urn:fdc:peppol.eu:2017:poacc:billing:01:1.0')))[1]::text, '')),
          'urn:fdc:peppol.eu:2017:poacc:billing:01:1.0', 'with all of it, it is made, and names its process');

SELECT is((SELECT string_agg(m.rule, ' ') FROM ar.missing_for_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('I1')],
           'urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0') AS m), 'BR-DE-9', 'and so does XRechnung');

-- The third decimal of a dinar is more than the rules know.

SELECT pg_temp.draft('B1', 'C1', 'BHD 119.000');
UPDATE ar.invoice_line SET unit_price = 50.0005, net = 'BHD 100.001', tax = 'BHD 19.000' WHERE invoice_id = pg_temp.invoice('B1');
UPDATE ar.invoice SET total = 'BHD 119.001' WHERE number = 'B1';
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'BHD', 'EUR', '2020-01-01', 2.4);
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('B1'));
SELECT is((SELECT string_agg(m.rule, ' ') FROM ar.missing_for_ubl(pg_temp.ledger(), ARRAY[pg_temp.invoice('B1')]) AS m), 'UBL-DT-01', 'a third decimal is refused');

-- What is prepaid

SELECT pg_temp.draft('A1', 'C1', 'EUR 119.00');
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('A1'));
SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('C1'), 'EUR 50.00', '2026-03-01', reference => 'PAY', apply => 'none');
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('PAY'), pg_temp.item('A1'), 'EUR 30.00', '2026-03-05');
-- Paid later: no prepayment.
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('PAY'), pg_temp.item('A1'), 'EUR 20.00', '2026-03-06');
SELECT is(pg_temp.at('A1', 'concat(//b:PrepaidAmount, " ", //b:PayableAmount)'), '30.00 89.00', 'what was applied by its date is prepaid, what came later is not');

-- A deposit of 119 paid, and used for an invoice of 226: the credit memo for it, in between, leaves nothing to be paid out.

SELECT ar.record_payment(pg_temp.ledger(), pg_temp.customer('C1'), 'EUR 119.00', '2026-03-06', reference => 'DEP', apply => 'none');
SELECT ar.apply(pg_temp.ledger(), pg_temp.item('DEP'), pg_temp.item('P1'), 'EUR 119.00', '2026-03-06');
SELECT pg_temp.draft('F1', 'C1', 'EUR 226.00', rates => '{19,7}');
SELECT ar.post_invoice(pg_temp.ledger(), pg_temp.invoice('F1'));
SELECT ar.apply_deposit(pg_temp.ledger(), pg_temp.invoice('P1'), pg_temp.invoice('F1'), applied_on => '2026-03-10') AS memo \gset
SELECT is(pg_temp.at('F1', 'concat(//b:TaxInclusiveAmount, " ", //b:PrepaidAmount, " ", //b:PayableAmount)'), '226.00 119.00 107.00', 'a deposit is paid in advance');
SELECT number AS memo_number FROM ar.invoice WHERE ledger_id = pg_temp.ledger() AND invoice_id = :memo \gset
SELECT is(pg_temp.at(:'memo_number', 'concat(//a:BillingReference//b:ID, " ", //b:TaxInclusiveAmount, " ", //b:PrepaidAmount, " ", //b:PayableAmount)'),
          'P1 119.00 119.00 0.00', 'once, not twice');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
