-- Protects templates: nothing unknown or unsafe is saved, versions are kept, the right one is taken for a language and a
-- channel, values are written as the language does, and no value becomes code in HTML or a second line in a subject.

BEGIN;
\ir helper.psql
SELECT plan(74);

SELECT ar.create_ledger('TEST', 'Short', 'EUR');
UPDATE ar.ledger SET legal_name = 'Nordlicht & Söhne GmbH', street = 'Kai 1', postal_code = '20457', city = 'Hamburg', country = 'DE',
    iban = 'DE89370400440532013000', bic = 'COBADEFFXXX', email = 'ar@example.com' WHERE code = 'TEST';
SELECT ar.create_customer(pg_temp.ledger(), 'C1', '<b>Alba</b>', details => '{"language": "de-AT", "street": "Ring 1", "city": "Wien", "postal_code": "1010", "country": "AT"}');
SELECT ar.create_customer(pg_temp.ledger(), 'C2', 'Plain');

-- Saves one letter: how it ended.
CREATE FUNCTION pg_temp.saved(body text, html text DEFAULT NULL, subject text DEFAULT 'S', purpose text DEFAULT 'dunning') RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.outcome(format('SELECT ar.save_message_template(pg_temp.ledger(), %L, %L, %L, %L, %L, %L)', 'x', 'en', subject, body, html, purpose), 'all')
$$;
-- The first line of an error.
CREATE FUNCTION pg_temp.said(outcome text) RETURNS text LANGUAGE sql AS $$ SELECT split_part(outcome, E'\n', 1) $$;
CREATE FUNCTION pg_temp.filled(body text, fields jsonb, language text DEFAULT 'en', purpose text DEFAULT 'dunning') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ar.save_message_template(pg_temp.ledger(), 'fill_' || purpose, 'en', 'S', body, purpose => purpose);
    RETURN (SELECT r.body FROM ar.render_message(pg_temp.ledger(), 'fill_' || purpose, fields, language) AS r);
END
$$;

-- What may stand in a template

SELECT is(pg_temp.saved('Pay {{total_due}} {{#items}}{{number}} {{customer_name}}{{/items}}'), 'done', 'known placeholders, in a list those of the message, too');
SELECT is(pg_temp.said(pg_temp.saved('Pay {{amount_due}}')), '22023: body of template "x" (en): unknown placeholder "amount_due"', 'an unknown placeholder is named');
SELECT matches(pg_temp.saved('Pay {{amount_due}}'), 'The placeholders of purpose "dunning" are today, .*, total_due, items, payment_link|today', 'and those that there are');
SELECT matches(pg_temp.saved('{{x}}'), 'in \{\{#items\}\} also number, issued_on', 'the fields of its lists, too');
SELECT is(pg_temp.said(pg_temp.saved('B', subject => '{{nobody}}')), '22023: subject of template "x" (en): unknown placeholder "nobody"', 'in the subject');
SELECT is(pg_temp.said(pg_temp.saved('B', '<p>{{nobody}}</p>')), '22023: html of template "x" (en): unknown placeholder "nobody"', 'in the html');
SELECT is(pg_temp.said(pg_temp.saved('{{number}}')), '22023: body of template "x" (en): unknown placeholder "number", which is there only in {{#items}}', 'a field of a list outside of it');
SELECT is(pg_temp.said(pg_temp.saved('{{#items}}{{number}}')), '22023: body of template "x" (en): section "items" is not closed', 'a section left open');
SELECT is(pg_temp.said(pg_temp.saved('{{/items}}')), '22023: body of template "x" (en): {{/items}} closes no section', 'a section never opened');
SELECT is(pg_temp.said(pg_temp.saved('{{#items}}{{#fee}}{{/items}}{{/fee}}')), '22023: body of template "x" (en): {{/items}} closes no section: section "fee" is open', 'sections across each other');
SELECT is(pg_temp.said(pg_temp.saved('{{#items}}{{#items}}{{/items}}{{/items}}')), '22023: body of template "x" (en): list "items" stands in list "items"', 'a list in a list');
SELECT is(pg_temp.said(pg_temp.saved('{{items}}')), '22023: body of template "x" (en): "items" is a list, to be written as {{#items}}...{{/items}}', 'a list like a value');
SELECT is(pg_temp.said(pg_temp.saved('a {{fee')), '22023: body of template "x" (en): "{{fee" is not closed by }}', 'braces left open');
SELECT is(pg_temp.said(pg_temp.saved('{{Fee}}')), '22023: body of template "x" (en): "{{Fee}}" is no placeholder', 'what is no name');
SELECT is(pg_temp.said(pg_temp.saved('B', purpose => 'poetry')), '22023: subject of template "x" (en): "poetry" is no purpose of messages', 'an unknown purpose');
SELECT matches(pg_temp.saved('B', purpose => 'poetry'), E'\nThe purposes are direct_debit, dunning, invoice', 'and those that there are');

