/*
 * mt940.c
 *		Reads MT940 (statements) and MT942 (bookings of the day so far).
 *
 * A file is a row of messages; a message is a row of fields; a field begins
 * with its tag between colons at the beginning of a line, and goes on over the
 * lines that do not.  SWIFT's envelopes and what banks write between messages
 * are skipped.  Field 61 is a booking, field 86 after it says what it is about.
 */
#include "postgres.h"

#include "ar_ext.h"
#include "cash/bank.h"
#include "type/currency.h"

/* A line of this length was broken because it was full. */
#define LINE_FULL	65

typedef enum Stage
{
	OUTSIDE,					/* between messages */
	HEADER,						/* after field 20 */
	BOOKINGS,					/* after field 60, or 34 of an MT942 */
	CLOSED						/* after field 62 */
} Stage;

typedef struct Statement
{
	Stage		stage;
	int			number;			/* in the file, from 1 */
	int			begun;			/* number of the line of its field 20 */
	int			entries;
	int			position;
	bool		has_booking;	/* a booking is being read */
	bool		is_interim;		/* an MT942 */
	uint32		currency;		/* 0: not known yet */
	ArBytes		transaction_reference;	/* fields 20, 25, 28 */
	ArBytes		account;
	ArBytes		bank;			/* second line of field 25P */
	ArBytes		sequence;
	DateADT		opened_on;
	DateADT		closed_on;
	bool		is_opened;
	bool		is_closed;
	int64		opening;
	int64		closing;
	int64		credits;		/* bookings so far, and what fields 90 say of them */
	int64		debits;
	int			credit_entries;
	int			debit_entries;
	ArBytes		transaction_type;	/* of the booking: NTRF */
	StringInfoData information; /* its fields 86 */
} Statement;

typedef struct Field
{
	char		tag[4];
	int			line_number;	/* of its first line */
	ArBytes		first;			/* its first line, without the tag */
	StringInfoData lines;		/* all of its lines, with a newline between two
								 * where the first was not full */
	ArBytes		second;			/* its second line, or none */
} Field;

/*
 * is_tag: whether a line begins a field, and which.
 */
static bool
is_tag(ArBytes line, Field *field)
{
	int			length = 0;

	if (line.length < 4 || line.data[0] != ':')
		return false;
	while (length < 3 && length + 1 < line.length && line.data[length + 1] != ':')
		length++;
	if (length < 2 || length + 1 >= line.length || line.data[length + 1] != ':')
		return false;
	if (!(ar_is_digit(line.data[1]) && ar_is_digit(line.data[2])) && memcmp(line.data, ":NS:", 4) != 0)
		return false;
	if (length == 3 && !ar_is_digit(line.data[3]) && !(line.data[3] >= 'A' && line.data[3] <= 'Z'))
		return false;
	memcpy(field->tag, line.data + 1, length);
	field->tag[length] = '\0';
	field->first = ar_bytes(line.data + length + 2, line.length - length - 2);
	return true;
}

/*
 * take: a part of so many bytes off the beginning of a field, or what it has.
 */
static ArBytes
take(ArBytes *rest, int length)
{
	ArBytes		part = ar_bytes(rest->data, Min(length, rest->length));

	rest->data += part.length;
	rest->length -= part.length;
	return part;
}

/*
 * take_amount: digits and a comma off the beginning of a field.
 */
static ArBytes
take_amount(ArBytes *rest)
{
	int			length = 0;

	while (length < rest->length && (ar_is_digit(rest->data[length]) || rest->data[length] == ','))
		length++;
	return take(rest, length);
}

/*
 * read_balance: side, date, currency and amount of field 60 or 62.
 */
