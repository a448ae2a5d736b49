/*
 * bank_reader.c
 *		What the readers of bank files share.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/int.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_read_bank_file);

static const struct
{
	const char *name;
	ArBankFormat read;
}			formats[] =
{
	{"MT940", ar_bank_read_mt940},
	{"BAI2", ar_bank_read_bai2},
	{"lockbox", ar_bank_read_lockbox},
	{"OFX", ar_bank_read_ofx},
};

/* How much of a field an error shows. */
#define QUOTE_MAX	40

/*
 * ar_trim takes the blanks off both ends.
 */
ArBytes
ar_trim(ArBytes bytes)
{
	while (bytes.length > 0 && (unsigned char) bytes.data[0] <= ' ')
	{
		bytes.data++;
		bytes.length--;
	}
	while (bytes.length > 0 && (unsigned char) bytes.data[bytes.length - 1] <= ' ')
		bytes.length--;
	return bytes;
}

/*
 * ar_bytes_are tells whether some bytes are just this text.
 */
bool
ar_bytes_are(ArBytes bytes, const char *text)
{
	return bytes.length == (int) strlen(text) &&
		memcmp(bytes.data, text, bytes.length) == 0;
}

/*
 * ar_all_digits tells whether there is something, and nothing but digits.
 */
bool
ar_all_digits(ArBytes bytes)
{
	for (int i = 0; i < bytes.length; i++)
		if (!ar_is_digit(bytes.data[i]))
			return false;
	return bytes.length > 0;
}

/*
 * ar_bank_quote makes bytes of a file fit to be shown in an error: not too
 * many, and none whose encoding might not be the server's.
 */
char *
ar_bank_quote(ArBytes bytes)
{
	StringInfoData shown;

	initStringInfo(&shown);
	for (int i = 0; i < bytes.length && i < QUOTE_MAX; i++)
		appendStringInfoChar(&shown, bytes.data[i] >= ' ' && bytes.data[i] <= '~' ? bytes.data[i] : '?');
	if (bytes.length > QUOTE_MAX)
		appendStringInfoString(&shown, "...");
	return shown.data;
}

/*
 * line_of finds the number of the line that a byte is in.
 */
static int
line_of(const char *start, const char *at)
{
	int			line_number = 1;

	for (const char *c = start; c < at; c++)
		if (*c == '\n')
			line_number++;
	return line_number;
}

/*
 * choose_encoding finds the encoding of a file: as the caller says, as a byte
 * order mark says, UTF-8 where all of it is valid as that, else the one of
 * Windows, which most banks that do not send UTF-8 mean.
 */
static int
choose_encoding(ArBankReader *reader, const char *name)
{
	bool		has_mark = reader->end - reader->cursor >= 3 &&
		memcmp(reader->cursor, "\xEF\xBB\xBF", 3) == 0;
	int			encoding;

	if (has_mark)
		reader->cursor += 3;
	else if (reader->end - reader->cursor >= 2 &&
			 (memcmp(reader->cursor, "\xFF\xFE", 2) == 0 ||
			  memcmp(reader->cursor, "\xFE\xFF", 2) == 0))
		ereport(ERROR,
				(errcode(ERRCODE_AR_MALFORMED_BANK_FILE),
				 errmsg("malformed %s file, line 1", reader->format),
				 errdetail("The file is encoded in UTF-16."),
				 errhint("Save it as UTF-8.")));
	if (name == NULL)
		return has_mark || pg_verify_mbstr(PG_UTF8, reader->cursor,
										   reader->end - reader->cursor, true) ?
			PG_UTF8 : PG_WIN1252;
	encoding = pg_char_to_encoding(name);
	if (encoding < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown encoding \"%s\"", name),
				 errhint("Give one that PostgreSQL knows, such as UTF8, LATIN1 or WIN1252.")));
	return encoding;
}

/*
 * ar_bank_begin makes a reader of the content of a file, whose rows are the
 * result of the function called.
 */
