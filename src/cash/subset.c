/*
 * subset.c
 *		Subset sum, by meeting in the middle: a payment of several items.
 *
 * The amounts are cut into halves.  Of each half all sums are made, in order:
 * those without an amount and those with it are two lists in order, and are
 * merged.  Then one walk up the sums of the left half and down those of the
 * right finds every pair that meets the target.  A thousand times fewer steps
 * than trying all choices, and never more than 2^15 a half.
 *
 * Sums are of 128 bits: part of a choice may exceed what fits into 64 and come
 * back by a negative amount, and no choice is missed for that.
 *
 * Of choices of one sum those of more amounts come first: the walk down the
 * right half meets the smallest first, and need not look at what is too large.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cash/subset.h"

PG_FUNCTION_INFO_V1(ar_subset_sum_sql);

#ifndef HAVE_INT128
#error "ar_ext needs a compiler with integers of 128 bits"
#endif

/* One choice among the amounts of a half, and what it adds up to. */
typedef struct Choice
{
	int128		sum;
	uint32		members;
} Choice;

static inline int
size_of(uint64 members)
{
	return pg_popcount64(members);
}

/*
 * all_choices: every choice among the amounts, by sum, the larger first.
 */
static Choice *
all_choices(const int64 *amounts, int count)
{
	Choice	   *choices = palloc(sizeof(Choice) << count);
	Choice	   *merged = palloc(sizeof(Choice) << count);
	int			made = 1;

	choices[0].sum = 0;
	choices[0].members = 0;
	for (int i = 0; i < count; i++)
	{
		int			without = 0;
		int			with = 0;
		Choice	   *swap;

		CHECK_FOR_INTERRUPTS();
		for (int at = 0; at < 2 * made; at++)
		{
			int128		sum = with == made ? 0 : choices[with].sum + amounts[i];

			if (with == made ||
				(without < made &&
				 (choices[without].sum < sum ||
				  (choices[without].sum == sum &&
				   size_of(choices[without].members) > size_of(choices[with].members)))))
				merged[at] = choices[without++];
			else
			{
				merged[at].sum = sum;
				merged[at].members = choices[with].members | ((uint32) 1 << i);
				with++;
			}
		}
		swap = choices;
		choices = merged;
		merged = swap;
		made *= 2;
	}
	pfree(merged);
	return choices;
}

/*
 * ar_subset_sum: whether exactly one choice of at most so many of the amounts
 * adds up to the target, and which: bit i of chosen stands for amounts[i].  Of
 * several, two are given.
 *
 * To choose nothing is no answer, whatever the target.  Two choices that differ
 * only by equal amounts are two: nothing says which of them was meant.
 */
ArSubsetResult
ar_subset_sum(const int64 *amounts, int count, int most, int64 target, uint64 chosen[2])
{
	int			left_count = count / 2;
	int			right_count = count - left_count;
	int			left_size;
	int			right_at;
	Choice	   *left;
	Choice	   *right;
	int			found = 0;

	chosen[0] = chosen[1] = 0;
	if (count > AR_SUBSET_MAX)
		return AR_SUBSET_TOO_MANY;
	if (count <= 0)
		return AR_SUBSET_NONE;

	left = all_choices(amounts, left_count);
	right = all_choices(amounts + left_count, right_count);
	left_size = 1 << left_count;
	right_at = (1 << right_count) - 1;

	for (int left_at = 0; left_at < left_size && found < 2; left_at++)
	{
		while (right_at >= 0 && left[left_at].sum + right[right_at].sum > target)
			right_at--;

		/* A next sum on the left may be the same, so right_at stays. */
		for (int i = right_at; i >= 0 && found < 2; i--)
		{
			uint64		members = left[left_at].members |
				((uint64) right[i].members << left_count);

			if (left[left_at].sum + right[i].sum != target || size_of(members) > most)
				break;
			if (members != 0)
				chosen[found++] = members;
		}
	}
	pfree(left);
	pfree(right);
	return found == 0 ? AR_SUBSET_NONE : found == 1 ? AR_SUBSET_UNIQUE : AR_SUBSET_SEVERAL;
}

/*
 * ar_subset_sum_sql: the same for SQL, one row.
 */
Datum
ar_subset_sum_sql(PG_FUNCTION_ARGS)
{
	static const char *const answers[] = {"none", "unique", "several", "too_many"};
	ArrayType  *given = PG_GETARG_ARRAYTYPE_P(0);
	int64		target = PG_GETARG_INT64(1);
	int			most = PG_GETARG_INT32(2);
	int			count = ArrayGetNItems(ARR_NDIM(given), ARR_DIMS(given));
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[2] = {0};
	bool		nulls[2] = {false, true};
	uint64		chosen[2];
	ArSubsetResult result;

	if (ARR_HASNULL(given) && array_contains_nulls(given))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("amounts must not be null"),
				 errhint("Leave out what has no amount.")));

	InitMaterializedSRF(fcinfo, 0);
	/* Of an array without nulls the elements lie one after another. */
	result = ar_subset_sum((int64 *) ARR_DATA_PTR(given), count, most, target, chosen);
	values[0] = CStringGetTextDatum(answers[result]);
	if (result == AR_SUBSET_UNIQUE)
	{
		Datum		positions[AR_SUBSET_MAX];
		int			members = 0;

		for (int i = 0; i < count; i++)
		{
			if (chosen[0] & ((uint64) 1 << i))
				positions[members++] = Int32GetDatum(i + 1);
		}
		values[1] = PointerGetDatum(construct_array(positions, members, INT4OID,
													sizeof(int32), true, TYPALIGN_INT));
		nulls[1] = false;
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}
