-- billing: documents as pages for people, on screen and on paper.

CREATE FUNCTION ar.document_style() RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT '
:root { --ink: #18212b; --soft: #5b6672; --rule: #d5dbe1; --accent: #14507f; --wash: #f3f6f9; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #e6eaee; color: var(--ink); font: 9pt/1.4 "Helvetica Neue", Helvetica, Arial, "Liberation Sans", sans-serif;
    font-variant-numeric: tabular-nums; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.sheet { position: relative; width: 210mm; min-height: 297mm; margin: 8mm auto; padding: 13mm 18mm 14mm 20mm; background: #fff;
    box-shadow: 0 1mm 6mm rgba(24, 33, 43, .18); }
.top { display: flex; justify-content: space-between; gap: 10mm; padding-bottom: 3.5mm; border-bottom: .6mm solid var(--accent); }
.brand { flex: 1 1 0; min-width: 0; color: var(--accent); font-size: 17pt; font-weight: 700; letter-spacing: -.01em; line-height: 1.2; overflow-wrap: anywhere; }
.contact { flex: 0 1 auto; min-width: 0; max-width: 55%; color: var(--soft); font-size: 8pt; text-align: right; overflow-wrap: anywhere; }
.parties { display: flex; justify-content: space-between; gap: 10mm; margin-top: 7mm; min-height: 34mm; }
.recipient { flex: 1 1 0; min-width: 0; overflow-wrap: anywhere; font-size: 10pt; }
.sender { margin-bottom: 2.5mm; color: var(--soft); font-size: 7pt; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.facts { flex: 0 0 auto; max-width: 92mm; align-self: flex-start; border-collapse: collapse; }
.facts th, .facts td { padding: .45mm 0; vertical-align: top; text-align: left; }
.facts th { padding-right: 6mm; color: var(--soft); font-weight: 400; white-space: nowrap; }
.facts td { font-weight: 600; overflow-wrap: anywhere; }
h1 { margin: 6mm 0 0; font-size: 17pt; font-weight: 700; letter-spacing: -.01em; line-height: 1.2; overflow-wrap: anywhere; }
h1 .number { color: var(--soft); font-weight: 400; }
.note { margin: 2mm 0 0; white-space: pre-line; overflow-wrap: anywhere; }
table.lines { width: 100%; margin-top: 4mm; border-collapse: collapse; }
.lines thead { display: table-header-group; break-inside: avoid; }
.lines th { padding: 2mm 2mm; border-bottom: .3mm solid var(--ink); color: var(--soft); font-size: 7.5pt; font-weight: 600; letter-spacing: .04em;
    text-align: left; text-transform: uppercase; vertical-align: bottom; }
.lines td { padding: 1.6mm 2mm; border-bottom: .2mm solid var(--rule); vertical-align: top; }
.lines tr { break-inside: avoid; }
.lines tbody tr:last-child { break-after: avoid; }
.lines th:first-child, .lines td:first-child { padding-left: 0; }
.lines th:last-child, .lines td:last-child { padding-right: 0; }
.lines .position { width: 9mm; color: var(--soft); }
.lines .text { overflow-wrap: anywhere; }
.lines .figure, .lines th.figure { text-align: right; white-space: nowrap; }
.lines .title { font-weight: 600; white-space: pre-line; }
.lines .more { color: var(--soft); font-size: 8pt; white-space: pre-line; }
.lines .unit { color: var(--soft); }
.totals { display: flex; justify-content: flex-end; margin-top: 1.5mm; break-inside: avoid; }
.totals table { min-width: 96mm; max-width: 130mm; border-collapse: collapse; }
.totals th { padding: .8mm 8mm .8mm 0; font-weight: 400; text-align: left; overflow-wrap: anywhere; }
.totals td { padding: .8mm 0; text-align: right; white-space: nowrap; }
.totals .soft th, .totals .soft td { color: var(--soft); }
.totals .soft + .ruled th, .totals .soft + .ruled td { padding-top: 1.6mm; border-top: .2mm solid var(--rule); }
.totals .sum th, .totals .sum td { padding: 1.8mm 0; border-top: .3mm solid var(--ink); font-size: 12pt; font-weight: 700; }
.totals .due th, .totals .due td { color: var(--accent); border-top: .6mm solid var(--accent); }
.reasons { margin: 4mm 0 0; padding: 0; color: var(--soft); font-size: 8.5pt; list-style: none; break-inside: avoid; }
.end { break-inside: avoid; }
.payment { display: flex; justify-content: space-between; gap: 8mm; margin-top: 6mm; padding: 4.5mm 6mm; background: var(--wash); }
.payment > div:first-child { flex: 1 1 0; min-width: 0; }
h2 { margin: 0 0 2mm; color: var(--accent); font-size: 10.5pt; }
.payment p { margin: 0 0 1mm; }
.payment .more { color: var(--soft); font-size: 8.5pt; }
.payment table { margin-top: 2.5mm; border-collapse: collapse; }
.payment th, .payment td { padding: .5mm 0; vertical-align: top; text-align: left; }
.payment th { padding-right: 6mm; color: var(--soft); font-weight: 400; white-space: nowrap; }
.payment td { font-weight: 600; overflow-wrap: anywhere; }
.code { flex: 0 0 32mm; margin: 0; text-align: center; }
.code svg { display: block; width: 32mm; height: 32mm; }
.code figcaption { margin-top: 1mm; color: var(--soft); font-size: 7.5pt; }
footer { margin-top: 6mm; padding-top: 2.5mm; border-top: .2mm solid var(--rule); color: var(--soft); font-size: 7.5pt; text-align: center; }
footer span { white-space: nowrap; }
.stamp { position: fixed; top: 50%; left: 50%; z-index: 1; padding: 2mm 10mm; border: 1.4mm solid currentColor; border-radius: 3mm; color: #b3261e;
    font-size: 54pt; font-weight: 800; letter-spacing: .08em; line-height: 1.2; opacity: .16; pointer-events: none; text-transform: uppercase;
    transform: translate(-50%, -50%) rotate(-24deg); white-space: nowrap; }
@media screen and (max-width: 220mm) {
    .sheet { width: auto; min-height: 0; margin: 0; padding: 6vw; box-shadow: none; }
    .top, .parties, .payment { flex-wrap: wrap; }
    .contact { text-align: left; }
    .wide { overflow-x: auto; }
}
@media print {
    body { background: none; }
    .sheet { width: auto; min-height: 0; margin: 0; padding: 0; box-shadow: none; }
}
' $$;
COMMENT ON FUNCTION ar.document_style() IS 'The style sheet of documents in HTML: A4 on paper, a sheet on the screen, one column on a telephone.';

CREATE FUNCTION ar.invoices_html(ledger_id integer, invoice_ids bigint[]) RETURNS TABLE (invoice_id bigint, page text)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    absent bigint;
BEGIN
    SELECT w.invoice_id INTO absent
    FROM unnest(invoices_html.invoice_ids) AS w(invoice_id)
    WHERE NOT EXISTS (
        SELECT FROM ar.invoice AS v
        WHERE v.ledger_id = invoices_html.ledger_id AND v.invoice_id = w.invoice_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', absent, invoices_html.ledger_id);
    END IF;

    RETURN QUERY
    WITH head AS MATERIALIZED (
        SELECT v.*, ar.currency(v.total) AS in_currency,
               coalesce(v.number, '') AS shown_number, v.recorded_at IS NOT NULL AS was_posted, ar.is_posted(v.status) AS is_posted,
               coalesce(c.language, ar.language_of(l.country)) AS spoken,
               l.name AS seller, coalesce(l.legal_name, l.name) AS seller_legal, l.street AS seller_street,
               l.additional_street AS seller_additional, l.city AS seller_city, l.postal_code AS seller_postal, l.region AS seller_region,
               l.country AS seller_country, l.email, l.phone, l.iban, l.bic, l.tax_id, l.registration_id,
               c.code AS customer_code, coalesce(c.legal_name, c.name) AS buyer, c.street, c.additional_street, c.city, c.postal_code,
               c.region, c.country, c.tax_id AS buyer_tax_id, coalesce(v.buyer_reference, c.buyer_reference) AS reference
        FROM ar.invoice AS v
        JOIN ar.ledger AS l ON l.ledger_id = v.ledger_id
        JOIN ar.customer AS c ON c.ledger_id = v.ledger_id AND c.customer_id = v.customer_id
        WHERE v.ledger_id = invoices_html.ledger_id AND v.invoice_id = ANY (invoices_html.invoice_ids)
    ), worded AS MATERIALIZED (
        SELECT s.spoken, ar.labels(invoices_html.ledger_id, s.spoken) AS labels
        FROM (SELECT DISTINCT h.spoken FROM head AS h) AS s
    ), line AS MATERIALIZED (
        SELECT n.invoice_id, ar.sum(coalesce(n.gross, n.net)) AS shown, ar.sum(n.net) AS net,
               string_agg(concat('<tr><td class="position">', n.line_number, '</td><td class="text"><div class="title">',
                   ar.html(split_part(n.description, E'\n', 1)), '</div>',
                   '<div class="more">' || ar.html(concat_ws(E'\n',
                       nullif(substr(n.description, length(split_part(n.description, E'\n', 1)) + 2), ''),
                       nullif(concat_ws(' ' || E'\u00B7' || ' ',
                           (w.labels ->> 'item_number') || ' ' || n.item_number,
                           (w.labels ->> 'buyer_item_number') || ' ' || n.buyer_item_number), ''),
                       CASE WHEN ar.sign(n.discount) <> 0 THEN concat_ws(' ', w.labels ->> 'discount',
                           ar.format_percent(n.discount_percent, w.labels), ar.format_amount(-n.discount, w.labels)) END,
                       CASE WHEN ar.sign(n.charge) <> 0 THEN concat_ws(' ', w.labels ->> 'charge', ar.format_amount(n.charge, w.labels)) END)) || '</div>',
                   '</td><td class="figure">', ar.html(ar.format_number(trim_scale(n.quantity), w.labels)),
                   '<span class="unit"> ' || ar.html(nullif(coalesce(w.labels ->> ('unit_' || n.unit_code), n.unit_code), '')) || '</span>',
                   '</td><td class="figure">', ar.html(ar.format_number(n.unit_price, w.labels, scale(ar.amount(n.net)))),
                   '</td><td class="figure">', CASE WHEN n.tax_category = 'O' THEN E'\u2013' ELSE ar.html(ar.format_percent(n.tax_rate, w.labels)) END,
                   '</td><td class="figure">', ar.html(ar.format_amount(coalesce(n.gross, n.net), w.labels)), '</td></tr>'),
                   E'\n' ORDER BY n.line_number) AS rows
        FROM ar.invoice_line AS n
        JOIN head AS h ON h.invoice_id = n.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        WHERE n.ledger_id = invoices_html.ledger_id AND n.invoice_id = ANY (invoices_html.invoice_ids)
        GROUP BY n.invoice_id
    ), allowance AS MATERIALIZED (
        SELECT a.invoice_id,
               string_agg(format('<tr class="soft"><th scope="row">%s</th><td>%s</td></tr>',
                   ar.html(concat_ws(' ', coalesce(a.reason, w.labels ->> CASE WHEN a.is_charge THEN 'charge' ELSE 'discount' END),
                                     ar.format_percent(a.percent, w.labels))),
                   ar.html(ar.format_amount(CASE WHEN a.is_charge THEN coalesce(a.gross, a.amount) ELSE -coalesce(a.gross, a.amount) END, w.labels))),
                   '' ORDER BY a.allowance_number) AS rows
        FROM ar.invoice_allowance AS a
        JOIN head AS h ON h.invoice_id = a.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        WHERE a.ledger_id = invoices_html.ledger_id AND a.invoice_id = ANY (invoices_html.invoice_ids)
        GROUP BY a.invoice_id
    ), breakdown AS MATERIALIZED (
        SELECT t.invoice_id, ar.sum(t.taxable) AS net,
               string_agg(format('<tr class="soft"><th scope="row">%s</th><td>%s</td></tr>',
                   ar.html(CASE WHEN t.tax_rate > 0 THEN
                               ar.fill_template(w.labels ->> 'tax_on', ARRAY['rate', ar.format_percent(t.tax_rate, w.labels),
                                                                             'taxable', ar.format_amount(t.taxable, w.labels)])
                           ELSE ar.fill_template(w.labels ->> 'untaxed', ARRAY['category', w.labels ->> ('category_' || t.tax_category),
                                                                               'taxable', ar.format_amount(t.taxable, w.labels)]) END),
                   ar.html(ar.format_amount(t.tax, w.labels))), '' ORDER BY t.tax_rate DESC, t.tax_category) AS rows,
               '<ul class="reasons">' || string_agg(format('<li>%s</li>', ar.html(concat_ws(' ',
                       (w.labels ->> ('category_' || t.tax_category)) || ':', t.exemption_reason,
                       CASE WHEN t.exemption_reason IS NULL THEN t.exemption_reason_code ELSE '(' || t.exemption_reason_code || ')' END))),
                   '' ORDER BY t.tax_category) FILTER (WHERE num_nonnulls(t.exemption_reason, t.exemption_reason_code) > 0) || '</ul>' AS reasons
        FROM (SELECT p.invoice_id, p.tax_category, p.tax_rate, p.taxable, p.tax, p.exemption_reason, p.exemption_reason_code
              FROM ar.invoice_tax AS p
              WHERE p.ledger_id = invoices_html.ledger_id AND p.invoice_id = ANY (invoices_html.invoice_ids)
              UNION ALL
              -- A draft has no breakdown yet: what its lines make of it.
              SELECT p.invoice_id, p.tax_category, p.tax_rate, p.taxable, p.tax, p.exemption_reason, p.exemption_reason_code
              FROM ar.tax_breakdown(invoices_html.ledger_id, ARRAY(SELECT g.invoice_id FROM head AS g WHERE NOT g.was_posted)) AS p) AS t
        JOIN head AS h ON h.invoice_id = t.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        GROUP BY t.invoice_id
    ), instalment AS MATERIALIZED (
        SELECT s.*, s.amount - s.prepaid AS payable,
               row_number() OVER (PARTITION BY s.invoice_id ORDER BY s.due_on, s.instalment) AS nth
        FROM ar.payment_schedule(invoices_html.ledger_id, invoices_html.invoice_ids) AS s
    ), schedule AS MATERIALIZED (
        SELECT s.invoice_id, ar.sum(s.prepaid) AS prepaid,
               count(*) FILTER (WHERE ar.sign(s.payable) > 0) AS instalments,
               min(s.due_on) FILTER (WHERE ar.sign(s.payable) > 0) AS due_on,
               -- What the code asks for: all of it, or the instalment that is due first.
               (array_agg(s.payable ORDER BY s.nth) FILTER (WHERE ar.sign(s.payable) > 0))[1] AS first_payable,
               string_agg(concat('<p>', ar.html(ar.fill_template(w.labels ->> 'pay_by',
                       ARRAY['amount', ar.format_money(s.payable, w.labels), 'date', ar.format_date(s.due_on, w.labels)])),
                   (SELECT string_agg('<br><span class="more">' || ar.html(ar.fill_template(w.labels ->> 'discount_by',
                               ARRAY['date', ar.format_date(u.until, w.labels), 'discount', ar.format_money(u.discount, w.labels),
                                     'amount', ar.format_money(s.payable - u.discount, w.labels)])) || '</span>', '' ORDER BY u.until)
                    FROM unnest(s.discount_until, s.discount) AS u(until, discount)
                    WHERE s.payable > u.discount), '</p>'), '' ORDER BY s.nth)
                   FILTER (WHERE ar.sign(s.payable) > 0) AS paragraphs
        FROM instalment AS s
        JOIN head AS h ON h.invoice_id = s.invoice_id
        JOIN worded AS w ON w.spoken = h.spoken
        GROUP BY s.invoice_id
    ), open_item AS MATERIALIZED (
        SELECT i.invoice_id, bool_or(i.closed_on IS NULL) AS is_open
        FROM ar.item AS i
        WHERE i.ledger_id = invoices_html.ledger_id AND i.invoice_id = ANY (invoices_html.invoice_ids)
        GROUP BY i.invoice_id
    )
    SELECT h.invoice_id, concat(
        '<!DOCTYPE html>', E'\n<html lang="', ar.html(h.spoken), E'">\n<head>\n<meta charset="utf-8">\n',
        E'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>',
        ar.html(concat_ws(' ', w.labels ->> h.kind, h.number)), E'</title>\n<style>', ar.document_style(),
        '@page { size: A4; margin: 13mm 18mm 17mm 20mm;',
        ' @bottom-left { content: ', ar.css_string(concat_ws(' ' || E'\u00B7' || ' ', h.seller, h.number)), '; color: #5b6672; font: 7.5pt Arial, "Liberation Sans", sans-serif; }',
        ' @bottom-right { content: ', replace(replace(ar.css_string(w.labels ->> 'page'),
            '\7b page\7d ', '" counter(page) "'), '\7b pages\7d ', '" counter(pages) "'),
        '; color: #5b6672; font: 7.5pt Arial, "Liberation Sans", sans-serif; } }',
        E'\n</style>\n</head>\n<body>\n<main class="sheet">\n',
        CASE WHEN h.status IN ('draft', 'held', 'void') THEN
            '<div class="stamp">' || ar.html(w.labels ->> h.status::text) || E'</div>\n' END,
        '<header class="top"><div class="brand">', ar.html(h.seller), '</div><div class="contact">',
        concat_ws('<br>', ar.html_address(CASE WHEN h.seller_legal <> h.seller THEN h.seller_legal END, h.seller_street, h.seller_additional,
                                          h.seller_postal, h.seller_city, h.seller_region, h.seller_country, h.country),
                  nullif(concat_ws(' ' || E'\u00B7' || ' ', ar.html(h.phone), ar.html(h.email)), '')), E'</div></header>\n',
        '<section class="parties"><div class="recipient"><div class="sender">',
        ar.html(concat_ws(' ' || E'\u00B7' || ' ', h.seller_legal, h.seller_street, nullif(concat_ws(' ', h.seller_postal, h.seller_city), ''))),
        '</div>', ar.html_address(h.buyer, h.street, h.additional_street, h.postal_code, h.city, h.region, h.country, h.seller_country),
        '</div><table class="facts">',
        ar.html_row(w.labels ->> 'number', h.number),
        ar.html_row(w.labels ->> 'invoiced_on', ar.format_date(h.invoiced_on, w.labels)),
        CASE WHEN h.kind <> 'credit_memo' AND s.instalments = 1 THEN ar.html_row(w.labels ->> 'due_on', ar.format_date(s.due_on, w.labels)) END,
        ar.html_row(w.labels ->> 'supplied_on', ar.format_date(h.supplied_on, w.labels)),
        ar.html_row(w.labels ->> 'period', nullif(concat_ws(' ' || E'\u2013' || ' ', ar.format_date(h.period_from, w.labels), ar.format_date(h.period_to, w.labels)), '')),
        ar.html_row(w.labels ->> 'corrects', o.number),
        ar.html_row(w.labels ->> 'customer', h.customer_code),
        ar.html_row(w.labels ->> 'purchase_order', h.purchase_order),
        ar.html_row(w.labels ->> 'buyer_reference', h.reference),
        ar.html_row(w.labels ->> 'buyer_tax_id', h.buyer_tax_id), E'</table></section>\n',
        '<h1>', ar.html(w.labels ->> h.kind), ' <span class="number">' || ar.html(h.number) || '</span>', E'</h1>\n',
        '<p class="note">' || ar.html(h.note) || E'</p>\n',
        '<div class="wide"><table class="lines"><thead><tr><th class="position" scope="col">' || ar.html(w.labels ->> 'position')
            || '</th><th scope="col">' || ar.html(w.labels ->> 'description')
            || '</th><th class="figure" scope="col">' || ar.html(w.labels ->> 'quantity')
            || '</th><th class="figure" scope="col">' || ar.html(w.labels ->> 'unit_price')
            || '</th><th class="figure" scope="col">' || ar.html(w.labels ->> 'tax')
            || '</th><th class="figure" scope="col">' || ar.html(concat_ws(' ', w.labels ->> 'amount', h.in_currency))
            || E'</th></tr></thead>\n<tbody>\n' || n.rows || E'\n</tbody></table></div>\n',
        '<section class="totals"><table>',
        CASE WHEN a.rows IS NOT NULL OR h.prices_include_tax THEN
            format('<tr class="soft"><th scope="row">%s</th><td>%s</td></tr>',
                   ar.html(concat_ws(' ', w.labels ->> 'subtotal', CASE WHEN h.prices_include_tax THEN '(' || (w.labels ->> 'of_price_with_tax') || ')' END)),
                   ar.html(ar.format_amount(n.shown, w.labels))) END,
        a.rows,
        '<tr class="ruled"><th scope="row">' || ar.html(w.labels ->> 'net') || '</th><td>' || ar.html(ar.format_amount(coalesce(h.net, b.net), w.labels)) || '</td></tr>',
        b.rows,
        CASE WHEN ar.sign(h.cash_rounding) <> 0 THEN
            '<tr class="soft"><th scope="row">' || ar.html(w.labels ->> 'cash_rounding') || '</th><td>' || ar.html(ar.format_amount(h.cash_rounding, w.labels)) || '</td></tr>' END,
        CASE WHEN ar.sign(s.prepaid) > 0 THEN
            format('<tr class="sum"><th scope="row">%s</th><td>%s</td></tr><tr class="soft"><th scope="row">%s</th><td>%s</td></tr>',
                   ar.html(w.labels ->> 'total'), ar.html(ar.format_money(h.total, w.labels)),
                   ar.html(w.labels ->> CASE WHEN h.kind = 'credit_memo' THEN 'set_off' ELSE 'prepaid' END), ar.html(ar.format_amount(-s.prepaid, w.labels))) END,
        format('<tr class="sum due"><th scope="row">%s</th><td>%s</td></tr></table></section>',
               ar.html(w.labels ->> CASE WHEN h.kind = 'credit_memo' THEN 'credited' WHEN ar.sign(s.prepaid) > 0 THEN 'payable' ELSE 'total' END),
               ar.html(ar.format_money(CASE WHEN s.prepaid IS NULL THEN h.total ELSE h.total - s.prepaid END, w.labels))), E'\n',
        b.reasons || E'\n',
        '<div class="end"><section class="payment"><div><h2>', ar.html(w.labels ->> 'payment'), '</h2>',
        CASE WHEN h.kind = 'credit_memo' THEN '<p>' || ar.html(w.labels ->> 'credit_note_terms') || '</p>'
             ELSE coalesce(s.paragraphs, '<p>' || ar.html(w.labels ->> 'nothing_due') || '</p>') END,
        CASE WHEN h.kind <> 'credit_memo' AND s.instalments > 0 THEN concat('<table>',
            CASE WHEN h.iban IS NOT NULL THEN ar.html_row(w.labels ->> 'account_holder', h.seller_legal) END,
            ar.html_row(w.labels ->> 'iban', btrim(regexp_replace(h.iban, '(.{4})', '\1 ', 'g'))),
            CASE WHEN h.iban IS NOT NULL THEN ar.html_row(w.labels ->> 'bic', h.bic) END,
            ar.html_row(w.labels ->> 'payment_reference',
                        CASE WHEN ar.is_creditor_reference(h.payment_reference)
                             THEN btrim(regexp_replace(translate(h.payment_reference, ' ', ''), '(.{4})', '\1 ', 'g'))
                             ELSE coalesce(h.payment_reference, h.number) END), '</table>') END,
        '</div>',
        '<figure class="code">' || ar.qr_code_svg(q.content) || '<figcaption>' || ar.html(w.labels ->> 'scan_to_pay')
            || CASE WHEN s.instalments > 1 THEN '<br>' || ar.html(ar.format_money(s.first_payable, w.labels)) ELSE '' END || '</figcaption></figure>',
        E'</section>\n<footer>',
        concat_ws(' ' || E'\u00B7' || ' ', '<span>' || ar.html(h.seller_legal) || '</span>',
                  '<span>' || ar.html((w.labels ->> 'registration_id') || ' ' || h.registration_id) || '</span>',
                  '<span>' || ar.html((w.labels ->> 'tax_id') || ' ' || h.tax_id) || '</span>'),
        E'</footer></div>\n</main>\n</body>\n</html>\n')
    FROM head AS h
    JOIN worded AS w ON w.spoken = h.spoken
    LEFT JOIN line AS n ON n.invoice_id = h.invoice_id
    LEFT JOIN allowance AS a ON a.invoice_id = h.invoice_id
    LEFT JOIN breakdown AS b ON b.invoice_id = h.invoice_id
    LEFT JOIN schedule AS s ON s.invoice_id = h.invoice_id
    LEFT JOIN open_item AS i ON i.invoice_id = h.invoice_id
    LEFT JOIN ar.invoice AS o ON o.ledger_id = h.ledger_id AND o.invoice_id = coalesce(h.corrects_id, h.reverses_id)
    -- Nobody is asked to pay a draft, or what is paid already.
    LEFT JOIN LATERAL (
        SELECT ar.epc_payment_code(h.seller_legal, h.iban, h.bic, s.first_payable, coalesce(h.payment_reference, h.number))
        WHERE h.is_posted AND i.is_open AND h.kind <> 'credit_memo'
          AND coalesce(h.payment_means, '58') IN ('30', '58')) AS q(content) ON true
    ORDER BY h.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.invoices_html(integer, bigint[]) IS
'Documents for people: each one page of HTML that needs nothing else, for the screen and for A4 paper, in the customer''s language.
Arguments: ledger_id; invoice_ids.
Result: a row a document, ordered by invoice_id. The language is the customer''s, else that of the ledger''s country: see ar.labels(). A QR code of the European Payments Council asks for what is due, or for the first instalment, as long as something is open: see ar.epc_payment_code(). Drafts, held and void documents are stamped so.
Errors: 23503 no such invoice; 54000 more text than a QR code holds, which no payment has.';
REVOKE ALL ON FUNCTION ar.invoices_html(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.invoice_html(ledger_id integer, invoice_id bigint) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT p.page FROM ar.invoices_html(invoice_html.ledger_id, ARRAY[invoice_html.invoice_id]) AS p $$;
COMMENT ON FUNCTION ar.invoice_html(integer, bigint) IS
'One document as a page of HTML: ar.invoices_html() with one.
Errors: as ar.invoices_html().';
REVOKE ALL ON FUNCTION ar.invoice_html(integer, bigint) FROM PUBLIC;
