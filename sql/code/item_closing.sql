-- item: a customer is not closed while anything of his is open.

CREATE FUNCTION ar.find_open_customers(ledger_id integer, customer_ids bigint[]) RETURNS bigint[]
AS 'MODULE_PATHNAME', 'ar_find_open_customers'
LANGUAGE C VOLATILE STRICT;
COMMENT ON FUNCTION ar.find_open_customers(integer, bigint[]) IS
'Those of the customers that have something open, debit or credit, in any currency. Locks the customers, so that nothing is posted to them before this transaction ends, and sees what is committed now, at any isolation level.';

CREATE FUNCTION ar.tg_guard_closing() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    closing record;
    open_customers bigint[];
BEGIN
    -- By EXECUTE: planned for the rows at hand, not for those of the session's first statement.
    FOR closing IN EXECUTE '
        SELECT n.ledger_id, array_agg(n.customer_id ORDER BY n.customer_id) AS customers
        FROM new_customer AS n
        JOIN old_customer AS o ON o.ledger_id = n.ledger_id AND o.customer_id = n.customer_id
        WHERE n.status = ''closed'' AND o.status <> ''closed''
        GROUP BY n.ledger_id'
    LOOP
        open_customers := ar.find_open_customers(closing.ledger_id, closing.customers);
        IF cardinality(open_customers) > 0 THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = CASE cardinality(open_customers) WHEN 1 THEN 'a customer with something open cannot be closed'
                    ELSE format('%s customers with something open cannot be closed', cardinality(open_customers)) END,
                DETAIL = (SELECT string_agg(format('Customer "%s" has open: %s.', c.code,
                                    (SELECT string_agg(format('%s and %s', b.open_debits, b.open_credits), ', ' ORDER BY b.currency)
                                     FROM ar.customer_balance AS b
                                     WHERE b.ledger_id = c.ledger_id AND b.customer_id = c.customer_id)), E'\n' ORDER BY c.code)
                          FROM ar.customer AS c
                          WHERE c.ledger_id = closing.ledger_id AND c.customer_id = ANY (open_customers[1:20])),
                HINT = 'Collect, refund, apply or write off first.',
                SCHEMA = 'ar', TABLE = 'customer', COLUMN = 'status';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_closing() IS
'Trigger: customers with something open are not closed.
Errors: RA004 he has.';

REVOKE ALL ON FUNCTION ar.find_open_customers(integer, bigint[]), ar.tg_guard_closing() FROM PUBLIC;
