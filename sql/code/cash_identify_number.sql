-- cash: who paid, by the documents that he names.

CREATE FUNCTION ar.document_key(number text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_document_key'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.document_key(text) IS
'The key under which a document is looked up among all of a ledger: its digits, cut before the last group, which is without its zeros: INV-2026-000123 is 2026#123. Of a number with letters between its digits the whole, folded; with fewer than 4 digits, behind its letters: A-17 is A#17. For an index: document_key(number) = ANY (document_keys(text)).
Result: NULL for a number without digits, of zeros, or of fewer than 3 or more than 40 letters and digits.';

CREATE FUNCTION ar.document_keys(text text) RETURNS text[]
AS 'MODULE_PATHNAME', 'ar_document_keys'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.document_keys(text) IS
'Every key of ar.document_key() that a number in a text may have: digits in one piece are cut in every way. It finds candidates; ar.find_numbers() says which of them stand there.
Result: sorted by bytes, each once.';

CREATE FUNCTION ar.payers_by_number(ledger_id integer, payment_ids bigint[])
RETURNS TABLE (payment_id bigint, customer_id bigint, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH paid AS MATERIALIZED (
        SELECT p.payment_id, p.payer_name, p.received_on, ar.amount(p.amount) AS amount, ar.currency(p.amount) AS currency,
               -- So far apart that nothing reaches from one to the other.
               concat_ws(E'\n\n\n\n', p.reference, (
                   SELECT string_agg(r.value ->> 'number', E'\n\n\n\n' ORDER BY r.position)
                   FROM jsonb_array_elements(p.remittance) WITH ORDINALITY AS r(value, position))) AS text
        FROM unnest(payers_by_number.payment_ids) AS g(payment_id)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = payers_by_number.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
        WHERE p.reference IS NOT NULL OR p.remittance IS NOT NULL
    ), candidate AS MATERIALIZED (
        SELECT p.payment_id, array_agg(v.invoice_id ORDER BY v.invoice_id) AS invoices,
               array_agg(v.number ORDER BY v.invoice_id) AS numbers
        FROM paid AS p
        CROSS JOIN LATERAL (
            SELECT v.invoice_id, v.number FROM ar.invoice AS v
            WHERE v.ledger_id = payers_by_number.ledger_id AND ar.document_key(v.number) = ANY (ar.document_keys(p.text))
              AND v.number IS NOT NULL LIMIT 1000) AS v
        GROUP BY p.payment_id
    ), hit AS MATERIALIZED (
        SELECT p.payment_id, p.text, v.customer_id, f.found, v.number, i.open, i.discounted, i.closed
        FROM candidate AS k
        JOIN paid AS p ON p.payment_id = k.payment_id
        CROSS JOIN LATERAL ar.find_numbers(p.text, k.numbers) AS f
        CROSS JOIN LATERAL (
            SELECT v.customer_id, v.number FROM ar.invoice AS v
            WHERE v.ledger_id = payers_by_number.ledger_id AND v.invoice_id = k.invoices[f.position] OFFSET 0) AS v
        -- What is open of it, less the discount it may take; or what was closed of it not long ago.
        CROSS JOIN LATERAL (
            SELECT sum(ar.amount(i.open)) FILTER (WHERE i.closed_on IS NULL) AS open,
                   sum(ar.amount(i.open) - coalesce(d.discount, 0)) FILTER (WHERE i.closed_on IS NULL) AS discounted,
                   sum(ar.amount(i.amount)) FILTER (WHERE i.closed_on IS NOT NULL) AS closed
            FROM ar.item AS i
            LEFT JOIN LATERAL (
                SELECT max(ar.amount(d.discount)) AS discount FROM ar.item_discount AS d
                WHERE d.ledger_id = i.ledger_id AND d.item_id = i.item_id AND i.amount = i.open
                  AND d.discount_until >= p.received_on) AS d ON true
            WHERE i.ledger_id = payers_by_number.ledger_id AND i.invoice_id = k.invoices[f.position]
              AND ar.currency(i.amount) = p.currency
              AND (i.closed_on IS NULL OR i.closed_on >= p.received_on - 90)
            HAVING count(*) > 0) AS i
        WHERE f.strength IN ('exact', 'folded', 'prefix_lost', 'zeros_lost')
    ), named AS (
        SELECT h.payment_id, h.customer_id, count(*) AS documents, min(h.number) AS number, min(h.found) AS found,
               sum(h.open) AS open, sum(h.discounted) AS discounted,
               -- A few digits among other words are of a telephone or a street as well.
               bool_and(h.found ~ '^[0-9]{1,7}$' AND btrim(h.text) <> h.found) AS is_bare,
               CASE WHEN count(h.open) = 0 THEN sum(h.closed) END AS closed
        FROM hit AS h
        GROUP BY h.payment_id, h.customer_id
    )
    SELECT n.payment_id, n.customer_id, 'number',
           CASE WHEN n.is_bare AND NOT f.name THEN 0.7
                WHEN f.amount AND (f.name OR p.payer_name IS NULL) THEN 0.97 WHEN f.amount THEN 0.94
                WHEN f.name THEN 0.95 ELSE 0.7 END,
           concat_ws(' ',
               CASE WHEN n.documents = 1 THEN format('"%s" in the text is %s.', n.found, n.number)
                    ELSE format('%s documents are named in the text, such as %s.', n.documents, n.number) END,
               CASE WHEN f.amount THEN CASE WHEN n.open IS NULL THEN 'The amount is that of what was paid before.'
                                            WHEN p.amount = n.open THEN 'The amount is what is open.'
                                            WHEN p.amount = n.discounted THEN 'The amount is what is open less the discount.'
                                            ELSE 'The amount is within the tolerance.' END END,
               CASE WHEN f.name THEN 'The payer has the customer''s name.' END)
    FROM named AS n
    JOIN paid AS p ON p.payment_id = n.payment_id
    CROSS JOIN LATERAL (
        -- A name that another customer has, too, confirms nothing.
        SELECT c.name, c.legal_name, EXISTS (
                   SELECT FROM ar.customer AS o
                   WHERE o.ledger_id = c.ledger_id AND ar.payer_name_key(o.name) = ar.payer_name_key(c.name)
                     AND o.customer_id <> c.customer_id) AS has_namesake
        FROM ar.customer AS c
        WHERE c.ledger_id = payers_by_number.ledger_id AND c.customer_id = n.customer_id OFFSET 0) AS c
    JOIN ar.cash_policies(payers_by_number.ledger_id, ARRAY(SELECT DISTINCT n.customer_id FROM named AS n)) AS r
      ON r.customer_id = n.customer_id
    CROSS JOIN LATERAL (
        SELECT coalesce(p.amount IN (n.open, n.discounted) OR p.amount = n.closed
                        OR n.open - p.amount BETWEEN 0 AND least(
                            CASE WHEN ar.currency(r.tolerance) = p.currency THEN ar.amount(r.tolerance) END,
                            n.open * r.tolerance_percent / 100), false) AS amount,
               NOT c.has_namesake AND (coalesce(ar.is_payer_name(p.payer_name, c.name), false)
                                       OR coalesce(ar.is_payer_name(p.payer_name, c.legal_name), false)) AS name) AS f;
END
$$;
COMMENT ON FUNCTION ar.payers_by_number(integer, bigint[]) IS
'Whose payments are by the documents named in reference and remittance that are open or were closed in the last 90 days. Sure only where the amount or the name of the payer says the same: a digit wrong may hit somebody else''s number. For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.payers_by_number(integer, bigint[]) FROM PUBLIC;
