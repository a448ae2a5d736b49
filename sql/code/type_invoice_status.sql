-- type: invoice_status, the life of an invoice

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
