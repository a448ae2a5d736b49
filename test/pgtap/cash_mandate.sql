-- cash: mandates, and that nothing is drawn from a customer without one.
BEGIN;
\ir helper.psql
SELECT plan(58);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), code, code) FROM unnest('{A,B}'::text[]) AS code \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a, pg_temp.customer('B') AS b \gset
INSERT INTO ar.payment_method (ledger_id, method, kind) VALUES (:ledger, 'sepa', 'direct_debit');

CREATE FUNCTION pg_temp.draw(customer text, mandate text, day date, method text DEFAULT 'direct_debit') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, mandate_reference)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), 'EUR 10', $3, $4, $2) RETURNING payment_id
$$;
CREATE FUNCTION pg_temp.mandate(reference text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT m.mandate_id FROM ar.mandate AS m WHERE m.ledger_id = pg_temp.ledger() AND m.reference = $1 $$;
CREATE FUNCTION pg_temp.life(reference text, day date) RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', s.state, s.last_used_on) FROM ar.mandate_states(pg_temp.ledger(), ARRAY[pg_temp.mandate($1)], $2) AS s $$;

-- Creating.
SELECT ar.create_mandate(:ledger, :a, 'M-1', '2026-01-10', account => 'DE89 3704 0044 0532 0130 00', bic => 'COBA DE FF', creditor_id => 'DE98ZZZ09999999999', external_id => 'x1') AS m1 \gset
SELECT results_eq('SELECT reference, scheme, sequence, signed_on, account, bic, creditor_id, recorded_by = session_user FROM ar.mandate',
    $$VALUES ('M-1', 'core', 'recurring', date '2026-01-10', 'DE89370400440532013000', 'COBADEFF', 'DE98ZZZ09999999999', true)$$, 'a mandate is recorded, its account without spaces');
SELECT is(ar.create_mandate(:ledger, :a, 'M-1', '2026-01-10', account => 'DE89 3704 0044 0532 0130 00', bic => 'COBA DE FF', creditor_id => 'DE98ZZZ09999999999', external_id => 'x1'), :m1::bigint,
    'the same external id again is the same mandate');
SELECT is(pg_temp.outcome(format('SELECT ar.create_mandate(pg_temp.ledger(), %s, %s)', :a, given)), expected, words) FROM (VALUES
    ('''M-1'', ''2026-01-11'', external_id => ''x1''', 'RA006', 'with another payload it is refused'),
    ('''M-9'', ''2026-01-11'', external_id => ''x1''', 'RA006', 'and under another reference, too'),
    ('''M-1'', ''2026-01-11''', '23505', 'a reference is given once in a ledger'),
    (''' '', ''2026-01-11''', '23514', 'it is not blank'),
    ('''M-9'', ''2026-01-11'', scheme => ''swift''', '23514', 'a scheme there is not'),
    ('''M-9'', ''2026-01-11'', account => ''DE00370400440532013000''', '23514', 'an IBAN that is none'),
    ('''M-9'', ''2026-01-11'', scheme => ''ach'', account => ''123456789''', 'done', 'other schemes have other accounts'),
    ('''M-9'', ''2026-01-11'', bic => ''X''', '23514', 'a BIC that is none'),
    ('''M-9'', ''2026-01-11'', valid_until => ''2026-01-10''', '23514', 'an end before the beginning'),
    ('''M-9'', NULL', '22023', 'it must be signed')) AS v(given, expected, words);
SELECT results_eq($$SELECT element FROM ar.create_mandates(pg_temp.ledger(), jsonb_build_array(
        jsonb_build_object('customer_id', pg_temp.customer('A'), 'reference', 'M-END', 'signed_on', '2026-01-10', 'valid_until', '2026-03-31'),
        jsonb_build_object('customer_id', pg_temp.customer('A'), 'reference', 'M-ONE', 'signed_on', '2026-01-10', 'sequence', 'one_off'),
        jsonb_build_object('customer_id', pg_temp.customer('B'), 'reference', 'M-B', 'signed_on', '2026-01-10', 'scheme', 'bacs')))$$, 'VALUES (1::bigint), (2), (3)', 'many at once');

-- What is drawn.
SELECT is(pg_temp.outcome(format('SELECT pg_temp.draw(%L, %L, %L, %L)', customer, mandate, day, method)), expected, words) FROM (VALUES
    ('A', 'M-1', '2026-01-10', 'direct_debit', 'done', 'a mandate is in force on the day on which it is signed'),
    ('A', 'M-1', '2026-01-09', 'direct_debit', '23514', 'and not before'),
    ('A', 'M-B', '2026-02-10', 'direct_debit', '23514', 'that of another customer does not do'),
    ('A', 'none', '2026-02-10', 'direct_debit', '23514', 'nor one that does not exist'),
    ('A', NULL, '2026-02-10', 'direct_debit', '23514', 'nor none'),
    ('A', NULL, '2026-02-10', 'sepa', '23514', 'whatever the ledger calls it'),
    ('A', 'M-1', '2026-02-10', 'sepa', 'done', 'by its own name it is a direct debit all the same'),
    ('A', NULL, '2026-02-10', 'wire', 'done', 'a wire needs none'),
    ('A', 'M-END', '2026-03-31', 'direct_debit', 'done', 'one with an end lasts to its last day'),
    ('A', 'M-END', '2026-04-01', 'direct_debit', '23514', 'and no longer')) AS v(customer, mandate, day, method, expected, words);
SELECT is(pg_temp.outcome($$SELECT pg_temp.draw('A', 'M-END', '2026-04-01')$$, 'all'),
    E'23514: a direct debit needs a mandate of its customer that is in force\nMandate "M-END" is expired on 2026-04-01.\n'
    'Create it with ar.create_mandate() and name it in mandate_reference, or say in ar.cash_policy that none is required.', 'and says what is wrong');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.payment (ledger_id, amount, received_on, method) VALUES (%s, ''EUR 1'', ''2026-02-01'', ''direct_debit'')', :ledger)), 'done',
    'whose direct debit is not known is not judged');
SELECT lives_ok($$SELECT pg_temp.draw('A', 'M-ONE', '2026-02-01')$$, 'a one-off is drawn once');
SELECT is(pg_temp.outcome($$SELECT pg_temp.draw('A', 'M-ONE', '2026-02-02')$$), '23514', 'and no more');
SELECT ar.reverse_payment(:ledger, (SELECT payment_id FROM ar.payment WHERE mandate_reference = 'M-ONE'), 'returned', '2026-02-05') \g /dev/null
SELECT is(pg_temp.outcome($$SELECT pg_temp.draw('A', 'M-ONE', '2026-02-06')$$), 'done', 'unless it came back');
SELECT is(pg_temp.outcome($$INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, mandate_reference)
    SELECT pg_temp.ledger(), pg_temp.customer('A'), 'EUR 10', '2026-02-06', 'direct_debit', 'M-ONE' FROM generate_series(1, 2)$$), '23514', 'nor is it drawn twice by one statement');

-- States.
SELECT pg_temp.draw('A', 'M-1', '2026-02-10') \g /dev/null
SELECT results_eq($$SELECT day, pg_temp.life('M-1', day::date) FROM unnest('{2026-01-09,2026-01-10,2026-02-10,2029-02-10,2029-02-11}'::text[]) AS day$$, $$VALUES
    ('2026-01-09', 'not_signed'), ('2026-01-10', 'in_force'), ('2026-02-10', 'in_force 2026-02-10'),
    ('2029-02-10', 'in_force 2026-02-10'), ('2029-02-11', 'lapsed 2026-02-10')$$, 'a mandate lapses when nothing was drawn for 36 months');
SELECT is(pg_temp.life('M-B', '2036-01-01'), 'in_force', 'but for SEPA it does not');
SELECT is(ar.revoke_mandate(:ledger, :m1, '2026-03-01', 'moved'), 1::bigint, 'a mandate is revoked');
SELECT is(ar.revoke_mandate(:ledger, :m1, '2026-03-05'), 0::bigint, 'once');
SELECT is(pg_temp.life('M-1', '2026-02-28') || ', ' || pg_temp.life('M-1', '2026-03-01'), 'in_force 2026-02-10, revoked 2026-02-10', 'from that day on');
SELECT is(pg_temp.outcome($$SELECT pg_temp.draw('A', 'M-1', '2026-03-01')$$), '23514', 'nothing is drawn any more');
SELECT is(pg_temp.outcome($$SELECT pg_temp.draw('A', 'M-1', '2026-02-28')$$), 'done', 'for the days before it may be');
SELECT results_eq('SELECT revoked_on, revocation_reason, revoked_by = session_user FROM ar.mandate WHERE revoked_on IS NOT NULL',
    $$VALUES (date '2026-03-01', 'moved', true)$$, 'it is on record');
SELECT is(pg_temp.outcome(statement), expected, words) FROM (VALUES
    ('SELECT ar.revoke_mandates(pg_temp.ledger(), ARRAY[-1])', '23503', 'what does not exist is not revoked'),
    ('UPDATE ar.mandate SET account = NULL', 'RA003', 'nothing else of a mandate changes'),
    ('UPDATE ar.mandate SET revoked_on = NULL', 'RA003', 'nor is it in force again'),
    ('DELETE FROM ar.mandate', 'RA003', 'it is not deleted')) AS v(statement, expected, words);

-- A ledger that has its mandates elsewhere.
INSERT INTO ar.cash_policy (ledger_id, customer_id, requires_mandate) VALUES (:ledger, :b, false);
SELECT is(pg_temp.outcome($$SELECT pg_temp.draw('B', NULL, '2026-02-10')$$), 'done', 'where the policy requires none, none is needed');

-- What a constraint refuses is said in words.
SELECT is(split_part(pg_temp.outcome(format('INSERT INTO ar.mandate (ledger_id, customer_id, reference, %s) SELECT l.ledger_id, c.customer_id, %L, %s FROM ar.ledger AS l JOIN ar.customer AS c USING (ledger_id) LIMIT 1',
              'signed_on, account' || v.columns, v.reference, v.given), 'all'), E'\n', 1), '23514: ' || v.expected, v.expected)
FROM (VALUES ('', ' ', '''2026-01-01'', ''DE89370400440532013000''', 'a mandate has a reference'), (', scheme', 'M', '''2026-01-01'', ''DE89370400440532013000'', ''sepa''', '"sepa" is no scheme of direct debits'),
    (', sequence', 'M', '''2026-01-01'', ''DE89370400440532013000'', ''first''', '"first" is no sequence of direct debits'), ('', 'M', '''2026-01-01'', ''DE88370400440532013000''', 'the account of a mandate is not valid'),
    (', bic', 'M', '''2026-01-01'', ''DE89370400440532013000'', ''X''', 'the BIC of a mandate is not valid'),
    (', valid_until', 'M', '''2026-01-01'', ''DE89370400440532013000'', ''2025-12-31''', 'a mandate is signed on a day, and valid from then on')) AS v(columns, reference, given, expected);
SELECT is(pg_temp.outcome(format('INSERT INTO ar.cash_policy (ledger_id, customer_class, %s) SELECT l.ledger_id, ''said'', %s FROM ar.ledger AS l LIMIT 1', v.name, v.given), 'constraint'), '23514 cash_policy_' || v.expected || '_check', v.name || ' is checked, in words: ' || v.given)
FROM (VALUES ('rules', '''{oldest}''', 'rules'), ('remainder', '''first''', 'remainder'), ('tolerance', '''EUR -1''', 'tolerance'), ('tolerance_percent', '101', 'tolerance'), ('overpayment', '''keep''', 'overpayment'),
    ('partial_discount', '''some''', 'partial_discount'), ('confidence_threshold', '90', 'confidence_threshold'), ('double_payment_days', '-1', 'days')) AS v(name, given, expected);
SELECT is(pg_temp.outcome('INSERT INTO ar.cash_policy (ledger_id, customer_class, confidence_threshold) SELECT l.ledger_id, ''said'', 90 FROM ar.ledger AS l LIMIT 1', 'all'), E'23514: a confidence of 90 is none\nIt is from 0 to 1, such as 0.9.', 'with what it may be');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
