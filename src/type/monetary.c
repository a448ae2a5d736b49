/*
 * monetary.c
 *		Input, output, type modifier and parts of ar.monetary.
 *
 * The type modifier is the code of the one currency that a column takes, its
 * three letters in 24 bits; -1 takes any.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "ar_ext.h"
#include "compat.h"
#include "type/monetary.h"

/* The first byte of the binary form, so that another form can follow. */
#define BINARY_VERSION	1

PG_FUNCTION_INFO_V1(ar_monetary_in);
PG_FUNCTION_INFO_V1(ar_monetary_out);
PG_FUNCTION_INFO_V1(ar_monetary_recv);
PG_FUNCTION_INFO_V1(ar_monetary_send);
PG_FUNCTION_INFO_V1(ar_monetary_typmod_in);
PG_FUNCTION_INFO_V1(ar_monetary_typmod_out);
PG_FUNCTION_INFO_V1(ar_monetary_coerce);
PG_FUNCTION_INFO_V1(ar_monetary_currency);
PG_FUNCTION_INFO_V1(ar_monetary_minor_units);
PG_FUNCTION_INFO_V1(ar_monetary_sign);

/*
 * ar_monetary_to_cstring returns the canonical text of a value, in memory of
 * its own.
 */
char *
ar_monetary_to_cstring(const ArMonetary *m)
{
	char	   *text = palloc(AR_MONETARY_TEXT_SIZE);

	ar_monetary_print(ar_monetary_minor(m), m->currency, text);
	return text;
}

/*
 * ar_monetary_raise_out_of_range reports that an amount does not fit its 64
 * bits.
 */
void
ar_monetary_raise_out_of_range(uint32 currency)
{
	char		smallest[AR_MONETARY_TEXT_SIZE];
	char		largest[AR_MONETARY_TEXT_SIZE];

	ar_monetary_print(PG_INT64_MIN, currency, smallest);
	ar_monetary_print(PG_INT64_MAX, currency, largest);
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("monetary out of range"),
			 errdetail("Amounts go from %s to %s.", smallest, largest)));
}

/*
 * explain_problem tells the one who typed a literal what is wrong with it.
 */
static const char *
explain_problem(ArMonetaryProblem problem)
{
	switch (problem)
	{
		case AR_MONETARY_EMPTY:
			return _("There is neither a currency nor an amount.");
		case AR_MONETARY_NO_AMOUNT:
			return _("The amount is missing.");
		case AR_MONETARY_NO_CURRENCY:
			return _("The currency is missing.");
		case AR_MONETARY_UNKNOWN_CURRENCY:
			return _("The currency is unknown; the function ar.currencies() lists them all.");
		case AR_MONETARY_SECOND_CURRENCY:
			return _("The amount is followed by something else.");
		case AR_MONETARY_NOT_FINITE:
			return _("The amount is not a finite number.");
		case AR_MONETARY_SYMBOL:
			return _("A currency is named by its code, not by a symbol, and the amount has only the digits 0 to 9.");
		case AR_MONETARY_SECOND_SIGN:
			return _("The amount has two signs.");
		case AR_MONETARY_SIGN_APART:
			return _("There is a blank between the sign and the amount.");
		case AR_MONETARY_SIGN_MISPLACED:
			return _("The sign does not stand directly before the digits.");
		case AR_MONETARY_NO_BLANK:
			return _("There is no blank between the currency and the amount.");
		case AR_MONETARY_SEPARATOR:
			return _("The amount has a separator other than the one point before the decimals.");
		case AR_MONETARY_SECOND_POINT:
			return _("The amount has two points.");
		case AR_MONETARY_EXPONENT:
			return _("The amount is written with an exponent.");
		case AR_MONETARY_SYNTAX:
			return _("The amount is not a number.");
		default:
			elog(ERROR, "unexpected problem of a monetary literal: %d",
				 (int) problem);
	}
	return NULL;
}

/*
 * report_problem raises, or softly reports, what is wrong with a literal.
 */
static Datum
report_problem(ArMonetaryProblem problem, const ArMonetaryParse *parse,
			   const char *text, Node *escontext)
{
	char		code[4];

	ar_currency_code(parse->currency, code);
	if (problem == AR_MONETARY_OUT_OF_RANGE)
	{
		char		smallest[AR_MONETARY_TEXT_SIZE];
		char		largest[AR_MONETARY_TEXT_SIZE];

		ar_monetary_print(PG_INT64_MIN, parse->currency, smallest);
		ar_monetary_print(PG_INT64_MAX, parse->currency, largest);
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value \"%s\" is out of range for type %s", text, "monetary"),
				 errdetail("Amounts go from %s to %s.", smallest, largest)));
	}
	if (problem == AR_MONETARY_DECIMALS)
		ereturn(escontext, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "monetary", text),
				 errdetail_plural("The amount has %d decimal; %s has %d.",
								  "The amount has %d decimals; %s has %d.",
								  parse->decimals,
								  parse->decimals, code,
								  ar_currency_exponent(parse->currency)),
				 errhint("The function ar.round() rounds a number to the decimals of a currency.")));
	ereturn(escontext, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", "monetary", text),
			 errdetail_internal("%s", explain_problem(problem)),
			 errhint("Write it like \"USD 1234.50\", or \"1234.50 USD\".")));
}

/*
 * fits_typmod tells whether a column with this type modifier takes the value,
 * and reports, or softly reports, when it does not.
 */
