-- party: identifiers that carry their own check: countries, languages, bank accounts, legal entities.

CREATE FUNCTION ar.compact_id(id text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT upper(regexp_replace(id, '[^[:alnum:]+*&]', '', 'g')) $$;
COMMENT ON FUNCTION ar.compact_id(text) IS
'An identifier without the spaces, dots, dashes and slashes that people write into it, in capitals: DE 136 695 976 is DE136695976.';

CREATE FUNCTION ar.is_country(code text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT code ~ '^[A-Z]{2}$' AND position(code IN '
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
        BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH
        ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT
        HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS
        LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI
        NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG
        SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG
        UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW') > 0
$$;
COMMENT ON FUNCTION ar.is_country(text) IS
'Whether a text is the code of a country, ISO 3166-1 alpha-2 in capitals, or XK for Kosovo.';

CREATE FUNCTION ar.is_language(tag text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT tag ~* ('^(([a-z]{2,3}(-[a-z]{3}){0,3}|[a-z]{4,8})(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?'
                || '(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(-[0-9a-wyz](-[a-z0-9]{2,8})+)*'
                || '(-x(-[a-z0-9]{1,8})+)?|x(-[a-z0-9]{1,8})+)$')
$$;
COMMENT ON FUNCTION ar.is_language(text) IS
'Whether a text is a well-formed language tag: de, pt-BR, zh-Hant-TW. Source: RFC 5646 (BCP 47), section 2.1, without the grandfathered tags.';

CREATE FUNCTION ar.mod97(id text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A is 10, B is 11, ... Z is 35.
    SELECT CASE WHEN id ~ '^[0-9A-Z]+$' THEN (
        SELECT string_agg(CASE WHEN c.letter ~ '[0-9]' THEN c.letter ELSE (ascii(c.letter) - 55)::text END, ''
                          ORDER BY c.place)::numeric % 97
        FROM regexp_split_to_table(id, '') WITH ORDINALITY AS c(letter, place))::integer END
$$;
COMMENT ON FUNCTION ar.mod97(text) IS
'The remainder by 97 of digits and capitals, A as 10 to Z as 35: 1 where the check digits hold. NULL for other texts. Source: ISO 7064, MOD 97-10.';

CREATE FUNCTION ar.is_iban(iban text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT iban ~ '^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$'
       AND length(iban) = coalesce(substring('
        AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28
        EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26
        IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28
        NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25
        SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
           FROM left(iban, 2) || '([0-9]{2})')::integer, length(iban))
       AND coalesce(ar.mod97(substr(iban, 5) || left(iban, 4)) = 1, false)
$$;
COMMENT ON FUNCTION ar.is_iban(text) IS
'Whether a text is a bank account number as electronic messages write it, without spaces: its country''s length, where that is known, and its check digits. Source: ISO 13616.';

CREATE FUNCTION ar.is_bic(bic text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT bic ~ '^[0-9A-Z]{4}[A-Z]{2}[0-9A-Z]{2}([0-9A-Z]{3})?$' AND ar.is_country(substr(bic, 5, 2)) $$;
COMMENT ON FUNCTION ar.is_bic(text) IS
'Whether a text has the form of a bank''s code: 8 or 11 letters and digits, a country in the middle. Source: ISO 9362.';

CREATE FUNCTION ar.is_lei(lei text) RETURNS boolean
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT lei ~ '^[0-9A-Z]{18}[0-9]{2}$' AND coalesce(ar.mod97(lei) = 1, false) $$;
COMMENT ON FUNCTION ar.is_lei(text) IS
'Whether a text is a legal entity identifier: 20 letters and digits that end in two check digits. Source: ISO 17442.';
