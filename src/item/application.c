/*
 * application.c
 *		Applications: one credit item meets one debit item, for an amount, on a
 *		date; and what that does to both items and to the balance.
 *
 * An application is undone by its counter-row: the same two items, the amount
 * negated, reverses_id naming the row undone.
 *
 * To keep every past day right as well as today, an application may not be
 * dated before either of its items, nor before the day on which an earlier
 * application of one of them was undone (ar.item.undone_on).  With that, what
 * is open of an item lies between zero and its amount on every day there ever
 * was.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "item/application.h"
#include "item/posting.h"
#include "item/table.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_apply);

/* Items know nothing of invoices: what follows them says so when it is loaded. */
ArItemsFollower ar_items_follower = NULL;

/* The trigger that tells it what anybody else changes. */
#define FOLLOWER_TRIGGER	"item_follow_aus"

/* One new row of ar.application. */
typedef struct Application
{
	int32		ledger_id;
	int64		application_id;
	int64		customer_id;	/* of both items; 0: it is not known yet */
	int64		credit_item_id;
	int64		debit_item_id;
	ItemPointerData debit_place;	/* invalid: not known */
	int64		amount_minor;
	uint32		currency;
	DateADT		applied_on;
	int64		reverses_id;	/* 0: undoes nothing */
} Application;

/* An item touched by the statement, and what the statement does to it. */
typedef struct TouchedItem
{
	int64		item_id;		/* hash key */
	bool		is_found;		/* what never changes of it is known: */
	int64		customer_id;
	int64		amount_minor;
	uint32		currency;
	DateADT		issued_on;
	int64		change_minor;	/* taken off what is open */
	bool		has_applied;	/* touched by a new application */
	bool		has_other;		/* and not only by payments that came in just now */
	DateADT		first_applied_on;	/* the earliest of them */
	DateADT		last_applied_on;	/* the latest of them */
	bool		has_undone;		/* touched by a counter-row */
	DateADT		undone_on;		/* the latest of them */
	ArPosting  *fresh;			/* it is not made yet; NULL: it is */
	ItemPointerData place;		/* where its row was read; invalid: not known */
} TouchedItem;

/* What applications change of an item. */
static const ArColumn item_columns[] = {
	{"open", AR_TYPE_MONETARY},
	{"closed_on", DATEOID},
	{"undone_on", DATEOID}
};

/* In the order of insert_found. */
static const ArColumn found_columns[] = {
	{"ledger_id", INT4OID},
	{"credit_item_id", INT8OID},
	{"debit_item_id", INT8OID},
	{"amount", AR_TYPE_MONETARY},
	{"applied_on", DATEOID},
	{"rule", TEXTOID},
	{"confidence", NUMERICOID}
};

#define FOUND_COLUMNS	lengthof(found_columns)

static ArStatement read_undone =
{
	.sql =
	"SELECT a.application_id, a.credit_item_id, a.debit_item_id, a.amount,"
	"  a.applied_on"
	" FROM unnest($2) AS w(application_id)"
	" JOIN LATERAL (SELECT * FROM ar.application AS a"
	"  WHERE a.ledger_id = $1 AND a.application_id = w.application_id OFFSET 0) AS a ON true",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * compare_applications groups the rows by ledger, in the order of their ids.
 */
static int
compare_applications(const void *left, const void *right)
{
	const Application *a = left;
	const Application *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->application_id != b->application_id)
		return a->application_id < b->application_id ? -1 : 1;
	return 0;
}

/*
 * compare_items orders items as they are locked.
 */
