-- cash: whose a payment is that came in without a name.

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
            HINT = 'Only an unidentified payment is given its customer.',
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
