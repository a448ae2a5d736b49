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
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT ledger_pkey PRIMARY KEY (ledger_id),
    CONSTRAINT ledger_code_key UNIQUE (code),
    CONSTRAINT ledger_code_check CHECK (code <> ''),
    CONSTRAINT ledger_currency_check CHECK (ar.is_currency(currency) AND currency = upper(currency)),
    -- Raises 22023 for a name that is no time zone.
    CONSTRAINT ledger_timezone_check CHECK (timezone(timezone, timestamp '2000-01-01') IS NOT NULL)
);
COMMENT ON TABLE ar.ledger IS 'A row is one client company''s book. Nothing crosses ledgers.';
COMMENT ON COLUMN ar.ledger.ledger_id IS 'The tenant: first in every key of the books.';
COMMENT ON COLUMN ar.ledger.code IS 'Short name, unique among all ledgers.';
COMMENT ON COLUMN ar.ledger.name IS 'Name of the company.';
COMMENT ON COLUMN ar.ledger.currency IS 'ISO 4217 code of the currency that documents are in unless they say otherwise.';
COMMENT ON COLUMN ar.ledger.timezone IS 'IANA time zone that decides the business date.';
COMMENT ON COLUMN ar.ledger.terms IS 'Credit terms of customers that have none of their own.';
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
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT customer_code_key UNIQUE (ledger_id, code),
    CONSTRAINT customer_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT customer_code_check CHECK (code <> ''),
    CONSTRAINT customer_credit_limit_check CHECK (ar.sign(credit_limit) >= 0)
);
-- The primary key comes last: of two indexes that look equally good in a young
-- table the planner takes the younger, and foreign keys must look customers up by id.
ALTER TABLE ar.customer ADD CONSTRAINT customer_pkey PRIMARY KEY (ledger_id, customer_id);
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
COMMENT ON COLUMN ar.customer.created_at IS 'When the customer was created.';
