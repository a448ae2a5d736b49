-- cash: who paid, by the references that machines write.

CREATE FUNCTION ar.payers_by_mandate(ledger_id integer, payment_ids bigint[])
RETURNS TABLE (payment_id bigint, customer_id bigint, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.payment_id, m.customer_id, 'mandate', 0.99, format('The mandate %s is this customer''s.', m.reference)
    FROM unnest(payers_by_mandate.payment_ids) AS g(payment_id)
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment AS p
        WHERE p.ledger_id = payers_by_mandate.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
    CROSS JOIN LATERAL (
        SELECT m.customer_id, m.reference FROM ar.mandate AS m
        WHERE m.ledger_id = payers_by_mandate.ledger_id AND m.reference = p.mandate_reference OFFSET 0) AS m
    WHERE p.mandate_reference IS NOT NULL;
END
$$;
COMMENT ON FUNCTION ar.payers_by_mandate(integer, bigint[]) IS
'Whose payments are by the mandates of direct debits. For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.payers_by_mandate(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.payers_by_processor(ledger_id integer, payment_ids bigint[])
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
        -- Numbers of cheques and end-to-end ids of banks are given by the payers, and are not unique.
        SELECT p.payment_id, p.processor_reference
        FROM unnest(payers_by_processor.payment_ids) AS g(payment_id)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = payers_by_processor.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
        JOIN ar.payment_method AS m ON m.ledger_id = p.ledger_id AND m.method = p.method
        WHERE p.processor_reference IS NOT NULL AND m.kind IN ('card', 'online_processor', 'mobile_wallet')
    )
    SELECT DISTINCT p.payment_id, e.customer_id, 'processor', 0.97,
           format('An earlier payment of this customer has the reference %s of the processor, too.', p.processor_reference)
    FROM paid AS p
    CROSS JOIN LATERAL (
        SELECT i.customer_id
        FROM ar.payment AS e
        JOIN ar.payment_method AS m ON m.ledger_id = e.ledger_id AND m.method = e.method
        CROSS JOIN LATERAL (
            SELECT i.customer_id FROM ar.item AS i
            WHERE i.ledger_id = e.ledger_id AND i.payment_id = e.payment_id OFFSET 0) AS i
        WHERE e.ledger_id = payers_by_processor.ledger_id AND e.processor_reference = p.processor_reference
          AND m.kind IN ('card', 'online_processor', 'mobile_wallet')
        ORDER BY e.payment_id DESC LIMIT 50) AS e;
END
$$;
COMMENT ON FUNCTION ar.payers_by_processor(integer, bigint[]) IS
'Whose payments by card, processor or wallet are by earlier payments with the same reference of the processor. For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.payers_by_processor(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.payers_by_reference(ledger_id integer, payment_ids bigint[])
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
        SELECT p.payment_id, p.reference, p.structured_reference
        FROM unnest(payers_by_reference.payment_ids) AS g(payment_id)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = payers_by_reference.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
        WHERE p.reference IS NOT NULL OR p.structured_reference IS NOT NULL
    ), quoted AS MATERIALIZED (
        SELECT p.payment_id, f.reference
        FROM paid AS p CROSS JOIN LATERAL ar.find_payment_references(concat_ws(E'\n', p.structured_reference, p.reference)) AS f
        UNION
        -- What has no form of its own is a reference where the bank says that it is one.
        SELECT p.payment_id, ar.normal_reference(p.structured_reference)
        FROM paid AS p
        WHERE EXISTS (SELECT FROM ar.payment_reference_schemes() AS s
                      WHERE ar.is_payment_reference(p.structured_reference, s.scheme))
    )
    SELECT DISTINCT q.payment_id, v.customer_id, 'reference', 0.99,
           format('The reference %s, with the right check digits, is that of %s.', q.reference, min(v.number) OVER (
               PARTITION BY q.payment_id, v.customer_id, q.reference))
    FROM quoted AS q
    CROSS JOIN LATERAL (
        SELECT v.customer_id, v.number FROM ar.invoice AS v
        WHERE v.ledger_id = payers_by_reference.ledger_id AND ar.normal_reference(v.payment_reference) = q.reference
          AND ar.is_posted(v.status)
        UNION ALL
        -- Made of the number, as ar.creditor_reference() does.
        SELECT v.customer_id, v.number
        FROM ar.invoice AS v
        WHERE v.ledger_id = payers_by_reference.ledger_id
          AND ar.document_key(v.number) = ANY (ar.document_keys(substr(q.reference, 5))) AND v.number IS NOT NULL
          AND ar.creditor_reference(v.number) = q.reference AND ar.is_posted(v.status) AND q.reference LIKE 'RF%'
        LIMIT 1000) AS v;
END
$$;
COMMENT ON FUNCTION ar.payers_by_reference(integer, bigint[]) IS
'Whose payments are by the structured references with right check digits that they quote, in the field for it or in the text: those of ar.invoice.payment_reference, or made of a number by ar.creditor_reference(). For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.payers_by_processor(integer, bigint[]), ar.payers_by_reference(integer, bigint[]) FROM PUBLIC;
