-- item: rows that the books write without a plan, on tables to which their owner has added what PostgreSQL lets him.
-- Protects: a constraint, trigger, index, key, column or default of his own counts for these rows just as it would for those of a statement,
-- from the moment it is there to the moment it is gone, also within one transaction and after an error.
BEGIN;
\ir helper.psql
SELECT plan(68);

SELECT ar.create_ledger('TEST', 'Test', 'EUR') AS ledger \gset
SELECT ar.create_customer(:ledger, c, c) FROM unnest('{A,B}'::text[]) AS c \g /dev/null
CREATE SEQUENCE pg_temp.nth;
-- An invoice makes an item; a payment an item, an application, and the change of two items, an invoice and a balance.
CREATE FUNCTION pg_temp.bill(total ar.monetary DEFAULT 'EUR 10') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.invoice (ledger_id, customer_id, number, invoiced_on, due_on, total, status)
    VALUES (pg_temp.ledger(), pg_temp.customer('A'), 'I-' || nextval('pg_temp.nth'), '2026-01-01', '2026-01-31', $1, 'open') RETURNING invoice_id $$;
CREATE FUNCTION pg_temp.pay(amount ar.monetary DEFAULT 'EUR 1') RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO ar.payment (ledger_id, customer_id, amount, received_on, apply)
    VALUES (pg_temp.ledger(), pg_temp.customer('A'), $1, '2026-02-01', 'oldest') RETURNING payment_id $$;
CREATE FUNCTION pg_temp.billed() RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.outcome('SELECT pg_temp.bill()') $$;
CREATE FUNCTION pg_temp.paid() RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.outcome('SELECT pg_temp.pay()') $$;
SELECT pg_temp.bill('EUR 1000') FROM generate_series(1, 3) \g /dev/null
SELECT pg_temp.pay() \g /dev/null
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done done', 'as they came, the tables take all');

-- Checks: of a new row, and of a changed one, from the statement on that makes them to the one that drops them.
ALTER TABLE ar.item ADD CONSTRAINT mine CHECK (kind <> 'invoice' OR ar.amount(amount) <> 10);
SELECT is(pg_temp.outcome('SELECT pg_temp.bill()', 'constraint'), '23514 mine', 'a check of his own refuses an item');
SELECT is(pg_temp.outcome('SELECT pg_temp.bill(''EUR 11'')'), 'done', 'or takes it');
ALTER TABLE ar.item DROP CONSTRAINT mine, ADD CONSTRAINT mine CHECK (ar.amount(open) <> 998);
SELECT is(pg_temp.outcome('SELECT pg_temp.pay()', 'constraint'), '23514 mine', 'a check of what is open refuses to change it');
SELECT is(pg_temp.billed(), 'done', 'and nothing else');
ALTER TABLE ar.item DROP CONSTRAINT mine;
SELECT is(pg_temp.paid(), 'done', 'dropped, it is forgotten');
ALTER TABLE ar.item ADD CONSTRAINT mine CHECK (ar.amount(amount) <> 1000) NOT VALID;
SELECT is(pg_temp.paid(), '23514', 'one that is not valid yet counts for what is changed, whatever is changed of it');
ALTER TABLE ar.item DROP CONSTRAINT mine;
ALTER TABLE ar.application ADD CONSTRAINT mine CHECK (rule IS NULL) NOT VALID;
SELECT is(concat_ws(' ', pg_temp.paid(), pg_temp.billed()), '23514 done', 'of an application');
ALTER TABLE ar.application DROP CONSTRAINT mine;
ALTER TABLE ar.customer_balance ADD CONSTRAINT mine CHECK (ar.amount(open_debits) < 3005);
SELECT is(concat_ws(' ', pg_temp.paid(), pg_temp.billed()), 'done 23514', 'of a balance');
ALTER TABLE ar.customer_balance DROP CONSTRAINT mine;
ALTER TABLE ar.invoice ADD CONSTRAINT mine CHECK (status <> 'paid');
SELECT is(concat_ws(' ', pg_temp.paid(), pg_temp.outcome('SELECT pg_temp.pay(''EUR 999'')')), 'done 23514', 'of an invoice');
ALTER TABLE ar.invoice DROP CONSTRAINT mine;

