/*
 * invoice_post.h
 *		How what is judged before an invoice is posted keeps it from being so.
 */
#ifndef AR_BILLING_INVOICE_POST_H
#define AR_BILLING_INVOICE_POST_H

extern void ar_note_held_invoices(void);

#endif							/* AR_BILLING_INVOICE_POST_H */
