-- collect: write-offs with their limits, small balances in bulk, tax relief, and recovery.

CREATE FUNCTION ar.tg_seed_write_off_reasons() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    INSERT INTO ar.write_off_reason (ledger_id, reason_code, name, is_still_owed)
    SELECT l.ledger_id, r.reason_code, r.name, r.is_still_owed
    FROM new_ledger AS l, (VALUES
        ('uncollectible', 'Cannot be collected', true), ('insolvency', 'Insolvency of the customer', true), ('untraceable', 'Customer cannot be found', true),
        ('uneconomical', 'Costs more to collect than it is', true), ('small_balance', 'Small balance', false), ('statute_barred', 'Barred by limitation', false),
        ('settlement', 'Settled for less', false), ('other', 'Other reason', true)
    ) AS r(reason_code, name, is_still_owed);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_seed_write_off_reasons() IS 'Trigger, after an INSERT statement on ar.ledger: gives each new ledger the usual reasons for write-offs.';

CREATE FUNCTION ar.tg_stamp_write_off() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.written_off_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_write_off() IS 'Trigger, before each row of ar.write_off: stamps who wrote off, and when.';

CREATE FUNCTION ar.tg_check_write_off() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    undone ar.adjustment;
    maximum ar.monetary;
BEGIN
    IF NEW.reverses_id IS NOT NULL THEN
        SELECT j.* INTO undone FROM ar.adjustment AS j WHERE j.ledger_id = NEW.ledger_id AND j.adjustment_id = NEW.reverses_id;
        IF FOUND AND (undone.kind <> 'write_off' OR undone.customer_id <> NEW.customer_id OR undone.amount <> -NEW.amount) THEN
            RAISE check_violation USING
                MESSAGE = format('what recovers write-off %s must be its exact opposite', NEW.reverses_id),
                DETAIL = format('That is of kind %s and %s.', undone.kind, undone.amount),
                HINT = 'Use ar.recover_write_off(), which writes it.', TABLE = 'adjustment', SCHEMA = 'ar', CONSTRAINT = 'adjustment_reverses_check';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.reason_code IS NOT NULL THEN
        SELECT r.maximum INTO maximum FROM ar.write_off_reason AS r
        WHERE r.ledger_id = NEW.ledger_id AND r.reason_code = NEW.reason_code;
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('there is no reason "%s" to write off', NEW.reason_code),
                HINT = 'The reasons of a ledger are rows of ar.write_off_reason.', TABLE = 'adjustment', SCHEMA = 'ar', COLUMN = 'reason_code';
        END IF;
    END IF;
    IF maximum IS NULL THEN
        SELECT p.write_off_limit INTO maximum FROM ar.collect_policies(NEW.ledger_id, ARRAY[NEW.customer_id]) AS p;
    END IF;
    IF maximum IS NOT NULL
       AND ar.convert(NEW.ledger_id, ar.abs(NEW.amount), ar.currency(maximum), NEW.adjusted_on) > maximum THEN
        RAISE check_violation USING
            MESSAGE = format('%s is more than may be written off', ar.abs(NEW.amount)),
            DETAIL = format('The limit is %s of an item%s.', maximum, coalesce(format(', for reason "%s"', NEW.reason_code), '')),
            HINT = 'Give another reason, or have somebody raise its maximum in ar.write_off_reason, or write_off_limit in ar.collect_policy.',
            TABLE = 'adjustment', SCHEMA = 'ar', COLUMN = 'amount', CONSTRAINT = 'adjustment_write_off_check';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_check_write_off() IS
'Trigger, before each row of a write-off in ar.adjustment: insists on a reason of ar.write_off_reason, if one is given, and on the limit of the reason, or else of the policy; and that a recovery is the exact opposite.
Errors: 23503 no such reason; 23514 more than may be written off, or no exact opposite; RA009 no exchange rate to the currency of the limit.';

CREATE FUNCTION ar.write_off_parts(ledger_id integer, item_ids bigint[], amounts ar.monetary[], reason_code text, reason text,
                                   written_off_on date, external_id text, external_digest bytea)
