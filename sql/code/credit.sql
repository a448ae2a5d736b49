-- credit: policies, and the exposure judged by the limits in force.

CREATE FUNCTION ar.tg_enforce_limit() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_enforce_limit' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_enforce_limit() IS
'Trigger, after an UPDATE statement on ar.customer_balance: refuses an exposure that rose above a credit limit of the customer or of his groups.
Errors: RA001 credit limit exceeded; RA009 no rate into the currency of the limit.';

CREATE FUNCTION ar.tg_follow_credit() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_follow_credit' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_follow_credit() IS
'Trigger, after a statement on the table that its argument names (limit, policy, customer, reservation, adjustment, payment_reversal): does what follows from the rows, and judges what they raised.
Errors: RA001 credit limit exceeded; RA009 no rate into the currency of the limit.';

CREATE FUNCTION ar.tg_stamp_credit_policy() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.changed_by := session_user;
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_credit_policy() IS 'Trigger, before each row of ar.credit_policy: stamps who wrote it, and when.';

-- The functions that judge are called with few customers or many, all the time, and always go by key: what a
-- plan made anew for each array would cost more than it could save.

CREATE FUNCTION ar.credit_policies(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (
    customer_id bigint, on_breach text, tolerance_percent numeric, counts_drafts boolean, release_percent numeric,
    overdue_days integer, overdue_minimum ar.monetary, overdue_grace_days integer, dunning_level integer,
    bounced_payments integer, bounced_days integer, reservation_days integer,
    probation_invoices integer, probation_limit_percent numeric, probation_terms ar.terms, probation_days integer,
    review_days integer, review_utilisation_percent numeric, score_limit_cap ar.monetary, score_limit_factor numeric)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id,
           coalesce(own.on_breach, class.on_breach, ledger.on_breach, 'refuse'),
           coalesce(own.tolerance_percent, class.tolerance_percent, ledger.tolerance_percent, 0),
           coalesce(own.counts_drafts, class.counts_drafts, ledger.counts_drafts, false),
           coalesce(own.release_percent, class.release_percent, ledger.release_percent, 100),
           coalesce(own.overdue_days, class.overdue_days, ledger.overdue_days),
           coalesce(own.overdue_minimum, class.overdue_minimum, ledger.overdue_minimum),
           coalesce(own.overdue_grace_days, class.overdue_grace_days, ledger.overdue_grace_days, 0),
           coalesce(own.dunning_level, class.dunning_level, ledger.dunning_level),
           coalesce(own.bounced_payments, class.bounced_payments, ledger.bounced_payments),
           coalesce(own.bounced_days, class.bounced_days, ledger.bounced_days, 365),
           coalesce(own.reservation_days, class.reservation_days, ledger.reservation_days),
           coalesce(own.probation_invoices, class.probation_invoices, ledger.probation_invoices),
           coalesce(own.probation_limit_percent, class.probation_limit_percent, ledger.probation_limit_percent, 50),
           coalesce(own.probation_terms, class.probation_terms, ledger.probation_terms),
           coalesce(own.probation_days, class.probation_days, ledger.probation_days, 180),
           coalesce(own.review_days, class.review_days, ledger.review_days),
           coalesce(own.review_utilisation_percent, class.review_utilisation_percent, ledger.review_utilisation_percent),
           coalesce(own.score_limit_cap, class.score_limit_cap, ledger.score_limit_cap),
           coalesce(own.score_limit_factor, class.score_limit_factor, ledger.score_limit_factor, 1)
    FROM (SELECT DISTINCT w.customer_id FROM unnest(credit_policies.customer_ids) AS w(customer_id)) AS w
    CROSS JOIN LATERAL (SELECT c.customer_id, c.customer_class FROM ar.customer AS c
                        WHERE c.ledger_id = credit_policies.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    LEFT JOIN ar.credit_policy AS own
      ON own.ledger_id = credit_policies.ledger_id AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.credit_policy AS class
      ON class.ledger_id = credit_policies.ledger_id AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.credit_policy AS ledger
      ON ledger.ledger_id = credit_policies.ledger_id AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = '';
END
$$;
COMMENT ON FUNCTION ar.credit_policies(integer, bigint[]) IS
'The policy in force for each of some customers: every column his own, else that of his class, else that of the ledger, else the default (ar.credit_policy).
Arguments: ledger_id; customer_ids. NULL where there is neither a policy nor a default.';

CREATE FUNCTION ar.credit_holders(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (customer_id bigint, holder_id bigint, depth integer, credit_limit ar.monetary, source text, probation_percent numeric)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(credit_holders.ledger_id);
BEGIN
    RETURN QUERY
    WITH RECURSIVE chain AS (
        SELECT c.customer_id, c.customer_id AS holder_id, 0 AS distance, c.parent_id, c.credit_limit, c.customer_class
        FROM (SELECT DISTINCT w.customer_id FROM unnest(credit_holders.customer_ids) AS w(customer_id)) AS w
        CROSS JOIN LATERAL (SELECT c.customer_id, c.parent_id, c.credit_limit, c.customer_class FROM ar.customer AS c
                            WHERE c.ledger_id = credit_holders.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
        UNION ALL
        SELECT n.customer_id, p.customer_id, n.distance + 1, p.parent_id, p.credit_limit, p.customer_class
        FROM chain AS n
        CROSS JOIN LATERAL (SELECT p.customer_id, p.parent_id, p.credit_limit, p.customer_class FROM ar.customer AS p
                            WHERE p.ledger_id = credit_holders.ledger_id AND p.customer_id = n.parent_id OFFSET 0) AS p
    ), own AS (
        SELECT n.customer_id, n.holder_id, n.distance, n.customer_class,
               coalesce(t.amount, n.credit_limit) AS granted,
               CASE WHEN t.amount IS NOT NULL THEN 'temporary' ELSE 'customer' END AS source
        FROM chain AS n
        LEFT JOIN LATERAL (
            SELECT l.amount
            FROM (SELECT l.limit_id, l.amount FROM ar.credit_limit AS l
                  WHERE l.ledger_id = credit_holders.ledger_id AND l.customer_id = n.holder_id AND l.kind = 'temporary'
                    AND l.withdrawn_at IS NULL AND l.valid_from <= today AND coalesce(l.valid_until >= today, true) OFFSET 0) AS l
            ORDER BY l.limit_id DESC LIMIT 1) AS t ON true
    ), ranked AS (
        SELECT o.*, max(o.distance) OVER w - o.distance AS depth, bool_or(o.granted IS NOT NULL) OVER w AS has_limit
        FROM own AS o WINDOW w AS (PARTITION BY o.customer_id)
    ), chosen AS (
        SELECT r.customer_id, r.holder_id, r.depth, coalesce(r.granted, d.default_limit) AS granted,
               CASE WHEN r.granted IS NOT NULL THEN r.source WHEN d.default_limit IS NOT NULL THEN 'default' END AS source
        FROM ranked AS r
        LEFT JOIN LATERAL (
            SELECT p.default_limit FROM ar.credit_policy AS p
            WHERE p.ledger_id = credit_holders.ledger_id AND p.default_limit IS NOT NULL
              AND (p.customer_class IS NULL OR p.customer_class = r.customer_class)
            ORDER BY p.customer_class IS NULL LIMIT 1) AS d ON r.distance = 0 AND NOT r.has_limit
    )
    SELECT s.customer_id, s.holder_id, s.depth,
           CASE WHEN f.probation_percent IS NULL THEN s.granted + coalesce(a.additional, ar.monetary(0, ar.currency(s.granted)))
                ELSE ar.round(ar.amount(s.granted + coalesce(a.additional, ar.monetary(0, ar.currency(s.granted))))
                              * f.probation_percent / 100, ar.currency(s.granted), 'down') END,
           s.source, f.probation_percent
    FROM chosen AS s
    LEFT JOIN LATERAL (
        SELECT ar.sum(ar.convert(credit_holders.ledger_id, l.amount, ar.currency(s.granted), today)) AS additional
        FROM ar.credit_limit AS l
        WHERE s.granted IS NOT NULL
          AND l.ledger_id = credit_holders.ledger_id AND l.customer_id = s.holder_id AND l.kind = 'additional'
          AND l.withdrawn_at IS NULL AND l.valid_from <= today AND coalesce(l.valid_until >= today, true)) AS a ON true
    LEFT JOIN LATERAL (
        SELECT p.limit_percent AS probation_percent FROM ar.credit_probation AS p
        WHERE s.granted IS NOT NULL
          AND p.ledger_id = credit_holders.ledger_id AND p.customer_id = s.holder_id AND p.ended_on IS NULL) AS f ON true;
END
$$;
COMMENT ON FUNCTION ar.credit_holders(integer, bigint[]) IS
'Whose limits each of some customers counts against on the business date: his own and those of his groups.
Result: customer_id; holder_id, himself or a group of his; depth of the holder, 0 at the root; credit_limit in force, NULL for none; source: temporary, customer (the standing limit) or default (that of his class or ledger, where neither he nor a group of his has one); probation_percent, the part of it that counts during probation, which credit_limit takes into account.
Rule: a valid temporary limit before the standing one, before the default; what is additional adds to each. A default covers the customer alone, every other limit the members of his group, too.';

CREATE FUNCTION ar.credit_sums(ledger_id integer, holder_ids bigint[], currencies text[], with_members boolean[])
RETURNS TABLE (holder_id bigint, open_debits ar.monetary, unapplied ar.monetary, reserved ar.monetary, drafts ar.monetary, exposure ar.monetary)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(credit_sums.ledger_id);
    counts_drafts boolean := EXISTS (
        SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = credit_sums.ledger_id AND p.counts_drafts);
BEGIN
    RETURN QUERY
    WITH RECURSIVE holder AS (
        SELECT h.* FROM unnest(credit_sums.holder_ids, credit_sums.currencies, credit_sums.with_members)
            AS h(holder_id, currency, with_members)
    ), member AS (
        SELECT h.holder_id, h.holder_id AS customer_id, h.with_members FROM holder AS h
        UNION ALL
        SELECT m.holder_id, c.customer_id, true
        FROM member AS m
        CROSS JOIN LATERAL (SELECT c.customer_id FROM ar.customer AS c
                            WHERE c.ledger_id = credit_sums.ledger_id AND c.parent_id = m.customer_id OFFSET 0) AS c
        WHERE m.with_members
    ), draft AS (
        SELECT m.holder_id, v.customer_id, v.order_reference, ar.currency(v.total) AS currency,
               sum(ar.amount(v.total)) AS total
        FROM member AS m
        CROSS JOIN LATERAL (SELECT v.customer_id, v.order_reference, v.total FROM ar.invoice AS v
                            WHERE v.ledger_id = credit_sums.ledger_id AND v.customer_id = m.customer_id
                              AND v.recorded_at IS NULL AND v.status = 'draft' AND v.kind <> 'credit_memo' OFFSET 0) AS v
        WHERE counts_drafts
          AND (SELECT p.counts_drafts FROM ar.credit_policies(credit_sums.ledger_id, ARRAY[m.customer_id]) AS p)
        GROUP BY 1, 2, 3, 4
    ), part AS (
        SELECT m.holder_id, b.currency, ar.amount(b.open_debits) AS open_debits, ar.amount(b.open_credits) AS unapplied,
               0::numeric AS reserved, 0::numeric AS drafts
        FROM member AS m
        CROSS JOIN LATERAL (SELECT b.currency, b.open_debits, b.open_credits FROM ar.customer_balance AS b
                            WHERE b.ledger_id = credit_sums.ledger_id AND b.customer_id = m.customer_id OFFSET 0) AS b
        UNION ALL
        SELECT m.holder_id, ar.currency(r.amount), 0, 0, ar.amount(least(r.amount - r.invoiced, r.amount)), 0
        FROM member AS m
        CROSS JOIN LATERAL (SELECT r.amount, r.invoiced FROM ar.credit_reservation AS r
                            WHERE r.ledger_id = credit_sums.ledger_id AND r.customer_id = m.customer_id AND r.released_at IS NULL
                              AND r.invoiced < r.amount AND coalesce(r.expires_on >= today, true) OFFSET 0) AS r
        UNION ALL
        -- A draft of an order adds what goes beyond what the order still has reserved.
        SELECT d.holder_id, d.currency, 0, 0, 0,
               CASE WHEN r.amount IS NULL THEN d.total
                    ELSE greatest(d.total - ar.amount(least(r.amount - r.invoiced, r.amount)), 0) END
        FROM draft AS d
        LEFT JOIN ar.credit_reservation AS r
          ON r.ledger_id = credit_sums.ledger_id AND r.order_reference = d.order_reference AND r.customer_id = d.customer_id
         AND r.released_at IS NULL AND r.invoiced < r.amount AND coalesce(r.expires_on >= today, true)
         AND ar.currency(r.amount) = d.currency
    ), added AS (
        SELECT p.holder_id, p.currency, sum(p.open_debits) AS open_debits, sum(p.unapplied) AS unapplied,
               sum(p.reserved) AS reserved, sum(p.drafts) AS drafts
        FROM part AS p GROUP BY p.holder_id, p.currency
    ), converted AS (
        SELECT h.holder_id, h.currency,
               CASE WHEN a.currency = h.currency OR a.open_debits = 0 THEN a.open_debits
                    ELSE ar.amount(ar.convert(credit_sums.ledger_id, ar.monetary(a.open_debits, a.currency), h.currency, today)) END AS open_debits,
               CASE WHEN a.currency = h.currency OR a.unapplied = 0 THEN a.unapplied
                    ELSE ar.amount(ar.convert(credit_sums.ledger_id, ar.monetary(a.unapplied, a.currency), h.currency, today)) END AS unapplied,
               CASE WHEN a.currency = h.currency OR a.reserved = 0 THEN a.reserved
                    ELSE ar.amount(ar.convert(credit_sums.ledger_id, ar.monetary(a.reserved, a.currency), h.currency, today)) END AS reserved,
               CASE WHEN a.currency = h.currency OR a.drafts = 0 THEN a.drafts
                    ELSE ar.amount(ar.convert(credit_sums.ledger_id, ar.monetary(a.drafts, a.currency), h.currency, today)) END AS drafts
        FROM holder AS h
        LEFT JOIN added AS a ON a.holder_id = h.holder_id
    ), total AS (
        SELECT c.holder_id, c.currency,
               ar.round(coalesce(sum(c.open_debits), 0), c.currency) AS open_debits,
               ar.round(coalesce(sum(c.unapplied), 0), c.currency) AS unapplied,
               ar.round(coalesce(sum(c.reserved), 0), c.currency) AS reserved,
               ar.round(coalesce(sum(c.drafts), 0), c.currency) AS drafts
        FROM converted AS c GROUP BY c.holder_id, c.currency
    )
    SELECT t.holder_id, t.open_debits, t.unapplied, t.reserved, t.drafts,
           t.open_debits + t.unapplied + t.reserved + t.drafts
    FROM total AS t;
END
$$;
COMMENT ON FUNCTION ar.credit_sums(integer, bigint[], text[], boolean[]) IS
'The exposure of each of some customers, with its parts, in a currency each.
Arguments: ledger_id; holder_ids; currencies, that to convert into, at the rates of the business date; with_members, whether those of his group are added.
Result: open_debits; unapplied, zero or negative; reserved, what orders hold beyond what is invoiced of them; drafts, where the policy counts them; exposure, the sum of the four.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.lock_credit(ledger_id integer, customer_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ar.credit_account AS a (ledger_id, customer_id)
    SELECT lock_credit.ledger_id, h.holder_id
    FROM (SELECT h.holder_id, max(h.depth) AS depth
          FROM ar.credit_holders(lock_credit.ledger_id, lock_credit.customer_ids) AS h
          WHERE h.credit_limit IS NOT NULL OR h.holder_id = h.customer_id
             OR (SELECT k.customer_id FROM ar.credit_account AS k
                 WHERE k.ledger_id = lock_credit.ledger_id AND k.customer_id = h.holder_id) IS NOT NULL
          GROUP BY h.holder_id) AS h
    ORDER BY h.depth, h.holder_id
    ON CONFLICT (ledger_id, customer_id) DO UPDATE SET judgements = a.judgements + 1;
END
$$;
COMMENT ON FUNCTION ar.lock_credit(integer, bigint[]) IS
'Updates, and thereby locks, the credit accounts of customers and of their groups, from the root down. For the triggers: it comes after balances, and before anybody is judged.';

CREATE FUNCTION ar.judge_credit(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (customer_code text, holder_code text, exposure ar.monetary, credit_limit ar.monetary, action text, probation_percent numeric)
LANGUAGE plpgsql VOLATILE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    PERFORM ar.lock_credit(judge_credit.ledger_id, judge_credit.customer_ids);
    RETURN QUERY
    WITH holder AS MATERIALIZED (
        SELECT h.* FROM ar.credit_holders(judge_credit.ledger_id, judge_credit.customer_ids) AS h
        WHERE h.credit_limit IS NOT NULL
    ), given AS (
        SELECT array_agg(d.holder_id) AS holders, array_agg(d.currency) AS currencies, array_agg(d.with_members) AS with_members
        FROM (SELECT DISTINCT h.holder_id, ar.currency(h.credit_limit) AS currency, h.source <> 'default' AS with_members
              FROM holder AS h) AS d
    ), breach AS MATERIALIZED (
        SELECT h.*, s.exposure
        FROM given AS g
        CROSS JOIN LATERAL ar.credit_sums(judge_credit.ledger_id, g.holders, g.currencies, g.with_members) AS s
        JOIN holder AS h ON h.holder_id = s.holder_id AND s.exposure > h.credit_limit
        WHERE g.holders IS NOT NULL
    )
    SELECT c.code, g.code, b.exposure, b.credit_limit,
           CASE WHEN ar.amount(b.exposure) <= ar.amount(b.credit_limit) * (1 + p.tolerance_percent / 100)
                THEN 'tolerate' ELSE p.on_breach END,
           b.probation_percent
    FROM breach AS b
    CROSS JOIN LATERAL (SELECT c.code FROM ar.customer AS c
                        WHERE c.ledger_id = judge_credit.ledger_id AND c.customer_id = b.customer_id OFFSET 0) AS c
    CROSS JOIN LATERAL (SELECT g.code FROM ar.customer AS g
                        WHERE g.ledger_id = judge_credit.ledger_id AND g.customer_id = b.holder_id OFFSET 0) AS g
    CROSS JOIN LATERAL ar.credit_policies(judge_credit.ledger_id, ARRAY[b.customer_id]) AS p
    ORDER BY b.customer_id, b.depth DESC;
END
$$;
COMMENT ON FUNCTION ar.judge_credit(integer, bigint[]) IS
'Which limits the exposures of some customers and of their groups are over, as things stand now. For the triggers, which act as the writer: it locks their credit accounts first.
Result: customer_code, who was judged; holder_code, whose limit is passed; exposure; credit_limit; action: tolerate, refuse, hold or warn, by the policy of the customer; probation_percent.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.touch_credit(ledger_id integer, customer_ids bigint[], left_ids bigint[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    members bigint[];
BEGIN
    WITH RECURSIVE member AS (
        SELECT m.customer_id FROM unnest(touch_credit.customer_ids) AS m(customer_id)
        UNION
        SELECT c.customer_id
        FROM member AS m
        CROSS JOIN LATERAL (SELECT c.customer_id FROM ar.customer AS c
                            WHERE c.ledger_id = touch_credit.ledger_id AND c.parent_id = m.customer_id OFFSET 0) AS c
    )
    SELECT array_agg(m.customer_id) INTO members FROM member AS m;
    INSERT INTO ar.customer_balance AS b (ledger_id, customer_id, currency, open_debits, open_credits)
    SELECT b.ledger_id, b.customer_id, b.currency, b.open_debits, b.open_credits
    FROM unnest(members) AS w(customer_id)
    CROSS JOIN LATERAL (SELECT b.ledger_id, b.customer_id, b.currency, b.open_debits, b.open_credits FROM ar.customer_balance AS b
                        WHERE b.ledger_id = touch_credit.ledger_id AND b.customer_id = w.customer_id OFFSET 0) AS b
    ORDER BY b.customer_id, b.currency
    ON CONFLICT (ledger_id, customer_id, currency) DO UPDATE SET open_debits = b.open_debits;
    PERFORM ar.lock_credit(touch_credit.ledger_id, members || touch_credit.left_ids);
END
$$;
COMMENT ON FUNCTION ar.touch_credit(integer, bigint[], bigint[]) IS
'Waits for whoever is raising the exposure of some customers or members of their groups, and has those fail to serialize who began before: by updating balances and credit accounts. For the triggers, when a limit or a group changes; left_ids are groups that were left.';

CREATE FUNCTION ar.follow_credit_policies(ledger_id integer, policy_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- A default limit where there was none limits at once all who had no other.
    PERFORM ar.touch_credit(follow_credit_policies.ledger_id, array_agg(DISTINCT b.customer_id))
    FROM ar.customer_balance AS b
    JOIN ar.customer AS c ON c.ledger_id = b.ledger_id AND c.customer_id = b.customer_id
    JOIN ar.credit_policy AS p
      ON p.ledger_id = b.ledger_id AND p.policy_id = ANY (follow_credit_policies.policy_ids)
     AND p.default_limit IS NOT NULL AND (p.customer_class IS NULL OR p.customer_class = c.customer_class)
    WHERE b.ledger_id = follow_credit_policies.ledger_id AND c.credit_limit IS NULL
    HAVING count(*) > 0;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.follow_credit_policies(integer, bigint[]) IS
'For the trigger on ar.credit_policy: has a new default limit wait for whoever is being judged.';

REVOKE ALL ON FUNCTION ar.tg_enforce_limit(), ar.tg_follow_credit(), ar.tg_stamp_credit_policy(),
    ar.credit_policies(integer, bigint[]), ar.credit_holders(integer, bigint[]),
    ar.credit_sums(integer, bigint[], text[], boolean[]), ar.lock_credit(integer, bigint[]), ar.judge_credit(integer, bigint[]),
    ar.touch_credit(integer, bigint[], bigint[]), ar.follow_credit_policies(integer, bigint[]) FROM PUBLIC;
