-- credit: the scorecard: weighted points from the payment history, with all they were made from.

CREATE FUNCTION ar.default_scorecard() RETURNS TABLE (factor text, weight numeric, from_value numeric, points numeric)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES ('days_late', 25, '-Infinity'::numeric, 100), ('days_late', 25, 1, 85), ('days_late', 25, 8, 60), ('days_late', 25, 16, 40),
           ('days_late', 25, 31, 20), ('days_late', 25, 61, 0),
           ('days_late_max', 10, '-Infinity', 100), ('days_late_max', 10, 8, 80), ('days_late_max', 10, 31, 50),
           ('days_late_max', 10, 61, 20), ('days_late_max', 10, 91, 0),
           ('share_late', 15, '-Infinity', 100), ('share_late', 15, 10, 80), ('share_late', 15, 25, 50), ('share_late', 15, 50, 20),
           ('share_late', 15, 75, 0),
           ('overdue_share', 15, '-Infinity', 100), ('overdue_share', 15, 5, 80), ('overdue_share', 15, 20, 50),
           ('overdue_share', 15, 40, 20), ('overdue_share', 15, 60, 0),
           ('utilisation', 10, '-Infinity', 100), ('utilisation', 10, 50, 80), ('utilisation', 10, 75, 60), ('utilisation', 10, 90, 30),
           ('utilisation', 10, 100.01, 0),
           ('relation_days', 10, '-Infinity', 20), ('relation_days', 10, 180, 50), ('relation_days', 10, 365, 70),
           ('relation_days', 10, 1095, 100),
           ('bounced_payments', 5, '-Infinity', 100), ('bounced_payments', 5, 1, 40), ('bounced_payments', 5, 2, 0),
           ('broken_promises', 5, '-Infinity', 100), ('broken_promises', 5, 1, 50), ('broken_promises', 5, 3, 0),
           ('disputes', 5, '-Infinity', 100), ('disputes', 5, 2, 60), ('disputes', 5, 5, 20)
$$;
COMMENT ON FUNCTION ar.default_scorecard() IS
'The scorecard of ledgers that have none of their own: for each factor its weight, and the points that it gives from a value on.';

CREATE FUNCTION ar.create_scorecard(ledger_id integer) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    bands bigint;
BEGIN
    INSERT INTO ar.credit_score_factor (ledger_id, factor, weight)
    SELECT DISTINCT create_scorecard.ledger_id, d.factor, d.weight FROM ar.default_scorecard() AS d;
    INSERT INTO ar.credit_score_band (ledger_id, factor, from_value, points)
    SELECT create_scorecard.ledger_id, d.factor, d.from_value, d.points FROM ar.default_scorecard() AS d;
    GET DIAGNOSTICS bands = ROW_COUNT;
    RETURN bands;
END
$$;
COMMENT ON FUNCTION ar.create_scorecard(integer) IS
'Writes the default scorecard into ar.credit_score_factor and ar.credit_score_band of a ledger, to be edited there. Returns the number of bands.
Errors: 23503 no such ledger; 23505 it has a scorecard.';

