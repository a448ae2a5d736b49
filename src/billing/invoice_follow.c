/*
 * invoice_follow.c
 *		What ties an invoice to the rows of other tables: its status follows its
 *		items, and its lines stay as they are once it is posted.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "billing/invoice_follow.h"
#include "item/posting.h"
#include "item/table.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/invoice_status.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_follow_items);
PG_FUNCTION_INFO_V1(ar_tg_guard_invoice_line);

/* What is read and written to follow items. */
typedef struct Followed
{
	ArTable		invoices;
	ArTable		items;			/* by invoice */
	AttrNumber	item_id;
	AttrNumber	amount;
	AttrNumber	open;
	int64	   *item_ids;		/* of one invoice */
	int			item_room;

	/* Read only where nothing is open any more. */
	ArTable		applications;	/* by debit item */
	AttrNumber	applied;
	AttrNumber	credit_item_id;
	ArTable		credits;
	AttrNumber	kind;
	ArTable		reversals;		/* by the invoice reversed */
	AttrNumber	recorded_at;
} Followed;

static const ArColumn invoice_columns[] = {
	{"status", AR_TYPE_STATUS}
};

/* Whether any is posted already is asked before any is locked. */
static ArStatement read_invoices_of_lines =
{
	.sql =
	"SELECT v.invoice_id, v.status FROM unnest($2) AS w(invoice_id)"
	" JOIN LATERAL (SELECT v.invoice_id, v.status FROM ar.invoice AS v"
	"  WHERE v.ledger_id = $1 AND v.invoice_id = w.invoice_id OFFSET 0) AS v ON true",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* Those inserted by this transaction are nobody else's to post. */
static ArStatement hold_invoices_of_lines =
{
	.sql =
	"SELECT v.invoice_id, v.status"
	" FROM (SELECT u.invoice_id FROM unnest($2) AS u(invoice_id) ORDER BY u.invoice_id) AS w"
	" JOIN LATERAL (SELECT v.invoice_id, v.status FROM ar.invoice AS v"
	"  WHERE v.ledger_id = $1 AND v.invoice_id = w.invoice_id"
	"   AND NOT ar.is_own_transaction(v.xmin) FOR NO KEY UPDATE) AS v ON true",
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
	" FROM (SELECT $1 AS ledger_id, u.invoice_id FROM unnest($2) AS u(invoice_id) OFFSET 0) AS w"
	" WHERE v.ledger_id = w.ledger_id AND v.invoice_id = w.invoice_id"
	"  AND NOT ar.is_own_transaction(v.xmin)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * compare_keys orders invoice keys.
 */
static int
compare_keys(const void *left, const void *right)
{
	const ArTouchedInvoice *a = left;
	const ArTouchedInvoice *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	return 0;
}

/*
 * collect_keys adds the invoice keys of a transition table to those there.
 */
static ArTouchedInvoice *
collect_keys(TriggerData *trigger, Tuplestorestate *store, ArTouchedInvoice *keys, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	invoice_id = ar_column(relation, "invoice_id", INT8OID);
	int			rows_count = ar_transition_count(store, INT_MAX / 2 - *count);
	ArTransition rows;

	if (keys == NULL)
		keys = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(ArTouchedInvoice) * (Size) Max(rows_count, 1));
	else
		keys = repalloc_huge(keys, sizeof(ArTouchedInvoice) * (Size) (*count + rows_count + 1));
	ar_transition_begin(&rows, trigger, store);
	while (ar_transition_next(&rows))
	{
		bool		isnull;
		Datum		value = slot_getattr(rows.slot, invoice_id, &isnull);

		if (isnull)
			continue;
		keys[*count].ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		keys[*count].invoice_id = DatumGetInt64(value);
		keys[(*count)++].is_paid = false;
	}
	ar_transition_end(&rows);
	return keys;
}

/*
 * for_each_ledger hands the sorted, distinct invoice ids of each ledger to a
 * function, as the two arguments of its statements.
 */
static void
for_each_ledger(ArTouchedInvoice *keys, int count,
				void (*work) (Relation relation, Datum *values), Relation relation)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	int			n = 0;

	qsort(keys, count, sizeof(ArTouchedInvoice), compare_keys);
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
 * begin_following opens what is read and written to follow items.
 */
static void
begin_following(Followed *followed)
{
	memset(followed, 0, sizeof(Followed));
	ar_table_begin(&followed->items, "item", CMD_SELECT, NULL, 0);
	ar_table_use_index(&followed->items, "item_invoice_key");
	followed->item_id = ar_column(followed->items.relation, "item_id", INT8OID);
	followed->amount = ar_column(followed->items.relation, "amount", AR_TYPE_MONETARY);
	followed->open = ar_column(followed->items.relation, "open", AR_TYPE_MONETARY);
	ar_table_begin(&followed->invoices, "invoice", CMD_UPDATE,
				   invoice_columns, lengthof(invoice_columns));
}

/*
 * begin_looking_back opens what is read only where nothing is open any more.
 */
static void
begin_looking_back(Followed *followed)
{
	if (followed->applications.relation != NULL)
		return;
	ar_table_begin(&followed->applications, "application", CMD_SELECT, NULL, 0);
	ar_table_use_index(&followed->applications, "application_debit_item_idx");
	followed->applied = ar_column(followed->applications.relation, "amount", AR_TYPE_MONETARY);
	followed->credit_item_id = ar_column(followed->applications.relation, "credit_item_id", INT8OID);
	ar_table_begin(&followed->credits, "item", CMD_SELECT, NULL, 0);
	followed->kind = ar_column(followed->credits.relation, "kind", TEXTOID);
}

/*
 * end_following closes all that is open.
 */
static void
end_following(Followed *followed)
{
	if (followed->reversals.relation != NULL)
		ar_table_end(&followed->reversals);
	if (followed->applications.relation != NULL)
	{
		ar_table_end(&followed->credits);
		ar_table_end(&followed->applications);
	}
	ar_table_end(&followed->invoices);
	ar_table_end(&followed->items);
}

/*
 * minor_of reads the amount in a column of the row found.
 */
static int64
minor_of(ArTable *table, AttrNumber column)
{
	return ar_monetary_minor(DatumGetArMonetaryP(ar_table_value(table, column)));
}

/*
 * is_kind tells whether the item found is of a kind.
 */
static bool
is_kind(text *kind, const char *wanted)
{
	return VARSIZE_ANY_EXHDR(kind) == strlen(wanted) &&
		memcmp(VARDATA_ANY(kind), wanted, strlen(wanted)) == 0;
}

/*
 * written_off_minor adds up what write-offs gave an item and still stands:
 * counter-rows count as what they are, negative.  It notes whether a credit
 * memo, which may be a reversal, gave it something.
 */
static int64
written_off_minor(Followed *followed, int32 ledger_id, int64 item_id, bool *has_memo)
{
	Datum		key[2] = {Int32GetDatum(ledger_id), Int64GetDatum(item_id)};
	int64		total = 0;

	for (bool found = ar_table_find(&followed->applications, key, lengthof(key)); found;
		 found = ar_table_next(&followed->applications))
	{
		Datum		credit_key[2] = {key[0], ar_table_value(&followed->applications, followed->credit_item_id)};
		text	   *kind;

		if (!ar_table_find(&followed->credits, credit_key, lengthof(credit_key)))
			continue;
		kind = DatumGetTextPP(ar_table_value(&followed->credits, followed->kind));
		if (is_kind(kind, "credit_memo"))
			*has_memo = true;
		if (is_kind(kind, "write_off"))
			total = ar_add_minor(total, minor_of(&followed->applications, followed->applied));
	}
	return total;
}

/*
 * is_reversed tells whether the reversal of an invoice is posted.
 */
static bool
is_reversed(Followed *followed, const Datum *invoice_key)
{
	bool		isnull = true;

	if (followed->reversals.relation == NULL)
	{
		ar_table_begin(&followed->reversals, "invoice", CMD_SELECT, NULL, 0);
		ar_table_use_index(&followed->reversals, "invoice_reverses_key");
		followed->recorded_at = ar_column(followed->reversals.relation, "recorded_at", TIMESTAMPTZOID);
	}
	if (ar_table_find(&followed->reversals, invoice_key, 2))
		(void) slot_getattr(followed->reversals.row, followed->recorded_at, &isnull);
	return !isnull;
}

/*
 * status_now finds the status that the items of an invoice give it.  With
 * nothing open it is void when that was taken by its reversal, which takes all
 * or is not posted, and written off while a write-off stands.
 */
static ArInvoiceStatus
status_now(Followed *followed, const ArTouchedInvoice *invoice, const Datum *invoice_key)
{
	ArTable    *items = &followed->items;
	int64		total = 0;
	int64		open = 0;
	int64		written_off = 0;
	bool		has_memo = false;
	bool		reversed = false;
	int			count = 0;

	for (bool found = ar_table_find(items, invoice_key, 2); found;
		 found = ar_table_next(items))
	{
		total = ar_add_minor(total, minor_of(items, followed->amount));
		open = ar_add_minor(open, minor_of(items, followed->open));
		if (count == followed->item_room)
		{
			followed->item_room = Max(2 * count, 16);
			followed->item_ids = count == 0 ? palloc(sizeof(int64) * followed->item_room) :
				repalloc(followed->item_ids, sizeof(int64) * followed->item_room);
		}
		followed->item_ids[count++] = DatumGetInt64(ar_table_value(items, followed->item_id));
	}
	/* Of one that payments alone have settled there is nothing to look for. */
	if (open == 0 && !(invoice->is_paid && count == 1))
	{
		begin_looking_back(followed);
		for (int i = 0; i < count; i++)
			written_off = ar_add_minor(written_off,
									   written_off_minor(followed, invoice->ledger_id,
														 followed->item_ids[i], &has_memo));
		reversed = has_memo && is_reversed(followed, invoice_key);
	}
	return ar_status_of(total, open, written_off > 0, reversed);
}

/*
 * follow gives an invoice the status that its items have.
 */
static void
follow(Followed *followed, const ArTouchedInvoice *invoice)
{
	ArTable    *invoices = &followed->invoices;
	Datum		key[2] = {Int32GetDatum(invoice->ledger_id), Int64GetDatum(invoice->invoice_id)};
	ArInvoiceStatus status = status_now(followed, invoice, key);
	Datum		value = ArInvoiceStatusGetDatum(status);

	if (ar_table_find(invoices, key, lengthof(key)) &&
		DatumGetArInvoiceStatus(ar_table_value(invoices, invoices->columns[0])) != status &&
		ar_table_lock(invoices))
		ar_table_update(invoices, &value, NULL);
}

/*
 * ar_follow_items gives invoices the status that their items now have.  The
 * array is reordered.
 */
void
ar_follow_items(Relation items, ArTouchedInvoice *invoices, int count)
{
	Followed	followed;
	ArWriter	writer;

	if (count == 0)
		return;
	qsort(invoices, count, sizeof(ArTouchedInvoice), compare_keys);
	ar_writer_begin(&writer, items);
	begin_following(&followed);
	for (int i = 0; i < count; i++)
		if (i == 0 || compare_keys(&invoices[i - 1], &invoices[i]) != 0)
			follow(&followed, &invoices[i]);
	end_following(&followed);
	ar_writer_end(&writer);
}

/*
 * ar_tg_follow_items does so for items that anybody changed.
 */
Datum
ar_tg_follow_items(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_follow_items", TRIGGER_EVENT_AFTER);
	int			count = 0;
	ArTouchedInvoice *invoices = collect_keys(trigger, trigger->tg_newtable, NULL, &count);

	ar_follow_items(trigger->tg_relation, invoices, count);
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
	ArTouchedInvoice *keys = NULL;
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
