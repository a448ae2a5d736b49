/*
 * invoice_status.c
 *		The type ar.invoice_status, one byte by value, and its state machine.
 *
 * transition_event below is the whole state machine; everything else asks it.
 * Overdue and disputed are no states: the first follows from a date, the
 * second from an open dispute.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/sortsupport.h"

#include "compat.h"
#include "type/invoice_status.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_invoice_status_in);
PG_FUNCTION_INFO_V1(ar_invoice_status_out);
PG_FUNCTION_INFO_V1(ar_invoice_status_recv);
PG_FUNCTION_INFO_V1(ar_invoice_status_send);
PG_FUNCTION_INFO_V1(ar_invoice_status_eq);
PG_FUNCTION_INFO_V1(ar_invoice_status_ne);
PG_FUNCTION_INFO_V1(ar_invoice_status_lt);
PG_FUNCTION_INFO_V1(ar_invoice_status_le);
PG_FUNCTION_INFO_V1(ar_invoice_status_gt);
PG_FUNCTION_INFO_V1(ar_invoice_status_ge);
PG_FUNCTION_INFO_V1(ar_invoice_status_cmp);
PG_FUNCTION_INFO_V1(ar_invoice_status_sortsupport);
PG_FUNCTION_INFO_V1(ar_invoice_status_hash);
PG_FUNCTION_INFO_V1(ar_invoice_status_hash_extended);
PG_FUNCTION_INFO_V1(ar_invoice_status_can_transition);
PG_FUNCTION_INFO_V1(ar_invoice_status_is_posted);
PG_FUNCTION_INFO_V1(ar_invoice_status_of);
PG_FUNCTION_INFO_V1(ar_invoice_status_graph);

#define STATUS_COUNT	(AR_STATUS_LAST + 1)	/* 0 is no status */

static const char *const status_name[STATUS_COUNT] = {
	[AR_STATUS_DRAFT] = "draft",
	[AR_STATUS_HELD] = "held",
	[AR_STATUS_OPEN] = "open",
	[AR_STATUS_PARTIAL] = "partial",
	[AR_STATUS_PAID] = "paid",
	[AR_STATUS_WRITTEN_OFF] = "written_off",
	[AR_STATUS_VOID] = "void",
};

/*
 * The state machine: what leads from one status (first index) to another.
 * NULL is a move that nothing makes.
 */
static const char *const transition_event[STATUS_COUNT][STATUS_COUNT] = {
	[AR_STATUS_DRAFT] = {
		[AR_STATUS_HELD] = "hold for credit",
		[AR_STATUS_OPEN] = "post",
		[AR_STATUS_PAID] = "post an invoice of zero",
		[AR_STATUS_VOID] = "void a draft",
	},
	[AR_STATUS_HELD] = {
		[AR_STATUS_DRAFT] = "take back to draft",
		[AR_STATUS_OPEN] = "release and post",
		[AR_STATUS_PAID] = "release and post an invoice of zero",
		[AR_STATUS_VOID] = "void a held invoice",
	},
	[AR_STATUS_OPEN] = {
		[AR_STATUS_PARTIAL] = "apply a part",
		[AR_STATUS_PAID] = "apply the whole",
		[AR_STATUS_WRITTEN_OFF] = "write off the whole",
		[AR_STATUS_VOID] = "void by reversal",
	},
	[AR_STATUS_PARTIAL] = {
		[AR_STATUS_OPEN] = "undo every application",
		[AR_STATUS_PAID] = "apply the rest",
		[AR_STATUS_WRITTEN_OFF] = "write off the rest",
	},
	[AR_STATUS_PAID] = {
		[AR_STATUS_OPEN] = "undo every application",
		[AR_STATUS_PARTIAL] = "undo some applications",
		[AR_STATUS_WRITTEN_OFF] = "undo a payment and write it off",
	},
	[AR_STATUS_WRITTEN_OFF] = {
		[AR_STATUS_OPEN] = "recover the whole",
		[AR_STATUS_PARTIAL] = "recover a part",
		[AR_STATUS_PAID] = "recover and apply a payment",
	},
};

