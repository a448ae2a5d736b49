-- credit: invoices held for a credit manager, and how he decided.

CREATE TABLE ar.credit_hold (
    ledger_id integer NOT NULL,
    hold_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    invoice_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    action text NOT NULL DEFAULT 'hold',
    reasons text[] NOT NULL,
    detail text NOT NULL,
    amount ar.monetary NOT NULL,
    held_by text NOT NULL DEFAULT session_user,
    held_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    decision text,
    decided_by text,
    decided_at timestamptz,
    decision_reason text,
    CONSTRAINT credit_hold_pkey PRIMARY KEY (ledger_id, hold_id),
    CONSTRAINT credit_hold_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice,
    CONSTRAINT credit_hold_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_hold_action_check CHECK (action IN ('hold', 'warn')),
    CONSTRAINT credit_hold_reasons_check CHECK (cardinality(reasons) > 0 AND reasons <@
        '{credit_limit,probation,overdue,dunning_level,bounced_payments,manual_stop,customer_on_hold,manual}'::text[]),
    CONSTRAINT credit_hold_decision_check CHECK (
        decision IS NOT NULL AND decision IN ('released', 'rejected', 'withdrawn', 'lapsed')
        AND action = 'hold' AND decided_by IS NOT NULL AND decided_at IS NOT NULL
        OR num_nonnulls(decision, decided_by, decided_at, decision_reason) = 0),
    CONSTRAINT credit_hold_decision_reason_check CHECK (
        decision IS NULL OR decision NOT IN ('released', 'rejected') OR coalesce(decision_reason, '') ~ '\S')
);
CREATE UNIQUE INDEX credit_hold_open_key ON ar.credit_hold (ledger_id, invoice_id) WHERE decision IS NULL AND action = 'hold';
CREATE INDEX credit_hold_invoice_idx ON ar.credit_hold (ledger_id, invoice_id) WHERE invoice_id IS NOT NULL;
COMMENT ON TABLE ar.credit_hold IS 'A row is an invoice that was not simply posted: held for a credit manager, or posted with a warning. The database writes it; people write the decision.';
COMMENT ON COLUMN ar.credit_hold.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_hold.hold_id IS 'Id of the hold.';
COMMENT ON COLUMN ar.credit_hold.invoice_id IS 'The invoice.';
COMMENT ON COLUMN ar.credit_hold.customer_id IS 'Its customer.';
COMMENT ON COLUMN ar.credit_hold.action IS 'hold: the invoice was held; warn: it was posted all the same.';
COMMENT ON COLUMN ar.credit_hold.reasons IS 'All the reasons there were: credit_limit, probation, overdue, dunning_level, bounced_payments, manual_stop, customer_on_hold; manual: somebody set the status.';
COMMENT ON COLUMN ar.credit_hold.detail IS 'Each reason in a sentence, with its figures.';
COMMENT ON COLUMN ar.credit_hold.amount IS 'Total of the invoice then: a release is for no more.';
COMMENT ON COLUMN ar.credit_hold.held_by IS 'Who had it posted; set by the database.';
COMMENT ON COLUMN ar.credit_hold.held_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_hold.decision IS 'released: post it in spite of the reasons; rejected; withdrawn: the invoice was taken back by whoever made it; lapsed: no reason is left, it is judged anew. NULL: none yet.';
COMMENT ON COLUMN ar.credit_hold.decided_by IS 'Who decided; set by the database.';
COMMENT ON COLUMN ar.credit_hold.decided_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_hold.decision_reason IS 'Why; must be given to release or reject.';

-- Drafts and held invoices of a customer; recorded_at and not status, so that a change of status stays HOT.
CREATE INDEX invoice_unposted_idx ON ar.invoice (ledger_id, customer_id) WHERE recorded_at IS NULL;

CREATE TRIGGER credit_hold_derived_bidts BEFORE INSERT OR DELETE OR TRUNCATE ON ar.credit_hold
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();
CREATE TRIGGER credit_hold_guard_bur BEFORE UPDATE ON ar.credit_hold
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_hold();

-- At the end of the transaction: whoever decides by the table may set the invoice after it.
CREATE CONSTRAINT TRIGGER credit_hold_settle_aur AFTER UPDATE ON ar.credit_hold
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.decision IS NOT NULL)
    EXECUTE FUNCTION ar.tg_settle_hold();
-- After invoice_guard_..., by its name, which says more of what is posted.
CREATE TRIGGER invoice_held_bdr BEFORE DELETE ON ar.invoice
    FOR EACH ROW EXECUTE FUNCTION ar.tg_keep_held();

-- Before invoice_post_..., by their names: what is held must not be posted.
CREATE TRIGGER invoice_credit_ais AFTER INSERT ON ar.invoice
    REFERENCING NEW TABLE AS new_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_hold_invoice();
CREATE TRIGGER invoice_credit_aus AFTER UPDATE ON ar.invoice
    REFERENCING NEW TABLE AS new_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_hold_invoice();
CREATE TRIGGER invoice_hold_aur AFTER UPDATE ON ar.invoice
    FOR EACH ROW WHEN (OLD.status OPERATOR(ar.=) 'held' AND NEW.status OPERATOR(ar.<>) 'held' AND NEW.status OPERATOR(ar.<>) 'open')
    EXECUTE FUNCTION ar.tg_withdraw_hold();
