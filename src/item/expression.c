/*
 * expression.c
 *		The check constraints and defaults of tables, their indexes and triggers,
 *		kept compiled.
 *
 * PostgreSQL keeps them as text, and reads and compiles that anew in each
 * statement; for one row, that is most of what the row costs.  We keep what
 * was compiled for the session.  It is given up as soon as the table, or any
 * function, type or constraint changes, and when a transaction or a part of it
 * fails while it is being evaluated: a function may then have been left
 * half-way.
 *
 * We only ever say that a row passes.  One that does not is for PostgreSQL to
 * judge, which says why.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
#include "utils/array.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "item/expression.h"

/* What is kept of an index. */
typedef struct KeptIndex
{
	Oid			index;
	ExprState  *predicate;		/* NULL: it holds all rows */
	IndexInfo  *information;	/* NULL: it is made for each statement */
} KeptIndex;

/* What is kept of a trigger, besides. */
typedef struct KeptTrigger
{
	bool		is_strange;		/* it may plan statements of its own */
	/* Of a trigger that looks after a foreign key: */
	bool		is_key;
	bool		is_referring;	/* from this table, not to it */
	bool		is_of_books;	/* to a table of the books */
	Bitmapset  *columns;		/* of this table */
} KeptTrigger;

/* What is kept of one table. */
typedef struct Kept
{
	Oid			relation;
	bool		is_stale;
	int			evaluated_at;	/* the outermost nesting level of transactions
								 * where it is being evaluated; 0: it is not */
	MemoryContext context;
	int			check_count;
	ExprState **checks;
	Bitmapset **mentioned;		/* columns, a set a check */
	ExprState **defaults;		/* one a column, NULL: it has none */
	int			index_count;
	KeptIndex  *indexes;
	TriggerDesc *triggers;		/* NULL: it has none */
	ExprState **conditions;		/* one a trigger, NULL: it fires always */
	KeptTrigger *more;			/* one a trigger */
	struct Kept *next;
} Kept;

static Kept *kept_tables = NULL;

/*
 * is_of tells whether a relation is a table or one of its indexes.
 */
static bool
is_of(const Kept *kept, Oid relation)
{
	if (kept->relation == relation)
		return true;
	for (int i = 0; i < kept->index_count; i++)
		if (kept->indexes[i].index == relation)
			return true;
	return false;
}

/*
 * give_up marks what is kept of a table, or of all, as not to be used again.
 * Somebody may be using it right now: it is freed later.
 */
static void
give_up(Oid relation)
{
	for (Kept *kept = kept_tables; kept != NULL; kept = kept->next)
		if (!OidIsValid(relation) || is_of(kept, relation))
			kept->is_stale = true;
}

/*
 * free_stale frees what nobody can be using any more.
 */
static void
free_stale(void)
{
	Kept	  **at = &kept_tables;

	while (*at != NULL)
	{
		Kept	   *kept = *at;

		if (kept->is_stale && kept->evaluated_at == 0)
		{
			*at = kept->next;
			MemoryContextDelete(kept->context);
		}
		else
			at = &kept->next;
	}
}

/*
 * leave gives up what was being evaluated when a part of the transaction
 * failed, at this nesting level or deeper.
 */
static void
leave(int level)
{
	for (Kept *kept = kept_tables; kept != NULL; kept = kept->next)
	{
		if (kept->evaluated_at == 0)
			continue;
		kept->is_stale = true;
		if (kept->evaluated_at >= level)
			kept->evaluated_at = 0;
	}
	free_stale();
}

/*
 * begin_evaluating and end_evaluating stand round each use.  One that began
 * inside another says so by false, and is not to end it.
 */
static bool
begin_evaluating(Kept *kept)
{
	if (kept->evaluated_at != 0)
		return false;
	kept->evaluated_at = GetCurrentTransactionNestLevel();
	return true;
}

static void
end_evaluating(Kept *kept, bool is_outermost)
{
	if (is_outermost)
		kept->evaluated_at = 0;
}

static void
on_table_changed(Datum argument, Oid relation)
{
	give_up(relation);
}

