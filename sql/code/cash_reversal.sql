-- cash: payments that came to nothing, and what follows from it.

CREATE FUNCTION ar.tg_follow_payments() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_follow_payments' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_follow_payments() IS
'Trigger, after an INSERT statement on the table that its argument names (payment_reversal, payment_transfer): does what follows for the payments.
Errors: as ar.follow_payment_reversals() and ar.follow_payment_transfers().';

CREATE FUNCTION ar.tg_guard_reversal() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_guard_reversal' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_guard_reversal() IS
'Trigger, before a row of ar.adjustment of kind reversal: refuses it, unless the reversal of its payment writes it (RA003).';

CREATE FUNCTION ar.tg_stamp_payment_reversal() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    -- The constraints would refuse these, too, but not say what to do.
    IF NEW.kind NOT IN ('bounced', 'returned', 'charged_back', 'in_error') THEN
        RAISE check_violation USING
            MESSAGE = format('a payment cannot be "%s"', ar.mask_card_numbers(NEW.kind)),
            HINT = 'A payment is bounced, returned, charged_back, or in_error.',
            SCHEMA = 'ar', TABLE = 'payment_reversal', CONSTRAINT = 'payment_reversal_kind_check';
    ELSIF NEW.reason_code !~ '^[a-z][a-z0-9_]*$' THEN
        RAISE check_violation USING
            MESSAGE = format('"%s" is no reason code', ar.mask_card_numbers(NEW.reason_code)),
            HINT = 'Write it in lower case, such as am04 or insufficient_funds; words go into reason.',
            SCHEMA = 'ar', TABLE = 'payment_reversal', CONSTRAINT = 'payment_reversal_reason_code_check';
    ELSIF ar.sign(NEW.fee) < 0 THEN
        RAISE check_violation USING
            MESSAGE = 'the fee for a reversal cannot be below zero',
            HINT = 'Give an amount above zero, or zero for none.',
            SCHEMA = 'ar', TABLE = 'payment_reversal', CONSTRAINT = 'payment_reversal_fee_check';
    END IF;
    NEW.reversed_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_payment_reversal() IS
'Trigger, before each row of ar.payment_reversal: stamps who recorded it, and when.
Errors: 23514 no such kind, a malformed reason code, a fee below zero.';

