/*
 * invoice_follow.h
 *		The status of invoices follows their items.
 */
#ifndef AR_BILLING_INVOICE_FOLLOW_H
#define AR_BILLING_INVOICE_FOLLOW_H

#include "item/application.h"

extern void ar_follow_items(Relation items, ArTouchedInvoice *invoices, int count);

#endif							/* AR_BILLING_INVOICE_FOLLOW_H */
