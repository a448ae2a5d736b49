-- ar.terms: credit terms as people write them, and what they compute
SET search_path TO ar, public;
SET timezone TO 'UTC';
SET datestyle TO 'ISO';
\set SHOW_CONTEXT never

-- Text: what people write, and the canonical spelling.
SELECT literal, literal::terms AS terms
FROM unnest(ARRAY['due on receipt', 'DUE  ON
 Receipt ', 'net 0', 'net 0 days', 'net 0 months', 'net 30', 'Net 30 Days', 'net 1 day', 'NET30', 'n/30', 'n / 30', 'net 9999', 'net 007',
                  'net 30.0', 'net 1 month', 'net 2 months', 'net 999 MONTHS', 'net 30 eom', 'net 30 then eom', 'net 30 end of month', 'eom', 'net eom',
                  'n/eom', 'EOM net 45', 'end of month then net 45', 'eom net 0', 'net 15 day', 'net 15 day 10', 'net 15 days day 10', 'net 15 then day 10',
                  'day 10', 'net 31 next day 15', 'net 2 months same month day 15 net 30', 'net 0 eom', 'net 1 month eom net 10 eom',
                  '2/10 net 30', '2/10, net 30', '2/10, n/30', '2%/10 days, n/30 days', '2.50/10 net 30', '2 % / 10 net 30', '0.000001/10 net 30',
                  '3/10 2/20 net 60', '3/10, 2/20, n/60', '4/7 3/14 2/21 1/28 net 30', '2/eom net 45', '2/day 10 net 60', '2/next day 10 net 60',
                  '2/1 month net 2 months', '2/0 due on receipt', '2/30 net 30', '2/10 eom net 45', '2/10 day 10', '100/10 net 30',
                  '30% due on receipt, 70% net 60', '30%due on receipt,70%net 60', '50% 2/10 net 30, 50% net 60', '50% 2/10, net 30, 50% net 60',
                  '33.333333% net 30, 33.333333% net 60, 33.333334% net 90', '500.00 due on receipt, rest net 30', '0.50 net 1, 12.3456 net 2, rest net 3',
                  '999999999999.999999 due on receipt, rest net 30', '10% due on receipt, 50% of rest net 30, rest net 60', '100% net 30', 'rest net 30',
                  'net 2 weeks', 'net 1 week', 'net 0 weeks', 'net 1428 weeks', 'net 1 year', 'net 2 years', 'net 83 years', 'net 10 prox', 'n/10 proximo',
                  'day 10 cutoff 25', 'net 10 prox cutoff 25', 'eom cutoff 25', 'end of month cutoff 25 then net 45', 'net 30 NEXT Friday',
                  '2/10 prox net 10 prox cutoff 20', '2/day 10 cutoff 25, net 60', '2/next monday net 30', '2/2 weeks net 30',
                  '99.999999% net 30, rest net 60', '1000 net 10, 50% net 20, rest 2/5 net 30']) WITH ORDINALITY AS t (literal, place)
ORDER BY place;
-- Canonical text reads back as itself; equal rules are equal.
CREATE TEMP TABLE term (terms terms);
INSERT INTO term
SELECT (share || discount || due)::terms
FROM unnest(ARRAY['', '2/10 ', '3/1 month 2/eom ', '1.5/day 10 ']) AS discount,
     unnest(ARRAY['net 70', 'net 3 months', 'net 40 eom', 'eom net 45', 'net 62 day 10', 'eom net 40 next day 7', 'net 3 months same month day 31']) AS due,
     unnest(ARRAY['', '20% due on receipt, 80% ', '99.95 net 1, rest ', '5% of rest eom, rest ']) AS share;
SELECT count(*) AS terms, count(DISTINCT terms) AS distinct_terms, count(*) FILTER (WHERE terms::text::terms = terms AND terms::text::terms::text = terms::text) AS same
FROM term;
SELECT 'net 0'::terms = 'due on receipt' AS net_0, 'n/30'::terms = 'NET 30 DAYS' AS n_30, '100% net 30'::terms = 'net 30' AS whole,
       'net 30 eom'::terms = 'eom net 30' AS order_matters, 'net 30'::terms = 'net 1 month' AS days_are_no_month;

