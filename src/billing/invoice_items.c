/*
 * invoice_items.c
 *		The items of invoices: how much of it when due, and with what discount
 *		for paying early.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "ar_ext.h"
#include "billing/invoice.h"
#include "item/posting.h"
#include "item/writer.h"
#include "type/monetary.h"
#include "type/rounding.h"

/* One discount of one item. */
typedef struct Discount
{
	int64		invoice_id;
	int16		instalment;
	int16		tier;
	DateADT		until;
	int64		amount_minor;
	uint32		currency;
} Discount;

/* What is gathered of the items of one ledger. */
typedef struct Gathered
{
	ArPosting  *postings;
	int			count;
	int			capacity;
	Discount   *discounts;
	int			discount_count;
	int			discount_capacity;
} Gathered;

static ArStatement shift_dates =
{
	.sql = "SELECT ar.shift_due_dates($1, $2)",
	.nargs = 2,
	.argtypes = {INT4OID, DATEARRAYOID}
};

static ArStatement insert_discounts =
{
	.sql =
	"INSERT INTO ar.item_discount (ledger_id, item_id, tier, discount_until, discount)"
	" SELECT $1, i.item_id, d.tier, d.discount_until, d.discount"
	" FROM unnest($2, $3, $4, $5, $6)"
	"  AS d(invoice_id, instalment, tier, discount_until, discount)"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.invoice_id = d.invoice_id"
	"  AND i.instalment = d.instalment",
	.nargs = 6,
	.argtypes = {INT4OID, INT8ARRAYOID, INT2ARRAYOID, INT2ARRAYOID,
	DATEARRAYOID, AR_TYPE_MONETARY_ARRAY}
};

/*
 * round_instalments makes all instalments payable in cash; the last one takes
 * what that leaves, so that they still make the total.
 */
static void
round_instalments(const ArInvoice *invoice, ArInstalment *instalments, int count)
{
	int64		left = 0;

	for (int i = 0; i < count; i++)
		left += instalments[i].amount_minor;
	for (int i = 0; i < count - 1; i++)
	{
		int64		rounded = ar_divide_rounded(int64_to_numeric(instalments[i].amount_minor),
												int64_to_numeric(invoice->cash_unit_minor),
												invoice->cash_mode, invoice->currency) *
			invoice->cash_unit_minor;

		/* The first ones may round up all that there is. */
		if (left < 0 ? rounded < left : rounded > left)
			rounded = left;
		instalments[i].amount_minor = rounded;
		left -= rounded;
	}
	instalments[count - 1].amount_minor = left;
}

/*
 * gather_discounts notes the discounts of one item.  Those off the net alone
 * are the net's part of a discount off everything.
 */
static void
gather_discounts(Gathered *gathered, const ArInvoice *invoice,
				 const ArInstalment *instalment, int16 number)
{
	bool		is_net = invoice->has_net && invoice->discount_basis != AR_BASIS_GROSS;
	int64		base_minor = is_net ? invoice->net_minor : invoice->total_minor;
	int16		tier = 0;

	for (int i = 0; i < instalment->discount_count; i++)
	{
		Discount   *discount;
		int64		amount_minor = instalment->discounts[i].amount_minor;

		/* Of what the terms made it, unless that is no longer the instalment. */
		if (base_minor != invoice->total_minor || invoice->cash_unit_minor > 1)
		{
			Numeric		dividend = int64_to_numeric(instalment->amount_minor);
			Numeric		divisor = int64_to_numeric(invoice->total_minor);

#define MULTIPLY(a, b) DatumGetNumeric(DirectFunctionCall2(numeric_mul, NumericGetDatum(a), NumericGetDatum(int64_to_numeric(b))))
			dividend = MULTIPLY(dividend, base_minor);
			dividend = MULTIPLY(dividend, instalment->discounts[i].percent);
			divisor = MULTIPLY(divisor, AR_TERMS_HUNDRED_PERCENT);
			amount_minor = ar_divide_rounded(dividend, divisor, AR_ROUND_HALF_UP, invoice->currency);
#undef MULTIPLY
		}
		if (amount_minor == 0)
			continue;
		if (gathered->discount_count == gathered->discount_capacity)
		{
			Size		size;

			gathered->discount_capacity = Max(gathered->discount_capacity * 2, 16);
			size = sizeof(Discount) * (Size) gathered->discount_capacity;
			gathered->discounts = gathered->discounts == NULL ?
				MemoryContextAllocHuge(CurrentMemoryContext, size) :
				repalloc_huge(gathered->discounts, size);
		}
		discount = &gathered->discounts[gathered->discount_count++];
		discount->invoice_id = invoice->invoice_id;
		discount->instalment = number;
		discount->tier = ++tier;
		discount->until = instalment->discounts[i].until;
		discount->amount_minor = amount_minor;
		discount->currency = invoice->currency;
	}
}

