-- cash: bank files, how they are stored, each line once.

CREATE FUNCTION ar.bank_records(ledger_id integer, content bytea, format text, options jsonb) RETURNS SETOF ar.bank_record
LANGUAGE plpgsql STABLE ROWS 10000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    encoding text := bank_records.options ->> 'encoding';
    currency text := bank_records.options ->> 'currency';
    account text := bank_records.options ->> 'account';
BEGIN
    CASE bank_records.format
        WHEN 'camt' THEN
            RETURN QUERY SELECT * FROM ar.read_camt(bank_records.content, encoding, currency);
        WHEN 'CSV' THEN
            RETURN QUERY SELECT * FROM ar.read_csv(bank_records.content,
                ar.bank_csv_mapping(bank_records.ledger_id, bank_records.content, bank_records.options - '{post,month_has_30_days}'::text[]),
                account, coalesce(currency, (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = bank_records.ledger_id)));
        WHEN 'lockbox' THEN
            RETURN QUERY SELECT * FROM ar.read_bank_file(bank_records.content, bank_records.format, encoding,
                coalesce(currency, (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = bank_records.ledger_id)));
        ELSE
            RETURN QUERY SELECT * FROM ar.read_bank_file(bank_records.content, bank_records.format, encoding, currency,
                coalesce((bank_records.options ->> 'month_has_30_days')::boolean, false));
    END CASE;
END
$$;
COMMENT ON FUNCTION ar.bank_records(integer, bytea, text, jsonb) IS
'Reads a bank file of any format, and stores nothing. For ar.import_bank_statement(), where the arguments are described.';

CREATE FUNCTION ar.bank_line_identity(
    is_booked boolean, booked_on date, value_on date, amount text, bank_reference text, entry_reference text, detail_position integer,
    end_to_end_reference text, mandate_reference text, structured_reference text, cheque_number text, content text,
    payer_name text, payer_account text, customer_reference text
) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(convert_to(CASE
        WHEN bank_reference IS NOT NULL THEN jsonb_build_array('bank', is_booked, booked_on - '2000-01-01'::date, amount, bank_reference,
            -- The transactions of a batch may have nothing but the reference of the entry.
            CASE WHEN detail_position IS NOT NULL AND bank_reference = entry_reference
                 THEN coalesce(end_to_end_reference, structured_reference, content, payer_account) END)
        WHEN end_to_end_reference IS NOT NULL THEN jsonb_build_array('end to end', is_booked, booked_on - '2000-01-01'::date, amount,
            end_to_end_reference, payer_account)
        ELSE jsonb_build_array('all', is_booked, booked_on - '2000-01-01'::date, value_on - '2000-01-01'::date, amount, mandate_reference,
            structured_reference, cheque_number, content, payer_name, payer_account, customer_reference)
        END::text, 'UTF8'))
$$;
COMMENT ON FUNCTION ar.bank_line_identity(boolean, date, date, text, text, text, integer, text, text, text, text, text, text, text, text) IS
'The SHA-256 by which a line is known again in another file: date, amount, and the bank''s reference where there is one, else the end-to-end reference and the payer''s account, else all that the line says.';

CREATE FUNCTION ar.imported_bank_file(ledger_id integer, file_id bigint, is_first boolean)
RETURNS TABLE (
    bank_statement_id bigint, account text, statement_reference text, kind text, opening numeric, closing numeric, currency text,
    entries integer, transaction_details integer, new_lines bigint, known_lines bigint, credit_total numeric, debit_total numeric,
    mismatch text, is_new boolean, bank_file_id bigint)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.bank_statement_id, a.account, s.reference, s.kind, ar.amount(s.opening), ar.amount(s.closing), s.currency,
           s.entries, s.transaction_details, l.new_lines, l.known_lines, s.credit_total, s.debit_total,
           nullif(array_to_string(s.mismatch || f.mismatch, '; '), ''), imported_bank_file.is_first, f.bank_file_id
    FROM ar.bank_file AS f
    JOIN ar.bank_statement AS s ON s.ledger_id = f.ledger_id AND s.bank_file_id = f.bank_file_id
    JOIN ar.bank_account AS a ON a.ledger_id = s.ledger_id AND a.bank_account_id = s.bank_account_id
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE l.duplicate_of IS NULL) AS new_lines, count(l.duplicate_of) AS known_lines
        FROM ar.bank_line AS l WHERE l.ledger_id = s.ledger_id AND l.bank_statement_id = s.bank_statement_id) AS l
    WHERE f.ledger_id = imported_bank_file.ledger_id AND f.bank_file_id = imported_bank_file.file_id
    ORDER BY s."position";
