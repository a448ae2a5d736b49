-- collect: what is left alone by dunning, where items stand, and beginning anew.

CREATE FUNCTION ar.tg_guard_dunning_block() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF EXISTS (SELECT FROM ar.item AS i WHERE i.ledger_id = NEW.ledger_id AND i.item_id = NEW.item_id AND i.customer_id <> NEW.customer_id) THEN
            RAISE check_violation USING
                MESSAGE = format('item %s is not of customer %s', NEW.item_id, NEW.customer_id),
                HINT = 'Block what the customer owes.', TABLE = 'dunning_block', SCHEMA = 'ar', CONSTRAINT = 'dunning_block_customer_check';
        END IF;
        NEW.blocked_by := session_user;
        NEW.recorded_at := clock_timestamp();
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.lifted_on IS NOT NULL OR NEW.lifted_on IS NULL
       OR to_jsonb(NEW) - '{lifted_on,lifted_by,lifted_at,lifting_reason}'::text[]
          <> to_jsonb(OLD) - '{lifted_on,lifted_by,lifted_at,lifting_reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('block %s cannot be %s', OLD.block_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'Lift it with ar.lift_dunning_blocks(), and block anew.', TABLE = 'dunning_block', SCHEMA = 'ar';
    END IF;
    NEW.lifted_by := session_user;
    NEW.lifted_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_dunning_block() IS
'Trigger, before each row of ar.dunning_block: insists on items of the customer (23514), stamps who blocked and who lifted, and refuses every other change (RA003).';

CREATE FUNCTION ar.block_dunning(
    ledger_id integer,
    customer_ids bigint[] DEFAULT NULL,
    item_ids bigint[] DEFAULT NULL,
    reason text DEFAULT NULL,
    until_on date DEFAULT NULL,
    from_on date DEFAULT NULL
) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(block_dunning.from_on, ar.business_date(block_dunning.ledger_id));
    result bigint[];
BEGIN
    WITH made AS (
        INSERT INTO ar.dunning_block AS b (ledger_id, customer_id, item_id, from_on, until_on, reason)
        SELECT block_dunning.ledger_id, w.customer_id, w.item_id, day, block_dunning.until_on, block_dunning.reason
        FROM (SELECT DISTINCT u.customer_id, NULL::bigint AS item_id FROM unnest(block_dunning.customer_ids) AS u(customer_id)
              UNION ALL
              SELECT coalesce(i.customer_id, 0), u.item_id
              FROM (SELECT DISTINCT block_dunning.ledger_id, u.item_id FROM unnest(block_dunning.item_ids) AS u(item_id)) AS u
              LEFT JOIN ar.item AS i ON i.ledger_id = u.ledger_id AND i.item_id = u.item_id) AS w
        ORDER BY w.customer_id, w.item_id
        RETURNING b.block_id
    )
    SELECT coalesce(array_agg(m.block_id ORDER BY m.block_id), '{}') INTO result FROM made AS m;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.block_dunning(integer, bigint[], bigint[], text, date, date) IS
'Keeps customers, or single items, from being reminded, and returns the block_ids.
Arguments: ledger_id; customer_ids, of whom all is left alone; item_ids; reason; until_on, the last day, by default until it is lifted; from_on, by default the business date.
Errors: 23502 no reason; 23503 no such customer or item; 23514 an end before the beginning.';

CREATE FUNCTION ar.lift_dunning_blocks(ledger_id integer, block_ids bigint[], reason text, lifted_on date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    lifted bigint;
BEGIN
    PERFORM FROM ar.dunning_block AS b
    WHERE b.ledger_id = lift_dunning_blocks.ledger_id AND b.block_id IN (SELECT unnest(lift_dunning_blocks.block_ids))
    ORDER BY b.block_id FOR NO KEY UPDATE;
    UPDATE ar.dunning_block AS b
    SET lifted_on = coalesce(lift_dunning_blocks.lifted_on, ar.business_date(lift_dunning_blocks.ledger_id)), lifted_by = session_user,
        lifted_at = clock_timestamp(), lifting_reason = lift_dunning_blocks.reason
    WHERE b.ledger_id = lift_dunning_blocks.ledger_id AND b.block_id IN (SELECT unnest(lift_dunning_blocks.block_ids)) AND b.lifted_on IS NULL;
    GET DIAGNOSTICS lifted = ROW_COUNT;
    RETURN lifted;
END
$$;
COMMENT ON FUNCTION ar.lift_dunning_blocks(integer, bigint[], text, date) IS
'Lifts blocks, and returns how many stood.
Arguments: ledger_id; block_ids; reason; lifted_on, the first day on which they stand no more, by default the business date. Errors: 23514 no reason.';

CREATE FUNCTION ar.restart_dunning(ledger_id integer, item_ids bigint[], reason text, restarted_on date DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    restarted bigint;
BEGIN
    INSERT INTO ar.dunning_restart (ledger_id, item_id, cycle, restarted_on, reason)
    SELECT d.ledger_id, d.item_id, d.cycle + 1, coalesce(restart_dunning.restarted_on, ar.business_date(restart_dunning.ledger_id)), restart_dunning.reason
    FROM (SELECT DISTINCT restart_dunning.ledger_id, u.item_id FROM unnest(restart_dunning.item_ids) AS u(item_id)) AS w
    JOIN ar.dunning_item AS d ON d.ledger_id = w.ledger_id AND d.item_id = w.item_id
    WHERE d.level > 0 OR d.reminded_on IS NOT NULL
    ORDER BY d.item_id;
    GET DIAGNOSTICS restarted = ROW_COUNT;
    RETURN restarted;
END
$$;
COMMENT ON FUNCTION ar.restart_dunning(integer, bigint[], text, date) IS
'Begins the dunning of items anew, from the first level, as a decision: after a long dispute, or a plan that failed. Returns how many had been in a letter. Nothing else begins a cycle: an item that was paid and is open again, because the payment bounced, goes on where it stood.
Arguments: ledger_id; item_ids; reason; restarted_on, by default the business date. Errors: 23502 no reason.';

CREATE FUNCTION ar.dunning_level_of(ledger_id integer, item_ids bigint[])
RETURNS TABLE (item_id bigint, cycle integer, level smallint, noticed_on date, reminded_on date)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT i.item_id, coalesce(d.cycle, 1), coalesce(d.level, 0::smallint), d.noticed_on, d.reminded_on
    FROM (SELECT DISTINCT dunning_level_of.ledger_id, u.item_id FROM unnest(dunning_level_of.item_ids) AS u(item_id)) AS w
    JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.item_id = w.item_id
    LEFT JOIN ar.dunning_item AS d ON d.ledger_id = i.ledger_id AND d.item_id = i.item_id
    ORDER BY i.item_id;
END
$$;
COMMENT ON FUNCTION ar.dunning_level_of(integer, bigint[]) IS
'Where items stand in dunning: cycle; level, 0 without a letter; the day of the last letter, and of the reminder before the due date.
Arguments: ledger_id; item_ids.';

REVOKE ALL ON FUNCTION ar.tg_guard_dunning_block(), ar.block_dunning(integer, bigint[], bigint[], text, date, date),
    ar.lift_dunning_blocks(integer, bigint[], text, date), ar.restart_dunning(integer, bigint[], text, date), ar.dunning_level_of(integer, bigint[]) FROM PUBLIC;