CREATE FUNCTION ar.hold_payments(ledger_id integer, payment_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM (SELECT DISTINCT w.payment_id FROM unnest(hold_payments.payment_ids) AS w(payment_id) ORDER BY w.payment_id) AS w
    CROSS JOIN LATERAL (SELECT FROM ar.payment AS p
                        WHERE p.ledger_id = hold_payments.ledger_id AND p.payment_id = w.payment_id FOR NO KEY UPDATE) AS p;
    /*
     * They wait no more.  Where one has no item yet, there is no balance at which
     * a session that cannot see what another did with it would fail to serialize: it
     * fails at this row.
     */
    DELETE FROM ar.payment_waiting AS w
    WHERE w.ledger_id = hold_payments.ledger_id AND w.payment_id = ANY (hold_payments.payment_ids);
END
$$;
COMMENT ON FUNCTION ar.hold_payments(integer, bigint[]) IS
'Locks payments, by id, which are reversed or given to a customer, and have them wait no more. For the triggers, which act as the writer.';

CREATE FUNCTION ar.reversals_given(of_ledger integer, payment_ids bigint[])
RETURNS TABLE (
    ledger_id integer, payment_id bigint, kind text, reversed_on date, reason_code text, reason text, fee ar.monetary, method text,
    received_on date, item_id bigint, customer_id bigint, amount ar.monetary, issued_on date, undone_on date)
LANGUAGE plpgsql STABLE STRICT ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- LATERAL and OFFSET 0, here and below: row by row and by key, however few rows a young table seems to have.
    RETURN QUERY
    SELECT r.ledger_id, r.payment_id, r.kind, r.reversed_on, r.reason_code, r.reason, r.fee, p.method, p.received_on,
           i.item_id, i.customer_id, i.amount, i.issued_on, i.undone_on
    FROM unnest(reversals_given.payment_ids) AS w(payment_id)
    CROSS JOIN LATERAL (
        SELECT r.* FROM ar.payment_reversal AS r
        WHERE r.ledger_id = reversals_given.of_ledger AND r.payment_id = w.payment_id OFFSET 0) AS r
    CROSS JOIN LATERAL (
        SELECT p.* FROM ar.payment AS p
        WHERE p.ledger_id = reversals_given.of_ledger AND p.payment_id = w.payment_id OFFSET 0) AS p
    LEFT JOIN LATERAL (
        SELECT i.* FROM ar.item AS i
        WHERE i.ledger_id = reversals_given.of_ledger AND i.payment_id = w.payment_id OFFSET 0) AS i ON true;
END
$$;
COMMENT ON FUNCTION ar.reversals_given(integer, bigint[]) IS
'The reversals of payments, each with what its payment has of method, day and item: for ar.follow_payment_reversals().';

CREATE FUNCTION ar.follow_payment_reversals(ledger_id integer, payment_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wrong record;
    fees jsonb;
    items bigint[];
    item_days date[];
    adjustments bigint[];
    adjustment_days date[];
    reasons text[];
    reversal_ids bigint[];
BEGIN
    PERFORM ar.hold_payments(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids);

    SELECT r.payment_id, r.kind, r.reversed_on, r.method, r.fee, k.reversals, coalesce(r.issued_on, r.received_on) AS since INTO wrong
    FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r
    JOIN ar.payment_method AS m ON m.ledger_id = r.ledger_id AND m.method = r.method
    JOIN ar.payment_method_kinds() AS k ON k.kind = m.kind
    WHERE r.kind <> ALL (k.reversals) OR r.reversed_on < coalesce(r.issued_on, r.received_on)
       OR r.item_id IS NULL AND ar.sign(r.fee) > 0
    ORDER BY r.payment_id LIMIT 1;
    IF FOUND AND wrong.kind <> ALL (wrong.reversals) THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s by %s cannot be %s', wrong.payment_id, wrong.method, replace(wrong.kind, '_', ' ')),
            HINT = format('What can happen to it: %s.', array_to_string(wrong.reversals, ', ')),
            SCHEMA = 'ar', TABLE = 'payment_reversal', COLUMN = 'kind';
    ELSIF FOUND AND wrong.reversed_on >= wrong.since THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s has no customer, who could be charged a fee', wrong.payment_id),
            DETAIL = format('The fee was to be %s.', wrong.fee),
            HINT = 'Give it to its customer with ar.transfer_payment() first, or reverse it without a fee.',
            SCHEMA = 'ar', TABLE = 'payment_reversal', COLUMN = 'fee';
    ELSIF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s cannot be reversed before it was there', wrong.payment_id),
            DETAIL = format('It counts for its customer from %s on, and was to be reversed on %s.', wrong.since, wrong.reversed_on),
            HINT = 'Give that day or a later one.',
            SCHEMA = 'ar', TABLE = 'payment_reversal', CONSTRAINT = 'payment_reversal_reversed_on_check';
    END IF;

    /*
     * Balances come before items.  A payment that was moved concerns several
     * customers, and nobody moves it now.  A fee may be in another currency.
     */
    SELECT jsonb_object_agg(c.customer_id, c.reversal_fee::text) INTO fees
    FROM ar.cash_policies(follow_payment_reversals.ledger_id, ARRAY(
        SELECT DISTINCT r.customer_id
        FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r)) AS c
    WHERE c.reversal_fee IS NOT NULL;
    PERFORM FROM (
        SELECT r.ledger_id, r.customer_id, ar.currency(r.amount) AS currency
        FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r
        UNION
        SELECT r.ledger_id, r.customer_id, ar.currency(r.fee)
        FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r
        UNION
        SELECT follow_payment_reversals.ledger_id, f.key::bigint, ar.currency(f.value::ar.monetary)
        FROM jsonb_each_text(fees) AS f(key, value)
        UNION
        SELECT j.ledger_id, j.customer_id, ar.currency(j.amount)
        FROM unnest(follow_payment_reversals.payment_ids) AS w(payment_id)
        CROSS JOIN LATERAL (
            SELECT j.* FROM ar.adjustment AS j
            WHERE j.ledger_id = follow_payment_reversals.ledger_id AND j.payment_id = w.payment_id OFFSET 0) AS j) AS h
    JOIN ar.customer_balance AS b ON b.ledger_id = h.ledger_id AND b.customer_id = h.customer_id AND b.currency = h.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;

    /*
     * What came with the payment goes with it: discounts, differences, deductions,
     * transfers.  Not what was refunded of it: that money is gone, and the refund,
     * to which nothing is applied any more, is what the customer owes for it.
     */
    SELECT array_agg(j.adjustment_id ORDER BY j.adjustment_id), array_agg(r.reversed_on ORDER BY j.adjustment_id),
           array_agg(r.reason ORDER BY j.adjustment_id)
    INTO adjustments, adjustment_days, reasons
    FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r
    CROSS JOIN LATERAL (
        SELECT j.* FROM ar.adjustment AS j
        WHERE j.ledger_id = r.ledger_id AND j.payment_id = r.payment_id OFFSET 0) AS j
    WHERE j.kind NOT IN ('refund', 'reversal') AND j.reverses_id IS NULL
      AND (SELECT o.adjustment_id FROM ar.adjustment AS o
           WHERE o.ledger_id = j.ledger_id AND o.reverses_id = j.adjustment_id) IS NULL;
    SELECT array_agg(i.item_id), array_agg(i.day) INTO items, item_days
    FROM (SELECT r.item_id, r.reversed_on AS day
          FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r
          WHERE r.item_id IS NOT NULL
          UNION ALL
          SELECT i.item_id, w.day
          FROM unnest(adjustments, adjustment_days) AS w(adjustment_id, day)
          CROSS JOIN LATERAL (
              SELECT i.item_id FROM ar.item AS i
              WHERE i.ledger_id = follow_payment_reversals.ledger_id AND i.adjustment_id = w.adjustment_id OFFSET 0) AS i) AS i;
    PERFORM ar.undo_items(follow_payment_reversals.ledger_id, items, item_days);
    PERFORM ar.oppose_adjustments(follow_payment_reversals.ledger_id, adjustments, adjustment_days, reasons);

    -- Nobody has to decide any more whose it is, or what it is for.
    UPDATE ar.match_suggestion AS s SET status = 'superseded', decided_at = clock_timestamp(), decided_by = session_user
    FROM (SELECT o.ledger_id, o.suggestion_id
          FROM unnest(follow_payment_reversals.payment_ids) AS w(payment_id)
          CROSS JOIN LATERAL (
              SELECT o.ledger_id, o.suggestion_id, o.status FROM ar.match_suggestion AS o
              WHERE o.ledger_id = follow_payment_reversals.ledger_id AND o.payment_id = w.payment_id OFFSET 0) AS o
          WHERE o.status = 'open'
          UNION
          SELECT o.ledger_id, o.suggestion_id
          FROM unnest(items) AS w(item_id)
          CROSS JOIN LATERAL (
              SELECT o.ledger_id, o.suggestion_id, o.status FROM ar.match_suggestion AS o
              WHERE o.ledger_id = follow_payment_reversals.ledger_id AND o.credit_item_id = w.item_id OFFSET 0) AS o
          WHERE o.status = 'open') AS o
    WHERE s.ledger_id = o.ledger_id AND s.suggestion_id = o.suggestion_id AND s.status = 'open';

    -- The payment itself meets its reversal.
    SELECT array_agg(nextval('ar.document_id')) INTO reversal_ids FROM unnest(follow_payment_reversals.payment_ids);
    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, payment_id)
    SELECT r.ledger_id, w.adjustment_id, r.customer_id, 'reversal', r.taken, r.reversed_on, r.reason_code, r.reason, r.payment_id
    FROM unnest(reversal_ids, follow_payment_reversals.payment_ids) AS w(adjustment_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT r.*, -i.amount AS taken, i.customer_id
        FROM ar.payment_reversal AS r
        JOIN ar.item AS i ON i.ledger_id = r.ledger_id AND i.payment_id = r.payment_id
        WHERE r.ledger_id = follow_payment_reversals.ledger_id AND r.payment_id = w.payment_id
          AND i.ledger_id = follow_payment_reversals.ledger_id AND i.payment_id = w.payment_id OFFSET 0) AS r
    ORDER BY w.adjustment_id;
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT i.ledger_id, i.item_id, d.item_id, d.amount, greatest(d.issued_on, i.undone_on)
    FROM unnest(reversal_ids, follow_payment_reversals.payment_ids) AS w(adjustment_id, payment_id)
    CROSS JOIN LATERAL (
        SELECT i.* FROM ar.item AS i
        WHERE i.ledger_id = follow_payment_reversals.ledger_id AND i.payment_id = w.payment_id OFFSET 0) AS i
    CROSS JOIN LATERAL (
        SELECT d.* FROM ar.item AS d
        WHERE d.ledger_id = follow_payment_reversals.ledger_id AND d.adjustment_id = w.adjustment_id OFFSET 0) AS d
    ORDER BY i.item_id;

    INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, reason_code, reason, payment_id)
    SELECT f.ledger_id, f.customer_id, 'fee', f.charged, f.reversed_on, f.reason_code, f.reason, f.payment_id
    FROM (SELECT r.*, coalesce(r.fee, CASE WHEN r.kind <> 'in_error' THEN (fees ->> r.customer_id::text)::ar.monetary END) AS charged
          FROM ar.reversals_given(follow_payment_reversals.ledger_id, follow_payment_reversals.payment_ids) AS r
          WHERE r.item_id IS NOT NULL) AS f
    WHERE ar.sign(f.charged) > 0
    ORDER BY f.payment_id;