-- Functions of checks that change.
CREATE FUNCTION public.mine_is_fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
ALTER TABLE ar.item ADD CONSTRAINT mine CHECK (public.mine_is_fine(kind));
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done done', 'a check by a function of his own');
CREATE OR REPLACE FUNCTION public.mine_is_fine(text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 <> 'invoice' $$;
SELECT is(pg_temp.billed(), '23514', 'which changes, is asked as it is now');
CREATE OR REPLACE FUNCTION public.mine_is_fine(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF $1 = 'payment' THEN RAISE SQLSTATE 'MINE1'; END IF; RETURN true; END $$;
SELECT is(concat_ws(' ', pg_temp.paid(), pg_temp.billed(), pg_temp.paid()), 'MINE1 done MINE1', 'one that fails half-way is asked again');
-- One that catches its own errors, and writes into the table that is being checked.
CREATE OR REPLACE FUNCTION public.mine_is_fine(text) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF $1 = 'payment' AND current_setting('mine.depth', true) IS DISTINCT FROM '1' THEN
        PERFORM set_config('mine.depth', '1', true);
        PERFORM pg_temp.bill();
        BEGIN
            PERFORM pg_temp.bill(), 1 / 0;
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
        PERFORM set_config('mine.depth', '0', true);
    END IF;
    RETURN true;
END $$;
SELECT is(concat_ws(' ', pg_temp.paid(), pg_temp.billed(), pg_temp.paid()), 'done done done', 'one that writes items itself, and fails within');
CREATE TABLE public.mine_switch AS SELECT true AS is_on;
CREATE OR REPLACE FUNCTION public.mine_is_fine(text) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT s.is_on FROM public.mine_switch AS s $$;
SELECT is(pg_temp.paid(), 'done', 'one that looks elsewhere');
UPDATE public.mine_switch SET is_on = false;
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), '23514 23514', 'is asked each time, of changed rows too, which do not change what it is given');
ALTER TABLE ar.item DROP CONSTRAINT mine;

