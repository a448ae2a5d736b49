-- collect: dunning: levels by days, gaps and minimums; proposals, confirmation, letters; what is left alone; and the check before sending.
--
-- Protects: a level rises one a run and only after the one before was confirmed; nothing is proposed or written twice; nothing disputed,
-- promised, planned, placed, blocked, in flight or covered is reminded of; a letter that is not true any more does not go out.
BEGIN;
\ir helper.psql
SELECT plan(90);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') \g /dev/null
SELECT pg_temp.ledger() AS ledger \gset
SELECT ar.create_customer(:ledger, code, 'Customer ' || code) FROM unnest('{A,B,C,D,E,F,G,H,I,J,K,L,M,N,O,P,Q,R,S,T,U,V,W,X,Y,Z}'::text[]) AS code \g /dev/null
UPDATE ar.customer SET street = 'Way 1', city = 'Town', country = 'DE' WHERE ledger_id = :ledger;
CREATE FUNCTION pg_temp.bill(customer text, total text, number text, due_on date) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer($1), $3, '2025-12-01', $4, $2::ar.monetary, 'open') $$;
CREATE FUNCTION pg_temp.pay(number text, amount text, paid_on date) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE reference text := 'P' || nextval('ar.document_id');
        result bigint;
BEGIN
    SELECT ar.record_payment(pg_temp.ledger(), i.customer_id, $2::ar.monetary, paid_on, reference => reference, apply => 'none') INTO result
    FROM ar.item AS i WHERE i.item_id = pg_temp.item($1);
    PERFORM ar.apply(pg_temp.ledger(), pg_temp.item(reference), pg_temp.item($1), applied_on => paid_on);
    RETURN result;
END $$;
-- What a run proposes to a customer: the letter's level and amount, and its items with their levels.
CREATE FUNCTION pg_temp.shown(ids bigint[], customer text DEFAULT '.') RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(concat_ws(' ', c.code, n.level, ar.amount(n.amount), '[' || d.items || ']', nullif(n.status, 'proposed')), '; ' ORDER BY c.code, n.level, ar.amount(n.amount)), 'nothing')
    FROM ar.dunning_notice AS n JOIN ar.customer AS c USING (ledger_id, customer_id)
    CROSS JOIN LATERAL (SELECT string_agg(format('%s at %s', i.number, i.level), ', ' ORDER BY i.number, i.level) AS items FROM ar.dunning_items(n.ledger_id, ARRAY[n.notice_id]) AS i) AS d
    WHERE n.ledger_id = pg_temp.ledger() AND n.notice_id = ANY ($1) AND c.code ~ $2 $$;
CREATE FUNCTION pg_temp.run(as_of date, customer text DEFAULT '.') RETURNS text LANGUAGE plpgsql AS $$
DECLARE ids bigint[] := ARRAY(SELECT r.notice_id FROM ar.run_dunning(pg_temp.ledger(), $1) AS r);
BEGIN
    RETURN pg_temp.shown(ids, $2);
