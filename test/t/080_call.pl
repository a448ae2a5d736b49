# Every function of the extension, called directly with NULLs, extremes and wrong types, by whoever may and may not.
#
# Protects: whatever a function is given, and wherever a trigger function is put, it answers or raises an error that
# says what is wrong; the server never crashes, and no error is internal (class XX).
#
# The functions are those of the catalog, so a new one is called without being named here.  For each argument there are
# values of its type that are odd; where there are too many combinations, a fixed choice of them is called.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('call');
$node->init;
$node->append_conf('postgresql.conf', "fsync = off\nrestart_after_crash = off\njit = off");
$node->start;

$node->safe_psql('postgres', <<'SQL');
CREATE ROLE clerk;
CREATE ROLE stranger;
CREATE EXTENSION ar_ext;
CALL ar.create_books();
-- A small book, so that a 1 finds something.
DO $$
DECLARE
    l integer := ar.create_ledger('main', 'Main', 'USD');
BEGIN
    PERFORM ar.create_customer(l, 'C1', 'Customer one');
    PERFORM ar.create_invoice(l, 1, '[{"unit_price": 100}]', '2026-01-10', terms => '2/10 net 30');
    PERFORM ar.create_invoice(l, 1, '[{"unit_price": 7}]', '2026-01-11', post => false);
    PERFORM ar.record_payment(l, 1, 'USD 25.00', '2026-01-20', apply => 'oldest');
END $$;
-- The clerk may do everything, the stranger nothing but what everybody may.
DO $$
DECLARE
    f regprocedure;
BEGIN
    FOR f IN SELECT p.oid FROM pg_proc AS p WHERE p.pronamespace = 'ar'::regnamespace LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO clerk', f);
    END LOOP;
    GRANT USAGE ON SCHEMA ar TO clerk, stranger;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ar TO clerk;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA ar TO clerk;
END $$;

CREATE SCHEMA test;
GRANT USAGE ON SCHEMA test TO PUBLIC;
-- Odd values, as expressions; what lacks here is found missing below.
CREATE TABLE test.odd (type regtype, value text);
INSERT INTO test.odd
SELECT v.type::regtype, unnest(v.list) FROM (VALUES
    ('boolean', ARRAY['true', 'false']),
    ('smallint', ARRAY['0', '-32768', '32767']),
    ('integer', ARRAY['0', '1', '-1', '2147483647', '-2147483648']),
    ('bigint', ARRAY['0', '1', '-1', '9223372036854775807', '-9223372036854775808']),
    ('numeric', ARRAY['0', '1', '-0.5', '''NaN''', '''Infinity''', '''-Infinity''', '1e20000', '1e-16383']),
    ('text', ARRAY[$$''$$, $$'USD'$$, $$'usd '$$, $$'half_up'$$, $$'main'$$, $$'%s%n%1 ''; --'$$, $$repeat('x', 100000)$$, $$E'\u20ac\t\\'$$, $$'net 30'$$]),
    ('cstring', ARRAY[$$''$$, $$'USD 1'$$, $$'net 30'$$, $$'1-30'$$, $$'paid'$$, $$'-'$$, $$'0'$$, $$'01'$$, $$repeat('9', 100000)$$]),
    ('bytea', ARRAY[$$''$$, $$'\x00ff'$$]),
    ('date', ARRAY[$$'infinity'$$, $$'-infinity'$$, $$'4714-11-24 BC'$$, $$'5874897-12-31'$$, $$'2026-01-31'$$]),
    ('timestamptz', ARRAY[$$'infinity'$$, $$'-infinity'$$, $$'4714-11-24 BC'$$, $$'2026-01-31'$$]),
    ('real', ARRAY['0', '0.5', '-1', '''NaN''', '''Infinity''']),
    ('interval', ARRAY[$$'0'$$, $$'1 month'$$, $$'-1 microsecond'$$, $$'178000000 years'$$]),
    ('xid', ARRAY[$$'0'$$, $$'1'$$, $$'3'$$, $$'4294967295'$$]),
    ('xml', ARRAY[$$''$$, $$'<a/>'$$, $$'text &lt;'$$]),
    ('oid', ARRAY['0', '23', '4294967295', $$'ar.monetary'::regtype::oid$$]),
    ('jsonb', ARRAY[$$'null'$$, $$'{}'$$, $$'[]'$$, $$'[null]'$$, $$'[1, "x", [], {}]'$$, $$'"x"'$$, $$'[{"unit_price": 1e400}]'$$,
                    $$'[{"unit_price": null, "quantity": -1, "tax_rate": "x"}]'$$, $$'[{"number": {}, "amount": []}]'$$,
                    $$'[{"customer_id": 1, "amount": "USD 1", "received_on": "2026-01-01", "lines": [{"unit_price": 1}], "invoiced_on": "infinity"}]'$$,
                    $$(repeat('[', 1000) || repeat(']', 1000))::jsonb$$]),
    ('ar.monetary', ARRAY[$$'USD 0'$$, $$'USD 1'$$, $$'USD 92233720368547758.07'$$, $$'USD -92233720368547758.08'$$, $$'JPY 1'$$, $$'CLF 0.0001'$$]),
    ('ar.aging_bucket', ARRAY[$$'current'$$, $$'1-30'$$, $$'-32768-32767'$$, $$'32767+'$$]),
    ('ar.invoice_status', ARRAY[$$'draft'$$, $$'open'$$, $$'void'$$]),
    ('ar.terms', ARRAY[$$'due on receipt'$$, $$'net 9999'$$, $$'net 999 months'$$, $$'90% 2/10 net 30, 10% eom'$$, $$'999999999999.999999 net 1, rest next friday'$$]),
    ('ar.monetary_sum_state', ARRAY[$$'0'$$, $$'3 USD 12.50'$$, $$'9223372036854775807 USD 1701411834604692317316873037158841057.27'$$,
                                    $$'1 JPY -170141183460469231731687303715884105728'$$]),
    ('ar.monetary_total_state', ARRAY[$$''$$, $$'3 EUR 12.50,1 USD 2.00'$$, $$'9223372036854775807 USD 1701411834604692317316873037158841057.27'$$]),
    ('ar.aging_state', ARRAY[$$ar.aging_add(NULL, NULL, NULL, NULL)$$, $$ar.aging_add(NULL, 'USD 92233720368547758.07', 'infinity', '-infinity')$$,
                             $$ar.aging_add(NULL, 'JPY 1', '2026-01-01', '2026-01-01', '{0}')$$])
) AS v (type, list);
-- Of arrays: empty, with a null, of two dimensions, not from 1, ascending, and large.
INSERT INTO test.odd
SELECT a.type::regtype, value
FROM (VALUES ('integer[]', '1'), ('bigint[]', '1'), ('numeric[]', '0.5'), ('text[]', 'x'), ('cstring[]', 'USD'),
             ('boolean[]', 'true'), ('date[]', '2026-01-31'), ('ar.monetary[]', 'USD 1')) AS a (type, element),
     unnest(ARRAY[$$'{}'$$, $$'{NULL}'$$, $$'{{%1$s,%1$s},{%1$s,%1$s}}'$$, $$'[5:6]={%1$s,%1$s}'$$, $$'{%1$s}'$$, $$('{%1$s' || repeat(',%1$s', 1000) || '}')::%2$s$$]) AS f,
     format(f, a.element, a.type) AS value;
