-- billing: what drafts come to, after they were edited.

CREATE FUNCTION ar.add_allowances(ledger_id integer, allowances jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ar.invoice_allowance (ledger_id, invoice_id, allowance_number, is_charge, reason, reason_code, base, percent,
                                      tax_code, tax_category, tax_rate, exemption_reason, exemption_reason_code, gross, amount, tax)
    WITH given AS MATERIALIZED (
        SELECT (e.value ->> 'invoice_id')::bigint AS invoice_id, j.position, r.*, v.prices_include_tax, c.currency,
               coalesce(v.supplied_on, v.invoiced_on) AS supplied_on,
               num_nonnulls(r.tax_code, r.tax_category, r.tax_rate) = 0 AS is_spread
        FROM jsonb_array_elements(add_allowances.allowances) AS e(value)
        CROSS JOIN LATERAL jsonb_array_elements(e.value -> 'allowances') WITH ORDINALITY AS j(value, position)
        CROSS JOIN LATERAL jsonb_to_record(j.value) AS r(
            is_charge boolean, amount numeric, percent numeric, reason text, reason_code text, tax_code text,
            tax_category text, tax_rate numeric, exemption_reason text, exemption_reason_code text)
        JOIN ar.invoice AS v ON v.ledger_id = add_allowances.ledger_id AND v.invoice_id = (e.value ->> 'invoice_id')::bigint
        CROSS JOIN LATERAL ar.currency(v.total) AS c(currency)
    ), category AS MATERIALIZED (
        SELECT n.invoice_id, n.tax_category, n.tax_rate, min(n.tax_code) AS tax_code, min(n.exemption_reason) AS exemption_reason,
               min(n.exemption_reason_code) AS exemption_reason_code, ar.sum(coalesce(n.gross, n.net)) AS base,
               row_number() OVER (PARTITION BY n.invoice_id ORDER BY n.tax_category, n.tax_rate) AS place
        FROM ar.invoice_line AS n
        WHERE n.ledger_id = add_allowances.ledger_id AND n.invoice_id IN (SELECT g.invoice_id FROM given AS g)
        GROUP BY n.invoice_id, n.tax_category, n.tax_rate
    ), weight AS MATERIALIZED (
        SELECT c.invoice_id, array_agg(greatest(ar.amount(c.base), 0) ORDER BY c.place) AS bases,
               ar.sum(c.base) AS total, bool_or(ar.sign(c.base) < 0) AS has_negative
        FROM category AS c GROUP BY c.invoice_id
    ), part AS (
        SELECT g.invoice_id, g.position, c.place, g.is_charge, g.reason, g.reason_code,
               -- Where lines of a tax take more than they add, a percent is one of the whole, spread like an amount.
               CASE WHEN NOT w.has_negative THEN g.percent END AS percent, g.prices_include_tax,
               c.tax_code, c.tax_category, c.tax_rate, c.exemption_reason, c.exemption_reason_code, c.base,
               CASE WHEN g.amount IS NOT NULL
                    THEN (ar.allocate(ar.monetary(g.amount, g.currency), w.bases))[c.place]
                    WHEN NOT w.has_negative THEN ar.percent_of(c.base, g.percent)
                    WHEN ar.sign(w.total) > 0 THEN (ar.allocate(ar.percent_of(w.total, g.percent), w.bases))[c.place]
                    ELSE ar.monetary(0, g.currency) END AS amount
        FROM given AS g
        JOIN category AS c ON c.invoice_id = g.invoice_id
        JOIN weight AS w ON w.invoice_id = g.invoice_id
        WHERE g.is_spread
        UNION ALL
        SELECT g.invoice_id, g.position, 1, g.is_charge, g.reason, g.reason_code, g.percent, g.prices_include_tax,
               g.tax_code, t.category, t.rate, coalesce(g.exemption_reason, x.exemption_reason),
               coalesce(g.exemption_reason_code, x.exemption_reason_code), b.base,
               CASE WHEN g.amount IS NOT NULL THEN ar.monetary(g.amount, g.currency) ELSE ar.percent_of(b.base, g.percent) END
        FROM given AS g
        LEFT JOIN LATERAL (
            SELECT x.* FROM ar.tax_rate AS x
            WHERE x.ledger_id = add_allowances.ledger_id AND x.tax_code = g.tax_code AND x.valid_from <= g.supplied_on
            ORDER BY x.valid_from DESC LIMIT 1) AS x ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(g.tax_rate, x.rate, 0) AS rate,
                   coalesce(g.tax_category, x.tax_category, CASE WHEN coalesce(g.tax_rate, x.rate, 0) > 0 THEN 'S' ELSE 'Z' END) AS category) AS t
        CROSS JOIN LATERAL (
            SELECT coalesce((SELECT c.base FROM category AS c WHERE c.invoice_id = g.invoice_id
                             AND c.tax_category = t.category AND c.tax_rate = t.rate), ar.monetary(0, g.currency)) AS base) AS b
        WHERE NOT g.is_spread
    )
    SELECT add_allowances.ledger_id, p.invoice_id,
           row_number() OVER (PARTITION BY p.invoice_id ORDER BY p.position, p.place),
           coalesce(p.is_charge, false),
           CASE WHEN num_nonnulls(p.reason, p.reason_code) > 0 THEN p.reason WHEN p.is_charge THEN 'Charge' ELSE 'Discount' END,
           CASE WHEN num_nonnulls(p.reason, p.reason_code) > 0 OR p.is_charge THEN p.reason_code ELSE '95' END,
           CASE WHEN p.percent IS NOT NULL THEN p.base END, p.percent,
           p.tax_code, p.tax_category, p.tax_rate, p.exemption_reason, p.exemption_reason_code,
           CASE WHEN p.prices_include_tax THEN p.amount END,
           CASE WHEN p.prices_include_tax THEN p.amount - ar.included_tax(p.amount, p.tax_rate) ELSE p.amount END,
           CASE WHEN p.prices_include_tax THEN ar.included_tax(p.amount, p.tax_rate) ELSE ar.percent_of(p.amount, p.tax_rate) END
    FROM part AS p;
