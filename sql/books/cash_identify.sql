-- cash: whose an unidentified payment is.

-- What an account, a processor's reference and a name were before is found in the facts themselves, not kept beside them:
-- so nothing is left behind of a payment that was reversed in error or transferred to somebody else.
CREATE INDEX payment_payer_account_idx ON ar.payment (ledger_id, ar.compact_id(payer_account), payment_id)
    WHERE payer_account IS NOT NULL;
CREATE INDEX invoice_document_key_idx ON ar.invoice (ledger_id, ar.document_key(number)) WHERE number IS NOT NULL;
CREATE INDEX invoice_payment_reference_idx ON ar.invoice (ledger_id, ar.normal_reference(payment_reference))
    WHERE payment_reference IS NOT NULL;
CREATE INDEX customer_payer_name_idx ON ar.customer (ledger_id, ar.payer_name_key(name)) WHERE name IS NOT NULL;

CREATE TABLE ar.payer_account (
    ledger_id integer NOT NULL,
    account text NOT NULL,
    customer_id bigint,
    note text,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payer_account_pkey PRIMARY KEY (ledger_id, account),
    CONSTRAINT payer_account_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT payer_account_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT payer_account_account_check CHECK (account <> '' AND account = ar.compact_id(account))
);
CREATE INDEX payer_account_customer_idx ON ar.payer_account (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.payer_account IS 'A row is what somebody said of an account that payments come from, and goes before what earlier payments tell (ar.payer_accounts()).';
COMMENT ON COLUMN ar.payer_account.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payer_account.account IS 'The account, an IBAN or the bank''s own number, in capitals without spaces.';
COMMENT ON COLUMN ar.payer_account.customer_id IS 'Whose it is; NULL: it tells nothing, as that of a bank, a processor or somebody who pays for many.';
COMMENT ON COLUMN ar.payer_account.note IS 'Why, in words.';
COMMENT ON COLUMN ar.payer_account.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.payer_account.changed_at IS 'When; set by the database.';

CREATE TABLE ar.payer_pattern (
    ledger_id integer NOT NULL,
    pattern_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    name_pattern text,
    account_pattern text,
    reference_pattern text,
    note text,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payer_pattern_pkey PRIMARY KEY (ledger_id, pattern_id),
    CONSTRAINT payer_pattern_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT payer_pattern_pattern_check CHECK (num_nonnulls(name_pattern, account_pattern, reference_pattern) > 0
        AND name_pattern <> '' AND account_pattern <> '' AND reference_pattern <> ''
        -- Raises 2201B for what is no regular expression.
        AND num_nonnulls('' ~* name_pattern, '' ~* account_pattern, '' ~* reference_pattern) > 0)
);
CREATE INDEX payer_pattern_customer_idx ON ar.payer_pattern (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.payer_pattern IS 'A row says that payments that look so are of a customer. All patterns that it has must hit.';
COMMENT ON COLUMN ar.payer_pattern.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payer_pattern.pattern_id IS 'Id of the pattern.';
COMMENT ON COLUMN ar.payer_pattern.customer_id IS 'Whose payments look so.';
COMMENT ON COLUMN ar.payer_pattern.name_pattern IS 'Regular expression for the name of the payer, whatever the case; NULL: any.';
COMMENT ON COLUMN ar.payer_pattern.account_pattern IS 'The same for his account, in capitals without spaces.';
COMMENT ON COLUMN ar.payer_pattern.reference_pattern IS 'The same for what he wrote.';
COMMENT ON COLUMN ar.payer_pattern.note IS 'Why, in words.';
COMMENT ON COLUMN ar.payer_pattern.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.payer_pattern.changed_at IS 'When; set by the database.';

CREATE TRIGGER payer_account_stamp_biur BEFORE INSERT OR UPDATE ON ar.payer_account
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_payer();
CREATE TRIGGER payer_pattern_stamp_biur BEFORE INSERT OR UPDATE ON ar.payer_pattern
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_payer();

-- Names that are only similar are found by pg_trgm, where the database has it.
PERFORM ar.index_payer_names();
