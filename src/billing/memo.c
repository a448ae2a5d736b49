/*
 * memo.c
 *		Memos: what corrects an invoice, and what takes it back entirely.
 *
 * A credit memo for an invoice may not credit more than the invoice, nor of a
 * line more than the line, whatever was credited before.  That is judged when
 * the balance of the customer is held, whose both documents are: of two memos
 * at once the second waits, and counts the first.
 *
 * A reversal is a credit memo for all of an invoice on which nothing is
 * applied.  Posting it applies it, and so makes the invoice void.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ar_ext.h"
#include "billing/invoice.h"
#include "item/writer.h"

/* The statuses are compared by their own operator, so the path is not asked. */
static ArStatement find_unsuited =
{
	.sql =
	"SELECT p.problem, m.invoice_id, COALESCE(c.number, c.invoice_id::text), c.status"
	" FROM unnest($2) AS w(invoice_id)"
	" JOIN LATERAL (SELECT * FROM ar.invoice AS m"
	"  WHERE m.ledger_id = $1 AND m.invoice_id = w.invoice_id OFFSET 0) AS m ON true"
	" JOIN LATERAL (SELECT * FROM ar.invoice AS c"
	"  WHERE c.ledger_id = $1 AND c.invoice_id = m.corrects_id OFFSET 0) AS c ON true,"
	" LATERAL (SELECT CASE"
	"   WHEN c.recorded_at IS NULL THEN 'unposted'"
	"   WHEN c.kind = 'credit_memo' THEN 'kind'"
	"   WHEN c.customer_id <> m.customer_id THEN 'customer'"
	"   WHEN ar.currency(c.total) <> ar.currency(m.total) THEN 'currency'"
	"   WHEN c.status OPERATOR(ar.=) 'void'::ar.invoice_status"
	"    OR (m.reverses_id IS NOT NULL"
	"     AND c.status OPERATOR(ar.<>) 'open'::ar.invoice_status) THEN 'status'"
	"   WHEN m.invoiced_on < c.invoiced_on THEN 'date'"
	"   WHEN m.reverses_id IS NOT NULL AND c.total OPERATOR(ar.<>) m.total THEN 'total'"
	"   END AS problem) AS p"
	" WHERE p.problem IS NOT NULL"
	" ORDER BY m.invoice_id LIMIT 1",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* What is asked for goes up to total; before is what was credited earlier. */
static ArStatement find_over_credited =
{
	.sql =
	"SELECT COALESCE(c.number, c.invoice_id::text), c.total, s.before,"
	"  c.total OPERATOR(ar.-) s.before, s.asked"
	" FROM unnest($3) AS w(invoice_id)"
	" JOIN LATERAL (SELECT * FROM ar.invoice AS c"
	"  WHERE c.ledger_id = $1 AND c.invoice_id = w.invoice_id OFFSET 0) AS c ON true,"
	" LATERAL (SELECT COALESCE(ar.sum(m.total) FILTER (WHERE m.invoice_id <> ALL ($2)),"
	"    ar.monetary(0, ar.currency(c.total))) AS before,"
	"   ar.sum(m.total) FILTER (WHERE m.invoice_id = ANY ($2)) AS asked"
	"  FROM ar.invoice AS m"
	"  WHERE m.ledger_id = $1 AND m.corrects_id = w.invoice_id"
	"   AND m.kind = 'credit_memo' AND m.recorded_at IS NOT NULL) AS s"
	" WHERE s.asked OPERATOR(ar.>) (c.total OPERATOR(ar.-) s.before)"
	" ORDER BY c.invoice_id LIMIT 1",
	.nargs = 3,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID}
};

