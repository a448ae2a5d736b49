/*
 * monetary_operator.c
 *		Arithmetic, comparison, hash and sort support of ar.monetary.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/int.h"
#include "lib/hyperloglog.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_monetary_add);
PG_FUNCTION_INFO_V1(ar_monetary_subtract);
PG_FUNCTION_INFO_V1(ar_monetary_negate);
PG_FUNCTION_INFO_V1(ar_monetary_abs);
PG_FUNCTION_INFO_V1(ar_monetary_multiply_int2);
PG_FUNCTION_INFO_V1(ar_monetary_multiply_int4);
PG_FUNCTION_INFO_V1(ar_monetary_multiply_int8);
PG_FUNCTION_INFO_V1(ar_int2_multiply_monetary);
PG_FUNCTION_INFO_V1(ar_int4_multiply_monetary);
PG_FUNCTION_INFO_V1(ar_int8_multiply_monetary);
PG_FUNCTION_INFO_V1(ar_monetary_eq);
PG_FUNCTION_INFO_V1(ar_monetary_ne);
PG_FUNCTION_INFO_V1(ar_monetary_lt);
PG_FUNCTION_INFO_V1(ar_monetary_le);
PG_FUNCTION_INFO_V1(ar_monetary_gt);
PG_FUNCTION_INFO_V1(ar_monetary_ge);
PG_FUNCTION_INFO_V1(ar_monetary_cmp);
PG_FUNCTION_INFO_V1(ar_monetary_sortsupport);
PG_FUNCTION_INFO_V1(ar_monetary_hash);
PG_FUNCTION_INFO_V1(ar_monetary_hash_extended);

/*
 * ar_monetary_add adds two amounts of one currency.
 */
Datum
ar_monetary_add(PG_FUNCTION_ARGS)
{
	const ArMonetary *left = PG_GETARG_AR_MONETARY_P(0);
	const ArMonetary *right = PG_GETARG_AR_MONETARY_P(1);
	int64		minor;

	ar_check_same_currency(left->currency, right->currency);
	if (pg_add_s64_overflow(ar_monetary_minor(left), ar_monetary_minor(right), &minor))
		ar_monetary_raise_out_of_range(left->currency);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor, left->currency));
}

/*
 * ar_monetary_subtract subtracts two amounts of one currency.
 */
Datum
ar_monetary_subtract(PG_FUNCTION_ARGS)
{
	const ArMonetary *left = PG_GETARG_AR_MONETARY_P(0);
	const ArMonetary *right = PG_GETARG_AR_MONETARY_P(1);
	int64		minor;

	ar_check_same_currency(left->currency, right->currency);
	if (pg_sub_s64_overflow(ar_monetary_minor(left), ar_monetary_minor(right), &minor))
		ar_monetary_raise_out_of_range(left->currency);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor, left->currency));
}

/*
 * multiply is exact, or an error.
 */
static Datum
multiply(const ArMonetary *m, int64 factor)
{
	int64		minor;

	if (pg_mul_s64_overflow(ar_monetary_minor(m), factor, &minor))
		ar_monetary_raise_out_of_range(m->currency);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor, m->currency));
}

/*
 * ar_monetary_negate turns a debit into a credit.  The smallest amount has no
 * counterpart.
 */
Datum
ar_monetary_negate(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(0), -1);
}

/*
 * ar_monetary_abs returns the amount without its sign.
 */
Datum
ar_monetary_abs(PG_FUNCTION_ARGS)
{
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);

	return multiply(m, ar_monetary_minor(m) < 0 ? -1 : 1);
}

/*
 * The products with integers.  Each width has its own, because with bigint
 * and numeric alone "amount * 3" would be ambiguous.
 */
Datum
ar_monetary_multiply_int2(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(0), PG_GETARG_INT16(1));
}

Datum
ar_monetary_multiply_int4(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(0), PG_GETARG_INT32(1));
}

Datum
ar_monetary_multiply_int8(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(0), PG_GETARG_INT64(1));
}

Datum
ar_int2_multiply_monetary(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(1), PG_GETARG_INT16(0));
}

Datum
ar_int4_multiply_monetary(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(1), PG_GETARG_INT32(0));
}

Datum
ar_int8_multiply_monetary(PG_FUNCTION_ARGS)
{
	return multiply(PG_GETARG_AR_MONETARY_P(1), PG_GETARG_INT64(0));
}

/*
 * compare_arguments compares the two arguments in the total order.
 */
static inline int
compare_arguments(FunctionCallInfo fcinfo)
{
	return ar_monetary_compare(PG_GETARG_AR_MONETARY_P(0),
							   PG_GETARG_AR_MONETARY_P(1));
}

/*
 * The comparisons never raise, whatever the currencies: an index must be able
 * to hold them all, and a function that can raise cannot be leakproof.
 */
Datum
ar_monetary_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ar_monetary_equal(PG_GETARG_AR_MONETARY_P(0),
									 PG_GETARG_AR_MONETARY_P(1)));
}

Datum
ar_monetary_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!ar_monetary_equal(PG_GETARG_AR_MONETARY_P(0),
									  PG_GETARG_AR_MONETARY_P(1)));
}

Datum
ar_monetary_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

Datum
ar_monetary_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

Datum
ar_monetary_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

