/*
 * limit.h
 *		Judging customers by their credit limits.
 */
#ifndef AR_CREDIT_LIMIT_H
#define AR_CREDIT_LIMIT_H

#include "utils/rel.h"

/* What raised the exposure, which decides on what a breach does. */
typedef enum ArCreditRoad
{
	AR_CREDIT_BALANCE,			/* a balance: others hold what can be held */
	AR_CREDIT_DRAFT,			/* a draft, which is judged again when posted */
	AR_CREDIT_OTHER,			/* what cannot be held: orders and charges */
	AR_CREDIT_MOVE				/* a customer who came into a group, or left it with a credit */
} ArCreditRoad;

extern void ar_judge_credit(Relation relation, int32 ledger_id, Datum customer_ids,
							ArCreditRoad road);

#endif							/* AR_CREDIT_LIMIT_H */
