\echo Use "CREATE EXTENSION ar_ext" to load this file. \quit

SET LOCAL search_path TO pg_catalog, pg_temp;
-- Bodies that read the books are late-bound: the books come after the extension.
SET LOCAL check_function_bodies TO off;

-- Not IF NOT EXISTS: a schema made beforehand by somebody else is refused.
CREATE SCHEMA ar;
COMMENT ON SCHEMA ar IS 'Accounts receivable: types, functions, and the books made by ar.create_books().';
GRANT USAGE ON SCHEMA ar TO PUBLIC;

CREATE FUNCTION ar.version() RETURNS text
AS 'MODULE_PATHNAME', 'ar_version'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.version() IS 'The version of the loaded ar_ext library, such as 0.1.0.';

