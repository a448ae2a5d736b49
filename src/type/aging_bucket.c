/*
 * aging_bucket.c
 *		The type ar.aging_bucket: a range of days past due, four bytes by value.
 *
 * As text: "current" is everything up to day 0, "1-30" a range with both ends
 * inside, "91+" day 91 and all after, "-8-" day -8 and all before; days may be
 * negative ("-7-0" is the last week before an item becomes overdue).
 *
 * The layout (two int16, see aging_bucket.h) is frozen: it is on disk.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "type/aging_bucket.h"

StaticAssertDecl(sizeof(ArAgingBucket) == 4,
				 "the on-disk size of ar.aging_bucket is frozen");

PG_FUNCTION_INFO_V1(ar_aging_bucket_in);
PG_FUNCTION_INFO_V1(ar_aging_bucket_out);
PG_FUNCTION_INFO_V1(ar_aging_bucket_recv);
PG_FUNCTION_INFO_V1(ar_aging_bucket_send);
PG_FUNCTION_INFO_V1(ar_aging_bucket_eq);
PG_FUNCTION_INFO_V1(ar_aging_bucket_ne);
PG_FUNCTION_INFO_V1(ar_aging_bucket_lt);
PG_FUNCTION_INFO_V1(ar_aging_bucket_le);
PG_FUNCTION_INFO_V1(ar_aging_bucket_gt);
PG_FUNCTION_INFO_V1(ar_aging_bucket_ge);
PG_FUNCTION_INFO_V1(ar_aging_bucket_cmp);
PG_FUNCTION_INFO_V1(ar_aging_bucket_sortsupport);
PG_FUNCTION_INFO_V1(ar_aging_bucket_hash);
PG_FUNCTION_INFO_V1(ar_aging_bucket_hash_extended);
PG_FUNCTION_INFO_V1(ar_aging_bucket_first_day);
PG_FUNCTION_INFO_V1(ar_aging_bucket_last_day);
PG_FUNCTION_INFO_V1(ar_aging_bucket_of);
PG_FUNCTION_INFO_V1(ar_aging_bucket_list);
PG_FUNCTION_INFO_V1(ar_days_past_due_get);

/*
 * ar_aging_bucket_in reads the text form.
 */
Datum
ar_aging_bucket_in(PG_FUNCTION_ARGS)
{
	const char *literal = PG_GETARG_CSTRING(0);
	int32		first_day;
	int32		last_day;

	if (!ar_aging_bucket_parse(literal, &first_day, &last_day))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"ar.aging_bucket", literal),
				 errhint("Write \"current\", \"1-30\", \"91+\" for day 91 and all after, or \"-8-\" for day -8 and all before.")));
	if (first_day < AR_AGING_DAY_MIN || first_day > AR_AGING_DAY_MAX ||
		last_day < AR_AGING_DAY_MIN || last_day > AR_AGING_DAY_MAX)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value \"%s\" is out of range for type %s",
						literal, "ar.aging_bucket"),
				 errhint("Days run from %d to %d.",
						 AR_AGING_DAY_MIN, AR_AGING_DAY_MAX)));
	if (first_day > last_day)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"ar.aging_bucket", literal),
				 errdetail("The first day, %d, comes after the last day, %d.",
						   first_day, last_day),
				 errhint("Write the earlier day first.")));

	PG_RETURN_AR_AGING_BUCKET(ar_aging_bucket_make((int16) first_day,
												   (int16) last_day));
}

/*
 * ar_aging_bucket_out writes the one canonical text of a bucket.
 */
Datum
ar_aging_bucket_out(PG_FUNCTION_ARGS)
{
	ArAgingBucket bucket = PG_GETARG_AR_AGING_BUCKET(0);
	int			first_day = ar_aging_bucket_first(bucket);
	int			last_day = ar_aging_bucket_last(bucket);

	if (last_day == AR_AGING_DAY_MAX)
		PG_RETURN_CSTRING(psprintf("%d+", first_day));
	if (first_day != AR_AGING_DAY_MIN)
		PG_RETURN_CSTRING(psprintf("%d-%d", first_day, last_day));
	if (last_day != 0)
		PG_RETURN_CSTRING(psprintf("%d-", last_day));
	PG_RETURN_CSTRING(pstrdup("current"));
}

/*
 * ar_aging_bucket_recv reads the binary form: first day, last day.
 */
