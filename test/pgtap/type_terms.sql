-- Credit terms against an oracle in SQL: 50,000 random terms, each with 20 random totals and base dates.
--
-- Protects: what ar.schedule and ar.discount compute, for every kind of step, share and discount, in every combination
-- of up to three instalments of up to three steps; and that all of the spellings are read as what they say.
--
-- The oracle knows the terms by their parts, of which it also writes the text, in one of the spellings; it never reads
-- one. It counts with intervals and timestamps, and rounds numeric, where the C counts months and whole numbers.

BEGIN;
\ir helper.psql
SELECT plan(13);
SET LOCAL max_parallel_workers_per_gather = 4;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL jit = off;
SET LOCAL work_mem = '128MB';

-- The same number for the same place, always.
CREATE FUNCTION pg_temp.pick(i bigint, place bigint, below integer) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ((hashint8extended($1, $2) & 1073741823) % $3)::integer $$;

-- A step is a kind and a number, and perhaps a cutoff; this is its text, in one of the spellings.
CREATE FUNCTION pg_temp.step_text(i bigint, kind text, number integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE kind WHEN 'eom' THEN (ARRAY['eom', 'End of Month', 'net eom'])[1 + pg_temp.pick(i, 50, 3)]
        WHEN 'weekday' THEN 'next ' || (ARRAY['monday', 'Tuesday', 'WEDNESDAY', 'thursday', 'friday', 'saturday', 'sunday'])[number]
        ELSE format(CASE kind
        WHEN 'days' THEN (ARRAY['net %s', 'Net  %s days', 'n/%s', 'N / %s DAYS'])[1 + pg_temp.pick(i, 50, 4)]
        WHEN 'weeks' THEN (ARRAY['net %s weeks', 'n/%s week'])[1 + pg_temp.pick(i, 50, 2)]
        WHEN 'months' THEN (ARRAY['net %s months', 'NET %s month'])[1 + pg_temp.pick(i, 50, 2)]
        WHEN 'years' THEN (ARRAY['net %s years', 'n/%s year'])[1 + pg_temp.pick(i, 50, 2)]
        WHEN 'day' THEN (ARRAY['day %s', 'net %s prox', 'n/%s proximo'])[1 + pg_temp.pick(i, 50, 3)]
        WHEN 'next day' THEN 'next day %s'
        WHEN 'same month day' THEN 'same month day %s'
        END, number) END
$$;

-- A day of the month that begins then, or its last one.
CREATE FUNCTION pg_temp.month_day(month timestamp, n integer) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT least($1 + make_interval(days => $2 - 1), $1 + interval '1 month -1 day')::date $$;

-- The oracle of a step from a day, whose month begins then.
CREATE FUNCTION pg_temp.step(d date, month timestamp, kind text, n integer, cutoff integer) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE $3
        WHEN 'days' THEN $1 + $4
        WHEN 'weeks' THEN $1 + 7 * $4
        WHEN 'months' THEN ($1::timestamp + make_interval(months => $4))::date
        WHEN 'years' THEN ($1::timestamp + make_interval(years => $4))::date
        WHEN 'eom' THEN pg_temp.month_day($2 + CASE WHEN $5 < extract(day FROM $1) THEN interval '1 month' ELSE '0' END, 31)
        WHEN 'day' THEN pg_temp.month_day($2 + CASE WHEN $5 < extract(day FROM $1) THEN interval '2 months' ELSE '1 month' END, $4)
        WHEN 'next day' THEN CASE WHEN pg_temp.month_day($2, $4) >= $1 THEN pg_temp.month_day($2, $4) ELSE pg_temp.month_day($2 + interval '1 month', $4) END
        WHEN 'same month day' THEN pg_temp.month_day($2, $4)
        -- The Monday of the week that ends on or after that weekday, and on from it.
        WHEN 'weekday' THEN date_trunc('week', ($1 + 7 - $4)::timestamp)::date + $4 - 1
        ELSE $1 END
$$;

-- The terms: how many instalments, and how they share.
CREATE UNLOGGED TABLE public.term AS
SELECT i, CASE WHEN shares = 'all' THEN 1 WHEN shares LIKE '% % %' THEN 3 ELSE 2 END AS instalments, shares,
       -- With all decimals that a percent can have, or with few; never more than 100 together with the next.
       CASE WHEN i % 2 = 0 THEN (1 + pg_temp.pick(i, 1, 69)) ELSE (1 + pg_temp.pick(i, 1, 69999999)) / 1000000.0 END AS percent_1,
       CASE WHEN i % 3 = 0 THEN (1 + pg_temp.pick(i, 2, 29)) ELSE (1 + pg_temp.pick(i, 2, 2999)) / 100.0 END AS percent_2,
       1 + pg_temp.pick(i, 3, 9) AS fixed
FROM (SELECT i, (ARRAY['all', 'all', 'all', 'percent percent', 'percent rest', 'fixed rest', 'percent percent percent', 'percent of_rest rest',
                       'fixed percent rest', 'percent fixed rest'])[1 + pg_temp.pick(i, 0, 10)] AS shares
      FROM generate_series(1, 50000) AS i) AS t;

-- Their instalments: up to three steps and two discounts. NULL is no step and no discount.
CREATE UNLOGGED TABLE public.rule AS
SELECT i AS rule_i, k, place, steps,
       CASE WHEN steps >= 1 THEN kind[1] END AS kind_1, number[1] AS number_1, cutoff[1] AS cutoff_1,
       CASE WHEN steps >= 2 THEN kind[2] END AS kind_2, number[2] AS number_2, cutoff[2] AS cutoff_2,
       CASE WHEN steps >= 3 THEN kind[3] END AS kind_3, number[3] AS number_3, cutoff[3] AS cutoff_3,
       discounts,
       CASE WHEN discounts >= 1 THEN rate_1 END AS rate_1, until_kind, until_number,
       CASE WHEN discounts >= 2 THEN trim_scale(rate_1 / 2) END AS rate_2, until_day
FROM (
    SELECT t.i, k, t.i * 4 + k AS place, discounts,
           -- A discount needs a due day that can be after it: 40 days or more.
           CASE WHEN discounts > 0 THEN greatest(pg_temp.pick(t.i * 4 + k, 11, 4), 1) ELSE pg_temp.pick(t.i * 4 + k, 11, 4) END AS steps,
           trim_scale((1 + pg_temp.pick(t.i * 4 + k, 12, 4999)) / 100.0) AS rate_1,
           (ARRAY['days', 'days', 'eom', 'day', 'weekday', 'months'])[CASE WHEN discounts = 2 THEN 1 ELSE 1 + pg_temp.pick(t.i * 4 + k, 13, 6) END] AS until_kind,
           1 + pg_temp.pick(t.i * 4 + k, 14, 7) AS until_number,
           8 + pg_temp.pick(t.i * 4 + k, 15, 30) AS until_day,
           s.kind, s.number, s.cutoff
    FROM public.term AS t
    CROSS JOIN LATERAL generate_series(1, t.instalments) AS k
    CROSS JOIN LATERAL (SELECT (ARRAY[0, 0, 1, 2])[1 + pg_temp.pick(t.i * 4 + k, 10, 4)] AS discounts) AS d
    CROSS JOIN LATERAL (
        SELECT array_agg(kind ORDER BY j) AS kind,
               array_agg(CASE kind WHEN 'days' THEN CASE WHEN j = 1 AND discounts > 0 THEN 40 ELSE 0 END + pg_temp.pick(t.i * 4 + k, 20 + j, 200)
                                   WHEN 'weeks' THEN pg_temp.pick(t.i * 4 + k, 20 + j, 60)
                                   WHEN 'months' THEN pg_temp.pick(t.i * 4 + k, 20 + j, 40)
                                   WHEN 'years' THEN pg_temp.pick(t.i * 4 + k, 20 + j, 84)
                                   WHEN 'weekday' THEN 1 + pg_temp.pick(t.i * 4 + k, 20 + j, 7)
                                   WHEN 'eom' THEN 0
                                   ELSE 1 + pg_temp.pick(t.i * 4 + k, 20 + j, 31) END ORDER BY j) AS number,
               array_agg(CASE WHEN kind IN ('eom', 'day') AND pg_temp.pick(t.i * 4 + k, 25 + j, 2) = 0
                              THEN 1 + pg_temp.pick(t.i * 4 + k, 30 + j, 30) END ORDER BY j) AS cutoff
        FROM (SELECT j, CASE WHEN j = 1 AND discounts > 0 THEN 'days'
                             ELSE (ARRAY['days', 'days', 'weeks', 'months', 'years', 'eom', 'day', 'next day', 'same month day', 'weekday'])
                                  [1 + pg_temp.pick(t.i * 4 + k, 40 + j, 10)] END AS kind
              FROM generate_series(1, 3) AS j) AS step
    ) AS s
) AS t;

-- And their text. "then" may stand between steps only, and "net 10 prox" may take a cutoff.
CREATE UNLOGGED TABLE public.written AS
SELECT t.i, t.instalments, t.shares, t.percent_1, t.percent_2, t.fixed,
       string_agg(
           CASE split_part(t.shares, ' ', r.k)
               WHEN 'percent' THEN trim_scale(CASE r.k WHEN 1 THEN t.percent_1 WHEN t.instalments THEN
                       CASE r.k WHEN 2 THEN 100 - t.percent_1 ELSE 100 - t.percent_1 - t.percent_2 END ELSE t.percent_2 END)
                   || (ARRAY['% ', ' %  '])[1 + pg_temp.pick(r.place, 60, 2)]
               WHEN 'of_rest' THEN trim_scale(t.percent_2) || '% of REST '
               WHEN 'fixed' THEN t.fixed || (ARRAY[' ', '.00 '])[1 + pg_temp.pick(r.place, 61, 2)]
               WHEN 'rest' THEN 'rest '
               ELSE '' END
           || CASE WHEN r.discounts >= 1 THEN
                  rate_1 || (ARRAY['/', ' % / '])[1 + pg_temp.pick(r.place, 62, 2)]
                  || CASE until_kind WHEN 'days' THEN until_number::text WHEN 'months' THEN '1 month' WHEN 'day' THEN 'day ' || until_number
                                     ELSE pg_temp.step_text(1, until_kind, until_number) END
                  || (ARRAY[', ', ' '])[1 + pg_temp.pick(r.place, 63, 2)] ELSE '' END
           || CASE WHEN r.discounts >= 2 THEN rate_2 || '/' || until_day || ' days ' ELSE '' END
           || CASE WHEN r.steps = 0 THEN (ARRAY['due on receipt', 'Due  On Receipt', 'net 0'])[1 + pg_temp.pick(r.place, 64, 3)]
                   ELSE concat_ws(' ',
                       pg_temp.step_text(r.place, kind_1, number_1) || coalesce(' cutoff ' || cutoff_1, '')
                           || CASE WHEN steps > 1 THEN (ARRAY['', ' then'])[1 + pg_temp.pick(r.place, 65, 2)] ELSE '' END,
                       pg_temp.step_text(r.place + 1, kind_2, number_2) || coalesce(' Cutoff ' || cutoff_2, '')
                           || CASE WHEN steps > 2 THEN (ARRAY['', ' then'])[1 + pg_temp.pick(r.place, 66, 2)] ELSE '' END,
                       pg_temp.step_text(r.place + 2, kind_3, number_3) || coalesce(' cutoff ' || cutoff_3, '')) END,
           (ARRAY[',', ', ', ' , '])[1 + pg_temp.pick(t.i, 67, 3)] ORDER BY r.k)::ar.terms AS terms
FROM public.term AS t
JOIN public.rule AS r ON r.rule_i = t.i
GROUP BY t.i, t.instalments, t.shares, t.percent_1, t.percent_2, t.fixed;
SELECT cmp_ok(count(DISTINCT terms), '>', 40000::bigint, 'there are very many different terms') FROM written;

-- Each with twenty totals, in minor units of four currencies, and base dates. A fixed amount needs a total to cover it.
CREATE UNLOGGED TABLE public.asked AS
SELECT w.*, j, c.code, c.unit, base, base + pg_temp.pick(w.i * 20 + j, 80, 45) AS paid_on,
       total_minor * c.unit AS total
FROM public.written AS w
CROSS JOIN generate_series(1, 20) AS j
CROSS JOIN LATERAL (SELECT (ARRAY['JPY', 'USD', 'BHD', 'CLF'])[1 + pg_temp.pick(w.i * 20 + j, 70, 4)] AS code) AS k
JOIN (VALUES ('JPY', 1), ('USD', 0.01), ('BHD', 0.001), ('CLF', 0.0001)) AS c (code, unit) ON c.code = k.code
CROSS JOIN LATERAL (
    SELECT CASE WHEN w.shares ~ 'fixed' THEN CASE WHEN j % 2 = 0 THEN -1 ELSE 1 END * (1000000 + pg_temp.pick(w.i * 20 + j, 71, 1000000000))::bigint
                WHEN j = 1 THEN 0
                WHEN j < 6 THEN pg_temp.pick(w.i * 20 + j, 71, 21) - 10
                ELSE hashint8extended(w.i * 20 + j, 71) >> pg_temp.pick(w.i * 20 + j, 72, 63) END AS total_minor,
           CASE WHEN j = 20 THEN date '0005-02-29 BC' ELSE date '1996-01-01' END + pg_temp.pick(w.i * 20 + j, 73, 18000) AS base
) AS n;
SELECT is((SELECT count(*) FROM asked), 1000000::bigint, 'a million times they are asked');

ANALYZE public.rule;
ANALYZE public.asked;

-- What the extension says, and the oracle step by step beside it. (OFFSET 0: each step is computed once.)
CREATE UNLOGGED TABLE public.judged AS
SELECT i, j, terms, total, unit, base, paid_on, instalment, amount, expected_amount, due_on, expected_due_on,
       discount_until, CASE WHEN discounts > 0 THEN least(until_1, expected_due_on) END AS expected_until,
       CASE WHEN discounts > 1 THEN least(until_2, expected_due_on) END AS expected_until_2,
       ar.discount(terms, (code || ' ' || total)::ar.monetary, base, paid_on) AS whole_discount,
       discount, pg_catalog.round(expected_amount * rate_1 * 0.01, scale(unit)) AS expected_discount,
       pg_catalog.round(expected_amount * rate_2 * 0.01, scale(unit)) AS expected_discount_2
FROM (
    SELECT *, greatest(base, pg_temp.step(d_2, date_trunc('month', d_2::timestamp), kind_3, number_3, coalesce(cutoff_3, 99))) AS expected_due_on
    FROM (
        SELECT *, pg_temp.step(d_1, date_trunc('month', d_1::timestamp), kind_2, number_2, coalesce(cutoff_2, 99)) AS d_2
        FROM (
            SELECT t.*, s.*, r.*,
                   CASE s.instalment WHEN 1 THEN amount_1 WHEN 2 THEN amount_2 ELSE total - amount_1 - amount_2 END AS expected_amount,
                   pg_temp.step(t.base, t.month, kind_1, number_1, coalesce(cutoff_1, 99)) AS d_1,
                   CASE WHEN discounts > 0
                        THEN pg_temp.step(t.base, t.month, until_kind, CASE until_kind WHEN 'months' THEN 1 ELSE until_number END, 99) END AS until_1,
                   CASE WHEN discounts > 1 THEN t.base + until_day END AS until_2
            FROM (
                -- What the instalments before the last take: rounded half up, and no more than is left.
                SELECT *, CASE WHEN instalments < 3 THEN total - amount_1 ELSE sign(total) * least(abs(total - amount_1), abs(
                              CASE split_part(shares, ' ', 2) WHEN 'percent' THEN pg_catalog.round(total * percent_2 * 0.01, scale(unit))
                                   WHEN 'of_rest' THEN pg_catalog.round((total - amount_1) * percent_2 * 0.01, scale(unit)) ELSE fixed END)) END AS amount_2
                FROM (
                    SELECT *, date_trunc('month', base::timestamp) AS month,
                           CASE split_part(shares, ' ', 1) WHEN 'percent' THEN pg_catalog.round(total * percent_1 * 0.01, scale(unit))
                                WHEN 'fixed' THEN sign(total) * fixed ELSE total END AS amount_1
                    FROM public.asked
                    OFFSET 0
                ) AS t
                OFFSET 0
            ) AS t
            CROSS JOIN LATERAL ar.schedule(t.terms, (t.code || ' ' || t.total)::ar.monetary, t.base) AS s
            -- A total of zero is one row, by the last rule.
            JOIN public.rule AS r ON r.rule_i = t.i AND r.k = CASE WHEN t.total = 0 THEN t.instalments ELSE s.instalment END
            OFFSET 0
        ) AS t
        OFFSET 0
    ) AS t
    OFFSET 0
) AS t;

SELECT is((SELECT count(*) FROM judged), (SELECT sum(CASE WHEN total = 0 THEN 1 ELSE instalments END) FROM asked)::bigint, 'and there are as many as there should be');
SELECT is_empty($$SELECT terms, base, due_on, expected_due_on FROM judged WHERE due_on IS DISTINCT FROM expected_due_on LIMIT 5$$, 'every due date is the oracle''s');
SELECT is_empty($$SELECT terms, total, instalment, amount, expected_amount FROM judged WHERE amount::numeric IS DISTINCT FROM expected_amount LIMIT 5$$, 'every amount is, too');
SELECT is_empty($$SELECT terms, base, discount_until, expected_until FROM judged WHERE discount_until IS DISTINCT FROM expected_until LIMIT 5$$, 'every end of a discount');
SELECT is_empty($$SELECT terms, total, discount, expected_discount FROM judged WHERE discount::numeric IS DISTINCT FROM expected_discount LIMIT 5$$, 'and every discount');
-- The discount on a day around the ends: of every instalment the first that has not ended.
CREATE TEMP TABLE whole AS
SELECT i, j, min(total) AS total, sum(minor_units(amount)) * min(unit) AS amounts, min(minor_units(whole_discount)) * min(unit) AS discount,
       sum(CASE WHEN paid_on <= expected_until THEN expected_discount WHEN paid_on <= expected_until_2 THEN expected_discount_2 ELSE 0 END) AS expected_discount
FROM judged
GROUP BY i, j;
SELECT is((SELECT count(*) FROM whole), 1000000::bigint, 'they all have an answer');
SELECT is_empty($$SELECT i, j, total, amounts FROM whole WHERE amounts IS DISTINCT FROM total LIMIT 5$$, 'the instalments sum to the total');
SELECT is_empty($$SELECT i, j, total, discount, expected_discount FROM whole WHERE discount IS DISTINCT FROM expected_discount LIMIT 5$$,
                'the discount of a day is the oracle''s');
-- That there was something to judge.
SELECT cmp_ok((SELECT count(*) FROM judged WHERE discount <> 0 * discount), '>', 300000::bigint, 'there were discounts');
SELECT cmp_ok((SELECT count(*) FROM judged WHERE expected_until < expected_due_on AND expected_until_2 IS NOT NULL), '>', 100000::bigint, 'and two of them');
SELECT ok(bool_and(count > 1000) AND count(*) = 27, 'steps of every kind, first, second and third')
FROM (SELECT kind, count(*) FROM (SELECT unnest(ARRAY[kind_1 || 1, kind_2 || 2, kind_3 || 3]) AS kind FROM rule) AS t WHERE kind IS NOT NULL GROUP BY kind) AS t;
SELECT * FROM finish();
ROLLBACK;
