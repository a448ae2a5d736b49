-- collect: interest and fees are charged, corrected when more becomes known, and waived.

CREATE FUNCTION ar.tg_stamp_charge_credit() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.credited_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_charge_credit() IS 'Trigger, before each row of ar.charge_credit: stamps who credited, and when.';

CREATE FUNCTION ar.tg_check_charge_credits() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    wrong record;
BEGIN
    -- Two at once: the second waits, and counts the first.
    PERFORM FROM ar.customer_balance AS b
    WHERE (b.ledger_id, b.customer_id, b.currency) IN (
        SELECT j.ledger_id, j.customer_id, ar.currency(j.amount) FROM new_credit AS n
        JOIN ar.adjustment AS j ON j.ledger_id = n.ledger_id AND j.adjustment_id = n.adjustment_id)
    ORDER BY b.ledger_id, b.customer_id, b.currency FOR NO KEY UPDATE;

    SELECT j.adjustment_id, j.kind, j.amount, s.credited, v.invoice_id AS memo_id INTO wrong
    FROM (SELECT DISTINCT n.ledger_id, n.adjustment_id FROM new_credit AS n) AS w
    JOIN ar.adjustment AS j ON j.ledger_id = w.ledger_id AND j.adjustment_id = w.adjustment_id
    CROSS JOIN LATERAL (SELECT sum(ar.amount(c.amount)) AS credited FROM ar.charge_credit AS c
                        WHERE c.ledger_id = w.ledger_id AND c.adjustment_id = w.adjustment_id) AS s
    LEFT JOIN new_credit AS n ON n.ledger_id = w.ledger_id AND n.adjustment_id = w.adjustment_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = n.ledger_id AND v.invoice_id = n.credit_memo_id AND v.kind = 'credit_memo'
     AND v.recorded_at IS NOT NULL AND v.customer_id = j.customer_id AND ar.currency(v.total) = ar.currency(j.amount)
     AND ar.currency(n.amount) = ar.currency(j.amount)
    WHERE j.kind NOT IN ('fee', 'interest') OR ar.sign(j.amount) < 0 OR v.invoice_id IS NULL OR s.credited > ar.amount(j.amount)
    ORDER BY w.ledger_id, w.adjustment_id LIMIT 1;
    IF FOUND AND wrong.kind IN ('fee', 'interest') AND ar.sign(wrong.amount) > 0 AND wrong.memo_id IS NOT NULL THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('more than charge %s would be credited', wrong.adjustment_id),
            DETAIL = format('It is of %s, credited would be %s.', wrong.amount, wrong.credited),
            HINT = 'Credit at most what remains of it.', TABLE = 'charge_credit', SCHEMA = 'ar', COLUMN = 'amount';
    ELSIF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('adjustment %s of kind %s is not credited so', wrong.adjustment_id, wrong.kind),
            HINT = 'Interest and fees are credited by a posted credit memo of their customer, in their currency: use ar.waive_charges().',
            TABLE = 'charge_credit', SCHEMA = 'ar', CONSTRAINT = 'charge_credit_kind_check';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_check_charge_credits() IS
'Trigger, after an INSERT statement on ar.charge_credit: insists on charges of interest or fees, credit memos of their customers, and no more than the charge in all.
Errors: 23514 another adjustment or memo; RA002 more than the charge.';

CREATE FUNCTION ar.credit_charges(ledger_id integer, adjustment_ids bigint[], amounts ar.monetary[], cause text, reasons text[], credited_on date)
RETURNS TABLE (adjustment_id bigint, credit_memo_id bigint, amount ar.monetary)
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    memos bigint[];
BEGIN
    SELECT array_agg(m.memo_id ORDER BY m.element) INTO memos
    FROM ar.credit_items(credit_charges.ledger_id, ARRAY(
             SELECT i.item_id FROM unnest(credit_charges.adjustment_ids) WITH ORDINALITY AS u(adjustment_id, nth)
             JOIN ar.item AS i ON i.ledger_id = credit_charges.ledger_id AND i.adjustment_id = u.adjustment_id ORDER BY u.nth),
         credit_charges.amounts, credit_charges.reasons, credit_charges.credited_on) AS m;
    INSERT INTO ar.charge_credit (ledger_id, adjustment_id, credit_memo_id, cause, amount, reason)
    SELECT credit_charges.ledger_id, u.adjustment_id, u.memo_id, credit_charges.cause, u.amount, u.reason
    FROM unnest(credit_charges.adjustment_ids, memos, credit_charges.amounts, credit_charges.reasons) AS u(adjustment_id, memo_id, amount, reason);
    RETURN QUERY
    SELECT u.adjustment_id, u.memo_id, u.amount
    FROM unnest(credit_charges.adjustment_ids, memos, credit_charges.amounts) AS u(adjustment_id, memo_id, amount);
END
$$;
COMMENT ON FUNCTION ar.credit_charges(integer, bigint[], ar.monetary[], text, text[], date) IS
'Credits charges by memos on account, and records what they take back (ar.charge_credit): what waivers and corrections have in common.
Arguments: ledger_id; adjustment_ids, amounts and reasons, side by side; cause, waiver or correction; credited_on.';

