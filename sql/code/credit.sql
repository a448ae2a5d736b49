-- credit: limits, and the exposure judged by them.

CREATE FUNCTION ar.tg_enforce_limit() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_enforce_limit' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_enforce_limit() IS
'Trigger, after an UPDATE statement on ar.customer_balance: refuses an exposure that rose above a credit limit of the customer or of his groups.
Errors: RA001 credit limit exceeded; RA009 no rate into the currency of the limit.';

CREATE FUNCTION ar.tg_follow_credit() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_follow_credit' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_follow_credit() IS
'Trigger, after a statement on the table that its argument names (limit, policy, customer, reservation, adjustment): does what follows from the rows, and judges what they raised.
Errors: RA001 credit limit exceeded; RA009 no rate into the currency of the limit.';

CREATE FUNCTION ar.tg_guard_credit_limit() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_by := session_user;
        NEW.recorded_at := clock_timestamp();
        NEW.withdrawn_by := NULL;
        NEW.withdrawn_at := NULL;
        NEW.withdrawal_reason := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL AND NEW.kind <> 'standing'
       AND to_jsonb(NEW) - '{withdrawn_by,withdrawn_at,withdrawal_reason}'::text[]
           = to_jsonb(OLD) - '{withdrawn_by,withdrawn_at,withdrawal_reason}'::text[] THEN
        NEW.withdrawn_by := session_user;
        NEW.withdrawn_at := clock_timestamp();
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('credit limit %s cannot be %s', OLD.limit_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Grant another with ar.set_credit_limit(), or withdraw one that has dates with ar.withdraw_credit_limit().',
        TABLE = 'credit_limit', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_credit_limit() IS
'Trigger, before each row of ar.credit_limit: stamps who recorded and who withdrew it, and refuses every other change (RA003).';

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

CREATE FUNCTION ar.tg_guard_credit_stop() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.stopped_by := session_user;
        NEW.stopped_at := clock_timestamp();
        NEW.lifted_by := NULL;
        NEW.lifted_at := NULL;
        NEW.lifting_reason := NULL;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.lifted_at IS NULL AND NEW.lifted_at IS NOT NULL
       AND to_jsonb(NEW) - '{lifted_by,lifted_at,lifting_reason}'::text[]
           = to_jsonb(OLD) - '{lifted_by,lifted_at,lifting_reason}'::text[] THEN
        NEW.lifted_by := session_user;
        NEW.lifted_at := clock_timestamp();
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('credit stop %s cannot be %s', OLD.stop_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'Lift a standing stop with ar.lift_credit_stop(), and put another.',
        TABLE = 'credit_stop', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_credit_stop() IS
'Trigger, before each row of ar.credit_stop: stamps who stopped and who lifted it, and refuses every other change (RA003).';

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
    FROM ar.customer AS c
    LEFT JOIN ar.credit_policy AS own
      ON own.ledger_id = credit_policies.ledger_id AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.credit_policy AS class
      ON class.ledger_id = credit_policies.ledger_id AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.credit_policy AS ledger
      ON ledger.ledger_id = credit_policies.ledger_id AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = ''
    WHERE c.ledger_id = credit_policies.ledger_id AND c.customer_id = ANY (credit_policies.customer_ids);
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
        FROM ar.customer AS c
        WHERE c.ledger_id = credit_holders.ledger_id AND c.customer_id = ANY (credit_holders.customer_ids)
        UNION ALL
        SELECT n.customer_id, p.customer_id, n.distance + 1, p.parent_id, p.credit_limit, p.customer_class
        FROM chain AS n
        JOIN ar.customer AS p ON p.ledger_id = credit_holders.ledger_id AND p.customer_id = n.parent_id
    ), own AS (
        SELECT n.customer_id, n.holder_id, n.distance, n.customer_class,
               coalesce(t.amount, n.credit_limit) AS granted,
               CASE WHEN t.amount IS NOT NULL THEN 'temporary' ELSE 'customer' END AS source
        FROM chain AS n
        LEFT JOIN LATERAL (
            SELECT l.amount FROM ar.credit_limit AS l
            WHERE l.ledger_id = credit_holders.ledger_id AND l.customer_id = n.holder_id AND l.kind = 'temporary'
              AND l.withdrawn_at IS NULL AND l.valid_from <= today AND coalesce(l.valid_until >= today, true)
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
        JOIN ar.customer AS c ON c.ledger_id = credit_sums.ledger_id AND c.parent_id = m.customer_id
        WHERE m.with_members
    ), draft AS (
        SELECT m.holder_id, v.customer_id, v.order_reference, ar.currency(v.total) AS currency,
               sum(ar.amount(v.total)) AS total
        FROM member AS m
        JOIN ar.invoice AS v ON v.ledger_id = credit_sums.ledger_id AND v.customer_id = m.customer_id
         AND v.recorded_at IS NULL AND v.status = 'draft' AND v.kind <> 'credit_memo'
        WHERE counts_drafts
          AND (SELECT p.counts_drafts FROM ar.credit_policies(credit_sums.ledger_id, ARRAY[m.customer_id]) AS p)
        GROUP BY 1, 2, 3, 4
    ), part AS (
        SELECT m.holder_id, b.currency, ar.amount(b.open_debits) AS open_debits, ar.amount(b.open_credits) AS unapplied,
               0::numeric AS reserved, 0::numeric AS drafts
        FROM member AS m
        JOIN ar.customer_balance AS b ON b.ledger_id = credit_sums.ledger_id AND b.customer_id = m.customer_id
        UNION ALL
        SELECT m.holder_id, ar.currency(r.amount), 0, 0, ar.amount(least(r.amount - r.invoiced, r.amount)), 0
        FROM member AS m
        JOIN ar.credit_reservation AS r ON r.ledger_id = credit_sums.ledger_id AND r.customer_id = m.customer_id
         AND r.released_at IS NULL AND r.invoiced < r.amount AND coalesce(r.expires_on >= today, true)
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
             OR EXISTS (SELECT FROM ar.credit_account AS k
                        WHERE k.ledger_id = lock_credit.ledger_id AND k.customer_id = h.holder_id)
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
    JOIN ar.customer AS c ON c.ledger_id = judge_credit.ledger_id AND c.customer_id = b.customer_id
    JOIN ar.customer AS g ON g.ledger_id = judge_credit.ledger_id AND g.customer_id = b.holder_id
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
        JOIN ar.customer AS c ON c.ledger_id = touch_credit.ledger_id AND c.parent_id = m.customer_id
    )
    SELECT array_agg(m.customer_id) INTO members FROM member AS m;
    INSERT INTO ar.customer_balance AS b (ledger_id, customer_id, currency, open_debits, open_credits)
    SELECT b.ledger_id, b.customer_id, b.currency, b.open_debits, b.open_credits
    FROM ar.customer_balance AS b
    WHERE b.ledger_id = touch_credit.ledger_id AND b.customer_id = ANY (members)
    ORDER BY b.customer_id, b.currency
    ON CONFLICT (ledger_id, customer_id, currency) DO UPDATE SET open_debits = b.open_debits;
    PERFORM ar.lock_credit(touch_credit.ledger_id, members || touch_credit.left_ids);
END
$$;
COMMENT ON FUNCTION ar.touch_credit(integer, bigint[], bigint[]) IS
'Waits for whoever is raising the exposure of some customers or members of their groups, and has those fail to serialize who began before: by updating balances and credit accounts. For the triggers, when a limit or a group changes; left_ids are groups that were left.';

CREATE FUNCTION ar.follow_customers(ledger_id integer, customer_ids bigint[], left_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    waiting record;
BEGIN
    INSERT INTO ar.credit_limit (ledger_id, customer_id, kind, amount)
    SELECT c.ledger_id, c.customer_id, 'standing', c.credit_limit
    FROM ar.customer AS c
    LEFT JOIN LATERAL (
        SELECT l.amount FROM ar.credit_limit AS l
        WHERE l.ledger_id = c.ledger_id AND l.customer_id = c.customer_id AND l.kind = 'standing'
        ORDER BY l.limit_id DESC LIMIT 1) AS l ON true
    WHERE c.ledger_id = follow_customers.ledger_id AND c.customer_id = ANY (follow_customers.customer_ids)
      AND c.credit_limit IS DISTINCT FROM l.amount
    ORDER BY c.customer_id;
    PERFORM ar.touch_credit(follow_customers.ledger_id, follow_customers.customer_ids, follow_customers.left_ids);
    SELECT c.code, CASE WHEN v.invoice_id IS NULL THEN format('Order "%s" has %s reserved.', r.order_reference, r.amount - r.invoiced)
                        ELSE format('Invoice %s of %s is held.', v.invoice_id, v.total) END AS detail INTO waiting
    FROM ar.customer AS c
    LEFT JOIN LATERAL (
        SELECT r.order_reference, r.amount, r.invoiced FROM ar.credit_reservation AS r
        WHERE r.ledger_id = c.ledger_id AND r.customer_id = c.customer_id AND r.released_at IS NULL AND r.invoiced < r.amount
          AND coalesce(r.expires_on >= ar.business_date(c.ledger_id), true)
        ORDER BY r.reservation_id LIMIT 1) AS r ON true
    LEFT JOIN LATERAL (
        SELECT v.invoice_id, v.total FROM ar.invoice AS v
        WHERE v.ledger_id = c.ledger_id AND v.customer_id = c.customer_id AND v.recorded_at IS NULL AND v.status = 'held'
        ORDER BY v.invoice_id LIMIT 1) AS v ON true
    WHERE c.ledger_id = follow_customers.ledger_id AND c.customer_id = ANY (follow_customers.customer_ids)
      AND c.status = 'closed' AND num_nonnulls(r.order_reference, v.invoice_id) > 0
    ORDER BY c.customer_id LIMIT 1;
    IF FOUND THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('customer "%s" cannot be closed', waiting.code), DETAIL = waiting.detail,
            HINT = 'Release what is reserved with ar.release_credit(), and decide what is held with ar.release_hold() or ar.reject_hold().',
            TABLE = 'customer', SCHEMA = 'ar', COLUMN = 'status';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.follow_customers(integer, bigint[], bigint[]) IS
'For the trigger on ar.customer: records a standing limit that was written there, and has changes of limit, group and class, and those who are closed, wait for whoever is being judged.
Errors: RA004 a customer is closed who has orders reserved, or invoices held.';

CREATE FUNCTION ar.moving_customers(ledger_id integer, customer_ids bigint[], left_ids bigint[], entering boolean) RETURNS bigint[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    home text := (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = moving_customers.ledger_id);
    customers bigint[];
    holders bigint[];
BEGIN
    -- UNION, not UNION ALL: a circle that the statement has not yet left must end.
    WITH RECURSIVE moved AS (
        SELECT m.* FROM unnest(moving_customers.customer_ids, moving_customers.left_ids) AS m(customer_id, left_id)
    ), now AS (
        SELECT m.customer_id, c.parent_id AS holder_id
        FROM moved AS m
        JOIN ar.customer AS c ON c.ledger_id = moving_customers.ledger_id AND c.customer_id = m.customer_id
        WHERE c.parent_id IS NOT NULL
        UNION
        SELECT n.customer_id, c.parent_id
        FROM now AS n
        JOIN ar.customer AS c ON c.ledger_id = moving_customers.ledger_id AND c.customer_id = n.holder_id
        WHERE c.parent_id IS NOT NULL
    ), before AS (
        SELECT m.customer_id, m.left_id AS holder_id FROM moved AS m WHERE m.left_id <> 0
        UNION
        -- Groups may have moved in the same statement.
        SELECT b.customer_id, g.parent_id
        FROM before AS b
        JOIN ar.customer AS c ON c.ledger_id = moving_customers.ledger_id AND c.customer_id = b.holder_id
        LEFT JOIN moved AS m ON m.customer_id = b.holder_id
        CROSS JOIN LATERAL (SELECT CASE WHEN m.customer_id IS NULL THEN c.parent_id ELSE nullif(m.left_id, 0) END AS parent_id) AS g
        WHERE g.parent_id IS NOT NULL
    ), changed AS MATERIALIZED (
        SELECT w.customer_id, w.holder_id
        FROM (SELECT n.* FROM now AS n WHERE moving_customers.entering
              UNION ALL SELECT b.* FROM before AS b WHERE NOT moving_customers.entering) AS w
        EXCEPT
        SELECT w.customer_id, w.holder_id
        FROM (SELECT b.* FROM before AS b WHERE moving_customers.entering
              UNION ALL SELECT n.* FROM now AS n WHERE NOT moving_customers.entering) AS w
    )
    SELECT array_agg(c.customer_id ORDER BY c.customer_id, c.holder_id), array_agg(c.holder_id ORDER BY c.customer_id, c.holder_id)
    INTO customers, holders
    FROM changed AS c
    WHERE c.holder_id IN (
        SELECT h.holder_id FROM ar.credit_holders(moving_customers.ledger_id, ARRAY(SELECT DISTINCT g.holder_id FROM changed AS g)) AS h
        WHERE h.holder_id = h.customer_id AND h.credit_limit IS NOT NULL AND h.source <> 'default');
    RETURN (
        SELECT array_agg(DISTINCT c.holder_id)
        FROM unnest(customers, holders) AS c(customer_id, holder_id)
        JOIN (SELECT array_agg(u.customer_id) AS ids, array_agg(home) AS currencies, array_agg(true) AS with_members
              FROM (SELECT DISTINCT u.customer_id FROM unnest(customers) AS u(customer_id)) AS u) AS g ON g.ids IS NOT NULL
        CROSS JOIN LATERAL ar.credit_sums(moving_customers.ledger_id, g.ids, g.currencies, g.with_members) AS s
        WHERE s.holder_id = c.customer_id AND ar.sign(s.exposure) = CASE WHEN moving_customers.entering THEN 1 ELSE -1 END);
END
$$;
COMMENT ON FUNCTION ar.moving_customers(integer, bigint[], bigint[], boolean) IS
'For the trigger on ar.customer: the groups with a limit whose exposure rises because customers moved.
Arguments: ledger_id; customer_ids, all that the statement moved; left_ids, the group that each left, 0 for none; entering: true, for groups that somebody who owes came into; false, for groups that somebody with a credit left. Groups that he belongs to before and after are not among them.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.follow_credit_limits(ledger_id integer, limit_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM ar.customer AS c
    WHERE c.ledger_id = follow_credit_limits.ledger_id AND c.customer_id IN (
        SELECT l.customer_id FROM ar.credit_limit AS l
        WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = ANY (follow_credit_limits.limit_ids))
    ORDER BY c.customer_id FOR NO KEY UPDATE;
    UPDATE ar.customer AS c SET credit_limit = l.amount
    FROM (SELECT DISTINCT ON (l.customer_id) l.customer_id, l.amount
          FROM ar.credit_limit AS l
          WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = ANY (follow_credit_limits.limit_ids)
            AND l.kind = 'standing'
          ORDER BY l.customer_id, l.limit_id DESC) AS l
    WHERE c.ledger_id = follow_credit_limits.ledger_id AND c.customer_id = l.customer_id
      AND c.credit_limit IS DISTINCT FROM l.amount;
    -- Another session may have drawn a later id and put its limit into force before us: ours came last.
    INSERT INTO ar.credit_limit (ledger_id, customer_id, kind, amount, reason)
    SELECT l.ledger_id, l.customer_id, l.kind, l.amount, l.reason
    FROM ar.credit_limit AS l
    JOIN ar.customer AS c ON c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id
     AND c.credit_limit IS NOT DISTINCT FROM l.amount
    WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = ANY (follow_credit_limits.limit_ids) AND l.kind = 'standing'
      AND (SELECT n.amount FROM ar.credit_limit AS n
           WHERE n.ledger_id = l.ledger_id AND n.customer_id = l.customer_id AND n.kind = 'standing'
           ORDER BY n.limit_id DESC LIMIT 1) IS DISTINCT FROM l.amount;
    UPDATE ar.customer AS c SET credit_decided_on = ar.business_date(follow_credit_limits.ledger_id)
    FROM ar.credit_limit AS l
    WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = ANY (follow_credit_limits.limit_ids)
      AND l.withdrawn_at IS NULL
      AND c.ledger_id = follow_credit_limits.ledger_id AND c.customer_id = l.customer_id
      AND coalesce(c.credit_decided_on < ar.business_date(follow_credit_limits.ledger_id), true);
    PERFORM ar.touch_credit(follow_credit_limits.ledger_id, ARRAY(
        SELECT DISTINCT l.customer_id FROM ar.credit_limit AS l
        WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = ANY (follow_credit_limits.limit_ids)));
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.follow_credit_limits(integer, bigint[]) IS
'For the trigger on ar.credit_limit: puts a standing limit into force, notes the day of the decision, and has it wait for whoever is being judged.';

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

REVOKE ALL ON FUNCTION ar.tg_enforce_limit(), ar.tg_follow_credit(), ar.tg_guard_credit_limit(), ar.tg_stamp_credit_policy(),
    ar.tg_guard_credit_stop(), ar.credit_policies(integer, bigint[]), ar.credit_holders(integer, bigint[]),
    ar.credit_sums(integer, bigint[], text[], boolean[]), ar.lock_credit(integer, bigint[]),
    ar.judge_credit(integer, bigint[]), ar.touch_credit(integer, bigint[], bigint[]), ar.follow_customers(integer, bigint[], bigint[]), ar.moving_customers(integer, bigint[], bigint[], boolean),
    ar.follow_credit_limits(integer, bigint[]), ar.follow_credit_policies(integer, bigint[]) FROM PUBLIC;

CREATE FUNCTION ar.set_credit_limits(ledger_id integer, limits jsonb)
RETURNS TABLE (element bigint, limit_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(set_credit_limits.ledger_id);
    reused text;
BEGIN
    PERFORM ar.check_keys('limits', set_credit_limits.limits,
        '{customer_id,amount,valid_from,valid_until,additional,reason,external_id}', '{customer_id}');
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT e.position, nextval('ar.document_id') AS limit_id, e.value AS payload, g.*,
               CASE WHEN g.additional THEN 'additional'
                    WHEN g.valid_from IS NOT NULL OR g.valid_until IS NOT NULL THEN 'temporary' ELSE 'standing' END AS kind
        FROM jsonb_array_elements(set_credit_limits.limits) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            customer_id bigint, amount text, valid_from date, valid_until date, additional boolean,
            reason text, external_id text)
    ), made AS (
        INSERT INTO ar.credit_limit AS l (ledger_id, limit_id, customer_id, kind, amount, valid_from, valid_until,
                                          reason, external_id, external_digest)
        SELECT set_credit_limits.ledger_id, g.limit_id, g.customer_id, g.kind, g.amount::ar.monetary,
               CASE WHEN g.kind <> 'standing' THEN coalesce(g.valid_from, today) END, g.valid_until,
               g.reason, g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        ORDER BY g.customer_id, g.external_id, g.limit_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING l.limit_id
    )
    SELECT g.position, coalesce(m.limit_id, l.limit_id)
    FROM given AS g
    LEFT JOIN made AS m ON m.limit_id = g.limit_id
    LEFT JOIN ar.credit_limit AS l ON l.ledger_id = set_credit_limits.ledger_id AND l.external_id = g.external_id
    ORDER BY g.position;
    SELECT l.external_id INTO reused
    FROM jsonb_array_elements(set_credit_limits.limits) AS g(value)
    JOIN ar.credit_limit AS l ON l.ledger_id = set_credit_limits.ledger_id AND l.external_id = g.value ->> 'external_id'
    WHERE l.external_digest IS NULL OR l.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('credit limit', reused);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.set_credit_limits(integer, jsonb) IS
'Grants limits to any number of customers. All or none.
Arguments: ledger_id; limits, a JSON array of objects with customer_id, amount ("EUR 5000.00"; absent: unlimited), and perhaps valid_from (by default the business date) or valid_until (both inclusive: a temporary limit, which replaces the standing one), additional (true: a limit with dates that adds to the others), reason, external_id. Without dates it is the standing limit, ar.customer.credit_limit.
Result: the position in the array, from 1, and the limit_id; for an external_id known already, that of the first time. Of an element whose external_id another session wrote at the same moment the limit_id is NULL: ask again.
A limit lower than what is owed is granted: it stops further credit.
Errors: 22023 malformed payload; 23503 no such customer; 23514 a negative amount, or dates in the wrong order; RA006 the external id was used for another limit.';

CREATE FUNCTION ar.set_credit_limit(
    ledger_id integer,
    customer_id bigint,
    amount ar.monetary,
    valid_from date DEFAULT NULL,
    valid_until date DEFAULT NULL,
    reason text DEFAULT NULL,
    additional boolean DEFAULT false,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT s.limit_id
    FROM ar.set_credit_limits(set_credit_limit.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', set_credit_limit.customer_id, 'amount', set_credit_limit.amount::text,
        'valid_from', set_credit_limit.valid_from, 'valid_until', set_credit_limit.valid_until,
        'additional', CASE WHEN set_credit_limit.additional THEN true END, 'reason', set_credit_limit.reason,
        'external_id', set_credit_limit.external_id)))) AS s;
$$;
COMMENT ON FUNCTION ar.set_credit_limit(integer, bigint, ar.monetary, date, date, text, boolean, text) IS
'Grants one limit and returns its limit_id: ar.set_credit_limits() with one, where the arguments are described. amount NULL without dates: unlimited.
Errors: as ar.set_credit_limits().';

CREATE FUNCTION ar.withdraw_credit_limit(ledger_id integer, limit_id bigint, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE ar.credit_limit AS l SET withdrawn_at = clock_timestamp(), withdrawal_reason = withdraw_credit_limit.reason
    WHERE l.ledger_id = withdraw_credit_limit.ledger_id AND l.limit_id = withdraw_credit_limit.limit_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('credit limit %s does not exist in ledger %s', withdraw_credit_limit.limit_id, withdraw_credit_limit.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.withdraw_credit_limit(integer, bigint, text) IS
'Withdraws a temporary or additional limit before its time. A standing limit is replaced with ar.set_credit_limit().
Errors: 23503 no such limit; RA003 it is withdrawn already, or a standing one.';

CREATE FUNCTION ar.stop_credit(ledger_id integer, customer_ids bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    stopped bigint;
BEGIN
    INSERT INTO ar.credit_stop (ledger_id, customer_id, reason)
    SELECT DISTINCT stop_credit.ledger_id, c.customer_id, stop_credit.reason
    FROM unnest(stop_credit.customer_ids) AS c(customer_id)
    ORDER BY c.customer_id
    ON CONFLICT (ledger_id, customer_id) WHERE lifted_at IS NULL DO NOTHING;
    GET DIAGNOSTICS stopped = ROW_COUNT;
    RETURN stopped;
END
$$;
COMMENT ON FUNCTION ar.stop_credit(integer, bigint[], text) IS
'Stops the credit of customers by hand: their invoices are held and no order is reserved, until ar.lift_credit_stop(). Returns how many were stopped; those who were already stay as they are.
Errors: 23502 no reason; 23503 no such customer; 23514 a blank reason.';

CREATE FUNCTION ar.stop_credit(ledger_id integer, customer_id bigint, reason text) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.stop_credit(stop_credit.ledger_id, ARRAY[stop_credit.customer_id], stop_credit.reason) $$;
COMMENT ON FUNCTION ar.stop_credit(integer, bigint, text) IS
'Stops the credit of one customer: ar.stop_credit() of many with one. Errors: as there.';

CREATE FUNCTION ar.lift_credit_stop(ledger_id integer, customer_ids bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    lifted bigint;
BEGIN
    UPDATE ar.credit_stop AS s SET lifted_at = clock_timestamp(), lifting_reason = lift_credit_stop.reason
    WHERE s.ledger_id = lift_credit_stop.ledger_id AND s.customer_id = ANY (lift_credit_stop.customer_ids)
      AND s.lifted_at IS NULL;
    GET DIAGNOSTICS lifted = ROW_COUNT;
    RETURN lifted;
END
$$;
COMMENT ON FUNCTION ar.lift_credit_stop(integer, bigint[], text) IS
'Lifts the stops of customers, and returns how many there were. What was held stays so until ar.release_holds().';

CREATE FUNCTION ar.lift_credit_stop(ledger_id integer, customer_id bigint, reason text) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.lift_credit_stop(lift_credit_stop.ledger_id, ARRAY[lift_credit_stop.customer_id], lift_credit_stop.reason) $$;
COMMENT ON FUNCTION ar.lift_credit_stop(integer, bigint, text) IS
'Lifts the stop of one customer, and returns 1, or 0 if there was none.';

CREATE FUNCTION ar.credit_exposures(ledger_id integer, customer_ids bigint[] DEFAULT NULL)
RETURNS TABLE (
    customer_id bigint, customer_code text, currency text, open_debits ar.monetary, unapplied ar.monetary,
    reserved ar.monetary, drafts ar.monetary, exposure ar.monetary, group_exposure ar.monetary,
    credit_limit ar.monetary, limit_source text, probation_percent numeric, available ar.monetary, utilisation_percent numeric)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    customers bigint[];
    unknown bigint[];
    unknown_groups bigint[];
    home text;
BEGIN
    SELECT l.currency INTO home FROM ar.ledger AS l WHERE l.ledger_id = credit_exposures.ledger_id;
    customers := coalesce(credit_exposures.customer_ids, ARRAY(
        SELECT c.customer_id FROM ar.customer AS c WHERE c.ledger_id = credit_exposures.ledger_id));
    -- Where there is no limit nothing is compared: a rate may be missing.
    WITH RECURSIVE member AS (
        SELECT h.customer_id AS holder_id, h.customer_id
        FROM ar.credit_holders(credit_exposures.ledger_id, customers) AS h
        WHERE h.holder_id = h.customer_id AND h.credit_limit IS NULL
        UNION ALL
        SELECT m.holder_id, c.customer_id
        FROM member AS m
        JOIN ar.customer AS c ON c.ledger_id = credit_exposures.ledger_id AND c.parent_id = m.customer_id
    ), abroad AS MATERIALIZED (
        SELECT m.holder_id, m.holder_id = m.customer_id AS is_own, b.currency
        FROM member AS m
        JOIN ar.customer_balance AS b ON b.ledger_id = credit_exposures.ledger_id AND b.customer_id = m.customer_id
        WHERE b.currency <> home AND (ar.sign(b.open_debits) <> 0 OR ar.sign(b.open_credits) <> 0)
        UNION ALL
        SELECT m.holder_id, m.holder_id = m.customer_id, ar.currency(r.amount)
        FROM member AS m
        JOIN ar.credit_reservation AS r ON r.ledger_id = credit_exposures.ledger_id AND r.customer_id = m.customer_id
         AND r.released_at IS NULL AND r.invoiced < r.amount
        WHERE ar.currency(r.amount) <> home
        UNION ALL
        SELECT m.holder_id, m.holder_id = m.customer_id, ar.currency(v.total)
        FROM member AS m
        JOIN ar.invoice AS v ON v.ledger_id = credit_exposures.ledger_id AND v.customer_id = m.customer_id
         AND v.recorded_at IS NULL AND v.status = 'draft'
        WHERE ar.currency(v.total) <> home
          AND EXISTS (SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = credit_exposures.ledger_id AND p.counts_drafts)
    ), rated AS MATERIALIZED (
        SELECT f.from_currency
        FROM ar.exchange_fractions(credit_exposures.ledger_id, ARRAY(SELECT DISTINCT p.currency FROM abroad AS p), home,
                                   ar.business_date(credit_exposures.ledger_id)) AS f
        WHERE f.multiply_by IS NOT NULL
    )
    SELECT coalesce(array_agg(DISTINCT p.holder_id) FILTER (WHERE p.is_own), '{}'), coalesce(array_agg(DISTINCT p.holder_id), '{}')
    INTO unknown, unknown_groups
    FROM abroad AS p WHERE p.currency NOT IN (SELECT r.from_currency FROM rated AS r);
    RETURN QUERY
    WITH holder AS MATERIALIZED (
        SELECT h.customer_id, h.credit_limit, h.source, h.probation_percent,
               coalesce(ar.currency(h.credit_limit), home) AS currency
        FROM ar.credit_holders(credit_exposures.ledger_id, customers) AS h
        WHERE h.holder_id = h.customer_id
    ), alone AS (
        SELECT array_agg(h.customer_id) AS ids, array_agg(h.currency) AS currencies, array_agg(false) AS with_members
        FROM holder AS h WHERE h.customer_id <> ALL (unknown)
    ), given AS (
        SELECT array_agg(h.customer_id) AS ids, array_agg(h.currency) AS currencies,
               array_agg(h.source IS DISTINCT FROM 'default') AS with_members
        FROM holder AS h WHERE h.customer_id <> ALL (unknown_groups)
    ), own AS MATERIALIZED (
        SELECT s.* FROM alone AS g CROSS JOIN LATERAL ar.credit_sums(credit_exposures.ledger_id, g.ids, g.currencies, g.with_members) AS s
    ), wide AS MATERIALIZED (
        SELECT s.holder_id, s.exposure
        FROM given AS g CROSS JOIN LATERAL ar.credit_sums(credit_exposures.ledger_id, g.ids, g.currencies, g.with_members) AS s
    )
    SELECT h.customer_id, c.code, h.currency, o.open_debits, o.unapplied, o.reserved, o.drafts, o.exposure, w.exposure,
           h.credit_limit, h.source, h.probation_percent, h.credit_limit - w.exposure,
           CASE WHEN ar.sign(h.credit_limit) > 0 THEN round(ar.amount(w.exposure) * 100 / ar.amount(h.credit_limit), 2) END
    FROM holder AS h
    LEFT JOIN own AS o ON o.holder_id = h.customer_id
    LEFT JOIN wide AS w ON w.holder_id = h.customer_id
    JOIN ar.customer AS c ON c.ledger_id = credit_exposures.ledger_id AND c.customer_id = h.customer_id
    ORDER BY c.code;
END
$$;
COMMENT ON FUNCTION ar.credit_exposures(integer, bigint[]) IS
'The exposure of some customers, or of all customers of a ledger, with its parts, on the business date.
Arguments: ledger_id; customer_ids, by default all.
Result: a row a customer: customer_id; customer_code; currency, that of the limit, else of the ledger, into which all is converted; open_debits; unapplied, zero or negative; reserved; drafts; exposure, the sum of the four; group_exposure, with the members of his group; credit_limit, NULL for none; limit_source: temporary, customer or default; probation_percent; available: credit_limit less group_exposure; utilisation_percent: group_exposure in percent of credit_limit.
Without a limit nothing is compared: where a rate is missing, what would need it is NULL.
Errors: RA009 there is no rate into the currency of a limit.';

CREATE FUNCTION ar.credit_exposure(ledger_id integer, customer_id bigint)
RETURNS TABLE (
    customer_code text, currency text, open_debits ar.monetary, unapplied ar.monetary,
    reserved ar.monetary, drafts ar.monetary, exposure ar.monetary, group_exposure ar.monetary,
    credit_limit ar.monetary, limit_source text, probation_percent numeric, available ar.monetary, utilisation_percent numeric)
LANGUAGE plpgsql STABLE ROWS 1
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT e.customer_code, e.currency, e.open_debits, e.unapplied, e.reserved, e.drafts, e.exposure, e.group_exposure,
           e.credit_limit, e.limit_source, e.probation_percent, e.available, e.utilisation_percent
    FROM ar.credit_exposures(credit_exposure.ledger_id, ARRAY[credit_exposure.customer_id]) AS e;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('customer %s does not exist in ledger %s', credit_exposure.customer_id, credit_exposure.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.credit_exposure(integer, bigint) IS
'The exposure of one customer: ar.credit_exposures() with one, where the columns are described.
Errors: 23503 no such customer; RA009 there is no rate.';

CREATE FUNCTION ar.verify_credit(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT 'credit_account_missing', c.ledger_id, 'customer', c.customer_id, 'has a limit, but no credit account'
    FROM ar.customer AS c
    WHERE (verify_credit.ledger_id IS NULL OR c.ledger_id = verify_credit.ledger_id)
      AND (c.credit_limit IS NOT NULL
           OR EXISTS (SELECT FROM ar.credit_limit AS l WHERE l.ledger_id = c.ledger_id AND l.customer_id = c.customer_id))
      AND NOT EXISTS (SELECT FROM ar.credit_account AS a WHERE a.ledger_id = c.ledger_id AND a.customer_id = c.customer_id)
    UNION ALL
    SELECT 'credit_limit_standing', c.ledger_id, 'customer', c.customer_id,
           format('the limit is %s, the last that was granted %s', coalesce(c.credit_limit::text, 'none'), coalesce(l.amount::text, 'none'))
    FROM ar.customer AS c
    LEFT JOIN LATERAL (
        SELECT l.amount FROM ar.credit_limit AS l
        WHERE l.ledger_id = c.ledger_id AND l.customer_id = c.customer_id AND l.kind = 'standing'
        ORDER BY l.limit_id DESC LIMIT 1) AS l ON true
    WHERE (verify_credit.ledger_id IS NULL OR c.ledger_id = verify_credit.ledger_id)
      AND c.credit_limit IS DISTINCT FROM l.amount
    UNION ALL
    SELECT 'credit_reservation_invoiced', r.ledger_id, 'credit_reservation', r.reservation_id,
           format('%s is invoiced of the order, its invoices make %s', r.invoiced, ar.order_invoiced(r.ledger_id, r.customer_id, r.order_reference, r.invoiced))
    FROM ar.credit_reservation AS r
    WHERE (verify_credit.ledger_id IS NULL OR r.ledger_id = verify_credit.ledger_id)
      AND r.invoiced <> ar.order_invoiced(r.ledger_id, r.customer_id, r.order_reference, r.invoiced)
    UNION ALL
    SELECT 'credit_reservation_currency', v.ledger_id, 'invoice', v.invoice_id,
           format('is of %s for order "%s" of %s', v.total, v.order_reference, r.amount)
    FROM ar.credit_reservation AS r
    JOIN ar.invoice AS v ON v.ledger_id = r.ledger_id AND v.order_reference = r.order_reference
     AND v.customer_id = r.customer_id AND ar.is_posted(v.status) AND ar.currency(v.total) <> ar.currency(r.amount)
    WHERE (verify_credit.ledger_id IS NULL OR r.ledger_id = verify_credit.ledger_id)
    UNION ALL
    SELECT 'credit_hold_missing', v.ledger_id, 'invoice', v.invoice_id, 'is held, and nothing says why'
    FROM ar.invoice AS v
    WHERE (verify_credit.ledger_id IS NULL OR v.ledger_id = verify_credit.ledger_id)
      AND v.recorded_at IS NULL AND v.status = 'held'
      AND NOT EXISTS (SELECT FROM ar.credit_hold AS h WHERE h.ledger_id = v.ledger_id AND h.invoice_id = v.invoice_id
                        AND h.decision IS NULL AND h.action = 'hold')
    UNION ALL
    SELECT 'credit_hold_open', h.ledger_id, 'credit_hold', h.hold_id,
           format('is not decided, and invoice %s is %s', h.invoice_id, coalesce(v.status::text, 'not there'))
    FROM ar.credit_hold AS h
    LEFT JOIN ar.invoice AS v ON v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id
    WHERE (verify_credit.ledger_id IS NULL OR h.ledger_id = verify_credit.ledger_id)
      AND h.decision IS NULL AND h.action = 'hold' AND v.status::text IS DISTINCT FROM 'held'
    UNION ALL
    SELECT 'credit_hold_customer', h.ledger_id, 'credit_hold', h.hold_id,
           format('is of customer %s, invoice %s of customer %s', h.customer_id, h.invoice_id, v.customer_id)
    FROM ar.credit_hold AS h
    JOIN ar.invoice AS v ON v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id
    WHERE (verify_credit.ledger_id IS NULL OR h.ledger_id = verify_credit.ledger_id)
      AND h.customer_id <> v.customer_id AND ar.is_posted(v.status)
    UNION ALL
    SELECT 'credit_application_decision', a.ledger_id, 'credit_application', a.application_id,
           CASE WHEN a.decided_by = a.requested_by THEN format('was requested and decided by %s', a.decided_by)
                ELSE 'is approved, and no limit was granted' END
    FROM ar.credit_application AS a
    WHERE (verify_credit.ledger_id IS NULL OR a.ledger_id = verify_credit.ledger_id)
      AND (a.status IN ('approved', 'rejected') AND a.decided_by = a.requested_by
           OR a.status = 'approved' AND NOT EXISTS (
               SELECT FROM ar.credit_limit AS l
               WHERE l.ledger_id = a.ledger_id AND l.limit_id = a.limit_id AND l.customer_id = a.customer_id
                 AND l.amount = a.approved));
END
$$;
COMMENT ON FUNCTION ar.verify_credit(integer) IS
'The part of ar.verify() on credit: accounts, standing limits, reservations against invoices, holds against held invoices, and applications.';

REVOKE ALL ON FUNCTION ar.set_credit_limits(integer, jsonb),
    ar.set_credit_limit(integer, bigint, ar.monetary, date, date, text, boolean, text),
    ar.withdraw_credit_limit(integer, bigint, text), ar.stop_credit(integer, bigint[], text), ar.stop_credit(integer, bigint, text),
    ar.lift_credit_stop(integer, bigint[], text), ar.lift_credit_stop(integer, bigint, text),
    ar.credit_exposures(integer, bigint[]), ar.credit_exposure(integer, bigint), ar.verify_credit(integer) FROM PUBLIC;
