/*
 * guard.c
 *		What keeps facts as they were posted and derived rows ours to write.
 *
 * A fact (payment, adjustment, application) is written once and never again.
 * A derived row (item, balance) is written by the writer alone.  Both guards
 * fire once a statement, so they cost nothing a row.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ar_ext.h"
#include "item/transition.h"
#include "item/writer.h"

PG_FUNCTION_INFO_V1(ar_is_own_transaction);
PG_FUNCTION_INFO_V1(ar_tg_fact);
PG_FUNCTION_INFO_V1(ar_tg_derived);
PG_FUNCTION_INFO_V1(ar_tg_record);

/*
 * verb names what a statement was about to do.
 */
static const char *
verb(TriggerEvent event)
{
	if (TRIGGER_FIRED_BY_INSERT(event))
		return "inserted into";
	if (TRIGGER_FIRED_BY_UPDATE(event))
		return "updated";
	if (TRIGGER_FIRED_BY_DELETE(event))
		return "deleted from";
	return "truncated";
}

/*
 * ar_tg_fact refuses every change of a table of facts.
 */
Datum
ar_tg_fact(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_fact", TRIGGER_EVENT_BEFORE);

	if (!ar_writer_active() || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_AR_IMMUTABLE),
				 errmsg("table \"%s\" holds posted facts and cannot be %s",
						RelationGetRelationName(trigger->tg_relation),
						verb(trigger->tg_event)),
				 errhint("Undo a fact with a new one: ar.unapply() for an application, a reversing document for a document."),
				 errtable(trigger->tg_relation)));
	return PointerGetDatum(NULL);
}

/*
 * ar_tg_derived refuses every write to a derived table that is not ours.
 */
Datum
ar_tg_derived(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_derived", TRIGGER_EVENT_BEFORE);

	if (!ar_writer_active() || TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_AR_IMMUTABLE),
				 errmsg("table \"%s\" is derived and cannot be %s",
						RelationGetRelationName(trigger->tg_relation),
						verb(trigger->tg_event)),
				 errhint("Write documents and applications; what is derived from them follows by itself."),
				 errtable(trigger->tg_relation)));
	return PointerGetDatum(NULL);
}

/*
 * ar_tg_record stamps a new fact with the moment it was recorded, whatever
 * the statement said: what was known when must not be anybody's to choose.
 */
Datum
ar_tg_record(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_record",
									  TRIGGER_EVENT_BEFORE | TRIGGER_EVENT_ROW);
	int			column = ar_column(trigger->tg_relation, "recorded_at", TIMESTAMPTZOID);
	Datum		now = TimestampTzGetDatum(GetCurrentTimestamp());
	bool		isnull = false;

	if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired by INSERT", "ar.tg_record")));
	return PointerGetDatum(heap_modify_tuple_by_cols(trigger->tg_trigtuple,
													 RelationGetDescr(trigger->tg_relation),
													 1, &column, &now, &isnull));
}

/*
 * ar_is_own_transaction tells whether a row was written by the present
 * transaction or one of its subtransactions.
 */
Datum
ar_is_own_transaction(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(TransactionIdIsCurrentTransactionId(PG_GETARG_TRANSACTIONID(0)));
}