Datum
ar_monetary_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

Datum
ar_monetary_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

/*
 * compare_datums is the comparison as a sort calls it, without the function
 * manager in between.
 */
static int
compare_datums(Datum left, Datum right, SortSupport sort)
{
	return ar_monetary_compare(DatumGetArMonetaryP(left),
							   DatumGetArMonetaryP(right));
}

#if SIZEOF_DATUM == 8

/*
 * An abbreviated key is a value squeezed into 64 bits: the letters of the
 * code (15 bits), the exponent (3), the amount (46).  Of two values the one
 * with the lesser key is the lesser; what has equal keys is compared in full,
 * which for values other than equal ones is rare: 46 bits hold 351 billion
 * dollars to the cent, either side of zero.
 */
#define KEY_AMOUNT_BITS		46
#define KEY_AMOUNT_MAX		((INT64CONST(1) << (KEY_AMOUNT_BITS - 1)) - 1)
#define KEY_AMOUNT_MIN		(-KEY_AMOUNT_MAX - 1)
#define KEY_EXPONENT_MAX	7

/* What a sort with abbreviated keys learns of its values as it goes. */
typedef struct Abbreviation
{
	int64		count;			/* of the values so far */
	bool		is_estimating;	/* whether it still counts distinct keys */
	hyperLogLogState distinct;
} Abbreviation;

/*
 * abbreviate returns the key of a value.
 */
static inline uint64
abbreviate(const ArMonetary *m)
{
	uint64		key;
	int64		minor = ar_monetary_minor(m);
	int			exponent = ar_currency_exponent(m->currency);

	/* The low five bits of a capital letter are its place in the alphabet. */
	key = (uint64) ((m->currency >> 24) & 0x1F) << 10 |
		(uint64) ((m->currency >> 16) & 0x1F) << 5 |
		(uint64) ((m->currency >> 8) & 0x1F);

	/* No currency has so many decimals; were there one, its values would tie. */
	if (unlikely(exponent >= KEY_EXPONENT_MAX))
	{
		exponent = KEY_EXPONENT_MAX;
		minor = 0;
	}
	minor = Max(Min(minor, KEY_AMOUNT_MAX), KEY_AMOUNT_MIN) - KEY_AMOUNT_MIN;
	return (key << 3 | (uint64) exponent) << KEY_AMOUNT_BITS | (uint64) minor;
}

/*
 * abbreviate_datum is abbreviate() as a sort calls it.
 */
static Datum
abbreviate_datum(Datum original, SortSupport sort)
{
	Abbreviation *abbreviation = (Abbreviation *) sort->ssup_extra;
	uint64		key = abbreviate(DatumGetArMonetaryP(original));

	abbreviation->count++;
	if (abbreviation->is_estimating)
		addHyperLogLog(&abbreviation->distinct,
					   murmurhash32((uint32) key ^ (uint32) (key >> 32)));
	return UInt64GetDatum(key);
}

/*
 * should_stop_abbreviating tells whether so many keys are equal that most
 * comparisons end up in full, after the keys have been compared in vain.
 */
static bool
should_stop_abbreviating(int row_count, SortSupport sort)
{
	Abbreviation *abbreviation = (Abbreviation *) sort->ssup_extra;
	double		distinct;

	if (row_count < 10000 || abbreviation->count < 10000 ||
		!abbreviation->is_estimating)
		return false;
	distinct = estimateHyperLogLog(&abbreviation->distinct);

	/* Enough of them for any sort: do not even count them any longer. */
	if (distinct > 100000)
		abbreviation->is_estimating = false;
	return distinct < abbreviation->count / 10000.0 + 0.5;
}

#endif							/* SIZEOF_DATUM == 8 */

/*
 * ar_monetary_sortsupport gives a sort its comparison, and abbreviated keys
 * where it can use them.
 */
Datum
ar_monetary_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport sort = (SortSupport) PG_GETARG_POINTER(0);

	sort->comparator = compare_datums;
#if SIZEOF_DATUM == 8
	if (sort->abbreviate)
	{
		MemoryContext caller = MemoryContextSwitchTo(sort->ssup_cxt);
		Abbreviation *abbreviation = (Abbreviation *) palloc(sizeof(Abbreviation));

		abbreviation->count = 0;
		abbreviation->is_estimating = true;
		initHyperLogLog(&abbreviation->distinct, 10);
		sort->ssup_extra = abbreviation;
		/* The server knows this comparison, and sorts by it inline. */
		sort->comparator = ssup_datum_unsigned_cmp;
		sort->abbrev_converter = abbreviate_datum;
		sort->abbrev_abort = should_stop_abbreviating;
		sort->abbrev_full_comparator = compare_datums;
		MemoryContextSwitchTo(caller);
	}
#endif
	PG_RETURN_VOID();
}

/*
 * The hashes are those of the bytes, for equal values have equal bytes and
 * the struct has no padding.
 */
Datum
ar_monetary_hash(PG_FUNCTION_ARGS)
{
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);

	return hash_any((const unsigned char *) m, sizeof(*m));
}

Datum
ar_monetary_hash_extended(PG_FUNCTION_ARGS)
{
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(0);

	return hash_any_extended((const unsigned char *) m, sizeof(*m),
							 PG_GETARG_INT64(1));
}
