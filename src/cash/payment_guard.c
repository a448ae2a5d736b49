/*
 * payment_guard.c
 *		What a payment must be is judged before it is stored.
 *
 * The constraints of ar.payment say most of it too; this words what they would
 * refuse.  And it asks what no constraint can: whether the method is known,
 * whether a direct debit has its mandate, and a replacement something to
 * replace.
 *
 * It is one trigger without a condition, because conditions are compiled anew
 * for every statement, and payments often come one by one.  The method is
 * looked up without a lock, where a foreign key would have every payment of a
 * ledger lock the same row: methods are never renamed or deleted.
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "cash/card.h"
#include "item/table.h"
#include "item/transition.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_tg_guard_payment);

/* The kind of method of ar.payment_method_kinds() that needs a mandate. */
#define KIND_WITH_MANDATE	"direct_debit"

static ArStatement check_remittance =
{
	.sql = "SELECT ar.is_remittance($1)",
	.nargs = 1,
	.argtypes = {JSONBOID}
};

static ArStatement check_mandate =
{
	.sql = "SELECT ar.check_mandate($1, $2, NULLIF($3, ''), $4)",
	.nargs = 4,
	.argtypes = {INT4OID, INT8OID, TEXTOID, DATEOID}
};

static ArStatement check_replacement =
{
	.sql = "SELECT ar.check_replacement($1, $2, NULLIF($3, 0), $4, $5)",
	.nargs = 5,
	.argtypes = {INT4OID, INT8OID, INT8OID, AR_TYPE_MONETARY, DATEOID}
};

/* Methods that were looked up in this session. */
#define KNOWN_MAX	64

typedef struct KnownMethod
{
	int32		ledger_id;
	NameData	method;			/* longer ones are looked up each time */
	bool		needs_mandate;
} KnownMethod;

static KnownMethod known[KNOWN_MAX];
static int	known_count = 0;
static int	known_next = 0;		/* the one to be given up for another */
static Oid	known_table = InvalidOid;

/* A row that is to be inserted. */
typedef struct Payment
{
	Relation	relation;
	HeapTuple	row;
} Payment;

/*
 * value_of reads a column of the row.  What is null is refused by a constraint
 * later, if at all.
 */
static Datum
value_of(const Payment *payment, const char *name, Oid type, bool *isnull)
{
	return heap_getattr(payment->row, ar_column(payment->relation, name, type),
						RelationGetDescr(payment->relation), isnull);
}

/*
 * check_amount refuses what is not above zero.
 */
static void
check_amount(const Payment *payment)
{
	bool		isnull;
	Datum		amount = value_of(payment, "amount", AR_TYPE_MONETARY, &isnull);

	if (isnull || ar_monetary_minor(DatumGetArMonetaryP(amount)) > 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("the amount of a payment must be above zero"),
			 errdetail("It is %s.", ar_monetary_to_cstring(DatumGetArMonetaryP(amount))),
			 errhint("Take a payment back with ar.reverse_payment(), and pay back with ar.refund()."),
			 errtableconstraint(payment->relation, "payment_amount_check")));
}

/*
 * check_apply refuses a way of applying that there is not.
 */
static void
check_apply(const Payment *payment)
{
	static const char *const words[] = {"auto", "oldest", "newest", "largest", "proportional", "none"};
	bool		isnull;
	Datum		apply = value_of(payment, "apply", TEXTOID, &isnull);
	char	   *given;

	if (isnull)
		return;
	given = TextDatumGetCString(apply);
	for (int i = 0; i < (int) lengthof(words); i++)
		if (strcmp(given, words[i]) == 0)
			return;
	ar_mask_card_numbers(given, strlen(given));
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("a payment cannot be applied by \"%s\"", given),
			 errhint("Say auto, oldest, newest, largest, proportional or none, or nothing, to have it done as ar.cash_policy says."),
			 errtableconstraint(payment->relation, "payment_apply_check")));
}

/*
 * is_true runs a statement that says whether something is so.
 */
static bool
is_true(const Payment *payment, ArStatement *statement, Datum *values)
{
	ArWriter	writer;
	bool		isnull;
	bool		result;

	ar_writer_begin(&writer, payment->relation);
	ar_writer_execute(statement, values, SPI_OK_SELECT);
	result = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	ar_writer_end(&writer);
	return result && !isnull;
}

/*
 * refuse_malformed refuses a remittance that nothing could read.
 */
static void
refuse_malformed(const Payment *payment)
{
	bool		isnull;
	Datum		remittance = value_of(payment, "remittance", JSONBOID, &isnull);

	if (isnull || is_true(payment, &check_remittance, &remittance))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_CHECK_VIOLATION),
			 errmsg("malformed remittance of a payment"),
			 errhint("Give an array of objects with number, a string, and perhaps amount, a number other than 0, discount, a number not below 0, reason, a code in lower case, and text."),
			 errtableconstraint(payment->relation, "payment_remittance_check")));
}

static void
on_relation_changed(Datum argument, Oid relation)
{
	if (!OidIsValid(relation) || relation == known_table)
		known_count = known_next = 0;
}

