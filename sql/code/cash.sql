-- cash: payments and what they are applied to.

CREATE FUNCTION ar.is_remittance(remittance jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_typeof(remittance) = 'array' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(CASE jsonb_typeof(remittance) WHEN 'array' THEN remittance ELSE '[]' END) AS r(value)
        WHERE jsonb_typeof(r.value) <> 'object'
           OR jsonb_typeof(r.value -> 'number') IS DISTINCT FROM 'string'
           OR (r.value ? 'amount' AND CASE jsonb_typeof(r.value -> 'amount')
                   WHEN 'number' THEN (r.value ->> 'amount')::numeric = 0 ELSE true END)
           OR (r.value ? 'discount' AND CASE jsonb_typeof(r.value -> 'discount')
                   WHEN 'number' THEN (r.value ->> 'discount')::numeric < 0 ELSE true END)
           OR (r.value ? 'reason' AND CASE jsonb_typeof(r.value -> 'reason')
                   WHEN 'string' THEN r.value ->> 'reason' !~ '^[a-z][a-z0-9_]*$' ELSE true END)
           OR (r.value ? 'text' AND jsonb_typeof(r.value -> 'text') <> 'string')
           OR r.value - '{number,amount,discount,reason,text}'::text[] <> '{}')
$$;
COMMENT ON FUNCTION ar.is_remittance(jsonb) IS
'Whether a remittance is an array of objects with number, an invoice or memo number as a string, and perhaps amount, a number in the currency of the payment (negative: a credit memo that is set off), discount, a number not below zero that the payer took, reason, the reason code of what else he kept back, and text.';

CREATE FUNCTION ar.tg_guard_payment() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_guard_payment' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_guard_payment() IS
'Trigger, before a row of ar.payment: refuses what is not as payments are, and says what to do.
Errors: 23503 the ledger has no such method (ar.payment_method), or replaces_id names no payment; 23514 an amount that is not positive, a malformed remittance, an unknown apply, a direct debit without a mandate (ar.check_mandate()), a payment that replaces nothing (ar.check_replacement()). The contents of the row are not repeated.';
REVOKE ALL ON FUNCTION ar.tg_guard_payment() FROM PUBLIC;

CREATE FUNCTION ar.tg_settle() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_settle' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_settle() IS
'Trigger, after an INSERT statement on the table that its argument names (payment, payment_transfer): applies what came in, as ar.payment.apply says or the policy of the customer (ar.cash_policy). Payments it posts as well: they get their items with what is left of them.';
REVOKE ALL ON FUNCTION ar.tg_settle() FROM PUBLIC;

