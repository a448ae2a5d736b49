/*
 * terms_schedule.c
 *		Computes with credit terms: due dates, amounts and discounts.
 *
 * The amounts always sum to the total: shares of a percent round half up (away
 * from zero), and the last instalment takes what is left.  Negative totals
 * (credit memos) mirror positive ones.
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "compat.h"
#include "type/monetary.h"
#include "type/terms.h"

PG_FUNCTION_INFO_V1(ar_terms_schedule_list);
PG_FUNCTION_INFO_V1(ar_terms_discount);

/*
 * day_of_month returns that day of a month, or the month's last day where
 * the month is shorter.  Month may be 13, for January of the next year.
 */
static DateADT
day_of_month(int year, int month, int day)
{
	if (month > MONTHS_PER_YEAR)
	{
		month -= MONTHS_PER_YEAR;
		year++;
	}
	day = Min(day, day_tab[isleap(year)][month - 1]);
	if (!IS_VALID_JULIAN(year, month, day))
		return DATEVAL_NOEND;
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

/*
 * take_step moves a date by one step; beyond the last date there is, it
 * raises 22008.
 */
static DateADT
take_step(DateADT date, const ArTermsStep *step)
{
	int			year;
	int			month;
	int			day;

	if (step->kind == AR_STEP_DAYS)
		date += step->number;	/* base and number are far from overflow */
	else
	{
		j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
		switch (step->kind)
		{
			case AR_STEP_DAYS:
				pg_unreachable();
			case AR_STEP_MONTHS:
				year += step->number / MONTHS_PER_YEAR;
				month += step->number % MONTHS_PER_YEAR;
				date = day_of_month(year, month, day);
				break;
			case AR_STEP_END_OF_MONTH:
				date = day_of_month(year, month, 31);
				break;
			case AR_STEP_DAY:
				date = day_of_month(year, month + 1, step->number);
				break;
			case AR_STEP_NEXT_DAY:
				if (day_of_month(year, month, step->number) >= date)
					date = day_of_month(year, month, step->number);
				else
					date = day_of_month(year, month + 1, step->number);
				break;
			case AR_STEP_SAME_MONTH_DAY:
				date = day_of_month(year, month, step->number);
				break;
		}
	}

	if (DATE_NOT_FINITE(date) || !IS_VALID_DATE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("due date out of range"),
				 errhint("Use an earlier base date.")));
	return date;
}

/*
 * percent_of returns a percent of an amount, rounded half up (away from
 * zero).  It cannot overflow: the percent is at most 100.
 */
static int64
percent_of(int64 amount_minor, int64 percent)
{
	int64		hundreds = amount_minor / AR_TERMS_HUNDRED_PERCENT;
	int64		rest = (amount_minor % AR_TERMS_HUNDRED_PERCENT) * percent;
	int64		half = AR_TERMS_HUNDRED_PERCENT / 2;

	rest += rest < 0 ? -half : half;
	return hundreds * percent + rest / AR_TERMS_HUNDRED_PERCENT;
}

/*
 * refuse_total raises 22023: these terms cannot split this total.
 */
static void
refuse_total(const ArTerms *terms, int instalment_number, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("credit terms \"%s\" do not fit the total",
					text_to_cstring((const text *) terms)),
			 errdetail("Instalment %d %s.", instalment_number, reason),
			 errhint("Give this document other terms, or use percents in place of fixed amounts.")));
}

/*
 * fixed_amount returns a fixed amount in minor units of the currency.
 */
static int64
fixed_amount(const ArTerms *terms, int instalment_number, int64 millionths,
			 uint32 currency)
{
	int			exponent = currency & 0xFF;
	int64		unit = 1;		/* millionths in one minor unit */

	Assert(exponent <= AR_TERMS_DECIMALS);
	for (int i = exponent; i < AR_TERMS_DECIMALS; i++)
		unit *= 10;
	if (millionths % unit != 0)
		refuse_total(terms, instalment_number,
					 "asks for a fixed amount with more decimals than the currency has");
	return millionths / unit;
}

/*
 * instalment_amount returns what an instalment takes of the total, of which
 * the instalments before it left so much.
 *
 * Half cents rounded up may ask for more than is left (0.02 in four quarters):
 * then there is only what is left.  With fixed amounts, however, asking for too
 * much means that the total is too small for the terms.
 */
static int64
instalment_amount(const ArTerms *terms, int instalment_number,
				  const ArTermsInstalment *instalment, uint32 currency,
				  int64 total_minor, int64 left_minor, bool *has_fixed)
{
	int64		amount_minor = 0;

	switch (instalment->share_kind)
	{
		case AR_SHARE_REST:
			return left_minor;
		case AR_SHARE_PERCENT:
			amount_minor = percent_of(total_minor, instalment->share);
			break;
		case AR_SHARE_PERCENT_OF_REST:
			amount_minor = percent_of(left_minor, instalment->share);
			break;
		case AR_SHARE_AMOUNT:
			*has_fixed = true;
			amount_minor = fixed_amount(terms, instalment_number,
										instalment->share, currency);
			if (total_minor < 0)
				amount_minor = -amount_minor;
			break;
	}

	if (total_minor < 0 ? amount_minor < left_minor : amount_minor > left_minor)
	{
		if (*has_fixed)
			refuse_total(terms, instalment_number,
						 "asks for more than the instalments before it leave");
		return left_minor;
	}
	return amount_minor;
}

