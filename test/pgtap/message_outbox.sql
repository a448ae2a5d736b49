-- Protects the outbox: a message is queued once and to the right address, its content is a fact, its delivery moves only as
-- the states allow, what may have been sent is not sent again unasked, and what need not go out any more does not.
-- The clock is given: 10:00 is when all begins.

BEGIN;
\ir helper.psql
SELECT plan(83);

SELECT ar.create_ledger('TEST', 'Test', 'EUR'), ar.create_ledger('OTHER', 'Other', 'EUR');
UPDATE ar.ledger SET email = 'ar@example.com', country = 'DE' WHERE code = 'TEST';
SELECT ar.create_customer(pg_temp.ledger(), c, 'Customer ' || c, details => d::jsonb) FROM (VALUES
    ('C1', '{"language": "fr", "contacts": [{"channel": "email", "address": "billing@c1.example"}, {"channel": "email", "address": "late@c1.example", "role": "dunning", "name": "Ms Late", "language": "de-AT"},
             {"channel": "email", "address": "first@c1.example", "role": "dunning", "is_primary": true}, {"channel": "sms", "address": "+491701234567"}]}'),
    ('C2', '{"street": "Road 2", "city": "Leeds", "postal_code": "LS1", "country": "GB", "contacts": [{"channel": "sms", "address": "+447700900123"}]}'),
    ('C3', '{}')) AS v(c, d);
SELECT ar.save_message_template(pg_temp.ledger(), 'hello', l, 'Hello {{contact_name}}', 'Body {{message}} ' || l, purpose => 'notice') FROM unnest('{en,de,fr}'::text[]) AS l;

