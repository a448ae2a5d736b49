-- billing: how the numbers of a series are drawn, and numbering in batches.

CREATE FUNCTION ar.tg_number_invoices() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_number_invoices' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_number_invoices() IS
'Trigger, after an INSERT statement on ar.numbering_run: numbers, without a gap, what is posted and not yet numbered in series that are numbered in batches.';
REVOKE ALL ON FUNCTION ar.tg_number_invoices() FROM PUBLIC;

CREATE FUNCTION ar.tg_guard_series() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF OLD.numbering = NEW.numbering AND OLD.yearly = NEW.yearly THEN
        RETURN NEW;
    END IF;
    -- Whoever posts holds the key of the series until he has committed: wait for him, and let nobody follow.
    PERFORM FROM ar.document_series AS s
    WHERE s.ledger_id = OLD.ledger_id AND s.series = OLD.series FOR UPDATE;
    IF OLD.yearly <> NEW.yearly AND EXISTS (
        SELECT FROM ar.document_counter AS c WHERE c.ledger_id = OLD.ledger_id AND c.series = OLD.series) THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('series "%s" has drawn numbers and cannot be made %s', OLD.series,
                             CASE WHEN NEW.yearly THEN 'yearly' ELSE 'one for all years' END),
            HINT = 'Insert another series into ar.document_series.',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = 'yearly';
    END IF;
    IF OLD.numbering = 'fast' AND NEW.numbering <> 'fast' AND EXISTS (
        SELECT FROM ar.document_counter AS c
        WHERE c.ledger_id = OLD.ledger_id AND c.series = OLD.series AND c.sequence_name IS NOT NULL) THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('series "%s" may have gaps and cannot be made %s', OLD.series, NEW.numbering),
            DETAIL = 'It has drawn numbers from a sequence.',
            HINT = 'Insert another series into ar.document_series.',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = 'numbering';
    END IF;
    IF OLD.numbering = 'batch' AND NEW.numbering <> 'batch' AND EXISTS (
        SELECT FROM ar.invoice AS v
        WHERE v.ledger_id = OLD.ledger_id AND v.series = OLD.series AND v.number IS NULL
          AND v.recorded_at IS NOT NULL) THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('series "%s" has documents that are posted and not yet numbered', OLD.series),
            HINT = format('Number them first with ar.number_invoices(%s, %L).', OLD.ledger_id, OLD.series),
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = 'numbering';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_series() IS
'Trigger, before each updated row of ar.document_series: lets the way of numbering change only where no gap or double can follow.
Errors: 55000 the series has drawn numbers, may have gaps, or has documents that are not numbered yet.';
REVOKE ALL ON FUNCTION ar.tg_guard_series() FROM PUBLIC;

CREATE FUNCTION ar.number_invoices(ledger_id integer, series text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    run bigint;
    result bigint;
BEGIN
    INSERT INTO ar.numbering_run AS r (ledger_id, series)
    VALUES (number_invoices.ledger_id, number_invoices.series)
    RETURNING r.numbering_run_id INTO run;
    SELECT r.numbered INTO result
    FROM ar.numbering_run AS r
    WHERE r.ledger_id = number_invoices.ledger_id AND r.numbering_run_id = run;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.number_invoices(integer, text) IS
'Numbers all documents that are posted and not yet numbered, in series that are numbered in batches: by document date, then by the moment of posting, then by id. Call it before they are sent.
Arguments: ledger_id; series, by default all. Returns how many were numbered.
Errors: 23503 no such ledger or series; 23505 a number is taken already.';
REVOKE ALL ON FUNCTION ar.number_invoices(integer, text) FROM PUBLIC;
