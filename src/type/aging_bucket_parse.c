/*
 * aging_bucket_parse.c
 *		Reads the text of a bucket, without PostgreSQL's help.
 *
 * Nothing here allocates or raises, so that it can be fuzzed as it stands.
 */
#include "postgres.h"

#include "type/aging_bucket.h"

/*
 * scan_day reads one day at *cursor and moves past it, or returns false.
 *
 * A number has one spelling only (no plus sign, no leading zeros), so that
 * "1-30" can never be taken for something else.  A value beyond int16 is
 * held at just beyond it, for the caller to refuse.
 */
static bool
scan_day(const char **cursor, int32 *day)
{
	const char *at = *cursor;
	bool		is_negative = (*at == '-');
	int32		value = 0;

	if (is_negative)
		at++;
	if (*at < '0' || *at > '9')
		return false;
	if (*at == '0' && (is_negative || (at[1] >= '0' && at[1] <= '9')))
		return false;
	for (; *at >= '0' && *at <= '9'; at++)
	{
		if (value <= PG_INT16_MAX)
			value = value * 10 + (*at - '0');
	}
	*day = is_negative ? -value : value;
	*cursor = at;
	return true;
}

/*
 * ar_aging_bucket_parse reads a whole literal; the days may still be out of range or
 * the wrong way round, which its caller tells with a better message.
 */
bool
ar_aging_bucket_parse(const char *literal, int32 *first_day, int32 *last_day)
{
	const char *at = literal;

	if (strcmp(literal, "current") == 0)
	{
		*first_day = AR_AGING_DAY_MIN;
		*last_day = 0;
		return true;
	}
	if (!scan_day(&at, first_day))
		return false;
	if (strcmp(at, "+") == 0)
	{
		*last_day = AR_AGING_DAY_MAX;
		return true;
	}
	if (strcmp(at, "-") == 0)
	{
		*last_day = *first_day;
		*first_day = AR_AGING_DAY_MIN;
		return true;
	}
	if (*at++ != '-')
		return false;
	return scan_day(&at, last_day) && *at == '\0';
}
