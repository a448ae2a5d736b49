/*
 * payer_name.c
 *		Names as banks write them, compared with names as customers have them.
 *
 * A bank writes MUELLER ANNA for Anna Müller, leaves out the form of a company
 * or writes it out, and cuts what is long.  A name is therefore taken as a set
 * of words: small letters without accents, without the forms of companies, in
 * the order of the alphabet.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "compat.h"

PG_FUNCTION_INFO_V1(ar_payer_name_key);
PG_FUNCTION_INFO_V1(ar_is_payer_name);

/* Shorter words, and such with digits, are compared whole: cut or misspelt, they say nothing. */
#define PREFIX_MIN		4
#define MISSPELT_MIN	5

/* Of a name with more words the first ones count: so a comparison of two stays cheap. */
#define WORDS_MAX		32

typedef struct Word
{
	const char *start;
	int			length;
} Word;

/* What is a form of company, or a conjunction, and no part of a name; in the order of the alphabet. */
static const char *const forms[] = {
	"ab", "ag", "and", "aps", "as", "asa", "bv", "co", "company",
	"corp", "corporation", "cv", "doo", "ek", "et", "eurl", "ev", "gbr",
	"gmbh", "inc", "incorporated", "kft", "kg", "kgaa", "limited", "llc",
	"llp", "lp", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "oyj", "plc", "pte",
	"pty", "sa", "sapa", "sarl", "sas", "sl", "slu", "spa", "spzoo", "srl",
	"sro", "u", "ug", "und", "vof", "zrt"
};

/* The letters under the accents of U+00C0 to U+00FF; a blank is none. */
static const char latin1[] =
"aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty";

/* The same of U+0100 to U+017F. */
static const char latin_extended[] =
"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll"
"nnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

/*
 * fold: append a letter beyond ASCII without its accent; a blank for what is
 * no letter.  Letters of other scripts stay as they are.
 */
static void
fold(StringInfo to, const char *from, int length)
{
	pg_wchar	letter;

	if (GetDatabaseEncoding() != PG_UTF8 || length > 3)
	{
		appendBinaryStringInfo(to, from, length);
		return;
	}
	letter = utf8_to_unicode((const unsigned char *) from);
	switch (letter)
	{
		case 0xC4:				/* Ä */
		case 0xE4:
		case 0xC6:				/* Æ */
		case 0xE6:
			appendStringInfoString(to, "ae");
			return;
		case 0xD6:				/* Ö */
		case 0xF6:
		case 0x152:				/* Œ */
		case 0x153:
			appendStringInfoString(to, "oe");
			return;
		case 0xDC:				/* Ü */
		case 0xFC:
			appendStringInfoString(to, "ue");
			return;
		case 0xDF:				/* ß */
			appendStringInfoString(to, "ss");
			return;
		case 0x218:				/* Ș */
		case 0x219:
			appendStringInfoChar(to, 's');
			return;
		case 0x21A:				/* Ț */
		case 0x21B:
			appendStringInfoChar(to, 't');
			return;
		case 0x2019:			/* ’ */
			return;
	}
	if (letter >= 0xC0 && letter <= 0xFF)
		appendStringInfoChar(to, latin1[letter - 0xC0]);
	else if (letter >= 0x100 && letter <= 0x17F)
		appendStringInfoChar(to, latin_extended[letter - 0x100]);
	else if (letter < 0xC0 || (letter >= 0x2000 && letter <= 0x206F) || letter == 0x3000)
		appendStringInfoChar(to, ' ');
	else
		appendBinaryStringInfo(to, from, length);
}

static int
compare_words(const void *left, const void *right)
{
	const Word *a = left;
	const Word *b = right;
	int			order = memcmp(a->start, b->start, Min(a->length, b->length));

	return order != 0 ? order : a->length - b->length;
}

static int
compare_form(const void *word, const void *form)
{
	Word		other;

	other.start = *(const char *const *) form;
	other.length = strlen(other.start);
	return compare_words(word, &other);
}

/*
 * split: the words of a name in the order of the alphabet, each once.
 */
