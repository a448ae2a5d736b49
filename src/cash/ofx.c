/*
 * ofx.c
 *		Reads OFX: version 1, which is SGML whose values have no closing tags,
 *		and version 2, which is XML.
 *
 * Both are tags and what stands between them, so one walk reads both: a tag
 * with text after it is a value; one without opens an aggregate.  Nothing is
 * resolved but the entities of XML itself, and a DOCTYPE is refused.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"

typedef struct Ofx
{
	ArBankReader *reader;
	int			statement;
	int			entries;
	bool		in_statement;
	bool		in_transaction;
	bool		in_balance;		/* LEDGERBAL */
	bool		in_account;
	int			begun;			/* number of the line the statement begins in */
	int			transaction_begun;
	uint32		currency;
	char	   *account;
	char	   *bank;
	DateADT		opened_on;
	DateADT		closed_on;
	bool		has_opened_on;
	bool		has_closed_on;
	int64		closing;
	bool		has_closing;
	bool		has_amount;
	bool		has_date;
	StringInfoData name;
	StringInfoData memo;
} Ofx;

/*
 * decode: a value with its entities resolved.
 */
static void
decode(StringInfo decoded, ArBytes value)
{
	static const struct
	{
		const char *name;
		char		character;
	}			entities[] =
	{
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&nbsp;", ' '},
	};

	resetStringInfo(decoded);
	for (int i = 0; i < value.length; i++)
	{
		bool		is_known = false;

		for (int e = 0; value.data[i] == '&' && !is_known && e < lengthof(entities); e++)
		{
			int			length = strlen(entities[e].name);

			if (i + length <= value.length && memcmp(value.data + i, entities[e].name, length) == 0)
			{
				appendStringInfoChar(decoded, entities[e].character);
				i += length - 1;
				is_known = true;
			}
		}
		if (!is_known)
			appendStringInfoChar(decoded, value.data[i]);
	}
}

/*
 * day: the date at the beginning of a moment.
 */
static DateADT
day(Ofx *file, ArBytes value)
{
	if (value.length < 8)
		ar_bank_malformed(file->reader, file->reader->line_number, "\"%s\" is no date.", ar_bank_quote(value));
	return ar_bank_date_digits(file->reader, ar_bytes(value.data, 8), file->reader->line_number);
}

/*
 * amount: with a point or a comma for the decimals.
 */
static int64
amount(Ofx *file, ArBytes value)
{
	char		decimal = '.';

	if (file->currency == 0)
		ar_bank_malformed(file->reader, file->reader->line_number, "An amount comes before CURDEF, which names the currency.");
	for (int i = 0; i < value.length; i++)
		if (value.data[i] == ',')
			decimal = ',';
	return ar_bank_minor(file->reader, value, file->currency, decimal, file->reader->line_number);
}

/*
 * read_value: a tag with its value.  What is of no use is passed over.
 */
