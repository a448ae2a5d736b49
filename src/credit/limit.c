/*
 * limit.c
 *		The credit limit: no more credit than was granted, by whatever road.
 *
 * The trigger hangs on the balance row itself, so whatever raises exposure has
 * already updated, and thereby locked, the row when it is judged.  Judging
 * then updates the credit accounts of the customer and of his groups, from the
 * root down: two sessions cannot both pass, at any isolation level, though one
 * invoices in euros and the other a sister company in dollars.  What exposure
 * is, and which limits are in force, is for SQL to say: ar.judge_credit().
 * Equality passes.  A customer without a limit may owe anything, one with a
 * limit of zero nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "credit/limit.h"
#include "item/posting.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_enforce_limit);

/* A balance row as the statement left it, or found it. */
typedef struct Balance
{
	int32		ledger_id;
	int64		customer_id;
	uint32		currency;
	int64		exposure_minor;
} Balance;

/* Most customers have neither limit nor group: asked first, and cheaply. */
static ArStatement find_limited =
{
	.sql =
	"SELECT c.customer_id FROM unnest($2) AS w(customer_id)"
	" JOIN LATERAL (SELECT c.customer_id, c.credit_limit, c.parent_id FROM ar.customer AS c"
	"  WHERE c.ledger_id = $1 AND c.customer_id = w.customer_id OFFSET 0) AS c"
	"  ON (c.credit_limit IS NOT NULL OR c.parent_id IS NOT NULL"
	"   OR (SELECT a.customer_id FROM ar.credit_account AS a"
	"    WHERE a.ledger_id = $1 AND a.customer_id = c.customer_id) IS NOT NULL"
	"   OR EXISTS (SELECT FROM ar.credit_policy AS p"
	"    WHERE p.ledger_id = $1 AND p.default_limit IS NOT NULL))",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement judge =
{
	.sql =
	"SELECT j.customer_code, j.holder_code, j.exposure, j.credit_limit, j.action, j.probation_percent"
	" FROM ar.judge_credit($1, $2) AS j",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * read_balances copies balance rows out of a transition table.
 */
static Balance *
read_balances(TriggerData *trigger, Tuplestorestate *store, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	open_debits = ar_column(relation, "open_debits", AR_TYPE_MONETARY);
	AttrNumber	open_credits = ar_column(relation, "open_credits", AR_TYPE_MONETARY);
	int			rows_count = ar_transition_count(store, INT_MAX);
	Balance    *balances;
	ArTransition rows;
	int			n = 0;

	balances = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Balance) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, store);
	while (ar_transition_next(&rows))
	{
		Balance    *balance = &balances[n++];
		ArMonetary *debits = DatumGetArMonetaryP(ar_transition_value(&rows, open_debits));
		ArMonetary *credits = DatumGetArMonetaryP(ar_transition_value(&rows, open_credits));

		balance->ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		balance->customer_id = DatumGetInt64(ar_transition_value(&rows, customer_id));
		balance->currency = debits->currency;
		balance->exposure_minor = ar_add_minor(ar_monetary_minor(debits),
											   ar_monetary_minor(credits));
	}
	ar_transition_end(&rows);
	*count = n;
	return balances;
}

/*
 * compare_balances orders balances by key.
 */
static int
compare_balances(const void *left, const void *right)
{
	const Balance *a = left;
	const Balance *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->currency != b->currency)
		return a->currency < b->currency ? -1 : 1;
	return 0;
}

/*
 * keep_risen drops the balances whose exposure did not rise: paying, and
 * applying what was paid, is never refused, even to who is over his limit.
 */
static int
keep_risen(Balance *after, int after_count, Balance *before, int before_count)
{
	int			kept = 0;

	for (int i = 0; i < after_count; i++)
	{
		Balance    *old = before_count == 0 ? NULL :
			bsearch(&after[i], before, before_count, sizeof(Balance), compare_balances);

		if (after[i].exposure_minor > (old == NULL ? 0 : old->exposure_minor))
			after[kept++] = after[i];
	}
	return kept;
}

/*
 * refuse raises what one breach of a limit is: an error, or a warning.
 */
static void
refuse(Relation relation, int level, const char *code, const char *holder,
	   ArMonetary *exposure, ArMonetary *limit, const char *probation)
{
	ArMonetary	excess;
	StringInfoData group;

	initStringInfo(&group);
	if (strcmp(code, holder) != 0)
		appendStringInfo(&group, " Customer \"%s\" counts against it as a member of the group.", code);
	if (probation != NULL)
		appendStringInfo(&group, " During probation the limit is %s percent of what was granted.", probation);
	ar_monetary_set(&excess, ar_add_minor(ar_monetary_minor(exposure),
										  -ar_monetary_minor(limit)),
					limit->currency);
	ereport(level,
			(errcode(level >= ERROR ? ERRCODE_AR_CREDIT_LIMIT_EXCEEDED : ERRCODE_WARNING),
			 errmsg("credit limit of customer \"%s\" exceeded", holder),
			 errdetail("The exposure would be %s against a limit of %s, an excess of %s.%s",
					   ar_monetary_to_cstring(exposure), ar_monetary_to_cstring(limit),
					   ar_monetary_to_cstring(&excess), group.data),
			 errhint("Take a payment first, lower the amount, or raise the limit."),
			 errtableconstraint(relation, "customer_balance_credit_limit_check")));
}