static int
compare_items(const void *left, const void *right)
{
	const TouchedItem *a = *(TouchedItem *const *) left;
	const TouchedItem *b = *(TouchedItem *const *) right;

	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * read_applications copies the new rows out of the transition table.
 */
static Application *
read_applications(TriggerData *trigger, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	application_id = ar_column(relation, "application_id", INT8OID);
	AttrNumber	credit_item_id = ar_column(relation, "credit_item_id", INT8OID);
	AttrNumber	debit_item_id = ar_column(relation, "debit_item_id", INT8OID);
	AttrNumber	amount = ar_column(relation, "amount", AR_TYPE_MONETARY);
	AttrNumber	applied_on = ar_column(relation, "applied_on", DATEOID);
	AttrNumber	reverses_id = ar_column(relation, "reverses_id", INT8OID);
	int			rows_count;
	Application *applications;
	ArTransition rows;
	int			n = 0;

	/* Two item ids a row must fit an array. */
	rows_count = ar_transition_count(trigger->tg_newtable, INT_MAX / 4);
	applications = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(Application) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		Application *application = &applications[n++];
		ArMonetary *value = DatumGetArMonetaryP(ar_transition_value(&rows, amount));
		bool		isnull;
		Datum		reverses;

		application->ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		application->customer_id = 0;
		ItemPointerSetInvalid(&application->debit_place);
		application->application_id = DatumGetInt64(ar_transition_value(&rows, application_id));
		application->credit_item_id = DatumGetInt64(ar_transition_value(&rows, credit_item_id));
		application->debit_item_id = DatumGetInt64(ar_transition_value(&rows, debit_item_id));
		application->amount_minor = ar_monetary_minor(value);
		application->currency = value->currency;
		application->applied_on = DatumGetDateADT(ar_transition_value(&rows, applied_on));
		reverses = slot_getattr(rows.slot, reverses_id, &isnull);
		application->reverses_id = isnull ? 0 : DatumGetInt64(reverses);
	}
	ar_transition_end(&rows);
	qsort(applications, n, sizeof(Application), compare_applications);
	*count = n;
	return applications;
}

/*
 * touch finds or makes the entry of an item.
 */
static TouchedItem *
touch(HTAB *items, int64 item_id)
{
	bool		found;
	TouchedItem *item = hash_search(items, &item_id, HASH_ENTER, &found);

	if (!found)
	{
		memset(item, 0, sizeof(TouchedItem));
		item->item_id = item_id;
	}
	return item;
}

/*
 * sorted_items lists the touched items in lock order.
 */
static TouchedItem **
sorted_items(HTAB *items, int *count)
{
	HASH_SEQ_STATUS scan;
	TouchedItem **sorted;
	TouchedItem *item;
	int			n = 0;

	sorted = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(TouchedItem *) * hash_get_num_entries(items));
	hash_seq_init(&scan, items);
	while ((item = hash_seq_search(&scan)) != NULL)
		sorted[n++] = item;
	qsort(sorted, n, sizeof(TouchedItem *), compare_items);
	*count = n;
	return sorted;
}

/* Where what never changes of an item stands. */
typedef struct ItemPlaces
{
	AttrNumber	ledger_id;
	AttrNumber	item_id;
	AttrNumber	customer_id;
	AttrNumber	amount;
	AttrNumber	issued_on;
	AttrNumber	invoice_id;
} ItemPlaces;

/*
 * find_places finds the columns of what never changes.
 */
static void
find_places(Relation items, ItemPlaces *places)
{
	places->ledger_id = ar_column(items, "ledger_id", INT4OID);
	places->item_id = ar_column(items, "item_id", INT8OID);
	places->customer_id = ar_column(items, "customer_id", INT8OID);
	places->amount = ar_column(items, "amount", AR_TYPE_MONETARY);
	places->issued_on = ar_column(items, "issued_on", DATEOID);
	places->invoice_id = ar_column(items, "invoice_id", INT8OID);
}

/*
 * find_item finds the row of an item: where it was read, if it is there still.
 */
static bool
find_item(ArTable *items, const ItemPlaces *places, int32 ledger_id, const TouchedItem *item)
{
	Datum		key[2] = {Int32GetDatum(ledger_id), Int64GetDatum(item->item_id)};

	if (ar_table_find_at(items, &item->place) &&
		DatumGetInt64(ar_table_value(items, places->item_id)) == item->item_id &&
		DatumGetInt32(ar_table_value(items, places->ledger_id)) == ledger_id)
		return true;
	return ar_table_find(items, key, lengthof(key));
}

/*
 * read_item reads what never changes of the item found: whose it is, how much
 * and since when.
 */
