-- cash: payments and what they are applied to.

CREATE FUNCTION ar.apply_oldest(ledger_id integer, payment_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
-- Nobody knows how many pieces there will be: only a hash join on all of the key is never quadratic.
SET enable_nestloop = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    applied bigint;
BEGIN
    /*
     * Credits and debits of a customer are laid end to end, each in its order;
     * where an end falls, an application ends.  One pass, whatever the numbers.
     */
    WITH credit AS MATERIALIZED (
        SELECT i.item_id, i.customer_id, ar.currency(i.open) AS currency, i.issued_on, i.undone_on,
               row_number() OVER w AS nth, sum(-ar.amount(i.open)) OVER w AS ends_at
        FROM ar.item AS i
        WHERE i.ledger_id = apply_oldest.ledger_id
          AND i.payment_id = ANY (apply_oldest.payment_ids) AND i.closed_on IS NULL
        WINDOW w AS (PARTITION BY i.customer_id, ar.currency(i.open) ORDER BY i.issued_on, i.item_id)
    ), debit AS MATERIALIZED (
        SELECT i.item_id, i.customer_id, ar.currency(i.open) AS currency, i.issued_on, i.undone_on,
               row_number() OVER w AS nth, sum(ar.amount(i.open)) OVER w AS ends_at
        FROM ar.item AS i
        WHERE i.ledger_id = apply_oldest.ledger_id AND i.closed_on IS NULL
          AND i.customer_id = ANY (ARRAY(SELECT c.customer_id FROM credit AS c))
          AND ar.sign(i.open) > 0
        WINDOW w AS (PARTITION BY i.customer_id, ar.currency(i.open) ORDER BY i.due_on, i.item_id)
    ), ends AS (
        SELECT e.customer_id, e.currency, e.ends_at, sum(e.credits) AS credits, sum(e.debits) AS debits
        FROM (SELECT c.customer_id, c.currency, c.ends_at, 1 AS credits, 0 AS debits FROM credit AS c
              UNION ALL
              SELECT d.customer_id, d.currency, d.ends_at, 0, 1 FROM debit AS d) AS e
        GROUP BY e.customer_id, e.currency, e.ends_at
    ), piece AS (
        SELECT e.customer_id, e.currency, e.ends_at - lag(e.ends_at, 1, 0) OVER w AS amount,
               (1 + sum(e.credits) OVER w - e.credits)::bigint AS credit_nth,
               (1 + sum(e.debits) OVER w - e.debits)::bigint AS debit_nth
        FROM ends AS e
        WINDOW w AS (PARTITION BY e.customer_id, e.currency ORDER BY e.ends_at)
    )
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT apply_oldest.ledger_id, c.item_id, d.item_id, ar.monetary(p.amount, p.currency),
           greatest(c.issued_on, d.issued_on, c.undone_on, d.undone_on)
    FROM piece AS p
    JOIN credit AS c ON c.customer_id = p.customer_id AND c.currency = p.currency AND c.nth = p.credit_nth
    JOIN debit AS d ON d.customer_id = p.customer_id AND d.currency = p.currency AND d.nth = p.debit_nth
    ORDER BY c.item_id, d.nth;
    GET DIAGNOSTICS applied = ROW_COUNT;
    RETURN applied;
END
$$;
COMMENT ON FUNCTION ar.apply_oldest(integer, bigint[]) IS
'Applies what is open of payments to the oldest debit items of their customers, by due date, until one of both is used up. For ar.auto_apply(), which locks first. Returns the number of applications.';
REVOKE ALL ON FUNCTION ar.apply_oldest(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.apply_named(ledger_id integer, payment_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    applied bigint;
    unknown record;
BEGIN
    FOR unknown IN
        SELECT p.payment_id, r.value ->> 'number' AS number
        FROM ar.payment AS p
        CROSS JOIN LATERAL jsonb_array_elements(p.remittance) AS r(value)
        WHERE p.ledger_id = apply_named.ledger_id AND p.payment_id = ANY (apply_named.payment_ids)
          AND NOT EXISTS (
            SELECT FROM ar.invoice AS v JOIN ar.item AS i ON i.ledger_id = v.ledger_id AND i.invoice_id = v.invoice_id
            WHERE v.ledger_id = p.ledger_id AND v.number = r.value ->> 'number'
              AND v.customer_id = p.customer_id AND i.closed_on IS NULL)
    LOOP
        RAISE WARNING 'payment % names invoice "%", of which nothing is open: that part stays unapplied',
            unknown.payment_id, unknown.number;
    END LOOP;

    /*
     * Each payment names invoices, in an order and perhaps with amounts.  What
     * it can give is cut first by what it has, then by what earlier payments
     * of the same call leave open of the item.
     */
    WITH paid AS MATERIALIZED (
        SELECT p.payment_id, p.customer_id, p.reference, p.remittance, i.item_id, i.issued_on, i.undone_on,
               ar.currency(i.open) AS currency, -ar.amount(i.open) AS open
        FROM ar.payment AS p
        JOIN ar.item AS i ON i.ledger_id = p.ledger_id AND i.payment_id = p.payment_id
        WHERE p.ledger_id = apply_named.ledger_id AND p.payment_id = ANY (apply_named.payment_ids)
          AND i.closed_on IS NULL
    ), named AS (
        -- Without an amount, all that is open is meant.
        SELECT p.payment_id, min(r.position) AS position, r.value ->> 'number' AS number,
               CASE WHEN bool_and(r.value ? 'amount') THEN sum((r.value ->> 'amount')::numeric) END AS wanted
        FROM paid AS p
        CROSS JOIN LATERAL jsonb_array_elements(p.remittance) WITH ORDINALITY AS r(value, position)
        GROUP BY p.payment_id, r.value ->> 'number'
        UNION ALL
        SELECT p.payment_id, min(t.position), t.number, NULL
        FROM paid AS p
        CROSS JOIN LATERAL regexp_split_to_table(p.reference, '[[:space:],;]+') WITH ORDINALITY AS t(number, position)
        WHERE p.remittance IS NULL AND t.number <> ''
        GROUP BY p.payment_id, t.number
    ), wish AS (
        SELECT p.item_id AS credit_item_id, i.item_id AS debit_item_id, p.currency, p.open AS paid,
               ar.amount(i.open) AS open,
               greatest(p.issued_on, i.issued_on, p.undone_on, i.undone_on) AS applied_on,
               row_number() OVER w AS nth,
               -- An amount named for an invoice goes to its due dates in order.
               greatest(0, least(ar.amount(i.open),
                   n.wanted - g.given - (sum(ar.amount(i.open)) OVER instalment - ar.amount(i.open)))) AS wanted
        FROM named AS n
        JOIN paid AS p ON p.payment_id = n.payment_id
        JOIN ar.invoice AS v ON v.ledger_id = apply_named.ledger_id AND v.number = n.number
         AND v.customer_id = p.customer_id
        JOIN ar.item AS i ON i.ledger_id = v.ledger_id AND i.invoice_id = v.invoice_id
         AND i.closed_on IS NULL AND ar.currency(i.open) = p.currency
        -- What the payment gave the invoice before, so that asking again gives nothing twice.
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(ar.amount(a.amount)), 0) AS given
            FROM ar.application AS a
            JOIN ar.item AS d ON d.ledger_id = a.ledger_id AND d.item_id = a.debit_item_id
            WHERE a.ledger_id = apply_named.ledger_id AND a.credit_item_id = p.item_id
              AND d.invoice_id = v.invoice_id) AS g
        WINDOW w AS (PARTITION BY p.item_id ORDER BY n.position, i.due_on, i.item_id),
               instalment AS (PARTITION BY p.item_id, n.position, v.invoice_id ORDER BY i.due_on, i.item_id)
    ), affordable AS (
        SELECT w.*, greatest(0, least(w.wanted,
                   w.paid - (sum(w.wanted) OVER (PARTITION BY w.credit_item_id ORDER BY w.nth) - w.wanted))) AS amount
        FROM wish AS w
    ), possible AS (
        SELECT a.credit_item_id, a.debit_item_id, a.currency, a.applied_on, a.nth,
               greatest(0, least(a.amount,
                   a.open - (sum(a.amount) OVER (PARTITION BY a.debit_item_id ORDER BY a.credit_item_id, a.nth) - a.amount))) AS amount
        FROM affordable AS a
    )
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT apply_named.ledger_id, p.credit_item_id, p.debit_item_id, ar.monetary(p.amount, p.currency), p.applied_on
    FROM possible AS p
    WHERE p.amount > 0
    ORDER BY p.credit_item_id, p.nth;
    GET DIAGNOSTICS applied = ROW_COUNT;
    RETURN applied;
END
$$;
COMMENT ON FUNCTION ar.apply_named(integer, bigint[]) IS
'Applies payments to the invoices that their remittance names, or else to those whose numbers stand in their reference. For ar.auto_apply(), which locks first. Returns the number of applications.';
REVOKE ALL ON FUNCTION ar.apply_named(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.auto_apply(ledger_id integer, payment_ids bigint[], rule text DEFAULT 'auto') RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    applied bigint;
    total bigint := 0;
BEGIN
    IF auto_apply.rule NOT IN ('auto', 'oldest', 'none') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown rule "%s" to apply payments by', auto_apply.rule),
            HINT = 'The rules are auto, oldest and none.';
    END IF;
    IF auto_apply.rule = 'none' THEN
        RETURN 0;
    END IF;
    -- What is open can be trusted only once the customers' balances are held.
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = auto_apply.ledger_id
      -- In the currencies of the payments alone: another one of the customer may come before, in lock order.
      AND (b.customer_id, b.currency) IN (
        SELECT p.customer_id, ar.currency(p.amount) FROM ar.payment AS p
        WHERE p.ledger_id = auto_apply.ledger_id AND p.payment_id = ANY (auto_apply.payment_ids))
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE;
    IF auto_apply.rule = 'oldest' THEN
        RETURN ar.apply_oldest(auto_apply.ledger_id, auto_apply.payment_ids);
    END IF;
    -- What several payments wanted of one invoice comes back to those that
    -- were late for it, to be given to the others that they name.
    LOOP
        applied := ar.apply_named(auto_apply.ledger_id, auto_apply.payment_ids);
        total := total + applied;
        EXIT WHEN applied = 0 OR cardinality(auto_apply.payment_ids) = 1;
    END LOOP;
    RETURN total;
END
$$;
COMMENT ON FUNCTION ar.auto_apply(integer, bigint[], text) IS
'Applies what is open of payments by a rule and returns the number of applications made.
Arguments: ledger_id; payment_ids; rule: auto, to the invoices named in remittance or reference, the rest waits; oldest, to the oldest items by due date; none.
Errors: 22023 unknown rule.';
REVOKE ALL ON FUNCTION ar.auto_apply(integer, bigint[], text) FROM PUBLIC;

CREATE FUNCTION ar.record_payments(
    ledger_id integer,
    payments jsonb,
    apply text DEFAULT 'auto'
) RETURNS TABLE (element bigint, payment_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(record_payments.ledger_id);
    fresh bigint[];
    reused text;
BEGIN
    PERFORM ar.check_keys('payments', record_payments.payments,
        '{customer_id,amount,received_on,method,reference,remittance,external_id}', '{customer_id,amount}');

    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS payment_id, p.value AS payload, g.*
        FROM jsonb_array_elements(record_payments.payments) AS p(value)
        CROSS JOIN LATERAL jsonb_to_record(p.value) AS g(
            customer_id bigint, amount text, received_on date, method text, reference text,
            remittance jsonb, external_id text)
    ), made AS (
        INSERT INTO ar.payment AS p (ledger_id, payment_id, customer_id, amount, received_on, method,
                                     reference, remittance, external_id, external_digest)
        SELECT record_payments.ledger_id, g.payment_id, g.customer_id, g.amount::ar.monetary,
               coalesce(g.received_on, today), coalesce(g.method, 'wire'), g.reference, g.remittance,
               g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        -- So that two batches over the same external ids queue up.
        ORDER BY g.external_id, g.payment_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING p.payment_id
    )
    SELECT coalesce(array_agg(m.payment_id), '{}') INTO fresh FROM made AS m;

    PERFORM ar.auto_apply(record_payments.ledger_id, fresh, record_payments.apply);

    -- An external id that was there before must have come with the same payload.
    SELECT p.external_id INTO reused
    FROM jsonb_array_elements(record_payments.payments) AS g(value)
    JOIN ar.payment AS p ON p.ledger_id = record_payments.ledger_id
     AND p.external_id = g.value ->> 'external_id'
    WHERE p.external_digest IS NULL OR p.external_digest <> ar.payload_digest(g.value)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('payment', reused);
    END IF;

    -- Those without an external id were all made, in the order given.
    RETURN QUERY
    WITH given AS (
        SELECT e.position, e.value ->> 'external_id' AS external_id,
               row_number() OVER (PARTITION BY e.value ->> 'external_id' IS NULL ORDER BY e.position) AS nth
        FROM jsonb_array_elements(record_payments.payments) WITH ORDINALITY AS e(value, position)
    ), anonymous AS (
        SELECT p.payment_id, row_number() OVER (ORDER BY p.payment_id) AS nth
        FROM ar.payment AS p
        WHERE p.ledger_id = record_payments.ledger_id AND p.payment_id = ANY (fresh) AND p.external_id IS NULL
    )
    SELECT g.position, coalesce(named.payment_id, a.payment_id)
    FROM given AS g
    LEFT JOIN ar.payment AS named ON named.ledger_id = record_payments.ledger_id
     AND named.external_id = g.external_id
    LEFT JOIN anonymous AS a ON g.external_id IS NULL AND a.nth = g.nth
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.record_payments(integer, jsonb, text) IS
'Records any number of payments and applies them. All or none.
Arguments: ledger_id; payments, a JSON array of objects with customer_id, amount (such as "EUR 100.00"), and perhaps received_on (by default the business date), method (wire), reference, remittance (an array of objects with number, an invoice number, and perhaps amount, by default all that is open of it), external_id; apply, the rule of ar.auto_apply().
Result: the position in the array, from 1, and the payment_id; for an external_id known already, that of the first time, and nothing is applied again.
Errors: 22023 malformed payload or unknown rule; 23503 no such customer; 23514 an amount that is not positive; RA006 the external id was used for another payment.';
REVOKE ALL ON FUNCTION ar.record_payments(integer, jsonb, text) FROM PUBLIC;

CREATE FUNCTION ar.record_payment(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    received_on date DEFAULT NULL,
    method text DEFAULT 'wire',
    reference text DEFAULT NULL,
    remittance jsonb DEFAULT NULL,
    external_id text DEFAULT NULL,
    apply text DEFAULT 'auto'
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.payment_id
    FROM ar.record_payments(record_payment.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', record_payment.customer_id, 'amount', record_payment.amount::text,
        'received_on', record_payment.received_on, 'method', record_payment.method,
        'reference', record_payment.reference, 'remittance', record_payment.remittance,
        'external_id', record_payment.external_id))), record_payment.apply) AS r;