/*
 * level_of tells what a breach does: nothing (0), a warning, or an error.
 */
static int
level_of(const char *action, ArCreditRoad road)
{
	if (strcmp(action, "refuse") == 0)
		return ERROR;
	if (strcmp(action, "tolerate") == 0)
		return road == AR_CREDIT_DRAFT ? 0 : WARNING;
	/* Hold and warn: invoices were judged one by one before they were posted. */
	if (road == AR_CREDIT_BALANCE || road == AR_CREDIT_DRAFT)
		return 0;
	return strcmp(action, "hold") == 0 && road == AR_CREDIT_OTHER ? ERROR : WARNING;
}

/*
 * ar_judge_credit judges the customers of one ledger, and their groups, as
 * things stand now.  A writer must be active.
 */
void
ar_judge_credit(Relation relation, int32 ledger_id, Datum customer_ids, ArCreditRoad road)
{
	Datum		values[2];
	Datum	   *limited;
	uint64		rows;
	SPITupleTable *breaches;

	values[0] = Int32GetDatum(ledger_id);
	values[1] = customer_ids;
	rows = ar_writer_execute(&find_limited, values, SPI_OK_SELECT);
	limited = palloc_extended(sizeof(Datum) * (Size) Max(rows, 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;

		limited[i] = Int64GetDatum(DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
															   SPI_tuptable->tupdesc, 1, &isnull)));
	}
	SPI_freetuptable(SPI_tuptable);
	if (rows == 0)
		return;
	values[1] = ar_array(limited, NULL, rows, INT8OID);
	rows = ar_writer_execute(&judge, values, SPI_OK_SELECT);
	breaches = SPI_tuptable;
	/* An error is worth more than a warning: those first. */
	for (int severe = 1; severe >= 0; severe--)
		for (uint64 i = 0; i < rows; i++)
		{
			HeapTuple	row = breaches->vals[i];
			TupleDesc	desc = breaches->tupdesc;
			bool		isnull;
			int			level = level_of(SPI_getvalue(row, desc, 5), road);

			if (level == 0 || (level >= ERROR) != severe)
				continue;
			/* Each group that a move changes is judged, and by its own limit alone. */
			if (road == AR_CREDIT_MOVE &&
				strcmp(SPI_getvalue(row, desc, 1), SPI_getvalue(row, desc, 2)) != 0)
				continue;
			refuse(relation, level, SPI_getvalue(row, desc, 1), SPI_getvalue(row, desc, 2),
				   DatumGetArMonetaryP(SPI_getbinval(row, desc, 3, &isnull)),
				   DatumGetArMonetaryP(SPI_getbinval(row, desc, 4, &isnull)),
				   SPI_getvalue(row, desc, 6));
		}
	SPI_freetuptable(breaches);
}

/*
 * judge_ledger judges the customers of one ledger whose exposure rose.
 */
static void
judge_ledger(Relation relation, Balance *balances, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	int			n = 0;

	for (int i = 0; i < count; i++)
		if (i == 0 || balances[i].customer_id != balances[i - 1].customer_id)
			ids[n++] = Int64GetDatum(balances[i].customer_id);
	ar_judge_credit(relation, balances[0].ledger_id,
					ar_array(ids, NULL, n, INT8OID), AR_CREDIT_BALANCE);
}

/*
 * ar_tg_enforce_limit judges the balances that a statement raised.
 */
Datum
ar_tg_enforce_limit(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_enforce_limit", TRIGGER_EVENT_AFTER);
	Balance    *after;
	Balance    *before;
	int			count;
	int			before_count;
	int			first = 0;
	ArWriter	writer;

	if (!ar_writer_is_judged())
		return PointerGetDatum(NULL);
	after = read_balances(trigger, trigger->tg_newtable, &count);
	before = read_balances(trigger, trigger->tg_oldtable, &before_count);
	qsort(before, before_count, sizeof(Balance), compare_balances);
	count = keep_risen(after, count, before, before_count);
	if (count == 0)
		return PointerGetDatum(NULL);
	qsort(after, count, sizeof(Balance), compare_balances);

	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < count && after[i].ledger_id == after[first].ledger_id)
			continue;
		judge_ledger(trigger->tg_relation, &after[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
