/*
 * writer.c
 *		The one hand that writes what is derived.
 *
 * Three things make a writer.  It acts as the owner of the table whose
 * trigger it serves, as foreign keys do, so that whoever may insert a payment
 * needs no right on balances.  It pins the search path and the planner, so
 * that neither the caller's settings nor an empty table at the time of
 * planning can change what its statements mean or cost.  And it marks itself
 * with a bit in the security context, which PostgreSQL itself restores on
 * every kind of abort: there is no state of ours that an error could leave
 * behind.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "jit/jit.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "item/writer.h"

/* Far from the SECURITY_... bits of miscadmin.h, which count from 1. */
#define SECURITY_AR_WRITER	0x40000000
#define SECURITY_AR_UNJUDGED	0x20000000

/* From so many array elements on, planning anew costs less than it saves. */
#define BULK_ROWS	100

/*
 * The table whose trigger runs.  Merely for a hint on the age of kept plans: it
 * does no harm that an error leaves it behind.
 */
static Oid	written_table;

#define WRITER_SEARCH_PATH	"pg_catalog, pg_temp"

/* Each with the variable that tells whether it is so already. */
static const struct
{
	const char *name;
	bool	   *variable;
	bool		value;
}			writer_settings[] =
{
	/*
	 * Our statements look rows up by key; on a young table the planner would
	 * read it whole instead, and keep doing so as it grows.
	 */
	{"enable_seqscan", &enable_seqscan, false},
	{"enable_bitmapscan", &enable_bitmapscan, false},
	{"enable_material", &enable_material, false},
	{"enable_indexscan", &enable_indexscan, true},
	{"enable_nestloop", &enable_nestloop, true},
	{"enable_hashjoin", &enable_hashjoin, false},
	{"enable_mergejoin", &enable_mergejoin, false},
	{"jit", &jit_enabled, false},
};

static const struct
{
	const char *name;
	bool		is_array;
}			type_names[] =
{
	{NULL, false},
	{"monetary", false}, {"monetary", true},
	{"terms", false}, {"terms", true},
	{"invoice_status", false}, {"invoice_status", true},
};

/*
 * set sets one setting until the present level of settings ends.
 */
static void
set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
}

/*
 * are_pinned tells whether the planner is set as our statements need it.
 */
static bool
are_pinned(void)
{
	for (int i = 0; i < (int) lengthof(writer_settings); i++)
		if (*writer_settings[i].variable != writer_settings[i].value)
			return false;
	/* A function that has its own statements planned anew does not mean ours, row by row. */
	return plan_cache_mode == PLAN_CACHE_MODE_AUTO;
}

/*
 * ar_writer_pin sets the planner for statements of ours, and for what foreign
 * keys look up, until the present level of settings ends.
 */
void
ar_writer_pin(void)
{
	if (are_pinned())
		return;
	for (int i = 0; i < (int) lengthof(writer_settings); i++)
		if (*writer_settings[i].variable != writer_settings[i].value)
			set(writer_settings[i].name, writer_settings[i].value ? "on" : "off");
	if (plan_cache_mode != PLAN_CACHE_MODE_AUTO)
		set("plan_cache_mode", "auto");
}

/*
 * ar_writer_begin makes the current trigger the writer, as the owner of the
 * trigger's table, and connects SPI.  The planner is pinned with the first
 * statement, if there is one.  What is set inside another writer is taken back
 * with him.
 */
void
ar_writer_begin(ArWriter *writer, Relation relation)
{
	bool		has_path;
	bool		is_within;

	GetUserIdAndSecContext(&writer->user, &writer->security_context);
	SetUserIdAndSecContext(relation->rd_rel->relowner,
						   writer->security_context |
						   SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS |
						   SECURITY_AR_WRITER);
	written_table = RelationGetRelid(relation);
	has_path = strcmp(namespace_search_path, WRITER_SEARCH_PATH) == 0;
	is_within = has_path && (writer->security_context & SECURITY_AR_WRITER) != 0;
	writer->guc_level = is_within ? 0 : NewGUCNestLevel();
	if (!has_path)
		set("search_path", WRITER_SEARCH_PATH);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "ar_writer_begin: could not connect SPI");
}

