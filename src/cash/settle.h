/*
 * settle.h
 *		What money that came in is for: the parts of the engine.
 *
 * The engine works on one ledger at a time.  It reads what its customers have
 * open, account by account (a customer in a currency), lets each credit take
 * what it is for, in memory, and then writes all of it at once.
 *
 * Amounts in these structures are minor units, and never negative: which side
 * an item is on is known from where it stands.
 */
#ifndef AR_CASH_SETTLE_H
#define AR_CASH_SETTLE_H

#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "utils/date.h"
#include "utils/jsonb.h"
#include "utils/rel.h"

#include "item/transition.h"

/* How a credit is to be applied: ar.payment.apply. */
typedef enum ArApply
{
	AR_APPLY_UNSAID,			/* as the policy says */
	AR_APPLY_NONE,
	AR_APPLY_AUTO,				/* by the rules */
	AR_APPLY_OLDEST,
	AR_APPLY_NEWEST,
	AR_APPLY_LARGEST,
	AR_APPLY_PROPORTIONAL
} ArApply;

/* The rules, by which an answer is called, too. */
typedef enum ArRule
{
	AR_RULE_REMITTANCE,
	AR_RULE_NUMBER,
	AR_RULE_EXACT,
	AR_RULE_DISCOUNTED,
	AR_RULE_ALL_OPEN,
	AR_RULE_ALL_OVERDUE,
	AR_RULE_COMBINATION,
	AR_RULE_TOLERANCE,
	/* What is not in ar.cash_policy.rules. */
	AR_RULE_CORRECTION,			/* a credit memo to the invoice it corrects */
	AR_RULE_OLDEST,
	AR_RULE_NEWEST,
	AR_RULE_LARGEST,
	AR_RULE_PROPORTIONAL,
	AR_RULE_NONE
} ArRule;

#define AR_RULES_MAX	(AR_RULE_TOLERANCE + 1)

/* What is done with what is too much. */
typedef enum ArOverpayment
{
	AR_OVERPAYMENT_ON_ACCOUNT,
	AR_OVERPAYMENT_WRITE_OFF,
	AR_OVERPAYMENT_REFUND
} ArOverpayment;

/* What discount a part payment earns. */
typedef enum ArPartialDiscount
{
	AR_PARTIAL_NONE,
	AR_PARTIAL_PRO_RATA,
	AR_PARTIAL_CLOSING
} ArPartialDiscount;

/* ar.cash_policies(), of one customer. */
typedef struct ArPolicy
{
	int64		customer_id;
	bool		apply_on_receipt;
	ArRule		rules[AR_RULES_MAX];
	int			rule_count;
	ArApply		remainder;		/* AR_APPLY_NONE: wait */
	bool		has_tolerance;
	int64		tolerance;
	uint32		tolerance_currency;
	int64		tolerance_percent;	/* in 100 millionths; -1: none */
	ArOverpayment overpayment;
	int			grace_days;
	ArPartialDiscount partial_discount;
	int			threshold;		/* of confidence, in 10 thousandths */
	int			double_payment_days;
} ArPolicy;

/* A discount for early payment. */
typedef struct ArTier
{
	DateADT		until;
	int64		discount;
} ArTier;

#define AR_TIERS_MAX	2

/* An item that is open, or was not long ago. */
typedef struct ArItem
{
	int64		item_id;
	int64		customer_id;
	uint32		currency;
	int64		payment_id;		/* 0 in what is of another document */
	int64		invoice_id;
	int64		about_id;		/* the invoice that a memo or adjustment is about */
	int64		amount;
	int64		open;			/* what is left of it while the engine works */
	DateADT		issued_on;
	DateADT		due_on;
	DateADT		undone_on;		/* DATEVAL_NOBEGIN: nothing was */
	DateADT		closed_on;		/* DATEVAL_NOEND: it is open */
	bool		is_credit;
	/* Read for the rules only: */
	char	   *kind;
	char	   *number;			/* of its document, or NULL */
	char	   *payment_reference;
	char	   *purchase_order;
	int			tier_count;
	ArTier		tiers[AR_TIERS_MAX];
	int64		discount_taken; /* before */
	DateADT		paid_on;		/* of the latest credit applied before, if it
								 * has discounts; DATEVAL_NOBEGIN: none */
	int64		taken;			/* by the answer that is being made */
	ItemPointerData place;		/* where its row was read; invalid: not known */
} ArItem;

/* A credit that is to be settled. */
typedef struct ArCredit
{
	int64		payment_id;		/* 0: a credit memo or an adjustment */
	int64		item_id;		/* 0: not known yet */
	int64		customer_id;
	uint32		currency;
	ArApply		apply;
	DateADT		received_on;	/* which discounts are judged by */
	/* Of a payment that goes by the rules: */
	char	   *reference;
	char	   *structured_reference;
	Jsonb	   *remittance;
	ArItem	   *item;			/* NULL: nothing of it is open */
	struct ArPosting *fresh;	/* of a payment just recorded: the item to be made */
	/* What came of it: */
	int64		open_before;
	int64		open_after;
	int64		kept;			/* of what was to be given away, after all */
	ArRule		rule;
	int			confidence;		/* in 10 thousandths; -1: none */
	const char *explanation;
	bool		is_suggested;	/* something waits for somebody */
} ArCredit;

