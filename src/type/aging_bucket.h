/*
 * aging_bucket.h
 *		A bucket of an aging report: a range of days past due.
 *
 * Vocabulary: the days past due of an item are the date asked about less its
 * due date, so the due day itself is 0 and not overdue.  A scheme cuts all
 * days into adjacent buckets; it is given by its boundaries, the last day of
 * every bucket but the last one.
 */
#ifndef AR_TYPE_AGING_BUCKET_H
#define AR_TYPE_AGING_BUCKET_H

#include "fmgr.h"
#include "utils/array.h"
#include "utils/date.h"

/* First day in the high half, last day in the low half, both inclusive. */
typedef int32 ArAgingBucket;

/* The ends of the range mean "and all before" and "and all after". */
#define AR_AGING_DAY_MIN	PG_INT16_MIN
#define AR_AGING_DAY_MAX	PG_INT16_MAX

typedef struct ArAgingScheme
{
	int			boundary_count; /* one less than there are buckets */
	const int32 *boundaries;	/* ascending, each in the range of int16 */
} ArAgingScheme;

extern bool ar_aging_bucket_parse(const char *literal, int32 *first_day,
								  int32 *last_day);

static inline ArAgingBucket
ar_aging_bucket_make(int16 first_day, int16 last_day)
{
	return (ArAgingBucket) (((uint32) (uint16) first_day << 16) |
							(uint16) last_day);
}

static inline int16
ar_aging_bucket_first(ArAgingBucket bucket)
{
	return (int16) ((uint32) bucket >> 16);
}

static inline int16
ar_aging_bucket_last(ArAgingBucket bucket)
{
	return (int16) ((uint32) bucket & 0xFFFF);
}

#define DatumGetArAgingBucket(X)	((ArAgingBucket) DatumGetInt32(X))
#define ArAgingBucketGetDatum(X)	Int32GetDatum(X)
#define PG_GETARG_AR_AGING_BUCKET(n)	DatumGetArAgingBucket(PG_GETARG_DATUM(n))
#define PG_RETURN_AR_AGING_BUCKET(x)	return ArAgingBucketGetDatum(x)

extern bool ar_aging_boundaries_are_valid(const int32 *boundaries, int count);
extern ArAgingScheme ar_aging_scheme_from_array(ArrayType *array);

/*
 * What runs once a row is here, to be inlined.
 *
 * ar_aging_scheme_default returns current, 1-30, 31-60, 61-90 and 91+.
 */
static inline const ArAgingScheme *
ar_aging_scheme_default(void)
{
	static const int32 boundaries[] = {0, 30, 60, 90};
	static const ArAgingScheme scheme = {lengthof(boundaries), boundaries};

	return &scheme;
}

/*
 * ar_days_past_due subtracts two dates.
 *
 * Any two finite dates differ by less than the limits of int32, so those
 * limits are free to stand for the infinite ones.
 */
static inline int32
ar_days_past_due(DateADT due_on, DateADT as_of)
{
	if (due_on == as_of)
		return 0;
	if (DATE_IS_NOEND(due_on) || DATE_IS_NOBEGIN(as_of))
		return PG_INT32_MIN;
	if (DATE_IS_NOBEGIN(due_on) || DATE_IS_NOEND(as_of))
		return PG_INT32_MAX;
	return as_of - due_on;
}

/*
 * ar_aging_scheme_find returns the number, from 0, of the bucket that holds
 * a day: how many boundaries lie before it.  A few of them are counted, with
 * no branch for the processor to guess; many are searched.
 */
static inline int
ar_aging_scheme_find(const ArAgingScheme *scheme, int32 days_past_due)
{
	const int32 *boundaries = scheme->boundaries;
	int			low = 0;
	int			high = scheme->boundary_count;

	while (high - low > 8)
	{
		int			middle = low + (high - low) / 2;

		if (boundaries[middle] < days_past_due)
			low = middle + 1;
		else
			high = middle;
	}
	for (int i = low; i < high; i++)
		low += (boundaries[i] < days_past_due);
	return low;
}

/*
 * ar_aging_scheme_bucket returns the bucket with that number, from 0.
 */
static inline ArAgingBucket
ar_aging_scheme_bucket(const ArAgingScheme *scheme, int index)
{
	int32		first_day = AR_AGING_DAY_MIN;
	int32		last_day = AR_AGING_DAY_MAX;

	Assert(index >= 0 && index <= scheme->boundary_count);
	if (index > 0)
		first_day = scheme->boundaries[index - 1] + 1;
	if (index < scheme->boundary_count)
		last_day = scheme->boundaries[index];
	return ar_aging_bucket_make((int16) first_day, (int16) last_day);
}

#endif							/* AR_TYPE_AGING_BUCKET_H */
