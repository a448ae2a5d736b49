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
#include "item/application.h"
#include "item/posting.h"
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
	[AR_RULE_NONE] = NULL,
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
 * ar_write_room makes room in an array for one element more.
 */
void *
ar_write_room(ArSettlement *settlement, void *array, Size element, int count, int *size)
{
	if (count < *size)
		return array;
	*size = Max(*size * 2, 16);
	return array == NULL ? MemoryContextAlloc(settlement->context, element * *size) :
		repalloc_huge(array, element * (Size) *size);
}

/*
 * add_application gathers an application, which counts from a day.
 */
static ArPending *
add_application(ArSettlement *settlement, ArBatch *batch, int64 customer_id,
				int64 credit_item_id, int64 debit_item_id, int64 amount, uint32 currency,
				DateADT applied_on, ArRule rule, int confidence)
{
	ArPending  *pending;

	batch->pending = ar_write_room(settlement, batch->pending, sizeof(ArPending),
								   batch->count, &batch->size);
	pending = &batch->pending[batch->count++];
	pending->customer_id = customer_id;
	pending->credit_item_id = credit_item_id;
	pending->debit_item_id = debit_item_id;
	ItemPointerSetInvalid(&pending->debit_place);
	pending->adjustment = -1;
	pending->amount = amount;
	pending->currency = currency;
	pending->applied_on = applied_on;
	pending->rule = rule;
	pending->confidence = confidence;
	return pending;
}

/*
 * common_day is the first day on which both items were there, and nothing of
 * them was undone later.
 */
static DateADT
common_day(const ArItem *credit, const ArItem *debit)
{
	return Max(Max(credit->issued_on, credit->undone_on),
			   Max(debit->issued_on, debit->undone_on));
}

/*
 * ar_write_line applies an amount of a credit to a debit, at once in memory
 * and later in the books.
 */
void
ar_write_line(ArSettlement *settlement, ArItem *credit, ArItem *debit,
			  int64 amount, ArRule rule, int confidence)
{
	if (amount == 0)
		return;
	if (amount < 0 || amount > credit->open || amount > debit->open)
		elog(ERROR, "ar_write_line: item " INT64_FORMAT " or " INT64_FORMAT " would be over-applied",
			 credit->item_id, debit->item_id);
	add_application(settlement, &settlement->writing->batch, credit->customer_id,
					credit->item_id, debit->item_id, amount, credit->currency,
					common_day(credit, debit), rule, confidence)->debit_place = debit->place;
	credit->open -= amount;
	debit->open -= amount;
}

/*
 * add_adjustment gathers an adjustment that comes with a credit.
 */
static int
add_adjustment(ArSettlement *settlement, ArBatch *batch, ArCredit *credit, const char *kind,
			   int64 amount, DateADT adjusted_on, int64 invoice_id, const char *reason_code)
{
	ArPendingAdjustment *adjustment;

	batch->adjustments = ar_write_room(settlement, batch->adjustments, sizeof(ArPendingAdjustment),
									   batch->adjustment_count, &batch->adjustment_size);
	adjustment = &batch->adjustments[batch->adjustment_count];
	memset(adjustment, 0, sizeof(ArPendingAdjustment));
	adjustment->kind = kind;
	adjustment->customer_id = credit->customer_id;
	adjustment->amount = amount;
	adjustment->currency = credit->currency;
	adjustment->adjusted_on = adjusted_on;
	adjustment->payment_id = credit->payment_id;
	adjustment->invoice_id = invoice_id;
	if (reason_code != NULL)
		adjustment->reason_code = MemoryContextStrdup(settlement->context, reason_code);
	adjustment->credit = credit;
	return batch->adjustment_count++;
}

/*
 * grant applies to a debit what is granted besides the money: a credit that an
 * adjustment makes.
 */
static void
grant(ArSettlement *settlement, ArCredit *credit, ArItem *debit, const char *kind,
	  int64 amount, const char *reason_code, const ArAnswer *answer)
{
	DateADT		day = common_day(credit->item, debit);
	ArPending  *pending;
	int			adjustment;

	if (amount == 0)
		return;
	if (amount < 0 || amount > debit->open)
		elog(ERROR, "grant: item " INT64_FORMAT " would be over-applied", debit->item_id);
	adjustment = add_adjustment(settlement, &settlement->writing->batch, credit, kind, -amount,
								day, debit->invoice_id, reason_code);
	pending = add_application(settlement, &settlement->writing->batch, credit->customer_id, 0, debit->item_id,
							  amount, credit->currency, day, answer->rule, answer->confidence);
	pending->adjustment = adjustment;
	pending->debit_place = debit->place;
	debit->open -= amount;
}

/*
 * give takes off a credit what is too much: a debit that an adjustment makes.
 */