-- Malformed: what is wrong, and where.
SELECT ''::terms;
\echo :LAST_ERROR_SQLSTATE
SELECT '   '::terms;
SELECT 'net'::terms;
SELECT '30'::terms;
SELECT '30 days'::terms;
SELECT 'net thirty'::terms;
SELECT 'nett 30'::terms;
SELECT 'cash'::terms;
SELECT 'due'::terms;
SELECT 'due on recipt'::terms;
SELECT 'due now'::terms;
SELECT 'due on receipt eom'::terms;
SELECT 'net 30 dayz'::terms;
SELECT 'net 30 fortnights'::terms;
SELECT 'net 30 45'::terms;
SELECT 'net -5'::terms;
SELECT 'net - 5'::terms;
SELECT 'net +5'::terms;
SELECT 'net 1.5'::terms;
SELECT 'net 1.5 months'::terms;
SELECT 'net 30.'::terms;
SELECT 'net .5'::terms;
SELECT 'net 10000'::terms;
SELECT 'net 1000 months'::terms;
SELECT 'net 9999999999999'::terms;
SELECT 'net 99999999999999999999999999999999999999999'::terms;
SELECT 'n30'::terms;
SELECT 'n/'::terms;
SELECT 'end of year'::terms;
SELECT 'net 15 day 0'::terms;
SELECT 'net 15 day 32'::terms;
SELECT 'net 15 day 1.5'::terms;
SELECT 'net 15 day -1'::terms;
SELECT 'day'::terms;
SELECT 'net 15 next 10'::terms;
SELECT 'net 15 same day 10'::terms;
SELECT 'net 15 next fryday'::terms;
SELECT 'net 15 friday'::terms;
SELECT 'net 1429 weeks'::terms;
SELECT 'net 84 years'::terms;
SELECT 'net 1.5 weeks'::terms;
SELECT 'net 0 prox'::terms;
SELECT 'net 32 prox'::terms;
SELECT 'net 10 prox cutoff'::terms;
SELECT 'day 10 cutoff 0'::terms;
SELECT 'day 10 cutoff 31'::terms;
SELECT 'net 10 cutoff 25'::terms;
SELECT 'next day 10 cutoff 25'::terms;
SELECT 'cutoff 25 day 10'::terms;
SELECT 'day 10 cutoff 25 cutoff 20'::terms;
SELECT '2/15 weeks net 30'::terms;
SELECT 'net 15 then'::terms;
SELECT 'net 15 then 30'::terms;
SELECT 'net 15 then due on receipt'::terms;
SELECT 'net 1 net 2 net 3 net 4 net 5'::terms;
SELECT '2/10'::terms;
SELECT '2/10,'::terms;
SELECT '2/ net 30'::terms;
SELECT '2/10/30'::terms;
SELECT '2 10 net 30'::terms;
SELECT '2 net 30'::terms;
SELECT '2% net 30'::terms;
SELECT '2% 10 net 30'::terms;
SELECT '0/10 net 30'::terms;
SELECT '101/10 net 30'::terms;
SELECT '1.2345678/10 net 30'::terms;
SELECT '-2/10 net 30'::terms;
SELECT '1,5/10 net 30'::terms;
SELECT '2/31 net 30'::terms;
SELECT '2/10 due on receipt'::terms;
SELECT '2/3 months net 1 month'::terms;
SELECT '2/76 net 45 eom'::terms;
SELECT '2/75 net 45 eom'::terms AS possible_on_some_dates;
SELECT '3/20 2/10 net 60'::terms;
SELECT '3/10 2/10 net 60'::terms;
SELECT '2/10 3/20 net 60'::terms;
SELECT '2/10 2/20 net 60'::terms;
SELECT '5/1 4/2 3/3 2/4 1/5 net 30'::terms;
SELECT 'net 30 2/10'::terms;
SELECT '30% due on receipt, 60% net 60'::terms;
SELECT '30% due on receipt, 70.5% net 60'::terms;
SELECT '30% due on receipt, 80% net 60'::terms;
SELECT '33.3% net 30, 33.3% net 60, 33.3% net 90'::terms;
SELECT '50% net 30, 50% net 60, rest net 90'::terms;
SELECT '0% due on receipt, 100% net 60'::terms;
SELECT '100.1% net 60'::terms;
SELECT '30% due on receipt, net 60'::terms;
SELECT 'net 30, net 60'::terms;
SELECT 'net 30,'::terms;
SELECT ', net 30'::terms;
SELECT '50% net 30;50% net 60'::terms;
SELECT 'rest net 30, 50% net 60'::terms;
SELECT 'rest net 30, rest net 60'::terms;
SELECT '0 net 30, rest net 60'::terms;
SELECT '500 net 30, 500 net 60'::terms;
SELECT '500 net 30'::terms;
SELECT '50% of rest net 30, 50% net 60'::terms;
SELECT '50% of total net 30, 50% net 60'::terms;
SELECT '$500 net 30, rest net 60'::terms;
SELECT '50 % net 30, 50 ％ net 60'::terms;
SELECT 'nét 30'::terms;
SELECT 'Zahlbar bis 30 Tage: ä net 30'::terms;
-- 64 instalments are the limit.
SELECT length((string_agg('1 net ' || g, ', ') || ', rest net 64')::terms::text) FROM generate_series(1, 63) AS g;
SELECT left((string_agg('1 net ' || g, ', ') || ', rest net 65')::terms::text, 20) FROM generate_series(1, 64) AS g;

