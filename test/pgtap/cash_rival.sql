-- cash: what explains an amount as well as the rule that came first.
-- Protects: a rule that knows nothing but the amount does not decide where another one, or another choice of the open items, is as simple;
-- and one that is less simple does not keep it from deciding.
BEGIN;
\ir helper.psql
\ir cash_match.psql
SELECT plan(24);

-- One item, and another less its discount.
SELECT pg_temp.somebody('A'), pg_temp.bill('A', 'A-1', 'EUR 98'), pg_temp.bill('A', 'A-2', 'EUR 100', NULL, '2/10 net 30'), pg_temp.bill('A', 'A-3', 'EUR 49'), pg_temp.bill('A', 'A-4', 'EUR 49.01') \g /dev/null
SELECT is(pg_temp.paid('A', 'EUR 98', day => '2026-01-11'), 'left 98.00; exact? 0.5000 A-1 98.00, discounted? 0.5000 A-2 98.00 -2.00', 'one item, and one less its discount, are a tie');
SELECT is(pg_temp.paid('A', 'EUR 98', day => '2026-01-12'), 'exact 0.9500; A-1 98.00', 'when the discount is over they are none');
SELECT pg_temp.somebody('A2', '{"rules": ["discounted", "exact"]}'), pg_temp.bill('A2', 'A2-1', 'EUR 98'), pg_temp.bill('A2', 'A2-2', 'EUR 100', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('A2', 'EUR 98', day => '2026-01-11'), 'left 98.00; discounted? 0.5000 A2-2 98.00 -2.00, exact? 0.5000 A2-1 98.00', 'whichever rule comes first');
SELECT pg_temp.somebody('A3', '{"rules": ["discounted"]}'), pg_temp.bill('A3', 'A3-1', 'EUR 98'), pg_temp.bill('A3', 'A3-2', 'EUR 100', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('A3', 'EUR 98', day => '2026-01-11') ~ '^left 98.00; discounted\? 0.5000', true, 'and whether or not the policy names the other');

-- One item, and what two come to.
SELECT pg_temp.somebody('B'), pg_temp.bill('B', 'B-1', 'EUR 100', '2026-03-01'), pg_temp.bill('B', 'B-2', 'EUR 200', '2026-03-01'), pg_temp.bill('B', 'B-3', 'EUR 300', '2026-03-01'), pg_temp.bill('B', 'B-4', 'EUR 41', '2026-03-01') \g /dev/null
SELECT is(pg_temp.paid('B', 'EUR 300'), 'exact 0.9500; B-3 300.00', 'one item is simpler than two');
SELECT pg_temp.somebody('B2'), pg_temp.bill('B2', 'B2-1', 'EUR 100'), pg_temp.bill('B2', 'B2-2', 'EUR 200'), pg_temp.bill('B2', 'B2-3', 'EUR 300', '2026-03-01') \g /dev/null
SELECT is(pg_temp.paid('B2', 'EUR 300'), 'left 300.00; exact? 0.5000 B2-3 300.00, all_overdue? 0.5000 B2-1 100.00 + B2-2 200.00', 'but not than all that is overdue');
SELECT pg_temp.somebody('B3'), pg_temp.bill('B3', 'B3-1', 'EUR 300', NULL, '50% net 5, 50% net 10'), pg_temp.bill('B3', 'B3-2', 'EUR 77', '2026-03-01') \g /dev/null
SELECT is(pg_temp.paid('B3', 'EUR 300'), 'exact 0.9500; B3-1 150.00, B3-1 150.00', 'which is no rival where it is the same');

-- All that is overdue, and another choice of no more items.
SELECT pg_temp.somebody('C'), pg_temp.bill('C', 'C-1', 'EUR 99'), pg_temp.bill('C', 'C-2', 'EUR 123.45'), pg_temp.bill('C', 'C-3', 'EUR 99', '2026-03-01'), pg_temp.bill('C', 'C-4', 'EUR 777', '2026-03-01') \g /dev/null
SELECT is(pg_temp.paid('C', 'EUR 222.45'), 'left 222.45; all_overdue? 0.5000 C-1 99.00 + C-2 123.45, combination? 0.5000 C-2 123.45 + C-3 99.00',
    'a price that comes twice makes a tie of all that is overdue');
