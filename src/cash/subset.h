/*
 * subset.h
 *		Which of some amounts add up to a target, if only one choice does.
 */
#ifndef AR_CASH_SUBSET_H
#define AR_CASH_SUBSET_H

#include "c.h"

/* Half of them are added up in 2^15 ways, which takes milliseconds. */
#define AR_SUBSET_MAX	30

typedef enum ArSubsetResult
{
	AR_SUBSET_NONE,				/* no choice adds up to the target */
	AR_SUBSET_UNIQUE,			/* exactly one does */
	AR_SUBSET_SEVERAL,			/* at least two do: here are two */
	AR_SUBSET_TOO_MANY			/* more than AR_SUBSET_MAX amounts: not tried */
} ArSubsetResult;

extern ArSubsetResult ar_subset_sum(const int64 *amounts, int count, int most,
									int64 target, uint64 chosen[2]);

#endif							/* AR_CASH_SUBSET_H */
