/*
 * terms.c
 *		The type ar.terms: credit terms as people write them.
 *
 * A value is the canonical text and nothing else; that text is the frozen
 * on-disk format.  terms_parse.c reads it, terms_write.c writes it, and
 * terms_schedule.c computes with it.
 * Comparison goes by the bytes of the text, without any collation.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "type/terms.h"

PG_FUNCTION_INFO_V1(ar_terms_in);
PG_FUNCTION_INFO_V1(ar_terms_out);
PG_FUNCTION_INFO_V1(ar_terms_recv);
PG_FUNCTION_INFO_V1(ar_terms_send);
PG_FUNCTION_INFO_V1(ar_terms_eq);
PG_FUNCTION_INFO_V1(ar_terms_ne);
PG_FUNCTION_INFO_V1(ar_terms_lt);
PG_FUNCTION_INFO_V1(ar_terms_le);
PG_FUNCTION_INFO_V1(ar_terms_gt);
PG_FUNCTION_INFO_V1(ar_terms_ge);
PG_FUNCTION_INFO_V1(ar_terms_cmp);
PG_FUNCTION_INFO_V1(ar_terms_hash);
PG_FUNCTION_INFO_V1(ar_terms_hash_extended);

/*
 * describe_error says what is wrong and where, in characters from 1.
 */
static const char *
describe_error(const char *text, const ArTermsError *error)
{
	StringInfoData detail;

	initStringInfo(&detail);
	if (error->length == 0)
		appendStringInfoString(&detail, "At the end: ");
	else
		appendStringInfo(&detail, "At character %d, \"%.*s\": ",
						 pg_mbstrlen_with_len(text, error->offset) + 1,
						 error->length, text + error->offset);
	appendStringInfoString(&detail, error->reason);
	if (error->sum >= 0)
	{
		appendStringInfoString(&detail, ", and they add up to ");
		ar_terms_write_decimal(&detail, error->sum, 0);
	}
	appendStringInfoChar(&detail, '.');
	return detail.data;
}

/*
 * make_terms turns a text into a value, for input and receive.  Returns NULL
 * after a soft error.
 */
static ArTerms *
make_terms(const char *text, Node *escontext)
{
	ArTermsParsed parsed;
	ArTermsError error;
	StringInfoData canonical;

	if (!ar_terms_parse(text, strlen(text), &parsed, &error))
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"ar.terms", text),
				 errdetail_internal("%s", describe_error(text, &error)),
				 errhint("%s", error.hint)));

	initStringInfo(&canonical);
	ar_terms_write(&parsed, &canonical);
	return (ArTerms *) cstring_to_text_with_len(canonical.data, canonical.len);
}

/*
 * ar_terms_in reads terms as people write them.
 */
Datum
ar_terms_in(PG_FUNCTION_ARGS)
{
	ArTerms    *terms = make_terms(PG_GETARG_CSTRING(0), fcinfo->context);

	if (terms == NULL)
		PG_RETURN_NULL();
	PG_RETURN_AR_TERMS_P(terms);
}

/*
 * ar_terms_out writes the canonical text.
 */
Datum
ar_terms_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(text_to_cstring((text *) PG_GETARG_AR_TERMS_PP(0)));
}

/*
 * ar_terms_recv reads the binary form, which is the text: checked and made
 * canonical like any other, for a client may send anything.  A zero byte does
 * not get past pq_getmsgtext.
 */
Datum
ar_terms_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	int			length;
	char	   *text = pq_getmsgtext(message, message->len - message->cursor,
									 &length);

	PG_RETURN_AR_TERMS_P(make_terms(text, NULL));
}

/*
 * ar_terms_send writes the binary form: the canonical text.
 */
Datum
ar_terms_send(PG_FUNCTION_ARGS)
{
	ArTerms    *terms = PG_GETARG_AR_TERMS_PP(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendtext(&message, VARDATA_ANY(terms), VARSIZE_ANY_EXHDR(terms));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * compare_arguments orders the two arguments of an operator, and gives back
 * what detoasting them took: an index may call this millions of times.
 */
static int
compare_arguments(FunctionCallInfo fcinfo)
{
	ArTerms    *a = PG_GETARG_AR_TERMS_PP(0);
	ArTerms    *b = PG_GETARG_AR_TERMS_PP(1);
	int			a_length = VARSIZE_ANY_EXHDR(a);
	int			b_length = VARSIZE_ANY_EXHDR(b);
	int			result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b),
								Min(a_length, b_length));

	if (result == 0)
		result = (a_length > b_length) - (a_length < b_length);
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return result;
}

/*
 * The six comparison operators; all leakproof, for they cannot raise.
 */
Datum
ar_terms_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) == 0);
}

Datum
ar_terms_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) != 0);
}

Datum
ar_terms_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) < 0);
}

Datum
ar_terms_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) <= 0);
}

Datum
ar_terms_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) > 0);
}

Datum
ar_terms_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_arguments(fcinfo) >= 0);
}

/*
 * ar_terms_cmp is the three-way comparison of the btree class.
 */
Datum
ar_terms_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_arguments(fcinfo));
}

/*
 * ar_terms_hash and its extended form, for hash joins, grouping and hash
 * partitions.
 */
Datum
ar_terms_hash(PG_FUNCTION_ARGS)
{
	ArTerms    *terms = PG_GETARG_AR_TERMS_PP(0);
	Datum		result = hash_any((unsigned char *) VARDATA_ANY(terms),
								  VARSIZE_ANY_EXHDR(terms));

	PG_FREE_IF_COPY(terms, 0);
	return result;
}

Datum
ar_terms_hash_extended(PG_FUNCTION_ARGS)
{
	ArTerms    *terms = PG_GETARG_AR_TERMS_PP(0);
	Datum		result = hash_any_extended((unsigned char *) VARDATA_ANY(terms),
										   VARSIZE_ANY_EXHDR(terms),
										   PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(terms, 0);
	return result;
}
