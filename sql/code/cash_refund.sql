-- cash: money that is paid back.

CREATE FUNCTION ar.tg_check_settled() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    debit record;
    adjustment ar.adjustment;
    nothing ar.monetary;
    left_open ar.monetary;
    was_covered ar.monetary;
    balance numeric;
BEGIN
    -- One table at a time, by its key: these plans are made when the tables are young, and kept.
    IF TG_TABLE_NAME = 'application' THEN
        SELECT i.kind, i.item_id, i.adjustment_id INTO debit
        FROM ar.item AS i WHERE i.ledger_id = NEW.ledger_id AND i.item_id = NEW.debit_item_id;
        IF debit.kind NOT IN ('refund', 'transfer') THEN
            RETURN NULL;
        END IF;
        SELECT j.* INTO adjustment
        FROM ar.adjustment AS j WHERE j.ledger_id = NEW.ledger_id AND j.adjustment_id = debit.adjustment_id;
        IF adjustment.reverses_id IS NOT NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        adjustment := NEW;
        SELECT i.kind, i.item_id, i.adjustment_id INTO debit
        FROM ar.item AS i WHERE i.ledger_id = NEW.ledger_id AND i.adjustment_id = NEW.adjustment_id;
    END IF;
    nothing := ar.monetary(0, ar.currency(adjustment.amount));

    /*
     * By the facts, not by what is open: where somebody has the constraints checked
     * at once, what is open does not follow yet.
     */
    SELECT adjustment.amount - coalesce(ar.sum(a.amount), nothing), coalesce(ar.sum(a.amount) FILTER (WHERE a.reverses_id IS NULL), nothing)
    INTO left_open, was_covered
    FROM ar.application AS a WHERE a.ledger_id = adjustment.ledger_id AND a.debit_item_id = debit.item_id;
    -- A refund that was covered, of a payment that was reversed since, is what the customer owes for it.
    IF ar.sign(adjustment.amount) > 0 AND ar.sign(left_open) <> 0 AND NOT (
        adjustment.kind = 'refund' AND was_covered >= adjustment.amount AND EXISTS (
            SELECT FROM ar.payment_reversal AS r
            WHERE r.ledger_id = adjustment.ledger_id AND r.payment_id = adjustment.payment_id)) THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('%s %s is not covered by what is unapplied', adjustment.kind, adjustment.adjustment_id),
            DETAIL = format('Of %s, to %s nothing is applied.', adjustment.amount, left_open),
            HINT = CASE adjustment.kind
                WHEN 'refund' THEN 'Pay back with ar.refund() what is unapplied, and no more; take a refund back with ar.reverse_adjustment().'
                ELSE 'Move payments with ar.transfer_payment(), forth and back.' END,
            SCHEMA = 'ar', TABLE = 'adjustment', CONSTRAINT = 'adjustment_settled_check';
    END IF;

    IF adjustment.kind = 'transfer' AND TG_TABLE_NAME = 'adjustment' THEN
        SELECT sum(ar.amount(j.amount)) INTO balance FROM ar.adjustment AS j
        WHERE j.ledger_id = adjustment.ledger_id AND j.payment_id = adjustment.payment_id AND j.kind = 'transfer';
        IF balance <> 0 THEN
            RAISE check_violation USING
                MESSAGE = format('the transfers of payment %s do not add up to zero', adjustment.payment_id),
                DETAIL = format('They add up to %s.', balance),
                HINT = 'Move payments with ar.transfer_payment(), which writes both sides.',
                SCHEMA = 'ar', TABLE = 'adjustment', CONSTRAINT = 'adjustment_settled_check';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_check_settled() IS
'Trigger, at the end of the transaction, for each refund and transfer, and for each application that was undone: a refund, and the debit of a transfer, are applied in full, and the transfers of a payment add up to zero.
Errors: 23514 they do not; RA002 it is not covered by what is unapplied.';

CREATE FUNCTION ar.refunds_given(of_ledger integer, refunds jsonb)
RETURNS TABLE (
    ledger_id integer, element bigint, payment_id bigint, credit_item_id bigint, amount ar.monetary, refunded_on date,
    method text, reference text, reason_code text, reason text, external_id text, digest bytea)
