-- party: ledgers, customers, and the date on which business is done.
BEGIN;
\ir helper.psql
SELECT plan(45);

-- A ledger.
SELECT lives_ok($$SELECT ar.create_ledger('TEST', 'Test Company', 'eur', 'Europe/Berlin', 'net 14')$$,
    'a ledger is created');
SELECT results_eq($$SELECT code, name, currency, timezone, terms::text FROM ar.ledger WHERE code = 'TEST'$$,
    $$VALUES ('TEST', 'Test Company', 'EUR', 'Europe/Berlin', 'net 14')$$,
    'with what it was given, the currency in capitals');
SELECT results_eq($$SELECT series, pattern, digits::integer, next_number FROM ar.document_series
                    WHERE ledger_id = pg_temp.ledger()$$,
    $$VALUES ('invoice', 'INV-{year}-{number}', 6, 1::bigint)$$, 'and with its series of invoice numbers');
SELECT ar.create_ledger(code => 'PLAIN', name => 'Plain', currency => 'USD') AS plain \gset
SELECT is(:plain, pg_temp.ledger('PLAIN'),
    'its ledger_id is returned');
SELECT results_eq($$SELECT timezone, terms::text FROM ar.ledger WHERE code = 'PLAIN'$$,
    $$VALUES ('UTC', 'net 30')$$, 'time zone and terms are UTC and net 30 unless given');

SELECT throws_ok($$SELECT ar.create_ledger('TEST', 'Another', 'EUR')$$, '23505', NULL, 'a code is given once');
SELECT is(pg_temp.outcome($$SELECT ar.create_ledger('X', 'X', 'EUX')$$, 'constraint'),
    '23514 ledger_currency_check', 'an unknown currency is refused');
SELECT throws_ok($$SELECT ar.create_ledger('X', 'X', 'EUR', 'Europe/Atlantis')$$, '22023', NULL,
    'an unknown time zone is refused');
SELECT throws_ok($$SELECT ar.create_ledger('X', 'X', 'EUR', 'UTC', 'whenever')$$, '22P02', NULL,
    'malformed terms are refused');
SELECT is(pg_temp.outcome($$SELECT ar.create_ledger('', 'X', 'EUR')$$, 'constraint'),
    '23514 ledger_code_check', 'an empty code is refused');
SELECT throws_ok($$SELECT ar.create_ledger(NULL, 'X', 'EUR')$$, '23502', NULL, 'a ledger needs a code');
SELECT throws_ok($$SELECT ar.create_ledger('X', NULL, 'EUR')$$, '23502', NULL, 'and a name');
SELECT throws_ok($$SELECT ar.create_ledger('X', 'X', NULL)$$, '23502', NULL, 'and a currency');
SELECT throws_ok($$SELECT ar.create_ledger('X', 'X', 'EUR', NULL)$$, '23502', NULL, 'and a time zone');
SELECT throws_ok($$UPDATE ar.ledger SET currency = 'eur' WHERE code = 'TEST'$$, '23514', NULL,
    'in the table a currency stands in capitals only');
SELECT is((SELECT count(*) FROM ar.document_series AS s
           WHERE NOT EXISTS (SELECT FROM ar.ledger AS l WHERE l.ledger_id = s.ledger_id)), 0::bigint,
    'no refused ledger has left a series');

-- A customer.
SELECT ar.create_customer(ledger_id => pg_temp.ledger(), code => 'C1', name => 'First', terms => '2/10 net 30',
                          credit_limit => 'EUR 100.50', external_id => 'crm-1') AS c1 \gset
SELECT is(:c1::bigint, pg_temp.customer('C1'), 'a customer is created, and its customer_id returned');
SELECT results_eq($$SELECT name, terms::text, credit_limit::text, external_id FROM ar.customer
                    WHERE customer_id = pg_temp.customer('C1')$$,
    $$VALUES ('First', '2/10 net 30', 'EUR 100.50', 'crm-1')$$, 'with what it was given');
SELECT ar.create_customer(pg_temp.ledger(), 'C2', 'Second') AS c2 \gset
SELECT is(:c2::bigint, pg_temp.customer('C2'), 'code and name are enough');
SELECT results_eq($$SELECT terms::text, credit_limit::text, external_id FROM ar.customer
                    WHERE customer_id = pg_temp.customer('C2')$$,
    $$VALUES (NULL, NULL, NULL)$$, 'then there are no terms of its own, no limit, no external id');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(-1, 'C', 'C')$$, 'all'),
    E'23503: ledger -1 does not exist\nCreate it with ar.create_ledger().', 'a customer needs a ledger that exists');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C1', 'Twice')$$, 'constraint'),
    '23505 customer_code_key', 'a code is given once in a ledger');
SELECT lives_ok($$SELECT ar.create_customer(pg_temp.ledger('PLAIN'), 'C1', 'Elsewhere')$$,
    'and again in another ledger');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C3', 'C', NULL, 'EUR -0.01')$$, 'constraint'),
    '23514 customer_credit_limit_check', 'a negative limit is refused');
