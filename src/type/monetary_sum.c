/*
 * monetary_sum.c
 *		A sum of amounts in 128 bits: what every aggregate of ar.monetary
 *		gathers in, and its text and binary forms.
 */
#include "postgres.h"

#include "common/int.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "compat.h"
#include "type/monetary.h"
#include "type/monetary_aggregate.h"

/*
 * ar_sum_raise_exhausted reports a state that no query of ours can gather:
 * somebody has handed it over.
 */
void
ar_sum_raise_exhausted(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of amounts out of range"),
			 errdetail("The sum needs more than 128 bits, or its count more than 64.")));
}

/*
 * add_wide adds a number of 128 bits to a sum, and tells whether it fits.
 */
static bool
add_wide(ArSum *sum, int64 high, uint64 low)
{
	uint64		carried = sum->low + low;
	int64		carry = carried < low ? 1 : 0;
	int64		total;

	/* The two halves of opposite sign may need the carry to stay in range. */
	if (sum->high < 0 ? pg_add_s64_overflow(sum->high + carry, high, &total) :
		pg_add_s64_overflow(sum->high, high, &total) ||
		pg_add_s64_overflow(total, carry, &total))
		return false;
	sum->high = total;
	sum->low = carried;
	return true;
}

/*
 * negate_wide writes the negative of a number of 128 bits.  The smallest has
 * none, and stays as it is.
 */
static void
negate_wide(int64 *high, uint64 *low)
{
	*low = ~*low + 1;
	*high = (int64) (~(uint64) *high + (*low == 0 ? 1 : 0));
}

/*
 * ar_sum_remove takes one value out again, as a window moves on.  An emptied
 * sum forgets its currency, so that the next value may have another.
 */
void
ar_sum_remove(ArSum *sum, int64 minor, uint32 currency)
{
	int64		high = minor < 0 ? -1 : 0;
	uint64		low = (uint64) minor;

	if (sum->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot remove an amount from an empty sum")));
	ar_sum_take_currency(sum, currency);
	negate_wide(&high, &low);
	if (!add_wide(sum, high, low))
		ar_sum_raise_exhausted();
	if (--sum->count == 0)
		memset(sum, 0, sizeof(*sum));
}

/*
 * ar_sum_combine adds another sum, which may be empty.
 */
void
ar_sum_combine(ArSum *sum, const ArSum *other)
{
	if (other->count == 0)
		return;
	ar_sum_take_currency(sum, other->currency);
	if (!add_wide(sum, other->high, other->low) ||
		pg_add_s64_overflow(sum->count, other->count, &sum->count))
		ar_sum_raise_exhausted();
}

/*
 * ar_sum_result returns the sum in minor units, and raises when those need
 * more than 64 bits: only here, for a sum may come back into range.
 */
int64
ar_sum_result(const ArSum *sum)
{
	int64		result = (int64) sum->low;

	if (sum->high != (result < 0 ? -1 : 0))
		ar_monetary_raise_out_of_range(sum->currency);
	return result;
}

/*
 * ar_sum_to_numeric returns the sum in minor units, whatever its size.
 */
Numeric
ar_sum_to_numeric(const ArSum *sum)
{
	Datum		two_to_32 = NumericGetDatum(int64_to_numeric(INT64CONST(1) << 32));
	Datum		result = NumericGetDatum(int64_to_numeric(sum->high));

	result = DirectFunctionCall2(numeric_mul, result, two_to_32);
	result = DirectFunctionCall2(numeric_add, result,
								 NumericGetDatum(int64_to_numeric((int64) (sum->low >> 32))));
	result = DirectFunctionCall2(numeric_mul, result, two_to_32);
	result = DirectFunctionCall2(numeric_add, result,
								 NumericGetDatum(int64_to_numeric((int64) (sum->low & 0xFFFFFFFF))));
	return DatumGetNumeric(result);
}

/*
 * times_ten_plus writes a digit behind a number.
 */
static bool
times_ten_plus(ArSum *sum, int digit)
{
	ArSum		once = *sum;

	return add_wide(sum, sum->high, sum->low) &&	/* 2 */
		add_wide(sum, sum->high, sum->low) &&	/* 4 */
		add_wide(sum, once.high, once.low) &&	/* 5 */
		add_wide(sum, sum->high, sum->low) &&	/* 10 */
		add_wide(sum, digit < 0 ? -1 : 0, (uint64) (int64) digit);
}

/*
 * ar_sum_print appends the text of a sum: its count, then its currency and its
 * amount as ar.monetary would write it, such as "3 USD 12.50".
 */
void
ar_sum_print(StringInfo text, const ArSum *sum)
{
	Numeric		minor_unit = int64_div_fast_to_numeric(1, ar_currency_exponent(sum->currency));
	Datum		amount = DirectFunctionCall2(numeric_mul,
											 NumericGetDatum(ar_sum_to_numeric(sum)),
											 NumericGetDatum(minor_unit));
	char		code[4];

	ar_currency_code(sum->currency, code);
	appendStringInfo(text, INT64_FORMAT " %s %s", sum->count, code,
					 DatumGetCString(DirectFunctionCall1(numeric_out, amount)));
}

/*
 * ar_sum_parse reads what ar_sum_print wrote, and returns where it ended, or
 * NULL when it is something else.
 */
const char *
ar_sum_parse(const char *text, ArSum *sum)
{
	const char *c = text;
	bool		is_negative;
	int			decimals = -1;

	memset(sum, 0, sizeof(*sum));
	while (*c >= '0' && *c <= '9')
	{
		if (pg_mul_s64_overflow(sum->count, 10, &sum->count) ||
			pg_add_s64_overflow(sum->count, *c++ - '0', &sum->count))
			return NULL;
	}
	if (sum->count == 0 || *c++ != ' ' || !ar_currency_lookup(c, &sum->currency))
		return NULL;
	c += 3;
	if (*c++ != ' ')
		return NULL;
	is_negative = (*c == '-');
	if (is_negative)
		c++;
	if (!(*c >= '0' && *c <= '9'))
		return NULL;
	for (;; c++)
	{
		if (*c == '.' && decimals < 0)
			decimals = 0;
		else if (*c >= '0' && *c <= '9')
		{
			if (!times_ten_plus(sum, is_negative ? '0' - *c : *c - '0'))
				return NULL;
			if (decimals >= 0)
				decimals++;
		}
		else
			break;
	}
	if (Max(decimals, 0) != ar_currency_exponent(sum->currency))
		return NULL;
	return c;
}

/*
 * ar_sum_send writes the binary form of a sum.
 */
void
ar_sum_send(StringInfo message, const ArSum *sum)
{
	pq_sendint64(message, sum->count);
	ar_currency_send(message, sum->currency);
	pq_sendint64(message, sum->high);
	pq_sendint64(message, (int64) sum->low);
}

/*
 * ar_sum_receive reads the binary form of a sum that is not empty.
 */
void
ar_sum_receive(StringInfo message, ArSum *sum)
{
	memset(sum, 0, sizeof(*sum));
	sum->count = pq_getmsgint64(message);
	if (sum->count <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid count in external binary representation of a sum")));
	sum->currency = ar_currency_receive(message);
	sum->high = pq_getmsgint64(message);
	sum->low = (uint64) pq_getmsgint64(message);
}
