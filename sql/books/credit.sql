-- credit: limits, policies and stops; the limit is judged on the balance row, once it is written.

CREATE TABLE ar.credit_account (
    ledger_id integer NOT NULL,
    customer_id bigint NOT NULL,
    judgements bigint NOT NULL DEFAULT 1,
    CONSTRAINT credit_account_pkey PRIMARY KEY (ledger_id, customer_id),
    CONSTRAINT credit_account_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer
) WITH (fillfactor = 50);
COMMENT ON TABLE ar.credit_account IS 'A row is a customer whose own or group''s exposure is judged. Whatever raises an exposure updates the rows of the customer and of his groups, from the root down, before it judges: so they are judged one after the other. Derived.';
COMMENT ON COLUMN ar.credit_account.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_account.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_account.judgements IS 'How often it was updated.';

CREATE TABLE ar.credit_limit (
    ledger_id integer NOT NULL,
    limit_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    kind text NOT NULL DEFAULT 'temporary',
    amount ar.monetary,
    valid_from date,
    valid_until date,
    reason text,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    withdrawn_by text,
    withdrawn_at timestamptz,
    withdrawal_reason text,
    CONSTRAINT credit_limit_pkey PRIMARY KEY (ledger_id, limit_id),
    CONSTRAINT credit_limit_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_limit_kind_check CHECK (CASE kind
        WHEN 'standing' THEN valid_from IS NULL AND valid_until IS NULL AND withdrawn_at IS NULL
        WHEN 'temporary' THEN amount IS NOT NULL AND valid_from IS NOT NULL
        WHEN 'additional' THEN ar.sign(amount) > 0 AND valid_from IS NOT NULL
        ELSE false END),
    CONSTRAINT credit_limit_amount_check CHECK (ar.sign(amount) >= 0),
    CONSTRAINT credit_limit_valid_check CHECK (isfinite(valid_from) AND isfinite(valid_until) AND valid_until >= valid_from),
    CONSTRAINT credit_limit_withdrawn_check CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);