/* What one customer has open in one currency. */
typedef struct ArAccount
{
	int64		customer_id;
	uint32		currency;
	ArItem	   *items;			/* debits first, by due date */
	int			debit_count;
	int			count;
	ArPolicy   *policy;			/* NULL: nothing goes by the rules */
	int			first_open;		/* no debit before this is open */
	int			last_open;		/* nor one from this on */
	struct ArLargest *largest;	/* the order by amount, once it was needed */
	struct ArMatcher *matcher;	/* what its debits are called, once it was asked */
} ArAccount;

/* A part of a credit that goes to a debit, and what is granted besides. */
typedef struct ArLine
{
	ArItem	   *debit;
	ArItem	   *credit;			/* NULL: the credit that is settled */
	int64		amount;
	int64		discount;
	int64		difference;
	int64		deduction;
	char	   *reason_code;	/* of the deduction */
} ArLine;

/* What a rule found. */
typedef struct ArAnswer
{
	ArRule		rule;
	int			confidence;
	char	   *explanation;
	ArLine	   *lines;
	int			line_count;
	int64		gain;			/* too much, and kept as a difference */
	int64		refund;			/* too much, and to be given back */
} ArAnswer;

/* One piece of work. */
typedef struct ArSettlement
{
	Relation	relation;		/* whose owner writes */
	int32		ledger_id;
	bool		is_fresh;		/* the payments came in just now */
	struct ArPosting *fresh;	/* and get these items, which are not made yet */
	int			fresh_count;
	ArCredit   *credits;
	int			credit_count;
	struct ArWriting *writing;	/* what is to be written */
	MemoryContext context;		/* of what lives as long as the work */
	MemoryContext chunk;		/* of the accounts at hand */
} ArSettlement;

/* settle_trigger.c */
extern void ar_settle_payment(Relation relation, TupleTableSlot *payment);

/* waiting.c */
extern void ar_wait_payments(Relation payments, ArTransition *rows);

/* settle.c */
extern void ar_settle(ArSettlement *settlement);

/* settle_read.c */
extern ArApply ar_apply_from_text(const char *text);
extern bool ar_read_first(ArSettlement *settlement, ArAccount *account);
extern ArItem *ar_read_items(ArSettlement *settlement, const int64 *customers,
							 int count, bool for_rules, int room, int *item_count);
extern void ar_fresh_item(const ArCredit *credit, ArItem *item);
extern ArItem *ar_read_closed(ArSettlement *settlement, ArAccount *account, int *item_count);
extern int64 ar_read_given(ArSettlement *settlement, int64 credit_item_id, int64 invoice_id);

/* settle_credit.c */
extern void ar_hold_accounts(ArSettlement *settlement);
extern void ar_read_credits(ArSettlement *settlement, Datum ids, bool by_payment);
extern void ar_read_texts(ArCredit *credit, Datum reference, bool no_reference,
						  Datum structured, bool no_structured,
						  Datum remittance, bool no_remittance);

/* settle_function.c */
extern Relation ar_settle_table(void);
extern Datum ar_settle_visible(int32 ledger_id, Datum ids, bool are_suggestions, int *count);

/* settle_policy.c */
extern bool ar_is_applied_on_receipt(int32 ledger_id);
extern ArPolicy *ar_read_policies(ArSettlement *settlement, const int64 *customers, int count);
extern int64 ar_tolerance(const ArPolicy *policy, uint32 currency, int64 open);

/* settle_write.c */
extern const char *ar_rule_name(ArRule rule);
extern void ar_write_begin(ArSettlement *settlement);
extern void ar_write_line(ArSettlement *settlement, ArItem *credit, ArItem *debit,
						  int64 amount, ArRule rule, int confidence);
extern void ar_write_answer(ArSettlement *settlement, ArCredit *credit, ArAnswer *answer);
extern void ar_write_flush(ArSettlement *settlement, bool is_last);

/* suggest.c */
extern bool ar_is_rejected(ArSettlement *settlement, const ArCredit *credit, const ArAnswer *answer);
extern void ar_suggest(ArSettlement *settlement, ArCredit *credit, ArAnswer *answer);
extern void ar_write_suggestions(ArSettlement *settlement);
extern void ar_read_suggested(ArSettlement *settlement);

/* spread.c */
extern int64 ar_spread(ArSettlement *settlement, ArAccount *account,
					   ArItem *credit, ArApply order);

/* discount.c */
extern int64 ar_discount_closing(const ArItem *debit, const ArPolicy *policy, DateADT received_on);
extern int64 ar_discount_of_part(const ArItem *debit, const ArPolicy *policy,
								 DateADT received_on, int64 paid);

/* match.c */
extern void ar_match(ArSettlement *settlement, ArAccount *account, ArCredit *credit);

#endif							/* AR_CASH_SETTLE_H */