CREATE FUNCTION pg_temp.at(clock text) RETURNS timestamptz LANGUAGE sql AS $$ SELECT ('2026-03-02 ' || clock || '+00')::timestamptz $$;
-- Queues one plain message under a key: its id.
CREATE FUNCTION pg_temp.queued(key text, details jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
    SELECT q.message_id FROM ar.queue_messages(pg_temp.ledger(), jsonb_build_array(jsonb_build_object('purpose', 'notice', 'subject', 'S', 'body', key, 'channel', 'email',
        'address', 'x@example.com', 'dedupe_key', key, 'send_after', '2026-03-02 10:00+00') || details)) AS q
$$;
CREATE FUNCTION pg_temp.message(key text) RETURNS bigint LANGUAGE sql AS $$ SELECT o.message_id FROM ar.outbox AS o WHERE o.dedupe_key = key AND o.ledger_id = pg_temp.ledger() $$;
-- Claims, and says the keys of what it got.
CREATE FUNCTION pg_temp.claimed(n integer, clock text, channels text[] DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(o.dedupe_key || c.attempt, ' ' ORDER BY o.dedupe_key) FROM ar.claim_outbox(n, channels, pg_temp.ledger(), 'tester', pg_temp.at(clock)) AS c JOIN ar.outbox AS o USING (message_id)
$$;
CREATE FUNCTION pg_temp.delivery(key text) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ', o.status, o.attempts, CASE WHEN o.status = 'queued' THEN to_char(o.next_attempt_at, 'HH24:MI:SS') END, o.last_error) FROM ar.outbox AS o WHERE o.dedupe_key = key AND o.ledger_id = pg_temp.ledger()
$$;

-- To whom

CREATE FUNCTION pg_temp.reached(role text, channels text[] DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(c.code || ' ' || m.channel || ' ' || replace(m.address, E'\n', '/'), ', ' ORDER BY c.code)
    FROM ar.message_contacts(pg_temp.ledger(), ARRAY(SELECT customer_id FROM ar.customer WHERE ledger_id = pg_temp.ledger()), role, channels) AS m JOIN ar.customer AS c USING (customer_id)
$$;
SELECT is(pg_temp.reached('dunning'), 'C1 email first@c1.example, C2 letter Road 2/Leeds LS1/GB', 'the primary contact of the role; a letter to his own address; nobody');
SELECT is(pg_temp.reached('statement'), 'C1 email billing@c1.example, C2 letter Road 2/Leeds LS1/GB', 'without one for the role, that for billing');
SELECT is(pg_temp.reached('dunning', '{sms,email}'), 'C1 sms +491701234567, C2 sms +447700900123', 'the first channel by which he can be reached');
INSERT INTO ar.message_policy (ledger_id, channels) VALUES (pg_temp.ledger(), '{sms}');
SELECT is(pg_temp.reached('dunning'), 'C1 sms +491701234567, C2 sms +447700900123', 'the ledger''s policy');
DELETE FROM ar.message_policy;

-- What is queued

SELECT results_eq($$SELECT element, message_id IS NOT NULL, is_new, error FROM ar.queue_messages(pg_temp.ledger(), (SELECT jsonb_agg(jsonb_build_object('code', 'hello', 'customer_id', pg_temp.customer(c),
        'role', 'dunning', 'fields', '{"message": "you"}'::jsonb, 'dedupe_key', c)) FROM unnest('{C1,C2,C3,C1}'::text[]) AS c))$$,
    format($$VALUES (1::bigint, true, true, NULL), (2, true, true, NULL), (3, false, false, 'customer %s has no contact to write to'), (4, true, false, NULL)$$, pg_temp.customer('C3')),
    'a message for each who can be reached, the same key once');
SELECT results_eq($$SELECT dedupe_key, purpose, channel, recipient, address, language, subject, body, status, attempts FROM ar.outbox ORDER BY 1$$,
    $$VALUES ('C1', 'notice', 'email', 'Customer C1', 'first@c1.example', 'fr', 'Hello Customer C1', 'Body you fr', 'queued', 0),
             ('C2', 'notice', 'letter', 'Customer C2', E'Road 2\nLeeds LS1\nGB', 'de', 'Hello Customer C2', 'Body you de', 'queued', 0)$$,
    'addressed and filled in, each in his language or that of the ledger');
SELECT ok(html ~ '^<!DOCTYPE html>' AND template_id IS NOT NULL AND customer_id = pg_temp.customer('C1'), 'as a page, too, and from which template') FROM ar.outbox WHERE dedupe_key = 'C1';
SELECT results_eq($$SELECT message_id, is_new FROM ar.queue_messages(pg_temp.ledger(), jsonb_build_array(jsonb_build_object('code', 'hello', 'customer_id', pg_temp.customer('C1'), 'fields', '{"message": "changed"}'::jsonb, 'dedupe_key', 'C1')))$$,
    $$SELECT pg_temp.message('C1'), false$$, 'the same key again is the first message');
SELECT is((SELECT count(*) FROM ar.outbox), 2::bigint, 'and no other');
SELECT is((SELECT m.is_new FROM ar.queue_messages(pg_temp.ledger('OTHER'), '[{"purpose": "notice", "subject": "S", "body": "B", "channel": "sms", "address": "+4917012345", "dedupe_key": "C1"}]') AS m), true, 'a key is of a ledger');
UPDATE ar.outbox SET status = 'cancelled', last_error = 'out of the way' WHERE ledger_id = pg_temp.ledger('OTHER');
SELECT ar.queue_messages(pg_temp.ledger(), (SELECT jsonb_agg(jsonb_build_object('code', 'hello', 'customer_id', k.customer_id, 'contact_id', k.contact_id,
        'channel', 'email', 'fields', '{"message": "x"}'::jsonb)) FROM ar.contact AS k WHERE k.name = 'Ms Late'));
SELECT results_eq($$SELECT o.recipient, o.address, o.language, o.subject FROM ar.outbox AS o WHERE o.dedupe_key IS NULL$$, $$VALUES ('Ms Late', 'late@c1.example', 'de', 'Hello Ms Late')$$, 'to a contact that is named, in his language');
CREATE TEMPORARY TABLE three AS SELECT * FROM ar.queue_messages(pg_temp.ledger(), '[{"purpose": "notice", "subject": "S", "body": "a", "channel": "sms", "address": "+4917012345"},
        {"purpose": "notice", "subject": "S", "body": "b", "channel": "sms", "address": "+4917012345"}, {"purpose": "notice", "subject": "S", "body": "c", "channel": "sms", "address": "+4917012345"}]');
SELECT results_eq('SELECT t.element, o.body FROM three AS t JOIN ar.outbox AS o USING (message_id) ORDER BY 1', $$VALUES (1::bigint, 'a'), (2, 'b'), (3, 'c')$$, 'without a key each is another, in the order given');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.queue_messages(pg_temp.ledger(), '[{"purpose": "notice", "subject": "S", "channel": "sms", "address": "+4917012345"}]')$$, 'all'),
    E'22023: malformed messages\nElement 1 must have either code, template_id or body.\nA message is made from a template (code, fields), or comes with purpose, subject and body; it goes to a customer, or to a channel and address.', 'a message says something');
SELECT matches(pg_temp.outcome($$SELECT * FROM ar.queue_messages(pg_temp.ledger(), '[{"purpose": "notice", "subject": "S", "body": "B"}]')$$, 'all'), 'Element 1 must have customer_id or address', 'to somebody');
SELECT is(pg_temp.outcome($$SELECT pg_temp.queued('k', '{"adress": "x"}')$$), '22023', 'a misspelt key is an error');
SELECT is(pg_temp.outcome($$SELECT pg_temp.queued('k', '{"address": "no address"}')$$, 'constraint'), '23514 outbox_address_check', 'an address has the form of its channel');
SELECT is(pg_temp.outcome($$SELECT pg_temp.queued('k', '{"subject": "a\nBcc: b@example.com"}')$$, 'constraint'), '23514 outbox_subject_check', 'a subject is one line');
SELECT is(pg_temp.outcome($$SELECT pg_temp.queued('k', '{"attachments": [{"name": "../a", "type": "text/plain", "content": ""}]}')$$, 'constraint'), '23514 outbox_attachments_check', 'an attachment has a name without a directory');
SELECT is(pg_temp.outcome($$SELECT pg_temp.queued('k', '{"attachments": [{"name": "a.pdf", "type": "application/pdf", "content": "QUJD"}]}')$$), 'done', 'type and content');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.queue_messages(-1, '[]')$$), '23503', 'a ledger there is');

