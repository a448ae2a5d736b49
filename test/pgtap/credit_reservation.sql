-- credit: an order reserves credit until it is invoiced, and is counted once on the way.
BEGIN;
\ir helper.psql
SELECT plan(42);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code, credit_limit => 'EUR 100') FROM unnest('{A,B,C,D,E,F}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, order_reference text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status, order_reference) '
                  'VALUES (pg_temp.ledger(), pg_temp.customer(%L), %L, ''2026-01-01'', %L, ''open'', %L)', $1, $3, $2, $4) $$;
-- What he owes, has reserved, and both.
CREATE FUNCTION pg_temp.parts(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s + %s = %s', ar.amount(e.open_debits), ar.amount(e.reserved), ar.amount(e.exposure))
    FROM ar.credit_exposure(pg_temp.ledger(), pg_temp.customer($1)) AS e $$;
CREATE FUNCTION pg_temp.reservation(order_reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT r.reservation_id FROM ar.credit_reservation AS r WHERE r.ledger_id = pg_temp.ledger() AND r.order_reference = $1 $$;

-- Reserved, partly invoiced, invoiced, over-invoiced.
SELECT is(pg_temp.outcome(format('SELECT ar.reserve_credit(%s, %s, ''EUR 100.01'', ''O0'')', :ledger, :a)), 'RA001', 'an order beyond the limit gets nothing');
SELECT ar.reserve_credit(:ledger, :a, 'EUR 100', 'O1') AS one \gset
SELECT is(pg_temp.parts('A'), '0.00 + 100.00 = 100.00', 'one that fits has its credit reserved');
SELECT is(pg_temp.outcome(pg_temp.bill('A', 'EUR 0.01', 'X')), 'RA001', 'which nobody else can take');
SELECT lives_ok(pg_temp.bill('A', 'EUR 60', 'A1', 'O1'), 'the order is invoiced in part');
SELECT is(pg_temp.parts('A'), '60.00 + 40.00 = 100.00', 'and counted once');
SELECT is(pg_temp.outcome(pg_temp.bill('A', 'EUR 40.01', 'X', 'O1')), 'RA001', 'more than was ordered needs room');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 40}]', '2026-01-02', number => 'A2', options => '{"order_reference": "O1"}') \g /dev/null
SELECT is(pg_temp.parts('A'), '100.00 + 0.00 = 100.00', 'the rest, by function');
SELECT is((SELECT state FROM ar.report_credit_reservation WHERE order_reference = 'O1'), 'invoiced', 'the order is invoiced');
SELECT ar.record_payment(:ledger, :a, 'EUR 50', '2026-01-05', apply => 'none') \g /dev/null
SELECT lives_ok(pg_temp.bill('A', 'EUR 10', 'A3', 'O1'), 'over-invoicing takes room of its own');
SELECT is((SELECT exposure::text FROM ar.credit_exposure(:ledger, :a)), 'EUR 60.00', 'and releases no more than the order had');

-- Several invoices of an order in one statement; drafts become open.
SELECT ar.reserve_credit(:ledger, :b, 'EUR 90', 'O2', external_id => 'R2') AS two \gset
SELECT is(ar.reserve_credit(:ledger, :b, 'EUR 90', 'O2', external_id => 'R2'), :two::bigint, 'an external id again is the first result');
SELECT is(pg_temp.outcome(format('SELECT ar.reserve_credit(%s, %s, ''EUR 9'', ''O2'', external_id => ''R2'')', :ledger, :b)), 'RA006', 'with another payload an error');
SELECT is(pg_temp.outcome(format('SELECT ar.reserve_credit(%s, %s, ''EUR 1'', ''O2'')', :ledger, :b)), '23505', 'an order is reserved once');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, order_reference) SELECT :ledger, :b, 'B' || n, '2026-01-01', 'EUR 25', 'O2' FROM generate_series(1, 4) AS n;
SELECT is(pg_temp.outcome('UPDATE ar.invoice SET status = ''open'' WHERE number IN (''B1'', ''B2'', ''B3'', ''B4'')'), 'done', 'four drafts of 25 against 90 reserved fit into 100');
SELECT is(pg_temp.parts('B'), '0.00 + 90.00 = 90.00', 'undone, it is as before');
UPDATE ar.invoice SET status = 'open' WHERE number IN ('B1', 'B2');
SELECT is(pg_temp.parts('B'), '50.00 + 40.00 = 90.00', 'two of them');
SELECT is(pg_temp.outcome(format('SELECT ar.change_reservation(%s, %s, ''EUR 100.01'')', :ledger, :two)), 'RA001', 'an order that grows is judged');
SELECT is(pg_temp.outcome(format('SELECT ar.change_reservation(%s, %s, ''EUR 100'')', :ledger, :two)), 'done', 'to the cent');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_reservation SET customer_id = %s WHERE reservation_id = %s', :a, :two)), 'RA003', 'whose order it is does not change');
SELECT is(pg_temp.outcome(format('UPDATE ar.credit_reservation SET invoiced = ''EUR 1'' WHERE reservation_id = %s', :two)), 'RA003', 'nor is what is invoiced anybody''s to write');
SELECT is(pg_temp.outcome('DELETE FROM ar.credit_reservation'), 'RA003', 'nor does it vanish');
SELECT is(ar.release_credit(:ledger, :two, 'delivered short'), 1::bigint, 'the rest is released');
SELECT is(pg_temp.parts('B'), '50.00 + 0.00 = 50.00', 'and what is invoiced stays owed');
SELECT is(ar.release_credits(:ledger, ARRAY[:two, :one]::bigint[]), 1::bigint, 'once');
SELECT is(pg_temp.outcome(pg_temp.bill('B', 'USD 1', 'X', 'O2')), 'RA009', 'an invoice in another currency than its order is refused');

