-- billing: what lines, allowances and taxes come to.

CREATE FUNCTION ar.tg_guard_tax_rate() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    used record;
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'description' = to_jsonb(OLD) - 'description' THEN
        RETURN NEW;
    END IF;
    SELECT v.number, v.invoice_id INTO used
    FROM ar.invoice AS v
    CROSS JOIN LATERAL (SELECT coalesce(v.supplied_on, v.invoiced_on) AS day) AS d
    WHERE v.ledger_id = OLD.ledger_id AND v.recorded_at IS NOT NULL AND d.day >= OLD.valid_from
      AND NOT EXISTS (
        SELECT FROM ar.tax_rate AS later
        WHERE later.ledger_id = OLD.ledger_id AND later.tax_code = OLD.tax_code
          AND later.valid_from > OLD.valid_from AND later.valid_from <= d.day)
      AND (EXISTS (
            SELECT FROM ar.invoice_line AS n
            WHERE n.ledger_id = v.ledger_id AND n.invoice_id = v.invoice_id AND n.tax_code = OLD.tax_code)
        OR EXISTS (
            SELECT FROM ar.invoice_allowance AS a
            WHERE a.ledger_id = v.ledger_id AND a.invoice_id = v.invoice_id AND a.tax_code = OLD.tax_code))
    LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('tax rate "%s" of %s is used by posted documents and cannot be %s', OLD.tax_code, OLD.valid_from,
                             CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'changed' END),
            DETAIL = format('One of them is %s.', coalesce(used.number, used.invoice_id::text)),
            HINT = 'Insert the new rate with the day from which it is valid.',
            TABLE = 'tax_rate', SCHEMA = 'ar';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_tax_rate() IS
'Trigger, before each changed or deleted tax rate: refuses what posted documents were taxed by (RA003). Its description may always be changed.';
REVOKE ALL ON FUNCTION ar.tg_guard_tax_rate() FROM PUBLIC;

CREATE FUNCTION ar.tg_tax_category() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_tax_category' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_tax_category() IS
'Trigger, before a row with tax_rate and without tax_category: fills in S for a rate above zero, else Z.';
REVOKE ALL ON FUNCTION ar.tg_tax_category() FROM PUBLIC;

CREATE FUNCTION ar.is_tax_category(tax_category text, tax_rate numeric) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_tax_category' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_tax_category(text, numeric) IS
'Whether a category of tax (a code of UNTDID 5305) goes with a rate: S has one above zero, Z, E, AE, K, G and O have zero, L and M any.';

CREATE FUNCTION ar.line_amount(quantity numeric, unit_price numeric, currency text,
                               discount ar.monetary DEFAULT NULL, charge ar.monetary DEFAULT NULL)
RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_line_amount' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.line_amount(numeric, numeric, text, ar.monetary, ar.monetary) IS
'What a line comes to: quantity times unit_price, rounded half up to the minor unit, less discount, plus charge (each NULL for none).
Errors: 22023 unknown currency; 22003 out of range; RA009 discount or charge in another currency.';

CREATE FUNCTION ar.percent_of(amount ar.monetary, percent numeric) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_percent_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.percent_of(ar.monetary, numeric) IS
'A percent of an amount, rounded once, half up (away from zero), to the minor unit: the tax on a net amount, a discount.
Errors: 22023 the percent is no finite number; 22003 out of range.';

CREATE FUNCTION ar.included_tax(gross ar.monetary, tax_rate numeric) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_included_tax' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.included_tax(ar.monetary, numeric) IS
'The tax in an amount that includes it, at a rate in percent of net: gross less gross / (1 + rate / 100), the latter rounded half up. EUR 200 at 10 is 18.18, and 181.82 net.
Errors: 22023 the rate is no finite number; 22012 a rate of -100.';

CREATE FUNCTION ar.is_net_of(net ar.monetary, gross ar.monetary, tax_rate numeric) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_net_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_net_of(ar.monetary, ar.monetary, numeric) IS
'Whether an amount is, within less than a minor unit, what is left of another when the tax included in it (in percent of net) is taken out.';

CREATE FUNCTION ar.round_to(amount ar.monetary, increment ar.monetary, mode text DEFAULT 'half_up') RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_round_to' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.round_to(ar.monetary, ar.monetary, text) IS
'The amount rounded to a multiple of an increment: cash rounding. The sign of the increment does not matter, zero leaves the amount as it is. Modes: half_up, half_even, up, down, as of ar.round().
Errors: RA009 two currencies; 22023 unknown mode; 22003 out of range.';