/*
 * is_status guards the tables above against a number from elsewhere.
 */
static bool
is_status(int number)
{
	return number >= AR_STATUS_FIRST && number <= AR_STATUS_LAST;
}

/*
 * ar_status_name returns the name of a status, the text that SQL shows.
 */
const char *
ar_status_name(ArInvoiceStatus status)
{
	if (!is_status(status))
		elog(ERROR, "ar_status_name: unknown invoice status %d", (int) status);
	return status_name[status];
}

/*
 * ar_status_can_move tells whether something leads from one status to
 * another.  A status is no move to itself.
 */
bool
ar_status_can_move(ArInvoiceStatus from, ArInvoiceStatus to)
{
	Assert(is_status(from) && is_status(to));
	return transition_event[from][to] != NULL;
}

/*
 * ar_status_is_posted tells whether an invoice of that status has items and
 * counts in balances.  One that was posted and is void has items, too, but
 * they are all taken by its reversal.
 */
bool
ar_status_is_posted(ArInvoiceStatus status)
{
	return status >= AR_STATUS_OPEN && status <= AR_STATUS_WRITTEN_OFF;
}

/*
 * ar_status_of derives the status of a posted invoice from its facts.
 */
ArInvoiceStatus
ar_status_of(int64 total_minor, int64 open_minor, bool is_written_off, bool is_reversed)
{
	if (open_minor == 0 && is_reversed)
		return AR_STATUS_VOID;
	if (open_minor == 0)
		return is_written_off ? AR_STATUS_WRITTEN_OFF : AR_STATUS_PAID;
	return open_minor == total_minor ? AR_STATUS_OPEN : AR_STATUS_PARTIAL;
}

/*
 * ar_invoice_status_in reads a name, exactly as it is written out.
 */
Datum
ar_invoice_status_in(PG_FUNCTION_ARGS)
{
	const char *literal = PG_GETARG_CSTRING(0);

	for (int status = AR_STATUS_FIRST; status <= AR_STATUS_LAST; status++)
	{
		if (strcmp(literal, status_name[status]) == 0)
			PG_RETURN_AR_INVOICE_STATUS(status);
	}
	ereturn(fcinfo->context, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"",
					"ar.invoice_status", literal),
			 errhint("Write draft, held, open, partial, paid, written_off or void.")));
}

/*
 * ar_invoice_status_out writes the name.
 */
Datum
ar_invoice_status_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(pstrdup(ar_status_name(PG_GETARG_AR_INVOICE_STATUS(0))));
}

/*
 * ar_invoice_status_recv reads the binary form: the number, one byte.
 */
Datum
ar_invoice_status_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			number = pq_getmsgbyte(message);

	if (!is_status(number))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid binary value for type %s", "ar.invoice_status"),
				 errdetail("%d is not the number of a status.", number),
				 errhint("Send one byte, %d to %d.",
						 AR_STATUS_FIRST, AR_STATUS_LAST)));
	PG_RETURN_AR_INVOICE_STATUS(number);
}

/*
 * ar_invoice_status_send writes the binary form: the number, one byte.
 */
Datum
ar_invoice_status_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, (uint8) PG_GETARG_AR_INVOICE_STATUS(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * compare orders by number: the way of an invoice through its life.
 */
static int
compare(ArInvoiceStatus a, ArInvoiceStatus b)
{
	return (int) a - (int) b;
}

/*
 * The six comparison operators; all leakproof, for they cannot raise.
 */
Datum
ar_invoice_status_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_INVOICE_STATUS(0),
						   PG_GETARG_AR_INVOICE_STATUS(1)) == 0);
}

Datum
ar_invoice_status_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_INVOICE_STATUS(0),
						   PG_GETARG_AR_INVOICE_STATUS(1)) != 0);
}

Datum
ar_invoice_status_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_INVOICE_STATUS(0),
						   PG_GETARG_AR_INVOICE_STATUS(1)) < 0);
}

