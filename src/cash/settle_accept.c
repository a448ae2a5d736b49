/*
 * settle_accept.c
 *		ar.settle_suggestions(): what was suggested is carried out, exactly as it
 *		stands, or not at all.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "ar_ext.h"
#include "cash/row.h"
#include "cash/settle.h"
#include "item/writer.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_settle_suggestions);

static ArStatement read_suggestions =
{
	.sql =
	"SELECT s.suggestion_id, s.status, s.kind, s.credit_item_id, s.payment_id, s.customer_id,"
	"  s.rule, trunc(s.confidence * 10000)::integer, i.open, jsonb_array_length(s.lines)"
	" FROM unnest($2) AS w(suggestion_id)"
	" JOIN ar.match_suggestion AS s ON s.ledger_id = $1 AND s.suggestion_id = w.suggestion_id"
	" LEFT JOIN ar.item AS i ON i.ledger_id = $1 AND i.item_id = s.credit_item_id"
	" ORDER BY s.suggestion_id",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

static ArStatement read_lines =
{
	.sql =
	"SELECT s.suggestion_id, l.item_id, l.credit_item_id,"
	"  ar.monetary(COALESCE(l.amount, 0), m.currency), ar.monetary(COALESCE(l.discount, 0), m.currency),"
	"  ar.monetary(COALESCE(l.difference, 0), m.currency), ar.monetary(COALESCE(l.deduction, 0), m.currency),"
	"  l.reason_code, ar.monetary(COALESCE(l.gain, 0), m.currency), ar.monetary(COALESCE(l.refund, 0), m.currency)"
	" FROM unnest($2) AS w(suggestion_id)"
	" JOIN ar.match_suggestion AS s ON s.ledger_id = $1 AND s.suggestion_id = w.suggestion_id"
	" JOIN ar.item AS i ON i.ledger_id = $1 AND i.item_id = s.credit_item_id,"
	" LATERAL ar.currency(i.open) AS m(currency),"
	" LATERAL ROWS FROM (jsonb_to_recordset(s.lines) AS (item_id bigint, credit_item_id bigint, amount numeric,"
	"  discount numeric, difference numeric, deduction numeric, reason_code text, gain numeric, refund numeric))"
	"  WITH ORDINALITY AS l(item_id, credit_item_id, amount, discount, difference, deduction,"
	"   reason_code, gain, refund, place)"
	" ORDER BY s.suggestion_id, l.place",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* A suggestion to be carried out. */
typedef struct Suggestion
{
	int64		suggestion_id;
	ArAnswer	answer;
	ArCredit	credit;
} Suggestion;

static int
compare_items(const void *left, const void *right)
{
	const ArItem *a = left;
	const ArItem *b = right;

	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * rule_of finds the rule of a name.
 */
static ArRule
rule_of(const char *name)
{
	for (ArRule rule = 0; rule < AR_RULE_NONE; rule++)
		if (strcmp(ar_rule_name(rule), name) == 0)
			return rule;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown rule \"%s\"", name),
			 errhint("Suggestions are made by ar.auto_apply().")));
}

/*
 * refuse_moved says that a suggestion fits no more what is open.
 */
static void
refuse_moved(const Suggestion *suggestion, int64 item_id, int64 open, int64 wanted)
{
	uint32		currency = suggestion->credit.currency;

	ereport(ERROR,
			(errcode(ERRCODE_AR_OVER_APPLICATION),
			 errmsg("suggestion " INT64_FORMAT " does not fit any more what is open",
					suggestion->suggestion_id),
			 errdetail("Of item " INT64_FORMAT ", %s is open; it says %s.", item_id,
					   ar_monetary_to_cstring(ar_monetary_make(open, currency)),
					   ar_monetary_to_cstring(ar_monetary_make(wanted, currency))),
			 errhint("Run ar.auto_apply() for what fits now, or apply by hand with ar.apply().")));
}

/*
 * read_all reads the suggestions, and refuses those that are decided.  Those about
 * a payer are left out.
 */
