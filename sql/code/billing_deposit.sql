-- billing: deposits, asked for and paid before the invoice.

CREATE FUNCTION ar.create_deposits(ledger_id integer, deposits jsonb, post boolean DEFAULT true)
RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT * FROM ar.create_memos(create_deposits.ledger_id, 'deposit', create_deposits.deposits, create_deposits.post) $$;
COMMENT ON FUNCTION ar.create_deposits(integer, jsonb, boolean) IS
'Creates any number of requests for a deposit and posts them: each is owed like an invoice, and once paid is there for a later one. All or none.
Arguments: ledger_id; deposits, a JSON array of objects with customer_id, amount (without tax of its own) or lines (as of ar.create_invoices()), and perhaps invoiced_on, terms or due_on, reason, number, series (deposit), currency, details, external_id; post, false to leave drafts.
Result: the position in the array, from 1, and the invoice_id of the deposit.
Errors: 22023 malformed payload; 23503 no such customer; RA001 over the credit limit; RA006 the external id was used otherwise.';
REVOKE ALL ON FUNCTION ar.create_deposits(integer, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION ar.create_deposit(
    ledger_id integer,
    customer_id bigint,
    amount numeric DEFAULT NULL,
    lines jsonb DEFAULT NULL,
    invoiced_on date DEFAULT NULL,
    terms ar.terms DEFAULT NULL,
    reason text DEFAULT NULL,
    number text DEFAULT NULL,
    series text DEFAULT NULL,
    currency text DEFAULT NULL,
    external_id text DEFAULT NULL,
    post boolean DEFAULT true,
    order_reference text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.invoice_id
    FROM ar.create_deposits(create_deposit.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', create_deposit.customer_id, 'amount', create_deposit.amount, 'lines', create_deposit.lines,
        'invoiced_on', create_deposit.invoiced_on, 'terms', create_deposit.terms::text, 'reason', create_deposit.reason,
        'number', create_deposit.number, 'series', create_deposit.series, 'currency', create_deposit.currency,
        'order_reference', create_deposit.order_reference,
        'external_id', create_deposit.external_id))), create_deposit.post) AS c;
$$;
COMMENT ON FUNCTION ar.create_deposit(integer, bigint, numeric, jsonb, date, ar.terms, text, text, text, text, text, boolean, text) IS
'Creates one request for a deposit, posts it, and returns its invoice_id: ar.create_deposits() with one.
Errors: as ar.create_deposits().';
REVOKE ALL ON FUNCTION ar.create_deposit(integer, bigint, numeric, jsonb, date, ar.terms, text, text, text, text, text, boolean, text) FROM PUBLIC;

CREATE FUNCTION ar.deposit_available(ledger_id integer, deposit_id bigint) RETURNS ar.monetary
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- What was paid on it, less what credit memos for it took elsewhere.
    RETURN (
        SELECT ar.monetary(coalesce(p.paid, 0) - coalesce(m.credited, 0) + coalesce(p.credited, 0), ar.currency(v.total))
        FROM ar.invoice AS v
        CROSS JOIN LATERAL (
            SELECT sum(ar.amount(a.amount)) FILTER (WHERE c.invoice_id IS NULL) AS paid,
                   sum(ar.amount(a.amount)) FILTER (WHERE c.invoice_id IS NOT NULL) AS credited
            FROM ar.item AS debit
            JOIN ar.application AS a ON a.ledger_id = debit.ledger_id AND a.debit_item_id = debit.item_id
            JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
            LEFT JOIN ar.invoice AS c ON c.ledger_id = credit.ledger_id AND c.invoice_id = credit.invoice_id
             AND c.corrects_id = debit.invoice_id
            WHERE debit.ledger_id = v.ledger_id AND debit.invoice_id = v.invoice_id) AS p
        CROSS JOIN LATERAL (
            SELECT sum(ar.amount(k.total)) AS credited
            FROM ar.invoice AS k
            WHERE k.ledger_id = v.ledger_id AND k.corrects_id = v.invoice_id AND k.kind = 'credit_memo'
              AND k.recorded_at IS NOT NULL) AS m
        WHERE v.ledger_id = deposit_available.ledger_id AND v.invoice_id = deposit_available.deposit_id
          AND v.kind = 'deposit' AND v.recorded_at IS NOT NULL);
END
$$;
COMMENT ON FUNCTION ar.deposit_available(integer, bigint) IS
'What of a deposit is paid and not used for an invoice yet. NULL if there is no such deposit, or it is not posted.';

CREATE FUNCTION ar.apply_deposits(ledger_id integer, deposits jsonb)
RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(apply_deposits.ledger_id);
    plan jsonb;
    wrong record;