static void
read_item(ArTable *items, const ItemPlaces *places, TouchedItem *item)
{
	ArMonetary *value = DatumGetArMonetaryP(ar_table_value(items, places->amount));

	item->is_found = true;
	item->customer_id = DatumGetInt64(ar_table_value(items, places->customer_id));
	item->amount_minor = ar_monetary_minor(value);
	item->currency = value->currency;
	item->issued_on = DatumGetDateADT(ar_table_value(items, places->issued_on));
}

/*
 * load_items reads what never changes of the touched items.  It may come before
 * the lock for that reason.
 */
static void
load_items(int32 ledger_id, TouchedItem **sorted, int count)
{
	ArTable		items;
	ItemPlaces	places;

	ar_table_begin(&items, "item", CMD_SELECT, NULL, 0);
	find_places(items.relation, &places);
	for (int i = 0; i < count; i++)
		if (!sorted[i]->is_found && find_item(&items, &places, ledger_id, sorted[i]))
			read_item(&items, &places, sorted[i]);
	ar_table_end(&items);
}

/*
 * check_application judges one row by what never changes of its two items.
 */
static void
check_application(Relation relation, const Application *application,
				  const TouchedItem *credit, const TouchedItem *debit)
{
	if (!credit->is_found || !debit->is_found)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("item " INT64_FORMAT " does not exist in ledger %d",
						credit->is_found ? debit->item_id : credit->item_id,
						application->ledger_id),
				 errtableconstraint(relation, credit->is_found ?
									"application_debit_item_fkey" :
									"application_credit_item_fkey")));
	if (credit->amount_minor >= 0 || debit->amount_minor <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("an application joins a credit item with a debit item"),
				 credit->amount_minor >= 0 ?
				 errdetail("Item " INT64_FORMAT " is not a credit.", credit->item_id) :
				 errdetail("Item " INT64_FORMAT " is not a debit.", debit->item_id),
				 errhint("Give the payment or credit memo as credit_item_id, and the invoice or charge as debit_item_id."),
				 errtableconstraint(relation, "application_sides_check")));
	if (credit->customer_id != debit->customer_id)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("an application joins two items of the same customer"),
				 errdetail("Item " INT64_FORMAT " belongs to customer " INT64_FORMAT ", item " INT64_FORMAT " to customer " INT64_FORMAT ".",
						   credit->item_id, credit->customer_id,
						   debit->item_id, debit->customer_id),
				 errtableconstraint(relation, "application_customer_check")));
	if (credit->currency != application->currency ||
		debit->currency != application->currency)
	{
		char		of_credit[4],
					of_debit[4],
					of_application[4];

		ar_currency_code(credit->currency, of_credit);
		ar_currency_code(debit->currency, of_debit);
		ar_currency_code(application->currency, of_application);
		ereport(ERROR,
				(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
				 errmsg("an application and its two items must have the same currency"),
				 errdetail("The credit item is in %s, the debit item in %s, the application in %s.",
						   of_credit, of_debit, of_application),
				 errtablecol(relation, ar_column(relation, "amount", AR_TYPE_MONETARY))));
	}
	if (application->reverses_id == 0 &&
		application->applied_on < Max(credit->issued_on, debit->issued_on))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("an application cannot be dated before its items"),
				 errdetail("Items " INT64_FORMAT " and " INT64_FORMAT " are both there only from a later day on.",
						   credit->item_id, debit->item_id),
				 errhint("Leave applied_on to ar.apply(), which takes the later of the two dates."),
				 errtableconstraint(relation, "application_applied_on_check")));
}

/*
 * check_counter_rows insists that each counter-row is the exact opposite of
 * the application it undoes, on its day or later.
 */
