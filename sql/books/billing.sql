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
    kind text NOT NULL DEFAULT 'invoice',
    corrects_id bigint,
    reverses_id bigint,
    series text,
    series_number bigint,
    number text,
    payment_reference text,
    invoiced_on date NOT NULL,
    supplied_on date,
    period_from date,
    period_to date,
    due_on date,
    terms ar.terms,
    discount_basis text,
    payment_means text,
    prices_include_tax boolean NOT NULL DEFAULT false,
    tax_rounding text NOT NULL DEFAULT 'document',
    net ar.monetary,
    tax ar.monetary,
    cash_rounding ar.monetary,
    total ar.monetary NOT NULL,
    purchase_order text,
    buyer_reference text,
    note text,
    status ar.invoice_status NOT NULL DEFAULT 'draft',
    external_id text,
    external_digest bytea,
    recorded_at timestamptz,
    -- A draft, posted, numbered: room for the versions, so that posting neither
    -- moves the row while it is numbered nor splits pages of the key.
    CONSTRAINT invoice_pkey PRIMARY KEY (ledger_id, invoice_id) WITH (fillfactor = 50),
    CONSTRAINT invoice_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT invoice_series_fkey FOREIGN KEY (ledger_id, series) REFERENCES ar.document_series,
    CONSTRAINT invoice_corrects_fkey FOREIGN KEY (ledger_id, corrects_id) REFERENCES ar.invoice,
    CONSTRAINT invoice_reverses_fkey FOREIGN KEY (ledger_id, reverses_id) REFERENCES ar.invoice,
    CONSTRAINT invoice_kind_check CHECK (CASE kind
        WHEN 'invoice' THEN num_nonnulls(corrects_id, reverses_id) = 0
        WHEN 'credit_memo' THEN reverses_id IS NULL OR coalesce(reverses_id = corrects_id, false)
        WHEN 'debit_memo' THEN reverses_id IS NULL
        WHEN 'deposit' THEN num_nonnulls(corrects_id, reverses_id) = 0
        ELSE false END),
    CONSTRAINT invoice_number_check CHECK (number <> ''),
    CONSTRAINT invoice_payment_reference_check CHECK (payment_reference <> ''),
    CONSTRAINT invoice_invoiced_on_check CHECK (isfinite(invoiced_on)),
    CONSTRAINT invoice_due_on_check CHECK (isfinite(due_on) AND due_on >= invoiced_on
        AND (terms IS NULL OR due_on IS NULL)),
    CONSTRAINT invoice_period_check CHECK (isfinite(supplied_on) AND isfinite(period_from) AND isfinite(period_to)
        AND period_from <= period_to),
    CONSTRAINT invoice_tax_rounding_check CHECK (tax_rounding IN ('document', 'line')),
    CONSTRAINT invoice_discount_basis_check CHECK (CASE discount_basis
        WHEN 'gross' THEN true WHEN 'net' THEN true
        WHEN 'mixed' THEN tax_rounding = 'document' AND NOT prices_include_tax
        ELSE discount_basis IS NULL END),
    CONSTRAINT invoice_net_check CHECK (CASE
        WHEN net IS NULL THEN tax IS NULL AND cash_rounding IS NULL
        WHEN tax IS NULL THEN false
        WHEN cash_rounding IS NULL THEN total = net + tax
        ELSE total = net + tax + cash_rounding END),
    CONSTRAINT invoice_total_check CHECK (ar.sign(total) >= 0)
) WITH (fillfactor = 45);
CREATE UNIQUE INDEX invoice_number_key ON ar.invoice (ledger_id, number) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX invoice_external_id_key ON ar.invoice (ledger_id, external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX invoice_reverses_key ON ar.invoice (ledger_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE INDEX invoice_corrects_idx ON ar.invoice (ledger_id, corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX invoice_customer_idx ON ar.invoice (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
COMMENT ON TABLE ar.invoice IS 'A row is one invoice, or a memo or deposit, which are written and posted alike. Posting it (status open) makes its items; from then on it is a fact, and only its status follows what is applied.';
COMMENT ON COLUMN ar.invoice.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.invoice.invoice_id IS 'Id of the invoice.';
COMMENT ON COLUMN ar.invoice.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.invoice.kind IS 'invoice, credit_memo, debit_memo or deposit. The amounts of all are positive; a credit memo''s items are credits.';
COMMENT ON COLUMN ar.invoice.corrects_id IS 'The invoice that a credit or debit memo corrects, or NULL.';
COMMENT ON COLUMN ar.invoice.reverses_id IS 'The invoice that a credit memo takes back entirely, or NULL.';
COMMENT ON COLUMN ar.invoice.series IS 'The series its number is drawn from at posting; NULL with a number of its own.';
COMMENT ON COLUMN ar.invoice.series_number IS 'Its place in the series; set when its number is drawn.';
COMMENT ON COLUMN ar.invoice.number IS 'Number that people see, unique in the ledger; drawn at posting unless given, or after it where the series is numbered in batches.';
COMMENT ON COLUMN ar.invoice.payment_reference IS 'What the payer is asked to quote; NULL: made from the number, when that is drawn, as a creditor reference of ISO 11649 (RF), where it fits.';
COMMENT ON COLUMN ar.invoice.invoiced_on IS 'Invoice date, which the terms count from.';
COMMENT ON COLUMN ar.invoice.supplied_on IS 'Date of supply, which tax rates go by; NULL: the invoice date.';
COMMENT ON COLUMN ar.invoice.period_from IS 'First day of the period billed, if there is one.';
COMMENT ON COLUMN ar.invoice.period_to IS 'Last day of the period billed, if there is one.';
COMMENT ON COLUMN ar.invoice.due_on IS 'The one due date, if given instead of terms; not before invoiced_on.';
COMMENT ON COLUMN ar.invoice.terms IS 'Credit terms; at posting, with neither terms nor due_on, those of the customer, else of the ledger.';
COMMENT ON COLUMN ar.invoice.discount_basis IS 'What a discount for early payment is taken of: gross (net and tax alike), net (tax stays), or mixed (net, and tax is computed on the discounted net from the start). NULL: at posting, if the terms grant a discount, that of ar.billing_policy.';
COMMENT ON COLUMN ar.invoice.payment_means IS 'How it is to be paid: a code of UNTDID 4461, such as 10 cash, 30 credit transfer, 49 direct debit; NULL: not said.';
COMMENT ON COLUMN ar.invoice.prices_include_tax IS 'Whether prices, discounts and charges of lines and allowances include tax.';
COMMENT ON COLUMN ar.invoice.tax_rounding IS 'document: tax is rounded once per category and rate, as EN 16931 asks; line: per line, and added up.';
COMMENT ON COLUMN ar.invoice.net IS 'Sum of lines, less allowances, plus charges, without tax; NULL for an invoice without lines, else filled in at posting, or judged then.';
COMMENT ON COLUMN ar.invoice.tax IS 'Tax: the sum of ar.invoice_tax; NULL as net is.';
COMMENT ON COLUMN ar.invoice.cash_rounding IS 'What rounding to what can be paid adds or, negative, takes off: see ar.cash_rounding; NULL: nothing.';
COMMENT ON COLUMN ar.invoice.total IS 'Amount due: net plus tax plus cash_rounding.';
COMMENT ON COLUMN ar.invoice.purchase_order IS 'The buyer''s order number.';
COMMENT ON COLUMN ar.invoice.buyer_reference IS 'What the buyer wants quoted: a person, a department, a Leitweg-ID.';
COMMENT ON COLUMN ar.invoice.note IS 'Text printed on it.';
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
    unit_code text NOT NULL DEFAULT 'C62',
    unit_price numeric NOT NULL,
    discount_percent numeric,
    discount ar.monetary,
    charge ar.monetary,
    tax_code text,
    tax_category text NOT NULL,
    tax_rate numeric NOT NULL DEFAULT 0,
    exemption_reason text,
    exemption_reason_code text,
    gross ar.monetary,
    net ar.monetary NOT NULL,
    tax ar.monetary NOT NULL,
    item_number text,
    buyer_item_number text,
    corrects_line integer,
    corrects_tax boolean,
    CONSTRAINT invoice_line_pkey PRIMARY KEY (ledger_id, invoice_id, line_number),
    CONSTRAINT invoice_line_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice ON DELETE CASCADE,
    CONSTRAINT invoice_line_line_number_check CHECK (line_number >= 1),
    CONSTRAINT invoice_line_tax_rate_check CHECK (tax_rate >= 0),
    CONSTRAINT invoice_line_tax_category_check CHECK (ar.is_tax_category(tax_category, tax_rate)),
    CONSTRAINT invoice_line_exemption_check CHECK (
        (tax_category IN ('E', 'AE', 'K', 'G', 'O')) = (num_nonnulls(exemption_reason, exemption_reason_code) > 0)),
    CONSTRAINT invoice_line_currency_check CHECK (ar.currency(net) = ar.currency(tax)),
    CONSTRAINT invoice_line_discount_check CHECK (discount_percent IS NULL OR (discount IS NOT NULL AND
        discount = ar.percent_of(ar.line_amount(quantity, unit_price, ar.currency(net)), discount_percent))),
    CONSTRAINT invoice_line_net_check CHECK (
        coalesce(gross, net) = ar.line_amount(quantity, unit_price, ar.currency(net), discount, charge)),
    CONSTRAINT invoice_line_tax_check CHECK (CASE WHEN gross IS NULL
        THEN tax = ar.percent_of(net, tax_rate)
        ELSE net + tax = gross AND (corrects_tax IS TRUE OR ar.is_net_of(net, gross, tax_rate)) END)
);
COMMENT ON TABLE ar.invoice_line IS 'A row is one line of an invoice.';
COMMENT ON COLUMN ar.invoice_line.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.invoice_line.invoice_id IS 'The invoice.';
COMMENT ON COLUMN ar.invoice_line.line_number IS 'Position on the invoice, from 1.';
COMMENT ON COLUMN ar.invoice_line.description IS 'What was sold.';
COMMENT ON COLUMN ar.invoice_line.quantity IS 'How many.';
COMMENT ON COLUMN ar.invoice_line.unit_code IS 'Unit of the quantity, a code of UN/ECE recommendation 20: C62 one, HUR hour, KGM kilogram.';
COMMENT ON COLUMN ar.invoice_line.unit_price IS 'Price of one, with as many decimals as need be; tax included or not as the invoice says.';
COMMENT ON COLUMN ar.invoice_line.discount_percent IS 'Percent that makes discount, of quantity times unit_price; NULL: discount is an amount of its own, or there is none.';
COMMENT ON COLUMN ar.invoice_line.discount IS 'Amount taken off the line, or NULL.';
COMMENT ON COLUMN ar.invoice_line.charge IS 'Amount added to the line, or NULL.';
COMMENT ON COLUMN ar.invoice_line.tax_code IS 'The tax of ar.tax_rate that category and rate come from; NULL: they were given. Judged at posting.';
COMMENT ON COLUMN ar.invoice_line.tax_category IS 'Category of tax, a code of UNTDID 5305: S standard, Z zero, E exempt, AE reverse charge, K intra-community, G export, O outside of scope, L and M for the Canaries and Ceuta; left out: S for a rate above zero, else Z.';
COMMENT ON COLUMN ar.invoice_line.tax_rate IS 'Tax in percent of net.';
COMMENT ON COLUMN ar.invoice_line.exemption_reason IS 'Why no tax is due, in words; for E, AE, K, G and O this or the code must be there.';
COMMENT ON COLUMN ar.invoice_line.exemption_reason_code IS 'Why no tax is due, a code of the VATEX list.';
COMMENT ON COLUMN ar.invoice_line.gross IS 'The line with tax, where prices include it, else NULL: quantity times unit_price, rounded half up to the minor unit, less discount, plus charge.';
COMMENT ON COLUMN ar.invoice_line.net IS 'The line without tax: quantity times unit_price, rounded half up to the minor unit, less discount, plus charge; where prices include tax, gross less tax.';
COMMENT ON COLUMN ar.invoice_line.tax IS 'Tax of the line by itself: net times tax_rate / 100, rounded half up to the minor unit; where prices include tax, gross less net.';
COMMENT ON COLUMN ar.invoice_line.item_number IS 'The seller''s number of what was sold.';
COMMENT ON COLUMN ar.invoice_line.buyer_item_number IS 'The buyer''s number of it.';
COMMENT ON COLUMN ar.invoice_line.corrects_tax IS 'True where a line of a memo is a part of what remained of its category and rate of the corrected invoice, its net and tax in that proportion, whatever the rate would make of them; else NULL. The tax of the memo is then that of its lines.';
COMMENT ON COLUMN ar.invoice_line.corrects_line IS 'Line of the corrected invoice that a line of a memo is about, or NULL.';

ALTER TABLE ar.item ADD CONSTRAINT item_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice;
ALTER TABLE ar.adjustment ADD CONSTRAINT adjustment_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice;

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
CREATE TRIGGER invoice_line_tax_category_biur BEFORE INSERT OR UPDATE ON ar.invoice_line
    FOR EACH ROW WHEN (NEW.tax_category IS NULL) EXECUTE FUNCTION ar.tg_tax_category();
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
