-- cash: card numbers are refused before they are stored.

CREATE FUNCTION ar.refuses_card_numbers(ledger_id integer, customer_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result boolean;
BEGIN
    SELECT c.refuses_card_numbers INTO result
    FROM ar.cash_policies(refuses_card_numbers.ledger_id, ARRAY[refuses_card_numbers.customer_id]) AS c;
    IF NOT FOUND THEN
        SELECT p.refuses_card_numbers INTO result FROM ar.cash_policy AS p
        WHERE p.ledger_id = refuses_card_numbers.ledger_id AND p.customer_id IS NULL AND p.customer_class IS NULL;
    END IF;
    RETURN coalesce(result, true);
END
$$;
COMMENT ON FUNCTION ar.refuses_card_numbers(integer, bigint) IS
'Whether what looks like a card number is refused, by the policy of a customer (ar.cash_policy), or of the ledger for one that does not exist.';

CREATE FUNCTION ar.tg_refuse_card_numbers() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_refuse_card_numbers' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_refuse_card_numbers() IS
'Trigger, before a row: refuses it if one of the columns that its arguments name, of type text or jsonb, holds a card number (ar.has_card_number()), unless the policy lets it pass. Of a column written ~column, which holds identifiers, only what ar.mask_card_numbers() would mask.
Errors: 23514 it does; the number is neither in the error, nor in the statement or context that the server would log.';
REVOKE ALL ON FUNCTION ar.tg_refuse_card_numbers() FROM PUBLIC;
