/*
 * match_amount.c
 *		What a credit is for, by its amount alone.
 *
 * An amount says nothing of its own.  So a rule decides only where one answer
 * fits it; whether another rule has one, too, match_rival.c sees.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "cash/match.h"

/* What a rule has found: how many, and the first of them. */
typedef struct Fits
{
	int			count;
	ArTarget   *targets[AR_TIES_MAX];
	ArItem	   *parts[AR_TIES_MAX]; /* NULL: the whole target */
} Fits;

/*
 * note_fit notes that a target, or one part of it, fits.  Of a target only the
 * first counts: parts of one invoice are paid in the order of their dates.
 */
static void
note_fit(Fits *fits, ArTarget *target, ArItem *part)
{
	if (fits->count < AR_TIES_MAX)
	{
		fits->targets[fits->count] = target;
		fits->parts[fits->count] = part;
	}
	fits->count++;
}

/*
 * is_part tells whether a part of a target must be looked at by itself.
 */
static bool
is_part(const ArTarget *target, const ArItem *part)
{
	return part->open > 0 && part->open < ar_target_open(target);
}

/*
 * part_discount is what may be taken off a part.
 */
static int64
part_discount(const ArChain *chain, const ArItem *part)
{
	if (chain->credit->payment_id == 0)
		return 0;
	return ar_discount_closing(part, chain->policy, chain->credit->received_on);
}

/*
 * among says of a fit whether it is the only one.
 */
static const char *
among(const Fits *fits)
{
	if (fits->count <= 2)
		return fits->count == 1 ? "" : ", but so has another";
	return psprintf(", but so have %d others", fits->count - 1);
}

/*
 * answer_fits makes an answer of each fit, which has something.
 */
static void
answer_fits(ArChain *chain, Fits *fits, int confidence, bool discounted, const char *why)
{
	for (int i = 0; i < Min(fits->count, AR_TIES_MAX); i++)
	{
		ArAnswer   *answer = ar_answer(chain, confidence);
		ArTarget	one = {.parts = &fits->parts[i],.count = 1};
		ArTarget   *target = fits->targets[i];
		int64		discount = 0;

		ar_answer_close(chain, answer, fits->parts[i] == NULL ? target : &one, discounted);
		for (int j = 0; j < answer->line_count; j++)
			discount += answer->lines[j].discount;
		answer->explanation = psprintf("%s%s%s %s%s%s.", fits->count == 1 ? "Only " : "",
									   fits->parts[i] == NULL ? "" : "a part of ",
									   ar_target_name(target), why,
									   discount == 0 ? "" :
									   psprintf(" of %s", ar_money(chain, discount)),
									   among(fits));
		ar_answer_done(answer);
	}
}

/*
 * ar_rule_exact: one item, or one invoice with all its parts, of exactly the
 * amount.
 */
void
ar_rule_exact(ArChain *chain)
{
	int64		amount = chain->item->open;
	Fits		fits = {0};

	for (int i = 0; i < chain->matcher->count; i++)
	{
		ArTarget   *target = &chain->matcher->targets[i];

		if (ar_target_open(target) == amount)
		{
			note_fit(&fits, target, NULL);
			continue;
		}
		for (int j = 0; j < target->count && target->count > 1; j++)
			if (target->parts[j]->open == amount)
			{
				note_fit(&fits, target, target->parts[j]);
				break;
			}
	}
	answer_fits(chain, &fits, AR_SURE_EXACT, false, "has exactly this amount open");
}

/*
 * ar_rule_discounted: the amount is what is open of one item, or of all parts
 * of one invoice, less the discount that may be taken.
 */
void
ar_rule_discounted(ArChain *chain)
{
	int64		amount = chain->item->open;
	Fits		fits = {0};

	for (int i = 0; i < chain->matcher->count; i++)
	{
		ArTarget   *target = &chain->matcher->targets[i];
		int64		discount = ar_target_discount(chain, target);

		if (discount == 0)
			continue;
		if (ar_target_open(target) - discount == amount)
		{
			note_fit(&fits, target, NULL);
			continue;
		}
		for (int j = 0; j < target->count; j++)
		{
			int64		part = is_part(target, target->parts[j]) ?
				part_discount(chain, target->parts[j]) : 0;

			if (part > 0 && target->parts[j]->open - part == amount)
			{
				note_fit(&fits, target, target->parts[j]);
				break;
			}
		}
	}
	answer_fits(chain, &fits, AR_SURE_DISCOUNTED, true,
				"has exactly this amount open, less its discount for early payment");
}

/*
 * answer_all makes the answer that pays all of some targets, after what other
 * credits give.
 */
static void
answer_all(ArChain *chain, bool overdue, bool discounted, ArItem **credits, int credit_count)
{
	int			confidence = overdue ? AR_SURE_ALL_OVERDUE :
		discounted || credit_count > 0 ? AR_SURE_ALL_NET : AR_SURE_ALL_OPEN;
	ArAnswer   *answer = ar_answer(chain, confidence);
	int			paid = 0;

	for (int i = 0; i < chain->account->debit_count; i++)
	{
		ArItem	   *debit = &chain->account->items[i];

		if (debit->open == 0 || (overdue && debit->due_on >= chain->credit->received_on))
			continue;
		ar_answer_pay(chain, answer, debit,
					  debit->open - (discounted ? part_discount(chain, debit) : 0),
					  discounted ? part_discount(chain, debit) : 0);
		paid++;
	}
	if (credit_count > 0)
		ar_answer_set_off(chain, answer, credits, NULL, credit_count);
	answer->explanation = psprintf("It is exactly what all that is %s comes to%s%s, %d %s.",
								   overdue ? "overdue" : "open",
								   discounted ? ", less discounts for early payment" : "",
								   credit_count > 0 ? ", less what other credits have left" : "",
								   paid, paid == 1 ? "item" : "items");
	ar_answer_done(answer);
}

