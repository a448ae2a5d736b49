-- credit: orders that have credit reserved until they are invoiced.

CREATE FUNCTION ar.order_invoiced(ledger_id integer, customer_id bigint, order_reference text, unit ar.monetary) RETURNS ar.monetary
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    RETURN ar.monetary(coalesce((
        SELECT sum(CASE v.kind WHEN 'credit_memo' THEN -ar.amount(v.total) ELSE ar.amount(v.total) END)
        FROM ar.invoice AS v
        WHERE v.ledger_id = order_invoiced.ledger_id AND v.order_reference = order_invoiced.order_reference
          AND v.customer_id = order_invoiced.customer_id AND ar.is_posted(v.status)
          AND ar.currency(v.total) = ar.currency(order_invoiced.unit)), 0), ar.currency(order_invoiced.unit));
END
$$;
COMMENT ON FUNCTION ar.order_invoiced(integer, bigint, text, ar.monetary) IS
'What the posted invoices of an order bill, less its credit memos, in the currency of the amount given.';

CREATE FUNCTION ar.tg_guard_reservation() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    days integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.invoiced := ar.monetary(0, ar.currency(NEW.amount));
        NEW.recorded_by := session_user;
        NEW.recorded_at := clock_timestamp();
        NEW.released_by := NULL;
        NEW.released_at := NULL;
        NEW.release_reason := NULL;
        IF NEW.expires_on IS NULL AND EXISTS (
            SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = NEW.ledger_id AND p.reservation_days IS NOT NULL) THEN
            SELECT p.reservation_days INTO days FROM ar.credit_policies(NEW.ledger_id, ARRAY[NEW.customer_id]) AS p;
            NEW.expires_on := ar.business_date(NEW.ledger_id) + days;
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('credit reservation %s cannot be deleted', OLD.reservation_id),
            HINT = 'Release it with ar.release_credit().', TABLE = 'credit_reservation', SCHEMA = 'ar';
    END IF;
    IF OLD.released_at IS NOT NULL AND to_jsonb(NEW) - 'invoiced' <> to_jsonb(OLD) - 'invoiced' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('credit reservation %s is released and cannot be changed', OLD.reservation_id),
            TABLE = 'credit_reservation', SCHEMA = 'ar';
    END IF;
    IF (NEW.ledger_id, NEW.reservation_id, NEW.customer_id, NEW.order_reference, NEW.external_id, NEW.recorded_by,
        NEW.recorded_at, ar.currency(NEW.amount))
       IS DISTINCT FROM
       (OLD.ledger_id, OLD.reservation_id, OLD.customer_id, OLD.order_reference, OLD.external_id, OLD.recorded_by,
        OLD.recorded_at, ar.currency(OLD.amount)) THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('of credit reservation %s only amount and expiry can be changed', OLD.reservation_id),
            HINT = 'Release it with ar.release_credit(), and reserve anew.', TABLE = 'credit_reservation', SCHEMA = 'ar';
    END IF;
    IF OLD.released_at IS NULL AND NEW.released_at IS NOT NULL THEN
        NEW.released_by := session_user;
        NEW.released_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_reservation() IS
'Trigger, before each row of ar.credit_reservation: stamps who reserved and who released it, sets the expiry that the policy gives, and refuses what must not change (RA003).';