/*
 * ar_writer_end gives user, settings and SPI back as they were.
 */
void
ar_writer_end(ArWriter *writer)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "ar_writer_end: could not finish SPI");
	if (writer->guc_level != 0)
		AtEOXact_GUC(true, writer->guc_level);
	SetUserIdAndSecContext(writer->user, writer->security_context);
}

/*
 * ar_writer_active tells the guards whether the statement they see is ours.
 */
bool
ar_writer_active(void)
{
	Oid			user;
	int			security_context;

	GetUserIdAndSecContext(&user, &security_context);
	return (security_context & SECURITY_AR_WRITER) != 0;
}

/*
 * ar_writer_forgo_judgement says that what the present writer does is a fact
 * that no credit limit can refuse.  It ends with the writer.
 */
void
ar_writer_forgo_judgement(void)
{
	Oid			user;
	int			security_context;

	GetUserIdAndSecContext(&user, &security_context);
	Assert((security_context & SECURITY_AR_WRITER) != 0);
	SetUserIdAndSecContext(user, security_context | SECURITY_AR_UNJUDGED);
}

/*
 * ar_writer_is_judged tells whether limits are to be judged.
 */
bool
ar_writer_is_judged(void)
{
	Oid			user;
	int			security_context;

	GetUserIdAndSecContext(&user, &security_context);
	return (security_context & SECURITY_AR_UNJUDGED) == 0;
}

/* What the types of the extension are, until the catalog of types changes. */
static Oid	known_types[lengthof(type_names)];

static void
on_types_changed(Datum argument, int cache, uint32 hash)
{
	memset(known_types, 0, sizeof(known_types));
}

/*
 * ar_type turns a stand-in AR_TYPE_... into the type's OID, and leaves a real
 * OID alone.  A dropped and recreated extension has new OIDs.
 */
Oid
ar_type(Oid type)
{
	static bool is_watching = false;
	Oid			found;

	if (type >= lengthof(type_names))
		return type;
	if (OidIsValid(known_types[type]))
		return known_types[type];
	if (!is_watching)
		CacheRegisterSyscacheCallback(TYPEOID, on_types_changed, (Datum) 0);
	is_watching = true;
	found = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
							CStringGetDatum(type_names[type].name),
							ObjectIdGetDatum(get_namespace_oid("ar", false)));
	if (type_names[type].is_array && OidIsValid(found))
		found = get_array_type(found);
	if (!OidIsValid(found))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type ar.%s does not exist", type_names[type].name),
				 errhint("Create the extension ar_ext in this database.")));
	known_types[type] = found;
	return found;
}

/*
 * prepare makes one of a statement's two plans.
 */
static SPIPlanPtr
prepare(ArStatement *statement, Oid *types, int cursor_options)
{
	SPIPlanPtr	plan = SPI_prepare_cursor(statement->sql, statement->nargs,
										  types, cursor_options);

	if (plan == NULL)
		elog(ERROR, "prepare: could not prepare \"%s\": %s",
			 statement->sql, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "prepare: could not keep a plan");
	return plan;
}

/*
 * is_bulk tells whether a statement was given many rows.
 */
static bool
is_bulk(ArStatement *statement, const Oid *types, Datum *values)
{
	for (int i = 0; i < statement->nargs; i++)
	{
		ArrayType  *array;

		if (!OidIsValid(get_element_type(types[i])))
			continue;
		array = DatumGetArrayTypeP(values[i]);
		if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) >= BULK_ROWS)
			return true;
	}
	return false;
}

/*
 * blocks_written tells how large the table is whose trigger runs.
 */
static BlockNumber
blocks_written(void)
{
	Relation	relation = RelationIdGetRelation(written_table);
	BlockNumber blocks = 0;

	if (RelationIsValid(relation))
	{
		if (RELKIND_HAS_STORAGE(relation->rd_rel->relkind))
			blocks = RelationGetNumberOfBlocks(relation);
		RelationClose(relation);
	}
	return blocks;
}

/*
 * forget drops the plans that no longer fit: one of our types got a new OID,
 * or the table has outgrown what the kept plan was made for.
 */