END $$;
CREATE FUNCTION pg_temp.confirm(confirmed_on date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    done jsonb;
BEGIN
    SELECT jsonb_agg(to_jsonb(f)) INTO done FROM ar.confirm_dunning(pg_temp.ledger(), confirmed_on => $1) AS f;
    RETURN (SELECT coalesce(string_agg(concat_ws(' ', c.code, n.level, n.amount, 'and ' || n.fee::text, n.reason), '; ' ORDER BY c.code, n.level, n.amount), 'nothing')
            FROM jsonb_to_recordset(done) AS f(notice_id bigint)
            JOIN ar.dunning_notice AS n ON n.notice_id = f.notice_id JOIN ar.customer AS c ON c.customer_id = n.customer_id);
END $$;
CREATE FUNCTION pg_temp.level(number text) RETURNS integer LANGUAGE sql AS $$ SELECT level FROM ar.dunning_level_of(pg_temp.ledger(), ARRAY[pg_temp.item($1)]) $$;
-- A policy for one customer, with levels.
CREATE FUNCTION pg_temp.policy(customer text, policy jsonb, VARIADIC levels jsonb[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    INSERT INTO ar.dunning_policy (ledger_id, customer_id, letter_per, escalation, confirmation, is_netted, grace_days, interval_days, shifts_due_dates)
    SELECT pg_temp.ledger(), pg_temp.customer($1), coalesce(p.letter_per, 'customer'), coalesce(p.escalation, 'one_level'), coalesce(p.confirmation, 'manual'),
           coalesce(p.is_netted, true), coalesce(p.grace_days, 0), coalesce(p.interval_days, 0), coalesce(p.shifts_due_dates, false)
    FROM jsonb_to_record($2) AS p(letter_per text, escalation text, confirmation text, is_netted boolean, grace_days integer, interval_days integer, shifts_due_dates boolean)
    RETURNING policy_id INTO result;
    INSERT INTO ar.dunning_level (ledger_id, policy_id, level, days, counts_from, gap_days, minimum, minimum_percent, fee, fee_percent, claims_interest, template)
    SELECT pg_temp.ledger(), result, l.level, l.days, coalesce(l.counts_from, 'due_date'), coalesce(l.gap_days, 0), l.minimum::ar.monetary, l.minimum_percent, l.fee::ar.monetary,
           l.fee_percent, coalesce(l.claims_interest, false), CASE l.level WHEN 0 THEN 'reminder' ELSE 'dunning_' || l.level END
    FROM unnest($3) AS u(value) CROSS JOIN LATERAL jsonb_to_record(u.value) AS l(
        level smallint, days integer, counts_from text, gap_days integer, minimum text, minimum_percent numeric, fee text, fee_percent numeric, claims_interest boolean);
    RETURN result;
END $$;

-- Without a policy nobody is reminded; the usual one.
SELECT pg_temp.bill('A', 'EUR 100', 'A1', '2026-01-14') \g /dev/null
SELECT is(pg_temp.run('2026-03-01'), 'nothing', 'without a policy nothing is proposed');
SELECT is((SELECT count(*) FROM ar.dunning_run), 0::bigint, 'nor is a run recorded');
SELECT ar.set_dunning_preset(:ledger, fees => '{NULL,"EUR 5","EUR 10"}') AS preset \gset
SELECT is((SELECT string_agg(format('%s: %s %s', level, days, template), ', ' ORDER BY level) FROM ar.dunning_level), '0: -3 reminder, 1: 7 dunning_1, 2: 21 dunning_2, 3: 35 dunning_3', 'a reminder and three levels');
SELECT is(ar.set_dunning_preset(:ledger, fees => '{NULL,"EUR 5","EUR 10"}'), :preset::bigint, 'again it is the same policy');
SELECT is((SELECT count(DISTINCT code) FROM ar.message_template WHERE ledger_id = :ledger AND purpose IN ('dunning', 'reminder')), 4::bigint, 'with its letters');

-- Days: three before the due date, then from the day on which a level is reached.
SELECT is(pg_temp.run('2026-01-10'), 'nothing', 'four days before the due date nothing');
SELECT is(pg_temp.run('2026-01-11'), 'A 0 100.00 [A1 at 0]', 'three days before it a reminder');
SELECT is(pg_temp.run('2026-01-11'), 'nothing', 'the same day again adds nothing');
SELECT is(pg_temp.run('2026-01-12'), 'nothing', 'what is proposed is left as it is');
SELECT is((SELECT count(*) FROM ar.dunning_notice), 1::bigint, 'and not doubled');
SELECT is(pg_temp.confirm('2026-01-12'), 'A 0 EUR 100.00', 'it is confirmed');
SELECT is(pg_temp.confirm('2026-01-12'), 'nothing', 'once');
SELECT is(pg_temp.run('2026-01-13'), 'nothing', 'a reminder goes out once');
SELECT is(pg_temp.level('A1'), 0, 'and is no level');
SELECT is(pg_temp.run('2026-01-20'), 'nothing', 'six days after the due date nothing');
SELECT is(pg_temp.run('2026-01-21'), 'A 1 100.00 [A1 at 1]', 'seven days after it the first letter');
SELECT is(pg_temp.run('2026-03-01'), 'nothing', 'as long as that is not confirmed, no other');
SELECT is(pg_temp.level('A1'), 0, 'what is only proposed is not escalated');
SELECT is(pg_temp.confirm('2026-03-01'), 'A 1 EUR 100.00', 'the first level is confirmed');
SELECT is(pg_temp.run('2026-03-10'), 'nothing', 'nine days later the gap of ten is not over');
SELECT is(pg_temp.run('2026-03-11'), 'A 2 100.00 [A1 at 2]', 'ten days later it is: 10 on 10');
SELECT is(pg_temp.run('2026-03-10'), 'nothing', 'nothing is done for a day before the last run');
SELECT is(pg_temp.confirm('2026-03-11'), 'A 2 EUR 100.00 and EUR 5.00', 'the second level has a fee');
SELECT is((SELECT format('%s %s %s %s', i.kind, i.open, i.due_on, j.reason_code) FROM ar.dunning_notice AS n JOIN ar.item AS i ON i.adjustment_id = n.fee_id JOIN ar.adjustment AS j ON j.adjustment_id = n.fee_id),
    'fee EUR 5.00 2026-03-11 dunning', 'the fee is an item of its own');
SELECT is(pg_temp.outcome('SELECT ar.confirm_dunning(pg_temp.ledger(), ARRAY(SELECT notice_id FROM ar.dunning_notice), confirmed_on => ''2026-03-12'')'), 'done', 'what is confirmed is left alone');
SELECT is((SELECT count(*) FROM ar.item WHERE kind = 'fee'), 1::bigint, 'and charges no second fee');
SELECT is((SELECT replace(string_agg(m.level || ' ' || m.subject, '; ' ORDER BY m.level), chr(160), ' ') FROM (SELECT n.level, o.subject FROM ar.dunning_notice AS n JOIN ar.outbox AS o USING (ledger_id, message_id)) AS m),
    '0 Payment falling due: EUR 100.00; 1 Payment reminder: EUR 100.00; 2 Second reminder: EUR 105.00 overdue', 'the letters are in the outbox');
SELECT is((SELECT regexp_replace(substring(o.body FROM E'A1 [^\n]*') || substring(o.body FROM E'Fee [^\n]*') || substring(o.body FROM 'pay this amount by [^.]*'), '[\s\u00a0]+', ' ', 'g') FROM ar.outbox AS o JOIN ar.dunning_notice AS n USING (ledger_id, message_id) WHERE n.level = 2),
    'A1 14 Jan 2026 56 EUR 100.00Fee EUR 5.00pay this amount by 18 Mar 2026', 'with number, days, open amount, fee and the day to pay by');
SELECT is((SELECT string_agg(e.level::text, ' ' ORDER BY e.event_id) FROM ar.credit_event AS e WHERE e.kind = 'dunning'), '1 2', 'each level is a credit event');

-- A bounced payment goes on in the same cycle; nothing restarts but a decision.
SELECT pg_temp.pay('A1', 'EUR 100', '2026-03-12') AS paid \gset
SELECT is(pg_temp.run('2026-03-25'), 'nothing', 'what is paid has an end');
SELECT ar.record_dunning_levels(:ledger, '2026-03-25') \g /dev/null
SELECT is((SELECT e.level FROM ar.credit_event AS e WHERE e.kind = 'dunning' ORDER BY e.event_id DESC LIMIT 1), 0, 'which is a credit event, too');
SELECT ar.reverse_payment(:ledger, :paid, 'returned', '2026-03-26') \g /dev/null
SELECT is(pg_temp.run('2026-03-26'), 'A 3 100.00 [A1 at 3]', 'a bounced payment resumes the same cycle, where it stood');
SELECT is(pg_temp.confirm('2026-03-26'), 'A 3 EUR 100.00 and EUR 10.00', 'and goes on');
SELECT is(pg_temp.run('2026-06-30'), 'nothing', 'after the last level nothing');
SELECT is(ar.restart_dunning(:ledger, ARRAY[pg_temp.item('A1')], 'agreed', '2026-06-30'), 1::bigint, 'somebody begins anew');
SELECT is(pg_temp.run('2026-06-30'), 'A 1 100.00 [A1 at 1]', 'from the first level');
SELECT is((SELECT format('%s %s', cycle, level) FROM ar.dunning_level_of(:ledger, ARRAY[pg_temp.item('A1')])), '2 0', 'in another cycle');
SELECT is(ar.ignore_notices(:ledger, ARRAY(SELECT notice_id FROM ar.dunning_notice WHERE status = 'proposed'), 'he called'), 1::bigint, 'it is ignored');
SELECT is(pg_temp.run('2026-07-06'), 'nothing', 'for a week');
SELECT is(pg_temp.run('2026-07-07'), 'A 1 100.00 [A1 at 1]', 'and then proposed again');
SELECT pg_temp.pay('A1', 'EUR 100', '2026-07-07') \g /dev/null
SELECT is(pg_temp.confirm('2026-07-07'), 'A 1 EUR 100.00 nothing of it was due any more when it was to be confirmed', 'what was paid meanwhile is not confirmed, but withdrawn');

-- A letter to the customer: all items with their own levels, and open amounts of their own; the letter has the highest.
SELECT pg_temp.policy('B', '{"interval_days": 14}', '{"level": 1, "days": 7}', '{"level": 2, "days": 21}') \g /dev/null
SELECT pg_temp.bill('B', 'EUR 100', 'B1', '2026-07-10'), pg_temp.bill('B', 'USD 70', 'B3', '2026-07-10') \g /dev/null
SELECT results_eq($$SELECT currency, amount FROM ar.run_dunning(pg_temp.ledger(), '2026-07-17') WHERE customer_code = 'B' ORDER BY 1$$, $$VALUES ('EUR', 100.00), ('USD', 70.00)$$, 'a letter for each currency');
SELECT is(pg_temp.confirm('2026-07-17'), 'B 1 EUR 100.00; B 1 USD 70.00', 'each by itself');
SELECT pg_temp.bill('B', 'EUR 50', 'B2', '2026-07-20'), pg_temp.pay('B1', 'EUR 30', '2026-07-20') \g /dev/null
SELECT is(pg_temp.run('2026-07-30', 'B'), 'nothing', 'within the interval of 14 days there is no other letter: 13');
SELECT is(pg_temp.run('2026-07-31', 'B'), 'B 2 70.00 [B3 at 2]; B 2 120.00 [B1 at 2, B2 at 1]', 'on the 14th day both items, each at its level, in a letter of the highest');
SELECT is(pg_temp.confirm('2026-07-31'), 'B 2 EUR 120.00; B 2 USD 70.00', 'with what is open of each');
SELECT is((SELECT string_agg(format('%s %s %s', n.level, n.amount, i.open), ', ' ORDER BY n.item_id) FROM ar.dunning_notice_item AS n JOIN ar.item AS i USING (ledger_id, item_id) WHERE n.noticed_on = '2026-07-31' AND ar.currency(n.amount) = 'EUR'),
    '2 EUR 70.00 EUR 70.00, 1 EUR 50.00 EUR 50.00', 'each row has its own open amount');

-- A letter for each item; a fee from the original amount; the letter of an item is the invoice's.
SELECT pg_temp.policy('C', '{"letter_per": "item"}', '{"level": 1, "days": 1, "fee": "EUR 10"}', '{"level": 2, "days": 10, "fee_percent": 15}') \g /dev/null
SELECT pg_temp.bill('C', 'EUR 100', 'C1', '2026-08-01'), pg_temp.bill('C', 'EUR 200', 'C2', '2026-08-01') \g /dev/null
SELECT is(pg_temp.run('2026-08-01', 'C'), 'nothing', 'on the due date nothing is overdue');
SELECT is(pg_temp.run('2026-08-02', 'C'), 'C 1 100.00 [C1 at 1]; C 1 200.00 [C2 at 1]', 'a letter for each item');
SELECT is(pg_temp.confirm('2026-08-02'), 'C 1 EUR 100.00 and EUR 10.00; C 1 EUR 200.00 and EUR 10.00', 'with a fee each');
SELECT is(pg_temp.run('2026-08-11', 'C'), 'C 2 100.00 [C1 at 2]; C 2 200.00 [C2 at 2]', 'fees are not reminded of by themselves');
SELECT is(pg_temp.confirm('2026-08-11'), 'C 2 EUR 100.00 and EUR 15.00; C 2 EUR 200.00 and EUR 30.00', '15 percent of the original 100 after a fee of 10');

-- Missed nights: one level a run; or the most severe, and the others are recorded.
SELECT pg_temp.policy('D', '{}', '{"level": 1, "days": 1}', '{"level": 2, "days": 2}', '{"level": 3, "days": 3}'),
       pg_temp.policy('E', '{"escalation": "most_severe", "confirmation": "automatic"}', '{"level": 1, "days": 1}', '{"level": 2, "days": 2}', '{"level": 3, "days": 3, "minimum": "EUR 50"}') \g /dev/null
SELECT pg_temp.bill('D', 'EUR 100', 'D1', '2026-08-15'), pg_temp.bill('E', 'EUR 100', 'E1', '2026-08-15') \g /dev/null
SELECT is(pg_temp.run('2026-08-20', '[DE]'), 'D 1 100.00 [D1 at 1]; E 3 100.00 [E1 at 1, E1 at 2, E1 at 3] confirmed', 'after missed nights one level, or the most severe; unattended it is confirmed');
SELECT is((SELECT string_agg(format('%s %s', level, is_skipped), ', ' ORDER BY level) FROM ar.dunning_notice_item WHERE item_id = pg_temp.item('E1')), '1 t, 2 t, 3 f', 'what was skipped is recorded');
SELECT is((SELECT count(*) FROM ar.outbox WHERE customer_id = pg_temp.customer('E')), 1::bigint, 'and there is one letter');
SELECT pg_temp.confirm('2026-08-20') \g /dev/null
-- Minimums: strictly below falls back to the level below, equal is enough.
SELECT pg_temp.bill('E', 'EUR 49.99', 'E2', '2026-08-15') \g /dev/null
SELECT is(pg_temp.run('2026-08-21', 'E'), 'E 2 49.99 [E2 at 1, E2 at 2] confirmed', 'what is less than the minimum falls back to the level below');
SELECT pg_temp.policy('F', '{}', '{"level": 1, "days": 1, "minimum": "EUR 20"}'), pg_temp.policy('G', '{}', '{"level": 1, "days": 1, "minimum_percent": 50}') \g /dev/null
SELECT pg_temp.bill('F', 'EUR 19.99', 'F1', '2026-08-15'), pg_temp.bill('G', 'EUR 49.99', 'G1', '2026-08-15'), pg_temp.bill('G', 'EUR 50.00', 'G2', '2026-12-15') \g /dev/null
SELECT is(pg_temp.run('2026-08-22', 'F') || pg_temp.run('2026-08-22', 'G'), 'nothingnothing', 'strictly below the minimum, or the percentage, is skipped');
SELECT pg_temp.bill('F', 'EUR 0.01', 'F2', '2026-08-15'), pg_temp.bill('G', 'EUR 0.01', 'G3', '2026-08-15') \g /dev/null
SELECT is((SELECT string_agg(customer_code || ' ' || amount, ', ' ORDER BY customer_code) FROM ar.run_dunning(:ledger, '2026-08-22') WHERE customer_code IN ('F', 'G')), 'F 20.00, G 50.00', 'equal is reminded of');
INSERT INTO ar.exchange_rate (ledger_id, from_currency, to_currency, valid_from, rate) VALUES (:ledger, 'EUR', 'USD', '2026-01-01', 1.25);
SELECT pg_temp.bill('F', 'USD 24.99', 'F3', '2026-08-15') \g /dev/null
SELECT is(pg_temp.run('2026-08-23', 'F'), 'nothing', 'a minimum in another currency is converted: EUR 20 are USD 25');
SELECT pg_temp.bill('F', 'USD 0.01', 'F4', '2026-08-15') \g /dev/null
SELECT is(pg_temp.run('2026-08-23', 'F'), 'F 1 25.00 [F3 at 1, F4 at 1]', 'which is enough');
SELECT pg_temp.confirm('2026-08-23') \g /dev/null

-- Grace, month ends, days from the last notice, free days.
SELECT pg_temp.policy('H', '{"grace_days": 5}', '{"level": 1, "days": 1}'), pg_temp.policy('I', '{}', '{"level": 1, "days": 10, "counts_from": "month_end"}', '{"level": 2, "days": 8, "counts_from": "last_notice"}'),
       pg_temp.policy('J', '{"shifts_due_dates": true}', '{"level": 1, "days": 1}') \g /dev/null
SELECT pg_temp.bill('H', 'EUR 1', 'H1', '2026-08-20'), pg_temp.bill('I', 'EUR 1', 'I1', '2026-08-21'), pg_temp.bill('I', 'EUR 1', 'I2', '2026-08-22'), pg_temp.bill('J', 'EUR 1', 'J1', '2026-08-29') \g /dev/null
SELECT is(pg_temp.run('2026-08-25', 'H'), 'nothing', 'five days of grace are left alone');
SELECT is(pg_temp.run('2026-08-26', 'H'), 'H 1 1.00 [H1 at 1]', 'what is overdue by more is not');
SELECT is(pg_temp.run('2026-08-30', '[IJ]'), 'nothing', 'before the end of the month nothing');
SELECT is(pg_temp.run('2026-08-31', 'I'), 'I 1 1.00 [I1 at 1]', 'the end of a month in which the days are over: 21 August and 10 days, not the 22nd');
SELECT pg_temp.confirm('2026-08-31') \g /dev/null
SELECT is((SELECT string_agg(customer_code, '' ORDER BY customer_code) FROM ar.run_dunning(:ledger, '2026-08-31') WHERE customer_code IN ('J')), NULL, 'due on a Saturday is due on Monday');
SELECT is(pg_temp.run('2026-09-01', 'J'), 'J 1 1.00 [J1 at 1]', 'and overdue on Tuesday');
SELECT pg_temp.confirm('2026-09-01') \g /dev/null
SELECT is((SELECT due_on FROM ar.dunning_notice_item WHERE item_id = pg_temp.item('J1')), '2026-08-31'::date, 'the letter says so');
SELECT is(pg_temp.run('2026-09-07', 'I'), 'nothing', 'seven days after the last notice nothing');
SELECT is(pg_temp.run('2026-09-08', 'I'), 'I 2 1.00 [I1 at 2]', 'eight days after it the next');

-- Left alone: disputed and promised parts, plans, agencies, blocks, direct debits in flight, and what is covered.
SELECT pg_temp.bill(c, 'EUR 100', c || '1', '2026-09-01') FROM unnest('{K,L,M,N,O,P,Q,R,S,T}'::text[]) AS c \g /dev/null
SELECT pg_temp.bill('P', 'EUR 40', 'P2', '2026-08-31') \g /dev/null
SELECT ar.open_dispute(:ledger, pg_temp.invoice('K1'), 'price', 'EUR 30', opened_on => '2026-09-05'), ar.open_dispute(:ledger, pg_temp.invoice('L1'), 'price', opened_on => '2026-09-05'),
       ar.promise_to_pay(:ledger, pg_temp.customer('M'), 'EUR 100', '2026-09-20', made_on => '2026-09-05'),
       ar.create_payment_plan(:ledger, pg_temp.customer('N'), 2, '2026-09-20', agreed_on => '2026-09-05', every => '1 month'),
       ar.block_dunning(:ledger, item_ids => ARRAY[pg_temp.item('O1')], reason => 'asked to wait', from_on => '2026-09-05', until_on => '2026-09-20'),
       ar.record_payment(:ledger, pg_temp.customer('P'), 'EUR 60', '2026-09-05', apply => 'none'),
       ar.block_dunning(:ledger, customer_ids => ARRAY[pg_temp.customer('R')], reason => 'friend', from_on => '2026-09-05') \g /dev/null
INSERT INTO ar.agency (ledger_id, agency, name) VALUES (:ledger, 'acme', 'Acme');
SELECT ar.place_with_agency(:ledger, 'acme', item_ids => ARRAY[pg_temp.item('Q1')], placed_on => '2026-09-05') \g /dev/null
SELECT pg_temp.policy('S', '{"is_netted": false}', '{"level": 1, "days": 7}'), pg_temp.policy('T', '{"is_netted": false}', '{"level": 1, "days": 7}') \g /dev/null
SELECT ar.create_mandate(:ledger, pg_temp.customer('S'), 'M-1', '2026-01-01', account => 'DE89370400440532013000') \g /dev/null
INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, method, mandate_reference, apply) VALUES (:ledger, pg_temp.customer('S'), 'EUR 100.00', '2026-09-07', 'direct_debit', 'M-1', 'none');
SELECT ar.record_payment(:ledger, pg_temp.customer('T'), 'EUR 60', '2026-09-05', apply => 'none') \g /dev/null
SELECT is(pg_temp.run('2026-09-08', '[K-T]'), 'K 1 70.00 [K1 at 1]; P 1 80.00 [P1 at 1]; T 1 100.00 [T1 at 1]',
    'the undisputed part; what is not covered, the earliest due date first; without netting all but a direct debit in flight');
SELECT is((SELECT string_agg(n.number || ' ' || e.reason || ' ' || e.amount, '; ' ORDER BY n.number) FROM ar.dunning_exceptions(:ledger, '2026-09-08') AS e JOIN ar.item AS i USING (item_id) JOIN ar.invoice AS n USING (ledger_id, invoice_id)),
    'K1 disputed EUR 70.00; L1 disputed EUR 0.00; M1 promised EUR 0.00; N1 on a payment plan EUR 0.00; O1 blocked EUR 0.00; P1 covered by what is paid EUR 80.00; P2 covered by what is paid EUR 0.00; Q1 with an agency EUR 0.00; S1 covered by what is paid EUR 0.00',
    'each with its reason');
SELECT ar.clear_payments(:ledger, ARRAY(SELECT payment_id FROM ar.payment WHERE mandate_reference = 'M-1'), '2026-09-10') \g /dev/null
SELECT is((SELECT string_agg(customer_code, '' ORDER BY customer_code) FROM ar.run_dunning(:ledger, '2026-09-21') WHERE customer_code BETWEEN 'K' AND 'T'), 'MNOS',
    'a broken promise, a missed instalment, a block that is over, a direct debit that cleared but is not applied: they are reminded of again');
SELECT pg_temp.confirm('2026-09-21') \g /dev/null

-- Before a letter goes out.
SELECT pg_temp.bill('U', 'EUR 100', 'U1', '2026-09-20'), pg_temp.bill('U', 'EUR 10', 'U2', '2026-09-20'), pg_temp.bill('V', 'EUR 100', 'V1', '2026-09-20') \g /dev/null
SELECT is(pg_temp.run('2026-09-27', 'U'), 'U 1 110.00 [U1 at 1, U2 at 1]', 'a letter of two items');
SELECT pg_temp.confirm('2026-09-27') \g /dev/null
SELECT pg_temp.pay('U1', 'EUR 100', '2026-09-28') \g /dev/null
SELECT is((SELECT string_agg(c.code || ' ' || v.reason, '; ') FROM ar.recheck_dunning(:ledger, ARRAY(SELECT message_id FROM ar.outbox WHERE ledger_id = :ledger AND customer_id IN (pg_temp.customer('U'), pg_temp.customer('V')))) AS v
    JOIN ar.outbox AS o USING (message_id) JOIN ar.customer AS c USING (customer_id)), 'U U1 is paid', 'what is paid vetoes the letter');
SELECT ar.cancel_messages(:ledger, ARRAY(SELECT message_id FROM ar.outbox WHERE ledger_id = :ledger AND customer_id <> ALL (ARRAY[pg_temp.customer('U'), pg_temp.customer('V')]) AND status = 'queued' AND customer_id = pg_temp.customer('C')), 'clean') \g /dev/null
SELECT ok((SELECT count(*) > 5 FROM ar.claim_outbox(1000, ledger_id => :ledger)), 'the others are handed out');
SELECT is((SELECT string_agg(c.code || ' ' || o.status || ' ' || o.last_error, '; ') FROM ar.outbox AS o JOIN ar.customer AS c USING (ledger_id, customer_id) WHERE o.ledger_id = :ledger AND c.code = 'U'), 'U cancelled U1 is paid', 'it is cancelled');
SELECT is(pg_temp.level('U2'), 0, 'and its levels do not count');
SELECT is(pg_temp.run('2026-09-28', 'U'), 'U 1 10.00 [U2 at 1]', 'what is left of it is proposed anew');
SELECT is((SELECT string_agg(j.kind || ' ' || j.amount, ', ' ORDER BY j.adjustment_id) FROM ar.adjustment AS j WHERE j.reverses_id IS NOT NULL AND j.customer_id = pg_temp.customer('C')), 'fee EUR -10.00, fee EUR -10.00, fee EUR -15.00, fee EUR -30.00', 'the fees of letters that were cancelled are taken back');
SELECT is(pg_temp.confirm('2026-09-28'), 'C 1 EUR 100.00 and EUR 10.00; C 1 EUR 200.00 and EUR 10.00; U 1 EUR 10.00', 'and confirmed, as is what else had been cancelled');

-- Whom nothing reaches; what somebody writes by hand.
SELECT is(pg_temp.outcome('UPDATE ar.dunning_notice SET amount = ''EUR 1'' WHERE status = ''confirmed'''), 'RA003', 'what is confirmed is not changed');
SELECT is(pg_temp.outcome('DELETE FROM ar.dunning_notice_item'), 'RA003', 'nor what it is about');
SELECT is(pg_temp.outcome('UPDATE ar.dunning_notice_item SET is_counted = false'), 'RA003', 'nor what counts');
UPDATE ar.dunning_item SET level = 9 WHERE item_id = pg_temp.item('A1');
SELECT is(pg_temp.level('A1'), 0, 'where an item stands is derived, whatever is written');
SELECT is(pg_temp.outcome($$INSERT INTO ar.dunning_notice_item (ledger_id, notice_id, item_id, level, cycle, due_on, amount, noticed_on)
    SELECT ledger_id, notice_id, item_id, level, cycle, due_on, amount, noticed_on FROM ar.dunning_notice_item WHERE item_id = pg_temp.item('B2')$$, 'constraint'), '23505 dunning_notice_item_pkey', 'no item twice');
SELECT is(pg_temp.outcome(format('INSERT INTO ar.dunning_level (ledger_id, policy_id, level, days, template) VALUES (%s, %s, 5, 60, ''dunning_3'')', :ledger, :preset), 'constraint'), '23514 dunning_level_order_check', 'levels have no gap');
SELECT is(pg_temp.outcome(format('UPDATE ar.dunning_level SET days = 7 WHERE policy_id = %s AND level = 2', :preset), 'constraint'), '23514 dunning_level_order_check', 'and rise with the days');
SELECT is(pg_temp.outcome(format('SELECT ar.confirm_dunning(%s, confirmed_on => ''2026-09-01'') FROM ar.run_dunning(%1$s, ''2026-10-30'')', :ledger), 'constraint'), '23514 dunning_notice_decided_on_check', 'nothing is confirmed before it was proposed');

SELECT is(pg_temp.outcome(format('SELECT ar.run_dunning(ledger_id, %L) FROM ar.dunning_policy LIMIT 1', day)), '22023', 'no run for ' || day) FROM (VALUES ('9999-12-31')) AS v(day);
SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
