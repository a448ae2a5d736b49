-- report: the aging of what is on payment plans that were re-aged.

CREATE FUNCTION ar.has_re_aged(ledger_id integer) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    RETURN EXISTS (SELECT FROM ar.plan_re_aging AS r WHERE r.ledger_id = has_re_aged.ledger_id);
END
$$;
COMMENT ON FUNCTION ar.has_re_aged(integer) IS
'Whether any payment plan of a ledger was ever re-aged: where none was, the agings need not look at plans.';

CREATE FUNCTION ar.re_aged_items(ledger_id integer, as_of date, known_at timestamptz)
RETURNS TABLE (item_id bigint, plan_id bigint)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    -- Should two plans meet by days that were given later, the last one counts.
    SELECT n.item_id, max(n.plan_id)
    FROM ar.plan_re_aging AS r
    JOIN ar.payment_plan AS p ON p.ledger_id = r.ledger_id AND p.plan_id = r.plan_id
    JOIN ar.payment_plan_item AS n ON n.ledger_id = p.ledger_id AND n.plan_id = p.plan_id
    WHERE r.ledger_id = re_aged_items.ledger_id
      AND r.re_aged_on <= re_aged_items.as_of AND r.recorded_at <= re_aged_items.known_at
      AND (p.ended_on IS NULL OR p.ended_on > re_aged_items.as_of OR p.ended_at > re_aged_items.known_at)
    GROUP BY n.item_id;
END
$$;
COMMENT ON FUNCTION ar.re_aged_items(integer, date, timestamptz) IS
'The items that a payment plan in force at the end of a day, as it was known at a moment, re-aged, and the plan.
Arguments: ledger_id; as_of; known_at.';

CREATE FUNCTION ar.re_aged_parts(ledger_id integer, as_of date, known_at timestamptz, for_customer_id bigint DEFAULT NULL)
RETURNS TABLE (
    item_id bigint,
    customer_id bigint,
    kind text,
    invoice_id bigint,
    payment_id bigint,
    adjustment_id bigint,
    issued_on date,
    due_on date,
    amount ar.monetary,
    open ar.monetary
)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH item AS MATERIALIZED (
        -- What is open is the end of what the plan is about: what is paid went to the first instalments.
        SELECT i.*, ar.currency(i.open) AS currency,
               s.upto - ar.amount(i.open) AS from_amount, s.upto AS to_amount
        FROM (SELECT i.*, n.plan_id, p.amount AS plan_amount,
                     ar.amount(p.amount) - sum(ar.amount(i.open)) OVER (PARTITION BY n.plan_id) AS paid,
                     sum(ar.amount(i.open)) OVER (PARTITION BY n.plan_id ORDER BY i.due_on, i.item_id) AS opened
              FROM ar.re_aged_items(re_aged_parts.ledger_id, re_aged_parts.as_of, re_aged_parts.known_at) AS n
              JOIN ar.items_as_of(re_aged_parts.ledger_id, re_aged_parts.as_of, re_aged_parts.known_at, re_aged_parts.for_customer_id) AS i
                ON i.item_id = n.item_id
              JOIN ar.payment_plan AS p ON p.ledger_id = re_aged_parts.ledger_id AND p.plan_id = n.plan_id) AS i
        CROSS JOIN LATERAL (SELECT i.paid + i.opened AS upto) AS s
    ), instalment AS MATERIALIZED (
        SELECT s.plan_id, s.due_on, sum(ar.amount(s.amount)) OVER (PARTITION BY s.plan_id ORDER BY s.instalment) - ar.amount(s.amount) AS from_amount,
               sum(ar.amount(s.amount)) OVER (PARTITION BY s.plan_id ORDER BY s.instalment) AS to_amount
        FROM ar.payment_plan_instalment AS s
        WHERE s.ledger_id = re_aged_parts.ledger_id AND s.plan_id IN (SELECT i.plan_id FROM item AS i)
    ), part AS (
        SELECT i.item_id, s.due_on, least(i.to_amount, s.to_amount) - greatest(i.from_amount, s.from_amount) AS open
        FROM item AS i
        JOIN instalment AS s ON s.plan_id = i.plan_id AND s.from_amount < i.to_amount AND s.to_amount > i.from_amount
        UNION ALL
        -- More is open than the plan is about, as when a payment from before it bounced: that keeps its due date.
        SELECT i.item_id, i.due_on, least(i.to_amount, 0) - i.from_amount FROM item AS i WHERE i.from_amount < 0
    )
    SELECT i.item_id, i.customer_id, i.kind, i.invoice_id, i.payment_id, i.adjustment_id, i.issued_on, p.due_on, i.amount,
           ar.monetary(p.open, i.currency)
    FROM item AS i JOIN part AS p ON p.item_id = i.item_id;
END
$$;
COMMENT ON FUNCTION ar.re_aged_parts(integer, date, timestamptz, bigint) IS
'What is open of items on re-aged payment plans at the end of a day, as it was known at a moment, a row for each item and instalment it falls into: due_on is that of the instalment, open the part. The columns are those of ar.items_as_of().
Arguments: ledger_id; as_of; known_at; for_customer_id, or NULL for all.';

-- Without SET and qualified, as ar.items_as_of(); with is_re_aged false, the planner leaves nothing of it but that.
CREATE FUNCTION ar.aged_items(ledger_id integer, as_of date, known_at timestamptz, customer_id bigint, is_re_aged boolean)
RETURNS TABLE (
    item_id bigint,
    customer_id bigint,
    kind text,
    invoice_id bigint,
    payment_id bigint,
    adjustment_id bigint,
    issued_on date,
    due_on date,
    amount ar.monetary,
    open ar.monetary
)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10000
AS $$
    SELECT i.item_id, i.customer_id, i.kind, i.invoice_id, i.payment_id, i.adjustment_id, i.issued_on, i.due_on, i.amount, i.open
    FROM ar.items_as_of($1, $2, $3, $4) AS i
    WHERE NOT ($5 AND i.item_id OPERATOR(pg_catalog.=) ANY (SELECT r.item_id FROM ar.re_aged_items($1, $2, $3) AS r))
    UNION ALL
    SELECT p.item_id, p.customer_id, p.kind, p.invoice_id, p.payment_id, p.adjustment_id, p.issued_on, p.due_on, p.amount, p.open
    FROM ar.re_aged_parts($1, $2, $3, $4) AS p
    WHERE $5
$$;
COMMENT ON FUNCTION ar.aged_items(integer, date, timestamptz, bigint, boolean) IS
'What an aging is about: ar.items_as_of(), where items on re-aged payment plans come as a row for each instalment they fall into.
Arguments: ledger_id; as_of; known_at; customer_id, or NULL for all; is_re_aged, as ar.has_re_aged() says: false where no plan was ever re-aged, and then this costs nothing.';

REVOKE ALL ON FUNCTION ar.has_re_aged(integer), ar.re_aged_items(integer, date, timestamptz), ar.re_aged_parts(integer, date, timestamptz, bigint),
    ar.aged_items(integer, date, timestamptz, bigint, boolean) FROM PUBLIC;
