-- billing: invoices made from JSON.

CREATE FUNCTION ar.create_invoices(
    ledger_id integer,
    invoices jsonb,
    post boolean DEFAULT true
) RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(create_invoices.ledger_id);
    policy record;
    rounded_currencies text[];
    fresh bigint[];
    involved bigint[];
    with_allowances jsonb;
    reused text;
BEGIN
    PERFORM ar.check_keys('invoices', create_invoices.invoices,
        '{customer_id,lines,allowances,invoiced_on,terms,due_on,number,series,currency,external_id,'
        'kind,corrects_id,reverses_id,supplied_on,period_from,period_to,purchase_order,order_reference,buyer_reference,note,'
        'payment_reference,payment_means,discount_basis,prices_include_tax,tax_rounding}',
        '{customer_id,lines}');
    IF EXISTS (SELECT FROM jsonb_array_elements(create_invoices.invoices) AS v(value)
               WHERE jsonb_typeof(v.value -> 'lines') <> 'array') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'lines must be a JSON array of objects',
            HINT = 'Each has unit_price, and perhaps description, quantity and tax_rate.';
    END IF;
    PERFORM ar.check_keys('lines', coalesce(jsonb_agg(line.value), '[]'),
        '{description,quantity,unit_price,tax_rate,unit_code,discount_percent,discount,charge,tax_code,tax_category,'
        'exemption_reason,exemption_reason_code,item_number,buyer_item_number}', '{unit_price}')
    FROM jsonb_array_elements(create_invoices.invoices) AS v(value),
         jsonb_array_elements(CASE jsonb_typeof(v.value -> 'lines')
             WHEN 'array' THEN v.value -> 'lines' ELSE jsonb_build_array(v.value -> 'lines') END) AS line(value);
    PERFORM ar.check_keys('allowances', coalesce(jsonb_agg(allowance.value), '[]'),
        '{is_charge,amount,percent,reason,reason_code,tax_code,tax_category,tax_rate,exemption_reason,exemption_reason_code}', '{}')
    FROM jsonb_array_elements(create_invoices.invoices) AS v(value),
         jsonb_array_elements(CASE jsonb_typeof(v.value -> 'allowances')
             WHEN 'array' THEN v.value -> 'allowances' ELSE jsonb_build_array(v.value -> 'allowances') END) AS allowance(value)
    WHERE jsonb_typeof(v.value -> 'allowances') <> 'null';
    IF EXISTS (SELECT FROM jsonb_array_elements(create_invoices.invoices) AS v(value)
               WHERE jsonb_typeof(v.value -> 'allowances') NOT IN ('array', 'null')) THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'allowances must be a JSON array of objects',
            HINT = 'Each has amount or percent.';
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(create_invoices.invoices) AS v(value),
                    jsonb_array_elements(CASE jsonb_typeof(v.value -> 'allowances') WHEN 'array' THEN v.value -> 'allowances' END) AS a(value)
               WHERE num_nonnulls(a.value ->> 'amount', a.value ->> 'percent') <> 1) THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'an allowance has an amount or a percent, and not both';
    END IF;
    IF EXISTS (SELECT FROM jsonb_array_elements(create_invoices.invoices) AS v(value)
               WHERE v.value -> 'lines' = '[]') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'an invoice needs at least one line',
            HINT = 'Give lines as a JSON array of objects with unit_price, and perhaps description, quantity and tax_rate.';
    END IF;

    SELECT coalesce(b.tax_rounding, 'document') AS tax_rounding, coalesce(b.prices_include_tax, false) AS prices_include_tax,
           b.discount_basis INTO policy
    FROM (SELECT) AS always LEFT JOIN ar.billing_policy AS b ON b.ledger_id = create_invoices.ledger_id;
    rounded_currencies := ARRAY(SELECT r.currency FROM ar.cash_rounding AS r WHERE r.ledger_id = create_invoices.ledger_id);

    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS invoice_id, v.value AS payload, g.*,
               upper(coalesce(g.currency, l.currency)) AS in_currency,
               coalesce(g.invoiced_on, today) AS dated,
               coalesce(g.prices_include_tax, policy.prices_include_tax) AS includes_tax,
               coalesce(g.tax_rounding, policy.tax_rounding) AS rounds_tax,
               -- What cannot be added up from the lines alone is worked out once they are there.
               coalesce(g.prices_include_tax, policy.prices_include_tax)
               OR coalesce(g.discount_basis, policy.discount_basis, 'gross') = 'mixed'
               OR coalesce(jsonb_typeof(g.allowances), 'null') <> 'null'
               OR upper(coalesce(g.currency, l.currency)) = ANY (rounded_currencies) AS is_involved
        FROM jsonb_array_elements(create_invoices.invoices) AS v(value)
        CROSS JOIN LATERAL jsonb_to_record(v.value) AS g(
            customer_id bigint, lines jsonb, allowances jsonb, invoiced_on date, terms text, due_on date,
            number text, series text, currency text, external_id text, kind text, corrects_id bigint, reverses_id bigint,
            supplied_on date, period_from date, period_to date, purchase_order text, order_reference text, buyer_reference text, note text,
            payment_reference text, payment_means text, discount_basis text, prices_include_tax boolean, tax_rounding text)
        JOIN ar.ledger AS l ON l.ledger_id = create_invoices.ledger_id
    ), line AS MATERIALIZED (
        SELECT g.invoice_id, g.rounds_tax, g.includes_tax, j.line_number, r.*, t.category, t.rate, t.reason, t.reason_code,
               d.taken_off, m.amount, g.in_currency,
               CASE WHEN g.includes_tax THEN m.amount - ar.included_tax(m.amount, t.rate) ELSE m.amount END AS net,
               CASE WHEN g.includes_tax THEN ar.included_tax(m.amount, t.rate) ELSE ar.percent_of(m.amount, t.rate) END AS tax
        FROM given AS g
        CROSS JOIN LATERAL jsonb_array_elements(g.lines) WITH ORDINALITY AS j(value, line_number)
        CROSS JOIN LATERAL jsonb_to_record(j.value) AS r(
            description text, quantity numeric, unit_price numeric, tax_rate numeric, unit_code text,
            discount_percent numeric, discount numeric, charge numeric, tax_code text, tax_category text,
            exemption_reason text, exemption_reason_code text, item_number text, buyer_item_number text)
        LEFT JOIN LATERAL (
            SELECT x.* FROM ar.tax_rate AS x
            WHERE x.ledger_id = create_invoices.ledger_id AND x.tax_code = r.tax_code
              AND x.valid_from <= coalesce(g.supplied_on, g.dated)
            ORDER BY x.valid_from DESC LIMIT 1) AS x ON r.tax_code IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT coalesce(r.tax_rate, x.rate, 0) AS rate,
                   coalesce(r.tax_category, x.tax_category, CASE WHEN coalesce(r.tax_rate, x.rate, 0) > 0 THEN 'S' ELSE 'Z' END) AS category,
                   coalesce(r.exemption_reason, x.exemption_reason) AS reason,
                   coalesce(r.exemption_reason_code, x.exemption_reason_code) AS reason_code) AS t
        CROSS JOIN LATERAL (
            SELECT CASE WHEN r.discount IS NOT NULL THEN ar.monetary(r.discount, g.in_currency)
                        WHEN r.discount_percent IS NOT NULL
                        THEN ar.percent_of(ar.line_amount(coalesce(r.quantity, 1), r.unit_price, g.in_currency), r.discount_percent)
                   END AS taken_off) AS d
        CROSS JOIN LATERAL ar.line_amount(coalesce(r.quantity, 1), r.unit_price, g.in_currency, d.taken_off,
                                          ar.monetary(r.charge, g.in_currency)) AS m(amount)
    ), made AS (
        INSERT INTO ar.invoice AS v (ledger_id, invoice_id, customer_id, kind, corrects_id, reverses_id, series, number,
                                     payment_reference, payment_means, invoiced_on, supplied_on, period_from, period_to,
                                     due_on, terms, discount_basis, prices_include_tax, tax_rounding, net, tax, total,
                                     purchase_order, order_reference, buyer_reference, note, external_id, external_digest)
        SELECT create_invoices.ledger_id, g.invoice_id, g.customer_id, coalesce(g.kind, 'invoice'), g.corrects_id,
               g.reverses_id, g.series, g.number, g.payment_reference, g.payment_means, g.dated, g.supplied_on,
               g.period_from, g.period_to, g.due_on, g.terms::ar.terms, g.discount_basis, g.includes_tax, g.rounds_tax,
               CASE WHEN NOT g.is_involved THEN t.net END, CASE WHEN NOT g.is_involved THEN t.tax END,
               CASE WHEN g.is_involved THEN ar.monetary(0, g.in_currency) ELSE t.net + t.tax END,
               g.purchase_order, g.order_reference, g.buyer_reference, g.note, g.external_id,
               CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        JOIN (SELECT r.invoice_id, ar.sum(r.net) AS net, ar.sum(r.tax) AS tax
              FROM (SELECT n.invoice_id, ar.sum(n.net) AS net,
                           CASE WHEN n.rounds_tax = 'line' THEN ar.sum(n.tax) ELSE ar.percent_of(ar.sum(n.net), n.rate) END AS tax
                    FROM line AS n GROUP BY n.invoice_id, n.rounds_tax, n.category, n.rate) AS r
              GROUP BY r.invoice_id) AS t ON t.invoice_id = g.invoice_id
        -- So that two batches over the same external ids queue up.
        ORDER BY g.external_id, g.number, g.invoice_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING v.invoice_id
    ), lined AS (
        INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_code, unit_price,
                                     discount_percent, discount, charge, tax_code, tax_category, tax_rate,
                                     exemption_reason, exemption_reason_code, gross, net, tax, item_number, buyer_item_number)
        SELECT create_invoices.ledger_id, n.invoice_id, n.line_number, coalesce(n.description, ''), coalesce(n.quantity, 1),
               coalesce(n.unit_code, 'C62'), n.unit_price, n.discount_percent, n.taken_off, ar.monetary(n.charge, n.in_currency),
               n.tax_code, n.category, n.rate, n.reason, n.reason_code,
               CASE WHEN n.includes_tax THEN n.amount END, n.net, n.tax, n.item_number, n.buyer_item_number
        FROM line AS n JOIN made AS m ON m.invoice_id = n.invoice_id
    )
    SELECT coalesce(array_agg(m.invoice_id), '{}'),
           coalesce(array_agg(m.invoice_id) FILTER (WHERE g.is_involved), '{}'),
           coalesce(jsonb_agg(jsonb_build_object('invoice_id', g.invoice_id, 'allowances', g.allowances))
                    FILTER (WHERE jsonb_typeof(g.allowances) = 'array'), '[]')
    INTO fresh, involved, with_allowances
    FROM made AS m JOIN given AS g ON g.invoice_id = m.invoice_id;

    IF involved <> '{}' THEN
        PERFORM ar.add_allowances(create_invoices.ledger_id, with_allowances);
        PERFORM ar.recalculate_invoices(create_invoices.ledger_id, involved);
    END IF;
    IF create_invoices.post THEN
        PERFORM ar.post_invoices(create_invoices.ledger_id, fresh);
    END IF;

    -- An external id that was there before must have come with the same payload.
    SELECT v.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(create_invoices.invoices) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT v.external_id, v.external_digest FROM ar.invoice AS v
                        WHERE v.ledger_id = create_invoices.ledger_id AND v.external_id = g.external_id OFFSET 0) AS v
    WHERE v.external_digest IS NULL OR v.external_digest <> ar.payload_digest(g.value)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('invoice', reused);
    END IF;

    -- Those without an external id were all made, in the order given.
    RETURN QUERY
    WITH given AS (
        SELECT e.position, e.value ->> 'external_id' AS external_id,
               row_number() OVER (PARTITION BY e.value ->> 'external_id' IS NULL ORDER BY e.position) AS nth
        FROM jsonb_array_elements(create_invoices.invoices) WITH ORDINALITY AS e(value, position)
    ), anonymous AS (
        SELECT w.invoice_id, row_number() OVER (ORDER BY w.invoice_id) AS nth
        FROM unnest(fresh) AS w(invoice_id)
        CROSS JOIN LATERAL (SELECT v.external_id FROM ar.invoice AS v
                            WHERE v.ledger_id = create_invoices.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v
        WHERE v.external_id IS NULL
    )
    SELECT g.position, coalesce(named.invoice_id, a.invoice_id)
    FROM given AS g
    LEFT JOIN LATERAL (SELECT named.invoice_id FROM ar.invoice AS named
                       WHERE named.ledger_id = create_invoices.ledger_id AND named.external_id = g.external_id OFFSET 0) AS named ON true
    LEFT JOIN anonymous AS a ON g.external_id IS NULL AND a.nth = g.nth
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.create_invoices(integer, jsonb, boolean) IS
'Creates any number of invoices with their lines and, unless told otherwise, posts them. All or none.
Arguments: ledger_id; invoices, a JSON array of objects with customer_id, lines, and perhaps allowances, invoiced_on (by default the business date), terms (by default those of the customer, else of the ledger) or due_on, number (by default drawn from series), series, currency (by default that of the ledger), external_id, and the columns of ar.invoice kind, corrects_id, reverses_id, supplied_on, period_from, period_to, purchase_order, order_reference (see ar.reserve_credit()), buyer_reference, note, payment_reference, payment_means, discount_basis, prices_include_tax and tax_rounding (the last three by default as ar.billing_policy says); post, false to leave drafts.
A line has unit_price and perhaps description, quantity (1), unit_code, discount_percent or discount, charge, tax_code (a tax of ar.tax_rate, as of the date of supply) or tax_rate (percent, 0) with tax_category and exemption_reason or exemption_reason_code, item_number, buyer_item_number. It comes to quantity times unit_price, rounded half up to the minor unit, less discount, plus charge.
An allowance has amount or percent (of the lines) and perhaps is_charge, reason, reason_code, and tax_code or tax_rate, tax_category and exemption_reason; without any of the latter it is spread over the taxes of the lines.
Tax is rounded half up, once a category and rate, or once a line if tax_rounding is line; the total is net plus tax plus what ar.cash_rounding adds.
Result: the position in the array, from 1, and the invoice_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer; 23505 the number is taken; 23514 the customer cannot be invoiced, or a column has a value it may not; RA001 over the credit limit; RA006 the external id was used for another invoice.';
REVOKE ALL ON FUNCTION ar.create_invoices(integer, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION ar.create_invoice(
    ledger_id integer,
    customer_id bigint,
    lines jsonb,
    invoiced_on date DEFAULT NULL,
    terms ar.terms DEFAULT NULL,
    number text DEFAULT NULL,
    external_id text DEFAULT NULL,
    post boolean DEFAULT true,
    due_on date DEFAULT NULL,
    series text DEFAULT NULL,
    currency text DEFAULT NULL,
    options jsonb DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.invoice_id
    FROM ar.create_invoices(create_invoice.ledger_id, jsonb_build_array(coalesce(create_invoice.options, '{}') || jsonb_strip_nulls(jsonb_build_object(
        'customer_id', create_invoice.customer_id, 'lines', create_invoice.lines,
        'invoiced_on', create_invoice.invoiced_on, 'terms', create_invoice.terms::text,
        'due_on', create_invoice.due_on, 'number', create_invoice.number,
        'series', create_invoice.series, 'currency', create_invoice.currency,
        'external_id', create_invoice.external_id))), create_invoice.post) AS c;
$$;
COMMENT ON FUNCTION ar.create_invoice(integer, bigint, jsonb, date, ar.terms, text, text, boolean, date, text, text, jsonb) IS
'Creates one invoice with its lines, posts it unless told otherwise, and returns its invoice_id: ar.create_invoices() with one, where the arguments are described. options holds further keys of the invoice, such as {"prices_include_tax": true}.
Errors: as ar.create_invoices().';
REVOKE ALL ON FUNCTION ar.create_invoice(integer, bigint, jsonb, date, ar.terms, text, text, boolean, date, text, text, jsonb) FROM PUBLIC;
