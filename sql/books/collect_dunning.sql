-- collect: dunning: policies, levels, notices, and where each item stands.

CREATE TABLE ar.dunning_policy (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_class text,
    customer_id bigint,
    letter_per text NOT NULL DEFAULT 'customer',
    escalation text NOT NULL DEFAULT 'one_level',
    confirmation text NOT NULL DEFAULT 'manual',
    is_netted boolean NOT NULL DEFAULT true,
    grace_days integer NOT NULL DEFAULT 0,
    interval_days integer NOT NULL DEFAULT 0,
    shifts_due_dates boolean NOT NULL DEFAULT false,
    calendar text,
    pay_days integer NOT NULL DEFAULT 7,
    is_active boolean NOT NULL DEFAULT true,
    valid_from date,
    valid_until date,
    changed_by text NOT NULL DEFAULT session_user,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dunning_policy_pkey PRIMARY KEY (ledger_id, policy_id),
    CONSTRAINT dunning_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT dunning_policy_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT dunning_policy_calendar_fkey FOREIGN KEY (ledger_id, calendar) REFERENCES ar.calendar,
    CONSTRAINT dunning_policy_scope_check CHECK (num_nonnulls(customer_class, customer_id) <= 1 AND customer_class <> ''),
    CONSTRAINT dunning_policy_letter_per_check CHECK (letter_per IN ('customer', 'item')),
    CONSTRAINT dunning_policy_escalation_check CHECK (escalation IN ('one_level', 'most_severe')),
    CONSTRAINT dunning_policy_confirmation_check CHECK (confirmation IN ('manual', 'automatic')),
    CONSTRAINT dunning_policy_days_check CHECK (
        grace_days >= 0 AND grace_days <= 3660 AND interval_days >= 0 AND interval_days <= 3660 AND pay_days >= 0 AND pay_days <= 3660),
    CONSTRAINT dunning_policy_valid_check CHECK (isfinite(valid_from) AND isfinite(valid_until) AND valid_until >= valid_from),
    CONSTRAINT dunning_policy_calendar_check CHECK (calendar IS NULL OR shifts_due_dates)
);
CREATE UNIQUE INDEX dunning_policy_scope_key
    ON ar.dunning_policy (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, '')));
COMMENT ON TABLE ar.dunning_policy IS 'A row is how a ledger reminds: one customer, a class of customers, or all. The customer''s own counts, else that of his class, else that of the ledger: the whole row with its levels, of those that are active and valid. Without any, nobody is reminded.';
COMMENT ON COLUMN ar.dunning_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_policy.policy_id IS 'Id of the policy.';
COMMENT ON COLUMN ar.dunning_policy.customer_class IS 'The class it is for (ar.customer.customer_class); NULL: not for a class.';
COMMENT ON COLUMN ar.dunning_policy.customer_id IS 'The customer it is for; NULL: not for one customer.';
COMMENT ON COLUMN ar.dunning_policy.letter_per IS 'customer: one letter for all his items of a currency that are to be reminded of, each with its own level; item: a letter for each.';
COMMENT ON COLUMN ar.dunning_policy.escalation IS 'one_level: an item rises by one level a letter, however many nights were missed; most_severe: to the highest that its days have reached, and the levels between are recorded as skipped.';
COMMENT ON COLUMN ar.dunning_policy.confirmation IS 'manual: somebody confirms what is proposed; automatic: the run does.';
COMMENT ON COLUMN ar.dunning_policy.is_netted IS 'Whether what the customer has paid and is not applied yet covers his items, the earliest due date first. A direct debit in flight always does.';
COMMENT ON COLUMN ar.dunning_policy.grace_days IS 'An item is reminded of only when it is overdue by more days than these.';
COMMENT ON COLUMN ar.dunning_policy.interval_days IS 'Days that must lie between two letters to a customer in a currency; reminders before the due date do not count.';
COMMENT ON COLUMN ar.dunning_policy.shifts_due_dates IS 'Whether a due date on a free day counts as on the next business day.';
COMMENT ON COLUMN ar.dunning_policy.calendar IS 'By which calendar; NULL: that of the ledger.';
COMMENT ON COLUMN ar.dunning_policy.pay_days IS 'Days that a letter gives to pay.';
COMMENT ON COLUMN ar.dunning_policy.is_active IS 'Whether it counts; if not, the less special one does.';
COMMENT ON COLUMN ar.dunning_policy.valid_from IS 'First day on which it counts; NULL: always.';
COMMENT ON COLUMN ar.dunning_policy.valid_until IS 'Last day on which it counts; NULL: for good.';
COMMENT ON COLUMN ar.dunning_policy.changed_by IS 'Who wrote it last; set by the database.';
COMMENT ON COLUMN ar.dunning_policy.changed_at IS 'When; set by the database.';