CREATE FUNCTION ar.waive_charges(
    ledger_id integer,
    adjustment_ids bigint[],
    reason text,
    waived ar.monetary DEFAULT NULL,
    waived_on date DEFAULT NULL
) RETURNS TABLE (adjustment_id bigint, credit_memo_id bigint, amount ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
    amounts ar.monetary[];
    spread ar.monetary;
    wrong bigint;
BEGIN
    IF coalesce(waive_charges.reason, '') !~ '\S' THEN
        RAISE not_null_violation USING
            MESSAGE = 'a waiver needs a reason',
            HINT = 'Say why, for whoever asks later.', TABLE = 'charge_credit', SCHEMA = 'ar', COLUMN = 'reason';
    END IF;
    SELECT u.adjustment_id INTO wrong FROM unnest(waive_charges.adjustment_ids) AS u(adjustment_id)
    WHERE NOT EXISTS (SELECT FROM ar.adjustment AS j WHERE j.ledger_id = waive_charges.ledger_id AND j.adjustment_id = u.adjustment_id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('adjustment %s does not exist in ledger %s', wrong, waive_charges.ledger_id);
    END IF;
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = waive_charges.ledger_id AND (b.customer_id, b.currency) IN (
        SELECT j.customer_id, ar.currency(j.amount) FROM ar.adjustment AS j
        WHERE j.ledger_id = waive_charges.ledger_id AND j.adjustment_id IN (SELECT unnest(waive_charges.adjustment_ids)))
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE;

    -- By default what is open of them; an amount goes to them in the order given, whether they are paid or not.
    SELECT array_agg(w.adjustment_id ORDER BY w.nth), array_agg(ar.monetary(w.part, w.currency) ORDER BY w.nth), ar.sum(ar.monetary(w.part, w.currency))
    INTO ids, amounts, spread
    FROM (
        SELECT c.*, CASE WHEN waive_charges.waived IS NULL THEN least(c.open, c.remaining)
                         ELSE greatest(least(c.remaining, ar.amount(waive_charges.waived) - sum(c.remaining) OVER (ORDER BY c.nth) + c.remaining), 0) END AS part
        FROM (
            SELECT min(u.nth) AS nth, j.adjustment_id, ar.currency(j.amount) AS currency, ar.amount(i.open) AS open,
                   ar.amount(j.amount) - coalesce((SELECT sum(ar.amount(k.amount)) FROM ar.charge_credit AS k
                                                   WHERE k.ledger_id = j.ledger_id AND k.adjustment_id = j.adjustment_id), 0) AS remaining
            FROM unnest(waive_charges.adjustment_ids) WITH ORDINALITY AS u(adjustment_id, nth)
            JOIN ar.adjustment AS j ON j.ledger_id = waive_charges.ledger_id AND j.adjustment_id = u.adjustment_id
            JOIN ar.item AS i ON i.ledger_id = j.ledger_id AND i.adjustment_id = j.adjustment_id
            GROUP BY j.ledger_id, j.adjustment_id, j.amount, i.open) AS c) AS w
    WHERE w.part > 0;
    IF ids IS NULL OR coalesce(spread <> waive_charges.waived, false) THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = 'there is nothing to waive, or less than was said',
            DETAIL = format('Of these charges %s can be waived.', coalesce(spread::text, 'nothing')),
            HINT = 'Without an amount, what is open of them is waived; with one, at most what is not credited yet, also of what is paid.';
    END IF;
    RETURN QUERY
    SELECT c.adjustment_id, c.credit_memo_id, c.amount
    FROM ar.credit_charges(waive_charges.ledger_id, ids, amounts, 'waiver', array_fill(waive_charges.reason, ARRAY[cardinality(ids)]),
                           coalesce(waive_charges.waived_on, ar.business_date(waive_charges.ledger_id))) AS c;
END
$$;
COMMENT ON FUNCTION ar.waive_charges(integer, bigint[], text, ar.monetary, date) IS
'Forgoes interest and fees: credits them by one credit memo on account for each customer, and applies it to them. What was paid of them becomes credit of the customer.
Arguments: ledger_id; adjustment_ids, the charges; reason; waived, by default what is open of them, else so much of what is not credited yet, in the order given; waived_on, by default the business date.
Result: a row for each charge. Errors: 23502 no reason; 23503 no such adjustment; 23514 neither interest nor fee, or a date before it; RA002 nothing can be waived, or less.';

CREATE FUNCTION ar.interest_due(ledger_id integer, as_of date, item_ids bigint[])
RETURNS TABLE (item_id bigint, customer_id bigint, invoice_id bigint, currency text, item_amount numeric, previous_to_on date,
               from_on date, to_on date, late_on date, is_closed boolean, has_rate boolean, minimum ar.monetary, charge_days integer,
               terms jsonb, fee_scheme text, fee ar.monetary)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT i.item_id, i.customer_id, i.invoice_id, ar.currency(i.amount), ar.amount(i.amount), l.to_on,
           coalesce(l.to_on, greatest(i.due_on + 1 + p.grace_days, p.starts_on)), least(i.closed_on, interest_due.as_of),
           CASE WHEN i.due_on + 1 + p.grace_days >= coalesce(p.starts_on, '-infinity') THEN i.due_on + 1 + p.grace_days END,
           coalesce(i.closed_on <= interest_due.as_of, false), num_nonnulls(p.rate, p.reference) > 0, p.minimum, p.charge_days,
           jsonb_strip_nulls(jsonb_build_object('rate', p.rate, 'reference', p.reference, 'margin', p.margin, 'fixing', p.fixing,
               'maximum_rate', p.maximum_rate, 'day_count', p.day_count, 'rounding', p.rounding, 'maximum_percent', p.maximum_percent,
               'minimum', CASE WHEN ar.currency(p.minimum) = ar.currency(i.amount) THEN ar.amount(p.minimum) END)),
           p.fee_scheme, p.fee
    FROM (SELECT DISTINCT interest_due.ledger_id, u.item_id FROM unnest(interest_due.item_ids) AS u(item_id)) AS w
    JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.item_id = w.item_id
    JOIN ar.interest_policies(interest_due.ledger_id, ARRAY(
             SELECT DISTINCT i.customer_id
             FROM (SELECT DISTINCT interest_due.ledger_id, u.item_id FROM unnest(interest_due.item_ids) AS u(item_id)) AS w
             JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.item_id = w.item_id)) AS p ON p.customer_id = i.customer_id
    LEFT JOIN LATERAL (
        SELECT c.to_on FROM ar.interest_charge AS c
        WHERE c.ledger_id = i.ledger_id AND c.item_id = i.item_id ORDER BY c.to_on DESC LIMIT 1) AS l ON true;
END
$$;
COMMENT ON FUNCTION ar.interest_due(integer, date, bigint[]) IS
'The period for which each of some items is to be charged next, until a day or the one on which it was closed, and by which policy. For ar.charge_interest().';

CREATE FUNCTION ar.late_interest(ledger_id integer, as_of date, item_ids bigint[])
RETURNS TABLE (item_id bigint, customer_id bigint, invoice_id bigint, previous_to_on date, from_on date, to_on date, amount ar.monetary,
               terms jsonb, seen text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY d.item_id) AS element, d.*
        FROM ar.interest_due(late_interest.ledger_id, late_interest.as_of, late_interest.item_ids) AS d
        WHERE d.has_rate AND d.from_on < d.to_on AND (d.is_closed OR d.to_on - d.from_on >= d.charge_days)
    ), computed AS (
        -- No more in all than the policy allows of the item's amount.
        SELECT d.*, least(ar.amount(a.amount), trunc(d.item_amount * (d.terms ->> 'maximum_percent')::numeric / 100, scale(ar.amount(a.amount))) - s.charged) AS interest
        FROM due AS d
        JOIN ar.interest_amounts(late_interest.ledger_id, ARRAY(SELECT d.item_id FROM due AS d ORDER BY d.element),
                                 ARRAY(SELECT d.from_on FROM due AS d ORDER BY d.element), ARRAY(SELECT d.to_on FROM due AS d ORDER BY d.element),
                                 ARRAY(SELECT d.terms FROM due AS d ORDER BY d.element)) AS a ON a.element = d.element
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(ar.amount(c.amount)), 0) + coalesce(sum((
                SELECT sum(ar.amount(k.amount)) FROM ar.interest_correction AS k
                WHERE k.ledger_id = c.ledger_id AND k.charge_id = c.charge_id)), 0) AS charged
            FROM ar.interest_charge AS c
            WHERE d.previous_to_on IS NOT NULL AND c.ledger_id = late_interest.ledger_id AND c.item_id = d.item_id) AS s
    ), chosen AS MATERIALIZED (
        SELECT c.*, t.charged, row_number() OVER (ORDER BY c.item_id) AS nth
        FROM computed AS c
        CROSS JOIN LATERAL (SELECT CASE WHEN c.interest > 0 AND c.interest >= coalesce((c.terms ->> 'minimum')::numeric, 0) THEN c.interest ELSE 0 END AS charged) AS t
        WHERE t.charged > 0 OR c.is_closed
    )
    SELECT c.item_id, c.customer_id, c.invoice_id, c.previous_to_on, c.from_on, c.to_on, ar.monetary(c.charged, c.currency), c.terms, s.seen
    FROM chosen AS c
    JOIN ar.interest_seen(late_interest.ledger_id, ARRAY(SELECT c.item_id FROM chosen AS c ORDER BY c.nth),
                          ARRAY(SELECT c.to_on FROM chosen AS c ORDER BY c.nth), ARRAY(SELECT c.terms FROM chosen AS c ORDER BY c.nth)) AS s ON s.element = c.nth
    ORDER BY c.item_id;
