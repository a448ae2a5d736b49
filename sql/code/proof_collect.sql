-- proof: disputes, promises, plans, cases, placements, interest, fees and write-offs.

CREATE FUNCTION ar.verify_disputes(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH dispute AS MATERIALIZED (
        SELECT d.ledger_id, d.dispute_id, d.customer_id, d.outcome, count(n.item_id) AS items,
               count(DISTINCT ar.currency(n.amount)) AS currencies, count(n.credited) AS credited,
               count(*) FILTER (WHERE n.credited = n.amount) AS whole,
               bool_or(i.item_id IS NULL OR i.customer_id <> d.customer_id OR NOT ar.is_open_within(n.amount, i.amount)) AS is_wrong,
               bool_or(n.credit_memo_id IS NOT NULL AND (v.kind IS DISTINCT FROM 'credit_memo' OR v.customer_id <> d.customer_id)) AS is_miscredited
        FROM ar.dispute AS d
        LEFT JOIN ar.dispute_item AS n ON n.ledger_id = d.ledger_id AND n.dispute_id = d.dispute_id
        LEFT JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
        LEFT JOIN ar.invoice AS v ON v.ledger_id = n.ledger_id AND v.invoice_id = n.credit_memo_id
        WHERE verify_disputes.ledger_id IS NULL OR d.ledger_id = verify_disputes.ledger_id
        GROUP BY d.ledger_id, d.dispute_id, d.customer_id, d.outcome
    )
    SELECT 'dispute_items', d.ledger_id, 'dispute', d.dispute_id,
           CASE WHEN d.items = 0 THEN 'is about no item' WHEN d.currencies > 1 THEN 'is in several currencies'
                ELSE 'is about items of another customer, or more than they have' END
    FROM dispute AS d WHERE d.items = 0 OR d.currencies > 1 OR d.is_wrong
    UNION ALL
    SELECT 'dispute_outcome', d.ledger_id, 'dispute', d.dispute_id,
           format('is %s, of its %s items %s are credited in whole and %s in part', coalesce(d.outcome, 'open'), d.items, d.whole, d.credited - d.whole)
    FROM dispute AS d
    WHERE d.is_miscredited
       OR coalesce(d.outcome, 'rejected') <> CASE WHEN d.credited = 0 THEN 'rejected' WHEN d.whole = d.items THEN 'credited' ELSE 'compromised' END
    UNION ALL
    -- A memo credits what the disputes that name it say.
    SELECT 'dispute_credited', s.ledger_id, 'invoice', s.credit_memo_id,
           format('is of %s, the disputes that it credits say %s', v.total, s.credited)
    FROM (SELECT n.ledger_id, n.credit_memo_id, ar.sum(n.credited) AS credited
          FROM ar.dispute_item AS n
          WHERE n.credit_memo_id IS NOT NULL AND (verify_disputes.ledger_id IS NULL OR n.ledger_id = verify_disputes.ledger_id)
          GROUP BY n.ledger_id, n.credit_memo_id) AS s
    JOIN ar.invoice AS v ON v.ledger_id = s.ledger_id AND v.invoice_id = s.credit_memo_id
    WHERE v.total <> s.credited;
END
$$;
COMMENT ON FUNCTION ar.verify_disputes(integer) IS
'The part of ar.verify_collect() on disputes: items, outcome, and the credit memos that followed.';

CREATE FUNCTION ar.verify_promises(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH promise AS MATERIALIZED (
        SELECT p.ledger_id, p.promise_id, p.customer_id, p.status, count(n.item_id) AS items, count(*) FILTER (WHERE n.is_open) AS open,
               bool_or(i.customer_id <> p.customer_id OR ar.currency(i.amount) <> ar.currency(p.amount) OR ar.sign(i.amount) <= 0) AS is_wrong
        FROM ar.promise AS p
        LEFT JOIN ar.promise_item AS n ON n.ledger_id = p.ledger_id AND n.promise_id = p.promise_id
        LEFT JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
        WHERE verify_promises.ledger_id IS NULL OR p.ledger_id = verify_promises.ledger_id
        GROUP BY p.ledger_id, p.promise_id, p.customer_id, p.status
    )
    SELECT 'promise_items', p.ledger_id, 'promise', p.promise_id,
           CASE WHEN p.items = 0 THEN 'is for no item' ELSE 'is for items that the customer does not owe, or in another currency' END
    FROM promise AS p WHERE p.items = 0 OR p.is_wrong
    UNION ALL
    SELECT 'promise_open', p.ledger_id, 'promise', p.promise_id,
           format('is %s, and %s of its %s items are taken by it', p.status, p.open, p.items)
    FROM promise AS p WHERE p.open <> CASE p.status WHEN 'open' THEN p.items ELSE 0 END
    UNION ALL
    SELECT 'promise_event', p.ledger_id, 'promise', p.promise_id, 'is broken, and no credit event says so'
    FROM promise AS p
    WHERE p.status = 'broken' AND NOT EXISTS (
        SELECT FROM ar.credit_event AS e
        WHERE e.ledger_id = p.ledger_id AND e.external_id = 'promise ' || p.promise_id AND e.kind = 'broken_promise' AND e.customer_id = p.customer_id);
END
$$;
COMMENT ON FUNCTION ar.verify_promises(integer) IS
'The part of ar.verify_collect() on promises: their items, which have one open promise at a time, and the events of broken ones.';

CREATE FUNCTION ar.verify_plans(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH plan AS MATERIALIZED (
        SELECT p.ledger_id, p.plan_id, p.customer_id, p.status, p.amount, count(n.item_id) AS items, count(*) FILTER (WHERE n.is_open) AS open,
               bool_or(i.customer_id <> p.customer_id OR ar.currency(i.amount) <> ar.currency(p.amount) OR ar.sign(i.amount) <= 0) AS is_wrong
        FROM ar.payment_plan AS p
        LEFT JOIN ar.payment_plan_item AS n ON n.ledger_id = p.ledger_id AND n.plan_id = p.plan_id
        LEFT JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
        WHERE verify_plans.ledger_id IS NULL OR p.ledger_id = verify_plans.ledger_id
        GROUP BY p.ledger_id, p.plan_id, p.customer_id, p.status, p.amount
    )
    SELECT 'plan_items', p.ledger_id, 'payment_plan', p.plan_id,
           CASE WHEN p.items = 0 THEN 'is for no item' ELSE 'is for items that the customer does not owe, or in another currency' END
    FROM plan AS p WHERE p.items = 0 OR p.is_wrong
    UNION ALL
    SELECT 'plan_open', p.ledger_id, 'payment_plan', p.plan_id, format('is %s, and %s of its %s items are taken by it', p.status, p.open, p.items)
    FROM plan AS p WHERE p.open <> CASE p.status WHEN 'open' THEN p.items ELSE 0 END
    UNION ALL
    SELECT 'plan_instalments', p.ledger_id, 'payment_plan', p.plan_id, format('is of %s, its instalments make %s', p.amount, coalesce(s.total, 0))
    FROM plan AS p
    CROSS JOIN LATERAL (SELECT sum(ar.amount(i.amount)) AS total FROM ar.payment_plan_instalment AS i
                        WHERE i.ledger_id = p.ledger_id AND i.plan_id = p.plan_id) AS s
    WHERE coalesce(s.total, 0) <> ar.amount(p.amount)
    UNION ALL
    SELECT 'plan_re_aging', r.ledger_id, 'plan_re_aging', r.plan_id, format('is of %s, the plan is from %s to %s', r.re_aged_on, p.agreed_on, p.ended_on)
    FROM ar.plan_re_aging AS r
    JOIN ar.payment_plan AS p ON p.ledger_id = r.ledger_id AND p.plan_id = r.plan_id
    WHERE (verify_plans.ledger_id IS NULL OR r.ledger_id = verify_plans.ledger_id)
      AND (r.re_aged_on < p.agreed_on OR r.recorded_at < p.recorded_at OR r.recorded_at > p.ended_at);
END
$$;
COMMENT ON FUNCTION ar.verify_plans(integer) IS
'The part of ar.verify_collect() on payment plans: their items, which are on one open plan at a time, their instalments, and whether they were re-aged while open.';

CREATE FUNCTION ar.verify_cases(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH counted AS MATERIALIZED (
        SELECT a.ledger_id, a.case_id, count(*) AS activities, count(*) FILTER (WHERE a.customer_id <> k.customer_id) AS others
        FROM ar.collection_activity AS a
        JOIN ar.collection_case AS k ON k.ledger_id = a.ledger_id AND k.case_id = a.case_id
        WHERE verify_cases.ledger_id IS NULL OR a.ledger_id = verify_cases.ledger_id
        GROUP BY a.ledger_id, a.case_id
    ), assigned AS MATERIALIZED (
        SELECT DISTINCT ON (a.ledger_id, a.case_id) a.ledger_id, a.case_id, a.collector
        FROM ar.case_assignment AS a
        WHERE verify_cases.ledger_id IS NULL OR a.ledger_id = verify_cases.ledger_id
        ORDER BY a.ledger_id, a.case_id, a.assignment_id DESC
    )
    SELECT 'case_activities', k.ledger_id, 'collection_case', k.case_id, format('has %s activities, says %s', coalesce(n.activities, 0), k.activities)
    FROM ar.collection_case AS k LEFT JOIN counted AS n ON n.ledger_id = k.ledger_id AND n.case_id = k.case_id
    WHERE (verify_cases.ledger_id IS NULL OR k.ledger_id = verify_cases.ledger_id) AND k.activities <> coalesce(n.activities, 0)
    UNION ALL
    SELECT 'case_customer', n.ledger_id, 'collection_case', n.case_id, format('has %s activities with another customer', n.others)
    FROM counted AS n WHERE n.others > 0
    UNION ALL
    SELECT 'case_collector', k.ledger_id, 'collection_case', k.case_id,
           format('was given to %s, says %s', coalesce(a.collector, 'nobody'), coalesce(k.collector, 'nobody'))
    FROM ar.collection_case AS k LEFT JOIN assigned AS a ON a.ledger_id = k.ledger_id AND a.case_id = k.case_id
    WHERE (verify_cases.ledger_id IS NULL OR k.ledger_id = verify_cases.ledger_id) AND k.collector IS DISTINCT FROM a.collector
    UNION ALL
    SELECT 'activity_reversal', r.ledger_id, 'collection_activity', r.activity_id, format('takes %s back, which is another customer''s, of another kind, or does so itself', r.reverses_id)
    FROM ar.collection_activity AS r
    JOIN ar.collection_activity AS a ON a.ledger_id = r.ledger_id AND a.activity_id = r.reverses_id
    WHERE (verify_cases.ledger_id IS NULL OR r.ledger_id = verify_cases.ledger_id)
      AND (a.customer_id <> r.customer_id OR a.kind <> r.kind OR a.reverses_id IS NOT NULL);
END
$$;
COMMENT ON FUNCTION ar.verify_cases(integer) IS
'The part of ar.verify_collect() on cases: their activities and who works on them.';

CREATE FUNCTION ar.verify_placements(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH placement AS MATERIALIZED (
        SELECT p.ledger_id, p.placement_id, p.status, count(n.item_id) AS items, count(*) FILTER (WHERE n.is_open) AS open,
               bool_or(i.customer_id <> p.customer_id OR NOT ar.is_open_within(n.amount, i.amount)) AS is_wrong
        FROM ar.placement AS p
        LEFT JOIN ar.placement_item AS n ON n.ledger_id = p.ledger_id AND n.placement_id = p.placement_id
        LEFT JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.item_id = n.item_id
        WHERE verify_placements.ledger_id IS NULL OR p.ledger_id = verify_placements.ledger_id
        GROUP BY p.ledger_id, p.placement_id, p.status
    )
    SELECT 'placement_items', p.ledger_id, 'placement', p.placement_id,
           CASE WHEN p.items = 0 THEN 'is of no item' ELSE 'is of items of another customer, or of more than they have' END
    FROM placement AS p WHERE p.items = 0 OR p.is_wrong
    UNION ALL
    SELECT 'placement_open', p.ledger_id, 'placement', p.placement_id, format('is %s, and %s of its %s items are taken by it', p.status, p.open, p.items)
    FROM placement AS p WHERE p.open <> CASE p.status WHEN 'placed' THEN p.items ELSE 0 END;
END
$$;
COMMENT ON FUNCTION ar.verify_placements(integer) IS
'The part of ar.verify_collect() on placements: their items, which are with one agency at a time.';

CREATE FUNCTION ar.verify_interest(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'interest_chain', c.ledger_id, 'interest_charge', c.charge_id,
           format('begins on %s, the period before ends on %s', c.from_on, coalesce(c.ends_on::text, 'none'))
    FROM (SELECT c.*, lag(c.to_on) OVER (PARTITION BY c.ledger_id, c.item_id ORDER BY c.from_on, c.to_on) AS ends_on
          FROM ar.interest_charge AS c WHERE verify_interest.ledger_id IS NULL OR c.ledger_id = verify_interest.ledger_id) AS c
    WHERE c.ends_on <> c.from_on OR c.previous_to_on IS DISTINCT FROM c.ends_on
    UNION ALL
    -- What has become known since the last run is for the next one.
    SELECT 'interest_amount', l.ledger_id, 'interest_charge', o.charge_id, format('%s %s is charged, %s is owed', o.currency, o.charged, o.owed)
    FROM (SELECT DISTINCT c.ledger_id FROM ar.interest_charge AS c
          WHERE verify_interest.ledger_id IS NULL OR c.ledger_id = verify_interest.ledger_id) AS l
    CROSS JOIN LATERAL ar.interest_owed(l.ledger_id) AS o
    WHERE o.seen = o.now_seen AND o.charged <> o.owed
    UNION ALL
    SELECT 'charge_adjustment', s.ledger_id, s.table_name, s.row_id, format('charges %s by adjustment %s of %s %s', s.amount, s.adjustment_id, j.kind, j.amount)
    FROM (SELECT c.ledger_id, 'interest_charge' AS table_name, c.charge_id AS row_id, c.adjustment_id, c.amount::text AS amount, 'interest' AS kind, i.customer_id, i.invoice_id
          FROM ar.interest_charge AS c JOIN ar.item AS i ON i.ledger_id = c.ledger_id AND i.item_id = c.item_id
          UNION ALL
          SELECT k.ledger_id, 'interest_correction', k.correction_id, k.adjustment_id, k.amount::text, 'interest', i.customer_id, i.invoice_id
          FROM ar.interest_correction AS k
          JOIN ar.interest_charge AS c ON c.ledger_id = k.ledger_id AND c.charge_id = k.charge_id
          JOIN ar.item AS i ON i.ledger_id = c.ledger_id AND i.item_id = c.item_id
          UNION ALL
          SELECT f.ledger_id, 'late_fee', f.invoice_id, f.adjustment_id, NULL, 'fee', v.customer_id, v.invoice_id
          FROM ar.late_fee AS f JOIN ar.invoice AS v ON v.ledger_id = f.ledger_id AND v.invoice_id = f.invoice_id) AS s
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = s.ledger_id AND j.adjustment_id = s.adjustment_id
    WHERE s.adjustment_id IS NOT NULL AND (verify_interest.ledger_id IS NULL OR s.ledger_id = verify_interest.ledger_id)
      AND (j.adjustment_id IS NULL OR j.kind <> s.kind OR j.amount::text <> s.amount OR j.customer_id <> s.customer_id
           OR j.invoice_id IS DISTINCT FROM s.invoice_id)
    UNION ALL
    SELECT 'charge_credited', j.ledger_id, 'adjustment', j.adjustment_id, format('is of %s, credited are %s', j.amount, s.credited)
    FROM (SELECT c.ledger_id, c.adjustment_id, sum(ar.amount(c.amount)) AS credited FROM ar.charge_credit AS c
          WHERE verify_interest.ledger_id IS NULL OR c.ledger_id = verify_interest.ledger_id
          GROUP BY c.ledger_id, c.adjustment_id) AS s
    JOIN ar.adjustment AS j ON j.ledger_id = s.ledger_id AND j.adjustment_id = s.adjustment_id
    WHERE s.credited > ar.amount(j.amount) OR j.kind NOT IN ('fee', 'interest')
    UNION ALL
    SELECT 'charge_credit_memo', v.ledger_id, 'invoice', v.invoice_id, format('is of %s, it is to credit charges of %s', v.total, s.credited)
    FROM (SELECT c.ledger_id, c.credit_memo_id, sum(ar.amount(c.amount)) AS credited FROM ar.charge_credit AS c
          WHERE verify_interest.ledger_id IS NULL OR c.ledger_id = verify_interest.ledger_id
          GROUP BY c.ledger_id, c.credit_memo_id) AS s
    JOIN ar.invoice AS v ON v.ledger_id = s.ledger_id AND v.invoice_id = s.credit_memo_id
    WHERE s.credited <> ar.amount(v.total) OR v.kind <> 'credit_memo';
END
$$;
COMMENT ON FUNCTION ar.verify_interest(integer) IS
'The part of ar.verify_collect() on interest and fees: the chain of periods, amounts reckoned anew, the adjustments that charge them, and what credit memos take back.';

CREATE FUNCTION ar.verify_write_offs(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'write_off_adjustment', w.ledger_id, 'write_off', w.adjustment_id, format('is an adjustment of kind %s, for item %s', j.kind, w.item_id)
    FROM ar.write_off AS w
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = w.ledger_id AND j.adjustment_id = w.adjustment_id
    LEFT JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.item_id = w.item_id
    WHERE (verify_write_offs.ledger_id IS NULL OR w.ledger_id = verify_write_offs.ledger_id)
      AND (j.kind IS DISTINCT FROM 'write_off' OR j.reverses_id IS NOT NULL OR i.customer_id IS DISTINCT FROM j.customer_id
           OR i.invoice_id IS DISTINCT FROM j.invoice_id)
    UNION ALL
    SELECT 'write_off_recovered', r.ledger_id, 'adjustment', r.adjustment_id, format('is of %s, the write-off that it recovers of %s', r.amount, j.amount)
    FROM ar.adjustment AS r
    LEFT JOIN ar.adjustment AS j ON j.ledger_id = r.ledger_id AND j.adjustment_id = r.reverses_id
    WHERE r.kind = 'write_off' AND r.reverses_id IS NOT NULL AND (verify_write_offs.ledger_id IS NULL OR r.ledger_id = verify_write_offs.ledger_id)
      AND (j.kind IS DISTINCT FROM 'write_off' OR j.customer_id <> r.customer_id OR j.amount <> -r.amount);
END
$$;
COMMENT ON FUNCTION ar.verify_write_offs(integer) IS
'The part of ar.verify_collect() on write-offs: who wrote off which item, and recoveries, which are exact opposites.';

CREATE FUNCTION ar.verify_collect(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT * FROM ar.verify_disputes(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_promises(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_plans(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_cases(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_placements(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_interest(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_write_offs(verify_collect.ledger_id)
    UNION ALL SELECT * FROM ar.verify_dunning(verify_collect.ledger_id);
END
$$;
COMMENT ON FUNCTION ar.verify_collect(integer) IS
'The part of ar.verify() on collections: disputes, promises, plans, cases, placements, interest, fees and write-offs.';

REVOKE ALL ON FUNCTION ar.verify_disputes(integer), ar.verify_promises(integer), ar.verify_plans(integer), ar.verify_cases(integer), ar.verify_placements(integer), ar.verify_interest(integer), ar.verify_write_offs(integer), ar.verify_collect(integer) FROM PUBLIC;
