-- cash: how payments come in.

CREATE TABLE ar.payment_method (
    ledger_id integer NOT NULL,
    method text NOT NULL,
    kind text NOT NULL,
    name text,
    clearing_days integer,
    CONSTRAINT payment_method_pkey PRIMARY KEY (ledger_id, method),
    CONSTRAINT payment_method_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT payment_method_method_check CHECK (method ~ '^[a-z][a-z0-9_]*$'),
    -- A method that is called like a kind is of that kind, so that its name alone says what it is.
    CONSTRAINT payment_method_kind_check CHECK (
        ar.is_payment_method_kind(kind) AND (method = kind OR NOT ar.is_payment_method_kind(method))),
    CONSTRAINT payment_method_name_check CHECK (name <> ''),
    CONSTRAINT payment_method_clearing_days_check CHECK (clearing_days >= 0)
);
COMMENT ON TABLE ar.payment_method IS 'A row is one way of paying that a ledger knows. A new ledger has one of each kind; it adds its own.';
COMMENT ON COLUMN ar.payment_method.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_method.method IS 'What payments call it: cheque, or a name of the ledger''s own.';
COMMENT ON COLUMN ar.payment_method.kind IS 'What life its payments have: one of ar.payment_method_kinds().';
COMMENT ON COLUMN ar.payment_method.name IS 'What people call it.';
COMMENT ON COLUMN ar.payment_method.clearing_days IS 'Days after which a payment of it counts as cleared by itself; NULL: when somebody says so.';

-- Payments refer to it too, but without a foreign key: all of a ledger's would lock the same row.
ALTER TABLE ar.adjustment ADD CONSTRAINT adjustment_method_fkey FOREIGN KEY (ledger_id, method) REFERENCES ar.payment_method;

CREATE TABLE ar.payment_clearing (
    ledger_id integer NOT NULL,
    payment_id bigint NOT NULL,
    cleared_on date NOT NULL,
    reference text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payment_clearing_pkey PRIMARY KEY (ledger_id, payment_id),
    CONSTRAINT payment_clearing_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment,
    CONSTRAINT payment_clearing_cleared_on_check CHECK (isfinite(cleared_on))
);
COMMENT ON TABLE ar.payment_clearing IS 'A row says that a payment cleared: a cheque was honoured, a direct debit collected. What clears at once has none, and what a payout paid or clearing_days let clear needs none. A fact: never changed.';
COMMENT ON COLUMN ar.payment_clearing.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_clearing.payment_id IS 'The payment.';
COMMENT ON COLUMN ar.payment_clearing.cleared_on IS 'The day on which it cleared, not before it was received.';
COMMENT ON COLUMN ar.payment_clearing.reference IS 'What the bank calls it.';
COMMENT ON COLUMN ar.payment_clearing.recorded_at IS 'When it was recorded; set by the database.';

CREATE TRIGGER ledger_payment_method_ais AFTER INSERT ON ar.ledger
    REFERENCING NEW TABLE AS new_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_seed_payment_methods();

CREATE TRIGGER payment_method_guard_budr BEFORE UPDATE OR DELETE ON ar.payment_method
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_payment_method();
CREATE TRIGGER payment_method_guard_bts BEFORE TRUNCATE ON ar.payment_method
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_payment_method();

CREATE TRIGGER payment_clearing_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payment_clearing
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_clearing_check_bir BEFORE INSERT ON ar.payment_clearing
    FOR EACH ROW EXECUTE FUNCTION ar.tg_check_payment_clearing();
CREATE TRIGGER payment_clearing_record_bir BEFORE INSERT ON ar.payment_clearing
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
