/*
 * match.c
 *		The chain of rules: the first that gives exactly one answer decides.
 *
 * What it found is applied if it is sure enough for the policy, and else
 * suggested.  A rule that gives several answers, or has a rival that explains
 * the amount as well, decides nothing, and no amount decides after it.  What is left then goes on in
 * the order that the policy names, or waits.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "cash/match.h"
#include "cash/row.h"
#include "cash/settle_write.h"
#include "item/writer.h"

static void (*const rules[AR_RULES_MAX]) (ArChain *chain) = {
	[AR_RULE_REMITTANCE] = ar_rule_remittance,
	[AR_RULE_NUMBER] = ar_rule_number,
	[AR_RULE_EXACT] = ar_rule_exact,
	[AR_RULE_DISCOUNTED] = ar_rule_discounted,
	[AR_RULE_ALL_OPEN] = ar_rule_all_open,
	[AR_RULE_ALL_OVERDUE] = ar_rule_all_overdue,
	[AR_RULE_COMBINATION] = ar_rule_combination,
	[AR_RULE_TOLERANCE] = ar_rule_tolerance,
};

/*
 * is_by_amount tells the rules that know nothing but the amount.
 */
static bool
is_by_amount(ArRule rule)
{
	return rule != AR_RULE_REMITTANCE && rule != AR_RULE_NUMBER;
}

/*
 * Which documents the text names, and whether one is of another customer.
 * Candidates are looked up one by one, by OFFSET 0, and stand there as they
 * are, not only nearly.
 */
static ArStatement find_named =
{
	.sql =
	"SELECT e.are_others[f.position] FROM"
	" (SELECT pg_catalog.array_agg(v.number) AS numbers, pg_catalog.array_agg(v.is_others) AS are_others"
	"  FROM pg_catalog.unnest(ar.document_keys($2)) AS k(key)"
	"  JOIN LATERAL (SELECT d.number, CASE WHEN d.customer_id OPERATOR(pg_catalog.<>) $3 THEN 1 ELSE 0 END AS is_others FROM ar.invoice AS d"
	"   WHERE d.ledger_id = $1 AND ar.document_key(d.number) = k.key"
	"    AND d.number IS NOT NULL OFFSET 0) AS v ON true) AS e"
	" CROSS JOIN LATERAL ar.find_numbers($2, e.numbers) AS f"
	" WHERE f.strength IN ('exact', 'folded') ORDER BY 1 DESC LIMIT 1",
	.nargs = 3,
	.argtypes = {INT4OID, TEXTOID, INT8OID}
};

/*
 * heed_text: who names a document of somebody else, or one that nobody has, does
 * not mean what merely has the same amount.
 */
static void
heed_text(ArChain *chain)
{
	const char *text = chain->credit->reference;
	Datum		values[3];
	bool		is_named;
	ArNumberHit hit;

	if (chain->is_doubtful || text == NULL)
		return;
	values[0] = Int32GetDatum(chain->settlement->ledger_id);
	values[1] = CStringGetTextDatum(text);
	values[2] = Int64GetDatum(chain->credit->customer_id);
	is_named = ar_writer_execute(&find_named, values, SPI_OK_SELECT) > 0;
	if (is_named)
	{
		ArRow		row = ar_row(0);

		if (ar_row_small(&row, 1, 0) > 0)
		{
			chain->is_doubtful = true;
			chain->note = "The text names a document of another customer.";
		}
	}
	SPI_freetuptable(SPI_tuptable);
	if (!is_named && chain->is_unread &&
		ar_number_index_like(ar_matcher_index(chain), text, strlen(text), &hit))
	{
		chain->is_doubtful = true;
		chain->note = psprintf("The text names \"%.*s\", which is no document.",
							   hit.end - hit.start, text + hit.start);
	}
}

/*
 * correct gives a credit that is about one invoice to that first.
 */
static void
correct(ArChain *chain)
{
	ArItem	   *credit = chain->item;

	if (credit->about_id == 0 || chain->credit->payment_id != 0)
		return;
	for (int i = 0; i < chain->account->debit_count && credit->open > 0; i++)
	{
		ArItem	   *debit = &chain->account->items[i];

		if (debit->invoice_id != credit->about_id || debit->open == 0)
			continue;
		ar_write_line(chain->settlement, credit, debit, Min(credit->open, debit->open),
					  AR_RULE_CORRECTION, -1);
		chain->credit->rule = AR_RULE_CORRECTION;
		chain->credit->explanation = "It is about that invoice.";
	}
}

