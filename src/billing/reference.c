/*
 * reference.c
 *		The creditor reference of ISO 11649: RF, two check digits, and up to 21
 *		letters and digits, by which a bank transfer names what it pays.
 *
 * The check digits are those of ISO 7064 MOD 97-10, as in an IBAN.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "billing/reference.h"
#include "compat.h"

PG_FUNCTION_INFO_V1(ar_creditor_reference);
PG_FUNCTION_INFO_V1(ar_creditor_reference_is_valid);

#define PREFIX_LENGTH	4		/* RF and the check digits */
#define BODY_MAX		21

/*
 * mod97_of: carry a remainder on over more characters; a letter counts as two
 * digits, A as 10 to Z as 35.
 */
static int
mod97_of(int remainder, const char *characters, int length)
{
	for (int i = 0; i < length; i++)
	{
		char		c = characters[i];

		if (c >= '0' && c <= '9')
			remainder = (remainder * 10 + (c - '0')) % 97;
		else
			remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
	}
	return remainder;
}

/*
 * letter_or_digit: whether a reference may have this character, with small
 * letters made capital.  Bytes of other scripts never are: every encoding a
 * database can have keeps ASCII to itself.
 */
static bool
letter_or_digit(char *c)
{
	if (*c >= 'a' && *c <= 'z')
		*c -= 'a' - 'A';
	return (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z');
}

/*
 * make_reference: the reference of what is called by some number.  NULL where
 * the number has neither letter nor digit.  Of a longer one the end is kept,
 * because that is where numbers differ.
 */
static char *
make_reference(const char *from, int at)
{
	char		reference[PREFIX_LENGTH + BODY_MAX];
	char	   *body = reference + sizeof(reference);
	int			length;
	int			check;

	while (at > 0 && body > reference + PREFIX_LENGTH)
	{
		char		c = from[--at];

		if (letter_or_digit(&c))
			*--body = c;
	}
	length = reference + sizeof(reference) - body;
	if (length == 0)
		return NULL;

	check = 98 - mod97_of(mod97_of(0, body, length), "RF00", PREFIX_LENGTH);
	*--body = '0' + check % 10;
	*--body = '0' + check / 10;
	*--body = 'F';
	*--body = 'R';
	return pnstrdup(body, PREFIX_LENGTH + length);
}

/*
 * ar_creditor_reference_of: the reference of a number, or NULL, for C.
 */
char *
ar_creditor_reference_of(const char *number)
{
	return make_reference(number, strlen(number));
}

/*
 * ar_creditor_reference: the same for SQL.
 */
Datum
ar_creditor_reference(PG_FUNCTION_ARGS)
{
	text	   *number = PG_GETARG_TEXT_PP(0);
	char	   *reference = make_reference(VARDATA_ANY(number), VARSIZE_ANY_EXHDR(number));

	if (reference == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(reference));
}

/*
 * ar_creditor_reference_holds: whether a text is a reference with the right
 * check digits, as machines write it or, with spaces, as people do.
 */
bool
ar_creditor_reference_holds(const char *text, int text_length)
{
	char		reference[PREFIX_LENGTH + BODY_MAX];
	int			length = 0;
	int			check;

	for (int i = 0; i < text_length; i++)
	{
		char		c = text[i];

		if (c == ' ')
			continue;
		if (!letter_or_digit(&c) || length == sizeof(reference))
			return false;
		reference[length++] = c;
	}
	if (length <= PREFIX_LENGTH || reference[0] != 'R' || reference[1] != 'F' ||
		reference[2] > '9' || reference[3] > '9')
		return false;

	/* 00, 01 and 99 leave the same remainder as 97, 98 and 02 do. */
	check = (reference[2] - '0') * 10 + (reference[3] - '0');
	return check >= 2 && check <= 98 &&
		mod97_of(mod97_of(0, reference + PREFIX_LENGTH, length - PREFIX_LENGTH),
				 reference, PREFIX_LENGTH) == 1;
}

/*
 * ar_creditor_reference_is_valid: the same for SQL.
 */
Datum
ar_creditor_reference_is_valid(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(ar_creditor_reference_holds(VARDATA_ANY(given),
											   VARSIZE_ANY_EXHDR(given)));
}