-- What it says is a fact

SELECT is(pg_temp.outcome(format('UPDATE ar.outbox SET %s WHERE dedupe_key = ''C1''', set)), 'RA003', set) FROM unnest(ARRAY['body = ''x''', 'address = ''a@example.com''', 'dedupe_key = NULL', 'customer_id = NULL', 'attempts = 3']) AS set;
SELECT is(pg_temp.outcome('DELETE FROM ar.outbox'), 'RA003', 'nothing is deleted');
SELECT is(pg_temp.outcome('TRUNCATE ar.outbox CASCADE'), 'RA003', 'nor truncated');
SELECT is(pg_temp.outcome($$INSERT INTO ar.outbox (ledger_id, purpose, channel, address, subject, body, status, attempts, sent_at) VALUES (pg_temp.ledger(), 'notice', 'email', 'a@example.com', 'S', 'B', 'sent', 1, now())$$), 'RA004', 'nothing begins as sent');

-- The states: every move there is

SELECT is((SELECT string_agg(f || '>' || t, ' ' ORDER BY f, t) FROM unnest('{queued,sending,sent,failed,ambiguous,cancelled}'::text[]) AS f, unnest('{queued,sending,sent,failed,ambiguous,cancelled}'::text[]) AS t WHERE ar.can_move_message(f, t)),
    'ambiguous>cancelled ambiguous>failed ambiguous>queued ambiguous>sent cancelled>sent failed>cancelled failed>queued failed>sent queued>cancelled queued>sending queued>sent sending>ambiguous sending>failed sending>queued sending>sent sent>failed', 'the moves');
SELECT is(pg_temp.outcome($$UPDATE ar.outbox SET status = 'sent' WHERE dedupe_key = 'C1'$$, 'all'), format(E'RA004: message %s is queued and cannot become sent\nClaim it first, with ar.claim_outbox().', pg_temp.message('C1')), 'what nobody claimed was not sent');

