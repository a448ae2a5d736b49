-- collect: promises to pay, and how they are judged.

CREATE FUNCTION ar.tg_guard_promise() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'open' THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = format('a promise cannot begin as %s', NEW.status),
                HINT = 'It is open first, and judged by ar.judge_promises().', TABLE = 'promise', SCHEMA = 'ar', COLUMN = 'status';
        END IF;
        NEW.recorded_by := session_user;
        NEW.recorded_at := clock_timestamp();
        IF NEW.grace_days IS NULL OR NEW.tolerance_percent IS NULL THEN
            SELECT coalesce(NEW.grace_days, p.promise_grace_days), coalesce(NEW.tolerance_percent, p.promise_tolerance_percent)
            INTO NEW.grace_days, NEW.tolerance_percent
            FROM ar.collect_policies(NEW.ledger_id, ARRAY[NEW.customer_id]) AS p;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'open'
       OR to_jsonb(NEW) - '{note,status,paid,judged_on,judged_by,judged_at,reason}'::text[]
          <> to_jsonb(OLD) - '{note,status,paid,judged_on,judged_by,judged_at,reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('promise %s is %s and cannot be %s', OLD.promise_id, OLD.status,
                             CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'Cancel an open promise with ar.cancel_promise(), and take another.', TABLE = 'promise', SCHEMA = 'ar';
    END IF;
    IF NEW.status <> 'open' THEN
        NEW.judged_by := session_user;
        NEW.judged_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_promise() IS
'Trigger, before each row of ar.promise: stamps who took and who judged it, gives it the grace and tolerance of the policy, and refuses every change of what is judged (RA003).';

CREATE FUNCTION ar.tg_follow_promises() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    UPDATE ar.promise_item AS i SET is_open = false
    FROM new_promise AS p
    WHERE p.status <> 'open' AND i.ledger_id = p.ledger_id AND i.promise_id = p.promise_id AND i.is_open;
    INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on, amount, reference, reason, external_id)
    SELECT p.ledger_id, p.customer_id, 'broken_promise', p.due_on + p.grace_days + 1, p.amount, p.promise_id::text, p.note,
           'promise ' || p.promise_id
    FROM new_promise AS p
    WHERE p.status = 'broken'
    ORDER BY p.ledger_id, p.promise_id
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_promises() IS
'Trigger, after an UPDATE statement on ar.promise: frees the items of what is judged for the next promise, and records the credit event of what is broken.';

