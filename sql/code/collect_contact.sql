-- collect: how often and when a customer may be contacted.

CREATE FUNCTION ar.set_contact_preset(ledger_id integer, preset text, customer_class text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    made bigint;
BEGIN
    IF coalesce(set_contact_preset.preset, '') <> 'us_regulation_f' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown preset "%s" of contact limits', set_contact_preset.preset),
            HINT = 'The preset is us_regulation_f; other limits are rows of ar.contact_rule.';
    END IF;
    INSERT INTO ar.contact_rule AS r (ledger_id, kind, customer_class, attempts, attempt_days, conversation_days, from_time, to_time, allow_override, source)
    SELECT set_contact_preset.ledger_id, p.kind, set_contact_preset.customer_class, p.attempts, p.days, p.days, '08:00', '21:00', true, '12 CFR 1006'
    FROM (VALUES ('call', 7, 7), ('message', NULL, NULL)) AS p(kind, attempts, days)
    ON CONFLICT (ledger_id, kind, (coalesce(customer_id, 0)), (coalesce(customer_class, ''))) DO UPDATE
    SET attempts = excluded.attempts, attempt_days = excluded.attempt_days, conversation_days = excluded.conversation_days,
        from_time = excluded.from_time, to_time = excluded.to_time, allow_override = excluded.allow_override, source = excluded.source;
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END
$$;
COMMENT ON FUNCTION ar.set_contact_preset(integer, text, text) IS
'Sets the contact limits of a ledger, or of a class of customers, to what a law says, and returns how many rules that are.
Arguments: ledger_id; preset: us_regulation_f (12 CFR 1006: 7 calls within 7 consecutive days, none within 7 days of a conversation, whose day is the first; calls and messages from 8:00 to 21:00 where the customer is; an override with a reason is possible, as when he asked to be called); customer_class.
Errors: 22023 unknown preset.';

CREATE FUNCTION ar.contact_rules(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (customer_id bigint, kind text, attempts integer, attempt_days integer, conversation_days integer, from_time time, to_time time,
               allow_override boolean, timezone text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id, k.kind,
           coalesce(own.attempts, class.attempts, ledger.attempts), coalesce(own.attempt_days, class.attempt_days, ledger.attempt_days),
           coalesce(own.conversation_days, class.conversation_days, ledger.conversation_days),
           coalesce(own.from_time, class.from_time, ledger.from_time), coalesce(own.to_time, class.to_time, ledger.to_time),
           coalesce(own.allow_override, class.allow_override, ledger.allow_override, false), coalesce(c.timezone, l.timezone)
    FROM (SELECT DISTINCT contact_rules.ledger_id, u.customer_id FROM unnest(contact_rules.customer_ids) AS u(customer_id)) AS w
    JOIN ar.customer AS c ON c.ledger_id = w.ledger_id AND c.customer_id = w.customer_id
    JOIN ar.ledger AS l ON l.ledger_id = w.ledger_id
    CROSS JOIN (VALUES ('call'), ('mail'), ('message'), ('visit')) AS k(kind)
    LEFT JOIN ar.contact_rule AS own
      ON own.ledger_id = contact_rules.ledger_id AND own.kind = k.kind AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.contact_rule AS class
      ON class.ledger_id = contact_rules.ledger_id AND class.kind = k.kind AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.contact_rule AS ledger
      ON ledger.ledger_id = contact_rules.ledger_id AND ledger.kind = k.kind AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = '';
END
$$;
COMMENT ON FUNCTION ar.contact_rules(integer, bigint[]) IS
'The contact limits in force for each of some customers and each kind of activity (ar.contact_rule), and the time zone of the customer: his own, else that of the ledger. NULL where there is no limit.
Arguments: ledger_id; customer_ids.';

CREATE FUNCTION ar.is_conversation(outcome text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT coalesce(outcome IN ('reached', 'promise', 'dispute', 'refused', 'paid'), false) $$;
COMMENT ON FUNCTION ar.is_conversation(text) IS 'Whether an activity with that outcome was a conversation with the customer.';

CREATE FUNCTION ar.contact_verdicts(
    ledger_id integer, customer_ids bigint[], kinds text[], moments timestamptz[], contact_ids bigint[], activity_ids bigint[])
RETURNS TABLE (element bigint, may boolean, broken text, next_at timestamptz, attempts bigint, local_time timestamp, timezone text, reason text, allow_override boolean)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT u.nth, u.customer_id, u.kind, u.moment, u.activity_id, r.attempts AS allowed, coalesce(r.attempt_days, 1) AS attempt_days,
               coalesce(r.conversation_days, 0) AS conversation_days, r.from_time, r.to_time, r.allow_override, z.timezone,
               u.moment AT TIME ZONE z.timezone AS at, (u.moment AT TIME ZONE z.timezone)::date AS day
        FROM unnest(contact_verdicts.customer_ids, contact_verdicts.kinds, contact_verdicts.moments, contact_verdicts.contact_ids,
                    contact_verdicts.activity_ids) WITH ORDINALITY AS u(customer_id, kind, moment, contact_id, activity_id, nth)
        JOIN ar.contact_rules(contact_verdicts.ledger_id, contact_verdicts.customer_ids) AS r ON r.customer_id = u.customer_id AND r.kind = u.kind
        LEFT JOIN ar.contact AS k ON k.ledger_id = contact_verdicts.ledger_id AND k.contact_id = u.contact_id
        CROSS JOIN LATERAL (SELECT coalesce(k.timezone, r.timezone) AS timezone) AS z
    ), done AS MATERIALIZED (
        -- What was done before that moment, by the calendar where the customer is.
        SELECT w.nth, (a.occurred_at AT TIME ZONE w.timezone)::date AS day, ar.is_conversation(a.outcome) AS is_conversation
        FROM asked AS w
        JOIN ar.collection_activity AS a
          ON a.ledger_id = contact_verdicts.ledger_id AND a.customer_id = w.customer_id AND a.kind = w.kind
         AND a.occurred_at > w.moment - make_interval(days => greatest(w.attempt_days, w.conversation_days) + 1) AND a.occurred_at <= w.moment
        WHERE coalesce((a.occurred_at, a.activity_id) < (w.moment, w.activity_id), true)
          AND a.reverses_id IS NULL
          AND NOT EXISTS (SELECT FROM ar.collection_activity AS u WHERE u.ledger_id = a.ledger_id AND u.reverses_id = a.activity_id)
    ), judged AS (
        -- That day, and those that follow until the limits are free again.
        SELECT w.nth, d.day, w.day = d.day AS is_that_day, s.attempts,
               CASE WHEN s.attempts >= w.allowed THEN 'attempts' WHEN s.conversations > 0 THEN 'conversation'
                    WHEN w.day = d.day AND w.at::time NOT BETWEEN w.from_time AND w.to_time THEN 'hours' END AS broken,
               CASE WHEN w.day < d.day THEN d.day + coalesce(w.from_time, '00:00') WHEN w.at::time <= w.to_time THEN d.day + greatest(w.at::time, w.from_time)
                    WHEN w.to_time IS NULL THEN w.at END AS possible
        FROM asked AS w
        CROSS JOIN LATERAL (SELECT w.day + n AS day FROM generate_series(0, greatest(w.attempt_days, w.conversation_days, 1)) AS n) AS d
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE o.day > d.day - w.attempt_days AND o.day <= d.day) AS attempts,
                   count(*) FILTER (WHERE o.is_conversation AND o.day > d.day - w.conversation_days AND o.day <= d.day) AS conversations
            FROM done AS o WHERE o.nth = w.nth) AS s
    ), first AS (
        SELECT j.nth, min(j.possible) FILTER (WHERE j.broken IS NULL OR j.broken = 'hours' AND j.possible IS NOT NULL) AS possible,
               max(j.broken) FILTER (WHERE j.is_that_day) AS broken, max(j.attempts) FILTER (WHERE j.is_that_day) AS attempts
        FROM judged AS j GROUP BY j.nth
    )
    SELECT w.nth, f.broken IS NULL, f.broken, CASE WHEN f.broken IS NULL THEN w.moment ELSE f.possible AT TIME ZONE w.timezone END, f.attempts, w.at, w.timezone,
           CASE f.broken
           WHEN 'attempts' THEN format('There were %s within %s days, and no more than %s are allowed.', f.attempts, w.attempt_days, w.allowed)
           WHEN 'conversation' THEN format('There was a conversation within %s days.', w.conversation_days)
           WHEN 'hours' THEN format('It is %s in %s, and allowed from %s to %s.', to_char(w.at, 'HH24:MI'), w.timezone,
                                    to_char(w.from_time, 'HH24:MI'), to_char(w.to_time, 'HH24:MI')) END,
           w.allow_override
    FROM asked AS w JOIN first AS f ON f.nth = w.nth
    ORDER BY w.nth;
END
$$;
COMMENT ON FUNCTION ar.contact_verdicts(integer, bigint[], text[], timestamptz[], bigint[], bigint[]) IS
'What the contact limits say to activities, each at its moment. For ar.may_contact() and the trigger.
Arguments: ledger_id; and arrays side by side: customer_ids; kinds; moments; contact_ids, whose time zone counts before that of the customer, or NULL; activity_ids, before which others count at the same moment, or NULL.
Result: element, the position in the arrays; may; broken: attempts, conversation or hours; next_at, when it is possible; attempts so far within the days; local_time and timezone of the customer; reason, a sentence; allow_override.';

CREATE FUNCTION ar.may_contact(ledger_id integer, customer_ids bigint[], at timestamptz DEFAULT now(), kind text DEFAULT 'call')
RETURNS TABLE (customer_id bigint, may boolean, next_at timestamptz, attempts bigint, local_time timestamp, timezone text, reason text)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    customers bigint[] := ARRAY(SELECT DISTINCT u.id FROM unnest(may_contact.customer_ids) AS u(id) WHERE u.id IS NOT NULL ORDER BY 1);
    many integer := cardinality(customers);
BEGIN
    RETURN QUERY
    SELECT customers[v.element], v.may, v.next_at, v.attempts, v.local_time, v.timezone, v.reason
    FROM ar.contact_verdicts(may_contact.ledger_id, customers, array_fill(may_contact.kind, ARRAY[many]), array_fill(may_contact.at, ARRAY[many]),
                             array_fill(NULL::bigint, ARRAY[many]), array_fill(NULL::bigint, ARRAY[many])) AS v;
END
$$;
COMMENT ON FUNCTION ar.may_contact(integer, bigint[], timestamptz, text) IS
'Whether some customers may be contacted at a moment, and if not, why, and when.
Arguments: ledger_id; customer_ids; at, by default now; kind: call, mail, message or visit.
Result: customer_id; may; next_at, that moment or the next that is allowed, as far as is known; attempts so far within the days of the rule; local_time and timezone of the customer; reason, a sentence, NULL if he may.';

REVOKE ALL ON FUNCTION ar.set_contact_preset(integer, text, text) FROM PUBLIC;
