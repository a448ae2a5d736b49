-- billing: drafts, posting, numbers, terms, and invoices by function, INSERT and COPY.
BEGIN;
\ir helper.psql
SELECT plan(107);

SELECT ar.create_ledger('TEST', 'Test', 'EUR', 'UTC', 'net 20') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A', 'net 10') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'B', 'B') \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset

-- A draft is anybody's to edit: it has no items, no number, and counts nowhere.
CREATE FUNCTION pg_temp.draft(id bigint, total ar.monetary DEFAULT 'EUR 10', number text DEFAULT NULL) RETURNS bigint
LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, number, invoiced_on, total)
    VALUES (pg_temp.ledger(), $1, pg_temp.customer('B'), $3, '2026-01-01', $2) RETURNING invoice_id
$$;
SELECT pg_temp.draft(2000000001) \g /dev/null
SELECT results_eq('SELECT status::text, number, series_number, recorded_at FROM ar.invoice WHERE invoice_id = 2000000001',
    $$VALUES ('draft', NULL, NULL::bigint, NULL::timestamptz)$$, 'a draft has neither number nor moment of posting');
SELECT is_empty('SELECT FROM ar.item', 'and no item');
SELECT is_empty('SELECT FROM ar.customer_balance', 'and no balance');
SELECT lives_ok($$UPDATE ar.invoice SET total = 'EUR 12', invoiced_on = '2026-01-02', customer_id = pg_temp.customer('A'),
    terms = 'net 5', recorded_at = '2001-01-01', series_number = 77 WHERE invoice_id = 2000000001$$, 'it is edited');
SELECT results_eq('SELECT total::text, invoiced_on, terms::text, series_number, recorded_at FROM ar.invoice WHERE invoice_id = 2000000001',
    $$VALUES ('EUR 12.00', date '2026-01-02', 'net 5', NULL::bigint, NULL::timestamptz)$$, 'but for what posting alone fills in');
SELECT lives_ok($$INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax)
    VALUES (pg_temp.ledger(), 2000000001, 1, 12, 'EUR 12', 'EUR 0')$$, 'it takes lines');
SELECT lives_ok('UPDATE ar.invoice_line SET description = ''better'' WHERE invoice_id = 2000000001', 'which are edited');
SELECT lives_ok('DELETE FROM ar.invoice WHERE invoice_id = 2000000001', 'it is deleted');
SELECT is_empty('SELECT FROM ar.invoice_line', 'with its lines');

-- Posted by UPDATE, by INSERT, by function.
SELECT pg_temp.draft(2000000002) \g /dev/null
UPDATE ar.invoice SET status = 'open' WHERE invoice_id = 2000000002;
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, invoiced_on, total, status)
VALUES (:ledger, 2000000003, :b, '2026-01-01', 'EUR 10', 'open');
SELECT pg_temp.draft(2000000004) \g /dev/null
SELECT is(ar.post_invoice(pg_temp.ledger(), 2000000004), 1::bigint, 'a draft is posted by function');
SELECT is(ar.post_invoice(pg_temp.ledger(), 2000000004), 0::bigint, 'and posting it again posts nothing');
SELECT results_eq($$
    SELECT v.number, v.series, v.series_number, v.status::text, v.terms::text, v.recorded_at IS NOT NULL,
           i.due_on, i.open::text, i.recorded_at = v.recorded_at
    FROM ar.invoice AS v JOIN ar.item AS i ON i.ledger_id = v.ledger_id AND i.invoice_id = v.invoice_id
    WHERE v.ledger_id = pg_temp.ledger() ORDER BY v.series_number$$, $$VALUES
    ('INV-2026-000001', 'invoice', 1::bigint, 'open', 'net 20', true, date '2026-01-21', 'EUR 10.00', true),
    ('INV-2026-000002', 'invoice', 2, 'open', 'net 20', true, '2026-01-21', 'EUR 10.00', true),
    ('INV-2026-000003', 'invoice', 3, 'open', 'net 20', true, '2026-01-21', 'EUR 10.00', true)$$,
    'three ways to post, all alike');
