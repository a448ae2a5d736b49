/*
 * terms_parse.c
 *		Reads credit terms from text into a bounded struct.
 *
 * The grammar, where [x] may be absent and {x} repeats:
 *
 *		terms      = instalment {"," instalment}
 *		instalment = [share] {discount [","]} due
 *		share      = percent "%" ["of" "rest"] | amount | "rest"
 *		discount   = percent ["%"] "/" (period | day)
 *		due        = "due on receipt" | step {["then"] step}
 *		step       = ("net" | "n/") period | ["net" | "n/"] day
 *		period     = number ["days" | "weeks" | "months" | "years"]
 *				   | number ("prox" | "proximo") [cutoff]
 *		day        = ("eom" | "end of month" | "day" number) [cutoff]
 *				   | "next day" number | "same month day" number
 *				   | "next" weekday
 *		cutoff     = "cutoff" number
 *
 * The units may be in the singular, too.
 *
 * The parser allocates nothing and knows nothing of the server, so that it
 * is quick enough to run once an invoice and can be fuzzed alone.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "type/terms.h"

typedef enum TokenKind
{
	TOKEN_END,
	TOKEN_NUMBER,
	TOKEN_WORD,
	TOKEN_SYMBOL,				/* one of , / % */
	TOKEN_WRONG					/* no token at all: see wrong_reason */
} TokenKind;

typedef struct Parser
{
	const char *text;
	int			length;
	ArTermsError *error;

	/* The token to look at next. */
	TokenKind	kind;
	int			offset;
	int			end;
	int64		number;			/* in millionths */
	const char *wrong_reason;

	int			consumed_end;	/* where the token before it ended */
} Parser;

/* What the checks of a whole need to point at; see check_shares(). */
typedef struct ShareMark
{
	bool		is_given;
	int			offset;
	int			length;
} ShareMark;

static const char *const general_hint =
	"Write terms such as \"due on receipt\", \"net 30\", \"2/10 net 30\", \"net 30 eom\", \"net 15 day 10\" or \"30% due on receipt, 70% net 60\".";

const char *const ar_terms_weekdays[7] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
};

/* What may follow the number of a period, but for days. */
typedef struct Unit
{
	const char *names[2];
	ArTermsStepKind kind;
	int			factor;
	int			minimum;
	int			maximum;
	const char *reason;
} Unit;

static const Unit units[] = {
	{{"month", "months"}, AR_STEP_MONTHS, 1, 0, AR_TERMS_MAX_MONTHS,
	"months are a whole number from 0 to 999"},
	{{"year", "years"}, AR_STEP_MONTHS, MONTHS_PER_YEAR, 0,
		AR_TERMS_MAX_MONTHS / MONTHS_PER_YEAR,
	"years are a whole number from 0 to 83"},
	{{"week", "weeks"}, AR_STEP_DAYS, 7, 0, AR_TERMS_MAX_DAYS / 7,
	"weeks are a whole number from 0 to 1428"},
	{{"prox", "proximo"}, AR_STEP_DAY, 1, 1, 31,
	"the day of a month is a whole number from 1 to 31"}
};

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * scan_number reads digits, perhaps with decimals, into millionths.
 */
static void
scan_number(Parser *parser)
{
	const int	max_digits = 12;	/* so that millionths fit an int64 */
	int			at = parser->offset;
	int			digits = 0;
	int			decimals = 0;

	parser->kind = TOKEN_NUMBER;
	parser->number = 0;
	for (; at < parser->length && is_digit(parser->text[at]); at++)
	{
		if (++digits <= max_digits)
			parser->number = parser->number * 10 + (parser->text[at] - '0');
	}
	if (at < parser->length && parser->text[at] == '.')
	{
		for (at++; at < parser->length && is_digit(parser->text[at]); at++)
		{
			if (++decimals <= AR_TERMS_DECIMALS && digits <= max_digits)
				parser->number = parser->number * 10 + (parser->text[at] - '0');
		}
		if (decimals == 0)
		{
			parser->kind = TOKEN_WRONG;
			parser->wrong_reason = "a number cannot end in its decimal point";
		}
	}
	parser->end = at;
	if (digits > max_digits)
	{
		parser->kind = TOKEN_WRONG;
		parser->wrong_reason = "a number has at most 12 digits before the decimal point";
	}
	else if (decimals > AR_TERMS_DECIMALS)
	{
		parser->kind = TOKEN_WRONG;
		parser->wrong_reason = "a number has at most 6 decimals";
	}
	else
	{
		for (int i = decimals; i < AR_TERMS_DECIMALS; i++)
			parser->number *= 10;
	}
}

