-- billing: the reference that a payment should carry, and the QR code that a payer scans.

CREATE FUNCTION ar.creditor_reference(number text) RETURNS text
AS 'MODULE_PATHNAME', 'ar_creditor_reference'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.creditor_reference(text) IS
'The creditor reference of ISO 11649 for a document number: RF, two check digits (ISO 7064 MOD 97-10), and the number.
Letters and digits of ASCII are kept, letters made capital, all else dropped; of more than 21 the last 21 are kept, because that is where numbers differ. RF18539007547034 for 539007547034. Result: NULL if nothing is kept.';

CREATE FUNCTION ar.is_creditor_reference(reference text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_creditor_reference_is_valid'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_creditor_reference(text) IS
'Whether a text is a creditor reference of ISO 11649 with the right check digits. Spaces, as in the printed form, and small letters do not matter.';

CREATE FUNCTION ar.qr_code_svg(content text, level text DEFAULT 'M') RETURNS text
AS 'MODULE_PATHNAME', 'ar_qr_code_svg'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.qr_code_svg(text, text) IS
'The QR code (ISO/IEC 18004) of a text, encoded as UTF-8, as one SVG element with the blank margin that readers need, in the smallest version that holds it.
Arguments: content; level of error correction: L, M, Q or H.
Errors: 22023 an empty text or unknown level; 54000 too long a text.';
