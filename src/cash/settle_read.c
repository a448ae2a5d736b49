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

#include "cash/settle.h"
#include "item/writer.h"
#include "type/monetary.h"

/* Most payments to the oldest items are used up by these. */
#define FIRST_DEBITS	16

/* A payment and the oldest items of its customer, in one go. */
static ArStatement read_first =
{
	.sql =
	"SELECT c.item_id, c.open, c.issued_on, c.undone_on,"
	"  d.item_id, d.open, d.issued_on, d.undone_on, d.due_on"
	" FROM ar.item AS c"
	" LEFT JOIN LATERAL"
	"  (SELECT i.item_id, i.open, i.issued_on, i.undone_on, i.due_on FROM ar.item AS i"
	"   WHERE i.ledger_id = $1 AND i.customer_id = $3 AND i.closed_on IS NULL"
	"    AND ar.currency(i.open) = $4 AND ar.sign(i.open) > 0"
	"   ORDER BY i.due_on, i.item_id LIMIT 16) AS d ON true"
	" WHERE c.ledger_id = $1 AND c.payment_id = $2 AND c.closed_on IS NULL",
	.nargs = 4,
	.argtypes = {INT4OID, INT8OID, INT8OID, TEXTOID}
};

/* What an order needs to know. */
static ArStatement read_open =
{
	.sql =
	"SELECT i.item_id, i.customer_id, i.payment_id, i.open, i.issued_on, i.due_on, i.undone_on"
	" FROM unnest($2) AS c(customer_id)"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.customer_id = c.customer_id"
	"  AND i.closed_on IS NULL",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * What the rules need to know.  Discounts are looked for only where there are
 * some: a NULL is not even searched for.
 */
static ArStatement read_open_documents =
{
	.sql =
	"SELECT i.item_id, i.customer_id, i.payment_id, i.open, i.issued_on, i.due_on, i.undone_on,"
	"  i.invoice_id, COALESCE(v.corrects_id, j.invoice_id), i.amount, i.kind,"
	"  COALESCE(v.number, j.number), v.payment_reference, v.purchase_order,"
	"  one.discount_until, one.discount, two.discount_until, two.discount,"
	"  CASE WHEN one.discount IS NOT NULL AND i.open OPERATOR(ar.<>) i.amount THEN"
	"   (SELECT ar.sum(a.amount) FROM ar.application AS a"
	"    JOIN ar.item AS g ON g.ledger_id = $1 AND g.item_id = a.credit_item_id"
	"    WHERE a.ledger_id = $1 AND a.debit_item_id = i.item_id AND g.kind = 'discount') END"
	" FROM unnest($2) AS c(customer_id)"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.customer_id = c.customer_id"
	"  AND i.closed_on IS NULL"
	" LEFT JOIN ar.invoice AS v ON v.ledger_id = $1 AND v.invoice_id = i.invoice_id"
	" LEFT JOIN ar.adjustment AS j ON j.ledger_id = $1 AND j.adjustment_id = i.adjustment_id"
	" LEFT JOIN ar.item_discount AS one ON one.ledger_id = $1 AND one.tier = 1"
	"  AND one.item_id = CASE WHEN v.discount_basis IS NOT NULL THEN i.item_id END"
	" LEFT JOIN ar.item_discount AS two ON two.ledger_id = $1 AND two.tier = 2"
	"  AND two.item_id = one.item_id",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
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

/* A row of a query, for its columns to be read by their places. */
typedef struct Row
{
	HeapTuple	tuple;
	TupleDesc	desc;
} Row;

static Datum
row_value(const Row *row, int column, bool *isnull)
{
	return SPI_getbinval(row->tuple, row->desc, column, isnull);
}

static int64
row_integer(const Row *row, int column)
{
	bool		isnull;
	Datum		datum = row_value(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(datum);
}

static DateADT
row_date(const Row *row, int column, DateADT otherwise)
{
	bool		isnull;
	Datum		datum = row_value(row, column, &isnull);

	return isnull ? otherwise : DatumGetDateADT(datum);
}

static char *
row_text(const Row *row, int column)
{
	bool		isnull;
	Datum		datum = row_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(datum);
}

/*
 * row_minor reads an amount: signed minor units, and the currency.
 */
static int64
row_minor(const Row *row, int column, uint32 *currency)
{
	bool		isnull;
	Datum		datum = row_value(row, column, &isnull);
	ArMonetary *amount = DatumGetArMonetaryP(datum);

	if (isnull)
		return 0;
	if (currency != NULL)
		*currency = amount->currency;
	return ar_monetary_minor(amount);
}

/*
 * ar_read_first reads the one credit of a settlement, a payment just recorded,
 * and the oldest items of its account.  False: there may be more of them than
 * were read, and those read do not use the payment up.
 */
bool
ar_read_first(ArSettlement *settlement, ArAccount *account)
{
	ArCredit   *credit = &settlement->credits[0];
	char		code[4];
	Datum		values[4];
	uint64		rows;
	int64		paid = 0;

	ar_currency_code(credit->currency, code);
	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = Int64GetDatum(credit->payment_id);
	values[2] = Int64GetDatum(credit->customer_id);
	values[3] = CStringGetTextDatum(code);
	rows = ar_writer_execute(&read_first, values, SPI_OK_SELECT);

	memset(account, 0, sizeof(ArAccount));
	account->customer_id = credit->customer_id;
	account->currency = credit->currency;
	account->items = MemoryContextAllocZero(settlement->chunk, sizeof(ArItem) * (rows + 1));
	for (uint64 i = 0; i < rows; i++)
	{
		Row			row = {SPI_tuptable->vals[i], SPI_tuptable->tupdesc};
		ArItem	   *debit = &account->items[account->debit_count];
		bool		isnull;

		if (i == 0)
		{
			ArItem	   *item = &account->items[rows];

			item->item_id = row_integer(&row, 1);
			item->currency = credit->currency;
			item->open = -row_minor(&row, 2, NULL);
			item->issued_on = row_date(&row, 3, DATEVAL_NOBEGIN);
			item->undone_on = row_date(&row, 4, DATEVAL_NOBEGIN);
			credit->item = item;
			credit->item_id = item->item_id;
			credit->open_before = item->open;
		}
		(void) row_value(&row, 5, &isnull);
		if (isnull)
			break;
		debit->item_id = row_integer(&row, 5);
		debit->currency = credit->currency;
		debit->open = row_minor(&row, 6, NULL);
		debit->issued_on = row_date(&row, 7, DATEVAL_NOBEGIN);
		debit->undone_on = row_date(&row, 8, DATEVAL_NOBEGIN);
		debit->due_on = row_date(&row, 9, DATEVAL_NOBEGIN);
		/* Neither can be more than the balance, which fits. */
		paid += debit->open;
		account->debit_count++;
	}
	SPI_freetuptable(SPI_tuptable);
	account->count = account->debit_count;
	account->last_open = account->debit_count;
	return credit->item == NULL || account->debit_count < FIRST_DEBITS ||
		paid >= credit->item->open;
}

/*
 * read_document reads what only the rules ask of an item.
 */
static void
read_document(const Row *row, ArItem *item)
{
	item->invoice_id = row_integer(row, 8);
	item->about_id = row_integer(row, 9);
	item->amount = row_minor(row, 10, NULL);
	item->kind = row_text(row, 11);
	item->number = row_text(row, 12);
	item->payment_reference = row_text(row, 13);
	item->purchase_order = row_text(row, 14);
	for (int tier = 0; tier < AR_TIERS_MAX; tier++)
	{
		DateADT		until = row_date(row, 15 + 2 * tier, DATEVAL_NOBEGIN);

		if (DATE_IS_NOBEGIN(until))
			break;
		item->tiers[tier].until = until;
		item->tiers[tier].discount = row_minor(row, 16 + 2 * tier, NULL);
		item->tier_count++;
	}
	item->discount_taken = row_minor(row, 19, NULL);
	if (item->is_credit)
		item->amount = -item->amount;
}

/*
 * ar_read_items reads all that some customers have open, in any currency.
 */
ArItem *
ar_read_items(ArSettlement *settlement, const int64 *customers, int count,
			  bool for_rules, int *item_count)
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
	items = palloc_extended(sizeof(ArItem) * (Size) Max(rows, 1), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < rows; i++)
	{
		Row			row = {SPI_tuptable->vals[i], SPI_tuptable->tupdesc};
		ArItem	   *item = &items[i];

		CHECK_FOR_INTERRUPTS();
		item->item_id = row_integer(&row, 1);
		item->customer_id = row_integer(&row, 2);
		item->payment_id = row_integer(&row, 3);
		item->open = row_minor(&row, 4, &item->currency);
		item->issued_on = row_date(&row, 5, DATEVAL_NOBEGIN);
		item->due_on = row_date(&row, 6, DATEVAL_NOBEGIN);
		item->undone_on = row_date(&row, 7, DATEVAL_NOBEGIN);
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
