/*
 * number_find.c
 *		Finds the numbers of an index in a text.
 *
 * Needs no server but for memory: it is fuzzed alone.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "cash/number_index.h"

/* What has fewer digits is not known for a number by the letters before them. */
#define AR_NUMBER_LIKE_DIGITS	4

/* A number that was found in some groups of the text. */
typedef struct Found
{
	int			number;
	ArNumberStrength strength;
	int			first;
	int			last;
	int			length;			/* letters and digits */
} Found;

/* What the best hit is that takes a group of the text. */
typedef struct Claim
{
	ArNumberStrength strength;	/* AR_NUMBER_NOT: nobody's */
	int			length;
} Claim;

typedef struct Search
{
	ArNumberIndex *index;
	ArNumberScan scan;
	Found	   *found;
	int			count;
	int			room;
	Claim	   *claims;			/* by group */
} Search;

static void
add_found(Search *search, int number, ArNumberStrength strength, const ArNumberWindow *window)
{
	Found	   *found;

	if (strength == AR_NUMBER_NOT)
		return;
	if (search->count == search->room)
	{
		search->room *= 2;
		search->found = repalloc_huge(search->found, sizeof(Found) * search->room);
	}
	found = &search->found[search->count++];
	found->number = number;
	found->strength = strength;
	found->first = window->first;
	found->last = window->last;
	found->length = window->length;
}

/*
 * other_series: whether the letters before a window are those that some numbers
 * begin with, and others than this one's: CN-2026-000123 where there are numbers
 * CN-…, for INV-2026-000123.
 */
static bool
other_series(Search *search, const ArNumberWindow *window, const ArNumber *number)
{
	int			letters = ar_number_letters_before(&search->scan, window->first);
	const ArNumberGroup *g;

	if (letters < 0)
		return false;
	g = &search->scan.groups[letters];
	if (g->length == number->prefix &&
		memcmp(search->scan.upper + g->at, number->upper, g->length) == 0)
		return false;
	return ar_number_index_has(search->index,
							   ar_number_key(search->scan.upper + g->at, g->length,
											 AR_NUMBER_KEY_PREFIX));
}

/*
 * look_up: find the numbers that a window is, whole or but for zeros.
 */
static void
look_up(Search *search, const ArNumberWindow *window)
{
	ArNumberIndex *index = search->index;
	const ArNumberScan *scan = &search->scan;
	const ArNumberGroup *last = &scan->groups[window->last];
	bool		begins_with_digits = scan->groups[window->first].digits;
	int			value;
	int			link;

	link = ar_number_index_lookup(index, ar_number_key(scan->folded + window->at, window->length,
													   AR_NUMBER_KEY_WHOLE));
	for (; link >= 0; link = index->links[link].next)
	{
		const ArNumber *number = &index->numbers[index->links[link].number];

		if (!begins_with_digits || !other_series(search, window, number))
			add_found(search, index->links[link].number,
					  ar_number_match_whole(number, scan, window), window);
	}

	value = ar_number_skip_zeros(scan->upper, last->at, last->at + last->length);
	if (!last->digits || value == last->at + last->length)
		return;
	link = ar_number_index_lookup(index,
								  ar_number_stem_key(scan->upper + window->at,
													 last->at - window->at,
													 scan->upper + value,
													 last->at + last->length - value));
	for (; link >= 0; link = index->links[link].next)
	{
		const ArNumber *number = &index->numbers[index->links[link].number];

		if (begins_with_digits && other_series(search, window, number))
			continue;
		add_found(search, index->links[link].number,
				  window->first == window->last ?
				  ar_number_match_tail(number, scan, window->first) :
				  ar_number_match_stem(number, scan, window), window);
	}
}

/*
 * look_up_slips: find the numbers that a window is but for one slip.
 */
