/*
 * match_remittance.c
 *		What a payment is for, as the payer says line by line.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "cash/match.h"
#include "item/posting.h"
#include "type/currency.h"
#include "type/rounding.h"

/* One line of a remittance. */
typedef struct Wish
{
	char	   *number;
	ArTarget   *target;			/* NULL: nothing of it is open */
	ArItem	   *memo;			/* a credit that is set off, instead */
	bool		has_amount;
	int64		amount;
	bool		has_discount;
	int64		discount;
	char	   *reason_code;
} Wish;

/*
 * minor_of reads a number of a remittance as an amount.
 */
static int64
minor_of(const ArChain *chain, Numeric number)
{
	static const int64 scales[] = {1, 10, 100, 1000, 10000};
	uint32		currency = chain->account->currency;
	int			exponent = ar_currency_exponent(currency);
	Datum		product;

	Assert(exponent < (int) lengthof(scales));
	product = DirectFunctionCall2(numeric_mul, NumericGetDatum(number),
								  NumericGetDatum(int64_to_numeric(scales[exponent])));
	return ar_divide_rounded(DatumGetNumeric(product), int64_to_numeric(1),
							 AR_ROUND_HALF_EVEN, currency);
}

/*
 * find_number finds what a line names: a number as it is, or else one that it
 * can hardly be anything but.
 */
static void
find_number(ArChain *chain, Wish *wish)
{
	ArMatcher  *matcher = chain->matcher;
	ArAccount  *account = chain->account;
	ArNumberHit *hits;
	int			count;
	int			best = -1;

	wish->target = ar_matcher_find(chain, wish->number);
	if (wish->target != NULL)
		return;
	for (int i = account->debit_count; i < account->count; i++)
		if (account->items[i].number != NULL &&
			strcmp(account->items[i].number, wish->number) == 0)
		{
			wish->memo = &account->items[i];
			return;
		}
	count = ar_number_index_find(ar_matcher_index(chain), wish->number,
								 strlen(wish->number), &hits);
	for (int i = 0; i < count; i++)
	{
		if (hits[i].payload >= matcher->count || hits[i].strength < AR_NUMBER_ZEROS_LOST)
			continue;
		if (best >= 0)
			return;
		best = i;
	}
	if (best >= 0)
		wish->target = &matcher->targets[hits[best].payload];
}

/*
 * read_wish reads one line.
 */
static void
read_wish(ArChain *chain, JsonbContainer *line, Wish *wish)
{
	JsonbValue	value;
	JsonbIterator *iterator = JsonbIteratorInit(line);
	JsonbIteratorToken token;

	memset(wish, 0, sizeof(Wish));
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		char	   *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		(void) JsonbIteratorNext(&iterator, &value, true);
		if (value.type == jbvString && strcmp(key, "number") == 0)
			wish->number = pnstrdup(value.val.string.val, value.val.string.len);
		else if (value.type == jbvString && strcmp(key, "reason") == 0)
			wish->reason_code = pnstrdup(value.val.string.val, value.val.string.len);
		else if (value.type == jbvNumeric && strcmp(key, "amount") == 0)
		{
			wish->has_amount = true;
			wish->amount = minor_of(chain, value.val.numeric);
		}
		else if (value.type == jbvNumeric && strcmp(key, "discount") == 0)
		{
			wish->has_discount = true;
			wish->discount = minor_of(chain, value.val.numeric);
		}
	}
	if (wish->number == NULL)
		wish->number = "";
	find_number(chain, wish);
	/* What is set off is a credit, and what is paid a debit. */
	if (wish->memo != NULL && (wish->memo == chain->item || (wish->has_amount && wish->amount > 0)))
		wish->memo = NULL;
	if (wish->target != NULL && wish->has_amount && wish->amount < 0)
		wish->target = NULL;
}

/*
 * read_wishes reads all lines of a remittance.
 */