CREATE INDEX credit_limit_customer_idx ON ar.credit_limit (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX credit_limit_external_id_key ON ar.credit_limit (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.credit_limit IS 'A row is one limit that was granted to a customer and, if he has members, to his group. A fact: a limit with dates can be withdrawn, and nothing else of it changes.';
COMMENT ON COLUMN ar.credit_limit.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_limit.limit_id IS 'Id of the limit.';
COMMENT ON COLUMN ar.credit_limit.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_limit.kind IS 'standing: in force until the next, the same as ar.customer.credit_limit; temporary: replaces it between two dates; additional: adds to it.';
COMMENT ON COLUMN ar.credit_limit.amount IS 'The most that may be owed; zero: nothing on credit; NULL, of a standing limit: unlimited.';
COMMENT ON COLUMN ar.credit_limit.valid_from IS 'First business date on which it counts; NULL of a standing limit.';
COMMENT ON COLUMN ar.credit_limit.valid_until IS 'Last business date on which it counts; NULL: no end.';
COMMENT ON COLUMN ar.credit_limit.reason IS 'Why it was granted.';
COMMENT ON COLUMN ar.credit_limit.external_id IS 'Id that the writing program gave, unique among the ledger''s limits.';
COMMENT ON COLUMN ar.credit_limit.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.credit_limit.recorded_by IS 'Who recorded it; set by the database.';
COMMENT ON COLUMN ar.credit_limit.recorded_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_limit.withdrawn_by IS 'Who withdrew it; set by the database.';
COMMENT ON COLUMN ar.credit_limit.withdrawn_at IS 'When it was withdrawn; NULL: it was not.';
COMMENT ON COLUMN ar.credit_limit.withdrawal_reason IS 'Why it was withdrawn.';

CREATE TABLE ar.credit_policy (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_class text,
    customer_id bigint,
    on_breach text,
    tolerance_percent numeric,
    counts_drafts boolean,
    default_limit ar.monetary,
    release_percent numeric,
    overdue_days integer,
    overdue_minimum ar.monetary,
    overdue_grace_days integer,
    dunning_level integer,
    bounced_payments integer,
    bounced_days integer,
    reservation_days integer,
    probation_invoices integer,
    probation_limit_percent numeric,
    probation_terms ar.terms,
    probation_days integer,
    review_days integer,
    review_utilisation_percent numeric,
    score_limit_cap ar.monetary,
    score_limit_factor numeric,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT credit_policy_pkey PRIMARY KEY (ledger_id, policy_id),
    CONSTRAINT credit_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT credit_policy_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_policy_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT credit_policy_on_breach_check CHECK (on_breach IN ('refuse', 'hold', 'warn')),
    CONSTRAINT credit_policy_percent_check CHECK (
        tolerance_percent >= 0 AND tolerance_percent < 'Infinity'
        AND release_percent BETWEEN 0 AND 100 AND probation_limit_percent BETWEEN 0 AND 100
        AND review_utilisation_percent > 0 AND review_utilisation_percent < 'Infinity'
        AND score_limit_factor > 0 AND score_limit_factor < 'Infinity'),
    CONSTRAINT credit_policy_amount_check CHECK (
        ar.sign(default_limit) >= 0 AND ar.sign(overdue_minimum) >= 0 AND ar.sign(score_limit_cap) >= 0),
    CONSTRAINT credit_policy_default_limit_check CHECK (default_limit IS NULL OR customer_id IS NULL),
    CONSTRAINT credit_policy_days_check CHECK (
        overdue_days >= 0 AND overdue_grace_days >= 0 AND dunning_level >= 1
        AND bounced_payments >= 1 AND bounced_days >= 1 AND reservation_days >= 0
        AND probation_invoices >= 1 AND probation_days >= 1 AND review_days >= 1)
);
CREATE UNIQUE INDEX credit_policy_scope_key
    ON ar.credit_policy (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.credit_policy IS 'A row is what a ledger does about credit: for one customer, for a class of customers, or for all. Each column by itself: the customer''s, else that of his class, else that of the ledger, else the default.';
COMMENT ON COLUMN ar.credit_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_policy.policy_id IS 'Id of the policy.';
COMMENT ON COLUMN ar.credit_policy.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.credit_policy.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.credit_policy.on_breach IS 'What a breach of a limit does to an invoice: refuse (RA001), hold, or warn. By default refuse.';
COMMENT ON COLUMN ar.credit_policy.tolerance_percent IS 'By how many percent a limit may be passed with no more than a warning. By default 0.';
COMMENT ON COLUMN ar.credit_policy.counts_drafts IS 'Whether drafts are exposure. By default they are not.';
COMMENT ON COLUMN ar.credit_policy.default_limit IS 'Limit of each customer who has none, nor a group with one. By default none.';
COMMENT ON COLUMN ar.credit_policy.release_percent IS 'A held invoice is released by itself when the exposure with it is at most so many percent of the limit. By default 100.';
COMMENT ON COLUMN ar.credit_policy.overdue_days IS 'Invoices are held while an item is overdue by more than so many days. By default they are not.';
COMMENT ON COLUMN ar.credit_policy.overdue_minimum IS 'Items with less open do not count as overdue. By default every item does.';
COMMENT ON COLUMN ar.credit_policy.overdue_grace_days IS 'An item is overdue from more than so many days past due. By default 0.';
COMMENT ON COLUMN ar.credit_policy.dunning_level IS 'Invoices are held from this level of dunning on. By default they are not.';
COMMENT ON COLUMN ar.credit_policy.bounced_payments IS 'Invoices are held after so many payments bounced. By default they are not.';
COMMENT ON COLUMN ar.credit_policy.bounced_days IS 'The days back over which bounced payments are counted. By default 365.';
COMMENT ON COLUMN ar.credit_policy.reservation_days IS 'Days after which a reservation expires that names no day. By default none does.';
COMMENT ON COLUMN ar.credit_policy.probation_invoices IS 'A new customer is on probation until he has paid so many invoices on time. By default none is.';
COMMENT ON COLUMN ar.credit_policy.probation_limit_percent IS 'Part of the limit that counts during probation. By default 50.';
COMMENT ON COLUMN ar.credit_policy.probation_terms IS 'Credit terms during probation. By default the customer''s own.';
COMMENT ON COLUMN ar.credit_policy.probation_days IS 'Days after which a probation that is not passed falls due for review. By default 180.';
COMMENT ON COLUMN ar.credit_policy.review_days IS 'Days from one review to the next. By default reviews do not fall due by date.';
COMMENT ON COLUMN ar.credit_policy.review_utilisation_percent IS 'A review falls due when more of the limit than this is used. By default none does.';
COMMENT ON COLUMN ar.credit_policy.score_limit_cap IS 'The most that the scorecard suggests. By default there is no cap.';
COMMENT ON COLUMN ar.credit_policy.score_limit_factor IS 'How many times the sales of the payment term the scorecard suggests. By default 1.';
COMMENT ON COLUMN ar.credit_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.credit_policy.changed_at IS 'When; set by the database.';

CREATE TABLE ar.credit_stop (
    ledger_id integer NOT NULL,
    stop_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    reason text NOT NULL,
    stopped_by text NOT NULL DEFAULT session_user,
    stopped_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_by text,
    lifted_at timestamptz,
    lifting_reason text,
    CONSTRAINT credit_stop_pkey PRIMARY KEY (ledger_id, stop_id),
    CONSTRAINT credit_stop_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_stop_reason_check CHECK (reason ~ '\S'),
    CONSTRAINT credit_stop_lifted_check CHECK ((lifted_at IS NULL) = (lifted_by IS NULL))
);
CREATE UNIQUE INDEX credit_stop_standing_key ON ar.credit_stop (ledger_id, customer_id) WHERE lifted_at IS NULL;
COMMENT ON TABLE ar.credit_stop IS 'A row is a stop that somebody put on a customer''s credit: his invoices are held, and no order is reserved, until it is lifted.';
COMMENT ON COLUMN ar.credit_stop.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_stop.stop_id IS 'Id of the stop.';
COMMENT ON COLUMN ar.credit_stop.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_stop.reason IS 'Why.';
COMMENT ON COLUMN ar.credit_stop.stopped_by IS 'Who stopped it; set by the database.';
COMMENT ON COLUMN ar.credit_stop.stopped_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.credit_stop.lifted_by IS 'Who lifted it; set by the database.';
COMMENT ON COLUMN ar.credit_stop.lifted_at IS 'When it was lifted; NULL: it stands.';
COMMENT ON COLUMN ar.credit_stop.lifting_reason IS 'Why it was lifted.';

CREATE TABLE ar.credit_event (
    ledger_id integer NOT NULL,
    event_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    kind text NOT NULL,
    occurred_on date NOT NULL,
    amount ar.monetary,
    level integer,
    reference text,
    reason text,
    external_id text,
    external_digest bytea,
    recorded_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT credit_event_pkey PRIMARY KEY (ledger_id, event_id),
    CONSTRAINT credit_event_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT credit_event_kind_check CHECK (
        kind IN ('bounced_payment', 'broken_promise', 'dispute', 'insolvency', 'other')
        OR (kind = 'dunning' AND level >= 0)),
    CONSTRAINT credit_event_level_check CHECK (level IS NULL OR kind = 'dunning'),
    CONSTRAINT credit_event_occurred_on_check CHECK (isfinite(occurred_on))
);
CREATE INDEX credit_event_customer_idx ON ar.credit_event (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX credit_event_external_id_key ON ar.credit_event (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.credit_event IS 'A row is something that happened with a customer and bears on his credit: holds, reviews and the scorecard read it. A fact: never changed.';
COMMENT ON COLUMN ar.credit_event.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.credit_event.event_id IS 'Id of the event.';
COMMENT ON COLUMN ar.credit_event.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.credit_event.kind IS 'bounced_payment, broken_promise, dispute, dunning (with its level; the latest counts), insolvency, or other.';
COMMENT ON COLUMN ar.credit_event.occurred_on IS 'The day it happened.';
COMMENT ON COLUMN ar.credit_event.amount IS 'The amount concerned, if any.';
COMMENT ON COLUMN ar.credit_event.level IS 'Level of dunning reached; 0: ended.';
COMMENT ON COLUMN ar.credit_event.reference IS 'What it was about, such as the number of a document.';
COMMENT ON COLUMN ar.credit_event.reason IS 'Why, in words or as a code.';
COMMENT ON COLUMN ar.credit_event.external_id IS 'Id that the writing program gave, unique among the ledger''s events.';
COMMENT ON COLUMN ar.credit_event.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.credit_event.recorded_by IS 'Who recorded it; set by the database.';
COMMENT ON COLUMN ar.credit_event.recorded_at IS 'When; set by the database.';

CREATE TRIGGER credit_account_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.credit_account
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();

CREATE TRIGGER customer_balance_limit_aus AFTER UPDATE ON ar.customer_balance
    REFERENCING OLD TABLE AS old_balance NEW TABLE AS new_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_enforce_limit();

CREATE TRIGGER credit_limit_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.credit_limit
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_credit_limit();
CREATE TRIGGER credit_limit_follow_ais AFTER INSERT ON ar.credit_limit
    REFERENCING NEW TABLE AS new_limit
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('limit');
CREATE TRIGGER credit_limit_follow_aus AFTER UPDATE ON ar.credit_limit
    REFERENCING NEW TABLE AS new_limit
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('limit');
CREATE TRIGGER credit_limit_fact_bts BEFORE TRUNCATE ON ar.credit_limit
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();

-- After customer_group_..., by their names: those lock the rows of the group, which come before balances.
CREATE TRIGGER customer_limit_ais AFTER INSERT ON ar.customer
    REFERENCING NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('customer');
CREATE TRIGGER customer_limit_aus AFTER UPDATE ON ar.customer
    REFERENCING OLD TABLE AS old_customer NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('customer');

CREATE TRIGGER credit_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.credit_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_credit_policy();
CREATE TRIGGER credit_policy_follow_ais AFTER INSERT ON ar.credit_policy
    REFERENCING NEW TABLE AS new_policy
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('policy');
CREATE TRIGGER credit_policy_follow_aus AFTER UPDATE ON ar.credit_policy
    REFERENCING NEW TABLE AS new_policy
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('policy');

-- Fires after adjustment_post_ais, by its name: what an adjustment raised is judged then.
CREATE TRIGGER adjustment_zcredit_ais AFTER INSERT ON ar.adjustment
    REFERENCING NEW TABLE AS new_adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_credit('adjustment');

CREATE TRIGGER credit_stop_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.credit_stop
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_credit_stop();
CREATE TRIGGER credit_stop_fact_bts BEFORE TRUNCATE ON ar.credit_stop
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();

CREATE TRIGGER credit_event_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.credit_event
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER credit_event_record_bir BEFORE INSERT ON ar.credit_event
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record_credit();