-- Opened up by the planner where it is called, for one invoice or a hundred
-- thousand: so it has no SET, and every name in it is qualified. The ids are
-- joined, for in a young table = ANY would be a filter over the whole ledger; and
-- so is the ledger, for of one that the statistics do not know the planner
-- would expect a row, and read all of it for each id.
CREATE FUNCTION ar.tax_breakdown(ledger_id integer, invoice_ids bigint[])
RETURNS TABLE (invoice_id bigint, tax_category text, tax_rate numeric, taxable ar.monetary, discounted ar.monetary,
               tax ar.monetary, exemption_reason text, exemption_reason_code text, lines_agree boolean, tax_codes bigint)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT d.invoice_id, d.tax_category, d.tax_rate,
           CASE WHEN NOT d.prices_include_tax THEN d.net
                WHEN d.tax_rounding OPERATOR(pg_catalog.=) 'line' THEN d.gross OPERATOR(ar.-) d.line_tax
                ELSE d.gross OPERATOR(ar.-) ar.included_tax(d.gross, d.tax_rate) END,
           d.discounted,
           CASE WHEN d.tax_rounding OPERATOR(pg_catalog.=) 'line' THEN d.line_tax
                WHEN d.prices_include_tax THEN ar.included_tax(d.gross, d.tax_rate)
                WHEN d.discounted IS NULL THEN ar.percent_of(d.net, d.tax_rate)
                ELSE ar.percent_of(d.net OPERATOR(ar.-) d.discounted, d.tax_rate) END,
           d.exemption_reason, d.exemption_reason_code,
           CASE WHEN NOT d.prices_include_tax THEN d.grosses OPERATOR(pg_catalog.=) 0
                ELSE d.grosses OPERATOR(pg_catalog.=) d.parts
                 AND (d.gross OPERATOR(ar.-) d.net) OPERATOR(ar.=)
                     CASE WHEN d.tax_rounding OPERATOR(pg_catalog.=) 'line' THEN d.line_tax
                          ELSE ar.included_tax(d.gross, d.tax_rate) END END
                AND (d.corrects_id IS NOT NULL OR NOT d.corrects_tax),
           d.tax_codes
    FROM (
        SELECT v.invoice_id, v.prices_include_tax, v.tax_rounding, v.corrects_id, g.*,
               CASE WHEN v.due_on IS NULL AND v.tax_rounding OPERATOR(pg_catalog.=) 'document' AND NOT v.prices_include_tax
                     AND COALESCE(v.discount_basis, (SELECT b.discount_basis FROM ar.billing_policy AS b
                                                     WHERE b.ledger_id OPERATOR(pg_catalog.=) $1)) OPERATOR(pg_catalog.=) 'mixed'
                    THEN (SELECT s.discount
                          FROM ar.discount(COALESCE(v.terms, (SELECT COALESCE(c.terms, l.terms)
                               FROM ar.customer AS c JOIN ar.ledger AS l ON l.ledger_id OPERATOR(pg_catalog.=) c.ledger_id
                               WHERE c.ledger_id OPERATOR(pg_catalog.=) $1 AND c.customer_id OPERATOR(pg_catalog.=) v.customer_id)),
                               g.net, v.invoiced_on, v.invoiced_on) AS s(discount)
                          WHERE ar.sign(s.discount) OPERATOR(pg_catalog.<>) 0) END AS discounted
        FROM (
            SELECT p.ledger_id AS of_ledger_id, p.invoice_id AS of_invoice_id, p.tax_category, p.tax_rate, ar.sum(p.net) AS net, ar.sum(COALESCE(p.gross, p.net)) AS gross,
                   ar.sum(CASE WHEN p.gross IS NULL OR p.corrects_tax THEN p.tax ELSE ar.included_tax(p.gross, p.tax_rate) END) AS line_tax,
                   COALESCE(pg_catalog.bool_or(p.corrects_tax), false) AS corrects_tax,
                   pg_catalog.min(p.exemption_reason) AS exemption_reason,
                   pg_catalog.min(p.exemption_reason_code) AS exemption_reason_code,
                   pg_catalog.count(p.gross) AS grosses, pg_catalog.count(*) AS parts, pg_catalog.count(p.tax_code) AS tax_codes
            FROM (
                SELECT n.ledger_id, n.invoice_id, n.tax_category, n.tax_rate, n.net, n.gross, n.tax,
                       n.exemption_reason, n.exemption_reason_code, n.tax_code, n.corrects_tax
                FROM (SELECT DISTINCT $1 AS ledger_id, u.invoice_id FROM pg_catalog.unnest($2) AS u(invoice_id)) AS w
                JOIN ar.invoice_line AS n ON n.ledger_id OPERATOR(pg_catalog.=) w.ledger_id AND n.invoice_id OPERATOR(pg_catalog.=) w.invoice_id
                UNION ALL
                SELECT a.ledger_id, a.invoice_id, a.tax_category, a.tax_rate,
                       CASE WHEN a.is_charge THEN a.amount ELSE OPERATOR(ar.-) a.amount END,
                       CASE WHEN a.is_charge THEN a.gross ELSE OPERATOR(ar.-) a.gross END,
                       CASE WHEN a.is_charge THEN a.tax ELSE OPERATOR(ar.-) a.tax END,
                       a.exemption_reason, a.exemption_reason_code, a.tax_code, NULL::boolean
                FROM (SELECT DISTINCT $1 AS ledger_id, u.invoice_id FROM pg_catalog.unnest($2) AS u(invoice_id)) AS w
                JOIN ar.invoice_allowance AS a ON a.ledger_id OPERATOR(pg_catalog.=) w.ledger_id AND a.invoice_id OPERATOR(pg_catalog.=) w.invoice_id
            ) AS p
            GROUP BY p.ledger_id, p.invoice_id, p.tax_category, p.tax_rate
        ) AS g
        JOIN ar.invoice AS v ON v.ledger_id OPERATOR(pg_catalog.=) g.of_ledger_id AND v.invoice_id OPERATOR(pg_catalog.=) g.of_invoice_id
    ) AS d
$$;
COMMENT ON FUNCTION ar.tax_breakdown(integer, bigint[]) IS
'What lines and allowances of invoices come to, one row a category and rate of tax (EN 16931, BG-23): of drafts now, of posted invoices what ar.invoice_tax holds.
Arguments: ledger_id; invoice_ids. Columns: taxable, lines and charges less allowances, without tax; discounted, the early-payment discount tax is not charged on (discount basis mixed), else NULL; tax, rounded half up once a row (tax_rounding document) or added up from the lines (line); where prices include tax, taken out of their sum; lines_agree, false where the net amounts of the lines do not add up to taxable, or lines have gross where the invoice has prices without tax, or the reverse: or have corrects_tax where it corrects none: such an invoice is not posted; tax_codes, how many of the lines and allowances name a tax of ar.tax_rate.
Errors: RA009 lines in several currencies; 22023 discount basis mixed and terms of fixed amounts.';
