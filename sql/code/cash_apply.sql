-- cash: what came in and is not applied yet finds what it is for.

CREATE FUNCTION ar.settle_items(ledger_id integer, item_ids bigint[], apply text)
RETURNS TABLE (
    credit_item_id bigint, payment_id bigint, customer_id bigint, outcome text, found_by text, confidence numeric,
    applied ar.monetary, unapplied ar.monetary, explanation text)
AS 'MODULE_PATHNAME', 'ar_settle_items'
LANGUAGE C VOLATILE STRICT ROWS 100
SET search_path = pg_catalog, ar, pg_temp;
COMMENT ON FUNCTION ar.settle_items(integer, bigint[], text) IS
'Applies what is open of credit items, as ar.auto_apply() does, which calls it; they may be credit memos, too. A row for each that had something open.
Arguments: ledger_id; item_ids; apply: auto, oldest, newest, largest, proportional, none.
Result: the item; its payment, if it is one; the customer; outcome: applied, partly_applied, suggested or waiting; the rule that found what it is for; its confidence; what was applied, and what is left; why.
Errors: 22023 unknown rule; 42501 the caller may not insert applications.';
REVOKE ALL ON FUNCTION ar.settle_items(integer, bigint[], text) FROM PUBLIC;

CREATE FUNCTION ar.credits_to_settle(ledger_id integer, payment_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    IF credits_to_settle.payment_ids IS NULL THEN
        RETURN ARRAY(
            SELECT i.item_id
            FROM ar.item AS i
            LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
            WHERE i.ledger_id = credits_to_settle.ledger_id AND i.closed_on IS NULL AND ar.sign(i.open) < 0
              -- Of other adjustments nobody knows what they are for.
              AND (i.adjustment_id IS NULL OR j.invoice_id IS NOT NULL)
            ORDER BY i.customer_id, i.item_id);
    END IF;
    RETURN ARRAY(
        SELECT i.item_id
        FROM (SELECT DISTINCT p.payment_id FROM unnest(credits_to_settle.payment_ids) AS p(payment_id)) AS w
        JOIN ar.item AS i ON i.ledger_id = credits_to_settle.ledger_id AND i.payment_id = w.payment_id
        WHERE i.closed_on IS NULL
        ORDER BY i.customer_id, i.item_id);
END
$$;
COMMENT ON FUNCTION ar.credits_to_settle(integer, bigint[]) IS
'The credit items for ar.auto_apply() to settle, customer by customer: those of some payments, or, without payment_ids, all that are open and may be for something.';

CREATE FUNCTION ar.auto_apply(ledger_id integer, payment_ids bigint[] DEFAULT NULL, rule text DEFAULT 'auto')
RETURNS TABLE (
    credit_item_id bigint, payment_id bigint, customer_id bigint, outcome text, found_by text, confidence numeric,
    applied ar.monetary, unapplied ar.monetary, explanation text)
LANGUAGE plpgsql VOLATILE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    unidentified bigint[] := ARRAY(SELECT u.payment_id FROM ar.unidentified_payments(auto_apply.ledger_id, auto_apply.payment_ids) AS u);
    item_ids bigint[];
    identified bigint[];
BEGIN
    -- A payment that gets its customer is settled at once, by the trigger.  It takes rights on more tables to give him one.
    IF auto_apply.rule <> 'none' AND cardinality(unidentified) > 0 THEN
        SELECT array_agg(n.payment_id) INTO identified
        FROM ar.identify_payments(auto_apply.ledger_id, unidentified) AS n
        WHERE n.outcome = 'identified';
    END IF;

    item_ids := ar.credits_to_settle(auto_apply.ledger_id, auto_apply.payment_ids);
    RETURN QUERY
    SELECT s.* FROM ar.settle_items(auto_apply.ledger_id, item_ids, auto_apply.rule) AS s
    UNION ALL
    SELECT i.item_id, i.payment_id, i.customer_id, 'applied', a.rule, a.confidence, -i.amount, -i.open, t.reason
    FROM unnest(identified) AS n(payment_id)
    -- Looked up one by one, here and below, whatever the statistics say.
    CROSS JOIN LATERAL (
        SELECT i.* FROM ar.item AS i
        WHERE i.ledger_id = auto_apply.ledger_id AND i.payment_id = n.payment_id OFFSET 0) AS i
    CROSS JOIN LATERAL (
        SELECT t.reason FROM ar.payment_transfer AS t
        WHERE t.ledger_id = auto_apply.ledger_id AND t.payment_id = n.payment_id OFFSET 0) AS t
    CROSS JOIN LATERAL (
        SELECT a.rule, a.confidence FROM ar.application AS a
        WHERE a.ledger_id = auto_apply.ledger_id AND a.credit_item_id = i.item_id
        ORDER BY a.application_id LIMIT 1) AS a
    WHERE i.closed_on IS NOT NULL
    UNION ALL
    SELECT NULL, p.payment_id, NULL,
           CASE WHEN g.suggestion_id IS NULL THEN 'unidentified' ELSE 'suggested' END,
           g.rule, g.confidence, p.amount - p.amount, p.amount, coalesce(g.explanation, 'Nothing in it tells whose it is.')
    FROM ar.unidentified_payments(auto_apply.ledger_id, unidentified) AS u
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment AS p
        WHERE p.ledger_id = auto_apply.ledger_id AND p.payment_id = u.payment_id OFFSET 0) AS p
    LEFT JOIN LATERAL (
        SELECT s.* FROM (
            SELECT s.* FROM ar.match_suggestion AS s
            WHERE s.ledger_id = p.ledger_id AND s.payment_id = p.payment_id OFFSET 0) AS s
        WHERE s.status = 'open'
        ORDER BY s.confidence DESC, s.suggestion_id LIMIT 1) AS g ON true;