END
$$;
COMMENT ON FUNCTION ar.late_interest(integer, date, bigint[]) IS
'The interest to be charged next for some late items: of what is closed also none, so that it is done with. For ar.charge_late_items(), which writes it.';

CREATE FUNCTION ar.fee_seen(ledger_id integer, invoice_ids bigint[], late_dates date[])
RETURNS TABLE (invoice_id bigint, seen text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY u.invoice_id, i.item_id) AS element, u.invoice_id, i.item_id, u.late_on
        FROM (SELECT DISTINCT fee_seen.ledger_id, u.* FROM unnest(fee_seen.invoice_ids, fee_seen.late_dates) AS u(invoice_id, late_on)) AS u
        JOIN ar.item AS i ON i.ledger_id = u.ledger_id AND i.invoice_id = u.invoice_id
    )
    SELECT w.invoice_id, string_agg(s.seen, ',' ORDER BY w.item_id)
    FROM wanted AS w
    JOIN ar.interest_seen(fee_seen.ledger_id, ARRAY(SELECT w.item_id FROM wanted AS w ORDER BY w.element),
                          ARRAY(SELECT w.late_on + 1 FROM wanted AS w ORDER BY w.element),
                          ARRAY(SELECT '{}'::jsonb FROM wanted AS w ORDER BY w.element)) AS s ON s.element = w.element
    GROUP BY w.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.fee_seen(integer, bigint[], date[]) IS 'ar.interest_seen() of all items of invoices on the first day on which they were late: what their fees rest on.';

