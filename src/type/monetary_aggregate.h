/*
 * monetary_aggregate.h
 *		What the sums of ar.monetary are gathered in.
 *
 * The state types are types of their own, not "internal", so that a partial
 * sum can travel: between parallel workers, and between servers.
 */
#ifndef AR_TYPE_MONETARY_AGGREGATE_H
#define AR_TYPE_MONETARY_AGGREGATE_H

#include "common/int.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "nodes/nodes.h"
#include "utils/numeric.h"

#include "compat.h"

/*
 * ar.monetary_sum_state: a sum of 128 bits, in two's complement, that no
 * number of rows can overflow.  When the count is 0, so is all the rest.
 */
typedef struct ArSum
{
	int64		high;
	uint64		low;
	int64		count;			/* of the values that are in the sum */
	uint32		currency;
	uint32		unused;			/* always 0 */
} ArSum;

StaticAssertDecl(sizeof(ArSum) == 32, "a sum state has 32 bytes");

#define DatumGetArSumP(X)		((ArSum *) DatumGetPointer(X))
#define PG_GETARG_AR_SUM_P(n)	DatumGetArSumP(PG_GETARG_DATUM(n))
#define PG_RETURN_AR_SUM_P(x)	return PointerGetDatum(x)

extern void ar_sum_remove(ArSum *sum, int64 minor, uint32 currency);
extern void ar_sum_combine(ArSum *sum, const ArSum *other);
extern int64 ar_sum_result(const ArSum *sum);
extern Numeric ar_sum_to_numeric(const ArSum *sum);
pg_noreturn extern void ar_sum_raise_mixed(uint32 left, uint32 right);
extern const char *ar_sum_parse(const char *text, ArSum *sum);
extern void ar_sum_print(StringInfo text, const ArSum *sum);
extern void ar_sum_send(StringInfo message, const ArSum *sum);
extern void ar_sum_receive(StringInfo message, ArSum *sum);

extern void ar_sum_raise_exhausted(void);

/*
 * ar_is_aggregate tells whether an aggregate calls, which lets its state be
 * changed in place.  It asks the server only where the plain case is not met.
 */
static inline bool
ar_is_aggregate(FunctionCallInfo fcinfo)
{
	return likely(fcinfo->context != NULL && IsA(fcinfo->context, AggState)) ||
		AggCheckCallContext(fcinfo, NULL) != 0;
}

/*
 * ar_sum_take_currency gives the first value's currency to an empty sum, and
 * refuses another one later.
 */
static inline void
ar_sum_take_currency(ArSum *sum, uint32 currency)
{
	if (sum->count == 0)
		sum->currency = currency;
	else if (unlikely(sum->currency != currency))
		ar_sum_raise_mixed(sum->currency, currency);
}

/*
 * ar_sum_accumulate adds one value.  It is here, to be inlined: a sum does
 * little else.
 */
static inline void
ar_sum_accumulate(ArSum *sum, int64 minor, uint32 currency)
{
	uint64		low = sum->low + (uint64) minor;
	int64		carry = (low < sum->low ? 1 : 0) - (minor < 0 ? 1 : 0);

	ar_sum_take_currency(sum, currency);
	if (unlikely(pg_add_s64_overflow(sum->high, carry, &sum->high) ||
				 pg_add_s64_overflow(sum->count, 1, &sum->count)))
		ar_sum_raise_exhausted();
	sum->low = low;
}

#endif							/* AR_TYPE_MONETARY_AGGREGATE_H */
