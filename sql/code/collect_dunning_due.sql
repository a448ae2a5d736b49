-- collect: dunning: what is to be reminded of on a day, and what is not.

CREATE FUNCTION ar.dunning_cover(ledger_id integer, as_of date, customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, amount numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    debtors bigint[];
BEGIN
    -- Who owes something and has paid something that is not applied yet.
    SELECT array_agg(DISTINCT b.customer_id) INTO debtors
    FROM ar.customer_balance AS b
    WHERE b.ledger_id = dunning_cover.ledger_id AND ar.sign(b.open_credits) < 0 AND ar.sign(b.open_debits) > 0
      AND (dunning_cover.customer_ids IS NULL OR b.customer_id = ANY (dunning_cover.customer_ids));
    IF debtors IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH debtor AS MATERIALIZED (
        SELECT p.customer_id, coalesce(t.is_netted, false) AS is_netted
        FROM ar.dunning_policies(dunning_cover.ledger_id, debtors, dunning_cover.as_of) AS p
        JOIN ar.dunning_terms(dunning_cover.ledger_id, dunning_cover.as_of) AS t ON t.policy_id = p.policy_id
    ), debit AS MATERIALIZED (
        SELECT i.customer_id, i.payment_id, ar.currency(i.open) AS currency, -ar.amount(i.open) AS amount
        FROM ar.with_ledger(dunning_cover.ledger_id, ARRAY(SELECT d.customer_id FROM debtor AS d WHERE NOT d.is_netted)) AS w
        JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.customer_id = w.id AND i.closed_on IS NULL
        JOIN ar.payment AS p ON p.ledger_id = i.ledger_id AND p.payment_id = i.payment_id
        JOIN ar.payment_method AS m ON m.ledger_id = p.ledger_id AND m.method = p.method AND m.kind = 'direct_debit'
    )
    SELECT b.customer_id, b.currency, -ar.amount(b.open_credits)
    FROM ar.with_ledger(dunning_cover.ledger_id, ARRAY(SELECT d.customer_id FROM debtor AS d WHERE d.is_netted)) AS w
    JOIN ar.customer_balance AS b ON b.ledger_id = w.ledger_id AND b.customer_id = w.id AND ar.sign(b.open_credits) < 0
    UNION ALL
    SELECT d.customer_id, d.currency, sum(d.amount)
    FROM debit AS d
    JOIN ar.payment_states(dunning_cover.ledger_id, ARRAY(SELECT d.payment_id FROM debit AS d), dunning_cover.as_of) AS s ON s.payment_id = d.payment_id
    WHERE s.is_in_flight
    GROUP BY d.customer_id, d.currency;
END
$$;
COMMENT ON FUNCTION ar.dunning_cover(integer, date, bigint[]) IS
'What covers the items of customers although it is not applied to them: where the policy nets, all that they have paid; else the direct debits that are in flight.
Arguments: ledger_id; as_of; customer_ids, NULL for all.';

CREATE FUNCTION ar.dunning_exceptions(ledger_id integer, as_of date, customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (item_id bigint, amount ar.monetary, reason text)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
AS $$
#variable_conflict use_column
DECLARE
    ids bigint[];
BEGIN
    IF dunning_exceptions.customer_ids IS NOT NULL THEN
        ids := ar.open_items_of(dunning_exceptions.ledger_id, dunning_exceptions.customer_ids);
    END IF;
    RETURN QUERY
    WITH part AS MATERIALIZED (
        -- NULL: all of it.
        SELECT d.item_id, ar.amount(d.amount) AS amount, 'disputed' AS reason FROM ar.disputed(dunning_exceptions.ledger_id, ids) AS d
        UNION ALL
        SELECT p.item_id, ar.amount(p.amount), 'promised' FROM ar.promised(dunning_exceptions.ledger_id, ids, dunning_exceptions.as_of) AS p
        UNION ALL
        SELECT p.item_id, NULL, 'on a payment plan' FROM ar.planned(dunning_exceptions.ledger_id, ids, dunning_exceptions.as_of) AS p
        UNION ALL
        SELECT n.item_id, NULL, 'with an agency' FROM ar.placement_item AS n
        WHERE n.ledger_id = dunning_exceptions.ledger_id AND n.is_open AND (ids IS NULL OR n.item_id = ANY (ids))
        UNION ALL
        SELECT b.item_id, NULL, 'blocked' FROM ar.dunning_block AS b
        WHERE b.ledger_id = dunning_exceptions.ledger_id AND b.item_id IS NOT NULL
          AND (b.lifted_on IS NULL OR b.lifted_on > dunning_exceptions.as_of)
          AND dunning_exceptions.as_of BETWEEN b.from_on AND coalesce(b.until_on, 'infinity')
          AND (dunning_exceptions.customer_ids IS NULL OR b.customer_id = ANY (dunning_exceptions.customer_ids))
        UNION ALL
        -- Somebody has to send it again, or to cancel it.
        SELECT n.item_id, NULL, 'its letter has failed'
        FROM ar.outbox AS o
        JOIN ar.dunning_notice AS d ON d.ledger_id = o.ledger_id AND d.message_id = o.message_id
        JOIN ar.dunning_notice_item AS n ON n.ledger_id = d.ledger_id AND n.notice_id = d.notice_id AND n.is_counted
        WHERE o.ledger_id = dunning_exceptions.ledger_id AND o.status = 'failed'
          AND (dunning_exceptions.customer_ids IS NULL OR d.customer_id = ANY (dunning_exceptions.customer_ids))
    ), kept AS MATERIALIZED (
        SELECT i.item_id, ar.currency(i.open) AS currency,
               greatest(ar.amount(i.open) - CASE WHEN p.is_whole THEN ar.amount(i.open) ELSE p.amount END, 0) AS remaining, p.reason
        FROM (SELECT dunning_exceptions.ledger_id, p.item_id, bool_or(p.amount IS NULL) AS is_whole, sum(p.amount) AS amount, string_agg(DISTINCT p.reason, ', ') AS reason
              FROM part AS p GROUP BY p.item_id) AS p
        JOIN ar.item AS i ON i.ledger_id = p.ledger_id AND i.item_id = p.item_id AND i.closed_on IS NULL
    ), cover AS MATERIALIZED (
        SELECT dunning_exceptions.ledger_id, c.* FROM ar.dunning_cover(dunning_exceptions.ledger_id, dunning_exceptions.as_of, dunning_exceptions.customer_ids) AS c
    ), covered AS (
        -- The earliest due date first.
        SELECT w.item_id, w.currency, w.remaining - least(w.remaining, w.cover - (w.upto - w.remaining)) AS remaining, w.reason
        FROM (SELECT i.item_id, c.currency, c.amount AS cover, m.remaining, k.reason,
                     sum(m.remaining) OVER (PARTITION BY i.customer_id, c.currency ORDER BY i.due_on, i.item_id) AS upto
              FROM cover AS c
              JOIN ar.item AS i ON i.ledger_id = c.ledger_id AND i.customer_id = c.customer_id AND i.closed_on IS NULL AND ar.currency(i.open) = c.currency
              LEFT JOIN kept AS k ON k.item_id = i.item_id
              CROSS JOIN LATERAL (SELECT coalesce(k.remaining, ar.amount(i.open)) AS remaining) AS m
              WHERE ar.sign(i.open) > 0 AND ar.is_dunned_kind(i.kind)) AS w
        WHERE w.remaining > 0 AND w.cover > w.upto - w.remaining
    )
    SELECT c.item_id, ar.monetary(c.remaining, c.currency), concat_ws(', ', c.reason, 'covered by what is paid') FROM covered AS c
    UNION ALL
    SELECT k.item_id, ar.monetary(k.remaining, k.currency), k.reason FROM kept AS k
    WHERE NOT EXISTS (SELECT FROM covered AS c WHERE c.item_id = k.item_id);
END
$$;
COMMENT ON FUNCTION ar.dunning_exceptions(integer, date, bigint[]) IS
'The open items that are not reminded of in full on a day: what is left of each to be reminded of, zero if nothing, and why. Disputed and promised parts, plans, agencies, blocks, letters that failed, and what covers them (ar.dunning_cover()). A customer who is blocked is not among them.
Arguments: ledger_id; as_of; customer_ids, NULL for all.';

-- Without SET, so that the planner can open it up.
CREATE FUNCTION ar.is_dunned_kind(kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT kind OPERATOR(pg_catalog.=) 'invoice' OR kind OPERATOR(pg_catalog.=) 'debit_memo' OR kind OPERATOR(pg_catalog.=) 'chargeback'
        OR kind OPERATOR(pg_catalog.=) 'deduction' OR kind OPERATOR(pg_catalog.=) 'difference' $$;
COMMENT ON FUNCTION ar.is_dunned_kind(text) IS
'Whether items of a kind are reminded of: invoices, debit memos, chargebacks, deductions and differences. Fees and interest are claimed with what they are for, and begin no letter.';

CREATE FUNCTION ar.dunning_due(ledger_id integer, as_of date, customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (customer_id bigint, currency text, policy_id bigint, single_id bigint, level smallint, amount ar.monetary, items integer,
               item_ids bigint[], levels smallint[])
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
-- What it joins and groups is all looked at anyway, and in a young ledger a loop would seem cheap.
SET enable_nestloop = off
SET enable_sort = off
-- What is switched off so makes what is left seem worth compiling.
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    earliest integer;
    customers bigint[] := dunning_due.customer_ids;
    ids bigint[];
    calendars text[];
    since date;
    latest date;
    shifts integer[];
    only_currency text;
    exception_ids bigint[];
    exception_amounts ar.monetary[];
    blocked bigint[];
    one record;
BEGIN
    -- The days past due, below zero before, from which anything happens at all.
    SELECT least(min(t.days[1]), min(t.reminder_days)), array_agg(DISTINCT coalesce(t.calendar, '')) FILTER (WHERE t.shifts_due_dates) INTO earliest, calendars
    FROM ar.dunning_terms(dunning_due.ledger_id, dunning_due.as_of) AS t;
    IF earliest IS NULL THEN
        RETURN;
    END IF;
    IF customers IS NULL THEN
        customers := ARRAY(SELECT DISTINCT b.customer_id FROM ar.customer_balance AS b WHERE b.ledger_id = dunning_due.ledger_id AND ar.sign(b.open_debits) > 0);
    ELSE
        ids := ar.open_items_of(dunning_due.ledger_id, customers);
    END IF;
    -- Most ledgers have one currency: then it need not be read from each item.
    SELECT CASE WHEN count(DISTINCT b.currency) = 1 THEN min(b.currency) END INTO only_currency
    FROM ar.customer_balance AS b WHERE b.ledger_id = dunning_due.ledger_id AND ar.sign(b.open_debits) > 0;
    IF calendars IS NOT NULL THEN
        -- By how many days each due date goes on, a row for each calendar: looked up by position, where a join would cost each item.
        SELECT min(i.due_on), max(i.due_on) INTO since, latest FROM ar.item AS i
        WHERE i.ledger_id = dunning_due.ledger_id AND i.closed_on IS NULL AND (ids IS NULL OR i.item_id = ANY (ids));
        SELECT array_agg(s.days ORDER BY s.nth) INTO shifts
        FROM (SELECT k.nth, array_agg(b.business_day - b.day ORDER BY b.day) AS days
              FROM unnest(calendars) WITH ORDINALITY AS k(calendar, nth)
              CROSS JOIN LATERAL ar.business_days(dunning_due.ledger_id, ARRAY(
                  SELECT since + n FROM generate_series(0, greatest(least(dunning_due.as_of - earliest, latest) - since, 0)) AS n), 1, nullif(k.calendar, '')) AS b
              GROUP BY k.nth) AS s;
    END IF;
    SELECT array_agg(e.item_id), array_agg(e.amount) INTO exception_ids, exception_amounts
    FROM ar.dunning_exceptions(dunning_due.ledger_id, dunning_due.as_of, dunning_due.customer_ids) AS e;
    blocked := ARRAY(SELECT b.customer_id FROM ar.dunning_block AS b
                     WHERE b.ledger_id = dunning_due.ledger_id AND b.item_id IS NULL AND (b.lifted_on IS NULL OR b.lifted_on > dunning_due.as_of)
                       AND dunning_due.as_of BETWEEN b.from_on AND coalesce(b.until_on, 'infinity'));
    -- One policy for all is known without asking for each item whose it is.
    SELECT count(*) = 1 AND bool_and(num_nonnulls(t.customer_class, t.customer_id) = 0) AND blocked = '{}' AS for_all,
           min(t.policy_id) AS policy_id, bool_or(t.letter_per = 'item') AS is_per_item, bool_or(t.escalation = 'most_severe') AS is_most_severe,
           min(array_position(calendars, coalesce(t.calendar, ''))) FILTER (WHERE t.shifts_due_dates) AS calendar_no,
           min(t.days) AS days, min(t.gaps) AS gaps, min(t.reminder_days) AS reminder_days
    INTO one
    FROM ar.dunning_terms(dunning_due.ledger_id, dunning_due.as_of) AS t;
    RETURN QUERY
    WITH term AS MATERIALIZED (
        SELECT t.*, CASE WHEN t.shifts_due_dates THEN array_position(calendars, coalesce(t.calendar, '')) END AS calendar_no
        FROM ar.dunning_terms(dunning_due.ledger_id, dunning_due.as_of) AS t
    ), debtor AS MATERIALIZED (
        SELECT p.customer_id, t.policy_id, t.letter_per = 'item' AS is_per_item, t.escalation = 'most_severe' AS is_most_severe, t.calendar_no,
               t.days, t.gaps, t.reminder_days
        FROM ar.dunning_policies(dunning_due.ledger_id, customers, dunning_due.as_of) AS p
        JOIN term AS t ON t.policy_id = p.policy_id
        WHERE p.customer_id NOT IN (SELECT unnest(blocked))
    ), debit AS (
        -- Of these three the planner keeps what can be.
        SELECT i.customer_id, i.item_id, i.due_on, i.open AS amount, one.policy_id, one.is_per_item, one.is_most_severe, one.calendar_no, one.days, one.gaps, one.reminder_days
        FROM ar.item AS i
        WHERE one.for_all AND i.ledger_id = dunning_due.ledger_id AND i.closed_on IS NULL AND i.due_on <= dunning_due.as_of - earliest
          AND ar.sign(i.open) > 0 AND ar.is_dunned_kind(i.kind) AND (ids IS NULL OR i.item_id = ANY (ids))
          AND (exception_ids IS NULL OR i.item_id <> ALL (exception_ids))
        UNION ALL
        SELECT i.customer_id, i.item_id, i.due_on, i.open, c.policy_id, c.is_per_item, c.is_most_severe, c.calendar_no, c.days, c.gaps, c.reminder_days
        FROM ar.item AS i JOIN debtor AS c ON c.customer_id = i.customer_id
        WHERE NOT one.for_all AND i.ledger_id = dunning_due.ledger_id AND i.closed_on IS NULL AND i.due_on <= dunning_due.as_of - earliest
          AND ar.sign(i.open) > 0 AND ar.is_dunned_kind(i.kind) AND (ids IS NULL OR i.item_id = ANY (ids))
          AND (exception_ids IS NULL OR i.item_id <> ALL (exception_ids))
        UNION ALL
        SELECT i.customer_id, i.item_id, i.due_on, e.amount, c.policy_id, c.is_per_item, c.is_most_severe, c.calendar_no, c.days, c.gaps, c.reminder_days
        FROM (SELECT DISTINCT dunning_due.ledger_id, e.item_id, e.amount FROM unnest(exception_ids, exception_amounts) AS e(item_id, amount) WHERE ar.sign(e.amount) > 0) AS e
        JOIN ar.item AS i ON i.ledger_id = e.ledger_id AND i.item_id = e.item_id
        JOIN debtor AS c ON c.customer_id = i.customer_id
        WHERE exception_ids IS NOT NULL AND i.due_on <= dunning_due.as_of - earliest AND ar.is_dunned_kind(i.kind)
    ), candidate AS (
        -- OFFSET keeps the planner from reckoning an expression again wherever it is used.
        SELECT i.customer_id, i.item_id, i.amount, i.policy_id, i.gaps, i.reminder_days, i.is_most_severe, CASE WHEN i.is_per_item THEN -i.item_id ELSE i.customer_id END AS letter_key,
               coalesce(d.level, 0) AS before, d.noticed_on, d.reminded_on, p.past, width_bucket(p.past, i.days) AS reached
        FROM debit AS i
        LEFT JOIN ar.dunning_item AS d ON d.ledger_id = dunning_due.ledger_id AND d.item_id = i.item_id AND (ids IS NULL OR d.item_id = ANY (ids))
        CROSS JOIN LATERAL (
            SELECT dunning_due.as_of - i.due_on - CASE WHEN i.calendar_no IS NULL THEN 0 ELSE shifts[i.calendar_no][i.due_on - since + 1] END AS past) AS p
        OFFSET 0
    ), rising AS MATERIALIZED (
        -- By few and narrow columns, for each costs each item: customer or item in one, and in one the level that it rises to and the one where it is.
        SELECT min(c.customer_id) AS customer_id, min(c.policy_id) AS policy_id, coalesce(only_currency, c.currency) AS currency,
               CASE WHEN c.letter_key < 0 THEN -c.letter_key ELSE 0 END AS single_id, c.step % 100 AS before, c.step / 100 AS level, ar.sum(c.amount) AS amount,
               array_agg(c.item_id) AS item_ids
        FROM (SELECT c.*, CASE WHEN only_currency IS NULL THEN ar.currency(c.amount) END AS currency,
                     CASE WHEN c.reached > c.before THEN
                              CASE WHEN c.noticed_on IS NULL OR dunning_due.as_of - c.noticed_on >= c.gaps[CASE WHEN c.is_most_severe THEN c.reached ELSE c.before + 1 END] THEN
                                   CASE WHEN c.is_most_severe THEN c.reached ELSE c.before + 1 END * 100 + c.before END
                          WHEN c.past >= c.reminder_days AND c.reminded_on IS NULL THEN 0 END AS step
              FROM candidate AS c
              WHERE c.reached > c.before OR c.past <= 0 AND c.before = 0) AS c
        GROUP BY c.letter_key, c.step, c.currency
        HAVING c.step IS NOT NULL
    ), passed AS MATERIALIZED (
        -- What is too little for a level falls back to the one below.
        SELECT g.customer_id, g.currency, g.single_id, l.level
        FROM rising AS g
        JOIN term AS t ON t.policy_id = g.policy_id AND t.has_minimum
        JOIN ar.dunning_level AS l ON l.ledger_id = dunning_due.ledger_id AND l.policy_id = g.policy_id AND l.level <= g.level AND (l.level > 0) = (g.level > 0)
        LEFT JOIN ar.customer_balance AS b ON b.ledger_id = dunning_due.ledger_id AND b.customer_id = g.customer_id AND b.currency = g.currency
        GROUP BY g.customer_id, g.currency, g.single_id, l.level, l.minimum, l.minimum_percent, b.open_debits
        HAVING (l.minimum IS NULL OR ar.sum(g.amount) >= CASE WHEN ar.currency(l.minimum) = g.currency THEN l.minimum
                                                             ELSE (ar.convert_amounts(dunning_due.ledger_id, ARRAY[l.minimum], g.currency, dunning_due.as_of))[1] END)
           AND (l.minimum_percent IS NULL OR sum(ar.amount(g.amount)) * 100 >= l.minimum_percent * ar.amount(b.open_debits))
    ), letter AS (
        SELECT g.customer_id, g.currency, g.policy_id, g.single_id, g.amount, g.item_ids,
               CASE WHEN t.has_minimum THEN (
                   SELECT max(p.level) FROM passed AS p
                   WHERE p.customer_id = g.customer_id AND p.currency = g.currency AND p.single_id = g.single_id
                     AND p.level <= g.level AND (p.level > g.before OR g.level = 0 AND p.level = 0)) ELSE g.level END AS level
        FROM rising AS g
        JOIN term AS t ON t.policy_id = g.policy_id
        LEFT JOIN LATERAL (
            SELECT max(n.decided_on) AS written_on FROM ar.dunning_notice AS n
            WHERE t.interval_days > 0 AND g.level > 0
              AND n.ledger_id = dunning_due.ledger_id AND n.customer_id = g.customer_id AND n.currency = g.currency AND n.status = 'confirmed' AND n.level > 0
              AND EXISTS (SELECT FROM ar.dunning_notice_item AS k WHERE k.ledger_id = n.ledger_id AND k.notice_id = n.notice_id AND k.is_counted)) AS w ON true
        WHERE w.written_on IS NULL OR dunning_due.as_of - w.written_on >= t.interval_days
    )
    SELECT l.customer_id, l.currency, min(l.policy_id), CASE WHEN l.single_id <> 0 THEN l.single_id END, max(l.level)::smallint, ar.sum(l.amount),
           sum(cardinality(l.item_ids))::integer, ar.concatenate(l.item_ids), ar.concatenate(array_fill(l.level::bigint, ARRAY[cardinality(l.item_ids)]))::smallint[]
    FROM letter AS l
    WHERE l.level IS NOT NULL
    GROUP BY l.customer_id, l.currency, l.single_id, l.level > 0;
END
$$;
COMMENT ON FUNCTION ar.dunning_due(integer, date, bigint[]) IS
'The letters that are due on a day: by customer and currency, or by item, with the items that rise to a level and what is to be reminded of. Whatever is proposed already is among them.
Arguments: ledger_id; as_of; customer_ids, NULL for all.
Result: customer_id; currency; policy_id; single_id, the item where it has a letter of its own; level, the highest; amount and number of items; item_ids and levels, side by side.
Errors: RA009 there is no rate into the currency of a minimum.';

CREATE FUNCTION ar.open_items_of(ledger_id integer, customer_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    RETURN ARRAY(SELECT i.item_id FROM ar.with_ledger(open_items_of.ledger_id, open_items_of.customer_ids) AS w
                 JOIN ar.item AS i ON i.ledger_id = w.ledger_id AND i.customer_id = w.id AND i.closed_on IS NULL);
END
$$;
COMMENT ON FUNCTION ar.open_items_of(integer, bigint[]) IS 'The open items of some customers. Arguments: ledger_id; customer_ids.';

CREATE AGGREGATE ar.concatenate(bigint[]) (SFUNC = pg_catalog.array_cat, STYPE = bigint[]);
COMMENT ON AGGREGATE ar.concatenate(bigint[]) IS 'Arrays put end to end.';

REVOKE ALL ON FUNCTION ar.dunning_cover(integer, date, bigint[]), ar.dunning_exceptions(integer, date, bigint[]), ar.dunning_due(integer, date, bigint[]),
    ar.open_items_of(integer, bigint[]) FROM PUBLIC;
