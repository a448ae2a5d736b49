-- collect: interest and fees for paying late.

CREATE TABLE ar.interest_rate (
    ledger_id integer NOT NULL,
    reference text NOT NULL,
    valid_from date NOT NULL,
    rate numeric NOT NULL,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT interest_rate_pkey PRIMARY KEY (ledger_id, reference, valid_from),
    CONSTRAINT interest_rate_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT interest_rate_reference_check CHECK (reference ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT interest_rate_rate_check CHECK (rate BETWEEN -100 AND 1000)
);
COMMENT ON TABLE ar.interest_rate IS 'A row is a reference rate from a day on until the next, such as that of a central bank. Interest charged by another rate is corrected by the next run.';
COMMENT ON COLUMN ar.interest_rate.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.interest_rate.reference IS 'What policies call it, such as ecb or boe.';
COMMENT ON COLUMN ar.interest_rate.valid_from IS 'First day on which it is in force.';
COMMENT ON COLUMN ar.interest_rate.rate IS 'Percent a year.';
COMMENT ON COLUMN ar.interest_rate.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.interest_rate.changed_at IS 'When; set by the database.';

CREATE TABLE ar.interest_policy (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_class text,
    customer_id bigint,
    rate numeric,
    reference text,
    margin numeric,
    fixing text,
    maximum_rate numeric,
    day_count text,
    rounding text,
    grace_days integer,
    minimum ar.monetary,
    maximum_percent numeric,
    charge_days integer,
    starts_on date,
    fee_scheme text,
    fee ar.monetary,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT interest_policy_pkey PRIMARY KEY (ledger_id, policy_id),
    CONSTRAINT interest_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT interest_policy_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT interest_policy_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT interest_policy_rate_check CHECK (
        num_nonnulls(rate, reference) <= 1 AND rate BETWEEN 0 AND 1000 AND margin BETWEEN -100 AND 1000 AND maximum_rate BETWEEN 0 AND 1000
        AND maximum_percent > 0 AND maximum_percent < 'Infinity' AND (reference IS NOT NULL OR num_nonnulls(margin, fixing) = 0)),
    CONSTRAINT interest_policy_fixing_check CHECK (fixing IN ('daily', 'half_year', 'half_year_eve')),
    CONSTRAINT interest_policy_day_count_check CHECK (day_count IN ('actual/365', 'actual/360', 'actual/actual', '30/360')),
    CONSTRAINT interest_policy_rounding_check CHECK (rounding IN ('total', 'daily')),
    CONSTRAINT interest_policy_days_check CHECK (
        grace_days >= 0 AND grace_days <= 3660 AND charge_days >= 1 AND charge_days <= 3660 AND isfinite(starts_on)),
    CONSTRAINT interest_policy_minimum_check CHECK (ar.sign(minimum) >= 0),
    CONSTRAINT interest_policy_fee_scheme_check CHECK (fee_scheme IN ('none', 'eu', 'uk', 'fixed') AND (fee IS NOT NULL) = (fee_scheme = 'fixed') AND ar.sign(fee) > 0
                                                      OR num_nonnulls(fee_scheme, fee) = 0)
);
CREATE UNIQUE INDEX interest_policy_scope_key
    ON ar.interest_policy (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.interest_policy IS 'A row is what a ledger charges for paying late: one customer, a class of customers, or all. Each column by itself: the customer''s, else that of his class, else that of the ledger, else the default; but rate, reference, margin and fixing together, and fee_scheme and fee. Without any, nothing is charged.';
COMMENT ON COLUMN ar.interest_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.interest_policy.policy_id IS 'Id of the policy.';
COMMENT ON COLUMN ar.interest_policy.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.interest_policy.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.interest_policy.rate IS 'Fixed rate, percent a year; 0: no interest. By default none is charged.';
COMMENT ON COLUMN ar.interest_policy.reference IS 'Or a reference rate of ar.interest_rate, to which margin is added.';
COMMENT ON COLUMN ar.interest_policy.margin IS 'Points above the reference rate. By default 0.';
COMMENT ON COLUMN ar.interest_policy.fixing IS 'Which reference rate counts: daily, that in force on each day; half_year, that of 1 January or 1 July for the half-year; half_year_eve, that of the day before. By default daily.';
COMMENT ON COLUMN ar.interest_policy.maximum_rate IS 'The most that may be charged, percent a year, as a law on usury says. By default there is none.';
COMMENT ON COLUMN ar.interest_policy.day_count IS 'actual/365, actual/360, actual/actual (366 in leap years) or 30/360. By default actual/365.';
COMMENT ON COLUMN ar.interest_policy.rounding IS 'total: the sum is rounded, once; daily: the interest of a day is, and multiplied. By default total.';
COMMENT ON COLUMN ar.interest_policy.grace_days IS 'Days after the due date that bear no interest. By default 0: it begins on the day after the due date.';
COMMENT ON COLUMN ar.interest_policy.minimum IS 'Less than this is not charged; in this currency alone. By default all is.';
COMMENT ON COLUMN ar.interest_policy.maximum_percent IS 'No more interest than so many percent of an item''s amount is charged for it in all. By default there is no limit.';
COMMENT ON COLUMN ar.interest_policy.charge_days IS 'An item that stays open is charged for no less than so many days at a time. By default 1: by every run.';
COMMENT ON COLUMN ar.interest_policy.starts_on IS 'No day before it bears interest, and what was late before has no fee. By default there is no such day.';
COMMENT ON COLUMN ar.interest_policy.fee_scheme IS 'Fee for each late invoice: none; eu: EUR 40; uk: GBP 40, 70 or 100 by amount; fixed: fee. By default none.';
COMMENT ON COLUMN ar.interest_policy.fee IS 'The fixed fee; for invoices in its currency.';
COMMENT ON COLUMN ar.interest_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.interest_policy.changed_at IS 'When; set by the database.';

CREATE TABLE ar.interest_charge (
    ledger_id integer NOT NULL,
    charge_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    item_id bigint NOT NULL,
    previous_to_on date,
    from_on date NOT NULL,
    to_on date NOT NULL,
    amount ar.monetary NOT NULL,
    adjustment_id bigint,
    terms jsonb NOT NULL,
    seen text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT interest_charge_pkey PRIMARY KEY (ledger_id, charge_id),
    CONSTRAINT interest_charge_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT interest_charge_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT interest_charge_days_check CHECK (isfinite(from_on) AND isfinite(to_on) AND from_on < to_on AND previous_to_on = from_on),
    -- It can be reckoned anew, or neither the next run nor the verification could.
    CONSTRAINT interest_charge_terms_check CHECK (num_nonnulls(terms ->> 'rate', terms ->> 'reference') > 0 AND terms ->> 'day_count' IS NOT NULL),
    CONSTRAINT interest_charge_amount_check CHECK (ar.sign(amount) >= 0 AND (ar.sign(amount) > 0) = (adjustment_id IS NOT NULL)),
    -- A chain: each period begins where one before it ended, no two begin at the same, and there is one first.
    -- So there is neither overlap nor gap, without an exclusion constraint, which would need the extension btree_gist.
    CONSTRAINT interest_charge_to_on_key UNIQUE (ledger_id, item_id, to_on),
    CONSTRAINT interest_charge_previous_key UNIQUE NULLS NOT DISTINCT (ledger_id, item_id, previous_to_on),
    CONSTRAINT interest_charge_previous_fkey FOREIGN KEY (ledger_id, item_id, previous_to_on)
        REFERENCES ar.interest_charge (ledger_id, item_id, to_on)
);
CREATE INDEX interest_charge_adjustment_idx ON ar.interest_charge (ledger_id, adjustment_id) WHERE adjustment_id IS NOT NULL;
COMMENT ON TABLE ar.interest_charge IS 'A row is the interest of one item for a period. The periods of an item are a chain without overlap or gap. A fact, but for seen.';
COMMENT ON COLUMN ar.interest_charge.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.interest_charge.charge_id IS 'Id of the charge.';
COMMENT ON COLUMN ar.interest_charge.item_id IS 'The item that was paid late.';
COMMENT ON COLUMN ar.interest_charge.previous_to_on IS 'End of the period before, which is from_on; NULL: it is the first.';
COMMENT ON COLUMN ar.interest_charge.from_on IS 'First day that bears interest.';
COMMENT ON COLUMN ar.interest_charge.to_on IS 'First day that does not any more.';
COMMENT ON COLUMN ar.interest_charge.amount IS 'Interest of the period when it was charged; zero: too little to charge for an item that is closed.';
COMMENT ON COLUMN ar.interest_charge.adjustment_id IS 'The adjustment that charges it; NULL: nothing.';
COMMENT ON COLUMN ar.interest_charge.terms IS 'The policy by which it was charged.';
COMMENT ON COLUMN ar.interest_charge.seen IS 'How many applications, disputes and rates it rests on; when there are others, it is corrected.';
COMMENT ON COLUMN ar.interest_charge.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.interest_correction (
    ledger_id integer NOT NULL,
    correction_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    charge_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    adjustment_id bigint,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT interest_correction_pkey PRIMARY KEY (ledger_id, correction_id),
    CONSTRAINT interest_correction_charge_fkey FOREIGN KEY (ledger_id, charge_id) REFERENCES ar.interest_charge,
    CONSTRAINT interest_correction_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT interest_correction_amount_check CHECK (ar.sign(amount) <> 0 AND (ar.sign(amount) > 0) = (adjustment_id IS NOT NULL))
);
CREATE INDEX interest_correction_charge_idx ON ar.interest_correction (ledger_id, charge_id) WHERE charge_id IS NOT NULL;
CREATE INDEX interest_correction_adjustment_idx ON ar.interest_correction (ledger_id, adjustment_id) WHERE adjustment_id IS NOT NULL;
COMMENT ON TABLE ar.interest_correction IS 'A row is the difference between the interest of a period as it is known now and as it was charged. A fact: never changed.';
COMMENT ON COLUMN ar.interest_correction.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.interest_correction.correction_id IS 'Id of the correction.';
COMMENT ON COLUMN ar.interest_correction.charge_id IS 'The charge it corrects.';
COMMENT ON COLUMN ar.interest_correction.amount IS 'Above zero: charged besides; below: credited (ar.charge_credit), unless it had been waived.';
COMMENT ON COLUMN ar.interest_correction.adjustment_id IS 'The adjustment that charges it besides, or NULL.';
COMMENT ON COLUMN ar.interest_correction.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.late_fee (
    ledger_id integer NOT NULL,
    invoice_id bigint NOT NULL,
    scheme text NOT NULL,
    debt ar.monetary NOT NULL,
    late_on date NOT NULL,
    adjustment_id bigint NOT NULL,
    seen text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT late_fee_pkey PRIMARY KEY (ledger_id, invoice_id),
    CONSTRAINT late_fee_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice,
    CONSTRAINT late_fee_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT late_fee_late_on_check CHECK (isfinite(late_on)),
    CONSTRAINT late_fee_debt_check CHECK (ar.sign(debt) > 0)
);
CREATE INDEX late_fee_adjustment_idx ON ar.late_fee (ledger_id, adjustment_id) WHERE adjustment_id IS NOT NULL;
COMMENT ON TABLE ar.late_fee IS 'A row is the fee for one late invoice, which has no more than one. A fact, but for seen.';
COMMENT ON COLUMN ar.late_fee.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.late_fee.invoice_id IS 'The invoice.';
COMMENT ON COLUMN ar.late_fee.scheme IS 'eu, uk or fixed, as the policy said.';
COMMENT ON COLUMN ar.late_fee.debt IS 'What was late of it.';
COMMENT ON COLUMN ar.late_fee.late_on IS 'First day on which it was late.';
COMMENT ON COLUMN ar.late_fee.adjustment_id IS 'The adjustment that charges it.';
COMMENT ON COLUMN ar.late_fee.seen IS 'How many applications and disputes it rests on; when there are others, it is looked at again.';
COMMENT ON COLUMN ar.late_fee.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.charge_credit (
    ledger_id integer NOT NULL,
    adjustment_id bigint NOT NULL,
    credit_memo_id bigint NOT NULL,
    cause text NOT NULL,
    amount ar.monetary NOT NULL,
    reason text NOT NULL,
    credited_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT charge_credit_pkey PRIMARY KEY (ledger_id, adjustment_id, credit_memo_id),
    CONSTRAINT charge_credit_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT charge_credit_credit_memo_fkey FOREIGN KEY (ledger_id, credit_memo_id) REFERENCES ar.invoice,
    CONSTRAINT charge_credit_cause_check CHECK (cause IN ('waiver', 'correction')),
    CONSTRAINT charge_credit_amount_check CHECK (ar.sign(amount) > 0),
    CONSTRAINT charge_credit_reason_check CHECK (reason ~ '\S')
);
CREATE INDEX charge_credit_credit_memo_idx ON ar.charge_credit (ledger_id, credit_memo_id) WHERE credit_memo_id IS NOT NULL;
COMMENT ON TABLE ar.charge_credit IS 'A row is what a credit memo takes back of a charge of interest or a fee. A fact: never changed.';
COMMENT ON COLUMN ar.charge_credit.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.charge_credit.adjustment_id IS 'The charge.';
COMMENT ON COLUMN ar.charge_credit.credit_memo_id IS 'The credit memo.';
COMMENT ON COLUMN ar.charge_credit.cause IS 'waiver: somebody forwent it; correction: it was not owed, as became known later.';
COMMENT ON COLUMN ar.charge_credit.amount IS 'What is taken back; no more than the charge in all.';
COMMENT ON COLUMN ar.charge_credit.reason IS 'Why.';
COMMENT ON COLUMN ar.charge_credit.credited_by IS 'Who or whose run did it; set by the database.';
COMMENT ON COLUMN ar.charge_credit.recorded_at IS 'When; set by the database.';

CREATE TRIGGER interest_rate_stamp_biur BEFORE INSERT OR UPDATE ON ar.interest_rate
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
CREATE TRIGGER interest_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.interest_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
CREATE TRIGGER interest_charge_guard_budr BEFORE UPDATE OR DELETE ON ar.interest_charge
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_seen();
CREATE TRIGGER interest_charge_fact_bts BEFORE TRUNCATE ON ar.interest_charge
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER interest_charge_record_bir BEFORE INSERT ON ar.interest_charge
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER late_fee_guard_budr BEFORE UPDATE OR DELETE ON ar.late_fee
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_seen();
CREATE TRIGGER late_fee_fact_bts BEFORE TRUNCATE ON ar.late_fee
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER late_fee_record_bir BEFORE INSERT ON ar.late_fee
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER interest_correction_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.interest_correction
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER interest_correction_record_bir BEFORE INSERT ON ar.interest_correction
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER charge_credit_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.charge_credit
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER charge_credit_stamp_bir BEFORE INSERT ON ar.charge_credit
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_charge_credit();
CREATE TRIGGER charge_credit_check_ais AFTER INSERT ON ar.charge_credit
    REFERENCING NEW TABLE AS new_credit
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_charge_credits();
