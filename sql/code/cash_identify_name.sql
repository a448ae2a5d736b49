-- cash: who paid, by his name.

CREATE FUNCTION ar.payer_name_key(name text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_payer_name_key'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
-- Dear enough that names are looked up in their index, and not in all customers.
COST 100;
COMMENT ON FUNCTION ar.payer_name_key(text) IS
'A name as a set of words: small letters without accents and punctuation, without the forms of companies, each once, in the order of the alphabet: that of "Müller & Söhne G.m.b.H.", "SOEHNE MUELLER" is "mueller soehne". Of more than 32 words the first count. NULL if nothing is left.';

CREATE FUNCTION ar.is_payer_name(payer_name text, customer_name text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_payer_name'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_payer_name(text, text) IS
'Whether one name may be how a bank writes the other: every word of the shorter (see ar.payer_name_key()) is in the longer, perhaps cut (from 4 letters on) or with one letter wrong (from 5 on), and it is not one word of several. It confirms what something else says; many customers may have names like a payer''s.';

CREATE FUNCTION ar.index_payer_names() RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_trgm') THEN
        RETURN false;
    END IF;
    IF to_regclass('ar.customer_similar_name_idx') IS NULL THEN
        EXECUTE format('CREATE INDEX customer_similar_name_idx ON ar.customer USING gin (ar.payer_name_key(name) %I.gin_trgm_ops)',
                       ar.trigram_schema());
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ar.index_payer_names() IS
'Creates the index by which similar names of customers are found, where the extension pg_trgm is installed and the index is not there. ar.create_books() does it; run it by hand after CREATE EXTENSION pg_trgm. Without it payers are found by the same name only.
Result: whether similar names are found now.';
REVOKE ALL ON FUNCTION ar.index_payer_names() FROM PUBLIC;

CREATE FUNCTION ar.similar_payers(ledger_id integer, names text[])
RETURNS TABLE (name text, customer_id bigint, similarity real)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET pg_trgm.similarity_threshold = 0.5
SET jit = off
AS $$
BEGIN
    IF to_regclass('ar.customer_similar_name_idx') IS NULL THEN
        RETURN;
    END IF;
    -- The second best must be seen, to know that the best is clearly better.
    RETURN QUERY EXECUTE replace($query$
        SELECT k.name, c.customer_id, c.similarity
        FROM (SELECT DISTINCT n.name, ar.payer_name_key(n.name) AS key FROM unnest($2) AS n(name)) AS k
        CROSS JOIN LATERAL (
            SELECT c.customer_id, trgm.similarity(ar.payer_name_key(c.name), k.key) AS similarity
            FROM ar.customer AS c
            WHERE c.ledger_id = $1 AND ar.payer_name_key(c.name) OPERATOR(trgm.%) k.key
            ORDER BY 2 DESC, 1 LIMIT 2) AS c
    $query$, 'trgm.', quote_ident(ar.trigram_schema()) || '.')
    USING similar_payers.ledger_id, similar_payers.names;
END
$$;
COMMENT ON FUNCTION ar.similar_payers(integer, text[]) IS
'The two customers whose names are most similar to each of some names, by trigrams, if at least half is the same. Nothing where pg_trgm or its index is missing: ar.index_payer_names(). For ar.payers_by_name().';

CREATE FUNCTION ar.payers_by_name(ledger_id integer, payment_ids bigint[])
RETURNS TABLE (payment_id bigint, customer_id bigint, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH paid AS MATERIALIZED (
        SELECT p.payment_id, p.payer_name, ar.payer_name_key(p.payer_name) AS key, ar.amount(p.amount) AS amount,
               ar.currency(p.amount) AS currency, p.received_on
        FROM unnest(payers_by_name.payment_ids) AS g(payment_id)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = payers_by_name.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
        WHERE ar.payer_name_key(p.payer_name) IS NOT NULL
    ), same AS MATERIALIZED (
        -- A few are enough to know that the name is not of one.
        SELECT k.key, c.customer_id
        FROM (SELECT DISTINCT p.key FROM paid AS p) AS k
        CROSS JOIN LATERAL (
            SELECT c.customer_id FROM ar.customer AS c
            WHERE c.ledger_id = payers_by_name.ledger_id AND ar.payer_name_key(c.name) = k.key
            ORDER BY c.customer_id LIMIT 10) AS c
    ), alike AS MATERIALIZED (
        SELECT s.name, s.customer_id, s.similarity, row_number() OVER w AS place, lead(s.similarity) OVER w AS next
        FROM ar.similar_payers(payers_by_name.ledger_id, ARRAY(
            SELECT DISTINCT p.payer_name FROM paid AS p WHERE p.key NOT IN (SELECT s.key FROM same AS s))) AS s
        WINDOW w AS (PARTITION BY s.name ORDER BY s.similarity DESC, s.customer_id)
    ), named AS (
        SELECT p.payment_id, s.customer_id, 1::real AS similarity
        FROM paid AS p JOIN same AS s ON s.key = p.key
        UNION ALL
        SELECT p.payment_id, s.customer_id, s.similarity
        FROM paid AS p JOIN alike AS s ON s.name = p.payer_name
        WHERE s.place = 1 AND s.similarity >= 0.7 AND (s.next IS NULL OR s.next <= s.similarity - 0.15)
    )
    SELECT n.payment_id, n.customer_id, 'name',
           CASE WHEN i.number IS NOT NULL AND count(*) OVER (PARTITION BY n.payment_id) = 1 THEN 0.92 ELSE 0.6 END,
           format(CASE WHEN n.similarity = 1 THEN 'The payer has the name of customer "%s".'
                       ELSE 'The name of the payer is like that of customer "%s".' END, c.name)
           || coalesce(' What is open of ' || i.number || ' is exactly the amount.', '')
    FROM named AS n
    JOIN paid AS p ON p.payment_id = n.payment_id
    CROSS JOIN LATERAL (
        SELECT c.name FROM ar.customer AS c
        WHERE c.ledger_id = payers_by_name.ledger_id AND c.customer_id = n.customer_id OFFSET 0) AS c
    LEFT JOIN LATERAL (
        SELECT coalesce(v.number, i.kind) AS number
        FROM ar.item AS i
        LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
        WHERE i.ledger_id = payers_by_name.ledger_id AND i.customer_id = n.customer_id AND i.closed_on IS NULL
          AND ar.amount(i.open) = p.amount AND ar.currency(i.open) = p.currency
        ORDER BY i.due_on, i.item_id LIMIT 1) AS i ON true;
END
$$;
COMMENT ON FUNCTION ar.payers_by_name(integer, bigint[]) IS
'Whose payments are by the names of the payers: customers of the same name, or else the one whose name is similar (pg_trgm) and clearly more so than any other. Sure only where exactly the amount is open of one of his items. For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.similar_payers(integer, text[]), ar.payers_by_name(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.payers_by_pattern(ledger_id integer, payment_ids bigint[])
RETURNS TABLE (payment_id bigint, customer_id bigint, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH paid AS MATERIALIZED (
        SELECT p.payment_id, p.payer_name, ar.compact_id(p.payer_account) AS account, p.reference
        FROM unnest(payers_by_pattern.payment_ids) AS g(payment_id)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = payers_by_pattern.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
    )
    SELECT p.payment_id, r.customer_id, 'pattern', 0.95, format('Pattern %s of this customer hits.', min(r.pattern_id))
    FROM paid AS p
    JOIN ar.payer_pattern AS r
      ON (r.name_pattern IS NULL OR p.payer_name ~* r.name_pattern)
     AND (r.account_pattern IS NULL OR p.account ~* r.account_pattern)
     AND (r.reference_pattern IS NULL OR p.reference ~* r.reference_pattern)
    WHERE r.ledger_id = payers_by_pattern.ledger_id
    GROUP BY p.payment_id, r.customer_id;
END
$$;
COMMENT ON FUNCTION ar.payers_by_pattern(integer, bigint[]) IS
'Whose payments are by the patterns of ar.payer_pattern, all of which must hit. For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.payers_by_pattern(integer, bigint[]) FROM PUBLIC;
