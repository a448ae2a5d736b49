-- report: agings that were kept.

CREATE TABLE ar.aging_snapshot (
    ledger_id integer NOT NULL,
    as_of date NOT NULL,
    known_at timestamptz NOT NULL,
    boundaries integer[] NOT NULL,
    taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_by text NOT NULL DEFAULT session_user,
    CONSTRAINT aging_snapshot_pkey PRIMARY KEY (ledger_id, as_of),
    CONSTRAINT aging_snapshot_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT aging_snapshot_as_of_check CHECK (isfinite(as_of) AND isfinite(known_at))
);
COMMENT ON TABLE ar.aging_snapshot IS 'A row is one aging that was kept: that of the end of a day, as it was known at a moment. Kept so that it is at hand; ar.verify() computes samples anew.';
COMMENT ON COLUMN ar.aging_snapshot.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.aging_snapshot.as_of IS 'The day.';
COMMENT ON COLUMN ar.aging_snapshot.known_at IS 'The moment: the end of the day in the ledger''s time zone; when it was taken, if that was before, or if the ledger was created later.';
COMMENT ON COLUMN ar.aging_snapshot.boundaries IS 'The last day past due of each bucket but the last.';
COMMENT ON COLUMN ar.aging_snapshot.taken_at IS 'When it was taken; set by the database.';
COMMENT ON COLUMN ar.aging_snapshot.taken_by IS 'Who took it; set by the database.';

CREATE TABLE ar.aging_snapshot_line (
    ledger_id integer NOT NULL,
    as_of date NOT NULL,
    customer_id bigint NOT NULL,
    currency text NOT NULL,
    is_credit boolean NOT NULL,
    bucket ar.aging_bucket NOT NULL,
    open ar.monetary NOT NULL,
    items integer NOT NULL,
    CONSTRAINT aging_snapshot_line_pkey PRIMARY KEY (ledger_id, as_of, customer_id, currency, is_credit, bucket),
    CONSTRAINT aging_snapshot_line_snapshot_fkey FOREIGN KEY (ledger_id, as_of) REFERENCES ar.aging_snapshot ON DELETE CASCADE,
    CONSTRAINT aging_snapshot_line_open_check CHECK (currency = ar.currency(open)
        AND ar.sign(open) = CASE WHEN is_credit THEN -1 ELSE 1 END AND items > 0)
);
COMMENT ON TABLE ar.aging_snapshot_line IS 'A row is what a customer had open in a currency and a bucket, by a snapshot: debits, or credits, which age by their own date.';
COMMENT ON COLUMN ar.aging_snapshot_line.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.aging_snapshot_line.as_of IS 'The day of the snapshot.';
COMMENT ON COLUMN ar.aging_snapshot_line.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.aging_snapshot_line.currency IS 'ISO 4217 code.';
COMMENT ON COLUMN ar.aging_snapshot_line.is_credit IS 'Whether it is credits (payments and memos not applied yet) or debits.';
COMMENT ON COLUMN ar.aging_snapshot_line.bucket IS 'Days past due.';
COMMENT ON COLUMN ar.aging_snapshot_line.open IS 'Sum of what was open: positive of debits, negative of credits.';
COMMENT ON COLUMN ar.aging_snapshot_line.items IS 'How many items.';

CREATE TABLE ar.snapshot_policy (
    ledger_id integer NOT NULL,
    keep_daily_days integer,
    keep_monthly_months integer,
    boundaries integer[],
    CONSTRAINT snapshot_policy_pkey PRIMARY KEY (ledger_id),
    CONSTRAINT snapshot_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT snapshot_policy_keep_check CHECK (keep_daily_days >= 0 AND keep_monthly_months >= 0),
    -- Raises 22023 for boundaries that are none.
    CONSTRAINT snapshot_policy_boundaries_check CHECK (boundaries IS NULL OR ar.aging_bucket(date '2000-01-01', date '2000-01-01', boundaries) IS NOT NULL)
);
COMMENT ON TABLE ar.snapshot_policy IS 'A row is how a ledger keeps its snapshots.';
COMMENT ON COLUMN ar.snapshot_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.snapshot_policy.keep_daily_days IS 'Days for which every snapshot is kept. By default 400.';
COMMENT ON COLUMN ar.snapshot_policy.keep_monthly_months IS 'Months for which the last one of each month is kept. By default for ever.';
COMMENT ON COLUMN ar.snapshot_policy.boundaries IS 'The last day past due of each bucket but the last. By default 0, 30, 60, 90.';

CREATE TRIGGER aging_snapshot_fact_buts BEFORE UPDATE OR TRUNCATE ON ar.aging_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER aging_snapshot_line_fact_buts BEFORE UPDATE OR TRUNCATE ON ar.aging_snapshot_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
