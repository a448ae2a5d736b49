/*
 * table.c
 *		The writer's tables: rows found by their key, changed and inserted
 *		without a plan.
 *
 * What the hot path writes it knows by key, a few rows at a time and in the
 * order in which they are to be locked.  The executor can do that too, but
 * each statement costs it several times what the rows cost.  So we do what
 * COPY does, and the workers of logical replication: go through the same
 * triggers, constraints and indexes as a statement would, row by row.  There
 * is no plan that could be made for another size of the table, or take rows in
 * another order.
 *
 * Between ar_table_begin and ar_table_end lies one statement: it has its own
 * snapshot, and its AFTER triggers fire at the end, with all rows it wrote in
 * their transition tables.  A row that somebody else changed meanwhile is
 * waited for and taken as it is then, or, at a stricter isolation level than
 * READ COMMITTED, fails the transaction; as with any UPDATE.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "item/expression.h"
#include "item/table.h"
#include "item/transition.h"
#include "item/writer.h"

/* Tables and indexes of the books that were looked for, by their names. */
#define KNOWN_MAX	32

static struct
{
	const char *name;			/* constant text */
	Oid			relation;
}			known[KNOWN_MAX];
static int	known_count = 0;

static void
on_relation_changed(Datum argument, Oid relation)
{
	if (!OidIsValid(relation))
		known_count = 0;
	for (int i = 0; i < known_count; i++)
		if (known[i].relation == relation)
			known_count = 0;
}

static void
on_schema_changed(Datum argument, int cache, uint32 hash)
{
	known_count = 0;
}

/*
 * relation_of finds a table or an index of the books by its name.
 */
static Oid
relation_of(const char *name)
{
	static bool is_watching = false;
	Oid			found;

	for (int i = 0; i < known_count; i++)
		if (known[i].name == name)
			return known[i].relation;
	if (!is_watching)
	{
		CacheRegisterRelcacheCallback(on_relation_changed, (Datum) 0);
		CacheRegisterSyscacheCallback(NAMESPACEOID, on_schema_changed, (Datum) 0);
	}
	is_watching = true;
	found = get_relname_relid(name, get_namespace_oid("ar", false));
	if (!OidIsValid(found))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"ar.%s\" does not exist", name),
				 errhint("The books are made by ar.create_books(); do not rename or drop what they came with.")));
	if (known_count < KNOWN_MAX)
	{
		known[known_count].name = name;
		known[known_count++].relation = found;
	}
	return found;
}

/*
 * is_meddled tells whether a trigger that is not of the books may change the
 * rows before they are written.
 */
static bool
is_meddled(const ArTable *table)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;
	Oid			books = RelationGetNamespace(table->relation);

	if (triggers == NULL || !(table->operation == CMD_INSERT ?
							  triggers->trig_insert_before_row : triggers->trig_update_before_row))
		return false;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (TRIGGER_FOR_ROW(trigger->tgtype) && TRIGGER_FOR_BEFORE(trigger->tgtype) &&
			(table->operation == CMD_INSERT ? TRIGGER_FOR_INSERT(trigger->tgtype) :
			 TRIGGER_FOR_UPDATE(trigger->tgtype)) &&
			get_func_namespace(trigger->tgfoid) != books)
			return true;
	}
	return false;
}

/*
 * is_enabled tells whether a trigger fires in this session.
 */
static bool
is_enabled(const Trigger *trigger)
{
	return trigger->tgenabled != TRIGGER_DISABLED &&
		trigger->tgenabled != (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA ?
							   TRIGGER_FIRES_ON_ORIGIN : TRIGGER_FIRES_ON_REPLICA);
}

/*
 * has_strangers tells whether triggers fire by what is written that may plan
 * statements of their own.
 */
static bool
has_strangers(const ArTable *table)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (ar_is_strange(&table->kept, i) && is_enabled(&triggers->triggers[i]) &&
			(table->operation == CMD_INSERT ? TRIGGER_FOR_INSERT(triggers->triggers[i].tgtype) :
			 TRIGGER_FOR_UPDATE(triggers->triggers[i].tgtype)))
			return true;
	return false;
}

/*
 * pin has triggers that plan statements in a writer do so as he does.
 */
static void
pin(ArTable *table)
{
	if (table->guc_level != 0 || !ar_writer_active() || !has_strangers(table))
		return;
	table->guc_level = NewGUCNestLevel();
	ar_writer_pin();
}

/*
 * fires_after tells whether a trigger fires after what is written.
 */
