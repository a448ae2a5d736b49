-- cash: bank lines, and what becomes of them.

CREATE FUNCTION ar.tg_guard_bank_line() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    paid ar.monetary;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.payment_id IS NOT NULL AND OLD.payment_id IS DISTINCT FROM NEW.payment_id THEN
            RAISE SQLSTATE 'RA003' USING
                MESSAGE = format('bank line %s has become payment %s for good', OLD.bank_line_id, OLD.payment_id),
                HINT = 'Reverse the payment instead.', SCHEMA = 'ar', TABLE = 'bank_line', COLUMN = 'payment_id';
        END IF;
        IF NEW.duplicate_of IS DISTINCT FROM OLD.duplicate_of AND NEW.duplicate_of IS NOT NULL
           OR NEW.duplicate_of IS NOT DISTINCT FROM OLD.duplicate_of AND NEW.occurrence <> OLD.occurrence THEN
            RAISE SQLSTATE 'RA003' USING
                MESSAGE = format('what bank line %s is the same as was found out when it was imported', OLD.bank_line_id),
                HINT = 'Where the bank meant another payment, use ar.count_bank_lines().', SCHEMA = 'ar', TABLE = 'bank_line', COLUMN = 'duplicate_of';
        END IF;
        IF NEW.ignored_reason IS DISTINCT FROM OLD.ignored_reason OR NEW.ignored_reason IS NULL THEN
            NEW.ignored_by := CASE WHEN NEW.ignored_reason IS NOT NULL THEN session_user END;
            NEW.ignored_at := CASE WHEN NEW.ignored_reason IS NOT NULL THEN clock_timestamp() END;
        ELSE
            NEW.ignored_by := OLD.ignored_by;
            NEW.ignored_at := OLD.ignored_at;
        END IF;
        IF NEW.payment_id IS NOT DISTINCT FROM OLD.payment_id THEN
            RETURN NEW;
        END IF;
    ELSE
        NEW.ignored_by := CASE WHEN NEW.ignored_reason IS NOT NULL THEN session_user END;
        NEW.ignored_at := CASE WHEN NEW.ignored_reason IS NOT NULL THEN clock_timestamp() END;
    END IF;
    IF NEW.payment_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT p.amount INTO paid FROM ar.payment AS p WHERE p.ledger_id = NEW.ledger_id AND p.payment_id = NEW.payment_id;
    -- The foreign key says so where there is no such payment.
    IF FOUND AND (NOT NEW.is_booked OR ar.sign(NEW.amount) = 0 OR ar.currency(paid) <> ar.currency(NEW.amount)
                  OR ar.sign(NEW.amount) > 0 AND paid <> NEW.amount
                  -- The bank may add a fee to what it takes back.
                  OR ar.sign(NEW.amount) < 0 AND paid > -NEW.amount) THEN
        RAISE check_violation USING
            MESSAGE = format('bank line %s cannot be payment %s', NEW.bank_line_id, NEW.payment_id),
            DETAIL = CASE WHEN NOT NEW.is_booked THEN 'The bank has announced it only.'
                          ELSE format('The line is %s, the payment %s.', NEW.amount, paid) END,
            HINT = CASE WHEN ar.sign(NEW.amount) < 0 THEN 'A debit takes back a payment that is no more than it. Where the bank took back a part, ignore the line with ar.ignore_bank_lines(), and record what was paid back with ar.refund().'
                        ELSE 'A credit is a payment of just its amount.' END,
            SCHEMA = 'ar', TABLE = 'bank_line', COLUMN = 'payment_id';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_bank_line() IS
'Trigger, before each row of ar.bank_line: a line becomes a payment of its own amount, once and for good; who ignores one is stamped; what is a duplicate is decided by the import.
Errors: RA003 another payment, or another duplicate; 23514 a payment of another amount or currency; of a debit, one of more than it.';
REVOKE ALL ON FUNCTION ar.tg_guard_bank_line() FROM PUBLIC;

