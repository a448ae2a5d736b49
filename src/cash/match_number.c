/*
 * match_number.c
 *		What a credit is for, by the numbers in what the payer wrote.
 *
 * A number that stands there as it is names an invoice, whatever the amount.
 * One that merely looks like it, zeros lost or a slip, counts only where the
 * amount agrees.
 */
#include "postgres.h"

#include <ctype.h>

#include "cash/match.h"
#include "cash/reference.h"
#include "cash/subset.h"

/* Fewer digits than these, among other words, name nothing by themselves. */
#define AR_BARE_DIGITS_MIN	8

/* What the text names. */
typedef struct Named
{
	ArTarget  **targets;		/* in the order of the text */
	int			count;
	ArNumberStrength weakest;	/* of them */
	bool		is_shared;		/* something in the text may mean several */
	ArItem	  **credits;		/* memos that are named, too */
	int			credit_count;
} Named;

/*
 * confidence_of is how sure a number is where the amount agrees.
 */
static int
confidence_of(ArNumberStrength strength)
{
	static const int sure[] = {
		[AR_NUMBER_NOT] = 0,
		[AR_NUMBER_SHORT_TAIL] = 9200,
		[AR_NUMBER_ONE_SLIP] = 9400,
		[AR_NUMBER_TAIL] = 9500,
		[AR_NUMBER_ZEROS_LOST] = 9600,
		[AR_NUMBER_PREFIX_LOST] = 9700,
		[AR_NUMBER_FOLDED] = 9800,
		[AR_NUMBER_EXACT] = 9900,
	};

	return sure[strength];
}

/*
 * is_strong tells whether a number names a document, whatever was paid.
 */
static bool
is_strong(ArNumberStrength strength)
{
	return strength >= AR_NUMBER_ZEROS_LOST;
}

/*
 * words says how the numbers stand there.
 */
static char *
words(const Named *named)
{
	if (is_strong(named->weakest))
		return ar_target_names(named->targets, named->count,
							   "stands in the reference", "stand in the reference");
	return psprintf("The reference reads like %s",
					ar_target_names(named->targets, named->count,
									"(not quite as it is)", "(not all quite as they are)"));
}

/*
 * pay_named makes an answer that pays the named targets in full, with their
 * discounts or without.
 */
static void
pay_named(ArChain *chain, const Named *named, int confidence, bool discounted, const char *why)
{
	ArAnswer   *answer = ar_answer(chain, confidence);

	for (int i = 0; i < named->count; i++)
		ar_answer_close(chain, answer, named->targets[i], discounted);
	if (named->credit_count > 0)
		ar_answer_set_off(chain, answer, named->credits, NULL, named->credit_count);
	answer->explanation = psprintf("%s, and %s %s%s.", words(named),
								   named->count == 1 ? "its open amount is" : "together they come to",
								   why,
								   discounted ? ", less discounts for early payment" : "");
	ar_answer_done(answer);
}

/*
 * agrees pays the named targets if they come to the amount.
 */
static bool
agrees(ArChain *chain, const Named *named)
{
	int64		amount = chain->item->open;
	int64		open = 0;
	int64		discount = 0;

	for (int i = 0; i < named->count; i++)
	{
		open += ar_target_open(named->targets[i]);
		discount += ar_target_discount(chain, named->targets[i]);
	}
	for (int i = 0; i < named->credit_count; i++)
		open -= named->credits[i]->open;
	if (named->count == 0 || (open != amount && (discount == 0 || open - discount != amount)))
		return false;
	pay_named(chain, named, confidence_of(named->weakest), open != amount,
			  named->credit_count > 0 ? "exactly what was paid, less the memos named" :
			  "exactly what was paid");
	return true;
}

/*
 * choose pays some of the named targets: the one choice among them that comes
 * to the amount.
 */
