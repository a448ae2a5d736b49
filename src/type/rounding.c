/*
 * rounding.c
 *		From numeric to whole minor units, with one rounding and no other.
 *
 * A quotient is never computed to some scale and then rounded, which would
 * round twice: its whole part and its remainder are exact, and the remainder
 * decides.
 */
#include "postgres.h"

#include "common/int.h"
#include "utils/builtins.h"

#include "type/monetary.h"
#include "type/rounding.h"

#define NUMERIC_CALL2(function, a, b) \
	DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)))
#define NUMERIC_CALL1(function, a) \
	DatumGetNumeric(DirectFunctionCall1(function, NumericGetDatum(a)))

static int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a),
											 NumericGetDatum(b)));
}

/*
 * ar_rounding_from_text finds the mode that an argument names.
 */
ArRounding
ar_rounding_from_text(const char *mode)
{
	if (strcmp(mode, "half_even") == 0)
		return AR_ROUND_HALF_EVEN;
	if (strcmp(mode, "half_up") == 0)
		return AR_ROUND_HALF_UP;
	if (strcmp(mode, "up") == 0)
		return AR_ROUND_UP;
	if (strcmp(mode, "down") == 0)
		return AR_ROUND_DOWN;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rounding mode: \"%s\"", mode),
			 errhint("The modes are half_even, half_up, up and down.")));
	pg_unreachable();
}

/*
 * ar_check_finite refuses what numeric can be and money cannot.
 */
void
ar_check_finite(Numeric value, const char *what)
{
	if (numeric_is_nan(value) || numeric_is_inf(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a finite number, not %s", what,
						numeric_is_nan(value) ? "NaN" : "infinity")));
}

/*
 * to_int64 converts a whole number, and raises the error of a currency when it
 * is beyond an int64.
 */
static int64
to_int64(Numeric whole, uint32 currency)
{
	if (compare(whole, int64_to_numeric(PG_INT64_MIN)) < 0 ||
		compare(whole, int64_to_numeric(PG_INT64_MAX)) > 0)
		ar_monetary_raise_out_of_range(currency);
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(whole)));
}

/*
 * ar_divide_rounded divides two finite numbers and rounds the quotient to a
 * whole number.  The currency is for the messages.
 */
int64
ar_divide_rounded(Numeric dividend, Numeric divisor, ArRounding rounding,
				  uint32 currency)
{
	Numeric		zero = int64_to_numeric(0);
	Numeric		whole;
	Numeric		rest;
	int64		result;
	bool		is_away;

	if (compare(divisor, zero) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("division by zero")));

	whole = NUMERIC_CALL2(numeric_div_trunc, dividend, divisor);
	rest = NUMERIC_CALL2(numeric_sub, dividend,
						 NUMERIC_CALL2(numeric_mul, whole, divisor));
	result = to_int64(whole, currency);
	if (compare(rest, zero) == 0)
		return result;

	if (rounding == AR_ROUND_NEVER)
	{
		char		code[4];

		ar_currency_code(currency, code);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("amount has more decimals than %s", code),
				 errdetail_plural("%s has %d decimal.", "%s has %d decimals.",
								  ar_currency_exponent(currency),
								  code, ar_currency_exponent(currency)),
				 errhint("The function ar.round() rounds a number to the decimals of a currency.")));
	}
	if (rounding == AR_ROUND_UP || rounding == AR_ROUND_DOWN)
		is_away = (rounding == AR_ROUND_UP);
	else
	{
		int			half = compare(NUMERIC_CALL1(numeric_abs,
												 NUMERIC_CALL2(numeric_add, rest, rest)),
								   NUMERIC_CALL1(numeric_abs, divisor));

		is_away = half > 0 ||
			(half == 0 && (rounding == AR_ROUND_HALF_UP || result % 2 != 0));
	}
	if (is_away)
	{
		/* The rest has the sign of the dividend. */
		bool		is_negative = (compare(rest, zero) < 0) != (compare(divisor, zero) < 0);

		if (pg_add_s64_overflow(result, is_negative ? -1 : 1, &result))
			ar_monetary_raise_out_of_range(currency);
	}
	return result;
}
