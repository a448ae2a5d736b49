/*
 * number_match.c
 *		How well a piece of a text is a given document number.
 *
 * The index has found that their keys are equal.  Here they are compared for
 * themselves, and what speaks against it is looked at: another year beside it,
 * a place inside a longer number, words that only look like digits.
 *
 * Needs no server: it is fuzzed alone.
 */
#include "postgres.h"

#include "cash/number_index.h"

/*
 * is_whole_text: whether the window is all the letters and digits of the text.
 */
static bool
is_whole_text(const ArNumberScan *scan, const ArNumberWindow *window)
{
	return window->first == 0 && window->last == scan->count - 1;
}

/*
 * spelled_alike: whether the window, equal to a piece of the number when folded,
 * can be that piece misread.  A group of the text that is letters for digits
 * all through must hang on to its neighbour, for else it is a word: IS 123 is
 * not 15123.
 */
static bool
spelled_alike(const ArNumberScan *scan, const ArNumberWindow *window, const char *piece)
{
	int			wrong = 0;

	for (int i = window->first; i <= window->last; i++)
	{
		const ArNumberGroup *g = &scan->groups[i];
		int			wrong_here = 0;

		for (int j = 0; j < g->length; j++)
			wrong_here += scan->upper[g->at + j] != piece[g->at - window->at + j];
		wrong += wrong_here;
		if (wrong_here == g->length &&
			!(i > window->first &&
			  (ar_number_gap(scan, i) == 0 || ar_number_joint(scan, i) != '\0')) &&
			!(i < window->last &&
			  (ar_number_gap(scan, i + 1) == 0 || ar_number_joint(scan, i + 1) != '\0')))
			return false;
	}
	return wrong * 2 <= window->length;
}

/*
 * cut_alike: whether the window has its separators where the number has them.
 * Where it is cut inside a group, 000 123, it must be long enough that this is
 * no list of small numbers.
 */
static bool
cut_alike(const ArNumberScan *scan, const ArNumberWindow *window, uint64 breaks, bool letters)
{
	for (int i = window->first + 1; i <= window->last; i++)
	{
		int			place = scan->groups[i].at - window->at;

		if (ar_number_gap(scan, i) > 0 && !(breaks & (UINT64CONST(1) << place)) &&
			window->length < (letters ? 6 : 8))
			return false;
	}
	return true;
}

/*
 * ar_number_letters_before: the group of letters before the number that a group
 * is part of, or -1: INV, of INV-2026-000123 and any of its parts, and of
 * INV 2026 000123, too.
 */
int
ar_number_letters_before(const ArNumberScan *scan, int group)
{
	int			start;

	while (group > 0 && scan->groups[group - 1].digits && ar_number_gap(scan, group) <= 1 &&
		   scan->groups[group - 1].use != AR_USE_OTHER)
		group--;
	if (group == 0 || scan->groups[group - 1].digits || ar_number_gap(scan, group) > 2)
		return -1;
	/* The tag of a bank says what follows, and is no part of it: /INV/2026-000123. */
	start = scan->groups[group - 1].start;
	if (start > 0 && scan->text[start - 1] == '/' && scan->text[scan->groups[group - 1].end] == '/')
		return -1;
	return group - 1;
}

/*
 * has_group: whether a group of the text is one of the number's groups of
 * digits, or the last digits of its year.
 */
static bool
has_group(const ArNumber *number, const ArNumberScan *scan, int group)
{
	const ArNumberGroup *g = &scan->groups[group];
	const char *text = scan->upper + g->at;
	int			text_from = ar_number_skip_zeros(text, 0, g->length);

	for (int from = 0; from < number->length;)
	{
		int			end = from + 1;
		int			value;

		while (end < number->length && !(number->breaks & (UINT64CONST(1) << end)))
			end++;
		value = ar_number_skip_zeros(number->upper, from, end);
		if (number->upper[from] >= '0' && number->upper[from] <= '9' &&
			end - value == g->length - text_from &&
			memcmp(number->upper + value, text + text_from, end - value) == 0)
			return true;
		from = end;
	}
	return g->length == 2 && number->year > 0 &&
		(text[0] - '0') * 10 + (text[1] - '0') == number->year % 100;
}

/*
 * year_of: the year that a group of the text is, or 0.
 */
static int
year_of(const ArNumberScan *scan, int group)
{
	const char *c = scan->upper + scan->groups[group].at;

	if (!ar_number_like_year(scan, group) || scan->groups[group].length != 4 ||
		scan->groups[group].use == AR_USE_OTHER)
		return 0;
	return (c[0] - '0') * 1000 + (c[1] - '0') * 100 + (c[2] - '0') * 10 + (c[3] - '0');
}

/*
 * neighbours_object: whether the digits beside a group say that it is not this
 * number.  What one sign joins to it is one of the number's other groups, or the
 * next of a list, 101/102/103, whose members are about equally long; else it is
 * a part of something else, like 2025-000123 where the number is of 2026.
 */
