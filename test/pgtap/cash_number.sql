-- Protects the finding of document numbers: each way of writing a number is found with its strength, and no other number
-- is named; random texts break nothing; and what the keys of a table's index find is never less.

BEGIN;
\ir helper.psql
SELECT plan(21);

-- 2,000 numbers of five forms, all different but for their letters, years and zeros.
CREATE TEMP TABLE number AS
SELECT i, (ARRAY['INV-2026-' || lpad(i::text, 6, '0'), 'RE' || lpad((700000 + i)::text, 8, '0'), 'CN-2025-' || lpad(i::text, 6, '0'),
                 '2024/' || (10000 + i), 'AB/' || (300000 + i) || '/24'])[1 + i % 5] AS number
FROM generate_series(1, 2000) AS i;
CREATE TEMP TABLE every AS SELECT array_agg(number ORDER BY i) AS numbers FROM number;
-- Noise on both sides: other words, dates, amounts, a customer's number of 3 digits, an account.
CREATE FUNCTION pg_temp.noisy(written text, i integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['', '/INV/', 'Rechnung vom 15.01.2026: ', 'SVWZ+payment of EUR 1.234,50 for ', 'IBAN DE89 3704 0044 0532 0130 00 ', 'invoice no. ', '10:15:50 2026-01-15 '])[1 + i % 7]
           || written || (ARRAY['', ' 19.1.2026', ', 1,234.50 USD', ' EUR 950.00 thank you', '. BIC COBADEFF', ' (12 Jan 2026)'])[1 + i % 6]
$$;

CREATE TEMP TABLE written AS
SELECT n.i, n.number, w.way, w.strength, w.written
FROM number AS n
CROSS JOIN LATERAL (SELECT regexp_replace(n.number, '[^0-9A-Z]', '', 'g') AS compact, regexp_replace(n.number, '^[A-Z]+[-/]?', '') AS digits) AS c
CROSS JOIN LATERAL (VALUES
    ('as it is', 'exact', n.number),
    ('in small letters', 'exact', lower(n.number)),
    ('without separators', 'exact', CASE WHEN n.i % 5 <> 3 THEN c.compact END),
    ('with blanks', 'exact', CASE WHEN n.i % 5 <> 3 THEN translate(n.number, '-/', '  ') END),
    ('with blanks in it', 'exact', CASE WHEN n.i % 5 <> 3 THEN rtrim(regexp_replace(n.number, '(\d{3})', '\1 ', 'g')) END),
    ('with dots', 'exact', CASE WHEN n.i % 5 IN (0, 2) THEN translate(n.number, '-', '.') END),
    ('with other dashes', 'exact', CASE WHEN n.i % 5 IN (0, 2) THEN translate(n.number, '-', U&'\2013') END),
    ('with letters for digits', 'folded', CASE WHEN n.i % 5 IN (0, 2) THEN regexp_replace(n.number, '-2(.)', '-2O') END),
    ('without letters', 'prefix_lost', CASE WHEN n.i % 5 IN (0, 1, 2, 4) THEN c.digits END),
    ('with a word for letters', 'prefix_lost', CASE WHEN n.i % 5 IN (0, 1, 2, 4) THEN 'Rechnung' || c.digits END),
    ('without zeros', 'zeros_lost', CASE WHEN n.i % 5 IN (0, 1, 2) THEN regexp_replace(n.number, '([A-Z-])0+', '\1') END),
    ('with more zeros', 'zeros_lost', CASE WHEN n.i % 5 IN (0, 1, 2) THEN regexp_replace(n.number, '(\D)(0\d*)$', '\10\2') END),
    ('without zeros and letters', 'zeros_lost', CASE WHEN n.i % 5 IN (0, 2) THEN ltrim(regexp_replace(c.digits, '-0+', '-'), '0') END)
    ) AS w(way, strength, written)
WHERE w.written IS NOT NULL;

CREATE TEMP TABLE found AS
SELECT w.*, f.position, f.strength AS found_as, f.found
FROM written AS w CROSS JOIN every AS e
LEFT JOIN LATERAL ar.find_numbers(pg_temp.noisy(w.written, w.i), e.numbers) AS f ON true
-- All of 2,000 numbers are looked through for each, which takes a while: every ninth is enough.
WHERE (w.i + hashtext(w.way)) % 9 = 0;
SELECT is((SELECT count(DISTINCT f.way) FROM found AS f), 13::bigint, 'numbers are written in 13 ways');
SELECT is_empty($$ SELECT f.way, f.number, f.written, array_agg(f.found_as || ' ' || f.found) FROM found AS f
    GROUP BY 1, 2, 3, f.i, f.strength
    -- With /INV/ before it, it has its letters again.
    HAVING count(*) FILTER (WHERE f.position = f.i AND (f.found_as = f.strength OR f.found_as = 'exact' AND f.found LIKE 'INV/%')) <> 1 $$,
    'each is found with its strength');