static void
read_value(Ofx *file, ArBytes tag, ArBytes value, StringInfo decoded)
{
	ArBankReader *reader = file->reader;

	if (!file->in_statement)
		return;
	if (ar_bytes_are(tag, "CURDEF"))
		file->currency = ar_bank_currency(reader, value, reader->line_number);
	else if (file->in_account && ar_bytes_are(tag, "ACCTID"))
		file->account = pnstrdup(value.data, value.length);
	else if (file->in_account && ar_bytes_are(tag, "BANKID"))
		file->bank = pnstrdup(value.data, value.length);
	else if (ar_bytes_are(tag, "DTSTART"))
	{
		file->opened_on = day(file, value);
		file->has_opened_on = true;
	}
	else if (ar_bytes_are(tag, "DTEND") && !file->has_closed_on)
	{
		file->closed_on = day(file, value);
		file->has_closed_on = true;
	}
	else if (file->in_balance && ar_bytes_are(tag, "BALAMT"))
	{
		file->closing = amount(file, value);
		file->has_closing = true;
	}
	else if (file->in_balance && ar_bytes_are(tag, "DTASOF"))
	{
		file->closed_on = day(file, value);
		file->has_closed_on = true;
	}
	else if (!file->in_transaction)
		return;
	else if (ar_bytes_are(tag, "DTPOSTED"))
	{
		DateADT		booked_on = day(file, value);

		ar_bank_set(reader, AR_BANK_BOOKED_ON, DateADTGetDatum(booked_on));
		if (reader->nulls[AR_BANK_VALUE_ON])
			ar_bank_set(reader, AR_BANK_VALUE_ON, DateADTGetDatum(booked_on));
		file->has_date = true;
	}
	else if (ar_bytes_are(tag, "DTAVAIL"))
		ar_bank_set(reader, AR_BANK_VALUE_ON, DateADTGetDatum(day(file, value)));
	else if (ar_bytes_are(tag, "TRNAMT"))
	{
		ar_bank_set_amount(reader, AR_BANK_AMOUNT, amount(file, value), file->currency);
		file->has_amount = true;
	}
	else
	{
		decode(decoded, value);
		value = ar_bytes(decoded->data, decoded->len);
		if (ar_bytes_are(tag, "TRNTYPE"))
			ar_bank_set_text(reader, AR_BANK_TRANSACTION_CODE, value);
		else if (ar_bytes_are(tag, "FITID"))
			ar_bank_set_text(reader, AR_BANK_BANK_REFERENCE, value);
		else if (ar_bytes_are(tag, "CHECKNUM"))
			ar_bank_set_text(reader, AR_BANK_CHEQUE_NUMBER, value);
		else if (ar_bytes_are(tag, "REFNUM"))
			ar_bank_set_original(reader, "customer_reference", value);
		else if (ar_bytes_are(tag, "BANKACCTTO") || ar_bytes_are(tag, "ACCTID"))
			ar_bank_set_text(reader, AR_BANK_PAYER_ACCOUNT, value);
		else if (ar_bytes_are(tag, "NAME"))
			appendBinaryStringInfo(&file->name, value.data, value.length);
		else if (ar_bytes_are(tag, "MEMO"))
			appendBinaryStringInfo(&file->memo, value.data, value.length);
	}
}

static void
open_statement(Ofx *file)
{
	int			statement = file->statement + 1;
	ArBankReader *reader = file->reader;
	StringInfoData name = file->name;
	StringInfoData memo = file->memo;

	if (file->in_statement)
		ar_bank_malformed(reader, reader->line_number, "The statement before it is not closed.");
	memset(file, 0, sizeof(*file));
	file->reader = reader;
	file->statement = statement;
	file->name = name;
	file->memo = memo;
	file->in_statement = true;
	file->begun = reader->line_number;
}

static void
close_statement(Ofx *file)
{
	ArBankReader *reader = file->reader;
	char		currency[4];

	if (file->account == NULL || file->account[0] == '\0')
		ar_bank_malformed(reader, reader->line_number, "The statement does not name its account, ACCTID.");
	if (file->currency == 0)
		ar_bank_malformed(reader, reader->line_number, "The statement does not name its currency, CURDEF.");
	ar_currency_code(file->currency, currency);
	ar_bank_set_int(reader, AR_BANK_STATEMENT, file->statement);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, file->begun);
	ar_bank_set_cstring(reader, AR_BANK_ACCOUNT, file->account);
	if (file->bank != NULL)
		ar_bank_set_cstring(reader, AR_BANK_BANK, file->bank);
	ar_bank_set_cstring(reader, AR_BANK_CURRENCY, currency);
	ar_bank_set_cstring(reader, AR_BANK_KIND, "statement");
	if (file->has_opened_on)
		ar_bank_set(reader, AR_BANK_OPENED_ON, DateADTGetDatum(file->opened_on));
	if (file->has_closed_on)
		ar_bank_set(reader, AR_BANK_CLOSED_ON, DateADTGetDatum(file->closed_on));
	if (file->has_closing)
		ar_bank_set_amount(reader, AR_BANK_CLOSING, file->closing, file->currency);
	ar_bank_set_int(reader, AR_BANK_ENTRIES, file->entries);
	ar_bank_set_int(reader, AR_BANK_TRANSACTION_DETAILS, file->entries);
	ar_bank_put(reader, "statement");
	file->in_statement = false;
}