-- Columns: defaults, domains, NOT NULL, generated, dropped.
ALTER TABLE ar.item ADD mine text DEFAULT 'as it was';
SELECT pg_temp.bill() AS one \gset
ALTER TABLE ar.item ALTER mine SET DEFAULT 'as it is';
SELECT pg_temp.bill() AS two \gset
SELECT pg_temp.pay() \g /dev/null
SELECT results_eq(format('SELECT mine FROM ar.item WHERE invoice_id IN (%s, %s) ORDER BY item_id', :one, :two), ARRAY['as it was', 'as it is'], 'a column of his own has the default of the moment');
SELECT is((SELECT count(*) FROM ar.item WHERE mine IS NULL), 0::bigint, 'also where rows were changed that are older than it');
ALTER TABLE ar.item ALTER mine SET NOT NULL;
SELECT is(pg_temp.billed(), 'done', 'it may be NOT NULL');
ALTER TABLE ar.item ALTER mine DROP DEFAULT;
SELECT is(pg_temp.billed(), '23502', 'and then needs one');
ALTER TABLE ar.item DROP mine;
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done done', 'it may be dropped');
CREATE DOMAIN public.mine_domain AS integer;
ALTER TABLE ar.item ADD mine public.mine_domain DEFAULT 5;
SELECT is(pg_temp.billed(), 'done', 'it may be of a domain');
ALTER DOMAIN public.mine_domain ADD CONSTRAINT mine_small CHECK (VALUE < 6);
ALTER TABLE ar.item ALTER mine SET DEFAULT 6;
SELECT is(pg_temp.outcome('SELECT pg_temp.bill()', 'constraint'), '23514 mine_small', 'whose checks count');
ALTER DOMAIN public.mine_domain DROP CONSTRAINT mine_small;
SELECT is(pg_temp.billed(), 'done', 'as long as they are there');
ALTER DOMAIN public.mine_domain ADD CONSTRAINT mine_smaller CHECK (VALUE < 6) NOT VALID;
SELECT is(pg_temp.billed(), '23514', 'and when they come');
ALTER TABLE ar.item DROP mine;
CREATE DOMAIN public.mine_needed AS integer DEFAULT 1 NOT NULL;
ALTER TABLE ar.item ADD mine public.mine_needed;
SELECT is(pg_temp.billed(), 'done', 'a domain may have the default');
ALTER DOMAIN public.mine_needed DROP DEFAULT;
SELECT is(pg_temp.billed(), '23502', 'and if it has none, is not null for that');
ALTER TABLE ar.item DROP mine;
ALTER TABLE ar.item ADD mine numeric GENERATED ALWAYS AS (ar.amount(open) * 2) STORED;
SELECT pg_temp.pay('EUR 3') \g /dev/null
SELECT is((SELECT count(*) FROM ar.item WHERE mine IS DISTINCT FROM ar.amount(open) * 2), 0::bigint, 'it may be generated, of new rows and changed ones');
ALTER TABLE ar.item ADD CONSTRAINT mine_small CHECK (mine <> 20) NOT VALID;
SELECT is(pg_temp.billed(), '23514', 'and checked');
ALTER TABLE ar.item DROP mine;
ALTER TABLE ar.item ADD mine bigint GENERATED ALWAYS AS IDENTITY;
SELECT pg_temp.bill() AS three \gset
SELECT is((SELECT mine = (SELECT max(mine) FROM ar.item) FROM ar.item WHERE invoice_id = :three), true, 'or an identity');
ALTER TABLE ar.item DROP mine;
ALTER TABLE ar.application ADD mine text DEFAULT current_setting('mine.source', true);
SELECT set_config('mine.source', 'here', true), pg_temp.pay() AS payment \gset
SELECT is((SELECT string_agg(a.mine, ' ') FROM ar.application AS a JOIN ar.item AS i ON i.item_id = a.credit_item_id WHERE i.payment_id = :payment), 'here', 'of an application');
ALTER TABLE ar.application DROP mine;

-- Triggers, before and after, of rows and statements.
CREATE TABLE public.mine_seen (nth serial, what text);
CREATE FUNCTION public.mine_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.mine_seen (what) VALUES (concat_ws(' ', TG_ARGV[0], TG_WHEN, TG_OP, CASE WHEN TG_OP = 'UPDATE' THEN OLD.open::text || ' to' END, NEW.open));
    RETURN NEW;
END $$;
CREATE FUNCTION public.mine_statement() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.mine_seen (what)
    SELECT concat_ws(' ', TG_LEVEL, TG_OP, (SELECT string_agg(n.open::text, ', ' ORDER BY n.item_id) FROM new_rows AS n));
    RETURN NULL;
END $$;
CREATE FUNCTION public.mine_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.mine_seen (what)
    SELECT concat_ws(' ', TG_LEVEL, TG_OP, (SELECT string_agg(o.open::text || ' to ' || n.open, ', ' ORDER BY o.item_id) FROM old_rows AS o JOIN new_rows AS n USING (ledger_id, item_id)));
    RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.seen() RETURNS text LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM public.mine_seen RETURNING nth, what) SELECT string_agg(what, '; ' ORDER BY nth) FROM gone $$;
CREATE TRIGGER mine_before BEFORE INSERT OR UPDATE ON ar.item FOR EACH ROW EXECUTE FUNCTION public.mine_row('row');
CREATE TRIGGER mine_after AFTER INSERT OR UPDATE OF open ON ar.item FOR EACH ROW WHEN (NEW.kind = 'invoice') EXECUTE FUNCTION public.mine_row('of an invoice');
CREATE TRIGGER mine_new AFTER INSERT ON ar.item REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.mine_statement();
CREATE TRIGGER mine_old AFTER UPDATE ON ar.item REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.mine_change();
SELECT pg_temp.bill('EUR 12') \g /dev/null
SELECT is(pg_temp.seen(), 'row BEFORE INSERT EUR 12.00; of an invoice AFTER INSERT EUR 12.00; STATEMENT INSERT EUR 12.00', 'triggers of new rows fire, and see them');
SELECT pg_temp.pay() \g /dev/null
SELECT is(pg_temp.seen(), 'row BEFORE INSERT EUR 0.00; STATEMENT INSERT EUR 0.00; row BEFORE UPDATE EUR 994.00 to EUR 993.00; '
    'of an invoice AFTER UPDATE EUR 994.00 to EUR 993.00; STATEMENT UPDATE EUR 994.00 to EUR 993.00', 'so do those of changed ones, old and new');
