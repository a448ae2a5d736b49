-- collect: placing with an agency, recall, and what is paid meanwhile.
--
-- Protects: an item is with one agency at a time; what comes in while it is there is reported with its commission, direct or not.
BEGIN;
\ir helper.psql
SELECT plan(26);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code) FROM unnest('{A,B,C}'::text[]) AS code \g /dev/null
SELECT pg_temp.customer('A') AS a, pg_temp.customer('B') AS b, pg_temp.customer('C') AS c \gset
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) VALUES
    (:ledger, :a, 'A1', '2026-01-01', '2026-01-31', 'EUR 100', 'open'), (:ledger, :a, 'A2', '2026-01-01', '2026-02-28', 'EUR 50', 'open'),
    (:ledger, :a, 'A3', '2026-01-01', '2026-06-30', 'EUR 70', 'open'), (:ledger, :b, 'B1', '2026-01-01', '2026-01-31', 'EUR 80', 'open');
INSERT INTO ar.payment_method (ledger_id, method, kind) VALUES (:ledger, 'from_agency', 'wire');
INSERT INTO ar.agency (ledger_id, agency, name, commission_percent, method) VALUES (:ledger, 'acme', 'Acme Collections', 15, 'from_agency'), (:ledger, 'lawyer', 'Law & Sons', 0, NULL);

SELECT results_eq(format('SELECT customer_id, items FROM ar.place_with_agency(%s, ''acme'', ARRAY[%s, %s, %s]::bigint[], placed_on => ''2026-04-01'', external_id => ''b1'') ORDER BY customer_id', :ledger, :a, :b, :c),
    format('VALUES (%s::bigint, 2::bigint), (%s, 1)', :a, :b), 'what is overdue is placed, a placement for each customer');
SELECT is((SELECT count(DISTINCT batch_id) FROM ar.place_with_agency(:ledger, 'acme', ARRAY[:a, :b, :c]::bigint[], placed_on => '2026-04-01', external_id => 'b1')), 1::bigint, 'as one batch, once');
SELECT is(pg_temp.outcome(format('SELECT ar.place_with_agency(%s, ''lawyer'', ARRAY[%s]::bigint[], external_id => ''b1'')', :ledger, :a)), 'RA006', 'another payload is refused');
SELECT is((SELECT count(*) FROM ar.place_with_agency(:ledger, 'acme', ARRAY[:a]::bigint[], placed_on => '2026-04-02')), 0::bigint, 'what is placed is not placed again');
SELECT is(pg_temp.outcome(format('SELECT ar.place_with_agency(%s, ''lawyer'', item_ids => ARRAY[pg_temp.item(''A1'')])', :ledger), 'constraint'), '23505 placement_item_open_key', 'nor with another');
SELECT is(pg_temp.outcome(format('SELECT ar.place_with_agency(%s, ''nobody'', item_ids => ARRAY[pg_temp.item(''A3'')])', :ledger)), '23503', 'nor with nobody');
SELECT results_eq(format('SELECT s.number, s.placed, s.open FROM ar.placement AS p, ar.placement_statement(%s, p.batch_id) AS s WHERE p.customer_id = %s', :ledger, :b),
    $$VALUES ('A1', 100.00, 100.00), ('A2', 50.00, 50.00), ('B1', 80.00, 80.00)$$, 'the statement of the batch');

-- What comes in: by the agency, directly, and before or after it was there.
SELECT ar.record_payment(:ledger, :a, 'EUR 60', '2026-04-10', 'from_agency', 'P1', apply => 'oldest'),
       ar.record_payment(:ledger, :a, 'EUR 33.30', '2026-04-12', 'wire', 'P2', apply => 'oldest'),
       ar.record_payment(:ledger, :b, 'EUR 10', '2026-03-30', 'wire', 'P3', apply => 'oldest') \g /dev/null
SELECT results_eq(format('SELECT amount::text, is_direct, commission::text FROM ar.placement_payments(%s, ''2026-04-01'', ''2026-04-30'')', :ledger),
    $$VALUES ('EUR 60.00', false, 'EUR 9.00'), ('EUR 33.30', true, 'EUR 5.00')$$, 'payments are reported with their commission');
SELECT ar.unapply(:ledger, pg_temp.application('P2', 'A1'), '2026-04-20') \g /dev/null
SELECT is((SELECT sum(ar.amount(amount)) FROM ar.placement_payments(:ledger, '2026-04-01', '2026-04-30')), 60.00, 'what is undone counts against them');