/* A line counts as its price does: with tax where the price includes it. */
static ArStatement find_over_credited_line =
{
	.sql =
	"SELECT COALESCE(c.number, c.invoice_id::text), w.corrects_line, l.amount, s.before,"
	"  l.amount OPERATOR(ar.-) s.before, s.asked"
	" FROM (SELECT DISTINCT m.corrects_id, k.corrects_line"
	"  FROM unnest($2) AS w(invoice_id)"
	"  JOIN LATERAL (SELECT m.corrects_id FROM ar.invoice AS m"
	"   WHERE m.ledger_id = $1 AND m.invoice_id = w.invoice_id OFFSET 0) AS m ON true"
	"  JOIN LATERAL (SELECT k.corrects_line FROM ar.invoice_line AS k"
	"   WHERE k.ledger_id = $1 AND k.invoice_id = w.invoice_id OFFSET 0) AS k"
	"   ON k.corrects_line IS NOT NULL) AS w"
	" JOIN LATERAL (SELECT * FROM ar.invoice AS c"
	"  WHERE c.ledger_id = $1 AND c.invoice_id = w.corrects_id OFFSET 0) AS c ON true"
	" LEFT JOIN ar.invoice_line AS n ON n.ledger_id = $1"
	"  AND n.invoice_id = w.corrects_id AND n.line_number = w.corrects_line,"
	" LATERAL (SELECT COALESCE(n.gross, n.net) AS amount) AS l,"
	" LATERAL (SELECT COALESCE(ar.sum(p.amount) FILTER (WHERE m.invoice_id <> ALL ($2)),"
	"    ar.monetary(0, ar.currency(c.total))) AS before,"
	"   ar.sum(p.amount) FILTER (WHERE m.invoice_id = ANY ($2)) AS asked"
	"  FROM ar.invoice AS m"
	"  JOIN ar.invoice_line AS k ON k.ledger_id = $1 AND k.invoice_id = m.invoice_id,"
	"  LATERAL (SELECT CASE WHEN n.gross IS NULL THEN k.net"
	"   ELSE k.net OPERATOR(ar.+) k.tax END AS amount) AS p"
	"  WHERE m.ledger_id = $1 AND m.corrects_id = w.corrects_id"
	"   AND k.corrects_line = w.corrects_line"
	"   AND m.kind = 'credit_memo' AND m.recorded_at IS NOT NULL) AS s"
	" WHERE n.line_number IS NULL"
	"  OR NOT ar.is_open_within(l.amount OPERATOR(ar.-) s.before OPERATOR(ar.-) s.asked, l.amount)"
	" ORDER BY w.corrects_id, w.corrects_line LIMIT 1",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* The items of both are laid end to end; where one ends, an application ends. */
static ArStatement apply_reversals =
{
	.sql =
	"INSERT INTO ar.application"
	"  (ledger_id, credit_item_id, debit_item_id, amount, applied_on)"
	" SELECT $1, credit.item_id, debit.item_id,"
	"  ar.monetary(LEAST(credit.upto, debit.upto)"
	"   - GREATEST(credit.upto - credit.part, debit.upto - debit.part), debit.currency),"
	"  GREATEST(credit.issued_on, debit.issued_on, debit.undone_on)"
	" FROM unnest($2, $3) AS w(invoice_id, reverses_id),"
	" LATERAL (SELECT i.item_id, i.issued_on, -ar.amount(i.open) AS part,"
	"   pg_catalog.sum(-ar.amount(i.open)) OVER (ORDER BY i.item_id) AS upto"
	"  FROM ar.item AS i"
	"  WHERE i.ledger_id = $1 AND i.invoice_id = w.invoice_id) AS credit,"
	" LATERAL (SELECT i.item_id, i.issued_on, i.undone_on, ar.currency(i.open) AS currency,"
	"   ar.amount(i.open) AS part,"
	"   pg_catalog.sum(ar.amount(i.open)) OVER (ORDER BY i.item_id) AS upto"
	"  FROM ar.item AS i"
	"  WHERE i.ledger_id = $1 AND i.invoice_id = w.reverses_id) AS debit"
	" WHERE LEAST(credit.upto, debit.upto)"
	"  > GREATEST(credit.upto - credit.part, debit.upto - debit.part)"
	" ORDER BY debit.item_id",
	.nargs = 3,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID}
};

/*
 * refuse_unsuited says why a memo cannot correct the invoice it names.
 */
static void
refuse_unsuited(Relation relation)
{
	HeapTuple	row = SPI_tuptable->vals[0];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	char	   *problem = SPI_getvalue(row, desc, 1);
	char	   *memo = SPI_getvalue(row, desc, 2);
	char	   *invoice = SPI_getvalue(row, desc, 3);
	char	   *status = SPI_getvalue(row, desc, 4);

	if (strcmp(problem, "unposted") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_AR_INVALID_TRANSITION),
				 errmsg("invoice %s is %s and cannot be corrected by a memo", invoice, status),
				 errhint("A draft is changed, deleted, or made void."),
				 errtable(relation)));
	if (strcmp(problem, "status") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_AR_INVALID_TRANSITION),
				 strcmp(status, "void") == 0 ?
				 errmsg("invoice %s is void", invoice) :
				 errmsg("invoice %s is %s and cannot be made void", invoice, status),
				 strcmp(status, "void") == 0 ? 0 :
				 errhint("Undo first, with ar.unapply(), what is applied to it.  An invoice of zero stays as it is."),
				 errtable(relation)));
	if (strcmp(problem, "currency") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
				 errmsg("memo %s and invoice %s are in different currencies", memo, invoice),
				 errtable(relation)));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 strcmp(problem, "kind") == 0 ?
			 errmsg("a credit memo cannot be corrected by another memo") :
			 strcmp(problem, "customer") == 0 ?
			 errmsg("memo %s and invoice %s belong to different customers", memo, invoice) :
			 strcmp(problem, "date") == 0 ?
			 errmsg("memo %s cannot be dated before invoice %s, which it corrects", memo, invoice) :
			 errmsg("memo %s reverses invoice %s and must have its total", memo, invoice),
			 errtableconstraint(relation, "invoice_corrects_check")));
}

/*
 * refuse_over_credited says how much may still be credited.
 */
