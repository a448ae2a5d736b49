/*
 * terms.c
 *		Fuzzes the parser of ar.terms, and the writer with what it read.
 *
 * Promises: any text is terms, or has a reason and a place within the text
 * why not; the canonical text reads back as the same terms, in capital
 * letters too; the shares make up the whole.
 */
#include "harness.h"

#include "type/terms.h"

/*
 * check_parsed demands what every consumer of parsed terms relies on.
 */
static void
check_parsed(const ArTermsParsed *parsed)
{
	int			last = parsed->instalment_count - 1;
	int64		percents = 0;

	demand(last >= 0 && last < AR_TERMS_MAX_INSTALMENTS,
		   "there are from 1 to 64 instalments");
	for (int i = 0; i <= last; i++)
	{
		const ArTermsInstalment *instalment = &parsed->instalments[i];

		demand(instalment->step_count >= 0 &&
			   instalment->step_count <= AR_TERMS_MAX_STEPS &&
			   instalment->discount_count >= 0 &&
			   instalment->discount_count <= AR_TERMS_MAX_DISCOUNTS,
			   "there are at most 4 steps and 4 discounts");
		demand(i == last || instalment->share_kind != AR_SHARE_REST,
			   "the rest comes last");
		if (instalment->share_kind == AR_SHARE_PERCENT)
			percents += instalment->share;
	}
	demand(parsed->instalments[last].share_kind == AR_SHARE_REST ?
		   percents < AR_TERMS_HUNDRED_PERCENT :
		   percents == AR_TERMS_HUNDRED_PERCENT,
		   "the shares make up the whole");
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static ArTermsParsed parsed;
	static ArTermsParsed again;
	char	   *literal = exact_copy(data, size, false);
	ArTermsError error;
	StringInfoData canonical;
	StringInfoData written;

	memset(&error, 0x7f, sizeof(error));
	if (!ar_terms_parse(literal, (int) size, &parsed, &error))
	{
		demand(error.reason != NULL && strlen(error.reason) > 0 &&
			   error.hint != NULL && strlen(error.hint) > 0,
			   "a refusal has a reason and a hint");
		demand(error.offset >= 0 && error.length >= 0 &&
			   error.offset + error.length <= (int) size,
			   "a refusal points into the text");
		demand(error.length > 0 || error.offset == (int) size,
			   "a refusal points at something, or at the end");
		free(literal);
		return 0;
	}

	check_parsed(&parsed);
	initStringInfo(&canonical);
	initStringInfo(&written);
	ar_terms_write(&parsed, &canonical);
	demand(ar_terms_parse(canonical.data, canonical.len, &again, &error),
		   "the canonical text is terms");
	ar_terms_write(&again, &written);
	demand(strcmp(written.data, canonical.data) == 0,
		   "the canonical text is canonical");

	for (char *c = canonical.data; *c != '\0'; c++)
	{
		if (*c >= 'a' && *c <= 'z')
			*c -= 'a' - 'A';
	}
	demand(ar_terms_parse(canonical.data, canonical.len, &again, &error),
		   "the canonical text is terms in capital letters, too");
	resetStringInfo(&canonical);
	ar_terms_write(&again, &canonical);
	demand(strcmp(written.data, canonical.data) == 0,
		   "capital letters make no difference");
	pfree(canonical.data);
	pfree(written.data);
	free(literal);
	return 0;
}
