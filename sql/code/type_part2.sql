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

CREATE FUNCTION ar.aging_bucket_eq(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_eq'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_eq(ar.aging_bucket, ar.aging_bucket) IS 'Whether the two are equal: the function of operator =. Never raises.';

CREATE FUNCTION ar.aging_bucket_ne(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_ne'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_ne(ar.aging_bucket, ar.aging_bucket) IS 'Whether the two differ: the function of operator <>. Never raises.';

CREATE FUNCTION ar.aging_bucket_lt(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_lt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_lt(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes before the second: the function of operator <. Never raises.';

CREATE FUNCTION ar.aging_bucket_le(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_le'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_le(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes before the second or equals it: the function of operator <=. Never raises.';

CREATE FUNCTION ar.aging_bucket_gt(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_gt'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
COMMENT ON FUNCTION ar.aging_bucket_gt(ar.aging_bucket, ar.aging_bucket) IS 'Whether the first comes after the second: the function of operator >. Never raises.';

CREATE FUNCTION ar.aging_bucket_ge(ar.aging_bucket, ar.aging_bucket) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_aging_bucket_ge'
LANGUAGE C IMMUTABLE STRICT LEAKPROOF PARALLEL SAFE;
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

CREATE FUNCTION ar.aging_buckets(boundaries integer[] DEFAULT '{0,30,60,90}') RETURNS SETOF ar.aging_bucket
AS 'MODULE_PATHNAME', 'ar_aging_bucket_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 5;
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
ROWS 20;
COMMENT ON FUNCTION ar.invoice_status_graph() IS
'The state machine of invoices, one move a row, with what makes it in plain words. Lists exactly the pairs for which ar.can_transition is true.';

CREATE FUNCTION ar.is_posted(status ar.invoice_status) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_invoice_status_is_posted'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_posted(ar.invoice_status) IS
'Whether an invoice of that status is posted: open, partial, paid or written_off. Drafts, held and void invoices are not.';

CREATE FUNCTION ar.invoice_status_of(total ar.monetary, open ar.monetary, written_off boolean) RETURNS ar.invoice_status
AS 'MODULE_PATHNAME', 'ar_invoice_status_of'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.invoice_status_of(ar.monetary, ar.monetary, boolean) IS
'The status that its facts give a posted invoice. Arguments: total, what of it is open, and whether its last application was a write-off. Nothing open is paid, or written_off; all open is open; anything else is partial.
Errors: RA009 the amounts are of two currencies.';


-- ar.terms: credit terms as people write them

CREATE TYPE ar.terms;

CREATE FUNCTION ar.terms_in(cstring) RETURNS ar.terms
AS 'MODULE_PATHNAME', 'ar_terms_in'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.terms_in(cstring) IS
'Reads credit terms as people write them, upper or lower case: due on receipt; net 30; net 2 months; 2/10 net 30 (2 percent off within 10 days); 3/10 2/20 net 60; net 30 eom (30 days, then the end of the month); eom net 45 (the end of the month, then 45 days); net 15 day 10 (15 days, then day 10 of the following month); 30% due on receipt, 70% net 60; 500 due on receipt, rest net 30.
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

CREATE FUNCTION ar.schedule(terms ar.terms, total ar.monetary, base date)
RETURNS TABLE (instalment integer, due_on date, amount ar.monetary, discount_until date, discount ar.monetary)
AS 'MODULE_PATHNAME', 'ar_terms_schedule_list'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
ROWS 2;
COMMENT ON FUNCTION ar.schedule(ar.terms, ar.monetary, date) IS
'The instalments that terms make of a total, one a row: number, due date, amount, and the discount for paying up to and on discount_until (both NULL without a discount; of several discounts the first, see ar.discount for the others). Base is the date the terms count from, as a rule the document date. Percents round half up (away from zero) to the minor unit, the last instalment takes what is left, so the amounts always sum to the total; a negative total mirrors a positive one; a total of zero is one row of zero. No date falls before the base, no discount outlives the due day.
Errors: 22023 fixed amounts that do not fit the total or have more decimals than the currency; 22008 a date out of range or an infinite base.';

CREATE FUNCTION ar.discount(terms ar.terms, total ar.monetary, base date, paid_on date) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_terms_discount'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.discount(ar.terms, ar.monetary, date, date) IS
'What may be deducted from a total when all of it is paid on a date: of every instalment the first discount that has not ended by then (its last day still counts). Zero when no discount runs any more.
Errors: as of ar.schedule.';
