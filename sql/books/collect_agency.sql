-- collect: what is handed over to agencies and lawyers.

CREATE TABLE ar.agency (
    ledger_id integer NOT NULL,
    agency text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL DEFAULT 'agency',
    commission_percent numeric NOT NULL DEFAULT 0,
    method text,
    CONSTRAINT agency_pkey PRIMARY KEY (ledger_id, agency),
    CONSTRAINT agency_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT agency_method_fkey FOREIGN KEY (ledger_id, method) REFERENCES ar.payment_method,
    CONSTRAINT agency_agency_check CHECK (agency ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT agency_name_check CHECK (name ~ '\S'),
    CONSTRAINT agency_kind_check CHECK (kind IN ('agency', 'lawyer', 'court')),
    CONSTRAINT agency_commission_percent_check CHECK (commission_percent >= 0 AND commission_percent <= 100)
);
COMMENT ON TABLE ar.agency IS 'A row is somebody with whom a ledger places what it cannot collect itself.';
COMMENT ON COLUMN ar.agency.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.agency.agency IS 'What placements call it.';
COMMENT ON COLUMN ar.agency.name IS 'Its name.';
COMMENT ON COLUMN ar.agency.kind IS 'agency, lawyer or court.';
COMMENT ON COLUMN ar.agency.commission_percent IS 'Commission on what is collected, unless a placement says otherwise.';
COMMENT ON COLUMN ar.agency.method IS 'The payment method by which it passes on what it collects; other payments are direct ones. NULL: all are direct.';

CREATE TABLE ar.placement (
    ledger_id integer NOT NULL,
    placement_id bigint NOT NULL DEFAULT nextval('ar.document_id'),
    batch_id bigint NOT NULL,
    agency text NOT NULL,
    customer_id bigint NOT NULL,
    placed_on date NOT NULL,
    commission_percent numeric NOT NULL,
    reference text,
    external_id text,
    external_digest bytea,
    placed_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'placed',
    ended_on date,
    ended_by text,
    ended_at timestamptz,
    reason text,
    CONSTRAINT placement_pkey PRIMARY KEY (ledger_id, placement_id),
    CONSTRAINT placement_agency_fkey FOREIGN KEY (ledger_id, agency) REFERENCES ar.agency,
    CONSTRAINT placement_customer_fkey FOREIGN KEY (ledger_id, customer_id) REFERENCES ar.customer,
    CONSTRAINT placement_days_check CHECK (isfinite(placed_on) AND isfinite(ended_on) AND ended_on >= placed_on),
    CONSTRAINT placement_commission_percent_check CHECK (commission_percent >= 0 AND commission_percent <= 100),
    CONSTRAINT placement_status_check CHECK (CASE status
        WHEN 'placed' THEN num_nonnulls(ended_on, ended_by, ended_at, reason) = 0
        WHEN 'recalled' THEN num_nonnulls(ended_on, ended_by, ended_at) = 3 AND coalesce(reason, '') ~ '\S'
        WHEN 'closed' THEN num_nonnulls(ended_on, ended_by, ended_at) = 3
        ELSE false END)
);
CREATE INDEX placement_customer_idx ON ar.placement (ledger_id, customer_id) WHERE customer_id IS NOT NULL;
CREATE INDEX placement_batch_idx ON ar.placement (ledger_id, batch_id) WHERE batch_id IS NOT NULL;
CREATE UNIQUE INDEX placement_external_id_key ON ar.placement (ledger_id, external_id, customer_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.placement IS 'A row is what one customer owes and was handed over to an agency. Once ended it is a fact.';
COMMENT ON COLUMN ar.placement.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.placement.placement_id IS 'Id of the placement.';
COMMENT ON COLUMN ar.placement.batch_id IS 'Id of the batch in which it was handed over.';
COMMENT ON COLUMN ar.placement.agency IS 'To whom.';
COMMENT ON COLUMN ar.placement.customer_id IS 'The customer.';
COMMENT ON COLUMN ar.placement.placed_on IS 'First day on which it is with the agency.';
COMMENT ON COLUMN ar.placement.commission_percent IS 'Commission on what is collected of it.';
COMMENT ON COLUMN ar.placement.reference IS 'How the agency calls it.';
COMMENT ON COLUMN ar.placement.external_id IS 'Id that the writing program gave to the batch.';
COMMENT ON COLUMN ar.placement.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.placement.placed_by IS 'Who placed it; set by the database.';
COMMENT ON COLUMN ar.placement.recorded_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.placement.status IS 'placed; recalled: the ledger took it back; closed: the agency gave it back, or nothing was left.';
COMMENT ON COLUMN ar.placement.ended_on IS 'First day on which it is not with the agency any more.';
COMMENT ON COLUMN ar.placement.ended_by IS 'Who ended it; set by the database.';
COMMENT ON COLUMN ar.placement.ended_at IS 'When; set by the database.';
COMMENT ON COLUMN ar.placement.reason IS 'Why it ended.';

CREATE TABLE ar.placement_item (
    ledger_id integer NOT NULL,
    placement_id bigint NOT NULL,
    item_id bigint NOT NULL,
    amount ar.monetary NOT NULL,
    is_open boolean NOT NULL DEFAULT true,
    CONSTRAINT placement_item_pkey PRIMARY KEY (ledger_id, placement_id, item_id),
    CONSTRAINT placement_item_placement_fkey FOREIGN KEY (ledger_id, placement_id) REFERENCES ar.placement,
    CONSTRAINT placement_item_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item,
    CONSTRAINT placement_item_amount_check CHECK (ar.sign(amount) > 0)
);
-- With one agency at a time, whoever is first.
CREATE UNIQUE INDEX placement_item_open_key ON ar.placement_item (ledger_id, item_id) WHERE is_open;
COMMENT ON TABLE ar.placement_item IS 'A row is an item that was handed over. An item is with one agency at a time.';
COMMENT ON COLUMN ar.placement_item.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.placement_item.placement_id IS 'The placement.';
COMMENT ON COLUMN ar.placement_item.item_id IS 'The item, a debit of the customer.';
COMMENT ON COLUMN ar.placement_item.amount IS 'What was open of it when it was handed over.';
COMMENT ON COLUMN ar.placement_item.is_open IS 'Whether it is with the agency; follows the placement.';

CREATE TRIGGER placement_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.placement
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_placement();
CREATE TRIGGER placement_fact_bts BEFORE TRUNCATE ON ar.placement
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER placement_follow_aus AFTER UPDATE ON ar.placement
    REFERENCING NEW TABLE AS new_placement
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_follow_placements();
CREATE TRIGGER placement_item_guard_biudr BEFORE INSERT OR UPDATE OR DELETE ON ar.placement_item
    FOR EACH ROW EXECUTE FUNCTION ar.tg_guard_placement_item();
CREATE TRIGGER placement_item_fact_bts BEFORE TRUNCATE ON ar.placement_item
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