void
ar_bank_begin(ArBankReader *reader, FunctionCallInfo fcinfo, const char *format,
			  ArBytes content, const char *encoding)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const char *zero;

	InitMaterializedSRF(fcinfo, 0);
	memset(reader, 0, sizeof(*reader));
	reader->format = format;
	reader->cursor = content.data;
	reader->end = content.data + content.length;
	reader->store = result->setResult;
	reader->desc = result->setDesc;
	if (reader->desc->natts != AR_BANK_COLUMNS)
		elog(ERROR, "ar_bank_begin: type ar.bank_record has %d columns, not %d",
			 reader->desc->natts, AR_BANK_COLUMNS);
	reader->row_context = AllocSetContextCreate(CurrentMemoryContext,
												"row of a bank file",
												ALLOCSET_DEFAULT_SIZES);
	memset(reader->nulls, true, sizeof(reader->nulls));
	reader->encoding = choose_encoding(reader, encoding);
	zero = memchr(reader->cursor, '\0', reader->end - reader->cursor);
	if (zero != NULL)
		ar_bank_malformed(reader, line_of(reader->cursor, zero), "There is a byte of zero.");
}

/*
 * ar_bank_next_line reads the next line, without the bytes that end it.
 */
bool
ar_bank_next_line(ArBankReader *reader, ArBytes *line)
{
	const char *start = reader->cursor;
	const char *c = start;

	CHECK_FOR_INTERRUPTS();
	if (start >= reader->end)
		return false;
	while (c < reader->end && *c != '\n' && *c != '\r')
		c++;
	*line = ar_bytes(start, c - start);
	if (c < reader->end && *c == '\r' && c + 1 < reader->end && c[1] == '\n')
		c++;
	reader->cursor = c + 1;
	reader->line_number++;
	return true;
}

/*
 * ar_bank_set keeps a value for a column of the row being made.
 */
void
ar_bank_set(ArBankReader *reader, ArBankColumn column, Datum value)
{
	reader->values[column] = value;
	reader->nulls[column] = false;
}

void
ar_bank_set_int(ArBankReader *reader, ArBankColumn column, int value)
{
	ar_bank_set(reader, column, Int32GetDatum(value));
}

void
ar_bank_set_bool(ArBankReader *reader, ArBankColumn column, bool value)
{
	ar_bank_set(reader, column, BoolGetDatum(value));
}

/*
 * ar_bank_text converts bytes of the file to the server's encoding.  The
 * result is not terminated; where nothing is to convert it is the file's own.
 */
char *
ar_bank_text(ArBankReader *reader, ArBytes bytes, int *length)
{
	int			server = GetDatabaseEncoding();
	bool		is_ascii = true;
	unsigned char *converted;
	Oid			proc;
	int			read;

	for (int i = 0; is_ascii && i < bytes.length; i++)
		is_ascii = !IS_HIGHBIT_SET(bytes.data[i]);
	if (is_ascii || server == PG_SQL_ASCII || server == reader->encoding)
	{
		if (!is_ascii && server != PG_SQL_ASCII &&
			!pg_verify_mbstr(server, bytes.data, bytes.length, true))
			ar_bank_malformed(reader, reader->line_number,
							  "There are bytes that are not valid in encoding %s.",
							  pg_encoding_to_char(server));
		*length = bytes.length;
		return (char *) bytes.data;
	}
	proc = FindDefaultConversionProc(reader->encoding, server);
	if (!OidIsValid(proc))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("there is no conversion from encoding %s to %s",
						pg_encoding_to_char(reader->encoding), pg_encoding_to_char(server)),
				 errhint("Convert the file before.")));
	converted = palloc(mul_size(bytes.length, MAX_CONVERSION_GROWTH) + 1);
	read = pg_do_encoding_conversion_buf(proc, reader->encoding, server,
										 (unsigned char *) bytes.data, bytes.length,
										 converted,
										 bytes.length * MAX_CONVERSION_GROWTH + 1, true);
	if (read < bytes.length)
		ar_bank_malformed(reader, reader->line_number,
						  "There are bytes that cannot be converted from encoding %s to %s.",
						  pg_encoding_to_char(reader->encoding), pg_encoding_to_char(server));
	*length = strlen((char *) converted);
	return (char *) converted;
}

/*
 * ar_bank_set_text keeps a text, without blanks at its ends; an empty one is
 * none.
 */
void
ar_bank_set_text(ArBankReader *reader, ArBankColumn column, ArBytes bytes)
{
	MemoryContext old = MemoryContextSwitchTo(reader->row_context);
	int			length;
	char	   *converted;

	bytes = ar_trim(bytes);
	if (bytes.length > 0)
	{
		converted = ar_bank_text(reader, bytes, &length);
		ar_bank_set(reader, column, PointerGetDatum(cstring_to_text_with_len(converted, length)));
	}
	MemoryContextSwitchTo(old);
}

/*
 * ar_bank_set_reference keeps a reference, unless it is one of the words by
 * which banks say that there is none.
 */
