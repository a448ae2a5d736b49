-- credit: invoices held for a credit manager, and how he decides.

CREATE FUNCTION ar.tg_hold_invoice() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_hold_invoice' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_hold_invoice() IS
'Trigger, after an INSERT or UPDATE statement on ar.invoice and before ar.tg_post_invoice(): holds newly open invoices where there are reasons, and bills their orders; an invoice made void gives its order back what it billed.
Errors: RA001 drafts that count are over the credit limit; RA009 no rate, or another currency than the order.';

CREATE FUNCTION ar.tg_withdraw_hold() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_withdraw_hold' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_withdraw_hold() IS
'Trigger, after each held row of ar.invoice that went back to draft or became void: closes its hold.';

CREATE FUNCTION ar.tg_keep_held() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM ar.credit_hold AS h WHERE h.ledger_id = OLD.ledger_id AND h.invoice_id = OLD.invoice_id) THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('invoice %s was judged for credit and cannot be deleted', OLD.invoice_id),
            DETAIL = 'ar.credit_hold keeps what was decided about it.',
            HINT = 'Make it void with ar.void_invoice().', TABLE = 'invoice', SCHEMA = 'ar';
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION ar.tg_keep_held() IS
'Trigger, before each deleted row of ar.invoice: refuses drafts that were held, for their holds are kept (RA003).';

CREATE FUNCTION ar.fit_credit(
    invoice_ids bigint[], limits integer[], rooms bigint[], amounts bigint[], orders integer[], reserved bigint[],
    blocked boolean[], anyway boolean[]
) RETURNS boolean[]
AS 'MODULE_PATHNAME', 'ar_fit_credit'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.fit_credit(bigint[], integer[], bigint[], bigint[], integer[], bigint[], boolean[], boolean[]) IS
'Goes through invoices in order and says which fit into the limits they count against: one that fits takes its room from those after it, one that does not leaves it to them.
Arguments, an element each for one invoice against one limit, those of an invoice side by side: invoice_ids; limits, a number from 1 for each limit; rooms, what the limit leaves; amounts; orders, a number from 1 for each order and limit; reserved, what the order has reserved, which takes no room again; blocked, posted in no case; anyway, posted though it does not fit. Amounts are minor units of the currency of the limit.
Result: whether it fits, an element each.
Errors: 22004 a NULL element; 2202E arrays of different lengths.';

CREATE FUNCTION ar.tg_guard_hold() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF to_jsonb(NEW) - '{decision,decided_by,decided_at,decision_reason}'::text[]
       <> to_jsonb(OLD) - '{decision,decided_by,decided_at,decision_reason}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('of credit hold %s only the decision can be written', OLD.hold_id),
            TABLE = 'credit_hold', SCHEMA = 'ar';
    END IF;
    IF OLD.decision IS NOT NULL OR OLD.action <> 'hold' THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = CASE OLD.action WHEN 'hold' THEN format('credit hold %s is %s already', OLD.hold_id, OLD.decision)
                      ELSE format('credit hold %s was a warning and needs no decision', OLD.hold_id) END,
            TABLE = 'credit_hold', SCHEMA = 'ar';
    END IF;
    IF NEW.decision IS NOT NULL THEN
        NEW.decided_by := session_user;
        NEW.decided_at := clock_timestamp();
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_hold() IS
'Trigger, before each updated row of ar.credit_hold: stamps who decided (RA004 if it is decided already) and refuses every other change (RA003).';

CREATE FUNCTION ar.tg_settle_hold() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM ar.invoice AS v
               WHERE v.ledger_id = NEW.ledger_id AND v.invoice_id = NEW.invoice_id AND v.status = 'held')
       AND NOT EXISTS (SELECT FROM ar.credit_hold AS h
                       WHERE h.ledger_id = NEW.ledger_id AND h.invoice_id = NEW.invoice_id
                         AND h.decision IS NULL AND h.action = 'hold') THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('credit hold %s cannot be decided while its invoice stays held', NEW.hold_id),
            DETAIL = format('Invoice %s is held, and nothing else would say why.', NEW.invoice_id),
            HINT = 'Use ar.release_hold() or ar.reject_hold(), which decide, and post the invoice or make it void.',
            TABLE = 'credit_hold', SCHEMA = 'ar', COLUMN = 'decision';
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_settle_hold() IS
'Trigger, at the end of a transaction that decided a hold: the invoice must not be held any more, unless by another hold (RA003).';

