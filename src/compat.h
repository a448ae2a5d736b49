/*
 * compat.h
 *		The one place where PostgreSQL versions 15 to 18 are told apart.
 */
#ifndef AR_COMPAT_H
#define AR_COMPAT_H

/* Soft errors came with 16; before it an input function simply raises. */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#define ereturn(context, dummy_value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

/* 18 writes it before the declaration, where C23 has it. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

#if PG_VERSION_NUM >= 180000
#define AR_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "ar_ext", .version = AR_EXT_VERSION)
#else
#define AR_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/*
 * What a statement is made of, where we do without one (src/item/table.c).
 * 16 keeps apart from the range table what may be done to its tables, and
 * tells apart the indexes that only summarize; 18 lists what was not pruned,
 * and counts what a scan of an index does.
 */
#if PG_VERSION_NUM >= 160000
#define AR_SET_UPDATED_COLUMNS(entry, permissions, columns) \
	(addRTEPermissionInfo(&(permissions), (entry))->updatedCols = (columns))
#define AR_EVAL_PLAN_QUAL_INIT(recheck, estate) \
	EvalPlanQualInit(recheck, estate, NULL, NIL, -1, NIL)
#define AR_INSERT_INDEX_TUPLES(target, slot, estate, is_update, summarizing) \
	ExecInsertIndexTuples(target, slot, estate, is_update, false, NULL, NIL, summarizing)
#else
#define AR_SET_UPDATED_COLUMNS(entry, permissions, columns) \
	((void) (permissions), (entry)->updatedCols = (columns))
#define AR_EVAL_PLAN_QUAL_INIT(recheck, estate) \
	EvalPlanQualInit(recheck, estate, NULL, NIL, -1)
#define AR_INSERT_INDEX_TUPLES(target, slot, estate, is_update, summarizing) \
	((void) (summarizing), ExecInsertIndexTuples(target, slot, estate, is_update, false, NULL, NIL))
#define TU_UpdateIndexes bool
#define TU_None false
#define TU_Summarizing true
#endif

/* 18 generates columns when they are read, too. */
#if PG_VERSION_NUM >= 180000
#define AR_HAS_GENERATED(constraints) \
	((constraints)->has_generated_stored || (constraints)->has_generated_virtual)
#else
#define AR_HAS_GENERATED(constraints)	((constraints)->has_generated_stored)
#endif
#define AR_HAS_GENERATED_COLUMNS(desc) \
	((desc)->constr != NULL && AR_HAS_GENERATED((desc)->constr))

#if PG_VERSION_NUM >= 180000
#define AR_INIT_RANGE_TABLE(estate, entries, permissions) \
	ExecInitRangeTable(estate, entries, permissions, bms_make_singleton(1))
#define AR_BEFORE_ROW_UPDATE(estate, recheck, target, place, slot) \
	ExecBRUpdateTriggers(estate, recheck, target, place, NULL, slot, NULL, NULL, false)
#define AR_INDEX_BEGINSCAN(table, index, snapshot, key_count) \
	index_beginscan(table, index, snapshot, NULL, key_count, 0)
#else
#if PG_VERSION_NUM >= 160000
#define AR_INIT_RANGE_TABLE(estate, entries, permissions) \
	ExecInitRangeTable(estate, entries, permissions)
#define AR_BEFORE_ROW_UPDATE(estate, recheck, target, place, slot) \
	ExecBRUpdateTriggers(estate, recheck, target, place, NULL, slot, NULL, NULL)
#else
#define AR_INIT_RANGE_TABLE(estate, entries, permissions) \
	ExecInitRangeTable(estate, entries)
#define AR_BEFORE_ROW_UPDATE(estate, recheck, target, place, slot) \
	ExecBRUpdateTriggers(estate, recheck, target, place, NULL, slot, NULL)
#endif
#define AR_INDEX_BEGINSCAN(table, index, snapshot, key_count) \
	index_beginscan(table, index, snapshot, key_count, 0)
#endif

#endif							/* AR_COMPAT_H */
