/*
 * expression.h
 *		The check constraints and defaults of tables, what their partial indexes
 *		hold and when their triggers fire, kept compiled.
 */
#ifndef AR_ITEM_EXPRESSION_H
#define AR_ITEM_EXPRESSION_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

extern bool ar_checks_pass(Relation relation, TupleTableSlot *slot, ExprContext *context,
						   const AttrNumber *changed, int changed_count);
extern ExprState **ar_defaults(Relation relation);
extern void ar_use_conditions(ResultRelInfo *target);
extern void ar_use_predicates(ResultRelInfo *target);

#endif							/* AR_ITEM_EXPRESSION_H */
