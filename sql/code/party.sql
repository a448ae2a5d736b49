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

-- As every function that looks up what a client names, planned with operators that cost nothing: in a young table the
-- index of the key then costs what the primary key costs, and being the younger is taken. Otherwise the smaller of the
-- two is, which may be the primary key, and the whole ledger is read for each.
CREATE FUNCTION ar.create_customers(ledger_id integer, customers jsonb)
RETURNS TABLE (element bigint, customer_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(create_customers.ledger_id);
    wrong text;
BEGIN
    PERFORM ar.check_keys('customers', create_customers.customers,
        ARRAY['code', 'name', 'terms', 'credit_limit', 'external_id', 'status', 'parent_code', 'contacts',
              'customer_class', 'parent_id', 'legal_name', 'tax_id', 'tax_id_scheme', 'registration_id', 'street',
              'additional_street', 'city', 'postal_code', 'region', 'country', 'iban', 'bic', 'electronic_address',
              'electronic_address_scheme', 'buyer_reference', 'language', 'credit_decided_on', 'created_on',
              'status_reason', 'timezone'],
        '{}');
    PERFORM ar.check_keys('contacts', coalesce(jsonb_agg(contact.value), '[]'),
        '{name,role,channel,address,language,is_primary,note,timezone}', '{channel}')
    FROM jsonb_array_elements(create_customers.customers) AS c(value),
         jsonb_array_elements(CASE jsonb_typeof(c.value -> 'contacts')
             WHEN 'array' THEN c.value -> 'contacts' ELSE jsonb_build_array(c.value -> 'contacts') END) AS contact(value)
    WHERE jsonb_typeof(c.value -> 'contacts') <> 'null';

    SELECT c.parent_code INTO wrong
    FROM (SELECT c.value ->> 'parent_code' AS parent_code FROM jsonb_array_elements(create_customers.customers) AS c(value) OFFSET 0) AS c
    WHERE c.parent_code IS NOT NULL
      AND (SELECT p.customer_id FROM ar.customer AS p
           WHERE p.ledger_id = create_customers.ledger_id AND p.code = c.parent_code) IS NULL
      AND NOT EXISTS (SELECT FROM jsonb_array_elements(create_customers.customers) AS p(value)
                      WHERE p.value ->> 'code' = c.parent_code)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('customer "%s", given as a parent, does not exist in ledger %s', wrong, create_customers.ledger_id);
    END IF;

    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS customer_id, c.value AS payload, g.*
        FROM jsonb_array_elements(create_customers.customers) AS c(value)
        CROSS JOIN LATERAL jsonb_to_record(c.value) AS g(
            code text, name text, terms text, credit_limit text, external_id text, status text,
            parent_code text, contacts jsonb,
            customer_class text, parent_id bigint, legal_name text, tax_id text, tax_id_scheme text, registration_id
            text, street text, additional_street text, city text, postal_code text, region text, country text, iban
            text, bic text, electronic_address text, electronic_address_scheme text, buyer_reference text, language
            text, credit_decided_on date, created_on date, status_reason text, timezone text)
    ), made AS (
        INSERT INTO ar.customer AS c (ledger_id, customer_id, code, name, terms, credit_limit, external_id, external_digest, status,
                                      customer_class, parent_id, legal_name, tax_id, tax_id_scheme, registration_id,
                                      street, additional_street, city, postal_code, region, country, iban, bic,
                                      electronic_address, electronic_address_scheme, buyer_reference, language,
                                      credit_decided_on, created_on, status_reason, timezone)
        SELECT create_customers.ledger_id, g.customer_id, g.code, g.name, g.terms::ar.terms, g.credit_limit::ar.monetary,
               g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.customer_digest(g.payload) END,
               coalesce(g.status, CASE WHEN policy.is_strict THEN 'prospect' ELSE 'active' END),
               g.customer_class,
               coalesce(g.parent_id, parent.customer_id, sibling.customer_id),
               g.legal_name,
               CASE WHEN ar.is_tax_id_scheme(g.tax_id_scheme) THEN ar.compact_id(g.tax_id) ELSE g.tax_id END,
               g.tax_id_scheme,
               g.registration_id,
               g.street,
               g.additional_street,
               g.city,
               g.postal_code,
               g.region,
               upper(g.country),
               ar.compact_id(g.iban),
               ar.compact_id(g.bic),
               g.electronic_address,
               g.electronic_address_scheme,
               g.buyer_reference,
               g.language,
               g.credit_decided_on,
               coalesce(g.created_on, today),
               g.status_reason,
               g.timezone
        FROM given AS g
        LEFT JOIN LATERAL (SELECT parent.customer_id FROM ar.customer AS parent
                           WHERE parent.ledger_id = create_customers.ledger_id AND parent.code = g.parent_code OFFSET 0) AS parent ON true
        LEFT JOIN given AS sibling ON sibling.code = g.parent_code
        -- What the policy of his class asks, he may not have yet.
        LEFT JOIN LATERAL (
            SELECT p.require_tax_id OR p.require_address OR p.require_contact OR p.require_electronic_address
                   OR p.require_registration_id OR p.require_credit_decision AS is_strict
            FROM ar.onboarding_policy AS p
            WHERE p.ledger_id = create_customers.ledger_id AND p.customer_class IN (coalesce(g.customer_class, ''), '')
            ORDER BY p.customer_class DESC LIMIT 1) AS policy ON true
        -- So that two batches over the same external ids queue up.
        ORDER BY g.external_id, g.code, g.customer_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING c.customer_id
    ), reached AS (
        -- In one statement with the customers, so that the policy finds them.
        INSERT INTO ar.contact (ledger_id, customer_id, name, role, channel, address, language, is_primary, note, timezone)
        SELECT create_customers.ledger_id, g.customer_id, k.name, coalesce(k.role, 'billing'), k.channel, k.address,
               k.language, coalesce(k.is_primary, false), k.note, k.timezone
        FROM given AS g
        JOIN made AS m ON m.customer_id = g.customer_id
        CROSS JOIN LATERAL jsonb_to_recordset(g.contacts) AS k(
            name text, role text, channel text, address text, language text, is_primary boolean, note text, timezone text)
        WHERE jsonb_typeof(g.contacts) = 'array'
    )
    SELECT count(*)::text INTO wrong FROM made AS m;

    -- An external id that was there before must have come with the same payload.
    SELECT c.external_id INTO wrong
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(create_customers.customers) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT c.external_id, c.external_digest FROM ar.customer AS c
                        WHERE c.ledger_id = create_customers.ledger_id AND c.external_id = g.external_id OFFSET 0) AS c
    WHERE c.external_digest IS NULL OR c.external_digest <> ar.customer_digest(g.value)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('customer', wrong);
    END IF;

    -- Those without an external id were all made, in the order given: codes tell them apart.
    RETURN QUERY
    SELECT g.position, coalesce(named.customer_id, anonymous.customer_id)
    FROM (SELECT e.position, e.value ->> 'external_id' AS external_id,
                 CASE WHEN e.value ->> 'external_id' IS NULL THEN e.value ->> 'code' END AS code
          FROM jsonb_array_elements(create_customers.customers) WITH ORDINALITY AS e(value, position) OFFSET 0) AS g
    LEFT JOIN LATERAL (SELECT named.customer_id FROM ar.customer AS named
                       WHERE named.ledger_id = create_customers.ledger_id AND named.external_id = g.external_id OFFSET 0) AS named ON true
    LEFT JOIN LATERAL (SELECT anonymous.customer_id FROM ar.customer AS anonymous
                       WHERE anonymous.ledger_id = create_customers.ledger_id AND anonymous.code = g.code OFFSET 0) AS anonymous ON true
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.create_customers(integer, jsonb) IS
'Creates any number of customers of a ledger, with their contacts. All or none.
Arguments: ledger_id; customers, a JSON array of objects with code, name, and perhaps terms, credit_limit, external_id, status, parent_code or parent_id (also one of the same array), contacts (an array of objects with channel and perhaps name, role, address, language, is_primary, note, timezone), and the other columns of ar.customer by their names.
Without a status he becomes active where the policy of the ledger requires nothing of his class, and else a prospect. Identifiers may have spaces; they are stored without.
Result: the position in the array, from 1, and the customer_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 22P02 malformed terms or amount; 23503 no such ledger or parent; 23505 the code is taken; 23514 a rule of a column, such as a negative limit, a wrong check digit, a circle of parents; RA004 he lacks what his status requires; RA006 the external id was used for another customer.';

