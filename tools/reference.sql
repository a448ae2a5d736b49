-- reference.sql: print docs/reference.md from the catalog of a database with extension and books.
-- Run by psql -At; every line of output is a line of Markdown.  Order and spelling depend on the catalog alone.

SET search_path TO pg_catalog;

-- A comment as paragraphs: each of its lines stands on its own.
CREATE FUNCTION pg_temp.prose(comment text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(regexp_replace(comment, '\s*\n\s*', E'\n\n', 'g'), '*Not described.*');

-- What to call a function with; "NULL::date" would only say the type of the argument once more.
CREATE FUNCTION pg_temp.arguments(function oid) RETURNS text
LANGUAGE sql STABLE
RETURN regexp_replace(pg_get_function_arguments(function), 'NULL::[^,]+', 'NULL', 'g');

-- A comment as a cell of a table.
CREATE FUNCTION pg_temp.cell(comment text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(replace(regexp_replace(comment, '\s*\n\s*', ' ', 'g'), '|', '\|'), '');

-- Functions that a type, operator, aggregate, cast or index calls: a user meets those, not them.
CREATE TEMPORARY VIEW support_function AS
SELECT unnest(ARRAY[t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze,
                    t.typsubscript]::oid[]) AS oid
FROM pg_type AS t
UNION SELECT unnest(ARRAY[o.oprcode, o.oprrest, o.oprjoin]::oid[]) FROM pg_operator AS o
UNION SELECT p.amproc FROM pg_amproc AS p
UNION SELECT c.castfunc FROM pg_cast AS c
UNION SELECT unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn, a.aggmtransfn,
                          a.aggminvtransfn, a.aggmfinalfn]::oid[])
FROM pg_aggregate AS a;

\echo '# Reference'
\echo
\echo 'Everything in schema `ar`, as its own comments describe it.  Written by `make reference`; edit the comments, not this page.'
\echo 'Arguments are best given by name: `ar.aging(ledger_id => 1, as_of => \'2026-03-31\')`.'

\echo
\echo '## Types'
SELECT format(E'\n### %s\n\n%s', t.typname, pg_temp.prose(obj_description(t.oid, 'pg_type')))
FROM pg_type AS t
WHERE t.typnamespace = 'ar'::regnamespace AND t.typtype IN ('b', 'd', 'e', 'r') AND t.typcategory <> 'A'
ORDER BY t.typname;

\echo
\echo '## Procedures'
SELECT format(E'\n### %s\n\n`CALL ar.%s(%s)`\n\n%s', p.proname, p.proname, pg_temp.arguments(p.oid),
              pg_temp.prose(obj_description(p.oid, 'pg_proc')))
FROM pg_proc AS p
WHERE p.pronamespace = 'ar'::regnamespace AND p.prokind = 'p'
ORDER BY p.proname, pg_get_function_arguments(p.oid);

\echo
\echo '## Functions'
SELECT format(E'\n### %s\n\n`ar.%s(%s) → %s`\n\n%s', p.proname, p.proname, pg_temp.arguments(p.oid),
              pg_get_function_result(p.oid), pg_temp.prose(obj_description(p.oid, 'pg_proc')))
FROM pg_proc AS p
WHERE p.pronamespace = 'ar'::regnamespace AND p.prokind IN ('f', 'w') AND p.prorettype <> 'trigger'::regtype
  AND p.oid NOT IN (SELECT s.oid FROM support_function AS s)
ORDER BY p.proname, pg_get_function_arguments(p.oid);

\echo
\echo '## Aggregates'
SELECT format(E'\n### %s\n\n`ar.%s(%s) → %s`\n\n%s', p.proname, p.proname, pg_temp.arguments(p.oid),
              pg_get_function_result(p.oid), pg_temp.prose(obj_description(p.oid, 'pg_proc')))
FROM pg_proc AS p
WHERE p.pronamespace = 'ar'::regnamespace AND p.prokind = 'a'
ORDER BY p.proname, pg_get_function_arguments(p.oid);

\echo
\echo '## Operators'
\echo
\echo '| operator | result | meaning |'
\echo '|---|---|---|'
SELECT format('| `%s%s %s` | `%s` | %s |', CASE WHEN o.oprleft <> 0 THEN format_type(o.oprleft, NULL) || ' ' END,
              replace(o.oprname, '|', '\|'), format_type(o.oprright, NULL), format_type(o.oprresult, NULL),
              pg_temp.cell(obj_description(o.oid, 'pg_operator')))
FROM pg_operator AS o
WHERE o.oprnamespace = 'ar'::regnamespace
ORDER BY format_type(o.oprleft, NULL), o.oprname, format_type(o.oprright, NULL);

\echo
\echo '## Casts'
\echo
\echo '| from | to | used | meaning |'
\echo '|---|---|---|---|'
SELECT format('| `%s` | `%s` | %s | %s |', format_type(c.castsource, NULL), format_type(c.casttarget, NULL),
              CASE c.castcontext WHEN 'i' THEN 'everywhere' WHEN 'a' THEN 'in assignments' ELSE 'when written' END,
              pg_temp.cell(obj_description(c.oid, 'pg_cast')))
FROM pg_cast AS c
JOIN pg_depend AS d ON d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'e'
JOIN pg_extension AS e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND e.extname = 'ar_ext'
ORDER BY format_type(c.castsource, NULL), format_type(c.casttarget, NULL);

\echo
\echo '## Tables'
\echo
\echo 'The books: ordinary tables of your database, made by `ar.create_books()`.'
SELECT format(E'\n### %s\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n%s', c.relname,
              pg_temp.prose(obj_description(c.oid, 'pg_class')),
              (SELECT string_agg(format('| `%s` | `%s`%s | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
                                        CASE WHEN a.attnotnull THEN ' not null' END,
                                        pg_temp.cell(col_description(c.oid, a.attnum))), E'\n' ORDER BY a.attnum)
               FROM pg_attribute AS a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM pg_class AS c
WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY c.relname;

\echo
\echo '## Views'
SELECT format(E'\n### %s\n\n%s\n\n| column | type | meaning |\n|---|---|---|\n%s', c.relname,
              pg_temp.prose(obj_description(c.oid, 'pg_class')),
              (SELECT string_agg(format('| `%s` | `%s` | %s |', a.attname, format_type(a.atttypid, a.atttypmod),
                                        pg_temp.cell(col_description(c.oid, a.attnum))), E'\n' ORDER BY a.attnum)
               FROM pg_attribute AS a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
FROM pg_class AS c
WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('v', 'm')
ORDER BY c.relname;

\echo
\echo '## Trigger functions'
\echo
\echo 'Called by the triggers of the books, never by hand.'
\echo
\echo '| function | meaning |'
\echo '|---|---|'
SELECT format('| `%s` | %s |', p.proname, pg_temp.cell(obj_description(p.oid, 'pg_proc')))
FROM pg_proc AS p
WHERE p.pronamespace = 'ar'::regnamespace AND p.prorettype = 'trigger'::regtype
ORDER BY p.proname;