static void
on_catalog_changed(Datum argument, int cache, uint32 hash)
{
	give_up(InvalidOid);
}

static void
on_transaction(XactEvent event, void *argument)
{
	switch (event)
	{
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			leave(0);
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PREPARE:
			free_stale();
			break;
		default:
			break;
	}
}

static void
on_subtransaction(SubXactEvent event, SubTransactionId mine,
				  SubTransactionId parent, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		leave(GetCurrentTransactionNestLevel());
}

/*
 * watch has us told of what makes the kept ones stale.
 */
static void
watch(void)
{
	static bool is_watching = false;

	if (is_watching)
		return;
	CacheRegisterRelcacheCallback(on_table_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, on_catalog_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, on_catalog_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(CONSTROID, on_catalog_changed, (Datum) 0);
	RegisterXactCallback(on_transaction, NULL);
	RegisterSubXactCallback(on_subtransaction, NULL);
	is_watching = true;
}

/*
 * compile makes an expression ready to be evaluated.
 */
static ExprState *
compile(Node *expression)
{
	return ExecInitExpr(expression_planner((Expr *) expression), NULL);
}

/*
 * compile_condition makes ready the condition of a trigger, as the executor
 * does it: OLD is the inner tuple, NEW the outer one.
 */
static ExprState *
compile_condition(const char *text)
{
	Node	   *condition = stringToNode(text);

	ChangeVarNodes(condition, PRS2_OLD_VARNO, INNER_VAR, 0);
	ChangeVarNodes(condition, PRS2_NEW_VARNO, OUTER_VAR, 0);
	return ExecInitQual((List *) expression_planner((Expr *) make_ands_implicit((Expr *) condition)),
						NULL);
}

/*
 * keep_information keeps what inserting into an index needs to know, which
 * must be the same for all statements.  Other kinds of index keep there what
 * ends with the statement.
 */
static IndexInfo *
keep_information(Relation index)
{
	IndexInfo  *information;
	ListCell   *cell;

	if (index->rd_rel->relam != BTREE_AM_OID || index->rd_index->indisexclusion)
		return NULL;
	information = BuildIndexInfo(index);
	foreach(cell, information->ii_Expressions)
		information->ii_ExpressionsState = lappend(information->ii_ExpressionsState,
												   compile(lfirst(cell)));
	return information;
}

/*
 * keep_indexes keeps the indexes of a table, and compiles what the partial
 * ones hold.
 */
static void
keep_indexes(Kept *kept, Relation relation)
{
	List	   *indexes = RelationGetIndexList(relation);
	ListCell   *cell;

	kept->indexes = palloc0(sizeof(KeptIndex) * (list_length(indexes) + 1));
	foreach(cell, indexes)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		List	   *predicate = RelationGetIndexPredicate(index);
		KeptIndex  *kept_index = &kept->indexes[kept->index_count++];

		kept_index->index = lfirst_oid(cell);
		kept_index->information = keep_information(index);
		if (predicate != NIL)
			kept_index->predicate =
				ExecInitQual((List *) expression_planner((Expr *) predicate), NULL);
		if (kept_index->information != NULL)
			kept_index->information->ii_PredicateState = kept_index->predicate;
		index_close(index, AccessShareLock);
	}
	list_free(indexes);
}

/*
 * is_strange tells whether a trigger may plan statements of its own: all but
 * the functions in C of the books, which pin the planner themselves, and what
 * looks after a referenced key, which no writer changes.
 */
static bool
is_strange(Relation relation, const Trigger *trigger)
{
	HeapTuple	function;
	bool		result;

	if (RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK)
		return false;
	function = SearchSysCache1(PROCOID, ObjectIdGetDatum(trigger->tgfoid));
	if (!HeapTupleIsValid(function))
		return true;
	result = ((Form_pg_proc) GETSTRUCT(function))->prolang != ClanguageId ||
		((Form_pg_proc) GETSTRUCT(function))->pronamespace != RelationGetNamespace(relation);
	ReleaseSysCache(function);
	return result;
}

/*
 * keep_key keeps which columns of its table a trigger of a foreign key looks
 * after.
 */
