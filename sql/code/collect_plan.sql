-- collect: payment plans, and how they end.

CREATE FUNCTION ar.tg_guard_plan() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'open' THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = format('a payment plan cannot begin as %s', NEW.status),
                HINT = 'It is open first, and ended by ar.judge_plans() or ar.cancel_plan().', TABLE = 'payment_plan', SCHEMA = 'ar', COLUMN = 'status';
        END IF;
        NEW.recorded_by := session_user;
        NEW.recorded_at := clock_timestamp();
        NEW.grace_days := coalesce(NEW.grace_days, (SELECT p.plan_grace_days FROM ar.collect_policies(NEW.ledger_id, ARRAY[NEW.customer_id]) AS p));
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'open'
       OR to_jsonb(NEW) - '{note,status,ended_on,ended_by,ended_at,reason}'::text[]
          <> to_jsonb(OLD) - '{note,status,ended_on,ended_by,ended_at,reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('payment plan %s is %s and cannot be %s', OLD.plan_id, OLD.status,
                             CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'Cancel an open plan with ar.cancel_plan(), and make another.', TABLE = 'payment_plan', SCHEMA = 'ar';
    END IF;
    IF NEW.status <> 'open' THEN
        NEW.ended_by := session_user;
        NEW.ended_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_plan() IS
'Trigger, before each row of ar.payment_plan: stamps who made and who ended it, gives it the grace of the policy, and refuses every change of what has ended (RA003).';

CREATE FUNCTION ar.tg_follow_plans() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    UPDATE ar.payment_plan_item AS i SET is_open = false
    FROM new_plan AS p
    WHERE p.status <> 'open' AND i.ledger_id = p.ledger_id AND i.plan_id = p.plan_id AND i.is_open;
    INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on, amount, reference, reason, external_id)
    SELECT p.ledger_id, p.customer_id, 'broken_promise', p.ended_on, p.amount, p.plan_id::text, 'payment plan', 'plan ' || p.plan_id
    FROM new_plan AS p
    WHERE p.status = 'breached'
    ORDER BY p.ledger_id, p.plan_id
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_plans() IS
'Trigger, after an UPDATE statement on ar.payment_plan: frees the items of what has ended, and records a breach as the credit event "broken_promise".';

