/*
 * invoice_terms.c
 *		By whose terms an invoice is posted: its own, its customer's or its
 *		ledger's; and whether its customer can be invoiced at all.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "billing/invoice.h"
#include "item/writer.h"

/* A customer, as far as posting must know him. */
typedef struct Customer
{
	int64		customer_id;	/* first, for bsearch */
	ArTerms    *terms;			/* his, or the ledger's */
	bool		can_be_invoiced;
	char	   *code;			/* set if not */
	char	   *status;			/* set if not */
} Customer;

static ArStatement read_policy =
{
	.sql =
	"SELECT (SELECT b.discount_basis FROM ar.billing_policy AS b WHERE b.ledger_id = $1),"
	"  EXISTS (SELECT FROM ar.cash_rounding AS r WHERE r.ledger_id = $1),"
	"  EXISTS (SELECT FROM ar.ledger AS l WHERE l.ledger_id = $1"
	"   AND l.due_date_shift <> 'none')",
	.nargs = 1,
	.argtypes = {INT4OID}
};

/*
 * The key share is what the foreign keys of the items will take, too.  Taken
 * here, it keeps a customer from being closed between the look at his status
 * and the end of the transaction.
 */
static ArStatement read_customers =
{
	.sql =
	"SELECT c.customer_id, COALESCE(c.terms, l.terms), c.code, c.status,"
	"  CASE WHEN c.status = 'active' THEN true ELSE ar.can_be_invoiced(c.status) END"
	" FROM (SELECT DISTINCT u.customer_id FROM unnest($2) AS u(customer_id)"
	"  ORDER BY u.customer_id) AS w"
	" JOIN LATERAL (SELECT c.customer_id, c.terms, c.code, c.status FROM ar.customer AS c"
	"  WHERE c.ledger_id = $1 AND c.customer_id = w.customer_id FOR KEY SHARE) AS c ON true"
	" JOIN ar.ledger AS l ON l.ledger_id = $1",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * ar_is_credit tells whether the items of a document are credits.
 */
bool
ar_is_credit(const ArInvoice *invoice)
{
	return strcmp(invoice->kind, "credit_memo") == 0;
}

static const char *const basis_names[] = {NULL, "gross", "net", "mixed"};

/*
 * ar_discount_basis_from_text reads a basis; NULL is unsaid.
 */
ArDiscountBasis
ar_discount_basis_from_text(const char *text)
{
	for (int basis = AR_BASIS_GROSS; text != NULL && basis <= AR_BASIS_MIXED; basis++)
		if (strcmp(text, basis_names[basis]) == 0)
			return basis;
	return AR_BASIS_UNSAID;
}

/*
 * ar_discount_basis_name names a basis; NULL is unsaid.
 */
const char *
ar_discount_basis_name(ArDiscountBasis basis)
{
	return basis_names[basis];
}

/*
 * ar_billing_policy reads how a ledger bills.
 */
ArBillingPolicy
ar_billing_policy(int32 ledger_id)
{
	Datum		values[1] = {Int32GetDatum(ledger_id)};
	ArBillingPolicy policy = {AR_BASIS_GROSS};
	bool		isnull;
	char	   *basis;

	(void) ar_writer_execute(&read_policy, values, SPI_OK_SELECT);
	basis = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (basis != NULL)
		policy.discount_basis = ar_discount_basis_from_text(basis);
	policy.rounds_cash = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
													SPI_tuptable->tupdesc, 2, &isnull));
	policy.shifts_due_dates = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
														 SPI_tuptable->tupdesc, 3, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return policy;
}

/*
 * compare_customers orders customer ids.
 */
static int
compare_customers(const void *left, const void *right)
{
	int64		a = *(const int64 *) left;
	int64		b = *(const int64 *) right;

	return a < b ? -1 : a > b;
}

/*
 * load_customers reads and holds the customers of the invoices, sorted.
 */
static Customer *
load_customers(ArInvoice *invoices, int count, int *customer_count)
{
	int64	   *wanted = palloc_extended(sizeof(int64) * (Size) count, MCXT_ALLOC_HUGE);
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) count, MCXT_ALLOC_HUGE);
	Customer   *customers;
	Datum		values[2];
	uint64		rows;
	int			distinct = 0;

	for (int i = 0; i < count; i++)
		wanted[i] = invoices[i].customer_id;
	qsort(wanted, count, sizeof(int64), compare_customers);
	for (int i = 0; i < count; i++)
		if (i == 0 || wanted[i] != wanted[i - 1])
			ids[distinct++] = Int64GetDatum(wanted[i]);

	values[0] = Int32GetDatum(invoices[0].ledger_id);
	values[1] = ar_array(ids, NULL, distinct, INT8OID);
	rows = ar_writer_execute(&read_customers, values, SPI_OK_SELECT);
	customers = palloc_extended(sizeof(Customer) * Max(rows, 1), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < rows; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		Customer   *customer = &customers[i];
		bool		isnull;

		customer->customer_id = DatumGetInt64(SPI_getbinval(row, desc, 1, &isnull));
		customer->terms = (ArTerms *) PG_DETOAST_DATUM_COPY(SPI_getbinval(row, desc, 2, &isnull));
		customer->can_be_invoiced = DatumGetBool(SPI_getbinval(row, desc, 5, &isnull));
		if (!customer->can_be_invoiced)
		{
			customer->code = SPI_getvalue(row, desc, 3);
			customer->status = SPI_getvalue(row, desc, 4);
		}
	}
	SPI_freetuptable(SPI_tuptable);
	*customer_count = (int) rows;
	return customers;
}

/*
 * ar_fill_terms gives each invoice that has neither due date nor terms those
 * of its customer, or else of its ledger; and refuses invoices of customers
 * whose status does not allow any.  What is owed to such a customer may still
 * be credited.
 */
void
ar_fill_terms(Relation relation, ArInvoice *invoices, int count)
{
	int			customer_count;
	Customer   *customers = load_customers(invoices, count, &customer_count);

	for (int i = 0; i < count; i++)
	{
		ArInvoice  *invoice = &invoices[i];
		Customer   *customer;

		customer = bsearch(&invoice->customer_id, customers, customer_count,
						   sizeof(Customer), compare_customers);
		/* The foreign key has yet to be checked where the invoice was just inserted. */
		if (customer == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
					 errmsg("customer " INT64_FORMAT " does not exist in ledger %d",
							invoice->customer_id, invoice->ledger_id),
					 errtableconstraint(relation, "invoice_customer_fkey")));
		if (!customer->can_be_invoiced && !ar_is_credit(invoice))
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("customer \"%s\" cannot be invoiced", customer->code),
					 errdetail("His status is %s.", customer->status),
					 errhint("Invoices are posted to customers that are active or on hold; drafts may wait until then."),
					 errtableconstraint(relation, "invoice_customer_status_check")));
		if (invoice->has_due_on || invoice->terms != NULL)
			continue;
		invoice->terms = customer->terms;
		invoice->is_changed = true;
	}
}

