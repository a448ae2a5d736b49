-- credit: customers that move from group to group.

CREATE FUNCTION ar.follow_customers(ledger_id integer, customer_ids bigint[], left_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    waiting record;
BEGIN
    INSERT INTO ar.credit_limit (ledger_id, customer_id, kind, amount)
    SELECT c.ledger_id, c.customer_id, 'standing', c.credit_limit
    FROM (SELECT DISTINCT w.customer_id FROM unnest(follow_customers.customer_ids) AS w(customer_id)) AS w
    CROSS JOIN LATERAL (SELECT c.* FROM ar.customer AS c
                        WHERE c.ledger_id = follow_customers.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    LEFT JOIN LATERAL (
        SELECT l.amount
        FROM (SELECT l.limit_id, l.amount FROM ar.credit_limit AS l
              WHERE l.ledger_id = c.ledger_id AND l.customer_id = c.customer_id AND l.kind = 'standing' OFFSET 0) AS l
        ORDER BY l.limit_id DESC LIMIT 1) AS l ON true
    WHERE c.credit_limit IS DISTINCT FROM l.amount
    ORDER BY c.customer_id;
    PERFORM ar.touch_credit(follow_customers.ledger_id, follow_customers.customer_ids, follow_customers.left_ids);
    SELECT c.code, CASE WHEN v.invoice_id IS NULL THEN format('Order "%s" has %s reserved.', r.order_reference, r.amount - r.invoiced)
                        ELSE format('Invoice %s of %s is held.', v.invoice_id, v.total) END AS detail INTO waiting
    FROM (SELECT DISTINCT w.customer_id FROM unnest(follow_customers.customer_ids) AS w(customer_id)) AS w
    CROSS JOIN LATERAL (SELECT c.* FROM ar.customer AS c
                        WHERE c.ledger_id = follow_customers.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    LEFT JOIN LATERAL (
        SELECT r.order_reference, r.amount, r.invoiced
        FROM (SELECT r.* FROM ar.credit_reservation AS r
              WHERE r.ledger_id = c.ledger_id AND r.customer_id = c.customer_id AND r.released_at IS NULL AND r.invoiced < r.amount
                AND coalesce(r.expires_on >= ar.business_date(c.ledger_id), true) OFFSET 0) AS r
        ORDER BY r.reservation_id LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (
        SELECT v.invoice_id, v.total
        FROM (SELECT v.invoice_id, v.total FROM ar.invoice AS v
              WHERE v.ledger_id = c.ledger_id AND v.customer_id = c.customer_id AND v.recorded_at IS NULL AND v.status = 'held' OFFSET 0) AS v
        ORDER BY v.invoice_id LIMIT 1) AS v ON true
    WHERE c.status = 'closed' AND num_nonnulls(r.order_reference, v.invoice_id) > 0
    ORDER BY c.customer_id LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('customer "%s" cannot be closed', waiting.code), DETAIL = waiting.detail,
            HINT = 'Release what is reserved with ar.release_credit(), and decide what is held with ar.release_hold() or ar.reject_hold().',
            TABLE = 'customer', SCHEMA = 'ar', COLUMN = 'status';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.follow_customers(integer, bigint[], bigint[]) IS
'For the trigger on ar.customer: records a standing limit that was written there, and has changes of limit, group and class, and those who are closed, wait for whoever is being judged.
Errors: RA004 a customer is closed who has orders reserved, or invoices held.';

CREATE FUNCTION ar.moving_customers(ledger_id integer, customer_ids bigint[], left_ids bigint[], entering boolean) RETURNS bigint[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    home text := (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = moving_customers.ledger_id);
    customers bigint[];
    holders bigint[];
BEGIN
    -- UNION, not UNION ALL: a circle that the statement has not yet left must end.
    WITH RECURSIVE moved AS (
        SELECT m.* FROM unnest(moving_customers.customer_ids, moving_customers.left_ids) AS m(customer_id, left_id)
    ), now AS (
        SELECT m.customer_id, c.parent_id AS holder_id
        FROM moved AS m
        JOIN ar.customer AS c ON c.ledger_id = moving_customers.ledger_id AND c.customer_id = m.customer_id
        WHERE c.parent_id IS NOT NULL
        UNION
        SELECT n.customer_id, c.parent_id
        FROM now AS n
        JOIN ar.customer AS c ON c.ledger_id = moving_customers.ledger_id AND c.customer_id = n.holder_id
        WHERE c.parent_id IS NOT NULL
    ), before AS (
        SELECT m.customer_id, m.left_id AS holder_id FROM moved AS m WHERE m.left_id <> 0
        UNION
        -- Groups may have moved in the same statement.
        SELECT b.customer_id, g.parent_id
        FROM before AS b
        JOIN ar.customer AS c ON c.ledger_id = moving_customers.ledger_id AND c.customer_id = b.holder_id
        LEFT JOIN moved AS m ON m.customer_id = b.holder_id
        CROSS JOIN LATERAL (SELECT CASE WHEN m.customer_id IS NULL THEN c.parent_id ELSE nullif(m.left_id, 0) END AS parent_id) AS g
        WHERE g.parent_id IS NOT NULL
    ), changed AS MATERIALIZED (
        SELECT w.customer_id, w.holder_id
        FROM (SELECT n.* FROM now AS n WHERE moving_customers.entering
              UNION ALL SELECT b.* FROM before AS b WHERE NOT moving_customers.entering) AS w
        EXCEPT
        SELECT w.customer_id, w.holder_id
        FROM (SELECT b.* FROM before AS b WHERE moving_customers.entering
              UNION ALL SELECT n.* FROM now AS n WHERE NOT moving_customers.entering) AS w
    )
    SELECT array_agg(c.customer_id ORDER BY c.customer_id, c.holder_id), array_agg(c.holder_id ORDER BY c.customer_id, c.holder_id)
    INTO customers, holders
    FROM changed AS c
    WHERE c.holder_id IN (
        SELECT h.holder_id FROM ar.credit_holders(moving_customers.ledger_id, ARRAY(SELECT DISTINCT g.holder_id FROM changed AS g)) AS h
        WHERE h.holder_id = h.customer_id AND h.credit_limit IS NOT NULL AND h.source <> 'default');
    RETURN (
        SELECT array_agg(DISTINCT c.holder_id)
        FROM unnest(customers, holders) AS c(customer_id, holder_id)
        JOIN (SELECT array_agg(u.customer_id) AS ids, array_agg(home) AS currencies, array_agg(true) AS with_members
              FROM (SELECT DISTINCT u.customer_id FROM unnest(customers) AS u(customer_id)) AS u) AS g ON g.ids IS NOT NULL
        CROSS JOIN LATERAL ar.credit_sums(moving_customers.ledger_id, g.ids, g.currencies, g.with_members) AS s
        WHERE s.holder_id = c.customer_id AND ar.sign(s.exposure) = CASE WHEN moving_customers.entering THEN 1 ELSE -1 END);
END
$$;
COMMENT ON FUNCTION ar.moving_customers(integer, bigint[], bigint[], boolean) IS
'For the trigger on ar.customer: the groups with a limit whose exposure rises because customers moved.
Arguments: ledger_id; customer_ids, all that the statement moved; left_ids, the group that each left, 0 for none; entering: true, for groups that somebody who owes came into; false, for groups that somebody with a credit left. Groups that he belongs to before and after are not among them.
Errors: RA009 there is no rate.';

REVOKE ALL ON FUNCTION ar.follow_customers(integer, bigint[], bigint[]), ar.moving_customers(integer, bigint[], bigint[], boolean) FROM PUBLIC;
