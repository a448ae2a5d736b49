/*
 * number_index.h
 *		The index of document numbers from inside: what was added, and how it
 *		compares with a piece of a text.
 */
#ifndef AR_CASH_NUMBER_INDEX_H
#define AR_CASH_NUMBER_INDEX_H

#include "cash/number.h"
#include "cash/number_scan.h"

/* Characters a number must have to be told by one slip; of its digits alone. */
#define AR_NUMBER_SLIP_MIN			6
#define AR_NUMBER_SLIP_DIGITS_MIN	8

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

/* The piece of a string without its leading zeros. */
static inline int
ar_number_skip_zeros(const char *digits, int from, int end)
{
	while (from < end && digits[from] == '0')
		from++;
	return from;
}

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
