-- collect: interest and fees for paying late.
--
-- Protects: the numbers of the day counts, of rates that change and of payments between; one period after the other, without overlap or
-- gap; what becomes known later is corrected, by credit or by another charge; charges are items of their own.
BEGIN;
\ir helper.psql
SELECT plan(91);

-- Day counts: 100 at 10 percent for 15 days; 1000 at 12 percent from 15 January until 31 March 2026, 75 days by each count.
SELECT is(ar.simple_interest('EUR 100', 10, '2026-01-01', '2026-01-16'), 'EUR 0.41'::ar.monetary, '15 days');
SELECT is(ar.simple_interest('EUR 1000', 12, '2026-01-15', '2026-03-31'), 'EUR 24.66'::ar.monetary, 'actual/365');
SELECT is(ar.simple_interest('EUR 1000', 12, '2026-01-15', '2026-03-31', 'actual/360'), 'EUR 25.00'::ar.monetary, 'actual/360');
SELECT is(ar.simple_interest('EUR 1000', 12, '2026-01-15', '2026-03-31', '30/360'), 'EUR 25.00'::ar.monetary, '30/360');
SELECT is(ar.interest_days('2026-01-15', '2026-03-31', '30/360'), 75, 'which has 75 days, too');
SELECT is((SELECT sum(ar.interest_days(d::date, d::date + 1, '30/360')) FROM generate_series(timestamp '2026-01-15', '2026-03-30', '1 day') AS d), 75::bigint, 'as its days add up');
SELECT is(ar.simple_interest('EUR 1000', 12, '2026-01-15', '2026-03-31', 'actual/actual'), 'EUR 24.66'::ar.monetary, 'actual/actual, in a year of 365');
SELECT is(ar.simple_interest('EUR 10000', 10, '2023-12-01', '2024-02-01', 'actual/actual'), 'EUR 169.63'::ar.monetary, 'and into one of 366: 31 of 365 and 31 of 366');
SELECT is((SELECT count(*) FROM generate_series(timestamp '1899-12-30', '1905-01-02', '1 day') AS d
    WHERE ar.leap_year_days('1899-12-30', d::date + 1) <> (SELECT count(*) FROM generate_series(timestamp '1899-12-30', d, '1 day') AS e WHERE extract(year FROM e) = 1904)), 0::bigint, 'leap years are known, 1900 is none');
