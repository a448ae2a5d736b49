-- message: in which language, to whom, and what every message may say.

CREATE FUNCTION ar.language_range(tag text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT CASE WHEN ar.is_language(tag) THEN (
        SELECT array_agg(array_to_string(t.subtags[:n], '-') ORDER BY n DESC)
        FROM (SELECT string_to_array(lower(tag), '-') AS subtags) AS t, generate_series(1, cardinality(t.subtags)) AS n
        -- A single letter only introduces what follows.
        WHERE n = cardinality(t.subtags) OR length(t.subtags[n]) > 1)
    ELSE ARRAY[tag] END
$$;
COMMENT ON FUNCTION ar.language_range(text) IS
'A language tag and what it falls back to, in small letters: zh-hant-tw, zh-hant, zh of zh-Hant-TW. Source: RFC 4647, section 3.4, lookup.';

CREATE FUNCTION ar.message_language(ledger_id integer) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    spoken text;
BEGIN
    SELECT coalesce(p.language, ar.language_of(l.country)) INTO spoken
    FROM ar.ledger AS l
    LEFT JOIN ar.message_policy AS p ON p.ledger_id = l.ledger_id
    WHERE l.ledger_id = message_language.ledger_id;
    IF NOT FOUND THEN
        PERFORM ar.business_date(message_language.ledger_id);   -- says that there is no such ledger
    END IF;
    RETURN spoken;
END
$$;
COMMENT ON FUNCTION ar.message_language(integer) IS
'The language in which a ledger writes when it knows no better: ar.message_policy.language, else that of its country.
Errors: 23503 no such ledger.';

CREATE FUNCTION ar.message_contacts(ledger_id integer, customer_ids bigint[], role text DEFAULT 'billing', channels text[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, channel text, contact_id bigint, recipient text, address text, language text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    wanted text[] := coalesce(message_contacts.channels,
        (SELECT p.channels FROM ar.message_policy AS p WHERE p.ledger_id = message_contacts.ledger_id), '{email,letter}');
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (r.customer_id) r.customer_id, r.channel, r.contact_id, r.recipient, r.address, r.language
    FROM (
        SELECT c.customer_id, k.channel, k.contact_id, coalesce(k.name, c.legal_name, c.name) AS recipient,
               CASE WHEN k.channel = 'letter' AND k.address IS NULL THEN ar.postal_address(
                        c.street, c.additional_street, c.postal_code, c.city, c.region, c.country)
                    ELSE k.address END AS address,
               coalesce(k.language, c.language) AS language, k.role, k.is_primary
        FROM ar.customer AS c
        JOIN ar.contact AS k ON k.ledger_id = c.ledger_id AND k.customer_id = c.customer_id
        WHERE c.ledger_id = message_contacts.ledger_id AND c.customer_id = ANY (message_contacts.customer_ids)
          AND k.role IN (message_contacts.role, 'billing') AND k.channel = ANY (wanted)
          -- What came back from there would come back again.
          AND NOT EXISTS (
            SELECT FROM ar.outbox AS o
            WHERE o.ledger_id = k.ledger_id AND o.contact_id = k.contact_id AND o.bounced_at IS NOT NULL
              AND o.address = k.address)
        UNION ALL
        -- A letter needs no contact.
        SELECT c.customer_id, 'letter', NULL, coalesce(c.legal_name, c.name),
               ar.postal_address(c.street, c.additional_street, c.postal_code, c.city, c.region, c.country), c.language, '', false
        FROM ar.customer AS c
        WHERE c.ledger_id = message_contacts.ledger_id AND c.customer_id = ANY (message_contacts.customer_ids)
          AND 'letter' = ANY (wanted)) AS r
    WHERE r.address IS NOT NULL
    ORDER BY r.customer_id, array_position(wanted, r.channel), r.role <> message_contacts.role, r.role = '',
             NOT r.is_primary, r.contact_id;
END
$$;
COMMENT ON FUNCTION ar.message_contacts(integer, bigint[], text, text[]) IS
'Whom to write to: one row for each customer who can be reached. By the first of the channels by which he can; there the contact for the role, else for billing, the primary one, else the oldest; a letter goes to his own address where there is no contact. A contact whose address sent a message back is passed over until its address is another.
Arguments: ledger_id; customer_ids; role; channels in order of preference, by default those of ar.message_policy, else email, letter.';

CREATE FUNCTION ar.postal_address(street text, additional_street text, postal_code text, city text, region text, country text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN num_nonnulls(street, additional_street, postal_code, city) > 0 THEN
        concat_ws(E'\n', additional_street, street,
            -- Where the postal code follows the city.
            CASE WHEN country IN ('AU', 'CA', 'GB', 'IE', 'IN', 'NZ', 'US') THEN
                nullif(concat_ws(' ', nullif(concat_ws(', ', city, region), ''), postal_code), '')
            ELSE nullif(concat_ws(' ', postal_code, city, '(' || region || ')'), '') END,
            country) END
$$;
COMMENT ON FUNCTION ar.postal_address(text, text, text, text, text, text) IS
'An address in lines, in the order of its country; NULL if only region and country are known.
Arguments: street, additional_street, postal_code, city, region, country.';

CREATE FUNCTION ar.message_fields(ledger_id integer, customer_ids bigint[] DEFAULT '{}')
RETURNS TABLE (customer_id bigint, fields jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    of_ledger jsonb;
BEGIN
    SELECT jsonb_build_object(
               'today', ar.business_date(l.ledger_id), 'payment_link', NULL, 'contact_name', NULL,
               'customer_name', NULL, 'customer_code', NULL, 'customer_address', NULL,
               'company_name', coalesce(l.legal_name, l.name),
               'company_address', replace(ar.postal_address(l.street, l.additional_street, l.postal_code, l.city, l.region, l.country), E'\n', ', '),
               'company_email', l.email, 'company_phone', l.phone,
               'company_iban', regexp_replace(l.iban, '(.{4})(?=.)', '\1 ', 'g'), 'company_bic', l.bic, 'company_tax_id', l.tax_id)
    INTO of_ledger
    FROM ar.ledger AS l WHERE l.ledger_id = message_fields.ledger_id;
    IF NOT FOUND THEN
        PERFORM ar.business_date(message_fields.ledger_id);     -- says that there is no such ledger
    END IF;
    RETURN QUERY
    SELECT NULL::bigint, of_ledger
    UNION ALL
    SELECT c.customer_id, of_ledger || jsonb_build_object(
               'customer_name', coalesce(c.legal_name, c.name), 'contact_name', coalesce(c.legal_name, c.name),
               'customer_code', c.code, 'customer_address', ar.postal_address(
                   c.street, c.additional_street, c.postal_code, c.city, c.region, c.country))
    FROM ar.customer AS c
    WHERE c.ledger_id = message_fields.ledger_id AND c.customer_id = ANY (message_fields.customer_ids);
END
$$;
COMMENT ON FUNCTION ar.message_fields(integer, bigint[]) IS
'The values of the placeholders that every purpose has, from ledger and customer: a row with customer_id NULL for messages to nobody in particular, and one for each customer.
Arguments: ledger_id; customer_ids. Errors: 23503 no such ledger.';