-- Recall, and the next.
SELECT placement_id AS pa FROM ar.placement WHERE customer_id = :a \gset
SELECT is(pg_temp.outcome(format('SELECT ar.recall_placements(%s, ARRAY[%s]::bigint[], '' '')', :ledger, :pa)), '23514', 'a recall has a reason');
SELECT is(pg_temp.outcome(format('SELECT ar.recall_placements(%s, ARRAY[%s]::bigint[], ''x'', ''2026-03-31'')', :ledger, :pa)), '23514', 'and is not before the placement');
SELECT is(ar.recall_placements(:ledger, ARRAY[:pa]::bigint[], 'he called', '2026-05-01'), 1::bigint, 'a placement is recalled');
SELECT is(ar.recall_placements(:ledger, ARRAY[:pa]::bigint[], 'he called', '2026-05-01'), 0::bigint, 'once');
SELECT is((SELECT format('%s %s %s', status, ended_on, ended_by = session_user) FROM ar.placement WHERE placement_id = :pa), 'recalled 2026-05-01 t', 'as is recorded');
SELECT is((SELECT items FROM ar.place_with_agency(:ledger, 'lawyer', item_ids => ARRAY[pg_temp.item('A1')], placed_on => '2026-05-02', commission_percent => 3)), 1::bigint, 'and is placed elsewhere');
SELECT is((SELECT commission_percent FROM ar.placement WHERE agency = 'lawyer'), 3::numeric, 'with its own commission');
SELECT is(ar.close_placements(:ledger, ARRAY(SELECT placement_id FROM ar.placement WHERE customer_id = :b), closed_on => '2026-05-02'), 1::bigint, 'or the agency has finished');

-- Who keeps a plan or a promise, or is being heard, is not placed because of something else; by name all of it is.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
SELECT :ledger, :c, 'C' || n, '2026-01-01', '2026-01-31', 'EUR 10', 'open' FROM generate_series(1, 4) AS n;
SELECT ar.create_payment_plan(:ledger, :c, 2, '2026-05-31', ARRAY[pg_temp.item('C1')], agreed_on => '2026-05-01'),
       ar.promise_to_pay(:ledger, :c, 'EUR 10', '2026-05-31', ARRAY[pg_temp.item('C2')], '2026-05-01'),
       ar.open_dispute(:ledger, pg_temp.invoice('C3'), 'price', opened_on => '2026-05-01') \g /dev/null
SELECT is(pg_temp.outcome(format('SELECT ar.place_with_agency(%s, ''acme'', item_ids => ARRAY[1]::bigint[])', :ledger)), '23503', 'an unknown item is told');
SELECT batch_id AS batch FROM ar.place_with_agency(:ledger, 'acme', ARRAY[:c]::bigint[], placed_on => '2026-05-02') \gset
SELECT is((SELECT string_agg(s.number, ' ') FROM ar.placement_statement(:ledger, :batch) AS s),
    'C4', 'what is on a plan, promised or disputed is not placed with the rest');
SELECT is((SELECT items FROM ar.place_with_agency(:ledger, 'acme', item_ids => ARRAY[pg_temp.item('C3')], placed_on => '2026-05-02')), 1::bigint, 'but by name');

-- By the tables.
SELECT is(pg_temp.outcome('DELETE FROM ar.placement'), 'RA003', 'a placement is not deleted');
SELECT is(pg_temp.outcome('UPDATE ar.placement_item SET amount = ''EUR 1'''), 'RA003', 'nor what it is of changed');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.placement_item (ledger_id, placement_id, item_id, amount) SELECT %s, placement_id, pg_temp.item(''B1''), ''EUR 1'' FROM ar.placement WHERE agency = ''lawyer''', :ledger)), '23514', 'nothing of another customer is');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.placement (ledger_id, batch_id, agency, customer_id, placed_on, status, ended_on) VALUES (%s, 1, ''acme'', %s, ''2026-04-01'', ''closed'', ''2026-04-01'')', :ledger, :a)), 'RA004', 'nor does one begin closed');

-- Each invariant broken in turn.
SAVEPOINT sound;
SET LOCAL session_replication_role TO replica;
UPDATE ar.placement_item SET is_open = true WHERE placement_id = :pa AND item_id = pg_temp.item('A2');
DELETE FROM ar.placement_item WHERE item_id = pg_temp.item('B1');
SET LOCAL session_replication_role TO origin;
SELECT set_eq('SELECT check_name FROM ar.verify_placements(NULL)', $$VALUES ('placement_items'), ('placement_open')$$, 'what is wrong is reported');
ROLLBACK TO sound;
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