RETURNS TABLE (item_id bigint, adjustment_id bigint, amount ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ids bigint[] := ARRAY(SELECT nextval('ar.document_id') FROM unnest(write_off_parts.item_ids));
BEGIN
    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, invoice_id)
    SELECT write_off_parts.ledger_id, u.adjustment_id, i.customer_id, 'write_off', -u.amount, write_off_parts.written_off_on,
           write_off_parts.reason_code, write_off_parts.reason, i.invoice_id
    FROM unnest(write_off_parts.item_ids, write_off_parts.amounts, ids) AS u(item_id, amount, adjustment_id)
    JOIN ar.item AS i ON i.ledger_id = write_off_parts.ledger_id AND i.item_id = u.item_id
    ORDER BY u.adjustment_id;
    INSERT INTO ar.write_off (ledger_id, adjustment_id, item_id, external_id, external_digest)
    SELECT write_off_parts.ledger_id, u.adjustment_id, u.item_id, write_off_parts.external_id, write_off_parts.external_digest
    FROM unnest(write_off_parts.item_ids, ids) AS u(item_id, adjustment_id);
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT write_off_parts.ledger_id, c.item_id, i.item_id, u.amount, greatest(c.issued_on, i.issued_on, i.undone_on)
    FROM unnest(write_off_parts.item_ids, write_off_parts.amounts, ids) AS u(item_id, amount, adjustment_id)
    JOIN ar.item AS c ON c.ledger_id = write_off_parts.ledger_id AND c.adjustment_id = u.adjustment_id
    JOIN ar.item AS i ON i.ledger_id = write_off_parts.ledger_id AND i.item_id = u.item_id
    ORDER BY c.item_id;
    RETURN QUERY
    SELECT u.item_id, u.adjustment_id, u.amount
    FROM unnest(write_off_parts.item_ids, ids, write_off_parts.amounts) AS u(item_id, adjustment_id, amount);
END
$$;
COMMENT ON FUNCTION ar.write_off_parts(integer, bigint[], ar.monetary[], text, text, date, text, bytea) IS
'Writes off parts of items, whose customers'' balances are held. What ar.write_off(), ar.write_off_small_balances() and ar.recover_write_off() have in common.
Arguments: ledger_id; item_ids and amounts, side by side; reason_code; reason; written_off_on; external_id and external_digest of the call.';

