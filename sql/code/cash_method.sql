-- cash: how payments come in.

CREATE FUNCTION ar.tg_seed_payment_methods() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    INSERT INTO ar.payment_method (ledger_id, method, kind)
    SELECT l.ledger_id, m.method, m.method
    FROM new_ledger AS l,
         unnest('{cheque,wire,card,direct_debit,cash,online_processor,mobile_wallet,lockbox,set_off}'::text[]) AS m(method);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_seed_payment_methods() IS 'Trigger, after an INSERT statement on ar.ledger: gives each new ledger one payment method of each kind.';
REVOKE ALL ON FUNCTION ar.tg_seed_payment_methods() FROM PUBLIC;
