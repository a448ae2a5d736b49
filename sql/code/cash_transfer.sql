-- cash: payments that find their customer, or another one.

CREATE FUNCTION ar.tg_check_payment_transfer() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    payment ar.payment;
BEGIN
    SELECT p.* INTO payment FROM ar.payment AS p
    WHERE p.ledger_id = NEW.ledger_id AND p.payment_id = NEW.payment_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payment %s does not exist in ledger %s', NEW.payment_id, NEW.ledger_id),
            SCHEMA = 'ar', TABLE = 'payment_transfer', CONSTRAINT = 'payment_transfer_payment_fkey';
    END IF;
    IF payment.customer_id IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s came in with its customer', NEW.payment_id),
            HINT = 'Move what is unapplied of it with ar.transfer_payment().',
            SCHEMA = 'ar', TABLE = 'payment_transfer', COLUMN = 'payment_id';
    END IF;
    IF NEW.transferred_on < payment.received_on THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s cannot belong to a customer before it was received', NEW.payment_id),
            DETAIL = format('It was received on %s.', payment.received_on),
            HINT = 'Give that day or a later one.',
            SCHEMA = 'ar', TABLE = 'payment_transfer', CONSTRAINT = 'payment_transfer_transferred_on_check';
    END IF;
    NEW.amount := payment.amount;
    NEW.transferred_by := session_user;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_check_payment_transfer() IS
'Trigger, before each row of ar.payment_transfer: only an unidentified payment is transferred, all of it, and not before it was received.
Errors: 23503 no such payment; 23514 it came in with its customer, or a date before it.';
REVOKE ALL ON FUNCTION ar.tg_check_payment_transfer() FROM PUBLIC;

