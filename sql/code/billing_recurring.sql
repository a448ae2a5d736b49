-- billing: recurring invoices.

-- In PL/pgSQL, which keeps their plans: they are called for each period of each template.

CREATE FUNCTION ar.recurring_boundary(anchored_on date, interval_unit text, interval_count integer, nth integer) RETURNS date
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Always from the anchor, so that the 31st comes back after a short month.
    RETURN CASE interval_unit
        WHEN 'day' THEN anchored_on + interval_count * nth
        WHEN 'week' THEN anchored_on + 7 * interval_count * nth
        WHEN 'month' THEN (anchored_on + make_interval(months => interval_count * nth))::date
        WHEN 'year' THEN (anchored_on + make_interval(years => interval_count * nth))::date
        END;
END
$$;
COMMENT ON FUNCTION ar.recurring_boundary(date, text, integer, integer) IS
'The day on which a period of a schedule begins, counted from the anchor, forwards or backwards. Months end where they end: three months after 30 November is 28 or 29 February, and the fourth begins on 30 March.
Arguments: anchored_on; interval_unit: day, week, month or year; interval_count, how many of them make a period; nth, 0 for the anchor itself.';

CREATE FUNCTION ar.recurring_position(anchored_on date, interval_unit text, interval_count integer, day date) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    months integer := (extract(year FROM day) - extract(year FROM anchored_on)) * 12
                      + extract(month FROM day) - extract(month FROM anchored_on);
    nth integer := floor(CASE interval_unit
        WHEN 'day' THEN (day - anchored_on)::numeric
        WHEN 'week' THEN (day - anchored_on) / 7.0
        WHEN 'month' THEN months
        ELSE months / 12.0 END / interval_count);
BEGIN
    -- In the month or year of a boundary the day may still be before it.
    RETURN CASE WHEN ar.recurring_boundary(anchored_on, interval_unit, interval_count, nth) > day THEN nth - 1 ELSE nth END;
END
$$;
COMMENT ON FUNCTION ar.recurring_position(date, text, integer, date) IS
'Which period of a schedule a day lies in: 0 for the one that begins at the anchor. The last argument is the day, the others are those of ar.recurring_boundary().';

CREATE FUNCTION ar.recurring_period(
    period_number integer, starts_on date, anchored_on date, interval_unit text, interval_count integer,
    ends_on date, billed text, issue_offset integer
) RETURNS TABLE (period_from date, period_to date, issued_on date, days integer, full_days integer)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    nth integer := ar.recurring_position(anchored_on, interval_unit, interval_count, starts_on) + period_number - 1;
    begins_on date := ar.recurring_boundary(anchored_on, interval_unit, interval_count, nth);
    ends_before date := ar.recurring_boundary(anchored_on, interval_unit, interval_count, nth + 1);
BEGIN
    period_from := greatest(begins_on, starts_on);
    period_to := least(ends_before - 1, ends_on);
    issued_on := CASE billed WHEN 'advance' THEN period_from ELSE period_to END + issue_offset;
    days := period_to - period_from + 1;
    full_days := ends_before - begins_on;
    IF period_from <= period_to THEN
        RETURN NEXT;
    END IF;
END
$$;
COMMENT ON FUNCTION ar.recurring_period(integer, date, date, text, integer, date, text, integer) IS
'One period of a template: its days, the date of its invoice, how many days it has, and how many it would have if start and end did not cut it. No row for a period after the end.
Arguments: period_number, from 1; the others as the columns of ar.recurring_invoice.';

CREATE FUNCTION ar.tg_guard_recurring() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF (OLD.ledger_id, OLD.recurring_id, OLD.customer_id, OLD.interval_unit, OLD.interval_count, OLD.starts_on,
        OLD.anchored_on, OLD.billed, OLD.currency)
       IS DISTINCT FROM
       (NEW.ledger_id, NEW.recurring_id, NEW.customer_id, NEW.interval_unit, NEW.interval_count, NEW.starts_on,
        NEW.anchored_on, NEW.billed, NEW.currency)
       AND EXISTS (SELECT FROM ar.recurring_period AS p
                   WHERE p.ledger_id = OLD.ledger_id AND p.recurring_id = OLD.recurring_id) THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = format('recurring invoice %s has billed periods and keeps its schedule', OLD.recurring_id),
            HINT = 'End it with ends_on, and create another.',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_recurring() IS
'Trigger, before each updated row of ar.recurring_invoice: keeps customer, currency and schedule once a period is billed (RA003).';

