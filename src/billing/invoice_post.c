/*
 * invoice_post.c
 *		Posting invoices: their items, their numbers, and what they lacked.
 *
 * An invoice is posted when its status becomes open, by INSERT or UPDATE.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ar_ext.h"
#include "billing/invoice_post.h"
#include "billing/series.h"
#include "item/posting.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/invoice_status.h"
#include "type/monetary.h"
#include "type/terms.h"

/* Where an invoice draws its number from when it names no series. */
#define DEFAULT_SERIES	"invoice"

PG_FUNCTION_INFO_V1(ar_tg_post_invoice);

/* One invoice to be posted. */
typedef struct Invoice
{
	int32		ledger_id;
	int64		invoice_id;
	int64		customer_id;
	char	   *series;			/* NULL: none named */
	char	   *number;			/* NULL: to be drawn */
	int64		series_number;	/* 0: not drawn */
	DateADT		invoiced_on;
	bool		has_due_on;
	DateADT		due_on;
	ArTerms    *terms;			/* NULL: the customer's, or the ledger's */
	bool		is_finished;	/* nothing left to fill in */
	int64		total_minor;
	uint32		currency;
	TimestampTz recorded_at;
} Invoice;

/*
 * The transaction in which invoices were last held after a statement had
 * opened them.  Only a hint that saves a query where none was: left behind by
 * an error it does no harm.
 */
static FullTransactionId held_in;

