/*
 * suggest.c
 *		What was found and not dared is left to somebody: ar.match_suggestion.
 *
 * The same answer is suggested once.  What was suggested before and is not
 * found any more is superseded; what was rejected stays so.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

#include "cash/row.h"
#include "cash/settle_write.h"
#include "item/writer.h"
#include "type/monetary.h"

/* Those of the credits at hand that were not found again. */
static ArStatement supersede =
{
	.sql =
	"UPDATE ar.match_suggestion AS s SET status = 'superseded'"
	" FROM unnest($2) AS w(credit_item_id)"
	" WHERE s.ledger_id = $1 AND s.credit_item_id = w.credit_item_id AND s.status = 'open'"
	"  AND NOT EXISTS (SELECT FROM unnest($3, $4, $5) AS n(credit_item_id, customer_id, lines)"
	"   WHERE n.credit_item_id = s.credit_item_id"
	"    AND ar.suggestion_fingerprint(n.customer_id, n.lines::jsonb) = s.fingerprint)",
	.nargs = 5,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID}
};

static ArStatement insert_suggestions =
{
	.sql =
	"INSERT INTO ar.match_suggestion (ledger_id, kind, payment_id, credit_item_id, customer_id,"
	"  rule, confidence, explanation, lines, fingerprint)"
	" SELECT $1, 'application', n.payment_id, n.credit_item_id, n.customer_id,"
	"  n.rule, n.confidence, n.explanation, n.lines::jsonb,"
	"  ar.suggestion_fingerprint(n.customer_id, n.lines::jsonb)"
	" FROM unnest($2, $3, $4, $5, $6, $7, $8)"
	"  AS n(payment_id, credit_item_id, customer_id, rule, confidence, explanation, lines)"
	" ON CONFLICT (ledger_id, (COALESCE(credit_item_id, payment_id)), fingerprint)"
	"  WHERE status <> 'superseded' DO NOTHING",
	.nargs = 8,
	.argtypes = {INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID,
	NUMERICARRAYOID, TEXTARRAYOID, TEXTARRAYOID}
};

