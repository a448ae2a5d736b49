-- party: the people to reach at a customer.

CREATE FUNCTION ar.is_contact_address(channel text, address text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(CASE channel
        WHEN 'email' THEN address ~ '^[^[:space:]@<>()",;:\\]+@[^[:space:]@<>()",;:\\]+\.[^[:space:]@<>()",;:\\.]{2,}$'
                          AND length(address) <= 254
        WHEN 'letter' THEN coalesce(btrim(address) <> '', true)
        WHEN 'sms' THEN address ~ '^\+[1-9][0-9]{6,14}$'
        WHEN 'phone' THEN address ~ '^\+?[0-9(][0-9 ()./-]{1,28}[0-9]( ?(ext\.?|x) ?[0-9]{1,6})?$'
        WHEN 'e_invoice' THEN address ~ '^([0-9]{4}|[A-Z]{2}):[^[:space:]]+$'
        END, false)
$$;
COMMENT ON FUNCTION ar.is_contact_address(text, text) IS
'Whether an address has the form its channel needs: email; sms (E.164, +491701234567); phone; e_invoice (0204:991-1234512345-06); letter (anything, or NULL for the customer''s own address).';

CREATE FUNCTION ar.find_contacts(ledger_id integer, customer_ids bigint[], role text DEFAULT 'billing', channels text[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, channel text, contact_id bigint, name text, address text, language text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT DISTINCT ON (k.customer_id, k.channel)
           k.customer_id, k.channel, k.contact_id, coalesce(k.name, c.legal_name, c.name),
           CASE WHEN k.channel = 'letter' AND k.address IS NULL THEN nullif(concat_ws(E'\n',
                    c.street, c.additional_street, nullif(concat_ws(' ', c.postal_code, c.city), ''), c.region, c.country), '')
                ELSE k.address END,
           coalesce(k.language, c.language)
    FROM ar.contact AS k
    JOIN ar.customer AS c ON c.ledger_id = k.ledger_id AND c.customer_id = k.customer_id
    WHERE k.ledger_id = find_contacts.ledger_id AND k.customer_id = ANY (find_contacts.customer_ids)
      AND k.role IN (find_contacts.role, 'billing')
      AND (find_contacts.channels IS NULL OR k.channel = ANY (find_contacts.channels))
    ORDER BY k.customer_id, k.channel, k.role <> find_contacts.role, NOT k.is_primary, k.contact_id;
END
$$;
COMMENT ON FUNCTION ar.find_contacts(integer, bigint[], text, text[]) IS
'The contact to use for each customer and channel: of those for the role, else for billing, the primary one, else the oldest.
Arguments: ledger_id; customer_ids; role; channels, or NULL for all. Result: where to write and in which language; the address of a letter without one is that of the customer.';
