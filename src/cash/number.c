/*
 * number.c
 *		The index of document numbers that are looked for in texts.
 *
 * Each number is entered into a hash table under every key by which it may be
 * found: folded whole, its digits alone, the same without the zeros of its last
 * group, that last group alone, and, for slips, each of these with one character
 * left out (a text with a slip, one character left out, has the same key).  A
 * text is cut into groups of letters and of digits; for each short run of groups
 * the same keys are looked up (number_find.c).  What is found is compared with the
 * number itself (number_match.c), and the best hits are kept.
 *
 * Needs no server but for memory: it is fuzzed alone.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "cash/number_index.h"

/* A key that more numbers share says nothing. */
#define SHARED_MAX		1000

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
	index->links = MemoryContextAllocHuge(index->context, sizeof(ArNumberLink) * index->link_room);
	return index;
}

/*
 * enter: enter a number under a key.  Under one key twice does no harm.
 */
static void
enter(ArNumberIndex *index, int number, uint64 key)
{
	bool		known;
	KeyEntry   *entry = keys_insert(index->keys, key, &known);

	if (!known)
	{
		entry->first = -1;
		entry->count = 0;
	}
	else if (entry->count > SHARED_MAX)
		return;
	if (index->link_count == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("too many document numbers for one index"),
				 errhint("Look for the numbers of fewer documents at a time.")));
	if (index->link_count == index->link_room)
	{
		index->link_room *= 2;
		index->links = repalloc_huge(index->links, sizeof(ArNumberLink) * index->link_room);
	}
	index->links[index->link_count].number = number;
	index->links[index->link_count].next = entry->first;
	entry->first = (int32) index->link_count++;
	entry->count++;
}

/*
 * enter_slips: enter a number under a string, and under it with each character
 * left out.
 */
static void
enter_slips(ArNumberIndex *index, int number, const char *characters, int length)
{
	char		less[AR_NUMBER_MAX];

	enter(index, number, ar_number_key(characters, length, AR_NUMBER_KEY_SLIP));
	for (int i = 0; i < length; i++)
	{
		/* Of equal neighbours it does not matter which is left out. */
		if (i > 0 && characters[i] == characters[i - 1])
			continue;
		memcpy(less, characters, i);
		memcpy(less + i, characters + i + 1, length - i - 1);
		enter(index, number, ar_number_key(less, length - 1, AR_NUMBER_KEY_SLIP));
	}
}

/*
 * ar_number_index_enter_slips: enter all numbers under their slips.  These are
 * most of the keys, so it is done when a text is first searched for slips, and
 * for most indexes never.
 */
void
ar_number_index_enter_slips(ArNumberIndex *index)
{
	MemoryContext caller = MemoryContextSwitchTo(index->context);

	for (; index->slips_entered < index->number_count; index->slips_entered++)
	{
		int			at = index->slips_entered;
		const ArNumber *number = &index->numbers[at];

		CHECK_FOR_INTERRUPTS();
		if (number->length >= AR_NUMBER_SLIP_MIN && number->length <= AR_NUMBER_SLIP_MAX &&
			number->digit_count > 0)
			enter_slips(index, at, number->folded, number->length);
		if (number->digit_count < number->length &&
			number->digit_count >= AR_NUMBER_SLIP_DIGITS_MIN &&
			number->digit_count <= AR_NUMBER_SLIP_MAX)
			enter_slips(index, at, number->digits, number->digit_count);
	}
	MemoryContextSwitchTo(caller);
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
	int			at;
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
	at = index->number_count++;
	added = &index->numbers[at];
	read_number(&scan, added);
	ar_number_scan_free(&scan);
	added->payload = payload;
	index->longest = Max(index->longest, added->length);

	enter(index, at, ar_number_key(added->folded, added->length, AR_NUMBER_KEY_WHOLE));
	if (added->prefix > 0)
		enter(index, at, ar_number_key(added->upper, added->prefix, AR_NUMBER_KEY_PREFIX));
	if (added->digit_count < added->length && added->digit_count >= 4)
		enter(index, at, ar_number_key(added->digits, added->digit_count, AR_NUMBER_KEY_WHOLE));
	value_length = added->last_end - added->last_value;
	last_digits = added->last_end - added->last_start;
	if (value_length > 0)
	{
		const char *value = added->upper + added->last_value;

		enter(index, at, ar_number_stem_key(added->upper, 0, value, value_length));
		if (added->last_end == added->length && added->last_start > 0)
			enter(index, at, ar_number_stem_key(added->upper, added->last_start,
												value, value_length));
		if (added->digit_count > last_digits)
			enter(index, at, ar_number_stem_key(added->digits, added->digit_count - last_digits,
												value, value_length));
	}
	MemoryContextSwitchTo(caller);
}

/*
 * ar_number_index_lookup: the first link of a key, or -1 if it leads to no
 * number, or to so many that it says nothing.
 */
int
ar_number_index_lookup(ArNumberIndex *index, uint64 key)
{
	KeyEntry   *entry = keys_lookup(index->keys, key);

	return entry == NULL || entry->count > SHARED_MAX ? -1 : entry->first;
}

/*
 * ar_number_index_has: whether some number was entered under a key.
 */
bool
ar_number_index_has(ArNumberIndex *index, uint64 key)
{
	return keys_lookup(index->keys, key) != NULL;
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