static bool
fires_after(const ArTable *table, const Trigger *trigger)
{
	return is_enabled(trigger) && TRIGGER_FOR_AFTER(trigger->tgtype) &&
		(table->operation == CMD_INSERT ? TRIGGER_FOR_INSERT(trigger->tgtype) :
		 TRIGGER_FOR_UPDATE(trigger->tgtype));
}

/*
 * spare_rows says that no trigger fires after a row if none does any more:
 * then none is looked for, row by row.
 */
static void
spare_rows(ArTable *table)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;

	for (int i = 0; i < triggers->numtriggers; i++)
		if (TRIGGER_FOR_ROW(triggers->triggers[i].tgtype) &&
			fires_after(table, &triggers->triggers[i]))
			return;
	triggers->trig_insert_after_row = false;
	triggers->trig_update_after_row = false;
}

/*
 * ar_table_trust_keys says that the rows to be written refer only to rows
 * that a foreign key looked up and holds since this very statement: those of
 * the documents they are made of.  Then the same is not looked up again.  Of
 * rows that are changed, no key is.
 *
 * What somebody else added to the table is looked up: his keys, and all that
 * his triggers may change.
 */
void
ar_table_trust_keys(ArTable *table)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;

	if (triggers == NULL || table->is_meddled)
		return;
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (!trigger->tgdeferrable &&
			(table->operation == CMD_INSERT ?
			 ar_is_key_within(&table->kept, i, table->columns, table->column_count) :
			 ar_is_key_apart(&table->kept, i, table->columns, table->column_count)))
			trigger->tgenabled = TRIGGER_DISABLED;
	}
	spare_rows(table);
}

/*
 * ar_table_fires tells whether a trigger of the table that is written fires.
 */
bool
ar_table_fires(ArTable *table, const char *name)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (strcmp(triggers->triggers[i].tgname, name) == 0)
			return is_enabled(&triggers->triggers[i]);
	return false;
}

/*
 * ar_table_is_alone tells whether a trigger fires after what is written, and
 * none that is not of the books, which might notice when it does.
 */
bool
ar_table_is_alone(ArTable *table, const char *name)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;
	bool		fires = false;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!fires_after(table, &triggers->triggers[i]))
			continue;
		if (ar_is_strange(&table->kept, i))
			return false;
		fires = fires || strcmp(triggers->triggers[i].tgname, name) == 0;
	}
	return fires;
}

/*
 * ar_table_take_over says, before anything is written, that the caller does
 * himself what a trigger would do after the statement, or that there will be
 * nothing to do.  False: it is not so, because the trigger is disabled, or
 * because somebody else's may change what is written.
 */
bool
ar_table_take_over(ArTable *table, const char *name)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;
	Trigger    *ours = NULL;
	bool		needs_rows = false;

	for (int i = 0; triggers != NULL && !table->is_meddled && i < triggers->numtriggers; i++)
	{
		Trigger    *trigger = &triggers->triggers[i];

		if (!is_enabled(trigger))
			continue;
		if (strcmp(trigger->tgname, name) == 0)
			ours = trigger;
		else if (trigger->tgnewtable != NULL || trigger->tgoldtable != NULL)
			needs_rows = true;
	}
	if (ours == NULL)
		return false;
	ours->tgenabled = TRIGGER_DISABLED;
	if (!needs_rows)
		table->capture = NULL;
	spare_rows(table);
	return true;
}

/*
 * ar_table_row_memory is where what a row is made of may lie, until it is
 * written.
 */
MemoryContext
ar_table_row_memory(ArTable *table)
{
	return GetPerTupleMemoryContext(table->estate);
}

/*
 * begin_writing makes what a statement has that writes: its triggers and
 * their transition tables, and room for a row.
 */
