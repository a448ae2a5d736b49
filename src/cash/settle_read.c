/*
 * settle_read.c
 *		What customers have open is read: a few rows for a payment that goes to
 *		the oldest, all of it for what goes by the rules.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cash/row.h"
#include "cash/settle.h"
#include "item/posting.h"
#include "item/table.h"
#include "item/transition.h"
#include "item/writer.h"

/* Most payments to the oldest items are used up by these. */
#define FIRST_DEBITS	16

/*
 * What payments are not for: a deduction is to be cleared with the payer who
 * made it.  Whatever else must not be paid by itself belongs here, and into
 * is_payable.
 */
#define IS_PAYABLE "(i.kind <> 'deduction' OR ar.sign(i.open) < 0)"

/* The items, and where what is needed of them stands. */
typedef struct ItemTable
{
	ArTable		table;
	AttrNumber	item_id;
	AttrNumber	kind;
	AttrNumber	open;
	AttrNumber	issued_on;
	AttrNumber	due_on;
	AttrNumber	undone_on;
} ItemTable;

/* What an order needs to know. */
static ArStatement read_open =
{
	.sql =
	"SELECT i.item_id, i.customer_id, i.payment_id, i.open, i.issued_on, i.due_on, i.undone_on"
	" FROM unnest($2) AS c(customer_id)"
	" JOIN LATERAL (SELECT * FROM ar.item AS i WHERE i.ledger_id = $1"
	"  AND i.customer_id = c.customer_id AND i.closed_on IS NULL AND " IS_PAYABLE " OFFSET 0) AS i ON true",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * What the rules need to know.  Items are looked up customer by customer,
 * documents and discounts one by one, by OFFSET 0: a join planned while their tables are young would read all
 * of them, and go on so.  Discounts are looked for only where there are some:
 * a NULL is not even searched for.
 */
static ArStatement read_open_documents =
{
	.sql =
	"SELECT i.item_id, i.customer_id, i.payment_id, i.open, i.issued_on, i.due_on, i.undone_on,"
	"  i.invoice_id, COALESCE(v.corrects_id, j.invoice_id), i.amount, i.kind,"
	"  COALESCE(v.number, j.number), v.payment_reference, v.purchase_order,"
	"  one.discount_until, one.discount, two.discount_until, two.discount,"
	"  before.granted, before.paid_on"
	" FROM unnest($2) AS c(customer_id)"
	" JOIN LATERAL (SELECT * FROM ar.item AS i WHERE i.ledger_id = $1"
	"  AND i.customer_id = c.customer_id AND i.closed_on IS NULL AND " IS_PAYABLE " OFFSET 0) AS i ON true"
	" LEFT JOIN LATERAL (SELECT d.corrects_id, d.number, d.payment_reference, d.purchase_order, d.discount_basis"
	"  FROM ar.invoice AS d WHERE d.ledger_id = $1 AND d.invoice_id = i.invoice_id OFFSET 0) AS v ON true"
	" LEFT JOIN LATERAL (SELECT d.invoice_id, d.number FROM ar.adjustment AS d"
	"  WHERE d.ledger_id = $1 AND d.adjustment_id = i.adjustment_id OFFSET 0) AS j ON true"
	" LEFT JOIN LATERAL (SELECT d.discount_until, d.discount FROM ar.item_discount AS d"
	"  WHERE d.ledger_id = $1 AND d.tier = 1"
	"   AND d.item_id = CASE WHEN v.discount_basis IS NOT NULL THEN i.item_id END OFFSET 0) AS one ON true"
	" LEFT JOIN LATERAL (SELECT d.discount_until, d.discount FROM ar.item_discount AS d"
	"  WHERE d.ledger_id = $1 AND d.tier = 2"
	"   AND d.item_id = CASE WHEN one.discount IS NOT NULL THEN i.item_id END OFFSET 0) AS two ON true"
	/* Discounts granted before, and the day of the latest of what paid the rest: not looked for where there are none. */
	" LEFT JOIN LATERAL (SELECT ar.sum(a.amount) FILTER (WHERE g.kind = 'discount') AS granted,"
	"   max(g.issued_on) FILTER (WHERE g.kind <> 'discount' AND a.reverses_id IS NULL"
	"    AND NOT EXISTS (SELECT FROM ar.application AS u"
	"     WHERE u.ledger_id = $1 AND u.reverses_id = a.application_id)) AS paid_on"
	"  FROM ar.application AS a"
	"  LEFT JOIN LATERAL (SELECT p.kind, p.issued_on FROM ar.item AS p"
	"   WHERE p.ledger_id = $1 AND p.item_id = a.credit_item_id OFFSET 0) AS g ON true"
	"  WHERE a.ledger_id = $1 AND a.debit_item_id = i.item_id"
	"   AND one.discount IS NOT NULL AND i.open OPERATOR(ar.<>) i.amount) AS before ON true",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * What is paid, by the invoices of a customer, which may be many: it is asked
 * for only where a payment names nothing that is open.
 */
static ArStatement read_closed =
{
	.sql =
	"SELECT i.item_id, i.invoice_id, i.amount, i.closed_on, v.number, v.payment_reference"
	" FROM ar.invoice AS v"
	" JOIN LATERAL (SELECT d.item_id, d.invoice_id, d.amount, d.closed_on FROM ar.item AS d"
	"  WHERE d.ledger_id = $1 AND d.invoice_id = v.invoice_id OFFSET 0) AS i ON true"
	" WHERE v.ledger_id = $1 AND v.customer_id = $2 AND v.number IS NOT NULL"
	"  AND v.status OPERATOR(ar.=) 'paid'::ar.invoice_status AND i.closed_on IS NOT NULL",
	.nargs = 2,
	.argtypes = {INT4OID, INT8OID}
};

static ArStatement read_given =
{
	.sql =
	"SELECT ar.sum(a.amount) FROM ar.application AS a"
	" JOIN ar.item AS d ON d.ledger_id = $1 AND d.item_id = a.debit_item_id"
	" WHERE a.ledger_id = $1 AND a.credit_item_id = $2 AND d.invoice_id = $3",
	.nargs = 3,
	.argtypes = {INT4OID, INT8OID, INT8OID}
};

/*
 * ar_apply_from_text reads a value of ar.payment.apply.
 */
ArApply
ar_apply_from_text(const char *text)
{
	static const struct
	{
		const char *text;
		ArApply		apply;
	}			words[] = {
		{"auto", AR_APPLY_AUTO},
		{"oldest", AR_APPLY_OLDEST},
		{"newest", AR_APPLY_NEWEST},
		{"largest", AR_APPLY_LARGEST},
		{"proportional", AR_APPLY_PROPORTIONAL},
		{"none", AR_APPLY_NONE},
		/* As ar.cash_policy.remainder calls it. */
		{"wait", AR_APPLY_NONE},
	};

	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(words[i].text, text) == 0)
			return words[i].apply;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rule \"%s\" to apply payments by", text),
			 errhint("The rules are auto, oldest, newest, largest, proportional and none.")));
}