SELECT is(pg_temp.balance('B'), 'EUR 30.00 and EUR 0.00', 'and the balance has all three');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoice(pg_temp.ledger(), -1)$$), '23503', 'what is not there is not posted');
SELECT pg_temp.draft(2000000005), pg_temp.draft(2000000006), pg_temp.draft(2000000007) \g /dev/null
SELECT is(pg_temp.outcome($$SELECT ar.post_invoices(pg_temp.ledger(), '{2000000005, -1}')$$), '23503', 'all are posted or none');
SELECT is(ar.post_invoices(pg_temp.ledger(), '{2000000007,2000000005,2000000006,2000000004,2000000005}'), 3::bigint,
    'many are posted at once, those posted before left alone');
SELECT results_eq('SELECT invoice_id FROM ar.invoice WHERE series_number BETWEEN 4 AND 6 ORDER BY series_number',
    $$VALUES (2000000005::bigint), (2000000006), (2000000007)$$, 'numbered in the order of their ids');
SELECT is(ar.post_invoices(pg_temp.ledger(), '{}'), 0::bigint, 'none are posted if none are named');

-- Every move between states, on real rows: only those of the state machine, and those to what is derived by facts alone.
CREATE FUNCTION pg_temp.make(id bigint, state ar.invoice_status) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, number, invoiced_on, total)
    VALUES (pg_temp.ledger(), id, pg_temp.customer('A'), 'S-' || state, '2026-02-01', 'EUR 10');
    IF state IN ('held', 'void') THEN
        UPDATE ar.invoice SET status = state WHERE invoice_id = id;
    ELSIF state <> 'draft' THEN
        UPDATE ar.invoice SET status = 'open' WHERE invoice_id = id;
        INSERT INTO ar.adjustment (ledger_id, customer_id, kind, number, adjusted_on, amount)
        VALUES (pg_temp.ledger(), pg_temp.customer('A'),
                CASE state WHEN 'written_off' THEN 'write_off' ELSE 'discount' END, 'F-' || state, '2026-02-01', 'EUR -10');
        IF state <> 'open' THEN
            PERFORM ar.apply(pg_temp.ledger(), pg_temp.item('F-' || state), pg_temp.item('S-' || state),
                             CASE state WHEN 'partial' THEN ar.monetary(3, 'EUR') END);
        END IF;
    END IF;
END
$$;
SELECT pg_temp.make(3000000000 + position, status::ar.invoice_status)
FROM unnest('{draft,held,open,partial,paid,written_off,void}'::text[]) WITH ORDINALITY AS s(status, position) \g /dev/null
SELECT results_eq('SELECT status::text FROM ar.invoice WHERE invoice_id BETWEEN 3000000001 AND 3000000007 ORDER BY invoice_id',
    $$VALUES ('draft'), ('held'), ('open'), ('partial'), ('paid'), ('written_off'), ('void')$$, 'an invoice in each of the seven states');
SELECT results_eq($$
    SELECT v.status::text, string_agg(s.status || ' ' || pg_temp.outcome(format(
               'UPDATE ar.invoice SET status = %L WHERE invoice_id = %s', s.status, v.invoice_id)), ', ' ORDER BY s.position)
    FROM ar.invoice AS v,
         unnest('{draft,held,open,partial,paid,written_off,void}'::text[]) WITH ORDINALITY AS s(status, position)
    WHERE v.invoice_id BETWEEN 3000000001 AND 3000000007 GROUP BY v.invoice_id, v.status ORDER BY v.invoice_id$$, $$VALUES
    ('draft', 'draft done, held done, open done, partial RA004, paid RA004, written_off RA004, void done'),
    ('held', 'draft done, held done, open done, partial RA004, paid RA004, written_off RA004, void done'),
    ('open', 'draft RA004, held RA004, open RA003, partial RA004, paid RA004, written_off RA004, void RA004'),
    ('partial', 'draft RA004, held RA004, open RA004, partial RA003, paid RA004, written_off RA004, void RA004'),
    ('paid', 'draft RA004, held RA004, open RA004, partial RA004, paid RA003, written_off RA004, void RA004'),
    ('written_off', 'draft RA004, held RA004, open RA004, partial RA004, paid RA004, written_off RA003, void RA004'),
    ('void', 'draft RA004, held RA004, open RA004, partial RA004, paid RA004, written_off RA004, void RA003')$$,
    'drafts and held invoices move as the state machine says; the others not by hand, nor are they changed (RA003)');