END
$$;
COMMENT ON FUNCTION ar.imported_bank_file(integer, bigint, boolean) IS
'The result of ar.import_bank_statement() for a file that is stored: a row a statement.';

CREATE FUNCTION ar.store_bank_file(ledger_id integer, content bytea, format text, options jsonb, digest bytea) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
-- Lines are looked for by their key; a table that is young would be read whole for each.
SET enable_seqscan = off
-- Nobody knows how many lines a file has: what joins them must not go through all for each.
SET enable_nestloop = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    file_id bigint := nextval('ar.document_id');
BEGIN
    WITH record AS MATERIALIZED (
        SELECT r.* FROM ar.bank_records(store_bank_file.ledger_id, store_bank_file.content, store_bank_file.format, store_bank_file.options) AS r
    ), said AS MATERIALIZED (
        SELECT r.*, ar.bank_account_id(r.account) AS of_account,
               coalesce(r.currency, (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = store_bank_file.ledger_id)) AS of_currency
        FROM record AS r WHERE r.record = 'statement'
    ), account AS (
        INSERT INTO ar.bank_account AS a (ledger_id, account, currency, bank, name, imported_at)
        SELECT DISTINCT ON (s.of_account, s.of_currency) store_bank_file.ledger_id, s.of_account, s.of_currency, s.bank, s.account_name,
               clock_timestamp()
        FROM said AS s ORDER BY s.of_account, s.of_currency, s.statement
        ON CONFLICT (ledger_id, account, currency) DO UPDATE SET
            imported_at = EXCLUDED.imported_at, bank = coalesce(a.bank, EXCLUDED.bank), name = coalesce(a.name, EXCLUDED.name)
        RETURNING a.bank_account_id, a.account, a.currency
    ), statement AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS bank_statement_id, s.*, a.bank_account_id
        FROM (SELECT s.* FROM said AS s ORDER BY s.statement) AS s
        JOIN account AS a ON a.account = s.of_account AND a.currency = s.of_currency
    ), line AS MATERIALIZED (
        SELECT r.statement, r."position", s.bank_statement_id, s.bank_account_id, s.of_currency, r.amount, r.booked_on, r.value_on,
               coalesce(r.is_booked, true) AS is_booked, coalesce(r.is_reversal, false) AS is_reversal,
               left(r.bank_reference, 250) AS bank_reference, left(r.entry_reference, 250) AS entry_reference, r.entry_amount,
               r.batch_size, r.detail_position, left(r.end_to_end_reference, 250) AS end_to_end_reference,
               left(r.mandate_reference, 250) AS mandate_reference, left(r.structured_reference, 250) AS structured_reference,
               left(r.cheque_number, 250) AS cheque_number, r.transaction_code, nullif(ar.mask_card_numbers(r."text"), '') AS content,
               nullif(ar.mask_card_numbers(r.payer_name), '') AS payer_name, left(nullif(ar.compact_id(r.payer_account), ''), 250) AS payer_account,
               r.payer_bank, r.return_reason, left(r.original_end_to_end_reference, 250) AS original_end_to_end_reference,
               ar.mask_card_numbers(r.original::text)::jsonb AS original
        FROM record AS r JOIN statement AS s ON s.statement = r.statement
        WHERE r.record = 'line'
    ), identified AS MATERIALIZED (
        SELECT l.*, ar.bank_line_identity(l.is_booked, l.booked_on, l.value_on, l.amount::text, l.bank_reference, l.entry_reference,
                   l.detail_position, l.end_to_end_reference, l.mandate_reference, l.structured_reference, l.cheque_number, l.content,
                   l.payer_name, l.payer_account, l.original ->> 'customer_reference') AS identity
        FROM line AS l
    ), numbered AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS bank_line_id, i.*
        FROM (SELECT i.*, row_number() OVER (PARTITION BY i.bank_account_id, i.identity ORDER BY i.statement, i."position") AS occurrence
              FROM identified AS i ORDER BY i.statement, i."position") AS i
    ), known AS MATERIALIZED (
        SELECT n.*, coalesce(
            (SELECT k.bank_line_id FROM ar.bank_line AS k
             WHERE k.ledger_id = store_bank_file.ledger_id AND k.bank_account_id = n.bank_account_id AND k.identity = n.identity
               AND k.occurrence = n.occurrence AND k.duplicate_of IS NULL),
            -- A batch that one file tells as one line and another by its transactions.
            CASE WHEN n.entry_reference IS NOT NULL THEN
                (SELECT min(k.bank_line_id) FROM ar.bank_line AS k
                 WHERE k.ledger_id = store_bank_file.ledger_id AND k.entry_reference = n.entry_reference
                   AND k.bank_account_id = n.bank_account_id AND k.booked_on = n.booked_on AND k.entry_amount = n.entry_amount
                   AND k.is_booked = n.is_booked AND k.duplicate_of IS NULL
                   AND (k.detail_position IS NULL) <> (n.detail_position IS NULL)) END) AS duplicate_of
        FROM numbered AS n
    ), total AS (
        SELECT l.statement, count(*)::integer AS lines,
               sum(ar.amount(l.amount)) FILTER (WHERE c.is_same AND ar.sign(l.amount) > 0) AS credits,
               -sum(ar.amount(l.amount)) FILTER (WHERE c.is_same AND ar.sign(l.amount) < 0) AS debits,
               count(*) FILTER (WHERE NOT c.is_same AND l.is_booked) AS others
        FROM line AS l
        CROSS JOIN LATERAL (SELECT l.is_booked AND ar.currency(l.amount) = l.of_currency AS is_same) AS c
        GROUP BY l.statement
    ), new_file AS (
        INSERT INTO ar.bank_file (ledger_id, bank_file_id, sha256, format, bytes, mismatch)
        SELECT store_bank_file.ledger_id, file_id, store_bank_file.digest, store_bank_file.format, length(store_bank_file.content),
               (SELECT r.mismatch FROM record AS r WHERE r.record = 'file')
        ON CONFLICT (ledger_id, sha256) WHERE sha256 IS NOT NULL DO NOTHING
    ), new_statement AS (
        INSERT INTO ar.bank_statement (ledger_id, bank_statement_id, bank_file_id, "position", bank_account_id, kind, reference,
            opened_on, closed_on, currency, opening, closing, entries, transaction_details, lines, credit_total, debit_total, mismatch)
        SELECT store_bank_file.ledger_id, s.bank_statement_id, file_id, s.statement, s.bank_account_id, s.kind, s.reference,
               s.opened_on, s.closed_on, s.of_currency, s.opening, s.closing, s.entries, s.transaction_details,
               coalesce(t.lines, 0), coalesce(t.credits, 0), coalesce(t.debits, 0),
               nullif(coalesce(s.mismatch, '{}') || array_remove(ARRAY[
                   CASE WHEN ar.currency(s.opening) <> s.of_currency OR ar.currency(s.closing) <> s.of_currency
                        THEN format('the account is in %s, a balance in another currency', s.of_currency) END,
                   CASE WHEN t.others > 0 THEN format('%s lines are in another currency than the account', t.others) END,
                   CASE WHEN ar.amount(s.opening) + coalesce(t.credits, 0) - coalesce(t.debits, 0) <> ar.amount(s.closing)
                        THEN format('opening balance %s, plus credits %s, less debits %s, is %s; the closing balance is %s',
                                    ar.amount(s.opening), coalesce(t.credits, 0), coalesce(t.debits, 0),
                                    ar.amount(s.opening) + coalesce(t.credits, 0) - coalesce(t.debits, 0), ar.amount(s.closing)) END],
                   NULL), '{}')
        FROM statement AS s LEFT JOIN total AS t ON t.statement = s.statement
    )
    INSERT INTO ar.bank_line (ledger_id, bank_line_id, bank_statement_id, "position", bank_account_id, amount, booked_on, value_on,
        is_booked, is_reversal, bank_reference, entry_reference, entry_amount, batch_size, detail_position, end_to_end_reference,
        mandate_reference, structured_reference, cheque_number, transaction_code, "text", payer_name, payer_account, payer_bank,
        return_reason, original_end_to_end_reference, original, identity, occurrence, duplicate_of, ignored_reason)
    SELECT store_bank_file.ledger_id, k.bank_line_id, k.bank_statement_id, k."position", k.bank_account_id, k.amount, k.booked_on, k.value_on,
           k.is_booked, k.is_reversal, k.bank_reference, k.entry_reference, k.entry_amount, k.batch_size, k.detail_position,
           -- Only now: by what it said it is known again.
           ar.mask_card_numbers(k.end_to_end_reference), k.mandate_reference, k.structured_reference, k.cheque_number, k.transaction_code, k.content, k.payer_name,
           k.payer_account, k.payer_bank, k.return_reason, ar.mask_card_numbers(k.original_end_to_end_reference), k.original, k.identity, k.occurrence, k.duplicate_of,
           -- There is nothing that anybody could do with it.
           CASE WHEN k.is_booked AND k.duplicate_of IS NULL AND ar.sign(k.amount) = 0 THEN 'It moves no money.' END
    FROM known AS k
    ORDER BY k.bank_line_id
    -- At a stricter isolation level what another session stored is not seen: then this fails to serialize.
    ON CONFLICT (ledger_id, bank_account_id, identity, occurrence) WHERE duplicate_of IS NULL AND identity IS NOT NULL DO NOTHING;
    RETURN file_id;
