-- cash: bank accounts, the files of their banks, and what these say.

CREATE TABLE ar.bank_account (
    ledger_id integer NOT NULL,
    bank_account_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    account text NOT NULL,
    currency text NOT NULL,
    bank text,
    name text,
    imported_at timestamptz,
    CONSTRAINT bank_account_pkey PRIMARY KEY (ledger_id, bank_account_id),
    CONSTRAINT bank_account_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT bank_account_account_key UNIQUE (ledger_id, account, currency),
    CONSTRAINT bank_account_account_check CHECK (account <> ''),
    CONSTRAINT bank_account_currency_check CHECK (currency ~ '^[A-Z]{3}$')
);
COMMENT ON TABLE ar.bank_account IS 'A row is one account that a ledger has at a bank, in one currency. The import of a bank file makes those that it does not know.';
COMMENT ON COLUMN ar.bank_account.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.bank_account.bank_account_id IS 'Id of the account.';
COMMENT ON COLUMN ar.bank_account.account IS 'Its IBAN, or the bank''s own number, in capitals without spaces.';
COMMENT ON COLUMN ar.bank_account.currency IS 'ISO 4217 code of its currency.';
COMMENT ON COLUMN ar.bank_account.bank IS 'The bank: its BIC, or its own number.';
COMMENT ON COLUMN ar.bank_account.name IS 'What the bank or people call the account.';
COMMENT ON COLUMN ar.bank_account.imported_at IS 'When a file last brought something about it.';

CREATE TABLE ar.bank_csv_format (
    ledger_id integer NOT NULL,
    name text NOT NULL,
    mapping jsonb NOT NULL,
    header text,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT bank_csv_format_pkey PRIMARY KEY (ledger_id, name),
    CONSTRAINT bank_csv_format_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT bank_csv_format_name_check CHECK (name <> ''),
    CONSTRAINT bank_csv_format_mapping_check CHECK (jsonb_typeof(mapping) = 'object' AND jsonb_typeof(mapping -> 'columns') = 'object')
);
COMMENT ON TABLE ar.bank_csv_format IS 'A row is one way in which a bank writes CSV: which column is what. Called by its name, or known by its headings.';
COMMENT ON COLUMN ar.bank_csv_format.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.bank_csv_format.name IS 'What the format is called.';
COMMENT ON COLUMN ar.bank_csv_format.mapping IS 'The options of ar.read_csv(): columns, delimiter, decimal, date_format, encoding, skip, header, account, currency, debit, credit.';
COMMENT ON COLUMN ar.bank_csv_format.header IS 'The row of headings as the bank writes it, by which a file is known to have this format; NULL: it is called by name only.';
COMMENT ON COLUMN ar.bank_csv_format.changed_by IS 'Who wrote it last.';
COMMENT ON COLUMN ar.bank_csv_format.changed_at IS 'When.';

CREATE TABLE ar.bank_file (
    ledger_id integer NOT NULL,
    bank_file_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    sha256 bytea NOT NULL,
    format text NOT NULL,
    bytes bigint NOT NULL,
    mismatch text[],
    imported_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT bank_file_pkey PRIMARY KEY (ledger_id, bank_file_id),
    CONSTRAINT bank_file_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT bank_file_sha256_check CHECK (length(sha256) = 32),
    CONSTRAINT bank_file_bytes_check CHECK (bytes >= 0),
    CONSTRAINT bank_file_mismatch_check CHECK (mismatch <> '{}')
);
CREATE UNIQUE INDEX bank_file_sha256_key ON ar.bank_file (ledger_id, sha256) WHERE sha256 IS NOT NULL;
COMMENT ON TABLE ar.bank_file IS 'A row is one bank file that was imported, by which it is known again. A fact: never changed.';
COMMENT ON COLUMN ar.bank_file.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.bank_file.bank_file_id IS 'Id of the file.';
COMMENT ON COLUMN ar.bank_file.sha256 IS 'SHA-256 of its bytes.';
COMMENT ON COLUMN ar.bank_file.format IS 'camt, MT940, BAI2, lockbox, OFX or CSV.';
COMMENT ON COLUMN ar.bank_file.bytes IS 'How many bytes it has.';
COMMENT ON COLUMN ar.bank_file.mismatch IS 'What does not agree in the file as a whole, a sentence each, such as its control totals; NULL: nothing.';
COMMENT ON COLUMN ar.bank_file.imported_by IS 'Who imported it.';
COMMENT ON COLUMN ar.bank_file.recorded_at IS 'When; set by the database.';

