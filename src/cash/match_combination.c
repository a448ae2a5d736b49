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

#include "port/pg_bitutils.h"

#include "cash/match.h"
#include "cash/subset.h"

/* What an accident takes off the confidence: ten times how likely it is. */
#define CAUTION		10

/* Of more choices than this for each cent there is always one that fits. */
#define ACCIDENT_MAX	0.05

/* What may be chosen. */
typedef struct Candidates
{
	ArItem	   *items[AR_SUBSET_MAX];
	int64		amounts[AR_SUBSET_MAX];
	int64		discounts[AR_SUBSET_MAX];
	int			count;
	int64		total;			/* of all amounts */
	bool		has_discount;
} Candidates;

/*
 * gather lists the open items that are not above a limit, with their discounts
 * or without.  False: they are too many.
 */
static bool
gather(const ArChain *chain, bool discounted, int64 limit, Candidates *candidates)
{
	candidates->count = 0;
	candidates->total = 0;
	candidates->has_discount = false;
	for (int i = 0; i < chain->account->debit_count; i++)
	{
		ArItem	   *item = &chain->account->items[i];
		int64		discount = discounted && chain->credit->payment_id != 0 ?
			ar_discount_closing(item, chain->policy, chain->credit->received_on) : 0;
		int64		amount = item->open - discount;
		int			at = candidates->count;

		if (item->open == 0 || amount <= 0 || amount > limit)
			continue;
		if (at == AR_SUBSET_MAX)
			return false;
		candidates->has_discount = candidates->has_discount || discount > 0;
		candidates->items[at] = item;
		candidates->amounts[at] = amount;
		candidates->discounts[at] = discount;
		candidates->count++;
		candidates->total += amount;
	}
	return true;
}

/*
 * choices is in how many ways one to so many of some can be chosen.
 */
static double
choices(int count, int chosen)
{
	double		choices = 0;
	double		ways = 1;

	for (int i = 1; i <= chosen; i++)
	{
		ways = ways * (count - i + 1) / i;
		choices += ways;
	}
	return choices;
}

/*
 * chance is how many choices of at most so many of the candidates one expects
 * to meet a sum by accident, times CAUTION, in 10 thousandths.
 */
static int
chance(const Candidates *candidates, int chosen)
{
	int64		unit = candidates->amounts[0];

	for (int i = 1; i < candidates->count; i++)
		for (int64 rest = candidates->amounts[i]; rest != 0;)
		{
			int64		next = unit % rest;

			unit = rest;
			rest = next;
		}
	return (int) Min(choices(candidates->count, chosen) / ((double) candidates->total / unit) *
					 CAUTION * 10000, AR_SURE_COMBINATION);
}

/*
 * answer_choice makes an answer of a choice.
 */
static void
answer_choice(ArChain *chain, const Candidates *candidates, uint64 chosen, int confidence, const char *why)
{
	ArTarget   *targets[AR_SUBSET_MAX];
	ArTarget	singles[AR_SUBSET_MAX];
	int			paid = 0;
	ArAnswer   *answer = ar_answer(chain, confidence);
	int64		discount = 0;

	for (int i = 0; i < candidates->count; i++)
		if ((chosen & (UINT64CONST(1) << i)) != 0)
		{
			ArItem	   *item = candidates->items[i];

			memset(&singles[paid], 0, sizeof(ArTarget));
			singles[paid].parts = (ArItem **) &candidates->items[i];
			singles[paid].number = item->number;
			targets[paid] = &singles[paid];
			paid++;
			discount += candidates->discounts[i];
			ar_answer_pay(chain, answer, item, candidates->amounts[i], candidates->discounts[i]);
		}
	answer->explanation = psprintf("%s%s to exactly this amount%s.", why,
								   ar_target_names(targets, paid, "comes", "together come"),
								   discount > 0 ? ", less discounts for early payment" : "");
	ar_answer_done(answer);
}

/*
 * combine looks for the one choice among the open items, with discounts or
 * without, and makes an answer of it.
 */
