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
