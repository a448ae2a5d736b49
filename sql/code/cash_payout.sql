-- cash: what processors pay out.

CREATE FUNCTION ar.tg_check_payout_payment() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    payout record;
    payment record;
    refund record;
BEGIN
    SELECT o.method, o.paid_on, o.net, ar.is_own_transaction(o.xmin) AS is_own INTO payout
    FROM ar.payout AS o WHERE o.ledger_id = NEW.ledger_id AND o.payout_id = NEW.payout_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payout %s does not exist in ledger %s', NEW.payout_id, NEW.ledger_id),
            SCHEMA = 'ar', TABLE = 'payout_payment', CONSTRAINT = 'payout_payment_payout_fkey';
    END IF;
    IF NOT payout.is_own THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('payout %s is recorded, and gets no more lines', NEW.payout_id),
            HINT = 'Record a payout with all its lines, with ar.record_payout().',
            SCHEMA = 'ar', TABLE = 'payout_payment';
    END IF;
    IF NEW.kind = 'refund' THEN
        SELECT j.kind, j.payment_id, j.amount, j.reverses_id INTO refund
        FROM ar.adjustment AS j WHERE j.ledger_id = NEW.ledger_id AND j.adjustment_id = NEW.adjustment_id;
        IF refund.kind IS DISTINCT FROM 'refund' OR refund.reverses_id IS NOT NULL OR refund.payment_id IS NULL THEN
            RAISE check_violation USING
                MESSAGE = format('adjustment %s is no refund of a payment', NEW.adjustment_id),
                HINT = 'Deduct what ar.refund() returned.',
                SCHEMA = 'ar', TABLE = 'payout_payment', COLUMN = 'adjustment_id';
        END IF;
        NEW.payment_id := refund.payment_id;
        NEW.amount := -refund.amount;
        SELECT p.method INTO payment FROM ar.payment AS p WHERE p.ledger_id = NEW.ledger_id AND p.payment_id = NEW.payment_id;
    ELSE
        SELECT p.amount, p.received_on, p.method, r.kind INTO payment
        FROM ar.payment AS p
        LEFT JOIN ar.payment_reversal AS r ON r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id
        WHERE p.ledger_id = NEW.ledger_id AND p.payment_id = NEW.payment_id;
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('payment %s does not exist in ledger %s', NEW.payment_id, NEW.ledger_id),
                SCHEMA = 'ar', TABLE = 'payout_payment', CONSTRAINT = 'payout_payment_payment_fkey';
        END IF;
        IF NEW.kind = 'payment' AND payment.received_on > payout.paid_on THEN
            RAISE check_violation USING
                MESSAGE = format('payment %s cannot be paid out before it was received', NEW.payment_id),
                DETAIL = format('It was received on %s, and was to be paid out on %s.', payment.received_on, payout.paid_on),
                HINT = 'Look up the day of the payout.',
                SCHEMA = 'ar', TABLE = 'payout_payment', COLUMN = 'payment_id';
        END IF;
        IF NEW.kind = 'reversal' AND payment.kind IS NULL THEN
            RAISE check_violation USING
                MESSAGE = format('payment %s is deducted and was not reversed', NEW.payment_id),
                HINT = 'Reverse it first with ar.reverse_payment().',
                SCHEMA = 'ar', TABLE = 'payout_payment', COLUMN = 'payment_id';
        END IF;
        NEW.amount := CASE NEW.kind WHEN 'payment' THEN payment.amount ELSE -payment.amount END;
    END IF;
    IF payment.method <> payout.method THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s cannot be in a payout of %s', NEW.payment_id, payout.method),
            DETAIL = format('It came by %s.', payment.method),
            HINT = 'A processor pays out what came through it: look up the payment, or the method of the payout.',
            SCHEMA = 'ar', TABLE = 'payout_payment', COLUMN = 'payment_id';
    END IF;
    IF ar.currency(NEW.amount) <> ar.currency(payout.net) THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('payout %s is in another currency than payment %s', NEW.payout_id, NEW.payment_id),
            DETAIL = format('The payout is of %s, the payment adds %s.', payout.net, NEW.amount),
            HINT = 'Record a payout for each currency.',
            SCHEMA = 'ar', TABLE = 'payout_payment', COLUMN = 'amount';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_check_payout_payment() IS
'Trigger, before each row of ar.payout_payment: finds its amount, and lets it be written only with its payout.
Errors: 23503 no such payout or payment; 23514 not reversed, no refund, received later, or by another method; RA003 the payout is recorded; RA009 another currency.';

CREATE FUNCTION ar.tg_check_payout() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    gross ar.monetary;
    deducted ar.monetary;
    nothing ar.monetary := ar.monetary(0, ar.currency(NEW.net));
