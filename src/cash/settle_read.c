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
#include "item/writer.h"

/* Most payments to the oldest items are used up by these. */
#define FIRST_DEBITS	16

/*
 * What payments are not for: a deduction is to be cleared with the payer who
 * made it.  Whatever else must not be paid by itself belongs here.
 */
#define IS_PAYABLE "(i.kind <> 'deduction' OR ar.sign(i.open) < 0)"

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
	"    AND ar.currency(i.open) = $4 AND ar.sign(i.open) > 0 AND " IS_PAYABLE
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
	"  AND i.closed_on IS NULL AND " IS_PAYABLE,
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * What the rules need to know.  Documents and discounts are looked up one by
 * one, by OFFSET 0: a join planned while their tables are young would read all
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
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.customer_id = c.customer_id"
	"  AND i.closed_on IS NULL AND " IS_PAYABLE
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
	/* Discounts granted before, and the day of the latest of what paid the rest. */
	" LEFT JOIN LATERAL (SELECT ar.sum(a.amount) FILTER (WHERE g.kind = 'discount') AS granted,"
	"   max(g.issued_on) FILTER (WHERE g.kind <> 'discount' AND a.reverses_id IS NULL"
	"    AND NOT EXISTS (SELECT FROM ar.application AS u"
	"     WHERE u.ledger_id = $1 AND u.reverses_id = a.application_id)) AS paid_on"
	"  FROM ar.application AS a"
	"  LEFT JOIN LATERAL (SELECT p.kind, p.issued_on FROM ar.item AS p"
	"   WHERE p.ledger_id = $1 AND p.item_id = a.credit_item_id OFFSET 0) AS g ON true"
	"  WHERE a.ledger_id = $1 AND a.debit_item_id ="
	"   CASE WHEN one.discount IS NOT NULL AND i.open OPERATOR(ar.<>) i.amount THEN i.item_id END) AS before ON true",
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
		ArRow		row = ar_row(i);
		ArItem	   *debit = &account->items[account->debit_count];
		bool		isnull;

		if (i == 0)
		{
			ArItem	   *item = &account->items[rows];

			item->item_id = ar_row_integer(&row, 1);
			item->currency = credit->currency;
			item->open = -ar_row_minor(&row, 2, NULL);
			item->issued_on = ar_row_date(&row, 3, DATEVAL_NOBEGIN);
			item->undone_on = ar_row_date(&row, 4, DATEVAL_NOBEGIN);
			credit->item = item;
			credit->item_id = item->item_id;
			credit->open_before = item->open;
		}
		(void) ar_row_value(&row, 5, &isnull);
		if (isnull)
			break;
		debit->item_id = ar_row_integer(&row, 5);
		debit->currency = credit->currency;
		debit->open = ar_row_minor(&row, 6, NULL);
		debit->issued_on = ar_row_date(&row, 7, DATEVAL_NOBEGIN);
		debit->undone_on = ar_row_date(&row, 8, DATEVAL_NOBEGIN);
		debit->due_on = ar_row_date(&row, 9, DATEVAL_NOBEGIN);
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