INSERT INTO test.odd VALUES ('jsonb[]', $$'{}'$$), ('jsonb[]', $$'{NULL}'$$), ('jsonb[]', $$ARRAY['{}', '[1]', 'null']::jsonb[]$$),
    ('xml[]', $$'{}'$$), ('xml[]', $$'{NULL}'$$), ('xml[]', $$ARRAY['<a/>'::xml, 'text'::xml]$$);
INSERT INTO test.odd VALUES ('timestamptz[]', $$'{}'$$), ('timestamptz[]', $$'{NULL}'$$), ('timestamptz[]', $$'{infinity,-infinity}'$$), ('timestamptz[]', $$'{2026-01-31}'$$);
INSERT INTO test.odd VALUES ('integer[]', $$'{-32768,0,30,32766}'$$), ('integer[]', $$'{-2147483648,2147483647}'$$), ('numeric[]', '''{NaN,1}'''),
    ('date[]', '''{infinity,-infinity}'''), ('ar.monetary[]', '''{USD 1,EUR 1}'''),
    ('numeric[]', '''{1e20000,1e-16383,1}''');
INSERT INTO test.odd SELECT DISTINCT type, 'NULL' FROM test.odd;

-- Calls a statement, undoes it, and tells how it ended.
CREATE FUNCTION test.outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RAISE SQLSTATE 'TAP00';
EXCEPTION WHEN OTHERS THEN
    RETURN CASE SQLSTATE WHEN 'TAP00' THEN 'done' ELSE SQLSTATE || ' ' || SQLERRM END;
END $$;

-- The ways to call each function: all combinations of odd values, or as many as that of them.
CREATE FUNCTION test.calls(most integer) RETURNS TABLE (routine regprocedure, statement text) LANGUAGE plpgsql AS $$
DECLARE
    r record;
    i integer;
    arguments text[];
    place integer;
    list text[];
    combinations numeric;
    remainder numeric;