Datum
ar_invoice_status_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_INVOICE_STATUS(0),
						   PG_GETARG_AR_INVOICE_STATUS(1)) <= 0);
}

Datum
ar_invoice_status_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_INVOICE_STATUS(0),
						   PG_GETARG_AR_INVOICE_STATUS(1)) > 0);
}

Datum
ar_invoice_status_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(PG_GETARG_AR_INVOICE_STATUS(0),
						   PG_GETARG_AR_INVOICE_STATUS(1)) >= 0);
}

/*
 * ar_invoice_status_cmp is the three-way comparison of the btree class.
 */
Datum
ar_invoice_status_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(PG_GETARG_AR_INVOICE_STATUS(0),
							PG_GETARG_AR_INVOICE_STATUS(1)));
}

/*
 * compare_datums is compare() as a sort calls it.
 */
static int
compare_datums(Datum a, Datum b, SortSupport ssup)
{
	return compare(DatumGetArInvoiceStatus(a), DatumGetArInvoiceStatus(b));
}

/*
 * ar_invoice_status_sortsupport spares a sort the function-call overhead.
 */
Datum
ar_invoice_status_sortsupport(PG_FUNCTION_ARGS)
{
	SortSupport ssup = (SortSupport) PG_GETARG_POINTER(0);

	ssup->comparator = compare_datums;
	PG_RETURN_VOID();
}

/*
 * ar_invoice_status_hash and its extended form, for hash joins, hash indexes
 * and hash partitions.
 */
Datum
ar_invoice_status_hash(PG_FUNCTION_ARGS)
{
	return hash_uint32((uint32) PG_GETARG_AR_INVOICE_STATUS(0));
}

Datum
ar_invoice_status_hash_extended(PG_FUNCTION_ARGS)
{
	return hash_uint32_extended((uint32) PG_GETARG_AR_INVOICE_STATUS(0),
								PG_GETARG_INT64(1));
}

/*
 * ar_invoice_status_can_transition is ar_status_can_move() for SQL.
 */
Datum
ar_invoice_status_can_transition(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ar_status_can_move(PG_GETARG_AR_INVOICE_STATUS(0),
									  PG_GETARG_AR_INVOICE_STATUS(1)));
}

/*
 * ar_invoice_status_is_posted is ar_status_is_posted() for SQL.
 */
Datum
ar_invoice_status_is_posted(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ar_status_is_posted(PG_GETARG_AR_INVOICE_STATUS(0)));
}

/*
 * ar_invoice_status_of is ar_status_of() for SQL, where the two amounts may
 * turn out to be of two currencies.
 */
Datum
ar_invoice_status_of(PG_FUNCTION_ARGS)
{
	ArMonetary *total = PG_GETARG_AR_MONETARY_P(0);
	ArMonetary *open = PG_GETARG_AR_MONETARY_P(1);

	ar_check_same_currency(total->currency, open->currency);
	PG_RETURN_AR_INVOICE_STATUS(ar_status_of(ar_monetary_minor(total),
											 ar_monetary_minor(open),
											 PG_GETARG_BOOL(2), PG_GETARG_BOOL(3)));
}

/*
 * ar_invoice_status_graph lists the state machine, one move a row, for
 * documentation and for programs that offer the possible moves.
 */
Datum
ar_invoice_status_graph(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int from = AR_STATUS_FIRST; from <= AR_STATUS_LAST; from++)
	{
		for (int to = AR_STATUS_FIRST; to <= AR_STATUS_LAST; to++)
		{
			Datum		values[3];
			bool		nulls[3] = {false, false, false};

			if (transition_event[from][to] == NULL)
				continue;
			values[0] = ArInvoiceStatusGetDatum(from);
			values[1] = ArInvoiceStatusGetDatum(to);
			values[2] = CStringGetTextDatum(transition_event[from][to]);
			tuplestore_putvalues(result->setResult, result->setDesc,
								 values, nulls);
		}
	}
	return (Datum) 0;
}