-- Claims: from here on the others are out of the way.
SELECT count(*) FROM ar.outbox AS o, ar.cancel_message(o.ledger_id, o.message_id, 'out of the way');
SELECT pg_temp.queued('a'), pg_temp.queued('b'), pg_temp.queued('c', '{"channel": "sms", "address": "+491701234567"}'), pg_temp.queued('d', '{"send_after": "2026-03-02 12:00+00"}');
SELECT is(pg_temp.claimed(10, '09:59'), NULL, 'nothing before its time');
SELECT is(pg_temp.claimed(1, '10:00'), 'a1', 'the first');
SELECT is(pg_temp.claimed(10, '10:00', '{sms}'), 'c1', 'of a channel');
SELECT is(pg_temp.claimed(10, '10:00'), 'b1', 'each once');
SELECT is(pg_temp.claimed(10, '10:09'), NULL, 'while a lease lasts nobody else gets it');
SELECT is(pg_temp.outcome('SELECT * FROM ar.claim_outbox(0)'), '22023', 'at least one');
SELECT results_eq($$SELECT claimed_by, claimed_at, lease_until FROM ar.outbox WHERE dedupe_key = 'a'$$, $$VALUES ('tester', pg_temp.at('10:00'), pg_temp.at('10:10'))$$, 'who has it until when');
SELECT is(ar.mark_sent(pg_temp.ledger(), pg_temp.message('a'), '<1@example.com>', pg_temp.at('10:01')), true, 'sent');
SELECT is(ar.mark_sent(pg_temp.ledger(), pg_temp.message('a'), 'other', pg_temp.at('10:02')), false, 'which is no news twice');
SELECT results_eq($$SELECT status, sent_at, provider_reference FROM ar.outbox WHERE dedupe_key = 'a'$$, $$VALUES ('sent', pg_temp.at('10:01'), '<1@example.com>')$$, 'the first word counts');
SELECT is(pg_temp.outcome($$SELECT ar.mark_failed(pg_temp.ledger(), pg_temp.message('a'), 'x')$$), 'RA004', 'what was sent has not failed');
SELECT is(pg_temp.outcome($$SELECT ar.mark_sent(pg_temp.ledger(), -1)$$), '23503', 'no such message');
SELECT is(pg_temp.outcome($$SELECT ar.mark_sent(pg_temp.ledger('OTHER'), pg_temp.message('a'))$$), '23503', 'not in another ledger');
SELECT is(pg_temp.outcome($$SELECT ar.mark_sent(pg_temp.ledger(), pg_temp.message('d'))$$), 'RA004', 'what was never claimed was not sent');

-- Failures: after 1, 2, 4 minutes
INSERT INTO ar.message_policy (ledger_id, attempts_at_most, retry_at_most) VALUES (pg_temp.ledger(), 5, interval '3 minutes');
SELECT is(ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '421 later', as_of => pg_temp.at('10:01')), 'queued', 'a failure is tried again');
SELECT is(pg_temp.delivery('b'), 'queued, 1, 10:02:00, 421 later', 'a minute later');
SELECT is(pg_temp.claimed(10, '10:01:59'), NULL, 'not before');
SELECT is(pg_temp.claimed(10, '10:02'), 'b2', 'a second attempt');
SELECT is(ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '421 later', attempt => 1, as_of => pg_temp.at('10:02')) || pg_temp.delivery('b'), 'sendingsending, 2, 421 later', 'a sender who is late changes nothing');
SELECT is(ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '421', attempt => 2, as_of => pg_temp.at('10:03')) || pg_temp.delivery('b'), 'queuedqueued, 2, 10:05:00, 421', 'two minutes later');
SELECT pg_temp.claimed(10, '10:05');
SELECT is(ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '421', as_of => pg_temp.at('10:06')) || pg_temp.delivery('b'), 'queuedqueued, 3, 10:09:00, 421', 'four, but three at most');
SELECT pg_temp.claimed(10, '10:09');
SELECT ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '421', as_of => pg_temp.at('10:10'));
SELECT pg_temp.claimed(10, '10:20', '{email}');
SELECT is(ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '421', as_of => pg_temp.at('10:21')) || pg_temp.delivery('b'), 'failedfailed, 5, 421', 'and at last no more');
SELECT is(ar.requeue_message(pg_temp.ledger(), pg_temp.message('b'), pg_temp.at('10:30'))::text || pg_temp.claimed(1, '10:30', '{email}'), 'trueb6', 'unless somebody wants it');
SELECT is(ar.mark_failed(pg_temp.ledger(), pg_temp.message('b'), '550 unknown', true, as_of => pg_temp.at('10:31')), 'failed', 'for good at once');
SELECT is(ar.cancel_message(pg_temp.ledger(), pg_temp.message('b'), 'enough'), true, 'what failed can be cancelled');

