/*
 * currency.c
 *		The currencies of ISO 4217, compiled in.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "ar_ext.h"
#include "compat.h"
#include "type/currency.h"

typedef struct CurrencyEntry
{
	uint32		currency;
	const char *numeric_code;
	const char *name;
} CurrencyEntry;

static const CurrencyEntry currencies[] = {
#include "type/currency_table.h"
};

/*
 * What old amounts are in: they are read and written like any, but no ledger
 * is kept in them, and they are not listed.
 */
static const CurrencyEntry withdrawn[] = {
#include "type/currency_withdrawn_table.h"
};

PG_FUNCTION_INFO_V1(ar_currency_is_known);
PG_FUNCTION_INFO_V1(ar_currency_list);

/*
 * upper_letter returns an ASCII letter in upper case, whatever the locale,
 * and 0 for anything else.
 */
static inline uint32
upper_letter(char c)
{
	if (c >= 'a' && c <= 'z')
		return (uint32) (c - 'a' + 'A');
	return (c >= 'A' && c <= 'Z') ? (uint32) c : 0;
}

/*
 * find looks for the letters of a code in a table.
 */
static bool
find(const CurrencyEntry *table, int count, uint32 letters, uint32 *currency)
{
	int			low = 0;
	int			high = count;

	while (low < high)
	{
		int			middle = (low + high) / 2;
		uint32		found = table[middle].currency >> 8;

		if (found == letters)
		{
			*currency = table[middle].currency;
			return true;
		}
		if (found < letters)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/*
 * ar_currency_lookup finds a currency by the three letters of its code, of
 * either case.  Needs nothing after the third, not even a terminating zero.
 */
bool
ar_currency_lookup(const char *code, uint32 *currency)
{
	uint32		letters = 0;

	for (int i = 0; i < 3; i++)
	{
		uint32		letter = upper_letter(code[i]);

		if (letter == 0)
			return false;
		letters = (letters << 8) | letter;
	}
	return find(currencies, lengthof(currencies), letters, currency) ||
		find(withdrawn, lengthof(withdrawn), letters, currency);
}

/*
 * ar_currency_from_text finds the currency that an argument names, and raises
 * when there is none.
 */
uint32
ar_currency_from_text(const char *code)
{
	uint32		currency;

	if (strlen(code) != 3 || !ar_currency_lookup(code, &currency))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown currency: \"%s\"", code),
				 errdetail("A currency is named by the three letters of its ISO 4217 code, such as USD."),
				 errhint("The function ar.currencies() lists them all.")));
	return currency;
}

/*
 * ar_currency_raise_mismatch reports that two currencies have met, and tells
 * the exponents when they alone make the difference.
 */
void
ar_currency_raise_mismatch(uint32 left, uint32 right)
{
	char		left_code[4];
	char		right_code[4];

	ar_currency_code(left, left_code);
	ar_currency_code(right, right_code);
	ereport(ERROR,
			(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
			 errmsg("amounts of different currencies cannot be combined"),
			 left >> 8 != right >> 8 ?
			 errdetail("One amount is in %s, the other in %s.",
					   left_code, right_code) :
			 errdetail("One amount is in %s with %d decimals, the other in %s with %d.",
					   left_code, ar_currency_exponent(left),
					   right_code, ar_currency_exponent(right)),
			 errhint("Convert one of them at an exchange rate first.")));
}

/*
 * ar_currency_send writes a currency as its code and its exponent, a byte
 * each.
 */
void
ar_currency_send(StringInfo message, uint32 currency)
{
	pq_sendint32(message, currency);
}

/*
 * ar_currency_receive reads a currency from a message and trusts nothing: the
 * code must be known, in upper case, and have the exponent of today.
 */
uint32
ar_currency_receive(StringInfo message)
{
	uint32		received = (uint32) pq_getmsgint(message, 4);
	uint32		known;
	char		code[4];

	ar_currency_code(received, code);
	if (!ar_currency_lookup(code, &known) || known >> 8 != received >> 8)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unknown currency in external binary representation"),
				 errdetail("A currency is sent as the three capital letters of its ISO 4217 code and a byte with its decimals."),
				 errhint("The function ar.currencies() lists them all.")));
	if (known != received)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("wrong decimals in external binary representation"),
				 errdetail("%s has %d decimals, not %d.", code,
						   ar_currency_exponent(known),
						   ar_currency_exponent(received)),
				 errhint("Send the amount as text, which says its decimals.")));
	return known;
}

/*
 * ar_currency_is_known tells whether a text is the canonical code of a
 * currency.  It is stricter than a literal, which may be in lower case: a CHECK
 * that uses it lets only one spelling in.
 */
Datum
ar_currency_is_known(PG_FUNCTION_ARGS)
{
	char	   *given = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char		canonical[4];
	uint32		currency;
	uint32		replaced;

	if (strlen(given) != 3 || !ar_currency_lookup(given, &currency) ||
		find(withdrawn, lengthof(withdrawn), currency >> 8, &replaced))
		PG_RETURN_BOOL(false);
	ar_currency_code(currency, canonical);
	PG_RETURN_BOOL(strcmp(given, canonical) == 0);
}

/*
 * ar_currency_list returns a row for each currency, in the order of the codes.
 */
Datum
ar_currency_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(currencies); i++)
	{
		const CurrencyEntry *entry = &currencies[i];
		char		code[4];
		Datum		values[4];
		bool		nulls[4] = {false, false, false, false};

		ar_currency_code(entry->currency, code);
		values[0] = CStringGetTextDatum(code);
		values[1] = CStringGetTextDatum(entry->numeric_code);
		values[2] = Int32GetDatum(ar_currency_exponent(entry->currency));
		values[3] = CStringGetTextDatum(entry->name);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
