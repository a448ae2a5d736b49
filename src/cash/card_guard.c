/*
 * card_guard.c
 *		Numbers of payment cards are refused before they are stored.
 *
 * Nothing of the row may come back: not in the error, whose context would
 * quote the line of a COPY or the text of a statement, nor in the server's
 * log.  So a trigger looks before any constraint does, whose detail would
 * print the row, and takes the context away.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/elog.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "cash/card.h"
#include "item/transition.h"
#include "item/writer.h"

/* No card number has fewer digits. */
#define CARD_DIGITS_MIN	13

PG_FUNCTION_INFO_V1(ar_tg_refuse_card_numbers);

static ArStatement read_policy =
{
	.sql = "SELECT ar.refuses_card_numbers($1, $2)",
	.nargs = 2,
	.argtypes = {INT4OID, INT8OID}
};

/*
 * find_column finds a column by name; InvalidAttrNumber if there is none.
 */
static AttrNumber
find_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			strcmp(NameStr(TupleDescAttr(desc, i)->attname), name) == 0)
			return TupleDescAttr(desc, i)->attnum;
	return InvalidAttrNumber;
}

/*
 * has_issued_number tells whether a text holds what begins like an issuer's
 * cards, and is as long as they are.
 */
static bool
has_issued_number(const char *text, int length)
{
	char	   *copy = pnstrdup(text, length);
	bool		has_number = ar_mask_card_numbers(copy, length);

	pfree(copy);
	return has_number;
}

/*
 * holds_card_number looks into a column of text or jsonb.
 */
static bool
holds_card_number(HeapTuple row, TupleDesc desc, AttrNumber column, bool only_issued)
{
	bool		isnull;
	Datum		value = heap_getattr(row, column, desc, &isnull);

	if (isnull)
		return false;
	if (TupleDescAttr(desc, column - 1)->atttypid == JSONBOID)
	{
		Jsonb	   *json = DatumGetJsonbP(value);
		char	   *text = JsonbToCString(NULL, &json->root, VARSIZE(json));

		return ar_has_card_number(text, strlen(text));
	}
	else
	{
		text	   *given = DatumGetTextPP(value);
		int			length = VARSIZE_ANY_EXHDR(given);

		if (length < CARD_DIGITS_MIN)
			return false;
		return only_issued ? has_issued_number(VARDATA_ANY(given), length) :
			ar_has_card_number(VARDATA_ANY(given), length);
	}
}

/*
 * is_refused asks the policy of the customer, or of the ledger where the
 * customer is not known.
 */
static bool
is_refused(Relation relation, HeapTuple row)
{
	TupleDesc	desc = RelationGetDescr(relation);
	AttrNumber	customer_id = find_column(desc, "customer_id");
	Datum		values[2];
	bool		isnull;
	bool		result;
	ArWriter	writer;

	values[0] = heap_getattr(row, ar_column(relation, "ledger_id", INT4OID), desc, &isnull);
	if (isnull)
		return true;
	values[1] = Int64GetDatum(0);
	if (customer_id != InvalidAttrNumber &&
		TupleDescAttr(desc, customer_id - 1)->atttypid == INT8OID)
	{
		values[1] = heap_getattr(row, customer_id, desc, &isnull);
		if (isnull)
			values[1] = Int64GetDatum(0);
	}

	ar_writer_begin(&writer, relation);
	result = ar_writer_execute(&read_policy, values, SPI_OK_SELECT) != 1 ||
		DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull)) ||
		isnull;
	SPI_freetuptable(SPI_tuptable);
	ar_writer_end(&writer);
	return result;
}

/*
 * ar_tg_refuse_card_numbers refuses a row that has a card number in one of
 * the columns that its arguments name.
 *
 * Of an identifier, written ~column, only what looks like an issuer's card is
 * refused: one in ten long numbers that a program counts up satisfies the
 * formula.
 */
Datum
ar_tg_refuse_card_numbers(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = ar_trigger(fcinfo, "ar.tg_refuse_card_numbers",
									  TRIGGER_EVENT_BEFORE | TRIGGER_EVENT_ROW);
	Relation	relation = trigger->tg_relation;
	HeapTuple	row = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
		trigger->tg_newtuple : trigger->tg_trigtuple;

	for (int i = 0; i < trigger->tg_trigger->tgnargs; i++)
	{
		const char *argument = trigger->tg_trigger->tgargs[i];
		bool		only_issued = argument[0] == '~';
		const char *name = argument + (only_issued ? 1 : 0);
		AttrNumber	column = find_column(RelationGetDescr(relation), name);

		if (column == InvalidAttrNumber ||
			(TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid != JSONBOID &&
			 TupleDescAttr(RelationGetDescr(relation), column - 1)->atttypid != TEXTOID))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("table \"%s\" has no column \"%s\" of type text or jsonb",
							RelationGetRelationName(relation), name),
					 errhint("Triggers of the books are made by ar.create_books(); do not change the columns they came with.")));
		if (!holds_card_number(row, RelationGetDescr(relation), column, only_issued) ||
			!is_refused(relation, row))
			continue;
		/* Whoever catches the error puts back what he had. */
		error_context_stack = NULL;
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("column \"%s\" of table \"%s\" seems to hold a card number, which is never stored",
						name, RelationGetRelationName(relation)),
				 errhint("Keep its last four digits and the processor's reference instead; where such numbers are none, say so in refuses_card_numbers of ar.cash_policy."),
				 errhidestmt(true),
				 errhidecontext(true),
				 errtablecol(relation, column)));
	}
	return PointerGetDatum(row);
}
