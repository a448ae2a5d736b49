/*
 * numbering.c
 *		Numbering in batches: runs that number what was posted without.
 *
 * The documents are locked in the order of their ids, then the counters; a run
 * beside another waits for it, and finds numbered what that one numbered.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ar_ext.h"
#include "billing/reference.h"
#include "billing/series.h"
#include "item/transition.h"
#include "item/writer.h"

PG_FUNCTION_INFO_V1(ar_tg_number_invoices);

/* One run: a new row of ar.numbering_run. */
typedef struct Run
{
	int32		ledger_id;
	int64		run_id;
	char	   *series;			/* "": every one that is numbered in batches */
} Run;

/* One document that waits for its number. */
typedef struct Unnumbered
{
	int64		invoice_id;
	char	   *series;
	DateADT		invoiced_on;
	TimestampTz recorded_at;
} Unnumbered;

static ArStatement lock_unnumbered =
{
	.sql =
	"SELECT v.invoice_id, v.series, v.invoiced_on, v.recorded_at"
	" FROM ar.invoice AS v"
	" WHERE v.ledger_id = $1 AND v.recorded_at IS NOT NULL"
	"  AND v.number IS NULL AND v.series IS NOT NULL"
	"  AND v.series = ANY (CASE WHEN $2 <> '' THEN ARRAY[$2] ELSE ARRAY("
	"   SELECT s.series FROM ar.document_series AS s"
	"   WHERE s.ledger_id = $1 AND s.numbering = 'batch') END)"
	" ORDER BY v.invoice_id FOR NO KEY UPDATE OF v",
	.nargs = 2,
	.argtypes = {INT4OID, TEXTOID}
};

static ArStatement write_numbers =
{
	.sql =
	"UPDATE ar.invoice AS v SET number = f.number, series_number = f.series_number,"
	"  payment_reference = COALESCE(v.payment_reference,"
	"   CASE WHEN v.kind <> 'credit_memo' THEN f.payment_reference END)"
	" FROM unnest($2, $3, $4, $5)"
	"  AS f(invoice_id, number, series_number, payment_reference)"
	" WHERE v.ledger_id = $1 AND v.invoice_id = f.invoice_id",
	.nargs = 5,
	.argtypes = {INT4OID, INT8ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, TEXTARRAYOID}
};

static ArStatement write_run =
{
	.sql =
	"UPDATE ar.numbering_run AS r SET numbered = $3"
	" WHERE r.ledger_id = $1 AND r.numbering_run_id = $2",
	.nargs = 3,
	.argtypes = {INT4OID, INT8OID, INT8OID}
};

/*
 * compare_runs orders runs by ledger and id.
 */
static int
compare_runs(const void *left, const void *right)
{
	const Run  *a = left;
	const Run  *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	return a->run_id < b->run_id ? -1 : a->run_id > b->run_id;
}

/*
 * compare_unnumbered orders documents by series, and within one as they are
 * numbered: by date, by the moment of posting, by id.
 */
static int
compare_unnumbered(const void *left, const void *right)
{
	const Unnumbered *a = left;
	const Unnumbered *b = right;
	int			order = strcmp(a->series, b->series);

	if (order != 0)
		return order;
	if (a->invoiced_on != b->invoiced_on)
		return a->invoiced_on < b->invoiced_on ? -1 : 1;
	if (a->recorded_at != b->recorded_at)
		return a->recorded_at < b->recorded_at ? -1 : 1;
	return a->invoice_id < b->invoice_id ? -1 : a->invoice_id > b->invoice_id;
}

/*
 * read_runs copies the runs out of the transition table.
 */
