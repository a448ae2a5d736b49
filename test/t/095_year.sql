-- What happens in a year of a ledger of 200 customers: everything follows from a hash of names and numbers, and the day is an argument. Nothing reads a clock.
CREATE SCHEMA sim;
SET search_path TO public, ar;
CREATE FUNCTION sim.ledger() RETURNS integer LANGUAGE sql STABLE AS $$ SELECT ledger_id FROM ar.ledger WHERE code = 'YEAR' $$;
-- From 0 to 9999, always the same for the same words.
CREATE FUNCTION sim.draw(VARIADIC words text[]) RETURNS integer LANGUAGE sql IMMUTABLE AS $$ SELECT ('x' || left(md5(array_to_string(words, '/')), 7))::bit(28)::integer % 10000 $$;

CREATE TABLE sim.customer (n integer PRIMARY KEY, customer_id bigint, habit text);
CREATE PROCEDURE sim.begin() LANGUAGE plpgsql AS $$
DECLARE
    l integer := ar.create_ledger('YEAR', 'A year', 'EUR', 'Europe/Berlin', 'net 14');
BEGIN
    INSERT INTO sim.customer
    SELECT n, c.customer_id, (ARRAY['prompt', 'prompt', 'prompt', 'prompt', 'prompt', 'late', 'late', 'short', 'bounced', 'trouble'])[1 + sim.draw('habit', n::text) % 10]
    FROM generate_series(1, 200) AS n
    JOIN ar.create_customers(l, (SELECT jsonb_agg(jsonb_build_object('code', 'C' || lpad(n::text, 3, '0'), 'name', 'Customer ' || n, 'terms', CASE WHEN n % 3 = 0 THEN 'net 30' END,
        'customer_class', CASE WHEN n % 4 = 0 THEN 'public' ELSE 'trade' END, 'country', CASE WHEN n % 5 = 0 THEN 'AT' ELSE 'DE' END, 'created_on', '2025-01-01',
        'contacts', jsonb_build_array(jsonb_build_object('channel', 'email', 'address', 'c' || n || '@example.com'))) ORDER BY n)
        FROM generate_series(1, 200) AS n)) AS c ON c.element = n;
    INSERT INTO ar.interest_policy (ledger_id, rate, fee_scheme, charge_days, starts_on) VALUES (l, 9, 'eu', 30, '2025-01-01');
    INSERT INTO ar.collect_policy (ledger_id, promise_grace_days, plan_grace_days, small_balance, small_balance_days) VALUES (l, 2, 3, 'EUR 40.00', 20);
    INSERT INTO ar.collector (ledger_id, collector, name, team) SELECT l, c, c, 'team' FROM unnest('{anna,bob,carl}'::text[]) AS c;
    INSERT INTO ar.assignment_rule (ledger_id, "position", collector, customer_class) VALUES (l, 1, 'carl', 'public');
    INSERT INTO ar.assignment_rule (ledger_id, "position", team) VALUES (l, 2, 'team');
    PERFORM ar.set_dunning_preset(l, confirmation => 'automatic', fees => ARRAY[NULL, 'EUR 5.00', 'EUR 10.00']::ar.monetary[]);
    PERFORM ar.set_contact_preset(l, 'us_regulation_f');
    PERFORM ar.create_recurring_invoice(l, c.customer_id, '[{"unit_price": 120, "tax_rate": 19}]', starts_on => '2025-01-10', terms => 'net 14') FROM sim.customer AS c WHERE c.n <= 5;
END $$;

-- What a customer does about an invoice, and when; drawn once.
CREATE TABLE sim.drawn (invoice_id bigint PRIMARY KEY, number text, item_id bigint, due_on date, amount ar.monetary, n integer, customer_id bigint, habit text, drawn integer, story integer, pays_on date);
CREATE FUNCTION sim.draw_invoices() RETURNS void LANGUAGE sql AS $$
    INSERT INTO sim.drawn
    SELECT v.invoice_id, v.number, i.item_id, i.due_on, i.amount, c.n, c.customer_id, c.habit, d.drawn, d.drawn % 5,
           CASE c.habit WHEN 'prompt' THEN i.due_on - d.drawn % 5 WHEN 'late' THEN i.due_on + 10 + d.drawn % 35 WHEN 'short' THEN i.due_on + 3 WHEN 'bounced' THEN i.due_on END
    FROM ar.invoice AS v
    JOIN sim.customer AS c ON c.customer_id = v.customer_id
    JOIN ar.item AS i ON i.ledger_id = v.ledger_id AND i.invoice_id = v.invoice_id
    CROSS JOIN LATERAL (SELECT sim.draw('invoice', c.n::text, v.invoiced_on::text) AS drawn) AS d
    WHERE v.kind = 'invoice' AND v.invoice_id > (SELECT coalesce(max(s.invoice_id), 0) FROM sim.drawn AS s) $$;
