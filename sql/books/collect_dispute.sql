-- collect: disputes, a case over items or a part of their amounts.

CREATE TABLE ar.dispute_reason (
    ledger_id integer NOT NULL,
    reason_code text NOT NULL,
    name text NOT NULL,
    days_to_resolve integer,
    CONSTRAINT dispute_reason_pkey PRIMARY KEY (ledger_id, reason_code),
    CONSTRAINT dispute_reason_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT dispute_reason_reason_code_check CHECK (reason_code ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT dispute_reason_name_check CHECK (name ~ '\S'),
    CONSTRAINT dispute_reason_days_to_resolve_check CHECK (days_to_resolve >= 0 AND days_to_resolve <= 3660)
);
COMMENT ON TABLE ar.dispute_reason IS 'A row is one reason for which customers of a ledger dispute what they owe. A new ledger has the usual ones; it adds its own.';
COMMENT ON COLUMN ar.dispute_reason.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dispute_reason.reason_code IS 'What disputes call it: damaged, or a name of the ledger''s own.';
COMMENT ON COLUMN ar.dispute_reason.name IS 'What people call it.';
COMMENT ON COLUMN ar.dispute_reason.days_to_resolve IS 'Days after which a dispute should be resolved that names no deadline; NULL: none.';

CREATE TABLE ar.dispute (
    ledger_id integer NOT NULL,
    dispute_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    reason_code text NOT NULL,
    description text,
    reference text,
    assigned_to text,
    opened_on date NOT NULL,
    due_on date,
    external_id text,
    external_digest bytea,
    opened_by text NOT NULL DEFAULT session_user,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    outcome text,
    resolution text,
    resolved_on date,
    resolved_by text,
    resolved_at timestamptz,
    CONSTRAINT dispute_pkey PRIMARY KEY (ledger_id, dispute_id),
    CONSTRAINT dispute_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT dispute_reason_fkey FOREIGN KEY (ledger_id, reason_code) REFERENCES ar.dispute_reason,
    CONSTRAINT dispute_days_check CHECK (isfinite(opened_on) AND isfinite(due_on) AND due_on >= opened_on),
    CONSTRAINT dispute_outcome_check CHECK (
        num_nonnulls(outcome, resolution, resolved_on, resolved_by, resolved_at) = 0
        OR outcome IS NOT NULL AND outcome IN ('credited', 'compromised', 'rejected')
           AND num_nonnulls(resolved_on, resolved_by, resolved_at) = 3),
    CONSTRAINT dispute_resolution_check CHECK (outcome IS NULL OR coalesce(resolution, '') ~ '\S'),
    CONSTRAINT dispute_resolved_on_check CHECK (isfinite(resolved_on) AND resolved_on >= opened_on)
);
CREATE INDEX dispute_customer_idx ON ar.dispute (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX dispute_open_idx ON ar.dispute (ledger_id, dispute_id) WHERE outcome IS NULL;
CREATE UNIQUE INDEX dispute_external_id_key ON ar.dispute (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.dispute IS 'A row is one dispute: a customer says that he does not owe what some of his items say. Once resolved it is a fact.';
COMMENT ON COLUMN ar.dispute.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dispute.dispute_id IS 'Id of the dispute.';
COMMENT ON COLUMN ar.dispute.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.dispute.reason_code IS 'Why, as a code of ar.dispute_reason.';
COMMENT ON COLUMN ar.dispute.description IS 'What the customer says.';
COMMENT ON COLUMN ar.dispute.reference IS 'How the customer calls it, such as the number of his complaint.';
COMMENT ON COLUMN ar.dispute.assigned_to IS 'Who has to resolve it.';
COMMENT ON COLUMN ar.dispute.opened_on IS 'First day from which it counts.';
COMMENT ON COLUMN ar.dispute.due_on IS 'Day by which it should be resolved; by default that of its reason. NULL: none.';
COMMENT ON COLUMN ar.dispute.external_id IS 'Id that the writing program gave, unique among the ledger''s disputes.';
COMMENT ON COLUMN ar.dispute.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.dispute.opened_by IS 'Who recorded it; set by the database.';
COMMENT ON COLUMN ar.dispute.opened_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.dispute.outcome IS 'credited: the customer was right; compromised: in part; rejected: he was not. NULL: open.';
COMMENT ON COLUMN ar.dispute.resolution IS 'Why it was resolved so.';
COMMENT ON COLUMN ar.dispute.resolved_on IS 'First day from which it counts no more; NULL: open.';
COMMENT ON COLUMN ar.dispute.resolved_by IS 'Who resolved it; set by the database.';
COMMENT ON COLUMN ar.dispute.resolved_at IS 'When; set by the database.';

CREATE TABLE ar.dispute_item (
    ledger_id integer NOT NULL,
    dispute_id bigint NOT NULL,
    item_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    credited ar.monetary,
    credit_memo_id bigint,
    CONSTRAINT dispute_item_pkey PRIMARY KEY (ledger_id, dispute_id, item_id),
    CONSTRAINT dispute_item_dispute_fkey FOREIGN KEY (ledger_id, dispute_id) REFERENCES ar.dispute,
    CONSTRAINT dispute_item_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT dispute_item_credit_memo_fkey FOREIGN KEY (ledger_id, credit_memo_id) REFERENCES ar.invoice,
    CONSTRAINT dispute_item_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT dispute_item_credited_check CHECK (
        (credited IS NULL) = (credit_memo_id IS NULL)
        AND (credited IS NULL OR ar.sign(credited) > 0 AND ar.is_open_within(credited, amount)))
);
CREATE INDEX dispute_item_item_idx ON ar.dispute_item (ledger_id, item_id) WHERE item_id IS NOT NULL;
COMMENT ON TABLE ar.dispute_item IS 'A row is an item that a dispute is about, and how much of it. All items of a dispute are in one currency.';
COMMENT ON COLUMN ar.dispute_item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dispute_item.dispute_id IS 'The dispute.';
COMMENT ON COLUMN ar.dispute_item.item_id IS 'The item, a debit of the customer.';
COMMENT ON COLUMN ar.dispute_item.amount IS 'What is disputed of it, at most its amount.';
COMMENT ON COLUMN ar.dispute_item.credited IS 'What of that was credited when it was resolved; NULL: nothing.';
COMMENT ON COLUMN ar.dispute_item.credit_memo_id IS 'The credit memo that did it.';

CREATE TABLE ar.dispute_note (
    ledger_id integer NOT NULL,
    note_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    dispute_id bigint NOT NULL,
    note text NOT NULL,
    evidence text,
    noted_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dispute_note_pkey PRIMARY KEY (ledger_id, note_id),
    CONSTRAINT dispute_note_dispute_fkey FOREIGN KEY (ledger_id, dispute_id) REFERENCES ar.dispute,
    CONSTRAINT dispute_note_note_check CHECK (note ~ '\S'),
    CONSTRAINT dispute_note_evidence_check CHECK (evidence ~ '\S')
);
CREATE INDEX dispute_note_dispute_idx ON ar.dispute_note (ledger_id, dispute_id) WHERE dispute_id IS NOT NULL;
COMMENT ON TABLE ar.dispute_note IS 'A row is what somebody noted about a dispute, and where the evidence is. A fact: never changed.';
COMMENT ON COLUMN ar.dispute_note.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dispute_note.note_id IS 'Id of the note.';
COMMENT ON COLUMN ar.dispute_note.dispute_id IS 'The dispute.';
COMMENT ON COLUMN ar.dispute_note.note IS 'What was said, seen or found.';
COMMENT ON COLUMN ar.dispute_note.evidence IS 'Name or address of a document that shows it, such as a delivery note.';
COMMENT ON COLUMN ar.dispute_note.noted_by IS 'Who noted it; set by the database.';
COMMENT ON COLUMN ar.dispute_note.recorded_at IS 'When; set by the database.';

CREATE TRIGGER ledger_dispute_reason_ais AFTER INSERT ON ar.ledger
    REFERENCING NEW TABLE AS new_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_seed_dispute_reasons();

CREATE TRIGGER dispute_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.dispute
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_dispute();
CREATE TRIGGER dispute_fact_bts BEFORE TRUNCATE ON ar.dispute
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dispute_item_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.dispute_item
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_dispute_item();
CREATE TRIGGER dispute_item_fact_bts BEFORE TRUNCATE ON ar.dispute_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dispute_item_open_ais AFTER INSERT ON ar.dispute_item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_open_disputes();
CREATE TRIGGER dispute_note_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.dispute_note
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dispute_note_stamp_bir BEFORE INSERT ON ar.dispute_note
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_dispute_note();
