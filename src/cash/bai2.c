/*
 * bai2.c
 *		Reads BAI2: balances and transactions of accounts, in groups.
 *
 * A record is a line: its code, then fields between commas, up to a slash or
 * the end of the line; 88 continues the record before it.  01 and 99 enclose
 * the file, 02 and 98 a group, 03 and 49 an account; 16 is a transaction.
 * Amounts are in minor units of the currency.  The three that close carry a
 * control total, which is the sum of all amounts, and a number of records.
 */
#include "postgres.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"

/* What the closing records say, added up. */
typedef struct Control
{
	bool		is_open;
	int			records;		/* lines */
	int64		sum;			/* of amounts; of what is in it, of control totals */
	int			members;		/* accounts of a group, groups of the file */
} Control;

typedef struct Bai2
{
	ArBankReader *reader;
	Control		file;
	Control		group;
	Control		account;
	int			statement;
	int			entries;
	int			position;
	StringInfoData record;		/* a record and what continues it */
	int			physical;		/* how many lines it has so far */
	bool		ends_by_slash;	/* the last of them does */
	int			line_number;	/* of the first of them */
	int			account_begun;	/* number of its line */
	ArBytes		bank;			/* of the group */
	DateADT		as_of;
	ArBytes		group_currency;
	ArBytes		account_number;
	uint32		currency;
	int64		opening;
	int64		closing;
	bool		has_opening;
	bool		has_closing;
} Bai2;

/*
 * next_field: up to the next comma.  False when there is none any more.
 */
static bool
next_field(ArBytes *rest, ArBytes *field)
{
	int			length = 0;

	if (rest->data == NULL)
		return false;
	while (length < rest->length && rest->data[length] != ',')
		length++;
	*field = ar_trim(ar_bytes(rest->data, length));
	if (length < rest->length)
		*rest = ar_bytes(rest->data + length + 1, rest->length - length - 1);
	else
		*rest = ar_bytes(NULL, 0);
	return true;
}

/*
 * field_or_none: the next field, or an empty one.
 */
static ArBytes
field_or_none(ArBytes *rest)
{
	ArBytes		field = {NULL, 0};

	(void) next_field(rest, &field);
	return field;
}

/*
 * skip_funds: what says when the money of an amount is available.
 */
static void
skip_funds(Bai2 *file, ArBytes *rest, ArBytes type, DateADT *value_on)
{
	ArBankReader *reader = file->reader;

	if (ar_bytes_are(type, "S"))
	{
		for (int i = 0; i < 3; i++)
			(void) field_or_none(rest);
	}
	else if (ar_bytes_are(type, "V"))
	{
		ArBytes		day = field_or_none(rest);

		if (day.length > 0 && value_on != NULL)
			*value_on = ar_bank_date_digits(reader, day, file->line_number);
		(void) field_or_none(rest);
	}
	else if (ar_bytes_are(type, "D"))
	{
		int64		count = ar_bank_units(reader, field_or_none(rest), file->line_number);

		for (int64 i = 0; i < count && rest->data != NULL; i++)
		{
			(void) field_or_none(rest);
			(void) field_or_none(rest);
		}
	}
	else if (type.length > 0 && !ar_bytes_are(type, "Z") && !ar_bytes_are(type, "0") &&
			 !ar_bytes_are(type, "1") && !ar_bytes_are(type, "2"))
		ar_bank_malformed(reader, file->line_number, "\"%s\" is no type of funds.", ar_bank_quote(type));
}

/*
 * must_be_inside: the record has its place.
 */
static void
must_be_inside(Bai2 *file, bool is_inside, const char *what)
{
	if (!is_inside)
		ar_bank_malformed(file->reader, file->line_number, "The record is outside of %s.", what);
}

/*
 * read_account: record 03, the account with its balances and sums.
 */
