-- proof: every invariant of the books, checked from the facts alone.

-- The derived columns are never trusted here: each check recomputes one of
-- them from documents and applications, so that one wrong value is one row.

CREATE FUNCTION ar.verify_items(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH fact AS MATERIALIZED (
        SELECT f.ledger_id, f.item_id, ar.sum(f.amount) AS applied, max(f.applied_on) AS last_applied_on,
               max(f.applied_on) FILTER (WHERE f.reverses_id IS NOT NULL) AS undone_on,
               count(DISTINCT ar.currency(f.amount)) AS currencies
        FROM (SELECT a.ledger_id, a.debit_item_id AS item_id, a.amount, a.applied_on, a.reverses_id
              FROM ar.application AS a
              UNION ALL
              SELECT a.ledger_id, a.credit_item_id, -a.amount, a.applied_on, a.reverses_id
              FROM ar.application AS a) AS f
        -- An application in a wrong currency is reported by itself.
        JOIN ar.item AS i ON i.ledger_id = f.ledger_id AND i.item_id = f.item_id
         AND ar.currency(i.amount) = ar.currency(f.amount)
        WHERE verify_items.ledger_id IS NULL OR f.ledger_id = verify_items.ledger_id
        GROUP BY f.ledger_id, f.item_id
    ), item AS MATERIALIZED (
        SELECT i.*, f.undone_on AS true_undone_on,
               CASE WHEN f.applied IS NULL THEN i.amount ELSE i.amount - f.applied END AS true_open,
               coalesce(f.last_applied_on, i.issued_on) AS last_day
        FROM ar.item AS i
        LEFT JOIN fact AS f ON f.ledger_id = i.ledger_id AND f.item_id = i.item_id
        WHERE verify_items.ledger_id IS NULL OR i.ledger_id = verify_items.ledger_id
    )
    SELECT 'item_open', i.ledger_id, 'item', i.item_id,
           format('open is %s, amount less applications is %s', i.open, i.true_open)
    FROM item AS i WHERE i.open <> i.true_open
    UNION ALL
    SELECT 'item_over_applied', i.ledger_id, 'item', i.item_id,
           format('amount is %s, amount less applications is %s', i.amount, i.true_open)
    FROM item AS i WHERE NOT ar.is_open_within(i.true_open, i.amount)
    UNION ALL
    SELECT 'item_closed_on', i.ledger_id, 'item', i.item_id,
           format('closed_on is %s, its applications make it %s', coalesce(i.closed_on::text, 'null'),
                  coalesce(CASE WHEN ar.sign(i.true_open) = 0 THEN i.last_day END::text, 'null'))
    FROM item AS i
    WHERE i.closed_on IS DISTINCT FROM CASE WHEN ar.sign(i.true_open) = 0 THEN i.last_day END
    UNION ALL
    SELECT 'item_undone_on', i.ledger_id, 'item', i.item_id,
           format('undone_on is %s, its counter-rows make it %s',
                  coalesce(i.undone_on::text, 'null'), coalesce(i.true_undone_on::text, 'null'))
    FROM item AS i WHERE i.undone_on IS DISTINCT FROM i.true_undone_on
    UNION ALL
    -- Balances from the facts, against the balance rows: both ways.
    SELECT 'customer_balance', coalesce(b.ledger_id, s.ledger_id), 'customer_balance',
           coalesce(b.customer_id, s.customer_id),
           format('open is %s and %s, the items of %s make %s and %s',
                  coalesce(b.open_debits::text, 'nothing'), coalesce(b.open_credits::text, 'nothing'),
                  coalesce(b.currency, s.currency), coalesce(s.debits, 0), coalesce(s.credits, 0))
    FROM (SELECT i.ledger_id, i.customer_id, ar.currency(i.amount) AS currency,
                 sum(greatest(ar.amount(i.true_open), 0)) AS debits,
                 sum(least(ar.amount(i.true_open), 0)) AS credits
          FROM item AS i GROUP BY i.ledger_id, i.customer_id, ar.currency(i.amount)) AS s
    FULL JOIN (SELECT * FROM ar.customer_balance AS b
               WHERE verify_items.ledger_id IS NULL OR b.ledger_id = verify_items.ledger_id) AS b
      ON b.ledger_id = s.ledger_id AND b.customer_id = s.customer_id AND b.currency = s.currency
    WHERE coalesce(ar.amount(b.open_debits), 0) <> coalesce(s.debits, 0)
       OR coalesce(ar.amount(b.open_credits), 0) <> coalesce(s.credits, 0)
       OR b.ledger_id IS NULL;
END
$$;
COMMENT ON FUNCTION ar.verify_items(integer) IS
'The part of ar.verify() on items and balances: open, closed_on, undone_on and balances against amounts and applications.';

CREATE FUNCTION ar.verify_applications(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH joined AS MATERIALIZED (
        SELECT a.*, credit.amount AS credit_amount, debit.amount AS debit_amount,
               credit.item_id IS NULL OR debit.item_id IS NULL AS is_orphan,
               credit.customer_id AS credit_customer_id, debit.customer_id AS debit_customer_id,
               greatest(credit.issued_on, debit.issued_on) AS first_day
        FROM ar.application AS a
        LEFT JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
        LEFT JOIN ar.item AS debit ON debit.ledger_id = a.ledger_id AND debit.item_id = a.debit_item_id
        WHERE verify_applications.ledger_id IS NULL OR a.ledger_id = verify_applications.ledger_id
    )
    SELECT 'application_orphan', j.ledger_id, 'application', j.application_id,
           format('item %s or %s does not exist', j.credit_item_id, j.debit_item_id)
    FROM joined AS j WHERE j.is_orphan
    UNION ALL
    SELECT 'application_currency', j.ledger_id, 'application', j.application_id,
           format('%s joins %s and %s', j.amount, j.credit_amount, j.debit_amount)
    FROM joined AS j
    WHERE ar.currency(j.amount) <> ar.currency(j.credit_amount)
       OR ar.currency(j.amount) <> ar.currency(j.debit_amount)
    UNION ALL
    SELECT 'application_sides', j.ledger_id, 'application', j.application_id,
           format('the credit item is of %s, the debit item of %s', j.credit_amount, j.debit_amount)
    FROM joined AS j WHERE ar.sign(j.credit_amount) >= 0 OR ar.sign(j.debit_amount) <= 0
    UNION ALL
    SELECT 'application_customer', j.ledger_id, 'application', j.application_id,
           format('the items belong to customers %s and %s', j.credit_customer_id, j.debit_customer_id)
    FROM joined AS j WHERE j.credit_customer_id <> j.debit_customer_id
    UNION ALL
    SELECT 'application_applied_on', j.ledger_id, 'application', j.application_id,
           format('applied on %s, before %s, when both items are there', j.applied_on, j.first_day)
    FROM joined AS j WHERE j.applied_on < j.first_day
    UNION ALL
    SELECT 'application_reverses', j.ledger_id, 'application', j.application_id,
           format('is not the opposite of application %s', j.reverses_id)
    FROM joined AS j
    WHERE j.reverses_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM ar.application AS undone
        WHERE undone.ledger_id = j.ledger_id AND undone.application_id = j.reverses_id
          AND undone.credit_item_id = j.credit_item_id AND undone.debit_item_id = j.debit_item_id
          AND undone.amount = -j.amount AND undone.applied_on <= j.applied_on);
END
$$;
COMMENT ON FUNCTION ar.verify_applications(integer) IS
'The part of ar.verify() on applications: items, currency, sides, customer, date, and counter-rows.';

CREATE FUNCTION ar.verify_documents(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
-- Of what a WITH made the planner knows nothing: it takes a ledger's rows for a few, and would loop over all of them for each.
SET enable_nestloop = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH document AS MATERIALIZED (
        SELECT v.ledger_id, 'invoice' AS table_name, v.invoice_id AS document_id, v.customer_id,
               CASE v.kind WHEN 'credit_memo' THEN -v.total ELSE v.total END AS amount,
               v.invoiced_on AS issued_on, v.recorded_at,
               ar.is_posted(v.status) OR v.status = 'void' AND v.recorded_at IS NOT NULL AS is_posted
        FROM ar.invoice AS v
        WHERE verify_documents.ledger_id IS NULL OR v.ledger_id = verify_documents.ledger_id
        UNION ALL
        -- An unidentified payment has no item, until it is transferred to its customer.
        SELECT p.ledger_id, 'payment', p.payment_id, coalesce(p.customer_id, t.customer_id), -p.amount,
               coalesce(t.transferred_on, p.received_on), coalesce(t.recorded_at, p.recorded_at),
               num_nonnulls(p.customer_id, t.customer_id) > 0
        FROM ar.payment AS p
        LEFT JOIN ar.payment_transfer AS t ON t.ledger_id = p.ledger_id AND t.payment_id = p.payment_id
        WHERE verify_documents.ledger_id IS NULL OR p.ledger_id = verify_documents.ledger_id
        UNION ALL
        SELECT j.ledger_id, 'adjustment', j.adjustment_id, j.customer_id, j.amount, j.adjusted_on, j.recorded_at, true
        FROM ar.adjustment AS j
        WHERE verify_documents.ledger_id IS NULL OR j.ledger_id = verify_documents.ledger_id
    ), item AS MATERIALIZED (
        SELECT i.ledger_id,
               CASE WHEN i.invoice_id IS NOT NULL THEN 'invoice'
                    WHEN i.payment_id IS NOT NULL THEN 'payment' ELSE 'adjustment' END AS table_name,
               coalesce(i.invoice_id, i.payment_id, i.adjustment_id) AS document_id,
               count(*) AS items, min(i.item_id) AS item_id,
               CASE WHEN count(DISTINCT ar.currency(i.amount)) = 1
                    THEN array_agg(DISTINCT ar.currency(i.amount)) END AS currency,
               sum(ar.amount(i.amount)) AS amount,
               array_agg(DISTINCT i.customer_id) AS customers, array_agg(DISTINCT i.issued_on) AS dates,
               array_agg(DISTINCT i.recorded_at) AS moments
        FROM ar.item AS i
        WHERE verify_documents.ledger_id IS NULL OR i.ledger_id = verify_documents.ledger_id
        GROUP BY 1, 2, 3
    )
    SELECT 'document_items', d.ledger_id, d.table_name, d.document_id,
           CASE WHEN i.items IS NULL THEN 'is posted and has no items'
                ELSE format('is %s, its items are %s', d.amount, i.amount) END
    FROM document AS d
    LEFT JOIN item AS i ON i.ledger_id = d.ledger_id AND i.table_name = d.table_name AND i.document_id = d.document_id
    WHERE d.is_posted AND (i.items IS NULL OR i.amount <> ar.amount(d.amount))
    UNION ALL
    SELECT 'item_document', d.ledger_id, d.table_name, d.document_id,
           CASE WHEN NOT d.is_posted THEN 'is not posted and has items'
                ELSE 'differs from its items in customer, currency, date or moment of recording' END
    FROM document AS d
    JOIN item AS i ON i.ledger_id = d.ledger_id AND i.table_name = d.table_name AND i.document_id = d.document_id
    WHERE (NOT d.is_posted
           OR i.customers <> ARRAY[d.customer_id] OR i.dates <> ARRAY[d.issued_on]
           OR i.currency IS DISTINCT FROM ARRAY[ar.currency(d.amount)]
           OR i.moments IS DISTINCT FROM ARRAY[d.recorded_at])
    UNION ALL
    SELECT 'item_orphan', i.ledger_id, 'item', i.item_id, format('%s %s does not exist', i.table_name, i.document_id)
    FROM item AS i
    LEFT JOIN document AS d ON d.ledger_id = i.ledger_id AND d.table_name = i.table_name AND d.document_id = i.document_id
    WHERE d.document_id IS NULL;
END
$$;
COMMENT ON FUNCTION ar.verify_documents(integer) IS
'The part of ar.verify() on documents and their items: sums, customer, currency, dates, and items without a document.';

CREATE FUNCTION ar.verify_invoices(ledger_id integer)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH fact AS MATERIALIZED (
        -- What is applied to each invoice, and how much of it by write-offs and by its reversal.
        SELECT debit.ledger_id, debit.invoice_id, sum(ar.amount(a.amount)) AS applied,
               sum(ar.amount(a.amount)) FILTER (WHERE credit.kind = 'write_off') AS written_off,
               sum(ar.amount(a.amount)) FILTER (WHERE r.invoice_id IS NOT NULL) AS reversed
        FROM ar.item AS debit
        JOIN ar.application AS a ON a.ledger_id = debit.ledger_id AND a.debit_item_id = debit.item_id
        LEFT JOIN ar.item AS credit ON credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id
        LEFT JOIN ar.invoice AS r ON r.ledger_id = credit.ledger_id AND r.invoice_id = credit.invoice_id
         AND r.reverses_id = debit.invoice_id
        WHERE debit.invoice_id IS NOT NULL AND ar.currency(a.amount) = ar.currency(debit.amount)
        GROUP BY debit.ledger_id, debit.invoice_id
        UNION ALL
        SELECT credit.ledger_id, credit.invoice_id, sum(ar.amount(a.amount)), NULL, NULL
        FROM ar.item AS credit
        JOIN ar.application AS a ON a.ledger_id = credit.ledger_id AND a.credit_item_id = credit.item_id
        WHERE credit.invoice_id IS NOT NULL AND ar.currency(a.amount) = ar.currency(credit.amount)
        GROUP BY credit.ledger_id, credit.invoice_id
    ), expected AS (
        SELECT v.*, CASE
                   WHEN ar.amount(v.total) - coalesce(f.applied, 0) = 0
                   THEN CASE WHEN f.reversed > 0 THEN 'void' WHEN f.written_off > 0 THEN 'written_off' ELSE 'paid' END
                   WHEN coalesce(f.applied, 0) = 0 THEN 'open'
                   ELSE 'partial' END AS true_status
        FROM ar.invoice AS v
        LEFT JOIN fact AS f ON f.ledger_id = v.ledger_id AND f.invoice_id = v.invoice_id
        WHERE verify_invoices.ledger_id IS NULL OR v.ledger_id = verify_invoices.ledger_id
    )
    SELECT 'invoice_status', e.ledger_id, 'invoice', e.invoice_id,
           format('is %s, what is applied makes it %s', e.status, e.true_status)
    FROM expected AS e
    WHERE (ar.is_posted(e.status) OR e.recorded_at IS NOT NULL AND e.status = 'void') AND e.status::text <> e.true_status
    UNION ALL
    SELECT 'invoice_recorded', v.ledger_id, 'invoice', v.invoice_id,
           format('is %s, it was recorded at %s', v.status, coalesce(v.recorded_at::text, 'null'))
    FROM ar.invoice AS v
    WHERE (verify_invoices.ledger_id IS NULL OR v.ledger_id = verify_invoices.ledger_id)
      AND CASE WHEN ar.is_posted(v.status) THEN v.recorded_at IS NULL
               WHEN v.status = 'void' THEN v.recorded_at IS NULL AND v.series_number IS NOT NULL
               ELSE v.recorded_at IS NOT NULL OR v.series_number IS NOT NULL END
    UNION ALL
    SELECT 'invoice_line_orphan', n.ledger_id, 'invoice_line', n.invoice_id,
           format('line %s has no invoice', n.line_number)
    FROM ar.invoice_line AS n
    WHERE (verify_invoices.ledger_id IS NULL OR n.ledger_id = verify_invoices.ledger_id)
      AND NOT EXISTS (SELECT FROM ar.invoice AS v WHERE v.ledger_id = n.ledger_id AND v.invoice_id = n.invoice_id);
END
$$;
COMMENT ON FUNCTION ar.verify_invoices(integer) IS
'The part of ar.verify() on invoices: status, moment of posting, and lines without an invoice.';

CREATE FUNCTION ar.verify_triggers()
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH expected (table_name, trigger_name) AS (
        VALUES ('ledger', 'ledger_tax_id_biur'), ('customer', 'customer_tax_id_biur'),
               ('customer', 'customer_created_on_bir'), ('customer', 'customer_group_ais'),
               ('customer', 'customer_group_aus'), ('customer', 'customer_move_bur'),
               ('customer', 'customer_onboard_ais'), ('customer', 'customer_onboard_aus'),
               ('customer', 'customer_closing_aus'),
               ('customer_status_change', 'customer_status_change_guard_bir'),
               ('customer_status_change', 'customer_status_change_guard_budts'),
               ('exchange_rate', 'exchange_rate_record_biur'), ('exchange_rate', 'exchange_rate_record_bts'),
               ('exchange_rate', 'exchange_rate_guard_ais'), ('exchange_rate', 'exchange_rate_guard_aus'),
               ('exchange_rate', 'exchange_rate_guard_ads'),
               ('adjustment', 'adjustment_fact_budts'), ('adjustment', 'adjustment_record_bir'),
               ('adjustment', 'adjustment_post_ais'),
               ('application', 'application_fact_budts'), ('application', 'application_record_bir'),
               ('application', 'application_apply_ais'),
               ('customer_balance', 'customer_balance_derived_biudts'),
               ('customer_balance', 'customer_balance_limit_aus'),
               ('document_counter', 'document_counter_derived_biudts'),
               ('document_series', 'document_series_fact_bts'),
               ('document_series', 'document_series_guard_bur'),
               ('invoice', 'invoice_guard_biudr'), ('invoice', 'invoice_fact_bts'),
               ('invoice', 'invoice_post_ais'), ('invoice', 'invoice_post_aus'),
               ('invoice_allowance', 'invoice_allowance_fact_bts'),
               ('invoice_allowance', 'invoice_allowance_tax_category_biur'),
               ('invoice_allowance', 'invoice_allowance_guard_ais'),
               ('invoice_allowance', 'invoice_allowance_guard_aus'),
               ('invoice_allowance', 'invoice_allowance_guard_ads'),
               ('invoice_line', 'invoice_line_tax_category_biur'),
               ('invoice_line', 'invoice_line_fact_bts'), ('invoice_line', 'invoice_line_guard_ais'),
               ('invoice_line', 'invoice_line_guard_aus'), ('invoice_line', 'invoice_line_guard_ads'),
               ('invoice_tax', 'invoice_tax_derived_biudts'),
               ('item_discount', 'item_discount_derived_biudts'),
               ('item', 'item_derived_biudts'), ('item', 'item_follow_aus'),
               ('numbering_run', 'numbering_run_fact_budts'), ('numbering_run', 'numbering_run_record_bir'),
               ('numbering_run', 'numbering_run_number_ais'),
               ('payment', 'payment_fact_budts'), ('payment', 'payment_record_bir'),
               ('payment', 'payment_settle_ais'),
               ('payment_waiting', 'payment_waiting_derived_biudts'),
               ('payment_transfer', 'payment_transfer_fact_budts'), ('payment_transfer', 'payment_transfer_check_bir'),
               ('payment_transfer', 'payment_transfer_record_bir'), ('payment_transfer', 'payment_transfer_post_ais'),
               ('payment_transfer', 'payment_transfer_settle_ais'), ('payment_transfer', 'payment_transfer_card_bir'),
               ('match_suggestion', 'match_suggestion_card_bur'), ('match_suggestion', 'match_suggestion_guard_biudr'), ('match_suggestion', 'match_suggestion_fact_bts'),
               ('aging_snapshot', 'aging_snapshot_fact_buts'), ('aging_snapshot_line', 'aging_snapshot_line_fact_buts'),
               ('ledger', 'ledger_payment_method_ais'), ('cash_policy', 'cash_policy_stamp_biur'),
               ('payment', 'payment_card_bir'), ('payment', 'payment_guard_bir'),
               ('payment_transfer', 'payment_transfer_follow_ais'),
               ('payment_method', 'payment_method_guard_budr'), ('payment_method', 'payment_method_guard_bts'),
               ('payment_clearing', 'payment_clearing_fact_budts'), ('payment_clearing', 'payment_clearing_check_bir'),
               ('payment_clearing', 'payment_clearing_record_bir'),
               ('payment_reversal', 'payment_reversal_fact_budts'), ('payment_reversal', 'payment_reversal_card_bir'),
               ('payment_reversal', 'payment_reversal_stamp_bir'), ('payment_reversal', 'payment_reversal_follow_ais'),
               ('payment_reversal', 'payment_reversal_zcredit_ais'),
               ('mandate', 'mandate_guard_biudr'), ('mandate', 'mandate_fact_bts'),
               ('payout', 'payout_fact_budts'), ('payout', 'payout_card_bir'), ('payout', 'payout_record_bir'), ('payout', 'payout_sum_air'),
               ('payout_payment', 'payout_payment_fact_budts'), ('payout_payment', 'payout_payment_check_bir'),
               ('adjustment', 'adjustment_check_bir'), ('adjustment', 'adjustment_card_bir'),
               ('adjustment', 'adjustment_reversal_bir'), ('adjustment', 'adjustment_settled_air'),
               ('application', 'application_settled_air'),
               ('payer_account', 'payer_account_stamp_biur'), ('payer_pattern', 'payer_pattern_stamp_biur'),
               ('bank_csv_format', 'bank_csv_format_stamp_biur'),
               ('bank_file', 'bank_file_fact_budts'), ('bank_file', 'bank_file_record_bir'),
               ('bank_statement', 'bank_statement_fact_budts'), ('bank_statement', 'bank_statement_record_bir'),
               ('bank_line', 'bank_line_fact_budts'), ('bank_line', 'bank_line_guard_bir'),
               ('bank_line', 'bank_line_card_bur'), ('bank_line', 'bank_line_guard_bur'), ('bank_line', 'bank_line_record_bir'),
               ('message_policy', 'message_policy_stamp_biur'),
               ('message_template', 'message_template_guard_biudr'), ('message_template', 'message_template_guard_bts'),
               ('outbox', 'outbox_guard_biudr'), ('outbox', 'outbox_guard_bts'), ('outbox', 'outbox_notify_ais'), ('outbox', 'outbox_notify_aur'),
               ('recurring_invoice', 'recurring_invoice_fact_bts'), ('recurring_invoice', 'recurring_invoice_guard_bur'),
               ('recurring_period', 'recurring_period_fact_bts'), ('recurring_period', 'recurring_period_guard_biudr'),
               ('recurring_version', 'recurring_version_fact_budts'), ('recurring_version', 'recurring_version_record_bir'),
               ('tax_rate', 'tax_rate_guard_budr'), ('tax_rate', 'tax_rate_fact_bts'),
               ('adjustment', 'adjustment_zcredit_ais'),
               ('credit_account', 'credit_account_derived_biudts'),
               ('credit_application', 'credit_application_guard_biudr'), ('credit_application', 'credit_application_fact_bts'),
               ('credit_event', 'credit_event_fact_budts'), ('credit_event', 'credit_event_record_bir'),
               ('credit_event', 'credit_event_review_ais'),
               ('credit_hold', 'credit_hold_derived_bidts'), ('credit_hold', 'credit_hold_guard_bur'),
               ('credit_hold', 'credit_hold_settle_aur'),
               ('credit_limit', 'credit_limit_guard_biudr'), ('credit_limit', 'credit_limit_follow_ais'),
               ('credit_limit', 'credit_limit_follow_aus'), ('credit_limit', 'credit_limit_fact_bts'),
               ('credit_policy', 'credit_policy_stamp_biur'), ('credit_policy', 'credit_policy_follow_ais'),
               ('credit_policy', 'credit_policy_follow_aus'),
               ('credit_probation', 'credit_probation_guard_biudr'), ('credit_probation', 'credit_probation_follow_ais'),
               ('credit_probation', 'credit_probation_follow_aus'), ('credit_probation', 'credit_probation_fact_bts'),
               ('credit_reservation', 'credit_reservation_guard_biudr'), ('credit_reservation', 'credit_reservation_fact_bts'),
               ('credit_reservation', 'credit_reservation_derived_buts'), ('credit_reservation', 'credit_reservation_judge_ais'),
               ('credit_reservation', 'credit_reservation_judge_aus'),
               ('credit_review', 'credit_review_guard_biudr'), ('credit_review', 'credit_review_fact_bts'),
               ('credit_score', 'credit_score_fact_budts'), ('credit_score', 'credit_score_record_bir'),
               ('credit_stop', 'credit_stop_guard_biudr'), ('credit_stop', 'credit_stop_fact_bts'),
               ('customer', 'customer_limit_ais'), ('customer', 'customer_limit_aus'),
               ('customer', 'customer_probation_ais'),
               ('invoice', 'invoice_credit_ais'), ('invoice', 'invoice_credit_aus'), ('invoice', 'invoice_hold_aur'),
               ('invoice', 'invoice_held_bdr'),
               ('ledger', 'ledger_dispute_reason_ais'), ('dispute', 'dispute_guard_biudr'), ('dispute', 'dispute_fact_bts'),
               ('dispute_item', 'dispute_item_guard_biudr'), ('dispute_item', 'dispute_item_fact_bts'), ('dispute_item', 'dispute_item_open_ais'),
               ('dispute_note', 'dispute_note_fact_budts'), ('dispute_note', 'dispute_note_stamp_bir'),
               ('collect_policy', 'collect_policy_stamp_biur'),
               ('promise', 'promise_guard_biudr'), ('promise', 'promise_fact_bts'), ('promise', 'promise_follow_aus'),
               ('promise_item', 'promise_item_guard_budr'), ('promise_item', 'promise_item_fact_bts'), ('promise_item', 'promise_item_check_ais'),
               ('interest_rate', 'interest_rate_stamp_biur'), ('interest_policy', 'interest_policy_stamp_biur'),
               ('interest_charge', 'interest_charge_guard_budr'), ('interest_charge', 'interest_charge_fact_bts'),
               ('interest_charge', 'interest_charge_record_bir'),
               ('late_fee', 'late_fee_guard_budr'), ('late_fee', 'late_fee_fact_bts'), ('late_fee', 'late_fee_record_bir'),
               ('interest_correction', 'interest_correction_fact_budts'), ('interest_correction', 'interest_correction_record_bir'),
               ('charge_credit', 'charge_credit_fact_budts'), ('charge_credit', 'charge_credit_stamp_bir'), ('charge_credit', 'charge_credit_check_ais'),
               ('ledger', 'ledger_write_off_reason_ais'), ('adjustment', 'adjustment_write_off_bir'),
               ('write_off', 'write_off_fact_budts'), ('write_off', 'write_off_stamp_bir'),
               ('payment_plan', 'payment_plan_guard_biudr'), ('payment_plan', 'payment_plan_fact_bts'), ('payment_plan', 'payment_plan_follow_aus'),
               ('payment_plan', 'payment_plan_sum_air'),
               ('payment_plan_item', 'payment_plan_item_guard_budr'), ('payment_plan_item', 'payment_plan_item_fact_bts'),
               ('payment_plan_item', 'payment_plan_item_check_ais'),
               ('payment_plan_instalment', 'payment_plan_instalment_fact_budts'), ('payment_plan_instalment', 'payment_plan_instalment_check_ais'),
               ('plan_re_aging', 'plan_re_aging_guard_bir'), ('plan_re_aging', 'plan_re_aging_fact_budts'),
               ('assignment_rule', 'assignment_rule_stamp_biur'), ('worklist_policy', 'worklist_policy_stamp_biur'),
               ('contact_rule', 'contact_rule_stamp_biur'), ('collection_case', 'collection_case_guard_biudr'), ('collection_case', 'collection_case_fact_bts'),
               ('case_assignment', 'case_assignment_guard_bir'), ('case_assignment', 'case_assignment_follow_ais'),
               ('case_assignment', 'case_assignment_fact_budts'),
               ('collection_activity', 'collection_activity_record_bir'), ('collection_activity', 'collection_activity_follow_ais'),
               ('collection_activity', 'collection_activity_fact_budts'),
               ('placement', 'placement_guard_biudr'), ('placement', 'placement_fact_bts'), ('placement', 'placement_follow_aus'),
               ('placement_item', 'placement_item_guard_biudr'), ('placement_item', 'placement_item_fact_bts'),
               ('dunning_policy', 'dunning_policy_stamp_biur'), ('dunning_policy', 'dunning_policy_check_aus'),
               ('dunning_level', 'dunning_level_check_ais'), ('dunning_level', 'dunning_level_check_aus'), ('dunning_level', 'dunning_level_check_ads'),
               ('dunning_block', 'dunning_block_guard_biudr'), ('dunning_block', 'dunning_block_fact_bts'),
               ('dunning_run', 'dunning_run_fact_budts'), ('dunning_run', 'dunning_run_stamp_bir'),
               ('dunning_notice', 'dunning_notice_guard_bir'), ('dunning_notice', 'dunning_notice_guard_budr'),
               ('dunning_notice', 'dunning_notice_record_bir'), ('dunning_notice', 'dunning_notice_check_ais'), ('dunning_notice', 'dunning_notice_fact_bts'),
               ('dunning_notice_item', 'dunning_notice_item_guard_biudr'), ('dunning_notice_item', 'dunning_notice_item_fact_bts'),
               ('dunning_notice_item', 'dunning_notice_item_follow_ais'), ('dunning_notice_item', 'dunning_notice_item_follow_aus'),
               ('dunning_restart', 'dunning_restart_fact_budts'), ('dunning_restart', 'dunning_restart_stamp_bir'),
               ('dunning_restart', 'dunning_restart_follow_ais'),
               ('dunning_item', 'dunning_item_derive_biudr'), ('dunning_item', 'dunning_item_fact_bts'), ('outbox', 'outbox_dunning_aur')
    ), present AS (
        SELECT c.relname::text AS table_name, t.tgname::text AS trigger_name, t.tgenabled, t.tgisinternal
        FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'ar'::regnamespace
    )
    SELECT 'trigger_missing', NULL::integer, e.table_name, NULL::bigint,
           format('trigger %s is missing', e.trigger_name)
    FROM expected AS e
    WHERE NOT EXISTS (SELECT FROM present AS p
                      WHERE p.table_name = e.table_name AND p.trigger_name = e.trigger_name)
    UNION ALL
    SELECT 'trigger_disabled', NULL, p.table_name, NULL,
           format('trigger %s does not fire', p.trigger_name)
    FROM present AS p
    WHERE p.tgenabled NOT IN ('O', 'A')
      AND (p.tgisinternal
           OR EXISTS (SELECT FROM expected AS e
                      WHERE e.table_name = p.table_name AND e.trigger_name = p.trigger_name));
END
$$;
COMMENT ON FUNCTION ar.verify_triggers() IS
'The part of ar.verify() on the triggers that hold the rules: missing or disabled ones, those of foreign keys included.';

CREATE FUNCTION ar.verify(ledger_id integer DEFAULT NULL)
RETURNS TABLE (check_name text, ledger integer, table_name text, row_id bigint, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
-- A plan for any ledger would read all ledgers for each; and what looks dear is mostly not worth being compiled.
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT * FROM ar.verify_documents(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_items(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_applications(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_invoices(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_numbers(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_memos(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_recurring(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_invoice_totals(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_discounts(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_parties(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_cash(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_credit(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_bank(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_snapshots(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_messages(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_collect(verify.ledger_id)
    UNION ALL SELECT * FROM ar.verify_triggers();
END
$$;
COMMENT ON FUNCTION ar.verify(integer) IS
'Checks every invariant of the books against the facts, in one snapshot, and returns one row a violation: none when the books are sound.
Argument: ledger_id, or NULL for all ledgers. Columns: check_name; ledger, its ledger_id; table_name and row_id, where it is wrong; detail, what was found and what should be.
Read-only, at any time, beside any load.';

REVOKE ALL ON FUNCTION ar.verify_items(integer), ar.verify_applications(integer), ar.verify_documents(integer),
    ar.verify_invoices(integer), ar.verify_triggers(), ar.verify(integer) FROM PUBLIC;
