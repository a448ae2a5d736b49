/*
 * camt.c
 *		Amounts and dates of a camt message, which is XML: what is wrong is told
 *		with the path of its element.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_camt_amount);
PG_FUNCTION_INFO_V1(ar_camt_date);

#define camt_malformed(place, ...) \
	ereport(ERROR, \
			(errcode(ERRCODE_AR_MALFORMED_BANK_FILE), \
			 errmsg("malformed camt file, element %s", text_to_cstring(place)), \
			 errdetail(__VA_ARGS__), \
			 errhint("Nothing of the file was imported. Ask the bank for it again.")))

/*
 * argument: a text, without the blanks around it.
 */
static ArBytes
argument(text *given)
{
	return ar_trim(ar_bytes(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given)));
}

/*
 * ar_camt_amount(amount, currency, place) makes an amount, which is never
 * negative: its side stands in another element.
 */
Datum
ar_camt_amount(PG_FUNCTION_ARGS)
{
	text	   *place = PG_ARGISNULL(2) ? cstring_to_text("?") : PG_GETARG_TEXT_PP(2);
	ArBytes		amount;
	ArBytes		code;
	ArMonetaryParse parse;
	uint32		currency;
	StringInfoData literal;
	bool		has_point = false;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		camt_malformed(place, "It has no %s.", PG_ARGISNULL(0) ? "amount" : "currency, Ccy");
	amount = argument(PG_GETARG_TEXT_PP(0));
	code = argument(PG_GETARG_TEXT_PP(1));
	if (code.length != 3 || !ar_currency_lookup(code.data, &currency))
		camt_malformed(place, "The currency \"%s\" is unknown.", ar_bank_quote(code));

	/* As the type reads it, but for zeros that say nothing. */
	initStringInfo(&literal);
	appendBinaryStringInfo(&literal, code.data, 3);
	appendStringInfoChar(&literal, ' ');
	appendBinaryStringInfo(&literal, amount.data, amount.length);
	for (int i = 0; i < amount.length; i++)
		has_point = has_point || amount.data[i] == '.';
	if (has_point)
	{
		int			decimals = literal.len - 1 - (int) (strchr(literal.data, '.') - literal.data);

		while (decimals > ar_currency_exponent(currency) && literal.data[literal.len - 1] == '0')
		{
			literal.data[--literal.len] = '\0';
			decimals--;
		}
	}
	switch (ar_monetary_parse(literal.data, &parse))
	{
		case AR_MONETARY_FINE:
			break;
		case AR_MONETARY_DECIMALS:
			camt_malformed(place, "The amount \"%s\" has more than %d decimals.",
						   ar_bank_quote(amount), ar_currency_exponent(currency));
			break;
		case AR_MONETARY_OUT_OF_RANGE:
			camt_malformed(place, "The amount \"%s\" is too large.", ar_bank_quote(amount));
			break;
		default:
			camt_malformed(place, "\"%s\" is no amount.", ar_bank_quote(amount));
	}
	if (ar_monetary_minor(&parse.value) < 0)
		camt_malformed(place, "The amount \"%s\" is negative.", ar_bank_quote(amount));
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(ar_monetary_minor(&parse.value), currency));
}

/*
 * ar_camt_date(value, place) takes the date, as it is written, from a date or
 * the beginning of a moment.
 */
Datum
ar_camt_date(PG_FUNCTION_ARGS)
{
	text	   *place = PG_ARGISNULL(1) ? cstring_to_text("?") : PG_GETARG_TEXT_PP(1);
	ArBytes		value;
	const char *d;
	int			year;
	int			month;
	int			day;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	value = argument(PG_GETARG_TEXT_PP(0));
	if (value.length == 0)
		PG_RETURN_NULL();
	d = value.data;
	if (value.length < 10 || !ar_all_digits(ar_bytes(d, 4)) || d[4] != '-' ||
		!ar_all_digits(ar_bytes(d + 5, 2)) || d[7] != '-' || !ar_all_digits(ar_bytes(d + 8, 2)))
		camt_malformed(place, "\"%s\" is no date.", ar_bank_quote(value));
	year = (d[0] - '0') * 1000 + (d[1] - '0') * 100 + (d[2] - '0') * 10 + (d[3] - '0');
	month = (d[5] - '0') * 10 + (d[6] - '0');
	day = (d[8] - '0') * 10 + (d[9] - '0');
	if (!ar_date_exists(year, month, day))
		camt_malformed(place, "There is no date %s.", ar_bank_quote(ar_bytes(d, 10)));
	PG_RETURN_DATEADT(date2j(year, month, day) - POSTGRES_EPOCH_JDATE);
}
