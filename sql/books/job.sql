-- job: what the daily run did.

CREATE TABLE ar.job_run (
    ledger_id integer NOT NULL,
    step text NOT NULL,
    business_date date NOT NULL,
    attempts integer NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    rows bigint,
    error text,
    run_by text NOT NULL DEFAULT session_user,
    CONSTRAINT job_run_pkey PRIMARY KEY (ledger_id, step, business_date),
    CONSTRAINT job_run_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT job_run_attempts_check CHECK (attempts >= 1),
    CONSTRAINT job_run_finished_check CHECK (CASE WHEN finished_at IS NULL THEN num_nonnulls(rows, error) = 0
        ELSE num_nonnulls(rows, error) = 1 END)
);
COMMENT ON TABLE ar.job_run IS 'A row is one step of the daily run of a ledger for one business date: running, done, or failed and to be tried again.';
COMMENT ON COLUMN ar.job_run.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.job_run.step IS 'The step, one of ar.job_steps().';
COMMENT ON COLUMN ar.job_run.business_date IS 'The day it was done for.';
COMMENT ON COLUMN ar.job_run.attempts IS 'How often it was started; more than once after a failure or a crash.';
COMMENT ON COLUMN ar.job_run.started_at IS 'When it was started last.';
COMMENT ON COLUMN ar.job_run.finished_at IS 'When that ended, well or not; NULL: it runs, or its session died.';
COMMENT ON COLUMN ar.job_run.rows IS 'How much it did: invoices made, credits applied, rows kept, and so on.';
COMMENT ON COLUMN ar.job_run.error IS 'Why it failed; NULL: it did not.';
COMMENT ON COLUMN ar.job_run.run_by IS 'The role that ran it last.';
