-- collect: disputes, from opening to credit, compromise or rejection.

CREATE FUNCTION ar.tg_seed_dispute_reasons() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    INSERT INTO ar.dispute_reason (ledger_id, reason_code, name, days_to_resolve)
    SELECT l.ledger_id, r.reason_code, r.name, 14
    FROM new_ledger AS l, (VALUES
        ('price', 'Wrong price or discount'), ('quantity', 'Wrong quantity'), ('quality', 'Poor quality'), ('damaged', 'Damaged goods'),
        ('wrong_goods', 'Wrong goods or service'), ('not_delivered', 'Not delivered'), ('late_delivery', 'Delivered late'),
        ('returned', 'Returned goods'), ('duplicate', 'Billed twice'), ('already_paid', 'Paid already'), ('tax', 'Wrong tax'),
        ('terms', 'Wrong terms or due date'), ('purchase_order', 'No or wrong purchase order'), ('other', 'Other reason')
    ) AS r(reason_code, name);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_seed_dispute_reasons() IS 'Trigger, after an INSERT statement on ar.ledger: gives each new ledger the usual reasons for disputes.';

CREATE FUNCTION ar.tg_stamp_dispute_note() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.noted_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_dispute_note() IS 'Trigger, before each row of ar.dispute_note: stamps who noted it, and when.';

CREATE FUNCTION ar.tg_guard_dispute() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    credited bigint;
    whole bigint;
    items bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.outcome IS NOT NULL THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = 'a dispute cannot begin resolved',
                HINT = 'Open it, and resolve it with ar.resolve_dispute().', TABLE = 'dispute', SCHEMA = 'ar', COLUMN = 'outcome';
        END IF;
        NEW.opened_by := session_user;
        NEW.opened_at := clock_timestamp();
        NEW.due_on := coalesce(NEW.due_on, NEW.opened_on + (
            SELECT r.days_to_resolve FROM ar.dispute_reason AS r
            WHERE r.ledger_id = NEW.ledger_id AND r.reason_code = NEW.reason_code));
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.outcome IS NOT NULL
       OR to_jsonb(NEW) - '{reason_code,description,reference,assigned_to,due_on,outcome,resolution,resolved_on,resolved_by,resolved_at}'::text[]
          <> to_jsonb(OLD) - '{reason_code,description,reference,assigned_to,due_on,outcome,resolution,resolved_on,resolved_by,resolved_at}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('dispute %s is %s and cannot be %s', OLD.dispute_id, coalesce(OLD.outcome, 'recorded'),
                             CASE TG_OP WHEN 'UPDATE' THEN 'changed so' ELSE 'deleted' END),
            HINT = 'Resolve an open dispute with ar.resolve_dispute(), and open another.', TABLE = 'dispute', SCHEMA = 'ar';
    END IF;
    IF NEW.outcome IS NULL THEN
        RETURN NEW;
    END IF;
    NEW.resolved_by := session_user;
    NEW.resolved_at := clock_timestamp();
    SELECT count(*), count(i.credited), count(*) FILTER (WHERE i.credited = i.amount) INTO items, credited, whole
    FROM ar.dispute_item AS i
    WHERE i.ledger_id = NEW.ledger_id AND i.dispute_id = NEW.dispute_id;
    IF NEW.outcome <> (CASE WHEN credited = 0 THEN 'rejected' WHEN whole = items THEN 'credited' ELSE 'compromised' END) THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('dispute %s cannot be resolved as %s', NEW.dispute_id, NEW.outcome),
            DETAIL = format('Of its %s items %s are credited in whole and %s in part.', items, whole, credited - whole),
            HINT = 'Resolve it with ar.resolve_dispute(), which makes the credit memos.', TABLE = 'dispute', SCHEMA = 'ar', COLUMN = 'outcome';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_dispute() IS
'Trigger, before each row of ar.dispute: stamps who opened and who resolved it, gives it the deadline of its reason, refuses an outcome that its items do not bear out (RA004), and every change of what is resolved (RA003).';

