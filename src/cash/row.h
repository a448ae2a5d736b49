/*
 * row.h
 *		Reading the columns of a row that a query of the writer returned.
 */
#ifndef AR_CASH_ROW_H
#define AR_CASH_ROW_H

#include "access/htup_details.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/date.h"

#include "type/monetary.h"

typedef struct ArRow
{
	HeapTuple	tuple;
	TupleDesc	desc;
} ArRow;

/*
 * ar_row is a row of the latest query.
 */
static inline ArRow
ar_row(uint64 number)
{
	ArRow		row = {SPI_tuptable->vals[number], SPI_tuptable->tupdesc};

	return row;
}

static inline Datum
ar_row_value(const ArRow *row, int column, bool *isnull)
{
	return SPI_getbinval(row->tuple, row->desc, column, isnull);
}

/*
 * ar_row_integer reads a bigint; 0 for NULL.
 */
static inline int64
ar_row_integer(const ArRow *row, int column)
{
	bool		isnull;
	Datum		datum = ar_row_value(row, column, &isnull);

	return isnull ? 0 : DatumGetInt64(datum);
}

/*
 * ar_row_small reads an integer; a value of the caller's for NULL.
 */
static inline int32
ar_row_small(const ArRow *row, int column, int32 otherwise)
{
	bool		isnull;
	Datum		datum = ar_row_value(row, column, &isnull);

	return isnull ? otherwise : DatumGetInt32(datum);
}

static inline DateADT
ar_row_date(const ArRow *row, int column, DateADT otherwise)
{
	bool		isnull;
	Datum		datum = ar_row_value(row, column, &isnull);

	return isnull ? otherwise : DatumGetDateADT(datum);
}

/*
 * ar_row_text copies a text; NULL for NULL.
 */
static inline char *
ar_row_text(const ArRow *row, int column)
{
	bool		isnull;
	Datum		datum = ar_row_value(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(datum);
}

/*
 * ar_row_minor reads an amount: signed minor units, and the currency; 0 for
 * NULL.
 */
static inline int64
ar_row_minor(const ArRow *row, int column, uint32 *currency)
{
	bool		isnull;
	Datum		datum = ar_row_value(row, column, &isnull);

	if (isnull)
		return 0;
	if (currency != NULL)
		*currency = DatumGetArMonetaryP(datum)->currency;
	return ar_monetary_minor(DatumGetArMonetaryP(datum));
}

#endif							/* AR_CASH_ROW_H */