static Suggestion *
read_all(ArSettlement *settlement, Datum ids, int *count)
{
	Datum		values[2] = {Int32GetDatum(settlement->ledger_id), ids};
	uint64		rows = ar_writer_execute(&read_suggestions, values, SPI_OK_SELECT);
	MemoryContext caller = MemoryContextSwitchTo(settlement->context);
	Suggestion *suggestions = palloc0(sizeof(Suggestion) * Max(rows, 1));

	*count = 0;
	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		Suggestion *suggestion = &suggestions[*count];
		char	   *status = ar_row_text(&row, 2);

		suggestion->suggestion_id = ar_row_integer(&row, 1);
		if (strcmp(status, "open") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_AR_IMMUTABLE),
					 errmsg("suggestion " INT64_FORMAT " is decided already", suggestion->suggestion_id),
					 errdetail("It is %s.", status),
					 errhint("Apply by hand with ar.apply(), or undo with ar.unapply().")));
		if (strcmp(ar_row_text(&row, 3), "payer") == 0)
			continue;
		if (ar_row_small(&row, 10, 0) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("suggestion " INT64_FORMAT " has nothing to apply", suggestion->suggestion_id),
					 errhint("Give the money back or leave it on account, and reject the suggestion.")));
		suggestion->credit.item_id = ar_row_integer(&row, 4);
		suggestion->credit.payment_id = ar_row_integer(&row, 5);
		suggestion->credit.customer_id = ar_row_integer(&row, 6);
		suggestion->answer.rule = rule_of(ar_row_text(&row, 7));
		suggestion->answer.confidence = ar_row_small(&row, 8, 0);
		(void) ar_row_minor(&row, 9, &suggestion->credit.currency);
		(*count)++;
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
	return suggestions;
}

/*
 * refuse_missing says which suggestion does not exist.
 */
static void
refuse_missing(int32 ledger_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("a suggestion does not exist in ledger %d, or was given twice", ledger_id),
			 errhint("Open ones are rows of ar.report_match_suggestion.")));
}

/*
 * find_item finds an open item, or says that it is open no more.
 */
static ArItem *
find_item(const Suggestion *suggestion, ArItem *items, int count, int64 item_id, bool is_credit)
{
	ArItem		key = {.item_id = item_id};
	ArItem	   *found = count == 0 ? NULL :
		bsearch(&key, items, count, sizeof(ArItem), compare_items);

	if (found == NULL || found->is_credit != is_credit ||
		found->customer_id != suggestion->credit.customer_id ||
		found->currency != suggestion->credit.currency)
		refuse_moved(suggestion, item_id, 0, 0);
	return found;
}

/*
 * read_answers reads the lines of the suggestions.
 */
static void
read_answers(ArSettlement *settlement, Datum ids, Suggestion *suggestions, int count,
			 ArItem *items, int item_count)
{
	Datum		values[2] = {Int32GetDatum(settlement->ledger_id), ids};
	uint64		rows = ar_writer_execute(&read_lines, values, SPI_OK_SELECT);
	Suggestion *suggestion = suggestions;
	MemoryContext caller = MemoryContextSwitchTo(settlement->context);

	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		ArAnswer   *answer;
		ArLine	   *line;

		while (suggestion->suggestion_id != ar_row_integer(&row, 1))
			suggestion++;
		Assert(suggestion < suggestions + count);
		answer = &suggestion->answer;
		answer->gain += ar_row_minor(&row, 9, NULL);
		answer->refund += ar_row_minor(&row, 10, NULL);
		if (ar_row_integer(&row, 2) == 0)
			continue;
		if (answer->lines == NULL)
			answer->lines = palloc0(sizeof(ArLine) * rows);
		line = &answer->lines[answer->line_count++];
		line->debit = find_item(suggestion, items, item_count, ar_row_integer(&row, 2), false);
		if (ar_row_integer(&row, 3) != 0)
			line->credit = find_item(suggestion, items, item_count, ar_row_integer(&row, 3), true);
		line->amount = ar_row_minor(&row, 4, NULL);
		line->discount = ar_row_minor(&row, 5, NULL);
		line->difference = ar_row_minor(&row, 6, NULL);
		line->deduction = ar_row_minor(&row, 7, NULL);
		line->reason_code = ar_row_text(&row, 8);
	}
	MemoryContextSwitchTo(caller);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * check refuses a suggestion if not all of it can be carried out: each line
 * needs what it takes, and one that leaves a difference closes its item.
 */
