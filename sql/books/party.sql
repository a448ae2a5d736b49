-- party: ledgers and customers.

CREATE SEQUENCE ar.ledger_id AS integer;
COMMENT ON SEQUENCE ar.ledger_id IS 'The ids of ledgers.';

CREATE SEQUENCE ar.document_id;
COMMENT ON SEQUENCE ar.document_id IS 'The one sequence of ids: customers, documents, items and applications. It has gaps; what people see are the numbers of ar.document_series.';

CREATE TABLE ar.ledger (
    ledger_id integer NOT NULL DEFAULT nextval('ar.ledger_id'),
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    timezone text NOT NULL DEFAULT 'UTC',
    terms ar.terms NOT NULL DEFAULT 'net 30',
    legal_name text,
    tax_id text,
    tax_id_scheme text,
    registration_id text,
    street text,
    additional_street text,
    city text,
    postal_code text,
    region text,
    country text,
    email text,
    phone text,
    iban text,
    bic text,
    electronic_address text,
    electronic_address_scheme text,
    calendar text,
    due_date_shift text NOT NULL DEFAULT 'none',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT ledger_pkey PRIMARY KEY (ledger_id),
    CONSTRAINT ledger_code_key UNIQUE (code),
    CONSTRAINT ledger_code_check CHECK (code <> ''),
    CONSTRAINT ledger_currency_check CHECK (ar.is_currency(currency) AND currency = upper(currency)),
    -- Raises 22023 for a name that is no time zone.
    CONSTRAINT ledger_timezone_check CHECK (timezone(timezone, timestamp '2000-01-01') IS NOT NULL),
    CONSTRAINT ledger_tax_id_check CHECK (tax_id <> '' AND tax_id = btrim(tax_id)),
    CONSTRAINT ledger_country_check CHECK (ar.is_country(country)),
    CONSTRAINT ledger_iban_check CHECK (ar.is_iban(iban)),
    CONSTRAINT ledger_bic_check CHECK (ar.is_bic(bic)),
    CONSTRAINT ledger_electronic_address_check CHECK (
        (electronic_address IS NULL) = (electronic_address_scheme IS NULL)
        AND electronic_address <> '' AND electronic_address_scheme ~ '^([0-9]{4}|[A-Z]{2})$'),
    CONSTRAINT ledger_due_date_shift_check CHECK (due_date_shift IN ('none', 'next_business_day', 'modified_following'))
);
COMMENT ON TABLE ar.ledger IS 'A row is one client company''s book. Nothing crosses ledgers.';
COMMENT ON COLUMN ar.ledger.ledger_id IS 'The tenant: first in every key of the books.';
COMMENT ON COLUMN ar.ledger.code IS 'Short name, unique among all ledgers.';
COMMENT ON COLUMN ar.ledger.name IS 'Name of the company.';
COMMENT ON COLUMN ar.ledger.currency IS 'ISO 4217 code of the currency that documents are in unless they say otherwise.';
COMMENT ON COLUMN ar.ledger.timezone IS 'IANA time zone that decides the business date.';
COMMENT ON COLUMN ar.ledger.terms IS 'Credit terms of customers that have none of their own.';
COMMENT ON COLUMN ar.ledger.legal_name IS 'Name in the register; NULL: name.';
COMMENT ON COLUMN ar.ledger.tax_id IS 'Tax id that invoices show, such as DE136695976; without spaces where the scheme is known.';
COMMENT ON COLUMN ar.ledger.tax_id_scheme IS 'What tax_id is: VAT (with the prefix of its country), US-EIN, CH-UID and so on, see ar.tax_id_schemes(); NULL or another name: its check digits are not known.';
COMMENT ON COLUMN ar.ledger.registration_id IS 'Number in the commercial register.';
COMMENT ON COLUMN ar.ledger.street IS 'First line of the address.';
COMMENT ON COLUMN ar.ledger.additional_street IS 'Second line of the address.';
COMMENT ON COLUMN ar.ledger.city IS 'City of the address.';
COMMENT ON COLUMN ar.ledger.postal_code IS 'Postal code of the address.';
COMMENT ON COLUMN ar.ledger.region IS 'State or province of the address.';
COMMENT ON COLUMN ar.ledger.country IS 'Country of the address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN ar.ledger.email IS 'E-mail address that invoices show.';
COMMENT ON COLUMN ar.ledger.phone IS 'Telephone number that invoices show.';
COMMENT ON COLUMN ar.ledger.iban IS 'Bank account to pay to, ISO 13616, in capitals without spaces.';
COMMENT ON COLUMN ar.ledger.bic IS 'Its bank, ISO 9362.';
COMMENT ON COLUMN ar.ledger.electronic_address IS 'Address in the network of e-invoices.';
COMMENT ON COLUMN ar.ledger.electronic_address_scheme IS 'What electronic_address is, by the EAS code list, such as 0204 or EM.';
COMMENT ON COLUMN ar.ledger.calendar IS 'Business calendar by which due dates shift; NULL: Saturdays and Sundays are free, no holidays.';
COMMENT ON COLUMN ar.ledger.due_date_shift IS 'Where a due date goes that is no business day: none (stays), next_business_day, or modified_following (the next, but the one before where the next is in another month).';
COMMENT ON COLUMN ar.ledger.created_at IS 'When the ledger was created.';

