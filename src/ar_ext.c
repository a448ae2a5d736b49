/*
 * ar_ext.c
 *		The module itself: its magic block, what it does when it is loaded, and
 *		its version.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "billing/invoice_follow.h"
#include "compat.h"

AR_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(ar_version);

extern PGDLLEXPORT void _PG_init(void);

/*
 * _PG_init tells rooms of the house of those that lean on them.
 */
void
_PG_init(void)
{
	ar_items_follower = ar_follow_items;
}

/*
 * ar_version returns the version that the library was built as, which the
 * books compare with their own.
 */
Datum
ar_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(AR_EXT_VERSION));
}