static int
split(text *name, Word *words)
{
	char	   *lower = str_tolower(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), DEFAULT_COLLATION_OID);
	StringInfoData plain;
	int			count = 0;
	int			named = 0;

	StaticAssertStmt(sizeof(latin1) == 64 + 1, "a letter for each of U+00C0 to U+00FF");
	StaticAssertStmt(sizeof(latin_extended) == 128 + 1, "a letter for each of U+0100 to U+017F");

	initStringInfo(&plain);
	for (const char *at = lower; *at != '\0';)
	{
		int			length = pg_mblen(at);

		if (length > 1)
			fold(&plain, at, length);
		else if ((*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || IS_HIGHBIT_SET(*at))
			appendStringInfoChar(&plain, *at);
		/* G.m.b.H. and L'Oreal are words. */
		else if (*at != '.' && *at != '\'')
			appendStringInfoChar(&plain, ' ');
		at += length;
	}

	for (const char *at = plain.data; *at != '\0' && count < WORDS_MAX;)
	{
		int			length = strcspn(at, " ");

		if (length > 0)
		{
			words[count].start = at;
			words[count++].length = length;
		}
		at += length;
		at += strspn(at, " ");
	}
	for (int i = 0; i < count; i++)
		if (bsearch(&words[i], forms, lengthof(forms), sizeof(forms[0]), compare_form) == NULL)
			words[named++] = words[i];
	/* A name of nothing but forms is one. */
	if (named > 0)
		count = named;
	if (count == 0)
		return 0;

	qsort(words, count, sizeof(Word), compare_words);
	named = 1;
	for (int i = 1; i < count; i++)
		if (compare_words(&words[i], &words[named - 1]) != 0)
			words[named++] = words[i];
	return named;
}

/*
 * ar_payer_name_key: the words of a name in the order of the alphabet.
 */
Datum
ar_payer_name_key(PG_FUNCTION_ARGS)
{
	Word		words[WORDS_MAX];
	int			count = split(PG_GETARG_TEXT_PP(0), words);
	StringInfoData key;

	if (count == 0)
		PG_RETURN_NULL();
	initStringInfo(&key);
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&key, ' ');
		appendBinaryStringInfo(&key, words[i].start, words[i].length);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(key.data, key.len));
}

/*
 * is_same_word: whether two words are the same, but for an end that was cut
 * off or one letter.
 */
static bool
is_same_word(const Word *a, const Word *b)
{
	int			shorter = Min(a->length, b->length);

	if (compare_words(a, b) == 0)
		return true;
	for (int i = 0; i < a->length; i++)
		if (a->start[i] >= '0' && a->start[i] <= '9')
			return false;
	if (shorter >= PREFIX_MIN && memcmp(a->start, b->start, shorter) == 0)
		return true;
	return shorter >= MISSPELT_MIN && abs(a->length - b->length) <= 1 &&
		varstr_levenshtein_less_equal(a->start, a->length, b->start, b->length,
									  1, 1, 1, 1, true) <= 1;
}

/*
 * ar_is_payer_name: whether the one name may be how a bank writes the other:
 * every word of the shorter is in the longer, and it is more than one word of
 * several.
 */
Datum
ar_is_payer_name(PG_FUNCTION_ARGS)
{
	Word		payer[WORDS_MAX];
	Word		customer[WORDS_MAX];
	int			payers = split(PG_GETARG_TEXT_PP(0), payer);
	int			customers = split(PG_GETARG_TEXT_PP(1), customer);
	Word	   *few = payers <= customers ? payer : customer;
	Word	   *many = payers <= customers ? customer : payer;
	int			shorter = Min(payers, customers);
	int			longer = Max(payers, customers);

	if (shorter == 0 || (shorter == 1 && longer > 1))
		PG_RETURN_BOOL(false);
	for (int i = 0; i < shorter; i++)
	{
		bool		found = false;

		for (int j = 0; j < longer && !found; j++)
			found = is_same_word(&few[i], &many[j]);
		if (!found)
			PG_RETURN_BOOL(false);
	}
	PG_RETURN_BOOL(true);
}