CREATE FUNCTION ar.follow_reservations(ledger_id integer, reservation_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    customers bigint[];
    wrong record;
    reasons record;
BEGIN
    SELECT array_agg(DISTINCT r.customer_id) INTO customers
    FROM unnest(follow_reservations.reservation_ids) AS w(reservation_id)
    CROSS JOIN LATERAL (SELECT r.customer_id FROM ar.credit_reservation AS r
                        WHERE r.ledger_id = follow_reservations.ledger_id AND r.reservation_id = w.reservation_id OFFSET 0) AS r;
    -- The balances first, as whoever invoices does.
    INSERT INTO ar.customer_balance AS b (ledger_id, customer_id, currency, open_debits, open_credits)
    SELECT b.ledger_id, b.customer_id, b.currency, b.open_debits, b.open_credits
    FROM unnest(customers) AS w(customer_id)
    CROSS JOIN LATERAL (SELECT b.* FROM ar.customer_balance AS b
                        WHERE b.ledger_id = follow_reservations.ledger_id AND b.customer_id = w.customer_id OFFSET 0) AS b
    ORDER BY b.customer_id, b.currency
    ON CONFLICT (ledger_id, customer_id, currency) DO UPDATE SET open_debits = b.open_debits;
    PERFORM ar.lock_credit(follow_reservations.ledger_id, customers);
    SELECT c.code, c.status INTO wrong
    FROM unnest(customers) AS w(customer_id)
    CROSS JOIN LATERAL (SELECT c.customer_id, c.code, c.status FROM ar.customer AS c
                        WHERE c.ledger_id = follow_reservations.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    WHERE NOT ar.can_be_invoiced(c.status)
    ORDER BY c.customer_id LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('nothing can be reserved for customer "%s"', wrong.code),
            DETAIL = format('The customer is %s, and could not be invoiced.', wrong.status),
            HINT = 'Activate the customer with ar.activate_customer() first.', TABLE = 'credit_reservation', SCHEMA = 'ar', COLUMN = 'customer_id';
    END IF;
    SELECT v.invoice_id, v.total, r.order_reference, r.amount INTO wrong
    FROM unnest(follow_reservations.reservation_ids) AS w(reservation_id)
    CROSS JOIN LATERAL (SELECT r.* FROM ar.credit_reservation AS r
                        WHERE r.ledger_id = follow_reservations.ledger_id AND r.reservation_id = w.reservation_id OFFSET 0) AS r
    JOIN ar.invoice AS v ON v.ledger_id = r.ledger_id AND v.order_reference = r.order_reference
     AND v.customer_id = r.customer_id
    WHERE ar.is_posted(v.status) AND ar.currency(v.total) <> ar.currency(r.amount)
    ORDER BY v.invoice_id LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('order "%s" is invoiced in another currency', wrong.order_reference),
            DETAIL = format('Invoice %s is of %s, and %s were to be reserved.', wrong.invoice_id, wrong.total, wrong.amount),
            HINT = 'Reserve in the currency of the invoices.', TABLE = 'credit_reservation', SCHEMA = 'ar', COLUMN = 'amount';
    END IF;
    UPDATE ar.credit_reservation AS r SET invoiced = n.invoiced
    FROM (SELECT r.ledger_id, r.reservation_id, ar.order_invoiced(r.ledger_id, r.customer_id, r.order_reference, r.amount) AS invoiced
          FROM unnest(follow_reservations.reservation_ids) AS w(reservation_id)
          CROSS JOIN LATERAL (SELECT r.* FROM ar.credit_reservation AS r
                              WHERE r.ledger_id = follow_reservations.ledger_id AND r.reservation_id = w.reservation_id OFFSET 0) AS r
          OFFSET 0) AS n
    WHERE r.ledger_id = n.ledger_id AND r.reservation_id = n.reservation_id AND r.invoiced <> n.invoiced;
    SELECT c.code, string_agg(n.detail, ' ' ORDER BY n.reason) AS detail INTO reasons
    FROM ar.credit_reasons(follow_reservations.ledger_id, customers) AS n
    CROSS JOIN LATERAL (SELECT c.customer_id, c.code FROM ar.customer AS c
                        WHERE c.ledger_id = follow_reservations.ledger_id AND c.customer_id = n.customer_id OFFSET 0) AS c
    GROUP BY c.customer_id, c.code ORDER BY c.customer_id LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA001' USING
            MESSAGE = format('customer "%s" gets no credit at present', reasons.code),
            DETAIL = reasons.detail,
            HINT = 'Reserve again when the reasons are gone.', TABLE = 'credit_reservation', SCHEMA = 'ar';
    END IF;
    RETURN customers;
END
$$;
COMMENT ON FUNCTION ar.follow_reservations(integer, bigint[]) IS
'For the trigger on ar.credit_reservation: locks balances and credit accounts, finds what is invoiced already, and names the customers to be judged.
Errors: 23514 the customer could not be invoiced; RA001 there are reasons to give no credit; RA009 the order is invoiced in another currency.';

CREATE FUNCTION ar.bill_reservations(ledger_id integer, invoice_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wrong record;
BEGIN
    PERFORM ar.lock_credit(bill_reservations.ledger_id, ARRAY(
        SELECT DISTINCT v.customer_id FROM unnest(bill_reservations.invoice_ids) AS w(invoice_id)
        CROSS JOIN LATERAL (SELECT v.customer_id FROM ar.invoice AS v
                            WHERE v.ledger_id = bill_reservations.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v));
    SELECT v.invoice_id, v.total, r.order_reference, r.amount INTO wrong
    FROM unnest(bill_reservations.invoice_ids) AS w(invoice_id)
    CROSS JOIN LATERAL (SELECT v.* FROM ar.invoice AS v
                        WHERE v.ledger_id = bill_reservations.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v
    JOIN ar.credit_reservation AS r ON r.ledger_id = v.ledger_id AND r.order_reference = v.order_reference
     AND r.customer_id = v.customer_id
    WHERE v.status = 'open' AND ar.currency(r.amount) <> ar.currency(v.total)
    ORDER BY v.invoice_id LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('invoice %s is in another currency than its order', wrong.invoice_id),
            DETAIL = format('The invoice is of %s, %s are reserved for order "%s".', wrong.total, wrong.amount, wrong.order_reference),
            HINT = 'Invoice an order in its own currency, or name no order.', TABLE = 'invoice', SCHEMA = 'ar', COLUMN = 'order_reference';
    END IF;
    UPDATE ar.credit_reservation AS r SET invoiced = n.invoiced
    FROM (SELECT r.ledger_id, r.reservation_id, ar.order_invoiced(r.ledger_id, r.customer_id, r.order_reference, r.amount) AS invoiced
          FROM (SELECT DISTINCT v.customer_id, v.order_reference FROM unnest(bill_reservations.invoice_ids) AS w(invoice_id)
                CROSS JOIN LATERAL (SELECT v.* FROM ar.invoice AS v
                                    WHERE v.ledger_id = bill_reservations.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v) AS o
          CROSS JOIN LATERAL (SELECT r.* FROM ar.credit_reservation AS r
                              WHERE r.ledger_id = bill_reservations.ledger_id AND r.order_reference = o.order_reference
                                AND r.customer_id = o.customer_id OFFSET 0) AS r
          OFFSET 0) AS n
    WHERE r.ledger_id = n.ledger_id AND r.reservation_id = n.reservation_id AND r.invoiced <> n.invoiced;
END
$$;
COMMENT ON FUNCTION ar.bill_reservations(integer, bigint[]) IS
'For the trigger that comes before posting: what the invoices bill of their orders is no longer reserved; what credit memos and invoices made void gave back is again.
Errors: RA009 an invoice is in another currency than its order.';

CREATE FUNCTION ar.reserve_credits(ledger_id integer, reservations jsonb)
RETURNS TABLE (element bigint, reservation_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    reused text;
BEGIN
    PERFORM ar.check_keys('reservations', reserve_credits.reservations,
        '{customer_id,amount,order_reference,expires_on,external_id}', '{customer_id,amount,order_reference}');
    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS reservation_id, e.value AS payload, g.*
        FROM jsonb_array_elements(reserve_credits.reservations) AS e(value)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            customer_id bigint, amount text, order_reference text, expires_on date, external_id text)
    )
    INSERT INTO ar.credit_reservation (ledger_id, reservation_id, customer_id, order_reference, amount, invoiced,
                                       expires_on, external_id, external_digest)
    SELECT reserve_credits.ledger_id, g.reservation_id, g.customer_id, g.order_reference, g.amount::ar.monetary,
           g.amount::ar.monetary, g.expires_on, g.external_id,
           CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
    FROM given AS g
    ORDER BY g.external_id, g.order_reference
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING;
    SELECT r.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(reserve_credits.reservations) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT r.external_id, r.external_digest FROM ar.credit_reservation AS r
                        WHERE r.ledger_id = reserve_credits.ledger_id AND r.external_id = g.external_id OFFSET 0) AS r
    WHERE r.external_digest IS NULL OR r.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('credit reservation', reused);
    END IF;
    RETURN QUERY
    SELECT g.position, r.reservation_id
    FROM (SELECT g.position, g.value ->> 'order_reference' AS order_reference
          FROM jsonb_array_elements(reserve_credits.reservations) WITH ORDINALITY AS g(value, position) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT r.reservation_id FROM ar.credit_reservation AS r
                        WHERE r.ledger_id = reserve_credits.ledger_id AND r.order_reference = g.order_reference OFFSET 0) AS r
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.reserve_credits(integer, jsonb) IS
'Reserves credit for any number of orders: what is not invoiced of them yet is exposure. All or none.
Arguments: ledger_id; reservations, a JSON array of objects with customer_id, amount ("EUR 500.00", tax included), order_reference, and perhaps expires_on (inclusive; by default what the policy says, else never), external_id.
Result: the position in the array, from 1, and the reservation_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer; 23505 the order has a reservation; 23514 the customer could not be invoiced (ar.can_be_invoiced()); RA001 over the credit limit, or another reason to give no credit; RA006 the external id was used for another reservation; RA009 there is no rate, or the order is invoiced in another currency.';

CREATE FUNCTION ar.reserve_credit(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    order_reference text,
    expires_on date DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.reservation_id
    FROM ar.reserve_credits(reserve_credit.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', reserve_credit.customer_id, 'amount', reserve_credit.amount::text,
        'order_reference', reserve_credit.order_reference, 'expires_on', reserve_credit.expires_on,
        'external_id', reserve_credit.external_id)))) AS r;
$$;
COMMENT ON FUNCTION ar.reserve_credit(integer, bigint, ar.monetary, text, date, text) IS
'Reserves credit for one order and returns the reservation_id: ar.reserve_credits() with one, where the arguments are described.
Errors: as ar.reserve_credits().';

CREATE FUNCTION ar.change_reservation(ledger_id integer, reservation_id bigint, amount ar.monetary DEFAULT NULL, expires_on date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE ar.credit_reservation AS r
    SET amount = coalesce(change_reservation.amount, r.amount), expires_on = coalesce(change_reservation.expires_on, r.expires_on)
    WHERE r.ledger_id = change_reservation.ledger_id AND r.reservation_id = change_reservation.reservation_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = format('credit reservation %s does not exist in ledger %s',
            change_reservation.reservation_id, change_reservation.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.change_reservation(integer, bigint, ar.monetary, date) IS
'Changes what an order has reserved, or until when; more, or longer, is judged. NULL leaves as is.
Errors: 23503 no such reservation; RA001 over the credit limit; RA003 it is released, or another currency.';

CREATE FUNCTION ar.release_credits(ledger_id integer, reservation_ids bigint[], reason text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    released bigint;
BEGIN
    SELECT w.reservation_id INTO missing
    FROM unnest(release_credits.reservation_ids) AS w(reservation_id)
    WHERE NOT EXISTS (SELECT FROM ar.credit_reservation AS r
                      WHERE r.ledger_id = release_credits.ledger_id AND r.reservation_id = w.reservation_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('credit reservation %s does not exist in ledger %s', missing, release_credits.ledger_id);
    END IF;
    UPDATE ar.credit_reservation AS r SET released_at = clock_timestamp(), release_reason = release_credits.reason
    WHERE r.ledger_id = release_credits.ledger_id AND r.reservation_id = ANY (release_credits.reservation_ids)
      AND r.released_at IS NULL;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END
$$;
COMMENT ON FUNCTION ar.release_credits(integer, bigint[], text) IS
'Releases what orders still have reserved, such as those that were cancelled or delivered short. Returns how many were released; those released already are left alone. What is invoiced stays owed.
Errors: 23503 no such reservation.';

CREATE FUNCTION ar.release_credit(ledger_id integer, reservation_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.release_credits(release_credit.ledger_id, ARRAY[release_credit.reservation_id], release_credit.reason) $$;
COMMENT ON FUNCTION ar.release_credit(integer, bigint, text) IS
'Releases what one order still has reserved: ar.release_credits() with one. Returns 1, or 0 if it was released already.
Errors: as ar.release_credits().';

REVOKE ALL ON FUNCTION ar.order_invoiced(integer, bigint, text, ar.monetary), ar.tg_guard_reservation(),
    ar.follow_reservations(integer, bigint[]), ar.bill_reservations(integer, bigint[]), ar.reserve_credits(integer, jsonb),
    ar.reserve_credit(integer, bigint, ar.monetary, text, date, text), ar.change_reservation(integer, bigint, ar.monetary, date),
    ar.release_credits(integer, bigint[], text), ar.release_credit(integer, bigint, text) FROM PUBLIC;
