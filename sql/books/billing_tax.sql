-- billing: taxes by date, allowances and charges of whole invoices, and what tax an invoice comes to.

CREATE TABLE ar.tax_rate (
    ledger_id integer NOT NULL,
    tax_code text NOT NULL,
    valid_from date NOT NULL,
    tax_category text NOT NULL,
    rate numeric NOT NULL,
    exemption_reason text,
    exemption_reason_code text,
    description text NOT NULL DEFAULT '',
    CONSTRAINT tax_rate_pkey PRIMARY KEY (ledger_id, tax_code, valid_from),
    CONSTRAINT tax_rate_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT tax_rate_tax_code_check CHECK (tax_code <> ''),
    CONSTRAINT tax_rate_rate_check CHECK (rate >= 0),
    CONSTRAINT tax_rate_tax_category_check CHECK (ar.is_tax_category(tax_category, rate)),
    CONSTRAINT tax_rate_exemption_check CHECK (
        (tax_category IN ('E', 'AE', 'K', 'G', 'O')) = (num_nonnulls(exemption_reason, exemption_reason_code) > 0))
);
COMMENT ON TABLE ar.tax_rate IS 'A row is what a tax is from a day on, until the next row of the same tax.';
COMMENT ON COLUMN ar.tax_rate.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.tax_rate.tax_code IS 'Name of the tax, such as "vat" or "reduced".';
COMMENT ON COLUMN ar.tax_rate.valid_from IS 'First day on which this row counts; -infinity: since ever.';
COMMENT ON COLUMN ar.tax_rate.tax_category IS 'Category, a code of UNTDID 5305: S Z E AE K G O L M.';
COMMENT ON COLUMN ar.tax_rate.rate IS 'Tax in percent of net.';
COMMENT ON COLUMN ar.tax_rate.exemption_reason IS 'Why no tax is due, in words; for E, AE, K, G and O this or the code must be there.';
COMMENT ON COLUMN ar.tax_rate.exemption_reason_code IS 'Why no tax is due, a code of the VATEX list.';
COMMENT ON COLUMN ar.tax_rate.description IS 'What the tax is, for people.';

CREATE TABLE ar.cash_rounding (
    ledger_id integer NOT NULL,
    currency text NOT NULL,
    payment_means text NOT NULL DEFAULT 'any',
    increment ar.monetary NOT NULL,
    mode text NOT NULL DEFAULT 'half_up',
    CONSTRAINT cash_rounding_pkey PRIMARY KEY (ledger_id, currency, payment_means),
    CONSTRAINT cash_rounding_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT cash_rounding_payment_means_check CHECK (payment_means <> ''),
    CONSTRAINT cash_rounding_increment_check CHECK (currency = ar.currency(increment) AND ar.sign(increment) > 0),
    CONSTRAINT cash_rounding_mode_check CHECK (mode IN ('half_up', 'half_even', 'up', 'down'))
);
COMMENT ON TABLE ar.cash_rounding IS 'A row says to what totals in one currency are rounded, because there is no smaller coin. Only invoices with lines are.';
COMMENT ON COLUMN ar.cash_rounding.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.cash_rounding.currency IS 'ISO 4217 code of the invoices.';
COMMENT ON COLUMN ar.cash_rounding.payment_means IS 'The payment means of the invoices, as in ar.invoice; any: those that no other row names.';
COMMENT ON COLUMN ar.cash_rounding.increment IS 'The total becomes a multiple of this: CHF 0.05, SEK 1.00.';
COMMENT ON COLUMN ar.cash_rounding.mode IS 'half_up, half_even, up or down, as of ar.round().';

CREATE TABLE ar.billing_policy (
    ledger_id integer NOT NULL,
    discount_basis text NOT NULL DEFAULT 'gross',
    tax_rounding text NOT NULL DEFAULT 'document',
    prices_include_tax boolean NOT NULL DEFAULT false,
    CONSTRAINT billing_policy_pkey PRIMARY KEY (ledger_id),
    CONSTRAINT billing_policy_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT billing_policy_discount_basis_check CHECK (discount_basis IN ('gross', 'net', 'mixed')),
    CONSTRAINT billing_policy_tax_rounding_check CHECK (tax_rounding IN ('document', 'line'))
);
COMMENT ON TABLE ar.billing_policy IS 'A row is how one ledger bills where an invoice does not say it; without a row the defaults hold.';
COMMENT ON COLUMN ar.billing_policy.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.billing_policy.discount_basis IS 'What discounts for early payment are taken of: gross, net or mixed, as in ar.invoice.';
COMMENT ON COLUMN ar.billing_policy.tax_rounding IS 'How ar.create_invoices() rounds tax: document or line, as in ar.invoice.';
COMMENT ON COLUMN ar.billing_policy.prices_include_tax IS 'Whether the prices given to ar.create_invoices() include tax.';