CREATE FUNCTION ar.credit_reasons(ledger_id integer, customer_ids bigint[], as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, reason text, detail text)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    today date := coalesce(credit_reasons.as_of, ar.business_date(credit_reasons.ledger_id));
BEGIN
    RETURN QUERY
    SELECT s.customer_id, 'manual_stop', format('Credit was stopped by %s: %s.', s.stopped_by, rtrim(s.reason, '.'))
    FROM (SELECT DISTINCT w.customer_id FROM unnest(credit_reasons.customer_ids) AS w(customer_id)) AS w
    CROSS JOIN LATERAL (SELECT s.customer_id, s.stopped_by, s.reason FROM ar.credit_stop AS s
                        WHERE s.ledger_id = credit_reasons.ledger_id AND s.customer_id = w.customer_id AND s.lifted_at IS NULL OFFSET 0) AS s
    UNION ALL
    SELECT c.customer_id, 'customer_on_hold', concat('The customer is on hold', ': ' || rtrim(c.status_reason, '.'), '.')
    FROM (SELECT DISTINCT w.customer_id FROM unnest(credit_reasons.customer_ids) AS w(customer_id)) AS w
    CROSS JOIN LATERAL (SELECT c.customer_id, c.status, c.status_reason FROM ar.customer AS c
                        WHERE c.ledger_id = credit_reasons.ledger_id AND c.customer_id = w.customer_id OFFSET 0) AS c
    WHERE c.status = 'on_hold';
    IF NOT EXISTS (SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = credit_reasons.ledger_id
                   AND num_nonnulls(p.overdue_days, p.dunning_level, p.bounced_payments) > 0) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH policy AS MATERIALIZED (
        SELECT p.* FROM ar.credit_policies(credit_reasons.ledger_id, credit_reasons.customer_ids) AS p
    )
    SELECT p.customer_id, 'overdue',
           format('%s is overdue since %s, by %s days; no more than %s are allowed.', i.open, i.due_on, today - i.due_on,
                  greatest(p.overdue_days, p.overdue_grace_days))
    FROM policy AS p
    CROSS JOIN LATERAL (
        SELECT i.open, i.due_on FROM ar.item AS i
        WHERE i.ledger_id = credit_reasons.ledger_id AND i.customer_id = p.customer_id AND i.closed_on IS NULL
          AND i.due_on < today - greatest(p.overdue_days, p.overdue_grace_days) AND ar.sign(i.open) > 0
          AND CASE WHEN p.overdue_minimum IS NULL THEN true
                   WHEN ar.currency(p.overdue_minimum) = ar.currency(i.open) THEN i.open >= p.overdue_minimum
                   ELSE ar.convert(credit_reasons.ledger_id, i.open, ar.currency(p.overdue_minimum), today) >= p.overdue_minimum END
        ORDER BY i.due_on, i.item_id LIMIT 1) AS i
    WHERE p.overdue_days IS NOT NULL
    UNION ALL
    SELECT p.customer_id, 'dunning_level', format('Dunning has reached level %s; from %s on credit is held.', e.level, p.dunning_level)
    FROM policy AS p
    CROSS JOIN LATERAL (
        SELECT e.level FROM ar.credit_event AS e
        WHERE e.ledger_id = credit_reasons.ledger_id AND e.customer_id = p.customer_id AND e.kind = 'dunning'
        ORDER BY e.occurred_on DESC, e.event_id DESC LIMIT 1) AS e
    WHERE e.level >= p.dunning_level
    UNION ALL
    SELECT p.customer_id, 'bounced_payments',
           format('%s payments bounced within %s days; from %s on credit is held.', e.bounced, p.bounced_days, p.bounced_payments)
    FROM policy AS p
    CROSS JOIN LATERAL (
        SELECT count(*) AS bounced FROM ar.credit_event AS e
        WHERE e.ledger_id = credit_reasons.ledger_id AND e.customer_id = p.customer_id AND e.kind = 'bounced_payment'
          AND e.occurred_on > today - p.bounced_days AND e.occurred_on <= today) AS e
    WHERE e.bounced >= p.bounced_payments;