void
ar_bank_set_reference(ArBankReader *reader, ArBankColumn column, ArBytes bytes)
{
	bytes = ar_trim(bytes);
	if (!ar_bytes_are(bytes, "NONREF") && !ar_bytes_are(bytes, "NOTPROVIDED") &&
		!ar_bytes_are(bytes, "NOT PROVIDED"))
		ar_bank_set_text(reader, column, bytes);
}

void
ar_bank_set_cstring(ArBankReader *reader, ArBankColumn column, const char *value)
{
	ar_bank_set_text(reader, column, ar_bytes(value, strlen(value)));
}

void
ar_bank_set_amount(ArBankReader *reader, ArBankColumn column, int64 minor, uint32 currency)
{
	MemoryContext old = MemoryContextSwitchTo(reader->row_context);

	ar_bank_set(reader, column, ArMonetaryPGetDatum(ar_monetary_make(minor, currency)));
	MemoryContextSwitchTo(old);
}

/*
 * ar_bank_set_original keeps a field that has no column of its own.
 */
void
ar_bank_set_original(ArBankReader *reader, const char *key, ArBytes bytes)
{
	MemoryContext old = MemoryContextSwitchTo(reader->row_context);
	JsonbValue	value;
	char	   *text;
	int			length;

	bytes = ar_trim(bytes);
	if (bytes.length > 0)
	{
		if (reader->original == NULL)
			pushJsonbValue(&reader->original, WJB_BEGIN_OBJECT, NULL);
		value.type = jbvString;
		value.val.string.val = (char *) key;
		value.val.string.len = strlen(key);
		pushJsonbValue(&reader->original, WJB_KEY, &value);
		/* A copy: what the bytes lie in may be gone when the row is put out. */
		text = ar_bank_text(reader, bytes, &length);
		value.val.string.val = pnstrdup(text, length);
		value.val.string.len = length;
		pushJsonbValue(&reader->original, WJB_VALUE, &value);
	}
	MemoryContextSwitchTo(old);
}

/*
 * ar_bank_mismatch keeps a sentence on what does not agree, for the statement
 * or the file that is put out next.
 */
void
ar_bank_mismatch(ArBankReader *reader, const char *what)
{
	reader->mismatch = accumArrayResult(reader->mismatch, CStringGetTextDatum(what), false,
										TEXTOID, CurrentMemoryContext);
}

/*
 * ar_bank_put puts the row out, and begins the next.
 */
void
ar_bank_put(ArBankReader *reader, const char *record)
{
	MemoryContext old = MemoryContextSwitchTo(reader->row_context);

	ar_bank_set_cstring(reader, AR_BANK_RECORD, record);
	if (reader->original != NULL)
		ar_bank_set(reader, AR_BANK_ORIGINAL,
					PointerGetDatum(JsonbValueToJsonb(pushJsonbValue(&reader->original, WJB_END_OBJECT, NULL))));
	reader->original = NULL;
	if (reader->mismatch != NULL && strcmp(record, "line") != 0)
	{
		ar_bank_set(reader, AR_BANK_MISMATCH, makeArrayResult(reader->mismatch, reader->row_context));
		reader->mismatch = NULL;
	}
	tuplestore_putvalues(reader->store, reader->desc, reader->values, reader->nulls);
	memset(reader->nulls, true, sizeof(reader->nulls));
	MemoryContextSwitchTo(old);
	MemoryContextReset(reader->row_context);
}

/*
 * ar_bank_currency finds the currency that a file names.
 */
uint32
ar_bank_currency(ArBankReader *reader, ArBytes code, int line_number)
{
	uint32		currency;

	if (code.length != 3 || !ar_currency_lookup(code.data, &currency))
		ar_bank_malformed(reader, line_number, "The currency \"%s\" is unknown.", ar_bank_quote(code));
	return currency;
}

/*
 * number reads digits with perhaps a decimal sign among them as minor units.
 * Zeros beyond the decimals of the currency are no matter; other digits are.
 */
