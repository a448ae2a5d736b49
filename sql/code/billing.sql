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
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    before bigint := (
        SELECT count(*) FROM (SELECT DISTINCT w.invoice_id FROM unnest(post_drafts.invoice_ids) AS w(invoice_id)) AS w
        CROSS JOIN LATERAL (SELECT v.status FROM ar.invoice AS v
                            WHERE v.ledger_id = post_drafts.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v
        WHERE ar.is_posted(v.status));
BEGIN
    UPDATE ar.invoice AS v SET status = 'open'
    FROM (SELECT post_drafts.ledger_id, w.invoice_id FROM unnest(post_drafts.invoice_ids) AS w(invoice_id) OFFSET 0) AS w
    WHERE v.ledger_id = w.ledger_id AND v.invoice_id = w.invoice_id
      AND NOT ar.is_posted(v.status);
    -- What is judged on the way may be held.
    RETURN (
        SELECT count(*) FROM (SELECT DISTINCT w.invoice_id FROM unnest(post_drafts.invoice_ids) AS w(invoice_id)) AS w
        CROSS JOIN LATERAL (SELECT v.status FROM ar.invoice AS v
                            WHERE v.ledger_id = post_drafts.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v
        WHERE ar.is_posted(v.status)) - before;
END
$$;
COMMENT ON FUNCTION ar.post_drafts(integer, bigint[]) IS
'Posts drafts and held invoices that nobody else can post meanwhile. For ar.post_invoices(), which holds them first. Returns how many were posted.';
REVOKE ALL ON FUNCTION ar.post_drafts(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.post_invoices(ledger_id integer, invoice_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    drafts bigint[];
    -- A bound cursor locks one row at a time; a loop over a query would lock ahead.
    held CURSOR (ids bigint[]) FOR
        SELECT v.status FROM ar.invoice AS v
        WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = ANY (ids)
        ORDER BY v.invoice_id FOR NO KEY UPDATE;
BEGIN
    IF post_invoices.ledger_id IS NULL OR post_invoices.invoice_ids IS NULL
       OR array_position(post_invoices.invoice_ids, NULL) IS NOT NULL THEN
        RAISE null_value_not_allowed USING
            MESSAGE = 'what is posted must be named',
            DETAIL = 'The ledger or an invoice is null.';
    END IF;

    -- Asked invoice by invoice: as a join, in a ledger that the statistics do
    -- not know, it might read the whole ledger for each.
    SELECT w.invoice_id INTO missing
    FROM unnest(post_invoices.invoice_ids) AS w(invoice_id)
    WHERE (SELECT v.invoice_id FROM ar.invoice AS v
           WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = w.invoice_id) IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', missing, post_invoices.ledger_id);
    END IF;

    -- What this transaction made itself is nobody else's to post.
    IF NOT EXISTS (
        SELECT FROM unnest(post_invoices.invoice_ids) AS w(invoice_id)
        CROSS JOIN LATERAL (SELECT v.status, v.xmin FROM ar.invoice AS v
                            WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = w.invoice_id OFFSET 0) AS v
        WHERE NOT ar.is_posted(v.status) AND NOT ar.is_own_transaction(v.xmin)) THEN
        RETURN ar.post_drafts(post_invoices.ledger_id, post_invoices.invoice_ids);
    END IF;

    /*
     * Drafts are held in the order of their ids, so that two runs over the same
     * ones queue up.  A posted invoice comes after its customer's balance in
     * the lock order, and to wait for a draft may leave us with an invoice that
     * somebody else has posted by now.  Only the end of a subtransaction lets
     * go of it, and that before the next draft is waited for.
     */
    LOOP
        BEGIN
            drafts := ARRAY(
                SELECT v.invoice_id FROM ar.invoice AS v
                WHERE v.ledger_id = post_invoices.ledger_id AND v.invoice_id = ANY (post_invoices.invoice_ids)
                  AND NOT ar.is_posted(v.status));
            FOR draft IN held (drafts) LOOP
                IF ar.is_posted(draft.status) THEN
                    RAISE SQLSTATE 'RA999' USING MESSAGE = 'another session posted a draft of the same call';
                END IF;
            END LOOP;
            RETURN ar.post_drafts(post_invoices.ledger_id, drafts);
        EXCEPTION WHEN SQLSTATE 'RA999' THEN
            NULL; -- Look again which are drafts.
        END;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.post_invoices(integer, bigint[]) IS
'Posts drafts and held invoices: makes their items, judges the credit limits, draws the numbers. Those posted already are left alone. All or none.
Arguments: ledger_id; invoice_ids. Returns how many were posted; those that were held instead are not among them.
Errors: 22004 an argument or id is null; 23503 no such invoice; 23514 lines and total differ; RA001 over the credit limit; RA004 the invoice is void; RA009 lines in another currency than the total.';
REVOKE ALL ON FUNCTION ar.post_invoices(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.post_invoice(ledger_id integer, invoice_id bigint) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.post_invoices(post_invoice.ledger_id, ARRAY[post_invoice.invoice_id]) $$;
COMMENT ON FUNCTION ar.post_invoice(integer, bigint) IS
'Posts one invoice: ar.post_invoices() with one. Returns 1, or 0 if it was posted already, or is held.
Errors: as ar.post_invoices().';
REVOKE ALL ON FUNCTION ar.post_invoice(integer, bigint) FROM PUBLIC;
