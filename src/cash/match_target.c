/*
 * match_target.c
 *		What can be paid in an account, and what people call it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "cash/match.h"
#include "cash/reference.h"
#include "type/monetary.h"

/*
 * compare_parts groups the open debits by invoice, the older first.
 */
static int
compare_parts(const void *left, const void *right)
{
	const ArItem *a = *(ArItem *const *) left;
	const ArItem *b = *(ArItem *const *) right;

	if (a->invoice_id != b->invoice_id)
		return a->invoice_id < b->invoice_id ? -1 : 1;
	/* Charges have no invoice, and each is by itself. */
	if (a->invoice_id != 0 && a->due_on != b->due_on)
		return a->due_on < b->due_on ? -1 : 1;
	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * compare_targets puts the older first.
 */
static int
compare_targets(const void *left, const void *right)
{
	const ArItem *a = ((const ArTarget *) left)->parts[0];
	const ArItem *b = ((const ArTarget *) right)->parts[0];

	if (a->due_on != b->due_on)
		return a->due_on < b->due_on ? -1 : 1;
	return a->item_id < b->item_id ? -1 : a->item_id > b->item_id;
}

/*
 * group makes targets of debits.
 */
static ArTarget *
group(ArItem *items, int count, int *target_count)
{
	ArItem	  **parts = palloc_extended(sizeof(ArItem *) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	ArTarget   *targets = palloc_extended(sizeof(ArTarget) * (Size) Max(count, 1),
										  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	int			n = 0;

	for (int i = 0; i < count; i++)
		parts[i] = &items[i];
	qsort(parts, count, sizeof(ArItem *), compare_parts);
	for (int i = 0; i < count; i++)
	{
		ArTarget   *target = n == 0 ? NULL : &targets[n - 1];

		if (target == NULL || parts[i]->invoice_id == 0 ||
			target->parts[0]->invoice_id != parts[i]->invoice_id)
		{
			target = &targets[n++];
			target->parts = &parts[i];
			target->number = parts[i]->number;
			if (parts[i]->payment_reference != NULL)
				target->reference = ar_normal_reference(parts[i]->payment_reference,
														strlen(parts[i]->payment_reference));
		}
		target->count++;
	}
	*target_count = n;
	return targets;
}

/*
 * ar_matcher is what the rules know of the account; made when first asked for.
 */
ArMatcher *
ar_matcher(ArChain *chain)
{
	ArAccount  *account = chain->account;

	if (account->matcher == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(chain->settlement->chunk);

		account->matcher = palloc0(sizeof(ArMatcher));
		account->matcher->targets = group(account->items, account->debit_count,
										  &account->matcher->count);
		qsort(account->matcher->targets, account->matcher->count,
			  sizeof(ArTarget), compare_targets);
		MemoryContextSwitchTo(caller);
	}
	return account->matcher;
}

/*
 * is_made_of tells whether a reference ends with the number, which is then
 * found in it.
 */
static bool
is_made_of(const char *reference, const char *number)
{
	char	   *normal;
	size_t		length;

	if (number == NULL)
		return false;
	normal = ar_normal_reference(number, strlen(number));
	length = strlen(normal);
	return strlen(reference) >= length &&
		strcmp(reference + strlen(reference) - length, normal) == 0;
}

/*
 * add_names enters what some targets are called.  A purchase order may stand
 * for several invoices: its payload is that of the target and their number.
 */
static void
add_names(ArNumberIndex *index, ArTarget *targets, int count)
{
	for (int i = 0; i < count; i++)
	{
		const char *reference = targets[i].parts[0]->payment_reference;
		const char *order = targets[i].parts[0]->purchase_order;

		if (targets[i].number != NULL)
			ar_number_index_add(index, targets[i].number, strlen(targets[i].number), i);
		if (reference != NULL && !is_made_of(targets[i].reference, targets[i].number))
			ar_number_index_add(index, reference, strlen(reference), i);
		if (order != NULL)
			ar_number_index_add(index, order, strlen(order), count + i);
	}
}

/*
 * ar_matcher_index is the index of what is open: payloads are the targets,
 * after them their purchase orders, and after these the credits.
 */
ArNumberIndex *
ar_matcher_index(ArChain *chain)
{
	ArMatcher  *matcher = chain->matcher;
	ArAccount  *account = chain->account;

	if (matcher->index == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(chain->settlement->chunk);

		matcher->index = ar_number_index_create(matcher->count);
		add_names(matcher->index, matcher->targets, matcher->count);
		for (int i = account->debit_count; i < account->count; i++)
			if (account->items[i].number != NULL)
				ar_number_index_add(matcher->index, account->items[i].number,
									strlen(account->items[i].number),
									2 * matcher->count + i - account->debit_count);
		MemoryContextSwitchTo(caller);
	}
	return matcher->index;
}

/*
 * ar_matcher_closed is the index of what is paid.
 */
ArNumberIndex *
ar_matcher_closed(ArChain *chain)
{
	ArMatcher  *matcher = chain->matcher;

	if (!matcher->has_closed)
	{
		MemoryContext caller = MemoryContextSwitchTo(chain->settlement->chunk);
		int			count;
		ArItem	   *items;

		items = ar_read_closed(chain->settlement, chain->account, &count);
		matcher->closed = group(items, count, &matcher->closed_count);
		matcher->closed_index = ar_number_index_create(matcher->closed_count);
		add_names(matcher->closed_index, matcher->closed, matcher->closed_count);
		matcher->has_closed = true;
		MemoryContextSwitchTo(caller);
	}
	return matcher->closed_index;
}

static int
compare_numbers(const void *left, const void *right)
{
	return strcmp((*(ArTarget *const *) left)->number, (*(ArTarget *const *) right)->number);
}

/*
 * ar_matcher_find finds the target of a number as it is, or NULL.
 */
ArTarget *
ar_matcher_find(ArChain *chain, const char *number)
{
	ArMatcher  *matcher = chain->matcher;
	ArTarget	key = {.number = (char *) number};
	ArTarget   *sought = &key;
	ArTarget  **found;

	if (matcher->by_number == NULL)
	{
		matcher->by_number = MemoryContextAllocHuge(chain->settlement->chunk,
													sizeof(ArTarget *) * (Size) Max(matcher->count, 1));
		for (int i = 0; i < matcher->count; i++)
			if (matcher->targets[i].number != NULL)
				matcher->by_number[matcher->numbered++] = &matcher->targets[i];
		qsort(matcher->by_number, matcher->numbered, sizeof(ArTarget *), compare_numbers);
	}
	found = matcher->numbered == 0 ? NULL :
		bsearch(&sought, matcher->by_number, matcher->numbered, sizeof(ArTarget *), compare_numbers);
	return found == NULL ? NULL : *found;
}

/*
 * ar_target_open is what is left to pay of a target.
 */
int64
ar_target_open(const ArTarget *target)
{
	int64		open = 0;

	/* All that a customer has open fits his balance. */
	for (int i = 0; i < target->count; i++)
		open += target->parts[i]->open - target->parts[i]->taken;
	return open;
}

/*
 * ar_target_discount is what may be taken off if all of it is paid now.
 */
int64
ar_target_discount(const ArChain *chain, const ArTarget *target)
{
	int64		discount = 0;

	/* Only payments earn one. */
	if (chain->credit->payment_id == 0)
		return 0;
	for (int i = 0; i < target->count; i++)
		discount += ar_discount_closing(target->parts[i], chain->policy,
										chain->credit->received_on);
	return discount;
}

/*
 * ar_target_name is what people call it.
 */
char *
ar_target_name(const ArTarget *target)
{
	const ArItem *item = target->parts[0];
	char		day[MAXDATELEN + 1];
	struct pg_tm tm = {0};

	if (target->number != NULL)
		return psprintf("\"%s\"", target->number);
	if (item->invoice_id != 0)
		return psprintf("invoice " INT64_FORMAT, item->invoice_id);
	j2date(item->issued_on + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, day);
	return psprintf("the %s of %s", item->kind, day);
}

/*
 * ar_target_names lists some, in words, and ends with one of two words.
 */
char *
ar_target_names(ArTarget **targets, int count, const char *one, const char *several)
{
	StringInfoData names;
	int			shown = count <= AR_TIES_MAX ? count : AR_TIES_MAX - 1;

	initStringInfo(&names);
	for (int i = 0; i < shown; i++)
	{
		if (i > 0)
			appendStringInfoString(&names, i + 1 == count ? " and " : ", ");
		appendStringInfoString(&names, ar_target_name(targets[i]));
	}
	if (shown < count)
		appendStringInfo(&names, " and %d others", count - shown);
	appendStringInfo(&names, " %s", count == 1 ? one : several);
	return names.data;
}

/*
 * ar_money writes an amount in the currency of the account.
 */
char *
ar_money(const ArChain *chain, int64 minor)
{
	return ar_monetary_to_cstring(ar_monetary_make(minor, chain->account->currency));
}