-- Date rules: a base date, the terms, and the due date that each must give.
CREATE TEMP TABLE rule (base date, terms terms, due_on date);
INSERT INTO rule VALUES
    ('2022-01-31', 'net 30', '2022-03-02'),                    -- days
    ('2024-01-31', 'net 30', '2024-03-01'),
    ('2026-02-15', 'due on receipt', '2026-02-15'),
    ('2026-12-31', 'net 1', '2027-01-01'),
    ('2026-01-31', 'net 1 month', '2026-02-28'),               -- months, clamped
    ('2024-01-31', 'net 1 month', '2024-02-29'),
    ('2100-01-31', 'net 1 month', '2100-02-28'),
    ('2000-01-31', 'net 1 month', '2000-02-29'),
    ('2024-02-29', 'net 12 months', '2025-02-28'),
    ('2024-02-29', 'net 48 months', '2028-02-29'),
    ('2026-11-30', 'net 3 months', '2027-02-28'),
    ('2026-12-15', 'net 1 month', '2027-01-15'),
    ('2026-02-28', 'net 1 month', '2026-03-28'),
    ('2026-02-10', 'eom', '2026-02-28'),                       -- end of month
    ('2024-02-10', 'eom', '2024-02-29'),
    ('2026-12-31', 'eom', '2026-12-31'),
    ('2019-01-15', 'eom net 45', '2019-03-17'),                -- end of month, then days
    ('2019-01-31', 'eom net 45', '2019-03-17'),
    ('2019-01-01', 'eom net 45', '2019-03-17'),
    ('2026-01-15', 'net 45 eom', '2026-03-31'),                -- days, then end of month: not the same
    ('2026-01-15', 'eom net 45', '2026-03-17'),
    ('2026-01-31', 'net 30 eom', '2026-03-31'),
    ('2026-01-31', 'eom net 30', '2026-03-02'),
    ('2024-04-22', 'net 30 eom', '2024-05-31'),
    ('2023-12-12', 'net 30 day 10', '2024-02-10'),             -- days, then day N of the following month
    ('2023-12-12', 'net 30 day 31', '2024-02-29'),
    ('2022-12-12', 'net 30 day 31', '2023-02-28'),
    ('2026-01-15', 'net 15 day 10', '2026-02-10'),
    ('2026-01-17', 'net 15 day 10', '2026-03-10'),
    ('2026-12-01', 'day 10', '2027-01-10'),
    ('2026-01-31', 'day 31', '2026-02-28'),
    ('2019-01-15', 'net 31 next day 15', '2019-02-15'),        -- at least so many days, then the first day N
    ('2019-01-31', 'net 31 next day 15', '2019-03-15'),
    ('2026-02-01', 'next day 31', '2026-02-28'),
    ('2026-02-28', 'next day 31', '2026-02-28'),
    ('2026-01-31', 'next day 30', '2026-02-28'),
    ('2026-12-16', 'next day 15', '2027-01-15'),
    ('2011-10-01', 'net 2 months same month day 15 net 30', '2012-01-14'),  -- months, a day of that month, days
    ('2026-01-31', 'net 1 month same month day 31', '2026-02-28'),
    ('2026-01-20', 'same month day 5', '2026-01-20'),          -- never before the base
    ('2026-01-25', 'day 10 cutoff 25', '2026-02-10'),          -- proximo with a cutoff: the day itself is in time
    ('2026-01-26', 'day 10 cutoff 25', '2026-03-10'),
    ('2026-12-26', 'net 10 prox cutoff 25', '2027-02-10'),
    ('2026-11-26', 'day 10 cutoff 25', '2027-01-10'),
    ('2026-12-31', 'day 31 cutoff 25', '2027-02-28'),
    ('2026-02-28', 'day 31 cutoff 30', '2026-03-31'),
    ('2026-01-25', 'eom cutoff 25', '2026-01-31'),
    ('2026-01-26', 'eom cutoff 25', '2026-02-28'),
    ('2026-12-26', 'eom cutoff 25', '2027-01-31'),
    ('2026-01-20', 'net 5 day 10 cutoff 25', '2026-02-10'),    -- the cutoff is about the date that the steps before gave
    ('2026-01-21', 'net 5 day 10 cutoff 25', '2026-03-10'),
    ('2026-11-20', 'next friday', '2026-11-20'),               -- a Friday itself
    ('2026-11-21', 'next friday', '2026-11-27'),
    ('2026-11-22', 'next monday', '2026-11-23'),
    ('2026-11-22', 'next sunday', '2026-11-22'),
    ('2026-12-31', 'next monday', '2027-01-04'),
    ('2026-11-22', 'net 30 next wednesday', '2026-12-23'),
    ('2026-11-22', 'net 2 weeks', '2026-12-06'),
    ('2024-02-29', 'net 1 year', '2025-02-28'),
    ('2024-02-29', 'net 83 years', '2107-02-28'),
    ('0044-03-15 BC', 'net 1 month eom', '0044-04-30 BC'),
    ('0001-12-31 BC', 'net 1', '0001-01-01'),
    ('5874897-12-31', 'due on receipt', '5874897-12-31');
