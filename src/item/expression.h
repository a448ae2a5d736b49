/*
 * expression.h
 *		The check constraints and defaults of tables, their indexes and triggers,
 *		kept compiled.
 */
#ifndef AR_ITEM_EXPRESSION_H
#define AR_ITEM_EXPRESSION_H

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

/* What a statement that writes a table uses of what is kept. */
typedef struct ArKeptUse
{
	struct Kept *kept;
	bool		is_outermost;
	bool	   *are_open;		/* one an index; NULL: none is */
} ArKeptUse;

extern bool ar_checks_pass(Relation relation, TupleTableSlot *slot, ExprContext *context,
						   const AttrNumber *changed, int changed_count);
extern void ar_set_defaults(Relation relation, TupleTableSlot *slot, ExprContext *context,
							const AttrNumber *named, int named_count);
extern void ar_kept_begin(ArKeptUse *use, Relation relation);
extern void ar_kept_end(ArKeptUse *use);
extern void ar_use_triggers(const ArKeptUse *use, ResultRelInfo *target);
extern bool ar_is_strange(const ArKeptUse *use, int trigger);
extern bool ar_is_key_within(const ArKeptUse *use, int trigger, const AttrNumber *columns, int count);
extern bool ar_is_key_apart(const ArKeptUse *use, int trigger, const AttrNumber *columns, int count);
extern void ar_use_indexes(ArKeptUse *use, ResultRelInfo *target, ExprContext *context,
						   MemoryContext memory);

#endif							/* AR_ITEM_EXPRESSION_H */
