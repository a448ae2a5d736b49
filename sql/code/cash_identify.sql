-- cash: whose an unidentified payment is.

CREATE FUNCTION ar.tg_stamp_payer() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.changed_by := session_user;
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_payer() IS 'Trigger, before each row of ar.payer_account and ar.payer_pattern: stamps who wrote it, and when.';
REVOKE ALL ON FUNCTION ar.tg_stamp_payer() FROM PUBLIC;

CREATE FUNCTION ar.payer_candidates(ledger_id integer, payment_ids bigint[])
RETURNS TABLE (payment_id bigint, customer_id bigint, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    unidentified bigint[];
BEGIN
    RETURN QUERY
    SELECT p.payment_id, p.customer_id, 'customer', 1.0, 'The payment came in with its customer.'
    FROM unnest(payer_candidates.payment_ids) AS g(payment_id)
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment AS p
        WHERE p.ledger_id = payer_candidates.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
    WHERE p.customer_id IS NOT NULL;

    SELECT coalesce(array_agg(p.payment_id), '{}') INTO unidentified
    FROM (SELECT DISTINCT unnest(payer_candidates.payment_ids)) AS g(payment_id)
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment AS p
        WHERE p.ledger_id = payer_candidates.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
    WHERE p.customer_id IS NULL;

    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT f.rank, f.payment_id, f.customer_id, f.rule, f.confidence, f.explanation,
               count(*) OVER (PARTITION BY f.payment_id, f.rank) AS rivals
        FROM (
            SELECT 1 AS rank, m.* FROM ar.payers_by_mandate(payer_candidates.ledger_id, unidentified) AS m
            UNION ALL
            SELECT 2, m.* FROM ar.payers_by_processor(payer_candidates.ledger_id, unidentified) AS m
            UNION ALL
            SELECT 3, m.* FROM ar.payers_by_account(payer_candidates.ledger_id, unidentified) AS m
            UNION ALL
            SELECT 4, m.* FROM ar.payers_by_reference(payer_candidates.ledger_id, unidentified) AS m
            UNION ALL
            SELECT 5, m.* FROM ar.payers_by_number(payer_candidates.ledger_id, unidentified) AS m
            UNION ALL
            SELECT 6, m.* FROM ar.payers_by_pattern(payer_candidates.ledger_id, unidentified) AS m
            UNION ALL
            SELECT 7, m.* FROM ar.payers_by_name(payer_candidates.ledger_id, unidentified) AS m) AS f
        -- Whom somebody refused for a payment is not asked about again.
        WHERE NOT EXISTS (
            SELECT FROM ar.match_suggestion AS s
            WHERE s.ledger_id = payer_candidates.ledger_id AND s.payment_id = f.payment_id
              AND s.customer_id = f.customer_id AND s.kind = 'payer' AND s.status = 'rejected')
    ), best AS (
        -- The surest rule that names one customer; of equals the first.
        SELECT DISTINCT ON (f.payment_id) f.payment_id, f.customer_id, f.rank, f.rule, f.confidence, f.explanation
        FROM found AS f
        WHERE f.rivals = 1
        ORDER BY f.payment_id, f.confidence DESC, f.rank
    ), objection AS (
        SELECT b.payment_id, min(f.customer_id) AS customer_id
        FROM best AS b
        JOIN found AS f ON f.payment_id = b.payment_id AND f.customer_id <> b.customer_id
        -- An account that several have says nothing, a name that several have nothing against one of them, and a name
        -- nothing at all against a mandate or check digits.
        WHERE CASE f.rule WHEN 'account' THEN f.rivals = 1
                          WHEN 'name' THEN b.rule NOT IN ('mandate', 'reference') AND (b.payment_id, b.customer_id) NOT IN (
                              SELECT g.payment_id, g.customer_id FROM found AS g WHERE g.rule = 'name')
                          ELSE true END
        GROUP BY b.payment_id
    ), answer AS (
        SELECT b.payment_id, b.customer_id, b.rank, b.rule, b.confidence, b.explanation, o.customer_id AS other_id
        FROM best AS b
        LEFT JOIN objection AS o ON o.payment_id = b.payment_id
        UNION ALL
        -- Where rules disagree, or one names several, each may be the one.
        SELECT * FROM (
            SELECT DISTINCT ON (f.payment_id, f.customer_id)
                   f.payment_id, f.customer_id, f.rank, f.rule, f.confidence, f.explanation,
                   coalesce(b.customer_id, min(f.customer_id) OVER (PARTITION BY f.payment_id)) AS other_id
            FROM found AS f
            LEFT JOIN best AS b ON b.payment_id = f.payment_id
            WHERE b.customer_id IS NULL OR b.customer_id <> f.customer_id AND b.payment_id IN (SELECT o.payment_id FROM objection AS o)
            ORDER BY f.payment_id, f.customer_id, f.confidence DESC, f.rank) AS d
    ), ranked AS (
        SELECT a.*, row_number() OVER (PARTITION BY a.payment_id ORDER BY a.confidence DESC, a.rank, a.customer_id) AS place
        FROM answer AS a
    ), root AS MATERIALIZED (
        SELECT DISTINCT ON (a.customer_id) a.customer_id, a.ancestor_id
        FROM ar.customer_ancestors(payer_candidates.ledger_id, ARRAY(
            SELECT r.customer_id FROM ranked AS r WHERE r.other_id IS NOT NULL
            UNION
            SELECT r.other_id FROM ranked AS r WHERE r.other_id IS NOT NULL)) AS a
        ORDER BY a.customer_id, a.distance DESC
    )
    SELECT r.payment_id, r.customer_id, r.rule,
           CASE WHEN r.other_id IS NOT NULL OR c.status = 'closed' THEN least(r.confidence, 0.5) ELSE r.confidence END,
           r.explanation
           || CASE WHEN r.other_id IS NULL THEN ''
                   WHEN r.other_id = r.customer_id THEN ' But so are others.'
                   WHEN own.ancestor_id = other.ancestor_id
                   THEN format(' But customer "%s" of the same group is found, too: one may pay for the other.', o.name)
                   ELSE format(' But customer "%s" is found, too.', o.name) END
           || CASE WHEN c.status = 'closed' THEN ' The customer is closed.' ELSE '' END
    FROM ranked AS r
    CROSS JOIN LATERAL (
        SELECT c.name, c.status FROM ar.customer AS c
        WHERE c.ledger_id = payer_candidates.ledger_id AND c.customer_id = r.customer_id OFFSET 0) AS c
    LEFT JOIN LATERAL (
        SELECT c.name FROM ar.customer AS c
        WHERE c.ledger_id = payer_candidates.ledger_id AND c.customer_id = r.other_id OFFSET 0) AS o ON true
    LEFT JOIN root AS own ON own.customer_id = r.customer_id
    LEFT JOIN root AS other ON other.customer_id = r.other_id
    WHERE r.place <= 3
    ORDER BY r.payment_id, r.place;