CREATE FUNCTION ar.without_card_numbers(content text, refuses boolean) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    masked text := ar.mask_card_numbers(content);
BEGIN
    IF NOT refuses OR NOT ar.has_card_number(masked) THEN
        RETURN masked;
    END IF;
    masked := regexp_replace(masked, '[0-9]([ -]?[0-9]){12,}', '...', 'g');
    RETURN CASE WHEN NOT ar.has_card_number(masked) THEN masked END;
END
$$;
COMMENT ON FUNCTION ar.without_card_numbers(text, boolean) IS
'A text of a bank line as its payment may have it: card numbers masked; where the ledger refuses whatever looks like one, also without the long numbers that do. The line keeps them.';

CREATE FUNCTION ar.bank_line_method(transaction_code text, cheque_number text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        -- ISO 20022: family of the domain of payments.
        WHEN transaction_code = 'lockbox' OR transaction_code ~ '^PMNT/(RLBX|LBOX)' OR transaction_code IN ('115', '116') THEN 'lockbox'
        WHEN transaction_code ~ '^PMNT/(IDDT|RDDT)' OR transaction_code ~ '^.DDT' OR transaction_code ~ '\+(071|171|174)$'
             OR transaction_code = 'DIRECTDEBIT' THEN 'direct_debit'
        WHEN transaction_code ~ '^PMNT/(RCHQ|ICHQ)' OR transaction_code ~ '^.CHK' OR transaction_code ~ '\+(070|170)$'
             OR transaction_code IN ('175', '301', 'CHECK') THEN 'cheque'
        WHEN transaction_code ~ '^PMNT/(CCRD|MCRD)' OR transaction_code = 'POS' THEN 'card'
        WHEN transaction_code ~ '^PMNT/CNTR' OR transaction_code = 'CASH' THEN 'cash'
        WHEN cheque_number IS NOT NULL THEN 'cheque'
        ELSE 'wire' END
$$;
COMMENT ON FUNCTION ar.bank_line_method(text, text) IS
'How the money of a bank line came: lockbox, direct_debit, cheque, card, cash, or wire, as its transaction code and cheque number say.';

-- Below, LATERAL with OFFSET 0 has each line looked up by its key, whatever the planner makes of a table that was empty a moment ago.

CREATE FUNCTION ar.confirm_payments(ledger_id integer, bank_line_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    confirmed bigint;
BEGIN
    WITH line AS MATERIALIZED (
        SELECT l.*
        FROM unnest(confirm_payments.bank_line_ids) AS wanted(id)
        CROSS JOIN LATERAL (
            SELECT l.bank_line_id, l.amount, l.booked_on, l.end_to_end_reference, l.bank_reference, l.cheque_number, l.mandate_reference
            FROM ar.bank_line AS l WHERE l.ledger_id = confirm_payments.ledger_id AND l.bank_line_id = wanted.id
            OFFSET 0) AS l
    ), candidate AS (
        SELECT l.bank_line_id, p.payment_id
        FROM line AS l
        CROSS JOIN LATERAL (VALUES (l.end_to_end_reference), (l.bank_reference), (l.cheque_number)) AS r(reference)
        CROSS JOIN LATERAL (
            SELECT p.payment_id FROM ar.payment AS p
            WHERE p.ledger_id = confirm_payments.ledger_id AND p.processor_reference = r.reference AND p.amount = l.amount
            OFFSET 0) AS p
        UNION
        -- A mandate is used again and again: for the same amount only about the same day.
        SELECT l.bank_line_id, p.payment_id
        FROM line AS l
        CROSS JOIN LATERAL (
            SELECT p.payment_id FROM ar.payment AS p
            WHERE p.ledger_id = confirm_payments.ledger_id AND p.mandate_reference = l.mandate_reference AND p.amount = l.amount
              AND p.received_on BETWEEN l.booked_on - 10 AND l.booked_on + 10
            OFFSET 0) AS p
    ), free AS (
        SELECT c.bank_line_id, c.payment_id,
               count(*) OVER (PARTITION BY c.bank_line_id) AS payments, count(*) OVER (PARTITION BY c.payment_id) AS lines
        FROM candidate AS c
        WHERE (SELECT count(*) FROM ar.bank_line AS b
               WHERE b.ledger_id = confirm_payments.ledger_id AND b.payment_id = c.payment_id AND ar.sign(b.amount) > 0) = 0
    )
    UPDATE ar.bank_line AS l SET payment_id = f.payment_id
    FROM free AS f
    -- Where two fit, none is taken: it is for somebody to decide.
    WHERE f.payments = 1 AND f.lines = 1
      AND l.ledger_id = confirm_payments.ledger_id AND l.bank_line_id = f.bank_line_id;
    GET DIAGNOSTICS confirmed = ROW_COUNT;
    RETURN confirmed;
END
$$;
COMMENT ON FUNCTION ar.confirm_payments(integer, bigint[]) IS
'Finds the payments that were recorded before the bank told of them, by the same amount and the reference of bank or processor, the number of the cheque, or the mandate about the same day, and sets them as what the lines are. Where several fit, none. For ar.post_bank_lines(), which locks first. Returns how many.';
REVOKE ALL ON FUNCTION ar.confirm_payments(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.post_bank_lines(ledger_id integer, bank_line_ids bigint[] DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    line_ids bigint[];
    payment_ids bigint[];
    confirmed bigint;
    -- Of a customer that is none: as the ledger has it for payments of nobody.
    refuses boolean := ar.refuses_card_numbers(post_bank_lines.ledger_id, 0);
BEGIN
    IF post_bank_lines.bank_line_ids IS NULL THEN
        SELECT array_agg(l.bank_line_id ORDER BY l.bank_line_id) INTO line_ids
        FROM (SELECT l.bank_line_id FROM ar.bank_line AS l
              WHERE l.ledger_id = post_bank_lines.ledger_id AND l.payment_id IS NULL AND l.duplicate_of IS NULL
                AND l.ignored_reason IS NULL AND l.is_booked AND ar.sign(l.amount) > 0
              ORDER BY l.bank_line_id FOR NO KEY UPDATE) AS l;
    ELSE
        SELECT array_agg(l.bank_line_id ORDER BY l.bank_line_id) INTO line_ids
        FROM (SELECT DISTINCT u.id FROM unnest(post_bank_lines.bank_line_ids) AS u(id) ORDER BY u.id) AS wanted
        CROSS JOIN LATERAL (
            SELECT l.bank_line_id FROM ar.bank_line AS l
            WHERE l.ledger_id = post_bank_lines.ledger_id AND l.bank_line_id = wanted.id AND l.payment_id IS NULL AND l.duplicate_of IS NULL
              AND l.ignored_reason IS NULL AND l.is_booked AND ar.sign(l.amount) > 0
            FOR NO KEY UPDATE) AS l;
    END IF;
    IF line_ids IS NULL THEN
        RETURN 0;
    END IF;
    confirmed := ar.confirm_payments(post_bank_lines.ledger_id, line_ids);
    SELECT array_agg(l.bank_line_id ORDER BY l.bank_line_id), array_agg(nextval('ar.document_id') ORDER BY l.bank_line_id)
    INTO line_ids, payment_ids
    FROM unnest(line_ids) AS wanted(id)
    CROSS JOIN LATERAL (
        SELECT l.bank_line_id FROM ar.bank_line AS l
        WHERE l.ledger_id = post_bank_lines.ledger_id AND l.bank_line_id = wanted.id AND l.payment_id IS NULL
        OFFSET 0) AS l;
    IF line_ids IS NULL THEN
        RETURN confirmed;
    END IF;

    WITH line AS MATERIALIZED (
        SELECT made.payment_id, l.*, ar.bank_line_method(l.transaction_code, l.cheque_number) AS kind
        FROM unnest(line_ids, payment_ids) AS made(line_id, payment_id)
        CROSS JOIN LATERAL (
            SELECT l.amount, l.value_on, l."text", l.structured_reference, l.payer_name, l.payer_account, l.mandate_reference,
                   l.end_to_end_reference, l.cheque_number, l.bank_reference, l.transaction_code
            FROM ar.bank_line AS l WHERE l.ledger_id = post_bank_lines.ledger_id AND l.bank_line_id = made.line_id
            OFFSET 0) AS l
    ), method AS MATERIALIZED (
        -- A ledger may have renamed a method.
        SELECT DISTINCT ON (m.kind) m.kind, m.method FROM ar.payment_method AS m
        WHERE m.ledger_id = post_bank_lines.ledger_id ORDER BY m.kind, m.method <> m.kind, m.method
    )
    INSERT INTO ar.payment (ledger_id, payment_id, amount, received_on, method, reference, structured_reference, payer_name,
                            payer_account, mandate_reference, processor_reference)
    SELECT post_bank_lines.ledger_id, l.payment_id, l.amount, l.value_on, coalesce(m.method, 'wire'),
           ar.without_card_numbers(coalesce(l."text", l.end_to_end_reference), refuses),
           CASE WHEN NOT refuses OR NOT ar.has_card_number(l.structured_reference) THEN l.structured_reference END,
           ar.without_card_numbers(l.payer_name, refuses), l.payer_account, l.mandate_reference,
           ar.mask_card_numbers(coalesce(l.end_to_end_reference, l.cheque_number, l.bank_reference))
    FROM line AS l
    LEFT JOIN method AS m ON m.kind = l.kind
    ORDER BY l.payment_id;

    UPDATE ar.bank_line AS l SET payment_id = made.payment_id
    FROM (SELECT DISTINCT post_bank_lines.ledger_id AS ledger_id, u.line_id, u.payment_id
          FROM unnest(line_ids, payment_ids) AS u(line_id, payment_id)) AS made
    WHERE l.ledger_id = made.ledger_id AND l.bank_line_id = made.line_id;
    RETURN confirmed + cardinality(line_ids);
END
$$;
COMMENT ON FUNCTION ar.post_bank_lines(integer, bigint[]) IS
'Makes payments of the credits of bank lines, without a customer yet; one that was recorded before is found and taken instead. Ignored lines, duplicates, debits and what is announced only are passed over.
Arguments: ledger_id; bank_line_ids, NULL for all that wait.
Result: how many lines are payments now.
Errors: those of an INSERT into ar.payment.';
REVOKE ALL ON FUNCTION ar.post_bank_lines(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.ignore_bank_lines(ledger_id integer, bank_line_ids bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    refused record;
    changed bigint;
BEGIN
    IF coalesce(ignore_bank_lines.reason, '') !~ '\S' THEN
        RAISE check_violation USING
            MESSAGE = 'a bank line is ignored for a reason',
            HINT = 'Say why it is no matter of the receivables. ar.restore_bank_lines() takes it back.';
    END IF;
    PERFORM FROM (SELECT DISTINCT ignore_bank_lines.ledger_id AS ledger_id, u.id FROM unnest(ignore_bank_lines.bank_line_ids) AS u(id)) AS wanted
    JOIN ar.bank_line AS l ON l.ledger_id = wanted.ledger_id AND l.bank_line_id = wanted.id
    ORDER BY l.bank_line_id FOR NO KEY UPDATE OF l;
    SELECT wanted.id, l.bank_line_id, l.payment_id, l.duplicate_of, ar.sign(l.amount) AS side INTO refused
    FROM (SELECT DISTINCT ignore_bank_lines.ledger_id AS ledger_id, u.id FROM unnest(ignore_bank_lines.bank_line_ids) AS u(id)) AS wanted
    LEFT JOIN ar.bank_line AS l ON l.ledger_id = wanted.ledger_id AND l.bank_line_id = wanted.id
    WHERE l.bank_line_id IS NULL OR l.payment_id IS NOT NULL OR l.duplicate_of IS NOT NULL
    ORDER BY wanted.id LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('bank line %s cannot be ignored', refused.id),
            DETAIL = CASE WHEN refused.bank_line_id IS NULL THEN format('Ledger %s has none of this id.', ignore_bank_lines.ledger_id)
                          WHEN refused.duplicate_of IS NOT NULL THEN format('It tells line %s again, and counts for nothing.', refused.duplicate_of)
                          WHEN refused.side < 0 THEN format('It took back payment %s.', refused.payment_id)
                          ELSE format('It is payment %s already.', refused.payment_id) END,
            HINT = CASE WHEN refused.bank_line_id IS NULL THEN 'Look it up in ar.report_bank_line.'
                        WHEN refused.duplicate_of IS NOT NULL THEN 'There is nothing to be done.'
                        WHEN refused.side < 0 THEN 'What it did stays.'
                        ELSE format('Where the money is no matter of the receivables, take the payment back: ar.reverse_payment(%s, %s, ''in_error'', reason => ''...''). The line then waits for nobody.',
                                    ignore_bank_lines.ledger_id, refused.payment_id) END;
    END IF;
    UPDATE ar.bank_line AS l SET ignored_reason = ignore_bank_lines.reason
    FROM (SELECT DISTINCT ignore_bank_lines.ledger_id AS ledger_id, u.id FROM unnest(ignore_bank_lines.bank_line_ids) AS u(id)) AS wanted
    WHERE l.ledger_id = wanted.ledger_id AND l.bank_line_id = wanted.id;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION ar.ignore_bank_lines(integer, bigint[], text) IS
'Says that bank lines are no matter of the receivables, such as interest or a transfer between own accounts.
Arguments: ledger_id; bank_line_ids; reason. Result: how many.
Errors: 23514 no reason; RA004 one is a payment already, a duplicate, or does not exist.';
REVOKE ALL ON FUNCTION ar.ignore_bank_lines(integer, bigint[], text) FROM PUBLIC;

CREATE FUNCTION ar.restore_bank_lines(ledger_id integer, bank_line_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    changed bigint;
BEGIN
    PERFORM FROM (SELECT DISTINCT restore_bank_lines.ledger_id AS ledger_id, u.id FROM unnest(restore_bank_lines.bank_line_ids) AS u(id)) AS wanted
    JOIN ar.bank_line AS l ON l.ledger_id = wanted.ledger_id AND l.bank_line_id = wanted.id
    ORDER BY l.bank_line_id FOR NO KEY UPDATE OF l;
    UPDATE ar.bank_line AS l SET ignored_reason = NULL
    FROM (SELECT DISTINCT restore_bank_lines.ledger_id AS ledger_id, u.id FROM unnest(restore_bank_lines.bank_line_ids) AS u(id)) AS wanted
    WHERE l.ledger_id = wanted.ledger_id AND l.bank_line_id = wanted.id AND l.ignored_reason IS NOT NULL;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION ar.restore_bank_lines(integer, bigint[]) IS
'Takes back that bank lines were ignored; they wait again. Arguments: ledger_id; bank_line_ids. Result: how many were.';
REVOKE ALL ON FUNCTION ar.restore_bank_lines(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.count_bank_lines(ledger_id integer, bank_line_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    changed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock('ar.bank_file'::regclass::oid::integer, count_bank_lines.ledger_id);
    UPDATE ar.bank_line AS l SET duplicate_of = NULL, occurrence = n.occurrence
    FROM (SELECT l.bank_line_id,
                 (SELECT coalesce(max(k.occurrence), 0) FROM ar.bank_line AS k
                  WHERE k.ledger_id = l.ledger_id AND k.bank_account_id = l.bank_account_id AND k.identity = l.identity
                    AND k.duplicate_of IS NULL)
                 + row_number() OVER (PARTITION BY l.bank_account_id, l.identity ORDER BY l.bank_line_id) AS occurrence
          FROM (SELECT DISTINCT count_bank_lines.ledger_id AS ledger_id, u.id FROM unnest(count_bank_lines.bank_line_ids) AS u(id)) AS wanted
          JOIN ar.bank_line AS l ON l.ledger_id = wanted.ledger_id AND l.bank_line_id = wanted.id
          WHERE l.duplicate_of IS NOT NULL) AS n
    WHERE l.ledger_id = count_bank_lines.ledger_id AND l.bank_line_id = n.bank_line_id;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION ar.count_bank_lines(integer, bigint[]) IS
'Says that lines which were taken for duplicates are movements of their own: two files had a payment each that look the same, and neither had both. They wait then like new ones.
Arguments: ledger_id; bank_line_ids. Result: how many were duplicates.';
REVOKE ALL ON FUNCTION ar.count_bank_lines(integer, bigint[]) FROM PUBLIC;