CREATE TABLE ar.bank_statement (
    ledger_id integer NOT NULL,
    bank_statement_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    bank_file_id bigint NOT NULL,
    "position" integer NOT NULL,
    bank_account_id bigint NOT NULL,
    kind text NOT NULL,
    reference text,
    opened_on date,
    closed_on date,
    currency text NOT NULL,
    opening ar.monetary,
    closing ar.monetary,
    entries integer NOT NULL,
    transaction_details integer NOT NULL,
    lines integer NOT NULL,
    credit_total numeric NOT NULL,
    debit_total numeric NOT NULL,
    mismatch text[],
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT bank_statement_pkey PRIMARY KEY (ledger_id, bank_statement_id),
    CONSTRAINT bank_statement_file_fkey FOREIGN KEY (ledger_id, bank_file_id) REFERENCES ar.bank_file,
    CONSTRAINT bank_statement_account_fkey FOREIGN KEY (ledger_id, bank_account_id) REFERENCES ar.bank_account,
    CONSTRAINT bank_statement_kind_check CHECK (kind IN ('statement', 'notification', 'intraday', 'lockbox')),
    CONSTRAINT bank_statement_counts_check CHECK (entries >= 0 AND transaction_details >= 0 AND lines >= 0
        AND credit_total >= 0 AND debit_total >= 0),
    CONSTRAINT bank_statement_mismatch_check CHECK (mismatch <> '{}')
);
CREATE UNIQUE INDEX bank_statement_file_key ON ar.bank_statement (ledger_id, bank_file_id, "position") WHERE bank_file_id IS NOT NULL;
CREATE INDEX bank_statement_account_idx ON ar.bank_statement (ledger_id, bank_account_id) WHERE bank_account_id IS NOT NULL;
COMMENT ON TABLE ar.bank_statement IS 'A row is one statement of a bank account, as a file had it. A fact: never changed.';
COMMENT ON COLUMN ar.bank_statement.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.bank_statement.bank_statement_id IS 'Id of the statement.';
COMMENT ON COLUMN ar.bank_statement.bank_file_id IS 'The file it came in.';
COMMENT ON COLUMN ar.bank_statement."position" IS 'Which statement of the file, from 1.';
COMMENT ON COLUMN ar.bank_statement.bank_account_id IS 'The account.';
COMMENT ON COLUMN ar.bank_statement.kind IS 'statement; notification (camt.054) and intraday (camt.052, MT942), which tell early what a statement tells again; lockbox.';
COMMENT ON COLUMN ar.bank_statement.reference IS 'What the bank calls the statement: its id or number.';
COMMENT ON COLUMN ar.bank_statement.opened_on IS 'Date of the opening balance, or of the beginning; NULL: not said.';
COMMENT ON COLUMN ar.bank_statement.closed_on IS 'Date of the closing balance, or of the end; NULL: not said.';
COMMENT ON COLUMN ar.bank_statement.currency IS 'ISO 4217 code of its currency.';
COMMENT ON COLUMN ar.bank_statement.opening IS 'Opening balance, below zero for an overdraft; NULL: not said.';
COMMENT ON COLUMN ar.bank_statement.closing IS 'Closing balance; NULL: not said.';
COMMENT ON COLUMN ar.bank_statement.entries IS 'How many entries the statement has.';
COMMENT ON COLUMN ar.bank_statement.transaction_details IS 'How many transactions the entries are made up of, as far as the file tells them apart.';
COMMENT ON COLUMN ar.bank_statement.lines IS 'How many rows of ar.bank_line it has: an entry is one, or one each of its transactions.';
COMMENT ON COLUMN ar.bank_statement.credit_total IS 'Sum of its booked credits, in units of the currency.';
COMMENT ON COLUMN ar.bank_statement.debit_total IS 'Sum of its booked debits, above zero.';
COMMENT ON COLUMN ar.bank_statement.mismatch IS 'What does not agree, a sentence each: balances against entries, control totals, counts; NULL: nothing.';
COMMENT ON COLUMN ar.bank_statement.recorded_at IS 'When it was imported; set by the database.';