/*
 * begin_items opens the items, to be found by an index.
 */
static void
begin_items(ItemTable *items, const char *index)
{
	ar_table_begin(&items->table, "item", CMD_SELECT, NULL, 0);
	ar_table_use_index(&items->table, index);
	items->item_id = ar_column(items->table.relation, "item_id", INT8OID);
	items->kind = ar_column(items->table.relation, "kind", TEXTOID);
	items->open = ar_column(items->table.relation, "open", AR_TYPE_MONETARY);
	items->issued_on = ar_column(items->table.relation, "issued_on", DATEOID);
	items->due_on = ar_column(items->table.relation, "due_on", DATEOID);
	items->undone_on = ar_column(items->table.relation, "undone_on", DATEOID);
}

/*
 * read_item reads the item found: what is open of it has its own sign.
 */
static void
read_item(ItemTable *items, ArItem *item)
{
	ArMonetary *open = DatumGetArMonetaryP(ar_table_value(&items->table, items->open));
	bool		isnull;
	Datum		undone_on = slot_getattr(items->table.row, items->undone_on, &isnull);

	item->item_id = DatumGetInt64(ar_table_value(&items->table, items->item_id));
	item->currency = open->currency;
	item->open = ar_monetary_minor(open);
	item->issued_on = DatumGetDateADT(ar_table_value(&items->table, items->issued_on));
	item->due_on = DatumGetDateADT(ar_table_value(&items->table, items->due_on));
	item->undone_on = isnull ? DATEVAL_NOBEGIN : DatumGetDateADT(undone_on);
	item->place = items->table.row->tts_tid;
}

