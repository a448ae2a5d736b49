/*
 * posting.h
 *		Posting: how a document becomes items and moves its customer's balance.
 */
#ifndef AR_ITEM_POSTING_H
#define AR_ITEM_POSTING_H

#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/rel.h"

#include "item/transition.h"

/* The kinds of document, each with its own column in ar.item. */
typedef enum ArDocumentType
{
	AR_DOCUMENT_INVOICE,
	AR_DOCUMENT_PAYMENT,
	AR_DOCUMENT_ADJUSTMENT
} ArDocumentType;

/* One item to be made. */
typedef struct ArPosting
{
	int32		ledger_id;
	int64		customer_id;
	int64		document_id;
	const char *kind;			/* what the item is, such as "invoice" */
	int16		instalment;		/* 1 for the first or only one */
	DateADT		issued_on;
	DateADT		due_on;
	int64		amount_minor;	/* debit > 0, credit < 0 */
	uint32		currency;
	TimestampTz recorded_at;
	/* Of an item that is applied as it is made: */
	int64		item_id;		/* drawn before; 0: it is not known yet */
	int64		applied_minor;	/* of amount_minor, with its sign */
	DateADT		closed_on;		/* when all of it was */
	bool		is_settled;		/* nothing more will be applied to it */
	bool		is_made;
} ArPosting;

/* A change of one customer's balance in one currency. */
typedef struct ArBalanceChange
{
	int32		ledger_id;
	int64		customer_id;
	uint32		currency;
	int64		debits_minor;	/* added to what is open on debit items */
	int64		credits_minor;	/* added to what is open on credit items */
} ArBalanceChange;

extern int64 ar_draw_id(void);
extern ArPosting *ar_read_postings(Relation relation, const char *table, ArTransition *rows,
								   int room, ArDocumentType *type, int *count);
extern void ar_post_items(ArDocumentType type, const ArPosting *postings,
						  int count);
extern void ar_note_posting(const ArPosting *posting, ArBalanceChange *change);
extern void ar_write_items(ArDocumentType type, const ArPosting *postings, int count);
extern void ar_hold_balances(ArBalanceChange *changes, int count);
extern void ar_change_balances(ArBalanceChange *changes, int count);
extern bool ar_is_within(int64 open_minor, int64 amount_minor);
extern int64 ar_add_minor(int64 left, int64 right);

#endif							/* AR_ITEM_POSTING_H */