/*
 * explain keeps why a credit was applied, or was not.
 */
static void
explain(ArChain *chain, ArRule rule, int confidence, const char *explanation)
{
	chain->credit->rule = rule;
	chain->credit->confidence = confidence;
	chain->credit->explanation = MemoryContextStrdup(chain->settlement->context, explanation);
}

/*
 * suggest leaves answers to somebody, the surest of a tie as sure as the rest.
 */
static void
suggest(ArChain *chain, int most)
{
	ListCell   *cell;

	foreach(cell, chain->answers)
	{
		ArAnswer   *answer = lfirst(cell);

		answer->confidence = Min(answer->confidence, most);
		ar_suggest(chain->settlement, chain->credit, answer);
		if (foreach_current_index(cell) == 0)
			explain(chain, answer->rule, answer->confidence, answer->explanation);
	}
}

/*
 * try_rules tries the rules of the policy in their order.  True: somebody or
 * some rule has decided, and nothing else may.
 */
static bool
try_rules(ArChain *chain)
{
	for (int i = 0; i < chain->policy->rule_count && chain->item->open > 0; i++)
	{
		ArAnswer   *answer;

		chain->rule = chain->policy->rules[i];
		if (chain->is_tied && is_by_amount(chain->rule))
			continue;
		chain->answers = NIL;
		rules[chain->rule] (chain);
		if (chain->is_double)
		{
			suggest(chain, AR_UNSURE_PAID);
			return true;
		}
		if (chain->answers == NIL)
			continue;
		if (list_length(chain->answers) == 1 && is_by_amount(chain->rule))
			ar_weigh_rivals(chain);
		if (list_length(chain->answers) > 1)
		{
			chain->is_tied = true;
			suggest(chain, AR_UNSURE_TIE);
			continue;
		}
		answer = linitial(chain->answers);
		if (is_by_amount(chain->rule))
			heed_text(chain);
		if (chain->is_doubtful && is_by_amount(chain->rule))
		{
			answer->confidence = Min(answer->confidence, AR_UNSURE_TIE);
			if (chain->note != NULL)
				answer->explanation = psprintf("%s %s", answer->explanation, chain->note);
		}
		if (answer->confidence < chain->policy->threshold)
		{
			suggest(chain, answer->confidence);
			break;
		}
		if (ar_is_rejected(chain->settlement, chain->credit, answer))
		{
			chain->note = "What was found was rejected before: somebody must say what it is for.";
			return true;
		}
		explain(chain, answer->rule, answer->confidence, answer->explanation);
		ar_write_answer(chain->settlement, chain->credit, answer);
		return false;
	}
	if (chain->fallback != NULL)
	{
		chain->answers = list_make1(chain->fallback);
		suggest(chain, AR_SURE_NAMED_ONLY);
	}
	/* An answer that is not sure enough is one all the same. */
	return chain->answers != NIL && list_length(chain->answers) == 1;
}

/*
 * ar_match lets a credit find what it is for.
 */
void
ar_match(ArSettlement *settlement, ArAccount *account, ArCredit *credit)
{
	ArChain		chain = {.settlement = settlement,.account = account,.credit = credit,
	.item = credit->item,.policy = account->policy};
	MemoryContext context = AllocSetContextCreate(settlement->chunk, "ar_ext matching",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	int			suggested = settlement->writing->suggestion_count;
	int64		open;

	credit->confidence = -1;
	credit->rule = AR_RULE_NONE;
	credit->explanation = "No rule found what it is for.";
	correct(&chain);
	open = credit->item->open;
	if (credit->item->open > 0 &&
		(credit->payment_id != 0 || strcmp(credit->item->kind, "credit_memo") == 0))
	{
		chain.matcher = ar_matcher(&chain);
		if (!try_rules(&chain) && credit->item->open > 0 && !chain.is_directed &&
			account->policy->remainder != AR_APPLY_NONE &&
			ar_spread(settlement, account, credit->item, account->policy->remainder) > 0 &&
			credit->confidence < 0)
			explain(&chain, AR_RULE_OLDEST + (account->policy->remainder - AR_APPLY_OLDEST), -1,
					"No rule found what it is for, and the policy says how to go on.");
		if (credit->rule == AR_RULE_NONE && chain.note != NULL)
			explain(&chain, AR_RULE_NONE, -1, chain.note);
		/* What was a choice of all of it is none of what is left. */
		if (credit->item->open < open)
			settlement->writing->suggestion_count = suggested;
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
