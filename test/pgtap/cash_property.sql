-- cash: what must hold of matching, whatever comes in.
-- Protects: many payments in one statement find what they would have found one by one; nothing is over-applied; no more discount,
-- difference or refund is granted than the policy allows; what was undone can be found again.
BEGIN;
\ir helper.psql
SELECT plan(13);
SELECT setseed(0.20260131) \g /dev/null

-- Two ledgers alike: in one each statement brings one payment, in the other all of them.
SELECT ar.create_ledger('ONE', 'One', 'EUR') AS one \gset
SELECT ar.create_ledger('ALL', 'All', 'EUR') AS all \gset
CREATE TEMPORARY TABLE customer AS
SELECT c, random() AS kind, (random() * 3)::integer AS tolerance, random() < 0.3 AS writes_off, random() < 0.2 AS refunds,
       (ARRAY['none', 'pro_rata', 'closing'])[1 + (random() * 2)::integer] AS partial, (ARRAY['wait', 'wait', 'oldest', 'proportional'])[1 + (random() * 3)::integer] AS remainder
FROM generate_series(1, 40) AS c;
CREATE TEMPORARY TABLE invoice AS
SELECT c.c, n, (random() * 20000)::integer / CASE WHEN random() < 0.3 THEN 100 ELSE 1 END + 100 AS cents, (random() * 60)::integer AS days,
       CASE WHEN random() < 0.3 THEN '2/10 net 30' WHEN random() < 0.2 THEN '50% net 10, 50% net 40' WHEN random() < 0.2 THEN '3/10 2/20 net 30' ELSE 'net 14' END AS terms,
       random() < 0.1 AS is_memo
FROM customer AS c, generate_series(1, 12) AS n;
CREATE TEMPORARY TABLE payment AS
SELECT row_number() OVER () AS p, v.c, v.n, greatest(1, CASE (random() * 9)::integer
           WHEN 0 THEN v.cents - 1 WHEN 1 THEN v.cents + 1 WHEN 2 THEN v.cents * 98 / 100 WHEN 3 THEN v.cents / 2
           WHEN 4 THEN v.cents + w.cents WHEN 5 THEN v.cents * 2 WHEN 6 THEN (random() * 30000)::integer ELSE v.cents END) AS cents,
       v.days + (random() * 40)::integer AS days,
       CASE (random() * 7)::integer WHEN 0 THEN NULL WHEN 1 THEN 'thanks' WHEN 2 THEN 'S' || v.c || '-2026-' || lpad(v.n::text, 4, '0') || ' S' || v.c || '-2026-' || lpad(w.n::text, 4, '0')
           WHEN 3 THEN v.c || '2026' || lpad(v.n::text, 4, '0') WHEN 4 THEN 'S' || v.c || '-2O26-' || v.n ELSE 'S' || v.c || '-2026-' || lpad(v.n::text, 4, '0') END AS reference,
       CASE WHEN random() < 0.15 THEN jsonb_build_array(jsonb_strip_nulls(jsonb_build_object('number', 'S' || v.c || '-2026-' || lpad(v.n::text, 4, '0'),
           'amount', CASE WHEN random() < 0.8 THEN round(v.cents * (5 + (random() * 5)::integer) / 1000.0, 2) END, 'discount', CASE WHEN random() < 0.3 THEN 1 END, 'reason', CASE WHEN random() < 0.5 THEN 'damaged' END))) END AS remittance,
       (ARRAY['auto', 'auto', 'auto', 'auto', 'auto', 'auto', 'oldest', 'largest', 'newest', 'proportional'])[1 + (random() * 9)::integer] AS apply
FROM invoice AS v JOIN invoice AS w ON w.c = v.c AND w.n = v.n % 12 + 1 WHERE random() < 0.7;