/*
 * set_dates_and_discounts fills in the rest of an instalment whose amount is
 * known.  Nothing falls before the base date, and no discount outlives the
 * due day.
 */
static void
set_dates_and_discounts(const ArTermsInstalment *rule, DateADT base,
						ArInstalment *instalment)
{
	DateADT		due_on = base;

	for (int i = 0; i < rule->step_count; i++)
		due_on = take_step(due_on, &rule->steps[i]);
	instalment->due_on = Max(due_on, base);

	instalment->discount_count = rule->discount_count;
	for (int i = 0; i < rule->discount_count; i++)
	{
		DateADT		until = take_step(base, &rule->discounts[i].until);

		instalment->discounts[i].until = Min(Max(until, base),
											 instalment->due_on);
		instalment->discounts[i].percent = rule->discounts[i].percent;
		instalment->discounts[i].amount_minor =
			percent_of(instalment->amount_minor, rule->discounts[i].percent);
	}
}

/*
 * ar_terms_schedule splits a total into the instalments of its terms.
 *
 * Returns how many there are and, in *instalments, a palloc'd array of them.
 * A total of zero is one instalment of zero, due by the last rule.  Terms may
 * have a short header but no compression (PG_GETARG_AR_TERMS_PP).  Called
 * once an invoice by the posting trigger, so it parses without allocating.
 */
int
ar_terms_schedule(const ArTerms *terms, int64 total_minor, uint32 currency,
				  DateADT base, ArInstalment **instalments)
{
	ArTermsParsed parsed;
	ArTermsError error;
	int64		left_minor = total_minor;
	int			first = 0;
	bool		has_fixed = false;

	if (DATE_NOT_FINITE(base))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("base date of credit terms must be finite"),
				 errhint("Give the date of the document.")));
	if (!ar_terms_parse(VARDATA_ANY(terms), VARSIZE_ANY_EXHDR(terms),
						&parsed, &error))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored credit terms \"%s\" cannot be read",
						text_to_cstring((const text *) terms)),
				 errdetail("At byte %d: %s.", error.offset + 1, error.reason),
				 errhint("Store the terms anew.")));

	if (total_minor == 0)
		first = parsed.instalment_count - 1;
	*instalments = palloc((parsed.instalment_count - first) * sizeof(ArInstalment));
	for (int i = first; i < parsed.instalment_count; i++)
	{
		const ArTermsInstalment *rule = &parsed.instalments[i];
		ArInstalment *instalment = &(*instalments)[i - first];

		if (i == parsed.instalment_count - 1)
			instalment->amount_minor = left_minor;
		else
			instalment->amount_minor =
				instalment_amount(terms, i + 1, rule, currency,
								  total_minor, left_minor, &has_fixed);
		left_minor -= instalment->amount_minor;
		set_dates_and_discounts(rule, base, instalment);
	}
	Assert(left_minor == 0);
	return parsed.instalment_count - first;
}

/*
 * ar_terms_schedule_list is ar_terms_schedule() for SQL, one instalment a
 * row.  Of several discounts the row shows the first, the greatest.
 */
Datum
ar_terms_schedule_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArTerms    *terms = PG_GETARG_AR_TERMS_PP(0);
	ArMonetary *total = PG_GETARG_AR_MONETARY_P(1);
	ArInstalment *instalments;
	int			count = ar_terms_schedule(terms, ar_monetary_minor(total),
										  total->currency,
										  PG_GETARG_DATEADT(2), &instalments);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
	{
		const ArInstalment *instalment = &instalments[i];
		bool		has_discount = instalment->discount_count > 0;
		ArMonetary	amount;
		ArMonetary	discount;
		Datum		values[5] = {0};
		bool		nulls[5] = {false, false, false, !has_discount, !has_discount};

		ar_monetary_set(&amount, instalment->amount_minor, total->currency);
		values[0] = Int32GetDatum(i + 1);
		values[1] = DateADTGetDatum(instalment->due_on);
		values[2] = PointerGetDatum(&amount);
		if (has_discount)
		{
			ar_monetary_set(&discount, instalment->discounts[0].amount_minor,
							total->currency);
			values[3] = DateADTGetDatum(instalment->discounts[0].until);
			values[4] = PointerGetDatum(&discount);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * ar_terms_discount returns the discount that payment on a date earns: of
 * every instalment the first one still running.
 */
Datum
ar_terms_discount(PG_FUNCTION_ARGS)
{
	ArTerms    *terms = PG_GETARG_AR_TERMS_PP(0);
	ArMonetary *total = PG_GETARG_AR_MONETARY_P(1);
	DateADT		paid_on = PG_GETARG_DATEADT(3);
	int64		discount_minor = 0;
	ArInstalment *instalments;
	int			count = ar_terms_schedule(terms, ar_monetary_minor(total),
										  total->currency,
										  PG_GETARG_DATEADT(2), &instalments);

	for (int i = 0; i < count; i++)
	{
		const ArInstalment *instalment = &instalments[i];

		for (int j = 0; j < instalment->discount_count; j++)
		{
			if (paid_on <= instalment->discounts[j].until)
			{
				/* No discount exceeds its instalment, so no sum the total. */
				discount_minor += instalment->discounts[j].amount_minor;
				break;
			}
		}
	}
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(discount_minor, total->currency));
}
