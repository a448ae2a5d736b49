/*
 * csv.c
 *		Reads CSV, by a mapping of its columns.
 *
 * Every bank has columns of its own, so the caller says which is which, how
 * dates are written and what the decimals are separated by.  Nothing is
 * guessed: what does not fit the mapping is an error with the number of its
 * line.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"

PG_FUNCTION_INFO_V1(ar_read_bank_csv);

/* What a column of the file may be. */
typedef enum Role
{
	ROLE_TEXT,					/* goes to a column of its own, as it is */
	ROLE_REFERENCE,
	ROLE_JOINED,				/* the same, several in a row */
	ROLE_DATE,
	ROLE_AMOUNT,
	ROLE_CREDIT,
	ROLE_DEBIT,
	ROLE_INDICATOR,
	ROLE_CURRENCY,
	ROLE_ORIGINAL				/* kept under the name of the column */
} Role;

typedef struct Target
{
	const char *name;
	Role		role;
	ArBankColumn column;
} Target;

static const Target targets[] =
{
	{"booked_on", ROLE_DATE, AR_BANK_BOOKED_ON},
	{"value_on", ROLE_DATE, AR_BANK_VALUE_ON},
	{"amount", ROLE_AMOUNT, AR_BANK_AMOUNT},
	{"credit", ROLE_CREDIT, AR_BANK_AMOUNT},
	{"debit", ROLE_DEBIT, AR_BANK_AMOUNT},
	{"indicator", ROLE_INDICATOR, AR_BANK_AMOUNT},
	{"currency", ROLE_CURRENCY, AR_BANK_CURRENCY},
	{"account", ROLE_TEXT, AR_BANK_ACCOUNT},
	{"text", ROLE_JOINED, AR_BANK_TEXT},
	{"payer_name", ROLE_JOINED, AR_BANK_PAYER_NAME},
	{"payer_account", ROLE_TEXT, AR_BANK_PAYER_ACCOUNT},
	{"payer_bank", ROLE_TEXT, AR_BANK_PAYER_BANK},
	{"bank_reference", ROLE_REFERENCE, AR_BANK_BANK_REFERENCE},
	{"end_to_end_reference", ROLE_REFERENCE, AR_BANK_END_TO_END_REFERENCE},
	{"mandate_reference", ROLE_REFERENCE, AR_BANK_MANDATE_REFERENCE},
	{"structured_reference", ROLE_REFERENCE, AR_BANK_STRUCTURED_REFERENCE},
	{"cheque_number", ROLE_REFERENCE, AR_BANK_CHEQUE_NUMBER},
	{"transaction_code", ROLE_TEXT, AR_BANK_TRANSACTION_CODE},
	{"return_reason", ROLE_TEXT, AR_BANK_RETURN_REASON},
	{"original", ROLE_ORIGINAL, AR_BANK_ORIGINAL},
};

/* One column of the file that is of use. */
typedef struct Mapping
{
	const Target *target;
	char	   *source;			/* its name, or its number where there are no names */
	int			index;			/* its place in a row, from 0 */
} Mapping;

typedef struct Csv
{
	ArBankReader *reader;
	char		delimiter;
	char		decimal;
	const char *date_format;
	char	  **debit_words;
	int			debit_word_count;
	char	  **credit_words;
	int			credit_word_count;
	Mapping    *mappings;
	int			mapping_count;
	int			line_number;	/* of the row being read */
	StringInfoData row;			/* its cells, unquoted, one after the other */
	ArBytes    *cells;
	int			cell_count;
	int			cell_room;
	StringInfoData scratch;
} Csv;

/*
 * read_row: the next row, quotes resolved.  False at the end.
 */