CREATE TABLE ar.bank_line (
    ledger_id integer NOT NULL,
    bank_line_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    bank_statement_id bigint NOT NULL,
    "position" integer NOT NULL,
    bank_account_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    booked_on date NOT NULL,
    value_on date NOT NULL,
    is_booked boolean NOT NULL,
    is_reversal boolean NOT NULL,
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
    original jsonb,
    identity bytea NOT NULL,
    occurrence integer NOT NULL,
    duplicate_of bigint,
    payment_id bigint,
    ignored_reason text,
    ignored_by text,
    ignored_at timestamptz,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT bank_line_pkey PRIMARY KEY (ledger_id, bank_line_id),
    CONSTRAINT bank_line_statement_fkey FOREIGN KEY (ledger_id, bank_statement_id) REFERENCES ar.bank_statement,
    CONSTRAINT bank_line_account_fkey FOREIGN KEY (ledger_id, bank_account_id) REFERENCES ar.bank_account,
    CONSTRAINT bank_line_duplicate_fkey FOREIGN KEY (ledger_id, duplicate_of) REFERENCES ar.bank_line,
    CONSTRAINT bank_line_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment,
    CONSTRAINT bank_line_identity_check CHECK (length(identity) = 32 AND occurrence >= 1),
    CONSTRAINT bank_line_batch_check CHECK (batch_size >= 0 AND detail_position >= 1),
    CONSTRAINT bank_line_use_check CHECK (num_nonnulls(duplicate_of, payment_id, ignored_reason) <= 1),
    CONSTRAINT bank_line_ignored_check CHECK (ignored_reason ~ '\S' AND num_nonnulls(ignored_reason, ignored_by, ignored_at) IN (0, 3))
) WITH (fillfactor = 80);
-- The same line is there once, whatever files brought it, and whoever imported them at once.
CREATE UNIQUE INDEX bank_line_identity_key ON ar.bank_line (ledger_id, bank_account_id, identity, occurrence)
    WHERE duplicate_of IS NULL AND identity IS NOT NULL;