/*
 * advance moves to the next token.
 */
static void
advance(Parser *parser)
{
	int			at = parser->end;
	char		c;

	parser->consumed_end = parser->end;
	while (at < parser->length && is_blank(parser->text[at]))
		at++;
	parser->offset = at;
	if (at >= parser->length)
	{
		parser->kind = TOKEN_END;
		parser->end = at;
		return;
	}

	c = parser->text[at];
	if (is_digit(c))
	{
		scan_number(parser);
		return;
	}
	if (is_letter(c))
	{
		parser->kind = TOKEN_WORD;
		while (at < parser->length && is_letter(parser->text[at]))
			at++;
	}
	else if (c == ',' || c == '/' || c == '%')
	{
		parser->kind = TOKEN_SYMBOL;
		at++;
	}
	else
	{
		parser->kind = TOKEN_WRONG;
		parser->wrong_reason = (c == '-') ?
			"no number can be negative" : "this sign has no meaning in terms";
		/* The bytes of a character beyond ASCII stay together. */
		for (at++; at < parser->length && IS_HIGHBIT_SET(parser->text[at]) &&
			 IS_HIGHBIT_SET(c); at++)
			;
		while (c == '-' && at < parser->length && is_digit(parser->text[at]))
			at++;
	}
	parser->end = at;
}

/*
 * is_word tells whether the token is that word (given in lower case).
 */
static bool
is_word(const Parser *parser, const char *word)
{
	int			i;

	if (parser->kind != TOKEN_WORD)
		return false;
	for (i = 0; i < parser->end - parser->offset; i++)
	{
		if ((parser->text[parser->offset + i] | 0x20) != word[i])
			return false;
	}
	return word[i] == '\0';
}

static bool
is_symbol(const Parser *parser, char symbol)
{
	return parser->kind == TOKEN_SYMBOL &&
		parser->text[parser->offset] == symbol;
}

/*
 * accept_word moves past that word, or stays and returns false.
 */
static bool
accept_word(Parser *parser, const char *word)
{
	if (!is_word(parser, word))
		return false;
	advance(parser);
	return true;
}

static bool
accept_symbol(Parser *parser, char symbol)
{
	if (!is_symbol(parser, symbol))
		return false;
	advance(parser);
	return true;
}

/*
 * fail_at records why the text is not terms, and returns false for its
 * caller to return.
 */
static bool
fail_at(Parser *parser, int offset, int length,
		const char *reason, const char *hint)
{
	parser->error->reason = reason;
	parser->error->hint = hint;
	parser->error->sum = -1;
	parser->error->offset = offset;
	parser->error->length = length;
	return false;
}

/*
 * fail is fail_at() for the token itself; where that is no token at all, its
 * own reason explains more.
 */
static bool
fail(Parser *parser, const char *reason)
{
	return fail_at(parser, parser->offset, parser->end - parser->offset,
				   parser->kind == TOKEN_WRONG ? parser->wrong_reason : reason,
				   general_hint);
}

/*
 * parse_whole reads a whole number between two limits.
 */
static bool
parse_whole(Parser *parser, int minimum, int maximum, int32 *value,
			const char *reason)
{
	if (parser->kind != TOKEN_NUMBER ||
		parser->number % AR_TERMS_ONE != 0 ||
		parser->number < minimum * AR_TERMS_ONE ||
		parser->number > maximum * AR_TERMS_ONE)
		return fail(parser, reason);
	*value = (int32) (parser->number / AR_TERMS_ONE);
	advance(parser);
	return true;
}

/*
 * parse_cutoff reads the cutoff that may follow a step to the end of a month
 * or to a day of the following one.
 */
static bool
parse_cutoff(Parser *parser, ArTermsStep *step)
{
	if (!accept_word(parser, "cutoff"))
		return true;
	return parse_whole(parser, 1, 30, &step->cutoff,
					   "a cutoff is a day of the month from 1 to 30");
}

/*
 * parse_period reads so many days, weeks, months or years, or the day of a
 * "net 10 prox".
 *
 * In "net 15 day 10" the word belongs to the 10, so "day" is a unit only
 * where no number follows.
 */
