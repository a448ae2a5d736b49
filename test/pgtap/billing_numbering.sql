-- billing_numbering: numbers by series and year, gapless, fast and in batches, and which way a series may change.
-- Protects: no gap and no double where a series has none, and a check for each way to break that.
BEGIN;
\ir helper.psql
SELECT plan(53);

SELECT ar.create_ledger('TEST', 'Test', 'EUR'), ar.create_ledger('OTHER', 'Other', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A') AS a, ar.create_customer(pg_temp.ledger('OTHER'), 'A', 'A') AS other_a \gset
SELECT pg_temp.ledger() AS ledger, pg_temp.ledger('OTHER') AS other \gset
INSERT INTO ar.document_series (ledger_id, series, pattern, digits, numbering, yearly) VALUES
    (:ledger, 'yearly', 'Y{year}-{number}', 3, 'gapless', true), (:ledger, 'fast', 'F{number}', 1, 'fast', false),
    (:ledger, 'fast yearly', 'FY{year}/{number}', 1, 'fast', true), (:ledger, 'batch', 'B{number}', 2, 'batch', false),
    (:ledger, 'batch yearly', 'BY{year}/{number}', 2, 'batch', true), (:other, 'batch', 'B{number}', 2, 'batch', false),
    (:other, 'fast', 'F{number}', 1, 'fast', false);

-- Posts one invoice a date, all in one statement, and gives their numbers in the order of the dates given.
CREATE FUNCTION pg_temp.post(series text, VARIADIC dates date[]) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[];
BEGIN
    WITH made AS (
        INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, series, invoiced_on, total, status)
        SELECT pg_temp.ledger(), nextval('ar.document_id'), pg_temp.customer('A'), post.series, d.day, 'EUR 1', 'open'
        FROM unnest(post.dates) WITH ORDINALITY AS d(day, position) ORDER BY d.position RETURNING invoice_id)
    SELECT array_agg(m.invoice_id ORDER BY m.invoice_id) INTO ids FROM made AS m;
    RETURN ARRAY(SELECT coalesce(v.number, '-') FROM ar.invoice AS v WHERE v.invoice_id = ANY (ids) ORDER BY v.invoice_id);
END
$$;
CREATE FUNCTION pg_temp.numbers(series text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(coalesce(v.number, '-'), ' ' ORDER BY v.invoice_id) FROM ar.invoice AS v
    WHERE v.ledger_id = pg_temp.ledger() AND v.series = $1
$$;

-- A year is a count of its own.
SELECT is(pg_temp.post('yearly', '2025-12-31', '2026-01-01', '2025-01-01', '2026-12-31', '2027-02-28'),
    '{Y2025-001,Y2026-001,Y2025-002,Y2026-002,Y2027-001}', 'numbers begin at 1 in every year, in the order of ids within one');
SELECT is(pg_temp.post('yearly', '2025-06-15'), '{Y2025-003}', 'an earlier year continues');
SELECT results_eq($$SELECT year, next_number FROM ar.document_counter WHERE ledger_id = pg_temp.ledger() AND series = 'yearly' ORDER BY year$$,
    'VALUES (2025, 4::bigint), (2026, 3), (2027, 2)', 'each with its counter');
SELECT is(pg_temp.post('invoice', '2025-12-31', '2026-01-01'), '{INV-2025-000001,INV-2026-000002}', 'a series that is not yearly counts on');
SAVEPOINT lost;
SELECT is(pg_temp.post('yearly', '2024-02-29', '2026-02-28'), '{Y2024-001,Y2026-003}', 'a new year begins');
ROLLBACK TO lost;
SELECT is(pg_temp.post('yearly', '2024-02-29', '2026-02-28'), '{Y2024-001,Y2026-003}', 'and again after a rollback, without a gap');
SELECT is(pg_temp.outcome($$INSERT INTO ar.document_series (ledger_id, series, pattern, yearly) VALUES (pg_temp.ledger(), 'x', 'X{number}', true)$$, 'constraint'),
    '23514 document_series_yearly_check', 'a yearly series shows the year, or its numbers would be double');
SELECT is(pg_temp.outcome($$INSERT INTO ar.document_series (ledger_id, series, pattern, numbering) VALUES (pg_temp.ledger(), 'x', 'X{number}', 'loose')$$, 'constraint'),
    '23514 document_series_numbering_check', 'there are three ways to number');

-- Fast.
SELECT is(pg_temp.post('fast', '2026-01-01', '2026-01-02'), '{F1,F2}', 'a fast series numbers at posting');
SAVEPOINT lost;
SELECT is(pg_temp.post('fast', '2026-01-03'), '{F3}', 'from a sequence');
ROLLBACK TO lost;
SELECT is(pg_temp.post('fast', '2026-01-03'), '{F4}', 'which a rollback does not turn back');
SELECT is(pg_temp.post('fast yearly', '2026-01-01', '2025-01-01', '2026-01-02'), '{FY2026/1,FY2025/1,FY2026/2}', 'a year has a sequence of its own');
INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, total, status) VALUES (:other, :other_a, 'fast', '2026-01-01', 'EUR 1', 'open');
SELECT is((SELECT number FROM ar.invoice WHERE ledger_id = pg_temp.ledger('OTHER')), 'F1', 'and so has a ledger');
SELECT is_empty($$SELECT c.sequence_name FROM ar.document_counter AS c WHERE c.sequence_name IS NOT NULL
    AND obj_description(to_regclass('ar.' || c.sequence_name)) IS NULL$$, 'each sequence says what it is for');
