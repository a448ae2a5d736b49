-- credit: applications for credit, decided by somebody else than who made them.

CREATE FUNCTION ar.tg_guard_credit_application() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'requested' THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = format('an application for credit cannot begin as %s', NEW.status),
                HINT = 'It is requested first, and decided by somebody else.', TABLE = 'credit_application', SCHEMA = 'ar', COLUMN = 'status';
        END IF;
        NEW.requested_by := session_user;
        NEW.requested_at := clock_timestamp();
        NEW.decided_by := NULL;
        NEW.decided_at := NULL;
        NEW.limit_id := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'requested'
       OR to_jsonb(NEW) - '{status,approved,score_id,limit_id,decided_by,decided_at,decision_reason}'::text[]
          <> to_jsonb(OLD) - '{status,approved,score_id,limit_id,decided_by,decided_at,decision_reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('application %s for credit is %s and cannot be %s', OLD.application_id, OLD.status,
                             CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
            HINT = 'Decide or withdraw it, and request anew.', TABLE = 'credit_application', SCHEMA = 'ar';
    END IF;
    IF NEW.status = 'requested' THEN
        NEW.decided_by := NULL;
        NEW.decided_at := NULL;
        NEW.limit_id := NULL;
        RETURN NEW;
    END IF;
    NEW.decided_by := session_user;
    NEW.decided_at := clock_timestamp();
    NEW.limit_id := NULL;
    IF NEW.status IN ('approved', 'rejected') AND NEW.decided_by = OLD.requested_by THEN
        RAISE SQLSTATE 'RA007' USING
            MESSAGE = format('application %s for credit must be decided by a second person', OLD.application_id),
            DETAIL = format('%s requested it.', OLD.requested_by),
            HINT = 'Have somebody else decide; who requested can withdraw.', TABLE = 'credit_application', SCHEMA = 'ar', COLUMN = 'decided_by';
    END IF;
    IF NEW.status IN ('approved', 'rejected') AND coalesce(NEW.decision_reason, '') !~ '\S' THEN
        RAISE not_null_violation USING
            MESSAGE = 'a decision about credit needs a reason',
            HINT = 'Say why, for whoever asks later.', TABLE = 'credit_application', SCHEMA = 'ar', COLUMN = 'decision_reason';
    END IF;
    IF NEW.status = 'approved' THEN
        NEW.approved := coalesce(NEW.approved, NEW.requested);
        NEW.limit_id := ar.set_credit_limit(NEW.ledger_id, NEW.customer_id, NEW.approved, NEW.valid_from, NEW.valid_until,
            format('application %s: %s', NEW.application_id, NEW.decision_reason));
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_credit_application() IS
'Trigger, before each row of ar.credit_application: stamps who asked and who decided, insists that these are two (RA007) and on a reason (23502), grants the limit of what is approved, and refuses every other change (RA003, RA004).';

CREATE FUNCTION ar.request_credits(ledger_id integer, applications jsonb)
RETURNS TABLE (element bigint, application_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    reused text;
BEGIN
    PERFORM ar.check_keys('applications', request_credits.applications,
        '{customer_id,amount,valid_from,valid_until,reason,external_id}', '{customer_id,amount,reason}');
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT e.position, nextval('ar.document_id') AS application_id, e.value AS payload, g.*
        FROM jsonb_array_elements(request_credits.applications) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            customer_id bigint, amount text, valid_from date, valid_until date, reason text, external_id text)
    ), made AS (
        INSERT INTO ar.credit_application AS a (ledger_id, application_id, customer_id, requested, valid_from, valid_until,
                                                reason, external_id, external_digest)
        SELECT request_credits.ledger_id, g.application_id, g.customer_id, g.amount::ar.monetary, g.valid_from, g.valid_until,
               g.reason, g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        ORDER BY g.external_id, g.application_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING a.application_id
    )
    SELECT g.position, coalesce(m.application_id, a.application_id)
    FROM given AS g
    LEFT JOIN made AS m ON m.application_id = g.application_id
    LEFT JOIN LATERAL (SELECT a.application_id FROM ar.credit_application AS a
                       WHERE a.ledger_id = request_credits.ledger_id AND a.external_id = g.external_id OFFSET 0) AS a ON true
    ORDER BY g.position;
    SELECT a.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(request_credits.applications) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT a.external_id, a.external_digest FROM ar.credit_application AS a
                        WHERE a.ledger_id = request_credits.ledger_id AND a.external_id = g.external_id OFFSET 0) AS a
    WHERE a.external_digest IS NULL OR a.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('application for credit', reused);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.request_credits(integer, jsonb) IS