static void
keep_key(KeptTrigger *kept, Relation relation, const Trigger *trigger)
{
	int			side = RI_FKey_trigger_type(trigger->tgfoid);
	HeapTuple	constraint;
	Form_pg_constraint form;
	bool		isnull;
	Datum		columns;
	ArrayType  *array;

	if (side == RI_TRIGGER_NONE)
		return;
	constraint = SearchSysCache1(CONSTROID, ObjectIdGetDatum(trigger->tgconstraint));
	if (!HeapTupleIsValid(constraint))
		return;
	form = (Form_pg_constraint) GETSTRUCT(constraint);
	columns = SysCacheGetAttr(CONSTROID, constraint, side == RI_TRIGGER_FK ?
							  Anum_pg_constraint_conkey : Anum_pg_constraint_confkey, &isnull);
	if (!isnull)
	{
		array = DatumGetArrayTypeP(columns);
		for (int i = 0; i < ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)); i++)
			kept->columns = bms_add_member(kept->columns, ((int16 *) ARR_DATA_PTR(array))[i]);
		kept->is_key = true;
		kept->is_referring = side == RI_TRIGGER_FK;
		kept->is_of_books = get_rel_namespace(form->confrelid) == RelationGetNamespace(relation);
	}
	ReleaseSysCache(constraint);
}

/*
 * keep_triggers keeps the triggers of a table, and compiles their conditions.
 */
static void
keep_triggers(Kept *kept, Relation relation)
{
	TriggerDesc *triggers = CopyTriggerDesc(relation->trigdesc);

	if (triggers == NULL)
		return;
	kept->conditions = palloc0(sizeof(ExprState *) * triggers->numtriggers);
	kept->more = palloc0(sizeof(KeptTrigger) * triggers->numtriggers);
	for (int i = 0; i < triggers->numtriggers; i++)
	{
		const char *condition = triggers->triggers[i].tgqual;

		kept->more[i].is_strange = is_strange(relation, &triggers->triggers[i]);
		keep_key(&kept->more[i], relation, &triggers->triggers[i]);
		/* Columns that are generated when they are read stand in no tuple. */
		if (condition != NULL && !AR_HAS_GENERATED_COLUMNS(RelationGetDescr(relation)))
			kept->conditions[i] = compile_condition(condition);
	}
	kept->triggers = triggers;
}

/*
 * default_of is the expression of a column that an INSERT does not name, or
 * NULL.  Even null must pass what its domain says.
 */
static Node *
default_of(Relation relation, Form_pg_attribute attribute)
{
	Node	   *expression;
	Oid			base;
	int32		modifier;

	if (attribute->attisdropped || attribute->attgenerated)
		return NULL;
	expression = build_column_default(relation, attribute->attnum);
	if (expression != NULL || get_typtype(attribute->atttypid) != TYPTYPE_DOMAIN)
		return expression;
	modifier = attribute->atttypmod;
	base = getBaseTypeAndTypmod(attribute->atttypid, &modifier);
	return coerce_to_domain((Node *) makeNullConst(base, modifier, attribute->attcollation),
							base, modifier, attribute->atttypid,
							COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1, false);
}

/*
 * is_lasting tells whether a check that passed once passes as long as the
 * columns that it mentions are the same.
 */
static bool
is_lasting(const ConstrCheck *check, Node *expression)
{
	return check->ccvalid && !contain_mutable_functions(expression);
}

/*
 * keep compiles what a table has.
 */
