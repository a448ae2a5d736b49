/*
 * settle.c
 *		What money that came in is for: the course of the work.
 *
 * Whoever calls this holds the balances of the customers concerned: from then
 * on nobody else changes what is open of them.  Customers are taken in chunks,
 * which bounds the memory; each credit sees what those before it left.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "cash/settle.h"
#include "item/writer.h"

/* Customers whose items are read at once. */
#define CUSTOMERS_PER_CHUNK	1000

/*
 * compare_credits orders credits by account, and in each as they came.
 */
static int
compare_credits(const void *left, const void *right)
{
	const ArCredit *a = left;
	const ArCredit *b = right;

	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->currency != b->currency)
		return a->currency < b->currency ? -1 : 1;
	return 0;
}

/*
 * compare_turns orders the credits of an account as they take what they are
 * for: the older first.
 */
static int
compare_turns(const void *left, const void *right)
{
	const ArItem *a = (*(ArCredit *const *) left)->item;
	const ArItem *b = (*(ArCredit *const *) right)->item;

	if (a->issued_on != b->issued_on)
		return a->issued_on < b->issued_on ? -1 : 1;
	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * compare_items orders items by account; debits first, the older first.
 */
static int
compare_items(const void *left, const void *right)
{
	const ArItem *a = left;
	const ArItem *b = right;

	if (a->customer_id != b->customer_id)
		return a->customer_id < b->customer_id ? -1 : 1;
	if (a->currency != b->currency)
		return a->currency < b->currency ? -1 : 1;
	if (a->is_credit != b->is_credit)
		return a->is_credit ? 1 : -1;
	if (a->due_on != b->due_on)
		return a->due_on < b->due_on ? -1 : 1;
	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * settle_credits lets the credits of one account take what they are for.
 */
static void
settle_credits(ArSettlement *settlement, ArAccount *account, ArCredit **credits, int count)
{
	qsort(credits, count, sizeof(ArCredit *), compare_turns);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (credits[i]->apply > AR_APPLY_AUTO)
			ar_spread(settlement, account, credits[i]->item, credits[i]->apply);
	}
	ar_write_flush(settlement, false);
}

/*
 * compare_by_payment orders items by the payment they stand for.
 */
static int
compare_by_payment(const void *left, const void *right)
{
	const ArItem *a = *(ArItem *const *) left;
	const ArItem *b = *(ArItem *const *) right;

	return a->payment_id < b->payment_id ? -1 : a->payment_id > b->payment_id;
}

/*
 * find_items gives the credits of an account their items, by payment; those of
 * which nothing is open get none, and are left out.
 */
static int
find_items(ArAccount *account, ArCredit *credits, int count, ArCredit **found)
{
	int			payment_count = account->count - account->debit_count;
	ArItem	  **payments = palloc_extended(sizeof(ArItem *) * (Size) Max(payment_count, 1),
										   MCXT_ALLOC_HUGE);
	int			n = 0;

	for (int i = 0; i < payment_count; i++)
		payments[i] = &account->items[account->debit_count + i];
	qsort(payments, payment_count, sizeof(ArItem *), compare_by_payment);
	for (int i = 0; i < count; i++)
	{
		ArItem		key = {.payment_id = credits[i].payment_id};
		ArItem	   *sought = &key;
		ArItem	  **item = payment_count == 0 ? NULL :
			bsearch(&sought, payments, payment_count, sizeof(ArItem *), compare_by_payment);

		if (item == NULL)
			continue;
		credits[i].item = *item;
		credits[i].item_id = (*item)->item_id;
		credits[i].open_before = (*item)->open;
		found[n++] = &credits[i];
	}
	pfree(payments);
	return n;
}

/*
 * settle_chunk settles the credits of some customers, in order.
 */
static void
settle_chunk(ArSettlement *settlement, ArCredit *credits, int count,
			 const int64 *customers, int customer_count)
{
	int			item_count;
	ArItem	   *items = ar_read_items(settlement, customers, customer_count, false, &item_count);
	ArCredit  **found = palloc_extended(sizeof(ArCredit *) * (Size) count, MCXT_ALLOC_HUGE);
	int			at = 0;

	qsort(items, item_count, sizeof(ArItem), compare_items);
	for (int first = 0; first < count;)
	{
		ArAccount	account = {.customer_id = credits[first].customer_id,
		.currency = credits[first].currency};
		int			end = first + 1;

		while (end < count && compare_credits(&credits[first], &credits[end]) == 0)
			end++;
		while (at < item_count &&
			   (items[at].customer_id < account.customer_id ||
				(items[at].customer_id == account.customer_id &&
				 items[at].currency < account.currency)))
			at++;
		account.items = &items[at];
		while (at < item_count && items[at].customer_id == account.customer_id &&
			   items[at].currency == account.currency)
		{
			if (!items[at].is_credit)
				account.debit_count++;
			account.count++;
			at++;
		}
		account.last_open = account.debit_count;
		settle_credits(settlement, &account, found,
					   find_items(&account, &credits[first], end - first, found));
		first = end;
	}
	pfree(found);
}

/*
 * ar_settle settles the credits of a settlement.  A writer must be active, and
 * the balances be held.
 */
void
ar_settle(ArSettlement *settlement)
{
	ArCredit   *credits = settlement->credits;
	int			count = settlement->credit_count;
	int64		customers[CUSTOMERS_PER_CHUNK];
	int			customer_count = 0;
	int			first = 0;
	ArAccount	account;

	if (count == 0)
		return;
	ar_write_begin(settlement);
	settlement->chunk = AllocSetContextCreate(settlement->context, "ar_ext accounts",
											  ALLOCSET_DEFAULT_SIZES);
	if (count == 1 && credits[0].apply == AR_APPLY_OLDEST &&
		ar_read_first(settlement, &account))
	{
		if (credits[0].item != NULL)
			ar_spread(settlement, &account, credits[0].item, AR_APPLY_OLDEST);
		ar_write_flush(settlement, true);
		return;
	}

	qsort(credits, count, sizeof(ArCredit), compare_credits);
	for (int i = 0; i < count; i++)
	{
		if (i == first || credits[i].customer_id != credits[i - 1].customer_id)
			customers[customer_count++] = credits[i].customer_id;
		if (i + 1 < count &&
			(customer_count < CUSTOMERS_PER_CHUNK ||
			 credits[i + 1].customer_id == credits[i].customer_id))
			continue;
		settle_chunk(settlement, &credits[first], i + 1 - first, customers, customer_count);
		MemoryContextReset(settlement->chunk);
		first = i + 1;
		customer_count = 0;
	}
	ar_write_flush(settlement, true);
}