-- 101 days at 12.25 percent: rounded once, or by the day.
SELECT is(ar.simple_interest('EUR 5000', 12.25, '2026-01-01', '2026-04-12'), 'EUR 169.49'::ar.monetary, 'rounded once');
SELECT is(ar.simple_interest('EUR 5000', 12.25, '2026-01-01', '2026-04-12', rounding => 'daily'), 'EUR 169.68'::ar.monetary, 'by the day: 1.68');
SELECT is(ar.simple_interest('JPY 100000', 10, '2026-01-01', '2026-01-16'), 'JPY 411'::ar.monetary, 'in the decimals of the currency');
SELECT is(pg_temp.outcome($$SELECT ar.simple_interest('EUR 1', 1, '2026-01-01', '2026-01-02', 'never')$$), '22023', 'no such day count');
SELECT results_eq($$SELECT ar.statutory_fee(s, d::ar.monetary)::text FROM (VALUES ('eu', 'EUR 0.01'), ('eu', 'GBP 1'), ('uk', 'GBP 999.99'), ('uk', 'GBP 1000'), ('uk', 'GBP 9999.99'), ('uk', 'GBP 10000'), ('uk', 'GBP 0')) AS v(s, d)$$,
    $$VALUES ('EUR 40.00'), (NULL), ('GBP 40.00'), ('GBP 70.00'), ('GBP 70.00'), ('GBP 100.00'), (NULL)$$, 'the statutory sums');

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, code, details => '{"customer_class": "trade"}') FROM unnest('{A,B,C,D,E,F,G,H}'::text[]) AS code \g /dev/null
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, '2026-01-01', $4, $2::ar.monetary, 'open') $$;
CREATE FUNCTION pg_temp.pay(number text, amount text, paid_on date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE reference text := 'P' || nextval('ar.document_id');
BEGIN
    PERFORM ar.record_payment(pg_temp.ledger(), i.customer_id, $2::ar.monetary, paid_on, reference => reference, apply => 'none')
    FROM ar.item AS i WHERE i.item_id = pg_temp.item($1);
    RETURN ar.apply(pg_temp.ledger(), pg_temp.item(reference), pg_temp.item($1), applied_on => paid_on);
END $$;
CREATE FUNCTION pg_temp.charge(as_of date, customer text DEFAULT '') RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', v.number, c.kind, c.from_on || '/' || c.to_on, c.amount), '; ' ORDER BY v.number, c.kind, c.from_on), 'nothing')
    FROM ar.charge_interest(pg_temp.ledger(), $1) AS c
    JOIN ar.item AS i ON i.item_id = c.item_id JOIN ar.invoice AS v ON v.invoice_id = i.invoice_id WHERE v.number ^@ $2 $$;
-- What a customer owes of interest and fees, and the credit he has.
CREATE FUNCTION pg_temp.owed(customer text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(s.kind || ' ' || s.open, ', ' ORDER BY s.kind), 'nothing')
    FROM (SELECT i.kind, ar.sum(i.open) AS open FROM ar.item AS i
          WHERE i.customer_id = pg_temp.customer($1) AND i.closed_on IS NULL AND i.kind IN ('interest', 'fee', 'credit_memo') GROUP BY i.kind) AS s $$;

-- Without a policy nothing is charged; then from the day after the due date until the run.
SELECT pg_temp.bill('A', 'EUR 1000', 'A1', '2026-01-14') \g /dev/null
SELECT is(pg_temp.charge('2026-03-31'), 'nothing', 'without a policy nothing is charged');
INSERT INTO ar.interest_policy (ledger_id, rate) VALUES (:ledger, 12);
SELECT is(pg_temp.charge('2026-01-15'), 'nothing', 'the due date itself bears no interest');
SELECT is(pg_temp.charge('2026-03-31'), 'A1 interest 2026-01-15/2026-03-31 EUR 24.66', '75 days');
SELECT is(pg_temp.charge('2026-03-31'), 'nothing', 'again there is nothing to do');
SELECT is(pg_temp.charge('2026-03-01'), 'nothing', 'nor for a day before');
SELECT is(pg_temp.charge('2026-04-30'), 'A1 interest 2026-03-31/2026-04-30 EUR 9.86', 'the next period begins where that one ended');
SELECT is((SELECT format('%s %s %s %s %s %s', i.kind, i.due_on, i.open, j.invoice_id = pg_temp.invoice('A1'), j.reason_code, j.reason) FROM ar.item AS i JOIN ar.adjustment AS j USING (ledger_id, adjustment_id) ORDER BY i.item_id LIMIT 1),
    'interest 2026-03-31 EUR 24.66 t late_interest interest from 2026-01-15 to 2026-03-30', 'it is an item of its own');
SELECT pg_temp.pay('A1', 'EUR 1000', '2026-05-10') \g /dev/null
SELECT is(pg_temp.charge('2026-06-30'), 'A1 interest 2026-04-30/2026-05-10 EUR 3.29', 'it ends on the day before it is paid');
SELECT is(pg_temp.charge('2026-12-31'), 'nothing', 'for good');
SELECT is(pg_temp.owed('A'), 'interest EUR 37.81', 'interest survives the invoice, and bears none');

-- Split by a payment: 30 days on 1000, 29 on 600.
SELECT pg_temp.bill('B', 'EUR 1000', 'B1', '2026-01-14'), pg_temp.pay('B1', 'EUR 400', '2026-02-14') \g /dev/null
SELECT is(pg_temp.charge('2026-03-15'), 'B1 interest 2026-01-15/2026-03-15 EUR 15.58', 'a payment splits the period');
SELECT results_eq(format($$SELECT from_on, to_on, principal, rate, days FROM ar.interest_segments(%s, ARRAY[pg_temp.item('B1')], '{2026-01-15}', '{2026-03-15}', ARRAY['{"rate": 12, "day_count": "actual/365"}'::jsonb])$$, :ledger),
    $$VALUES (date '2026-01-15', date '2026-02-14', 1000.00, 12::numeric, 30), ('2026-02-14', '2026-03-15', 600.00, 12, 29)$$, 'as can be seen');
-- Known later: 600 more were paid on 1 March: 14 days too many on 600.
SELECT pg_temp.pay('B1', 'EUR 600', '2026-03-01') AS late \gset
SELECT is(pg_temp.charge('2026-03-15'), 'B1 correction 2026-01-15/2026-03-15 EUR -2.76', 'a back-dated payment is corrected');
SELECT is(pg_temp.owed('B'), 'interest EUR 12.82', 'by a credit memo, applied to the charge');
SELECT is((SELECT format('%s %s %s %s', c.cause, c.amount, v.kind, v.corrects_id IS NULL) FROM ar.charge_credit AS c JOIN ar.invoice AS v ON v.invoice_id = c.credit_memo_id), 'correction EUR 2.76 credit_memo t', 'on account');
SELECT is(pg_temp.charge('2026-04-15'), 'nothing', 'once');
-- It bounced: as if it had never been, the interest is owed again, and what follows.
SELECT ar.unapply(:ledger, :late) \g /dev/null
SELECT is(pg_temp.charge('2026-03-15'), 'B1 correction 2026-01-15/2026-03-15 EUR 2.76', 'what is taken back is charged again');
SELECT is(pg_temp.charge('2026-04-14'), 'B1 interest 2026-03-15/2026-04-14 EUR 5.92', 'and the chain goes on');
SELECT is((SELECT sum(ar.amount(c.amount)) + coalesce((SELECT sum(ar.amount(k.amount)) FROM ar.interest_correction AS k), 0) FROM ar.interest_charge AS c WHERE c.item_id = pg_temp.item('B1')), 21.50, 'charges and corrections make the interest that is owed');

-- A reference rate and a margin: 17 days at 12.25, 13 at 12.
INSERT INTO ar.interest_policy (ledger_id, customer_id, reference, margin) VALUES (:ledger, pg_temp.customer('C'), 'ecb', 8);
SELECT pg_temp.bill('C', 'EUR 1000', 'C1', '2026-01-14') \g /dev/null
SELECT is(pg_temp.outcome('SELECT pg_temp.charge(''2026-02-14'')', 'all'), E'23503: there is no reference rate "ecb" for 2026-01-15\nInsert it into ar.interest_rate, valid from that day or before; for a half-year, from its first day or the eve of it, as the fixing says.', 'a missing rate is told');
INSERT INTO ar.interest_rate (ledger_id, reference, valid_from, rate) VALUES (:ledger, 'ecb', '2025-06-01', 4.25), (:ledger, 'ecb', '2026-02-01', 4);
SELECT is(pg_temp.charge('2026-02-14'), 'C1 interest 2026-01-15/2026-02-14 EUR 9.98', 'a change of the rate splits the period');
UPDATE ar.interest_rate SET rate = 4.5 WHERE valid_from = '2025-06-01';
SELECT is(pg_temp.charge('2026-02-14'), 'C1 correction 2026-01-15/2026-02-14 EUR 0.12', 'a rate that was wrong is corrected');
UPDATE ar.interest_rate SET rate = 4.25 WHERE valid_from = '2025-06-01';
SELECT is(pg_temp.charge('2026-02-14'), 'C1 correction 2026-01-15/2026-02-14 EUR -0.12', 'both ways');
SELECT is(pg_temp.owed('C'), 'interest EUR 9.98', 'which leaves what is right');
-- By half-years: that of 1 January, or of the day before.
INSERT INTO ar.interest_rate (ledger_id, reference, valid_from, rate) VALUES (:ledger, 'boe', '2025-08-01', 4), (:ledger, 'boe', '2026-01-01', 3.75), (:ledger, 'boe', '2026-06-30', 3.5), (:ledger, 'boe', '2026-07-01', 3.25);
SELECT results_eq(format($$SELECT element, from_on, rate, days FROM ar.interest_segments(%s, ARRAY[pg_temp.item('C1'), pg_temp.item('C1')], '{2026-06-20,2026-06-20}', '{2026-07-11,2026-07-11}',
    ARRAY['{"reference": "boe", "margin": 8, "fixing": "half_year", "day_count": "actual/365"}', '{"reference": "boe", "margin": 8, "fixing": "half_year_eve", "day_count": "actual/365", "maximum_rate": 11.75}']::jsonb[])$$, :ledger),
    $$VALUES (1::bigint, date '2026-06-20', 11.75, 11), (1, '2026-07-01', 11.25, 10), (2, '2026-06-20', 11.75, 11), (2, '2026-07-01', 11.50, 10)$$, 'the rate of the half-year, of its first day or the eve; and no more than the maximum');

-- What is disputed bears none; rejected, it was owed all the time; credited, it never was.
SELECT pg_temp.bill('D', 'EUR 1000', 'D1', '2026-01-14'), pg_temp.bill('D', 'EUR 365', 'D2', '2026-01-14') \g /dev/null
SELECT ar.open_dispute(:ledger, pg_temp.invoice('D1'), 'price', 'EUR 500', opened_on => '2026-01-25') AS d1,
       ar.open_dispute(:ledger, pg_temp.invoice('D2'), 'price', opened_on => '2026-01-25') AS d2 \gset
SELECT is(pg_temp.charge('2026-02-14'), 'D1 interest 2026-01-15/2026-02-14 EUR 6.58; D2 interest 2026-01-15/2026-02-14 EUR 1.20', 'disputed parts bear no interest while they are');
SELECT ar.resolve_dispute(:ledger, :d1, 'rejected', 'agreed', resolved_on => '2026-02-10'), ar.resolve_dispute(:ledger, :d2, 'credited', 'wrong', resolved_on => '2026-02-10') \g /dev/null
SELECT is(pg_temp.charge('2026-02-14'), 'D1 correction 2026-01-15/2026-02-14 EUR 3.28; D2 correction 2026-01-15/2026-02-14 EUR -1.20', 'rejected it is charged, credited it is taken back');
SELECT is(pg_temp.owed('D'), 'interest EUR 9.86', '1000 for 30 days');

-- Grace, minimum, cap, days, start.
INSERT INTO ar.interest_policy (ledger_id, customer_id, grace_days, minimum, maximum_percent, charge_days, rounding) VALUES (:ledger, pg_temp.customer('E'), 5, 'EUR 5', 2, 20, 'daily');
SELECT pg_temp.bill('E', 'EUR 5000', 'E1', '2026-01-14'), pg_temp.bill('E', 'EUR 100', 'E2', '2026-01-14') \g /dev/null
SELECT is(pg_temp.charge('2026-02-08'), 'nothing', 'an open item waits for its days');
SELECT is(pg_temp.charge('2026-02-09'), 'E1 interest 2026-01-20/2026-02-09 EUR 32.80', 'after the grace, day by day; what is less than the minimum waits');
SELECT is(pg_temp.charge('2026-04-30', 'E'), 'E1 interest 2026-02-09/2026-04-30 EUR 67.20', 'no more than the cap');
SELECT is(pg_temp.charge('2026-06-30', 'E'), 'nothing', 'and then nothing');
SELECT pg_temp.pay('E2', 'EUR 100', '2026-05-01') \g /dev/null
SELECT is(pg_temp.charge('2026-06-30', 'E'), 'nothing', 'what was never enough is not charged');
SELECT is((SELECT format('%s %s %s %s', from_on, to_on, amount, adjustment_id) FROM ar.interest_charge WHERE item_id = pg_temp.item('E2')), '2026-01-20 2026-05-01 EUR 0.00 ', 'which is noted');
UPDATE ar.interest_policy SET starts_on = '2026-04-01' WHERE customer_id = pg_temp.customer('E');
SELECT pg_temp.bill('E', 'EUR 10000', 'E3', '2026-01-14') \g /dev/null
SELECT is(pg_temp.charge('2026-07-20', 'E'), 'E3 interest 2026-04-01/2026-07-20 EUR 200.00', 'no day before the start, and the cap at once');

-- Fees: one for an invoice, whatever its instalments; on the first day after it was due.
INSERT INTO ar.interest_policy (ledger_id, customer_class, rate, fee_scheme) VALUES (:ledger, 'trade', 0, 'eu');
SELECT ar.create_invoice(:ledger, pg_temp.customer('F'), '[{"unit_price": 100}]', '2026-01-01', number => 'F1', terms => '50% net 10, 50% net 20'),
       pg_temp.bill('F', 'USD 100', 'F2', '2026-01-14'), pg_temp.bill('F', 'EUR 100', 'F3', '2026-01-14'), pg_temp.pay('F3', 'EUR 100', '2026-01-15') \g /dev/null
SELECT is(pg_temp.charge('2026-01-11', 'F'), 'nothing', 'nothing is late on its day');
SELECT is(pg_temp.charge('2026-01-12', 'F'), 'F1 fee EUR 40.00', 'EUR 40, on the day after the first instalment');
SELECT is((SELECT format('%s %s %s', scheme, debt, late_on) FROM ar.late_fee), 'eu EUR 50.00 2026-01-12', 'with what was late');
SELECT is(pg_temp.charge('2026-02-12', 'F'), 'nothing', 'once; what was paid on the day after was not late, and other currencies have none');
UPDATE ar.interest_policy SET fee_scheme = 'fixed', fee = 'EUR 7.50' WHERE customer_class = 'trade';
SELECT pg_temp.bill('F', 'EUR 100', 'F4', '2026-03-14'), pg_temp.bill('F', 'EUR 100', 'F5', '2026-03-14') \g /dev/null
SELECT ar.open_dispute(:ledger, pg_temp.invoice('F5'), 'price', opened_on => '2026-03-10') AS f5 \gset
SELECT is(pg_temp.charge('2026-03-20', 'F'), 'F4 fee EUR 7.50', 'a fixed fee; none for what is disputed');
SELECT pg_temp.pay('F4', 'EUR 100', '2026-03-13'), ar.resolve_dispute(:ledger, :f5, 'rejected', 'agreed', resolved_on => '2026-03-16') \g /dev/null
SELECT is(pg_temp.charge('2026-03-20', 'F'), 'F4 correction EUR -7.50; F5 fee EUR 7.50', 'it was not late after all; and the dispute was none');
SELECT is(pg_temp.charge('2026-03-21', 'F'), 'nothing', 'once');
SELECT is(pg_temp.owed('F'), 'fee EUR 47.50', 'and the credit is applied');

-- Presets.
SELECT ar.set_interest_preset(:ledger, 'uk', 'retail', '2026-01-01') \g /dev/null
UPDATE ar.customer SET customer_class = 'retail' WHERE code = 'G';
SELECT pg_temp.bill('G', 'GBP 1000', 'G1', '2026-01-14') \g /dev/null
SELECT is(pg_temp.charge('2026-02-14'), 'G1 fee GBP 70.00; G1 interest 2026-01-15/2026-02-14 GBP 9.86', 'the British one: 8 points above the rate of 31 December, and GBP 70');
SELECT is(ar.set_interest_preset(:ledger, 'germany', 'retail', '2026-01-01'), (SELECT policy_id FROM ar.interest_policy WHERE customer_class = 'retail'), 'another preset takes its place');
SELECT is((SELECT format('%s %s %s %s', reference, margin, fixing, fee_scheme) FROM ar.interest_policies(:ledger, ARRAY[pg_temp.customer('G')])), 'ecb 9 half_year eu', 'as the policy says');
SELECT is(pg_temp.outcome(format('SELECT ar.set_interest_preset(%s, ''mars'')', :ledger)), '22023', 'there are three');

-- Waived: with a reason, as far as it is open, or by an amount, also of what is paid.
SELECT array_agg(j.adjustment_id ORDER BY j.adjustment_id) AS charges FROM ar.adjustment AS j WHERE j.customer_id = pg_temp.customer('A') \gset
SELECT is(pg_temp.outcome(format('SELECT ar.waive_charges(%s, %L, '' '')', :ledger, :'charges')), '23502', 'a waiver has a reason');
SELECT results_eq(format('SELECT amount::text FROM ar.waive_charges(%s, %L, ''goodwill'', ''EUR 30'', ''2026-07-01'')', :ledger, :'charges'), $$VALUES ('EUR 24.66'), ('EUR 5.34')$$, 'an amount goes to the charges in order');
SELECT is(pg_temp.owed('A'), 'interest EUR 7.81', 'and is applied');
SELECT is((SELECT format('%s %s %s', count(DISTINCT credit_memo_id), bool_and(credited_by = session_user), min(reason)) FROM ar.charge_credit WHERE cause = 'waiver'), '1 t goodwill', 'by one memo, which says who and why');
SELECT is(pg_temp.outcome(format('SELECT ar.waive_charges(%s, %L, ''x'', ''EUR 7.82'')', :ledger, :'charges')), 'RA002', 'no more than remains');
SELECT is((SELECT count(*) FROM ar.waive_charges(:ledger, :'charges', 'goodwill', waived_on => '2026-07-02')), 2::bigint, 'without an amount, all that is open');
SELECT is(pg_temp.outcome(format('SELECT ar.waive_charges(%s, %L, ''x'')', :ledger, :'charges')), 'RA002', 'and then nothing');
SELECT is(pg_temp.outcome(format('SELECT ar.waive_charges(%s, ''{1}'', ''x'')', :ledger)), '23503', 'an unknown charge is told');
-- What was waived is not credited once more when it turns out not to have been owed.
SELECT pg_temp.pay('E1', 'EUR 5000', '2026-01-15') \g /dev/null
SELECT ar.waive_charges(:ledger, ARRAY(SELECT adjustment_id FROM ar.interest_charge WHERE item_id = pg_temp.item('E1') AND from_on = '2026-01-20'), 'goodwill', 'EUR 30', '2026-07-02') \g /dev/null
SELECT is(pg_temp.charge('2026-07-20', 'E'), 'E1 correction 2026-01-20/2026-02-09 EUR -32.80; E1 correction 2026-02-09/2026-04-30 EUR -67.20', 'all of it was not owed');
SELECT is((SELECT ar.sum(c.amount)::text FROM ar.charge_credit AS c JOIN ar.interest_charge AS h USING (ledger_id, adjustment_id) WHERE h.item_id = pg_temp.item('E1')), 'EUR 100.00', 'and is credited once');

-- By the tables: no overlap, no gap, nothing changed; over the limit or not, interest is owed.
SELECT is(pg_temp.outcome(format($$INSERT INTO ar.interest_charge (ledger_id, item_id, previous_to_on, from_on, to_on, amount, terms, seen) VALUES (%s, pg_temp.item('A1'), %s, 'EUR 0', '{"rate": 12, "day_count": "actual/365"}', '')$$, :ledger, p), 'constraint'), r, w)
FROM (VALUES ('NULL, ''2026-01-01'', ''2026-01-15''', '23505 interest_charge_previous_key', 'there is one first period'),
             ('''2026-03-31'', ''2026-03-31'', ''2026-05-31''', '23505 interest_charge_previous_key', 'no two begin at the same end'),
             ('''2026-05-11'', ''2026-05-11'', ''2026-05-31''', '23503 interest_charge_previous_fkey', 'none begins after a gap'),
             ('''2026-05-10'', ''2026-05-09'', ''2026-05-31''', '23514 interest_charge_days_check', 'or before'),
             ('''2026-05-10'', ''2026-05-10'', ''2026-05-10''', '23514 interest_charge_days_check', 'or has no day')) AS v(p, r, w);
SELECT is(pg_temp.outcome('UPDATE ar.interest_charge SET amount = ''EUR 1'''), 'RA003', 'a charge is a fact');
SELECT is(pg_temp.outcome('DELETE FROM ar.late_fee'), 'RA003', 'and a fee');
SELECT is(pg_temp.outcome('UPDATE ar.interest_correction SET amount = ''EUR 1'''), 'RA003', 'and a correction');
SELECT is(pg_temp.outcome('DELETE FROM ar.charge_credit'), 'RA003', 'and what is credited');
SELECT is(pg_temp.outcome(format($$INSERT INTO ar.charge_credit (ledger_id, adjustment_id, credit_memo_id, cause, amount, reason) SELECT ledger_id, %s, credit_memo_id, 'waiver', 'EUR 0.01', 'x' FROM ar.charge_credit LIMIT 1$$,
    (SELECT adjustment_id FROM ar.late_fee WHERE scheme = 'uk'))), '23514', 'by no memo of another customer');
SELECT is(pg_temp.outcome($$INSERT INTO ar.interest_policy (ledger_id, customer_class, rate, reference) VALUES (pg_temp.ledger(), 'x', 1, 'ecb')$$), '23514', 'a rate is fixed or a reference');
UPDATE ar.customer SET credit_limit = 'EUR 1000' WHERE code = 'H';
INSERT INTO ar.interest_policy (ledger_id, customer_id, rate, fee_scheme) VALUES (:ledger, pg_temp.customer('H'), 12, 'none');
SELECT pg_temp.bill('H', 'EUR 1000', 'H1', '2026-01-14'), pg_temp.bill('A', 'EUR 1000', 'A2', '2026-07-10') \g /dev/null
UPDATE ar.interest_policy SET rate = 12, fee_scheme = NULL, fee = NULL WHERE customer_class = 'trade';
SELECT is(pg_temp.charge('2026-08-10', 'H'), 'H1 interest 2026-01-15/2026-08-10 EUR 68.05', 'who is at his limit is charged, too');
SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('H', 'EUR 0.01', 'H2', '2026-08-10')$$), 'RA001', 'but gets no more credit');
UPDATE ar.customer SET credit_limit = NULL WHERE code = 'H';