static Kept *
keep(Relation relation)
{
	TupleDesc	desc = RelationGetDescr(relation);
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "ar_ext expressions",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Kept	   *kept = palloc0(sizeof(Kept));

	kept->relation = RelationGetRelid(relation);
	kept->context = context;
	kept->check_count = desc->constr == NULL ? 0 : desc->constr->num_check;
	kept->checks = palloc(sizeof(ExprState *) * (kept->check_count + 1));
	kept->mentioned = palloc0(sizeof(Bitmapset *) * (kept->check_count + 1));
	for (int i = 0; i < kept->check_count; i++)
	{
		Node	   *expression = stringToNode(desc->constr->check[i].ccbin);

		pull_varattnos(expression, 1, &kept->mentioned[i]);
		if (!is_lasting(&desc->constr->check[i], expression))
			kept->mentioned[i] = bms_add_member(kept->mentioned[i],
												InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber);
		kept->checks[i] = compile(expression);
	}
	kept->defaults = palloc0(sizeof(ExprState *) * desc->natts);
	for (int i = 0; i < desc->natts; i++)
	{
		Node	   *expression = default_of(relation, TupleDescAttr(desc, i));

		if (expression != NULL)
			kept->defaults[i] = compile(expression);
	}
	keep_indexes(kept, relation);
	keep_triggers(kept, relation);
	MemoryContextSwitchTo(caller);
	return kept;
}

/*
 * kept_of finds or makes what is kept of a table.
 */
static Kept *
kept_of(Relation relation)
{
	Kept	   *kept;

	for (kept = kept_tables; kept != NULL; kept = kept->next)
		if (kept->relation == RelationGetRelid(relation) && !kept->is_stale)
			return kept;
	watch();
	free_stale();
	kept = keep(relation);
	kept->next = kept_tables;
	kept_tables = kept;
	return kept;
}

/*
 * is_concerned tells whether a check mentions one of the columns, or the whole
 * row.
 */
static bool
is_concerned(const Bitmapset *mentioned, const AttrNumber *changed, int changed_count)
{
	if (bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, mentioned))
		return true;
	for (int i = 0; i < changed_count; i++)
		if (bms_is_member(changed[i] - FirstLowInvalidHeapAttributeNumber, mentioned))
			return true;
	return false;
}

/*
 * ar_checks_pass tells whether all constraints let a row pass.  Of a row of
 * which only some columns changed, those that mention none of them did so
 * before; changed is NULL for a new row.  False: PostgreSQL is to judge it.
 */
bool
ar_checks_pass(Relation relation, TupleTableSlot *slot, ExprContext *context,
			   const AttrNumber *changed, int changed_count)
{
	TupleDesc	desc = RelationGetDescr(relation);
	Kept	   *kept;
	bool		is_outermost;
	bool		pass = true;

	if (desc->constr == NULL)
		return true;
	if (AR_HAS_GENERATED(desc->constr))
		return false;
	slot_getallattrs(slot);
	for (int i = 0; desc->constr->has_not_null && i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attnotnull && slot->tts_isnull[i])
			return false;
	kept = kept_of(relation);
	context->ecxt_scantuple = slot;
	is_outermost = begin_evaluating(kept);
	for (int i = 0; i < kept->check_count && pass; i++)
		if (changed == NULL || is_concerned(kept->mentioned[i], changed, changed_count))
			pass = ExecCheck(kept->checks[i], context);
	end_evaluating(kept, is_outermost);
	return pass;
}

/*
 * ar_set_defaults sets all columns of a row to be inserted to their defaults,
 * but for those named, which it leaves null.
 */
void
ar_set_defaults(Relation relation, TupleTableSlot *slot, ExprContext *context,
				const AttrNumber *named, int named_count)
{
	int			natts = RelationGetDescr(relation)->natts;
	Kept	   *kept = kept_of(relation);
	bool		is_outermost = begin_evaluating(kept);

	for (int i = 0; i < natts; i++)
	{
		bool		is_named = kept->defaults[i] == NULL;

		for (int j = 0; j < named_count && !is_named; j++)
			is_named = named[j] == i + 1;
		slot->tts_values[i] = (Datum) 0;
		slot->tts_isnull[i] = true;
		if (!is_named)
			slot->tts_values[i] = ExecEvalExprSwitchContext(kept->defaults[i], context,
															&slot->tts_isnull[i]);
	}
	end_evaluating(kept, is_outermost);
}

/*
 * ar_kept_begin lends what is kept of a table to a statement that writes it,
 * until ar_kept_end.
 */
void
ar_kept_begin(ArKeptUse *use, Relation relation)
{
	use->kept = kept_of(relation);
	use->are_open = NULL;
	use->is_outermost = begin_evaluating(use->kept);
}

