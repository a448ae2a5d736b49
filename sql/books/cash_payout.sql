-- cash: what processors pay out.

CREATE TABLE ar.payout (
    ledger_id integer NOT NULL,
    payout_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    method text NOT NULL,
    reference text NOT NULL,
    paid_on date NOT NULL,
    gross ar.monetary NOT NULL,
    deducted ar.monetary NOT NULL,
    fee ar.monetary NOT NULL,
    net ar.monetary NOT NULL,
    account text,
    external_id text,
    external_digest bytea,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT payout_pkey PRIMARY KEY (ledger_id, payout_id),
    CONSTRAINT payout_method_fkey FOREIGN KEY (ledger_id, method) REFERENCES ar.payment_method,
    CONSTRAINT payout_reference_check CHECK (reference ~ '\S'),
    CONSTRAINT payout_paid_on_check CHECK (isfinite(paid_on)),
    CONSTRAINT payout_amount_check CHECK (
        ar.sign(gross) >= 0 AND ar.sign(deducted) >= 0 AND ar.sign(fee) >= 0 AND gross - deducted - fee = net),
    CONSTRAINT payout_account_check CHECK (account <> '')
);
CREATE UNIQUE INDEX payout_reference_key ON ar.payout (ledger_id, method, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX payout_external_id_key ON ar.payout (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.payout IS 'A row is what a processor paid out in one sum: payments, less refunds, chargebacks and its fee. A fact: never changed.';
COMMENT ON COLUMN ar.payout.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payout.payout_id IS 'Id of the payout.';
COMMENT ON COLUMN ar.payout.method IS 'The method of the processor (ar.payment_method).';
COMMENT ON COLUMN ar.payout.reference IS 'What the processor calls it, unique for the method: by it and the method a line of the bank finds it.';
COMMENT ON COLUMN ar.payout.paid_on IS 'The day on which it was paid out; its payments clear then.';
COMMENT ON COLUMN ar.payout.gross IS 'The payments in it.';
COMMENT ON COLUMN ar.payout.deducted IS 'The refunds and chargebacks in it.';
COMMENT ON COLUMN ar.payout.fee IS 'What the processor kept.';
COMMENT ON COLUMN ar.payout.net IS 'What came to the bank: gross less deducted less fee, to the cent; below zero where the processor drew it.';
COMMENT ON COLUMN ar.payout.account IS 'The account of ours that it was paid to.';
COMMENT ON COLUMN ar.payout.external_id IS 'Id that the writing program gave, unique among the ledger''s payouts.';
COMMENT ON COLUMN ar.payout.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.payout.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.payout_payment (
    ledger_id integer NOT NULL,
    payout_id bigint NOT NULL,
    line_number integer NOT NULL,
    kind text NOT NULL DEFAULT 'payment',
    payment_id bigint NOT NULL,
    adjustment_id bigint,
    amount ar.monetary NOT NULL,
    CONSTRAINT payout_payment_pkey PRIMARY KEY (ledger_id, payout_id, line_number),
    CONSTRAINT payout_payment_payout_fkey FOREIGN KEY (ledger_id, payout_id) REFERENCES ar.payout,
    CONSTRAINT payout_payment_payment_fkey FOREIGN KEY (ledger_id, payment_id) REFERENCES ar.payment,
    CONSTRAINT payout_payment_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT payout_payment_kind_check CHECK (
        kind IN ('payment', 'reversal', 'refund') AND (kind = 'refund') = (adjustment_id IS NOT NULL)),
    CONSTRAINT payout_payment_amount_check CHECK ((ar.sign(amount) > 0) = (kind = 'payment'))
);
-- A payment is paid out once, and deducted once.
CREATE UNIQUE INDEX payout_payment_payment_key ON ar.payout_payment (ledger_id, payment_id) WHERE kind = 'payment';
CREATE UNIQUE INDEX payout_payment_reversal_key ON ar.payout_payment (ledger_id, payment_id) WHERE kind = 'reversal';
CREATE UNIQUE INDEX payout_payment_refund_key ON ar.payout_payment (ledger_id, adjustment_id) WHERE adjustment_id IS NOT NULL;
COMMENT ON TABLE ar.payout_payment IS 'A row is a line of a payout: a payment in it, or a refund or reversed payment deducted from it. A fact: never changed, and written with its payout.';
COMMENT ON COLUMN ar.payout_payment.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payout_payment.payout_id IS 'The payout.';
COMMENT ON COLUMN ar.payout_payment.line_number IS 'Its place in the payout, from 1.';
COMMENT ON COLUMN ar.payout_payment.kind IS 'payment; reversal, a payment charged back or returned; refund, of a payment.';
COMMENT ON COLUMN ar.payout_payment.payment_id IS 'The payment; of a refund that which was paid back.';
COMMENT ON COLUMN ar.payout_payment.adjustment_id IS 'The refund; NULL for the others.';
COMMENT ON COLUMN ar.payout_payment.amount IS 'What it adds to the payout, below zero for what is deducted; set by the database.';

CREATE TRIGGER payout_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payout
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payout_card_bir BEFORE INSERT ON ar.payout
    FOR EACH ROW EXECUTE FUNCTION ar.tg_refuse_card_numbers('~reference', '~external_id');
CREATE TRIGGER payout_record_bir BEFORE INSERT ON ar.payout
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE CONSTRAINT TRIGGER payout_sum_air AFTER INSERT ON ar.payout
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ar.tg_check_payout();
CREATE TRIGGER payout_payment_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payout_payment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payout_payment_check_bir BEFORE INSERT ON ar.payout_payment
    FOR EACH ROW EXECUTE FUNCTION ar.tg_check_payout_payment();