CREATE FUNCTION ar.late_fees(ledger_id integer, as_of date, item_ids bigint[])
RETURNS TABLE (invoice_id bigint, customer_id bigint, item_id bigint, fee_scheme text, debt ar.monetary, late_on date, fee ar.monetary, seen text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY d.item_id) AS element, d.*
        FROM ar.interest_due(late_fees.ledger_id, late_fees.as_of, late_fees.item_ids) AS d
        WHERE d.fee_scheme <> 'none' AND d.late_on <= late_fees.as_of
          AND NOT EXISTS (SELECT FROM ar.late_fee AS f WHERE f.ledger_id = late_fees.ledger_id AND f.invoice_id = d.invoice_id)
    ), late AS (
        -- What was undisputed and open on the first day after it was due.
        SELECT d.invoice_id, d.customer_id, d.fee_scheme, min(d.late_on) AS late_on, ar.sum(ar.monetary(g.principal - g.disputed, d.currency)) AS debt,
               array_agg(DISTINCT d.fee) AS fees
        FROM due AS d
        JOIN ar.interest_segments(late_fees.ledger_id, ARRAY(SELECT d.item_id FROM due AS d ORDER BY d.element),
                                  ARRAY(SELECT d.late_on FROM due AS d ORDER BY d.element), ARRAY(SELECT d.late_on + 1 FROM due AS d ORDER BY d.element),
                                  ARRAY(SELECT '{"day_count": "actual/365"}'::jsonb FROM due AS d ORDER BY d.element)) AS g ON g.element = d.element
        WHERE g.principal > g.disputed
        GROUP BY d.invoice_id, d.customer_id, d.fee_scheme
    ), fined AS MATERIALIZED (
        SELECT l.*, f.fee
        FROM late AS l
        CROSS JOIN LATERAL (SELECT CASE l.fee_scheme WHEN 'fixed' THEN l.fees[1] ELSE ar.statutory_fee(l.fee_scheme, l.debt) END AS fee) AS f
        WHERE ar.currency(f.fee) = ar.currency(l.debt)
    )
    SELECT f.invoice_id, f.customer_id,
           (SELECT min(i.item_id) FROM ar.item AS i WHERE i.ledger_id = late_fees.ledger_id AND i.invoice_id = f.invoice_id),
           f.fee_scheme, f.debt, f.late_on, f.fee, s.seen
    FROM fined AS f
    JOIN ar.fee_seen(late_fees.ledger_id, ARRAY(SELECT f.invoice_id FROM fined AS f ORDER BY f.invoice_id),
                     ARRAY(SELECT f.late_on FROM fined AS f ORDER BY f.invoice_id)) AS s ON s.invoice_id = f.invoice_id
    ORDER BY f.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.late_fees(integer, date, bigint[]) IS
'The fees to be charged for the invoices of some late items. For ar.charge_late_items(), which writes them.';

CREATE FUNCTION ar.charge_late_items(ledger_id integer, as_of date, item_ids bigint[])
RETURNS TABLE (kind text, customer_id bigint, item_id bigint, from_on date, to_on date, amount ar.monetary, adjustment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH chosen AS MATERIALIZED (
        SELECT c.*, CASE WHEN ar.sign(c.amount) > 0 THEN nextval('ar.document_id') END AS adjustment_id
        FROM ar.late_interest(charge_late_items.ledger_id, charge_late_items.as_of, charge_late_items.item_ids) AS c
    ), adjusted AS (
        INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, invoice_id)
        SELECT charge_late_items.ledger_id, c.adjustment_id, c.customer_id, 'interest', c.amount, charge_late_items.as_of, 'late_interest',
               format('interest from %s to %s', c.from_on, c.to_on - 1), c.invoice_id
        FROM chosen AS c WHERE c.adjustment_id IS NOT NULL ORDER BY c.adjustment_id
    ), charged AS (
        INSERT INTO ar.interest_charge (ledger_id, item_id, previous_to_on, from_on, to_on, amount, adjustment_id, terms, seen)
        SELECT charge_late_items.ledger_id, c.item_id, c.previous_to_on, c.from_on, c.to_on, c.amount, c.adjustment_id, c.terms, c.seen
        FROM chosen AS c ORDER BY c.item_id
    )
    SELECT 'interest', c.customer_id, c.item_id, c.from_on, c.to_on, c.amount, c.adjustment_id
    FROM chosen AS c WHERE c.adjustment_id IS NOT NULL ORDER BY c.item_id;

    RETURN QUERY
    WITH fined AS MATERIALIZED (
        SELECT f.*, nextval('ar.document_id') AS adjustment_id
        FROM ar.late_fees(charge_late_items.ledger_id, charge_late_items.as_of, charge_late_items.item_ids) AS f
    ), adjusted AS (
        INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, invoice_id)
        SELECT charge_late_items.ledger_id, f.adjustment_id, f.customer_id, 'fee', f.fee, charge_late_items.as_of, 'late_fee',
               format('late since %s', f.late_on), f.invoice_id
        FROM fined AS f ORDER BY f.adjustment_id
    ), noted AS (
        INSERT INTO ar.late_fee (ledger_id, invoice_id, scheme, debt, late_on, adjustment_id, seen)
        SELECT charge_late_items.ledger_id, f.invoice_id, f.fee_scheme, f.debt, f.late_on, f.adjustment_id, f.seen
        FROM fined AS f ORDER BY f.invoice_id
    )
    SELECT 'fee', f.customer_id, f.item_id, f.late_on, NULL::date, f.fee, f.adjustment_id
    FROM fined AS f ORDER BY f.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.charge_late_items(integer, date, bigint[]) IS
