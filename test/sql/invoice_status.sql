-- ar.invoice_status: the states of an invoice and the moves between them
SET search_path TO ar, public;
SET timezone TO 'UTC';
SET datestyle TO 'ISO';
\set SHOW_CONTEXT never

-- The seven statuses in order, with their frozen numbers (the binary form, and the byte on disk).
SELECT status, invoice_status_send(status), invoice_status_hash(status) = hashint4(get_byte(invoice_status_send(status), 0)) AS same_byte,
       is_posted(status)
FROM unnest('{void,written_off,paid,partial,open,held,draft}'::invoice_status[]) AS status
ORDER BY status;
SELECT typlen, typbyval, typalign, typstorage FROM pg_type WHERE oid = 'invoice_status'::regtype;

-- Malformed: only the exact names are read.
SELECT ''::invoice_status;
\echo :LAST_ERROR_SQLSTATE
SELECT 'Open'::invoice_status;
SELECT 'OPEN'::invoice_status;
SELECT ' open'::invoice_status;
SELECT 'open '::invoice_status;
SELECT 'ope'::invoice_status;
SELECT 'opened'::invoice_status;
SELECT 'written off'::invoice_status;
SELECT 'written-off'::invoice_status;
SELECT 'overdue'::invoice_status;
SELECT 'disputed'::invoice_status;
SELECT '3'::invoice_status;
SELECT NULL::invoice_status IS NULL AS is_null;

-- The whole matrix: a line per status to come from, a column per status to go to.
SELECT f AS from_status, can_transition(f, 'draft') AS draft, can_transition(f, 'held') AS held, can_transition(f, 'open') AS open,
       can_transition(f, 'partial') AS partial, can_transition(f, 'paid') AS paid, can_transition(f, 'written_off') AS written_off,
       can_transition(f, 'void') AS void
FROM unnest('{draft,held,open,partial,paid,written_off,void}'::invoice_status[]) AS f
ORDER BY f;

-- The graph lists exactly these moves, each once and with an event.
SELECT * FROM invoice_status_graph();
SELECT count(*) AS pairs, count(*) FILTER (WHERE can_transition(f, t) = EXISTS (
           SELECT FROM invoice_status_graph() AS g WHERE g.from_status = f AND g.to_status = t)) AS agree
FROM unnest('{draft,held,open,partial,paid,written_off,void}'::invoice_status[]) AS f,
     unnest('{draft,held,open,partial,paid,written_off,void}'::invoice_status[]) AS t;
SELECT count(*) AS moves, count(DISTINCT (from_status::text, to_status::text)) AS distinct_moves,
       count(*) FILTER (WHERE event <> '') AS with_event
FROM invoice_status_graph();
-- Nothing goes back from posted to not posted (but to void, by its reversal), nor out of void, nor to itself.
SELECT count(*) AS wrong FROM invoice_status_graph()
WHERE is_posted(from_status) AND NOT is_posted(to_status) AND (from_status, to_status) <> ('open', 'void') OR from_status = 'void' OR from_status = to_status;

-- The status as a function of the facts.
SELECT total, open, written_off, invoice_status_of(total, open, written_off)
FROM (VALUES ('USD 100'::monetary, 'USD 100'::monetary, false), ('USD 100', 'USD 100', true), ('USD 100', 'USD 99.99', false), ('USD 100', 'USD 0.01', true),
             ('USD 100', 'USD 0', false), ('USD 100', 'USD 0', true), ('USD 0', 'USD 0', false), ('USD 0', 'USD 0', true),
             ('USD -100', 'USD -100', false), ('USD -100', 'USD -1', false), ('USD -100', 'USD 0', false), (NULL, 'USD 0', false))
     AS t (total, open, written_off);
SELECT open, invoice_status_of('USD 100', open, true, reversed => true) FROM unnest('{USD 0,USD 1,USD 100}'::monetary[]) AS open;
SELECT invoice_status_of('USD 1', 'EUR 1', false);
\echo :LAST_ERROR_SQLSTATE
-- Between any two statuses that facts give, there is a move.
SELECT count(*) AS missing
FROM unnest('{open,partial,paid,written_off}'::invoice_status[]) AS f, unnest('{open,partial,paid,written_off}'::invoice_status[]) AS t
WHERE f <> t AND NOT can_transition(f, t);

-- Order, and every comparison.
SELECT f, array_agg(t ORDER BY t) FILTER (WHERE f < t) AS lt, count(*) FILTER (WHERE f <= t) AS le, array_agg(t) FILTER (WHERE f = t) AS eq,
       count(*) FILTER (WHERE f <> t) AS ne, count(*) FILTER (WHERE f >= t) AS ge, count(*) FILTER (WHERE f > t) AS gt,
       sum(sign(invoice_status_cmp(f, t))) AS cmp
FROM unnest('{draft,held,open,partial,paid,written_off,void}'::invoice_status[]) AS f,
     unnest('{draft,held,open,partial,paid,written_off,void}'::invoice_status[]) AS t
