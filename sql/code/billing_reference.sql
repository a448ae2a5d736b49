-- billing: the reference that a payment should carry, and the QR code that a payer scans.

CREATE FUNCTION ar.creditor_reference(number text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_creditor_reference'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.creditor_reference(text) IS
'The creditor reference of ISO 11649 for a document number: RF, two check digits (ISO 7064 MOD 97-10), and the number.
Letters and digits of ASCII are kept, letters made capital, all else dropped; of more than 21 the last 21 are kept, because that is where numbers differ. RF18539007547034 for 539007547034. Result: NULL if nothing is kept.';

CREATE FUNCTION ar.is_creditor_reference(reference text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_creditor_reference_is_valid'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_creditor_reference(text) IS
'Whether a text is a creditor reference of ISO 11649 with the right check digits. Spaces, as in the printed form, and small letters do not matter.';

CREATE FUNCTION ar.qr_code_svg(content text, level text DEFAULT 'M') RETURNS text
AS 'MODULE_PATHNAME', 'ar_qr_code_svg'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.qr_code_svg(text, text) IS
'The QR code (ISO/IEC 18004) of a text, encoded as UTF-8, as one SVG element with the blank margin that readers need, in the smallest version that holds it.
Arguments: content; level of error correction: L, M, Q or H.
Errors: 22023 an empty text or unknown level; 54000 too long a text.';

CREATE FUNCTION ar.epc_payment_code(name text, iban text, bic text, amount ar.monetary, reference text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT concat_ws(E'\n', 'BCD', '002', '1', 'SCT', coalesce(bic, ''), substr(payee.name, 1, 70), account.iban,
                     'EUR' || trim_scale(ar.amount(amount)), '',
                     CASE WHEN ar.is_creditor_reference(reference) THEN translate(upper(reference COLLATE "C"), ' ', '')
                     ELSE E'\n' || substr(regexp_replace(btrim(reference), '[[:cntrl:]]+', ' ', 'g'), 1, 140) END)
    FROM (SELECT btrim(regexp_replace(name, '[[:cntrl:][:space:]]+', ' ', 'g'))) AS payee(name),
         (SELECT upper(translate(iban, ' ', '') COLLATE "C")) AS account(iban)
    WHERE ar.currency(amount) = 'EUR' AND ar.amount(amount) BETWEEN 0.01 AND 999999999.99
      AND payee.name <> ''
      -- Where a credit transfer reaches: the European Economic Area, where the account is enough, and who joined it.
      AND (left(account.iban, 2) IN ('AT', 'BE', 'BG', 'CY', 'CZ', 'DE', 'DK', 'EE', 'ES', 'FI', 'FR', 'GR', 'HR', 'HU',
                                     'IE', 'IS', 'IT', 'LI', 'LT', 'LU', 'LV', 'MT', 'NL', 'NO', 'PL', 'PT', 'RO',
                                     'SE', 'SI', 'SK')
           OR bic IS NOT NULL
              AND left(account.iban, 2) IN ('AD', 'AL', 'CH', 'GB', 'GI', 'MC', 'MD', 'ME', 'MK', 'RS', 'SM', 'VA'))
$$;
COMMENT ON FUNCTION ar.epc_payment_code(text, text, text, ar.monetary, text) IS
'What a QR code must say for a banking application to fill in a SEPA credit transfer. Source: European Payments Council, EPC069-12, version 002, in UTF-8.
Arguments: name of the payee, cut to 70 characters; iban; bic, or NULL; amount; reference, structured if it is a creditor reference of ISO 11649, else as text of at most 140 characters, or NULL.
Result: NULL where there is no such transfer: not in euros, not from 0.01 to 999999999.99, no name, no account in the area of SEPA, or one outside of the European Economic Area without a BIC. The standard wants it as a QR code of level M, which holds it in every case: ar.qr_code_svg().';

CREATE FUNCTION ar.payment_schedule(ledger_id integer, invoice_ids bigint[])
RETURNS TABLE (invoice_id bigint, instalment integer, due_on date, amount ar.monetary, prepaid ar.monetary,
               discount_until date[], discount ar.monetary[])
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    -- A draft has no items yet: what its terms would make.
    SELECT v.invoice_id, s.instalment, s.due_on, s.amount, ar.monetary(0, ar.currency(v.total)),
           CASE WHEN s.discount_until IS NOT NULL THEN ARRAY[s.discount_until] ELSE '{}' END,
           CASE WHEN s.discount_until IS NOT NULL THEN ARRAY[s.discount] ELSE '{}' END
    FROM ar.invoice AS v
    JOIN ar.ledger AS l ON l.ledger_id = v.ledger_id
    JOIN ar.customer AS c ON c.ledger_id = v.ledger_id AND c.customer_id = v.customer_id
    CROSS JOIN LATERAL (
        SELECT 1 AS instalment, v.due_on, v.total AS amount, NULL::date AS discount_until, NULL::ar.monetary AS discount
        WHERE v.due_on IS NOT NULL
        UNION ALL
        SELECT t.* FROM ar.schedule(coalesce(v.terms, c.terms, l.terms), v.total, v.invoiced_on) AS t
        WHERE v.due_on IS NULL) AS s
    WHERE v.ledger_id = payment_schedule.ledger_id AND v.invoice_id = ANY (payment_schedule.invoice_ids)
      AND v.recorded_at IS NULL
    UNION ALL
    SELECT i.invoice_id, i.instalment::integer, i.due_on, ar.abs(i.amount),
           coalesce(p.prepaid, ar.monetary(0, ar.currency(i.amount))),
           coalesce(d.discount_until, '{}'), coalesce(d.discount, '{}')
    FROM ar.item AS i
    LEFT JOIN LATERAL (
        SELECT ar.sum(w.amount) AS prepaid
        FROM (
            -- A deposit is used by a credit memo for it, which is applied to the invoice.
            SELECT a.amount
            FROM ar.application AS a
            JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
            WHERE a.ledger_id = i.ledger_id AND a.debit_item_id = i.item_id
              AND (credit.kind = 'payment' AND a.applied_on <= i.issued_on
                   OR EXISTS (SELECT FROM ar.invoice AS m
                              JOIN ar.invoice AS o ON o.ledger_id = m.ledger_id AND o.invoice_id = m.corrects_id
                              WHERE m.ledger_id = credit.ledger_id AND m.invoice_id = credit.invoice_id AND o.kind = 'deposit'))
            UNION ALL
            -- And what of that memo went to invoices is nobody's to pay out.
            SELECT a.amount
            FROM ar.application AS a
            JOIN ar.item AS debit ON debit.ledger_id = a.ledger_id AND debit.item_id = a.debit_item_id
            JOIN ar.invoice AS m ON m.ledger_id = i.ledger_id AND m.invoice_id = i.invoice_id
            JOIN ar.invoice AS o ON o.ledger_id = m.ledger_id AND o.invoice_id = m.corrects_id AND o.kind = 'deposit'
            WHERE a.ledger_id = i.ledger_id AND a.credit_item_id = i.item_id AND debit.invoice_id <> o.invoice_id
        ) AS w) AS p ON true
    LEFT JOIN LATERAL (
        SELECT array_agg(e.discount_until ORDER BY e.tier) AS discount_until,
               array_agg(ar.abs(e.discount) ORDER BY e.tier) AS discount
        FROM ar.item_discount AS e
        WHERE e.ledger_id = i.ledger_id AND e.item_id = i.item_id) AS d ON true
    WHERE i.ledger_id = payment_schedule.ledger_id AND i.invoice_id = ANY (payment_schedule.invoice_ids);
END
$$;
COMMENT ON FUNCTION ar.payment_schedule(integer, bigint[]) IS
'What documents ask to be paid, and by when: a row an instalment, all amounts positive.
Arguments: ledger_id; invoice_ids.
Result: prepaid is what was paid of the instalment in advance: payments applied up to the document''s date, and deposits; of a credit memo for a deposit, what is set against other invoices; discount_until and discount are the discounts for paying it early, one a tier, empty without. What a draft shows is what its terms make of it as it is.';
REVOKE ALL ON FUNCTION ar.payment_schedule(integer, bigint[]) FROM PUBLIC;
