-- The type ar.monetary: text and binary form, type modifier, parts, currencies.
SET search_path TO ar, public;
SET timezone TO 'UTC';
SET datestyle TO 'ISO';
\set SHOW_CONTEXT never

-- Runs a statement and tells what came of it.
CREATE FUNCTION pg_temp.outcome(statement text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    result text;
    message text;
    detail text;
BEGIN
    EXECUTE statement INTO result;
    RETURN coalesce(result, 'null');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
    RETURN SQLSTATE || ' ' || message || concat(' / ' || nullif(detail, ''));
END
$$;

--
-- Literals
--
SELECT literal, literal::monetary
FROM unnest(ARRAY[
    'USD 1234.50', '1234.50 USD', 'usd 1234.5', 'Eur 7', '7 eur', 'USD -5.00', '-5.00 USD', '+5 USD', 'USD +5',
    '  USD   5.1  ', E'\tUSD\n5', 'USD .5', 'USD 5.', 'USD -.05', 'USD 0', 'USD -0', 'USD 0.00', 'USD 007',
    'USD 00000000000000000000000000000000001', 'JPY 5', 'JPY 5.', 'BHD 1.5', 'BHD 0.001', 'CLF 0.0001', 'XAU 3', 'XTS 1', 'XXX 1'
]) AS literal;

-- Every malformed literal that somebody may type, and what is said about it.
SELECT literal, pg_temp.outcome(format('SELECT %L::ar.monetary', literal)) AS outcome
FROM unnest(ARRAY[
    '', '   ', '5', '-5.00', 'USD', 'usd ', 'USD5.00', '5.00USD', '5EUR', 'US 5', 'USDX 5', 'ZZZ 5', '5 ZZZ', 'U$D 5', '$ 5', '$5.00', '€ 5', '5 €', 'USD $5', 'USD €5',
    'USD five', 'USD 1,234.50', 'USD 1''234.50', 'USD 1_234', 'USD 1 234.50', '1 234.50 USD', '1,234.50 USD', 'EUR 1.234,50', 'EUR 5,00', 'EUR 1.000',
    'USD 5.001', 'USD 5.000', '5.001 USD', 'JPY 5.0', 'JPY 0.5', 'BHD 1.0001', 'CLF 1.00001', 'XAU 1.5',
    'USD --5', 'USD +-5', 'USD 5-', 'USD 5-3', '-USD 5', '- 5 USD', 'USD - 5', 'USD -', 'USD +', '-', 'USD -5-', '(5.00) USD', 'USD (5.00)',
    'USD 1e5', 'USD 1E+2', '1e5 USD', 'USD 0x1F', 'USD .', '. USD', 'USD 1.2.3', 'USD ..5',
    'NaN', 'USD NaN', 'NaN USD', 'USD Infinity', 'USD -Infinity', '-Infinity USD', 'Infinity USD', 'infinity', 'inf USD', 'USD inf',
    'USD 5 EUR', 'EUR USD 5', '5 USD EUR', 'USD 5 5', 'USD USD', 'USD 5;', 'USD 5 ;', 'USD "5"', '{USD 5}', E'USD\u00a05', 'USD ٥', 'null'
]) AS literal;

--
-- Both ends of the range
--
SELECT code, pg_temp.outcome(format('SELECT %L::ar.monetary', code || ' ' || amount)) AS outcome
FROM (VALUES
    (1, 'JPY', '9223372036854775807'), (2, 'JPY', '9223372036854775808'), (3, 'JPY', '-9223372036854775808'), (4, 'JPY', '-9223372036854775809'),
    (5, 'USD', '92233720368547758.07'), (6, 'USD', '92233720368547758.08'), (7, 'USD', '-92233720368547758.08'), (8, 'USD', '-92233720368547758.09'),
    (9, 'USD', '92233720368547758.1'), (10, 'USD', '92233720368547759'), (11, 'USD', '9223372036854775807'), (12, 'USD', '99999999999999999999999999'),
    (13, 'BHD', '9223372036854775.807'), (14, 'BHD', '9223372036854775.808'), (15, 'BHD', '-9223372036854775.808'), (16, 'BHD', '-9223372036854775.809'),
    (17, 'CLF', '922337203685477.5807'), (18, 'CLF', '922337203685477.5808'), (19, 'CLF', '-922337203685477.5808'), (20, 'CLF', '-922337203685477.5809')
) AS t (n, code, amount)
ORDER BY n;

--
-- Every currency
--
SELECT count(*), count(DISTINCT code), count(DISTINCT numeric_code), bool_and(code ~ '^[A-Z]{3}$'), bool_and(numeric_code ~ '^[0-9]{3}$'), bool_and(name <> '')
FROM currencies();
SELECT minor_unit, count(*), min(code), max(code) FROM currencies() GROUP BY minor_unit ORDER BY minor_unit;
SELECT * FROM currencies() WHERE code IN ('USD', 'EUR', 'JPY', 'BHD', 'CLF', 'ALL', 'TOP', 'VES', 'XAU', 'XXX') ORDER BY code;
SELECT code FROM currencies() WHERE minor_unit NOT IN (0, 2) ORDER BY code;

-- Nobody's decimals are wrong: the canonical text has as many as the list says,
-- in either order and case, and one more is refused.  No row, or a fault.
WITH currency AS (
    SELECT code, minor_unit, CASE WHEN minor_unit = 0 THEN '7' ELSE '7.' || repeat('0', minor_unit - 1) || '1' END AS written
    FROM currencies()
)
SELECT *
FROM currency
WHERE NOT (
    (code || ' ' || written)::monetary::text = code || ' ' || written
    AND (written || ' ' || lower(code))::monetary::text = code || ' ' || written
    AND amount((code || ' -' || written)::monetary)::text = '-' || written
    AND minor_units((code || ' ' || written)::monetary) = 7 * 10 ^ minor_unit + (minor_unit > 0)::integer
    AND monetary(written::numeric, code) = (code || ' ' || written)::monetary
    AND currency((code || ' 1')::monetary) = code
    AND is_currency(code)
    AND pg_temp.outcome(format('SELECT %L::ar.monetary', code || ' ' || CASE minor_unit WHEN 0 THEN '7.0' ELSE written || '0' END))
        LIKE '22P02 invalid input syntax%; ' || code || ' has ' || minor_unit || '.'
);

SELECT code, is_currency(code)
FROM unnest(ARRAY['USD', 'usd', 'Usd', 'ZZZ', 'US', 'USDD', '', ' USD', 'US1', '€€€', NULL]) AS code;

--
-- Constructor, rounding, parts
--
SELECT statement, pg_temp.outcome('SELECT ' || statement) AS outcome
FROM unnest(ARRAY[
    $$ar.monetary(5, 'USD')$$, $$ar.monetary(5.00000, 'usd')$$, $$ar.monetary(-0.001, 'BHD')$$, $$ar.monetary(5.001, 'USD')$$, $$ar.monetary(0.5, 'JPY')$$,
    $$ar.monetary('NaN'::numeric, 'USD')$$, $$ar.monetary('Infinity'::numeric, 'USD')$$, $$ar.monetary('-Infinity'::numeric, 'USD')$$,
    $$ar.monetary(5, 'ZZZ')$$, $$ar.monetary(5, '')$$, $$ar.monetary(5, 'US')$$, $$ar.monetary(5, 'USDD')$$, $$ar.monetary(5, NULL)$$, $$ar.monetary(NULL::numeric, 'USD')$$,
    $$ar.monetary(92233720368547758.07, 'USD')$$, $$ar.monetary(92233720368547758.08, 'USD')$$, $$ar.monetary(-92233720368547758.08, 'USD')$$, $$ar.monetary(-92233720368547758.09, 'USD')$$,
    $$ar.monetary(1e100, 'USD')$$, $$ar.monetary(1e-100, 'USD')$$,
    $$ar.round('NaN'::numeric, 'USD')$$, $$ar.round('Infinity'::numeric, 'USD')$$, $$ar.round(5, 'ZZZ')$$, $$ar.round(5, 'USD', 'nearest')$$, $$ar.round(5, 'USD', '')$$, $$ar.round(5, 'USD', NULL)$$,
    $$ar.round(92233720368547758.074, 'USD')$$, $$ar.round(92233720368547758.075, 'USD')$$, $$ar.round(92233720368547758.075, 'USD', 'down')$$, $$ar.round(-92233720368547758.085, 'USD')$$, $$ar.round(-92233720368547758.081, 'USD', 'up')$$,
    $$ar.round(1e-1000, 'USD', 'up')$$, $$ar.round(-1e-1000, 'USD', 'up')$$, $$ar.round(1e-1000, 'USD')$$
]) AS statement;

SELECT amount, round(amount, 'USD') AS "default", round(amount, 'USD', 'half_even') AS half_even, round(amount, 'USD', 'half_up') AS half_up,
    round(amount, 'USD', 'up') AS up, round(amount, 'USD', 'down') AS down, round(amount * 100, 'JPY') AS jpy
FROM unnest(ARRAY[0, 0.004, 0.005, 0.0050000000000000000000000000000000001, 0.006, 0.015, 0.025, 0.0249999999999999999999999999999999, 1.01, 1.011,
    -0.004, -0.005, -0.006, -0.015, -0.025, -1.011]) AS amount;

SELECT m, amount(m), m::numeric, currency(m), minor_units(m), sign(m), abs(m)
FROM unnest('{USD 1234.50,USD -0.05,JPY 0,BHD -1.234,CLF 0.0001}'::monetary[]) AS m;
SELECT amount(NULL), currency(NULL), minor_units(NULL), sign(NULL::monetary), abs(NULL::monetary);

-- No cast is implicit, and a text is assigned as a driver may send it.
SELECT castsource::regtype, casttarget::regtype, castcontext, castmethod
FROM pg_cast
WHERE 'ar.monetary'::regtype IN (castsource, casttarget)
ORDER BY 1, 2;
CREATE TEMPORARY TABLE assigned (m monetary, e monetary('EUR'));
INSERT INTO assigned SELECT 'USD 1'::text, 'EUR 2'::varchar;
INSERT INTO assigned SELECT 'USD 1'::text, 'USD 2'::varchar;
INSERT INTO assigned SELECT 5::numeric, NULL;
SELECT * FROM assigned;

--
-- Type modifier
--
CREATE TABLE typed (id integer PRIMARY KEY, any_currency monetary, euro monetary('EUR') DEFAULT 'EUR 0', yen monetary(jpy), many monetary('EUR')[]);
\d typed
INSERT INTO typed VALUES (1, 'USD 1', 'EUR 1', 'JPY 1', '{EUR 1,NULL,EUR 2}');
INSERT INTO typed (id) VALUES (2);
INSERT INTO typed VALUES (3, 'USD 1', 'USD 1');
INSERT INTO typed VALUES (3, 'USD 1', 'EUR 1', 'EUR 1');
INSERT INTO typed VALUES (3, 'USD 1', 'EUR 1', 'JPY 1', '{EUR 1,USD 2}');
INSERT INTO typed (id, euro) SELECT 3, any_currency FROM typed WHERE id = 1;
UPDATE typed SET euro = any_currency WHERE id = 1;
SELECT * FROM typed ORDER BY id;
SELECT 'EUR 5'::monetary('EUR'), 'USD 5'::monetary('eur');
SELECT 'USD 5'::monetary::monetary('EUR');
SELECT '{EUR 5,EUR 6}'::monetary('EUR')[], '{EUR 5,USD 6}'::monetary[]::monetary('EUR')[];
SELECT CAST('EUR 5' AS monetary('EUR')), NULL::monetary('EUR');
SELECT 'EUR 5'::monetary('ZZZ');
SELECT 'EUR 5'::monetary('EUR', 'USD');
SELECT 'EUR 5'::monetary('');
SELECT monetary_typmod_out(monetary_typmod_in('{EUR}')), monetary_typmod_out(-1), format_type('ar.monetary'::regtype, monetary_typmod_in('{usd}'));
SELECT monetary_typmod_in('{NULL}');
SELECT monetary_typmod_in('{}');
ALTER TABLE typed ALTER any_currency TYPE monetary('EUR');
ALTER TABLE typed ALTER any_currency TYPE monetary('USD');
ALTER TABLE typed ALTER yen TYPE monetary;
ALTER TABLE typed ALTER euro TYPE numeric USING amount(euro), ALTER euro DROP DEFAULT;
\d typed
SELECT * FROM typed ORDER BY id;
DROP TABLE typed;
CREATE DOMAIN dollars AS monetary('USD') CHECK (sign(VALUE) >= 0);
SELECT 'USD 5'::dollars;
SELECT 'EUR 5'::dollars;
SELECT 'USD -5'::dollars;
DROP DOMAIN dollars;

--
-- Binary form: frozen
--
SELECT m, monetary_send(m) FROM unnest('{USD 0,USD 0.01,USD -0.01,JPY 9223372036854775807,JPY -9223372036854775808,BHD 1.234,CLF 1}'::monetary[]) AS m;
CREATE TEMPORARY TABLE sent AS
    SELECT m FROM currencies(), LATERAL (VALUES (code || ' 0'), (code || ' 7'), (code || ' -7')) AS literal (text), LATERAL (SELECT text::monetary AS m) AS parsed
    UNION ALL SELECT unnest('{NULL,USD 92233720368547758.07,USD -92233720368547758.08}'::monetary[]);
CREATE TEMPORARY TABLE received (m monetary);
\copy sent TO PROGRAM 'cat > "${PG_ABS_BUILDDIR:-/tmp}/monetary.binary"' (FORMAT binary)
\copy received FROM PROGRAM 'cat "${PG_ABS_BUILDDIR:-/tmp}/monetary.binary" && rm "${PG_ABS_BUILDDIR:-/tmp}/monetary.binary"' (FORMAT binary)
SELECT (SELECT count(*) FROM sent) AS sent, (SELECT count(*) FROM received) AS received,
    (SELECT count(*) FROM (TABLE sent EXCEPT ALL TABLE received) AS lost) AS lost;

-- What a client may send by mistake or malice, behind the header of a file
-- with one row of one field.
TRUNCATE received;
CREATE TEMPORARY TABLE received_euro (m monetary('EUR'));
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\015\\001USD\\002\\0\\0\\0\\0\\0\\0\\001\\000\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\015\\002USD\\002\\0\\0\\0\\0\\0\\0\\001\\000\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\015\\001ZZZ\\002\\0\\0\\0\\0\\0\\0\\001\\000\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\015\\001usd\\002\\0\\0\\0\\0\\0\\0\\001\\000\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\015\\001USD\\003\\0\\0\\0\\0\\0\\0\\001\\000\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\014\\001USD\\002\\0\\0\\0\\0\\0\\0\\001\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\016\\001USD\\002\\0\\0\\0\\0\\0\\0\\001\\000\\001\\377\\377"' (FORMAT binary)
\copy received FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\0\\377\\377"' (FORMAT binary)
\copy received_euro FROM PROGRAM 'printf "PGCOPY\\n\\377\\r\\n\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\001\\0\\0\\0\\015\\001USD\\002\\0\\0\\0\\0\\0\\0\\001\\000\\377\\377"' (FORMAT binary)
SELECT * FROM received;
SELECT * FROM received_euro;

-- The bytes on disk: 12 of them, at the alignment of an integer.
SELECT typlen, typalign, typbyval, typstorage, typcategory FROM pg_type WHERE oid = 'ar.monetary'::regtype;

-- Anybody may use the type.
CREATE ROLE regress_ar_anybody;
SET ROLE regress_ar_anybody;
SELECT 'USD 1'::monetary + 'USD 2', sum(m), currency(max(m)) FROM unnest('{USD 1,USD 2}'::monetary[]) AS m;
RESET ROLE;
DROP ROLE regress_ar_anybody;

-- The canonical form is read by a way of its own, up to 18 digits: both ways agree.
SELECT written, written::monetary AS read, written::monetary = ('  ' || written)::monetary AS same
FROM unnest(ARRAY['JPY 99999999999999999', 'JPY 999999999999999999', 'JPY 1000000000000000000', 'JPY -999999999999999999', 'JPY -1000000000000000000', 'USD 999999999999999.99', 'USD 9999999999999999.99', 'USD -9999999999999999.99', 'USD 10000000000000000.00',
    'usd 0.00', 'USD -0.00', 'USD -0.01', 'BHD 0.001', 'CLF -0.0001', 'USD 00000000000000000000000001.00', 'USD 1', 'USD 1.5', 'USD 1.', 'USD .50']) AS written;
SELECT count(*) AS differences
FROM currencies(), unnest('{0,1,-1,9,-10,99,100,-101,12345,-99999,9999999999,-123456789012345678,999999999999999999,-9223372036854775808,9223372036854775807}'::bigint[]) AS minor,
    LATERAL (SELECT monetary(minor * ('1e-' || minor_unit)::numeric, code) AS m) AS made
WHERE m::text <> code || ' ' || (minor * ('1e-' || minor_unit)::numeric)::text OR minor_units(m::text::monetary) <> minor OR m::text::monetary <> ('  ' || m::text)::monetary;