SELECT results_eq($$
    SELECT s.status, pg_temp.outcome(format('INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status) '
               'VALUES (pg_temp.ledger(), pg_temp.customer(''A''), ''2026-02-01'', ''EUR 10'', %L)', s.status))
    FROM unnest('{draft,held,open,partial,paid,written_off,void}'::text[]) WITH ORDINALITY AS s(status, position) ORDER BY position$$,
    $$VALUES ('draft', 'done'), ('held', 'done'), ('open', 'done'), ('partial', 'RA004'), ('paid', 'RA004'),
    ('written_off', 'RA004'), ('void', 'done')$$, 'nor is an invoice born in a state that only facts make');
SELECT is(pg_temp.outcome('UPDATE ar.invoice SET status = ''partial'' WHERE invoice_id = 3000000001', 'all'),
    E'RA004: an invoice cannot go from draft to partial\nar.invoice_status_graph() lists the moves there are.', 'the message says from where to where');
SELECT is(pg_temp.outcome('UPDATE ar.invoice SET status = ''paid'' WHERE invoice_id = 3000000001', 'all'),
    E'RA004: an invoice becomes paid by what is applied to it\nPost it with status open, then record the payment or adjustment.',
    'or what makes the state');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoice(pg_temp.ledger(), 3000000007)$$), 'RA004', 'a void invoice is not posted by function: RA004');
SELECT is(pg_temp.outcome('DELETE FROM ar.invoice WHERE invoice_id = 3000000007'), 'RA003', 'a void invoice stays');
SELECT is(pg_temp.outcome('UPDATE ar.invoice SET status = NULL WHERE invoice_id = 3000000001'), '23502', 'an invoice has a status');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoice(pg_temp.ledger(), 3000000002)$$), 'done', 'a held invoice is released by posting');

-- Lines make the total, or the invoice is not posted.
SELECT pg_temp.draft(4000000001, 'EUR 10') \g /dev/null
INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, quantity, unit_price, tax_rate, net, tax) VALUES
    (:ledger, 4000000001, 1, 2, 3, 0, 'EUR 6', 'EUR 0'), (:ledger, 4000000001, 2, 1, 3, 10, 'EUR 3', 'EUR 0.30');
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET status = 'open' WHERE invoice_id = 4000000001$$, 'all'),
    E'23514: the lines of invoice 4000000001 do not add up to its total\nThe total is EUR 10.00, the lines make EUR 9.30.\n'
    'Correct total or lines of the draft before posting it, or call ar.recalculate_invoices().', 'lines that make another sum are refused');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoice(pg_temp.ledger(), 4000000001)$$), '23514', 'by function, too');
UPDATE ar.invoice SET total = 'USD 9.30' WHERE invoice_id = 4000000001;
SELECT is(pg_temp.outcome($$UPDATE ar.invoice SET status = 'open' WHERE invoice_id = 4000000001$$), 'RA009', 'the same sum of another currency, too');
SELECT lives_ok($$UPDATE ar.invoice SET total = 'EUR 9.30', status = 'open' WHERE invoice_id = 4000000001$$, 'the right sum is posted');
SELECT is(pg_temp.outcome(statement), 'RA003', regexp_replace(statement, '\s+', ' ', 'g')) FROM unnest(ARRAY[
    'UPDATE ar.invoice_line SET description = ''x'' WHERE invoice_id = 4000000001',
    'DELETE FROM ar.invoice_line WHERE invoice_id = 4000000001',
    'INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax) VALUES (pg_temp.ledger(), 4000000001, 3, 0, ''EUR 0'', ''EUR 0'')',
    'UPDATE ar.invoice_line SET invoice_id = 3000000001 WHERE invoice_id = 4000000001',
    'MERGE INTO ar.invoice_line AS n USING (VALUES (4000000001)) AS s(id) ON n.invoice_id = s.id WHEN MATCHED THEN DELETE']) AS statement;
SELECT is(pg_temp.outcome('INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, quantity, unit_price, net, tax) '
    'VALUES (pg_temp.ledger(), 3000000001, 1, 2, 3, ''EUR 6.01'', ''EUR 0'')', 'constraint'),
    '23514 invoice_line_net_check', 'the net of a line is quantity times price');