CREATE TABLE ar.invoice_allowance (
    ledger_id integer NOT NULL,
    invoice_id bigint NOT NULL,
    allowance_number integer NOT NULL,
    is_charge boolean NOT NULL DEFAULT false,
    reason text,
    reason_code text,
    base ar.monetary,
    percent numeric,
    tax_code text,
    tax_category text NOT NULL,
    tax_rate numeric NOT NULL DEFAULT 0,
    exemption_reason text,
    exemption_reason_code text,
    gross ar.monetary,
    amount ar.monetary NOT NULL,
    tax ar.monetary NOT NULL,
    CONSTRAINT invoice_allowance_pkey PRIMARY KEY (ledger_id, invoice_id, allowance_number),
    CONSTRAINT invoice_allowance_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice ON DELETE CASCADE,
    CONSTRAINT invoice_allowance_allowance_number_check CHECK (allowance_number >= 1),
    CONSTRAINT invoice_allowance_tax_rate_check CHECK (tax_rate >= 0),
    CONSTRAINT invoice_allowance_tax_category_check CHECK (ar.is_tax_category(tax_category, tax_rate)),
    CONSTRAINT invoice_allowance_exemption_check CHECK (
        (tax_category IN ('E', 'AE', 'K', 'G', 'O')) = (num_nonnulls(exemption_reason, exemption_reason_code) > 0)),
    CONSTRAINT invoice_allowance_currency_check CHECK (ar.currency(amount) = ar.currency(tax)),
    CONSTRAINT invoice_allowance_amount_check CHECK (ar.sign(amount) >= 0),
    CONSTRAINT invoice_allowance_percent_check CHECK (percent IS NULL OR (base IS NOT NULL AND
        coalesce(gross, amount) = ar.percent_of(base, percent))),
    CONSTRAINT invoice_allowance_tax_check CHECK (CASE WHEN gross IS NULL
        THEN tax = ar.percent_of(amount, tax_rate)
        ELSE amount + tax = gross AND ar.is_net_of(amount, gross, tax_rate) END)
);
COMMENT ON TABLE ar.invoice_allowance IS 'A row is an allowance or a charge on a whole invoice, in one category and rate of tax.';
COMMENT ON COLUMN ar.invoice_allowance.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.invoice_allowance.invoice_id IS 'The invoice.';
COMMENT ON COLUMN ar.invoice_allowance.allowance_number IS 'Position on the invoice, from 1.';
COMMENT ON COLUMN ar.invoice_allowance.is_charge IS 'false: an allowance, taken off; true: a charge, added.';
COMMENT ON COLUMN ar.invoice_allowance.reason IS 'Why, in words.';
COMMENT ON COLUMN ar.invoice_allowance.reason_code IS 'Why, as a code: UNTDID 5189 for an allowance, 7161 for a charge.';
COMMENT ON COLUMN ar.invoice_allowance.base IS 'What percent is taken of; tax included if prices are.';
COMMENT ON COLUMN ar.invoice_allowance.percent IS 'Percent of base that makes the amount; NULL: it was given.';
COMMENT ON COLUMN ar.invoice_allowance.tax_code IS 'The tax of ar.tax_rate that category and rate come from; NULL: they were given. Judged at posting.';
COMMENT ON COLUMN ar.invoice_allowance.tax_category IS 'Category of tax, as in ar.invoice_line.';
COMMENT ON COLUMN ar.invoice_allowance.tax_rate IS 'Tax in percent of amount.';
COMMENT ON COLUMN ar.invoice_allowance.exemption_reason IS 'Why no tax is due, in words.';
COMMENT ON COLUMN ar.invoice_allowance.exemption_reason_code IS 'Why no tax is due, a code of the VATEX list.';
COMMENT ON COLUMN ar.invoice_allowance.gross IS 'The amount with tax, where prices include it, else NULL.';
COMMENT ON COLUMN ar.invoice_allowance.amount IS 'The amount without tax, never negative.';
COMMENT ON COLUMN ar.invoice_allowance.tax IS 'Tax of the amount by itself, as in ar.invoice_line.';

