/*
 * currency.h
 *		A currency of ISO 4217 in four bytes.
 *
 * The three letters of the code are the high 24 bits, so that the order of
 * the integers is the order of the codes; the low 8 bits are the exponent,
 * the number of decimals.  A value carries its exponent so that its output
 * never depends on a table: should ISO change the decimals of a currency, old
 * values keep theirs, and do not add up with new ones.
 */
#ifndef AR_TYPE_CURRENCY_H
#define AR_TYPE_CURRENCY_H

#include "lib/stringinfo.h"

#define AR_CURRENCY(a, b, c, exponent) \
	(((uint32) (a) << 24) | ((uint32) (b) << 16) | ((uint32) (c) << 8) | \
	 (uint32) (exponent))

static inline int
ar_currency_exponent(uint32 currency)
{
	return (int) (currency & 0xFF);
}

static inline void
ar_currency_code(uint32 currency, char code[4])
{
	code[0] = (char) (currency >> 24);
	code[1] = (char) ((currency >> 16) & 0xFF);
	code[2] = (char) ((currency >> 8) & 0xFF);
	code[3] = '\0';
}

extern bool ar_currency_lookup(const char *code, uint32 *currency);
extern uint32 ar_currency_from_text(const char *code);
extern void ar_currency_raise_mismatch(uint32 left, uint32 right);
extern void ar_currency_send(StringInfo message, uint32 currency);
extern uint32 ar_currency_receive(StringInfo message);

/*
 * ar_check_same_currency refuses to let two currencies meet.  The exponent
 * counts too.
 */
static inline void
ar_check_same_currency(uint32 left, uint32 right)
{
	if (unlikely(left != right))
		ar_currency_raise_mismatch(left, right);
}

#endif							/* AR_TYPE_CURRENCY_H */