END
$$;
COMMENT ON FUNCTION ar.follow_payment_reversals(integer, bigint[]) IS
'For the trigger on ar.payment_reversal: undoes what the payments were applied to, takes back what came with them, closes them, and charges the fees. No credit limit is judged: what the bank took back is gone.
Errors: 23514 a kind that the method of the payment does not know, a date before the payment, or a fee where there is no customer.';

CREATE FUNCTION ar.follow_payment_transfers(ledger_id integer, payment_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    wrong record;
BEGIN
    PERFORM ar.hold_payments(follow_payment_transfers.ledger_id, follow_payment_transfers.payment_ids);
    SELECT r.payment_id, r.kind, r.reversed_on INTO wrong
    FROM ar.with_ledger(follow_payment_transfers.ledger_id, follow_payment_transfers.payment_ids) AS w
    JOIN ar.payment_reversal AS r ON r.ledger_id = w.ledger_id AND r.payment_id = w.id
    ORDER BY r.payment_id LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s is reversed, and belongs to nobody any more', wrong.payment_id),
            DETAIL = format('It was %s on %s.', replace(wrong.kind, '_', ' '), wrong.reversed_on),
            HINT = 'Money that comes after all is a new payment, with replaces_id.',
            SCHEMA = 'ar', TABLE = 'payment_transfer', COLUMN = 'payment_id';
    END IF;
END
$$;
COMMENT ON FUNCTION ar.follow_payment_transfers(integer, bigint[]) IS
'For the trigger on ar.payment_transfer: a reversed payment is given to nobody (23514).';

CREATE FUNCTION ar.check_replacement(ledger_id integer, replaces_id bigint, customer_id bigint, amount ar.monetary, received_on date)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    replaced record;
    wrong text;
BEGIN
    SELECT p.amount, coalesce(p.customer_id, t.customer_id) AS customer_id, r.kind, r.reversed_on INTO replaced
    FROM ar.payment AS p
    LEFT JOIN ar.payment_transfer AS t ON t.ledger_id = p.ledger_id AND t.payment_id = p.payment_id
    LEFT JOIN ar.payment_reversal AS r ON r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id
    WHERE p.ledger_id = check_replacement.ledger_id AND p.payment_id = check_replacement.replaces_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payment %s does not exist in ledger %s', check_replacement.replaces_id, check_replacement.ledger_id),
            SCHEMA = 'ar', TABLE = 'payment', CONSTRAINT = 'payment_replaces_fkey';
    END IF;
    wrong := CASE
        WHEN replaced.kind IS NULL THEN 'It was not reversed.'
        WHEN check_replacement.received_on < replaced.reversed_on THEN format('It was reversed on %s.', replaced.reversed_on)
        -- What was in error may have been its customer or its amount.
        WHEN replaced.kind = 'in_error' THEN NULL
        WHEN check_replacement.customer_id <> replaced.customer_id THEN format('It was of customer %s.', replaced.customer_id)
        WHEN ar.currency(check_replacement.amount) <> ar.currency(replaced.amount) OR check_replacement.amount > replaced.amount
        THEN format('It was of %s.', replaced.amount) END;
    IF wrong IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s is not replaced by this one', check_replacement.replaces_id),
            DETAIL = wrong,
            HINT = 'What replaces a payment comes after its reversal, from the same customer, and is no more than it was; record any other without replaces_id.',
            SCHEMA = 'ar', TABLE = 'payment', COLUMN = 'replaces_id';
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ar.check_replacement(integer, bigint, bigint, ar.monetary, date) IS
'True if a payment may replace another one: a cheque presented again, a chargeback that was won. It replaces a reversed payment, after its reversal, from the same customer, for no more; what was in error may have been of another customer or amount. For each payment with replaces_id (ar.tg_guard_payment()).
Arguments: ledger_id; replaces_id, the payment replaced; customer_id, NULL: not known yet; amount and received_on of the new one.
Errors: 23503 no such payment; 23514 otherwise.';

CREATE FUNCTION ar.reverse_payments(ledger_id integer, reversals jsonb)
RETURNS TABLE (element bigint, payment_id bigint, reversal_id bigint, fee_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(reverse_payments.ledger_id);
    fresh bigint[];
    wrong record;
BEGIN
    PERFORM ar.check_keys('reversals', reverse_payments.reversals,
        '{payment_id,kind,reversed_on,reason_code,reason,fee,external_id}', '{payment_id,kind}');

    WITH given AS MATERIALIZED (
        SELECT e.position, e.value AS payload, g.*
        FROM jsonb_array_elements(reverse_payments.reversals) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            payment_id bigint, kind text, reversed_on date, reason_code text, reason text, fee text, external_id text)
    ), made AS (
        INSERT INTO ar.payment_reversal AS r (ledger_id, payment_id, kind, reversed_on, reason_code, reason, fee,
                                              external_id, external_digest)
        SELECT reverse_payments.ledger_id, g.payment_id, g.kind, coalesce(g.reversed_on, today), g.reason_code, g.reason,
               g.fee::ar.monetary, g.external_id,
               CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        ORDER BY g.payment_id, g.position
        ON CONFLICT DO NOTHING
        RETURNING r.payment_id
    )
    SELECT coalesce(array_agg(m.payment_id), '{}') INTO fresh FROM made AS m;

    -- What was there before must be the same reversal, known by its external id.
    SELECT g.payment_id, g.external_id, r.payment_id AS known_id, r.kind, r.reversed_on, same.payment_id AS used_for INTO wrong
    FROM (SELECT e.position, e.value AS payload, (e.value ->> 'payment_id')::bigint AS payment_id,
                 e.value ->> 'external_id' AS external_id,
                 row_number() OVER (PARTITION BY (e.value ->> 'payment_id')::bigint ORDER BY e.position) AS nth
          FROM jsonb_array_elements(reverse_payments.reversals) WITH ORDINALITY AS e(value, position)) AS g
    LEFT JOIN LATERAL (SELECT r.* FROM ar.payment_reversal AS r
                       WHERE r.ledger_id = reverse_payments.ledger_id AND r.payment_id = g.payment_id OFFSET 0) AS r ON true
    LEFT JOIN LATERAL (SELECT r.* FROM ar.payment_reversal AS r
                       WHERE r.ledger_id = reverse_payments.ledger_id AND r.external_id = g.external_id OFFSET 0) AS same ON true
    WHERE CASE WHEN g.external_id IS NULL THEN g.nth > 1 OR g.payment_id NOT IN (SELECT unnest(fresh))
               ELSE same.payment_id IS NULL OR same.external_digest IS NULL
                    OR same.external_digest <> ar.payload_digest(g.payload) END
    ORDER BY g.position LIMIT 1;
    IF FOUND AND wrong.used_for IS NOT NULL THEN
        PERFORM ar.refuse_external_id('reversal of a payment', ar.mask_card_numbers(wrong.external_id));
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('payment %s is reversed already', wrong.payment_id),
            DETAIL = format('It was %s on %s.', replace(wrong.kind, '_', ' '), wrong.reversed_on),
            HINT = 'Money that comes after all is a new payment, with replaces_id.';
    END IF;

    RETURN QUERY
    -- Looked up by columns: what is compared with an expression may be looked for in all of a young ledger.
    SELECT e.position, e.payment_id, j.adjustment_id, f.adjustment_id
    FROM (SELECT e.position, (e.value ->> 'payment_id')::bigint AS payment_id
          FROM jsonb_array_elements(reverse_payments.reversals) WITH ORDINALITY AS e(value, position) OFFSET 0) AS e
    LEFT JOIN LATERAL (
        SELECT j.ledger_id, j.payment_id, j.adjustment_id, j.kind FROM ar.adjustment AS j
        WHERE j.ledger_id = reverse_payments.ledger_id AND j.payment_id = e.payment_id OFFSET 0) AS j ON j.kind = 'reversal'
    -- The fee is the one that was charged after the reversal.
    LEFT JOIN LATERAL (
        SELECT min(f.adjustment_id) AS adjustment_id
        FROM (SELECT f.adjustment_id, f.kind, f.reverses_id FROM ar.adjustment AS f
              WHERE f.ledger_id = j.ledger_id AND f.payment_id = j.payment_id OFFSET 0) AS f
        WHERE f.kind = 'fee' AND f.reverses_id IS NULL AND f.adjustment_id > j.adjustment_id) AS f ON true
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.reverse_payments(integer, jsonb) IS
'Takes any number of payments back: what they were applied to is open again with its own due date, discounts, differences and deductions that came with them are taken back, and a fee is charged. All or none. INSERT INTO ar.payment_reversal does the same.
Arguments: ledger_id; reversals, a JSON array of objects with payment_id, kind (bounced, returned, charged_back, in_error), and perhaps reversed_on (by default the business date), reason_code, reason, fee (such as "EUR 5.00"; "EUR 0" for none; by default as ar.cash_policy says), external_id.
Result: the position in the array, from 1; payment_id; reversal_id, the adjustment that closes the payment, NULL for one without a customer; fee_id, the adjustment that charges the fee, or NULL.
Errors: 22023 malformed payload; 23503 no such payment; 23514 a kind that the method of the payment does not know, a date before the payment, a malformed reason code, or a fee for one without a customer; RA002 it is reversed already; RA006 the external id was used for another reversal.';

CREATE FUNCTION ar.reverse_payment(
    ledger_id integer,
    payment_id bigint,
    kind text,
    reversed_on date DEFAULT NULL,
    reason_code text DEFAULT NULL,
    reason text DEFAULT NULL,
    fee ar.monetary DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.reversal_id
    FROM ar.reverse_payments(reverse_payment.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'payment_id', reverse_payment.payment_id, 'kind', reverse_payment.kind, 'reversed_on', reverse_payment.reversed_on,
        'reason_code', reverse_payment.reason_code, 'reason', reverse_payment.reason, 'fee', reverse_payment.fee::text,
        'external_id', reverse_payment.external_id)))) AS r
$$;
COMMENT ON FUNCTION ar.reverse_payment(integer, bigint, text, date, text, text, ar.monetary, text) IS
'Takes one payment back, and returns the adjustment_id of what closes it, NULL for one without a customer: ar.reverse_payments() with one, where the arguments are described.
Errors: as there.';

REVOKE ALL ON FUNCTION ar.tg_follow_payments(), ar.tg_guard_reversal(), ar.tg_stamp_payment_reversal(),
    ar.hold_payments(integer, bigint[]), ar.follow_payment_reversals(integer, bigint[]),
    ar.follow_payment_transfers(integer, bigint[]), ar.reverse_payments(integer, jsonb),
    ar.reverse_payment(integer, bigint, text, date, text, text, ar.monetary, text) FROM PUBLIC;