static bool
read_row(Csv *csv)
{
	ArBankReader *reader = csv->reader;
	const char *c = reader->cursor;
	bool		in_quotes = false;
	int			begun = 0;
	int			breaks = 0;

	CHECK_FOR_INTERRUPTS();
	if (c >= reader->end)
		return false;
	csv->line_number = reader->line_number + 1;
	csv->cell_count = 0;
	resetStringInfo(&csv->row);
	for (;; c++)
	{
		bool		is_break = c >= reader->end || (!in_quotes && (*c == '\n' || *c == '\r'));

		if (in_quotes && c >= reader->end)
			ar_bank_malformed(reader, csv->line_number, "A quote is not closed.");
		if (is_break || (!in_quotes && *c == csv->delimiter))
		{
			if (csv->cell_count >= csv->cell_room)
			{
				csv->cell_room = Max(32, csv->cell_room * 2);
				csv->cells = csv->cells == NULL ? palloc(sizeof(ArBytes) * csv->cell_room) :
					repalloc(csv->cells, sizeof(ArBytes) * csv->cell_room);
			}
			/* Places only: the buffer may still move. */
			csv->cells[csv->cell_count].data = NULL;
			csv->cells[csv->cell_count++].length = csv->row.len - begun;
			begun = csv->row.len;
			if (is_break)
				break;
		}
		else if (in_quotes && *c == '"')
		{
			if (c + 1 < reader->end && c[1] == '"')
				appendStringInfoChar(&csv->row, *c++);
			else
				in_quotes = false;
		}
		else if (!in_quotes && *c == '"' && csv->row.len == begun)
			in_quotes = true;
		else
		{
			if (*c == '\n')
				breaks++;
			appendStringInfoChar(&csv->row, *c);
		}
	}
	if (c + 1 < reader->end && c[0] == '\r' && c[1] == '\n')
		c++;
	reader->cursor = c + 1;
	reader->line_number += 1 + breaks;

	begun = 0;
	for (int i = 0; i < csv->cell_count; i++)
	{
		csv->cells[i].data = csv->row.data + begun;
		begun += csv->cells[i].length;
		csv->cells[i] = ar_trim(csv->cells[i]);
	}
	return true;
}

/*
 * find_columns: where the mapped columns stand, by the names in the heading
 * row, or by their numbers.
 */
static void
find_columns(Csv *csv, bool has_header)
{
	ArBankReader *reader = csv->reader;

	for (int m = 0; m < csv->mapping_count; m++)
	{
		Mapping    *mapping = &csv->mappings[m];
		int			length = strlen(mapping->source);

		mapping->index = -1;
		if (!has_header)
		{
			mapping->index = (int) Min(ar_bank_units(reader, ar_bytes(mapping->source, length), 1), PG_INT16_MAX) - 1;
			if (mapping->index < 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("\"%s\" is no number of a column", mapping->source),
						 errhint("Columns without a heading are counted from 1.")));
			continue;
		}
		for (int i = 0; i < csv->cell_count && mapping->index < 0; i++)
		{
			int			cell_length;
			char	   *cell = ar_bank_text(reader, csv->cells[i], &cell_length);

			if (cell_length == length && memcmp(cell, mapping->source, length) == 0)
				mapping->index = i;
		}
		if (mapping->index < 0)
			ar_bank_malformed(reader, csv->line_number, "There is no column \"%s\".", mapping->source);
	}
}

/*
 * read_date: by the format, whose letters are DD, MM, YY and YYYY, or D and M
 * for one or two digits.
 */
static DateADT
read_date(Csv *csv, ArBytes cell)
{
	int			year = 0;
	int			month = 0;
	int			day = 0;
	int			at = 0;

	for (const char *f = csv->date_format; *f != '\0';)
	{
		int			width = 1;
		int			value = 0;
		int			digits = 0;

		while (f[width] == f[0])
			width++;
		if (*f != 'D' && *f != 'M' && *f != 'Y')
		{
			width = 1;
			if (at >= cell.length || cell.data[at++] != *f)
				goto malformed;
			f++;
			continue;
		}
		while (digits < Max(width, 2) && at < cell.length && ar_is_digit(cell.data[at]))
		{
			value = value * 10 + (cell.data[at++] - '0');
			digits++;
		}
		if (digits < width)
			goto malformed;
		if (*f == 'D')
			day = value;
		else if (*f == 'M')
			month = value;
		else
			year = width > 2 ? value : value + (value < 80 ? 2000 : 1900);
		f += width;
	}
	/* A time of day may follow. */
	if (at < cell.length && cell.data[at] != ' ' && cell.data[at] != 'T')
		goto malformed;
	return ar_bank_date(csv->reader, year, month, day, csv->line_number);

malformed:
	ar_bank_malformed(csv->reader, csv->line_number, "\"%s\" is no date of the form %s.",
					  ar_bank_quote(cell), csv->date_format);
	return 0;
}

/*
 * read_amount: with signs before or after it, and signs between thousands.
 */
