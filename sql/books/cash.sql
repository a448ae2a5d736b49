-- cash: payments.

CREATE TABLE ar.payment (
    ledger_id integer NOT NULL,
    payment_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint,
    amount ar.monetary NOT NULL,
    received_on date NOT NULL,
    method text NOT NULL DEFAULT 'wire',
    apply text,
    reference text,
    structured_reference text,
    remittance jsonb,
    payer_name text,
    payer_account text,
    mandate_reference text,
    processor_reference text,
    replaces_id bigint,
    external_id text,
    external_digest bytea,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payment_pkey PRIMARY KEY (ledger_id, payment_id),
    CONSTRAINT payment_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT payment_replaces_fkey FOREIGN KEY (ledger_id, replaces_id) REFERENCES ar.payment,
    CONSTRAINT payment_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT payment_received_on_check CHECK (isfinite(received_on)),
    CONSTRAINT payment_apply_check CHECK (apply IN ('auto', 'oldest', 'newest', 'largest', 'proportional', 'none')),
    CONSTRAINT payment_remittance_check CHECK (ar.is_remittance(remittance)),
    CONSTRAINT payment_text_check CHECK (structured_reference <> '' AND payer_name <> '' AND payer_account <> ''
        AND mandate_reference <> '' AND processor_reference <> '')
);
CREATE UNIQUE INDEX payment_external_id_key ON ar.payment (ledger_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX payment_customer_idx ON ar.payment (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX payment_processor_reference_idx ON ar.payment (ledger_id, processor_reference) WHERE processor_reference IS NOT NULL;
CREATE UNIQUE INDEX payment_replaces_key ON ar.payment (ledger_id, replaces_id) WHERE replaces_id IS NOT NULL;
COMMENT ON TABLE ar.payment IS 'A row is one payment received. A fact: never changed. One without a customer is unidentified, and has no item until ar.payment_transfer says whose it is.';
COMMENT ON COLUMN ar.payment.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment.payment_id IS 'Id of the payment.';
COMMENT ON COLUMN ar.payment.customer_id IS 'The customer; NULL: not known when it came in.';
COMMENT ON COLUMN ar.payment.amount IS 'Amount received, positive.';
COMMENT ON COLUMN ar.payment.received_on IS 'Accounting date.';
COMMENT ON COLUMN ar.payment.method IS 'How it was paid: a method of ar.payment_method.';
COMMENT ON COLUMN ar.payment.apply IS 'How it was to be applied when it came in: auto (by the rules of ar.cash_policy), oldest, newest, largest, proportional, none; NULL: as the policy says.';
COMMENT ON COLUMN ar.payment.reference IS 'What the payer wrote. Never a card number.';
COMMENT ON COLUMN ar.payment.structured_reference IS 'The reference with check digits that the payer quoted, such as RF18539007547034.';
COMMENT ON COLUMN ar.payment.remittance IS 'What the payer says it is for: an array of objects with number and perhaps amount, discount and reason.';
COMMENT ON COLUMN ar.payment.payer_name IS 'Who paid, as the bank says.';
COMMENT ON COLUMN ar.payment.payer_account IS 'The account it came from: an IBAN, or the bank''s own number.';
COMMENT ON COLUMN ar.payment.mandate_reference IS 'Reference of the mandate of a direct debit (ar.mandate).';
COMMENT ON COLUMN ar.payment.processor_reference IS 'Its id at the bank or processor: end-to-end id, charge, number of the cheque.';
COMMENT ON COLUMN ar.payment.replaces_id IS 'The reversed payment that this one replaces: a cheque presented again, a chargeback won.';
COMMENT ON COLUMN ar.payment.external_id IS 'Id that the writing program gave, unique among the ledger''s payments.';
COMMENT ON COLUMN ar.payment.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.payment.recorded_at IS 'When it was recorded; set by the database.';

ALTER TABLE ar.item ADD CONSTRAINT item_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment;
ALTER TABLE ar.adjustment ADD CONSTRAINT adjustment_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment;

CREATE TABLE ar.payment_transfer (
    ledger_id integer NOT NULL,
    payment_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    transferred_on date NOT NULL,
    rule text,
    reason text,
    transferred_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payment_transfer_pkey PRIMARY KEY (ledger_id, payment_id),
    CONSTRAINT payment_transfer_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment,
    CONSTRAINT payment_transfer_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT payment_transfer_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT payment_transfer_transferred_on_check CHECK (isfinite(transferred_on))
);
CREATE INDEX payment_transfer_customer_idx ON ar.payment_transfer (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.payment_transfer IS 'A row says whose an unidentified payment is, and makes its item. A fact: never changed.';
COMMENT ON COLUMN ar.payment_transfer.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_transfer.payment_id IS 'The payment, which came in without a customer.';
COMMENT ON COLUMN ar.payment_transfer.customer_id IS 'The customer it belongs to.';
COMMENT ON COLUMN ar.payment_transfer.amount IS 'Its amount, all of it; set by the database.';
COMMENT ON COLUMN ar.payment_transfer.transferred_on IS 'Accounting date from which it counts for the customer, not before received_on.';
COMMENT ON COLUMN ar.payment_transfer.rule IS 'The rule that found it out by itself (ar.payer_candidates()); NULL: somebody said so.';
COMMENT ON COLUMN ar.payment_transfer.reason IS 'How it was found out.';
COMMENT ON COLUMN ar.payment_transfer.transferred_by IS 'Who said so; set by the database.';
COMMENT ON COLUMN ar.payment_transfer.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.payment_waiting (
    ledger_id integer NOT NULL,
    payment_id bigint NOT NULL,
    CONSTRAINT payment_waiting_pkey PRIMARY KEY (ledger_id, payment_id),
    CONSTRAINT payment_waiting_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment
);
COMMENT ON TABLE ar.payment_waiting IS 'A row is an unidentified payment that waits for its customer still: nobody has said whose it is, and it was not reversed. Derived: written by the triggers alone, so that what waits is found however much came in before.';
COMMENT ON COLUMN ar.payment_waiting.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_waiting.payment_id IS 'The payment, which came in without a customer.';

CREATE TRIGGER payment_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_record_bir BEFORE INSERT ON ar.payment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
-- After the one that looks for card numbers, by its name.
CREATE TRIGGER payment_guard_bir BEFORE INSERT ON ar.payment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_payment();
CREATE TRIGGER payment_settle_ais AFTER INSERT ON ar.payment
    REFERENCING NEW TABLE AS new_payment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_settle('payment');
CREATE TRIGGER payment_waiting_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.payment_waiting
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();

CREATE TRIGGER payment_transfer_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payment_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_transfer_check_bir BEFORE INSERT ON ar.payment_transfer
    FOR EACH ROW EXECUTE FUNCTION ar.tg_check_payment_transfer();
CREATE TRIGGER payment_transfer_record_bir BEFORE INSERT ON ar.payment_transfer
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER payment_transfer_post_ais AFTER INSERT ON ar.payment_transfer
    REFERENCING NEW TABLE AS new_payment_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_post('payment_transfer');
CREATE TRIGGER payment_transfer_settle_ais AFTER INSERT ON ar.payment_transfer
    REFERENCING NEW TABLE AS new_payment_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_settle('payment_transfer');
