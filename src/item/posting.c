/*
 * posting.c
 *		Posting: how a document becomes items and moves its customer's balance.
 *
 * A statement posts any number of documents.  Their items are gathered, the
 * balances they move are added up a customer and currency, and then written in
 * the one lock order of the books: balances by ledger, customer and currency,
 * and only then items.  The balance row is what serialises a customer: whoever
 * holds it may trust every item of that customer.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ar_ext.h"
#include "item/posting.h"
#include "item/table.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_post);
PG_FUNCTION_INFO_V1(ar_is_open_within);

static const char *const document_types[] = {"invoice", "payment", "adjustment"};

static ArStatement create_balances =
{
	.sql =
	"INSERT INTO ar.customer_balance"
	" (ledger_id, customer_id, currency, open_debits, open_credits)"
	" SELECT $1, c.customer_id, c.currency,"
	"  ar.monetary(0, c.currency), ar.monetary(0, c.currency)"
	" FROM unnest($2, $3) AS c(customer_id, currency)"
	" WHERE NOT EXISTS (SELECT FROM ar.customer_balance AS b"
	"  WHERE b.ledger_id = $1 AND b.customer_id = c.customer_id"
	"   AND b.currency = c.currency)"
	" ON CONFLICT (ledger_id, customer_id, currency) DO NOTHING",
	.nargs = 3,
	.argtypes = {INT4OID, INT8ARRAYOID, TEXTARRAYOID}
};

static const ArColumn balance_columns[] = {
	{"open_debits", AR_TYPE_MONETARY},
	{"open_credits", AR_TYPE_MONETARY}
};

/* In the order of write_items. */
static const ArColumn item_columns[] = {
	{"ledger_id", INT4OID},
	{"customer_id", INT8OID},
	{"kind", TEXTOID},
	{"invoice_id", INT8OID},
	{"payment_id", INT8OID},
	{"adjustment_id", INT8OID},
	{"instalment", INT2OID},
	{"issued_on", DATEOID},
	{"due_on", DATEOID},
	{"amount", AR_TYPE_MONETARY},
	{"open", AR_TYPE_MONETARY},
	{"closed_on", DATEOID},
	{"recorded_at", TIMESTAMPTZOID},
	{"item_id", INT8OID}			/* last: it is drawn by default */
};

#define ITEM_COLUMNS	lengthof(item_columns)

/*
 * ar_add_minor adds minor units, or says that they do not fit.
 */
int64
ar_add_minor(int64 left, int64 right)
{
	int64		sum;

	if (pg_add_s64_overflow(left, right, &sum))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("balance out of range"),
				 errdetail("A balance holds at most 9223372036854775807 minor units of its currency.")));
	return sum;
}

/*
 * compare_changes orders balance changes as their rows are locked.
 */
static int
compare_changes(const void *left, const void *right)
{
	const ArBalanceChange *a = left;
	const ArBalanceChange *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->currency != b->currency)
		return a->currency < b->currency ? -1 : 1;
	return 0;
}

/*
 * find_balance finds the row of a change.
 */
static bool
find_balance(ArTable *balances, const ArBalanceChange *change)
{
	char		code[4];
	Datum		key[3];

	ar_currency_code(change->currency, code);
	key[0] = Int32GetDatum(change->ledger_id);
	key[1] = Int64GetDatum(change->customer_id);
	key[2] = CStringGetTextDatum(code);
	return ar_table_find(balances, key, lengthof(key));
}

/*
 * complete makes the rows that are missing, of zero.
 */
static void
complete(const ArBalanceChange *changes, int count)
{
	Datum	   *customers = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *currencies = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[3];

	for (int i = 0; i < count; i++)
	{
		char		code[4];

		ar_currency_code(changes[i].currency, code);
		customers[i] = Int64GetDatum(changes[i].customer_id);
		currencies[i] = CStringGetTextDatum(code);
	}
	values[0] = Int32GetDatum(changes[0].ledger_id);
	values[1] = ar_array(customers, NULL, count, INT8OID);
	values[2] = ar_array(currencies, NULL, count, TEXTOID);
	ar_writer_execute(&create_balances, values, SPI_OK_INSERT);
}

/*
 * minor_of reads one of the amounts of the balance found.
 */
static int64
minor_of(ArTable *balances, int which)
{
	return ar_monetary_minor(DatumGetArMonetaryP(ar_table_value(balances, balances->columns[which])));
}

/*
 * begin_balances opens the balances and makes sure that all rows are there; it
 * leaves the last one found.
 */
