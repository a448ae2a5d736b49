-- cash: money that leaves the bank account: returns, fees, refunds.

CREATE FUNCTION ar.bank_debit_kind(transaction_code text, return_reason text, is_reversal boolean, content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN transaction_code ~ '^PMNT/[A-Z]{4}/(UPDD|PRDD|RPCR|UPCQ|CQRV|CCRV|RRTN)$'
          OR transaction_code ~ '\+(108|109|111)$' OR transaction_code ~ '^.(RTI|RET)'
          OR transaction_code IN ('555', '557', '552', '455')
          OR return_reason IS NOT NULL OR is_reversal THEN 'return'
        WHEN transaction_code ~ '/(CHRG|COMM|FEES|COME|INTR)$' OR transaction_code ~ '^ACMT/|/(MCOP|MDOP)/'
          OR transaction_code ~ '\+80[0-9]$' OR transaction_code ~ '^.(CHG|COM|INT)'
          OR transaction_code IN ('698', '699', '650', '661', 'FEE', 'SRVCHG', 'INT') THEN 'fee'
        WHEN content ~* '\m(refund|r[uü]ckzahlung|erstattung|remboursement|gutschrift)\M'
          OR transaction_code ~ '\+159$' THEN 'refund'
        ELSE 'other' END
$$;
COMMENT ON FUNCTION ar.bank_debit_kind(text, text, boolean, text) IS
'What a debit of a bank account is, by its code, the reason of a return, and its text: return (of a direct debit, cheque or transfer), fee, refund, or other.';

CREATE FUNCTION ar.classify_bank_debits(ledger_id integer, bank_line_ids bigint[] DEFAULT NULL)
RETURNS TABLE (bank_line_id bigint, kind text, payment_id bigint, explanation text)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH line AS MATERIALIZED (
        SELECT l.*, ar.bank_debit_kind(l.transaction_code, l.return_reason, l.is_reversal, concat_ws(' ', l."text", l.original ->> 'booking_text')) AS kind
        FROM ar.bank_line AS l
        WHERE l.ledger_id = classify_bank_debits.ledger_id AND classify_bank_debits.bank_line_ids IS NULL
          AND l.payment_id IS NULL AND l.duplicate_of IS NULL AND l.ignored_reason IS NULL AND l.is_booked AND ar.sign(l.amount) < 0
        UNION ALL
        SELECT l.*, ar.bank_debit_kind(l.transaction_code, l.return_reason, l.is_reversal, concat_ws(' ', l."text", l.original ->> 'booking_text'))
        FROM (SELECT DISTINCT u.id FROM unnest(classify_bank_debits.bank_line_ids) AS u(id)) AS wanted
        CROSS JOIN LATERAL (
            SELECT l.* FROM ar.bank_line AS l WHERE l.ledger_id = classify_bank_debits.ledger_id AND l.bank_line_id = wanted.id
            OFFSET 0) AS l
        WHERE l.payment_id IS NULL AND l.duplicate_of IS NULL AND l.ignored_reason IS NULL AND l.is_booked AND ar.sign(l.amount) < 0
    ), candidate AS (
        -- The better reference first: the payment's own, then that of its mandate.
        SELECT l.bank_line_id, p.payment_id, 1 AS rank,
               CASE r.name WHEN 'end to end' THEN format('end-to-end reference %s', r.reference)
                    WHEN 'cheque' THEN format('cheque %s', r.reference) ELSE format('reference %s', r.reference) END AS why,
               p.amount, l.amount AS debited, p.received_on
        FROM line AS l
        CROSS JOIN LATERAL (VALUES ('end to end', l.original_end_to_end_reference), ('end to end', l.end_to_end_reference),
                                   ('cheque', l.cheque_number), ('customer', l.original ->> 'customer_reference')) AS r(name, reference)
        JOIN ar.payment AS p ON p.ledger_id = l.ledger_id AND p.processor_reference = r.reference
         AND ar.currency(p.amount) = ar.currency(l.amount) AND p.received_on <= l.booked_on
        WHERE l.kind = 'return' AND r.reference IS NOT NULL
        UNION ALL
        SELECT l.bank_line_id, p.payment_id, 2, format('mandate %s', l.mandate_reference), p.amount, l.amount, p.received_on
        FROM line AS l
        JOIN ar.payment AS p ON p.ledger_id = l.ledger_id AND p.mandate_reference = l.mandate_reference
         AND ar.currency(p.amount) = ar.currency(l.amount) AND p.received_on <= l.booked_on
        WHERE l.kind = 'return' AND l.mandate_reference IS NOT NULL
    ), possible AS (
        SELECT DISTINCT ON (c.bank_line_id, c.payment_id) c.*,
               -- The bank may add a fee to what it takes back, never less than the payment.
               ar.amount(c.amount) = -ar.amount(c.debited) AS is_exact
        FROM candidate AS c
        WHERE ar.amount(c.amount) <= -ar.amount(c.debited)
          AND NOT EXISTS (SELECT FROM ar.adjustment AS j WHERE j.ledger_id = classify_bank_debits.ledger_id
                          AND j.payment_id = c.payment_id AND j.kind = 'reversal')
          AND NOT EXISTS (SELECT FROM ar.bank_line AS b WHERE b.ledger_id = classify_bank_debits.ledger_id
                          AND b.payment_id = c.payment_id AND ar.sign(b.amount) < 0)
        ORDER BY c.bank_line_id, c.payment_id, c.rank
    ), best AS (
        -- Of a mandate's payments of one amount the last one came back.
        SELECT p.*, row_number() OVER w AS nth,
               count(*) OVER (PARTITION BY p.bank_line_id, p.is_exact, p.rank, CASE WHEN p.rank = 2 THEN p.received_on END) AS equals
        FROM possible AS p
        WINDOW w AS (PARTITION BY p.bank_line_id ORDER BY p.is_exact DESC, p.rank, CASE WHEN p.rank = 2 THEN p.received_on END DESC, p.payment_id)
    )
    SELECT l.bank_line_id, l.kind, CASE WHEN b.equals = 1 THEN b.payment_id END,
           CASE WHEN b.equals = 1 THEN format('The bank took back payment %s of %s, by its %s%s.', b.payment_id, b.amount, b.why,
                                              CASE WHEN NOT b.is_exact THEN format(', with %s more', ar.monetary(-ar.amount(l.amount) - ar.amount(b.amount), ar.currency(l.amount))) ELSE '' END)
                WHEN b.equals > 1 THEN format('The bank took back one of %s payments that fit equally.', b.equals)
                WHEN l.kind = 'return' THEN 'The bank took something back, and no payment has its reference.'
                WHEN l.kind = 'fee' THEN 'The bank charged a fee or interest.'
                WHEN l.kind = 'refund' THEN 'Money was paid back.'
                ELSE 'Money was paid out.' END
    FROM line AS l
    LEFT JOIN best AS b ON b.bank_line_id = l.bank_line_id AND b.nth = 1
    ORDER BY l.bank_line_id;
END
$$;
COMMENT ON FUNCTION ar.classify_bank_debits(integer, bigint[]) IS
'What the debits of bank lines are, and which payment a return takes back: by the end-to-end reference, the number of the cheque, or the mandate, and the amount, to which the bank may add a fee.
Arguments: ledger_id; bank_line_ids, NULL for all that wait.
Result: a row a debit that is neither settled, ignored nor a duplicate: bank_line_id; kind: return, fee, refund, other; payment_id, of a return, NULL where none or more than one fits; explanation, a sentence.';

CREATE FUNCTION ar.accept_bank_return(ledger_id integer, bank_line_id bigint, payment_id bigint DEFAULT NULL, fee ar.monetary DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    line ar.bank_line;
    offered record;
    returned bigint := accept_bank_return.payment_id;
BEGIN
    SELECT l.* INTO line FROM ar.bank_line AS l
    WHERE l.ledger_id = accept_bank_return.ledger_id AND l.bank_line_id = accept_bank_return.bank_line_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('bank line %s does not exist in ledger %s', accept_bank_return.bank_line_id, accept_bank_return.ledger_id);
    END IF;
    SELECT d.* INTO offered FROM ar.classify_bank_debits(accept_bank_return.ledger_id, ARRAY[accept_bank_return.bank_line_id]) AS d;
    IF NOT FOUND THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('bank line %s is no debit that waits', line.bank_line_id),
            DETAIL = 'It is a credit, announced only, ignored, a duplicate, or accepted already.';
    END IF;
    returned := coalesce(returned, offered.payment_id);
    IF returned IS NULL THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('what bank line %s took back is not known', line.bank_line_id),
            DETAIL = offered.explanation,
            HINT = 'Name the payment.';
    END IF;
    PERFORM FROM ar.payment AS p WHERE p.ledger_id = line.ledger_id AND p.payment_id = returned;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payment %s does not exist in ledger %s', returned, line.ledger_id);
    END IF;
    PERFORM ar.reverse_payments(accept_bank_return.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'payment_id', returned,
        -- What can happen to a payment of its method: a cheque bounces, a direct debit is returned, a card is charged back.
        'kind', (SELECT k.reversals[1]
                 FROM ar.payment AS p
                 JOIN ar.payment_method AS m ON m.ledger_id = p.ledger_id AND m.method = p.method
                 JOIN ar.payment_method_kinds() AS k ON k.kind = m.kind
                 WHERE p.ledger_id = line.ledger_id AND p.payment_id = returned),
        'reversed_on', line.booked_on,
        'reason_code', CASE WHEN lower(line.return_reason) ~ '^[a-z][a-z0-9_]*$' THEN lower(line.return_reason) END,
        'reason', coalesce(line.return_reason, line."text", offered.explanation),
        'fee', accept_bank_return.fee::text))));
    UPDATE ar.bank_line AS l SET payment_id = returned
    WHERE l.ledger_id = line.ledger_id AND l.bank_line_id = line.bank_line_id;
    RETURN returned;
END
$$;
COMMENT ON FUNCTION ar.accept_bank_return(integer, bigint, bigint, ar.monetary) IS
'Accepts a debit of the bank as the return of a payment: reverses the payment on the day the bank booked it, and settles the line.
Arguments: ledger_id; bank_line_id; payment_id, by default the one that ar.classify_bank_debits() offers; fee, charged to the customer, by default as the policy says.
Result: the payment_id.
Errors: 23503 no such line; RA004 the line is no waiting debit, or it is not known what came back; those of ar.reverse_payments().';
REVOKE ALL ON FUNCTION ar.accept_bank_return(integer, bigint, bigint, ar.monetary) FROM PUBLIC;
