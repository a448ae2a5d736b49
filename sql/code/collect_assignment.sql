-- collect: who works on which case.

CREATE FUNCTION ar.tg_guard_assignment() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    is_open boolean;
BEGIN
    -- Held until the case follows.
    SELECT k.closed_on IS NULL INTO is_open FROM ar.collection_case AS k
    WHERE k.ledger_id = NEW.ledger_id AND k.case_id = NEW.case_id FOR NO KEY UPDATE;
    IF NOT is_open THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('case %s is closed and cannot be assigned', NEW.case_id),
            HINT = 'A customer who owes something overdue again gets another case.', TABLE = 'case_assignment', SCHEMA = 'ar', COLUMN = 'case_id';
    ELSIF EXISTS (SELECT FROM ar.collector AS c WHERE c.ledger_id = NEW.ledger_id AND c.collector = NEW.collector AND NOT c.is_active) THEN
        RAISE check_violation USING
            MESSAGE = format('collector "%s" is not active', NEW.collector),
            HINT = 'Name another, or set is_active in ar.collector.', TABLE = 'case_assignment', SCHEMA = 'ar', CONSTRAINT = 'case_assignment_active_check';
    END IF;
    NEW.recorded_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_assignment() IS
'Trigger, before each new row of ar.case_assignment: stamps who assigned, and insists on an open case (RA004) and an active collector (23514).';

CREATE FUNCTION ar.tg_follow_assignments() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    UPDATE ar.collection_case AS k SET collector = n.collector
    FROM (SELECT DISTINCT ON (a.ledger_id, a.case_id) a.ledger_id, a.case_id, a.collector
          FROM new_assignment AS a ORDER BY a.ledger_id, a.case_id, a.assignment_id DESC) AS n
    WHERE k.ledger_id = n.ledger_id AND k.case_id = n.case_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_assignments() IS 'Trigger, after an INSERT statement on ar.case_assignment: the cases say who works on them.';

CREATE FUNCTION ar.overdue_totals(ledger_id integer, as_of date)
RETURNS TABLE (customer_id bigint, overdue numeric, oldest_due_on date, items bigint)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    home text := (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = overdue_totals.ledger_id);
    missing text[];
BEGIN
    SELECT array_agg(f.from_currency ORDER BY f.from_currency) INTO missing
    FROM ar.exchange_fractions(overdue_totals.ledger_id,
        ARRAY(SELECT DISTINCT ar.currency(o.open) FROM ar.overdue_items(overdue_totals.ledger_id, overdue_totals.as_of) AS o), home, overdue_totals.as_of) AS f
    WHERE f.multiply_by IS NULL;
    IF missing IS NOT NULL THEN
        PERFORM ar.refuse_missing_rate(overdue_totals.ledger_id, missing, home, overdue_totals.as_of);
    END IF;
    RETURN QUERY
    WITH owed AS MATERIALIZED (
        SELECT o.customer_id, ar.currency(o.open) AS currency, sum(ar.amount(o.open)) AS amount, min(o.due_on) AS due_on, count(*) AS items
        FROM ar.overdue_items(overdue_totals.ledger_id, overdue_totals.as_of) AS o GROUP BY 1, 2
    ), fraction AS MATERIALIZED (
        SELECT f.* FROM ar.exchange_fractions(overdue_totals.ledger_id, ARRAY(SELECT DISTINCT o.currency FROM owed AS o), home, overdue_totals.as_of) AS f
    )
    SELECT o.customer_id, sum(ar.amount(ar.round(o.amount * f.multiply_by / f.divide_by, home))), min(o.due_on), sum(o.items)::bigint
    FROM owed AS o JOIN fraction AS f ON f.from_currency = o.currency
    GROUP BY o.customer_id;
END
$$;
COMMENT ON FUNCTION ar.overdue_totals(integer, date) IS
'How much of each customer is overdue on a day, in units of the currency of the ledger, since when at the oldest, and how many items: ar.overdue_items() added up.
Arguments: ledger_id; as_of. Errors: RA009 there is no exchange rate.';

CREATE FUNCTION ar.assign_cases(ledger_id integer, as_of date DEFAULT NULL, reassign boolean DEFAULT false)
RETURNS TABLE (case_id bigint, customer_id bigint, collector text, rule_position integer)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(assign_cases.as_of, ar.business_date(assign_cases.ledger_id));
    asks_amount boolean;
    rule record;
    wanted jsonb;
    made jsonb := '[]';
    loads jsonb;
