/*
 * settle_trigger.c
 *		Payments are settled when they come in.
 *
 * The trigger fires after the one that posts, by its name: each payment has
 * its item, and the balances of all customers concerned are held.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cash/settle.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_settle);

/* A credit and the ledger it belongs to. */
typedef struct LedgerCredit
{
	int32		ledger_id;
	ArCredit	credit;
} LedgerCredit;

/*
 * compare_ledgers groups credits by ledger, payments in order.
 */
static int
compare_ledgers(const void *left, const void *right)
{
	const LedgerCredit *a = left;
	const LedgerCredit *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	return a->credit.payment_id < b->credit.payment_id ? -1 :
		a->credit.payment_id > b->credit.payment_id;
}

/*
 * read_payments copies out of the transition table what payments with a
 * customer are to be settled.
 */
static LedgerCredit *
read_payments(TriggerData *trigger, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	payment_id = ar_column(relation, "payment_id", INT8OID);
	AttrNumber	amount = ar_column(relation, "amount", AR_TYPE_MONETARY);
	AttrNumber	received_on = ar_column(relation, "received_on", DATEOID);
	AttrNumber	apply = ar_column(relation, "apply", TEXTOID);
	int			rows_count = ar_transition_count(trigger->tg_newtable, INT_MAX);
	LedgerCredit *credits;
	ArTransition rows;
	int			n = 0;

	credits = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(LedgerCredit) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		ArCredit   *credit = &credits[n].credit;
		bool		is_unidentified;
		bool		is_unsaid;
		Datum		customer = slot_getattr(rows.slot, customer_id, &is_unidentified);
		Datum		how = slot_getattr(rows.slot, apply, &is_unsaid);

		if (is_unidentified)
			continue;
		memset(credit, 0, sizeof(ArCredit));
		credit->apply = is_unsaid ? AR_APPLY_UNSAID :
			ar_apply_from_text(TextDatumGetCString(how));
		if (credit->apply == AR_APPLY_NONE)
			continue;
		credits[n].ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		credit->payment_id = DatumGetInt64(ar_transition_value(&rows, payment_id));
		credit->customer_id = DatumGetInt64(customer);
		credit->currency = DatumGetArMonetaryP(ar_transition_value(&rows, amount))->currency;
		credit->received_on = DatumGetDateADT(ar_transition_value(&rows, received_on));
		n++;
	}
	ar_transition_end(&rows);
	*count = n;
	return credits;
}

/*
 * settle_ledger settles the payments of one ledger.
 */
static void
settle_ledger(Relation relation, LedgerCredit *credits, int count)
{
	ArSettlement settlement = {.relation = relation,.ledger_id = credits[0].ledger_id,
		.credit_count = count,.context = CurrentMemoryContext};

	settlement.credits = palloc_extended(sizeof(ArCredit) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		settlement.credits[i] = credits[i].credit;
	ar_settle(&settlement);
}

/*
 * ar_tg_settle settles the payments that a statement recorded, as they say, or
 * as the policy of their customer does.
 */
Datum
ar_tg_settle(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_settle", TRIGGER_EVENT_AFTER);
	int			count;
	int			first = 0;
	LedgerCredit *credits = read_payments(trigger, &count);
	ArWriter	writer;

	if (count == 0)
		return PointerGetDatum(NULL);
	qsort(credits, count, sizeof(LedgerCredit), compare_ledgers);
	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= count; i++)
	{
		if (i < count && credits[i].ledger_id == credits[first].ledger_id)
			continue;
		settle_ledger(trigger->tg_relation, &credits[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
