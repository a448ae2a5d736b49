/*
 * document_key.c
 *		The one key by which a document is looked up among all of a ledger.
 *
 * An index with every key of ar.number_keys() would cost three entries a
 * document.  This one costs one: the digits, cut before the last group, which
 * is without its zeros: INV-2026-000123 is 2026#123.  A text must then be asked
 * for more: where its digits are glued, for every place where they may be cut.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "cash/number_scan.h"

PG_FUNCTION_INFO_V1(ar_document_key);
PG_FUNCTION_INFO_V1(ar_document_keys);

/* Digits without a stem that are a key: fewer would be a key of everything. */
#define TAIL_MIN	4

/* Digits in one piece: more are no number that somebody glued together. */
#define GLUED_MAX	24

/* Letters and digits of a key, as in number_key.c. */
#define KEY_MIN		3
#define KEY_MAX		40

extern Datum ar_text_keys(PG_FUNCTION_ARGS);

/*
 * ar_document_key: the key of a number, or NULL if it is found by none.
 */
Datum
ar_document_key(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	ArNumberScan scan;
	StringInfoData key;
	const ArNumberGroup *last;
	int			first = 0;
	int			length = 0;
	int			zeros = 0;
	bool		mixed = false;

	ar_number_scan(VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number), &scan);
	while (first < scan.count && !scan.groups[first].digits)
		first++;
	for (int i = 0; i < scan.count; i++)
	{
		length += scan.groups[i].length;
		mixed |= i > first && !scan.groups[i].digits;
	}
	if (first == scan.count || length < KEY_MIN || length > KEY_MAX)
		PG_RETURN_NULL();

	initStringInfo(&key);
	if (mixed)
	{
		/* Letters between the digits: as a whole. */
		appendBinaryStringInfo(&key, scan.folded, length);
		PG_RETURN_TEXT_P(cstring_to_text_with_len(key.data, key.len));
	}
	for (int i = first; i < scan.count - 1; i++)
		appendBinaryStringInfo(&key, scan.upper + scan.groups[i].at, scan.groups[i].length);
	last = &scan.groups[scan.count - 1];
	while (zeros < last->length && scan.upper[last->at + zeros] == '0')
		zeros++;
	if (zeros == last->length)
		PG_RETURN_NULL();
	/* What is too short for a key stands behind its letters: RE#17. */
	if (key.len == 0 && last->length - zeros < TAIL_MIN)
		appendBinaryStringInfo(&key, scan.folded, last->at);
	appendStringInfoChar(&key, '#');
	appendBinaryStringInfo(&key, scan.upper + last->at + zeros, last->length - zeros);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(key.data, key.len));
}

static int
compare_text(const void *a, const void *b)
{
	text	   *left = DatumGetTextPP(*(const Datum *) a);
	text	   *right = DatumGetTextPP(*(const Datum *) b);
	int			left_length = VARSIZE_ANY_EXHDR(left);
	int			right_length = VARSIZE_ANY_EXHDR(right);
	int			order = memcmp(VARDATA_ANY(left), VARDATA_ANY(right), Min(left_length, right_length));

	return order != 0 ? order : left_length - right_length;
}

/*
 * ar_document_keys: every key of ar_document_key that a number in a text may
 * have.
 */
Datum
ar_document_keys(PG_FUNCTION_ARGS)
{
	ArrayType  *given = DatumGetArrayTypeP(DirectFunctionCall1(ar_text_keys, PG_GETARG_DATUM(0)));
	Datum	   *keys;
	bool	   *missing;
	Datum	   *found;
	int			count;
	int			room;
	int			made = 0;
	int			kept = 0;
	StringInfoData key;

	deconstruct_array(given, TEXTOID, -1, false, TYPALIGN_INT, &keys, &missing, &count);
	room = count + 16;
	found = palloc(sizeof(Datum) * room);
	initStringInfo(&key);
	for (int i = 0; i < count; i++)
	{
		text	   *whole = DatumGetTextPP(keys[i]);
		const char *digits = VARDATA_ANY(whole);
		int			length = VARSIZE_ANY_EXHDR(whole);
		bool		is_glued = length >= TAIL_MIN && length <= GLUED_MAX;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < length && is_glued; j++)
			is_glued = digits[j] >= '0' && digits[j] <= '9';
		if (made + length + 1 > room)
		{
			room = (made + length + 1) * 2;
			found = repalloc(found, sizeof(Datum) * room);
		}
		if (!is_glued)
		{
			found[made++] = keys[i];
			continue;
		}
		for (int cut = 0, tail = 0; cut < length; cut++)
		{
			tail = Max(tail, cut);
			while (tail < length && digits[tail] == '0')
				tail++;
			if (tail == length)
				break;
			if (cut == 0 && length - tail < TAIL_MIN)
				continue;
			resetStringInfo(&key);
			appendBinaryStringInfo(&key, digits, cut);
			appendStringInfoChar(&key, '#');
			appendBinaryStringInfo(&key, digits + tail, length - tail);
			found[made++] = PointerGetDatum(cstring_to_text_with_len(key.data, key.len));
		}
	}

	qsort(found, made, sizeof(Datum), compare_text);
	for (int i = 0; i < made; i++)
	{
		if (kept == 0 || compare_text(&found[i], &found[kept - 1]) != 0)
			found[kept++] = found[i];
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(found, kept, TEXTOID, -1, false, TYPALIGN_INT));
}
