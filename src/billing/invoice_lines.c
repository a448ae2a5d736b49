/*
 * invoice_lines.c
 *		What the lines of an invoice come to: its taxes by category and rate, and
 *		whether they make the total it claims.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ar_ext.h"
#include "billing/invoice.h"
#include "item/posting.h"
#include "item/writer.h"
#include "type/monetary.h"
#include "type/rounding.h"

/* How totals in one currency, paid by some means, are rounded. */
typedef struct CashRounding
{
	char	   *payment_means;	/* "any": all that no other row names */
	int64		unit_minor;
	uint32		currency;
	ArRounding	mode;
} CashRounding;

static ArStatement write_taxes =
{
	.sql =
	"WITH breakdown AS MATERIALIZED ("
	"  SELECT b.* FROM ar.tax_breakdown($1, $2) AS b"
	"  ORDER BY b.invoice_id, b.tax_category, b.tax_rate"
	"), written AS ("
	"  INSERT INTO ar.invoice_tax (ledger_id, invoice_id, tax_category, tax_rate,"
	"   taxable, discounted, tax, exemption_reason, exemption_reason_code)"
	"  SELECT $1, b.invoice_id, b.tax_category, b.tax_rate, b.taxable,"
	"   b.discounted, b.tax, b.exemption_reason, b.exemption_reason_code"
	"  FROM breakdown AS b)"
	" SELECT b.invoice_id, b.taxable, b.tax, b.lines_agree, b.tax_codes"
	" FROM breakdown AS b",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * Lines that name a tax are gathered by what they say of it on which day, so
 * that a rate is looked up once, however many lines have it.  The ledger comes
 * with the ids, as in ar.tax_breakdown().
 */
static ArStatement find_wrong_rate =
{
	.sql =
	"SELECT s.invoice_id, s.tax_code, s.tax_category, s.tax_rate, s.supplied_on,"
	"  r.tax_category, r.rate"
	" FROM (SELECT pg_catalog.min(n.invoice_id) AS invoice_id, n.tax_code,"
	"   n.tax_category, n.tax_rate,"
	"   COALESCE(v.supplied_on, v.invoiced_on) AS supplied_on"
	"  FROM (SELECT l.ledger_id, l.invoice_id, l.tax_code, l.tax_category, l.tax_rate"
	"    FROM (SELECT DISTINCT $1 AS ledger_id, u.invoice_id"
	"     FROM unnest($2) AS u(invoice_id)) AS w"
	"    JOIN ar.invoice_line AS l ON l.ledger_id = w.ledger_id"
	"     AND l.invoice_id = w.invoice_id"
	"    UNION ALL"
	"    SELECT a.ledger_id, a.invoice_id, a.tax_code, a.tax_category, a.tax_rate"
	"    FROM (SELECT DISTINCT $1 AS ledger_id, u.invoice_id"
	"     FROM unnest($2) AS u(invoice_id)) AS w"
	"    JOIN ar.invoice_allowance AS a ON a.ledger_id = w.ledger_id"
	"     AND a.invoice_id = w.invoice_id) AS n"
	"  JOIN ar.invoice AS v ON v.ledger_id = n.ledger_id AND v.invoice_id = n.invoice_id"
	"  WHERE n.tax_code IS NOT NULL"
	"  GROUP BY 2, 3, 4, 5) AS s"
	" LEFT JOIN LATERAL (SELECT r.tax_category, r.rate FROM ar.tax_rate AS r"
	"  WHERE r.ledger_id = $1 AND r.tax_code = s.tax_code"
	"   AND r.valid_from <= s.supplied_on"
	"  ORDER BY r.valid_from DESC LIMIT 1) AS r ON true"
	" WHERE (r.tax_category = s.tax_category AND r.rate = s.tax_rate) IS NOT TRUE"
	" ORDER BY s.invoice_id, s.tax_code LIMIT 1",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement read_cash_roundings =
{
	.sql =
	"SELECT r.payment_means, r.increment, r.mode FROM ar.cash_rounding AS r"
	" WHERE r.ledger_id = $1",
	.nargs = 1,
	.argtypes = {INT4OID}
};

/*
 * compare_ids finds an invoice by its id.
 */
static int
compare_ids(const void *key, const void *element)
{
	int64		id = *(const int64 *) key;
	int64		other = ((const ArInvoice *) element)->invoice_id;

	return id < other ? -1 : id > other;
}

/*
 * ar_find_invoice finds an invoice among those of one ledger, sorted by id.
 */
ArInvoice *
ar_find_invoice(ArInvoice *invoices, int count, int64 invoice_id)
{
	ArInvoice  *found = bsearch(&invoice_id, invoices, count, sizeof(ArInvoice), compare_ids);

	if (found == NULL)
		elog(ERROR, "ar_find_invoice: invoice " INT64_FORMAT " was not asked for", invoice_id);
	return found;
}

/*
 * print writes an amount for a message.
 */
static char *
print(int64 minor, uint32 currency)
{
	char		text[AR_MONETARY_TEXT_SIZE];

	ar_monetary_print(minor, currency, text);
	return pstrdup(text);
}

/*
 * write_breakdown writes the taxes of the invoices and notes what their lines
 * come to.
 */
static void
write_breakdown(Relation relation, ArInvoice *invoices, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[2];
	uint64		rows;

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(invoices[i].invoice_id);
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	rows = ar_writer_execute(&write_taxes, values, SPI_OK_SELECT);
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		ArInvoice  *invoice;
		ArMonetary *net;
		ArMonetary *tax;

		invoice = ar_find_invoice(invoices, count,
								  DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull)));
		net = DatumGetArMonetaryP(SPI_getbinval(row, desc, 2, &isnull));
		tax = DatumGetArMonetaryP(SPI_getbinval(row, desc, 3, &isnull));
		if (invoice->has_lines && net->currency != invoice->lines_currency)
			ereport(ERROR,
					(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
					 errmsg("the lines of invoice " INT64_FORMAT " are in several currencies",
							invoice->invoice_id),
					 errhint("An invoice is in one currency."),
					 errtable(relation)));
		invoice->has_lines = true;
		invoice->lines_currency = net->currency;
		invoice->lines_net_minor = ar_add_minor(invoice->lines_net_minor, ar_monetary_minor(net));
		invoice->lines_tax_minor = ar_add_minor(invoice->lines_tax_minor, ar_monetary_minor(tax));
		if (!DatumGetBool(SPI_getbinval(row, desc, 4, &isnull)))
			invoice->has_wrong_lines = true;
		if (DatumGetInt64(SPI_getbinval(row, desc, 5, &isnull)) > 0)
			invoice->has_tax_codes = true;
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * check_rates insists that lines which name a tax have the rate that it has
 * on the day of supply.
 */
static void
check_rates(Relation relation, ArInvoice *invoices, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Datum		values[2];
	HeapTuple	row;
	TupleDesc	desc;
	int			n = 0;

	for (int i = 0; i < count; i++)
		if (invoices[i].has_tax_codes)
			ids[n++] = Int64GetDatum(invoices[i].invoice_id);
	if (n == 0)
		return;
	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(ids, NULL, n, INT8OID);
	if (ar_writer_execute(&find_wrong_rate, values, SPI_OK_SELECT) > 0)
	{
		row = SPI_tuptable->vals[0];
		desc = SPI_tuptable->tupdesc;
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("tax \"%s\" on invoice %s is not the one in force",
						SPI_getvalue(row, desc, 2), SPI_getvalue(row, desc, 1)),
				 SPI_getvalue(row, desc, 6) == NULL ?
				 errdetail("It has %s %s; on %s ar.tax_rate knows no such tax.",
						   SPI_getvalue(row, desc, 3), SPI_getvalue(row, desc, 4),
						   SPI_getvalue(row, desc, 5)) :
				 errdetail("It has %s %s; on %s it is %s %s.",
						   SPI_getvalue(row, desc, 3), SPI_getvalue(row, desc, 4),
						   SPI_getvalue(row, desc, 5),
						   SPI_getvalue(row, desc, 6), SPI_getvalue(row, desc, 7)),
				 errhint("ar.recalculate_invoices() gives drafts the rates in force."),
				 errtableconstraint(relation, "invoice_line_tax_code_check")));
	}
	SPI_freetuptable(SPI_tuptable);
}

