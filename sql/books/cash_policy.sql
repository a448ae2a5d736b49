-- cash: what a ledger does with the money that comes in.

CREATE TABLE ar.cash_policy (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_class text,
    customer_id bigint,
    apply_on_receipt boolean,
    rules text[],
    remainder text,
    tolerance ar.monetary,
    tolerance_percent numeric,
    overpayment text,
    discount_grace_days integer,
    partial_discount text,
    confidence_threshold numeric,
    double_payment_days integer,
    learns_accounts boolean,
    refuses_card_numbers boolean,
    requires_mandate boolean,
    reversal_fee ar.monetary,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT cash_policy_pkey PRIMARY KEY (ledger_id, policy_id),
    CONSTRAINT cash_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT cash_policy_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT cash_policy_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT cash_policy_rules_check CHECK (ar.is_matching_rules(rules)),
    CONSTRAINT cash_policy_remainder_check CHECK (remainder IN ('wait', 'oldest', 'newest', 'largest', 'proportional')),
    CONSTRAINT cash_policy_tolerance_check CHECK (
        ar.sign(tolerance) >= 0 AND tolerance_percent BETWEEN 0 AND 100 AND ar.sign(reversal_fee) > 0),
    CONSTRAINT cash_policy_overpayment_check CHECK (overpayment IN ('on_account', 'write_off', 'refund')),
    CONSTRAINT cash_policy_partial_discount_check CHECK (partial_discount IN ('none', 'pro_rata', 'closing')),
    CONSTRAINT cash_policy_confidence_threshold_check CHECK (confidence_threshold BETWEEN 0 AND 1),
    CONSTRAINT cash_policy_days_check CHECK (discount_grace_days >= 0 AND double_payment_days >= 0)
);
CREATE UNIQUE INDEX cash_policy_scope_key
    ON ar.cash_policy (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.cash_policy IS 'A row is what a ledger does with payments: of one customer, of a class of customers, or of all. Each column by itself: the customer''s, else that of his class, else that of the ledger, else the default.';
COMMENT ON COLUMN ar.cash_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.cash_policy.policy_id IS 'Id of the policy.';
COMMENT ON COLUMN ar.cash_policy.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.cash_policy.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.cash_policy.apply_on_receipt IS 'Whether a payment inserted without a word on how to apply it is applied at once, by the rules. By default it waits for ar.auto_apply().';
COMMENT ON COLUMN ar.cash_policy.rules IS 'The rules by which a payment finds what it is for, in the order in which they are tried. By default remittance, number, exact, discounted, all_open, all_overdue, combination, tolerance.';
COMMENT ON COLUMN ar.cash_policy.remainder IS 'What is done when no rule gives one answer: wait for somebody, or apply to the oldest, the newest, the largest items first, or to all in proportion. By default wait. A payment with a remittance waits in any case.';
COMMENT ON COLUMN ar.cash_policy.tolerance IS 'The most that may be missing, or be too much, for an item to be closed all the same; in this currency alone. By default only tolerance_percent counts; where both are given, the stricter one.';
COMMENT ON COLUMN ar.cash_policy.tolerance_percent IS 'The same in percent of what is open. With neither, nothing may be missing.';
COMMENT ON COLUMN ar.cash_policy.overpayment IS 'What is done with what is too much: on_account (it stays unapplied), write_off (within the tolerance, as a difference; else it stays), or refund. By default on_account.';
COMMENT ON COLUMN ar.cash_policy.discount_grace_days IS 'Days after its last day on which a discount for early payment is still granted. By default 0.';
COMMENT ON COLUMN ar.cash_policy.partial_discount IS 'What discount a part payment in time earns: none (all of the item must be paid), pro_rata (its share), or closing (the discount on the amount that closes the item). By default none.';
COMMENT ON COLUMN ar.cash_policy.confidence_threshold IS 'An answer of less confidence, from 0 to 1, is suggested, not applied. By default 0.9.';
COMMENT ON COLUMN ar.cash_policy.double_payment_days IS 'For so many days after an item was closed, a payment for it is taken for a double payment. By default 90.';
COMMENT ON COLUMN ar.cash_policy.learns_accounts IS 'Whether the account of a payment is remembered as its customer''s (ar.payer_account). By default it is.';
COMMENT ON COLUMN ar.cash_policy.refuses_card_numbers IS 'Whether a payment is refused whose reference holds what looks like a card number. By default it is.';
COMMENT ON COLUMN ar.cash_policy.requires_mandate IS 'Whether a direct debit must name a mandate of the customer (ar.mandate) that is in force. By default it must.';
COMMENT ON COLUMN ar.cash_policy.reversal_fee IS 'Fee charged when a payment bounces, is returned or charged back, if none is given. By default none.';
COMMENT ON COLUMN ar.cash_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.cash_policy.changed_at IS 'When; set by the database.';

CREATE TRIGGER cash_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.cash_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_cash_policy();