ALTER TABLE ar.item DISABLE TRIGGER mine_before, DISABLE TRIGGER mine_new;
SELECT pg_temp.bill('EUR 12') \g /dev/null
SELECT is(pg_temp.seen(), 'of an invoice AFTER INSERT EUR 12.00', 'disabled ones do not');
ALTER TABLE ar.item ENABLE TRIGGER mine_new;
SELECT pg_temp.bill('EUR 12') \g /dev/null
SELECT is(pg_temp.seen(), 'of an invoice AFTER INSERT EUR 12.00; STATEMENT INSERT EUR 12.00', 'enabled again they do');
DROP TRIGGER mine_before ON ar.item; DROP TRIGGER mine_after ON ar.item; DROP TRIGGER mine_new ON ar.item; DROP TRIGGER mine_old ON ar.item;
SELECT pg_temp.bill() \g /dev/null
SELECT is(pg_temp.seen(), NULL, 'dropped they are gone');
CREATE FUNCTION public.mine_none() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER mine BEFORE INSERT ON ar.item FOR EACH ROW EXECUTE FUNCTION public.mine_none();
SELECT is(pg_temp.outcome('SELECT pg_temp.bill()', 'all'), E'09000: a trigger of table "item" skipped a row that the books need\nLet the trigger return the row, or raise an error that says why it must not be.', 'a row is not skipped');
DROP TRIGGER mine ON ar.item;
CREATE TRIGGER mine BEFORE UPDATE ON ar.item FOR EACH ROW EXECUTE FUNCTION public.mine_none();
SELECT is(concat_ws(' ', pg_temp.paid(), pg_temp.billed()), '09000 done', 'nor a change');
DROP TRIGGER mine ON ar.item;
-- A trigger that changes a row is judged with what it makes of it.
ALTER TABLE ar.item ADD mine integer DEFAULT 1, ADD CONSTRAINT mine CHECK (mine < 3);
CREATE FUNCTION public.mine_count() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.mine := NEW.mine + 1; RETURN NEW; END';
CREATE TRIGGER mine BEFORE UPDATE ON ar.item FOR EACH ROW EXECUTE FUNCTION public.mine_count();
SELECT is(pg_temp.paid(), 'done', 'a trigger may change a column of his own');
SELECT pg_temp.pay() \g /dev/null
SELECT is(pg_temp.outcome('SELECT pg_temp.pay()', 'constraint'), '23514 mine', 'within what the check lets');
DROP TRIGGER mine ON ar.item;
ALTER TABLE ar.item DROP mine;

-- Settings of the caller do not reach what is written row by row.
CREATE FUNCTION public.mine_mode() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.mine_seen (what) VALUES (current_setting('plan_cache_mode')); RETURN NEW; END $$;
CREATE TRIGGER mine AFTER INSERT ON ar.item FOR EACH ROW EXECUTE FUNCTION public.mine_mode();
SET LOCAL plan_cache_mode TO force_custom_plan;
SELECT pg_temp.bill() \g /dev/null
SELECT is(pg_temp.seen() || ' ' || current_setting('plan_cache_mode'), 'auto force_custom_plan', 'the plans of the writer are kept, and the setting comes back');
SET LOCAL plan_cache_mode TO auto;
DROP TRIGGER mine ON ar.item;

