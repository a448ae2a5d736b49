-- message: what pages for people are made of.

CREATE FUNCTION ar.html(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT replace(replace(replace(replace(replace(
               regexp_replace(content, '[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f]', '', 'g'),
               '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;')
$$;
COMMENT ON FUNCTION ar.html(text) IS
'A text as HTML shows it, in an element or a quoted attribute: what has a meaning in HTML is escaped, control characters are left out.';

CREATE FUNCTION ar.css_string(content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '"' || coalesce(string_agg(CASE WHEN c.letter ~ '^[A-Za-z0-9 ]$' THEN c.letter
                                           ELSE '\' || to_hex(ascii(c.letter)) || ' ' END, '' ORDER BY c.place), '') || '"'
    FROM regexp_split_to_table(content, '') WITH ORDINALITY AS c(letter, place)
$$;
COMMENT ON FUNCTION ar.css_string(text) IS
'A text as a string of CSS that no text can break out of, not even out of the style element.';

CREATE FUNCTION ar.html_row(label text, content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$ SELECT format('<tr><th scope="row">%s</th><td>%s</td></tr>', ar.html(label), ar.html(content)) $$;
COMMENT ON FUNCTION ar.html_row(text, text) IS
'A row of a table in HTML: what it is, and the value; NULL if there is no value. Both are escaped.';

CREATE FUNCTION ar.html_address(name text, street text, additional_street text, postal_code text, city text, region text, country text, home text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
    SELECT concat_ws('<br>', ar.html(name), ar.html(additional_street), ar.html(street),
                     -- Where the postal code follows the city.
                     CASE WHEN country IN ('AU', 'CA', 'GB', 'IE', 'IN', 'NZ', 'US') THEN
                         ar.html(concat_ws(' ', nullif(concat_ws(', ', city, region), ''), postal_code))
                     ELSE ar.html(nullif(concat_ws(' ', postal_code, city,
                              CASE WHEN region IS NOT NULL THEN '(' || region || ')' END), '')) END,
                     CASE WHEN country <> home OR home IS NULL THEN ar.html(country) END)
$$;
COMMENT ON FUNCTION ar.html_address(text, text, text, text, text, text, text, text) IS
'An address as lines of HTML, in the order of its country. Arguments: name, street, additional_street, postal_code, city, region, country; home, the country whose name goes without saying. NULL leaves a line out.';

CREATE FUNCTION ar.message_page(language text, subject text, content text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Mail programs drop style sheets and know little of layout: tables, and styles in place.
    SELECT '<!DOCTYPE html>
<html lang="' || language || '">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>' || subject || '</title>
</head>
<body style="margin:0;padding:0;background:#e6eaee;color:#18212b;font:15px/1.5 Helvetica,Arial,''Liberation Sans'',sans-serif">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="border-collapse:collapse"><tr><td align="center" style="padding:16px 8px">
<table role="presentation" width="100%" cellspacing="0" cellpadding="0" style="max-width:680px;border-collapse:collapse;background:#ffffff;text-align:left">
<tr><td style="padding:24px 28px 14px;border-bottom:2px solid #14507f;color:#14507f;font-size:21px;font-weight:bold">{{company_name}}</td></tr>
<tr><td style="padding:22px 28px">
' || content || '
</td></tr>
<tr><td style="padding:14px 28px 20px;border-top:1px solid #d5dbe1;color:#5b6672;font-size:12px">{{company_name}}{{#company_address}}, {{company_address}}{{/company_address}}<br>
{{#company_email}}{{company_email}} {{/company_email}}{{#company_phone}}{{company_phone}} {{/company_phone}}{{#company_tax_id}}{{company_tax_id}} {{/company_tax_id}}{{#company_iban}}IBAN {{company_iban}} {{/company_iban}}{{#company_bic}}BIC {{company_bic}}{{/company_bic}}</td></tr>
</table>
</td></tr></table>
</body>
</html>
' $$;
COMMENT ON FUNCTION ar.message_page(text, text, text) IS
'The page round the HTML of a message: a template with the ledger''s header and footer, that needs nothing from elsewhere. Arguments: language, a tag; subject, a template in HTML; content, a template in HTML.';