CREATE FUNCTION ar.tg_guard_promise_item() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    -- It only follows its promise.
    IF TG_OP = 'UPDATE' AND NOT NEW.is_open AND to_jsonb(NEW) - 'is_open' = to_jsonb(OLD) - 'is_open'
       AND EXISTS (SELECT FROM ar.promise AS p
                   WHERE p.ledger_id = NEW.ledger_id AND p.promise_id = NEW.promise_id AND p.status <> 'open') THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('what promise %s is for cannot be %s', OLD.promise_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Cancel the promise with ar.cancel_promise(), and take another.', TABLE = 'promise_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_promise_item() IS
'Trigger, before each row of ar.promise_item: refuses every change but that it follows its promise (RA003).';

CREATE FUNCTION ar.tg_check_promise_items() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    wrong record;
BEGIN
    -- Whoever judges them holds them, too.
    PERFORM FROM (SELECT DISTINCT n.ledger_id, n.promise_id FROM new_item AS n ORDER BY n.ledger_id, n.promise_id) AS n
    CROSS JOIN LATERAL (
        SELECT FROM ar.promise AS p WHERE p.ledger_id = n.ledger_id AND p.promise_id = n.promise_id FOR NO KEY UPDATE) AS p;

    SELECT n.promise_id, n.item_id, p.status, i.kind, i.customer_id = p.customer_id AS is_his,
           ar.currency(i.amount) AS item_currency, ar.currency(p.amount) AS currency, ar.sign(i.amount) AS sign INTO wrong
    FROM new_item AS n
    CROSS JOIN LATERAL (
        SELECT p.status, p.customer_id, p.amount FROM ar.promise AS p WHERE p.ledger_id = n.ledger_id AND p.promise_id = n.promise_id OFFSET 0) AS p
    CROSS JOIN LATERAL (
        SELECT i.kind, i.customer_id, i.amount FROM ar.item AS i WHERE i.ledger_id = n.ledger_id AND i.item_id = n.item_id OFFSET 0) AS i
    WHERE p.status <> 'open' OR NOT n.is_open OR i.customer_id <> p.customer_id OR ar.sign(i.amount) <= 0
       OR ar.currency(i.amount) <> ar.currency(p.amount)
    ORDER BY n.ledger_id, n.promise_id, n.item_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT wrong.is_his OR wrong.sign <= 0 THEN
        RAISE check_violation USING
            MESSAGE = format('item %s cannot be promised', wrong.item_id),
            DETAIL = CASE WHEN wrong.is_his THEN format('It is of kind %s.', wrong.kind) ELSE 'It belongs to another customer.' END,
            HINT = 'Name what the customer owes.', TABLE = 'promise_item', SCHEMA = 'ar', CONSTRAINT = 'promise_item_customer_check';
    ELSIF wrong.currency <> wrong.item_currency THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('item %s is in %s, promise %s in %s', wrong.item_id, wrong.item_currency, wrong.promise_id, wrong.currency),
            HINT = 'Take a promise for each currency.', TABLE = 'promise_item', SCHEMA = 'ar', COLUMN = 'item_id';
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('promise %s is %s and takes no more items', wrong.promise_id, wrong.status),
        HINT = 'Take another promise.', TABLE = 'promise_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_check_promise_items() IS
'Trigger, after an INSERT statement on ar.promise_item: insists on debit items of the customer in the currency of an open promise.
Errors: 23514 a credit, or another customer''s; RA003 the promise is judged; RA009 another currency.';

CREATE FUNCTION ar.promises_to_pay(ledger_id integer, promises jsonb)
RETURNS TABLE (element bigint, promise_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(promises_to_pay.ledger_id);
    plan jsonb;
    wrong text;
BEGIN
    PERFORM ar.check_keys('promises', promises_to_pay.promises,
        '{customer_id,amount,due_on,item_ids,made_on,grace_days,tolerance_percent,note,external_id}', '{customer_id,amount,due_on}');
    -- Without ids, what he owes that has no promise yet, the earliest due date first, until the amount is reached.
    SELECT jsonb_agg(to_jsonb(p) ORDER BY p.external_id, p.position) INTO plan
    FROM (
        SELECT DISTINCT ON (coalesce(g.external_id, e.position::text), g.external_id IS NULL)
               e.position, nextval('ar.document_id') AS promise_id, e.value AS payload, g.external_id,
               CASE WHEN g.item_ids IS NOT NULL THEN ARRAY(SELECT DISTINCT x.value::bigint FROM jsonb_array_elements_text(g.item_ids) AS x(value))
                    ELSE ARRAY(
                   SELECT s.item_id FROM ar.spread_over_items(promises_to_pay.ledger_id, ARRAY(
                       SELECT i.item_id FROM ar.item AS i
                       WHERE i.ledger_id = promises_to_pay.ledger_id AND i.customer_id = g.customer_id AND i.closed_on IS NULL
                         AND (SELECT o.item_id FROM ar.promise_item AS o
                              WHERE o.ledger_id = i.ledger_id AND o.item_id = i.item_id AND o.is_open) IS NULL),
                       g.amount::ar.monetary) AS s) END AS item_ids
        FROM jsonb_array_elements(promises_to_pay.promises) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(customer_id bigint, amount text, item_ids jsonb, external_id text)
        -- Looked up one by one, here and below, however few a young table seems to have.
        WHERE (SELECT d.promise_id FROM ar.promise AS d
               WHERE d.ledger_id = promises_to_pay.ledger_id AND d.external_id = g.external_id) IS NULL
        ORDER BY coalesce(g.external_id, e.position::text), g.external_id IS NULL, e.position) AS p;

    IF plan IS NOT NULL THEN
        SELECT format('Element %s names no item, and the customer owes none in that currency that is not promised already.', p.position) INTO wrong
        FROM jsonb_to_recordset(plan) AS p(position bigint, item_ids jsonb)
        WHERE jsonb_array_length(p.item_ids) = 0 ORDER BY p.position LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE 'RA002' USING
                MESSAGE = 'there is nothing to promise',
                DETAIL = wrong,
                HINT = 'An item has one open promise at a time: judge it with ar.judge_promises(), or cancel it with ar.cancel_promise().';
        END IF;
        BEGIN
            WITH made AS (
                INSERT INTO ar.promise AS d (ledger_id, promise_id, customer_id, amount, due_on, made_on, grace_days, tolerance_percent, note,
                                             external_id, external_digest)
                SELECT promises_to_pay.ledger_id, p.promise_id, g.customer_id, g.amount, g.due_on, coalesce(g.made_on, today),
                       g.grace_days, g.tolerance_percent, g.note, p.external_id,
                       CASE WHEN p.external_id IS NOT NULL THEN ar.payload_digest(p.payload) END
                FROM jsonb_to_recordset(plan) AS p(promise_id bigint, external_id text, payload jsonb)
                CROSS JOIN LATERAL jsonb_to_record(p.payload) AS g(customer_id bigint, amount ar.monetary, due_on date, made_on date,
                                                                   grace_days integer, tolerance_percent numeric, note text)
                ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
                RETURNING d.promise_id
            )
            INSERT INTO ar.promise_item (ledger_id, promise_id, item_id)
            SELECT promises_to_pay.ledger_id, m.promise_id, x.value::bigint
            FROM made AS m
            JOIN jsonb_to_recordset(plan) AS p(promise_id bigint, item_ids jsonb) ON p.promise_id = m.promise_id
            CROSS JOIN LATERAL jsonb_array_elements_text(p.item_ids) AS x(value)
            ORDER BY x.value::bigint;
        EXCEPTION WHEN unique_violation THEN
            GET STACKED DIAGNOSTICS wrong = CONSTRAINT_NAME;
            IF wrong <> 'promise_item_open_key' THEN
                RAISE;
            END IF;
            RAISE unique_violation USING
                MESSAGE = 'an item that is promised has an open promise already',
                HINT = 'Judge that with ar.judge_promises(), or cancel it with ar.cancel_promise().',
                TABLE = 'promise_item', SCHEMA = 'ar', CONSTRAINT = 'promise_item_open_key';
        END;
    END IF;

    SELECT d.external_id INTO wrong
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(promises_to_pay.promises) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT d.* FROM ar.promise AS d
                        WHERE d.ledger_id = promises_to_pay.ledger_id AND d.external_id = g.external_id OFFSET 0) AS d
    WHERE d.external_digest IS NULL OR d.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('promise', wrong);
    END IF;
    RETURN QUERY
    SELECT e.position, coalesce(d.promise_id, p.promise_id)
    FROM (SELECT e.position, e.value ->> 'external_id' AS external_id
          FROM jsonb_array_elements(promises_to_pay.promises) WITH ORDINALITY AS e(value, position) OFFSET 0) AS e
    LEFT JOIN LATERAL (SELECT d.promise_id FROM ar.promise AS d
                       WHERE d.ledger_id = promises_to_pay.ledger_id AND d.external_id = e.external_id OFFSET 0) AS d ON true
    LEFT JOIN jsonb_to_recordset(plan) AS p(position bigint, promise_id bigint) ON p.position = e.position
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.promises_to_pay(integer, jsonb) IS
'Records any number of promises to pay. All or none.
Arguments: ledger_id; promises, a JSON array of objects with customer_id, amount (such as "EUR 100.00"), due_on (the last day), and perhaps item_ids (by default what he owes, the earliest due date first, until the amount is reached), made_on (by default the business date), grace_days and tolerance_percent (by default those of ar.collect_policy), note, external_id.
Result: the position in the array, from 1, and the promise_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer or item; 23505 an item has an open promise; 23514 an amount not above zero, a date before the promise was made, another customer''s item; RA002 nothing is open to promise; RA006 the external id was used otherwise; RA009 another currency.';

CREATE FUNCTION ar.promise_to_pay(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    due_on date,
    item_ids bigint[] DEFAULT NULL,
    made_on date DEFAULT NULL,
    note text DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT p.promise_id
    FROM ar.promises_to_pay(promise_to_pay.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', promise_to_pay.customer_id, 'amount', promise_to_pay.amount::text, 'due_on', promise_to_pay.due_on,
        'item_ids', promise_to_pay.item_ids, 'made_on', promise_to_pay.made_on, 'note', promise_to_pay.note,
        'external_id', promise_to_pay.external_id)))) AS p;
