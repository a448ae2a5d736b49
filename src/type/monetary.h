/*
 * monetary.h
 *		The type ar.monetary: an exact amount in one currency of ISO 4217.
 *
 * An amount is counted in minor units: the cents of USD, the fils of BHD, the
 * yen of JPY itself.  The value has 12 bytes and the alignment of an int4, so
 * its int64 may lie at an address that is no multiple of 8: it is read and
 * written with the functions below only.
 */
#ifndef AR_TYPE_MONETARY_H
#define AR_TYPE_MONETARY_H

#include "fmgr.h"

#include "compat.h"
#include "type/currency.h"

/* On disk: never change. Equal values have equal bytes. */
typedef struct ArMonetary
{
	int32		minor[2];		/* an int64, in the byte order of the machine */
	uint32		currency;		/* see currency.h */
} ArMonetary;

StaticAssertDecl(sizeof(ArMonetary) == 12, "a monetary value has 12 bytes");

static inline int64
ar_monetary_minor(const ArMonetary *m)
{
	int64		minor;

	memcpy(&minor, m->minor, sizeof(minor));
	return minor;
}

static inline void
ar_monetary_set(ArMonetary *m, int64 minor, uint32 currency)
{
	memcpy(m->minor, &minor, sizeof(minor));
	m->currency = currency;
}

static inline ArMonetary *
ar_monetary_make(int64 minor, uint32 currency)
{
	ArMonetary *result = (ArMonetary *) palloc(sizeof(ArMonetary));

	ar_monetary_set(result, minor, currency);
	return result;
}

#define DatumGetArMonetaryP(X)		((ArMonetary *) DatumGetPointer(X))
#define ArMonetaryPGetDatum(X)		PointerGetDatum(X)
#define PG_GETARG_AR_MONETARY_P(n)	DatumGetArMonetaryP(PG_GETARG_DATUM(n))
#define PG_RETURN_AR_MONETARY_P(x)	return ArMonetaryPGetDatum(x)

/* The longest text: "USD -92233720368547758.08" and its terminating zero. */
#define AR_MONETARY_TEXT_SIZE	32

/* What the parser has against a literal, in the order of its findings. */
typedef enum ArMonetaryProblem
{
	AR_MONETARY_FINE,
	AR_MONETARY_EMPTY,
	AR_MONETARY_NO_AMOUNT,
	AR_MONETARY_NO_CURRENCY,
	AR_MONETARY_UNKNOWN_CURRENCY,
	AR_MONETARY_SECOND_CURRENCY,
	AR_MONETARY_NOT_FINITE,
	AR_MONETARY_SYMBOL,
	AR_MONETARY_SECOND_SIGN,
	AR_MONETARY_SIGN_APART,
	AR_MONETARY_SIGN_MISPLACED,
	AR_MONETARY_NO_BLANK,
	AR_MONETARY_SEPARATOR,
	AR_MONETARY_SECOND_POINT,
	AR_MONETARY_EXPONENT,
	AR_MONETARY_SYNTAX,
	AR_MONETARY_DECIMALS,
	AR_MONETARY_OUT_OF_RANGE
} ArMonetaryProblem;

typedef struct ArMonetaryParse
{
	ArMonetary	value;			/* set when the result is AR_MONETARY_FINE */
	uint32		currency;		/* the currency, or 0 when not yet read */
	char		code[4];		/* what was written for the currency */
	int			decimals;		/* as many as were written */
} ArMonetaryParse;

extern ArMonetaryProblem ar_monetary_parse(const char *text, ArMonetaryParse *parse);
extern int	ar_monetary_print(int64 minor, uint32 currency, char *text);
extern char *ar_monetary_to_cstring(const ArMonetary *m);
pg_noreturn extern void ar_monetary_raise_out_of_range(uint32 currency);

/* The total order: the currency by its code, then the amount. */
static inline int
ar_monetary_compare(const ArMonetary *left, const ArMonetary *right)
{
	int64		left_minor = ar_monetary_minor(left);
	int64		right_minor = ar_monetary_minor(right);

	if (left->currency != right->currency)
		return left->currency < right->currency ? -1 : 1;
	return (left_minor > right_minor) - (left_minor < right_minor);
}

static inline bool
ar_monetary_equal(const ArMonetary *left, const ArMonetary *right)
{
	return ar_monetary_minor(left) == ar_monetary_minor(right) &&
		left->currency == right->currency;
}

#endif							/* AR_TYPE_MONETARY_H */
