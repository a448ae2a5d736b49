/*
 * application.h
 *		Applications that were found by a rule, to be written many at a time.
 */
#ifndef AR_ITEM_APPLICATION_H
#define AR_ITEM_APPLICATION_H

#include "storage/itemptr.h"
#include "utils/date.h"
#include "utils/rel.h"

#include "item/posting.h"

/* An application to be made. */
typedef struct ArApplication
{
	int32		ledger_id;
	int64		customer_id;	/* whose both items are */
	int64		credit_item_id;
	int64		debit_item_id;
	ItemPointerData debit_place;	/* where its row was read; invalid: not known */
	int64		amount_minor;
	uint32		currency;
	DateADT		applied_on;
	const char *rule;			/* by which it was found; NULL: somebody said so */
	int			confidence;		/* in ten-thousandths; below zero: it was told what to do */
} ArApplication;

/* An invoice whose items a statement changed, or its lines. */
typedef struct ArTouchedInvoice
{
	int32		ledger_id;
	int64		invoice_id;
	bool		is_paid;		/* to an item nothing was ever applied, and now all by payments */
} ArTouchedInvoice;

/* What follows the items of invoices.  It may reorder the array. */
typedef void (*ArItemsFollower) (Relation items, ArTouchedInvoice *invoices, int count);

extern ArItemsFollower ar_items_follower;

extern void ar_apply_found(const ArApplication *found, int count, ArPosting *fresh, int fresh_count);

#endif							/* AR_ITEM_APPLICATION_H */
