-- Document numbers in what payers write.
\pset format unaligned
\pset tuples_only on
\pset null '-'

CREATE FUNCTION pg_temp.find(text text, VARIADIC numbers text[]) RETURNS text LANGUAGE sql AS $$
    SELECT text || '  =>  ' || coalesce(string_agg(numbers[f.position] || ' ' || f.strength || ' [' || f.found || ']', ', '), '-')
    FROM ar.find_numbers(text, numbers) AS f
$$;

-- As bank texts have them.
SELECT pg_temp.find(t, 'INV-2026-000123', 'INV-2026-000124', 'INV-2025-000123', 'INV-2026-003704')
FROM unnest(ARRAY[
    '/INV/INV-2026-000123 19.1.2026',
    'Rg.Nr. 2026-123 v. 15.01.26',
    'EREF+2026-01-15-7 SVWZ+INV 2026 000123',
    'INV-2O26-OOO123',
    'INV-2026-OOOI23',
    'inv2026000123',
    'INV 2026 000 123',
    'invoice INV_2026_000123.',
    'INV-2026-00' || E'\n' || '0123',
    U&'INV\20112026\2013000123',
    U&'INV\00A02026\00A0000123',
    U&'F\00FCr2026-000123',
    'Rechnung2026-000123vom15.01.2026',
    '2026000123',
    '2026 000123 thank you',
    '2026/123',
    '2026/0000123',
    'INV/2026/123',
    '2025-123 + 2026-124'
]) WITH ORDINALITY AS x(t, nth) ORDER BY nth;

-- The last group alone: of both years, and not where something beside it says otherwise.
SELECT pg_temp.find(t, 'INV-2026-000123', 'INV-2026-000124', 'INV-2025-000123', 'INV-2026-003704')
FROM unnest(ARRAY[
    'PAYMENT 000123 000124',
    '123',
    'Rechnung 123/2026',
    'Rechnung 123/26',
    '000123 of 2025',
    '1999-000123',
    '000123-88',
    '0171-000123',
    '912345 0001234',
    '3f000123a9 12ab000123cd34',
    'EUR 3704',
    '3704 EUR',
    '3704,- and 3704 %',
    '3704.00 and 1.003704,50',
    U&'3704 \20AC',
    'IBAN DE89 3704 0044 0532 0130 00',
    'IBAN DE89370400440532013000',
    'IBAN DE88 3704 0044 0532 0130 00'
]) WITH ORDINALITY AS x(t, nth) ORDER BY nth;

-- Which of two groups beside a currency is money.
SELECT pg_temp.find(t, 'A-4711', 'B-2026000123')
FROM unnest(ARRAY['50 EUR 2026000123', '2026000123 EUR 50', '4711 EUR 2026000123', '4711 USD', 'ALL 4711', 'all 4711', '50,00 EUR 4711']) WITH ORDINALITY AS x(t, nth) ORDER BY nth;

-- Dates, times and amounts are no numbers, unless a number is written just so.
SELECT pg_temp.find(t, 'RE-15', 'RE-2026', 'RE-1', 'RE-234', 'RE-1234', 'RE-50', '20260115', '1234')
FROM unnest(ARRAY[
    '2026-01-15', '15.01.2026', '15. 1. 2026', '1/15/2026', '15/01/26', '15 Jan 2026', 'January 15, 2026', '10:15:50', '2026-01-15T10:15:50',
    '1,234.50', '1.234,50', '1''234.50', '1234.50', '1234,50 EUR', '20260115'
]) WITH ORDINALITY AS x(t, nth) ORDER BY nth;
SELECT pg_temp.find('2026-01-15', '2026-01-15');
SELECT pg_temp.find('2026-01-15', '2026.01.15');
SELECT pg_temp.find('RE-2026-01-15 of 2026-01-15', 'RE-2026-01-15');
SELECT pg_temp.find('paid 12.03', '12.03', '12/03');

