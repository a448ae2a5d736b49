-- collect: placing with agencies and lawyers, recall, and what comes in meanwhile.

CREATE FUNCTION ar.tg_guard_placement() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'placed' THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = format('a placement cannot begin as %s', NEW.status),
                HINT = 'It is placed first, and ended by ar.recall_placements() or ar.close_placements().', TABLE = 'placement', SCHEMA = 'ar', COLUMN = 'status';
        END IF;
        NEW.placed_by := session_user;
        NEW.recorded_at := clock_timestamp();
        -- Of an agency that is not there the foreign key tells.
        NEW.commission_percent := coalesce(NEW.commission_percent, (
            SELECT a.commission_percent FROM ar.agency AS a WHERE a.ledger_id = NEW.ledger_id AND a.agency = NEW.agency), 0);
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.status <> 'placed'
       OR to_jsonb(NEW) - '{reference,status,ended_on,ended_by,ended_at,reason}'::text[]
          <> to_jsonb(OLD) - '{reference,status,ended_on,ended_by,ended_at,reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('placement %s is %s and cannot be %s', OLD.placement_id, OLD.status,
                             CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'Recall what is placed with ar.recall_placements(), and place it anew.', TABLE = 'placement', SCHEMA = 'ar';
    END IF;
    IF NEW.status <> 'placed' THEN
        NEW.ended_by := session_user;
        NEW.ended_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_placement() IS
'Trigger, before each row of ar.placement: stamps who placed and who ended it, gives it the commission of the agency, and refuses every change of what has ended (RA003).';

CREATE FUNCTION ar.tg_follow_placements() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    UPDATE ar.placement_item AS i SET is_open = false
    FROM new_placement AS p
    WHERE p.status <> 'placed' AND i.ledger_id = p.ledger_id AND i.placement_id = p.placement_id AND i.is_open;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_placements() IS 'Trigger, after an UPDATE statement on ar.placement: frees the items of what has ended.';