END
$$;
COMMENT ON FUNCTION ar.credit_reasons(integer, bigint[], date) IS
'Why some customers get no credit on a day, by default the business date, whatever their limits leave: a row a reason.
Result: customer_id; reason: manual_stop, customer_on_hold, overdue, dunning_level or bounced_payments; detail, a sentence with the figures.';

CREATE FUNCTION ar.fit_invoices(ledger_id integer, invoice_ids bigint[], for_release boolean DEFAULT false, as_of date DEFAULT NULL)
RETURNS TABLE (invoice_id bigint, customer_id bigint, total ar.monetary, action text, reasons text[], detail text)
LANGUAGE plpgsql STABLE ROWS 100
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := coalesce(fit_invoices.as_of, ar.business_date(fit_invoices.ledger_id));
    customers bigint[];
BEGIN
    SELECT array_agg(DISTINCT v.customer_id) INTO customers
    FROM ar.invoice AS v
    WHERE v.ledger_id = fit_invoices.ledger_id AND v.invoice_id = ANY (fit_invoices.invoice_ids);
    RETURN QUERY
    WITH policy AS MATERIALIZED (
        SELECT p.customer_id, p.on_breach, p.tolerance_percent, p.release_percent
        FROM ar.credit_policies(fit_invoices.ledger_id, customers) AS p
    ), reason AS MATERIALIZED (
        SELECT r.customer_id, array_agg(r.reason ORDER BY r.reason) AS reasons, array_agg(r.detail ORDER BY r.reason) AS details
        FROM ar.credit_reasons(fit_invoices.ledger_id, customers, today) AS r GROUP BY r.customer_id
    ), holder AS MATERIALIZED (
        SELECT h.*, p.on_breach,
               ar.amount(h.credit_limit) * CASE WHEN fit_invoices.for_release THEN p.release_percent / 100
                                                ELSE 1 + p.tolerance_percent / 100 END AS bar,
               r.customer_id IS NOT NULL AS is_blocked
        FROM ar.credit_holders(fit_invoices.ledger_id, customers) AS h
        JOIN policy AS p ON p.customer_id = h.customer_id
        LEFT JOIN reason AS r ON r.customer_id = h.customer_id
        WHERE h.credit_limit IS NOT NULL
          AND (fit_invoices.for_release OR p.on_breach <> 'refuse' OR r.customer_id IS NOT NULL)
    ), given AS (
        SELECT array_agg(d.holder_id) AS holders, array_agg(d.currency) AS currencies, array_agg(d.with_members) AS with_members
        FROM (SELECT DISTINCT h.holder_id, ar.currency(h.credit_limit) AS currency, h.source <> 'default' AS with_members
              FROM holder AS h) AS d
    ), exposure AS MATERIALIZED (
        SELECT s.holder_id, s.exposure
        FROM given AS g CROSS JOIN LATERAL ar.credit_sums(fit_invoices.ledger_id, g.holders, g.currencies, g.with_members) AS s
        WHERE g.holders IS NOT NULL
    ), pair AS MATERIALIZED (
        -- One row for each invoice and limit, in minor units of the limit.
        SELECT v.invoice_id, h.holder_id, h.customer_id, h.depth, h.credit_limit, h.probation_percent, h.on_breach, h.is_blocked,
               e.exposure, a.amount,
               row_number() OVER (ORDER BY v.invoice_id, h.depth DESC) AS place,
               dense_rank() OVER (ORDER BY h.holder_id) AS limit_number,
               dense_rank() OVER (ORDER BY h.holder_id, coalesce(r.reservation_id, -v.invoice_id)) AS order_number,
               -- As much as minor units can be: no more is ever needed, and less than nothing is nothing.
               least(greatest(floor((h.bar - ar.amount(e.exposure)) * u.units), -1), 9223372036854775807)::bigint AS room,
               (ar.amount(a.amount) * u.units)::bigint AS minor,
               coalesce((ar.amount(a.reserved) * u.units)::bigint, 0) AS reserved
        FROM ar.invoice AS v
        JOIN holder AS h ON h.customer_id = v.customer_id
        JOIN exposure AS e ON e.holder_id = h.holder_id
        LEFT JOIN ar.credit_reservation AS r
          ON r.ledger_id = fit_invoices.ledger_id AND r.order_reference = v.order_reference AND r.customer_id = v.customer_id
         AND r.released_at IS NULL AND r.invoiced < r.amount AND coalesce(r.expires_on >= today, true)
         AND ar.currency(r.amount) = ar.currency(v.total)
        CROSS JOIN LATERAL (
            SELECT CASE WHEN ar.currency(v.total) = ar.currency(h.credit_limit) THEN v.total
                        ELSE ar.convert(fit_invoices.ledger_id, v.total, ar.currency(h.credit_limit), today) END AS amount,
                   CASE WHEN r.amount IS NULL THEN NULL
                        WHEN ar.currency(r.amount) = ar.currency(h.credit_limit) THEN least(r.amount - r.invoiced, r.amount)
                        ELSE ar.convert(fit_invoices.ledger_id, least(r.amount - r.invoiced, r.amount),
                                        ar.currency(h.credit_limit), today) END AS reserved) AS a
        CROSS JOIN LATERAL (SELECT power(10::numeric, scale(ar.amount(h.credit_limit))) AS units) AS u
        WHERE v.ledger_id = fit_invoices.ledger_id AND v.invoice_id = ANY (fit_invoices.invoice_ids)
    ), fit AS MATERIALIZED (
        SELECT f.fits, f.place
        FROM (SELECT ar.fit_credit(
                  array_agg(p.invoice_id ORDER BY p.place), array_agg(p.limit_number::integer ORDER BY p.place),
                  array_agg(p.room ORDER BY p.place), array_agg(p.minor ORDER BY p.place),
                  array_agg(p.order_number::integer ORDER BY p.place), array_agg(p.reserved ORDER BY p.place),
                  array_agg(p.is_blocked ORDER BY p.place), array_agg(p.on_breach = 'warn' ORDER BY p.place)) AS fits
              FROM pair AS p) AS all_fits
        CROSS JOIN LATERAL unnest(all_fits.fits) WITH ORDINALITY AS f(fits, place)
    ), breach AS MATERIALIZED (
        SELECT p.invoice_id, min(p.on_breach) AS on_breach, bool_or(p.probation_percent IS NOT NULL) AS on_probation,
               array_agg(format('It adds %s to an exposure of %s before this statement; the limit of customer "%s" is %s%s.',
                                p.amount, p.exposure, c.code, p.credit_limit,
                                ', ' || p.probation_percent || ' percent of what was granted, during probation')
                         ORDER BY p.depth DESC) AS details
        FROM fit AS f
        JOIN pair AS p ON p.place = f.place
        JOIN ar.customer AS c ON c.ledger_id = fit_invoices.ledger_id AND c.customer_id = p.holder_id
        WHERE NOT f.fits GROUP BY p.invoice_id
    )
    SELECT v.invoice_id, v.customer_id, v.total,
           CASE WHEN r.customer_id IS NOT NULL THEN 'hold'
                WHEN b.invoice_id IS NULL THEN 'pass'
                WHEN b.on_breach = 'warn' THEN 'warn' ELSE 'hold' END,
           CASE WHEN b.invoice_id IS NULL THEN '{}' WHEN b.on_probation THEN '{credit_limit,probation}' ELSE '{credit_limit}' END::text[]
               || coalesce(r.reasons, '{}'),
           array_to_string(coalesce(b.details, '{}') || coalesce(r.details, '{}'), ' ')
    FROM ar.invoice AS v
    LEFT JOIN reason AS r ON r.customer_id = v.customer_id
    LEFT JOIN breach AS b ON b.invoice_id = v.invoice_id
    WHERE v.ledger_id = fit_invoices.ledger_id AND v.invoice_id = ANY (fit_invoices.invoice_ids);
