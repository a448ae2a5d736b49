-- The year reckoned once more, from the documents and applications alone and in other ways than the extension's: each view lists what differs.
SET search_path TO public, ar;

-- What an item had open from a day on: its amount, less all that was applied up to then.
CREATE TABLE sim.balance AS
SELECT e.item_id, e.day, lead(e.day, 1, date '2026-01-01') OVER w AS until, sum(e.delta) OVER w AS open
FROM (SELECT u.item_id, u.day, sum(u.delta) AS delta
      FROM (SELECT i.item_id, i.issued_on AS day, ar.amount(i.amount) AS delta FROM ar.item AS i WHERE i.ledger_id = sim.ledger()
            UNION ALL SELECT a.debit_item_id, a.applied_on, -ar.amount(a.amount) FROM ar.application AS a WHERE a.ledger_id = sim.ledger()
            UNION ALL SELECT a.credit_item_id, a.applied_on, ar.amount(a.amount) FROM ar.application AS a WHERE a.ledger_id = sim.ledger()) AS u
      GROUP BY u.item_id, u.day) AS e
WINDOW w AS (PARTITION BY e.item_id ORDER BY e.day);
CREATE INDEX ON sim.balance (item_id);
CREATE VIEW sim.disputed AS SELECT DISTINCT item_id FROM ar.dispute_item;

-- Each snapshot of the end of a month: by customer and side, and by bucket where no plan was re-aged.
CREATE VIEW sim.wrong_snapshot AS
WITH month AS (
    SELECT s.as_of, s.known_at FROM ar.aging_snapshot AS s WHERE s.ledger_id = sim.ledger() AND extract(day FROM s.as_of + 1) = 1
), then_open AS (
    SELECT m.as_of, i.customer_id, i.due_on, ar.amount(i.amount) + coalesce(s.delta, 0) AS open
    FROM month AS m
    JOIN ar.item AS i ON i.ledger_id = sim.ledger() AND i.issued_on <= m.as_of AND i.recorded_at <= m.known_at
    LEFT JOIN LATERAL (SELECT sum(CASE WHEN a.debit_item_id = i.item_id THEN -ar.amount(a.amount) ELSE ar.amount(a.amount) END) AS delta FROM ar.application AS a
                       WHERE a.ledger_id = sim.ledger() AND i.item_id IN (a.debit_item_id, a.credit_item_id) AND a.applied_on <= m.as_of AND a.recorded_at <= m.known_at) AS s ON true
), re_aged AS (
    SELECT DISTINCT m.as_of, p.customer_id FROM month AS m
    JOIN ar.payment_plan AS p ON p.ledger_id = sim.ledger() AND p.agreed_on <= m.as_of AND coalesce(p.ended_on > m.as_of, true)
    JOIN ar.plan_re_aging AS r ON r.plan_id = p.plan_id
), replayed AS (
    SELECT t.as_of, t.customer_id, t.open < 0 AS is_credit,
           CASE WHEN r.customer_id IS NOT NULL THEN 'any' WHEN t.as_of <= t.due_on THEN 'current' WHEN t.as_of - t.due_on <= 30 THEN '1-30' WHEN t.as_of - t.due_on <= 60 THEN '31-60'
                WHEN t.as_of - t.due_on <= 90 THEN '61-90' ELSE '91+' END AS bucket, sum(t.open) AS open
    FROM then_open AS t LEFT JOIN re_aged AS r ON r.as_of = t.as_of AND r.customer_id = t.customer_id
    WHERE t.open <> 0 GROUP BY 1, 2, 3, 4
), kept AS (
    SELECT l.as_of, l.customer_id, l.is_credit, CASE WHEN r.customer_id IS NOT NULL THEN 'any' ELSE l.bucket::text END AS bucket, sum(ar.amount(l.open)) AS open
    FROM ar.aging_snapshot_line AS l JOIN month AS m ON m.as_of = l.as_of LEFT JOIN re_aged AS r ON r.as_of = l.as_of AND r.customer_id = l.customer_id
    WHERE l.ledger_id = sim.ledger() GROUP BY 1, 2, 3, 4
)
SELECT as_of, customer_id, is_credit, bucket, k.open AS kept, r.open AS replayed FROM kept AS k FULL JOIN replayed AS r USING (as_of, customer_id, is_credit, bucket)
WHERE coalesce(k.open <> r.open, true);

-- Interest, day by day: 9 percent of what was open at its end, rounded once a charge. What was disputed is another matter.
CREATE VIEW sim.wrong_interest AS
SELECT s.* FROM (
    SELECT c.item_id, sum(ar.amount(c.amount) + coalesce(k.amount, 0)) AS charged, sum(d.interest) AS reckoned, count(*) AS charges
    FROM ar.interest_charge AS c
    LEFT JOIN (SELECT k.charge_id, sum(ar.amount(k.amount)) AS amount FROM ar.interest_correction AS k GROUP BY k.charge_id) AS k ON k.charge_id = c.charge_id
    CROSS JOIN LATERAL (SELECT round(sum(b.open) * 9 / 36500, 2) AS interest
                        FROM generate_series(c.from_on::timestamp, c.to_on::timestamp - interval '1 day', '1 day') AS g(day) JOIN sim.balance AS b ON b.item_id = c.item_id AND b.day <= g.day::date AND b.until > g.day::date) AS d
    WHERE c.ledger_id = sim.ledger() AND c.item_id NOT IN (SELECT item_id FROM sim.disputed) GROUP BY c.item_id) AS s
