-- Protects the choice of amounts that add up: against trying all choices, one by one, in SQL.

BEGIN;
\ir helper.psql
SELECT plan(7);

-- Up to 10 small amounts, of either sign, so that several choices often fit; every other target is the sum of some.
CREATE TEMP TABLE drawn AS
SELECT i, a.amounts, CASE WHEN i % 2 = 0 THEN hashint8extended(i, 3) % 60
    ELSE (SELECT coalesce(sum(x), 0) FROM unnest(a.amounts) WITH ORDINALITY AS u(x, nth) WHERE (hashint8extended(i, 4) >> nth::integer) & 1 = 1)::bigint END AS target
FROM generate_series(1, 3000) AS i,
     LATERAL (SELECT coalesce(array_agg(hashint8extended(i, 100 + n) % (CASE i % 3 WHEN 0 THEN 10 WHEN 1 THEN 1000 ELSE 100000 END)
                                        + CASE i % 5 WHEN 0 THEN 0 ELSE 3 END), '{}') AS amounts
              FROM generate_series(1, abs(hashint8extended(i, 1) % 11)) AS n) AS a;
CREATE TEMP TABLE choice AS
SELECT d.i, m.members
FROM drawn AS d
CROSS JOIN LATERAL generate_series(1, (1 << cardinality(d.amounts)) - 1) AS m(members)
WHERE (SELECT sum(x) FROM unnest(d.amounts) WITH ORDINALITY AS u(x, nth) WHERE (m.members >> (nth - 1)::integer) & 1 = 1) = d.target;
CREATE TEMP TABLE compared AS
SELECT d.*, s.answer, s.positions, c.choices, c.members
FROM drawn AS d
CROSS JOIN LATERAL ar.subset_sum(d.amounts, d.target) AS s
CROSS JOIN LATERAL (SELECT count(*) AS choices, min(o.members) AS members FROM choice AS o WHERE o.i = d.i) AS c;

SELECT is((SELECT count(*) FROM compared), 3000::bigint, 'there is one answer each');
SELECT is((SELECT count(*) FROM compared AS c WHERE c.answer <> CASE c.choices WHEN 0 THEN 'none' WHEN 1 THEN 'unique' ELSE 'several' END), 0::bigint,
          'the answer is that of trying all choices');
SELECT is((SELECT count(*) FROM compared AS c WHERE (SELECT sum(1 << (p - 1)) FROM unnest(c.positions) AS p) IS DISTINCT FROM
                                              CASE WHEN c.choices = 1 THEN c.members END), 0::bigint, 'and so is the choice');
-- The same, but of at most three amounts.
SELECT is((SELECT count(*) FROM drawn AS d
           CROSS JOIN LATERAL ar.subset_sum(d.amounts, d.target, 3) AS s
           CROSS JOIN LATERAL (SELECT count(*) AS choices, min(o.members) AS members FROM choice AS o
                               WHERE o.i = d.i AND length(replace(o.members::bit(10)::text, '0', '')) <= 3) AS c
           WHERE (s.answer, (SELECT sum(1 << (p - 1)) FROM unnest(s.positions) AS p)) IS DISTINCT FROM
                 (CASE c.choices WHEN 0 THEN 'none' WHEN 1 THEN 'unique' ELSE 'several' END, CASE WHEN c.choices = 1 THEN c.members END)), 0::bigint,
          'and of choices of at most so many amounts');
SELECT ok((SELECT min(n) > 300 FROM (SELECT count(*) AS n FROM compared GROUP BY answer) AS a), 'each answer was given often');

-- 30 amounts whose choices all differ: the answer is the target, read in binary.
SELECT is((SELECT count(*) FROM generate_series(1, 20) AS i,
           LATERAL (SELECT abs(hashint8extended(i, 9) % (1 << 30)) + 1 AS target) AS t,
           LATERAL ar.subset_sum(ARRAY(SELECT 1::bigint << n FROM generate_series(0, 29) AS n), t.target) AS s
           WHERE t.target <> (SELECT sum(1::bigint << (p - 1)) FROM unnest(s.positions) AS p)), 0::bigint, 'any choice among 30 is found');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
