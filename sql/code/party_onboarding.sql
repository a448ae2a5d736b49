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

CREATE FUNCTION ar.missing_requirements(ledger_id integer, customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, requirement text, required_for text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id, m.requirement, m.required_for
    FROM ar.customer AS c
    -- The policy of his class, else that of all.
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.onboarding_policy AS p
        WHERE p.ledger_id = c.ledger_id AND p.customer_class IN (coalesce(c.customer_class, ''), '')
        ORDER BY p.customer_class DESC LIMIT 1) AS p
    CROSS JOIN LATERAL (VALUES
        (1, CASE WHEN p.require_tax_id AND c.tax_id IS NULL THEN 'tax id'
                 WHEN NOT ar.is_valid_tax_id(c.tax_id, c.tax_id_scheme)
                 THEN format('tax id: "%s" is not valid by scheme "%s"', c.tax_id, c.tax_id_scheme) END, 'verified'),
        (2, CASE WHEN p.require_registration_id AND c.registration_id IS NULL THEN 'registration id' END, 'verified'),
        (3, CASE WHEN p.require_address THEN 'address: ' || nullif(concat_ws(', ',
                 CASE WHEN c.street IS NULL THEN 'street' END, CASE WHEN c.postal_code IS NULL THEN 'postal code' END,
                 CASE WHEN c.city IS NULL THEN 'city' END, CASE WHEN c.country IS NULL THEN 'country' END), '') END, 'verified'),
        (4, CASE WHEN p.require_electronic_address AND c.electronic_address IS NULL THEN 'electronic address' END, 'verified'),
        (5, CASE WHEN p.require_contact AND NOT EXISTS (
                 SELECT FROM ar.contact AS k
                 WHERE k.ledger_id = c.ledger_id AND k.customer_id = c.customer_id AND k.role = 'billing')
                 THEN 'contact with role billing' END, 'verified'),
        (6, CASE WHEN p.require_credit_decision AND c.credit_decided_on IS NULL THEN 'credit decision' END, 'active')
        ) AS m(place, requirement, required_for)
    WHERE c.ledger_id = missing_requirements.ledger_id
      AND (missing_requirements.customer_ids IS NULL OR c.customer_id = ANY (missing_requirements.customer_ids))
      AND m.requirement IS NOT NULL
    ORDER BY c.customer_id, m.place;
END
$$;
COMMENT ON FUNCTION ar.missing_requirements(integer, bigint[]) IS
'What customers lack of what the policy of the ledger requires, ar.onboarding_policy: a row each, none for who lacks nothing.
Arguments: ledger_id; customer_ids, or NULL for all. Result: the customer; requirement, what is missing; required_for, the status he cannot reach without it (and none after it).';

CREATE FUNCTION ar.tg_move_customer() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF NOT ar.can_move_customer(OLD.status, NEW.status) THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('customer "%s" cannot go from %s to %s', OLD.code, OLD.status, NEW.status),
            HINT = format('From %s he can go to: %s.', OLD.status, (
                SELECT string_agg(s.status, ', ')
                FROM unnest('{prospect,verified,active,on_hold,closed}'::text[]) AS s(status)
                WHERE ar.can_move_customer(OLD.status, s.status))),
            SCHEMA = 'ar', TABLE = 'customer', COLUMN = 'status';
    END IF;
    -- The reason of the last move is not that of this one.
    IF NEW.status_reason = OLD.status_reason THEN
        NEW.status_reason := NULL;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_move_customer() IS
'Trigger: the status of a customer moves as ar.can_move_customer() allows.
Errors: RA004 it does not allow it.';

