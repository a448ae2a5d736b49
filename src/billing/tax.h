/*
 * tax.h
 *		The arithmetic of invoices.
 */
#ifndef AR_BILLING_TAX_H
#define AR_BILLING_TAX_H

#include "type/monetary.h"
#include "utils/numeric.h"

extern int64 ar_percent_minor(int64 minor, Numeric percent, uint32 currency);

#endif							/* AR_BILLING_TAX_H */
