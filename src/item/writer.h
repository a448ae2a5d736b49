/*
 * writer.h
 *		The one hand that writes what is derived: items, balances, statuses and
 *		numbers.
 *
 * A trigger of ours begins a writer, runs its statements, and ends it.  While
 * a writer is active the guards let its statements pass; everybody else's
 * they refuse.
 */
#ifndef AR_ITEM_WRITER_H
#define AR_ITEM_WRITER_H

#include "executor/spi.h"
#include "utils/rel.h"

/* Stand-ins for type OIDs that only the catalog knows. */
#define AR_TYPE_MONETARY		((Oid) 1)
#define AR_TYPE_MONETARY_ARRAY	((Oid) 2)
#define AR_TYPE_TERMS			((Oid) 3)
#define AR_TYPE_TERMS_ARRAY		((Oid) 4)
#define AR_TYPE_STATUS			((Oid) 5)
#define AR_TYPE_STATUS_ARRAY	((Oid) 6)

#define AR_STATEMENT_ARGS_MAX	12

/* One constant SQL statement and its plan, kept for the session. */
typedef struct ArStatement
{
	const char *sql;			/* constant text, every name qualified */
	int			nargs;
	Oid			argtypes[AR_STATEMENT_ARGS_MAX];	/* OIDs or AR_TYPE_... */
	Oid			planned[AR_STATEMENT_ARGS_MAX];		/* OIDs the plan was made for */
	BlockNumber planned_blocks; /* size of the trigger's table then */
	SPIPlanPtr	plan;			/* for few rows, kept; NULL until first used */
	SPIPlanPtr	bulk_plan;		/* for many rows, planned at each use */
} ArStatement;

/* What must be put back when the writer ends. */
typedef struct ArWriter
{
	Oid			user;
	int			security_context;
	int			guc_level;
} ArWriter;

/* What is done with each row of a query. */
typedef void (*ArRowFunction) (Relation relation, HeapTuple row, TupleDesc desc);

extern void ar_writer_begin(ArWriter *writer, Relation relation);
extern void ar_writer_end(ArWriter *writer);
extern void ar_writer_pin(void);
extern bool ar_writer_active(void);
extern void ar_writer_forgo_judgement(void);
extern bool ar_writer_is_judged(void);
extern uint64 ar_writer_execute(ArStatement *statement, Datum *values, int expected);
extern uint64 ar_writer_execute_each(ArStatement *statement, Datum *values,
									 ArRowFunction see, Relation relation);

extern Oid	ar_type(Oid type);
extern Datum ar_array(Datum *values, bool *nulls, int count, Oid type);

#endif							/* AR_ITEM_WRITER_H */
