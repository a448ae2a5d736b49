/*
 * application.h
 *		Applications that were found by a rule, to be written many at a time.
 */
#ifndef AR_ITEM_APPLICATION_H
#define AR_ITEM_APPLICATION_H

#include "utils/date.h"

#include "item/posting.h"

/* An application to be made. */
typedef struct ArApplication
{
	int32		ledger_id;
	int64		customer_id;	/* whose both items are */
	int64		credit_item_id;
	int64		debit_item_id;
	int64		amount_minor;
	uint32		currency;
	DateADT		applied_on;
	const char *rule;			/* by which it was found; NULL: somebody said so */
	int			confidence;		/* in ten-thousandths; below zero: it was told what to do */
} ArApplication;

extern void ar_apply_found(const ArApplication *found, int count, ArPosting *fresh, int fresh_count);

#endif							/* AR_ITEM_APPLICATION_H */