Datum
ar_aging_bucket_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int16		first_day = (int16) pq_getmsgint(message, 2);
	int16		last_day = (int16) pq_getmsgint(message, 2);

	if (first_day > last_day)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type %s", "ar.aging_bucket"),
				 errdetail("The first day, %d, comes after the last day, %d.",
						   first_day, last_day),
				 errhint("Send two 16-bit integers, the earlier day first.")));
	PG_RETURN_AR_AGING_BUCKET(ar_aging_bucket_make(first_day, last_day));
}

/*
 * ar_aging_bucket_send writes the binary form: first day, last day.
 */
Datum
ar_aging_bucket_send(PG_FUNCTION_ARGS)
{
	ArAgingBucket bucket = PG_GETARG_AR_AGING_BUCKET(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint16(&message, (uint16) ar_aging_bucket_first(bucket));
	pq_sendint16(&message, (uint16) ar_aging_bucket_last(bucket));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * compare orders buckets by first day, then by last day, so that a scheme
 * sorts from the youngest debt to the oldest.
 */
static int
compare(ArAgingBucket a, ArAgingBucket b)
{
	int			difference = ar_aging_bucket_first(a) - ar_aging_bucket_first(b);

	if (difference == 0)
		difference = ar_aging_bucket_last(a) - ar_aging_bucket_last(b);
	return (difference > 0) - (difference < 0);
}

/*
 * The six comparison operators; all leakproof, for they cannot raise.
 */
Datum
ar_aging_bucket_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_AR_AGING_BUCKET(0) == PG_GETARG_AR_AGING_BUCKET(1));
}

Datum
ar_aging_bucket_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(PG_GETARG_AR_AGING_BUCKET(0) != PG_GETARG_AR_AGING_BUCKET(1));
}

Datum
ar_aging_bucket_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_AGING_BUCKET(0),
						   PG_GETARG_AR_AGING_BUCKET(1)) < 0);
}

Datum
ar_aging_bucket_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_AGING_BUCKET(0),
						   PG_GETARG_AR_AGING_BUCKET(1)) <= 0);
}

Datum
ar_aging_bucket_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_AGING_BUCKET(0),
						   PG_GETARG_AR_AGING_BUCKET(1)) > 0);
}

Datum
ar_aging_bucket_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_AGING_BUCKET(0),
						   PG_GETARG_AR_AGING_BUCKET(1)) >= 0);
}

/*
 * ar_aging_bucket_cmp is the three-way comparison of the btree class.
 */
Datum
ar_aging_bucket_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(PG_GETARG_AR_AGING_BUCKET(0),
							PG_GETARG_AR_AGING_BUCKET(1)));
}

/*
 * compare_datums is compare() as a sort calls it.
 */
static int
compare_datums(Datum a, Datum b, SortSupport ssup)
{
	return compare(DatumGetArAgingBucket(a), DatumGetArAgingBucket(b));
}

/*
 * ar_aging_bucket_sortsupport spares a sort the function-call overhead.
 */
Datum
ar_aging_bucket_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_datums;
	PG_RETURN_VOID();
}

/*
 * ar_aging_bucket_hash and its extended form, for hash joins, hash indexes
 * and hash partitions.
 */
Datum
ar_aging_bucket_hash(PG_FUNCTION_ARGS)
{
	return hash_uint32((uint32) PG_GETARG_AR_AGING_BUCKET(0));
}

Datum
ar_aging_bucket_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_uint32_extended((uint32) PG_GETARG_AR_AGING_BUCKET(0),
								PG_GETARG_INT64(1));
}

/*
 * ar_aging_bucket_first_day returns the first day, or NULL where the bucket
 * takes in all before.
 */
Datum
ar_aging_bucket_first_day(PG_FUNCTION_ARGS)
{
	int16		first_day = ar_aging_bucket_first(PG_GETARG_AR_AGING_BUCKET(0));

	if (first_day == AR_AGING_DAY_MIN)
		PG_RETURN_NULL();
	PG_RETURN_INT32(first_day);
}

/*
 * ar_aging_bucket_last_day returns the last day, or NULL where the bucket
 * takes in all after.
 */
Datum
ar_aging_bucket_last_day(PG_FUNCTION_ARGS)
{
	int16		last_day = ar_aging_bucket_last(PG_GETARG_AR_AGING_BUCKET(0));

	if (last_day == AR_AGING_DAY_MAX)
		PG_RETURN_NULL();
	PG_RETURN_INT32(last_day);
}

/*
 * ar_days_past_due_get is ar_days_past_due() for SQL.
 */
Datum
ar_days_past_due_get(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(ar_days_past_due(PG_GETARG_DATEADT(0),
									 PG_GETARG_DATEADT(1)));
}