CREATE TABLE ar.dunning_level (
    ledger_id integer NOT NULL,
    policy_id bigint NOT NULL,
    level smallint NOT NULL,
    days integer NOT NULL,
    counts_from text NOT NULL DEFAULT 'due_date',
    gap_days integer NOT NULL DEFAULT 0,
    minimum ar.monetary,
    minimum_percent numeric,
    fee ar.monetary,
    fee_percent numeric,
    claims_interest boolean NOT NULL DEFAULT false,
    channels text[],
    template text NOT NULL,
    CONSTRAINT dunning_level_pkey PRIMARY KEY (ledger_id, policy_id, level),
    CONSTRAINT dunning_level_policy_fkey FOREIGN KEY (ledger_id, policy_id) REFERENCES ar.dunning_policy ON DELETE CASCADE,
    CONSTRAINT dunning_level_level_check CHECK (level BETWEEN 0 AND 99),
    -- Level 0 comes before the due date, the others after it.
    CONSTRAINT dunning_level_days_check CHECK (
        days >= -3660 AND days <= 3660 AND gap_days >= 0 AND gap_days <= 3660 AND (days < 0) = (level = 0) AND (days > 0) = (level > 0)),
    CONSTRAINT dunning_level_counts_from_check CHECK (
        counts_from = 'due_date' OR counts_from = 'month_end' AND level > 0 OR counts_from = 'last_notice' AND level > 1),
    CONSTRAINT dunning_level_minimum_check CHECK (ar.sign(minimum) >= 0 AND minimum_percent >= 0 AND minimum_percent <= 100),
    CONSTRAINT dunning_level_fee_check CHECK (
        num_nonnulls(fee, fee_percent) <= 1 AND ar.sign(fee) > 0 AND fee_percent > 0 AND fee_percent <= 100),
    CONSTRAINT dunning_level_reminder_check CHECK (level > 0 OR num_nonnulls(minimum_percent, fee, fee_percent) = 0 AND NOT claims_interest AND gap_days = 0),
    CONSTRAINT dunning_level_channels_check CHECK (channels <@ '{email,letter,sms,phone,e_invoice}'::text[] AND channels <> '{}'),
    CONSTRAINT dunning_level_template_check CHECK (template ~ '^[a-z][a-z0-9_]*$')
);
COMMENT ON TABLE ar.dunning_level IS 'A row is one level of a policy. Levels are numbered from 1 without a gap, each later than the one before; level 0 is a reminder before the due date, and no step of the escalation.';
COMMENT ON COLUMN ar.dunning_level.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_level.policy_id IS 'The policy.';
COMMENT ON COLUMN ar.dunning_level.level IS '1 is the first letter after the due date; 0 a reminder before it.';
COMMENT ON COLUMN ar.dunning_level.days IS 'Days past due from which it is reached; below zero the days before the due date from which the reminder goes out.';
COMMENT ON COLUMN ar.dunning_level.counts_from IS 'due_date: days after it; month_end: those days must be over at the end of a month; last_notice: days after the notice of the level before.';
COMMENT ON COLUMN ar.dunning_level.gap_days IS 'Days that must lie between the last notice of the item and this one.';
COMMENT ON COLUMN ar.dunning_level.minimum IS 'What must be open at this level or above (of an item where a letter is for one) for a letter of this level; what is less falls back to the level below. In another currency it is converted. NULL: anything.';
COMMENT ON COLUMN ar.dunning_level.minimum_percent IS 'The same as a part of all that the customer has open in the currency.';
COMMENT ON COLUMN ar.dunning_level.fee IS 'Fee for a letter of this level, in its currency alone: an item of its own.';
COMMENT ON COLUMN ar.dunning_level.fee_percent IS 'Or a part of the original amounts of its items.';
COMMENT ON COLUMN ar.dunning_level.claims_interest IS 'Whether the letter claims what is open of the interest charged on its items.';
COMMENT ON COLUMN ar.dunning_level.channels IS 'Channels in the order of preference; NULL: those of ar.message_policy.';
COMMENT ON COLUMN ar.dunning_level.template IS 'Code of the letter in ar.message_template, of purpose reminder for level 0, else dunning.';