static bool
choose(ArChain *chain, const Named *named)
{
	int64		amounts[AR_SUBSET_MAX];
	uint64		chosen[2];
	Named		some = *named;

	if (named->count < 2 || named->count > AR_SUBSET_MAX)
		return false;
	for (int i = 0; i < named->count; i++)
		amounts[i] = ar_target_open(named->targets[i]);
	if (ar_subset_sum(amounts, named->count, named->count, chain->item->open, chosen) != AR_SUBSET_UNIQUE)
		return false;
	some.targets = palloc(sizeof(ArTarget *) * named->count);
	some.count = 0;
	some.credit_count = 0;
	for (int i = 0; i < named->count; i++)
		if ((chosen[0] & (UINT64CONST(1) << i)) != 0)
			some.targets[some.count++] = named->targets[i];
	pay_named(chain, &some, AR_SURE_NUMBER_CHOICE, false,
			  "exactly what was paid, which no other choice of those named does");
	return true;
}

/*
 * pay_in_order pays the named targets one after the other, as far as the
 * credit goes: what is missing of the last may be within the tolerance.
 */
static void
pay_in_order(ArChain *chain, const Named *named)
{
	const ArPolicy *policy = chain->policy;
	ArAnswer   *answer = ar_answer(chain, AR_SURE_NUMBER_ROUGH -
								   100 * (AR_NUMBER_EXACT - named->weakest));
	int64		left = chain->item->open;
	int64		owed = 0;
	int64		open = 0;
	const char *rest = "";

	for (int i = 0; i < named->count; i++)
		open += ar_target_open(named->targets[i]);
	for (int i = 0; i < named->count && left > 0; i++)
	{
		ArTarget   *target = named->targets[i];
		int64		due = ar_target_open(target);
		/* Who pays all, or more, has not taken any. */
		int64		discount = left + owed < open ? ar_target_discount(chain, target) : 0;
		int64		missing;

		owed += due;
		if (left >= due)
		{
			ar_answer_target(chain, answer, target, due, 0, 0, 0, NULL);
			left -= due;
			continue;
		}
		missing = due - left;
		if (missing <= discount)
			ar_answer_target(chain, answer, target, left, missing, 0, 0, NULL);
		else if (chain->credit->payment_id != 0 &&
				 missing - discount <= ar_tolerance(policy, chain->account->currency, due))
		{
			ar_answer_target(chain, answer, target, left, discount, missing - discount, 0, NULL);
			rest = psprintf(" The %s missing are within the tolerance.",
							ar_money(chain, missing - discount));
		}
		else
		{
			int64		earned = chain->credit->payment_id == 0 ? 0 :
				ar_discount_of_part(target->parts[0], policy, chain->credit->received_on, left);

			ar_answer_target(chain, answer, target, left, earned, 0, 0, NULL);
			rest = psprintf(" It is a part payment of %s: %s stay open.", ar_target_name(target),
							ar_money(chain, due - left - earned));
		}
		left = 0;
	}
	if (left > 0)
		rest = ar_answer_excess(chain, answer, owed);
	answer->explanation = psprintf("%s.%s", words(named), rest);
	ar_answer_done(answer);
}

/*
 * compare_hits orders hits by what they name.
 */
static bool
is_same_place(const ArNumberHit *a, const ArNumberHit *b)
{
	return a->start < b->end && b->start < a->end;
}

/*
 * collect gathers the targets that hits name, of a strength at least, and
 * whether any place of the text may mean several of them.
 */
static void
collect(ArChain *chain, const ArNumberHit *hits, int count, bool strong, Named *named)
{
	ArMatcher  *matcher = chain->matcher;
	bool	   *seen = palloc0(sizeof(bool) * Max(matcher->count, 1));

	memset(named, 0, sizeof(Named));
	named->targets = palloc(sizeof(ArTarget *) * Max(count, 1));
	named->credits = palloc(sizeof(ArItem *) * Max(count, 1));
	named->weakest = AR_NUMBER_EXACT;
	for (int i = 0; i < count; i++)
	{
		const ArNumberHit *hit = &hits[i];
		ArNumberStrength strength = hit->strength;
		int			payload = hit->payload;

		if (payload >= 2 * matcher->count)
		{
			ArItem	   *memo = &chain->account->items[chain->account->debit_count +
													  payload - 2 * matcher->count];

			if (is_strong(strength) && memo != chain->item && memo->open > 0)
				named->credits[named->credit_count++] = memo;
			continue;
		}
		/* A purchase order names what it was for, but not which of it. */
		if (payload >= matcher->count)
		{
			if (strength < AR_NUMBER_FOLDED)
				continue;
			payload -= matcher->count;
			strength = AR_NUMBER_TAIL;
		}
		if (seen[payload] || (strong && !is_strong(strength)) ||
			ar_target_open(&matcher->targets[payload]) == 0)
			continue;
		seen[payload] = true;
		if (i > 0 && hits[i - 1].payload < matcher->count && is_same_place(&hits[i - 1], hit))
			named->is_shared = true;
		named->targets[named->count++] = &matcher->targets[payload];
		named->weakest = Min(named->weakest, strength);
	}
	pfree(seen);
}