/*
 * gather_items computes the items of one invoice.
 */
static void
gather_items(Gathered *gathered, const ArBillingPolicy *policy, ArInvoice *invoice)
{
	int64		amount_minor = ar_is_credit(invoice) ? -invoice->total_minor : invoice->total_minor;
	ArInstalment single = {.due_on = invoice->due_on,.amount_minor = amount_minor};
	ArInstalment *instalments = &single;
	int			count = 1;

	if (!invoice->has_due_on)
		count = ar_terms_schedule(invoice->terms, amount_minor, invoice->currency,
								  invoice->invoiced_on, &instalments);
	if (count > 1 && invoice->cash_unit_minor > 1)
		round_instalments(invoice, instalments, count);
	if (gathered->count + count > gathered->capacity)
	{
		gathered->capacity = Max(gathered->capacity * 2, gathered->count + count);
		gathered->postings = repalloc_huge(gathered->postings,
										   sizeof(ArPosting) * (Size) gathered->capacity);
	}
	for (int i = 0; i < count; i++)
	{
		ArPosting  *posting = &gathered->postings[gathered->count++];

		memset(posting, 0, sizeof(ArPosting));
		posting->ledger_id = invoice->ledger_id;
		posting->customer_id = invoice->customer_id;
		posting->document_id = invoice->invoice_id;
		posting->kind = invoice->kind;
		posting->instalment = i + 1;
		posting->issued_on = invoice->invoiced_on;
		posting->due_on = instalments[i].due_on;
		posting->amount_minor = instalments[i].amount_minor;
		posting->currency = invoice->currency;
		posting->recorded_at = invoice->recorded_at;
		if (instalments[i].discount_count == 0)
			continue;
		if (invoice->discount_basis == AR_BASIS_UNSAID)
		{
			invoice->discount_basis = policy->discount_basis == AR_BASIS_MIXED &&
				!invoice->can_be_mixed ? AR_BASIS_NET : policy->discount_basis;
			invoice->is_changed = true;
		}
		gather_discounts(gathered, invoice, &instalments[i], i + 1);
	}
	if (instalments != &single)
		pfree(instalments);
}

/*
 * write_discounts writes the discounts of items that are there by now.
 */
static void
write_discounts(int32 ledger_id, const Discount *discounts, int count)
{
	Datum	   *columns[5];
	static const Oid types[5] = {INT8OID, INT2OID, INT2OID, DATEOID, AR_TYPE_MONETARY};
	Datum		values[6];

	if (count == 0)
		return;
	for (int i = 0; i < 5; i++)
		columns[i] = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		columns[0][i] = Int64GetDatum(discounts[i].invoice_id);
		columns[1][i] = Int16GetDatum(discounts[i].instalment);
		columns[2][i] = Int16GetDatum(discounts[i].tier);
		columns[3][i] = DateADTGetDatum(discounts[i].until);
		columns[4][i] = PointerGetDatum(ar_monetary_make(discounts[i].amount_minor,
														 discounts[i].currency));
	}
	values[0] = Int32GetDatum(ledger_id);
	for (int i = 0; i < 5; i++)
		values[i + 1] = ar_array(columns[i], NULL, count, types[i]);
	ar_writer_execute(&insert_discounts, values, SPI_OK_INSERT);
}