CREATE FUNCTION ar.tg_guard_recurring_period() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    last_number integer;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'a period that was billed or skipped stays so',
            HINT = 'Bill it by hand with ar.create_invoice().',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(OLD) - 'invoice_id' <> to_jsonb(NEW) - 'invoice_id'
           OR (OLD.invoice_id IS NOT NULL AND NEW.invoice_id IS NOT NULL AND OLD.invoice_id <> NEW.invoice_id) THEN
            RAISE SQLSTATE 'RA003' USING
                MESSAGE = 'a period that was billed or skipped stays so',
                DETAIL = 'Only its invoice is filled in once.',
                TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
        END IF;
        RETURN NEW;
    END IF;
    SELECT coalesce(max(p.period_number), 0) INTO last_number
    FROM ar.recurring_period AS p
    WHERE p.ledger_id = NEW.ledger_id AND p.recurring_id = NEW.recurring_id;
    SELECT s.period_from, s.period_to, s.issued_on INTO NEW.period_from, NEW.period_to, NEW.issued_on
    FROM ar.recurring_invoice AS r
    CROSS JOIN LATERAL ar.recurring_period(NEW.period_number, r.starts_on, r.anchored_on, r.interval_unit,
                                           r.interval_count, r.ends_on, r.billed, r.issue_offset) AS s
    WHERE r.ledger_id = NEW.ledger_id AND r.recurring_id = NEW.recurring_id
      AND NEW.period_number BETWEEN 1 AND least(r.periods, last_number + 1);
    IF NOT FOUND AND EXISTS (SELECT FROM ar.recurring_invoice AS r
                             WHERE r.ledger_id = NEW.ledger_id AND r.recurring_id = NEW.recurring_id) THEN
        RAISE check_violation USING
            MESSAGE = format('recurring invoice %s has no period %s now', NEW.recurring_id, NEW.period_number),
            DETAIL = format('Of its periods, %s are billed or skipped; the next one is number %s, unless the end is reached.', last_number, last_number + 1),
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, CONSTRAINT = 'recurring_period_dates_check';
    END IF;
    -- Without a template the foreign key speaks, and these are not to.
    NEW.period_from := coalesce(NEW.period_from, '-infinity');
    NEW.period_to := coalesce(NEW.period_to, '-infinity');
    NEW.issued_on := coalesce(NEW.issued_on, '-infinity');
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_recurring_period() IS
'Trigger, before each row of ar.recurring_period: fills in its dates from the schedule, takes periods in order only, and keeps them (RA003).
Errors: 23514 not the next period, or after the end; RA003.';
REVOKE ALL ON FUNCTION ar.tg_guard_recurring(), ar.tg_guard_recurring_period() FROM PUBLIC;

CREATE FUNCTION ar.try_recurring_lines(ledger_id integer, versions jsonb) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM ar.create_invoices(try_recurring_lines.ledger_id, try_recurring_lines.versions, false);
    RAISE SQLSTATE 'RATRY';
EXCEPTION WHEN SQLSTATE 'RATRY' THEN
    NULL;
END
$$;
COMMENT ON FUNCTION ar.try_recurring_lines(integer, jsonb) IS
'Makes drafts of what templates bill and takes them back: a template that cannot be billed is refused when it is made, not at night. The payload and the errors are those of ar.create_invoices().';
REVOKE ALL ON FUNCTION ar.try_recurring_lines(integer, jsonb) FROM PUBLIC;

CREATE FUNCTION ar.create_recurring_invoices(ledger_id integer, templates jsonb)
RETURNS TABLE (element bigint, recurring_id bigint)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
SET cpu_operator_cost = 0
AS $$
#variable_conflict use_column
DECLARE
    today date := ar.business_date(create_recurring_invoices.ledger_id);
    reused text;
    fresh jsonb;