/*
 * load_cash_roundings reads how a ledger rounds totals.
 */
static CashRounding *
load_cash_roundings(int32 ledger_id, int *count)
{
	Datum		values[1] = {Int32GetDatum(ledger_id)};
	uint64		rows = ar_writer_execute(&read_cash_roundings, values, SPI_OK_SELECT);
	CashRounding *roundings = palloc(sizeof(CashRounding) * Max(rows, 1));

	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		bool		isnull;
		ArMonetary *increment = DatumGetArMonetaryP(SPI_getbinval(row, desc, 2, &isnull));

		roundings[i].payment_means = SPI_getvalue(row, desc, 1);
		roundings[i].unit_minor = ar_monetary_minor(increment);
		roundings[i].currency = increment->currency;
		roundings[i].mode = ar_rounding_from_text(SPI_getvalue(row, desc, 3));
	}
	SPI_freetuptable(SPI_tuptable);
	*count = (int) rows;
	return roundings;
}

/*
 * cash_rounding returns what rounding adds to an amount.  The means that an
 * invoice names come first, then "any".
 */
static int64
cash_rounding(const CashRounding *roundings, int count, ArInvoice *invoice,
			  int64 amount_minor)
{
	const CashRounding *rule = NULL;
	int64		rounded;

	for (int i = 0; i < count; i++)
	{
		if (roundings[i].currency != invoice->currency)
			continue;
		if (invoice->payment_means != NULL &&
			strcmp(roundings[i].payment_means, invoice->payment_means) == 0)
		{
			rule = &roundings[i];
			break;
		}
		if (strcmp(roundings[i].payment_means, "any") == 0)
			rule = &roundings[i];
	}
	if (rule == NULL)
		return 0;
	invoice->cash_unit_minor = rule->unit_minor;
	invoice->cash_mode = rule->mode;
	rounded = ar_divide_rounded(int64_to_numeric(amount_minor),
								int64_to_numeric(rule->unit_minor),
								rule->mode, rule->currency);
	if (pg_mul_s64_overflow(rounded, rule->unit_minor, &rounded))
		ar_monetary_raise_out_of_range(rule->currency);
	return rounded - amount_minor;
}