CREATE FUNCTION ar.record_payments(
    ledger_id integer,
    payments jsonb,
    apply text DEFAULT 'auto'
) RETURNS TABLE (element bigint, payment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(record_payments.ledger_id);
    fresh bigint[];
    reused text;
BEGIN
    PERFORM ar.check_keys('payments', record_payments.payments,
        '{customer_id,amount,received_on,method,reference,structured_reference,remittance,payer_name,payer_account,mandate_reference,processor_reference,replaces_id,external_id,apply}',
        '{amount}');

    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS payment_id, p.value - 'apply' AS payload, g.*
        FROM jsonb_array_elements(record_payments.payments) AS p(value)
        CROSS JOIN LATERAL jsonb_to_record(p.value) AS g(
            customer_id bigint, amount text, received_on date, method text, reference text,
            structured_reference text, remittance jsonb, payer_name text, payer_account text,
            mandate_reference text, processor_reference text, replaces_id bigint, external_id text, apply text)
    ), made AS (
        INSERT INTO ar.payment AS p (
            ledger_id, payment_id, customer_id, amount, received_on, method, apply, reference, structured_reference,
            remittance, payer_name, payer_account, mandate_reference, processor_reference, replaces_id,
            external_id, external_digest)
        SELECT record_payments.ledger_id, g.payment_id, g.customer_id, g.amount::ar.monetary,
               coalesce(g.received_on, today), coalesce(g.method, 'wire'), coalesce(g.apply, record_payments.apply),
               g.reference, g.structured_reference, g.remittance, g.payer_name, g.payer_account,
               g.mandate_reference, g.processor_reference, g.replaces_id,
               g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        -- So that two batches over the same external ids queue up.
        ORDER BY g.external_id, g.payment_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING p.payment_id
    )
    SELECT coalesce(array_agg(m.payment_id), '{}') INTO fresh FROM made AS m;

    -- An external id that was there before must have come with the same payload.
    SELECT p.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(record_payments.payments) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT p.external_id, p.external_digest FROM ar.payment AS p
                        WHERE p.ledger_id = record_payments.ledger_id AND p.external_id = g.external_id OFFSET 0) AS p
    WHERE p.external_digest IS NULL OR p.external_digest <> ar.payload_digest(g.value - 'apply')
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('payment', ar.mask_card_numbers(reused));
    END IF;

    -- Those without an external id were all made, in the order given.
    RETURN QUERY
    WITH given AS (
        SELECT e.position, e.value ->> 'external_id' AS external_id,
               row_number() OVER (PARTITION BY e.value ->> 'external_id' IS NULL ORDER BY e.position) AS nth
        FROM jsonb_array_elements(record_payments.payments) WITH ORDINALITY AS e(value, position)
    ), anonymous AS (
        SELECT w.payment_id, row_number() OVER (ORDER BY w.payment_id) AS nth
        FROM unnest(fresh) AS w(payment_id)
        CROSS JOIN LATERAL (SELECT p.external_id FROM ar.payment AS p
                            WHERE p.ledger_id = record_payments.ledger_id AND p.payment_id = w.payment_id OFFSET 0) AS p
        WHERE p.external_id IS NULL
    )
    SELECT g.position, coalesce(named.payment_id, a.payment_id)
    FROM given AS g
    LEFT JOIN LATERAL (SELECT named.payment_id FROM ar.payment AS named
                       WHERE named.ledger_id = record_payments.ledger_id AND named.external_id = g.external_id OFFSET 0) AS named ON true
    LEFT JOIN anonymous AS a ON g.external_id IS NULL AND a.nth = g.nth
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.record_payments(integer, jsonb, text) IS
'Records any number of payments, which are applied as they come in. All or none.
Arguments: ledger_id; payments, a JSON array of objects with amount (such as "EUR 100.00"), and perhaps customer_id (without one the payment is unidentified), received_on (by default the business date), method (wire), reference, structured_reference, remittance (ar.is_remittance()), payer_name, payer_account, mandate_reference, processor_reference, replaces_id, external_id, apply; apply, for those that say nothing themselves: auto (by the rules of ar.cash_policy), oldest, newest, largest, proportional, none.
Result: the position in the array, from 1, and the payment_id; for an external_id known already, that of the first time, and nothing is applied again.
Errors: 22023 malformed payload; 23503 no such ledger, customer or method; 23514 an amount that is not positive, a malformed remittance, an unknown apply; RA006 the external id was used for another payment.';
REVOKE ALL ON FUNCTION ar.record_payments(integer, jsonb, text) FROM PUBLIC;