static void
look_up_slips(Search *search, const ArNumberWindow *window)
{
	ArNumberIndex *index = search->index;
	const char *text = search->scan.folded + window->at;
	char		less[AR_NUMBER_SLIP_MAX + 1];

	for (int out = -1; out < window->length; out++)
	{
		int			length = window->length;
		int			link;

		if (out < 0)
			memcpy(less, text, length);
		else
		{
			/* Of equal neighbours it does not matter which is left out. */
			if (out > 0 && text[out] == text[out - 1])
				continue;
			length--;
			memcpy(less, text, out);
			memcpy(less + out, text + out + 1, length - out);
		}
		link = ar_number_index_lookup(index, ar_number_key(less, length, AR_NUMBER_KEY_SLIP));
		for (; link >= 0; link = index->links[link].next)
		{
			const ArNumber *number = &index->numbers[index->links[link].number];

			if (!search->scan.groups[window->first].digits ||
				!other_series(search, window, number))
				add_found(search, index->links[link].number,
						  ar_number_match_slip(number, &search->scan, window), window);
		}
	}
}

/* The better first: stronger, then longer, then earlier. */
static int
compare_found(const void *a, const void *b)
{
	const Found *left = a;
	const Found *right = b;

	if (left->strength != right->strength)
		return left->strength > right->strength ? -1 : 1;
	if (left->length != right->length)
		return left->length > right->length ? -1 : 1;
	if (left->first != right->first)
		return left->first < right->first ? -1 : 1;
	if (left->last != right->last)
		return left->last < right->last ? -1 : 1;
	return (left->number > right->number) - (left->number < right->number);
}

/*
 * settle: keep the best.  Groups of the text that a hit takes are not there for
 * a weaker or shorter one; equally good ones stay, so that a tie is seen.
 */
static void
settle(Search *search)
{
	int			kept = 0;

	memset(search->claims, 0, sizeof(Claim) * search->scan.count);
	qsort(search->found, search->count, sizeof(Found), compare_found);
	for (int i = 0; i < search->count; i++)
	{
		Found		found = search->found[i];
		bool		taken = false;

		for (int g = found.first; g <= found.last; g++)
		{
			const Claim *claim = &search->claims[g];

			taken |= claim->strength != AR_NUMBER_NOT &&
				(claim->strength != found.strength || claim->length != found.length);
		}
		if (taken)
			continue;
		search->found[kept++] = found;
		for (int g = found.first; g <= found.last; g++)
		{
			search->claims[g].strength = found.strength;
			search->claims[g].length = found.length;
		}
	}
	search->count = kept;
}

/*
 * is_and: whether a group is a word that joins the members of a list.
 */
static bool
is_and(const ArNumberScan *scan, int group)
{
	static const char *const words[] = {
		"UND", "AND", "U", "ET", "Y", "E", "EN", "OG", "OCH", "BIS", "TO"
	};
	const ArNumberGroup *g = &scan->groups[group];

	for (int i = 0; i < lengthof(words); i++)
	{
		if (g->length == strlen(words[i]) &&
			memcmp(scan->upper + g->at, words[i], g->length) == 0)
			return true;
	}
	return false;
}

/*
 * next_of_list: the group of digits that continues a list after a group, or -1:
 * 102 and 103 in INV-2026-000101, 102 and 103.
 */
static int
next_of_list(const ArNumberScan *scan, int group)
{
	int			next = group + 1;
	bool		listed = false;

	if (next < scan->count && !scan->groups[next].digits && is_and(scan, next) &&
		ar_number_gap(scan, next) > 0 && ar_number_gap(scan, next) <= AR_NUMBER_GAP_MAX)
	{
		listed = true;
		next++;
	}
	if (next >= scan->count || !scan->groups[next].digits ||
		scan->groups[next].use != AR_USE_OPEN ||
		ar_number_gap(scan, next) > AR_NUMBER_GAP_MAX)
		return -1;
	for (int i = scan->groups[next - 1].end; i < scan->groups[next].start; i++)
	{
		if (strchr(",;/+&-", scan->text[i]) != NULL)
			listed = true;
		else if (scan->text[i] != ' ')
			return -1;
	}
	return listed ? next : -1;
}

