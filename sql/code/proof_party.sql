-- proof: ledgers, customers and exchange rates, checked from the facts alone.

CREATE FUNCTION ar.verify_parties(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH RECURSIVE line AS (
        SELECT c.ledger_id, c.customer_id AS origin, c.parent_id AS customer_id
        FROM ar.customer AS c
        WHERE c.parent_id IS NOT NULL AND (verify_parties.ledger_id IS NULL OR c.ledger_id = verify_parties.ledger_id)
        -- UNION ends in a circle, too.
        UNION
        SELECT l.ledger_id, l.origin, c.parent_id
        FROM line AS l
        JOIN ar.customer AS c ON c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id
        WHERE c.parent_id IS NOT NULL
    ), move AS MATERIALIZED (
        SELECT m.*, lag(m.to_status) OVER (PARTITION BY m.ledger_id, m.customer_id ORDER BY m.status_change_id) AS last_status,
               row_number() OVER (PARTITION BY m.ledger_id, m.customer_id ORDER BY m.status_change_id DESC) AS from_last
        FROM ar.customer_status_change AS m
        WHERE verify_parties.ledger_id IS NULL OR m.ledger_id = verify_parties.ledger_id
    )
    SELECT 'customer_group', l.ledger_id, 'customer', l.origin, 'is his own ancestor'
    FROM line AS l WHERE l.customer_id = l.origin
    UNION ALL
    SELECT 'customer_status', m.ledger_id, 'customer', m.customer_id,
           format('is %s, the last move was to %s', c.status, m.to_status)
    FROM move AS m
    JOIN ar.customer AS c ON c.ledger_id = m.ledger_id AND c.customer_id = m.customer_id
    WHERE m.from_last = 1 AND c.status <> m.to_status
    UNION ALL
    SELECT 'customer_status_change', m.ledger_id, 'customer_status_change', m.status_change_id,
           format('goes from %s to %s, the move before was to %s', m.from_status, m.to_status, coalesce(m.last_status, 'none'))
    FROM move AS m
    WHERE m.last_status <> m.from_status OR NOT ar.can_move_customer(m.from_status, m.to_status)
    UNION ALL
    SELECT 'tax_id', t.ledger_id, t.table_name, t.row_id, format('"%s" is not valid by scheme "%s"', t.tax_id, t.tax_id_scheme)
    FROM (SELECT l.ledger_id, 'ledger' AS table_name, NULL::bigint AS row_id, l.tax_id, l.tax_id_scheme FROM ar.ledger AS l
          UNION ALL
          SELECT c.ledger_id, 'customer', c.customer_id, c.tax_id, c.tax_id_scheme
          FROM ar.customer AS c WHERE c.status NOT IN ('prospect', 'closed')) AS t
    WHERE (verify_parties.ledger_id IS NULL OR t.ledger_id = verify_parties.ledger_id)
      AND t.tax_id_scheme IS NOT NULL AND NOT ar.is_valid_tax_id(t.tax_id, t.tax_id_scheme)
    UNION ALL
    SELECT 'exchange_rate_future', r.ledger_id, 'exchange_rate', NULL,
           format('%s/%s of %s was recorded at %s, before that day', r.from_currency, r.to_currency, r.valid_from, r.recorded_at)
    FROM ar.exchange_rate AS r
    JOIN ar.ledger AS l ON l.ledger_id = r.ledger_id
    WHERE (verify_parties.ledger_id IS NULL OR r.ledger_id = verify_parties.ledger_id)
      -- A day of grace: the business date is that of the transaction's beginning, and time zones change.
      AND r.valid_from > (r.recorded_at AT TIME ZONE l.timezone)::date + 1;
END
$$;
COMMENT ON FUNCTION ar.verify_parties(integer) IS
'The part of ar.verify() on ledgers and customers: groups without a circle, statuses by their moves, tax ids by their check digits, no rates of the future.';

REVOKE ALL ON FUNCTION ar.verify_parties(integer) FROM PUBLIC;
