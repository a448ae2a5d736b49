/*
 * settle_function.c
 *		ar.settle(): credits are settled when somebody asks for it.
 *
 * Who may insert applications, and sees the credits, may have them applied:
 * both are asked of the caller.  What follows is done as by the triggers, by
 * the owner of the books.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "cash/settle.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_settle_items);

/*
 * ar_settle_table opens ar.application, whose owner acts from here on, after it
 * has asked whether the caller may insert there.
 */
Relation
ar_settle_table(void)
{
	Oid			table = get_relname_relid("application", get_namespace_oid("ar", false));

	if (!OidIsValid(table) ||
		pg_class_aclcheck(table, GetUserId(), ACL_INSERT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, "application");
	return table_open(table, AccessShareLock);
}

/*
 * ar_settle_visible are those of some items, or suggestions, that the caller
 * sees, as an array, each once, and how many they are.
 */
Datum
ar_settle_visible(int32 ledger_id, Datum ids, bool are_suggestions, int *count)
{
	const char *query = are_suggestions ?
		"SELECT COALESCE(array_agg(s.suggestion_id), '{}') FROM (SELECT DISTINCT w.id FROM unnest($2) AS w(id)) AS w"
		" JOIN ar.match_suggestion AS s ON s.ledger_id = $1 AND s.suggestion_id = w.id" :
		"SELECT COALESCE(array_agg(i.item_id), '{}') FROM (SELECT DISTINCT w.id FROM unnest($2) AS w(id)) AS w"
		" JOIN ar.item AS i ON i.ledger_id = $1 AND i.item_id = w.id";
	Oid			types[2] = {INT4OID, INT8ARRAYOID};
	Datum		values[2] = {Int32GetDatum(ledger_id), ids};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext inner;
	ArrayType  *result;
	bool		isnull;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "ar_settle_visible: could not connect SPI");
	if (SPI_execute_with_args(query, 2, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "ar_settle_visible: could not read");
	ids = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	inner = MemoryContextSwitchTo(caller);
	result = DatumGetArrayTypePCopy(ids);
	MemoryContextSwitchTo(inner);
	SPI_finish();
	*count = ArrayGetNItems(ARR_NDIM(result), ARR_DIMS(result));
	return PointerGetDatum(result);
}

/*
 * outcome_of is in a word what came of a credit.
 */
static const char *
outcome_of(const ArCredit *credit)
{
	if (credit->open_after == 0)
		return "applied";
	if (credit->open_after < credit->open_before)
		return "partly_applied";
	return credit->is_suggested ? "suggested" : "waiting";
}

/*
 * return_credits tells what came of each credit.
 */
static void
return_credits(FunctionCallInfo fcinfo, const ArSettlement *settlement)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	for (int i = 0; i < settlement->credit_count; i++)
	{
		const ArCredit *credit = &settlement->credits[i];
		Datum		values[9];
		bool		nulls[9] = {false};
		const char *rule = ar_rule_name(credit->rule);

		values[0] = Int64GetDatum(credit->item_id);
		values[1] = Int64GetDatum(credit->payment_id);
		nulls[1] = credit->payment_id == 0;
		values[2] = Int64GetDatum(credit->customer_id);
		values[3] = CStringGetTextDatum(outcome_of(credit));
		nulls[4] = rule == NULL;
		values[4] = nulls[4] ? (Datum) 0 : CStringGetTextDatum(rule);
		nulls[5] = credit->confidence < 0;
		values[5] = nulls[5] ? (Datum) 0 :
			NumericGetDatum(int64_div_fast_to_numeric(credit->confidence, 4));
		values[6] = PointerGetDatum(ar_monetary_make(credit->open_before - credit->open_after,
													 credit->currency));
		values[7] = PointerGetDatum(ar_monetary_make(credit->open_after, credit->currency));
		nulls[8] = credit->explanation == NULL;
		values[8] = nulls[8] ? (Datum) 0 : CStringGetTextDatum(credit->explanation);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * ar_settle_items settles the credits that some items are.
 */
Datum
ar_settle_items(PG_FUNCTION_ARGS)
{
	ArSettlement settlement = {.ledger_id = PG_GETARG_INT32(0),.context = CurrentMemoryContext};
	ArApply		apply = ar_apply_from_text(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	Datum		ids;
	int			count;
	ArWriter	writer;

	InitMaterializedSRF(fcinfo, 0);
	settlement.relation = ar_settle_table();
	ids = ar_settle_visible(settlement.ledger_id, PG_GETARG_DATUM(1), false, &count);
	ar_writer_begin(&writer, settlement.relation);
	/* Whose they are never changes; what is open is read again, once held. */
	ar_read_credits(&settlement, ids, false);
	ar_hold_accounts(&settlement);
	ar_read_credits(&settlement, ids, false);
	for (int i = 0; i < settlement.credit_count; i++)
		settlement.credits[i].apply = apply;
	if (apply != AR_APPLY_NONE)
		ar_settle(&settlement);
	for (int i = 0; i < settlement.credit_count; i++)
		settlement.credits[i].open_after += settlement.credits[i].kept;
	ar_read_suggested(&settlement);
	ar_writer_end(&writer);
	return_credits(fcinfo, &settlement);
	table_close(settlement.relation, AccessShareLock);
	return (Datum) 0;
}
