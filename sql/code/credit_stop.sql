-- credit: manual stops.

CREATE FUNCTION ar.tg_guard_credit_stop() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.stopped_by := session_user;
        NEW.stopped_at := clock_timestamp();
        NEW.lifted_by := NULL;
        NEW.lifted_at := NULL;
        NEW.lifting_reason := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
       AND to_jsonb(NEW) - '{lifted_by,lifted_at,lifting_reason}'::text[]
           = to_jsonb(OLD) - '{lifted_by,lifted_at,lifting_reason}'::text[] THEN
        NEW.lifted_by := session_user;
        NEW.lifted_at := clock_timestamp();
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('credit stop %s cannot be %s', OLD.stop_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Lift a standing stop with ar.lift_credit_stop(), and put another.',
        TABLE = 'credit_stop', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_credit_stop() IS
'Trigger, before each row of ar.credit_stop: stamps who stopped and who lifted it, and refuses every other change (RA003).';

CREATE FUNCTION ar.stop_credit(ledger_id integer, customer_ids bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    stopped bigint;
BEGIN
    INSERT INTO ar.credit_stop (ledger_id, customer_id, reason)
    SELECT DISTINCT stop_credit.ledger_id, c.customer_id, stop_credit.reason
    FROM unnest(stop_credit.customer_ids) AS c(customer_id)
    ORDER BY c.customer_id
    ON CONFLICT (ledger_id, customer_id) WHERE lifted_at IS NULL DO NOTHING;
    GET DIAGNOSTICS stopped = ROW_COUNT;
    RETURN stopped;
END
$$;
COMMENT ON FUNCTION ar.stop_credit(integer, bigint[], text) IS
'Stops the credit of customers by hand: their invoices are held and no order is reserved, until ar.lift_credit_stop(). Returns how many were stopped; those who were already stay as they are.
Errors: 23502 no reason; 23503 no such customer; 23514 a blank reason.';

CREATE FUNCTION ar.stop_credit(ledger_id integer, customer_id bigint, reason text) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.stop_credit(stop_credit.ledger_id, ARRAY[stop_credit.customer_id], stop_credit.reason) $$;
COMMENT ON FUNCTION ar.stop_credit(integer, bigint, text) IS
'Stops the credit of one customer: ar.stop_credit() of many with one. Errors: as there.';

CREATE FUNCTION ar.lift_credit_stop(ledger_id integer, customer_ids bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    lifted bigint;
BEGIN
    UPDATE ar.credit_stop AS s SET lifted_at = clock_timestamp(), lifting_reason = lift_credit_stop.reason
    WHERE s.ledger_id = lift_credit_stop.ledger_id AND s.customer_id = ANY (lift_credit_stop.customer_ids)
      AND s.lifted_at IS NULL;
    GET DIAGNOSTICS lifted = ROW_COUNT;
    RETURN lifted;
END
$$;
COMMENT ON FUNCTION ar.lift_credit_stop(integer, bigint[], text) IS
'Lifts the stops of customers, and returns how many there were. What was held stays so until ar.release_holds().';

CREATE FUNCTION ar.lift_credit_stop(ledger_id integer, customer_id bigint, reason text) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.lift_credit_stop(lift_credit_stop.ledger_id, ARRAY[lift_credit_stop.customer_id], lift_credit_stop.reason) $$;
COMMENT ON FUNCTION ar.lift_credit_stop(integer, bigint, text) IS
'Lifts the stop of one customer, and returns 1, or 0 if there was none.';

REVOKE ALL ON FUNCTION ar.tg_guard_credit_stop(), ar.stop_credit(integer, bigint[], text), ar.stop_credit(integer, bigint, text),
    ar.lift_credit_stop(integer, bigint[], text), ar.lift_credit_stop(integer, bigint, text) FROM PUBLIC;
