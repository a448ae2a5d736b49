-- item: items, applications and balances, and the triggers that keep them.

CREATE FUNCTION ar.is_open_within(open ar.monetary, amount ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_open_within'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_open_within(ar.monetary, ar.monetary) IS
'Whether what is open of an item lies between zero and its amount, in the same currency and of the same sign.';

CREATE FUNCTION ar.is_own_transaction(transaction_id xid) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_own_transaction'
LANGUAGE C STABLE STRICT;
COMMENT ON FUNCTION ar.is_own_transaction(xid) IS
'Whether a row with this xmin was written by the present transaction, which nobody else can see or lock, or by one of its subtransactions.';
CREATE FUNCTION ar.tg_fact() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_fact' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_fact() IS 'Trigger, before each statement: refuses to change a table of posted facts (RA003).';

CREATE FUNCTION ar.tg_derived() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_derived' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_derived() IS 'Trigger, before each statement: refuses every write to a derived table but our own (RA003).';

CREATE FUNCTION ar.tg_record() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_record' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_record() IS 'Trigger, before each inserted row: sets recorded_at to the present moment.';

CREATE FUNCTION ar.tg_post() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_post' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_post() IS 'Trigger, after an INSERT statement on the table that its argument names (payment_transfer, adjustment): posts them as items and moves the customers'' balances. Payments are posted by ar.tg_settle().';

CREATE FUNCTION ar.tg_apply() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_apply' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_apply() IS
'Trigger, after an INSERT statement: carries applications out on both items and the customers'' balances.
Errors: RA002 more than is open; RA009 different currencies; 23503 no such item; 23514 wrong sides, customer, date or counter-row.';

REVOKE ALL ON FUNCTION ar.tg_fact(), ar.tg_derived(), ar.tg_record(), ar.tg_post(), ar.tg_apply() FROM PUBLIC;

CREATE FUNCTION ar.apply(
    ledger_id integer,
    credit_item_id bigint,
    debit_item_id bigint,
    amount ar.monetary DEFAULT NULL,
    applied_on date DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := ar.payload_digest(jsonb_build_object(
        'credit_item_id', apply.credit_item_id, 'debit_item_id', apply.debit_item_id,
        'amount', apply.amount::text, 'applied_on', apply.applied_on));
    known_digest bytea;
    credit ar.item;
    debit ar.item;
    portion ar.monetary := apply.amount;
    result bigint;
BEGIN
    IF apply.external_id IS NOT NULL THEN
        SELECT a.application_id, a.external_digest INTO result, known_digest
        FROM ar.application AS a
        WHERE a.ledger_id = apply.ledger_id AND a.external_id = apply.external_id;
        IF FOUND THEN
            IF known_digest IS NULL OR known_digest <> digest THEN
                PERFORM ar.refuse_external_id('application', apply.external_id);
            END IF;
            RETURN result;
        END IF;
    END IF;

    SELECT i.* INTO credit FROM ar.item AS i
    WHERE i.ledger_id = apply.ledger_id AND i.item_id = apply.credit_item_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('item %s does not exist in ledger %s', apply.credit_item_id, apply.ledger_id);
    END IF;
    SELECT i.* INTO debit FROM ar.item AS i
    WHERE i.ledger_id = apply.ledger_id AND i.item_id = apply.debit_item_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('item %s does not exist in ledger %s', apply.debit_item_id, apply.ledger_id);
    END IF;
    IF portion IS NULL THEN
        IF ar.currency(credit.open) <> ar.currency(debit.open) THEN
            RAISE SQLSTATE 'RA009' USING
                MESSAGE = 'an application and its two items must have the same currency',
                DETAIL = format('The credit item is in %s, the debit item in %s.',
                                ar.currency(credit.open), ar.currency(debit.open));
        END IF;
        portion := least(-credit.open, debit.open);
        IF ar.sign(portion) <= 0 THEN
            RAISE SQLSTATE 'RA002' USING
                MESSAGE = 'there is nothing to apply',
                DETAIL = format('Open are %s of item %s and %s of item %s.',
                                credit.open, credit.item_id, debit.open, debit.item_id);
        END IF;
    END IF;

    INSERT INTO ar.application AS a
        (ledger_id, credit_item_id, debit_item_id, amount, applied_on, external_id, external_digest)
    VALUES (apply.ledger_id, apply.credit_item_id, apply.debit_item_id, portion,
            coalesce(apply.applied_on,
                     greatest(credit.issued_on, debit.issued_on, credit.undone_on, debit.undone_on)),
            apply.external_id,
            CASE WHEN apply.external_id IS NOT NULL THEN digest END)
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING a.application_id INTO result;
    IF result IS NULL THEN
        -- Somebody else wrote the same external id just now.
        RETURN ar.apply(apply.ledger_id, apply.credit_item_id, apply.debit_item_id,
                        apply.amount, apply.applied_on, apply.external_id);
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.apply(integer, bigint, bigint, ar.monetary, date, text) IS
'Applies a credit item (payment, credit memo) to a debit item (invoice, charge) of the same customer and returns the application_id. Many at once: INSERT INTO ar.application.
Arguments: ledger_id; credit_item_id; debit_item_id; amount, by default all that both have open; applied_on, by default the first day on which both were there; external_id, the same one again returns the first result.
Errors: RA002 more than is open; RA006 the external id was used otherwise; RA009 different currencies; 23503 no such item; 23514 wrong sides, customer or date.';
REVOKE ALL ON FUNCTION ar.apply(integer, bigint, bigint, ar.monetary, date, text) FROM PUBLIC;

CREATE FUNCTION ar.unapply(
    ledger_id integer,
    application_id bigint,
    applied_on date DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    undone ar.application;
    result bigint;
BEGIN
    SELECT a.* INTO undone FROM ar.application AS a
    WHERE a.ledger_id = unapply.ledger_id AND a.application_id = unapply.application_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('application %s does not exist in ledger %s',
                             unapply.application_id, unapply.ledger_id);
    END IF;
    IF undone.reverses_id IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('application %s is itself the undoing of application %s',
                             undone.application_id, undone.reverses_id),
            HINT = 'Apply the two items again with ar.apply().';
    END IF;
    INSERT INTO ar.application AS a
        (ledger_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id)
    VALUES (undone.ledger_id, undone.credit_item_id, undone.debit_item_id, -undone.amount,
            coalesce(unapply.applied_on, undone.applied_on), undone.application_id)
    ON CONFLICT (ledger_id, reverses_id) WHERE reverses_id IS NOT NULL DO NOTHING
    RETURNING a.application_id INTO result;
    IF result IS NULL THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('application %s is undone already', undone.application_id),
            HINT = 'Apply the two items again with ar.apply().';
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.unapply(integer, bigint, date) IS
'Undoes an application by its counter-row, reopens both items, and returns the application_id of the counter-row.
Arguments: ledger_id; application_id; applied_on, the date of the undoing, by default that of the application, as if it had never been.
Errors: 23503 no such application; 23514 a date before the application, or a counter-row; RA002 it is undone already.';
REVOKE ALL ON FUNCTION ar.unapply(integer, bigint, date) FROM PUBLIC;
