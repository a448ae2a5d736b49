/*
 * series.c
 *		Document series: the numbers that people see.
 *
 * A series counts in a row of ar.document_counter, one a year if it is yearly.
 * It is drawn last, once a statement for all its documents, so that its lock
 * is held as short as may be; and because it is a row, a rollback takes the
 * numbers back: there is never a gap.  That is worth a queue at the counter;
 * a series that may have gaps draws from a sequence instead, and waits for
 * nobody.  One that is numbered in batches draws when it is told to.
 *
 * The settings of the series are read under a lock on its key, such as foreign
 * keys take, which ar.tg_guard_series() waits for: nobody numbers by settings
 * that are no longer so.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "billing/series.h"
#include "item/writer.h"

/* The year of the only counter of a series that is not yearly. */
#define EVERY_YEAR	0

/* What ar.document_series says. */
typedef struct Series
{
	int32		ledger_id;
	const char *name;
	const char *numbering;		/* gapless, fast or batch */
	bool		is_yearly;
	const char *pattern;		/* with {year} and {number} */
	int			digits;			/* {number} is padded to so many */
} Series;

static ArStatement read_series =
{
	.sql =
	"SELECT s.numbering, s.yearly, s.pattern, s.digits"
	" FROM ar.document_series AS s"
	" WHERE s.ledger_id = $1 AND s.series = $2 FOR KEY SHARE",
	.nargs = 2,
	.argtypes = {INT4OID, TEXTOID}
};

static ArStatement draw_numbers =
{
	.sql =
	"INSERT INTO ar.document_counter AS c (ledger_id, series, year, next_number)"
	" VALUES ($1, $2, $3, 1 + $4)"
	" ON CONFLICT (ledger_id, series, year) DO UPDATE"
	"  SET next_number = c.next_number + $4"
	" RETURNING c.next_number - $4",
	.nargs = 4,
	.argtypes = {INT4OID, TEXTOID, INT4OID, INT8OID}
};

static ArStatement read_sequence =
{
	.sql =
	"SELECT c.sequence_name FROM ar.document_counter AS c"
	" WHERE c.ledger_id = $1 AND c.series = $2 AND c.year = $3"
	"  AND c.sequence_name IS NOT NULL",
	.nargs = 3,
	.argtypes = {INT4OID, TEXTOID, INT4OID}
};

/* Two who begin a counter at once queue up here, and agree on one name. */
static ArStatement name_sequence =
{
	.sql =
	"INSERT INTO ar.document_counter AS c (ledger_id, series, year, sequence_name)"
	" VALUES ($1, $2, $3, 'document_number_'"
	"  || pg_catalog.nextval('ar.document_id'::pg_catalog.regclass))"
	" ON CONFLICT (ledger_id, series, year) DO UPDATE"
	"  SET sequence_name = COALESCE(c.sequence_name, excluded.sequence_name)"
	" RETURNING c.sequence_name, c.next_number",
	.nargs = 3,
	.argtypes = {INT4OID, TEXTOID, INT4OID}
};

/*
 * year_of says which year a document belongs to.
 */
static int
year_of(DateADT dated)
{
	int			year,
				month,
				day;

	j2date(dated + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return year;
}

/*
 * read_settings reads the settings of a series.
 */
static Series
read_settings(int32 ledger_id, const char *name)
{
	Series		series = {.ledger_id = ledger_id,.name = name};
	Datum		values[2] = {Int32GetDatum(ledger_id), CStringGetTextDatum(name)};
	HeapTuple	row;
	TupleDesc	desc;
	bool		isnull;

	if (ar_writer_execute(&read_series, values, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("ledger %d has no document series \"%s\"", ledger_id, name),
				 errhint("Insert it into ar.document_series, or give the document its number.")));
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	series.numbering = SPI_getvalue(row, desc, 1);
	series.is_yearly = DatumGetBool(SPI_getbinval(row, desc, 2, &isnull));
	series.pattern = SPI_getvalue(row, desc, 3);
	series.digits = DatumGetInt16(SPI_getbinval(row, desc, 4, &isnull));
	SPI_freetuptable(SPI_tuptable);
	return series;
}

/*
 * create_sequence makes the sequence of a counter, unless somebody was
 * faster, and returns its OID.
 */
static Oid
create_sequence(const Series *series, Datum *key)
{
	HeapTuple	row;
	TupleDesc	desc;
	char	   *name;
	int64		first;
	bool		isnull;
	Oid			sequence;
	StringInfoData sql;

	if (ar_writer_execute(&name_sequence, key, SPI_OK_INSERT_RETURNING) != 1)
		elog(ERROR, "create_sequence: no counter of series \"%s\"", series->name);
	row = SPI_tuptable->vals[0];
	desc = SPI_tuptable->tupdesc;
	name = SPI_getvalue(row, desc, 1);
	first = DatumGetInt64(SPI_getbinval(row, desc, 2, &isnull));
	SPI_freetuptable(SPI_tuptable);

	sequence = get_relname_relid(name, get_namespace_oid("ar", false));
	if (OidIsValid(sequence))
		return sequence;
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE SEQUENCE ar.%s START " INT64_FORMAT,
					 quote_identifier(name), first);
	if (SPI_execute(sql.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "create_sequence: could not create sequence \"%s\"", name);
	resetStringInfo(&sql);
	appendStringInfo(&sql, "COMMENT ON SEQUENCE ar.%s IS %s", quote_identifier(name),
					 quote_literal_cstr(psprintf("Numbers of series \"%s\" of ledger %d.",
												 series->name, series->ledger_id)));
	if (SPI_execute(sql.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "create_sequence: could not comment on sequence \"%s\"", name);
	return get_relname_relid(name, get_namespace_oid("ar", false));
}

/*
 * keep_drawn has a crash not take back what was drawn in the transaction that
 * made the sequence.  At wal_level = minimal nothing of it is logged before
 * its commit, and nextval() would believe that 32 numbers ahead are; setval()
 * says that none is.
 */
static void
keep_drawn(Oid sequence, int64 last)
{
	Relation	relation = relation_open(sequence, AccessShareLock);

	if (!RelationNeedsWAL(relation))
		DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence), Int64GetDatum(last));
	relation_close(relation, NoLock);
}