/*
 * keep remembers a method: neither its name nor its kind ever changes, nor is
 * it deleted.  Its table may be, and then made anew.
 */
static void
keep(Oid table, int32 ledger_id, const char *method, bool needs_mandate)
{
	static bool is_watching = false;
	KnownMethod *slot;

	if (strlen(method) >= NAMEDATALEN)
		return;
	if (!is_watching)
		CacheRegisterRelcacheCallback(on_relation_changed, (Datum) 0);
	is_watching = true;
	known_table = table;
	slot = &known[known_next];
	slot->ledger_id = ledger_id;
	namestrcpy(&slot->method, method);
	slot->needs_mandate = needs_mandate;
	known_next = (known_next + 1) % KNOWN_MAX;
	known_count = Min(known_count + 1, KNOWN_MAX);
}

/*
 * look_up finds a method in the books; false if it is not there.  One of this
 * very transaction may be gone with it, and is not remembered.
 */
static bool
look_up(int32 ledger_id, const char *method, bool *needs_mandate)
{
	Datum		key[2] = {Int32GetDatum(ledger_id), CStringGetTextDatum(method)};
	ArTable		methods;
	bool		found;

	ar_table_begin(&methods, "payment_method", CMD_SELECT, NULL, 0);
	found = ar_table_find(&methods, key, lengthof(key));
	if (found)
	{
		AttrNumber	kind = ar_column(methods.relation, "kind", TEXTOID);
		bool		isnull;
		Datum		writer = slot_getsysattr(methods.row, MinTransactionIdAttributeNumber, &isnull);

		*needs_mandate = strcmp(TextDatumGetCString(ar_table_value(&methods, kind)),
								KIND_WITH_MANDATE) == 0;
		if (!TransactionIdIsCurrentTransactionId(DatumGetTransactionId(writer)))
			keep(RelationGetRelid(methods.relation), ledger_id, method, *needs_mandate);
	}
	ar_table_end(&methods);
	return found;
}

/*
 * know_method tells whether the payment's method needs a mandate, and refuses
 * one that the ledger does not have.
 */
static bool
know_method(const Payment *payment, int32 ledger_id, Datum method)
{
	char	   *name = TextDatumGetCString(method);
	bool		needs_mandate = false;

	for (int i = 0; i < known_count; i++)
		if (known[i].ledger_id == ledger_id && strcmp(NameStr(known[i].method), name) == 0)
			return known[i].needs_mandate;

	if (!look_up(ledger_id, name, &needs_mandate))
	{
		ar_mask_card_numbers(name, strlen(name));
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("ledger %d has no payment method \"%s\"", ledger_id, name),
				 errhint("Say wire, cheque, card, direct_debit, cash, online_processor, mobile_wallet, lockbox or set_off, or add a method of the ledger's own to ar.payment_method."),
				 errtablecol(payment->relation, ar_column(payment->relation, "method", TEXTOID))));
	}
	return needs_mandate;
}

/*
 * ar_tg_guard_payment refuses a payment that is not as payments are.  What it
 * reads beside the row it reads as the owner of the books, so that whoever may
 * insert payments needs no other right.
 */
Datum
ar_tg_guard_payment(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_guard_payment",
									  TRIGGER_EVENT_BEFORE | TRIGGER_EVENT_ROW);
	Payment		payment = {.relation = trigger->tg_relation,.row = trigger->tg_trigtuple};
	bool		no_ledger,
				no_customer,
				no_method,
				no_mandate,
				no_replaced,
				no_day;
	Datum		ledger_id = value_of(&payment, "ledger_id", INT4OID, &no_ledger);
	Datum		customer_id = value_of(&payment, "customer_id", INT8OID, &no_customer);
	Datum		method = value_of(&payment, "method", TEXTOID, &no_method);
	Datum		mandate = value_of(&payment, "mandate_reference", TEXTOID, &no_mandate);
	Datum		replaced = value_of(&payment, "replaces_id", INT8OID, &no_replaced);
	Datum		received_on = value_of(&payment, "received_on", DATEOID, &no_day);
	bool		needs_mandate = false;

	check_amount(&payment);
	check_apply(&payment);
	refuse_malformed(&payment);
	if (no_ledger || no_day)
		return PointerGetDatum(payment.row);
	if (!no_method)
		needs_mandate = know_method(&payment, DatumGetInt32(ledger_id), method);
	if (needs_mandate && !no_customer)
	{
		Datum		values[4] = {ledger_id, customer_id,
			no_mandate ? CStringGetTextDatum("") : mandate, received_on};

		is_true(&payment, &check_mandate, values);
	}
	if (!no_replaced)
	{
		bool		isnull;
		Datum		values[5] = {ledger_id, replaced,
			no_customer ? Int64GetDatum(0) : customer_id,
		value_of(&payment, "amount", AR_TYPE_MONETARY, &isnull), received_on};

		if (!isnull)
			is_true(&payment, &check_replacement, values);
	}
	return PointerGetDatum(payment.row);
}
