-- collect: dunning: policies and their levels, and the rules of what is kept.

CREATE FUNCTION ar.tg_check_dunning_levels() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    -- Two who change one policy at once queue up, so that each sees what the other did.
    PERFORM FROM ar.dunning_policy AS p
    WHERE (p.ledger_id, p.policy_id) IN (SELECT n.ledger_id, n.policy_id FROM new_level AS n)
    ORDER BY p.ledger_id, p.policy_id FOR NO KEY UPDATE;
    SELECT l.policy_id, l.level, l.days, l.before, l.days_before, p.escalation, l.counts_from INTO wrong
    FROM (SELECT l.*, lag(l.level) OVER w AS before, lag(l.days) OVER w AS days_before, lag(l.counts_from) OVER w AS counted_before
          FROM ar.dunning_level AS l
          WHERE (l.ledger_id, l.policy_id) IN (SELECT n.ledger_id, n.policy_id FROM new_level AS n) AND l.level > 0
          WINDOW w AS (PARTITION BY l.ledger_id, l.policy_id ORDER BY l.level)) AS l
    JOIN ar.dunning_policy AS p ON p.ledger_id = l.ledger_id AND p.policy_id = l.policy_id
    WHERE l.level <> coalesce(l.before, 0) + 1
       OR l.counts_from <> 'last_notice' AND l.counted_before <> 'last_notice' AND l.days <= l.days_before
       OR l.counts_from = 'last_notice' AND p.escalation = 'most_severe'
    ORDER BY l.ledger_id, l.policy_id, l.level LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('level %s of dunning policy %s cannot follow %s', wrong.level, wrong.policy_id,
                             CASE WHEN wrong.before IS NULL THEN 'nothing' ELSE format('level %s', wrong.before) END),
            DETAIL = CASE WHEN wrong.level <> coalesce(wrong.before, 0) + 1 THEN 'Levels are numbered from 1 without a gap.'
                          WHEN wrong.counts_from = 'last_notice' AND wrong.escalation = 'most_severe'
                          THEN 'What goes to the most severe level cannot count from the notice before, which it may skip.'
                          ELSE format('It is reached after %s days, the level before after %s.', wrong.days, wrong.days_before) END,
            HINT = 'Number the levels from 1, each with more days past due than the one before; write them in one statement.',
            TABLE = 'dunning_level', SCHEMA = 'ar', CONSTRAINT = 'dunning_level_order_check';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_check_dunning_levels() IS
'Trigger, after a statement on ar.dunning_level or ar.dunning_policy: insists on levels numbered from 1 without a gap, each with more days than the one before (23514).';

CREATE FUNCTION ar.tg_stamp_dunning() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.recorded_at := clock_timestamp();
    IF TG_TABLE_NAME = 'dunning_run' THEN
        NEW.run_by := session_user;
    ELSE
        NEW.restarted_by := session_user;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_dunning() IS 'Trigger, before each row of ar.dunning_run and ar.dunning_restart: stamps who did it, and when.';

