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
#include "billing/invoice.h"
#include "billing/invoice_post.h"
#include "billing/reference.h"
#include "billing/series.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/invoice_status.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_post_invoice);

/*
 * The transaction in which invoices were last held after a statement had
 * opened them.  Only a hint that saves a query where none was: left behind by
 * an error it does no harm.
 */
static FullTransactionId held_in;

static ArStatement find_held =
{
	.sql =
	"SELECT w.invoice_id FROM unnest($2) AS w(invoice_id)"
	" JOIN LATERAL (SELECT v.status FROM ar.invoice AS v"
	"  WHERE v.ledger_id = $1 AND v.invoice_id = w.invoice_id OFFSET 0) AS v"
	"  ON v.status OPERATOR(ar.=) 'held' ORDER BY w.invoice_id",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement finish_invoices =
{
	.sql =
	"UPDATE ar.invoice AS v SET number = f.number, series = f.series,"
	"  series_number = f.series_number, payment_reference = f.payment_reference,"
	"  terms = f.terms, discount_basis = f.discount_basis, net = f.net,"
	"  tax = f.tax, cash_rounding = f.cash_rounding,"
	"  status = COALESCE(f.status, v.status)"
	" FROM (SELECT $1 AS ledger_id, u.*"
	"  FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	"   AS u(invoice_id, number, series, series_number, payment_reference, terms,"
	"    discount_basis, net, tax, cash_rounding, status) OFFSET 0) AS f"
	" WHERE v.ledger_id = f.ledger_id AND v.invoice_id = f.invoice_id",
	.nargs = 12,
	.argtypes = {INT4OID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
		INT8ARRAYOID, TEXTARRAYOID, AR_TYPE_TERMS_ARRAY, TEXTARRAYOID,
		AR_TYPE_MONETARY_ARRAY, AR_TYPE_MONETARY_ARRAY, AR_TYPE_MONETARY_ARRAY,
	AR_TYPE_STATUS_ARRAY}
};

#define FINISH_COLUMNS	11

/*
 * compare_invoices groups invoices by ledger, in the order in which they are
 * numbered.
 */
static int
compare_invoices(const void *left, const void *right)
{
	const ArInvoice *a = left;
	const ArInvoice *b = right;

	if (a->ledger_id != b->ledger_id)
		return a->ledger_id < b->ledger_id ? -1 : 1;
	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	return 0;
}

/*
 * given_text copies a text that may be null.
 */
static char *
given_text(ArTransition *rows, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(rows->slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * given_amount reads an amount that may be null: then it is zero.
 */
static int64
given_amount(ArTransition *rows, AttrNumber column, bool *is_given)
{
	bool		isnull;
	Datum		value = slot_getattr(rows->slot, column, &isnull);

	*is_given = !isnull;
	return isnull ? 0 : ar_monetary_minor(DatumGetArMonetaryP(value));
}

/*
 * read_kind reads the kind of a document; by far most are invoices.
 */
static const char *
read_kind(ArTransition *rows, AttrNumber column)
{
	text	   *kind = DatumGetTextPP(ar_transition_value(rows, column));

	if (VARSIZE_ANY_EXHDR(kind) == strlen("invoice") &&
		memcmp(VARDATA_ANY(kind), "invoice", strlen("invoice")) == 0)
		return "invoice";
	return text_to_cstring(kind);
}

/*
 * read_invoices copies the newly posted invoices out of the transition table.
 */
static ArInvoice *
read_invoices(TriggerData *trigger, int *count)
{
	Relation	relation = trigger->tg_relation;
	AttrNumber	ledger_id = ar_column(relation, "ledger_id", INT4OID);
	AttrNumber	invoice_id = ar_column(relation, "invoice_id", INT8OID);
	AttrNumber	customer_id = ar_column(relation, "customer_id", INT8OID);
	AttrNumber	kind = ar_column(relation, "kind", TEXTOID);
	AttrNumber	corrects_id = ar_column(relation, "corrects_id", INT8OID);
	AttrNumber	reverses_id = ar_column(relation, "reverses_id", INT8OID);
	AttrNumber	series = ar_column(relation, "series", TEXTOID);
	AttrNumber	number = ar_column(relation, "number", TEXTOID);
	AttrNumber	payment_reference = ar_column(relation, "payment_reference", TEXTOID);
	AttrNumber	payment_means = ar_column(relation, "payment_means", TEXTOID);
	AttrNumber	invoiced_on = ar_column(relation, "invoiced_on", DATEOID);
	AttrNumber	due_on = ar_column(relation, "due_on", DATEOID);
	AttrNumber	terms = ar_column(relation, "terms", AR_TYPE_TERMS);
	AttrNumber	discount_basis = ar_column(relation, "discount_basis", TEXTOID);
	AttrNumber	prices_include_tax = ar_column(relation, "prices_include_tax", BOOLOID);
	AttrNumber	tax_rounding = ar_column(relation, "tax_rounding", TEXTOID);
	AttrNumber	net = ar_column(relation, "net", AR_TYPE_MONETARY);
	AttrNumber	tax = ar_column(relation, "tax", AR_TYPE_MONETARY);
	AttrNumber	cash_rounding = ar_column(relation, "cash_rounding", AR_TYPE_MONETARY);
	AttrNumber	total = ar_column(relation, "total", AR_TYPE_MONETARY);
	AttrNumber	status = ar_column(relation, "status", AR_TYPE_STATUS);
	AttrNumber	recorded_at = ar_column(relation, "recorded_at", TIMESTAMPTZOID);
	int			rows_count;
	ArInvoice  *invoices;
	ArTransition rows;
	int			n = 0;

	/* Each instalment of terms becomes an item. */
	rows_count = ar_transition_count(trigger->tg_newtable,
									 INT_MAX / AR_TERMS_MAX_INSTALMENTS);
	invoices = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(ArInvoice) * (Size) Max(rows_count, 1));
	ar_transition_begin(&rows, trigger, trigger->tg_newtable);
	while (ar_transition_next(&rows))
	{
		ArInvoice  *invoice = &invoices[n];
		bool		isnull;
		Datum		value;
		ArMonetary *amount;

		if (DatumGetArInvoiceStatus(ar_transition_value(&rows, status)) != AR_STATUS_OPEN)
			continue;
		n++;
		memset(invoice, 0, sizeof(ArInvoice));
		invoice->ledger_id = DatumGetInt32(ar_transition_value(&rows, ledger_id));
		invoice->invoice_id = DatumGetInt64(ar_transition_value(&rows, invoice_id));
		invoice->customer_id = DatumGetInt64(ar_transition_value(&rows, customer_id));
		invoice->kind = read_kind(&rows, kind);
		value = slot_getattr(rows.slot, corrects_id, &isnull);
		invoice->corrects_id = isnull ? 0 : DatumGetInt64(value);
		value = slot_getattr(rows.slot, reverses_id, &isnull);
		invoice->reverses_id = isnull ? 0 : DatumGetInt64(value);
		invoice->invoiced_on = DatumGetDateADT(ar_transition_value(&rows, invoiced_on));
		invoice->recorded_at = DatumGetTimestampTz(ar_transition_value(&rows, recorded_at));
		amount = DatumGetArMonetaryP(ar_transition_value(&rows, total));
		invoice->total_minor = ar_monetary_minor(amount);
		invoice->currency = amount->currency;
		invoice->net_minor = given_amount(&rows, net, &invoice->has_net);
		invoice->tax_minor = given_amount(&rows, tax, &isnull);
		invoice->rounding_minor = given_amount(&rows, cash_rounding, &isnull);
		invoice->series = given_text(&rows, series);
		invoice->number = given_text(&rows, number);
		invoice->payment_reference = given_text(&rows, payment_reference);
		invoice->payment_means = given_text(&rows, payment_means);
		invoice->discount_basis = ar_discount_basis_from_text(given_text(&rows, discount_basis));
		invoice->can_be_mixed =
			!DatumGetBool(ar_transition_value(&rows, prices_include_tax)) &&
			strcmp(given_text(&rows, tax_rounding), "document") == 0;
		value = slot_getattr(rows.slot, due_on, &isnull);
		invoice->has_due_on = !isnull;
		if (!isnull)
			invoice->due_on = DatumGetDateADT(value);
		/* A credit is there to be used at once. */
		if (isnull && ar_is_credit(invoice))
		{
			invoice->has_due_on = true;
			invoice->due_on = invoice->invoiced_on;
		}
		value = slot_getattr(rows.slot, terms, &isnull);
		if (!isnull)
			invoice->has_due_on = false;
		if (!isnull)
			invoice->terms = (ArTerms *) PG_DETOAST_DATUM_COPY(value);
		invoice->is_changed = invoice->total_minor == 0;
	}
	ar_transition_end(&rows);
	qsort(invoices, n, sizeof(ArInvoice), compare_invoices);
	*count = n;
	return invoices;
}

/*
 * compare_series groups the invoices to be numbered by series, in order.
 */
static int
compare_series(const void *left, const void *right)
{
	const ArInvoice *a = *(ArInvoice *const *) left;
	const ArInvoice *b = *(ArInvoice *const *) right;
	int			order = strcmp(a->series, b->series);

	return order != 0 ? order : compare_invoices(a, b);
}

/*
 * draw_numbers numbers the invoices that have no number, series by series.
 * Those of a series that is numbered in batches stay without.
 */
static void
draw_numbers(ArInvoice *invoices, int count)
{
	ArInvoice **unnumbered = palloc_extended(sizeof(ArInvoice *) * (Size) count, MCXT_ALLOC_HUGE);
	ArNumbered *numbered;
	int			n = 0;
	int			first = 0;

	for (int i = 0; i < count; i++)
	{
		if (invoices[i].number != NULL)
			continue;
		/* Where no series is named, it is that of the kind. */
		if (invoices[i].series == NULL)
			invoices[i].series = unconstify(char *, invoices[i].kind);
		unnumbered[n++] = &invoices[i];
	}
	qsort(unnumbered, n, sizeof(ArInvoice *), compare_series);
	numbered = palloc_extended(sizeof(ArNumbered) * (Size) Max(n, 1),
							   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < n; i++)
		numbered[i].dated = unnumbered[i]->invoiced_on;
	for (int i = 1; i <= n; i++)
	{
		if (i < n && strcmp(unnumbered[i]->series, unnumbered[first]->series) == 0)
			continue;
		ar_series_draw(unnumbered[first]->ledger_id, unnumbered[first]->series,
					   AR_AT_POSTING, &numbered[first], i - first);
		first = i;
	}
	for (int i = 0; i < n; i++)
	{
		unnumbered[i]->series_number = numbered[i].number;
		unnumbered[i]->number = numbered[i].text;
		unnumbered[i]->is_changed = true;
	}
}

/*
 * fill_references makes payment references of the numbers of what is to be
 * paid.
 */
static void
fill_references(ArInvoice *invoices, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (invoices[i].payment_reference != NULL || invoices[i].number == NULL ||
			ar_is_credit(&invoices[i]))
			continue;
		invoices[i].payment_reference = ar_creditor_reference_of(invoices[i].number);
		if (invoices[i].payment_reference != NULL)
			invoices[i].is_changed = true;
	}
}

/*
 * text_or_null makes a datum of a text that may be missing.
 */
static Datum
text_or_null(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/*
 * write_invoices fills in what posting found out, among it the status of an
 * invoice of nothing, which is paid from the start.
 */
static void
write_invoices(ArInvoice *invoices, int count)
{
	Datum	   *columns[FINISH_COLUMNS];
	bool	   *nulls[FINISH_COLUMNS];
	static const Oid types[FINISH_COLUMNS] = {INT8OID, TEXTOID, TEXTOID, INT8OID,
		TEXTOID, AR_TYPE_TERMS, TEXTOID, AR_TYPE_MONETARY, AR_TYPE_MONETARY,
	AR_TYPE_MONETARY, AR_TYPE_STATUS};
	Datum		values[FINISH_COLUMNS + 1];
	int			n = 0;

	for (int i = 0; i < FINISH_COLUMNS; i++)
	{
		columns[i] = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
		nulls[i] = palloc_extended(sizeof(bool) * (Size) count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	}
	for (int i = 0; i < count; i++)
	{
		ArInvoice  *invoice = &invoices[i];

		if (!invoice->is_changed)
			continue;
		columns[0][n] = Int64GetDatum(invoice->invoice_id);
		columns[1][n] = text_or_null(invoice->number, &nulls[1][n]);
		columns[2][n] = text_or_null(invoice->series, &nulls[2][n]);
		nulls[3][n] = invoice->series_number == 0;
		columns[3][n] = Int64GetDatum(invoice->series_number);
		columns[4][n] = text_or_null(invoice->payment_reference, &nulls[4][n]);
		nulls[5][n] = invoice->terms == NULL;
		columns[5][n] = PointerGetDatum(invoice->terms);
		columns[6][n] = text_or_null(ar_discount_basis_name(invoice->discount_basis), &nulls[6][n]);
		nulls[7][n] = nulls[8][n] = !invoice->has_net;
		nulls[9][n] = invoice->rounding_minor == 0;
		if (invoice->has_net)
		{
			columns[7][n] = PointerGetDatum(ar_monetary_make(invoice->net_minor, invoice->currency));
			columns[8][n] = PointerGetDatum(ar_monetary_make(invoice->tax_minor, invoice->currency));
		}
		if (invoice->rounding_minor != 0)
			columns[9][n] = PointerGetDatum(ar_monetary_make(invoice->rounding_minor, invoice->currency));
		nulls[10][n] = invoice->total_minor != 0;
		columns[10][n] = ArInvoiceStatusGetDatum(ar_status_of(invoice->total_minor,
															  invoice->total_minor, false, false));
		n++;
	}
	if (n == 0)
		return;
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	for (int i = 0; i < FINISH_COLUMNS; i++)
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
drop_held(ArInvoice *invoices, int count)
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
 * books: balances, items, and the series last.  Memos are judged once their
 * customers' balances are held: nobody else corrects the same invoice then.
 */
static void
post_ledger(TriggerData *trigger, ArInvoice *invoices, int count)
{
	ArBillingPolicy policy;

	count = drop_held(invoices, count);
	if (count == 0)
		return;
	policy = ar_billing_policy(invoices[0].ledger_id);
	ar_fill_terms(trigger->tg_relation, invoices, count);
	/* An invoice that was just inserted cannot have lines yet. */
	ar_judge_lines(trigger->tg_relation, &policy, invoices, count,
				   TRIGGER_FIRED_BY_UPDATE(trigger->tg_event));
	ar_post_invoice_items(&policy, invoices, count);
	ar_judge_memos(trigger->tg_relation, invoices, count);
	draw_numbers(invoices, count);
	fill_references(invoices, count);
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
	ArInvoice  *invoices;
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
