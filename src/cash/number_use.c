/*
 * number_use.c
 *		Sees which groups of digits in a text are dates, times, amounts or account
 *		numbers, and so no document numbers.
 *
 * Needs no server: it is fuzzed alone.
 */
#include "postgres.h"

#include "cash/iban.h"
#include "cash/number_scan.h"
#include "type/currency.h"

/*
 * small_value: the value of a group of up to 4 digits, or -1.
 */
static int
small_value(const ArNumberScan *scan, int group)
{
	int			value = 0;

	if (group < 0 || group >= scan->count || !scan->groups[group].digits ||
		scan->groups[group].length > 4)
		return -1;
	for (int i = 0; i < scan->groups[group].length; i++)
		value = value * 10 + (scan->upper[scan->groups[group].at + i] - '0');
	return value;
}

/*
 * between: whether a group has at most so many digits and a value in a range.
 */
static bool
between(const ArNumberScan *scan, int group, int digits, int least, int most)
{
	int			value = small_value(scan, group);

	return value >= least && value <= most && scan->groups[group].length <= digits;
}

/*
 * ar_number_like_year: 2026, or the 20260115 of a day without separators.
 */
bool
ar_number_like_year(const ArNumberScan *scan, int group)
{
	const ArNumberGroup *g = &scan->groups[group];
	const char *c = scan->upper + g->at;

	if (!g->digits || (g->length != 4 && g->length != 8) ||
		!((c[0] == '2' && c[1] == '0') || (c[0] == '1' && c[1] == '9' && c[2] == '9')))
		return false;
	if (g->length == 8)
	{
		int			month = (c[4] - '0') * 10 + (c[5] - '0');
		int			day = (c[6] - '0') * 10 + (c[7] - '0');

		return month >= 1 && month <= 12 && day >= 1 && day <= 31;
	}
	return true;
}

/*
 * joined_digits: whether a group and the one before are digits with one sign
 * between them.
 */
static bool
joined_digits(const ArNumberScan *scan, int group)
{
	return ar_number_joint(scan, group) != '\0' &&
		scan->groups[group].digits && scan->groups[group - 1].digits;
}

static void
set_use(ArNumberScan *scan, int first, int last, ArNumberUse use)
{
	for (int i = first; i <= last; i++)
	{
		scan->groups[i].use = use;
		if (use == AR_USE_OTHER)
		{
			scan->groups[i].use_first = first;
			scan->groups[i].use_last = last;
		}
	}
}

/*
 * date_last: the last group of the date that begins at a group, or 0.
 */
static int
date_last(const ArNumberScan *scan, int first)
{
	int			last = first + 2;
	char		sign;

	if (last >= scan->count || !scan->groups[first].digits ||
		!scan->groups[first + 1].digits || !scan->groups[last].digits)
		return 0;

	/* Two equal signs between three numbers: 2026-01-15, 15.1.26, 15. 1. 26. */
	sign = scan->text[scan->groups[first].end];
	if (sign == '\0' || strchr("-./:", sign) == NULL)
		return 0;
	for (int i = first + 1; i <= last; i++)
	{
		const char *gap = scan->text + scan->groups[i - 1].end;
		int			length = ar_number_gap(scan, i);

		if (gap[0] != sign || length > 2 || (length == 2 && (sign != '.' || gap[1] != ' ')))
			return 0;
	}
	/* Part of something longer, or of a number: RE-2026-01-15. */
	if (joined_digits(scan, first) || joined_digits(scan, last + 1) ||
		(sign != '.' && ar_number_joint(scan, first) == sign))
		return 0;

	if (sign == ':')
		return between(scan, first, 2, 0, 24) && between(scan, first + 1, 2, 0, 59) &&
			between(scan, last, 2, 0, 60) ? last : 0;
	if (ar_number_like_year(scan, first) && scan->groups[first].length == 4)
		return between(scan, first + 1, 2, 1, 12) && between(scan, last, 2, 1, 31) ? last : 0;
	if (!(between(scan, last, 2, 0, 99) && scan->groups[last].length == 2) &&
		!(ar_number_like_year(scan, last) && scan->groups[last].length == 4))
		return 0;
	return (between(scan, first, 2, 1, 31) && between(scan, first + 1, 2, 1, 12)) ||
		(between(scan, first, 2, 1, 12) && between(scan, first + 1, 2, 1, 31)) ? last : 0;
}

/*
 * amount_last: the last group of the amount with cents that begins at a group,
 * or 0: 1234.50, 1.234,50, 1'234.50.
 */
static int
amount_last(const ArNumberScan *scan, int first)
{
	int			last = first;
	char		thousands = '\0';
	char		sign;

	if (!scan->groups[first].digits || joined_digits(scan, first))
		return 0;
	while (joined_digits(scan, last + 1) && scan->groups[last + 1].length == 3 &&
		   scan->groups[first].length <= 3)
	{
		sign = ar_number_joint(scan, last + 1);
		if (strchr(",.'", sign) == NULL || (thousands != '\0' && sign != thousands))
			break;
		thousands = sign;
		last++;
	}
	if (!joined_digits(scan, last + 1) || scan->groups[last + 1].length != 2)
		return 0;
	sign = ar_number_joint(scan, ++last);
	if ((sign != ',' && sign != '.') || sign == thousands || joined_digits(scan, last + 1))
		return 0;
	return last;
}

/*
 * is_month: whether a group is the name of a month.
 */