'Charges interest and fees for some late items, whose customers'' balances are held. For ar.charge_interest(), where the result is described.';

CREATE FUNCTION ar.interest_owed(ledger_id integer, item_ids bigint[] DEFAULT NULL)
RETURNS TABLE (charge_id bigint, item_id bigint, from_on date, to_on date, currency text, charged numeric, owed numeric, seen text, now_seen text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH charge AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY c.item_id, c.from_on) AS element, c.*, ar.amount(i.amount) AS item_amount,
               ar.amount(c.amount) + coalesce(k.corrected, 0) AS charged
        FROM ar.interest_charge AS c
        JOIN ar.item AS i ON i.ledger_id = c.ledger_id AND i.item_id = c.item_id
        LEFT JOIN LATERAL (SELECT sum(ar.amount(k.amount)) AS corrected FROM ar.interest_correction AS k
                           WHERE k.ledger_id = c.ledger_id AND k.charge_id = c.charge_id) AS k ON true
        WHERE c.ledger_id = interest_owed.ledger_id
          AND (interest_owed.item_ids IS NULL OR c.item_id IN (SELECT u.item_id FROM unnest(interest_owed.item_ids) AS u(item_id)))
    ), computed AS (
        SELECT c.*, s.seen AS now_seen, scale(ar.amount(a.amount)) AS decimals,
               -- What was too little to be charged is charged once it is enough.
               CASE WHEN c.charged = 0 AND ar.amount(a.amount) < (c.terms ->> 'minimum')::numeric THEN 0 ELSE ar.amount(a.amount) END AS interest
        FROM charge AS c
        JOIN ar.interest_amounts(interest_owed.ledger_id, ARRAY(SELECT c.item_id FROM charge AS c ORDER BY c.element),
                                 ARRAY(SELECT c.from_on FROM charge AS c ORDER BY c.element), ARRAY(SELECT c.to_on FROM charge AS c ORDER BY c.element),
                                 ARRAY(SELECT c.terms FROM charge AS c ORDER BY c.element)) AS a ON a.element = c.element
        JOIN ar.interest_seen(interest_owed.ledger_id, ARRAY(SELECT c.item_id FROM charge AS c ORDER BY c.element),
                              ARRAY(SELECT c.to_on FROM charge AS c ORDER BY c.element),
                              ARRAY(SELECT c.terms FROM charge AS c ORDER BY c.element)) AS s ON s.element = c.element
    )
    -- No more in all than the policy allows of the item's amount.
    SELECT c.charge_id, c.item_id, c.from_on, c.to_on, ar.currency(c.amount), c.charged,
           least(c.upto, c.cap) - least(c.upto - c.interest, c.cap), c.seen, c.now_seen
    FROM (SELECT c.*, sum(c.interest) OVER (PARTITION BY c.item_id ORDER BY c.from_on) AS upto,
                 trunc(c.item_amount * (c.terms ->> 'maximum_percent')::numeric / 100, c.decimals) AS cap
          FROM computed AS c) AS c
    ORDER BY c.item_id, c.from_on;
END
$$;
COMMENT ON FUNCTION ar.interest_owed(integer, bigint[]) IS
'The interest of each period that was charged, as it was charged and corrected, and as it is owed by what is known now; and what it rests on, as it was seen and as it is.
Arguments: ledger_id; item_ids, by default all. Amounts are in units of currency.';

