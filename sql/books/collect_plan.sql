-- collect: payment plans.

CREATE TABLE ar.payment_plan (
    ledger_id integer NOT NULL,
    plan_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    agreed_on date NOT NULL,
    grace_days integer NOT NULL,
    interest_id bigint,
    fee_id bigint,
    note text,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'open',
    ended_on date,
    ended_by text,
    ended_at timestamptz,
    reason text,
    CONSTRAINT payment_plan_pkey PRIMARY KEY (ledger_id, plan_id),
    CONSTRAINT payment_plan_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT payment_plan_interest_fkey FOREIGN KEY (ledger_id, interest_id) REFERENCES ar.adjustment,
    CONSTRAINT payment_plan_fee_fkey FOREIGN KEY (ledger_id, fee_id) REFERENCES ar.adjustment,
    CONSTRAINT payment_plan_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT payment_plan_days_check CHECK (isfinite(agreed_on) AND grace_days >= 0 AND grace_days <= 3660 AND isfinite(ended_on) AND ended_on >= agreed_on),
    CONSTRAINT payment_plan_status_check CHECK (CASE status
        WHEN 'open' THEN num_nonnulls(ended_on, ended_by, ended_at, reason) = 0
        WHEN 'completed' THEN num_nonnulls(ended_on, ended_by, ended_at) = 3
        WHEN 'breached' THEN num_nonnulls(ended_on, ended_by, ended_at) = 3
        WHEN 'cancelled' THEN num_nonnulls(ended_on, ended_by, ended_at) = 3 AND coalesce(reason, '') ~ '\S'
        ELSE false END)
);
CREATE INDEX payment_plan_customer_idx ON ar.payment_plan (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX payment_plan_open_idx ON ar.payment_plan (ledger_id, plan_id) WHERE status = 'open';
CREATE UNIQUE INDEX payment_plan_external_id_key ON ar.payment_plan (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.payment_plan IS 'A row is what a customer and the ledger agreed on: to pay some items in instalments. Once ended it is a fact.';
COMMENT ON COLUMN ar.payment_plan.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_plan.plan_id IS 'Id of the plan.';
COMMENT ON COLUMN ar.payment_plan.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.payment_plan.amount IS 'What is to be paid in all, interest and fee included: the sum of its instalments.';
COMMENT ON COLUMN ar.payment_plan.agreed_on IS 'Day on which it was agreed on.';
COMMENT ON COLUMN ar.payment_plan.grace_days IS 'Days after its date on which an instalment can still be paid: those of the policy then.';
COMMENT ON COLUMN ar.payment_plan.interest_id IS 'The adjustment that charges interest for it, or NULL.';
COMMENT ON COLUMN ar.payment_plan.fee_id IS 'The adjustment that charges a fee for it, or NULL.';
COMMENT ON COLUMN ar.payment_plan.note IS 'What was agreed on besides.';
COMMENT ON COLUMN ar.payment_plan.external_id IS 'Id that the writing program gave, unique among the ledger''s plans.';
COMMENT ON COLUMN ar.payment_plan.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.payment_plan.recorded_by IS 'Who made it; set by the database.';
COMMENT ON COLUMN ar.payment_plan.recorded_at IS 'When; set by the database. What is applied later counts for it.';
COMMENT ON COLUMN ar.payment_plan.status IS 'open; completed: all was paid; breached: an instalment was not paid in time; cancelled: somebody ended it.';
COMMENT ON COLUMN ar.payment_plan.ended_on IS 'Day as of which it ended.';
COMMENT ON COLUMN ar.payment_plan.ended_by IS 'Who or whose job ended it; set by the database.';
COMMENT ON COLUMN ar.payment_plan.ended_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.payment_plan.reason IS 'Why it was cancelled.';

CREATE TABLE ar.payment_plan_item (
    ledger_id integer NOT NULL,
    plan_id bigint NOT NULL,
    item_id bigint NOT NULL,
    is_open boolean NOT NULL DEFAULT true,
    CONSTRAINT payment_plan_item_pkey PRIMARY KEY (ledger_id, plan_id, item_id),
    CONSTRAINT payment_plan_item_plan_fkey FOREIGN KEY (ledger_id, plan_id) REFERENCES ar.payment_plan,
    CONSTRAINT payment_plan_item_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item
);
-- One plan at a time, whoever is first.
CREATE UNIQUE INDEX payment_plan_item_open_key ON ar.payment_plan_item (ledger_id, item_id) WHERE is_open;
COMMENT ON TABLE ar.payment_plan_item IS 'A row is an item that a plan is for. It keeps its due date; whether the aging goes by it, ar.plan_re_aging says. An item is on one open plan at a time.';
COMMENT ON COLUMN ar.payment_plan_item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_plan_item.plan_id IS 'The plan.';
COMMENT ON COLUMN ar.payment_plan_item.item_id IS 'The item, a debit of the customer in the currency of the plan.';
COMMENT ON COLUMN ar.payment_plan_item.is_open IS 'Whether the plan is open; follows it.';

CREATE TABLE ar.payment_plan_instalment (
    ledger_id integer NOT NULL,
    plan_id bigint NOT NULL,
    instalment smallint NOT NULL,
    due_on date NOT NULL,
    amount ar.monetary NOT NULL,
    CONSTRAINT payment_plan_instalment_pkey PRIMARY KEY (ledger_id, plan_id, instalment),
    CONSTRAINT payment_plan_instalment_due_on_key UNIQUE (ledger_id, plan_id, due_on),
    CONSTRAINT payment_plan_instalment_plan_fkey FOREIGN KEY (ledger_id, plan_id) REFERENCES ar.payment_plan,
    CONSTRAINT payment_plan_instalment_instalment_check CHECK (instalment >= 1 AND isfinite(due_on) AND due_on <= date '9999-12-31'),
    CONSTRAINT payment_plan_instalment_amount_check CHECK (ar.sign(amount) > 0)
);
COMMENT ON TABLE ar.payment_plan_instalment IS 'A row is one instalment of a plan. A fact: never changed.';
COMMENT ON COLUMN ar.payment_plan_instalment.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.payment_plan_instalment.plan_id IS 'The plan.';
COMMENT ON COLUMN ar.payment_plan_instalment.instalment IS 'Which of them, from 1.';
COMMENT ON COLUMN ar.payment_plan_instalment.due_on IS 'Last day on which it is to be paid.';
COMMENT ON COLUMN ar.payment_plan_instalment.amount IS 'What is to be paid then.';

CREATE TRIGGER payment_plan_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.payment_plan
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_plan();
CREATE TRIGGER payment_plan_fact_bts BEFORE TRUNCATE ON ar.payment_plan
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_plan_follow_aus AFTER UPDATE ON ar.payment_plan
    REFERENCING NEW TABLE AS new_plan
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_plans();
-- At the end of the transaction: its instalments come after it.
CREATE CONSTRAINT TRIGGER payment_plan_sum_air AFTER INSERT ON ar.payment_plan
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ar.tg_sum_plan();
CREATE TRIGGER payment_plan_item_guard_budr BEFORE UPDATE OR DELETE ON ar.payment_plan_item
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_plan_item();
CREATE TRIGGER payment_plan_item_fact_bts BEFORE TRUNCATE ON ar.payment_plan_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_plan_item_check_ais AFTER INSERT ON ar.payment_plan_item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_plan_items();
CREATE TRIGGER payment_plan_instalment_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.payment_plan_instalment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER payment_plan_instalment_check_ais AFTER INSERT ON ar.payment_plan_instalment
    REFERENCING NEW TABLE AS new_instalment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_instalments();

CREATE TABLE ar.plan_re_aging (
    ledger_id integer NOT NULL,
    plan_id bigint NOT NULL,
    re_aged_on date NOT NULL,
    reason text NOT NULL,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT plan_re_aging_pkey PRIMARY KEY (ledger_id, plan_id),
    CONSTRAINT plan_re_aging_plan_fkey FOREIGN KEY (ledger_id, plan_id) REFERENCES ar.payment_plan,
    CONSTRAINT plan_re_aging_re_aged_on_check CHECK (isfinite(re_aged_on)),
    CONSTRAINT plan_re_aging_reason_check CHECK (reason ~ '\S')
);
COMMENT ON TABLE ar.plan_re_aging IS 'A row is the decision that the aging goes by the instalments of a payment plan while it is open, instead of the due dates of its items. A fact: never changed.';
COMMENT ON COLUMN ar.plan_re_aging.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.plan_re_aging.plan_id IS 'The plan.';
COMMENT ON COLUMN ar.plan_re_aging.re_aged_on IS 'First day on which the aging goes by the instalments.';
COMMENT ON COLUMN ar.plan_re_aging.reason IS 'Why.';
COMMENT ON COLUMN ar.plan_re_aging.recorded_by IS 'Who decided; set by the database.';
COMMENT ON COLUMN ar.plan_re_aging.recorded_at IS 'When; set by the database. Before that moment nobody knew.';

CREATE TRIGGER plan_re_aging_guard_bir BEFORE INSERT ON ar.plan_re_aging
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_re_aging();
CREATE TRIGGER plan_re_aging_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.plan_re_aging
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
