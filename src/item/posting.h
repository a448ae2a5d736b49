/*
 * posting.h
 *		Posting: how a document becomes items and moves its customer's balance.
 */
#ifndef AR_ITEM_POSTING_H
#define AR_ITEM_POSTING_H

#include "datatype/timestamp.h"
#include "utils/date.h"

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

extern void ar_post_items(ArDocumentType type, const ArPosting *postings,
						  int count);
extern void ar_change_balances(ArBalanceChange *changes, int count);
extern bool ar_is_within(int64 open_minor, int64 amount_minor);
extern int64 ar_add_minor(int64 left, int64 right);

#endif							/* AR_ITEM_POSTING_H */
