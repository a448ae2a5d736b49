/*
 * series.h
 *		Document series: the numbers that people see.
 */
#ifndef AR_BILLING_SERIES_H
#define AR_BILLING_SERIES_H

#include "utils/date.h"

/* A run of consecutive numbers drawn from one series. */
typedef struct ArNumberRun
{
	int64		next;			/* the next number to hand out */
	const char *pattern;		/* with {year} and {number} */
	int			digits;			/* {number} is padded to so many */
} ArNumberRun;

extern ArNumberRun ar_series_draw(int32 ledger_id, const char *series, int64 count);
extern char *ar_series_format(const ArNumberRun *run, int64 number, DateADT dated);

#endif							/* AR_BILLING_SERIES_H */
