-- collect: what a ledger does about promises, plans and write-offs.

CREATE FUNCTION ar.tg_stamp_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.changed_by := session_user;
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_change() IS 'Trigger, before each row: stamps who wrote it, and when.';
REVOKE ALL ON FUNCTION ar.tg_stamp_change() FROM PUBLIC;

CREATE FUNCTION ar.collect_policies(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (
    customer_id bigint, promise_grace_days integer, promise_tolerance_percent numeric, plan_grace_days integer,
    write_off_limit ar.monetary, small_balance ar.monetary, small_balance_days integer)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id,
           coalesce(own.promise_grace_days, class.promise_grace_days, ledger.promise_grace_days, 0),
           coalesce(own.promise_tolerance_percent, class.promise_tolerance_percent, ledger.promise_tolerance_percent, 0),
           coalesce(own.plan_grace_days, class.plan_grace_days, ledger.plan_grace_days, 0),
           coalesce(own.write_off_limit, class.write_off_limit, ledger.write_off_limit),
           coalesce(own.small_balance, class.small_balance, ledger.small_balance),
           coalesce(own.small_balance_days, class.small_balance_days, ledger.small_balance_days, 90)
    FROM (SELECT DISTINCT u.customer_id FROM unnest(collect_policies.customer_ids) AS u(customer_id)) AS w
    -- One by one and by key: the plan is kept, also for the one customer of a row trigger.
    CROSS JOIN LATERAL (
        SELECT c.customer_id, c.customer_class FROM ar.customer AS c
        WHERE c.ledger_id = collect_policies.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    LEFT JOIN ar.collect_policy AS own
      ON own.ledger_id = collect_policies.ledger_id AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.collect_policy AS class
      ON class.ledger_id = collect_policies.ledger_id AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.collect_policy AS ledger
      ON ledger.ledger_id = collect_policies.ledger_id AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = '';
END
$$;
COMMENT ON FUNCTION ar.collect_policies(integer, bigint[]) IS
'The policy in force for each of some customers: every column his own, else that of his class, else that of the ledger, else the default (ar.collect_policy).
Arguments: ledger_id; customer_ids. NULL where there is neither a policy nor a default.';
