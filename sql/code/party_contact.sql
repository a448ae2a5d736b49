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
