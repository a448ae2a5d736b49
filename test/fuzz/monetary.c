/*
 * monetary.c
 *		Fuzzes the parser of ar.monetary, and the printer with what it read.
 *
 * Promises: any text is an amount or has a known problem; what is printed of
 * an amount has the digits that were read, fits its buffer, and reads back as
 * the same amount.
 */
#include "harness.h"

#include "type/monetary.h"

/*
 * significant_digits copies the digits of a text without leading zeros, and
 * with zeros put behind for the decimals that are missing.
 */
static void
significant_digits(const char *text, int exponent, char *digits)
{
	int			count = 0;
	int			decimals = 0;
	bool		has_point = false;

	for (const char *c = text; *c != '\0'; c++)
	{
		if (*c == '.')
			has_point = true;
		if (*c < '0' || *c > '9')
			continue;
		if (has_point)
			decimals++;
		if (count > 0 || *c != '0')
			digits[count++] = *c;
	}
	for (; decimals < exponent && count > 0; decimals++)
		digits[count++] = '0';
	digits[count] = '\0';
}

/*
 * check_digits demands that an amount was read digit by digit.
 */
static void
check_digits(const char *literal, const char *text, int exponent)
{
	char	   *given = malloc(strlen(literal) + exponent + 1);
	char	   *printed = malloc(strlen(text) + exponent + 1);

	significant_digits(literal, exponent, given);
	significant_digits(text, exponent, printed);
	demand(strcmp(given, printed) == 0, "the digits are those of the literal");
	demand((strchr(text, '-') != NULL) ==
		   (strchr(literal, '-') != NULL && given[0] != '\0'),
		   "the sign is that of the literal");
	free(given);
	free(printed);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *literal = exact_copy(data, size, true);
	char	   *text = malloc(AR_MONETARY_TEXT_SIZE);
	ArMonetaryParse parse;
	ArMonetaryParse again;
	ArMonetaryProblem problem = ar_monetary_parse(literal, &parse);

	demand(problem >= AR_MONETARY_FINE && problem <= AR_MONETARY_OUT_OF_RANGE,
		   "a problem is one of those known");
	demand(memchr(parse.code, 0, sizeof(parse.code)) != NULL,
		   "a code for a message is terminated");
	if (problem == AR_MONETARY_FINE)
	{
		int			length = ar_monetary_print(ar_monetary_minor(&parse.value),
											   parse.value.currency, text);

		demand(length == strlen(text) && length < AR_MONETARY_TEXT_SIZE,
			   "the length is that of the text");
		check_digits(literal, text, ar_currency_exponent(parse.value.currency));
		demand(ar_monetary_parse(text, &again) == AR_MONETARY_FINE,
			   "the canonical text is an amount");
		demand(memcmp(&again.value, &parse.value, sizeof(again.value)) == 0,
			   "the canonical text is the same amount");
	}
	free(text);
	free(literal);
	return 0;
}