SELECT is_empty('SELECT * FROM ar.verify()', 'a gap of a fast series is no fault');

-- In batches.
SELECT is(pg_temp.post('batch', '2026-03-02', '2026-03-01', '2026-03-02'), '{-,-,-}', 'a batch series draws nothing at posting');
SELECT is_empty($$SELECT FROM ar.document_counter WHERE series = 'batch'$$, 'nor touches a counter');
INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, total) VALUES (:ledger, :a, 'batch', '2026-03-01', 'EUR 1');
INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, total, status) VALUES (:other, :other_a, 'batch', '2026-03-01', 'EUR 1', 'open');
SELECT pg_temp.post('batch yearly', '2026-05-05', '2025-05-05') \g /dev/null
SELECT is(ar.number_invoices(pg_temp.ledger(), 'batch'), 3::bigint, 'a run numbers what is posted and has no number');
SELECT is(pg_temp.numbers('batch'), 'B02 B01 B03 -', 'by date, then as posted; a draft waits');
SELECT is(pg_temp.numbers('batch yearly'), '- -', 'another series waits, too');
SELECT is(ar.number_invoices(pg_temp.ledger(), 'batch'), 0::bigint, 'a second run finds nothing');
SELECT is(ar.number_invoices(pg_temp.ledger()), 2::bigint, 'a run for all series numbers the rest');
SELECT is(pg_temp.numbers('batch yearly'), 'BY2026/01 BY2025/01', 'year by year');
SELECT is((SELECT count(*) FROM ar.invoice WHERE ledger_id = pg_temp.ledger('OTHER') AND recorded_at IS NOT NULL AND number IS NULL), 1::bigint, 'the other ledger is left alone');
SELECT results_eq($$SELECT series, numbered FROM ar.numbering_run ORDER BY numbering_run_id$$, $$VALUES ('batch', 3::bigint), ('batch', 0), (NULL, 2)$$, 'runs are recorded');
UPDATE ar.invoice SET status = 'open' WHERE ledger_id = :ledger AND series = 'batch' AND status = 'draft';
INSERT INTO ar.numbering_run (ledger_id) VALUES (:ledger), (:other), (:ledger);
SELECT is(pg_temp.numbers('batch'), 'B02 B01 B03 B04', 'inserting rows is a run, too');
SELECT is((SELECT sum(numbered) FROM ar.numbering_run), 7::numeric, 'several at once number each document once');
SELECT is(pg_temp.outcome(statement), expected, statement) FROM (VALUES
    ('UPDATE ar.numbering_run SET numbered = 9', 'RA003'), ('DELETE FROM ar.numbering_run', 'RA003'), ('TRUNCATE ar.numbering_run', 'RA003'),
    ('UPDATE ar.document_counter SET next_number = next_number', 'RA003'),
    ('SELECT ar.number_invoices(pg_temp.ledger(), ''none'')', '23503'), ('SELECT ar.number_invoices(-1)', '23503')) AS v(statement, expected);
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) VALUES (:ledger, :a, 'B05', '2026-01-01', 'EUR 1', 'open');
SELECT pg_temp.post('batch', '2026-04-01') \g /dev/null
SELECT is(pg_temp.outcome('SELECT ar.number_invoices(pg_temp.ledger())'), '23505', 'a number that somebody gave by hand is in the way');

