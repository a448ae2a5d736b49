-- credit: limits, granted, replaced and withdrawn.

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

CREATE FUNCTION ar.follow_credit_limits(ledger_id integer, limit_ids bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    customers bigint[];
BEGIN
    SELECT array_agg(DISTINCT l.customer_id) INTO customers
    FROM unnest(follow_credit_limits.limit_ids) AS w(limit_id)
    CROSS JOIN LATERAL (SELECT l.customer_id FROM ar.credit_limit AS l
                        WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = w.limit_id OFFSET 0) AS l;
    PERFORM FROM (SELECT w.customer_id FROM unnest(customers) AS w(customer_id) ORDER BY w.customer_id) AS w
    CROSS JOIN LATERAL (SELECT FROM ar.customer AS c
                        WHERE c.ledger_id = follow_credit_limits.ledger_id AND c.customer_id = w.customer_id FOR NO KEY UPDATE) AS c;
    UPDATE ar.customer AS c SET credit_limit = l.amount
    FROM (SELECT DISTINCT ON (l.customer_id) l.ledger_id, l.customer_id, l.amount
          FROM unnest(follow_credit_limits.limit_ids) AS w(limit_id)
          CROSS JOIN LATERAL (SELECT l.* FROM ar.credit_limit AS l
                              WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = w.limit_id OFFSET 0) AS l
          WHERE l.kind = 'standing'
          ORDER BY l.customer_id, l.limit_id DESC) AS l
    WHERE c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id
      AND c.credit_limit IS DISTINCT FROM l.amount;
    -- Another session may have drawn a later id and put its limit into force before us: ours came last.
    INSERT INTO ar.credit_limit (ledger_id, customer_id, kind, amount, reason)
    SELECT l.ledger_id, l.customer_id, l.kind, l.amount, l.reason
    FROM unnest(follow_credit_limits.limit_ids) AS w(limit_id)
    CROSS JOIN LATERAL (SELECT l.* FROM ar.credit_limit AS l
                        WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = w.limit_id OFFSET 0) AS l
    JOIN ar.customer AS c ON c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id
     AND c.credit_limit IS NOT DISTINCT FROM l.amount
    WHERE l.kind = 'standing'
      AND (SELECT n.amount
           FROM (SELECT n.limit_id, n.amount FROM ar.credit_limit AS n
                 WHERE n.ledger_id = l.ledger_id AND n.customer_id = l.customer_id AND n.kind = 'standing' OFFSET 0) AS n
           ORDER BY n.limit_id DESC LIMIT 1) IS DISTINCT FROM l.amount;
    UPDATE ar.customer AS c SET credit_decided_on = ar.business_date(follow_credit_limits.ledger_id)
    FROM unnest(follow_credit_limits.limit_ids) AS w(limit_id)
    CROSS JOIN LATERAL (SELECT l.* FROM ar.credit_limit AS l
                        WHERE l.ledger_id = follow_credit_limits.ledger_id AND l.limit_id = w.limit_id OFFSET 0) AS l
    WHERE l.withdrawn_at IS NULL
      AND c.ledger_id = l.ledger_id AND c.customer_id = l.customer_id
      AND coalesce(c.credit_decided_on < ar.business_date(follow_credit_limits.ledger_id), true);
    PERFORM ar.touch_credit(follow_credit_limits.ledger_id, customers);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.follow_credit_limits(integer, bigint[]) IS
'For the trigger on ar.credit_limit: puts a standing limit into force, notes the day of the decision, and has it wait for whoever is being judged.';

CREATE FUNCTION ar.set_credit_limits(ledger_id integer, limits jsonb)
RETURNS TABLE (element bigint, limit_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
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
    LEFT JOIN LATERAL (SELECT l.limit_id FROM ar.credit_limit AS l
                       WHERE l.ledger_id = set_credit_limits.ledger_id AND l.external_id = g.external_id OFFSET 0) AS l ON true
    ORDER BY g.position;
    SELECT l.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(set_credit_limits.limits) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT l.external_id, l.external_digest FROM ar.credit_limit AS l
                        WHERE l.ledger_id = set_credit_limits.ledger_id AND l.external_id = g.external_id OFFSET 0) AS l
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

REVOKE ALL ON FUNCTION ar.tg_guard_credit_limit(), ar.follow_credit_limits(integer, bigint[]), ar.set_credit_limits(integer, jsonb),
    ar.set_credit_limit(integer, bigint, ar.monetary, date, date, text, boolean, text),
    ar.withdraw_credit_limit(integer, bigint, text) FROM PUBLIC;