SELECT base, r.terms, r.due_on AS expected, s.due_on, s.due_on = r.due_on AS right
FROM rule AS r CROSS JOIN LATERAL schedule(r.terms, 'USD 1', r.base) AS s;
-- Every day of four years: the server's own date arithmetic agrees.
SELECT count(*) AS days,
       count(*) FILTER (WHERE (SELECT due_on FROM schedule('net 30', 'USD 1', d)) = d + 30) AS net_30,
       count(*) FILTER (WHERE (SELECT due_on FROM schedule('net 1 month', 'USD 1', d)) = (d + interval '1 month')::date) AS month_1,
       count(*) FILTER (WHERE (SELECT due_on FROM schedule('net 11 months', 'USD 1', d)) = (d + interval '11 months')::date) AS months_11,
       count(*) FILTER (WHERE (SELECT due_on FROM schedule('eom', 'USD 1', d)) = (date_trunc('month', d) + interval '1 month - 1 day')::date) AS eom,
       count(*) FILTER (WHERE (SELECT due_on FROM schedule('net 15 day 10', 'USD 1', d)) = (date_trunc('month', d + 15) + interval '1 month 9 days')::date) AS day_10,
       count(*) FILTER (WHERE (SELECT due_on FROM schedule('net 31 next day 15', 'USD 1', d)) =
                              (SELECT min(n)::date FROM generate_series(d + 31, d + 70, interval '1 day') AS n WHERE extract(day FROM n) = 15)) AS next_day_15