BEGIN
    FOR r IN SELECT p.oid, p.proname, p.prokind, p.proargtypes::regtype[] AS types FROM pg_proc AS p
             WHERE p.pronamespace = 'ar'::regnamespace AND 'internal'::regtype <> ALL (p.proargtypes::regtype[]) ORDER BY p.oid::regprocedure::text LOOP
        SELECT coalesce(round(exp(sum(ln(n)))), 1) INTO combinations
        FROM unnest(r.types) AS t (type), LATERAL (SELECT count(*)::numeric AS n FROM test.odd AS o WHERE o.type = t.type) AS c;
        FOR i IN 0 .. least(combinations, most) - 1 LOOP
            arguments := '{}';
            remainder := i;
            FOR place IN 1 .. cardinality(r.types) LOOP
                SELECT array_agg(o.value || '::' || o.type ORDER BY o.value) INTO list FROM test.odd AS o WHERE o.type = r.types[place - 1];
                IF combinations <= most THEN
                    arguments := arguments || list[1 + remainder % cardinality(list)];
                    remainder := div(remainder, cardinality(list));
                ELSE
                    arguments := arguments || list[1 + (hashint8extended(i, place) & 1048575) % cardinality(list)];
                END IF;
            END LOOP;
            routine := r.oid;
            statement := CASE r.prokind
                WHEN 'p' THEN format('CALL ar.%I(%s)', r.proname, array_to_string(arguments, ', '))
                WHEN 'a' THEN format('SELECT ar.%I(%s) OVER (ORDER BY g ROWS 1 PRECEDING) FROM generate_series(1, 4) AS g', r.proname, array_to_string(arguments, ', '))
                ELSE format('SELECT count(*) FROM ar.%I(%s)', r.proname, array_to_string(arguments, ', ')) END;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA test TO PUBLIC;
SQL

is($node->safe_psql('postgres', <<'SQL'), '', 'there are odd values of every type that a function takes');
SELECT DISTINCT t FROM pg_proc AS p, unnest(p.proargtypes::regtype[]) AS t
WHERE p.pronamespace = 'ar'::regnamespace AND t <> 'internal'::regtype AND t NOT IN (SELECT o.type FROM test.odd AS o)
SQL

# outcomes ROLE, QUERY: run the statements of a query as that role; how many there were, and those that ended badly.
sub outcomes
{
	my ($role, $query) = @_;
	my ($status, $out, $err) = $node->psql('postgres', <<"SQL", timeout => 300, on_error_stop => 1);
CREATE TEMP TABLE statement AS $query;
GRANT SELECT ON statement TO PUBLIC;
SET ROLE $role;
CREATE TEMP TABLE result AS SELECT s.statement, test.outcome(s.statement) AS outcome FROM statement AS s;
RESET ROLE;
SELECT count(*), count(*) FILTER (WHERE outcome = 'done'), count(*) FILTER (WHERE outcome LIKE '42501%') FROM result;
SELECT string_agg(format('%s of %s', n, state), ', ' ORDER BY n DESC) FROM (SELECT left(outcome, 5) AS state, count(*) AS n FROM result GROUP BY 1) AS t;
SELECT left(statement, 300) || ': ' || left(outcome, 300) FROM result WHERE outcome ~ '^(XX|F0|P0004)' LIMIT 20;
SQL
	is($status, 0, "as $role: the server lives on") or diag $err;
	my ($counts, $states, @bad) = split /\n/, $out;
	my ($all, $done, $denied) = split /\|/, $counts // '0|0|0';
	note "as $role: $all statements, $done done, $denied not permitted; they ended with $states";
	is(join("\n", @bad), '', "as $role: no error is internal");
	return ($all, $done, $denied);
}

my $calls = 'SELECT statement FROM test.calls(60)';
$node->safe_psql('postgres', 'GRANT CREATE ON SCHEMA test TO clerk, stranger; GRANT TEMPORARY ON DATABASE postgres TO PUBLIC');
my ($all, $done, $denied) = outcomes('postgres', $calls);
cmp_ok($all, '>', 10000, 'the functions are called in very many ways');
cmp_ok($done, '>', 1000, 'and many of them answer');
(undef, undef, $denied) = outcomes('clerk', $calls);
my @stranger = outcomes('stranger', $calls);
cmp_ok($stranger[2], '>', 1000, 'a stranger is refused what writes');
cmp_ok($stranger[1], '>', 1000, 'but has the types');

# Wrong types in every place; where a cast is made the call is a call like another.
outcomes('postgres', <<'SQL');
SELECT format('SELECT ar.%I(%s)', p.proname, (
    SELECT string_agg(CASE n WHEN wrong_place THEN wrong ELSE 'NULL::' || t.type END, ', ' ORDER BY n)
    FROM unnest(p.proargtypes::regtype[]) WITH ORDINALITY AS t (type, n))) AS statement
