-- collect: what is given up.

CREATE TABLE ar.write_off_reason (
    ledger_id integer NOT NULL,
    reason_code text NOT NULL,
    name text NOT NULL,
    maximum ar.monetary,
    is_still_owed boolean NOT NULL DEFAULT true,
    CONSTRAINT write_off_reason_pkey PRIMARY KEY (ledger_id, reason_code),
    CONSTRAINT write_off_reason_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT write_off_reason_reason_code_check CHECK (reason_code ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT write_off_reason_name_check CHECK (name ~ '\S'),
    CONSTRAINT write_off_reason_maximum_check CHECK (ar.sign(maximum) >= 0)
);
COMMENT ON TABLE ar.write_off_reason IS 'A row is one reason for which a ledger writes off what it is owed. A new ledger has the usual ones; it adds its own.';
COMMENT ON COLUMN ar.write_off_reason.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.write_off_reason.reason_code IS 'What write-offs call it: insolvency, or a name of the ledger''s own.';
COMMENT ON COLUMN ar.write_off_reason.name IS 'What people call it.';
COMMENT ON COLUMN ar.write_off_reason.maximum IS 'The most that is written off of an item for it; in this currency, or converted to it. NULL: as the policy says (ar.collect_policy.write_off_limit).';
COMMENT ON COLUMN ar.write_off_reason.is_still_owed IS 'Whether it may still be collected by law.';

CREATE TABLE ar.write_off (
    ledger_id integer NOT NULL,
    adjustment_id bigint NOT NULL,
    item_id bigint NOT NULL,
    external_id text,
    external_digest bytea,
    written_off_by text NOT NULL DEFAULT session_user,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT write_off_pkey PRIMARY KEY (ledger_id, adjustment_id),
    CONSTRAINT write_off_adjustment_fkey FOREIGN KEY (ledger_id, adjustment_id) REFERENCES ar.adjustment,
    CONSTRAINT write_off_item_fkey FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item
);
CREATE INDEX write_off_item_idx ON ar.write_off (ledger_id, item_id) WHERE item_id IS NOT NULL;
CREATE UNIQUE INDEX write_off_external_id_key ON ar.write_off (ledger_id, external_id, item_id) WHERE external_id IS NOT NULL;
COMMENT ON TABLE ar.write_off IS 'A row is an item that was written off, in whole or in part, by ar.write_off() and the like: who did it. A fact: never changed.';
COMMENT ON COLUMN ar.write_off.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.write_off.adjustment_id IS 'The adjustment that wrote it off.';
COMMENT ON COLUMN ar.write_off.item_id IS 'The item.';
COMMENT ON COLUMN ar.write_off.external_id IS 'Id that the writing program gave to the call, for all its items.';
COMMENT ON COLUMN ar.write_off.external_digest IS 'Digest of the payload that came with external_id.';
COMMENT ON COLUMN ar.write_off.written_off_by IS 'Who did it; set by the database.';
COMMENT ON COLUMN ar.write_off.recorded_at IS 'When; set by the database.';

CREATE TRIGGER ledger_write_off_reason_ais AFTER INSERT ON ar.ledger
    REFERENCING NEW TABLE AS new_ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_seed_write_off_reasons();
CREATE TRIGGER adjustment_write_off_bir BEFORE INSERT ON ar.adjustment
    FOR EACH ROW WHEN (NEW.kind = 'write_off')
    EXECUTE FUNCTION ar.tg_check_write_off();
CREATE TRIGGER write_off_fact_budts BEFORE UPDATE OR DELETE OR TRUNCATE ON ar.write_off
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_fact();
CREATE TRIGGER write_off_stamp_bir BEFORE INSERT ON ar.write_off
    FOR EACH ROW EXECUTE FUNCTION ar.tg_stamp_write_off();
