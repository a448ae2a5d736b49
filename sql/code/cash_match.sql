-- cash: what was found and is for somebody to decide.

CREATE FUNCTION ar.suggestion_fingerprint(customer_id bigint, lines jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT sha256(convert_to(jsonb_build_object('customer_id', customer_id, 'lines', lines)::text, 'UTF8')) $$;
COMMENT ON FUNCTION ar.suggestion_fingerprint(bigint, jsonb) IS
'The digest by which the same answer is known again: that of a customer, and of what would be applied.';

CREATE FUNCTION ar.tg_guard_match_suggestion() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('suggestion %s cannot be deleted', OLD.suggestion_id),
            HINT = 'Reject it with ar.reject_suggestion().', SCHEMA = 'ar', TABLE = 'match_suggestion';
    END IF;
    IF TG_OP = 'INSERT' THEN
        NEW.status := 'open';
        NEW.suggested_at := clock_timestamp();
        NEW.decided_by := NULL;
        NEW.decided_at := NULL;
        NEW.decision_reason := NULL;
        RETURN NEW;
    END IF;
    IF to_jsonb(OLD) - '{status,decided_by,decided_at,decision_reason}'::text[]
       <> to_jsonb(NEW) - '{status,decided_by,decided_at,decision_reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('of suggestion %s only the decision can be written', OLD.suggestion_id),
            HINT = 'Use ar.accept_suggestion() or ar.reject_suggestion().', SCHEMA = 'ar', TABLE = 'match_suggestion';
    END IF;
    IF OLD.status <> 'open' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('suggestion %s is decided already', OLD.suggestion_id),
            DETAIL = format('It is %s.', OLD.status),
            HINT = 'Apply by hand with ar.apply(), or undo with ar.unapply().', SCHEMA = 'ar', TABLE = 'match_suggestion';
    END IF;
    NEW.decided_by := CASE WHEN NEW.status <> 'open' THEN session_user END;
    NEW.decided_at := CASE WHEN NEW.status <> 'open' THEN clock_timestamp() END;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_match_suggestion() IS
'Trigger, before each row of ar.match_suggestion: a suggestion is decided once, by whoever the database says it was, and nothing else of it changes (RA003).';
REVOKE ALL ON FUNCTION ar.tg_guard_match_suggestion() FROM PUBLIC;

CREATE FUNCTION ar.settle_suggestions(ledger_id integer, suggestion_ids bigint[]) RETURNS bigint
AS 'MODULE_PATHNAME', 'ar_settle_suggestions'
LANGUAGE C VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp;
COMMENT ON FUNCTION ar.settle_suggestions(integer, bigint[]) IS
'Applies exactly what suggestions say, for ar.accept_suggestions(), which calls it and writes the decision. Returns how many they were; those of a payer are left to the caller.
Errors: 23503 no such suggestion; RA002 it does not fit any more what is open; 23514 it has nothing to apply; RA003 it is decided already; 42501 the caller may not insert applications.';
REVOKE ALL ON FUNCTION ar.settle_suggestions(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.accept_suggestions(ledger_id integer, suggestion_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    accepted bigint;
BEGIN
    accepted := ar.settle_suggestions(accept_suggestions.ledger_id, accept_suggestions.suggestion_ids);
    -- What one credit was for is decided: its other suggestions are of no use any more.
    UPDATE ar.match_suggestion AS s
    SET status = CASE WHEN same.is_meant THEN 'accepted' ELSE 'superseded' END,
        decision_reason = CASE WHEN same.is_meant THEN accept_suggestions.reason END
    FROM (SELECT o.ledger_id, o.suggestion_id, bool_or(o.suggestion_id = w.suggestion_id) AS is_meant
          FROM unnest(accept_suggestions.suggestion_ids) AS w(suggestion_id)
          JOIN ar.match_suggestion AS g ON g.ledger_id = accept_suggestions.ledger_id AND g.suggestion_id = w.suggestion_id
          -- Looked up by the credit, not among all that is open.
          CROSS JOIN LATERAL (
              SELECT o.ledger_id, o.suggestion_id FROM ar.match_suggestion AS o
              WHERE o.ledger_id = accept_suggestions.ledger_id AND o.status <> 'superseded'
                AND coalesce(o.credit_item_id, o.payment_id) = coalesce(g.credit_item_id, g.payment_id) OFFSET 0) AS o
          GROUP BY o.ledger_id, o.suggestion_id) AS same
    WHERE s.ledger_id = same.ledger_id AND s.suggestion_id = same.suggestion_id AND s.status = 'open';

    INSERT INTO ar.payment_transfer (ledger_id, payment_id, customer_id, transferred_on, reason)
    SELECT s.ledger_id, s.payment_id, s.customer_id, p.received_on, coalesce(accept_suggestions.reason, s.explanation)
    FROM (SELECT DISTINCT w.suggestion_id FROM unnest(accept_suggestions.suggestion_ids) AS w(suggestion_id)) AS w
    JOIN ar.match_suggestion AS s ON s.ledger_id = accept_suggestions.ledger_id AND s.suggestion_id = w.suggestion_id
     AND s.kind = 'payer'
    JOIN ar.payment AS p ON p.ledger_id = s.ledger_id AND p.payment_id = s.payment_id
    ORDER BY s.customer_id, s.payment_id;
    RETURN accepted;
END
$$;
COMMENT ON FUNCTION ar.accept_suggestions(integer, bigint[], text) IS
'Carries out suggestions, exactly as they stand, and returns how many: a payment is given to its customer, or a credit applied. All or none.
Arguments: ledger_id; suggestion_ids; reason, why.
Errors: 23503 no such suggestion; RA002 it does not fit any more what is open; 23514 it has nothing to apply; RA003 it is decided already; 42501 the caller may not insert applications.';
REVOKE ALL ON FUNCTION ar.accept_suggestions(integer, bigint[], text) FROM PUBLIC;

CREATE FUNCTION ar.accept_suggestion(ledger_id integer, suggestion_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.accept_suggestions(accept_suggestion.ledger_id, ARRAY[accept_suggestion.suggestion_id], accept_suggestion.reason) $$;
COMMENT ON FUNCTION ar.accept_suggestion(integer, bigint, text) IS
'Carries out one suggestion: ar.accept_suggestions() with one, where arguments and errors are described.';
REVOKE ALL ON FUNCTION ar.accept_suggestion(integer, bigint, text) FROM PUBLIC;

CREATE FUNCTION ar.reject_suggestions(ledger_id integer, suggestion_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    rejected bigint;
    missing bigint;
BEGIN
    -- The guard of the table refuses those that are decided.
    UPDATE ar.match_suggestion AS s SET status = 'rejected', decision_reason = reject_suggestions.reason
    FROM (SELECT DISTINCT reject_suggestions.ledger_id, w.suggestion_id FROM unnest(reject_suggestions.suggestion_ids) AS w(suggestion_id)) AS w
    WHERE s.ledger_id = w.ledger_id AND s.suggestion_id = w.suggestion_id;
    GET DIAGNOSTICS rejected = ROW_COUNT;
    SELECT w.suggestion_id INTO missing
    FROM unnest(reject_suggestions.suggestion_ids) AS w(suggestion_id)
    WHERE NOT EXISTS (SELECT FROM ar.match_suggestion AS s
                      WHERE s.ledger_id = reject_suggestions.ledger_id AND s.suggestion_id = w.suggestion_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('suggestion %s does not exist in ledger %s', missing, reject_suggestions.ledger_id),
            HINT = 'Open ones are rows of ar.report_match_suggestion.';
    END IF;
    RETURN rejected;
END
$$;
COMMENT ON FUNCTION ar.reject_suggestions(integer, bigint[], text) IS
'Refuses suggestions, so that they are not made again, and returns how many.
Arguments: ledger_id; suggestion_ids; reason, why.
Errors: 23503 no such suggestion; RA003 it is decided already.';
REVOKE ALL ON FUNCTION ar.reject_suggestions(integer, bigint[], text) FROM PUBLIC;

CREATE FUNCTION ar.reject_suggestion(ledger_id integer, suggestion_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.reject_suggestions(reject_suggestion.ledger_id, ARRAY[reject_suggestion.suggestion_id], reject_suggestion.reason) $$;
COMMENT ON FUNCTION ar.reject_suggestion(integer, bigint, text) IS
'Refuses one suggestion: ar.reject_suggestions() with one, where arguments and errors are described.';
REVOKE ALL ON FUNCTION ar.reject_suggestion(integer, bigint, text) FROM PUBLIC;