static void
close_transaction(Ofx *file)
{
	ArBankReader *reader = file->reader;

	if (!file->has_date)
		ar_bank_malformed(reader, file->transaction_begun, "The transaction has no date, DTPOSTED.");
	if (!file->has_amount)
		ar_bank_malformed(reader, file->transaction_begun, "The transaction has no amount, TRNAMT.");
	ar_bank_set_int(reader, AR_BANK_STATEMENT, file->statement);
	ar_bank_set_int(reader, AR_BANK_POSITION, ++file->entries);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, file->transaction_begun);
	ar_bank_set_bool(reader, AR_BANK_IS_BOOKED, true);
	ar_bank_set_text(reader, AR_BANK_PAYER_NAME, ar_bytes(file->name.data, file->name.len));
	/* The name is cut off where the memo says it again, so the memo is the text. */
	if (file->memo.len > 0)
		ar_bank_set_text(reader, AR_BANK_TEXT, ar_bytes(file->memo.data, file->memo.len));
	ar_bank_put(reader, "line");
	file->in_transaction = false;
}

/*
 * read_tag: a tag without a value opens or closes an aggregate.
 */
static void
read_tag(Ofx *file, ArBytes tag, bool is_closing)
{
	ArBankReader *reader = file->reader;

	if (ar_bytes_are(tag, "STMTRS") || ar_bytes_are(tag, "CCSTMTRS"))
	{
		if (!is_closing)
			open_statement(file);
		else if (file->in_statement && !file->in_transaction)
			close_statement(file);
		else
			ar_bank_malformed(reader, reader->line_number, "A statement is closed that is not open, or has an open transaction.");
	}
	else if (!file->in_statement)
		return;
	else if (ar_bytes_are(tag, "STMTTRN"))
	{
		if (is_closing != file->in_transaction)
			ar_bank_malformed(reader, reader->line_number, "A transaction is %s.",
							  is_closing ? "closed that is not open" : "opened inside another");
		if (is_closing)
			close_transaction(file);
		else
		{
			file->in_transaction = true;
			file->transaction_begun = reader->line_number;
			file->has_date = file->has_amount = false;
			resetStringInfo(&file->name);
			resetStringInfo(&file->memo);
		}
	}
	else if (ar_bytes_are(tag, "LEDGERBAL"))
		file->in_balance = !is_closing;
	else if (!file->in_transaction &&
			 (ar_bytes_are(tag, "BANKACCTFROM") || ar_bytes_are(tag, "CCACCTFROM")))
		file->in_account = !is_closing;
}

/*
 * ar_bank_read_ofx reads all statements of a file.
 */
void
ar_bank_read_ofx(ArBankReader *reader)
{
	Ofx			file;
	const char *c = reader->cursor;
	StringInfoData decoded;

	memset(&file, 0, sizeof(file));
	file.reader = reader;
	initStringInfo(&file.name);
	initStringInfo(&file.memo);
	initStringInfo(&decoded);
	reader->line_number = 1;
	while (c < reader->end)
	{
		const char *tag_end;
		const char *value_end;
		ArBytes		tag;
		ArBytes		value;
		bool		is_closing;

		CHECK_FOR_INTERRUPTS();
		if (*c != '<')
		{
			if (*c == '\n')
				reader->line_number++;
			c++;
			continue;
		}
		if (reader->end - c >= 9 && pg_strncasecmp(c, "<!DOCTYPE", 9) == 0)
			ar_bank_malformed(reader, reader->line_number, "It has a DOCTYPE, which is not read.");
		tag_end = memchr(c, '>', reader->end - c);
		if (tag_end == NULL)
			ar_bank_malformed(reader, reader->line_number, "A tag does not end: the file is cut off.");
		is_closing = c + 1 < tag_end && c[1] == '/';
		tag = ar_bytes(c + 1 + is_closing, tag_end - c - 1 - is_closing);
		value_end = memchr(tag_end, '<', reader->end - tag_end);
		if (value_end == NULL)
			value_end = reader->end;
		value = ar_trim(ar_bytes(tag_end + 1, value_end - tag_end - 1));
		if (tag.length > 0 && tag.data[0] != '?' && tag.data[0] != '!')
		{
			if (is_closing || value.length == 0)
				read_tag(&file, tag, is_closing);
			else
				read_value(&file, tag, value, &decoded);
		}
		for (; c < value_end; c++)
			if (*c == '\n')
				reader->line_number++;
	}
	if (file.in_statement || file.statement == 0)
		ar_bank_malformed(reader, reader->line_number, "%s",
						  file.in_statement ? "The file is cut off inside a statement." : "There is no statement, STMTRS.");
}