END
$$;
COMMENT ON FUNCTION ar.auto_apply(integer, bigint[], text) IS
'Works through what is not applied yet: identifies payments, applies payments and credit memos to what they are for, or suggests it, and tells what it did and why not. May be run again at any time, and by several sessions at once.
Arguments: ledger_id; payment_ids, by default everything that is open, credit memos included; rule: auto, by the rules of ar.cash_policy, or oldest, newest, largest, proportional, none.
Result: a row a credit that had something open. outcome: applied, partly_applied, suggested (ar.match_suggestion), waiting, or unidentified; found_by, the rule; its confidence; what was applied, and what is left; explanation, a sentence.
Errors: 22023 unknown rule; 42501 the caller may not insert applications.';
REVOKE ALL ON FUNCTION ar.auto_apply(integer, bigint[], text) FROM PUBLIC;

CREATE PROCEDURE ar.auto_apply_batches(ledger_id integer, batch_size integer DEFAULT 1000)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    last_customer pg_catalog.int8 := 0;
    batch pg_catalog.int8[];
    payments pg_catalog.int8 := 0;
    applied pg_catalog.int8 := 0;
    found pg_catalog.record;
BEGIN
    PERFORM FROM ar.identify_payments(auto_apply_batches.ledger_id);
    COMMIT;
    LOOP
        -- Whole customers, so that each is held by one batch alone.
        SELECT pg_catalog.array_agg(c.customer_id), pg_catalog.max(c.customer_id) INTO batch, last_customer
        FROM (SELECT DISTINCT i.customer_id FROM ar.item AS i
              WHERE i.ledger_id OPERATOR(pg_catalog.=) auto_apply_batches.ledger_id AND i.closed_on IS NULL
                AND ar.sign(i.open) OPERATOR(pg_catalog.<) 0
                AND i.customer_id OPERATOR(pg_catalog.>) last_customer
              ORDER BY i.customer_id LIMIT auto_apply_batches.batch_size) AS c;
        EXIT WHEN batch IS NULL;
        SELECT pg_catalog.count(*) AS credits,
               pg_catalog.count(*) FILTER (WHERE ar.sign(s.applied) OPERATOR(pg_catalog.>) 0) AS applied INTO found
        FROM ar.settle_items(auto_apply_batches.ledger_id, ARRAY(
            SELECT i.item_id FROM pg_catalog.unnest(batch) AS w(customer_id)
            JOIN ar.item AS i ON i.ledger_id OPERATOR(pg_catalog.=) auto_apply_batches.ledger_id
             AND i.customer_id OPERATOR(pg_catalog.=) w.customer_id AND i.closed_on IS NULL
            LEFT JOIN ar.adjustment AS j ON j.ledger_id OPERATOR(pg_catalog.=) i.ledger_id
             AND j.adjustment_id OPERATOR(pg_catalog.=) i.adjustment_id
            WHERE ar.sign(i.open) OPERATOR(pg_catalog.<) 0
              AND (i.adjustment_id IS NULL OR j.invoice_id IS NOT NULL)), 'auto') AS s;
        payments := payments OPERATOR(pg_catalog.+) found.credits;
        applied := applied OPERATOR(pg_catalog.+) found.applied;
        COMMIT;
        RAISE NOTICE '% credits looked at, of which % were applied', payments, applied;
    END LOOP;
END
$$;
COMMENT ON PROCEDURE ar.auto_apply_batches(integer, integer) IS
'Does what ar.auto_apply() does with everything that is open, and commits after each batch of customers, so that nobody waits for long and an interruption loses little. Says by NOTICE how far it is.
Arguments: ledger_id; batch_size, customers a transaction.';
REVOKE ALL ON PROCEDURE ar.auto_apply_batches(integer, integer) FROM PUBLIC;