static void
forget(ArStatement *statement, const Oid *types, BlockNumber blocks)
{
	bool		same_types = memcmp(types, statement->planned,
									sizeof(Oid) * statement->nargs) == 0;

	if (statement->plan != NULL &&
		(!same_types || blocks / 2 > statement->planned_blocks + 4))
	{
		SPI_freeplan(statement->plan);
		statement->plan = NULL;
	}
	if (statement->bulk_plan != NULL && !same_types)
	{
		SPI_freeplan(statement->bulk_plan);
		statement->bulk_plan = NULL;
	}
}

/*
 * begin_plan finds or makes the plan for what the statement was given.  For
 * few rows it is generic and kept; for many it is made anew at each use, for
 * their number and the tables as they are now, and may hash.  Returns the
 * level of settings that end_plan takes back, or zero.
 */
static int
begin_plan(ArStatement *statement, Datum *values, SPIPlanPtr *plan)
{
	Oid			types[AR_STATEMENT_ARGS_MAX];
	BlockNumber blocks = blocks_written();
	int			guc_level = 0;

	Assert(statement->nargs <= AR_STATEMENT_ARGS_MAX);
	ar_writer_pin();
	for (int i = 0; i < statement->nargs; i++)
		types[i] = ar_type(statement->argtypes[i]);

	forget(statement, types, blocks);
	if (is_bulk(statement, types, values))
	{
		if (statement->bulk_plan == NULL)
			statement->bulk_plan = prepare(statement, types, CURSOR_OPT_CUSTOM_PLAN);
		*plan = statement->bulk_plan;

		/* Many rows may meet a whole table: never in a loop over both. */
		guc_level = NewGUCNestLevel();
		(void) set_config_option("enable_hashjoin", "on", PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	}
	else
	{
		if (statement->plan == NULL)
		{
			statement->plan = prepare(statement, types, CURSOR_OPT_GENERIC_PLAN);
			statement->planned_blocks = blocks;
		}
		*plan = statement->plan;
	}
	memcpy(statement->planned, types, sizeof(Oid) * statement->nargs);
	return guc_level;
}

/*
 * end_plan takes back what begin_plan set.
 */
static void
end_plan(int guc_level)
{
	if (guc_level != 0)
		AtEOXact_GUC(true, guc_level);
}

/*
 * ar_writer_execute runs a statement and returns how many rows it touched.
 */
uint64
ar_writer_execute(ArStatement *statement, Datum *values, int expected)
{
	SPIPlanPtr	plan;
	int			guc_level = begin_plan(statement, values, &plan);
	int			result = SPI_execute_plan(plan, values, NULL, false, 0);

	if (result != expected)
		elog(ERROR, "ar_writer_execute: \"%s\" returned %s",
			 statement->sql, SPI_result_code_string(result));
	end_plan(guc_level);
	return SPI_processed;
}

/*
 * ar_writer_execute_each runs a query, shows its rows to a function one by
 * one, and returns how many there were.  The next row is made, and locked if
 * the query says so, only when the function has returned.
 */
uint64
ar_writer_execute_each(ArStatement *statement, Datum *values,
					   ArRowFunction see, Relation relation)
{
	SPIPlanPtr	plan;
	int			guc_level = begin_plan(statement, values, &plan);
	Portal		portal = SPI_cursor_open(NULL, plan, values, NULL, false);
	uint64		rows = 0;

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, 1);
		if (SPI_processed == 0)
			break;
		see(relation, SPI_tuptable->vals[0], SPI_tuptable->tupdesc);
		SPI_freetuptable(SPI_tuptable);
		rows++;
	}
	SPI_freetuptable(SPI_tuptable);
	SPI_cursor_close(portal);
	end_plan(guc_level);
	return rows;
}

/*
 * ar_array makes an array of the given element type (an OID or AR_TYPE_...)
 * to pass many rows to one statement.  nulls may be NULL: there are none.
 */
Datum
ar_array(Datum *values, bool *nulls, int count, Oid type)
{
	int			dims[1];
	int			lower_bounds[1];
	int16		length;
	bool		by_value;
	char		align;

	dims[0] = count;
	lower_bounds[0] = 1;
	type = ar_type(type);
	get_typlenbyvalalign(type, &length, &by_value, &align);
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims,
											  lower_bounds, type, length,
											  by_value, align));
}
