-- The rules of the house, asked of the catalog: what is described, what is safe, what belongs to whom.
-- Each test lists the offenders, so that a failure names them.

BEGIN;
SELECT plan(16);

CREATE TEMPORARY VIEW house_function AS
SELECT p.oid::regprocedure::text AS name, p.*
FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = 'ar'::regnamespace;

CREATE TEMPORARY VIEW house_relation AS
SELECT c.oid::regclass::text AS name, c.*
FROM pg_catalog.pg_class AS c
WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S');

-- A view may be empty because it asks wrongly: then the rest would pass whatever the catalog holds.
SELECT ok((SELECT count(*) > 2 FROM house_function) AND (SELECT count(*) > 0 FROM house_relation),
          'there are functions and relations to ask about');

-- Described

SELECT is_empty($$
    SELECT f.name FROM house_function AS f
    WHERE pg_catalog.obj_description(f.oid, 'pg_proc') IS NULL
$$, 'every function has a comment');

SELECT is_empty($$
    SELECT t.typname FROM pg_catalog.pg_type AS t
    WHERE t.typnamespace = 'ar'::regnamespace AND t.typtype IN ('b', 'd', 'e', 'r') AND t.typcategory <> 'A'
      AND pg_catalog.obj_description(t.oid, 'pg_type') IS NULL
$$, 'every type has a comment');

SELECT is_empty($$
    SELECT o.oid::regoperator FROM pg_catalog.pg_operator AS o
    WHERE o.oprnamespace = 'ar'::regnamespace AND pg_catalog.obj_description(o.oid, 'pg_operator') IS NULL
    UNION ALL
    SELECT o.oid::regoperator FROM pg_catalog.pg_operator AS o
    WHERE o.oprnamespace = 'ar'::regnamespace AND o.oprcode = 0
$$, 'every operator has a comment, and is more than a shell');

SELECT is_empty($$
    SELECT r.name FROM house_relation AS r
    WHERE pg_catalog.obj_description(r.oid, 'pg_class') IS NULL
$$, 'every table, view and sequence has a comment');

SELECT is_empty($$
    SELECT r.name, a.attname
    FROM house_relation AS r
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE r.relkind <> 'S' AND pg_catalog.col_description(r.oid, a.attnum) IS NULL
$$, 'every column of a table or view has a comment');

-- Safe

SELECT is_empty($$
    SELECT f.name FROM house_function AS f
    WHERE f.prosecdef
      AND NOT EXISTS (SELECT FROM pg_catalog.unnest(f.proconfig) AS c (setting)
                      WHERE c.setting LIKE 'search\_path=%')
$$, 'no function runs with the rights of its owner and the search_path of its caller');

SELECT is_empty($$
    SELECT f.name FROM house_function AS f
    WHERE f.provolatile = 'v'
      AND (f.proacl IS NULL
           OR EXISTS (SELECT FROM pg_catalog.aclexplode(f.proacl) AS a
                      WHERE a.grantee = 0 AND a.privilege_type = 'EXECUTE'))
$$, 'no function that can write may be run by everybody');

SELECT is_empty($$
    SELECT f.name FROM house_function AS f
    JOIN pg_catalog.pg_language AS l ON l.oid = f.prolang
    -- But for what commits: PostgreSQL lets that pin nothing.
    WHERE l.lanname = 'plpgsql' AND NOT (f.prokind = 'p' AND f.prosrc ~ '\mCOMMIT;')
      AND NOT EXISTS (SELECT FROM pg_catalog.unnest(f.proconfig) AS c (setting)
                      WHERE c.setting ~ '^search_path=pg_catalog,( ar,)? pg_temp$')
$$, 'every PL/pgSQL function pins its search_path');

SELECT is_empty($$
    WITH body AS (
        SELECT f.name, pg_catalog.regexp_replace(f.prosrc, '--[^\n]*|''[^'']*''|:=|#variable_conflict|OPERATOR\(pg_catalog\.[^)]*\)|\(\*\)|\mAS [a-z]+\(', '', 'g') AS source
        FROM house_function AS f WHERE f.prokind = 'p' AND f.prosrc ~ '\mCOMMIT;'
    )
    SELECT b.name, called.name[1]
    FROM body AS b, pg_catalog.regexp_matches(b.source, '(?:^|[^.[:alnum:]_])([a-z_]+)\(', 'g') AS called (name)
    UNION ALL
    SELECT b.name, operator.name[1] FROM body AS b, pg_catalog.regexp_matches(b.source, '[-+*/<>=~!@#%^&|?]+', 'g') AS operator (name)
$$, 'and what commits, which cannot, qualifies what it calls and uses no operator');

-- Foreign keys and row triggers below it would be planned for each row: what needs plans for the rows at hand is read by a STABLE function.
SELECT is_empty($$
    SELECT f.name FROM house_function AS f
    WHERE f.provolatile = 'v' AND 'plan_cache_mode=force_custom_plan' = ANY (f.proconfig) AND f.name !~ 'dunning'
$$, 'no function that can write has everything below it planned anew');

SELECT is_empty($$
    SELECT r.name FROM house_relation AS r
    WHERE r.relkind = 'v'
      AND COALESCE(pg_catalog.array_to_string(r.reloptions, ','), '') !~ 'security_invoker=(true|on|1)'
$$, 'every view runs with the rights of who asks it');

SELECT is_empty($$
    SELECT r.name, a.privilege_type
    FROM house_relation AS r, pg_catalog.aclexplode(r.relacl) AS a
    WHERE a.grantee = 0
$$, 'nothing in the books is granted to everybody');

-- Whose.  What is unique beyond a ledger: the one row of ar.books, and the code of a ledger itself.

SELECT is_empty($$
    SELECT f.name, t.typname
    FROM house_function AS f
    JOIN LATERAL pg_catalog.unnest(f.proargtypes::oid[] || f.prorettype || COALESCE(f.proallargtypes, '{}')) AS used (oid)
        ON true
    JOIN pg_catalog.pg_type AS t ON t.oid = used.oid
    JOIN pg_catalog.pg_class AS c ON c.reltype <> 0 AND c.reltype IN (t.oid, t.typelem) AND c.relkind <> 'c'
    WHERE c.relnamespace = 'ar'::regnamespace
$$, 'no function names a table or view in its signature');

SELECT is_empty($$
    SELECT r.name, k.conname
    FROM house_relation AS r
    JOIN pg_catalog.pg_constraint AS k ON k.conrelid = r.oid AND k.contype IN ('p', 'u', 'f')
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = k.conkey[1]
    WHERE r.relname <> 'books' AND k.conname <> 'ledger_code_key' AND a.attname <> 'ledger_id'
    UNION ALL
    SELECT r.name, 'no primary key'
    FROM house_relation AS r
    WHERE r.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = r.oid AND k.contype = 'p')
$$, 'every table has a primary key, and every key starts with ledger_id');

SELECT is_empty($$
    SELECT r.name, c.relname
    FROM house_relation AS r
    JOIN pg_catalog.pg_index AS i ON i.indrelid = r.oid AND i.indisunique
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid AND c.relname <> 'ledger_code_key'
    LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = i.indkey[0]
    WHERE r.relname <> 'books' AND a.attname IS DISTINCT FROM 'ledger_id'
$$, 'every unique index starts with ledger_id');

SELECT * FROM finish();
ROLLBACK;
