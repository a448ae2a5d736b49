-- report: aging now, as of a day, and as it was known at a moment.

-- Without SET and with every name and operator qualified, so that the planner
-- can open it up inside the functions that ask it.
CREATE FUNCTION ar.items_as_of(
    ledger_id integer,
    as_of date,
    known_at timestamptz DEFAULT 'infinity',
    customer_id bigint DEFAULT NULL
) RETURNS TABLE (
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
    WITH later AS MATERIALIZED (
        SELECT a.credit_item_id, a.debit_item_id, a.amount
        FROM ar.application AS a
        WHERE a.ledger_id OPERATOR(pg_catalog.=) $1
          AND (a.applied_on OPERATOR(pg_catalog.>) $2 OR a.recorded_at OPERATOR(pg_catalog.>) $3)
    ), undone AS MATERIALIZED (
        SELECT u.item_id, ar.sum(u.amount) AS amount
        FROM (SELECT l.debit_item_id AS item_id, l.amount FROM later AS l
              UNION ALL
              SELECT l.credit_item_id, OPERATOR(ar.-) l.amount FROM later AS l) AS u
        GROUP BY u.item_id
    ), then_open AS (
        SELECT i.item_id, i.customer_id, i.kind, i.invoice_id, i.payment_id, i.adjustment_id,
               i.issued_on, i.due_on, i.recorded_at, i.amount,
               CASE WHEN u.item_id IS NULL THEN i.open ELSE i.open OPERATOR(ar.+) u.amount END AS open
        FROM ar.item AS i LEFT JOIN undone AS u ON u.item_id OPERATOR(pg_catalog.=) i.item_id
        WHERE i.ledger_id OPERATOR(pg_catalog.=) $1 AND i.closed_on IS NULL
        UNION ALL
        SELECT i.item_id, i.customer_id, i.kind, i.invoice_id, i.payment_id, i.adjustment_id,
               i.issued_on, i.due_on, i.recorded_at, i.amount, u.amount
        FROM undone AS u JOIN ar.item AS i
          ON i.ledger_id OPERATOR(pg_catalog.=) $1 AND i.item_id OPERATOR(pg_catalog.=) u.item_id
        WHERE i.closed_on IS NOT NULL
    )
    SELECT t.item_id, t.customer_id, t.kind, t.invoice_id, t.payment_id, t.adjustment_id,
           t.issued_on, t.due_on, t.amount, t.open
    FROM then_open AS t
    WHERE t.issued_on OPERATOR(pg_catalog.<=) $2 AND t.recorded_at OPERATOR(pg_catalog.<=) $3
      AND ($4 IS NULL OR t.customer_id OPERATOR(pg_catalog.=) $4)
      AND ar.sign(t.open) OPERATOR(pg_catalog.<>) 0
$$;
COMMENT ON FUNCTION ar.items_as_of(integer, date, timestamptz, bigint) IS
'The items that were open at the end of a day, as the books knew it at a moment, and how much of them.
Arguments: ledger_id; as_of; known_at, infinity for all that is known by now; customer_id, or NULL for all customers.
Method: roll-back; open then is open now plus what was applied after as_of or recorded after known_at. Only open items and those later applications are read, never the history before.';
REVOKE ALL ON FUNCTION ar.items_as_of(integer, date, timestamptz, bigint) FROM PUBLIC;

CREATE FUNCTION ar.aging_detail(
    ledger_id integer,
    as_of date DEFAULT NULL,
    known_at timestamptz DEFAULT NULL,
    for_customer_id bigint DEFAULT NULL,
    boundaries integer[] DEFAULT '{0,30,60,90}'
) RETURNS TABLE (
    customer_id bigint,
    item_id bigint,
    number text,
    issued_on date,
    due_on date,
    days_past_due integer,
    bucket ar.aging_bucket,
    currency text,
    amount numeric,
    open numeric,
    kind text
)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(aging_detail.as_of, ar.business_date(aging_detail.ledger_id));
    is_re_aged boolean := ar.has_re_aged(aging_detail.ledger_id);
BEGIN
    RETURN QUERY
    SELECT i.customer_id, i.item_id, coalesce(v.number, j.number, p.reference),
           i.issued_on, i.due_on, ar.days_past_due(i.due_on, day),
           ar.aging_bucket(i.due_on, day, aging_detail.boundaries),
           ar.currency(i.amount), ar.amount(i.amount), ar.amount(i.open), i.kind
    FROM ar.aged_items(aging_detail.ledger_id, day, coalesce(aging_detail.known_at, 'infinity'),
                       aging_detail.for_customer_id, is_re_aged) AS i
    LEFT JOIN ar.invoice AS v ON v.ledger_id = aging_detail.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = aging_detail.ledger_id AND j.adjustment_id = i.adjustment_id
    LEFT JOIN ar.payment AS p ON p.ledger_id = aging_detail.ledger_id AND p.payment_id = i.payment_id
    ORDER BY i.customer_id, i.due_on, i.item_id;
END
$$;
COMMENT ON FUNCTION ar.aging_detail(integer, date, timestamptz, bigint, integer[]) IS
'Every item that was open at the end of a day, a row each, with its age; credits (payments, credit memos) with negative amounts. An item on a re-aged payment plan has a row for each instalment that it falls into: due_on is that of the instalment, open the part.
Arguments: ledger_id; as_of, by default the ledger''s business date; known_at, for the books as they were known at that moment; for_customer_id, for one customer; boundaries, the last day past due of each bucket but the last.
Amounts are in units of currency; number is that of the document, or the reference of a payment; days_past_due is negative before the due date, and the due date itself is not overdue.
Errors: 22023 malformed boundaries; 23503 no such ledger.';
REVOKE ALL ON FUNCTION ar.aging_detail(integer, date, timestamptz, bigint, integer[]) FROM PUBLIC;

CREATE FUNCTION ar.aging(
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
    balance numeric
)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(aging.as_of, ar.business_date(aging.ledger_id));
    is_re_aged boolean := ar.has_re_aged(aging.ledger_id);
BEGIN
    RETURN QUERY
    SELECT s.customer_id, c.code, s.currency,
           coalesce(ar.amount(s.debits[1]), s.zero), coalesce(ar.amount(s.debits[2]), s.zero),
           coalesce(ar.amount(s.debits[3]), s.zero), coalesce(ar.amount(s.debits[4]), s.zero),
           coalesce(ar.amount(s.debits[5]), s.zero), coalesce(ar.amount(s.credits), s.zero), ar.amount(s.balance)
    FROM (
        SELECT i.customer_id, ar.currency(i.open) AS currency,
               ar.aging(i.open, i.due_on, day) FILTER (WHERE ar.sign(i.open) > 0) AS debits,
               ar.sum(i.open) FILTER (WHERE ar.sign(i.open) < 0) AS credits,
               ar.sum(i.open) AS balance,
               ar.amount(ar.sum(i.open) - ar.sum(i.open)) AS zero
        FROM ar.aged_items(aging.ledger_id, day, coalesce(aging.known_at, 'infinity'), aging.for_customer_id, is_re_aged) AS i
        GROUP BY i.customer_id, ar.currency(i.open)
    ) AS s
    JOIN ar.customer AS c ON c.ledger_id = aging.ledger_id AND c.customer_id = s.customer_id
    ORDER BY c.code, s.currency;
END
$$;
COMMENT ON FUNCTION ar.aging(integer, date, timestamptz, bigint) IS
'What each customer owed at the end of a day, a row per customer and currency, by days past due. Buckets hold debit items only, those on a re-aged payment plan by its instalments; unapplied holds credits, negative; together they make the balance.
Arguments: ledger_id; as_of, by default the ledger''s business date; known_at, for the books as they were known at that moment; for_customer_id, for one customer.
Amounts are in units of currency; the due date itself is not overdue. Customers with nothing open have no row.
Errors: 23503 no such ledger.';
REVOKE ALL ON FUNCTION ar.aging(integer, date, timestamptz, bigint) FROM PUBLIC;
