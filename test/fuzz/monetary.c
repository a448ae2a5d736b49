/*
 * monetary.c
 *		Fuzzes the parser of ar.monetary, and the printer with what it read.
 *
 * Promises: any text is an amount or has a known problem; what is printed of
 * an amount fits its buffer, and reads back as the same amount.
 */
#include "harness.h"

#include "type/monetary.h"

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
		demand(ar_monetary_parse(text, &again) == AR_MONETARY_FINE,
			   "the canonical text is an amount");
		demand(memcmp(&again.value, &parse.value, sizeof(again.value)) == 0,
			   "the canonical text is the same amount");
	}
	free(text);
	free(literal);
	return 0;
}
