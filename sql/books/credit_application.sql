-- credit: applications for credit, decided by somebody else than who made them.

CREATE TABLE ar.credit_application (
    ledger_id integer NOT NULL,
    application_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    requested ar.monetary NOT NULL,
    valid_from date,
    valid_until date,
    reason text NOT NULL,
    status text NOT NULL DEFAULT 'requested',
    external_id text,
    external_digest bytea,
    requested_by text NOT NULL DEFAULT session_user,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    approved ar.monetary,
    score_id bigint,
    limit_id bigint,
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    CONSTRAINT credit_application_pkey PRIMARY KEY (ledger_id, application_id),
    CONSTRAINT credit_application_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_application_limit_fkey FOREIGN KEY (ledger_id, limit_id) REFERENCES ar.credit_limit,
    CONSTRAINT credit_application_requested_check CHECK (ar.sign(requested) >= 0),
    CONSTRAINT credit_application_valid_check CHECK (isfinite(valid_from) AND isfinite(valid_until) AND valid_until >= valid_from),
    CONSTRAINT credit_application_reason_check CHECK (reason ~ '\S'),
    CONSTRAINT credit_application_status_check CHECK (CASE status
        WHEN 'requested' THEN num_nonnulls(decided_by, decided_at, decision_reason, approved, limit_id) = 0
        WHEN 'approved' THEN num_nonnulls(decided_by, decided_at, approved) = 3 AND coalesce(decision_reason, '') ~ '\S' AND ar.sign(approved) >= 0
        WHEN 'rejected' THEN num_nonnulls(decided_by, decided_at) = 2 AND coalesce(decision_reason, '') ~ '\S' AND num_nonnulls(approved, limit_id) = 0
        WHEN 'withdrawn' THEN num_nonnulls(decided_by, decided_at) = 2 AND num_nonnulls(approved, limit_id) = 0
        ELSE false END),
    CONSTRAINT credit_application_decided_by_check CHECK (status NOT IN ('approved', 'rejected') OR decided_by <> requested_by)
);
CREATE INDEX credit_application_customer_idx ON ar.credit_application (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX credit_application_external_id_key ON ar.credit_application (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.credit_application IS 'A row is a request for a credit limit, and how it was decided, by somebody else. Once decided it is a fact.';
COMMENT ON COLUMN ar.credit_application.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_application.application_id IS 'Id of the application.';
COMMENT ON COLUMN ar.credit_application.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_application.requested IS 'The limit that is asked for.';
COMMENT ON COLUMN ar.credit_application.valid_from IS 'First day of a temporary limit; NULL without valid_until: a standing limit is asked for.';
COMMENT ON COLUMN ar.credit_application.valid_until IS 'Last day of a temporary limit.';
COMMENT ON COLUMN ar.credit_application.reason IS 'Why it is asked for.';
COMMENT ON COLUMN ar.credit_application.status IS 'requested, approved, rejected or withdrawn.';
COMMENT ON COLUMN ar.credit_application.external_id IS 'Id that the writing program gave, unique among the ledger''s applications.';
COMMENT ON COLUMN ar.credit_application.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.credit_application.requested_by IS 'Who asked: the role that had logged in; set by the database.';
COMMENT ON COLUMN ar.credit_application.requested_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_application.approved IS 'The limit that was granted, perhaps less than requested.';
COMMENT ON COLUMN ar.credit_application.score_id IS 'The score of the customer that lay before who decided (ar.credit_score), if any.';
COMMENT ON COLUMN ar.credit_application.limit_id IS 'The limit that followed.';
COMMENT ON COLUMN ar.credit_application.decided_by IS 'Who decided: the role that had logged in; set by the database; never who asked.';
COMMENT ON COLUMN ar.credit_application.decided_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_application.decision_reason IS 'Why it was decided so.';

CREATE TRIGGER credit_application_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.credit_application
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_credit_application();
CREATE TRIGGER credit_application_fact_bts BEFORE TRUNCATE ON ar.credit_application
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