static int64
read_amount(Csv *csv, ArBytes cell, uint32 currency)
{
	StringInfo	plain = &csv->scratch;
	bool		is_negative = false;
	int			since_group = -1;	/* digits after a sign between thousands */
	int			decimals = -1;
	ArBytes		number = cell;

	resetStringInfo(plain);
	if (number.length > 0 && (number.data[0] == '-' || number.data[0] == '+'))
	{
		is_negative = number.data[0] == '-';
		number = ar_trim(ar_bytes(number.data + 1, number.length - 1));
	}
	else if (number.length > 0 && (number.data[number.length - 1] == '-' || number.data[number.length - 1] == '+'))
	{
		is_negative = number.data[number.length - 1] == '-';
		number = ar_trim(ar_bytes(number.data, number.length - 1));
	}
	for (int i = 0; i < number.length; i++)
	{
		char		c = number.data[i];

		if (ar_is_digit(c))
		{
			appendStringInfoChar(plain, c);
			if (decimals >= 0)
				decimals++;
			else if (since_group >= 0)
				since_group++;
		}
		else if (c == csv->decimal && decimals < 0 && (since_group < 0 || since_group == 3))
		{
			appendStringInfoChar(plain, '.');
			decimals = 0;
		}
		else if ((c == ',' || c == '.' || c == ' ' || c == '\'') && decimals < 0 && plain->len > 0 &&
				 (since_group < 0 ? plain->len <= 3 : since_group == 3))
			since_group = 0;
		else
			goto malformed;
	}
	if ((since_group >= 0 && since_group != 3) || decimals > ar_currency_exponent(currency))
		goto malformed;
	return ar_bank_minor(csv->reader, ar_bytes(plain->data, plain->len), currency, '.', csv->line_number) *
		(is_negative ? -1 : 1);

malformed:
	ar_bank_malformed(csv->reader, csv->line_number, "\"%s\" is no amount with \"%c\" before at most %d decimals.",
					  ar_bank_quote(cell), csv->decimal, ar_currency_exponent(currency));
	return 0;
}

static bool
is_among(ArBytes cell, char **words, int count)
{
	for (int i = 0; i < count; i++)
		if (ar_bytes_are(cell, words[i]))
			return true;
	return false;
}

/*
 * put_row: the row as a line.
 */
static void
put_row(Csv *csv)
{
	ArBankReader *reader = csv->reader;
	uint32		currency = reader->default_currency;
	int64		minor = 0;
	bool		has_amount = false;
	bool		is_debit = false;
	StringInfoData joined[AR_BANK_COLUMNS];

	memset(joined, 0, sizeof(joined));
	/* The currency first: it says how many decimals an amount has. */
	for (int m = 0; m < csv->mapping_count; m++)
	{
		Mapping    *mapping = &csv->mappings[m];

		if (mapping->target->role == ROLE_CURRENCY && mapping->index < csv->cell_count &&
			csv->cells[mapping->index].length > 0)
			currency = ar_bank_currency(reader, csv->cells[mapping->index], csv->line_number);
	}
	if (currency == 0)
		ar_bank_malformed(reader, csv->line_number, "Neither the row nor the options name a currency.");
	for (int m = 0; m < csv->mapping_count; m++)
	{
		const Target *target = csv->mappings[m].target;
		int			index = csv->mappings[m].index;
		ArBytes		cell = index < csv->cell_count ? csv->cells[index] : ar_bytes(NULL, 0);
		int64		part;

		if (cell.length == 0)
			continue;
		switch (target->role)
		{
			case ROLE_TEXT:
				ar_bank_set_text(reader, target->column, cell);
				break;
			case ROLE_REFERENCE:
				ar_bank_set_reference(reader, target->column, cell);
				break;
			case ROLE_JOINED:
				if (joined[target->column].data == NULL)
					initStringInfo(&joined[target->column]);
				else
					appendStringInfoChar(&joined[target->column], ' ');
				appendBinaryStringInfo(&joined[target->column], cell.data, cell.length);
				break;
			case ROLE_DATE:
				ar_bank_set(reader, target->column, DateADTGetDatum(read_date(csv, cell)));
				break;
			case ROLE_AMOUNT:
			case ROLE_CREDIT:
			case ROLE_DEBIT:
				part = read_amount(csv, cell, currency);
				if (part == 0 && target->role != ROLE_AMOUNT)
					break;
				if (has_amount && minor != 0)
					ar_bank_malformed(reader, csv->line_number, "The row has two amounts.");
				has_amount = true;
				minor = target->role == ROLE_DEBIT ? (part > 0 ? -part : part) : part;
				break;
			case ROLE_INDICATOR:
				is_debit = is_among(cell, csv->debit_words, csv->debit_word_count);
				if (!is_debit && !is_among(cell, csv->credit_words, csv->credit_word_count))
					ar_bank_malformed(reader, csv->line_number, "\"%s\" says neither credit nor debit.", ar_bank_quote(cell));
				break;
			case ROLE_CURRENCY:
				break;
			case ROLE_ORIGINAL:
				ar_bank_set_original(reader, csv->mappings[m].source, cell);
				break;
		}
	}
	if (!has_amount)
		ar_bank_malformed(reader, csv->line_number, "The row has no amount.");
	if (reader->nulls[AR_BANK_BOOKED_ON])
		ar_bank_malformed(reader, csv->line_number, "The row has no date of booking.");
	for (int i = 0; i < AR_BANK_COLUMNS; i++)
		if (joined[i].data != NULL)
		{
			ar_bank_set_text(reader, i, ar_bytes(joined[i].data, joined[i].len));
			pfree(joined[i].data);
		}
	if (reader->nulls[AR_BANK_VALUE_ON])
		ar_bank_set(reader, AR_BANK_VALUE_ON, reader->values[AR_BANK_BOOKED_ON]);
	ar_bank_set_amount(reader, AR_BANK_AMOUNT, is_debit ? -minor : minor, currency);
	ar_bank_set_bool(reader, AR_BANK_IS_BOOKED, true);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, csv->line_number);
	ar_bank_put(reader, "line");
}