SELECT is((SELECT string_agg(explanation, ' ' ORDER BY suggestion_id) FROM ar.match_suggestion WHERE customer_id = pg_temp.customer('C')),
    'It is exactly what all that is overdue comes to, 2 items. But "C-2" and "C-3" together come to exactly this amount.', 'and says so');
SELECT is(pg_temp.paid('C', 'EUR 777'), 'exact 0.9500; C-4 777.00', 'what has nothing to do with it is decided');
SELECT pg_temp.somebody('C2'), pg_temp.bill('C2', 'C2-1', 'EUR 100'), pg_temp.bill('C2', 'C2-2', 'EUR 150'), pg_temp.bill('C2', 'C2-3', 'EUR 50', '2026-03-01'), pg_temp.bill('C2', 'C2-4', 'EUR 60', '2026-03-01'),
       pg_temp.bill('C2', 'C2-5', 'EUR 140', '2026-03-01') \g /dev/null
SELECT is(pg_temp.paid('C2', 'EUR 250'), 'all_overdue 0.9300; C2-1 100.00, C2-2 150.00', 'three others that come to as much are less simple');
SELECT pg_temp.somebody('C3'), pg_temp.bill('C3', 'C3-1', 'EUR 10'), pg_temp.bill('C3', 'C3-2', 'EUR 15'), pg_temp.bill('C3', 'C3-3', 'EUR 98', '2026-03-01') ,
       pg_temp.bill('C3', 'C3-4', 'EUR 25.51', '2026-03-01', '2/70 net 90') \g /dev/null
SELECT is(pg_temp.paid('C3', 'EUR 25') ~ '^left 25.00; discounted\? 0.5000 C3-4 25.00 -0.51, all_overdue\? 0.5000 ', true, 'one less its discount is no less simple');

-- Of twenty-four items nearly every amount is what some choice of ten comes to: that says nothing, an exchange for one of the same price does.
SELECT pg_temp.somebody('D') \g /dev/null
SELECT pg_temp.bill('D', 'D-' || n, ar.monetary((n * n * n * 7919) % 40000 / 100.0 + 20, 'EUR'), CASE WHEN n <= 10 THEN date '2026-01-31' ELSE '2026-03-01' END) FROM generate_series(1, 24) AS n \g /dev/null
SELECT ar.sum(total) AS overdue FROM ar.invoice WHERE customer_id = pg_temp.customer('D') AND due_on = '2026-01-31' \gset
SELECT is(pg_temp.paid('D', :'overdue') ~ '^all_overdue 0.9300; D-1 99.19,.*, D-10 [0-9.]+$', true, 'accidents do not keep all that is overdue from being paid');
SELECT pg_temp.somebody('D2') \g /dev/null
SELECT pg_temp.bill('D2', 'D2-' || n, ar.monetary((CASE n WHEN 24 THEN 1 ELSE n * n * n END * 7919) % 40000 / 100.0 + 20, 'EUR'), CASE WHEN n <= 10 THEN date '2026-01-31' ELSE '2026-03-01' END) FROM generate_series(1, 24) AS n \g /dev/null
SELECT is(pg_temp.paid('D2', :'overdue') ~ '^left .*all_overdue\? 0.5000 .*combination\? 0.5000 ', true, 'the price of one that comes twice does');

