-- billing: e-invoices, in UBL 2.1 by the rules of EN 16931.

CREATE FUNCTION ar.ubl_text(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN t.content <> '' THEN t.content END
    FROM (SELECT btrim(regexp_replace(content, '[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]', '', 'g'),
                       E' \t\r\n')) AS t(content)
$$;
COMMENT ON FUNCTION ar.ubl_text(text) IS
'A text without the characters that XML has no way to write, and without white space around it; NULL if nothing is left, for then its element is left out.';

CREATE FUNCTION ar.ubl_amount(amount ar.monetary) RETURNS numeric
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT CASE WHEN scale(ar.amount(amount)) <= 2 THEN ar.amount(amount)
           -- EN 16931 knows two decimals: a third is written only if it is there, and is found out before.
           ELSE round(ar.amount(amount), greatest(2, scale(trim_scale(ar.amount(amount))))) END
$$;
COMMENT ON FUNCTION ar.ubl_amount(ar.monetary) IS
'An amount as EN 16931 writes it: with two decimals at most where its currency has more and they are zero.';

CREATE FUNCTION ar.ubl_address(street text, additional_street text, city text, postal_code text, region text, country text)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT xmlforest(
        ar.ubl_text(street) AS "cbc:StreetName",
        ar.ubl_text(additional_street) AS "cbc:AdditionalStreetName",
        ar.ubl_text(city) AS "cbc:CityName",
        ar.ubl_text(postal_code) AS "cbc:PostalZone",
        ar.ubl_text(region) AS "cbc:CountrySubentity",
        -- Kosovo has no code of the standard, and 1A in e-invoices.
        CASE WHEN country IS NOT NULL THEN xmlelement(name "cbc:IdentificationCode", CASE country WHEN 'XK' THEN '1A' ELSE country END) END AS "cac:Country")
$$;
COMMENT ON FUNCTION ar.ubl_address(text, text, text, text, text, text) IS
'What an address says in UBL (BG-5, BG-8, BG-15). Arguments: street, additional_street, city, postal_code, region, country; NULL: none.';

CREATE FUNCTION ar.ubl_tax_category(
    element text,
    tax_category text,
    tax_rate numeric,
    exemption_reason text,
    exemption_reason_code text,
    has_rate boolean DEFAULT false
) RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT CASE element
        WHEN 'cac:ClassifiedTaxCategory' THEN xmlelement(name "cac:ClassifiedTaxCategory", f.content)
        ELSE xmlelement(name "cac:TaxCategory", f.content) END
    FROM (SELECT xmlforest(
        tax_category AS "cbc:ID",
        -- Outside the scope of tax there is no rate, not even zero.
        CASE WHEN tax_category <> 'O' OR has_rate THEN trim_scale(tax_rate) END AS "cbc:Percent",
        ar.ubl_text(exemption_reason_code) AS "cbc:TaxExemptionReasonCode",
        ar.ubl_text(exemption_reason) AS "cbc:TaxExemptionReason",
        xmlelement(name "cbc:ID", 'VAT') AS "cac:TaxScheme")) AS f(content)
$$;
COMMENT ON FUNCTION ar.ubl_tax_category(text, text, numeric, text, text, boolean) IS
'A tax category in UBL. Arguments: element, cac:TaxCategory or cac:ClassifiedTaxCategory; tax_category, a code of UNTDID 5305; tax_rate in percent; exemption_reason and exemption_reason_code, or NULL; has_rate, true to write a rate even outside the scope of tax (O), as XRechnung wants in the breakdown.';

CREATE FUNCTION ar.ubl_allowance(is_charge boolean, reason_code text, reason text, percent numeric, amount ar.monetary, base ar.monetary, tax_category xml)
RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT xmlelement(name "cac:AllowanceCharge",
        xmlforest(is_charge AS "cbc:ChargeIndicator",
                  ar.ubl_text(reason_code) AS "cbc:AllowanceChargeReasonCode",
                  ar.ubl_text(reason) AS "cbc:AllowanceChargeReason",
                  CASE WHEN base IS NOT NULL THEN trim_scale(percent) END AS "cbc:MultiplierFactorNumeric"),
        xmlelement(name "cbc:Amount", xmlattributes(ar.currency(amount) AS "currencyID"), ar.ubl_amount(amount)),
        CASE WHEN percent IS NOT NULL AND base IS NOT NULL THEN
            xmlelement(name "cbc:BaseAmount", xmlattributes(ar.currency(base) AS "currencyID"), ar.ubl_amount(base)) END,
        tax_category)
$$;
COMMENT ON FUNCTION ar.ubl_allowance(boolean, text, text, numeric, ar.monetary, ar.monetary, xml) IS
'An allowance or charge in UBL. Arguments: is_charge; reason_code; reason; percent and the base it is taken of, or NULL; amount; tax_category, for those of a whole document.';

CREATE FUNCTION ar.net_of(amount ar.monetary, tax_rate numeric) RETURNS ar.monetary
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT amount - ar.included_tax(amount, tax_rate) $$;
COMMENT ON FUNCTION ar.net_of(ar.monetary, numeric) IS
'What is left of an amount when the tax included in it, in percent of net, is taken out: see ar.included_tax().';

CREATE FUNCTION ar.invoices_ubl(
    ledger_id integer,
    invoice_ids bigint[],
    specification text DEFAULT 'urn:cen.eu:en16931:2017',
    process text DEFAULT NULL
) RETURNS TABLE (invoice_id bigint, document xml)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing text;
    incomplete bigint;
    absent bigint;
BEGIN
    SELECT w.invoice_id INTO absent
    FROM unnest(invoices_ubl.invoice_ids) AS w(invoice_id)
    WHERE NOT EXISTS (
        SELECT FROM ar.invoice AS v
        WHERE v.ledger_id = invoices_ubl.ledger_id AND v.invoice_id = w.invoice_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', absent, invoices_ubl.ledger_id);
    END IF;

    SELECT count(DISTINCT m.invoice_id),
           string_agg(format('%s: %s (%s)', coalesce(m.number, m.invoice_id::text), m.missing, m.rule), E'\n'
                      ORDER BY m.place)
    INTO incomplete, missing
    FROM ar.missing_for_ubl(invoices_ubl.ledger_id, invoices_ubl.invoice_ids, invoices_ubl.specification)
         WITH ORDINALITY AS m(invoice_id, number, rule, missing, place);
    IF incomplete > 0 THEN
        RAISE check_violation USING
            MESSAGE = CASE WHEN incomplete = 1 THEN 'an e-invoice lacks what the rules demand'
                      ELSE format('%s e-invoices lack what the rules demand', incomplete) END,
            DETAIL = missing,
            HINT = 'Each line names the document, what is missing and, in brackets, the rule. ar.missing_for_ubl() gives the same as rows.';
    END IF;

    RETURN QUERY
    WITH head AS MATERIALIZED (
        SELECT v.*, ar.currency(v.total) AS in_currency, l.currency AS ledger_currency,
               c.code AS customer_code,
               coalesce(c.language, ar.language_of(l.country)) AS spoken,
               coalesce(ar.ubl_text(v.buyer_reference), ar.ubl_text(c.buyer_reference)) AS reference,
               -- A transfer within SEPA where it can be one, unless another means was agreed; a credit is set against
               -- what is owed (97), for the account is not the customer's.
               CASE WHEN v.kind = 'credit_memo' THEN CASE WHEN v.payment_means NOT IN ('30', '58') THEN v.payment_means ELSE '97' END
                    ELSE coalesce(v.payment_means, CASE WHEN l.iban IS NULL THEN NULL
                                                        WHEN ar.currency(v.total) = 'EUR' THEN '58' ELSE '30' END) END AS means
        FROM ar.invoice AS v
        JOIN ar.ledger AS l ON l.ledger_id = v.ledger_id
        JOIN ar.customer AS c ON c.ledger_id = v.ledger_id AND c.customer_id = v.customer_id
        WHERE v.ledger_id = invoices_ubl.ledger_id AND v.invoice_id = ANY (invoices_ubl.invoice_ids)
    ), worded AS MATERIALIZED (
        SELECT s.spoken, ar.labels(invoices_ubl.ledger_id, s.spoken) AS labels
        FROM (SELECT DISTINCT h.spoken FROM head AS h) AS s
    ), breakdown AS MATERIALIZED (
        SELECT t.invoice_id, array_agg(t.tax_category) AS categories,
               xmlagg(xmlelement(name "cac:TaxSubtotal",
                   xmlelement(name "cbc:TaxableAmount", xmlattributes(ar.currency(t.taxable) AS "currencyID"), ar.ubl_amount(t.taxable)),
                   xmlelement(name "cbc:TaxAmount", xmlattributes(ar.currency(t.tax) AS "currencyID"), ar.ubl_amount(t.tax)),
                   ar.ubl_tax_category('cac:TaxCategory', t.tax_category, t.tax_rate, t.exemption_reason, t.exemption_reason_code,
                                       invoices_ubl.specification LIKE '%:xrechnung%'))
                   ORDER BY t.tax_rate DESC, t.tax_category) AS subtotals
        FROM ar.invoice_tax AS t
        WHERE t.ledger_id = invoices_ubl.ledger_id AND t.invoice_id = ANY (invoices_ubl.invoice_ids)
        GROUP BY t.invoice_id
    ), seller AS MATERIALIZED (
        SELECT w.out_of_scope, xmlelement(name "cac:AccountingSupplierParty", xmlelement(name "cac:Party",
            CASE WHEN l.electronic_address IS NOT NULL THEN
                xmlelement(name "cbc:EndpointID", xmlattributes(l.electronic_address_scheme AS "schemeID"), ar.ubl_text(l.electronic_address)) END,
            xmlelement(name "cac:PartyName", xmlelement(name "cbc:Name", ar.ubl_text(l.name))),
            xmlelement(name "cac:PostalAddress",
                ar.ubl_address(l.street, l.additional_street, l.city, l.postal_code, l.region, l.country)),
            -- Outside the scope of tax a document must not carry a VAT id.
            CASE WHEN l.tax_id IS NOT NULL AND NOT (w.out_of_scope AND coalesce(l.tax_id_scheme, 'VAT') = 'VAT') THEN
                xmlelement(name "cac:PartyTaxScheme",
                    xmlelement(name "cbc:CompanyID", ar.ubl_text(l.tax_id)),
                    xmlelement(name "cac:TaxScheme",
                        xmlelement(name "cbc:ID", CASE WHEN coalesce(l.tax_id_scheme, 'VAT') = 'VAT' THEN 'VAT' ELSE 'TAX' END))) END,
            xmlelement(name "cac:PartyLegalEntity", xmlforest(
                coalesce(ar.ubl_text(l.legal_name), ar.ubl_text(l.name)) AS "cbc:RegistrationName",
                ar.ubl_text(l.registration_id) AS "cbc:CompanyID")),
            CASE WHEN num_nonnulls(ar.ubl_text(l.phone), ar.ubl_text(l.email)) > 0 THEN
                xmlelement(name "cac:Contact", xmlforest(
                    ar.ubl_text(l.name) AS "cbc:Name",
                    ar.ubl_text(l.phone) AS "cbc:Telephone",
                    ar.ubl_text(l.email) AS "cbc:ElectronicMail")) END)) AS party
        FROM ar.ledger AS l, (VALUES (false), (true)) AS w(out_of_scope)
        WHERE l.ledger_id = invoices_ubl.ledger_id
    ), contact AS MATERIALIZED (
        SELECT DISTINCT ON (k.customer_id) k.customer_id, ar.ubl_text(k.name) AS name, ar.ubl_text(k.address) AS email
        FROM ar.contact AS k
        WHERE k.ledger_id = invoices_ubl.ledger_id AND k.customer_id IN (SELECT h.customer_id FROM head AS h)
          AND k.role = 'billing' AND k.channel = 'email'
        ORDER BY k.customer_id, k.is_primary DESC, k.contact_id
    ), buyer AS MATERIALIZED (
        SELECT c.customer_id, w.out_of_scope, xmlelement(name "cac:AccountingCustomerParty", xmlelement(name "cac:Party",
            CASE WHEN c.electronic_address IS NOT NULL THEN
                xmlelement(name "cbc:EndpointID", xmlattributes(c.electronic_address_scheme AS "schemeID"), ar.ubl_text(c.electronic_address)) END,
            CASE WHEN ar.ubl_text(c.code) IS NOT NULL THEN
                xmlelement(name "cac:PartyIdentification", xmlelement(name "cbc:ID", ar.ubl_text(c.code))) END,
            xmlelement(name "cac:PartyName", xmlelement(name "cbc:Name", coalesce(ar.ubl_text(c.name), ar.ubl_text(c.legal_name), ar.ubl_text(c.code)))),
            xmlelement(name "cac:PostalAddress",
                ar.ubl_address(c.street, c.additional_street, c.city, c.postal_code, c.region, c.country)),
            CASE WHEN c.tax_id IS NOT NULL AND coalesce(c.tax_id_scheme, 'VAT') = 'VAT' AND NOT w.out_of_scope THEN
                xmlelement(name "cac:PartyTaxScheme",
                    xmlelement(name "cbc:CompanyID", ar.ubl_text(c.tax_id)),
                    xmlelement(name "cac:TaxScheme", xmlelement(name "cbc:ID", 'VAT'))) END,
            xmlelement(name "cac:PartyLegalEntity", xmlforest(
                coalesce(ar.ubl_text(c.legal_name), ar.ubl_text(c.name), ar.ubl_text(c.code)) AS "cbc:RegistrationName",
                ar.ubl_text(c.registration_id) AS "cbc:CompanyID")),
            CASE WHEN k.customer_id IS NOT NULL THEN
                xmlelement(name "cac:Contact", xmlforest(k.name AS "cbc:Name", k.email AS "cbc:ElectronicMail")) END)) AS party
        FROM (VALUES (false), (true)) AS w(out_of_scope), ar.customer AS c
        LEFT JOIN contact AS k ON k.customer_id = c.customer_id
        WHERE c.ledger_id = invoices_ubl.ledger_id AND c.customer_id IN (SELECT h.customer_id FROM head AS h)
    ), schedule AS MATERIALIZED (
        SELECT h.invoice_id, ar.sum(s.prepaid) AS prepaid,
               CASE WHEN count(*) FILTER (WHERE s.amount > s.prepaid) = 1 THEN min(s.due_on) FILTER (WHERE s.amount > s.prepaid) END AS due_on,
               string_agg(concat_ws(E'\n',
                   ar.fill_template(w.labels ->> 'pay_by', ARRAY['amount', ar.format_money(s.amount - s.prepaid, w.labels),
                                                        'date', ar.format_date(s.due_on, w.labels)]),
                   (SELECT string_agg(ar.fill_template(w.labels ->> 'discount_by',
                               ARRAY['date', ar.format_date(u.until, w.labels), 'discount', ar.format_money(u.discount, w.labels),
                                     'amount', ar.format_money(s.amount - s.prepaid - u.discount, w.labels)]), E'\n' ORDER BY u.until)
                    FROM unnest(s.discount_until, s.discount) AS u(until, discount)
                    WHERE s.amount - s.prepaid > u.discount)), E'\n' ORDER BY s.due_on, s.instalment)
                   FILTER (WHERE s.amount > s.prepaid) AS terms
        FROM ar.payment_schedule(invoices_ubl.ledger_id, invoices_ubl.invoice_ids) AS s
        JOIN head AS h ON h.invoice_id = s.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        GROUP BY h.invoice_id
    ), allowance AS MATERIALIZED (
        SELECT a.invoice_id,
               ar.sum(a.amount) FILTER (WHERE NOT a.is_charge) AS allowances, ar.sum(a.amount) FILTER (WHERE a.is_charge) AS charges,
               xmlagg(ar.ubl_allowance(a.is_charge, coalesce(a.reason_code, CASE WHEN a.reason IS NULL AND NOT a.is_charge THEN '95' END),
                   coalesce(a.reason, w.labels ->> CASE WHEN a.is_charge THEN 'charge' ELSE 'discount' END), a.percent, a.amount,
                   CASE WHEN a.gross IS NULL THEN a.base ELSE ar.net_of(a.base, a.tax_rate) END,
                   ar.ubl_tax_category('cac:TaxCategory', a.tax_category, a.tax_rate, NULL, NULL))
                   ORDER BY a.allowance_number) AS elements
        FROM ar.invoice_allowance AS a
        JOIN head AS h ON h.invoice_id = a.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        WHERE a.ledger_id = invoices_ubl.ledger_id AND a.invoice_id = ANY (invoices_ubl.invoice_ids)
        GROUP BY a.invoice_id
    ), line AS MATERIALIZED (
        SELECT n.*, h.kind, w.labels, p.discount_net, p.charge_net, ar.currency(n.net) AS in_currency,
               n.net + coalesce(p.discount_net, ar.monetary(0, ar.currency(n.net))) - coalesce(p.charge_net, ar.monetary(0, ar.currency(n.net))) AS base,
               -- A price is never negative; what is taken back is a negative quantity.
               CASE WHEN n.unit_price < 0 THEN -n.quantity ELSE n.quantity END AS counted
        FROM ar.invoice_line AS n
        JOIN head AS h ON h.invoice_id = n.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        CROSS JOIN LATERAL (
            SELECT CASE WHEN n.gross IS NULL THEN n.discount ELSE ar.net_of(n.discount, n.tax_rate) END,
                   CASE WHEN n.gross IS NULL THEN n.charge ELSE ar.net_of(n.charge, n.tax_rate) END) AS p(discount_net, charge_net)
        WHERE n.ledger_id = invoices_ubl.ledger_id AND n.invoice_id = ANY (invoices_ubl.invoice_ids)
    ), line_content AS MATERIALIZED (
        SELECT n.invoice_id, n.line_number, n.kind, n.net,
               xmlelement(name "cbc:LineExtensionAmount", xmlattributes(n.in_currency AS "currencyID"), ar.ubl_amount(n.net)) AS amount,
               trim_scale(n.counted) AS counted, n.unit_code,
               xmlconcat(
                   CASE WHEN ar.sign(n.discount_net) <> 0 THEN
                       ar.ubl_allowance(ar.sign(n.discount_net) < 0, CASE WHEN ar.sign(n.discount_net) > 0 THEN '95' END, n.labels ->> 'discount',
                                        CASE WHEN ar.sign(n.discount_net) > 0 AND ar.sign(n.base) > 0 THEN n.discount_percent END,
                                        ar.abs(n.discount_net), n.base, NULL) END,
                   CASE WHEN ar.sign(n.charge_net) <> 0 THEN
                       ar.ubl_allowance(ar.sign(n.charge_net) > 0, NULL, n.labels ->> 'charge', NULL, ar.abs(n.charge_net), NULL, NULL) END,
                   xmlelement(name "cac:Item",
                       xmlforest(ar.ubl_text(substr(t.description, length(t.name) + 1)) AS "cbc:Description",
                                 ar.ubl_text(t.name) AS "cbc:Name",
                                 CASE WHEN ar.ubl_text(n.buyer_item_number) IS NOT NULL THEN
                                     xmlelement(name "cbc:ID", ar.ubl_text(n.buyer_item_number)) END AS "cac:BuyersItemIdentification",
                                 CASE WHEN ar.ubl_text(n.item_number) IS NOT NULL THEN
                                     xmlelement(name "cbc:ID", ar.ubl_text(n.item_number)) END AS "cac:SellersItemIdentification"),
                       ar.ubl_tax_category('cac:ClassifiedTaxCategory', n.tax_category, n.tax_rate, NULL, NULL)),
                   xmlelement(name "cac:Price",
                       xmlelement(name "cbc:PriceAmount", xmlattributes(n.in_currency AS "currencyID"), abs(trim_scale(
                           CASE WHEN n.gross IS NULL AND abs(n.quantity * n.unit_price - ar.amount(n.base)) < 0.02 THEN n.unit_price
                                WHEN n.quantity = 0 THEN round(n.unit_price * 100 / (100 + n.tax_rate), 10)
                                -- So that quantity and price make the net amount again, where tax was included or there are no cents.
                                ELSE round(ar.amount(n.base) / n.quantity, 10) END))))) AS content
        FROM line AS n
        CROSS JOIN LATERAL (SELECT ar.ubl_text(n.description), split_part(ar.ubl_text(n.description), E'\n', 1)) AS t(description, name)
    ), lines AS MATERIALIZED (
        SELECT n.invoice_id, ar.sum(n.net) AS net,
               xmlagg(CASE n.kind
                   WHEN 'credit_memo' THEN xmlelement(name "cac:CreditNoteLine",
                       xmlelement(name "cbc:ID", n.line_number),
                       xmlelement(name "cbc:CreditedQuantity", xmlattributes(n.unit_code AS "unitCode"), n.counted), n.amount, n.content)
                   ELSE xmlelement(name "cac:InvoiceLine",
                       xmlelement(name "cbc:ID", n.line_number),
                       xmlelement(name "cbc:InvoicedQuantity", xmlattributes(n.unit_code AS "unitCode"), n.counted), n.amount, n.content)
                   END ORDER BY n.line_number) AS elements
        FROM line_content AS n
        GROUP BY n.invoice_id
    ), content AS MATERIALIZED (
        SELECT h.invoice_id, h.kind,
               xmlforest(invoices_ubl.specification AS "cbc:CustomizationID",
                         invoices_ubl.process AS "cbc:ProfileID",
                         ar.ubl_text(h.number) AS "cbc:ID",
                         h.invoiced_on AS "cbc:IssueDate") AS beginning,
               s.due_on,
               xmlconcat(
                   xmlforest(ar.ubl_text(h.note) AS "cbc:Note",
                             h.in_currency AS "cbc:DocumentCurrencyCode",
                             CASE WHEN e.tax IS NOT NULL THEN h.ledger_currency END AS "cbc:TaxCurrencyCode",
                             h.reference AS "cbc:BuyerReference"),
                   CASE WHEN num_nonnulls(h.period_from, h.period_to) > 0 THEN
                       xmlelement(name "cac:InvoicePeriod", xmlforest(h.period_from AS "cbc:StartDate", h.period_to AS "cbc:EndDate")) END,
                   CASE WHEN ar.ubl_text(h.purchase_order) IS NOT NULL THEN
                       xmlelement(name "cac:OrderReference", xmlelement(name "cbc:ID", ar.ubl_text(h.purchase_order))) END,
                   CASE WHEN o.number IS NOT NULL THEN
                       xmlelement(name "cac:BillingReference", xmlelement(name "cac:InvoiceDocumentReference",
                           xmlforest(ar.ubl_text(o.number) AS "cbc:ID", o.invoiced_on AS "cbc:IssueDate"))) END,
                   seller.party, buyer.party,
                   CASE WHEN h.supplied_on IS NOT NULL OR 'K' = ANY (b.categories) THEN
                       xmlelement(name "cac:Delivery",
                           xmlelement(name "cbc:ActualDeliveryDate", coalesce(h.supplied_on, h.invoiced_on)),
                           CASE WHEN 'K' = ANY (b.categories) THEN
                               xmlelement(name "cac:DeliveryLocation", xmlelement(name "cac:Address",
                                   ar.ubl_address(c.street, c.additional_street, c.city, c.postal_code, c.region, c.country))) END) END,
                   CASE WHEN h.means IS NOT NULL THEN
                       xmlelement(name "cac:PaymentMeans",
                           xmlforest(h.means AS "cbc:PaymentMeansCode",
                                     CASE WHEN h.kind <> 'credit_memo' THEN
                                         coalesce(ar.ubl_text(h.payment_reference), ar.ubl_text(h.number)) END AS "cbc:PaymentID"),
                           CASE WHEN h.means IN ('30', '58') THEN
                               xmlelement(name "cac:PayeeFinancialAccount",
                                   xmlforest(l.iban AS "cbc:ID", coalesce(ar.ubl_text(l.legal_name), ar.ubl_text(l.name)) AS "cbc:Name"),
                                   CASE WHEN l.bic IS NOT NULL THEN
                                       xmlelement(name "cac:FinancialInstitutionBranch", xmlelement(name "cbc:ID", l.bic)) END) END) END,
                   xmlelement(name "cac:PaymentTerms", xmlelement(name "cbc:Note",
                       CASE WHEN h.kind = 'credit_memo' THEN w.labels ->> 'credit_note_terms'
                            ELSE coalesce(s.terms, w.labels ->> 'nothing_due') END)),
                   a.elements,
                   xmlelement(name "cac:TaxTotal",
                       xmlelement(name "cbc:TaxAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(h.tax)),
                       b.subtotals),
                   CASE WHEN e.tax IS NOT NULL THEN
                       xmlelement(name "cac:TaxTotal",
                           xmlelement(name "cbc:TaxAmount", xmlattributes(h.ledger_currency AS "currencyID"), ar.ubl_amount(e.tax))) END,
                   xmlelement(name "cac:LegalMonetaryTotal",
                       xmlelement(name "cbc:LineExtensionAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(n.net)),
                       xmlelement(name "cbc:TaxExclusiveAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(h.net)),
                       xmlelement(name "cbc:TaxInclusiveAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(h.net + h.tax)),
                       CASE WHEN a.allowances IS NOT NULL THEN
                           xmlelement(name "cbc:AllowanceTotalAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(a.allowances)) END,
                       CASE WHEN a.charges IS NOT NULL THEN
                           xmlelement(name "cbc:ChargeTotalAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(a.charges)) END,
                       CASE WHEN ar.sign(s.prepaid) > 0 THEN
                           xmlelement(name "cbc:PrepaidAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(s.prepaid)) END,
                       CASE WHEN ar.sign(h.cash_rounding) <> 0 THEN
                           xmlelement(name "cbc:PayableRoundingAmount", xmlattributes(h.in_currency AS "currencyID"), ar.ubl_amount(h.cash_rounding)) END,
                       xmlelement(name "cbc:PayableAmount", xmlattributes(h.in_currency AS "currencyID"),
                           ar.ubl_amount(CASE WHEN s.prepaid IS NULL THEN h.total ELSE h.total - s.prepaid END))),
                   n.elements) AS rest
        FROM head AS h
        JOIN worded AS w ON w.spoken = h.spoken
        JOIN ar.ledger AS l ON l.ledger_id = h.ledger_id
        JOIN ar.customer AS c ON c.ledger_id = h.ledger_id AND c.customer_id = h.customer_id
        JOIN breakdown AS b ON b.invoice_id = h.invoice_id
        JOIN lines AS n ON n.invoice_id = h.invoice_id
        JOIN seller ON seller.out_of_scope = ('O' = ANY (b.categories))
        JOIN buyer ON buyer.customer_id = h.customer_id AND buyer.out_of_scope = ('O' = ANY (b.categories))
        LEFT JOIN schedule AS s ON s.invoice_id = h.invoice_id
        LEFT JOIN allowance AS a ON a.invoice_id = h.invoice_id
        LEFT JOIN ar.invoice AS o ON o.ledger_id = h.ledger_id AND o.invoice_id = coalesce(h.corrects_id, h.reverses_id)
        -- Tax in a foreign currency is stated in the seller's own, too (directive 2006/112/EC, article 230).
        LEFT JOIN LATERAL (
            SELECT ar.convert(h.ledger_id, h.tax, h.ledger_currency, h.invoiced_on)
            WHERE h.in_currency <> h.ledger_currency AND ar.sign(h.tax) <> 0) AS e(tax) ON true
    )
    SELECT t.invoice_id, CASE t.kind
        WHEN 'credit_memo' THEN xmlelement(name "CreditNote", xmlattributes(
                'urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2' AS "xmlns",
                'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' AS "xmlns:cac",
                'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2' AS "xmlns:cbc"),
            t.beginning, xmlelement(name "cbc:CreditNoteTypeCode", 381), t.rest)
        ELSE xmlelement(name "Invoice", xmlattributes(
                'urn:oasis:names:specification:ubl:schema:xsd:Invoice-2' AS "xmlns",
                'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2' AS "xmlns:cac",
                'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2' AS "xmlns:cbc"),
            t.beginning, xmlforest(t.due_on AS "cbc:DueDate"),
            xmlelement(name "cbc:InvoiceTypeCode", CASE t.kind WHEN 'deposit' THEN 386 WHEN 'debit_memo' THEN 383 ELSE 380 END),
            t.rest) END
    FROM content AS t
    ORDER BY t.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.invoices_ubl(integer, bigint[], text, text) IS
'E-invoices of posted documents: UBL 2.1 by the rules of EN 16931, an Invoice (380, deposits 386, debit memos 383) or a CreditNote (381).
Arguments: ledger_id; invoice_ids; specification (BT-24), by default plain EN 16931, for Peppol BIS Billing 3 urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0, and for XRechnung urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0, which demand more; process (BT-23), for Peppol urn:fdc:peppol.eu:2017:poacc:billing:01:1.0.
Result: a row a document, ordered by invoice_id. Write it to a file in UTF-8. Sellers and buyers are as the book has them now.
Errors: 23503 no such invoice; 23514 the rules demand what the book lacks: all of it, of all documents, is in the detail.';
REVOKE ALL ON FUNCTION ar.invoices_ubl(integer, bigint[], text, text) FROM PUBLIC;

CREATE FUNCTION ar.invoice_ubl(
    ledger_id integer,
    invoice_id bigint,
    specification text DEFAULT 'urn:cen.eu:en16931:2017',
    process text DEFAULT NULL
) RETURNS xml
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT u.document
    FROM ar.invoices_ubl(invoice_ubl.ledger_id, ARRAY[invoice_ubl.invoice_id], invoice_ubl.specification, invoice_ubl.process) AS u
$$;
COMMENT ON FUNCTION ar.invoice_ubl(integer, bigint, text, text) IS
'The e-invoice of one posted document: ar.invoices_ubl() with one, where the arguments are described.
Errors: as ar.invoices_ubl().';
REVOKE ALL ON FUNCTION ar.invoice_ubl(integer, bigint, text, text) FROM PUBLIC;