static void
begin_balances(ArTable *balances, CmdType operation, const ArBalanceChange *changes, int count)
{
	bool		is_complete = false;

	while (!is_complete)
	{
		ar_table_begin(balances, "customer_balance", operation,
					   balance_columns, lengthof(balance_columns));
		is_complete = true;
		for (int i = 0; i < count && is_complete; i++)
			is_complete = find_balance(balances, &changes[i]);
		if (is_complete)
			break;
		ar_table_end(balances);
		complete(changes, count);
	}
}

/*
 * write_balances writes the changes of one ledger, in the order given.  Rows
 * that are missing are made first, so that what judges balances sees all that
 * a statement moves as one update, and locks what it needs in order.
 */
static void
write_balances(const ArBalanceChange *changes, int count)
{
	ArTable		balances;

	begin_balances(&balances, CMD_UPDATE, changes, count);
	for (int i = 0; i < count; i++)
	{
		const ArBalanceChange *change = &changes[i];
		ArMonetary	debits;
		ArMonetary	credits;
		Datum		values[2];

		if ((count > 1 && !find_balance(&balances, change)) || !ar_table_lock(&balances))
			elog(ERROR, "write_balances: no balance of customer " INT64_FORMAT, change->customer_id);
		ar_monetary_set(&debits, ar_add_minor(minor_of(&balances, 0), change->debits_minor),
						change->currency);
		ar_monetary_set(&credits, ar_add_minor(minor_of(&balances, 1), change->credits_minor),
						change->currency);
		values[0] = PointerGetDatum(&debits);
		values[1] = PointerGetDatum(&credits);
		ar_table_update(&balances, values, NULL);
	}
	ar_table_end(&balances);
}

/*
 * add_up adds up the changes a customer and currency, puts them in lock order
 * and returns how many are left.
 */
static int
add_up(ArBalanceChange *changes, int count)
{
	int			kept = 0;

	if (count == 0)
		return 0;
	qsort(changes, count, sizeof(ArBalanceChange), compare_changes);
	for (int i = 1; i < count; i++)
	{
		if (compare_changes(&changes[kept], &changes[i]) != 0)
		{
			changes[++kept] = changes[i];
			continue;
		}
		changes[kept].debits_minor = ar_add_minor(changes[kept].debits_minor,
												  changes[i].debits_minor);
		changes[kept].credits_minor = ar_add_minor(changes[kept].credits_minor,
												   changes[i].credits_minor);
	}
	return kept + 1;
}

/*
 * ar_hold_balances locks the balances that are to be changed, in their order,
 * and makes those that are missing.  What is open of their customers can be
 * trusted from then on.  The array is reordered.
 */
void
ar_hold_balances(ArBalanceChange *changes, int count)
{
	ArTable		balances;

	count = add_up(changes, count);
	if (count == 0)
		return;
	begin_balances(&balances, CMD_SELECT, changes, count);
	for (int i = 0; i < count; i++)
		if ((count > 1 && !find_balance(&balances, &changes[i])) || !ar_table_lock(&balances))
			elog(ERROR, "ar_hold_balances: no balance of customer " INT64_FORMAT, changes[i].customer_id);
	ar_table_end(&balances);
}

/*
 * ar_change_balances adds up the changes a customer and currency and writes
 * each balance once, in lock order.  It must come before the statement
 * touches an item of these customers.  The array is reordered.
 */
void
ar_change_balances(ArBalanceChange *changes, int count)
{
	int			first = 0;

	count = add_up(changes, count);
	if (count == 0)
		return;
	for (int i = 1; i <= count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < count && changes[i].ledger_id == changes[first].ledger_id)
			continue;
		write_balances(&changes[first], i - first);
		first = i;
	}
}

/*
 * ar_draw_id draws the id of a document or an item.
 */
int64
ar_draw_id(void)
{
	return nextval_internal(get_relname_relid("document_id", get_namespace_oid("ar", false)), false);
}

/*
 * ar_write_items inserts items in the order given; of all the ids are drawn,
 * or of none.  What a payment or an adjustment refers to was looked up when it
 * was inserted, just now; the customer of a draft that is posted was not.
 */
