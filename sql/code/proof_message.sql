-- proof: templates and the outbox.

CREATE FUNCTION ar.verify_messages(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'template_version', t.ledger_id, 'message_template', max(t.template_id),
           format('template "%s" (%s) has %s versions, numbered from %s to %s', t.code, t.language, count(*), min(t.version), max(t.version))
    FROM ar.message_template AS t
    WHERE verify_messages.ledger_id IS NULL OR t.ledger_id = verify_messages.ledger_id
    GROUP BY t.ledger_id, t.code, t.language, t.channel
    HAVING min(t.version) <> 1 OR max(t.version) <> count(*) OR count(DISTINCT t.version) <> count(*)
    UNION ALL
    SELECT 'template_purpose', t.ledger_id, 'message_template', max(t.template_id),
           format('letter "%s" is for several purposes or levels', t.code)
    FROM ar.message_template AS t
    WHERE verify_messages.ledger_id IS NULL OR t.ledger_id = verify_messages.ledger_id
    GROUP BY t.ledger_id, t.code
    HAVING count(DISTINCT (t.purpose, coalesce(t.level, -1))) > 1
    UNION ALL
    SELECT 'template_text', t.ledger_id, 'message_template', t.template_id, format('%s: %s', p.part, f.fault)
    FROM ar.message_template AS t
    CROSS JOIN LATERAL (VALUES ('subject', t.subject), ('body', t.body), ('html', t.html)) AS p(part, content)
    CROSS JOIN LATERAL (SELECT coalesce((ar.parse_template(p.content, t.purpose)).fault,
                                        CASE p.part WHEN 'html' THEN ar.html_fault(p.content) END) AS fault) AS f
    WHERE (verify_messages.ledger_id IS NULL OR t.ledger_id = verify_messages.ledger_id)
      AND p.content IS NOT NULL AND f.fault IS NOT NULL
    UNION ALL
    SELECT 'message_template', o.ledger_id, 'outbox', o.message_id,
           format('is in %s by %s, its template in %s by %s', o.language, o.channel, t.language, coalesce(t.channel, 'any channel'))
    FROM ar.outbox AS o
    JOIN ar.message_template AS t ON t.ledger_id = o.ledger_id AND t.template_id = o.template_id
    WHERE (verify_messages.ledger_id IS NULL OR o.ledger_id = verify_messages.ledger_id)
      AND (t.language <> o.language OR o.recorded_at < t.recorded_at OR coalesce(t.channel, o.channel) <> o.channel)
    UNION ALL
    SELECT 'message_times', o.ledger_id, 'outbox', o.message_id,
           format('was claimed at %s, sent at %s and came back at %s', o.claimed_at, o.sent_at, o.bounced_at)
    FROM ar.outbox AS o
    WHERE (verify_messages.ledger_id IS NULL OR o.ledger_id = verify_messages.ledger_id)
      AND (o.sent_at < o.claimed_at OR o.bounced_at < o.sent_at OR o.lease_until < o.claimed_at)
    UNION ALL
    SELECT 'message_claims', o.ledger_id, 'outbox', o.message_id,
           format('is %s after %s attempts', o.status, o.attempts)
    FROM ar.outbox AS o
    WHERE (verify_messages.ledger_id IS NULL OR o.ledger_id = verify_messages.ledger_id)
      AND (o.status NOT IN ('queued', 'cancelled') AND o.attempts = 0 OR o.status = 'sending' AND o.lease_until IS NULL
           OR o.status = 'sent' AND o.sent_at IS NULL OR o.status IN ('failed', 'cancelled') AND o.last_error IS NULL);
END
$$;
COMMENT ON FUNCTION ar.verify_messages(integer) IS
'The part of ar.verify() on messages: templates with versions without a gap, one purpose a letter, texts that can be filled in; messages like their templates, and delivered in an order that can be.';
REVOKE ALL ON FUNCTION ar.verify_messages(integer) FROM PUBLIC;