/*
 * agree_alone makes an answer of each named target that alone comes to the
 * amount: more than one is a tie.
 */
static void
agree_alone(ArChain *chain, const ArNumberHit *hits, int count)
{
	for (int i = 0; i < count; i++)
	{
		Named		one;

		collect(chain, &hits[i], 1, false, &one);
		if (one.count == 1)
			(void) agrees(chain, &one);
	}
}

/*
 * by_structured_reference finds the targets whose structured reference the
 * payer quoted, as hits.
 */
static int
by_structured_reference(ArChain *chain, ArTarget *targets, int count, ArNumberHit *hits, int max)
{
	const char *quoted = chain->credit->structured_reference;
	char	   *normal;
	int			found = 0;

	if (quoted == NULL)
		return 0;
	normal = ar_normal_reference(quoted, strlen(quoted));
	for (int i = 0; i < count && found < max; i++)
		if (targets[i].reference != NULL && strcmp(targets[i].reference, normal) == 0)
		{
			hits[found].payload = i;
			hits[found].strength = AR_NUMBER_EXACT;
			hits[found].start = hits[found].end = -1;
			found++;
		}
	return found;
}

/*
 * is_bare tells whether a hit is nothing but a few digits among other words:
 * they may as well be of a telephone, a street, a customer or an amount.
 */
static bool
is_bare(const char *text, const ArNumberHit *hit)
{
	bool		is_alone = true;

	if (hit->end - hit->start >= AR_BARE_DIGITS_MIN)
		return false;
	for (int i = hit->start; i < hit->end; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	for (int i = 0; text[i] != '\0'; i++)
		if ((i < hit->start || i >= hit->end) &&
			(isalnum((unsigned char) text[i]) || IS_HIGHBIT_SET(text[i])))
			is_alone = false;
	return !is_alone;
}

/*
 * find lists all that the payer's words may name: by the structured reference,
 * else by the text.
 */
static int
find(ArChain *chain, ArNumberIndex *index, ArTarget *targets, int target_count, ArNumberHit **hits)
{
	ArNumberHit quoted[AR_TIES_MAX];
	int			count = by_structured_reference(chain, targets, target_count, quoted, AR_TIES_MAX);
	const char *texts[2] = {chain->credit->reference, chain->credit->structured_reference};

	if (count > 0)
	{
		*hits = palloc(sizeof(quoted));
		memcpy(*hits, quoted, sizeof(quoted));
		return count;
	}
	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		if (texts[i] == NULL)
			continue;
		count = ar_number_index_find(index, texts[i], strlen(texts[i]), hits);
		for (int j = 0; j < count; j++)
			if ((*hits)[j].payload < target_count && is_strong((*hits)[j].strength) &&
				is_bare(texts[i], &(*hits)[j]))
				(*hits)[j].strength = AR_NUMBER_TAIL;
		if (count > 0)
			return count;
	}
	*hits = NULL;
	return 0;
}

/*
 * judge_paid judges that the payer names something that is paid.  If it was not
 * long ago, and of the same amount, this is a double payment, and waits for
 * somebody; of another amount, amounts alone decide no more.  True: it is one,
 * or is named as it is.
 */
