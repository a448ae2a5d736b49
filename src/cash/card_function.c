/*
 * card_function.c
 *		Numbers of payment cards, for SQL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "cash/card.h"
#include "compat.h"

PG_FUNCTION_INFO_V1(ar_has_card_number_sql);
PG_FUNCTION_INFO_V1(ar_mask_card_numbers_sql);

Datum
ar_has_card_number_sql(PG_FUNCTION_ARGS)
{
	text	   *given = PG_GETARG_TEXT_PP(0);

	PG_RETURN_BOOL(ar_has_card_number(VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given)));
}

Datum
ar_mask_card_numbers_sql(PG_FUNCTION_ARGS)
{
	text	   *copy = PG_GETARG_TEXT_P_COPY(0);

	ar_mask_card_numbers(VARDATA(copy), VARSIZE(copy) - VARHDRSZ);
	PG_RETURN_TEXT_P(copy);
}
