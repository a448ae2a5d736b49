/*
 * monetary_numeric.c
 *		ar.monetary and numeric: conversion, rounding, products, quotients, and
 *		the division of a total into parts.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "type/monetary.h"
#include "type/rounding.h"

#define NUMERIC_CALL2(function, a, b) \
	DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)))

/* One part of an allocation. */
typedef struct Part
{
	int			position;		/* among the weights, from 0 */
	Numeric		weight;
	Numeric		rest;			/* what the whole units leave of its share */
	int64		minor;			/* its magnitude in minor units */
} Part;

PG_FUNCTION_INFO_V1(ar_monetary_from_numeric);
PG_FUNCTION_INFO_V1(ar_monetary_round);
PG_FUNCTION_INFO_V1(ar_monetary_to_numeric);
PG_FUNCTION_INFO_V1(ar_monetary_multiply_numeric);
PG_FUNCTION_INFO_V1(ar_numeric_multiply_monetary);
PG_FUNCTION_INFO_V1(ar_monetary_divide_numeric);
PG_FUNCTION_INFO_V1(ar_monetary_divide_monetary);
PG_FUNCTION_INFO_V1(ar_monetary_allocate);

static int
compare(Numeric a, Numeric b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(a),
											 NumericGetDatum(b)));
}

/*
 * round_major rounds an amount in major units to the minor units of a
 * currency.
 */
static Datum
round_major(Numeric amount, uint32 currency, ArRounding rounding)
{
	int64		scale = 1;

	ar_check_finite(amount, "amount");
	for (int i = 0; i < ar_currency_exponent(currency); i++)
		scale *= 10;
	amount = NUMERIC_CALL2(numeric_mul, amount, int64_to_numeric(scale));
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(ar_divide_rounded(amount, int64_to_numeric(1),
															   rounding, currency),
											 currency));
}

/*
 * ar_monetary_from_numeric is the constructor.  It never rounds.
 */
Datum
ar_monetary_from_numeric(PG_FUNCTION_ARGS)
{
	uint32		currency = ar_currency_from_text(text_to_cstring(PG_GETARG_TEXT_PP(1)));

	return round_major(PG_GETARG_NUMERIC(0), currency, AR_ROUND_NEVER);
}

/*
 * ar_monetary_round rounds as it is told to.
 */
Datum
ar_monetary_round(PG_FUNCTION_ARGS)
{
	uint32		currency = ar_currency_from_text(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	ArRounding	rounding = ar_rounding_from_text(text_to_cstring(PG_GETARG_TEXT_PP(2)));

	return round_major(PG_GETARG_NUMERIC(0), currency, rounding);
}

/*
 * ar_monetary_to_numeric returns the amount in major units, with the decimals
 * of its currency.
 */
Datum
ar_monetary_to_numeric(PG_FUNCTION_ARGS)
{
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);

	PG_RETURN_NUMERIC(int64_div_fast_to_numeric(ar_monetary_minor(m),
												ar_currency_exponent(m->currency)));
}

/*
 * multiply_numeric rounds the exact product half-even to the minor unit.
 */
static Datum
multiply_numeric(const ArMonetary *m, Numeric factor)
{
	Numeric		product;

	ar_check_finite(factor, "factor");
	product = NUMERIC_CALL2(numeric_mul, int64_to_numeric(ar_monetary_minor(m)), factor);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(ar_divide_rounded(product, int64_to_numeric(1),
															   AR_ROUND_HALF_EVEN, m->currency),
											 m->currency));
}

/*
 * ar_monetary_multiply_numeric and its commutator are the product with any
 * number.
 */
Datum
ar_monetary_multiply_numeric(PG_FUNCTION_ARGS)
{
	return multiply_numeric(PG_GETARG_AR_MONETARY_P(0), PG_GETARG_NUMERIC(1));
}

Datum
ar_numeric_multiply_monetary(PG_FUNCTION_ARGS)
{
	return multiply_numeric(PG_GETARG_AR_MONETARY_P(1), PG_GETARG_NUMERIC(0));
}

/*
 * ar_monetary_divide_numeric rounds the exact quotient half-even to the minor
 * unit.
 */
Datum
ar_monetary_divide_numeric(PG_FUNCTION_ARGS)
{
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);
	Numeric		divisor = PG_GETARG_NUMERIC(1);

	ar_check_finite(divisor, "divisor");
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(ar_divide_rounded(int64_to_numeric(ar_monetary_minor(m)),
															   divisor, AR_ROUND_HALF_EVEN,
															   m->currency),
											 m->currency));
}

/*
 * ar_monetary_divide_monetary returns how often one amount goes into another,
 * with the digits that numeric gives a quotient.
 */
