-- cash: what a ledger does with the money that comes in.

CREATE FUNCTION ar.is_matching_rules(rules text[]) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT rules <@ '{remittance,number,exact,discounted,all_open,all_overdue,combination,tolerance}'::text[]
       AND coalesce(array_ndims(rules), 1) = 1
       AND (SELECT count(*) = count(DISTINCT r) FROM unnest(rules) AS r)
$$;
COMMENT ON FUNCTION ar.is_matching_rules(text[]) IS
'Whether these are rules by which payments are matched, each once: remittance, number, exact, discounted, all_open, all_overdue, combination, tolerance.';

CREATE FUNCTION ar.tg_stamp_cash_policy() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    wrong record;
BEGIN
    -- The constraints would refuse these, too, but not say what to do.
    SELECT v.* INTO wrong FROM (VALUES
        ('scope', num_nonnulls(NEW.customer_class, NEW.customer_id) <= 1 AND coalesce(NEW.customer_class, '-') <> '',
         'a policy is of a customer, or of a class of customers, or of the ledger', 'Give customer_id or customer_class, or neither.'),
        ('rules', ar.is_matching_rules(NEW.rules), 'the rules of a policy are not all known, or one comes twice',
         'The rules are remittance, number, exact, discounted, all_open, all_overdue, combination and tolerance, in the order in which they are tried.'),
        ('remainder', NEW.remainder IN ('wait', 'oldest', 'newest', 'largest', 'proportional'), format('"%s" is nothing that is done with what no rule decides', NEW.remainder),
         'It may wait, or go to the oldest, newest or largest items first, or be proportional.'),
        ('tolerance', ar.sign(NEW.tolerance) >= 0 AND NEW.tolerance_percent BETWEEN 0 AND 100 AND ar.sign(NEW.reversal_fee) > 0,
         'a tolerance is an amount or percentage not below zero, and a fee for reversals an amount above it', 'Leave out what there is none of.'),
        ('overpayment', NEW.overpayment IN ('on_account', 'write_off', 'refund'), format('"%s" is nothing that is done with what is too much', NEW.overpayment),
         'It stays on_account, or it is a write_off, or a refund.'),
        ('partial_discount', NEW.partial_discount IN ('none', 'pro_rata', 'closing'), format('"%s" is no discount of part payments', NEW.partial_discount),
         'They earn none, their share (pro_rata), or only that which closes does (closing).'),
        ('confidence_threshold', NEW.confidence_threshold BETWEEN 0 AND 1, format('a confidence of %s is none', NEW.confidence_threshold), 'It is from 0 to 1, such as 0.9.'),
        ('days', NEW.discount_grace_days >= 0 AND NEW.double_payment_days >= 0, 'days of grace, and of looking back, are not below zero', 'Give a number of days, or leave it out.')
        ) AS v(name, is_right, message, hint)
    WHERE NOT v.is_right LIMIT 1;
    IF FOUND THEN
        RAISE check_violation USING MESSAGE = wrong.message, HINT = wrong.hint,
            SCHEMA = 'ar', TABLE = 'cash_policy', CONSTRAINT = 'cash_policy_' || wrong.name || '_check';
    END IF;
    NEW.changed_by := session_user;
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_cash_policy() IS 'Trigger, before each row of ar.cash_policy: stamps who wrote it, and when, and says of what its constraints refuse what it may be (23514).';
REVOKE ALL ON FUNCTION ar.tg_stamp_cash_policy() FROM PUBLIC;

CREATE FUNCTION ar.cash_policies(ledger_id integer, customer_ids bigint[])
RETURNS TABLE (
    customer_id bigint, apply_on_receipt boolean, rules text[], remainder text, tolerance ar.monetary,
    tolerance_percent numeric, overpayment text, discount_grace_days integer, partial_discount text,
    confidence_threshold numeric, double_payment_days integer, learns_accounts boolean, refuses_card_numbers boolean,
    requires_mandate boolean, reversal_fee ar.monetary)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT c.customer_id,
           coalesce(own.apply_on_receipt, class.apply_on_receipt, ledger.apply_on_receipt, false),
           coalesce(own.rules, class.rules, ledger.rules,
                    '{remittance,number,exact,discounted,all_open,all_overdue,combination,tolerance}'),
           coalesce(own.remainder, class.remainder, ledger.remainder, 'wait'),
           coalesce(own.tolerance, class.tolerance, ledger.tolerance),
           coalesce(own.tolerance_percent, class.tolerance_percent, ledger.tolerance_percent),
           coalesce(own.overpayment, class.overpayment, ledger.overpayment, 'on_account'),
           coalesce(own.discount_grace_days, class.discount_grace_days, ledger.discount_grace_days, 0),
           coalesce(own.partial_discount, class.partial_discount, ledger.partial_discount, 'none'),
           coalesce(own.confidence_threshold, class.confidence_threshold, ledger.confidence_threshold, 0.9),
           coalesce(own.double_payment_days, class.double_payment_days, ledger.double_payment_days, 90),
           coalesce(own.learns_accounts, class.learns_accounts, ledger.learns_accounts, true),
           coalesce(own.refuses_card_numbers, class.refuses_card_numbers, ledger.refuses_card_numbers, true),
           coalesce(own.requires_mandate, class.requires_mandate, ledger.requires_mandate, true),
           coalesce(own.reversal_fee, class.reversal_fee, ledger.reversal_fee)
    FROM (SELECT DISTINCT w.customer_id FROM unnest(cash_policies.customer_ids) AS w(customer_id)) AS w
    CROSS JOIN LATERAL (SELECT c.customer_id, c.customer_class FROM ar.customer AS c
                        WHERE c.ledger_id = cash_policies.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    LEFT JOIN ar.cash_policy AS own
      ON own.ledger_id = cash_policies.ledger_id AND coalesce(own.customer_id, 0) = c.customer_id
     AND coalesce(own.customer_class, '') = ''
    LEFT JOIN ar.cash_policy AS class
      ON class.ledger_id = cash_policies.ledger_id AND coalesce(class.customer_id, 0) = 0
     AND coalesce(class.customer_class, '') = c.customer_class
    LEFT JOIN ar.cash_policy AS ledger
      ON ledger.ledger_id = cash_policies.ledger_id AND coalesce(ledger.customer_id, 0) = 0
     AND coalesce(ledger.customer_class, '') = '';
END
$$;
COMMENT ON FUNCTION ar.cash_policies(integer, bigint[]) IS
'The policy in force for each of some customers: every column his own, else that of his class, else that of the ledger, else the default (ar.cash_policy).
Arguments: ledger_id; customer_ids. NULL where there is neither a policy nor a default.';