CREATE FUNCTION ar.tg_guard_placement_item() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    placed record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- Whoever ends it holds it, too.
        SELECT p.status, p.customer_id INTO placed FROM ar.placement AS p
        WHERE p.ledger_id = NEW.ledger_id AND p.placement_id = NEW.placement_id FOR NO KEY UPDATE;
        IF FOUND AND NOT EXISTS (
            SELECT FROM ar.item AS i
            WHERE i.ledger_id = NEW.ledger_id AND i.item_id = NEW.item_id
              AND (i.customer_id <> placed.customer_id OR ar.sign(i.amount) <= 0 OR NOT ar.is_open_within(NEW.amount, i.amount)
                   OR placed.status <> 'placed' OR NOT NEW.is_open)) THEN
            RETURN NEW;
        ELSIF NOT FOUND THEN
            RETURN NEW;
        END IF;
        RAISE check_violation USING
            MESSAGE = format('item %s cannot be part of placement %s', NEW.item_id, NEW.placement_id),
            HINT = 'Place what the customer owes, no more than it has, and while the placement is open.',
            TABLE = 'placement_item', SCHEMA = 'ar', CONSTRAINT = 'placement_item_customer_check';
    END IF;
    -- It only follows its placement.
    IF TG_OP = 'UPDATE' AND NOT NEW.is_open AND to_jsonb(NEW) - 'is_open' = to_jsonb(OLD) - 'is_open'
       AND EXISTS (SELECT FROM ar.placement AS p
                   WHERE p.ledger_id = NEW.ledger_id AND p.placement_id = NEW.placement_id AND p.status <> 'placed') THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('what placement %s is of cannot be %s', OLD.placement_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Recall the placement with ar.recall_placements(), and place anew.', TABLE = 'placement_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_placement_item() IS
'Trigger, before each row of ar.placement_item: insists on debit items of the customer and at most their amount (23514), and refuses every change but that it follows its placement (RA003).';

CREATE FUNCTION ar.place_with_agency(
    ledger_id integer,
    agency text,
    customer_ids bigint[] DEFAULT NULL,
    item_ids bigint[] DEFAULT NULL,
    placed_on date DEFAULT NULL,
    commission_percent numeric DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS TABLE (batch_id bigint, placement_id bigint, customer_id bigint, items bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
-- Of what a WITH wrote the planner knows nothing, and would loop over everything.
SET enable_nestloop = off
AS $$
#variable_conflict use_column
DECLARE
    digest bytea := ar.payload_digest(jsonb_build_object('agency', place_with_agency.agency, 'customer_ids', place_with_agency.customer_ids,
        'item_ids', place_with_agency.item_ids, 'placed_on', place_with_agency.placed_on, 'commission_percent', place_with_agency.commission_percent));
    day date := coalesce(place_with_agency.placed_on, ar.business_date(place_with_agency.ledger_id));
    batch bigint := nextval('ar.document_id');
    broken text;
    wrong bigint;
BEGIN
    SELECT u.item_id INTO wrong FROM unnest(place_with_agency.item_ids) AS u(item_id)
    WHERE NOT EXISTS (SELECT FROM ar.item AS i WHERE i.ledger_id = place_with_agency.ledger_id AND i.item_id = u.item_id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('item %s does not exist in ledger %s', wrong, place_with_agency.ledger_id),
            HINT = 'Name items of the ledger.', TABLE = 'placement_item', SCHEMA = 'ar', COLUMN = 'item_id';
    END IF;
    -- With the balances held, what is open can be trusted, and whoever wrote the same external id has finished.
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = place_with_agency.ledger_id AND b.customer_id IN (
        SELECT unnest(place_with_agency.customer_ids)
        UNION SELECT i.customer_id FROM ar.item AS i
        WHERE i.ledger_id = place_with_agency.ledger_id AND i.item_id IN (SELECT unnest(place_with_agency.item_ids)))
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE;
    IF place_with_agency.external_id IS NOT NULL THEN
        IF EXISTS (SELECT FROM ar.placement AS p WHERE p.ledger_id = place_with_agency.ledger_id AND p.external_id = place_with_agency.external_id
                     AND coalesce(p.external_digest <> digest, true)) THEN
            PERFORM ar.refuse_external_id('placement', place_with_agency.external_id);
        END IF;
        RETURN QUERY
        SELECT p.batch_id, p.placement_id, p.customer_id,
               (SELECT count(*) FROM ar.placement_item AS n WHERE n.ledger_id = p.ledger_id AND n.placement_id = p.placement_id)
        FROM ar.placement AS p
        WHERE p.ledger_id = place_with_agency.ledger_id AND p.external_id = place_with_agency.external_id ORDER BY p.placement_id;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;

    BEGIN
        -- Of items what was named; of customers what is overdue and with no agency, but nothing about which they were given time or an ear.
        RETURN QUERY
        WITH wanted AS MATERIALIZED (
            SELECT i.customer_id, i.item_id, i.open
            FROM ar.item AS i
            WHERE i.ledger_id = place_with_agency.ledger_id AND i.closed_on IS NULL AND ar.sign(i.open) > 0
              AND (i.item_id IN (SELECT unnest(place_with_agency.item_ids))
                   OR i.customer_id IN (SELECT unnest(place_with_agency.customer_ids)) AND i.due_on < day
                      AND NOT EXISTS (SELECT FROM ar.placement_item AS n
                                      WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND n.is_open)
                      AND NOT EXISTS (SELECT FROM ar.payment_plan_item AS n
                                      WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND n.is_open)
                      AND NOT EXISTS (SELECT FROM ar.promise_item AS n
                                      WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND n.is_open)
                      AND NOT EXISTS (SELECT FROM ar.dispute_item AS n
                                      JOIN ar.dispute AS d ON d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id
                                      WHERE n.ledger_id = i.ledger_id AND n.item_id = i.item_id AND d.outcome IS NULL))
        ), made AS (
            INSERT INTO ar.placement AS p (ledger_id, batch_id, agency, customer_id, placed_on, commission_percent, external_id, external_digest)
            SELECT place_with_agency.ledger_id, batch, place_with_agency.agency, w.customer_id, day, place_with_agency.commission_percent,
                   place_with_agency.external_id, CASE WHEN place_with_agency.external_id IS NOT NULL THEN digest END
            FROM (SELECT DISTINCT w.customer_id FROM wanted AS w) AS w ORDER BY w.customer_id
            RETURNING p.placement_id, p.customer_id
        ), placed AS (
            INSERT INTO ar.placement_item AS n (ledger_id, placement_id, item_id, amount)
            SELECT place_with_agency.ledger_id, m.placement_id, w.item_id, w.open
            FROM made AS m JOIN wanted AS w ON w.customer_id = m.customer_id ORDER BY w.item_id
            RETURNING n.placement_id
        )
        SELECT batch, m.placement_id, m.customer_id, count(*)
        FROM made AS m JOIN placed AS n ON n.placement_id = m.placement_id
        GROUP BY m.placement_id, m.customer_id ORDER BY m.placement_id;
    EXCEPTION WHEN unique_violation THEN
        GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
        IF broken <> 'placement_item_open_key' THEN
            RAISE;
        END IF;
        RAISE unique_violation USING
            MESSAGE = 'an item is with an agency already',
            HINT = 'Recall it with ar.recall_placements() first.', TABLE = 'placement_item', SCHEMA = 'ar', CONSTRAINT = 'placement_item_open_key';
    END;
END
$$;
COMMENT ON FUNCTION ar.place_with_agency(integer, text, bigint[], bigint[], date, numeric, text) IS
'Hands over to an agency or lawyer what customers owe, as one batch with a placement for each customer.
Arguments: ledger_id; agency, of ar.agency; customer_ids, of whom all that is overdue is placed, without what is with an agency, on a plan, promised or disputed; or item_ids, as they are; placed_on, by default the business date; commission_percent, by default that of the agency; external_id, the same one again returns the first result.
Result: a row for each customer who owes such items. What an agency has to know is ar.placement_statement().
Errors: 23503 no such agency or item; 23505 an item is with an agency; RA006 the external id was used otherwise.';

CREATE FUNCTION ar.end_placements(ledger_id integer, placement_ids bigint[], status text, reason text, ended_on date) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ended bigint;
BEGIN
    PERFORM FROM ar.placement AS p
    WHERE p.ledger_id = end_placements.ledger_id AND p.placement_id IN (SELECT unnest(end_placements.placement_ids))
    ORDER BY p.placement_id FOR NO KEY UPDATE;
    UPDATE ar.placement AS p
    SET status = end_placements.status, reason = end_placements.reason, ended_on = coalesce(end_placements.ended_on, ar.business_date(end_placements.ledger_id))
    WHERE p.ledger_id = end_placements.ledger_id AND p.placement_id IN (SELECT unnest(end_placements.placement_ids)) AND p.status = 'placed';
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION ar.end_placements(integer, bigint[], text, text, date) IS 'Ends placements: what ar.recall_placements() and ar.close_placements() have in common.';

CREATE FUNCTION ar.recall_placements(ledger_id integer, placement_ids bigint[], reason text, recalled_on date DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.end_placements(recall_placements.ledger_id, recall_placements.placement_ids, 'recalled', recall_placements.reason, recall_placements.recalled_on) $$;
COMMENT ON FUNCTION ar.recall_placements(integer, bigint[], text, date) IS
'Takes placements back from their agencies, for a reason, and returns how many; those that have ended stay as they are.
Arguments: ledger_id; placement_ids; reason; recalled_on, by default the business date. Errors: 23514 no reason, or a day before the placement.';

CREATE FUNCTION ar.close_placements(ledger_id integer, placement_ids bigint[], reason text DEFAULT NULL, closed_on date DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.end_placements(close_placements.ledger_id, close_placements.placement_ids, 'closed', close_placements.reason, close_placements.closed_on) $$;
COMMENT ON FUNCTION ar.close_placements(integer, bigint[], text, date) IS
'Ends placements because the agency has finished, and returns how many; those that have ended stay as they are.
Arguments: ledger_id; placement_ids; reason; closed_on, by default the business date. Errors: 23514 a day before the placement.';

CREATE FUNCTION ar.placement_statement(ledger_id integer, batch_id bigint)
RETURNS TABLE (placement_id bigint, customer_code text, customer_name text, kind text, number text, issued_on date, due_on date, currency text,
               amount numeric, placed numeric, open numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.placement_id, c.code, c.name, i.kind, coalesce(v.number, j.number), i.issued_on, i.due_on, ar.currency(i.amount),
           ar.amount(i.amount), ar.amount(n.amount), ar.amount(i.open)
    FROM ar.placement AS p
    JOIN ar.customer AS c ON c.ledger_id = p.ledger_id AND c.customer_id = p.customer_id
    JOIN ar.placement_item AS n ON n.ledger_id = p.ledger_id AND n.placement_id = p.placement_id
    JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = i.ledger_id AND v.invoice_id = i.invoice_id
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = i.ledger_id AND j.adjustment_id = i.adjustment_id
    WHERE p.ledger_id = placement_statement.ledger_id AND p.batch_id = placement_statement.batch_id
    ORDER BY c.code, i.due_on, i.item_id;
END
$$;
COMMENT ON FUNCTION ar.placement_statement(integer, bigint) IS
'What was handed over in a batch, a row an item: what it was of, what was open when it was placed, and what is open now.
Arguments: ledger_id; batch_id. Amounts are in units of currency.';

CREATE FUNCTION ar.placement_payments(ledger_id integer, from_on date, to_on date)
RETURNS TABLE (placement_id bigint, agency text, customer_id bigint, payment_id bigint, item_id bigint, applied_on date, amount ar.monetary,
               is_direct boolean, commission ar.monetary)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.placement_id, p.agency, p.customer_id, c.payment_id, n.item_id, a.applied_on, a.amount,
           m.method IS DISTINCT FROM g.method,
           ar.round(ar.amount(a.amount) * p.commission_percent / 100, ar.currency(a.amount), 'half_up')
    FROM ar.placement AS p
    JOIN ar.agency AS g ON g.ledger_id = p.ledger_id AND g.agency = p.agency
    JOIN ar.placement_item AS n ON n.ledger_id = p.ledger_id AND n.placement_id = p.placement_id
    JOIN ar.application AS a ON a.ledger_id = n.ledger_id AND a.debit_item_id = n.item_id
    JOIN ar.item AS c ON c.ledger_id = a.ledger_id AND c.item_id = a.credit_item_id AND c.payment_id IS NOT NULL
    JOIN ar.payment AS m ON m.ledger_id = c.ledger_id AND m.payment_id = c.payment_id
    WHERE p.ledger_id = placement_payments.ledger_id AND a.applied_on BETWEEN placement_payments.from_on AND placement_payments.to_on
      AND m.received_on >= p.placed_on AND (p.ended_on IS NULL OR m.received_on < p.ended_on)
    ORDER BY a.applied_on, a.application_id;
END
$$;
COMMENT ON FUNCTION ar.placement_payments(integer, date, date) IS
'What was paid of items while they were with an agency, and the commission on it: by the agency, or (is_direct) by the customer himself, which the agency has to be told. What was undone is negative.
Arguments: ledger_id; from_on and to_on, days of the applications, both included.';

REVOKE ALL ON FUNCTION ar.tg_guard_placement(), ar.tg_follow_placements(), ar.tg_guard_placement_item(),
    ar.place_with_agency(integer, text, bigint[], bigint[], date, numeric, text), ar.end_placements(integer, bigint[], text, text, date),
    ar.recall_placements(integer, bigint[], text, date), ar.close_placements(integer, bigint[], text, date),
    ar.placement_statement(integer, bigint), ar.placement_payments(integer, date, date) FROM PUBLIC;
