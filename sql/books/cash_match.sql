-- cash: what was found for money that came in, and is for somebody to decide.

CREATE TABLE ar.match_suggestion (
    ledger_id integer NOT NULL,
    suggestion_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    kind text NOT NULL,
    payment_id bigint,
    credit_item_id bigint,
    customer_id bigint NOT NULL,
    rule text NOT NULL,
    confidence numeric(5, 4) NOT NULL,
    explanation text NOT NULL,
    lines jsonb NOT NULL DEFAULT '[]',
    fingerprint bytea NOT NULL,
    status text NOT NULL DEFAULT 'open',
    suggested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    CONSTRAINT match_suggestion_pkey PRIMARY KEY (ledger_id, suggestion_id),
    CONSTRAINT match_suggestion_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment,
    CONSTRAINT match_suggestion_credit_item_fkey FOREIGN KEY (ledger_id, credit_item_id) REFERENCES ar.item,
    CONSTRAINT match_suggestion_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT match_suggestion_kind_check CHECK (CASE kind
        WHEN 'payer' THEN payment_id IS NOT NULL AND credit_item_id IS NULL
        WHEN 'application' THEN credit_item_id IS NOT NULL
        ELSE false END),
    CONSTRAINT match_suggestion_confidence_check CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT match_suggestion_explanation_check CHECK (explanation <> ''),
    CONSTRAINT match_suggestion_lines_check CHECK (jsonb_typeof(lines) = 'array'),
    CONSTRAINT match_suggestion_status_check CHECK (status IN ('open', 'accepted', 'rejected', 'superseded')
        AND (status = 'open') = (decided_at IS NULL))
);
-- The same answer is suggested once: who refused it is not asked again.
CREATE UNIQUE INDEX match_suggestion_fingerprint_key ON ar.match_suggestion
    (ledger_id, (coalesce(credit_item_id, payment_id)), fingerprint) WHERE status <> 'superseded';
CREATE INDEX match_suggestion_payment_idx ON ar.match_suggestion (ledger_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX match_suggestion_credit_item_idx ON ar.match_suggestion (ledger_id, credit_item_id) WHERE credit_item_id IS NOT NULL;
CREATE INDEX match_suggestion_open_idx ON ar.match_suggestion (ledger_id, suggestion_id) WHERE status = 'open';
COMMENT ON TABLE ar.match_suggestion IS 'A row is one answer that the matching found and did not dare to carry out: whose a payment is, or what a credit is for.';
COMMENT ON COLUMN ar.match_suggestion.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.match_suggestion.suggestion_id IS 'Id of the suggestion.';
COMMENT ON COLUMN ar.match_suggestion.kind IS 'payer: whose an unidentified payment is; application: what a payment or credit memo is for.';
COMMENT ON COLUMN ar.match_suggestion.payment_id IS 'The payment; NULL: it is about another credit.';
COMMENT ON COLUMN ar.match_suggestion.credit_item_id IS 'The credit item to be applied; NULL: the payment is unidentified and has none.';
COMMENT ON COLUMN ar.match_suggestion.customer_id IS 'The customer it would belong to, or belongs to.';
COMMENT ON COLUMN ar.match_suggestion.rule IS 'The rule that found it.';
COMMENT ON COLUMN ar.match_suggestion.confidence IS 'How sure the rule is, from 0 to 1.';
COMMENT ON COLUMN ar.match_suggestion.explanation IS 'Why, in a sentence.';
COMMENT ON COLUMN ar.match_suggestion.lines IS 'What would be applied: an array of objects with item_id, and perhaps amount, discount, difference, deduction and reason_code, credit_item_id (another credit pays this line), in units of the currency; without item_id: gain or refund of what is too much. Empty: nothing, as for a double payment.';
COMMENT ON COLUMN ar.match_suggestion.fingerprint IS 'Digest of customer and lines, by which the same answer is known again.';
COMMENT ON COLUMN ar.match_suggestion.status IS 'open, accepted, rejected (and not suggested again), or superseded by what happened meanwhile.';
COMMENT ON COLUMN ar.match_suggestion.suggested_at IS 'When it was suggested; set by the database.';
COMMENT ON COLUMN ar.match_suggestion.decided_by IS 'Who decided; set by the database.';
COMMENT ON COLUMN ar.match_suggestion.decided_at IS 'When; set by the database; NULL: it is open.';
COMMENT ON COLUMN ar.match_suggestion.decision_reason IS 'Why he decided so.';

CREATE TRIGGER match_suggestion_card_bur BEFORE UPDATE OF decision_reason ON ar.match_suggestion
    FOR EACH ROW WHEN (NEW.decision_reason IS NOT NULL) EXECUTE FUNCTION ar.tg_refuse_card_numbers('decision_reason');
CREATE TRIGGER match_suggestion_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.match_suggestion
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_match_suggestion();
CREATE TRIGGER match_suggestion_fact_bts BEFORE TRUNCATE ON ar.match_suggestion
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
