CREATE PROCEDURE ar.create_books()
LANGUAGE plpgsql
SET search_path = pg_catalog, ar, pg_temp
AS $create_books$
BEGIN
IF pg_catalog.to_regclass('ar.books') IS NOT NULL THEN
    RAISE duplicate_table USING
        MESSAGE = 'the books exist already',
        HINT = 'Bring older books to this version with CALL ar.upgrade_books().';
END IF;

CREATE TABLE ar.books (
    version text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
    only_row boolean NOT NULL DEFAULT true,
    CONSTRAINT books_pkey PRIMARY KEY (only_row),
    CONSTRAINT books_only_row_check CHECK (only_row)
);
COMMENT ON TABLE ar.books IS 'One row: the version of these books. CALL ar.upgrade_books() brings them to the version of the extension.';
COMMENT ON COLUMN ar.books.version IS 'The version of ar_ext that these tables, triggers and views have.';
COMMENT ON COLUMN ar.books.changed_at IS 'When the books were created, or last upgraded.';
COMMENT ON COLUMN ar.books.only_row IS 'Always true: the primary key of a table of one row.';

