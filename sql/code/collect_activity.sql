-- collect: calls, letters, visits and notes.

CREATE FUNCTION ar.tg_record_activity() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    reversed record;
    wrong text;
BEGIN
    IF NEW.ledger_id IS NULL OR NEW.customer_id IS NULL THEN
        RETURN NEW;     -- which the columns do not allow
    END IF;
    NEW.recorded_by := session_user;
    NEW.recorded_at := clock_timestamp();
    IF NEW.reverses_id IS NOT NULL THEN
        SELECT a.* INTO reversed FROM ar.collection_activity AS a
        WHERE a.ledger_id = NEW.ledger_id AND a.activity_id = NEW.reverses_id;
        IF reversed.reverses_id IS NOT NULL OR reversed.customer_id <> NEW.customer_id OR reversed.kind <> NEW.kind THEN
            RAISE check_violation USING
                MESSAGE = format('activity %s cannot be taken back so', NEW.reverses_id),
                DETAIL = format('It is a %s of customer %s%s.', reversed.kind, reversed.customer_id,
                                CASE WHEN reversed.reverses_id IS NOT NULL THEN ' that takes another back itself' ELSE '' END),
                HINT = 'Use ar.reverse_activity().', TABLE = 'collection_activity', SCHEMA = 'ar', CONSTRAINT = 'collection_activity_reverses_check';
        END IF;
        NEW.case_id := reversed.case_id;
        RETURN NEW;
    END IF;
    IF NEW.contact_id IS NOT NULL THEN
        SELECT format('It is one of customer %s.', k.customer_id) INTO wrong FROM ar.contact AS k
        WHERE k.ledger_id = NEW.ledger_id AND k.contact_id = NEW.contact_id AND k.customer_id <> NEW.customer_id;
        IF FOUND THEN
            RAISE check_violation USING
                MESSAGE = format('contact %s does not belong to customer %s', NEW.contact_id, NEW.customer_id),
                DETAIL = wrong, HINT = 'Name a contact of the customer.',
                TABLE = 'collection_activity', SCHEMA = 'ar', CONSTRAINT = 'collection_activity_contact_check';
        END IF;
    END IF;
    -- Held from here on: two who call at once meet at the case, whichever way they record it.
    LOOP
        SELECT k.case_id INTO NEW.case_id FROM ar.collection_case AS k
        WHERE k.ledger_id = NEW.ledger_id AND k.customer_id = NEW.customer_id AND k.closed_on IS NULL
        FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO ar.collection_case (ledger_id, customer_id, opened_on)
        SELECT l.ledger_id, NEW.customer_id, (NEW.occurred_at AT TIME ZONE l.timezone)::date
        FROM ar.ledger AS l WHERE l.ledger_id = NEW.ledger_id
        ON CONFLICT (ledger_id, customer_id) WHERE closed_on IS NULL DO NOTHING;
        IF NOT EXISTS (SELECT FROM ar.ledger AS l WHERE l.ledger_id = NEW.ledger_id) THEN
            PERFORM ar.business_date(NEW.ledger_id);     -- says that there is no such ledger
        END IF;
    END LOOP;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_record_activity() IS
'Trigger, before each new row of ar.collection_activity: stamps who recorded it, and finds, holds, or opens the case of the customer.
Errors: 23514 a contact of another customer, or a row that takes back what it cannot.';

CREATE FUNCTION ar.tg_follow_activities() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    counted record;
    wrong record;
    book integer;
