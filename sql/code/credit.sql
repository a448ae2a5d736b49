-- credit: limits, and the exposure judged by them.

CREATE FUNCTION ar.tg_enforce_limit() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_enforce_limit' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_enforce_limit() IS
'Trigger, after a statement on ar.customer_balance: refuses an exposure that rose above the customer''s credit limit.
Errors: RA001 credit limit exceeded; RA009 the limit is in another currency.';
REVOKE ALL ON FUNCTION ar.tg_enforce_limit() FROM PUBLIC;