static bool
parse_period(Parser *parser, ArTermsStep *step)
{
	Parser		number = *parser;
	const Unit *unit = NULL;

	step->kind = AR_STEP_DAYS;
	step->cutoff = 0;
	if (parser->kind == TOKEN_NUMBER)
		advance(parser);
	for (int i = 0; i < lengthof(units) && unit == NULL; i++)
	{
		if (is_word(parser, units[i].names[0]) ||
			is_word(parser, units[i].names[1]))
			unit = &units[i];
	}
	*parser = number;

	if (unit != NULL)
	{
		if (!parse_whole(parser, unit->minimum, unit->maximum, &step->number,
						 unit->reason))
			return false;
		advance(parser);
		step->kind = unit->kind;
		step->number *= unit->factor;
		return step->kind != AR_STEP_DAY || parse_cutoff(parser, step);
	}

	if (!parse_whole(parser, 0, AR_TERMS_MAX_DAYS, &step->number,
					 "days are a whole number from 0 to 9999"))
		return false;
	if (accept_word(parser, "days"))
		return true;
	if (is_word(parser, "day"))
	{
		Parser		day = *parser;

		advance(parser);
		if (parser->kind == TOKEN_NUMBER)
			*parser = day;
	}
	return true;
}

/*
 * parse_day reads a step to a certain day, and tells in *is_found whether one
 * begins here at all.
 */
static bool
parse_day(Parser *parser, ArTermsStep *step, bool *is_found)
{
	*is_found = true;
	step->number = 0;
	step->cutoff = 0;
	if (accept_word(parser, "eom"))
	{
		step->kind = AR_STEP_END_OF_MONTH;
		return parse_cutoff(parser, step);
	}
	if (accept_word(parser, "end"))
	{
		step->kind = AR_STEP_END_OF_MONTH;
		if (!accept_word(parser, "of") || !accept_word(parser, "month"))
			return fail(parser, "\"end\" is followed by \"of month\"");
		return parse_cutoff(parser, step);
	}

	if (is_word(parser, "day"))
		step->kind = AR_STEP_DAY;
	else if (accept_word(parser, "next"))
	{
		for (int i = 0; i < lengthof(ar_terms_weekdays); i++)
		{
			if (accept_word(parser, ar_terms_weekdays[i]))
			{
				step->kind = AR_STEP_NEXT_WEEKDAY;
				step->number = i + 1;
				return true;
			}
		}
		step->kind = AR_STEP_NEXT_DAY;
		if (!is_word(parser, "day"))
			return fail(parser, "\"next\" is followed by \"day\" and a number, or by a day of the week");
	}
	else if (accept_word(parser, "same"))
	{
		step->kind = AR_STEP_SAME_MONTH_DAY;
		if (!accept_word(parser, "month"))
			return fail(parser, "\"same\" is followed by \"month day\" and a number");
	}
	else
	{
		*is_found = false;
		return true;
	}
	if (!accept_word(parser, "day"))
		return fail(parser, "\"day\" and a number must stand here");
	if (!parse_whole(parser, 1, 31, &step->number,
					 "the day of a month is a whole number from 1 to 31"))
		return false;
	return step->kind != AR_STEP_DAY || parse_cutoff(parser, step);
}

/*
 * parse_due reads the due rule of an instalment.  Steps of nothing ("net 0")
 * are dropped, so that equal rules have equal texts.
 */
static bool
parse_due(Parser *parser, ArTermsInstalment *instalment)
{
	bool		is_required = true;

	instalment->step_count = 0;
	if (accept_word(parser, "due"))
	{
		if (!accept_word(parser, "on") || !accept_word(parser, "receipt"))
			return fail(parser, "\"due\" is followed by \"on receipt\"");
		return true;
	}

	for (;;)
	{
		int			offset = parser->offset;
		ArTermsStep step;
		bool		is_found;
		bool		is_net;

		is_net = accept_word(parser, "net");
		if (!is_net && is_word(parser, "n"))
		{
			advance(parser);
			if (!accept_symbol(parser, '/'))
				return fail(parser, "\"n\" is followed by a slash and a number of days");
			is_net = true;
		}

		if (!parse_day(parser, &step, &is_found))
			return false;
		if (!is_found && is_net)
		{
			if (!parse_period(parser, &step))
				return false;
		}
		else if (!is_found)
		{
			if (is_required)
				return fail(parser, "a due date such as \"net 30\" must stand here");
			return true;
		}

		if (step.number != 0 || step.kind == AR_STEP_END_OF_MONTH)
		{
			if (instalment->step_count == AR_TERMS_MAX_STEPS)
				return fail_at(parser, offset, parser->consumed_end - offset,
							   "a due rule has at most 4 steps", general_hint);
			instalment->steps[instalment->step_count++] = step;
		}
		is_required = accept_word(parser, "then");
	}
}

