/*
 * tax.c
 *		The arithmetic of invoices: lines, percents, tax included in a price,
 *		and totals that cash can pay.
 *
 * Everything is rounded once, half up (away from zero), to the minor unit;
 * nothing is computed to some scale first.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "billing/tax.h"
#include "item/transition.h"
#include "type/rounding.h"

PG_FUNCTION_INFO_V1(ar_tg_tax_category);
PG_FUNCTION_INFO_V1(ar_is_tax_category);
PG_FUNCTION_INFO_V1(ar_line_amount);
PG_FUNCTION_INFO_V1(ar_percent_of);
PG_FUNCTION_INFO_V1(ar_included_tax);
PG_FUNCTION_INFO_V1(ar_is_net_of);
PG_FUNCTION_INFO_V1(ar_round_to);

#define NUMERIC_CALL2(function, a, b) \
	DatumGetNumeric(DirectFunctionCall2(function, NumericGetDatum(a), NumericGetDatum(b)))

/*
 * is_positive tells whether a number is above zero.
 */
static bool
is_positive(Numeric value)
{
	return DatumGetBool(DirectFunctionCall2(numeric_gt, NumericGetDatum(value),
											NumericGetDatum(int64_to_numeric(0))));
}

/*
 * ar_tg_tax_category fills in S (standard) for a rate above zero, else Z
 * (zero rated).
 */
Datum
ar_tg_tax_category(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_tax_category",
									  TRIGGER_EVENT_BEFORE | TRIGGER_EVENT_ROW);
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	AttrNumber	tax_rate = ar_column(trigger->tg_relation, "tax_rate", NUMERICOID);
	int			tax_category = ar_column(trigger->tg_relation, "tax_category", TEXTOID);
	HeapTuple	tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;
	bool		isnull;
	Datum		value;
	Datum		rate;

	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return PointerGetDatum(tuple);
	(void) heap_getattr(tuple, tax_category, desc, &isnull);
	if (!isnull)
		return PointerGetDatum(tuple);
	rate = heap_getattr(tuple, tax_rate, desc, &isnull);
	if (isnull)
		return PointerGetDatum(tuple);	/* NOT NULL says so */
	value = CStringGetTextDatum(is_positive(DatumGetNumeric(rate)) ? "S" : "Z");
	isnull = false;
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, desc, 1, &tax_category,
													 &value, &isnull));
}

/*
 * ar_is_tax_category tells whether a category goes with a rate: S has one
 * above zero, L and M (the Canaries, Ceuta and Melilla) any, the rest zero.
 */
Datum
ar_is_tax_category(PG_FUNCTION_ARGS)
{
	text	   *category = PG_GETARG_TEXT_PP(0);
	const char *code = VARDATA_ANY(category);
	int			length = VARSIZE_ANY_EXHDR(category);

	if (length == 2)
		PG_RETURN_BOOL(memcmp(code, "AE", 2) == 0 && !is_positive(PG_GETARG_NUMERIC(1)));
	if (length != 1 || memchr("SZEKGOLM", *code, 8) == NULL)
		PG_RETURN_BOOL(false);
	if (*code == 'L' || *code == 'M')
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(is_positive(PG_GETARG_NUMERIC(1)) == (*code == 'S'));
}

/*
 * add adds to an amount, unless there is nothing to add.
 */
static int64
add(int64 minor, ArMonetary *amount, uint32 currency, bool is_negative)
{
	int64		sum;
	bool		is_over;

	ar_check_same_currency(currency, amount->currency);
	is_over = is_negative ? pg_sub_s64_overflow(minor, ar_monetary_minor(amount), &sum) :
		pg_add_s64_overflow(minor, ar_monetary_minor(amount), &sum);
	if (is_over)
		ar_monetary_raise_out_of_range(currency);
	return sum;
}

/*
 * ar_line_amount returns quantity times unit price, rounded, less discount,
 * plus charge.  The last two may be null: none.
 */
