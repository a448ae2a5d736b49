/*
 * reference.h
 *		Structured payment references: those of the countries, and where they
 *		stand in a text.
 */
#ifndef AR_CASH_REFERENCE_H
#define AR_CASH_REFERENCE_H

#include "c.h"

/* A reference that was found in a text. */
typedef struct ArReferenceHit
{
	const char *scheme;
	char	   *reference;		/* as ar_normal_reference() has it */
	int			start;			/* bytes of the text, from 0 */
	int			end;			/* the byte after the last */
} ArReferenceHit;

extern char *ar_normal_reference(const char *reference, int length);
extern bool ar_reference_holds(const char *scheme, const char *text, int length);
extern int	ar_reference_find(const char *text, int length, ArReferenceHit **hits);

#endif							/* AR_CASH_REFERENCE_H */