CREATE FUNCTION ar.tg_guard_dispute_item() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.credited := NULL;
        NEW.credit_memo_id := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.credit_memo_id IS NULL
       AND to_jsonb(NEW) - '{credited,credit_memo_id}'::text[] = to_jsonb(OLD) - '{credited,credit_memo_id}'::text[]
       AND EXISTS (SELECT FROM ar.dispute AS d
                   WHERE d.ledger_id = NEW.ledger_id AND d.dispute_id = NEW.dispute_id AND d.outcome IS NULL) THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('what dispute %s says of item %s cannot be %s', OLD.dispute_id, OLD.item_id,
                         CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Resolve the dispute with ar.resolve_dispute(), and open another.', TABLE = 'dispute_item', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_dispute_item() IS
'Trigger, before each row of ar.dispute_item: lets nothing change but what is credited, once, while the dispute is open (RA003).';

CREATE FUNCTION ar.tg_open_disputes() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
SET enable_seqscan = off
AS $$
DECLARE
    wrong record;
BEGIN
    -- Whoever resolves them holds them, too.
    PERFORM FROM (SELECT DISTINCT n.ledger_id, n.dispute_id FROM new_item AS n ORDER BY n.ledger_id, n.dispute_id) AS n
    CROSS JOIN LATERAL (
        SELECT FROM ar.dispute AS d WHERE d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id FOR NO KEY UPDATE) AS d;

    SELECT n.dispute_id, n.item_id, n.amount, i.amount AS item_amount, i.kind, d.outcome,
           i.customer_id = d.customer_id AS is_his, ar.currency(i.amount) = ar.currency(n.amount) AS is_alike INTO wrong
    FROM new_item AS n
    CROSS JOIN LATERAL (
        SELECT d.outcome, d.customer_id FROM ar.dispute AS d WHERE d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id OFFSET 0) AS d
    CROSS JOIN LATERAL (
        SELECT i.kind, i.customer_id, i.amount FROM ar.item AS i WHERE i.ledger_id = n.ledger_id AND i.item_id = n.item_id OFFSET 0) AS i
    WHERE d.outcome IS NOT NULL OR i.customer_id <> d.customer_id OR ar.sign(i.amount) <= 0 OR NOT ar.is_open_within(n.amount, i.amount)
    ORDER BY n.ledger_id, n.dispute_id, n.item_id LIMIT 1;
    IF FOUND AND wrong.outcome IS NOT NULL THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('dispute %s is %s and takes no more items', wrong.dispute_id, wrong.outcome),
            HINT = 'Open another dispute.', TABLE = 'dispute_item', SCHEMA = 'ar';
    ELSIF FOUND AND NOT wrong.is_his THEN
        RAISE check_violation USING
            MESSAGE = format('item %s belongs to another customer than dispute %s', wrong.item_id, wrong.dispute_id),
            HINT = 'Open a dispute for each customer.', TABLE = 'dispute_item', SCHEMA = 'ar', CONSTRAINT = 'dispute_item_customer_check';
    ELSIF FOUND AND ar.sign(wrong.item_amount) <= 0 THEN
        RAISE check_violation USING
            MESSAGE = format('item %s is of kind %s and cannot be disputed', wrong.item_id, wrong.kind),
            DETAIL = 'Only what a customer owes is disputed.',
            HINT = 'Name the items of an invoice or charge.', TABLE = 'dispute_item', SCHEMA = 'ar', CONSTRAINT = 'dispute_item_kind_check';
    ELSIF FOUND AND NOT wrong.is_alike THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('item %s is not in the currency in which it is disputed', wrong.item_id),
            DETAIL = format('It is of %s, disputed are %s.', wrong.item_amount, wrong.amount),
            HINT = 'Dispute it in its own currency.', TABLE = 'dispute_item', SCHEMA = 'ar', COLUMN = 'amount';
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA002' USING
            MESSAGE = format('more of item %s would be disputed than it has', wrong.item_id),
            DETAIL = format('It is of %s, disputed would be %s.', wrong.item_amount, wrong.amount),
            HINT = 'Dispute at most the amount of the item.', TABLE = 'dispute_item', SCHEMA = 'ar', COLUMN = 'amount';
    END IF;

    SELECT n.dispute_id INTO wrong
    FROM (SELECT DISTINCT n.ledger_id, n.dispute_id FROM new_item AS n) AS n
    CROSS JOIN LATERAL (
        SELECT count(DISTINCT ar.currency(i.amount)) AS currencies FROM ar.dispute_item AS i
        WHERE i.ledger_id = n.ledger_id AND i.dispute_id = n.dispute_id) AS i
    WHERE i.currencies > 1 LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA009' USING
            MESSAGE = format('the items of dispute %s are in several currencies', wrong.dispute_id),
            HINT = 'Open a dispute for each currency.', TABLE = 'dispute_item', SCHEMA = 'ar', COLUMN = 'amount';
    END IF;

    -- A dispute bears on credit once, whenever its items come.
    INSERT INTO ar.credit_event (ledger_id, customer_id, kind, occurred_on, amount, reference, reason, external_id)
    SELECT n.ledger_id, d.customer_id, 'dispute', d.opened_on, n.amount, coalesce(d.reference, d.dispute_id::text), d.reason_code,
           'dispute ' || d.dispute_id
    FROM (SELECT n.ledger_id, n.dispute_id, ar.sum(n.amount) AS amount FROM new_item AS n GROUP BY n.ledger_id, n.dispute_id) AS n
    CROSS JOIN LATERAL (
        SELECT d.* FROM ar.dispute AS d WHERE d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id OFFSET 0) AS d
    ORDER BY n.ledger_id, n.dispute_id
    ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_open_disputes() IS
'Trigger, after an INSERT statement on ar.dispute_item: insists on debit items of the disputing customer, in one currency, and records the credit event of each dispute.
Errors: 23514 a credit, or another customer''s; RA002 more than the item has; RA003 the dispute is resolved; RA009 two currencies.';

CREATE FUNCTION ar.open_disputes(ledger_id integer, disputes jsonb)
RETURNS TABLE (element bigint, dispute_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(open_disputes.ledger_id);
    plan jsonb;
    wrong text;
    made bigint;
BEGIN
    PERFORM ar.check_keys('disputes', open_disputes.disputes,
        '{invoice_id,item_ids,items,amount,reason_code,description,reference,assigned_to,opened_on,due_on,external_id}', '{reason_code}');

    -- Which items, and how much of each: as said, or what is open of them, or an amount of that, the earliest due date first.
    SELECT jsonb_agg(to_jsonb(p) ORDER BY p.external_id, p.position) INTO plan
    FROM (
        SELECT DISTINCT ON (coalesce(g.external_id, e.position::text), g.external_id IS NULL)
               e.position, nextval('ar.document_id') AS dispute_id, e.value AS payload, g.external_id, n.items,
               coalesce(g.amount::ar.monetary <> n.total, false) AS is_short,
               -- Looked up one by one, here and below: joined, they would be read for each dispute.
               (SELECT min((SELECT i.customer_id FROM ar.item AS i
                            WHERE i.ledger_id = open_disputes.ledger_id AND i.item_id = x.item_id))
                FROM jsonb_to_recordset(n.items) AS x(item_id bigint)) AS customer_id
        FROM jsonb_array_elements(open_disputes.disputes) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(invoice_id bigint, item_ids jsonb, items jsonb, amount text, external_id text)
        CROSS JOIN LATERAL (
            SELECT ARRAY(SELECT i.item_id FROM ar.item AS i
                         WHERE i.ledger_id = open_disputes.ledger_id AND i.invoice_id = g.invoice_id
                         UNION SELECT x.value::bigint FROM jsonb_array_elements_text(coalesce(g.item_ids, '[]')) AS x(value)) AS ids) AS w
        CROSS JOIN LATERAL (
            SELECT jsonb_agg(jsonb_build_object('item_id', x.item_id, 'amount', x.amount) ORDER BY x.item_id) AS items, ar.sum(x.amount) AS total
            FROM (SELECT i.item_id, i.open AS amount FROM unnest(w.ids) AS u(item_id)
                  CROSS JOIN LATERAL (
                      SELECT i.item_id, i.open FROM ar.item AS i
                      WHERE i.ledger_id = open_disputes.ledger_id AND i.item_id = u.item_id OFFSET 0) AS i
                  WHERE g.amount IS NULL AND ar.sign(i.open) <> 0
                  UNION ALL
                  SELECT s.item_id, s.amount FROM ar.spread_over_items(open_disputes.ledger_id, w.ids, g.amount::ar.monetary) AS s
                  UNION ALL
                  SELECT (x.value ->> 'item_id')::bigint, coalesce((x.value ->> 'amount')::ar.monetary, (
                      SELECT i.open FROM ar.item AS i
                      WHERE i.ledger_id = open_disputes.ledger_id AND i.item_id = (x.value ->> 'item_id')::bigint))
                  FROM jsonb_array_elements(coalesce(g.items, '[]')) AS x(value)) AS x) AS n
        WHERE (SELECT d.dispute_id FROM ar.dispute AS d
               WHERE d.ledger_id = open_disputes.ledger_id AND d.external_id = g.external_id) IS NULL
        ORDER BY coalesce(g.external_id, e.position::text), g.external_id IS NULL, e.position) AS p;

    IF plan IS NOT NULL THEN
        SELECT format('Element %s: %s.', p.position, CASE
                   WHEN num_nonnulls(p.payload -> 'invoice_id', p.payload -> 'item_ids', p.payload -> 'items') = 0 THEN 'neither invoice_id nor item_ids nor items are given'
                   WHEN p.is_short THEN format('less than %s is open', p.payload ->> 'amount')
                   ELSE 'nothing is open' END) INTO wrong
        FROM jsonb_to_recordset(plan) AS p(position bigint, payload jsonb, items jsonb, customer_id bigint, is_short boolean)
        WHERE p.items IS NULL OR p.is_short
        ORDER BY p.position LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE 'RA002' USING
                MESSAGE = 'there is nothing to dispute, or less than was said',
                DETAIL = wrong,
                HINT = 'Name an invoice or items of which so much is open; "items", with an amount each, may name what was paid already.';
        END IF;
        SELECT x.item_id::text INTO wrong
        FROM jsonb_to_recordset(plan) AS p(items jsonb)
        CROSS JOIN LATERAL jsonb_to_recordset(p.items) AS x(item_id bigint)
        WHERE (SELECT i.item_id FROM ar.item AS i WHERE i.ledger_id = open_disputes.ledger_id AND i.item_id = x.item_id) IS NULL LIMIT 1;
        IF FOUND THEN
            RAISE foreign_key_violation USING
                MESSAGE = format('item %s does not exist in ledger %s', coalesce(wrong, 'null'), open_disputes.ledger_id);
        END IF;

        WITH made AS (
            INSERT INTO ar.dispute AS d (ledger_id, dispute_id, customer_id, reason_code, description, reference, assigned_to,
                                         opened_on, due_on, external_id, external_digest)
            SELECT open_disputes.ledger_id, p.dispute_id, p.customer_id, g.reason_code, g.description, g.reference, g.assigned_to,
                   coalesce(g.opened_on, today), g.due_on, p.external_id, CASE WHEN p.external_id IS NOT NULL THEN ar.payload_digest(p.payload) END
            FROM jsonb_to_recordset(plan) AS p(dispute_id bigint, customer_id bigint, external_id text, payload jsonb)
            CROSS JOIN LATERAL jsonb_to_record(p.payload) AS g(reason_code text, description text, reference text, assigned_to text,
                                                               opened_on date, due_on date)
            ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
            RETURNING d.dispute_id
        )
        INSERT INTO ar.dispute_item (ledger_id, dispute_id, item_id, amount)
        SELECT open_disputes.ledger_id, m.dispute_id, x.item_id, x.amount
        FROM made AS m
        JOIN jsonb_to_recordset(plan) AS p(dispute_id bigint, items jsonb) ON p.dispute_id = m.dispute_id
        CROSS JOIN LATERAL jsonb_to_recordset(p.items) AS x(item_id bigint, amount ar.monetary);
    END IF;

    SELECT d.external_id INTO wrong
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(open_disputes.disputes) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT d.* FROM ar.dispute AS d
                        WHERE d.ledger_id = open_disputes.ledger_id AND d.external_id = g.external_id OFFSET 0) AS d
    WHERE d.external_digest IS NULL OR d.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('dispute', wrong);
    END IF;
    RETURN QUERY
    SELECT e.position, coalesce(d.dispute_id, p.dispute_id)
    FROM (SELECT e.position, e.value ->> 'external_id' AS external_id
          FROM jsonb_array_elements(open_disputes.disputes) WITH ORDINALITY AS e(value, position) OFFSET 0) AS e
    LEFT JOIN LATERAL (SELECT d.dispute_id FROM ar.dispute AS d
                       WHERE d.ledger_id = open_disputes.ledger_id AND d.external_id = e.external_id OFFSET 0) AS d ON true
    LEFT JOIN jsonb_to_recordset(plan) AS p(position bigint, dispute_id bigint) ON p.position = e.position
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.open_disputes(integer, jsonb) IS
'Opens any number of disputes, each over items of one customer and currency. All or none.
Arguments: ledger_id; disputes, a JSON array of objects with reason_code (of ar.dispute_reason) and invoice_id (all that is open of it) or item_ids (what is open of these), and perhaps amount (only so much of that, such as "EUR 20.00", the earliest due date first), or items (an array of objects with item_id and perhaps amount, at most that of the item); and perhaps description, reference, assigned_to, opened_on (by default the business date), due_on (by default that of the reason), external_id.
Result: the position in the array, from 1, and the dispute_id; for an external_id known already, that of the first time. A credit event "dispute" is recorded for each.
Errors: 22023 malformed payload; 23503 no such item or reason; 23514 a credit item, or another customer''s; RA002 less is open than is disputed; RA006 the external id was used otherwise; RA009 two currencies.';

CREATE FUNCTION ar.open_dispute(
    ledger_id integer,
    invoice_id bigint DEFAULT NULL,
    reason_code text DEFAULT 'other',
    amount ar.monetary DEFAULT NULL,
    item_ids bigint[] DEFAULT NULL,
    description text DEFAULT NULL,
    assigned_to text DEFAULT NULL,
    opened_on date DEFAULT NULL,
    due_on date DEFAULT NULL,
    reference text DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT d.dispute_id
    FROM ar.open_disputes(open_dispute.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'invoice_id', open_dispute.invoice_id, 'reason_code', open_dispute.reason_code, 'amount', open_dispute.amount::text,
        'item_ids', open_dispute.item_ids, 'description', open_dispute.description, 'assigned_to', open_dispute.assigned_to,
        'opened_on', open_dispute.opened_on, 'due_on', open_dispute.due_on, 'reference', open_dispute.reference,
        'external_id', open_dispute.external_id)))) AS d;