SELECT is(pg_temp.outcome('INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, tax_rate, net, tax) '
    'VALUES (pg_temp.ledger(), 3000000001, 1, 3, 10, ''EUR 3'', ''EUR 0.31'')', 'constraint'),
    '23514 invoice_line_tax_check', 'its tax the rate of that');
SELECT is(pg_temp.outcome('INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax) '
    'VALUES (pg_temp.ledger(), 3000000001, 1, 3, ''EUR 3'', ''USD 0'')'), '23514', 'both in one currency');
SELECT is(pg_temp.outcome('INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, unit_price, net, tax) '
    'VALUES (pg_temp.ledger(), 3000000001, 0, 3, ''EUR 3'', ''EUR 0'')', 'constraint'),
    '23514 invoice_line_line_number_check', 'lines are numbered from 1');

-- What an invoice may not be.
SELECT is(pg_temp.outcome(format('INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status%s) VALUES (pg_temp.ledger(), %s)', more, given)),
    expected, words)
FROM (VALUES
    ('', '-1, ''2026-01-01'', ''EUR 1'', ''open''', '23503', 'without a customer'),
    ('', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR -0.01'', ''open''', '23514', 'negative'),
    ('', 'pg_temp.customer(''A''), ''infinity'', ''EUR 1'', ''open''', '23514', 'dated infinity'),
    (', due_on', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR 1'', ''open'', ''-infinity''', '23514', 'due on infinity'),
    (', due_on, terms', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR 1'', ''open'', ''2026-01-09'', ''net 8''', '23514', 'with a due date and terms'),
    (', number', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR 1'', ''open'', ''''', '23514', 'with an empty number'),
    (', number', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR 1'', ''open'', ''INV-2026-000001''', '23505', 'with a number that is taken'),
    (', series', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR 1'', ''open'', ''none''', '23503', 'with an unknown series to draw from'),
    (', series, number', 'pg_temp.customer(''A''), ''2026-01-01'', ''EUR 1'', ''open'', ''none'', ''N1''', '23503', 'with an unknown series and a number')
    ) AS v(more, given, expected, words);
INSERT INTO ar.ledger (code, name, currency) VALUES ('BARE', 'Bare', 'EUR');
INSERT INTO ar.customer (ledger_id, code, name) VALUES (pg_temp.ledger('BARE'), 'A', 'A');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
    VALUES (pg_temp.ledger('BARE'), pg_temp.customer('A', 'BARE'), '2026-01-01', 'EUR 1', 'open')$$, 'all'), format(
    E'42704: ledger %s has no document series "invoice"\nInsert it into ar.document_series, or give the document its number.', pg_temp.ledger('BARE')),
    'a ledger without the series to draw from says how to make it');

-- Numbers: no gap, whatever is rolled back.
SELECT next_number AS next FROM ar.document_counter WHERE ledger_id = :ledger AND series = 'invoice' \gset
SAVEPOINT lost;
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status)
SELECT :ledger, :a, '2026-03-01', 'EUR 1', 'open' FROM generate_series(1, 5);
SELECT is((SELECT next_number FROM ar.document_counter WHERE ledger_id = pg_temp.ledger()), :next + 5::bigint, 'five numbers are drawn');
ROLLBACK TO lost;
SELECT is((SELECT next_number FROM ar.document_counter WHERE ledger_id = pg_temp.ledger()), :next::bigint, 'and given back by the rollback');
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status) VALUES (:ledger, :a, '2025-12-31', 'EUR 1', 'open');
SELECT is((SELECT number FROM ar.invoice WHERE ledger_id = pg_temp.ledger() AND series_number = :next),
    format('INV-2025-%s', lpad(:'next', 6, '0')), 'the next invoice has the first of them, and the year of its own date');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status)
VALUES (:ledger, :a, 'OWN-1', '2026-03-01', 'EUR 1', 'open');
SELECT results_eq($$SELECT series, series_number FROM ar.invoice WHERE number = 'OWN-1'$$, 'VALUES (NULL::text, NULL::bigint)',
    'an invoice with a number of its own draws none');
