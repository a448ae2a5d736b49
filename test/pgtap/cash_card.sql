-- Protects that no card number is let through, and that invoice numbers and account numbers are.

BEGIN;
\ir helper.psql
SELECT plan(15);

CREATE FUNCTION pg_temp.luhn_sum(digits text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT sum(CASE WHEN (length(digits) - nth) % 2 = 1 THEN (ARRAY[0, 2, 4, 6, 8, 1, 3, 5, 7, 9])[1 + d::integer] ELSE d::integer END)
    FROM regexp_split_to_table(digits, '') WITH ORDINALITY AS s(d, nth)
$$;
CREATE FUNCTION pg_temp.digits(i bigint, salt bigint, n integer) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT left(translate(md5(i || '/' || salt), 'abcdef', '012345'), n) $$;
CREATE FUNCTION pg_temp.with_check(body text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT body || (10 - pg_temp.luhn_sum(body || '0') % 10) % 10 $$;

-- 10,000 numbers of the issuers' ranges and lengths.
CREATE TEMP TABLE card AS
SELECT i, pg_temp.with_check(x.prefix || pg_temp.digits(i, 1, x.length - length(x.prefix) - 1)) AS number
FROM generate_series(1, 10000) AS i
JOIN (SELECT row_number() OVER () - 1 AS nth, count(*) OVER () AS many, v.* FROM (VALUES
    ('4', 13), ('4', 16), ('4', 16), ('4', 19), ('51', 16), ('53', 16), ('55', 16), ('2221', 16), ('2720', 16), ('34', 15), ('37', 15), ('3528', 16),
    ('3589', 19), ('300', 14), ('305', 16), ('36', 14), ('38', 19), ('6011', 16), ('644', 16), ('65', 19), ('62', 16), ('62', 19), ('2200', 16),
    ('5018', 13), ('6304', 18)) AS v(prefix, length)) AS x ON x.nth = i % x.many;
CREATE TEMP TABLE card_text AS
SELECT c.i, c.number, CASE c.i % 7 WHEN 0 THEN c.number
    WHEN 1 THEN rtrim(regexp_replace(c.number, '(....)', '\1 ', 'g'))
    WHEN 2 THEN rtrim(regexp_replace(c.number, '(....)', '\1-', 'g'), '-')
    WHEN 3 THEN 'card ' || c.number || ', exp 12/27'
    WHEN 4 THEN 'Kartenzahlung vom 15.01.2026: ' || rtrim(regexp_replace(c.number, '(....)', '\1 ', 'g')) || ' 12/27'
    WHEN 5 THEN 'DE89 3704 0044 0532 0130 00 and ' || c.number
    ELSE 'INV-2026-000123 ' || c.number || ' 04/29' END AS text
FROM card AS c;
SELECT is((SELECT count(*) FROM card WHERE pg_temp.luhn_sum(number) % 10 <> 0 OR length(number) NOT BETWEEN 13 AND 19), 0::bigint, 'the numbers are card numbers');
SELECT is((SELECT count(*) FROM card_text WHERE NOT ar.has_card_number(text)), 0::bigint, '10,000 card numbers are found in texts');
SELECT is((SELECT count(*) FROM card_text AS t WHERE position(t.number IN translate(ar.mask_card_numbers(t.text), ' -', '')) > 0), 0::bigint, 'and masked');
SELECT is((SELECT count(*) FROM card_text AS t WHERE regexp_replace(ar.mask_card_numbers(t.text), '[ -]', '', 'g')
           NOT LIKE '%' || left(t.number, 6) || repeat('*', length(t.number) - 10) || '%'), 0::bigint,
          'all but the first 6 digits and the end');
SELECT is((SELECT count(*) FROM card_text AS t WHERE length(ar.mask_card_numbers(t.text)) <> length(t.text)), 0::bigint, 'and nothing else is changed');

-- 10,000 numbers and texts of other kinds.
CREATE TEMP TABLE iban AS
SELECT i, x.country || lpad((98 - (SELECT string_agg(CASE WHEN c BETWEEN '0' AND '9' THEN c ELSE (ascii(c) - 55)::text END, '' ORDER BY nth)
       FROM regexp_split_to_table(x.bban || x.country || '00', '') WITH ORDINALITY AS s(c, nth))::numeric % 97)::text, 2, '0') || x.bban AS number
FROM generate_series(1, 4000) AS i,
     LATERAL (SELECT (ARRAY['DE', 'NL', 'GB', 'FR', 'CH'])[1 + i % 5] AS country,
                     (ARRAY[pg_temp.digits(i, 2, 18), 'ABNA' || pg_temp.digits(i, 2, 10), 'NWBK' || pg_temp.digits(i, 2, 14),
                            pg_temp.digits(i, 2, 21) || '06', pg_temp.digits(i, 2, 17)])[1 + i % 5] AS bban) AS x;
SELECT is((SELECT count(*) FROM iban WHERE ar.has_card_number(number)), 0::bigint, '4,000 IBANs are none');
SELECT is((SELECT count(*) FROM iban WHERE ar.has_card_number('IBAN ' || rtrim(regexp_replace(number, '(....)', '\1 ', 'g')) || ' BIC COBADEFF')), 0::bigint,
          'nor in print');
SELECT is((SELECT count(*) FROM generate_series(1, 6000) AS i WHERE ar.has_card_number(CASE i % 6
    WHEN 0 THEN 'INV-2026-' || lpad(i::text, 6, '0') WHEN 1 THEN 'RE2026' || lpad(i::text, 8, '0') || ' of 2026-01-15'
    WHEN 2 THEN 'Rg. ' || i || '/2026, ' || i + 1 || '/2026' WHEN 3 THEN 'E2E' || pg_temp.digits(i, 3, 16)
    WHEN 4 THEN ar.payment_reference(i::text, 'QRR') ELSE ar.payment_reference('INV-' || i, 'RF') END)), 0::bigint, 'nor are 6,000 numbers and references');
SELECT is((SELECT count(*) FROM generate_series(1, 2000) AS i WHERE ar.has_card_number(ar.payment_reference(i::text, 'FIK71'))
           OR ar.has_card_number(lpad(i::text, 6, '0') || ' ' || lpad((i + 1)::text, 6, '0') || ' ' || lpad((i + 2)::text, 6, '0'))), 0::bigint,
          'nor what begins with zeros');

-- A run by itself: exactly those of the formula.
CREATE TEMP TABLE run AS SELECT i, pg_temp.digits(i, 5, 10 + i % 13) AS digits FROM generate_series(1, 20000) AS i;
SELECT is((SELECT count(*) FROM run AS r WHERE ar.has_card_number(r.digits) <>
           (length(r.digits) BETWEEN 13 AND 19 AND left(r.digits, 1) <> '0' AND pg_temp.luhn_sum(r.digits) % 10 = 0)), 0::bigint,
          'a run of digits is one if the formula holds, and not else');
SELECT is((SELECT count(*) FROM run AS r WHERE ar.has_card_number('x' || r.digits)), 0::bigint, 'behind a letter it never is');
SELECT is((SELECT count(*) FROM run AS r WHERE ar.mask_card_numbers(r.digits) <> r.digits AND NOT ar.has_card_number(r.digits)), 0::bigint,
          'what is masked is found, too');

-- Where nobody can be asked to correct a text, what would be refused is blanked.
SELECT is((SELECT count(*) FROM card_text AS t WHERE ar.has_card_number(ar.without_card_numbers(t.text, true))) +
          (SELECT count(*) FROM run AS r WHERE ar.has_card_number(ar.without_card_numbers(r.digits, true)) OR NOT ar.has_card_number(r.digits) AND ar.without_card_numbers(r.digits, true) <> r.digits),
          0::bigint, 'blanked, nothing is refused any more, and what was not refused is as it was');
SELECT is(ar.without_card_numbers('INV-2026-000123, 4111 1111-1111 1111, 77', true), 'INV-2026-000123, 4111 11**-**** 1111, 77', 'the rest of the text stays');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
