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

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"

#include "ar_ext.h"
#include "item/transition.h"
#include "item/writer.h"

PG_FUNCTION_INFO_V1(ar_tg_wait_payment);

static ArStatement insert_waiting = {
	.sql = "INSERT INTO ar.payment_waiting (ledger_id, payment_id) VALUES ($1, $2)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8OID}
};

/*
 * key_column reads a column of the key of the row that the trigger fired for.
 */
static Datum
key_column(TriggerData *trigger, const char *name, Oid type)
{
	bool		isnull;

	return heap_getattr(trigger->tg_trigtuple, ar_column(trigger->tg_relation, name, type),
						RelationGetDescr(trigger->tg_relation), &isnull);
}

/*
 * ar_tg_wait_payment has a payment that came in without a customer wait for
 * him.
 */
Datum
ar_tg_wait_payment(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_wait_payment",
									  TRIGGER_EVENT_AFTER | TRIGGER_EVENT_ROW);
	Datum		key[2];
	ArWriter	writer;

	key[0] = key_column(trigger, "ledger_id", INT4OID);
	key[1] = key_column(trigger, "payment_id", INT8OID);
	ar_writer_begin(&writer, trigger->tg_relation);
	ar_writer_execute(&insert_waiting, key, SPI_OK_INSERT);
	ar_writer_end(&writer);
	return PointerGetDatum(NULL);
}
