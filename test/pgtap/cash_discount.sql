-- cash: discounts for early payment, taken as items of their own.
-- Protects: what is earned is granted to the cent and no more, by the day the money came; tax and net of it add up.
BEGIN;
\ir helper.psql
\ir cash_match.psql
SELECT plan(32);

-- The day counts, grace included, and the tier.
SELECT pg_temp.somebody('A'), pg_temp.bill('A', 'A-1', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('A', 'A-2', 'EUR 500', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('A', 'EUR 980', day => '2026-01-11'), 'discounted 0.9400; A-1 980.00, discount A-1 20.00', 'on the last day of the discount');
SELECT is(pg_temp.paid('A', 'EUR 490', day => '2026-01-12'), 'left 490.00', 'the day after it is not what the invoice comes to');
SELECT is(pg_temp.paid('A', 'EUR 490', 'A-2', day => '2026-01-12'), 'number 0.9500; A-2 490.00', 'and named, it is a part payment');
SELECT results_eq(format('SELECT kind, amount::text, adjusted_on, invoice_id = pg_temp.invoice(''A-1''), payment_id IS NOT NULL FROM ar.adjustment WHERE customer_id = %s', pg_temp.customer('A')),
    $$VALUES ('discount', 'EUR -20.00', date '2026-01-11', true, true)$$, 'the discount is an adjustment, of that day, payment and invoice');
SELECT is(pg_temp.status('A-1') || ' ' || pg_temp.status('A-2'), 'paid partial', 'which closes the invoice');
SELECT pg_temp.somebody('G', '{"discount_grace_days": 5}'), pg_temp.bill('G', 'G-1', 'EUR 1000', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('G', 'EUR 980', day => '2026-01-17'), 'left 980.00', 'six days late with five days of grace');
SELECT is(pg_temp.paid('G', 'EUR 980', day => '2026-01-14'), 'discounted 0.9400; G-1 980.00, discount G-1 20.00', 'day 13 of 10 with five');
SELECT pg_temp.somebody('T'), pg_temp.bill('T', 'T-2026-1001', 'EUR 1000', NULL, '3/10 2/20 net 30'), pg_temp.bill('T', 'T-2026-1002', 'EUR 1000', NULL, '3/10 2/20 net 30'),
       pg_temp.bill('T', 'T-2026-1003', 'EUR 1000', NULL, '3/10 2/20 net 30') \g /dev/null
SELECT is(pg_temp.paid('T', 'EUR 970', 'T-2026-1001', day => '2026-01-11'), 'number 0.9900; T-2026-1001 970.00, discount T-2026-1001 30.00', 'the first tier');
SELECT is(pg_temp.paid('T', 'EUR 980', 'T-2026-1002', day => '2026-01-12'), 'number 0.9900; T-2026-1002 980.00, discount T-2026-1002 20.00', 'the second');
SELECT is(pg_temp.paid('T', 'EUR 970', 'T-2026-1003', day => '2026-01-12'), 'number 0.9500; T-2026-1003 970.00', 'the first, too late, is a part payment');
-- More than one invoice, and a discount smaller than earned.
SELECT pg_temp.somebody('M'), pg_temp.bill('M', 'M-2026-1001', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('M', 'M-2026-1002', 'EUR 500', NULL, '2/10 net 30'),
       pg_temp.bill('M', 'M-2026-1003', 'EUR 100', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('M', 'EUR 1470', 'M-2026-1001, M-2026-1002', day => '2026-01-05'),
    'number 0.9900; M-2026-1001 980.00, discount M-2026-1001 20.00, M-2026-1002 490.00, discount M-2026-1002 10.00', 'both less their discounts');
SELECT is(pg_temp.paid('M', 'EUR 99', 'M-2026-1003', day => '2026-01-05'), 'number 0.9500; M-2026-1003 99.00, discount M-2026-1003 1.00', 'who takes less than he may gets what he took');
-- In the remittance.
SELECT pg_temp.somebody('R'), pg_temp.bill('R', 'R-1', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('R', 'R-2', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('R', 'R-3', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('R', 'R-4', 'EUR 1000', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('R', 'EUR 980', NULL, '[{"number": "R-1", "amount": 980, "discount": 20}]', '2026-01-10'), 'remittance 0.9900; R-1 980.00, discount R-1 20.00', 'named and earned');
SELECT is(pg_temp.paid('R', 'EUR 980', NULL, '[{"number": "R-2", "amount": 980, "discount": 20}]', '2026-01-20'), 'remittance 0.9900; R-2 980.00', 'named and not earned: 20 stay open');
SELECT is(pg_temp.paid('R', 'EUR 980', NULL, '[{"number": "R-3", "amount": 980, "discount": 20, "reason": "late_discount"}]', '2026-01-20'),
    'remittance 0.9900; R-3 980.00, deduction R-3 20.00', 'with a reason it is a deduction');
SELECT is(pg_temp.paid('R', 'EUR 980', NULL, '[{"number": "R-4"}]', '2026-01-10'), 'remittance 0.9900; R-4 980.00, discount R-4 20.00', 'left to us');
SELECT pg_temp.somebody('RT', '{"tolerance": "EUR 25"}'), pg_temp.bill('RT', 'RT-1', 'EUR 1000', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('RT', 'EUR 980', NULL, '[{"number": "RT-1", "amount": 980, "discount": 20}]', '2026-01-20'), 'remittance 0.9900; RT-1 980.00, difference RT-1 20.00', 'or within the tolerance a difference');

-- Part payments: nothing until all is paid, a share, or only what closes.
SELECT pg_temp.somebody('P1', '{"partial_discount": "none"}'), pg_temp.bill('P1', 'P1-2026-1', 'EUR 1000', NULL, '2/10 net 30'), pg_temp.bill('P1', 'P1-2026-2', 'EUR 1000', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('P1', 'EUR 490', 'P1-2026-1', day => '2026-01-05'), 'number 0.9500; P1-2026-1 490.00', 'none: a part earns nothing');
SELECT is(pg_temp.paid('P1', 'EUR 490', day => '2026-01-08'), 'discounted 0.9400; P1-2026-1 490.00, discount P1-2026-1 20.00', 'until all is paid in time');
SELECT pg_temp.paid('P1', 'EUR 490', 'P1-2026-2', day => '2026-01-20') \g /dev/null
SELECT is(pg_temp.paid('P1', 'EUR 490', day => '2026-01-08'), 'left 490.00', 'nor if one part was late, and another came in time');
SELECT pg_temp.somebody('P2', '{"partial_discount": "pro_rata"}'), pg_temp.bill('P2', 'P2-2026-1', 'EUR 1000', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('P2', 'EUR 490', 'P2-2026-1', day => '2026-01-05'), 'number 0.9500; P2-2026-1 490.00, discount P2-2026-1 10.00', 'pro rata: 490 clear 500');
SELECT is(pg_temp.paid('P2', 'EUR 490', day => '2026-01-08'), 'discounted 0.9400; P2-2026-1 490.00, discount P2-2026-1 10.00', 'and so does the rest');
SELECT is(pg_temp.status('P2-2026-1'), 'paid', 'which is then all');
SELECT pg_temp.somebody('P3', '{"partial_discount": "closing"}'), pg_temp.bill('P3', 'P3-2026-1', 'EUR 1000', NULL, '2/10 net 30') \g /dev/null
SELECT is(pg_temp.paid('P3', 'EUR 400', 'P3-2026-1', day => '2026-01-05'), 'number 0.9500; P3-2026-1 400.00', 'closing: the first part earns nothing');
SELECT is(pg_temp.paid('P3', 'EUR 588', 'P3-2026-1', day => '2026-01-08'), 'number 0.9900; P3-2026-1 588.00, discount P3-2026-1 12.00', 'the one that closes, its own');

-- Net and tax of a discount.
CREATE FUNCTION pg_temp.invoiced(customer text, number text, lines jsonb, basis text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.somebody(customer);
    INSERT INTO ar.billing_policy (ledger_id, discount_basis) VALUES (pg_temp.ledger(), basis)
    ON CONFLICT (ledger_id) DO UPDATE SET discount_basis = excluded.discount_basis;
    PERFORM ar.create_invoice(pg_temp.ledger(), pg_temp.customer(customer), lines, '2026-01-01', '10/10 net 30', number);
END
$$;
CREATE FUNCTION pg_temp.breakdown(number text) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s: %s + %s', b.tax_category, trim_scale(b.tax_rate), ar.amount(b.net), ar.amount(b.tax)), ', ' ORDER BY b.tax_rate)
    FROM ar.adjustment AS j, ar.discount_breakdown(j.ledger_id, ARRAY[j.adjustment_id]) AS b
    WHERE j.ledger_id = pg_temp.ledger() AND j.invoice_id = pg_temp.invoice($1)
$$;
SELECT pg_temp.invoiced('B1', 'B1-1', '[{"unit_price": 1000, "tax_rate": 15}]', 'gross') \g /dev/null
SELECT is(pg_temp.paid('B1', 'EUR 1035', day => '2026-01-05') || '; ' || pg_temp.breakdown('B1-1'), 'discounted 0.9400; B1-1 1035.00, discount B1-1 115.00; S 15: -100.00 + -15.00', 'gross: 1035 of 1150, and 15 of tax less');
SELECT pg_temp.invoiced('B2', 'B2-1', '[{"unit_price": 1000, "tax_rate": 15}]', 'net') \g /dev/null
SELECT is(pg_temp.paid('B2', 'EUR 1050', day => '2026-01-05') || '; ' || pg_temp.breakdown('B2-1'), 'discounted 0.9400; B2-1 1050.00, discount B2-1 100.00; S 15: -100.00 + 0.00', 'net: 1050, and the tax stays');
SELECT pg_temp.invoiced('B3', 'B3-1', '[{"unit_price": 1000, "tax_rate": 15}]', 'mixed') \g /dev/null
SELECT is(pg_temp.paid('B3', 'EUR 1035', day => '2026-01-05') || '; ' || pg_temp.breakdown('B3-1'), 'discounted 0.9400; B3-1 1035.00, discount B3-1 100.00; S 15: -100.00 + 0.00', 'mixed: 1035 of 1135, taxed so from the start');
-- 50 on 236, and 10 percent of it, by hand.
SELECT pg_temp.invoiced('B4', 'B4-1', '[{"unit_price": 200, "tax_rate": 18}]', 'gross') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, invoice_id) VALUES (:ledger, pg_temp.customer('B4'), 'discount', 'EUR -50.00', '2026-01-05', pg_temp.invoice('B4-1'));
SELECT is(pg_temp.breakdown('B4-1'), 'S 18: -42.37 + -7.63', 'a fixed discount');
SELECT is((SELECT string_agg(format('%s %s', ar.amount(b.net), ar.amount(b.tax)), ',') FROM ar.discount_breakdown(:ledger, '{-1}') AS b), NULL, 'nothing of what is none');
SELECT pg_temp.invoiced('B5', 'B5-1', '[{"unit_price": 100, "tax_rate": 18}, {"unit_price": 100, "tax_rate": 0, "tax_category": "Z"}]', 'gross') \g /dev/null
INSERT INTO ar.adjustment (ledger_id, customer_id, kind, amount, adjusted_on, invoice_id) VALUES (:ledger, pg_temp.customer('B5'), 'discount', 'EUR -21.80', '2026-01-05', pg_temp.invoice('B5-1'));
SELECT is(pg_temp.breakdown('B5-1'), 'Z 0: -10.00 + 0.00, S 18: -10.00 + -1.80', 'shared among the rates as the invoice is');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
