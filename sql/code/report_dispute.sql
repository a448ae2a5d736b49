-- report: what is disputed of what is overdue.

CREATE FUNCTION ar.aging_disputed(
    ledger_id integer,
    as_of date DEFAULT NULL,
    known_at timestamptz DEFAULT NULL,
    for_customer_id bigint DEFAULT NULL
) RETURNS TABLE (
    customer_id bigint,
    customer_code text,
    currency text,
    not_due numeric,
    days_1_30 numeric,
    days_31_60 numeric,
    days_61_90 numeric,
    days_91_plus numeric,
    unapplied numeric,
    balance numeric,
    disputed numeric
)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(aging_disputed.as_of, ar.business_date(aging_disputed.ledger_id));
    moment timestamptz := coalesce(aging_disputed.known_at, 'infinity');
BEGIN
    RETURN QUERY
    WITH dispute AS MATERIALIZED (
        SELECT n.item_id, ar.sum(n.amount) AS amount
        FROM ar.dispute AS d
        JOIN ar.dispute_item AS n ON n.ledger_id = d.ledger_id AND n.dispute_id = d.dispute_id
        WHERE d.ledger_id = aging_disputed.ledger_id AND d.opened_on <= day AND d.opened_at <= moment
          AND (d.outcome IS NULL OR d.resolved_on > day OR d.resolved_at > moment)
        GROUP BY n.item_id
    ), disputed AS (
        SELECT i.customer_id, ar.currency(i.open) AS currency, sum(ar.amount(least(i.open, d.amount))) AS amount
        FROM ar.items_as_of(aging_disputed.ledger_id, day, moment, aging_disputed.for_customer_id) AS i
        JOIN dispute AS d ON d.item_id = i.item_id
        GROUP BY i.customer_id, ar.currency(i.open)
    )
    SELECT a.customer_id, a.customer_code, a.currency, a.not_due, a.days_1_30, a.days_31_60, a.days_61_90, a.days_91_plus,
           a.unapplied, a.balance, coalesce(d.amount, 0)
    FROM ar.aging(aging_disputed.ledger_id, day, aging_disputed.known_at, aging_disputed.for_customer_id) AS a
    LEFT JOIN disputed AS d ON d.customer_id = a.customer_id AND d.currency = a.currency
    ORDER BY a.customer_code, a.currency;
END
$$;
COMMENT ON FUNCTION ar.aging_disputed(integer, date, timestamptz, bigint) IS
'ar.aging(), and as the last column what of the balance was disputed, never more than was open: it stays in its bucket.
Arguments and errors: as ar.aging(). A dispute counts from opened_on until the day before resolved_on, as it was known.';
REVOKE ALL ON FUNCTION ar.aging_disputed(integer, date, timestamptz, bigint) FROM PUBLIC;