END
$$;
COMMENT ON FUNCTION ar.fit_invoices(integer, bigint[], boolean, date) IS
'What the policies say to posting some invoices now, judged in the order of their ids: each against what those before it took.
Arguments: ledger_id; invoice_ids, none of them posted; for_release, true to measure by the release_percent of the policy, and those who would be refused, too; as_of, by default the business date.
Result: invoice_id; customer_id; total; action: pass, warn or hold; reasons, all of them; detail, a sentence for each with its figures. A limit whose policy refuses is not asked here: that is judged on the balance.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.hold_invoices(ledger_id integer, invoice_ids bigint[]) RETURNS integer
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    candidates bigint[];
    customers bigint[];
    judged record;
BEGIN
    -- What was released is not judged again, as long as it is for no more.
    SELECT array_agg(v.invoice_id), array_agg(DISTINCT v.customer_id) INTO candidates, customers
    FROM ar.invoice AS v
    WHERE v.ledger_id = hold_invoices.ledger_id AND v.invoice_id = ANY (hold_invoices.invoice_ids)
      AND NOT EXISTS (
          SELECT FROM (SELECT h.decision, h.amount, h.customer_id FROM ar.credit_hold AS h
                       WHERE h.ledger_id = v.ledger_id AND h.invoice_id = v.invoice_id
                       ORDER BY h.hold_id DESC LIMIT 1) AS h
          WHERE h.decision = 'released' AND h.amount >= v.total AND ar.currency(h.amount) = ar.currency(v.total)
            AND h.customer_id = v.customer_id);
    IF candidates IS NULL THEN
        RETURN 0;
    END IF;
    PERFORM ar.lock_credit(hold_invoices.ledger_id, customers);
    UPDATE ar.credit_hold AS h SET decision = 'lapsed', decision_reason = 'judged anew'
    WHERE h.ledger_id = hold_invoices.ledger_id AND h.invoice_id = ANY (candidates)
      AND h.decision IS NULL AND h.action = 'hold';
    WITH noted AS (
        INSERT INTO ar.credit_hold AS h (ledger_id, invoice_id, customer_id, action, reasons, detail, amount)
        SELECT hold_invoices.ledger_id, f.invoice_id, f.customer_id, f.action, f.reasons, f.detail, f.total
        FROM ar.fit_invoices(hold_invoices.ledger_id, candidates) AS f
        WHERE f.action <> 'pass' ORDER BY f.invoice_id
        RETURNING h.invoice_id, h.action, h.reasons
    )
    SELECT array_agg(n.invoice_id) FILTER (WHERE n.action = 'hold') AS held,
           count(*) FILTER (WHERE n.action = 'warn') AS warned, min(n.invoice_id) AS first_id,
           array_to_string(array(SELECT DISTINCT x.reason FROM noted, unnest(noted.reasons) AS x(reason) ORDER BY 1), ', ') AS reasons
    INTO judged FROM noted AS n;
    IF judged.warned > 0 THEN
        RAISE WARNING USING
            MESSAGE = format('%s of the invoices passed a credit limit', judged.warned),
            DETAIL = format('The first is invoice %s. ar.credit_hold says why.', judged.first_id);
    END IF;
    IF judged.held IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE ar.invoice AS v SET status = 'held', recorded_at = NULL
    WHERE v.ledger_id = hold_invoices.ledger_id AND v.invoice_id = ANY (judged.held);
    RAISE NOTICE USING
        MESSAGE = format('%s of the invoices are held for credit', cardinality(judged.held)),
        DETAIL = format('Reasons: %s.', judged.reasons),
        HINT = 'ar.credit_hold has the details; ar.release_hold() posts one, ar.reject_hold() does not.';
    RETURN cardinality(judged.held);