CREATE TABLE ar.invoice_tax (
    ledger_id integer NOT NULL,
    invoice_id bigint NOT NULL,
    tax_category text NOT NULL,
    tax_rate numeric NOT NULL,
    taxable ar.monetary NOT NULL,
    discounted ar.monetary,
    tax ar.monetary NOT NULL,
    exemption_reason text,
    exemption_reason_code text,
    CONSTRAINT invoice_tax_pkey PRIMARY KEY (ledger_id, invoice_id, tax_category, tax_rate),
    CONSTRAINT invoice_tax_invoice_fkey FOREIGN KEY (ledger_id, invoice_id) REFERENCES ar.invoice,
    CONSTRAINT invoice_tax_currency_check CHECK (ar.currency(taxable) = ar.currency(tax))
);
COMMENT ON TABLE ar.invoice_tax IS 'A row is what one category and rate of tax come to on a posted invoice. Derived: written by posting, from lines and allowances. ar.tax_breakdown() gives the same of a draft.';
COMMENT ON COLUMN ar.invoice_tax.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.invoice_tax.invoice_id IS 'The invoice.';
COMMENT ON COLUMN ar.invoice_tax.tax_category IS 'Category of tax, as in ar.invoice_line.';
COMMENT ON COLUMN ar.invoice_tax.tax_rate IS 'Tax in percent.';
COMMENT ON COLUMN ar.invoice_tax.taxable IS 'Net of the lines and charges less the allowances of this category and rate.';
COMMENT ON COLUMN ar.invoice_tax.discounted IS 'Discount for early payment that tax is not charged on (discount basis mixed), else NULL.';
COMMENT ON COLUMN ar.invoice_tax.tax IS 'Their tax, rounded as the invoice says.';
COMMENT ON COLUMN ar.invoice_tax.exemption_reason IS 'Why no tax is due, in words.';
COMMENT ON COLUMN ar.invoice_tax.exemption_reason_code IS 'Why no tax is due, a code of the VATEX list.';

CREATE TABLE ar.item_discount (
    ledger_id integer NOT NULL,
    item_id bigint NOT NULL,
    tier smallint NOT NULL,
    discount_until date NOT NULL,
    discount ar.monetary NOT NULL,
    CONSTRAINT item_discount_pkey PRIMARY KEY (ledger_id, item_id, tier),
    CONSTRAINT item_discount_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT item_discount_tier_check CHECK (tier >= 1)
);
COMMENT ON TABLE ar.item_discount IS 'A row is a discount for paying an item of an invoice early. Derived: written by posting, from the terms.';
COMMENT ON COLUMN ar.item_discount.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.item_discount.item_id IS 'The item.';
COMMENT ON COLUMN ar.item_discount.tier IS '1 for the first and greatest discount, 2 for the next.';
COMMENT ON COLUMN ar.item_discount.discount_until IS 'Last day of payment that earns it.';
COMMENT ON COLUMN ar.item_discount.discount IS 'What may be deducted when the whole item is paid by then, of the sign of the item.';

CREATE TRIGGER invoice_tax_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.invoice_tax
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();
CREATE TRIGGER item_discount_derived_biudts BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ar.item_discount
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_derived();

CREATE TRIGGER invoice_allowance_fact_bts BEFORE TRUNCATE ON ar.invoice_allowance
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER invoice_allowance_tax_category_biur BEFORE INSERT OR UPDATE ON ar.invoice_allowance
    FOR EACH ROW WHEN (NEW.tax_category IS NULL) EXECUTE FUNCTION ar.tg_tax_category();
CREATE TRIGGER invoice_allowance_guard_ais AFTER INSERT ON ar.invoice_allowance
    REFERENCING NEW TABLE AS new_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_invoice_line();
CREATE TRIGGER invoice_allowance_guard_aus AFTER UPDATE ON ar.invoice_allowance
    REFERENCING OLD TABLE AS old_line NEW TABLE AS new_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_invoice_line();
CREATE TRIGGER invoice_allowance_guard_ads AFTER DELETE ON ar.invoice_allowance
    REFERENCING OLD TABLE AS old_line
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_invoice_line();

CREATE TRIGGER tax_rate_guard_budr BEFORE UPDATE OR DELETE ON ar.tax_rate
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_tax_rate();
CREATE TRIGGER tax_rate_fact_bts BEFORE TRUNCATE ON ar.tax_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
