-- billing: due dates, instalments and discounts for early payment, as items have them; shifted due dates; who is invoiced at all.
-- The worked numbers of the notes on algorithms, section 3, as far as invoices make them.
BEGIN;
\ir helper.psql
SELECT plan(28);

SELECT ar.create_ledger('TEST', 'Test', 'EUR', 'UTC', 'net 20') \g /dev/null
SELECT ar.create_customer(pg_temp.ledger(), 'A', 'A', 'net 10') \g /dev/null
SELECT pg_temp.ledger() AS ledger, pg_temp.customer('A') AS a \gset

CREATE FUNCTION pg_temp.bill(number text, price numeric, rate numeric, terms ar.terms, options jsonb DEFAULT '{}', invoiced_on date DEFAULT '2026-01-05') RETURNS bigint LANGUAGE sql AS $$
    SELECT ar.create_invoice(pg_temp.ledger(), pg_temp.customer('A'), jsonb_build_array(jsonb_build_object('unit_price', price, 'tax_rate', rate)),
        invoiced_on, terms, number => number, options => options)
$$;
-- The items of an invoice: due date, amount, and discounts with their last day.
CREATE FUNCTION pg_temp.items(number text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', i.due_on, ar.amount(i.amount), d.discounts), '; ' ORDER BY i.instalment)
    FROM ar.item AS i
    LEFT JOIN LATERAL (SELECT string_agg(format('-%s until %s', ar.amount(d.discount), d.discount_until), ' ' ORDER BY d.tier) AS discounts
                       FROM ar.item_discount AS d WHERE d.ledger_id = i.ledger_id AND d.item_id = i.item_id) AS d ON true
    WHERE i.ledger_id = pg_temp.ledger() AND i.invoice_id = pg_temp.invoice($1)
$$;

-- Dates: the 31st, the end of month and year, 29 February.
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, terms, total, status)
SELECT :ledger, :a, 'D' || place, invoiced_on, terms::ar.terms, 'EUR 100', 'open'
FROM unnest('{net 30,net 1 month,net 1 month,net 12 months,eom,eom net 45,net 45 eom,net 30 day 10,day 31,net 31 next day 15,net 31 next day 15,net 2 months same month day 15 net 30,net 1,due on receipt}'::text[],
    '{2022-01-31,2026-01-31,2024-01-31,2024-02-29,2024-02-01,2019-01-15,2026-01-15,2023-12-12,2024-01-10,2019-01-15,2019-01-31,2011-10-01,2026-12-31,2024-02-29}'::date[]) WITH ORDINALITY AS t(terms, invoiced_on, place);
SELECT results_eq($$SELECT v.terms::text, v.invoiced_on, i.due_on FROM ar.item AS i JOIN ar.invoice AS v USING (ledger_id, invoice_id) WHERE v.number LIKE 'D%' ORDER BY substr(v.number, 2)::integer$$, $$VALUES
    ('net 30', date '2022-01-31', date '2022-03-02'), ('net 1 month', '2026-01-31', '2026-02-28'), ('net 1 month', '2024-01-31', '2024-02-29'), ('net 12 months', '2024-02-29', '2025-02-28'),
    ('eom', '2024-02-01', '2024-02-29'), ('eom net 45', '2019-01-15', '2019-03-17'), ('net 45 eom', '2026-01-15', '2026-03-31'), ('net 30 day 10', '2023-12-12', '2024-02-10'), ('day 31', '2024-01-10', '2024-02-29'),
    ('net 31 next day 15', '2019-01-15', '2019-02-15'), ('net 31 next day 15', '2019-01-31', '2019-03-15'), ('net 2 months same month day 15 net 30', '2011-10-01', '2012-01-14'),
    ('net 1', '2026-12-31', '2027-01-01'), ('due on receipt', '2024-02-29', '2024-02-29')$$, 'due dates over the edges of months and years');

