/*
 * discount.c
 *		What a discount for early payment comes to.
 *
 * It is judged by the day on which the money was received, and granted up to
 * the last day of its tier and the days of grace of the policy, inclusive.
 */
#include "postgres.h"

#include "cash/settle.h"

/*
 * part_of is amount * part / whole, rounded half to even.
 */
static int64
part_of(int64 amount, int64 part, int64 whole)
{
	int128		product = (int128) amount * part;
	int64		quotient = (int64) (product / whole);
	int128		twice = (product % whole) * 2;

	if (twice > whole || (twice == whole && quotient % 2 != 0))
		quotient++;
	return quotient;
}

/*
 * earned is the discount of the first tier that a day is in time for.
 */
static int64
earned(const ArItem *debit, const ArPolicy *policy, DateADT received_on)
{
	for (int i = 0; i < debit->tier_count; i++)
		if ((int64) received_on <= (int64) debit->tiers[i].until + policy->grace_days)
			return debit->tiers[i].discount;
	return 0;
}

/*
 * ar_discount_closing is what may be taken off when all that is open of an
 * item is paid on a day.
 *
 * Where part payments earn nothing, the whole discount is granted at last,
 * provided that all of them were in time; where they earn their share, or only
 * the amount that closes does, it is that of what is open.
 */
int64
ar_discount_closing(const ArItem *debit, const ArPolicy *policy, DateADT received_on)
{
	int64		discount = earned(debit, policy, received_on);
	int64		open = debit->open - debit->taken;

	if (discount == 0 || open <= 0)
		return 0;
	if (open < debit->amount)
	{
		if (policy->partial_discount != AR_PARTIAL_NONE)
			discount = part_of(discount, open, debit->amount);
		else
		{
			discount = Min(discount, earned(debit, policy, debit->paid_on));
			discount = Max(discount - debit->discount_taken, 0);
		}
	}
	return Min(discount, open);
}

/*
 * ar_discount_of_part is what a part payment of an item earns besides: 490
 * paid at 2 percent clear 500.
 */
int64
ar_discount_of_part(const ArItem *debit, const ArPolicy *policy, DateADT received_on, int64 paid)
{
	int64		discount;

	if (policy->partial_discount != AR_PARTIAL_PRO_RATA)
		return 0;
	discount = earned(debit, policy, received_on);
	if (discount == 0 || discount >= debit->amount)
		return 0;
	return Min(part_of(paid, discount, debit->amount - discount),
			   debit->open - debit->taken - paid);
}
