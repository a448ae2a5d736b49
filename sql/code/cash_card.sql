-- cash: numbers of payment cards, which are never stored.

CREATE FUNCTION ar.has_card_number(text text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_has_card_number_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.has_card_number(text) IS
'Whether a text has a number that may be a payment card''s: a run of 13 to 19 digits, single spaces or dashes between them left out, that satisfies Luhn''s formula and does not begin with 0; in a longer run, a part by itself or in groups as cards have them, which begins like a card. Digits right behind a letter, and those of an IBAN, are none.';

CREATE FUNCTION ar.mask_card_numbers(text text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_mask_card_numbers_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.mask_card_numbers(text) IS
'The text with each card number''s digits but the first 6 and last 4 replaced by asterisks. Stricter than ar.has_card_number(), to spare references: the number must begin like an issuer''s, and be as long as that issuer''s are.';