static Wish *
read_wishes(ArChain *chain, int *count)
{
	JsonbContainer *root = &chain->credit->remittance->root;
	uint32		lines = JsonContainerIsArray(root) ? JsonContainerSize(root) : 0;
	Wish	   *wishes = palloc_extended(sizeof(Wish) * (Size) Max(lines, 1), MCXT_ALLOC_HUGE);

	*count = 0;
	for (uint32 i = 0; i < lines; i++)
	{
		JsonbValue *line = getIthJsonbValueFromContainer(root, i);

		CHECK_FOR_INTERRUPTS();
		if (line->type == jbvBinary && JsonContainerIsObject(line->val.binary.data))
			read_wish(chain, line->val.binary.data, &wishes[(*count)++]);
	}
	return wishes;
}

/*
 * memo_part is how much of the memo of a line is set off: all that is open,
 * or what the line says; that only once.
 */
static int64
memo_part(const ArChain *chain, const Wish *wish)
{
	if (!wish->has_amount)
		return wish->memo->open;
	return chain->item->open < chain->item->amount ? 0 : Min(-wish->amount, wish->memo->open);
}

/*
 * is_named_before tells whether an earlier line names the same memo, and lets
 * that line stand for both.
 */
static bool
is_named_before(Wish *wishes, int count, const Wish *wish)
{
	for (int i = 0; i < count && wish->memo != NULL; i++)
		if (wishes[i].memo == wish->memo)
		{
			wishes[i].has_amount = wishes[i].has_amount && wish->has_amount;
			wishes[i].amount = ar_add_minor(wishes[i].amount, wish->amount);
			return true;
		}
	return false;
}

/*
 * merge puts lines that name the same invoice together: without an amount, all
 * that is open is meant.
 */
static int
merge(Wish *wishes, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		Wish	   *first;

		if (is_named_before(wishes, kept, &wishes[i]))
			continue;
		if (wishes[i].target == NULL || wishes[i].target->line == 0)
		{
			wishes[kept++] = wishes[i];
			if (wishes[i].target != NULL)
				wishes[i].target->line = kept;
			continue;
		}
		first = &wishes[wishes[i].target->line - 1];
		first->has_amount = first->has_amount && wishes[i].has_amount;
		first->amount = ar_add_minor(first->amount, wishes[i].amount);
		first->has_discount = first->has_discount || wishes[i].has_discount;
		first->discount = ar_add_minor(first->discount, wishes[i].discount);
		if (first->reason_code == NULL)
			first->reason_code = wishes[i].reason_code;
	}
	for (int i = 0; i < kept; i++)
		if (wishes[i].target != NULL)
			wishes[i].target->line = 0;
	return kept;
}

/*
 * take_discounts tells whether the payer has left the discounts to us, that is
 * named no amounts, and paid what is open less all of them.
 */
static bool
take_discounts(ArChain *chain, const Wish *wishes, int count)
{
	int64		open = 0;
	int64		discount = 0;

	for (int i = 0; i < count; i++)
	{
		if (wishes[i].memo != NULL)
			open -= memo_part(chain, &wishes[i]);
		if (wishes[i].target == NULL)
			continue;
		if (wishes[i].has_amount || wishes[i].has_discount)
			return false;
		open += ar_target_open(wishes[i].target);
		discount += ar_target_discount(chain, wishes[i].target);
	}
	return discount > 0 && chain->item->open == open - discount;
}

/*
 * grant_wish gives one line what it asks for, as far as the money goes, and
 * returns how much of it that was.
 */
