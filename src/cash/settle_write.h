/*
 * settle_write.h
 *		What was found for credits and is not written yet.
 */
#ifndef AR_CASH_SETTLE_WRITE_H
#define AR_CASH_SETTLE_WRITE_H

#include "cash/settle.h"

/* An adjustment to be written: a discount, a difference, a deduction, a refund. */
typedef struct ArPendingAdjustment
{
	const char *kind;
	int64		customer_id;
	int64		amount;			/* debit positive */
	uint32		currency;
	DateADT		adjusted_on;
	int64		payment_id;		/* 0: it came with no payment */
	int64		invoice_id;		/* 0: it is about none */
	char	   *reason_code;	/* or NULL */
	int64		adjustment_id;	/* given when it is written */
	int64		item_id;		/* and its item */
	ArCredit   *credit;			/* that it came with */
} ArPendingAdjustment;

/* An application to be written. */
typedef struct ArPending
{
	int64		customer_id;
	int64		credit_item_id; /* 0: of the adjustment at that place */
	int64		debit_item_id;
	ItemPointerData debit_place;	/* where its row was read; invalid: not known */
	int			adjustment;
	int64		amount;
	uint32		currency;
	DateADT		applied_on;
	ArRule		rule;
	int			confidence;		/* in 10 thousandths; -1: it is no guess */
} ArPending;

/* A suggestion to be written. */
typedef struct ArPendingSuggestion
{
	int64		payment_id;		/* 0: it is about a memo */
	int64		credit_item_id;
	int64		customer_id;
	ArRule		rule;
	int			confidence;
	char	   *explanation;
	char	   *lines;			/* as JSON */
} ArPendingSuggestion;

/* Adjustments, and applications that may be of them. */
typedef struct ArBatch
{
	ArPending  *pending;
	int			count;
	int			size;
	ArPendingAdjustment *adjustments;
	int			adjustment_count;
	int			adjustment_size;
} ArBatch;

typedef struct ArWriting
{
	ArBatch		batch;
	/* What is too much and given away: the debit it makes may be refused. */
	ArBatch		gains;
	ArPendingSuggestion *suggestions;
	int			suggestion_count;
	int			suggestion_size;
} ArWriting;

extern void *ar_write_room(ArSettlement *settlement, void *array, Size element,
						   int count, int *size);
extern void ar_write_adjustments(ArSettlement *settlement,
								 ArPendingAdjustment *adjustments, int count);
extern void ar_write_gains(ArSettlement *settlement, ArBatch *gains);
extern void ar_write_batch(ArSettlement *settlement, ArBatch *batch,
						   struct ArPosting *fresh, int fresh_count);

#endif							/* AR_CASH_SETTLE_WRITE_H */