BEGIN
    -- Those that take back did not hold their cases yet.
    PERFORM FROM (SELECT DISTINCT n.ledger_id, n.customer_id, n.case_id FROM new_activity AS n ORDER BY 1, 2, 3) AS n
    CROSS JOIN LATERAL (SELECT FROM ar.collection_case AS k
                        WHERE k.ledger_id = n.ledger_id AND k.case_id = n.case_id FOR NO KEY UPDATE) AS k;
    FOR counted IN SELECT DISTINCT n.ledger_id, n.case_id FROM new_activity AS n LOOP
        UPDATE ar.collection_case AS k
        SET activities = (SELECT count(*) FROM ar.collection_activity AS a WHERE a.ledger_id = k.ledger_id AND a.case_id = k.case_id)
        WHERE k.ledger_id = counted.ledger_id AND k.case_id = counted.case_id;
    END LOOP;

    FOR book IN
        SELECT DISTINCT n.ledger_id FROM new_activity AS n
        WHERE n.reverses_id IS NULL AND EXISTS (SELECT FROM ar.contact_rule AS r WHERE r.ledger_id = n.ledger_id AND r.kind = n.kind) ORDER BY 1
    LOOP
        -- The new ones, and what was recorded before they were and comes after them: another one may make that one too many.
        WITH touched AS MATERIALIZED (
            SELECT a.customer_id, a.kind, a.occurred_at, a.contact_id, a.activity_id, a.override_reason, t.is_new
            FROM (SELECT n.activity_id, true AS is_new FROM new_activity AS n
                  WHERE n.ledger_id = book AND n.reverses_id IS NULL AND n.kind <> 'note'
                  UNION
                  SELECT a.activity_id, false FROM new_activity AS n
                  JOIN ar.contact_rules(book, ARRAY(SELECT DISTINCT n.customer_id FROM new_activity AS n WHERE n.ledger_id = book)) AS r
                    ON r.customer_id = n.customer_id AND r.kind = n.kind
                  JOIN ar.collection_activity AS a ON a.ledger_id = book AND a.customer_id = n.customer_id AND a.kind = n.kind
                   AND a.occurred_at > n.occurred_at
                   AND a.occurred_at <= n.occurred_at + make_interval(days => greatest(r.attempt_days, r.conversation_days, 0) + 1)
                  WHERE n.ledger_id = book AND n.reverses_id IS NULL AND n.kind <> 'note' AND n.override_reason IS NULL
                    AND a.override_reason IS NULL AND a.reverses_id IS NULL
                    AND NOT EXISTS (SELECT FROM new_activity AS o WHERE o.ledger_id = book AND o.activity_id = a.activity_id)
                    AND NOT EXISTS (SELECT FROM ar.collection_activity AS u WHERE u.ledger_id = book AND u.reverses_id = a.activity_id)) AS t
            JOIN ar.collection_activity AS a ON a.ledger_id = book AND a.activity_id = t.activity_id
        ), numbered AS (
            SELECT t.*, row_number() OVER (ORDER BY t.occurred_at, t.activity_id) AS nth FROM touched AS t
        )
        SELECT n.customer_id, c.code, n.kind, n.occurred_at, n.is_new, n.override_reason, v.* INTO wrong
        FROM (SELECT array_agg(n.customer_id ORDER BY n.nth) AS customers, array_agg(n.kind ORDER BY n.nth) AS kinds,
                     array_agg(n.occurred_at ORDER BY n.nth) AS moments, array_agg(n.contact_id ORDER BY n.nth) AS contacts,
                     array_agg(n.activity_id ORDER BY n.nth) AS activities FROM numbered AS n) AS g
        CROSS JOIN LATERAL ar.contact_verdicts(book, g.customers, g.kinds, g.moments, g.contacts, g.activities) AS v
        JOIN numbered AS n ON n.nth = v.element
        JOIN ar.customer AS c ON c.ledger_id = book AND c.customer_id = n.customer_id
        WHERE NOT v.may AND (n.is_new OR v.broken <> 'hours') AND (n.override_reason IS NULL OR NOT v.allow_override)
        ORDER BY v.element LIMIT 1;
        IF FOUND THEN
            RAISE check_violation USING
                MESSAGE = format('the contact limits do not allow a %s with customer "%s" on %s', wrong.kind, wrong.code,
                                 to_char(wrong.local_time, 'YYYY-MM-DD HH24:MI')),
                DETAIL = wrong.reason,
                HINT = concat(CASE WHEN wrong.next_at IS NULL THEN 'None is allowed'
                                   ELSE format('The next one is allowed from %s (%s) on',
                                               to_char(wrong.next_at AT TIME ZONE wrong.timezone, 'YYYY-MM-DD HH24:MI'), wrong.timezone) END,
                              CASE WHEN wrong.allow_override THEN ', or with an override_reason' END, '.'),
                TABLE = 'collection_activity', SCHEMA = 'ar', CONSTRAINT = 'collection_activity_limit_check';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_activities() IS
