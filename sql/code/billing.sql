-- billing: invoices with their lines, posting and numbering.

CREATE FUNCTION ar.tg_guard_invoice() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_guard_invoice' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_guard_invoice() IS
'Trigger, before each row of ar.invoice: keeps posted invoices as they are (RA003), lets the status move only as the state machine allows (RA004), and stamps the moment of posting.';

CREATE FUNCTION ar.tg_post_invoice() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_post_invoice' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_post_invoice() IS
'Trigger, after an INSERT or UPDATE statement on ar.invoice: makes the items of newly open invoices, moves the balances, and draws the numbers last.
Errors: RA001 over the credit limit; 23514 lines and total differ; 42704 no such document series.';

CREATE FUNCTION ar.tg_follow_items() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_follow_items' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_follow_items() IS 'Trigger, after an UPDATE statement on ar.item: gives invoices the status that their items now have.';

CREATE FUNCTION ar.tg_guard_invoice_line() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_guard_invoice_line' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_guard_invoice_line() IS 'Trigger, after each statement on ar.invoice_line: refuses to change the lines of a posted invoice (RA003).';

REVOKE ALL ON FUNCTION ar.tg_guard_invoice(), ar.tg_post_invoice(), ar.tg_follow_items(), ar.tg_guard_invoice_line() FROM PUBLIC;