-- HTML that needs or runs something

SELECT is((SELECT string_agg(html, ' | ') FROM (VALUES
    ('<p>{{fee}}</p>'), ('<img src="data:image/png;base64,AA">'), ('<a href="{{payment_link}}">x</a>'), ('<a href="https://example.com/{{customer_code}}">x</a>'),
    ('<p title="{{fee}}">'), ('<style>p { color: red }</style>{{fee}}'), ('<p style="color:red">{{fee}}</p>')) AS v(html)
    WHERE pg_temp.saved('B', html) <> 'done'), NULL, 'what is safe is saved');
SELECT is((SELECT string_agg(html, ' | ') FROM (VALUES
    ('<script>1</script>'), ('<iframe>'), ('<link rel=stylesheet>'), ('<img src="https://example.com/x.png">'), ('<img src=//x>'), ('<body background="x.png">'),
    ('<p onclick="x()">'), ('<a href="javascript:x()">'), ('<a href="{{customer_name}}">'), ('<p title={{fee}}>'), ('<p {{#fee}}a{{/fee}}>'),
    ('<style>{{fee}}</style>'), ('<p style="color:{{fee}}">'), ('<p style="background:url(http://x)">'), ('<style>@import "x"</style>'), ('<form>'), ('<base href="x">')) AS v(html)
    WHERE pg_temp.saved('B', html) NOT LIKE '22023%'), NULL, 'what is not is refused');

-- Versions

SELECT results_eq($$SELECT version FROM ar.save_message_templates(pg_temp.ledger(), '[
    {"code": "v", "purpose": "notice", "language": "en", "subject": "S", "body": "one"}, {"code": "v", "language": "en", "subject": "S", "body": "two"},
    {"code": "v", "language": "de", "subject": "S", "body": "eins"}, {"code": "v", "language": "en", "channel": "sms", "subject": "S", "body": "short"},
    {"code": "v", "language": "EN", "subject": "S", "body": "two"}]')$$, '{1,2,1,1,2}'::integer[], 'each language and channel has versions; the same again is none');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'v', '{}', 'en')), 'two', 'the last version counts');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'v', '{}', 'en', channel => 'sms')), 'short', 'and that of the channel');
SELECT is((SELECT html FROM ar.render_message(pg_temp.ledger(), 'v', '{}', 'en', channel => 'sms')), NULL, 'a short message has no page');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'v', '{}', 'de', channel => 'sms')), 'eins', 'the language comes before the channel');
SELECT is((SELECT r.body FROM ar.message_template AS t, ar.render_messages(t.ledger_id, jsonb_build_array(jsonb_build_object('template_id', t.template_id))) AS r
           WHERE t.code = 'v' AND t.body = 'one'), 'one', 'an older version can be asked for');
SELECT is(pg_temp.outcome($$UPDATE ar.message_template SET body = 'x' WHERE code = 'v'$$), 'RA003', 'a version is not changed');
SELECT is(pg_temp.outcome($$DELETE FROM ar.message_template WHERE code = 'v'$$), 'RA003', 'nor deleted');
SELECT is(pg_temp.outcome($$TRUNCATE ar.message_template CASCADE$$), 'RA003', 'nor truncated');
SELECT is(pg_temp.said(pg_temp.outcome($$SELECT ar.save_message_template(pg_temp.ledger(), 'v', 'fr', 'S', 'B', purpose => 'receipt')$$, 'all')),
    '23514: letter "v" is for purpose "notice"', 'a letter keeps its purpose');
SELECT is(pg_temp.outcome($$INSERT INTO ar.message_template (ledger_id, code, purpose, language, version, subject, body)
    VALUES (pg_temp.ledger(), 'v', 'notice', 'en', 77, 'S', '{{nobody}}')$$), '22023', 'an INSERT is checked, too');
