/*
 * lockbox.c
 *		Reads a lockbox file: cheques that a bank took in and read.
 *
 * Records of fixed columns, as the BAI set them: 1 and 9 enclose the file, 2
 * names who serves whom, 5 begins a batch of one lockbox, 6 is a cheque, 4
 * what the payer wrote with it, 7 and 8 close batch and lockbox with a number
 * of cheques and their sum.  Amounts are in minor units; no currency is named.
 */
#include "postgres.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"

typedef struct Lockbox
{
	ArBankReader *reader;
	uint32		currency;
	int			statement;		/* one a lockbox */
	int			begun;			/* number of its first line */
	int			position;
	int			records;
	int			cheques;		/* of the lockbox, and of the batch */
	int64		total;
	int			batch_cheques;
	int64		batch_total;
	bool		is_begun;		/* record 1 was there */
	bool		has_cheque;		/* one is being read */
	char		account[8];		/* the lockbox; empty between two */
	DateADT		as_of;
	char		bank[11];		/* who serves it */
	StringInfoData text;		/* what came with the cheque */
} Lockbox;

/*
 * column: so many bytes from a place counted from 1, as far as the line goes.
 */
static ArBytes
column(ArBytes line, int from, int length)
{
	if (line.length < from)
		return ar_bytes(NULL, 0);
	return ar_bytes(line.data + from - 1, Min(length, line.length - from + 1));
}

/*
 * digits: a number that must be there, all of it.
 */
static int64
digits(Lockbox *file, ArBytes line, int from, int length)
{
	ArBytes		field = column(line, from, length);

	if (field.length != length || !ar_all_digits(field))
		ar_bank_malformed(file->reader, file->reader->line_number,
						  "Columns %d to %d are \"%s\", not digits.",
						  from, from + length - 1, ar_bank_quote(field));
	return ar_bank_units(file->reader, field, file->reader->line_number);
}

/*
 * keep: a short name, without blanks.
 */
static void
keep(char *kept, int size, ArBytes bytes)
{
	bytes = ar_trim(bytes);
	bytes.length = Min(bytes.length, size - 1);
	memcpy(kept, bytes.data, bytes.length);
	kept[bytes.length] = '\0';
}

static void
put_cheque(Lockbox *file)
{
	if (!file->has_cheque)
		return;
	ar_bank_set_text(file->reader, AR_BANK_TEXT, ar_bytes(file->text.data, file->text.len));
	ar_bank_put(file->reader, "line");
	resetStringInfo(&file->text);
	file->has_cheque = false;
}

/*
 * check: what a total says against the cheques.
 */
static void
check(Lockbox *file, const char *what, int64 count, int64 total, int cheques, int64 sum)
{
	if (count != cheques || total != sum)
		ar_bank_mismatch(file->reader,
						 psprintf("the total of the %s in line %d is " INT64_FORMAT " cheques of " INT64_FORMAT ", the file has %d of " INT64_FORMAT,
								  what, file->reader->line_number, count, total, cheques, sum));
}

/*
 * in_lockbox: the record belongs to a lockbox that was begun.
 */
static void
in_lockbox(Lockbox *file)
{
	if (file->account[0] == '\0')
		ar_bank_malformed(file->reader, file->reader->line_number, "The record is outside of a lockbox, which record 5 begins.");
}

/*
 * open_batch: record 5.
 */
static void
open_batch(Lockbox *file, ArBytes line)
{
	ArBankReader *reader = file->reader;
	char		account[8];

	if (!file->is_begun)
		ar_bank_malformed(reader, reader->line_number, "There is no record 1, which begins the file.");
	keep(account, sizeof(account), column(line, 8, 7));
	if (account[0] == '\0')
		ar_bank_malformed(reader, reader->line_number, "The lockbox has no number.");
	if (file->account[0] != '\0' && strcmp(file->account, account) != 0)
		ar_bank_malformed(reader, reader->line_number, "The lockbox before it has no total, record 8.");
	if (file->account[0] == '\0')
	{
		file->statement++;
		file->begun = reader->line_number;
		file->position = file->cheques = 0;
		file->total = 0;
		memcpy(file->account, account, sizeof(account));
	}
	file->as_of = ar_bank_date_digits(reader, column(line, 15, 6), reader->line_number);
	file->batch_cheques = 0;
	file->batch_total = 0;
}

/*
 * read_cheque: record 6.
 */