-- Each invariant broken in turn.
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(DISTINCT v.check_name, ' ' ORDER BY v.check_name) INTO reported FROM ar.verify_interest(pg_temp.ledger()) AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        RETURN reported;
    END;
END $$;
SELECT is(pg_temp.broken('ALTER TABLE ar.interest_charge DROP CONSTRAINT interest_charge_days_check; UPDATE ar.interest_charge SET from_on = ''2026-03-30'' WHERE from_on = ''2026-03-31'' AND item_id = pg_temp.item(''A1'')'),
    'interest_amount interest_chain', 'an overlap is reported, and what it makes');
SELECT is(pg_temp.broken('UPDATE ar.interest_charge SET amount = ''EUR 9.85'' WHERE amount = ''EUR 9.86'' AND item_id = pg_temp.item(''A1'')'), 'charge_adjustment interest_amount', 'another amount is');
SELECT is(pg_temp.broken('UPDATE ar.late_fee SET adjustment_id = (SELECT adjustment_id FROM ar.interest_charge WHERE adjustment_id IS NOT NULL LIMIT 1)'), 'charge_adjustment', 'a fee charged by something else');
SELECT is(pg_temp.broken('UPDATE ar.charge_credit SET amount = ''EUR 100'' WHERE cause = ''waiver'' AND amount = ''EUR 5.34'''), 'charge_credit_memo charge_credited', 'more credited than charged');
SELECT is(pg_temp.broken('UPDATE ar.charge_credit SET amount = ''EUR 5.33'' WHERE cause = ''waiver'' AND amount = ''EUR 5.34'''), 'charge_credit_memo', 'or less than the memo says');
SELECT is(pg_temp.outcome($$INSERT INTO ar.interest_charge (ledger_id, item_id, from_on, to_on, amount, terms, seen)
    VALUES (pg_temp.ledger(), pg_temp.item('F1'), '2026-01-20', '2026-01-21', 'EUR 0', '{}', '')$$, 'constraint'), '23514 interest_charge_terms_check', 'no period without a rate, which nothing could reckon anew');
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
