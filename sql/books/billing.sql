-- billing: invoices with their lines, posting and numbering.

CREATE TABLE ar.document_series (
    ledger_id integer NOT NULL,
    series text NOT NULL,
    pattern text NOT NULL,
    digits smallint NOT NULL DEFAULT 6,
    numbering text NOT NULL DEFAULT 'gapless',
    yearly boolean NOT NULL DEFAULT false,
    CONSTRAINT document_series_pkey PRIMARY KEY (ledger_id, series),
    CONSTRAINT document_series_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT document_series_series_check CHECK (series <> ''),
    CONSTRAINT document_series_pattern_check CHECK (pattern LIKE '%{number}%'),
    CONSTRAINT document_series_digits_check CHECK (digits BETWEEN 1 AND 18),
    CONSTRAINT document_series_numbering_check CHECK (numbering IN ('gapless', 'fast', 'batch')),
    CONSTRAINT document_series_yearly_check CHECK (NOT yearly OR pattern LIKE '%{year}%')
);
COMMENT ON TABLE ar.document_series IS 'A row is one series of document numbers of a ledger: how they look and how they are drawn. Its counters are rows of ar.document_counter.';
COMMENT ON COLUMN ar.document_series.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.document_series.series IS 'Name of the series; a document that names none draws from that of its kind, such as "invoice".';
COMMENT ON COLUMN ar.document_series.pattern IS 'How a number is written: {number} is the number, {year} the year of the document.';
COMMENT ON COLUMN ar.document_series.digits IS 'Digits that {number} is padded to with zeros.';
COMMENT ON COLUMN ar.document_series.numbering IS 'gapless: drawn at posting, one transaction after the other; fast: drawn at posting from a sequence, without waiting and with gaps; batch: drawn by ar.number_invoices() after posting, without a gap.';
COMMENT ON COLUMN ar.document_series.yearly IS 'Whether the numbers begin at 1 again each year; the pattern must then show the year.';

