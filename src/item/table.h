/*
 * table.h
 *		The writer's tables: rows found by their key, changed and inserted
 *		without a plan.
 */
#ifndef AR_ITEM_TABLE_H
#define AR_ITEM_TABLE_H

#include "access/genam.h"
#include "commands/trigger.h"
#include "nodes/execnodes.h"
#include "utils/rel.h"

#include "item/expression.h"

#define AR_TABLE_COLUMNS_MAX	16

/* A column that is written: its name and its type, an OID or AR_TYPE_... */
typedef struct ArColumn
{
	const char *name;
	Oid			type;
} ArColumn;

/* One table of the books, from ar_table_begin to ar_table_end: a statement. */
typedef struct ArTable
{
	Relation	relation;
	CmdType		operation;
	Snapshot	snapshot;
	TupleTableSlot *row;		/* what was found */

	/* Where rows are looked for. */
	Relation	index;			/* the primary key, or another */
	IndexScanDesc scan;			/* NULL until first used */

	/* Of a table that is written. */
	int			column_count;
	AttrNumber	columns[AR_TABLE_COLUMNS_MAX];
	TupleTableSlot *changed;	/* what is written */
	EState	   *estate;
	ResultRelInfo *target;
	TransitionCaptureState *capture;
	EPQState	recheck;
	ArKeptUse	kept;			/* expressions, ready to be evaluated */
	bool		is_meddled;		/* somebody else's trigger may change a row */
	int			guc_level;		/* of the settings that are pinned; 0: none is */
} ArTable;

extern void ar_table_begin(ArTable *table, const char *name, CmdType operation,
						   const ArColumn *columns, int column_count);
extern void ar_table_trust_keys(ArTable *table);
extern bool ar_table_fires(ArTable *table, const char *name);
extern bool ar_table_is_alone(ArTable *table, const char *name);
extern bool ar_table_take_over(ArTable *table, const char *name);
extern MemoryContext ar_table_row_memory(ArTable *table);
extern void ar_table_use_index(ArTable *table, const char *name);
extern bool ar_table_find(ArTable *table, const Datum *key, int key_count);
extern bool ar_table_find_at(ArTable *table, const ItemPointerData *place);
extern bool ar_table_next(ArTable *table);
extern bool ar_table_lock(ArTable *table);
extern Datum ar_table_value(ArTable *table, AttrNumber column);
extern void ar_table_update(ArTable *table, const Datum *values, const bool *nulls);
extern void ar_table_insert(ArTable *table, const Datum *values, const bool *nulls);
extern Datum ar_table_inserted(ArTable *table, const char *name, Oid type);
extern void ar_table_end(ArTable *table);

#endif							/* AR_ITEM_TABLE_H */
