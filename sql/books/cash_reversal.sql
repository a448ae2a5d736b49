-- cash: payments that came to nothing.

CREATE TABLE ar.payment_reversal (
    ledger_id integer NOT NULL,
    payment_id bigint NOT NULL,
    kind text NOT NULL,
    reversed_on date NOT NULL,
    reason_code text,
    reason text,
    fee ar.monetary,
    external_id text,
    external_digest bytea,
    reversed_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payment_reversal_pkey PRIMARY KEY (ledger_id, payment_id),
    CONSTRAINT payment_reversal_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment,
    CONSTRAINT payment_reversal_kind_check CHECK (kind IN ('bounced', 'returned', 'charged_back', 'in_error')),
    CONSTRAINT payment_reversal_reversed_on_check CHECK (isfinite(reversed_on)),
    CONSTRAINT payment_reversal_reason_code_check CHECK (reason_code ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT payment_reversal_fee_check CHECK (ar.sign(fee) >= 0)
);
CREATE UNIQUE INDEX payment_reversal_external_id_key ON ar.payment_reversal (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.payment_reversal IS 'A row takes a payment back: what it was applied to is open again, and all that came with it is taken back, too. A fact: never changed.';
COMMENT ON COLUMN ar.payment_reversal.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_reversal.payment_id IS 'The payment, which is reversed once.';
COMMENT ON COLUMN ar.payment_reversal.kind IS 'bounced (a cheque), returned (a direct debit, a recalled wire), charged_back (a card, a processor), or in_error (it was never there, or recorded wrongly): what its method can meet.';
COMMENT ON COLUMN ar.payment_reversal.reversed_on IS 'Accounting date: days before it stay as they were reported.';
COMMENT ON COLUMN ar.payment_reversal.reason_code IS 'Why, as a code, such as insufficient_funds, or that of the bank in lower case: am04.';
COMMENT ON COLUMN ar.payment_reversal.reason IS 'Why, in words.';
COMMENT ON COLUMN ar.payment_reversal.fee IS 'What the customer is charged for it, as an item of its own; zero: nothing; NULL: as ar.cash_policy says, and nothing for what was in error.';
COMMENT ON COLUMN ar.payment_reversal.external_id IS 'Id that the writing program gave, unique among the ledger''s reversals.';
COMMENT ON COLUMN ar.payment_reversal.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.payment_reversal.reversed_by IS 'Who recorded it; set by the database.';
COMMENT ON COLUMN ar.payment_reversal.recorded_at IS 'When it was recorded; set by the database.';

CREATE UNIQUE INDEX adjustment_reversal_key ON ar.adjustment (ledger_id, payment_id) WHERE kind = 'reversal';

CREATE TRIGGER payment_reversal_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payment_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_reversal_card_bir BEFORE INSERT ON ar.payment_reversal
    FOR EACH ROW WHEN (NEW.reason IS NOT NULL OR NEW.external_id IS NOT NULL) EXECUTE FUNCTION ar.tg_refuse_card_numbers('reason', '~external_id');
CREATE TRIGGER payment_reversal_stamp_bir BEFORE INSERT ON ar.payment_reversal
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_payment_reversal();
CREATE TRIGGER payment_reversal_follow_ais AFTER INSERT ON ar.payment_reversal
    REFERENCING NEW TABLE AS new_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_payments('payment_reversal');

CREATE TRIGGER adjustment_reversal_bir BEFORE INSERT ON ar.adjustment
    FOR EACH ROW WHEN (NEW.kind = 'reversal') EXECUTE FUNCTION ar.tg_guard_reversal();

-- Before payment_transfer_post_ais, by its name: whose payment was reversed meanwhile gets no item.
CREATE TRIGGER payment_transfer_follow_ais AFTER INSERT ON ar.payment_transfer
    REFERENCING NEW TABLE AS new_payment_transfer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_payments('payment_transfer');

CREATE VIEW ar.unidentified_payment WITH (security_invoker = true) AS
SELECT l.code AS ledger, p.received_on, p.method, p.reference, p.structured_reference, p.payer_name, p.payer_account,
       ar.currency(p.amount) AS currency, ar.amount(p.amount) AS amount, p.ledger_id, p.payment_id
FROM ar.payment_waiting AS w
JOIN ar.payment AS p ON p.ledger_id = w.ledger_id AND p.payment_id = w.payment_id
JOIN ar.ledger AS l ON l.ledger_id = p.ledger_id;
COMMENT ON VIEW ar.unidentified_payment IS 'A row is a payment that waits for its customer: it came in without one, nobody has said since whose it is, and it was not reversed.';
COMMENT ON COLUMN ar.unidentified_payment.ledger IS 'Code of the ledger.';
COMMENT ON COLUMN ar.unidentified_payment.received_on IS 'Accounting date.';
COMMENT ON COLUMN ar.unidentified_payment.method IS 'How it was paid.';
COMMENT ON COLUMN ar.unidentified_payment.reference IS 'What the payer wrote.';
COMMENT ON COLUMN ar.unidentified_payment.structured_reference IS 'The reference with check digits that he quoted.';
COMMENT ON COLUMN ar.unidentified_payment.payer_name IS 'Who paid, as the bank says.';
COMMENT ON COLUMN ar.unidentified_payment.payer_account IS 'The account it came from.';
COMMENT ON COLUMN ar.unidentified_payment.currency IS 'ISO 4217 code of the amount.';
COMMENT ON COLUMN ar.unidentified_payment.amount IS 'Amount received.';
COMMENT ON COLUMN ar.unidentified_payment.ledger_id IS 'Id of the ledger.';
COMMENT ON COLUMN ar.unidentified_payment.payment_id IS 'Id of the payment.';
