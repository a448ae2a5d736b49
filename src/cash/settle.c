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

#include "cash/settle_write.h"
#include "item/posting.h"
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
	const ArItem *a = *(ArItem *const *) left;
	const ArItem *b = *(ArItem *const *) right;

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
 * sort_items sorts items by where they are to stand, and moves each once.
 */
static ArItem *
sort_items(ArItem *items, int count)
{
	ArItem	  **order = palloc_extended(sizeof(ArItem *) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	ArItem	   *sorted = MemoryContextAllocHuge(GetMemoryChunkContext(items),
												sizeof(ArItem) * (Size) Max(count, 1));

	for (int i = 0; i < count; i++)
		order[i] = &items[i];
	qsort(order, count, sizeof(ArItem *), compare_items);
	for (int i = 0; i < count; i++)
		sorted[i] = *order[i];
	pfree(order);
	pfree(items);
	return sorted;
}

/*
 * compare_by_payment and compare_by_item order items by what credits are known
 * by.
 */
static int
compare_by_payment(const void *left, const void *right)
{
	const ArItem *a = *(ArItem *const *) left;
	const ArItem *b = *(ArItem *const *) right;

	return a->payment_id < b->payment_id ? -1 : a->payment_id > b->payment_id;
}

static int
compare_by_item(const void *left, const void *right)
{
	const ArItem *a = *(ArItem *const *) left;
	const ArItem *b = *(ArItem *const *) right;

	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * find_items gives the credits of an account their items, and lists them; those
 * of which nothing is open get none.
 */
static int
find_items(ArAccount *account, ArCredit *credits, int count, ArCredit **found)
{
	int			item_count = account->count - account->debit_count;
	ArItem	  **items = palloc_extended(sizeof(ArItem *) * (Size) Max(item_count, 1),
										MCXT_ALLOC_HUGE);
	int			(*compare) (const void *, const void *) =
		credits[0].item_id != 0 ? compare_by_item : compare_by_payment;
	int			n = 0;

	for (int i = 0; i < item_count; i++)
		items[i] = &account->items[account->debit_count + i];
	qsort(items, item_count, sizeof(ArItem *), compare);
	for (int i = 0; i < count; i++)
	{
		ArItem		key = {.payment_id = credits[i].payment_id,.item_id = credits[i].item_id};
		ArItem	   *sought = &key;
		ArItem	  **item = item_count == 0 ? NULL :
			bsearch(&sought, items, item_count, sizeof(ArItem *), compare);

		if (item == NULL)
			continue;
		credits[i].item = *item;
		credits[i].item_id = (*item)->item_id;
		credits[i].open_before = (*item)->open;
		found[n++] = &credits[i];
	}
	pfree(items);
	return n;
}

/*
 * settle_account lets the credits of one account take what they are for.
 */
static void
settle_account(ArSettlement *settlement, ArAccount *account, ArCredit **credits, int count)
{
	qsort(credits, count, sizeof(ArCredit *), compare_turns);
	for (int i = 0; i < count; i++)
	{
		ArCredit   *credit = credits[i];

		CHECK_FOR_INTERRUPTS();
		/* It may have been set off against what an earlier one paid. */
		if (credit->item->open == 0)
			continue;
		if (credit->apply == AR_APPLY_AUTO)
			ar_match(settlement, account, credit);
		else if (ar_spread(settlement, account, credit->item, credit->apply) > 0)
			credit->rule = AR_RULE_OLDEST + (credit->apply - AR_APPLY_OLDEST);
	}
}

/*
 * resolve gives the credits of a customer that say nothing what his policy
 * says, and drops those that are to wait.
 */
static int
resolve(const ArPolicy *policy, ArCredit **credits, int count)
{
	int			kept = 0;

	for (int i = 0; i < count; i++)
	{
		if (credits[i]->apply == AR_APPLY_UNSAID)
			credits[i]->apply = policy->apply_on_receipt ? AR_APPLY_AUTO : AR_APPLY_NONE;
		if (credits[i]->apply != AR_APPLY_NONE)
			credits[kept++] = credits[i];
	}
	return kept;
}

/*
 * settle_chunk settles the credits of some customers, in order.
 */
static void
settle_chunk(ArSettlement *settlement, ArCredit *credits, int count,
			 const int64 *customers, int customer_count)
{
	bool		for_rules = false;
	ArPolicy   *policies = NULL;
	int			item_count;
	ArItem	   *items;
	ArCredit  **found = palloc_extended(sizeof(ArCredit *) * (Size) count, MCXT_ALLOC_HUGE);
	int			at = 0;

	for (int i = 0; i < count; i++)
		for_rules = for_rules || credits[i].apply <= AR_APPLY_AUTO;
	if (for_rules)
		policies = ar_read_policies(settlement, customers, customer_count);
	items = ar_read_items(settlement, customers, customer_count, for_rules, count, &item_count);
	for (int i = 0; i < count; i++)
		if (credits[i].fresh != NULL)
			ar_fresh_item(&credits[i], &items[item_count++]);
	items = sort_items(items, item_count);
	for (int first = 0; first < count;)
	{
		ArAccount	account = {.customer_id = credits[first].customer_id,
		.currency = credits[first].currency,.policy = policies};
		int			end = first + 1;
		int			found_count;

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
		found_count = find_items(&account, &credits[first], end - first, found);
		if (policies != NULL)
		{
			while (policies->customer_id < account.customer_id)
				policies++;
			account.policy = policies;
			found_count = resolve(policies, found, found_count);
		}
		settle_account(settlement, &account, found, found_count);
		for (int i = first; i < end; i++)
			if (credits[i].fresh != NULL)
				credits[i].fresh->is_settled = true;
		ar_write_flush(settlement, false);
		first = end;
	}
	pfree(found);
}

/*
 * drop_unsaid drops the credits that say nothing, where no policy of the
 * ledger says anything either.
 */
static void
drop_unsaid(ArSettlement *settlement)
{
	bool		is_unsaid = false;
	int			kept = 0;

	for (int i = 0; i < settlement->credit_count; i++)
		is_unsaid = is_unsaid || settlement->credits[i].apply == AR_APPLY_UNSAID;
	if (!is_unsaid || ar_is_applied_on_receipt(settlement->ledger_id))
		return;
	for (int i = 0; i < settlement->credit_count; i++)
		if (settlement->credits[i].apply != AR_APPLY_UNSAID)
			settlement->credits[kept++] = settlement->credits[i];
	settlement->credit_count = kept;
}

/*
 * settle_credits settles what is left of the credits, a chunk of customers at
 * a time.
 */
static void
settle_credits(ArSettlement *settlement)
{
	ArCredit   *credits = settlement->credits;
	int			count = settlement->credit_count;
	int64	   *customers = palloc(sizeof(int64) * CUSTOMERS_PER_CHUNK);
	int			customer_count = 0;
	int			first = 0;

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
		for (int j = first; j <= i; j++)
		{
			if (credits[j].item != NULL)
				credits[j].open_after = credits[j].item->open;
			credits[j].item = NULL;
		}
		MemoryContextReset(settlement->chunk);
		first = i + 1;
		customer_count = 0;
	}
	pfree(customers);
}

/*
 * settle_first settles the one payment of a settlement that goes to the oldest
 * items, if few of them use it up.
 */
static bool
settle_first(ArSettlement *settlement)
{
	ArCredit   *credit = &settlement->credits[0];
	ArAccount	account;

	if (settlement->credit_count != 1 || credit->fresh == NULL ||
		credit->apply != AR_APPLY_OLDEST || !ar_read_first(settlement, &account))
		return false;
	ar_spread(settlement, &account, credit->item, AR_APPLY_OLDEST);
	return true;
}

/*
 * ar_settle settles the credits of a settlement, and makes the items of those
 * that are fresh.  A writer must be active, and the balances be held.
 */
void
ar_settle(ArSettlement *settlement)
{
	drop_unsaid(settlement);
	if (settlement->credit_count == 0 && settlement->fresh_count == 0)
		return;
	ar_write_begin(settlement);
	settlement->chunk = AllocSetContextCreate(settlement->context, "ar_ext accounts",
											  ALLOCSET_DEFAULT_SIZES);
	if (!settle_first(settlement))
		settle_credits(settlement);
	ar_write_flush(settlement, true);
	if (!settlement->is_fresh || settlement->writing->suggestion_count > 0)
		ar_write_suggestions(settlement);
}
