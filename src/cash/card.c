/*
 * card.c
 *		Numbers of payment cards (ISO/IEC 7812) in texts, found and masked.
 *
 * A card number is 13 to 19 digits, the last of them by Luhn's formula, perhaps
 * with single spaces or dashes between.  So are one in ten of all such runs, and
 * every reference of a bank that uses the same formula.  To refuse a text, any
 * such run is enough; to mask one, it must begin like a card, and be as long as
 * its issuer's cards are.
 *
 * No card: digits right behind a letter, as in an IBAN or RE1234567890123; runs
 * that begin with 0, which no issuer has; and whatever stands in an IBAN.
 *
 * Needs no server: it is fuzzed alone.
 */
#include "postgres.h"

#include "cash/card.h"
#include "cash/iban.h"

#define CARD_MIN	13
#define CARD_MAX	19

/* Digits of a text, with single spaces or dashes between. */
typedef struct Run
{
	int			start;			/* bytes of the text */
	int			end;
	int			count;			/* digits */
} Run;

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/*
 * next_run: the next longest run of digits from a place on.
 */
static bool
next_run(const char *text, int length, int at, Run *run)
{
	while (at < length)
	{
		int			iban_end = is_letter(text[at]) ? ar_iban_end(text, length, at) : 0;

		if (iban_end > 0)
			at = iban_end;
		else if (!is_digit(text[at]))
			at++;
		else
			break;
	}
	if (at >= length)
		return false;
	run->start = at;
	run->count = 0;
	while (at < length)
	{
		if (is_digit(text[at]))
		{
			run->count++;
			run->end = ++at;
		}
		else if ((text[at] == ' ' || text[at] == '-') && is_digit(text[at - 1]))
			at++;
		else
			break;
	}
	return true;
}

/*
 * luhn_holds: whether the digits of a piece of the text satisfy Luhn's formula.
 */
static bool
luhn_holds(const char *text, int start, int end)
{
	int			sum = 0;
	bool		twice = false;

	for (int i = end - 1; i >= start; i--)
	{
		int			digit = text[i] - '0';

		if (!is_digit(text[i]))
			continue;
		if (twice)
			digit *= 2;
		sum += digit > 9 ? digit - 9 : digit;
		twice = !twice;
	}
	return sum % 10 == 0;
}

/*
 * like_a_card: whether so many digits that begin so are a card's: the ranges of
 * issuers and the lengths of their numbers.
 */
static bool
like_a_card(const char *text, int start, int count)
{
	int			iin = 0;
	int			digits = 0;

	for (int i = start; digits < 4; i++)
	{
		if (!is_digit(text[i]))
			continue;
		iin = iin * 10 + (text[i] - '0');
		digits++;
	}
	if (iin >= 4000 && iin <= 4999) /* Visa */
		return count == 13 || count == 16 || count == 19;
	if ((iin >= 5100 && iin <= 5599) || (iin >= 2221 && iin <= 2720))	/* Mastercard */
		return count == 16;
	if ((iin >= 3400 && iin <= 3499) || (iin >= 3700 && iin <= 3799))	/* American Express */
		return count == 15;
	if (iin >= 3528 && iin <= 3589) /* JCB */
		return count >= 16;
	if ((iin >= 3000 && iin <= 3059) || iin == 3095 ||
		(iin >= 3600 && iin <= 3699) || (iin >= 3800 && iin <= 3999))	/* Diners Club */
		return count >= 14;
	if (iin == 6011 || (iin >= 6440 && iin <= 6599) ||	/* Discover */
		(iin >= 6200 && iin <= 6299) || (iin >= 8100 && iin <= 8171))	/* UnionPay */
		return count >= 16;
	if (iin >= 2200 && iin <= 2204) /* Mir */
		return count >= 16;
	/* Maestro */
	return (iin >= 5000 && iin <= 5099) || (iin >= 5600 && iin <= 5899) ||
		(iin >= 6000 && iin <= 6999);
}

/*
 * card_in_run: the card that a run is, or that stands in it by itself or in
 * groups of four, before an expiry date or behind another number.  A part must
 * begin like a card, because a long run has many parts.
 */
static bool
card_in_run(const char *text, const Run *run, bool strict, Run *card)
{
	*card = *run;
	if (run->start > 0 && is_letter(text[run->start - 1]))
		return false;
	if (run->count >= CARD_MIN && run->count <= CARD_MAX &&
		text[run->start] != '0' && luhn_holds(text, run->start, run->end) &&
		(!strict || like_a_card(text, run->start, run->count)))
		return true;

	for (int start = run->start; start < run->end; start++)
	{
		int			group = 0;	/* digits of the present group */
		int			first = 0;	/* and of the first */
		int			count = 0;
		bool		found = false;

		if (!is_digit(text[start]) || (start > run->start && is_digit(text[start - 1])))
			continue;
		for (int end = start; end < run->end && count <= CARD_MAX; end++)
		{
			if (!is_digit(text[end]))
			{
				/* 4 4 4 4, and 4 6 5 of American Express. */
				if ((first == 0 && group != 4) || (group != 4 && group != 6))
					break;
				first = 4;
				group = 0;
				continue;
			}
			group++;
			count++;
			if (end + 1 < run->end && is_digit(text[end + 1]))
				continue;
			if (count >= CARD_MIN && count <= CARD_MAX &&
				like_a_card(text, start, count) && luhn_holds(text, start, end + 1))
			{
				card->start = start;
				card->end = end + 1;
				card->count = count;
				found = true;
			}
		}
		/* The longest: of 19 digits the first 16 may satisfy the formula, too. */
		if (found)
			return true;
	}
	return false;
}

/*
 * ar_has_card_number: whether a text has a number that may be a card's.
 */
bool
ar_has_card_number(const char *text, int length)
{
	Run			run = {0};
	Run			card;

	while (next_run(text, length, run.end, &run))
	{
		if (card_in_run(text, &run, false, &card))
			return true;
	}
	return false;
}

/*
 * ar_mask_card_numbers: replace the middle of each number that is a card's by
 * asterisks, all but the first 6 and last 4 digits.  Tells whether there was
 * any.
 */
bool
ar_mask_card_numbers(char *text, int length)
{
	Run			run = {0};
	Run			card;
	bool		masked = false;

	while (next_run(text, length, run.end, &run))
	{
		while (card_in_run(text, &run, true, &card))
		{
			int			nth = 0;

			masked = true;
			for (int i = card.start; i < card.end; i++)
			{
				if (!is_digit(text[i]))
					continue;
				nth++;
				if (nth > 6 && nth <= card.count - 4)
					text[i] = '*';
			}
			/* What follows it may be another card. */
			run.start = card.end;
			while (run.start < run.end && !is_digit(text[run.start]))
				run.start++;
			run.count = 0;
			for (int i = run.start; i < run.end && run.count <= CARD_MAX; i++)
				run.count += is_digit(text[i]);
			if (run.count < CARD_MIN)
				break;
		}
	}
	return masked;
}