CREATE TABLE ar.dunning_block (
    ledger_id integer NOT NULL,
    block_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    item_id bigint,
    from_on date NOT NULL,
    until_on date,
    reason text NOT NULL,
    notice_id bigint,
    blocked_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    lifted_on date,
    lifted_by text,
    lifted_at timestamptz,
    lifting_reason text,
    CONSTRAINT dunning_block_pkey PRIMARY KEY (ledger_id, block_id),
    CONSTRAINT dunning_block_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT dunning_block_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT dunning_block_days_check CHECK (isfinite(from_on) AND isfinite(until_on) AND until_on >= from_on AND isfinite(lifted_on)),
    CONSTRAINT dunning_block_reason_check CHECK (reason ~ '\S'),
    CONSTRAINT dunning_block_lifted_check CHECK (
        num_nonnulls(lifted_on, lifted_by, lifted_at, lifting_reason) = 0
        OR num_nonnulls(lifted_on, lifted_by, lifted_at) = 3 AND coalesce(lifting_reason, '') ~ '\S')
);
CREATE INDEX dunning_block_standing_idx ON ar.dunning_block (ledger_id, customer_id) WHERE lifted_on IS NULL;
COMMENT ON TABLE ar.dunning_block IS 'A row keeps a customer, or one of his items, from being reminded until a day. Once lifted it is a fact.';
COMMENT ON COLUMN ar.dunning_block.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_block.block_id IS 'Id of the block.';
COMMENT ON COLUMN ar.dunning_block.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.dunning_block.item_id IS 'The item; NULL: all that he owes.';
COMMENT ON COLUMN ar.dunning_block.from_on IS 'First day on which it stands.';
COMMENT ON COLUMN ar.dunning_block.until_on IS 'Last day on which it stands; NULL: until it is lifted.';
COMMENT ON COLUMN ar.dunning_block.reason IS 'Why.';
COMMENT ON COLUMN ar.dunning_block.notice_id IS 'The notice that was ignored, if that made it.';
COMMENT ON COLUMN ar.dunning_block.blocked_by IS 'Who wrote it; set by the database.';
COMMENT ON COLUMN ar.dunning_block.recorded_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.dunning_block.lifted_on IS 'First day on which it stands no more; NULL: it does.';
COMMENT ON COLUMN ar.dunning_block.lifted_by IS 'Who lifted it; set by the database.';
COMMENT ON COLUMN ar.dunning_block.lifted_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.dunning_block.lifting_reason IS 'Why it was lifted.';

