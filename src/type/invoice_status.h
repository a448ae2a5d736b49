/*
 * invoice_status.h
 *		The states of an invoice and the moves between them.
 *
 * A posted invoice (open, partial, paid, written off, and void if it was
 * reversed) has the status that its facts give it; draft, held and void of what
 * was never posted are decisions of people.
 */
#ifndef AR_TYPE_INVOICE_STATUS_H
#define AR_TYPE_INVOICE_STATUS_H

#include "fmgr.h"

/* The numbers are on disk: frozen, never reused. */
typedef enum ArInvoiceStatus
{
	AR_STATUS_DRAFT = 1,
	AR_STATUS_HELD = 2,
	AR_STATUS_OPEN = 3,
	AR_STATUS_PARTIAL = 4,
	AR_STATUS_PAID = 5,
	AR_STATUS_WRITTEN_OFF = 6,
	AR_STATUS_VOID = 7
} ArInvoiceStatus;

#define AR_STATUS_FIRST	AR_STATUS_DRAFT
#define AR_STATUS_LAST	AR_STATUS_VOID

#define DatumGetArInvoiceStatus(X)	((ArInvoiceStatus) DatumGetUInt8(X))
#define ArInvoiceStatusGetDatum(X)	UInt8GetDatum((uint8) (X))
#define PG_GETARG_AR_INVOICE_STATUS(n) \
	DatumGetArInvoiceStatus(PG_GETARG_DATUM(n))
#define PG_RETURN_AR_INVOICE_STATUS(x)	return ArInvoiceStatusGetDatum(x)

extern const char *ar_status_name(ArInvoiceStatus status);
extern bool ar_status_can_move(ArInvoiceStatus from, ArInvoiceStatus to);
extern bool ar_status_is_posted(ArInvoiceStatus status);
extern ArInvoiceStatus ar_status_of(int64 total_minor, int64 open_minor,
									bool is_written_off, bool is_reversed);

#endif							/* AR_TYPE_INVOICE_STATUS_H */