INSERT INTO ar.message_template (ledger_id, code, purpose, language, version, subject, body) VALUES (pg_temp.ledger(), 'v', 'notice', 'en', 77, 'S', 'three');
SELECT is((SELECT version FROM ar.message_template WHERE body = 'three'), 3, 'and gets the next number');
SELECT is(pg_temp.outcome($$SELECT ar.save_message_template(pg_temp.ledger(), 'v', 'en', E'two\nlines', 'B')$$), '23514', 'a subject is one line');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.save_message_templates(pg_temp.ledger(), '[{"code": "v", "langage": "en"}]')$$), '22023', 'a misspelt key is an error');

-- Languages

SELECT is(ar.language_range(l), r::text[], l || ' falls back') FROM (VALUES ('zh-Hant-TW', '{zh-hant-tw,zh-hant,zh}'), ('de-x-own', '{de-x-own,de}'), ('no tag', '{no tag}')) AS v(l, r);
SELECT is((SELECT string_agg(language, ' ' ORDER BY element) FROM ar.render_messages(pg_temp.ledger(), '[{"code": "v", "language": "de-CH"}, {"code": "v", "language": "en-GB"}, {"code": "v", "language": "it"}, {"code": "v"}]')),
    'de en de de', 'the language without its country; then that of the ledger''s country');
INSERT INTO ar.message_policy (ledger_id, language) VALUES (pg_temp.ledger(), 'fr-fr');
SELECT is((SELECT string_agg(language, ' ' ORDER BY element) FROM ar.render_messages(pg_temp.ledger(), '[{"code": "v", "language": "it"}]')), 'en', 'English is the last');
SELECT is((SELECT changed_by FROM ar.message_policy), session_user::text, 'who changed the policy is stamped');
DELETE FROM ar.message_policy;
SELECT is(pg_temp.said(pg_temp.outcome($$SELECT * FROM ar.render_message(pg_temp.ledger(), 'nothing')$$, 'all')), format('23503: there is no template "nothing" in ledger %s', pg_temp.ledger()), 'no such letter');
SELECT ar.save_message_template(pg_temp.ledger(), 'only_sms', 'en', 'S', 'B', purpose => 'notice', channel => 'sms');
SELECT is(pg_temp.outcome($$SELECT * FROM ar.render_message(pg_temp.ledger(), 'only_sms', channel => 'email')$$), '23503', 'nor one for the channel');

-- Values

SELECT is(pg_temp.filled('{{total_due}} {{pay_by}} {{level}}', '{"total_due": "EUR 1234.50", "pay_by": "2026-04-01", "level": 1000}'), E'EUR\u00A01,234.50 1 Apr 2026 1,000', 'amounts, dates and numbers in English');
SELECT is(pg_temp.filled('{{total_due}}', '{"total_due": "EUR 1234.50"}', 'en-US'), E'EUR\u00A01,234.50', 'the country''s way');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'fill_dunning', '{"total_due": "JPY 5000"}', 'de')), E'JPY\u00A05,000', 'an English letter has English amounts, whoever reads it');
SELECT is((SELECT string_agg(ar.format_money('EUR 1234567.80', ar.labels(pg_temp.ledger(), l)), ' ' ORDER BY l) FROM unnest('{de,de-ch,en,es,fr}'::text[]) AS l),
    E'1.234.567,80\u00A0EUR EUR\u00A01’234’567.80 EUR\u00A01,234,567.80 1.234.567,80\u00A0EUR 1\u202F234\u202F567,80\u00A0EUR', 'amounts in each language');