BEGIN
    SELECT bool_or(num_nonnulls(r.overdue_from, r.overdue_below) > 0) INTO asks_amount FROM ar.assignment_rule AS r
    WHERE r.ledger_id = assign_cases.ledger_id;
    IF asks_amount IS NULL THEN
        RETURN;     -- no rule
    END IF;
    -- Two who assign at once: the second waits, and finds less to do.
    PERFORM FROM ar.collection_case AS k
    WHERE k.ledger_id = assign_cases.ledger_id AND k.closed_on IS NULL ORDER BY k.customer_id FOR NO KEY UPDATE;
    WITH overdue AS MATERIALIZED (
        SELECT t.customer_id, t.overdue FROM ar.overdue_totals(assign_cases.ledger_id, day) AS t WHERE asks_amount
    ), collector AS MATERIALIZED (
        SELECT c.collector, c.team FROM ar.collector AS c WHERE c.ledger_id = assign_cases.ledger_id AND c.is_active
    ), rule AS MATERIALIZED (
        SELECT r.* FROM ar.assignment_rule AS r
        WHERE r.ledger_id = assign_cases.ledger_id
          AND EXISTS (SELECT FROM collector AS c WHERE c.collector = r.collector OR c.team = r.team)
    )
    SELECT jsonb_agg(jsonb_build_object('case_id', w.case_id, 'customer_id', w.customer_id, 'position', w.position)) INTO wanted
    FROM (
        SELECT k.case_id, k.customer_id, k.collector,
               (SELECT min(r.position) FROM rule AS r
                WHERE coalesce(r.customer_class = c.customer_class, r.customer_class IS NULL)
                  AND coalesce(r.country = c.country, r.country IS NULL)
                  AND coalesce(lower(c.code) COLLATE "C" >= lower(r.code_from) COLLATE "C", true)
                  AND coalesce(left(lower(c.code), length(r.code_to)) COLLATE "C" <= lower(r.code_to) COLLATE "C", true)
                  AND coalesce(coalesce(o.overdue, 0) >= r.overdue_from, true)
                  AND coalesce(coalesce(o.overdue, 0) < r.overdue_below, true)) AS position
        FROM ar.collection_case AS k
        JOIN ar.customer AS c ON c.ledger_id = k.ledger_id AND c.customer_id = k.customer_id
        LEFT JOIN overdue AS o ON o.customer_id = k.customer_id
        LEFT JOIN collector AS at ON at.collector = k.collector
        LEFT JOIN LATERAL (SELECT a.is_manual FROM ar.case_assignment AS a
                           WHERE a.ledger_id = k.ledger_id AND a.case_id = k.case_id ORDER BY a.assignment_id DESC LIMIT 1) AS last ON true
        WHERE k.ledger_id = assign_cases.ledger_id AND k.closed_on IS NULL
          -- What somebody decided is left alone, and so is what a rule did, unless asked.
          AND (at.collector IS NULL OR assign_cases.reassign AND NOT last.is_manual)) AS w
    WHERE w.position IS NOT NULL;
    IF wanted IS NULL THEN
        RETURN;
    END IF;

    -- How many cases each has that stay his.
    SELECT coalesce(jsonb_object_agg(s.collector, s.cases), '{}') INTO loads
    FROM (SELECT k.collector, count(*) AS cases FROM ar.collection_case AS k
          WHERE k.ledger_id = assign_cases.ledger_id AND k.closed_on IS NULL AND k.collector IS NOT NULL
            AND NOT EXISTS (SELECT FROM jsonb_to_recordset(wanted) AS w(case_id bigint) WHERE w.case_id = k.case_id)
          GROUP BY k.collector) AS s;
    FOR rule IN
        SELECT r.position, r.collector, r.team, r.note, n.cases
        FROM ar.assignment_rule AS r
        JOIN (SELECT w.position, count(*) AS cases FROM jsonb_to_recordset(wanted) AS w("position" integer) GROUP BY w.position) AS n ON n.position = r.position
        WHERE r.ledger_id = assign_cases.ledger_id ORDER BY r.position
    LOOP
        -- The fewest cases first, then by name: the places that are free, and the cases in the order of their customers.
        SELECT made || coalesce(jsonb_agg(jsonb_build_object('case_id', w.case_id, 'customer_id', w.customer_id, 'collector', p.collector, 'position', rule.position)), '[]')
        INTO made
        FROM (SELECT w.case_id, w.customer_id, row_number() OVER (ORDER BY w.customer_id) AS nth
              FROM jsonb_to_recordset(wanted) AS w(case_id bigint, customer_id bigint, "position" integer) WHERE w.position = rule.position) AS w
        JOIN (SELECT p.collector, row_number() OVER (ORDER BY p.load, p.collector) AS nth
              FROM (SELECT c.collector, coalesce((loads ->> c.collector)::bigint, 0) + n AS load
                    FROM ar.collector AS c CROSS JOIN generate_series(0, rule.cases - 1) AS n
                    WHERE c.ledger_id = assign_cases.ledger_id AND c.is_active AND (c.collector = rule.collector OR c.team = rule.team)) AS p
              ORDER BY p.load, p.collector LIMIT rule.cases) AS p ON p.nth = w.nth;
        SELECT coalesce(jsonb_object_agg(s.collector, s.cases), '{}') INTO loads
        FROM (SELECT u.collector, sum(u.cases) AS cases
              FROM (SELECT l.key AS collector, l.value::bigint AS cases FROM jsonb_each_text(loads) AS l
                    UNION ALL
                    SELECT m.collector, 1 FROM jsonb_to_recordset(made) AS m(collector text, "position" integer) WHERE m.position = rule.position) AS u
              GROUP BY u.collector) AS s;
    END LOOP;
    RETURN QUERY
    WITH assigned AS (
        INSERT INTO ar.case_assignment AS a (ledger_id, case_id, collector, assigned_on, is_manual, reason)
        SELECT assign_cases.ledger_id, m.case_id, m.collector, greatest(day, k.opened_on), false,
               concat_ws(': ', format('rule %s', m.position), r.note)
        FROM jsonb_to_recordset(made) AS m(case_id bigint, collector text, "position" integer)
        JOIN ar.collection_case AS k ON k.ledger_id = assign_cases.ledger_id AND k.case_id = m.case_id
        JOIN ar.assignment_rule AS r ON r.ledger_id = assign_cases.ledger_id AND r.position = m.position
        WHERE k.collector IS DISTINCT FROM m.collector
        ORDER BY k.customer_id
        RETURNING a.case_id, a.collector
    )
    SELECT a.case_id, m.customer_id, a.collector, m.position
    FROM assigned AS a JOIN jsonb_to_recordset(made) AS m(case_id bigint, customer_id bigint, "position" integer) ON m.case_id = a.case_id
    ORDER BY m.customer_id;
