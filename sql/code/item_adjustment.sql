-- item: adjustments that are taken back.

CREATE FUNCTION ar.with_ledger(of_ledger integer, ids bigint[]) RETURNS TABLE (ledger_id integer, id bigint)
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$ SELECT $1, u.id FROM unnest($2) AS u(id) $$;
COMMENT ON FUNCTION ar.with_ledger(integer, bigint[]) IS
'Ids, each with its ledger. So that what is joined by both is looked up by both: a ledger that the statistics do not know yet would seem to hold one row, and be read whole for each id.';

CREATE FUNCTION ar.tg_check_adjustment() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    original ar.adjustment;
BEGIN
    SELECT j.* INTO original FROM ar.adjustment AS j
    WHERE j.ledger_id = NEW.ledger_id AND j.adjustment_id = NEW.reverses_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('adjustment %s does not exist in ledger %s', NEW.reverses_id, NEW.ledger_id),
            SCHEMA = 'ar', TABLE = 'adjustment', CONSTRAINT = 'adjustment_reverses_fkey';
    END IF;
    IF original.reverses_id IS NOT NULL
       OR original.customer_id <> NEW.customer_id OR original.kind <> NEW.kind
       OR ar.currency(original.amount) <> ar.currency(NEW.amount) OR ar.amount(original.amount) <> -ar.amount(NEW.amount)
       OR original.invoice_id IS DISTINCT FROM NEW.invoice_id OR original.payment_id IS DISTINCT FROM NEW.payment_id
       OR original.adjusted_on > NEW.adjusted_on THEN
        RAISE check_violation USING
            MESSAGE = format('what takes adjustment %s back must be its exact opposite', NEW.reverses_id),
            DETAIL = 'It has the same customer, kind, invoice and payment, the amount negated, and a date not before that of the adjustment, which takes nothing back itself.',
            HINT = 'Use ar.reverse_adjustment(), which writes it.',
            SCHEMA = 'ar', TABLE = 'adjustment', CONSTRAINT = 'adjustment_reverses_check';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_check_adjustment() IS
'Trigger, before each row of ar.adjustment that takes another one back: it must be its exact opposite.
Errors: 23503 no such adjustment; 23514 it is not.';

