/*
 * spread.c
 *		Money that says nothing of what it is for, laid on what is open in some
 *		order: the oldest, the newest, the largest items first, or each its share.
 *
 * Many credits may be spread over many items of one account: each order keeps
 * its place, so that what is used up is not looked at again.
 */
#include "postgres.h"

#include "common/int.h"
#include "lib/binaryheap.h"
#include "miscadmin.h"

#include "cash/settle.h"

/* An item in the order by amount: what was open of it when it got its place. */
typedef struct Ranked
{
	int64		open;
	int			index;
} Ranked;

typedef struct ArLargest
{
	binaryheap *heap;
	Ranked	   *ranked;
} ArLargest;

/* An item's share: the fraction of a unit that was cut off. */
typedef struct Share
{
	int			index;
	int64		amount;
	uint64		fraction;		/* of the sum of what is open */
} Share;

/*
 * compare_ranked puts the larger first, then the older: items stand by age.
 */
static int
compare_ranked(Datum left, Datum right, void *arg)
{
	const Ranked *a = (const Ranked *) DatumGetPointer(left);
	const Ranked *b = (const Ranked *) DatumGetPointer(right);

	if (a->open != b->open)
		return a->open > b->open ? 1 : -1;
	return a->index < b->index ? 1 : a->index > b->index ? -1 : 0;
}

/*
 * compare_shares puts the larger fraction first, then the older item.
 */
static int
compare_shares(const void *left, const void *right)
{
	const Share *a = left;
	const Share *b = right;

	if (a->fraction != b->fraction)
		return a->fraction > b->fraction ? -1 : 1;
	return a->index < b->index ? -1 : 1;
}

/*
 * compare_places puts the older item first.
 */
static int
compare_places(const void *left, const void *right)
{
	return ((const Share *) left)->index - ((const Share *) right)->index;
}

/*
 * largest finds the largest open debit of an account, or NULL.  Entries are
 * put right when they come up: what is open of an item only ever falls.
 */
static ArItem *
largest(ArSettlement *settlement, ArAccount *account)
{
	if (account->largest == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(settlement->chunk);
		ArLargest  *order = palloc(sizeof(ArLargest));

		order->heap = binaryheap_allocate(Max(account->debit_count, 1), compare_ranked, NULL);
		order->ranked = palloc_extended(sizeof(Ranked) * (Size) Max(account->debit_count, 1),
										MCXT_ALLOC_HUGE);
		for (int i = 0; i < account->debit_count; i++)
		{
			order->ranked[i].index = i;
			order->ranked[i].open = account->items[i].open;
			binaryheap_add_unordered(order->heap, PointerGetDatum(&order->ranked[i]));
		}
		binaryheap_build(order->heap);
		account->largest = order;
		MemoryContextSwitchTo(caller);
	}
	while (!binaryheap_empty(account->largest->heap))
	{
		Ranked	   *top = (Ranked *) DatumGetPointer(binaryheap_first(account->largest->heap));
		ArItem	   *item = &account->items[top->index];

		if (item->open == 0)
			(void) binaryheap_remove_first(account->largest->heap);
		else if (item->open == top->open)
			return item;
		else
		{
			top->open = item->open;
			binaryheap_replace_first(account->largest->heap, PointerGetDatum(top));
		}
	}
	return NULL;
}

/*
 * next_debit finds the debit whose turn it is, or NULL.
 */
static ArItem *
next_debit(ArSettlement *settlement, ArAccount *account, ArApply order)
{
	switch (order)
	{
		case AR_APPLY_OLDEST:
			while (account->first_open < account->last_open &&
				   account->items[account->first_open].open == 0)
				account->first_open++;
			break;
		case AR_APPLY_NEWEST:
			while (account->first_open < account->last_open &&
				   account->items[account->last_open - 1].open == 0)
				account->last_open--;
			break;
		default:
			return largest(settlement, account);
	}
	if (account->first_open == account->last_open)
		return NULL;
	return &account->items[order == AR_APPLY_OLDEST ?
						   account->first_open : account->last_open - 1];
}

/*
 * spread_in_proportion gives each item its share, cut to whole units; what is
 * left over goes, a unit each, to the largest fractions.
 */
static int64
spread_in_proportion(ArSettlement *settlement, ArAccount *account, ArItem *credit)
{
	int64		amount = credit->open;
	int64		total = 0;
	int64		left = amount;
	Share	   *shares;
	int			count = 0;

	for (int i = account->first_open; i < account->last_open; i++)
		if (pg_add_s64_overflow(total, account->items[i].open, &total))
			total = PG_INT64_MAX;
	if (amount >= total)
	{
		for (int i = account->first_open; i < account->last_open; i++)
			ar_write_line(settlement, credit, &account->items[i], account->items[i].open,
						  AR_RULE_PROPORTIONAL, -1);
		return total;
	}
	shares = palloc_extended(sizeof(Share) * (Size) Max(account->last_open - account->first_open, 1),
							 MCXT_ALLOC_HUGE);
	for (int i = account->first_open; i < account->last_open; i++)
	{
		int128		product = (int128) amount * account->items[i].open;

		if (account->items[i].open == 0)
			continue;
		shares[count].index = i;
		shares[count].amount = (int64) (product / total);
		shares[count].fraction = (uint64) (product % total);
		left -= shares[count].amount;
		count++;
	}
	qsort(shares, count, sizeof(Share), compare_shares);
	for (int i = 0; i < count && left > 0; i++, left--)
		shares[i].amount++;
	qsort(shares, count, sizeof(Share), compare_places);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (shares[i].amount > 0)
			ar_write_line(settlement, credit, &account->items[shares[i].index],
						  shares[i].amount, AR_RULE_PROPORTIONAL, -1);
	}
	pfree(shares);
	return amount;
}

/*
 * ar_spread lays what is open of a credit on the debits of its account, in an
 * order, until one of both is used up, and returns how much it was.
 */
int64
ar_spread(ArSettlement *settlement, ArAccount *account, ArItem *credit, ArApply order)
{
	static const ArRule rules[] = {
		[AR_APPLY_OLDEST] = AR_RULE_OLDEST,
		[AR_APPLY_NEWEST] = AR_RULE_NEWEST,
		[AR_APPLY_LARGEST] = AR_RULE_LARGEST,
	};
	int64		before = credit->open;

	if (order == AR_APPLY_PROPORTIONAL)
		return spread_in_proportion(settlement, account, credit);
	while (credit->open > 0)
	{
		ArItem	   *debit = next_debit(settlement, account, order);

		CHECK_FOR_INTERRUPTS();
		if (debit == NULL)
			break;
		ar_write_line(settlement, credit, debit, Min(credit->open, debit->open),
					  rules[order], -1);
	}
	return before - credit->open;
}
