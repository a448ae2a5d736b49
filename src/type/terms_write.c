/*
 * terms_write.c
 *		Writes credit terms in their canonical spelling.
 *
 * The text is what is stored: never change how a rule is written, only add
 * rules.  Beside a StringInfo nothing here needs the server.
 */
#include "postgres.h"

#include "type/terms.h"

/*
 * ar_terms_write_decimal writes millionths with the decimals they need, or at
 * least so many where there are any.
 */
void
ar_terms_write_decimal(StringInfo text, int64 millionths, int minimum_decimals)
{
	int			fraction = (int) (millionths % AR_TERMS_ONE);
	int			decimals = AR_TERMS_DECIMALS;

	appendStringInfo(text, INT64_FORMAT, millionths / AR_TERMS_ONE);
	if (fraction == 0)
		return;
	while (decimals > minimum_decimals && fraction % 10 == 0)
	{
		fraction /= 10;
		decimals--;
	}
	appendStringInfo(text, ".%0*d", decimals, fraction);
}

/*
 * write_step writes one step; "net" goes before a period of a due rule.
 */
static void
write_step(StringInfo text, const ArTermsStep *step, const char *net)
{
	switch (step->kind)
	{
		case AR_STEP_DAYS:
			appendStringInfo(text, "%s%d", net, step->number);
			break;
		case AR_STEP_MONTHS:
			appendStringInfo(text, "%s%d month%s", net, step->number,
							 step->number == 1 ? "" : "s");
			break;
		case AR_STEP_END_OF_MONTH:
			appendStringInfoString(text, "eom");
			break;
		case AR_STEP_DAY:
			appendStringInfo(text, "day %d", step->number);
			break;
		case AR_STEP_NEXT_DAY:
			appendStringInfo(text, "next day %d", step->number);
			break;
		case AR_STEP_SAME_MONTH_DAY:
			appendStringInfo(text, "same month day %d", step->number);
			break;
		case AR_STEP_NEXT_WEEKDAY:
			appendStringInfo(text, "next %s",
							 ar_terms_weekdays[step->number - 1]);
			break;
	}
	if (step->cutoff > 0)
		appendStringInfo(text, " cutoff %d", step->cutoff);
}

/*
 * ar_terms_write appends the canonical text, which reads back as the same
 * terms.
 */
void
ar_terms_write(const ArTermsParsed *parsed, StringInfo text)
{
	for (int i = 0; i < parsed->instalment_count; i++)
	{
		const ArTermsInstalment *instalment = &parsed->instalments[i];

		if (i > 0)
			appendStringInfoString(text, ", ");
		switch (instalment->share_kind)
		{
			case AR_SHARE_PERCENT:
				ar_terms_write_decimal(text, instalment->share, 0);
				appendStringInfoString(text, "% ");
				break;
			case AR_SHARE_PERCENT_OF_REST:
				ar_terms_write_decimal(text, instalment->share, 0);
				appendStringInfoString(text, "% of rest ");
				break;
			case AR_SHARE_AMOUNT:
				ar_terms_write_decimal(text, instalment->share, 2);
				appendStringInfoChar(text, ' ');
				break;
			case AR_SHARE_REST:
				if (parsed->instalment_count > 1)
					appendStringInfoString(text, "rest ");
				break;
		}
		for (int j = 0; j < instalment->discount_count; j++)
		{
			ar_terms_write_decimal(text, instalment->discounts[j].percent, 0);
			appendStringInfoChar(text, '/');
			write_step(text, &instalment->discounts[j].until, "");
			appendStringInfoChar(text, ' ');
		}
		for (int j = 0; j < instalment->step_count; j++)
		{
			if (j > 0)
				appendStringInfoChar(text, ' ');
			write_step(text, &instalment->steps[j], "net ");
		}
		if (instalment->step_count == 0)
			appendStringInfoString(text, "due on receipt");
	}
}
