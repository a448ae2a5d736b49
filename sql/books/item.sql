-- item: items, applications and balances, and the triggers that keep them.

-- Every index begins with ledger_id.  In a young table all of them look equally
-- good to the planner, and a plan made then, for a foreign key or by the
-- writer, is kept while the table grows.  So that only the right one can be
-- taken, a secondary index says WHERE its own column IS NOT NULL: always true,
-- and implied by every condition on that column, but by no other.

CREATE TABLE ar.customer_balance (
    ledger_id integer NOT NULL,
    customer_id bigint NOT NULL,
    currency text NOT NULL,
    open_debits ar.monetary NOT NULL,
    open_credits ar.monetary NOT NULL,
    CONSTRAINT customer_balance_pkey PRIMARY KEY (ledger_id, customer_id, currency),
    CONSTRAINT customer_balance_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT customer_balance_currency_check CHECK (
        currency = ar.currency(open_debits) AND currency = ar.currency(open_credits))
) WITH (fillfactor = 50);
COMMENT ON TABLE ar.customer_balance IS 'A row is what one customer has open in one currency. Derived: written by the triggers alone, and locked by them before any item of the customer.';
COMMENT ON COLUMN ar.customer_balance.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.customer_balance.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.customer_balance.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN ar.customer_balance.open_debits IS 'Sum of what is open on debit items: what he owes.';
COMMENT ON COLUMN ar.customer_balance.open_credits IS 'Sum of what is open on credit items, zero or negative: what he paid and is not applied yet.';

