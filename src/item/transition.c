/*
 * transition.c
 *		Reading, in C, the rows that a statement wrote.
 *
 * The tuplestore is read directly and never joined in SQL: a distributed
 * table's shard cannot find a named tuplestore, and we want the keys sorted
 * before we lock anything.  Columns are found by name and type in each call,
 * because any owner may attach a trigger function to any table, and may add
 * and drop columns.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "item/transition.h"
#include "item/writer.h"

/*
 * ar_trigger checks that a trigger function was called as the trigger it is
 * made for: timing and level are TRIGGER_EVENT_... bits; a statement-level
 * AFTER trigger must also have asked for the table of new or old rows.
 */
TriggerData *
ar_trigger(FunctionCallInfo fcinfo, const char *name,
		   TriggerEvent timing_and_level)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" can only be called as a trigger", name)));
	if ((trigger->tg_event & (TRIGGER_EVENT_TIMINGMASK | TRIGGER_EVENT_ROW)) !=
		timing_and_level)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired %s each %s", name,
						(timing_and_level & TRIGGER_EVENT_TIMINGMASK) ==
						TRIGGER_EVENT_BEFORE ? "before" : "after",
						(timing_and_level & TRIGGER_EVENT_ROW) ? "row" : "statement"),
				 errhint("Triggers of the books are made by ar.create_books(); do not attach them to other tables.")));
	if (timing_and_level == TRIGGER_EVENT_AFTER &&
		trigger->tg_newtable == NULL && trigger->tg_oldtable == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be given a transition table", name),
				 errhint("Create the trigger with REFERENCING NEW TABLE or OLD TABLE.")));
	return trigger;
}

/*
 * ar_trigger_argument is the one argument of a trigger, or the empty string.
 */
const char *
ar_trigger_argument(TriggerData *trigger)
{
	return trigger->tg_trigger->tgnargs == 1 ? trigger->tg_trigger->tgargs[0] : "";
}

/*
 * insist refuses to go on without a transition table: somebody attached a
 * trigger function to an event it is not made for.
 */
static void
insist(Tuplestorestate *store)
{
	if (store == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("a trigger function of the books was fired by an event it is not made for"),
				 errhint("Triggers of the books are made by ar.create_books(); do not attach them to other tables.")));
}

/*
 * ar_transition_count counts the rows a statement wrote, and refuses more
 * than its caller can hold.
 */
int
ar_transition_count(Tuplestorestate *store, int max)
{
	int64		count;

	insist(store);
	count = tuplestore_tuple_count(store);
	if (count > max)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot process more than %d rows in one statement", max),
				 errhint("Divide the rows among several statements.")));
	return (int) count;
}

/*
 * ar_transition_begin starts a scan of a transition table.
 */
void
ar_transition_begin(ArTransition *transition, TriggerData *trigger,
					Tuplestorestate *store)
{
	insist(store);
	transition->store = store;
	transition->slot = MakeSingleTupleTableSlot(RelationGetDescr(trigger->tg_relation),
												&TTSOpsMinimalTuple);
	ar_transition_rewind(transition);
}

/*
 * ar_transition_of_row starts a scan of the one row that was written.
 */
void
ar_transition_of_row(ArTransition *transition, TupleTableSlot *row)
{
	transition->store = NULL;
	transition->slot = row;
	ar_transition_rewind(transition);
}

/*
 * ar_transition_rewind goes back to the start.  Triggers of one event share
 * the tuplestore.
 */
void
ar_transition_rewind(ArTransition *transition)
{
	transition->is_past = false;
	if (transition->store == NULL)
		return;
	tuplestore_select_read_pointer(transition->store, 0);
	tuplestore_rescan(transition->store);
}

/*
 * ar_transition_next moves to the next row; false when there is none.
 */
bool
ar_transition_next(ArTransition *transition)
{
	bool		was_past = transition->is_past;

	CHECK_FOR_INTERRUPTS();
	transition->is_past = true;
	if (transition->store == NULL)
		return !was_past;
	return tuplestore_gettupleslot(transition->store, true, false,
								   transition->slot);
}

/*
 * ar_transition_end drops the scan; values copied out of it stay.
 */
void
ar_transition_end(ArTransition *transition)
{
	if (transition->store != NULL)
		ExecDropSingleTupleTableSlot(transition->slot);
}

/*
 * ar_column finds a column by name and insists on its type (an OID or
 * AR_TYPE_...), so that no layout can make us misread bytes.
 */
AttrNumber
ar_column(Relation relation, const char *name, Oid type)
{
	TupleDesc	desc = RelationGetDescr(relation);

	type = ar_type(type);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || NameStr(attribute->attname)[0] != name[0] ||
			strcmp(NameStr(attribute->attname), name) != 0)
			continue;
		if (attribute->atttypid != type)
			break;
		return attribute->attnum;
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table \"%s\" has no column \"%s\" of type %s",
					RelationGetRelationName(relation), name,
					format_type_be(type)),
			 errhint("Triggers of the books are made by ar.create_books(); do not change the columns they came with.")));
}

/*
 * ar_transition_value reads a column that cannot be null.
 */
Datum
ar_transition_value(ArTransition *transition, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(transition->slot, column, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column %d of a posted row is null", column)));
	return value;
}
