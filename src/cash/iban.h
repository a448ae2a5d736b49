/*
 * iban.h
 *		Account numbers of ISO 13616, to be told from other numbers.
 */
#ifndef AR_CASH_IBAN_H
#define AR_CASH_IBAN_H

#include "c.h"

extern int	ar_iban_end(const char *text, int length, int at);

#endif							/* AR_CASH_IBAN_H */