'Trigger, after an INSERT statement on ar.collection_activity: the cases count them, and the contact limits of ar.contact_rule are kept, while the cases are held.
Errors: 23514 (collection_activity_limit_check) too many, too soon after a conversation, or at the wrong hour where the customer is; the hint says when the next one is allowed.';

CREATE FUNCTION ar.record_activities(ledger_id integer, activities jsonb)
RETURNS TABLE (element bigint, activity_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    plan jsonb;
    wrong text;
BEGIN
    PERFORM ar.check_keys('activities', record_activities.activities,
        '{customer_id,kind,occurred_at,outcome,contact_id,note,next_step,next_step_on,performed_by,override_reason,external_id}', '{customer_id,kind}');
    SELECT jsonb_agg(to_jsonb(p) ORDER BY p.position) INTO plan
    FROM (
        SELECT DISTINCT ON (coalesce(g.external_id, e.position::text), g.external_id IS NULL)
               e.position, nextval('ar.document_id') AS activity_id, e.value AS payload, g.external_id
        FROM jsonb_array_elements(record_activities.activities) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(external_id text)
        ORDER BY coalesce(g.external_id, e.position::text), g.external_id IS NULL, e.position) AS p;
    -- Held first, so that whoever writes the same external ids has finished.
    PERFORM FROM (SELECT DISTINCT (e.value ->> 'customer_id')::bigint AS customer_id
                  FROM jsonb_array_elements(record_activities.activities) AS e(value) ORDER BY 1) AS w
    CROSS JOIN LATERAL (SELECT FROM ar.collection_case AS k
                        WHERE k.ledger_id = record_activities.ledger_id AND k.customer_id = w.customer_id AND k.closed_on IS NULL
                        FOR NO KEY UPDATE) AS k;
    INSERT INTO ar.collection_activity (ledger_id, activity_id, customer_id, kind, occurred_at, outcome, contact_id, note, next_step, next_step_on,
                                        performed_by, override_reason, external_id, external_digest)
    SELECT record_activities.ledger_id, p.activity_id, g.customer_id, g.kind, coalesce(g.occurred_at, now()), g.outcome, g.contact_id, g.note,
           g.next_step, g.next_step_on, g.performed_by, g.override_reason, p.external_id,
           CASE WHEN p.external_id IS NOT NULL THEN ar.payload_digest(p.payload) END
    FROM jsonb_to_recordset(plan) AS p(activity_id bigint, external_id text, payload jsonb, "position" bigint)
    CROSS JOIN LATERAL jsonb_to_record(p.payload) AS g(customer_id bigint, kind text, occurred_at timestamptz, outcome text, contact_id bigint, note text,
                                                       next_step text, next_step_on date, performed_by text, override_reason text)
    WHERE (SELECT a.activity_id FROM ar.collection_activity AS a
           WHERE a.ledger_id = record_activities.ledger_id AND a.external_id = p.external_id) IS NULL
    ORDER BY g.customer_id, p.position
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING;

    SELECT a.external_id INTO wrong
    FROM (SELECT e.value, e.value ->> 'external_id' AS external_id FROM jsonb_array_elements(record_activities.activities) AS e(value) OFFSET 0) AS e
    CROSS JOIN LATERAL (SELECT a.external_id, a.external_digest FROM ar.collection_activity AS a
                        WHERE a.ledger_id = record_activities.ledger_id AND a.external_id = e.external_id OFFSET 0) AS a
    WHERE a.external_digest IS NULL OR a.external_digest <> ar.payload_digest(e.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('activity', wrong);
    END IF;
    RETURN QUERY
    SELECT e.position, coalesce(a.activity_id, p.activity_id)
    FROM (SELECT e.position, e.value ->> 'external_id' AS external_id
          FROM jsonb_array_elements(record_activities.activities) WITH ORDINALITY AS e(value, position) OFFSET 0) AS e
    LEFT JOIN LATERAL (SELECT a.activity_id FROM ar.collection_activity AS a
                       WHERE a.ledger_id = record_activities.ledger_id AND a.external_id = e.external_id OFFSET 0) AS a ON true
    LEFT JOIN jsonb_to_recordset(plan) AS p(position bigint, activity_id bigint) ON p.position = e.position
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.record_activities(integer, jsonb) IS
'Records any number of activities. All or none.
Arguments: ledger_id; activities, a JSON array of objects with customer_id, kind (call, mail, message, visit, note), and perhaps occurred_at (by default now), outcome (reached, promise, dispute, refused, paid; no_answer, left_message, wrong_number, sent, returned, other), contact_id, note, next_step with next_step_on, performed_by, override_reason, external_id.
Result: the position in the array, from 1, and the activity_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer or contact; 23514 the contact limits do not allow it (the hint says when the next one is allowed), or a column is malformed; RA006 the external id was used otherwise.';

CREATE FUNCTION ar.record_activity(
    ledger_id integer,
    customer_id bigint,
    kind text,
    outcome text DEFAULT NULL,
    note text DEFAULT NULL,
    occurred_at timestamptz DEFAULT NULL,
    next_step text DEFAULT NULL,
    next_step_on date DEFAULT NULL,
    contact_id bigint DEFAULT NULL,
    performed_by text DEFAULT NULL,
    override_reason text DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT a.activity_id
    FROM ar.record_activities(record_activity.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', record_activity.customer_id, 'kind', record_activity.kind, 'outcome', record_activity.outcome, 'note', record_activity.note,
        'occurred_at', record_activity.occurred_at, 'next_step', record_activity.next_step, 'next_step_on', record_activity.next_step_on,
        'contact_id', record_activity.contact_id, 'performed_by', record_activity.performed_by,
        'override_reason', record_activity.override_reason, 'external_id', record_activity.external_id)))) AS a;
