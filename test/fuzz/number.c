/*
 * number.c
 *		Fuzzes the finders of document numbers, card numbers and references.
 *
 * The bytes are lines: the last is the text, those before it are numbers.
 * Promises: a hit lies within the text and names a number; no number is
 * reported twice; hits are in order; a number of letters and digits is exactly
 * itself; masking changes digits to asterisks only, where there is a card; a
 * reference that is found holds, and its normal form is one.
 */
#include "harness.h"

#include <signal.h>

#include "miscadmin.h"
#include "utils/memutils.h"

#include "cash/card.h"
#include "cash/number.h"
#include "cash/reference.h"

/* What the finder needs of a server: memory, given back all at once, and to be
 * interrupted. */
MemoryContext CurrentMemoryContext = NULL;
volatile sig_atomic_t InterruptPending = false;

typedef struct Block
{
	struct Block *next;
	struct Block *previous;
} Block;

static Block blocks = {&blocks, &blocks};

void
ProcessInterrupts(void)
{
}

static void *
linked(Block *block)
{
	if (block == NULL)
		abort();
	block->next = &blocks;
	block->previous = blocks.previous;
	block->previous->next = block;
	blocks.previous = block;
	return block + 1;
}

static Block *
unlinked(void *pointer)
{
	Block	   *block = (Block *) pointer - 1;

	block->previous->next = block->next;
	block->next->previous = block->previous;
	return block;
}

void *
palloc(Size size)
{
	return linked(malloc(sizeof(Block) + size));
}

void *
palloc0(Size size)
{
	return linked(calloc(1, sizeof(Block) + size));
}

void *
palloc_extended(Size size, int flags)
{
	return palloc0(size);
}

void
pfree(void *pointer)
{
	free(unlinked(pointer));
}

void *
repalloc(void *pointer, Size size)
{
	return linked(realloc(unlinked(pointer), sizeof(Block) + size));
}

char *
pnstrdup(const char *characters, Size length)
{
	char	   *copy = palloc0(length + 1);

	memcpy(copy, characters, strnlen(characters, length));
	return copy;
}

void *
repalloc_huge(void *pointer, Size size)
{
	return repalloc(pointer, size);
}

void *
MemoryContextAllocExtended(MemoryContext context, Size size, int flags)
{
	return palloc0(size);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return palloc0(size);
}

void *
MemoryContextAllocHuge(MemoryContext context, Size size)
{
	return palloc(size);
}

static void
free_all(void)
{
	while (blocks.next != &blocks)
		pfree(blocks.next + 1);
}

#define NUMBERS_MAX	16

static void
check_cards(const uint8 *data, size_t size)
{
	char	   *text = exact_copy(data, size, false);
	bool		masked = ar_mask_card_numbers(text, (int) size);
	bool		changed = false;

	for (size_t i = 0; i < size; i++)
	{
		if (text[i] == (char) data[i])
			continue;
		changed = true;
		demand(text[i] == '*' && data[i] >= '0' && data[i] <= '9',
			   "only digits become asterisks");
	}
	demand(masked == changed, "it is told whether there was a card");
	demand(!masked || ar_has_card_number((const char *) data, (int) size),
		   "what is masked is a card number");
	free(text);
}

/*
 * check_references: what is found lies in the text and has the right check
 * digits.
 */
static void
check_references(const uint8 *data, size_t size)
{
	char	   *text = exact_copy(data, size, false);
	ArReferenceHit *hits;
	int			count = ar_reference_find(text, (int) size, &hits);
	char	   *normal = ar_normal_reference(text, (int) size);

	demand(strcmp(ar_normal_reference(normal, strlen(normal)), normal) == 0 ||
		   memchr(text, '\0', size) != NULL, "the normal form is one");
	for (int i = 0; i < count; i++)
	{
		demand(hits[i].start >= 0 && hits[i].start < hits[i].end && hits[i].end <= (int) size,
			   "a reference lies within the text");
		demand(ar_reference_holds(hits[i].scheme, text + hits[i].start,
								  hits[i].end - hits[i].start), "a reference holds");
	}
	free(text);
}

/*
 * check_number: a number that is all of the text is found, whatever it is.
 */
static void
check_number(ArNumberIndex *index, const char *number, int length, int payload)
{
	ArNumberHit *hits;
	int			count;
	int			digits = 0;

	for (int i = 0; i < length; i++)
	{
		bool		digit = number[i] >= '0' && number[i] <= '9';

		digits += digit;
		if (!digit && !(number[i] >= 'A' && number[i] <= 'Z') &&
			!(number[i] >= 'a' && number[i] <= 'z'))
			return;
	}
	if (digits == 0 || length > AR_NUMBER_MAX)
		return;
	count = ar_number_index_find(index, number, length, &hits);
	for (int i = 0; i < count; i++)
	{
		if (hits[i].payload == payload && hits[i].strength == AR_NUMBER_EXACT &&
			hits[i].start == 0 && hits[i].end == length)
			return;
	}
	demand(false, "a number is exactly itself");
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	ArNumberIndex *index;
	ArNumberHit *hits;
	bool		reported[NUMBERS_MAX] = {false};
	size_t		start = 0;
	char	   *text;
	int			numbers = 0;
	int			count;

	check_cards(data, size);
	check_references(data, size);

	index = ar_number_index_create(0);
	for (size_t i = 0; i < size && numbers < NUMBERS_MAX; i++)
	{
		if (data[i] != '\n')
			continue;
		text = exact_copy(data + start, i - start, false);
		ar_number_index_add(index, text, (int) (i - start), numbers);
		check_number(index, text, (int) (i - start), numbers);
		free(text);
		numbers++;
		start = i + 1;
	}
	text = exact_copy(data + start, size - start, false);
	count = ar_number_index_find(index, text, (int) (size - start), &hits);
	for (int i = 0; i < count; i++)
	{
		demand(hits[i].payload >= 0 && hits[i].payload < numbers, "a hit names a number");
		demand(!reported[hits[i].payload], "a number is reported once");
		reported[hits[i].payload] = true;
		demand(hits[i].start >= 0 && hits[i].start < hits[i].end &&
			   hits[i].end <= (int) (size - start), "a hit lies within the text");
		demand(i == 0 || hits[i].start >= hits[i - 1].start, "hits are in order");
		demand(ar_number_strength_name(hits[i].strength) != NULL, "a strength has a name");
	}
	free(text);
	free_all();
	return 0;
}