static int64
read_balance(ArBankReader *reader, Statement *statement, Field *field, DateADT *day)
{
	ArBytes		rest = ar_trim(field->first);
	ArBytes		side = take(&rest, 1);
	uint32		currency;
	int64		minor;
	ArBytes		amount;

	if (!ar_bytes_are(side, "C") && !ar_bytes_are(side, "D"))
		ar_bank_malformed(reader, field->line_number, "Field %s begins with \"%s\", not with C or D.",
						  field->tag, ar_bank_quote(side));
	*day = ar_bank_date_digits(reader, take(&rest, 6), field->line_number);
	currency = ar_bank_currency(reader, take(&rest, 3), field->line_number);
	if (statement->currency != 0 && statement->currency != currency)
		ar_bank_malformed(reader, field->line_number, "The balances are in different currencies.");
	statement->currency = currency;
	amount = take_amount(&rest);
	minor = ar_bank_minor(reader, amount, currency, ',', field->line_number);
	if (rest.length > 0)
		ar_bank_malformed(reader, field->line_number, "Field %s does not end after its amount.", field->tag);
	return side.data[0] == 'C' ? minor : -minor;
}

/*
 * put_booking: the booking that is complete, with what field 86 says of it.
 */
static void
put_booking(ArBankReader *reader, Statement *statement)
{
	if (!statement->has_booking)
		return;
	if (statement->information.len > 0)
	{
		char	   *type = pnstrdup(statement->transaction_type.data, statement->transaction_type.length);

		ar_mt940_information(reader, &statement->information, type);
		pfree(type);
	}
	resetStringInfo(&statement->information);
	ar_bank_put(reader, "line");
	statement->has_booking = false;
}

/*
 * entry_date: the month and day of booking, in the year that brings it next
 * to the value date.
 */
static DateADT
entry_date(ArBankReader *reader, ArBytes digits, DateADT value_on, int line_number)
{
	int			month_day = (int) ar_bank_units(reader, digits, line_number);
	int			year;
	int			month;
	int			day;

	j2date(value_on + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	if (month_day / 100 - month > 6)
		year--;
	else if (month - month_day / 100 > 6)
		year++;
	return ar_bank_date(reader, year, month_day / 100, month_day % 100, line_number);
}

/*
 * read_booking: field 61.
 */
static void
read_booking(ArBankReader *reader, Statement *statement, Field *field)
{
	int			line_number = field->line_number;
	ArBytes		rest = field->first;
	ArBytes		reference;
	DateADT		value_on;
	DateADT		booked_on;
	bool		is_credit = false;
	bool		is_reversal = false;
	bool		is_expected = false;
	int64		minor;
	int			bar;

	if (statement->currency == 0)
		ar_bank_malformed(reader, line_number, "Field 61 comes before the balance that names the currency.");
	put_booking(reader, statement);
	value_on = booked_on = ar_bank_date_digits(reader, take(&rest, 6), line_number);
	if (rest.length >= 4 && ar_all_digits(ar_bytes(rest.data, 4)))
		booked_on = entry_date(reader, take(&rest, 4), value_on, line_number);

	if (rest.length >= 2 && (rest.data[0] == 'R' || rest.data[0] == 'E') &&
		(rest.data[1] == 'C' || rest.data[1] == 'D'))
	{
		is_reversal = rest.data[0] == 'R';
		is_expected = rest.data[0] == 'E';
		is_credit = (rest.data[1] == 'C') != is_reversal;
		take(&rest, 2);
	}
	else if (rest.length >= 1 && (rest.data[0] == 'C' || rest.data[0] == 'D'))
		is_credit = take(&rest, 1).data[0] == 'C';
	else
		ar_bank_malformed(reader, line_number, "Field 61 says neither C nor D after its dates.");
	/* The third letter of the currency, which the balance has named already. */
	if (rest.length >= 1 && rest.data[0] >= 'A' && rest.data[0] <= 'Z')
		take(&rest, 1);
	minor = ar_bank_minor(reader, take_amount(&rest), statement->currency, ',', line_number);

	if (rest.length < 4 || (rest.data[0] != 'S' && rest.data[0] != 'N' && rest.data[0] != 'F'))
		ar_bank_malformed(reader, line_number, "Field 61 has no type of transaction after its amount.");
	statement->transaction_type = take(&rest, 4);

	statement->entries++;
	statement->has_booking = true;
	if (!is_expected)
	{
		if (is_credit)
		{
			statement->credits = ar_bank_add(reader, statement->credits, minor, line_number);
			statement->credit_entries++;
		}
		else
		{
			statement->debits = ar_bank_add(reader, statement->debits, minor, line_number);
			statement->debit_entries++;
		}
	}
	ar_bank_set_int(reader, AR_BANK_STATEMENT, statement->number);
	ar_bank_set_int(reader, AR_BANK_POSITION, ++statement->position);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, line_number);
	ar_bank_set_amount(reader, AR_BANK_AMOUNT, is_credit ? minor : -minor, statement->currency);
	ar_bank_set(reader, AR_BANK_BOOKED_ON, DateADTGetDatum(booked_on));
	ar_bank_set(reader, AR_BANK_VALUE_ON, DateADTGetDatum(value_on));
	ar_bank_set_bool(reader, AR_BANK_IS_BOOKED, !is_expected);
	ar_bank_set_bool(reader, AR_BANK_IS_REVERSAL, is_reversal);
	ar_bank_set_text(reader, AR_BANK_TRANSACTION_CODE, statement->transaction_type);

	/* The owner's reference, and after two bars the bank's. */
	for (bar = 0; bar + 1 < rest.length; bar++)
		if (rest.data[bar] == '/' && rest.data[bar + 1] == '/')
			break;
	reference = ar_trim(take(&rest, bar + 1 < rest.length ? bar : 16));
	if (rest.length > 1 && rest.data[0] == '/' && rest.data[1] == '/')
	{
		take(&rest, 2);
		ar_bank_set_reference(reader, AR_BANK_BANK_REFERENCE, rest);
	}
	else if (ar_trim(rest).length > 0)
	{
		/* Some banks write account and name of the other side here. */
		ar_bank_set_text(reader, AR_BANK_PAYER_NAME, rest);
		if (!ar_bytes_are(reference, "NONREF"))
			ar_bank_set_text(reader, AR_BANK_PAYER_ACCOUNT, reference);
		reference.length = 0;
	}
	if (memcmp(statement->transaction_type.data + 1, "CHK", 3) == 0)
		ar_bank_set_reference(reader, AR_BANK_CHEQUE_NUMBER, reference);
	if (!ar_bytes_are(reference, "NONREF"))
		ar_bank_set_original(reader, "customer_reference", reference);
	ar_bank_set_original(reader, "supplementary", field->second);
}