CREATE FUNCTION ar.tg_onboard_customer() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    moves bigint;
    moved record;
    wrong record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        -- By EXECUTE: planned for the rows at hand, not for those of the session's first statement.
        EXECUTE 'INSERT INTO ar.customer_status_change (ledger_id, customer_id, from_status, to_status, reason)
            SELECT n.ledger_id, n.customer_id, o.status, n.status, n.status_reason
            FROM new_customer AS n
            JOIN old_customer AS o ON o.ledger_id = n.ledger_id AND o.customer_id = n.customer_id
            WHERE n.status <> o.status
            ORDER BY n.ledger_id, n.customer_id';
        GET DIAGNOSTICS moves = ROW_COUNT;
        IF moves = 0 THEN
            RETURN NULL;
        END IF;
    END IF;
    IF NOT EXISTS (SELECT FROM ar.onboarding_policy) THEN
        RETURN NULL;
    END IF;
    FOR moved IN EXECUTE CASE TG_OP
        WHEN 'INSERT' THEN
            'SELECT n.ledger_id, n.status, array_agg(n.customer_id) AS customers FROM new_customer AS n
             WHERE n.status IN (''verified'', ''active'', ''on_hold'') GROUP BY n.ledger_id, n.status'
        ELSE
            'SELECT n.ledger_id, n.status, array_agg(n.customer_id) AS customers FROM new_customer AS n
             JOIN old_customer AS o ON o.ledger_id = n.ledger_id AND o.customer_id = n.customer_id
             WHERE n.status <> o.status AND n.status IN (''verified'', ''active'') AND o.status IN (''prospect'', ''verified'')
             GROUP BY n.ledger_id, n.status' END
    LOOP
        SELECT count(DISTINCT m.customer_id) AS customers,
               string_agg(format('Customer "%s" lacks %s.', m.code, m.requirements), E'\n' ORDER BY m.code)
                   FILTER (WHERE m.place <= 20) AS detail
        INTO wrong
        FROM (SELECT m.customer_id, c.code, string_agg(m.requirement, '; ') AS requirements,
                     row_number() OVER (ORDER BY c.code) AS place
              FROM ar.missing_requirements(moved.ledger_id, moved.customers) AS m
              JOIN ar.customer AS c ON c.ledger_id = moved.ledger_id AND c.customer_id = m.customer_id
              WHERE m.required_for = 'verified' OR moved.status <> 'verified'
              GROUP BY m.customer_id, c.code) AS m;
        IF wrong.customers > 0 THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = format('%s cannot become %s yet',
                                 CASE wrong.customers WHEN 1 THEN 'a customer' ELSE wrong.customers || ' customers' END, moved.status),
                DETAIL = wrong.detail,
                HINT = format('The policy is ar.onboarding_policy of ledger %s; ar.missing_requirements() lists what is missing. '
                              'A customer can be entered as a prospect.', moved.ledger_id),
                SCHEMA = 'ar', TABLE = 'customer', COLUMN = 'status';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_onboard_customer() IS
'Trigger: who becomes verified or active has what the policy of the ledger requires, and each move of a status is recorded.
Errors: RA004 something is missing; the detail lists all of it.';

CREATE FUNCTION ar.tg_guard_status_change() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    -- Written from the trigger of ar.customer alone.
    IF TG_OP <> 'INSERT' OR pg_trigger_depth() < 2 THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'table "customer_status_change" is written by the database alone',
            HINT = 'Move the status of the customer.',
            SCHEMA = 'ar', TABLE = 'customer_status_change';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_status_change() IS
'Trigger: the history of statuses is written by the database, and never changed.
Errors: RA003.';

