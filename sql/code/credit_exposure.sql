-- credit: the exposure of customers, with its parts, for people.

CREATE FUNCTION ar.credit_exposures(ledger_id integer, customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (
    customer_id bigint, customer_code text, currency text, open_debits ar.monetary, unapplied ar.monetary,
    reserved ar.monetary, drafts ar.monetary, exposure ar.monetary, group_exposure ar.monetary,
    credit_limit ar.monetary, limit_source text, probation_percent numeric, available ar.monetary, utilisation_percent numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    customers bigint[];
    unknown bigint[];
    unknown_groups bigint[];
    home text;
BEGIN
    SELECT l.currency INTO home FROM ar.ledger AS l WHERE l.ledger_id = credit_exposures.ledger_id;
    customers := coalesce(credit_exposures.customer_ids, ARRAY(
        SELECT c.customer_id FROM ar.customer AS c WHERE c.ledger_id = credit_exposures.ledger_id));
    -- Where there is no limit nothing is compared: a rate may be missing.
    WITH RECURSIVE member AS (
        SELECT h.customer_id AS holder_id, h.customer_id
        FROM ar.credit_holders(credit_exposures.ledger_id, customers) AS h
        WHERE h.holder_id = h.customer_id AND h.credit_limit IS NULL
        UNION ALL
        SELECT m.holder_id, c.customer_id
        FROM member AS m
        JOIN ar.customer AS c ON c.ledger_id = credit_exposures.ledger_id AND c.parent_id = m.customer_id
    ), abroad AS MATERIALIZED (
        SELECT m.holder_id, m.holder_id = m.customer_id AS is_own, b.currency
        FROM member AS m
        JOIN ar.customer_balance AS b ON b.ledger_id = credit_exposures.ledger_id AND b.customer_id = m.customer_id
        WHERE b.currency <> home AND (ar.sign(b.open_debits) <> 0 OR ar.sign(b.open_credits) <> 0)
        UNION ALL
        SELECT m.holder_id, m.holder_id = m.customer_id, ar.currency(r.amount)
        FROM member AS m
        JOIN ar.credit_reservation AS r ON r.ledger_id = credit_exposures.ledger_id AND r.customer_id = m.customer_id
         AND r.released_at IS NULL AND r.invoiced < r.amount
        WHERE ar.currency(r.amount) <> home
        UNION ALL
        SELECT m.holder_id, m.holder_id = m.customer_id, ar.currency(v.total)
        FROM member AS m
        JOIN ar.invoice AS v ON v.ledger_id = credit_exposures.ledger_id AND v.customer_id = m.customer_id
         AND v.recorded_at IS NULL AND v.status = 'draft'
        WHERE ar.currency(v.total) <> home
          AND EXISTS (SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = credit_exposures.ledger_id AND p.counts_drafts)
    ), rated AS MATERIALIZED (
        SELECT f.from_currency
        FROM ar.exchange_fractions(credit_exposures.ledger_id, ARRAY(SELECT DISTINCT p.currency FROM abroad AS p), home,
                                   ar.business_date(credit_exposures.ledger_id)) AS f
        WHERE f.multiply_by IS NOT NULL
    )
    SELECT coalesce(array_agg(DISTINCT p.holder_id) FILTER (WHERE p.is_own), '{}'), coalesce(array_agg(DISTINCT p.holder_id), '{}')
    INTO unknown, unknown_groups
    FROM abroad AS p WHERE p.currency NOT IN (SELECT r.from_currency FROM rated AS r);
    RETURN QUERY
    WITH holder AS MATERIALIZED (
        SELECT h.customer_id, h.credit_limit, h.source, h.probation_percent,
               coalesce(ar.currency(h.credit_limit), home) AS currency
        FROM ar.credit_holders(credit_exposures.ledger_id, customers) AS h
        WHERE h.holder_id = h.customer_id
    ), alone AS (
        SELECT array_agg(h.customer_id) AS ids, array_agg(h.currency) AS currencies, array_agg(false) AS with_members
        FROM holder AS h WHERE h.customer_id <> ALL (unknown)
    ), given AS (
        SELECT array_agg(h.customer_id) AS ids, array_agg(h.currency) AS currencies,
               array_agg(h.source IS DISTINCT FROM 'default') AS with_members
        FROM holder AS h WHERE h.customer_id <> ALL (unknown_groups)
    ), own AS MATERIALIZED (
        SELECT s.* FROM alone AS g CROSS JOIN LATERAL ar.credit_sums(credit_exposures.ledger_id, g.ids, g.currencies, g.with_members) AS s
    ), wide AS MATERIALIZED (
        SELECT s.holder_id, s.exposure
        FROM given AS g CROSS JOIN LATERAL ar.credit_sums(credit_exposures.ledger_id, g.ids, g.currencies, g.with_members) AS s
    )
    SELECT h.customer_id, c.code, h.currency, o.open_debits, o.unapplied, o.reserved, o.drafts, o.exposure, w.exposure,
           h.credit_limit, h.source, h.probation_percent, h.credit_limit - w.exposure,
           CASE WHEN ar.sign(h.credit_limit) > 0 THEN round(ar.amount(w.exposure) * 100 / ar.amount(h.credit_limit), 2) END
    FROM holder AS h
    LEFT JOIN own AS o ON o.holder_id = h.customer_id
    LEFT JOIN wide AS w ON w.holder_id = h.customer_id
    JOIN ar.customer AS c ON c.ledger_id = credit_exposures.ledger_id AND c.customer_id = h.customer_id
    ORDER BY c.code;
END
$$;
COMMENT ON FUNCTION ar.credit_exposures(integer, bigint[]) IS
'The exposure of some customers, or of all customers of a ledger, with its parts, on the business date.
Arguments: ledger_id; customer_ids, by default all.
Result: a row a customer: customer_id; customer_code; currency, that of the limit, else of the ledger, into which all is converted; open_debits; unapplied, zero or negative; reserved; drafts; exposure, the sum of the four; group_exposure, with the members of his group; credit_limit, NULL for none; limit_source: temporary, customer or default; probation_percent; available: credit_limit less group_exposure; utilisation_percent: group_exposure in percent of credit_limit.
Without a limit nothing is compared: where a rate is missing, what would need it is NULL.
Errors: RA009 there is no rate into the currency of a limit.';

CREATE FUNCTION ar.credit_exposure(ledger_id integer, customer_id bigint)
RETURNS TABLE (
    customer_code text, currency text, open_debits ar.monetary, unapplied ar.monetary,
    reserved ar.monetary, drafts ar.monetary, exposure ar.monetary, group_exposure ar.monetary,
    credit_limit ar.monetary, limit_source text, probation_percent numeric, available ar.monetary, utilisation_percent numeric)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.customer_code, e.currency, e.open_debits, e.unapplied, e.reserved, e.drafts, e.exposure, e.group_exposure,
           e.credit_limit, e.limit_source, e.probation_percent, e.available, e.utilisation_percent
    FROM ar.credit_exposures(credit_exposure.ledger_id, ARRAY[credit_exposure.customer_id]) AS e;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('customer %s does not exist in ledger %s', credit_exposure.customer_id, credit_exposure.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.credit_exposure(integer, bigint) IS
'The exposure of one customer: ar.credit_exposures() with one, where the columns are described.
Errors: 23503 no such customer; RA009 there is no rate.';

REVOKE ALL ON FUNCTION ar.credit_exposures(integer, bigint[]), ar.credit_exposure(integer, bigint) FROM PUBLIC;