SELECT is_empty($$ SELECT f.way, f.number, f.written, f.found_as, f.found, f.position FROM found AS f
    WHERE f.position <> f.i AND f.found_as IN ('exact', 'folded', 'prefix_lost', 'zeros_lost') $$, 'and no other number is named');

-- Slips: a character left out, put in, changed, two exchanged; each is found, and no stronger hit names another number.
CREATE TEMP TABLE slip AS
SELECT n.i, n.number, p, s.way, s.written
FROM number AS n
CROSS JOIN LATERAL (SELECT 10 + n.i / 5 % 5 AS p) AS at
CROSS JOIN LATERAL (VALUES
    ('left out', overlay(n.number PLACING '' FROM p FOR 1)),
    ('put in', overlay(n.number PLACING '7' FROM p FOR 0)),
    ('changed', overlay(n.number PLACING (ARRAY['7', '3'])[1 + (substr(n.number, p, 1) = '7')::integer] FROM p FOR 1)),
    ('exchanged', overlay(n.number PLACING substr(n.number, p + 1, 1) || substr(n.number, p, 1) FROM p FOR 2))) AS s(way, written)
-- In the digits behind a year, and not of zeros alone.
WHERE n.i % 5 IN (0, 2) AND n.i % 8 < 3
  AND ltrim(right(s.written, 6 - (s.way = 'left out')::integer + (s.way = 'put in')::integer), '0') <> ltrim(right(n.number, 6), '0');
CREATE TEMP TABLE slipped AS
SELECT s.*, f.position, f.strength, f.found
FROM slip AS s CROSS JOIN every AS e LEFT JOIN LATERAL ar.find_numbers('payment ' || s.written, e.numbers) AS f ON true;
SELECT ok((SELECT min(n) > 50 AND count(*) = 4 FROM (SELECT count(DISTINCT s.i) AS n FROM slipped AS s GROUP BY s.way) AS w), 'slips of four kinds');
SELECT is_empty($$ SELECT s.way, s.number, s.written, array_agg(s.strength || s.found) FROM slipped AS s GROUP BY 1, 2, 3
    -- What is by the slip another number is that number.
    HAVING NOT bool_or(s.position = s.i AND s.strength = 'one_slip') AND NOT bool_or(s.strength IN ('exact', 'zeros_lost')) $$, 'a slip is found');

