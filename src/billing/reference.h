/*
 * reference.h
 *		The creditor reference of ISO 11649.
 */
#ifndef AR_BILLING_REFERENCE_H
#define AR_BILLING_REFERENCE_H

extern char *ar_creditor_reference_of(const char *number);
extern bool ar_creditor_reference_holds(const char *text, int text_length);

#endif							/* AR_BILLING_REFERENCE_H */
