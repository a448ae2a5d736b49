/*
 * limit.c
 *		The credit limit: no more credit than was granted, by whatever road.
 *
 * Exposure is what is open on a customer's debit items less what is open on
 * his credit items.  The trigger hangs on the balance row itself, so whatever
 * raises exposure has already updated, and thereby locked, the row when it is
 * judged: two sessions cannot both pass, at any isolation level.  Equality
 * passes.  A customer without a limit may owe anything, one with a limit of
 * zero nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "item/posting.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_enforce_limit);

/* A balance row as the statement left it, or found it. */
typedef struct Balance
{
	int32		ledger_id;
	int64		customer_id;
	uint32		currency;
	int64		exposure_minor;
} Balance;

static ArStatement read_limits =
{
	.sql =
	"SELECT c.code, c.credit_limit, b.open_debits, b.open_credits"
	" FROM ar.customer AS c JOIN ar.customer_balance AS b"
	"  ON b.ledger_id = c.ledger_id AND b.customer_id = c.customer_id"
	" WHERE c.ledger_id = $1 AND c.customer_id = ANY ($2)"
	"  AND c.credit_limit IS NOT NULL"
	" ORDER BY c.customer_id, b.currency",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * read_balances copies balance rows out of a transition table.
 */
static Balance *
read_balances(TriggerData *trigger, Tuplestorestate *store, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	open_debits = ar_column(relation, "open_debits", AR_TYPE_MONETARY);
	AttrNumber	open_credits = ar_column(relation, "open_credits", AR_TYPE_MONETARY);
	int			rows_count = ar_transition_count(store, INT_MAX);
	Balance    *balances;
	ArTransition rows;
	int			n = 0;

	balances = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Balance) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, store);
	while (ar_transition_next(&rows))
	{
		Balance    *balance = &balances[n++];
		ArMonetary *debits = DatumGetArMonetaryP(ar_transition_value(&rows, open_debits));
		ArMonetary *credits = DatumGetArMonetaryP(ar_transition_value(&rows, open_credits));

		balance->ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		balance->customer_id = DatumGetInt64(ar_transition_value(&rows, customer_id));
		balance->currency = debits->currency;
		balance->exposure_minor = ar_add_minor(ar_monetary_minor(debits),
											   ar_monetary_minor(credits));
	}
	ar_transition_end(&rows);
	*count = n;
	return balances;
}

/*
 * compare_balances orders balances by key.
 */
static int
compare_balances(const void *left, const void *right)
{
	const Balance *a = left;
	const Balance *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->currency != b->currency)
		return a->currency < b->currency ? -1 : 1;
	return 0;
}

/*
 * keep_risen drops the balances whose exposure did not rise: paying, and
 * applying what was paid, is never refused, even to who is over his limit.
 */
static int
keep_risen(Balance *after, int after_count, Balance *before, int before_count)
{
	int			kept = 0;

	for (int i = 0; i < after_count; i++)
	{
		Balance    *old = before_count == 0 ? NULL :
			bsearch(&after[i], before, before_count, sizeof(Balance), compare_balances);

		if (after[i].exposure_minor > (old == NULL ? 0 : old->exposure_minor))
			after[kept++] = after[i];
	}
	return kept;
}

/*
 * judge_balance compares one balance of a customer with his limit.
 */
static void
judge_balance(Relation relation, const char *code, ArMonetary *limit,
			  ArMonetary *debits, ArMonetary *credits)
{
	int64		exposure_minor = ar_add_minor(ar_monetary_minor(debits),
											  ar_monetary_minor(credits));
	ArMonetary	exposure;
	ArMonetary	excess;

	ar_monetary_set(&exposure, exposure_minor, debits->currency);
	if (limit->currency != debits->currency)
	{
		if (exposure_minor <= 0)
			return;
		ereport(ERROR,
				(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
				 errmsg("the credit limit of customer \"%s\" is in another currency than what is open", code),
				 errdetail("The limit is %s, the exposure %s.",
						   ar_monetary_to_cstring(limit), ar_monetary_to_cstring(&exposure)),
				 errhint("Invoice in the currency of the limit, or remove the limit."),
				 errtableconstraint(relation, "customer_balance_credit_limit_check")));
	}
	if (exposure_minor <= ar_monetary_minor(limit))
		return;
	ar_monetary_set(&excess, ar_add_minor(exposure_minor, -ar_monetary_minor(limit)),
					limit->currency);
	ereport(ERROR,
			(errcode(ERRCODE_AR_CREDIT_LIMIT_EXCEEDED),
			 errmsg("credit limit of customer \"%s\" exceeded", code),
			 errdetail("The exposure would be %s against a limit of %s, an excess of %s.",
					   ar_monetary_to_cstring(&exposure), ar_monetary_to_cstring(limit),
					   ar_monetary_to_cstring(&excess)),
			 errhint("Take a payment first, lower the amount, or raise the limit."),
			 errtableconstraint(relation, "customer_balance_credit_limit_check")));
}

/*
 * judge_ledger judges the customers of one ledger whose exposure rose.
 */
static void
judge_ledger(Relation relation, Balance *balances, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[2];
	uint64		rows;

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(balances[i].customer_id);
	values[0] = Int32GetDatum(balances[0].ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	rows = ar_writer_execute(&read_limits, values, SPI_OK_SELECT);
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		judge_balance(relation, SPI_getvalue(row, desc, 1),
					  DatumGetArMonetaryP(SPI_getbinval(row, desc, 2, &isnull)),
					  DatumGetArMonetaryP(SPI_getbinval(row, desc, 3, &isnull)),
					  DatumGetArMonetaryP(SPI_getbinval(row, desc, 4, &isnull)));
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * ar_tg_enforce_limit judges the balances that a statement raised.
 */
Datum
ar_tg_enforce_limit(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_enforce_limit", TRIGGER_EVENT_AFTER);
	Balance    *after;
	Balance    *before = NULL;
	int			count;
	int			before_count = 0;
	int			first = 0;
	ArWriter	writer;

	after = read_balances(trigger, trigger->tg_newtable, &count);
	if (trigger->tg_oldtable != NULL)
	{
		before = read_balances(trigger, trigger->tg_oldtable, &before_count);
		qsort(before, before_count, sizeof(Balance), compare_balances);
	}
	count = keep_risen(after, count, before, before_count);
	if (count == 0)
		return PointerGetDatum(NULL);
	qsort(after, count, sizeof(Balance), compare_balances);

	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < count && after[i].ledger_id == after[first].ledger_id)
			continue;
		judge_ledger(trigger->tg_relation, &after[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