static void
check_counter_rows(Relation relation, Application *applications, int count)
{
	Datum	   *ids = palloc(sizeof(Datum) * count);
	int			n = 0;
	HASHCTL		control = {.keysize = sizeof(int64),.entrysize = sizeof(Application *) + sizeof(int64)};
	HTAB	   *by_undone;
	Datum		values[2];
	uint64		rows;
	uint64		matched = 0;
	struct
	{
		int64		reverses_id;
		Application *application;
	}		   *entry;

	StaticAssertStmt(sizeof(*entry) == sizeof(Application *) + sizeof(int64),
					 "hash entry has no padding");
	control.hcxt = CurrentMemoryContext;
	by_undone = hash_create("ar_ext counter-rows", 64, &control,
							HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < count; i++)
	{
		if (applications[i].reverses_id == 0)
			continue;
		/* The unique key on reverses_id has made sure there is only one. */
		entry = hash_search(by_undone, &applications[i].reverses_id, HASH_ENTER, NULL);
		entry->application = &applications[i];
		ids[n++] = Int64GetDatum(applications[i].reverses_id);
	}
	if (n == 0)
		return;

	values[0] = Int32GetDatum(applications[0].ledger_id);
	values[1] = ar_array(ids, NULL, n, INT8OID);
	rows = ar_writer_execute(&read_undone, values, SPI_OK_SELECT);
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		int64		undone_id = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		ArMonetary *amount = DatumGetArMonetaryP(SPI_getbinval(row, desc, 4, &isnull));
		Application *application;

		entry = hash_search(by_undone, &undone_id, HASH_FIND, NULL);
		if (entry == NULL)
			elog(ERROR, "check_counter_rows: application " INT64_FORMAT " was not asked for", undone_id);
		application = entry->application;
		matched++;
		if (application->credit_item_id == DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull)) &&
			application->debit_item_id == DatumGetInt64(SPI_getbinval(row, desc, 3, &isnull)) &&
			application->currency == amount->currency &&
			application->amount_minor == -ar_monetary_minor(amount) &&
			application->applied_on >= DatumGetDateADT(SPI_getbinval(row, desc, 5, &isnull)))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("a counter-row must be the exact opposite of application " INT64_FORMAT,
						undone_id),
				 errdetail("It has the same two items, the amount negated, and a date not before that of the application."),
				 errhint("Use ar.unapply(), which writes it."),
				 errtableconstraint(relation, "application_reverses_check")));
	}
	SPI_freetuptable(SPI_tuptable);
	if (matched != (uint64) n)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("an application to be undone does not exist in ledger %d",
						applications[0].ledger_id),
				 errtableconstraint(relation, "application_reverses_fkey")));
}

/*
 * date_or reads a date of an item that may be null.
 */
static DateADT
date_or(ArTable *items, AttrNumber column, DateADT otherwise)
{
	bool		isnull;
	Datum		value = slot_getattr(items->row, column, &isnull);

	return isnull ? otherwise : DatumGetDateADT(value);
}

/*
 * check_open refuses what would be over-applied, or applied before an earlier
 * application was undone.
 */
static void
check_open(Relation relation, const TouchedItem *item, int64 open_minor,
		   int64 left_minor, DateADT undone_on)
{
	if (!ar_is_within(left_minor, item->amount_minor))
		ereport(ERROR,
				(errcode(ERRCODE_AR_OVER_APPLICATION),
				 errmsg("item " INT64_FORMAT " would be over-applied", item->item_id),
				 errdetail("%s is open, %s would be applied.",
						   ar_monetary_to_cstring(ar_monetary_make(open_minor, item->currency)),
						   ar_monetary_to_cstring(ar_monetary_make(item->change_minor, item->currency))),
				 errhint("Apply at most what is open of both items."),
				 errtablecol(relation, ar_column(relation, "amount", AR_TYPE_MONETARY))));
	if (item->has_applied && item->first_applied_on < undone_on)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("item " INT64_FORMAT " cannot be applied before the day on which an application of it was undone",
						item->item_id),
				 errdetail("That day is %s.",
						   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(undone_on)))),
				 errhint("Leave applied_on to ar.apply(), or give that day or a later one."),
				 errtableconstraint(relation, "application_applied_on_check")));
}

/*
 * last_application finds the latest date of all applications of an item.
 */
