-- type: currencies and monetary, with operators, aggregates and index support.
-- All of the types stays executable by PUBLIC: a type is no secret.

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