CREATE FUNCTION pg_temp.fill(ledger integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ar.customer (ledger_id, code, name) SELECT ledger, 'C' || lpad(c::text, 3, '0'), 'Customer ' || c FROM customer ORDER BY c;
    INSERT INTO ar.cash_policy (ledger_id, customer_id, tolerance, tolerance_percent, overpayment, partial_discount, remainder)
    SELECT ledger, r.customer_id, CASE WHEN c.tolerance > 0 THEN ar.monetary(c.tolerance / 10.0, 'EUR') END, CASE WHEN c.tolerance = 2 THEN 1 END,
           CASE WHEN c.writes_off THEN 'write_off' WHEN c.refunds THEN 'refund' END, c.partial, c.remainder
    FROM customer AS c JOIN ar.customer AS r ON r.ledger_id = ledger AND r.code = 'C' || lpad(c.c::text, 3, '0');
    INSERT INTO ar.invoice (ledger_id, customer_id, kind, number, invoiced_on, terms, total, status)
    SELECT ledger, r.customer_id, CASE WHEN v.is_memo THEN 'credit_memo' ELSE 'invoice' END, 'S' || v.c || '-2026-' || lpad(v.n::text, 4, '0'),
           date '2026-01-01' + v.days, CASE WHEN NOT v.is_memo THEN v.terms::ar.terms END, ar.monetary(v.cents / 100.0, 'EUR'), 'open'
    FROM invoice AS v JOIN ar.customer AS r ON r.ledger_id = ledger AND r.code = 'C' || lpad(v.c::text, 3, '0') ORDER BY v.c, v.n;
END
$$;
SELECT pg_temp.fill(:one), pg_temp.fill(:all) \g /dev/null

-- In the order in which one statement takes them: by day, and then as they are recorded.
CREATE FUNCTION pg_temp.pay(ledger integer, of_payment bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, apply, reference, remittance)
    SELECT ledger, r.customer_id, ar.monetary(p.cents / 100.0, 'EUR'), date '2026-01-01' + p.days, p.apply, p.reference, p.remittance
    FROM payment AS p JOIN ar.customer AS r ON r.ledger_id = ledger AND r.code = 'C' || lpad(p.c::text, 3, '0')
    WHERE of_payment IS NULL OR p.p = of_payment
    ORDER BY p.days, p.p
$$;
SELECT count(pg_temp.pay(:one, p)) FROM (SELECT p FROM payment ORDER BY days, p) AS p \g /dev/null
SELECT pg_temp.pay(:all, NULL) \g /dev/null
-- Else the proof is planned for tables that were empty a moment ago.
ANALYZE ar.item, ar.application, ar.adjustment, ar.payment, ar.invoice, ar.customer, ar.item_discount, ar.match_suggestion;

-- What came of it, in words that are the same in both.
CREATE FUNCTION pg_temp.found(ledger integer) RETURNS TABLE (what text) LANGUAGE sql AS $$
    SELECT concat_ws(' ', c.code, credit.kind, credit.issued_on, credit.amount, v.number, debit.kind, debit.instalment, a.amount, a.applied_on, a.rule, a.confidence)
    FROM ar.application AS a
    JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
    JOIN ar.item AS debit ON debit.ledger_id = a.ledger_id AND debit.item_id = a.debit_item_id
    JOIN ar.customer AS c ON c.ledger_id = a.ledger_id AND c.customer_id = debit.customer_id
    LEFT JOIN ar.invoice AS v ON v.ledger_id = debit.ledger_id AND v.invoice_id = debit.invoice_id
    WHERE a.ledger_id = $1
$$;
SELECT cmp_ok((SELECT count(*) FROM ar.application WHERE ledger_id = :all), '>', 200::bigint, 'much was applied');
SELECT bag_eq(format('SELECT * FROM pg_temp.found(%s)', :all), format('SELECT * FROM pg_temp.found(%s)', :one), 'all at once as one by one');
SELECT is_empty('SELECT * FROM ar.verify()', 'and the books are sound');
SELECT cmp_ok((SELECT count(DISTINCT rule) FROM ar.application WHERE ledger_id = :all), '>=', 8::bigint, 'many rules had their part');

-- What was granted.
SELECT is_empty(format($$
    SELECT d.item_id FROM ar.item AS d
    JOIN ar.application AS a ON a.ledger_id = d.ledger_id AND a.debit_item_id = d.item_id
    JOIN ar.item AS g ON g.ledger_id = a.ledger_id AND g.item_id = a.credit_item_id AND g.kind = 'discount'
    WHERE d.ledger_id = %s GROUP BY d.ledger_id, d.item_id
    HAVING sum(ar.amount(a.amount)) > (SELECT max(ar.amount(t.discount)) FROM ar.item_discount AS t WHERE t.ledger_id = d.ledger_id AND t.item_id = d.item_id)$$, :all),
    'no discount is more than was agreed');
SELECT is_empty(format($$
    SELECT j.adjustment_id FROM ar.adjustment AS j
    JOIN ar.payment AS p ON p.ledger_id = j.ledger_id AND p.payment_id = j.payment_id
    WHERE j.ledger_id = %s AND j.kind = 'discount'
      AND p.received_on > (SELECT max(t.discount_until) FROM ar.item_discount AS t JOIN ar.item AS i USING (ledger_id, item_id) WHERE i.ledger_id = j.ledger_id AND i.invoice_id = j.invoice_id)$$, :all),
    'and none is granted late');
SELECT is_empty(format($$
    SELECT j.adjustment_id FROM ar.adjustment AS j JOIN ar.cash_policy AS o ON o.ledger_id = j.ledger_id AND o.customer_id = j.customer_id
    WHERE j.ledger_id = %s AND j.kind = 'difference'
      AND (abs(ar.amount(j.amount)) > coalesce(ar.amount(o.tolerance), 0) OR j.invoice_id IS NULL AND coalesce(o.overpayment, '') <> 'write_off')$$, :all),
    'no difference is more than is tolerated');
SELECT is((SELECT format('%s %s', count(*) > 0, sum(ar.amount(amount))) FROM ar.adjustment WHERE ledger_id = :all AND kind = 'deduction'), 't 0.00', 'every deduction is a credit and a debit');
SELECT is_empty(format($$SELECT rule FROM ar.application WHERE ledger_id = %s AND (rule IS NULL OR confidence < 0.9)$$, :all), 'what was applied says why, and is sure enough');
SELECT is_empty(format($$
    SELECT s.suggestion_id FROM ar.match_suggestion AS s JOIN ar.item AS i ON i.ledger_id = s.ledger_id AND i.item_id = s.credit_item_id
    WHERE s.ledger_id = %s AND s.status = 'open' AND i.closed_on IS NOT NULL$$, :all), 'nothing is suggested for what is applied');

-- Accepting as much as fits, undoing all, and beginning again.
DO $$
DECLARE
    s record;
BEGIN
    FOR s IN SELECT g.ledger_id, g.suggestion_id FROM ar.match_suggestion AS g WHERE g.status = 'open' ORDER BY random() LOOP
        BEGIN
            PERFORM ar.accept_suggestion(s.ledger_id, s.suggestion_id);
        EXCEPTION WHEN SQLSTATE 'RA002' OR SQLSTATE 'RA003' OR check_violation THEN NULL;
        END;
    END LOOP;
END
$$;
SELECT is_empty('SELECT * FROM ar.verify()', 'accepted, the books are sound');
SELECT count(ar.unapply(a.ledger_id, a.application_id)) FROM ar.application AS a
WHERE a.ledger_id = :all AND a.reverses_id IS NULL AND NOT EXISTS (SELECT FROM ar.application AS u WHERE u.ledger_id = a.ledger_id AND u.reverses_id = a.application_id) \g /dev/null
SELECT is((SELECT ar.sum(open - amount) FROM ar.item WHERE ledger_id = :all), 'EUR 0.00', 'undone, all is open again');
SELECT count(*) FROM ar.auto_apply(:all) \g /dev/null
SELECT is_empty('SELECT * FROM ar.verify()', 'applied again, the books are sound');
SELECT * FROM finish();
ROLLBACK;