-- Leases that ran out: c was claimed at 10:00
SELECT is(pg_temp.delivery('c'), 'ambiguous, 1, its sender did not say what became of it', 'what its sender says nothing of is ambiguous');
SELECT is(pg_temp.claimed(10, '11:00'), NULL, 'and not sent again');
SELECT is(ar.mark_sent(pg_temp.ledger(), pg_temp.message('c'), 'late', pg_temp.at('11:00'))::text || pg_temp.delivery('c'), 'truesent, 1, its sender did not say what became of it', 'a sender may say so late');
SELECT pg_temp.queued('e'), pg_temp.queued('f'), pg_temp.queued('g');
SELECT pg_temp.claimed(3, '11:00');
SELECT is(ar.mark_ambiguous(pg_temp.ledger(), m, 'the connection broke', as_of => pg_temp.at('11:01')), 'ambiguous', 'or that he does not know') FROM unnest(ARRAY[pg_temp.message('e'), pg_temp.message('f')]) AS m;
SELECT is(ar.resolve_ambiguous(pg_temp.ledger(), pg_temp.message('e'), true, 'the log says so', pg_temp.at('11:10')), 'sent', 'a person finds out that it was sent');
SELECT is((SELECT sent_at FROM ar.outbox WHERE dedupe_key = 'e'), pg_temp.at('11:00'), 'when it was claimed');
SELECT is(ar.resolve_ambiguous(pg_temp.ledger(), pg_temp.message('f'), false, as_of => pg_temp.at('11:10')) || pg_temp.claimed(5, '11:10', '{email}'), 'queuedf2', 'or that it was not: then it is sent');
SELECT is(pg_temp.outcome($$SELECT ar.resolve_ambiguous(pg_temp.ledger(), pg_temp.message('f'), true)$$), 'RA004', 'only what is ambiguous');
SELECT is(pg_temp.outcome($$SELECT ar.resolve_ambiguous(pg_temp.ledger(), pg_temp.message('f'), NULL)$$), '22004', 'yes or no');
SELECT is(ar.cancel_message(pg_temp.ledger(), pg_temp.message('f'), 'x'), false, 'what a sender has is not cancelled');
UPDATE ar.message_policy SET on_ambiguous = 'resend';
-- g was claimed at 11:00, f at 11:10.
SELECT is(pg_temp.claimed(5, '11:12', '{email}'), NULL, 'with a policy to resend, what is ambiguous waits like a failure');
SELECT is(pg_temp.delivery('g'), 'queued, 1, 11:13:00, its sender did not say what became of it', 'after its lease it is queued');
SELECT is(pg_temp.claimed(1, '11:13', '{email}') || ar.mark_sent(pg_temp.ledger(), pg_temp.message('g'), as_of => pg_temp.at('11:14')), 'g2true', 'and sent again');
SELECT ar.expire_claims(pg_temp.ledger(), pg_temp.at('11:21'));
SELECT is(ar.mark_sent(pg_temp.ledger(), pg_temp.message('f'), as_of => pg_temp.at('11:22'))::text || coalesce(pg_temp.claimed(5, '11:24', '{email}'), ''), 'true', 'unless its sender says in time that it was');
DELETE FROM ar.message_policy;

