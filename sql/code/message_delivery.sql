-- message: the outbox delivered: claims with a lease, and what came of them.

CREATE FUNCTION ar.recheck_messages(ledger_id integer, purpose text, message_ids bigint[])
RETURNS TABLE (message_id bigint, reason text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- By name: what a message is about is known further down the house.
    IF to_regprocedure(format('ar.%I(integer, bigint[])', 'recheck_' || recheck_messages.purpose)) IS NOT NULL THEN
        RETURN QUERY EXECUTE format('SELECT v.message_id, v.reason FROM ar.%I($1, $2) AS v', 'recheck_' || recheck_messages.purpose)
            USING recheck_messages.ledger_id, recheck_messages.message_ids;
    END IF;
END
$$;
COMMENT ON FUNCTION ar.recheck_messages(integer, text, bigint[]) IS
'Which of some messages of one purpose must not go out any more, and why: those that ar.recheck_<purpose>(ledger_id integer, message_ids bigint[]) returns as message_id, reason. Without such a function none. ar.claim_outbox() asks it about what it is about to hand out, and cancels those.
Arguments: ledger_id; purpose; message_ids.';
REVOKE ALL ON FUNCTION ar.recheck_messages(integer, text, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.message_policies(ledger_id integer DEFAULT NULL)
RETURNS TABLE (ledger integer, sender_name text, sender_address text, lease interval, on_ambiguous text, attempts_at_most integer,
               retry_after interval, retry_at_most interval)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT l.ledger_id, coalesce(p.sender_name, l.legal_name, l.name), coalesce(p.sender_address, l.email),
           coalesce(p.lease, interval '10 minutes'), coalesce(p.on_ambiguous, 'hold'), coalesce(p.attempts_at_most, 8),
           coalesce(p.retry_after, interval '1 minute'), coalesce(p.retry_at_most, interval '6 hours')
    FROM ar.ledger AS l
    LEFT JOIN ar.message_policy AS p ON p.ledger_id = l.ledger_id
    WHERE message_policies.ledger_id IS NULL OR l.ledger_id = message_policies.ledger_id;
END
$$;
COMMENT ON FUNCTION ar.message_policies(integer) IS
'How a ledger sends, with the defaults filled in (ar.message_policy). Argument: ledger_id, or NULL for all. Result: ledger, its ledger_id, and the columns of ar.message_policy.';

CREATE FUNCTION ar.settle_messages(ledger_id integer, message_ids bigint[], outcome text, error text, as_of timestamptz)
RETURNS TABLE (message_id bigint, status text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH settled AS MATERIALIZED (
        SELECT o.ledger_id, o.message_id, o.attempts, p.retry_after, p.retry_at_most,
               CASE WHEN settle_messages.outcome = 'permanent' THEN 'failed'
                    WHEN settle_messages.outcome = 'ambiguous' AND p.on_ambiguous = 'hold' THEN 'ambiguous'
                    WHEN o.attempts >= p.attempts_at_most THEN 'failed'
                    ELSE 'queued' END AS status
        FROM (SELECT p.* FROM ar.message_policies(settle_messages.ledger_id) AS p LIMIT 1) AS p
        CROSS JOIN unnest(settle_messages.message_ids) AS w(message_id)
        -- One by one and by key, however few a young outbox seems to have.
        CROSS JOIN LATERAL (
            SELECT o.ledger_id, o.message_id, o.attempts FROM ar.outbox AS o
            WHERE o.ledger_id = settle_messages.ledger_id AND o.message_id = w.message_id OFFSET 0) AS o
    )
    UPDATE ar.outbox AS o
    SET status = s.status, last_error = settle_messages.error,
        next_attempt_at = CASE s.status WHEN 'queued' THEN settle_messages.as_of
            -- Twice as long each time.
            + least(s.retry_at_most, s.retry_after * power(2, least(s.attempts - 1, 20))) ELSE o.next_attempt_at END
    FROM settled AS s
    WHERE o.ledger_id = s.ledger_id AND o.message_id = s.message_id
    RETURNING o.message_id, o.status;
END
$$;
COMMENT ON FUNCTION ar.settle_messages(integer, bigint[], text, text, timestamptz) IS
'Gives messages the status that follows, by the ledger''s policy, from an attempt that did not succeed. For ar.mark_failed() and its like, which lock them first.
Arguments: ledger_id; message_ids; outcome: temporary, permanent or ambiguous; error; as_of.';

CREATE FUNCTION ar.lock_message(ledger_id integer, message_id bigint, OUT status text, OUT attempts integer)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT o.status, o.attempts INTO lock_message.status, lock_message.attempts
    FROM ar.outbox AS o
    WHERE o.ledger_id = lock_message.ledger_id AND o.message_id = lock_message.message_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('message %s does not exist in ledger %s', lock_message.message_id, lock_message.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.lock_message(integer, bigint) IS
'Locks a message of the outbox, and says its status and how often it was claimed. Errors: 23503 no such message.';

CREATE FUNCTION ar.expire_claims(ledger_id integer DEFAULT NULL, as_of timestamptz DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := coalesce(expire_claims.as_of, clock_timestamp());
    of_ledger integer;
    lost bigint[];
    expired bigint := 0;
BEGIN
    FOR of_ledger IN
        SELECT l.ledger_id FROM ar.ledger AS l
        WHERE (expire_claims.ledger_id IS NULL OR l.ledger_id = expire_claims.ledger_id)
          AND EXISTS (SELECT FROM ar.outbox AS o
                      WHERE o.ledger_id = l.ledger_id AND o.status = 'sending' AND o.lease_until < moment)
        ORDER BY l.ledger_id
    LOOP
        SELECT array_agg(q.message_id) INTO lost
        FROM (SELECT o.message_id FROM ar.outbox AS o
              WHERE o.ledger_id = of_ledger AND o.status = 'sending' AND o.lease_until < moment
              FOR NO KEY UPDATE SKIP LOCKED) AS q;
        PERFORM ar.settle_messages(of_ledger, lost, 'ambiguous', 'its sender did not say what became of it', moment);
        expired := expired + coalesce(cardinality(lost), 0);
    END LOOP;
    RETURN expired;
END
$$;
COMMENT ON FUNCTION ar.expire_claims(integer, timestamptz) IS
'Settles the claims whose lease is over: nobody knows whether those messages were sent. By ar.message_policy.on_ambiguous they wait for a person, or are queued again. Returns how many. ar.claim_outbox() does it first.
Arguments: ledger_id, or NULL for all; as_of, by default now.';

CREATE FUNCTION ar.claim_outbox(
    n integer DEFAULT 10, channels text[] DEFAULT NULL, ledger_id integer DEFAULT NULL, claimed_by text DEFAULT NULL,
    as_of timestamptz DEFAULT NULL
) RETURNS TABLE (
    ledger integer, message_id bigint, purpose text, customer_id bigint, channel text, sender_name text, sender_address text,
    recipient text, address text, language text, subject text, body text, html text, attachments jsonb, attempt integer,
    lease_until timestamptz)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    moment timestamptz := coalesce(claim_outbox.as_of, clock_timestamp());
    remaining integer := claim_outbox.n;
    source record;
    kind record;
    ids bigint[];
    barred bigint[];
    claimed integer;
    message text;
    state text;
BEGIN
    IF claim_outbox.n IS NULL OR claim_outbox.n < 1 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'at least one message must be claimed', HINT = 'Give n, the most to hand out.';
    END IF;
    PERFORM ar.expire_claims(claim_outbox.ledger_id, moment);
    -- The ledgers and channels that have something to send, what has waited longest first.
    FOR source IN
        SELECT p.*, c.channel
        FROM ar.message_policies(claim_outbox.ledger_id) AS p
        CROSS JOIN unnest(coalesce(claim_outbox.channels, '{email,letter,sms,phone,e_invoice}')) AS c(channel)
        CROSS JOIN LATERAL (
            SELECT o.next_attempt_at FROM ar.outbox AS o
            WHERE o.ledger_id = p.ledger AND o.channel = c.channel AND o.status = 'queued' AND o.next_attempt_at <= moment
            ORDER BY o.next_attempt_at LIMIT 1) AS oldest
        ORDER BY oldest.next_attempt_at, p.ledger, c.channel
    LOOP
        WHILE remaining > 0 LOOP
            SELECT array_agg(q.message_id) INTO ids
            FROM (SELECT o.message_id FROM ar.outbox AS o
                  WHERE o.ledger_id = source.ledger AND o.channel = source.channel AND o.status = 'queued'
                    AND o.next_attempt_at <= moment
                  ORDER BY o.next_attempt_at, o.message_id LIMIT remaining
                  FOR NO KEY UPDATE SKIP LOCKED) AS q;
            EXIT WHEN ids IS NULL;
            FOR kind IN
                SELECT o.purpose, array_agg(o.message_id ORDER BY o.message_id) AS message_ids
                FROM ar.outbox AS o
                WHERE o.ledger_id = source.ledger AND o.message_id = ANY (ids)
                GROUP BY o.purpose ORDER BY o.purpose
            LOOP
                CONTINUE WHEN to_regprocedure(format('ar.%I(integer, bigint[])', 'recheck_' || kind.purpose)) IS NULL;
                BEGIN
                    WITH vetoed AS (
                        UPDATE ar.outbox AS o SET status = 'cancelled', last_error = coalesce(v.reason, 'not to be sent any more')
                        FROM ar.recheck_messages(source.ledger, kind.purpose, kind.message_ids) AS v
                        WHERE o.ledger_id = source.ledger AND o.message_id = v.message_id AND o.message_id = ANY (kind.message_ids)
                        RETURNING o.message_id
                    )
                    SELECT array_agg(v.message_id) INTO barred FROM vetoed AS v;
                EXCEPTION WHEN OTHERS THEN
                    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
                    -- What is nobody's fault is not the check's: no serialization, resources or shutdown.
                    IF left(state, 2) IN ('40', '53', '57', '58', 'XX') THEN
                        RAISE;
                    END IF;
                    -- What cannot be checked does not go out, and does not hold up the rest.
                    RAISE WARNING 'messages of purpose % cannot be checked: %', kind.purpose, message USING ERRCODE = state;
                    barred := kind.message_ids;
                    UPDATE ar.outbox AS o SET next_attempt_at = moment + source.retry_after,
                        last_error = format('cannot be checked: %s: %s', state, message)
                    WHERE o.ledger_id = source.ledger AND o.message_id = ANY (barred);
                END;
                ids := ARRAY(SELECT unnest(ids) EXCEPT SELECT unnest(barred));
            END LOOP;
            RETURN QUERY
            UPDATE ar.outbox AS o
            SET status = 'sending', claimed_by = coalesce(claim_outbox.claimed_by, session_user || ' ' || pg_backend_pid()),
                claimed_at = moment, lease_until = moment + source.lease
            WHERE o.ledger_id = source.ledger AND o.message_id = ANY (ids)
            RETURNING o.ledger_id, o.message_id, o.purpose, o.customer_id, o.channel, source.sender_name, source.sender_address,
                      o.recipient, o.address, o.language, o.subject, o.body, o.html, o.attachments, o.attempts, o.lease_until;
            GET DIAGNOSTICS claimed = ROW_COUNT;
            remaining := remaining - claimed;
        END LOOP;
        EXIT WHEN remaining = 0;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.claim_outbox(integer, text[], integer, text, timestamptz) IS
'Hands out messages that are due to a sender, who has them for the lease of the ledger (ar.message_policy). Commit, then send, then say what came of each: ar.mark_sent(), ar.mark_failed() or ar.mark_ambiguous(). Two senders at once get different messages, and neither waits.
Before a message goes out, ar.recheck_messages() may still veto it: then it is cancelled. What cannot be checked waits, with a warning.
Arguments: n, the most to hand out; channels, or NULL for all; ledger_id, or NULL for all; claimed_by, the name of the sender; as_of, by default now.
Result: ledger, its ledger_id; what to send, by whom (sender_name, sender_address) and to whom; attempt, which one it is; lease_until.
Errors: 22023 n is not positive.';

CREATE FUNCTION ar.mark_sent(
    ledger_id integer, message_id bigint, provider_reference text DEFAULT NULL, as_of timestamptz DEFAULT NULL
) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF (ar.lock_message(mark_sent.ledger_id, mark_sent.message_id)).status = 'sent' THEN
        RETURN false;
    END IF;
    UPDATE ar.outbox AS o
    SET status = 'sent', sent_at = coalesce(mark_sent.as_of, clock_timestamp()), provider_reference = mark_sent.provider_reference
    WHERE o.ledger_id = mark_sent.ledger_id AND o.message_id = mark_sent.message_id;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ar.mark_sent(integer, bigint, text, timestamptz) IS
'Records that a claimed message was sent; also late, whatever was thought of it meanwhile. Returns whether that is news.
Arguments: ledger_id; message_id; provider_reference, by which whoever delivers it knows it; as_of, by default now.
Errors: 23503 no such message; RA004 it was never claimed, or came back.';

CREATE FUNCTION ar.mark_failed(
    ledger_id integer, message_id bigint, error text, permanent boolean DEFAULT false, attempt integer DEFAULT NULL,
    as_of timestamptz DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held record := ar.lock_message(mark_failed.ledger_id, mark_failed.message_id);
BEGIN
    -- Somebody else has it by now.
    IF held.attempts <> mark_failed.attempt THEN
        RETURN held.status;
    END IF;
    IF held.status NOT IN ('sending', 'ambiguous') THEN
        PERFORM ar.refuse_message_move(mark_failed.message_id, held.status, 'failed');
    END IF;
    RETURN (SELECT s.status FROM ar.settle_messages(mark_failed.ledger_id, ARRAY[mark_failed.message_id],
        CASE WHEN mark_failed.permanent THEN 'permanent' ELSE 'temporary' END,
        coalesce(mark_failed.error, 'no reason is known'), coalesce(mark_failed.as_of, clock_timestamp())) AS s);
END
$$;
COMMENT ON FUNCTION ar.mark_failed(integer, bigint, text, boolean, integer, timestamptz) IS
'Records that a claimed message was certainly not sent, and returns its status: queued, to be tried again, each time after twice as long, or failed, if that is permanent or the attempts are used up.
Arguments: ledger_id; message_id; error, what went wrong; permanent; attempt, as ar.claim_outbox() gave it: a sender who is late then changes nothing; as_of, by default now.
Errors: 23503 no such message; RA004 it is not with a sender.';

CREATE FUNCTION ar.mark_ambiguous(
    ledger_id integer, message_id bigint, error text, attempt integer DEFAULT NULL, as_of timestamptz DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held record := ar.lock_message(mark_ambiguous.ledger_id, mark_ambiguous.message_id);
BEGIN
    IF held.attempts <> mark_ambiguous.attempt OR held.status = 'ambiguous' THEN
        RETURN held.status;
    END IF;
    IF held.status <> 'sending' THEN
        PERFORM ar.refuse_message_move(mark_ambiguous.message_id, held.status, 'ambiguous');
    END IF;
    RETURN (SELECT s.status FROM ar.settle_messages(mark_ambiguous.ledger_id, ARRAY[mark_ambiguous.message_id], 'ambiguous',
        coalesce(mark_ambiguous.error, 'no reason is known'), coalesce(mark_ambiguous.as_of, clock_timestamp())) AS s);
END
$$;
COMMENT ON FUNCTION ar.mark_ambiguous(integer, bigint, text, integer, timestamptz) IS
'Records that nobody knows whether a claimed message was sent, and returns its status: ambiguous, for a person to decide, or queued, if the ledger''s policy is to send it again.
Arguments: ledger_id; message_id; error; attempt, as ar.claim_outbox() gave it; as_of, by default now.
Errors: 23503 no such message; RA004 it is not with a sender.';

CREATE FUNCTION ar.resolve_ambiguous(
    ledger_id integer, message_id bigint, was_sent boolean, note text DEFAULT NULL, as_of timestamptz DEFAULT NULL
) RETURNS text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held record := ar.lock_message(resolve_ambiguous.ledger_id, resolve_ambiguous.message_id);
    moment timestamptz := coalesce(resolve_ambiguous.as_of, clock_timestamp());
    resolved text := CASE WHEN resolve_ambiguous.was_sent THEN 'sent' ELSE 'queued' END;
BEGIN
    IF resolve_ambiguous.was_sent IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = 'whether the message was sent must be known', HINT = 'Give was_sent, true or false.';
    END IF;
    IF held.status <> 'ambiguous' THEN
        PERFORM ar.refuse_message_move(resolve_ambiguous.message_id, held.status, resolved);
    END IF;
    UPDATE ar.outbox AS o
    SET status = resolved, last_error = coalesce(resolve_ambiguous.note, o.last_error),
        -- Its sender had it until then at most.
        sent_at = CASE WHEN resolved = 'sent' THEN coalesce(o.claimed_at, moment) END,
        next_attempt_at = CASE resolved WHEN 'queued' THEN moment ELSE o.next_attempt_at END
    WHERE o.ledger_id = resolve_ambiguous.ledger_id AND o.message_id = resolve_ambiguous.message_id;
    RETURN resolved;
END
$$;
COMMENT ON FUNCTION ar.resolve_ambiguous(integer, bigint, boolean, text, timestamptz) IS
'Decides what became of an ambiguous message, and returns its status: sent, dated by its claim, or queued, to be sent again at once.
Arguments: ledger_id; message_id; was_sent; note, how that is known; as_of, by default now.
Errors: 22004 was_sent is NULL; 23503 no such message; RA004 it is not ambiguous.';

CREATE FUNCTION ar.requeue_message(ledger_id integer, message_id bigint, as_of timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held record := ar.lock_message(requeue_message.ledger_id, requeue_message.message_id);
BEGIN
    IF held.status <> 'failed' THEN
        PERFORM ar.refuse_message_move(requeue_message.message_id, held.status, 'queued');
    END IF;
    UPDATE ar.outbox AS o SET status = 'queued', next_attempt_at = coalesce(requeue_message.as_of, clock_timestamp())
    WHERE o.ledger_id = requeue_message.ledger_id AND o.message_id = requeue_message.message_id;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ar.requeue_message(integer, bigint, timestamptz) IS
'Has a message that failed tried once more, say when what was broken works again. Returns true.
Arguments: ledger_id; message_id; as_of, by default now. Errors: 23503 no such message; RA004 it has not failed, or came back: queue another, to another address.';

CREATE FUNCTION ar.refuse_message_move(message_id bigint, from_status text, to_status text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE SQLSTATE 'RA004' USING
        MESSAGE = format('message %s is %s and cannot become %s', message_id, from_status, to_status),
        HINT = CASE from_status WHEN 'queued' THEN 'Claim it first, with ar.claim_outbox().'
                                WHEN 'sending' THEN 'Its sender has it: wait until it is sent, has failed or is ambiguous.'
                                ELSE 'Queue another message, with another dedupe_key.' END,
        TABLE = 'outbox', SCHEMA = 'ar', COLUMN = 'status';
END
$$;
COMMENT ON FUNCTION ar.refuse_message_move(bigint, text, text) IS
'Raises RA004: a message cannot go from one status to another. Arguments: message_id; from_status; to_status.';

CREATE FUNCTION ar.cancel_messages(ledger_id integer, message_ids bigint[], reason text)
RETURNS TABLE (message_id bigint, status text)
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    absent bigint;
BEGIN
    SELECT w.message_id INTO absent
    FROM unnest(cancel_messages.message_ids) AS w(message_id)
    WHERE NOT EXISTS (SELECT FROM ar.outbox AS o
                      WHERE o.ledger_id = cancel_messages.ledger_id AND o.message_id = w.message_id)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.lock_message(cancel_messages.ledger_id, absent);     -- says that there is no such message
    END IF;
    RETURN QUERY
    WITH held AS MATERIALIZED (
        SELECT o.ledger_id, o.message_id, o.status FROM ar.outbox AS o
        WHERE o.ledger_id = cancel_messages.ledger_id AND o.message_id = ANY (cancel_messages.message_ids)
        ORDER BY o.message_id FOR NO KEY UPDATE
    ), cancelled AS (
        UPDATE ar.outbox AS o SET status = 'cancelled', last_error = cancel_messages.reason
        FROM held AS h
        WHERE o.ledger_id = h.ledger_id AND o.message_id = h.message_id
          AND h.status IN ('queued', 'ambiguous', 'failed') AND o.bounced_at IS NULL
        RETURNING o.message_id, o.status
    )
    SELECT h.message_id, coalesce(c.status, h.status)
    FROM held AS h LEFT JOIN cancelled AS c ON c.message_id = h.message_id
    ORDER BY h.message_id;
END
$$;
COMMENT ON FUNCTION ar.cancel_messages(integer, bigint[], text) IS
'Cancels messages that have not gone out, and returns the status that each has: cancelled, or another one, if it is too late: a sender has it, it is sent, or it came back.
Arguments: ledger_id; message_ids; reason. Errors: 23503 no such message.';

CREATE FUNCTION ar.cancel_message(ledger_id integer, message_id bigint, reason text) RETURNS boolean
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.status = 'cancelled'
    FROM ar.cancel_messages(cancel_message.ledger_id, ARRAY[cancel_message.message_id], cancel_message.reason) AS c
$$;
COMMENT ON FUNCTION ar.cancel_message(integer, bigint, text) IS
'Cancels a message that has not gone out. Returns false if it is too late: a sender has it, or it is sent.
Arguments: ledger_id; message_id; reason. Errors: 23503 no such message.';

CREATE FUNCTION ar.record_bounce(ledger_id integer, message_id bigint, error text, as_of timestamptz DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    held record := ar.lock_message(record_bounce.ledger_id, record_bounce.message_id);
BEGIN
    IF EXISTS (SELECT FROM ar.outbox AS o
               WHERE o.ledger_id = record_bounce.ledger_id AND o.message_id = record_bounce.message_id AND o.bounced_at IS NOT NULL) THEN
        RETURN false;
    END IF;
    -- What comes back was sent.
    PERFORM ar.mark_sent(record_bounce.ledger_id, record_bounce.message_id, as_of => record_bounce.as_of);
    UPDATE ar.outbox AS o
    SET status = 'failed', bounced_at = coalesce(record_bounce.as_of, clock_timestamp()), last_error = coalesce(record_bounce.error, 'it came back')
    WHERE o.ledger_id = record_bounce.ledger_id AND o.message_id = record_bounce.message_id;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ar.record_bounce(integer, bigint, text, timestamptz) IS
'Records that a message came back, as an e-mail does that cannot be delivered: it has failed, and its contact is not written to at that address any more (ar.message_contacts()). Returns whether that is news.
Arguments: ledger_id; message_id; error; as_of, by default now. Errors: 23503 no such message; RA004 it was never claimed.';

REVOKE ALL ON FUNCTION ar.settle_messages(integer, bigint[], text, text, timestamptz), ar.lock_message(integer, bigint),
    ar.expire_claims(integer, timestamptz), ar.claim_outbox(integer, text[], integer, text, timestamptz),
    ar.mark_sent(integer, bigint, text, timestamptz), ar.mark_failed(integer, bigint, text, boolean, integer, timestamptz),
    ar.mark_ambiguous(integer, bigint, text, integer, timestamptz), ar.resolve_ambiguous(integer, bigint, boolean, text, timestamptz),
    ar.requeue_message(integer, bigint, timestamptz), ar.cancel_messages(integer, bigint[], text),
    ar.cancel_message(integer, bigint, text), ar.record_bounce(integer, bigint, text, timestamptz) FROM PUBLIC;
