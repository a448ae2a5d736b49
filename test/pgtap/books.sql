-- books: what CALL ar.create_books() makes, and that it belongs to no extension.
BEGIN;
\ir helper.psql
SELECT plan(24);

SELECT set_eq(
    $$SELECT relname::text FROM pg_class WHERE relnamespace = 'ar'::regnamespace AND relkind = 'r'$$,
    '{books,ledger,customer,contact,calendar,holiday,exchange_rate,onboarding_policy,customer_status_change,document_series,
      document_counter,numbering_run,recurring_invoice,recurring_version,recurring_period,tax_rate,cash_rounding,billing_policy,invoice,
      invoice_line,invoice_allowance,invoice_tax,item_discount,document_label,payment,adjustment,item,application,customer_balance,
      credit_account,credit_limit,credit_policy,credit_stop,credit_event,credit_reservation,credit_hold,credit_application,
      credit_probation,credit_review,credit_score,credit_score_factor,credit_score_band,payment_clearing,payment_reversal,mandate,payout,
      payout_payment,payment_method,payment_transfer,payment_waiting,cash_policy,match_suggestion,payer_account,payer_pattern,bank_account,
      bank_csv_format,bank_file,bank_statement,bank_line,aging_snapshot,aging_snapshot_line,snapshot_policy,job_run,message_policy,
      message_template,outbox,dispute_reason,dispute,dispute_item,dispute_note,collect_policy,promise,promise_item,interest_rate,
      interest_policy,interest_charge,interest_correction,late_fee,charge_credit,write_off_reason,write_off,payment_plan,
      payment_plan_item,payment_plan_instalment,plan_re_aging,collector,assignment_rule,collection_case,
      case_assignment,worklist_policy,contact_rule,collection_activity,agency,placement,placement_item,
      dunning_policy,dunning_level,dunning_block,dunning_run,dunning_notice,dunning_notice_item,dunning_restart,dunning_item}'::text[],
    'the books are these tables');
SELECT set_eq(
    $$SELECT relname::text FROM pg_class WHERE relnamespace = 'ar'::regnamespace AND relkind = 'S'$$,
    '{ledger_id,document_id}'::text[], 'and these two sequences');

-- Only objects of no extension are dumped with their rows, their grants and what a user added to them.
SELECT is_empty($$
    SELECT c.relname FROM pg_class AS c
    WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'S', 'i', 'v') AND EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')$$,
    'no table, sequence, index or view is a member of an extension');
SELECT is_empty($$
    SELECT t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'ar'::regnamespace AND EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_trigger'::regclass AND d.objid = t.oid AND d.deptype = 'e')$$,
    'no trigger is, either');
SELECT throws_ok('DROP EXTENSION ar_ext', '2BP01', NULL, 'the extension cannot be dropped from under the books');

-- The one rule that this costs: the extension must not lean on the books.
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'ar'::regnamespace AND EXISTS (
        SELECT FROM pg_type AS t JOIN pg_class AS c ON c.reltype = t.oid AND c.relnamespace = 'ar'::regnamespace
        WHERE c.relkind IN ('r', 'v')
          AND (t.oid = p.prorettype OR t.oid = ANY (p.proargtypes) OR t.oid = ANY (p.proallargtypes)
               OR t.typarray = ANY (p.proargtypes)))$$,
    'no function names a table or view in its signature');
SELECT is_empty($$
    SELECT d.objid::regprocedure FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.refobjid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass
      AND c.relnamespace = 'ar'::regnamespace$$,
    'no function depends on a table or view');

SELECT results_eq('SELECT version, only_row FROM ar.books', 'SELECT ar.version(), true',
    'the books carry the version of the extension in one row');
SELECT is((SELECT extversion FROM pg_extension WHERE extname = 'ar_ext'), ar.version(),
    'which is the version that PostgreSQL knows');
SELECT throws_ok($$INSERT INTO ar.books (version) VALUES ('9.9')$$, '23505', NULL, 'there cannot be a second row');
SELECT throws_ok($$INSERT INTO ar.books (version, only_row) VALUES ('9.9', false)$$, '23514', NULL, 'by no trick');

SELECT is(pg_temp.outcome('CALL ar.create_books()', 'all'),
    E'42P07: the books exist already\nBring older books to this version with CALL ar.upgrade_books().',
    'books are not made twice');

