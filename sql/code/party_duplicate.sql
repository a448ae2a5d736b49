-- party: customers that may be the same. They are reported; merging is for people to decide.

CREATE FUNCTION ar.match_name(name text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(nullif(btrim(regexp_replace(' ' || plain.name || ' ',
               '\m(gmbh|mbh|ag|kg|kgaa|ohg|gbr|ug|ek|ev|ltd|limited|llc|llp|lp|inc|incorporated|corp|corporation|company|plc'
               '|sa|sas|sarl|eurl|srl|sl|slu|spa|sapa|nv|bv|vof|cv|oy|oyj|ab|as|asa|aps|kft|zrt|sro|doo|spzoo|ltda|pty|pte|co|und|and|et)\M',
               ' ', 'g')), ''), btrim(plain.name))
    FROM (SELECT regexp_replace(regexp_replace(
                     -- S.A. and G.m.b.H. are words; what an accent changes is not.
                     replace(replace(replace(replace(translate(lower(match_name.name),
                         'àáâãåāăąçćčďđèéêëēėęěğìíîïīįıłĺľñńňòóôõøōőŕřśšşșťţțùúûūůűųýÿžźż',
                         'aaaaaaaacccddeeeeeeeegiiiiiiilllnnnooooooorrssssstttuuuuuuuyyzzz'),
                         'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'),
                     '\.', '', 'g'), '[^[:alnum:]]+', ' ', 'g') AS name) AS plain
$$;
COMMENT ON FUNCTION ar.match_name(text) IS
'A name as duplicates are looked for: small letters without accents and punctuation, and without the forms of companies: "Müller & Söhne G.m.b.H." is "mueller soehne".';

CREATE FUNCTION ar.trigram_schema() RETURNS name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    trigrams name;
BEGIN
    SELECT n.nspname INTO trigrams
    FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm';
    IF NOT FOUND THEN
        RAISE feature_not_supported USING
            MESSAGE = 'names are compared by the extension pg_trgm, which this database does not have',
            HINT = 'Run CREATE EXTENSION pg_trgm; or give by_name => false to compare identifiers only.';
    END IF;
    RETURN trigrams;
END
$$;
COMMENT ON FUNCTION ar.trigram_schema() IS
'The schema of the extension pg_trgm.
Errors: 0A000 it is not installed; the hint says how.';

CREATE FUNCTION ar.similar_names(ledger_id integer, customer_ids bigint[], threshold real)
RETURNS TABLE (customer_id bigint, other_id bigint, name_similarity real, address_similarity real)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET enable_nestloop = off
AS $$
DECLARE
    -- A name must be this similar for the mean of name (twice) and address to reach the threshold.
    name_threshold float8 := (3 * similar_names.threshold - 1) / 2;
BEGIN
    RETURN QUERY EXECUTE replace(replace($query$
        WITH named AS MATERIALIZED (
            SELECT c.customer_id, ar.match_name(c.name) AS name,
                   nullif(ar.match_name(concat_ws(' ', c.street, c.postal_code, c.city, c.country)), '') AS address
            FROM ar.customer AS c
            WHERE c.ledger_id = $1 AND c.status <> 'closed'
        ), letters AS MATERIALIZED (
            SELECT n.customer_id, t.trigram, cardinality(s.trigrams) AS size
            FROM named AS n
            CROSS JOIN LATERAL (SELECT trgm.show_trgm(n.name) AS trigrams) AS s
            CROSS JOIN LATERAL unnest(s.trigrams) AS t(trigram)
        ), ranked AS MATERIALIZED (
            -- The rarest first, in one order for all. "after" counts those that follow.
            SELECT l.customer_id, l.trigram, l.size,
                   l.size - row_number() OVER (PARTITION BY l.customer_id ORDER BY r.uses, l.trigram) AS after
            FROM letters AS l
            JOIN (SELECT l.trigram, count(*) AS uses FROM letters AS l GROUP BY l.trigram) AS r ON r.trigram = l.trigram
        ), prefix AS MATERIALIZED (
            SELECT r.customer_id, r.trigram, r.size, r.after, r.size * $3 AS smallest, r.size / $3 AS largest
            FROM ranked AS r WHERE r.after + 1 >= r.size * $3 - 1e-6
        ), pair AS (
            -- The first trigram that two names have in common leaves enough behind it in both.
            SELECT DISTINCT least(a.customer_id, b.customer_id) AS a, greatest(a.customer_id, b.customer_id) AS b
            FROM prefix AS a
            JOIN prefix AS b ON b.trigram = a.trigram AND b.size BETWEEN a.smallest - 1e-6 AND a.largest + 1e-6
             AND least(a.after, b.after) + 1 >= (a.size + b.size) * $3 / (1 + $3) - 1e-6
            WHERE [pairs]
        )
        SELECT p.a, p.b, s.name_similarity, s.address_similarity
        FROM pair AS p
        JOIN named AS one ON one.customer_id = p.a
        JOIN named AS two ON two.customer_id = p.b
        CROSS JOIN LATERAL (SELECT trgm.similarity(one.name, two.name) AS name_similarity,
                                   trgm.similarity(one.address, two.address) AS address_similarity) AS s
        WHERE CASE WHEN s.address_similarity IS NULL THEN s.name_similarity >= $4
                   ELSE (2 * s.name_similarity + s.address_similarity) / 3 >= $4 END
    $query$, 'trgm.', quote_ident(ar.trigram_schema()) || '.'), '[pairs]',
        CASE WHEN similar_names.customer_ids IS NOT NULL THEN 'a.customer_id = ANY ($2) AND a.customer_id <> b.customer_id'
             -- The smaller of two may be asked for more.
             ELSE 'b.after + 1 >= b.size * 2 * $3 / (1 + $3) - 1e-6
                   AND (b.size < a.size OR b.size = a.size AND b.customer_id < a.customer_id)' END)
    USING similar_names.ledger_id, similar_names.customer_ids, name_threshold, similar_names.threshold;
END
$$;
COMMENT ON FUNCTION ar.similar_names(integer, bigint[], real) IS
'Pairs of customers, not closed, whose names and addresses are similar: the name counts twice, the address once; where an address is missing, the name alone.
Exact, without an index and without comparing all with all: only names that share one of their rarest trigrams, with enough behind it, are compared (prefix and positional filter of set similarity joins).
Arguments: ledger_id; customer_ids, or NULL for all pairs; threshold.
Errors: 0A000 the extension pg_trgm is missing.';

CREATE FUNCTION ar.duplicate_customers(
    ledger_id integer,
    customer_ids bigint[] DEFAULT NULL,
    threshold real DEFAULT 0.7,
    by_name boolean DEFAULT true
) RETURNS TABLE (customer_id bigint, customer_code text, duplicate_id bigint, duplicate_code text, reason text, similarity real)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF duplicate_customers.threshold IS NULL OR duplicate_customers.threshold NOT BETWEEN 0.5 AND 1 THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('a threshold of %s is out of range', coalesce(duplicate_customers.threshold::text, 'NULL')),
            HINT = 'Give one from 0.5, of little in common, to 1, the same.';
    END IF;
    RETURN QUERY
    WITH identifier AS (
        SELECT c.customer_id, k.reason, k.value
        FROM ar.customer AS c
        CROSS JOIN LATERAL (VALUES
            ('tax id', ar.compact_id(c.tax_id)),
            ('iban', c.iban),
            ('registration id', ar.compact_id(c.registration_id) || ' ' || c.country),
            ('electronic address', c.electronic_address_scheme || ':' || lower(c.electronic_address))) AS k(reason, value)
        WHERE c.ledger_id = duplicate_customers.ledger_id AND c.status <> 'closed' AND k.value <> ''
    ), same AS (
        -- Each with the first that has it: many with one tax id are so many rows, not the square of it.
        SELECT i.customer_id AS duplicate_id, i.reason,
               first_value(i.customer_id) OVER (PARTITION BY i.reason, i.value ORDER BY i.customer_id) AS customer_id
        FROM identifier AS i
    ), found AS (
        SELECT s.customer_id, s.duplicate_id, s.reason, 1::real AS similarity
        FROM same AS s WHERE s.customer_id <> s.duplicate_id
        UNION ALL
        SELECT n.customer_id, n.other_id, CASE WHEN n.address_similarity IS NULL THEN 'name' ELSE 'name and address' END,
               CASE WHEN n.address_similarity IS NULL THEN n.name_similarity
                    ELSE ((2 * n.name_similarity + n.address_similarity) / 3)::real END
        FROM ar.similar_names(duplicate_customers.ledger_id, duplicate_customers.customer_ids, duplicate_customers.threshold) AS n
        WHERE duplicate_customers.by_name
    )
    SELECT f.customer_id, c.code, f.duplicate_id, d.code,
           string_agg(f.reason, ', ' ORDER BY f.similarity DESC, f.reason), max(f.similarity)
    FROM found AS f
    JOIN ar.customer AS c ON c.ledger_id = duplicate_customers.ledger_id AND c.customer_id = f.customer_id
    JOIN ar.customer AS d ON d.ledger_id = duplicate_customers.ledger_id AND d.customer_id = f.duplicate_id
    -- Members of one group are known to belong together.
    WHERE (c.parent_id = d.parent_id OR c.parent_id = d.customer_id OR d.parent_id = c.customer_id) IS NOT TRUE
      AND (duplicate_customers.customer_ids IS NULL OR f.customer_id = ANY (duplicate_customers.customer_ids)
           OR f.duplicate_id = ANY (duplicate_customers.customer_ids))
    GROUP BY f.customer_id, c.code, f.duplicate_id, d.code
    ORDER BY 6 DESC, c.code, d.code;
END
$$;
COMMENT ON FUNCTION ar.duplicate_customers(integer, bigint[], real, boolean) IS
'Pairs of customers that may be the same, the surest first. Closed ones, and those next to each other in a group, are left out. Nothing is changed.
Arguments: ledger_id; customer_ids, to ask for these only; threshold of the similarity of names and addresses, 0.5 to 1; by_name, false to compare identifiers only, which needs no pg_trgm.
Result: the older and the newer customer; reason, of tax id, iban, registration id, electronic address (each with the first customer who has it), name, and name and address; similarity, 1 for identifiers.
Errors: 0A000 the extension pg_trgm is missing; 22023 a threshold out of range.';