-- Splits: half up, the rest on the last, always the total.
SELECT pg_temp.bill('HALVES', 0.03, 0, '50% net 10, 50% net 20') \g /dev/null
SELECT is(pg_temp.items('HALVES'), '2026-01-15 0.02; 2026-01-25 0.01', '0.03 in halves');
SELECT pg_temp.bill('MANY', 1000, 0, (SELECT ('50% net 1, ' || string_agg('1.66% net ' || n, ', ') || ', 16.8% net 30')::ar.terms FROM generate_series(2, 21) AS n)) \g /dev/null
SELECT results_eq($$SELECT count(*), sum(ar.amount(amount)), max(ar.amount(amount)), min(ar.amount(amount)) FROM ar.item WHERE invoice_id = pg_temp.invoice('MANY')$$, 'VALUES (22::bigint, 1000.00, 500.00, 16.60)', '50, 20 times 1.66 and 16.8 percent are 100');
SELECT is(pg_temp.outcome($$SELECT pg_temp.bill('X', 1000, 0, '70% net 1, 500 net 2, rest net 3')$$), '22023', '70 percent and 500 of 1000 do not fit');
SELECT pg_temp.bill('CREDIT', 100.01, 0, '30% due on receipt, 70% 2/10 net 60', '{"kind": "credit_memo"}', '2026-01-31') \g /dev/null
SELECT is(pg_temp.items('CREDIT'), '2026-01-31 -30.00; 2026-04-01 -70.01 --1.40 until 2026-02-10', 'a credit memo mirrors an invoice');

-- Discounts: 1000 and 15 percent tax, 10 percent off.  What is paid: 1035, 1050, and 1035 of a total of 1135.
SELECT pg_temp.bill('GROSS', 1000, 15, '10/10 net 30'), pg_temp.bill('NET', 1000, 15, '10/10 net 30', '{"discount_basis": "net"}'), pg_temp.bill('MIXED', 1000, 15, '10/10 net 30', '{"discount_basis": "mixed"}') \g /dev/null
SELECT results_eq($$SELECT v.number, v.total::text, v.discount_basis, ar.amount(i.amount) - ar.amount(d.discount) FROM ar.invoice AS v JOIN ar.item AS i USING (ledger_id, invoice_id) JOIN ar.item_discount AS d USING (ledger_id, item_id)
    WHERE v.number IN ('GROSS', 'NET', 'MIXED') ORDER BY 1$$, $$VALUES ('GROSS', 'EUR 1150.00', 'gross', 1035.00), ('MIXED', 'EUR 1135.00', 'mixed', 1035.00), ('NET', 'EUR 1150.00', 'net', 1050.00)$$, 'three bases of a discount');
SELECT results_eq($$SELECT taxable::text, discounted::text, tax::text FROM ar.invoice_tax WHERE invoice_id = pg_temp.invoice('MIXED')$$, $$VALUES ('EUR 1000.00', 'EUR 100.00', 'EUR 135.00')$$, 'mixed: the tax is that of 900');
SELECT pg_temp.bill('TIERS', 100, 0, '3/10 2/20 net 60') \g /dev/null
SELECT is(pg_temp.items('TIERS'), '2026-03-06 100.00 -3.00 until 2026-01-15 -2.00 until 2026-01-25', 'two tiers');
SELECT pg_temp.bill('PARTS', 1000, 19, '50% 2/10 net 30, 50% 1/5 net 60', '{"discount_basis": "net"}') \g /dev/null
SELECT is(pg_temp.items('PARTS'), '2026-02-04 595.00 -10.00 until 2026-01-15; 2026-03-06 595.00 -5.00 until 2026-01-10', 'instalments have discounts of their own');
SELECT pg_temp.bill('NONE', 1000, 19, 'net 30') \g /dev/null
SELECT is((SELECT discount_basis FROM ar.invoice WHERE number = 'NONE'), NULL, 'without a discount there is no basis');
SELECT pg_temp.bill('TINY', 0.10, 0, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.items('TINY'), '2026-02-04 0.10', 'a discount of nothing is none');
SELECT is(pg_temp.outcome($$DELETE FROM ar.item_discount$$), 'RA003', 'nobody writes discounts by hand');

-- The ledger's basis, where the invoice says none.
INSERT INTO ar.billing_policy (ledger_id, discount_basis) VALUES (:ledger, 'mixed');
SELECT pg_temp.bill('POLICY', 1000, 15, '10/10 net 30') \g /dev/null
SELECT results_eq($$SELECT total::text, discount_basis FROM ar.invoice WHERE number = 'POLICY'$$, $$VALUES ('EUR 1135.00', 'mixed')$$, 'the basis is that of the ledger');
SELECT pg_temp.bill('POLICY-I', 115, 15, '10/10 net 30', '{"prices_include_tax": true}') \g /dev/null
SELECT results_eq($$SELECT total::text, discount_basis FROM ar.invoice WHERE number = 'POLICY-I'$$, $$VALUES ('EUR 115.00', 'net')$$, 'prices with tax cannot be mixed: net');
SELECT is(pg_temp.items('POLICY-I'), '2026-02-04 115.00 -10.00 until 2026-01-15', 'off the net');
UPDATE ar.billing_policy SET discount_basis = 'gross', prices_include_tax = true, tax_rounding = 'line' WHERE ledger_id = :ledger;
SELECT is_empty('SELECT * FROM ar.verify()', 'a policy that changes afterwards changes no posted invoice');
SELECT pg_temp.bill('POLICY-L', 115, 15, 'net 30') \g /dev/null
SELECT results_eq($$SELECT total::text, net::text, tax_rounding FROM ar.invoice WHERE number = 'POLICY-L'$$, $$VALUES ('EUR 115.00', 'EUR 100.00', 'line')$$, 'so are prices and rounding');
DELETE FROM ar.billing_policy;

