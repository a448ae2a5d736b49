/*
 * settle_write.h
 *		What was found for credits and is not written yet.
 */
#ifndef AR_CASH_SETTLE_WRITE_H
#define AR_CASH_SETTLE_WRITE_H

#include "cash/settle.h"

/* An application to be written. */
typedef struct ArPending
{
	int64		credit_item_id;
	int64		debit_item_id;
	int64		amount;
	uint32		currency;
	DateADT		applied_on;
	ArRule		rule;
	int			confidence;		/* in 10 thousandths; -1: it is no guess */
} ArPending;

typedef struct ArWriting
{
	ArPending  *pending;
	int			count;
	int			size;
} ArWriting;

#endif							/* AR_CASH_SETTLE_WRITE_H */