SELECT lives_ok($$SELECT ar.create_customer(pg_temp.ledger(), 'ZERO', 'C', NULL, 'EUR 0')$$, 'a limit of zero is one');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), '', 'C')$$, 'constraint'),
    '23514 customer_code_check', 'an empty code is refused');
SELECT throws_ok($$SELECT ar.create_customer(pg_temp.ledger(), NULL, 'C')$$, '23502', NULL, 'a customer needs a code');
SELECT throws_ok($$SELECT ar.create_customer(pg_temp.ledger(), 'C', NULL)$$, '23502', NULL, 'and a name');
SELECT throws_ok($$SELECT ar.create_customer(NULL, 'C', 'C')$$, '23502', NULL, 'and a ledger');

-- The same external id again: the first result, or RA006.
SELECT is(ar.create_customer(pg_temp.ledger(), 'C1', 'First', ' 2/10  net 30 ', '100.50 EUR', 'crm-1'),
    pg_temp.customer('C1'), 'the same again returns the first, however terms and limit are written');
SELECT is((SELECT count(*) FROM ar.customer WHERE ledger_id = pg_temp.ledger() AND external_id = 'crm-1'), 1::bigint,
    'and makes no second');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C1', 'Renamed', '2/10 net 30', 'EUR 100.50', 'crm-1')$$, 'all'),
    E'RA006: external id "crm-1" was used for another customer\n'
    'The same external id again must come with the same payload.\n'
    'Give each write an external id of its own.', 'with another name it is an error that says what to do');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C9', 'First', '2/10 net 30', 'EUR 100.50', 'crm-1')$$),
    'RA006', 'with another code, too');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C1', 'First', 'net 30', 'EUR 100.50', 'crm-1')$$),
    'RA006', 'with other terms, too');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C1', 'First', '2/10 net 30', 'EUR 100.51', 'crm-1')$$),
    'RA006', 'with another limit, too');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'C1', 'First', '2/10 net 30', NULL, 'crm-1')$$),
    'RA006', 'without the limit, too');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger('PLAIN'), 'OTHER', 'Other', NULL, NULL, 'crm-1')$$),
    'done', 'in another ledger the external id is free');
INSERT INTO ar.customer (ledger_id, code, name, external_id) VALUES (pg_temp.ledger(), 'DIRECT', 'Direct', 'crm-2');
SELECT is(pg_temp.outcome($$SELECT ar.create_customer(pg_temp.ledger(), 'DIRECT', 'Direct', NULL, NULL, 'crm-2')$$),
    'RA006', 'an external id that somebody wrote straight into the table is never taken for the same');
SELECT throws_ok($$INSERT INTO ar.customer (ledger_id, code, name, external_id) VALUES (pg_temp.ledger(), 'D', 'D', 'crm-2')$$,
    '23505', NULL, 'the table itself holds an external id once');

-- The business date. 25 hours lie between these two islands: never do they have the same date.
SELECT ar.create_ledger('EAST', 'Kiritimati', 'AUD', 'Pacific/Kiritimati'),
       ar.create_ledger('WEST', 'Pago Pago', 'USD', 'Pacific/Pago_Pago');
SELECT cmp_ok(ar.business_date(pg_temp.ledger('EAST')), '>', ar.business_date(pg_temp.ledger('WEST')),
    'the day begins in the east');
SELECT is(ARRAY[ar.business_date(pg_temp.ledger('EAST')), ar.business_date(pg_temp.ledger('WEST'))],
    ARRAY[(now() AT TIME ZONE 'UTC' + interval '14 hours')::date, (now() AT TIME ZONE 'UTC' - interval '11 hours')::date],
    'the business date is the date at the place of the ledger');
SET LOCAL timezone TO 'Pacific/Pago_Pago';
SELECT is(ar.business_date(pg_temp.ledger('EAST')), (now() AT TIME ZONE 'UTC' + interval '14 hours')::date,
    'whatever the time zone of the session');
SELECT ar.create_customer(pg_temp.ledger('EAST'), 'C', 'C');
SELECT ar.create_invoice(pg_temp.ledger('EAST'), pg_temp.customer('C', 'EAST'), '[{"unit_price": 1}]');
SELECT ar.record_payment(pg_temp.ledger('EAST'), pg_temp.customer('C', 'EAST'), 'AUD 1');
SELECT is(ARRAY[(SELECT v.invoiced_on FROM ar.invoice AS v WHERE v.ledger_id = pg_temp.ledger('EAST')),
                (SELECT p.received_on FROM ar.payment AS p WHERE p.ledger_id = pg_temp.ledger('EAST'))],
    array_fill((now() AT TIME ZONE 'UTC' + interval '14 hours')::date, '{2}'),
    'invoices and payments without a date take it');
SELECT is(pg_temp.outcome('SELECT ar.business_date(-1)', 'all'),
    E'23503: ledger -1 does not exist\nCreate it with ar.create_ledger().', 'there is none without a ledger');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