static DateADT
last_application(ArTable *applications, int32 ledger_id, const TouchedItem *item)
{
	Datum		key[2] = {Int32GetDatum(ledger_id), Int64GetDatum(item->item_id)};
	DateADT		last = DATEVAL_NOBEGIN;
	AttrNumber	applied_on;

	if (applications->relation == NULL)
	{
		ar_table_begin(applications, "application", CMD_SELECT, NULL, 0);
		ar_table_use_index(applications, item->amount_minor > 0 ?
						   "application_debit_item_idx" : "application_credit_item_idx");
	}
	applied_on = ar_column(applications->relation, "applied_on", DATEOID);
	for (bool found = ar_table_find(applications, key, lengthof(key)); found;
		 found = ar_table_next(applications))
		last = Max(last, DatumGetDateADT(ar_table_value(applications, applied_on)));
	return last;
}

/*
 * note_moved notes that an item of an invoice was changed.
 */
static void
note_moved(ArTable *items, const ItemPlaces *places, int32 ledger_id, bool is_paid,
		   ArTouchedInvoice *moved, int *count)
{
	bool		isnull;
	Datum		invoice_id = slot_getattr(items->row, places->invoice_id, &isnull);

	if (isnull)
		return;
	moved[*count].ledger_id = ledger_id;
	moved[*count].invoice_id = DatumGetInt64(invoice_id);
	moved[(*count)++].is_paid = is_paid;
}

/*
 * move_items takes what was applied off what is open of each item.
 */
static void
move_items(Relation relation, int32 ledger_id, TouchedItem **sorted, int count)
{
	ArTable		items;
	ArTable		by_debit = {NULL};
	ArTable		by_credit = {NULL};
	AttrNumber	open;
	AttrNumber	undone_on;
	ItemPlaces	places;
	ArTouchedInvoice *moved = MemoryContextAllocHuge(CurrentMemoryContext,
													 sizeof(ArTouchedInvoice) * (Size) count);
	int			moved_count = 0;
	bool		is_told;

	ar_table_begin(&items, "item", CMD_UPDATE, item_columns, lengthof(item_columns));
	is_told = ar_table_is_alone(&items, FOLLOWER_TRIGGER) &&
		ar_table_take_over(&items, FOLLOWER_TRIGGER);
	find_places(items.relation, &places);
	open = items.columns[0];
	undone_on = items.columns[2];
	for (int i = 0; i < count; i++)
	{
		TouchedItem *item = sorted[i];
		int64		open_minor;
		int64		left_minor;
		DateADT		undone;
		bool		is_untouched;
		ArMonetary	left;
		Datum		values[3];
		bool		nulls[3] = {false, true, true};

		if (item->fresh != NULL)
			continue;
		if (!find_item(&items, &places, ledger_id, item) || !ar_table_lock(&items))
			elog(ERROR, "move_items: item " INT64_FORMAT " is gone", item->item_id);
		if (!item->is_found)
			read_item(&items, &places, item);
		open_minor = ar_monetary_minor(DatumGetArMonetaryP(ar_table_value(&items, open)));
		left_minor = ar_add_minor(open_minor, -item->change_minor);
		undone = date_or(&items, undone_on, DATEVAL_NOBEGIN);
		if (item->has_undone)
			undone = Max(undone, item->undone_on);
		check_open(relation, item, open_minor, left_minor, undone);

		/* What nothing was applied to yet has no earlier application. */
		is_untouched = open_minor == item->amount_minor && DATE_IS_NOBEGIN(undone);
		ar_monetary_set(&left, left_minor, item->currency);
		values[0] = PointerGetDatum(&left);
		if (left_minor == 0)
		{
			DateADT		closed = item->has_applied ? item->last_applied_on : DATEVAL_NOBEGIN;

			if (!is_untouched)
				closed = Max(closed, last_application(item->amount_minor > 0 ? &by_debit : &by_credit,
													  ledger_id, item));
			values[1] = DateADTGetDatum(closed);
			nulls[1] = DATE_IS_NOBEGIN(closed);
		}
		values[2] = DateADTGetDatum(undone);
		nulls[2] = DATE_IS_NOBEGIN(undone);
		ar_table_update(&items, values, nulls);
		note_moved(&items, &places, ledger_id, is_untouched && left_minor == 0 && !item->has_other,
				   moved, &moved_count);
	}
	if (is_told)
		ar_items_follower(items.relation, moved, moved_count);
	if (by_credit.relation != NULL)
		ar_table_end(&by_credit);
	if (by_debit.relation != NULL)
		ar_table_end(&by_debit);
	ar_table_end(&items);
	pfree(moved);
}