BEGIN
    PERFORM ar.check_keys('templates', create_recurring_invoices.templates,
        '{customer_id,name,lines,terms,details,interval_unit,interval_count,starts_on,anchored_on,ends_on,periods,billed,issue_offset,prorated,post,series,currency,external_id}',
        '{customer_id,lines}');
    WITH given AS MATERIALIZED (
        SELECT nextval('ar.document_id') AS recurring_id, e.position, e.value AS payload, g.*,
               upper(coalesce(g.currency, l.currency)) AS in_currency, coalesce(g.starts_on, today) AS first_day
        FROM jsonb_array_elements(create_recurring_invoices.templates) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(
            customer_id bigint, name text, lines jsonb, terms text, details jsonb, interval_unit text, interval_count integer,
            starts_on date, anchored_on date, ends_on date, periods integer, billed text, issue_offset integer,
            prorated boolean, post boolean, series text, currency text, external_id text)
        JOIN ar.ledger AS l ON l.ledger_id = create_recurring_invoices.ledger_id
    ), made AS (
        INSERT INTO ar.recurring_invoice AS r
            (ledger_id, recurring_id, customer_id, name, interval_unit, interval_count, starts_on, anchored_on, ends_on,
             periods, billed, issue_offset, prorated, post, series, currency, external_id, external_digest)
        SELECT create_recurring_invoices.ledger_id, g.recurring_id, g.customer_id, coalesce(g.name, ''),
               coalesce(g.interval_unit, 'month'), coalesce(g.interval_count, 1), g.first_day,
               coalesce(g.anchored_on, g.first_day), g.ends_on, g.periods, coalesce(g.billed, 'advance'),
               coalesce(g.issue_offset, 0), coalesce(g.prorated, false), coalesce(g.post, true), g.series, g.in_currency,
               g.external_id, CASE WHEN g.external_id IS NOT NULL THEN ar.payload_digest(g.payload) END
        FROM given AS g
        -- So that two batches over the same external ids queue up.
        ORDER BY g.external_id, g.recurring_id
        ON CONFLICT (ledger_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
        RETURNING r.recurring_id
    ), versioned AS (
        INSERT INTO ar.recurring_version (ledger_id, recurring_id, valid_from, lines, terms, details)
        SELECT create_recurring_invoices.ledger_id, g.recurring_id, g.first_day, g.lines, g.terms::ar.terms,
               coalesce(g.details, '{}')
        FROM given AS g JOIN made AS m ON m.recurring_id = g.recurring_id
    )
    SELECT coalesce(jsonb_object_agg(g.position, jsonb_build_object('recurring_id', g.recurring_id, 'invoice',
               coalesce(g.details, '{}') || jsonb_build_object('customer_id', g.customer_id, 'lines', g.lines,
               'invoiced_on', g.first_day, 'currency', g.in_currency))), '{}') INTO fresh
    FROM given AS g JOIN made AS m ON m.recurring_id = g.recurring_id;

    PERFORM ar.try_recurring_lines(create_recurring_invoices.ledger_id, jsonb_agg(f.value -> 'invoice'))
    FROM jsonb_each(fresh) AS f(key, value) HAVING count(*) > 0;

    -- An external id that was there before must have come with the same payload.
    SELECT r.external_id INTO reused
    FROM (SELECT g.value, g.value ->> 'external_id' AS external_id FROM jsonb_array_elements(create_recurring_invoices.templates) AS g(value) OFFSET 0) AS g
    CROSS JOIN LATERAL (SELECT r.external_id, r.external_digest FROM ar.recurring_invoice AS r
                        WHERE r.ledger_id = create_recurring_invoices.ledger_id AND r.external_id = g.external_id OFFSET 0) AS r
    WHERE r.external_digest IS NULL OR r.external_digest <> ar.payload_digest(g.value)
    LIMIT 1;
    IF FOUND THEN
        PERFORM ar.refuse_external_id('recurring invoice', reused);
    END IF;
    RETURN QUERY
    SELECT e.position, coalesce((fresh -> e.position::text ->> 'recurring_id')::bigint, r.recurring_id)
    FROM (SELECT e.position, e.value ->> 'external_id' AS external_id
          FROM jsonb_array_elements(create_recurring_invoices.templates) WITH ORDINALITY AS e(value, position) OFFSET 0) AS e
    LEFT JOIN LATERAL (SELECT r.recurring_id FROM ar.recurring_invoice AS r
                       WHERE r.ledger_id = create_recurring_invoices.ledger_id AND r.external_id = e.external_id OFFSET 0) AS r ON true
    ORDER BY e.position;
END
$$;
COMMENT ON FUNCTION ar.create_recurring_invoices(integer, jsonb) IS
'Creates any number of templates of recurring invoices. All or none. Nothing is billed before ar.generate_recurring_invoices().
Arguments: ledger_id; templates, a JSON array of objects with customer_id, lines (as of ar.create_invoices(); a description may hold {period_from}, {period_to}, {period_number}, {year}, {month}, {quarter}), and perhaps name, terms, details (an object of what else ar.create_invoices() takes), interval_unit (month), interval_count (1), starts_on (the business date), anchored_on (starts_on), ends_on, periods, billed (advance, or arrears), issue_offset (0 days), prorated (false), post (true), series, currency, external_id.
Result: the position in the array, from 1, and the recurring_id; for an external_id known already, that of the first time.
Errors: 22023 malformed payload; 23503 no such customer or series; 23514 an impossible schedule; RA006 the external id was used for another template; and what the lines are refused for.';
REVOKE ALL ON FUNCTION ar.create_recurring_invoices(integer, jsonb) FROM PUBLIC;

CREATE FUNCTION ar.create_recurring_invoice(
    ledger_id integer,
    customer_id bigint,
    lines jsonb,
    interval_unit text DEFAULT 'month',
    interval_count integer DEFAULT 1,
    starts_on date DEFAULT NULL,
    anchored_on date DEFAULT NULL,
    ends_on date DEFAULT NULL,
    periods integer DEFAULT NULL,
    billed text DEFAULT 'advance',
    prorated boolean DEFAULT false,
    post boolean DEFAULT true,
    terms ar.terms DEFAULT NULL,
    series text DEFAULT NULL,
    currency text DEFAULT NULL,
    issue_offset integer DEFAULT 0,
    name text DEFAULT NULL,
    details jsonb DEFAULT NULL,
    external_id text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT c.recurring_id
    FROM ar.create_recurring_invoices(create_recurring_invoice.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'customer_id', create_recurring_invoice.customer_id, 'lines', create_recurring_invoice.lines,
        'interval_unit', create_recurring_invoice.interval_unit, 'interval_count', create_recurring_invoice.interval_count,
        'starts_on', create_recurring_invoice.starts_on, 'anchored_on', create_recurring_invoice.anchored_on,
        'ends_on', create_recurring_invoice.ends_on, 'periods', create_recurring_invoice.periods,
        'billed', create_recurring_invoice.billed, 'prorated', create_recurring_invoice.prorated,
        'post', create_recurring_invoice.post, 'terms', create_recurring_invoice.terms::text,
        'series', create_recurring_invoice.series, 'currency', create_recurring_invoice.currency,
        'issue_offset', create_recurring_invoice.issue_offset, 'name', create_recurring_invoice.name,
        'details', create_recurring_invoice.details, 'external_id', create_recurring_invoice.external_id)))) AS c;
