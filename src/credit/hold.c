/*
 * hold.c
 *		Invoices are judged one by one before they are posted, where a policy
 *		says more than that a breach is refused.
 *
 * The triggers fire, by their names, before those that post.  By then a
 * statement has set its invoices open; those that must not be posted are set
 * to held, and posting leaves them out.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "billing/invoice_post.h"
#include "credit/limit.h"
#include "item/posting.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/invoice_status.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_hold_invoice);
PG_FUNCTION_INFO_V1(ar_tg_withdraw_hold);
PG_FUNCTION_INFO_V1(ar_fit_credit);

/* One unposted or newly opened invoice. */
typedef struct Invoice
{
	int32		ledger_id;
	int64		invoice_id;
	int64		customer_id;
	uint32		currency;
	ArInvoiceStatus status;
	bool		has_order;
	bool		is_credit;		/* a credit memo */
} Invoice;

/* What the checks cost nothing where they are not needed. */
static ArStatement is_checked =
{
	.sql =
	"SELECT EXISTS (SELECT FROM ar.credit_policy AS p WHERE p.ledger_id = $1)"
	" OR (SELECT pg_catalog.count(*) > 0 FROM unnest($2) AS w(customer_id)"
	"  JOIN LATERAL (SELECT c.status FROM ar.customer AS c WHERE c.ledger_id = $1"
	"   AND c.customer_id = w.customer_id OFFSET 0) AS c ON c.status = 'on_hold')"
	" OR (SELECT pg_catalog.count(*) > 0 FROM unnest($2) AS w(customer_id)"
	"  JOIN LATERAL (SELECT FROM ar.credit_stop AS s WHERE s.ledger_id = $1"
	"   AND s.customer_id = w.customer_id AND s.lifted_at IS NULL OFFSET 0) AS s ON true)"
	" OR EXISTS (SELECT FROM ar.credit_hold AS h WHERE h.ledger_id = $1"
	"  AND h.decision IS NULL AND h.action = 'hold')",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement counts_drafts =
{
	.sql =
	"SELECT EXISTS (SELECT FROM ar.credit_policy AS p"
	"  WHERE p.ledger_id = $1 AND p.counts_drafts)",
	.nargs = 1,
	.argtypes = {INT4OID}
};

static ArStatement hold_invoices =
{
	.sql = "SELECT ar.hold_invoices($1, $2)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement note_held =
{
	.sql = "SELECT ar.note_held_invoices($1, $2)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* Before balances: whoever changes a reservation has its row already. */
static ArStatement lock_orders =
{
	.sql =
	"SELECT r.reservation_id FROM ar.credit_reservation AS r,"
	" (SELECT DISTINCT $1 AS ledger_id, v.customer_id, v.order_reference FROM unnest($2) AS w(invoice_id)"
	"  JOIN LATERAL (SELECT v.customer_id, v.order_reference FROM ar.invoice AS v"
	"   WHERE v.ledger_id = $1 AND v.invoice_id = w.invoice_id OFFSET 0) AS v ON true) AS o"
	" WHERE r.ledger_id = o.ledger_id AND r.order_reference = o.order_reference"
	"  AND r.customer_id = o.customer_id"
	" ORDER BY r.reservation_id FOR NO KEY UPDATE OF r",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement bill_orders =
{
	.sql = "SELECT ar.bill_reservations($1, $2)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement withdraw_hold =
{
	.sql =
	"UPDATE ar.credit_hold AS h SET decision = 'withdrawn'"
	" WHERE h.ledger_id = $1 AND h.invoice_id = $2"
	"  AND h.decision IS NULL AND h.action = 'hold'",
	.nargs = 2,
	.argtypes = {INT4OID, INT8OID}
};

/*
 * read_invoices copies the invoices that are open, held or draft out of the
 * transition table; or, when it is the writer who wrote, those of an order that
 * are void, by their reversal.
 */
static Invoice *
read_invoices(TriggerData *trigger, bool reversed, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	invoice_id = ar_column(relation, "invoice_id", INT8OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	kind = ar_column(relation, "kind", TEXTOID);
	AttrNumber	total = ar_column(relation, "total", AR_TYPE_MONETARY);
	AttrNumber	status = ar_column(relation, "status", AR_TYPE_STATUS);
	AttrNumber	order_reference = ar_column(relation, "order_reference", TEXTOID);
	int			rows_count = ar_transition_count(trigger->tg_newtable, INT_MAX);
	Invoice    *invoices;
	ArTransition rows;
	int			n = 0;

	invoices = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Invoice) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		Invoice    *invoice = &invoices[n];
		Datum		value;
		bool		isnull;

		invoice->status = DatumGetArInvoiceStatus(ar_transition_value(&rows, status));
		if (reversed ? invoice->status != AR_STATUS_VOID :
			invoice->status != AR_STATUS_OPEN && invoice->status != AR_STATUS_HELD &&
			invoice->status != AR_STATUS_DRAFT)
			continue;
		/* A credit memo asks for no credit; what it takes back of an order counts. */
		value = ar_transition_value(&rows, kind);
		(void) slot_getattr(rows.slot, order_reference, &isnull);
		invoice->has_order = !isnull;
		invoice->is_credit = VARSIZE_ANY_EXHDR(DatumGetPointer(value)) == strlen("credit_memo") &&
			memcmp(VARDATA_ANY(DatumGetPointer(value)), "credit_memo", strlen("credit_memo")) == 0;
		if (invoice->is_credit && !invoice->has_order && invoice->status != AR_STATUS_HELD)
			continue;
		if (reversed && !invoice->has_order)
			continue;
		n++;
		invoice->ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		invoice->invoice_id = DatumGetInt64(ar_transition_value(&rows, invoice_id));
		invoice->customer_id = DatumGetInt64(ar_transition_value(&rows, customer_id));
		invoice->currency =
			DatumGetArMonetaryP(ar_transition_value(&rows, total))->currency;
	}
	ar_transition_end(&rows);
	*count = n;
	return invoices;
}

/*
 * compare_invoices groups invoices by ledger and customer.
 */
static int
compare_invoices(const void *left, const void *right)
{
	const Invoice *a = left;
	const Invoice *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	return 0;
}

/*
 * array_of_invoices makes an array of the ids of the invoices, or of their
 * customers, that have one status; NULL (0) when there is none.
 */
static Datum
array_of_invoices(Invoice *invoices, int count, ArInvoiceStatus status,
				  bool only_orders, bool customers)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	int64		last = 0;
	int			n = 0;

	for (int i = 0; i < count; i++)
	{
		Invoice    *invoice = &invoices[i];

		if (invoice->status != status ||
			(only_orders ? !invoice->has_order :
			 invoice->is_credit && status != AR_STATUS_HELD))
			continue;
		if (customers && n > 0 && invoice->customer_id == last)
			continue;
		last = invoice->customer_id;
		ids[n++] = Int64GetDatum(customers ? invoice->customer_id : invoice->invoice_id);
	}
	return n == 0 ? (Datum) 0 : ar_array(ids, NULL, n, INT8OID);
}

/*
 * ask runs a statement of one row and one column, and returns its value.
 */
static Datum
ask(ArStatement *statement, int32 ledger_id, Datum ids)
{
	Datum		values[2];
	Datum		result;
	bool		isnull;

	values[0] = Int32GetDatum(ledger_id);
	values[1] = ids;
	if (ar_writer_execute(statement, values, SPI_OK_SELECT) != 1)
		elog(ERROR, "ask: \"%s\" returned no row", statement->sql);
	result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	SPI_freetuptable(SPI_tuptable);
	return isnull ? (Datum) 0 : result;
}

/*
 * lock_customers takes the balances of the customers whose invoices were
 * opened, in lock order, so that nothing moves while they are judged.
 */
static void
lock_customers(Invoice *invoices, int count)
{
	ArBalanceChange *changes;
	int			n = 0;

	changes = MemoryContextAllocHuge(CurrentMemoryContext,
									 sizeof(ArBalanceChange) * (Size) count);
	for (int i = 0; i < count; i++)
	{
		if (invoices[i].status != AR_STATUS_OPEN)
			continue;
		memset(&changes[n], 0, sizeof(ArBalanceChange));
		changes[n].ledger_id = invoices[i].ledger_id;
		changes[n].customer_id = invoices[i].customer_id;
		changes[n++].currency = invoices[i].currency;
	}
	ar_change_balances(changes, n);
	pfree(changes);
}

/*
 * judge_ledger judges the invoices of one ledger, sorted by customer.
 */
static void
judge_ledger(Relation relation, Invoice *invoices, int count)
{
	int32		ledger_id = invoices[0].ledger_id;
	Datum		opened = array_of_invoices(invoices, count, AR_STATUS_OPEN, false, false);
	Datum		held = array_of_invoices(invoices, count, AR_STATUS_HELD, false, false);
	Datum		drafts = array_of_invoices(invoices, count, AR_STATUS_DRAFT, false, true);

	Datum		orders = array_of_invoices(invoices, count, AR_STATUS_OPEN, true, false);
	Datum		voided = array_of_invoices(invoices, count, AR_STATUS_VOID, true, false);

	if (opened != 0 || orders != 0)
	{
		Datum		customers = array_of_invoices(invoices, count, AR_STATUS_OPEN, false, true);
		bool		checked = customers != 0 && DatumGetBool(ask(&is_checked, ledger_id, customers));

		if (orders != 0)
		{
			Datum		values[2];

			values[0] = Int32GetDatum(ledger_id);
			values[1] = orders;
			ar_writer_execute(&lock_orders, values, SPI_OK_SELECT);
			SPI_freetuptable(SPI_tuptable);
		}
		if (checked || orders != 0)
			lock_customers(invoices, count);
		if (checked && DatumGetInt32(ask(&hold_invoices, ledger_id, opened)) > 0)
			ar_note_held_invoices();
		if (orders != 0)
			(void) ask(&bill_orders, ledger_id, orders);
	}
	/* The balance fell before by as much as is reserved again, at most. */
	if (voided != 0)
		(void) ask(&bill_orders, ledger_id, voided);
	if (held != 0)
		(void) ask(&note_held, ledger_id, held);
	if (drafts != 0 && DatumGetBool(ask(&counts_drafts, ledger_id, (Datum) 0)))
		ar_judge_credit(relation, ledger_id, drafts, AR_CREDIT_DRAFT);
}

/*
 * ar_tg_hold_invoice judges the invoices that a statement opened, before they
 * are posted, and holds those that must wait.  Orders whose invoices became
 * void get back what these had billed.
 */
Datum
ar_tg_hold_invoice(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_hold_invoice", TRIGGER_EVENT_AFTER);
	Invoice    *invoices;
	int			count;
	int			first = 0;
	ArWriter	writer;

	invoices = read_invoices(trigger, ar_writer_active(), &count);
	if (count == 0)
		return PointerGetDatum(NULL);
	qsort(invoices, count, sizeof(Invoice), compare_invoices);

	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < count && invoices[i].ledger_id == invoices[first].ledger_id)
			continue;
		judge_ledger(trigger->tg_relation, &invoices[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}

/*
 * ar_tg_withdraw_hold closes the hold of an invoice that was taken back to
 * draft or made void.
 */
Datum
ar_tg_withdraw_hold(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_withdraw_hold", TRIGGER_EVENT_ROW);
	Relation	relation = trigger->tg_relation;
	HeapTuple	tuple = trigger->tg_newtuple;
	ArWriter	writer;
	Datum		values[2];
	bool		isnull;

	if (!TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired by UPDATE", "ar.tg_withdraw_hold")));
	values[0] = heap_getattr(tuple, ar_column(relation, "ledger_id", INT4OID),
							 RelationGetDescr(relation), &isnull);
	values[1] = heap_getattr(tuple, ar_column(relation, "invoice_id", INT8OID),
							 RelationGetDescr(relation), &isnull);
	ar_writer_begin(&writer, relation);
	ar_writer_execute(&withdraw_hold, values, SPI_OK_UPDATE);
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}

/*
 * elements takes an array without NULLs apart.
 */
static Datum *
elements(FunctionCallInfo fcinfo, int argument, Oid type, int16 length, bool by_value,
		 char align, int count)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(argument);
	Datum	   *values;
	bool	   *nulls;
	int			n;

	deconstruct_array(array, type, length, by_value, align, &values, &nulls, &n);
	if (count >= 0 && n != count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays of different lengths: %d and %d", count, n)));
	for (int i = 0; i < n; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an array holds a null")));
	return values;
}

/*
 * at_number checks a number of a limit or order, which count from 1.
 */
static int
at_number(Datum value, int count)
{
	int32		number = DatumGetInt32(value);

	if (number < 1 || number > count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number %d is not between 1 and %d", number, count)));
	return number - 1;
}

/*
 * ar_fit_credit goes through invoices in order and sees which still fit into
 * the limits that they count against: what fits takes its room away from
 * those after it, what does not leaves it to them.
 *
 * Each element is one invoice against one limit; those of an invoice lie side
 * by side.  What an order has reserved is in the exposure already: as much of
 * an invoice of that order takes no room.
 */
Datum
ar_fit_credit(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	int			count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Datum	   *invoices = elements(fcinfo, 0, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, count);
	Datum	   *limits = elements(fcinfo, 1, INT4OID, 4, true, TYPALIGN_INT, count);
	Datum	   *rooms = elements(fcinfo, 2, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, count);
	Datum	   *amounts = elements(fcinfo, 3, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, count);
	Datum	   *orders = elements(fcinfo, 4, INT4OID, 4, true, TYPALIGN_INT, count);
	Datum	   *reserved = elements(fcinfo, 5, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, count);
	Datum	   *blocked = elements(fcinfo, 6, BOOLOID, 1, true, TYPALIGN_CHAR, count);
	Datum	   *anyway = elements(fcinfo, 7, BOOLOID, 1, true, TYPALIGN_CHAR, count);
	int64	   *taken = palloc0(sizeof(int64) * (Size) Max(count, 1));
	int64	   *billed = palloc0(sizeof(int64) * (Size) Max(count, 1));
	Datum	   *fits = palloc(sizeof(Datum) * (Size) Max(count, 1));
	int			first = 0;

	for (int i = 0; i < count; i++)
	{
		bool		all_fit = true;
		int			last = i;

		CHECK_FOR_INTERRUPTS();
		first = i;
		while (last + 1 < count &&
			   DatumGetInt64(invoices[last + 1]) == DatumGetInt64(invoices[first]))
			last++;
		for (int k = first; k <= last; k++)
		{
			int			order = at_number(orders[k], count);
			int			limit = at_number(limits[k], count);
			int64		amount = DatumGetInt64(amounts[k]);
			int64		left = Max(DatumGetInt64(reserved[k]) - billed[order], 0);
			int64		rise = amount - Min(amount, left);
			int64		sum;
			bool		fit = rise <= 0 ||
			(!pg_add_s64_overflow(taken[limit], rise, &sum) &&
			 sum <= DatumGetInt64(rooms[k]));

			fits[k] = BoolGetDatum(fit);
			all_fit = all_fit && (fit || DatumGetBool(anyway[k])) && !DatumGetBool(blocked[k]);
		}
		for (int k = first; all_fit && k <= last; k++)
		{
			int			order = at_number(orders[k], count);
			int			limit = at_number(limits[k], count);
			int64		amount = DatumGetInt64(amounts[k]);
			int64		left = Max(DatumGetInt64(reserved[k]) - billed[order], 0);

			billed[order] = ar_add_minor(billed[order], Min(amount, left));
			taken[limit] = ar_add_minor(taken[limit], amount - Min(amount, left));
		}
		i = last;
	}
	PG_RETURN_DATUM(ar_array(fits, NULL, count, BOOLOID));
}