static int64
grant_wish(ArChain *chain, ArAnswer *answer, const Wish *wish, bool discounted,
		   int64 money, bool is_partly_applied, const char **note)
{
	ArTarget   *target = wish->target;
	int64		open = ar_target_open(target);
	int64		earned = ar_target_discount(chain, target);
	int64		discount = discounted ? earned : Min(wish->has_discount ? wish->discount : 0, open);
	int64		wanted = wish->has_amount ? wish->amount : open - discount;
	int64		amount;
	int64		missing;
	int64		difference = 0;
	int64		deduction = 0;

	if (is_partly_applied && wish->has_amount)
		wanted -= ar_read_given(chain->settlement, chain->item->item_id,
								target->parts[0]->invoice_id);
	amount = Max(Min(Min(wanted, open), money), 0);
	missing = open - amount;
	if (amount == 0)
		return 0;
	if (discount > earned)
	{
		*note = psprintf("%s The discount taken for %s was not earned.", *note, ar_target_name(target));
		discount = 0;
	}
	/* Who did not get all he asked for has not fallen short himself. */
	if (amount < wanted)
		discount = 0;
	else
	{
		if (!wish->has_discount && missing <= earned)
			discount = missing;
		discount = Min(discount, missing);
		if (wish->reason_code != NULL)
			deduction = missing - discount;
		else if (missing - discount <= ar_tolerance(chain->policy, chain->account->currency, open))
			difference = missing - discount;
		else if (discount == 0)
			discount = ar_discount_of_part(target->parts[0], chain->policy,
										   chain->credit->received_on, amount);
	}
	ar_answer_target(chain, answer, target, amount, discount, difference, deduction, wish->reason_code);
	return amount;
}

/*
 * ar_rule_remittance: what the lines of the remittance name, in their order,
 * to what they say or else to what is open.
 */
void
ar_rule_remittance(ArChain *chain)
{
	int			count;
	Wish	   *wishes;
	ArTarget  **targets;
	ArItem	  **memos;
	int			named = 0;
	int64	   *memo_parts;
	int			memo_count = 0;
	const char *unknown = NULL;
	int64		money;
	bool		discounted;
	ArAnswer   *answer;
	const char *note = "";
	bool		is_partly_applied = chain->item->open < chain->item->amount;

	if (chain->credit->remittance == NULL)
		return;
	wishes = read_wishes(chain, &count);
	count = merge(wishes, count);
	if (count == 0)
		return;
	/* Whatever comes of it, neither an amount alone nor an order goes against it. */
	chain->is_doubtful = true;
	chain->is_directed = true;
	targets = palloc_extended(sizeof(ArTarget *) * (Size) count, MCXT_ALLOC_HUGE);
	memos = palloc_extended(sizeof(ArItem *) * (Size) count, MCXT_ALLOC_HUGE);
	memo_parts = palloc_extended(sizeof(int64) * (Size) count, MCXT_ALLOC_HUGE);
	money = chain->item->open;
	for (int i = 0; i < count; i++)
	{
		if (wishes[i].memo != NULL)
		{
			memo_parts[memo_count] = memo_part(chain, &wishes[i]);
			money += memo_parts[memo_count];
			memos[memo_count++] = wishes[i].memo;
		}
		else if (wishes[i].target == NULL && unknown == NULL)
			unknown = wishes[i].number;
	}
	discounted = take_discounts(chain, wishes, count);
	answer = ar_answer(chain, AR_SURE_REMITTANCE);
	for (int i = 0; i < count; i++)
	{
		int64		granted;

		if (wishes[i].target == NULL)
			continue;
		granted = grant_wish(chain, answer, &wishes[i], discounted, money,
							 is_partly_applied, &note);
		if (granted == 0)
			continue;
		money -= granted;
		targets[named++] = wishes[i].target;
	}
	if (memo_count > 0)
		ar_answer_set_off(chain, answer, memos, memo_parts, memo_count);
	if (named == 0)
	{
		chain->answers = list_delete_ptr(chain->answers, answer);
		chain->note = unknown == NULL ? "What the remittance says has been done: the rest waits." :
			psprintf("The remittance names \"%s\", of which nothing is open.", unknown);
		return;
	}
	if (money > 0 || unknown != NULL)
		answer->confidence = AR_SURE_REMITTANCE_ROUGH;
	if (unknown != NULL)
		note = psprintf("%s It names \"%s\", too, of which nothing is open.", note, unknown);
	else if (money > 0)
		note = psprintf("%s%s", note, ar_answer_excess(chain, answer, chain->item->open - money));
	answer->explanation = psprintf("The remittance names %s.%s",
								   ar_target_names(targets, named, "", ""), note);
	ar_answer_done(answer);
}
