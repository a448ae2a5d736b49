-- credit: payments that came to nothing are counted.

CREATE FUNCTION ar.count_bounces(ledger_id integer, payment_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on, amount, reference, reason)
    SELECT r.ledger_id, r.customer_id, 'bounced_payment', r.reversed_on, p.amount,
           coalesce(ar.mask_card_numbers(p.reference), p.processor_reference),
           concat_ws(', ', replace(r.kind, '_', ' '), r.reason_code, r.reason)
    FROM ar.reversals_given(count_bounces.ledger_id, count_bounces.payment_ids) AS r
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment AS p WHERE p.ledger_id = r.ledger_id AND p.payment_id = r.payment_id OFFSET 0) AS p
    WHERE r.kind <> 'in_error' AND r.customer_id IS NOT NULL
    ORDER BY r.payment_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.count_bounces(integer, bigint[]) IS
'For the trigger on ar.payment_reversal: records a credit event bounced_payment for each payment of a customer that bounced, was returned or charged back. One reversed in error is none.';
REVOKE ALL ON FUNCTION ar.count_bounces(integer, bigint[]) FROM PUBLIC;