static ArStatement read_suggested =
{
	.sql =
	"SELECT DISTINCT s.credit_item_id FROM unnest($2) AS w(credit_item_id)"
	" JOIN ar.match_suggestion AS s ON s.ledger_id = $1 AND s.credit_item_id = w.credit_item_id"
	"  AND s.status = 'open'",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/* The fingerprint is only made where something was rejected: of most credits nothing was. */
static ArStatement read_rejected =
{
	.sql =
	"SELECT FROM (SELECT s.fingerprint FROM ar.match_suggestion AS s"
	"  WHERE s.ledger_id = $1 AND COALESCE(s.credit_item_id, s.payment_id) = $2 AND s.status = 'rejected' OFFSET 0) AS s"
	" WHERE s.fingerprint = ar.suggestion_fingerprint($3, $4::jsonb)",
	.nargs = 4,
	.argtypes = {INT4OID, INT8OID, INT8OID, TEXTOID}
};

/*
 * append_amount writes an amount of a line, unless it is zero.
 */
static void
append_amount(StringInfo json, const char *key, int64 minor, uint32 currency)
{
	/* The text is a code, a blank, and a number. */
	if (minor != 0)
		appendStringInfo(json, ", \"%s\": %s", key,
						 ar_monetary_to_cstring(ar_monetary_make(minor, currency)) + 4);
}

/*
 * lines_of writes what an answer would apply as JSON.
 */
static char *
lines_of(const ArCredit *credit, const ArAnswer *answer)
{
	StringInfoData json;
	uint32		currency = credit->currency;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	for (int i = 0; i < answer->line_count; i++)
	{
		const ArLine *line = &answer->lines[i];

		appendStringInfo(&json, "%s{\"item_id\": " INT64_FORMAT, i > 0 ? ", " : "",
						 line->debit->item_id);
		if (line->credit != NULL)
			appendStringInfo(&json, ", \"credit_item_id\": " INT64_FORMAT, line->credit->item_id);
		append_amount(&json, "amount", line->amount, currency);
		append_amount(&json, "discount", line->discount, currency);
		append_amount(&json, "difference", line->difference, currency);
		append_amount(&json, "deduction", line->deduction, currency);
		if (line->reason_code != NULL)
		{
			appendStringInfoString(&json, ", \"reason_code\": ");
			escape_json(&json, line->reason_code);
		}
		appendStringInfoChar(&json, '}');
	}
	if (answer->gain != 0 || answer->refund != 0)
	{
		appendStringInfo(&json, ", {\"item_id\": null");
		append_amount(&json, "gain", answer->gain, currency);
		append_amount(&json, "refund", answer->refund, currency);
		appendStringInfoChar(&json, '}');
	}
	appendStringInfoChar(&json, ']');
	return json.data;
}

/*
 * ar_is_rejected tells whether somebody refused this very answer before.  Of a
 * payment that came in just now nothing was suggested yet.
 */
bool
ar_is_rejected(ArSettlement *settlement, const ArCredit *credit, const ArAnswer *answer)
{
	Datum		values[4];
	uint64		rows;

	if (settlement->is_fresh)
		return false;
	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = Int64GetDatum(credit->item->item_id);
	values[2] = Int64GetDatum(credit->customer_id);
	values[3] = CStringGetTextDatum(lines_of(credit, answer));
	rows = ar_writer_execute(&read_rejected, values, SPI_OK_SELECT);
	SPI_freetuptable(SPI_tuptable);
	return rows > 0;
}

/*
 * ar_suggest gathers an answer to be suggested.
 */
void
ar_suggest(ArSettlement *settlement, ArCredit *credit, ArAnswer *answer)
{
	ArWriting  *writing = settlement->writing;
	ArPendingSuggestion *suggestion;

	writing->suggestions = ar_write_room(settlement, writing->suggestions,
										 sizeof(ArPendingSuggestion),
										 writing->suggestion_count, &writing->suggestion_size);
	suggestion = &writing->suggestions[writing->suggestion_count++];
	suggestion->payment_id = credit->payment_id;
	suggestion->credit_item_id = credit->item->item_id;
	suggestion->customer_id = credit->customer_id;
	suggestion->rule = answer->rule;
	suggestion->confidence = answer->confidence;
	suggestion->explanation = MemoryContextStrdup(settlement->context, answer->explanation);
	suggestion->lines = MemoryContextStrdup(settlement->context, lines_of(credit, answer));
}

/*
 * ar_write_suggestions writes what was gathered for the credits of a
 * settlement.  Only what was there before may have been suggested before.
 */
void
ar_write_suggestions(ArSettlement *settlement)
{
	ArWriting  *writing = settlement->writing;
	int			count = writing->suggestion_count;
	Datum	   *columns[7];
	static const Oid column_types[7] = {INT8OID, INT8OID, INT8OID, TEXTOID, NUMERICOID,
	TEXTOID, TEXTOID};
	bool	   *unpaid = palloc_extended(sizeof(bool) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	Datum		values[8];

	for (int i = 0; i < 7; i++)
		columns[i] = palloc_extended(sizeof(Datum) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		ArPendingSuggestion *suggestion = &writing->suggestions[i];

		columns[0][i] = Int64GetDatum(suggestion->payment_id);
		unpaid[i] = suggestion->payment_id == 0;
		columns[1][i] = Int64GetDatum(suggestion->credit_item_id);
		columns[2][i] = Int64GetDatum(suggestion->customer_id);
		columns[3][i] = CStringGetTextDatum(ar_rule_name(suggestion->rule));
		columns[4][i] = NumericGetDatum(int64_div_fast_to_numeric(suggestion->confidence, 4));
		columns[5][i] = CStringGetTextDatum(suggestion->explanation);
		columns[6][i] = CStringGetTextDatum(suggestion->lines);
	}
	values[0] = Int32GetDatum(settlement->ledger_id);
	for (int i = 0; i < 7; i++)
		values[i + 1] = ar_array(columns[i], i == 0 ? unpaid : NULL, count, column_types[i]);
	if (!settlement->is_fresh)
	{
		Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) Max(settlement->credit_count, 1),
										  MCXT_ALLOC_HUGE);
		Datum		superseding[5];
		int			n = 0;

		for (int i = 0; i < settlement->credit_count; i++)
			if (settlement->credits[i].item_id != 0)
				ids[n++] = Int64GetDatum(settlement->credits[i].item_id);
		superseding[0] = values[0];
		superseding[1] = ar_array(ids, NULL, n, INT8OID);
		superseding[2] = values[2];
		superseding[3] = values[3];
		superseding[4] = values[7];
		ar_writer_execute(&supersede, superseding, SPI_OK_UPDATE);
	}
	if (count > 0)
		ar_writer_execute(&insert_suggestions, values, SPI_OK_INSERT);
	writing->suggestion_count = 0;
}

static int
compare_credits(const void *left, const void *right)
{
	const ArCredit *a = *(ArCredit *const *) left;
	const ArCredit *b = *(ArCredit *const *) right;

	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * ar_read_suggested notes for which credits something is suggested: not what
 * was rejected before.
 */
void
ar_read_suggested(ArSettlement *settlement)
{
	int			count = settlement->credit_count;
	ArCredit  **credits = palloc_extended(sizeof(ArCredit *) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	Datum		values[2];
	uint64		rows;

	for (int i = 0; i < count; i++)
	{
		credits[i] = &settlement->credits[i];
		ids[i] = Int64GetDatum(settlement->credits[i].item_id);
	}
	qsort(credits, count, sizeof(ArCredit *), compare_credits);
	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	rows = ar_writer_execute(&read_suggested, values, SPI_OK_SELECT);
	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		ArCredit	key = {.item_id = ar_row_integer(&row, 1)};
		ArCredit   *sought = &key;
		ArCredit  **found = bsearch(&sought, credits, count, sizeof(ArCredit *), compare_credits);

		if (found != NULL)
			(*found)->is_suggested = true;
	}
	SPI_freetuptable(SPI_tuptable);
}