CREATE VIEW sim.invoice AS SELECT d.*, i.open FROM sim.drawn AS d JOIN ar.item AS i ON i.ledger_id = sim.ledger() AND i.item_id = d.item_id;

CREATE FUNCTION sim.pay(day date, invoices bigint[], amounts ar.monetary[], text) RETURNS void LANGUAGE sql AS $$
    SELECT count(*) FROM ar.record_payments(sim.ledger(), (
        SELECT jsonb_agg(jsonb_build_object('customer_id', v.customer_id, 'amount', p.amount, 'received_on', day, 'reference', $4 || ' ' || v.number, 'method', 'cheque',
                                            'remittance', jsonb_build_array(jsonb_build_object('number', v.number, 'amount', ar.amount(p.amount)))) ORDER BY v.invoice_id)
        FROM unnest(invoices, amounts) AS p(invoice_id, amount) JOIN ar.invoice AS v ON v.ledger_id = sim.ledger() AND v.invoice_id = p.invoice_id))
    WHERE cardinality(invoices) > 0 $$;

CREATE FUNCTION sim.act(day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    l integer := sim.ledger();
    g record;
BEGIN
    PERFORM count(*) FROM ar.create_invoices(l, (
        SELECT jsonb_agg(jsonb_build_object('customer_id', c.customer_id, 'invoiced_on', day, 'lines', jsonb_build_array(jsonb_build_object(
            'unit_price', 50 + sim.draw('amount', c.n::text, day::text) / 5.0, 'tax_rate', 19))) ORDER BY c.n)
        FROM sim.customer AS c WHERE (sim.draw('rhythm', c.n::text) + (day - date '2025-01-01')) % 49 = 0)) WHERE EXISTS (
        SELECT FROM sim.customer AS c WHERE (sim.draw('rhythm', c.n::text) + (day - date '2025-01-01')) % 49 = 0);

    PERFORM sim.draw_invoices();

    -- Those who pay, early, late, too little, or by a debit that bounces.
    SELECT array_agg(v.invoice_id ORDER BY v.invoice_id) AS ids, array_agg(CASE v.habit WHEN 'short' THEN v.open * 0.97 ELSE v.open END ORDER BY v.invoice_id) AS amounts INTO g
    FROM sim.invoice AS v WHERE v.pays_on = day AND ar.sign(v.open) > 0;
    PERFORM sim.pay(day, g.ids, g.amounts, 'first');
    PERFORM count(*) FROM ar.reverse_payments(l, (
        SELECT jsonb_agg(jsonb_build_object('payment_id', p.payment_id, 'kind', 'bounced', 'reversed_on', day, 'fee', 'EUR 5.00', 'reason_code', 'am04') ORDER BY p.payment_id)
        FROM ar.payment AS p WHERE p.ledger_id = l AND p.received_on = day - 4 AND p.reference LIKE 'first%' AND p.customer_id IN (SELECT c.customer_id FROM sim.customer AS c WHERE c.habit = 'bounced')
          AND sim.draw('bounce', p.reference) % 2 = 0)) WHERE EXISTS (
        SELECT FROM ar.payment AS p WHERE p.ledger_id = l AND p.received_on = day - 4 AND p.reference LIKE 'first%' AND p.customer_id IN (SELECT c.customer_id FROM sim.customer AS c WHERE c.habit = 'bounced')
          AND sim.draw('bounce', p.reference) % 2 = 0);
    SELECT array_agg(v.invoice_id ORDER BY v.invoice_id) AS ids, array_agg(v.open ORDER BY v.invoice_id) AS amounts INTO g
    FROM sim.invoice AS v WHERE v.habit = 'bounced' AND v.due_on + 25 = day AND ar.sign(v.open) > 0;
    PERFORM sim.pay(day, g.ids, g.amounts, 'second');

    -- Trouble: a dispute; a promise; a plan; a credit memo; nothing at all.
    PERFORM ar.open_dispute(l, invoice_id => v.invoice_id, reason_code => 'quality', opened_on => day)
    FROM sim.invoice AS v WHERE v.habit = 'trouble' AND v.story = 0 AND v.due_on + 5 = day AND ar.sign(v.open) > 0;
    PERFORM ar.resolve_dispute(l, d.dispute_id, (ARRAY['credited', 'compromised', 'rejected'])[1 + v.drawn / 5 % 3], 'as drawn',
                               CASE WHEN v.drawn / 5 % 3 = 1 THEN ar.monetary(round(ar.amount(n.amount) / 2, 2), 'EUR') END, day)
    FROM ar.dispute AS d JOIN ar.dispute_item AS n USING (ledger_id, dispute_id) JOIN sim.invoice AS v ON v.item_id = n.item_id WHERE d.outcome IS NULL AND d.opened_on + 20 = day;
    PERFORM ar.promise_to_pay(l, v.customer_id, v.open, v.due_on + 14, ARRAY[v.item_id], day, 'by telephone')
    FROM sim.invoice AS v WHERE v.habit = 'trouble' AND v.story = 1 AND v.due_on + 7 = day AND ar.sign(v.open) > 0;
    PERFORM ar.create_payment_plan(l, v.customer_id, 3, v.due_on + 20, ARRAY[v.item_id], fee => 'EUR 10.00', agreed_on => day, re_aged => v.drawn / 5 % 2 = 0)
    FROM sim.invoice AS v WHERE v.habit = 'trouble' AND v.story = 2 AND v.due_on + 10 = day AND ar.sign(v.open) > 0;
    PERFORM count(*)
    FROM sim.invoice AS v
    CROSS JOIN LATERAL ar.create_credit_memos(l, jsonb_build_array(jsonb_build_object('invoice_id', v.invoice_id, 'amount', round(ar.amount(v.amount) * 0.3, 2), 'reason', 'goodwill', 'invoiced_on', day))) AS m
    WHERE v.habit = 'trouble' AND v.story = 3 AND v.due_on + 3 = day;
    PERFORM ar.write_off(l, v.invoice_id, reason_code => 'insolvency', written_off_on => day)
    FROM sim.invoice AS v WHERE v.habit = 'trouble' AND v.story = 4 AND v.due_on + 120 = day AND ar.sign(v.open) > 0;
    -- What they pay of it: of a promise all, half, or nothing; of a plan each instalment, or the first alone.
    SELECT array_agg(v.invoice_id ORDER BY v.invoice_id) AS ids, array_agg(v.pays ORDER BY v.invoice_id) AS amounts INTO g
    FROM (SELECT v.invoice_id, CASE
              WHEN v.story = 1 AND v.due_on + 13 = day THEN (ARRAY[v.open, ar.monetary(round(ar.amount(v.open) / 2, 2), 'EUR'), NULL])[1 + v.drawn / 5 % 3]
              WHEN v.story = 2 THEN (SELECT least(s.amount, v.open) FROM ar.payment_plan_item AS n JOIN ar.payment_plan_instalment AS s USING (ledger_id, plan_id)
                                     WHERE n.item_id = v.item_id AND n.is_open AND s.due_on = day AND (s.instalment = 1 OR v.drawn / 10 % 2 = 0))
              WHEN v.due_on + CASE v.story WHEN 0 THEN 40 WHEN 1 THEN 60 WHEN 2 THEN 150 WHEN 3 THEN 20 END = day THEN v.open END AS pays
          FROM sim.invoice AS v WHERE v.habit = 'trouble' AND ar.sign(v.open) > 0) AS v WHERE ar.sign(v.pays) > 0;
    PERFORM sim.pay(day, g.ids, g.amounts, 'trouble');
    -- On the 15th, those who are late pay what they were charged, and on the 1st what is left over and small is written off.
    IF extract(day FROM day) = 15 THEN
        PERFORM ar.record_payment(l, i.customer_id, ar.sum(i.open), day, reference => 'charges', apply => 'oldest')
        FROM ar.item AS i JOIN sim.customer AS c USING (customer_id)
        WHERE i.ledger_id = l AND c.habit IN ('late', 'bounced', 'trouble') AND i.adjustment_id IS NOT NULL AND i.closed_on IS NULL AND ar.sign(i.open) > 0 GROUP BY i.customer_id ORDER BY i.customer_id;
    ELSIF extract(day FROM day) = 1 THEN
        PERFORM count(*) FROM ar.write_off_small_balances(l, day);
    END IF;
    -- On Mondays whoever may be is called, the first forty of the list.
    IF extract(isodow FROM day) = 1 THEN
        PERFORM ar.record_activity(l, w.customer_id, 'call', CASE WHEN sim.draw('call', w.customer_code, day::text) % 4 = 0 THEN 'reached' ELSE 'no_answer' END,
                                   occurred_at => (day + time '10:00') AT TIME ZONE 'Europe/Berlin', performed_by => w.collector)
        FROM (SELECT * FROM ar.worklist(l, day) AS w ORDER BY w.place LIMIT 40) AS w
        JOIN ar.may_contact(l, ARRAY(SELECT customer_id FROM sim.customer), (day + time '10:00') AT TIME ZONE 'Europe/Berlin') AS m ON m.customer_id = w.customer_id
        WHERE m.may;
    END IF;
END $$;

-- The letters of the night before go out after what happened during the day: those that must not go any more are cancelled first.
-- What is wrong with a letter is looked up as it goes, in the documents themselves.
CREATE TABLE sim.letter (message_id bigint, sent_on date, wrong text);
CREATE PROCEDURE sim.send(day date) LANGUAGE plpgsql AS $$
DECLARE
    l integer := sim.ledger();
    claimed bigint[];
BEGIN
    PERFORM ar.cancel_messages(l, ARRAY[v.message_id], v.reason)
    FROM ar.dunning_vetoes(l, ARRAY(SELECT o.message_id FROM ar.outbox AS o WHERE o.ledger_id = l AND o.status = 'queued'), day) AS v;
    claimed := ARRAY(SELECT m.message_id FROM ar.claim_outbox(1000, NULL, l) AS m);
    INSERT INTO sim.letter
    SELECT n.message_id, day, string_agg(w.wrong, ', ')
    FROM ar.dunning_notice AS n
    LEFT JOIN LATERAL (
        SELECT format('item %s is %s', k.item_id, s.what) AS wrong
        FROM ar.dunning_notice_item AS k
        CROSS JOIN LATERAL (
            SELECT 'paid' AS what FROM ar.item AS i WHERE i.item_id = k.item_id AND i.closed_on IS NOT NULL
            UNION ALL SELECT 'disputed' FROM ar.dispute_item AS d JOIN ar.dispute AS p USING (ledger_id, dispute_id) WHERE d.item_id = k.item_id AND p.outcome IS NULL
            UNION ALL SELECT 'promised' FROM ar.promise_item AS d JOIN ar.promise AS p USING (ledger_id, promise_id) WHERE d.item_id = k.item_id AND d.is_open AND day <= p.due_on + 2
            UNION ALL SELECT 'on a plan' FROM ar.payment_plan_item AS d WHERE d.item_id = k.item_id AND d.is_open) AS s
        WHERE k.notice_id = n.notice_id AND NOT k.is_skipped) AS w ON true
    WHERE n.ledger_id = l AND n.message_id = ANY (claimed) GROUP BY n.message_id;
    PERFORM ar.mark_sent(l, u.id, 'tray') FROM unnest(claimed) AS u(id);
END $$;

CREATE TABLE sim.violation (found_on date, check_name text, table_name text, row_id bigint, detail text);
CREATE PROCEDURE sim.run(from_on date, to_on date) LANGUAGE plpgsql AS $$
DECLARE
    day date := from_on;
BEGIN
    WHILE day <= to_on LOOP
        PERFORM sim.act(day);
        COMMIT;
        CALL sim.send(day);
        COMMIT;
        -- Verified once a week and at the end of a month: it reads all there is, and the year has to end.
        INSERT INTO ar.job_run (ledger_id, step, business_date, finished_at, rows)
        SELECT sim.ledger(), 'verification', day, clock_timestamp(), 0 WHERE extract(isodow FROM day) < 7 AND extract(day FROM day + 1) > 1;
        COMMIT;
        CALL ar.run_daily(day, sim.ledger());
        IF extract(day FROM day + 1) = 1 THEN
            INSERT INTO sim.violation SELECT day, v.check_name, v.table_name, v.row_id, v.detail FROM ar.verify() AS v;
            COMMIT;
        END IF;
        day := day + 1;
    END LOOP;
END $$;