/*
 * step_bounds adds the fewest and the most days that a step can move a date.
 */
static void
step_bounds(const ArTermsStep *step, int *least, int *most)
{
	switch (step->kind)
	{
		case AR_STEP_DAYS:
			*least += step->number;
			*most += step->number;
			break;
		case AR_STEP_MONTHS:
			*least += step->number * 28;
			*most += step->number * 31;
			break;
		case AR_STEP_END_OF_MONTH:
		case AR_STEP_NEXT_DAY:
			*most += 30;
			break;
		case AR_STEP_DAY:
			*least += 1;
			*most += 61;
			break;
		case AR_STEP_SAME_MONTH_DAY:
			*least -= 30;
			*most += 30;
			break;
		case AR_STEP_NEXT_WEEKDAY:
			*most += 6;
			break;
	}
	if (step->cutoff > 0)
		*most += 31;
}

/*
 * parse_percent reads a percent above 0 and up to 100 (without its sign).
 */
static bool
parse_percent(Parser *parser, int64 *percent)
{
	if (parser->kind != TOKEN_NUMBER || parser->number == 0 ||
		parser->number > AR_TERMS_HUNDRED_PERCENT)
		return fail(parser, "a percent is more than 0 and at most 100");
	*percent = parser->number;
	advance(parser);
	return true;
}

/*
 * parse_discounts reads the discounts of an instalment and its due rule,
 * which the discounts are checked against: those that come too late on every
 * date there is are refused here; the others end with the due day.
 */
static bool
parse_discounts_and_due(Parser *parser, ArTermsInstalment *instalment)
{
	int			offsets[AR_TERMS_MAX_DISCOUNTS];
	int			lengths[AR_TERMS_MAX_DISCOUNTS];
	int			due_least = 0;
	int			due_most = 0;
	int			before_least = 0;

	instalment->discount_count = 0;
	while (parser->kind == TOKEN_NUMBER)
	{
		int			offset = parser->offset;
		ArTermsDiscount discount;
		bool		is_found;

		if (!parse_percent(parser, &discount.percent))
			return false;
		(void) accept_symbol(parser, '%');
		if (!accept_symbol(parser, '/'))
			return fail(parser, "a discount is a percent, a slash and its last day, such as 2/10");
		if (!parse_day(parser, &discount.until, &is_found))
			return false;
		if (!is_found && !parse_period(parser, &discount.until))
			return false;

		if (instalment->discount_count == AR_TERMS_MAX_DISCOUNTS)
			return fail_at(parser, offset, parser->consumed_end - offset,
						   "an instalment has at most 4 discounts", general_hint);
		offsets[instalment->discount_count] = offset;
		lengths[instalment->discount_count] = parser->consumed_end - offset;
		instalment->discounts[instalment->discount_count++] = discount;

		/* Accountants write "2/10, n/30". */
		(void) accept_symbol(parser, ',');
	}

	if (!parse_due(parser, instalment))
		return false;

	for (int i = 0; i < instalment->step_count; i++)
		step_bounds(&instalment->steps[i], &due_least, &due_most);
	for (int i = 0; i < instalment->discount_count; i++)
	{
		int			least = 0;
		int			most = 0;

		step_bounds(&instalment->discounts[i].until, &least, &most);
		if (least > due_most)
			return fail_at(parser, offsets[i], lengths[i],
						   "the discount ends after the due day",
						   "Let the discount end on the due day or earlier.");
		if (i > 0 && most <= before_least)
			return fail_at(parser, offsets[i], lengths[i],
						   "the discount ends no later than the one before it",
						   "Write the discount that ends first first, such as 3/10 2/20 net 60.");
		if (i > 0 &&
			instalment->discounts[i].percent >= instalment->discounts[i - 1].percent)
			return fail_at(parser, offsets[i], lengths[i],
						   "the discount is not smaller than the one before it",
						   "Let later payment earn a smaller discount, such as 3/10 2/20 net 60.");
		before_least = least;
	}
	return true;
}

/*
 * parse_share reads the share of an instalment, if it has one.
 *
 * A number begins a share or a discount: the slash tells.
 */
