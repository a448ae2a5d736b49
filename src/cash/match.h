/*
 * match.h
 *		The rules by which a credit finds what it is for.
 */
#ifndef AR_CASH_MATCH_H
#define AR_CASH_MATCH_H

#include "lib/stringinfo.h"

#include "cash/number.h"
#include "cash/settle.h"

/*
 * How sure each answer is, in 10 thousandths.  Names are surest, and amounts
 * beside them surer still; an amount alone is as sure as it is rare.
 */
#define AR_SURE_REMITTANCE			9900	/* it comes to exactly what was paid */
#define AR_SURE_REMITTANCE_ROUGH	9500	/* it does not, but says what it wants */
#define AR_SURE_NUMBER_ROUGH		9500	/* a number, but another amount; less
											 * 100 for each strength it lacks */
#define AR_SURE_NUMBER_CHOICE		9400	/* some of the numbers come to it */
#define AR_SURE_EXACT				9500
#define AR_SURE_DISCOUNTED			9400
#define AR_SURE_ALL_OPEN			9500
#define AR_SURE_ALL_NET				9400	/* with discounts or credits */
#define AR_SURE_ALL_OVERDUE			9300
#define AR_SURE_COMBINATION			9500	/* less what chance may do: see there */
#define AR_SURE_TOLERANCE			9100
#define AR_SURE_NAMED_ONLY			6000	/* a weak number, and another amount */
#define AR_UNSURE_TIE				5000	/* one of several that are as good */
#define AR_UNSURE_RIVAL				6000	/* there may be others */
#define AR_UNSURE_PAID				3000	/* it names what is paid already */

/* So many answers of a rule that cannot decide are suggested. */
#define AR_TIES_MAX		5

/* What can be paid: an invoice with all its open parts, or a charge. */
typedef struct ArTarget
{
	ArItem	  **parts;			/* the older first */
	int			count;
	char	   *number;			/* or NULL */
	char	   *reference;		/* the structured one, in normal form, or NULL */
	int			line;			/* of a remittance that names it, from 1; else 0 */
} ArTarget;

/* What the debits of an account are called. */
typedef struct ArMatcher
{
	ArTarget   *targets;
	int			count;
	ArTarget   *closed;
	int			closed_count;
	ArNumberIndex *index;		/* of what is open, once it was asked for */
	ArNumberIndex *closed_index;
	bool		has_closed;		/* they were read */
	ArTarget  **by_number;		/* those with a number, in its order */
	int			numbered;
} ArMatcher;

/* The way of one credit through the rules. */
typedef struct ArChain
{
	ArSettlement *settlement;
	ArAccount  *account;
	ArCredit   *credit;
	ArItem	   *item;			/* of the credit */
	ArPolicy   *policy;
	ArMatcher  *matcher;
	ArRule		rule;			/* that is being tried */
	List	   *answers;		/* what it found */
	ArAnswer   *fallback;		/* suggested if nothing decides */
	bool		is_tied;		/* no amount decides any more */
	bool		is_doubtful;	/* it names something else: amounts only suggest */
	bool		is_directed;	/* the payer says line by line what it is for */
	bool		is_double;		/* it is taken for a double payment */
	bool		is_unread;		/* no number of the customer's stands in the text */
	const char *note;			/* why it waits, if nothing else is found */
} ArChain;

/* match_target.c */
extern ArMatcher *ar_matcher(ArChain *chain);
extern ArNumberIndex *ar_matcher_index(ArChain *chain);
extern ArNumberIndex *ar_matcher_closed(ArChain *chain);
extern ArTarget *ar_matcher_find(ArChain *chain, const char *number);
extern int64 ar_target_open(const ArTarget *target);
extern int64 ar_target_discount(const ArChain *chain, const ArTarget *target);
extern char *ar_target_name(const ArTarget *target);
extern char *ar_target_names(ArTarget **targets, int count, const char *one, const char *several);
extern char *ar_money(const ArChain *chain, int64 minor);

/* answer.c */
extern ArAnswer *ar_answer(ArChain *chain, int confidence);
extern void ar_answer_pay(ArChain *chain, ArAnswer *answer, ArItem *debit, int64 amount, int64 discount);
extern void ar_answer_target(ArChain *chain, ArAnswer *answer, ArTarget *target,
							 int64 amount, int64 discount, int64 difference,
							 int64 deduction, char *reason_code);
extern void ar_answer_close(ArChain *chain, ArAnswer *answer, ArTarget *target, bool discounted);
extern void ar_answer_set_off(ArChain *chain, ArAnswer *answer, ArItem **credits,
							  const int64 *most, int count);
extern int64 ar_answer_left(const ArChain *chain, const ArAnswer *answer);
extern const char *ar_answer_excess(ArChain *chain, ArAnswer *answer, int64 owed);
extern void ar_answer_done(ArAnswer *answer);

/* match_remittance.c, match_number.c, match_amount.c, match_combination.c */
extern void ar_rule_remittance(ArChain *chain);
extern void ar_rule_number(ArChain *chain);
extern void ar_rule_exact(ArChain *chain);
extern void ar_rule_discounted(ArChain *chain);
extern void ar_rule_all_open(ArChain *chain);
extern void ar_rule_all_overdue(ArChain *chain);
extern void ar_rule_combination(ArChain *chain);
extern void ar_rule_tolerance(ArChain *chain);
extern bool ar_find_rival(ArChain *chain, const ArAnswer *answer, int most);

/* match_rival.c */
extern void ar_weigh_rivals(ArChain *chain);

#endif							/* AR_CASH_MATCH_H */