FROM (SELECT d::date FROM generate_series('2023-01-01'::date, '2026-12-31', interval '1 day') AS d) AS t;
-- Beyond the calendar.
SELECT * FROM schedule('net 9999', 'USD 1', '5874897-12-31');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schedule('net 999 months', 'USD 1', '5874890-12-31');
SELECT * FROM schedule('day 31', 'USD 1', '5874897-12-31');
SELECT * FROM schedule('net 30', 'USD 1', 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schedule('net 30', 'USD 1', '-infinity');

-- Splitting amounts: rounded half up, what is left on the last.
SELECT t.terms, t.total, s.instalment, s.due_on, s.amount
FROM (VALUES (1, '30% due on receipt, 70% net 60'::terms, 'USD 100.01'::monetary),
             (2, '30% due on receipt, 70% net 60', 'USD -100.01'),
             (3, '50% net 30, 50% net 60', 'USD 0.03'),                 -- 0.02 + 0.01
             (4, '50% net 30, 50% net 60', 'USD -0.03'),
             (5, '50% net 30, 50% net 60', 'JPY 868'),
             (6, '50% net 30, 50% net 60', 'JPY 3'),
             (7, '50% net 30, 50% net 60', 'BHD 0.003'),
             (8, '25% net 1, 25% net 2, 25% net 3, 25% net 4', 'USD 0.02'),  -- never more than there is
             (9, '25% net 1, 25% net 2, 25% net 3, 25% net 4', 'USD -0.02'),
             (10, '50% net 30, 50% net 60', 'USD 0'),                   -- zero: one row
             (11, '50% net 30, 50% net 60', 'USD 92233720368547758.07'),
             (12, '50% net 30, 50% net 60', 'USD -92233720368547758.08'),
             (13, '33.333333% net 30, 33.333333% net 60, 33.333334% net 90', 'USD 100'),
             (14, '500 due on receipt, rest net 30', 'USD 1200.50'),
             (15, '500 due on receipt, rest net 30', 'USD -1200.50'),
             (16, '500.00 due on receipt, rest net 30', 'JPY 1200'),
             (17, '0.125 due on receipt, rest net 30', 'BHD 1'),
             (18, '500 due on receipt, rest net 30', 'USD 500'),
             (19, '100 due on receipt, 50% of rest net 30, 50% of rest net 60, rest net 90', 'USD 500.01'),
             (20, '100 due on receipt, 50% net 30, rest net 60', 'USD 500.01'),
             (21, '500 due on receipt, rest net 30', 'USD 0')) AS t (place, terms, total)
CROSS JOIN LATERAL schedule(t.terms, t.total, '2026-01-31') AS s
ORDER BY t.place, s.instalment;
-- 22 instalments whose percents only sum to 100 in decimals: 50 + 20 times 1.66 + 16.8.
SELECT count(*) AS instalments, sum(amount) AS total, max(due_on) AS last_due_on
FROM schedule((SELECT ('50% due on receipt, ' || string_agg('1.66% net ' || g, ', ' ORDER BY g) || ', 16.8% net 90')::terms FROM generate_series(1, 20) AS g),
              'USD 1000', '2026-01-01');
-- Any split sums to its total, and no part goes against it.
SELECT count(*) AS splits, count(*) FILTER (WHERE s.sum = t.total) AS sums_to_total, count(*) FILTER (WHERE s.against) AS against
FROM (SELECT ('USD ' || CASE WHEN g % 2 = 0 THEN '-' ELSE '' END || g * 7919 / 100 || '.' || lpad((g * 7919 % 100)::text, 2, '0'))::monetary AS total
      FROM generate_series(0, 300) AS g) AS t
CROSS JOIN unnest('{"12.5% net 1, 12.5% net 2, 75% net 3","33.33% net 1, 33.33% net 2, 33.34% net 3","1% net 1, 50% of rest net 2, 50% of rest net 3, rest net 4"}'::terms[]) AS terms
CROSS JOIN LATERAL (
    SELECT sum(amount) AS sum, bool_or(amount > 'USD 0' AND t.total < 'USD 0' OR amount < 'USD 0' AND t.total > 'USD 0') AS against
    FROM schedule(terms, t.total, '2026-01-31')
) AS s;
-- Cash rounding: percents to the smallest coin, what is left on the last.
SELECT t.terms, t.total, t.increment, string_agg(s.amount::text, ' + ' ORDER BY s.instalment) AS amounts
FROM (VALUES (1, '50% net 30, 50% net 60'::terms, 'CHF 868.35'::monetary, 'CHF 0.05'::monetary),
             (2, '50% net 30, 50% net 60', 'CHF -868.35', 'CHF 0.05'),
             (3, '50% net 30, 50% net 60', 'CHF 868.35', 'CHF 0.01'),
             (4, '50% net 30, 50% net 60', 'CHF 0.05', 'CHF 0.05'),        -- 0.025 is a tie
             (5, '49.99999% net 30, rest net 60', 'CHF 0.05', 'CHF 0.05'), -- and this is less
             (6, '33% net 1, 33% net 2, 34% net 3', 'SEK 100.00', 'SEK 1.00'),
             (7, '100 net 1, 25% of rest net 2, rest net 3', 'CHF 200.02', 'CHF 0.05'),
             (8, '50% net 30, 50% net 60', 'CHF 92233720368547758.07', 'CHF 92233720368547758.07'),
             (9, '50% net 30, 50% net 60', 'CHF -92233720368547758.08', 'CHF 92233720368547758.07'),
             (10, '99% net 30, 1% net 60', 'CHF 92233720368547758.07', 'CHF 70000000000000000.00'),
             (11, '10% net 30, 90% net 60', 'CHF 1.00', 'CHF 70000000000000000.00'),
             (12, '50% net 30, 50% net 60', 'CHF 0.00', 'CHF 0.05')) AS t (place, terms, total, increment)
CROSS JOIN LATERAL schedule(t.terms, t.total, '2026-01-31', t.increment) AS s
GROUP BY t.place, t.terms, t.total, t.increment
ORDER BY t.place;
SELECT * FROM schedule('net 30', 'CHF 1', '2026-01-31', 'CHF 0');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schedule('net 30', 'CHF 1', '2026-01-31', 'CHF -0.05');
SELECT * FROM schedule('net 30', 'CHF 1', '2026-01-31', 'EUR 0.05');
\echo :LAST_ERROR_SQLSTATE
-- Totals that the terms do not fit.
SELECT * FROM schedule('500 due on receipt, rest net 30', 'USD 499.99', '2026-01-31');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schedule('500 due on receipt, rest net 30', 'USD -499.99', '2026-01-31');
SELECT * FROM schedule('70% due on receipt, 500 net 30, rest net 60', 'USD 1000', '2026-01-31');
SELECT * FROM schedule('500 due on receipt, 70% net 30, rest net 60', 'USD 1000', '2026-01-31');
SELECT * FROM schedule('0.50 due on receipt, rest net 30', 'JPY 100', '2026-01-31');
SELECT * FROM schedule('0.005 due on receipt, rest net 30', 'USD 100', '2026-01-31');
SELECT * FROM schedule(NULL, 'USD 1', '2026-01-31');

-- Discounts.
SELECT t.terms, t.total, s.due_on, s.amount, s.discount_until, s.discount
FROM (VALUES (1, '2/10 net 30'::terms, 'USD 1000'::monetary),
             (2, '2/10 net 30', 'USD -1000'),
             (3, '1.5/10 net 30', 'USD 33.33'),                         -- 0.49995 is 0.50
             (4, '2/10 net 30', 'USD 0.25'),                            -- 0.005 is 0.01
             (5, '2/10 net 30', 'JPY 125'),
             (6, '3/10 2/20 net 60', 'USD 1000'),
             (7, '50% 2/10 net 30, 50% net 60', 'USD 1000.01'),
             (8, '2/eom net 45', 'USD 1000'),
             (9, '2/day 10 net 45', 'USD 1000'),
             (10, '2/1 month net 2 months', 'USD 1000'),
             (11, '2/day 10 net 5', 'USD 1000'),                        -- ends with the due day
             (12, '2/10 net 30', 'USD 0'),
             (13, 'net 30', 'USD 1000')) AS t (place, terms, total)
CROSS JOIN LATERAL schedule(t.terms, t.total, '2026-01-15') AS s
ORDER BY t.place, s.instalment;
-- The discount in force on the day of payment; the last day counts.
SELECT paid_on, discount('3/10 2/20 net 60', 'USD 1000', '2026-01-01', paid_on) AS two_tiers,
       discount('50% 2/10 net 30, 50% 1/20 net 60', 'USD 1000', '2026-01-01', paid_on) AS two_instalments,
       discount('2/10 net 30', 'USD -1000', '2026-01-01', paid_on) AS credit_memo,
       discount('net 30', 'USD 1000', '2026-01-01', paid_on) AS none
FROM unnest('{-infinity,2025-12-31,2026-01-01,2026-01-11,2026-01-12,2026-01-21,2026-01-22,2026-03-02,infinity}'::date[]) AS paid_on;
SELECT discount('100/10 net 30', 'USD 92233720368547758.07', '2026-01-01', '2026-01-05');
-- Days of grace: ask with the day of payment less them.  Day 13 is in time for ten days and five of grace.
SELECT discount('2/10 net 30', 'USD 1000', '2026-01-01', date '2026-01-14' - 5) AS day_13, discount('2/10 net 30', 'USD 1000', '2026-01-01', date '2026-01-17' - 5) AS day_16;
-- The basis of a discount on a net of 1000 and tax of 150: 10 percent of both, or of the net alone; shared out between the two.
SELECT cash, taken, allocate(taken, shares) AS net_and_tax
FROM (SELECT total - discount('10/10 net 30', basis, '2026-01-01', '2026-01-11') AS cash, discount('10/10 net 30', basis, '2026-01-01', '2026-01-11') AS taken, shares
      FROM (VALUES ('USD 1150'::monetary, 'USD 1150'::monetary, '{1000,150}'::numeric[]), ('USD 1150', 'USD 1000', '{1000,0}'), ('USD 1135', 'USD 1000', '{1000,0}'))
           AS t (total, basis, shares)) AS t;
SELECT allocate('USD 50', '{200,36}') AS fixed_discount, allocate(discount('10/10 net 30', 'USD 236', '2026-01-01', '2026-01-11'), '{200,36}') AS percent_discount,
       'USD 490'::monetary / 0.98 AS cleared_by_490;
-- The same split in two currencies, each with a remainder of its own.
SELECT total, array_agg(amount ORDER BY instalment) AS amounts
FROM unnest('{EUR 0.09,USD 0.04}'::monetary[]) AS total CROSS JOIN LATERAL schedule('50% net 30, 50% net 60', total, '2026-01-31') GROUP BY total;

-- The planner expects few rows.
SELECT oid::regprocedure AS function, prorows FROM pg_proc WHERE pronamespace = 'ar'::regnamespace AND proname = 'schedule' ORDER BY pronargs;

-- Binary is the text, checked like any other.
SELECT terms_send('2/10, N/30');
SELECT typlen, typbyval, typalign, typstorage FROM pg_type WHERE oid = 'terms'::regtype;
COPY term TO PROGRAM 'cat > ar_terms.copy' (FORMAT binary);
CREATE TEMP TABLE term_back (terms terms);
COPY term_back FROM PROGRAM 'cat ar_terms.copy; rm ar_terms.copy' (FORMAT binary);
SELECT count(*) AS same FROM term JOIN term_back USING (terms);
COPY (SELECT 'NET  30 Days'::text) TO PROGRAM 'cat > ar_terms.copy' (FORMAT binary);
COPY term_back FROM PROGRAM 'cat ar_terms.copy; rm ar_terms.copy' (FORMAT binary);
SELECT terms FROM term_back WHERE terms = 'net 30';
COPY (SELECT 'net'::text) TO PROGRAM 'cat > ar_terms.copy' (FORMAT binary);
COPY term_back FROM PROGRAM 'cat ar_terms.copy; rm ar_terms.copy' (FORMAT binary);
COPY (SELECT 'net 30\000x'::bytea) TO PROGRAM 'cat > ar_terms.copy' (FORMAT binary);
COPY term_back FROM PROGRAM 'cat ar_terms.copy; rm ar_terms.copy' (FORMAT binary);

-- Order by bytes of the text, grouping, indexes.
SELECT a, b, a < b AS lt, a <= b AS le, a = b AS eq, a <> b AS ne, a >= b AS ge, a > b AS gt, terms_cmp(a, b) < 0 AS before
FROM (VALUES ('due on receipt'::terms, 'net 30'::terms), ('net 30', 'net 30 eom'), ('net 30', 'NET 30'), ('net 60', 'net 30')) AS t (a, b);
SELECT terms FROM term GROUP BY terms ORDER BY terms LIMIT 5;
INSERT INTO term SELECT ('net ' || g)::terms FROM generate_series(1, 2000) AS g WHERE g <> 70;
ANALYZE term;
SET enable_seqscan TO off;
CREATE UNIQUE INDEX term_btree ON term (terms);
EXPLAIN (COSTS OFF) SELECT terms FROM term WHERE terms = 'net 30 days';
SELECT terms FROM term WHERE terms = 'net 30 days';
SELECT count(*) FROM term WHERE terms >= 'net 1000' AND terms < 'net 1001';
DROP INDEX term_btree;
CREATE INDEX term_hash ON term USING hash (terms);
EXPLAIN (COSTS OFF) SELECT terms FROM term WHERE terms = 'net 30 days';
SELECT terms FROM term WHERE terms = 'net 30 days';
RESET enable_seqscan;
SELECT count(*) AS wrong FROM term WHERE terms_hash(terms)::bit(32) <> terms_hash_extended(terms, 0)::bit(32);
-- Long terms, compressed, compare and compute like short ones.
CREATE TEMP TABLE long_term (terms terms);
INSERT INTO long_term SELECT (string_agg('1.0001 5/1 4/2 3/3 2/4 net ' || 100 + g, ', ') || ', rest net 64')::terms FROM generate_series(1, 63) AS g;
INSERT INTO long_term SELECT terms FROM long_term;
SELECT pg_column_size(terms) < octet_length(terms::text) AS is_compressed FROM long_term;
SELECT count(DISTINCT l.terms) AS distinct_terms, count(*) AS instalments, sum(s.amount) AS total, sum(s.discount) AS discount
FROM long_term AS l, schedule(l.terms, 'CLF 100', '2026-01-01') AS s;
-- All comparison functions are leakproof, all functions immutable and parallel safe.
SELECT count(*) AS leakproof FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname ~ '^terms_(eq|ne|lt|le|gt|ge|cmp|hash|hash_extended)$' AND proleakproof;
SELECT count(*) AS not_safe FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname ~ '^(terms_|schedule$|discount$)' AND (proparallel <> 's' OR provolatile <> 'i');