/*
 * check_count: what field 90 of an MT942 says of one side.
 */
static void
check_count(ArBankReader *reader, Statement *statement, Field *field)
{
	ArBytes		rest = ar_trim(field->first);
	int			digits = 0;
	bool		is_debit = field->tag[2] == 'D';
	int64		count;
	int64		minor;
	uint32		currency;

	while (digits < rest.length && ar_is_digit(rest.data[digits]))
		digits++;
	count = ar_bank_units(reader, take(&rest, digits), field->line_number);
	currency = ar_bank_currency(reader, take(&rest, 3), field->line_number);
	minor = ar_bank_minor(reader, take_amount(&rest), currency, ',', field->line_number);
	if (count != (is_debit ? statement->debit_entries : statement->credit_entries) ||
		minor != (is_debit ? statement->debits : statement->credits))
		ar_bank_mismatch(reader, psprintf("field 90%c counts " INT64_FORMAT " entries of %s in minor units, there are %d of " INT64_FORMAT,
										  field->tag[2], count, ar_bank_quote(field->first),
										  is_debit ? statement->debit_entries : statement->credit_entries,
										  is_debit ? statement->debits : statement->credits));
}

/*
 * end_statement: put the statement out.
 */
static void
end_statement(ArBankReader *reader, Statement *statement)
{
	ArBytes		sequence = statement->sequence;
	bool		is_zero = true;
	int			number = statement->number;
	StringInfoData information = statement->information;
	char		currency[4];

	if (statement->stage == OUTSIDE)
		return;
	put_booking(reader, statement);
	if (statement->stage == HEADER || (statement->stage == BOOKINGS && !statement->is_interim))
		ar_bank_malformed(reader, reader->line_number,
						  "The statement that begins in line %d has no %s balance.",
						  statement->begun, statement->stage == HEADER ? "opening" : "closing");
	if (statement->account.length == 0)
		ar_bank_malformed(reader, statement->begun, "The statement does not name its account.");

	ar_bank_set_int(reader, AR_BANK_STATEMENT, statement->number);
	ar_bank_set_int(reader, AR_BANK_LINE_NUMBER, statement->begun);
	ar_bank_set_text(reader, AR_BANK_ACCOUNT, statement->account);
	ar_bank_set_text(reader, AR_BANK_BANK, statement->bank);
	ar_currency_code(statement->currency, currency);
	ar_bank_set_cstring(reader, AR_BANK_CURRENCY, currency);
	ar_bank_set_cstring(reader, AR_BANK_KIND, statement->is_interim ? "intraday" : "statement");
	/* Banks that do not number their statements send zeros. */
	for (int i = 0; i < sequence.length; i++)
		is_zero = is_zero && (sequence.data[i] == '0' || sequence.data[i] == '/');
	ar_bank_set_text(reader, AR_BANK_REFERENCE, is_zero ? statement->transaction_reference : sequence);
	if (statement->is_opened)
	{
		ar_bank_set(reader, AR_BANK_OPENED_ON, DateADTGetDatum(statement->opened_on));
		ar_bank_set_amount(reader, AR_BANK_OPENING, statement->opening, statement->currency);
	}
	if (statement->is_closed)
	{
		ar_bank_set(reader, AR_BANK_CLOSED_ON, DateADTGetDatum(statement->closed_on));
		ar_bank_set_amount(reader, AR_BANK_CLOSING, statement->closing, statement->currency);
	}
	ar_bank_set_int(reader, AR_BANK_ENTRIES, statement->entries);
	ar_bank_set_int(reader, AR_BANK_TRANSACTION_DETAILS, statement->entries);
	ar_bank_put(reader, "statement");

	memset(statement, 0, sizeof(*statement));
	statement->number = number;
	statement->information = information;
}