$$;
COMMENT ON FUNCTION ar.create_recurring_invoice(integer, bigint, jsonb, text, integer, date, date, date, integer, text, boolean, boolean, ar.terms, text, text, integer, text, jsonb, text) IS
'Creates one template of recurring invoices and returns its recurring_id: ar.create_recurring_invoices() with one, where the arguments are described.
Errors: as ar.create_recurring_invoices().';
REVOKE ALL ON FUNCTION ar.create_recurring_invoice(integer, bigint, jsonb, text, integer, date, date, date, integer, text, boolean, boolean, ar.terms, text, text, integer, text, jsonb, text) FROM PUBLIC;

CREATE FUNCTION ar.find_recurring_invoice(ledger_id integer, recurring_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    PERFORM FROM ar.recurring_invoice AS r
    WHERE r.ledger_id = find_recurring_invoice.ledger_id AND r.recurring_id = find_recurring_invoice.recurring_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = format('recurring invoice %s does not exist in ledger %s',
                             find_recurring_invoice.recurring_id, find_recurring_invoice.ledger_id);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.find_recurring_invoice(integer, bigint) IS
'Locks a template, for the functions that change it. Errors: 23503 there is none.';
REVOKE ALL ON FUNCTION ar.find_recurring_invoice(integer, bigint) FROM PUBLIC;

CREATE FUNCTION ar.revise_recurring_invoice(
    ledger_id integer,
    recurring_id bigint,
    valid_from date,
    lines jsonb,
    terms ar.terms DEFAULT NULL,
    details jsonb DEFAULT NULL
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result bigint;
BEGIN
    PERFORM ar.find_recurring_invoice(revise_recurring_invoice.ledger_id, revise_recurring_invoice.recurring_id);
    INSERT INTO ar.recurring_version AS v (ledger_id, recurring_id, valid_from, lines, terms, details)
    VALUES (revise_recurring_invoice.ledger_id, revise_recurring_invoice.recurring_id, revise_recurring_invoice.valid_from,
            revise_recurring_invoice.lines, revise_recurring_invoice.terms, coalesce(revise_recurring_invoice.details, '{}'))
    RETURNING v.version_id INTO result;
    PERFORM ar.try_recurring_lines(revise_recurring_invoice.ledger_id, jsonb_build_array(
        coalesce(revise_recurring_invoice.details, '{}') || jsonb_build_object('customer_id', r.customer_id,
        'lines', revise_recurring_invoice.lines, 'invoiced_on', revise_recurring_invoice.valid_from, 'currency', r.currency)))
    FROM ar.recurring_invoice AS r
    WHERE r.ledger_id = revise_recurring_invoice.ledger_id AND r.recurring_id = revise_recurring_invoice.recurring_id;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.revise_recurring_invoice(integer, bigint, date, jsonb, ar.terms, jsonb) IS
'Gives a template other lines, prices or terms for the periods that begin on a day or later, and returns the version_id. What is billed already stays.
Arguments: ledger_id; recurring_id; valid_from; lines; terms, NULL for those of the customer; details, as of ar.create_recurring_invoices().
Errors: 23503 no such template; 22023 malformed lines; and what the lines are refused for.';
REVOKE ALL ON FUNCTION ar.revise_recurring_invoice(integer, bigint, date, jsonb, ar.terms, jsonb) FROM PUBLIC;

CREATE FUNCTION ar.recurring_due(ledger_id integer, recurring_ids bigint[], as_of date)
RETURNS TABLE (recurring_id bigint, period_number integer, issued_on date)
LANGUAGE plpgsql STABLE ROWS 1000
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT r.recurring_id, n.period_number, p.issued_on
    FROM ar.recurring_invoice AS r
    CROSS JOIN LATERAL (
        SELECT coalesce(max(d.period_number), 0) AS number FROM ar.recurring_period AS d
        WHERE d.ledger_id = r.ledger_id AND d.recurring_id = r.recurring_id) AS last
    -- The last period that may be due: it begins by then, or it ends by then.
    CROSS JOIN LATERAL generate_series(last.number + 1, least(r.periods,
        ar.recurring_position(r.anchored_on, r.interval_unit, r.interval_count,
                              least(recurring_due.as_of - r.issue_offset, r.ends_on))
        - ar.recurring_position(r.anchored_on, r.interval_unit, r.interval_count, r.starts_on) + 1)) AS n(period_number)
    CROSS JOIN LATERAL ar.recurring_period(n.period_number, r.starts_on, r.anchored_on, r.interval_unit,
                                           r.interval_count, r.ends_on, r.billed, r.issue_offset) AS p
    WHERE r.ledger_id = recurring_due.ledger_id
      AND (recurring_due.recurring_ids IS NULL OR r.recurring_id = ANY (recurring_due.recurring_ids))
      AND p.issued_on <= recurring_due.as_of
      AND (r.paused_on IS NULL OR p.issued_on < r.paused_on);
END
$$;
COMMENT ON FUNCTION ar.recurring_due(integer, bigint[], date) IS
'The periods of templates that are due and neither billed nor skipped: those whose invoice is dated as_of or before, and before a pause.
Arguments: ledger_id; recurring_ids, or NULL for all templates; as_of.';

CREATE FUNCTION ar.skip_recurring_period(ledger_id integer, recurring_id bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    result integer;
BEGIN
    PERFORM ar.find_recurring_invoice(skip_recurring_period.ledger_id, skip_recurring_period.recurring_id);
    INSERT INTO ar.recurring_period AS p (ledger_id, recurring_id, period_number, skipped)
    SELECT skip_recurring_period.ledger_id, skip_recurring_period.recurring_id, coalesce(max(d.period_number), 0) + 1, true
    FROM ar.recurring_period AS d
    WHERE d.ledger_id = skip_recurring_period.ledger_id AND d.recurring_id = skip_recurring_period.recurring_id
    RETURNING p.period_number INTO result;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.skip_recurring_period(integer, bigint) IS
'Skips the next period of a template: it will never be billed. Returns its number.
Errors: 23503 no such template; 23514 its end is reached; 23505 a run billed the period just now.';
REVOKE ALL ON FUNCTION ar.skip_recurring_period(integer, bigint) FROM PUBLIC;

CREATE FUNCTION ar.pause_recurring_invoice(ledger_id integer, recurring_id bigint, paused_on date DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM ar.find_recurring_invoice(pause_recurring_invoice.ledger_id, pause_recurring_invoice.recurring_id);
    UPDATE ar.recurring_invoice AS r
    SET paused_on = coalesce(pause_recurring_invoice.paused_on, ar.business_date(pause_recurring_invoice.ledger_id))
    WHERE r.ledger_id = pause_recurring_invoice.ledger_id AND r.recurring_id = pause_recurring_invoice.recurring_id;
END
$$;
COMMENT ON FUNCTION ar.pause_recurring_invoice(integer, bigint, date) IS
'Pauses a template: invoices dated paused_on (by default the business date) or later are not made until it is resumed; earlier ones still are.
Errors: 23503 no such template.';
REVOKE ALL ON FUNCTION ar.pause_recurring_invoice(integer, bigint, date) FROM PUBLIC;

CREATE FUNCTION ar.resume_recurring_invoice(
    ledger_id integer,
    recurring_id bigint,
    resumed_on date DEFAULT NULL,
    catch_up boolean DEFAULT false
) RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    was_paused_on date;
    resumed_on date := coalesce(resume_recurring_invoice.resumed_on, ar.business_date(resume_recurring_invoice.ledger_id));
    result bigint := 0;
BEGIN
    PERFORM ar.find_recurring_invoice(resume_recurring_invoice.ledger_id, resume_recurring_invoice.recurring_id);
    SELECT r.paused_on INTO was_paused_on FROM ar.recurring_invoice AS r
    WHERE r.ledger_id = resume_recurring_invoice.ledger_id AND r.recurring_id = resume_recurring_invoice.recurring_id;
    IF was_paused_on IS NULL THEN
        RETURN 0;
    END IF;
    IF NOT resume_recurring_invoice.catch_up AND EXISTS (
        SELECT FROM ar.recurring_due(resume_recurring_invoice.ledger_id, ARRAY[resume_recurring_invoice.recurring_id],
                                     was_paused_on - 1)) THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('recurring invoice %s has periods from before its pause that are not billed', resume_recurring_invoice.recurring_id),
            HINT = 'Bill them first with ar.generate_recurring_invoices(), or resume with catch_up => true.';
    END IF;
    UPDATE ar.recurring_invoice AS r SET paused_on = NULL
    WHERE r.ledger_id = resume_recurring_invoice.ledger_id AND r.recurring_id = resume_recurring_invoice.recurring_id;
    IF NOT resume_recurring_invoice.catch_up THEN
        INSERT INTO ar.recurring_period (ledger_id, recurring_id, period_number, skipped)
        SELECT resume_recurring_invoice.ledger_id, d.recurring_id, d.period_number, true
        FROM ar.recurring_due(resume_recurring_invoice.ledger_id, ARRAY[resume_recurring_invoice.recurring_id],
                              resumed_on - 1) AS d
        ORDER BY d.period_number;
        GET DIAGNOSTICS result = ROW_COUNT;
    END IF;
    RETURN result;
END
$$;
COMMENT ON FUNCTION ar.resume_recurring_invoice(integer, bigint, date, boolean) IS
'Resumes a paused template. What fell due from the pause until the day before resumed_on (by default the business date) is skipped for good, or, with catch_up, made by the next run. Returns how many periods were skipped.
Errors: 23503 no such template; 55000 periods from before the pause are not billed yet.';
REVOKE ALL ON FUNCTION ar.resume_recurring_invoice(integer, bigint, date, boolean) FROM PUBLIC;

CREATE FUNCTION ar.recurring_lines(lines jsonb, period_from date, period_to date, period_number integer,
                                   days integer, full_days integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A part of a period is a part of the quantity, and of what is taken off or added as an amount.
    SELECT jsonb_agg(e.value
        || CASE WHEN e.value ? 'description' THEN jsonb_build_object('description',
               replace(replace(replace(replace(replace(replace(e.value ->> 'description',
                   '{period_from}', recurring_lines.period_from::text), '{period_to}', recurring_lines.period_to::text),
                   '{period_number}', recurring_lines.period_number::text), '{year}', to_char(recurring_lines.period_from, 'YYYY')),
                   '{month}', to_char(recurring_lines.period_from, 'MM')), '{quarter}', to_char(recurring_lines.period_from, 'Q')))
           ELSE '{}' END
        || CASE WHEN recurring_lines.days < recurring_lines.full_days THEN
               jsonb_build_object('quantity', trim_scale(round(coalesce((e.value ->> 'quantity')::numeric, 1)
                                  * recurring_lines.days / recurring_lines.full_days, 8)))
               || CASE WHEN jsonb_typeof(e.value -> 'discount') = 'number' THEN jsonb_build_object('discount',
                      round((e.value ->> 'discount')::numeric * recurring_lines.days / recurring_lines.full_days, 2)) ELSE '{}' END
               || CASE WHEN jsonb_typeof(e.value -> 'charge') = 'number' THEN jsonb_build_object('charge',
                      round((e.value ->> 'charge')::numeric * recurring_lines.days / recurring_lines.full_days, 2)) ELSE '{}' END
           ELSE '{}' END ORDER BY e.position)
    FROM jsonb_array_elements(recurring_lines.lines) WITH ORDINALITY AS e(value, position)
$$;
COMMENT ON FUNCTION ar.recurring_lines(jsonb, date, date, integer, integer, integer) IS
'The lines of one period of a template: placeholders filled in, and quantities (to eight decimals) and amounts cut to days of full_days.';

CREATE FUNCTION ar.bill_recurring_periods(ledger_id integer, recurring_ids bigint[], as_of date)
RETURNS TABLE (recurring_id bigint, period_number integer, invoice_id bigint, error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    fresh jsonb;
    lacking bigint;
BEGIN
    -- The key is taken first: of two runs at once the second waits here, and finds it gone.
    WITH taken AS (
        INSERT INTO ar.recurring_period AS p (ledger_id, recurring_id, period_number)
        SELECT bill_recurring_periods.ledger_id, d.recurring_id, d.period_number
        FROM ar.recurring_due(bill_recurring_periods.ledger_id, bill_recurring_periods.recurring_ids,
                              bill_recurring_periods.as_of) AS d
        ORDER BY d.recurring_id, d.period_number
        ON CONFLICT (ledger_id, recurring_id, period_number) DO NOTHING
        RETURNING p.recurring_id, p.period_number, p.period_from, p.period_to, p.issued_on
    )
    SELECT jsonb_agg(jsonb_build_object('recurring_id', t.recurring_id, 'period_number', t.period_number,
                                        'period_from', t.period_from, 'period_to', t.period_to, 'issued_on', t.issued_on)
                     ORDER BY t.issued_on, t.recurring_id, t.period_number) INTO fresh
    FROM taken AS t;
    IF fresh IS NULL THEN
        RETURN;
    END IF;

    WITH period AS MATERIALIZED (
        SELECT f.position, g.*
        FROM jsonb_array_elements(fresh) WITH ORDINALITY AS f(value, position)
        CROSS JOIN LATERAL jsonb_to_record(f.value) AS g(
            recurring_id bigint, period_number integer, period_from date, period_to date, issued_on date)
    )
    SELECT jsonb_agg(jsonb_build_object('period', to_jsonb(p), 'post', r.post, 'has_version', v.lines IS NOT NULL, 'invoice',
               v.details || jsonb_strip_nulls(jsonb_build_object('customer_id', r.customer_id, 'invoiced_on', p.issued_on,
               'currency', r.currency, 'series', r.series, 'terms', v.terms::text, 'lines',
               ar.recurring_lines(v.lines, p.period_from, p.period_to, p.period_number,
                                  CASE WHEN r.prorated THEN s.days ELSE s.full_days END, s.full_days)))) ORDER BY p.position),
           min(r.recurring_id) FILTER (WHERE v.lines IS NULL) INTO fresh, lacking
    FROM period AS p
    CROSS JOIN LATERAL (SELECT r.ledger_id, r.recurring_id, r.customer_id, r.currency, r.series, r.post, r.prorated, r.starts_on, r.anchored_on,
                               r.interval_unit, r.interval_count, r.ends_on, r.billed, r.issue_offset FROM ar.recurring_invoice AS r
                        WHERE r.ledger_id = bill_recurring_periods.ledger_id AND r.recurring_id = p.recurring_id OFFSET 0) AS r
    CROSS JOIN LATERAL ar.recurring_period(p.period_number, r.starts_on, r.anchored_on, r.interval_unit,
                                           r.interval_count, r.ends_on, r.billed, r.issue_offset) AS s
    LEFT JOIN LATERAL (
        SELECT v.lines, v.terms, v.details FROM ar.recurring_version AS v
        WHERE v.ledger_id = r.ledger_id AND v.recurring_id = r.recurring_id AND v.valid_from <= p.period_from
        ORDER BY v.valid_from DESC, v.version_id DESC LIMIT 1) AS v ON true;
    IF lacking IS NOT NULL THEN
        RAISE no_data_found USING
            MESSAGE = format('recurring invoice %s has no version for a period that is due', lacking),
            HINT = 'Give it lines with ar.revise_recurring_invoice().';
    END IF;

    -- Drafts first, so that they know their period before they are posted.
    WITH made AS MATERIALIZED (
        SELECT (f.value -> 'period' ->> 'recurring_id')::bigint AS recurring_id,
               (f.value -> 'period' ->> 'period_number')::integer AS period_number,
               (f.value -> 'period' ->> 'period_from')::date AS period_from,
               (f.value -> 'period' ->> 'period_to')::date AS period_to,
               (f.value ->> 'post')::boolean AS post, c.invoice_id
        FROM (SELECT * FROM ar.create_invoices(bill_recurring_periods.ledger_id,
                 (SELECT jsonb_agg(e.value -> 'invoice' ORDER BY e.position)
                  FROM jsonb_array_elements(fresh) WITH ORDINALITY AS e(value, position)), false)) AS c
        JOIN jsonb_array_elements(fresh) WITH ORDINALITY AS f(value, position) ON f.position = c.element
    )
    SELECT jsonb_agg(to_jsonb(m) ORDER BY m.invoice_id) INTO fresh FROM made AS m;
    UPDATE ar.invoice AS v SET period_from = g.period_from, period_to = g.period_to
    FROM (SELECT bill_recurring_periods.ledger_id, g.*
          FROM jsonb_to_recordset(fresh) AS g(invoice_id bigint, period_from date, period_to date) OFFSET 0) AS g
    WHERE v.ledger_id = g.ledger_id AND v.invoice_id = g.invoice_id;
    UPDATE ar.recurring_period AS p SET invoice_id = g.invoice_id
    FROM (SELECT bill_recurring_periods.ledger_id, g.*
          FROM jsonb_to_recordset(fresh) AS g(invoice_id bigint, recurring_id bigint, period_number integer) OFFSET 0) AS g
    WHERE p.ledger_id = g.ledger_id AND p.recurring_id = g.recurring_id
      AND p.period_number = g.period_number;
    PERFORM ar.post_invoices(bill_recurring_periods.ledger_id, array_agg(g.invoice_id))
    FROM jsonb_to_recordset(fresh) AS g(invoice_id bigint, post boolean) WHERE g.post;

    RETURN QUERY
    SELECT g.recurring_id, g.period_number, g.invoice_id, NULL::text
    FROM jsonb_to_recordset(fresh) AS g(recurring_id bigint, period_number integer, invoice_id bigint)
    ORDER BY g.recurring_id, g.period_number;
END
$$;
COMMENT ON FUNCTION ar.bill_recurring_periods(integer, bigint[], date) IS
'Bills all that is due of templates, or raises. For ar.generate_recurring_invoices(), which finds out whom an error belongs to. Arguments: ledger_id; recurring_ids; as_of.';
REVOKE ALL ON FUNCTION ar.bill_recurring_periods(integer, bigint[], date) FROM PUBLIC;

CREATE FUNCTION ar.try_recurring_periods(ledger_id integer, recurring_ids bigint[], as_of date)
RETURNS TABLE (recurring_id bigint, period_number integer, invoice_id bigint, error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    half integer := cardinality(try_recurring_periods.recurring_ids) / 2;
    message text;
    state text;
    next_due record;
BEGIN
    BEGIN
        RETURN QUERY SELECT * FROM ar.bill_recurring_periods(try_recurring_periods.ledger_id,
            try_recurring_periods.recurring_ids, try_recurring_periods.as_of);
        RETURN;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
        -- What is nobody's fault is not to be tried again in parts: no serialization, resources, shutdown, or our own defects.
        IF left(state, 2) IN ('40', '53', '54', '55', '57', '58', 'XX') THEN
            RAISE;
        END IF;
    END;
    SELECT d.period_number, d.issued_on, count(*) OVER () AS due INTO next_due
    FROM ar.recurring_due(try_recurring_periods.ledger_id, try_recurring_periods.recurring_ids, try_recurring_periods.as_of) AS d
    ORDER BY d.period_number LIMIT 1;
    IF half = 0 AND next_due.due > 1 AND next_due.issued_on < try_recurring_periods.as_of THEN
        -- Periods come in order: those before the one at fault can be billed.
        RETURN QUERY SELECT * FROM ar.try_recurring_periods(try_recurring_periods.ledger_id,
            try_recurring_periods.recurring_ids, next_due.issued_on);
        IF EXISTS (SELECT FROM ar.recurring_due(try_recurring_periods.ledger_id, try_recurring_periods.recurring_ids, next_due.issued_on)) THEN
            RETURN QUERY
            SELECT d.recurring_id, d.period_number, NULL::bigint, format('period %s comes first', next_due.period_number)
            FROM ar.recurring_due(try_recurring_periods.ledger_id, try_recurring_periods.recurring_ids, try_recurring_periods.as_of) AS d
            WHERE d.period_number > next_due.period_number ORDER BY d.period_number;
        ELSE
            RETURN QUERY SELECT * FROM ar.try_recurring_periods(try_recurring_periods.ledger_id,
                try_recurring_periods.recurring_ids, try_recurring_periods.as_of);
        END IF;
        RETURN;
    END IF;
    IF half = 0 THEN
        RAISE WARNING 'recurring invoice % is not billed: %', try_recurring_periods.recurring_ids[1], message
            USING ERRCODE = state;
        RETURN QUERY
        SELECT d.recurring_id, d.period_number, NULL::bigint, format('%s: %s', state, message)
        FROM ar.recurring_due(try_recurring_periods.ledger_id, try_recurring_periods.recurring_ids, try_recurring_periods.as_of) AS d
        ORDER BY d.period_number;
        RETURN;
    END IF;
    RETURN QUERY SELECT * FROM ar.try_recurring_periods(try_recurring_periods.ledger_id,
        try_recurring_periods.recurring_ids[:half], try_recurring_periods.as_of);
    RETURN QUERY SELECT * FROM ar.try_recurring_periods(try_recurring_periods.ledger_id,
        try_recurring_periods.recurring_ids[half + 1:], try_recurring_periods.as_of);
END
$$;
COMMENT ON FUNCTION ar.try_recurring_periods(integer, bigint[], date) IS
'Bills templates all at once; where that raises, each half by itself, and in the end period by period, until what cannot be billed stands alone, with a warning. For ar.generate_recurring_invoices(). Arguments: ledger_id; recurring_ids, in order; as_of.';
REVOKE ALL ON FUNCTION ar.try_recurring_periods(integer, bigint[], date) FROM PUBLIC;

CREATE FUNCTION ar.generate_recurring_invoices(ledger_id integer, as_of date DEFAULT NULL)
RETURNS TABLE (recurring_id bigint, period_number integer, invoice_id bigint, error text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    as_of date := coalesce(generate_recurring_invoices.as_of, ar.business_date(generate_recurring_invoices.ledger_id));
    due bigint[];
BEGIN
    SELECT array_agg(DISTINCT d.recurring_id ORDER BY d.recurring_id) INTO due
    FROM ar.recurring_due(generate_recurring_invoices.ledger_id, NULL, as_of) AS d;
    IF due IS NOT NULL THEN
        RETURN QUERY SELECT * FROM ar.try_recurring_periods(generate_recurring_invoices.ledger_id, due, as_of);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.generate_recurring_invoices(integer, date) IS
'Makes the invoices of all templates that are due, missed periods included: one for each template and period, however often and however parallel it runs. A template that cannot be billed (a customer over his limit, say) does not stop the others: it gives a warning and is tried again by the next run.
Arguments: ledger_id; as_of, by default the business date: invoices dated later are not made. Each invoice has the date that the schedule gives it, not that of the run.
Result: a row for each period due: recurring_id, period_number, and invoice_id, or else error.
Errors: 23503 no such ledger; 40001 as any transaction.';
REVOKE ALL ON FUNCTION ar.generate_recurring_invoices(integer, date) FROM PUBLIC;
