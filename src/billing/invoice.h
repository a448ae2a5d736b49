/*
 * invoice.h
 *		An invoice on its way to being posted, and the steps of posting.
 */
#ifndef AR_BILLING_INVOICE_H
#define AR_BILLING_INVOICE_H

#include "datatype/timestamp.h"
#include "utils/date.h"
#include "utils/rel.h"

#include "type/terms.h"

/* What a discount for early payment is taken of. */
typedef enum ArDiscountBasis
{
	AR_BASIS_UNSAID,			/* the ledger's */
	AR_BASIS_GROSS,				/* net and tax alike */
	AR_BASIS_NET,				/* net; the tax stays */
	AR_BASIS_MIXED				/* net; the tax is of the discounted net from the start */
} ArDiscountBasis;

/* One invoice to be posted: what was given, and what posting finds out. */
typedef struct ArInvoice
{
	int32		ledger_id;
	int64		invoice_id;
	int64		customer_id;
	const char *kind;			/* "invoice", "credit_memo" and so on */
	char	   *series;			/* NULL: none named */
	char	   *number;			/* NULL: to be drawn */
	int64		series_number;	/* 0: not drawn */
	char	   *payment_reference;	/* NULL: to be made of the number */
	char	   *payment_means;	/* NULL: not said */
	DateADT		invoiced_on;
	bool		has_due_on;
	DateADT		due_on;
	ArTerms    *terms;			/* NULL: the customer's, or the ledger's */
	ArDiscountBasis discount_basis;
	bool		can_be_mixed;	/* tax is rounded once, and not in the prices */
	bool		is_changed;		/* posting has something to fill in */
	bool		has_lines;
	bool		has_net;		/* net, tax and rounding were given */
	bool		has_tax_codes;
	bool		has_wrong_lines;	/* lines and prices_include_tax disagree */
	int64		net_minor;
	int64		tax_minor;
	int64		rounding_minor;
	int64		cash_unit_minor;	/* the total is a multiple of it; 0: of any */
	int			cash_mode;		/* an ArRounding */
	int64		lines_net_minor;	/* what the lines make */
	int64		lines_tax_minor;
	uint32		lines_currency;
	int64		total_minor;
	uint32		currency;
	TimestampTz recorded_at;
} ArInvoice;

/* How a ledger bills. */
typedef struct ArBillingPolicy
{
	ArDiscountBasis discount_basis;
	bool		rounds_cash;	/* ar.cash_rounding has rows */
	bool		shifts_due_dates;
} ArBillingPolicy;

extern ArBillingPolicy ar_billing_policy(int32 ledger_id);
extern void ar_fill_terms(Relation relation, ArInvoice *invoices, int count);
extern void ar_judge_lines(Relation relation, const ArBillingPolicy *policy,
						   ArInvoice *invoices, int count, bool may_have_lines);
extern void ar_post_invoice_items(const ArBillingPolicy *policy,
								  ArInvoice *invoices, int count);

extern ArInvoice *ar_find_invoice(ArInvoice *invoices, int count, int64 invoice_id);
extern bool ar_is_credit(const ArInvoice *invoice);
extern ArDiscountBasis ar_discount_basis_from_text(const char *text);
extern const char *ar_discount_basis_name(ArDiscountBasis basis);

#endif							/* AR_BILLING_INVOICE_H */
