/*
 * closing.c
 *		Closing a customer: not while anything is open.
 *
 * Whoever posts to a customer holds a key share lock on his row from then to
 * the end of the transaction, if only through the foreign key.  Locking the
 * row for update therefore waits until all postings under way are over, and
 * keeps new ones waiting.  What they left is then looked up in the latest
 * snapshot, as foreign keys do: that of a repeatable read transaction may be
 * older than they are.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/snapmgr.h"

#include "ar_ext.h"
#include "item/writer.h"

PG_FUNCTION_INFO_V1(ar_find_open_customers);

/*
 * execute_latest runs a statement on a ledger and customers in a snapshot
 * taken now.
 */
static void
execute_latest(const char *sql, Datum *values, int expected)
{
	Oid			types[] = {INT4OID, INT8ARRAYOID};
	SPIPlanPtr	plan = SPI_prepare(sql, lengthof(types), types);
	int			result;

	if (plan == NULL)
		elog(ERROR, "execute_latest: could not prepare \"%s\": %s",
			 sql, SPI_result_code_string(SPI_result));
	result = SPI_execute_snapshot(plan, values, NULL, GetLatestSnapshot(),
								  InvalidSnapshot, false, false, 0);
	if (result != expected)
		elog(ERROR, "execute_latest: \"%s\" returned %s",
			 sql, SPI_result_code_string(result));
}

/*
 * ar_find_open_customers locks customers and returns those that have
 * something open, in the order of their ids.
 */
Datum
ar_find_open_customers(PG_FUNCTION_ARGS)
{
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	MemoryContext caller = CurrentMemoryContext;
	Datum	   *found;
	int			count;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "ar_find_open_customers: could not connect SPI");
	execute_latest("SELECT FROM ar.customer AS c"
				   " WHERE c.ledger_id OPERATOR(pg_catalog.=) $1"
				   "  AND c.customer_id OPERATOR(pg_catalog.=) ANY ($2)"
				   " ORDER BY c.customer_id FOR UPDATE",
				   values, SPI_OK_SELECT);
	execute_latest("SELECT DISTINCT b.customer_id FROM ar.customer_balance AS b"
				   " WHERE b.ledger_id OPERATOR(pg_catalog.=) $1"
				   "  AND b.customer_id OPERATOR(pg_catalog.=) ANY ($2)"
				   "  AND (ar.sign(b.open_debits) OPERATOR(pg_catalog.<>) 0"
				   "       OR ar.sign(b.open_credits) OPERATOR(pg_catalog.<>) 0)"
				   " ORDER BY b.customer_id",
				   values, SPI_OK_SELECT);
	count = (int) SPI_processed;
	found = MemoryContextAllocHuge(caller, sizeof(Datum) * (Size) Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		bool		isnull;
		Datum		id = SPI_getbinval(SPI_tuptable->vals[i],
									   SPI_tuptable->tupdesc, 1, &isnull);

		/* Passed by reference where a Datum has four bytes. */
		found[i] = Int64GetDatum(DatumGetInt64(id));
	}
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "ar_find_open_customers: could not finish SPI");
	PG_RETURN_DATUM(ar_array(found, NULL, count, INT8OID));
}