CREATE FUNCTION ar.undo_items(ledger_id integer, item_ids bigint[], days date[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    undone bigint;
BEGIN
    -- LATERAL and OFFSET 0: row by row and by key, however few rows a young table seems to have.
    WITH touching AS (
        SELECT a.*, w.day
        FROM unnest(undo_items.item_ids, undo_items.days) AS w(item_id, day)
        CROSS JOIN LATERAL (
            SELECT a.application_id, a.credit_item_id, a.debit_item_id, a.amount, a.applied_on FROM ar.application AS a
            WHERE a.ledger_id = undo_items.ledger_id AND a.credit_item_id = w.item_id AND a.reverses_id IS NULL OFFSET 0) AS a
        UNION ALL
        SELECT a.*, w.day
        FROM unnest(undo_items.item_ids, undo_items.days) AS w(item_id, day)
        CROSS JOIN LATERAL (
            SELECT a.application_id, a.credit_item_id, a.debit_item_id, a.amount, a.applied_on FROM ar.application AS a
            WHERE a.ledger_id = undo_items.ledger_id AND a.debit_item_id = w.item_id AND a.reverses_id IS NULL OFFSET 0) AS a
    )
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id)
    SELECT undo_items.ledger_id, t.credit_item_id, t.debit_item_id, -t.amount, greatest(max(t.day), t.applied_on), t.application_id
    FROM touching AS t
    WHERE (SELECT u.application_id FROM ar.application AS u
           WHERE u.ledger_id = undo_items.ledger_id AND u.reverses_id = t.application_id) IS NULL
    GROUP BY t.application_id, t.credit_item_id, t.debit_item_id, t.amount, t.applied_on
    ORDER BY t.application_id;
    GET DIAGNOSTICS undone = ROW_COUNT;
    RETURN undone;
END
$$;
COMMENT ON FUNCTION ar.undo_items(integer, bigint[], date[]) IS
'Undoes all standing applications of items by counter-rows, each dated on the day given for the item, or on its own if that is later. For who holds the balances of their customers. Returns how many there were.';

CREATE FUNCTION ar.oppose_adjustments(ledger_id integer, adjustment_ids bigint[], days date[], reasons text[]) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, reason_code, reason,
                               invoice_id, payment_id, reverses_id, method, reference)
    SELECT j.ledger_id, j.customer_id, j.kind, -j.amount, greatest(w.day, j.adjusted_on), j.reason_code, w.reason,
           j.invoice_id, j.payment_id, j.adjustment_id, j.method, j.reference
    FROM unnest(oppose_adjustments.adjustment_ids, oppose_adjustments.days, oppose_adjustments.reasons)
         AS w(adjustment_id, day, reason)
    CROSS JOIN LATERAL (
        SELECT j.* FROM ar.adjustment AS j
        WHERE j.ledger_id = oppose_adjustments.ledger_id AND j.adjustment_id = w.adjustment_id OFFSET 0) AS j
    ORDER BY j.adjustment_id;

    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT i.ledger_id,
           CASE WHEN ar.sign(i.amount) < 0 THEN i.item_id ELSE o.item_id END,
           CASE WHEN ar.sign(i.amount) < 0 THEN o.item_id ELSE i.item_id END,
           CASE WHEN ar.sign(i.amount) < 0 THEN o.amount ELSE i.amount END,
           greatest(i.issued_on, o.issued_on, i.undone_on, o.undone_on)
    FROM unnest(oppose_adjustments.adjustment_ids) AS w(adjustment_id)
    CROSS JOIN LATERAL (
        SELECT i.* FROM ar.item AS i
        WHERE i.ledger_id = oppose_adjustments.ledger_id AND i.adjustment_id = w.adjustment_id OFFSET 0) AS i
    CROSS JOIN LATERAL (
        SELECT j.adjustment_id FROM ar.adjustment AS j
        WHERE j.ledger_id = oppose_adjustments.ledger_id AND j.reverses_id = w.adjustment_id OFFSET 0) AS j
    CROSS JOIN LATERAL (
        SELECT o.* FROM ar.item AS o
        WHERE o.ledger_id = oppose_adjustments.ledger_id AND o.adjustment_id = j.adjustment_id OFFSET 0) AS o
    ORDER BY j.adjustment_id;
END
$$;
COMMENT ON FUNCTION ar.oppose_adjustments(integer, bigint[], date[], text[]) IS
'Takes adjustments back, of which all must be open: each by its opposite, dated on the day given or on its own if that is later, and applied to it, so that both close. For who holds the balances of their customers.';