SELECT is(pg_temp.filled('[{{fee}}]', '{"fee": null}'), '[]', 'null is nothing');
SELECT is(pg_temp.said(pg_temp.outcome($$SELECT pg_temp.filled('[{{fee}}]', '{}')$$, 'all')), '22023: there is no value for placeholder "fee"', 'a value that is missing is an error');
SELECT matches(pg_temp.outcome($$SELECT pg_temp.filled('{{#items}}{{number}}{{/items}}', '{"items": [{"number": 1}, {}]}')$$, 'all'), 'It is missing in row 2 of "items"', 'in the row of a list');
SELECT is(pg_temp.outcome($$SELECT pg_temp.filled('{{fee}}', '{"fee": "12"}')$$), '22P02', 'an amount has a currency');
SELECT is(pg_temp.outcome($$SELECT pg_temp.filled('{{pay_by}}', '{"pay_by": "soon"}')$$), '22007', 'a date is a date');
SELECT is(pg_temp.outcome($$SELECT pg_temp.filled('{{#items}}{{/items}}', '{"items": {}}')$$), '22023', 'a list is an array');
SELECT is(pg_temp.filled('{{#fee}}fee {{fee}}{{/fee}}{{^fee}}free{{/fee}}', '{"fee": "EUR 5.00"}'), E'fee EUR\u00A05.00', 'a section with a value');
SELECT is((SELECT string_agg((SELECT body FROM ar.render_message(pg_temp.ledger(), 'fill_dunning', f::jsonb)), ' ') FROM unnest(ARRAY['{"fee": "EUR 0.00"}', '{"fee": null}', '{}']) AS f),
    'free free free', 'and without: zero, null, missing');
SELECT is(pg_temp.filled(E'{{#items}}\n{{number}}{{#purchase_order}} ({{purchase_order}}){{/purchase_order}} {{customer_code}};\n{{/items}}\nend {{?items}}some{{/items}}{{^items}}none{{/items}}',
    '{"customer_code": "C", "items": [{"number": "1", "purchase_order": "PO"}, {"number": "2", "purchase_order": null}]}'),
    E'1 (PO) C;\n2 C;\nend some', 'rows, with a section in each; the line of a tag is none');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'fill_dunning', '{"items": []}')), 'end none', 'no rows');
SELECT is(pg_temp.filled('{{level:4}}|{{customer_code:-4}}|{{customer_name:2}}', '{"level": 7, "customer_code": "C", "customer_name": "long"}'), '   7|C   |long', 'widths, which never cut');
SELECT is(pg_temp.filled('{{title}} {{message}}', '{"title": "{{message}}", "message": "{{title}} {{#x}}"}', purpose => 'notice'), '{{message}} {{title}} {{#x}}', 'what is filled in is no template');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'fill_notice', '{"title": "\\1 & $1", "message": "100%"}')), '\1 & $1 100%', 'nor anything else');

-- HTML of values

SELECT ar.save_message_template(pg_temp.ledger(), 'h', 'en', '{{title}}', '{{message}}', '<p title="{{title}}">{{message}}</p><a href="{{payment_link}}">pay</a>', 'notice');
CREATE FUNCTION pg_temp.html(fields jsonb) RETURNS text LANGUAGE sql AS $$ SELECT html FROM ar.render_message(pg_temp.ledger(), 'h', '{"payment_link": null, "message": "", "title": ""}' || fields) $$;
SELECT matches(pg_temp.html('{"message": "<script>alert(1)</script>"}'), '<p title="">&lt;script&gt;alert\(1\)&lt;/script&gt;</p>', 'a value is no tag');
SELECT matches(pg_temp.html('{"title": "\" onclick=\"x"}'), 'title="&quot; onclick=&quot;x"', 'nor breaks out of an attribute');
SELECT matches(pg_temp.html('{"payment_link": "https://example.com/?a=1&b=2"}'), 'href="https://example.com/\?a=1&amp;b=2"', 'a link');
SELECT matches(pg_temp.html('{"payment_link": "javascript:alert(1)"}'), 'href=""', 'but no script');
SELECT matches(pg_temp.html('{"message": "one\ntwo"}'), 'one<br>two', 'lines stay lines');
SELECT is((SELECT body FROM ar.render_message(pg_temp.ledger(), 'h', '{"payment_link": null, "message": "a & <b>", "title": ""}')), 'a & <b>', 'text is not escaped');
SELECT is((SELECT subject FROM ar.render_message(pg_temp.ledger(), 'h', '{"payment_link": null, "message": "x", "title": "a\r\nBcc: b@example.com"}')), 'a Bcc: b@example.com', 'a subject stays one line');
SELECT ok(page ~ '^<!DOCTYPE html>\n<html lang="en">' AND page !~* '(<script|<link|src=|url\(|@import)' AND page ~ 'Nordlicht &amp; Söhne GmbH, Kai 1, 20457 Hamburg, DE',
    'a whole page, that needs nothing else, from the ledger') FROM pg_temp.html('{"title": "T"}') AS page;