static void
read_cheque(Lockbox *file, ArBytes line)
{
	ArBankReader *reader = file->reader;
	int64		minor;

	in_lockbox(file);
	put_cheque(file);
	minor = digits(file, line, 8, 10);
	file->cheques++;
	file->batch_cheques++;
	file->total = ar_bank_add(reader, file->total, minor, reader->line_number);
	file->batch_total = ar_bank_add(reader, file->batch_total, minor, reader->line_number);
	file->has_cheque = true;

	ar_bank_set_int(reader, AR_BANK_STATEMENT, file->statement);
	ar_bank_set_int(reader, AR_BANK_POSITION, ++file->position);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, reader->line_number);
	ar_bank_set_amount(reader, AR_BANK_AMOUNT, minor, file->currency);
	ar_bank_set(reader, AR_BANK_BOOKED_ON, DateADTGetDatum(file->as_of));
	ar_bank_set(reader, AR_BANK_VALUE_ON, DateADTGetDatum(file->as_of));
	ar_bank_set_bool(reader, AR_BANK_IS_BOOKED, true);
	ar_bank_set_cstring(reader, AR_BANK_TRANSACTION_CODE, "lockbox");
	ar_bank_set_text(reader, AR_BANK_PAYER_BANK, column(line, 18, 9));
	ar_bank_set_text(reader, AR_BANK_PAYER_ACCOUNT, column(line, 27, 10));
	ar_bank_set_text(reader, AR_BANK_CHEQUE_NUMBER, column(line, 37, 10));
	ar_bank_set_original(reader, "cheque_date", column(line, 47, 6));
	ar_bank_set_text(reader, AR_BANK_PAYER_NAME, column(line, 53, 30));
	ar_bank_set_original(reader, "payee", column(line, 83, 30));
	ar_bank_set_original(reader, "batch", column(line, 2, 3));
	ar_bank_set_original(reader, "item", column(line, 5, 3));
}

/*
 * close_lockbox: record 8.
 */
static void
close_lockbox(Lockbox *file, ArBytes line)
{
	ArBankReader *reader = file->reader;
	char		currency[4];

	in_lockbox(file);
	put_cheque(file);
	check(file, "lockbox", digits(file, line, 21, 4), digits(file, line, 25, 10), file->cheques, file->total);
	ar_currency_code(file->currency, currency);
	ar_bank_set_int(reader, AR_BANK_STATEMENT, file->statement);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, file->begun);
	ar_bank_set_cstring(reader, AR_BANK_ACCOUNT, file->account);
	ar_bank_set_cstring(reader, AR_BANK_BANK, file->bank);
	ar_bank_set_cstring(reader, AR_BANK_CURRENCY, currency);
	ar_bank_set_cstring(reader, AR_BANK_KIND, "lockbox");
	ar_bank_set(reader, AR_BANK_CLOSED_ON, DateADTGetDatum(file->as_of));
	ar_bank_set_int(reader, AR_BANK_ENTRIES, file->cheques);
	ar_bank_set_int(reader, AR_BANK_TRANSACTION_DETAILS, file->cheques);
	ar_bank_put(reader, "statement");
	file->account[0] = '\0';
}

/*
 * read_record: one line.  False after the last.
 */
static bool
read_record(Lockbox *file, ArBytes line)
{
	ArBankReader *reader = file->reader;
	ArBytes		text;
	int64		records;

	file->records++;
	if (!file->is_begun && line.data[0] != '1')
		ar_bank_malformed(reader, reader->line_number, "There is no record 1, which begins the file.");
	switch (line.data[0])
	{
		case '1':
			file->is_begun = true;
			keep(file->bank, sizeof(file->bank), column(line, 14, 10));
			break;
		case '2':
			break;
		case '5':
			put_cheque(file);
			open_batch(file, line);
			break;
		case '6':
			read_cheque(file, line);
			break;
		case '4':
			if (!file->has_cheque)
				ar_bank_malformed(reader, reader->line_number, "There is no cheque, record 6, that it could belong to.");
			text = ar_trim(column(line, 12, line.length));
			if (file->text.len > 0 && text.length > 0)
				appendStringInfoChar(&file->text, ' ');
			appendBinaryStringInfo(&file->text, text.data, text.length);
			break;
		case '7':
			in_lockbox(file);
			put_cheque(file);
			check(file, "batch", digits(file, line, 21, 3), digits(file, line, 24, 10),
				  file->batch_cheques, file->batch_total);
			file->batch_cheques = 0;
			file->batch_total = 0;
			break;
		case '8':
			close_lockbox(file, line);
			break;
		case '9':
			if (file->account[0] != '\0')
				ar_bank_malformed(reader, reader->line_number, "The lockbox before it has no total, record 8.");
			records = digits(file, line, 2, 6);
			if (records != file->records)
				ar_bank_mismatch(reader, psprintf("record 9 in line %d: the number of records is " INT64_FORMAT ", the file has %d",
												  reader->line_number, records, file->records));
			ar_bank_put(reader, "file");
			return false;
		default:
			ar_bank_malformed(reader, reader->line_number, "\"%s\" is no code of a record.",
							  ar_bank_quote(ar_bytes(line.data, 1)));
	}
	return true;
}

/*
 * ar_bank_read_lockbox reads all records of a file.
 */
void
ar_bank_read_lockbox(ArBankReader *reader)
{
	Lockbox		file;
	ArBytes		line;
	bool		is_open = true;

	memset(&file, 0, sizeof(file));
	file.reader = reader;
	initStringInfo(&file.text);
	if (reader->default_currency == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a lockbox file names no currency"),
				 errhint("Give it in the options, such as {\"currency\": \"USD\"}.")));
	file.currency = reader->default_currency;
	while (ar_bank_next_line(reader, &line))
	{
		if (ar_trim(line).length == 0)
			continue;
		if (!is_open)
			ar_bank_malformed(reader, reader->line_number, "There is something after record 9, which ends the file.");
		is_open = read_record(&file, line);
	}
	if (is_open)
		ar_bank_malformed(reader, Max(reader->line_number, 1), "The file ends without record 9.");
}
