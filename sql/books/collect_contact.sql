-- collect: what was done to reach a customer, and how often that may be done.

CREATE TABLE ar.contact_rule (
    ledger_id integer NOT NULL,
    rule_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    kind text NOT NULL,
    customer_class text,
    customer_id bigint,
    attempts integer,
    attempt_days integer,
    conversation_days integer,
    from_time time,
    to_time time,
    allow_override boolean,
    source text,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT contact_rule_pkey PRIMARY KEY (ledger_id, rule_id),
    CONSTRAINT contact_rule_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT contact_rule_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT contact_rule_kind_check CHECK (kind IN ('call', 'mail', 'message', 'visit')),
    CONSTRAINT contact_rule_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT contact_rule_attempts_check CHECK (
        num_nonnulls(attempts, attempt_days) IN (0, 2) AND attempts >= 0 AND attempt_days BETWEEN 1 AND 366 AND conversation_days BETWEEN 0 AND 366),
    CONSTRAINT contact_rule_time_check CHECK (num_nonnulls(from_time, to_time) IN (0, 2) AND from_time < to_time)
);
CREATE UNIQUE INDEX contact_rule_scope_key
    ON ar.contact_rule (ledger_id, kind, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.contact_rule IS 'A row is how often and when a customer may be contacted in one way: one customer, a class of customers, or all. Each column by itself: the customer''s, else that of his class, else that of the ledger, else there is no limit.';
COMMENT ON COLUMN ar.contact_rule.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.contact_rule.rule_id IS 'Id of the rule.';
COMMENT ON COLUMN ar.contact_rule.kind IS 'The kind of activity: call, mail, message or visit.';
COMMENT ON COLUMN ar.contact_rule.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.contact_rule.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.contact_rule.attempts IS 'At most so many attempts, answered or not,';
COMMENT ON COLUMN ar.contact_rule.attempt_days IS 'within so many consecutive days, the day of the attempt included.';
COMMENT ON COLUMN ar.contact_rule.conversation_days IS 'None within so many days of a conversation, whose day is the first of them.';
COMMENT ON COLUMN ar.contact_rule.from_time IS 'Not before this time, where the customer is,';
COMMENT ON COLUMN ar.contact_rule.to_time IS 'and not after this one.';
COMMENT ON COLUMN ar.contact_rule.allow_override IS 'Whether an activity that gives a reason (override_reason) may be beyond the limits. By default not.';
COMMENT ON COLUMN ar.contact_rule.source IS 'What it rests on, such as the name of a preset or a law.';
COMMENT ON COLUMN ar.contact_rule.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.contact_rule.changed_at IS 'When; set by the database.';

CREATE TABLE ar.collection_activity (
    ledger_id integer NOT NULL,
    activity_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    case_id bigint NOT NULL,
    kind text NOT NULL,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    outcome text,
    contact_id bigint,
    note text,
    next_step text,
    next_step_on date,
    performed_by text,
    override_reason text,
    reverses_id bigint,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT collection_activity_pkey PRIMARY KEY (ledger_id, activity_id),
    CONSTRAINT collection_activity_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT collection_activity_case_fkey FOREIGN KEY (ledger_id, case_id) REFERENCES ar.collection_case,
    CONSTRAINT collection_activity_contact_fkey FOREIGN KEY (ledger_id, contact_id) REFERENCES ar.contact,
    CONSTRAINT collection_activity_reverses_fkey FOREIGN KEY (ledger_id, reverses_id) REFERENCES ar.collection_activity,
    CONSTRAINT collection_activity_kind_check CHECK (kind IN ('call', 'mail', 'message', 'visit', 'note')),
    CONSTRAINT collection_activity_occurred_at_check CHECK (isfinite(occurred_at)),
    CONSTRAINT collection_activity_outcome_check CHECK ((kind <> 'note' OR outcome IS NULL) AND outcome IN ('reached', 'promise', 'dispute', 'refused', 'paid', 'no_answer', 'left_message',
        'wrong_number', 'sent', 'returned', 'other')),
    CONSTRAINT collection_activity_note_check CHECK (kind <> 'note' OR coalesce(note, '') ~ '\S'),
    CONSTRAINT collection_activity_next_step_check CHECK (next_step ~ '\S' AND isfinite(next_step_on) OR num_nonnulls(next_step, next_step_on) = 0),
    CONSTRAINT collection_activity_override_check CHECK (override_reason ~ '\S')
);
CREATE INDEX collection_activity_customer_idx ON ar.collection_activity (ledger_id, customer_id, occurred_at) WHERE customer_id IS NOT NULL;
CREATE INDEX collection_activity_case_idx ON ar.collection_activity (ledger_id, case_id) WHERE case_id IS NOT NULL;
-- Taken back once.
CREATE UNIQUE INDEX collection_activity_reverses_key ON ar.collection_activity (ledger_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE UNIQUE INDEX collection_activity_external_id_key ON ar.collection_activity (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.collection_activity IS 'A row is something that was done to collect from a customer: a call, a letter, a visit, a note. A fact: never changed; what was wrong is taken back by a row that names it.';
COMMENT ON COLUMN ar.collection_activity.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.collection_activity.activity_id IS 'Id of the activity.';
COMMENT ON COLUMN ar.collection_activity.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.collection_activity.case_id IS 'His case; set by the database: the open one, or one that is opened for it.';
COMMENT ON COLUMN ar.collection_activity.kind IS 'call, mail (e-mail or letter), message (short message, chat), visit or note.';
COMMENT ON COLUMN ar.collection_activity.occurred_at IS 'When it was done.';
COMMENT ON COLUMN ar.collection_activity.outcome IS 'Of a conversation: reached, promise, dispute, refused, paid; else no_answer, left_message, wrong_number, sent, returned, other.';
COMMENT ON COLUMN ar.collection_activity.contact_id IS 'Whom it reached or tried to reach; his time zone counts first.';
COMMENT ON COLUMN ar.collection_activity.note IS 'What was said.';
COMMENT ON COLUMN ar.collection_activity.next_step IS 'What is to be done next.';
COMMENT ON COLUMN ar.collection_activity.next_step_on IS 'When.';
COMMENT ON COLUMN ar.collection_activity.performed_by IS 'Who did it, such as a collector; NULL: who recorded it.';
COMMENT ON COLUMN ar.collection_activity.override_reason IS 'Why it was done although a rule forbids it (ar.contact_rule.allow_override).';
COMMENT ON COLUMN ar.collection_activity.reverses_id IS 'The activity that this row takes back: it was not done, or not so. It has the same customer and kind.';
COMMENT ON COLUMN ar.collection_activity.external_id IS 'Id that the writing program gave, unique among the ledger''s activities.';
COMMENT ON COLUMN ar.collection_activity.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.collection_activity.recorded_by IS 'Who recorded it; set by the database.';
COMMENT ON COLUMN ar.collection_activity.recorded_at IS 'When; set by the database.';

CREATE TRIGGER contact_rule_stamp_biur BEFORE INSERT OR UPDATE ON ar.contact_rule
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
CREATE TRIGGER collection_activity_record_bir BEFORE INSERT ON ar.collection_activity
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record_activity();
CREATE TRIGGER collection_activity_follow_ais AFTER INSERT ON ar.collection_activity
    REFERENCING NEW TABLE AS new_activity
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_activities();
CREATE TRIGGER collection_activity_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.collection_activity
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
