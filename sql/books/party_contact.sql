-- party: the people to reach at a customer.

CREATE TABLE ar.contact (
    ledger_id integer NOT NULL,
    contact_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    customer_id bigint NOT NULL,
    name text,
    role text NOT NULL DEFAULT 'billing',
    channel text NOT NULL,
    address text,
    language text,
    is_primary boolean NOT NULL DEFAULT false,
    note text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    timezone text,
    CONSTRAINT contact_pkey PRIMARY KEY (ledger_id, contact_id),
    CONSTRAINT contact_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT contact_name_check CHECK (name <> ''),
    CONSTRAINT contact_role_check CHECK (role ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT contact_channel_check CHECK (channel IN ('email', 'letter', 'sms', 'phone', 'e_invoice')),
    CONSTRAINT contact_address_check CHECK (ar.is_contact_address(channel, address)),
    CONSTRAINT contact_language_check CHECK (ar.is_language(language)),
    -- Raises 22023 for a name that is no time zone.
    CONSTRAINT contact_timezone_check CHECK (timezone IS NULL OR timezone(timezone, timestamp '2000-01-01') IS NOT NULL)
);
CREATE INDEX contact_customer_idx ON ar.contact (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX contact_primary_key ON ar.contact (ledger_id, customer_id, role, channel) WHERE is_primary;
COMMENT ON TABLE ar.contact IS 'A row is one way to reach one customer for one purpose.';
COMMENT ON COLUMN ar.contact.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.contact.contact_id IS 'Id of the contact.';
COMMENT ON COLUMN ar.contact.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.contact.name IS 'Whom to ask for.';
COMMENT ON COLUMN ar.contact.role IS 'What for: billing, dunning, statement, order, or another purpose in lower case.';
COMMENT ON COLUMN ar.contact.channel IS 'How: email, letter, sms, phone, or e_invoice (a network such as Peppol).';
COMMENT ON COLUMN ar.contact.address IS 'Where: an e-mail address; a telephone number, for sms in E.164 form; for e_invoice the EAS code, a colon and the address, such as 0204:991-1234512345-06; for a letter the whole address, or NULL for that of the customer.';
COMMENT ON COLUMN ar.contact.language IS 'Language to use, a BCP 47 tag; NULL: that of the customer.';
COMMENT ON COLUMN ar.contact.is_primary IS 'Whether he comes first among those of the same customer, role and channel; one at most.';
COMMENT ON COLUMN ar.contact.note IS 'What one should know before calling.';
COMMENT ON COLUMN ar.contact.timezone IS 'IANA time zone in which he is; NULL: that of the customer.';
COMMENT ON COLUMN ar.contact.created_at IS 'When the contact was created.';