static void
begin_writing(ArTable *table)
{
	Relation	relation = table->relation;
	RangeTblEntry *entry = makeNode(RangeTblEntry);
	List	   *permissions = NIL;
	Bitmapset  *updated = NULL;

	if (relation->rd_rel->relkind != RELKIND_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not an ordinary table", RelationGetRelationName(relation)),
				 errhint("The books are made by ar.create_books(); do not replace their tables.")));
	CheckCmdReplicaIdentity(relation, table->operation);

	entry->rtekind = RTE_RELATION;
	entry->relid = RelationGetRelid(relation);
	entry->relkind = relation->rd_rel->relkind;
	entry->rellockmode = RowExclusiveLock;
	if (table->operation == CMD_UPDATE)
		for (int i = 0; i < table->column_count; i++)
			updated = bms_add_member(updated, table->columns[i] - FirstLowInvalidHeapAttributeNumber);
	AR_SET_UPDATED_COLUMNS(entry, permissions, updated);

	table->estate = CreateExecutorState();
	AR_INIT_RANGE_TABLE(table->estate, list_make1(entry), permissions);
	table->estate->es_snapshot = table->snapshot;
	table->estate->es_output_cid = GetCurrentCommandId(true);
	ar_kept_begin(&table->kept, relation);
	/* As InitResultRelInfo does it, which copies all triggers. */
	table->target = makeNode(ResultRelInfo);
	table->target->ri_RangeTableIndex = 1;
	table->target->ri_RelationDesc = relation;
	ar_use_triggers(&table->kept, table->target);
	table->estate->es_opened_result_relations =
		lappend(table->estate->es_opened_result_relations, table->target);
	AR_EVAL_PLAN_QUAL_INIT(&table->recheck, table->estate);
	table->changed = table_slot_create(relation, NULL);

	table->is_meddled = is_meddled(table);
	/* No key changes; but of a row as young as the transaction all would be looked up. */
	if (table->operation == CMD_UPDATE)
		ar_table_trust_keys(table);
	if (table->is_meddled)
		pin(table);
	AfterTriggerBeginQuery();
	if (table->operation == CMD_INSERT)
		ExecBSInsertTriggers(table->estate, table->target);
	else
		ExecBSUpdateTriggers(table->estate, table->target);
	table->capture = MakeTransitionCaptureState(relation->trigdesc,
												RelationGetRelid(relation),
												table->operation);
}

/*
 * ar_table_begin opens a table of the books, to read (CMD_SELECT), to change
 * or to insert the columns named, in a statement of its own.  Columns of keys
 * are never changed.
 */
void
ar_table_begin(ArTable *table, const char *name, CmdType operation,
			   const ArColumn *columns, int column_count)
{
	memset(table, 0, sizeof(ArTable));
	table->operation = operation;
	table->relation = table_open(relation_of(name), operation == CMD_SELECT ?
								 AccessShareLock : RowExclusiveLock);
	Assert(column_count <= AR_TABLE_COLUMNS_MAX);
	table->column_count = column_count;
	for (int i = 0; i < column_count; i++)
		table->columns[i] = ar_column(table->relation, columns[i].name, columns[i].type);

	/* A copy of its own, which several statements at once may end in any order. */
	CommandCounterIncrement();
	PushCopiedSnapshot(GetTransactionSnapshot());
	table->snapshot = RegisterSnapshot(GetActiveSnapshot());
	PopActiveSnapshot();
	table->row = table_slot_create(table->relation, NULL);
	if (operation != CMD_SELECT)
		begin_writing(table);
}

/*
 * ar_table_use_index has rows found by another index than the primary key.
 */
void
ar_table_use_index(ArTable *table, const char *name)
{
	Assert(table->index == NULL);
	table->index = index_open(relation_of(name), AccessShareLock);
	if (table->index->rd_index->indrelid != RelationGetRelid(table->relation) ||
		!table->index->rd_index->indisvalid ||
		table->index->rd_rel->relam != BTREE_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"ar.%s\" cannot be used", name),
				 errhint("Make it anew with REINDEX.")));
}

/*
 * open_primary_key opens the index that rows are found by if no other is
 * asked for.
 */
static void
open_primary_key(ArTable *table)
{
	list_free(RelationGetIndexList(table->relation));
	if (!OidIsValid(table->relation->rd_pkindex))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("table \"%s\" has no primary key", RelationGetRelationName(table->relation)),
				 errhint("The books are made by ar.create_books(); do not drop what they came with.")));
	table->index = index_open(table->relation->rd_pkindex, AccessShareLock);
}

/*
 * equality_of names the function by which a column of a key is compared.
 */
static RegProcedure
equality_of(ArTable *table, int position)
{
	switch (table->index->rd_opcintype[position])
	{
		case INT4OID:
			return F_INT4EQ;
		case INT8OID:
			return F_INT8EQ;
		case TEXTOID:
			return F_TEXTEQ;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("index \"%s\" is of types that it did not come with",
							RelationGetRelationName(table->index)),
					 errhint("The books are made by ar.create_books(); do not change the columns they came with.")));
	}
	return InvalidOid;			/* not reached */
}

/*
 * ar_table_find looks for the row with a key, or for the first one if these
 * are only the first columns of the index; ar_table_next goes on from there.
 */