CREATE FUNCTION ar.customer_digest(payload jsonb) RETURNS bytea
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    -- However terms and limit are written.
    SELECT ar.payload_digest(payload - 'external_id' || jsonb_build_object(
        'terms', (payload ->> 'terms')::ar.terms::text, 'credit_limit', (payload ->> 'credit_limit')::ar.monetary::text))
$$;
COMMENT ON FUNCTION ar.customer_digest(jsonb) IS
'The digest by which ar.create_customers() tells a repeated external_id from a reused one.';

CREATE FUNCTION ar.create_customer(
    ledger_id integer,
    code text,
    name text,
    terms ar.terms DEFAULT NULL,
    credit_limit ar.monetary DEFAULT NULL,
    external_id text DEFAULT NULL,
    details jsonb DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.customer_id
    FROM ar.create_customers(create_customer.ledger_id, jsonb_build_array(
        coalesce(create_customer.details, '{}') || jsonb_strip_nulls(jsonb_build_object(
            'code', create_customer.code, 'name', create_customer.name, 'terms', create_customer.terms::text,
            'credit_limit', create_customer.credit_limit::text, 'external_id', create_customer.external_id)))) AS c;
$$;
COMMENT ON FUNCTION ar.create_customer(integer, text, text, ar.terms, ar.monetary, text, jsonb) IS
'Creates one customer and returns his customer_id: ar.create_customers() with one.
Arguments: ledger_id; code, unique in the ledger; name; terms, or NULL for those of the ledger; credit_limit, NULL for none (he may owe anything), zero for nothing on credit; external_id, the same one again returns the first result; details, the other keys of ar.create_customers().
Errors: as ar.create_customers().';
REVOKE ALL ON FUNCTION ar.create_customers(integer, jsonb),
    ar.create_customer(integer, text, text, ar.terms, ar.monetary, text, jsonb) FROM PUBLIC;
