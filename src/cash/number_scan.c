/*
 * number_scan.c
 *		Cuts a text into groups of letters and of digits, and puts neighbouring
 *		groups together again.
 *
 * ASCII alone is understood, in every encoding and locale.  Other bytes are
 * letters that equal only themselves, except the spaces, dashes and signs of
 * Unicode that word processors put in the place of ASCII's.
 *
 * Needs no server but for memory: it is fuzzed alone.
 */
#include "postgres.h"

#include "cash/number_scan.h"

#define SPACES_MAX	4			/* in a number: INV 2026 000 123 */

/*
 * separator_bytes: how many bytes at a place are one separator; 0 where a
 * letter or a digit is.
 */
static int
separator_bytes(const unsigned char *c, int left)
{
	if (*c < 0x80)
		return !((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
				 (*c >= 'a' && *c <= 'z'));
	/* No-break space, signs of Latin-1 up to U+00BF. */
	if (left >= 2 && c[0] == 0xC2 && c[1] >= 0xA0 && c[1] <= 0xBF &&
		c[1] != 0xAA && c[1] != 0xB5 && c[1] != 0xBA)
		return 2;
	/* U+2000 to U+206F, punctuation; U+20A0 to U+20BF, currencies; minus. */
	if (left >= 3 && c[0] == 0xE2 &&
		((c[1] == 0x80 && c[2] >= 0x80) || (c[1] == 0x81 && c[2] >= 0x80 && c[2] <= 0xAF) ||
		 (c[1] == 0x82 && c[2] >= 0xA0) || (c[1] == 0x88 && c[2] == 0x92)))
		return 3;
	/* Ideographic space; byte order mark. */
	if (left >= 3 && ((c[0] == 0xE3 && c[1] == 0x80 && c[2] == 0x80) ||
					  (c[0] == 0xEF && c[1] == 0xBB && c[2] == 0xBF)))
		return 3;
	return 0;
}

/*
 * ar_number_fold: a capital letter that a reader or a machine takes for a
 * digit, as that digit; anything else as it is.
 */
char
ar_number_fold(char c)
{
	switch (c)
	{
		case 'O':
		case 'Q':
			return '0';
		case 'I':
		case 'L':
			return '1';
		case 'Z':
			return '2';
		case 'S':
			return '5';
		case 'G':
			return '6';
		case 'B':
			return '8';
		default:
			return c;
	}
}

/*
 * ar_number_scan: cut a text into groups.
 */
void
ar_number_scan(const char *text, int length, ArNumberScan *scan)
{
	int			room = 16;
	int			used = 0;
	int			at = 0;

	scan->text = text;
	scan->length = length;
	scan->upper = palloc(length + 1);
	scan->folded = palloc(length + 1);
	scan->groups = palloc(sizeof(ArNumberGroup) * room);
	scan->count = 0;

	while (at < length)
	{
		int			skip = separator_bytes((const unsigned char *) text + at, length - at);
		ArNumberGroup *group;

		if (skip > 0)
		{
			at += skip;
			continue;
		}
		if (scan->count == room)
		{
			room *= 2;
			scan->groups = repalloc(scan->groups, sizeof(ArNumberGroup) * room);
		}
		group = &scan->groups[scan->count];
		group->start = at;
		group->at = used;
		group->digits = text[at] >= '0' && text[at] <= '9';
		group->use = AR_USE_OPEN;
		group->use_first = group->use_last = scan->count++;
		while (at < length &&
			   separator_bytes((const unsigned char *) text + at, length - at) == 0 &&
			   (text[at] >= '0' && text[at] <= '9') == group->digits)
		{
			char		c = text[at++];

			if (c >= 'a' && c <= 'z')
				c -= 'a' - 'A';
			scan->upper[used] = c;
			scan->folded[used++] = ar_number_fold(c);
		}
		group->end = at;
		group->length = used - group->at;
	}
}

void
ar_number_scan_free(ArNumberScan *scan)
{
	pfree(scan->upper);
	pfree(scan->folded);
	pfree(scan->groups);
}

/*
 * ar_number_joint: the sign that alone stands between a group and the one
 * before, such as the hyphen of 2026-000123, or 0 where there is none, a space,
 * or more.
 */
char
ar_number_joint(const ArNumberScan *scan, int group)
{
	char		c;

	if (group <= 0 || group >= scan->count || ar_number_gap(scan, group) != 1)
		return '\0';
	c = scan->text[scan->groups[group].start - 1];
	return strchr("-/._:,'", c) != NULL ? c : '\0';
}

/*
 * ar_number_window_first: begin a window with one group; false if that is too
 * long already.
 */
bool
ar_number_window_first(const ArNumberScan *scan, int first, int most,
					   ArNumberWindow *window)
{
	window->first = window->last = first;
	window->at = scan->groups[first].at;
	window->length = scan->groups[first].length;
	window->spaces = 0;
	return window->length <= most;
}

/*
 * ar_number_window_next: take one more group in; false if it is too far away, or
 * makes the window too long.
 */
bool
ar_number_window_next(const ArNumberScan *scan, int most, ArNumberWindow *window)
{
	int			next = window->last + 1;
	int			gap;

	if (next >= scan->count)
		return false;
	gap = ar_number_gap(scan, next);
	if (gap > AR_NUMBER_GAP_MAX)
		return false;
	if (gap > 0 && ar_number_joint(scan, next) == '\0' && ++window->spaces > SPACES_MAX)
		return false;
	window->last = next;
	window->length += scan->groups[next].length;
	return window->length <= most;
}
