/*
 * follow.c
 *		What follows from a write to the tables of credit, whoever wrote it.
 *
 * The triggers read in C which rows a statement wrote, and hand their ids to
 * the SQL function of their table, which acts as the writer.  A trigger's
 * argument names the table; which function that is stands here, so that a
 * trigger cannot have another run.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "credit/limit.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_follow_credit);

typedef enum Followed
{
	FOLLOW_LIMIT,
	FOLLOW_POLICY,
	FOLLOW_CUSTOMER,
	FOLLOW_RESERVATION,
	FOLLOW_ADJUSTMENT,
	FOLLOW_REVERSAL
} Followed;

/* What a row has of what may raise an exposure. */
typedef struct Row
{
	int32		ledger_id;
	int64		id;
	int64		amount_minor;
	uint32		currency;		/* 0: no amount */
	int64		parent_id;		/* 0: none */
	DateADT		expires_on;		/* infinity: never */
	bool		has_moved;		/* into another group than before, or none */
	int64		old_parent_id;	/* 0: none */
	char	   *class;			/* NULL: none */
	bool		is_closed;		/* a customer who is closed */
	bool		is_transfer;	/* of a payment to another customer */
} Row;

static const struct
{
	const char *name;
	const char *id;				/* column of the ids to hand over */
	const char *amount;			/* column of type monetary, or NULL */
}			followed[] =
{
	[FOLLOW_LIMIT] = {"limit", "limit_id", NULL},
	[FOLLOW_POLICY] = {"policy", "policy_id", NULL},
	[FOLLOW_CUSTOMER] = {"customer", "customer_id", "credit_limit"},
	[FOLLOW_RESERVATION] = {"reservation", "reservation_id", "amount"},
	[FOLLOW_ADJUSTMENT] = {"adjustment", "customer_id", "amount"},
	[FOLLOW_REVERSAL] = {"payment_reversal", "payment_id", NULL},
};