-- Lists and ranges.
SELECT pg_temp.find(t, 'INV-2026-000101', 'INV-2026-000102', 'INV-2026-000103', 'INV-2026-000105', 'CN-2026-000102', 'INV-2026-000010')
FROM unnest(ARRAY[
    'INV-2026-000101, 102 and 103',
    'INV-2026-000101/102/103',
    'INV-2026-000101 + 000103',
    'INV-2026-000101-103',
    'INV-2026-000101 und CN-2026-000102',
    'INV-2026-000101 102',
    'INV-2026-000101, 10 pieces',
    'INV-2026-000101, 15.01.2026, 103',
    '2026-101/102',
    '101-103 + 105'
]) WITH ORDINALITY AS x(t, nth) ORDER BY nth;
SELECT pg_temp.find('INV-101/102/103', 'INV-101', 'INV-102', 'INV-103', 'INV-104');

-- Letters of another series.
SELECT pg_temp.find(t, 'INV-2026-000123', 'CN-2026-000500')
FROM unnest(ARRAY['CN-2026-000123', 'CN 2026 000123', 'CN 123', 'RE-2026-000123', 'RE 123']) WITH ORDINALITY AS x(t, nth) ORDER BY nth;

-- One slip, where no number is found otherwise.
SELECT pg_temp.find(t, 'INV-2026-000123', 'INV-2026-000777')
FROM unnest(ARRAY[
    'INV-2026-000132', 'INV-2026-000128', 'INV-2026-00123', 'INV-2026-0001234', 'IVN-2026-000123', 'NV-2026-000123', '2026000132',
    '202600123', 'INV-2026-000321', 'INV-2025-000123', 'INV-2026-000123 INV-2026-000778'
]) WITH ORDINALITY AS x(t, nth) ORDER BY nth;
SELECT pg_temp.find('12435', '12345');
SELECT pg_temp.find('124356', '123456');

-- Letters for digits need digits beside them.
SELECT pg_temp.find(t, '15123', '505', '80085', 'SO-123', '50105')
FROM unnest(ARRAY['IS 123', 'IS123', 'SOS', 'BOOBS', '8OO85', '50-123', '5O-123', 'SO 123', 'SOIO5', 'SO105']) WITH ORDINALITY AS x(t, nth) ORDER BY nth;

-- Numbers of other forms.
SELECT pg_temp.find(t, 'RE000123', '000456', '4711', '2026-01-000123', '3F2A-9B1C', 'A1', 'RENT', 'Ä-12', '12-34')
FROM unnest(ARRAY[
    'RE123', 'RE 0123', '456', '0456', '00000456', '4711', 'x 4711', 'x4711y', '04711', '471 1', '01-000123', '2026-01-123', '3f2a9b1c', '3f2a 9b1c', 'a1', 'x a1',
    'RENT', 'Ä12', 'Ö12', '12 34', 'x 12 34', '1234'
]) WITH ORDINALITY AS x(t, nth) ORDER BY nth;

-- A longer number takes what a shorter one has of it; equal ones are all told.
SELECT pg_temp.find('INV-2026-000123', '2026-000123', 'INV-2026-000123', '000123', 'INV/2026/000123');
SELECT pg_temp.find('000123', 'A-000123', 'B-000123');

-- A key that more than 1000 share says nothing; nor do other oddities.
SELECT count(*) FROM ar.find_numbers('4711', ARRAY(SELECT 'S' || i || '-4711' FROM generate_series(1, 1000) AS i));
SELECT count(*) FROM ar.find_numbers('4711', ARRAY(SELECT 'S' || i || '-4711' FROM generate_series(1, 1001) AS i));
SELECT * FROM ar.find_numbers('', '{}');
SELECT * FROM ar.find_numbers('x', ARRAY[NULL, '', ' - ']);
SELECT * FROM ar.find_numbers(NULL, '{a}');
SELECT count(*) FROM ar.find_numbers(repeat('7', 64), ARRAY[repeat('7', 64), repeat('7', 65)]);
SELECT count(*) FROM ar.find_numbers(repeat('x', 1048576 - 5) || ' 47110', '{47110}');
SELECT count(*) FROM ar.find_numbers(repeat('x', 1048576 - 6) || ' 47110', '{47110}');

-- Keys.
SELECT n, ar.number_keys(n) FROM unnest('{INV-2026-000123,RE000123,000456,4711,12,RENT,2026-01-000123,A1}'::text[]) AS n;
SELECT ar.number_keys(repeat('7', 40)) <> '{}', ar.number_keys(repeat('7', 41));
SELECT ar.text_keys('Rg.Nr. 2026-123');
SELECT ar.text_keys('15.01.2026 1.234,50 EUR');
SELECT ar.number_keys(NULL), ar.text_keys(NULL);