/*
 * out_of_place: a field where it has no meaning.
 */
static void
out_of_place(ArBankReader *reader, Field *field)
{
	ar_bank_malformed(reader, field->line_number, "Field %s is out of place.", field->tag);
}

/*
 * read_field: one field, complete.
 */
static void
read_field(ArBankReader *reader, Statement *statement, Field *field)
{
	const char *tag = field->tag;
	Stage		stage = statement->stage;

	if (strcmp(tag, "20") == 0)
	{
		end_statement(reader, statement);
		statement->number++;
		statement->stage = HEADER;
		statement->begun = field->line_number;
		statement->transaction_reference = field->first;
	}
	else if (stage == OUTSIDE)
	{
		/* Some banks name the kind of message before it. */
		if (strcmp(tag, "940") != 0 && strcmp(tag, "942") != 0)
			ar_bank_malformed(reader, field->line_number,
							  "Field %s comes before field 20, which begins a statement.", tag);
	}
	else if (strcmp(tag, "25") == 0 || strcmp(tag, "25P") == 0)
	{
		if (stage != HEADER || statement->account.length > 0)
			out_of_place(reader, field);
		statement->account = ar_trim(field->first);
		statement->bank = field->second;
	}
	else if (strcmp(tag, "28") == 0 || strcmp(tag, "28C") == 0)
	{
		if (stage != HEADER)
			out_of_place(reader, field);
		statement->sequence = ar_trim(field->first);
	}
	else if (strcmp(tag, "60F") == 0 || strcmp(tag, "60M") == 0)
	{
		if (stage != HEADER)
			out_of_place(reader, field);
		statement->opening = read_balance(reader, statement, field, &statement->opened_on);
		statement->is_opened = true;
		statement->stage = BOOKINGS;
	}
	else if (strcmp(tag, "34F") == 0)
	{
		/* The least amount that an MT942 tells of: it names the currency. */
		ArBytes		floor = ar_trim(field->first);

		if (stage == CLOSED || statement->is_opened)
			out_of_place(reader, field);
		statement->currency = ar_bank_currency(reader, take(&floor, 3), field->line_number);
		statement->is_interim = true;
		statement->stage = BOOKINGS;
	}
	else if (strcmp(tag, "61") == 0)
	{
		if (stage != BOOKINGS)
			out_of_place(reader, field);
		read_booking(reader, statement, field);
	}
	else if (strcmp(tag, "86") == 0)
	{
		/* After the closing balance it is about the statement. */
		if (statement->has_booking)
		{
			if (statement->information.len > 0)
				appendStringInfoChar(&statement->information, '\n');
			appendBinaryStringInfo(&statement->information, field->lines.data, field->lines.len);
		}
	}
	else if (strcmp(tag, "62F") == 0 || strcmp(tag, "62M") == 0)
	{
		if (stage != BOOKINGS || statement->is_interim)
			out_of_place(reader, field);
		put_booking(reader, statement);
		statement->closing = read_balance(reader, statement, field, &statement->closed_on);
		statement->is_closed = true;
		statement->stage = CLOSED;
	}
	else if (strcmp(tag, "90C") == 0 || strcmp(tag, "90D") == 0)
	{
		put_booking(reader, statement);
		check_count(reader, statement, field);
	}
	else if (strcmp(tag, "13") != 0 && strcmp(tag, "13D") != 0 && strcmp(tag, "21") != 0 &&
			 strcmp(tag, "23") != 0 && strcmp(tag, "64") != 0 && strcmp(tag, "65") != 0 &&
			 strcmp(tag, "NS") != 0)
		ar_bank_malformed(reader, field->line_number, "Field %s is none of a statement.", tag);
}