$$;
COMMENT ON FUNCTION ar.open_dispute(integer, bigint, text, ar.monetary, bigint[], text, text, date, date, text, text) IS
'Opens one dispute and returns its dispute_id: ar.open_disputes() with one, where the arguments are described.
Errors: as ar.open_disputes().';

CREATE FUNCTION ar.resolve_disputes(ledger_id integer, resolutions jsonb)
RETURNS TABLE (dispute_id bigint, outcome text, credited ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(resolve_disputes.ledger_id);
    wrong record;
    batch record;
    plan jsonb;
BEGIN
    PERFORM ar.check_keys('resolutions', resolve_disputes.resolutions, '{dispute_id,outcome,amount,resolution,resolved_on}', '{dispute_id,outcome,resolution}');
    -- Disputes come before all that posting locks.
    PERFORM FROM ar.dispute AS d
    WHERE d.ledger_id = resolve_disputes.ledger_id
      AND d.dispute_id IN (SELECT (r.value ->> 'dispute_id')::bigint FROM jsonb_array_elements(resolve_disputes.resolutions) AS r(value))
    ORDER BY d.dispute_id FOR NO KEY UPDATE;

    SELECT r.dispute_id, d.dispute_id AS found_id, d.outcome AS is_outcome, r.outcome, r.amount, r.total, r.times INTO wrong
    FROM (
        SELECT r.*, count(*) OVER (PARTITION BY r.dispute_id) AS times,
               (SELECT ar.sum(i.amount) FROM ar.dispute_item AS i
                WHERE i.ledger_id = resolve_disputes.ledger_id AND i.dispute_id = r.dispute_id) AS total
        FROM jsonb_to_recordset(resolve_disputes.resolutions) AS r(dispute_id bigint, outcome text, amount ar.monetary)) AS r
    LEFT JOIN ar.dispute AS d ON d.ledger_id = resolve_disputes.ledger_id AND d.dispute_id = r.dispute_id
    WHERE d.dispute_id IS NULL OR d.outcome IS NOT NULL OR r.times > 1
       OR r.outcome NOT IN ('credited', 'compromised', 'rejected')
       OR (r.amount IS NOT NULL) <> (r.outcome = 'compromised')
       OR r.amount IS NOT NULL AND (ar.sign(r.amount) <= 0 OR ar.currency(r.amount) <> ar.currency(r.total) OR r.amount >= r.total)
    ORDER BY r.dispute_id LIMIT 1;
    IF FOUND AND wrong.found_id IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('dispute %s does not exist in ledger %s', wrong.dispute_id, resolve_disputes.ledger_id);
    ELSIF FOUND AND wrong.is_outcome IS NOT NULL THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('dispute %s is %s already', wrong.dispute_id, wrong.is_outcome),
            HINT = 'Open another with ar.open_dispute().', TABLE = 'dispute', SCHEMA = 'ar', COLUMN = 'outcome';
    ELSIF FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('dispute %s cannot be resolved so', wrong.dispute_id),
            DETAIL = format('The outcome is %s, the amount %s of %s disputed; it is named %s times.', wrong.outcome, coalesce(wrong.amount::text, 'none'),
                            wrong.total, wrong.times),
            HINT = 'The outcome is credited or rejected, without an amount, or compromised, with the part that is credited; each dispute is named once.';
    END IF;

    -- What is credited of each item: all, or the part agreed, the earliest due date first.
    SELECT jsonb_agg(to_jsonb(c) ORDER BY c.dispute_id, c.item_id) INTO plan
    FROM (
        SELECT r.dispute_id, s.item_id, ar.monetary(least(s.part, s.wanted - (s.upto - s.part)), s.currency) AS amount,
               format('dispute %s: %s', r.dispute_id, r.resolution) AS reason, coalesce(r.resolved_on, today) AS resolved_on
        FROM jsonb_to_recordset(resolve_disputes.resolutions) AS r(dispute_id bigint, outcome text, amount ar.monetary, resolution text, resolved_on date)
        CROSS JOIN LATERAL (
            SELECT d.item_id, ar.currency(d.amount) AS currency, ar.amount(d.amount) AS part,
                   coalesce(ar.amount(r.amount), sum(ar.amount(d.amount)) OVER ()) AS wanted,
                   sum(ar.amount(d.amount)) OVER (ORDER BY i.due_on, i.item_id) AS upto
            FROM ar.dispute_item AS d
            JOIN ar.item AS i ON i.ledger_id = d.ledger_id AND i.item_id = d.item_id
            WHERE d.ledger_id = resolve_disputes.ledger_id AND d.dispute_id = r.dispute_id) AS s
        WHERE r.outcome <> 'rejected' AND s.wanted > s.upto - s.part) AS c;

    -- The reason names the dispute, so that one memo is for one dispute.
    FOR batch IN
        SELECT c.resolved_on, jsonb_agg(c.value ORDER BY c.dispute_id, c.item_id) AS credits
        FROM (SELECT c.value, r.* FROM jsonb_array_elements(plan) AS c(value)
              CROSS JOIN LATERAL jsonb_to_record(c.value) AS r(dispute_id bigint, item_id bigint, resolved_on date)) AS c
        GROUP BY c.resolved_on ORDER BY c.resolved_on
    LOOP
        SELECT jsonb_agg(batch.credits -> (m.element - 1)::integer || jsonb_build_object('memo_id', m.memo_id)) INTO plan
        FROM ar.credit_items(
            resolve_disputes.ledger_id,
            ARRAY(SELECT (c.value ->> 'item_id')::bigint FROM jsonb_array_elements(batch.credits) WITH ORDINALITY AS c(value, nth) ORDER BY c.nth),
            ARRAY(SELECT (c.value ->> 'amount')::ar.monetary FROM jsonb_array_elements(batch.credits) WITH ORDINALITY AS c(value, nth) ORDER BY c.nth),
            ARRAY(SELECT c.value ->> 'reason' FROM jsonb_array_elements(batch.credits) WITH ORDINALITY AS c(value, nth) ORDER BY c.nth),
            batch.resolved_on) AS m;
        UPDATE ar.dispute_item AS d SET credited = c.amount, credit_memo_id = c.memo_id
        FROM jsonb_to_recordset(plan) AS c(dispute_id bigint, item_id bigint, amount ar.monetary, memo_id bigint)
        WHERE d.ledger_id = resolve_disputes.ledger_id AND d.dispute_id = c.dispute_id AND d.item_id = c.item_id;
    END LOOP;
    UPDATE ar.dispute AS d SET outcome = r.outcome, resolution = r.resolution, resolved_on = coalesce(r.resolved_on, today)
    FROM jsonb_to_recordset(resolve_disputes.resolutions) AS r(dispute_id bigint, outcome text, resolution text, resolved_on date)
    WHERE d.ledger_id = resolve_disputes.ledger_id AND d.dispute_id = r.dispute_id;

    RETURN QUERY
    SELECT r.dispute_id, r.outcome, (SELECT ar.sum(i.credited) FROM ar.dispute_item AS i
                                     WHERE i.ledger_id = resolve_disputes.ledger_id AND i.dispute_id = r.dispute_id)
    FROM jsonb_to_recordset(resolve_disputes.resolutions) AS r(dispute_id bigint, outcome text)
    ORDER BY r.dispute_id;
END
$$;
COMMENT ON FUNCTION ar.resolve_disputes(integer, jsonb) IS
'Resolves any number of open disputes. What is credited is credited by memos, one for each dispute and invoice and one for its charges, and applied to the disputed items; what was paid of them meanwhile stays credit of the customer. All or none.
Arguments: ledger_id; resolutions, a JSON array of objects with dispute_id, outcome (credited: all of it; compromised: amount of it, such as "EUR 20.00", the earliest due date first; rejected), resolution (why), and perhaps resolved_on (the first day on which it counts no more and the date of the memos, by default the business date).
Result: a row a dispute, with what was credited, NULL when rejected.
Errors: 22023 malformed payload, no such outcome, an amount that is not a part; 23503 no such dispute; 23514 resolved before it was opened, or credited before the invoice; RA002 more than remains creditable of an invoice; RA004 it is resolved already.';

CREATE FUNCTION ar.resolve_dispute(
    ledger_id integer,
    dispute_id bigint,
    outcome text,
    resolution text,
    amount ar.monetary DEFAULT NULL,
    resolved_on date DEFAULT NULL
) RETURNS ar.monetary
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.credited
    FROM ar.resolve_disputes(resolve_dispute.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'dispute_id', resolve_dispute.dispute_id, 'outcome', resolve_dispute.outcome, 'resolution', resolve_dispute.resolution,
        'amount', resolve_dispute.amount::text, 'resolved_on', resolve_dispute.resolved_on)))) AS r;