$$;
COMMENT ON FUNCTION ar.record_activity(integer, bigint, text, text, text, timestamptz, text, date, bigint, text, text, text) IS
'Records one activity and returns its activity_id: ar.record_activities() with one, where the arguments are described.
Errors: as ar.record_activities().';

CREATE FUNCTION ar.reverse_activity(ledger_id integer, activity_id bigint, reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result bigint;
BEGIN
    INSERT INTO ar.collection_activity AS r (ledger_id, customer_id, kind, occurred_at, note, reverses_id)
    SELECT a.ledger_id, a.customer_id, a.kind, a.occurred_at, reverse_activity.reason, a.activity_id
    FROM ar.collection_activity AS a
    WHERE a.ledger_id = reverse_activity.ledger_id AND a.activity_id = reverse_activity.activity_id
    RETURNING r.activity_id INTO result;
    IF result IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('activity %s does not exist in ledger %s', reverse_activity.activity_id, reverse_activity.ledger_id);
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.reverse_activity(integer, bigint, text) IS
'Takes an activity back, as when it was recorded for the wrong customer: a row that names it. From then on it counts for nothing. Returns the activity_id of that row.
Errors: 23503 no such activity; 23505 it is taken back already; 23514 it takes another back itself.';

REVOKE ALL ON FUNCTION ar.tg_record_activity(), ar.tg_follow_activities(), ar.record_activities(integer, jsonb),
    ar.record_activity(integer, bigint, text, text, text, timestamptz, text, date, bigint, text, text, text), ar.reverse_activity(integer, bigint, text) FROM PUBLIC;