void
ar_write_items(ArDocumentType type, const ArPosting *postings, int count)
{
	ArTable		items;
	int			columns;

	if (count == 0)
		return;
	columns = postings[0].item_id == 0 ? ITEM_COLUMNS - 1 : ITEM_COLUMNS;

	ar_table_begin(&items, "item", CMD_INSERT, item_columns, columns);
	if (type != AR_DOCUMENT_INVOICE)
		ar_table_trust_keys(&items);
	for (int i = 0; i < count; i++)
	{
		const ArPosting *posting = &postings[i];
		MemoryContext caller = MemoryContextSwitchTo(ar_table_row_memory(&items));
		int64		open_minor = posting->amount_minor - posting->applied_minor;
		Datum		document_id = Int64GetDatum(posting->document_id);
		Datum		values[ITEM_COLUMNS] = {
			Int32GetDatum(posting->ledger_id),
			Int64GetDatum(posting->customer_id),
			CStringGetTextDatum(posting->kind),
			document_id,
			document_id,
			document_id,
			Int16GetDatum(posting->instalment),
			DateADTGetDatum(posting->issued_on),
			DateADTGetDatum(posting->due_on),
			PointerGetDatum(ar_monetary_make(posting->amount_minor, posting->currency)),
			PointerGetDatum(ar_monetary_make(open_minor, posting->currency)),
			/* What is of nothing is closed from the start. */
			DateADTGetDatum(posting->applied_minor == 0 ? posting->issued_on : posting->closed_on),
			TimestampTzGetDatum(posting->recorded_at),
			Int64GetDatum(posting->item_id)
		};
		bool		nulls[ITEM_COLUMNS] = {false};

		nulls[3] = type != AR_DOCUMENT_INVOICE;
		nulls[4] = type != AR_DOCUMENT_PAYMENT;
		nulls[5] = type != AR_DOCUMENT_ADJUSTMENT;
		nulls[11] = open_minor != 0;
		MemoryContextSwitchTo(caller);
		ar_table_insert(&items, values, nulls);
	}
	ar_table_end(&items);
}

/*
 * ar_note_posting says how an item that is made, and perhaps applied at once,
 * moves its customer's balance.
 */
void
ar_note_posting(const ArPosting *posting, ArBalanceChange *change)
{
	change->ledger_id = posting->ledger_id;
	change->customer_id = posting->customer_id;
	change->currency = posting->currency;
	change->debits_minor = Max(posting->amount_minor, 0);
	change->credits_minor = Min(posting->amount_minor, 0);
}

/*
 * ar_post_items moves the balances and makes the items, which get their
 * numbers in the order given.
 */
void
ar_post_items(ArDocumentType type, const ArPosting *postings, int count)
{
	ArBalanceChange *changes;

	if (count == 0)
		return;
	changes = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(ArBalanceChange) * (Size) count);
	for (int i = 0; i < count; i++)
		ar_note_posting(&postings[i], &changes[i]);
	ar_change_balances(changes, count);
	ar_write_items(type, postings, count);
}

/*
 * compare_postings groups postings by ledger, documents in order.
 */
static int
compare_postings(const void *left, const void *right)
{
	const ArPosting *a = left;
	const ArPosting *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->document_id != b->document_id)
		return a->document_id < b->document_id ? -1 : 1;
	return 0;
}

/*
 * are_owed_anyway tells whether all that a statement posts is owed by law,
 * contract or fact already, so that no limit can refuse it: interest and fees,
 * what the bank took back, a write-off that is recovered, and a payment that
 * was another customer's.
 */
static bool
are_owed_anyway(const ArPosting *postings, int count)
{
	static const char *const kinds[] = {"fee", "interest", "reversal", "chargeback", "transfer"};

	for (int i = 0; i < count; i++)
	{
		/* A write-off above zero takes back another. */
		bool		is_owed = strcmp(postings[i].kind, "write_off") == 0 &&
			postings[i].amount_minor > 0;

		for (int k = 0; !is_owed && k < (int) lengthof(kinds); k++)
			is_owed = strcmp(postings[i].kind, kinds[k]) == 0;
		if (!is_owed)
			return false;
	}
	return true;
}

/* What a table that posts calls the columns a posting is made of. */
static const struct
{
	const char *name;			/* and the trigger's argument */
	ArDocumentType type;
	const char *document_id;
	const char *issued_on;
}			posting_tables[] =
{
	{"payment", AR_DOCUMENT_PAYMENT, "payment_id", "received_on"},
	{"payment_transfer", AR_DOCUMENT_PAYMENT, "payment_id", "transferred_on"},
	{"adjustment", AR_DOCUMENT_ADJUSTMENT, "adjustment_id", "adjusted_on"},
};

/*
 * ar_read_postings reads what documents that were just inserted are to become;
 * table says what they are.  There are at most room of them.  A payment is a
 * credit of its amount; without a customer it has no item, until a transfer
 * says whose it is.  An adjustment carries its own sign and kind.
 */
