-- message: the outbox: what is put into it, and the states of a message.

CREATE FUNCTION ar.can_move_message(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE from_status
        WHEN 'queued' THEN to_status IN ('sending', 'cancelled', 'sent')
        WHEN 'sending' THEN to_status IN ('sent', 'queued', 'failed', 'ambiguous')
        WHEN 'ambiguous' THEN to_status IN ('sent', 'queued', 'failed', 'cancelled')
        WHEN 'failed' THEN to_status IN ('queued', 'cancelled', 'sent')
        WHEN 'cancelled' THEN to_status = 'sent'
        WHEN 'sent' THEN to_status = 'failed'
        ELSE false END
$$;
COMMENT ON FUNCTION ar.can_move_message(text, text) IS
'Whether a message of the outbox may go from one status to another: queued to sending or cancelled; sending to sent, queued (to be tried again), failed or ambiguous; ambiguous to sent, queued, failed or cancelled; failed to queued or cancelled; sent to failed (it came back). And whatever a sender once had may turn out to be sent.';

CREATE FUNCTION ar.is_attachments(attachments jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN jsonb_typeof(attachments) = 'array' THEN NOT EXISTS (
        SELECT FROM jsonb_array_elements(attachments) AS a(value)
        WHERE jsonb_typeof(a.value) <> 'object'
           OR coalesce(a.value ->> 'name', '') !~ '\S' OR a.value ->> 'name' ~ '[[:cntrl:]/\\"]'
           OR coalesce(a.value ->> 'type', '') !~ '^[a-z0-9.+-]+/[a-z0-9.+-]+$'
           OR coalesce(a.value ->> 'content', ' ') !~ '^[A-Za-z0-9+/=\s]*$')
        ELSE false END
$$;
COMMENT ON FUNCTION ar.is_attachments(jsonb) IS
'Whether this is a JSON array of attachments: objects with name (a file''s, without a directory), type (such as application/pdf) and content (in base64).';

CREATE FUNCTION ar.tg_guard_outbox() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'what was put into the outbox stays in it',
            HINT = 'Cancel what has not gone out with ar.cancel_message().',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'queued' OR NEW.attempts <> 0 THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = format('a message cannot begin as %s after %s attempts', NEW.status, NEW.attempts),
                HINT = 'It is queued first.', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = 'status';
        END IF;
        NEW.recorded_at := clock_timestamp();
        RETURN NEW;
    END IF;
    IF (OLD.ledger_id, OLD.message_id, OLD.purpose, OLD.customer_id, OLD.contact_id, OLD.template_id, OLD.channel, OLD.recipient,
        OLD.address, OLD.language, OLD.subject, OLD.body, OLD.html, OLD.attachments, OLD.dedupe_key, OLD.recorded_at)
       IS DISTINCT FROM
       (NEW.ledger_id, NEW.message_id, NEW.purpose, NEW.customer_id, NEW.contact_id, NEW.template_id, NEW.channel, NEW.recipient,
        NEW.address, NEW.language, NEW.subject, NEW.body, NEW.html, NEW.attachments, NEW.dedupe_key, NEW.recorded_at) THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('what message %s says, and to whom, is not changed', OLD.message_id),
            HINT = 'Cancel it with ar.cancel_message(), and queue another.',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF NEW.status = OLD.status THEN
        IF NEW.attempts <> OLD.attempts OR NEW.sent_at IS DISTINCT FROM OLD.sent_at OR NEW.bounced_at IS DISTINCT FROM OLD.bounced_at THEN
            RAISE SQLSTATE 'RA003' USING
                MESSAGE = format('how often and when message %s was sent follows from its status', OLD.message_id),
                HINT = 'Use ar.mark_sent() and its like.', TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
        END IF;
        RETURN NEW;
    END IF;
    IF NOT ar.can_move_message(OLD.status, NEW.status) OR NEW.status = 'sent' AND OLD.attempts = 0
       -- What came back would come back again.
       OR OLD.bounced_at IS NOT NULL THEN
        PERFORM ar.refuse_message_move(OLD.message_id, OLD.status, NEW.status);
    END IF;
    NEW.attempts := OLD.attempts + (NEW.status = 'sending')::integer;
    IF NEW.status = 'sending' THEN
        NEW.claimed_at := coalesce(NEW.claimed_at, clock_timestamp());
    ELSIF NEW.status = 'sent' THEN
        NEW.sent_at := coalesce(NEW.sent_at, clock_timestamp());
    ELSIF NEW.status = 'queued' THEN
        NEW.claimed_by := NULL;
        NEW.claimed_at := NULL;
        NEW.lease_until := NULL;
    ELSIF NEW.status = 'failed' AND OLD.status = 'sent' THEN
        NEW.bounced_at := coalesce(NEW.bounced_at, clock_timestamp());
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_outbox() IS
'Trigger on ar.outbox, before each row: keeps what a message says (RA003), lets its status move only as ar.can_move_message() allows (RA004), counts attempts and stamps; nothing is deleted (RA003).';

CREATE FUNCTION ar.tg_notify_outbox() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_notify('ar_outbox', n.ledger_id::text)
        FROM (SELECT DISTINCT o.ledger_id FROM new_outbox AS o) AS n;
    ELSE
        PERFORM pg_notify('ar_outbox', NEW.ledger_id::text);
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_notify_outbox() IS
'Trigger, after an INSERT statement on ar.outbox, and after each row that is queued again: wakes senders by NOTIFY on channel ar_outbox, with the ledger_id.';
REVOKE ALL ON FUNCTION ar.tg_guard_outbox(), ar.tg_notify_outbox() FROM PUBLIC;

CREATE FUNCTION ar.queue_messages(ledger_id integer, messages jsonb)
RETURNS TABLE (element bigint, message_id bigint, is_new boolean, error text)
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    fallback text := ar.message_language(queue_messages.ledger_id);
    wrong record;
    fresh jsonb;
    ready jsonb;
    rendered jsonb;
    made jsonb;
BEGIN
    PERFORM ar.check_keys('messages', queue_messages.messages,
        '{code,template_id,purpose,customer_id,contact_id,role,channels,channel,recipient,address,language,fields,subject,body,html,attachments,dedupe_key,send_after}',
        '{}');
    SELECT e.position, CASE WHEN num_nonnulls(e.value ->> 'code', e.value ->> 'template_id', e.value ->> 'body') <> 1 THEN
                           'either code, template_id or body'
                       WHEN e.value ? 'body' AND num_nonnulls(e.value ->> 'subject', e.value ->> 'purpose') < 2 THEN 'subject and purpose with its body'
                       WHEN num_nonnulls(e.value ->> 'address', e.value ->> 'channel') = 1 AND e.value ? 'address' THEN 'channel with its address'
                       WHEN e.value ->> 'address' IS NULL AND e.value ->> 'customer_id' IS NULL THEN 'customer_id or address' END AS lack
    INTO wrong
    FROM jsonb_array_elements(queue_messages.messages) WITH ORDINALITY AS e(value, position)
    WHERE num_nonnulls(e.value ->> 'code', e.value ->> 'template_id', e.value ->> 'body') <> 1
       OR e.value ? 'body' AND num_nonnulls(e.value ->> 'subject', e.value ->> 'purpose') < 2
       OR e.value ->> 'address' IS NOT NULL AND e.value ->> 'channel' IS NULL
       OR e.value ->> 'address' IS NULL AND e.value ->> 'customer_id' IS NULL
    ORDER BY e.position LIMIT 1;
    IF FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'malformed messages',
            DETAIL = format('Element %s must have %s.', wrong.position, wrong.lack),
            HINT = 'A message is made from a template (code, fields), or comes with purpose, subject and body; it goes to a customer, or to a channel and address.';
    END IF;

    -- What is known already is not made again.
    SELECT jsonb_agg(e.value || jsonb_build_object('position', e.position) ORDER BY e.position) INTO fresh
    FROM jsonb_array_elements(queue_messages.messages) WITH ORDINALITY AS e(value, position)
    -- Looked up one by one, here and below, however few a young outbox seems to have.
    WHERE (SELECT o.message_id FROM ar.outbox AS o
           WHERE o.ledger_id = queue_messages.ledger_id AND o.dedupe_key = e.value ->> 'dedupe_key') IS NULL;

    -- To whom.
    WITH given AS MATERIALIZED (
        SELECT g.*, coalesce(g.channels, CASE WHEN g.channel IS NOT NULL THEN ARRAY[g.channel] END) AS wanted,
               coalesce(g.role, CASE t.purpose WHEN 'dunning' THEN 'dunning' WHEN 'reminder' THEN 'dunning' ELSE t.purpose END) AS used_role,
               t.purpose AS used_purpose
        FROM jsonb_to_recordset(fresh) AS g(
            position bigint, code text, template_id bigint, purpose text, customer_id bigint, contact_id bigint, role text,
            channels text[], channel text, address text)
        CROSS JOIN LATERAL (
            SELECT coalesce(g.purpose, (SELECT m.purpose FROM ar.message_template AS m
                                        WHERE m.ledger_id = queue_messages.ledger_id
                                          AND CASE WHEN g.template_id IS NULL THEN m.code = g.code ELSE m.template_id = g.template_id END
                                        LIMIT 1), g.code, 'notice') AS purpose) AS t
    ), route AS MATERIALIZED (
        -- One question for each role and choice of channels.
        SELECT r.used_role, r.wanted, k.*
        FROM (SELECT g.used_role, g.wanted, array_agg(DISTINCT g.customer_id) AS customer_ids
              FROM given AS g WHERE g.address IS NULL AND g.contact_id IS NULL GROUP BY g.used_role, g.wanted) AS r
        CROSS JOIN LATERAL ar.message_contacts(queue_messages.ledger_id, r.customer_ids, r.used_role, r.wanted) AS k
    )
    SELECT jsonb_agg(jsonb_build_object(
               'position', g.position, 'purpose', g.used_purpose,
               'contact_id', coalesce(k.contact_id, r.contact_id), 'channel', coalesce(k.channel, r.channel, g.channel),
               'address', coalesce(g.address, k.address, r.address),
               'recipient', coalesce(k.name, r.recipient, c.legal_name, c.name),
               'language', coalesce(k.language, r.language, c.language, fallback)) ORDER BY g.position) INTO ready
    FROM given AS g
    LEFT JOIN LATERAL (SELECT c.* FROM ar.customer AS c
                       WHERE c.ledger_id = queue_messages.ledger_id AND c.customer_id = g.customer_id OFFSET 0) AS c ON true
    LEFT JOIN LATERAL (SELECT k.* FROM ar.contact AS k
                       WHERE k.ledger_id = queue_messages.ledger_id AND k.contact_id = g.contact_id
                         AND k.customer_id = g.customer_id OFFSET 0) AS k ON true
    LEFT JOIN route AS r ON r.customer_id = g.customer_id AND r.used_role = g.used_role AND g.contact_id IS NULL AND g.address IS NULL
     AND coalesce(r.wanted, '{}') = coalesce(g.wanted, '{}');

    -- What they say.
    WITH filled AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY g.position) AS nth, g.position, jsonb_build_object(
                   'code', g.code, 'template_id', g.template_id, 'customer_id', g.customer_id, 'channel', r.channel,
                   'language', coalesce(g.language, r.language),
                   'fields', jsonb_build_object('contact_name', coalesce(g.recipient, r.recipient)) || coalesce(g.fields, '{}')) AS message
        FROM jsonb_to_recordset(fresh) AS g(position bigint, code text, template_id bigint, customer_id bigint, recipient text, language text,
                                            body text, fields jsonb)
        JOIN jsonb_to_recordset(ready) AS r(position bigint, channel text, recipient text, language text, address text) ON r.position = g.position
        WHERE g.body IS NULL AND r.address IS NOT NULL
    )
    SELECT jsonb_object_agg(f.position, to_jsonb(m)) INTO rendered
    FROM ar.render_messages(queue_messages.ledger_id,
             coalesce((SELECT jsonb_agg(f.message ORDER BY f.nth) FROM filled AS f), '[]')) AS m
    JOIN filled AS f ON f.nth = m.element;

    WITH queued AS (
        INSERT INTO ar.outbox AS o (ledger_id, message_id, purpose, customer_id, contact_id, template_id, channel, recipient, address,
                                    language, subject, body, html, attachments, dedupe_key, next_attempt_at)
        SELECT queue_messages.ledger_id, nextval('ar.document_id'), r.purpose, g.customer_id, r.contact_id,
               (m.made ->> 'template_id')::bigint, r.channel, coalesce(g.recipient, r.recipient), r.address,
               coalesce(m.made ->> 'language', g.language, r.language),
               coalesce(g.subject, m.made ->> 'subject'), coalesce(g.body, m.made ->> 'body'), coalesce(g.html, m.made ->> 'html'),
               coalesce(g.attachments, '[]'), g.dedupe_key, coalesce(g.send_after, clock_timestamp())
        FROM jsonb_to_recordset(fresh) AS g(
            position bigint, customer_id bigint, recipient text, language text, subject text, body text, html text, attachments jsonb,
            dedupe_key text, send_after timestamptz)
        JOIN jsonb_to_recordset(ready) AS r(position bigint, purpose text, contact_id bigint, channel text, recipient text, address text,
                                            language text) ON r.position = g.position
        CROSS JOIN LATERAL (SELECT rendered -> g.position::text AS made) AS m
        WHERE r.address IS NOT NULL
        -- So that two batches over the same keys queue up.
        ORDER BY g.dedupe_key, g.position
        ON CONFLICT (ledger_id, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
        RETURNING o.message_id, o.dedupe_key
    )
    SELECT jsonb_agg(to_jsonb(q) ORDER BY q.message_id) INTO made FROM queued AS q;

    -- Those without a key were all made, in the order given.
    RETURN QUERY
    WITH given AS (
        SELECT e.position, e.value ->> 'dedupe_key' AS dedupe_key, r.position IS NOT NULL AND r.address IS NULL AS is_lost,
               row_number() OVER (PARTITION BY e.value ->> 'dedupe_key' IS NULL AND r.address IS NOT NULL ORDER BY e.position) AS nth,
               row_number() OVER (PARTITION BY e.value ->> 'dedupe_key' ORDER BY e.position) AS repetition,
               coalesce(e.value ->> 'customer_id', '') AS customer
        FROM jsonb_array_elements(queue_messages.messages) WITH ORDINALITY AS e(value, position)
        LEFT JOIN jsonb_to_recordset(ready) AS r(position bigint, address text) ON r.position = e.position
    ), anonymous AS (
        SELECT m.message_id, row_number() OVER (ORDER BY m.message_id) AS nth
        FROM jsonb_to_recordset(made) AS m(message_id bigint, dedupe_key text) WHERE m.dedupe_key IS NULL
    ), known AS (
        SELECT m.message_id, m.dedupe_key FROM jsonb_to_recordset(made) AS m(message_id bigint, dedupe_key text) WHERE m.dedupe_key IS NOT NULL
    )
    SELECT g.position, coalesce(k.message_id, o.message_id, a.message_id),
           NOT g.is_lost AND (a.message_id IS NOT NULL OR k.message_id IS NOT NULL AND g.repetition = 1),
           CASE WHEN g.is_lost AND o.message_id IS NULL THEN
               format('customer %s has no contact to write to', g.customer) END
    FROM given AS g
    LEFT JOIN known AS k ON k.dedupe_key = g.dedupe_key
    LEFT JOIN LATERAL (SELECT o.message_id FROM ar.outbox AS o
                       WHERE o.ledger_id = queue_messages.ledger_id AND o.dedupe_key = g.dedupe_key OFFSET 0) AS o ON true
    LEFT JOIN anonymous AS a ON g.dedupe_key IS NULL AND NOT g.is_lost AND a.nth = g.nth
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.queue_messages(integer, jsonb) IS
'Puts any number of messages into the outbox. All or none, but for those that reach nobody.
Arguments: ledger_id; messages, a JSON array of objects. What it says: code or template_id, with fields and perhaps language (ar.render_messages()); or purpose, subject and body, and perhaps html. To whom: customer_id, whose contact is chosen (ar.message_contacts()) by role (by default after the purpose) and channel or channels (in order of preference), unless contact_id names him; or channel and address, and perhaps recipient. And perhaps attachments (ar.is_attachments()), send_after (not before that moment), dedupe_key: the same one again returns the first message, and nothing is made.
Result: the position in the array, from 1, the message_id, whether it is new, and error: why there is no message.
Errors: 22023 malformed payload, or a value is missing; 23503 no such ledger, customer or template; 23514 a rule of a column, such as a malformed address.';
REVOKE ALL ON FUNCTION ar.queue_messages(integer, jsonb) FROM PUBLIC;
