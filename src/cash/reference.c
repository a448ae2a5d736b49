/*
 * reference.c
 *		Structured payment references: computed, verified, and compared.
 *
 * A reference is the digits of a document number with check digits, in the form
 * that the banks of a country agreed on.  To verify one is to compute it anew
 * from its body, so that what is made and what is accepted cannot differ.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "billing/reference.h"
#include "cash/reference.h"

PG_FUNCTION_INFO_V1(ar_payment_reference);
PG_FUNCTION_INFO_V1(ar_is_payment_reference);
PG_FUNCTION_INFO_V1(ar_payment_reference_schemes);
PG_FUNCTION_INFO_V1(ar_normal_reference_sql);
PG_FUNCTION_INFO_V1(ar_find_payment_references);

/* No reference is longer: 27 digits, or SI12 and 13. */
#define REFERENCE_MAX	27

typedef enum CheckMethod
{
	CHECK_ISO_11649,			/* RF: see billing/reference.c */
	CHECK_RECURSIVE_10,
	CHECK_97,
	CHECK_731,
	CHECK_LUHN,
	CHECK_LENGTH_LUHN,			/* Luhn, and before it the length */
	CHECK_11_TO_7,				/* weights 2 to 7, again and again; or a minus */
	CHECK_11_RISING,			/* weights 2, 3, 4 and so on; 10 is 0 */
	CHECK_11_FIRST				/* the first of 16 digits */
} CheckMethod;

/* A scheme: the digits of its body are from least to most, padded with zeros. */
typedef struct Scheme
{
	const char *name;
	CheckMethod method;
	int			least;
	int			most;
	const char *prefix;
	const char *decoration;		/* what people write into it, beside spaces */
	const char *title;
	const char *source;
} Scheme;

static const Scheme schemes[] = {
	{"RF", CHECK_ISO_11649, 1, 21, "", "",
		"creditor reference, any country", "ISO 11649"},
	{"QRR", CHECK_RECURSIVE_10, 26, 26, "", "",
		"Swiss QR reference", "SIX, Swiss Implementation Guidelines QR-bill, annex B"},
	{"ESR", CHECK_RECURSIVE_10, 15, 26, "", "",
		"Swiss reference of the orange slip, 16 or 27 digits", "PostFinance, manual ISR"},
	{"OGM", CHECK_97, 10, 10, "", "+*/",
		"Belgian structured communication", "Febelfin, OGM-VCS"},
	{"VIITE", CHECK_731, 3, 19, "", "",
		"Finnish reference number", "Finance Finland, structure of the reference number"},
	{"VIITENUMBER", CHECK_731, 1, 19, "", "",
		"Estonian reference number", "Estonian Banking Association, 7-3-1 method"},
	{"KID10", CHECK_LUHN, 1, 24, "", "",
		"Norwegian KID, modulus 10", "Bits, KID"},
	{"KID11", CHECK_11_TO_7, 1, 24, "", "",
		"Norwegian KID, modulus 11", "Bits, KID"},
	{"OCR", CHECK_LUHN, 1, 24, "", "",
		"Swedish OCR number", "Bankgirot, OCR reference, soft and hard control"},
	{"OCR_LENGTH", CHECK_LENGTH_LUHN, 1, 23, "", "",
		"Swedish OCR number with its length", "Bankgirot, OCR reference, variable length"},
	{"FIK71", CHECK_LUHN, 14, 14, "", "",
		"Danish payment identification of a slip +71", "Finance Denmark, FI-kort"},
	{"FIK75", CHECK_LUHN, 15, 15, "", "",
		"Danish payment identification of a slip +75 or +04", "Finance Denmark, FI-kort"},
	{"BETALINGSKENMERK", CHECK_11_FIRST, 15, 15, "", "",
		"Dutch payment reference of 16 digits", "Betaalvereniging Nederland, betalingskenmerk"},
	{"SI12", CHECK_11_RISING, 1, 12, "SI12", "",
		"Slovenian reference of model 12", "Bank Association of Slovenia, UPN, model 12"}
};

static const Scheme *
find_scheme(const char *name, int length)
{
	for (int i = 0; i < lengthof(schemes); i++)
	{
		if (strlen(schemes[i].name) == length &&
			pg_strncasecmp(schemes[i].name, name, length) == 0)
			return &schemes[i];
	}
	return NULL;
}

/*
 * recursive_10: modulo 10, recursive, where each remainder chooses a row of one
 * cyclic table.
 */