-- Indexes: partial, of an expression, unique, and an exclusion.
CREATE UNIQUE INDEX mine ON ar.item (ledger_id, (ar.amount(amount))) WHERE kind = 'invoice' AND ar.amount(amount) > 2000;
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.outcome('SELECT pg_temp.bill(''EUR 2001'')'), pg_temp.outcome('SELECT pg_temp.bill(''EUR 2001''), pg_temp.bill(''EUR 2001'')')), 'done done 23505', 'a unique index, partial, of an expression');
SELECT pg_temp.bill('EUR 2002') \g /dev/null
SET LOCAL enable_seqscan TO off;
SELECT is((SELECT count(*) FROM ar.item WHERE ledger_id = :ledger AND kind = 'invoice' AND ar.amount(amount) > 2000 AND ar.amount(amount) = 2002), 1::bigint, 'finds what was written');
CREATE INDEX mine_open ON ar.item (ledger_id, (ar.amount(open)));
SELECT pg_temp.pay('EUR 500') \g /dev/null
SELECT is((SELECT count(*) FROM ar.item WHERE ledger_id = :ledger AND ar.amount(open) = 492.00), 1::bigint, 'so does one of what changes');
RESET enable_seqscan;
DROP INDEX ar.mine, ar.mine_open;
ALTER TABLE ar.item ADD mine int4range DEFAULT int4range(1, 2);
SELECT is(pg_temp.outcome('ALTER TABLE ar.item ADD CONSTRAINT mine EXCLUDE USING gist (mine WITH &&) WHERE (ar.amount(amount) = 77)'), 'done', 'an exclusion can be made');
ALTER TABLE ar.item ADD CONSTRAINT mine EXCLUDE USING gist (mine WITH &&) WHERE (ar.amount(amount) = 77);
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.outcome('SELECT pg_temp.bill(''EUR 77'')'), pg_temp.outcome('SELECT pg_temp.bill(''EUR 77''), pg_temp.bill(''EUR 77'')')), 'done done 23P01', 'and counts');
ALTER TABLE ar.item DROP CONSTRAINT mine, ADD CONSTRAINT mine EXCLUDE USING gist (mine WITH &&) WHERE (ar.amount(amount) = 77) DEFERRABLE INITIALLY DEFERRED;
SELECT is(concat_ws(' ', pg_temp.outcome('SELECT pg_temp.bill(''EUR 77''), pg_temp.bill(''EUR 77'')'), pg_temp.outcome('DO $$ BEGIN PERFORM pg_temp.bill(''EUR 77''), pg_temp.bill(''EUR 77''); SET CONSTRAINTS ALL IMMEDIATE; END $$')),
    'done 23P01', 'at the end, where it is deferred');
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE ar.item DROP mine;