/*
 * draw_fast draws numbers from the sequence of a counter.
 */
static void
draw_fast(const Series *series, int year, int64 *numbers, int count)
{
	Datum		key[3] = {Int32GetDatum(series->ledger_id),
		CStringGetTextDatum(series->name), Int32GetDatum(year)};
	Oid			sequence = InvalidOid;

	if (ar_writer_execute(&read_sequence, key, SPI_OK_SELECT) == 1)
	{
		char	   *name = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		sequence = get_relname_relid(name, get_namespace_oid("ar", false));
		if (!OidIsValid(sequence))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("the sequence of document series \"%s\" is missing", series->name),
					 errdetail("It is ar.%s.", name),
					 errhint("Create it, to start above every number of the series.")));
	}
	SPI_freetuptable(SPI_tuptable);
	if (!OidIsValid(sequence))
		sequence = create_sequence(series, key);
	for (int i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		numbers[i] = nextval_internal(sequence, true);
	}
	if (count > 0)
		keep_drawn(sequence, numbers[count - 1]);
}

/*
 * draw_gapless draws numbers from the counter row, which stays locked until
 * the transaction ends.
 */
static void
draw_gapless(const Series *series, int year, int64 *numbers, int count)
{
	Datum		values[4] = {Int32GetDatum(series->ledger_id),
		CStringGetTextDatum(series->name), Int32GetDatum(year), Int64GetDatum(count)};
	int64		next;
	bool		isnull;

	if (ar_writer_execute(&draw_numbers, values, SPI_OK_INSERT_RETURNING) != 1)
		elog(ERROR, "draw_gapless: no counter of series \"%s\"", series->name);
	next = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									   SPI_tuptable->tupdesc, 1, &isnull));
	SPI_freetuptable(SPI_tuptable);
	for (int i = 0; i < count; i++)
		numbers[i] = next + i;
}

/*
 * format_number writes a number as the series' pattern says, the year being
 * that of the document.
 */
static char *
format_number(const Series *series, const ArNumbered *document)
{
	StringInfoData text;
	const char *rest = series->pattern;

	initStringInfo(&text);
	while (*rest != '\0')
	{
		if (strncmp(rest, "{number}", strlen("{number}")) == 0)
		{
			appendStringInfo(&text, "%0*lld", series->digits, (long long) document->number);
			rest += strlen("{number}");
		}
		else if (strncmp(rest, "{year}", strlen("{year}")) == 0)
		{
			appendStringInfo(&text, "%04d", year_of(document->dated));
			rest += strlen("{year}");
		}
		else
			appendStringInfoChar(&text, *rest++);
	}
	return text.data;
}

/*
 * draw_year numbers documents from one counter.
 */
static void
draw_year(const Series *series, int year, ArNumbered **documents, int count)
{
	int64	   *numbers = palloc_extended(sizeof(int64) * (Size) count, MCXT_ALLOC_HUGE);

	if (strcmp(series->numbering, "fast") == 0)
		draw_fast(series, year, numbers, count);
	else
		draw_gapless(series, year, numbers, count);
	for (int i = 0; i < count; i++)
	{
		documents[i]->number = numbers[i];
		documents[i]->text = format_number(series, documents[i]);
	}
	pfree(numbers);
}

/*
 * compare_years orders documents by year, and leaves those of one year in the
 * order in which they stand.
 */
static int
compare_years(const void *left, const void *right)
{
	const ArNumbered *a = *(ArNumbered *const *) left;
	const ArNumbered *b = *(ArNumbered *const *) right;
	int			year_of_a = year_of(a->dated);
	int			year_of_b = year_of(b->dated);

	if (year_of_a != year_of_b)
		return year_of_a < year_of_b ? -1 : 1;
	return a < b ? -1 : a > b;
}

/*
 * ar_series_draw numbers documents of one series in the order given, and
 * tells whether this was the moment to: if not, they are left as they are.
 * The writer must be active.
 */
bool
ar_series_draw(int32 ledger_id, const char *name, ArNumberingMoment moment,
			   ArNumbered *documents, int count)
{
	Series		series = read_settings(ledger_id, name);
	bool		is_batch = strcmp(series.numbering, "batch") == 0;
	ArNumbered **sorted;
	int			first = 0;

	if (is_batch != (moment == AR_IN_BATCH))
		return false;
	sorted = palloc_extended(sizeof(ArNumbered *) * (Size) count, MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		sorted[i] = &documents[i];
	if (!series.is_yearly)
		draw_year(&series, EVERY_YEAR, sorted, count);
	else
	{
		/* Counters are rows, so they are locked in one order, too. */
		qsort(sorted, count, sizeof(ArNumbered *), compare_years);
		for (int i = 1; i <= count; i++)
		{
			int			year = year_of(sorted[first]->dated);

			if (i < count && year_of(sorted[i]->dated) == year)
				continue;
			draw_year(&series, year, &sorted[first], i - first);
			first = i;
		}
	}
	pfree(sorted);
	return true;
}