-- Vetoes: a capability further down says what need not go out.
CREATE TABLE public.paid (message_id bigint);
CREATE FUNCTION ar.recheck_dummy(ledger_id integer, message_ids bigint[]) RETURNS TABLE (message_id bigint, reason text)
LANGUAGE sql AS 'SELECT p.message_id, ''paid meanwhile'' FROM public.paid AS p JOIN unnest(message_ids) AS m(id) ON m.id = p.message_id';
SELECT pg_temp.queued('v' || n, '{"purpose": "dummy", "send_after": "2026-03-02 11:30+00"}') FROM generate_series(1, 4) AS n;
INSERT INTO public.paid VALUES (pg_temp.message('v1')), (pg_temp.message('v3')), (pg_temp.message('d'));
SELECT is(pg_temp.claimed(2, '11:30', '{email}'), 'v21 v41', 'as many as were asked for, without those that are paid');
SELECT is(pg_temp.delivery('v1') || '; ' || pg_temp.delivery('v3') || '; ' || pg_temp.delivery('d'), 'cancelled, 0, paid meanwhile; cancelled, 0, paid meanwhile; queued, 0, 12:00:00', 'which are cancelled; a check is asked of its purpose alone');
CREATE OR REPLACE FUNCTION ar.recheck_dummy(ledger_id integer, message_ids bigint[]) RETURNS TABLE (message_id bigint, reason text)
LANGUAGE plpgsql AS 'BEGIN RAISE division_by_zero; END';
SELECT pg_temp.queued('w', '{"purpose": "dummy", "send_after": "2026-03-02 11:31+00"}'), pg_temp.queued('x', '{"send_after": "2026-03-02 11:32+00"}');
SELECT is(pg_temp.claimed(5, '11:32', '{email}'), 'x1', 'what cannot be checked does not go out, and stops nothing else');
SELECT is(pg_temp.delivery('w'), 'queued, 0, 11:33:00, cannot be checked: 22012: division_by_zero', 'it waits, and says why');
DROP FUNCTION ar.recheck_dummy(integer, bigint[]);

-- Cancelled, and come back
SELECT is((SELECT string_agg(c.status, ' ' ORDER BY o.dedupe_key) FROM ar.cancel_messages(pg_temp.ledger(), ARRAY(SELECT m FROM unnest(ARRAY[pg_temp.message('x'), pg_temp.message('w'), pg_temp.message('a')]) AS m), 'no') AS c JOIN ar.outbox AS o USING (message_id)),
    'sent cancelled sending', 'many at once, and which it was too late for');
SELECT is(pg_temp.outcome('SELECT * FROM ar.cancel_messages(pg_temp.ledger(), ''{-1}'', ''x'')'), '23503', 'no such message');
SELECT message_id AS bounced FROM ar.queue_messages(pg_temp.ledger(), jsonb_build_array(jsonb_build_object('code', 'hello', 'customer_id', pg_temp.customer('C1'), 'role', 'dunning', 'fields', '{"message": "x"}'::jsonb, 'dedupe_key', 'bounce', 'send_after', '2026-03-02 11:40+00'))) \gset
SELECT pg_temp.claimed(5, '11:40', '{email}');
SELECT is(ar.record_bounce(pg_temp.ledger(), :bounced, '550 no such user', pg_temp.at('11:45'))::text || pg_temp.delivery('bounce'), 'truefailed, 1, 550 no such user', 'what comes back has failed');
SELECT is(ar.record_bounce(pg_temp.ledger(), :bounced, 'again'), false, 'once');
SELECT is(pg_temp.outcome(format('SELECT ar.requeue_message(pg_temp.ledger(), %s)', :bounced)), 'RA004', 'and is not sent there again');
SELECT is(pg_temp.reached('dunning'), 'C1 email late@c1.example, C2 letter Road 2/Leeds LS1/GB', 'nor is anything else: the next contact is taken');
UPDATE ar.contact SET address = 'new@c1.example' WHERE address = 'first@c1.example';
SELECT is(pg_temp.reached('dunning'), 'C1 email new@c1.example, C2 letter Road 2/Leeds LS1/GB', 'until its address is another');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
-- What verification sees when somebody has gone round the triggers.
ALTER TABLE ar.outbox DISABLE TRIGGER outbox_guard_biudr;
ALTER TABLE ar.message_template DISABLE TRIGGER message_template_guard_biudr;
ALTER TABLE ar.outbox DROP CONSTRAINT outbox_status_check;
UPDATE ar.outbox SET sent_at = claimed_at - interval '1 day' WHERE dedupe_key = 'a';
UPDATE ar.outbox SET language = 'it' WHERE dedupe_key = 'bounce';
UPDATE ar.outbox SET attempts = 0 WHERE dedupe_key = 'e';
UPDATE ar.message_template SET version = 2, body = '{{nobody}}', level = 4 WHERE language = 'fr';
SELECT results_eq($$SELECT DISTINCT check_name FROM ar.verify() WHERE check_name <> 'trigger_disabled' ORDER BY 1$$,
    '{message_claims,message_template,message_times,template_purpose,template_text,template_version}'::text[], 'what was changed by force is found');
SELECT * FROM finish();
ROLLBACK;