static bool
neighbours_object(const ArNumber *number, const ArNumberScan *scan, int group)
{
	int			first = group;
	int			last = group;

	while (ar_number_joint(scan, first) != '\0' && scan->groups[first - 1].digits)
		first--;
	while (ar_number_joint(scan, last + 1) != '\0' && scan->groups[last + 1].digits)
		last++;
	for (int i = first; i <= last; i++)
	{
		int			longer = scan->groups[i].length - scan->groups[group].length;

		if (i == group || has_group(number, scan, i))
			continue;
		if (longer < -1 || longer > 1 || year_of(scan, i) != 0)
			return true;
	}
	if (number->year == 0)
		return false;
	if (first == group && group > 0 && ar_number_gap(scan, group) <= AR_NUMBER_GAP_MAX &&
		year_of(scan, group - 1) != 0 && year_of(scan, group - 1) != number->year)
		return true;
	return last == group && group + 1 < scan->count &&
		ar_number_gap(scan, group + 1) <= AR_NUMBER_GAP_MAX &&
		year_of(scan, group + 1) != 0 && year_of(scan, group + 1) != number->year;
}

/*
 * in_a_code: whether a group of digits hangs on to others by one or two letters,
 * as in the 3F2A91 of a machine.
 */
static bool
in_a_code(const ArNumberScan *scan, int group)
{
	const ArNumberGroup *g = &scan->groups[group];

	return (group > 1 && g[-1].end == g->start && g[-2].end == g[-1].start &&
			g[-2].digits && g[-1].length <= 2) ||
		(group + 2 < scan->count && g->end == g[1].start && g[1].end == g[2].start &&
		 g[2].digits && g[1].length <= 2);
}

/*
 * all_open: whether no group of the window is known to be something else.
 */
static bool
all_open(const ArNumberScan *scan, const ArNumberWindow *window)
{
	for (int i = window->first; i <= window->last; i++)
	{
		if (scan->groups[i].use != AR_USE_OPEN)
			return false;
	}
	return true;
}

/*
 * lone_strength: the strength of one group of digits that stands for a number,
 * given what it would be if it were long enough to be anybody's number.
 */
static ArNumberStrength
lone_strength(const ArNumber *number, const ArNumberScan *scan, int group,
			  ArNumberStrength strength)
{
	const ArNumberGroup *g = &scan->groups[group];

	if (g->use != AR_USE_OPEN || in_a_code(scan, group) ||
		neighbours_object(number, scan, group))
		return AR_NUMBER_NOT;
	if (g->length < 4 || ar_number_like_year(scan, group))
		return AR_NUMBER_SHORT_TAIL;
	return strength;
}

/*
 * ar_number_match_whole: for a window that is, folded, the whole number or its
 * digits.
 */
ArNumberStrength
ar_number_match_whole(const ArNumber *number, const ArNumberScan *scan,
					  const ArNumberWindow *window)
{
	const ArNumberGroup *first = &scan->groups[window->first];
	int			bytes = scan->groups[window->last].end - first->start;
	bool		letters = number->digit_count < number->length;
	ArNumberStrength strength;

	if (window->length == number->length &&
		memcmp(scan->folded + window->at, number->folded, number->length) == 0)
	{
		strength = AR_NUMBER_EXACT;
		if (memcmp(scan->upper + window->at, number->upper, number->length) != 0)
		{
			if (number->length < 4 || number->digit_count == 0 ||
				!spelled_alike(scan, window, number->upper))
				return AR_NUMBER_NOT;
			strength = AR_NUMBER_FOLDED;
		}
		if (!cut_alike(scan, window, number->breaks, letters))
			return AR_NUMBER_NOT;
		/* A word is a number only if it can be no other word. */
		if (number->digit_count == 0 && number->length < 4)
			return AR_NUMBER_NOT;
	}
	else if (letters && number->digit_count >= 4 && window->length == number->digit_count &&
			 memcmp(scan->folded + window->at, number->digits, number->digit_count) == 0)
	{
		if (!spelled_alike(scan, window, number->digits) ||
			!cut_alike(scan, window, number->digit_breaks, false))
			return AR_NUMBER_NOT;
		strength = AR_NUMBER_PREFIX_LOST;
	}
	else
		return AR_NUMBER_NOT;

	/* What looks like a date may still be a number that is written just so. */
	if (ar_number_window_other(scan, window))
	{
		if (bytes != number->raw_length)
			return AR_NUMBER_NOT;
		for (int i = 0; i < bytes; i++)
		{
			if (pg_ascii_toupper(scan->text[first->start + i]) !=
				pg_ascii_toupper(number->raw[i]))
				return AR_NUMBER_NOT;
		}
		return strength;
	}
	if (is_whole_text(scan, window))
		return strength;
	if (first->digits && window->first == window->last)
		return lone_strength(number, scan, window->first, strength);
	if (first->digits && !all_open(scan, window))
		return AR_NUMBER_NOT;
	if (window->length < 3 || (first->digits && window->spaces > 0 && window->length < 6))
		return AR_NUMBER_SHORT_TAIL;
	return strength;
}