-- Foreign keys, from the tables and to them.
CREATE TABLE public.mine_color (color text PRIMARY KEY);
INSERT INTO public.mine_color VALUES ('red'), ('blue');
ALTER TABLE ar.item ADD mine text DEFAULT 'red' REFERENCES public.mine_color ON UPDATE CASCADE;
ALTER TABLE ar.application ADD mine text DEFAULT 'red' REFERENCES public.mine_color ON UPDATE CASCADE;
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done done', 'a foreign key of his own');
ALTER TABLE ar.item ALTER mine SET DEFAULT 'green';
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), '23503 23503', 'is looked up, of an invoice, and of a payment');
ALTER TABLE ar.item ALTER mine SET DEFAULT 'red';
ALTER TABLE ar.application ALTER mine SET DEFAULT 'green';
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done 23503', 'of an application');
ALTER TABLE ar.application DROP mine;
CREATE FUNCTION public.mine_paint() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.mine := 'green'; RETURN NEW; END $$;
CREATE TRIGGER mine BEFORE UPDATE ON ar.item FOR EACH ROW EXECUTE FUNCTION public.mine_paint();
SELECT is(pg_temp.paid(), '23503', 'and of what a trigger makes of a changed row');
DROP TRIGGER mine ON ar.item;
ALTER TABLE ar.item DROP mine;
CREATE TABLE public.mine_reference (ledger_id integer, item_id bigint, FOREIGN KEY (ledger_id, item_id) REFERENCES ar.item ON UPDATE CASCADE);
INSERT INTO public.mine_reference SELECT i.ledger_id, i.item_id FROM ar.item AS i WHERE i.ledger_id = :ledger;
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done done', 'items that others refer to change all the same');
DROP TABLE public.mine_reference;
CREATE TABLE public.mine_status (status ar.invoice_status PRIMARY KEY);
INSERT INTO public.mine_status VALUES ('draft'), ('open'), ('partial'), ('paid');
ALTER TABLE ar.invoice ADD CONSTRAINT mine FOREIGN KEY (status) REFERENCES public.mine_status;
DELETE FROM public.mine_status WHERE status = 'paid';
SELECT is(pg_temp.outcome(format('SELECT pg_temp.pay(%L)', (SELECT i.open FROM ar.item AS i WHERE i.kind = 'invoice' AND i.closed_on IS NULL ORDER BY i.due_on, i.item_id LIMIT 1))), '23503', 'a key of his own in a column that the books change is looked up');
ALTER TABLE ar.invoice DROP CONSTRAINT mine;
ALTER TABLE ar.item ADD CONSTRAINT mine UNIQUE (ledger_id, item_id, open);
CREATE TABLE public.mine_open (ledger_id integer, item_id bigint, open ar.monetary, FOREIGN KEY (ledger_id, item_id, open) REFERENCES ar.item (ledger_id, item_id, open) ON UPDATE CASCADE);
INSERT INTO public.mine_open SELECT i.ledger_id, i.item_id, i.open FROM ar.item AS i WHERE i.ledger_id = :ledger AND i.kind = 'invoice';
SELECT is(pg_temp.paid(), 'done', 'others may refer to what the books change');
SELECT is((SELECT count(*) FROM public.mine_open AS m LEFT JOIN ar.item AS i USING (ledger_id, item_id, open) WHERE i.item_id IS NULL), 0::bigint, 'and follow it');
DROP TABLE public.mine_open;
ALTER TABLE ar.item DROP CONSTRAINT mine;

-- A payment by the function without a plan: triggers of others see it settled, or not yet, as they do by a statement.
CREATE FUNCTION public.mine_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.mine_seen (what) SELECT concat_ws(' ', TG_NAME, count(i.item_id)) FROM new_rows AS n LEFT JOIN ar.item AS i ON i.ledger_id = n.ledger_id AND i.payment_id = n.payment_id;
    RETURN NULL;
END $$;
CREATE TRIGGER mine_before AFTER INSERT ON ar.payment REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.mine_settled();
CREATE TRIGGER yours_after AFTER INSERT ON ar.payment REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.mine_settled();
SELECT ar.record_payment(ledger_id => :ledger, customer_id => pg_temp.customer('A'), amount => 'EUR 1', received_on => '2026-02-01', apply => 'oldest') \g /dev/null
SELECT is(pg_temp.seen(), 'mine_before 0; yours_after 1', 'in the order of their names');
DROP TRIGGER mine_before ON ar.payment;
DROP TRIGGER yours_after ON ar.payment;
SELECT ar.record_payment(ledger_id => :ledger, customer_id => pg_temp.customer('A'), amount => 'EUR 1', received_on => '2026-02-01', apply => 'oldest') AS payment \gset
SELECT results_eq(format('SELECT i.kind, i.open::text FROM ar.item AS i WHERE i.payment_id = %s', :payment), $$VALUES ('payment', 'EUR 0.00')$$, 'without them it is settled all the same');
-- So do those of items see the invoice: it follows in its place among them.
CREATE FUNCTION public.mine_followed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.mine_seen (what) SELECT concat_ws(' ', TG_NAME, v.status) FROM new_rows AS n JOIN ar.invoice AS v USING (ledger_id, invoice_id);
    RETURN NULL;
