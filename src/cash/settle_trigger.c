/*
 * settle_trigger.c
 *		Payments are posted and settled when they come in.
 *
 * The payments of a statement are posted by this trigger too, so that balances
 * and items are written once, with what was applied.  A payment that has got
 * its customer only later has been posted by the time, by the trigger before.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "cash/settle.h"
#include "item/posting.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_settle);

/* What the table of payments is called by its trigger. */
#define PAYMENT	"payment"

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
 * read_payments reads what payments with a customer are to be settled, of at
 * most room.
 */
static LedgerCredit *
read_payments(Relation relation, ArTransition *rows, int room, int *count)
{
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	payment_id = ar_column(relation, "payment_id", INT8OID);
	AttrNumber	amount = ar_column(relation, "amount", AR_TYPE_MONETARY);
	AttrNumber	received_on = ar_column(relation, "received_on", DATEOID);
	AttrNumber	apply = ar_column(relation, "apply", TEXTOID);
	AttrNumber	reference = ar_column(relation, "reference", TEXTOID);
	AttrNumber	structured = ar_column(relation, "structured_reference", TEXTOID);
	AttrNumber	remittance = ar_column(relation, "remittance", JSONBOID);
	LedgerCredit *credits;
	int			n = 0;

	credits = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(LedgerCredit) * (Size) Max(room, 1));
	while (ar_transition_next(rows))
	{
		ArCredit   *credit = &credits[n].credit;
		bool		is_unidentified;
		bool		is_unsaid;
		Datum		customer = slot_getattr(rows->slot, customer_id, &is_unidentified);
		Datum		how = slot_getattr(rows->slot, apply, &is_unsaid);

		if (is_unidentified)
			continue;
		memset(credit, 0, sizeof(ArCredit));
		credit->apply = is_unsaid ? AR_APPLY_UNSAID :
			ar_apply_from_text(TextDatumGetCString(how));
		if (credit->apply == AR_APPLY_NONE)
			continue;
		credits[n].ledger_id = DatumGetInt32(ar_transition_value(rows, ledger_id));
		credit->payment_id = DatumGetInt64(ar_transition_value(rows, payment_id));
		credit->customer_id = DatumGetInt64(customer);
		credit->currency = DatumGetArMonetaryP(ar_transition_value(rows, amount))->currency;
		credit->received_on = DatumGetDateADT(ar_transition_value(rows, received_on));
		credit->rule = AR_RULE_NONE;
		credit->confidence = -1;
		if (credit->apply <= AR_APPLY_AUTO)
		{
			bool		nulls[3];
			Datum		texts[3];

			texts[0] = slot_getattr(rows->slot, reference, &nulls[0]);
			texts[1] = slot_getattr(rows->slot, structured, &nulls[1]);
			texts[2] = slot_getattr(rows->slot, remittance, &nulls[2]);
			ar_read_texts(credit, texts[0], nulls[0], texts[1], nulls[1], texts[2], nulls[2]);
		}
		n++;
	}
	*count = n;
	return credits;
}

/*
 * compare_payments finds a posting by its payment.
 */
static int
compare_payments(const void *left, const void *right)
{
	const ArPosting *a = left;
	const ArPosting *b = right;

	return a->document_id < b->document_id ? -1 : a->document_id > b->document_id;
}

/*
 * settle_ledger settles the payments of one ledger, credits, and makes the
 * items of all that have a customer, fresh, some of which wait.
 */
static void
settle_ledger(Relation relation, ArPosting *fresh, int fresh_count,
			  const LedgerCredit *credits, int count)
{
	ArSettlement settlement = {.relation = relation,.ledger_id = fresh->ledger_id,
		.is_fresh = true,.fresh = fresh,.fresh_count = fresh_count,
	.credit_count = count,.context = CurrentMemoryContext};
	ArBalanceChange *changes = palloc_extended(sizeof(ArBalanceChange) * (Size) fresh_count,
											   MCXT_ALLOC_HUGE);

	for (int i = 0; i < fresh_count; i++)
	{
		fresh[i].item_id = ar_draw_id();
		ar_note_posting(&fresh[i], &changes[i]);
	}
	ar_hold_balances(changes, fresh_count);
	pfree(changes);

	settlement.credits = palloc_extended(sizeof(ArCredit) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		ArPosting	key = {.document_id = credits[i].credit.payment_id};

		settlement.credits[i] = credits[i].credit;
		settlement.credits[i].fresh = bsearch(&key, fresh, fresh_count, sizeof(ArPosting),
											  compare_payments);
	}
	ar_settle(&settlement);
}

/*
 * settle_payments posts the payments that a statement recorded, room of them,
 * and settles them; those without a customer wait for one.  They get their
 * items with what is left of them: what a payment is for is known before
 * anything of it is written.
 */
