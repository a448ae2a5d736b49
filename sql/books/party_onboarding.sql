-- party: what a ledger asks of a customer before it deals with him, and how his status moved.

CREATE TABLE ar.onboarding_policy (
    ledger_id integer NOT NULL,
    customer_class text NOT NULL DEFAULT '',
    require_tax_id boolean NOT NULL DEFAULT false,
    require_address boolean NOT NULL DEFAULT false,
    require_contact boolean NOT NULL DEFAULT false,
    require_electronic_address boolean NOT NULL DEFAULT false,
    require_registration_id boolean NOT NULL DEFAULT false,
    require_credit_decision boolean NOT NULL DEFAULT false,
    CONSTRAINT onboarding_policy_pkey PRIMARY KEY (ledger_id, customer_class),
    CONSTRAINT onboarding_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger
);
COMMENT ON TABLE ar.onboarding_policy IS 'A row is what a ledger requires of customers of a class before they become active. Without a row nothing is.';
COMMENT ON COLUMN ar.onboarding_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.onboarding_policy.customer_class IS 'Class of customers; empty: those whose class has no row of its own.';
COMMENT ON COLUMN ar.onboarding_policy.require_tax_id IS 'A tax id, valid by its scheme where that is known.';
COMMENT ON COLUMN ar.onboarding_policy.require_address IS 'Street, city, postal code and country.';
COMMENT ON COLUMN ar.onboarding_policy.require_contact IS 'A contact with role billing.';
COMMENT ON COLUMN ar.onboarding_policy.require_electronic_address IS 'An address in the network of e-invoices.';
COMMENT ON COLUMN ar.onboarding_policy.require_registration_id IS 'A number in the commercial register.';
COMMENT ON COLUMN ar.onboarding_policy.require_credit_decision IS 'A decision about his credit: credit_decided_on.';

CREATE TABLE ar.customer_status_change (
    ledger_id integer NOT NULL,
    status_change_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    reason text,
    changed_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT customer_status_change_status_check CHECK (ar.can_move_customer(from_status, to_status)),
    CONSTRAINT customer_status_change_pkey PRIMARY KEY (ledger_id, status_change_id),
    CONSTRAINT customer_status_change_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer
);
CREATE INDEX customer_status_change_customer_idx ON ar.customer_status_change (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.customer_status_change IS 'A row is one move of a customer''s status. Written by the database; never changed.';
COMMENT ON COLUMN ar.customer_status_change.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.customer_status_change.status_change_id IS 'Id of the move; later moves have greater ids.';
COMMENT ON COLUMN ar.customer_status_change.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.customer_status_change.from_status IS 'The status he had.';
COMMENT ON COLUMN ar.customer_status_change.to_status IS 'The status he got.';
COMMENT ON COLUMN ar.customer_status_change.reason IS 'Why, as given with the move.';
COMMENT ON COLUMN ar.customer_status_change.changed_by IS 'The role that had logged in.';
COMMENT ON COLUMN ar.customer_status_change.recorded_at IS 'When it was recorded.';

CREATE TRIGGER customer_move_bur BEFORE UPDATE ON ar.customer
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION ar.tg_move_customer();
CREATE TRIGGER customer_onboard_ais AFTER INSERT ON ar.customer
    REFERENCING NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_onboard_customer();
CREATE TRIGGER customer_onboard_aus AFTER UPDATE ON ar.customer
    REFERENCING OLD TABLE AS old_customer NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_onboard_customer();
CREATE TRIGGER customer_status_change_guard_bir BEFORE INSERT ON ar.customer_status_change
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_status_change();
CREATE TRIGGER customer_status_change_guard_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.customer_status_change
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_status_change();