'Requests limits for any number of customers; the database records who asks. All or none.
Arguments: ledger_id; applications, a JSON array of objects with customer_id, amount ("EUR 5000.00"), reason, and perhaps valid_from, valid_until (a temporary limit), external_id.
Result: the position in the array, from 1, and the application_id; for an external_id known already, that of the first time. Of an element whose external_id another session wrote at the same moment the application_id is NULL: ask again.
Errors: 22023 malformed payload; 23503 no such customer; 23514 a negative amount, or dates in the wrong order; RA006 the external id was used for another application.';

CREATE FUNCTION ar.request_credit(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    reason text,
    valid_from date DEFAULT NULL,
    valid_until date DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.application_id
    FROM ar.request_credits(request_credit.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', request_credit.customer_id, 'amount', request_credit.amount::text, 'reason', request_credit.reason,
        'valid_from', request_credit.valid_from, 'valid_until', request_credit.valid_until,
        'external_id', request_credit.external_id)))) AS r;
$$;
COMMENT ON FUNCTION ar.request_credit(integer, bigint, ar.monetary, text, date, date, text) IS
'Requests one limit and returns the application_id: ar.request_credits() with one, where the arguments are described.
Errors: as ar.request_credits().';

CREATE FUNCTION ar.decide_credits(ledger_id integer, application_ids bigint[], decision text, reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    decided bigint;
BEGIN
    IF coalesce(decide_credits.decision, '') NOT IN ('approved', 'rejected', 'withdrawn') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('"%s" is no decision about credit', decide_credits.decision),
            HINT = 'It is approved, rejected or withdrawn.';
    END IF;
    SELECT w.application_id INTO missing FROM unnest(decide_credits.application_ids) AS w(application_id)
    WHERE NOT EXISTS (SELECT FROM ar.credit_application AS a
                      WHERE a.ledger_id = decide_credits.ledger_id AND a.application_id = w.application_id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('application %s for credit does not exist in ledger %s', missing, decide_credits.ledger_id);
    END IF;
    UPDATE ar.credit_application AS a
    SET status = decide_credits.decision, decision_reason = decide_credits.reason,
        score_id = (SELECT max(s.score_id) FROM ar.credit_score AS s
                    WHERE s.ledger_id = a.ledger_id AND s.customer_id = a.customer_id)
    WHERE a.ledger_id = decide_credits.ledger_id AND a.application_id = ANY (decide_credits.application_ids);
    GET DIAGNOSTICS decided = ROW_COUNT;
    RETURN decided;
END
$$;
COMMENT ON FUNCTION ar.decide_credits(integer, bigint[], text, text) IS
'Decides applications for credit as they were requested; what is approved becomes the limit. All or none.
Arguments: ledger_id; application_ids; decision: approved, rejected or withdrawn; reason. Returns how many were decided; the last score of each customer is kept with it.
Errors: 22023 no such decision; 23502 no reason, unless it is withdrawn; 23503 no such application; RA003 it is decided already; RA007 who requested cannot decide.';

CREATE FUNCTION ar.decide_credit(
    ledger_id integer,
    application_id bigint,
    decision text,
    reason text,
    amount ar.monetary DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF decide_credit.amount IS NOT NULL AND decide_credit.decision = 'approved' THEN
        UPDATE ar.credit_application AS a SET approved = decide_credit.amount, status = 'approved',
            decision_reason = decide_credit.reason,
            score_id = (SELECT max(s.score_id) FROM ar.credit_score AS s
                        WHERE s.ledger_id = a.ledger_id AND s.customer_id = a.customer_id)
        WHERE a.ledger_id = decide_credit.ledger_id AND a.application_id = decide_credit.application_id;
        IF FOUND THEN
            RETURN 1;
        END IF;
    END IF;
    RETURN ar.decide_credits(decide_credit.ledger_id, ARRAY[decide_credit.application_id], decide_credit.decision, decide_credit.reason);
END
$$;
COMMENT ON FUNCTION ar.decide_credit(integer, bigint, text, text, ar.monetary) IS
'Decides one application for credit: ar.decide_credits() with one. amount: what is approved, by default what was requested.
Errors: as ar.decide_credits(); 23514 a negative amount.';

REVOKE ALL ON FUNCTION ar.tg_guard_credit_application(), ar.request_credits(integer, jsonb),
    ar.request_credit(integer, bigint, ar.monetary, text, date, date, text), ar.decide_credits(integer, bigint[], text, text),
    ar.decide_credit(integer, bigint, text, text, ar.monetary) FROM PUBLIC;
