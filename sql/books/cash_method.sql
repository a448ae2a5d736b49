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
    CONSTRAINT payment_method_kind_check CHECK (kind IN ('cheque', 'wire', 'card', 'direct_debit', 'cash',
        'online_processor', 'mobile_wallet', 'lockbox', 'set_off')),
    CONSTRAINT payment_method_name_check CHECK (name <> ''),
    CONSTRAINT payment_method_clearing_days_check CHECK (clearing_days >= 0)
);
COMMENT ON TABLE ar.payment_method IS 'A row is one way of paying that a ledger knows. A new ledger has one of each kind; it adds its own.';
COMMENT ON COLUMN ar.payment_method.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_method.method IS 'What payments call it: cheque, or a name of the ledger''s own.';
COMMENT ON COLUMN ar.payment_method.kind IS 'What life its payments have: cheque, wire, card, direct_debit, cash, online_processor, mobile_wallet, lockbox or set_off.';
COMMENT ON COLUMN ar.payment_method.name IS 'What people call it.';
COMMENT ON COLUMN ar.payment_method.clearing_days IS 'Days after which a payment of it counts as cleared by itself; NULL: when somebody says so.';

ALTER TABLE ar.payment ADD CONSTRAINT payment_method_fkey FOREIGN KEY (ledger_id, method) REFERENCES ar.payment_method;

CREATE TRIGGER ledger_payment_method_ais AFTER INSERT ON ar.ledger
    REFERENCING NEW TABLE AS new_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_seed_payment_methods();