-- The terms of the invoice, the customer, the ledger; and the payment reference.
SELECT ar.create_customer(:ledger, 'B', 'B') AS b \gset
SELECT ar.create_invoice(:ledger, :b, '[{"unit_price": 1}]', '2026-01-05', number => 'OF-LEDGER') \g /dev/null
SELECT is(pg_temp.items('OF-LEDGER'), '2026-01-25 1.00', 'a customer without terms has the ledger''s');
SELECT results_eq($$SELECT number, payment_reference FROM ar.invoice WHERE number IN ('OF-LEDGER', 'CREDIT') ORDER BY number$$, $$VALUES ('CREDIT', NULL), ('OF-LEDGER', ar.creditor_reference('OF-LEDGER'))$$,
    'a payment reference is made of the number, and none for a credit memo');
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, payment_reference, total, status) VALUES (:ledger, :b, '2026-01-05', '21 00000 00003', 'EUR 1', 'open');
INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status) VALUES (:ledger, :b, '2026-01-06', 'EUR 1', 'open');
SELECT results_eq($$SELECT payment_reference = ar.creditor_reference(number), payment_reference = '21 00000 00003' FROM ar.invoice WHERE customer_id = pg_temp.customer('B') AND series IS NOT NULL ORDER BY invoiced_on$$,
    'VALUES (false, true), (true, false)', 'one that was given stays');

-- Due dates shift to business days: 31 January 2026 is a Saturday, 2 February a holiday here.
INSERT INTO ar.calendar (ledger_id, calendar) VALUES (:ledger, 'HERE');
INSERT INTO ar.holiday (ledger_id, calendar, day) VALUES (:ledger, 'HERE', '2026-02-02');
UPDATE ar.ledger SET calendar = 'HERE', due_date_shift = 'next_business_day' WHERE ledger_id = :ledger;
SELECT pg_temp.bill('NEXT', 100, 0, '50% 2/26 net 26, 50% net 27') \g /dev/null
SELECT is(pg_temp.items('NEXT'), '2026-02-03 50.00 -1.00 until 2026-01-31; 2026-02-03 50.00', 'to the next business day');
UPDATE ar.ledger SET due_date_shift = 'modified_following' WHERE ledger_id = :ledger;
SELECT pg_temp.bill('MODIFIED', 100, 0, '50% 2/26 net 26, 50% net 27'), pg_temp.bill('SATURDAY', 100, 0, 'due on receipt', '{}', '2026-01-31') \g /dev/null
SELECT is(pg_temp.items('MODIFIED'), '2026-01-30 50.00 -1.00 until 2026-01-30; 2026-02-03 50.00', 'or the one before, within the month, and the discount with it');
SELECT is(pg_temp.items('SATURDAY'), '2026-01-31 100.00', 'never before the invoice');
INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status) VALUES (:ledger, :a, 'GIVEN', '2026-01-05', '2026-01-31', 'EUR 1', 'open');
SELECT is(pg_temp.items('GIVEN'), '2026-01-31 1.00', 'a date that was given stays');

-- Who is invoiced.
INSERT INTO ar.customer (ledger_id, code, name, status) VALUES (:ledger, 'P', 'P', 'prospect');
INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, invoiced_on, total) VALUES (:ledger, 8000000001, pg_temp.customer('P'), '2026-01-05', 'EUR 1');
SELECT is(pg_temp.outcome($$SELECT ar.post_invoice(pg_temp.ledger(), 8000000001)$$, 'all'),
    E'23514: customer "P" cannot be invoiced\nHis status is prospect.\nInvoices are posted to customers that are active or on hold; drafts may wait until then.', 'a prospect gets drafts only');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status) VALUES (pg_temp.ledger(), pg_temp.customer('P'), '2026-01-05', 'EUR 1', 'open')$$), '23514', 'whoever writes');
SELECT is(pg_temp.outcome($$INSERT INTO ar.invoice (ledger_id, customer_id, invoiced_on, total, status, kind) VALUES (pg_temp.ledger(), pg_temp.customer('P'), '2026-01-05', 'EUR 1', 'open', 'credit_memo')$$), 'done', 'but a credit');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