static int64
number(ArBankReader *reader, ArBytes amount, int exponent, char decimal, int line_number)
{
	int64		minor = 0;
	int			digits = 0;
	int			decimals = -1;
	bool		is_negative = false;
	bool		fits = true;
	int			i = 0;

	if (amount.length > 0 && (amount.data[0] == '-' || amount.data[0] == '+'))
		is_negative = amount.data[i++] == '-';
	for (; i < amount.length; i++)
	{
		char		c = amount.data[i];

		if (c == decimal && decimals < 0)
			decimals = 0;
		else if (!ar_is_digit(c))
			break;
		else
		{
			digits++;
			if (decimals >= exponent)
			{
				if (c != '0')
					ar_bank_malformed(reader, line_number, "The amount \"%s\" has more than %d decimals.",
									  ar_bank_quote(amount), exponent);
				continue;
			}
			if (decimals >= 0)
				decimals++;
			fits = fits && !pg_mul_s64_overflow(minor, 10, &minor) &&
				!pg_add_s64_overflow(minor, c - '0', &minor);
		}
	}
	if (i < amount.length || digits == 0)
		ar_bank_malformed(reader, line_number, "\"%s\" is no amount.", ar_bank_quote(amount));
	for (int d = Max(decimals, 0); d < exponent; d++)
		fits = fits && !pg_mul_s64_overflow(minor, 10, &minor);
	if (!fits)
		ar_bank_malformed(reader, line_number, "The amount \"%s\" is too large.", ar_bank_quote(amount));
	return is_negative ? -minor : minor;
}

/*
 * ar_bank_minor reads an amount with a decimal sign as minor units.
 */
int64
ar_bank_minor(ArBankReader *reader, ArBytes amount, uint32 currency, char decimal, int line_number)
{
	return number(reader, amount, ar_currency_exponent(currency), decimal, line_number);
}

/*
 * ar_bank_units reads an integer, such as an amount in minor units.
 */
int64
ar_bank_units(ArBankReader *reader, ArBytes digits, int line_number)
{
	return number(reader, digits, 0, '\0', line_number);
}

/*
 * ar_bank_add adds amounts of a file up.
 */
int64
ar_bank_add(ArBankReader *reader, int64 left, int64 right, int line_number)
{
	int64		sum;

	if (pg_add_s64_overflow(left, right, &sum))
		ar_bank_malformed(reader, line_number, "The amounts add up to too much.");
	return sum;
}

/*
 * ar_date_exists tells whether there is such a day.
 */
bool
ar_date_exists(int year, int month, int day)
{
	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
		day <= day_tab[isleap(year)][month - 1];
}

/*
 * ar_bank_date makes a date, which must exist.
 */
DateADT
ar_bank_date(ArBankReader *reader, int year, int month, int day, int line_number)
{
	/* Banks that reckon interest by months of 30 days write such value dates. */
	if (reader->month_has_30_days && month == 2 && (day == 29 || day == 30) &&
		!ar_date_exists(year, month, day))
		day = ar_date_exists(year, month, 29) ? 29 : 28;
	if (!ar_date_exists(year, month, day))
		ar_bank_malformed(reader, line_number, "There is no date %04d-%02d-%02d.", year, month, day);
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
}

/*
 * ar_bank_date_digits reads a date of six or eight digits, [YY]YYMMDD.
 */
DateADT
ar_bank_date_digits(ArBankReader *reader, ArBytes digits, int line_number)
{
	int64		value;
	int			year;

	if (!ar_all_digits(digits) || (digits.length != 6 && digits.length != 8))
		ar_bank_malformed(reader, line_number, "\"%s\" is no date.", ar_bank_quote(digits));
	value = ar_bank_units(reader, digits, line_number);
	year = (int) (value / 10000);
	if (digits.length == 6)
		year += year < 80 ? 2000 : 1900;
	return ar_bank_date(reader, year, (int) (value / 100 % 100), (int) (value % 100), line_number);
}

/*
 * ar_read_bank_file(content, format, encoding, currency, month_has_30_days)
 * reads a file in one of the formats of plain text.
 */
Datum
ar_read_bank_file(PG_FUNCTION_ARGS)
{
	bytea	   *content;
	char	   *format;
	ArBankReader reader;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("content and format of a bank file must be given")));
	content = PG_GETARG_BYTEA_PP(0);
	format = text_to_cstring(PG_GETARG_TEXT_PP(1));
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(format, formats[i].name) != 0)
			continue;
		ar_bank_begin(&reader, fcinfo, formats[i].name,
					  ar_bytes(VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content)),
					  PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)));
		if (!PG_ARGISNULL(3))
			reader.default_currency = ar_currency_from_text(text_to_cstring(PG_GETARG_TEXT_PP(3)));
		reader.month_has_30_days = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
		formats[i].read(&reader);
		return (Datum) 0;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\" of a bank file", format),
			 errhint("This function reads MT940, BAI2, lockbox and OFX; ar.import_bank_statement() all formats.")));
}
