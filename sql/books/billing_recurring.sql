-- billing: recurring invoices: templates, their versions, and the periods billed.

CREATE TABLE ar.recurring_invoice (
    ledger_id integer NOT NULL,
    recurring_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    name text NOT NULL DEFAULT '',
    interval_unit text NOT NULL DEFAULT 'month',
    interval_count integer NOT NULL DEFAULT 1,
    starts_on date NOT NULL,
    anchored_on date NOT NULL,
    ends_on date,
    periods integer,
    billed text NOT NULL DEFAULT 'advance',
    issue_offset integer NOT NULL DEFAULT 0,
    prorated boolean NOT NULL DEFAULT false,
    post boolean NOT NULL DEFAULT true,
    series text,
    currency text NOT NULL,
    paused_on date,
    external_id text,
    external_digest bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT recurring_invoice_pkey PRIMARY KEY (ledger_id, recurring_id),
    CONSTRAINT recurring_invoice_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT recurring_invoice_series_fkey FOREIGN KEY (ledger_id, series) REFERENCES ar.document_series,
    CONSTRAINT recurring_invoice_interval_unit_check CHECK (interval_unit IN ('day', 'week', 'month', 'year')),
    CONSTRAINT recurring_invoice_interval_count_check CHECK (interval_count BETWEEN 1 AND 10000),
    CONSTRAINT recurring_invoice_starts_on_check CHECK (isfinite(starts_on) AND isfinite(anchored_on)),
    CONSTRAINT recurring_invoice_ends_on_check CHECK (isfinite(ends_on) AND ends_on >= starts_on),
    CONSTRAINT recurring_invoice_periods_check CHECK (periods >= 1),
    CONSTRAINT recurring_invoice_billed_check CHECK (billed IN ('advance', 'arrears')),
    CONSTRAINT recurring_invoice_issue_offset_check CHECK (issue_offset BETWEEN -366 AND 366),
    CONSTRAINT recurring_invoice_currency_check CHECK (ar.is_currency(currency) AND currency = upper(currency)),
    CONSTRAINT recurring_invoice_paused_on_check CHECK (isfinite(paused_on))
);
CREATE UNIQUE INDEX recurring_invoice_external_id_key ON ar.recurring_invoice (ledger_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX recurring_invoice_customer_idx ON ar.recurring_invoice (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.recurring_invoice IS 'A row is a template: an invoice for each period of a schedule, made by ar.generate_recurring_invoices(). What it bills is in ar.recurring_version.';
COMMENT ON COLUMN ar.recurring_invoice.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.recurring_invoice.recurring_id IS 'Id of the template.';
COMMENT ON COLUMN ar.recurring_invoice.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.recurring_invoice.name IS 'What people call it.';
COMMENT ON COLUMN ar.recurring_invoice.interval_unit IS 'day, week, month or year.';
COMMENT ON COLUMN ar.recurring_invoice.interval_count IS 'A period is so many units long.';
COMMENT ON COLUMN ar.recurring_invoice.starts_on IS 'First day that is billed.';
COMMENT ON COLUMN ar.recurring_invoice.anchored_on IS 'A day on which a period begins; the others follow from it. Its day of the month, or the last one where a month is shorter, begins every period.';
COMMENT ON COLUMN ar.recurring_invoice.ends_on IS 'Last day that is billed; NULL: no end.';
COMMENT ON COLUMN ar.recurring_invoice.periods IS 'How many periods there are at most; NULL: no end.';
COMMENT ON COLUMN ar.recurring_invoice.billed IS 'advance: the invoice is dated the first day of its period; arrears: the last.';
COMMENT ON COLUMN ar.recurring_invoice.issue_offset IS 'Days added to that date.';
COMMENT ON COLUMN ar.recurring_invoice.prorated IS 'Whether a first or last period that is cut short is billed by its days, and not in full.';
COMMENT ON COLUMN ar.recurring_invoice.post IS 'Whether the invoices are posted; false leaves drafts.';
COMMENT ON COLUMN ar.recurring_invoice.series IS 'The series of their numbers; NULL: "invoice".';
COMMENT ON COLUMN ar.recurring_invoice.currency IS 'ISO 4217 code of the prices.';
COMMENT ON COLUMN ar.recurring_invoice.paused_on IS 'From this day on nothing is made; NULL: it is not paused.';
COMMENT ON COLUMN ar.recurring_invoice.external_id IS 'Id that the writing program gave, unique among the ledger''s templates.';
COMMENT ON COLUMN ar.recurring_invoice.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.recurring_invoice.created_at IS 'When it was created.';

CREATE TABLE ar.recurring_version (
    ledger_id integer NOT NULL,
    recurring_id bigint NOT NULL,
    version_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    valid_from date NOT NULL,
    lines jsonb NOT NULL,
    terms ar.terms,
    details jsonb NOT NULL DEFAULT '{}',
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT recurring_version_pkey PRIMARY KEY (ledger_id, recurring_id, version_id),
    CONSTRAINT recurring_version_recurring_fkey FOREIGN KEY (ledger_id, recurring_id) REFERENCES ar.recurring_invoice,
    CONSTRAINT recurring_version_valid_from_check CHECK (isfinite(valid_from)),
    CONSTRAINT recurring_version_lines_check CHECK (jsonb_typeof(lines) = 'array' AND lines <> '[]'),
    CONSTRAINT recurring_version_details_check CHECK (jsonb_typeof(details) = 'object')
);
COMMENT ON TABLE ar.recurring_version IS 'A row is what a template bills for periods that begin on a day or later, until the next row; of two for one day the later recorded counts. A fact: never changed.';
COMMENT ON COLUMN ar.recurring_version.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.recurring_version.recurring_id IS 'The template.';
COMMENT ON COLUMN ar.recurring_version.version_id IS 'Id of the version.';
COMMENT ON COLUMN ar.recurring_version.valid_from IS 'It counts for periods that begin on this day or later.';
COMMENT ON COLUMN ar.recurring_version.lines IS 'Lines, as ar.create_invoices() takes them; a description may hold {period_from}, {period_to}, {period_number}, {year}, {month} and {quarter}.';
COMMENT ON COLUMN ar.recurring_version.terms IS 'Credit terms; NULL: those of the customer, else of the ledger.';
COMMENT ON COLUMN ar.recurring_version.details IS 'What else ar.create_invoices() takes for an invoice.';
COMMENT ON COLUMN ar.recurring_version.recorded_at IS 'When it was recorded; set by the database.';

CREATE TABLE ar.recurring_period (
    ledger_id integer NOT NULL,
    recurring_id bigint NOT NULL,
    period_number integer NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    issued_on date NOT NULL,
    skipped boolean NOT NULL DEFAULT false,
    invoice_id bigint,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT recurring_period_pkey PRIMARY KEY (ledger_id, recurring_id, period_number),
    CONSTRAINT recurring_period_recurring_fkey FOREIGN KEY (ledger_id, recurring_id) REFERENCES ar.recurring_invoice,
    CONSTRAINT recurring_period_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice ON DELETE SET NULL (invoice_id),
    CONSTRAINT recurring_period_skipped_check CHECK (NOT skipped OR invoice_id IS NULL),
    CONSTRAINT recurring_period_dates_check CHECK (period_from <= period_to)
);
CREATE UNIQUE INDEX recurring_period_invoice_key ON ar.recurring_period (ledger_id, invoice_id) WHERE invoice_id IS NOT NULL;
COMMENT ON TABLE ar.recurring_period IS 'A row is one period of a template that was billed or skipped: its key is what makes an invoice once. Periods come in order, without a gap, and stay.';
COMMENT ON COLUMN ar.recurring_period.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.recurring_period.recurring_id IS 'The template.';
COMMENT ON COLUMN ar.recurring_period.period_number IS 'Which period of the template, from 1.';
COMMENT ON COLUMN ar.recurring_period.period_from IS 'First day of the period; set by the database.';
COMMENT ON COLUMN ar.recurring_period.period_to IS 'Last day of the period; set by the database.';
COMMENT ON COLUMN ar.recurring_period.issued_on IS 'Date of its invoice; set by the database.';
COMMENT ON COLUMN ar.recurring_period.skipped IS 'Whether it is not billed.';
COMMENT ON COLUMN ar.recurring_period.invoice_id IS 'The invoice made for it; NULL if it was skipped, or if the draft was deleted since.';
COMMENT ON COLUMN ar.recurring_period.recorded_at IS 'When it was billed or skipped; set by the database.';

CREATE TRIGGER recurring_invoice_fact_bts BEFORE TRUNCATE ON ar.recurring_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER recurring_invoice_guard_bur BEFORE UPDATE ON ar.recurring_invoice
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_recurring();
CREATE TRIGGER recurring_version_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.recurring_version
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER recurring_version_record_bir BEFORE INSERT ON ar.recurring_version
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record();
CREATE TRIGGER recurring_period_fact_bts BEFORE TRUNCATE ON ar.recurring_period
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER recurring_period_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.recurring_period
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_recurring_period();
