/*
 * settle_credit.c
 *		The credits that are to be settled are read, and their customers held.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "cash/row.h"
#include "cash/settle.h"
#include "item/posting.h"
#include "item/writer.h"

#define CREDIT_COLUMNS \
	"i.item_id, i.customer_id, i.open, COALESCE(i.payment_id, 0)," \
	" COALESCE(p.received_on, i.issued_on), p.reference, p.structured_reference," \
	" p.remittance, p.apply"

static ArStatement read_items =
{
	.sql =
	"SELECT " CREDIT_COLUMNS
	" FROM unnest($2) AS w(item_id)"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.item_id = w.item_id"
	"  AND i.closed_on IS NULL AND ar.sign(i.open) < 0"
	" LEFT JOIN LATERAL (SELECT d.received_on, d.reference, d.structured_reference, d.remittance, d.apply"
	"  FROM ar.payment AS d WHERE d.ledger_id = $1 AND d.payment_id = i.payment_id OFFSET 0) AS p ON true",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement read_payments =
{
	.sql =
	"SELECT " CREDIT_COLUMNS
	" FROM unnest($2) AS w(payment_id)"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.payment_id = w.payment_id"
	"  AND i.closed_on IS NULL"
	" JOIN LATERAL (SELECT d.received_on, d.reference, d.structured_reference, d.remittance, d.apply"
	"  FROM ar.payment AS d WHERE d.ledger_id = $1 AND d.payment_id = w.payment_id OFFSET 0) AS p ON true",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * ar_read_texts copies what a payer wrote.
 */
void
ar_read_texts(ArCredit *credit, Datum reference, bool no_reference,
			  Datum structured, bool no_structured, Datum remittance, bool no_remittance)
{
	if (!no_reference)
		credit->reference = TextDatumGetCString(reference);
	if (!no_structured)
		credit->structured_reference = TextDatumGetCString(structured);
	if (!no_remittance)
		credit->remittance = DatumGetJsonbPCopy(remittance);
}

/*
 * ar_read_credits reads the credits to be settled, by their items or by the
 * payments they are, into the settlement.
 */
void
ar_read_credits(ArSettlement *settlement, Datum ids, bool by_payment)
{
	Datum		values[2];
	uint64		rows;
	MemoryContext caller;

	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = ids;
	rows = ar_writer_execute(by_payment ? &read_payments : &read_items, values, SPI_OK_SELECT);
	if (rows > INT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot apply more than %d credits at once", INT_MAX),
				 errhint("Give ar.auto_apply() some of the payments.")));
	caller = MemoryContextSwitchTo(settlement->context);
	settlement->credit_count = rows;
	settlement->credits = palloc_extended(sizeof(ArCredit) * (Size) Max(rows, 1),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		ArCredit   *credit = &settlement->credits[i];
		bool		nulls[3];
		Datum		texts[3];
		char	   *apply;

		CHECK_FOR_INTERRUPTS();
		credit->item_id = ar_row_integer(&row, 1);
		credit->customer_id = ar_row_integer(&row, 2);
		credit->open_before = credit->open_after = -ar_row_minor(&row, 3, &credit->currency);
		credit->payment_id = ar_row_integer(&row, 4);
		credit->received_on = ar_row_date(&row, 5, DATEVAL_NOBEGIN);
		for (int j = 0; j < 3; j++)
			texts[j] = ar_row_value(&row, 6 + j, &nulls[j]);
		ar_read_texts(credit, texts[0], nulls[0], texts[1], nulls[1], texts[2], nulls[2]);
		apply = ar_row_text(&row, 9);
		credit->apply = apply == NULL ? AR_APPLY_UNSAID : ar_apply_from_text(apply);
		credit->rule = AR_RULE_NONE;
		credit->confidence = -1;
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * ar_hold_accounts locks the balances of the credits, in order.  What is open
 * of their customers can be trusted only from then on.
 */
void
ar_hold_accounts(ArSettlement *settlement)
{
	int			count = settlement->credit_count;
	ArBalanceChange *changes = palloc_extended(sizeof(ArBalanceChange) * (Size) Max(count, 1),
											   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int i = 0; i < count; i++)
	{
		changes[i].ledger_id = settlement->ledger_id;
		changes[i].customer_id = settlement->credits[i].customer_id;
		changes[i].currency = settlement->credits[i].currency;
	}
	ar_hold_balances(changes, count);
	pfree(changes);
}