BEGIN
    SELECT coalesce(ar.sum(e.amount) FILTER (WHERE e.kind = 'payment'), nothing),
           coalesce(-ar.sum(e.amount) FILTER (WHERE e.kind <> 'payment'), nothing) INTO gross, deducted
    FROM ar.payout_payment AS e WHERE e.ledger_id = NEW.ledger_id AND e.payout_id = NEW.payout_id;
    IF gross <> NEW.gross OR deducted <> NEW.deducted THEN
        RAISE check_violation USING
            MESSAGE = format('payout "%s" does not add up', NEW.reference),
            DETAIL = format('Its lines are payments of %s and deductions of %s; it says %s and %s.', gross, deducted, NEW.gross, NEW.deducted),
            HINT = 'Record it with ar.record_payout(), which adds up its lines.',
            SCHEMA = 'ar', TABLE = 'payout', CONSTRAINT = 'payout_sum_check';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_check_payout() IS
'Trigger, at the end of the transaction, for each payout: its lines make its gross and what is deducted (23514).';

CREATE FUNCTION ar.record_payout(
    ledger_id integer,
    method text,
    reference text,
    paid_on date,
    net ar.monetary,
    fee ar.monetary,
    payments jsonb,
    account text DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := ar.payload_digest(jsonb_build_object(
        'method', record_payout.method, 'reference', record_payout.reference, 'paid_on', record_payout.paid_on,
        'net', record_payout.net::text, 'fee', record_payout.fee::text, 'payments', record_payout.payments,
        'account', record_payout.account));
    nothing ar.monetary := ar.monetary(0, ar.currency(record_payout.net));
    known record;
    wrong record;
    gross ar.monetary;
    deducted ar.monetary;
    expected ar.monetary;
    result bigint;
BEGIN
    PERFORM ar.check_keys('payments', coalesce(record_payout.payments, 'null'), '{payment_id,processor_reference,refund_id,kind}', '{}');
    IF record_payout.external_id IS NOT NULL THEN
        SELECT o.payout_id, o.external_digest INTO known
        FROM ar.payout AS o WHERE o.ledger_id = record_payout.ledger_id AND o.external_id = record_payout.external_id;
        IF FOUND THEN
            IF known.external_digest IS NULL OR known.external_digest <> digest THEN
                PERFORM ar.refuse_external_id('payout', ar.mask_card_numbers(record_payout.external_id));
            END IF;
            RETURN known.payout_id;
        END IF;
    END IF;

    SELECT l.position, l.payment_id, l.processor_reference, l.refund_id, l.found, l.payout_reference, l.amount INTO wrong
    FROM ar.payout_lines(record_payout.ledger_id, record_payout.payments) AS l
    WHERE l.found <> 1 OR l.payout_reference IS NOT NULL
    ORDER BY l.position LIMIT 1;
    IF FOUND AND wrong.found = 0 THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('element %s of the payout is no payment or refund of ledger %s', wrong.position, record_payout.ledger_id),
            DETAIL = CASE WHEN wrong.refund_id IS NOT NULL THEN format('There is no refund %s.', wrong.refund_id)
                WHEN wrong.payment_id IS NOT NULL THEN format('There is no payment %s.', wrong.payment_id)
                ELSE format('No payment has the processor reference "%s".', ar.mask_card_numbers(wrong.processor_reference)) END,
            HINT = 'Record it first, or look up its id.';
    ELSIF FOUND AND wrong.found > 1 THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('element %s of the payout fits %s payments', wrong.position, wrong.found),
            DETAIL = format('All have the processor reference "%s".', ar.mask_card_numbers(wrong.processor_reference)),
            HINT = 'Name the payment by its payment_id.';
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('element %s of the payout was paid out or deducted before', wrong.position),
            DETAIL = format('By payout "%s".', wrong.payout_reference),
            HINT = 'Leave it out.';
    END IF;

    SELECT coalesce(ar.sum(l.amount) FILTER (WHERE l.kind = 'payment'), nothing),
           coalesce(-ar.sum(l.amount) FILTER (WHERE l.kind <> 'payment'), nothing) INTO gross, deducted
    FROM ar.payout_lines(record_payout.ledger_id, record_payout.payments) AS l;
    expected := gross - deducted - record_payout.fee;
    IF expected <> record_payout.net THEN
        RAISE check_violation USING
            MESSAGE = format('payout "%s" does not add up', record_payout.reference),
            DETAIL = format('Payments of %s less deductions of %s less a fee of %s make %s; paid out were %s, a difference of %s.',
                            gross, deducted, record_payout.fee, expected, record_payout.net, record_payout.net - expected),
            HINT = 'Look for a payment, refund or chargeback that is missing or too many, or correct the fee.',
            SCHEMA = 'ar', TABLE = 'payout', CONSTRAINT = 'payout_amount_check';
    END IF;

    INSERT INTO ar.payout AS o (ledger_id, method, reference, paid_on, gross, deducted, fee, net, account, external_id, external_digest)
    VALUES (record_payout.ledger_id, record_payout.method, record_payout.reference, record_payout.paid_on, gross, deducted,
            record_payout.fee, record_payout.net, record_payout.account, record_payout.external_id,
            CASE WHEN record_payout.external_id IS NOT NULL THEN digest END)
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING o.payout_id INTO result;
    IF result IS NULL THEN
        -- Somebody else wrote the same external id just now.
        RETURN ar.record_payout(record_payout.ledger_id, record_payout.method, record_payout.reference, record_payout.paid_on,
                                record_payout.net, record_payout.fee, record_payout.payments, record_payout.account,
                                record_payout.external_id);
    END IF;
    INSERT INTO ar.payout_payment (ledger_id, payout_id, line_number, kind, payment_id, adjustment_id, amount)
    SELECT record_payout.ledger_id, result, l.position, l.kind, l.payment_id, l.refund_id, l.amount
    FROM ar.payout_lines(record_payout.ledger_id, record_payout.payments) AS l
    ORDER BY l.payment_id, l.position;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.record_payout(integer, text, text, date, ar.monetary, ar.monetary, jsonb, text, text) IS
'Records what a processor paid out in one sum, and returns the payout_id. Its payments are cleared on that day. What they add up to, less refunds, chargebacks and fee, must be what was paid out, to the cent.
Arguments: ledger_id; method, of the processor; reference, what it calls the payout, unique for the method; paid_on; net, what came to the bank; fee, what it kept; payments, a JSON array of objects with payment_id or processor_reference, and perhaps kind: payment, or reversal for one that was charged back and is deducted; or with refund_id, a refund that is deducted; account, of ours; external_id.
Errors: 22023 malformed payload, or a processor_reference that several payments have; 23503 no such payment or method; 23505 the reference is taken; 23514 it does not add up: the detail says by how much; or a payment came by another method; RA002 a payment was paid out before; RA006 the external id was used for another payout; RA009 different currencies.';

CREATE FUNCTION ar.payout_lines(of_ledger integer, payments jsonb)
RETURNS TABLE (
    "position" integer, kind text, payment_id bigint, processor_reference text, refund_id bigint, amount ar.monetary,
    found bigint, payout_reference text)
LANGUAGE plpgsql STABLE STRICT ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.position::integer, g.kind, coalesce(g.payment_id, s.payment_id, j.payment_id), g.processor_reference, g.refund_id,
           CASE WHEN g.kind = 'payment' THEN p.amount WHEN g.kind = 'refund' THEN -j.amount ELSE -p.amount END,
           CASE WHEN g.kind = 'refund' THEN num_nonnulls(j.adjustment_id)::bigint
                WHEN g.payment_id IS NOT NULL THEN num_nonnulls(p.payment_id)::bigint ELSE s.found END,
           o.reference
    FROM jsonb_array_elements(payout_lines.payments) WITH ORDINALITY AS e(value, position)
    CROSS JOIN LATERAL (
        SELECT payout_lines.of_ledger AS ledger_id, r.payment_id, r.processor_reference, r.refund_id,
               coalesce(r.kind, CASE WHEN r.refund_id IS NOT NULL THEN 'refund' ELSE 'payment' END) AS kind
        FROM jsonb_to_record(e.value) AS r(payment_id bigint, processor_reference text, refund_id bigint, kind text)) AS g
    CROSS JOIN LATERAL (
        SELECT max(q.payment_id) AS payment_id, count(*) AS found FROM ar.payment AS q
        WHERE g.payment_id IS NULL AND q.ledger_id = g.ledger_id AND q.processor_reference = g.processor_reference) AS s
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = g.ledger_id AND j.adjustment_id = g.refund_id
     AND j.kind = 'refund' AND j.reverses_id IS NULL
    LEFT JOIN ar.payment AS p ON p.ledger_id = g.ledger_id AND p.payment_id = coalesce(g.payment_id, s.payment_id)
    -- Each by an index of its own.
    LEFT JOIN ar.payout_payment AS x ON x.ledger_id = g.ledger_id AND x.payment_id = p.payment_id
     AND x.kind = 'payment' AND g.kind = 'payment'
    LEFT JOIN ar.payout_payment AS y ON y.ledger_id = g.ledger_id AND y.payment_id = p.payment_id
     AND y.kind = 'reversal' AND g.kind = 'reversal'
    LEFT JOIN ar.payout_payment AS z ON z.ledger_id = g.ledger_id AND z.adjustment_id = g.refund_id
    LEFT JOIN ar.payout AS o ON o.ledger_id = g.ledger_id AND o.payout_id = coalesce(x.payout_id, y.payout_id, z.payout_id);
END
$$;
COMMENT ON FUNCTION ar.payout_lines(integer, jsonb) IS
'The lines that ar.record_payout() is given, as rows: what each adds to the payout, how many payments fit it, and the reference of the payout that it was in before.';

REVOKE ALL ON FUNCTION ar.tg_check_payout_payment(), ar.tg_check_payout(),
    ar.record_payout(integer, text, text, date, ar.monetary, ar.monetary, jsonb, text, text) FROM PUBLIC;