static ArStatement find_held =
{
	.sql =
	"SELECT v.invoice_id FROM ar.invoice AS v"
	" WHERE v.ledger_id = $1 AND v.invoice_id = ANY ($2)"
	"  AND v.status OPERATOR(ar.=) 'held' ORDER BY v.invoice_id",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement read_terms =
{
	.sql =
	"SELECT c.customer_id, COALESCE(c.terms, l.terms)"
	" FROM ar.customer AS c JOIN ar.ledger AS l ON l.ledger_id = c.ledger_id"
	" WHERE c.ledger_id = $1 AND c.customer_id = ANY ($2)"
	" ORDER BY c.customer_id",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement find_unequal_lines =
{
	.sql =
	"SELECT v.invoice_id, v.total, s.total FROM ar.invoice AS v,"
	" LATERAL (SELECT ar.sum(l.net OPERATOR(ar.+) l.tax) AS total"
	"  FROM ar.invoice_line AS l"
	"  WHERE l.ledger_id = $1 AND l.invoice_id = v.invoice_id) AS s"
	" WHERE v.ledger_id = $1 AND v.invoice_id = ANY ($2)"
	"  AND s.total OPERATOR(ar.<>) v.total"
	" ORDER BY v.invoice_id LIMIT 1",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement finish_invoices =
{
	.sql =
	"UPDATE ar.invoice AS v SET number = f.number, series = f.series,"
	"  series_number = f.series_number, terms = f.terms, status = f.status"
	" FROM unnest($2, $3, $4, $5, $6, $7)"
	"  AS f(invoice_id, number, series, series_number, terms, status)"
	" WHERE v.ledger_id = $1 AND v.invoice_id = f.invoice_id",
	.nargs = 7,
	.argtypes = {INT4OID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	INT8ARRAYOID, AR_TYPE_TERMS_ARRAY, AR_TYPE_STATUS_ARRAY}
};

/*
 * compare_invoices groups invoices by ledger, in the order in which they are
 * numbered.
 */
static int
compare_invoices(const void *left, const void *right)
{
	const Invoice *a = left;
	const Invoice *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	return 0;
}

/*
 * read_invoices copies the newly posted invoices out of the transition table.
 */
static Invoice *
read_invoices(TriggerData *trigger, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	invoice_id = ar_column(relation, "invoice_id", INT8OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	series = ar_column(relation, "series", TEXTOID);
	AttrNumber	number = ar_column(relation, "number", TEXTOID);
	AttrNumber	invoiced_on = ar_column(relation, "invoiced_on", DATEOID);
	AttrNumber	due_on = ar_column(relation, "due_on", DATEOID);
	AttrNumber	terms = ar_column(relation, "terms", AR_TYPE_TERMS);
	AttrNumber	total = ar_column(relation, "total", AR_TYPE_MONETARY);
	AttrNumber	status = ar_column(relation, "status", AR_TYPE_STATUS);
	AttrNumber	recorded_at = ar_column(relation, "recorded_at", TIMESTAMPTZOID);
	int			rows_count;
	Invoice    *invoices;
	ArTransition rows;
	int			n = 0;

	/* Each instalment of terms becomes an item. */
	rows_count = ar_transition_count(trigger->tg_newtable,
									 INT_MAX / AR_TERMS_MAX_INSTALMENTS);
	invoices = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Invoice) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		Invoice    *invoice = &invoices[n];
		bool		isnull;
		Datum		value;
		ArMonetary *amount;

		if (DatumGetArInvoiceStatus(ar_transition_value(&rows, status)) != AR_STATUS_OPEN)
			continue;
		n++;
		memset(invoice, 0, sizeof(Invoice));
		invoice->ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		invoice->invoice_id = DatumGetInt64(ar_transition_value(&rows, invoice_id));
		invoice->customer_id = DatumGetInt64(ar_transition_value(&rows, customer_id));
		invoice->invoiced_on = DatumGetDateADT(ar_transition_value(&rows, invoiced_on));
		invoice->recorded_at = DatumGetTimestampTz(ar_transition_value(&rows, recorded_at));
		amount = DatumGetArMonetaryP(ar_transition_value(&rows, total));
		invoice->total_minor = ar_monetary_minor(amount);
		invoice->currency = amount->currency;
		value = slot_getattr(rows.slot, series, &isnull);
		if (!isnull)
			invoice->series = TextDatumGetCString(value);
		value = slot_getattr(rows.slot, number, &isnull);
		if (!isnull)
			invoice->number = TextDatumGetCString(value);
		value = slot_getattr(rows.slot, due_on, &isnull);
		invoice->has_due_on = !isnull;
		if (!isnull)
			invoice->due_on = DatumGetDateADT(value);
		value = slot_getattr(rows.slot, terms, &isnull);
		if (!isnull)
			invoice->terms = (ArTerms *) PG_DETOAST_DATUM_COPY(value);
		invoice->is_finished = invoice->number != NULL &&
			(invoice->terms != NULL || invoice->has_due_on) &&
			invoice->total_minor != 0;
	}
	ar_transition_end(&rows);
	qsort(invoices, n, sizeof(Invoice), compare_invoices);
	*count = n;
	return invoices;
}

/*
 * compare_ids orders customer ids.
 */
static int
compare_ids(const void *left, const void *right)
{
	int64		a = *(const int64 *) left;
	int64		b = *(const int64 *) right;

	return a < b ? -1 : a > b;
}

/*
 * fill_terms gives each invoice that has neither due date nor terms those of
 * its customer, or else of its ledger.
 */
static void
fill_terms(Invoice *invoices, int count)
{
	int64	   *wanted = palloc(sizeof(int64) * count);
	Datum	   *ids = palloc(sizeof(Datum) * count);
	int64	   *found;
	ArTerms   **terms;
	Datum		values[2];
	uint64		rows;
	int			n = 0;
	int			distinct = 0;

	for (int i = 0; i < count; i++)
		if (!invoices[i].has_due_on && invoices[i].terms == NULL)
			wanted[n++] = invoices[i].customer_id;
	if (n == 0)
		return;
	qsort(wanted, n, sizeof(int64), compare_ids);
	for (int i = 0; i < n; i++)
		if (i == 0 || wanted[i] != wanted[i - 1])
			ids[distinct++] = Int64GetDatum(wanted[i]);

	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(ids, NULL, distinct, INT8OID);
	rows = ar_writer_execute(&read_terms, values, SPI_OK_SELECT);
	found = palloc(sizeof(int64) * Max(rows, 1));
	terms = palloc(sizeof(ArTerms *) * Max(rows, 1));
	for (uint64 i = 0; i < rows; i++)
	{
		bool		isnull;

		found[i] = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[i],
											   SPI_tuptable->tupdesc, 1, &isnull));
		terms[i] = (ArTerms *) PG_DETOAST_DATUM_COPY(SPI_getbinval(SPI_tuptable->vals[i],
																   SPI_tuptable->tupdesc, 2, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);

	for (int i = 0; i < count; i++)
	{
		int64	   *match;

		if (invoices[i].has_due_on || invoices[i].terms != NULL)
			continue;
		match = bsearch(&invoices[i].customer_id, found, rows, sizeof(int64), compare_ids);
		if (match == NULL)
			elog(ERROR, "fill_terms: no customer " INT64_FORMAT, invoices[i].customer_id);
		invoices[i].terms = terms[match - found];
	}
}

/*
 * check_lines insists that an invoice with lines has the total of its lines.
 */
static void
check_lines(Relation relation, Invoice *invoices, int count)
{
	Datum	   *ids = palloc(sizeof(Datum) * count);
	Datum		values[2];
	HeapTuple	row;
	TupleDesc	desc;

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(invoices[i].invoice_id);
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	if (ar_writer_execute(&find_unequal_lines, values, SPI_OK_SELECT) == 0)
	{
		SPI_freetuptable(SPI_tuptable);
		return;
	}
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("the lines of invoice %s do not add up to its total",
					SPI_getvalue(row, desc, 1)),
			 errdetail("The total is %s, the lines make %s.",
					   SPI_getvalue(row, desc, 2), SPI_getvalue(row, desc, 3)),
			 errhint("Correct total or lines of the draft before posting it."),
			 errtableconstraint(relation, "invoice_total_check")));
}