WHERE s.charged <> s.reckoned;

-- One fee of EUR 40 for each invoice of which something was open on the day after its due date. (One that was paid by then, by what bounced later, has none.)
CREATE VIEW sim.wrong_fee AS
SELECT coalesce(f.invoice_id, w.invoice_id) AS invoice_id, f.fees, w.invoice_id IS NOT NULL AS is_late
FROM (SELECT f.invoice_id, count(*) AS fees FROM ar.late_fee AS f WHERE f.ledger_id = sim.ledger() GROUP BY f.invoice_id) AS f
FULL JOIN (SELECT DISTINCT i.invoice_id FROM ar.item AS i JOIN sim.balance AS b ON b.item_id = i.item_id
           WHERE i.ledger_id = sim.ledger() AND i.kind = 'invoice' AND b.open > 0 AND b.day <= i.due_on + 1 AND b.until > i.due_on + 1 AND i.due_on < '2025-12-31') AS w ON w.invoice_id = f.invoice_id
WHERE (f.invoice_id IS NULL OR w.invoice_id IS NULL OR f.fees <> 1)
  AND coalesce(f.invoice_id, w.invoice_id) NOT IN (SELECT i.invoice_id FROM ar.item AS i JOIN sim.disputed AS d USING (item_id) WHERE i.invoice_id IS NOT NULL);

-- What was paid of an item from a day until another.
CREATE FUNCTION sim.paid(item bigint, from_on date, to_on date) RETURNS numeric LANGUAGE sql STABLE SET search_path = public, ar AS $$
    SELECT coalesce(sum(ar.amount(a.amount)), 0) FROM ar.application AS a JOIN ar.item AS c ON c.ledger_id = a.ledger_id AND c.item_id = a.credit_item_id
    WHERE a.ledger_id = sim.ledger() AND a.debit_item_id = item AND a.applied_on BETWEEN from_on AND to_on AND c.kind <> 'write_off' $$;
CREATE VIEW sim.wrong_promise AS
SELECT * FROM (
    SELECT p.promise_id, p.status, CASE WHEN s.paid >= ar.amount(p.amount) THEN 'kept' WHEN p.due_on + 2 >= '2025-12-31' THEN 'open' WHEN s.paid > 0 THEN 'partly_kept' ELSE 'broken' END AS reckoned
    FROM ar.promise AS p
    CROSS JOIN LATERAL (SELECT sum(sim.paid(n.item_id, p.made_on, p.due_on + 2)) AS paid FROM ar.promise_item AS n WHERE n.promise_id = p.promise_id) AS s
    WHERE p.ledger_id = sim.ledger()) AS p WHERE p.status <> p.reckoned;
-- A plan ends on the first of two days: when nothing is open of its items, or the day after day and grace of an instalment up to which not all was paid.
CREATE VIEW sim.wrong_plan AS
SELECT * FROM (
    SELECT p.plan_id, p.status, p.ended_on,
           CASE WHEN coalesce(e.settled_on <= m.missed_on + 1, e.settled_on IS NOT NULL) THEN 'completed' WHEN m.missed_on IS NOT NULL THEN 'breached' ELSE 'open' END AS reckoned,
           CASE WHEN coalesce(e.settled_on <= m.missed_on + 1, e.settled_on IS NOT NULL) THEN e.settled_on ELSE m.missed_on + 1 END AS reckoned_on
    FROM ar.payment_plan AS p
    CROSS JOIN LATERAL (
        SELECT min(i.due_on + 3) AS missed_on
        FROM (SELECT i.due_on, sum(ar.amount(i.amount)) OVER (ORDER BY i.instalment) AS upto FROM ar.payment_plan_instalment AS i WHERE i.plan_id = p.plan_id) AS i
        WHERE i.due_on + 3 < '2025-12-31'
          AND i.upto > (SELECT sum(sim.paid(n.item_id, p.agreed_on, i.due_on + 3)) FROM ar.payment_plan_item AS n WHERE n.plan_id = p.plan_id)) AS m
    CROSS JOIN LATERAL (
        SELECT min(g.day) AS settled_on
        FROM (SELECT DISTINCT b.day FROM ar.payment_plan_item AS n JOIN sim.balance AS b USING (item_id) WHERE n.plan_id = p.plan_id AND b.day >= p.agreed_on) AS g
        WHERE 0 = (SELECT sum(b.open) FROM ar.payment_plan_item AS n JOIN sim.balance AS b USING (item_id) WHERE n.plan_id = p.plan_id AND b.day <= g.day AND b.until > g.day)) AS e
    WHERE p.ledger_id = sim.ledger()) AS p WHERE (p.status, p.ended_on) IS DISTINCT FROM (p.reckoned, p.reckoned_on);

