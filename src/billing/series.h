/*
 * series.h
 *		Document series: the numbers that people see.
 */
#ifndef AR_BILLING_SERIES_H
#define AR_BILLING_SERIES_H

#include "utils/date.h"

/* When a document of a series is to be numbered. */
typedef enum ArNumberingMoment
{
	AR_AT_POSTING,				/* unless the series is numbered in batches */
	AR_IN_BATCH					/* only if it is */
} ArNumberingMoment;

/* One document to be numbered. */
typedef struct ArNumbered
{
	DateADT		dated;			/* its date, the year of which counts */
	int64		number;			/* its place in the series; 0: not drawn */
	char	   *text;			/* the number as people see it; NULL: not drawn */
} ArNumbered;

extern bool ar_series_draw(int32 ledger_id, const char *series,
						   ArNumberingMoment moment,
						   ArNumbered *documents, int count);

#endif							/* AR_BILLING_SERIES_H */