CREATE FUNCTION ar.record_payment_by_statement(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    received_on date,
    method text,
    reference text,
    remittance jsonb,
    external_id text,
    apply text,
    structured_reference text,
    payer_name text,
    payer_account text,
    mandate_reference text,
    processor_reference text,
    replaces_id bigint
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result bigint;
    digest bytea;
    known_digest bytea;
BEGIN
    IF record_payment_by_statement.amount IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'a payment has an amount', HINT = 'Give it as text, such as ''EUR 100.00''.';
    END IF;
    IF record_payment_by_statement.external_id IS NULL THEN
        -- The road that most payments take: one statement and no more.
        INSERT INTO ar.payment AS p (
            ledger_id, customer_id, amount, received_on, method, apply, reference, structured_reference, remittance,
            payer_name, payer_account, mandate_reference, processor_reference, replaces_id)
        VALUES (record_payment_by_statement.ledger_id, record_payment_by_statement.customer_id, record_payment_by_statement.amount,
                coalesce(record_payment_by_statement.received_on, ar.business_date(record_payment_by_statement.ledger_id)),
                coalesce(record_payment_by_statement.method, 'wire'), record_payment_by_statement.apply, record_payment_by_statement.reference,
                record_payment_by_statement.structured_reference, record_payment_by_statement.remittance, record_payment_by_statement.payer_name,
                record_payment_by_statement.payer_account, record_payment_by_statement.mandate_reference, record_payment_by_statement.processor_reference,
                record_payment_by_statement.replaces_id)
        RETURNING p.payment_id INTO result;
        RETURN result;
    END IF;

    digest := ar.payload_digest(jsonb_build_object(
        'customer_id', record_payment_by_statement.customer_id, 'amount', record_payment_by_statement.amount::text,
        'received_on', record_payment_by_statement.received_on, 'method', coalesce(record_payment_by_statement.method, 'wire'),
        'reference', record_payment_by_statement.reference, 'structured_reference', record_payment_by_statement.structured_reference,
        'remittance', record_payment_by_statement.remittance, 'payer_name', record_payment_by_statement.payer_name,
        'payer_account', record_payment_by_statement.payer_account, 'mandate_reference', record_payment_by_statement.mandate_reference,
        'processor_reference', record_payment_by_statement.processor_reference, 'replaces_id', record_payment_by_statement.replaces_id,
        'external_id', record_payment_by_statement.external_id));
    INSERT INTO ar.payment AS p (
        ledger_id, customer_id, amount, received_on, method, apply, reference, structured_reference, remittance,
        payer_name, payer_account, mandate_reference, processor_reference, replaces_id, external_id, external_digest)
    VALUES (record_payment_by_statement.ledger_id, record_payment_by_statement.customer_id, record_payment_by_statement.amount,
            coalesce(record_payment_by_statement.received_on, ar.business_date(record_payment_by_statement.ledger_id)),
            coalesce(record_payment_by_statement.method, 'wire'), record_payment_by_statement.apply, record_payment_by_statement.reference,
            record_payment_by_statement.structured_reference, record_payment_by_statement.remittance, record_payment_by_statement.payer_name,
            record_payment_by_statement.payer_account, record_payment_by_statement.mandate_reference, record_payment_by_statement.processor_reference,
            record_payment_by_statement.replaces_id, record_payment_by_statement.external_id, digest)
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING p.payment_id INTO result;
    IF result IS NULL THEN
        SELECT p.payment_id, p.external_digest INTO result, known_digest
        FROM ar.payment AS p
        WHERE p.ledger_id = record_payment_by_statement.ledger_id AND p.external_id = record_payment_by_statement.external_id;
        IF known_digest IS NULL OR known_digest <> digest THEN
            PERFORM ar.refuse_external_id('payment', ar.mask_card_numbers(record_payment_by_statement.external_id));
        END IF;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.record_payment_by_statement(integer, bigint, ar.monetary, date, text, text, jsonb, text, text, text, text, text, text, text, bigint) IS
'For ar.record_payment(): records a payment by an INSERT, where it may not be written without one.';
REVOKE ALL ON FUNCTION ar.record_payment_by_statement(integer, bigint, ar.monetary, date, text, text, jsonb, text, text, text, text, text, text, text, bigint) FROM PUBLIC;

CREATE FUNCTION ar.record_payment(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    received_on date DEFAULT NULL,
    method text DEFAULT 'wire',
    reference text DEFAULT NULL,
    remittance jsonb DEFAULT NULL,
    external_id text DEFAULT NULL,
    apply text DEFAULT 'auto',
    structured_reference text DEFAULT NULL,
    payer_name text DEFAULT NULL,
    payer_account text DEFAULT NULL,
    mandate_reference text DEFAULT NULL,
    processor_reference text DEFAULT NULL,
    replaces_id bigint DEFAULT NULL
) RETURNS bigint AS 'MODULE_PATHNAME', 'ar_record_payment' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION ar.record_payment(integer, bigint, ar.monetary, date, text, text, jsonb, text, text, text, text, text, text, text, bigint) IS
'Records one payment, which is applied as it comes in, and returns its payment_id.
Arguments: as the keys of ar.record_payments(); customer_id NULL: not known yet.
Errors: as ar.record_payments().';
REVOKE ALL ON FUNCTION ar.record_payment(integer, bigint, ar.monetary, date, text, text, jsonb, text, text, text, text, text, text, text, bigint) FROM PUBLIC;
