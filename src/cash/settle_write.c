/*
 * settle_write.c
 *		What was found is written: applications, and the adjustments that come
 *		with them.
 *
 * Everything is gathered first, and written by one statement for all credits,
 * so that what follows from it, balances above all, is written once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "cash/settle.h"
#include "cash/settle_write.h"
#include "item/writer.h"
#include "type/monetary.h"

/* From so many on they are written between two accounts, to bound the arrays. */
#define APPLICATIONS_PER_STATEMENT	20000

static const char *const rule_names[] = {
	[AR_RULE_REMITTANCE] = "remittance",
	[AR_RULE_NUMBER] = "number",
	[AR_RULE_EXACT] = "exact",
	[AR_RULE_DISCOUNTED] = "discounted",
	[AR_RULE_ALL_OPEN] = "all_open",
	[AR_RULE_ALL_OVERDUE] = "all_overdue",
	[AR_RULE_COMBINATION] = "combination",
	[AR_RULE_TOLERANCE] = "tolerance",
	[AR_RULE_CORRECTION] = "correction",
	[AR_RULE_OLDEST] = "oldest",
	[AR_RULE_NEWEST] = "newest",
	[AR_RULE_LARGEST] = "largest",
	[AR_RULE_PROPORTIONAL] = "proportional",
	[AR_RULE_SUGGESTION] = "suggestion",
	[AR_RULE_NONE] = NULL,
};

static ArStatement insert_applications =
{
	.sql =
	"INSERT INTO ar.application"
	" (ledger_id, credit_item_id, debit_item_id, amount, applied_on, rule, confidence)"
	" SELECT $1, a.credit_item_id, a.debit_item_id, a.amount, a.applied_on,"
	"  a.rule, a.confidence"
	" FROM unnest($2, $3, $4, $5, $6, $7)"
	"  AS a(credit_item_id, debit_item_id, amount, applied_on, rule, confidence)",
	.nargs = 7,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID, AR_TYPE_MONETARY_ARRAY,
	DATEARRAYOID, TEXTARRAYOID, NUMERICARRAYOID}
};

/*
 * ar_rule_name is what users call a rule; NULL for none.
 */
const char *
ar_rule_name(ArRule rule)
{
	return rule_names[rule];
}

/*
 * ar_write_begin makes room for what is to be written.
 */
void
ar_write_begin(ArSettlement *settlement)
{
	settlement->writing = MemoryContextAllocZero(settlement->context, sizeof(ArWriting));
}

/*
 * add makes room for one application more.
 */
static ArPending *
add(ArSettlement *settlement)
{
	ArWriting  *writing = settlement->writing;

	if (writing->count == writing->size)
	{
		writing->size = Max(writing->size * 2, 16);
		writing->pending = writing->pending == NULL ?
			MemoryContextAlloc(settlement->context, sizeof(ArPending) * writing->size) :
			repalloc_huge(writing->pending, sizeof(ArPending) * (Size) writing->size);
	}
	return &writing->pending[writing->count++];
}

/*
 * ar_write_line applies an amount of a credit to a debit, at once in memory
 * and later in the books.  It counts from the first day on which both were
 * there, and nothing of them was undone later.
 */
void
ar_write_line(ArSettlement *settlement, ArItem *credit, ArItem *debit,
			  int64 amount, ArRule rule, int confidence)
{
	ArPending  *pending;

	if (amount == 0)
		return;
	Assert(amount > 0 && amount <= credit->open && amount <= debit->open);
	pending = add(settlement);
	pending->credit_item_id = credit->item_id;
	pending->debit_item_id = debit->item_id;
	pending->amount = amount;
	pending->currency = credit->currency;
	pending->applied_on = Max(Max(credit->issued_on, credit->undone_on),
							  Max(debit->issued_on, debit->undone_on));
	pending->rule = rule;
	pending->confidence = confidence;
	credit->open -= amount;
	debit->open -= amount;
}

/*
 * write_applications inserts the gathered applications, in their order.
 */
static void
write_applications(ArSettlement *settlement)
{
	ArWriting  *writing = settlement->writing;
	int			count = writing->count;
	Datum	   *columns[6];
	static const Oid column_types[6] = {INT8OID, INT8OID, AR_TYPE_MONETARY,
	DATEOID, TEXTOID, NUMERICOID};
	bool	   *unsure = palloc_extended(sizeof(bool) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[7];

	for (int i = 0; i < 6; i++)
		columns[i] = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		ArPending  *pending = &writing->pending[i];

		columns[0][i] = Int64GetDatum(pending->credit_item_id);
		columns[1][i] = Int64GetDatum(pending->debit_item_id);
		columns[2][i] = PointerGetDatum(ar_monetary_make(pending->amount, pending->currency));
		columns[3][i] = DateADTGetDatum(pending->applied_on);
		columns[4][i] = CStringGetTextDatum(rule_names[pending->rule]);
		unsure[i] = pending->confidence < 0;
		columns[5][i] = unsure[i] ? (Datum) 0 :
			NumericGetDatum(int64_div_fast_to_numeric(pending->confidence, 4));
	}
	values[0] = Int32GetDatum(settlement->ledger_id);
	for (int i = 0; i < 6; i++)
		values[i + 1] = ar_array(columns[i], i == 5 ? unsure : NULL, count, column_types[i]);
	ar_writer_execute(&insert_applications, values, SPI_OK_INSERT);
	writing->count = 0;
}

/*
 * ar_write_flush writes what was gathered: all of it at the end, and before
 * that only if it has become much.  Called between two accounts, so that the
 * balance of each is written once.
 */
void
ar_write_flush(ArSettlement *settlement, bool is_last)
{
	ArWriting  *writing = settlement->writing;
	MemoryContext batch;
	MemoryContext caller;

	if (writing->count == 0 ||
		(!is_last && writing->count < APPLICATIONS_PER_STATEMENT))
		return;
	CHECK_FOR_INTERRUPTS();
	batch = AllocSetContextCreate(CurrentMemoryContext, "ar_ext applications",
								  ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(batch);
	write_applications(settlement);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(batch);
}