CREATE FUNCTION ar.transfer_payments(ledger_id integer, transfers jsonb)
RETURNS TABLE (element bigint, payment_id bigint, moved ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(transfer_payments.ledger_id);
    wrong record;
    fresh bigint[];
    result jsonb;
BEGIN
    PERFORM ar.check_keys('transfers', transfer_payments.transfers,
        '{payment_id,customer_id,transferred_on,reason}', '{payment_id,customer_id}');
    SELECT g.payment_id INTO wrong
    FROM jsonb_to_recordset(transfer_payments.transfers) AS g(payment_id bigint)
    GROUP BY g.payment_id HAVING count(*) > 1 LIMIT 1;
    IF FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('payment %s is to be transferred twice', wrong.payment_id),
            HINT = 'Name each payment once.';
    END IF;

    -- Payments by id, then balances: a reversal holds them, too, and waits or is waited for.
    PERFORM FROM ar.payment AS p
    WHERE p.ledger_id = transfer_payments.ledger_id AND p.payment_id IN (
        SELECT g.payment_id FROM jsonb_to_recordset(transfer_payments.transfers) AS g(payment_id bigint))
    ORDER BY p.payment_id FOR NO KEY UPDATE;

    WITH given AS (
        SELECT transfer_payments.ledger_id, g.*
        FROM jsonb_to_recordset(transfer_payments.transfers) AS g(payment_id bigint, customer_id bigint, transferred_on date, reason text)
    ), made AS (
        INSERT INTO ar.payment_transfer AS t (ledger_id, payment_id, customer_id, amount, transferred_on, reason)
        SELECT p.ledger_id, p.payment_id, g.customer_id, p.amount, coalesce(g.transferred_on, greatest(today, p.received_on)), g.reason
        FROM given AS g
        JOIN ar.payment AS p ON p.ledger_id = g.ledger_id AND p.payment_id = g.payment_id
        WHERE p.customer_id IS NULL
        ORDER BY p.payment_id
        ON CONFLICT (ledger_id, payment_id) DO NOTHING
        RETURNING t.payment_id
    )
    SELECT coalesce(array_agg(m.payment_id), '{}') INTO fresh FROM made AS m;
    IF cardinality(fresh) < jsonb_array_length(transfer_payments.transfers) THEN
        result := ar.move_payments(transfer_payments.ledger_id, (
            SELECT jsonb_agg(e.value) FROM jsonb_array_elements(transfer_payments.transfers) AS e(value)
            WHERE (e.value ->> 'payment_id')::bigint <> ALL (fresh)));
    END IF;

    RETURN QUERY
    SELECT e.position, (e.value ->> 'payment_id')::bigint, coalesce(t.amount, (result ->> (e.value ->> 'payment_id'))::ar.monetary)
    FROM jsonb_array_elements(transfer_payments.transfers) WITH ORDINALITY AS e(value, position)
    LEFT JOIN ar.payment_transfer AS t ON t.ledger_id = transfer_payments.ledger_id
     AND t.payment_id = (e.value ->> 'payment_id')::bigint AND t.payment_id = ANY (fresh)
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.transfer_payments(integer, jsonb) IS
'Gives payments to customers: an unidentified one becomes the customer''s, all of it; of one that was booked to another customer, what is unapplied is moved. All or none.
Arguments: ledger_id; transfers, a JSON array of objects with payment_id, customer_id, and perhaps transferred_on (by default the business date), reason.
Result: the position in the array, from 1; payment_id; moved, how much.
Errors: 22023 malformed payload, or a payment named twice; 23503 no such payment or customer; 23514 a date before the payment, or it is reversed; RA002 nothing of it is unapplied, or it is the customer''s already.';

CREATE FUNCTION ar.move_payments(ledger_id integer, transfers jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(move_payments.ledger_id);
    payments bigint[];
    credits bigint[];
    targets bigint[];
    days date[];
    reasons text[];
    debits bigint[];
    wrong record;
BEGIN
    -- The money of a payment is on its own item, and on those to which it was moved before.
    PERFORM FROM (
        SELECT i.ledger_id, i.customer_id, ar.currency(i.amount) AS currency
        FROM ar.transfers_given(move_payments.ledger_id, move_payments.transfers) AS g
        JOIN ar.item AS i ON i.ledger_id = g.ledger_id AND i.payment_id = g.payment_id
        UNION
        SELECT j.ledger_id, j.customer_id, ar.currency(j.amount)
        FROM ar.transfers_given(move_payments.ledger_id, move_payments.transfers) AS g
        JOIN ar.adjustment AS j ON j.ledger_id = g.ledger_id AND j.payment_id = g.payment_id AND j.kind = 'transfer'
        UNION
        SELECT p.ledger_id, g.customer_id, ar.currency(p.amount)
        FROM ar.transfers_given(move_payments.ledger_id, move_payments.transfers) AS g
        JOIN ar.payment AS p ON p.ledger_id = g.ledger_id AND p.payment_id = g.payment_id) AS h
    JOIN ar.customer_balance AS b ON b.ledger_id = h.ledger_id AND b.customer_id = h.customer_id AND b.currency = h.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;

    WITH part AS (
        SELECT g.*, i.item_id, i.issued_on, i.undone_on
        FROM ar.transfers_given(move_payments.ledger_id, move_payments.transfers) AS g
        JOIN ar.item AS i ON i.ledger_id = g.ledger_id AND i.payment_id = g.payment_id
        WHERE i.customer_id <> g.customer_id AND i.closed_on IS NULL
        UNION ALL
        SELECT g.*, i.item_id, i.issued_on, i.undone_on
        FROM ar.transfers_given(move_payments.ledger_id, move_payments.transfers) AS g
        JOIN ar.adjustment AS j ON j.ledger_id = g.ledger_id AND j.payment_id = g.payment_id AND j.kind = 'transfer'
        JOIN ar.item AS i ON i.ledger_id = j.ledger_id AND i.adjustment_id = j.adjustment_id
        WHERE i.customer_id <> g.customer_id AND i.closed_on IS NULL AND ar.sign(i.amount) < 0
    )
    SELECT coalesce(array_agg(p.payment_id ORDER BY p.item_id), '{}'), array_agg(p.item_id ORDER BY p.item_id),
           array_agg(p.customer_id ORDER BY p.item_id),
           array_agg(coalesce(p.transferred_on, greatest(today, p.issued_on, p.undone_on)) ORDER BY p.item_id),
           array_agg(p.reason ORDER BY p.item_id), array_agg(nextval('ar.document_id') ORDER BY p.item_id)
    INTO payments, credits, targets, days, reasons, debits
    FROM part AS p;

    SELECT g.payment_id, g.customer_id, p.payment_id AS found_id, r.kind, r.reversed_on, i.customer_id AS owner_id INTO wrong
    FROM ar.transfers_given(move_payments.ledger_id, move_payments.transfers) AS g
    LEFT JOIN ar.payment AS p ON p.ledger_id = g.ledger_id AND p.payment_id = g.payment_id
    LEFT JOIN ar.payment_reversal AS r ON r.ledger_id = g.ledger_id AND r.payment_id = g.payment_id
    LEFT JOIN ar.item AS i ON i.ledger_id = g.ledger_id AND i.payment_id = g.payment_id
    WHERE g.payment_id <> ALL (payments)
    ORDER BY g.payment_id LIMIT 1;
    IF FOUND AND wrong.found_id IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payment %s does not exist in ledger %s', wrong.payment_id, move_payments.ledger_id);
    ELSIF FOUND AND wrong.kind IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s is reversed, and belongs to nobody any more', wrong.payment_id),
            DETAIL = format('It was %s on %s.', replace(wrong.kind, '_', ' '), wrong.reversed_on),
            HINT = 'Money that comes after all is a new payment, with replaces_id.';
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('there is nothing to transfer of payment %s', wrong.payment_id),
            DETAIL = CASE WHEN wrong.owner_id = wrong.customer_id THEN format('It is of customer %s already.', wrong.customer_id)
                ELSE 'All of it is applied or refunded.' END,
            HINT = 'Undo with ar.unapply() what should not be applied, and transfer it then.';
    END IF;
    SELECT w.payment_id, w.day, i.issued_on INTO wrong
    FROM unnest(payments, credits, days) AS w(payment_id, item_id, day)
    JOIN ar.item AS i ON i.ledger_id = move_payments.ledger_id AND i.item_id = w.item_id
    WHERE w.day < i.issued_on
    ORDER BY w.payment_id LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s cannot be transferred before it was there', wrong.payment_id),
            DETAIL = format('It counts for its customer from %s on, and was to be transferred on %s.', wrong.issued_on, wrong.day),
            HINT = 'Give that day or a later one.';
    END IF;

    -- A debit where it is, and a credit of as much where it belongs.
    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason, payment_id)
    SELECT i.ledger_id, s.adjustment_id, s.customer_id, 'transfer', s.amount, w.day, w.reason, w.payment_id
    FROM unnest(payments, credits, targets, days, reasons, debits) AS w(payment_id, item_id, target_id, day, reason, debit_id)
    JOIN ar.item AS i ON i.ledger_id = move_payments.ledger_id AND i.item_id = w.item_id
    CROSS JOIN LATERAL (VALUES (w.debit_id, i.customer_id, -i.open), (nextval('ar.document_id'), w.target_id, i.open))
        AS s(adjustment_id, customer_id, amount)
    ORDER BY s.customer_id, s.adjustment_id;
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT i.ledger_id, i.item_id, d.item_id, d.amount, greatest(d.issued_on, i.issued_on, i.undone_on)
    FROM unnest(credits, debits) AS w(item_id, debit_id)
    JOIN ar.item AS i ON i.ledger_id = move_payments.ledger_id AND i.item_id = w.item_id
    JOIN ar.item AS d ON d.ledger_id = move_payments.ledger_id AND d.adjustment_id = w.debit_id
    ORDER BY i.item_id;
    RETURN (SELECT jsonb_object_agg(m.payment_id, m.moved::text)
            FROM (SELECT w.payment_id, ar.sum(j.amount) AS moved
                  FROM unnest(payments, debits) AS w(payment_id, debit_id)
                  JOIN ar.adjustment AS j ON j.ledger_id = move_payments.ledger_id AND j.adjustment_id = w.debit_id
                  GROUP BY w.payment_id) AS m);
END
$$;
COMMENT ON FUNCTION ar.move_payments(integer, jsonb) IS
'Moves what is unapplied of payments to another customer, each by two adjustments of kind transfer: a debit, to which the payment is applied, and a credit. For ar.transfer_payments(), where the arguments are described. Returns how much of each, by payment_id.';

CREATE FUNCTION ar.transfers_given(of_ledger integer, transfers jsonb)
RETURNS TABLE (ledger_id integer, payment_id bigint, customer_id bigint, transferred_on date, reason text)
LANGUAGE sql STABLE STRICT PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $1, g.*
    FROM jsonb_to_recordset($2) AS g(payment_id bigint, customer_id bigint, transferred_on date, reason text)
$$;
COMMENT ON FUNCTION ar.transfers_given(integer, jsonb) IS 'The transfers that ar.transfer_payments() is given, as rows.';

CREATE FUNCTION ar.transfer_payment(
    ledger_id integer,
    payment_id bigint,
    customer_id bigint,
    transferred_on date DEFAULT NULL,
    reason text DEFAULT NULL
) RETURNS ar.monetary
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT t.moved
    FROM ar.transfer_payments(transfer_payment.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'payment_id', transfer_payment.payment_id, 'customer_id', transfer_payment.customer_id,
        'transferred_on', transfer_payment.transferred_on, 'reason', transfer_payment.reason)))) AS t
$$;
COMMENT ON FUNCTION ar.transfer_payment(integer, bigint, bigint, date, text) IS
'Gives one payment to a customer, and returns how much of it: ar.transfer_payments() with one, where the arguments are described.
Errors: as there.';

REVOKE ALL ON FUNCTION ar.transfer_payments(integer, jsonb), ar.move_payments(integer, jsonb),
    ar.transfer_payment(integer, bigint, bigint, date, text) FROM PUBLIC;