-- It does nothing yet: nothing in the catalog moves, nor the row itself, and it says so.
CREATE TEMPORARY TABLE catalog_before AS
SELECT c.oid, c.xmin::text AS written FROM pg_class AS c WHERE c.relnamespace = 'ar'::regnamespace;
CREATE TEMPORARY TABLE books_before AS SELECT b.*, b.xmin::text AS written FROM ar.books AS b;
SELECT lives_ok('CALL ar.upgrade_books()', 'books of this version can be upgraded');
SELECT set_eq($$SELECT c.oid, c.xmin::text AS written FROM pg_class AS c WHERE c.relnamespace = 'ar'::regnamespace$$,
    'SELECT * FROM catalog_before', 'which touches no table');
SELECT results_eq('SELECT b.*, b.xmin::text AS written FROM ar.books AS b', 'SELECT * FROM books_before', 'nor their version');
-- What is said can be heard only by a client.
\setenv PGDATABASE :DBNAME
\setenv PGHOST :HOST
\setenv PGPORT :PORT
\setenv PGUSER :USER
\set said `psql -X -q -c 'CALL ar.upgrade_books()' 2>&1`
SELECT is(:'said', format('NOTICE:  the books are at version %s already: nothing to do', ar.version()),
    'and it says that there is nothing to do');

SAVEPOINT other_version;
UPDATE ar.books SET version = '0.0.1';
SELECT is(pg_temp.outcome('CALL ar.upgrade_books()', 'all'),
    format(E'55000: no way is known from books of version 0.0.1 to version %s\n', ar.version())
    || 'Install the version of ar_ext that made these books, or a newer one that knows the way.',
    'books of an unknown version are refused');
ROLLBACK TO other_version;

SAVEPOINT no_books;
CREATE TEMPORARY TABLE columns_before AS
SELECT c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'v', 'i');
DO $$
DECLARE
    relation record;
BEGIN
    FOR relation IN
        SELECT oid::regclass AS name FROM pg_class WHERE relnamespace = 'ar'::regnamespace AND relkind = 'r'
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', relation.name);
    END LOOP;
    DROP SEQUENCE ar.ledger_id, ar.document_id;
END
$$;
SELECT is(pg_temp.outcome('CALL ar.upgrade_books()', 'all'),
    E'42P01: there are no books to upgrade\nCreate them with CALL ar.create_books().',
    'without books there is nothing to upgrade');
CALL ar.create_books();
SELECT set_eq($$
    SELECT c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'v', 'i')$$,
    'SELECT * FROM columns_before', 'books that were dropped can be made anew');
ROLLBACK TO no_books;

-- The tenant is first in every key: for row-level security, and for distribution over nodes.
SELECT is_empty($$
    SELECT i.indexrelid::regclass
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE c.relnamespace = 'ar'::regnamespace AND c.relname <> 'books' AND a.attname <> 'ledger_id'
      -- The code of a ledger is unique among all ledgers: the only key that is wider than one.
      AND i.indexrelid <> 'ar.ledger_code_key'::regclass$$,
    'every primary key, unique key and index begins with ledger_id');
SELECT is_empty($$
    SELECT k.conname FROM pg_constraint AS k
    JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    JOIN pg_attribute AS b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
    WHERE k.connamespace = 'ar'::regnamespace AND k.contype = 'f'
      AND (a.attname <> 'ledger_id' OR b.attname <> 'ledger_id')$$,
    'every foreign key begins with ledger_id on both sides');
SELECT is_empty($$
    SELECT c.relname, a.attname FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'ar'::regnamespace AND c.relkind IN ('r', 'v')
      AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)$$,
    'every table and view and every column of it says what it is');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'ar'::regnamespace AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
      AND p.prokind <> 'a' AND NOT EXISTS (
        SELECT FROM unnest(p.proconfig) AS setting WHERE setting LIKE 'search_path=pg_catalog,%pg_temp')
      -- Opened up by the planner, so it may have no SET: there every name is qualified instead.
      AND p.proname NOT IN ('items_as_of', 'aged_items', 'tax_breakdown', 'payment_states', 'payment_life', 'is_dunned_kind')
      -- Commits, so it may have none either: see house.sql.
      AND NOT (p.prokind = 'p' AND p.prosrc ~ '\mCOMMIT;')$$,
    'no function follows the search path of its caller');

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