-- More than thirty items.
SELECT pg_temp.somebody('E') \g /dev/null
SELECT pg_temp.bill('E', 'E-' || n, ar.monetary(n * 7.01, 'EUR'), CASE WHEN n <= 2 THEN date '2026-01-31' ELSE '2026-03-01' END) FROM generate_series(1, 35) AS n \g /dev/null
SELECT is(pg_temp.paid('E', (SELECT ar.sum(total) FROM ar.invoice WHERE customer_id = pg_temp.customer('E'))) ~ '^all_open 0.9500', true, 'all that is open has no rival, however many that are');
SELECT pg_temp.somebody('E2') \g /dev/null
SELECT pg_temp.bill('E2', 'E2-' || n, ar.monetary(n * 7.01 + CASE WHEN n > 2 THEN 20000 ELSE 0 END, 'EUR'), CASE WHEN n <= 2 THEN date '2026-01-31' ELSE '2026-03-01' END) FROM generate_series(1, 35) AS n \g /dev/null
SELECT is(pg_temp.paid('E2', 'EUR 21.03'), 'all_overdue 0.9300; E2-1 7.01, E2-2 14.02', 'only what is not above the amount can be chosen');
SELECT pg_temp.somebody('E3') \g /dev/null
SELECT pg_temp.bill('E3', 'E3-' || n, ar.monetary(n * 7.01, 'EUR'), CASE WHEN n > 33 THEN date '2026-01-31' ELSE '2026-03-01' END) FROM generate_series(1, 35) AS n \g /dev/null
SELECT is(pg_temp.paid('E3', ar.monetary(69 * 7.01, 'EUR')), 'left 483.69; all_overdue? 0.6000 E3-34 238.34 + E3-35 245.35', 'where too many can be, all that is overdue is suggested');
SELECT is((SELECT explanation FROM ar.match_suggestion WHERE customer_id = pg_temp.customer('E3')),
    'It is exactly what all that is overdue comes to, 2 items. But of so many items, others may come to it as well.', 'and says why');

-- All that is open, less what else is there to pay with.
SELECT pg_temp.somebody('F'), pg_temp.bill('F', 'F-1', 'EUR 100'), pg_temp.bill('F', 'F-2', 'EUR 200'), pg_temp.bill('F', 'F-3', 'EUR 30') \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status) VALUES (:ledger, pg_temp.customer('F'), 'F-CM', 'credit_memo', '2026-01-05', 'EUR 30', 'open');
SELECT is(pg_temp.paid('F', 'EUR 300') ~ '^left 300.00; all_open\? 0.5000 .*, combination\? 0.5000 F-1 100.00 \+ F-2 200.00$', true,
    'a memo is set off, or what it is as much as is left out');
SELECT pg_temp.somebody('F2') \g /dev/null
SELECT pg_temp.bill('F2', 'F2-' || n, ar.monetary(100 + n, 'EUR')) FROM generate_series(1, 40) AS n \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status) VALUES (:ledger, pg_temp.customer('F2'), 'F2-CM', 'credit_memo', '2026-01-05', 'EUR 30', 'open');
SELECT is(pg_temp.paid('F2', 'EUR 4790') ~ '^all_open 0.9400; F2-CM ', true, 'of forty items nothing comes to the memo that could be left out');
SELECT pg_temp.somebody('F3') \g /dev/null
SELECT pg_temp.bill('F3', 'F3-' || n, ar.monetary(100 + n, 'EUR')) FROM generate_series(1, 40) AS n \g /dev/null
INSERT INTO ar.invoice (ledger_id, customer_id, number, kind, invoiced_on, total, status) VALUES (:ledger, pg_temp.customer('F3'), 'F3-CM', 'credit_memo', '2026-01-05', 'EUR 117', 'open');
SELECT is(pg_temp.paid('F3', 'EUR 4703') ~ '^left 4703.00; all_open\? 0.6000 ', true, 'or one of them does');

-- What comes to the amount nearly, and what exactly.
SELECT pg_temp.somebody('G', '{"rules": ["tolerance"], "tolerance": "EUR 1"}'), pg_temp.bill('G', 'G-1', 'EUR 300.50'), pg_temp.bill('G', 'G-2', 'EUR 100'), pg_temp.bill('G', 'G-3', 'EUR 200', '2026-03-01'), pg_temp.bill('G', 'G-4', 'EUR 55') \g /dev/null
SELECT is(pg_temp.paid('G', 'EUR 300'), 'left 300.00; tolerance? 0.5000 G-1 300.00 -0.50, combination? 0.5000 G-2 100.00 + G-3 200.00', 'two that do exactly are as good as one that does nearly');
SELECT is(pg_temp.paid('G', 'EUR 54.50'), 'tolerance 0.9100; G-4 54.50, difference G-4 0.50', 'where nothing does exactly, it decides');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
