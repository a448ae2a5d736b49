/*
 * number_key.c
 *		Keys of document numbers and of texts, for an index of a table; and the
 *		finder of numbers for SQL.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cash/number.h"
#include "cash/number_scan.h"

PG_FUNCTION_INFO_V1(ar_find_numbers);
PG_FUNCTION_INFO_V1(ar_number_keys);
PG_FUNCTION_INFO_V1(ar_text_keys);

/* Letters and digits of a key: what is longer is found by no key. */
#define KEY_MIN		3
#define KEY_MAX		40

typedef struct Keys
{
	StringInfoData buffer;
	Datum	   *texts;
	int			count;
	int			room;
} Keys;

/*
 * add_key: a key, of what is folded, and perhaps of a last group of digits
 * without its zeros.
 */
static void
add_key(Keys *keys, const char *whole, int whole_length, const char *last, int last_length)
{
	StringInfo	buffer = &keys->buffer;

	resetStringInfo(buffer);
	appendBinaryStringInfo(buffer, whole, whole_length);
	if (last != NULL)
	{
		while (last_length > 0 && *last == '0')
		{
			last++;
			last_length--;
		}
		if (last_length == 0)
			return;
		appendStringInfoChar(buffer, '#');
		appendBinaryStringInfo(buffer, last, last_length);
		/* A few digits alone would be a key of everything. */
		if (whole_length == 0 && last_length < 4)
			return;
	}
	if (keys->count == keys->room)
	{
		keys->room *= 2;
		keys->texts = repalloc(keys->texts, sizeof(Datum) * keys->room);
	}
	keys->texts[keys->count++] =
		PointerGetDatum(cstring_to_text_with_len(buffer->data, buffer->len));
}

static void
begin_keys(Keys *keys)
{
	initStringInfo(&keys->buffer);
	keys->count = 0;
	keys->room = 16;
	keys->texts = palloc(sizeof(Datum) * keys->room);
}

static int
compare_text(const void *a, const void *b)
{
	text	   *left = DatumGetTextPP(*(const Datum *) a);
	text	   *right = DatumGetTextPP(*(const Datum *) b);
	int			left_length = VARSIZE_ANY_EXHDR(left);
	int			right_length = VARSIZE_ANY_EXHDR(right);
	int			order = memcmp(VARDATA_ANY(left), VARDATA_ANY(right),
							   Min(left_length, right_length));

	return order != 0 ? order : left_length - right_length;
}

/*
 * keys_array: the keys in order of bytes, each once.
 */
static Datum
keys_array(Keys *keys)
{
	int			kept = 0;

	qsort(keys->texts, keys->count, sizeof(Datum), compare_text);
	for (int i = 0; i < keys->count; i++)
	{
		if (kept == 0 || compare_text(&keys->texts[i], &keys->texts[kept - 1]) != 0)
			keys->texts[kept++] = keys->texts[i];
	}
	return PointerGetDatum(construct_array(keys->texts, kept, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * ar_number_keys: the keys under which a document number is found.
 */
Datum
ar_number_keys(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	ArNumberScan scan;
	Keys		keys;
	StringInfoData digits;
	int			length = 0;
	int			digit_groups = 0;
	const ArNumberGroup *last = NULL;

	ar_number_scan(VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number), &scan);
	begin_keys(&keys);
	initStringInfo(&digits);
	for (int i = 0; i < scan.count; i++)
	{
		const ArNumberGroup *g = &scan.groups[i];

		length += g->length;
		if (!g->digits)
			continue;
		digit_groups++;
		appendBinaryStringInfo(&digits, scan.upper + g->at, g->length);
		last = g;
	}
	if (last != NULL && length >= KEY_MIN && length <= KEY_MAX)
	{
		add_key(&keys, scan.folded, length, NULL, 0);
		if (digits.len < length && digits.len >= 4)
			add_key(&keys, digits.data, digits.len, NULL, 0);
		if (digit_groups > 1 || digits.len == length)
			add_key(&keys, digits.data, digits.len - last->length,
					scan.upper + last->at, last->length);
		else if (last == &scan.groups[scan.count - 1])
			add_key(&keys, scan.folded, last->at, scan.upper + last->at, last->length);
	}
	PG_RETURN_DATUM(keys_array(&keys));
}

/*
 * ar_text_keys: every key that a number in a text may have.
 */
Datum
ar_text_keys(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	ArNumberScan scan;
	Keys		keys;

	ar_number_scan(VARDATA_ANY(given), Min(VARSIZE_ANY_EXHDR(given), AR_NUMBER_TEXT_MAX), &scan);
	ar_number_scan_uses(&scan);
	begin_keys(&keys);
	for (int i = 0; i < scan.count; i++)
	{
		ArNumberWindow window;
		bool		digits = false;
		bool		other = false;

		CHECK_FOR_INTERRUPTS();
		for (bool more = ar_number_window_first(&scan, i, KEY_MAX, &window); more;
			 more = ar_number_window_next(&scan, KEY_MAX, &window))
		{
			const ArNumberGroup *last = &scan.groups[window.last];

			digits |= last->digits;
			other |= last->use == AR_USE_OTHER;
			if (!digits || window.length < KEY_MIN || ar_number_window_cuts(&scan, &window) ||
				(other && scan.groups[i].digits) ||
				(i == window.last && last->use != AR_USE_OPEN))
				continue;
			add_key(&keys, scan.folded + window.at, window.length, NULL, 0);
			if (last->digits)
				add_key(&keys, scan.folded + window.at, last->at - window.at,
						scan.upper + last->at, last->length);
		}
	}
	PG_RETURN_DATUM(keys_array(&keys));
}

/*
 * ar_find_numbers: the numbers of an array that stand in a text.
 */
Datum
ar_find_numbers(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	ArrayType  *numbers = PG_GETARG_ARRAYTYPE_P(1);
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum	   *elements;
	bool	   *missing;
	int			count;
	ArNumberIndex *index;
	ArNumberHit *hits;

	InitMaterializedSRF(fcinfo, 0);
	deconstruct_array(numbers, TEXTOID, -1, false, TYPALIGN_INT, &elements, &missing, &count);
	index = ar_number_index_create(count);
	for (int i = 0; i < count; i++)
	{
		text	   *number;

		CHECK_FOR_INTERRUPTS();
		if (missing[i])
			continue;
		number = DatumGetTextPP(elements[i]);
		ar_number_index_add(index, VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number), i + 1);
	}
	count = ar_number_index_find(index, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &hits);
	for (int i = 0; i < count; i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = Int32GetDatum(hits[i].payload);
		values[1] = CStringGetTextDatum(ar_number_strength_name(hits[i].strength));
		values[2] = PointerGetDatum(cstring_to_text_with_len(VARDATA_ANY(given) + hits[i].start,
															 hits[i].end - hits[i].start));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	return (Datum) 0;
}