BEGIN
    PERFORM ar.check_keys('deposits', apply_deposits.deposits,
        '{deposit_id,invoice_id,amount,applied_on,external_id}', '{deposit_id,invoice_id}');
    PERFORM ar.lock_orders(apply_deposits.ledger_id, ARRAY(
        SELECT DISTINCT v.order_reference FROM jsonb_array_elements(apply_deposits.deposits) AS g(value)
        JOIN ar.invoice AS v ON v.ledger_id = apply_deposits.ledger_id AND v.invoice_id = (g.value ->> 'deposit_id')::bigint
        WHERE v.order_reference IS NOT NULL));
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = apply_deposits.ledger_id AND b.customer_id IN (
        SELECT v.customer_id FROM jsonb_array_elements(apply_deposits.deposits) AS g(value)
        JOIN ar.invoice AS v ON v.ledger_id = apply_deposits.ledger_id
         AND v.invoice_id IN ((g.value ->> 'deposit_id')::bigint, (g.value ->> 'invoice_id')::bigint))
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE;

    -- Without an amount: what the deposit has and the invoice still needs, in the order given.
    SELECT jsonb_agg(to_jsonb(w)) INTO plan
    FROM (
        SELECT g.position, g.deposit_id, g.invoice_id, g.amount AS asked, g.applied_on, g.external_id, g.known_id,
               d.invoice_id AS found_id, coalesce(d.number, d.invoice_id::text) AS number, d.currency, d.available, f.found_id AS target_id,
               f.open, f.currency AS target_currency, greatest(d.invoiced_on, f.invoiced_on, g.applied_on) AS first_day,
               CASE WHEN g.known_id IS NOT NULL THEN 0 ELSE
               coalesce(g.amount, greatest(0, least(d.available, f.open
                   - coalesce(sum(coalesce(g.amount, d.available)) FILTER (WHERE g.known_id IS NULL) OVER (PARTITION BY g.invoice_id ORDER BY g.position
                              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)))) END AS amount,
               coalesce(sum(g.amount) FILTER (WHERE g.known_id IS NULL) OVER (PARTITION BY g.deposit_id), 0) AS asked_of_deposit
        FROM (SELECT e.position, r.*, v.invoice_id AS known_id
              FROM jsonb_array_elements(apply_deposits.deposits) WITH ORDINALITY AS e(value, position)
              CROSS JOIN LATERAL jsonb_to_record(e.value) AS r(deposit_id bigint, invoice_id bigint, amount numeric, applied_on date, external_id text)
              LEFT JOIN LATERAL (SELECT v.invoice_id FROM ar.invoice AS v
                                 WHERE v.ledger_id = apply_deposits.ledger_id AND v.external_id = r.external_id OFFSET 0) AS v ON true) AS g
        LEFT JOIN LATERAL (
            SELECT v.invoice_id, v.number, v.invoiced_on, ar.currency(v.total) AS currency,
                   ar.amount(ar.deposit_available(v.ledger_id, v.invoice_id)) AS available
            FROM ar.invoice AS v
            WHERE v.ledger_id = apply_deposits.ledger_id AND v.invoice_id = g.deposit_id AND v.kind = 'deposit') AS d ON true
        LEFT JOIN LATERAL (
            SELECT min(i.invoice_id) AS found_id, sum(ar.amount(i.open)) AS open, min(ar.currency(i.open)) AS currency, min(i.issued_on) AS invoiced_on
            FROM ar.item AS i
            WHERE i.ledger_id = apply_deposits.ledger_id AND i.invoice_id = g.invoice_id) AS f ON true
    ) AS w;

    SELECT w.* INTO wrong
    FROM jsonb_to_recordset(plan) AS w(position bigint, deposit_id bigint, invoice_id bigint, found_id bigint, target_id bigint, number text,
        currency text, target_currency text, available numeric, open numeric, amount numeric, asked numeric, asked_of_deposit numeric, known_id bigint)
    WHERE w.known_id IS NULL
      AND (w.found_id IS NULL OR w.target_id IS NULL OR w.available IS NULL OR w.currency <> w.target_currency OR w.invoice_id = w.deposit_id
           OR w.amount <= 0 OR greatest(w.amount, w.asked_of_deposit) > w.available OR w.amount > w.open)
    ORDER BY w.position LIMIT 1;
    IF FOUND AND (wrong.found_id IS NULL OR wrong.target_id IS NULL) THEN
        RAISE foreign_key_violation USING
            MESSAGE = CASE WHEN wrong.found_id IS NULL THEN format('deposit %s does not exist in ledger %s', wrong.deposit_id, apply_deposits.ledger_id)
                           ELSE format('invoice %s is not posted in ledger %s', wrong.invoice_id, apply_deposits.ledger_id) END,
            HINT = 'Deposits are made with ar.create_deposit(); post the invoice before a deposit is applied to it.';
    ELSIF FOUND AND (wrong.available IS NULL OR wrong.invoice_id = wrong.deposit_id) THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('deposit %s cannot be applied to that', wrong.number),
            HINT = 'A posted deposit is applied to another document, the final invoice.';
    ELSIF FOUND AND wrong.currency <> wrong.target_currency THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('deposit %s is in %s, the invoice in %s', wrong.number, wrong.currency, wrong.target_currency);
    ELSIF FOUND AND wrong.asked < 0 THEN
        RAISE invalid_parameter_value USING MESSAGE = 'the amount of a deposit to apply must be positive';
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('deposit %s does not have so much to apply, or the invoice needs less', wrong.number),
            DETAIL = format('%s is paid and not used, the invoice has %s open, %s is asked for.',
                            ar.monetary(wrong.available, wrong.currency), ar.monetary(wrong.open, wrong.currency),
                            ar.monetary(coalesce(wrong.asked, wrong.amount), wrong.currency)),
            HINT = 'A deposit is available once it is paid.';
    END IF;

    -- A credit memo takes the deposit back, its tax included, and is applied to the invoice.
    RETURN QUERY
    SELECT w.position, coalesce(w.known_id, c.invoice_id)
    FROM (SELECT w.*, row_number() OVER (PARTITION BY w.known_id IS NULL ORDER BY w.position) AS nth
          FROM jsonb_to_recordset(plan) AS w(position bigint, known_id bigint)) AS w
    LEFT JOIN ar.create_credit_memos(apply_deposits.ledger_id, (
        SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('invoice_id', p.deposit_id, 'apply_to', p.invoice_id, 'amount', p.amount,
                   'invoiced_on', coalesce(p.applied_on, greatest(today, p.first_day)), 'external_id', p.external_id)) ORDER BY p.position), '[]')
        FROM jsonb_to_recordset(plan) AS p(position bigint, deposit_id bigint, invoice_id bigint, amount numeric, applied_on date,
            first_day date, external_id text, known_id bigint)
        WHERE p.known_id IS NULL)) AS c ON w.known_id IS NULL AND c.element = w.nth
    ORDER BY w.position;