$$;
COMMENT ON FUNCTION ar.record_payment(integer, bigint, ar.monetary, date, text, text, jsonb, text, text) IS
'Records one payment, applies it, and returns its payment_id: ar.record_payments() with one, where the arguments are described.
Errors: as ar.record_payments().';
REVOKE ALL ON FUNCTION ar.record_payment(integer, bigint, ar.monetary, date, text, text, jsonb, text, text) FROM PUBLIC;

CREATE FUNCTION ar.is_remittance(remittance jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_typeof(remittance) = 'array' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(CASE jsonb_typeof(remittance) WHEN 'array' THEN remittance ELSE '[]' END) AS r(value)
        WHERE jsonb_typeof(r.value) <> 'object'
           OR jsonb_typeof(r.value -> 'number') IS DISTINCT FROM 'string'
           OR (r.value ? 'amount' AND CASE jsonb_typeof(r.value -> 'amount')
                   WHEN 'number' THEN (r.value ->> 'amount')::numeric <= 0 ELSE true END)
           OR r.value - 'number' - 'amount' <> '{}')
$$;
COMMENT ON FUNCTION ar.is_remittance(jsonb) IS
'Whether a remittance is an array of objects with number, an invoice number as a string, and perhaps amount, a positive number in the currency of the payment.';
