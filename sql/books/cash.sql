-- cash: payments.

CREATE TABLE ar.payment (
    ledger_id integer NOT NULL,
    payment_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    received_on date NOT NULL,
    method text NOT NULL DEFAULT 'wire',
    reference text,
    remittance jsonb,
    external_id text,
    external_digest bytea,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payment_pkey PRIMARY KEY (ledger_id, payment_id),
    CONSTRAINT payment_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT payment_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT payment_received_on_check CHECK (isfinite(received_on)),
    CONSTRAINT payment_method_check CHECK (method IN ('cheque', 'wire', 'card', 'direct_debit', 'cash',
        'online_processor', 'mobile_wallet', 'lockbox', 'set_off')),
    CONSTRAINT payment_remittance_check CHECK (ar.is_remittance(remittance))
);
CREATE UNIQUE INDEX payment_external_id_key ON ar.payment (ledger_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX payment_customer_idx ON ar.payment (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.payment IS 'A row is one payment received. A fact: never changed.';
COMMENT ON COLUMN ar.payment.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment.payment_id IS 'Id of the payment.';
COMMENT ON COLUMN ar.payment.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.payment.amount IS 'Amount received, positive.';
COMMENT ON COLUMN ar.payment.received_on IS 'Accounting date.';
COMMENT ON COLUMN ar.payment.method IS 'cheque, wire, card, direct_debit, cash, online_processor, mobile_wallet, lockbox or set_off.';
COMMENT ON COLUMN ar.payment.reference IS 'What the payer wrote; invoice numbers in it are found, apart by blanks, commas or semicolons.';
COMMENT ON COLUMN ar.payment.remittance IS 'What the payer says it is for: an array of objects with number and perhaps amount.';
COMMENT ON COLUMN ar.payment.external_id IS 'Id that the writing program gave, unique among the ledger''s payments.';
COMMENT ON COLUMN ar.payment.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.payment.recorded_at IS 'When it was recorded; set by the database.';

ALTER TABLE ar.item ADD CONSTRAINT item_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment;

CREATE TRIGGER payment_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_record_bir BEFORE INSERT ON ar.payment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER payment_post_ais AFTER INSERT ON ar.payment
    REFERENCING NEW TABLE AS new_payment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_post('payment');