CREATE TABLE ar.dunning_run (
    ledger_id integer NOT NULL,
    run_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    run_on date NOT NULL,
    run_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dunning_run_pkey PRIMARY KEY (ledger_id, run_id),
    CONSTRAINT dunning_run_run_on_key UNIQUE (ledger_id, run_on),
    CONSTRAINT dunning_run_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT dunning_run_run_on_check CHECK (isfinite(run_on))
);
COMMENT ON TABLE ar.dunning_run IS 'A row is a day for which a ledger was run. A fact: never changed.';
COMMENT ON COLUMN ar.dunning_run.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_run.run_id IS 'Id of the run.';
COMMENT ON COLUMN ar.dunning_run.run_on IS 'The day, one run each; there is none for a day before the last.';
COMMENT ON COLUMN ar.dunning_run.run_by IS 'Who ran it first; set by the database.';
COMMENT ON COLUMN ar.dunning_run.recorded_at IS 'When; set by the database.';

CREATE TABLE ar.dunning_notice (
    ledger_id integer NOT NULL,
    notice_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    run_id bigint NOT NULL,
    proposed_on date NOT NULL,
    policy_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    currency text NOT NULL,
    item_id bigint,
    level smallint NOT NULL,
    items integer NOT NULL,
    amount ar.monetary NOT NULL,
    item_ids bigint[],
    levels smallint[],
    status text NOT NULL DEFAULT 'proposed',
    decided_on date,
    decided_by text,
    decided_at timestamptz,
    reason text,
    pay_by date,
    fee ar.monetary,
    fee_id bigint,
    interest ar.monetary,
    message_id bigint,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dunning_notice_pkey PRIMARY KEY (ledger_id, notice_id),
    CONSTRAINT dunning_notice_fee_fkey FOREIGN KEY (ledger_id, fee_id) REFERENCES ar.adjustment,
    CONSTRAINT dunning_notice_message_fkey FOREIGN KEY (ledger_id, message_id) REFERENCES ar.outbox,
    CONSTRAINT dunning_notice_amount_check CHECK (ar.sign(amount) > 0 AND currency = ar.currency(amount) AND items > 0),
    CONSTRAINT dunning_notice_status_check CHECK (CASE status
        WHEN 'proposed' THEN num_nonnulls(item_ids, levels) = 2 AND num_nonnulls(decided_on, decided_by, decided_at, pay_by, fee, fee_id, interest, message_id) = 0
        WHEN 'confirmed' THEN num_nonnulls(item_ids, levels) = 0 AND num_nonnulls(decided_on, decided_by, decided_at, pay_by, message_id) = 5
        WHEN 'ignored' THEN num_nonnulls(item_ids, levels, decided_on, decided_by, decided_at) = 5 AND coalesce(reason, '') ~ '\S'
             AND num_nonnulls(pay_by, fee, fee_id, interest, message_id) = 0
        WHEN 'withdrawn' THEN num_nonnulls(item_ids, levels, decided_on, decided_by, decided_at) = 5 AND coalesce(reason, '') ~ '\S'
             AND num_nonnulls(pay_by, fee, fee_id, interest, message_id) = 0
        ELSE false END),
    CONSTRAINT dunning_notice_decided_on_check CHECK (isfinite(proposed_on) AND isfinite(decided_on) AND decided_on >= proposed_on),
    CONSTRAINT dunning_notice_fee_check CHECK ((fee IS NULL) = (fee_id IS NULL) AND ar.currency(fee) = currency AND ar.currency(interest) = currency)
);
-- What is proposed to a customer, or for an item, is proposed once, whoever is first; a reminder before the due date is another letter.
CREATE UNIQUE INDEX dunning_notice_proposed_key
    ON ar.dunning_notice (ledger_id, customer_id, currency, (level > 0), (coalesce(item_id, 0))) WHERE status = 'proposed';