/*
 * continue_lists: what follows a number that was found, and is written like its
 * last group, is a number of the same series.
 */
static void
continue_lists(Search *search)
{
	ArNumberIndex *index = search->index;
	const ArNumberScan *scan = &search->scan;
	int			count = search->count;

	for (int i = 0; i < count; i++)
	{
		Found		begin = search->found[i];
		const ArNumber *series = &index->numbers[begin.number];
		int			digits = series->last_end - series->last_value;
		ArNumberWindow window;

		if (begin.strength < AR_NUMBER_ZEROS_LOST || series->last_end != series->length ||
			digits == 0)
			continue;
		for (int next = next_of_list(scan, begin.last); next >= 0; next = next_of_list(scan, next))
		{
			const ArNumberGroup *g = &scan->groups[next];
			int			end = g->at + g->length;
			int			value = ar_number_skip_zeros(scan->upper, g->at, end);
			int			link;

			/* There the next whole number begins, and perhaps another series. */
			if (search->claims[next].strength >= AR_NUMBER_ZEROS_LOST)
				break;
			if (value == end ||
				(g->length != series->last_end - series->last_start &&
				 (end - value < digits || end - value > digits + 1)))
				continue;
			ar_number_window_first(scan, next, AR_NUMBER_MAX, &window);
			link = ar_number_index_lookup(index,
										  ar_number_stem_key(series->upper, series->last_start,
															 scan->upper + value, end - value));
			for (; link >= 0; link = index->links[link].next)
			{
				const ArNumber *number = &index->numbers[index->links[link].number];

				if (number->last_end == number->length &&
					number->last_start == series->last_start &&
					memcmp(number->upper, series->upper, series->last_start) == 0 &&
					number->last_end - number->last_value == end - value &&
					memcmp(number->upper + number->last_value, scan->upper + value, end - value) == 0)
					add_found(search, index->links[link].number,
							  g->length < 3 ? AR_NUMBER_TAIL : AR_NUMBER_ZEROS_LOST, &window);
			}
		}
	}
}

/* The best of each payload first. */
static int
compare_payload(const void *a, const void *b)
{
	const ArNumberHit *left = a;
	const ArNumberHit *right = b;

	if (left->payload != right->payload)
		return left->payload < right->payload ? -1 : 1;
	if (left->strength != right->strength)
		return left->strength > right->strength ? -1 : 1;
	return (left->start > right->start) - (left->start < right->start);
}

/* In the order of the text. */
static int
compare_place(const void *a, const void *b)
{
	const ArNumberHit *left = a;
	const ArNumberHit *right = b;

	if (left->start != right->start)
		return left->start < right->start ? -1 : 1;
	if (left->strength != right->strength)
		return left->strength > right->strength ? -1 : 1;
	return (left->payload > right->payload) - (left->payload < right->payload);
}

/*
 * hits_of: what was found, once a payload, in the order of the text.
 */
