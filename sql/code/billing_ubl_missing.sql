-- billing: what the rules of e-invoices demand and the book lacks.

CREATE FUNCTION ar.missing_for_ubl(
    ledger_id integer,
    invoice_ids bigint[],
    specification text DEFAULT 'urn:cen.eu:en16931:2017'
) RETURNS TABLE (invoice_id bigint, number text, rule text, missing text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH breakdown AS MATERIALIZED (
        SELECT t.invoice_id, array_agg(DISTINCT t.tax_category ORDER BY t.tax_category) AS categories,
               array_agg(format('%s at %s %%: %s, not %s', t.tax_category, trim_scale(t.tax_rate), t.tax,
                                round(ar.amount(t.taxable) * t.tax_rate / 100, 2)) ORDER BY t.tax_category, t.tax_rate)
                   FILTER (WHERE abs(ar.amount(t.tax) - round(ar.amount(t.taxable) * t.tax_rate / 100, 2)) >= 1) AS deviating,
               array_agg(t.exemption_reason_code ORDER BY t.tax_category)
                   FILTER (WHERE NOT ar.is_ubl_code('exemption', t.exemption_reason_code)) AS miscoded
        FROM ar.invoice_tax AS t
        WHERE t.ledger_id = missing_for_ubl.ledger_id AND t.invoice_id = ANY (missing_for_ubl.invoice_ids)
        GROUP BY t.invoice_id
    ), line AS MATERIALIZED (
        SELECT n.invoice_id,
               array_agg(n.line_number ORDER BY n.line_number) FILTER (WHERE ar.ubl_text(n.description) IS NULL) AS nameless,
               array_agg(format('%s ("%s")', n.line_number, n.unit_code) ORDER BY n.line_number)
                   FILTER (WHERE NOT ar.is_ubl_code('unit', n.unit_code)) AS unitless
        FROM ar.invoice_line AS n
        WHERE n.ledger_id = missing_for_ubl.ledger_id AND n.invoice_id = ANY (missing_for_ubl.invoice_ids)
        GROUP BY n.invoice_id
    ), allowance AS MATERIALIZED (
        SELECT a.invoice_id, array_agg(format('%s ("%s")', a.allowance_number, a.reason_code) ORDER BY a.allowance_number) AS miscoded
        FROM ar.invoice_allowance AS a
        WHERE a.ledger_id = missing_for_ubl.ledger_id AND a.invoice_id = ANY (missing_for_ubl.invoice_ids)
          AND NOT ar.is_ubl_code(CASE WHEN a.is_charge THEN 'charge' ELSE 'allowance' END, a.reason_code)
        GROUP BY a.invoice_id
    ), tax_currency AS MATERIALIZED (
        SELECT e.invoiced_on, f.from_currency, f.multiply_by IS NULL AS is_missing
        FROM (SELECT v.invoiced_on, l.currency, array_agg(DISTINCT ar.currency(v.tax)) AS currencies
              FROM ar.invoice AS v JOIN ar.ledger AS l ON l.ledger_id = v.ledger_id
              WHERE v.ledger_id = missing_for_ubl.ledger_id AND v.invoice_id = ANY (missing_for_ubl.invoice_ids)
                AND ar.sign(v.tax) <> 0 AND ar.currency(v.tax) <> l.currency
              GROUP BY v.invoiced_on, l.currency) AS e
        CROSS JOIN LATERAL ar.exchange_fractions(missing_for_ubl.ledger_id, e.currencies, e.currency, e.invoiced_on) AS f
    ), document AS MATERIALIZED (
        SELECT v.invoice_id, v.number, v.status, v.recorded_at IS NOT NULL AS was_posted, v.kind, v.net, v.tax, v.total, v.payment_means, v.purchase_order,
               v.supplied_on, v.period_from, v.period_to,
               coalesce(ar.ubl_text(v.buyer_reference), ar.ubl_text(c.buyer_reference)) AS buyer_reference,
               l.country AS seller_country, l.tax_id AS seller_tax_id, coalesce(l.tax_id_scheme, 'VAT') AS seller_scheme,
               l.registration_id AS seller_registration, l.electronic_address AS seller_address, l.electronic_address_scheme AS seller_address_scheme, l.iban,
               l.currency AS ledger_currency,
               c.code AS customer_code, c.country AS buyer_country, c.tax_id AS buyer_tax_id,
               coalesce(c.tax_id_scheme, 'VAT') AS buyer_scheme, c.registration_id AS buyer_registration,
               c.electronic_address AS buyer_address, c.electronic_address_scheme AS buyer_address_scheme,
               coalesce(b.categories, '{}') AS categories, b.deviating, b.miscoded AS exemptions, a.miscoded AS allowances, n.nameless, n.unitless, n.invoice_id IS NOT NULL AS has_lines,
               coalesce(e.is_missing, false) AS lacks_rate,
               l.city AS seller_city, l.postal_code AS seller_postal_code, l.phone, l.email,
               c.city AS buyer_city, c.postal_code AS buyer_postal_code,
               missing_for_ubl.specification LIKE '%:poacc:billing:3%' AS is_peppol,
               missing_for_ubl.specification LIKE '%:xrechnung%' AS is_xrechnung
        FROM ar.invoice AS v
        JOIN ar.ledger AS l ON l.ledger_id = v.ledger_id
        JOIN ar.customer AS c ON c.ledger_id = v.ledger_id AND c.customer_id = v.customer_id
        LEFT JOIN breakdown AS b ON b.invoice_id = v.invoice_id
        LEFT JOIN line AS n ON n.invoice_id = v.invoice_id
        LEFT JOIN allowance AS a ON a.invoice_id = v.invoice_id
        LEFT JOIN tax_currency AS e ON e.invoiced_on = v.invoiced_on AND e.from_currency = ar.currency(v.tax)
        WHERE v.ledger_id = missing_for_ubl.ledger_id AND v.invoice_id = ANY (missing_for_ubl.invoice_ids)
    )
    SELECT d.invoice_id, d.number, r.rule, r.missing
    FROM document AS d
    CROSS JOIN LATERAL (VALUES
        -- What was posted once is a document, even if another one has made it void since.
        (1, NOT d.was_posted, 'BR-02', format('it is %s: only what is posted has its number for good', d.status)),
        (2, d.was_posted AND d.number IS NULL, 'BR-02', 'it has no number yet'),
        (3, NOT d.has_lines, 'BR-16', 'it has no lines'),
        (4, d.was_posted AND d.has_lines AND d.categories = '{}', 'BR-CO-18', 'it has no tax breakdown'),
        (5, scale(trim_scale(ar.amount(d.total))) > 2 OR scale(trim_scale(ar.amount(d.tax))) > 2 OR scale(trim_scale(ar.amount(d.net))) > 2,
            'UBL-DT-01', format('amounts with two decimals at most: %s has three', ar.currency(d.total))),
        (6, d.seller_country IS NULL, 'BR-09', 'country of the seller (ar.ledger.country)'),
        (7, d.seller_registration IS NULL AND (d.seller_tax_id IS NULL OR 'O' = ANY (d.categories) OR d.seller_scheme <> 'VAT'), 'BR-CO-26',
            CASE WHEN d.seller_tax_id IS NULL AND 'O' <> ALL (d.categories)
                THEN 'tax id or registration number of the seller (ar.ledger.tax_id, registration_id)'
                WHEN 'O' = ANY (d.categories)
                THEN 'registration number of the seller (ar.ledger.registration_id): outside the scope of tax a document carries no tax id'
                ELSE format('registration number of the seller (ar.ledger.registration_id): a tax id of %s does not name him', d.seller_scheme) END),
        (8, d.seller_tax_id IS NULL AND d.categories && '{S,Z,E,AE,L,M}', 'BR-S-02',
            format('tax id of the seller (ar.ledger.tax_id), for tax category %s',
                   (SELECT string_agg(k, ', ' ORDER BY k) FROM unnest(d.categories) AS k WHERE k IN ('S', 'Z', 'E', 'AE', 'L', 'M')))),
        (9, (d.seller_tax_id IS NULL OR d.seller_scheme <> 'VAT') AND d.categories && '{K,G}', 'BR-IC-02',
            'VAT id of the seller (ar.ledger.tax_id of scheme VAT), for an export or intra-community supply'),
        (10, d.seller_scheme = 'VAT' AND NOT (d.seller_tax_id ~ '^(EL|XI|1A)' OR ar.is_country(left(d.seller_tax_id, 2))), 'BR-CO-09',
            format('prefix of a country in the VAT id of the seller, "%s" (ar.ledger.tax_id)', d.seller_tax_id)),
        (11, d.buyer_country IS NULL, 'BR-11', format('country of customer %s (ar.customer.country)', d.customer_code)),
        (12, d.buyer_registration IS NULL AND (d.buyer_tax_id IS NULL OR d.buyer_scheme <> 'VAT') AND 'AE' = ANY (d.categories), 'BR-AE-02',
            format('VAT id or registration number of customer %s (ar.customer.tax_id, registration_id), for reverse charge', d.customer_code)),
        (13, (d.buyer_tax_id IS NULL OR d.buyer_scheme <> 'VAT') AND 'K' = ANY (d.categories), 'BR-IC-02',
            format('VAT id of customer %s (ar.customer.tax_id of scheme VAT), for an intra-community supply', d.customer_code)),
        (14, d.buyer_scheme = 'VAT' AND NOT (d.buyer_tax_id ~ '^(EL|XI|1A)' OR ar.is_country(left(d.buyer_tax_id, 2))), 'BR-CO-09',
            format('prefix of a country in the VAT id "%s" of customer %s (ar.customer.tax_id)', d.buyer_tax_id, d.customer_code)),
        (15, d.nameless IS NOT NULL, 'BR-25', format('description of line %s (ar.invoice_line.description)', array_to_string(d.nameless, ', '))),
        (16, d.unitless IS NOT NULL, 'BR-CL-23', format('unit of UN/ECE recommendation 20 on line %s (ar.invoice_line.unit_code)', array_to_string(d.unitless, ', '))),
        (17, 'O' = ANY (d.categories) AND cardinality(d.categories) > 1, 'BR-O-11', 'a document of its own for what is outside the scope of tax (category O)'),
        (18, d.deviating IS NOT NULL, 'BR-CO-17', format('tax that is rate times taxable amount, to less than one: %s', array_to_string(d.deviating, '; '))),
        (24, NOT ar.is_ubl_code('electronic_address', d.seller_address_scheme), 'BR-CL-25',
            format('scheme of the EAS list for the electronic address of the seller: "%s" is none (ar.ledger.electronic_address_scheme)', d.seller_address_scheme)),
        (25, NOT ar.is_ubl_code('electronic_address', d.buyer_address_scheme), 'BR-CL-25',
            format('scheme of the EAS list for the electronic address of customer %s: "%s" is none (ar.customer.electronic_address_scheme)',
                   d.customer_code, d.buyer_address_scheme)),
        (26, NOT ar.is_ubl_code('payment_means', d.payment_means), 'BR-CL-16',
            format('payment means of UNTDID 4461: "%s" is none (ar.invoice.payment_means)', d.payment_means)),
        (27, d.exemptions IS NOT NULL, 'BR-CL-22',
            format('reason of the VATEX list for exemption: "%s" is none (exemption_reason_code of lines and allowances)', array_to_string(d.exemptions, '", "'))),
        (28, d.allowances IS NOT NULL, 'BR-CL-19',
            format('reason of UNTDID 5189 for an allowance, 7161 for a charge, on number %s (ar.invoice_allowance.reason_code)', array_to_string(d.allowances, ', '))),
        (19, d.payment_means IN ('30', '58') AND d.iban IS NULL AND d.kind <> 'credit_memo', 'BR-61', 'account to transfer to (ar.ledger.iban)'),
        (20, d.lacks_rate, 'BR-53', format('exchange rate from %s to %s for the tax (ar.exchange_rate)', ar.currency(d.total), d.ledger_currency)),
        (21, d.is_peppol AND d.seller_address IS NULL, 'PEPPOL-EN16931-R020', 'electronic address of the seller (ar.ledger.electronic_address)'),
        (22, d.is_peppol AND d.buyer_address IS NULL, 'PEPPOL-EN16931-R010',
            format('electronic address of customer %s (ar.customer.electronic_address)', d.customer_code)),
        (29, d.is_peppol AND d.seller_address_scheme ~ '^[A-Z]', 'PEPPOL-EN16931-CL008', 'electronic address of the seller in the network, not an e-mail address'),
        (30, d.is_peppol AND d.buyer_address_scheme ~ '^[A-Z]', 'PEPPOL-EN16931-CL008',
            format('electronic address of customer %s in the network, not an e-mail address', d.customer_code)),
        (31, d.is_peppol AND d.payment_means IN ('49', '59'), 'PEPPOL-EN16931-R061', 'mandate of the direct debit, which the book does not keep'),
        (23, d.is_peppol AND d.buyer_reference IS NULL AND ar.ubl_text(d.purchase_order) IS NULL, 'PEPPOL-EN16931-R003',
            'order number or buyer''s reference (ar.invoice.purchase_order, buyer_reference)'),
        (32, d.is_xrechnung AND d.kind <> 'credit_memo' AND d.payment_means IS NULL AND d.iban IS NULL, 'BR-DE-1', 'account of the seller (ar.ledger.iban)'),
        (33, d.is_xrechnung AND ar.ubl_text(d.seller_city) IS NULL, 'BR-DE-3', 'city of the seller (ar.ledger.city)'),
        (34, d.is_xrechnung AND ar.ubl_text(d.seller_postal_code) IS NULL, 'BR-DE-4', 'postal code of the seller (ar.ledger.postal_code)'),
        (35, d.is_xrechnung AND ar.ubl_text(d.phone) IS NULL, 'BR-DE-6', 'telephone number of the seller (ar.ledger.phone)'),
        (36, d.is_xrechnung AND ar.ubl_text(d.email) IS NULL, 'BR-DE-7', 'e-mail address of the seller (ar.ledger.email)'),
        (37, d.is_xrechnung AND ar.ubl_text(d.buyer_city) IS NULL, 'BR-DE-8', format('city of customer %s (ar.customer.city)', d.customer_code)),
        (38, d.is_xrechnung AND ar.ubl_text(d.buyer_postal_code) IS NULL, 'BR-DE-9', format('postal code of customer %s (ar.customer.postal_code)', d.customer_code)),
        (39, d.is_xrechnung AND d.buyer_reference IS NULL, 'BR-DE-15', 'buyer''s reference, such as a Leitweg-ID (ar.invoice.buyer_reference, ar.customer.buyer_reference)'),
        (40, d.is_xrechnung AND d.payment_means IN ('49', '59'), 'BR-DE-30', 'mandate of the direct debit, which the book does not keep')
    ) AS r(position, is_missing, rule, missing)
    WHERE r.is_missing
    ORDER BY d.invoice_id, r.position;
END
$$;
COMMENT ON FUNCTION ar.missing_for_ubl(integer, bigint[], text) IS
'What the rules of e-invoices demand and the book lacks, or has in a way they do not take: a row a document and missing piece, none when all can be sent.
Arguments: ledger_id; invoice_ids; specification, as of ar.invoices_ubl().
Result: rule is the one that would be broken, by EN 16931, its binding to UBL, Peppol BIS Billing 3, or XRechnung; missing says what, and where it goes.';
REVOKE ALL ON FUNCTION ar.missing_for_ubl(integer, bigint[], text) FROM PUBLIC;