Datum
ar_line_amount(PG_FUNCTION_ARGS)
{
	Numeric		product;
	uint32		currency;
	int64		scale = 1;
	int64		minor;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	currency = ar_currency_from_text(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	product = NUMERIC_CALL2(numeric_mul, PG_GETARG_NUMERIC(0), PG_GETARG_NUMERIC(1));
	ar_check_finite(product, "quantity times unit price");
	for (int i = 0; i < ar_currency_exponent(currency); i++)
		scale *= 10;
	minor = ar_divide_rounded(NUMERIC_CALL2(numeric_mul, product, int64_to_numeric(scale)),
							  int64_to_numeric(1), AR_ROUND_HALF_UP, currency);
	if (!PG_ARGISNULL(3))
		minor = add(minor, PG_GETARG_AR_MONETARY_P(3), currency, true);
	if (!PG_ARGISNULL(4))
		minor = add(minor, PG_GETARG_AR_MONETARY_P(4), currency, false);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor, currency));
}

/*
 * ar_percent_minor returns a percent of an amount, rounded.
 */
int64
ar_percent_minor(int64 minor, Numeric percent, uint32 currency)
{
	ar_check_finite(percent, "percent");
	return ar_divide_rounded(NUMERIC_CALL2(numeric_mul, int64_to_numeric(minor), percent),
							 int64_to_numeric(100), AR_ROUND_HALF_UP, currency);
}

/*
 * ar_percent_of is ar_percent_minor() for SQL.
 */
Datum
ar_percent_of(PG_FUNCTION_ARGS)
{
	ArMonetary *amount = PG_GETARG_AR_MONETARY_P(0);

	PG_RETURN_AR_MONETARY_P(ar_monetary_make(ar_percent_minor(ar_monetary_minor(amount),
															  PG_GETARG_NUMERIC(1),
															  amount->currency),
											 amount->currency));
}

/*
 * ar_included_tax returns the tax in a price that includes it: what is left
 * is the net, rounded.
 */
Datum
ar_included_tax(PG_FUNCTION_ARGS)
{
	ArMonetary *gross = PG_GETARG_AR_MONETARY_P(0);
	int64		minor = ar_monetary_minor(gross);
	Numeric		rate = PG_GETARG_NUMERIC(1);
	Numeric		hundred = int64_to_numeric(100);
	int64		net;

	ar_check_finite(rate, "tax rate");
	net = ar_divide_rounded(NUMERIC_CALL2(numeric_mul, int64_to_numeric(minor), hundred),
							NUMERIC_CALL2(numeric_add, rate, hundred),
							AR_ROUND_HALF_UP, gross->currency);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor - net, gross->currency));
}

/*
 * ar_is_net_of tells whether an amount is what is left of another, without
 * the tax included in it, to within less than a minor unit: on an invoice
 * rounded as a whole, a line may have to give or take a part of one.
 */
Datum
ar_is_net_of(PG_FUNCTION_ARGS)
{
	ArMonetary *net = PG_GETARG_AR_MONETARY_P(0);
	ArMonetary *gross = PG_GETARG_AR_MONETARY_P(1);
	Numeric		hundred = int64_to_numeric(100);
	Numeric		divisor = NUMERIC_CALL2(numeric_add, PG_GETARG_NUMERIC(2), hundred);
	Numeric		difference;

	difference = NUMERIC_CALL2(numeric_sub,
							   NUMERIC_CALL2(numeric_mul, int64_to_numeric(ar_monetary_minor(net)), divisor),
							   NUMERIC_CALL2(numeric_mul, int64_to_numeric(ar_monetary_minor(gross)), hundred));
	PG_RETURN_BOOL(net->currency == gross->currency &&
				   DatumGetBool(DirectFunctionCall2(numeric_lt,
													DirectFunctionCall1(numeric_abs, NumericGetDatum(difference)),
													NumericGetDatum(divisor))));
}

/*
 * ar_round_to rounds an amount to a multiple of an increment, whose sign does
 * not matter; zero leaves the amount as it is.
 */
Datum
ar_round_to(PG_FUNCTION_ARGS)
{
	ArMonetary *amount = PG_GETARG_AR_MONETARY_P(0);
	ArMonetary *increment = PG_GETARG_AR_MONETARY_P(1);
	ArRounding	rounding = ar_rounding_from_text(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	int64		unit = ar_monetary_minor(increment);
	int64		minor = ar_monetary_minor(amount);

	ar_check_same_currency(amount->currency, increment->currency);
	if (unit != 0 && unit != PG_INT64_MIN)
	{
		unit = unit < 0 ? -unit : unit;
		minor = ar_divide_rounded(int64_to_numeric(minor), int64_to_numeric(unit),
								  rounding, amount->currency);
		if (pg_mul_s64_overflow(minor, unit, &minor))
			ar_monetary_raise_out_of_range(amount->currency);
	}
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor, amount->currency));
}
