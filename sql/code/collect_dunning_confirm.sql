-- collect: dunning: proposals become letters, with their fees; what was cancelled is taken back.

CREATE FUNCTION ar.confirm_dunning_batch(ledger_id integer, notice_ids bigint[], confirmed_on date)
RETURNS TABLE (notice_id bigint, message_id bigint, level smallint, amount ar.monetary, fee ar.monetary, error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    debtors bigint[] := ARRAY(SELECT DISTINCT n.customer_id FROM ar.with_ledger(confirm_dunning_batch.ledger_id, confirm_dunning_batch.notice_ids) AS w
                              JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id);
    parts jsonb;
    letters jsonb;
BEGIN
    -- What is open can be trusted only once the balances are held.
    PERFORM FROM (SELECT DISTINCT w.ledger_id, w.id FROM ar.with_ledger(confirm_dunning_batch.ledger_id, debtors) AS w) AS w
    JOIN ar.customer_balance AS b ON b.ledger_id = w.ledger_id AND b.customer_id = w.id
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;

    -- What is due of them still, at the level that was proposed.
    WITH due AS MATERIALIZED (
        SELECT d.customer_id, u.item_id, u.level
        FROM ar.dunning_due(confirm_dunning_batch.ledger_id, confirm_dunning_batch.confirmed_on, debtors) AS d
        CROSS JOIN LATERAL unnest(d.item_ids, d.levels) AS u(item_id, level)
    )
    SELECT jsonb_agg(jsonb_build_object(
               'notice_id', n.notice_id, 'item_id', i.item_id, 'level', u.level, 'cycle', coalesce(k.cycle, 1), 'before', coalesce(k.level, 0),
               'amount', coalesce(e.amount, i.open)::text, 'original', ar.amount(i.amount), 'issued_on', i.issued_on,
               'due_on', coalesce(b.business_day, i.due_on), 'invoice_id', i.invoice_id, 'number', coalesce(v.number, j.number), 'purchase_order', v.order_reference)
               ORDER BY i.due_on, i.item_id) INTO parts
    FROM ar.with_ledger(confirm_dunning_batch.ledger_id, confirm_dunning_batch.notice_ids) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id
    CROSS JOIN LATERAL unnest(n.item_ids, n.levels) AS u(item_id, level)
    JOIN due AS d ON d.item_id = u.item_id AND d.level >= u.level AND (d.level > 0) = (u.level > 0)
    JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = u.item_id
    LEFT JOIN ar.dunning_exceptions(confirm_dunning_batch.ledger_id, confirm_dunning_batch.confirmed_on, debtors) AS e ON e.item_id = u.item_id
    LEFT JOIN ar.dunning_item AS k ON k.ledger_id = i.ledger_id AND k.item_id = i.item_id
    LEFT JOIN ar.dunning_policy AS p ON p.ledger_id = n.ledger_id AND p.policy_id = n.policy_id AND p.shifts_due_dates
    LEFT JOIN LATERAL ar.business_days(p.ledger_id, ARRAY[i.due_on], 1, p.calendar) AS b ON p.policy_id IS NOT NULL
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id;

    UPDATE ar.dunning_notice AS n SET status = 'withdrawn', decided_on = confirm_dunning_batch.confirmed_on, decided_by = session_user, decided_at = clock_timestamp(),
        reason = 'nothing of it was due any more when it was to be confirmed'
    FROM ar.with_ledger(confirm_dunning_batch.ledger_id, confirm_dunning_batch.notice_ids) AS w
    WHERE n.ledger_id = w.ledger_id AND n.notice_id = w.id
      AND n.notice_id NOT IN (SELECT p.notice_id FROM jsonb_to_recordset(parts) AS p(notice_id bigint));

    -- What each says.
    WITH sum AS (
        SELECT p.notice_id, max(p.level) AS level, count(*) AS items, ar.sum(p.amount::ar.monetary) AS amount, sum(p.original) AS original,
               CASE WHEN count(DISTINCT coalesce(p.invoice_id, 0)) = 1 THEN max(p.invoice_id) END AS invoice_id,
               array_agg(DISTINCT p.invoice_id) FILTER (WHERE p.invoice_id IS NOT NULL) AS invoice_ids,
               jsonb_agg(jsonb_strip_nulls(jsonb_build_object('issued_on', p.issued_on, 'due_on', p.due_on, 'amount', ar.monetary(p.original, ar.currency(p.amount::ar.monetary)), 'open', p.amount))
                         || jsonb_build_object('number', p.number, 'purchase_order', p.purchase_order)
                         || CASE WHEN p.level > 0 THEN jsonb_build_object('days_past_due', confirm_dunning_batch.confirmed_on - p.due_on, 'item_level', p.level) ELSE '{}' END
                         ORDER BY p.due_on, p.item_id) AS list
        FROM jsonb_to_recordset(parts) AS p(notice_id bigint, item_id bigint, level smallint, amount text, original numeric, invoice_id bigint, issued_on date,
                                            due_on date, number text, purchase_order text)
        GROUP BY p.notice_id
    ), letter AS (
        SELECT row_number() OVER (ORDER BY s.notice_id) AS element, s.*, n.customer_id, n.policy_id, p.pay_days, l.channels, l.template, f.fee, t.interest
        FROM sum AS s
        JOIN ar.dunning_notice AS n ON n.ledger_id = confirm_dunning_batch.ledger_id AND n.notice_id = s.notice_id
        JOIN ar.dunning_policy AS p ON p.ledger_id = n.ledger_id AND p.policy_id = n.policy_id
        JOIN ar.dunning_level AS l ON l.ledger_id = n.ledger_id AND l.policy_id = n.policy_id AND l.level = s.level
        CROSS JOIN LATERAL (
            SELECT CASE WHEN ar.currency(l.fee) = n.currency THEN l.fee
                        WHEN l.fee_percent IS NOT NULL THEN ar.round(s.original * l.fee_percent / 100, n.currency, 'half_up') END AS fee) AS f
        LEFT JOIN LATERAL (
            SELECT ar.sum(i.open) AS interest
            FROM ar.with_ledger(n.ledger_id, s.invoice_ids) AS w
            JOIN ar.adjustment AS j ON j.ledger_id = w.ledger_id AND j.invoice_id = w.id AND j.kind = 'interest' AND j.customer_id = n.customer_id
            JOIN ar.item AS i ON i.ledger_id = j.ledger_id AND i.adjustment_id = j.adjustment_id AND i.closed_on IS NULL AND ar.sign(i.open) > 0
            WHERE l.claims_interest AND ar.currency(i.open) = n.currency) AS t ON true
    ), told AS (
        SELECT l.*, jsonb_strip_nulls(jsonb_build_object('customer_id', l.customer_id, 'code', l.template, 'channels', to_jsonb(l.channels), 'dedupe_key', 'dunning notice ' || l.notice_id))
                    || jsonb_build_object('fields', jsonb_build_object('today', confirm_dunning_batch.confirmed_on, 'total_open', l.amount, 'items', l.list)
                             || CASE WHEN l.level = 0 THEN '{}' ELSE jsonb_build_object('level', l.level, 'pay_by', confirm_dunning_batch.confirmed_on + l.pay_days,
                                    'fee', l.fee, 'interest', l.interest,
                                    'total_due', l.amount + coalesce(l.fee, ar.monetary(0, ar.currency(l.amount))) + coalesce(l.interest, ar.monetary(0, ar.currency(l.amount)))) END) AS message
        FROM letter AS l
    )
    SELECT jsonb_agg(to_jsonb(t) - 'list' - 'invoice_ids' ORDER BY t.element) INTO letters FROM told AS t;

    -- Whom no channel reaches stays a proposal, and says so.
    SELECT jsonb_agg((l.value - 'message') || jsonb_build_object('message_id', q.message_id, 'error', q.error) ORDER BY q.element) INTO letters
    FROM ar.queue_messages(confirm_dunning_batch.ledger_id, coalesce((SELECT jsonb_agg(l.value -> 'message' ORDER BY (l.value ->> 'element')::bigint)
                                                                      FROM jsonb_array_elements(letters) AS l(value)), '[]')) AS q
    JOIN jsonb_array_elements(letters) AS l(value) ON (l.value ->> 'element')::bigint = q.element;
    UPDATE ar.dunning_notice AS n SET reason = l.error
    FROM jsonb_to_recordset(letters) AS l(notice_id bigint, error text)
    WHERE n.ledger_id = confirm_dunning_batch.ledger_id AND n.notice_id = l.notice_id AND l.error IS NOT NULL;

    WITH letter AS MATERIALIZED (
        SELECT l.*, CASE WHEN l.fee IS NOT NULL THEN nextval('ar.document_id') END AS fee_id
        FROM jsonb_to_recordset(letters) AS l(notice_id bigint, customer_id bigint, level smallint, items integer, amount text, fee text, interest text,
                                              invoice_id bigint, pay_days integer, message_id bigint)
        WHERE l.message_id IS NOT NULL
    ), charged AS (
        INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, invoice_id)
        SELECT confirm_dunning_batch.ledger_id, l.fee_id, l.customer_id, 'fee', l.fee::ar.monetary, confirm_dunning_batch.confirmed_on, 'dunning',
               format('dunning notice %s, level %s', l.notice_id, l.level), l.invoice_id
        FROM letter AS l WHERE l.fee_id IS NOT NULL ORDER BY l.fee_id
        RETURNING adjustment_id
    )
    UPDATE ar.dunning_notice AS n
    SET status = 'confirmed', level = l.level, items = l.items, amount = l.amount::ar.monetary, item_ids = NULL, levels = NULL, reason = NULL,
        decided_on = confirm_dunning_batch.confirmed_on, decided_by = session_user, decided_at = clock_timestamp(),
        pay_by = confirm_dunning_batch.confirmed_on + l.pay_days, fee = l.fee::ar.monetary, fee_id = l.fee_id, interest = l.interest::ar.monetary, message_id = l.message_id
    FROM letter AS l
    WHERE n.ledger_id = confirm_dunning_batch.ledger_id AND n.notice_id = l.notice_id;

    INSERT INTO ar.dunning_notice_item (ledger_id, notice_id, item_id, level, cycle, is_skipped, due_on, amount, noticed_on)
    SELECT n.ledger_id, n.notice_id, p.item_id, s.level, p.cycle, s.level <> p.level, p.due_on, p.amount::ar.monetary, n.decided_on
    FROM jsonb_to_recordset(parts) AS p(notice_id bigint, item_id bigint, level smallint, cycle integer, before smallint, due_on date, amount text)
    JOIN ar.dunning_notice AS n ON n.ledger_id = confirm_dunning_batch.ledger_id AND n.notice_id = p.notice_id AND n.status = 'confirmed'
    CROSS JOIN LATERAL generate_series(least(p.before + 1, p.level), p.level) AS s(level)
    ORDER BY p.item_id, s.level;
    PERFORM ar.record_dunning_levels(confirm_dunning_batch.ledger_id, confirm_dunning_batch.confirmed_on, debtors);

    RETURN QUERY
    SELECT n.notice_id, n.message_id, n.level, n.amount, n.fee, n.reason
    FROM ar.with_ledger(confirm_dunning_batch.ledger_id, confirm_dunning_batch.notice_ids) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id
    ORDER BY n.notice_id;
