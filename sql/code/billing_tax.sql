-- billing: what lines, allowances and taxes come to.

CREATE FUNCTION ar.tg_tax_category() RETURNS trigger AS 'MODULE_PATHNAME', 'ar_tg_tax_category' LANGUAGE C;
COMMENT ON FUNCTION ar.tg_tax_category() IS
'Trigger, before a row with tax_rate and without tax_category: fills in S for a rate above zero, else Z.';
REVOKE ALL ON FUNCTION ar.tg_tax_category() FROM PUBLIC;

CREATE FUNCTION ar.is_tax_category(tax_category text, tax_rate numeric) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_tax_category' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_tax_category(text, numeric) IS
'Whether a category of tax (a code of UNTDID 5305) goes with a rate: S has one above zero, Z, E, AE, K, G and O have zero, L and M any.';

CREATE FUNCTION ar.line_amount(quantity numeric, unit_price numeric, currency text,
                               discount ar.monetary DEFAULT NULL, charge ar.monetary DEFAULT NULL)
RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_line_amount' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ar.line_amount(numeric, numeric, text, ar.monetary, ar.monetary) IS
'What a line comes to: quantity times unit_price, rounded half up to the minor unit, less discount, plus charge (each NULL for none).
Errors: 22023 unknown currency; 22003 out of range; RA009 discount or charge in another currency.';

CREATE FUNCTION ar.percent_of(amount ar.monetary, percent numeric) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_percent_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.percent_of(ar.monetary, numeric) IS
'A percent of an amount, rounded once, half up (away from zero), to the minor unit: the tax on a net amount, a discount.
Errors: 22023 the percent is no finite number; 22003 out of range.';

CREATE FUNCTION ar.included_tax(gross ar.monetary, tax_rate numeric) RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_included_tax' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.included_tax(ar.monetary, numeric) IS
'The tax in an amount that includes it, at a rate in percent of net: gross less gross / (1 + rate / 100), the latter rounded half up. EUR 200 at 10 is 18.18, and 181.82 net.
Errors: 22023 the rate is no finite number; 22012 a rate of -100.';

CREATE FUNCTION ar.is_net_of(net ar.monetary, gross ar.monetary, tax_rate numeric) RETURNS boolean
AS 'MODULE_PATHNAME', 'ar_is_net_of' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.is_net_of(ar.monetary, ar.monetary, numeric) IS
'Whether an amount is, within less than a minor unit, what is left of another when the tax included in it (in percent of net) is taken out.';

CREATE FUNCTION ar.round_to(amount ar.monetary, increment ar.monetary, mode text DEFAULT 'half_up') RETURNS ar.monetary
AS 'MODULE_PATHNAME', 'ar_round_to' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ar.round_to(ar.monetary, ar.monetary, text) IS
'The amount rounded to a multiple of an increment: cash rounding. The sign of the increment does not matter, zero leaves the amount as it is. Modes: half_up, half_even, up, down, as of ar.round().
Errors: RA009 two currencies; 22023 unknown mode; 22003 out of range.';