CREATE INDEX dunning_notice_customer_idx ON ar.dunning_notice (ledger_id, customer_id, currency, decided_on) WHERE status = 'confirmed';
CREATE UNIQUE INDEX dunning_notice_message_key ON ar.dunning_notice (ledger_id, message_id) WHERE message_id IS NOT NULL;
CREATE UNIQUE INDEX dunning_notice_fee_key ON ar.dunning_notice (ledger_id, fee_id) WHERE fee_id IS NOT NULL;
COMMENT ON TABLE ar.dunning_notice IS 'A row is a letter: proposed, and then confirmed, ignored or withdrawn. How far it got on its way to the customer is what ar.outbox says.';
COMMENT ON COLUMN ar.dunning_notice.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_notice.notice_id IS 'Id of the notice.';
COMMENT ON COLUMN ar.dunning_notice.run_id IS 'The run that proposed it as it is.';
COMMENT ON COLUMN ar.dunning_notice.proposed_on IS 'The day of that run.';
COMMENT ON COLUMN ar.dunning_notice.policy_id IS 'The policy by which it is proposed, which may be gone since.';
COMMENT ON COLUMN ar.dunning_notice.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.dunning_notice.currency IS 'ISO 4217 code of its items.';
COMMENT ON COLUMN ar.dunning_notice.item_id IS 'The item, where each has a letter of its own; NULL: a letter to the customer.';
COMMENT ON COLUMN ar.dunning_notice.level IS 'The highest level of its items; 0: a reminder before the due date.';
COMMENT ON COLUMN ar.dunning_notice.items IS 'How many items there are.';
COMMENT ON COLUMN ar.dunning_notice.amount IS 'What is to be paid of them: what is open, less what is disputed, promised or covered.';
COMMENT ON COLUMN ar.dunning_notice.item_ids IS 'Its items while it is no more than proposed; those of a confirmed one are rows of ar.dunning_notice_item.';
COMMENT ON COLUMN ar.dunning_notice.levels IS 'Their levels, side by side with item_ids.';
COMMENT ON COLUMN ar.dunning_notice.status IS 'proposed; confirmed; ignored: somebody did not want it; withdrawn: it was not due any more.';
COMMENT ON COLUMN ar.dunning_notice.decided_on IS 'Day of the letter when it was confirmed; else the day on which it was ignored or withdrawn.';
COMMENT ON COLUMN ar.dunning_notice.decided_by IS 'Who did it; set by the database.';
COMMENT ON COLUMN ar.dunning_notice.decided_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.dunning_notice.reason IS 'Why it was ignored or withdrawn; of a proposed one what kept it from being confirmed.';
COMMENT ON COLUMN ar.dunning_notice.pay_by IS 'Day by which the letter asks to be paid.';
COMMENT ON COLUMN ar.dunning_notice.fee IS 'Fee charged for it, or NULL.';
COMMENT ON COLUMN ar.dunning_notice.fee_id IS 'The adjustment that charges it.';
COMMENT ON COLUMN ar.dunning_notice.interest IS 'Interest that the letter claims, charged before; NULL: none.';
COMMENT ON COLUMN ar.dunning_notice.message_id IS 'The letter in ar.outbox.';
COMMENT ON COLUMN ar.dunning_notice.recorded_at IS 'When it was first proposed; set by the database.';