static void
give(ArSettlement *settlement, ArCredit *credit, const char *kind, int64 amount,
	 const ArAnswer *answer)
{
	ArItem	   *item = credit->item;
	DateADT		day = Max(item->issued_on, item->undone_on);
	int			adjustment;

	if (amount == 0)
		return;
	if (amount < 0 || amount > item->open)
		elog(ERROR, "give: item " INT64_FORMAT " would be over-applied", item->item_id);
	adjustment = add_adjustment(settlement, &settlement->writing->gains, credit, kind, amount, day, 0, NULL);
	add_application(settlement, &settlement->writing->gains, credit->customer_id, item->item_id, 0, amount, credit->currency, day,
					answer->rule, answer->confidence)->adjustment = adjustment;
	item->open -= amount;
}

/*
 * ar_write_answer carries out what a rule found.
 */
void
ar_write_answer(ArSettlement *settlement, ArCredit *credit, ArAnswer *answer)
{
	for (int i = 0; i < answer->line_count; i++)
	{
		ArLine	   *line = &answer->lines[i];

		ar_write_line(settlement, line->credit != NULL ? line->credit : credit->item,
					  line->debit, line->amount, answer->rule, answer->confidence);
		grant(settlement, credit, line->debit, "discount", line->discount, NULL, answer);
		grant(settlement, credit, line->debit, "difference", line->difference, NULL, answer);
		if (line->deduction == 0)
			continue;
		grant(settlement, credit, line->debit, "deduction", line->deduction,
			  line->reason_code, answer);
		/* What the payer kept back is still to be cleared with him. */
		add_adjustment(settlement, &settlement->writing->batch, credit, "deduction", line->deduction,
					   common_day(credit->item, line->debit),
					   line->debit->invoice_id, line->reason_code);
	}
	give(settlement, credit, "difference", answer->gain, answer);
	give(settlement, credit, "refund", answer->refund, answer);
}

/*
 * write_applications inserts the applications of a batch, in their order, and
 * makes the items that are fresh.
 */
static void
write_applications(ArSettlement *settlement, const ArBatch *batch,
				   ArPosting *fresh, int fresh_count)
{
	ArApplication *applications = palloc_extended(sizeof(ArApplication) * (Size) batch->count,
												  MCXT_ALLOC_HUGE);

	for (int i = 0; i < batch->count; i++)
	{
		ArPending  *pending = &batch->pending[i];
		ArApplication *application = &applications[i];
		int64		adjusted = pending->adjustment < 0 ? 0 :
			batch->adjustments[pending->adjustment].item_id;

		application->ledger_id = settlement->ledger_id;
		application->customer_id = pending->customer_id;
		application->credit_item_id = pending->credit_item_id != 0 ? pending->credit_item_id : adjusted;
		application->debit_item_id = pending->debit_item_id != 0 ? pending->debit_item_id : adjusted;
		application->debit_place = pending->debit_place;
		application->amount_minor = pending->amount;
		application->currency = pending->currency;
		application->applied_on = pending->applied_on;
		application->rule = rule_names[pending->rule];
		application->confidence = pending->confidence;
	}
	ar_apply_found(applications, batch->count, fresh, fresh_count);
}

/*
 * ar_write_batch writes adjustments, and then applications, together with the
 * items that are fresh.
 */
void
ar_write_batch(ArSettlement *settlement, ArBatch *batch, ArPosting *fresh, int fresh_count)
{
	MemoryContext context;
	MemoryContext caller;

	if (batch->count == 0 && batch->adjustment_count == 0 && fresh_count == 0)
		return;
	CHECK_FOR_INTERRUPTS();
	context = AllocSetContextCreate(CurrentMemoryContext, "ar_ext applications",
									ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(context);
	if (batch->adjustment_count > 0)
		ar_write_adjustments(settlement, batch->adjustments, batch->adjustment_count);
	if (batch->count > 0 || fresh_count > 0)
		write_applications(settlement, batch, fresh, fresh_count);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/*
 * take_fresh takes the fresh items that are to be made now: those that nothing
 * more will be applied to, at last all of them.
 */
static ArPosting *
take_fresh(ArSettlement *settlement, bool is_last, int *count)
{
	ArPosting  *taken;
	int			n = 0;

	*count = 0;
	if (settlement->fresh_count == 0)
		return NULL;
	taken = palloc_extended(sizeof(ArPosting) * (Size) settlement->fresh_count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < settlement->fresh_count; i++)
	{
		ArPosting  *fresh = &settlement->fresh[i];

		if (fresh->is_made || !(is_last || fresh->is_settled))
			continue;
		fresh->is_made = true;
		taken[n++] = *fresh;
	}
	*count = n;
	return taken;
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
	ArPosting  *fresh;
	int			fresh_count;

	if (!is_last && writing->batch.count < APPLICATIONS_PER_STATEMENT)
		return;
	fresh = take_fresh(settlement, is_last, &fresh_count);
	ar_write_batch(settlement, &writing->batch, fresh, fresh_count);
	if (fresh != NULL)
		pfree(fresh);
	writing->batch.count = 0;
	writing->batch.adjustment_count = 0;
	if (is_last)
		ar_write_gains(settlement, &writing->gains);
}