CREATE FUNCTION ar.tg_guard_plan_item() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    -- It only follows its plan.
    IF TG_OP = 'UPDATE' AND NOT NEW.is_open AND to_jsonb(NEW) - 'is_open' = to_jsonb(OLD) - 'is_open'
       AND EXISTS (SELECT FROM ar.payment_plan AS p
                   WHERE p.ledger_id = NEW.ledger_id AND p.plan_id = NEW.plan_id AND p.status <> 'open') THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('what payment plan %s is for cannot be %s', OLD.plan_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Cancel the plan with ar.cancel_plan(), and make another.', TABLE = 'payment_plan_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_plan_item() IS
'Trigger, before each row of ar.payment_plan_item: refuses every change but that it follows its plan (RA003).';

CREATE FUNCTION ar.tg_check_plan_items() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    wrong record;
BEGIN
    -- Whoever judges them holds them, too.
    PERFORM FROM (SELECT DISTINCT n.ledger_id, n.plan_id FROM new_item AS n ORDER BY n.ledger_id, n.plan_id) AS n
    CROSS JOIN LATERAL (
        SELECT FROM ar.payment_plan AS p WHERE p.ledger_id = n.ledger_id AND p.plan_id = n.plan_id FOR NO KEY UPDATE) AS p;
    SELECT n.plan_id, n.item_id, p.status, i.kind, i.customer_id = p.customer_id AS is_his,
           ar.currency(i.amount) AS item_currency, ar.currency(p.amount) AS currency, ar.sign(i.amount) AS sign INTO wrong
    FROM new_item AS n
    CROSS JOIN LATERAL (
        SELECT p.status, p.customer_id, p.amount FROM ar.payment_plan AS p WHERE p.ledger_id = n.ledger_id AND p.plan_id = n.plan_id OFFSET 0) AS p
    CROSS JOIN LATERAL (
        SELECT i.kind, i.customer_id, i.amount FROM ar.item AS i WHERE i.ledger_id = n.ledger_id AND i.item_id = n.item_id OFFSET 0) AS i
    WHERE p.status <> 'open' OR NOT n.is_open OR i.customer_id <> p.customer_id OR ar.sign(i.amount) <= 0
       OR ar.currency(i.amount) <> ar.currency(p.amount)
    ORDER BY n.ledger_id, n.plan_id, n.item_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT wrong.is_his OR wrong.sign <= 0 THEN
        RAISE check_violation USING
            MESSAGE = format('item %s cannot be paid in instalments', wrong.item_id),
            DETAIL = CASE WHEN wrong.is_his THEN format('It is of kind %s.', wrong.kind) ELSE 'It belongs to another customer.' END,
            HINT = 'Name what the customer owes.', TABLE = 'payment_plan_item', SCHEMA = 'ar', CONSTRAINT = 'payment_plan_item_customer_check';
    ELSIF wrong.currency <> wrong.item_currency THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('item %s is in %s, payment plan %s in %s', wrong.item_id, wrong.item_currency, wrong.plan_id, wrong.currency),
            HINT = 'Make a plan for each currency.', TABLE = 'payment_plan_item', SCHEMA = 'ar', COLUMN = 'item_id';
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('payment plan %s is %s and takes no more items', wrong.plan_id, wrong.status),
        HINT = 'Make another plan.', TABLE = 'payment_plan_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_check_plan_items() IS
'Trigger, after an INSERT statement on ar.payment_plan_item: insists on debit items of the customer in the currency of an open plan.
Errors: 23514 a credit, or another customer''s; RA003 the plan has ended; RA009 another currency.';

CREATE FUNCTION ar.tg_check_instalments() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    wrong record;
BEGIN
    PERFORM FROM (SELECT DISTINCT n.ledger_id, n.plan_id FROM new_instalment AS n ORDER BY n.ledger_id, n.plan_id) AS n
    CROSS JOIN LATERAL (
        SELECT FROM ar.payment_plan AS p WHERE p.ledger_id = n.ledger_id AND p.plan_id = n.plan_id FOR NO KEY UPDATE) AS p;
    SELECT p.plan_id, p.amount, s.total, s.is_alike, s.first_on, p.agreed_on INTO wrong
    FROM (SELECT DISTINCT n.ledger_id, n.plan_id FROM new_instalment AS n) AS n
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment_plan AS p WHERE p.ledger_id = n.ledger_id AND p.plan_id = n.plan_id OFFSET 0) AS p
    CROSS JOIN LATERAL (
        SELECT sum(ar.amount(i.amount)) AS total, bool_and(ar.currency(i.amount) = ar.currency(p.amount)) AS is_alike, min(i.due_on) AS first_on,
               count(*) FILTER (WHERE i.due_on < i.before) AS disordered
        FROM (SELECT i.*, lag(i.due_on) OVER (ORDER BY i.instalment) AS before FROM ar.payment_plan_instalment AS i
              WHERE i.ledger_id = p.ledger_id AND i.plan_id = p.plan_id) AS i) AS s
    WHERE s.total > ar.amount(p.amount) OR NOT s.is_alike OR s.first_on < p.agreed_on OR s.disordered > 0
    ORDER BY n.ledger_id, n.plan_id LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    ELSIF NOT wrong.is_alike THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('an instalment of payment plan %s is in another currency', wrong.plan_id),
            HINT = format('The plan is of %s.', wrong.amount), TABLE = 'payment_plan_instalment', SCHEMA = 'ar', COLUMN = 'amount';
    END IF;
    RAISE check_violation USING
        MESSAGE = format('the instalments do not suit payment plan %s', wrong.plan_id),
        DETAIL = format('It is of %s, agreed on %s; they make %s, and begin on %s.', wrong.amount, wrong.agreed_on, wrong.total, wrong.first_on),
        HINT = 'Give instalments in the order of their days, none before the plan was agreed on, that make its amount.',
        TABLE = 'payment_plan_instalment', SCHEMA = 'ar', CONSTRAINT = 'payment_plan_instalment_sum_check';
