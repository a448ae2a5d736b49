/*
 * expression.h
 *		The check constraints and defaults of tables, kept compiled.
 */
#ifndef AR_ITEM_EXPRESSION_H
#define AR_ITEM_EXPRESSION_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

extern bool ar_checks_pass(Relation relation, TupleTableSlot *slot, ExprContext *context,
						   const AttrNumber *changed, int changed_count);
extern void ar_set_defaults(Relation relation, TupleTableSlot *slot, ExprContext *context,
							const AttrNumber *named, int named_count);

#endif							/* AR_ITEM_EXPRESSION_H */
