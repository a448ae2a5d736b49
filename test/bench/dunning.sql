-- dunning.sql: proposing letters over a million overdue items, beside the one GROUP BY over the same items.

\set ON_ERROR_STOP on
SET search_path TO pg_catalog;

-- 1,000,000 items of 10,000 customers, all overdue, by 1 to 100 days; and a tenth of that in another ledger.
CREATE PROCEDURE public.fill(code text, rows integer)
LANGUAGE plpgsql
AS $$
DECLARE
    ledger integer := ar.create_ledger(fill.code, fill.code, 'EUR');
    first bigint := ledger * 100000000::bigint;
BEGIN
    -- Written as posting would leave the rows, with the triggers off: a million postings would take minutes.
    SET LOCAL session_replication_role TO replica;
    INSERT INTO ar.customer (ledger_id, customer_id, code, name, created_on)
    SELECT ledger, first + n, 'C' || n, 'Customer ' || n, '2026-01-01' FROM generate_series(1, fill.rows / 100) AS n;
    INSERT INTO ar.item (ledger_id, item_id, customer_id, kind, invoice_id, instalment, issued_on, due_on, amount, open, recorded_at)
    SELECT ledger, first + n, first + 1 + n * 7919::bigint % (fill.rows / 100), 'invoice', first + n, 1, date '2026-01-01', date '2026-06-29' - n % 100,
           ar.monetary((1000 + n * 7919::bigint % 100000) / 100.0, 'EUR'), ar.monetary((1000 + n * 7919::bigint % 100000) / 100.0, 'EUR'), '2026-01-01'
    FROM generate_series(1, fill.rows) AS n;
    INSERT INTO ar.customer_balance (ledger_id, customer_id, currency, open_debits, open_credits)
    SELECT i.ledger_id, i.customer_id, 'EUR', ar.sum(i.open), ar.monetary(0, 'EUR') FROM ar.item AS i WHERE i.ledger_id = ledger GROUP BY 1, 2;
    SET LOCAL session_replication_role TO origin;
    PERFORM ar.set_dunning_preset(ledger);
END
$$;
CALL public.fill('SMALL', 100000);
CALL public.fill('BENCH', 1000000);
VACUUM ANALYZE;

CALL public.bench('proposing letters over 1,000,000 overdue items / the one GROUP BY over them',
$$SELECT count(*) FROM ar.run_dunning((SELECT l.ledger_id FROM ar.ledger AS l WHERE l.code = 'BENCH'), '2026-06-30')$$,
$$SELECT i.customer_id, ar.currency(i.open), ar.sum(i.open), count(*), max(date '2026-06-30' - i.due_on) FROM ar.item AS i
WHERE i.ledger_id = (SELECT l.ledger_id FROM ar.ledger AS l WHERE l.code = 'BENCH') AND i.closed_on IS NULL AND i.due_on < '2026-06-30'
GROUP BY 1, 2$$,
3);
CALL public.bench('proposing letters over 1,000,000 overdue items / ten times that over 100,000',
$$SELECT count(*) FROM ar.run_dunning((SELECT l.ledger_id FROM ar.ledger AS l WHERE l.code = 'BENCH'), '2026-06-30')$$,
$$DO 'BEGIN FOR n IN 1..10 LOOP BEGIN
    PERFORM ar.run_dunning((SELECT l.ledger_id FROM ar.ledger AS l WHERE l.code = ''SMALL''), ''2026-06-30'');
    RAISE EXCEPTION USING ERRCODE = ''BENCH''; EXCEPTION WHEN SQLSTATE ''BENCH'' THEN NULL; END; END LOOP; END'$$,
3);