END
$$;
COMMENT ON FUNCTION ar.tg_check_instalments() IS
'Trigger, after an INSERT statement on ar.payment_plan_instalment: insists on the currency and at most the amount of the plan, and on days in order (23514, RA009).';

CREATE FUNCTION ar.tg_sum_plan() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    total numeric := (SELECT sum(ar.amount(i.amount)) FROM ar.payment_plan_instalment AS i
                      WHERE i.ledger_id = NEW.ledger_id AND i.plan_id = NEW.plan_id);
BEGIN
    IF coalesce(total, 0) <> ar.amount(NEW.amount) THEN
        RAISE check_violation USING
            MESSAGE = format('the instalments of payment plan %s do not make its amount', NEW.plan_id),
            DETAIL = format('It is of %s, they make %s.', NEW.amount, coalesce(total, 0)),
            HINT = 'Insert the plan and all its instalments in one transaction.', TABLE = 'payment_plan', SCHEMA = 'ar', CONSTRAINT = 'payment_plan_sum_check';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_sum_plan() IS
'Trigger, at the end of a transaction that inserted a row of ar.payment_plan: its instalments make its amount (23514).';

CREATE FUNCTION ar.create_payment_plan(
    ledger_id integer,
    customer_id bigint,
    instalments integer DEFAULT NULL,
    first_due_on date DEFAULT NULL,
    item_ids bigint[] DEFAULT NULL,
    every interval DEFAULT '1 month',
    schedule jsonb DEFAULT NULL,
    interest_rate numeric DEFAULT NULL,
    fee ar.monetary DEFAULT NULL,
    agreed_on date DEFAULT NULL,
    grace_days integer DEFAULT NULL,
    note text DEFAULT NULL,
    currency text DEFAULT NULL,
    external_id text DEFAULT NULL,
    re_aged boolean DEFAULT false
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := ar.payload_digest(jsonb_build_object('customer_id', create_payment_plan.customer_id, 'instalments', create_payment_plan.instalments,
        'first_due_on', create_payment_plan.first_due_on, 'item_ids', create_payment_plan.item_ids, 'every', create_payment_plan.every,
        'schedule', create_payment_plan.schedule, 'interest_rate', create_payment_plan.interest_rate, 'fee', create_payment_plan.fee::text,
        'agreed_on', create_payment_plan.agreed_on, 'grace_days', create_payment_plan.grace_days, 'note', create_payment_plan.note,
        'currency', create_payment_plan.currency, 're_aged', CASE WHEN create_payment_plan.re_aged THEN true END));
    agreed date := coalesce(create_payment_plan.agreed_on, ar.business_date(create_payment_plan.ledger_id));
    known record;
    owed record;
    days date[];
    parts numeric[];
    total numeric;
    interest ar.monetary;
    interest_id bigint;
    fee_id bigint;
    broken text;
    result bigint;
BEGIN
    IF (create_payment_plan.schedule IS NULL) <> (num_nonnulls(create_payment_plan.instalments, create_payment_plan.first_due_on) = 2)
       OR create_payment_plan.instalments NOT BETWEEN 1 AND 1200 OR create_payment_plan.schedule IS NOT NULL AND create_payment_plan.interest_rate IS NOT NULL
       OR create_payment_plan.interest_rate NOT BETWEEN 0 AND 1000 OR ar.sign(create_payment_plan.fee) <= 0 OR coalesce(create_payment_plan.every <= interval '0', true) THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'malformed payment plan',
            HINT = 'Give instalments, 1 to 1200 of them, and first_due_on, or a schedule with the day and amount of each, which cannot have an interest_rate; '
                   'an interest_rate from 0 to 1000 percent, a fee and a time between instalments (every) above zero.';
    END IF;
    -- With the balance held, what is open can be trusted, and whoever wrote the same external id has finished.
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = create_payment_plan.ledger_id AND b.customer_id = create_payment_plan.customer_id
    ORDER BY b.currency FOR NO KEY UPDATE;
    IF create_payment_plan.external_id IS NOT NULL THEN
        SELECT p.plan_id, p.external_digest INTO known FROM ar.payment_plan AS p
        WHERE p.ledger_id = create_payment_plan.ledger_id AND p.external_id = create_payment_plan.external_id;
        IF FOUND AND coalesce(known.external_digest <> digest, true) THEN
            PERFORM ar.refuse_external_id('payment plan', create_payment_plan.external_id);
        ELSIF FOUND THEN
            RETURN known.plan_id;
        END IF;
    END IF;

    SELECT array_agg(i.item_id ORDER BY i.due_on, i.item_id) AS ids, ar.sum(i.open) AS amount INTO owed
    FROM ar.item AS i
    JOIN ar.ledger AS l ON l.ledger_id = i.ledger_id
    WHERE i.ledger_id = create_payment_plan.ledger_id AND i.customer_id = create_payment_plan.customer_id AND i.closed_on IS NULL AND ar.sign(i.open) > 0
      AND CASE WHEN create_payment_plan.item_ids IS NOT NULL THEN i.item_id IN (SELECT unnest(create_payment_plan.item_ids))
               ELSE ar.currency(i.open) = coalesce(create_payment_plan.currency, ar.currency(create_payment_plan.fee), l.currency)
                    AND NOT EXISTS (SELECT FROM ar.payment_plan_item AS n
                                    WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND n.is_open) END;
    IF owed.ids IS NULL OR cardinality(owed.ids) < (SELECT count(DISTINCT u.id) FROM unnest(create_payment_plan.item_ids) AS u(id)) THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = 'there is nothing to be paid in instalments, or less than was said',
            DETAIL = format('Open debit items that customer %s owes, of those meant: %s.', create_payment_plan.customer_id, coalesce(owed.ids::text, 'none')),
            HINT = 'Name open items of the customer; an item is on one open plan at a time.';
    END IF;

    -- Days do not wander: the third of monthly instalments from 31 January is on 31 March.
    IF create_payment_plan.schedule IS NULL THEN
        days := ARRAY(SELECT (create_payment_plan.first_due_on + create_payment_plan.every * n)::date
                      FROM generate_series(0, create_payment_plan.instalments - 1) AS n ORDER BY n);
        IF create_payment_plan.interest_rate IS NOT NULL THEN
            -- On what is left of the amount, if equal parts of it are paid on time.
            interest := (
                SELECT ar.sum_interest(array_agg(ar.amount(owed.amount) * (cardinality(days) - s.n + 1) / cardinality(days) ORDER BY s.n),
                                       array_agg(create_payment_plan.interest_rate), array_agg(s.day - s.before ORDER BY s.n), array_agg(0),
                                       'actual/365', 'total', ar.currency(owed.amount))
                FROM (SELECT d.n, d.day, lag(d.day, 1, agreed) OVER (ORDER BY d.n) AS before FROM unnest(days) WITH ORDINALITY AS d(day, n)) AS s);
        END IF;
    ELSE
        PERFORM ar.check_keys('schedule', create_payment_plan.schedule, '{due_on,amount}', '{due_on,amount}');
        SELECT array_agg(s.due_on ORDER BY s.nth), array_agg(s.amount ORDER BY s.nth) INTO days, parts
        FROM (SELECT (e.value ->> 'due_on')::date AS due_on, (e.value ->> 'amount')::numeric AS amount, e.nth
              FROM jsonb_array_elements(create_payment_plan.schedule) WITH ORDINALITY AS e(value, nth)) AS s;
    END IF;
    total := ar.amount(owed.amount) + coalesce(ar.amount(create_payment_plan.fee), 0) + coalesce(ar.amount(interest), 0);
    IF parts IS NULL AND create_payment_plan.schedule IS NULL THEN
        -- Equal ones; what is left over is on the last.
        parts := array_fill(trunc(total / cardinality(days), scale(ar.amount(owed.amount))), ARRAY[cardinality(days)]);
        parts[cardinality(days)] := total - parts[1] * (cardinality(days) - 1);
    END IF;

    -- Interest and fee are items like the others, and paid like them.
    IF ar.currency(create_payment_plan.fee) <> ar.currency(owed.amount) THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('the fee is in %s, what is owed in %s', ar.currency(create_payment_plan.fee), ar.currency(owed.amount)),
            HINT = 'Give the fee in the currency of the items.';
    END IF;
    interest_id := CASE WHEN ar.sign(interest) > 0 THEN nextval('ar.document_id') END;
    fee_id := CASE WHEN create_payment_plan.fee IS NOT NULL THEN nextval('ar.document_id') END;
    result := nextval('ar.document_id');
    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason)
    SELECT create_payment_plan.ledger_id, c.adjustment_id, create_payment_plan.customer_id, c.kind, c.amount, agreed, 'payment_plan',
           format('payment plan %s', result)
    FROM (VALUES (interest_id, 'interest', interest), (fee_id, 'fee', create_payment_plan.fee)) AS c(adjustment_id, kind, amount)
    WHERE c.adjustment_id IS NOT NULL;
    BEGIN
        INSERT INTO ar.payment_plan (ledger_id, plan_id, customer_id, amount, agreed_on, grace_days, note, external_id, external_digest, interest_id, fee_id)
        VALUES (create_payment_plan.ledger_id, result, create_payment_plan.customer_id, ar.monetary(total, ar.currency(owed.amount)), agreed,
                create_payment_plan.grace_days, create_payment_plan.note, create_payment_plan.external_id,
                CASE WHEN create_payment_plan.external_id IS NOT NULL THEN digest END, interest_id, fee_id);
        INSERT INTO ar.payment_plan_item (ledger_id, plan_id, item_id)
        SELECT create_payment_plan.ledger_id, result, u.item_id FROM unnest(owed.ids) AS u(item_id)
        UNION ALL
        SELECT i.ledger_id, result, i.item_id FROM ar.item AS i
        WHERE i.ledger_id = create_payment_plan.ledger_id AND i.adjustment_id IN (interest_id, fee_id)
        ORDER BY 3;
    EXCEPTION WHEN unique_violation THEN
        GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
        IF broken <> 'payment_plan_item_open_key' THEN
            RAISE;
        END IF;
        RAISE unique_violation USING
            MESSAGE = 'an item is on an open payment plan already',
            HINT = 'Judge that with ar.judge_plans(), or cancel it with ar.cancel_plan().',
            TABLE = 'payment_plan_item', SCHEMA = 'ar', CONSTRAINT = 'payment_plan_item_open_key';
    END;
    INSERT INTO ar.payment_plan_instalment (ledger_id, plan_id, instalment, due_on, amount)
    SELECT create_payment_plan.ledger_id, result, s.nth, s.due_on, ar.monetary(s.amount, ar.currency(owed.amount))
    FROM unnest(days, parts) WITH ORDINALITY AS s(due_on, amount, nth);
    -- Not only at the end of the transaction: who called should know.
    IF (SELECT sum(p) FROM unnest(parts) AS p) IS DISTINCT FROM total THEN
        RAISE check_violation USING
            MESSAGE = 'the instalments do not make what is owed',
            DETAIL = format('%s is owed, they make %s.', ar.monetary(total, ar.currency(owed.amount)), coalesce((SELECT sum(p) FROM unnest(parts) AS p), 0)),
            HINT = 'Give a schedule that makes what is open of the items, and the fee.',
            TABLE = 'payment_plan', SCHEMA = 'ar', CONSTRAINT = 'payment_plan_sum_check';
    END IF;
    IF create_payment_plan.re_aged THEN
        PERFORM ar.re_age_plan(create_payment_plan.ledger_id, result, coalesce(create_payment_plan.note, 'agreed on with the plan'), agreed);
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.create_payment_plan(integer, bigint, integer, date, bigint[], interval, jsonb, numeric, ar.monetary, date, integer, text, text, text, boolean) IS
'Records that a customer pays items in instalments, and returns the plan_id.
Arguments: ledger_id; customer_id; instalments, how many equal ones, what is left over on the last, and first_due_on; item_ids, by default all he owes in a currency that is on no plan; every, from one instalment to the next; schedule instead, a JSON array of objects with due_on and amount; interest_rate, percent a year on what is left of the amount, and fee, which are charged as items of the plan; agreed_on, by default the business date; grace_days, by default those of ar.collect_policy; note; currency, by default that of the ledger; external_id, the same one again returns the first result; re_aged, whether the aging goes by the instalments while the plan is open (ar.re_age_plan).
The items keep their due dates. Errors: 22023 malformed plan; 23505 an item is on an open plan; 23514 instalments that do not make what is owed, or before the plan; RA002 nothing is open, or an item is not the customer''s; RA006 the external id was used otherwise; RA009 two currencies.';