CREATE FUNCTION ar.correct_interest(ledger_id integer, as_of date, item_ids bigint[])
RETURNS TABLE (kind text, customer_id bigint, item_id bigint, from_on date, to_on date, amount ar.monetary, adjustment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    plan jsonb;
    credits record;
BEGIN
    -- The periods of the items as they are known now, against what was charged and corrected so far.
    SELECT jsonb_agg(jsonb_build_object('charge_id', c.charge_id, 'customer_id', i.customer_id, 'invoice_id', i.invoice_id, 'item_id', c.item_id,
               'from_on', c.from_on, 'to_on', c.to_on, 'seen', c.now_seen, 'currency', c.currency, 'difference', c.owed - c.charged,
               'adjustment_id', CASE WHEN c.owed > c.charged THEN nextval('ar.document_id') END) ORDER BY c.item_id, c.from_on) INTO plan
    FROM ar.interest_owed(correct_interest.ledger_id, correct_interest.item_ids) AS c
    JOIN ar.item AS i ON i.ledger_id = correct_interest.ledger_id AND i.item_id = c.item_id;
    IF plan IS NULL THEN
        RETURN;
    END IF;

    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, invoice_id)
    SELECT correct_interest.ledger_id, p.adjustment_id, p.customer_id, 'interest', ar.monetary(p.difference, p.currency), correct_interest.as_of, 'late_interest',
           format('more interest from %s to %s, as is known now', p.from_on, p.to_on - 1), p.invoice_id
    FROM jsonb_to_recordset(plan) AS p(adjustment_id bigint, customer_id bigint, invoice_id bigint, difference numeric, currency text, from_on date, to_on date)
    WHERE p.difference > 0 ORDER BY p.adjustment_id;
    INSERT INTO ar.interest_correction (ledger_id, charge_id, amount, adjustment_id)
    SELECT correct_interest.ledger_id, p.charge_id, ar.monetary(p.difference, p.currency), p.adjustment_id
    FROM jsonb_to_recordset(plan) AS p(charge_id bigint, adjustment_id bigint, difference numeric, currency text)
    WHERE p.difference <> 0 ORDER BY p.charge_id;

    -- What is too much comes off the charges of the period, the last one first; what was waived of them is not credited again.
    SELECT array_agg(c.adjustment_id ORDER BY c.adjustment_id) AS ids, array_agg(c.part ORDER BY c.adjustment_id) AS amounts,
           array_agg(c.reason ORDER BY c.adjustment_id) AS reasons INTO credits
    FROM (
        SELECT r.adjustment_id, ar.monetary(least(r.remaining, r.wanted - r.upto + r.remaining), r.currency) AS part,
               format('interest corrected from %s to %s, as is known now', r.from_on, r.to_on - 1) AS reason
        FROM (
            SELECT a.adjustment_id, a.remaining, -p.difference AS wanted, p.currency, p.from_on, p.to_on,
                   sum(a.remaining) OVER (PARTITION BY p.charge_id ORDER BY a.adjustment_id DESC) AS upto
            FROM jsonb_to_recordset(plan) AS p(charge_id bigint, difference numeric, currency text, from_on date, to_on date)
            CROSS JOIN LATERAL (
                SELECT j.adjustment_id, ar.amount(j.amount) - coalesce((
                           SELECT sum(ar.amount(k.amount)) FROM ar.charge_credit AS k
                           WHERE k.ledger_id = j.ledger_id AND k.adjustment_id = j.adjustment_id), 0) AS remaining
                FROM (SELECT c.adjustment_id FROM ar.interest_charge AS c
                      WHERE c.ledger_id = correct_interest.ledger_id AND c.charge_id = p.charge_id
                      UNION ALL
                      SELECT k.adjustment_id FROM ar.interest_correction AS k
                      WHERE k.ledger_id = correct_interest.ledger_id AND k.charge_id = p.charge_id) AS u
                JOIN ar.adjustment AS j ON j.ledger_id = correct_interest.ledger_id AND j.adjustment_id = u.adjustment_id) AS a
            WHERE p.difference < 0) AS r
        WHERE r.remaining > 0 AND r.wanted > r.upto - r.remaining) AS c;
    IF credits.ids IS NOT NULL THEN
        PERFORM ar.credit_charges(correct_interest.ledger_id, credits.ids, credits.amounts, 'correction', credits.reasons, correct_interest.as_of);
    END IF;
    UPDATE ar.interest_charge AS c SET seen = p.seen
    FROM jsonb_to_recordset(plan) AS p(charge_id bigint, seen text)
    WHERE c.ledger_id = correct_interest.ledger_id AND c.charge_id = p.charge_id AND c.seen <> p.seen;

    RETURN QUERY
    SELECT 'correction', p.customer_id, p.item_id, p.from_on, p.to_on, ar.monetary(p.difference, p.currency), p.adjustment_id
    FROM jsonb_to_recordset(plan) AS p(customer_id bigint, item_id bigint, from_on date, to_on date, difference numeric, currency text, adjustment_id bigint)
    WHERE p.difference <> 0 ORDER BY p.item_id, p.from_on;
END
$$;
COMMENT ON FUNCTION ar.correct_interest(integer, date, bigint[]) IS
'Reckons anew all that was charged as interest for some items, whose customers'' balances are held, and posts the differences: more as another charge, less as a credit memo on account. For ar.charge_interest(), where the result is described.';

