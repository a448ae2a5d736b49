-- collect: what disputes, waivers and corrections of interest have in common.

CREATE FUNCTION ar.credit_items(ledger_id integer, item_ids bigint[], amounts ar.monetary[], reasons text[], credited_on date)
RETURNS TABLE (element bigint, memo_id bigint)
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    plan jsonb;
BEGIN
    -- One memo for an invoice, and one for all charges of a customer, as long as the reason is the same.
    SELECT jsonb_agg(to_jsonb(d) ORDER BY d.nth) INTO plan
    FROM (
        SELECT row_number() OVER (ORDER BY min(c.item_id)) AS nth,
               jsonb_agg(jsonb_build_object('element', c.element, 'item_id', c.item_id, 'amount', c.amount) ORDER BY c.element) AS items,
               jsonb_strip_nulls(jsonb_build_object('invoice_id', i.invoice_id,
                   'customer_id', CASE WHEN i.invoice_id IS NULL THEN i.customer_id END,
                   'currency', CASE WHEN i.invoice_id IS NULL THEN ar.currency(c.amount) END,
                   'amount', sum(ar.amount(c.amount)), 'reason', c.reason, 'invoiced_on', credit_items.credited_on, 'apply', false)) AS memo
        FROM unnest(credit_items.item_ids, credit_items.amounts, credit_items.reasons) WITH ORDINALITY AS c(item_id, amount, reason, element)
        JOIN ar.item AS i ON i.ledger_id = credit_items.ledger_id AND i.item_id = c.item_id
        GROUP BY i.invoice_id, CASE WHEN i.invoice_id IS NULL THEN i.customer_id END, ar.currency(c.amount), c.reason) AS d;
    IF plan IS NULL THEN
        RETURN;
    END IF;

    SELECT jsonb_agg(p.value || jsonb_build_object('memo_id', m.invoice_id)) INTO plan
    FROM ar.create_credit_memos(credit_items.ledger_id, (SELECT jsonb_agg(p.value -> 'memo' ORDER BY p.value -> 'nth')
                                                         FROM jsonb_array_elements(plan) AS p(value))) AS m
    JOIN jsonb_array_elements(plan) AS p(value) ON (p.value ->> 'nth')::bigint = m.element;

    -- The memos hold the balances of their customers by now. What was paid of an item meanwhile stays credit on account.
    INSERT INTO ar.application (ledger_id, credit_item_id, debit_item_id, amount, applied_on)
    SELECT credit_items.ledger_id, k.item_id, i.item_id, least(i.open, (c.value ->> 'amount')::ar.monetary),
           greatest(k.issued_on, i.issued_on, i.undone_on)
    FROM jsonb_array_elements(plan) AS p(value)
    CROSS JOIN LATERAL jsonb_array_elements(p.value -> 'items') AS c(value)
    JOIN ar.item AS k ON k.ledger_id = credit_items.ledger_id AND k.invoice_id = (p.value ->> 'memo_id')::bigint
    JOIN ar.item AS i ON i.ledger_id = credit_items.ledger_id AND i.item_id = (c.value ->> 'item_id')::bigint
    WHERE ar.sign(i.open) > 0
    ORDER BY k.item_id, i.item_id;

    RETURN QUERY
    SELECT (c.value ->> 'element')::bigint, (p.value ->> 'memo_id')::bigint
    FROM jsonb_array_elements(plan) AS p(value)
    CROSS JOIN LATERAL jsonb_array_elements(p.value -> 'items') AS c(value)
    ORDER BY 1;
END
$$;
COMMENT ON FUNCTION ar.credit_items(integer, bigint[], ar.monetary[], text[], date) IS
'Credits debit items by credit memos: for an invoice with its tax, for charges on account; and applies each to the item it is for. What is not open of it any more stays credit of the customer.
Arguments: ledger_id; item_ids; amounts, above zero; reasons, noted on the memos; credited_on, their date. Result: the position in the arrays, from 1, and the memo for it.
Errors: as ar.create_credit_memos().';
REVOKE ALL ON FUNCTION ar.credit_items(integer, bigint[], ar.monetary[], text[], date) FROM PUBLIC;

CREATE FUNCTION ar.spread_over_items(ledger_id integer, item_ids bigint[], total ar.monetary)
RETURNS TABLE (item_id bigint, amount ar.monetary)
LANGUAGE plpgsql STABLE STRICT ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT s.item_id, ar.monetary(least(s.part, s.wanted - (s.upto - s.part)), s.currency)
    FROM (
        SELECT i.item_id, ar.currency(i.open) AS currency, ar.amount(i.open) AS part, ar.amount(spread_over_items.total) AS wanted,
               sum(ar.amount(i.open)) OVER (ORDER BY i.due_on, i.item_id) AS upto
        FROM unnest(spread_over_items.item_ids) AS u(item_id)
        CROSS JOIN LATERAL (SELECT i.item_id, i.open, i.due_on, i.closed_on FROM ar.item AS i
                            WHERE i.ledger_id = spread_over_items.ledger_id AND i.item_id = u.item_id OFFSET 0) AS i
        WHERE i.closed_on IS NULL AND ar.sign(i.open) > 0 AND ar.currency(i.open) = ar.currency(spread_over_items.total)) AS s
    WHERE s.wanted > s.upto - s.part;
END
$$;
COMMENT ON FUNCTION ar.spread_over_items(integer, bigint[], ar.monetary) IS
'A total spread over what is open of some debit items in its currency, the earliest due date first. What is more than is open is left out.';
REVOKE ALL ON FUNCTION ar.spread_over_items(integer, bigint[], ar.monetary) FROM PUBLIC;
