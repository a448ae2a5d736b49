/*
 * aging_bucket_support.c
 *		What the planner is told about aging buckets.
 *
 * A bucket as of a day is a range of due dates.  So a comparison
 *		aging_bucket(due_on, as_of) = '31-60'
 * is put as
 *		due_on >= due_from('31-60', as_of) AND due_on <= due_until('31-60', as_of)
 * which indexes, statistics and partitions of due_on serve.  It is done by
 * SupportRequestSimplify, because the planner asks for an index condition
 * only about functions that have the indexed column itself as an argument.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "parser/parse_func.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "type/aging_bucket.h"

PG_FUNCTION_INFO_V1(ar_aging_bucket_due_from);
PG_FUNCTION_INFO_V1(ar_aging_bucket_due_until);
PG_FUNCTION_INFO_V1(ar_aging_bucket_compare_support);
PG_FUNCTION_INFO_V1(ar_aging_bucket_list_support);

extern Datum ar_aging_bucket_eq(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_ne(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_lt(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_le(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_gt(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_ge(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_cmp(PG_FUNCTION_ARGS);
extern Datum ar_aging_bucket_of(PG_FUNCTION_ARGS);

#define FIRST_DATE	((DateADT) (DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE))
#define LAST_DATE	((DateADT) (DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1))

typedef struct DueRange
{
	DateADT		from;			/* both ends inside; */
	DateADT		until;			/* where there are none, infinity to -infinity */
} DueRange;

/*
 * due_range returns the due dates that are in a bucket as of a date: the
 * inverse of ar_days_past_due(), infinite dates included.
 */
static DueRange
due_range(ArAgingBucket bucket, DateADT as_of)
{
	int32		first_day = ar_aging_bucket_first(bucket);
	int32		last_day = ar_aging_bucket_last(bucket);
	bool		has_all_before = (first_day == AR_AGING_DAY_MIN);
	bool		has_all_after = (last_day == AR_AGING_DAY_MAX);
	bool		has_due_day = (first_day <= 0 && last_day >= 0);
	DueRange	range = {DATEVAL_NOEND, DATEVAL_NOBEGIN};

	if (DATE_IS_NOEND(as_of))
	{
		/* What is due at infinity is due that day, all else long overdue. */
		if (has_all_after)
			range.from = DATEVAL_NOBEGIN;
		if (has_due_day)
			range.until = DATEVAL_NOEND;
		else if (has_all_after)
			range.until = LAST_DATE;
	}
	else if (DATE_IS_NOBEGIN(as_of))
	{
		if (has_all_before)
			range.until = DATEVAL_NOEND;
		if (has_due_day)
			range.from = DATEVAL_NOBEGIN;
		else if (has_all_before)
			range.from = FIRST_DATE;
	}
	else
	{
		int64		from = (int64) as_of - last_day;
		int64		until = (int64) as_of - first_day;

		/* Beyond the calendar there are the infinite dates only. */
		if (has_all_after)
			range.from = DATEVAL_NOBEGIN;
		else if (from <= LAST_DATE)
			range.from = Max(from, FIRST_DATE);
		if (has_all_before)
			range.until = DATEVAL_NOEND;
		else if (until >= FIRST_DATE)
			range.until = Min(until, LAST_DATE);
	}
	return range;
}

/*
 * The ends of that range, for SQL and for the conditions made below.
 */
Datum
ar_aging_bucket_due_from(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(due_range(PG_GETARG_AR_AGING_BUCKET(0),
								PG_GETARG_DATEADT(1)).from);
}

Datum
ar_aging_bucket_due_until(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATEADT(due_range(PG_GETARG_AR_AGING_BUCKET(0),
								PG_GETARG_DATEADT(1)).until);
}

/*
 * scheme_of finds the scheme of a call of ar.aging_bucket() when planning:
 * false when its boundaries are no constant, or such as raise an error, which
 * is for the execution to do.
 */
static bool
scheme_of(const FuncExpr *call, ArAgingScheme *scheme)
{
	const Const *boundaries;
	ArrayType  *array;

	if (list_length(call->args) == 2)
	{
		*scheme = *ar_aging_scheme_default();
		return true;
	}
	boundaries = (const Const *) lthird(call->args);
	if (!IsA(boundaries, Const) || boundaries->constisnull)
		return false;
	array = DatumGetArrayTypeP(boundaries->constvalue);
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		return false;
	scheme->boundary_count = ARR_DIMS(array)[0];
	scheme->boundaries = (const int32 *) ARR_DATA_PTR(array);
	return ar_aging_boundaries_are_valid(scheme->boundaries,
										 scheme->boundary_count);
}