CREATE FUNCTION ar.move_customers(ledger_id integer, customer_ids bigint[], status text, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    moved bigint;
BEGIN
    -- In the order of their ids, so that two runs over the same customers queue up.
    PERFORM FROM ar.customer AS c
    WHERE c.ledger_id = move_customers.ledger_id AND c.customer_id = ANY (move_customers.customer_ids)
    ORDER BY c.customer_id FOR NO KEY UPDATE;
    SELECT w.customer_id INTO missing
    FROM unnest(move_customers.customer_ids) AS w(customer_id)
    WHERE NOT EXISTS (SELECT FROM ar.customer AS c
                      WHERE c.ledger_id = move_customers.ledger_id AND c.customer_id = w.customer_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('customer %s does not exist in ledger %s', missing, move_customers.ledger_id);
    END IF;
    UPDATE ar.customer AS c SET status = move_customers.status, status_reason = move_customers.reason
    WHERE c.ledger_id = move_customers.ledger_id AND c.customer_id = ANY (move_customers.customer_ids)
      AND c.status <> move_customers.status;
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END
$$;
COMMENT ON FUNCTION ar.move_customers(integer, bigint[], text, text) IS
'Moves customers to a status; those who have it already are left alone. All or none.
Arguments: ledger_id; customer_ids; status; reason, kept with the move. Returns how many were moved.
Errors: 23503 no such customer; 23514 no such status; RA004 he cannot go there, lacks what the policy requires (all of it is listed), or is to be closed with something open.';

CREATE FUNCTION ar.verify_customers(ledger_id integer, customer_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(verify_customers.ledger_id, verify_customers.customer_ids, 'verified', verify_customers.reason) $$;
COMMENT ON FUNCTION ar.verify_customers(integer, bigint[], text) IS
'Customers that were checked: prospects become verified. Returns how many were moved.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.verify_customer(ledger_id integer, customer_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(verify_customer.ledger_id, ARRAY[verify_customer.customer_id], 'verified', verify_customer.reason) $$;
COMMENT ON FUNCTION ar.verify_customer(integer, bigint, text) IS
'One customer: ar.verify_customers() with one.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.activate_customers(ledger_id integer, customer_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(activate_customers.ledger_id, activate_customers.customer_ids, 'active', activate_customers.reason) $$;
COMMENT ON FUNCTION ar.activate_customers(integer, bigint[], text) IS
'Customers that may buy: verified or held customers become active. Returns how many were moved.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.activate_customer(ledger_id integer, customer_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(activate_customer.ledger_id, ARRAY[activate_customer.customer_id], 'active', activate_customer.reason) $$;
COMMENT ON FUNCTION ar.activate_customer(integer, bigint, text) IS
'One customer: ar.activate_customers() with one.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.hold_customers(ledger_id integer, customer_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(hold_customers.ledger_id, hold_customers.customer_ids, 'on_hold', hold_customers.reason) $$;
COMMENT ON FUNCTION ar.hold_customers(integer, bigint[], text) IS
'Customers that must wait: active customers go on hold. Returns how many were moved.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.hold_customer(ledger_id integer, customer_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(hold_customer.ledger_id, ARRAY[hold_customer.customer_id], 'on_hold', hold_customer.reason) $$;
COMMENT ON FUNCTION ar.hold_customer(integer, bigint, text) IS
'One customer: ar.hold_customers() with one.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.close_customers(ledger_id integer, customer_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(close_customers.ledger_id, close_customers.customer_ids, 'closed', close_customers.reason) $$;
COMMENT ON FUNCTION ar.close_customers(integer, bigint[], text) IS
'Customers that are done with: they become closed, unless something is open. Returns how many were moved.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.close_customer(ledger_id integer, customer_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(close_customer.ledger_id, ARRAY[close_customer.customer_id], 'closed', close_customer.reason) $$;
COMMENT ON FUNCTION ar.close_customer(integer, bigint, text) IS
'One customer: ar.close_customers() with one.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.reopen_customers(ledger_id integer, customer_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(reopen_customers.ledger_id, reopen_customers.customer_ids, 'prospect', reopen_customers.reason) $$;
COMMENT ON FUNCTION ar.reopen_customers(integer, bigint[], text) IS
'Customers that come back, or were verified in error: closed or verified customers become prospects. Returns how many were moved.
Errors: as ar.move_customers().';

CREATE FUNCTION ar.reopen_customer(ledger_id integer, customer_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.move_customers(reopen_customer.ledger_id, ARRAY[reopen_customer.customer_id], 'prospect', reopen_customer.reason) $$;
COMMENT ON FUNCTION ar.reopen_customer(integer, bigint, text) IS
'One customer: ar.reopen_customers() with one.
Errors: as ar.move_customers().';

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
REVOKE ALL ON FUNCTION ar.tg_customer_created_on(),
    ar.tg_move_customer(),
    ar.tg_onboard_customer(),
    ar.tg_guard_status_change(),
    ar.move_customers(integer, bigint[], text, text),
    ar.verify_customers(integer, bigint[], text),
    ar.verify_customer(integer, bigint, text),
    ar.activate_customers(integer, bigint[], text),
    ar.activate_customer(integer, bigint, text),
    ar.hold_customers(integer, bigint[], text),
    ar.hold_customer(integer, bigint, text),
    ar.close_customers(integer, bigint[], text),
    ar.close_customer(integer, bigint, text),
    ar.reopen_customers(integer, bigint[], text),
    ar.reopen_customer(integer, bigint, text) FROM PUBLIC;