END
$$;
COMMENT ON FUNCTION ar.hold_invoices(integer, bigint[]) IS
'For the trigger that comes before posting: judges newly open invoices by the policies, and sets those to held that must wait, with all reasons. Returns how many.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.note_held_invoices(ledger_id integer, invoice_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ar.credit_hold (ledger_id, invoice_id, customer_id, reasons, detail, amount)
    SELECT v.ledger_id, v.invoice_id, v.customer_id, '{manual}', format('Held by %s.', session_user), v.total
    FROM ar.invoice AS v
    WHERE v.ledger_id = note_held_invoices.ledger_id AND v.invoice_id = ANY (note_held_invoices.invoice_ids)
      AND NOT EXISTS (SELECT FROM ar.credit_hold AS h WHERE h.ledger_id = v.ledger_id AND h.invoice_id = v.invoice_id
                        AND h.decision IS NULL AND h.action = 'hold')
    ORDER BY v.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.note_held_invoices(integer, bigint[]) IS
'For the trigger on ar.invoice: records the holds of invoices that somebody set to held.';

CREATE FUNCTION ar.refuse_unheld(ledger_id integer, invoice_ids bigint[], reason text) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wrong record;
BEGIN
    IF coalesce(refuse_unheld.reason, '') !~ '\S' THEN
        RAISE not_null_violation USING
            MESSAGE = 'a decision about a held invoice needs a reason',
            HINT = 'Say why, for whoever asks later.';
    END IF;
    PERFORM FROM ar.invoice AS v
    WHERE v.ledger_id = refuse_unheld.ledger_id AND v.invoice_id = ANY (refuse_unheld.invoice_ids) AND v.status = 'held'
    ORDER BY v.invoice_id FOR NO KEY UPDATE;
    SELECT w.invoice_id, v.status INTO wrong
    FROM unnest(refuse_unheld.invoice_ids) AS w(invoice_id)
    LEFT JOIN ar.invoice AS v ON v.ledger_id = refuse_unheld.ledger_id AND v.invoice_id = w.invoice_id
    WHERE v.status IS NULL OR v.status <> 'held'
    ORDER BY w.invoice_id LIMIT 1;
    IF FOUND AND wrong.status IS NULL THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('invoice %s does not exist in ledger %s', wrong.invoice_id, refuse_unheld.ledger_id);
    ELSIF FOUND THEN
        RAISE SQLSTATE 'RA004' USING
            MESSAGE = format('invoice %s is not held', wrong.invoice_id),
            DETAIL = format('It is %s.', wrong.status), TABLE = 'invoice', SCHEMA = 'ar', COLUMN = 'status';
    END IF;
