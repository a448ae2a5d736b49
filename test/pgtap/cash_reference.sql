-- Protects the check digits of payment references, against oracles that compute them in another way: with whole numbers of
-- any length, sums over all digits at once, and the definition of the recursive table as a permutation.

BEGIN;
\ir helper.psql
SELECT plan(24);

-- Digits of a text from the right, with their place from 0.
CREATE FUNCTION pg_temp.digits(t text) RETURNS TABLE (place integer, digit integer) LANGUAGE sql IMMUTABLE AS
$$ SELECT (length(t) - nth)::integer, d::integer FROM regexp_split_to_table(t, '') WITH ORDINALITY AS s(d, nth) $$;
CREATE FUNCTION pg_temp.weighted(t text, weights integer[]) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT sum(d.digit * weights[1 + d.place % cardinality(weights)]) FROM pg_temp.digits(t) AS d $$;
-- The check digit by trial: the one that makes the sum over all digits a multiple of ten.
CREATE FUNCTION pg_temp.luhn(body text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT c::text FROM generate_series(0, 9) AS c
    WHERE (SELECT sum(CASE WHEN d.place % 2 = 1 THEN (ARRAY[0, 2, 4, 6, 8, 1, 3, 5, 7, 9])[1 + d.digit] ELSE d.digit END)
           FROM pg_temp.digits(body || c) AS d) % 10 = 0
$$;
CREATE FUNCTION pg_temp.recursive(body text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    -- The ten rows of the table as they are printed.
    rows CONSTANT text[] := '{0946827135,9468271350,4682713509,6827135094,8271350946,2713509468,7135094682,1350946827,3509468271,5094682713}';
    carry integer := 0;
    c text;
BEGIN
    FOREACH c IN ARRAY regexp_split_to_array(body, '') LOOP
        carry := substr(rows[1 + carry], 1 + c::integer, 1)::integer;
    END LOOP;
    RETURN (10 - carry) % 10;
END
$$;

CREATE TEMP TABLE drawn AS
SELECT i, ltrim(translate(md5(i || 'a') || md5(i || 'b'), 'abcdef', '012345'), '0') AS digits FROM generate_series(1, 2000) AS i;
-- A body of the scheme's length for each.
CREATE TEMP TABLE body AS
SELECT s.scheme, right(d.digits, CASE s.scheme
    WHEN 'QRR' THEN 26 WHEN 'ESR' THEN 26 WHEN 'OGM' THEN 10 WHEN 'FIK71' THEN 14 WHEN 'FIK75' THEN 15 WHEN 'BETALINGSKENMERK' THEN 15
    WHEN 'VIITE' THEN 3 + d.i % 17 WHEN 'VIITENUMBER' THEN 1 + d.i % 19 WHEN 'SI12' THEN 1 + d.i % 12
    WHEN 'OCR_LENGTH' THEN 1 + d.i % 23 ELSE 1 + d.i % 24 END) AS body
FROM drawn AS d, ar.payment_reference_schemes() AS s WHERE s.scheme <> 'RF';
DELETE FROM body WHERE body ~ '^0*$';
CREATE TEMP TABLE made AS SELECT b.*, ar.payment_reference(b.body, b.scheme) AS reference FROM body AS b;

CREATE FUNCTION pg_temp.expected(scheme text, body text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN scheme IN ('QRR', 'ESR') THEN body || pg_temp.recursive(body)
        WHEN scheme = 'OGM' THEN body || lpad(coalesce(nullif(body::numeric % 97, 0), 97)::text, 2, '0')
        WHEN scheme IN ('VIITE', 'VIITENUMBER') THEN body || (ceil(pg_temp.weighted(body, '{7,3,1}') / 10.0) * 10 - pg_temp.weighted(body, '{7,3,1}'))
        WHEN scheme IN ('KID10', 'OCR', 'FIK71', 'FIK75') THEN body || pg_temp.luhn(body)
        WHEN scheme = 'OCR_LENGTH' THEN body || (length(body) + 2) % 10 || pg_temp.luhn(body || (length(body) + 2) % 10)
        WHEN scheme = 'KID11' THEN body || substr('0123456789-', 1 + ((-pg_temp.weighted(body, '{2,3,4,5,6,7}')) % 11 + 11)::integer % 11, 1)
        WHEN scheme = 'SI12' THEN 'SI12' || body || substr('01234567890', 1 + ((-pg_temp.weighted(body, '{2,3,4,5,6,7,8,9,10,11,12,13}')) % 11 + 11)::integer % 11, 1)
        -- The weights are the powers of two modulo 11.
        WHEN scheme = 'BETALINGSKENMERK' THEN substr('01234567891', 1 + ((-(SELECT sum(d.digit * 2::numeric ^ (d.place + 1)) FROM pg_temp.digits(body) AS d)) % 11 + 11)::integer % 11, 1) || body
    END
$$;

SELECT is((SELECT count(*) FROM made AS m WHERE m.scheme = s.scheme AND m.reference <> pg_temp.expected(m.scheme, m.body)), 0::bigint,
          s.scheme || ': the check digits are right')
FROM ar.payment_reference_schemes() AS s WHERE s.scheme <> 'RF' ORDER BY s.scheme;
SELECT is((SELECT count(*) FROM made AS m WHERE m.reference IS NULL OR NOT ar.is_payment_reference(m.reference, m.scheme)), 0::bigint,
          'every reference that is made is one');
SELECT is((SELECT count(*) FROM drawn AS d WHERE ar.payment_reference(d.digits, 'RF') <> ar.creditor_reference(d.digits)), 0::bigint,
          'RF is the creditor reference');

-- One digit wrong is noticed by every scheme whose check digits can.
CREATE TEMP TABLE wrong AS
SELECT m.scheme, overlay(m.reference PLACING ((substr(m.reference, p, 1)::integer + 1 + p % 9) % 10)::text FROM p FOR 1) AS reference
FROM made AS m, LATERAL generate_series(1, length(m.reference)) AS p
WHERE substr(m.reference, p, 1) BETWEEN '0' AND '9' AND m.scheme NOT IN ('SI12', 'BETALINGSKENMERK');
SELECT cmp_ok((SELECT count(*) FROM wrong), '>', 200000::bigint, 'so many references have a wrong digit');
SELECT is((SELECT count(*) FROM wrong AS w WHERE ar.is_payment_reference(w.reference, w.scheme)), 0::bigint, 'and none of them is one');
-- Two digits exchanged are noticed where the modulus is a prime; Luhn's formula, 7 3 1 and the recursive table miss some.
SELECT is((
    SELECT count(*) FROM made AS m, LATERAL generate_series(1, length(m.reference) - 1) AS p
    WHERE m.scheme IN ('OGM', 'KID11') AND m.reference ~ '^[0-9]+$' AND substr(m.reference, p, 1) <> substr(m.reference, p + 1, 1)
      AND ar.is_payment_reference(overlay(m.reference PLACING substr(m.reference, p + 1, 1) || substr(m.reference, p, 1) FROM p FOR 2), m.scheme)), 0::bigint, 'two neighbours exchanged are noticed by OGM and KID11');

-- Found in texts, whatever stands beside them.
CREATE TEMP TABLE text_of AS
SELECT m.scheme, m.reference, format('SVWZ+Invoice %s of 15.01.2026 %s 1.234,50 EUR', left(m.body, 5), CASE m.scheme
    WHEN 'QRR' THEN (ARRAY[m.reference, regexp_replace(m.reference, '^(..)(.{5})(.{5})(.{5})(.{5})(.{5})$', '\1 \2 \3 \4 \5 \6')])[1 + length(m.body) % 2]
    WHEN 'OGM' THEN (ARRAY[m.reference, regexp_replace(m.reference, '^(...)(....)(.....)$', '+++\1/\2/\3+++')])[1 + left(m.body, 1)::integer % 2]
    END) AS text
FROM made AS m WHERE m.scheme IN ('QRR', 'OGM');
SELECT is((SELECT count(*) FROM text_of AS t WHERE NOT EXISTS (
    SELECT FROM ar.find_payment_references(t.text) AS f WHERE f.scheme = t.scheme AND f.reference = ar.normal_reference(t.reference))), 0::bigint,
    'QRR and OGM are found in texts');
SELECT is((SELECT count(*) FROM drawn AS d, LATERAL (SELECT ar.payment_reference('INV-' || right(d.digits, 1 + d.i % 17), 'RF') AS reference) AS r
    WHERE NOT EXISTS (
        SELECT FROM ar.find_payment_references('EREF+1 ' || CASE d.i % 3 WHEN 0 THEN r.reference WHEN 1 THEN lower(r.reference)
            ELSE rtrim(regexp_replace(r.reference, '(.{4})', '\1 ', 'g')) END || ', thanks') AS f
        WHERE f.scheme = 'RF' AND f.reference = r.reference)), 0::bigint, 'RF is found in texts, in print and in one piece');
SELECT is((SELECT count(*) FROM drawn AS d, LATERAL ar.find_payment_references(substr(d.digits, 1, 40) || ' RF' || d.digits || ' ' || substr(d.digits, 3, 9)) AS f
    WHERE NOT ar.is_payment_reference(f.reference, f.scheme) AND NOT ar.is_payment_reference(lpad(f.reference, 27, '0'), f.scheme)
      AND NOT ar.is_payment_reference(lpad(f.reference, 12, '0'), f.scheme)), 0::bigint, 'what is found has the right check digits');

-- The normal form is one: of itself, of every spelling.
SELECT is((SELECT count(*) FROM made AS m WHERE ar.normal_reference(m.reference) <> upper(regexp_replace(m.reference, '^0+|-', '', 'g'))), 0::bigint,
          'the normal form drops zeros and signs');
SELECT is((SELECT count(*) FROM made AS m WHERE ar.normal_reference(ar.normal_reference(m.reference)) <> ar.normal_reference(m.reference)
           OR ar.normal_reference(lower(regexp_replace(m.reference, '(...)', ' \1/', 'g'))) <> ar.normal_reference(m.reference)), 0::bigint,
          'and is that of every spelling');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