CREATE FUNCTION ar.tg_guard_dunning_notice() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('a notice cannot begin as %s', NEW.status),
            HINT = 'It is proposed first, by ar.run_dunning().', TABLE = 'dunning_notice', SCHEMA = 'ar', COLUMN = 'status';
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'proposed'
       OR (NEW.ledger_id, NEW.notice_id, NEW.customer_id, NEW.currency, coalesce(NEW.item_id, 0), NEW.level > 0)
          <> (OLD.ledger_id, OLD.notice_id, OLD.customer_id, OLD.currency, coalesce(OLD.item_id, 0), OLD.level > 0) THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('notice %s is %s and cannot be %s', OLD.notice_id, OLD.status, CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'Ignore what is proposed with ar.ignore_notices(); keep a letter from going out with ar.cancel_message().',
            TABLE = 'dunning_notice', SCHEMA = 'ar';
    END IF;
    IF NEW.status <> 'proposed' THEN
        NEW.decided_by := session_user;
        NEW.decided_at := clock_timestamp();
    END IF;
    NEW.recorded_at := OLD.recorded_at;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_dunning_notice() IS
'Trigger, before a row of ar.dunning_notice that is not proposed first (RA004), or is changed: stamps who decided about it; and refuses every change of what is decided (RA003).';

CREATE FUNCTION ar.tg_check_dunning_notices() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    SELECT n.ledger_id, n.customer_id INTO wrong
    FROM new_notice AS n
    LEFT JOIN ar.customer AS c ON c.ledger_id = n.ledger_id AND c.customer_id = n.customer_id
    WHERE c.customer_id IS NULL LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('customer %s does not exist in ledger %s', wrong.customer_id, wrong.ledger_id),
            HINT = 'Have notices proposed by ar.run_dunning().', TABLE = 'dunning_notice', SCHEMA = 'ar', COLUMN = 'customer_id';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_check_dunning_notices() IS 'Trigger, after an INSERT statement on ar.dunning_notice: insists on customers of the ledger (23503).';

CREATE FUNCTION ar.tg_guard_dunning_notice_item() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.is_counted AND EXISTS (
            SELECT FROM ar.dunning_notice AS n
            JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = NEW.item_id AND i.customer_id = n.customer_id
            WHERE n.ledger_id = NEW.ledger_id AND n.notice_id = NEW.notice_id AND n.status = 'confirmed' AND n.decided_on = NEW.noticed_on
              AND NEW.level <= n.level AND ar.currency(NEW.amount) = n.currency AND ar.is_open_within(NEW.amount, i.amount)) THEN
            RETURN NEW;
        END IF;
        RAISE check_violation USING
            MESSAGE = format('item %s cannot be part of notice %s', NEW.item_id, NEW.notice_id),
            HINT = 'What a letter is about is written when it is confirmed, by ar.confirm_dunning().',
            TABLE = 'dunning_notice_item', SCHEMA = 'ar', CONSTRAINT = 'dunning_notice_item_notice_check';
    END IF;
    -- It only follows its message.
    IF TG_OP = 'UPDATE' AND NEW.is_counted <> OLD.is_counted
       AND (NEW.ledger_id, NEW.notice_id, NEW.item_id, NEW.level, NEW.cycle, NEW.is_skipped, NEW.due_on, NEW.noticed_on)
           = (OLD.ledger_id, OLD.notice_id, OLD.item_id, OLD.level, OLD.cycle, OLD.is_skipped, OLD.due_on, OLD.noticed_on)
       AND NEW.amount = OLD.amount
       AND EXISTS (SELECT FROM ar.dunning_notice AS n JOIN ar.outbox AS o ON o.ledger_id = n.ledger_id AND o.message_id = n.message_id
                   WHERE n.ledger_id = NEW.ledger_id AND n.notice_id = NEW.notice_id AND (o.status = 'cancelled') <> NEW.is_counted) THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('what notice %s is about cannot be %s', OLD.notice_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Cancel its message with ar.cancel_message(), and its levels do not count.', TABLE = 'dunning_notice_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_dunning_notice_item() IS
'Trigger, before each row of ar.dunning_notice_item: insists on a confirmed notice and items of its customer (23514), and refuses every change but that it follows its message (RA003).';

CREATE FUNCTION ar.tg_derive_dunning_item() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'where items stand in dunning is derived and cannot be deleted',
            HINT = 'Begin anew with ar.restart_dunning().', TABLE = 'dunning_item', SCHEMA = 'ar';
    END IF;
    -- Whatever was written, it is what the letters say.
    SELECT coalesce(max(r.cycle), 1) INTO NEW.cycle
    FROM ar.dunning_restart AS r WHERE r.ledger_id = NEW.ledger_id AND r.item_id = NEW.item_id;
    SELECT coalesce(max(n.level), 0), max(n.noticed_on) FILTER (WHERE n.level > 0), max(n.noticed_on) FILTER (WHERE n.level = 0)
    INTO NEW.level, NEW.noticed_on, NEW.reminded_on
    FROM ar.dunning_notice_item AS n
    WHERE n.ledger_id = NEW.ledger_id AND n.item_id = NEW.item_id AND n.is_counted AND n.cycle = NEW.cycle;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_derive_dunning_item() IS 'Trigger, before each row of ar.dunning_item: makes it what letters and restarts say, whatever was to be written; nothing is deleted (RA003).';

CREATE FUNCTION ar.tg_follow_dunning() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    INSERT INTO ar.dunning_item AS d (ledger_id, item_id, cycle, level)
    SELECT DISTINCT n.ledger_id, n.item_id, 1, 0 FROM new_item AS n ORDER BY 1, 2
    ON CONFLICT (ledger_id, item_id) DO UPDATE SET level = excluded.level;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_dunning() IS 'Trigger, after a statement on ar.dunning_notice_item or ar.dunning_restart: brings ar.dunning_item up to date.';

CREATE FUNCTION ar.tg_follow_dunning_message() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    -- One that was given up and went out after all counts, unless its level was reached by another letter since.
    UPDATE ar.dunning_notice_item AS i SET is_counted = NEW.status <> 'cancelled'
    FROM ar.dunning_notice AS n
    WHERE n.ledger_id = NEW.ledger_id AND n.message_id = NEW.message_id AND i.ledger_id = n.ledger_id AND i.notice_id = n.notice_id
      AND i.is_counted = (NEW.status = 'cancelled')
      AND (NEW.status = 'cancelled' OR NOT EXISTS (
          SELECT FROM ar.dunning_notice_item AS k
          WHERE k.ledger_id = i.ledger_id AND k.item_id = i.item_id AND k.level = i.level AND k.cycle = i.cycle AND k.is_counted));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_dunning_message() IS
'Trigger, after a message of the outbox was cancelled, or went out after all: the levels of its letter count no more, or again.';

CREATE FUNCTION ar.dunning_terms(ledger_id integer, as_of date)
RETURNS TABLE (policy_id bigint, customer_class text, customer_id bigint, letter_per text, escalation text, confirmation text, is_netted boolean,
               interval_days integer, shifts_due_dates boolean, calendar text, pay_days integer, days integer[], gaps integer[],
               reminder_days integer, has_minimum boolean)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    -- The last month that is over.
    month_end date := (date_trunc('month', (dunning_terms.as_of + 1)::timestamp) - interval '1 day')::date;
BEGIN
    RETURN QUERY
    SELECT p.policy_id, p.customer_class, p.customer_id, p.letter_per, p.escalation, p.confirmation, p.is_netted,
           p.interval_days, p.shifts_due_dates, p.calendar, p.pay_days, coalesce(s.days, '{}'), coalesce(s.gaps, '{}'), s.reminder_days,
           coalesce(s.has_minimum, false)
    FROM ar.dunning_policy AS p
    LEFT JOIN LATERAL (
        SELECT array_agg(l.reached ORDER BY l.level) FILTER (WHERE l.level > 0) AS days, array_agg(l.gap ORDER BY l.level) FILTER (WHERE l.level > 0) AS gaps,
               min(l.days) FILTER (WHERE l.level = 0) AS reminder_days, bool_or(num_nonnulls(l.minimum, l.minimum_percent) > 0) AS has_minimum
        -- Who has not reached a level has not reached those after it.
        FROM (SELECT l.level, l.days, l.minimum, l.minimum_percent,
                     max(greatest(p.grace_days + 1, CASE l.counts_from WHEN 'due_date' THEN l.days WHEN 'month_end' THEN l.days + (dunning_terms.as_of - month_end) END))
                         OVER (PARTITION BY l.level > 0 ORDER BY l.level) AS reached,
                     CASE l.counts_from WHEN 'last_notice' THEN greatest(l.gap_days, l.days) ELSE l.gap_days END AS gap
              FROM ar.dunning_level AS l WHERE l.ledger_id = p.ledger_id AND l.policy_id = p.policy_id) AS l) AS s ON true
    WHERE p.ledger_id = dunning_terms.ledger_id AND p.is_active
      AND dunning_terms.as_of BETWEEN coalesce(p.valid_from, '-infinity') AND coalesce(p.valid_until, 'infinity');
END
$$;
COMMENT ON FUNCTION ar.dunning_terms(integer, date) IS
'The policies on dunning that count on a day, with what their levels ask for: days[n], the days past due from which level n is reached, none before the levels below it; gaps[n], the days since the notice before; reminder_days, of the reminder before the due date.
Arguments: ledger_id; as_of.';

CREATE FUNCTION ar.dunning_policies(ledger_id integer, customer_ids bigint[], as_of date)
RETURNS TABLE (customer_id bigint, policy_id bigint)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH policy AS MATERIALIZED (SELECT t.policy_id, t.customer_id, t.customer_class FROM ar.dunning_terms(dunning_policies.ledger_id, dunning_policies.as_of) AS t)
    SELECT c.customer_id, coalesce(own.policy_id, class.policy_id, (SELECT p.policy_id FROM policy AS p WHERE num_nonnulls(p.customer_id, p.customer_class) = 0))
    FROM (SELECT DISTINCT dunning_policies.ledger_id, u.customer_id FROM unnest(dunning_policies.customer_ids) AS u(customer_id)) AS w
    JOIN ar.customer AS c ON c.ledger_id = w.ledger_id AND c.customer_id = w.customer_id
    LEFT JOIN policy AS own ON own.customer_id = c.customer_id
    LEFT JOIN policy AS class ON class.customer_class = c.customer_class;
END
$$;
COMMENT ON FUNCTION ar.dunning_policies(integer, bigint[], date) IS
'The policy on dunning in force for each of some customers on a day: his own, else that of his class, else that of the ledger (ar.dunning_policy), of those that are active and valid; NULL: none.
Arguments: ledger_id; customer_ids; as_of.';

CREATE FUNCTION ar.set_dunning_preset(
    ledger_id integer,
    customer_class text DEFAULT NULL,
    letter_per text DEFAULT 'customer',
    confirmation text DEFAULT 'manual',
    fees ar.monetary[] DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result bigint;
BEGIN
    PERFORM ar.create_message_templates(set_dunning_preset.ledger_id);
    INSERT INTO ar.dunning_policy AS p (ledger_id, customer_class, letter_per, confirmation, interval_days)
    VALUES (set_dunning_preset.ledger_id, set_dunning_preset.customer_class, set_dunning_preset.letter_per, set_dunning_preset.confirmation, 7)
    ON CONFLICT (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, ''))) DO UPDATE
    SET letter_per = excluded.letter_per, confirmation = excluded.confirmation, interval_days = excluded.interval_days, is_active = true
    RETURNING p.policy_id INTO result;
    DELETE FROM ar.dunning_level AS l WHERE l.ledger_id = set_dunning_preset.ledger_id AND l.policy_id = result;
    INSERT INTO ar.dunning_level (ledger_id, policy_id, level, days, gap_days, fee, claims_interest, template)
    VALUES (set_dunning_preset.ledger_id, result, 0, -3, 0, NULL, false, 'reminder'),
           (set_dunning_preset.ledger_id, result, 1, 7, 0, set_dunning_preset.fees[1], false, 'dunning_1'),
           (set_dunning_preset.ledger_id, result, 2, 21, 10, set_dunning_preset.fees[2], true, 'dunning_2'),
           (set_dunning_preset.ledger_id, result, 3, 35, 10, set_dunning_preset.fees[3], true, 'dunning_3');
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.set_dunning_preset(integer, text, text, text, ar.monetary[]) IS
'Gives a ledger, or a class of its customers, the usual policy on dunning, and returns its policy_id: a reminder 3 days before the due date, letters 7, 21 and 35 days after it, at least 10 days apart, no more than one a week to a customer; the second and third claim interest. What was there for it is replaced, and the templates that lack are made.
Arguments: ledger_id; customer_class; letter_per, customer or item; confirmation, manual or automatic; fees, of the three levels.
Errors: 23503 no such ledger; 23514 no such choice.';

REVOKE ALL ON FUNCTION ar.tg_check_dunning_levels(), ar.tg_stamp_dunning(), ar.tg_guard_dunning_notice(), ar.tg_check_dunning_notices(), ar.tg_guard_dunning_notice_item(),
    ar.tg_derive_dunning_item(), ar.tg_follow_dunning(), ar.tg_follow_dunning_message(), ar.dunning_terms(integer, date), ar.dunning_policies(integer, bigint[], date),
    ar.set_dunning_preset(integer, text, text, text, ar.monetary[]) FROM PUBLIC;