bool
ar_table_find(ArTable *table, const Datum *key, int key_count)
{
	ScanKeyData keys[INDEX_MAX_KEYS];

	if (table->index == NULL)
		open_primary_key(table);
	Assert(key_count <= IndexRelationGetNumberOfKeyAttributes(table->index));
	for (int i = 0; i < key_count; i++)
		ScanKeyEntryInitialize(&keys[i], 0, i + 1, BTEqualStrategyNumber, InvalidOid,
							   table->index->rd_indcollation[i],
							   equality_of(table, i), key[i]);
	if (table->scan == NULL)
		table->scan = AR_INDEX_BEGINSCAN(table->relation, table->index,
										 table->snapshot, key_count);
	index_rescan(table->scan, keys, key_count, NULL, 0);
	return ar_table_next(table);
}

/*
 * ar_table_find_at looks for a row where one was seen by an earlier statement,
 * which may be invalid: not known.  The place may have been taken by another
 * row meanwhile: whoever asks looks whether it is the one he wants.
 */
bool
ar_table_find_at(ArTable *table, const ItemPointerData *place)
{
	ItemPointerData at = *place;

	return ItemPointerIsValid(&at) &&
		table_tuple_fetch_row_version(table->relation, &at, table->snapshot, table->row);
}

/*
 * ar_table_next finds the next row of those looked for.
 */
bool
ar_table_next(ArTable *table)
{
	CHECK_FOR_INTERRUPTS();
	return index_getnext_slot(table->scan, ForwardScanDirection, table->row);
}

/*
 * ar_table_lock locks the row that was found, and takes it as it is now.
 * False: it is gone.
 */
bool
ar_table_lock(ArTable *table)
{
	ItemPointerData place = table->row->tts_tid;
	TM_FailureData failure;
	TM_Result	result;

	if (table->operation == CMD_SELECT)
		LockRelationOid(RelationGetRelid(table->relation), RowShareLock);
	result = table_tuple_lock(table->relation, &place, table->snapshot,
							  table->row, GetCurrentCommandId(false),
							  LockTupleNoKeyExclusive, LockWaitBlock,
							  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	switch (result)
	{
		case TM_Ok:
			return true;
		case TM_Updated:
		case TM_Deleted:
			if (IsolationUsesXactSnapshot())
				ereport(ERROR,
						(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						 errmsg("could not serialize access due to concurrent update"),
						 errhint("The transaction might succeed if it is run again.")));
			return false;
		default:
			elog(ERROR, "ar_table_lock: a row of \"%s\" could not be locked (%d)",
				 RelationGetRelationName(table->relation), (int) result);
	}
	return false;				/* not reached */
}

/*
 * ar_table_value reads a column of the row found that cannot be null.
 */
Datum
ar_table_value(ArTable *table, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(table->row, column, &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("column %d of a row of \"%s\" is null", column,
						RelationGetRelationName(table->relation))));
	return value;
}

/*
 * check judges the row to be written by the constraints.
 */
static void
check(ArTable *table)
{
	TupleConstr *constraints = RelationGetDescr(table->relation)->constr;

	table->changed->tts_tableOid = RelationGetRelid(table->relation);
	if (constraints != NULL && constraints->has_generated_stored)
		ExecComputeStoredGenerated(table->target, table->estate, table->changed, table->operation);
	if (!ar_checks_pass(table->relation, table->changed, GetPerTupleExprContext(table->estate),
						table->operation == CMD_UPDATE && !table->is_meddled ? table->columns : NULL,
						table->column_count))
		ExecConstraints(table->target, table->changed, table->estate);
}

/*
 * index_changed makes the index entries of a row that was written, and returns
 * the indexes to be looked at again.
 */
static List *
index_changed(ArTable *table, bool only_summaries)
{
	ExprContext *context = GetPerTupleExprContext(table->estate);

	context->ecxt_scantuple = table->changed;
	ar_use_indexes(&table->kept, table->target, context, table->estate->es_query_cxt);
	if (table->target->ri_NumIndices == 0)
		return NIL;
	return AR_INSERT_INDEX_TUPLES(table->target, table->changed, table->estate,
								  table->operation == CMD_UPDATE, only_summaries);
}

/*
 * refuse_to_skip ends a statement of which a trigger left out a row: what is
 * derived would not be that any more.
 */
static void
refuse_to_skip(ArTable *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_ACTION_EXCEPTION),
			 errmsg("a trigger of table \"%s\" skipped a row that the books need",
					RelationGetRelationName(table->relation)),
			 errhint("Let the trigger return the row, or raise an error that says why it must not be.")));
}

/*
 * ar_table_update changes the row that was found and locked: the columns named
 * when the table was opened, in that order.
 */