static void
combine(ArChain *chain, bool discounted)
{
	Candidates	candidates;
	uint64		chosen[2];

	if (!gather(chain, discounted, chain->item->open, &candidates) || candidates.count < 2 ||
		(discounted && !candidates.has_discount) || candidates.total < chain->item->open)
		return;
	switch (ar_subset_sum(candidates.amounts, candidates.count, candidates.count,
						  chain->item->open, chosen))
	{
		case AR_SUBSET_UNIQUE:
			answer_choice(chain, &candidates, chosen[0],
						  AR_SURE_COMBINATION - chance(&candidates, pg_popcount64(chosen[0])),
						  psprintf("Of the %d open items only ", candidates.count));
			break;
		case AR_SUBSET_SEVERAL:
			chain->is_tied = true;
			chain->note = "More than one choice of open items comes to this amount.";
			break;
		default:
			break;
	}
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

/*
 * is_paid_by tells whether an answer pays an item.
 */
static bool
is_paid_by(const ArAnswer *answer, const ArItem *item)
{
	for (int i = 0; i < answer->line_count; i++)
		if (answer->lines[i].debit == item)
			return true;
	return false;
}

/*
 * is_choice_of tells whether an answer pays just what was chosen.
 */
static bool
is_choice_of(const ArAnswer *answer, const Candidates *candidates, uint64 chosen)
{
	int			paid = 0;

	for (int i = 0; i < candidates->count; i++)
		if ((chosen & (UINT64CONST(1) << i)) != 0)
		{
			if (!is_paid_by(answer, candidates->items[i]))
				return false;
			paid++;
		}
	for (int i = 0; i < answer->line_count; i++)
		paid -= i == 0 || answer->lines[i].debit != answer->lines[i - 1].debit;
	return paid == 0;
}

/*
 * exchange takes an item out of an answer, and puts in another that was as
 * much: of many items that choice is not looked for otherwise.
 */
static uint64
exchange(const ArChain *chain, const ArAnswer *answer, const Candidates *candidates)
{
	uint64		chosen = 0;
	int64		total = 0;

	for (int i = 0; i < candidates->count; i++)
		if (is_paid_by(answer, candidates->items[i]))
		{
			chosen |= UINT64CONST(1) << i;
			total += candidates->amounts[i];
		}
	if (total != chain->item->open)
		return 0;
	for (int i = 0; i < candidates->count; i++)
		for (int j = 0; j < candidates->count; j++)
			if ((chosen & (UINT64CONST(1) << i)) != 0 && (chosen & (UINT64CONST(1) << j)) == 0 &&
				candidates->amounts[i] == candidates->amounts[j])
				return (chosen & ~(UINT64CONST(1) << i)) | UINT64CONST(1) << j;
	return 0;
}

/*
 * choose finds two choices of at most so many candidates that come to a sum,
 * but none of so many that any sum is met: such say nothing.  Round amounts are
 * no accident here; where they come to the same, either may be meant.
 */
static void
choose(const Candidates *candidates, int most, int64 sum, uint64 chosen[2])
{
	chosen[0] = chosen[1] = 0;
	if (candidates->count == 0 || candidates->total < sum)
		return;
	most = Min(most, candidates->count);
	while (most > 1 && choices(candidates->count, most) > candidates->total * ACCIDENT_MAX)
		most--;
	(void) ar_subset_sum(candidates->amounts, candidates->count, most, sum, chosen);
}

/*
 * may_leave_out tells whether an answer that pays all may as well leave
 * something out, which is looked for where all are too many to choose from.
 */
static bool
may_leave_out(ArChain *chain, bool discounted)
{
	Candidates	candidates;
	uint64		chosen[2];
	int64		rest = -chain->item->open;

	for (int i = 0; i < chain->account->debit_count; i++)
	{
		ArItem	   *item = &chain->account->items[i];

		rest += item->open - (discounted && chain->credit->payment_id != 0 ?
							  ar_discount_closing(item, chain->policy, chain->credit->received_on) : 0);
	}
	if (rest <= 0)
		return false;
	if (!gather(chain, discounted, rest, &candidates))
		return true;
	choose(&candidates, AR_SUBSET_MAX, rest, chosen);
	return chosen[0] != 0;
}

/*
 * find_rival looks for another choice of at most so many items that comes to
 * the amount, with discounts or without, and makes an answer of it.  False: it
 * cannot be told.
 */
static bool
find_rival(ArChain *chain, const ArAnswer *answer, int most, bool discounted)
{
	Candidates	candidates;
	uint64		chosen[2];
	uint64		rival = 0;

	if (!gather(chain, discounted, chain->item->open, &candidates))
		return most >= chain->account->debit_count && !may_leave_out(chain, discounted);
	if (discounted && !candidates.has_discount)
		return true;
	choose(&candidates, most, chain->item->open, chosen);
	for (int i = 0; i < 2 && rival == 0; i++)
		if (chosen[i] != 0 && !is_choice_of(answer, &candidates, chosen[i]))
			rival = chosen[i];
	if (rival == 0)
		rival = exchange(chain, answer, &candidates);
	if (rival != 0)
		answer_choice(chain, &candidates, rival, AR_UNSURE_TIE, "But ");
	return true;
}

/*
 * ar_find_rival looks for another choice of items that explains the amount as
 * well as an answer, that is by no more of them, and puts one among the
 * answers.  False: there are too many to tell.
 */
bool
ar_find_rival(ArChain *chain, const ArAnswer *answer, int most)
{
	int			count = list_length(chain->answers);

	if (!find_rival(chain, answer, most, false))
		return false;
	return list_length(chain->answers) > count || find_rival(chain, answer, most, true);
}