/*
 * matching_buckets tells which buckets of a scheme compare so with a bucket:
 * those from *begin to before *end, none where the two are equal.  False when
 * they do not lie side by side.
 */
static bool
matching_buckets(const ArAgingScheme *scheme, PGFunction comparison,
				 ArAgingBucket bucket, int *begin, int *end)
{
	int			count = scheme->boundary_count + 1;
	int			smaller = 0;	/* how many sort before the bucket */
	int			not_greater = 0;

	for (int i = 0; i < count; i++)
	{
		int32		order = DatumGetInt32(DirectFunctionCall2(ar_aging_bucket_cmp,
															  ArAgingBucketGetDatum(ar_aging_scheme_bucket(scheme, i)),
															  ArAgingBucketGetDatum(bucket)));

		smaller += (order < 0);
		not_greater += (order <= 0);
	}

	*begin = 0;
	*end = count;
	if (comparison == ar_aging_bucket_eq)
	{
		*begin = smaller;
		*end = not_greater;
	}
	else if (comparison == ar_aging_bucket_lt)
		*end = smaller;
	else if (comparison == ar_aging_bucket_le)
		*end = not_greater;
	else if (comparison == ar_aging_bucket_gt)
		*begin = not_greater;
	else if (comparison == ar_aging_bucket_ge)
		*begin = smaller;
	else if (comparison != ar_aging_bucket_ne)
		return false;
	else if (smaller < not_greater)
	{
		/* All but one: side by side if that is the first or the last. */
		if (smaller == 0)
			*begin = 1;
		else if (not_greater == count)
			*end = smaller;
		else
			return false;
	}
	return true;
}

/*
 * commuted returns the comparison with its sides exchanged.
 */
static PGFunction
commuted(PGFunction comparison)
{
	if (comparison == ar_aging_bucket_lt)
		return ar_aging_bucket_gt;
	if (comparison == ar_aging_bucket_gt)
		return ar_aging_bucket_lt;
	if (comparison == ar_aging_bucket_le)
		return ar_aging_bucket_ge;
	if (comparison == ar_aging_bucket_ge)
		return ar_aging_bucket_le;
	return comparison;
}

/*
 * function_address tells which C function a function of SQL is.
 */
static PGFunction
function_address(Oid function)
{
	FmgrInfo	info;

	fmgr_info(function, &info);
	return info.fn_addr;
}

/*
 * is_cheap_twice tells whether an expression may stand twice where it stood
 * once: by the rule by which PostgreSQL inlines SQL functions.
 */
static bool
is_cheap_twice(Node *expression)
{
	QualCost	cost;

	if (contain_volatile_functions(expression) || contain_subplans(expression))
		return false;
	cost_qual_eval(&cost, list_make1(expression), NULL);
	return cost.startup + cost.per_tuple <= 10 * cpu_operator_cost;
}

/*
 * compare_dates makes "left operator right" of two dates.
 */