SELECT is((SELECT next_number FROM ar.document_counter WHERE ledger_id = pg_temp.ledger()), :next + 1::bigint, 'so the series stays where it was');
INSERT INTO ar.document_series (ledger_id, series, pattern, digits) VALUES (:ledger, 'export', '{year}/X{number}-{year}', 3);
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, series, invoiced_on, total, status)
SELECT :ledger, 5000000000 + n * 7919 % 100, :a, 'export', date '2026-03-01' + n, 'EUR 1', 'open' FROM generate_series(1, 100) AS n;
SELECT results_eq($$SELECT series_number, number FROM ar.invoice WHERE ledger_id = pg_temp.ledger() AND series = 'export' ORDER BY invoice_id$$,
    $$SELECT n, format('2026/X%s-2026', lpad(n::text, 3, '0')) FROM generate_series(1::bigint, 100) AS n$$,
    'a hundred in one statement are numbered in the order of their ids, by the pattern');
SELECT is(pg_temp.outcome($$INSERT INTO ar.document_series (ledger_id, series, pattern) VALUES (pg_temp.ledger(), 'x', 'INV')$$, 'constraint'),
    '23514 document_series_pattern_check', 'a pattern has room for the number');
SELECT is(pg_temp.outcome($$INSERT INTO ar.document_series (ledger_id, series, pattern, digits) VALUES (pg_temp.ledger(), 'x', '{number}', 0)$$, 'constraint'),
    '23514 document_series_digits_check', 'and the number has digits');
INSERT INTO ar.document_series (ledger_id, series, pattern, digits) VALUES (:ledger, 'small', 'S{number}', 1);
INSERT INTO ar.invoice (ledger_id, customer_id, series, invoiced_on, total, status)
SELECT :ledger, :a, 'small', '2026-03-01', 'EUR 1', 'open' FROM generate_series(1, 11);
SELECT ok(EXISTS (SELECT FROM ar.invoice WHERE number = 'S11'), 'a number that outgrows its digits is written in full');

-- Terms: of the invoice, else of the customer, else of the ledger; or a due date.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, due_on, total, status) VALUES
    (:ledger, :a, 'T1', '2026-01-31', 'net 5', NULL, 'EUR 9', 'open'), (:ledger, :a, 'T2', '2026-01-31', NULL, NULL, 'EUR 9', 'open'),
    (:ledger, :b, 'T3', '2026-01-31', NULL, NULL, 'EUR 9', 'open'), (:ledger, :a, 'T4', '2026-01-31', NULL, '2026-02-15', 'EUR 9', 'open');
SELECT results_eq($$
    SELECT v.number, v.terms::text, i.due_on FROM ar.invoice AS v JOIN ar.item AS i USING (ledger_id, invoice_id)
    WHERE v.number LIKE 'T_' ORDER BY v.number$$, $$VALUES
    ('T1', 'net 5', date '2026-02-05'), ('T2', 'net 10', '2026-02-10'), ('T3', 'net 20', '2026-02-20'), ('T4', NULL, '2026-02-15')$$,
    'due by its own terms, the customer''s, the ledger''s, on its date');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, total, status) VALUES
    (:ledger, :a, 'T5', '2026-01-31', '30% due on receipt, 30% net 30, 40% net 60', 'EUR 100.01', 'open');
SELECT results_eq($$SELECT instalment::integer, issued_on, due_on, amount::text, open::text FROM ar.item
    WHERE invoice_id = pg_temp.invoice('T5') ORDER BY instalment$$, $$VALUES
    (1, date '2026-01-31', date '2026-01-31', 'EUR 30.00', 'EUR 30.00'), (2, '2026-01-31', '2026-03-02', 'EUR 30.00', 'EUR 30.00'),
    (3, '2026-01-31', '2026-04-01', 'EUR 40.01', 'EUR 40.01')$$, 'each instalment is an item, the odd cent on the last');

-- Zero, and currencies of other decimals.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, total, status) VALUES
    (:ledger, :a, 'Z1', '2026-01-31', 'EUR 0', 'open'), (:ledger, :a, 'Z2', '2026-01-31', 'JPY 1235', 'open'),
    (:ledger, :a, 'Z3', '2026-01-31', 'BHD 1.235', 'open');