END
$$;
COMMENT ON FUNCTION ar.assign_cases(integer, date, boolean) IS
'Assigns open cases by the rules of ar.assignment_rule: those that nobody works on, or somebody who is not active. A team takes them evenly: each goes to whoever has the fewest open ones, then by name. The same books always give the same answer.
Arguments: ledger_id; as_of, by default the business date; reassign, true to ask the rules anew for all cases but those that somebody assigned by hand.
Result: a row for each case that went to somebody else. Errors: RA009 a rule asks for an amount, and there is no exchange rate.';

CREATE FUNCTION ar.assign_case(ledger_id integer, customer_id bigint, collector text, reason text, assigned_on date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result bigint;
BEGIN
    INSERT INTO ar.case_assignment AS a (ledger_id, case_id, collector, assigned_on, is_manual, reason)
    SELECT k.ledger_id, k.case_id, assign_case.collector, coalesce(assign_case.assigned_on, ar.business_date(k.ledger_id)), true, assign_case.reason
    FROM ar.collection_case AS k
    WHERE k.ledger_id = assign_case.ledger_id AND k.customer_id = assign_case.customer_id AND k.closed_on IS NULL
    RETURNING a.assignment_id INTO result;
    IF result IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('customer %s has no open case in ledger %s', assign_case.customer_id, assign_case.ledger_id),
            HINT = 'Cases are opened by ar.refresh_cases(), or by recording an activity.';
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.assign_case(integer, bigint, text, text, date) IS
'Gives the open case of a customer to a collector, whatever the rules say, and returns the assignment_id. Rules leave it there while he is active.
Arguments: ledger_id; customer_id; collector; reason; assigned_on, by default the business date.
Errors: 23503 no open case, or no such collector; 23514 a blank reason, or a collector who is not active.';

REVOKE ALL ON FUNCTION ar.tg_guard_assignment(), ar.tg_follow_assignments(), ar.assign_cases(integer, date, boolean),
    ar.assign_case(integer, bigint, text, text, date) FROM PUBLIC;
