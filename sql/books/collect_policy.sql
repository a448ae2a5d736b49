-- collect: what a ledger does about promises, plans and write-offs.

CREATE TABLE ar.collect_policy (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_class text,
    customer_id bigint,
    promise_grace_days integer,
    promise_tolerance_percent numeric,
    plan_grace_days integer,
    write_off_limit ar.monetary,
    small_balance ar.monetary,
    small_balance_days integer,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT collect_policy_pkey PRIMARY KEY (ledger_id, policy_id),
    CONSTRAINT collect_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT collect_policy_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT collect_policy_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT collect_policy_days_check CHECK (
        promise_grace_days >= 0 AND promise_grace_days <= 3660 AND plan_grace_days >= 0 AND plan_grace_days <= 3660
        AND small_balance_days >= 0 AND small_balance_days <= 3660),
    CONSTRAINT collect_policy_promise_tolerance_check CHECK (promise_tolerance_percent >= 0 AND promise_tolerance_percent < 100),
    CONSTRAINT collect_policy_amount_check CHECK (ar.sign(write_off_limit) >= 0 AND ar.sign(small_balance) >= 0)
);
CREATE UNIQUE INDEX collect_policy_scope_key
    ON ar.collect_policy (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.collect_policy IS 'A row is what a ledger does to collect: from one customer, from a class of customers, or from all. Each column by itself: the customer''s, else that of his class, else that of the ledger, else the default.';
COMMENT ON COLUMN ar.collect_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.collect_policy.policy_id IS 'Id of the policy.';
COMMENT ON COLUMN ar.collect_policy.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.collect_policy.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.collect_policy.promise_grace_days IS 'Days after its date on which a promise can still be kept. By default 0.';
COMMENT ON COLUMN ar.collect_policy.promise_tolerance_percent IS 'A promise is kept if so many percent of it are missing. By default 0.';
COMMENT ON COLUMN ar.collect_policy.plan_grace_days IS 'Days after its date on which an instalment of a payment plan can still be paid. By default 0.';
COMMENT ON COLUMN ar.collect_policy.write_off_limit IS 'The most that is written off of an item, where the reason has no limit of its own; in this currency, or converted to it. By default there is none.';
COMMENT ON COLUMN ar.collect_policy.small_balance IS 'An item with no more open than this is written off in bulk (ar.write_off_small_balances); in this currency alone. By default none is.';
COMMENT ON COLUMN ar.collect_policy.small_balance_days IS 'Days past due from which it is. By default 90.';
COMMENT ON COLUMN ar.collect_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.collect_policy.changed_at IS 'When; set by the database.';

CREATE TRIGGER collect_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.collect_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
