/*
 * aging_bucket.c
 *		Fuzzes the parser of ar.aging_bucket.
 *
 * Promises: a text has one bucket at most, and a bucket one text only.
 */
#include "harness.h"

#include "type/aging_bucket.h"

/*
 * canonical_text writes a bucket as docs/type.md says, not as the server does.
 */
static void
canonical_text(int32 first_day, int32 last_day, char *text, size_t size)
{
	if (last_day == AR_AGING_DAY_MAX)
		snprintf(text, size, "%d+", first_day);
	else if (first_day == AR_AGING_DAY_MIN && last_day == 0)
		snprintf(text, size, "current");
	else if (first_day == AR_AGING_DAY_MIN)
		snprintf(text, size, "%d-", last_day);
	else
		snprintf(text, size, "%d-%d", first_day, last_day);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char	   *literal = exact_copy(data, size, true);
	int32		first_day = 0;
	int32		last_day = 0;
	char		text[32];

	if (ar_aging_bucket_parse(literal, &first_day, &last_day) &&
		first_day >= AR_AGING_DAY_MIN && last_day <= AR_AGING_DAY_MAX &&
		first_day <= last_day)
	{
		int32		first_again;
		int32		last_again;

		canonical_text(first_day, last_day, text, sizeof(text));
		demand(ar_aging_bucket_parse(text, &first_again, &last_again),
			   "the canonical text is a bucket");
		demand(first_again == first_day && last_again == last_day,
			   "the canonical text is the same bucket");
		/* The ends may be spelled as numbers, and "0-" is "current". */
		demand(strcmp(text, literal) == 0 || first_day == AR_AGING_DAY_MIN ||
			   last_day == AR_AGING_DAY_MAX,
			   "a bucket with two ends has one text only");
	}
	free(literal);
	return 0;
}