GROUP BY f ORDER BY f;

-- A round trip in binary, through COPY.
CREATE TEMP TABLE invoice (place integer, status invoice_status);
INSERT INTO invoice
SELECT g, ('{draft,held,open,partial,paid,written_off,void}'::invoice_status[])[g / 1000 + 1] FROM generate_series(0, 7999) AS g;
COPY invoice TO PROGRAM 'cat > ar_invoice_status.copy' (FORMAT binary);
CREATE TEMP TABLE invoice_back (LIKE invoice);
COPY invoice_back FROM PROGRAM 'cat ar_invoice_status.copy; rm ar_invoice_status.copy' (FORMAT binary);
SELECT count(*) AS rows, count(*) FILTER (WHERE a.status = b.status) AS same, count(*) FILTER (WHERE a.status IS NULL AND b.status IS NULL) AS both_null
FROM invoice AS a JOIN invoice_back AS b USING (place);
-- What a client may not send: no status, and more or less than a byte.
COPY (SELECT 1::integer, '\x00'::bytea) TO PROGRAM 'cat > ar_invoice_status.copy' (FORMAT binary);
COPY invoice_back FROM PROGRAM 'cat ar_invoice_status.copy; rm ar_invoice_status.copy' (FORMAT binary);
\echo :LAST_ERROR_SQLSTATE
COPY (SELECT 1::integer, '\x08'::bytea) TO PROGRAM 'cat > ar_invoice_status.copy' (FORMAT binary);
COPY invoice_back FROM PROGRAM 'cat ar_invoice_status.copy; rm ar_invoice_status.copy' (FORMAT binary);
COPY (SELECT 1::integer, '\xff'::bytea) TO PROGRAM 'cat > ar_invoice_status.copy' (FORMAT binary);
COPY invoice_back FROM PROGRAM 'cat ar_invoice_status.copy; rm ar_invoice_status.copy' (FORMAT binary);
COPY (SELECT 1::integer, '\x0303'::bytea) TO PROGRAM 'cat > ar_invoice_status.copy' (FORMAT binary);
COPY invoice_back FROM PROGRAM 'cat ar_invoice_status.copy; rm ar_invoice_status.copy' (FORMAT binary);
COPY (SELECT 1::integer, '\x'::bytea) TO PROGRAM 'cat > ar_invoice_status.copy' (FORMAT binary);
COPY invoice_back FROM PROGRAM 'cat ar_invoice_status.copy; rm ar_invoice_status.copy' (FORMAT binary);

-- Operator classes: each is used, and gives what a plain scan gives.
SELECT count(*) AS plain FROM invoice WHERE status = 'partial';
SELECT count(*) AS plain FROM invoice WHERE status >= 'paid';
ANALYZE invoice;
SET enable_seqscan TO off;
CREATE INDEX invoice_btree ON invoice USING btree (status);
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE status = 'partial';
SELECT count(*) AS btree FROM invoice WHERE status = 'partial';
SELECT count(*) AS btree FROM invoice WHERE status >= 'paid';
DROP INDEX invoice_btree;
CREATE INDEX invoice_hash ON invoice USING hash (status);
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE status = 'partial';
SELECT count(*) AS hash FROM invoice WHERE status = 'partial';
DROP INDEX invoice_hash;
CREATE INDEX invoice_brin ON invoice USING brin (status) WITH (pages_per_range = 1);
EXPLAIN (COSTS OFF) SELECT count(*) FROM invoice WHERE status >= 'paid';
SELECT count(*) AS brin FROM invoice WHERE status >= 'paid';
DROP INDEX invoice_brin;
RESET enable_seqscan;
SELECT status, count(*) FROM invoice GROUP BY status ORDER BY status DESC;
SELECT count(*) AS wrong FROM invoice
WHERE invoice_status_hash(status)::bit(32) <> invoice_status_hash_extended(status, 0)::bit(32);
CREATE TEMP TABLE invoice_part (status invoice_status) PARTITION BY LIST (status);
CREATE TEMP TABLE invoice_posted PARTITION OF invoice_part FOR VALUES IN ('open', 'partial', 'paid', 'written_off');
CREATE TEMP TABLE invoice_other PARTITION OF invoice_part DEFAULT;
INSERT INTO invoice_part SELECT status FROM invoice;
SELECT (SELECT count(*) FROM invoice_posted) AS posted, (SELECT count(*) FROM invoice_other) AS other;
-- All comparison functions are leakproof, all functions immutable and parallel safe.
SELECT count(*) AS leakproof FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname ~ '^invoice_status_(eq|ne|lt|le|gt|ge|cmp|hash|hash_extended)$' AND proleakproof;
SELECT count(*) AS not_safe FROM pg_proc
WHERE pronamespace = 'ar'::regnamespace AND proname ~ '^(invoice_status|can_transition|is_posted)' AND (proparallel <> 's' OR provolatile <> 'i');