Datum
ar_monetary_divide_monetary(PG_FUNCTION_ARGS)
{
	const ArMonetary *left = PG_GETARG_AR_MONETARY_P(0);
	const ArMonetary *right = PG_GETARG_AR_MONETARY_P(1);

	ar_check_same_currency(left->currency, right->currency);
	return DirectFunctionCall2(numeric_div,
							   NumericGetDatum(int64_to_numeric(ar_monetary_minor(left))),
							   NumericGetDatum(int64_to_numeric(ar_monetary_minor(right))));
}

/*
 * read_weights turns the weights into parts and adds them up.
 */
static Part *
read_weights(ArrayType *weights, int *count, Numeric *sum)
{
	Numeric		zero = int64_to_numeric(0);
	Datum	   *elements;
	bool	   *nulls;
	Part	   *parts;

	if (ARR_NDIM(weights) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weights must be an array of one dimension with at least one element")));
	deconstruct_array(weights, NUMERICOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, count);
	parts = (Part *) palloc_extended(sizeof(Part) * (Size) *count, MCXT_ALLOC_HUGE);
	*sum = zero;
	for (int i = 0; i < *count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weight %d is null", i + 1),
					 errhint("A part that shall get nothing has the weight 0.")));
		parts[i].position = i;
		parts[i].weight = DatumGetNumeric(elements[i]);
		ar_check_finite(parts[i].weight, "weight");
		if (compare(parts[i].weight, zero) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("weight %d is negative", i + 1),
					 errhint("A part that shall get nothing has the weight 0.")));
		*sum = NUMERIC_CALL2(numeric_add, *sum, parts[i].weight);
	}
	if (compare(*sum, zero) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the sum of the weights is zero"),
				 errhint("Give a weight above 0 to the part that shall get the amount.")));
	return parts;
}

/*
 * compare_claims sorts parts by their claim to one more unit: the larger
 * remainder first, then the larger weight, so that the parts do not depend on
 * the order of the weights, then the earlier position, so that they are
 * determined among equals.
 */
static int
compare_claims(const void *left, const void *right)
{
	const Part *a = (const Part *) left;
	const Part *b = (const Part *) right;
	int			result = compare(b->rest, a->rest);

	if (result == 0)
		result = compare(b->weight, a->weight);
	if (result == 0)
		result = a->position - b->position;
	return result;
}

/*
 * ar_monetary_allocate divides a total by the largest remainder method: each
 * part gets the whole units of its exact share, and the units left over go,
 * one each, to the largest remainders.  A negative total is the mirror image
 * of the positive one.
 */
Datum
ar_monetary_allocate(PG_FUNCTION_ARGS)
{
	const ArMonetary *total = PG_GETARG_AR_MONETARY_P(0);
	int64		minor = ar_monetary_minor(total);
	Numeric		magnitude = int64_to_numeric(minor);
	Oid			element_type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	ArMonetary *values;
	Datum	   *datums;
	Part	   *parts;
	Numeric		sum;
	int			count;
	uint64		left = minor < 0 ? 0 - (uint64) minor : (uint64) minor;

	parts = read_weights(PG_GETARG_ARRAYTYPE_P(1), &count, &sum);
	if (minor < 0)
		magnitude = DatumGetNumeric(DirectFunctionCall1(numeric_uminus,
														NumericGetDatum(magnitude)));
	for (int i = 0; i < count; i++)
	{
		Numeric		share = NUMERIC_CALL2(numeric_mul, magnitude, parts[i].weight);
		Numeric		whole = NUMERIC_CALL2(numeric_div_trunc, share, sum);

		CHECK_FOR_INTERRUPTS();
		parts[i].rest = NUMERIC_CALL2(numeric_sub, share,
									  NUMERIC_CALL2(numeric_mul, whole, sum));
		/* Below zero, where the magnitude of every int64 has room. */
		whole = DatumGetNumeric(DirectFunctionCall1(numeric_uminus, NumericGetDatum(whole)));
		parts[i].minor = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(whole)));
		left -= 0 - (uint64) parts[i].minor;
	}
	Assert(left < (uint64) count);

	qsort(parts, count, sizeof(Part), compare_claims);
	for (uint64 i = 0; i < left; i++)
		parts[i].minor--;

	values = (ArMonetary *) palloc_extended(sizeof(ArMonetary) * (Size) count, MCXT_ALLOC_HUGE);
	datums = (Datum *) palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		int			position = parts[i].position;

		/* Cannot overflow: a part is no larger than a total above zero. */
		ar_monetary_set(&values[position],
						minor < 0 ? parts[i].minor : -parts[i].minor,
						total->currency);
		datums[position] = ArMonetaryPGetDatum(&values[position]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, count, element_type,
										  sizeof(ArMonetary), false, TYPALIGN_INT));
}