-- Changing the way of numbering, where it is sound.
SELECT is(pg_temp.outcome(format('UPDATE ar.document_series SET %s WHERE ledger_id = pg_temp.ledger() AND series = %L', change, series)), expected, series || ': ' || change)
FROM (VALUES ('invoice', 'numbering = ''batch''', 'done'), ('invoice', 'numbering = ''fast''', 'done'), ('fast', 'numbering = ''gapless''', '55000'),
             ('fast', 'numbering = ''batch''', '55000'), ('batch', 'numbering = ''gapless''', '55000'), ('batch', 'numbering = ''fast''', '55000'),
             ('batch yearly', 'numbering = ''gapless''', 'done'), ('yearly', 'yearly = false', '55000'), ('credit_memo', 'yearly = true, numbering = ''fast''', 'done'))
    AS v(series, change, expected);
UPDATE ar.document_series SET numbering = 'fast' WHERE ledger_id = :ledger AND series = 'invoice';
SELECT is(pg_temp.post('invoice', '2026-01-01', '2026-01-01'), '{INV-2026-000003,INV-2026-000004}', 'a series made fast counts on');

-- What ar.verify() finds.
CREATE FUNCTION pg_temp.broken(corruption text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    reported text;
BEGIN
    BEGIN
        SET LOCAL session_replication_role TO replica;
        EXECUTE corruption;
        SET LOCAL session_replication_role TO origin;
        SELECT string_agg(v.check_name || ': ' || v.detail, '; ' ORDER BY v.check_name, v.detail) INTO reported FROM ar.verify() AS v;
        RAISE SQLSTATE 'TAP00';
    EXCEPTION WHEN SQLSTATE 'TAP00' THEN
        RETURN regexp_replace(reported, 'document_number_\d+', 'SEQ', 'g');
    END;
END
$$;
SELECT is(pg_temp.broken(corruption), expected, regexp_replace(corruption, '\s+', ' ', 'g')) FROM (VALUES
    ('UPDATE ar.invoice SET number = NULL, series = NULL WHERE number = ''B05''', 'number_missing: is posted and has no number'),
    ('UPDATE ar.invoice SET series_number = 1 WHERE number = ''Y2025-003''',
        'number_double: number 1 of series "yearly" is used 2 times in 2025; number_gap: series "yearly" of 2025 has drawn 3 numbers, its documents hold 2, from 1 to 2'),
    ('UPDATE ar.invoice SET series_number = 2 WHERE number = ''F4''', 'number_double: number 2 of series "fast" is used 2 times'),
    ('UPDATE ar.document_counter SET next_number = 9 WHERE series = ''batch'' AND ledger_id = pg_temp.ledger()', 'number_gap: series "batch" has drawn 8 numbers, its documents hold 4, from 1 to 4'),
    ('DELETE FROM ar.document_counter WHERE series = ''yearly'' AND year = 2027', 'number_gap: series "yearly" of 2027 has drawn 0 numbers, its documents hold 1, from 1 to 1'),
    ('UPDATE ar.invoice SET series_number = 9 WHERE number = ''INV-2025-000001''', 'number_gap: series "invoice" has drawn 2 numbers, its documents hold 1, from 2 to 9; number_sequence: sequence SEQ has reached 4, series "invoice" has drawn 9'),
    ('UPDATE ar.document_counter SET sequence_name = ''gone'' WHERE series = ''fast'' AND ledger_id = pg_temp.ledger()', 'number_sequence: sequence gone of series "fast" is missing'),
    ('UPDATE ar.invoice SET series_number = 70 WHERE number = ''F4''', 'number_sequence: sequence SEQ has reached 4, series "fast" has drawn 70'))
    AS v(corruption, expected);

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
