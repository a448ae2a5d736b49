-- party: business calendars, and where due dates go that fall on free days.

CREATE FUNCTION ar.business_days(ledger_id integer, days date[], direction integer DEFAULT 1, calendar text DEFAULT NULL)
RETURNS TABLE (day date, business_day date)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    weekend smallint[] := '{6,7}';
    used_calendar text := business_days.calendar;
BEGIN
    IF used_calendar IS NULL THEN
        SELECT l.calendar INTO used_calendar FROM ar.ledger AS l WHERE l.ledger_id = business_days.ledger_id;
        IF NOT FOUND THEN
            PERFORM ar.business_date(business_days.ledger_id);  -- says that there is no such ledger
        END IF;
    END IF;
    IF used_calendar IS NOT NULL THEN
        SELECT k.weekend INTO weekend
        FROM ar.calendar AS k WHERE k.ledger_id = business_days.ledger_id AND k.calendar = used_calendar;
        IF NOT FOUND THEN
            RAISE undefined_object USING
                MESSAGE = format('calendar "%s" does not exist in ledger %s', used_calendar, business_days.ledger_id),
                HINT = 'Create it by a row in ar.calendar.';
        END IF;
    END IF;
    RETURN QUERY
    WITH RECURSIVE walk AS (
        SELECT DISTINCT d.day, d.day AS reached,
               isfinite(d.day) AND (extract(isodow FROM d.day) = ANY (weekend)
                    OR EXISTS (SELECT FROM ar.holiday AS h WHERE h.ledger_id = business_days.ledger_id
                               AND h.calendar = used_calendar AND h.day = d.day)) AS is_free
        FROM unnest(business_days.days) AS d(day)
        WHERE d.day IS NOT NULL
        UNION ALL
        SELECT w.day, n.day,
               extract(isodow FROM n.day) = ANY (weekend)
               OR EXISTS (SELECT FROM ar.holiday AS h WHERE h.ledger_id = business_days.ledger_id
                          AND h.calendar = used_calendar AND h.day = n.day)
        FROM walk AS w
        CROSS JOIN LATERAL (SELECT w.reached + sign(business_days.direction)::integer AS day) AS n
        WHERE w.is_free
    )
    SELECT w.day, w.reached FROM walk AS w WHERE NOT w.is_free;
END
$$;
COMMENT ON FUNCTION ar.business_days(integer, date[], integer, text) IS
'For each distinct day, the business day it goes to: itself, or the nearest one later, or earlier.
Arguments: ledger_id; days; direction, 1 later or -1 earlier; calendar, by default that of the ledger (without one Saturdays and Sundays are free).
Errors: 22023 a direction of zero; 23503 no such ledger; 42704 no such calendar.';

CREATE FUNCTION ar.is_business_day(ledger_id integer, day date, calendar text DEFAULT NULL) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT b.day = b.business_day
    FROM ar.business_days(is_business_day.ledger_id, ARRAY[is_business_day.day], 1, is_business_day.calendar) AS b
$$;
COMMENT ON FUNCTION ar.is_business_day(integer, date, text) IS
'Whether a day is a business day of the ledger, or of the calendar named. NULL for NULL.
Errors: as ar.business_days().';

CREATE FUNCTION ar.shift_due_dates(ledger_id integer, due_dates date[]) RETURNS date[]
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    shift text;
    shifted date[];
BEGIN
    SELECT l.due_date_shift INTO shift FROM ar.ledger AS l WHERE l.ledger_id = shift_due_dates.ledger_id;
    IF NOT FOUND THEN
        PERFORM ar.business_date(shift_due_dates.ledger_id);    -- says that there is no such ledger
    END IF;
    IF shift = 'none' THEN
        RETURN shift_due_dates.due_dates;
    END IF;
    WITH next AS MATERIALIZED (
        SELECT b.day, b.business_day
        FROM ar.business_days(shift_due_dates.ledger_id, shift_due_dates.due_dates) AS b
    ), back AS MATERIALIZED (
        -- Those that the next business day would take into another month.
        SELECT b.day, b.business_day
        FROM ar.business_days(shift_due_dates.ledger_id, ARRAY(
                 SELECT n.day FROM next AS n
                 WHERE shift = 'modified_following'
                   AND date_trunc('month', n.day) <> date_trunc('month', n.business_day)), -1) AS b
    )
    SELECT coalesce(array_agg(coalesce(b.business_day, n.business_day) ORDER BY d.place), '{}') INTO shifted
    FROM unnest(shift_due_dates.due_dates) WITH ORDINALITY AS d(day, place)
    LEFT JOIN next AS n ON n.day = d.day
    LEFT JOIN back AS b ON b.day = d.day;
    RETURN shifted;
END
$$;
COMMENT ON FUNCTION ar.shift_due_dates(integer, date[]) IS
'Due dates by the policy of the ledger, due_date_shift, and its calendar, in the order given; NULL stays NULL.
none leaves them; next_business_day takes a free day to the next business day; modified_following, too, unless that is in another month: then to the one before.
Errors: 23503 no such ledger.';

CREATE FUNCTION ar.shift_due_date(ledger_id integer, due_date date) RETURNS date
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT (ar.shift_due_dates(shift_due_date.ledger_id, ARRAY[shift_due_date.due_date]))[1] $$;
COMMENT ON FUNCTION ar.shift_due_date(integer, date) IS
'One due date by the policy of the ledger: ar.shift_due_dates() with one.
Errors: 23503 no such ledger.';
