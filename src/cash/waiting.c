/*
 * waiting.c
 *		Which payments wait for their customer.
 *
 * A payment is a fact, and keeps what it came in with; that nobody has said
 * since whose it is, is known only by what is not there.  So a row of
 * ar.payment_waiting says it, from the moment a payment comes in without a
 * customer until it is given to one or reversed (ar.hold_payments()).
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "cash/settle.h"
#include "item/table.h"

static const ArColumn waiting_columns[] = {
	{"ledger_id", INT4OID},
	{"payment_id", INT8OID}
};

/*
 * ar_wait_payments has those of the payments that were just inserted wait that
 * have no customer.  A writer must be active.
 */
void
ar_wait_payments(Relation payments, ArTransition *rows)
{
	AttrNumber	ledger_id = ar_column(payments, "ledger_id", INT4OID);
	AttrNumber	payment_id = ar_column(payments, "payment_id", INT8OID);
	AttrNumber	customer_id = ar_column(payments, "customer_id", INT8OID);
	ArTable		waiting;

	ar_table_begin(&waiting, "payment_waiting", CMD_INSERT,
				   waiting_columns, lengthof(waiting_columns));
	/* Each refers to a payment of this very statement. */
	ar_table_trust_keys(&waiting);
	while (ar_transition_next(rows))
	{
		bool		is_unidentified;
		Datum		values[2];

		(void) slot_getattr(rows->slot, customer_id, &is_unidentified);
		if (!is_unidentified)
			continue;
		values[0] = ar_transition_value(rows, ledger_id);
		values[1] = ar_transition_value(rows, payment_id);
		ar_table_insert(&waiting, values, NULL);
	}
	ar_table_end(&waiting);
}