static void
check(const Suggestion *suggestion)
{
	const ArAnswer *answer = &suggestion->answer;
	int64		wanted = answer->gain + answer->refund;

	for (int i = 0; i < answer->line_count; i++)
	{
		const ArLine *line = &answer->lines[i];
		int64		taken = line->amount + line->discount + line->difference + line->deduction;

		if (line->credit == NULL)
			wanted += line->amount;
		else if (line->amount > line->credit->open)
			refuse_moved(suggestion, line->credit->item_id, line->credit->open, line->amount);
		/* Other credits pay the first parts of an item: see what they leave. */
		if (taken > line->debit->open ||
			(line->difference + line->deduction > 0 && taken < line->debit->open &&
			 (i == 0 || answer->lines[i - 1].debit != line->debit)))
			refuse_moved(suggestion, line->debit->item_id, line->debit->open, taken);
	}
	if (wanted > suggestion->credit.item->open ||
		(answer->gain + answer->refund > 0 && wanted != suggestion->credit.item->open))
		refuse_moved(suggestion, suggestion->credit.item_id, suggestion->credit.item->open, wanted);
}

/*
 * ar_settle_suggestions applies what suggestions say, and returns how many
 * they were.
 */
Datum
ar_settle_suggestions(PG_FUNCTION_ARGS)
{
	ArSettlement settlement = {.ledger_id = PG_GETARG_INT32(0),.context = CurrentMemoryContext};
	Datum		ids;
	int			wanted;
	int			count;
	int			item_count;
	int64	   *customers;
	Suggestion *suggestions;
	ArItem	   *items;
	ArWriter	writer;

	settlement.relation = ar_settle_table();
	ids = ar_settle_visible(settlement.ledger_id, PG_GETARG_DATUM(1), true, &wanted);
	if (wanted != ArrayGetNItems(ARR_NDIM(PG_GETARG_ARRAYTYPE_P(1)), ARR_DIMS(PG_GETARG_ARRAYTYPE_P(1))))
		refuse_missing(settlement.ledger_id);
	ar_writer_begin(&writer, settlement.relation);
	ar_write_begin(&settlement);
	settlement.chunk = settlement.context;
	for (int held = 0; held < 2; held++)
	{
		suggestions = read_all(&settlement, ids, &count);
		settlement.credit_count = count;
		settlement.credits = palloc0(sizeof(ArCredit) * Max(count, 1));
		for (int i = 0; i < count; i++)
			settlement.credits[i] = suggestions[i].credit;
		/* Only once they are held does it count what is open, and undecided. */
		if (!held && count > 0)
			ar_hold_accounts(&settlement);
	}
	customers = palloc(sizeof(int64) * Max(count, 1));
	for (int i = 0; i < count; i++)
		customers[i] = suggestions[i].credit.customer_id;
	items = ar_read_items(&settlement, customers, count, true, 0, &item_count);
	qsort(items, item_count, sizeof(ArItem), compare_items);
	for (int i = 0; i < count; i++)
		suggestions[i].credit.item = find_item(&suggestions[i], items, item_count,
											   suggestions[i].credit.item_id, true);
	read_answers(&settlement, ids, suggestions, count, items, item_count);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		check(&suggestions[i]);
		ar_write_answer(&settlement, &suggestions[i].credit, &suggestions[i].answer);
	}
	ar_write_flush(&settlement, true);
	for (int i = 0; i < count; i++)
		if (suggestions[i].credit.kept > 0)
			ereport(ERROR,
					(errcode(ERRCODE_AR_CREDIT_LIMIT_EXCEEDED),
					 errmsg("suggestion " INT64_FORMAT " gives away what the credit limit needs",
							suggestions[i].suggestion_id),
					 errhint("Raise the limit, or apply by hand with ar.apply().")));
	ar_writer_end(&writer);
	table_close(settlement.relation, AccessShareLock);
	PG_RETURN_INT64(wanted);
}
