-- credit: events, probation of new customers, and reviews that fall due.

CREATE FUNCTION ar.tg_record_credit() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.recorded_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_record_credit() IS 'Trigger, before each inserted row: stamps who recorded it, and when.';

CREATE FUNCTION ar.record_credit_events(ledger_id integer, events jsonb)
RETURNS TABLE (element bigint, event_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(record_credit_events.ledger_id);
    reused text;
BEGIN
    PERFORM ar.check_keys('events', record_credit_events.events,
        '{customer_id,kind,occurred_on,amount,level,reference,reason,external_id}', '{customer_id,kind}');
    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT e.position, nextval('ar.document_id') AS event_id, e.value AS payload, g.*
        FROM jsonb_array_elements(record_credit_events.events) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            customer_id bigint, kind text, occurred_on date, amount text, level integer, reference text, reason text, external_id text)
    ), made AS (
        INSERT INTO ar.credit_event AS v (ledger_id, event_id, customer_id, kind, occurred_on, amount, level, reference, reason,
                                          external_id, external_digest)
        SELECT record_credit_events.ledger_id, g.event_id, g.customer_id, g.kind, coalesce(g.occurred_on, today),
               g.amount::ar.monetary, g.level, g.reference, g.reason, g.external_id,
               CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        ORDER BY g.external_id, g.event_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING v.event_id
    )
    SELECT g.position, coalesce(m.event_id, v.event_id)
    FROM given AS g
    LEFT JOIN made AS m ON m.event_id = g.event_id
    LEFT JOIN LATERAL (SELECT v.event_id FROM ar.credit_event AS v
                       WHERE v.ledger_id = record_credit_events.ledger_id AND v.external_id = g.external_id OFFSET 0) AS v ON true
    ORDER BY g.position;
    SELECT v.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(record_credit_events.events) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT v.external_id, v.external_digest FROM ar.credit_event AS v
                        WHERE v.ledger_id = record_credit_events.ledger_id AND v.external_id = g.external_id OFFSET 0) AS v
    WHERE v.external_digest IS NULL OR v.external_digest <> ar.payload_digest(g.value) LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('credit event', reused);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.record_credit_events(integer, jsonb) IS
'Records what happened with any number of customers and bears on their credit; each opens a review. All or none.
Arguments: ledger_id; events, a JSON array of objects with customer_id, kind (bounced_payment, broken_promise, dispute, dunning, insolvency, other), and perhaps occurred_on (by default the business date), amount, level (of dunning), reference, reason, external_id.
Result: the position in the array, from 1, and the event_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer; 23514 no such kind; RA006 the external id was used for another event.';

CREATE FUNCTION ar.record_credit_event(
    ledger_id integer, customer_id bigint, kind text, occurred_on date DEFAULT NULL, amount ar.monetary DEFAULT NULL,
    level integer DEFAULT NULL, reference text DEFAULT NULL, reason text DEFAULT NULL, external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.event_id
    FROM ar.record_credit_events(record_credit_event.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', record_credit_event.customer_id, 'kind', record_credit_event.kind,
        'occurred_on', record_credit_event.occurred_on, 'amount', record_credit_event.amount::text,
        'level', record_credit_event.level, 'reference', record_credit_event.reference, 'reason', record_credit_event.reason,
        'external_id', record_credit_event.external_id)))) AS r;
$$;
COMMENT ON FUNCTION ar.record_credit_event(integer, bigint, text, date, ar.monetary, integer, text, text, text) IS
'Records one event and returns its event_id: ar.record_credit_events() with one, where the arguments are described.
Errors: as ar.record_credit_events().';

CREATE FUNCTION ar.tg_review_events() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    INSERT INTO ar.credit_review (ledger_id, customer_id, cause, due_on, detail, event_id)
    SELECT e.ledger_id, e.customer_id, e.kind, e.occurred_on, concat_ws(', ', e.reference, e.amount::text, e.reason), e.event_id
    FROM new_event AS e
    WHERE e.kind <> 'dunning' OR e.level > 0
    ORDER BY e.ledger_id, e.customer_id, e.kind, e.event_id
    ON CONFLICT (ledger_id, customer_id, cause) WHERE outcome IS NULL DO NOTHING;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_review_events() IS
