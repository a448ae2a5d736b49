-- billing: the counters of document series, and runs that number in batches.

CREATE TABLE ar.document_counter (
    ledger_id integer NOT NULL,
    series text NOT NULL,
    year integer NOT NULL,
    next_number bigint NOT NULL DEFAULT 1,
    sequence_name text,
    CONSTRAINT document_counter_pkey PRIMARY KEY (ledger_id, series, year),
    CONSTRAINT document_counter_series_fkey FOREIGN KEY (ledger_id, series) REFERENCES ar.document_series,
    CONSTRAINT document_counter_next_number_check CHECK (next_number >= 1)
) WITH (fillfactor = 50);
COMMENT ON TABLE ar.document_counter IS 'A row counts the numbers of a series, of one year where the series is yearly. Derived: written when numbers are drawn, last of all locks.';
COMMENT ON COLUMN ar.document_counter.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.document_counter.series IS 'The series.';
COMMENT ON COLUMN ar.document_counter.year IS 'The year of the documents it numbers; 0 for the one counter of a series that is not yearly.';
COMMENT ON COLUMN ar.document_counter.next_number IS 'The number that comes next; of a fast series, the number that its sequence began with.';
COMMENT ON COLUMN ar.document_counter.sequence_name IS 'The sequence in schema ar that a fast series draws from; NULL: it draws from next_number.';

CREATE TABLE ar.numbering_run (
    ledger_id integer NOT NULL,
    numbering_run_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    series text,
    numbered bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT numbering_run_pkey PRIMARY KEY (ledger_id, numbering_run_id),
    CONSTRAINT numbering_run_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT numbering_run_series_fkey FOREIGN KEY (ledger_id, series) REFERENCES ar.document_series,
    CONSTRAINT numbering_run_numbered_check CHECK (numbered >= 0)
);
COMMENT ON TABLE ar.numbering_run IS 'A row is one run that numbered what was posted and not yet numbered; inserting it is the run. A fact: never changed.';
COMMENT ON COLUMN ar.numbering_run.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.numbering_run.numbering_run_id IS 'Id of the run.';
COMMENT ON COLUMN ar.numbering_run.series IS 'The one series it numbers; NULL: every series that is numbered in batches.';
COMMENT ON COLUMN ar.numbering_run.numbered IS 'How many documents it numbered; set by the database.';
COMMENT ON COLUMN ar.numbering_run.recorded_at IS 'When it was recorded; set by the database.';

-- Drafts are in it only if they name a series.
CREATE INDEX invoice_unnumbered_idx ON ar.invoice (ledger_id, series) WHERE number IS NULL AND series IS NOT NULL;

CREATE TRIGGER document_series_fact_bts BEFORE TRUNCATE ON ar.document_series
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER document_series_guard_bur BEFORE UPDATE OF numbering, yearly ON ar.document_series
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_series();

CREATE TRIGGER document_counter_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.document_counter
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();

CREATE TRIGGER numbering_run_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.numbering_run
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER numbering_run_record_bir BEFORE INSERT ON ar.numbering_run
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER numbering_run_number_ais AFTER INSERT ON ar.numbering_run
    REFERENCING NEW TABLE AS new_run
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_number_invoices();
