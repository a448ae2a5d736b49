-- type: terms, credit terms as people write them

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