static Run *
read_runs(TriggerData *trigger, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	run_id = ar_column(relation, "numbering_run_id", INT8OID);
	AttrNumber	series = ar_column(relation, "series", TEXTOID);
	int			rows_count = ar_transition_count(trigger->tg_newtable, MaxAllocSize / sizeof(Run));
	Run		   *runs = palloc(sizeof(Run) * Max(rows_count, 1));
	ArTransition rows;
	int			n = 0;

	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		bool		isnull;
		Datum		value = slot_getattr(rows.slot, series, &isnull);

		runs[n].ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		runs[n].run_id = DatumGetInt64(ar_transition_value(&rows, run_id));
		runs[n].series = isnull ? "" : TextDatumGetCString(value);
		n++;
	}
	ar_transition_end(&rows);
	qsort(runs, n, sizeof(Run), compare_runs);
	*count = n;
	return runs;
}

/*
 * lock_documents locks the documents that a run is to number, and returns
 * them in the order in which they are numbered.
 */
static Unnumbered *
lock_documents(const Run *run, uint64 *count)
{
	Datum		values[2] = {Int32GetDatum(run->ledger_id), CStringGetTextDatum(run->series)};
	Unnumbered *documents;

	*count = ar_writer_execute(&lock_unnumbered, values, SPI_OK_SELECT);
	if (*count > INT_MAX / 4)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot number more than %d documents in one run", INT_MAX / 4),
				 errhint("Number one series at a time.")));
	documents = palloc_extended(sizeof(Unnumbered) * Max(*count, 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < *count; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;

		documents[i].invoice_id = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		documents[i].series = SPI_getvalue(row, desc, 2);
		documents[i].invoiced_on = DatumGetDateADT(SPI_getbinval(row, desc, 3, &isnull));
		documents[i].recorded_at = DatumGetTimestampTz(SPI_getbinval(row, desc, 4, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
	qsort(documents, *count, sizeof(Unnumbered), compare_unnumbered);
	return documents;
}

/*
 * number_series numbers documents of one series, and returns how many.
 */
static int64
number_series(int32 ledger_id, const Unnumbered *documents, int count)
{
	ArNumbered *numbered = palloc_extended(sizeof(ArNumbered) * (Size) count,
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *texts = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *numbers = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *references = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	bool	   *nulls = palloc_extended(sizeof(bool) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[5];

	for (int i = 0; i < count; i++)
		numbered[i].dated = documents[i].invoiced_on;
	if (!ar_series_draw(ledger_id, documents[0].series, AR_IN_BATCH, numbered, count))
		return 0;
	for (int i = 0; i < count; i++)
	{
		char	   *reference;

		ids[i] = Int64GetDatum(documents[i].invoice_id);
		texts[i] = CStringGetTextDatum(numbered[i].text);
		numbers[i] = Int64GetDatum(numbered[i].number);
		reference = ar_creditor_reference_of(numbered[i].text);
		nulls[i] = reference == NULL;
		references[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(reference);
	}
	values[0] = Int32GetDatum(ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	values[2] = ar_array(texts, NULL, count, TEXTOID);
	values[3] = ar_array(numbers, NULL, count, INT8OID);
	values[4] = ar_array(references, nulls, count, TEXTOID);
	return ar_writer_execute(&write_numbers, values, SPI_OK_UPDATE);
}

/*
 * carry_out does what one run asks for.
 */
static void
carry_out(const Run *run)
{
	uint64		count;
	Unnumbered *documents = lock_documents(run, &count);
	int64		numbered = 0;
	uint64		first = 0;
	Datum		values[3];

	for (uint64 i = 1; i <= count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i < count && strcmp(documents[i].series, documents[first].series) == 0)
			continue;
		numbered += number_series(run->ledger_id, &documents[first], i - first);
		first = i;
	}
	values[0] = Int32GetDatum(run->ledger_id);
	values[1] = Int64GetDatum(run->run_id);
	values[2] = Int64GetDatum(numbered);
	ar_writer_execute(&write_run, values, SPI_OK_UPDATE);
}

/*
 * ar_tg_number_invoices numbers what the new runs ask for.
 */
Datum
ar_tg_number_invoices(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_number_invoices", TRIGGER_EVENT_AFTER);
	int			count;
	Run		   *runs = read_runs(trigger, &count);
	ArWriter	writer;

	if (count == 0)
		return PointerGetDatum(NULL);
	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 0; i < count; i++)
		carry_out(&runs[i]);
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
