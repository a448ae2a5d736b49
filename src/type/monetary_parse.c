/*
 * monetary_parse.c
 *		The text of ar.monetary, read and written without PostgreSQL's help.
 *
 * The grammar, with blanks around anything but inside nothing:
 *
 *		literal = code blanks amount | amount blanks code
 *		code = three letters, of either case
 *		amount = [ "+" | "-" ] digits [ "." digits ], at least one digit
 *
 * Nothing here allocates, raises or looks at a locale, so that it can be
 * fuzzed as it stands.
 */
#include "postgres.h"

#include "common/int.h"

#include "type/monetary.h"

/* The parts of an amount, before its currency is known. */
typedef struct Amount
{
	bool		is_negative;
	bool		is_out_of_range;
	int			decimals;
	int64		negated;		/* below zero, where int64 reaches further */
} Amount;

static inline bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
is_sign(char c)
{
	return c == '+' || c == '-';
}

/*
 * names_no_number tells whether a word is one that numeric knows, but no
 * amount of money can be.
 */
static bool
names_no_number(const char *word, const char *end)
{
	static const char *const names[] = {"nan", "inf", "infinity"};

	if (word < end && is_sign(*word))
		word++;
	for (int i = 0; i < lengthof(names); i++)
	{
		if (end - word == strlen(names[i]) &&
			pg_strncasecmp(word, names[i], end - word) == 0)
			return true;
	}
	return false;
}

/*
 * judge_character says what is wrong at a character that no amount goes on
 * with, as near to the mind of the one who typed it as can be told.
 */
static ArMonetaryProblem
judge_character(const char *c, const char *word, const char *end)
{
	const char *next = c + 1;
	bool		after_digit = c > word && is_digit(c[-1]);

	if (is_sign(*c))
		return is_sign(*word) ? AR_MONETARY_SECOND_SIGN : AR_MONETARY_SIGN_MISPLACED;
	if (*c == ',' || *c == '\'' || *c == '_')
		return AR_MONETARY_SEPARATOR;
	if (*c == '.')
		return AR_MONETARY_SECOND_POINT;
	if ((*c == 'e' || *c == 'E') && after_digit && next < end &&
		(is_digit(*next) || is_sign(*next)))
		return AR_MONETARY_EXPONENT;
	if (*c == '$' || IS_HIGHBIT_SET(*c))
		return AR_MONETARY_SYMBOL;
	if (is_letter(*c) && after_digit && end - c == 3)
		return AR_MONETARY_NO_BLANK;
	return AR_MONETARY_SYNTAX;
}

/*
 * parse_amount reads one word as an amount.  It gathers below zero, so that
 * the smallest int64 needs no exception.
 */
static ArMonetaryProblem
parse_amount(const char *word, const char *end, Amount *amount)
{
	const char *c = word;
	bool		has_digit = false;
	bool		has_point = false;

	memset(amount, 0, sizeof(*amount));
	if (names_no_number(word, end))
		return AR_MONETARY_NOT_FINITE;
	if (is_sign(*c))
	{
		amount->is_negative = (*c == '-');
		c++;
		if (c == end)
			return AR_MONETARY_SIGN_APART;
		if (is_letter(*c))
			return AR_MONETARY_SIGN_MISPLACED;
	}
	for (; c < end; c++)
	{
		if (is_digit(*c))
		{
			has_digit = true;
			if (has_point)
				amount->decimals++;
			if (pg_mul_s64_overflow(amount->negated, 10, &amount->negated) ||
				pg_sub_s64_overflow(amount->negated, *c - '0', &amount->negated))
				amount->is_out_of_range = true;
		}
		else if (*c == '.' && !has_point)
			has_point = true;
		else
			return judge_character(c, word, end);
	}
	return has_digit ? AR_MONETARY_FINE : AR_MONETARY_SYNTAX;
}

/*
 * parse_code reads one word as the code of a currency.
 */
static ArMonetaryProblem
parse_code(const char *word, const char *end, ArMonetaryParse *parse)
{
	const char *c = word;

	while (c < end && is_letter(*c))
		c++;
	if (c < end && c - word == 3 && (is_digit(*c) || is_sign(*c) || *c == '.'))
		return AR_MONETARY_NO_BLANK;
	if (c < end || c - word != 3)
		return AR_MONETARY_UNKNOWN_CURRENCY;
	memcpy(parse->code, word, 3);
	if (!ar_currency_lookup(parse->code, &parse->currency))
		return AR_MONETARY_UNKNOWN_CURRENCY;
	return AR_MONETARY_FINE;
}

/*
 * scale_amount turns what was written into minor units, which it never does
 * by dropping a digit: even a zero too many is refused, for "EUR 1.000" may
 * well mean a thousand to the one who wrote it.
 */
static ArMonetaryProblem
scale_amount(Amount *amount, ArMonetaryParse *parse)
{
	int			exponent = ar_currency_exponent(parse->currency);
	int64		minor = amount->negated;

	parse->decimals = amount->decimals;
	if (amount->decimals > exponent)
		return AR_MONETARY_DECIMALS;
	if (amount->is_out_of_range)
		return AR_MONETARY_OUT_OF_RANGE;
	for (int i = amount->decimals; i < exponent; i++)
	{
		if (pg_mul_s64_overflow(minor, 10, &minor))
			return AR_MONETARY_OUT_OF_RANGE;
	}
	if (!amount->is_negative && pg_sub_s64_overflow(0, minor, &minor))
		return AR_MONETARY_OUT_OF_RANGE;
	ar_monetary_set(&parse->value, minor, parse->currency);
	return AR_MONETARY_FINE;
}