SELECT is(pg_temp.status('Z1'), 'paid', 'an invoice of nothing is paid');
SELECT is(pg_temp.state('Z1'), 'EUR 0.00, closed 2026-01-31, undone -', 'on its day');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, total, status)
VALUES (:ledger, :a, 'Z4', '2026-01-31', '50% net 10, 50% net 20', 'EUR 0', 'open');
SELECT is(pg_temp.status('Z4'), 'paid', 'in instalments, too');
SELECT is(pg_temp.outcome($$SELECT ar.apply(pg_temp.ledger(), pg_temp.item('F-open'), pg_temp.item('Z1'))$$), 'RA002', 'nothing is applied to it');
SELECT is(pg_temp.state('Z2') || '; ' || pg_temp.state('Z3'), 'JPY 1235, closed -, undone -; BHD 1.235, closed -, undone -',
    'yen have no decimals, dinars of Bahrain three');
SELECT alike(pg_temp.balance('A'), 'BHD 1.235 and BHD 0.000; EUR % and EUR %; JPY 1235 and JPY 0', 'and each has a balance of its own');

-- create_invoice: lines rounded half up, line by line.
SELECT ar.create_invoice(:ledger, :a, '[{"description": "Work", "quantity": 1.5, "unit_price": 33.33, "tax_rate": 19},
                                        {"unit_price": 0.005}, {"unit_price": 10, "quantity": -1, "tax_rate": 7.5}]',
    invoiced_on => '2026-02-01', terms => 'net 7', number => 'C1', external_id => 'shop-1') AS c1 \gset
SELECT results_eq(format('SELECT line_number, description, quantity, unit_price, tax_rate, net::text, tax::text FROM ar.invoice_line WHERE invoice_id = %s ORDER BY 1', :c1),
    $$VALUES (1, 'Work', 1.5, 33.33, 19::numeric, 'EUR 50.00', 'EUR 9.50'), (2, '', 1::numeric, 0.005, 0, 'EUR 0.01', 'EUR 0.00'),
    (3, '', -1, 10::numeric, 7.5, 'EUR -10.00', 'EUR -0.75')$$, 'lines are made');
SELECT results_eq(format('SELECT total::text, number, terms::text, status::text, external_id FROM ar.invoice WHERE invoice_id = %s', :c1),
    $$VALUES ('EUR 48.76', 'C1', 'net 7', 'open', 'shop-1')$$, 'and with them the invoice');
SELECT is(ar.create_invoice(pg_temp.ledger(), pg_temp.customer('A'), '[{"description": "Work", "quantity": 1.5, "unit_price": 33.33, "tax_rate": 19},
                                        {"unit_price": 0.005}, {"unit_price": 10, "quantity": -1, "tax_rate": 7.5}]',
    invoiced_on => '2026-02-01', terms => 'net  7', number => 'C1', external_id => 'shop-1'), :c1::bigint, 'the same again returns the first');
SELECT is(pg_temp.outcome($$SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('A'), '[{"unit_price": 1}]', external_id => 'shop-1')$$, 'all'),
    E'RA006: external id "shop-1" was used for another invoice\nThe same external id again must come with the same payload.\n'
    'Give each write an external id of its own.', 'with other lines it is an error');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 5}]', '2026-02-01', number => 'C2', post => false) AS c2 \gset
SELECT is(pg_temp.status('C2'), 'draft', 'a draft is made');
SELECT is(pg_temp.outcome(format($$SELECT ar.post_invoice(pg_temp.ledger(), %s)$$, :c2)), 'done', 'to be posted later');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 1.4, "quantity": 1.1, "tax_rate": 10}]', '2026-02-01', number => 'C3', due_on => '2026-02-02', currency => 'jpy') \g /dev/null
SELECT results_eq($$SELECT v.total::text, i.due_on FROM ar.invoice AS v JOIN ar.item AS i USING (ledger_id, invoice_id) WHERE v.number = 'C3'$$,
    $$VALUES ('JPY 2', date '2026-02-02')$$, 'in another currency, rounded to its unit');