FROM pg_proc AS p, generate_series(1, p.pronargs) AS wrong_place,
     unnest(ARRAY['1', '1.5', '''x''', '''x''::text', 'ROW(1, ''x'')', 'ARRAY[1]', 'true', '''x''::name', '''USD 1''::ar.monetary', 'NULL',
                  '''2026-01-01''::timestamp', '''\x01''::bytea', '''{}''::json', '''1 day''::interval', 'point(1, 1)', '''0''::ar.monetary_sum_state',
                  '''''::ar.monetary_total_state', '''net 30''::ar.terms', 'ar.aging_add(NULL, NULL, NULL, NULL)']) AS wrong
WHERE p.pronamespace = 'ar'::regnamespace AND p.prokind = 'f' AND 'internal'::regtype <> ALL (p.proargtypes::regtype[])
  AND (p.pronargs < 5 OR hashtext(p.proname || wrong_place || wrong) % 4 = 0)
SQL
# What takes "internal" cannot be called at all.
outcomes('stranger', <<'SQL');
SELECT format('SELECT ar.%I(%s)', p.proname, array_to_string(array_fill(v, ARRAY[p.pronargs::integer]), ', ')) AS statement
FROM pg_proc AS p, unnest(ARRAY['NULL', '1', '''x''', '0::bigint']) AS v
WHERE p.pronamespace = 'ar'::regnamespace AND 'internal'::regtype = ANY (p.proargtypes::regtype[])
SQL

# Our trigger functions on tables that they were not made for: without the columns, with columns of other types, with
# transition tables and without, at every moment.
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE test.other (a integer, b text);
INSERT INTO test.other VALUES (1, 'x'), (2, NULL);
CREATE FUNCTION test.alike(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- The columns of a table of the books, and every one of them jsonb.
    EXECUTE (SELECT format('CREATE TABLE test.%I (%s)', name, string_agg(format('%I jsonb', a.attname), ', '))
             FROM pg_attribute AS a WHERE a.attrelid = format('ar.%I', name)::regclass AND a.attnum > 0 AND NOT a.attisdropped);
    EXECUTE format('INSERT INTO test.%I DEFAULT VALUES', name);
END $$;
SELECT test.alike(c.relname) FROM pg_class AS c WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind = 'r';
CREATE FUNCTION test.provoke(definition text, event text, name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE definition;
    EXECUTE CASE event WHEN 'INSERT' THEN format('INSERT INTO test.%I DEFAULT VALUES', name)
                       WHEN 'UPDATE' THEN format('UPDATE test.%I SET %I = NULL', name, (SELECT attname FROM pg_attribute WHERE attrelid = format('test.%I', name)::regclass AND attnum = 1))
                       WHEN 'DELETE' THEN format('DELETE FROM test.%I', name)
                       ELSE format('TRUNCATE test.%I', name) END;
END $$;
SQL
my ($triggers) = outcomes('postgres', <<'SQL');
SELECT format('SELECT test.provoke(%L, %L, %L)', format('CREATE TRIGGER t %s %s ON test.%I %s %s EXECUTE FUNCTION ar.%I()',
              moment, event, c.relname,
              CASE WHEN tables THEN 'REFERENCING ' || CASE WHEN event <> 'DELETE' THEN 'NEW TABLE AS new_' || c.relname ELSE '' END
                   || CASE WHEN event <> 'INSERT' THEN ' OLD TABLE AS old_' || c.relname ELSE '' END ELSE '' END,
              level, p.proname), event, c.relname) AS statement
FROM pg_proc AS p, pg_class AS c, unnest(ARRAY['BEFORE', 'AFTER']) AS moment, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS event,
     unnest(ARRAY['FOR EACH ROW', 'FOR EACH STATEMENT']) AS level, unnest('{true,false}'::boolean[]) AS tables
WHERE p.pronamespace = 'ar'::regnamespace AND p.prorettype = 'trigger'::regtype
  AND c.relnamespace = 'test'::regnamespace AND c.relkind = 'r'
  -- One that is like none of the books, two that are, and those like the tables that it was made for.
  AND (c.relname IN ('other', 'invoice', 'payment') OR EXISTS (
      SELECT FROM pg_trigger AS t WHERE t.tgfoid = p.oid AND t.tgrelid = to_regclass('ar.' || c.relname)))
  AND NOT (tables AND (moment = 'BEFORE' OR event = 'TRUNCATE')) AND NOT (level = 'FOR EACH ROW' AND event = 'TRUNCATE')
SQL
cmp_ok($triggers, '>', 500, 'the trigger functions are put in very many places');

is($node->safe_psql('postgres', 'SELECT * FROM ar.verify()'), '', 'and the books are sound');
$node->stop;
unlike(slurp_file($node->logfile), qr/terminated by signal|TRAP:|PANIC/, 'the log tells of no crash');
done_testing();
