/*
 * number.c
 *		Finds document numbers in what payers write.
 *
 * Each number is entered into a hash table under every key by which it may be
 * found: folded whole, its digits alone, the same without the zeros of its last
 * group, that last group alone, and, for slips, each of these with one character
 * left out (a text with a slip, one character left out, has the same key).  A
 * text is cut into groups of letters and of digits; for each short run of groups
 * the same keys are looked up.  What is found is compared with the number itself
 * (number_match.c), and the best hits are kept.
 *
 * Needs no server but for memory: it is fuzzed alone.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "cash/number_index.h"

/* A key that more numbers share says nothing. */
#define SHARED_MAX		1000

/* What is longer is not looked up with slips. */
#define SLIP_MAX		32

/* What a key is made of; keys of different kinds never meet. */
#define KEY_WHOLE		1
#define KEY_STEM		2
#define KEY_SLIP		3
#define KEY_PREFIX		4

typedef struct KeyEntry
{
	uint64		key;
	int32		first;			/* of links, or -1 */
	uint16		count;
	char		status;
} KeyEntry;

#define SH_PREFIX		keys
#define SH_ELEMENT_TYPE	KeyEntry
#define SH_KEY_TYPE		uint64
#define SH_KEY			key
#define SH_HASH_KEY(tb, key)	((uint32) (key))
#define SH_EQUAL(tb, a, b)		((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* The numbers of a key are a list. */
typedef struct Link
{
	int32		number;
	int32		next;
} Link;

struct ArNumberIndex
{
	MemoryContext context;
	keys_hash  *keys;
	ArNumber   *numbers;
	int			number_count;
	int			number_room;
	Link	   *links;
	int64		link_count;
	int64		link_room;
	int			longest;		/* letters and digits of the longest number */
};

/* A number that was found in some groups of the text. */
typedef struct Found
{
	int			number;
	ArNumberStrength strength;
	int			first;
	int			last;
	int			length;			/* letters and digits */
} Found;

typedef struct Search
{
	ArNumberIndex *index;
	ArNumberScan scan;
	Found	   *found;
	int			count;
	int			room;
	Found	  **claims;			/* by group: the best that takes it */
} Search;

static uint64
key_of(const char *characters, int length, uint64 kind)
{
	return hash_bytes_extended((const unsigned char *) characters, length, kind);
}

/*
 * stem_key: the key of a last group of digits without its zeros, and of what
 * stands before it.
 */
static uint64
stem_key(const char *before, int before_length, const char *value, int value_length)
{
	return key_of(value, value_length, key_of(before, before_length, KEY_STEM));
}

ArNumberIndex *
ar_number_index_create(int expected)
{
	ArNumberIndex *index = palloc0(sizeof(ArNumberIndex));

	index->context = CurrentMemoryContext;
	index->number_room = Min(Max(expected, 16), 1000000);
	index->link_room = index->number_room * (int64) 8;
	index->keys = keys_create(index->context, (uint32) index->link_room, NULL);
	index->numbers = MemoryContextAllocHuge(index->context,
											sizeof(ArNumber) * index->number_room);
	index->links = MemoryContextAllocHuge(index->context, sizeof(Link) * index->link_room);
	return index;
}

/*
 * enter: enter the last number of the index under a key.
 */
static void
enter(ArNumberIndex *index, uint64 key)
{
	int			number = index->number_count - 1;
	bool		known;
	KeyEntry   *entry = keys_insert(index->keys, key, &known);

	if (!known)
	{
		entry->first = -1;
		entry->count = 0;
	}
	else if (entry->count > SHARED_MAX || index->links[entry->first].number == number)
		return;
	if (index->link_count == index->link_room)
	{
		index->link_room *= 2;
		index->links = repalloc_huge(index->links, sizeof(Link) * index->link_room);
	}
	index->links[index->link_count].number = number;
	index->links[index->link_count].next = entry->first;
	entry->first = (int32) index->link_count++;
	entry->count++;
}

/*
 * enter_slips: enter the last number under a string, and under it with each
 * character left out.
 */
static void
enter_slips(ArNumberIndex *index, const char *characters, int length)
{
	char		less[AR_NUMBER_MAX];

	enter(index, key_of(characters, length, KEY_SLIP));
	for (int i = 0; i < length; i++)
	{
		memcpy(less, characters, i);
		memcpy(less + i, characters + i + 1, length - i - 1);
		enter(index, key_of(less, length - 1, KEY_SLIP));
	}
}