static void
read_account(Bai2 *file, ArBytes rest)
{
	ArBankReader *reader = file->reader;
	ArBytes		currency;
	ArBytes		code;

	must_be_inside(file, file->group.is_open && !file->account.is_open, "a group, or inside another account");
	file->account = (Control) {.is_open = true, .records = file->physical};
	file->account_begun = file->line_number;
	file->has_opening = file->has_closing = false;
	file->entries = file->position = 0;
	file->statement++;
	file->account_number = field_or_none(&rest);
	if (file->account_number.length == 0)
		ar_bank_malformed(reader, file->line_number, "The account has no number.");
	file->account_number.data = pnstrdup(file->account_number.data, file->account_number.length);
	currency = field_or_none(&rest);
	if (currency.length == 0)
		currency = file->group_currency;
	if (currency.length > 0)
		file->currency = ar_bank_currency(reader, currency, file->line_number);
	else if (reader->default_currency != 0)
		file->currency = reader->default_currency;
	else
		/* So says the standard where nothing is said. */
		file->currency = ar_bank_currency(reader, ar_bytes("USD", 3), file->line_number);

	while (next_field(&rest, &code))
	{
		ArBytes		amount = field_or_none(&rest);
		int64		minor = 0;

		(void) field_or_none(&rest);	/* how many items */
		skip_funds(file, &rest, field_or_none(&rest), NULL);
		if (code.length == 0 && amount.length == 0)
			continue;
		if (amount.length > 0)
			minor = ar_bank_units(reader, amount, file->line_number);
		file->account.sum = ar_bank_add(reader, file->account.sum, minor, file->line_number);
		if (ar_bytes_are(code, "010") && amount.length > 0)
		{
			file->opening = minor;
			file->has_opening = true;
		}
		else if (ar_bytes_are(code, "015") && amount.length > 0)
		{
			file->closing = minor;
			file->has_closing = true;
		}
	}
}

/*
 * read_transaction: record 16.
 */
static void
read_transaction(Bai2 *file, ArBytes rest)
{
	ArBankReader *reader = file->reader;
	ArBytes		code = field_or_none(&rest);
	ArBytes		amount = field_or_none(&rest);
	ArBytes		bank_reference;
	ArBytes		customer_reference;
	DateADT		value_on = file->as_of;
	int			number;
	int64		minor;
	bool		is_credit;

	must_be_inside(file, file->account.is_open, "an account");
	file->account.records += file->physical;
	if (code.length != 3 || !ar_all_digits(code))
		ar_bank_malformed(reader, file->line_number, "\"%s\" is no type of transaction.", ar_bank_quote(code));
	number = (int) ar_bank_units(reader, code, file->line_number);
	/* 1xx to 3xx are credits, 4xx to 6xx debits; 7xx loans; 920 on, the bank's own. */
	is_credit = (number >= 100 && number <= 399) || (number >= 920 && number <= 959);
	minor = amount.length > 0 ? ar_bank_units(reader, amount, file->line_number) : 0;
	if (minor < 0)
		ar_bank_malformed(reader, file->line_number, "The amount \"%s\" is negative.", ar_bank_quote(amount));
	file->account.sum = ar_bank_add(reader, file->account.sum, minor, file->line_number);
	if (!is_credit && !(number >= 400 && number <= 699) && number < 960)
	{
		/* 890 says something, and moves nothing. */
		if (number != 890)
			ar_bank_mismatch(reader, psprintf("the transaction of type %d in line %d is neither a credit nor a debit, and was not taken",
											  number, file->line_number));
		return;
	}
	skip_funds(file, &rest, field_or_none(&rest), &value_on);
	bank_reference = field_or_none(&rest);
	customer_reference = field_or_none(&rest);
	file->entries++;

	ar_bank_set_int(reader, AR_BANK_STATEMENT, file->statement);
	ar_bank_set_int(reader, AR_BANK_POSITION, ++file->position);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, file->line_number);
	ar_bank_set_amount(reader, AR_BANK_AMOUNT, is_credit ? minor : -minor, file->currency);
	ar_bank_set(reader, AR_BANK_BOOKED_ON, DateADTGetDatum(file->as_of));
	ar_bank_set(reader, AR_BANK_VALUE_ON, DateADTGetDatum(value_on));
	ar_bank_set_bool(reader, AR_BANK_IS_BOOKED, true);
	ar_bank_set_reference(reader, AR_BANK_BANK_REFERENCE, bank_reference);
	/* Of a cheque paid or returned, its number. */
	if (number == 475 || number == 357 || number == 555)
		ar_bank_set_reference(reader, AR_BANK_CHEQUE_NUMBER, customer_reference);
	ar_bank_set_original(reader, "customer_reference", customer_reference);
	ar_bank_set_text(reader, AR_BANK_TRANSACTION_CODE, code);
	/* The text is the last field: commas in it are its own. */
	if (rest.data != NULL)
		ar_bank_set_text(reader, AR_BANK_TEXT, rest);
	ar_bank_put(reader, "line");
}

