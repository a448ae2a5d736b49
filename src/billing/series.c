/*
 * series.c
 *		Document series: the numbers that people see.
 *
 * A series is a counter row.  It is drawn last, once a statement for all its
 * documents, so that its lock is held as short as may be; and because it is a
 * row, a rollback takes the numbers back: there is never a gap.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datetime.h"

#include "billing/series.h"
#include "item/writer.h"

static ArStatement draw_numbers =
{
	.sql =
	"UPDATE ar.document_series AS s SET next_number = s.next_number + $3"
	" WHERE s.ledger_id = $1 AND s.series = $2"
	" RETURNING s.next_number - $3, s.pattern, s.digits",
	.nargs = 3,
	.argtypes = {INT4OID, TEXTOID, INT8OID}
};

/*
 * ar_series_draw takes count numbers from a series, which stays locked until
 * the transaction ends.  The writer must be active.
 */
ArNumberRun
ar_series_draw(int32 ledger_id, const char *series, int64 count)
{
	Datum		values[3] = {Int32GetDatum(ledger_id),
		CStringGetTextDatum(series), Int64GetDatum(count)};
	ArNumberRun run;
	bool		isnull;

	if (ar_writer_execute(&draw_numbers, values, SPI_OK_UPDATE_RETURNING) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("ledger %d has no document series \"%s\"", ledger_id, series),
				 errhint("Insert it into ar.document_series, or give the document its number.")));
	run.next = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
										   SPI_tuptable->tupdesc, 1, &isnull));
	run.pattern = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	run.digits = DatumGetInt16(SPI_getbinval(SPI_tuptable->vals[0],
											 SPI_tuptable->tupdesc, 3, &isnull));
	return run;
}

/*
 * ar_series_format writes a number as the series' pattern says, the year
 * being that of the document.
 */
char *
ar_series_format(const ArNumberRun *run, int64 number, DateADT dated)
{
	StringInfoData text;
	const char *rest = run->pattern;

	initStringInfo(&text);
	while (*rest != '\0')
	{
		if (strncmp(rest, "{number}", strlen("{number}")) == 0)
		{
			appendStringInfo(&text, "%0*lld", run->digits, (long long) number);
			rest += strlen("{number}");
		}
		else if (strncmp(rest, "{year}", strlen("{year}")) == 0)
		{
			int			year,
						month,
						day;

			j2date(dated + POSTGRES_EPOCH_JDATE, &year, &month, &day);
			appendStringInfo(&text, "%04d", year);
			rest += strlen("{year}");
		}
		else
			appendStringInfoChar(&text, *rest++);
	}
	return text.data;
}