static int
recursive_10(const char *digits, int length)
{
	static const int row[] = {0, 9, 4, 6, 8, 2, 7, 1, 3, 5};
	int			carry = 0;

	for (int i = 0; i < length; i++)
		carry = row[(carry + digits[i] - '0') % 10];
	return (10 - carry) % 10;
}

static int
luhn(const char *digits, int length)
{
	int			sum = 0;

	for (int i = 0; i < length; i++)
	{
		int			digit = digits[length - 1 - i] - '0';

		if (i % 2 == 0)
			digit *= 2;
		sum += digit > 9 ? digit - 9 : digit;
	}
	return (10 - sum % 10) % 10;
}

/*
 * weighted: digits times weights, from the right, again and again.
 */
static int
weighted(const char *digits, int length, const int *weights, int count)
{
	int			sum = 0;

	for (int i = 0; i < length; i++)
		sum += (digits[length - 1 - i] - '0') * weights[i % count];
	return sum;
}

/*
 * complete: write the reference of a body; its length.
 */
static int
complete(const Scheme *scheme, const char *body, int length, char *reference)
{
	static const int weights_731[] = {7, 3, 1};
	static const int to_7[] = {2, 3, 4, 5, 6, 7};
	static const int rising[] = {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
	static const int powers[] = {2, 4, 8, 5, 10, 9, 7, 3, 6, 1};
	int			prefix = strlen(scheme->prefix);
	char	   *at = reference + prefix;
	int64		value = 0;
	int			check;

	memcpy(reference, scheme->prefix, prefix);
	if (scheme->method == CHECK_11_FIRST)
	{
		check = 11 - weighted(body, length, powers, lengthof(powers)) % 11;
		*at++ = check == 10 ? '1' : check == 11 ? '0' : '0' + check;
	}
	memcpy(at, body, length);
	at += length;
	switch (scheme->method)
	{
		case CHECK_RECURSIVE_10:
			*at++ = '0' + recursive_10(body, length);
			break;
		case CHECK_97:
			for (int i = 0; i < length; i++)
				value = value * 10 + (body[i] - '0');
			check = value % 97 == 0 ? 97 : value % 97;
			*at++ = '0' + check / 10;
			*at++ = '0' + check % 10;
			break;
		case CHECK_731:
			check = weighted(body, length, weights_731, lengthof(weights_731));
			*at++ = '0' + (10 - check % 10) % 10;
			break;
		case CHECK_LENGTH_LUHN:
			*at++ = '0' + (length + 2) % 10;
			*at = '0' + luhn(reference, length + 1);
			at++;
			break;
		case CHECK_LUHN:
			*at++ = '0' + luhn(body, length);
			break;
		case CHECK_11_TO_7:
			check = (11 - weighted(body, length, to_7, lengthof(to_7)) % 11) % 11;
			*at++ = check == 10 ? '-' : '0' + check;
			break;
		case CHECK_11_RISING:
			check = (11 - weighted(body, length, rising, lengthof(rising)) % 11) % 11;
			*at++ = check == 10 ? '0' : '0' + check;
			break;
		case CHECK_11_FIRST:
		case CHECK_ISO_11649:
			break;
	}
	return at - reference;
}

static bool
all_zeros(const char *digits, int length)
{
	for (int i = 0; i < length; i++)
	{
		if (digits[i] != '0')
			return false;
	}
	return true;
}

/*
 * holds: whether a text is a reference of a scheme with the right check digits.
 */
static bool
holds(const Scheme *scheme, const char *text, int text_length)
{
	char		given[REFERENCE_MAX];
	char		made[REFERENCE_MAX];
	int			length = 0;
	int			prefix = strlen(scheme->prefix);
	int			start = prefix + (scheme->method == CHECK_11_FIRST);
	int			checks = scheme->method == CHECK_11_FIRST ? 0 :
		scheme->method == CHECK_97 || scheme->method == CHECK_LENGTH_LUHN ? 2 : 1;
	int			body;

	if (scheme->method == CHECK_ISO_11649)
		return ar_creditor_reference_holds(text, text_length);
	for (int i = 0; i < text_length; i++)
	{
		char		c = pg_ascii_toupper(text[i]);

		if (c == ' ' || (c != '\0' && strchr(scheme->decoration, c) != NULL))
			continue;
		if (length == sizeof(given))
			return false;
		given[length++] = c;
	}
	body = length - start - checks;
	if (body < scheme->least || body > scheme->most ||
		(strcmp(scheme->name, "ESR") == 0 && body != scheme->least && body != scheme->most))
		return false;
	for (int i = start; i < start + body; i++)
	{
		if (given[i] < '0' || given[i] > '9')
			return false;
	}
	return !all_zeros(given + start, body) &&
		complete(scheme, given + start, body, made) == length &&
		memcmp(given, made, length) == 0;
}

/*
 * ar_reference_holds: the same by the name of the scheme, in capital letters.
 */
bool
ar_reference_holds(const char *scheme, const char *text, int length)
{
	const Scheme *known = find_scheme(scheme, strlen(scheme));

	return known != NULL && holds(known, text, length);
}

/*
 * make: the reference of a document number, or NULL where it has no digit but
 * zeros.  Of more digits than fit the last are kept, because there numbers
 * differ.
 */
static char *
make(const Scheme *scheme, const char *number, int number_length)
{
	char		body[REFERENCE_MAX];
	char		reference[REFERENCE_MAX];
	int			wanted = strcmp(scheme->name, "ESR") == 0 ? scheme->most : scheme->least;
	int			start = sizeof(body);

	if (scheme->method == CHECK_ISO_11649)
		return ar_creditor_reference_of(pnstrdup(number, number_length));
	while (number_length > 0 && sizeof(body) - start < scheme->most)
	{
		char		c = number[--number_length];

		if (c >= '0' && c <= '9')
			body[--start] = c;
	}
	if (all_zeros(body + start, sizeof(body) - start))
		return NULL;
	while (sizeof(body) - start < wanted)
		body[--start] = '0';
	return pnstrdup(reference,
					complete(scheme, body + start, sizeof(body) - start, reference));
}

/*
 * ar_normal_reference: the form in which references are compared: letters, made
 * capital, and digits, without anything between; of digits alone without zeros
 * in front.  Empty where there is neither letter nor digit.
 */
char *
ar_normal_reference(const char *reference, int length)
{
	char	   *normal = palloc(length + 1);
	int			used = 0;
	int			zeros = 0;
	bool		digits = true;

	for (int i = 0; i < length; i++)
	{
		char		c = pg_ascii_toupper(reference[i]);

		if (IS_HIGHBIT_SET(c) || (c >= 'A' && c <= 'Z'))
			digits = false;
		else if (c < '0' || c > '9')
			continue;
		normal[used++] = c;
	}
	normal[used] = '\0';
	if (digits)
	{
		while (zeros + 1 < used && normal[zeros] == '0')
			zeros++;
		memmove(normal, normal + zeros, used - zeros + 1);
	}
	return normal;
}

static bool
letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		(c >= 'a' && c <= 'z') || IS_HIGHBIT_SET(c);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * token_end: where the letters and digits from a place on end.
 */
static int
token_end(const char *text, int length, int at)
{
	while (at < length && letter_or_digit(text[at]))
		at++;
	return at;
}

/*
 * digits_end: where a number of digits from a place on ends, or 0.
 */
static int
digits_end(const char *text, int length, int at, int digits)
{
	if (length - at < digits)
		return 0;
	for (int i = 0; i < digits; i++)
	{
		if (!is_digit(text[at + i]))
			return 0;
	}
	return at + digits;
}

/*
 * grouped_end: where digits in groups of the given sizes end, with one sign
 * between and neither letter nor digit behind; 0 if they are not there.
 */
static int
grouped_end(const char *text, int length, int at, const char *sizes, char sign)
{
	for (int i = 0; sizes[i] != '\0'; i++)
	{
		if (i > 0 && (at >= length || text[at++] != sign))
			return 0;
		at = digits_end(text, length, at, sizes[i] - '0');
		if (at == 0)
			return 0;
	}
	return at < length && letter_or_digit(text[at]) ? 0 : at;
}

typedef struct Finder
{
	const char *text;
	ArReferenceHit *hits;
	int			count;
	int			room;
} Finder;

/*
 * propose: take a piece of the text if its check digits are right.
 */
static bool
propose(Finder *finder, const char *scheme, int start, int end)
{
	ArReferenceHit *hit;

	if (!ar_reference_holds(scheme, finder->text + start, end - start))
		return false;
	if (finder->count == finder->room)
	{
		finder->room *= 2;
		finder->hits = repalloc(finder->hits, sizeof(ArReferenceHit) * finder->room);
	}
	hit = &finder->hits[finder->count++];
	hit->scheme = scheme;
	hit->reference = ar_normal_reference(finder->text + start, end - start);
	hit->start = start;
	hit->end = end;
	return true;
}

/*
 * propose_creditor_references: those of ISO 11649 that may begin at a place: one
 * token, or in print RF18 5390 0754 7034, where only the check digits tell which
 * word is the last.  Returns where the longest ends, or the token if there is
 * none.
 */
static int
propose_creditor_references(Finder *finder, int length, int start)
{
	const char *text = finder->text;
	int			end = token_end(text, length, start);
	int			longest = end;

	if (length - start < 5 || pg_ascii_toupper(text[start]) != 'R' ||
		pg_ascii_toupper(text[start + 1]) != 'F' ||
		!is_digit(text[start + 2]) || !is_digit(text[start + 3]))
		return end;
	if (end - start > 4)
	{
		propose(finder, "RF", start, end);
		return end;
	}
	while (end + 1 < length && text[end] == ' ' && letter_or_digit(text[end + 1]))
	{
		int			word = end + 1;

		end = token_end(text, length, word);
		/* 25 characters, and a space before every fourth but the first. */
		if (end - start > 25 + 6)
			break;
		if (propose(finder, "RF", start, end))
			longest = end;
		if (end - word != 4)
			break;
	}
	return longest;
}

/*
 * ar_reference_find: the references in a text whose form tells them from other
 * numbers: of ISO 11649, of Switzerland and of Belgium.  In order of the text.
 */
int
ar_reference_find(const char *text, int length, ArReferenceHit **hits)
{
	Finder		finder = {.text = text, .room = 4};

	finder.hits = palloc(sizeof(ArReferenceHit) * finder.room);
	for (int at = 0; at < length;)
	{
		int			end;

		if (!letter_or_digit(text[at]))
		{
			at++;
			continue;
		}
		end = token_end(text, length, at);
		if (!is_digit(text[at]))
			end = propose_creditor_references(&finder, length, at);
		else
		{
			int			all = 0;
			const char *scheme = "QRR";

			if (end - at == 27)
				all = end;
			else if (end - at == 2)
				all = grouped_end(text, length, at, "255555", ' ');
			else if (end - at == 12 || end - at == 3)
			{
				scheme = "OGM";
				all = end - at == 12 ? end : grouped_end(text, length, at, "345", '/');
			}
			if (all > 0 && propose(&finder, scheme, at, all))
				end = all;
		}
		at = end;
	}
	*hits = finder.hits;
	return finder.count;
}

/*
 * scheme_of: the scheme that an argument names.
 */
static const Scheme *
scheme_of(text *name)
{
	const Scheme *scheme = find_scheme(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (scheme == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown scheme \"%s\" of payment references", text_to_cstring(name)),
				 errhint("ar.payment_reference_schemes() lists the schemes.")));
	return scheme;
}