/*
 * next_word finds the word that begins at or after *end, and moves *end
 * behind it.  An empty word is the end of the text.
 */
static const char *
next_word(const char **end)
{
	const char *word = *end;

	while (is_blank(*word))
		word++;
	*end = word;
	while (**end != '\0' && !is_blank(**end))
		(*end)++;
	return word;
}

/*
 * parse_canonical reads a literal in the form that ar_monetary_print writes,
 * which nearly all have, but at most 18 digits, which always fit.  Whatever
 * else it meets it leaves to be read with more care.
 */
static bool
parse_canonical(const char *text, ArMonetaryParse *parse)
{
	const char *c = text;
	const char *first;
	const char *point = NULL;
	bool		is_negative;
	uint64		minor = 0;
	int			decimals;

	if (!is_letter(c[0]) || !is_letter(c[1]) || !is_letter(c[2]) || c[3] != ' ')
		return false;
	c += 4;
	is_negative = (*c == '-');
	if (is_negative)
		c++;
	for (first = c; is_digit(*c); c++)
		minor = minor * 10 + (uint64) (*c - '0');
	if (c == first)
		return false;
	if (*c == '.')
	{
		for (point = c++; is_digit(*c); c++)
			minor = minor * 10 + (uint64) (*c - '0');
	}
	decimals = point == NULL ? 0 : (int) (c - point) - 1;
	if (*c != '\0' || c - first > 18 || !ar_currency_lookup(text, &parse->currency))
		return false;
	if (decimals != ar_currency_exponent(parse->currency))
	{
		parse->currency = 0;
		return false;
	}
	memcpy(parse->code, text, 3);
	parse->decimals = decimals;
	ar_monetary_set(&parse->value, is_negative ? -(int64) minor : (int64) minor,
					parse->currency);
	return true;
}

/*
 * ar_monetary_parse reads a literal of ar.monetary.  It returns what is wrong
 * with it, with as much in *parse as a message about that needs.
 */
ArMonetaryProblem
ar_monetary_parse(const char *text, ArMonetaryParse *parse)
{
	const char *end[3];
	const char *word[3];
	bool		code_first;
	Amount		amount;
	ArMonetaryProblem problem;

	memset(parse, 0, sizeof(*parse));
	if (parse_canonical(text, parse))
		return AR_MONETARY_FINE;
	end[0] = text;
	word[0] = next_word(&end[0]);
	end[1] = end[0];
	word[1] = next_word(&end[1]);
	end[2] = end[1];
	word[2] = next_word(&end[2]);

	if (word[0] == end[0])
		return AR_MONETARY_EMPTY;
	code_first = is_letter(*word[0]) &&
		!(names_no_number(word[0], end[0]) && is_letter(*word[1]));

	if (code_first)
	{
		if (word[1] == end[1] && names_no_number(word[0], end[0]))
			return AR_MONETARY_NOT_FINITE;
		problem = parse_code(word[0], end[0], parse);
		if (problem != AR_MONETARY_FINE)
			return problem;
		if (word[1] == end[1])
			return AR_MONETARY_NO_AMOUNT;
		/* "USD - 5": the sign stands alone, which parse_amount tells */
		problem = parse_amount(word[1], end[1], &amount);
	}
	else
	{
		problem = parse_amount(word[0], end[0], &amount);
		if (problem != AR_MONETARY_FINE)
			return problem;
		if (word[1] == end[1])
			return AR_MONETARY_NO_CURRENCY;
		if (!is_letter(*word[1]))
			return is_digit(*word[1]) ? AR_MONETARY_SEPARATOR :
				judge_character(word[1], word[0], end[1]);
		problem = parse_code(word[1], end[1], parse);
	}
	if (problem != AR_MONETARY_FINE)
		return problem;
	if (word[2] != end[2])
	{
		if (is_letter(*word[2]))
			return AR_MONETARY_SECOND_CURRENCY;
		if (is_digit(*word[2]))
			return AR_MONETARY_SEPARATOR;
		return AR_MONETARY_SYNTAX;
	}
	return scale_amount(&amount, parse);
}

/*
 * print_digits writes the digits of a number, two at a time, so that they end
 * before "end", and returns where they begin.
 */
static inline char *
print_digits(uint64 number, char *end)
{
	static const char pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

	for (; number >= 100; number /= 100)
	{
		end -= 2;
		memcpy(end, &pairs[number % 100 * 2], 2);
	}
	if (number < 10)
		*--end = (char) ('0' + number);
	else
	{
		end -= 2;
		memcpy(end, &pairs[number * 2], 2);
	}
	return end;
}

/*
 * ar_monetary_print writes an amount in its canonical form, such as
 * "USD -1234.50", into AR_MONETARY_TEXT_SIZE bytes, and returns its length.
 */
int
ar_monetary_print(int64 minor, uint32 currency, char *text)
{
	int			exponent = ar_currency_exponent(currency);
	char		digits[AR_MONETARY_TEXT_SIZE];
	char	   *end = digits + sizeof(digits);
	char	   *begin = print_digits(minor < 0 ? 0 - (uint64) minor : (uint64) minor, end);
	int			whole;			/* digits before the point */
	char	   *c = text;

	Assert(exponent < 19);
	while (end - begin <= exponent)
		*--begin = '0';
	whole = (int) (end - begin) - exponent;

	ar_currency_code(currency, c);
	c += 3;
	*c++ = ' ';
	if (minor < 0)
		*c++ = '-';
	memcpy(c, begin, whole);
	c += whole;
	if (exponent > 0)
	{
		*c++ = '.';
		memcpy(c, begin + whole, exponent);
		c += exponent;
	}
	*c = '\0';
	return (int) (c - text);
}