/*
 * words: the elements of an array of texts.
 */
static char **
words(ArrayType *array, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **result;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, count);
	result = palloc(sizeof(char *) * Max(*count, 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the mapping of a CSV file has a NULL")));
		result[i] = TextDatumGetCString(elements[i]);
	}
	return result;
}

/*
 * read_mapping: what the caller says of the columns.
 */
static void
read_mapping(Csv *csv, ArrayType *names, ArrayType *sources)
{
	int			name_count;
	int			source_count;
	char	  **name = words(names, &name_count);
	char	  **source = words(sources, &source_count);

	if (name_count != source_count)
		elog(ERROR, "ar_read_bank_csv: %d names, %d columns", name_count, source_count);
	csv->mappings = palloc0(sizeof(Mapping) * Max(name_count, 1));
	csv->mapping_count = name_count;
	for (int m = 0; m < name_count; m++)
	{
		for (int t = 0; t < lengthof(targets); t++)
			if (strcmp(name[m], targets[t].name) == 0)
				csv->mappings[m].target = &targets[t];
		if (csv->mappings[m].target == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("a bank line has no \"%s\" that a column could be mapped to", name[m]),
					 errhint("There are booked_on, value_on, amount, credit, debit, indicator, currency, account, text, payer_name, payer_account, payer_bank, bank_reference, end_to_end_reference, mandate_reference, structured_reference, cheque_number, transaction_code, return_reason and original.")));
		csv->mappings[m].source = source[m];
	}
}

static char
one_character(text *argument, const char *what)
{
	char	   *given = text_to_cstring(argument);

	if (strlen(given) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s of a CSV file must be one character, not \"%s\"", what, given)));
	return given[0];
}

/*
 * ar_read_bank_csv(content, encoding, currency, delimiter, decimal,
 * date_format, skip, has_header, targets, sources, debit_words, credit_words)
 * reads all rows of a file.
 */
Datum
ar_read_bank_csv(PG_FUNCTION_ARGS)
{
	bytea	   *content;
	ArBankReader reader;
	Csv			csv;
	ArBytes		line;
	bool		has_header;
	int			skip;

	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && i != 1 && i != 2)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the arguments of ar.read_bank_csv() must be given, but for encoding and currency")));
	content = PG_GETARG_BYTEA_PP(0);
	ar_bank_begin(&reader, fcinfo, "CSV",
				  ar_bytes(VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content)),
				  PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	if (!PG_ARGISNULL(2))
		reader.default_currency = ar_currency_from_text(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	memset(&csv, 0, sizeof(csv));
	csv.reader = &reader;
	csv.delimiter = one_character(PG_GETARG_TEXT_PP(3), "delimiter");
	csv.decimal = one_character(PG_GETARG_TEXT_PP(4), "decimal sign");
	csv.date_format = text_to_cstring(PG_GETARG_TEXT_PP(5));
	skip = PG_GETARG_INT32(6);
	has_header = PG_GETARG_BOOL(7);
	read_mapping(&csv, PG_GETARG_ARRAYTYPE_P(8), PG_GETARG_ARRAYTYPE_P(9));
	csv.debit_words = words(PG_GETARG_ARRAYTYPE_P(10), &csv.debit_word_count);
	csv.credit_words = words(PG_GETARG_ARRAYTYPE_P(11), &csv.credit_word_count);
	initStringInfo(&csv.row);
	initStringInfo(&csv.scratch);

	for (int i = 0; i < skip; i++)
		if (!ar_bank_next_line(&reader, &line))
			ar_bank_malformed(&reader, Max(reader.line_number, 1), "The file ends before its rows.");
	if (has_header && !read_row(&csv))
		ar_bank_malformed(&reader, Max(reader.line_number, 1), "The file has no row of headings.");
	find_columns(&csv, has_header);
	while (read_row(&csv))
	{
		bool		is_empty = true;

		for (int i = 0; i < csv.cell_count; i++)
			is_empty = is_empty && csv.cells[i].length == 0;
		if (!is_empty)
			put_row(&csv);
	}
	return (Datum) 0;
}