CREATE TABLE ar.invoice (
    ledger_id integer NOT NULL,
    invoice_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    series text,
    series_number bigint,
    number text,
    invoiced_on date NOT NULL,
    due_on date,
    terms ar.terms,
    total ar.monetary NOT NULL,
    status ar.invoice_status NOT NULL DEFAULT 'draft',
    external_id text,
    external_digest bytea,
    recorded_at timestamptz,
    CONSTRAINT invoice_pkey PRIMARY KEY (ledger_id, invoice_id),
    CONSTRAINT invoice_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT invoice_series_fkey FOREIGN KEY (ledger_id, series) REFERENCES ar.document_series,
    CONSTRAINT invoice_number_check CHECK (number <> ''),
    CONSTRAINT invoice_invoiced_on_check CHECK (isfinite(invoiced_on)),
    CONSTRAINT invoice_due_on_check CHECK (isfinite(due_on) AND (terms IS NULL OR due_on IS NULL)),
    CONSTRAINT invoice_total_check CHECK (ar.sign(total) >= 0)
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX invoice_number_key ON ar.invoice (ledger_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX invoice_external_id_key ON ar.invoice (ledger_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX invoice_customer_idx ON ar.invoice (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.invoice IS 'A row is one invoice. Posting it (status open) makes its items; from then on it is a fact, and only its status follows what is applied.';
COMMENT ON COLUMN ar.invoice.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.invoice.invoice_id IS 'Id of the invoice.';
COMMENT ON COLUMN ar.invoice.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.invoice.series IS 'The series its number is drawn from at posting; NULL with a number of its own.';
COMMENT ON COLUMN ar.invoice.series_number IS 'Its place in the series; set when its number is drawn.';
COMMENT ON COLUMN ar.invoice.number IS 'Number that people see, unique in the ledger; drawn at posting unless given, or after it where the series is numbered in batches.';
COMMENT ON COLUMN ar.invoice.invoiced_on IS 'Invoice date, which the terms count from.';
COMMENT ON COLUMN ar.invoice.due_on IS 'The one due date, if given instead of terms.';
COMMENT ON COLUMN ar.invoice.terms IS 'Credit terms; at posting, with neither terms nor due_on, those of the customer, else of the ledger.';
COMMENT ON COLUMN ar.invoice.total IS 'Amount due, tax included; equal to its lines, if it has any.';
COMMENT ON COLUMN ar.invoice.status IS 'draft, held, open, partial, paid, written_off or void. Once posted it is derived.';
COMMENT ON COLUMN ar.invoice.external_id IS 'Id that the writing program gave, unique among the ledger''s invoices.';
COMMENT ON COLUMN ar.invoice.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.invoice.recorded_at IS 'When it was posted; set by the database; NULL before.';

CREATE TABLE ar.invoice_line (
    ledger_id integer NOT NULL,
    invoice_id bigint NOT NULL,
    line_number integer NOT NULL,
    description text NOT NULL DEFAULT '',
    quantity numeric NOT NULL DEFAULT 1,
    unit_price numeric NOT NULL,
    tax_rate numeric NOT NULL DEFAULT 0,
    net ar.monetary NOT NULL,
    tax ar.monetary NOT NULL,
    CONSTRAINT invoice_line_pkey PRIMARY KEY (ledger_id, invoice_id, line_number),
    CONSTRAINT invoice_line_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice ON DELETE CASCADE,
    CONSTRAINT invoice_line_line_number_check CHECK (line_number >= 1),
    CONSTRAINT invoice_line_tax_rate_check CHECK (tax_rate >= 0),
    CONSTRAINT invoice_line_currency_check CHECK (ar.currency(net) = ar.currency(tax)),
    CONSTRAINT invoice_line_net_check CHECK (net = ar.round(quantity * unit_price, ar.currency(net), 'half_up')),
    CONSTRAINT invoice_line_tax_check CHECK (tax = ar.round(ar.amount(net) * tax_rate / 100, ar.currency(net), 'half_up'))
);
COMMENT ON TABLE ar.invoice_line IS 'A row is one line of an invoice.';
COMMENT ON COLUMN ar.invoice_line.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.invoice_line.invoice_id IS 'The invoice.';
COMMENT ON COLUMN ar.invoice_line.line_number IS 'Position on the invoice, from 1.';
COMMENT ON COLUMN ar.invoice_line.description IS 'What was sold.';
COMMENT ON COLUMN ar.invoice_line.quantity IS 'How many.';
COMMENT ON COLUMN ar.invoice_line.unit_price IS 'Price of one, net of tax, with as many decimals as need be.';
COMMENT ON COLUMN ar.invoice_line.tax_rate IS 'Tax in percent of net.';
COMMENT ON COLUMN ar.invoice_line.net IS 'quantity times unit_price, rounded half up to the minor unit.';
COMMENT ON COLUMN ar.invoice_line.tax IS 'net times tax_rate / 100, rounded half up to the minor unit.';

ALTER TABLE ar.item ADD CONSTRAINT item_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice;

CREATE TRIGGER invoice_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.invoice
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_invoice();
CREATE TRIGGER invoice_fact_bts BEFORE TRUNCATE ON ar.invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER invoice_post_ais AFTER INSERT ON ar.invoice
    REFERENCING NEW TABLE AS new_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_post_invoice();
CREATE TRIGGER invoice_post_aus AFTER UPDATE ON ar.invoice
    REFERENCING NEW TABLE AS new_invoice
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_post_invoice();

CREATE TRIGGER invoice_line_fact_bts BEFORE TRUNCATE ON ar.invoice_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER invoice_line_guard_ais AFTER INSERT ON ar.invoice_line
    REFERENCING NEW TABLE AS new_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_invoice_line();
CREATE TRIGGER invoice_line_guard_aus AFTER UPDATE ON ar.invoice_line
    REFERENCING OLD TABLE AS old_line NEW TABLE AS new_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_invoice_line();
CREATE TRIGGER invoice_line_guard_ads AFTER DELETE ON ar.invoice_line
    REFERENCING OLD TABLE AS old_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_invoice_line();

CREATE TRIGGER item_follow_aus AFTER UPDATE ON ar.item
    REFERENCING NEW TABLE AS new_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_items();