/*
 * read_number: what the finder needs to know of a number that was scanned.
 */
static void
read_number(const ArNumberScan *scan, ArNumber *number)
{
	const ArNumberGroup *last = &scan->groups[scan->count - 1];
	int			length = last->at + last->length;
	int			raw_length = last->end - scan->groups[0].start;
	char	   *copy = palloc(length * 3 + raw_length);
	int			digit_count = 0;

	memset(number, 0, sizeof(ArNumber));
	number->upper = memcpy(copy, scan->upper, length);
	number->folded = memcpy(copy + length, scan->folded, length);
	number->raw = memcpy(copy + 2 * length, scan->text + scan->groups[0].start, raw_length);
	number->digits = copy += 2 * length + raw_length;
	number->length = length;
	number->raw_length = raw_length;
	if (!scan->groups[0].digits)
		number->prefix = scan->groups[0].length;
	for (int i = 0; i < scan->count; i++)
	{
		const ArNumberGroup *g = &scan->groups[i];

		number->breaks |= UINT64CONST(1) << g->at;
		if (!g->digits)
			continue;
		number->digit_breaks |= UINT64CONST(1) << digit_count;
		memcpy(copy + digit_count, scan->upper + g->at, g->length);
		digit_count += g->length;
		number->last_start = g->at;
		number->last_end = g->at + g->length;
	}
	number->digit_count = digit_count;
	number->last_value = ar_number_skip_zeros(number->upper, number->last_start, number->last_end);
	for (int i = 0; i < scan->count; i++)
	{
		const char *c = scan->upper + scan->groups[i].at;

		if (scan->groups[i].length == 4 && scan->groups[i].at != number->last_start &&
			ar_number_like_year(scan, i))
			number->year = (c[0] - '0') * 1000 + (c[1] - '0') * 100 + (c[2] - '0') * 10 + (c[3] - '0');
	}
}

/*
 * ar_number_index_add: enter a number; the payload is given back with each hit.
 * A number without letters and digits, or with more than AR_NUMBER_MAX, is left
 * out.
 */
void
ar_number_index_add(ArNumberIndex *index, const char *number, int length, int payload)
{
	MemoryContext caller = MemoryContextSwitchTo(index->context);
	ArNumberScan scan;
	ArNumber   *added;
	int			value_length;
	int			last_digits;

	/* Separators hardly take more room than what they separate. */
	if (length > 8 * AR_NUMBER_MAX)
		length = 8 * AR_NUMBER_MAX;
	ar_number_scan(number, length, &scan);
	if (scan.count == 0 ||
		scan.groups[scan.count - 1].at + scan.groups[scan.count - 1].length > AR_NUMBER_MAX)
	{
		ar_number_scan_free(&scan);
		MemoryContextSwitchTo(caller);
		return;
	}
	if (index->number_count == index->number_room)
	{
		index->number_room *= 2;
		index->numbers = repalloc_huge(index->numbers, sizeof(ArNumber) * index->number_room);
	}
	added = &index->numbers[index->number_count++];
	read_number(&scan, added);
	ar_number_scan_free(&scan);
	added->payload = payload;
	index->longest = Max(index->longest, added->length);

	enter(index, key_of(added->folded, added->length, KEY_WHOLE));
	if (added->prefix > 0)
		enter(index, key_of(added->upper, added->prefix, KEY_PREFIX));
	if (added->length >= AR_NUMBER_SLIP_MIN && added->length <= SLIP_MAX && added->digit_count > 0)
		enter_slips(index, added->folded, added->length);
	if (added->digit_count < added->length)
	{
		if (added->digit_count >= 4)
			enter(index, key_of(added->digits, added->digit_count, KEY_WHOLE));
		if (added->digit_count >= AR_NUMBER_SLIP_DIGITS_MIN && added->digit_count <= SLIP_MAX)
			enter_slips(index, added->digits, added->digit_count);
	}
	value_length = added->last_end - added->last_value;
	last_digits = added->last_end - added->last_start;
	if (value_length > 0)
	{
		const char *value = added->upper + added->last_value;

		enter(index, stem_key(added->upper, 0, value, value_length));
		if (added->last_end == added->length && added->last_start > 0)
			enter(index, stem_key(added->upper, added->last_start, value, value_length));
		if (added->digit_count > last_digits)
			enter(index, stem_key(added->digits, added->digit_count - last_digits, value, value_length));
	}
	MemoryContextSwitchTo(caller);
}

