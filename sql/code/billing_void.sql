-- billing: invoices made void.

CREATE FUNCTION ar.void_invoices(
    ledger_id integer,
    invoice_ids bigint[],
    voided_on date DEFAULT NULL,
    reason text DEFAULT NULL
) RETURNS TABLE (invoice_id bigint, credit_memo_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    voided_on date := coalesce(void_invoices.voided_on, ar.business_date(void_invoices.ledger_id));
    wrong record;
    posted bigint[];
    memos bigint[];
BEGIN
    -- Drafts by id, then orders, then balances by customer: the lock order of posting.
    PERFORM FROM ar.invoice AS v
    WHERE v.ledger_id = void_invoices.ledger_id AND v.invoice_id = ANY (void_invoices.invoice_ids)
      AND v.recorded_at IS NULL
    ORDER BY v.invoice_id FOR NO KEY UPDATE;
    PERFORM ar.lock_orders(void_invoices.ledger_id, ARRAY(
        SELECT DISTINCT v.order_reference FROM ar.invoice AS v
        WHERE v.ledger_id = void_invoices.ledger_id AND v.invoice_id = ANY (void_invoices.invoice_ids)
          AND v.recorded_at IS NOT NULL AND v.order_reference IS NOT NULL));
    PERFORM FROM ar.customer_balance AS b
    WHERE b.ledger_id = void_invoices.ledger_id AND b.customer_id IN (
        SELECT v.customer_id FROM ar.invoice AS v
        WHERE v.ledger_id = void_invoices.ledger_id AND v.invoice_id = ANY (void_invoices.invoice_ids)
          AND v.recorded_at IS NOT NULL)
    ORDER BY b.customer_id, b.currency FOR NO KEY UPDATE;

    SELECT w.invoice_id, v.invoice_id AS found_id, coalesce(v.number, v.invoice_id::text) AS number, v.kind, v.status, v.total,
           v.total - ar.creditable(v.ledger_id, v.invoice_id) AS credited, v.invoiced_on INTO wrong
    FROM unnest(void_invoices.invoice_ids) AS w(invoice_id)
    LEFT JOIN ar.invoice AS v ON v.ledger_id = void_invoices.ledger_id AND v.invoice_id = w.invoice_id
    WHERE v.invoice_id IS NULL
       OR (v.recorded_at IS NOT NULL AND v.status <> 'void'
           AND (v.status <> 'open' OR v.kind = 'credit_memo' OR v.invoiced_on > voided_on
                OR ar.creditable(v.ledger_id, v.invoice_id) <> v.total))
    ORDER BY w.invoice_id LIMIT 1;
    IF FOUND AND wrong.found_id IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', wrong.invoice_id, void_invoices.ledger_id);
    ELSIF FOUND AND wrong.kind = 'credit_memo' THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('credit memo %s cannot be made void', wrong.number),
            HINT = 'Undo what it is applied to with ar.unapply(), and charge its amount with ar.create_debit_memo().';
    ELSIF FOUND AND ar.sign(wrong.total) = 0 THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('invoice %s is of zero and cannot be made void', wrong.number),
            DETAIL = 'Nothing of it was ever owed; it is paid from the start, and a reversal would have nothing to take back.',
            HINT = 'Take its lines back with ar.create_credit_memo(), which names them, or leave it as it is.';
    ELSIF FOUND AND wrong.status <> 'open' THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('invoice %s is %s and cannot be made void', wrong.number, wrong.status),
            DETAIL = 'Something is applied to it.',
            HINT = 'Undo that first with ar.unapply(), or credit what remains with ar.create_credit_memo().';
    ELSIF FOUND AND ar.sign(wrong.credited) > 0 THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('invoice %s is credited in part and cannot be made void', wrong.number),
            DETAIL = format('Credit memos take %s of %s.', wrong.credited, wrong.total),
            HINT = 'Credit what remains with ar.create_credit_memo().';
    ELSIF FOUND THEN
        RAISE check_violation USING
            MESSAGE = format('invoice %s cannot be made void before its own date', wrong.number),
            DETAIL = format('It is dated %s, and was to be void on %s.', wrong.invoiced_on, voided_on),
            CONSTRAINT = 'invoice_corrects_check', TABLE = 'invoice', SCHEMA = 'ar';
    END IF;

    UPDATE ar.invoice AS v SET status = 'void', note = coalesce(v.note || E'\n' || void_invoices.reason, void_invoices.reason, v.note)
    WHERE v.ledger_id = void_invoices.ledger_id AND v.invoice_id = ANY (void_invoices.invoice_ids)
      AND v.recorded_at IS NULL AND v.status <> 'void';

    -- The reversal is the same document once more, as a credit memo; posting it applies it. Only the order it does not
    -- name: a void invoice bills nothing of its order any more (ar.order_invoiced()), and the reversal would take it back twice.
    SELECT array_agg(v.invoice_id ORDER BY v.invoice_id), array_agg(nextval('ar.document_id')) INTO posted, memos
    FROM (SELECT v.invoice_id FROM ar.invoice AS v
          WHERE v.ledger_id = void_invoices.ledger_id AND v.invoice_id = ANY (void_invoices.invoice_ids)
            AND v.recorded_at IS NOT NULL AND v.status = 'open' ORDER BY v.invoice_id) AS v;
    IF posted IS NOT NULL THEN
        INSERT INTO ar.invoice (ledger_id, invoice_id, customer_id, kind, corrects_id, reverses_id, invoiced_on, supplied_on,
                                period_from, period_to, due_on, terms, discount_basis, payment_means, prices_include_tax,
                                tax_rounding, net, tax, cash_rounding, total, purchase_order, buyer_reference, note)
        SELECT v.ledger_id, m.memo_id, v.customer_id, 'credit_memo', v.invoice_id, v.invoice_id, voided_on,
               coalesce(v.supplied_on, v.invoiced_on), v.period_from, v.period_to,
               -- Where tax goes by the terms, the reversal has them; else it is due at once.
               CASE WHEN v.discount_basis = 'mixed' AND v.due_on IS NULL THEN NULL ELSE voided_on END,
               CASE WHEN v.discount_basis = 'mixed' AND v.due_on IS NULL THEN v.terms END,
               v.discount_basis, v.payment_means, v.prices_include_tax, v.tax_rounding, v.net, v.tax, v.cash_rounding, v.total,
               v.purchase_order, v.buyer_reference, void_invoices.reason
        FROM unnest(posted, memos) AS m(invoice_id, memo_id)
        JOIN ar.invoice AS v ON v.ledger_id = void_invoices.ledger_id AND v.invoice_id = m.invoice_id
        ORDER BY m.memo_id;
        INSERT INTO ar.invoice_line (ledger_id, invoice_id, line_number, description, quantity, unit_code, unit_price, discount_percent,
                                     discount, charge, tax_category, tax_rate, exemption_reason, exemption_reason_code, gross, net, tax,
                                     item_number, buyer_item_number, corrects_line, corrects_tax)
        SELECT n.ledger_id, m.memo_id, n.line_number, n.description, n.quantity, n.unit_code, n.unit_price, n.discount_percent,
               n.discount, n.charge, n.tax_category, n.tax_rate, n.exemption_reason, n.exemption_reason_code, n.gross, n.net, n.tax,
               n.item_number, n.buyer_item_number, n.line_number, n.corrects_tax
        FROM unnest(posted, memos) AS m(invoice_id, memo_id)
        JOIN ar.invoice_line AS n ON n.ledger_id = void_invoices.ledger_id AND n.invoice_id = m.invoice_id;
        INSERT INTO ar.invoice_allowance (ledger_id, invoice_id, allowance_number, is_charge, reason, reason_code, base, percent,
                                          tax_category, tax_rate, exemption_reason, exemption_reason_code, gross, amount, tax)
        SELECT a.ledger_id, m.memo_id, a.allowance_number, a.is_charge, a.reason, a.reason_code, a.base, a.percent,
               a.tax_category, a.tax_rate, a.exemption_reason, a.exemption_reason_code, a.gross, a.amount, a.tax
        FROM unnest(posted, memos) AS m(invoice_id, memo_id)
        JOIN ar.invoice_allowance AS a ON a.ledger_id = void_invoices.ledger_id AND a.invoice_id = m.invoice_id;
        PERFORM ar.post_invoices(void_invoices.ledger_id, memos);
    END IF;

    RETURN QUERY
    SELECT v.invoice_id, r.invoice_id
    FROM ar.invoice AS v
    LEFT JOIN ar.invoice AS r ON r.ledger_id = v.ledger_id AND r.reverses_id = v.invoice_id
    WHERE v.ledger_id = void_invoices.ledger_id AND v.invoice_id = ANY (void_invoices.invoice_ids)
    ORDER BY v.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.void_invoices(integer, bigint[], date, text) IS
'Makes invoices, debit memos and deposits void: drafts and held ones as they are, posted ones by a reversal, a credit memo for all of it. Those void already are left alone. All or none.
Arguments: ledger_id; invoice_ids; voided_on, the date of the reversals, by default the business date; reason, noted on them.
Result: invoice_id, and credit_memo_id of its reversal, NULL for one that was never posted.
Errors: 23503 no such invoice; 23514 voided_on is before the invoice; RA004 something is applied to the invoice or credited of it, or it is a credit memo.';
REVOKE ALL ON FUNCTION ar.void_invoices(integer, bigint[], date, text) FROM PUBLIC;

CREATE FUNCTION ar.void_invoice(
    ledger_id integer,
    invoice_id bigint,
    voided_on date DEFAULT NULL,
    reason text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT v.credit_memo_id FROM ar.void_invoices(void_invoice.ledger_id, ARRAY[void_invoice.invoice_id], void_invoice.voided_on, void_invoice.reason) AS v $$;
COMMENT ON FUNCTION ar.void_invoice(integer, bigint, date, text) IS
'Makes one invoice void and returns the id of the credit memo that reverses it, NULL for one that was never posted: ar.void_invoices() with one.
Errors: as ar.void_invoices().';
REVOKE ALL ON FUNCTION ar.void_invoice(integer, bigint, date, text) FROM PUBLIC;
