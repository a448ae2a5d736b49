-- collect: cases: opened when money is overdue, closed when none is.

CREATE FUNCTION ar.overdue_items(ledger_id integer, as_of date)
RETURNS TABLE (item_id bigint, customer_id bigint, due_on date, open ar.monetary)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH planned AS MATERIALIZED (
        SELECT p.item_id FROM ar.planned(overdue_items.ledger_id, NULL, overdue_items.as_of) AS p
    )
    SELECT i.item_id, i.customer_id, i.due_on, i.open
    FROM ar.items_as_of(overdue_items.ledger_id, overdue_items.as_of) AS i
    WHERE i.due_on < overdue_items.as_of AND ar.sign(i.open) > 0
      AND NOT EXISTS (SELECT FROM planned AS p WHERE p.item_id = i.item_id);
END
$$;
COMMENT ON FUNCTION ar.overdue_items(integer, date) IS
'What is overdue on a day and to be collected: open debit items past their due date that are on no payment plan that is kept.
Arguments: ledger_id; as_of.';

CREATE FUNCTION ar.tg_guard_case() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.closed_on IS NOT NULL THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = 'a case cannot begin closed',
                HINT = 'It is open first, and closed by ar.refresh_cases().', TABLE = 'collection_case', SCHEMA = 'ar', COLUMN = 'closed_on';
        END IF;
        NEW.opened_by := session_user;
        NEW.opened_at := clock_timestamp();
        NEW.collector := NULL;
        NEW.activities := 0;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - '{closed_on,closed_by,closed_at,collector,activities}'::text[]
                           <> to_jsonb(OLD) - '{closed_on,closed_by,closed_at,collector,activities}'::text[]
       OR OLD.closed_on IS NOT NULL AND (NEW.closed_on, NEW.closed_by, NEW.closed_at) IS DISTINCT FROM (OLD.closed_on, OLD.closed_by, OLD.closed_at)
       -- What is derived only follows.
       OR NEW.collector IS DISTINCT FROM OLD.collector AND NEW.collector IS DISTINCT FROM (
              SELECT a.collector FROM ar.case_assignment AS a
              WHERE a.ledger_id = OLD.ledger_id AND a.case_id = OLD.case_id ORDER BY a.assignment_id DESC LIMIT 1)
       OR NEW.activities <> OLD.activities AND NEW.activities <> (
              SELECT count(*) FROM ar.collection_activity AS a WHERE a.ledger_id = OLD.ledger_id AND a.case_id = OLD.case_id) THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('case %s cannot be %s', OLD.case_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'A case is closed once; it is assigned by ar.assign_case(), and follows what is recorded by ar.record_activity().',
            TABLE = 'collection_case', SCHEMA = 'ar';
    END IF;
    IF OLD.closed_on IS NULL AND NEW.closed_on IS NOT NULL THEN
        NEW.closed_by := session_user;
        NEW.closed_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_case() IS
'Trigger, before each row of ar.collection_case: stamps who opened and who closed it, and refuses every other change, but that it follows its assignments and activities (RA003, RA004).';

CREATE FUNCTION ar.refresh_cases(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (case_id bigint, customer_id bigint, outcome text, collector text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(refresh_cases.as_of, ar.business_date(refresh_cases.ledger_id));
    customers bigint[] := ARRAY(SELECT DISTINCT o.customer_id FROM ar.overdue_items(refresh_cases.ledger_id, day) AS o ORDER BY 1);
BEGIN
    RETURN QUERY
    INSERT INTO ar.collection_case AS k (ledger_id, customer_id, opened_on)
    SELECT refresh_cases.ledger_id, u.customer_id, day
    FROM unnest(customers) AS u(customer_id)
    WHERE NOT EXISTS (SELECT FROM ar.collection_case AS o
                      WHERE o.ledger_id = refresh_cases.ledger_id AND o.customer_id = u.customer_id AND o.closed_on IS NULL)
    ORDER BY u.customer_id
    ON CONFLICT (ledger_id, customer_id) WHERE closed_on IS NULL DO NOTHING
    RETURNING k.case_id, k.customer_id, 'opened', NULL::text;

    -- In the order in which activities take them.
    PERFORM FROM ar.collection_case AS k
    WHERE k.ledger_id = refresh_cases.ledger_id AND k.closed_on IS NULL AND k.opened_on <= day
      AND NOT EXISTS (SELECT FROM unnest(customers) AS u(customer_id) WHERE u.customer_id = k.customer_id)
    ORDER BY k.customer_id FOR NO KEY UPDATE;
    RETURN QUERY
    UPDATE ar.collection_case AS k SET closed_on = day
    WHERE k.ledger_id = refresh_cases.ledger_id AND k.closed_on IS NULL AND k.opened_on <= day
      AND NOT EXISTS (SELECT FROM unnest(customers) AS u(customer_id) WHERE u.customer_id = k.customer_id)
    RETURNING k.case_id, k.customer_id, 'closed', k.collector;

    RETURN QUERY
    SELECT a.case_id, a.customer_id, 'assigned', a.collector FROM ar.assign_cases(refresh_cases.ledger_id, day) AS a;
END
$$;
COMMENT ON FUNCTION ar.refresh_cases(integer, date) IS
'Opens a case for each customer of whom money is overdue (ar.overdue_items) and who has none, closes those of whom none is any more, and assigns those that nobody works on. Again it finds nothing. Run it daily.
Arguments: ledger_id; as_of, by default the business date. Result: a row for each case opened, closed and assigned.
Errors: RA009 a rule asks for an amount, and there is no exchange rate.';

REVOKE ALL ON FUNCTION ar.tg_guard_case(), ar.refresh_cases(integer, date) FROM PUBLIC;