void
ar_kept_end(ArKeptUse *use)
{
	end_evaluating(use->kept, use->is_outermost);
}

/*
 * ar_use_triggers gives a table that is written its triggers, each of which
 * the statement may disable for itself, and their kept conditions.
 */
void
ar_use_triggers(const ArKeptUse *use, ResultRelInfo *target)
{
	const Kept *kept = use->kept;
	TriggerDesc *triggers;
	int			count;

	if (kept->triggers == NULL)
		return;
	count = kept->triggers->numtriggers;
	triggers = palloc(sizeof(TriggerDesc));
	*triggers = *kept->triggers;
	triggers->triggers = palloc(sizeof(Trigger) * count);
	memcpy(triggers->triggers, kept->triggers->triggers, sizeof(Trigger) * count);
	target->ri_TrigDesc = triggers;
	target->ri_TrigFunctions = palloc0(sizeof(FmgrInfo) * count);
	/* What is not kept is compiled by the statement, for itself. */
	target->ri_TrigWhenExprs = palloc(sizeof(ExprState *) * count);
	memcpy(target->ri_TrigWhenExprs, kept->conditions, sizeof(ExprState *) * count);
}

/*
 * ar_is_strange tells whether a trigger of a table that is written may plan
 * statements of its own.
 */
bool
ar_is_strange(const ArKeptUse *use, int trigger)
{
	return use->kept->more[trigger].is_strange;
}

/*
 * ar_is_key_within tells whether a trigger looks after a foreign key of this
 * table to one of the books, all of whose columns are among those given.
 */
bool
ar_is_key_within(const ArKeptUse *use, int trigger, const AttrNumber *columns, int count)
{
	const KeptTrigger *kept = &use->kept->more[trigger];
	int			within = 0;

	if (!kept->is_key || !kept->is_referring || !kept->is_of_books)
		return false;
	for (int i = 0; i < count; i++)
		within += bms_is_member(columns[i], kept->columns);
	return within == bms_num_members(kept->columns);
}

/*
 * ar_is_key_apart tells whether a trigger looks after a foreign key, from or
 * to this table, none of whose columns is among those given.
 */
bool
ar_is_key_apart(const ArKeptUse *use, int trigger, const AttrNumber *columns, int count)
{
	const KeptTrigger *kept = &use->kept->more[trigger];

	if (!kept->is_key)
		return false;
	for (int i = 0; i < count; i++)
		if (bms_is_member(columns[i], kept->columns))
			return false;
	return true;
}

/*
 * ar_use_indexes opens the indexes that a row goes into, where the statement
 * did not need them before.  The context is that of the row; what is made
 * here lives as long as the statement.
 */
void
ar_use_indexes(ArKeptUse *use, ResultRelInfo *target, ExprContext *context, MemoryContext memory)
{
	const Kept *kept = use->kept;
	MemoryContext caller;

	if (target->ri_NumIndices == kept->index_count)
		return;
	caller = MemoryContextSwitchTo(memory);
	if (use->are_open == NULL)
	{
		use->are_open = palloc0(sizeof(bool) * kept->index_count);
		target->ri_IndexRelationDescs = palloc(sizeof(Relation) * kept->index_count);
		target->ri_IndexRelationInfo = palloc(sizeof(IndexInfo *) * kept->index_count);
	}
	for (int i = 0; i < kept->index_count; i++)
	{
		const KeptIndex *index = &kept->indexes[i];
		int			n = target->ri_NumIndices;

		if (use->are_open[i] ||
			(index->predicate != NULL && !ExecQual(index->predicate, context)))
			continue;
		use->are_open[i] = true;
		target->ri_IndexRelationDescs[n] = index_open(index->index, RowExclusiveLock);
		target->ri_IndexRelationInfo[n] = index->information;
		if (index->information == NULL)
			target->ri_IndexRelationInfo[n] = BuildIndexInfo(target->ri_IndexRelationDescs[n]);
		/* Whether its columns change is another matter for each statement. */
		target->ri_IndexRelationInfo[n]->ii_CheckedUnchanged = false;
		target->ri_NumIndices++;
	}
	MemoryContextSwitchTo(caller);
}