static bool
parse_share(Parser *parser, ArTermsInstalment *instalment, ShareMark *mark)
{
	Parser		start = *parser;

	mark->is_given = false;
	mark->offset = parser->offset;
	mark->length = parser->end - parser->offset;
	instalment->share_kind = AR_SHARE_REST;
	instalment->share = 0;

	if (accept_word(parser, "rest"))
		mark->is_given = true;
	else if (parser->kind == TOKEN_NUMBER)
	{
		bool		is_percent;

		instalment->share = parser->number;
		advance(parser);
		is_percent = accept_symbol(parser, '%');
		if (is_symbol(parser, '/'))
		{
			*parser = start;
			instalment->share = 0;
			return true;
		}

		mark->is_given = true;
		instalment->share_kind = is_percent ? AR_SHARE_PERCENT : AR_SHARE_AMOUNT;
		if (is_percent && accept_word(parser, "of"))
		{
			instalment->share_kind = AR_SHARE_PERCENT_OF_REST;
			if (!accept_word(parser, "rest"))
				return fail(parser, "\"of\" is followed by \"rest\"");
		}
		mark->length = parser->consumed_end - mark->offset;
		if (is_percent && (instalment->share == 0 ||
						   instalment->share > AR_TERMS_HUNDRED_PERCENT))
			return fail_at(parser, mark->offset, mark->length,
						   "a percent is more than 0 and at most 100",
						   general_hint);
		if (instalment->share == 0)
			return fail_at(parser, mark->offset, mark->length,
						   "a fixed amount is more than 0", general_hint);
	}
	return true;
}

/*
 * check_shares makes sure that the instalments make up the whole, whatever
 * the total will be.
 */
static bool
check_shares(Parser *parser, ArTermsParsed *parsed, const ShareMark *marks)
{
	int			last = parsed->instalment_count - 1;
	bool		has_rest = parsed->instalments[last].share_kind == AR_SHARE_REST;
	int64		sum = 0;

	for (int i = 0; i <= last; i++)
	{
		const ArTermsInstalment *instalment = &parsed->instalments[i];
		const ShareMark *mark = &marks[i];

		if (last > 0 && !mark->is_given)
			return fail_at(parser, mark->offset, mark->length,
						   "an instalment among several needs its share",
						   "Begin every instalment with a percent, an amount or \"rest\".");
		if (i < last && instalment->share_kind == AR_SHARE_REST)
			return fail_at(parser, mark->offset, mark->length,
						   "after the rest nothing is left",
						   "Let \"rest\" be the last instalment.");
		if (!has_rest && (instalment->share_kind == AR_SHARE_AMOUNT ||
						  instalment->share_kind == AR_SHARE_PERCENT_OF_REST))
			return fail_at(parser, mark->offset, mark->length,
						   "no instalment takes the rest of the total",
						   "Let the last instalment be \"rest\", such as \"500 due on receipt, rest net 30\"; the percent of a discount takes a slash, such as 2/10.");
		if (instalment->share_kind == AR_SHARE_PERCENT)
			sum += instalment->share;
	}

	if (has_rest ? sum >= AR_TERMS_HUNDRED_PERCENT :
		sum != AR_TERMS_HUNDRED_PERCENT)
	{
		(void) fail_at(parser, marks[last].offset, marks[last].length,
					   has_rest ? "the percents before a rest must stay below 100" :
					   "the percents must add up to 100",
					   "Correct the percents, or let the last instalment be \"rest\".");
		parser->error->sum = sum;
		return false;
	}

	/* All of it is the same as the rest of it. */
	if (last == 0)
	{
		parsed->instalments[0].share_kind = AR_SHARE_REST;
		parsed->instalments[0].share = 0;
	}
	return true;
}

/*
 * ar_terms_parse reads terms; where the text is none it returns false, with
 * the reason and the place in *error.
 */
bool
ar_terms_parse(const char *text, int length,
			   ArTermsParsed *parsed, ArTermsError *error)
{
	ShareMark	marks[AR_TERMS_MAX_INSTALMENTS];
	Parser		parser = {.text = text, .length = length, .error = error};

	parsed->instalment_count = 0;
	advance(&parser);
	do
	{
		int			i = parsed->instalment_count;

		if (i == AR_TERMS_MAX_INSTALMENTS)
			return fail_at(&parser, parser.offset, parser.end - parser.offset,
						   "there are at most 64 instalments", general_hint);
		if (!parse_share(&parser, &parsed->instalments[i], &marks[i]) ||
			!parse_discounts_and_due(&parser, &parsed->instalments[i]))
			return false;
		parsed->instalment_count++;
	} while (accept_symbol(&parser, ','));

	if (parser.kind != TOKEN_END)
		return fail(&parser, "this has no meaning here");
	return check_shares(&parser, parsed, marks);
}