LANGUAGE plpgsql STABLE STRICT ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT refunds_given.of_ledger, e.position, g.payment_id, coalesce(g.credit_item_id, i.item_id), g.amount::ar.monetary,
           g.refunded_on, g.method, g.reference, g.reason_code, g.reason, g.external_id,
           CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(e.value) END
    FROM jsonb_array_elements(refunds_given.refunds) WITH ORDINALITY AS e(value, position)
    CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
        payment_id bigint, credit_item_id bigint, amount text, refunded_on date, method text, reference text,
        reason_code text, reason text, external_id text)
    LEFT JOIN LATERAL (SELECT i.item_id FROM ar.item AS i
                       WHERE i.ledger_id = refunds_given.of_ledger AND i.payment_id = g.payment_id OFFSET 0) AS i ON true;
END
$$;
COMMENT ON FUNCTION ar.refunds_given(integer, jsonb) IS
'The refunds that ar.refund_payments() is given, as rows: credit_item_id is that of the payment where it was not given.';

CREATE FUNCTION ar.refund_payments(ledger_id integer, refunds jsonb)
RETURNS TABLE (element bigint, adjustment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(refund_payments.ledger_id);
    wrong record;
    elements bigint[];
    ids bigint[];
BEGIN
    PERFORM ar.check_keys('refunds', refund_payments.refunds,
        '{payment_id,credit_item_id,amount,refunded_on,method,reference,reason_code,reason,external_id}', '{}');

    -- What is unapplied can be trusted only once the balances are held.
    PERFORM FROM (
        SELECT DISTINCT c.ledger_id, c.customer_id, ar.currency(c.amount) AS currency
        FROM ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g
        CROSS JOIN LATERAL (SELECT c.ledger_id, c.customer_id, c.amount FROM ar.item AS c
                            WHERE c.ledger_id = g.ledger_id AND c.item_id = g.credit_item_id OFFSET 0) AS c
        ORDER BY 2, 3) AS h
    CROSS JOIN LATERAL (SELECT FROM ar.customer_balance AS b
                        WHERE b.ledger_id = h.ledger_id AND b.customer_id = h.customer_id AND b.currency = h.currency FOR NO KEY UPDATE) AS b;

    SELECT j.external_id INTO wrong
    FROM ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g
    CROSS JOIN LATERAL (SELECT j.external_id, j.external_digest FROM ar.adjustment AS j
                        WHERE j.ledger_id = g.ledger_id AND j.external_id = g.external_id OFFSET 0) AS j
    WHERE j.external_digest IS NULL OR j.external_digest <> g.digest
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('adjustment', ar.mask_card_numbers(wrong.external_id));
    END IF;
    SELECT array_agg(g.element ORDER BY g.element), array_agg(nextval('ar.document_id') ORDER BY g.element) INTO elements, ids
    FROM ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g
    LEFT JOIN LATERAL (SELECT j.adjustment_id FROM ar.adjustment AS j
                       WHERE j.ledger_id = g.ledger_id AND j.external_id = g.external_id OFFSET 0) AS j ON true
    WHERE j.adjustment_id IS NULL;

    FOR wrong IN
        SELECT g.element, g.payment_id, g.credit_item_id, p.payment_id AS found_id, r.kind AS reversal, c.item_id, c.kind,
               ar.sign(c.amount) AS side, c.open, g.amount, coalesce(g.refunded_on, today) AS day, c.issued_on,
               count(*) OVER (PARTITION BY g.credit_item_id) AS times
        FROM ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g
        LEFT JOIN LATERAL (SELECT c.item_id, c.kind, c.amount, c.open, c.issued_on FROM ar.item AS c
                           WHERE c.ledger_id = g.ledger_id AND c.item_id = g.credit_item_id OFFSET 0) AS c ON true
        LEFT JOIN LATERAL (SELECT p.payment_id FROM ar.payment AS p
                           WHERE p.ledger_id = g.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p ON true
        LEFT JOIN LATERAL (SELECT r.kind FROM ar.payment_reversal AS r
                           WHERE r.ledger_id = g.ledger_id AND r.payment_id = g.payment_id OFFSET 0) AS r ON true
        WHERE g.element = ANY (elements)
        ORDER BY g.element
    LOOP
        IF num_nonnulls(wrong.payment_id, wrong.credit_item_id) = 0 THEN
            RAISE invalid_parameter_value USING
                MESSAGE = 'malformed refunds',
                DETAIL = format('Element %s names neither "payment_id" nor "credit_item_id".', wrong.element);
        ELSIF wrong.payment_id IS NOT NULL AND wrong.found_id IS NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('payment %s does not exist in ledger %s', wrong.payment_id, refund_payments.ledger_id);
        ELSIF wrong.credit_item_id IS NULL THEN
            RAISE SQLSTATE 'RA002' USING
                MESSAGE = format('payment %s has nothing to pay back', wrong.payment_id),
                DETAIL = CASE WHEN wrong.reversal IS NOT NULL THEN format('It was %s.', replace(wrong.reversal, '_', ' '))
                    ELSE 'It is unidentified, and belongs to no customer.' END,
                HINT = 'Give it to a customer with ar.transfer_payment() first, or send it back as it came, with ar.reverse_payment().';
        ELSIF wrong.item_id IS NULL THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('item %s does not exist in ledger %s', wrong.credit_item_id, refund_payments.ledger_id);
        ELSIF wrong.times > 1 THEN
            RAISE invalid_parameter_value USING
                MESSAGE = format('credit item %s is to be refunded twice', wrong.credit_item_id),
                HINT = 'Name each credit once, with the sum.';
        ELSIF wrong.side >= 0 OR wrong.kind IN ('write_off', 'discount', 'difference', 'deduction') THEN
            RAISE check_violation USING
                MESSAGE = format('item %s of kind "%s" is no money that can be paid back', wrong.credit_item_id, wrong.kind),
                HINT = 'Refund payments and credit memos.';
        ELSIF ar.currency(wrong.amount) <> ar.currency(wrong.open) THEN
            RAISE SQLSTATE 'RA009' USING
                MESSAGE = 'a refund must have the currency of what it pays back',
                DETAIL = format('Of item %s is unapplied %s, to be refunded were %s.', wrong.credit_item_id, -wrong.open, wrong.amount),
                HINT = 'Refund in that currency.';
        ELSIF ar.sign(wrong.amount) <= 0 THEN
            RAISE check_violation USING
                MESSAGE = 'the amount of a refund must be above zero',
                HINT = 'Leave it out to pay back all that is unapplied.';
        ELSIF ar.sign(wrong.open) = 0 OR wrong.amount > -wrong.open THEN
            RAISE SQLSTATE 'RA002' USING
                MESSAGE = format('more is to be refunded than is unapplied of item %s', wrong.credit_item_id),
                DETAIL = format('Unapplied are %s, to be refunded were %s.', -wrong.open, coalesce(wrong.amount::text, 'all of it')),
                HINT = 'Undo with ar.unapply() what should not be applied, or refund less.';
        ELSIF wrong.day < wrong.issued_on THEN
            RAISE check_violation USING
                MESSAGE = format('item %s cannot be refunded before it was there', wrong.credit_item_id),
                DETAIL = format('It is dated %s, and was to be refunded on %s.', wrong.issued_on, wrong.day),
                HINT = 'Give that day or a later one.';
        END IF;
    END LOOP;

    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason,
                               invoice_id, payment_id, method, reference, external_id, external_digest)
    SELECT c.ledger_id, w.adjustment_id, c.customer_id, 'refund', coalesce(g.amount, -c.open), coalesce(g.refunded_on, today),
           g.reason_code, g.reason, c.invoice_id, coalesce(c.payment_id, j.payment_id), g.method, g.reference, g.external_id, g.digest
    FROM unnest(elements, ids) AS w(element, adjustment_id)
    JOIN ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g ON g.element = w.element
    CROSS JOIN LATERAL (SELECT c.ledger_id, c.customer_id, c.open, c.invoice_id, c.payment_id, c.adjustment_id FROM ar.item AS c
                        WHERE c.ledger_id = g.ledger_id AND c.item_id = g.credit_item_id OFFSET 0) AS c
    LEFT JOIN LATERAL (SELECT j.payment_id FROM ar.adjustment AS j
                       WHERE j.ledger_id = c.ledger_id AND j.adjustment_id = c.adjustment_id OFFSET 0) AS j ON true
    ORDER BY g.external_id, w.adjustment_id;
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT c.ledger_id, c.item_id, d.item_id, d.amount, greatest(c.issued_on, d.issued_on, c.undone_on)
    FROM unnest(elements, ids) AS w(element, adjustment_id)
    JOIN ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g ON g.element = w.element
    CROSS JOIN LATERAL (SELECT c.ledger_id, c.item_id, c.issued_on, c.undone_on FROM ar.item AS c
                        WHERE c.ledger_id = g.ledger_id AND c.item_id = g.credit_item_id OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT d.item_id, d.amount, d.issued_on FROM ar.item AS d
                        WHERE d.ledger_id = g.ledger_id AND d.adjustment_id = w.adjustment_id OFFSET 0) AS d
    ORDER BY c.item_id;

    RETURN QUERY
    SELECT g.element, coalesce(w.adjustment_id, j.adjustment_id)
    FROM ar.refunds_given(refund_payments.ledger_id, refund_payments.refunds) AS g
    LEFT JOIN unnest(elements, ids) AS w(element, adjustment_id) ON w.element = g.element
    LEFT JOIN LATERAL (SELECT j.adjustment_id FROM ar.adjustment AS j
                       WHERE w.element IS NULL AND j.ledger_id = g.ledger_id AND j.external_id = g.external_id OFFSET 0) AS j ON true
    ORDER BY g.element;
END
$$;
COMMENT ON FUNCTION ar.refund_payments(integer, jsonb) IS
'Pays back what is unapplied of payments, credit memos and other credits, never more: each by an adjustment of kind refund, to which the credit is applied at once. All or none.
Arguments: ledger_id; refunds, a JSON array of objects with payment_id or credit_item_id, and perhaps amount (such as "EUR 5.00", by default all that is unapplied), refunded_on (by default the business date), method (of ar.payment_method), reference (of the bank; never a card number), reason_code, reason, external_id.
Result: the position in the array, from 1, and the adjustment_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload, or a credit named twice; 23503 no such payment, item or method; 23514 no money, not above zero, or a date before it; RA001 there is no room for what the customer then owes; RA002 more than is unapplied; RA006 the external id was used otherwise; RA009 another currency.';

CREATE FUNCTION ar.refund(
    ledger_id integer,
    payment_id bigint DEFAULT NULL,
    credit_item_id bigint DEFAULT NULL,
    amount ar.monetary DEFAULT NULL,
    refunded_on date DEFAULT NULL,
    method text DEFAULT NULL,
    reference text DEFAULT NULL,
    reason text DEFAULT NULL,
    external_id text DEFAULT NULL,
    reason_code text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.adjustment_id
    FROM ar.refund_payments(refund.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'payment_id', refund.payment_id, 'credit_item_id', refund.credit_item_id, 'amount', refund.amount::text,
        'refunded_on', refund.refunded_on, 'method', refund.method, 'reference', refund.reference,
        'reason_code', refund.reason_code, 'reason', refund.reason, 'external_id', refund.external_id)))) AS r
$$;
COMMENT ON FUNCTION ar.refund(integer, bigint, bigint, ar.monetary, date, text, text, text, text, text) IS
'Pays back what is unapplied of one payment or other credit, and returns the adjustment_id of the refund: ar.refund_payments() with one, where the arguments are described.
Errors: as there.';

REVOKE ALL ON FUNCTION ar.tg_check_settled(), ar.refund_payments(integer, jsonb),
    ar.refund(integer, bigint, bigint, ar.monetary, date, text, text, text, text, text) FROM PUBLIC;