CREATE FUNCTION ar.credit_factors(ledger_id integer, customer_ids bigint[], as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, factor text, value numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := coalesce(credit_factors.as_of, ar.business_date(credit_factors.ledger_id));
    since date := (today - interval '1 year')::date;
    home text := (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = credit_factors.ledger_id);
BEGIN
    RETURN QUERY
    WITH customer AS MATERIALIZED (
        SELECT c.customer_id, c.created_on FROM ar.customer AS c
        WHERE c.ledger_id = credit_factors.ledger_id AND c.customer_id = ANY (credit_factors.customer_ids)
    ), item AS MATERIALIZED (
        SELECT i.customer_id, i.closed_on, i.due_on, i.open, coalesce(i.closed_on, today) - i.due_on AS days
        FROM customer AS c
        JOIN ar.item AS i ON i.ledger_id = credit_factors.ledger_id AND i.customer_id = c.customer_id
        WHERE ar.sign(i.amount) > 0 AND i.issued_on <= today AND (i.closed_on IS NULL OR i.closed_on > since)
    ), paid AS (
        SELECT i.customer_id,
               avg(greatest(i.days, 0)) FILTER (WHERE i.closed_on IS NOT NULL) AS days_late,
               max(greatest(i.days, 0)) AS days_late_max,
               100.0 * count(*) FILTER (WHERE i.closed_on > i.due_on) / nullif(count(*) FILTER (WHERE i.closed_on IS NOT NULL), 0) AS share_late
        FROM item AS i GROUP BY i.customer_id
    ), owed AS (
        SELECT o.customer_id, 100 * sum(o.amount) FILTER (WHERE o.is_overdue) / nullif(sum(o.amount), 0) AS overdue_share
        FROM (SELECT i.customer_id, i.due_on < today AS is_overdue,
                     ar.amount(CASE WHEN ar.currency(i.open) = home THEN i.open
                                    ELSE ar.convert(credit_factors.ledger_id, i.open, home, today) END) AS amount
              FROM item AS i WHERE i.closed_on IS NULL) AS o
        GROUP BY o.customer_id
    ), event AS (
        SELECT e.customer_id, count(*) FILTER (WHERE e.kind = 'bounced_payment') AS bounced_payments,
               count(*) FILTER (WHERE e.kind = 'broken_promise') AS broken_promises,
               count(*) FILTER (WHERE e.kind = 'dispute') AS disputes
        FROM customer AS c
        JOIN ar.credit_event AS e ON e.ledger_id = credit_factors.ledger_id AND e.customer_id = c.customer_id
        WHERE e.occurred_on > since AND e.occurred_on <= today GROUP BY e.customer_id
    ), exposure AS (
        SELECT e.customer_id, e.utilisation_percent
        FROM ar.credit_exposures(credit_factors.ledger_id, credit_factors.customer_ids) AS e
    )
    SELECT c.customer_id, f.factor, round(f.value, 2)
    FROM customer AS c
    LEFT JOIN paid AS p ON p.customer_id = c.customer_id
    LEFT JOIN owed AS o ON o.customer_id = c.customer_id
    LEFT JOIN event AS e ON e.customer_id = c.customer_id
    LEFT JOIN exposure AS x ON x.customer_id = c.customer_id
    CROSS JOIN LATERAL (VALUES
        ('days_late', p.days_late), ('days_late_max', p.days_late_max), ('share_late', p.share_late),
        ('overdue_share', o.overdue_share), ('utilisation', x.utilisation_percent),
        ('relation_days', greatest(today - c.created_on, 0)),
        ('bounced_payments', coalesce(e.bounced_payments, 0)), ('broken_promises', coalesce(e.broken_promises, 0)),
        ('disputes', coalesce(e.disputes, 0))) AS f(factor, value);
END
$$;
COMMENT ON FUNCTION ar.credit_factors(integer, bigint[], date) IS
'What the scorecard looks at, for each of some customers: a row a factor (see ar.credit_score_factor), value NULL where there is nothing to look at, such as no item closed within a year.
Arguments: ledger_id; customer_ids; as_of, by default the business date; utilisation is always that of now.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.suggested_limits(ledger_id integer, customer_ids bigint[], as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, monthly_sales ar.monetary, terms_days numeric, limit_factor numeric, cap ar.monetary, suggested_limit ar.monetary)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := coalesce(suggested_limits.as_of, ar.business_date(suggested_limits.ledger_id));
    since date := (today - interval '1 year')::date;
    home text := (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = suggested_limits.ledger_id);
BEGIN
    RETURN QUERY
    WITH sale AS (
        SELECT v.customer_id, sum(CASE v.kind WHEN 'credit_memo' THEN -1 ELSE 1 END * ar.amount(CASE WHEN ar.currency(v.total) = home THEN v.total
                                                 ELSE ar.convert(suggested_limits.ledger_id, v.total, home, today) END)) AS total,
               least(12, greatest(1, ceil((today - min(v.invoiced_on) + 1) / 30.4375))) AS months
        FROM ar.invoice AS v
        WHERE v.ledger_id = suggested_limits.ledger_id AND v.customer_id = ANY (suggested_limits.customer_ids)
          -- A deposit is billed again with its goods; of what was made void, both the document and its reversal are out.
          AND ar.is_posted(v.status) AND v.kind <> 'deposit' AND v.reverses_id IS NULL
          AND v.invoiced_on > since AND v.invoiced_on <= today
        GROUP BY v.customer_id
    ), term AS (
        SELECT c.customer_id, (SELECT sum(ar.amount(s.amount) * (s.due_on - today)) / 1000000000
                               FROM ar.schedule(coalesce(c.terms, l.terms), ar.monetary(1000000000, home), today) AS s) AS days
        FROM ar.customer AS c
        JOIN ar.ledger AS l ON l.ledger_id = c.ledger_id
        WHERE c.ledger_id = suggested_limits.ledger_id AND c.customer_id = ANY (suggested_limits.customer_ids)
    ), given AS (
        SELECT t.customer_id, ar.round(greatest(coalesce(s.total / s.months, 0), 0), home, 'half_up') AS monthly_sales, round(t.days, 2) AS days,
               p.score_limit_factor AS factor,
               CASE WHEN ar.currency(p.score_limit_cap) = home THEN p.score_limit_cap
                    ELSE ar.convert(suggested_limits.ledger_id, p.score_limit_cap, home, today) END AS cap
        FROM term AS t
        LEFT JOIN sale AS s ON s.customer_id = t.customer_id
        JOIN ar.credit_policies(suggested_limits.ledger_id, suggested_limits.customer_ids) AS p ON p.customer_id = t.customer_id
    )
    SELECT g.customer_id, g.monthly_sales, g.days, g.factor, g.cap,
           least(g.cap, ar.round(ar.amount(g.monthly_sales) * g.factor * greatest(g.days, 0) / 30, home, 'half_up'))
    FROM given AS g;
END
$$;
COMMENT ON FUNCTION ar.suggested_limits(integer, bigint[], date) IS
'The limit that follows from the sales of each of some customers: the smaller of the cap and limit_factor times monthly_sales times terms_days / 30, in the currency of the ledger.
Result: monthly_sales, of the last year, or of as much of it as there are sales: invoices and debit memos less credit memos, without deposits and what was made void; terms_days of his credit terms, weighted by instalment; limit_factor and cap of the policy; suggested_limit.
Source: min(cap by class, k times average monthly sales times terms / 30).
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.credit_scores(ledger_id integer, customer_ids bigint[], as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, score numeric, suggested_limit ar.monetary, inputs jsonb)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH own AS MATERIALIZED (
        SELECT f.factor, f.weight, b.from_value, b.points
        FROM ar.credit_score_factor AS f
        JOIN ar.credit_score_band AS b ON b.ledger_id = f.ledger_id AND b.factor = f.factor
        WHERE f.ledger_id = credit_scores.ledger_id
    ), card AS MATERIALIZED (
        SELECT o.* FROM own AS o
        UNION ALL
        SELECT d.* FROM ar.default_scorecard() AS d WHERE NOT EXISTS (SELECT FROM own)
    ), graded AS (
        SELECT f.customer_id, f.factor, f.value, g.weight, g.points
        FROM ar.credit_factors(credit_scores.ledger_id, credit_scores.customer_ids, credit_scores.as_of) AS f
        JOIN LATERAL (SELECT c.weight, c.points FROM card AS c
                      WHERE c.factor = f.factor AND c.from_value <= f.value
                      ORDER BY c.from_value DESC LIMIT 1) AS g ON g.weight > 0
    ), scored AS (
        SELECT g.customer_id, round(sum(g.weight * g.points) / sum(g.weight), 2) AS score,
               jsonb_agg(jsonb_build_object('factor', g.factor, 'value', g.value, 'points', g.points, 'weight', g.weight)
                         ORDER BY g.weight DESC, g.factor) AS factors
        FROM graded AS g GROUP BY g.customer_id
    )
    SELECT s.customer_id, s.score, l.suggested_limit,
           jsonb_build_object('factors', s.factors, 'limit', jsonb_build_object(
               'monthly_sales', l.monthly_sales::text, 'terms_days', l.terms_days, 'limit_factor', l.limit_factor, 'cap', l.cap::text))
    FROM scored AS s
    JOIN ar.suggested_limits(credit_scores.ledger_id, credit_scores.customer_ids, credit_scores.as_of) AS l ON l.customer_id = s.customer_id
    ORDER BY s.customer_id;
END
$$;
COMMENT ON FUNCTION ar.credit_scores(integer, bigint[], date) IS
'The score of each of some customers: the points of every factor that has a value, weighted; and the limit that follows from his sales. Nothing is recorded.
Result: customer_id; score, from 0 to 100; suggested_limit; inputs, every factor with value, points and weight, and what the limit was made from.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.record_credit_scores(ledger_id integer, customer_ids bigint[] DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS TABLE (score_id bigint, customer_id bigint, score numeric, suggested_limit ar.monetary)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    INSERT INTO ar.credit_score AS c (ledger_id, customer_id, scored_on, score, suggested_limit, inputs)
    SELECT record_credit_scores.ledger_id, s.customer_id,
           coalesce(record_credit_scores.as_of, ar.business_date(record_credit_scores.ledger_id)), s.score, s.suggested_limit, s.inputs
    FROM ar.credit_scores(record_credit_scores.ledger_id,
                          coalesce(record_credit_scores.customer_ids, ARRAY(
                              SELECT c.customer_id FROM ar.customer AS c
                              WHERE c.ledger_id = record_credit_scores.ledger_id AND c.status <> 'closed')),
                          record_credit_scores.as_of) AS s
    RETURNING c.score_id, c.customer_id, c.score, c.suggested_limit;
END
$$;
COMMENT ON FUNCTION ar.record_credit_scores(integer, bigint[], date) IS
'Scores customers (by default all that are not closed) and keeps the scores with everything they were made from. Decisions of applications and reviews point to the last one.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.record_credit_score(ledger_id integer, customer_id bigint, as_of date DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT s.score_id FROM ar.record_credit_scores(record_credit_score.ledger_id, ARRAY[record_credit_score.customer_id], record_credit_score.as_of) AS s
$$;
COMMENT ON FUNCTION ar.record_credit_score(integer, bigint, date) IS
'Scores one customer and returns the score_id: ar.record_credit_scores() with one. Errors: as there.';

REVOKE ALL ON FUNCTION ar.create_scorecard(integer), ar.credit_factors(integer, bigint[], date),
    ar.suggested_limits(integer, bigint[], date), ar.credit_scores(integer, bigint[], date),
    ar.record_credit_scores(integer, bigint[], date), ar.record_credit_score(integer, bigint, date) FROM PUBLIC;