-- Against an oracle: a number that stands in a text by itself, in the same letters and digits, is exact; and what is said
-- to be exact, or to lack letters, does.
CREATE FUNCTION pg_temp.compact(t text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT regexp_replace(upper(t COLLATE "C"), '[^0-9A-Z]', '', 'g') $$;
CREATE FUNCTION pg_temp.folded(t text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT translate(pg_temp.compact(t), 'OQILZSGB', '00112568') $$;
-- Texts of an alphabet that makes numbers, dates, lists and slips likely; and of bytes that make trouble.
CREATE FUNCTION pg_temp.random_text(i integer, salt integer, n integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg((ARRAY['0', '1', '2', '3', '12', '2026', '-', '/', ' ', '.', ',', ', ', 'INV', 'O', 'I', 'S', 'a', ' and ', ' EUR ', '15.01.2026', '12,50', U&'\00E4',
                             U&'\00A0', U&'\2013', U&'\20AC', U&'\+01F600', '+', '''', 'RF18', 'DE89', '000', ' Jan '])[1 + (hashint8extended(i, salt * 1000 + k) & 31)::integer], '' ORDER BY k)
    FROM generate_series(1, 1 + n) AS k
$$;
-- 100,000 texts: 10,000 sets of numbers with ten texts each.
CREATE TEMP TABLE random AS
SELECT i, ARRAY[pg_temp.random_text(i, 1, i % 7), pg_temp.random_text(i, 2, 3), pg_temp.random_text(i, 3, i % 4), 'INV-2026-0' || i % 100] AS numbers
FROM generate_series(1, 10000) AS i;
CREATE TEMP TABLE random_hit AS
SELECT r.i, r.numbers, t.text, f.*
FROM random AS r
CROSS JOIN LATERAL (SELECT pg_temp.random_text(r.i, 10 + n, (r.i + n) % 23) || CASE n % 4 WHEN 0 THEN ' ' || r.numbers[1 + n / 4] WHEN 1 THEN r.numbers[1] ELSE '' END AS text
                    FROM generate_series(1, 10) AS n) AS t
LEFT JOIN LATERAL ar.find_numbers(t.text, r.numbers) AS f ON true;
SELECT cmp_ok((SELECT count(DISTINCT (h.i, h.text)) FROM random_hit AS h), '>', 90000::bigint, 'random texts are read');
SELECT ok((SELECT min(n) > 50 FROM (SELECT count(*) AS n FROM random_hit AS h WHERE h.strength IS NOT NULL GROUP BY h.strength) AS s), 'every strength is found often');
SELECT is((SELECT count(DISTINCT h.strength) FROM random_hit AS h), 7::bigint, 'all seven');
SELECT is((SELECT count(*) FROM random_hit AS h WHERE position(h.found IN h.text) = 0), 0::bigint, 'what is found stands in the text');
SELECT is((SELECT count(*) FROM (SELECT FROM random_hit AS h WHERE h.position IS NOT NULL GROUP BY h.i, h.text, h.position HAVING count(*) > 10) AS d), 0::bigint,
          'a number is reported once');
SELECT is((SELECT count(*) FROM random_hit AS h WHERE h.strength = 'exact' AND pg_temp.compact(h.found) <> pg_temp.compact(h.numbers[h.position])), 0::bigint,
          'exact: the same letters and digits');
SELECT is((SELECT count(*) FROM random_hit AS h WHERE h.strength = 'folded' AND (pg_temp.folded(h.found) <> pg_temp.folded(h.numbers[h.position])
           OR pg_temp.compact(h.found) = pg_temp.compact(h.numbers[h.position]))), 0::bigint, 'folded: the same but for letters like digits');
SELECT is((SELECT count(*) FROM random_hit AS h WHERE h.strength = 'prefix_lost'
           AND pg_temp.folded(h.found) <> regexp_replace(h.numbers[h.position], '[^0-9]', '', 'g')), 0::bigint, 'prefix_lost: the digits');
SELECT is((SELECT count(*) FROM random_hit AS h WHERE h.strength IN ('tail', 'short_tail') AND h.found ~ '^[0-9]+$'
           AND (regexp_match(h.numbers[h.position], '([1-9][0-9]*)[^0-9]*$'))[1] IS DISTINCT FROM ltrim(h.found, '0')
           AND pg_temp.compact(h.found) <> regexp_replace(h.numbers[h.position], '[^0-9]', '', 'g')), 0::bigint, 'tail: the last digits without zeros');
SELECT is((SELECT count(*) FROM random_hit AS h WHERE h.strength <> 'exact' AND length(h.numbers[h.position]) > 0
           AND pg_temp.compact(h.text) = pg_temp.compact(h.numbers[h.position]) AND h.text = h.numbers[h.position]), 0::bigint, 'a number is exactly itself');
-- No hit lies in a longer run of digits.
SELECT is((SELECT count(*) FROM random_hit AS h WHERE h.found ~ '^[0-9]+$'
           AND NOT h.text ~ ('(^|[^0-9])' || h.found || '([^0-9]|$)')), 0::bigint, 'no number is found inside of other digits');

-- Keys: what names a document has a key that the text has, too.
SELECT is_empty($$ SELECT w.way, w.number, w.written FROM written AS w
    WHERE NOT ar.number_keys(w.number) && ar.text_keys(pg_temp.noisy(w.written, w.i)) $$, 'the keys find every number that is written in one of the ways');
SELECT is((SELECT count(*) FROM random AS r, unnest(r.numbers) AS n WHERE NOT ar.number_keys(n) <@ ar.number_keys(lower(n))), 0::bigint,
          'keys do not depend on the case');

-- The IBANs that the finder passes over are those of ar.is_iban(): each country's, of its length, and no others.
CREATE TEMP TABLE iban AS
WITH made AS MATERIALIZED (
    SELECT c.country, n AS length, c.country || lpad((98 - ar.mod97(b.bban || c.country || '00'))::text, 2, '0') || b.bban AS iban
    FROM (SELECT chr(a) || chr(b) AS country FROM generate_series(65, 90) AS a, generate_series(65, 90) AS b) AS c
    CROSS JOIN generate_series(15, 34) AS n
    CROSS JOIN LATERAL (SELECT rpad('', n - 4, '1234') AS bban) AS b
), judged AS MATERIALIZED (
    SELECT m.country, m.length, ar.is_iban(m.iban) AS valid,
           EXISTS (SELECT FROM ar.find_numbers('account ' || regexp_replace(m.iban, '(....)', '\1 ', 'g'), '{A-1234}')) AS read
    FROM made AS m
)
SELECT j.*, count(*) FILTER (WHERE j.valid) OVER (PARTITION BY j.country) AS lengths FROM judged AS j;
-- Of a country that has none, every length is an IBAN to ar.is_iban().
SELECT is((SELECT count(*) FROM iban WHERE lengths = 1 AND valid), (SELECT count(DISTINCT country) FROM iban WHERE NOT read), 'there are IBANs of so many countries');
SELECT is_empty($$ SELECT country, length, valid, read FROM iban WHERE read = (lengths = 1 AND valid) $$, 'no other text is passed over as one');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