/*
 * ar_payment_reference: the reference of a document number.
 */
Datum
ar_payment_reference(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	const Scheme *scheme = scheme_of(PG_GETARG_TEXT_PP(1));
	char	   *reference = make(scheme, VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number));

	if (reference == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reference));
}

/*
 * ar_is_payment_reference: whether a text is a reference of a scheme.
 */
Datum
ar_is_payment_reference(PG_FUNCTION_ARGS)
{
	text	   *reference = PG_GETARG_TEXT_PP(0);
	const Scheme *scheme = scheme_of(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(holds(scheme, VARDATA_ANY(reference), VARSIZE_ANY_EXHDR(reference)));
}

/*
 * ar_payment_reference_schemes: a row for each scheme.
 */
Datum
ar_payment_reference_schemes(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < lengthof(schemes); i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(schemes[i].name);
		values[1] = CStringGetTextDatum(schemes[i].title);
		values[2] = CStringGetTextDatum(schemes[i].source);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * ar_normal_reference_sql: the form in which references are compared, for SQL.
 */
Datum
ar_normal_reference_sql(PG_FUNCTION_ARGS)
{
	text	   *reference = PG_GETARG_TEXT_PP(0);
	char	   *normal = ar_normal_reference(VARDATA_ANY(reference),
											 VARSIZE_ANY_EXHDR(reference));

	if (normal[0] == '\0')
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(normal));
}

/*
 * ar_find_payment_references: a row for each reference in a text.
 */
Datum
ar_find_payment_references(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArReferenceHit *hits;
	int			count;

	InitMaterializedSRF(fcinfo, 0);
	count = ar_reference_find(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given), &hits);
	for (int i = 0; i < count; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = CStringGetTextDatum(hits[i].scheme);
		values[1] = CStringGetTextDatum(hits[i].reference);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