CREATE UNIQUE INDEX bank_line_statement_key ON ar.bank_line (ledger_id, bank_statement_id, "position") WHERE bank_statement_id IS NOT NULL;
-- A payment is one line of credit, and at most one of debit: its return.
CREATE UNIQUE INDEX bank_line_payment_key ON ar.bank_line (ledger_id, payment_id, (ar.sign(amount))) WHERE payment_id IS NOT NULL;
CREATE INDEX bank_line_entry_idx ON ar.bank_line (ledger_id, entry_reference) WHERE entry_reference IS NOT NULL;
CREATE INDEX bank_line_duplicate_idx ON ar.bank_line (ledger_id, duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX bank_line_waiting_idx ON ar.bank_line (ledger_id, bank_line_id)
    WHERE payment_id IS NULL AND duplicate_of IS NULL AND ignored_reason IS NULL;
COMMENT ON TABLE ar.bank_line IS 'A row is one movement of a bank account as a statement tells it. A fact, but for what it became: a payment, or ignored. One that an earlier file told already is a duplicate, and counts for its statement only.';
COMMENT ON COLUMN ar.bank_line.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.bank_line.bank_line_id IS 'Id of the line.';
COMMENT ON COLUMN ar.bank_line.bank_statement_id IS 'The statement it stands in.';
COMMENT ON COLUMN ar.bank_line."position" IS 'Which line of the statement, from 1.';
COMMENT ON COLUMN ar.bank_line.bank_account_id IS 'The account of the statement.';
COMMENT ON COLUMN ar.bank_line.amount IS 'Credit of the account above zero: money in; debit below.';
COMMENT ON COLUMN ar.bank_line.booked_on IS 'Date on which the bank booked it.';
COMMENT ON COLUMN ar.bank_line.value_on IS 'Value date.';
COMMENT ON COLUMN ar.bank_line.is_booked IS 'false: announced only, and told again when it is booked. It counts for nothing.';
COMMENT ON COLUMN ar.bank_line.is_reversal IS 'Whether it takes an earlier one back; the sign of the amount is its own.';
COMMENT ON COLUMN ar.bank_line.bank_reference IS 'The bank''s reference of it: that of the transaction, else that of the entry.';
COMMENT ON COLUMN ar.bank_line.entry_reference IS 'The bank''s reference of the entry, which the transactions of a batch share.';
COMMENT ON COLUMN ar.bank_line.entry_amount IS 'Amount of the entry: more than that of the line where it is one of a batch.';
COMMENT ON COLUMN ar.bank_line.batch_size IS 'How many transactions the entry has, as the bank says.';
COMMENT ON COLUMN ar.bank_line.detail_position IS 'Which of them it is; NULL: the line is the entry.';
COMMENT ON COLUMN ar.bank_line.end_to_end_reference IS 'Reference that the payer gave the payment and all banks pass on.';
COMMENT ON COLUMN ar.bank_line.mandate_reference IS 'Reference of the mandate of a direct debit.';
COMMENT ON COLUMN ar.bank_line.structured_reference IS 'Reference of the creditor, in its field of its own.';
COMMENT ON COLUMN ar.bank_line.cheque_number IS 'Number of the cheque.';
COMMENT ON COLUMN ar.bank_line.transaction_code IS 'What kind of transaction it is: by ISO 20022 (PMNT/RCDT/ESCT), type of MT940 and code of the bank (NTRF+166), BAI2 (195), or OFX (CHECK).';
COMMENT ON COLUMN ar.bank_line."text" IS 'All that the payer wrote, without card numbers.';
COMMENT ON COLUMN ar.bank_line.payer_name IS 'Who is on the other side: the payer of a credit, the payee of a debit.';
COMMENT ON COLUMN ar.bank_line.payer_account IS 'His account, in capitals without spaces.';
COMMENT ON COLUMN ar.bank_line.payer_bank IS 'His bank.';
COMMENT ON COLUMN ar.bank_line.return_reason IS 'Why it came back: a code such as AC04 or MD06.';
COMMENT ON COLUMN ar.bank_line.original_end_to_end_reference IS 'End-to-end reference of what came back.';
COMMENT ON COLUMN ar.bank_line.original IS 'Further fields of the file, by name.';
COMMENT ON COLUMN ar.bank_line.identity IS 'SHA-256 of what makes it the same line in another file.';
COMMENT ON COLUMN ar.bank_line.occurrence IS 'Which of several that are the same, from 1.';
COMMENT ON COLUMN ar.bank_line.duplicate_of IS 'The line of an earlier file that it tells again; NULL: it is told for the first time.';
COMMENT ON COLUMN ar.bank_line.payment_id IS 'Of a credit: the payment that it became, or that was recorded before it. Of a debit: the payment that it took back. NULL: none yet.';
COMMENT ON COLUMN ar.bank_line.ignored_reason IS 'Why it is no matter of the receivables; NULL: it is.';
COMMENT ON COLUMN ar.bank_line.ignored_by IS 'Who said so; set by the database.';
COMMENT ON COLUMN ar.bank_line.ignored_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.bank_line.recorded_at IS 'When it was imported; set by the database.';

CREATE TRIGGER bank_csv_format_stamp_biur BEFORE INSERT OR UPDATE ON ar.bank_csv_format
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_bank_csv_format();

CREATE TRIGGER bank_file_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.bank_file
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER bank_file_record_bir BEFORE INSERT ON ar.bank_file
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER bank_statement_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.bank_statement
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER bank_statement_record_bir BEFORE INSERT ON ar.bank_statement
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();

-- Of a line, what the bank said is a fact; what it became is written later, by the rules of the guard.
CREATE TRIGGER bank_line_fact_budts BEFORE UPDATE OF ledger_id, bank_line_id, bank_statement_id, "position", bank_account_id,
        amount, booked_on, value_on, is_booked, is_reversal, bank_reference, entry_reference, entry_amount, batch_size,
        detail_position, end_to_end_reference, mandate_reference, structured_reference, cheque_number, transaction_code,
        "text", payer_name, payer_account, payer_bank, return_reason, original_end_to_end_reference, original, identity,
        recorded_at
    OR DELETE OR TRUNCATE ON ar.bank_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER bank_line_guard_bir BEFORE INSERT ON ar.bank_line
    FOR EACH ROW WHEN (NEW.payment_id IS NOT NULL OR NEW.ignored_reason IS NOT NULL)
    EXECUTE FUNCTION ar.tg_guard_bank_line();
CREATE TRIGGER bank_line_guard_bur BEFORE UPDATE ON ar.bank_line
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_bank_line();
CREATE TRIGGER bank_line_record_bir BEFORE INSERT ON ar.bank_line
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();

-- By which a line finds the payment that an application recorded for a direct debit.
CREATE INDEX payment_bank_mandate_idx ON ar.payment (ledger_id, mandate_reference) WHERE mandate_reference IS NOT NULL;