/*
 * other_credits lists what else the account has to pay with, and what it comes
 * to.
 */
static ArItem **
other_credits(ArChain *chain, int *count, int64 *amount)
{
	ArAccount  *account = chain->account;
	ArItem	  **credits = palloc_extended(sizeof(ArItem *) * (Size) Max(account->count - account->debit_count, 1),
										  MCXT_ALLOC_HUGE);

	*count = 0;
	*amount = 0;
	for (int i = account->debit_count; i < account->count; i++)
	{
		ArItem	   *item = &account->items[i];

		if (item == chain->item || item->open == 0)
			continue;
		credits[(*count)++] = item;
		*amount += item->open;
	}
	return credits;
}

/*
 * ar_rule_all_open: the amount is all that is open, with or without the
 * discounts that may be taken, and less what other credits have left or not.
 */
void
ar_rule_all_open(ArChain *chain)
{
	int64		amount = chain->item->open;
	int64		open = 0;
	int64		discount = 0;
	int64		others;
	int			items = 0;
	int			count;
	ArItem	  **credits = other_credits(chain, &count, &others);

	for (int i = 0; i < chain->matcher->count; i++)
	{
		ArTarget   *target = &chain->matcher->targets[i];

		open += ar_target_open(target);
		discount += ar_target_discount(chain, target);
		items += target->count;
	}
	/* What is one item is for the other rules, but for credits set off. */
	if (items > 1 && open == amount)
		answer_all(chain, false, false, NULL, 0);
	if (items > 1 && discount > 0 && open - discount == amount)
		answer_all(chain, false, true, NULL, 0);
	if (others > 0 && open - others == amount)
		answer_all(chain, false, false, credits, count);
	if (others > 0 && discount > 0 && open - discount - others == amount)
		answer_all(chain, false, true, credits, count);
}

/*
 * ar_rule_all_overdue: the amount is all that was overdue on the day it came.
 */
void
ar_rule_all_overdue(ArChain *chain)
{
	int64		overdue = 0;
	int			items = 0;

	for (int i = 0; i < chain->account->debit_count; i++)
	{
		ArItem	   *debit = &chain->account->items[i];

		if (debit->due_on >= chain->credit->received_on)
			break;
		overdue += debit->open;
		items += debit->open > 0;
	}
	if (items > 1 && overdue == chain->item->open)
		answer_all(chain, true, false, NULL, 0);
}

/*
 * is_near tells whether so little is missing of what is open, or so little too
 * much is paid, that it does not matter.
 */
static bool
is_near(const ArChain *chain, int64 open, int64 discount)
{
	int64		amount = chain->item->open;
	int64		tolerance = ar_tolerance(chain->policy, chain->account->currency, open);

	if (amount > open)
		return amount - open <= tolerance;
	/* With a discount less is owed: the nearer end counts. */
	return open - discount - amount <= tolerance;
}

/*
 * ar_rule_tolerance: so little is missing of one item, or of one invoice, or
 * so little too much is paid, that it is closed all the same.
 */
void
ar_rule_tolerance(ArChain *chain)
{
	int64		amount = chain->item->open;
	Fits		fits = {0};

	if (chain->credit->payment_id == 0 ||
		(!chain->policy->has_tolerance && chain->policy->tolerance_percent < 0))
		return;
	for (int i = 0; i < chain->matcher->count; i++)
	{
		ArTarget   *target = &chain->matcher->targets[i];
		int64		open = ar_target_open(target);

		if (open > 0 && is_near(chain, open, ar_target_discount(chain, target)))
		{
			note_fit(&fits, target, NULL);
			continue;
		}
		for (int j = 0; j < target->count && target->count > 1; j++)
			if (target->parts[j]->open > 0 &&
				is_near(chain, target->parts[j]->open, part_discount(chain, target->parts[j])))
			{
				note_fit(&fits, target, target->parts[j]);
				break;
			}
	}
	for (int i = 0; i < Min(fits.count, AR_TIES_MAX); i++)
	{
		ArAnswer   *answer = ar_answer(chain, AR_SURE_TOLERANCE);
		ArTarget	part = {.parts = &fits.parts[i],.count = 1};
		ArTarget   *paid = fits.parts[i] == NULL ? fits.targets[i] : &part;
		int64		open = ar_target_open(paid);
		int64		missing = Max(open - amount, 0);
		int64		discount = Min(missing, ar_target_discount(chain, paid));
		const char *excess;

		ar_answer_target(chain, answer, paid, Min(amount, open), discount,
						 missing - discount, 0, NULL);
		excess = ar_answer_excess(chain, answer, open);
		if (missing > discount)
			excess = psprintf(" The %s missing are within the tolerance.",
							  ar_money(chain, missing - discount));
		answer->explanation = psprintf("%s%s has nearly this amount open%s.%s",
									   fits.count == 1 ? "Only " : "",
									   ar_target_name(fits.targets[i]), among(&fits), excess);
		ar_answer_done(answer);
	}
}
