-- party: tax ids and their check digits.

CREATE FUNCTION ar.is_valid_tax_id(tax_id text, scheme text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.compact_id(tax_id) ~ '^[0-9A-Z+*&]{2,32}$' $$;
COMMENT ON FUNCTION ar.is_valid_tax_id(text, text) IS 'Whether a tax id is valid.';

CREATE FUNCTION ar.tg_guard_tax_id() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF NOT ar.is_valid_tax_id(NEW.tax_id, NEW.tax_id_scheme) THEN
        RAISE check_violation USING
            MESSAGE = format('tax id "%s" is not valid by scheme "%s"', NEW.tax_id, NEW.tax_id_scheme),
            SCHEMA = 'ar', TABLE = TG_TABLE_NAME, COLUMN = 'tax_id', CONSTRAINT = TG_TABLE_NAME || '_tax_id_check';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_tax_id() IS
'Trigger: a tax id is valid by its scheme, where that is known.
Errors: 23514 it is not.';
REVOKE ALL ON FUNCTION ar.tg_guard_tax_id() FROM PUBLIC;