/*
 * judge compares what an invoice claims with what its lines make, and fills in
 * what it left open.
 */
static void
judge(Relation relation, ArInvoice *invoice, const CashRounding *roundings, int rounding_count)
{
	int64		due;
	int64		rounding;

	if (!invoice->has_lines)
	{
		if (invoice->has_net)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("invoice " INT64_FORMAT " has net and tax, but no lines", invoice->invoice_id),
					 errhint("Give it lines, or a total only."),
					 errtableconstraint(relation, "invoice_net_check")));
		return;
	}
	if (invoice->lines_currency != invoice->currency)
		ereport(ERROR,
				(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
				 errmsg("the lines of invoice " INT64_FORMAT " are in another currency than its total",
						invoice->invoice_id),
				 errdetail("The total is %s, the net of the lines %s.",
						   print(invoice->total_minor, invoice->currency),
						   print(invoice->lines_net_minor, invoice->lines_currency)),
				 errhint("An invoice is in one currency."),
				 errtable(relation)));
	due = ar_add_minor(invoice->lines_net_minor, invoice->lines_tax_minor);
	rounding = cash_rounding(roundings, rounding_count, invoice, due);
	due = ar_add_minor(due, rounding);
	if (due != invoice->total_minor)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("the lines of invoice " INT64_FORMAT " do not add up to its total",
						invoice->invoice_id),
				 errdetail("The total is %s, the lines make %s.",
						   print(invoice->total_minor, invoice->currency),
						   print(due, invoice->lines_currency)),
				 errhint("Correct total or lines of the draft before posting it, or call ar.recalculate_invoices()."),
				 errtableconstraint(relation, "invoice_total_check")));
	if (invoice->has_wrong_lines)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("the lines of invoice " INT64_FORMAT " do not fit its prices",
						invoice->invoice_id),
				 errdetail("Where prices include tax, every line and allowance has gross, and their net adds up to that of their taxes; where not, none has gross."),
				 errhint("Call ar.recalculate_invoices()."),
				 errtableconstraint(relation, "invoice_line_gross_check")));
	if (!invoice->has_net)
	{
		invoice->has_net = true;
		invoice->net_minor = invoice->lines_net_minor;
		invoice->tax_minor = invoice->lines_tax_minor;
		invoice->rounding_minor = rounding;
		invoice->is_changed = true;
	}
	else if (invoice->net_minor != invoice->lines_net_minor ||
			 invoice->tax_minor != invoice->lines_tax_minor ||
			 invoice->rounding_minor != rounding)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("the lines of invoice " INT64_FORMAT " do not make its net and tax",
						invoice->invoice_id),
				 errdetail("Net is %s, tax %s, cash rounding %s; the lines make %s, %s and %s.",
						   print(invoice->net_minor, invoice->currency),
						   print(invoice->tax_minor, invoice->currency),
						   print(invoice->rounding_minor, invoice->currency),
						   print(invoice->lines_net_minor, invoice->currency),
						   print(invoice->lines_tax_minor, invoice->currency),
						   print(rounding, invoice->currency)),
				 errhint("Leave them out, and posting fills them in; or call ar.recalculate_invoices()."),
				 errtableconstraint(relation, "invoice_net_check")));
}

/*
 * ar_judge_lines writes the taxes of the invoices of one ledger and insists
 * that an invoice with lines is what its lines make of it.
 */
void
ar_judge_lines(Relation relation, const ArBillingPolicy *policy,
			   ArInvoice *invoices, int count, bool may_have_lines)
{
	CashRounding *roundings = NULL;
	int			rounding_count = 0;

	if (may_have_lines)
	{
		write_breakdown(relation, invoices, count);
		check_rates(relation, invoices, count);
	}
	if (may_have_lines && policy->rounds_cash)
		roundings = load_cash_roundings(invoices[0].ledger_id, &rounding_count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		judge(relation, &invoices[i], roundings, rounding_count);
	}
}