/*
 * post_items makes one item for each instalment of each invoice.
 */
static void
post_items(Invoice *invoices, int count)
{
	int			capacity = count;
	int			n = 0;
	ArPosting  *postings;

	postings = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(ArPosting) * (Size) capacity);
	for (int i = 0; i < count; i++)
	{
		Invoice    *invoice = &invoices[i];
		ArInstalment single = {.due_on = invoice->due_on,.amount_minor = invoice->total_minor};
		ArInstalment *instalments = &single;
		int			instalment_count = 1;

		CHECK_FOR_INTERRUPTS();
		if (!invoice->has_due_on)
			instalment_count = ar_terms_schedule(invoice->terms, invoice->total_minor,
												 invoice->currency, invoice->invoiced_on,
												 &instalments);
		if (n + instalment_count > capacity)
		{
			capacity = Max(capacity * 2, n + instalment_count);
			postings = repalloc_huge(postings, sizeof(ArPosting) * (Size) capacity);
		}
		for (int k = 0; k < instalment_count; k++)
		{
			ArPosting  *posting = &postings[n++];

			posting->ledger_id = invoice->ledger_id;
			posting->customer_id = invoice->customer_id;
			posting->document_id = invoice->invoice_id;
			posting->kind = "invoice";
			posting->instalment = k + 1;
			posting->issued_on = invoice->invoiced_on;
			posting->due_on = instalments[k].due_on;
			posting->amount_minor = instalments[k].amount_minor;
			posting->currency = invoice->currency;
			posting->recorded_at = invoice->recorded_at;
		}
		if (instalments != &single)
			pfree(instalments);
	}
	ar_post_items(AR_DOCUMENT_INVOICE, postings, n);
	pfree(postings);
}

/*
 * compare_series groups the invoices to be numbered by series, in order.
 */
static int
compare_series(const void *left, const void *right)
{
	const Invoice *a = *(Invoice *const *) left;
	const Invoice *b = *(Invoice *const *) right;
	int			order = strcmp(a->series, b->series);

	return order != 0 ? order : compare_invoices(a, b);
}

/*
 * draw_numbers numbers the invoices that have no number, series by series.
 */
static void
draw_numbers(Invoice *invoices, int count)
{
	Invoice   **unnumbered = palloc(sizeof(Invoice *) * count);
	int			n = 0;
	int			first = 0;

	for (int i = 0; i < count; i++)
	{
		if (invoices[i].number != NULL)
			continue;
		if (invoices[i].series == NULL)
			invoices[i].series = DEFAULT_SERIES;
		unnumbered[n++] = &invoices[i];
	}
	qsort(unnumbered, n, sizeof(Invoice *), compare_series);
	for (int i = 1; i <= n; i++)
	{
		ArNumberRun run;

		if (i < n && strcmp(unnumbered[i]->series, unnumbered[first]->series) == 0)
			continue;
		run = ar_series_draw(unnumbered[first]->ledger_id,
							 unnumbered[first]->series, i - first);
		for (int k = first; k < i; k++)
		{
			Invoice    *invoice = unnumbered[k];

			invoice->series_number = run.next++;
			invoice->number = ar_series_format(&run, invoice->series_number,
											   invoice->invoiced_on);
		}
		first = i;
	}
}

