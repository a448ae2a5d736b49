-- party: ledgers and customers.

CREATE FUNCTION ar.business_date(ledger_id integer) RETURNS date
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    today date;
BEGIN
    SELECT (now() AT TIME ZONE l.timezone)::date INTO today
    FROM ar.ledger AS l
    WHERE l.ledger_id = business_date.ledger_id;
    IF today IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('ledger %s does not exist', business_date.ledger_id),
            HINT = 'Create it with ar.create_ledger().';
    END IF;
    RETURN today;
END
$$;
COMMENT ON FUNCTION ar.business_date(integer) IS
'Today in the time zone of a ledger: the date that functions take when they are given none.
Errors: 23503 there is no such ledger.';

CREATE FUNCTION ar.create_ledger(
    code text,
    name text,
    currency text,
    timezone text DEFAULT 'UTC',
    terms ar.terms DEFAULT 'net 30'
) RETURNS integer
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    WITH new_ledger AS (
        INSERT INTO ar.ledger (code, name, currency, timezone, terms)
        VALUES (create_ledger.code, create_ledger.name, upper(create_ledger.currency),
                create_ledger.timezone, create_ledger.terms)
        RETURNING ledger_id
    ), new_series AS (
        INSERT INTO ar.document_series (ledger_id, series, pattern)
        SELECT n.ledger_id, s.series, s.pattern
        FROM new_ledger AS n,
             (VALUES ('invoice', 'INV-{year}-{number}'), ('credit_memo', 'CM-{year}-{number}'),
                     ('debit_memo', 'DM-{year}-{number}'), ('deposit', 'DEP-{year}-{number}')) AS s(series, pattern)
    )
    SELECT n.ledger_id FROM new_ledger AS n;
$$;
COMMENT ON FUNCTION ar.create_ledger(text, text, text, text, ar.terms) IS
'Creates a ledger, the book of one client company, with a series of numbers for each kind of document, and returns its ledger_id.
Arguments: code, unique; name; currency, the ISO 4217 code it keeps its book in; timezone, an IANA name that decides when its day ends; terms, for customers that have none of their own.
Errors: 23505 the code is taken; 23514 unknown currency; 22023 unknown time zone; 22P02 malformed terms.';
REVOKE ALL ON FUNCTION ar.create_ledger(text, text, text, text, ar.terms) FROM PUBLIC;

CREATE FUNCTION ar.payload_digest(payload jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT sha256(convert_to(jsonb_strip_nulls(payload)::text, 'UTF8')) $$;
COMMENT ON FUNCTION ar.payload_digest(jsonb) IS
'The SHA-256 by which a repeated external_id is told from a reused one: equal for equal payloads, whatever the order of their keys.';

CREATE FUNCTION ar.refuse_external_id(document text, external_id text) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE SQLSTATE 'RA006' USING
        MESSAGE = format('external id "%s" was used for another %s', external_id, document),
        DETAIL = 'The same external id again must come with the same payload.',
        HINT = 'Give each write an external id of its own.';
END
$$;
COMMENT ON FUNCTION ar.refuse_external_id(text, text) IS
'Raises RA006: an external id came again with another payload. For the functions that honour external ids.';

CREATE FUNCTION ar.create_customer(
    ledger_id integer,
    code text,
    name text,
    terms ar.terms DEFAULT NULL,
    credit_limit ar.monetary DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := ar.payload_digest(jsonb_build_object(
        'code', create_customer.code, 'name', create_customer.name,
        'terms', create_customer.terms::text, 'credit_limit', create_customer.credit_limit::text));
    known_digest bytea;
    result bigint;
BEGIN
    INSERT INTO ar.customer AS c (ledger_id, code, name, terms, credit_limit, external_id, external_digest)
    VALUES (create_customer.ledger_id, create_customer.code, create_customer.name,
            create_customer.terms, create_customer.credit_limit, create_customer.external_id,
            CASE WHEN create_customer.external_id IS NOT NULL THEN digest END)
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING c.customer_id INTO result;
    IF result IS NULL THEN
        SELECT c.customer_id, c.external_digest INTO result, known_digest
        FROM ar.customer AS c
        WHERE c.ledger_id = create_customer.ledger_id
          AND c.external_id = create_customer.external_id;
        IF known_digest IS NULL OR known_digest <> digest THEN
            PERFORM ar.refuse_external_id('customer', create_customer.external_id);
        END IF;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.create_customer(integer, text, text, ar.terms, ar.monetary, text) IS
'Creates a customer of a ledger and returns its customer_id.
Arguments: ledger_id; code, unique in the ledger; name; terms, or NULL for those of the ledger; credit_limit, NULL for none (he may owe anything), zero for nothing on credit; external_id, the same one again returns the first result.
Errors: 23503 no such ledger; 23505 the code is taken; 23514 a negative limit; RA006 the external id was used for another customer.';
REVOKE ALL ON FUNCTION ar.create_customer(integer, text, text, ar.terms, ar.monetary, text) FROM PUBLIC;
