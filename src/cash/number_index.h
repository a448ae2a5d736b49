/*
 * number_index.h
 *		The index of document numbers from inside: what was added, and how it
 *		compares with a piece of a text.
 */
#ifndef AR_CASH_NUMBER_INDEX_H
#define AR_CASH_NUMBER_INDEX_H

#include "common/hashfn.h"
#include "utils/palloc.h"

#include "cash/number.h"
#include "cash/number_scan.h"

/* Characters a number must have to be told by one slip; of its digits alone. */
#define AR_NUMBER_SLIP_MIN			6
#define AR_NUMBER_SLIP_DIGITS_MIN	8
#define AR_NUMBER_SLIP_MAX			32

/* What a key is made of; keys of different kinds do not meet. */
#define AR_NUMBER_KEY_WHOLE		1
#define AR_NUMBER_KEY_STEM		2
#define AR_NUMBER_KEY_SLIP		3
#define AR_NUMBER_KEY_PREFIX	4

/* One number, as it was added. */
typedef struct ArNumber
{
	int			payload;
	const char *raw;			/* from its first letter or digit to the last */
	const char *upper;			/* its letters and digits, capital */
	const char *folded;			/* the same, folded */
	const char *digits;			/* its digits */
	uint64		breaks;			/* bit i: upper[i] begins a group */
	uint64		digit_breaks;	/* bit i: digits[i] does */
	int			raw_length;
	int			year;			/* 2026, or 0: a group like a year, not the last */
	uint8		length;			/* of upper */
	uint8		digit_count;
	uint8		prefix;			/* length of the letters it begins with */
	uint8		last_start;		/* the last group of digits, in upper */
	uint8		last_end;
	uint8		last_value;		/* where it begins without its zeros */
} ArNumber;

/* The numbers of a key are a list. */
typedef struct ArNumberLink
{
	int32		number;
	int32		next;			/* or -1 */
} ArNumberLink;

struct keys_hash;

struct ArNumberIndex
{
	MemoryContext context;
	struct keys_hash *keys;
	ArNumber   *numbers;
	int			number_count;
	int			number_room;
	ArNumberLink *links;
	int64		link_count;
	int64		link_room;
	int			slips_entered;	/* numbers that are entered under slips, too */
	int			longest;		/* letters and digits of the longest number */
};

static inline uint64
ar_number_key(const char *characters, int length, uint64 kind)
{
	return hash_bytes_extended((const unsigned char *) characters, length, kind);
}

/*
 * ar_number_stem_key: the key of a last group of digits without its zeros, and
 * of what stands before it.
 */
static inline uint64
ar_number_stem_key(const char *before, int before_length, const char *value, int value_length)
{
	return ar_number_key(value, value_length,
						 ar_number_key(before, before_length, AR_NUMBER_KEY_STEM));
}

/* The piece of a string without its leading zeros. */
static inline int
ar_number_skip_zeros(const char *digits, int from, int end)
{
	while (from < end && digits[from] == '0')
		from++;
	return from;
}

/* number.c */
extern void ar_number_index_enter_slips(ArNumberIndex *index);
extern int	ar_number_index_lookup(ArNumberIndex *index, uint64 key);
extern bool ar_number_index_has(ArNumberIndex *index, uint64 key);

/* number_match.c */
extern ArNumberStrength ar_number_match_whole(const ArNumber *number,
											  const ArNumberScan *scan,
											  const ArNumberWindow *window);
extern ArNumberStrength ar_number_match_stem(const ArNumber *number,
											 const ArNumberScan *scan,
											 const ArNumberWindow *window);
extern ArNumberStrength ar_number_match_tail(const ArNumber *number,
											 const ArNumberScan *scan,
											 int group);
extern ArNumberStrength ar_number_match_slip(const ArNumber *number,
											 const ArNumberScan *scan,
											 const ArNumberWindow *window);
extern int	ar_number_letters_before(const ArNumberScan *scan, int group);

#endif							/* AR_CASH_NUMBER_INDEX_H */
