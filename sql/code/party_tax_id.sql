-- party: tax ids and their check digits.
-- Sources: the check digit rules that the tax administrations publish, for the European Union those that VIES
-- refers to. Each scheme is tested with a number that its holder publishes.

CREATE FUNCTION ar.tax_id_schemes() RETURNS TABLE (scheme text, prefix text, form text, example text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE ROWS 40
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
    ('VAT', 'AT', 'ATU and 8 digits', 'ATU33864707'),
    ('VAT', 'BE', 'BE and 10 digits, the first 0 or 1', 'BE0203201340'),
    ('VAT', 'BG', 'BG and 9 or 10 digits', 'BG121759222'),
    ('VAT', 'CH', 'CHE and 9 digits, perhaps MWST, TVA or IVA', 'CHE116281710MWST'),
    ('VAT', 'CY', 'CY, 8 digits and a letter', 'CY10259033P'),
    ('VAT', 'CZ', 'CZ and 8 to 10 digits', 'CZ45274649'),
    ('VAT', 'DE', 'DE and 9 digits', 'DE136695976'),
    ('VAT', 'DK', 'DK and 8 digits', 'DK22756214'),
    ('VAT', 'EE', 'EE and 9 digits', 'EE100931558'),
    ('VAT', 'EL', 'EL and 9 digits', 'EL094019245'),
    ('VAT', 'ES', 'ES and 9 letters and digits', 'ESA28015865'),
    ('VAT', 'FI', 'FI and 8 digits', 'FI01120389'),
    ('VAT', 'FR', 'FR, 2 letters or digits and 9 digits', 'FR40303265045'),
    ('VAT', 'GB', 'GB and 9 or 12 digits, or GD or HA and 3', 'GB980780684'),
    ('VAT', 'HR', 'HR and 11 digits', 'HR33392005961'),
    ('VAT', 'HU', 'HU and 8 digits', 'HU12892312'),
    ('VAT', 'IE', 'IE, 7 digits and 1 or 2 letters, or as given before 2013', 'IE6388047V'),
    ('VAT', 'IT', 'IT and 11 digits', 'IT00743110157'),
    ('VAT', 'LT', 'LT and 9 or 12 digits', 'LT119511515'),
    ('VAT', 'LU', 'LU and 8 digits', 'LU15027442'),
    ('VAT', 'LV', 'LV and 11 digits', 'LV40003521600'),
    ('VAT', 'MT', 'MT and 8 digits', 'MT11679112'),
    ('VAT', 'NL', 'NL, 9 digits, B and 2 digits', 'NL004495445B01'),
    ('VAT', 'NO', 'NO, 9 digits and MVA', 'NO923609016MVA'),
    ('VAT', 'PL', 'PL and 10 digits', 'PL8567346215'),
    ('VAT', 'PT', 'PT and 9 digits', 'PT501964843'),
    ('VAT', 'RO', 'RO and 2 to 10 digits', 'RO18547290'),
    ('VAT', 'SE', 'SE, 10 digits and 01 to 94', 'SE556012579001'),
    ('VAT', 'SI', 'SI and 8 digits', 'SI50223054'),
    ('VAT', 'SK', 'SK and 10 digits', 'SK2022749619'),
    ('VAT', 'XI', 'XI and 9 or 12 digits', 'XI980780684'),
    ('AU-ABN', '', '11 digits', '51824753556'),
    ('CH-UID', '', 'CHE and 9 digits', 'CHE116281710'),
    ('IN-GSTIN', '', '15 letters and digits', '27AAPFU0939F1ZV'),
    ('NO-ORG', '', '9 digits', '923609016'),
    ('US-EIN', '', '9 digits', '042103594')
$$;
COMMENT ON FUNCTION ar.tax_id_schemes() IS
'The schemes of tax ids whose form and check digits are known (of US-EIN there is only a form): scheme, as in tax_id_scheme; prefix, which of the countries of VAT; form; an example without spaces.';

CREATE FUNCTION ar.weighted_sum(digits text, VARIADIC weights integer[]) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sum(d.digit::integer * d.weight)::integer
    FROM unnest(string_to_array(digits, NULL), weights) AS d(digit, weight)
    WHERE d.weight IS NOT NULL
$$;
COMMENT ON FUNCTION ar.weighted_sum(text, integer[]) IS
'The sum of the digits of a text, each times its weight; digits beyond the weights do not count. For check digits.';

CREATE FUNCTION ar.luhn(id text, base integer DEFAULT 10) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- From the right: every second one is doubled, and the digits of the result are added.
    SELECT (sum(CASE WHEN c.place % 2 = 1 THEN c.value
                     ELSE c.value * 2 / luhn.base + c.value * 2 % luhn.base END) % luhn.base)::integer
    FROM (SELECT position(r.letter IN '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ') - 1 AS value, r.place
          FROM unnest(string_to_array(reverse(luhn.id), NULL)) WITH ORDINALITY AS r(letter, place)) AS c
$$;
COMMENT ON FUNCTION ar.luhn(text, integer) IS
'The Luhn sum of a number by its base, 10 or with letters 36: 0 where the last digit, the check digit, holds. Source: ISO/IEC 7812-1, annex B.';

CREATE FUNCTION ar.mod11_10(digits text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    product integer := 10;
    digit text;
BEGIN
    FOREACH digit IN ARRAY string_to_array(left(mod11_10.digits, -1), NULL) LOOP
        product := (product + digit::integer) % 10;
        product := CASE product WHEN 0 THEN 20 ELSE 2 * product END % 11;
    END LOOP;
    RETURN (product + right(mod11_10.digits, 1)::integer) % 10 = 1;
END
$$;
COMMENT ON FUNCTION ar.mod11_10(text) IS
'Whether the last of the digits is the check digit of those before. Source: ISO 7064, hybrid system MOD 11,10.';

CREATE FUNCTION ar.is_valid_vat(prefix text, number text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    n text := is_valid_vat.number;
    w integer;      -- a weighted sum
    last integer := CASE WHEN right(is_valid_vat.number, 1) ~ '[0-9]' THEN right(is_valid_vat.number, 1)::integer END;
BEGIN
    CASE is_valid_vat.prefix
    WHEN 'AT' THEN
        RETURN n ~ '^U[0-9]{8}$' AND (ar.luhn(substr(n, 2, 7)) + 4 + last) % 10 = 0;
    WHEN 'BE' THEN
        RETURN n ~ '^[01][0-9]{9}$' AND 97 - left(n, 8)::integer % 97 = right(n, 2)::integer;
    WHEN 'BG' THEN
        IF n ~ '^[0-9]{9}$' THEN
            w := ar.weighted_sum(n, 1, 2, 3, 4, 5, 6, 7, 8) % 11;
            IF w = 10 THEN
                w := ar.weighted_sum(n, 3, 4, 5, 6, 7, 8, 9, 10) % 11 % 10;
            END IF;
            RETURN w = last;
        END IF;
        -- A Bulgarian, a foreigner, or another.
        RETURN n ~ '^[0-9]{10}$'
           AND (ar.weighted_sum(n, 2, 4, 8, 5, 10, 9, 7, 3, 6) % 11 % 10 = last
                OR ar.weighted_sum(n, 21, 19, 17, 13, 11, 9, 7, 3, 1) % 10 = last
                OR (11 - ar.weighted_sum(n, 4, 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11 = last);
    WHEN 'CH' THEN
        RETURN n ~ '^E[0-9]{9}(MWST|TVA|IVA)?$'
           AND (11 - ar.weighted_sum(substr(n, 2, 8), 5, 4, 3, 2, 7, 6, 5, 4) % 11) % 11 = substr(n, 10, 1)::integer;
    WHEN 'CY' THEN
        -- Odd places go through a table.
        RETURN n ~ '^[0-9]{8}[A-Z]$' AND left(n, 2) <> '12'
           AND (SELECT sum(CASE WHEN d.place % 2 = 1 THEN ('{1,0,5,7,9,13,15,17,19,21}'::integer[])[d.digit::integer + 1]
                                ELSE d.digit::integer END) % 26 = ascii(right(n, 1)) - 65
                FROM unnest(string_to_array(left(n, 8), NULL)) WITH ORDINALITY AS d(digit, place));
    WHEN 'CZ' THEN
        IF n ~ '^[0-8][0-9]{7}$' THEN
            w := (11 - ar.weighted_sum(n, 8, 7, 6, 5, 4, 3, 2) % 11) % 11;
            RETURN CASE w WHEN 0 THEN 1 WHEN 10 THEN 0 ELSE w END = last;
        ELSIF n ~ '^6[0-9]{8}$' THEN
            RETURN (18 - (10 - ar.weighted_sum(substr(n, 2), 8, 7, 6, 5, 4, 3, 2) % 11) % 11) % 10 = last;
        END IF;
        RETURN ar.is_birth_number(n);
    WHEN 'DE' THEN
        RETURN n ~ '^[1-9][0-9]{8}$' AND ar.mod11_10(n);
    WHEN 'DK' THEN
        RETURN n ~ '^[1-9][0-9]{7}$' AND ar.weighted_sum(n, 2, 7, 6, 5, 4, 3, 2, 1) % 11 = 0;
    WHEN 'EE' THEN
        RETURN n ~ '^[0-9]{9}$' AND ar.weighted_sum(n, 3, 7, 1, 3, 7, 1, 3, 7, 1) % 10 = 0;
    WHEN 'EL', 'GR' THEN
        RETURN n ~ '^[0-9]{9}$' AND n <> '000000000'
           AND ar.weighted_sum(n, 256, 128, 64, 32, 16, 8, 4, 2) % 11 % 10 = last;
    WHEN 'ES' THEN
        IF n ~ '^[0-9XYZKLM][0-9]{7}[A-Z]$' THEN
            -- Persons: the number by 23, where X, Y, Z are 0, 1, 2, and K, L, M do not count.
            RETURN substr('TRWAGMYFPDXBNJZSQVHLCKE',
                          (CASE WHEN n ~ '^[KLM]' THEN substr(n, 2, 7) ELSE translate(left(n, 1), 'XYZ', '012')
                           || substr(n, 2, 7) END)::integer % 23 + 1, 1) = right(n, 1);
        END IF;
        -- Companies: the check digit, or the letter that stands for it.
        RETURN n ~ '^[ABCDEFGHJNPQRSUVW][0-9]{7}[0-9A-J]$'
           AND ar.luhn(substr(n, 2, 7) || translate(right(n, 1), 'JABCDEFGHI', '0123456789')) = 0;
    WHEN 'FI' THEN
        RETURN n ~ '^[0-9]{8}$' AND ar.weighted_sum(n, 7, 9, 10, 5, 8, 4, 2, 1) % 11 = 0;
    WHEN 'FR' THEN
        -- A SIREN, but for Monaco, behind a key of digits, or of letters without I and O.
        IF n !~ '^[0-9A-HJ-NP-Z]{2}[0-9]{9}$' OR (substr(n, 3, 3) <> '000' AND ar.luhn(substr(n, 3)) <> 0) THEN
            RETURN false;
        ELSIF n ~ '^[0-9]{2}' THEN
            RETURN (substr(n, 3) || '12')::bigint % 97 = left(n, 2)::integer;
        END IF;
        w := position(left(n, 1) IN '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ') - 1;
        w := w * CASE WHEN n ~ '^[0-9]' THEN 24 ELSE 34 END
             + position(substr(n, 2, 1) IN '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ') - 1
             - CASE WHEN n ~ '^[0-9]' THEN 10 ELSE 100 END;
        RETURN (substr(n, 3)::bigint + 1 + w / 11) % 11 = w % 11;
    WHEN 'GB', 'XI' THEN
        IF n ~ '^(GD|HA)[0-9]{3}$' THEN
            RETURN (substr(n, 3)::integer < 500) = (left(n, 2) = 'GD');
        END IF;
        -- Three ways to reckon the check digits, the newer two for numbers from 100 0000.
        w := CASE WHEN n ~ '^[0-9]{9}([0-9]{3})?$' THEN ar.weighted_sum(n, 8, 7, 6, 5, 4, 3, 2, 10, 1) % 97 END;
        RETURN coalesce(left(n, 7) <> '0000000' AND (w = 0 OR left(n, 3) >= '100' AND w IN (42, 55)), false);
    WHEN 'HR' THEN
        RETURN n ~ '^[0-9]{11}$' AND ar.mod11_10(n);
    WHEN 'HU' THEN
        RETURN n ~ '^[0-9]{8}$' AND ar.weighted_sum(n, 9, 7, 3, 1, 9, 7, 3, 1) % 10 = 0;
    WHEN 'IE' THEN
        IF n ~ '^[0-9][A-Z+*][0-9]{5}[A-W]$' THEN
            -- As given before 2013, the second place not a digit.
            n := '0' || substr(n, 3, 5) || left(n, 1) || right(n, 1);
        END IF;
        RETURN n ~ '^[0-9]{7}[A-W][A-IW]?$'
           AND (ar.weighted_sum(left(n, 7), 8, 7, 6, 5, 4, 3, 2)
                + CASE WHEN length(n) = 9 THEN 9 * (position(right(n, 1) IN 'WABCDEFGHI') - 1) ELSE 0 END) % 23
               = position(substr(n, 8, 1) IN 'WABCDEFGHIJKLMNOPQRSTUV') - 1;
    WHEN 'IT' THEN
        -- Seven digits of the firm, three of the province.
        RETURN n ~ '^[0-9]{7}(0[0-9]{2}|100|12[01]|888|999)[0-9]$' AND n !~ '^(0000000|[0-9]{7}000)'
           AND ar.luhn(n) = 0;
    WHEN 'LT' THEN
        IF n !~ '^([0-9]{7}1[0-9]|[0-9]{10}1[0-9])$' THEN
            RETURN false;
        END IF;
        w := ar.weighted_sum(left(n, -1), 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2) % 11;
        IF w = 10 THEN
            w := ar.weighted_sum(left(n, -1), 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4) % 11 % 10;
        END IF;
        RETURN w = last;
    WHEN 'LU' THEN
        RETURN n ~ '^[0-9]{8}$' AND left(n, 6)::integer % 89 = right(n, 2)::integer;
    WHEN 'LV' THEN
        IF n ~ '^[4-9][0-9]{10}$' THEN
            RETURN ar.weighted_sum(n, 9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1) % 11 = 3;
        END IF;
        -- Persons; those who were born or numbered since 2017 have no check digit.
        RETURN n ~ '^32[0-9]{9}$'
            OR n ~ '^[0-3][0-9]{10}$' AND (1 + ar.weighted_sum(n, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9)) % 11 % 10 = last;
    WHEN 'MT' THEN
        RETURN n ~ '^[1-9][0-9]{7}$' AND ar.weighted_sum(n, 3, 4, 6, 7, 8, 9, 10, 1) % 37 = 0;
    WHEN 'NL' THEN
        -- Companies by 11; since 2020 sole traders by 97.
        RETURN n ~ '^[0-9]{9}B[0-9]{2}$' AND n !~ '^0{9}' AND n !~ '00$'
           AND (ar.weighted_sum(n, 9, 8, 7, 6, 5, 4, 3, 2, -1) % 11 = 0 OR ar.mod97('NL' || n) = 1);
    WHEN 'NO' THEN
        RETURN n ~ '^[0-9]{9}MVA$'
           AND (11 - ar.weighted_sum(left(n, 8), 3, 2, 7, 6, 5, 4, 3, 2) % 11) % 11 = substr(n, 9, 1)::integer;
    WHEN 'PL' THEN
        RETURN n ~ '^[0-9]{10}$' AND n <> '0000000000' AND ar.weighted_sum(n, 6, 5, 7, 2, 3, 4, 5, 6, 7) % 11 = last;
    WHEN 'PT' THEN
        RETURN n ~ '^[1-9][0-9]{8}$' AND (11 - ar.weighted_sum(n, 9, 8, 7, 6, 5, 4, 3, 2) % 11) % 11 % 10 = last;
    WHEN 'RO' THEN
        IF n ~ '^[1-9][0-9]{12}$' THEN
            RETURN ar.weighted_sum(n, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11 = last
                OR last = 1 AND ar.weighted_sum(n, 2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9) % 11 = 10;
        END IF;
        RETURN n ~ '^[1-9][0-9]{1,9}$'
           AND ar.weighted_sum(lpad(left(n, -1), 9, '0'), 7, 5, 3, 2, 1, 7, 5, 3, 2) * 10 % 11 % 10 = last;
    WHEN 'SE' THEN
        RETURN n ~ '^[0-9]{12}$' AND right(n, 2) BETWEEN '01' AND '94' AND ar.luhn(left(n, 10)) = 0;
    WHEN 'SI' THEN
        w := CASE WHEN n ~ '^[1-9][0-9]{7}$' THEN 11 - ar.weighted_sum(n, 8, 7, 6, 5, 4, 3, 2) % 11 END;
        RETURN coalesce(CASE w WHEN 10 THEN 0 ELSE w END = last, false);
    WHEN 'SK' THEN
        RETURN n ~ '^[1-9][0-9][2-47-9][0-9]{7}$' AND n::bigint % 11 = 0
            OR length(n) = 10 AND ar.is_birth_number(n);
    ELSE
        -- A country whose rule is not known here.
        RETURN ar.is_country(is_valid_vat.prefix) AND n ~ '^[0-9A-Z+*]{2,20}$';
    END CASE;
END
$$;
COMMENT ON FUNCTION ar.is_valid_vat(text, text) IS
'Whether a VAT number, without the prefix of its country, has the form and the check digits of that country. Of countries that are not in ar.tax_id_schemes() the form alone is looked at.
Arguments: prefix, as DE, and EL or GR for Greece; number, in capitals without spaces.';

CREATE FUNCTION ar.is_birth_number(number text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    n text := is_birth_number.number;
    year integer;
    month integer;
    day integer;
BEGIN
    IF n !~ '^[0-9]{9,10}$' THEN
        RETURN false;
    END IF;
    year := 1900 + left(n, 2)::integer;
    -- Women have 50 more; where a day ran out of numbers 20 more.
    month := substr(n, 3, 2)::integer % 50 % 20;
    day := substr(n, 5, 2)::integer;
    IF length(n) = 9 THEN
        IF year >= 1980 THEN
            year := year - 100;
        END IF;
        IF year > 1953 THEN
            RETURN false;
        END IF;
    ELSIF year < 1954 THEN
        year := year + 100;
    END IF;
    RETURN month BETWEEN 1 AND 12
       AND day BETWEEN 1 AND extract(day FROM make_date(year, month, 1) + interval '1 month - 1 day')
       AND (length(n) = 9 OR left(n, 9)::bigint % 11 % 10 = right(n, 1)::integer);
END
$$;
COMMENT ON FUNCTION ar.is_birth_number(text) IS
'Whether a text is a Czech or Slovak birth number, which tax ids of persons are made from: a date, and since 1954 a check digit.';

CREATE FUNCTION ar.is_valid_tax_id(tax_id text, scheme text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    id text := ar.compact_id(is_valid_tax_id.tax_id);
BEGIN
    RETURN CASE is_valid_tax_id.scheme
        WHEN 'VAT' THEN id ~ '^[A-Z]{2}.' AND ar.is_valid_vat(left(id, 2), substr(id, 3))
        WHEN 'CH-UID' THEN id ~ '^CHE' AND ar.is_valid_vat('CH', substr(id, 3))
        WHEN 'NO-ORG' THEN id ~ '^[0-9]{9}$' AND ar.is_valid_vat('NO', id || 'MVA')
        WHEN 'US-EIN' THEN id ~ '^[0-9]{9}$'
            -- Prefixes that are given to nobody.
            AND left(id, 2) NOT IN ('00', '07', '08', '09', '17', '18', '19', '28', '29', '49', '69', '70', '78', '79',
                                    '89', '96', '97')
        WHEN 'AU-ABN' THEN id ~ '^[1-9][0-9]{10}$'
            AND (ar.weighted_sum(id, 10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19) - 10) % 89 = 0
        WHEN 'IN-GSTIN' THEN id ~ '^(0[1-9]|[12][0-9]|3[0-8]|9[679])'
            AND id ~ ('^([0-9]{2}[A-Z]{4}[0-9A-Z][0-9]{4}[A-Z][1-9A-Z][1-9A-Z]'
                      || '|[0-9]{4}[A-Z]{3}[0-9]{5}[NOU][NRS])[0-9A-Z]$')
            AND ar.luhn(id, 36) = 0
        ELSE id <> ''
        END;
END
$$;
COMMENT ON FUNCTION ar.is_valid_tax_id(text, text) IS
'Whether a tax id has the form and the check digits of its scheme, written with or without spaces, dots and dashes. NULL for NULL.
Arguments: tax_id; scheme, one of ar.tax_id_schemes(). Of another scheme, or none, any text with a letter or digit will do.';

CREATE FUNCTION ar.is_tax_id_scheme(scheme text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT scheme IN ('VAT', 'CH-UID', 'NO-ORG', 'US-EIN', 'AU-ABN', 'IN-GSTIN') $$;
COMMENT ON FUNCTION ar.is_tax_id_scheme(text) IS 'Whether the rules of a scheme of tax ids are known: those of ar.tax_id_schemes().';

CREATE FUNCTION ar.tg_guard_tax_id() RETURNS trigger
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, ar, pg_temp
AS $$
DECLARE
    form text;
BEGIN
    IF NOT ar.is_valid_tax_id(NEW.tax_id, NEW.tax_id_scheme) THEN
        SELECT string_agg(s.form, '; ') INTO form
        FROM ar.tax_id_schemes() AS s
        WHERE s.scheme = NEW.tax_id_scheme AND (s.prefix = '' OR s.prefix = left(ar.compact_id(NEW.tax_id), 2));
        RAISE check_violation USING
            MESSAGE = format('tax id "%s" is not valid by scheme "%s"', NEW.tax_id, NEW.tax_id_scheme),
            DETAIL = CASE WHEN form IS NULL THEN 'A VAT number begins with the two letters of its country.'
                          ELSE format('The form is: %s; the check digits must hold.', form) END,
            HINT = 'Correct it; leave tax_id_scheme NULL for an id of another kind; or enter the customer as a prospect.',
            SCHEMA = 'ar', TABLE = TG_TABLE_NAME, COLUMN = 'tax_id', CONSTRAINT = TG_TABLE_NAME || '_tax_id_check';
    ELSIF ar.is_tax_id_scheme(NEW.tax_id_scheme) AND NEW.tax_id <> ar.compact_id(NEW.tax_id) THEN
        RAISE check_violation USING
            MESSAGE = format('tax id "%s" has spaces or separators', NEW.tax_id),
            HINT = format('Store %s; ar.compact_id() takes them out.', ar.compact_id(NEW.tax_id)),
            SCHEMA = 'ar', TABLE = TG_TABLE_NAME, COLUMN = 'tax_id', CONSTRAINT = TG_TABLE_NAME || '_tax_id_check';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ar.tg_guard_tax_id() IS
'Trigger: a tax id of a known scheme is valid, and stands there without spaces.
Errors: 23514 it is not.';
REVOKE ALL ON FUNCTION ar.tg_guard_tax_id() FROM PUBLIC;