CREATE TABLE ar.adjustment (
    ledger_id integer NOT NULL,
    adjustment_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    kind text NOT NULL,
    amount ar.monetary NOT NULL,
    adjusted_on date NOT NULL,
    number text,
    reason_code text,
    reason text,
    invoice_id bigint,
    payment_id bigint,
    reverses_id bigint,
    method text,
    reference text,
    external_id text,
    external_digest bytea,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT adjustment_pkey PRIMARY KEY (ledger_id, adjustment_id),
    CONSTRAINT adjustment_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT adjustment_reverses_fkey FOREIGN KEY (ledger_id, reverses_id) REFERENCES ar.adjustment,
    CONSTRAINT adjustment_adjusted_on_check CHECK (isfinite(adjusted_on)),
    CONSTRAINT adjustment_reason_code_check CHECK (reason_code ~ '^[a-z][a-z0-9_]*$'),
    -- What takes an adjustment back has its kind, and the other sign.
    CONSTRAINT adjustment_kind_check CHECK (ar.sign(amount) <> 0 AND CASE kind
        WHEN 'write_off' THEN (ar.sign(amount) < 0) = (reverses_id IS NULL)
        WHEN 'discount' THEN (ar.sign(amount) < 0) = (reverses_id IS NULL)
        WHEN 'difference' THEN true
        WHEN 'deduction' THEN true
        WHEN 'fee' THEN (ar.sign(amount) > 0) = (reverses_id IS NULL)
        WHEN 'interest' THEN (ar.sign(amount) > 0) = (reverses_id IS NULL)
        WHEN 'refund' THEN (ar.sign(amount) > 0) = (reverses_id IS NULL)
        WHEN 'chargeback' THEN (ar.sign(amount) > 0) = (reverses_id IS NULL)
        WHEN 'reversal' THEN ar.sign(amount) > 0 AND payment_id IS NOT NULL AND reverses_id IS NULL
        WHEN 'transfer' THEN payment_id IS NOT NULL
        ELSE false END)
);
CREATE UNIQUE INDEX adjustment_number_key ON ar.adjustment (ledger_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX adjustment_external_id_key ON ar.adjustment (ledger_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX adjustment_reverses_key ON ar.adjustment (ledger_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX adjustment_payment_idx ON ar.adjustment (ledger_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX adjustment_invoice_idx ON ar.adjustment (ledger_id, invoice_id) WHERE invoice_id IS NOT NULL;
CREATE INDEX adjustment_customer_idx ON ar.adjustment (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.adjustment IS 'A row is one posted document that is neither invoice nor payment, such as a write-off or a discount taken. A fact: never changed.';
COMMENT ON COLUMN ar.adjustment.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.adjustment.adjustment_id IS 'Id of the document.';
COMMENT ON COLUMN ar.adjustment.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.adjustment.kind IS 'Credits: write_off, discount; debits: fee, interest, refund, chargeback, and reversal (takes a payment back); either: difference (too small to pursue), deduction (taken by the payer, a credit for the invoice and a debit to be cleared), transfer (of a payment to another customer). What takes an adjustment back has its kind and the other sign.';
COMMENT ON COLUMN ar.adjustment.amount IS 'Debit positive, credit negative, as the kind demands.';
COMMENT ON COLUMN ar.adjustment.adjusted_on IS 'Accounting date.';
COMMENT ON COLUMN ar.adjustment.number IS 'Number that people see, if it has one.';
COMMENT ON COLUMN ar.adjustment.reason_code IS 'Why, as a code of the ledger''s, such as damaged or price_difference.';
COMMENT ON COLUMN ar.adjustment.reason IS 'Why, in words.';
COMMENT ON COLUMN ar.adjustment.invoice_id IS 'The invoice it concerns, or NULL.';
COMMENT ON COLUMN ar.adjustment.payment_id IS 'The payment it came with, or takes back, or NULL.';
COMMENT ON COLUMN ar.adjustment.reverses_id IS 'The adjustment that this one takes back, or NULL.';
COMMENT ON COLUMN ar.adjustment.method IS 'How a refund is paid: a method of ar.payment_method, or NULL.';
COMMENT ON COLUMN ar.adjustment.reference IS 'What the bank or processor calls a refund, or NULL. Never a card number.';
COMMENT ON COLUMN ar.adjustment.external_id IS 'Id that the writing program gave, unique among the ledger''s adjustments.';
COMMENT ON COLUMN ar.adjustment.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.adjustment.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.item (
    ledger_id integer NOT NULL,
    item_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    kind text NOT NULL,
    invoice_id bigint,
    payment_id bigint,
    adjustment_id bigint,
    instalment smallint NOT NULL,
    issued_on date NOT NULL,
    due_on date NOT NULL,
    amount ar.monetary NOT NULL,
    open ar.monetary NOT NULL,
    closed_on date,
    undone_on date,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT item_pkey PRIMARY KEY (ledger_id, item_id),
    CONSTRAINT item_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT item_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT item_document_check CHECK (num_nonnulls(invoice_id, payment_id, adjustment_id) = 1),
    CONSTRAINT item_open_check CHECK (ar.is_open_within(open, amount)),
    CONSTRAINT item_closed_on_check CHECK ((closed_on IS NOT NULL) = (ar.sign(open) = 0))
) WITH (fillfactor = 80);
-- By closed_on and not by open: a partial payment then changes no indexed column and stays HOT.
CREATE INDEX item_open_idx ON ar.item (ledger_id, customer_id, due_on) WHERE closed_on IS NULL;
CREATE UNIQUE INDEX item_invoice_key ON ar.item (ledger_id, invoice_id, instalment) WHERE invoice_id IS NOT NULL;
CREATE UNIQUE INDEX item_payment_key ON ar.item (ledger_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE UNIQUE INDEX item_adjustment_key ON ar.item (ledger_id, adjustment_id) WHERE adjustment_id IS NOT NULL;
COMMENT ON TABLE ar.item IS 'A row is one open or closed item: a due date of an invoice, a payment, or an adjustment. Derived from the posted documents and their applications: written by the triggers alone.';
COMMENT ON COLUMN ar.item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.item.item_id IS 'Id of the item.';
COMMENT ON COLUMN ar.item.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.item.kind IS 'invoice, credit_memo, debit_memo, deposit, payment, or the kind of the adjustment.';
COMMENT ON COLUMN ar.item.invoice_id IS 'The invoice, memo or deposit it is a due date of, or NULL.';
COMMENT ON COLUMN ar.item.payment_id IS 'The payment it stands for, or NULL.';
COMMENT ON COLUMN ar.item.adjustment_id IS 'The adjustment it stands for, or NULL.';
COMMENT ON COLUMN ar.item.instalment IS 'Which of its document''s items: 1 for the first or only one.';
COMMENT ON COLUMN ar.item.issued_on IS 'Accounting date of its document.';
COMMENT ON COLUMN ar.item.due_on IS 'Last day on which it is not overdue.';
COMMENT ON COLUMN ar.item.amount IS 'Amount at posting: debit positive, credit negative.';
COMMENT ON COLUMN ar.item.open IS 'What is not applied yet: amount less the applications, of the same sign.';
COMMENT ON COLUMN ar.item.closed_on IS 'Date of its last application once nothing is open; NULL while something is.';
COMMENT ON COLUMN ar.item.undone_on IS 'Latest date on which an application of it was undone; NULL if none was. No application may be dated earlier.';
COMMENT ON COLUMN ar.item.recorded_at IS 'When its document was recorded.';

CREATE TABLE ar.application (
    ledger_id integer NOT NULL,
    application_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    credit_item_id bigint NOT NULL,
    debit_item_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    applied_on date NOT NULL,
    reverses_id bigint,
    rule text,
    confidence numeric(5, 4),
    external_id text,
    external_digest bytea,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT application_pkey PRIMARY KEY (ledger_id, application_id),
    CONSTRAINT application_credit_item_fkey FOREIGN KEY (ledger_id, credit_item_id) REFERENCES ar.item,
    CONSTRAINT application_debit_item_fkey FOREIGN KEY (ledger_id, debit_item_id) REFERENCES ar.item,
    CONSTRAINT application_reverses_fkey FOREIGN KEY (ledger_id, reverses_id) REFERENCES ar.application,
    CONSTRAINT application_applied_on_check CHECK (isfinite(applied_on)),
    CONSTRAINT application_amount_check CHECK (
        CASE WHEN reverses_id IS NULL THEN ar.sign(amount) > 0 ELSE ar.sign(amount) < 0 END)
);
CREATE INDEX application_credit_item_idx ON ar.application (ledger_id, credit_item_id) WHERE credit_item_id IS NOT NULL;
CREATE INDEX application_debit_item_idx ON ar.application (ledger_id, debit_item_id) WHERE debit_item_id IS NOT NULL;
CREATE UNIQUE INDEX application_reverses_key ON ar.application (ledger_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE UNIQUE INDEX application_external_id_key ON ar.application (ledger_id, external_id) WHERE external_id IS NOT NULL;
-- The two ways back: to a day, and to what was known at a moment.
CREATE INDEX application_applied_on_idx ON ar.application (ledger_id, applied_on) WHERE applied_on IS NOT NULL;
CREATE INDEX application_recorded_at_idx ON ar.application (ledger_id, recorded_at) WHERE recorded_at IS NOT NULL;
COMMENT ON TABLE ar.application IS 'A row applies one credit item to one debit item, or undoes such a row. A fact: never changed.';
COMMENT ON COLUMN ar.application.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.application.application_id IS 'Id of the application.';
COMMENT ON COLUMN ar.application.credit_item_id IS 'The credit item: payment, credit memo, write-off and the like.';
COMMENT ON COLUMN ar.application.debit_item_id IS 'The debit item: a due date of an invoice, a fee and the like.';
COMMENT ON COLUMN ar.application.amount IS 'Positive; negative in a counter-row.';
COMMENT ON COLUMN ar.application.applied_on IS 'Accounting date.';
COMMENT ON COLUMN ar.application.reverses_id IS 'The application that this counter-row undoes, or NULL.';
COMMENT ON COLUMN ar.application.rule IS 'The rule by which it was found what the credit is for: one of ar.cash_policy.rules, correction (a memo to the invoice it corrects), oldest, newest, largest or proportional; NULL: somebody said so.';
COMMENT ON COLUMN ar.application.confidence IS 'How sure the rule was, from 0 to 1; NULL: it was told what to do.';
COMMENT ON COLUMN ar.application.external_id IS 'Id that the writing program gave, unique among the ledger''s applications.';
COMMENT ON COLUMN ar.application.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.application.recorded_at IS 'When it was recorded; set by the database.';

CREATE TRIGGER customer_balance_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.customer_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();
CREATE TRIGGER item_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();

CREATE TRIGGER adjustment_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER adjustment_check_bir BEFORE INSERT ON ar.adjustment
    FOR EACH ROW WHEN (NEW.reverses_id IS NOT NULL) EXECUTE FUNCTION ar.tg_check_adjustment();
CREATE TRIGGER adjustment_record_bir BEFORE INSERT ON ar.adjustment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER adjustment_post_ais AFTER INSERT ON ar.adjustment
    REFERENCING NEW TABLE AS new_adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_post('adjustment');

CREATE TRIGGER application_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.application
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER application_record_bir BEFORE INSERT ON ar.application
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER application_apply_ais AFTER INSERT ON ar.application
    REFERENCING NEW TABLE AS new_application
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_apply();
