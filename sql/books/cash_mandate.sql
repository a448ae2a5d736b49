-- cash: what customers allow to be drawn from their accounts.

CREATE TABLE ar.mandate (
    ledger_id integer NOT NULL,
    mandate_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    reference text NOT NULL,
    scheme text NOT NULL DEFAULT 'core',
    sequence text NOT NULL DEFAULT 'recurring',
    signed_on date NOT NULL,
    valid_until date,
    account text,
    bic text,
    account_holder text,
    creditor_id text,
    revoked_on date,
    revoked_by text,
    revocation_reason text,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT mandate_pkey PRIMARY KEY (ledger_id, mandate_id),
    CONSTRAINT mandate_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT mandate_reference_check CHECK (reference ~ '\S'),
    CONSTRAINT mandate_scheme_check CHECK (scheme IN ('core', 'b2b', 'ach', 'bacs', 'other')),
    CONSTRAINT mandate_sequence_check CHECK (sequence IN ('recurring', 'one_off')),
    CONSTRAINT mandate_account_check CHECK (account <> '' AND (scheme NOT IN ('core', 'b2b') OR ar.is_iban(account))),
    CONSTRAINT mandate_bic_check CHECK (ar.is_bic(bic)),
    CONSTRAINT mandate_days_check CHECK (
        isfinite(signed_on) AND isfinite(valid_until) AND isfinite(revoked_on)
        AND valid_until >= signed_on AND revoked_on >= signed_on),
    CONSTRAINT mandate_revoked_check CHECK ((revoked_on IS NULL) = (revoked_by IS NULL))
);
CREATE UNIQUE INDEX mandate_reference_key ON ar.mandate (ledger_id, reference) WHERE reference IS NOT NULL;
CREATE INDEX mandate_customer_idx ON ar.mandate (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX mandate_external_id_key ON ar.mandate (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.mandate IS 'A row is a mandate by which a customer allows direct debits. Nothing of it changes but that it is revoked.';
COMMENT ON COLUMN ar.mandate.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.mandate.mandate_id IS 'Id of the mandate.';
COMMENT ON COLUMN ar.mandate.customer_id IS 'The customer who gave it.';
COMMENT ON COLUMN ar.mandate.reference IS 'Its reference, unique in the ledger, which each direct debit names.';
COMMENT ON COLUMN ar.mandate.scheme IS 'core or b2b (SEPA), ach, bacs, or other.';
COMMENT ON COLUMN ar.mandate.sequence IS 'recurring, or one_off: for one payment.';
COMMENT ON COLUMN ar.mandate.signed_on IS 'Day on which it was signed, the first on which something may be drawn.';
COMMENT ON COLUMN ar.mandate.valid_until IS 'Last day on which something may be drawn; NULL: no end.';
COMMENT ON COLUMN ar.mandate.account IS 'Account that is drawn on, without spaces: an IBAN for core and b2b.';
COMMENT ON COLUMN ar.mandate.bic IS 'BIC of its bank.';
COMMENT ON COLUMN ar.mandate.account_holder IS 'Who holds the account, if not the customer by his name.';
COMMENT ON COLUMN ar.mandate.creditor_id IS 'Identifier of the creditor to whom it was given.';
COMMENT ON COLUMN ar.mandate.revoked_on IS 'First day on which nothing may be drawn any more; NULL: it is not revoked.';
COMMENT ON COLUMN ar.mandate.revoked_by IS 'Who recorded that; set by the database.';
COMMENT ON COLUMN ar.mandate.revocation_reason IS 'Why.';
COMMENT ON COLUMN ar.mandate.external_id IS 'Id that the writing program gave, unique among the ledger''s mandates.';
COMMENT ON COLUMN ar.mandate.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.mandate.recorded_by IS 'Who recorded it; set by the database.';
COMMENT ON COLUMN ar.mandate.recorded_at IS 'When it was recorded; set by the database.';

CREATE INDEX payment_mandate_reference_idx ON ar.payment (ledger_id, mandate_reference) WHERE mandate_reference IS NOT NULL;

CREATE TRIGGER mandate_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.mandate
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_mandate();
CREATE TRIGGER mandate_fact_bts BEFORE TRUNCATE ON ar.mandate
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