static bool
judge_paid(ArChain *chain, ArTarget *target, ArNumberStrength strength)
{
	int64		amount = 0;
	bool		is_recent = false;

	for (int i = 0; i < target->count; i++)
	{
		amount += target->parts[i]->amount;
		is_recent = is_recent || target->parts[i]->closed_on >=
			chain->item->issued_on - chain->policy->double_payment_days;
	}
	if (amount == chain->item->open && is_recent)
	{
		ArAnswer   *answer = ar_answer(chain, AR_UNSURE_PAID);

		answer->explanation = psprintf("%s is named, but is paid already: this looks like a double payment.",
									   ar_target_name(target));
		chain->is_double = true;
		return true;
	}
	if (!is_strong(strength))
		return false;
	if (is_recent)
	{
		chain->is_doubtful = true;
		chain->note = psprintf("%s is named, but is paid already.", ar_target_name(target));
	}
	return true;
}

/*
 * find_paid looks whether the payer names something that is paid, better than
 * what is open.
 */
static bool
find_paid(ArChain *chain, const ArNumberHit *open_hits, int open_count, ArNumberStrength open_strength)
{
	ArNumberIndex *index = ar_matcher_closed(chain);
	ArMatcher  *matcher = chain->matcher;
	ArNumberHit *hits;
	int			count = find(chain, index, matcher->closed, matcher->closed_count, &hits);
	bool		is_named = false;

	/* What other credits paid just now is not written yet; it counts as closed at no end. */
	for (int i = 0; i < open_count && !chain->is_double; i++)
		if (open_hits[i].payload < matcher->count && open_hits[i].strength > open_strength &&
			ar_target_open(&matcher->targets[open_hits[i].payload]) == 0)
			is_named = judge_paid(chain, &matcher->targets[open_hits[i].payload],
								  open_hits[i].strength) || is_named;
	for (int i = 0; i < count && !chain->is_double; i++)
		if (hits[i].payload < matcher->closed_count && hits[i].strength > open_strength)
			is_named = judge_paid(chain, &matcher->closed[hits[i].payload], hits[i].strength) || is_named;
	return is_named;
}

/*
 * ar_rule_number: what the numbers in the text name, or the structured
 * reference.
 */
void
ar_rule_number(ArChain *chain)
{
	ArNumberHit *hits;
	Named		strong;
	Named		all;
	int			count;
	ArNumberStrength best = AR_NUMBER_NOT;

	if (chain->credit->reference == NULL && chain->credit->structured_reference == NULL)
		return;
	count = find(chain, ar_matcher_index(chain), chain->matcher->targets,
				 chain->matcher->count, &hits);
	collect(chain, hits, count, true, &strong);
	collect(chain, hits, count, false, &all);

	for (int i = 0; i < count; i++)
		if (hits[i].payload < chain->matcher->count &&
			ar_target_open(&chain->matcher->targets[hits[i].payload]) > 0)
			best = Max(best, hits[i].strength);
	/* What names something open as it is need not be looked for elsewhere. */
	if ((strong.count == 0 || strong.weakest < AR_NUMBER_FOLDED || strong.is_shared) &&
		find_paid(chain, hits, count, best))
		return;
	chain->is_unread = count == 0;
	if (strong.count > 0 && !strong.is_shared)
	{
		if (agrees(chain, &strong))
			return;
		if (strong.credit_count > 0)
		{
			strong.credit_count = 0;
			if (agrees(chain, &strong))
				return;
		}
		if (all.count > strong.count && !all.is_shared && agrees(chain, &all))
			return;
		if (!choose(chain, &strong))
			pay_in_order(chain, &strong);
		return;
	}

	if (all.count == 0)
		return;
	agree_alone(chain, hits, count);
	if (chain->answers == NIL && all.count > 1 && !all.is_shared)
		(void) agrees(chain, &all);
	/* Named after a fashion, but with another amount: somebody must look. */
	if (chain->answers == NIL && !all.is_shared && all.weakest > AR_NUMBER_SHORT_TAIL)
	{
		ArAnswer   *answer;

		pay_in_order(chain, &all);
		answer = llast(chain->answers);
		answer->confidence = Min(answer->confidence, AR_SURE_NAMED_ONLY);
		chain->answers = NIL;
		chain->fallback = answer;
		chain->is_doubtful = true;
	}
}
