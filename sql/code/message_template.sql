-- message: templates: what may stand in them, and their versions.

CREATE FUNCTION ar.message_placeholders(purpose text DEFAULT NULL)
RETURNS TABLE (purpose text, list text, placeholder text, type text, meaning text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 30
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT u.purpose, nullif(p.list, ''), p.placeholder, p.type, p.meaning
    FROM (VALUES
        -- What every message may say: filled in by ar.message_fields().
        ('', '', 'today', 'date', 'Date of the message'),
        ('', '', 'customer_name', 'text', 'Name of the customer'),
        ('', '', 'customer_code', 'text', 'Number of the customer'),
        ('', '', 'customer_address', 'text', 'Address of the customer, without the name, in lines'),
        ('', '', 'contact_name', 'text', 'Whom it is for at the customer'),
        ('', '', 'company_name', 'text', 'Name of the company that writes'),
        ('', '', 'company_address', 'text', 'Its address, in one line'),
        ('', '', 'company_email', 'text', 'Its e-mail address'),
        ('', '', 'company_phone', 'text', 'Its telephone number'),
        ('', '', 'company_iban', 'text', 'Its bank account'),
        ('', '', 'company_bic', 'text', 'Its bank'),
        ('', '', 'company_tax_id', 'text', 'Its tax id'),
        ('', '', 'payment_link', 'url', 'Where it can be paid, an address that begins with http'),
        ('dunning', '', 'level', 'number', 'Level of the letter'),
        ('dunning', '', 'pay_by', 'date', 'Day by which to pay'),
        ('dunning', '', 'total_open', 'amount', 'What is open of the items, without fee and interest'),
        ('dunning', '', 'fee', 'amount', 'Fee for this letter'),
        ('dunning', '', 'interest', 'amount', 'Interest for late payment'),
        ('dunning', '', 'total_due', 'amount', 'All that is to be paid'),
        ('dunning', '', 'items', 'list', 'The items that are overdue'),
        ('dunning', 'items', 'number', 'text', 'Number of the document'),
        ('dunning', 'items', 'issued_on', 'date', 'Its date'),
        ('dunning', 'items', 'due_on', 'date', 'Day on which it was due'),
        ('dunning', 'items', 'days_past_due', 'number', 'Days since then'),
        ('dunning', 'items', 'item_level', 'number', 'Level of the item'),
        ('dunning', 'items', 'purchase_order', 'text', 'Order of the customer'),
        ('dunning', 'items', 'amount', 'amount', 'Its amount'),
        ('dunning', 'items', 'open', 'amount', 'What is open of it'),
        ('reminder', '', 'total_open', 'amount', 'What is open of the items'),
        ('reminder', '', 'items', 'list', 'The items that fall due'),
        ('reminder', 'items', 'number', 'text', 'Number of the document'),
        ('reminder', 'items', 'issued_on', 'date', 'Its date'),
        ('reminder', 'items', 'due_on', 'date', 'Day on which it falls due'),
        ('reminder', 'items', 'purchase_order', 'text', 'Order of the customer'),
        ('reminder', 'items', 'amount', 'amount', 'Its amount'),
        ('reminder', 'items', 'open', 'amount', 'What is open of it'),
        ('statement', '', 'from_on', 'date', 'First day of the statement'),
        ('statement', '', 'to_on', 'date', 'Last day of the statement'),
        ('statement', '', 'opening', 'amount', 'Balance before the first day'),
        ('statement', '', 'closing', 'amount', 'Balance at the end of the last day'),
        ('statement', '', 'not_due', 'amount', 'Of the balance: not due yet'),
        ('statement', '', 'days_1_30', 'amount', 'Of the balance: 1 to 30 days past due'),
        ('statement', '', 'days_31_60', 'amount', 'Of the balance: 31 to 60 days past due'),
        ('statement', '', 'days_61_90', 'amount', 'Of the balance: 61 to 90 days past due'),
        ('statement', '', 'days_91_plus', 'amount', 'Of the balance: more than 90 days past due'),
        ('statement', '', 'unapplied', 'amount', 'Of the balance: paid and not applied yet, below zero'),
        ('statement', '', 'to_pay', 'amount', 'Of the balance: what is to be paid now'),
        ('statement', '', 'items', 'list', 'What moved the balance, by day'),
        ('statement', 'items', 'issued_on', 'date', 'Date of the document'),
        ('statement', 'items', 'number', 'text', 'Its number'),
        ('statement', 'items', 'description', 'text', 'What it is'),
        ('statement', 'items', 'due_on', 'date', 'Day on which it is due'),
        ('statement', 'items', 'amount', 'amount', 'Its amount: below zero for a credit'),
        ('statement', 'items', 'balance', 'amount', 'Balance after it'),
        ('receipt', '', 'amount', 'amount', 'What was paid'),
        ('receipt', '', 'received_on', 'date', 'When'),
        ('receipt', '', 'method', 'text', 'How'),
        ('receipt', '', 'reference', 'text', 'With which reference'),
        ('receipt', '', 'unapplied', 'amount', 'What of it is applied to nothing yet'),
        ('receipt', '', 'items', 'list', 'The items that it paid'),
        ('receipt', 'items', 'number', 'text', 'Number of the document'),
        ('receipt', 'items', 'issued_on', 'date', 'Its date'),
        ('receipt', 'items', 'amount', 'amount', 'Its amount'),
        ('receipt', 'items', 'applied', 'amount', 'What was applied to it'),
        ('receipt', 'items', 'open', 'amount', 'What is still open of it'),
        ('invoice', '', 'number', 'text', 'Number of the document'),
        ('invoice', '', 'kind', 'text', 'What kind of document it is, in the words of the language'),
        ('invoice', '', 'invoiced_on', 'date', 'Its date'),
        ('invoice', '', 'due_on', 'date', 'Day on which it is due'),
        ('invoice', '', 'purchase_order', 'text', 'Order of the customer'),
        ('invoice', '', 'amount', 'amount', 'Its total'),
        ('invoice', '', 'open', 'amount', 'What is to be paid'),
        ('direct_debit', '', 'amount', 'amount', 'What will be collected'),
        ('direct_debit', '', 'collected_on', 'date', 'When'),
        ('direct_debit', '', 'mandate', 'text', 'Reference of the mandate'),
        ('direct_debit', '', 'creditor_id', 'text', 'Creditor identifier of the company'),
        ('direct_debit', '', 'account', 'text', 'Account that it is collected from, all but its end hidden'),
        ('direct_debit', '', 'items', 'list', 'The items that it pays'),
        ('direct_debit', 'items', 'number', 'text', 'Number of the document'),
        ('direct_debit', 'items', 'due_on', 'date', 'Day on which it is due'),
        ('direct_debit', 'items', 'amount', 'amount', 'What is collected for it'),
        ('promise', '', 'amount', 'amount', 'What was promised'),
        ('promise', '', 'promised_on', 'date', 'By which day'),
        ('promise', '', 'items', 'list', 'The items that it is for'),
        ('promise', 'items', 'number', 'text', 'Number of the document'),
        ('promise', 'items', 'due_on', 'date', 'Day on which it was due'),
        ('promise', 'items', 'open', 'amount', 'What is open of it'),
        ('payment_plan', '', 'amount', 'amount', 'All that the plan is for'),
        ('payment_plan', '', 'fee', 'amount', 'Fee for the plan'),
        ('payment_plan', '', 'interest', 'amount', 'Interest of the plan'),
        ('payment_plan', '', 'instalments', 'list', 'The instalments'),
        ('payment_plan', 'instalments', 'instalment', 'number', 'Which one'),
        ('payment_plan', 'instalments', 'due_on', 'date', 'Day on which it is due'),
        ('payment_plan', 'instalments', 'amount', 'amount', 'Its amount'),
        ('notice', '', 'title', 'text', 'What it is about'),
        ('notice', '', 'message', 'text', 'What it says')
    ) AS p(purpose, list, placeholder, type, meaning)
    CROSS JOIN (VALUES ('dunning'), ('reminder'), ('statement'), ('receipt'), ('invoice'), ('direct_debit'), ('promise'),
                       ('payment_plan'), ('notice')) AS u(purpose)
    WHERE p.purpose IN ('', u.purpose) AND u.purpose = coalesce(message_placeholders.purpose, u.purpose)
$$;
COMMENT ON FUNCTION ar.message_placeholders(text) IS
'What a template may say: the placeholders of a purpose, or of all. list: the section of whose rows it belongs, NULL for the message itself. type: text, number, percent, amount (given as "EUR 1.00"), date, url, or list, which is a section. No row for an unknown purpose.
Argument: purpose, such as dunning, reminder (before the due date), statement, receipt, invoice, direct_debit (announcement), promise, payment_plan, notice (anything else).';

CREATE FUNCTION ar.describe_placeholders(purpose text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT coalesce(
        (SELECT 'The placeholders of purpose "' || describe_placeholders.purpose || '" are ' || string_agg(l.names, '; ' ORDER BY l.first) || '.'
         FROM (SELECT min(p.place) AS first,
                      CASE WHEN p.list IS NULL THEN '' ELSE 'in {{#' || p.list || '}} also ' END
                      || string_agg(p.placeholder, ', ' ORDER BY p.place) AS names
               FROM ar.message_placeholders(describe_placeholders.purpose)
                    WITH ORDINALITY AS p(purpose, list, placeholder, type, meaning, place)
               GROUP BY p.list) AS l),
        (SELECT format('The purposes are %s.', string_agg(DISTINCT p.purpose, ', ')) FROM ar.message_placeholders() AS p))
$$;
COMMENT ON FUNCTION ar.describe_placeholders(text) IS
'The hint of an error about a template: which placeholders its purpose has, or, of an unknown one, which purposes there are. Argument: purpose.';

CREATE FUNCTION ar.parse_template(template text, purpose text,
    OUT kinds text[], OUT names text[], OUT types text[], OUT widths integer[], OUT jumps integer[], OUT fault text)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    -- The tag of a section alone on its line takes the line with it.
    source text := regexp_replace(parse_template.template, '^[ \t]*(\{\{[#^?/][a-z0-9_]+\}\})[ \t]*\r?\n', '\1', 'gn');
    pieces text[] := regexp_split_to_array(source, '\{\{[^{}]*\}\}');
    tags text[] := ARRAY(SELECT m.tag[1] FROM regexp_matches(source, '\{\{([^{}]*)\}\}', 'g') AS m(tag));
    types_of jsonb := (SELECT jsonb_object_agg(coalesce(p.list, '') || '.' || p.placeholder, p.type)
                       FROM ar.message_placeholders(parse_template.purpose) AS p);
    tag text[];
    type text;
    -- The sections that are open, by their places, and the list among them.
    opened integer[] := '{}';
    list text;
    place integer := 0;
BEGIN
    kinds := '{}';
    names := '{}';
    types := '{}';
    widths := '{}';
    jumps := '{}';
    IF types_of IS NULL THEN
        fault := format('"%s" is no purpose of messages', parse_template.purpose);
        RETURN;
    END IF;
    FOR i IN 1 .. cardinality(pieces) LOOP
        IF pieces[i] LIKE '%{{%' THEN
            fault := format('"%s" is not closed by }}', left(substring(pieces[i] FROM '\{\{.*'), 30));
            RETURN;
        END IF;
        IF pieces[i] <> '' THEN
            place := place + 1;
            kinds[place] := 'text';
            names[place] := pieces[i];
            types[place] := NULL;
            widths[place] := NULL;
            jumps[place] := NULL;
        END IF;
        EXIT WHEN i > cardinality(tags);
        tag := regexp_match(tags[i], '^\s*([#^?/]?)([a-z][a-z0-9_]*)(?::(-?[1-9][0-9]?))?\s*$');
        IF tag IS NULL OR tag[1] <> '' AND tag[3] IS NOT NULL THEN
            fault := format('"{{%s}}" is no placeholder', left(tags[i], 30));
            RETURN;
        END IF;
        type := coalesce(types_of ->> (list || '.' || tag[2]), types_of ->> ('.' || tag[2]));
        IF type IS NULL THEN
            fault := format('unknown placeholder "%s"', tag[2])
                || coalesce((SELECT format(', which is there only in {{#%s}}', p.list)
                             FROM ar.message_placeholders(parse_template.purpose) AS p
                             WHERE p.placeholder = tag[2] LIMIT 1), '');
            RETURN;
        END IF;
        place := place + 1;
        names[place] := tag[2];
        types[place] := type;
        widths[place] := tag[3]::integer;
        jumps[place] := NULL;
        IF tag[1] = '' THEN
            IF type = 'list' THEN
                fault := format('"%s" is a list, to be written as {{#%s}}...{{/%s}}', tag[2], tag[2], tag[2]);
                RETURN;
            END IF;
            kinds[place] := 'value';
        ELSIF tag[1] = '/' THEN
            IF opened = '{}' OR names[opened[cardinality(opened)]] <> tag[2] THEN
                fault := format('{{/%s}} closes no section', tag[2])
                    || coalesce(': section "' || names[opened[cardinality(opened)]] || '" is open', '');
                RETURN;
            END IF;
            kinds[place] := 'end';
            jumps[place] := opened[cardinality(opened)];
            jumps[jumps[place]] := place;
            opened := opened[:cardinality(opened) - 1];
            IF kinds[jumps[place]] = 'list' THEN
                list := NULL;
            END IF;
        ELSE
            IF tag[1] = '#' AND type = 'list' THEN
                IF list IS NOT NULL THEN
                    fault := format('list "%s" stands in list "%s"', tag[2], list);
                    RETURN;
                END IF;
                list := tag[2];
            END IF;
            kinds[place] := CASE WHEN tag[1] = '^' THEN 'unless' WHEN tag[1] = '#' AND type = 'list' THEN 'list' ELSE 'if' END;
            opened := opened || place;
        END IF;
    END LOOP;
    IF opened <> '{}' THEN
        fault := format('section "%s" is not closed', names[opened[cardinality(opened)]]);
    END IF;
END
$$;
COMMENT ON FUNCTION ar.parse_template(text, text) IS
'A template taken apart, as five arrays with an element for each part, in order: kinds (text, value, list, if, unless, end), names (the literal text, or the placeholder), types and widths of placeholders, jumps (from a section to its end and back). Or fault, which says what is wrong with it; NULL when nothing is.
Arguments: template; purpose, see ar.message_placeholders(). In a template: {{name}}; {{name:12}} at least 12 characters wide, at the right, or {{name:-12}} at the left, in text alone; {{#list}}...{{/list}} for each row; {{#name}}...{{/name}} if there is a value, {{?list}}...{{/list}} if there is a row, {{^name}}...{{/name}} if there is none.';

CREATE FUNCTION ar.html_fault(html text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN html ~* '<\s*(script|iframe|object|embed|link|base|form|frame|audio|video)\M' THEN
            format('<%s> is not allowed', lower(substring(html FROM '(?i)<\s*(script|iframe|object|embed|link|base|form|frame|audio|video)\M')))
        WHEN html ~* '<[^>]*\son[a-z]+\s*=' THEN 'handlers of events are not allowed'
        WHEN html ~* '(javascript|vbscript)\s*:' THEN 'script is not allowed'
        WHEN html ~* '(\ssrc(set)?|\sbackground|\sposter)\s*=\s*["'']?\s*(?!data:|["''\s])' THEN 'what it shows must be in it: src may be data: alone'
        WHEN html ~* '(url\(\s*["'']?\s*(?!data:|["''\s])|@import)' THEN 'what it shows must be in it: url() may be data: alone'
        -- In a tag a value is safe only between quotes.
        WHEN regexp_replace(html, '=\s*("[^"]*"|''[^'']*'')', '=', 'g') ~ '<[^<>{}]*\{\{' THEN 'in a tag a placeholder must stand between quotes'
        WHEN html ~* '\shref\s*=\s*["'']?\s*\{\{(?!\s*(payment_link)\s*\}\})' THEN 'href may begin with a placeholder that is a url alone'
        WHEN html ~* '<style[^>]*>(?:(?!</style).)*\{\{' THEN 'a style sheet cannot have placeholders'
        WHEN html ~* '\sstyle\s*=\s*("[^"]*\{\{|''[^'']*\{\{)' THEN 'a style cannot have placeholders'
        END
$$;
COMMENT ON FUNCTION ar.html_fault(text) IS
'What is wrong with the HTML of a template, or NULL: it must hold all that it shows, run nothing, and have placeholders only where a value is safe when escaped.';

CREATE FUNCTION ar.tg_guard_message_template() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    part record;
    other ar.message_template;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE SQLSTATE 'RA003' USING
            MESSAGE = 'a template is kept as it was written',
            HINT = 'Save another version of it with ar.save_message_template().',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA;
    END IF;
    -- Two versions at once: the second waits, and is the later one.
    PERFORM pg_advisory_xact_lock(hashtextextended(format('ar.message_template %s %s', NEW.ledger_id, NEW.code), 0));
    SELECT t.* INTO other FROM ar.message_template AS t
    WHERE t.ledger_id = NEW.ledger_id AND t.code = NEW.code ORDER BY t.template_id LIMIT 1;
    IF FOUND AND (other.purpose <> NEW.purpose OR coalesce(other.level, -1) <> coalesce(NEW.level, -1)) THEN
        RAISE check_violation USING
            MESSAGE = format('letter "%s" is for purpose "%s"%s', NEW.code, other.purpose, coalesce(', level ' || other.level, '')),
            HINT = 'Give a letter for another purpose or level a code of its own.',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = 'purpose';
    END IF;
    FOR part IN
        SELECT p.name, coalesce(parsed.fault, CASE WHEN p.name = 'html' THEN ar.html_fault(p.content) END) AS fault
        FROM (VALUES ('subject', NEW.subject), ('body', NEW.body), ('html', NEW.html)) AS p(name, content)
        CROSS JOIN LATERAL ar.parse_template(p.content, NEW.purpose) AS parsed
        WHERE p.content IS NOT NULL
    LOOP
        IF part.fault IS NOT NULL THEN
            RAISE invalid_parameter_value USING
                MESSAGE = format('%s of template "%s" (%s): %s', part.name, NEW.code, NEW.language, part.fault),
                HINT = ar.describe_placeholders(NEW.purpose),
                TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, COLUMN = part.name;
        END IF;
    END LOOP;
    SELECT coalesce(max(t.version), 0) + 1 INTO NEW.version
    FROM ar.message_template AS t
    WHERE t.ledger_id = NEW.ledger_id AND t.code = NEW.code AND t.language = NEW.language
      AND coalesce(t.channel, '') = coalesce(NEW.channel, '');
    NEW.recorded_by := session_user;
    NEW.recorded_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_message_template() IS
'Trigger on ar.message_template: before each inserted row checks its placeholders and its HTML (22023, naming what is wrong and what there is) and that a letter keeps its purpose (23514), and gives the version its number; refuses UPDATE, DELETE and TRUNCATE (RA003).';

CREATE FUNCTION ar.tg_stamp_message_policy() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
BEGIN
    NEW.changed_by := session_user;
    NEW.changed_at := clock_timestamp();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_stamp_message_policy() IS 'Trigger, before each row of ar.message_policy: stamps who wrote it, and when.';
REVOKE ALL ON FUNCTION ar.tg_guard_message_template(), ar.tg_stamp_message_policy() FROM PUBLIC;

CREATE FUNCTION ar.save_message_templates(ledger_id integer, templates jsonb)
RETURNS TABLE (element bigint, template_id bigint, version integer)
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, ar, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given record;
    known record;
BEGIN
    PERFORM ar.check_keys('templates', save_message_templates.templates,
        '{code,purpose,level,language,channel,subject,body,html}', '{code,language,subject,body}');
    -- One by one: an element may be the next version of the one before.
    FOR given IN
        SELECT e.position, g.code, g.purpose, g.level, lower(g.language) AS language, g.channel, g.subject, g.body, g.html
        FROM jsonb_array_elements(save_message_templates.templates) WITH ORDINALITY AS e(value, position)
        CROSS JOIN LATERAL jsonb_to_record(e.value) AS g(code text, purpose text, level smallint, language text, channel text,
                                                         subject text, body text, html text)
        ORDER BY e.position
    LOOP
        element := given.position;
        SELECT t.template_id, t.version INTO template_id, version
        FROM (SELECT t.* FROM ar.message_template AS t
              WHERE t.ledger_id = save_message_templates.ledger_id AND t.code = given.code AND t.language = given.language
                AND coalesce(t.channel, '') = coalesce(given.channel, '')
              ORDER BY t.version DESC LIMIT 1) AS t
        WHERE t.purpose = coalesce(given.purpose, t.purpose) AND coalesce(t.level, -1) = coalesce(given.level, t.level, -1)
          AND t.subject = given.subject AND t.body = given.body AND coalesce(t.html, '') = coalesce(given.html, '');
        IF NOT FOUND THEN
            SELECT t.purpose, t.level INTO known FROM ar.message_template AS t
            WHERE t.ledger_id = save_message_templates.ledger_id AND t.code = given.code LIMIT 1;
            INSERT INTO ar.message_template AS t (ledger_id, code, purpose, level, language, channel, version, subject, body, html)
            VALUES (save_message_templates.ledger_id, given.code, coalesce(given.purpose, known.purpose, given.code),
                    coalesce(given.level, known.level),
                    given.language, given.channel, 1, given.subject, given.body, given.html)
            RETURNING t.template_id, t.version INTO template_id, version;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION ar.save_message_templates(integer, jsonb) IS
'Saves any number of templates, each as the next version of its letter; one that says what the last version says is not saved again. All or none.
Arguments: ledger_id; templates, a JSON array of objects with code, language, subject, body, and perhaps html, channel, level, purpose (by default that of the versions there are, else the code).
Result: the position in the array, from 1, the template_id and its version.
Errors: 22023 malformed payload, an unknown purpose or placeholder, a section not closed, HTML that is not allowed; 23503 no such ledger; 23514 the letter is for another purpose or level, or another rule of a column.';

CREATE FUNCTION ar.save_message_template(
    ledger_id integer, code text, language text, subject text, body text, html text DEFAULT NULL,
    purpose text DEFAULT NULL, level integer DEFAULT NULL, channel text DEFAULT NULL
) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT s.template_id
    FROM ar.save_message_templates(save_message_template.ledger_id, jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
        'code', save_message_template.code, 'language', save_message_template.language,
        'subject', save_message_template.subject, 'body', save_message_template.body, 'html', save_message_template.html,
        'purpose', save_message_template.purpose, 'level', save_message_template.level,
        'channel', save_message_template.channel)))) AS s
$$;
COMMENT ON FUNCTION ar.save_message_template(integer, text, text, text, text, text, text, integer, text) IS
'Saves one template as the next version of its letter and returns its template_id: ar.save_message_templates() with one.
Arguments: ledger_id; code; language; subject; body; html, or NULL for that made from body; purpose; level; channel.
Errors: as ar.save_message_templates().';
REVOKE ALL ON FUNCTION ar.save_message_templates(integer, jsonb),
    ar.save_message_template(integer, text, text, text, text, text, text, integer, text) FROM PUBLIC;