/*
 * numbers_of: the first link of a key that few numbers share, or -1.
 */
static int
numbers_of(ArNumberIndex *index, uint64 key)
{
	KeyEntry   *entry = keys_lookup(index->keys, key);

	return entry == NULL || entry->count > SHARED_MAX ? -1 : entry->first;
}

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
	return keys_lookup(search->index->keys,
					   key_of(search->scan.upper + g->at, g->length, KEY_PREFIX)) != NULL;
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

	link = numbers_of(index, key_of(scan->folded + window->at, window->length, KEY_WHOLE));
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
	link = numbers_of(index, stem_key(scan->upper + window->at, last->at - window->at,
									  scan->upper + value, last->at + last->length - value));
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
	char		less[SLIP_MAX + 1];

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
		link = numbers_of(index, key_of(less, length, KEY_SLIP));
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

	memset(search->claims, 0, sizeof(Found *) * search->scan.count);
	qsort(search->found, search->count, sizeof(Found), compare_found);
	for (int i = 0; i < search->count; i++)
	{
		Found		found = search->found[i];
		bool		taken = false;

		for (int g = found.first; g <= found.last; g++)
		{
			const Found *claim = search->claims[g];

			taken |= claim != NULL && (claim->strength != found.strength ||
									   claim->length != found.length);
		}
		if (taken)
			continue;
		search->found[kept] = found;
		for (int g = found.first; g <= found.last; g++)
			search->claims[g] = &search->found[kept];
		kept++;
	}
	search->count = kept;
}

/*
 * is_and: whether a group is a word that joins the members of a list.
 */
static bool
is_and(const ArNumberScan *scan, int group)
{
	static const char *const words[] = {"UND", "AND", "U", "ET", "Y", "E", "EN", "OG", "OCH", "BIS", "TO"};
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
			const Found *claim = search->claims[next];
			int			link;

			/* There the next whole number begins, and perhaps another series. */
			if (claim != NULL && claim->strength >= AR_NUMBER_ZEROS_LOST)
				break;
			if (value == end ||
				(g->length != series->last_end - series->last_start &&
				 (end - value < digits || end - value > digits + 1)))
				continue;
			ar_number_window_first(scan, next, AR_NUMBER_MAX, &window);
			link = numbers_of(index, stem_key(series->upper, series->last_start,
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
	search.claims = palloc_extended(sizeof(Found *) * Max(scan->count, 1), MCXT_ALLOC_HUGE);

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
	most = Min(most, SLIP_MAX);
	for (int i = 0; i < scan->count; i++)
	{
		ArNumberWindow window;

		CHECK_FOR_INTERRUPTS();
		for (bool more = ar_number_window_first(scan, i, most, &window); more;
			 more = ar_number_window_next(scan, most, &window))
		{
			const Found *claim = search.claims[window.last];

			if (claim != NULL && claim->strength >= AR_NUMBER_ZEROS_LOST)
				break;
			if (window.length >= AR_NUMBER_SLIP_MIN - 1 && !ar_number_window_cuts(scan, &window) &&
				!ar_number_window_other(scan, &window) &&
				!(i == window.last && scan->groups[i].use == AR_USE_AMOUNT))
				look_up_slips(&search, &window);
		}
	}
	settle(&search);

	found = hits_of(&search, hits);
	pfree(search.found);
	pfree(search.claims);
	ar_number_scan_free(scan);
	return found;
}

const char *
ar_number_strength_name(ArNumberStrength strength)
{
	switch (strength)
	{
		case AR_NUMBER_SHORT_TAIL:
			return "short_tail";
		case AR_NUMBER_ONE_SLIP:
			return "one_slip";
		case AR_NUMBER_TAIL:
			return "tail";
		case AR_NUMBER_ZEROS_LOST:
			return "zeros_lost";
		case AR_NUMBER_PREFIX_LOST:
			return "prefix_lost";
		case AR_NUMBER_FOLDED:
			return "folded";
		case AR_NUMBER_EXACT:
			return "exact";
		default:
			return NULL;
	}
}
