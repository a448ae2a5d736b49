-- type: aging_bucket, a range of days past due

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
