-- party: exchange rates. A missing rate is an error, never 1.

CREATE FUNCTION ar.find_exchange_rate(
    ledger_id integer, from_currency text, to_currency text, rated_on date,
    OUT multiply_by numeric, OUT divide_by numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    SELECT latest.multiply_by, latest.divide_by INTO multiply_by, divide_by
    FROM ((SELECT r.valid_from, r.rate AS multiply_by, 1::numeric AS divide_by
           FROM ar.exchange_rate AS r
           WHERE r.ledger_id = find_exchange_rate.ledger_id AND r.from_currency = find_exchange_rate.from_currency
             AND r.to_currency = find_exchange_rate.to_currency AND r.valid_from <= find_exchange_rate.rated_on
           ORDER BY r.valid_from DESC LIMIT 1)
          UNION ALL
          (SELECT r.valid_from, 1, r.rate
           FROM ar.exchange_rate AS r
           WHERE r.ledger_id = find_exchange_rate.ledger_id AND r.from_currency = find_exchange_rate.to_currency
             AND r.to_currency = find_exchange_rate.from_currency AND r.valid_from <= find_exchange_rate.rated_on
           ORDER BY r.valid_from DESC LIMIT 1)) AS latest
    ORDER BY latest.valid_from DESC LIMIT 1;
END
$$;
COMMENT ON FUNCTION ar.find_exchange_rate(integer, text, text, date) IS
'The latest rate of a pair on or before a day, whichever way round it is written, as what to multiply and divide by. NULL where there is none.';

CREATE FUNCTION ar.exchange_fractions(ledger_id integer, from_currencies text[], to_currency text, rated_on date)
RETURNS TABLE (from_currency text, multiply_by numeric, divide_by numeric)
LANGUAGE plpgsql STABLE PARALLEL SAFE ROWS 10
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    pivot text;
    target text := upper(exchange_fractions.to_currency);
    rate_date date := coalesce(exchange_fractions.rated_on, ar.business_date(exchange_fractions.ledger_id));
    code text;
    fraction record;
    to_target record;
BEGIN
    SELECT l.currency INTO pivot FROM ar.ledger AS l WHERE l.ledger_id = exchange_fractions.ledger_id;
    IF NOT FOUND THEN
        PERFORM ar.business_date(exchange_fractions.ledger_id);     -- says that there is no such ledger
    END IF;
    FOREACH code IN ARRAY exchange_fractions.from_currencies || exchange_fractions.to_currency LOOP
        IF NOT ar.is_currency(upper(code)) THEN
            RAISE invalid_parameter_value USING
                MESSAGE = format('"%s" is no currency', code),
                HINT = 'ar.currencies() lists the codes of ISO 4217.';
        END IF;
    END LOOP;
    -- A handful of currencies, however many amounts.
    FOREACH code IN ARRAY ARRAY(SELECT DISTINCT upper(c.code) FROM unnest(exchange_fractions.from_currencies) AS c(code)
                                WHERE c.code IS NOT NULL) LOOP
        IF code = target THEN
            RETURN QUERY SELECT code, 1::numeric, 1::numeric;
            CONTINUE;
        END IF;
        SELECT f.multiply_by, f.divide_by INTO fraction
        FROM ar.find_exchange_rate(exchange_fractions.ledger_id, code, target, rate_date) AS f;
        IF fraction.multiply_by IS NULL AND code <> pivot AND target <> pivot THEN
            IF to_target IS NULL THEN
                SELECT f.multiply_by, f.divide_by INTO to_target
                FROM ar.find_exchange_rate(exchange_fractions.ledger_id, pivot, target, rate_date) AS f;
            END IF;
            SELECT f.multiply_by * to_target.multiply_by AS multiply_by, f.divide_by * to_target.divide_by AS divide_by INTO fraction
            FROM ar.find_exchange_rate(exchange_fractions.ledger_id, code, pivot, rate_date) AS f;
        END IF;
        RETURN QUERY SELECT code, fraction.multiply_by, fraction.divide_by;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.exchange_fractions(integer, text[], text, date) IS
'For each distinct currency, what to multiply and divide by for another currency, exactly: an inverse rate is a division. NULL where no rate is known.
Rules: the same currency is 1; else the latest rate of the pair on or before the day, whichever way round it is written; else both ways through the currency of the ledger.
Errors: 22023 no currency; 23503 no such ledger.';

CREATE FUNCTION ar.refuse_missing_rate(ledger_id integer, from_currencies text[], to_currency text, rated_on date) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    pivot text := (SELECT l.currency FROM ar.ledger AS l WHERE l.ledger_id = refuse_missing_rate.ledger_id);
    target text := upper(refuse_missing_rate.to_currency);
    rate_date date := coalesce(refuse_missing_rate.rated_on, ar.business_date(refuse_missing_rate.ledger_id));
BEGIN
    RAISE SQLSTATE 'RA009' USING
        MESSAGE = format('there is no exchange rate from %s to %s on %s',
                         array_to_string(refuse_missing_rate.from_currencies, ', '), target, rate_date),
        DETAIL = format('Ledger %s has no rate of the pair on or before that day, either way round%s.',
                        refuse_missing_rate.ledger_id,
                        CASE WHEN pivot <> target AND pivot <> ALL (refuse_missing_rate.from_currencies)
                             THEN format(', nor of both with %s', pivot) ELSE '' END),
        HINT = format('Insert into ar.exchange_rate what one %s is worth in %s, valid from %s or before.',
                      refuse_missing_rate.from_currencies[1], target, rate_date);
END
$$;
COMMENT ON FUNCTION ar.refuse_missing_rate(integer, text[], text, date) IS
'Raises RA009: exchange rates are missing. For the functions that need them.';

CREATE FUNCTION ar.exchange_rate(ledger_id integer, from_currency text, to_currency text, rated_on date DEFAULT NULL)
RETURNS numeric
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    multiply_by numeric;
    divide_by numeric;
BEGIN
    IF exchange_rate.from_currency IS NULL OR exchange_rate.to_currency IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT f.multiply_by, f.divide_by INTO multiply_by, divide_by
    FROM ar.exchange_fractions(exchange_rate.ledger_id, ARRAY[exchange_rate.from_currency],
                               exchange_rate.to_currency, exchange_rate.rated_on) AS f;
    IF multiply_by IS NULL THEN
        PERFORM ar.refuse_missing_rate(exchange_rate.ledger_id, ARRAY[upper(exchange_rate.from_currency)],
                                       exchange_rate.to_currency, exchange_rate.rated_on);
    END IF;
    RETURN CASE WHEN divide_by = 1 THEN multiply_by
                -- The scale of a quotient is at least that of its parts.
                ELSE trim_scale((multiply_by + 0.000000000000000000000000) / divide_by) END;
END
$$;
COMMENT ON FUNCTION ar.exchange_rate(integer, text, text, date) IS
'What one unit of a currency is worth in another on a day.
Arguments: ledger_id; from_currency; to_currency; rated_on, by default the business date of the ledger.
Result: 1 for the same currency; else the latest rate of the pair on or before the day, whichever way round it is written (the inverse to at least 24 decimals); else the product through the currency of the ledger. NULL for NULL.
Errors: 22023 no currency; 23503 no such ledger; RA009 there is no rate.';

CREATE FUNCTION ar.convert_amounts(ledger_id integer, amounts ar.monetary[], to_currency text, rated_on date DEFAULT NULL)
RETURNS ar.monetary[]
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    missing text[];
    converted ar.monetary[];
BEGIN
    IF convert_amounts.amounts IS NULL OR convert_amounts.to_currency IS NULL THEN
        RETURN NULL;
    END IF;
    WITH fraction AS MATERIALIZED (
        SELECT f.* FROM ar.exchange_fractions(convert_amounts.ledger_id, ARRAY(
                SELECT DISTINCT ar.currency(a.amount) FROM unnest(convert_amounts.amounts) AS a(amount)
                WHERE a.amount IS NOT NULL ORDER BY 1),
            convert_amounts.to_currency, convert_amounts.rated_on) AS f
    )
    SELECT (SELECT array_agg(f.from_currency ORDER BY f.from_currency) FROM fraction AS f WHERE f.multiply_by IS NULL),
           (SELECT coalesce(array_agg(
                       -- Multiplied first and divided last, so that nothing is rounded before the end.
                       CASE WHEN f.multiply_by IS NOT NULL THEN
                           ar.round((ar.amount(a.amount) * f.multiply_by + 0.000000000000000000000000) / f.divide_by,
                                    upper(convert_amounts.to_currency), 'half_up') END ORDER BY a.place), '{}')
            FROM unnest(convert_amounts.amounts) WITH ORDINALITY AS a(amount, place)
            LEFT JOIN fraction AS f ON f.from_currency = ar.currency(a.amount))
    INTO missing, converted;
    IF missing IS NOT NULL THEN
        PERFORM ar.refuse_missing_rate(convert_amounts.ledger_id, missing, convert_amounts.to_currency, convert_amounts.rated_on);
    END IF;
    RETURN converted;
END
$$;
COMMENT ON FUNCTION ar.convert_amounts(integer, ar.monetary[], text, date) IS
'Amounts in many currencies, each converted to one, in the order given. A rate is looked up once a currency.
Arguments: ledger_id; amounts; to_currency; rated_on, by default the business date of the ledger.
Each is rounded once, half up, to the minor unit. Rates are chosen as by ar.exchange_rate(). NULL stays NULL.
Errors: 22003 too large; 22023 no currency; 23503 no such ledger; RA009 rates are missing, all of them named.';

CREATE FUNCTION ar.convert(ledger_id integer, amount ar.monetary, to_currency text, rated_on date DEFAULT NULL)
RETURNS ar.monetary
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT (ar.convert_amounts(convert.ledger_id, ARRAY[convert.amount], convert.to_currency, convert.rated_on))[1] $$;
COMMENT ON FUNCTION ar.convert(integer, ar.monetary, text, date) IS
'One amount converted to a currency: ar.convert_amounts() with one.
Errors: as there.';

CREATE FUNCTION ar.tg_guard_exchange_rate() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    wrong record;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        SELECT o.ledger_id, o.from_currency, o.to_currency, o.valid_from, d.today INTO wrong
        FROM (SELECT o.ledger_id, min(o.valid_from) AS valid_from FROM old_rate AS o GROUP BY o.ledger_id) AS g
        CROSS JOIN LATERAL (SELECT ar.business_date(g.ledger_id) AS today) AS d
        JOIN old_rate AS o ON o.ledger_id = g.ledger_id AND o.valid_from = g.valid_from
        WHERE g.valid_from < d.today
        LIMIT 1;
        IF FOUND THEN
            RAISE SQLSTATE 'RA003' USING
                MESSAGE = format('the exchange rate %s/%s of %s is a fact and cannot be changed',
                                 wrong.from_currency, wrong.to_currency, wrong.valid_from),
                DETAIL = format('The business date of ledger %s is %s: amounts may have been reckoned by it.',
                                wrong.ledger_id, wrong.today),
                HINT = 'Record a new rate for a later day.',
                TABLE = 'exchange_rate', SCHEMA = 'ar';
        END IF;
    END IF;
    IF TG_OP IN ('INSERT', 'UPDATE') THEN
        SELECT n.ledger_id, n.from_currency, n.to_currency, n.valid_from, d.today INTO wrong
        FROM (SELECT n.ledger_id, max(n.valid_from) AS valid_from FROM new_rate AS n GROUP BY n.ledger_id) AS g
        CROSS JOIN LATERAL (SELECT ar.business_date(g.ledger_id) AS today) AS d
        JOIN new_rate AS n ON n.ledger_id = g.ledger_id AND n.valid_from = g.valid_from
        WHERE g.valid_from > d.today
        LIMIT 1;
        IF FOUND THEN
            RAISE check_violation USING
                MESSAGE = format('the exchange rate %s/%s of %s lies in the future',
                                 wrong.from_currency, wrong.to_currency, wrong.valid_from),
                DETAIL = format('The business date of ledger %s is %s.', wrong.ledger_id, wrong.today),
                HINT = 'Record a rate on its day or later.',
                TABLE = 'exchange_rate', SCHEMA = 'ar', COLUMN = 'valid_from';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_exchange_rate() IS
'Trigger: no rate of the future, and no change of one whose day is past.
Errors: 23514 in the future; RA003 a fact.';

CREATE FUNCTION ar.tg_record_exchange_rate() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'table "exchange_rate" holds facts and cannot be truncated',
            TABLE = 'exchange_rate', SCHEMA = 'ar';
    END IF;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_record_exchange_rate() IS
'Trigger: stamps a rate with the moment it was recorded, whatever the statement said, and refuses TRUNCATE.
Errors: RA003.';

REVOKE ALL ON FUNCTION ar.tg_guard_exchange_rate(), ar.tg_record_exchange_rate() FROM PUBLIC;