CREATE FUNCTION ar.create_payment_plans(ledger_id integer, plans jsonb)
RETURNS TABLE (element bigint, plan_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given record;
BEGIN
    PERFORM ar.check_keys('plans', create_payment_plans.plans,
        '{customer_id,instalments,first_due_on,item_ids,every,schedule,interest_rate,fee,agreed_on,grace_days,note,currency,external_id,re_aged}', '{customer_id}');
    -- Customers in the order of their ids, as balances are locked.
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = create_payment_plans.ledger_id
      AND b.customer_id IN (SELECT (p.value ->> 'customer_id')::bigint FROM jsonb_array_elements(create_payment_plans.plans) AS p(value))
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE;
    FOR given IN
        SELECT e.position, p.*, CASE WHEN p.item_ids_given IS NOT NULL THEN ARRAY(SELECT x.value::bigint FROM jsonb_array_elements_text(p.item_ids_given) AS x(value)) END AS item_ids
        FROM jsonb_array_elements(create_payment_plans.plans) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL (
            SELECT r.*, e.value -> 'item_ids' AS item_ids_given
            FROM jsonb_to_record(e.value) AS r(customer_id bigint, instalments integer, first_due_on date, every interval, schedule jsonb,
                interest_rate numeric, fee ar.monetary, agreed_on date, grace_days integer, note text, currency text, external_id text, re_aged boolean)) AS p
        ORDER BY e.position
    LOOP
        element := given.position;
        plan_id := ar.create_payment_plan(create_payment_plans.ledger_id, given.customer_id, given.instalments, given.first_due_on, given.item_ids,
            coalesce(given.every, '1 month'), given.schedule, given.interest_rate, given.fee, given.agreed_on, given.grace_days, given.note,
            given.currency, given.external_id, coalesce(given.re_aged, false));
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.create_payment_plans(integer, jsonb) IS
'Records any number of payment plans. All or none.
Arguments: ledger_id; plans, a JSON array of objects with the arguments of ar.create_payment_plan() by their names.
Result: the position in the array, from 1, and the plan_id. Errors: as ar.create_payment_plan().';

CREATE FUNCTION ar.cancel_plan(ledger_id integer, plan_id bigint, reason text, cancelled_on date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE ar.payment_plan AS p
    SET status = 'cancelled', reason = cancel_plan.reason,
        ended_on = coalesce(cancel_plan.cancelled_on, ar.business_date(cancel_plan.ledger_id))
    WHERE p.ledger_id = cancel_plan.ledger_id AND p.plan_id = cancel_plan.plan_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payment plan %s does not exist in ledger %s', cancel_plan.plan_id, cancel_plan.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.cancel_plan(integer, bigint, text, date) IS
'Ends an open payment plan, for a reason: what is owed is owed as before. Its interest and fee stay charged; ar.waive_charges() forgoes them.
Errors: 23503 no such plan; 23514 a blank reason; RA003 it has ended already.';

CREATE FUNCTION ar.plan_progress(ledger_id integer, as_of date, plan_ids bigint[] DEFAULT NULL)
RETURNS TABLE (plan_id bigint, instalment smallint, due_on date, amount ar.monetary, paid ar.monetary, is_missed boolean)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS (
        SELECT p.plan_id FROM ar.payment_plan AS p
        WHERE plan_progress.plan_ids IS NULL AND p.ledger_id = plan_progress.ledger_id AND p.status = 'open'
        UNION ALL
        SELECT DISTINCT u.plan_id FROM unnest(plan_progress.plan_ids) AS u(plan_id)
    ), plan AS MATERIALIZED (
        -- What was applied after the plan was made; what was undone counts from the beginning as if it had not been.
        -- All is looked up plan by plan, however few a young ledger seems to have.
        SELECT p.*, a.days, a.amounts
        FROM wanted AS w
        CROSS JOIN LATERAL (
            SELECT p.plan_id, p.recorded_at, p.grace_days FROM ar.payment_plan AS p
            WHERE p.ledger_id = plan_progress.ledger_id AND p.plan_id = w.plan_id OFFSET 0) AS p
        CROSS JOIN LATERAL (
            SELECT array_agg(a.applied_on) AS days, array_agg(ar.amount(a.amount)) AS amounts
            FROM (SELECT n.item_id FROM ar.payment_plan_item AS n
                  WHERE n.ledger_id = plan_progress.ledger_id AND n.plan_id = p.plan_id OFFSET 0) AS n
            CROSS JOIN LATERAL (
                SELECT a.* FROM ar.application AS a
                WHERE a.ledger_id = plan_progress.ledger_id AND a.debit_item_id = n.item_id OFFSET 0) AS a
            CROSS JOIN LATERAL (
                SELECT c.kind FROM ar.item AS c
                WHERE c.ledger_id = plan_progress.ledger_id AND c.item_id = a.credit_item_id OFFSET 0) AS c
            LEFT JOIN LATERAL (
                SELECT u.applied_on FROM ar.application AS u
                WHERE u.ledger_id = plan_progress.ledger_id AND u.reverses_id = a.application_id OFFSET 0) AS u ON true
            WHERE a.reverses_id IS NULL AND c.kind <> 'write_off' AND a.recorded_at > p.recorded_at AND a.applied_on <= plan_progress.as_of
              AND (u.applied_on IS NULL OR u.applied_on > plan_progress.as_of)) AS a
    )
    SELECT i.plan_id, i.instalment, i.due_on, i.amount,
           ar.monetary(greatest(least(ar.amount(i.amount), coalesce(t.paid, 0) - (i.upto - ar.amount(i.amount))), 0), ar.currency(i.amount)),
           i.due_on + i.grace_days < plan_progress.as_of AND coalesce(t.in_time, 0) < i.upto
    FROM (SELECT s.*, p.grace_days, p.days, p.amounts, sum(ar.amount(s.amount)) OVER (PARTITION BY s.plan_id ORDER BY s.instalment) AS upto
          FROM plan AS p
          CROSS JOIN LATERAL (
              SELECT s.* FROM ar.payment_plan_instalment AS s
              WHERE s.ledger_id = plan_progress.ledger_id AND s.plan_id = p.plan_id OFFSET 0) AS s) AS i
    CROSS JOIN LATERAL (
        SELECT sum(a.amount) AS paid, sum(a.amount) FILTER (WHERE a.day <= i.due_on + i.grace_days) AS in_time
        FROM unnest(i.days, i.amounts) AS a(day, amount)) AS t
    ORDER BY i.plan_id, i.instalment;
END
$$;
COMMENT ON FUNCTION ar.plan_progress(integer, date, bigint[]) IS
'The instalments of payment plans: what was paid of each by a day (what comes goes to them in order), and whether it was missed: not all up to it was paid on its day and grace.
Arguments: ledger_id; as_of; plan_ids, by default those that are open.';

CREATE FUNCTION ar.judge_plans(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (plan_id bigint, customer_id bigint, status text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(judge_plans.as_of, ar.business_date(judge_plans.ledger_id));
    held bigint[];
BEGIN
    -- Two who judge at once: the second waits, and finds nothing.
    SELECT array_agg(p.plan_id) INTO held
    FROM (SELECT p.plan_id FROM ar.payment_plan AS p
          WHERE p.ledger_id = judge_plans.ledger_id AND p.status = 'open' AND p.agreed_on <= day
          ORDER BY p.plan_id FOR NO KEY UPDATE) AS p;
    IF held IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    UPDATE ar.payment_plan AS p SET status = j.status, ended_on = day
    FROM (
        SELECT g.plan_id, CASE WHEN g.is_paid OR o.is_settled THEN 'completed' WHEN g.is_missed THEN 'breached' END AS status
        FROM (SELECT g.plan_id, bool_and(g.paid = g.amount) AS is_paid, bool_or(g.is_missed) AS is_missed
              FROM ar.plan_progress(judge_plans.ledger_id, day, held) AS g GROUP BY g.plan_id) AS g
        CROSS JOIN LATERAL (
            SELECT bool_and(i.closed_on <= day AND i.closed_on IS NOT NULL) AS is_settled
            FROM ar.payment_plan_item AS n JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
            WHERE n.ledger_id = judge_plans.ledger_id AND n.plan_id = g.plan_id) AS o) AS j
    WHERE p.ledger_id = judge_plans.ledger_id AND p.plan_id = j.plan_id AND p.status = 'open' AND j.status IS NOT NULL
    RETURNING p.plan_id, p.customer_id, p.status;
END
$$;
COMMENT ON FUNCTION ar.judge_plans(integer, date) IS
'Ends payment plans: completed when all is paid, or nothing of its items is open; breached from the day after the day and grace of an instalment that was not paid, when what is owed is owed as before. A breach records the credit event "broken_promise". Again it finds nothing. Run it daily.
Arguments: ledger_id; as_of, by default the business date. Result: a row for each plan that ended.';

CREATE FUNCTION ar.planned(ledger_id integer, item_ids bigint[], as_of date)
RETURNS TABLE (item_id bigint, plan_id bigint, next_due_on date, next_amount ar.monetary)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH item AS MATERIALIZED (
        SELECT n.item_id, n.plan_id
        FROM ar.payment_plan_item AS n
        JOIN ar.payment_plan AS p ON p.ledger_id = n.ledger_id AND p.plan_id = n.plan_id AND p.agreed_on <= planned.as_of
        WHERE n.ledger_id = planned.ledger_id AND n.is_open
          AND (planned.item_ids IS NULL OR n.item_id IN (SELECT unnest(planned.item_ids)))
    ), plan AS (
        SELECT g.plan_id, min(g.due_on) FILTER (WHERE g.paid < g.amount) AS next_due_on,
               (array_agg(g.amount - g.paid ORDER BY g.instalment) FILTER (WHERE g.paid < g.amount))[1] AS next_amount
        FROM ar.plan_progress(planned.ledger_id, planned.as_of, ARRAY(SELECT DISTINCT i.plan_id FROM item AS i)) AS g
        GROUP BY g.plan_id
        -- Whether it was judged or not: once an instalment is missed, it counts no more.
        HAVING NOT bool_or(g.is_missed)
    )
    SELECT i.item_id, i.plan_id, p.next_due_on, p.next_amount
    FROM item AS i JOIN plan AS p ON p.plan_id = i.plan_id;
END
$$;
COMMENT ON FUNCTION ar.planned(integer, bigint[], date) IS
'Which items are on a payment plan that is kept on a day, with its next instalment that is not paid. Dunning leaves them alone; from the day after the day and grace of a missed instalment they are not.
Arguments: ledger_id; item_ids, NULL for all; as_of.';

REVOKE ALL ON FUNCTION ar.tg_guard_plan(), ar.tg_follow_plans(), ar.tg_guard_plan_item(), ar.tg_check_plan_items(), ar.tg_check_instalments(), ar.tg_sum_plan(),
    ar.create_payment_plan(integer, bigint, integer, date, bigint[], interval, jsonb, numeric, ar.monetary, date, integer, text, text, text, boolean),
    ar.create_payment_plans(integer, jsonb), ar.cancel_plan(integer, bigint, text, date), ar.plan_progress(integer, date, bigint[]),
    ar.judge_plans(integer, date), ar.planned(integer, bigint[], date) FROM PUBLIC;
