/*
 * number.h
 *		Finding document numbers in what payers write.
 *
 * An index is built once over many numbers and searched with many texts.  A
 * search costs what the length of the text costs, however many numbers there
 * are.  All memory is of the context in which the index was created.
 */
#ifndef AR_CASH_NUMBER_H
#define AR_CASH_NUMBER_H

#include "c.h"

/* A number with more letters and digits is not found. */
#define AR_NUMBER_MAX		64

/* Of a longer text only so many bytes are read. */
#define AR_NUMBER_TEXT_MAX	(1024 * 1024)

/*
 * How well what stands in the text is a number, the better the higher.
 *
 * Down to ZEROS_LOST a hit names a document.  What is below is to be believed
 * only where something else, such as the amount, speaks for it too.
 */
typedef enum ArNumberStrength
{
	AR_NUMBER_NOT = 0,			/* no hit has this */
	AR_NUMBER_SHORT_TAIL,		/* as TAIL, but under 4 digits, or like a year */
	AR_NUMBER_ONE_SLIP,			/* one character wrong, missing, too many, or
								 * two exchanged, of 6 or more */
	AR_NUMBER_TAIL,				/* only the last group of digits: 000123 */
	AR_NUMBER_ZEROS_LOST,		/* last group without its zeros: 2026-123 */
	AR_NUMBER_PREFIX_LOST,		/* the digits without the letters: 2026000123 */
	AR_NUMBER_FOLDED,			/* letters read as digits: INV-2O26-OOO123 */
	AR_NUMBER_EXACT				/* the same letters and digits */
} ArNumberStrength;

typedef struct ArNumberHit
{
	int			payload;		/* as given to ar_number_index_add() */
	ArNumberStrength strength;
	int			start;			/* bytes of the text, from 0 */
	int			end;			/* the byte after the last */
} ArNumberHit;

typedef struct ArNumberIndex ArNumberIndex;

extern ArNumberIndex *ar_number_index_create(int expected);
extern void ar_number_index_add(ArNumberIndex *index, const char *number,
								int length, int payload);
extern int	ar_number_index_find(ArNumberIndex *index, const char *text,
								 int length, ArNumberHit **hits);
extern bool ar_number_index_like(ArNumberIndex *index, const char *text, int length,
								 ArNumberHit *hit);
extern const char *ar_number_strength_name(ArNumberStrength strength);

#endif							/* AR_CASH_NUMBER_H */