CREATE FUNCTION ar.correct_late_fees(ledger_id integer, as_of date, invoice_ids bigint[])
RETURNS TABLE (kind text, customer_id bigint, item_id bigint, from_on date, to_on date, amount ar.monetary, adjustment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    credits record;
BEGIN
    UPDATE ar.late_fee AS f SET seen = s.seen
    FROM (SELECT array_agg(f.invoice_id) AS invoice_ids, array_agg(f.late_on) AS late_dates
          FROM (SELECT DISTINCT correct_late_fees.ledger_id, u.invoice_id FROM unnest(correct_late_fees.invoice_ids) AS u(invoice_id)) AS w
          JOIN ar.late_fee AS f ON f.ledger_id = w.ledger_id AND f.invoice_id = w.invoice_id) AS l
    CROSS JOIN LATERAL ar.fee_seen(correct_late_fees.ledger_id, l.invoice_ids, l.late_dates) AS s
    WHERE f.ledger_id = correct_late_fees.ledger_id AND f.invoice_id = s.invoice_id;

    -- An invoice that was not late after all.
    WITH item AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY i.item_id) AS element, f.adjustment_id, f.late_on, i.item_id, i.due_on
        FROM (SELECT DISTINCT correct_late_fees.ledger_id, u.invoice_id FROM unnest(correct_late_fees.invoice_ids) AS u(invoice_id)) AS w
        JOIN ar.late_fee AS f ON f.ledger_id = w.ledger_id AND f.invoice_id = w.invoice_id
        JOIN ar.item AS i ON i.ledger_id = f.ledger_id AND i.invoice_id = f.invoice_id AND i.due_on < f.late_on
    )
    SELECT array_agg(c.adjustment_id ORDER BY c.adjustment_id) AS ids, array_agg(ar.monetary(c.remaining, c.currency) ORDER BY c.adjustment_id) AS amounts INTO credits
    FROM (
        SELECT j.adjustment_id, ar.currency(j.amount) AS currency, ar.amount(j.amount) - coalesce((
                   SELECT sum(ar.amount(k.amount)) FROM ar.charge_credit AS k
                   WHERE k.ledger_id = j.ledger_id AND k.adjustment_id = j.adjustment_id), 0) AS remaining
        FROM (SELECT i.adjustment_id
              FROM item AS i
              LEFT JOIN ar.interest_segments(correct_late_fees.ledger_id, ARRAY(SELECT i.item_id FROM item AS i ORDER BY i.element),
                            ARRAY(SELECT i.late_on FROM item AS i ORDER BY i.element), ARRAY(SELECT i.late_on + 1 FROM item AS i ORDER BY i.element),
                            ARRAY(SELECT '{"day_count": "actual/365"}'::jsonb FROM item AS i ORDER BY i.element)) AS g
                ON g.element = i.element AND g.principal > g.disputed
              GROUP BY i.adjustment_id HAVING count(g.element) = 0) AS w
        JOIN ar.adjustment AS j ON j.ledger_id = correct_late_fees.ledger_id AND j.adjustment_id = w.adjustment_id) AS c
    WHERE c.remaining > 0;
    IF credits.ids IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT 'correction', j.customer_id, i.item_id, NULL::date, NULL::date, -c.amount, NULL::bigint
    FROM ar.credit_charges(correct_late_fees.ledger_id, credits.ids, credits.amounts, 'correction',
                           array_fill('the invoice was not late, as is known now'::text, ARRAY[cardinality(credits.ids)]), correct_late_fees.as_of) AS c
    JOIN ar.adjustment AS j ON j.ledger_id = correct_late_fees.ledger_id AND j.adjustment_id = c.adjustment_id
    JOIN LATERAL (SELECT min(i.item_id) AS item_id FROM ar.item AS i
                  WHERE i.ledger_id = j.ledger_id AND i.invoice_id = j.invoice_id) AS i ON true
    ORDER BY i.item_id;
END
$$;
COMMENT ON FUNCTION ar.correct_late_fees(integer, date, bigint[]) IS
'Looks anew at the fees of some invoices, whose customers'' balances are held, and credits those of invoices that were not late. For ar.charge_interest(), where the result is described.';

CREATE FUNCTION ar.charge_batch(ledger_id integer, as_of date, late_ids bigint[], touched_ids bigint[], fee_ids bigint[])
RETURNS TABLE (kind text, customer_id bigint, item_id bigint, from_on date, to_on date, amount ar.monetary, adjustment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- What is open can be trusted only once the balances are held.
    PERFORM FROM (
        SELECT DISTINCT i.ledger_id, i.customer_id, ar.currency(i.amount) AS currency
        FROM (SELECT DISTINCT charge_batch.ledger_id, u.item_id FROM unnest(charge_batch.late_ids || charge_batch.touched_ids) AS u(item_id)) AS w
        JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.item_id = w.item_id
        UNION
        SELECT v.ledger_id, v.customer_id, ar.currency(v.total)
        FROM (SELECT DISTINCT charge_batch.ledger_id, u.invoice_id FROM unnest(charge_batch.fee_ids) AS u(invoice_id)) AS w
        JOIN ar.invoice AS v ON v.ledger_id = w.ledger_id AND v.invoice_id = w.invoice_id) AS w
    JOIN ar.customer_balance AS b ON b.ledger_id = w.ledger_id AND b.customer_id = w.customer_id AND b.currency = w.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;
    RETURN QUERY SELECT * FROM ar.correct_interest(charge_batch.ledger_id, charge_batch.as_of, charge_batch.touched_ids);
    RETURN QUERY SELECT * FROM ar.correct_late_fees(charge_batch.ledger_id, charge_batch.as_of, charge_batch.fee_ids);
    RETURN QUERY SELECT * FROM ar.charge_late_items(charge_batch.ledger_id, charge_batch.as_of, charge_batch.late_ids);
END
$$;
COMMENT ON FUNCTION ar.charge_batch(integer, date, bigint[], bigint[], bigint[]) IS
'Locks the balances of some customers, corrects what was charged and charges what is due. For ar.charge_interest(), where the result is described.
Arguments: ledger_id; as_of; late_ids, items to be charged; touched_ids, items whose interest may have changed; fee_ids, invoices whose fee may have.';

CREATE FUNCTION ar.interest_work(ledger_id integer, as_of date)
RETURNS TABLE (customer_id bigint, late_id bigint, touched_id bigint, fee_id bigint)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH charge AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY c.charge_id) AS element, c.item_id, c.to_on, c.terms, c.seen
        FROM ar.interest_charge AS c WHERE c.ledger_id = interest_work.ledger_id
    ), fee AS MATERIALIZED (
        SELECT f.invoice_id, f.late_on, f.seen FROM ar.late_fee AS f WHERE f.ledger_id = interest_work.ledger_id
    ), touched AS (
        SELECT DISTINCT c.item_id
        FROM charge AS c
        JOIN ar.interest_seen(interest_work.ledger_id, ARRAY(SELECT c.item_id FROM charge AS c ORDER BY c.element),
                              ARRAY(SELECT c.to_on FROM charge AS c ORDER BY c.element),
                              ARRAY(SELECT c.terms FROM charge AS c ORDER BY c.element)) AS s ON s.element = c.element
        WHERE s.seen <> c.seen
    ), touched_fee AS (
        SELECT f.invoice_id
        FROM fee AS f
        JOIN ar.fee_seen(interest_work.ledger_id, ARRAY(SELECT f.invoice_id FROM fee AS f ORDER BY f.invoice_id),
                         ARRAY(SELECT f.late_on FROM fee AS f ORDER BY f.invoice_id)) AS s ON s.invoice_id = f.invoice_id
        WHERE s.seen <> f.seen
    )
    SELECT i.customer_id, i.item_id AS late_id, NULL::bigint AS touched_id, NULL::bigint AS fee_id
    FROM ar.item AS i
    WHERE i.ledger_id = interest_work.ledger_id AND i.closed_on IS NULL AND i.kind IN ('invoice', 'debit_memo') AND i.due_on < interest_work.as_of
    UNION ALL
    SELECT i.customer_id, i.item_id, NULL, NULL
    FROM ar.item AS i
    WHERE i.ledger_id = interest_work.ledger_id AND i.closed_on > i.due_on + 1 AND i.kind IN ('invoice', 'debit_memo') AND i.due_on < interest_work.as_of
      AND NOT EXISTS (SELECT FROM ar.interest_charge AS c
                      WHERE c.ledger_id = interest_work.ledger_id AND c.item_id = i.item_id AND c.to_on >= i.closed_on)
    UNION ALL
    SELECT i.customer_id, NULL, t.item_id, NULL
    FROM touched AS t JOIN ar.item AS i ON i.ledger_id = interest_work.ledger_id AND i.item_id = t.item_id
    UNION ALL
    SELECT v.customer_id, NULL, NULL, t.invoice_id
    FROM touched_fee AS t JOIN ar.invoice AS v ON v.ledger_id = interest_work.ledger_id AND v.invoice_id = t.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.interest_work(integer, date) IS