$$;
COMMENT ON FUNCTION ar.resolve_dispute(integer, bigint, text, text, ar.monetary, date) IS
'Resolves one dispute, and returns what was credited, NULL when it was rejected: ar.resolve_disputes() with one, where the arguments are described.
Errors: as ar.resolve_disputes().';

CREATE FUNCTION ar.note_dispute(ledger_id integer, dispute_id bigint, note text, evidence text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result bigint;
BEGIN
    INSERT INTO ar.dispute_note AS n (ledger_id, dispute_id, note, evidence)
    VALUES (note_dispute.ledger_id, note_dispute.dispute_id, note_dispute.note, note_dispute.evidence)
    RETURNING n.note_id INTO result;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.note_dispute(integer, bigint, text, text) IS
'Notes something about a dispute and returns the note_id. Many at once: INSERT INTO ar.dispute_note.
Arguments: ledger_id; dispute_id; note; evidence, the name or address of a document.
Errors: 23503 no such dispute; 23514 a blank note.';

CREATE FUNCTION ar.disputed(ledger_id integer, item_ids bigint[] DEFAULT NULL)
RETURNS TABLE (item_id bigint, amount ar.monetary, disputes bigint)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF disputed.item_ids IS NULL THEN
        RETURN QUERY
        SELECT i.item_id, least(i.open, s.amount), s.disputes
        FROM (
            SELECT n.ledger_id, n.item_id, ar.sum(n.amount) AS amount, count(*) AS disputes
            FROM ar.dispute AS d
            JOIN ar.dispute_item AS n ON n.ledger_id = d.ledger_id AND n.dispute_id = d.dispute_id
            WHERE d.ledger_id = disputed.ledger_id AND d.outcome IS NULL
            GROUP BY n.ledger_id, n.item_id) AS s
        JOIN ar.item AS i ON i.ledger_id = s.ledger_id AND i.item_id = s.item_id
        WHERE i.closed_on IS NULL;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT i.item_id, least(i.open, s.amount), s.disputes
    FROM (
        SELECT n.ledger_id, n.item_id, ar.sum(n.amount) AS amount, count(*) AS disputes
        FROM (SELECT DISTINCT disputed.ledger_id, u.item_id FROM unnest(disputed.item_ids) AS u(item_id)) AS w
        JOIN ar.dispute_item AS n ON n.ledger_id = w.ledger_id AND n.item_id = w.item_id
        JOIN ar.dispute AS d ON d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id AND d.outcome IS NULL
        GROUP BY n.ledger_id, n.item_id) AS s
    JOIN ar.item AS i ON i.ledger_id = s.ledger_id AND i.item_id = s.item_id
    WHERE i.closed_on IS NULL;
END
$$;
COMMENT ON FUNCTION ar.disputed(integer, bigint[]) IS
'What is disputed of open items, never more than is open of them: a row for each item with an open dispute, and how many there are.
Arguments: ledger_id; item_ids, by default all.';

CREATE FUNCTION ar.dispute_reasons(ledger_id integer, from_on date, to_on date)
RETURNS TABLE (reason_code text, name text, currency text, outcome text, disputes bigint, amount numeric, credited numeric, days numeric)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT d.reason_code, r.name, s.currency, coalesce(d.outcome, 'open'), count(*), sum(s.amount), coalesce(sum(s.credited), 0),
           round(avg(d.resolved_on - d.opened_on), 1)
    FROM ar.dispute AS d
    JOIN ar.dispute_reason AS r ON r.ledger_id = d.ledger_id AND r.reason_code = d.reason_code
    CROSS JOIN LATERAL (
        SELECT ar.currency(i.amount) AS currency, sum(ar.amount(i.amount)) AS amount, sum(ar.amount(i.credited)) AS credited
        FROM ar.dispute_item AS i WHERE i.ledger_id = d.ledger_id AND i.dispute_id = d.dispute_id
        GROUP BY ar.currency(i.amount)) AS s
    WHERE d.ledger_id = dispute_reasons.ledger_id AND d.opened_on BETWEEN dispute_reasons.from_on AND dispute_reasons.to_on
    GROUP BY d.reason_code, r.name, s.currency, coalesce(d.outcome, 'open')
    ORDER BY d.reason_code, s.currency, 4;
END
$$;
COMMENT ON FUNCTION ar.dispute_reasons(integer, date, date) IS
'Why customers disputed, a row per reason, currency and outcome of the disputes opened between two days: how many, how much was disputed and credited of that, and the average days to the resolution (NULL while open).
Arguments: ledger_id; from_on and to_on, both included. Amounts are in units of currency.';

REVOKE ALL ON FUNCTION ar.tg_seed_dispute_reasons(), ar.tg_stamp_dispute_note(), ar.tg_guard_dispute(), ar.tg_guard_dispute_item(),
    ar.tg_open_disputes(), ar.open_disputes(integer, jsonb),
    ar.open_dispute(integer, bigint, text, ar.monetary, bigint[], text, text, date, date, text, text),
    ar.resolve_disputes(integer, jsonb), ar.resolve_dispute(integer, bigint, text, text, ar.monetary, date),
    ar.note_dispute(integer, bigint, text, text), ar.disputed(integer, bigint[]), ar.dispute_reasons(integer, date, date) FROM PUBLIC;
