-- Structured payment references.
\pset format unaligned
\pset tuples_only on
\pset null '-'

SELECT * FROM ar.payment_reference_schemes();

-- Examples that the banks, or those who explain their rules, publish: body and reference.
SELECT e.scheme, e.reference, ar.payment_reference(e.body, e.scheme), ar.is_payment_reference(e.reference, e.scheme)
FROM (VALUES
    ('RF', '539007547034', 'RF18539007547034'),
    ('QRR', '21000000000313947143000901', '210000000003139471430009017'),
    ('ESR', '21000000000313947143000901', '210000000003139471430009017'),
    ('OGM', '0909337554', '090933755493'),
    ('VIITE', '1234567', '12345672'),
    ('VIITENUMBER', '1234567', '12345672'),
    ('KID11', '12955', '129550'),
    ('OCR_LENGTH', '2019121', '201912193'),
    ('FIK71', '00404040000066', '004040400000669'),
    ('BETALINGSKENMERK', '000056789012345', '5000056789012345')
) AS e(scheme, body, reference);

-- Of a document number the digits are kept, of too many the last; short ones are padded.
SELECT s.scheme, ar.payment_reference('INV-2026/000 123', s.scheme), ar.payment_reference('7', s.scheme),
       ar.payment_reference(repeat('1234567890', 4), s.scheme)
FROM ar.payment_reference_schemes() AS s;
SELECT ar.payment_reference('0000', 'OGM'), ar.payment_reference('x', 'QRR'), ar.payment_reference('', 'OCR'), ar.payment_reference('', 'RF'),
       ar.payment_reference(NULL, 'RF'), ar.payment_reference('1', NULL);
SELECT ar.payment_reference('1', 'ogm') = ar.payment_reference('1', 'OGM');

-- The rest of a division that is 0 is written 97, 10 as a minus.
SELECT ar.payment_reference('97', 'OGM'), ar.payment_reference('6', 'KID11'), ar.is_payment_reference('6-', 'KID11'), ar.is_payment_reference('60', 'KID11');

-- As people write them; and what is none.
SELECT e.scheme, e.reference, ar.is_payment_reference(e.reference, e.scheme)
FROM (VALUES
    ('OGM', '+++090/9337/55493+++'), ('OGM', '***090/9337/55493***'), ('OGM', '090 9337 55493'), ('OGM', '090-9337-55493'),
    ('OGM', '090933755494'), ('OGM', '0909337554930'), ('OGM', '000000000097'), ('OGM', ''),
    ('QRR', '21 00000 00003 13947 14300 09017'), ('QRR', '21 00000 00003 13947 14300 09071'), ('QRR', '1003139471430009017'),
    ('QRR', '000000000000000000000000000'), ('ESR', '0000000000000011'), ('ESR', '1234567890123452'), ('ESR', '12345678901234567'),
    ('VIITE', '1234 5672'), ('VIITE', '00012345672'), ('VIITE', '12345673'), ('VIITE', '123'), ('VIITE', '1232'), ('VIITE', '123456789012345678901'),
    ('VIITENUMBER', '13'), ('KID10', '2345676'), ('KID10', '2345675'), ('OCR', '18108401345678778'), ('OCR', '18108401345678777'),
    ('OCR_LENGTH', '201912192'), ('OCR', '201912193'), ('FIK75', '0000000000000026'), ('FIK71', '0000000000000026'),
    ('BETALINGSKENMERK', '5000 0567 8901 2345'), ('BETALINGSKENMERK', '6000056789012345'),
    ('SI12', 'SI12 1230'), ('SI12', 'si12 12345678'), ('SI12', '1230'), ('SI12', 'SI00 123'),
    ('RF', 'rf18 5390 0754 7034'), ('RF', 'RF19539007547034')
) AS e(scheme, reference);
SELECT ar.payment_reference('1234567', 'SI12'), ar.payment_reference('123', 'SI12');

SELECT ar.payment_reference('1', 'IBAN');
SELECT ar.is_payment_reference('1', '');

-- The form in which they are compared.
SELECT quote_literal(r), ar.normal_reference(r)
FROM unnest(ARRAY['+++090/9337/55493+++', 'rf18 5390 0754 7034', '000123', '0000', 'a-0', 'Ä 1', ' / ', '']) AS r;
SELECT ar.normal_reference(NULL);

-- In texts.
SELECT t, f.scheme, f.reference
FROM unnest(ARRAY[
    'pay RF18 5390 0754 7034 thanks',
    'SVWZ+RF18539007547034EREF+1',
    'SVWZ+RF18539007547034 EREF+1',
    'rf18539007547034',
    'RF18 539007547034',
    'RF18 5390 0754 7035',
    'XRF18539007547034',
    'RF33 2348 236 and RF18539007547034',
    '/QRR/210000000003139471430009017/',
    '21 00000 00003 13947 14300 09017',
    '21 0000 000003 13947 14300 09017',
    '2100000000031394714300090170',
    'x210000000003139471430009017',
    '+++090/9337/55493+++',
    '***090/9337/55493***',
    'ref 090933755493.',
    '090933755494',
    '1090/9337/55493',
    '090/9337/554931',
    'nothing'
]) WITH ORDINALITY AS x(t, nth)
LEFT JOIN LATERAL ar.find_payment_references(t) AS f ON true
ORDER BY nth;
SELECT * FROM ar.find_payment_references(NULL);
