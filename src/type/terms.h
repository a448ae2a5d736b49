/*
 * terms.h
 *		Credit terms: parsed from their text, and computed into instalments.
 *
 * Vocabulary: terms are one instalment or several; an instalment has a share
 * of the total, a due rule, and perhaps discounts for paying early.  A rule
 * is a list of steps that move a date from left to right, starting at the
 * base date (as a rule the invoice's).
 */
#ifndef AR_TYPE_TERMS_H
#define AR_TYPE_TERMS_H

#include "fmgr.h"
#include "utils/date.h"

/* On disk and in memory: the canonical text, a varlena like text. */
typedef struct varlena ArTerms;

#define AR_TERMS_MAX_INSTALMENTS	64
#define AR_TERMS_MAX_DISCOUNTS		4	/* of one instalment */
#define AR_TERMS_MAX_STEPS			4	/* of one due rule */
#define AR_TERMS_MAX_DAYS			9999
#define AR_TERMS_MAX_MONTHS			999

/* Percents and amounts are held as integers of a millionth. */
#define AR_TERMS_DECIMALS			6
#define AR_TERMS_ONE				INT64CONST(1000000)
#define AR_TERMS_HUNDRED_PERCENT	(100 * AR_TERMS_ONE)

typedef enum ArTermsStepKind
{
	AR_STEP_DAYS,				/* n days later */
	AR_STEP_MONTHS,				/* n months later, clamped to the month's end */
	AR_STEP_END_OF_MONTH,		/* the last day of the month */
	AR_STEP_DAY,				/* day n of the following month, clamped */
	AR_STEP_NEXT_DAY,			/* the first day n on or after, clamped */
	AR_STEP_SAME_MONTH_DAY		/* day n of the same month, clamped */
} ArTermsStepKind;

typedef struct ArTermsStep
{
	ArTermsStepKind kind;
	int32		number;			/* days, months or day of the month */
} ArTermsStep;

typedef enum ArTermsShareKind
{
	AR_SHARE_PERCENT,			/* of the total */
	AR_SHARE_PERCENT_OF_REST,	/* of what the instalments before left */
	AR_SHARE_AMOUNT,			/* a fixed amount, in the invoice's currency */
	AR_SHARE_REST				/* all that the instalments before left */
} ArTermsShareKind;

typedef struct ArTermsDiscount
{
	int64		percent;		/* in millionths of a percent */
	ArTermsStep until;			/* last day of the discount */
} ArTermsDiscount;

typedef struct ArTermsInstalment
{
	ArTermsShareKind share_kind;
	int64		share;			/* millionths of a percent or of the currency */
	int			discount_count;
	int			step_count;		/* none: due on receipt */
	ArTermsDiscount discounts[AR_TERMS_MAX_DISCOUNTS];
	ArTermsStep steps[AR_TERMS_MAX_STEPS];
} ArTermsInstalment;

typedef struct ArTermsParsed
{
	int			instalment_count;
	ArTermsInstalment instalments[AR_TERMS_MAX_INSTALMENTS];
} ArTermsParsed;

/* Why and where a text is not terms; reason and hint are static strings. */
typedef struct ArTermsError
{
	const char *reason;
	const char *hint;
	int64		sum;			/* what the percents add up to, else -1 */
	int			offset;			/* in bytes */
	int			length;			/* of the offending piece, 0 at the end */
} ArTermsError;

/* What terms make of one total and base date. */
typedef struct ArInstalment
{
	DateADT		due_on;
	int64		amount_minor;
	int			discount_count; /* tiers, the greatest first; often none */
	struct
	{
		DateADT		until;		/* last day of the discount, never after due_on */
		int64		percent;		/* in millionths of a percent */
		int64		amount_minor;	/* what may be deducted */
	}			discounts[AR_TERMS_MAX_DISCOUNTS];
} ArInstalment;

#define DatumGetArTermsPP(X)		((ArTerms *) PG_DETOAST_DATUM_PACKED(X))
#define PG_GETARG_AR_TERMS_PP(n)	DatumGetArTermsPP(PG_GETARG_DATUM(n))
#define PG_RETURN_AR_TERMS_P(x)		PG_RETURN_POINTER(x)

extern bool ar_terms_parse(const char *text, int length,
						   ArTermsParsed *parsed, ArTermsError *error);
extern int	ar_terms_schedule(const ArTerms *terms, int64 total_minor,
							  uint32 currency, DateADT base,
							  ArInstalment **instalments);

#endif							/* AR_TYPE_TERMS_H */
