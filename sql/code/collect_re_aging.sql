-- collect: payment plans by whose instalments the aging goes.

CREATE FUNCTION ar.tg_guard_re_aging() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    plan record;
BEGIN
    -- Held, so that nobody ends it meanwhile.
    SELECT p.status, p.agreed_on INTO plan FROM ar.payment_plan AS p
    WHERE p.ledger_id = NEW.ledger_id AND p.plan_id = NEW.plan_id FOR NO KEY UPDATE;
    IF plan.status <> 'open' THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('payment plan %s is %s and cannot be re-aged', NEW.plan_id, plan.status),
            HINT = 'Only an open plan changes what is due when.', TABLE = 'plan_re_aging', SCHEMA = 'ar', COLUMN = 'plan_id';
    ELSIF NEW.re_aged_on < plan.agreed_on THEN
        RAISE check_violation USING
            MESSAGE = format('payment plan %s cannot be re-aged on %s', NEW.plan_id, NEW.re_aged_on),
            DETAIL = format('It was agreed on %s.', plan.agreed_on),
            HINT = 'Give that day or a later one.', TABLE = 'plan_re_aging', SCHEMA = 'ar', CONSTRAINT = 'plan_re_aging_re_aged_on_check';
    END IF;
    NEW.recorded_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_re_aging() IS
'Trigger, before each new row of ar.plan_re_aging: stamps who decided and when, and insists on an open plan (RA004) and no day before it (23514).';

CREATE FUNCTION ar.re_age_plan(ledger_id integer, plan_id bigint, reason text, re_aged_on date DEFAULT NULL) RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    INSERT INTO ar.plan_re_aging (ledger_id, plan_id, re_aged_on, reason)
    VALUES (re_age_plan.ledger_id, re_age_plan.plan_id, coalesce(re_age_plan.re_aged_on, ar.business_date(re_age_plan.ledger_id)), re_age_plan.reason);
$$;
COMMENT ON FUNCTION ar.re_age_plan(integer, bigint, text, date) IS
'Decides that the aging goes by the instalments of an open payment plan, from a day on and while it is open: what is open of its items falls into its last instalments. Once it is breached, cancelled or completed, it goes by the due dates of the items again.
Arguments: ledger_id; plan_id; reason; re_aged_on, by default the business date.
Errors: 23503 no such plan; 23505 it is re-aged already; 23514 a blank reason, a day before the plan; RA004 the plan has ended.';

REVOKE ALL ON FUNCTION ar.tg_guard_re_aging(), ar.re_age_plan(integer, bigint, text, date) FROM PUBLIC;