/*
 * write_invoices fills in what posting found out: number, terms, and the
 * status of an invoice of nothing, which is paid from the start.
 */
static void
write_invoices(Invoice *invoices, int count)
{
	Datum	   *columns[6];
	bool	   *nulls[6];
	static const Oid types[6] = {INT8OID, TEXTOID, TEXTOID, INT8OID,
	AR_TYPE_TERMS, AR_TYPE_STATUS};
	Datum		values[7];
	int			n = 0;

	for (int i = 0; i < 6; i++)
	{
		columns[i] = palloc(sizeof(Datum) * count);
		nulls[i] = palloc0(sizeof(bool) * count);
	}
	for (int i = 0; i < count; i++)
	{
		Invoice    *invoice = &invoices[i];

		if (invoice->is_finished)
			continue;
		columns[0][n] = Int64GetDatum(invoice->invoice_id);
		columns[1][n] = CStringGetTextDatum(invoice->number);
		nulls[2][n] = invoice->series == NULL;
		columns[2][n] = nulls[2][n] ? (Datum) 0 : CStringGetTextDatum(invoice->series);
		nulls[3][n] = invoice->series_number == 0;
		columns[3][n] = Int64GetDatum(invoice->series_number);
		nulls[4][n] = invoice->terms == NULL;
		columns[4][n] = PointerGetDatum(invoice->terms);
		columns[5][n] = ArInvoiceStatusGetDatum(ar_status_of(invoice->total_minor,
															 invoice->total_minor, false));
		n++;
	}
	if (n == 0)
		return;
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	for (int i = 0; i < 6; i++)
		values[i + 1] = ar_array(columns[i], nulls[i], n, types[i]);
	ar_writer_execute(&finish_invoices, values, SPI_OK_UPDATE);
}

/*
 * ar_note_held_invoices says that an earlier trigger of this statement held
 * some of the invoices that the statement opened: they are not to be posted.
 */
void
ar_note_held_invoices(void)
{
	held_in = GetTopFullTransactionId();
}

/*
 * drop_held leaves out the invoices that were held since they were opened,
 * and returns how many are left.
 */
static int
drop_held(Invoice *invoices, int count)
{
	Datum	   *ids;
	Datum		values[2];
	uint64		rows;
	uint64		next = 0;
	int			kept = 0;

	if (!FullTransactionIdEquals(held_in, GetTopFullTransactionIdIfAny()))
		return count;
	ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(invoices[i].invoice_id);
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	rows = ar_writer_execute(&find_held, values, SPI_OK_SELECT);
	for (int i = 0; i < count; i++)
	{
		bool		isnull;

		if (next < rows &&
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[next], SPI_tuptable->tupdesc,
										1, &isnull)) == invoices[i].invoice_id)
			next++;
		else
			invoices[kept++] = invoices[i];
	}
	SPI_freetuptable(SPI_tuptable);
	return kept;
}

/*
 * post_ledger posts the invoices of one ledger, in the lock order of the
 * books: balances, items, and the series last.
 */
static void
post_ledger(TriggerData *trigger, Invoice *invoices, int count)
{
	count = drop_held(invoices, count);
	if (count == 0)
		return;
	fill_terms(invoices, count);
	/* An invoice that was just inserted cannot have lines yet. */
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		check_lines(trigger->tg_relation, invoices, count);
	post_items(invoices, count);
	draw_numbers(invoices, count);
	write_invoices(invoices, count);
}

/*
 * ar_tg_post_invoice posts the invoices that a statement left open.  Whatever
 * a user's statement leaves open is newly so: the guard lets nobody but the
 * writer touch an invoice that is posted already.
 */
Datum
ar_tg_post_invoice(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_post_invoice", TRIGGER_EVENT_AFTER);
	Invoice    *invoices;
	int			count;
	int			first = 0;
	ArWriter	writer;

	if (ar_writer_active())
		return PointerGetDatum(NULL);
	invoices = read_invoices(trigger, &count);
	if (count == 0)
		return PointerGetDatum(NULL);

	ar_writer_begin(&writer, trigger->tg_relation);
	for (int i = 1; i <= count; i++)
	{
		if (i < count && invoices[i].ledger_id == invoices[first].ledger_id)
			continue;
		post_ledger(trigger, &invoices[first], i - first);
		first = i;
	}
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