'Trigger, after an INSERT statement on ar.credit_event: opens a review for each, unless one of the same cause is open.';

CREATE FUNCTION ar.tg_guard_probation() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.recorded_by := session_user;
        NEW.recorded_at := clock_timestamp();
        NEW.terms_after := (SELECT c.terms FROM ar.customer AS c
                            WHERE c.ledger_id = NEW.ledger_id AND c.customer_id = NEW.customer_id);
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.ended_on IS NULL AND NEW.ended_on IS NOT NULL
       AND to_jsonb(NEW) - '{ended_on,outcome,reason}'::text[] = to_jsonb(OLD) - '{ended_on,outcome,reason}'::text[] THEN
        RETURN NEW;
    END IF;
    RAISE SQLSTATE 'RA003' USING
        MESSAGE = format('probation %s cannot be %s', OLD.probation_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
        HINT = 'End it with ar.end_probation(), and start another.', TABLE = 'credit_probation', SCHEMA = 'ar';
END
$$;
COMMENT ON FUNCTION ar.tg_guard_probation() IS
'Trigger, before each row of ar.credit_probation: stamps it, keeps the terms that the customer had, and refuses every change but its end (RA003).';

CREATE FUNCTION ar.tg_follow_probation() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    UPDATE ar.customer AS c
    SET terms = CASE WHEN p.ended_on IS NULL THEN p.terms ELSE p.terms_after END
    FROM new_probation AS p
    WHERE p.terms IS NOT NULL AND c.ledger_id = p.ledger_id AND c.customer_id = p.customer_id
      -- Whatever was agreed meanwhile stands.
      AND (p.ended_on IS NULL OR c.terms::text = p.terms::text);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_follow_probation() IS
'Trigger, after a statement on ar.credit_probation: gives customers the terms of probation when it starts, and their own back when it ends.';

CREATE FUNCTION ar.start_probations(ledger_id integer, customer_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(start_probations.ledger_id);
    started bigint;
BEGIN
    INSERT INTO ar.credit_probation (ledger_id, customer_id, started_on, review_on, invoices_required, limit_percent, terms)
    SELECT start_probations.ledger_id, p.customer_id, today, today + p.probation_days, coalesce(p.probation_invoices, 3),
           p.probation_limit_percent, p.probation_terms
    FROM ar.credit_policies(start_probations.ledger_id, start_probations.customer_ids) AS p
    ORDER BY p.customer_id
    ON CONFLICT (ledger_id, customer_id) WHERE ended_on IS NULL DO NOTHING;
    GET DIAGNOSTICS started = ROW_COUNT;
    RETURN started;
END
$$;
COMMENT ON FUNCTION ar.start_probations(integer, bigint[]) IS
'Puts customers on probation as their policy says (three invoices, half the limit, their own terms, 180 days, where it says nothing). Returns how many; those who are on it stay as they are. New customers of a policy with probation_invoices are put on it by themselves.';

CREATE FUNCTION ar.start_probation(ledger_id integer, customer_id bigint) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT ar.start_probations(start_probation.ledger_id, ARRAY[start_probation.customer_id]) $$;
COMMENT ON FUNCTION ar.start_probation(integer, bigint) IS
'Puts one customer on probation: ar.start_probations() with one. Returns 1, or 0 if he is on it.';

CREATE FUNCTION ar.end_probation(ledger_id integer, customer_id bigint, outcome text, reason text) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    ended bigint;
BEGIN
    UPDATE ar.credit_probation AS p
    SET ended_on = greatest(ar.business_date(end_probation.ledger_id), p.started_on),
        outcome = end_probation.outcome, reason = end_probation.reason
    WHERE p.ledger_id = end_probation.ledger_id AND p.customer_id = end_probation.customer_id AND p.ended_on IS NULL;
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;
COMMENT ON FUNCTION ar.end_probation(integer, bigint, text, text) IS
'Ends the probation of a customer: outcome passed, failed or ended, and why. He gets his whole limit and his terms back. Returns 1, or 0 if he is on none.
Errors: 23514 no such outcome.';

CREATE FUNCTION ar.tg_start_probation() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ar.credit_policy AS p WHERE p.probation_invoices IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM ar.start_probations(n.ledger_id, array_agg(p.customer_id))
    FROM (SELECT c.ledger_id, array_agg(c.customer_id) AS ids FROM new_customer AS c GROUP BY c.ledger_id) AS n
    CROSS JOIN LATERAL ar.credit_policies(n.ledger_id, n.ids) AS p
    WHERE p.probation_invoices IS NOT NULL
    GROUP BY n.ledger_id;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_start_probation() IS
'Trigger, after an INSERT statement on ar.customer: puts new customers on probation where the policy says so.';

CREATE FUNCTION ar.is_paid_up(ledger_id integer, invoice_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- One table inside the other, so that every plan begins at the invoice.
    RETURN (
        SELECT sum(ar.amount(debit.amount)) = sum((
            SELECT sum(ar.amount(a.amount))
            FROM ar.application AS a
            WHERE a.ledger_id = debit.ledger_id AND a.debit_item_id = debit.item_id
              AND (SELECT credit.kind FROM ar.item AS credit
                   WHERE credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id)
                  IN ('payment', 'discount', 'difference')))
           AND sum((
            SELECT sum(ar.amount(a.amount))
            FROM ar.application AS a
            WHERE a.ledger_id = debit.ledger_id AND a.debit_item_id = debit.item_id
              AND (SELECT credit.kind FROM ar.item AS credit
                   WHERE credit.ledger_id = a.ledger_id AND credit.item_id = a.credit_item_id) = 'payment')) > 0
        FROM ar.item AS debit
        WHERE debit.ledger_id = is_paid_up.ledger_id AND debit.invoice_id = is_paid_up.invoice_id) IS TRUE;
END
$$;
COMMENT ON FUNCTION ar.is_paid_up(integer, bigint) IS
'Whether payments took all of an invoice, but for the discount taken with them and small differences; not where a credit memo, its reversal or a write-off took part of it.';

CREATE FUNCTION ar.probation_progress(ledger_id integer)
RETURNS TABLE (customer_id bigint, paid_on_time bigint, invoices_required integer, started_on date, review_on date)
LANGUAGE plpgsql STABLE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT p.customer_id,
           (SELECT count(*)
            FROM (SELECT i.invoice_id FROM ar.item AS i
                  WHERE i.ledger_id = p.ledger_id AND i.customer_id = p.customer_id
                    AND i.kind = 'invoice' AND i.issued_on >= p.started_on AND ar.sign(i.amount) > 0
                  GROUP BY i.invoice_id
                  HAVING bool_and(i.closed_on <= i.due_on) IS TRUE
                     AND ar.is_paid_up(p.ledger_id, i.invoice_id)) AS paid),
           p.invoices_required, p.started_on, p.review_on
    FROM ar.credit_probation AS p
    WHERE p.ledger_id = probation_progress.ledger_id AND p.ended_on IS NULL;
END
$$;
COMMENT ON FUNCTION ar.probation_progress(integer) IS
'How far the customers on probation are: how many invoices of the time since they have paid on time, and how many it takes. What credit memos, reversals or write-offs closed is not paid.';

CREATE FUNCTION ar.review_probations(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (customer_id bigint, paid_on_time bigint, invoices_required integer)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH passed AS MATERIALIZED (
        SELECT g.* FROM ar.probation_progress(review_probations.ledger_id) AS g
        WHERE g.paid_on_time >= g.invoices_required
    ), ended AS (
        UPDATE ar.credit_probation AS p
        SET ended_on = greatest(coalesce(review_probations.as_of, ar.business_date(review_probations.ledger_id)), p.started_on), outcome = 'passed',
            reason = format('%s invoices paid on time, %s were required', d.paid_on_time, d.invoices_required)
        FROM passed AS d
        WHERE p.ledger_id = review_probations.ledger_id AND p.customer_id = d.customer_id AND p.ended_on IS NULL
        RETURNING p.customer_id
    )
    SELECT d.customer_id, d.paid_on_time, d.invoices_required
    FROM passed AS d JOIN ended AS e ON e.customer_id = d.customer_id
    ORDER BY d.customer_id;
END
$$;
COMMENT ON FUNCTION ar.review_probations(integer, date) IS
'Ends the probations of a ledger that are passed: enough invoices of the time since were paid on time, in all their instalments. For the daily run.
Arguments: ledger_id; as_of, the day on which they end, by default the business date.
Result: customer_id; paid_on_time; invoices_required, of each that passed.';

CREATE FUNCTION ar.tg_guard_credit_review() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.opened_by := session_user;
        NEW.opened_at := clock_timestamp();
        IF NEW.outcome IS NOT NULL THEN
            RAISE SQLSTATE 'RA004' USING
                MESSAGE = 'a review of credit cannot begin with its outcome', TABLE = 'credit_review', SCHEMA = 'ar', COLUMN = 'outcome';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.outcome IS NOT NULL
       OR to_jsonb(NEW) - '{due_on,outcome,reason,score_id,limit_id,limit_before,limit_after,done_on,done_by,done_at}'::text[]
          <> to_jsonb(OLD) - '{due_on,outcome,reason,score_id,limit_id,limit_before,limit_after,done_on,done_by,done_at}'::text[] THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('review %s of credit cannot be %s', OLD.review_id, CASE TG_OP WHEN 'UPDATE' THEN 'changed' ELSE 'deleted' END),
            HINT = 'An open review can be done, or put off by its due_on.', TABLE = 'credit_review', SCHEMA = 'ar';
    END IF;
    IF NEW.outcome IS NULL THEN
        RETURN NEW;
    END IF;
    NEW.done_by := session_user;
    NEW.done_at := clock_timestamp();
    NEW.done_on := ar.business_date(NEW.ledger_id);
    NEW.score_id := (SELECT max(s.score_id) FROM ar.credit_score AS s
                     WHERE s.ledger_id = NEW.ledger_id AND s.customer_id = NEW.customer_id);
    NEW.limit_id := NULL;
    NEW.limit_before := (SELECT c.credit_limit FROM ar.customer AS c
                         WHERE c.ledger_id = NEW.ledger_id AND c.customer_id = NEW.customer_id);
    IF NEW.outcome IN ('raised', 'lowered') THEN
        IF ar.currency(NEW.limit_after) <> ar.currency(NEW.limit_before) THEN
            RAISE SQLSTATE 'RA009' USING
                MESSAGE = format('the limit cannot be %s in another currency', NEW.outcome),
                DETAIL = format('It was %s and would be %s.', NEW.limit_before, NEW.limit_after),
                HINT = 'Name the new limit in the currency of the present one, or keep it and grant another with ar.set_credit_limit().',
                TABLE = 'credit_review', SCHEMA = 'ar', COLUMN = 'limit_after';
        END IF;
        -- Unlimited is more than any limit.
        IF (CASE NEW.outcome
               WHEN 'raised' THEN NEW.limit_before IS NULL OR NEW.limit_after <= NEW.limit_before
               ELSE NEW.limit_after IS NULL OR NEW.limit_after >= NEW.limit_before END) THEN
            RAISE check_violation USING
                MESSAGE = format('the limit is not %s by this', NEW.outcome),
                DETAIL = format('It was %s and would be %s.', coalesce(NEW.limit_before::text, 'unlimited'),
                                coalesce(NEW.limit_after::text, 'unlimited')),
                TABLE = 'credit_review', SCHEMA = 'ar', CONSTRAINT = 'credit_review_outcome_check';
        END IF;
        NEW.limit_id := ar.set_credit_limit(NEW.ledger_id, NEW.customer_id, NEW.limit_after,
                                            reason => format('review %s: %s', NEW.review_id, NEW.reason));
    ELSIF NEW.limit_after IS NOT NULL AND NEW.outcome IN ('kept', 'stopped') THEN
        RAISE invalid_parameter_value USING
            MESSAGE = format('a review whose outcome is %s names no new limit', NEW.outcome),
            DETAIL = format('The new limit was to be %s.', NEW.limit_after),
            HINT = 'The outcome is raised or lowered where the limit changes.', TABLE = 'credit_review', SCHEMA = 'ar', COLUMN = 'limit_after';
    ELSE
        NEW.limit_after := NEW.limit_before;
    END IF;
    IF NEW.outcome = 'stopped' THEN
        PERFORM ar.stop_credit(NEW.ledger_id, NEW.customer_id, format('review %s: %s', NEW.review_id, NEW.reason));
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_credit_review() IS
'Trigger, before each row of ar.credit_review: stamps who opened and who did it, and does what was decided: another limit, or a stop. Refuses every other change (RA003, RA004).';

CREATE FUNCTION ar.request_credit_reviews(ledger_id integer, customer_ids bigint[], due_on date DEFAULT NULL, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    opened bigint;
BEGIN
    INSERT INTO ar.credit_review (ledger_id, customer_id, cause, due_on, detail)
    SELECT DISTINCT request_credit_reviews.ledger_id, c.customer_id, 'manual',
           coalesce(request_credit_reviews.due_on, ar.business_date(request_credit_reviews.ledger_id)), request_credit_reviews.reason
    FROM unnest(request_credit_reviews.customer_ids) AS c(customer_id)
    ORDER BY c.customer_id
    ON CONFLICT (ledger_id, customer_id, cause) WHERE outcome IS NULL DO NOTHING;
    GET DIAGNOSTICS opened = ROW_COUNT;
    RETURN opened;
END
$$;
COMMENT ON FUNCTION ar.request_credit_reviews(integer, bigint[], date, text) IS
'Opens reviews of customers by hand, due on a day (by default the business date). Returns how many; of whom one by hand is open, none is added.
Errors: 23503 no such customer.';

CREATE FUNCTION ar.open_credit_reviews(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (review_id bigint, customer_id bigint, cause text, due_on date)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    today date := coalesce(open_credit_reviews.as_of, ar.business_date(open_credit_reviews.ledger_id));
BEGIN
    RETURN QUERY
    WITH policy AS MATERIALIZED (
        SELECT p.customer_id, p.review_days, p.review_utilisation_percent
        FROM ar.credit_policies(open_credit_reviews.ledger_id, ARRAY(
            SELECT c.customer_id FROM ar.customer AS c
            WHERE c.ledger_id = open_credit_reviews.ledger_id AND c.status <> 'closed')) AS p
    ), exposure AS MATERIALIZED (
        SELECT e.* FROM ar.credit_exposures(open_credit_reviews.ledger_id) AS e WHERE e.credit_limit IS NOT NULL
    ), due AS (
        SELECT c.customer_id, 'date' AS cause, l.last_on + p.review_days AS due_on,
               format('%s days since %s', p.review_days, l.last_on) AS detail
        FROM policy AS p
        JOIN ar.customer AS c ON c.ledger_id = open_credit_reviews.ledger_id AND c.customer_id = p.customer_id
        CROSS JOIN LATERAL (
            SELECT coalesce(max(r.done_on), c.credit_decided_on, c.created_on) AS last_on FROM ar.credit_review AS r
            WHERE r.ledger_id = c.ledger_id AND r.customer_id = c.customer_id) AS l
        WHERE p.review_days IS NOT NULL AND l.last_on + p.review_days <= today
        UNION ALL
        SELECT e.customer_id, 'utilisation', today,
               format('%s percent of %s used, reviewed above %s', e.utilisation_percent, e.credit_limit, p.review_utilisation_percent)
        FROM exposure AS e JOIN policy AS p ON p.customer_id = e.customer_id
        WHERE e.utilisation_percent > p.review_utilisation_percent
        UNION ALL
        SELECT e.customer_id, 'over_limit', today, format('an exposure of %s against a limit of %s', e.group_exposure, e.credit_limit)
        FROM exposure AS e WHERE e.group_exposure > e.credit_limit
        UNION ALL
        SELECT g.customer_id, 'probation', g.review_on,
               format('%s of %s invoices paid on time', g.paid_on_time, g.invoices_required)
        FROM ar.probation_progress(open_credit_reviews.ledger_id) AS g WHERE g.review_on <= today
    )
    INSERT INTO ar.credit_review AS r (ledger_id, customer_id, cause, due_on, detail)
    SELECT open_credit_reviews.ledger_id, d.customer_id, d.cause, d.due_on, d.detail
    FROM due AS d
    WHERE NOT EXISTS (
        SELECT FROM ar.credit_review AS b
        WHERE b.ledger_id = open_credit_reviews.ledger_id AND b.customer_id = d.customer_id AND b.cause = d.cause
          AND b.done_on > today - 30)
    ORDER BY d.customer_id, d.cause
    ON CONFLICT (ledger_id, customer_id, cause) WHERE outcome IS NULL DO NOTHING
    RETURNING r.review_id, r.customer_id, r.cause, r.due_on;
END
$$;
COMMENT ON FUNCTION ar.open_credit_reviews(integer, date) IS
'Opens the reviews of a ledger that fall due: by date, by utilisation, over the limit (by new rates or a lower limit), and for probations that are not passed in time. Idempotent: a customer has one open review a cause, and none again for 30 days after one was done. For the daily run.
Arguments: ledger_id; as_of, by default the business date. Result: the reviews that were opened.
Errors: RA009 there is no rate.';

CREATE FUNCTION ar.record_credit_reviews(ledger_id integer, review_ids bigint[], outcome text, reason text, new_limit ar.monetary DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing bigint;
    done bigint;
BEGIN
    SELECT w.review_id INTO missing FROM unnest(record_credit_reviews.review_ids) AS w(review_id)
    WHERE NOT EXISTS (SELECT FROM ar.credit_review AS r
                      WHERE r.ledger_id = record_credit_reviews.ledger_id AND r.review_id = w.review_id) LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('review %s of credit does not exist in ledger %s', missing, record_credit_reviews.ledger_id);
    END IF;
    IF record_credit_reviews.outcome IS NULL THEN
        RAISE check_violation USING
            MESSAGE = 'a review of credit has no outcome',
            HINT = 'It is kept, raised, lowered or stopped.', TABLE = 'credit_review', SCHEMA = 'ar',
            CONSTRAINT = 'credit_review_outcome_check';
    END IF;
    UPDATE ar.credit_review AS r
    SET outcome = record_credit_reviews.outcome, reason = record_credit_reviews.reason, limit_after = record_credit_reviews.new_limit
    WHERE r.ledger_id = record_credit_reviews.ledger_id AND r.review_id = ANY (record_credit_reviews.review_ids);
    GET DIAGNOSTICS done = ROW_COUNT;
    RETURN done;
END
$$;
COMMENT ON FUNCTION ar.record_credit_reviews(integer, bigint[], text, text, ar.monetary) IS
'Records what came of reviews, and does it. All or none. Returns how many.
Arguments: ledger_id; review_ids; outcome: kept, raised or lowered (to new_limit, the standing limit; raised to NULL is unlimited), or stopped (ar.stop_credit()); reason.
Errors: 22023 a new limit with kept or stopped; 23503 no such review; 23514 no such outcome, no reason, or a new limit that is not what the outcome says; RA003 it is done already; RA009 the new limit is in another currency than the present one.';

CREATE FUNCTION ar.record_credit_review(ledger_id integer, review_id bigint, outcome text, reason text, new_limit ar.monetary DEFAULT NULL) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT ar.record_credit_reviews(record_credit_review.ledger_id, ARRAY[record_credit_review.review_id],
                                    record_credit_review.outcome, record_credit_review.reason, record_credit_review.new_limit)
$$;
COMMENT ON FUNCTION ar.record_credit_review(integer, bigint, text, text, ar.monetary) IS
'Records what came of one review: ar.record_credit_reviews() with one. Errors: as there.';

REVOKE ALL ON FUNCTION ar.tg_record_credit(), ar.record_credit_events(integer, jsonb),
    ar.record_credit_event(integer, bigint, text, date, ar.monetary, integer, text, text, text), ar.tg_review_events(),
    ar.tg_guard_probation(), ar.tg_follow_probation(), ar.start_probations(integer, bigint[]), ar.start_probation(integer, bigint),
    ar.end_probation(integer, bigint, text, text), ar.tg_start_probation(), ar.is_paid_up(integer, bigint), ar.probation_progress(integer),
    ar.review_probations(integer, date), ar.tg_guard_credit_review(), ar.request_credit_reviews(integer, bigint[], date, text),
    ar.open_credit_reviews(integer, date), ar.record_credit_reviews(integer, bigint[], text, text, ar.monetary),
    ar.record_credit_review(integer, bigint, text, text, ar.monetary) FROM PUBLIC;
