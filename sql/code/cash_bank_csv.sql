-- cash: bank files of CSV, by a mapping of their columns.

CREATE FUNCTION ar.named_bank_account(account text, line_number integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF account IS NULL THEN
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = format('malformed CSV file, line %s', line_number),
            DETAIL = 'The statement does not name its account.',
            HINT = 'Give the account in the options, or the column that has it.';
    END IF;
    RETURN account;
END
$$;
COMMENT ON FUNCTION ar.named_bank_account(text, integer) IS
'The account of a statement in a CSV file. Errors: RA008 it has none, with the number of its first line.';

CREATE FUNCTION ar.read_csv(content bytea, mapping jsonb, account text DEFAULT NULL, currency text DEFAULT NULL)
RETURNS SETOF ar.bank_record
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    known_keys CONSTANT text[] := '{columns,delimiter,decimal,date_format,encoding,skip,header,account,currency,debit,credit,account_name,bank}';
    wrong text;
    targets text[];
    sources text[];
BEGIN
    SELECT k.key INTO wrong FROM jsonb_object_keys(read_csv.mapping) AS k(key) WHERE k.key <> ALL (known_keys) LIMIT 1;
    IF FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown key "%s" in the mapping of a CSV file', wrong),
            HINT = format('The keys are %s.', array_to_string(known_keys, ', '));
    END IF;
    IF jsonb_typeof(read_csv.mapping -> 'columns') IS DISTINCT FROM 'object' THEN
        RAISE invalid_parameter_value USING
            MESSAGE = 'the mapping of a CSV file has no columns',
            HINT = 'Say which column is what, such as {"columns": {"booked_on": "Date", "amount": "Amount", "text": ["Purpose", "Note"]}}.';
    END IF;
    SELECT array_agg(c.key ORDER BY c.key, s.nth), array_agg(s.source ORDER BY c.key, s.nth) INTO targets, sources
    FROM jsonb_each(read_csv.mapping -> 'columns') AS c
    CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(c.value) WHEN 'array' THEN c.value ELSE jsonb_build_array(c.value) END)
        WITH ORDINALITY AS s(source, nth);

    RETURN QUERY
    WITH line AS MATERIALIZED (
        SELECT r.*, row_number() OVER () AS nth,
               coalesce(r.account, read_csv.mapping ->> 'account', read_csv.account) AS of_account,
               ar.currency(r.amount) AS of_currency
        FROM ar.read_bank_csv(
            read_csv.content, read_csv.mapping ->> 'encoding', coalesce(read_csv.mapping ->> 'currency', read_csv.currency),
            coalesce(read_csv.mapping ->> 'delimiter', ','), coalesce(read_csv.mapping ->> 'decimal', '.'),
            coalesce(read_csv.mapping ->> 'date_format', 'YYYY-MM-DD'), coalesce((read_csv.mapping ->> 'skip')::integer, 0),
            coalesce((read_csv.mapping ->> 'header')::boolean, true), targets, sources,
            coalesce(ARRAY(SELECT jsonb_array_elements_text(read_csv.mapping -> 'debit')), '{}')
                || '{D,DR,DBIT,S,-,Debit,debit,DEBIT}'::text[],
            coalesce(ARRAY(SELECT jsonb_array_elements_text(read_csv.mapping -> 'credit')), '{}')
                || '{C,CR,CRDT,H,+,Credit,credit,CREDIT}'::text[]) AS r
    ), statement AS MATERIALIZED (
        -- The rows of one account and currency are a statement.
        SELECT l.of_account, l.of_currency, (row_number() OVER (ORDER BY min(l.nth)))::integer AS number,
               count(*)::integer AS entries,
               min(l.booked_on) AS opened_on, max(l.booked_on) AS closed_on, min(l.line_number) AS line_number
        FROM line AS l GROUP BY l.of_account, l.of_currency
    )
    SELECT 'statement', s.number, NULL::integer, s.line_number, ar.named_bank_account(s.of_account, s.line_number), read_csv.mapping ->> 'bank', read_csv.mapping ->> 'account_name',
           s.of_currency, 'statement', NULL, s.opened_on, s.closed_on, NULL::ar.monetary, NULL::ar.monetary, s.entries, s.entries,
           NULL::text[], NULL::ar.monetary, NULL::date, NULL::date, NULL::boolean, NULL::boolean, NULL, NULL, NULL::ar.monetary,
           NULL::integer, NULL::integer, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL::jsonb
    FROM statement AS s
    UNION ALL
    SELECT 'line', s.number, (row_number() OVER (PARTITION BY s.number ORDER BY l.nth))::integer, l.line_number, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, l.amount, l.booked_on, l.value_on, l.is_booked, false, l.bank_reference,
           l.entry_reference, l.entry_amount, l.batch_size, l.detail_position, l.end_to_end_reference, l.mandate_reference,
           l.structured_reference, l.cheque_number, l.transaction_code, l."text", l.payer_name, l.payer_account, l.payer_bank,
           l.return_reason, l.original_end_to_end_reference, l.original
    FROM line AS l
    JOIN statement AS s ON s.of_currency = l.of_currency AND s.of_account IS NOT DISTINCT FROM l.of_account;
