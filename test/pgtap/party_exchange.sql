-- party: exchange rates.
-- Protects: a missing rate is an error, never 1; the rate of a day is found, whichever way round it is written; amounts are rounded
-- once; a rate of the past is a fact, one of the future refused. The worked numbers are those of the notes on foreign exchange.
BEGIN;
\ir helper.psql
SELECT plan(47);
SELECT ar.create_ledger('TEST', 'Test Company', 'EUR', 'Europe/Berlin'), ar.create_ledger('OTHER', 'Other', 'USD');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate, source) VALUES
    (pg_temp.ledger(), 'EUR', 'USD', '2026-01-05', 1.20, 'ECB'), (pg_temp.ledger(), 'EUR', 'USD', '2026-02-02', 1.10, 'ECB'),
    (pg_temp.ledger(), 'GBP', 'EUR', '2026-01-05', 1.15, 'ECB'), (pg_temp.ledger(), 'EUR', 'JPY', '2026-01-05', 160, 'ECB'),
    (pg_temp.ledger(), 'CNY', 'EUR', '2026-01-05', 5, 'made up'), (pg_temp.ledger(), 'CNY', 'EUR', '2026-02-02', 4.30, 'made up'),
    (pg_temp.ledger(), 'CHF', 'EUR', '2026-01-05', 3.0, 'made up'), (pg_temp.ledger(), 'EUR', 'KWD', '2026-01-05', 0.333, 'made up');

-- Which rate.
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'EUR', 'USD', '2026-01-05'), 1.20, 'a rate holds from its day');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'EUR', 'USD', '2026-02-01'), 1.20, 'until the day before the next');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'EUR', 'USD', '2026-02-02'), 1.10, 'when that begins');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'EUR', 'USD', '2099-12-31'), 1.10, 'and the last one holds on');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'EUR', 'USD'), 1.10, 'without a day it is that of today');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'eur', 'usd', '2026-01-05'), 1.20, 'small letters will do');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'EUR', 'EUR', '2020-01-01'), 1::numeric, 'the same currency is 1');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'ZAR', 'ZAR', '2020-01-01'), 1::numeric, 'with no rate at all');
SELECT is(round(ar.exchange_rate(pg_temp.ledger(), 'USD', 'EUR', '2026-01-05'), 20), 0.83333333333333333333, 'the inverse counts');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'GBP', 'USD', '2026-01-05'), 1.38, 'through the currency of the ledger: 1.15 times 1.20');
SELECT is(round(ar.exchange_rate(pg_temp.ledger(), 'USD', 'GBP', '2026-01-05'), 12), round(1 / 1.38, 12), 'and back');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'GBP', 'JPY', '2026-02-02'), 184.00, 'each leg by its own last day');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'GBP', 'USD', '2026-01-20', 1.40);
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'GBP', 'USD', '2026-01-20'), 1.40, 'a rate of the pair itself goes before');
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'GBP', 'USD', '2026-01-19'), 1.38, 'not before its day');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'USD', 'GBP', '2026-01-25', 0.8);
SELECT is(ar.exchange_rate(pg_temp.ledger(), 'GBP', 'USD', '2026-01-25'), 1.25, 'the later of both ways round holds');
SELECT is(ar.exchange_rate(pg_temp.ledger(), NULL, 'USD', '2026-01-25'), NULL, 'NULL for NULL');

-- None.
SELECT is(pg_temp.outcome($$SELECT ar.exchange_rate(pg_temp.ledger(), 'EUR', 'USD', '2026-01-04')$$), 'RA009', 'before the first rate there is none');
SELECT is(pg_temp.outcome($$SELECT ar.exchange_rate(pg_temp.ledger(), 'ZAR', 'USD', '2026-01-05')$$, 'all'),
    format(E'RA009: there is no exchange rate from ZAR to USD on 2026-01-05\n'
    'Ledger %s has no rate of the pair on or before that day, either way round, nor of both with EUR.\n'
    'Insert into ar.exchange_rate what one ZAR is worth in USD, valid from 2026-01-05 or before.', pg_temp.ledger()), 'a missing rate names pair and day');
SELECT is(pg_temp.outcome($$SELECT ar.exchange_rate(pg_temp.ledger('OTHER'), 'EUR', 'USD', '2026-02-02')$$), 'RA009', 'the rates of another ledger are none');
SELECT is(pg_temp.outcome($$SELECT ar.exchange_rate(pg_temp.ledger(), 'EUX', 'USD', '2026-02-02')$$), '22023', 'what is no currency has none');
SELECT is(pg_temp.outcome($$SELECT ar.exchange_rate(-1, 'EUR', 'USD', '2026-02-02')$$), '23503', 'nor what is no ledger');

-- Amounts.
SELECT is(ar.convert(pg_temp.ledger(), 'USD 400', 'EUR', '2026-01-05'), 'EUR 333.33', '400 at 1.20 is 333.33');
SELECT is(ar.convert(pg_temp.ledger(), 'USD 400', 'EUR', '2026-02-02'), 'EUR 363.64', 'at 1.10 363.64');
SELECT is(ar.convert(pg_temp.ledger(), 'USD 400', 'EUR', '2026-02-02') - ar.convert(pg_temp.ledger(), 'USD 400', 'EUR', '2026-01-05'),
    'EUR 30.31', 'a gain of 30.31');
SELECT is(ar.convert(pg_temp.ledger(), 'CNY 60', 'EUR', '2026-01-05') - ar.convert(pg_temp.ledger(), 'CNY 60', 'EUR', '2026-02-02'),
    'EUR 42', '60 of 100, from 5 to 4.30: 42, not 70');