END
$$;
COMMENT ON FUNCTION ar.add_allowances(integer, jsonb) IS
'Adds allowances and charges to drafts that have lines and no allowance yet, for ar.create_invoices(): an amount or a percent for a tax of its own, or spread over the taxes of the lines in proportion.
Arguments: ledger_id; allowances, a JSON array of objects with invoice_id and allowances, as described there.';
REVOKE ALL ON FUNCTION ar.add_allowances(integer, jsonb) FROM PUBLIC;

CREATE FUNCTION ar.recalculate_invoices(ledger_id integer, invoice_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    unfit record;
    spread bigint[];
    made record;
BEGIN
    PERFORM FROM ar.invoice AS v
    WHERE v.ledger_id = recalculate_invoices.ledger_id AND v.invoice_id = ANY (recalculate_invoices.invoice_ids)
      AND NOT ar.is_posted(v.status)
    ORDER BY v.invoice_id FOR NO KEY UPDATE;
    SELECT w.invoice_id, v.status INTO unfit
    FROM unnest(recalculate_invoices.invoice_ids) AS w(invoice_id)
    LEFT JOIN LATERAL (
        SELECT v.status FROM ar.invoice AS v
        WHERE v.ledger_id = recalculate_invoices.ledger_id AND v.invoice_id = w.invoice_id LIMIT 1) AS v ON true
    WHERE v.status IS NULL OR v.status NOT IN ('draft', 'held')
    LIMIT 1;
    IF FOUND AND unfit.status IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', unfit.invoice_id, recalculate_invoices.ledger_id);
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('an invoice that is %s cannot be changed', unfit.status),
            DETAIL = format('It is invoice %s.', unfit.invoice_id),
            HINT = 'Only drafts are recalculated.';
    END IF;

    -- Each line by itself.  The ledger comes out of a subquery that stays one:
    -- of a ledger that the statistics do not know, the planner would expect a
    -- row, and read all of it for each invoice.
    UPDATE ar.invoice_line AS n
    SET tax_category = s.category, tax_rate = s.rate, exemption_reason = s.reason, exemption_reason_code = s.reason_code,
        discount = s.taken_off, gross = s.gross, net = s.net, tax = s.tax
    FROM (
        SELECT n.ledger_id, n.invoice_id, n.line_number, t.*, d.taken_off, CASE WHEN v.prices_include_tax THEN m.amount END AS gross,
               CASE WHEN v.prices_include_tax THEN m.amount - ar.included_tax(m.amount, t.rate) ELSE m.amount END AS net,
               CASE WHEN v.prices_include_tax THEN ar.included_tax(m.amount, t.rate) ELSE ar.percent_of(m.amount, t.rate) END AS tax
        FROM (SELECT DISTINCT recalculate_invoices.ledger_id, u.invoice_id FROM unnest(recalculate_invoices.invoice_ids) AS u(invoice_id)) AS w
        JOIN ar.invoice_line AS n ON n.ledger_id = w.ledger_id AND n.invoice_id = w.invoice_id
        JOIN ar.invoice AS v ON v.ledger_id = w.ledger_id AND v.invoice_id = w.invoice_id
        LEFT JOIN LATERAL (
            SELECT x.* FROM ar.tax_rate AS x
            WHERE x.ledger_id = n.ledger_id AND x.tax_code = n.tax_code AND x.valid_from <= coalesce(v.supplied_on, v.invoiced_on)
            ORDER BY x.valid_from DESC LIMIT 1) AS x ON n.tax_code IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT coalesce(x.rate, n.tax_rate) AS rate, coalesce(x.tax_category, n.tax_category) AS category,
                   CASE WHEN x.tax_code IS NULL THEN n.exemption_reason ELSE x.exemption_reason END AS reason,
                   CASE WHEN x.tax_code IS NULL THEN n.exemption_reason_code ELSE x.exemption_reason_code END AS reason_code) AS t
        CROSS JOIN LATERAL (
            SELECT CASE WHEN n.discount_percent IS NULL THEN n.discount
                        ELSE ar.percent_of(ar.line_amount(n.quantity, n.unit_price, ar.currency(v.total)), n.discount_percent) END AS taken_off) AS d
        CROSS JOIN LATERAL ar.line_amount(n.quantity, n.unit_price, ar.currency(v.total), d.taken_off, n.charge) AS m(amount)) AS s
    WHERE n.ledger_id = s.ledger_id AND n.invoice_id = s.invoice_id AND n.line_number = s.line_number
      AND (n.tax_category, n.tax_rate, n.exemption_reason, n.exemption_reason_code, n.discount, n.gross, n.net, n.tax)
          IS DISTINCT FROM (s.category, s.rate, s.reason, s.reason_code, s.taken_off, s.gross, s.net, s.tax);

    -- Allowances in percent follow the lines of their tax.
    UPDATE ar.invoice_allowance AS a
    SET tax_category = s.category, tax_rate = s.rate, exemption_reason = s.reason, exemption_reason_code = s.reason_code,
        base = s.base, gross = s.gross, amount = s.net, tax = s.tax
    FROM (
        SELECT a.ledger_id, a.invoice_id, a.allowance_number, t.*, b.base, CASE WHEN v.prices_include_tax THEN m.amount END AS gross,
               CASE WHEN v.prices_include_tax THEN m.amount - ar.included_tax(m.amount, t.rate) ELSE m.amount END AS net,
               CASE WHEN v.prices_include_tax THEN ar.included_tax(m.amount, t.rate) ELSE ar.percent_of(m.amount, t.rate) END AS tax
        FROM (SELECT DISTINCT recalculate_invoices.ledger_id, u.invoice_id FROM unnest(recalculate_invoices.invoice_ids) AS u(invoice_id)) AS w
        JOIN ar.invoice_allowance AS a ON a.ledger_id = w.ledger_id AND a.invoice_id = w.invoice_id
        JOIN ar.invoice AS v ON v.ledger_id = w.ledger_id AND v.invoice_id = w.invoice_id
        LEFT JOIN LATERAL (
            SELECT x.* FROM ar.tax_rate AS x
            WHERE x.ledger_id = a.ledger_id AND x.tax_code = a.tax_code AND x.valid_from <= coalesce(v.supplied_on, v.invoiced_on)
            ORDER BY x.valid_from DESC LIMIT 1) AS x ON a.tax_code IS NOT NULL
        CROSS JOIN LATERAL (
            SELECT coalesce(x.rate, a.tax_rate) AS rate, coalesce(x.tax_category, a.tax_category) AS category,
                   CASE WHEN x.tax_code IS NULL THEN a.exemption_reason ELSE x.exemption_reason END AS reason,
                   CASE WHEN x.tax_code IS NULL THEN a.exemption_reason_code ELSE x.exemption_reason_code END AS reason_code) AS t
        CROSS JOIN LATERAL (
            SELECT CASE WHEN a.percent IS NOT NULL THEN coalesce(
                (SELECT ar.sum(coalesce(n.gross, n.net)) FROM ar.invoice_line AS n
                 WHERE n.ledger_id = a.ledger_id AND n.invoice_id = a.invoice_id
                   AND n.tax_category = t.category AND n.tax_rate = t.rate), ar.monetary(0, ar.currency(v.total))) ELSE a.base END AS base) AS b
        CROSS JOIN LATERAL (
            SELECT CASE WHEN a.percent IS NOT NULL THEN ar.percent_of(b.base, a.percent)
                        WHEN a.gross IS NOT NULL THEN a.gross ELSE a.amount END AS amount) AS m) AS s
    WHERE a.ledger_id = s.ledger_id AND a.invoice_id = s.invoice_id AND a.allowance_number = s.allowance_number
      AND (a.tax_category, a.tax_rate, a.exemption_reason, a.exemption_reason_code, a.base, a.gross, a.amount, a.tax)
          IS DISTINCT FROM (s.category, s.rate, s.reason, s.reason_code, s.base, s.gross, s.net, s.tax);

    -- Where prices include tax and it is rounded once, the lines share the difference.
    SELECT coalesce(array_agg(v.invoice_id), '{}') INTO spread
    FROM ar.invoice AS v
    WHERE v.ledger_id = recalculate_invoices.ledger_id AND v.invoice_id = ANY (recalculate_invoices.invoice_ids)
      AND v.prices_include_tax AND v.tax_rounding = 'document';
    IF spread <> '{}' THEN
        PERFORM ar.spread_included_tax(recalculate_invoices.ledger_id, spread);
    END IF;

    -- The whole.  One without lines has neither net nor tax.
    SELECT array_agg(t.invoice_id) AS ids, array_agg(t.net) AS nets, array_agg(t.tax) AS taxes INTO made
    FROM (
        SELECT p.invoice_id, ar.sum(p.taxable) AS net, ar.sum(p.tax) AS tax
        FROM (SELECT b.invoice_id, b.taxable, b.tax
              FROM ar.tax_breakdown(recalculate_invoices.ledger_id, recalculate_invoices.invoice_ids) AS b
              UNION ALL
              SELECT w.invoice_id, NULL, NULL FROM unnest(recalculate_invoices.invoice_ids) AS w(invoice_id)) AS p
        GROUP BY p.invoice_id) AS t;
    UPDATE ar.invoice AS v
    SET net = s.net, tax = s.tax, cash_rounding = s.rounding, total = s.total
    FROM (
        SELECT v.ledger_id, v.invoice_id, t.net, t.tax, coalesce(r.total, t.net + t.tax, v.total) AS total,
               CASE WHEN r.total <> t.net + t.tax THEN r.total - (t.net + t.tax) END AS rounding
        FROM (SELECT recalculate_invoices.ledger_id, u.* FROM unnest(made.ids, made.nets, made.taxes) AS u(invoice_id, net, tax) OFFSET 0) AS t
        JOIN ar.invoice AS v ON v.ledger_id = t.ledger_id AND v.invoice_id = t.invoice_id
        LEFT JOIN LATERAL (
            SELECT ar.round_to(t.net + t.tax, r.increment, r.mode) AS total
            FROM ar.cash_rounding AS r
            WHERE r.ledger_id = v.ledger_id AND r.currency = ar.currency(v.total)
              AND r.payment_means IN (v.payment_means, 'any')
            ORDER BY r.payment_means = 'any' LIMIT 1) AS r ON true) AS s
    WHERE v.ledger_id = s.ledger_id AND v.invoice_id = s.invoice_id
      AND (v.net, v.tax, v.cash_rounding, v.total) IS DISTINCT FROM (s.net, s.tax, s.rounding, s.total);
    RETURN (SELECT count(DISTINCT w.invoice_id) FROM unnest(recalculate_invoices.invoice_ids) AS w(invoice_id));