/*
 * is_payable tells of the item found what IS_PAYABLE asks of others.
 */
static bool
is_payable(ItemTable *items, const ArItem *item)
{
	text	   *kind;

	if (item->open < 0)
		return true;
	kind = DatumGetTextPP(ar_table_value(&items->table, items->kind));
	return VARSIZE_ANY_EXHDR(kind) != strlen("deduction") ||
		memcmp(VARDATA_ANY(kind), "deduction", strlen("deduction")) != 0;
}

/*
 * compare_dues orders debits as the oldest come first.
 */
static int
compare_dues(const void *left, const void *right)
{
	const ArItem *a = left;
	const ArItem *b = right;

	if (a->due_on != b->due_on)
		return a->due_on < b->due_on ? -1 : 1;
	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * ar_fresh_item is the item of a payment that came in just now, which is not
 * made yet.
 */
void
ar_fresh_item(const ArCredit *credit, ArItem *item)
{
	const ArPosting *fresh = credit->fresh;

	memset(item, 0, sizeof(ArItem));
	item->item_id = fresh->item_id;
	item->customer_id = fresh->customer_id;
	item->currency = fresh->currency;
	item->payment_id = fresh->document_id;
	item->amount = item->open = -fresh->amount_minor;
	item->issued_on = fresh->issued_on;
	item->due_on = fresh->due_on;
	item->undone_on = DATEVAL_NOBEGIN;
	item->closed_on = DATEVAL_NOEND;
	item->paid_on = DATEVAL_NOBEGIN;
	item->is_credit = true;
	item->kind = "payment";
}

/*
 * ar_read_first takes the one credit of a settlement, a payment just recorded,
 * and reads of the oldest items of its account as many as it needs.  The index
 * has them by due date; those of the last date are all read, for the order
 * among them.  False: there may be more of them than were read, and those read
 * do not use the payment up.
 */
bool
ar_read_first(ArSettlement *settlement, ArAccount *account)
{
	ArCredit   *credit = &settlement->credits[0];
	Datum		key[2] = {Int32GetDatum(settlement->ledger_id), Int64GetDatum(credit->customer_id)};
	ItemTable	items;
	ArItem	   *item;
	int64		paid = 0;

	memset(account, 0, sizeof(ArAccount));
	account->customer_id = credit->customer_id;
	account->currency = credit->currency;
	account->items = MemoryContextAllocZero(settlement->chunk, sizeof(ArItem) * (FIRST_DEBITS + 1));
	item = &account->items[FIRST_DEBITS];
	ar_fresh_item(credit, item);
	credit->item = item;
	credit->item_id = item->item_id;
	credit->open_before = item->open;

	begin_items(&items, "item_open_idx");
	for (bool found = ar_table_find(&items.table, key, lengthof(key));
		 found && account->debit_count < FIRST_DEBITS;
		 found = ar_table_next(&items.table))
	{
		ArItem	   *debit = &account->items[account->debit_count];

		read_item(&items, debit);
		if (debit->open <= 0 || debit->currency != credit->currency ||
			!is_payable(&items, debit))
			continue;
		if (paid >= item->open && debit->due_on > account->items[account->debit_count - 1].due_on)
			break;
		/* Neither can be more than the balance, which fits. */
		paid += debit->open;
		account->debit_count++;
	}
	ar_table_end(&items.table);
	qsort(account->items, account->debit_count, sizeof(ArItem), compare_dues);
	account->count = account->debit_count;
	account->last_open = account->debit_count;
	return account->debit_count < FIRST_DEBITS || paid >= item->open;
}

/*
 * read_document reads what only the rules ask of an item.
 */
static void
read_document(const ArRow *row, ArItem *item)
{
	item->invoice_id = ar_row_integer(row, 8);
	item->about_id = ar_row_integer(row, 9);
	item->amount = ar_row_minor(row, 10, NULL);
	item->kind = ar_row_text(row, 11);
	item->number = ar_row_text(row, 12);
	item->payment_reference = ar_row_text(row, 13);
	item->purchase_order = ar_row_text(row, 14);
	for (int tier = 0; tier < AR_TIERS_MAX; tier++)
	{
		DateADT		until = ar_row_date(row, 15 + 2 * tier, DATEVAL_NOBEGIN);

		if (DATE_IS_NOBEGIN(until))
			break;
		item->tiers[tier].until = until;
		item->tiers[tier].discount = ar_row_minor(row, 16 + 2 * tier, NULL);
		item->tier_count++;
	}
	item->discount_taken = ar_row_minor(row, 19, NULL);
	item->paid_on = ar_row_date(row, 20, DATEVAL_NOBEGIN);
	if (item->is_credit)
		item->amount = -item->amount;
}

/*
 * ar_read_items reads all that some customers have open, in any currency, and
 * leaves room for more.
 */
ArItem *
ar_read_items(ArSettlement *settlement, const int64 *customers, int count,
			  bool for_rules, int room, int *item_count)
{
	ArStatement *statement = for_rules ? &read_open_documents : &read_open;
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	Datum		values[2];
	uint64		rows;
	ArItem	   *items;
	MemoryContext caller;

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(customers[i]);
	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	rows = ar_writer_execute(statement, values, SPI_OK_SELECT);

	caller = MemoryContextSwitchTo(settlement->chunk);
	items = palloc_extended(sizeof(ArItem) * (Size) Max(rows + room, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		ArItem	   *item = &items[i];

		CHECK_FOR_INTERRUPTS();
		item->item_id = ar_row_integer(&row, 1);
		item->customer_id = ar_row_integer(&row, 2);
		item->payment_id = ar_row_integer(&row, 3);
		item->open = ar_row_minor(&row, 4, &item->currency);
		item->issued_on = ar_row_date(&row, 5, DATEVAL_NOBEGIN);
		item->due_on = ar_row_date(&row, 6, DATEVAL_NOBEGIN);
		item->undone_on = ar_row_date(&row, 7, DATEVAL_NOBEGIN);
		item->closed_on = DATEVAL_NOEND;
		item->is_credit = item->open < 0;
		if (for_rules)
			read_document(&row, item);
		if (item->is_credit)
			item->open = -item->open;
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
	*item_count = rows;
	return items;
}

/*
 * ar_read_closed reads the invoices of an account that are paid.
 */
ArItem *
ar_read_closed(ArSettlement *settlement, ArAccount *account, int *item_count)
{
	Datum		values[2];
	uint64		rows;
	ArItem	   *items;
	int			n = 0;
	MemoryContext caller;

	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = Int64GetDatum(account->customer_id);
	rows = ar_writer_execute(&read_closed, values, SPI_OK_SELECT);
	caller = MemoryContextSwitchTo(settlement->chunk);
	items = palloc_extended(sizeof(ArItem) * (Size) Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		ArItem	   *item = &items[n];

		item->amount = ar_row_minor(&row, 3, &item->currency);
		if (item->currency != account->currency || item->amount <= 0)
			continue;
		item->item_id = ar_row_integer(&row, 1);
		item->invoice_id = ar_row_integer(&row, 2);
		item->closed_on = ar_row_date(&row, 4, DATEVAL_NOEND);
		item->number = ar_row_text(&row, 5);
		item->payment_reference = ar_row_text(&row, 6);
		n++;
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
	*item_count = n;
	return items;
}

/*
 * ar_read_given reads what a credit gave an invoice before.
 */
int64
ar_read_given(ArSettlement *settlement, int64 credit_item_id, int64 invoice_id)
{
	Datum		values[3];
	int64		given;
	ArRow		row;

	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = Int64GetDatum(credit_item_id);
	values[2] = Int64GetDatum(invoice_id);
	ar_writer_execute(&read_given, values, SPI_OK_SELECT);
	row = ar_row(0);
	given = ar_row_minor(&row, 1, NULL);
	SPI_freetuptable(SPI_tuptable);
	return given;
}
