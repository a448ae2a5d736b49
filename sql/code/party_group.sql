-- party: groups of customers. parent_id makes trees; nobody is his own ancestor.

CREATE FUNCTION ar.customer_ancestors(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (customer_id bigint, ancestor_id bigint, distance integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE line AS (
        SELECT c.customer_id, c.customer_id AS ancestor_id, 0 AS distance, c.parent_id
        FROM (SELECT DISTINCT w.customer_id FROM unnest(customer_ancestors.customer_ids) AS w(customer_id)) AS w
        CROSS JOIN LATERAL (SELECT c.customer_id, c.parent_id FROM ar.customer AS c
                            WHERE c.ledger_id = customer_ancestors.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
        UNION ALL
        SELECT l.customer_id, p.customer_id, l.distance + 1, p.parent_id
        FROM line AS l
        CROSS JOIN LATERAL (SELECT p.customer_id, p.parent_id FROM ar.customer AS p
                            WHERE p.ledger_id = customer_ancestors.ledger_id AND p.customer_id = l.parent_id OFFSET 0) AS p
    )
    SELECT l.customer_id, l.ancestor_id, l.distance FROM line AS l
    ORDER BY l.customer_id, l.distance DESC;
END
$$;
COMMENT ON FUNCTION ar.customer_ancestors(integer, bigint[]) IS
'The lines of customers through their groups: for each the root first, he himself last.
Arguments: ledger_id; customer_ids. Result: the customer; ancestor_id, himself included; distance, 0 for himself, 1 for his parent.';

CREATE FUNCTION ar.customer_ancestors(ledger_id integer, customer_id bigint)
RETURNS TABLE (ancestor_id bigint, distance integer)
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT a.ancestor_id, a.distance
    FROM ar.customer_ancestors(customer_ancestors.ledger_id, ARRAY[customer_ancestors.customer_id]) AS a
    ORDER BY a.distance DESC
$$;
COMMENT ON FUNCTION ar.customer_ancestors(integer, bigint) IS
'The line of one customer through his groups: the root first, he himself last, with distance 0.';

CREATE FUNCTION ar.customer_descendants(ledger_id integer, customer_id bigint)
RETURNS TABLE (descendant_id bigint, distance integer)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE tree AS (
        SELECT c.customer_id AS descendant_id, 0 AS distance
        FROM ar.customer AS c
        WHERE c.ledger_id = customer_descendants.ledger_id AND c.customer_id = customer_descendants.customer_id
        UNION ALL
        SELECT c.customer_id, t.distance + 1
        FROM tree AS t
        JOIN ar.customer AS c ON c.ledger_id = customer_descendants.ledger_id AND c.parent_id = t.descendant_id
    )
    SELECT t.descendant_id, t.distance FROM tree AS t ORDER BY t.distance, t.descendant_id;
END
$$;
COMMENT ON FUNCTION ar.customer_descendants(integer, bigint) IS
'A customer, with distance 0, and all that belong to his group, however deep.';

CREATE FUNCTION ar.tg_guard_group() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    child_ledgers integer[];
    children bigint[];
    ledgers integer[];
    ancestors bigint[];
    locked_ledgers integer[];
    locked_ancestors bigint[];
    wrong record;
BEGIN
    -- By EXECUTE: planned for the rows at hand, not for those of the session's first statement.
    EXECUTE CASE TG_OP
        WHEN 'INSERT' THEN
            'SELECT array_agg(n.ledger_id), array_agg(n.customer_id) FROM new_customer AS n WHERE n.parent_id IS NOT NULL'
        ELSE
            'SELECT array_agg(n.ledger_id), array_agg(n.customer_id) FROM new_customer AS n
             JOIN old_customer AS o ON o.ledger_id = n.ledger_id AND o.customer_id = n.customer_id
             WHERE n.parent_id IS NOT NULL AND n.parent_id IS DISTINCT FROM o.parent_id' END
    INTO child_ledgers, children;
    IF children IS NULL THEN
        RETURN NULL;
    END IF;
    -- Nobody above may get another parent until this is done, at any isolation level: of two sessions
    -- that would close a circle together one waits for the other. Read again until all is locked.
    -- New customers can be in a circle among themselves only.
    WHILE TG_OP = 'UPDATE' LOOP
        EXECUTE $line$
            WITH RECURSIVE line AS (
                SELECT c.ledger_id, c.parent_id AS customer_id
                FROM unnest($1, $2) AS n (ledger_id, customer_id)
                JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
                UNION
                SELECT c.ledger_id, c.parent_id
                FROM line AS l
                CROSS JOIN LATERAL (SELECT c.ledger_id, c.parent_id FROM ar.customer AS c
                                    WHERE c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id OFFSET 0) AS c
                WHERE c.parent_id IS NOT NULL
            )
            SELECT array_agg(l.ledger_id ORDER BY l.ledger_id, l.customer_id),
                   array_agg(l.customer_id ORDER BY l.ledger_id, l.customer_id)
            FROM line AS l
        $line$ INTO ledgers, ancestors USING child_ledgers, children;
        EXIT WHEN ledgers = locked_ledgers AND ancestors = locked_ancestors;
        EXECUTE $lock$
            SELECT FROM ar.customer AS c
            JOIN unnest($1, $2) AS a (ledger_id, customer_id) ON a.ledger_id = c.ledger_id AND a.customer_id = c.customer_id
            ORDER BY c.ledger_id, c.customer_id FOR SHARE OF c
        $lock$ USING ledgers, ancestors;
        locked_ledgers := ledgers;
        locked_ancestors := ancestors;
    END LOOP;
    EXECUTE $circle$
        WITH RECURSIVE line AS (
            SELECT c.ledger_id, c.customer_id AS origin, c.parent_id AS customer_id
            FROM unnest($1, $2) AS n (ledger_id, customer_id)
            JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
            UNION
            SELECT c.ledger_id, l.origin, c.parent_id
            FROM line AS l
            CROSS JOIN LATERAL (SELECT c.ledger_id, c.parent_id FROM ar.customer AS c
                                WHERE c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id OFFSET 0) AS c
            WHERE c.parent_id IS NOT NULL AND l.customer_id <> l.origin
        )
        SELECT c.code, p.code AS parent_code
        FROM line AS l
        CROSS JOIN LATERAL (SELECT c.ledger_id, c.code, c.parent_id FROM ar.customer AS c
                            WHERE c.ledger_id = l.ledger_id AND c.customer_id = l.origin OFFSET 0) AS c
        CROSS JOIN LATERAL (SELECT p.code FROM ar.customer AS p
                            WHERE p.ledger_id = c.ledger_id AND p.customer_id = c.parent_id OFFSET 0) AS p
        WHERE l.customer_id = l.origin
        ORDER BY l.ledger_id, l.origin LIMIT 1
    $circle$ INTO wrong USING child_ledgers, children;
    IF wrong.code IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('customer "%s" would belong to his own group', wrong.code),
            DETAIL = format('His parent "%s" is himself below him.', wrong.parent_code),
            HINT = 'Take the parent out of the group first.',
            SCHEMA = 'ar', TABLE = 'customer', COLUMN = 'parent_id', CONSTRAINT = 'customer_parent_check';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_group() IS
'Trigger: groups of customers hold no circle, whoever changes them at the same time.
Errors: 23514 a circle.';
REVOKE ALL ON FUNCTION ar.tg_guard_group() FROM PUBLIC;