/*
 * same_last_value: whether a group of the text is the number's last group of
 * digits but for leading zeros.
 */
static bool
same_last_value(const ArNumber *number, const ArNumberScan *scan, int group)
{
	const ArNumberGroup *g = &scan->groups[group];
	const char *text = scan->upper + g->at;
	int			from = ar_number_skip_zeros(text, 0, g->length);
	int			length = number->last_end - number->last_value;

	return length > 0 && g->digits && g->length - from == length &&
		memcmp(text + from, number->upper + number->last_value, length) == 0;
}

/*
 * ar_number_match_stem: for a window that ends in digits and may be the number
 * with more or fewer zeros in its last group.
 */
ArNumberStrength
ar_number_match_stem(const ArNumber *number, const ArNumberScan *scan,
					 const ArNumberWindow *window)
{
	int			length = window->length - scan->groups[window->last].length;
	int			last_digits = number->last_end - number->last_start;
	const char *text = scan->upper + window->at;

	if (!same_last_value(number, scan, window->last) || ar_number_window_other(scan, window) ||
		neighbours_object(number, scan, window->last))
		return AR_NUMBER_NOT;
	/* With the same zeros it would be the whole number, which is judged there. */
	if (number->last_end == number->length && length == number->last_start &&
		memcmp(text, number->upper, length) == 0 &&
		window->length != number->length && !scan->groups[window->first].digits)
		return window->length < 3 ? AR_NUMBER_SHORT_TAIL : AR_NUMBER_ZEROS_LOST;

	/* Without letters it must look like one number, and not like a count. */
	if (length != number->digit_count - last_digits ||
		window->length == number->digit_count ||
		memcmp(text, number->digits, length) != 0)
		return AR_NUMBER_NOT;
	if (window->length < 4 || (window->spaces > 0 && number->year == 0) ||
		!all_open(scan, window))
		return AR_NUMBER_NOT;
	return AR_NUMBER_ZEROS_LOST;
}

/*
 * ar_number_match_tail: for a group of digits that may be the number's last.
 */
ArNumberStrength
ar_number_match_tail(const ArNumber *number, const ArNumberScan *scan, int group)
{
	/* Of a number that is nothing but digits only zeros are lost. */
	bool		bare = number->last_end - number->last_start == number->length;

	if (!same_last_value(number, scan, group))
		return AR_NUMBER_NOT;
	if (bare && number->last_end - number->last_value < 4)
		return lone_strength(number, scan, group, AR_NUMBER_TAIL);
	return lone_strength(number, scan, group, bare ? AR_NUMBER_ZEROS_LOST : AR_NUMBER_TAIL);
}

/*
 * one_slip: whether a text is a key with one character wrong, missing or too
 * many, or two neighbours exchanged.
 */
static bool
one_slip(const char *text, int length, const char *key, int key_length)
{
	int			start = 0;
	int			end = 0;		/* characters that are equal from the end */
	int			shorter = Min(length, key_length);

	while (start < shorter && text[start] == key[start])
		start++;
	while (end < shorter - start && text[length - 1 - end] == key[key_length - 1 - end])
		end++;
	if (length == key_length)
	{
		int			differing = length - start - end;

		return differing == 1 ||
			(differing == 2 && text[start] == key[start + 1] && text[start + 1] == key[start]);
	}
	return Max(length, key_length) - shorter == 1 && start + end >= shorter;
}

/*
 * ar_number_match_slip: for a window that may be the number, or its digits, but
 * for a slip.  Another year is no slip: it is the year of another document.
 */
ArNumberStrength
ar_number_match_slip(const ArNumber *number, const ArNumberScan *scan,
					 const ArNumberWindow *window)
{
	const char *text = scan->folded + window->at;

	if (scan->groups[window->first].digits && !all_open(scan, window))
		return AR_NUMBER_NOT;
	for (int i = window->first; number->year != 0 && i <= window->last; i++)
	{
		if (year_of(scan, i) != 0 && year_of(scan, i) != number->year)
			return AR_NUMBER_NOT;
	}
	if (number->length >= AR_NUMBER_SLIP_MIN &&
		one_slip(text, window->length, number->folded, number->length))
		return AR_NUMBER_ONE_SLIP;
	if (number->digit_count < number->length &&
		number->digit_count >= AR_NUMBER_SLIP_DIGITS_MIN &&
		one_slip(text, window->length, number->digits, number->digit_count))
		return AR_NUMBER_ONE_SLIP;
	return AR_NUMBER_NOT;
}
