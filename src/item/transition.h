/*
 * transition.h
 *		Reading, in C, the rows that a statement wrote.
 */
#ifndef AR_ITEM_TRANSITION_H
#define AR_ITEM_TRANSITION_H

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/tuplestore.h"

/* A scan over a transition table, or the one row that was written. */
typedef struct ArTransition
{
	Tuplestorestate *store;		/* NULL: it is one row */
	TupleTableSlot *slot;		/* the current row */
	bool		is_past;		/* the one row */
} ArTransition;

extern TriggerData *ar_trigger(FunctionCallInfo fcinfo, const char *name,
							   TriggerEvent timing_and_level);
extern const char *ar_trigger_argument(TriggerData *trigger);
extern int	ar_transition_count(Tuplestorestate *store, int max);
extern void ar_transition_begin(ArTransition *transition, TriggerData *trigger,
								Tuplestorestate *store);
extern void ar_transition_of_row(ArTransition *transition, TupleTableSlot *row);
extern void ar_transition_rewind(ArTransition *transition);
extern bool ar_transition_next(ArTransition *transition);
extern void ar_transition_end(ArTransition *transition);

extern AttrNumber ar_column(Relation relation, const char *name, Oid type);
extern Datum ar_transition_value(ArTransition *transition, AttrNumber column);

#endif							/* AR_ITEM_TRANSITION_H */