END
$$;
COMMENT ON FUNCTION ar.payer_candidates(integer, bigint[]) IS
'Whose payments may be. Nothing is changed.
Arguments: ledger_id; payment_ids. Those with a customer are his; of others the rules are asked, in this order: mandate, processor (reference), account (ar.payer_accounts()), reference (with check digits), number (of documents), pattern (ar.payer_pattern), name. The surest one that names exactly one customer wins, of equals the first.
Result: a row a payment; up to three, the likeliest first, of confidence 0.5 or less, where rules name different customers, which decides nothing; none where nobody is found. Whom somebody refused for the payment (ar.match_suggestion) is left out. confidence from 0 to 1, and explanation in words.';
REVOKE ALL ON FUNCTION ar.payer_candidates(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.payer_fingerprint(customer_id bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT sha256(convert_to(jsonb_build_object('customer_id', customer_id, 'lines', '[]'::jsonb)::text, 'UTF8')) $$;
COMMENT ON FUNCTION ar.payer_fingerprint(bigint) IS
'The fingerprint of ar.match_suggestion for the answer that a payment is a customer''s.';

CREATE FUNCTION ar.unidentified_payments(ledger_id integer, payment_ids bigint[] DEFAULT NULL)
RETURNS TABLE (payment_id bigint)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
-- By the index alone, which forgets rows as soon as nobody sees them: a bitmap would visit them until the next vacuum.
SET enable_seqscan = off
SET enable_bitmapscan = off
AS $$
#variable_conflict use_column
BEGIN
    IF unidentified_payments.payment_ids IS NULL THEN
        RETURN QUERY
        SELECT w.payment_id
        FROM ar.payment_waiting AS w
        WHERE w.ledger_id = unidentified_payments.ledger_id
        ORDER BY w.payment_id;
    ELSE
        RETURN QUERY
        SELECT w.payment_id
        FROM (SELECT DISTINCT g.payment_id FROM unnest(unidentified_payments.payment_ids) AS g(payment_id)) AS g
        CROSS JOIN LATERAL (
            SELECT w.payment_id FROM ar.payment_waiting AS w
            WHERE w.ledger_id = unidentified_payments.ledger_id AND w.payment_id = g.payment_id OFFSET 0) AS w
        ORDER BY w.payment_id;
    END IF;
END
$$;
COMMENT ON FUNCTION ar.unidentified_payments(integer, bigint[]) IS
'The payments that wait for their customer (ar.payment_waiting).
Arguments: ledger_id; payment_ids, of which to tell, by default all.';

CREATE FUNCTION ar.sure_payers(ledger_id integer, payment_ids bigint[]) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        WITH candidate AS MATERIALIZED (
            SELECT c.*, count(*) OVER (PARTITION BY c.payment_id) AS rivals
            FROM ar.payer_candidates(sure_payers.ledger_id, sure_payers.payment_ids) AS c
        )
        SELECT coalesce(jsonb_agg(jsonb_build_object(
                   'payment_id', c.payment_id, 'customer_id', c.customer_id, 'rule', c.rule, 'confidence', c.confidence,
                   'explanation', c.explanation, 'is_sure', c.rivals = 1 AND c.confidence >= o.confidence_threshold)), '[]')
        FROM candidate AS c
        JOIN ar.cash_policies(sure_payers.ledger_id, ARRAY(SELECT DISTINCT c.customer_id FROM candidate AS c)) AS o
          ON o.customer_id = c.customer_id);
END
$$;
COMMENT ON FUNCTION ar.sure_payers(integer, bigint[]) IS
'What ar.payer_candidates() finds, as an array of objects, each with is_sure: whether it is sure enough for the customer. For ar.identify_payments(), which writes it.';

CREATE FUNCTION ar.identify_payments(ledger_id integer, payment_ids bigint[] DEFAULT NULL)
RETURNS TABLE (payment_id bigint, customer_id bigint, outcome text, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    unidentified bigint[];
    candidates jsonb;
    identified bigint[];
    overtaken bigint[];
BEGIN
    unidentified := ARRAY(SELECT u.payment_id FROM ar.unidentified_payments(identify_payments.ledger_id, identify_payments.payment_ids) AS u);
    candidates := ar.sure_payers(identify_payments.ledger_id, unidentified);

    WITH made AS (
        INSERT INTO ar.payment_transfer AS t (ledger_id, payment_id, customer_id, amount, transferred_on, rule, reason)
        SELECT identify_payments.ledger_id, p.payment_id, c.customer_id, p.amount, p.received_on, c.rule, c.explanation
        FROM jsonb_to_recordset(candidates) AS c(payment_id bigint, customer_id bigint, rule text, explanation text, is_sure boolean)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = identify_payments.ledger_id AND p.payment_id = c.payment_id OFFSET 0) AS p
        WHERE c.is_sure
        ORDER BY p.payment_id
        -- Another session may have found it out meanwhile.
        ON CONFLICT (ledger_id, payment_id) DO NOTHING
        RETURNING t.payment_id
    )
    SELECT coalesce(array_agg(m.payment_id), '{}') INTO identified FROM made AS m;

    SELECT array_agg(o.suggestion_id) INTO overtaken
    FROM unnest(unidentified) AS u(payment_id)
    CROSS JOIN LATERAL (
        SELECT o.suggestion_id, o.customer_id, o.status, o.kind FROM ar.match_suggestion AS o
        WHERE o.ledger_id = identify_payments.ledger_id AND o.payment_id = u.payment_id OFFSET 0) AS o
    LEFT JOIN jsonb_to_recordset(candidates) AS c(payment_id bigint, customer_id bigint)
      ON c.payment_id = u.payment_id AND c.customer_id = o.customer_id
    WHERE o.status = 'open' AND o.kind = 'payer' AND (c.payment_id IS NULL OR u.payment_id IN (SELECT unnest(identified)));
    PERFORM FROM ar.match_suggestion AS s
    WHERE s.ledger_id = identify_payments.ledger_id AND s.suggestion_id = ANY (overtaken)
    ORDER BY s.suggestion_id FOR NO KEY UPDATE;
    UPDATE ar.match_suggestion AS s
    SET status = 'superseded', decided_at = clock_timestamp(), decided_by = session_user
    WHERE s.ledger_id = identify_payments.ledger_id AND s.suggestion_id = ANY (overtaken) AND s.status = 'open';

    INSERT INTO ar.match_suggestion (ledger_id, kind, payment_id, customer_id, rule, confidence, explanation, fingerprint)
    SELECT identify_payments.ledger_id, 'payer', c.payment_id, c.customer_id, c.rule, c.confidence, c.explanation,
           ar.payer_fingerprint(c.customer_id)
    FROM jsonb_to_recordset(candidates) AS c(payment_id bigint, customer_id bigint, rule text, confidence numeric,
                                             explanation text, is_sure boolean)
    WHERE NOT c.is_sure
    ORDER BY c.payment_id, c.confidence DESC, c.customer_id
    ON CONFLICT (ledger_id, (coalesce(credit_item_id, payment_id)), fingerprint) WHERE status <> 'superseded' DO NOTHING;

    RETURN QUERY
    SELECT DISTINCT ON (u.payment_id) u.payment_id, c.customer_id,
           CASE WHEN c.is_sure THEN 'identified' WHEN c.customer_id IS NOT NULL THEN 'suggested' ELSE 'unidentified' END,
           c.rule, c.confidence, coalesce(c.explanation, 'Nothing in it tells whose it is.')
    FROM unnest(unidentified) AS u(payment_id)
    LEFT JOIN jsonb_to_recordset(candidates) AS c(payment_id bigint, customer_id bigint, rule text, confidence numeric,
                                                  explanation text, is_sure boolean) ON c.payment_id = u.payment_id
    WHERE c.is_sure IS NOT TRUE OR u.payment_id IN (SELECT unnest(identified))
    ORDER BY u.payment_id, c.confidence DESC, c.customer_id;
END
$$;
COMMENT ON FUNCTION ar.identify_payments(integer, bigint[]) IS
'Finds out whose unidentified payments are (ar.payer_candidates()). What is sure enough for the customer (confidence_threshold of ar.cash_policy) is transferred to him (ar.payment_transfer), on the day it was received; the rest is suggested (ar.match_suggestion of kind payer), each answer once. Open suggestions that this overtakes are superseded. Several sessions may run it at once.
Arguments: ledger_id; payment_ids, by default all that are unidentified.
Result: a row a payment: the customer, outcome (identified, suggested or unidentified), rule, confidence and explanation of the likeliest answer. Payments that another session identified meanwhile are left out.';
REVOKE ALL ON FUNCTION ar.identify_payments(integer, bigint[]) FROM PUBLIC;