SELECT ar.save_message_template(pg_temp.ledger(), 'w', 'en', 'S', 'x', '<!DOCTYPE html><html><body>{{message}}</body></html>', 'notice');
SELECT is((SELECT html FROM ar.render_message(pg_temp.ledger(), 'w', '{"message": 1}')), '<!DOCTYPE html><html><body>1</body></html>', 'a template may be the whole page');
SELECT ar.save_message_template(pg_temp.ledger(), 't', 'en', 'S', 'a < {{message}}', purpose => 'notice');
SELECT matches((SELECT html FROM ar.render_message(pg_temp.ledger(), 't', '{"message": "&"}')), '<div style="white-space:pre-wrap">a &lt; &amp;</div>', 'or have none: then the text is shown');

-- The letters that come along

SELECT is(ar.create_message_templates(pg_temp.ledger()), 24::bigint, 'six letters in four languages');
SELECT is(ar.create_message_templates(pg_temp.ledger()), 0::bigint, 'which are made once');
SELECT is((SELECT string_agg(DISTINCT code, ' ' ORDER BY code) FROM ar.default_message_templates()), 'dunning_1 dunning_2 dunning_3 receipt reminder statement', 'these');
SELECT is((SELECT string_agg(r.subject || coalesce(l.seen, ''), ' | ' ORDER BY r.element) FROM ar.render_messages(pg_temp.ledger(), (
    SELECT jsonb_agg(jsonb_build_object('code', 'dunning_2', 'customer_id', pg_temp.customer('C1'), 'language', language, 'fields', '{"today": "2026-03-20", "total_open": "EUR 1234.50",
        "fee": "EUR 5.00", "interest": "EUR 0.00", "total_due": "EUR 1239.50", "pay_by": "2026-04-01", "items": [{"number": "INV-1", "due_on": "2026-02-01", "days_past_due": 47, "open": "EUR 1234.50"}]}'::jsonb))
    FROM unnest('{en,fr,es,de-at}'::text[]) AS language)) AS r, LATERAL (SELECT ' ' || (r.body ~ 'INV-1 +[^ ]+.*47.*1.234.50')::text AS seen) AS l),
    E'Second reminder: EUR\u00A01,239.50 overdue true | Deuxième relance : 1\u202F239,50\u00A0EUR en retard true | Segundo aviso: 1.239,50\u00A0EUR vencidos true | 2. Mahnung: 1.239,50\u00A0EUR überfällig true',
    'a letter in each language');
-- Every letter in every language, all of its values given, and what it says of them.
SELECT is((SELECT count(*) FROM ar.default_message_templates() AS d CROSS JOIN LATERAL ar.render_message(pg_temp.ledger(), d.code, (
        SELECT jsonb_object_agg(p.placeholder, CASE p.type WHEN 'amount' THEN to_jsonb('EUR 7.00'::text) WHEN 'date' THEN '"2026-01-02"' WHEN 'number' THEN '3' WHEN 'list' THEN (
            SELECT jsonb_build_array(jsonb_object_agg(f.placeholder, CASE f.type WHEN 'amount' THEN '"EUR 8.00"' WHEN 'date' THEN '"2026-01-03"' WHEN 'number' THEN '4' ELSE to_jsonb('t' || f.placeholder) END))
            FROM ar.message_placeholders(d.purpose) AS f WHERE f.list = p.placeholder) ELSE to_jsonb('https://' || p.placeholder) END)
        FROM ar.message_placeholders(d.purpose) AS p WHERE p.list IS NULL), d.language) AS r
    WHERE r.body !~ '[{}\[\]]' AND r.html !~ '[{}\[\]]' AND r.body ~ 'tnumber' AND r.html ~ '<td[^>]*>tnumber</td>' AND r.html ~ '</table>'), 24::bigint, 'all can be filled in, as text and as HTML, nothing left over');
SELECT matches((SELECT body FROM ar.render_message(pg_temp.ledger(), 'statement', '{"from_on": "2026-01-01", "to_on": "2026-01-31", "opening": "EUR 0.00", "closing": "EUR 0.00", "items": []}', 'en', pg_temp.customer('C2'))),
    'There were no movements in this period\.\n\nOpening balance +EUR\u00A00\.00\nClosing balance +EUR\u00A00\.00\n\nPlease let us know', 'an empty statement, without the buckets of which there is nothing, and nothing to pay');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