static bool
is_month(const ArNumberScan *scan, int group)
{
	static const char *const months[] = {
		"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
		"JANUARY", "FEBRUARY", "MARCH", "APRIL", "JUNE", "JULY", "AUGUST", "SEPTEMBER",
		"OCTOBER", "NOVEMBER", "DECEMBER",
		"MAI", "OKT", "DEZ", "JANUAR", "FEBRUAR", "JUNI", "JULI", "OKTOBER", "DEZEMBER"
	};
	const ArNumberGroup *g = &scan->groups[group];

	for (int i = 0; i < lengthof(months); i++)
	{
		if (g->length == strlen(months[i]) &&
			memcmp(scan->upper + g->at, months[i], g->length) == 0)
			return true;
	}
	return false;
}

/*
 * is_currency: whether a group is the code of a currency, in capital letters,
 * because in small ones some are words.
 */
static bool
is_currency(const ArNumberScan *scan, int group)
{
	const ArNumberGroup *g;
	char		code[4];
	uint32		currency;

	if (group < 0 || group >= scan->count)
		return false;
	g = &scan->groups[group];
	if (g->digits || g->length != 3 ||
		memcmp(scan->text + g->start, scan->upper + g->at, 3) != 0)
		return false;
	memcpy(code, scan->upper + g->at, 3);
	code[3] = '\0';
	return ar_currency_lookup(code, &currency);
}

/*
 * money_sign: whether between two places of the text stands a sign of a
 * currency, or one that ends a round amount: 100,- and 19 %.
 */
static bool
money_sign(const ArNumberScan *scan, int from, int to, bool after)
{
	to = Min(to, scan->length);
	for (int i = Max(from, 0); i < to; i++)
	{
		unsigned char c = scan->text[i];

		if (c == '$' ||
			(c == 0xC2 && i + 1 < to && (unsigned char) scan->text[i + 1] >= 0xA2 &&
			 (unsigned char) scan->text[i + 1] <= 0xA5) ||
			(c == 0xE2 && i + 2 < to && (unsigned char) scan->text[i + 1] == 0x82))
			return true;
		if (after && (c == '%' || ((c == ',' || c == '.') && i == from && i + 1 < to &&
								   scan->text[i + 1] == '-')))
			return true;
	}
	return false;
}

/*
 * is_money: whether a group of digits stands beside a currency.  Nobody writes
 * an amount with a zero in front or with a hyphen.  Of two groups with the
 * currency between, as in 000123 EUR 500 and 50 EUR 2026000123, the amount is the one
 * with cents, or else the shorter.
 */
static bool
is_money(const ArNumberScan *scan, int group)
{
	const ArNumberGroup *g = &scan->groups[group];
	int			before = group > 0 ? scan->groups[group - 1].end : 0;
	int			after = group + 1 < scan->count ? scan->groups[group + 1].start : scan->length;

	if (scan->upper[g->at] == '0' || joined_digits(scan, group) || joined_digits(scan, group + 1))
		return false;
	if (is_currency(scan, group - 1) && g->start - before <= 1)
	{
		const ArNumberGroup *rival = group > 1 ? g - 2 : NULL;

		if (rival == NULL || !rival->digits || ar_number_gap(scan, group - 1) > 1 ||
			(rival->use != AR_USE_OTHER && rival->length >= g->length))
			return true;
	}
	if (is_currency(scan, group + 1) && after - g->end <= 1)
	{
		const ArNumberGroup *rival = group + 2 < scan->count ? g + 2 : NULL;

		if (rival == NULL || !rival->digits || ar_number_gap(scan, group + 2) > 1 ||
			(!joined_digits(scan, group + 3) && rival->length > g->length))
			return true;
	}
	return money_sign(scan, Max(before, g->start - 4), g->start, false) ||
		money_sign(scan, g->end, Min(after, g->end + 4), true);
}

/*
 * ar_number_scan_uses: see which groups of digits are something else.
 */
void
ar_number_scan_uses(ArNumberScan *scan)
{
	for (int i = 0; i < scan->count; i++)
	{
		ArNumberGroup *g = &scan->groups[i];
		int			last;

		if (!g->digits)
		{
			/* Two letters and two digits may begin an IBAN. */
			int			end = 0;

			if (g->length >= 2 && i + 1 < scan->count && ar_number_gap(scan, i + 1) == 0)
				end = ar_iban_end(scan->text, scan->length, g->end - 2);
			if (end > 0)
			{
				for (last = i + 1; last + 1 < scan->count && scan->groups[last + 1].end <= end; last++)
					;
				set_use(scan, i + 1, last, AR_USE_OTHER);
				i = last;
			}
			else if (is_month(scan, i))
			{
				if (i > 0 && between(scan, i - 1, 2, 1, 31) && ar_number_gap(scan, i) <= AR_NUMBER_GAP_MAX)
					set_use(scan, i - 1, i - 1, AR_USE_OTHER);
				for (int j = i + 1; j <= i + 2 && j < scan->count && ar_number_gap(scan, j) <= 2; j++)
				{
					if (between(scan, j, 2, 1, 31) ||
						(ar_number_like_year(scan, j) && scan->groups[j].length == 4))
						set_use(scan, j, j, AR_USE_OTHER);
					else
						break;
				}
			}
			continue;
		}
		if (g->use != AR_USE_OPEN)
			continue;
		if ((last = date_last(scan, i)) > 0 || (last = amount_last(scan, i)) > 0)
		{
			set_use(scan, i, last, AR_USE_OTHER);
			i = last;
		}
		else if (is_money(scan, i))
			set_use(scan, i, i, AR_USE_AMOUNT);
	}
}