END
$$;
COMMENT ON FUNCTION ar.refuse_unheld(integer, bigint[], text) IS
'Takes held invoices to decide about them, in the order of their ids.
Errors: 23502 no reason; 23503 no such invoice; RA004 one is not held.';

CREATE FUNCTION ar.release_holds(ledger_id integer, invoice_ids bigint[], reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM ar.refuse_unheld(release_holds.ledger_id, release_holds.invoice_ids, release_holds.reason);
    UPDATE ar.credit_hold AS h SET decision = 'released', decision_reason = release_holds.reason
    WHERE h.ledger_id = release_holds.ledger_id AND h.invoice_id = ANY (release_holds.invoice_ids)
      AND h.decision IS NULL AND h.action = 'hold'
      -- A release is for no more than was held; the rest lapses, and is judged anew.
      AND EXISTS (SELECT FROM ar.invoice AS v
                  WHERE v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id AND h.amount >= v.total
                    AND ar.currency(h.amount) = ar.currency(v.total) AND h.customer_id = v.customer_id);
    RETURN ar.post_invoices(release_holds.ledger_id, release_holds.invoice_ids);
END
$$;
COMMENT ON FUNCTION ar.release_holds(integer, bigint[], text) IS
'Posts held invoices in spite of what held them, and records who decided so, when and why. All or none. Returns how many were posted.
A release is for the total that was held: an invoice that was raised since is judged anew, and perhaps held again; then it is not counted. Where the policy refuses breaches, the limit itself stands.
Errors: 23502 no reason; 23503 no such invoice; RA001 over a limit whose policy refuses; RA004 an invoice is not held.';

CREATE FUNCTION ar.release_hold(ledger_id integer, invoice_id bigint, reason text) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.release_holds(release_hold.ledger_id, ARRAY[release_hold.invoice_id], release_hold.reason) $$;
COMMENT ON FUNCTION ar.release_hold(integer, bigint, text) IS
'Posts one held invoice in spite of what held it: ar.release_holds() with one. Errors: as there.';

CREATE FUNCTION ar.reject_holds(ledger_id integer, invoice_ids bigint[], reason text, back_to_draft boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    rejected bigint;
BEGIN
    PERFORM ar.refuse_unheld(reject_holds.ledger_id, reject_holds.invoice_ids, reject_holds.reason);
    UPDATE ar.credit_hold AS h SET decision = 'rejected', decision_reason = reject_holds.reason
    WHERE h.ledger_id = reject_holds.ledger_id AND h.invoice_id = ANY (reject_holds.invoice_ids)
      AND h.decision IS NULL AND h.action = 'hold';
    UPDATE ar.invoice AS v
    SET status = CASE WHEN reject_holds.back_to_draft THEN 'draft' ELSE 'void' END::ar.invoice_status
    WHERE v.ledger_id = reject_holds.ledger_id AND v.invoice_id = ANY (reject_holds.invoice_ids);
    GET DIAGNOSTICS rejected = ROW_COUNT;
    RETURN rejected;
END
$$;
COMMENT ON FUNCTION ar.reject_holds(integer, bigint[], text, boolean) IS
'Rejects held invoices: they become void, or drafts again, and who decided so, when and why is recorded. All or none. Returns how many.
Errors: 23502 no reason; 23503 no such invoice; RA004 an invoice is not held.';

CREATE FUNCTION ar.reject_hold(ledger_id integer, invoice_id bigint, reason text, back_to_draft boolean DEFAULT false) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.reject_holds(reject_hold.ledger_id, ARRAY[reject_hold.invoice_id], reject_hold.reason, reject_hold.back_to_draft) $$;
COMMENT ON FUNCTION ar.reject_hold(integer, bigint, text, boolean) IS
'Rejects one held invoice: ar.reject_holds() with one. Errors: as there.';

CREATE FUNCTION ar.release_holds(ledger_id integer, as_of date DEFAULT NULL) RETURNS TABLE (invoice_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    candidates bigint[];
    passing bigint[];
BEGIN
    SELECT array_agg(v.invoice_id) INTO candidates
    FROM (SELECT v.invoice_id
          FROM ar.credit_hold AS h
          JOIN ar.invoice AS v ON v.ledger_id = h.ledger_id AND v.invoice_id = h.invoice_id
          WHERE h.ledger_id = release_holds.ledger_id AND h.decision IS NULL AND h.action = 'hold'
            AND NOT 'manual' = ANY (h.reasons) AND v.status = 'held'
          -- Whatever another session has in hand is left to it: to wait might leave us holding what it posted.
          ORDER BY v.invoice_id FOR NO KEY UPDATE OF v SKIP LOCKED) AS v;
    SELECT array_agg(f.invoice_id) INTO passing
    FROM ar.fit_invoices(release_holds.ledger_id, candidates, true, release_holds.as_of) AS f WHERE f.action = 'pass';
    IF passing IS NULL THEN
        RETURN;
    END IF;
    PERFORM ar.post_invoices(release_holds.ledger_id, passing);
    RETURN QUERY
    SELECT v.invoice_id FROM ar.invoice AS v
    WHERE v.ledger_id = release_holds.ledger_id AND v.invoice_id = ANY (passing) AND ar.is_posted(v.status)
    ORDER BY v.invoice_id;
END
$$;
COMMENT ON FUNCTION ar.release_holds(integer, date) IS
'Posts the held invoices of a ledger that nothing holds any more: all other reasons are gone, and with the invoice the exposure is within the release_percent of every limit. What somebody held by hand is left. For the daily run, or after payments.
Arguments: ledger_id; as_of, the day that is judged for, by default the business date.
Result: the invoice_id of each that was posted.
Errors: RA001 another session took the room meanwhile, under a policy that refuses; RA009 there is no rate.';

REVOKE ALL ON FUNCTION ar.tg_hold_invoice(), ar.tg_withdraw_hold(), ar.tg_guard_hold(), ar.tg_settle_hold(), ar.tg_keep_held(), ar.credit_reasons(integer, bigint[], date),
    ar.fit_invoices(integer, bigint[], boolean, date), ar.hold_invoices(integer, bigint[]), ar.note_held_invoices(integer, bigint[]),
    ar.refuse_unheld(integer, bigint[], text), ar.release_holds(integer, bigint[], text), ar.release_hold(integer, bigint, text),
    ar.reject_holds(integer, bigint[], text, boolean), ar.reject_hold(integer, bigint, text, boolean),
    ar.release_holds(integer, date) FROM PUBLIC;
