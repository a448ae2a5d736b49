-- The types of accounts receivable, with their operators, aggregates and
-- index support.  All of it stays executable by PUBLIC: a type is no secret.

-- ---------------------------------------------------------------------------
-- Currencies
-- ---------------------------------------------------------------------------

CREATE FUNCTION ar.is_currency(code text) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_currency_is_known'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_currency(text) IS
'Whether a text is the code of a currency of ISO 4217 in its one canonical spelling, three capital letters: true for USD, false for usd and ZZZ.';

CREATE FUNCTION ar.currencies() RETURNS TABLE (code text, numeric_code text, minor_unit integer, name text)
AS 'MODULE_PATHNAME', 'ar_currency_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 178;
COMMENT ON FUNCTION ar.currencies() IS
'A row for each currency of ISO 4217 that amounts can have, in the order of the codes: its three letters, its three digits, its decimals, its name in ASCII. Codes without a minor unit, such as XAU (gold) or XXX, have 0 decimals.';

-- ---------------------------------------------------------------------------
-- monetary: an exact amount in one currency
-- ---------------------------------------------------------------------------

CREATE TYPE ar.monetary;

CREATE FUNCTION ar.monetary_in(cstring, oid, integer) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_in(cstring, oid, integer) IS
'Input of monetary. Errors: 22P02 malformed, unknown currency, or more decimals than the currency has; 22003 out of range; RA009 not the currency of the type modifier.';

CREATE FUNCTION ar.monetary_out(ar.monetary) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_monetary_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_out(ar.monetary) IS
'Output of monetary, such as USD 1234.50.';

CREATE FUNCTION ar.monetary_recv(internal, oid, integer) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_recv(internal, oid, integer) IS
'Binary input of monetary: a byte with the version 1, three letters, a byte with the decimals, eight bytes with the minor units, high byte first. Errors: 22P03 anything else; RA009 not the currency of the type modifier.';

CREATE FUNCTION ar.monetary_send(ar.monetary) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_monetary_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_send(ar.monetary) IS
'Binary output of monetary, as monetary_recv reads it.';

CREATE FUNCTION ar.monetary_typmod_in(cstring[]) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_monetary_typmod_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_typmod_in(cstring[]) IS
'Reads the type modifier of monetary(''EUR''). Errors: 22023 unknown currency, or not exactly one.';

CREATE FUNCTION ar.monetary_typmod_out(integer) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_monetary_typmod_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_typmod_out(integer) IS
'Writes the type modifier of monetary(''EUR'').';

CREATE TYPE ar.monetary (
    INPUT = ar.monetary_in,
    OUTPUT = ar.monetary_out,
    RECEIVE = ar.monetary_recv,
    SEND = ar.monetary_send,
    TYPMOD_IN = ar.monetary_typmod_in,
    TYPMOD_OUT = ar.monetary_typmod_out,
    INTERNALLENGTH = 12,
    ALIGNMENT = int4,
    STORAGE = plain,
    CATEGORY = 'U',
    DELIMITER = ','
);
COMMENT ON TYPE ar.monetary IS
'An exact amount in one currency of ISO 4217, such as USD 1234.50. The type monetary(''EUR'') takes only euros.';

CREATE FUNCTION ar.monetary(ar.monetary, integer, boolean) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_coerce'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary(ar.monetary, integer, boolean) IS
'Applies a type modifier: returns the amount as it is. Arguments: amount, type modifier, whether the cast is explicit (which changes nothing). Errors: RA009 not the currency of the type modifier.';

CREATE CAST (ar.monetary AS ar.monetary)
    WITH FUNCTION ar.monetary(ar.monetary, integer, boolean) AS IMPLICIT;
COMMENT ON CAST (ar.monetary AS ar.monetary) IS 'Applies the type modifier of monetary(''EUR'').';

-- Drivers send parameters as text or varchar (JDBC's setString), and no cast
-- through I/O is made for an assignment unless it is declared.
CREATE CAST (text AS ar.monetary) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS ar.monetary) IS 'Reads a text as the input of monetary does, also when it is assigned to a column.';
CREATE CAST (varchar AS ar.monetary) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS ar.monetary) IS 'Reads a text as the input of monetary does, also when it is assigned to a column.';

CREATE FUNCTION ar.monetary(amount numeric, currency text) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_from_numeric'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary(numeric, text) IS
'The amount, in major units, of the currency with this code. Never rounds. Errors: 22023 unknown currency, NaN, infinity, or an amount that would have to be rounded; 22003 out of range.';

CREATE FUNCTION ar.round(amount numeric, currency text, mode text DEFAULT 'half_even') RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_round'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.round(numeric, text, text) IS
'The amount, in major units, rounded to the decimals of the currency with this code. Modes: half_even (to the nearest, a tie to the even neighbour), half_up (a tie away from zero), up (away from zero), down (toward zero). Errors: 22023 unknown currency or mode, NaN, infinity; 22003 out of range.';

CREATE FUNCTION ar.amount(ar.monetary) RETURNS numeric
AS 'MODULE_PATHNAME', 'ar_monetary_to_numeric'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.amount(ar.monetary) IS
'The amount in major units, with the decimals of its currency: 1234.50 of USD 1234.50.';

CREATE FUNCTION ar.currency(ar.monetary) RETURNS text
AS 'MODULE_PATHNAME', 'ar_monetary_currency'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.currency(ar.monetary) IS
'The code of the currency: USD of USD 1234.50.';

CREATE FUNCTION ar.minor_units(ar.monetary) RETURNS bigint
AS 'MODULE_PATHNAME', 'ar_monetary_minor_units'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.minor_units(ar.monetary) IS
'The amount in minor units: 123450 of USD 1234.50, 5 of JPY 5.';

CREATE FUNCTION ar.sign(ar.monetary) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_monetary_sign'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.sign(ar.monetary) IS
'-1 below zero, 0 at zero, 1 above.';

