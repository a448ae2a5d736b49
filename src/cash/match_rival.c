/*
 * match_rival.c
 *		Whether something else explains an amount as well as what a rule found.
 *
 * The rules are tried in an order, and each only looks for its own.  That one
 * came first does not make it better: a rule that knows nothing but the amount
 * decides only if no other, earlier or later, named by the policy or not, finds
 * an answer that is as simple.
 *
 * What is simpler is better.  One item is not questioned by two that come to
 * the same: among twenty there nearly always are such.  All that is overdue is
 * questioned by another choice of no more items, and what only nearly comes to
 * the amount by any that does exactly.
 */
#include "postgres.h"

#include "cash/match.h"

/* The rules whose answers are as simple, and how many items may be chosen. */
typedef struct Rivalry
{
	ArRule		rules[4];
	int			count;
	bool		is_chosen_from; /* other choices are looked for, too */
} Rivalry;

static const Rivalry rivalries[AR_RULES_MAX] = {
	[AR_RULE_EXACT] = {{AR_RULE_DISCOUNTED, AR_RULE_ALL_OVERDUE}, 2, false},
	[AR_RULE_DISCOUNTED] = {{AR_RULE_EXACT, AR_RULE_ALL_OVERDUE}, 2, false},
	[AR_RULE_ALL_OPEN] = {{AR_RULE_EXACT, AR_RULE_DISCOUNTED, AR_RULE_ALL_OVERDUE}, 3, true},
	[AR_RULE_ALL_OVERDUE] = {{AR_RULE_EXACT, AR_RULE_DISCOUNTED, AR_RULE_ALL_OPEN}, 3, true},
	[AR_RULE_COMBINATION] = {{AR_RULE_EXACT, AR_RULE_DISCOUNTED, AR_RULE_ALL_OPEN}, 3, false},
	[AR_RULE_TOLERANCE] = {{AR_RULE_EXACT, AR_RULE_DISCOUNTED, AR_RULE_ALL_OPEN, AR_RULE_ALL_OVERDUE}, 4, true},
};

/*
 * ask lets another rule answer.
 */
static void
ask(ArChain *chain, ArRule rule)
{
	chain->rule = rule;
	switch (rule)
	{
		case AR_RULE_EXACT:
			ar_rule_exact(chain);
			break;
		case AR_RULE_DISCOUNTED:
			ar_rule_discounted(chain);
			break;
		case AR_RULE_ALL_OPEN:
			ar_rule_all_open(chain);
			break;
		default:
			ar_rule_all_overdue(chain);
			break;
	}
}

/*
 * is_same tells whether two answers do the same: all that is overdue may be one
 * invoice.
 */
static bool
is_same(const ArAnswer *a, const ArAnswer *b)
{
	if (a->line_count != b->line_count)
		return false;
	for (int i = 0; i < a->line_count; i++)
		if (a->lines[i].debit != b->lines[i].debit || a->lines[i].credit != b->lines[i].credit ||
			a->lines[i].amount != b->lines[i].amount || a->lines[i].discount != b->lines[i].discount)
			return false;
	return true;
}

/*
 * is_everything tells whether the credit is all that is open, without discounts
 * or other credits: no other choice comes to as much.
 */
static bool
is_everything(const ArChain *chain)
{
	int64		open = 0;

	for (int i = 0; i < chain->account->debit_count; i++)
		open += chain->account->items[i].open;
	return open == chain->item->open;
}

/*
 * ar_weigh_rivals puts the rivals of the one answer that a rule found beside
 * it, which makes it one of several, or lets it be less sure where they are too
 * many to be looked for.
 */
void
ar_weigh_rivals(ArChain *chain)
{
	ArAnswer   *answer = linitial(chain->answers);
	const Rivalry *rivalry = &rivalries[chain->rule];
	ArRule		rule = chain->rule;
	List	   *rivals;
	ListCell   *cell;

	if (rule == AR_RULE_ALL_OPEN && is_everything(chain))
		return;
	chain->answers = NIL;
	for (int i = 0; i < rivalry->count; i++)
		ask(chain, rivalry->rules[i]);
	rivals = chain->answers;
	chain->answers = list_make1(answer);
	foreach(cell, rivals)
		if (!is_same(answer, lfirst(cell)))
			chain->answers = lappend(chain->answers, lfirst(cell));
	chain->rule = AR_RULE_COMBINATION;
	if (rivalry->is_chosen_from && list_length(chain->answers) == 1 &&
		!ar_find_rival(chain, answer,
					   rule == AR_RULE_ALL_OVERDUE ? answer->line_count : PG_INT32_MAX))
	{
		answer->confidence = Min(answer->confidence, AR_UNSURE_RIVAL);
		answer->explanation = psprintf("%s But of so many items, others may come to it as well.",
									   answer->explanation);
	}
	chain->rule = rule;
}
