/*
 * invoice_follow.c
 *		What ties an invoice to the rows of other tables: its status follows its
 *		items, and its lines stay as they are once it is posted.
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
#include "type/invoice_status.h"

PG_FUNCTION_INFO_V1(ar_tg_follow_items);
PG_FUNCTION_INFO_V1(ar_tg_guard_invoice_line);

/*
 * An invoice is written off when its last part was taken by a write-off that
 * still stands.  The items are looked up invoice by invoice: a join with all
 * of them summed up beforehand would be read again for each.
 */
static ArStatement follow_items =
{
	.sql =
	"UPDATE ar.invoice AS v SET status = s.status"
	" FROM unnest($2) AS w(invoice_id),"
	"  LATERAL (SELECT ar.invoice_status_of(ar.sum(i.amount), ar.sum(i.open),"
	"    ar.sign(ar.sum(i.open)) = 0 AND ar.is_written_off($1, w.invoice_id)) AS status"
	"   FROM ar.item AS i"
	"   WHERE i.ledger_id = $1 AND i.invoice_id = w.invoice_id) AS s"
	" WHERE v.ledger_id = $1 AND v.invoice_id = w.invoice_id"
	"  AND v.status OPERATOR(ar.<>) s.status",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* Whether any is posted already is asked before any is locked. */
static ArStatement read_invoices_of_lines =
{
	.sql =
	"SELECT v.invoice_id, v.status FROM ar.invoice AS v"
	" WHERE v.ledger_id = $1 AND v.invoice_id = ANY ($2)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* Those inserted by this transaction are nobody else's to post. */
static ArStatement hold_invoices_of_lines =
{
	.sql =
	"SELECT v.invoice_id, v.status FROM ar.invoice AS v"
	" WHERE v.ledger_id = $1 AND v.invoice_id = ANY ($2)"
	"  AND NOT ar.is_own_transaction(v.xmin)"
	" ORDER BY v.invoice_id FOR NO KEY UPDATE",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * The drafts are updated, not merely locked: a transaction at REPEATABLE READ
 * that posts one later, by a snapshot that lacks these lines, must fail.
 */
static ArStatement touch_invoices_of_lines =
{
	.sql =
	"UPDATE ar.invoice AS v SET status = v.status"
	" WHERE v.ledger_id = $1 AND v.invoice_id = ANY ($2)"
	"  AND NOT ar.is_own_transaction(v.xmin)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* A key of an invoice, as collected from other tables' rows. */
typedef struct InvoiceKey
{
	int32		ledger_id;
	int64		invoice_id;
} InvoiceKey;

/*
 * compare_keys orders invoice keys.
 */
static int
compare_keys(const void *left, const void *right)
{
	const InvoiceKey *a = left;
	const InvoiceKey *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	return 0;
}

/*
 * collect_keys adds the invoice keys of a transition table to those there.
 */
static InvoiceKey *
collect_keys(TriggerData *trigger, Tuplestorestate *store, InvoiceKey *keys, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	invoice_id = ar_column(relation, "invoice_id", INT8OID);
	int			rows_count = ar_transition_count(store, INT_MAX / 2 - *count);
	ArTransition rows;

	if (keys == NULL)
		keys = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(InvoiceKey) * (Size) Max(rows_count, 1));
	else
		keys = repalloc_huge(keys, sizeof(InvoiceKey) * (Size) (*count + rows_count + 1));
	ar_transition_begin(&rows, trigger, store);
	while (ar_transition_next(&rows))
	{
		bool		isnull;
		Datum		value = slot_getattr(rows.slot, invoice_id, &isnull);

		if (isnull)
			continue;
		keys[*count].ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		keys[*count].invoice_id = DatumGetInt64(value);
		(*count)++;
	}
	ar_transition_end(&rows);
	return keys;
}

/*
 * for_each_ledger hands the sorted, distinct invoice ids of each ledger to a
 * function, as the two arguments of its statements.
 */
static void
for_each_ledger(InvoiceKey *keys, int count,
				void (*work) (Relation relation, Datum *values), Relation relation)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	int			n = 0;

	qsort(keys, count, sizeof(InvoiceKey), compare_keys);
	for (int i = 0; i < count; i++)
	{
		Datum		values[2];

		CHECK_FOR_INTERRUPTS();
		if (i == 0 || compare_keys(&keys[i - 1], &keys[i]) != 0)
			ids[n++] = Int64GetDatum(keys[i].invoice_id);
		if (i + 1 < count && keys[i + 1].ledger_id == keys[i].ledger_id)
			continue;
		values[0] = Int32GetDatum(keys[i].ledger_id);
		values[1] = ar_array(ids, NULL, n, INT8OID);
		work(relation, values);
		n = 0;
	}
}

/*
 * follow gives the invoices of one ledger the status that their items have.
 */
static void
follow(Relation relation, Datum *values)
{
	ar_writer_execute(&follow_items, values, SPI_OK_UPDATE);
}

/*
 * ar_tg_follow_items gives invoices the status that their items now have.
 */
Datum
ar_tg_follow_items(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_follow_items", TRIGGER_EVENT_AFTER);
	InvoiceKey *keys;
	int			count = 0;
	ArWriter	writer;

	keys = collect_keys(trigger, trigger->tg_newtable, NULL, &count);
	if (count == 0)
		return PointerGetDatum(NULL);
	ar_writer_begin(&writer, trigger->tg_relation);
	for_each_ledger(keys, count, follow, trigger->tg_relation);
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}

/*
 * refuse_posted looks at an invoice whose lines were written: a row of its id
 * and status.
 */
static void
refuse_posted(Relation relation, HeapTuple row, TupleDesc desc)
{
	bool		isnull;
	ArInvoiceStatus status =
		DatumGetArInvoiceStatus(SPI_getbinval(row, desc, 2, &isnull));

	if (status != AR_STATUS_DRAFT && status != AR_STATUS_HELD)
		ereport(ERROR,
				(errcode(ERRCODE_AR_IMMUTABLE),
				 errmsg("the lines of an invoice that is %s cannot be changed",
						ar_status_name(status)),
				 errhint("Add the lines to a draft, and post it then."),
				 errtable(relation)));
}

/*
 * hold_drafts holds the invoices of one ledger whose lines were written, one by
 * one: whoever has waited for a draft, and is left with an invoice that was
 * posted meanwhile, must not wait for another.
 */
static void
hold_drafts(Relation relation, Datum *values)
{
	ar_writer_execute_each(&read_invoices_of_lines, values, refuse_posted, relation);
	if (ar_writer_execute_each(&hold_invoices_of_lines, values, refuse_posted, relation) > 0)
		ar_writer_execute(&touch_invoices_of_lines, values, SPI_OK_UPDATE);
}

/*
 * ar_tg_guard_invoice_line refuses new, changed and deleted lines of an
 * invoice that is posted.  It holds the invoices, so that none is posted
 * while its lines are written, nor later without them.
 */
Datum
ar_tg_guard_invoice_line(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_guard_invoice_line", TRIGGER_EVENT_AFTER);
	InvoiceKey *keys = NULL;
	int			count = 0;
	ArWriter	writer;

	if (trigger->tg_newtable != NULL)
		keys = collect_keys(trigger, trigger->tg_newtable, keys, &count);
	if (trigger->tg_oldtable != NULL)
		keys = collect_keys(trigger, trigger->tg_oldtable, keys, &count);
	if (count == 0)
		return PointerGetDatum(NULL);
	ar_writer_begin(&writer, trigger->tg_relation);
	for_each_ledger(keys, count, hold_drafts, trigger->tg_relation);
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