SELECT is(ar.convert(pg_temp.ledger(), 'EUR 100', 'CHF', '2026-01-05'), 'CHF 33.33', '100 by 3.0 is 33.33');
SELECT is(ar.convert(pg_temp.ledger(), ar.convert(pg_temp.ledger(), 'EUR 100', 'CHF', '2026-01-05'), 'EUR', '2026-01-05'), 'EUR 99.99', 'and the cent is not made up');
SELECT is(ar.convert(pg_temp.ledger(), 'EUR 0.03', 'JPY', '2026-01-05'), 'JPY 5', 'rounded to the decimals of the currency: 4.8 yen');
SELECT is(ar.convert(pg_temp.ledger(), 'EUR 10', 'KWD', '2026-01-05'), 'KWD 3.330', 'which may be three');
SELECT is(ar.convert(pg_temp.ledger(), 'EUR 1.25', 'GBP', '2026-01-05'), 'GBP 1.09', '1.25 / 1.15 = 1.0869...');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES
    (pg_temp.ledger(), 'EUR', 'SEK', '2026-01-05', 8), (pg_temp.ledger(), 'EUR', 'NOK', '2026-01-05', 0.5);
SELECT is(ar.convert(pg_temp.ledger(), 'SEK 0.04', 'EUR', '2026-01-05'), 'EUR 0.01', 'half goes up: 0.005');
SELECT is(ar.convert(pg_temp.ledger(), 'SEK -0.04', 'EUR', '2026-01-05'), 'EUR -0.01', 'away from zero');
SELECT is(ar.convert(pg_temp.ledger(), 'SEK 92233720368547758.00', 'EUR', '2026-01-05'), 'EUR 11529215046068469.75', 'exact to the end of the range');
SELECT is(pg_temp.outcome($$SELECT ar.convert(pg_temp.ledger(), 'NOK 92233720368547758.07', 'EUR', '2026-01-05')$$), '22003', 'beyond is an error');
SELECT is(ar.convert_amounts(pg_temp.ledger(), '{USD 12,NULL,EUR 5,GBP -1,USD 0}'::text[]::ar.monetary[], 'EUR', '2026-01-05'),
    '{EUR 10,NULL,EUR 5,EUR -1.15,EUR 0}'::text[]::ar.monetary[], 'many at once, in their order');
SELECT is(ar.convert_amounts(pg_temp.ledger(), '{}', 'EUR', '2026-01-05'), '{}'::ar.monetary[], 'none at once');
SELECT matches(pg_temp.outcome($$SELECT ar.convert_amounts(pg_temp.ledger(), '{ZAR 1,USD 1,AUD 1}'::text[]::ar.monetary[], 'EUR', '2026-01-05')$$, 'all'),
    'RA009: there is no exchange rate from AUD, ZAR to EUR on 2026-01-05', 'all that are missing are named');

-- Facts.
SELECT is(pg_temp.outcome($$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'EUR', 'USD', '2026-02-02', 1.3)$$, 'constraint'),
    '23505 exchange_rate_pair_key', 'one rate a pair and day');
SELECT is(pg_temp.outcome($$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'USD', 'EUR', '2026-02-02', 0.9)$$, 'constraint'),
    '23505 exchange_rate_pair_key', 'whichever way round');
SELECT is(pg_temp.outcome($$UPDATE ar.exchange_rate SET rate = 2 WHERE from_currency = 'GBP'$$) || ' ' ||
          pg_temp.outcome($$DELETE FROM ar.exchange_rate WHERE from_currency = 'GBP'$$) || ' ' ||
          pg_temp.outcome('TRUNCATE ar.exchange_rate'), 'RA003 RA003 RA003', 'those of the past stay');
SELECT is(pg_temp.outcome($$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate)
    VALUES (pg_temp.ledger(), 'EUR', 'DKK', ar.business_date(pg_temp.ledger()), 7.4); UPDATE ar.exchange_rate SET rate = 7.46 WHERE to_currency = 'DKK';
    DELETE FROM ar.exchange_rate WHERE to_currency = 'DKK'$$), 'done', 'that of today may be corrected');
SELECT is(pg_temp.outcome($$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate)
    VALUES (pg_temp.ledger(), 'EUR', 'DKK', ar.business_date(pg_temp.ledger()) + 1, 7.4)$$), '23514', 'none of the future is recorded');
SELECT is(pg_temp.outcome($$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate)
    VALUES (pg_temp.ledger(), 'EUR', 'DKK', '2026-01-05', 7.4); UPDATE ar.exchange_rate SET valid_from = '2999-01-01' WHERE to_currency = 'DKK'$$), 'RA003', 'by no way');
SELECT is_empty($$SELECT r FROM unnest('{0,-1,NaN,Infinity}'::numeric[]) AS r WHERE pg_temp.outcome(format(
    $i$INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (pg_temp.ledger(), 'EUR', 'DKK', '2026-01-05', %L)$i$, r), 'constraint')
    <> '23514 exchange_rate_rate_check'$$, 'a rate is above zero, and a number');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate, recorded_at) VALUES (pg_temp.ledger(), 'EUR', 'HUF', '2026-01-05', 400, '2000-01-01');
SELECT cmp_ok((SELECT recorded_at FROM ar.exchange_rate WHERE to_currency = 'HUF'), '>', '2026-01-01'::timestamptz, 'when it was recorded nobody chooses');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SET LOCAL session_replication_role TO replica;
UPDATE ar.exchange_rate SET valid_from = '2999-01-01' WHERE to_currency = 'HUF';
SET LOCAL session_replication_role TO origin;
SELECT results_eq($$SELECT check_name, table_name FROM ar.verify()$$, $$VALUES ('exchange_rate_future', 'exchange_rate')$$, 'verify finds a rate of the future');
SELECT * FROM finish();
ROLLBACK;