CREATE FUNCTION ar.is_written_off(ledger_id integer, invoice_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- One table inside the other, so that no plan, however young the tables
    -- were when it was made, begins anywhere but at the invoice.
    RETURN (
        SELECT coalesce(sum((
            SELECT sum(ar.amount(a.amount))
            FROM ar.application AS a
            WHERE a.ledger_id = debit.ledger_id AND a.debit_item_id = debit.item_id
              AND (SELECT credit.kind FROM ar.item AS credit
                   WHERE credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id) = 'write_off')), 0) > 0
        FROM ar.item AS debit
        WHERE debit.ledger_id = is_written_off.ledger_id
          AND debit.invoice_id = is_written_off.invoice_id);
END
$$;
COMMENT ON FUNCTION ar.is_written_off(integer, bigint) IS
'Whether a write-off is applied to an invoice and not undone. An invoice with nothing open is written off if so, and paid if not.';
REVOKE ALL ON FUNCTION ar.is_written_off(integer, bigint) FROM PUBLIC;

CREATE FUNCTION ar.check_keys(what text, payload jsonb, known text[], required text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wrong text;
BEGIN
    IF jsonb_typeof(payload) <> 'array' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('%s must be a JSON array of objects', what),
            DETAIL = format('It is of type %s.', jsonb_typeof(payload));
    END IF;
    SELECT format('Element %s is of type %s.', e.position, jsonb_typeof(e.value)) INTO wrong
    FROM jsonb_array_elements(payload) WITH ORDINALITY AS e(value, position)
    WHERE jsonb_typeof(e.value) <> 'object' LIMIT 1;
    IF wrong IS NULL THEN
        SELECT format('Element %s has "%s".', e.position, k.key) INTO wrong
        FROM jsonb_array_elements(payload) WITH ORDINALITY AS e(value, position),
             jsonb_object_keys(e.value) AS k(key)
        WHERE k.key <> ALL (known) LIMIT 1;
    END IF;
    IF wrong IS NULL THEN
        SELECT format('Element %s lacks "%s".', e.position, r.key) INTO wrong
        FROM jsonb_array_elements(payload) WITH ORDINALITY AS e(value, position),
             unnest(required) AS r(key)
        WHERE e.value ->> r.key IS NULL LIMIT 1;
    END IF;
    IF wrong IS NOT NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('malformed %s', what),
            DETAIL = wrong,
            HINT = format('The keys are %s; required are %s.',
                          array_to_string(known, ', '), array_to_string(required, ', '));
    END IF;
END
$$;
COMMENT ON FUNCTION ar.check_keys(text, jsonb, text[], text[]) IS
'Raises 22023 unless a payload is a JSON array of objects with known keys only and the required ones present: a misspelt key is an error, never lost.';

CREATE FUNCTION ar.post_drafts(ledger_id integer, invoice_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    posted bigint;
BEGIN
    UPDATE ar.invoice AS v SET status = 'open'
    WHERE v.ledger_id = post_drafts.ledger_id
      AND v.invoice_id = ANY (post_drafts.invoice_ids)
      AND NOT ar.is_posted(v.status);
    GET DIAGNOSTICS posted = ROW_COUNT;
    RETURN posted;
END
$$;
COMMENT ON FUNCTION ar.post_drafts(integer, bigint[]) IS
'Posts drafts and held invoices that nobody else can post meanwhile. For ar.post_invoices(), which holds them first. Returns how many were posted.';
REVOKE ALL ON FUNCTION ar.post_drafts(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.post_invoices(ledger_id integer, invoice_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    drafts bigint[];
BEGIN
    SELECT w.invoice_id INTO missing
    FROM unnest(post_invoices.invoice_ids) AS w(invoice_id)
    WHERE NOT EXISTS (
        SELECT FROM ar.invoice AS v
        WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = w.invoice_id)
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', missing, post_invoices.ledger_id);
    END IF;

    -- What this transaction made itself is nobody else's to post.
    IF NOT EXISTS (
        SELECT FROM ar.invoice AS v
        WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = ANY (post_invoices.invoice_ids)
          AND NOT ar.is_posted(v.status) AND NOT ar.is_own_transaction(v.xmin)) THEN
        RETURN ar.post_drafts(post_invoices.ledger_id, post_invoices.invoice_ids);
    END IF;

    /*
     * Drafts are held in the order of their ids, so that two runs over the same
     * ones queue up.  A posted invoice comes after its customer's balance in
     * the lock order, and to wait for a draft may leave us with an invoice that
     * somebody else has posted by now.  Only the end of a subtransaction lets
     * go of it.
     */
    LOOP
        BEGIN
            SELECT coalesce(array_agg(v.invoice_id), '{}') INTO drafts
            FROM ar.invoice AS v
            WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = ANY (post_invoices.invoice_ids)
              AND NOT ar.is_posted(v.status);
            PERFORM FROM ar.invoice AS v
            WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = ANY (drafts)
            ORDER BY v.invoice_id FOR NO KEY UPDATE;
            IF EXISTS (
                SELECT FROM ar.invoice AS v
                WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = ANY (drafts)
                  AND ar.is_posted(v.status)) THEN
                RAISE SQLSTATE 'RA999' USING MESSAGE = 'another session posted a draft of the same call';
            END IF;
            RETURN ar.post_drafts(post_invoices.ledger_id, drafts);
        EXCEPTION WHEN SQLSTATE 'RA999' THEN
            NULL; -- Look again which are drafts.
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.post_invoices(integer, bigint[]) IS
'Posts drafts and held invoices: makes their items, judges the credit limits, draws the numbers. Those posted already are left alone. All or none.
Arguments: ledger_id; invoice_ids. Returns how many were posted.
Errors: 23503 no such invoice; 23514 lines and total differ; RA001 over the credit limit; RA004 the invoice is void.';
REVOKE ALL ON FUNCTION ar.post_invoices(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.post_invoice(ledger_id integer, invoice_id bigint) RETURNS bigint
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.post_invoices(post_invoice.ledger_id, ARRAY[post_invoice.invoice_id]) $$;
COMMENT ON FUNCTION ar.post_invoice(integer, bigint) IS
'Posts one invoice: ar.post_invoices() with one. Returns 1, or 0 if it was posted already.
Errors: as ar.post_invoices().';
REVOKE ALL ON FUNCTION ar.post_invoice(integer, bigint) FROM PUBLIC;

CREATE FUNCTION ar.create_invoices(
    ledger_id integer,
    invoices jsonb,
    post boolean DEFAULT true
) RETURNS TABLE (element bigint, invoice_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(create_invoices.ledger_id);
    fresh bigint[];
    reused text;
BEGIN
    PERFORM ar.check_keys('invoices', create_invoices.invoices,
        '{customer_id,lines,invoiced_on,terms,due_on,number,series,currency,order_reference,external_id}',
        '{customer_id,lines}');
    PERFORM ar.check_keys('lines', coalesce(jsonb_agg(line.value), '[]'),
        '{description,quantity,unit_price,tax_rate}', '{unit_price}')
    FROM jsonb_array_elements(create_invoices.invoices) AS v(value),
         jsonb_array_elements(CASE jsonb_typeof(v.value -> 'lines')
             WHEN 'array' THEN v.value -> 'lines' ELSE jsonb_build_array(v.value -> 'lines') END) AS line(value);
    IF EXISTS (SELECT FROM jsonb_array_elements(create_invoices.invoices) AS v(value)
               WHERE v.value -> 'lines' = '[]') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'an invoice needs at least one line',
            HINT = 'Give lines as a JSON array of objects with unit_price, and perhaps description, quantity and tax_rate.';
    END IF;

    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS invoice_id, v.value AS payload, g.*,
               upper(coalesce(g.currency, l.currency)) AS in_currency
        FROM jsonb_array_elements(create_invoices.invoices) AS v(value)
        CROSS JOIN LATERAL jsonb_to_record(v.value) AS g(
            customer_id bigint, lines jsonb, invoiced_on date, terms text, due_on date,
            number text, series text, currency text, order_reference text, external_id text)
        JOIN ar.ledger AS l ON l.ledger_id = create_invoices.ledger_id
    ), line AS MATERIALIZED (
        SELECT g.invoice_id, j.line_number, coalesce(r.description, '') AS description,
               coalesce(r.quantity, 1) AS quantity, r.unit_price, coalesce(r.tax_rate, 0) AS tax_rate,
               n.net, ar.round(ar.amount(n.net) * coalesce(r.tax_rate, 0) / 100, g.in_currency, 'half_up') AS tax
        FROM given AS g
        CROSS JOIN LATERAL jsonb_array_elements(g.lines) WITH ORDINALITY AS j(value, line_number)
        CROSS JOIN LATERAL jsonb_to_record(j.value) AS r(
            description text, quantity numeric, unit_price numeric, tax_rate numeric)
        CROSS JOIN LATERAL ar.round(coalesce(r.quantity, 1) * r.unit_price, g.in_currency, 'half_up') AS n(net)
    ), made AS (
        INSERT INTO ar.invoice AS v (ledger_id, invoice_id, customer_id, series, number, invoiced_on,
                                     due_on, terms, total, order_reference, external_id, external_digest)
        SELECT create_invoices.ledger_id, g.invoice_id, g.customer_id, g.series, g.number,
               coalesce(g.invoiced_on, today),
               g.due_on, g.terms::ar.terms, t.total, g.order_reference, g.external_id,
               CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        JOIN (SELECT n.invoice_id, ar.sum(n.net + n.tax) AS total FROM line AS n GROUP BY n.invoice_id) AS t
          ON t.invoice_id = g.invoice_id
        -- So that two batches over the same external ids queue up.
        ORDER BY g.external_id, g.number, g.invoice_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING v.invoice_id
    ), lined AS (
        INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity,
                                     unit_price, tax_rate, net, tax)
        SELECT create_invoices.ledger_id, n.invoice_id, n.line_number, n.description, n.quantity,
               n.unit_price, n.tax_rate, n.net, n.tax
        FROM line AS n JOIN made AS m ON m.invoice_id = n.invoice_id
    )
    SELECT coalesce(array_agg(m.invoice_id), '{}') INTO fresh FROM made AS m;

    IF create_invoices.post THEN
        PERFORM ar.post_invoices(create_invoices.ledger_id, fresh);
    END IF;

    -- An external id that was there before must have come with the same payload.
    SELECT v.external_id INTO reused
    FROM jsonb_array_elements(create_invoices.invoices) AS g(value)
    JOIN ar.invoice AS v ON v.ledger_id = create_invoices.ledger_id
     AND v.external_id = g.value ->> 'external_id'
    WHERE v.external_digest IS NULL OR v.external_digest <> ar.payload_digest(g.value)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('invoice', reused);
    END IF;

    -- Those without an external id were all made, in the order given.
    RETURN QUERY
    WITH given AS (
        SELECT e.position, e.value ->> 'external_id' AS external_id,
               row_number() OVER (PARTITION BY e.value ->> 'external_id' IS NULL ORDER BY e.position) AS nth
        FROM jsonb_array_elements(create_invoices.invoices) WITH ORDINALITY AS e(value, position)
    ), anonymous AS (
        SELECT v.invoice_id, row_number() OVER (ORDER BY v.invoice_id) AS nth
        FROM ar.invoice AS v
        WHERE v.ledger_id = create_invoices.ledger_id AND v.invoice_id = ANY (fresh) AND v.external_id IS NULL
    )
    SELECT g.position, coalesce(named.invoice_id, a.invoice_id)
    FROM given AS g
    LEFT JOIN ar.invoice AS named ON named.ledger_id = create_invoices.ledger_id
     AND named.external_id = g.external_id
    LEFT JOIN anonymous AS a ON g.external_id IS NULL AND a.nth = g.nth
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.create_invoices(integer, jsonb, boolean) IS
'Creates any number of invoices with their lines and, unless told otherwise, posts them. All or none.
Arguments: ledger_id; invoices, a JSON array of objects with customer_id, lines, and perhaps invoiced_on (by default the business date), terms (by default those of the customer, else of the ledger) or due_on, number (by default drawn from series), series, currency (by default that of the ledger), order_reference (the order that it bills, see ar.reserve_credit()), external_id; post, false to leave drafts.
A line has unit_price and perhaps description, quantity (1), tax_rate (percent, 0). Its net is quantity times unit_price, its tax is net times tax_rate / 100, each rounded half up to the minor unit; the total is the sum of both over all lines.
Result: the position in the array, from 1, and the invoice_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer; 23505 the number is taken; RA001 over the credit limit; RA006 the external id was used for another invoice.';
REVOKE ALL ON FUNCTION ar.create_invoices(integer, jsonb, boolean) FROM PUBLIC;

CREATE FUNCTION ar.create_invoice(
    ledger_id integer,
    customer_id bigint,
    lines jsonb,
    invoiced_on date DEFAULT NULL,
    terms ar.terms DEFAULT NULL,
    number text DEFAULT NULL,
    external_id text DEFAULT NULL,
    post boolean DEFAULT true,
    due_on date DEFAULT NULL,
    series text DEFAULT NULL,
    currency text DEFAULT NULL,
    order_reference text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.invoice_id
    FROM ar.create_invoices(create_invoice.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', create_invoice.customer_id, 'lines', create_invoice.lines,
        'invoiced_on', create_invoice.invoiced_on, 'terms', create_invoice.terms::text,
        'due_on', create_invoice.due_on, 'number', create_invoice.number,
        'series', create_invoice.series, 'currency', create_invoice.currency,
        'order_reference', create_invoice.order_reference,
        'external_id', create_invoice.external_id))), create_invoice.post) AS c;
$$;
COMMENT ON FUNCTION ar.create_invoice(integer, bigint, jsonb, date, ar.terms, text, text, boolean, date, text, text, text) IS
'Creates one invoice with its lines, posts it unless told otherwise, and returns its invoice_id: ar.create_invoices() with one, where the arguments are described.
Errors: as ar.create_invoices().';
REVOKE ALL ON FUNCTION ar.create_invoice(integer, bigint, jsonb, date, ar.terms, text, text, boolean, date, text, text, text) FROM PUBLIC;