static void
settle_payments(Relation relation, ArTransition *rows, int room)
{
	ArDocumentType type;
	int			fresh_count;
	ArPosting  *fresh = ar_read_postings(relation, PAYMENT, rows, room, &type, &fresh_count);
	int			count;
	LedgerCredit *credits;
	int			at = 0;
	int			first = 0;
	ArWriter	writer;

	if (room == 0)
		return;
	ar_transition_rewind(rows);
	credits = read_payments(relation, rows, room, &count);
	qsort(credits, count, sizeof(LedgerCredit), compare_ledgers);
	ar_writer_begin(&writer, relation);
	if (fresh_count < room)
	{
		ar_transition_rewind(rows);
		ar_wait_payments(relation, rows);
	}
	for (int i = 1; fresh_count > 0 && i <= fresh_count; i++)
	{
		int			from = at;

		if (i < fresh_count && fresh[i].ledger_id == fresh[first].ledger_id)
			continue;
		while (at < count && credits[at].ledger_id == fresh[first].ledger_id)
			at++;
		settle_ledger(relation, &fresh[first], i - first, &credits[from], at - from);
		first = i;
	}
	ar_writer_end(&writer);
}

/*
 * ar_settle_payment does for a payment that was inserted what its trigger
 * would do.
 */
void
ar_settle_payment(Relation relation, TupleTableSlot *payment)
{
	ArTransition row;

	ar_transition_of_row(&row, payment);
	settle_payments(relation, &row, 1);
	ar_transition_end(&row);
}

/* A payment that has got its customer. */
typedef struct Transfer
{
	int32		ledger_id;
	int64		payment_id;
} Transfer;

static int
compare_transfers(const void *left, const void *right)
{
	const Transfer *a = left;
	const Transfer *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	return a->payment_id < b->payment_id ? -1 : a->payment_id > b->payment_id;
}

/*
 * settle_transfers settles the payments that have got their customers, as they
 * say; by the rules if they say nothing.
 */
static void
settle_transfers(TriggerData *trigger)
{
	AttrNumber	ledger_id = ar_column(trigger->tg_relation, "ledger_id", INT4OID);
	AttrNumber	payment_id = ar_column(trigger->tg_relation, "payment_id", INT8OID);
	int			count = ar_transition_count(trigger->tg_newtable, INT_MAX);
	Transfer   *transfers = MemoryContextAllocHuge(CurrentMemoryContext,
												   sizeof(Transfer) * (Size) Max(count, 1));
	Datum	   *ids = MemoryContextAllocHuge(CurrentMemoryContext,
											 sizeof(Datum) * (Size) Max(count, 1));
	ArTransition rows;
	int			n = 0;
	int			first = 0;
	ArWriter	writer;

	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		transfers[n].ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		transfers[n++].payment_id = DatumGetInt64(ar_transition_value(&rows, payment_id));
	}
	ar_transition_end(&rows);
	if (n == 0)
		return;
	qsort(transfers, n, sizeof(Transfer), compare_transfers);
	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= n; i++)
	{
		ArSettlement settlement = {.relation = trigger->tg_relation,
		.ledger_id = transfers[first].ledger_id,.context = CurrentMemoryContext};
		int			kept = 0;

		if (i < n && transfers[i].ledger_id == transfers[first].ledger_id)
			continue;
		for (int j = first; j < i; j++)
			ids[j - first] = Int64GetDatum(transfers[j].payment_id);
		ar_read_credits(&settlement, ar_array(ids, NULL, i - first, INT8OID), true);
		for (int j = 0; j < settlement.credit_count; j++)
		{
			ArCredit   *credit = &settlement.credits[j];

			if (credit->apply == AR_APPLY_UNSAID)
				credit->apply = AR_APPLY_AUTO;
			if (credit->apply != AR_APPLY_NONE)
				settlement.credits[kept++] = *credit;
		}
		settlement.credit_count = kept;
		ar_settle(&settlement);
		first = i;
	}
	ar_writer_end(&writer);
}

/*
 * ar_tg_settle posts and settles what came in by a statement: payments, or
 * settles payments that have got their customers; the trigger's argument says
 * which.
 */
Datum
ar_tg_settle(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_settle", TRIGGER_EVENT_AFTER);
	const char *argument = ar_trigger_argument(trigger);

	if (strcmp(argument, PAYMENT) == 0)
	{
		ArTransition rows;

		ar_transition_begin(&rows, trigger, trigger->tg_newtable);
		settle_payments(trigger->tg_relation, &rows,
						ar_transition_count(trigger->tg_newtable, INT_MAX));
		ar_transition_end(&rows);
	}
	else if (strcmp(argument, "payment_transfer") == 0)
		settle_transfers(trigger);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("function \"%s\" needs the argument \"payment\" or \"payment_transfer\"",
						"ar.tg_settle")));
	return PointerGetDatum(NULL);
}
