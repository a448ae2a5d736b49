-- cash: how payments come in, and what each way of paying may do.

CREATE FUNCTION ar.payment_method_kinds()
RETURNS TABLE (kind text, clears_at_once boolean, needs_mandate boolean, reversals text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 9
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('cheque', false, false, '{bounced,in_error}'::text[]),
        ('wire', true, false, '{returned,in_error}'),
        ('card', false, false, '{charged_back,in_error}'),
        ('direct_debit', false, true, '{returned,in_error}'),
        ('cash', true, false, '{in_error}'),
        ('online_processor', false, false, '{charged_back,in_error}'),
        ('mobile_wallet', false, false, '{charged_back,in_error}'),
        ('lockbox', false, false, '{bounced,in_error}'),
        ('set_off', true, false, '{in_error}')
$$;
COMMENT ON FUNCTION ar.payment_method_kinds() IS
'The kinds of payment method, and what each may do: the one place that says so.
Columns: kind; clears_at_once, whether the money is there when it is received; needs_mandate, whether a payment names a mandate (ar.mandate); reversals, the kinds of ar.payment_reversal that it can meet.';

CREATE FUNCTION ar.is_payment_method_kind(kind text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT EXISTS (SELECT FROM ar.payment_method_kinds() AS k WHERE k.kind = $1) $$;
COMMENT ON FUNCTION ar.is_payment_method_kind(text) IS 'Whether this is a kind of payment method: one of ar.payment_method_kinds().';

CREATE FUNCTION ar.tg_seed_payment_methods() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    INSERT INTO ar.payment_method (ledger_id, method, kind)
    SELECT l.ledger_id, k.kind, k.kind
    FROM new_ledger AS l, ar.payment_method_kinds() AS k;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_seed_payment_methods() IS 'Trigger, after an INSERT statement on ar.ledger: gives each new ledger one payment method of each kind.';

CREATE FUNCTION ar.tg_guard_payment_method() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'payment methods are never deleted',
            DETAIL = 'Payments refer to them.',
            HINT = 'Leave one that is out of use where it is.',
            SCHEMA = 'ar', TABLE = 'payment_method';
    ELSIF OLD.ledger_id <> NEW.ledger_id OR OLD.method <> NEW.method OR OLD.kind <> NEW.kind THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('name and kind of payment method "%s" cannot be changed', OLD.method),
            DETAIL = 'Payments refer to it, and what they may do follows from its kind.',
            HINT = 'Add a method of the other name or kind.',
            SCHEMA = 'ar', TABLE = 'payment_method', COLUMN = 'kind';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_payment_method() IS
'Trigger, before a row of ar.payment_method changes ledger, name or kind, or is deleted, and before TRUNCATE: refuses it (RA003). Payments rely on it, which look their method up without a lock.';

CREATE FUNCTION ar.tg_check_payment_clearing() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    payment ar.payment;
    clears_at_once boolean;
    reversal ar.payment_reversal;
BEGIN
    SELECT p.* INTO payment FROM ar.payment AS p WHERE p.ledger_id = NEW.ledger_id AND p.payment_id = NEW.payment_id;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('payment %s does not exist in ledger %s', NEW.payment_id, NEW.ledger_id),
            SCHEMA = 'ar', TABLE = 'payment_clearing', CONSTRAINT = 'payment_clearing_payment_fkey';
    END IF;
    SELECT k.clears_at_once INTO clears_at_once
    FROM ar.payment_method AS m JOIN ar.payment_method_kinds() AS k ON k.kind = m.kind
    WHERE m.ledger_id = payment.ledger_id AND m.method = payment.method;
    IF clears_at_once THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s by %s has nothing to clear', NEW.payment_id, payment.method),
            DETAIL = 'Its money was there when it was received.',
            HINT = 'Leave it out, or record it by the method that it came by.',
            SCHEMA = 'ar', TABLE = 'payment_clearing', COLUMN = 'payment_id';
    END IF;
    IF NEW.cleared_on < payment.received_on THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s cannot clear before it was received', NEW.payment_id),
            DETAIL = format('It was received on %s.', payment.received_on),
            HINT = 'Give that day or a later one.',
            SCHEMA = 'ar', TABLE = 'payment_clearing', CONSTRAINT = 'payment_clearing_cleared_on_check';
    END IF;
    SELECT r.* INTO reversal FROM ar.payment_reversal AS r
    WHERE r.ledger_id = NEW.ledger_id AND r.payment_id = NEW.payment_id;
    IF FOUND AND NEW.cleared_on >= reversal.reversed_on THEN
        RAISE check_violation USING
            MESSAGE = format('payment %s cannot clear any more', NEW.payment_id),
            DETAIL = format('It was reversed (%s) on %s.', reversal.kind, reversal.reversed_on),
            HINT = 'Money that comes after all is a new payment, with replaces_id.',
            SCHEMA = 'ar', TABLE = 'payment_clearing', COLUMN = 'payment_id';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_check_payment_clearing() IS
'Trigger, before each row of ar.payment_clearing: only what clears later clears, not before it was received, and not after it was reversed.
Errors: 23503 no such payment; 23514 otherwise.';

CREATE FUNCTION ar.clear_payments(ledger_id integer, payment_ids bigint[], cleared_on date DEFAULT NULL, reference text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    cleared bigint;
BEGIN
    INSERT INTO ar.payment_clearing (ledger_id, payment_id, cleared_on, reference)
    SELECT clear_payments.ledger_id, w.payment_id,
           coalesce(clear_payments.cleared_on, ar.business_date(clear_payments.ledger_id)), clear_payments.reference
    FROM (SELECT DISTINCT u.payment_id FROM unnest(clear_payments.payment_ids) AS u(payment_id)) AS w
    LEFT JOIN ar.payment AS p ON p.ledger_id = clear_payments.ledger_id AND p.payment_id = w.payment_id
    LEFT JOIN ar.payment_method AS m ON m.ledger_id = p.ledger_id AND m.method = p.method
    LEFT JOIN ar.payment_method_kinds() AS k ON k.kind = m.kind
    WHERE k.clears_at_once IS NOT TRUE
    ORDER BY w.payment_id
    ON CONFLICT (ledger_id, payment_id) DO NOTHING;
    GET DIAGNOSTICS cleared = ROW_COUNT;
    RETURN cleared;
END
$$;
COMMENT ON FUNCTION ar.clear_payments(integer, bigint[], date, text) IS
'Records that payments cleared: the cheques were honoured, the direct debits collected. Returns how many did; those that cleared before, or clear at once by their method, are left alone. All or none.
Arguments: ledger_id; payment_ids; cleared_on, by default the business date; reference, of the bank.
Errors: 23503 no such payment; 23514 a day before it was received, or it was reversed.';

-- Without SET and with every name and operator qualified, so that the planner can open it up.
CREATE FUNCTION ar.payment_life(ledger_id integer, as_of date)
RETURNS TABLE (payment_id bigint, kind text, state text, cleared_on date, is_in_flight boolean, refunded ar.monetary)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 1000
AS $$
    SELECT s.payment_id, s.kind,
           CASE WHEN s.reversal OPERATOR(pg_catalog.=) 'in_error' THEN 'reversed'
                WHEN s.reversal IS NOT NULL THEN s.reversal
                WHEN s.refunded OPERATOR(ar.>=) s.amount THEN 'refunded'
                WHEN s.cleared_on IS NULL THEN 'pending'
                ELSE 'cleared' END,
           s.cleared_on,
           s.kind OPERATOR(pg_catalog.=) 'direct_debit' AND s.cleared_on IS NULL AND s.reversal IS NULL,
           COALESCE(s.refunded, ar.monetary(0, ar.currency(s.amount)))
    FROM (SELECT p.payment_id, m.kind, p.amount, r.kind AS reversal, f.refunded,
                 CASE WHEN c.clears_on OPERATOR(pg_catalog.<=) $2 THEN c.clears_on END AS cleared_on
          FROM ar.payment AS p
          JOIN ar.payment_method AS m ON m.ledger_id OPERATOR(pg_catalog.=) p.ledger_id
           AND m.method OPERATOR(pg_catalog.=) p.method
          JOIN ar.payment_method_kinds() AS k ON k.kind OPERATOR(pg_catalog.=) m.kind
          LEFT JOIN ar.payment_clearing AS t ON t.ledger_id OPERATOR(pg_catalog.=) p.ledger_id
           AND t.payment_id OPERATOR(pg_catalog.=) p.payment_id
          LEFT JOIN ar.payout_payment AS e ON e.ledger_id OPERATOR(pg_catalog.=) p.ledger_id
           AND e.payment_id OPERATOR(pg_catalog.=) p.payment_id AND e.kind OPERATOR(pg_catalog.=) 'payment'
          LEFT JOIN ar.payout AS o ON o.ledger_id OPERATOR(pg_catalog.=) e.ledger_id
           AND o.payout_id OPERATOR(pg_catalog.=) e.payout_id
          LEFT JOIN ar.payment_reversal AS r ON r.ledger_id OPERATOR(pg_catalog.=) p.ledger_id
           AND r.payment_id OPERATOR(pg_catalog.=) p.payment_id AND r.reversed_on OPERATOR(pg_catalog.<=) $2
          CROSS JOIN LATERAL (
              SELECT CASE WHEN k.clears_at_once THEN p.received_on
                          ELSE COALESCE(t.cleared_on, o.paid_on,
                                        p.received_on OPERATOR(pg_catalog.+) m.clearing_days) END AS clears_on) AS c
          LEFT JOIN LATERAL (
              SELECT ar.sum(j.amount) AS refunded
              FROM ar.adjustment AS j
              WHERE j.ledger_id OPERATOR(pg_catalog.=) p.ledger_id AND j.payment_id OPERATOR(pg_catalog.=) p.payment_id
                AND j.kind OPERATOR(pg_catalog.=) 'refund' AND j.adjusted_on OPERATOR(pg_catalog.<=) $2) AS f ON true
          WHERE p.ledger_id OPERATOR(pg_catalog.=) $1 AND p.received_on OPERATOR(pg_catalog.<=) $2) AS s
$$;
COMMENT ON FUNCTION ar.payment_life(integer, date) IS
'How far the payments of a ledger have come on a day: for ar.payment_states(), where the columns are described, and ar.report_payment.';

CREATE FUNCTION ar.payment_states(ledger_id integer, payment_ids bigint[] DEFAULT NULL, as_of date DEFAULT NULL)
RETURNS TABLE (payment_id bigint, kind text, state text, cleared_on date, is_in_flight boolean, refunded ar.monetary)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    day date := coalesce(payment_states.as_of, ar.business_date(payment_states.ledger_id));
BEGIN
    IF payment_states.payment_ids IS NULL THEN
        RETURN QUERY SELECT s.* FROM ar.payment_life(payment_states.ledger_id, day) AS s;
    ELSE
        RETURN QUERY
        SELECT s.*
        FROM (SELECT DISTINCT w.ledger_id, w.id FROM ar.with_ledger(payment_states.ledger_id, payment_states.payment_ids) AS w) AS w
        CROSS JOIN LATERAL ar.payment_life(w.ledger_id, day) AS s
        WHERE s.payment_id = w.id;
    END IF;
END
$$;
COMMENT ON FUNCTION ar.payment_states(integer, bigint[], date) IS
'How far the payments of a ledger have come on a day, derived from the facts.
Arguments: ledger_id; payment_ids, by default all; as_of, by default the business date: payments received later are left out.
Result: a row a payment: payment_id; kind, of its method; state: pending, it has not cleared; cleared; refunded, all of it; bounced, returned, charged_back, or reversed (in error); cleared_on, the day it cleared: that recorded in ar.payment_clearing, else that of its payout, else clearing_days of its method after it was received, NULL for a pending one; is_in_flight, a direct debit that is neither cleared nor returned; refunded, what was paid back of it.';

REVOKE ALL ON FUNCTION ar.tg_seed_payment_methods(), ar.tg_guard_payment_method(), ar.tg_check_payment_clearing(),
    ar.clear_payments(integer, bigint[], date, text) FROM PUBLIC;