/*
 * note_application adds one row to what the statement does to an item.
 */
static void
note_application(TouchedItem *item, int64 change_minor,
				 const Application *application)
{
	item->change_minor = ar_add_minor(item->change_minor, change_minor);
	if (application->reverses_id != 0)
	{
		item->undone_on = item->has_undone ?
			Max(item->undone_on, application->applied_on) : application->applied_on;
		item->has_undone = true;
	}
	else
	{
		item->first_applied_on = item->has_applied ?
			Min(item->first_applied_on, application->applied_on) : application->applied_on;
		item->last_applied_on = item->has_applied ?
			Max(item->last_applied_on, application->applied_on) : application->applied_on;
		item->has_applied = true;
	}
}

/*
 * touch_fresh makes the entry of an item that is to be made.
 */
static void
touch_fresh(HTAB *items, ArPosting *posting)
{
	TouchedItem *item = touch(items, posting->item_id);

	item->fresh = posting;
	item->is_found = true;
	item->customer_id = posting->customer_id;
	item->amount_minor = posting->amount_minor;
	item->currency = posting->currency;
	item->issued_on = posting->issued_on;
}

/*
 * make_items makes the items that are applied as they are made.
 */
static void
make_items(Relation relation, HTAB *items, ArPosting *fresh, int count)
{
	for (int i = 0; i < count; i++)
	{
		TouchedItem *item = touch(items, fresh[i].item_id);

		check_open(relation, item, fresh[i].amount_minor,
				   ar_add_minor(fresh[i].amount_minor, -item->change_minor), DATEVAL_NOBEGIN);
		fresh[i].applied_minor = item->change_minor;
		fresh[i].closed_on = item->last_applied_on;
	}
	ar_write_items(AR_DOCUMENT_PAYMENT, fresh, count);
}

/*
 * apply_ledger does all that the new rows of one ledger ask for; items that
 * are fresh it makes, with what is left of them.
 */
static void
apply_ledger(Relation relation, Application *applications, int count,
			 ArPosting *fresh, int fresh_count)
{
	HASHCTL		control = {.keysize = sizeof(int64),.entrysize = sizeof(TouchedItem)};
	int32		ledger_id = applications[0].ledger_id;
	ArBalanceChange *changes;
	HTAB	   *items;
	TouchedItem **sorted;
	int			item_count;
	/* Who found them read their items, whose customer he holds. */
	bool		is_known = applications[0].customer_id != 0;

	control.hcxt = CurrentMemoryContext;
	items = hash_create("ar_ext touched items", 256, &control,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	for (int i = 0; i < fresh_count; i++)
		touch_fresh(items, &fresh[i]);
	for (int i = 0; i < count; i++)
	{
		touch(items, applications[i].credit_item_id);
		touch(items, applications[i].debit_item_id)->place = applications[i].debit_place;
	}
	sorted = sorted_items(items, &item_count);
	if (!is_known)
		load_items(ledger_id, sorted, item_count);

	changes = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(ArBalanceChange) * (Size) (count + fresh_count));
	for (int i = 0; i < count; i++)
	{
		Application *application = &applications[i];
		TouchedItem *credit = touch(items, application->credit_item_id);
		TouchedItem *debit = touch(items, application->debit_item_id);

		if (!is_known)
			check_application(relation, application, credit, debit);
		note_application(credit, -application->amount_minor, application);
		note_application(debit, application->amount_minor, application);
		debit->has_other = debit->has_other || credit->fresh == NULL;

		changes[i].ledger_id = ledger_id;
		changes[i].customer_id = is_known ? application->customer_id : debit->customer_id;
		changes[i].currency = application->currency;
		changes[i].debits_minor = -application->amount_minor;
		changes[i].credits_minor = application->amount_minor;
	}
	for (int i = 0; i < fresh_count; i++)
		ar_note_posting(&fresh[i], &changes[count + i]);
	check_counter_rows(relation, applications, count);
	ar_change_balances(changes, count + fresh_count);
	make_items(relation, items, fresh, fresh_count);
	move_items(relation, ledger_id, sorted, item_count);
	for (int i = 0; is_known && i < count; i++)
	{
		TouchedItem *debit = touch(items, applications[i].debit_item_id);

		check_application(relation, &applications[i],
						  touch(items, applications[i].credit_item_id), debit);
		if (debit->customer_id != applications[i].customer_id)
			elog(ERROR, "apply_ledger: item " INT64_FORMAT " is not of customer " INT64_FORMAT,
				 debit->item_id, applications[i].customer_id);
	}
	hash_destroy(items);
}

