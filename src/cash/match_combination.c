/*
 * match_combination.c
 *		Which of the open items add up to the amount, if only one choice does.
 *
 * That only one does is not enough.  Twenty items can be chosen in a million
 * ways; if what they come to is some ten thousand euros, or a million cents,
 * every amount is met by chance about once.  So the answer is the surer, the
 * fewer choices of at most as many items there are for the cents they come to;
 * where all are multiples of ten euros, it is the tens that count.
 */
#include "postgres.h"

#include "cash/match.h"
#include "cash/subset.h"

/* What an accident takes off the confidence: ten times how likely it is. */
#define CAUTION		10

/*
 * chance is how many choices of at most so many of the amounts one expects to
 * meet a sum by accident, times CAUTION, in 10 thousandths.
 */
static int
chance(const int64 *amounts, int count, int chosen, int64 total)
{
	double		choices = 0;
	double		ways = 1;
	int64		unit = amounts[0];

	for (int i = 1; i <= chosen; i++)
	{
		ways = ways * (count - i + 1) / i;
		choices += ways;
	}
	for (int i = 1; i < count; i++)
		for (int64 rest = amounts[i]; rest != 0;)
		{
			int64		next = unit % rest;

			unit = rest;
			rest = next;
		}
	return (int) Min(choices / ((double) total / unit) * CAUTION * 10000, AR_SURE_COMBINATION);
}

/*
 * combine looks for the one choice among the open items, with discounts or
 * without, and makes an answer of it.
 */
static void
combine(ArChain *chain, bool discounted)
{
	ArItem	   *items[AR_SUBSET_MAX];
	int64		amounts[AR_SUBSET_MAX];
	uint64		chosen;
	int64		total = 0;
	bool		is_discounted = false;
	int			count = 0;
	ArTarget   *targets[AR_SUBSET_MAX];
	ArTarget	singles[AR_SUBSET_MAX];
	int			paid = 0;
	ArAnswer   *answer;

	for (int i = 0; i < chain->account->debit_count; i++)
	{
		ArItem	   *item = &chain->account->items[i];
		int64		discount = discounted && chain->credit->payment_id != 0 ?
			ar_discount_closing(item, chain->policy, chain->credit->received_on) : 0;
		int64		amount = item->open - discount;

		if (item->open == 0 || amount <= 0 || amount > chain->item->open)
			continue;
		if (count == AR_SUBSET_MAX)
			return;
		is_discounted = is_discounted || discount > 0;
		items[count] = item;
		amounts[count++] = amount;
		total += amount;
	}
	if (count < 2 || (discounted && !is_discounted) || total < chain->item->open)
		return;
	switch (ar_subset_sum(amounts, count, chain->item->open, &chosen))
	{
		case AR_SUBSET_UNIQUE:
			break;
		case AR_SUBSET_SEVERAL:
			chain->is_tied = true;
			chain->note = "More than one choice of open items comes to this amount.";
			return;
		default:
			return;
	}
	for (int i = 0; i < count; i++)
		if ((chosen & (UINT64CONST(1) << i)) != 0)
		{
			singles[paid].parts = &items[i];
			singles[paid].number = items[i]->number;
			targets[paid] = &singles[paid];
			paid++;
		}
	answer = ar_answer(chain, AR_SURE_COMBINATION - chance(amounts, count, paid, total));
	for (int i = 0; i < paid; i++)
	{
		ArItem	   *item = targets[i]->parts[0];
		int64		discount = discounted && chain->credit->payment_id != 0 ?
			ar_discount_closing(item, chain->policy, chain->credit->received_on) : 0;

		ar_answer_pay(chain, answer, item, item->open - discount, discount);
	}
	answer->explanation = psprintf("Of the %d open items only %s to exactly this amount%s.", count,
								   ar_target_names(targets, paid, "comes", "together come"),
								   discounted ? ", less discounts for early payment" : "");
	ar_answer_done(answer);
}

/*
 * ar_rule_combination: the one choice among the open items that adds up to the
 * amount, of at most 30 that are not greater than it.  Where several do without
 * discounts, that one does with them decides nothing, nor the other way round.
 */
void
ar_rule_combination(ArChain *chain)
{
	combine(chain, false);
	if (!chain->is_tied)
		combine(chain, true);
	if (chain->is_tied)
		chain->answers = NIL;
}