CREATE FUNCTION ar.write_off(
    ledger_id integer,
    invoice_id bigint DEFAULT NULL,
    amount ar.monetary DEFAULT NULL,
    reason_code text DEFAULT 'uncollectible',
    reason text DEFAULT NULL,
    written_off_on date DEFAULT NULL,
    item_ids bigint[] DEFAULT NULL,
    customer_id bigint DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS TABLE (item_id bigint, adjustment_id bigint, written_off ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := ar.payload_digest(jsonb_build_object('invoice_id', write_off.invoice_id, 'amount', write_off.amount::text,
        'reason_code', write_off.reason_code, 'reason', write_off.reason, 'written_off_on', write_off.written_off_on,
        'item_ids', write_off.item_ids, 'customer_id', write_off.customer_id));
    wanted bigint[];
    parts record;
    wrong record;
BEGIN
    SELECT array_agg(i.item_id) INTO wanted
    FROM (SELECT i.item_id FROM ar.item AS i WHERE i.ledger_id = write_off.ledger_id AND i.invoice_id = write_off.invoice_id
          UNION SELECT u.item_id FROM unnest(write_off.item_ids) AS u(item_id)
          UNION SELECT i.item_id FROM ar.item AS i
          WHERE i.ledger_id = write_off.ledger_id AND i.customer_id = write_off.customer_id AND i.closed_on IS NULL AND ar.sign(i.open) > 0
            AND (write_off.amount IS NULL OR ar.currency(i.open) = ar.currency(write_off.amount))) AS i;
    SELECT u.item_id, i.item_id AS found_id, i.kind INTO wrong
    FROM unnest(wanted) AS u(item_id)
    LEFT JOIN ar.item AS i ON i.ledger_id = write_off.ledger_id AND i.item_id = u.item_id
    WHERE i.item_id IS NULL OR ar.sign(i.amount) < 0 ORDER BY u.item_id LIMIT 1;
    IF FOUND AND wrong.found_id IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('item %s does not exist in ledger %s', wrong.item_id, write_off.ledger_id);
    ELSIF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('item %s of kind %s is a credit and cannot be written off', wrong.item_id, wrong.kind),
            HINT = 'Name what the customer owes.', TABLE = 'item', SCHEMA = 'ar';
    END IF;
    PERFORM FROM (
        SELECT DISTINCT i.ledger_id, i.customer_id, ar.currency(i.amount) AS currency
        FROM (SELECT DISTINCT write_off.ledger_id, u.item_id FROM unnest(wanted) AS u(item_id)) AS w
        JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.item_id = w.item_id) AS w
    JOIN ar.customer_balance AS b ON b.ledger_id = w.ledger_id AND b.customer_id = w.customer_id AND b.currency = w.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;

    -- With the balances held, whoever wrote the same external id has finished.
    IF write_off.external_id IS NOT NULL THEN
        IF EXISTS (SELECT FROM ar.write_off AS w WHERE w.ledger_id = write_off.ledger_id AND w.external_id = write_off.external_id
                     AND coalesce(w.external_digest <> digest, true)) THEN
            PERFORM ar.refuse_external_id('write-off', write_off.external_id);
        END IF;
        RETURN QUERY
        SELECT w.item_id, w.adjustment_id, -j.amount
        FROM ar.write_off AS w JOIN ar.adjustment AS j ON j.ledger_id = w.ledger_id AND j.adjustment_id = w.adjustment_id
        WHERE w.ledger_id = write_off.ledger_id AND w.external_id = write_off.external_id ORDER BY w.adjustment_id;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;

    -- All that is open of them, or an amount of it, the earliest due date first.
    SELECT array_agg(p.item_id ORDER BY p.due_on, p.item_id) AS ids, array_agg(p.part ORDER BY p.due_on, p.item_id) AS amounts,
           sum(ar.amount(p.part)) AS total INTO parts
    FROM (SELECT i.item_id, i.due_on, i.open AS part
          FROM unnest(wanted) AS u(item_id)
          JOIN ar.item AS i ON i.ledger_id = write_off.ledger_id AND i.item_id = u.item_id
          WHERE write_off.amount IS NULL AND ar.sign(i.open) > 0
          UNION ALL
          SELECT s.item_id, i.due_on, s.amount
          FROM ar.spread_over_items(write_off.ledger_id, wanted, write_off.amount) AS s
          JOIN ar.item AS i ON i.ledger_id = write_off.ledger_id AND i.item_id = s.item_id) AS p;
    IF parts.ids IS NULL OR coalesce(parts.total <> ar.amount(write_off.amount), false) THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = 'there is nothing to write off, or less than was said',
            DETAIL = format('Of what was named %s is open.', coalesce(parts.total::text, 'nothing')),
            HINT = 'Name an invoice, items or a customer of which so much is open.';
    END IF;
    RETURN QUERY
    SELECT p.item_id, p.adjustment_id, p.amount
    FROM ar.write_off_parts(write_off.ledger_id, parts.ids, parts.amounts, write_off.reason_code, write_off.reason,
                            coalesce(write_off.written_off_on, ar.business_date(write_off.ledger_id)), write_off.external_id,
                            CASE WHEN write_off.external_id IS NOT NULL THEN digest END) AS p;
END
$$;
COMMENT ON FUNCTION ar.write_off(integer, bigint, ar.monetary, text, text, date, bigint[], bigint, text) IS
'Gives up what is owed: a write-off for each item, applied to it. An invoice with nothing open is then written off.
Arguments: ledger_id; invoice_id, item_ids or customer_id (all he owes); amount, by default all that is open, else so much of it, the earliest due date first; reason_code, of ar.write_off_reason; reason, in words; written_off_on, by default the business date; external_id, the same one again returns the first result.
Result: a row for each item. Errors: 23503 no such item or reason; 23514 a credit, or more of an item than its reason or the policy allows; RA002 less is open; RA006 the external id was used otherwise.';

CREATE FUNCTION ar.small_balances(ledger_id integer, as_of date, threshold ar.monetary DEFAULT NULL, minimum_days integer DEFAULT NULL)
RETURNS TABLE (item_id bigint, customer_id bigint, due_on date, amount ar.monetary)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT i.item_id, i.customer_id, i.due_on, i.open
    FROM ar.item AS i
    JOIN ar.collect_policies(small_balances.ledger_id, ARRAY(
        SELECT c.customer_id FROM ar.customer AS c WHERE c.ledger_id = small_balances.ledger_id)) AS p ON p.customer_id = i.customer_id
    CROSS JOIN LATERAL (SELECT coalesce(small_balances.threshold, p.small_balance) AS threshold) AS t
    WHERE i.ledger_id = small_balances.ledger_id AND i.closed_on IS NULL AND ar.sign(i.open) > 0
      AND ar.currency(t.threshold) = ar.currency(i.open) AND i.open <= t.threshold
      AND small_balances.as_of - i.due_on >= coalesce(small_balances.minimum_days, p.small_balance_days)
      AND NOT EXISTS (SELECT FROM ar.dispute_item AS n JOIN ar.dispute AS d ON d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id
                      WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND d.outcome IS NULL)
      -- The last instalment of much may be little, and it is due another day.
      AND NOT EXISTS (SELECT FROM ar.payment_plan_item AS n WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND n.is_open)
      AND NOT EXISTS (SELECT FROM ar.promise_item AS n WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND n.is_open)
    ORDER BY i.due_on, i.item_id;
END
$$;
COMMENT ON FUNCTION ar.small_balances(integer, date, ar.monetary, integer) IS
'The debit items of which so little is open, so long after they were due, that they are written off in bulk; without those in dispute, promised, or on a payment plan.
Arguments: ledger_id; as_of; threshold, the most that is open, in its currency, and minimum_days past due, by default those of ar.collect_policy.';

CREATE FUNCTION ar.write_off_small_balances(
    ledger_id integer,
    as_of date DEFAULT NULL,
    threshold ar.monetary DEFAULT NULL,
    minimum_days integer DEFAULT NULL,
    cap ar.monetary DEFAULT NULL,
    reason_code text DEFAULT 'small_balance',
    reason text DEFAULT NULL
) RETURNS TABLE (item_id bigint, adjustment_id bigint, written_off ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(write_off_small_balances.as_of, ar.business_date(write_off_small_balances.ledger_id));
    parts record;
BEGIN
    PERFORM FROM (
        SELECT DISTINCT write_off_small_balances.ledger_id, s.customer_id, ar.currency(s.amount) AS currency
        FROM ar.small_balances(write_off_small_balances.ledger_id, day, write_off_small_balances.threshold, write_off_small_balances.minimum_days) AS s) AS w
    JOIN ar.customer_balance AS b ON b.ledger_id = w.ledger_id AND b.customer_id = w.customer_id AND b.currency = w.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;
    -- As they are now that the balances are held; those whose customer was not locked are left to the next run.
    SELECT array_agg(s.item_id ORDER BY s.due_on, s.item_id) AS ids, array_agg(s.amount ORDER BY s.due_on, s.item_id) AS amounts INTO parts
    FROM (SELECT s.*, sum(ar.amount(s.amount)) OVER (ORDER BY s.due_on, s.item_id) AS upto
          FROM ar.small_balances(write_off_small_balances.ledger_id, day, write_off_small_balances.threshold, write_off_small_balances.minimum_days) AS s
          WHERE write_off_small_balances.cap IS NULL OR ar.currency(s.amount) = ar.currency(write_off_small_balances.cap)) AS s
    WHERE write_off_small_balances.cap IS NULL OR s.upto <= ar.amount(write_off_small_balances.cap);
    IF parts.ids IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT p.item_id, p.adjustment_id, p.amount
    FROM ar.write_off_parts(write_off_small_balances.ledger_id, parts.ids, parts.amounts, write_off_small_balances.reason_code,
                            write_off_small_balances.reason, day, NULL, NULL) AS p;
END
$$;
COMMENT ON FUNCTION ar.write_off_small_balances(integer, date, ar.monetary, integer, ar.monetary, text, text) IS
'Writes off small balances in bulk: those of ar.small_balances(), the earliest due date first, until the cap is reached.
Arguments: ledger_id; as_of, by default the business date; threshold and minimum_days, by default those of ar.collect_policy; cap, the most in all, in its currency; reason_code; reason.
Result: a row for each item. Errors: 23503 no such reason; 23514 more than the reason allows.';

CREATE FUNCTION ar.tax_relief(amount ar.monetary, tax_rate numeric) RETURNS ar.monetary
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.included_tax(amount, tax_rate) $$;
COMMENT ON FUNCTION ar.tax_relief(ar.monetary, numeric) IS
'The tax that is not owed any more on what is written off: amount × rate / (1 + rate). EUR 2.90 at 19 percent are EUR 0.46.
Errors: as ar.included_tax().';

CREATE FUNCTION ar.write_off_taxes(ledger_id integer, from_on date, to_on date)
RETURNS TABLE (adjustment_id bigint, customer_id bigint, invoice_id bigint, adjusted_on date, tax_category text, tax_rate numeric,
               amount ar.monetary, net ar.monetary, tax ar.monetary)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT j.adjustment_id, j.customer_id, j.invoice_id, j.adjusted_on, x.tax_category, x.tax_rate, p.part, p.part - t.tax, t.tax
    FROM ar.adjustment AS j
    CROSS JOIN LATERAL (
        SELECT ar.allocate(-j.amount, array_agg(greatest(ar.amount(x.taxable + x.tax), 0) ORDER BY x.tax_category, x.tax_rate)) AS parts
        FROM ar.invoice_tax AS x WHERE x.ledger_id = j.ledger_id AND x.invoice_id = j.invoice_id
        HAVING sum(greatest(ar.amount(x.taxable + x.tax), 0)) > 0) AS a
    JOIN LATERAL (
        SELECT x.tax_category, x.tax_rate, row_number() OVER (ORDER BY x.tax_category, x.tax_rate) AS nth
        FROM ar.invoice_tax AS x WHERE x.ledger_id = j.ledger_id AND x.invoice_id = j.invoice_id) AS x ON true
    CROSS JOIN LATERAL (SELECT a.parts[x.nth] AS part) AS p
    CROSS JOIN LATERAL (SELECT CASE WHEN ar.sign(p.part) < 0 THEN -ar.tax_relief(-p.part, x.tax_rate) ELSE ar.tax_relief(p.part, x.tax_rate) END AS tax) AS t
    WHERE j.ledger_id = write_off_taxes.ledger_id AND j.kind = 'write_off' AND j.invoice_id IS NOT NULL
      AND j.adjusted_on BETWEEN write_off_taxes.from_on AND write_off_taxes.to_on AND ar.sign(p.part) <> 0
    ORDER BY j.adjustment_id, x.nth;
END
$$;
COMMENT ON FUNCTION ar.write_off_taxes(integer, date, date) IS
'The tax in what was written off of invoices between two days, and (negative) in what was recovered, which is owed again: each in proportion to the amounts at each category and rate of its invoice.
Arguments: ledger_id; from_on and to_on, both included. Invoices without lines have no tax. Whether and when a law grants the relief is for the tax adviser to say.';

CREATE FUNCTION ar.recover_write_offs(ledger_id integer, adjustment_ids bigint[], recovered_on date DEFAULT NULL, reason text DEFAULT NULL)
RETURNS TABLE (adjustment_id bigint, reversal_id bigint, recovered ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(recover_write_offs.recovered_on, ar.business_date(recover_write_offs.ledger_id));
    ids bigint[] := ARRAY(SELECT DISTINCT u.id FROM unnest(recover_write_offs.adjustment_ids) AS u(id) ORDER BY 1);
    reversals bigint[] := ARRAY(SELECT nextval('ar.document_id') FROM unnest(ids));
    wrong record;
BEGIN
    PERFORM FROM (
        SELECT DISTINCT j.ledger_id, j.customer_id, ar.currency(j.amount) AS currency
        FROM unnest(ids) AS u(id) JOIN ar.adjustment AS j ON j.ledger_id = recover_write_offs.ledger_id AND j.adjustment_id = u.id) AS w
    JOIN ar.customer_balance AS b ON b.ledger_id = w.ledger_id AND b.customer_id = w.customer_id AND b.currency = w.currency
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE OF b;
    SELECT u.id, j.kind, j.adjusted_on, r.adjustment_id AS reversal_id INTO wrong
    FROM unnest(ids) AS u(id)
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = recover_write_offs.ledger_id AND j.adjustment_id = u.id
    LEFT JOIN ar.adjustment AS r ON r.ledger_id = j.ledger_id AND r.reverses_id = j.adjustment_id
    WHERE j.adjustment_id IS NULL OR j.kind <> 'write_off' OR j.reverses_id IS NOT NULL OR r.adjustment_id IS NOT NULL OR j.adjusted_on > day
    ORDER BY u.id LIMIT 1;
    IF FOUND AND wrong.kind IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('adjustment %s does not exist in ledger %s', wrong.id, recover_write_offs.ledger_id);
    ELSIF FOUND AND wrong.reversal_id IS NOT NULL THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('write-off %s is recovered already', wrong.id),
            HINT = 'Write it off again with ar.write_off().';
    ELSIF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('adjustment %s cannot be recovered', wrong.id),
            DETAIL = format('It is of kind %s and dated %s.', wrong.kind, wrong.adjusted_on),
            HINT = 'Name a write-off, and its day or a later one.', TABLE = 'adjustment', SCHEMA = 'ar';
    END IF;

    -- What it was applied to opens again; the write-off meets its opposite.
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on, reverses_id)
    SELECT a.ledger_id, a.credit_item_id, a.debit_item_id, -a.amount, greatest(day, a.applied_on), a.application_id
    FROM unnest(ids) AS u(id)
    JOIN ar.item AS i ON i.ledger_id = recover_write_offs.ledger_id AND i.adjustment_id = u.id
    JOIN ar.application AS a ON a.ledger_id = i.ledger_id AND a.credit_item_id = i.item_id
    WHERE a.reverses_id IS NULL
      AND NOT EXISTS (SELECT FROM ar.application AS r WHERE r.ledger_id = a.ledger_id AND r.reverses_id = a.application_id)
    ORDER BY a.application_id;
    INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount, adjusted_on, reason_code, reason, invoice_id, reverses_id)
    SELECT j.ledger_id, u.reversal_id, j.customer_id, 'write_off', -j.amount, day, j.reason_code, coalesce(recover_write_offs.reason, 'recovered'),
           j.invoice_id, j.adjustment_id
    FROM unnest(ids, reversals) AS u(id, reversal_id)
    JOIN ar.adjustment AS j ON j.ledger_id = recover_write_offs.ledger_id AND j.adjustment_id = u.id
    ORDER BY u.reversal_id;
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT c.ledger_id, c.item_id, d.item_id, d.open, greatest(c.issued_on, d.issued_on, c.undone_on)
    FROM unnest(ids, reversals) AS u(id, reversal_id)
    JOIN ar.item AS c ON c.ledger_id = recover_write_offs.ledger_id AND c.adjustment_id = u.id
    JOIN ar.item AS d ON d.ledger_id = recover_write_offs.ledger_id AND d.adjustment_id = u.reversal_id
    ORDER BY c.item_id;
    RETURN QUERY
    SELECT u.id, u.reversal_id, r.amount
    FROM unnest(ids, reversals) AS u(id, reversal_id)
    JOIN ar.adjustment AS r ON r.ledger_id = recover_write_offs.ledger_id AND r.adjustment_id = u.reversal_id
    ORDER BY u.id;
END
$$;
COMMENT ON FUNCTION ar.recover_write_offs(integer, bigint[], date, text) IS
'Takes write-offs back in whole: what they were applied to is open again, invoices have the status they had, and each write-off is set against its exact opposite. What then comes in is a payment like any other.
Arguments: ledger_id; adjustment_ids, the write-offs; recovered_on, by default the business date; reason. Result: a row for each, with the id of its opposite.
Errors: 23503 no such adjustment; 23514 no write-off, or a day before it; RA004 it is recovered already.';

CREATE FUNCTION ar.recover_write_off(
    ledger_id integer,
    adjustment_id bigint,
    amount ar.monetary DEFAULT NULL,
    recovered_on date DEFAULT NULL,
    reason text DEFAULT NULL
) RETURNS ar.monetary
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(recover_write_off.recovered_on, ar.business_date(recover_write_off.ledger_id));
    taken ar.adjustment;
    rest ar.monetary;
    parts record;
BEGIN
    SELECT j.* INTO taken FROM ar.adjustment AS j
    WHERE j.ledger_id = recover_write_off.ledger_id AND j.adjustment_id = recover_write_off.adjustment_id;
    rest := -taken.amount - recover_write_off.amount;
    IF ar.sign(rest) < 0 OR ar.sign(recover_write_off.amount) <= 0 THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('%s of write-off %s cannot be recovered', recover_write_off.amount, recover_write_off.adjustment_id),
            DETAIL = format('It is of %s.', -taken.amount),
            HINT = 'Recover a part of it, or all by leaving the amount out.';
    END IF;
    PERFORM ar.recover_write_offs(recover_write_off.ledger_id, ARRAY[recover_write_off.adjustment_id], day, recover_write_off.reason);
    IF ar.sign(rest) > 0 THEN
        -- The rest stays written off, for the same reason, from what falls due last.
        SELECT array_agg(p.item_id ORDER BY p.item_id) AS ids, array_agg(ar.monetary(p.part, ar.currency(rest)) ORDER BY p.item_id) AS amounts INTO parts
        FROM (SELECT s.item_id, least(s.part, ar.amount(rest) - (s.upto - s.part)) AS part, s.upto - s.part AS before
              FROM (SELECT i.item_id, least(ar.amount(i.open), a.amount) AS part,
                           sum(least(ar.amount(i.open), a.amount)) OVER (ORDER BY i.due_on DESC, i.item_id DESC) AS upto
                    FROM (SELECT a.debit_item_id, sum(ar.amount(a.amount)) AS amount
                          FROM ar.item AS c JOIN ar.application AS a ON a.ledger_id = c.ledger_id AND a.credit_item_id = c.item_id
                          JOIN ar.application AS u ON u.ledger_id = a.ledger_id AND u.reverses_id = a.application_id
                          WHERE c.ledger_id = recover_write_off.ledger_id AND c.adjustment_id = recover_write_off.adjustment_id
                          GROUP BY a.debit_item_id) AS a
                    JOIN ar.item AS i ON i.ledger_id = recover_write_off.ledger_id AND i.item_id = a.debit_item_id) AS s) AS p
        WHERE p.part > 0 AND ar.amount(rest) > p.before;
        PERFORM ar.write_off_parts(recover_write_off.ledger_id, parts.ids, parts.amounts, taken.reason_code, taken.reason, day, NULL, NULL);
    END IF;
    RETURN coalesce(recover_write_off.amount, -taken.amount);
END
$$;
COMMENT ON FUNCTION ar.recover_write_off(integer, bigint, ar.monetary, date, text) IS
'Takes one write-off back, and returns what is recovered: ar.recover_write_offs() with one; with an amount, the rest is written off anew, within the limits in force.
Arguments: ledger_id; adjustment_id, the write-off; amount, by default all of it; recovered_on, by default the business date; reason.
Errors: as ar.recover_write_offs(); RA002 more than was written off.';

REVOKE ALL ON FUNCTION ar.tg_seed_write_off_reasons(), ar.tg_stamp_write_off(), ar.tg_check_write_off(),
    ar.write_off_parts(integer, bigint[], ar.monetary[], text, text, date, text, bytea),
    ar.write_off(integer, bigint, ar.monetary, text, text, date, bigint[], bigint, text), ar.small_balances(integer, date, ar.monetary, integer),
    ar.write_off_small_balances(integer, date, ar.monetary, integer, ar.monetary, text, text), ar.write_off_taxes(integer, date, date),
    ar.recover_write_offs(integer, bigint[], date, text), ar.recover_write_off(integer, bigint, ar.monetary, date, text) FROM PUBLIC;
