-- collect: what to do first.

CREATE FUNCTION ar.worklist_policies(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (
    customer_id bigint, overdue_weight numeric, days_weight numeric, risk_weight numeric, broken_promise_weight numeric, bounced_weight numeric,
    disputed_weight numeric, contacted_weight numeric, predicted_weight numeric, contacted_days integer, predicted_days integer, prior_invoices numeric,
    place_days integer)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id,
           coalesce(own.overdue_weight, class.overdue_weight, ledger.overdue_weight, 10),
           coalesce(own.days_weight, class.days_weight, ledger.days_weight, 5),
           coalesce(own.risk_weight, class.risk_weight, ledger.risk_weight, 20),
           coalesce(own.broken_promise_weight, class.broken_promise_weight, ledger.broken_promise_weight, 5),
           coalesce(own.bounced_weight, class.bounced_weight, ledger.bounced_weight, 5),
           coalesce(own.disputed_weight, class.disputed_weight, ledger.disputed_weight, -10),
           coalesce(own.contacted_weight, class.contacted_weight, ledger.contacted_weight, -20),
           coalesce(own.predicted_weight, class.predicted_weight, ledger.predicted_weight, -10),
           coalesce(own.contacted_days, class.contacted_days, ledger.contacted_days, 7),
           coalesce(own.predicted_days, class.predicted_days, ledger.predicted_days, 7),
           coalesce(own.prior_invoices, class.prior_invoices, ledger.prior_invoices, 5),
           coalesce(own.place_days, class.place_days, ledger.place_days, 120)
    FROM (SELECT DISTINCT worklist_policies.ledger_id, u.customer_id FROM unnest(worklist_policies.customer_ids) AS u(customer_id)) AS w
    JOIN ar.customer AS c ON c.ledger_id = w.ledger_id AND c.customer_id = w.customer_id
    LEFT JOIN ar.worklist_policy AS own
      ON own.ledger_id = worklist_policies.ledger_id AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.worklist_policy AS class
      ON class.ledger_id = worklist_policies.ledger_id AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.worklist_policy AS ledger
      ON ledger.ledger_id = worklist_policies.ledger_id AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = '';
END
$$;
COMMENT ON FUNCTION ar.worklist_policies(integer, bigint[]) IS
'How the cases of some customers are ranked: every column his own, else that of his class, else that of the ledger, else the default (ar.worklist_policy).
Arguments: ledger_id; customer_ids.';

CREATE FUNCTION ar.worklist(ledger_id integer, as_of date DEFAULT NULL, for_collector text DEFAULT NULL)
RETURNS TABLE (
    place bigint, customer_id bigint, customer_code text, customer_name text, case_id bigint, collector text, score numeric,
    overdue numeric, currency text, oldest_days integer, items bigint, credit_score numeric, broken_promises bigint, bounced_payments bigint,
    disputed_percent numeric, promised_until date, last_contact_on date, predicted_on date,
    overdue_points numeric, days_points numeric, risk_points numeric, broken_promise_points numeric, bounced_points numeric,
    disputed_points numeric, contacted_points numeric, predicted_points numeric,
    next_step text, next_step_on date, reason text)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(worklist.as_of, ar.business_date(worklist.ledger_id));
    zone text;
    home text;
    customers bigint[];
BEGIN
    SELECT l.timezone, l.currency INTO zone, home FROM ar.ledger AS l WHERE l.ledger_id = worklist.ledger_id;
    -- The cases of that day, with him who works on them now.
    customers := ARRAY(SELECT k.customer_id FROM ar.collection_case AS k
                       WHERE k.ledger_id = worklist.ledger_id AND k.opened_on <= day AND (k.closed_on IS NULL OR k.closed_on > day)
                         AND (worklist.for_collector IS NULL OR k.collector = worklist.for_collector));
    RETURN QUERY
    WITH one AS MATERIALIZED (
        SELECT DISTINCT ON (k.customer_id) k.customer_id, k.case_id, k.collector, k.opened_on
        FROM ar.collection_case AS k
        WHERE k.ledger_id = worklist.ledger_id AND k.opened_on <= day AND (k.closed_on IS NULL OR k.closed_on > day)
          AND (worklist.for_collector IS NULL OR k.collector = worklist.for_collector)
        ORDER BY k.customer_id, k.case_id DESC
    ), total AS MATERIALIZED (
        SELECT t.* FROM ar.overdue_totals(worklist.ledger_id, day) AS t
    ), item AS MATERIALIZED (
        SELECT o.* FROM ar.overdue_items(worklist.ledger_id, day) AS o JOIN one AS k ON k.customer_id = o.customer_id
    ), disputed AS MATERIALIZED (
        SELECT n.item_id, ar.sum(n.amount) AS amount
        FROM ar.dispute AS d
        JOIN ar.dispute_item AS n ON n.ledger_id = d.ledger_id AND n.dispute_id = d.dispute_id
        WHERE d.ledger_id = worklist.ledger_id AND d.opened_on <= day AND (d.outcome IS NULL OR d.resolved_on > day)
        GROUP BY n.item_id
    ), predicted AS MATERIALIZED (
        -- Once for each prior, of which there is mostly one.
        SELECT p.item_id, p.predicted_on
        FROM (SELECT y.prior_invoices, array_agg(y.customer_id) AS customers
              FROM ar.worklist_policies(worklist.ledger_id, customers) AS y GROUP BY y.prior_invoices) AS y
        CROSS JOIN LATERAL ar.predicted_payments(worklist.ledger_id, day, y.customers, y.prior_invoices) AS p
    ), shares AS (
        -- Shares of what is overdue, each item weighed by itself in its currency; a customer with two has the shares of both, by items.
        SELECT i.customer_id, ar.currency(i.open) AS currency, sum(ar.amount(i.open)) AS open,
               sum(ar.amount(least(i.open, d.amount))) FILTER (WHERE d.item_id IS NOT NULL) AS disputed,
               sum(ar.amount(i.open)) FILTER (WHERE p.predicted_on BETWEEN day AND day + y.predicted_days) AS predicted,
               min(p.predicted_on) FILTER (WHERE p.predicted_on >= day) AS predicted_on
        FROM item AS i
        JOIN ar.worklist_policies(worklist.ledger_id, customers) AS y ON y.customer_id = i.customer_id
        LEFT JOIN disputed AS d ON d.item_id = i.item_id
        LEFT JOIN predicted AS p ON p.item_id = i.item_id
        GROUP BY i.customer_id, ar.currency(i.open)
    ), share AS (
        SELECT s.customer_id, avg(coalesce(s.disputed, 0) / s.open) AS disputed, avg(coalesce(s.predicted, 0) / s.open) AS predicted,
               min(s.predicted_on) AS predicted_on
        FROM shares AS s GROUP BY s.customer_id
    ), promised AS (
        SELECT i.customer_id, max(p.due_on) AS due_on, count(DISTINCT i.item_id) AS items
        FROM ar.promised(worklist.ledger_id, NULL, day) AS p JOIN item AS i ON i.item_id = p.item_id
        GROUP BY i.customer_id
    ), scored AS (
        SELECT DISTINCT ON (s.customer_id) s.customer_id, s.score
        FROM one AS k
        JOIN ar.credit_score AS s ON s.ledger_id = worklist.ledger_id AND s.customer_id = k.customer_id
        WHERE s.scored_on <= day ORDER BY s.customer_id, s.scored_on DESC, s.score_id DESC
    ), event AS (
        SELECT e.customer_id, count(*) FILTER (WHERE e.kind = 'broken_promise') AS broken_promises,
               count(*) FILTER (WHERE e.kind = 'bounced_payment') AS bounced_payments,
               max(e.occurred_on) FILTER (WHERE e.kind = 'broken_promise') AS broken_on
        FROM one AS k
        JOIN ar.credit_event AS e ON e.ledger_id = worklist.ledger_id AND e.customer_id = k.customer_id
        WHERE e.occurred_on <= day AND e.occurred_on > (day - interval '1 year')::date
        GROUP BY e.customer_id
    ), stopped AS (
        SELECT DISTINCT s.customer_id FROM ar.credit_stop AS s
        WHERE s.ledger_id = worklist.ledger_id AND s.lifted_at IS NULL
    ), done AS MATERIALIZED (
        SELECT a.* FROM one AS k
        JOIN ar.collection_activity AS a ON a.ledger_id = worklist.ledger_id AND a.customer_id = k.customer_id
        WHERE a.occurred_at < (day + 1)::timestamp AT TIME ZONE zone AND a.reverses_id IS NULL
          AND NOT EXISTS (SELECT FROM ar.collection_activity AS u WHERE u.ledger_id = a.ledger_id AND u.reverses_id = a.activity_id)
    ), contacted AS (
        SELECT d.customer_id, max((d.occurred_at AT TIME ZONE zone)::date) AS last_on FROM done AS d WHERE d.kind <> 'note' GROUP BY d.customer_id
    ), next AS (
        SELECT DISTINCT ON (d.customer_id) d.customer_id, d.next_step, d.next_step_on FROM done AS d
        ORDER BY d.customer_id, d.occurred_at DESC, d.activity_id DESC
    ), placed AS (
        SELECT DISTINCT i.customer_id FROM item AS i
        JOIN ar.placement_item AS n ON n.ledger_id = worklist.ledger_id AND n.item_id = i.item_id AND n.is_open
    ), part AS (
        SELECT k.customer_id, c.code, c.name, k.case_id, k.collector, coalesce(t.overdue, 0) AS overdue, day - t.oldest_due_on AS oldest_days,
               coalesce(t.items, 0) AS items, s.score AS credit_score, coalesce(e.broken_promises, 0) AS broken_promises,
               coalesce(e.bounced_payments, 0) AS bounced_payments, e.broken_on, coalesce(h.disputed, 0) AS disputed, p.due_on AS promised_until,
               p.items AS promised_items, x.last_on, h.predicted_on, n.next_step, n.next_step_on, g.customer_id IS NOT NULL AS is_placed,
               y.predicted_days, y.place_days, coalesce(h.predicted, 0) AS predicted,
               round(y.overdue_weight * log(1 + coalesce(t.overdue, 0)), 2) AS overdue_points,
               round(y.days_weight * least(greatest(coalesce(day - t.oldest_due_on, 0), 0), 365) / 30, 2) AS days_points,
               round(y.risk_weight * CASE WHEN c.status = 'on_hold' OR o.customer_id IS NOT NULL THEN 1
                                          ELSE 1 - coalesce(s.score, 50) / 100 END, 2) AS risk_points,
               round(y.broken_promise_weight * least(coalesce(e.broken_promises, 0), 5), 2) AS broken_promise_points,
               round(y.bounced_weight * least(coalesce(e.bounced_payments, 0), 5), 2) AS bounced_points,
               round(y.disputed_weight * coalesce(h.disputed, 0), 2) AS disputed_points,
               round(y.contacted_weight * greatest(coalesce(1 - (day - x.last_on)::numeric / y.contacted_days, 0), 0), 2) AS contacted_points,
               round(y.predicted_weight * coalesce(h.predicted, 0), 2) AS predicted_points
        FROM one AS k
        JOIN ar.customer AS c ON c.ledger_id = worklist.ledger_id AND c.customer_id = k.customer_id
        JOIN ar.worklist_policies(worklist.ledger_id, customers) AS y ON y.customer_id = k.customer_id
        LEFT JOIN total AS t ON t.customer_id = k.customer_id
        LEFT JOIN share AS h ON h.customer_id = k.customer_id
        LEFT JOIN promised AS p ON p.customer_id = k.customer_id
        LEFT JOIN scored AS s ON s.customer_id = k.customer_id
        LEFT JOIN event AS e ON e.customer_id = k.customer_id
        LEFT JOIN stopped AS o ON o.customer_id = k.customer_id
        LEFT JOIN contacted AS x ON x.customer_id = k.customer_id
        LEFT JOIN next AS n ON n.customer_id = k.customer_id
        LEFT JOIN placed AS g ON g.customer_id = k.customer_id
    ), ranked AS (
        SELECT p.*, p.overdue_points + p.days_points + p.risk_points + p.broken_promise_points + p.bounced_points + p.disputed_points
                    + p.contacted_points + p.predicted_points AS score
        FROM part AS p
    )
    SELECT row_number() OVER (ORDER BY r.score DESC, r.customer_id), r.customer_id, r.code, r.name, r.case_id, r.collector, r.score,
           r.overdue, home, r.oldest_days, r.items, r.credit_score, r.broken_promises, r.bounced_payments,
           round(100 * r.disputed, 2), r.promised_until, r.last_on, r.predicted_on,
           r.overdue_points, r.days_points, r.risk_points, r.broken_promise_points, r.bounced_points, r.disputed_points, r.contacted_points,
           r.predicted_points, s.next_step, s.next_step_on, s.reason
    FROM ranked AS r
    CROSS JOIN LATERAL (
        -- What somebody said is to be done comes first; then the first of these that holds.
        SELECT v.* FROM (VALUES
            (1, r.next_step IS NOT NULL, r.next_step, r.next_step_on, 'said so when he was contacted last'),
            (2, r.items = 0, 'none', day, 'nothing is overdue any more'),
            (3, r.is_placed, 'wait', day, 'it is with an agency'),
            (4, r.disputed >= 1, 'resolve_dispute', day, 'all of it is disputed'),
            (5, r.promised_items >= r.items, 'wait', r.promised_until + 1, format('he promised to pay by %s', r.promised_until)),
            (6, r.broken_on >= coalesce(r.last_on, r.broken_on), 'call', day, format('he broke a promise on %s', r.broken_on)),
            (7, r.oldest_days >= r.place_days, 'place', day, format('it is overdue by %s days', r.oldest_days)),
            (8, r.predicted >= 1, 'wait', r.predicted_on + 1, format('he is likely to pay by %s', r.predicted_on)),
            (9, r.last_on > day - 7, 'wait', r.last_on + 7, format('he was contacted on %s', r.last_on)),
            (10, true, 'call', day, format('it is overdue by %s days', r.oldest_days))) AS v(nth, holds, next_step, next_step_on, reason)
        WHERE v.holds ORDER BY v.nth LIMIT 1) AS s
    ORDER BY r.score DESC, r.customer_id;
END
$$;
COMMENT ON FUNCTION ar.worklist(integer, date, text) IS
'The open cases, what matters most first, with the parts of the score and what to do next.
Arguments: ledger_id; as_of, by default the business date; for_collector, by default all.
Result: place, from 1: by score, then by customer_id; score, the sum of the columns ..._points, whose weights are those of ar.worklist_policy; what these come from: overdue, in units of currency, that of the ledger; oldest_days past due; credit_score; promises broken and payments bounced within a year; disputed_percent of what is overdue; promised_until; last_contact_on (no notes); predicted_on, the next payment that is likely (ar.predicted_payments). next_step: what the latest activity said, or call, wait, resolve_dispute, place (with an agency), none; next_step_on; reason, in words.
What the parts come from is as of the day; who works on a case, and a stop of credit, is as of now. Errors: RA009 there is no exchange rate.';