END $$;
CREATE TRIGGER item_aaa AFTER UPDATE ON ar.item REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.mine_followed();
CREATE TRIGGER item_zzz AFTER UPDATE ON ar.item REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION public.mine_followed();
SELECT pg_temp.pay((SELECT i.open FROM ar.item AS i WHERE i.kind = 'invoice' AND i.closed_on IS NULL ORDER BY i.due_on, i.item_id LIMIT 1)) \g /dev/null
SELECT is(pg_temp.seen(), 'item_aaa partial; item_zzz paid', 'before its status and after it');
DROP TRIGGER item_aaa ON ar.item;
DROP TRIGGER item_zzz ON ar.item;
SELECT pg_temp.pay((SELECT i.open FROM ar.item AS i WHERE i.kind = 'invoice' AND i.closed_on IS NULL ORDER BY i.due_on, i.item_id LIMIT 1)) \g /dev/null
SELECT is_empty($$SELECT v.number FROM ar.invoice AS v JOIN ar.item AS i USING (ledger_id, invoice_id) WHERE (i.closed_on IS NOT NULL) <> (v.status = 'paid')$$, 'without them it follows all the same');
SAVEPOINT followed;
ALTER TABLE ar.item DISABLE TRIGGER item_follow_aus;
SELECT pg_temp.pay((SELECT i.open FROM ar.item AS i WHERE i.kind = 'invoice' AND i.closed_on IS NULL ORDER BY i.due_on, i.item_id LIMIT 1)) \g /dev/null
SELECT isnt_empty($$SELECT v.number FROM ar.invoice AS v JOIN ar.item AS i USING (ledger_id, invoice_id) WHERE i.closed_on IS NOT NULL AND v.status <> 'paid'$$, 'and not where that is disabled');
ROLLBACK TO followed;

-- Row-level security lets the books write what nobody may see.
ALTER TABLE ar.item ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON ar.item USING (false);
SELECT is(concat_ws(' ', pg_temp.billed(), pg_temp.paid()), 'done done', 'row-level security does not keep the books from writing');
DROP POLICY mine ON ar.item;
ALTER TABLE ar.item DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;

-- Prepared statements, and what changes between their uses.
PREPARE mine AS SELECT pg_temp.bill();
EXECUTE mine \g /dev/null
EXECUTE mine \g /dev/null
ALTER TABLE ar.item ADD mine text DEFAULT 'prepared';
SAVEPOINT before;
ALTER TABLE ar.item ADD CONSTRAINT mine CHECK (mine <> 'prepared') NOT VALID;
SELECT is(pg_temp.outcome('EXECUTE mine'), '23514', 'a prepared statement meets a check that came later');
ROLLBACK TO before;
SELECT is(pg_temp.outcome('EXECUTE mine'), 'done', 'and not one that was taken back');
EXECUTE mine \g /dev/null
SELECT is((SELECT i.mine FROM ar.item AS i ORDER BY i.item_id DESC LIMIT 1), 'prepared', 'and knows the column');
ROLLBACK TO before;
ALTER TABLE ar.item DROP mine;
SELECT is(pg_temp.outcome('EXECUTE mine'), 'done', 'and that it is gone');

-- A thousand errors caught in one transaction keep nothing compiled but what is in use.
ALTER TABLE ar.item ADD CONSTRAINT mine CHECK (1 / (ar.amount(amount) - 13) <> 0);
DO $$
BEGIN
    FOR i IN 1 .. 1000 LOOP
        BEGIN
            PERFORM pg_temp.bill('EUR 13');
        EXCEPTION WHEN division_by_zero THEN
            NULL;
        END;
    END LOOP;
END $$;
SELECT cmp_ok((SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'ar_ext expressions'), '<', 20::bigint, 'errors leave nothing compiled behind');
ALTER TABLE ar.item DROP CONSTRAINT mine;

-- As a replica, which gets what is derived from elsewhere, nothing is derived; and nothing applied.
SET LOCAL session_replication_role TO replica;
INSERT INTO ar.payment (ledger_id, payment_id, customer_id, amount, received_on) VALUES (:ledger, -1, pg_temp.customer('A'), 'EUR 5', '2026-02-01');
SELECT is((SELECT count(*) FROM ar.item WHERE payment_id = -1), 0::bigint, 'a replica derives nothing');
DELETE FROM ar.payment WHERE payment_id = -1;
SET LOCAL session_replication_role TO origin;

SELECT is_empty('SELECT * FROM ar.verify()', 'the books are sound');
SELECT * FROM finish();
ROLLBACK;
