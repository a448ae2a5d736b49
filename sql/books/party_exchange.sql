-- party: exchange rates.

CREATE TABLE ar.exchange_rate (
    ledger_id integer NOT NULL,
    from_currency text NOT NULL,
    to_currency text NOT NULL,
    valid_from date NOT NULL,
    rate numeric NOT NULL,
    source text,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT exchange_rate_ledger_fkey FOREIGN KEY (ledger_id) REFERENCES ar.ledger,
    CONSTRAINT exchange_rate_currency_check CHECK (
        ar.is_currency(from_currency) AND from_currency = upper(from_currency)
        AND ar.is_currency(to_currency) AND to_currency = upper(to_currency) AND from_currency <> to_currency),
    CONSTRAINT exchange_rate_valid_from_check CHECK (isfinite(valid_from)),
    CONSTRAINT exchange_rate_rate_check CHECK (rate > 0 AND rate < 'Infinity')
);
-- One rate a pair and day, whichever way round it is written.
CREATE UNIQUE INDEX exchange_rate_pair_key ON ar.exchange_rate
    (ledger_id, least(from_currency, to_currency), greatest(from_currency, to_currency), valid_from);
ALTER TABLE ar.exchange_rate ADD CONSTRAINT exchange_rate_pkey PRIMARY KEY (ledger_id, from_currency, to_currency, valid_from);
COMMENT ON TABLE ar.exchange_rate IS 'A row is what one unit of a currency is worth in another from a day on, until the next row. A fact once its day is past.';
COMMENT ON COLUMN ar.exchange_rate.ledger_id IS 'The ledger.';
COMMENT ON COLUMN ar.exchange_rate.from_currency IS 'ISO 4217 code of the currency that one unit is of.';
COMMENT ON COLUMN ar.exchange_rate.to_currency IS 'ISO 4217 code of the currency that it is worth rate units of.';
COMMENT ON COLUMN ar.exchange_rate.valid_from IS 'First day that the rate holds; not after the business date on which it is recorded.';
COMMENT ON COLUMN ar.exchange_rate.rate IS 'Units of to_currency for one of from_currency.';
COMMENT ON COLUMN ar.exchange_rate.source IS 'Who published it, such as ECB.';
COMMENT ON COLUMN ar.exchange_rate.recorded_at IS 'When it was recorded; set by the database.';

CREATE TRIGGER exchange_rate_record_biur BEFORE INSERT OR UPDATE ON ar.exchange_rate
    FOR EACH ROW EXECUTE FUNCTION ar.tg_record_exchange_rate();
CREATE TRIGGER exchange_rate_record_bts BEFORE TRUNCATE ON ar.exchange_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_record_exchange_rate();
CREATE TRIGGER exchange_rate_guard_ais AFTER INSERT ON ar.exchange_rate
    REFERENCING NEW TABLE AS new_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_exchange_rate();
CREATE TRIGGER exchange_rate_guard_aus AFTER UPDATE ON ar.exchange_rate
    REFERENCING OLD TABLE AS old_rate NEW TABLE AS new_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_exchange_rate();
CREATE TRIGGER exchange_rate_guard_ads AFTER DELETE ON ar.exchange_rate
    REFERENCING OLD TABLE AS old_rate
    FOR EACH STATEMENT EXECUTE FUNCTION ar.tg_guard_exchange_rate();
