-- cash: structured payment references.

CREATE FUNCTION ar.payment_reference_schemes() RETURNS TABLE (scheme text, name text, source text)
AS 'MODULE_PATHNAME', 'ar_payment_reference_schemes'
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 14;
COMMENT ON FUNCTION ar.payment_reference_schemes() IS
'The schemes of structured payment references that are known, each with its name and who defines it.';

CREATE FUNCTION ar.payment_reference(number text, scheme text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_payment_reference'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.payment_reference(text, text) IS
'The payment reference of a document number, with its check digits, as machines write it.
Arguments: number, of which all but the digits is dropped (RF keeps letters), padded with zeros where the scheme has a fixed length, and of too many digits the last kept, because that is where numbers differ; scheme, see ar.payment_reference_schemes(), in either case. 20260001230 for 2026-000123 and VIITE.
Result: NULL if the number has no digit but zeros.
Errors: 22023 unknown scheme.';

CREATE FUNCTION ar.is_payment_reference(reference text, scheme text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_payment_reference'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_payment_reference(text, text) IS
'Whether a text is a payment reference of a scheme with the right check digits. Spaces and small letters do not matter, nor do the signs of +++090/9337/55493+++. A reference of zeros alone is none.
Errors: 22023 unknown scheme.';

CREATE FUNCTION ar.normal_reference(reference text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_normal_reference_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.normal_reference(text) IS
'The form in which references are compared: letters, those of ASCII made capital, and digits, nothing between; of digits alone without zeros in front.
Result: NULL if there is neither letter nor digit.';

CREATE FUNCTION ar.find_payment_references(text text) RETURNS TABLE (scheme text, reference text)
AS 'MODULE_PATHNAME', 'ar_find_payment_references'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION ar.find_payment_references(text) IS
'The payment references in a text whose form tells them from other numbers, with the right check digits, in order: RF, in one piece or in groups of four; QRR, 27 digits in one piece or as 2 5 5 5 5 5; OGM, 12 digits in one piece or as 090/9337/55493. In the form of ar.normal_reference(). Where several ends of an RF are possible, each is a row.';
