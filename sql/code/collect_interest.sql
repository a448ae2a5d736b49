-- collect: interest for paying late, reckoned day by day.

CREATE FUNCTION ar.tg_guard_seen() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'seen' = to_jsonb(OLD) - 'seen' THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('table "%s" holds posted facts and cannot be changed', TG_TABLE_NAME),
        HINT = 'Credit a charge with ar.waive_charges().', TABLE = TG_TABLE_NAME, SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_seen() IS 'Trigger, before each row of a table of charges: refuses every change but that of seen (RA003).';
REVOKE ALL ON FUNCTION ar.tg_guard_seen() FROM PUBLIC;

CREATE FUNCTION ar.interest_days(from_on date, to_on date, day_count text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN day_count = '30/360'
                THEN 360 * (extract(year FROM to_on) - extract(year FROM from_on))::integer
                     + 30 * (extract(month FROM to_on) - extract(month FROM from_on))::integer
                     + least(extract(day FROM to_on), 30)::integer - least(extract(day FROM from_on), 30)::integer
                ELSE to_on - from_on END
$$;
COMMENT ON FUNCTION ar.interest_days(date, date, text) IS
'The days from a day until the day before another, as interest counts them: of 30/360 every month has 30. Adds up over parts.';

CREATE FUNCTION ar.leap_year_days(from_on date, to_on date) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (sum(n.sign * (366 * (n.years / 4 - n.years / 100 + n.years / 400)
                          + CASE WHEN (n.years + 1) % 4 = 0 AND ((n.years + 1) % 100 <> 0 OR (n.years + 1) % 400 = 0) THEN n.day - 1 ELSE 0 END)))::integer
    FROM (VALUES (1, extract(year FROM to_on)::integer - 1, extract(doy FROM to_on)::integer),
                 (-1, extract(year FROM from_on)::integer - 1, extract(doy FROM from_on)::integer)) AS n(sign, years, day)
$$;
COMMENT ON FUNCTION ar.leap_year_days(date, date) IS
'How many of the days from a day until the day before another lie in leap years.';

CREATE FUNCTION ar.sum_interest(bases numeric[], rates numeric[], days integer[], leap_days integer[], day_count text, rounding text, currency text)
RETURNS ar.monetary
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    basis integer := CASE WHEN day_count IN ('actual/360', '30/360') THEN 360 ELSE 365 END;
BEGIN
    IF day_count NOT IN ('actual/365', 'actual/360', 'actual/actual', '30/360') OR rounding NOT IN ('total', 'daily') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown day count "%s" or rounding "%s"', day_count, rounding),
            HINT = 'Day counts are actual/365, actual/360, actual/actual and 30/360; roundings are total and daily.';
    END IF;
    IF rounding = 'daily' THEN
        RETURN (SELECT ar.monetary(sum(ar.amount(ar.round(s.base * s.rate / (100 * basis), currency, 'half_up')) * (s.days - s.leap)
                                       + ar.amount(ar.round(s.base * s.rate / 36600, currency, 'half_up')) * s.leap), currency)
                FROM unnest(bases, rates, days, leap_days) AS s(base, rate, days, leap));
    END IF;
    -- Products are exact; they are divided and rounded once.
    RETURN (SELECT ar.round(coalesce(sum(s.base * s.rate * (s.days - s.leap)) / (100 * basis) + sum(s.base * s.rate * s.leap) / 36600, 0), currency, 'half_up')
            FROM unnest(bases, rates, days, leap_days) AS s(base, rate, days, leap));
END
$$;
COMMENT ON FUNCTION ar.sum_interest(numeric[], numeric[], integer[], integer[], text, text, text) IS
'Simple interest of several periods, rounded half up.
Arguments: bases, what bears interest in each; rates, percent a year; days; leap_days, those of them that count as of 366; day_count; rounding, total (once) or daily (the interest of a day, which is then multiplied); currency.
Errors: 22023 unknown day count or rounding.';

CREATE FUNCTION ar.simple_interest(
    principal ar.monetary,
    rate numeric,
    from_on date,
    to_on date,
    day_count text DEFAULT 'actual/365',
    rounding text DEFAULT 'total'
) RETURNS ar.monetary
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT ar.sum_interest(ARRAY[ar.amount(principal)], ARRAY[rate], ARRAY[ar.interest_days(from_on, to_on, day_count)],
                           ARRAY[CASE WHEN day_count = 'actual/actual' THEN ar.leap_year_days(from_on, to_on) ELSE 0 END],
                           day_count, rounding, ar.currency(principal))
$$;
COMMENT ON FUNCTION ar.simple_interest(ar.monetary, numeric, date, date, text, text) IS
'Simple interest of a principal from a day until the day before another: principal × rate × days / basis, rounded half up. EUR 1000 at 12 percent from 2026-01-15 to 2026-03-31 are 24.66, and 25.00 by actual/360.
Arguments: principal; rate, percent a year; from_on; to_on, the first day that bears none; day_count, actual/365, actual/360, actual/actual or 30/360; rounding, total or daily.
Errors: 22023 unknown day count or rounding.';

CREATE FUNCTION ar.statutory_fee(scheme text, debt ar.monetary) RETURNS ar.monetary
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT CASE WHEN ar.sign(debt) <= 0 THEN NULL
                WHEN scheme = 'eu' AND ar.currency(debt) = 'EUR' THEN ar.monetary(40, 'EUR')
                WHEN scheme = 'uk' AND ar.currency(debt) = 'GBP'
                THEN ar.monetary(CASE WHEN ar.amount(debt) < 1000 THEN 40 WHEN ar.amount(debt) < 10000 THEN 70 ELSE 100 END, 'GBP') END
$$;
COMMENT ON FUNCTION ar.statutory_fee(text, ar.monetary) IS
'The fixed sum that a law allows for a late invoice: eu, EUR 40 (directive 2011/7); uk, GBP 40 for less than 1000, GBP 70 for less than 10000, else GBP 100 (act of 1998). NULL for another scheme or currency.';

CREATE FUNCTION ar.interest_policies(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (
    customer_id bigint, rate numeric, reference text, margin numeric, fixing text, maximum_rate numeric, day_count text, rounding text,
    grace_days integer, minimum ar.monetary, maximum_percent numeric, charge_days integer, starts_on date, fee_scheme text, fee ar.monetary)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id, r.rate, r.reference, CASE WHEN r.reference IS NOT NULL THEN coalesce(r.margin, 0) END,
           CASE WHEN r.reference IS NOT NULL THEN coalesce(r.fixing, 'daily') END,
           coalesce(own.maximum_rate, class.maximum_rate, ledger.maximum_rate),
           coalesce(own.day_count, class.day_count, ledger.day_count, 'actual/365'),
           coalesce(own.rounding, class.rounding, ledger.rounding, 'total'),
           coalesce(own.grace_days, class.grace_days, ledger.grace_days, 0),
           coalesce(own.minimum, class.minimum, ledger.minimum),
           coalesce(own.maximum_percent, class.maximum_percent, ledger.maximum_percent),
           coalesce(own.charge_days, class.charge_days, ledger.charge_days, 1),
           coalesce(own.starts_on, class.starts_on, ledger.starts_on),
           coalesce(own.fee_scheme, class.fee_scheme, ledger.fee_scheme, 'none'),
           CASE WHEN own.fee_scheme IS NOT NULL THEN own.fee WHEN class.fee_scheme IS NOT NULL THEN class.fee ELSE ledger.fee END
    FROM (SELECT DISTINCT interest_policies.ledger_id, u.customer_id FROM unnest(interest_policies.customer_ids) AS u(customer_id)) AS w
    JOIN ar.customer AS c ON c.ledger_id = w.ledger_id AND c.customer_id = w.customer_id
    LEFT JOIN ar.interest_policy AS own
      ON own.ledger_id = interest_policies.ledger_id AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.interest_policy AS class
      ON class.ledger_id = interest_policies.ledger_id AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.interest_policy AS ledger
      ON ledger.ledger_id = interest_policies.ledger_id AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = ''
    -- A rate is of one piece.
    LEFT JOIN LATERAL (
        SELECT r.* FROM (VALUES (1, own.rate, own.reference, own.margin, own.fixing), (2, class.rate, class.reference, class.margin, class.fixing),
                                (3, ledger.rate, ledger.reference, ledger.margin, ledger.fixing)) AS r(nth, rate, reference, margin, fixing)
        WHERE num_nonnulls(r.rate, r.reference) > 0 ORDER BY r.nth LIMIT 1) AS r ON true;
END
$$;
COMMENT ON FUNCTION ar.interest_policies(integer, bigint[]) IS
'The policy on interest in force for each of some customers: every column his own, else that of his class, else that of the ledger, else the default (ar.interest_policy); rate, reference, margin and fixing together, as are fee_scheme and fee.
Arguments: ledger_id; customer_ids. Neither rate nor reference: no interest.';

CREATE FUNCTION ar.interest_segments(ledger_id integer, item_ids bigint[], from_dates date[], to_dates date[], terms jsonb[])
RETURNS TABLE (element bigint, item_id bigint, from_on date, to_on date, principal numeric, disputed numeric, rate numeric,
               days integer, leap_days integer)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        -- The ledger comes along, so that the planner does not take it for a rare one.
        SELECT interest_segments.ledger_id AS of_ledger_id, u.element, u.item_id, u.from_on, u.to_on,
               t.rate, t.reference, t.margin, t.fixing, t.maximum_rate, t.day_count
        FROM unnest(interest_segments.item_ids, interest_segments.from_dates, interest_segments.to_dates, interest_segments.terms)
             WITH ORDINALITY AS u(item_id, from_on, to_on, terms, element)
        CROSS JOIN LATERAL jsonb_to_record(u.terms) AS t(
            rate numeric, reference text, margin numeric, fixing text, maximum_rate numeric, day_count text)
        WHERE u.from_on < u.to_on
    ), dispute AS MATERIALIZED (
        -- While it is open, what is disputed; once resolved, what was credited, which was never owed.
        SELECT w.element, greatest(CASE WHEN d.outcome IS NULL THEN d.opened_on END, w.from_on) AS from_on,
               d.resolved_on AS to_on, ar.amount(CASE WHEN d.outcome IS NULL THEN n.amount ELSE n.credited END) AS amount,
               w.to_on AS last_on
        FROM wanted AS w
        JOIN ar.dispute_item AS n ON n.ledger_id = w.of_ledger_id AND n.item_id = w.item_id
        JOIN ar.dispute AS d ON d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id
        WHERE (d.outcome IS NULL OR n.credited IS NOT NULL) AND coalesce(d.resolved_on, 'infinity') > w.from_on
          AND (d.outcome IS NOT NULL OR d.opened_on < w.to_on)
    ), event AS (
        SELECT e.element, e.day, sum(e.principal) AS principal, sum(e.disputed) AS disputed
        FROM (
            SELECT w.element, w.from_on AS day, ar.amount(i.amount) AS principal, 0 AS disputed
            FROM wanted AS w JOIN ar.item AS i ON i.ledger_id = w.of_ledger_id AND i.item_id = w.item_id
            UNION ALL
            SELECT w.element, greatest(a.applied_on, w.from_on), -ar.amount(a.amount), 0
            FROM wanted AS w JOIN ar.application AS a ON a.ledger_id = w.of_ledger_id AND a.debit_item_id = w.item_id
            WHERE a.applied_on < w.to_on
            UNION ALL
            SELECT d.element, d.from_on, 0, d.amount FROM dispute AS d
            UNION ALL
            SELECT d.element, d.to_on, 0, -d.amount FROM dispute AS d WHERE d.to_on < d.last_on
            UNION ALL
            SELECT w.element, r.valid_from, 0, 0
            FROM wanted AS w JOIN ar.interest_rate AS r ON r.ledger_id = w.of_ledger_id AND r.reference = w.reference
            WHERE w.fixing = 'daily' AND r.valid_from > w.from_on AND r.valid_from < w.to_on
            UNION ALL
            SELECT w.element, h.day::date, 0, 0
            FROM wanted AS w
            CROSS JOIN LATERAL generate_series(date_trunc('year', w.from_on::timestamp), w.to_on::timestamp, interval '6 months') AS h(day)
            WHERE w.fixing IN ('half_year', 'half_year_eve') AND h.day > w.from_on AND h.day < w.to_on) AS e
        GROUP BY e.element, e.day
    ), segment AS (
        SELECT e.element, e.day AS from_on, lead(e.day) OVER w AS next_on, sum(e.principal) OVER w AS principal, sum(e.disputed) OVER w AS disputed
        FROM event AS e
        WINDOW w AS (PARTITION BY e.element ORDER BY e.day)
    )
    SELECT s.element, w.item_id, s.from_on, t.to_on, s.principal, least(s.disputed, s.principal),
           least(coalesce(w.rate, r.rate + w.margin), w.maximum_rate),
           CASE WHEN w.day_count = '30/360' THEN ar.interest_days(s.from_on, t.to_on, w.day_count) ELSE t.to_on - s.from_on END,
           CASE WHEN w.day_count = 'actual/actual' THEN ar.leap_year_days(s.from_on, t.to_on) ELSE 0 END
    FROM segment AS s
    JOIN wanted AS w ON w.element = s.element
    CROSS JOIN LATERAL (SELECT coalesce(s.next_on, w.to_on) AS to_on) AS t
    LEFT JOIN LATERAL (
        SELECT r.rate FROM ar.interest_rate AS r
        WHERE r.ledger_id = w.of_ledger_id AND r.reference = w.reference AND r.valid_from <= CASE w.fixing
            WHEN 'daily' THEN s.from_on
            ELSE make_date(extract(year FROM s.from_on)::integer, CASE WHEN extract(month FROM s.from_on) > 6 THEN 7 ELSE 1 END, 1)
                 - CASE w.fixing WHEN 'half_year_eve' THEN 1 ELSE 0 END END
        ORDER BY r.valid_from DESC LIMIT 1) AS r ON true
    WHERE s.principal > 0
    ORDER BY s.element, s.from_on;
END
$$;
COMMENT ON FUNCTION ar.interest_segments(integer, bigint[], date[], date[], jsonb[]) IS
'Items over periods, cut at every application, dispute and change of the rate: what was open, what of that is disputed and bears no interest, the rate, and the days. Rows without principal are left out.
Arguments: ledger_id; item_ids, from_dates, to_dates (the first day that does not count) and terms (objects with rate, or reference, margin and fixing, and perhaps maximum_rate, and day_count), arrays side by side. Result: element, the position in the arrays; rate NULL where no reference rate is in force.
What was credited by a dispute counts as disputed from the beginning, what was rejected as never disputed.';

CREATE FUNCTION ar.interest_amounts(ledger_id integer, item_ids bigint[], from_dates date[], to_dates date[], terms jsonb[])
RETURNS TABLE (element bigint, amount ar.monetary)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    -- Gathered by element and not joined: nobody knows how many there are, and a loop would be quadratic.
    RETURN QUERY
    SELECT g.element, ar.sum_interest(array_agg(g.base), array_agg(coalesce(g.rate, 0)), array_agg(g.days), array_agg(g.leap_days),
                                      coalesce(max(g.day_count), 'actual/365'), coalesce(max(g.rounding), 'total'), max(g.currency))
    FROM (
        SELECT u.element, 0 AS base, 0 AS rate, 0 AS days, 0 AS leap_days, u.terms ->> 'day_count' AS day_count, u.terms ->> 'rounding' AS rounding,
               ar.currency(i.amount) AS currency, u.terms ->> 'reference' AS reference, NULL::date AS from_on
        FROM (SELECT interest_amounts.ledger_id, u.*
              FROM unnest(interest_amounts.item_ids, interest_amounts.terms) WITH ORDINALITY AS u(item_id, terms, element) OFFSET 0) AS u
        JOIN ar.item AS i ON i.ledger_id = u.ledger_id AND i.item_id = u.item_id
        UNION ALL
        SELECT s.element, s.principal - s.disputed, s.rate, s.days, s.leap_days, NULL, NULL, NULL, NULL, s.from_on
        FROM ar.interest_segments(interest_amounts.ledger_id, interest_amounts.item_ids, interest_amounts.from_dates,
                                  interest_amounts.to_dates, interest_amounts.terms) AS s) AS g
    GROUP BY g.element
    HAVING bool_and(g.rate IS NOT NULL)
        OR ar.refuse_missing_interest_rate(max(g.reference), min(g.from_on) FILTER (WHERE g.rate IS NULL));
END
$$;
COMMENT ON FUNCTION ar.interest_amounts(integer, bigint[], date[], date[], jsonb[]) IS
'The interest of items over periods: that of their ar.interest_segments(), which has the same arguments, rounded as the terms say.
Errors: 23503 no reference rate is in force.';

CREATE FUNCTION ar.refuse_missing_interest_rate(reference text, day date) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE foreign_key_violation USING
        MESSAGE = format('there is no reference rate "%s" for %s', reference, day),
        HINT = 'Insert it into ar.interest_rate, valid from that day or before; for a half-year, from its first day or the eve of it, as the fixing says.',
        TABLE = 'interest_rate', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.refuse_missing_interest_rate(text, date) IS 'Raises 23503: a reference rate is missing. For the functions that need it.';

CREATE FUNCTION ar.interest_seen(ledger_id integer, item_ids bigint[], to_dates date[], terms jsonb[])
RETURNS TABLE (element bigint, seen text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS MATERIALIZED (
        SELECT interest_seen.ledger_id AS of_ledger_id, u.element, u.item_id, u.to_on, u.terms ->> 'reference' AS reference
        FROM unnest(interest_seen.item_ids, interest_seen.to_dates, interest_seen.terms) WITH ORDINALITY AS u(item_id, to_on, terms, element)
    ), rated AS MATERIALIZED (
        SELECT w.reference, w.to_on, md5(string_agg(r.valid_from || ':' || r.rate, ' ' ORDER BY r.valid_from)) AS rates
        FROM (SELECT DISTINCT w.of_ledger_id, w.reference, w.to_on FROM wanted AS w WHERE w.reference IS NOT NULL) AS w
        JOIN ar.interest_rate AS r ON r.ledger_id = w.of_ledger_id AND r.reference = w.reference AND r.valid_from < w.to_on
        GROUP BY w.reference, w.to_on
    )
    -- Gathered by element and not joined, as in ar.interest_amounts().
    SELECT s.element, format('%s %s %s', sum(s.applications), sum(s.disputes), coalesce(max(s.rates), '-'))
    FROM (
        SELECT w.element, 0 AS applications, 0 AS disputes, NULL::text AS rates FROM wanted AS w
        UNION ALL
        SELECT w.element, 1, 0, NULL
        FROM wanted AS w JOIN ar.application AS a ON a.ledger_id = w.of_ledger_id AND a.debit_item_id = w.item_id
        WHERE a.applied_on < w.to_on
        UNION ALL
        SELECT w.element, 0, 1 + num_nonnulls(d.outcome), NULL
        FROM wanted AS w
        JOIN ar.dispute_item AS n ON n.ledger_id = w.of_ledger_id AND n.item_id = w.item_id
        JOIN ar.dispute AS d ON d.ledger_id = n.ledger_id AND d.dispute_id = n.dispute_id
        WHERE d.opened_on < w.to_on OR d.outcome IS NOT NULL
        UNION ALL
        SELECT w.element, 0, 0, r.rates FROM wanted AS w JOIN rated AS r ON r.reference = w.reference AND r.to_on = w.to_on) AS s
    GROUP BY s.element;
END
$$;
COMMENT ON FUNCTION ar.interest_seen(integer, bigint[], date[], jsonb[]) IS
'What the interest of items until a day rests on, in a word: how many applications and disputes there are, and which rates. When it is another, the interest may be another.
Arguments: ledger_id; item_ids, to_dates and terms, arrays side by side. Result: element, the position in the arrays; seen.';

CREATE FUNCTION ar.set_interest_preset(
    ledger_id integer,
    preset text,
    customer_class text DEFAULT NULL,
    starts_on date DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    known record;
    result bigint;
BEGIN
    SELECT * INTO known FROM (VALUES
        ('eu', 'ecb', 8, 'half_year', 'eu'), ('germany', 'ecb', 9, 'half_year', 'eu'), ('uk', 'boe', 8, 'half_year_eve', 'uk')
    ) AS p(preset, reference, margin, fixing, fee_scheme) WHERE p.preset = set_interest_preset.preset;
    IF NOT FOUND THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('unknown preset "%s" of interest', set_interest_preset.preset),
            HINT = 'The presets are eu, germany and uk; other policies are rows of ar.interest_policy.';
    END IF;
    INSERT INTO ar.interest_policy AS p (ledger_id, customer_class, reference, margin, fixing, day_count, charge_days, fee_scheme, starts_on)
    VALUES (set_interest_preset.ledger_id, set_interest_preset.customer_class, known.reference, known.margin, known.fixing, 'actual/365', 30, known.fee_scheme,
            coalesce(set_interest_preset.starts_on, ar.business_date(set_interest_preset.ledger_id)))
    ON CONFLICT (ledger_id, (coalesce(customer_id, 0)), (coalesce(customer_class, ''))) DO UPDATE
    SET rate = NULL, reference = excluded.reference, margin = excluded.margin, fixing = excluded.fixing, day_count = excluded.day_count,
        charge_days = excluded.charge_days, fee_scheme = excluded.fee_scheme, fee = NULL, starts_on = excluded.starts_on
    RETURNING p.policy_id INTO result;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.set_interest_preset(integer, text, text, date) IS
'Sets the policy on interest of a ledger, or of a class of customers, to what a law says, and returns its policy_id.
Arguments: ledger_id; preset: eu (reference rate "ecb" of 1 January and 1 July and 8 points, EUR 40 an invoice), germany (the same with 9 points), uk (reference rate "boe" of 31 December and 30 June and 8 points, GBP 40, 70 or 100 an invoice); customer_class; starts_on, by default the business date. Items that stay open are charged every 30 days. The reference rates are yours to insert into ar.interest_rate.
Errors: 22023 unknown preset.';

REVOKE ALL ON FUNCTION ar.interest_segments(integer, bigint[], date[], date[], jsonb[]),
    ar.interest_amounts(integer, bigint[], date[], date[], jsonb[]), ar.interest_seen(integer, bigint[], date[], jsonb[]),
    ar.set_interest_preset(integer, text, text, date) FROM PUBLIC;