CREATE TABLE ar.customer (
    ledger_id integer NOT NULL,
    customer_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    code text NOT NULL,
    name text NOT NULL,
    terms ar.terms,
    credit_limit ar.monetary,
    external_id text,
    external_digest bytea,
    status text NOT NULL DEFAULT 'active',
    status_reason text,
    customer_class text,
    parent_id bigint,
    legal_name text,
    tax_id text,
    tax_id_scheme text,
    registration_id text,
    street text,
    additional_street text,
    city text,
    postal_code text,
    region text,
    country text,
    iban text,
    bic text,
    electronic_address text,
    electronic_address_scheme text,
    buyer_reference text,
    language text,
    credit_decided_on date,
    created_on date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    timezone text,
    CONSTRAINT customer_pkey PRIMARY KEY (ledger_id, customer_id),
    CONSTRAINT customer_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT customer_code_check CHECK (code <> ''),
    CONSTRAINT customer_credit_limit_check CHECK (ar.sign(credit_limit) >= 0),
    CONSTRAINT customer_status_check CHECK (status IN ('prospect', 'verified', 'active', 'on_hold', 'closed')),
    CONSTRAINT customer_customer_class_check CHECK (customer_class <> ''),
    CONSTRAINT customer_parent_check CHECK (parent_id <> customer_id),
    CONSTRAINT customer_tax_id_check CHECK (tax_id <> '' AND tax_id = btrim(tax_id)),
    CONSTRAINT customer_country_check CHECK (ar.is_country(country)),
    CONSTRAINT customer_iban_check CHECK (ar.is_iban(iban)),
    CONSTRAINT customer_bic_check CHECK (ar.is_bic(bic)),
    CONSTRAINT customer_electronic_address_check CHECK (
        (electronic_address IS NULL) = (electronic_address_scheme IS NULL)
        AND electronic_address <> '' AND electronic_address_scheme ~ '^([0-9]{4}|[A-Z]{2})$'),
    CONSTRAINT customer_language_check CHECK (ar.is_language(language)),
    -- Raises 22023 for a name that is no time zone.
    CONSTRAINT customer_timezone_check CHECK (timezone IS NULL OR timezone(timezone, timestamp '2000-01-01') IS NOT NULL),
    CONSTRAINT customer_credit_decided_on_check CHECK (isfinite(credit_decided_on)),
    CONSTRAINT customer_created_on_check CHECK (isfinite(created_on))
);
CREATE INDEX customer_parent_idx ON ar.customer (ledger_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX customer_tax_id_idx ON ar.customer (ledger_id, ar.compact_id(tax_id)) WHERE tax_id IS NOT NULL;
CREATE INDEX customer_iban_idx ON ar.customer (ledger_id, iban) WHERE iban IS NOT NULL;
-- With a condition, although always true: without, in a young table it would look as good as the primary key to whoever knows the id.
CREATE UNIQUE INDEX customer_code_key ON ar.customer (ledger_id, code) WHERE code IS NOT NULL;
ALTER TABLE ar.customer ADD CONSTRAINT customer_parent_fkey FOREIGN KEY (ledger_id, parent_id) REFERENCES ar.customer;
CREATE UNIQUE INDEX customer_external_id_key ON ar.customer (ledger_id, external_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.customer IS 'A row is one customer of one ledger.';
COMMENT ON COLUMN ar.customer.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.customer.customer_id IS 'Id of the customer.';
COMMENT ON COLUMN ar.customer.code IS 'Customer number as people write it, unique in the ledger.';
COMMENT ON COLUMN ar.customer.name IS 'Name of the customer.';
COMMENT ON COLUMN ar.customer.terms IS 'Credit terms; NULL: those of the ledger.';
COMMENT ON COLUMN ar.customer.credit_limit IS 'The most that may be open, net of unapplied credit; NULL: unlimited; zero: nothing on credit. Lowering it below what is open is allowed and stops further credit.';
COMMENT ON COLUMN ar.customer.external_id IS 'Id that the writing program gave, unique in the ledger.';
COMMENT ON COLUMN ar.customer.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.customer.status IS 'prospect, verified, active, on_hold or closed; moves by ar.can_move_customer(). Invoices are for those that ar.can_be_invoiced().';
COMMENT ON COLUMN ar.customer.status_reason IS 'Why he is in this status, such as the reason of a hold.';
COMMENT ON COLUMN ar.customer.customer_class IS 'Class by which policies differ, such as consumer or public; the ledger''s own names.';
COMMENT ON COLUMN ar.customer.parent_id IS 'The customer whose group he belongs to, or NULL. Groups nest and hold no cycle.';
COMMENT ON COLUMN ar.customer.legal_name IS 'Name in the register; NULL: name.';
COMMENT ON COLUMN ar.customer.tax_id IS 'Tax id, such as DE136695976. Beyond prospect it is valid by its scheme, where that is known, and without spaces.';
COMMENT ON COLUMN ar.customer.tax_id_scheme IS 'What tax_id is: VAT (with the prefix of its country), US-EIN, CH-UID and so on, see ar.tax_id_schemes(); NULL or another name: its check digits are not known.';
COMMENT ON COLUMN ar.customer.registration_id IS 'Number in the commercial register.';
COMMENT ON COLUMN ar.customer.street IS 'First line of the address.';
COMMENT ON COLUMN ar.customer.additional_street IS 'Second line of the address.';
COMMENT ON COLUMN ar.customer.city IS 'City of the address.';
COMMENT ON COLUMN ar.customer.postal_code IS 'Postal code of the address.';
COMMENT ON COLUMN ar.customer.region IS 'State or province of the address.';
COMMENT ON COLUMN ar.customer.country IS 'Country of the address, ISO 3166-1 alpha-2.';
COMMENT ON COLUMN ar.customer.iban IS 'Bank account that he pays from, ISO 13616, in capitals without spaces.';
COMMENT ON COLUMN ar.customer.bic IS 'Its bank, ISO 9362.';
COMMENT ON COLUMN ar.customer.electronic_address IS 'Address in the network of e-invoices.';
COMMENT ON COLUMN ar.customer.electronic_address_scheme IS 'What electronic_address is, by the EAS code list, such as 0204 or EM.';
COMMENT ON COLUMN ar.customer.buyer_reference IS 'Reference that he wants on each invoice, such as a Leitweg-ID.';
COMMENT ON COLUMN ar.customer.language IS 'Language to write to him in, a BCP 47 tag such as de or pt-BR.';
COMMENT ON COLUMN ar.customer.credit_decided_on IS 'Day of the last decision about his credit; NULL: none was taken.';
COMMENT ON COLUMN ar.customer.created_on IS 'Day from which he is known; the business date unless given.';
COMMENT ON COLUMN ar.customer.created_at IS 'When the customer was created.';
COMMENT ON COLUMN ar.customer.timezone IS 'IANA time zone in which he is, by which it is decided when he may be called; NULL: that of the ledger.';

-- Not constraints: a restore must not judge old rows by the check digits that a newer version knows.
CREATE TRIGGER ledger_tax_id_biur BEFORE INSERT OR UPDATE ON ar.ledger
    FOR EACH ROW WHEN (NEW.tax_id IS NOT NULL AND NEW.tax_id_scheme IS NOT NULL)
    EXECUTE FUNCTION ar.tg_guard_tax_id();
CREATE TRIGGER customer_tax_id_biur BEFORE INSERT OR UPDATE ON ar.customer
    FOR EACH ROW WHEN (NEW.tax_id IS NOT NULL AND NEW.tax_id_scheme IS NOT NULL
                       AND NEW.status NOT IN ('prospect', 'closed'))
    EXECUTE FUNCTION ar.tg_guard_tax_id();
CREATE TRIGGER customer_created_on_bir BEFORE INSERT ON ar.customer
    FOR EACH ROW WHEN (NEW.created_on IS NULL) EXECUTE FUNCTION ar.tg_customer_created_on();
CREATE TRIGGER customer_group_ais AFTER INSERT ON ar.customer
    REFERENCING NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_group();
CREATE TRIGGER customer_group_aus AFTER UPDATE ON ar.customer
    REFERENCING OLD TABLE AS old_customer NEW TABLE AS new_customer
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_group();
