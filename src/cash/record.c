/*
 * record.c
 *		ar.record_payment(): one payment is recorded.
 *
 * Most payments come in one by one, and a statement costs more than the row it
 * inserts.  So the row is written without one (src/item/table.c), through the
 * same triggers, constraints and indexes, where that makes no difference that
 * anybody could notice; else ar.record_payment_by_statement() does the same.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "ar_ext.h"
#include "cash/settle.h"
#include "item/table.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_record_payment);

/* The arguments of ar.record_payment(), in their order. */
typedef enum Argument
{
	LEDGER_ID,
	CUSTOMER_ID,
	AMOUNT,
	RECEIVED_ON,
	METHOD,
	REFERENCE,
	REMITTANCE,
	EXTERNAL_ID,
	APPLY,
	STRUCTURED_REFERENCE,
	PAYER_NAME,
	PAYER_ACCOUNT,
	MANDATE_REFERENCE,
	PROCESSOR_REFERENCE,
	REPLACES_ID,
	ARGUMENT_COUNT
} Argument;

/* Each is a column of ar.payment. */
static const ArColumn columns[] = {
	[LEDGER_ID] = {"ledger_id", INT4OID},
	[CUSTOMER_ID] = {"customer_id", INT8OID},
	[AMOUNT] = {"amount", AR_TYPE_MONETARY},
	[RECEIVED_ON] = {"received_on", DATEOID},
	[METHOD] = {"method", TEXTOID},
	[REFERENCE] = {"reference", TEXTOID},
	[REMITTANCE] = {"remittance", JSONBOID},
	[EXTERNAL_ID] = {"external_id", TEXTOID},
	[APPLY] = {"apply", TEXTOID},
	[STRUCTURED_REFERENCE] = {"structured_reference", TEXTOID},
	[PAYER_NAME] = {"payer_name", TEXTOID},
	[PAYER_ACCOUNT] = {"payer_account", TEXTOID},
	[MANDATE_REFERENCE] = {"mandate_reference", TEXTOID},
	[PROCESSOR_REFERENCE] = {"processor_reference", TEXTOID},
	[REPLACES_ID] = {"replaces_id", INT8OID},
};

/*
 * is_plain tells whether a statement would do no more than insert the row: by
 * this user, with no rule, no row security and nobody who listens.
 */
static bool
is_plain(Oid table)
{
	HeapTuple	entry;
	bool		result;

	if (!OidIsValid(table) || ExecutorCheckPerms_hook != NULL)
		return false;
	entry = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	if (!HeapTupleIsValid(entry))
		return false;
	result = ((Form_pg_class) GETSTRUCT(entry))->relkind == RELKIND_RELATION &&
		!((Form_pg_class) GETSTRUCT(entry))->relhasrules;
	ReleaseSysCache(entry);
	return result &&
		pg_class_aclcheck(table, GetUserId(), ACL_INSERT) == ACLCHECK_OK &&
		check_enable_rls(table, InvalidOid, true) != RLS_ENABLED;
}

/*
 * insert writes the row, and returns its payment_id.
 */
static int64
insert(FunctionCallInfo fcinfo)
{
	ArTable		payments;
	bool		is_settled_here;
	Datum		values[ARGUMENT_COUNT];
	bool		nulls[ARGUMENT_COUNT];
	int64		payment_id;

	for (int i = 0; i < ARGUMENT_COUNT; i++)
	{
		values[i] = PG_GETARG_DATUM(i);
		nulls[i] = PG_ARGISNULL(i);
	}
	ar_table_begin(&payments, "payment", CMD_INSERT, columns, ARGUMENT_COUNT);
	/* A customer who has a balance is there; and to make one he must be. */
	if (ar_table_fires(&payments, "payment_settle_ais"))
		ar_table_trust_keys(&payments);
	is_settled_here = ar_table_is_alone(&payments, "payment_settle_ais") &&
		ar_table_take_over(&payments, "payment_settle_ais");
	ar_table_insert(&payments, values, nulls);
	if (is_settled_here)
		ar_settle_payment(payments.relation, payments.changed);
	payment_id = DatumGetInt64(ar_table_inserted(&payments, "payment_id", INT8OID));
	ar_table_end(&payments);
	return payment_id;
}

/*
 * by_statement hands the arguments on to the function that uses a statement.
 */
static Datum
by_statement(FunctionCallInfo fcinfo)
{
	LOCAL_FCINFO(call, ARGUMENT_COUNT);
	FmgrInfo	function;
	Oid			types[ARGUMENT_COUNT];
	Datum		result;

	for (int i = 0; i < ARGUMENT_COUNT; i++)
		types[i] = ar_type(columns[i].type);
	fmgr_info(LookupFuncName(list_make2(makeString(pstrdup("ar")),
										makeString(pstrdup("record_payment_by_statement"))),
							 ARGUMENT_COUNT, types, false), &function);
	InitFunctionCallInfoData(*call, &function, ARGUMENT_COUNT, InvalidOid, NULL, NULL);
	for (int i = 0; i < ARGUMENT_COUNT; i++)
		call->args[i] = fcinfo->args[i];
	result = FunctionCallInvoke(call);
	fcinfo->isnull = call->isnull;
	return result;
}

/*
 * ar_record_payment records a payment, which its triggers post and apply.
 */
Datum
ar_record_payment(PG_FUNCTION_ARGS)
{
	Oid			namespace = get_namespace_oid("ar", false);

	if (PG_NARGS() != ARGUMENT_COUNT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("function \"%s\" needs %d arguments", "ar.record_payment", ARGUMENT_COUNT)));
	/* The rest of what there may be is for the statement. */
	if (PG_ARGISNULL(LEDGER_ID) || PG_ARGISNULL(CUSTOMER_ID) || PG_ARGISNULL(AMOUNT) ||
		PG_ARGISNULL(RECEIVED_ON) || PG_ARGISNULL(METHOD) ||
		!PG_ARGISNULL(EXTERNAL_ID) || !PG_ARGISNULL(REPLACES_ID) ||
		!is_plain(get_relname_relid("payment", namespace)))
		return by_statement(fcinfo);
	PreventCommandIfReadOnly("INSERT");
	PreventCommandIfParallelMode("INSERT");
	PG_RETURN_INT64(insert(fcinfo));
}