/*
 * insert_found inserts an application that was found by a rule.
 */
static void
insert_found(ArTable *table, const ArApplication *found)
{
	MemoryContext caller = MemoryContextSwitchTo(ar_table_row_memory(table));
	bool		is_told = found->confidence < 0;
	Datum		values[FOUND_COLUMNS] = {
		Int32GetDatum(found->ledger_id),
		Int64GetDatum(found->credit_item_id),
		Int64GetDatum(found->debit_item_id),
		PointerGetDatum(ar_monetary_make(found->amount_minor, found->currency)),
		DateADTGetDatum(found->applied_on),
		found->rule == NULL ? (Datum) 0 : CStringGetTextDatum(found->rule),
		is_told ? (Datum) 0 :
		NumericGetDatum(int64_div_fast_to_numeric(found->confidence, 4))
	};
	bool		nulls[FOUND_COLUMNS] = {false, false, false, false, false,
	found->rule == NULL, is_told};

	MemoryContextSwitchTo(caller);
	ar_table_insert(table, values, nulls);
}

/*
 * ar_apply_found inserts applications of one ledger that were found by a rule,
 * in the order given, all in one statement, and carries them out itself: there
 * is no need to read again what was written.  Payments that came in just now
 * get their items, fresh, applied already.  Their customers' balances must be
 * held.
 */
void
ar_apply_found(const ArApplication *found, int count, ArPosting *fresh, int fresh_count)
{
	Application *applications;
	ArTable		table;
	bool		is_ours;

	if (count == 0)
	{
		ar_post_items(AR_DOCUMENT_PAYMENT, fresh, fresh_count);
		return;
	}
	applications = MemoryContextAllocExtended(CurrentMemoryContext,
											  sizeof(Application) * (Size) count,
											  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < count; i++)
	{
		applications[i].ledger_id = found[i].ledger_id;
		applications[i].customer_id = found[i].customer_id;
		applications[i].credit_item_id = found[i].credit_item_id;
		applications[i].debit_item_id = found[i].debit_item_id;
		applications[i].debit_place = found[i].debit_place;
		applications[i].amount_minor = found[i].amount_minor;
		applications[i].currency = found[i].currency;
		applications[i].applied_on = found[i].applied_on;
	}
	ar_table_begin(&table, "application", CMD_INSERT, found_columns, FOUND_COLUMNS);
	/* Items are never deleted, and are looked up again to be changed. */
	ar_table_trust_keys(&table);
	/* It is fired by counter-rows, and these undo nothing. */
	(void) ar_table_take_over(&table, "application_settled_air");
	is_ours = ar_table_take_over(&table, "application_apply_ais");
	if (is_ours)
		apply_ledger(table.relation, applications, count, fresh, fresh_count);
	else
		ar_post_items(AR_DOCUMENT_PAYMENT, fresh, fresh_count);
	for (int i = 0; i < count; i++)
		insert_found(&table, &found[i]);
	ar_table_end(&table);
	pfree(applications);
}

/*
 * ar_tg_apply carries out the applications that a statement inserted.
 */
Datum
ar_tg_apply(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_apply", TRIGGER_EVENT_AFTER);
	int			count;
	int			first = 0;
	Application *applications = read_applications(trigger, &count);
	ArWriter	writer;

	if (count == 0)
		return PointerGetDatum(NULL);
	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < count && applications[i].ledger_id == applications[first].ledger_id)
			continue;
		apply_ledger(trigger->tg_relation, &applications[first], i - first, NULL, 0);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