static void
refuse_over_credited(Relation relation)
{
	HeapTuple	row = SPI_tuptable->vals[0];
	TupleDesc	desc = SPI_tuptable->tupdesc;

	ereport(ERROR,
			(errcode(ERRCODE_AR_OVER_APPLICATION),
			 errmsg("more would be credited than remains creditable of invoice %s",
					SPI_getvalue(row, desc, 1)),
			 errdetail("Of a total of %s, %s was credited before; %s remains, %s is asked for.",
					   SPI_getvalue(row, desc, 2), SPI_getvalue(row, desc, 3),
					   SPI_getvalue(row, desc, 4), SPI_getvalue(row, desc, 5)),
			 errhint("Credit at most what remains, or leave out the invoice to give credit on account."),
			 errtableconstraint(relation, "invoice_credited_check")));
}

/*
 * refuse_over_credited_line says the same of a line, or that there is none.
 */
static void
refuse_over_credited_line(Relation relation)
{
	HeapTuple	row = SPI_tuptable->vals[0];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;

	(void) SPI_getbinval(row, desc, 3, &isnull);
	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("invoice %s has no line %s", SPI_getvalue(row, desc, 1),
						SPI_getvalue(row, desc, 2)),
				 errtable(relation)));
	ereport(ERROR,
			(errcode(ERRCODE_AR_OVER_APPLICATION),
			 errmsg("more would be credited than remains creditable of line %s of invoice %s",
					SPI_getvalue(row, desc, 2), SPI_getvalue(row, desc, 1)),
			 errdetail("Of %s, %s was credited before; %s remains, %s is asked for.",
					   SPI_getvalue(row, desc, 3), SPI_getvalue(row, desc, 4),
					   SPI_getvalue(row, desc, 5), SPI_getvalue(row, desc, 6)),
			 errtableconstraint(relation, "invoice_credited_check")));
}

/*
 * find runs one of the judging statements, and has its row refused, if any.
 */
static void
find(ArStatement *statement, Datum *values, Relation relation, void (*refuse) (Relation relation))
{
	if (ar_writer_execute(statement, values, SPI_OK_SELECT) != 0)
		refuse(relation);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * compare_datums orders ids.
 */
static int
compare_datums(const void *left, const void *right)
{
	int64		a = DatumGetInt64(*(const Datum *) left);
	int64		b = DatumGetInt64(*(const Datum *) right);

	return a < b ? -1 : a > b;
}

/*
 * ar_judge_memos judges the memos among the documents of one ledger that are
 * being posted, and applies the reversals.  Balances and items are written.
 */
void
ar_judge_memos(Relation relation, ArInvoice *invoices, int count)
{
	Datum	   *memos;
	Datum	   *corrected;
	Datum	   *reversals;
	Datum	   *reversed;
	Datum		values[3];
	int			memo_count = 0;
	int			credit_count = 0;
	int			distinct = 0;
	int			reversal_count = 0;

	for (int i = 0; i < count; i++)
		memo_count += invoices[i].corrects_id != 0;
	if (memo_count == 0)
		return;
	memos = palloc_extended(sizeof(Datum) * (Size) memo_count, MCXT_ALLOC_HUGE);
	corrected = palloc_extended(sizeof(Datum) * (Size) memo_count, MCXT_ALLOC_HUGE);
	reversals = palloc_extended(sizeof(Datum) * (Size) memo_count, MCXT_ALLOC_HUGE);
	reversed = palloc_extended(sizeof(Datum) * (Size) memo_count, MCXT_ALLOC_HUGE);
	memo_count = 0;
	for (int i = 0; i < count; i++)
	{
		ArInvoice  *invoice = &invoices[i];

		if (invoice->corrects_id == 0)
			continue;
		memos[memo_count++] = Int64GetDatum(invoice->invoice_id);
		if (ar_is_credit(invoice))
			corrected[credit_count++] = Int64GetDatum(invoice->corrects_id);
		if (invoice->reverses_id == 0)
			continue;
		reversals[reversal_count] = Int64GetDatum(invoice->invoice_id);
		reversed[reversal_count++] = Int64GetDatum(invoice->reverses_id);
	}

	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(memos, NULL, memo_count, INT8OID);
	find(&find_unsuited, values, relation, refuse_unsuited);
	if (credit_count > 0)
	{
		qsort(corrected, credit_count, sizeof(Datum), compare_datums);
		for (int i = 0; i < credit_count; i++)
			if (i == 0 || corrected[i] != corrected[i - 1])
				corrected[distinct++] = corrected[i];
		values[2] = ar_array(corrected, NULL, distinct, INT8OID);
		find(&find_over_credited, values, relation, refuse_over_credited);
		find(&find_over_credited_line, values, relation, refuse_over_credited_line);
	}
	if (reversal_count > 0)
	{
		values[1] = ar_array(reversals, NULL, reversal_count, INT8OID);
		values[2] = ar_array(reversed, NULL, reversal_count, INT8OID);
		ar_writer_execute(&apply_reversals, values, SPI_OK_INSERT);
	}
}
