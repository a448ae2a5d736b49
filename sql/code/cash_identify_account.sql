-- cash: who paid, by what the bank or the processor says of him.

CREATE FUNCTION ar.payer_accounts(ledger_id integer, accounts text[])
RETURNS TABLE (account text, customer_id bigint, source text, payments bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT DISTINCT ar.compact_id(a.account) AS account
        FROM unnest(payer_accounts.accounts) AS a(account)
        WHERE ar.compact_id(a.account) <> ''
    ), said AS MATERIALIZED (
        SELECT a.account, w.is_said, w.customer_id
        FROM asked AS a
        LEFT JOIN LATERAL (
            SELECT true AS is_said, w.customer_id FROM ar.payer_account AS w
            WHERE w.ledger_id = payer_accounts.ledger_id AND w.account = a.account
            UNION ALL
            -- What comes from our own account is nobody's payment.
            SELECT true, NULL FROM ar.ledger AS l
            WHERE l.ledger_id = payer_accounts.ledger_id AND l.iban = a.account
            LIMIT 1) AS w ON true
    ), known AS (
        SELECT s.account, c.customer_id, 'customer' AS source, 0 AS payments
        FROM said AS s
        CROSS JOIN LATERAL (
            SELECT c.customer_id FROM ar.customer AS c
            WHERE c.ledger_id = payer_accounts.ledger_id AND c.iban = s.account OFFSET 0) AS c
        WHERE s.is_said IS NULL
        UNION ALL
        SELECT s.account, p.customer_id, 'payment', 1
        FROM said AS s
        -- The latest, so that an account costs the same however much came from it.
        CROSS JOIN LATERAL (
            SELECT i.customer_id
            FROM ar.payment AS p
            -- Each looked up for each payment: a plan for what a table was a moment ago would read it whole.
            CROSS JOIN LATERAL (
                SELECT i.customer_id FROM ar.item AS i
                WHERE i.ledger_id = p.ledger_id AND i.payment_id = p.payment_id OFFSET 0) AS i
            CROSS JOIN LATERAL (
                SELECT c.name, c.legal_name FROM ar.customer AS c
                WHERE c.ledger_id = p.ledger_id AND c.customer_id = i.customer_id OFFSET 0) AS c
            LEFT JOIN LATERAL (
                SELECT t.rule FROM ar.payment_transfer AS t
                WHERE t.ledger_id = p.ledger_id AND t.payment_id = p.payment_id OFFSET 0) AS t ON true
            WHERE p.ledger_id = payer_accounts.ledger_id AND ar.compact_id(p.payer_account) = s.account
              -- Who was found out by his name, or by what somebody of another name wrote, need not have the account.
              AND (t.rule IS NULL OR t.rule <> 'name' AND (p.payer_name IS NULL OR ar.is_payer_name(p.payer_name, c.name)
                                                           OR ar.is_payer_name(p.payer_name, c.legal_name)))
              AND NOT EXISTS (
                SELECT FROM ar.payment_reversal AS r
                WHERE r.ledger_id = p.ledger_id AND r.payment_id = p.payment_id AND r.kind = 'in_error' OFFSET 0)
              AND NOT EXISTS (
                SELECT FROM ar.adjustment AS j
                WHERE j.ledger_id = p.ledger_id AND j.payment_id = p.payment_id AND j.kind = 'transfer' OFFSET 0)
            ORDER BY p.payment_id DESC LIMIT 50) AS p
        WHERE s.is_said IS NULL
    )
    SELECT s.account, s.customer_id, 'said', 0::bigint
    FROM said AS s
    WHERE s.is_said AND s.customer_id IS NOT NULL
    UNION ALL
    SELECT k.account, k.customer_id, min(k.source), sum(k.payments)
    FROM known AS k
    GROUP BY k.account, k.customer_id;
END
$$;
COMMENT ON FUNCTION ar.payer_accounts(integer, text[]) IS
'Whose accounts are, as far as the books know: as somebody said (ar.payer_account), or else by the accounts of the customers and by the last 50 payments from each account. A payment tells nothing that was reversed in error, transferred to another customer, or identified (but by a person) by a name alone or in spite of another name.
Arguments: ledger_id; accounts, IBANs or the numbers of banks, however spaced.
Result: a row an account and customer; two customers of one account make it tell nothing; source, said, customer or payment; payments, how many of the last 50 were his.';
REVOKE ALL ON FUNCTION ar.payer_accounts(integer, text[]) FROM PUBLIC;

CREATE FUNCTION ar.payers_by_account(ledger_id integer, payment_ids bigint[])
RETURNS TABLE (payment_id bigint, customer_id bigint, rule text, confidence numeric, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH paid AS MATERIALIZED (
        SELECT p.payment_id, ar.compact_id(p.payer_account) AS account
        FROM unnest(payers_by_account.payment_ids) AS g(payment_id)
        CROSS JOIN LATERAL (
            SELECT p.* FROM ar.payment AS p
            WHERE p.ledger_id = payers_by_account.ledger_id AND p.payment_id = g.payment_id OFFSET 0) AS p
        WHERE p.payer_account IS NOT NULL
    ), account AS MATERIALIZED (
        SELECT a.account, a.customer_id, a.source, a.payments
        FROM ar.payer_accounts(payers_by_account.ledger_id, ARRAY(SELECT DISTINCT p.account FROM paid AS p)) AS a
    ), policy AS (
        SELECT c.customer_id, c.learns_accounts
        FROM ar.cash_policies(payers_by_account.ledger_id, ARRAY(SELECT DISTINCT a.customer_id FROM account AS a)) AS c
    )
    SELECT p.payment_id, a.customer_id, 'account',
           CASE WHEN a.source = 'said' THEN 0.99
                WHEN a.source = 'customer' THEN 0.98
                WHEN NOT c.learns_accounts THEN 0.5
                WHEN a.payments > 1 THEN 0.96
                ELSE 0.93 END,
           CASE a.source WHEN 'said' THEN 'The account is marked as this customer''s.'
                WHEN 'customer' THEN 'The account is the one that this customer has.'
                ELSE CASE WHEN a.payments = 1 THEN 'An earlier payment of this customer came from the account.'
                          WHEN a.payments < 50 THEN a.payments || ' earlier payments of this customer came from the account.'
                          ELSE 'The last 50 payments from the account were this customer''s.' END END
    FROM paid AS p
    JOIN account AS a ON a.account = p.account
    JOIN policy AS c ON c.customer_id = a.customer_id;
END
$$;
COMMENT ON FUNCTION ar.payers_by_account(integer, bigint[]) IS
'Whose payments are by the accounts that they came from. For ar.payer_candidates().';
REVOKE ALL ON FUNCTION ar.payers_by_account(integer, bigint[]) FROM PUBLIC;
