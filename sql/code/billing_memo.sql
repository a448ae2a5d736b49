-- billing: credit and debit memos.

CREATE FUNCTION ar.creditable(ledger_id integer, invoice_id bigint) RETURNS ar.monetary
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT CASE WHEN v.recorded_at IS NULL OR v.status = 'void' OR v.kind = 'credit_memo' THEN ar.monetary(0, ar.currency(v.total))
                    ELSE v.total - coalesce((
                        SELECT ar.sum(m.total) FROM ar.invoice AS m
                        WHERE m.ledger_id = v.ledger_id AND m.corrects_id = v.invoice_id
                          AND m.kind = 'credit_memo' AND m.recorded_at IS NOT NULL), ar.monetary(0, ar.currency(v.total))) END
        FROM ar.invoice AS v
        WHERE v.ledger_id = creditable.ledger_id AND v.invoice_id = creditable.invoice_id);
END
$$;
COMMENT ON FUNCTION ar.creditable(integer, bigint) IS
'What may still be credited of an invoice: its total less the credit memos for it; zero for what is not posted or void. NULL if there is no such invoice.';

CREATE FUNCTION ar.apply_memos(ledger_id integer, memo_ids bigint[], target_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    applied bigint;
BEGIN
    -- Memos and due dates of one invoice are laid end to end; where an end falls, an application ends.
    WITH credit AS MATERIALIZED (
        SELECT t.target_id, i.item_id, i.issued_on, i.undone_on, ar.currency(i.open) AS currency, -ar.amount(i.open) AS part,
               sum(-ar.amount(i.open)) OVER (PARTITION BY t.target_id ORDER BY i.issued_on, i.item_id) AS upto
        FROM unnest(apply_memos.memo_ids, apply_memos.target_ids) AS t(memo_id, target_id)
        CROSS JOIN LATERAL (SELECT i.item_id, i.issued_on, i.undone_on, i.open FROM ar.item AS i
                            WHERE i.ledger_id = apply_memos.ledger_id AND i.invoice_id = t.memo_id AND i.closed_on IS NULL OFFSET 0) AS i
    ), debit AS MATERIALIZED (
        SELECT i.invoice_id AS target_id, i.item_id, i.issued_on, i.undone_on, ar.amount(i.open) AS part,
               sum(ar.amount(i.open)) OVER (PARTITION BY i.invoice_id ORDER BY i.due_on, i.item_id) AS upto
        FROM (SELECT DISTINCT t.target_id FROM unnest(apply_memos.target_ids) AS t(target_id)) AS t
        CROSS JOIN LATERAL (SELECT i.invoice_id, i.item_id, i.issued_on, i.undone_on, i.open, i.due_on FROM ar.item AS i
                            WHERE i.ledger_id = apply_memos.ledger_id AND i.invoice_id = t.target_id AND i.closed_on IS NULL OFFSET 0) AS i
    )
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT apply_memos.ledger_id, c.item_id, d.item_id,
           ar.monetary(least(c.upto, d.upto) - greatest(c.upto - c.part, d.upto - d.part), c.currency),
           greatest(c.issued_on, d.issued_on, c.undone_on, d.undone_on)
    FROM credit AS c
    JOIN debit AS d ON d.target_id = c.target_id
     AND least(c.upto, d.upto) > greatest(c.upto - c.part, d.upto - d.part)
    ORDER BY c.item_id, d.item_id;
    GET DIAGNOSTICS applied = ROW_COUNT;
    RETURN applied;
END
$$;
COMMENT ON FUNCTION ar.apply_memos(integer, bigint[], bigint[]) IS
'Applies what is open of credit memos to invoices, the earliest due date first, until one of both is used up; the rest stays unapplied. Returns the number of applications.
Arguments: ledger_id; memo_ids; target_ids, the invoice for each memo. The balances of the customers must be held, as they are once the memos are posted.
Errors: as of applications: RA009 two currencies; 23514 two customers.';
REVOKE ALL ON FUNCTION ar.apply_memos(integer, bigint[], bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.draft_amount_lines(ledger_id integer, memo_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    plan jsonb;
    wrong text;
BEGIN
    -- What remains of each category and rate: that of the invoice, less its credit memos. A debit memo has no such limit.
    WITH memo AS MATERIALIZED (
        SELECT m.invoice_id, m.kind, m.total, m.corrects_id, coalesce(m.note, c.number, '') AS description,
               coalesce(c.number, c.invoice_id::text) AS corrected, c.payment_means, c.cash_rounding IS NOT NULL AS is_rounded
        FROM (SELECT DISTINCT w.memo_id FROM unnest(draft_amount_lines.memo_ids) AS w(memo_id)) AS w
        CROSS JOIN LATERAL (SELECT m.invoice_id, m.kind, m.total, m.corrects_id, m.note FROM ar.invoice AS m
                            WHERE m.ledger_id = draft_amount_lines.ledger_id AND m.invoice_id = w.memo_id OFFSET 0) AS m
        CROSS JOIN LATERAL (SELECT c.number, c.invoice_id, c.payment_means, c.cash_rounding, c.net FROM ar.invoice AS c
                            WHERE c.ledger_id = draft_amount_lines.ledger_id AND c.invoice_id = m.corrects_id OFFSET 0) AS c
        WHERE c.net IS NOT NULL
    ), remaining AS MATERIALIZED (
        SELECT m.invoice_id, x.tax_category, x.tax_rate, ar.sum(x.taxable) AS net, ar.sum(x.tax) AS tax, ar.sum(x.taxable + x.tax) AS gross,
               min(x.exemption_reason) AS exemption_reason, min(x.exemption_reason_code) AS exemption_reason_code,
               bool_or(x.is_negative) AS is_negative
        FROM memo AS m
        CROSS JOIN LATERAL (
            SELECT x.tax_category, x.tax_rate, x.taxable, x.tax, x.exemption_reason, x.exemption_reason_code, ar.sign(x.taxable + x.tax) < 0 AS is_negative
            FROM ar.invoice_tax AS x WHERE x.ledger_id = draft_amount_lines.ledger_id AND x.invoice_id = m.corrects_id
            UNION ALL
            SELECT x.tax_category, x.tax_rate, -x.taxable, -x.tax, x.exemption_reason, x.exemption_reason_code, false
            FROM ar.invoice AS o
            JOIN ar.invoice_tax AS x ON x.ledger_id = o.ledger_id AND x.invoice_id = o.invoice_id
            WHERE m.kind = 'credit_memo' AND o.ledger_id = draft_amount_lines.ledger_id AND o.corrects_id = m.corrects_id
              AND o.kind = 'credit_memo' AND o.recorded_at IS NOT NULL) AS x
        GROUP BY m.invoice_id, x.tax_category, x.tax_rate
        HAVING ar.sign(ar.sum(x.taxable)) <> 0 OR ar.sign(ar.sum(x.tax)) <> 0
    ), whole AS (
        SELECT m.*, w.weights, w.rates, w.has_negative, w.gross = m.total OR r.is_reached AS is_rest, r.is_reached
        FROM memo AS m
        JOIN (SELECT r.invoice_id, ar.sum(r.gross) AS gross, bool_or(r.is_negative) AS has_negative,
                     array_agg(greatest(ar.amount(r.gross), 0) ORDER BY r.tax_category, r.tax_rate) AS weights,
                     jsonb_agg(to_jsonb(r) ORDER BY r.tax_category, r.tax_rate) AS rates
              FROM remaining AS r GROUP BY r.invoice_id) AS w ON w.invoice_id = m.invoice_id
        -- Of an invoice rounded for cash, the rest is rounded in the same way.
        CROSS JOIN LATERAL (
            SELECT m.is_rounded AND EXISTS (
                SELECT FROM ar.cash_rounding AS h
                WHERE h.ledger_id = draft_amount_lines.ledger_id AND h.payment_means = m.payment_means AND h.currency = ar.currency(m.total)
                  AND w.gross <> m.total AND ar.round_to(w.gross, h.increment, h.mode) = m.total) AS is_reached) AS r
    )
    SELECT jsonb_agg(to_jsonb(w)), min(w.corrected) FILTER (WHERE NOT w.is_rest AND (w.has_negative OR 0 = ALL (w.weights))) INTO plan, wrong
    FROM (
        SELECT w.invoice_id, w.corrected, w.description, w.payment_means, w.is_rest, w.is_reached, w.has_negative, w.weights, w.rates
        FROM whole AS w) AS w;
    IF wrong IS NOT NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('an amount cannot be divided among the taxes of invoice %s', wrong),
            DETAIL = 'One of its taxes is on a negative amount, or all are on nothing.',
            HINT = 'Give the lines of the memo, or credit all that remains.';
    END IF;

    -- A part for each, tax included, in proportion, and in it net and tax as they remain: all of the rest is the rest to the cent.
    INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_price, tax_category, tax_rate,
                                 exemption_reason, exemption_reason_code, corrects_tax, gross, net, tax)
    SELECT m.ledger_id, m.invoice_id, row_number() OVER (PARTITION BY m.invoice_id ORDER BY r.nth), w.description,
           CASE WHEN ar.sign(p.part) < 0 THEN -1 ELSE 1 END, abs(ar.amount(p.part)), r.tax_category, r.tax_rate,
           r.exemption_reason, r.exemption_reason_code, true, p.part, p.part - t.tax, t.tax
    FROM jsonb_to_recordset(plan) AS w(invoice_id bigint, description text, is_rest boolean, weights numeric[], rates jsonb)
    CROSS JOIN LATERAL (SELECT m.ledger_id, m.invoice_id, m.total FROM ar.invoice AS m
                        WHERE m.ledger_id = draft_amount_lines.ledger_id AND m.invoice_id = w.invoice_id OFFSET 0) AS m
    CROSS JOIN LATERAL (SELECT CASE WHEN NOT w.is_rest THEN ar.allocate(m.total, w.weights) END AS parts) AS a
    CROSS JOIN LATERAL (
        SELECT row_number() OVER (ORDER BY r.tax_category, r.tax_rate) AS nth, r.*
        FROM jsonb_to_recordset(w.rates) AS r(tax_category text, tax_rate numeric, gross ar.monetary, tax ar.monetary,
                                              exemption_reason text, exemption_reason_code text)) AS r
    CROSS JOIN LATERAL (SELECT CASE WHEN w.is_rest THEN r.gross ELSE a.parts[r.nth] END AS part) AS p
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.part = r.gross THEN r.tax
                    ELSE ar.round(ar.amount(p.part) * ar.amount(r.tax) / nullif(ar.amount(r.gross), 0), ar.currency(p.part), 'half_up') END AS tax) AS t
    WHERE w.is_rest OR ar.sign(p.part) > 0;

    UPDATE ar.invoice AS m SET payment_means = w.payment_means
    FROM (SELECT draft_amount_lines.ledger_id, w.invoice_id, w.payment_means
          FROM jsonb_to_recordset(plan) AS w(invoice_id bigint, payment_means text, is_reached boolean)
          WHERE w.is_reached OFFSET 0) AS w
    WHERE m.ledger_id = w.ledger_id AND m.invoice_id = w.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.draft_amount_lines(integer, bigint[]) IS
'Gives draft memos for an amount their lines: one for each category and rate of tax of the corrected invoice, in proportion to what remains creditable of it, tax included; of all that remains, exactly what remains. An invoice without lines has none to give. For ar.create_credit_memos().
Errors: 22023 a tax of the invoice is negative, and the amount is not all that remains.';
REVOKE ALL ON FUNCTION ar.draft_amount_lines(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.draft_linked_lines(ledger_id integer, memos jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wrong text;
BEGIN
    SELECT format('Line %s of memo %s: invoice %s has no line %s.', j.line_number, e.position, m.corrects_id, j.value ->> 'corrects_line') INTO wrong
    FROM jsonb_array_elements(draft_linked_lines.memos) WITH ORDINALITY AS e(value, position)
    JOIN ar.invoice AS m ON m.ledger_id = draft_linked_lines.ledger_id AND m.invoice_id = (e.value ->> 'memo_id')::bigint
    CROSS JOIN LATERAL jsonb_array_elements(e.value -> 'lines') WITH ORDINALITY AS j(value, line_number)
    WHERE NOT EXISTS (SELECT FROM ar.invoice_line AS n WHERE n.ledger_id = m.ledger_id AND n.invoice_id = m.corrects_id
                      AND n.line_number = (j.value ->> 'corrects_line')::integer)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'a memo corrects a line that is not there', DETAIL = wrong;
    END IF;

    INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_code, unit_price, discount, charge,
                                 tax_category, tax_rate, exemption_reason, exemption_reason_code, item_number, buyer_item_number,
                                 corrects_line, gross, net, tax)
    SELECT m.ledger_id, m.invoice_id, j.line_number, coalesce(j.value ->> 'description', n.description),
           q.quantity, n.unit_code, q.unit_price, q.discount, q.charge,
           n.tax_category, n.tax_rate, n.exemption_reason, n.exemption_reason_code, n.item_number, n.buyer_item_number,
           n.line_number, CASE WHEN m.prices_include_tax THEN a.value END,
           CASE WHEN m.prices_include_tax THEN a.value - ar.included_tax(a.value, n.tax_rate) ELSE a.value END,
           CASE WHEN m.prices_include_tax THEN ar.included_tax(a.value, n.tax_rate) ELSE ar.percent_of(a.value, n.tax_rate) END
    FROM jsonb_array_elements(draft_linked_lines.memos) AS e(value)
    JOIN ar.invoice AS m ON m.ledger_id = draft_linked_lines.ledger_id AND m.invoice_id = (e.value ->> 'memo_id')::bigint
    CROSS JOIN LATERAL jsonb_array_elements(e.value -> 'lines') WITH ORDINALITY AS j(value, line_number)
    JOIN ar.invoice_line AS n ON n.ledger_id = m.ledger_id AND n.invoice_id = m.corrects_id
     AND n.line_number = (j.value ->> 'corrects_line')::integer
    -- What was credited of the line before, in the terms of its price.
    CROSS JOIN LATERAL (
        SELECT sum(ar.amount(coalesce(k.gross, k.net))) AS credited
        FROM ar.invoice AS o JOIN ar.invoice_line AS k ON k.ledger_id = o.ledger_id AND k.invoice_id = o.invoice_id
        WHERE o.ledger_id = m.ledger_id AND o.corrects_id = m.corrects_id AND o.kind = 'credit_memo'
          AND o.recorded_at IS NOT NULL AND k.corrects_line = n.line_number) AS s
    -- By quantity, at its price; by amount; or all that remains.
    CROSS JOIN LATERAL (
        SELECT CASE WHEN j.value ->> 'amount' IS NOT NULL THEN 'amount'
                    WHEN j.value ->> 'quantity' IS NOT NULL THEN 'quantity'
                    WHEN s.credited IS NULL OR m.kind <> 'credit_memo' THEN 'whole' ELSE 'rest' END AS way) AS w
    CROSS JOIN LATERAL (
        SELECT CASE w.way WHEN 'whole' THEN n.quantity WHEN 'quantity' THEN (j.value ->> 'quantity')::numeric ELSE 1 END AS quantity,
               CASE w.way WHEN 'amount' THEN (j.value ->> 'amount')::numeric
                          WHEN 'rest' THEN ar.amount(coalesce(n.gross, n.net)) - s.credited ELSE n.unit_price END AS unit_price,
               CASE w.way WHEN 'whole' THEN n.discount
                          WHEN 'quantity' THEN ar.round(ar.amount(n.discount) * (j.value ->> 'quantity')::numeric / nullif(n.quantity, 0), ar.currency(n.net), 'half_up') END AS discount,
               CASE w.way WHEN 'whole' THEN n.charge
                          WHEN 'quantity' THEN ar.round(ar.amount(n.charge) * (j.value ->> 'quantity')::numeric / nullif(n.quantity, 0), ar.currency(n.net), 'half_up') END AS charge) AS q
    CROSS JOIN LATERAL ar.line_amount(q.quantity, q.unit_price, ar.currency(n.net), q.discount, q.charge) AS a(value);

    -- Where prices include tax, the lines share what rounding leaves of a rate.
    PERFORM ar.spread_included_tax(m.ledger_id, array_agg(m.invoice_id))
    FROM jsonb_array_elements(draft_linked_lines.memos) AS e(value)
    JOIN ar.invoice AS m ON m.ledger_id = draft_linked_lines.ledger_id AND m.invoice_id = (e.value ->> 'memo_id')::bigint
    WHERE m.prices_include_tax AND m.tax_rounding = 'document' GROUP BY m.ledger_id;
    UPDATE ar.invoice AS m SET total = b.total
    FROM (SELECT b.invoice_id, ar.sum(b.taxable + b.tax) AS total
          FROM ar.tax_breakdown(draft_linked_lines.ledger_id,
                   ARRAY(SELECT (e.value ->> 'memo_id')::bigint FROM jsonb_array_elements(draft_linked_lines.memos) AS e(value))) AS b
          GROUP BY b.invoice_id) AS b
    WHERE m.ledger_id = draft_linked_lines.ledger_id AND m.invoice_id = b.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.draft_linked_lines(integer, jsonb) IS
'Gives draft memos the lines that name a line of the corrected invoice, at its price, tax and unit, and their total. For ar.create_credit_memos().
Arguments: ledger_id; memos, an array of objects with memo_id and lines.
Errors: 23503 no such line.';
REVOKE ALL ON FUNCTION ar.draft_linked_lines(integer, jsonb) FROM PUBLIC;

CREATE FUNCTION ar.lock_orders(ledger_id integer, order_references text[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    -- Posting locks what is reserved before balances; who locks balances ahead of posting must do so, too.
    PERFORM FROM (
        SELECT r.reservation_id
        FROM unnest(lock_orders.order_references) AS w(order_reference)
        CROSS JOIN LATERAL (SELECT r.reservation_id FROM ar.credit_reservation AS r
                            WHERE r.ledger_id = lock_orders.ledger_id AND r.order_reference = w.order_reference OFFSET 0) AS r
        ORDER BY r.reservation_id) AS w
    CROSS JOIN LATERAL (SELECT FROM ar.credit_reservation AS r
                        WHERE r.ledger_id = lock_orders.ledger_id AND r.reservation_id = w.reservation_id FOR NO KEY UPDATE) AS r;
END
$$;
COMMENT ON FUNCTION ar.lock_orders(integer, text[]) IS
'Locks what is reserved for some orders, for functions that lock balances and then post documents of these orders.';
REVOKE ALL ON FUNCTION ar.lock_orders(integer, text[]) FROM PUBLIC;

CREATE FUNCTION ar.create_memos(ledger_id integer, kind text, memos jsonb, post boolean)
RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(create_memos.ledger_id);
    what text := CASE create_memos.kind WHEN 'credit_memo' THEN 'credit memo' WHEN 'debit_memo' THEN 'debit memo' ELSE create_memos.kind END;
    wrong text;
    reused text;
    broken text;
    plan jsonb;
BEGIN
    PERFORM ar.check_keys(what || 's', create_memos.memos,
        '{invoice_id,customer_id,amount,lines,invoiced_on,terms,due_on,reason,number,series,currency,order_reference,details,external_id,apply,apply_to}', '{}');

    -- An external id that was there before must have come with the same payload.
    SELECT g.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(create_memos.memos) AS g(value) OFFSET 0) AS g
    LEFT JOIN LATERAL (SELECT v.invoice_id, v.external_digest FROM ar.invoice AS v
                       WHERE v.ledger_id = create_memos.ledger_id AND v.external_id = g.external_id OFFSET 0) AS v ON true
    WHERE g.external_id IS NOT NULL
    GROUP BY g.external_id, v.external_digest, v.invoice_id
    HAVING count(DISTINCT ar.payload_digest(g.value)) > 1
        OR (v.invoice_id IS NOT NULL AND coalesce(v.external_digest <> ar.payload_digest((array_agg(g.value))[1]), true))
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id(what, reused);
    END IF;

    -- What may still be credited can be trusted only once the customers' balances are held; their orders come before.
    PERFORM ar.lock_orders(create_memos.ledger_id, ARRAY(
        SELECT DISTINCT o.order_reference
        FROM (SELECT g.value, (g.value ->> 'invoice_id')::bigint AS invoice_id FROM jsonb_array_elements(create_memos.memos) AS g(value) OFFSET 0) AS g
        LEFT JOIN LATERAL (SELECT c.order_reference FROM ar.invoice AS c
                           WHERE c.ledger_id = create_memos.ledger_id AND c.invoice_id = g.invoice_id OFFSET 0) AS c ON true
        CROSS JOIN LATERAL (VALUES (g.value ->> 'order_reference'), (g.value #>> '{details,order_reference}'), (c.order_reference)) AS o(order_reference)
        WHERE o.order_reference IS NOT NULL));
    PERFORM FROM (
        SELECT DISTINCT c.customer_id
        FROM (SELECT (g.value ->> 'invoice_id')::bigint AS invoice_id FROM jsonb_array_elements(create_memos.memos) AS g(value) OFFSET 0) AS g
        CROSS JOIN LATERAL (SELECT c.customer_id FROM ar.invoice AS c
                            WHERE c.ledger_id = create_memos.ledger_id AND c.invoice_id = g.invoice_id OFFSET 0) AS c
        ORDER BY c.customer_id) AS w
    CROSS JOIN LATERAL (SELECT FROM ar.customer_balance AS b
                        WHERE b.ledger_id = create_memos.ledger_id AND b.customer_id = w.customer_id
                        ORDER BY b.currency FOR NO KEY UPDATE) AS b;

    -- Each new memo once, however often its external id is named.
    SELECT jsonb_agg(to_jsonb(p) ORDER BY p.position) INTO plan
    FROM (
        SELECT DISTINCT ON (coalesce(g.external_id, e.position::text), g.external_id IS NULL)
               e.position, nextval('ar.document_id') AS memo_id, e.value AS payload, g.external_id,
               coalesce(g.customer_id, c.customer_id) AS customer_id, c.invoice_id AS corrects_id,
               g.invoice_id AS wanted_id, coalesce(g.invoiced_on, greatest(today, c.invoiced_on)) AS invoiced_on, g.terms, g.due_on,
               g.reason, g.number, g.series, upper(coalesce(g.currency, ar.currency(c.total), l.currency)) AS currency,
               g.details, g.lines, c.payment_means, coalesce(c.prices_include_tax, false) AS prices_include_tax, c.tax_rounding,
               coalesce(c.supplied_on, c.invoiced_on) AS supplied_on, c.net IS NOT NULL AS has_tax,
               CASE WHEN c.discount_basis = 'mixed' AND c.due_on IS NULL AND g.linked > 0
                     AND (create_memos.kind = 'credit_memo' OR num_nonnulls(g.terms, g.due_on) = 0) THEN c.terms::text END AS mixed_terms,
               CASE WHEN e.value ? 'order_reference' THEN g.order_reference
                    WHEN g.details ? 'order_reference' THEN g.details ->> 'order_reference' ELSE c.order_reference END AS order_reference,
               coalesce(g.details ->> 'purchase_order', c.purchase_order) AS purchase_order,
               coalesce(g.details ->> 'buyer_reference', c.buyer_reference) AS buyer_reference,
               CASE WHEN create_memos.kind = 'credit_memo' AND coalesce(g.apply, true) THEN coalesce(g.apply_to, c.invoice_id) END AS target_id,
               CASE WHEN g.lines IS NULL THEN coalesce(g.amount, ar.amount(ar.creditable(create_memos.ledger_id, c.invoice_id))) END AS amount,
               CASE WHEN g.lines IS NULL THEN 'amount' WHEN g.linked = 0 THEN 'free' WHEN g.linked = g.line_count THEN 'linked' ELSE 'mixed' END AS way
        FROM jsonb_array_elements(create_memos.memos) WITH ORDINALITY AS e(value, position)
        JOIN ar.ledger AS l ON l.ledger_id = create_memos.ledger_id
        CROSS JOIN LATERAL (
            SELECT r.*, CASE jsonb_typeof(r.lines) WHEN 'array' THEN jsonb_array_length(r.lines) END AS line_count,
                   (SELECT count(*) FROM jsonb_array_elements(CASE jsonb_typeof(r.lines) WHEN 'array' THEN r.lines ELSE '[]' END) AS n(value)
                    WHERE jsonb_typeof(n.value) = 'object' AND n.value ? 'corrects_line') AS linked
            FROM jsonb_to_record(e.value) AS r(invoice_id bigint, customer_id bigint, amount numeric, lines jsonb, invoiced_on date,
                terms text, due_on date, reason text, number text, series text, currency text, order_reference text, details jsonb, external_id text,
                apply boolean, apply_to bigint)) AS g
        LEFT JOIN LATERAL (SELECT c.customer_id, c.invoice_id, c.invoiced_on, c.total, c.payment_means, c.prices_include_tax, c.tax_rounding,
                                  c.supplied_on, c.net, c.discount_basis, c.due_on, c.terms, c.order_reference, c.purchase_order, c.buyer_reference FROM ar.invoice AS c
                           WHERE c.ledger_id = create_memos.ledger_id AND c.invoice_id = g.invoice_id OFFSET 0) AS c ON true
        WHERE (SELECT v.invoice_id FROM ar.invoice AS v WHERE v.ledger_id = create_memos.ledger_id AND v.external_id = g.external_id) IS NULL
        ORDER BY coalesce(g.external_id, e.position::text), g.external_id IS NULL, e.position) AS p;

    IF plan IS NOT NULL THEN
        SELECT CASE WHEN p.wanted_id IS NOT NULL AND p.corrects_id IS NULL
                    THEN format('Element %s names invoice %s, which does not exist in ledger %s.', p.position, p.wanted_id, create_memos.ledger_id)
                    WHEN p.customer_id IS NULL THEN format('Element %s has neither invoice_id nor customer_id.', p.position)
                    WHEN p.payload ? 'amount' AND p.payload ? 'lines' THEN format('Element %s has both amount and lines.', p.position)
                    WHEN p.way = 'amount' AND p.amount IS NULL THEN format('Element %s has neither invoice_id nor amount nor lines.', p.position)
                    WHEN p.way = 'amount' AND (p.amount < 0 OR p.amount = 0 AND p.payload ? 'amount') THEN format('Element %s has an amount that is not positive.', p.position)
                    WHEN p.way = 'mixed' THEN format('Element %s has lines that name a line of the invoice, and others that do not.', p.position)
                    WHEN p.way = 'linked' AND p.corrects_id IS NULL THEN format('Element %s has lines that name a line, and no invoice_id.', p.position)
               END INTO wrong
        FROM jsonb_to_recordset(plan) AS p(position bigint, wanted_id bigint, corrects_id bigint, customer_id bigint, payload jsonb, way text, amount numeric)
        ORDER BY 1 LIMIT 1;
        IF wrong IS NOT NULL THEN
            RAISE invalid_parameter_value USING MESSAGE = format('malformed %s', what), DETAIL = wrong,
                HINT = 'Give invoice_id or customer_id, and an amount, or lines; without both, all that is creditable of the invoice is meant.';
        END IF;
        SELECT coalesce(c.number, p.corrects_id::text), format('Credit memos take all of its total of %s; %s remains.', c.total, c.total - c.total)
        INTO wrong, broken
        FROM jsonb_to_recordset(plan) AS p(corrects_id bigint, way text, amount numeric)
        CROSS JOIN LATERAL (SELECT c.invoice_id, c.number, c.total, c.recorded_at, c.status, c.kind FROM ar.invoice AS c
                            WHERE c.ledger_id = create_memos.ledger_id AND c.invoice_id = p.corrects_id OFFSET 0) AS c
        WHERE p.way = 'amount' AND c.recorded_at IS NOT NULL AND c.status <> 'void'
          AND (p.amount = 0 OR create_memos.kind = 'credit_memo' AND c.kind <> 'credit_memo'
                               AND ar.sign(ar.creditable(create_memos.ledger_id, c.invoice_id)) = 0) LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE 'RA002' USING
                MESSAGE = format('nothing remains creditable of invoice %s', wrong),
                DETAIL = broken;
        END IF;
        PERFORM ar.check_keys('lines', coalesce(jsonb_agg(n.value), '[]'), '{corrects_line,quantity,amount,description}', '{corrects_line}')
        FROM jsonb_to_recordset(plan) AS p(lines jsonb, way text), jsonb_array_elements(p.lines) AS n(value)
        WHERE p.way = 'linked';

        BEGIN
            -- Lines of their own are made as those of an invoice are; the draft then becomes a memo.
            SELECT jsonb_agg(CASE WHEN c.invoice_id IS NULL THEN e.value ELSE e.value || jsonb_build_object('memo_id', c.invoice_id) END ORDER BY e.position) INTO plan
            FROM jsonb_array_elements(plan) WITH ORDINALITY AS e(value, position)
            LEFT JOIN (
                SELECT f.position, i.invoice_id
                FROM (SELECT e.position, row_number() OVER (ORDER BY e.position) AS nth
                      FROM jsonb_array_elements(plan) WITH ORDINALITY AS e(value, position) WHERE e.value ->> 'way' = 'free') AS f
                JOIN ar.create_invoices(create_memos.ledger_id, (
                    SELECT coalesce(jsonb_agg(coalesce(p.details, '{}') || jsonb_strip_nulls(jsonb_build_object('customer_id', p.customer_id,
                               'lines', p.lines, 'invoiced_on', p.invoiced_on, 'terms', p.terms, 'due_on', p.due_on, 'number', p.number,
                               'currency', p.currency)) ORDER BY p.position), '[]')
                    FROM jsonb_to_recordset(plan) AS p(position bigint, way text, details jsonb, customer_id bigint, lines jsonb,
                        invoiced_on date, terms text, due_on date, number text, currency text) WHERE p.way = 'free'), false) AS i
                  ON i.element = f.nth) AS c ON c.position = e.position;
            UPDATE ar.invoice AS v
            SET kind = create_memos.kind, corrects_id = p.corrects_id, series = p.series, note = coalesce(p.reason, v.note),
                order_reference = p.order_reference, purchase_order = p.purchase_order, buyer_reference = p.buyer_reference,
                external_id = p.external_id, external_digest = CASE WHEN p.external_id IS NOT NULL THEN ar.payload_digest(p.payload) END
            FROM (SELECT create_memos.ledger_id, p.*
                  FROM jsonb_to_recordset(plan) AS p(memo_id bigint, way text, corrects_id bigint, series text, reason text, external_id text,
                      payload jsonb, order_reference text, purchase_order text, buyer_reference text)
                  WHERE p.way = 'free' OFFSET 0) AS p
            WHERE v.ledger_id = p.ledger_id AND v.invoice_id = p.memo_id;
            INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, kind, corrects_id, series, number, invoiced_on, supplied_on, due_on, terms,
                                    payment_means, discount_basis, prices_include_tax, tax_rounding, total, order_reference, purchase_order, buyer_reference,
                                    note, external_id, external_digest)
            SELECT create_memos.ledger_id, p.memo_id, p.customer_id, create_memos.kind, p.corrects_id, p.series, p.number, p.invoiced_on,
                   least(p.supplied_on, p.invoiced_on),
                   -- Where tax goes by the terms, the memo has them.
                   CASE WHEN p.mixed_terms IS NULL THEN p.due_on END, coalesce(p.mixed_terms, p.terms)::ar.terms,
                   CASE WHEN p.way = 'linked' THEN p.payment_means END, CASE WHEN p.mixed_terms IS NOT NULL THEN 'mixed' END,
                   CASE p.way WHEN 'amount' THEN p.corrects_id IS NOT NULL AND p.has_tax ELSE p.prices_include_tax END,
                   CASE WHEN p.way = 'linked' THEN p.tax_rounding WHEN p.corrects_id IS NOT NULL AND p.has_tax THEN 'line' ELSE 'document' END,
                   ar.monetary(coalesce(p.amount, 0), p.currency), p.order_reference, p.purchase_order, p.buyer_reference, p.reason, p.external_id,
                   CASE WHEN p.external_id IS NOT NULL THEN ar.payload_digest(p.payload) END
            FROM jsonb_to_recordset(plan) AS p(position bigint, memo_id bigint, way text, customer_id bigint, corrects_id bigint, series text,
                number text, invoiced_on date, supplied_on date, due_on date, terms text, mixed_terms text, payment_means text, prices_include_tax boolean,
                tax_rounding text, has_tax boolean, amount numeric, currency text, order_reference text, purchase_order text,
                buyer_reference text, reason text, external_id text, payload jsonb)
            WHERE p.way <> 'free'
            ORDER BY p.external_id, p.number, p.position;
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
            IF broken <> 'invoice_external_id_key' THEN
                RAISE;
            END IF;
            -- Somebody else wrote one of the external ids just now: with his memo in sight, it is a repetition.
            IF NOT EXISTS (SELECT FROM jsonb_to_recordset(plan) AS p(external_id text)
                           JOIN ar.invoice AS v ON v.ledger_id = create_memos.ledger_id AND v.external_id = p.external_id) THEN
                RAISE serialization_failure USING MESSAGE = 'could not serialize access due to concurrent update';
            END IF;
            RETURN QUERY SELECT * FROM ar.create_memos(create_memos.ledger_id, create_memos.kind, create_memos.memos, create_memos.post);
            RETURN;
        END;
        PERFORM ar.draft_amount_lines(create_memos.ledger_id, array_agg(p.memo_id))
        FROM jsonb_to_recordset(plan) AS p(memo_id bigint, way text, corrects_id bigint) WHERE p.way = 'amount' AND p.corrects_id IS NOT NULL;
        PERFORM ar.draft_linked_lines(create_memos.ledger_id, jsonb_agg(jsonb_build_object('memo_id', p.memo_id, 'lines', p.lines)))
        FROM jsonb_to_recordset(plan) AS p(memo_id bigint, way text, lines jsonb) WHERE p.way = 'linked' HAVING count(*) > 0;
        IF create_memos.post THEN
            PERFORM ar.post_invoices(create_memos.ledger_id, array_agg(p.memo_id)) FROM jsonb_to_recordset(plan) AS p(memo_id bigint);
            PERFORM ar.apply_memos(create_memos.ledger_id, array_agg(p.memo_id), array_agg(p.target_id))
            FROM jsonb_to_recordset(plan) AS p(memo_id bigint, target_id bigint) WHERE p.target_id IS NOT NULL;
        END IF;
    END IF;

    RETURN QUERY
    SELECT e.position, coalesce(v.invoice_id, p.memo_id)
    FROM (SELECT e.position, e.value ->> 'external_id' AS external_id
          FROM jsonb_array_elements(create_memos.memos) WITH ORDINALITY AS e(value, position) OFFSET 0) AS e
    LEFT JOIN LATERAL (SELECT v.invoice_id FROM ar.invoice AS v
                       WHERE v.ledger_id = create_memos.ledger_id AND v.external_id = e.external_id OFFSET 0) AS v ON true
    LEFT JOIN jsonb_to_recordset(plan) AS p(position bigint, memo_id bigint) ON p.position = e.position
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.create_memos(integer, text, jsonb, boolean) IS
'Creates memos or deposits: what ar.create_credit_memos(), ar.create_debit_memos() and ar.create_deposits() have in common. Arguments: ledger_id; kind; memos; post.';
REVOKE ALL ON FUNCTION ar.create_memos(integer, text, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION ar.create_credit_memos(ledger_id integer, memos jsonb, post boolean DEFAULT true)
RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT * FROM ar.create_memos(create_credit_memos.ledger_id, 'credit_memo', create_credit_memos.memos, create_credit_memos.post) $$;
COMMENT ON FUNCTION ar.create_credit_memos(integer, jsonb, boolean) IS
'Creates any number of credit memos, posts them and applies them. All or none.
Arguments: ledger_id; memos, a JSON array of objects with invoice_id (the invoice to correct) or customer_id (credit on account), and perhaps amount (tax included, divided among the taxes of the invoice) or lines (as of ar.create_invoices(), or else each with corrects_line, a line of the invoice, and quantity or amount or neither for all of it), by default all that is creditable; invoiced_on (the business date, not before the invoice), reason, number, series (credit_memo), currency, due_on, order_reference (by default that of the invoice; null for none), details (what else ar.create_invoices() takes, with lines), external_id, apply (true; false leaves the credit unapplied), apply_to (the invoice it is applied to, by default the one it corrects); post, false to leave drafts, which are not applied.
What the invoice has open is taken first; the rest stays unapplied credit. Order, purchase order and buyer reference are those of the invoice; what is credited of an order is reserved for it again.
Result: the position in the array, from 1, and the invoice_id of the memo; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer or line; 23514 the invoice is another customer''s, or later; RA002 more than remains creditable; RA004 the invoice is a draft or void; RA006 the external id was used otherwise; RA009 another currency.';
REVOKE ALL ON FUNCTION ar.create_credit_memos(integer, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION ar.create_credit_memo(
    ledger_id integer,
    invoice_id bigint DEFAULT NULL,
    amount numeric DEFAULT NULL,
    lines jsonb DEFAULT NULL,
    customer_id bigint DEFAULT NULL,
    invoiced_on date DEFAULT NULL,
    reason text DEFAULT NULL,
    number text DEFAULT NULL,
    series text DEFAULT NULL,
    currency text DEFAULT NULL,
    external_id text DEFAULT NULL,
    apply boolean DEFAULT true,
    apply_to bigint DEFAULT NULL,
    post boolean DEFAULT true,
    order_reference text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.invoice_id
    FROM ar.create_credit_memos(create_credit_memo.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'invoice_id', create_credit_memo.invoice_id, 'amount', create_credit_memo.amount, 'lines', create_credit_memo.lines,
        'customer_id', create_credit_memo.customer_id, 'invoiced_on', create_credit_memo.invoiced_on,
        'reason', create_credit_memo.reason, 'number', create_credit_memo.number, 'series', create_credit_memo.series,
        'currency', create_credit_memo.currency, 'order_reference', create_credit_memo.order_reference,
        'external_id', create_credit_memo.external_id,
        'apply', create_credit_memo.apply, 'apply_to', create_credit_memo.apply_to))), create_credit_memo.post) AS c;
$$;
COMMENT ON FUNCTION ar.create_credit_memo(integer, bigint, numeric, jsonb, bigint, date, text, text, text, text, text, boolean, bigint, boolean, text) IS
'Creates one credit memo, posts and applies it, and returns its invoice_id: ar.create_credit_memos() with one, where the arguments are described.
Errors: as ar.create_credit_memos().';
REVOKE ALL ON FUNCTION ar.create_credit_memo(integer, bigint, numeric, jsonb, bigint, date, text, text, text, text, text, boolean, bigint, boolean, text) FROM PUBLIC;

CREATE FUNCTION ar.create_debit_memos(ledger_id integer, memos jsonb, post boolean DEFAULT true)
RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT * FROM ar.create_memos(create_debit_memos.ledger_id, 'debit_memo', create_debit_memos.memos, create_debit_memos.post) $$;
COMMENT ON FUNCTION ar.create_debit_memos(integer, jsonb, boolean) IS
'Creates any number of debit memos and posts them: what a customer owes besides, for an invoice or on account. All or none.
Arguments: ledger_id; memos, as of ar.create_credit_memos(), without apply and apply_to, and perhaps with terms; post.
Result: the position in the array, from 1, and the invoice_id of the memo.
Errors: 22023 malformed payload; 23503 no such customer or line; 23514 the invoice is another customer''s, or later; RA001 over the credit limit; RA004 the invoice is a draft or void; RA006 the external id was used otherwise; RA009 another currency.';
REVOKE ALL ON FUNCTION ar.create_debit_memos(integer, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION ar.create_debit_memo(
    ledger_id integer,
    invoice_id bigint DEFAULT NULL,
    amount numeric DEFAULT NULL,
    lines jsonb DEFAULT NULL,
    customer_id bigint DEFAULT NULL,
    invoiced_on date DEFAULT NULL,
    terms ar.terms DEFAULT NULL,
    reason text DEFAULT NULL,
    number text DEFAULT NULL,
    series text DEFAULT NULL,
    currency text DEFAULT NULL,
    external_id text DEFAULT NULL,
    post boolean DEFAULT true,
    order_reference text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.invoice_id
    FROM ar.create_debit_memos(create_debit_memo.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'invoice_id', create_debit_memo.invoice_id, 'amount', create_debit_memo.amount, 'lines', create_debit_memo.lines,
        'customer_id', create_debit_memo.customer_id, 'invoiced_on', create_debit_memo.invoiced_on,
        'terms', create_debit_memo.terms::text, 'reason', create_debit_memo.reason, 'number', create_debit_memo.number,
        'series', create_debit_memo.series, 'currency', create_debit_memo.currency,
        'order_reference', create_debit_memo.order_reference,
        'external_id', create_debit_memo.external_id))), create_debit_memo.post) AS c;
$$;
COMMENT ON FUNCTION ar.create_debit_memo(integer, bigint, numeric, jsonb, bigint, date, ar.terms, text, text, text, text, text, boolean, text) IS
'Creates one debit memo, posts it, and returns its invoice_id: ar.create_debit_memos() with one.
Errors: as ar.create_debit_memos().';
REVOKE ALL ON FUNCTION ar.create_debit_memo(integer, bigint, numeric, jsonb, bigint, date, ar.terms, text, text, text, text, text, boolean, text) FROM PUBLIC;