-- The days on which money of a customer was overdue and on no plan in force, as ranges: each is a case.
CREATE VIEW sim.wrong_case AS
WITH late AS (
    SELECT i.customer_id, i.item_id, range_agg(daterange(greatest(b.day, i.due_on + 1), b.until)) AS days
    FROM ar.item AS i JOIN sim.balance AS b ON b.item_id = i.item_id
    WHERE i.ledger_id = sim.ledger() AND ar.sign(i.amount) > 0 AND b.open > 0 AND greatest(b.day, i.due_on + 1) < b.until GROUP BY 1, 2
), planned AS (
    SELECT n.item_id, range_agg(daterange(p.agreed_on, coalesce(p.ended_on, '2026-01-01'))) AS days
    FROM ar.payment_plan AS p JOIN ar.payment_plan_item AS n USING (ledger_id, plan_id) WHERE p.agreed_on < coalesce(p.ended_on, '2026-01-01') GROUP BY 1
), reckoned AS (
    SELECT l.customer_id, range_agg(d.day) AS days
    FROM late AS l LEFT JOIN planned AS p USING (item_id) CROSS JOIN LATERAL unnest(CASE WHEN p.days IS NULL THEN l.days ELSE l.days - p.days END) AS d(day) GROUP BY 1
), kept AS (
    SELECT k.customer_id, range_agg(daterange(k.opened_on, coalesce(k.closed_on, '2026-01-01'))) AS days, count(*) AS cases
    FROM ar.collection_case AS k WHERE k.ledger_id = sim.ledger() GROUP BY 1
)
SELECT customer_id, k.cases, k.days AS kept, r.days AS reckoned FROM kept AS k FULL JOIN reckoned AS r USING (customer_id)
WHERE coalesce(k.days <> r.days OR k.cases <> (SELECT count(*) FROM unnest(r.days)), true);

-- Calls: more than seven within seven days, or within seven of a conversation.
CREATE VIEW sim.wrong_call AS
SELECT a.customer_id, a.occurred_at
FROM ar.collection_activity AS a
WHERE a.ledger_id = sim.ledger() AND a.kind = 'call' AND EXISTS (
    SELECT FROM ar.collection_activity AS b WHERE b.ledger_id = a.ledger_id AND b.customer_id = a.customer_id AND b.occurred_at < a.occurred_at
    HAVING count(*) FILTER (WHERE b.occurred_at::date > a.occurred_at::date - 7) >= 7 OR count(*) FILTER (WHERE b.outcome = 'reached' AND b.occurred_at::date > a.occurred_at::date - 7) > 0);

-- Letters: those that went although their item was paid, disputed, promised or on a plan; a level twice in a cycle, before its day, or before the one below it went;
-- two letters to a customer within a week; and none where money of somebody who only pays late was overdue for two weeks.
CREATE VIEW sim.level AS
SELECT k.item_id, k.level, k.cycle, k.due_on, n.customer_id, l.sent_on, n.decided_on, n.message_id
FROM ar.dunning_notice_item AS k JOIN ar.dunning_notice AS n USING (ledger_id, notice_id) JOIN sim.letter AS l USING (message_id)
WHERE NOT k.is_skipped;
CREATE VIEW sim.wrong_letter AS
SELECT l.wrong, l.message_id, l.sent_on FROM sim.letter AS l WHERE l.wrong IS NOT NULL
UNION ALL
SELECT 'level twice', min(v.message_id), max(v.sent_on) FROM sim.level AS v GROUP BY v.item_id, v.level, v.cycle HAVING count(*) > 1
UNION ALL
SELECT 'level ' || v.level || ' too early', v.message_id, v.sent_on FROM sim.level AS v WHERE v.decided_on < v.due_on + (ARRAY[-3, 7, 21, 35])[v.level + 1]
UNION ALL
SELECT 'level ' || v.level || ' before ' || v.level - 1, v.message_id, v.sent_on FROM sim.level AS v
WHERE v.level > 1 AND NOT EXISTS (SELECT FROM sim.level AS b WHERE b.item_id = v.item_id AND b.cycle = v.cycle AND b.level = v.level - 1 AND b.decided_on <= v.decided_on - 10)
UNION ALL
SELECT 'within a week', v.message_id, v.sent_on FROM sim.level AS v
WHERE v.level > 0 AND EXISTS (SELECT FROM sim.level AS b WHERE b.customer_id = v.customer_id AND b.level > 0 AND b.decided_on < v.decided_on AND b.decided_on > v.decided_on - 7)
UNION ALL
SELECT 'no letter about item ' || i.item_id, NULL, b.day
FROM ar.item AS i JOIN sim.customer AS c USING (customer_id) JOIN sim.balance AS b ON b.item_id = i.item_id
WHERE c.habit = 'late' AND i.kind = 'invoice' AND b.open > 0 AND b.day <= i.due_on AND least(b.until, date '2025-12-31') > i.due_on + 15
  AND NOT EXISTS (SELECT FROM sim.level AS v WHERE v.item_id = i.item_id AND v.level = 1);