SELECT ar.create_invoice(:ledger, :a, '[{"unit_price": 5}]', '2026-02-01', series => 'export') AS c4 \gset
SELECT is((SELECT number FROM ar.invoice WHERE invoice_id = :c4), '2026/X101-2026', 'from another series');
SELECT is(pg_temp.outcome(format('SELECT ar.create_invoice(%s)', given)), expected, words)
FROM (VALUES
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''{"unit_price": 1}''', '22023', 'lines that are no array'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[]''', '22023', 'no line'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[1]''', '22023', 'a line that is no object'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": 1, "unitprice": 2}]''', '22023', 'an unknown key'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"quantity": 1}]''', '22023', 'a line without a price'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": null}]''', '22023', 'a price of null'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": "cheap"}]''', '22P02', 'a price in words'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), NULL', '22023', 'no lines at all'),
    ('pg_temp.ledger(), NULL, ''[{"unit_price": 1}]''', '22023', 'no customer'),
    ('pg_temp.ledger(), -1, ''[{"unit_price": 1}]''', '23503', 'an unknown customer'),
    ('-1, pg_temp.customer(''A''), ''[{"unit_price": 1}]''', '23503', 'an unknown ledger'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": 1}]'', number => ''C1''', '23505', 'a number that is taken'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": -1}]''', '23514', 'a negative total'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": 1}]'', due_on => ''2026-05-05'', terms => ''net 1''', '23514', 'due date and terms'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": 1, "tax_rate": -1}]''', '23514', 'a negative tax rate'),
    ('pg_temp.ledger(), pg_temp.customer(''A''), ''[{"unit_price": 1}]'', currency => ''EUX''', '22023', 'an unknown currency')
    ) AS v(given, expected, words);
SELECT is(pg_temp.outcome($$SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('A'), '[{"unit_price": 1}, {"price": 1}]')$$, 'all'),
    E'22023: malformed lines\nElement 2 has "price".\nThe keys are description, quantity, unit_price, tax_rate, unit_code, '
    'discount_percent, discount, charge, tax_code, tax_category, exemption_reason, exemption_reason_code, item_number, buyer_item_number; '
    'required are unit_price.',
    'the message says which line, and which keys there are');

-- create_invoices: many at once, external ids repeated inside the call and across calls.
CREATE TEMPORARY TABLE batch AS SELECT jsonb_build_array(
    jsonb_build_object('customer_id', :a, 'lines', jsonb_build_array(jsonb_build_object('unit_price', 1)), 'invoiced_on', '2026-04-01', 'number', 'M1'),
    jsonb_build_object('customer_id', :a, 'lines', jsonb_build_array(jsonb_build_object('unit_price', 2)), 'invoiced_on', '2026-04-01', 'number', 'M2', 'external_id', 'm-2'),
    jsonb_build_object('customer_id', :b, 'lines', jsonb_build_array(jsonb_build_object('unit_price', 3)), 'invoiced_on', '2026-04-01', 'number', 'M3'),
    jsonb_build_object('external_id', 'm-2', 'number', 'M2', 'invoiced_on', '2026-04-01', 'customer_id', :a, 'lines', jsonb_build_array(jsonb_build_object('unit_price', 2))),
    jsonb_build_object('customer_id', :b, 'lines', jsonb_build_array(jsonb_build_object('unit_price', 5)), 'invoiced_on', '2026-04-01', 'number', 'M5', 'external_id', 'm-5'),
    jsonb_build_object('customer_id', :b, 'lines', jsonb_build_array(jsonb_build_object('unit_price', 6)), 'invoiced_on', '2026-04-01', 'number', 'M6')) AS payload;
CREATE TEMPORARY TABLE batch_result AS SELECT r.* FROM batch, ar.create_invoices(:ledger, batch.payload) AS r;
SELECT results_eq('SELECT r.element, v.number, v.total::text, v.status::text FROM batch_result AS r LEFT JOIN ar.invoice AS v ON v.invoice_id = r.invoice_id ORDER BY 1',
    $$VALUES (1::bigint, 'M1', 'EUR 1.00', 'open'), (2, 'M2', 'EUR 2.00', 'open'), (3, 'M3', 'EUR 3.00', 'open'),
    (4, 'M2', 'EUR 2.00', 'open'), (5, 'M5', 'EUR 5.00', 'open'), (6, 'M6', 'EUR 6.00', 'open')$$,
    'a row for each element in its order, and for a repeated external id the same invoice');