void
ar_table_update(ArTable *table, const Datum *values, const bool *nulls)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;
	TupleTableSlot *row = table->row;
	TupleTableSlot *changed = table->changed;
	ItemPointerData place = row->tts_tid;
	List	   *recheck_indexes = NIL;
	TU_UpdateIndexes changed_indexes;

	Assert(table->operation == CMD_UPDATE);
	slot_getallattrs(row);
	ExecClearTuple(changed);
	memcpy(changed->tts_values, row->tts_values,
		   sizeof(Datum) * RelationGetDescr(table->relation)->natts);
	memcpy(changed->tts_isnull, row->tts_isnull,
		   sizeof(bool) * RelationGetDescr(table->relation)->natts);
	for (int i = 0; i < table->column_count; i++)
	{
		changed->tts_values[table->columns[i] - 1] = values[i];
		changed->tts_isnull[table->columns[i] - 1] = nulls != NULL && nulls[i];
	}
	ExecStoreVirtualTuple(changed);

	if (triggers != NULL && triggers->trig_update_before_row &&
		!AR_BEFORE_ROW_UPDATE(table->estate, &table->recheck, table->target, &place, changed))
		refuse_to_skip(table);
	check(table);
	simple_table_tuple_update(table->relation, &place, changed,
							  table->snapshot, &changed_indexes);
	if (changed_indexes != TU_None)
		recheck_indexes = index_changed(table, changed_indexes == TU_Summarizing);
	ExecARUpdateTriggers(table->estate, table->target, NULL, NULL, &place, NULL,
						 changed, recheck_indexes, table->capture, false);
	list_free(recheck_indexes);
	ResetPerTupleExprContext(table->estate);
}

/*
 * ar_table_insert inserts a row: the columns named when the table was opened,
 * in that order, and the defaults of all others.
 */
void
ar_table_insert(ArTable *table, const Datum *values, const bool *nulls)
{
	TriggerDesc *triggers = table->target->ri_TrigDesc;
	TupleTableSlot *changed = table->changed;
	List	   *recheck_indexes;

	Assert(table->operation == CMD_INSERT);
	CHECK_FOR_INTERRUPTS();
	ExecClearTuple(changed);
	ar_set_defaults(table->relation, changed, GetPerTupleExprContext(table->estate),
					table->columns, table->column_count);
	for (int i = 0; i < table->column_count; i++)
	{
		changed->tts_values[table->columns[i] - 1] = values[i];
		changed->tts_isnull[table->columns[i] - 1] = nulls != NULL && nulls[i];
	}
	ExecStoreVirtualTuple(changed);

	if (triggers != NULL && triggers->trig_insert_before_row &&
		!ExecBRInsertTriggers(table->estate, table->target, changed))
		refuse_to_skip(table);
	check(table);
	table_tuple_insert(table->relation, changed, table->estate->es_output_cid, 0, NULL);
	recheck_indexes = index_changed(table, false);
	ExecARInsertTriggers(table->estate, table->target, changed, recheck_indexes, table->capture);
	list_free(recheck_indexes);
	ResetPerTupleExprContext(table->estate);
}

/*
 * ar_table_inserted reads a column of the row that was inserted last.
 */
Datum
ar_table_inserted(ArTable *table, const char *name, Oid type)
{
	bool		isnull;

	return slot_getattr(table->changed, ar_column(table->relation, name, type), &isnull);
}

/*
 * ar_table_end ends the statement: its AFTER triggers fire.  Indexes are let
 * go before: a session has room for few locks that cost next to nothing, and
 * triggers write tables, too.
 */
void
ar_table_end(ArTable *table)
{
	if (table->scan != NULL)
		index_endscan(table->scan);
	if (table->index != NULL)
		index_close(table->index, AccessShareLock);
	ExecDropSingleTupleTableSlot(table->row);
	if (table->operation != CMD_SELECT)
	{
		ExecCloseIndices(table->target);
		if (table->operation == CMD_INSERT)
			ExecASInsertTriggers(table->estate, table->target, table->capture);
		else
			ExecASUpdateTriggers(table->estate, table->target, table->capture);
		pin(table);
		AfterTriggerEndQuery(table->estate);
		if (table->guc_level != 0)
			AtEOXact_GUC(true, table->guc_level);
		EvalPlanQualEnd(&table->recheck);
		ExecDropSingleTupleTableSlot(table->changed);
		ExecResetTupleTable(table->estate->es_tupleTable, false);
		/* Its own indexes are closed already: these are the tables that triggers had opened. */
		table->estate->es_opened_result_relations = NIL;
		ExecCloseResultRelations(table->estate);
		ar_kept_end(&table->kept);
		FreeExecutorState(table->estate);
	}
	UnregisterSnapshot(table->snapshot);
	table_close(table->relation, NoLock);
}
