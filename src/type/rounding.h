/*
 * rounding.h
 *		From numeric to whole minor units, with one rounding and no other.
 */
#ifndef AR_TYPE_ROUNDING_H
#define AR_TYPE_ROUNDING_H

#include "utils/numeric.h"

typedef enum ArRounding
{
	AR_ROUND_HALF_EVEN,			/* to the nearest; a tie to the even one */
	AR_ROUND_HALF_UP,			/* to the nearest; a tie away from zero */
	AR_ROUND_UP,				/* away from zero */
	AR_ROUND_DOWN,				/* toward zero */
	AR_ROUND_NEVER				/* an error when there is a remainder */
} ArRounding;

extern ArRounding ar_rounding_from_text(const char *mode);
extern void ar_check_finite(Numeric value, const char *what);
extern int64 ar_divide_rounded(Numeric dividend, Numeric divisor,
							   ArRounding rounding, uint32 currency);

#endif							/* AR_TYPE_ROUNDING_H */