END
$$;
COMMENT ON FUNCTION ar.recalculate_invoices(integer, bigint[]) IS
'Makes drafts come to what their lines and allowances make: gives those that name a tax its rate of the day of supply, discounts in percent their amount, allowances in percent the lines of their tax as base, all of them net and tax; and the invoices net, tax, cash rounding and total. What is right already is not written; an invoice without lines keeps its total.
Arguments: ledger_id; invoice_ids. Returns how many invoices these are.
Errors: 23503 no such invoice; RA003 one is posted or void; 23514 the total would be negative; RA009 several currencies.';
REVOKE ALL ON FUNCTION ar.recalculate_invoices(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.spread_included_tax(ledger_id integer, invoice_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- Every net is rounded half up already. What they lack, or have too much,
    -- of the net of their sum goes to those which rounding wronged most.
    WITH part AS (
        SELECT n.ledger_id, n.invoice_id, 'line' AS of, n.line_number AS number, n.tax_category, n.tax_rate, 1 AS sign, n.net, n.gross
        FROM (SELECT DISTINCT spread_included_tax.ledger_id, u.invoice_id FROM unnest(spread_included_tax.invoice_ids) AS u(invoice_id)) AS w
        JOIN ar.invoice_line AS n ON n.ledger_id = w.ledger_id AND n.invoice_id = w.invoice_id
        UNION ALL
        SELECT a.ledger_id, a.invoice_id, 'allowance', a.allowance_number, a.tax_category, a.tax_rate, CASE WHEN a.is_charge THEN 1 ELSE -1 END, a.amount, a.gross
        FROM (SELECT DISTINCT spread_included_tax.ledger_id, u.invoice_id FROM unnest(spread_included_tax.invoice_ids) AS u(invoice_id)) AS w
        JOIN ar.invoice_allowance AS a ON a.ledger_id = w.ledger_id AND a.invoice_id = w.invoice_id
    ), lacking AS (
        SELECT p.invoice_id, p.tax_category, p.tax_rate,
               round(sum(p.sign * ar.minor_units(p.gross)) * 100 / (100 + p.tax_rate)) - sum(p.sign * ar.minor_units(p.net)) AS units
        FROM part AS p GROUP BY p.invoice_id, p.tax_category, p.tax_rate
    ), ranked AS (
        SELECT p.*, sign(k.units) * p.sign AS change, k.units,
               row_number() OVER (PARTITION BY p.invoice_id, p.tax_category, p.tax_rate
                   ORDER BY (ar.minor_units(p.gross) * 100 / (100 + p.tax_rate) - ar.minor_units(p.net)) * p.sign * sign(k.units) DESC,
                            p.of DESC, p.number) AS place
        FROM part AS p
        JOIN lacking AS k ON k.invoice_id = p.invoice_id AND k.tax_category = p.tax_category AND k.tax_rate = p.tax_rate
        WHERE k.units <> 0
    ), chosen AS MATERIALIZED (
        SELECT r.ledger_id, r.invoice_id, r.of, r.number,
               ar.monetary(r.change * 10 ^ (-scale(ar.amount(r.net))::numeric), ar.currency(r.net)) AS change
        FROM ranked AS r WHERE r.place <= abs(r.units)
    ), allowances AS (
        UPDATE ar.invoice_allowance AS a SET amount = a.amount + c.change, tax = a.tax - c.change
        FROM chosen AS c
        WHERE c.of = 'allowance' AND a.ledger_id = c.ledger_id
          AND a.invoice_id = c.invoice_id AND a.allowance_number = c.number
    )
    UPDATE ar.invoice_line AS n SET net = n.net + c.change, tax = n.tax - c.change
    FROM chosen AS c
    WHERE c.of = 'line' AND n.ledger_id = c.ledger_id
      AND n.invoice_id = c.invoice_id AND n.line_number = c.number;
END
$$;
COMMENT ON FUNCTION ar.spread_included_tax(integer, bigint[]) IS
'Lets lines and allowances of drafts whose prices include tax share the difference between the rounded net of their sum and the sum of their rounded net amounts, a minor unit each, by the largest remainder, then by number. A part of ar.recalculate_invoices().';
REVOKE ALL ON FUNCTION ar.spread_included_tax(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.recalculate_invoice(ledger_id integer, invoice_id bigint) RETURNS bigint
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.recalculate_invoices(recalculate_invoice.ledger_id, ARRAY[recalculate_invoice.invoice_id]) $$;
COMMENT ON FUNCTION ar.recalculate_invoice(integer, bigint) IS
'Makes one draft come to what its lines make: ar.recalculate_invoices() with one. Returns 1.
Errors: as ar.recalculate_invoices().';
REVOKE ALL ON FUNCTION ar.recalculate_invoice(integer, bigint) FROM PUBLIC;
