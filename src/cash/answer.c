/*
 * answer.c
 *		What a rule found, as it is being made.
 *
 * While an answer is made, its amounts are taken from the items in their field
 * taken, so that a part is not given twice; they are put back when it is done.
 */
#include "postgres.h"

#include "cash/match.h"

/*
 * ar_answer begins an answer of the rule that is being tried, and puts it among
 * those it found.
 */
ArAnswer *
ar_answer(ArChain *chain, int confidence)
{
	ArAnswer   *answer = palloc0(sizeof(ArAnswer));

	answer->rule = chain->rule;
	answer->confidence = confidence;
	chain->answers = lappend(chain->answers, answer);
	return answer;
}

/*
 * add_line puts a line into an answer.
 */
static ArLine *
add_line(ArAnswer *answer, ArItem *debit)
{
	ArLine	   *line;

	if (answer->line_count % 16 == 0)
		answer->lines = answer->lines == NULL ?
			palloc(sizeof(ArLine) * 16) :
			repalloc_huge(answer->lines, sizeof(ArLine) * ((Size) answer->line_count + 16));
	line = &answer->lines[answer->line_count++];
	memset(line, 0, sizeof(ArLine));
	line->debit = debit;
	return line;
}

/*
 * ar_answer_pay gives one item an amount of the credit, and a discount.
 */
void
ar_answer_pay(ArChain *chain, ArAnswer *answer, ArItem *debit, int64 amount, int64 discount)
{
	ArLine	   *line;

	if (amount == 0 && discount == 0)
		return;
	line = add_line(answer, debit);
	line->amount = amount;
	line->discount = discount;
	debit->taken += amount + discount;
}

/*
 * ar_answer_target gives the parts of a target, in their order, what it gets:
 * each the discount that it may have, and then money, difference and deduction
 * as far as they go.
 */
void
ar_answer_target(ArChain *chain, ArAnswer *answer, ArTarget *target, int64 amount,
				 int64 discount, int64 difference, int64 deduction, char *reason_code)
{
	for (int i = 0; i < target->count; i++)
	{
		ArItem	   *part = target->parts[i];
		int64		open = part->open - part->taken;
		int64		granted = 0;
		ArLine	   *line;

		if (open == 0)
			continue;
		if (discount > 0)
			granted = Min(discount, ar_discount_closing(part, chain->policy,
														chain->credit->received_on));
		if (granted == 0 && amount == 0 && difference == 0 && deduction == 0)
			continue;
		line = add_line(answer, part);
		line->discount = granted;
		open -= granted;
		line->amount = Min(open, amount);
		open -= line->amount;
		line->difference = Min(open, difference);
		open -= line->difference;
		line->deduction = Min(open, deduction);
		open -= line->deduction;
		line->reason_code = line->deduction > 0 ? reason_code : NULL;
		discount -= line->discount;
		amount -= line->amount;
		difference -= line->difference;
		deduction -= line->deduction;
		part->taken = part->open - open;
	}
}

/*
 * ar_answer_close pays all of a target, less what discount it may take.
 */
void
ar_answer_close(ArChain *chain, ArAnswer *answer, ArTarget *target, bool discounted)
{
	for (int i = 0; i < target->count; i++)
	{
		ArItem	   *part = target->parts[i];
		int64		open = part->open - part->taken;
		int64		discount = discounted && chain->credit->payment_id != 0 ?
			ar_discount_closing(part, chain->policy, chain->credit->received_on) : 0;

		ar_answer_pay(chain, answer, part, open - discount, discount);
	}
}

/*
 * credit_left is what a credit has to give.
 */
static int64
credit_left(ArItem **credits, const int64 *most, int at)
{
	int64		left = credits[at]->open - credits[at]->taken;

	return most == NULL ? left : Min(left, most[at]);
}

/*
 * ar_answer_set_off lets other credits of the account pay first what an answer
 * pays: the lines, in order, are theirs until they are used up, or the most of
 * each, if there is such, is given.
 */
void
ar_answer_set_off(ArChain *chain, ArAnswer *answer, ArItem **credits, const int64 *most, int count)
{
	ArLine	   *lines = answer->lines;
	int			line_count = answer->line_count;
	int			at = 0;
	int64		left = count > 0 ? credit_left(credits, most, 0) : 0;

	answer->lines = NULL;
	answer->line_count = 0;
	for (int i = 0; i < line_count; i++)
	{
		ArLine		rest = lines[i];

		while (at < count && rest.amount > 0)
		{
			int64		amount = Min(rest.amount, left);

			if (amount > 0)
			{
				ArLine	   *line = add_line(answer, rest.debit);

				line->credit = credits[at];
				line->amount = amount;
				rest.amount -= amount;
				left -= amount;
				credits[at]->taken += amount;
			}
			if (left == 0 && ++at < count)
				left = credit_left(credits, most, at);
		}
		if (rest.amount > 0 || rest.discount > 0 || rest.difference > 0 || rest.deduction > 0)
			*add_line(answer, rest.debit) = rest;
	}
}

/*
 * ar_answer_left is what an answer leaves of the credit.
 */
int64
ar_answer_left(const ArChain *chain, const ArAnswer *answer)
{
	int64		left = chain->item->open - answer->gain - answer->refund;

	for (int i = 0; i < answer->line_count; i++)
		if (answer->lines[i].credit == NULL)
			left -= answer->lines[i].amount;
	return left;
}

/*
 * is_all_taken tells whether an answer leaves nothing open of the account.
 */
static bool
is_all_taken(const ArAccount *account)
{
	for (int i = 0; i < account->debit_count; i++)
		if (account->items[i].open > account->items[i].taken)
			return false;
	return true;
}

/*
 * ar_answer_excess does with what is too much for an answer as the policy says,
 * and returns what that was, in words; owed is what it pays.
 *
 * Nothing is given back to who owes something else.
 */
const char *
ar_answer_excess(ArChain *chain, ArAnswer *answer, int64 owed)
{
	int64		excess = ar_answer_left(chain, answer);
	const ArPolicy *policy = chain->policy;

	if (excess <= 0)
		return "";
	if (chain->credit->payment_id != 0 && policy->overpayment == AR_OVERPAYMENT_WRITE_OFF &&
		excess <= ar_tolerance(policy, chain->account->currency, owed))
	{
		answer->gain = excess;
		return psprintf(" The %s too much are kept as a difference.", ar_money(chain, excess));
	}
	if (chain->credit->payment_id != 0 && policy->overpayment == AR_OVERPAYMENT_REFUND &&
		is_all_taken(chain->account))
	{
		answer->refund = excess;
		return psprintf(" The %s too much are to be refunded.", ar_money(chain, excess));
	}
	return psprintf(" The %s too much stay on account.", ar_money(chain, excess));
}

/*
 * ar_answer_done puts back what an answer took while it was made.
 */
void
ar_answer_done(ArAnswer *answer)
{
	for (int i = 0; i < answer->line_count; i++)
	{
		answer->lines[i].debit->taken = 0;
		if (answer->lines[i].credit != NULL)
			answer->lines[i].credit->taken = 0;
	}
}
