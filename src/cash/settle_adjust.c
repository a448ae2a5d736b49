/*
 * settle_adjust.c
 *		The adjustments that come with a credit are written, and get their items.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

#include "ar_ext.h"
#include "cash/row.h"
#include "cash/settle_write.h"
#include "item/writer.h"
#include "type/monetary.h"

static ArStatement draw_ids =
{
	.sql = "SELECT nextval('ar.document_id') FROM generate_series(1, $1)",
	.nargs = 1,
	.argtypes = {INT4OID}
};

static ArStatement insert_adjustments =
{
	.sql =
	"INSERT INTO ar.adjustment (ledger_id, adjustment_id, customer_id, kind, amount,"
	"  adjusted_on, payment_id, invoice_id, reason_code)"
	" SELECT $1, a.adjustment_id, a.customer_id, a.kind, a.amount,"
	"  a.adjusted_on, a.payment_id, a.invoice_id, a.reason_code"
	" FROM unnest($2, $3, $4, $5, $6, $7, $8, $9)"
	"  AS a(adjustment_id, customer_id, kind, amount, adjusted_on, payment_id,"
	"  invoice_id, reason_code)",
	.nargs = 9,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, AR_TYPE_MONETARY_ARRAY,
	DATEARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID}
};

static ArStatement read_items =
{
	.sql =
	"SELECT i.adjustment_id, i.item_id FROM unnest($2) AS a(adjustment_id)"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.adjustment_id = a.adjustment_id",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* An adjustment and its item. */
typedef struct AdjustmentItem
{
	int64		adjustment_id;
	int64		item_id;
} AdjustmentItem;

static int
compare_adjustments(const void *left, const void *right)
{
	const AdjustmentItem *a = left;
	const AdjustmentItem *b = right;

	return a->adjustment_id < b->adjustment_id ? -1 : a->adjustment_id > b->adjustment_id;
}

/*
 * ar_write_adjustments inserts the gathered adjustments, and finds the items
 * that posting made of them.
 */
void
ar_write_adjustments(ArSettlement *settlement, ArPendingAdjustment *adjustments, int count)
{
	Datum	   *columns[8];
	bool	   *nulls[8];
	static const Oid column_types[8] = {INT8OID, INT8OID, TEXTOID, AR_TYPE_MONETARY,
	DATEOID, INT8OID, INT8OID, TEXTOID};
	Datum		values[9];
	AdjustmentItem *items;

	values[0] = Int32GetDatum(count);
	ar_writer_execute(&draw_ids, values, SPI_OK_SELECT);
	for (int i = 0; i < count; i++)
	{
		ArRow		row = ar_row(i);

		adjustments[i].adjustment_id = ar_row_integer(&row, 1);
	}
	SPI_freetuptable(SPI_tuptable);

	for (int i = 0; i < 8; i++)
	{
		columns[i] = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
		nulls[i] = palloc_extended(sizeof(bool) * (Size) count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
	for (int i = 0; i < count; i++)
	{
		ArPendingAdjustment *adjustment = &adjustments[i];

		columns[0][i] = Int64GetDatum(adjustment->adjustment_id);
		columns[1][i] = Int64GetDatum(adjustment->customer_id);
		columns[2][i] = CStringGetTextDatum(adjustment->kind);
		columns[3][i] = PointerGetDatum(ar_monetary_make(adjustment->amount, adjustment->currency));
		columns[4][i] = DateADTGetDatum(adjustment->adjusted_on);
		columns[5][i] = Int64GetDatum(adjustment->payment_id);
		nulls[5][i] = adjustment->payment_id == 0;
		columns[6][i] = Int64GetDatum(adjustment->invoice_id);
		nulls[6][i] = adjustment->invoice_id == 0;
		nulls[7][i] = adjustment->reason_code == NULL;
		columns[7][i] = nulls[7][i] ? (Datum) 0 : CStringGetTextDatum(adjustment->reason_code);
	}
	values[0] = Int32GetDatum(settlement->ledger_id);
	for (int i = 0; i < 8; i++)
		values[i + 1] = ar_array(columns[i], nulls[i], count, column_types[i]);
	ar_writer_execute(&insert_adjustments, values, SPI_OK_INSERT);

	if (ar_writer_execute(&read_items, values, SPI_OK_SELECT) != (uint64) count)
		elog(ERROR, "ar_write_adjustments: not every adjustment has its item");
	items = palloc_extended(sizeof(AdjustmentItem) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		ArRow		row = ar_row(i);

		items[i].adjustment_id = ar_row_integer(&row, 1);
		items[i].item_id = ar_row_integer(&row, 2);
	}
	SPI_freetuptable(SPI_tuptable);
	qsort(items, count, sizeof(AdjustmentItem), compare_adjustments);
	for (int i = 0; i < count; i++)
	{
		AdjustmentItem key = {.adjustment_id = adjustments[i].adjustment_id};
		AdjustmentItem *found = bsearch(&key, items, count, sizeof(AdjustmentItem), compare_adjustments);

		adjustments[i].item_id = found->item_id;
	}
}

/*
 * try_gains writes some gains in a subtransaction.  False: a credit limit
 * refused one of them.
 */
static bool
try_gains(ArSettlement *settlement, ArBatch *gains)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool is_written = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		ar_write_batch(settlement, gains, NULL, 0);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_AR_CREDIT_LIMIT_EXCEEDED)
			ReThrowError(error);
		FreeErrorData(error);
		is_written = false;
	}
	PG_END_TRY();
	return is_written;
}

/*
 * ar_write_gains writes off, or gives back, what was too much.  That makes
 * debits, which a customer may be over his limit for.  A payment is never
 * refused for it: what is too much then stays on account.
 */
void
ar_write_gains(ArSettlement *settlement, ArBatch *gains)
{
	ArBatch		half = *gains;

	Assert(gains->count == gains->adjustment_count);
	if (gains->count == 0 || try_gains(settlement, gains))
		return;
	if (gains->count == 1)
	{
		gains->adjustments[0].credit->kept += gains->adjustments[0].amount;
		return;
	}
	half.count = half.adjustment_count = gains->count / 2;
	ar_write_gains(settlement, &half);
	half.pending += half.count;
	half.adjustments += half.count;
	half.count = half.adjustment_count = gains->count - half.count;
	for (int i = 0; i < half.count; i++)
		half.pending[i].adjustment = i;
	ar_write_gains(settlement, &half);
}