'What ar.charge_interest() has to look at: late_id, an item to be charged; touched_id, one of whose interest more is known than was seen; fee_id, an invoice of whose fee that is so.
Arguments: ledger_id; as_of.';

CREATE FUNCTION ar.charge_interest(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (kind text, customer_id bigint, item_id bigint, from_on date, to_on date, amount ar.monetary, adjustment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(charge_interest.as_of, ar.business_date(charge_interest.ledger_id));
    batch record;
BEGIN
    IF NOT EXISTS (SELECT FROM ar.interest_policy AS p WHERE p.ledger_id = charge_interest.ledger_id) THEN
        RETURN;
    END IF;
    -- Some hundred customers at a time: those with late items, and those of whose charges more is known than was seen.
    FOR batch IN
        SELECT coalesce(array_agg(w.late_id) FILTER (WHERE w.late_id IS NOT NULL), '{}') AS late,
               coalesce(array_agg(w.touched_id) FILTER (WHERE w.touched_id IS NOT NULL), '{}') AS touched,
               coalesce(array_agg(w.fee_id) FILTER (WHERE w.fee_id IS NOT NULL), '{}') AS fees
        FROM (SELECT w.*, (dense_rank() OVER (ORDER BY w.customer_id) - 1) / 500 AS nth
              FROM ar.interest_work(charge_interest.ledger_id, day) AS w) AS w
        GROUP BY w.nth ORDER BY w.nth
    LOOP
        RETURN QUERY SELECT * FROM ar.charge_batch(charge_interest.ledger_id, day, batch.late, batch.touched, batch.fees);
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.charge_interest(integer, date) IS
'Charges interest and fees for what is paid late, by ar.interest_policy, as items of their own; and corrects what was charged, where an application, a dispute or a rate became known later. Again it finds nothing to do. Run it daily.
Arguments: ledger_id; as_of, by default the business date: the first day that bears no interest yet.
Result: kind: interest, fee or correction; customer_id; item_id, the late item (of a fee the first of its invoice); from_on and to_on, the period, to_on not included; amount, negative where it is credited; adjustment_id of the charge, NULL where a credit memo took it back.
No credit limit refuses it. Errors: 23503 a reference rate is missing.';

REVOKE ALL ON FUNCTION ar.tg_stamp_charge_credit(), ar.tg_check_charge_credits(),
    ar.credit_charges(integer, bigint[], ar.monetary[], text, text[], date), ar.waive_charges(integer, bigint[], text, ar.monetary, date),
    ar.interest_due(integer, date, bigint[]), ar.late_interest(integer, date, bigint[]), ar.late_fees(integer, date, bigint[]),
    ar.interest_work(integer, date), ar.interest_owed(integer, bigint[]), ar.charge_late_items(integer, date, bigint[]), ar.fee_seen(integer, bigint[], date[]),
    ar.correct_interest(integer, date, bigint[]), ar.correct_late_fees(integer, date, bigint[]),
    ar.charge_batch(integer, date, bigint[], bigint[], bigint[]), ar.charge_interest(integer, date) FROM PUBLIC;