CREATE FUNCTION ar.reverse_adjustments(
    ledger_id integer,
    adjustment_ids bigint[],
    reversed_on date DEFAULT NULL,
    reason text DEFAULT NULL
) RETURNS TABLE (adjustment_id bigint, reversal_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(reverse_adjustments.reversed_on, ar.business_date(reverse_adjustments.ledger_id));
    ids bigint[] := ARRAY(SELECT DISTINCT w.id FROM unnest(reverse_adjustments.adjustment_ids) AS w(id) ORDER BY w.id);
    wrong record;
BEGIN
    PERFORM FROM (
        SELECT DISTINCT j.ledger_id, j.customer_id, ar.currency(j.amount) AS currency
        FROM ar.with_ledger(reverse_adjustments.ledger_id, ids) AS w
        JOIN ar.adjustment AS j ON j.ledger_id = w.ledger_id AND j.adjustment_id = w.id) AS h
    JOIN ar.customer_balance AS b ON b.ledger_id = h.ledger_id AND b.customer_id = h.customer_id AND b.currency = h.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;

    SELECT w.id, j.adjustment_id AS found_id, j.kind, j.reverses_id, j.adjusted_on, o.adjustment_id AS reversal_id INTO wrong
    FROM ar.with_ledger(reverse_adjustments.ledger_id, ids) AS w
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = w.ledger_id AND j.adjustment_id = w.id
    LEFT JOIN ar.adjustment AS o ON o.ledger_id = w.ledger_id AND o.reverses_id = w.id
    WHERE j.adjustment_id IS NULL OR j.kind IN ('reversal', 'transfer') OR j.reverses_id IS NOT NULL
       OR o.adjustment_id IS NOT NULL OR j.adjusted_on > day
    ORDER BY w.id LIMIT 1;
    IF FOUND AND wrong.found_id IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('adjustment %s does not exist in ledger %s', wrong.id, reverse_adjustments.ledger_id);
    ELSIF FOUND AND wrong.kind IN ('reversal', 'transfer') THEN
        RAISE check_violation USING
            MESSAGE = format('adjustment %s of kind "%s" cannot be taken back', wrong.id, wrong.kind),
            HINT = CASE wrong.kind WHEN 'transfer' THEN 'Transfer the payment back with ar.transfer_payment().'
                ELSE 'Record the money that came after all as a new payment, with replaces_id.' END;
    ELSIF FOUND AND wrong.reverses_id IS NOT NULL THEN
        RAISE check_violation USING
            MESSAGE = format('adjustment %s itself takes back adjustment %s', wrong.id, wrong.reverses_id),
            HINT = 'Insert the adjustment anew.';
    ELSIF FOUND AND wrong.reversal_id IS NOT NULL THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('adjustment %s is taken back already', wrong.id),
            DETAIL = format('By adjustment %s.', wrong.reversal_id),
            HINT = 'Insert the adjustment anew.';
    ELSIF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('adjustment %s cannot be taken back before its own date', wrong.id),
            DETAIL = format('It is dated %s, and was to be taken back on %s.', wrong.adjusted_on, day),
            HINT = 'Give that day or a later one.';
    END IF;

    PERFORM ar.undo_items(reverse_adjustments.ledger_id, array_agg(i.item_id), array_agg(day))
    FROM ar.with_ledger(reverse_adjustments.ledger_id, ids) AS w
    JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.adjustment_id = w.id;
    PERFORM ar.oppose_adjustments(reverse_adjustments.ledger_id, ids,
                                  array_fill(day, ARRAY[cardinality(ids)]),
                                  array_fill(reverse_adjustments.reason, ARRAY[cardinality(ids)]));
    RETURN QUERY
    SELECT w.id, o.adjustment_id
    FROM ar.with_ledger(reverse_adjustments.ledger_id, ids) AS w
    JOIN ar.adjustment AS o ON o.ledger_id = w.ledger_id AND o.reverses_id = w.id
    ORDER BY w.id;
END
$$;
COMMENT ON FUNCTION ar.reverse_adjustments(integer, bigint[], date, text) IS
'Takes adjustments back: what was applied of them or to them is undone, and each meets its opposite, so that both are closed. A refund that the bank sent back, a fee that is waived, a write-off of what is paid after all. All or none.
Arguments: ledger_id; adjustment_ids; reversed_on, the date of the opposites, by default the business date; reason.
Result: adjustment_id, and reversal_id of its opposite.
Errors: 23503 no such adjustment; 23514 one of kind reversal or transfer, one that takes back another, or a date before it; RA001 there is no room for what the customer then owes; RA002 it is taken back already.';

CREATE FUNCTION ar.reverse_adjustment(
    ledger_id integer,
    adjustment_id bigint,
    reversed_on date DEFAULT NULL,
    reason text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.reversal_id
    FROM ar.reverse_adjustments(reverse_adjustment.ledger_id, ARRAY[reverse_adjustment.adjustment_id],
                                reverse_adjustment.reversed_on, reverse_adjustment.reason) AS r
$$;
COMMENT ON FUNCTION ar.reverse_adjustment(integer, bigint, date, text) IS
'Takes one adjustment back and returns the adjustment_id of its opposite: ar.reverse_adjustments() with one.
Errors: as there.';

REVOKE ALL ON FUNCTION ar.tg_check_adjustment(), ar.undo_items(integer, bigint[], date[]),
    ar.oppose_adjustments(integer, bigint[], date[], text[]), ar.reverse_adjustments(integer, bigint[], date, text),
    ar.reverse_adjustment(integer, bigint, date, text) FROM PUBLIC;