static Node *
compare_dates(Node *left, StrategyNumber strategy, Node *right)
{
	Oid			family = lookup_type_cache(DATEOID, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
	Expr	   *comparison;

	comparison = make_opclause(get_opfamily_member(family, DATEOID, DATEOID, strategy),
							   BOOLOID, false, (Expr *) copyObject(left),
							   (Expr *) right, InvalidOid, InvalidOid);
	set_opfuncid((OpExpr *) comparison);
	return (Node *) comparison;
}

static Node *
date_constant(DateADT date)
{
	return (Node *) makeConst(DATEOID, -1, InvalidOid, sizeof(DateADT),
							  DateADTGetDatum(date), false, true);
}

/*
 * due_end makes the call of ar.due_from() or ar.due_until(), which live where
 * the comparison lives; NULL when there is none.
 */
static Node *
due_end(char *name, Oid comparison, ArAgingBucket bucket, Oid bucket_type,
		Node *as_of)
{
	Oid			types[] = {bucket_type, DATEOID};
	char	   *schema = get_namespace_name(get_func_namespace(comparison));
	List	   *qualified = list_make2(makeString(schema), makeString(name));
	Oid			function = LookupFuncName(qualified, 2, types, true);
	Const	   *constant;

	if (!OidIsValid(function))
		return NULL;
	constant = makeConst(bucket_type, -1, InvalidOid, sizeof(ArAgingBucket),
						 ArAgingBucketGetDatum(bucket), false, true);
	return (Node *) makeFuncExpr(function, DATEOID,
								 list_make2(constant, copyObject(as_of)),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/*
 * constant_range makes the condition for an as-of date that is a constant.
 * One end at least remains, so that a NULL due date still gives NULL.
 */
static Node *
constant_range(Node *due_on, DueRange range)
{
	Node	   *lower;
	Node	   *upper;

	if (range.from == range.until)
		return compare_dates(due_on, BTEqualStrategyNumber,
							 date_constant(range.from));
	lower = compare_dates(due_on, BTGreaterEqualStrategyNumber,
						  date_constant(range.from));
	upper = compare_dates(due_on, BTLessEqualStrategyNumber,
						  date_constant(range.until));
	if (DATE_IS_NOEND(range.until))
		return lower;
	if (DATE_IS_NOBEGIN(range.from))
		return upper;
	return (Node *) make_andclause(list_make2(lower, upper));
}

/*
 * variable_range makes the condition for any other as-of date.  Both ends
 * remain: an infinite date may leave nothing between them, which one end
 * alone could not say.
 */
static Node *
variable_range(Node *due_on, Oid comparison, ArAgingBucket bucket,
			   Oid bucket_type, Node *as_of)
{
	Node	   *from = due_end("due_from", comparison, bucket, bucket_type, as_of);
	Node	   *until = due_end("due_until", comparison, bucket, bucket_type, as_of);

	if (from == NULL || until == NULL)
		return NULL;
	return (Node *) make_andclause(list_make2(compare_dates(due_on, BTGreaterEqualStrategyNumber, from),
											  compare_dates(due_on, BTLessEqualStrategyNumber, until)));
}

/*
 * simplify puts a comparison of ar.aging_bucket() with a constant as a range
 * of due dates; NULL when it has to stay as it is.
 */
static Node *
simplify(SupportRequestSimplify *request)
{
	Oid			comparison_oid = request->fcall->funcid;
	PGFunction	comparison = function_address(comparison_oid);
	FuncExpr   *call = (FuncExpr *) linitial(request->fcall->args);
	Const	   *constant = (Const *) lsecond(request->fcall->args);
	ArAgingScheme scheme;
	int			begin;
	int			end;
	Node	   *due_on;
	Node	   *as_of;
	ArAgingBucket range;

	if (IsA(call, Const))
	{
		call = (FuncExpr *) lsecond(request->fcall->args);
		constant = (Const *) linitial(request->fcall->args);
		comparison = commuted(comparison);
	}
	if (!IsA(call, FuncExpr) || !IsA(constant, Const) || constant->constisnull ||
		function_address(call->funcid) != ar_aging_bucket_of)
		return NULL;

	/*
	 * A grouping set makes NULL of the bucket it leaves out, though not of
	 * the due date in it.
	 */
	if (request->root != NULL && request->root->parse->groupingSets != NIL)
		return NULL;

	due_on = (Node *) linitial(call->args);
	as_of = (Node *) lsecond(call->args);
	if (!scheme_of(call, &scheme) ||
		!matching_buckets(&scheme, comparison,
						  DatumGetArAgingBucket(constant->constvalue),
						  &begin, &end) ||
		!is_cheap_twice(due_on) || !is_cheap_twice(as_of))
		return NULL;

	if (begin >= end)
	{
		/* No bucket is like that: a constant range can say so. */
		if (!IsA(as_of, Const))
			return NULL;
		return constant_range(due_on, (DueRange) {DATEVAL_NOEND, DATEVAL_NOBEGIN});
	}
	range = ar_aging_bucket_make(ar_aging_bucket_first(ar_aging_scheme_bucket(&scheme, begin)),
								 ar_aging_bucket_last(ar_aging_scheme_bucket(&scheme, end - 1)));
	if (IsA(as_of, Const))
		return constant_range(due_on, due_range(range, DatumGetDateADT(((Const *) as_of)->constvalue)));
	return variable_range(due_on, comparison_oid, range, constant->consttype, as_of);
}

/*
 * ar_aging_bucket_compare_support is the support function of the six
 * comparisons of buckets.
 */
Datum
ar_aging_bucket_compare_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify))
		PG_RETURN_POINTER(simplify((SupportRequestSimplify *) request));
	PG_RETURN_POINTER(NULL);
}

/*
 * ar_aging_bucket_list_support is the support function of ar.aging_buckets():
 * a scheme has one bucket more than boundaries.
 */
Datum
ar_aging_bucket_list_support(PG_FUNCTION_ARGS)
{
	SupportRequestRows *request = (SupportRequestRows *) PG_GETARG_POINTER(0);
	Const	   *boundaries;
	ArrayType  *array;

	if (!IsA(request, SupportRequestRows) || !IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	boundaries = (Const *) estimate_expression_value(request->root,
													 linitial(((FuncExpr *) request->node)->args));
	if (!IsA(boundaries, Const) || boundaries->constisnull)
		PG_RETURN_POINTER(NULL);
	array = DatumGetArrayTypeP(boundaries->constvalue);
	request->rows = 1 + ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	PG_RETURN_POINTER(request);
}
