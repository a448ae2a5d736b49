-- proof: agings that were kept, computed anew.

CREATE FUNCTION ar.verify_snapshots(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH sample AS MATERIALIZED (
        SELECT s.* FROM (
            SELECT t.*, row_number() OVER (PARTITION BY t.ledger_id ORDER BY t.as_of DESC) AS nth,
                   row_number() OVER (PARTITION BY t.ledger_id ORDER BY md5(t.as_of::text)) AS drawn
            FROM ar.aging_snapshot AS t
            WHERE verify_snapshots.ledger_id IS NULL OR t.ledger_id = verify_snapshots.ledger_id) AS s
        WHERE s.nth <= 2 OR s.drawn <= 3
    ), line AS (
        SELECT s.ledger_id, s.as_of, a.* FROM sample AS s
        CROSS JOIN LATERAL ar.aging_lines(s.ledger_id, s.as_of, s.known_at, s.boundaries) AS a
    ), kept AS (
        SELECT k.* FROM sample AS s
        JOIN ar.aging_snapshot_line AS k ON k.ledger_id = s.ledger_id AND k.as_of = s.as_of
    )
    SELECT 'aging_snapshot', coalesce(k.ledger_id, l.ledger_id), 'aging_snapshot_line', coalesce(k.customer_id, l.customer_id),
           format('of %s, %s %s %s: kept are %s of %s items, they are %s of %s', coalesce(k.as_of, l.as_of),
                  coalesce(k.currency, l.currency), CASE WHEN coalesce(k.is_credit, l.is_credit) THEN 'credits' ELSE 'debits' END,
                  coalesce(k.bucket, l.bucket), coalesce(k.open::text, 'nothing'), coalesce(k.items, 0),
                  coalesce(l.open::text, 'nothing'), coalesce(l.items, 0))
    FROM kept AS k
    FULL JOIN line AS l ON l.ledger_id = k.ledger_id AND l.as_of = k.as_of AND l.customer_id = k.customer_id
     AND l.currency = k.currency AND l.is_credit = k.is_credit AND l.bucket = k.bucket
    WHERE k.ledger_id IS NULL OR l.ledger_id IS NULL OR k.open <> l.open OR k.items <> l.items;
END
$$;
COMMENT ON FUNCTION ar.verify_snapshots(integer) IS
'The part of ar.verify() on snapshots: of each ledger the latest two and three others are computed anew, from the items and applications of today.';
REVOKE ALL ON FUNCTION ar.verify_snapshots(integer) FROM PUBLIC;