END
$$;
COMMENT ON FUNCTION ar.confirm_dunning_batch(integer, bigint[], date) IS
'Confirms some notices, which are locked: locks the balances of their customers, drops what is not due any more, charges the fees, and queues the letters. For ar.confirm_dunning(), where the result is described.';

CREATE FUNCTION ar.confirm_dunning(ledger_id integer, notice_ids bigint[] DEFAULT NULL, run_id bigint DEFAULT NULL, confirmed_on date DEFAULT NULL)
RETURNS TABLE (notice_id bigint, message_id bigint, level smallint, amount ar.monetary, fee ar.monetary, error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(confirm_dunning.confirmed_on, ar.business_date(confirm_dunning.ledger_id));
    held bigint[];
    early record;
    batch bigint[];
BEGIN
    -- All of them first, in order: whoever else confirms waits, and finds them confirmed.
    held := ARRAY(SELECT h.notice_id FROM (
        SELECT n.notice_id FROM ar.dunning_notice AS n
        WHERE n.ledger_id = confirm_dunning.ledger_id AND n.status = 'proposed'
          AND (confirm_dunning.notice_ids IS NULL OR n.notice_id = ANY (confirm_dunning.notice_ids))
          AND (confirm_dunning.run_id IS NULL OR n.run_id = confirm_dunning.run_id)
        ORDER BY n.notice_id FOR NO KEY UPDATE) AS h);
    SELECT n.notice_id, n.proposed_on INTO early
    FROM ar.with_ledger(confirm_dunning.ledger_id, held) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id
    WHERE n.proposed_on > day ORDER BY n.notice_id LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('notice %s cannot be confirmed on %s', early.notice_id, day),
            DETAIL = format('It was proposed for %s.', early.proposed_on),
            HINT = 'Name that day or a later one.', TABLE = 'dunning_notice', SCHEMA = 'ar', CONSTRAINT = 'dunning_notice_decided_on_check';
    END IF;
    -- Some hundred customers at a time, all of one customer together.
    FOR batch IN
        SELECT array_agg(b.notice_id ORDER BY b.notice_id)
        FROM (SELECT n.notice_id, (dense_rank() OVER (ORDER BY n.customer_id) - 1) / 500 AS nth
              FROM ar.with_ledger(confirm_dunning.ledger_id, held) AS w
              JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.id) AS b
        GROUP BY b.nth ORDER BY b.nth
    LOOP
        RETURN QUERY SELECT * FROM ar.confirm_dunning_batch(confirm_dunning.ledger_id, batch, day);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.confirm_dunning(integer, bigint[], bigint, date) IS
'Confirms proposed notices: each item gets its level, the fee is charged, and the letter is put into the outbox. What is not due any more is left out, and a notice of which nothing is left is withdrawn. What is confirmed already is left alone.
Arguments: ledger_id; notice_ids, or run_id, that of ar.dunning_run which proposed them; by default all that are proposed; confirmed_on, the day of the letters, by default the business date.
Result: a row for each: notice_id; message_id, NULL: there is no letter; level; amount; fee; error: why it is still proposed, or withdrawn.
Errors: 22023 the template needs a value that a letter has not; 23503 there is no such template; 23514 a day before the proposal.';

CREATE FUNCTION ar.record_dunning_levels(ledger_id integer, as_of date, customer_ids bigint[] DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    debtors bigint[] := record_dunning_levels.customer_ids;
    recorded bigint;
BEGIN
    IF debtors IS NULL THEN
        debtors := ARRAY(SELECT DISTINCT e.customer_id FROM ar.credit_event AS e WHERE e.ledger_id = record_dunning_levels.ledger_id AND e.kind = 'dunning');
    END IF;
    INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on, level, reason)
    SELECT record_dunning_levels.ledger_id, s.customer_id, 'dunning', greatest(record_dunning_levels.as_of, s.occurred_on), s.level,
           CASE WHEN s.level = 0 THEN 'nothing of it is open any more' END
    FROM (
        SELECT w.id AS customer_id, l.level, e.level AS recorded, e.occurred_on
        FROM ar.with_ledger(record_dunning_levels.ledger_id, debtors) AS w
        CROSS JOIN LATERAL (
            SELECT coalesce(max(d.level), 0)::integer AS level
            FROM ar.item AS i JOIN ar.dunning_item AS d ON d.ledger_id = i.ledger_id AND d.item_id = i.item_id
            WHERE i.ledger_id = w.ledger_id AND i.customer_id = w.id AND i.closed_on IS NULL) AS l
        LEFT JOIN LATERAL (
            SELECT e.level, e.occurred_on FROM ar.credit_event AS e
            WHERE e.ledger_id = w.ledger_id AND e.customer_id = w.id AND e.kind = 'dunning'
            ORDER BY e.occurred_on DESC, e.event_id DESC LIMIT 1) AS e ON true) AS s
    WHERE s.level <> coalesce(s.recorded, 0)
    ORDER BY s.customer_id;
    GET DIAGNOSTICS recorded = ROW_COUNT;
    RETURN recorded;
END
$$;
COMMENT ON FUNCTION ar.record_dunning_levels(integer, date, bigint[]) IS
'Records a credit event "dunning" for each customer whose level, the highest of his open items, is another than that of his last such event, and returns how many; 0 when nothing of it is open any more. Holds and reviews go by it. Confirming does it for who is written to, the daily run for all.
Arguments: ledger_id; as_of; customer_ids, NULL for all who were ever written to.';

CREATE FUNCTION ar.credit_dunning_fees(ledger_id integer, as_of date) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
BEGIN
    -- A fee that was waived is not taken back once more.
    SELECT array_agg(j.adjustment_id) INTO ids
    FROM (SELECT DISTINCT k.ledger_id, k.notice_id FROM ar.dunning_notice_item AS k WHERE k.ledger_id = credit_dunning_fees.ledger_id AND NOT k.is_counted) AS w
    JOIN ar.dunning_notice AS n ON n.ledger_id = w.ledger_id AND n.notice_id = w.notice_id
    JOIN ar.outbox AS o ON o.ledger_id = n.ledger_id AND o.message_id = n.message_id AND o.status = 'cancelled'
    JOIN ar.adjustment AS j ON j.ledger_id = n.ledger_id AND j.adjustment_id = n.fee_id
    WHERE NOT EXISTS (SELECT FROM ar.adjustment AS r WHERE r.ledger_id = j.ledger_id AND r.reverses_id = j.adjustment_id)
      AND NOT EXISTS (SELECT FROM ar.charge_credit AS c WHERE c.ledger_id = j.ledger_id AND c.adjustment_id = j.adjustment_id)
      AND j.adjusted_on <= credit_dunning_fees.as_of;
    IF ids IS NOT NULL THEN
        PERFORM ar.reverse_adjustments(credit_dunning_fees.ledger_id, ids, credit_dunning_fees.as_of, 'its letter did not go out');
    END IF;
    RETURN coalesce(cardinality(ids), 0);
END
$$;
COMMENT ON FUNCTION ar.credit_dunning_fees(integer, date) IS
'Takes back the fees of letters that were cancelled before they went out, and returns how many. For ar.run_dunning().
Arguments: ledger_id; as_of.';

REVOKE ALL ON FUNCTION ar.confirm_dunning_batch(integer, bigint[], date), ar.confirm_dunning(integer, bigint[], bigint, date),
    ar.record_dunning_levels(integer, date, bigint[]), ar.credit_dunning_fees(integer, date) FROM PUBLIC;