CREATE TABLE ar.dunning_notice_item (
    ledger_id integer NOT NULL,
    notice_id bigint NOT NULL,
    item_id bigint NOT NULL,
    level smallint NOT NULL,
    cycle integer NOT NULL,
    is_skipped boolean NOT NULL DEFAULT false,
    due_on date NOT NULL,
    amount ar.monetary NOT NULL,
    noticed_on date NOT NULL,
    is_counted boolean NOT NULL DEFAULT true,
    CONSTRAINT dunning_notice_item_pkey PRIMARY KEY (ledger_id, notice_id, item_id, level),
    CONSTRAINT dunning_notice_item_notice_fkey FOREIGN KEY (ledger_id, notice_id) REFERENCES ar.dunning_notice,
    CONSTRAINT dunning_notice_item_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT dunning_notice_item_level_check CHECK (level >= 0 AND cycle >= 1 AND NOT (is_skipped AND level = 0)),
    CONSTRAINT dunning_notice_item_amount_check CHECK (ar.sign(amount) > 0)
);
-- Never twice, whoever confirms, and however many at once. What did not go out is as if it had never been.
CREATE UNIQUE INDEX dunning_notice_item_level_key ON ar.dunning_notice_item (ledger_id, item_id, level, cycle) WHERE is_counted;
CREATE INDEX dunning_notice_item_cancelled_idx ON ar.dunning_notice_item (ledger_id, notice_id) WHERE NOT is_counted;
COMMENT ON TABLE ar.dunning_notice_item IS 'A row is an item in a confirmed letter, at a level. A fact, but for is_counted.';
COMMENT ON COLUMN ar.dunning_notice_item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_notice_item.notice_id IS 'The letter.';
COMMENT ON COLUMN ar.dunning_notice_item.item_id IS 'The item.';
COMMENT ON COLUMN ar.dunning_notice_item.level IS 'Its level in this letter, or one that it skipped.';
COMMENT ON COLUMN ar.dunning_notice_item.cycle IS 'How often its dunning began anew, from 1 (ar.dunning_restart).';
COMMENT ON COLUMN ar.dunning_notice_item.is_skipped IS 'Whether this level was passed over without a letter of its own, by a policy that goes to the most severe.';
COMMENT ON COLUMN ar.dunning_notice_item.due_on IS 'The day from which its days were counted.';
COMMENT ON COLUMN ar.dunning_notice_item.amount IS 'What the letter says is to be paid of it.';
COMMENT ON COLUMN ar.dunning_notice_item.noticed_on IS 'Day of the letter.';
COMMENT ON COLUMN ar.dunning_notice_item.is_counted IS 'Whether the level counts; not if the letter was cancelled before it went out. Follows ar.outbox.';

CREATE TABLE ar.dunning_restart (
    ledger_id integer NOT NULL,
    item_id bigint NOT NULL,
    cycle integer NOT NULL,
    restarted_on date NOT NULL,
    reason text NOT NULL,
    restarted_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT dunning_restart_pkey PRIMARY KEY (ledger_id, item_id, cycle),
    CONSTRAINT dunning_restart_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT dunning_restart_cycle_check CHECK (cycle >= 2 AND isfinite(restarted_on)),
    CONSTRAINT dunning_restart_reason_check CHECK (reason ~ '\S')
);
COMMENT ON TABLE ar.dunning_restart IS 'A row says that the dunning of an item begins anew, as a decision of somebody. A fact: never changed.';
COMMENT ON COLUMN ar.dunning_restart.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_restart.item_id IS 'The item.';
COMMENT ON COLUMN ar.dunning_restart.cycle IS 'The cycle that begins.';
COMMENT ON COLUMN ar.dunning_restart.restarted_on IS 'The day.';
COMMENT ON COLUMN ar.dunning_restart.reason IS 'Why.';
COMMENT ON COLUMN ar.dunning_restart.restarted_by IS 'Who decided it; set by the database.';
COMMENT ON COLUMN ar.dunning_restart.recorded_at IS 'When; set by the database.';

CREATE TABLE ar.dunning_item (
    ledger_id integer NOT NULL,
    item_id bigint NOT NULL,
    cycle integer NOT NULL,
    level smallint NOT NULL,
    noticed_on date,
    reminded_on date,
    CONSTRAINT dunning_item_pkey PRIMARY KEY (ledger_id, item_id)
) WITH (fillfactor = 80);
COMMENT ON TABLE ar.dunning_item IS 'A row is where an item stands that ever was in a letter. Derived from ar.dunning_notice_item and ar.dunning_restart, whatever anybody writes.';
COMMENT ON COLUMN ar.dunning_item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.dunning_item.item_id IS 'The item.';
COMMENT ON COLUMN ar.dunning_item.cycle IS 'Its cycle.';
COMMENT ON COLUMN ar.dunning_item.level IS 'The highest level that counts in it; 0: none.';
COMMENT ON COLUMN ar.dunning_item.noticed_on IS 'Day of the letter of that level; NULL: none.';
COMMENT ON COLUMN ar.dunning_item.reminded_on IS 'Day of the reminder before the due date; NULL: none.';