/* Each returns the customers to be judged, or NULL. */
static ArStatement statements[] =
{
	[FOLLOW_LIMIT] = {
		.sql = "SELECT ar.follow_credit_limits($1, $2)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	},
	[FOLLOW_POLICY] = {
		.sql = "SELECT ar.follow_credit_policies($1, $2)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	},
	[FOLLOW_CUSTOMER] = {
		.sql = "SELECT ar.follow_customers($1, $2, $3)",
		.nargs = 3,
		.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID}
	},
	[FOLLOW_RESERVATION] = {
		.sql = "SELECT ar.follow_reservations($1, $2)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	},
	[FOLLOW_ADJUSTMENT] = {
		.sql = "SELECT $2 WHERE EXISTS (SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = $1)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	},
	[FOLLOW_REVERSAL] = {
		.sql = "SELECT ar.count_bounces($1, $2)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	},
};

static ArStatement moving =
{
	.sql = "SELECT ar.moving_customers($1, $2, $3, $4)",
	.nargs = 4,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID, BOOLOID}
};

/*
 * compare_rows orders rows by key.
 */
static int
compare_rows(const void *left, const void *right)
{
	const Row  *a = left;
	const Row  *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return 0;
}

/*
 * read_rows copies rows out of a transition table, sorted by key.
 */
static Row *
read_rows(TriggerData *trigger, Tuplestorestate *store, Followed what, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	id = ar_column(relation, followed[what].id, INT8OID);
	AttrNumber	amount = InvalidAttrNumber;
	AttrNumber	parent_id = InvalidAttrNumber;
	AttrNumber	class = InvalidAttrNumber;
	AttrNumber	status = InvalidAttrNumber;
	AttrNumber	expires_on = InvalidAttrNumber;
	AttrNumber	kind = InvalidAttrNumber;
	int			rows_count = ar_transition_count(store, INT_MAX);
	Row		   *rows;
	ArTransition transition;
	int			n = 0;

	if (followed[what].amount != NULL)
		amount = ar_column(relation, followed[what].amount, AR_TYPE_MONETARY);
	if (what == FOLLOW_CUSTOMER)
	{
		parent_id = ar_column(relation, "parent_id", INT8OID);
		class = ar_column(relation, "customer_class", TEXTOID);
		status = ar_column(relation, "status", TEXTOID);
	}
	if (what == FOLLOW_RESERVATION)
		expires_on = ar_column(relation, "expires_on", DATEOID);
	if (what == FOLLOW_ADJUSTMENT)
		kind = ar_column(relation, "kind", TEXTOID);

	rows = MemoryContextAllocHuge(CurrentMemoryContext,
								  sizeof(Row) * (Size) Max(rows_count, 1));
	ar_transition_begin(&transition, trigger, store);
	while (ar_transition_next(&transition))
	{
		Row		   *row = &rows[n++];
		bool		isnull;
		Datum		value;

		memset(row, 0, sizeof(Row));
		row->ledger_id = DatumGetInt32(ar_transition_value(&transition, ledger_id));
		row->id = DatumGetInt64(ar_transition_value(&transition, id));
		if (amount != InvalidAttrNumber)
		{
			value = slot_getattr(transition.slot, amount, &isnull);
			if (!isnull)
			{
				row->amount_minor = ar_monetary_minor(DatumGetArMonetaryP(value));
				row->currency = DatumGetArMonetaryP(value)->currency;
			}
		}
		if (parent_id != InvalidAttrNumber)
		{
			value = slot_getattr(transition.slot, parent_id, &isnull);
			row->parent_id = isnull ? 0 : DatumGetInt64(value);
			value = slot_getattr(transition.slot, class, &isnull);
			row->class = isnull ? NULL : TextDatumGetCString(value);
			row->is_closed =
				strcmp(TextDatumGetCString(ar_transition_value(&transition, status)), "closed") == 0;
		}
		if (expires_on != InvalidAttrNumber)
		{
			value = slot_getattr(transition.slot, expires_on, &isnull);
			row->expires_on = isnull ? DATEVAL_NOEND : DatumGetDateADT(value);
		}
		if (kind != InvalidAttrNumber)
			row->is_transfer =
				strcmp(TextDatumGetCString(ar_transition_value(&transition, kind)), "transfer") == 0;
	}
	ar_transition_end(&transition);
	qsort(rows, n, sizeof(Row), compare_rows);
	*count = n;
	return rows;
}

/*
 * matters tells whether something follows from a row, given how it was before
 * (NULL: it was not there).
 */
static bool
matters(Followed what, const Row *row, const Row *old)
{
	switch (what)
	{
		case FOLLOW_LIMIT:
		case FOLLOW_POLICY:
		case FOLLOW_REVERSAL:
			return true;
		case FOLLOW_ADJUSTMENT:
			return row->amount_minor > 0 && !row->is_transfer;
		case FOLLOW_RESERVATION:
			/* Less, or for a shorter time, is not judged. */
			return old == NULL || row->currency != old->currency ||
				row->amount_minor > old->amount_minor ||
				row->expires_on > old->expires_on;
		case FOLLOW_CUSTOMER:
			if (old == NULL)
				return row->currency != 0 || row->parent_id != 0;
			return row->currency != old->currency ||
				row->amount_minor != old->amount_minor ||
				row->parent_id != old->parent_id ||
				(row->is_closed && !old->is_closed) ||
				strcmp(row->class == NULL ? "" : row->class,
					   old->class == NULL ? "" : old->class) != 0;
	}
	return true;
}

/*
 * judge_named judges the customers that a statement names, if it names any.
 */
static void
judge_named(Relation relation, ArStatement *statement, Datum *values, ArCreditRoad road)
{
	Datum		customers = (Datum) 0;
	bool		isnull = true;
	SPITupleTable *table;

	if (ar_writer_execute(statement, values, SPI_OK_SELECT) == 1)
		customers = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	table = SPI_tuptable;
	if (!isnull)
		ar_judge_credit(relation, DatumGetInt32(values[0]), customers, road);
	SPI_freetuptable(table);
}

/*
 * judge_moved judges the groups that customers came into with what they owe,
 * and those that they left with what they had paid ahead.
 */
static void
judge_moved(Relation relation, Row *rows, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *parents = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[4];
	int			n = 0;

	for (int i = 0; i < count; i++)
		if (rows[i].has_moved)
		{
			ids[n] = Int64GetDatum(rows[i].id);
			parents[n++] = Int64GetDatum(rows[i].old_parent_id);
		}
	if (n == 0)
		return;
	values[0] = Int32GetDatum(rows[0].ledger_id);
	values[1] = ar_array(ids, NULL, n, INT8OID);
	values[2] = ar_array(parents, NULL, n, INT8OID);
	values[3] = BoolGetDatum(true);
	judge_named(relation, &moving, values, AR_CREDIT_MOVE);
	values[3] = BoolGetDatum(false);
	judge_named(relation, &moving, values, AR_CREDIT_MOVE);
}

/*
 * follow hands the ids of one ledger to the function of their table, and
 * judges the customers that it names.
 */
static void
follow(Relation relation, Followed what, Row *rows, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *parents = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[3];
	int			n = 0;
	int			parent_count = 0;

	for (int i = 0; i < count; i++)
	{
		if (i == 0 || rows[i].id != rows[i - 1].id)
			ids[n++] = Int64GetDatum(rows[i].id);
		if (rows[i].has_moved && rows[i].old_parent_id != 0)
			parents[parent_count++] = Int64GetDatum(rows[i].old_parent_id);
	}
	values[0] = Int32GetDatum(rows[0].ledger_id);
	values[1] = ar_array(ids, NULL, n, INT8OID);
	values[2] = ar_array(parents, NULL, parent_count, INT8OID);
	judge_named(relation, &statements[what], values, AR_CREDIT_OTHER);
	if (what == FOLLOW_CUSTOMER)
		judge_moved(relation, rows, count);
}

/*
 * ar_tg_follow_credit does what follows from limits, policies, customers and
 * reservations that were written, and judges what adjustments raised.
 */
Datum
ar_tg_follow_credit(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_follow_credit", TRIGGER_EVENT_AFTER);
	Followed	what = FOLLOW_LIMIT;
	bool		is_known = false;
	Row		   *rows;
	Row		   *olds = NULL;
	int			count;
	int			old_count = 0;
	int			kept = 0;
	int			first = 0;
	ArWriter	writer;

	for (int i = 0; i < (int) lengthof(followed) && trigger->tg_trigger->tgnargs == 1; i++)
		if (strcmp(trigger->tg_trigger->tgargs[0], followed[i].name) == 0)
		{
			what = (Followed) i;
			is_known = true;
		}
	if (!is_known)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function \"%s\" needs the argument \"%s\"", "ar.tg_follow_credit",
						"limit, policy, customer, reservation, adjustment or payment_reversal")));
	if (ar_writer_active())
		return PointerGetDatum(NULL);

	rows = read_rows(trigger, trigger->tg_newtable, what, &count);
	if (trigger->tg_oldtable != NULL)
		olds = read_rows(trigger, trigger->tg_oldtable, what, &old_count);
	for (int i = 0; i < count; i++)
	{
		Row		   *old = olds == NULL ? NULL :
			bsearch(&rows[i], olds, old_count, sizeof(Row), compare_rows);

		rows[i].has_moved = old != NULL && rows[i].parent_id != old->parent_id;
		rows[i].old_parent_id = old == NULL ? 0 : old->parent_id;
		if (matters(what, &rows[i], old))
			rows[kept++] = rows[i];
	}
	if (kept == 0)
		return PointerGetDatum(NULL);

	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= kept; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < kept && rows[i].ledger_id == rows[first].ledger_id)
			continue;
		follow(trigger->tg_relation, what, &rows[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
