-- party: from prospect to active customer, and to the end.

CREATE FUNCTION ar.can_move_customer(from_status text, to_status text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (from_status, to_status) IN (
        ('prospect', 'verified'), ('prospect', 'closed'),
        ('verified', 'active'), ('verified', 'prospect'), ('verified', 'closed'),
        ('active', 'on_hold'), ('active', 'closed'),
        ('on_hold', 'active'), ('on_hold', 'closed'),
        ('closed', 'prospect'))
$$;
COMMENT ON FUNCTION ar.can_move_customer(text, text) IS
'Whether a customer may go from one status to another: prospect to verified to active, active to on_hold and back, each to closed; verified back to prospect; closed to prospect, to begin again.';

CREATE FUNCTION ar.can_be_invoiced(status text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT status IN ('active', 'on_hold') $$;
COMMENT ON FUNCTION ar.can_be_invoiced(text) IS
'Whether invoices may be posted to customers of a status: active, and on_hold, where credit control decides; not those who are not active yet or closed.';

CREATE FUNCTION ar.tg_customer_created_on() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    -- A ledger that does not exist is for the foreign key to report.
    NEW.created_on := coalesce((SELECT (now() AT TIME ZONE l.timezone)::date
                                FROM ar.ledger AS l WHERE l.ledger_id = NEW.ledger_id), current_date);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_customer_created_on() IS
'Trigger: a customer without created_on was created on the business date.';
REVOKE ALL ON FUNCTION ar.tg_customer_created_on() FROM PUBLIC;
