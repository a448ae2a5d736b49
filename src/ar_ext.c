/*
 * ar_ext.c
 *		The module itself: its magic block and its version.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "compat.h"

AR_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(ar_version);

/*
 * ar_version returns the version that the library was built as, which the
 * books compare with their own.
 */
Datum
ar_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(AR_EXT_VERSION));
}