/*
 * compare_dates orders dates.
 */
static int
compare_dates(const void *left, const void *right)
{
	DateADT		a = *(const DateADT *) left;
	DateADT		b = *(const DateADT *) right;

	return a < b ? -1 : a > b;
}

/*
 * compare_to_posting finds the item of a discount.
 */
static int
compare_to_posting(const void *key, const void *element)
{
	const Discount *discount = key;
	const ArPosting *posting = element;

	if (discount->invoice_id != posting->document_id)
		return discount->invoice_id < posting->document_id ? -1 : 1;
	return discount->instalment - posting->instalment;
}

/*
 * shift_due_dates moves due dates that terms made by the calendar of the
 * ledger; those that somebody gave stay.  None goes before its invoice, and no
 * discount outlives its due day.
 */
static void
shift_due_dates(Gathered *gathered, ArInvoice *invoices, int count)
{
	DateADT    *days = palloc_extended(sizeof(DateADT) * (Size) gathered->count, MCXT_ALLOC_HUGE);
	Datum	   *wanted = palloc_extended(sizeof(Datum) * (Size) gathered->count, MCXT_ALLOC_HUGE);
	Datum	   *shifted;
	Datum		values[2];
	bool		isnull;
	int			distinct = 0;
	int			shifted_count;

	for (int i = 0; i < gathered->count; i++)
		days[i] = gathered->postings[i].due_on;
	qsort(days, gathered->count, sizeof(DateADT), compare_dates);
	for (int i = 0; i < gathered->count; i++)
		if (i == 0 || days[i] != days[distinct - 1])
			days[distinct++] = days[i];
	for (int i = 0; i < distinct; i++)
		wanted[i] = DateADTGetDatum(days[i]);
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(wanted, NULL, distinct, DATEOID);
	(void) ar_writer_execute(&shift_dates, values, SPI_OK_SELECT);
	deconstruct_array(DatumGetArrayTypePCopy(SPI_getbinval(SPI_tuptable->vals[0],
														   SPI_tuptable->tupdesc, 1, &isnull)),
					  DATEOID, sizeof(DateADT), true, TYPALIGN_INT,
					  &shifted, NULL, &shifted_count);
	SPI_freetuptable(SPI_tuptable);
	if (shifted_count != distinct)
		elog(ERROR, "shift_due_dates: asked for %d dates, got %d", distinct, shifted_count);

	for (int i = 0; i < gathered->count; i++)
	{
		ArPosting  *posting = &gathered->postings[i];
		DateADT    *day;

		if (ar_find_invoice(invoices, count, posting->document_id)->has_due_on)
			continue;
		day = bsearch(&posting->due_on, days, distinct, sizeof(DateADT), compare_dates);
		posting->due_on = Max(DatumGetDateADT(shifted[day - days]), posting->issued_on);
	}
	for (int i = 0; i < gathered->discount_count; i++)
	{
		Discount   *discount = &gathered->discounts[i];
		ArPosting  *posting = bsearch(discount, gathered->postings, gathered->count,
									  sizeof(ArPosting), compare_to_posting);

		discount->until = Min(discount->until, posting->due_on);
	}
}

/*
 * ar_post_invoice_items makes one item for each instalment of each invoice of
 * one ledger, and their discounts.
 */
void
ar_post_invoice_items(const ArBillingPolicy *policy, ArInvoice *invoices, int count)
{
	Gathered	gathered = {.capacity = count};

	gathered.postings = MemoryContextAllocHuge(CurrentMemoryContext,
											   sizeof(ArPosting) * (Size) count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		gather_items(&gathered, policy, &invoices[i]);
	}
	if (policy->shifts_due_dates)
		shift_due_dates(&gathered, invoices, count);
	ar_post_items(AR_DOCUMENT_INVOICE, gathered.postings, gathered.count);
	write_discounts(invoices[0].ledger_id, gathered.discounts, gathered.discount_count);
	pfree(gathered.postings);
}