END
$$;
COMMENT ON FUNCTION ar.apply_deposits(integer, jsonb) IS
'Applies paid deposits to the invoices they were paid for: a credit memo for the deposit takes it back, its tax included, and is applied to the invoice. All or none.
Arguments: ledger_id; deposits, a JSON array of objects with deposit_id, invoice_id (posted), and perhaps amount (by default what is available and the invoice has open), applied_on (the business date, not before both), external_id (of the credit memo: with one known already nothing is applied again).
Result: the position in the array, from 1, and the invoice_id of the credit memo.
Errors: 22023 malformed payload; 23503 no such deposit, or an invoice that is not posted; 23514 different customers; RA002 more than is paid, not used and needed; RA004 the deposit is not posted; RA009 different currencies.';
REVOKE ALL ON FUNCTION ar.apply_deposits(integer, jsonb) FROM PUBLIC;

CREATE FUNCTION ar.apply_deposit(
    ledger_id integer,
    deposit_id bigint,
    invoice_id bigint,
    amount numeric DEFAULT NULL,
    applied_on date DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT d.invoice_id
    FROM ar.apply_deposits(apply_deposit.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'deposit_id', apply_deposit.deposit_id, 'invoice_id', apply_deposit.invoice_id, 'amount', apply_deposit.amount,
        'applied_on', apply_deposit.applied_on, 'external_id', apply_deposit.external_id)))) AS d;
$$;
COMMENT ON FUNCTION ar.apply_deposit(integer, bigint, bigint, numeric, date, text) IS
'Applies one paid deposit to an invoice and returns the invoice_id of the credit memo that does it: ar.apply_deposits() with one.
Errors: as ar.apply_deposits().';
REVOKE ALL ON FUNCTION ar.apply_deposit(integer, bigint, bigint, numeric, date, text) FROM PUBLIC;

CREATE FUNCTION ar.prepaid(ledger_id integer, invoice_id bigint) RETURNS ar.monetary
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN (
        SELECT coalesce((
            SELECT ar.sum(a.amount)
            FROM ar.item AS debit
            JOIN ar.application AS a ON a.ledger_id = debit.ledger_id AND a.debit_item_id = debit.item_id
            JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
            JOIN ar.invoice AS m ON m.ledger_id = credit.ledger_id AND m.invoice_id = credit.invoice_id
            JOIN ar.invoice AS d ON d.ledger_id = m.ledger_id AND d.invoice_id = m.corrects_id AND d.kind = 'deposit'
            WHERE debit.ledger_id = v.ledger_id AND debit.invoice_id = v.invoice_id), ar.monetary(0, ar.currency(v.total)))
        FROM ar.invoice AS v
        WHERE v.ledger_id = prepaid.ledger_id AND v.invoice_id = prepaid.invoice_id);
END
$$;
COMMENT ON FUNCTION ar.prepaid(integer, bigint) IS
'What of an invoice was paid in advance by deposits: the paid amount of EN 16931 (BT-113). NULL if there is no such invoice.';
