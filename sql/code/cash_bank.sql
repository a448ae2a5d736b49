-- cash: bank files, how they are recognised and read.

CREATE TYPE ar.bank_record AS (
    record text,
    statement integer,
    "position" integer,
    line_number integer,
    account text,
    bank text,
    account_name text,
    currency text,
    kind text,
    reference text,
    opened_on date,
    closed_on date,
    opening ar.monetary,
    closing ar.monetary,
    entries integer,
    transaction_details integer,
    mismatch text[],
    amount ar.monetary,
    booked_on date,
    value_on date,
    is_booked boolean,
    is_reversal boolean,
    bank_reference text,
    entry_reference text,
    entry_amount ar.monetary,
    batch_size integer,
    detail_position integer,
    end_to_end_reference text,
    mandate_reference text,
    structured_reference text,
    cheque_number text,
    transaction_code text,
    "text" text,
    payer_name text,
    payer_account text,
    payer_bank text,
    return_reason text,
    original_end_to_end_reference text,
    original jsonb
);
COMMENT ON TYPE ar.bank_record IS
'A row of what a reader of bank files finds: a line, a statement, or (record = file) what does not agree in the file as a whole. The columns are those of ar.bank_line and ar.bank_statement; statement counts the statements of the file.';

CREATE FUNCTION ar.read_bank_file(
    content bytea,
    format text,
    encoding text DEFAULT NULL,
    currency text DEFAULT NULL,
    month_has_30_days boolean DEFAULT false
) RETURNS SETOF ar.bank_record
AS 'MODULE_PATHNAME', 'ar_read_bank_file'
LANGUAGE C STABLE ROWS 1000 PARALLEL SAFE;
COMMENT ON FUNCTION ar.read_bank_file(bytea, text, text, text, boolean) IS
'Reads a bank file and stores nothing.
Arguments: content; format: MT940 (also MT942), BAI2, lockbox or OFX; encoding, by default as a byte order mark says, UTF8 where all of it is valid, else WIN1252; currency, where the file names none; month_has_30_days, true to take 29 and 30 February for the last day of February.
Errors: RA008 malformed, with the number of the line; 22023 unknown format, encoding or currency.';

CREATE FUNCTION ar.read_bank_csv(
    content bytea,
    encoding text,
    currency text,
    delimiter text,
    decimal_sign text,
    date_format text,
    skip integer,
    has_header boolean,
    targets text[],
    sources text[],
    debit_words text[],
    credit_words text[]
) RETURNS SETOF ar.bank_record
AS 'MODULE_PATHNAME', 'ar_read_bank_csv'
LANGUAGE C STABLE ROWS 1000 PARALLEL SAFE;
COMMENT ON FUNCTION ar.read_bank_csv(bytea, text, text, text, text, text, integer, boolean, text[], text[], text[], text[]) IS
'Reads the rows of a CSV file as lines, which belong to no statement yet. For ar.read_csv(), which knows the defaults.
Arguments: content; encoding; currency, of rows that name none; delimiter; decimal_sign; date_format, of DD, MM, YY, YYYY, or D and M; skip, lines before the headings; has_header; targets and sources, an element each for what a column is and how it is called; debit_words and credit_words, what an indicator may say.
Errors: RA008 malformed, with the number of the line; 22023 an unknown target.';

CREATE FUNCTION ar.camt_amount(amount text, currency text, place text) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_camt_amount'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.camt_amount(text, text, text) IS
'An amount as a camt message writes it. Errors: RA008 there is none, or it is malformed, with place, the path of its element.';

CREATE FUNCTION ar.camt_date(value text, place text) RETURNS date
AS 'MODULE_PATHNAME', 'ar_camt_date'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.camt_date(text, text) IS
'The date of a date or moment as a camt message writes it; NULL for none. Errors: RA008 no date, or one that does not exist, with place, the path of its element.';

CREATE FUNCTION ar.bank_file_format(content bytea) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN h.head ~ '^(OFXHEADER|<\?OFX)' OR h.head ~ '<OFX>' THEN 'OFX'
        WHEN h.head ~ '^<' THEN 'camt'
        WHEN h.head ~ '(^|[\r\n]|\{4:)(:20:|:940:|:942:)' THEN 'MT940'
        WHEN h.head ~ '^01,' THEN 'BAI2'
        WHEN h.head ~ '^1[0-9][0-9 ].{20}[0-9]{6}' AND h.head ~ '[\r\n]+[25]' THEN 'lockbox'
        ELSE 'CSV' END
    -- As printable characters, whatever the bytes are; without a byte order mark.
    FROM (SELECT ltrim(regexp_replace(encode(substring(content FROM 1 FOR 4096), 'escape'), '^\\357\\273\\277', ''),
                       E' \t\r\n') AS head) AS h
$$;
COMMENT ON FUNCTION ar.bank_file_format(bytea) IS
'What the beginning of a bank file looks like: camt, MT940, BAI2, lockbox, OFX, or else CSV.';

CREATE FUNCTION ar.masked_bank_text(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.mask_card_numbers(content) $$;
COMMENT ON FUNCTION ar.masked_bank_text(text) IS
'A text of a bank file as it is stored: without card numbers.';

CREATE FUNCTION ar.blank_card_numbers(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT CASE WHEN ar.has_card_number(content) THEN (
        SELECT string_agg(CASE WHEN ar.has_card_number(p.part[1]) THEN translate(p.part[1], '0123456789', '**********')
                               ELSE p.part[1] END, '' ORDER BY p.nth)
        FROM regexp_matches(content, '[0-9](?:[ -]?[0-9])*|[^0-9]+', 'g') WITH ORDINALITY AS p(part, nth))
        ELSE content END
$$;
COMMENT ON FUNCTION ar.blank_card_numbers(text) IS
'The text with an asterisk for each digit of whatever ar.has_card_number() takes for a card number: what a payment may hold of a text that nobody can be asked to correct.';

CREATE FUNCTION ar.bank_account_id(account text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT CASE WHEN c.account ~ '^[A-Z]{2}[0-9]{2}.*[A-Z]{3}$' AND NOT ar.is_iban(c.account)
                     AND ar.is_iban(left(c.account, -3)) THEN left(c.account, -3)
                ELSE c.account END
    FROM (SELECT upper(regexp_replace(account, '[[:space:]]', '', 'g')) AS account) AS c
$$;
COMMENT ON FUNCTION ar.bank_account_id(text) IS
'The number of a bank account as ar.bank_account keeps it: in capitals, without spaces, and an IBAN without the currency that some banks write after it.';
