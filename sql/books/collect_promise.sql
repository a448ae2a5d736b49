-- collect: promises to pay.

CREATE TABLE ar.promise (
    ledger_id integer NOT NULL,
    promise_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    due_on date NOT NULL,
    made_on date NOT NULL,
    grace_days integer NOT NULL,
    tolerance_percent numeric NOT NULL,
    note text,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'open',
    paid ar.monetary,
    judged_on date,
    judged_by text,
    judged_at timestamptz,
    reason text,
    CONSTRAINT promise_pkey PRIMARY KEY (ledger_id, promise_id),
    CONSTRAINT promise_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT promise_amount_check CHECK (ar.sign(amount) > 0),
    -- Bounded, so that no promise can keep the others from being judged: a day too far away cannot be added to.
    CONSTRAINT promise_days_check CHECK (
        isfinite(made_on) AND due_on >= made_on AND due_on <= date '9999-12-31' AND grace_days >= 0 AND grace_days <= 3660
        AND isfinite(judged_on) AND judged_on >= made_on),
    CONSTRAINT promise_tolerance_check CHECK (tolerance_percent >= 0 AND tolerance_percent < 100),
    CONSTRAINT promise_status_check CHECK (CASE status
        WHEN 'open' THEN num_nonnulls(paid, judged_on, judged_by, judged_at, reason) = 0
        WHEN 'cancelled' THEN num_nonnulls(judged_on, judged_by, judged_at) = 3 AND coalesce(reason, '') ~ '\S'
        WHEN 'kept' THEN num_nonnulls(judged_on, judged_by, judged_at) = 3 AND ar.sign(paid) > 0
        WHEN 'partly_kept' THEN num_nonnulls(judged_on, judged_by, judged_at) = 3 AND ar.sign(paid) > 0 AND judged_on > due_on + grace_days
        WHEN 'broken' THEN num_nonnulls(judged_on, judged_by, judged_at) = 3 AND ar.sign(paid) = 0 AND judged_on > due_on + grace_days
        ELSE false END),
    CONSTRAINT promise_paid_check CHECK (ar.sign(paid) >= 0 AND ar.currency(paid) = ar.currency(amount))
);
CREATE INDEX promise_customer_idx ON ar.promise (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX promise_open_idx ON ar.promise (ledger_id, due_on) WHERE status = 'open';
CREATE UNIQUE INDEX promise_external_id_key ON ar.promise (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.promise IS 'A row is a promise of a customer to pay an amount by a day. Once judged it is a fact.';
COMMENT ON COLUMN ar.promise.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.promise.promise_id IS 'Id of the promise.';
COMMENT ON COLUMN ar.promise.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.promise.amount IS 'What he promised to pay.';
COMMENT ON COLUMN ar.promise.due_on IS 'Last day on which he promised to pay it.';
COMMENT ON COLUMN ar.promise.made_on IS 'Day on which he promised.';
COMMENT ON COLUMN ar.promise.grace_days IS 'Days after due_on on which it can still be kept: that of the policy then.';
COMMENT ON COLUMN ar.promise.tolerance_percent IS 'It is kept if so many percent are missing: that of the policy then.';
COMMENT ON COLUMN ar.promise.note IS 'What was said, and by whom.';
COMMENT ON COLUMN ar.promise.external_id IS 'Id that the writing program gave, unique among the ledger''s promises.';
COMMENT ON COLUMN ar.promise.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.promise.recorded_by IS 'Who took it; set by the database.';
COMMENT ON COLUMN ar.promise.recorded_at IS 'When; set by the database. What is applied later counts for it.';
COMMENT ON COLUMN ar.promise.status IS 'open; kept; partly_kept: something was paid, but too little; broken: nothing was; cancelled: somebody took it back.';
COMMENT ON COLUMN ar.promise.paid IS 'What was applied to its items in time; NULL while open, or cancelled.';
COMMENT ON COLUMN ar.promise.judged_on IS 'Day as of which it was judged or cancelled.';
COMMENT ON COLUMN ar.promise.judged_by IS 'Who or whose job did it; set by the database.';
COMMENT ON COLUMN ar.promise.judged_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.promise.reason IS 'Why it was cancelled.';

CREATE TABLE ar.promise_item (
    ledger_id integer NOT NULL,
    promise_id bigint NOT NULL,
    item_id bigint NOT NULL,
    is_open boolean NOT NULL DEFAULT true,
    CONSTRAINT promise_item_pkey PRIMARY KEY (ledger_id, promise_id, item_id),
    CONSTRAINT promise_item_promise_fkey FOREIGN KEY (ledger_id, promise_id) REFERENCES ar.promise,
    CONSTRAINT promise_item_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item
);
-- One promise at a time, whoever is first.
CREATE UNIQUE INDEX promise_item_open_key ON ar.promise_item (ledger_id, item_id) WHERE is_open;
COMMENT ON TABLE ar.promise_item IS 'A row is an item that a promise is for. An item has one open promise at a time.';
COMMENT ON COLUMN ar.promise_item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.promise_item.promise_id IS 'The promise.';
COMMENT ON COLUMN ar.promise_item.item_id IS 'The item, a debit of the customer in the currency of the promise.';
COMMENT ON COLUMN ar.promise_item.is_open IS 'Whether the promise is open; follows it.';

CREATE TRIGGER promise_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.promise
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_promise();
CREATE TRIGGER promise_fact_bts BEFORE TRUNCATE ON ar.promise
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER promise_follow_aus AFTER UPDATE ON ar.promise
    REFERENCING NEW TABLE AS new_promise
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_promises();
CREATE TRIGGER promise_item_guard_budr BEFORE UPDATE OR DELETE ON ar.promise_item
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_promise_item();
CREATE TRIGGER promise_item_fact_bts BEFORE TRUNCATE ON ar.promise_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER promise_item_check_ais AFTER INSERT ON ar.promise_item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_promise_items();