$$;
COMMENT ON FUNCTION ar.promise_to_pay(integer, bigint, ar.monetary, date, bigint[], date, text, text) IS
'Records one promise to pay and returns its promise_id: ar.promises_to_pay() with one, where the arguments are described.
Errors: as ar.promises_to_pay().';

CREATE FUNCTION ar.cancel_promise(ledger_id integer, promise_id bigint, reason text, cancelled_on date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE ar.promise AS p
    SET status = 'cancelled', reason = cancel_promise.reason,
        judged_on = coalesce(cancel_promise.cancelled_on, ar.business_date(cancel_promise.ledger_id))
    WHERE p.ledger_id = cancel_promise.ledger_id AND p.promise_id = cancel_promise.promise_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('promise %s does not exist in ledger %s', cancel_promise.promise_id, cancel_promise.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.cancel_promise(integer, bigint, text, date) IS
'Takes an open promise back, for a reason, as when another one takes its place. It is then neither kept nor broken.
Errors: 23503 no such promise; 23514 a blank reason; RA003 it is judged already.';

CREATE FUNCTION ar.promise_progress(ledger_id integer, as_of date, promise_ids bigint[] DEFAULT NULL)
RETURNS TABLE (promise_id bigint, paid ar.monetary, is_settled boolean)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.promise_id, ar.monetary(greatest(coalesce(s.paid, 0), 0), ar.currency(p.amount)), coalesce(o.is_settled, false)
    FROM ar.promise AS p
    LEFT JOIN LATERAL (
        -- What was taken back counts against it even after the day; what was there before the promise does not count.
        SELECT sum(ar.amount(a.amount)) AS paid
        FROM ar.promise_item AS n
        -- By the item, however near the day of a young ledger's applications seems.
        CROSS JOIN LATERAL (
            SELECT a.* FROM ar.application AS a WHERE a.ledger_id = n.ledger_id AND a.debit_item_id = n.item_id OFFSET 0) AS a
        CROSS JOIN LATERAL (
            SELECT c.kind FROM ar.item AS c WHERE c.ledger_id = a.ledger_id AND c.item_id = a.credit_item_id OFFSET 0) AS c
        LEFT JOIN LATERAL (
            SELECT u.recorded_at, u.applied_on FROM ar.application AS u
            WHERE u.ledger_id = a.ledger_id AND u.application_id = a.reverses_id OFFSET 0) AS u ON true
        WHERE n.ledger_id = p.ledger_id AND n.promise_id = p.promise_id AND c.kind <> 'write_off'
          AND coalesce(u.recorded_at, a.recorded_at) > p.recorded_at AND a.applied_on <= promise_progress.as_of
          AND coalesce(u.applied_on, a.applied_on) <= p.due_on + p.grace_days) AS s ON true
    LEFT JOIN LATERAL (
        SELECT bool_and(i.closed_on IS NOT NULL AND i.closed_on <= least(p.due_on + p.grace_days, promise_progress.as_of)) AS is_settled
        FROM ar.promise_item AS n
        JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
        WHERE n.ledger_id = p.ledger_id AND n.promise_id = p.promise_id) AS o ON true
    WHERE p.ledger_id = promise_progress.ledger_id AND p.status = 'open'
      AND (promise_progress.promise_ids IS NULL OR p.promise_id = ANY (promise_progress.promise_ids));
END
$$;
COMMENT ON FUNCTION ar.promise_progress(integer, date, bigint[]) IS
'What was paid of open promises: applied to their items after they were made, dated at the latest on their day and grace, less what was taken back; write-offs do not count. is_settled: nothing of its items is open any more.
Arguments: ledger_id; as_of; promise_ids, by default all that are open.';

CREATE FUNCTION ar.judge_promises(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (promise_id bigint, customer_id bigint, status text, amount ar.monetary, paid ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(judge_promises.as_of, ar.business_date(judge_promises.ledger_id));
    held bigint[];
BEGIN
    -- Two who judge at once: the second waits, and finds nothing.
    SELECT array_agg(p.promise_id) INTO held
    FROM (SELECT p.promise_id FROM ar.promise AS p
          WHERE p.ledger_id = judge_promises.ledger_id AND p.status = 'open' AND p.made_on <= day
          ORDER BY p.promise_id FOR NO KEY UPDATE) AS p;
    RETURN QUERY
    UPDATE ar.promise AS p SET status = j.status, paid = j.paid, judged_on = day
    FROM (
        SELECT g.promise_id, g.paid,
               CASE WHEN ar.amount(g.paid) >= ar.amount(o.amount) * (1 - o.tolerance_percent / 100)
                      OR g.is_settled AND ar.sign(g.paid) > 0 THEN 'kept'
                    WHEN ar.sign(g.paid) > 0 THEN 'partly_kept' ELSE 'broken' END AS status,
               o.due_on + o.grace_days < day AS is_over
        FROM ar.promise_progress(judge_promises.ledger_id, day, held) AS g
        JOIN ar.promise AS o ON o.ledger_id = judge_promises.ledger_id AND o.promise_id = g.promise_id) AS j
    WHERE p.ledger_id = judge_promises.ledger_id AND p.promise_id = j.promise_id AND p.status = 'open'
      AND (j.is_over OR j.status = 'kept' AND ar.sign(j.paid) > 0)
    RETURNING p.promise_id, p.customer_id, p.status, p.amount, p.paid;
END
$$;
COMMENT ON FUNCTION ar.judge_promises(integer, date) IS
'Judges open promises: kept as soon as enough is paid, or all of their items is settled; partly_kept or broken from the day after their day and grace. What is broken records the credit event "broken_promise". Again it finds nothing, and a judgement is for good. Run it daily.
Arguments: ledger_id; as_of, by default the business date. Result: a row for each promise judged.';

CREATE FUNCTION ar.promised(ledger_id integer, item_ids bigint[], as_of date)
RETURNS TABLE (item_id bigint, promise_id bigint, amount ar.monetary, due_on date)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH promise AS MATERIALIZED (
        SELECT p.promise_id, p.due_on, ar.currency(p.amount) AS currency, ar.amount(p.amount) - ar.amount(g.paid) AS remaining
        FROM ar.promise_progress(promised.ledger_id, promised.as_of, CASE WHEN promised.item_ids IS NOT NULL THEN ARRAY(
                 SELECT n.promise_id FROM (SELECT DISTINCT promised.ledger_id, u.item_id FROM unnest(promised.item_ids) AS u(item_id)) AS w
                 JOIN ar.promise_item AS n ON n.ledger_id = w.ledger_id AND n.item_id = w.item_id AND n.is_open) END) AS g
        JOIN ar.promise AS p ON p.ledger_id = promised.ledger_id AND p.promise_id = g.promise_id
        -- Whether it was judged or not: from the day after, it counts no more.
        WHERE promised.as_of BETWEEN p.made_on AND p.due_on + p.grace_days
    ), part AS (
        SELECT n.item_id, p.promise_id, p.due_on, p.currency, p.remaining, ar.amount(i.open) AS open,
               sum(ar.amount(i.open)) OVER (PARTITION BY p.promise_id ORDER BY i.due_on, i.item_id) AS upto
        FROM promise AS p
        JOIN ar.promise_item AS n ON n.ledger_id = promised.ledger_id AND n.promise_id = p.promise_id
        JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
        WHERE i.closed_on IS NULL
    )
    SELECT s.item_id, s.promise_id, ar.monetary(least(s.open, s.remaining - (s.upto - s.open)), s.currency), s.due_on
    FROM part AS s
    WHERE s.remaining > s.upto - s.open
      AND (promised.item_ids IS NULL OR s.item_id IN (SELECT u.item_id FROM unnest(promised.item_ids) AS u(item_id)));
END
$$;
COMMENT ON FUNCTION ar.promised(integer, bigint[], date) IS
'What is promised of open items on a day, and for which day: what is left of the open promises, spread over their items, the earliest due date first. Dunning leaves that part alone; from the day after due_on and grace it is not promised any more.
Arguments: ledger_id; item_ids, NULL for all; as_of.';

CREATE FUNCTION ar.promise_rates(ledger_id integer, from_on date, to_on date)
RETURNS TABLE (customer_id bigint, customer_code text, currency text, promises bigint, kept bigint, partly_kept bigint, broken bigint,
               cancelled bigint, open bigint, promised numeric, paid numeric, kept_percent numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.customer_id, c.code, ar.currency(p.amount), count(*), count(*) FILTER (WHERE p.status = 'kept'),
           count(*) FILTER (WHERE p.status = 'partly_kept'), count(*) FILTER (WHERE p.status = 'broken'),
           count(*) FILTER (WHERE p.status = 'cancelled'), count(*) FILTER (WHERE p.status = 'open'),
           sum(ar.amount(p.amount)), coalesce(sum(ar.amount(p.paid)), 0),
           round(100.0 * count(*) FILTER (WHERE p.status = 'kept')
                 / nullif(count(*) FILTER (WHERE p.status IN ('kept', 'partly_kept', 'broken')), 0), 1)
    FROM ar.promise AS p
    JOIN ar.customer AS c ON c.ledger_id = p.ledger_id AND c.customer_id = p.customer_id
    WHERE p.ledger_id = promise_rates.ledger_id AND p.due_on BETWEEN promise_rates.from_on AND promise_rates.to_on
    GROUP BY p.customer_id, c.code, ar.currency(p.amount)
    ORDER BY c.code, 3;
END
$$;
COMMENT ON FUNCTION ar.promise_rates(integer, date, date) IS
'How customers kept the promises that were due between two days, a row per customer and currency: how many there were by status, what was promised and paid, and how many percent of those judged were kept (NULL: none was).
Arguments: ledger_id; from_on and to_on, both included. Amounts are in units of currency.';

REVOKE ALL ON FUNCTION ar.tg_guard_promise(), ar.tg_follow_promises(), ar.tg_guard_promise_item(), ar.tg_check_promise_items(),
    ar.promises_to_pay(integer, jsonb), ar.promise_to_pay(integer, bigint, ar.monetary, date, bigint[], date, text, text),
    ar.cancel_promise(integer, bigint, text, date), ar.promise_progress(integer, date, bigint[]), ar.judge_promises(integer, date),
    ar.promised(integer, bigint[], date), ar.promise_rates(integer, date, date) FROM PUBLIC;
