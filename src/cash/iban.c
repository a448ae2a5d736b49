/*
 * iban.c
 *		Recognises an IBAN (ISO 13616) in the middle of a text.
 *
 * Needs no server: it is fuzzed alone.
 */
#include "postgres.h"

#include "cash/iban.h"

/* Countries of the IBAN registry, each with the length of its IBANs. */
static const char countries[] =
"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18"
"DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23"
"IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27"
"MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19"
"SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";

/*
 * value_of: what a character counts in MOD 97-10: a digit itself, a letter of
 * either case 10 to 35; -1 for anything else.
 */
static int
value_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10;
	return -1;
}

static int
carry(int remainder, int value)
{
	return (remainder * (value > 9 ? 100 : 10) + value) % 97;
}

/*
 * ar_iban_end: where the IBAN ends that begins at a place of the text, in one
 * piece or with single spaces, as in print; 0 if none does.  Country, length
 * and check digits must be right.
 */
int
ar_iban_end(const char *text, int length, int at)
{
	int			head[4];
	int			wanted = 0;
	int			taken = 0;
	int			remainder = 0;

	if (at < 0 || length - at < 15)
		return 0;
	for (int i = 0; i < 4; i++)
		head[i] = value_of(text[at + i]);
	if (head[0] < 10 || head[1] < 10 ||
		head[2] < 0 || head[2] > 9 || head[3] < 0 || head[3] > 9)
		return 0;
	for (int i = 0; i < sizeof(countries) - 1; i += 4)
	{
		if (countries[i] - 'A' + 10 == head[0] &&
			countries[i + 1] - 'A' + 10 == head[1])
			wanted = (countries[i + 2] - '0') * 10 + (countries[i + 3] - '0') - 4;
	}

	at += 4;
	while (taken < wanted && at < length)
	{
		int			value = value_of(text[at]);

		if (value >= 0)
		{
			remainder = carry(remainder, value);
			taken++;
		}
		else if (text[at] != ' ' || text[at - 1] == ' ')
			return 0;
		at++;
	}
	if (taken < wanted || wanted == 0 ||
		(at < length && text[at] >= '0' && text[at] <= '9'))
		return 0;
	for (int i = 0; i < 4; i++)
		remainder = carry(remainder, head[i]);
	return remainder == 1 ? at : 0;
}