-- Expiry; many at once; other reasons to give no credit.
SELECT ar.reserve_credits(:ledger, format('[{"customer_id": %1$s, "amount": "EUR 80", "order_reference": "O3", "expires_on": "2001-01-01"}, {"customer_id": %1$s, "amount": "EUR 100", "order_reference": "O4", "expires_on": "2901-01-01"}]',
    pg_temp.customer('C'))::jsonb) \g /dev/null
SELECT is(pg_temp.parts('C'), '0.00 + 100.00 = 100.00', 'what is expired does not count');
SELECT is(pg_temp.outcome($$UPDATE ar.credit_reservation SET expires_on = NULL WHERE order_reference = 'O3'$$), 'RA001', 'giving it more time does again');
SELECT is(pg_temp.outcome($$UPDATE ar.credit_reservation SET expires_on = '2901-01-02' WHERE order_reference = 'O4'$$), 'done', 'which is judged only by what fits');
SELECT ar.stop_credit(:ledger, pg_temp.customer('D'), 'no more') \g /dev/null
SELECT matches(pg_temp.outcome($$SELECT ar.reserve_credit(pg_temp.ledger(), pg_temp.customer('D'), 'EUR 1', 'O5')$$, 'all'),
    '^RA001: customer "D" gets no credit at present\nCredit was stopped by .*: no more\.\n', 'who is stopped gets none');
INSERT INTO ar.credit_policy (ledger_id, customer_id, reservation_days, on_breach) VALUES (:ledger, pg_temp.customer('E'), 10, 'hold');
SELECT ar.reserve_credit(:ledger, pg_temp.customer('E'), 'EUR 90', 'O6') \g /dev/null
SELECT is((SELECT expires_on - ar.business_date(:ledger) FROM ar.credit_reservation WHERE order_reference = 'O6'), 10, 'the policy gives the expiry');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status, order_reference)
SELECT :ledger, pg_temp.customer('E'), 'E' || n, '2026-01-01', total::ar.monetary, 'open', o FROM (VALUES (1, 'EUR 11', NULL), (2, 'EUR 50', 'O6'), (3, 'EUR 50', 'O6'), (4, 'EUR 40', 'O6')) AS v(n, total, o);
SELECT is((SELECT string_agg(status::text, ' ' ORDER BY number) FROM ar.invoice WHERE customer_id = pg_temp.customer('E')), 'held open open held', 'holding knows what is reserved');
SELECT is(pg_temp.parts('E'), '100.00 + 0.00 = 100.00', 'and what is left of it');
INSERT INTO ar.invoice (ledger_id, customer_id, kind, invoiced_on, total, status, order_reference) VALUES (:ledger, pg_temp.customer('E'), 'credit_memo', '2026-01-02', 'EUR 30', 'open', 'O6');
SELECT is((SELECT format('%s + %s + %s = %s', ar.amount(open_debits), ar.amount(unapplied), ar.amount(reserved), ar.amount(exposure)) FROM ar.credit_exposure(:ledger, pg_temp.customer('E'))),
    '100.00 + -30.00 + 20.00 = 90.00', 'a credit memo of the order, never held, gives back what it can be ordered for again');

-- An invoice that is made void gives the order back what it had billed; so does a credit memo, and neither raises the exposure.
SELECT ar.reserve_credit(:ledger, pg_temp.customer('F'), 'EUR 90', 'O7') \g /dev/null
SELECT lives_ok(pg_temp.bill('F', 'EUR 55', 'F1', 'O7'), 'an order is invoiced');
SELECT lives_ok(pg_temp.bill('F', 'EUR 45', 'F2', 'O7'), 'and over-invoiced');
SELECT is(pg_temp.parts('F'), '100.00 + 0.00 = 100.00', 'nothing of it is reserved any more');
SELECT ar.void_invoice(:ledger, pg_temp.invoice('F2'), '2026-01-02', 'wrong') \g /dev/null
SELECT is(pg_temp.parts('F'), '55.00 + 35.00 = 90.00', 'one invoice void, what the other leaves is reserved again');
SELECT is(pg_temp.outcome(pg_temp.bill('F', 'EUR 10.01', 'X')), 'RA001', 'and nobody else''s');
SELECT ar.void_invoice(:ledger, pg_temp.invoice('F1'), '2026-01-02', 'wrong') \g /dev/null
SELECT is(pg_temp.parts('F'), '0.00 + 90.00 = 90.00', 'both void, all of it');
SELECT lives_ok(pg_temp.bill('F', 'EUR 90', 'F3', 'O7') || '; ' || pg_temp.bill('F', 'EUR 10', 'F4'), 'invoiced anew, at the limit');
INSERT INTO ar.invoice (ledger_id, customer_id, kind, invoiced_on, total, status, order_reference) VALUES (:ledger, pg_temp.customer('F'), 'credit_memo', '2026-01-02', 'EUR 90', 'open', 'O7');
SELECT is((SELECT format('%s %s', exposure, reserved) FROM ar.credit_exposure(:ledger, pg_temp.customer('F'))) || ' ' || pg_temp.outcome(pg_temp.bill('F', 'EUR 0.01', 'X')),
    'EUR 100.00 EUR 90.00 RA001', 'a credit memo that opens the order again leaves the exposure where it was');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
