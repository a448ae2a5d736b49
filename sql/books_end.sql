INSERT INTO ar.books (version) VALUES (ar.version());
END
$create_books$;
COMMENT ON PROCEDURE ar.create_books() IS
'Creates the books in schema ar: tables, indexes, triggers and views, as ordinary objects that belong to no extension and to whoever calls this.
Errors: 42P07 the books exist already; 42501 without CREATE on schema ar.';
REVOKE ALL ON PROCEDURE ar.create_books() FROM PUBLIC;

CREATE PROCEDURE ar.upgrade_books()
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $upgrade_books$
DECLARE
    books_version text;
BEGIN
    IF pg_catalog.to_regclass('ar.books') IS NULL THEN
        RAISE undefined_table USING
            MESSAGE = 'there are no books to upgrade',
            HINT = 'Create them with CALL ar.create_books().';
    END IF;
    SELECT b.version INTO books_version FROM ar.books AS b;
    IF books_version <> ar.version() THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = pg_catalog.format('no way is known from books of version %s to version %s', books_version, ar.version()),
            HINT = 'Install the version of ar_ext that made these books, or a newer one that knows the way.';
    END IF;
    RAISE NOTICE 'the books are at version % already: nothing to do', books_version;
END
$upgrade_books$;
COMMENT ON PROCEDURE ar.upgrade_books() IS
'Brings the books to the version of the installed extension, after ALTER EXTENSION ar_ext UPDATE or a restore of an older dump. Says so when there is nothing to do.
Errors: 42P01 there are no books; 55000 no way is known from their version.';
REVOKE ALL ON PROCEDURE ar.upgrade_books() FROM PUBLIC;
