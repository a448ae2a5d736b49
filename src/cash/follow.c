/*
 * follow.c
 *		What follows from a payment that is reversed or finds its customer,
 *		whoever wrote it down.
 *
 * The triggers read in C which rows a statement wrote, and hand the ids of
 * their payments to the SQL function of their table, which acts as the writer.
 * A trigger's argument names the table; which function that is stands here, so
 * that a trigger cannot have another run.
 *
 * No credit limit is judged meanwhile: what the bank took back is gone,
 * whatever we think of it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "item/transition.h"
#include "item/writer.h"

PG_FUNCTION_INFO_V1(ar_tg_follow_payments);
PG_FUNCTION_INFO_V1(ar_tg_guard_reversal);

typedef struct Row
{
	int32		ledger_id;
	int64		payment_id;
} Row;

static struct
{
	const char *argument;		/* of the trigger */
	ArStatement statement;
}			followed[] =
{
	{"payment_reversal", {
		.sql = "SELECT ar.follow_payment_reversals($1, $2)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	}},
	{"payment_transfer", {
		.sql = "SELECT ar.follow_payment_transfers($1, $2)",
		.nargs = 2,
		.argtypes = {INT4OID, INT8ARRAYOID}
	}},
};

/*
 * compare_rows orders rows by ledger and payment.
 */
static int
compare_rows(const void *left, const void *right)
{
	const Row  *a = left;
	const Row  *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->payment_id != b->payment_id)
		return a->payment_id < b->payment_id ? -1 : 1;
	return 0;
}

/*
 * follow hands the payments of one ledger to the function of their table.
 */
static void
follow(ArStatement *statement, Row *rows, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[2];

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(rows[i].payment_id);
	values[0] = Int32GetDatum(rows[0].ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	ar_writer_execute(statement, values, SPI_OK_SELECT);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * ar_tg_follow_payments does what follows from the rows that a statement
 * inserted into the table that the trigger's argument names.
 */
Datum
ar_tg_follow_payments(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_follow_payments", TRIGGER_EVENT_AFTER);
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	payment_id = ar_column(relation, "payment_id", INT8OID);
	int			count = ar_transition_count(trigger->tg_newtable, INT_MAX);
	ArStatement *statement = NULL;
	ArTransition transition;
	ArWriter	writer;
	Row		   *rows;
	int			n = 0;
	int			first = 0;

	for (int i = 0; i < (int) lengthof(followed); i++)
		if (trigger->tg_trigger->tgnargs == 1 &&
			strcmp(trigger->tg_trigger->tgargs[0], followed[i].argument) == 0)
			statement = &followed[i].statement;
	if (statement == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function \"%s\" needs the argument \"payment_reversal\" or \"payment_transfer\"",
						"ar.tg_follow_payments")));
	if (count == 0)
		return PointerGetDatum(NULL);

	rows = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Row) * (Size) count);
	ar_transition_begin(&transition, trigger, trigger->tg_newtable);
	while (ar_transition_next(&transition))
	{
		rows[n].ledger_id = DatumGetInt32(ar_transition_value(&transition, ledger_id));
		rows[n++].payment_id = DatumGetInt64(ar_transition_value(&transition, payment_id));
	}
	ar_transition_end(&transition);
	qsort(rows, n, sizeof(Row), compare_rows);

	ar_writer_begin(&writer, relation);
	ar_writer_forgo_judgement();
	for (int i = 1; i <= n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < n && rows[i].ledger_id == rows[first].ledger_id)
			continue;
		follow(statement, &rows[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}

/*
 * ar_tg_guard_reversal refuses an adjustment that takes a payment back, but
 * for the one that the reversal of the payment writes.
 */
Datum
ar_tg_guard_reversal(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_guard_reversal",
									  TRIGGER_EVENT_BEFORE | TRIGGER_EVENT_ROW);

	if (!ar_writer_active())
		ereport(ERROR,
				(errcode(ERRCODE_AR_IMMUTABLE),
				 errmsg("an adjustment of kind \"%s\" is written by the reversal of its payment alone",
						"reversal"),
				 errhint("Reverse the payment with ar.reverse_payment(), or INSERT INTO ar.payment_reversal."),
				 errtable(trigger->tg_relation)));
	return PointerGetDatum(trigger->tg_trigtuple);
}
