-- proof: numbers of documents.

CREATE FUNCTION ar.verify_numbers(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH used AS MATERIALIZED (
        SELECT v.ledger_id, v.series, v.series_number, v.invoice_id,
               CASE WHEN s.yearly THEN extract(year FROM v.invoiced_on)::integer ELSE 0 END AS year
        FROM ar.invoice AS v
        JOIN ar.document_series AS s ON s.ledger_id = v.ledger_id AND s.series = v.series
        WHERE v.series_number IS NOT NULL
          AND (verify_numbers.ledger_id IS NULL OR v.ledger_id = verify_numbers.ledger_id)
    ), counter AS MATERIALIZED (
        SELECT c.*, to_regclass('ar.' || quote_ident(c.sequence_name)) AS sequence
        FROM ar.document_counter AS c
        WHERE verify_numbers.ledger_id IS NULL OR c.ledger_id = verify_numbers.ledger_id
    ), total AS MATERIALIZED (
        -- Of a fast series, what was drawn before its sequence began has no gap either.
        SELECT coalesce(u.ledger_id, c.ledger_id) AS ledger_id, coalesce(u.series, c.series) AS series,
               coalesce(u.year, c.year) AS year, c.next_number, c.sequence_name, c.sequence,
               count(DISTINCT u.series_number) FILTER (WHERE c.sequence_name IS NULL OR u.series_number < c.next_number) AS used,
               min(u.series_number) AS first_used, max(u.series_number) AS last_used
        FROM used AS u
        FULL JOIN counter AS c ON c.ledger_id = u.ledger_id AND c.series = u.series AND c.year = u.year
        GROUP BY 1, 2, 3, 4, 5, 6
    )
    SELECT 'number_missing', v.ledger_id, 'invoice', v.invoice_id, 'is posted and has no number'
    FROM ar.invoice AS v
    WHERE (verify_numbers.ledger_id IS NULL OR v.ledger_id = verify_numbers.ledger_id)
      AND v.recorded_at IS NOT NULL AND v.number IS NULL AND NOT EXISTS (
        SELECT FROM ar.document_series AS s
        WHERE s.ledger_id = v.ledger_id AND s.series = v.series AND s.numbering = 'batch')
    UNION ALL
    SELECT 'number_double', u.ledger_id, 'invoice', min(u.invoice_id),
           format('number %s of series "%s" is used %s times%s', u.series_number, u.series, count(*),
                  CASE WHEN u.year <> 0 THEN ' in ' || u.year ELSE '' END)
    FROM used AS u GROUP BY u.ledger_id, u.series, u.year, u.series_number HAVING count(*) > 1
    UNION ALL
    SELECT 'number_gap', t.ledger_id, 'document_counter', NULL,
           format('series "%s"%s has drawn %s numbers, its documents hold %s, from %s to %s', t.series,
                  CASE WHEN t.year <> 0 THEN ' of ' || t.year ELSE '' END, coalesce(t.next_number - 1, 0), t.used,
                  coalesce(t.first_used::text, 'none'), coalesce(t.last_used::text, 'none'))
    FROM total AS t
    WHERE t.used <> coalesce(t.next_number - 1, 0)
       OR (t.sequence_name IS NULL AND coalesce(t.last_used, 0) <> t.used)
    UNION ALL
    SELECT 'number_sequence', t.ledger_id, 'document_counter', NULL,
           CASE WHEN t.sequence IS NULL
                THEN format('sequence %s of series "%s" is missing', t.sequence_name, t.series)
                ELSE format('sequence %s has reached %s, series "%s" has drawn %s', t.sequence_name,
                            coalesce(pg_sequence_last_value(t.sequence)::text, 'nothing'), t.series, t.last_used) END
    FROM total AS t
    WHERE t.sequence_name IS NOT NULL
      AND (t.sequence IS NULL
           OR t.last_used >= t.next_number AND t.last_used > coalesce(pg_sequence_last_value(t.sequence), 0));
END
$$;
COMMENT ON FUNCTION ar.verify_numbers(integer) IS
'The part of ar.verify() on numbers: none missing, none double, no gap where the series has none, and each sequence beyond what was drawn from it.';
REVOKE ALL ON FUNCTION ar.verify_numbers(integer) FROM PUBLIC;