-- What did not reach the customer waits for a person: few, and looked for by every run.
CREATE INDEX outbox_failed_idx ON ar.outbox (ledger_id, message_id) WHERE status = 'failed';

CREATE INDEX credit_event_dunning_idx ON ar.credit_event (ledger_id, customer_id, occurred_on, event_id) WHERE kind = 'dunning';

CREATE TRIGGER dunning_policy_stamp_biur BEFORE INSERT OR UPDATE ON ar.dunning_policy
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_change();
CREATE TRIGGER dunning_policy_check_aus AFTER UPDATE ON ar.dunning_policy
    REFERENCING NEW TABLE AS new_level
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_dunning_levels();
CREATE TRIGGER dunning_level_check_ais AFTER INSERT ON ar.dunning_level
    REFERENCING NEW TABLE AS new_level
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_dunning_levels();
CREATE TRIGGER dunning_level_check_aus AFTER UPDATE ON ar.dunning_level
    REFERENCING NEW TABLE AS new_level
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_dunning_levels();
CREATE TRIGGER dunning_level_check_ads AFTER DELETE ON ar.dunning_level
    REFERENCING OLD TABLE AS new_level
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_dunning_levels();
CREATE TRIGGER dunning_block_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.dunning_block
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_dunning_block();
CREATE TRIGGER dunning_block_fact_bts BEFORE TRUNCATE ON ar.dunning_block
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dunning_run_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.dunning_run
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dunning_run_stamp_bir BEFORE INSERT ON ar.dunning_run
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_dunning();
CREATE TRIGGER dunning_notice_guard_bir BEFORE INSERT ON ar.dunning_notice
    FOR EACH ROW WHEN (NEW.status <> 'proposed') EXECUTE FUNCTION ar.tg_guard_dunning_notice();
CREATE TRIGGER dunning_notice_guard_budr BEFORE UPDATE OR DELETE ON ar.dunning_notice
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_dunning_notice();
CREATE TRIGGER dunning_notice_record_bir BEFORE INSERT ON ar.dunning_notice
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
-- Instead of a foreign key, which would lock and so rewrite ten thousand customers one by one in every run. None is deleted who has items.
CREATE TRIGGER dunning_notice_check_ais AFTER INSERT ON ar.dunning_notice
    REFERENCING NEW TABLE AS new_notice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_check_dunning_notices();
CREATE TRIGGER dunning_notice_fact_bts BEFORE TRUNCATE ON ar.dunning_notice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dunning_notice_item_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.dunning_notice_item
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_dunning_notice_item();
CREATE TRIGGER dunning_notice_item_fact_bts BEFORE TRUNCATE ON ar.dunning_notice_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dunning_notice_item_follow_ais AFTER INSERT ON ar.dunning_notice_item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_dunning();
CREATE TRIGGER dunning_notice_item_follow_aus AFTER UPDATE ON ar.dunning_notice_item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_dunning();
CREATE TRIGGER dunning_restart_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.dunning_restart
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER dunning_restart_stamp_bir BEFORE INSERT ON ar.dunning_restart
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_dunning();
CREATE TRIGGER dunning_restart_follow_ais AFTER INSERT ON ar.dunning_restart
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_dunning();
CREATE TRIGGER dunning_item_derive_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.dunning_item
    FOR EACH ROW EXECUTE FUNCTION ar.tg_derive_dunning_item();
CREATE TRIGGER dunning_item_fact_bts BEFORE TRUNCATE ON ar.dunning_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
-- A letter that was cancelled takes its levels back. Seldom, so it is asked row by row.
CREATE TRIGGER outbox_dunning_aur AFTER UPDATE ON ar.outbox
    FOR EACH ROW WHEN ((NEW.status = 'cancelled') <> (OLD.status = 'cancelled'))
    EXECUTE FUNCTION ar.tg_follow_dunning_message();