/*
 * check: what a closing record says against what was found.
 */
static void
check(Bai2 *file, const char *code, const char *what, int64 said, int64 found)
{
	if (said != found)
		ar_bank_mismatch(file->reader,
						 psprintf("record %s in line %d: %s is " INT64_FORMAT ", the file has " INT64_FORMAT,
								  code, file->line_number, what, said, found));
}

/*
 * close_account: record 49.
 */
static void
close_account(Bai2 *file, ArBytes rest)
{
	ArBankReader *reader = file->reader;
	int64		total;
	ArBytes		total_field = field_or_none(&rest);
	ArBytes		records_field = field_or_none(&rest);
	char		currency[4];

	must_be_inside(file, file->account.is_open, "an account");
	file->account.records += file->physical;
	total = ar_bank_units(reader, total_field, file->line_number);
	check(file, "49", "the control total", total, file->account.sum);
	if (records_field.length > 0)
		check(file, "49", "the number of records",
			  ar_bank_units(reader, records_field, file->line_number), file->account.records);
	file->group.sum = ar_bank_add(reader, file->group.sum, total, file->line_number);
	file->group.records += file->account.records;
	file->group.members++;

	ar_currency_code(file->currency, currency);
	ar_bank_set_int(reader, AR_BANK_STATEMENT, file->statement);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, file->account_begun);
	ar_bank_set_text(reader, AR_BANK_ACCOUNT, file->account_number);
	ar_bank_set_text(reader, AR_BANK_BANK, file->bank);
	ar_bank_set_cstring(reader, AR_BANK_CURRENCY, currency);
	ar_bank_set_cstring(reader, AR_BANK_KIND, "statement");
	ar_bank_set(reader, AR_BANK_CLOSED_ON, DateADTGetDatum(file->as_of));
	if (file->has_opening)
		ar_bank_set_amount(reader, AR_BANK_OPENING, file->opening, file->currency);
	if (file->has_closing)
		ar_bank_set_amount(reader, AR_BANK_CLOSING, file->closing, file->currency);
	ar_bank_set_int(reader, AR_BANK_ENTRIES, file->entries);
	ar_bank_set_int(reader, AR_BANK_TRANSACTION_DETAILS, file->entries);
	ar_bank_put(reader, "statement");
	file->account.is_open = false;
}

/*
 * close_group and close_file: records 98 and 99.
 */
static void
close_group(Bai2 *file, ArBytes rest)
{
	ArBankReader *reader = file->reader;
	int64		total = ar_bank_units(reader, field_or_none(&rest), file->line_number);
	ArBytes		accounts = field_or_none(&rest);
	ArBytes		records = field_or_none(&rest);

	must_be_inside(file, file->group.is_open && !file->account.is_open, "a group, or inside an account");
	file->group.records += file->physical;
	check(file, "98", "the control total", total, file->group.sum);
	if (accounts.length > 0)
		check(file, "98", "the number of accounts", ar_bank_units(reader, accounts, file->line_number), file->group.members);
	if (records.length > 0)
		check(file, "98", "the number of records", ar_bank_units(reader, records, file->line_number), file->group.records);
	file->file.sum = ar_bank_add(reader, file->file.sum, total, file->line_number);
	file->file.records += file->group.records;
	file->file.members++;
	file->group.is_open = false;
}

static void
close_file(Bai2 *file, ArBytes rest)
{
	ArBankReader *reader = file->reader;
	int64		total = ar_bank_units(reader, field_or_none(&rest), file->line_number);
	ArBytes		groups = field_or_none(&rest);
	ArBytes		records = field_or_none(&rest);

	must_be_inside(file, file->file.is_open && !file->group.is_open, "a file, or inside a group");
	file->file.records += file->physical;
	check(file, "99", "the control total", total, file->file.sum);
	if (groups.length > 0)
		check(file, "99", "the number of groups", ar_bank_units(reader, groups, file->line_number), file->file.members);
	if (records.length > 0)
		check(file, "99", "the number of records", ar_bank_units(reader, records, file->line_number), file->file.records);
	ar_bank_put(reader, "file");
	file->file.is_open = false;
}