CREATE FUNCTION ar.abs(ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_abs'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.abs(ar.monetary) IS
'The amount without its sign. Errors: 22003 for the smallest amount, which has no counterpart.';

CREATE CAST (ar.monetary AS numeric) WITH FUNCTION ar.amount(ar.monetary);
COMMENT ON CAST (ar.monetary AS numeric) IS 'The amount in major units. Explicit, because the currency is lost.';

-- Arithmetic

CREATE FUNCTION ar.monetary_add(ar.monetary, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_add'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_add(ar.monetary, ar.monetary) IS
'The sum of two amounts of one currency. Errors: RA009 different currencies; 22003 out of range.';

CREATE FUNCTION ar.monetary_subtract(ar.monetary, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_subtract'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_subtract(ar.monetary, ar.monetary) IS
'The difference of two amounts of one currency. Errors: RA009 different currencies; 22003 out of range.';

CREATE FUNCTION ar.monetary_negate(ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_negate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_negate(ar.monetary) IS
'The amount with the other sign. Errors: 22003 for the smallest amount, which has no counterpart.';

CREATE FUNCTION ar.monetary_multiply(ar.monetary, smallint) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_multiply_int2'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(ar.monetary, smallint) IS
'The exact product. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(smallint, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_int2_multiply_monetary'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(smallint, ar.monetary) IS
'The exact product. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(ar.monetary, integer) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_multiply_int4'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(ar.monetary, integer) IS
'The exact product. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(integer, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_int4_multiply_monetary'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(integer, ar.monetary) IS
'The exact product. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(ar.monetary, bigint) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_multiply_int8'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(ar.monetary, bigint) IS
'The exact product. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(bigint, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_int8_multiply_monetary'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(bigint, ar.monetary) IS
'The exact product. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(ar.monetary, numeric) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_multiply_numeric'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(ar.monetary, numeric) IS
'The exact product, rounded half-even to the minor unit. Errors: 22023 NaN or infinity; 22003 out of range.';

CREATE FUNCTION ar.monetary_multiply(numeric, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_numeric_multiply_monetary'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_multiply(numeric, ar.monetary) IS
'The exact product, rounded half-even to the minor unit. Errors: 22023 NaN or infinity; 22003 out of range.';

CREATE FUNCTION ar.monetary_divide(ar.monetary, numeric) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_divide_numeric'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_divide(ar.monetary, numeric) IS
'The exact quotient, rounded half-even to the minor unit. Errors: 22012 division by zero; 22023 NaN or infinity; 22003 out of range.';

CREATE FUNCTION ar.monetary_divide(ar.monetary, ar.monetary) RETURNS numeric
AS 'MODULE_PATHNAME', 'ar_monetary_divide_monetary'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_divide(ar.monetary, ar.monetary) IS
'How often the second amount goes into the first, as a number. Errors: RA009 different currencies; 22012 division by zero.';

CREATE OPERATOR ar.+ (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_add,
    COMMUTATOR = OPERATOR(ar.+)
);
COMMENT ON OPERATOR ar.+ (ar.monetary, ar.monetary) IS 'sum of two amounts of one currency';

CREATE OPERATOR ar.- (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_subtract
);
COMMENT ON OPERATOR ar.- (ar.monetary, ar.monetary) IS 'difference of two amounts of one currency';

CREATE OPERATOR ar.- (
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_negate
);
COMMENT ON OPERATOR ar.- (NONE, ar.monetary) IS 'amount with the other sign';

CREATE OPERATOR ar.* (
    LEFTARG = ar.monetary,
    RIGHTARG = smallint,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (ar.monetary, smallint) IS 'exact product';

CREATE OPERATOR ar.* (
    LEFTARG = smallint,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (smallint, ar.monetary) IS 'exact product';

CREATE OPERATOR ar.* (
    LEFTARG = ar.monetary,
    RIGHTARG = integer,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (ar.monetary, integer) IS 'exact product';

CREATE OPERATOR ar.* (
    LEFTARG = integer,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (integer, ar.monetary) IS 'exact product';

CREATE OPERATOR ar.* (
    LEFTARG = ar.monetary,
    RIGHTARG = bigint,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (ar.monetary, bigint) IS 'exact product';

CREATE OPERATOR ar.* (
    LEFTARG = bigint,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (bigint, ar.monetary) IS 'exact product';

CREATE OPERATOR ar.* (
    LEFTARG = ar.monetary,
    RIGHTARG = numeric,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (ar.monetary, numeric) IS 'product, rounded half-even to the minor unit';

CREATE OPERATOR ar.* (
    LEFTARG = numeric,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_multiply,
    COMMUTATOR = OPERATOR(ar.*)
);
COMMENT ON OPERATOR ar.* (numeric, ar.monetary) IS 'product, rounded half-even to the minor unit';

CREATE OPERATOR ar./ (
    LEFTARG = ar.monetary,
    RIGHTARG = numeric,
    FUNCTION = ar.monetary_divide
);
COMMENT ON OPERATOR ar./ (ar.monetary, numeric) IS 'quotient, rounded half-even to the minor unit';

CREATE OPERATOR ar./ (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_divide
);
COMMENT ON OPERATOR ar./ (ar.monetary, ar.monetary) IS 'how often an amount goes into another';

CREATE FUNCTION ar.allocate(total ar.monetary, weights numeric[]) RETURNS ar.monetary[]
AS 'MODULE_PATHNAME', 'ar_monetary_allocate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.allocate(ar.monetary, numeric[]) IS
'Divides an amount in proportion to the weights and loses nothing: the parts, in the order of the weights, sum to the total, and none is a minor unit or more away from its exact share. Largest remainder method (Hamilton); among equal remainders the larger weight comes first, then the earlier position. A negative total is divided as the mirror image of the positive one. Errors: 22023 no weight, more than one dimension, a weight that is null, negative, NaN or infinity, or a sum of zero.';

-- Comparison: a total order, by the code of the currency, then by the amount.
-- It never raises and reveals nothing, hence LEAKPROOF.

CREATE FUNCTION ar.monetary_eq(ar.monetary, ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_monetary_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_eq(ar.monetary, ar.monetary) IS
'Whether the first amount = the second, in the order of the currency''s code, then of the amount. Never raises.';

CREATE FUNCTION ar.monetary_ne(ar.monetary, ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_monetary_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_ne(ar.monetary, ar.monetary) IS
'Whether the first amount <> the second, in the order of the currency''s code, then of the amount. Never raises.';

CREATE FUNCTION ar.monetary_lt(ar.monetary, ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_monetary_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_lt(ar.monetary, ar.monetary) IS
'Whether the first amount < the second, in the order of the currency''s code, then of the amount. Never raises.';

CREATE FUNCTION ar.monetary_le(ar.monetary, ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_monetary_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_le(ar.monetary, ar.monetary) IS
'Whether the first amount <= the second, in the order of the currency''s code, then of the amount. Never raises.';

CREATE FUNCTION ar.monetary_gt(ar.monetary, ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_monetary_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_gt(ar.monetary, ar.monetary) IS
'Whether the first amount > the second, in the order of the currency''s code, then of the amount. Never raises.';

CREATE FUNCTION ar.monetary_ge(ar.monetary, ar.monetary) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_monetary_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_ge(ar.monetary, ar.monetary) IS
'Whether the first amount >= the second, in the order of the currency''s code, then of the amount. Never raises.';

CREATE OPERATOR ar.= (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_eq,
    COMMUTATOR = OPERATOR(ar.=),
    NEGATOR = OPERATOR(ar.<>),
    RESTRICT = eqsel,
    JOIN = eqjoinsel,
    HASHES,
    MERGES
);
COMMENT ON OPERATOR ar.= (ar.monetary, ar.monetary) IS 'equal';

CREATE OPERATOR ar.<> (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_ne,
    COMMUTATOR = OPERATOR(ar.<>),
    NEGATOR = OPERATOR(ar.=),
    RESTRICT = neqsel,
    JOIN = neqjoinsel
);
COMMENT ON OPERATOR ar.<> (ar.monetary, ar.monetary) IS 'not equal';

CREATE OPERATOR ar.< (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_lt,
    COMMUTATOR = OPERATOR(ar.>),
    NEGATOR = OPERATOR(ar.>=),
    RESTRICT = scalarltsel,
    JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR ar.< (ar.monetary, ar.monetary) IS 'less than, by currency, then amount';

CREATE OPERATOR ar.<= (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_le,
    COMMUTATOR = OPERATOR(ar.>=),
    NEGATOR = OPERATOR(ar.>),
    RESTRICT = scalarlesel,
    JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR ar.<= (ar.monetary, ar.monetary) IS 'less than or equal, by currency, then amount';

CREATE OPERATOR ar.> (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_gt,
    COMMUTATOR = OPERATOR(ar.<),
    NEGATOR = OPERATOR(ar.<=),
    RESTRICT = scalargtsel,
    JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR ar.> (ar.monetary, ar.monetary) IS 'greater than, by currency, then amount';

CREATE OPERATOR ar.>= (
    LEFTARG = ar.monetary,
    RIGHTARG = ar.monetary,
    FUNCTION = ar.monetary_ge,
    COMMUTATOR = OPERATOR(ar.<=),
    NEGATOR = OPERATOR(ar.<),
    RESTRICT = scalargesel,
    JOIN = scalargejoinsel
);
COMMENT ON OPERATOR ar.>= (ar.monetary, ar.monetary) IS 'greater than or equal, by currency, then amount';

CREATE FUNCTION ar.monetary_cmp(ar.monetary, ar.monetary) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_monetary_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_cmp(ar.monetary, ar.monetary) IS
'-1, 0 or 1 as the first amount comes before, with or after the second, in the order of the currency''s code, then of the amount.';

CREATE FUNCTION ar.monetary_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'ar_monetary_sortsupport'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sortsupport(internal) IS
'Gives a sort the comparison of monetary, and abbreviated keys: the currency and 46 bits of the amount in one word. Called by the server only.';

CREATE FUNCTION ar.monetary_hash(ar.monetary) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_monetary_hash'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_hash(ar.monetary) IS
'A hash of 32 bits; equal amounts have equal hashes.';

CREATE FUNCTION ar.monetary_hash_extended(ar.monetary, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'ar_monetary_hash_extended'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_hash_extended(ar.monetary, bigint) IS
'A hash of 64 bits, with a seed; equal amounts have equal hashes.';

CREATE OPERATOR CLASS ar.monetary_ops
DEFAULT FOR TYPE ar.monetary USING btree AS
    OPERATOR 1 ar.< (ar.monetary, ar.monetary),
    OPERATOR 2 ar.<= (ar.monetary, ar.monetary),
    OPERATOR 3 ar.= (ar.monetary, ar.monetary),
    OPERATOR 4 ar.>= (ar.monetary, ar.monetary),
    OPERATOR 5 ar.> (ar.monetary, ar.monetary),
    FUNCTION 1 ar.monetary_cmp(ar.monetary, ar.monetary),
    FUNCTION 2 ar.monetary_sortsupport(internal),
    FUNCTION 4 (ar.monetary, ar.monetary) pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR FAMILY ar.monetary_ops USING btree IS 'The order of amounts: by the code of the currency, then by the amount.';
COMMENT ON OPERATOR CLASS ar.monetary_ops USING btree IS 'The order of amounts: by the code of the currency, then by the amount.';

CREATE OPERATOR CLASS ar.monetary_ops
DEFAULT FOR TYPE ar.monetary USING hash AS
    OPERATOR 1 ar.= (ar.monetary, ar.monetary),
    FUNCTION 1 ar.monetary_hash(ar.monetary),
    FUNCTION 2 ar.monetary_hash_extended(ar.monetary, bigint);
COMMENT ON OPERATOR FAMILY ar.monetary_ops USING hash IS 'Amounts by hash.';
COMMENT ON OPERATOR CLASS ar.monetary_ops USING hash IS 'Amounts by hash.';

CREATE OPERATOR CLASS ar.monetary_minmax_ops
DEFAULT FOR TYPE ar.monetary USING brin AS
    OPERATOR 1 ar.< (ar.monetary, ar.monetary),
    OPERATOR 2 ar.<= (ar.monetary, ar.monetary),
    OPERATOR 3 ar.= (ar.monetary, ar.monetary),
    OPERATOR 4 ar.>= (ar.monetary, ar.monetary),
    OPERATOR 5 ar.> (ar.monetary, ar.monetary),
    FUNCTION 1 pg_catalog.brin_minmax_opcinfo(internal),
    FUNCTION 2 pg_catalog.brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 pg_catalog.brin_minmax_consistent(internal, internal, internal),
    FUNCTION 4 pg_catalog.brin_minmax_union(internal, internal, internal),
    STORAGE ar.monetary;
COMMENT ON OPERATOR FAMILY ar.monetary_minmax_ops USING brin IS 'The least and the greatest amount of a range of blocks.';
COMMENT ON OPERATOR CLASS ar.monetary_minmax_ops USING brin IS 'The least and the greatest amount of a range of blocks.';

-- Aggregates.  Their states are types, not internal: a partial sum travels
-- between workers, and between servers.

CREATE TYPE ar.monetary_sum_state;

CREATE FUNCTION ar.monetary_sum_state_in(cstring) RETURNS ar.monetary_sum_state
AS 'MODULE_PATHNAME', 'ar_monetary_sum_state_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_state_in(cstring) IS
'Input of monetary_sum_state: a count, a currency and a sum, such as 3 USD 12.50, or 0 when it is empty. Errors: 22P02 anything else.';

CREATE FUNCTION ar.monetary_sum_state_out(ar.monetary_sum_state) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_monetary_sum_state_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_state_out(ar.monetary_sum_state) IS
'Output of monetary_sum_state: a count, a currency and a sum, such as 3 USD 12.50, or 0 when it is empty.';

CREATE FUNCTION ar.monetary_sum_state_recv(internal) RETURNS ar.monetary_sum_state
AS 'MODULE_PATHNAME', 'ar_monetary_sum_state_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_state_recv(internal) IS
'Binary input of monetary_sum_state: a byte with the version 1, then nothing when empty, or the count (8 bytes), the currency (4), the sum (16). Errors: 22P03 anything else.';

CREATE FUNCTION ar.monetary_sum_state_send(ar.monetary_sum_state) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_monetary_sum_state_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_state_send(ar.monetary_sum_state) IS
'Binary output of monetary_sum_state: a byte with the version 1, then nothing when empty, or the count (8 bytes), the currency (4), the sum (16).';

CREATE TYPE ar.monetary_sum_state (
    INPUT = ar.monetary_sum_state_in,
    OUTPUT = ar.monetary_sum_state_out,
    RECEIVE = ar.monetary_sum_state_recv,
    SEND = ar.monetary_sum_state_send,
    INTERNALLENGTH = 32,
    ALIGNMENT = double,
    STORAGE = plain
);
COMMENT ON TYPE ar.monetary_sum_state IS 'A partial sum of amounts in one currency: their count, and their sum in 128 bits. The state of ar.sum() and ar.avg().';

CREATE TYPE ar.monetary_total_state;

CREATE FUNCTION ar.monetary_total_state_in(cstring) RETURNS ar.monetary_total_state
AS 'MODULE_PATHNAME', 'ar_monetary_total_state_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_state_in(cstring) IS
'Input of monetary_total_state: a sum per currency in the order of the codes, such as 3 EUR 12.50,1 USD 2.00, or nothing. Errors: 22P02 anything else.';

CREATE FUNCTION ar.monetary_total_state_out(ar.monetary_total_state) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_monetary_total_state_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_state_out(ar.monetary_total_state) IS
'Output of monetary_total_state: a sum per currency in the order of the codes, such as 3 EUR 12.50,1 USD 2.00, or nothing.';

CREATE FUNCTION ar.monetary_total_state_recv(internal) RETURNS ar.monetary_total_state
AS 'MODULE_PATHNAME', 'ar_monetary_total_state_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_state_recv(internal) IS
'Binary input of monetary_total_state: a byte with the version 1, the number of currencies (4 bytes), and for each the count (8), the currency (4), the sum (16). Errors: 22P03 anything else.';

CREATE FUNCTION ar.monetary_total_state_send(ar.monetary_total_state) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_monetary_total_state_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_state_send(ar.monetary_total_state) IS
'Binary output of monetary_total_state: a byte with the version 1, the number of currencies (4 bytes), and for each the count (8), the currency (4), the sum (16).';

CREATE TYPE ar.monetary_total_state (
    INPUT = ar.monetary_total_state_in,
    OUTPUT = ar.monetary_total_state_out,
    RECEIVE = ar.monetary_total_state_recv,
    SEND = ar.monetary_total_state_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE ar.monetary_total_state IS 'Partial sums of amounts, one per currency. The state of ar.total().';

CREATE FUNCTION ar.monetary_sum_accumulate(ar.monetary_sum_state, ar.monetary) RETURNS ar.monetary_sum_state
AS 'MODULE_PATHNAME', 'ar_monetary_sum_accumulate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_accumulate(ar.monetary_sum_state, ar.monetary) IS
'Adds an amount to a sum. Errors: RA009 different currencies; 22003 more than 128 bits.';

CREATE FUNCTION ar.monetary_sum_remove(ar.monetary_sum_state, ar.monetary) RETURNS ar.monetary_sum_state
AS 'MODULE_PATHNAME', 'ar_monetary_sum_remove'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_remove(ar.monetary_sum_state, ar.monetary) IS
'Takes an amount out of a sum. Errors: RA009 different currencies; 22003 more than 128 bits; 22023 the sum is empty.';

CREATE FUNCTION ar.monetary_sum_combine(ar.monetary_sum_state, ar.monetary_sum_state) RETURNS ar.monetary_sum_state
AS 'MODULE_PATHNAME', 'ar_monetary_sum_combine'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_combine(ar.monetary_sum_state, ar.monetary_sum_state) IS
'Adds a sum to a sum. Errors: RA009 different currencies; 22003 more than 128 bits.';

CREATE FUNCTION ar.monetary_sum_result(ar.monetary_sum_state) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_sum_result'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_sum_result(ar.monetary_sum_state) IS
'The sum as an amount, null when it is empty. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_average_result(ar.monetary_sum_state) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_average_result'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_average_result(ar.monetary_sum_state) IS
'The average as an amount, rounded half-even to the minor unit, null when the sum is empty. Errors: 22003 out of range.';

CREATE FUNCTION ar.monetary_smaller(ar.monetary, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_smaller'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_smaller(ar.monetary, ar.monetary) IS
'The smaller of two amounts of one currency. Errors: RA009 different currencies.';

CREATE FUNCTION ar.monetary_larger(ar.monetary, ar.monetary) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_monetary_larger'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_larger(ar.monetary, ar.monetary) IS
'The larger of two amounts of one currency. Errors: RA009 different currencies.';

CREATE FUNCTION ar.monetary_total_accumulate(ar.monetary_total_state, ar.monetary) RETURNS ar.monetary_total_state
AS 'MODULE_PATHNAME', 'ar_monetary_total_accumulate'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_accumulate(ar.monetary_total_state, ar.monetary) IS
'Adds an amount to the sum of its currency. Errors: 22003 more than 128 bits.';

CREATE FUNCTION ar.monetary_total_remove(ar.monetary_total_state, ar.monetary) RETURNS ar.monetary_total_state
AS 'MODULE_PATHNAME', 'ar_monetary_total_remove'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_remove(ar.monetary_total_state, ar.monetary) IS
'Takes an amount out of the sum of its currency. Errors: 22003 more than 128 bits; 22023 there is no such sum.';

CREATE FUNCTION ar.monetary_total_combine(ar.monetary_total_state, ar.monetary_total_state) RETURNS ar.monetary_total_state
AS 'MODULE_PATHNAME', 'ar_monetary_total_combine'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_combine(ar.monetary_total_state, ar.monetary_total_state) IS
'Adds sums to sums, currency by currency. Errors: 22003 more than 128 bits.';

CREATE FUNCTION ar.monetary_total_result(ar.monetary_total_state) RETURNS ar.monetary[]
AS 'MODULE_PATHNAME', 'ar_monetary_total_result'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.monetary_total_result(ar.monetary_total_state) IS
'The sums as amounts, in the order of their codes, null when there is none. Errors: 22003 out of range.';

CREATE AGGREGATE ar.sum(ar.monetary) (
    SFUNC = ar.monetary_sum_accumulate,
    STYPE = ar.monetary_sum_state,
    INITCOND = '0',
    COMBINEFUNC = ar.monetary_sum_combine,
    FINALFUNC = ar.monetary_sum_result,
    MSFUNC = ar.monetary_sum_accumulate,
    MINVFUNC = ar.monetary_sum_remove,
    MSTYPE = ar.monetary_sum_state,
    MINITCOND = '0',
    MFINALFUNC = ar.monetary_sum_result,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.sum(ar.monetary) IS
'The sum of amounts of one currency, null when there is none. Gathers in 128 bits. Errors: RA009 different currencies (group by ar.currency(), or use ar.total()); 22003 the sum is out of range.';

CREATE AGGREGATE ar.avg(ar.monetary) (
    SFUNC = ar.monetary_sum_accumulate,
    STYPE = ar.monetary_sum_state,
    INITCOND = '0',
    COMBINEFUNC = ar.monetary_sum_combine,
    FINALFUNC = ar.monetary_average_result,
    MSFUNC = ar.monetary_sum_accumulate,
    MINVFUNC = ar.monetary_sum_remove,
    MSTYPE = ar.monetary_sum_state,
    MINITCOND = '0',
    MFINALFUNC = ar.monetary_average_result,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.avg(ar.monetary) IS
'The average of amounts of one currency, rounded half-even to the minor unit, null when there is none. Errors: RA009 different currencies (group by ar.currency()).';

CREATE AGGREGATE ar.total(ar.monetary) (
    SFUNC = ar.monetary_total_accumulate,
    STYPE = ar.monetary_total_state,
    INITCOND = '',
    COMBINEFUNC = ar.monetary_total_combine,
    FINALFUNC = ar.monetary_total_result,
    MSFUNC = ar.monetary_total_accumulate,
    MINVFUNC = ar.monetary_total_remove,
    MSTYPE = ar.monetary_total_state,
    MINITCOND = '',
    MFINALFUNC = ar.monetary_total_result,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.total(ar.monetary) IS
'The sums of amounts, one for each currency, in the order of the codes, null when there is no amount. Errors: 22003 a sum is out of range.';

CREATE AGGREGATE ar.min(ar.monetary) (
    SFUNC = ar.monetary_smaller,
    STYPE = ar.monetary,
    COMBINEFUNC = ar.monetary_smaller,
    SORTOP = OPERATOR(ar.<),
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.min(ar.monetary) IS
'The smallest of amounts of one currency, null when there is none. Errors: RA009 different currencies (group by ar.currency()), unless an index answers, which sees only its own end.';

CREATE AGGREGATE ar.max(ar.monetary) (
    SFUNC = ar.monetary_larger,
    STYPE = ar.monetary,
    COMBINEFUNC = ar.monetary_larger,
    SORTOP = OPERATOR(ar.>),
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.max(ar.monetary) IS
'The largest of amounts of one currency, null when there is none. Errors: RA009 different currencies (group by ar.currency()), unless an index answers, which sees only its own end.';
-- ar.aging_bucket: a range of days past due

CREATE TYPE ar.aging_bucket;

CREATE FUNCTION ar.aging_bucket_in(cstring) RETURNS ar.aging_bucket
AS 'MODULE_PATHNAME', 'ar_aging_bucket_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_in(cstring) IS
'Reads an aging bucket: current (day 0 and all before), 1-30, 91+ (day 91 and all after), -8- (day -8 and all before); both ends lie inside, days may be negative (-7-0).
Errors: 22P02 malformed, or the first day after the last; 22003 a day beyond -32768 to 32767.';

CREATE FUNCTION ar.aging_bucket_out(ar.aging_bucket) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_aging_bucket_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_out(ar.aging_bucket) IS
'The canonical text of an aging bucket.';

CREATE FUNCTION ar.aging_bucket_recv(internal) RETURNS ar.aging_bucket
AS 'MODULE_PATHNAME', 'ar_aging_bucket_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_recv(internal) IS
'An aging bucket from its binary form: two 16-bit integers, first and last day. Errors: 22P03 for anything else.';

CREATE FUNCTION ar.aging_bucket_send(ar.aging_bucket) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_aging_bucket_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_send(ar.aging_bucket) IS
'The binary form of an aging bucket: two 16-bit integers, first and last day.';

CREATE TYPE ar.aging_bucket (
    INPUT = ar.aging_bucket_in,
    OUTPUT = ar.aging_bucket_out,
    RECEIVE = ar.aging_bucket_recv,
    SEND = ar.aging_bucket_send,
    INTERNALLENGTH = 4,
    PASSEDBYVALUE,
    ALIGNMENT = int4,
    STORAGE = plain,
    CATEGORY = 'U'
);

COMMENT ON TYPE ar.aging_bucket IS
'A range of days past due, both ends inside: current, 1-30, 31-60, 61-90, 91+, or of any other scheme. 4 bytes by value. Day 0 is the due day, which is not overdue; the first day -32768 stands for all before, the last day 32767 for all after.';

CREATE CAST (text AS ar.aging_bucket) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS ar.aging_bucket) IS 'Reads a text as the input of aging_bucket does, also when it is assigned to a column.';
CREATE CAST (varchar AS ar.aging_bucket) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS ar.aging_bucket) IS 'Reads a text as the input of aging_bucket does, also when it is assigned to a column.';

CREATE FUNCTION ar.aging_bucket_compare_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ar_aging_bucket_compare_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_compare_support(internal) IS
'For the planner: puts a comparison of ar.aging_bucket(due_on, as_of) with a constant bucket as a range of due dates.';

CREATE FUNCTION ar.aging_bucket_eq(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE SUPPORT ar.aging_bucket_compare_support;
COMMENT ON FUNCTION ar.aging_bucket_eq(ar.aging_bucket, ar.aging_bucket) IS 'Whether the two are equal: the function of operator =. Never raises.';

CREATE FUNCTION ar.aging_bucket_ne(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE SUPPORT ar.aging_bucket_compare_support;
COMMENT ON FUNCTION ar.aging_bucket_ne(ar.aging_bucket, ar.aging_bucket) IS 'Whether the two differ: the function of operator <>. Never raises.';

CREATE FUNCTION ar.aging_bucket_lt(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE SUPPORT ar.aging_bucket_compare_support;
COMMENT ON FUNCTION ar.aging_bucket_lt(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes before the second: the function of operator <. Never raises.';

CREATE FUNCTION ar.aging_bucket_le(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE SUPPORT ar.aging_bucket_compare_support;
COMMENT ON FUNCTION ar.aging_bucket_le(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes before the second or equals it: the function of operator <=. Never raises.';

CREATE FUNCTION ar.aging_bucket_gt(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE SUPPORT ar.aging_bucket_compare_support;
COMMENT ON FUNCTION ar.aging_bucket_gt(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes after the second: the function of operator >. Never raises.';

CREATE FUNCTION ar.aging_bucket_ge(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE SUPPORT ar.aging_bucket_compare_support;
COMMENT ON FUNCTION ar.aging_bucket_ge(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes after the second or equals it: the function of operator >=. Never raises.';

CREATE FUNCTION ar.aging_bucket_cmp(ar.aging_bucket, ar.aging_bucket) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_aging_bucket_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_cmp(ar.aging_bucket, ar.aging_bucket) IS 'Three-way comparison: negative, zero or positive. Buckets in order of their first day, then of their last day. Never raises.';

CREATE FUNCTION ar.aging_bucket_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'ar_aging_bucket_sortsupport'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_sortsupport(internal) IS 'Sort support of the btree operator class; called by the server only.';

CREATE FUNCTION ar.aging_bucket_hash(ar.aging_bucket) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_aging_bucket_hash'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_hash(ar.aging_bucket) IS 'Hash of the value, for hash joins, grouping and hash indexes.';

CREATE FUNCTION ar.aging_bucket_hash_extended(ar.aging_bucket, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'ar_aging_bucket_hash_extended'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_hash_extended(ar.aging_bucket, bigint) IS 'Hash of the value with a seed, for hash partitions.';

CREATE OPERATOR ar.= (
    LEFTARG = ar.aging_bucket, RIGHTARG = ar.aging_bucket, FUNCTION = ar.aging_bucket_eq,
    COMMUTATOR = OPERATOR(ar.=), NEGATOR = OPERATOR(ar.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR ar.= (ar.aging_bucket, ar.aging_bucket) IS 'Whether the two are equal.';

CREATE OPERATOR ar.<> (
    LEFTARG = ar.aging_bucket, RIGHTARG = ar.aging_bucket, FUNCTION = ar.aging_bucket_ne,
    COMMUTATOR = OPERATOR(ar.<>), NEGATOR = OPERATOR(ar.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR ar.<> (ar.aging_bucket, ar.aging_bucket) IS 'Whether the two differ.';

CREATE OPERATOR ar.< (
    LEFTARG = ar.aging_bucket, RIGHTARG = ar.aging_bucket, FUNCTION = ar.aging_bucket_lt,
    COMMUTATOR = OPERATOR(ar.>), NEGATOR = OPERATOR(ar.>=),
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR ar.< (ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes before the second.';

CREATE OPERATOR ar.<= (
    LEFTARG = ar.aging_bucket, RIGHTARG = ar.aging_bucket, FUNCTION = ar.aging_bucket_le,
    COMMUTATOR = OPERATOR(ar.>=), NEGATOR = OPERATOR(ar.>),
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR ar.<= (ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes before the second or equals it.';

CREATE OPERATOR ar.> (
    LEFTARG = ar.aging_bucket, RIGHTARG = ar.aging_bucket, FUNCTION = ar.aging_bucket_gt,
    COMMUTATOR = OPERATOR(ar.<), NEGATOR = OPERATOR(ar.<=),
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR ar.> (ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes after the second.';

CREATE OPERATOR ar.>= (
    LEFTARG = ar.aging_bucket, RIGHTARG = ar.aging_bucket, FUNCTION = ar.aging_bucket_ge,
    COMMUTATOR = OPERATOR(ar.<=), NEGATOR = OPERATOR(ar.<),
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR ar.>= (ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes after the second or equals it.';

CREATE OPERATOR CLASS ar.aging_bucket_ops DEFAULT FOR TYPE ar.aging_bucket USING btree AS
    OPERATOR 1 ar.<,
    OPERATOR 2 ar.<=,
    OPERATOR 3 ar.=,
    OPERATOR 4 ar.>=,
    OPERATOR 5 ar.>,
    FUNCTION 1 ar.aging_bucket_cmp(ar.aging_bucket, ar.aging_bucket),
    FUNCTION 2 ar.aging_bucket_sortsupport(internal),
    FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS ar.aging_bucket_ops USING btree IS 'Buckets in order of their first day, then of their last day.';
COMMENT ON OPERATOR FAMILY ar.aging_bucket_ops USING btree IS 'Buckets in order of their first day, then of their last day.';

CREATE OPERATOR CLASS ar.aging_bucket_ops DEFAULT FOR TYPE ar.aging_bucket USING hash AS
    OPERATOR 1 ar.=,
    FUNCTION 1 ar.aging_bucket_hash(ar.aging_bucket),
    FUNCTION 2 ar.aging_bucket_hash_extended(ar.aging_bucket, bigint);
COMMENT ON OPERATOR CLASS ar.aging_bucket_ops USING hash IS 'Hash indexes, joins, grouping and partitions by aging bucket.';
COMMENT ON OPERATOR FAMILY ar.aging_bucket_ops USING hash IS 'Hash indexes, joins, grouping and partitions by aging bucket.';

CREATE OPERATOR CLASS ar.aging_bucket_minmax_ops DEFAULT FOR TYPE ar.aging_bucket USING brin AS
    OPERATOR 1 ar.<,
    OPERATOR 2 ar.<=,
    OPERATOR 3 ar.=,
    OPERATOR 4 ar.>=,
    OPERATOR 5 ar.>,
    FUNCTION 1 brin_minmax_opcinfo(internal),
    FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
    FUNCTION 4 brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS ar.aging_bucket_minmax_ops USING brin IS 'Block range indexes by least and greatest aging bucket.';
COMMENT ON OPERATOR FAMILY ar.aging_bucket_minmax_ops USING brin IS 'Block range indexes by least and greatest aging bucket.';

CREATE FUNCTION ar.first_day(bucket ar.aging_bucket) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_aging_bucket_first_day'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.first_day(ar.aging_bucket) IS
'First day past due of a bucket; NULL where the bucket takes in all days before its last.';

CREATE FUNCTION ar.last_day(bucket ar.aging_bucket) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_aging_bucket_last_day'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.last_day(ar.aging_bucket) IS
'Last day past due of a bucket; NULL where the bucket takes in all days after its first.';

CREATE FUNCTION ar.days_past_due(due_on date, as_of date) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_days_past_due_get'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.days_past_due(date, date) IS
'Days from the due date to the date asked about: 0 on the due day, which is not overdue, and negative before it. An infinite date gives the limits of integer (-2147483648, 2147483647), which no finite dates reach. Never raises.';

CREATE FUNCTION ar.aging_bucket(due_on date, as_of date) RETURNS ar.aging_bucket
AS 'MODULE_PATHNAME', 'ar_aging_bucket_of'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket(date, date) IS
'The bucket, as of a date, of an item due on due_on, by the scheme current, 1-30, 31-60, 61-90, 91+. Infinite dates fall into the first or the last bucket. Never raises.';

CREATE FUNCTION ar.aging_bucket(due_on date, as_of date, boundaries integer[]) RETURNS ar.aging_bucket
AS 'MODULE_PATHNAME', 'ar_aging_bucket_of'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket(date, date, integer[]) IS
'The bucket, as of a date, of an item due on due_on, by a scheme of your own: boundaries are the last days of every bucket but the last one, ascending, such as {0,30,60,90}.
Errors: 22023 boundaries empty, not ascending, holding a null, of several dimensions, or beyond -32768 to 32766.';

CREATE FUNCTION ar.due_from(bucket ar.aging_bucket, as_of date) RETURNS date
AS 'MODULE_PATHNAME', 'ar_aging_bucket_due_from'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.due_from(ar.aging_bucket, date) IS
'The earliest due date that is in a bucket as of a date; -infinity where the bucket takes in all days after its first. From infinity until -infinity where none is in it. Never raises.';

CREATE FUNCTION ar.due_until(bucket ar.aging_bucket, as_of date) RETURNS date
AS 'MODULE_PATHNAME', 'ar_aging_bucket_due_until'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.due_until(ar.aging_bucket, date) IS
'The latest due date that is in a bucket as of a date; infinity where the bucket takes in all days before its last. From infinity until -infinity where none is in it. Never raises.';

CREATE FUNCTION ar.aging_buckets_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ar_aging_bucket_list_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_buckets_support(internal) IS
'For the planner: how many rows ar.aging_buckets() returns.';

CREATE FUNCTION ar.aging_buckets(boundaries integer[] DEFAULT '{0,30,60,90}') RETURNS SETOF ar.aging_bucket
AS 'MODULE_PATHNAME', 'ar_aging_bucket_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 5 SUPPORT ar.aging_buckets_support;
COMMENT ON FUNCTION ar.aging_buckets(integer[]) IS
'The buckets of a scheme in order, one a row; without an argument current, 1-30, 31-60, 61-90, 91+. Boundaries are the last days of every bucket but the last one.
Errors: 22023 as of ar.aging_bucket(date, date, integer[]).';

-- ar.aging: every bucket in one pass

CREATE TYPE ar.aging_state;

CREATE FUNCTION ar.aging_state_in(cstring) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_state_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_state_in(cstring) IS
'Reads the state of ar.aging as ar.aging_state_out wrote it, in hexadecimal digits. Errors: 22023 no hexadecimal digits; 22P03 not such a state; 08P01 cut short.';

CREATE FUNCTION ar.aging_state_out(ar.aging_state) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_aging_state_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_state_out(ar.aging_state) IS 'The binary form of the state of ar.aging, in hexadecimal digits.';

CREATE FUNCTION ar.aging_state_recv(internal) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_state_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_state_recv(internal) IS
'The state of ar.aging from its binary form: version 1, rows, currency (only where there are rows), boundaries with their count, and for every bucket a sum of 128 bits. Errors: 22P03 for anything else.';

CREATE FUNCTION ar.aging_state_send(ar.aging_state) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_aging_state_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_state_send(ar.aging_state) IS 'The binary form of the state of ar.aging; see ar.aging_state_recv.';

CREATE TYPE ar.aging_state (
    INPUT = ar.aging_state_in,
    OUTPUT = ar.aging_state_out,
    RECEIVE = ar.aging_state_recv,
    SEND = ar.aging_state_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = double,
    STORAGE = plain,
    CATEGORY = 'U'
);
COMMENT ON TYPE ar.aging_state IS
'The running state of the aggregate ar.aging, which parallel workers and distributed databases pass on. Not for tables: its layout may change between versions.';

CREATE FUNCTION ar.aging_add(state ar.aging_state, open ar.monetary, due_on date, as_of date) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_add(ar.aging_state, ar.monetary, date, date) IS
'Adds a row to the state of ar.aging by the default scheme. Errors: as of ar.aging.';

CREATE FUNCTION ar.aging_add(state ar.aging_state, open ar.monetary, due_on date, as_of date, boundaries integer[]) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_add'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_add(ar.aging_state, ar.monetary, date, date, integer[]) IS
'Adds a row to the state of ar.aging by boundaries of your own. Errors: as of ar.aging.';

CREATE FUNCTION ar.aging_remove(state ar.aging_state, open ar.monetary, due_on date, as_of date) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_remove'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_remove(ar.aging_state, ar.monetary, date, date) IS
'Takes a row out of the state of ar.aging as a window moves on. Called by the server only.';

CREATE FUNCTION ar.aging_remove(state ar.aging_state, open ar.monetary, due_on date, as_of date, boundaries integer[]) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_remove'
LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_remove(ar.aging_state, ar.monetary, date, date, integer[]) IS
'Takes a row out of the state of ar.aging as a window moves on. Called by the server only.';

CREATE FUNCTION ar.aging_combine(ar.aging_state, ar.aging_state) RETURNS ar.aging_state
AS 'MODULE_PATHNAME', 'ar_aging_combine'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_combine(ar.aging_state, ar.aging_state) IS
'Adds two states of ar.aging. Errors: RA009 two currencies; 22023 two schemes.';

CREATE FUNCTION ar.aging_finish(ar.aging_state) RETURNS ar.monetary[]
AS 'MODULE_PATHNAME', 'ar_aging_finish'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_finish(ar.aging_state) IS
'The sums of a state of ar.aging, one a bucket. Errors: 22003 a sum does not fit ar.monetary.';

CREATE AGGREGATE ar.aging(open ar.monetary, due_on date, as_of date) (
    SFUNC = ar.aging_add,
    STYPE = ar.aging_state,
    FINALFUNC = ar.aging_finish,
    COMBINEFUNC = ar.aging_combine,
    MSFUNC = ar.aging_add,
    MINVFUNC = ar.aging_remove,
    MSTYPE = ar.aging_state,
    MFINALFUNC = ar.aging_finish,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.aging(ar.monetary, date, date) IS
'Sums open amounts by days past due into the buckets current, 1-30, 31-60, 61-90, 91+: an array with one amount a bucket, zeros included, which always add up to the total. Rows whose open amount is NULL do not count; without rows the result is NULL.
Errors: RA009 two currencies (group by currency); 22004 a date is NULL; 22003 a sum does not fit ar.monetary.';

CREATE AGGREGATE ar.aging(open ar.monetary, due_on date, as_of date, boundaries integer[]) (
    SFUNC = ar.aging_add,
    STYPE = ar.aging_state,
    FINALFUNC = ar.aging_finish,
    COMBINEFUNC = ar.aging_combine,
    MSFUNC = ar.aging_add,
    MINVFUNC = ar.aging_remove,
    MSTYPE = ar.aging_state,
    MFINALFUNC = ar.aging_finish,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ar.aging(ar.monetary, date, date, integer[]) IS
'Sums open amounts by days past due into buckets of your own: boundaries are the last days of every bucket but the last one, ascending, such as {0,30,60,90}, the same in every row of a group. Otherwise as ar.aging with three arguments.
Errors: as there; 22023 boundaries that make no scheme, or differ within a group; 22004 they are NULL.';


-- ar.invoice_status: the life of an invoice

CREATE TYPE ar.invoice_status;

CREATE FUNCTION ar.invoice_status_in(cstring) RETURNS ar.invoice_status
AS 'MODULE_PATHNAME', 'ar_invoice_status_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_in(cstring) IS
'Reads an invoice status: draft, held, open, partial, paid, written_off or void, in lower case.
Errors: 22P02 for anything else.';

CREATE FUNCTION ar.invoice_status_out(ar.invoice_status) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_invoice_status_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_out(ar.invoice_status) IS
'The canonical text of an invoice status.';

CREATE FUNCTION ar.invoice_status_recv(internal) RETURNS ar.invoice_status
AS 'MODULE_PATHNAME', 'ar_invoice_status_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_recv(internal) IS
'An invoice status from its binary form: its number, one byte. Errors: 22P03 for anything else.';

CREATE FUNCTION ar.invoice_status_send(ar.invoice_status) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_invoice_status_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_send(ar.invoice_status) IS
'The binary form of an invoice status: its number, one byte.';

CREATE TYPE ar.invoice_status (
    INPUT = ar.invoice_status_in,
    OUTPUT = ar.invoice_status_out,
    RECEIVE = ar.invoice_status_recv,
    SEND = ar.invoice_status_send,
    INTERNALLENGTH = 1,
    PASSEDBYVALUE,
    ALIGNMENT = char,
    STORAGE = plain,
    CATEGORY = 'U'
);

COMMENT ON TYPE ar.invoice_status IS
'The status of an invoice, 1 byte by value: draft (1), held (2) for credit, open (3), partial (4), paid (5), written_off (6), void (7). The numbers are frozen. Overdue and disputed are no states: the first follows from a date, the second from an open dispute.';

CREATE CAST (text AS ar.invoice_status) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS ar.invoice_status) IS 'Reads a text as the input of invoice_status does, also when it is assigned to a column.';
CREATE CAST (varchar AS ar.invoice_status) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS ar.invoice_status) IS 'Reads a text as the input of invoice_status does, also when it is assigned to a column.';

CREATE FUNCTION ar.invoice_status_eq(ar.invoice_status, ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_eq(ar.invoice_status, ar.invoice_status) IS 'Whether the two are equal: the function of operator =. Never raises.';

CREATE FUNCTION ar.invoice_status_ne(ar.invoice_status, ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_ne(ar.invoice_status, ar.invoice_status) IS 'Whether the two differ: the function of operator <>. Never raises.';

CREATE FUNCTION ar.invoice_status_lt(ar.invoice_status, ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_lt(ar.invoice_status, ar.invoice_status) IS 'Whether the first comes before the second: the function of operator <. Never raises.';

CREATE FUNCTION ar.invoice_status_le(ar.invoice_status, ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_le(ar.invoice_status, ar.invoice_status) IS 'Whether the first comes before the second or equals it: the function of operator <=. Never raises.';

CREATE FUNCTION ar.invoice_status_gt(ar.invoice_status, ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_gt(ar.invoice_status, ar.invoice_status) IS 'Whether the first comes after the second: the function of operator >. Never raises.';

CREATE FUNCTION ar.invoice_status_ge(ar.invoice_status, ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_ge(ar.invoice_status, ar.invoice_status) IS 'Whether the first comes after the second or equals it: the function of operator >=. Never raises.';

CREATE FUNCTION ar.invoice_status_cmp(ar.invoice_status, ar.invoice_status) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_invoice_status_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_cmp(ar.invoice_status, ar.invoice_status) IS 'Three-way comparison: negative, zero or positive. Statuses in order of their numbers, draft to void. Never raises.';

CREATE FUNCTION ar.invoice_status_sortsupport(internal) RETURNS void
AS 'MODULE_PATHNAME', 'ar_invoice_status_sortsupport'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_sortsupport(internal) IS 'Sort support of the btree operator class; called by the server only.';

CREATE FUNCTION ar.invoice_status_hash(ar.invoice_status) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_invoice_status_hash'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_hash(ar.invoice_status) IS 'Hash of the value, for hash joins, grouping and hash indexes.';

CREATE FUNCTION ar.invoice_status_hash_extended(ar.invoice_status, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'ar_invoice_status_hash_extended'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_hash_extended(ar.invoice_status, bigint) IS 'Hash of the value with a seed, for hash partitions.';

CREATE OPERATOR ar.= (
    LEFTARG = ar.invoice_status, RIGHTARG = ar.invoice_status, FUNCTION = ar.invoice_status_eq,
    COMMUTATOR = OPERATOR(ar.=), NEGATOR = OPERATOR(ar.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR ar.= (ar.invoice_status, ar.invoice_status) IS 'Whether the two are equal.';

CREATE OPERATOR ar.<> (
    LEFTARG = ar.invoice_status, RIGHTARG = ar.invoice_status, FUNCTION = ar.invoice_status_ne,
    COMMUTATOR = OPERATOR(ar.<>), NEGATOR = OPERATOR(ar.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR ar.<> (ar.invoice_status, ar.invoice_status) IS 'Whether the two differ.';

CREATE OPERATOR ar.< (
    LEFTARG = ar.invoice_status, RIGHTARG = ar.invoice_status, FUNCTION = ar.invoice_status_lt,
    COMMUTATOR = OPERATOR(ar.>), NEGATOR = OPERATOR(ar.>=),
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR ar.< (ar.invoice_status, ar.invoice_status) IS 'Whether the first comes before the second.';

CREATE OPERATOR ar.<= (
    LEFTARG = ar.invoice_status, RIGHTARG = ar.invoice_status, FUNCTION = ar.invoice_status_le,
    COMMUTATOR = OPERATOR(ar.>=), NEGATOR = OPERATOR(ar.>),
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR ar.<= (ar.invoice_status, ar.invoice_status) IS 'Whether the first comes before the second or equals it.';

CREATE OPERATOR ar.> (
    LEFTARG = ar.invoice_status, RIGHTARG = ar.invoice_status, FUNCTION = ar.invoice_status_gt,
    COMMUTATOR = OPERATOR(ar.<), NEGATOR = OPERATOR(ar.<=),
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR ar.> (ar.invoice_status, ar.invoice_status) IS 'Whether the first comes after the second.';

CREATE OPERATOR ar.>= (
    LEFTARG = ar.invoice_status, RIGHTARG = ar.invoice_status, FUNCTION = ar.invoice_status_ge,
    COMMUTATOR = OPERATOR(ar.<=), NEGATOR = OPERATOR(ar.<),
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR ar.>= (ar.invoice_status, ar.invoice_status) IS 'Whether the first comes after the second or equals it.';

CREATE OPERATOR CLASS ar.invoice_status_ops DEFAULT FOR TYPE ar.invoice_status USING btree AS
    OPERATOR 1 ar.<,
    OPERATOR 2 ar.<=,
    OPERATOR 3 ar.=,
    OPERATOR 4 ar.>=,
    OPERATOR 5 ar.>,
    FUNCTION 1 ar.invoice_status_cmp(ar.invoice_status, ar.invoice_status),
    FUNCTION 2 ar.invoice_status_sortsupport(internal),
    FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS ar.invoice_status_ops USING btree IS 'Statuses in order of their numbers, draft to void.';
COMMENT ON OPERATOR FAMILY ar.invoice_status_ops USING btree IS 'Statuses in order of their numbers, draft to void.';

CREATE OPERATOR CLASS ar.invoice_status_ops DEFAULT FOR TYPE ar.invoice_status USING hash AS
    OPERATOR 1 ar.=,
    FUNCTION 1 ar.invoice_status_hash(ar.invoice_status),
    FUNCTION 2 ar.invoice_status_hash_extended(ar.invoice_status, bigint);
COMMENT ON OPERATOR CLASS ar.invoice_status_ops USING hash IS 'Hash indexes, joins, grouping and partitions by invoice status.';
COMMENT ON OPERATOR FAMILY ar.invoice_status_ops USING hash IS 'Hash indexes, joins, grouping and partitions by invoice status.';

CREATE OPERATOR CLASS ar.invoice_status_minmax_ops DEFAULT FOR TYPE ar.invoice_status USING brin AS
    OPERATOR 1 ar.<,
    OPERATOR 2 ar.<=,
    OPERATOR 3 ar.=,
    OPERATOR 4 ar.>=,
    OPERATOR 5 ar.>,
    FUNCTION 1 brin_minmax_opcinfo(internal),
    FUNCTION 2 brin_minmax_add_value(internal, internal, internal, internal),
    FUNCTION 3 brin_minmax_consistent(internal, internal, internal),
    FUNCTION 4 brin_minmax_union(internal, internal, internal);
COMMENT ON OPERATOR CLASS ar.invoice_status_minmax_ops USING brin IS 'Block range indexes by least and greatest invoice status.';
COMMENT ON OPERATOR FAMILY ar.invoice_status_minmax_ops USING brin IS 'Block range indexes by least and greatest invoice status.';

CREATE FUNCTION ar.can_transition(from_status ar.invoice_status, to_status ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_can_transition'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.can_transition(ar.invoice_status, ar.invoice_status) IS
'Whether something leads an invoice from one status to another. A status is no transition to itself, and nothing leads out of void.';

CREATE FUNCTION ar.invoice_status_graph()
RETURNS TABLE (from_status ar.invoice_status, to_status ar.invoice_status, event text)
AS 'MODULE_PATHNAME', 'ar_invoice_status_graph'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 21;
COMMENT ON FUNCTION ar.invoice_status_graph() IS
'The state machine of invoices, one move a row, with what makes it in plain words. Lists exactly the pairs for which ar.can_transition is true.';

CREATE FUNCTION ar.is_posted(status ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_is_posted'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_posted(ar.invoice_status) IS
'Whether an invoice of that status is posted: open, partial, paid or written_off. Drafts, held and void invoices are not.';

CREATE FUNCTION ar.invoice_status_of(total ar.monetary, open ar.monetary, written_off boolean,
                                     reversed boolean DEFAULT false) RETURNS ar.invoice_status
AS 'MODULE_PATHNAME', 'ar_invoice_status_of'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_of(ar.monetary, ar.monetary, boolean, boolean) IS
'The status that its facts give a posted invoice. Arguments: total, what of it is open, whether its last application was a write-off, and whether it was reversed. Nothing open is paid, written_off or void; all open is open; anything else is partial.
Errors: RA009 the amounts are of two currencies.';


-- ar.terms: credit terms as people write them

CREATE TYPE ar.terms;

CREATE FUNCTION ar.terms_in(cstring) RETURNS ar.terms
AS 'MODULE_PATHNAME', 'ar_terms_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_in(cstring) IS
'Reads credit terms as people write them, upper or lower case: due on receipt; net 30; net 2 months; 2/10 net 30 (2 percent off within 10 days); 3/10 2/20 net 60; net 30 eom (30 days, then the end of the month); eom net 45 (the end of the month, then 45 days); net 15 day 10 (15 days, then day 10 of the following month); net 10 prox, or day 10 cutoff 25 (a date after day 25 counts as of the next month); net 30 next friday; 30% due on receipt, 70% net 60; 500 due on receipt, rest net 30.
Errors: 22P02 malformed, with the place and the reason: an unknown word, percents that miss 100, a discount after the due day, a day that no month has.';

CREATE FUNCTION ar.terms_out(ar.terms) RETURNS cstring
AS 'MODULE_PATHNAME', 'ar_terms_out'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_out(ar.terms) IS
'The canonical text of credit terms.';

CREATE FUNCTION ar.terms_recv(internal) RETURNS ar.terms
AS 'MODULE_PATHNAME', 'ar_terms_recv'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_recv(internal) IS
'Credit terms from their binary form: the text, checked and made canonical like any input. Errors: as of ar.terms_in.';

CREATE FUNCTION ar.terms_send(ar.terms) RETURNS bytea
AS 'MODULE_PATHNAME', 'ar_terms_send'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_send(ar.terms) IS
'The binary form of credit terms: their canonical text.';

CREATE TYPE ar.terms (
    INPUT = ar.terms_in,
    OUTPUT = ar.terms_out,
    RECEIVE = ar.terms_recv,
    SEND = ar.terms_send,
    INTERNALLENGTH = VARIABLE,
    ALIGNMENT = int4,
    STORAGE = extended,
    CATEGORY = 'U'
);

COMMENT ON TYPE ar.terms IS
'Credit terms as people write them: due on receipt, net 30, 2/10 net 30, net 30 eom, net 15 day 10, 30% due on receipt, 70% net 60. Stored as the canonical lower-case text. Terms that read the same are equal.';

CREATE CAST (text AS ar.terms) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (text AS ar.terms) IS 'Reads a text as the input of terms does, also when it is assigned to a column.';
CREATE CAST (varchar AS ar.terms) WITH INOUT AS ASSIGNMENT;
COMMENT ON CAST (varchar AS ar.terms) IS 'Reads a text as the input of terms does, also when it is assigned to a column.';

CREATE FUNCTION ar.terms_eq(ar.terms, ar.terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_terms_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_eq(ar.terms, ar.terms) IS 'Whether the two are equal: the function of operator =. Never raises.';

CREATE FUNCTION ar.terms_ne(ar.terms, ar.terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_terms_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_ne(ar.terms, ar.terms) IS 'Whether the two differ: the function of operator <>. Never raises.';

CREATE FUNCTION ar.terms_lt(ar.terms, ar.terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_terms_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_lt(ar.terms, ar.terms) IS 'Whether the first comes before the second: the function of operator <. Never raises.';

CREATE FUNCTION ar.terms_le(ar.terms, ar.terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_terms_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_le(ar.terms, ar.terms) IS 'Whether the first comes before the second or equals it: the function of operator <=. Never raises.';

CREATE FUNCTION ar.terms_gt(ar.terms, ar.terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_terms_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_gt(ar.terms, ar.terms) IS 'Whether the first comes after the second: the function of operator >. Never raises.';

CREATE FUNCTION ar.terms_ge(ar.terms, ar.terms) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_terms_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_ge(ar.terms, ar.terms) IS 'Whether the first comes after the second or equals it: the function of operator >=. Never raises.';

CREATE FUNCTION ar.terms_cmp(ar.terms, ar.terms) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_terms_cmp'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_cmp(ar.terms, ar.terms) IS 'Three-way comparison: negative, zero or positive. Terms in byte order of their canonical text. Never raises.';

CREATE FUNCTION ar.terms_hash(ar.terms) RETURNS integer
AS 'MODULE_PATHNAME', 'ar_terms_hash'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_hash(ar.terms) IS 'Hash of the value, for hash joins, grouping and hash indexes.';

CREATE FUNCTION ar.terms_hash_extended(ar.terms, bigint) RETURNS bigint
AS 'MODULE_PATHNAME', 'ar_terms_hash_extended'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_hash_extended(ar.terms, bigint) IS 'Hash of the value with a seed, for hash partitions.';

CREATE OPERATOR ar.= (
    LEFTARG = ar.terms, RIGHTARG = ar.terms, FUNCTION = ar.terms_eq,
    COMMUTATOR = OPERATOR(ar.=), NEGATOR = OPERATOR(ar.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR ar.= (ar.terms, ar.terms) IS 'Whether the two are equal.';

CREATE OPERATOR ar.<> (
    LEFTARG = ar.terms, RIGHTARG = ar.terms, FUNCTION = ar.terms_ne,
    COMMUTATOR = OPERATOR(ar.<>), NEGATOR = OPERATOR(ar.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR ar.<> (ar.terms, ar.terms) IS 'Whether the two differ.';

CREATE OPERATOR ar.< (
    LEFTARG = ar.terms, RIGHTARG = ar.terms, FUNCTION = ar.terms_lt,
    COMMUTATOR = OPERATOR(ar.>), NEGATOR = OPERATOR(ar.>=),
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR ar.< (ar.terms, ar.terms) IS 'Whether the first comes before the second.';

CREATE OPERATOR ar.<= (
    LEFTARG = ar.terms, RIGHTARG = ar.terms, FUNCTION = ar.terms_le,
    COMMUTATOR = OPERATOR(ar.>=), NEGATOR = OPERATOR(ar.>),
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR ar.<= (ar.terms, ar.terms) IS 'Whether the first comes before the second or equals it.';

CREATE OPERATOR ar.> (
    LEFTARG = ar.terms, RIGHTARG = ar.terms, FUNCTION = ar.terms_gt,
    COMMUTATOR = OPERATOR(ar.<), NEGATOR = OPERATOR(ar.<=),
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR ar.> (ar.terms, ar.terms) IS 'Whether the first comes after the second.';

CREATE OPERATOR ar.>= (
    LEFTARG = ar.terms, RIGHTARG = ar.terms, FUNCTION = ar.terms_ge,
    COMMUTATOR = OPERATOR(ar.<=), NEGATOR = OPERATOR(ar.<),
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR ar.>= (ar.terms, ar.terms) IS 'Whether the first comes after the second or equals it.';

CREATE OPERATOR CLASS ar.terms_ops DEFAULT FOR TYPE ar.terms USING btree AS
    OPERATOR 1 ar.<,
    OPERATOR 2 ar.<=,
    OPERATOR 3 ar.=,
    OPERATOR 4 ar.>=,
    OPERATOR 5 ar.>,
    FUNCTION 1 ar.terms_cmp(ar.terms, ar.terms),
    FUNCTION 4 btequalimage(oid);
COMMENT ON OPERATOR CLASS ar.terms_ops USING btree IS 'Terms in byte order of their canonical text.';
COMMENT ON OPERATOR FAMILY ar.terms_ops USING btree IS 'Terms in byte order of their canonical text.';

CREATE OPERATOR CLASS ar.terms_ops DEFAULT FOR TYPE ar.terms USING hash AS
    OPERATOR 1 ar.=,
    FUNCTION 1 ar.terms_hash(ar.terms),
    FUNCTION 2 ar.terms_hash_extended(ar.terms, bigint);
COMMENT ON OPERATOR CLASS ar.terms_ops USING hash IS 'Hash indexes, joins, grouping and partitions by terms.';
COMMENT ON OPERATOR FAMILY ar.terms_ops USING hash IS 'Hash indexes, joins, grouping and partitions by terms.';

CREATE FUNCTION ar.schedule_support(internal) RETURNS internal
AS 'MODULE_PATHNAME', 'ar_terms_schedule_support'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.schedule_support(internal) IS
'For the planner: how many rows ar.schedule() returns.';

CREATE FUNCTION ar.schedule(terms ar.terms, total ar.monetary, base date)
RETURNS TABLE (instalment integer, due_on date, amount ar.monetary, discount_until date, discount ar.monetary)
AS 'MODULE_PATHNAME', 'ar_terms_schedule_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 2 SUPPORT ar.schedule_support;
COMMENT ON FUNCTION ar.schedule(ar.terms, ar.monetary, date) IS
'The instalments that terms make of a total, one a row: number, due date, amount, and the discount for paying up to and on discount_until (both NULL without a discount; of several discounts the first, see ar.discount for the others). Base is the date the terms count from, as a rule the document date. Percents round half up (away from zero) to the minor unit, the last instalment takes what is left, so the amounts always sum to the total; a negative total mirrors a positive one; a total of zero is one row of zero. No date falls before the base, no discount outlives the due day.
Errors: 22023 fixed amounts that do not fit the total or have more decimals than the currency; 22008 a date out of range or an infinite base.';

CREATE FUNCTION ar.schedule(terms ar.terms, total ar.monetary, base date, increment ar.monetary)
RETURNS TABLE (instalment integer, due_on date, amount ar.monetary, discount_until date, discount ar.monetary)
AS 'MODULE_PATHNAME', 'ar_terms_schedule_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 2;
COMMENT ON FUNCTION ar.schedule(ar.terms, ar.monetary, date, ar.monetary) IS
'As ar.schedule with three arguments, but percents round half up (away from zero) to a multiple of the increment, the least amount that can be paid: CHF 868.35 in halves with CHF 0.05 are 434.20 and 434.15. The last instalment takes what is left, to the minor unit.
Errors: 22023 an increment not above zero, RA009 one of another currency; otherwise as of ar.schedule.';

CREATE FUNCTION ar.discount(terms ar.terms, total ar.monetary, base date, paid_on date) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_terms_discount'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.discount(ar.terms, ar.monetary, date, date) IS
'What may be deducted from a total when all of it is paid on a date: of every instalment the first discount that has not ended by then (its last day still counts). Zero when no discount runs any more.
Errors: as of ar.schedule.';
