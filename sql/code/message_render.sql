-- message: templates filled in, as text and as HTML.

CREATE FUNCTION ar.fill_message(
    kinds text[], names text[], types text[], widths integer[], jumps integer[], fields jsonb, labels jsonb, escaped boolean
) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    parts text[] := '{}';
    place integer := 1;
    last integer := cardinality(kinds);
    -- The list whose rows are being written, and the row.
    list integer;
    rows jsonb;
    at_row integer;
    row jsonb;
    value jsonb;
    content text;
BEGIN
    WHILE place <= last LOOP
        CASE kinds[place]
        WHEN 'text' THEN
            parts := array_append(parts, names[place]);
        WHEN 'value' THEN
            value := coalesce(row -> names[place], fields -> names[place]);
            IF value IS NULL THEN
                RAISE invalid_parameter_value USING
                    MESSAGE = format('there is no value for placeholder "%s"', names[place]),
                    DETAIL = CASE WHEN list IS NULL THEN 'It is missing in the message.'
                                  ELSE format('It is missing in row %s of "%s".', at_row + 1, names[list]) END,
                    HINT = 'Give it, or null where there is none.';
            END IF;
            content := value #>> '{}';
            content := CASE types[place]
                WHEN 'amount' THEN ar.format_money(content::ar.monetary, labels)
                WHEN 'date' THEN ar.format_date(content::date, labels)
                WHEN 'number' THEN ar.format_number(content::numeric, labels)
                WHEN 'percent' THEN ar.format_percent(content::numeric, labels)
                WHEN 'url' THEN substring(content FROM '^https?://[^[:space:]<>"]+$')
                ELSE content END;
            IF escaped THEN
                parts := array_append(parts, CASE types[place] WHEN 'text' THEN replace(ar.html(content), E'\n', '<br>')
                                                               ELSE ar.html(content) END);
            ELSIF widths[place] > 0 THEN
                parts := array_append(parts, lpad(coalesce(content, ''), greatest(widths[place], length(content))));
            ELSIF widths[place] < 0 THEN
                parts := array_append(parts, rpad(coalesce(content, ''), greatest(-widths[place], length(content))));
            ELSE
                parts := array_append(parts, content);
            END IF;
        WHEN 'list' THEN
            rows := fields -> names[place];
            IF jsonb_typeof(rows) = 'array' AND rows <> '[]' THEN
                list := place;
                at_row := 0;
                row := rows -> 0;
            ELSIF rows IS NULL OR jsonb_typeof(rows) IN ('null', 'array') THEN
                place := jumps[place];
            ELSE
                RAISE invalid_parameter_value USING
                    MESSAGE = format('the value for list "%s" is of type %s', names[place], jsonb_typeof(rows)),
                    HINT = 'Give a JSON array of objects.';
            END IF;
        WHEN 'end' THEN
            IF jumps[place] = list THEN
                at_row := at_row + 1;
                row := rows -> at_row;
                IF row IS NOT NULL THEN
                    place := list;
                ELSE
                    list := NULL;
                END IF;
            END IF;
        ELSE
            value := coalesce(row -> names[place], fields -> names[place]);
            -- No value is what is missing, null, empty or false; an amount of zero is none, either.
            IF (value IS NULL OR value IN ('null', '""', 'false', '[]')
                OR types[place] = 'amount' AND ar.sign((value #>> '{}')::ar.monetary) = 0) = (kinds[place] = 'if') THEN
                place := jumps[place];
            END IF;
        END CASE;
        place := place + 1;
    END LOOP;
    RETURN array_to_string(parts, '');
END
$$;
COMMENT ON FUNCTION ar.fill_message(text[], text[], text[], integer[], integer[], jsonb, jsonb, boolean) IS
'A template that ar.parse_template() took apart, filled in. For ar.render_messages().
Arguments: kinds, names, types, widths, jumps; fields; labels, of ar.labels(): how the language writes dates and amounts; escaped, whether it is HTML.
Errors: 22023 a value is missing, or no array for a list; 22P02, 22007, RA009 a value that is not of its type.';

CREATE FUNCTION ar.render_messages(ledger_id integer, messages jsonb)
RETURNS TABLE (element bigint, template_id bigint, language text, subject text, body text, html text)
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    default_range text[] := ar.language_range(ar.message_language(render_messages.ledger_id)) || '{en}'::text[];
    absent record;
BEGIN
    PERFORM ar.check_keys('messages', render_messages.messages, '{code,template_id,customer_id,language,channel,fields}', '{}');

    -- Those that no template is for.
    SELECT g.position, g.code, g.template_id, g.language INTO absent
    FROM (SELECT e.position, e.value ->> 'code' AS code, (e.value ->> 'template_id')::bigint AS template_id,
                 e.value ->> 'language' AS language, e.value ->> 'channel' AS channel
          FROM jsonb_array_elements(render_messages.messages) WITH ORDINALITY AS e(value, position)) AS g
    WHERE NOT EXISTS (SELECT FROM ar.message_template AS t
                      WHERE t.ledger_id = render_messages.ledger_id AND t.template_id = g.template_id)
      AND NOT (g.template_id IS NULL AND EXISTS (
                 SELECT FROM ar.message_template AS t
                 WHERE t.ledger_id = render_messages.ledger_id AND t.code = g.code
                   AND (t.channel IS NULL OR t.channel = g.channel)
                   AND t.language = ANY (coalesce(ar.language_range(g.language), '{}') || default_range)))
    ORDER BY g.position LIMIT 1;
    IF FOUND THEN
        RAISE foreign_key_violation USING
            MESSAGE = CASE WHEN absent.template_id IS NULL THEN format('there is no template "%s" in ledger %s', absent.code, render_messages.ledger_id)
                           ELSE format('there is no template %s in ledger %s', absent.template_id, render_messages.ledger_id) END,
            DETAIL = format('Sought for element %s, in the languages %s.', absent.position, array_to_string(
                         coalesce(ar.language_range(absent.language), '{}') || default_range, ', ')),
            HINT = 'Save one with ar.save_message_template(), or those that come with the extension with ar.create_message_templates().';
    END IF;

    RETURN QUERY
    WITH given AS MATERIALIZED (
        SELECT e.position, e.value ->> 'code' AS code, (e.value ->> 'template_id')::bigint AS template_id,
               (e.value ->> 'customer_id')::bigint AS customer_id, e.value ->> 'channel' AS channel,
               lower(coalesce(e.value ->> 'language', c.language)) AS language, e.value -> 'fields' AS own
        FROM jsonb_array_elements(render_messages.messages) WITH ORDINALITY AS e(value, position)
        LEFT JOIN ar.customer AS c
          ON c.ledger_id = render_messages.ledger_id AND c.customer_id = (e.value ->> 'customer_id')::bigint
    ), chosen AS MATERIALIZED (
        -- A few, however many the messages are.
        SELECT w.code, w.asked_id, w.channel, w.asked, t.*
        FROM (SELECT DISTINCT g.code, g.template_id AS asked_id, g.channel, g.language AS asked FROM given AS g) AS w
        CROSS JOIN LATERAL (
            SELECT t.template_id, t.purpose, t.language, t.subject, t.body, t.html
            FROM ar.message_template AS t
            WHERE t.ledger_id = render_messages.ledger_id AND (t.channel IS NULL OR t.channel = w.channel OR w.asked_id IS NOT NULL)
              AND CASE WHEN w.asked_id IS NULL THEN t.code = w.code AND t.language = ANY (coalesce(ar.language_range(w.asked), '{}') || default_range)
                       ELSE t.template_id = w.asked_id END
            ORDER BY array_position(coalesce(ar.language_range(w.asked), '{}') || default_range, t.language), t.channel, t.version DESC
            LIMIT 1) AS t
    ), worded AS MATERIALIZED (
        -- As Austria writes dates, where the template is in German for whomever; but no French dates in an English letter.
        SELECT w.asked, w.language, ar.labels(render_messages.ledger_id,
                   CASE WHEN split_part(w.asked, '-', 1) = split_part(w.language, '-', 1) THEN w.asked ELSE w.language END) AS labels
        FROM (SELECT DISTINCT c.asked, c.language FROM chosen AS c) AS w
    ), program AS MATERIALIZED (
        SELECT c.template_id, p.part, parsed.*
        FROM (SELECT DISTINCT ON (c.template_id) c.* FROM chosen AS c) AS c
        CROSS JOIN LATERAL (VALUES
            ('subject', c.subject), ('body', c.body),
            ('html', CASE WHEN c.html ~* '^\s*<(!doctype|html)\M' THEN c.html
                     ELSE ar.message_page(c.language, ar.html(c.subject), coalesce(c.html,
                        '<div style="white-space:pre-wrap">' || ar.html(c.body) || '</div>')) END)
            ) AS p(part, content)
        CROSS JOIN LATERAL ar.parse_template(p.content, c.purpose) AS parsed
    ), common AS MATERIALIZED (
        SELECT v.customer_id, v.fields
        FROM ar.message_fields(render_messages.ledger_id, ARRAY(
                 SELECT DISTINCT g.customer_id FROM given AS g WHERE g.customer_id IS NOT NULL)) AS v
    )
    SELECT g.position, c.template_id, c.language,
           btrim(regexp_replace(ar.fill_message(s.kinds, s.names, s.types, s.widths, s.jumps, filled.fields, w.labels, false),
                                '[[:cntrl:][:space:]]+', ' ', 'g')),
           -- Sections that are left out leave their distance behind.
           regexp_replace(ar.fill_message(b.kinds, b.names, b.types, b.widths, b.jumps, filled.fields, w.labels, false), '\n{3,}', E'\n\n', 'g'),
           CASE WHEN coalesce(g.channel, '') NOT IN ('sms', 'phone') THEN
               ar.fill_message(h.kinds, h.names, h.types, h.widths, h.jumps, filled.fields, w.labels, true) END
    FROM given AS g
    JOIN chosen AS c ON coalesce(c.code, '') = coalesce(g.code, '') AND coalesce(c.asked_id, 0) = coalesce(g.template_id, 0)
     AND coalesce(c.channel, '') = coalesce(g.channel, '') AND coalesce(c.asked, '') = coalesce(g.language, '')
    JOIN worded AS w ON coalesce(w.asked, '') = coalesce(c.asked, '') AND w.language = c.language
    JOIN program AS s ON s.template_id = c.template_id AND s.part = 'subject'
    JOIN program AS b ON b.template_id = c.template_id AND b.part = 'body'
    JOIN program AS h ON h.template_id = c.template_id AND h.part = 'html'
    LEFT JOIN common AS v ON coalesce(v.customer_id, 0) = coalesce(g.customer_id, 0)
    CROSS JOIN LATERAL (SELECT v.fields || coalesce(g.own, '{}') AS fields) AS filled
    ORDER BY g.position;
END
$$;
COMMENT ON FUNCTION ar.render_messages(integer, jsonb) IS
'Messages from templates: one row for each, with subject, text and a self-contained page of HTML (NULL for sms and phone). Each template is taken apart once, however many messages it makes.
Arguments: ledger_id; messages, a JSON array of objects with code (the letter, of which the last version counts) or template_id (one version), and perhaps customer_id, language, channel, fields (an object of placeholder and value; for a list an array of objects).
The language is the first that there is a template in: the one asked for or that of the customer, the same without its country, that of the ledger, English. Dates and amounts are written as the template''s language does, in the country asked for. Values that the ledger and the customer have (ar.message_fields()) need not be given. A value that the template uses must be there, or null; a section of what is missing, null, empty, false or an amount of zero is left out.
Errors: 22023 malformed payload, or a value is missing; 22007, 22P02 a value that is not of its type; 23503 no such ledger or template.';

CREATE FUNCTION ar.render_message(
    ledger_id integer, code text, fields jsonb DEFAULT '{}', language text DEFAULT NULL, customer_id bigint DEFAULT NULL,
    channel text DEFAULT NULL
) RETURNS TABLE (template_id bigint, subject text, body text, html text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT r.template_id, r.subject, r.body, r.html
    FROM ar.render_messages(render_message.ledger_id, jsonb_build_array(jsonb_build_object(
        'code', render_message.code, 'fields', render_message.fields, 'language', render_message.language,
        'customer_id', render_message.customer_id, 'channel', render_message.channel))) AS r
$$;
COMMENT ON FUNCTION ar.render_message(integer, text, jsonb, text, bigint, text) IS
'One message from a template: ar.render_messages() with one, for a preview.
Arguments: ledger_id; code; fields; language; customer_id; channel. Errors: as ar.render_messages().';