static int
hits_of(Search *search, ArNumberHit **hits)
{
	int			kept = 0;

	*hits = palloc_extended(sizeof(ArNumberHit) * Max(search->count, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < search->count; i++)
	{
		const Found *found = &search->found[i];
		ArNumberHit *hit = &(*hits)[i];

		hit->payload = search->index->numbers[found->number].payload;
		hit->strength = found->strength;
		hit->start = search->scan.groups[found->first].start;
		hit->end = search->scan.groups[found->last].end;
	}
	qsort(*hits, search->count, sizeof(ArNumberHit), compare_payload);
	for (int i = 0; i < search->count; i++)
	{
		if (i == 0 || (*hits)[i].payload != (*hits)[kept - 1].payload)
			(*hits)[kept++] = (*hits)[i];
	}
	qsort(*hits, kept, sizeof(ArNumberHit), compare_place);
	return kept;
}

/*
 * ar_number_index_find: the numbers that stand in a text.  Each payload is
 * reported once, where it is strongest, in the order of the text.
 */
int
ar_number_index_find(ArNumberIndex *index, const char *text, int length, ArNumberHit **hits)
{
	Search		search = {.index = index, .room = 16};
	ArNumberScan *scan = &search.scan;
	int			most = Min(index->longest + 1, AR_NUMBER_MAX);
	int			found;

	ar_number_scan(text, Min(length, AR_NUMBER_TEXT_MAX), scan);
	ar_number_scan_uses(scan);
	search.found = palloc(sizeof(Found) * search.room);
	search.claims = palloc_extended(sizeof(Claim) * Max(scan->count, 1), MCXT_ALLOC_HUGE);

	for (int i = 0; i < scan->count; i++)
	{
		ArNumberWindow window;

		CHECK_FOR_INTERRUPTS();
		for (bool more = ar_number_window_first(scan, i, most, &window); more;
			 more = ar_number_window_next(scan, most, &window))
		{
			if (!ar_number_window_cuts(scan, &window))
				look_up(&search, &window);
		}
	}
	settle(&search);
	continue_lists(&search);

	/* Slips are looked for only where no number was found. */
	most = Min(most, AR_NUMBER_SLIP_MAX);
	for (int i = 0; i < scan->count; i++)
	{
		ArNumberWindow window;

		CHECK_FOR_INTERRUPTS();
		for (bool more = ar_number_window_first(scan, i, most, &window); more;
			 more = ar_number_window_next(scan, most, &window))
		{
			if (search.claims[window.last].strength >= AR_NUMBER_ZEROS_LOST)
				break;
			if (window.length >= AR_NUMBER_SLIP_MIN - 1 && !ar_number_window_cuts(scan, &window) &&
				!ar_number_window_other(scan, &window) &&
				!(i == window.last && scan->groups[i].use == AR_USE_AMOUNT))
			{
				ar_number_index_enter_slips(index);
				look_up_slips(&search, &window);
			}
		}
	}
	settle(&search);

	found = hits_of(&search, hits);
	pfree(search.found);
	pfree(search.claims);
	ar_number_scan_free(scan);
	return found;
}

/*
 * is_like: whether a window is written like a number: the same letters, and
 * then as many digits and nothing else.
 */
static bool
is_like(const ArNumber *number, const ArNumberScan *scan, const ArNumberWindow *window)
{
	if (number->length != window->length ||
		number->prefix != scan->groups[window->first].length ||
		number->digit_count != number->length - number->prefix ||
		memcmp(number->upper, scan->upper + window->at, number->prefix) != 0)
		return false;
	for (int i = window->first + 1; i <= window->last; i++)
		if (!scan->groups[i].digits)
			return false;
	return true;
}

/*
 * ar_number_index_like: whether something in a text is written like the numbers
 * of an index, letters and all, be there such a number or not.
 */
bool
ar_number_index_like(ArNumberIndex *index, const char *text, int length, ArNumberHit *hit)
{
	ArNumberScan scan;
	bool		found = false;

	ar_number_scan(text, Min(length, AR_NUMBER_TEXT_MAX), &scan);
	ar_number_scan_uses(&scan);
	for (int i = 0; i < scan.count && !found; i++)
	{
		ArNumberWindow window;

		CHECK_FOR_INTERRUPTS();
		if (scan.groups[i].digits ||
			!ar_number_index_has(index, ar_number_key(scan.upper + scan.groups[i].at,
													  scan.groups[i].length, AR_NUMBER_KEY_PREFIX)))
			continue;
		for (bool more = ar_number_window_first(&scan, i, index->longest, &window); more && !found;
			 more = ar_number_window_next(&scan, index->longest, &window))
		{
			if (window.length - scan.groups[i].length < AR_NUMBER_LIKE_DIGITS ||
				ar_number_window_cuts(&scan, &window))
				continue;
			for (int n = 0; n < index->number_count && !found; n++)
				found = is_like(&index->numbers[n], &scan, &window);
			hit->start = scan.groups[window.first].start;
			hit->end = scan.groups[window.last].end;
		}
	}
	ar_number_scan_free(&scan);
	return found;
}
