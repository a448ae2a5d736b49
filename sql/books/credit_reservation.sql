-- credit: orders that have credit reserved until they are invoiced.

ALTER TABLE ar.invoice ADD COLUMN order_reference text;
ALTER TABLE ar.invoice ADD CONSTRAINT invoice_order_reference_check CHECK (order_reference <> '');
-- What a reversal makes void is no longer billed of the order; the reversal itself would give it back a second time.
ALTER TABLE ar.invoice ADD CONSTRAINT invoice_reversal_order_check CHECK (reverses_id IS NULL OR order_reference IS NULL);
CREATE INDEX invoice_order_reference_idx ON ar.invoice (ledger_id, order_reference) WHERE order_reference IS NOT NULL;
COMMENT ON COLUMN ar.invoice.order_reference IS 'The order that it bills, as in ar.credit_reservation; NULL: none. What was reserved for that order is exposure once only.';

CREATE TABLE ar.credit_reservation (
    ledger_id integer NOT NULL,
    reservation_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    order_reference text NOT NULL,
    amount ar.monetary NOT NULL,
    invoiced ar.monetary NOT NULL,
    expires_on date,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_by text,
    released_at timestamptz,
    release_reason text,
    CONSTRAINT credit_reservation_pkey PRIMARY KEY (ledger_id, reservation_id),
    CONSTRAINT credit_reservation_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_reservation_order_reference_check CHECK (order_reference <> ''),
    CONSTRAINT credit_reservation_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT credit_reservation_invoiced_check CHECK (ar.currency(invoiced) = ar.currency(amount)),
    CONSTRAINT credit_reservation_expires_on_check CHECK (isfinite(expires_on)),
    CONSTRAINT credit_reservation_released_check CHECK ((released_at IS NULL) = (released_by IS NULL))
);
CREATE INDEX credit_reservation_open_idx ON ar.credit_reservation (ledger_id, customer_id)
    WHERE customer_id IS NOT NULL AND released_at IS NULL AND invoiced OPERATOR(ar.<) amount;
CREATE UNIQUE INDEX credit_reservation_order_key ON ar.credit_reservation (ledger_id, order_reference) WHERE order_reference IS NOT NULL;
CREATE UNIQUE INDEX credit_reservation_external_id_key ON ar.credit_reservation (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.credit_reservation IS 'A row is an order for which credit is reserved. What is not invoiced of it yet is exposure, until it expires or is released.';
COMMENT ON COLUMN ar.credit_reservation.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_reservation.reservation_id IS 'Id of the reservation.';
COMMENT ON COLUMN ar.credit_reservation.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_reservation.order_reference IS 'The order, unique in the ledger; its invoices name it in ar.invoice.order_reference.';
COMMENT ON COLUMN ar.credit_reservation.amount IS 'What was ordered, tax included.';
COMMENT ON COLUMN ar.credit_reservation.invoiced IS 'What posted invoices of the order billed, less credit memos. Derived.';
COMMENT ON COLUMN ar.credit_reservation.expires_on IS 'Last business date on which it counts; NULL: no end.';
COMMENT ON COLUMN ar.credit_reservation.external_id IS 'Id that the writing program gave, unique among the ledger''s reservations.';
COMMENT ON COLUMN ar.credit_reservation.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.credit_reservation.recorded_by IS 'Who reserved it; set by the database.';
COMMENT ON COLUMN ar.credit_reservation.recorded_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_reservation.released_by IS 'Who released it; set by the database.';
COMMENT ON COLUMN ar.credit_reservation.released_at IS 'When it was released; NULL: it was not.';
COMMENT ON COLUMN ar.credit_reservation.release_reason IS 'Why it was released, such as the order having been cancelled.';

CREATE TRIGGER credit_reservation_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.credit_reservation
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_reservation();
CREATE TRIGGER credit_reservation_fact_bts BEFORE TRUNCATE ON ar.credit_reservation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER credit_reservation_derived_buts BEFORE UPDATE OF invoiced ON ar.credit_reservation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();
CREATE TRIGGER credit_reservation_judge_ais AFTER INSERT ON ar.credit_reservation
    REFERENCING NEW TABLE AS new_reservation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('reservation');
CREATE TRIGGER credit_reservation_judge_aus AFTER UPDATE ON ar.credit_reservation
    REFERENCING OLD TABLE AS old_reservation NEW TABLE AS new_reservation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('reservation');
