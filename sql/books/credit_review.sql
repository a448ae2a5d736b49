-- credit: probation of new customers, and reviews of credit that fall due.

CREATE TABLE ar.credit_probation (
    ledger_id integer NOT NULL,
    probation_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    started_on date NOT NULL,
    review_on date NOT NULL,
    invoices_required integer NOT NULL,
    limit_percent numeric NOT NULL,
    terms ar.terms,
    terms_after ar.terms,
    ended_on date,
    outcome text,
    reason text,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT credit_probation_pkey PRIMARY KEY (ledger_id, probation_id),
    CONSTRAINT credit_probation_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_probation_started_on_check CHECK (isfinite(started_on) AND isfinite(review_on) AND review_on >= started_on),
    CONSTRAINT credit_probation_invoices_required_check CHECK (invoices_required >= 1),
    CONSTRAINT credit_probation_limit_percent_check CHECK (limit_percent BETWEEN 0 AND 100),
    CONSTRAINT credit_probation_ended_check CHECK ((ended_on IS NULL) = (outcome IS NULL) AND outcome IN ('passed', 'failed', 'ended'))
);
CREATE UNIQUE INDEX credit_probation_open_key ON ar.credit_probation (ledger_id, customer_id) WHERE ended_on IS NULL;
COMMENT ON TABLE ar.credit_probation IS 'A row is a time during which a new customer''s limit counts in part only, and his terms may be shorter, until he has paid enough invoices on time.';
COMMENT ON COLUMN ar.credit_probation.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_probation.probation_id IS 'Id of the probation.';
COMMENT ON COLUMN ar.credit_probation.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_probation.started_on IS 'First day: invoices of this day on count.';
COMMENT ON COLUMN ar.credit_probation.review_on IS 'The day on which it falls due for review if it is not passed.';
COMMENT ON COLUMN ar.credit_probation.invoices_required IS 'So many invoices must have been paid on time.';
COMMENT ON COLUMN ar.credit_probation.limit_percent IS 'Part of the limit that counts.';
COMMENT ON COLUMN ar.credit_probation.terms IS 'The credit terms that the customer has meanwhile; NULL: his own.';
COMMENT ON COLUMN ar.credit_probation.terms_after IS 'The terms that he had before and gets back; NULL: those of the ledger. Set by the database.';
COMMENT ON COLUMN ar.credit_probation.ended_on IS 'Last day; NULL: it goes on.';
COMMENT ON COLUMN ar.credit_probation.outcome IS 'passed: enough invoices were paid on time; failed or ended: somebody decided so.';
COMMENT ON COLUMN ar.credit_probation.reason IS 'Why it ended.';
COMMENT ON COLUMN ar.credit_probation.recorded_by IS 'Who started it; set by the database.';
COMMENT ON COLUMN ar.credit_probation.recorded_at IS 'When; set by the database.';

CREATE TABLE ar.credit_review (
    ledger_id integer NOT NULL,
    review_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    cause text NOT NULL,
    due_on date NOT NULL,
    detail text,
    event_id bigint,
    opened_by text NOT NULL DEFAULT session_user,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome text,
    reason text,
    score_id bigint,
    limit_id bigint,
    limit_before ar.monetary,
    limit_after ar.monetary,
    done_on date,
    done_by text,
    done_at timestamptz,
    CONSTRAINT credit_review_pkey PRIMARY KEY (ledger_id, review_id),
    CONSTRAINT credit_review_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_review_event_fkey FOREIGN KEY (ledger_id, event_id) REFERENCES ar.credit_event,
    CONSTRAINT credit_review_cause_check CHECK (cause IN ('date', 'utilisation', 'probation', 'over_limit', 'manual',
        'bounced_payment', 'broken_promise', 'dispute', 'dunning', 'insolvency', 'other')),
    CONSTRAINT credit_review_due_on_check CHECK (isfinite(due_on)),
    CONSTRAINT credit_review_outcome_check CHECK (
        num_nonnulls(outcome, reason, done_on, done_by, done_at) = 0
        OR outcome IS NOT NULL AND outcome IN ('kept', 'raised', 'lowered', 'stopped') AND coalesce(reason, '') ~ '\S'
           AND num_nonnulls(done_on, done_by, done_at) = 3)
);
CREATE UNIQUE INDEX credit_review_open_key ON ar.credit_review (ledger_id, customer_id, cause) WHERE outcome IS NULL;
CREATE INDEX credit_review_customer_idx ON ar.credit_review (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.credit_review IS 'A row is one review of a customer''s credit: why it falls due, and what came of it. Once done it is a fact.';
COMMENT ON COLUMN ar.credit_review.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_review.review_id IS 'Id of the review.';
COMMENT ON COLUMN ar.credit_review.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_review.cause IS 'date, utilisation, probation, over_limit (rates or a lower limit brought him over it), manual, or the kind of the event. A customer has one open review a cause.';
COMMENT ON COLUMN ar.credit_review.due_on IS 'The day it is due.';
COMMENT ON COLUMN ar.credit_review.detail IS 'What made it due, with figures.';
COMMENT ON COLUMN ar.credit_review.event_id IS 'The event that made it due, or NULL.';
COMMENT ON COLUMN ar.credit_review.opened_by IS 'Who or whose event opened it; set by the database.';
COMMENT ON COLUMN ar.credit_review.opened_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_review.outcome IS 'kept, raised or lowered, of the limit; stopped: credit was stopped. NULL: open.';
COMMENT ON COLUMN ar.credit_review.reason IS 'Why it was decided so.';
COMMENT ON COLUMN ar.credit_review.score_id IS 'The last score of the customer then (ar.credit_score), if any.';
COMMENT ON COLUMN ar.credit_review.limit_id IS 'The limit that followed, if it was changed.';
COMMENT ON COLUMN ar.credit_review.limit_before IS 'The standing limit before.';
COMMENT ON COLUMN ar.credit_review.limit_after IS 'The standing limit after.';
COMMENT ON COLUMN ar.credit_review.done_on IS 'Business date of the decision; the next by date counts from here.';
COMMENT ON COLUMN ar.credit_review.done_by IS 'Who reviewed; set by the database.';
COMMENT ON COLUMN ar.credit_review.done_at IS 'When; set by the database.';

CREATE TRIGGER credit_probation_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.credit_probation
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_probation();
CREATE TRIGGER credit_probation_follow_ais AFTER INSERT ON ar.credit_probation
    REFERENCING NEW TABLE AS new_probation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_probation();
CREATE TRIGGER credit_probation_follow_aus AFTER UPDATE ON ar.credit_probation
    REFERENCING NEW TABLE AS new_probation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_probation();
CREATE TRIGGER credit_probation_fact_bts BEFORE TRUNCATE ON ar.credit_probation
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER credit_review_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.credit_review
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_credit_review();
CREATE TRIGGER credit_review_fact_bts BEFORE TRUNCATE ON ar.credit_review
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER credit_event_review_ais AFTER INSERT ON ar.credit_event
    REFERENCING NEW TABLE AS new_event
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_review_events();
CREATE TRIGGER customer_probation_ais AFTER INSERT ON ar.customer
    REFERENCING NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_start_probation();
