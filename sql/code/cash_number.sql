-- cash: document numbers in what payers write.

CREATE FUNCTION ar.find_numbers(text text, numbers text[]) RETURNS TABLE ("position" integer, strength text, found text)
AS 'MODULE_PATHNAME', 'ar_find_numbers'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 2;
COMMENT ON FUNCTION ar.find_numbers(text, text[]) IS
'The document numbers that stand in a text as payers write them.
Arguments: text, of which the first mebibyte is read; numbers, of at most 64 letters and digits each, others and nulls are left out.
Result: a row a number, where it is strongest, in the order of the text: its position in numbers, from 1; the strength; and what stands in the text. From strong to weak: exact, the same letters and digits; folded, with letters that look like digits; prefix_lost, the digits without the letters; zeros_lost, the last group without its leading zeros, or the next of a list; tail, the last group alone; one_slip, one character wrong, missing, too many or two exchanged, of 6 or more; short_tail, a last group under 4 digits or like a year. Only the first four name a document. What a stronger hit takes of the text is no weaker one''s; equally strong ones are all there. A key that more than 1000 numbers share is not looked at.';

CREATE FUNCTION ar.number_keys(number text) RETURNS text[]
AS 'MODULE_PATHNAME', 'ar_number_keys'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.number_keys(text) IS
'The keys by which a document number is found in texts: folded whole; its digits; and without the leading zeros of its last group, after #. For an index: number_keys(number) && text_keys(text).
Result: empty for a number without digits, or of fewer than 3 or more than 40 letters and digits.';

CREATE FUNCTION ar.text_keys(text text) RETURNS text[]
AS 'MODULE_PATHNAME', 'ar_text_keys'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.text_keys(text) IS
'Every key of ar.number_keys() that a document number in a text may have. It finds candidates; ar.find_numbers() says which of them stand there. Dates and amounts have no keys.
Result: sorted by bytes, each once.';