static bool
fits_typmod(const ArMonetary *m, int32 typmod, Node *escontext)
{
	char		wanted[4];
	char		given[4];

	if (typmod < 0 || m->currency >> 8 == (uint32) typmod)
		return true;
	ar_currency_code((uint32) typmod << 8, wanted);
	ar_currency_code(m->currency, given);
	ereturn(escontext, false,
			(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
			 errmsg("an amount in %s does not fit the type monetary('%s')",
					given, wanted),
			 errdetail("The type modifier admits the currency %s only.", wanted),
			 errhint("Convert the amount to %s at an exchange rate first.", wanted)));
}

/*
 * ar_monetary_in is the input function.
 */
Datum
ar_monetary_in(PG_FUNCTION_ARGS)
{
	char	   *text = PG_GETARG_CSTRING(0);
	int32		typmod = PG_GETARG_INT32(2);
	Node	   *escontext = fcinfo->context;
	ArMonetaryParse parse;
	ArMonetaryProblem problem = ar_monetary_parse(text, &parse);
	ArMonetary *result;

	if (problem != AR_MONETARY_FINE)
		return report_problem(problem, &parse, text, escontext);
	if (!fits_typmod(&parse.value, typmod, escontext))
		return (Datum) 0;
	result = (ArMonetary *) palloc(sizeof(ArMonetary));
	*result = parse.value;
	PG_RETURN_AR_MONETARY_P(result);
}

/*
 * ar_monetary_out is the output function.
 */
Datum
ar_monetary_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(ar_monetary_to_cstring(PG_GETARG_AR_MONETARY_P(0)));
}

/*
 * ar_monetary_recv reads the binary form: the version, the currency, the minor
 * units.  It is as strict as the input function, for anybody can send.
 */
Datum
ar_monetary_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int32		typmod = PG_GETARG_INT32(2);
	ArMonetary *result = (ArMonetary *) palloc(sizeof(ArMonetary));
	int			version = pq_getmsgbyte(message);
	uint32		currency;

	if (version != BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unknown version of the external binary representation of type %s: %d",
						"monetary", version),
				 errdetail("This server knows version %d.", BINARY_VERSION),
				 errhint("Send the amount as text.")));
	currency = ar_currency_receive(message);
	ar_monetary_set(result, pq_getmsgint64(message), currency);
	if (message->cursor != message->len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("external binary representation of type %s is too long",
						"monetary"),
				 errdetail("It has a byte for the version, four for the currency and eight for the minor units.")));
	(void) fits_typmod(result, typmod, NULL);
	PG_RETURN_AR_MONETARY_P(result);
}

/*
 * ar_monetary_send writes the binary form: field by field, not the struct.
 */
Datum
ar_monetary_send(PG_FUNCTION_ARGS)
{
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, BINARY_VERSION);
	ar_currency_send(&message, m->currency);
	pq_sendint64(&message, ar_monetary_minor(m));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * ar_monetary_typmod_in reads the currency of monetary('EUR').
 */
Datum
ar_monetary_typmod_in(PG_FUNCTION_ARGS)
{
	ArrayType  *modifiers = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	if (ARR_ELEMTYPE(modifiers) != CSTRINGOID || ARR_NDIM(modifiers) > 1 ||
		array_contains_nulls(modifiers))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("type modifiers must be an array of cstring without nulls")));
	deconstruct_array(modifiers, CSTRINGOID, -2, false, TYPALIGN_CHAR,
					  &elements, &nulls, &count);
	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("type monetary has one modifier, not %d", count),
				 errhint("Name one currency, such as monetary('EUR').")));
	PG_RETURN_INT32((int32) (ar_currency_from_text(DatumGetCString(elements[0])) >> 8));
}

/*
 * ar_monetary_typmod_out writes a modifier as it was written, with the quotes
 * that keep the code a string.
 */
Datum
ar_monetary_typmod_out(PG_FUNCTION_ARGS)
{
	int32		typmod = PG_GETARG_INT32(0);
	char		code[4];

	if (typmod < 0)
		PG_RETURN_CSTRING(pstrdup(""));
	ar_currency_code((uint32) typmod << 8, code);
	PG_RETURN_CSTRING(psprintf("('%s')", code));
}

/*
 * ar_monetary_coerce applies a type modifier to a value: another currency is
 * an error, even under an explicit cast, for a cast knows no exchange rate.
 */
Datum
ar_monetary_coerce(PG_FUNCTION_ARGS)
{
	ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);

	(void) fits_typmod(m, PG_GETARG_INT32(1), NULL);
	PG_RETURN_AR_MONETARY_P(m);
}

/*
 * ar_monetary_currency returns the code of the currency of a value.
 */
Datum
ar_monetary_currency(PG_FUNCTION_ARGS)
{
	char		code[4];

	ar_currency_code(PG_GETARG_AR_MONETARY_P(0)->currency, code);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(code, 3));
}

/*
 * ar_monetary_minor_units returns the count of the smallest unit.
 */
Datum
ar_monetary_minor_units(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(ar_monetary_minor(PG_GETARG_AR_MONETARY_P(0)));
}

/*
 * ar_monetary_sign returns -1, 0 or 1.
 */
Datum
ar_monetary_sign(PG_FUNCTION_ARGS)
{
	int64		minor = ar_monetary_minor(PG_GETARG_AR_MONETARY_P(0));

	PG_RETURN_INT32((minor > 0) - (minor < 0));
}