/*
 * ar_bank_read_mt940 reads all messages of a file.
 */
void
ar_bank_read_mt940(ArBankReader *reader)
{
	Statement	statement;
	Field		field;
	ArBytes		line;
	bool		in_field = false;
	int			last_length = 0;	/* of the field's last line, tag included */

	memset(&statement, 0, sizeof(statement));
	initStringInfo(&statement.information);
	memset(&field, 0, sizeof(field));
	initStringInfo(&field.lines);

	while (ar_bank_next_line(reader, &line))
	{
		Field		next;
		ArBytes		trimmed = ar_trim(line);

		memset(&next, 0, sizeof(next));
		/* An envelope, {1:...}{2:...}{4: : what it carries begins after the last. */
		if (trimmed.length > 2 && trimmed.data[0] == '{' &&
			ar_is_digit(trimmed.data[1]) && trimmed.data[2] == ':')
		{
			int			i = 0;

			while (i + 3 <= trimmed.length && memcmp(trimmed.data + i, "{4:", 3) != 0)
				i++;
			if (i + 3 > trimmed.length)
				continue;
			line = trimmed = ar_bytes(trimmed.data + i + 3, trimmed.length - i - 3);
		}
		if (is_tag(line, &next) || ar_bytes_are(trimmed, "-") ||
			(trimmed.length >= 2 && memcmp(trimmed.data, "-}", 2) == 0))
		{
			if (in_field)
				read_field(reader, &statement, &field);
			in_field = next.tag[0] != '\0';
			if (!in_field)
			{
				end_statement(reader, &statement);
				continue;
			}
			memcpy(field.tag, next.tag, sizeof(field.tag));
			field.line_number = reader->line_number;
			field.first = next.first;
			field.second = ar_bytes(NULL, 0);
			resetStringInfo(&field.lines);
			appendBinaryStringInfo(&field.lines, next.first.data, next.first.length);
			last_length = line.length;
		}
		else if (in_field && trimmed.length > 0)
		{
			if (field.second.data == NULL)
				field.second = line;
			if (last_length < LINE_FULL)
				appendStringInfoChar(&field.lines, '\n');
			appendBinaryStringInfo(&field.lines, line.data, line.length);
			last_length = line.length;
		}
	}
	if (in_field)
		read_field(reader, &statement, &field);
	end_statement(reader, &statement);
	if (statement.number == 0)
		ar_bank_malformed(reader, Max(reader->line_number, 1), "There is no statement: no line begins with :20:.");
}