/*
 * ar_aging_boundaries_are_valid tells whether boundaries make a scheme: at
 * least one, ascending, and leaving a day for the first and the last bucket.
 */
bool
ar_aging_boundaries_are_valid(const int32 *boundaries, int count)
{
	if (count < 1 ||
		boundaries[0] < AR_AGING_DAY_MIN ||
		boundaries[count - 1] >= AR_AGING_DAY_MAX)
		return false;
	for (int i = 1; i < count; i++)
	{
		if (boundaries[i] <= boundaries[i - 1])
			return false;
	}
	return true;
}

/*
 * refuse_boundaries raises 22023 with the one hint that helps.
 */
static void
refuse_boundaries(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid boundaries of aging buckets"),
			 errdetail_internal("%s", detail),
			 errhint("Give the last day of every bucket but the last one in ascending order, such as '{0,30,60,90}'.")));
}

/*
 * ar_aging_scheme_from_array checks an array of boundaries; the scheme points
 * into the array and lives as long as it.
 */
ArAgingScheme
ar_aging_scheme_from_array(ArrayType *array)
{
	ArAgingScheme scheme;

	Assert(ARR_ELEMTYPE(array) == INT4OID);

	if (ARR_NDIM(array) == 0)
		refuse_boundaries("The array is empty.");
	if (ARR_NDIM(array) > 1)
		refuse_boundaries(psprintf("The array has %d dimensions.",
								   ARR_NDIM(array)));
	if (array_contains_nulls(array))
		refuse_boundaries("The array holds a null.");

	scheme.boundary_count = ARR_DIMS(array)[0];
	scheme.boundaries = (const int32 *) ARR_DATA_PTR(array);

	/* The quick answer first: this runs once a row. */
	if (ar_aging_boundaries_are_valid(scheme.boundaries, scheme.boundary_count))
		return scheme;

	for (int i = 0; i < scheme.boundary_count; i++)
	{
		int32		boundary = scheme.boundaries[i];

		if (boundary < AR_AGING_DAY_MIN || boundary >= AR_AGING_DAY_MAX)
			refuse_boundaries(psprintf("Boundary %d is not between %d and %d.",
									   boundary, AR_AGING_DAY_MIN,
									   AR_AGING_DAY_MAX - 1));
		if (i > 0 && boundary <= scheme.boundaries[i - 1])
			refuse_boundaries(psprintf("Boundary %d does not come after %d.",
									   boundary, scheme.boundaries[i - 1]));
	}
	pg_unreachable();
}

/*
 * bucket_of_day returns the bucket that holds a day.
 */
static inline ArAgingBucket
bucket_of_day(const ArAgingScheme *scheme, int32 days_past_due)
{
	return ar_aging_scheme_bucket(scheme, ar_aging_scheme_find(scheme, days_past_due));
}

/*
 * ar_aging_bucket_of returns the bucket of an item, by the default scheme or
 * by the boundaries of a third argument.
 */
Datum
ar_aging_bucket_of(PG_FUNCTION_ARGS)
{
	int32		days_past_due = ar_days_past_due(PG_GETARG_DATEADT(0),
												 PG_GETARG_DATEADT(1));
	ArAgingScheme scheme;

	/* The compiler knows the default scheme, and cuts this down to little. */
	if (PG_NARGS() <= 2)
		PG_RETURN_AR_AGING_BUCKET(bucket_of_day(ar_aging_scheme_default(), days_past_due));
	scheme = ar_aging_scheme_from_array(PG_GETARG_ARRAYTYPE_P(2));
	PG_RETURN_AR_AGING_BUCKET(bucket_of_day(&scheme, days_past_due));
}

/*
 * ar_aging_bucket_list returns the buckets of a scheme, one a row, so that a
 * report can show the empty ones too.
 */
Datum
ar_aging_bucket_list(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	ArAgingScheme *scheme;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		context = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		scheme = palloc(sizeof(ArAgingScheme));
		*scheme = ar_aging_scheme_from_array(PG_GETARG_ARRAYTYPE_P_COPY(0));
		context->user_fctx = scheme;
		context->max_calls = scheme->boundary_count + 1;
		MemoryContextSwitchTo(caller);
	}

	context = SRF_PERCALL_SETUP();
	scheme = context->user_fctx;
	if (context->call_cntr < context->max_calls)
	{
		/* SRF_RETURN_NEXT counts before it looks at its argument. */
		ArAgingBucket bucket = ar_aging_scheme_bucket(scheme, (int) context->call_cntr);

		SRF_RETURN_NEXT(context, ArAgingBucketGetDatum(bucket));
	}
	SRF_RETURN_DONE(context);
}