END
$$;
COMMENT ON FUNCTION ar.store_bank_file(integer, bytea, text, jsonb, bytea) IS
'Stores a bank file that is not known yet, with its accounts, statements and lines, and returns its bank_file_id. For ar.import_bank_statement(), which locks first.';
REVOKE ALL ON FUNCTION ar.store_bank_file(integer, bytea, text, jsonb, bytea) FROM PUBLIC;

CREATE FUNCTION ar.check_bank_options(format text, options jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    csv_keys CONSTANT text[] := '{account,account_name,bank,columns,credit,csv_format,date_format,debit,decimal,delimiter,header,skip}';
    known_keys text[] := '{post,encoding,currency,month_has_30_days}';
    wrong text;
BEGIN
    -- Whoever has the format recognised may give what each needs.
    IF format IN ('CSV', 'auto') THEN
        known_keys := known_keys || csv_keys;
    END IF;
    SELECT k.key INTO wrong FROM jsonb_object_keys(options) AS k(key) WHERE k.key <> ALL (known_keys) ORDER BY k.key LIMIT 1;
    IF FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = pg_catalog.format('unknown option "%s" of a bank file', wrong),
            HINT = pg_catalog.format('The options %s are %s.', CASE format WHEN 'auto' THEN 'of all formats' ELSE 'of ' || format END, array_to_string(known_keys, ', '));
    END IF;
    SELECT k.key INTO wrong FROM jsonb_each(options) AS k
    WHERE k.key IN ('post', 'month_has_30_days') AND jsonb_typeof(k.value) NOT IN ('boolean', 'null')
    ORDER BY k.key LIMIT 1;
    IF FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = pg_catalog.format('option "%s" of a bank file is of type %s', wrong, jsonb_typeof(options -> wrong)),
            HINT = 'It is true or false.';
    END IF;
END
$$;
COMMENT ON FUNCTION ar.check_bank_options(text, jsonb) IS
'Raises 22023 unless the options of ar.import_bank_statement() are known ones, of their type: a misspelt one is an error, never lost. Arguments: format, auto or the one that was asked for; options.';

CREATE FUNCTION ar.import_bank_statement(
    ledger_id integer,
    content bytea,
    format text DEFAULT 'auto',
    options jsonb DEFAULT '{}'
) RETURNS TABLE (
    bank_statement_id bigint, account text, statement_reference text, kind text, opening numeric, closing numeric, currency text,
    entries integer, transaction_details integer, new_lines bigint, known_lines bigint, credit_total numeric, debit_total numeric,
    mismatch text, is_new boolean, bank_file_id bigint)
LANGUAGE plpgsql VOLATILE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := sha256(import_bank_statement.content);
    is_large boolean := length(import_bank_statement.content) > 10000000;
    file_format text;
    file_id bigint;
BEGIN
    PERFORM FROM ar.ledger AS l WHERE l.ledger_id = import_bank_statement.ledger_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('ledger %s does not exist', import_bank_statement.ledger_id),
            HINT = 'Create it with ar.create_ledger().';
    END IF;
    IF import_bank_statement.content IS NULL OR jsonb_typeof(coalesce(import_bank_statement.options, '{}')) <> 'object' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'a bank file needs its content, and options that are a JSON object',
            HINT = 'Give the bytes of the file, such as pg_read_binary_file() returns, and options such as {"encoding": "LATIN1"}.';
    END IF;
    file_format := CASE lower(regexp_replace(coalesce(import_bank_statement.format, 'auto'), '[^[:alnum:]]', '', 'g'))
        WHEN 'auto' THEN ar.bank_file_format(import_bank_statement.content)
        WHEN 'camt' THEN 'camt' WHEN 'camt052' THEN 'camt' WHEN 'camt053' THEN 'camt' WHEN 'camt054' THEN 'camt'
        WHEN 'mt940' THEN 'MT940' WHEN 'mt942' THEN 'MT940'
        WHEN 'bai' THEN CASE ar.bank_file_format(import_bank_statement.content) WHEN 'lockbox' THEN 'lockbox' ELSE 'BAI2' END
        WHEN 'bai2' THEN CASE ar.bank_file_format(import_bank_statement.content) WHEN 'lockbox' THEN 'lockbox' ELSE 'BAI2' END
        WHEN 'lockbox' THEN 'lockbox' WHEN 'ofx' THEN 'OFX' WHEN 'csv' THEN 'CSV' END;
    IF file_format IS NULL THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown format "%s" of a bank file', import_bank_statement.format),
            HINT = 'The formats are auto, camt, MT940, BAI2, lockbox, OFX and CSV.';
    END IF;
    PERFORM ar.check_bank_options(
        CASE WHEN lower(btrim(coalesce(import_bank_statement.format, 'auto'))) = 'auto' THEN 'auto' ELSE file_format END,
        coalesce(import_bank_statement.options, '{}'));

    -- One import of a ledger at a time: a line is known only when what came before is there.
    PERFORM pg_advisory_xact_lock('ar.bank_file'::regclass::oid::integer, import_bank_statement.ledger_id);
    SELECT f.bank_file_id INTO file_id FROM ar.bank_file AS f
    WHERE f.ledger_id = import_bank_statement.ledger_id AND f.sha256 = digest;
    IF FOUND THEN
        RETURN QUERY SELECT * FROM ar.imported_bank_file(import_bank_statement.ledger_id, file_id, false);
        RETURN;
    END IF;

    file_id := ar.store_bank_file(import_bank_statement.ledger_id, import_bank_statement.content, file_format,
                                  coalesce(import_bank_statement.options, '{}'), digest);
    IF is_large THEN
        RAISE NOTICE 'the lines of the % file are stored', file_format;
    END IF;
    IF coalesce((import_bank_statement.options ->> 'post')::boolean, true) THEN
        PERFORM ar.post_bank_lines(import_bank_statement.ledger_id, ARRAY(
            SELECT l.bank_line_id
            FROM ar.bank_statement AS s
            CROSS JOIN LATERAL (
                SELECT l.bank_line_id FROM ar.bank_line AS l
                WHERE l.ledger_id = s.ledger_id AND l.bank_statement_id = s.bank_statement_id
                  AND l.is_booked AND l.duplicate_of IS NULL AND ar.sign(l.amount) > 0
                OFFSET 0) AS l
            WHERE s.ledger_id = import_bank_statement.ledger_id AND s.bank_file_id = file_id
            ORDER BY l.bank_line_id));
        IF is_large THEN
            RAISE NOTICE 'its credits are payments';
        END IF;
    END IF;
    RETURN QUERY SELECT * FROM ar.imported_bank_file(import_bank_statement.ledger_id, file_id, true);
END
$$;
COMMENT ON FUNCTION ar.import_bank_statement(integer, bytea, text, jsonb) IS
'Imports a bank file, all or nothing: stores its statements and lines, and makes payments of its credits. The same file again changes nothing and returns what it returned; lines that an earlier file had are stored as duplicates, and become no payments.
Arguments: ledger_id; content, the bytes of the file; format: auto (recognised by its beginning), camt (052, 053, 054), MT940 (942), BAI2, lockbox, OFX or CSV; options, an object: post (true), whether credits become payments at once; encoding, where the file does not say; currency, where the file names none; month_has_30_days (false), takes 29 and 30 February for the last day of February; for CSV account and csv_format, a name of ar.bank_csv_format, or the mapping itself, see ar.read_csv().
Result: a row a statement: bank_statement_id; account, its number; statement_reference; kind; opening, closing and currency; entries; transaction_details; new_lines and known_lines, those that are new, and those that an earlier file had; credit_total and debit_total of the booked entries; mismatch, what does not agree in statement or file, NULL when all does; is_new, false for a file that was imported before; bank_file_id.
Errors: RA008 malformed, with the line or the element, or not recognised; 22023 unknown format, option, currency or encoding; 23503 no such ledger or CSV format.';
REVOKE ALL ON FUNCTION ar.import_bank_statement(integer, bytea, text, jsonb) FROM PUBLIC;
