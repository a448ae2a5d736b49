/*
 * invoice_guard.c
 *		What an invoice's row may become.
 *
 * Drafts are anybody's to edit.  Once posted, an invoice is changed by nobody
 * but the writer, and by the writer only in its status.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ar_ext.h"
#include "billing/reference.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/invoice_status.h"

PG_FUNCTION_INFO_V1(ar_tg_guard_invoice);

/*
 * status_of reads the status of a row-level trigger's tuple.
 */
static ArInvoiceStatus
status_of(HeapTuple tuple, TupleDesc desc, AttrNumber column)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, column, desc, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("an invoice must have a status"),
				 errhint("Leave status out to make a draft.")));
	return DatumGetArInvoiceStatus(value);
}

/*
 * check_move judges a change of status that a user asked for.  The states
 * between open and written off are not for him to set: they follow the facts.
 */
static void
check_move(Relation relation, ArInvoiceStatus from, ArInvoiceStatus to)
{
	if (from == to)
		return;
	if (!ar_status_can_move(from, to))
		ereport(ERROR,
				(errcode(ERRCODE_AR_INVALID_TRANSITION),
				 errmsg("an invoice cannot go from %s to %s",
						ar_status_name(from), ar_status_name(to)),
				 errhint("ar.invoice_status_graph() lists the moves there are."),
				 errtablecol(relation, ar_column(relation, "status", AR_TYPE_STATUS))));
	if (to == AR_STATUS_VOID && ar_status_is_posted(from))
		ereport(ERROR,
				(errcode(ERRCODE_AR_INVALID_TRANSITION),
				 errmsg("an invoice that is posted becomes void by its reversal"),
				 errhint("Use ar.void_invoice(), which posts it."),
				 errtablecol(relation, ar_column(relation, "status", AR_TYPE_STATUS))));
	if (ar_status_is_posted(to) &&
		(to != AR_STATUS_OPEN || ar_status_is_posted(from)))
		ereport(ERROR,
				(errcode(ERRCODE_AR_INVALID_TRANSITION),
				 errmsg("an invoice becomes %s by what is applied to it", ar_status_name(to)),
				 errhint("Post it with status open, then record the payment or adjustment."),
				 errtablecol(relation, ar_column(relation, "status", AR_TYPE_STATUS))));
}

/*
 * check_unposted keeps an invoice that is posted or void as it is.
 */
static void
check_unposted(Relation relation, ArInvoiceStatus from, bool is_delete)
{
	if (!ar_status_is_posted(from) && from != AR_STATUS_VOID)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_AR_IMMUTABLE),
			 errmsg("an invoice that is %s cannot be %s", ar_status_name(from),
					is_delete ? "deleted" : "changed"),
			 errhint("Correct a posted invoice with a credit memo or another invoice."),
			 errtable(relation)));
}

/*
 * payment_reference_of makes the payment reference of an invoice that comes
 * with its number and without one, or nothing.  (Of a number that is drawn, it
 * is made then.)
 */
static Datum
payment_reference_of(Relation relation, HeapTuple tuple, AttrNumber payment_reference)
{
	TupleDesc	desc = RelationGetDescr(relation);
	bool		isnull;
	Datum		value;
	char	   *reference;

	(void) heap_getattr(tuple, payment_reference, desc, &isnull);
	if (!isnull)
		return (Datum) 0;
	value = heap_getattr(tuple, ar_column(relation, "number", TEXTOID), desc, &isnull);
	if (isnull)
		return (Datum) 0;
	reference = ar_creditor_reference_of(TextDatumGetCString(value));
	value = heap_getattr(tuple, ar_column(relation, "kind", TEXTOID), desc, &isnull);
	if (reference == NULL || isnull || strcmp(TextDatumGetCString(value), "credit_memo") == 0)
		return (Datum) 0;
	return CStringGetTextDatum(reference);
}

/*
 * ar_tg_guard_invoice says what an invoice's row may become, and stamps the
 * moment of posting.
 */
Datum
ar_tg_guard_invoice(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_guard_invoice",
									  TRIGGER_EVENT_BEFORE | TRIGGER_EVENT_ROW);
	Relation	relation = trigger->tg_relation;
	TupleDesc	desc = RelationGetDescr(relation);
	AttrNumber	status = ar_column(relation, "status", AR_TYPE_STATUS);
	HeapTuple	tuple;
	ArInvoiceStatus from = AR_STATUS_DRAFT;
	ArInvoiceStatus to;
	bool		is_insert = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	int			columns[3];
	Datum		values[3];
	bool		nulls[3] = {false, true, false};
	int			changes = 2;

	if (!is_insert)
		from = status_of(trigger->tg_trigtuple, desc, status);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
	{
		if (!ar_writer_active())
			check_unposted(relation, from, true);
		return PointerGetDatum(trigger->tg_trigtuple);
	}

	tuple = is_insert ? trigger->tg_trigtuple : trigger->tg_newtuple;
	to = status_of(tuple, desc, status);
	if (ar_writer_active())
	{
		if (from == AR_STATUS_VOID && to != AR_STATUS_VOID)
			ereport(ERROR,
					(errcode(ERRCODE_AR_INVALID_TRANSITION),
					 errmsg("an invoice that is void stays void"),
					 errdetail("What its reversal is applied to cannot be undone."),
					 errhint("Create the invoice again."),
					 errtable(relation)));
		/* What a statement opened may be held before it makes items. */
		if (from != to && !ar_status_can_move(from, to) &&
			!(from == AR_STATUS_OPEN && to == AR_STATUS_HELD))
			elog(ERROR, "ar_tg_guard_invoice: the writer moves an invoice from %s to %s",
				 ar_status_name(from), ar_status_name(to));
		return PointerGetDatum(tuple);
	}
	check_move(relation, from, to);
	check_unposted(relation, from, false);

	/* What posting fills in is nobody else's to choose. */
	columns[0] = ar_column(relation, "recorded_at", TIMESTAMPTZOID);
	columns[1] = ar_column(relation, "series_number", INT8OID);
	values[0] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[1] = (Datum) 0;
	nulls[0] = to != AR_STATUS_OPEN;
	if (to == AR_STATUS_OPEN)
	{
		columns[2] = ar_column(relation, "payment_reference", TEXTOID);
		values[2] = payment_reference_of(relation, tuple, columns[2]);
		if (values[2] != (Datum) 0)
			changes++;
	}
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, desc, changes, columns,
													 values, nulls));
}
