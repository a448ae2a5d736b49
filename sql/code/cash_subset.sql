-- cash: which items a payment of several adds up to.

CREATE FUNCTION ar.subset_sum(amounts bigint[], target bigint, most integer DEFAULT 30) RETURNS TABLE (answer text, positions integer[])
AS 'MODULE_PATHNAME', 'ar_subset_sum_sql'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 1;
COMMENT ON FUNCTION ar.subset_sum(bigint[], bigint, integer) IS
'Whether exactly one choice among at most 30 amounts adds up to a target.
Arguments: amounts, in minor units, below zero for credits; target; most, how many amounts may be chosen.
Result: one row. answer: none; unique, and then the positions of the chosen amounts, counted from 1; several, where at least two choices do, be it that they differ only by equal amounts; too_many, more than 30 amounts, of which none was tried. To choose nothing is never an answer. Sums cannot overflow. Time: 2^15 steps at most.
Errors: 22004 an amount that is null.';
