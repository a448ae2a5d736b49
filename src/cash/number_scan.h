/*
 * number_scan.h
 *		A text, or a document number, cut into groups of letters and of digits.
 */
#ifndef AR_CASH_NUMBER_SCAN_H
#define AR_CASH_NUMBER_SCAN_H

#include "c.h"

/* What a group of digits is known to be, other than a document number. */
typedef enum ArNumberUse
{
	AR_USE_OPEN,				/* nothing is known */
	AR_USE_AMOUNT,				/* probably money: stands beside a currency */
	AR_USE_OTHER				/* a date, a time, money with cents, an IBAN */
} ArNumberUse;

/* A longest run of letters, or of digits. */
typedef struct ArNumberGroup
{
	int			start;			/* bytes of the text */
	int			end;
	int			at;				/* place in upper and folded */
	int			length;
	int			use_first;		/* the groups that one use takes together */
	int			use_last;
	ArNumberUse use;
	bool		digits;
} ArNumberGroup;

typedef struct ArNumberScan
{
	const char *text;
	int			length;
	char	   *upper;			/* its letters and digits, capital */
	char	   *folded;			/* the same, with letters like digits as digits */
	ArNumberGroup *groups;
	int			count;
} ArNumberScan;

/* Neighbouring groups that may together be a number. */
typedef struct ArNumberWindow
{
	int			first;			/* groups */
	int			last;
	int			at;				/* in upper and folded */
	int			length;
	int			spaces;			/* gaps inside that are more than one sign */
} ArNumberWindow;

/* number_scan.c */
extern char ar_number_fold(char c);
extern void ar_number_scan(const char *text, int length, ArNumberScan *scan);
extern void ar_number_scan_free(ArNumberScan *scan);
extern char ar_number_joint(const ArNumberScan *scan, int group);
extern bool ar_number_window_first(const ArNumberScan *scan, int first, int most,
								   ArNumberWindow *window);
extern bool ar_number_window_next(const ArNumberScan *scan, int most,
								  ArNumberWindow *window);

/* number_use.c */
extern void ar_number_scan_uses(ArNumberScan *scan);
extern bool ar_number_like_year(const ArNumberScan *scan, int group);

/* Bytes, " - ", between the parts of one thing. */
#define AR_NUMBER_GAP_MAX	3

/*
 * ar_number_gap: how many bytes lie between a group and the one before.
 */
static inline int
ar_number_gap(const ArNumberScan *scan, int group)
{
	return scan->groups[group].start - scan->groups[group - 1].end;
}

/*
 * ar_number_window_cuts: whether a window takes only a part of a date, or of
 * another thing that is one, and something else.
 */
static inline bool
ar_number_window_cuts(const ArNumberScan *scan, const ArNumberWindow *window)
{
	const ArNumberGroup *first = &scan->groups[window->first];
	const ArNumberGroup *last = &scan->groups[window->last];

	return first->use_first < window->first || last->use_last > window->last;
}

/*
 * ar_number_window_other: whether all of a window is one date, or another
 * thing that is no number.
 */
static inline bool
ar_number_window_other(const ArNumberScan *scan, const ArNumberWindow *window)
{
	const ArNumberGroup *first = &scan->groups[window->first];

	return first->use == AR_USE_OTHER && first->use_last >= window->last;
}

#endif							/* AR_CASH_NUMBER_SCAN_H */