/*
 * open_group: record 02.
 */
static void
open_group(Bai2 *file, ArBytes rest)
{
	ArBytes		originator;
	ArBytes		day;
	ArBytes		currency;

	must_be_inside(file, file->file.is_open && !file->group.is_open, "a file, or inside another group");
	(void) field_or_none(&rest);	/* receiver */
	originator = field_or_none(&rest);
	(void) field_or_none(&rest);	/* status */
	day = field_or_none(&rest);
	(void) field_or_none(&rest);	/* time */
	currency = field_or_none(&rest);
	file->group = (Control) {.is_open = true, .records = file->physical};
	file->as_of = ar_bank_date_digits(file->reader, day, file->line_number);
	file->bank = ar_bytes(pnstrdup(originator.data, originator.length), originator.length);
	file->group_currency = ar_bytes(pnstrdup(currency.data, currency.length), currency.length);
}

/*
 * read_record: one record, with all that continues it.
 */
static void
read_record(Bai2 *file)
{
	ArBankReader *reader = file->reader;
	ArBytes		rest = ar_bytes(file->record.data, file->record.len);
	ArBytes		code = field_or_none(&rest);

	if (ar_bytes_are(code, "01"))
	{
		must_be_inside(file, !file->file.is_open, "its place: it begins a file");
		file->file = (Control) {.is_open = true, .records = file->physical};
	}
	else if (ar_bytes_are(code, "02"))
		open_group(file, rest);
	else if (ar_bytes_are(code, "03"))
		read_account(file, rest);
	else if (ar_bytes_are(code, "16"))
		read_transaction(file, rest);
	else if (ar_bytes_are(code, "49"))
		close_account(file, rest);
	else if (ar_bytes_are(code, "98"))
		close_group(file, rest);
	else if (ar_bytes_are(code, "99"))
		close_file(file, rest);
	else
		ar_bank_malformed(reader, file->line_number, "\"%s\" is no code of a record.", ar_bank_quote(code));
}

/*
 * ar_bank_read_bai2 reads all records of a file.
 */
void
ar_bank_read_bai2(ArBankReader *reader)
{
	Bai2		file;
	ArBytes		line;

	memset(&file, 0, sizeof(file));
	file.reader = reader;
	initStringInfo(&file.record);
	while (ar_bank_next_line(reader, &line))
	{
		bool		is_continuation;
		bool		ends_by_slash;

		line = ar_trim(line);
		if (line.length == 0)
			continue;
		if (line.length < 2 || (line.length > 2 && line.data[2] != ',' && line.data[2] != '/'))
			ar_bank_malformed(reader, reader->line_number, "The line does not begin with the code of a record.");
		is_continuation = memcmp(line.data, "88", 2) == 0;
		if (is_continuation && file.physical == 0)
			ar_bank_malformed(reader, reader->line_number, "There is no record that it could continue.");
		ends_by_slash = line.data[line.length - 1] == '/';
		if (ends_by_slash)
			line.length--;
		if (is_continuation)
		{
			/* After a slash with the next field; else in the same text. */
			appendStringInfoChar(&file.record, file.ends_by_slash ? ',' : ' ');
			line = ar_bytes(line.data + Min(3, line.length), line.length - Min(3, line.length));
		}
		else
		{
			if (file.physical > 0)
				read_record(&file);
			file.physical = 0;
			file.line_number = reader->line_number;
			resetStringInfo(&file.record);
		}
		appendBinaryStringInfo(&file.record, line.data, line.length);
		file.ends_by_slash = ends_by_slash;
		file.physical++;
	}
	if (file.physical > 0)
		read_record(&file);
	if (file.file.is_open || file.statement == 0)
		ar_bank_malformed(reader, Max(reader->line_number, 1), "%s",
						  file.file.is_open ? "The file ends without record 99." : "There is no account, record 03.");
}