END
$$;
COMMENT ON FUNCTION ar.read_csv(bytea, jsonb, text, text) IS
'Reads a CSV file by a mapping of its columns, and stores nothing. The rows of one account and currency are a statement.
Arguments: content; mapping, an object with columns and perhaps delimiter (by default a comma), decimal (a point), date_format (YYYY-MM-DD), encoding, skip (lines before the headings), header (true), account, account_name, bank, currency, debit and credit (what an indicator says, arrays); account and currency, where neither row nor mapping name them.
Columns: an object of what each is (booked_on, value_on, amount; or credit and debit; or amount and indicator; currency, account, text, payer_name, payer_account, payer_bank, bank_reference, end_to_end_reference, mandate_reference, structured_reference, cheque_number, transaction_code, return_reason, original) and how it is called: a heading, or an array of them, or numbers from 1 where there are no headings.
Errors: 22023 a malformed mapping; RA008 a row that does not fit it, with the number of the line.';

CREATE FUNCTION ar.tg_stamp_bank_csv_format() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.changed_by := session_user;
    NEW.changed_at := clock_timestamp();
    NEW.header := nullif(btrim(NEW.header, E' \r\n'), '');
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_bank_csv_format() IS 'Trigger, before each row of ar.bank_csv_format: says who wrote it and when.';
REVOKE ALL ON FUNCTION ar.tg_stamp_bank_csv_format() FROM PUBLIC;

CREATE FUNCTION ar.bank_csv_mapping(ledger_id integer, content bytea, options jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    head bytea := substring(bank_csv_mapping.content FROM 1 FOR 65536);
    known jsonb;
BEGIN
    IF bank_csv_mapping.options ? 'columns' THEN
        RETURN bank_csv_mapping.options;
    END IF;
    IF bank_csv_mapping.options ->> 'csv_format' IS NOT NULL THEN
        SELECT f.mapping INTO known FROM ar.bank_csv_format AS f
        WHERE f.ledger_id = bank_csv_mapping.ledger_id AND f.name = bank_csv_mapping.options ->> 'csv_format';
        IF NOT FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('CSV format "%s" does not exist in ledger %s', bank_csv_mapping.options ->> 'csv_format', bank_csv_mapping.ledger_id),
                HINT = 'Insert it into ar.bank_csv_format, or give the columns in the options.';
        END IF;
        RETURN known || (bank_csv_mapping.options - 'csv_format');
    END IF;
    -- A heading that two formats share with different columns decides nothing.
    SELECT min(f.mapping::text)::jsonb INTO known
    FROM ar.bank_csv_format AS f
    CROSS JOIN LATERAL (SELECT convert_to(f.header, coalesce(f.mapping ->> 'encoding', 'UTF8')) AS bytes) AS h
    WHERE f.ledger_id = bank_csv_mapping.ledger_id AND f.header IS NOT NULL
      AND (position(h.bytes || '\x0a'::bytea IN head) > 0 OR position(h.bytes || '\x0d'::bytea IN head) > 0)
    HAVING count(DISTINCT f.mapping) = 1;
    IF known IS NULL THEN
        RAISE SQLSTATE 'RA008' USING
            MESSAGE = 'the format of the bank file is not recognised',
            DETAIL = 'It begins like no camt, MT940, BAI2, lockbox or OFX, and no CSV format of the ledger has its headings.',
            HINT = 'Name the format, or say in the options which columns a CSV file has.';
    END IF;
    RETURN known || bank_csv_mapping.options;
END
$$;
COMMENT ON FUNCTION ar.bank_csv_mapping(integer, bytea, jsonb) IS
'The mapping of a CSV file: the columns in the options, the format that they name (csv_format), or the one of the ledger whose headings the file has.
Errors: 23503 no such format; RA008 none has these headings.';