SELECT is((SELECT count(*) FROM ar.invoice WHERE number LIKE 'M_'), 5::bigint, 'which was made once');
SELECT results_eq($$SELECT r.element, r.invoice_id FROM batch, ar.create_invoices(pg_temp.ledger(), jsonb_build_array(payload -> 1, payload -> 4)) AS r$$,
    'SELECT row_number() OVER (ORDER BY element), invoice_id FROM batch_result WHERE element IN (2, 5)', 'in another call, too');
SELECT is(pg_temp.outcome($$SELECT ar.create_invoices(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('customer_id', pg_temp.customer('A'), 'external_id', 'm-7', 'lines', '[{"unit_price": 1}]'::jsonb),
        jsonb_build_object('customer_id', pg_temp.customer('A'), 'external_id', 'm-7', 'lines', '[{"unit_price": 2}]'::jsonb)))$$),
    'RA006', 'two payloads under one external id in one call are an error');
SELECT is(pg_temp.outcome($$SELECT ar.create_invoices(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('customer_id', pg_temp.customer('A'), 'lines', '[{"unit_price": 1}]'::jsonb),
        jsonb_build_object('customer_id', -1, 'lines', '[{"unit_price": 2}]'::jsonb)))$$),
    '23503', 'one wrong invoice and none is made');
SELECT is(pg_temp.outcome(format('SELECT ar.create_invoices(pg_temp.ledger(), %L)', given)), expected, words)
FROM (VALUES ('{}', '22023', 'invoices that are no array'), ('["x"]', '22023', 'an invoice that is no object'),
    ('[{"lines": [{"unit_price": 1}]}]', '22023', 'an invoice without customer'), ('[{"customer_id": 1}]', '22023', 'an invoice without lines'),
    ('[{"customer_id": 1, "lines": [], "date": 1}]', '22023', 'an unknown key of an invoice'),
    ('[{"customer_id": 1, "lines": "x"}]', '22023', 'lines in words'),
    ('[{"customer_id": "x", "lines": [{"unit_price": 1}]}]', '22P02', 'a customer in words')) AS v(given, expected, words);
SELECT is_empty('SELECT * FROM ar.create_invoices(pg_temp.ledger(), ''[]'')', 'of no invoices none is made');

-- COPY is as good as INSERT.
CREATE TEMPORARY TABLE copy_ids AS SELECT :ledger AS ledger_id, :a AS customer_id;
ALTER TABLE ar.invoice ALTER ledger_id SET DEFAULT 0;
DO $$ BEGIN EXECUTE format('ALTER TABLE ar.invoice ALTER ledger_id SET DEFAULT %s, ALTER customer_id SET DEFAULT %s',
    (SELECT ledger_id FROM copy_ids), (SELECT customer_id FROM copy_ids)); END $$;
COPY ar.invoice (invoice_id, series, number, invoiced_on, terms, total, status) FROM stdin WITH (FORMAT csv);
6000000002,,,2026-06-01,net 30,EUR 12.50,open
6000000001,,,2026-06-02,"50% net 10, 50% net 20",EUR 7.51,open
6000000003,,CP-3,2026-06-03,,USD 1,draft
\.
SELECT results_eq($$SELECT v.invoice_id, v.series_number, v.status::text, count(i.item_id), coalesce(sum(ar.amount(i.open)), 0)
    FROM ar.invoice AS v LEFT JOIN ar.item AS i USING (ledger_id, invoice_id)
    WHERE v.invoice_id BETWEEN 6000000001 AND 6000000003 GROUP BY 1, 2, 3 ORDER BY 1$$,
    format('VALUES (6000000001, %s::bigint, ''open'', 2::bigint, 7.51), (6000000002, %s, ''open'', 1, 12.50), (6000000003, NULL, ''draft'', 0, 0)',
        (SELECT next_number - 2 FROM ar.document_counter WHERE ledger_id = :ledger AND series = 'invoice'),
        (SELECT next_number - 1 FROM ar.document_counter WHERE ledger_id = :ledger AND series = 'invoice')),
    'COPY posts what comes as open, and numbers it');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