ArPosting *
ar_read_postings(Relation relation, const char *table, ArTransition *rows, int room,
				 ArDocumentType *type, int *count)
{
	bool		is_payment;
	AttrNumber	ledger_id,
				customer_id,
				document_id = InvalidAttrNumber,
				amount,
				issued_on = InvalidAttrNumber,
				recorded_at,
				kind = InvalidAttrNumber;
	ArPosting  *postings;
	int			n = 0;

	for (int i = 0; i < (int) lengthof(posting_tables); i++)
	{
		if (strcmp(table, posting_tables[i].name) != 0)
			continue;
		*type = posting_tables[i].type;
		document_id = ar_column(relation, posting_tables[i].document_id, INT8OID);
		issued_on = ar_column(relation, posting_tables[i].issued_on, DATEOID);
	}
	if (document_id == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a trigger of \"%s\" needs the argument \"payment\", \"payment_transfer\" or \"adjustment\"",
						RelationGetRelationName(relation))));
	is_payment = *type == AR_DOCUMENT_PAYMENT;

	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	customer_id = ar_column(relation, "customer_id", INT8OID);
	amount = ar_column(relation, "amount", AR_TYPE_MONETARY);
	recorded_at = ar_column(relation, "recorded_at", TIMESTAMPTZOID);
	if (!is_payment)
		kind = ar_column(relation, "kind", TEXTOID);

	postings = MemoryContextAllocExtended(CurrentMemoryContext,
										  sizeof(ArPosting) * (Size) Max(room, 1),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	while (ar_transition_next(rows))
	{
		ArPosting  *posting = &postings[n];
		ArMonetary *value;
		bool		is_unidentified;
		Datum		customer = slot_getattr(rows->slot, customer_id, &is_unidentified);

		if (is_unidentified && is_payment)
			continue;
		n++;
		posting->ledger_id = DatumGetInt32(ar_transition_value(rows, ledger_id));
		posting->customer_id = DatumGetInt64(customer);
		posting->document_id = DatumGetInt64(ar_transition_value(rows, document_id));
		posting->kind = is_payment ? document_types[*type] :
			TextDatumGetCString(ar_transition_value(rows, kind));
		posting->instalment = 1;
		posting->issued_on = DatumGetDateADT(ar_transition_value(rows, issued_on));
		posting->due_on = posting->issued_on;
		value = DatumGetArMonetaryP(ar_transition_value(rows, amount));
		posting->amount_minor = ar_monetary_minor(value);
		if (is_payment)
			posting->amount_minor = -posting->amount_minor;
		posting->currency = value->currency;
		posting->recorded_at = DatumGetTimestampTz(ar_transition_value(rows, recorded_at));
	}
	qsort(postings, n, sizeof(ArPosting), compare_postings);
	*count = n;
	return postings;
}

/*
 * ar_tg_post posts the adjustments that a statement inserted, or the payments
 * that got their customers.
 */
Datum
ar_tg_post(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_post", TRIGGER_EVENT_AFTER);
	ArDocumentType type = AR_DOCUMENT_ADJUSTMENT;
	int			count;
	ArPosting  *postings;
	ArTransition rows;
	ArWriter	writer;

	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	postings = ar_read_postings(trigger->tg_relation, ar_trigger_argument(trigger), &rows,
								ar_transition_count(trigger->tg_newtable, INT_MAX), &type, &count);
	ar_transition_end(&rows);
	if (count == 0)
		return PointerGetDatum(NULL);
	ar_writer_begin(&writer, trigger->tg_relation);
	if (are_owed_anyway(postings, count))
		ar_writer_forgo_judgement();
	ar_post_items(type, postings, count);
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}

/*
 * ar_is_within tells whether what is open of an item lies between zero and
 * its amount.
 */
bool
ar_is_within(int64 open_minor, int64 amount_minor)
{
	return amount_minor >= 0 ?
		open_minor >= 0 && open_minor <= amount_minor :
		open_minor <= 0 && open_minor >= amount_minor;
}

/*
 * ar_is_open_within tells the same of two amounts, which must have the same
 * currency.  It is the last line of defence against over-application, as a
 * CHECK on ar.item.
 */
Datum
ar_is_open_within(PG_FUNCTION_ARGS)
{
	ArMonetary *open = PG_GETARG_AR_MONETARY_P(0);
	ArMonetary *amount = PG_GETARG_AR_MONETARY_P(1);

	PG_RETURN_BOOL(open->currency == amount->currency &&
				   ar_is_within(ar_monetary_minor(open), ar_monetary_minor(amount)));
}
