/*
 * mt940_information.c
 *		What field 86 of an MT940 says of a booking.
 *
 * SWIFT leaves the field to the banks.  Three ways of writing it are known
 * here: the German one (a code of three digits, then subfields, each with its
 * two digits after a separator such as ?), with the names of SEPA inside its
 * purpose (EREF+, SVWZ+); names between slashes (/EREF/), as Dutch banks write
 * them; and plain text, which is kept as it is.
 */
#include "postgres.h"

#include "ar_ext.h"
#include "cash/bank.h"

/* A subfield of this length goes on in the next without a blank. */
#define SUBFIELD_FULL	27

/* Where a name of SEPA, or one between slashes, goes. */
typedef struct Label
{
	const char *name;
	ArBankColumn column;		/* AR_BANK_ORIGINAL: kept under key */
	const char *key;
} Label;

static const Label sepa_labels[] =
{
	{"EREF", AR_BANK_END_TO_END_REFERENCE, NULL},
	{"KREF", AR_BANK_ORIGINAL, "customer_reference"},
	{"MREF", AR_BANK_MANDATE_REFERENCE, NULL},
	{"CRED", AR_BANK_ORIGINAL, "creditor_id"},
	{"DEBT", AR_BANK_ORIGINAL, "debtor_id"},
	{"SVWZ", AR_BANK_TEXT, NULL},
	{"ABWA", AR_BANK_ORIGINAL, "ultimate_debtor"},
	{"ABWE", AR_BANK_ORIGINAL, "ultimate_creditor"},
	{"IBAN", AR_BANK_PAYER_ACCOUNT, NULL},
	{"BIC", AR_BANK_PAYER_BANK, NULL},
	{"COAM", AR_BANK_ORIGINAL, "charges"},
	{"OAMT", AR_BANK_ORIGINAL, "original_amount"},
	{"PURP", AR_BANK_ORIGINAL, "purpose"},
	{"RREF", AR_BANK_ORIGINAL, "return_reference"},
};

static const Label slash_labels[] =
{
	{"EREF", AR_BANK_END_TO_END_REFERENCE, NULL},
	{"MARF", AR_BANK_MANDATE_REFERENCE, NULL},
	{"REMI", AR_BANK_TEXT, NULL},
	{"NAME", AR_BANK_PAYER_NAME, NULL},
	{"IBAN", AR_BANK_PAYER_ACCOUNT, NULL},
	{"ACCT", AR_BANK_PAYER_ACCOUNT, NULL},
	{"BIC", AR_BANK_PAYER_BANK, NULL},
	{"RTRN", AR_BANK_RETURN_REASON, NULL},
	{"CSID", AR_BANK_ORIGINAL, "creditor_id"},
	{"TRTP", AR_BANK_ORIGINAL, "transaction_type"},
	{"TRCD", AR_BANK_ORIGINAL, "transaction_code"},
	{"PREF", AR_BANK_ORIGINAL, "payment_reference"},
	{"CREF", AR_BANK_ORIGINAL, "creditor_reference"},
	{"PURP", AR_BANK_ORIGINAL, "purpose"},
	{"ISDT", AR_BANK_ORIGINAL, "issued"},
	{"CNTP", AR_BANK_ORIGINAL, "counterparty"},
	{"ULTD", AR_BANK_ORIGINAL, "ultimate_debtor"},
	{"ULTC", AR_BANK_ORIGINAL, "ultimate_creditor"},
	{"ORDP", AR_BANK_ORIGINAL, "ordering_party"},
	{"BENM", AR_BANK_ORIGINAL, "beneficiary"},
	{"ADDR", AR_BANK_ORIGINAL, "address"},
};

static const Label *
find_label(const Label *names, int count, const char *at, const char *end, char after)
{
	for (int i = 0; i < count; i++)
	{
		int			length = strlen(names[i].name);

		if (end - at > length && at[length] == after && memcmp(at, names[i].name, length) == 0)
			return &names[i];
	}
	return NULL;
}

/*
 * keep: a value under its name.  A text is added to what is there.
 */
static void
keep(ArBankReader *reader, const Label *name, ArBytes value, StringInfo text)
{
	value = ar_trim(value);
	if (value.length <= 0)
		return;
	if (name->column == AR_BANK_TEXT)
	{
		if (text->len > 0)
			appendStringInfoChar(text, ' ');
		appendBinaryStringInfo(text, value.data, value.length);
	}
	else if (name->column == AR_BANK_ORIGINAL)
		ar_bank_set_original(reader, name->key, value);
	else
		ar_bank_set_reference(reader, name->column, value);
}

/*
 * read_purpose: the purpose of a German field, with or without names of SEPA.
 * Marks holds the places where subfields begin: there, and after a blank, a
 * name may stand.
 */
static void
read_purpose(ArBankReader *reader, StringInfo purpose, const StringInfo marks, StringInfo text)
{
	static const Label plain = {"", AR_BANK_TEXT, NULL};
	static const Label message = {"MTLG", AR_BANK_TEXT, NULL};
	const Label *name = &plain;
	const char *end = purpose->data + purpose->len;
	const char *begun = purpose->data;

	for (const char *c = purpose->data; c < end; c++)
	{
		const Label *next;

		if (c > purpose->data && c[-1] != ' ' && marks->data[c - purpose->data] == ' ')
			continue;
		next = find_label(sepa_labels, lengthof(sepa_labels), c, end, '+');
		/* What an older format called the purpose. */
		if (next == NULL)
			next = find_label(&message, 1, c, end, ':');
		if (next == NULL)
			continue;
		keep(reader, name, ar_bytes(begun, c - begun), text);
		name = next;
		c += strlen(name->name);
		begun = c + 1;
	}
	keep(reader, name, ar_bytes(begun, end - begun), text);
}

/*
 * without_gaps: one blank for several.
 */
static void
without_gaps(StringInfo name)
{
	int			kept = 0;

	for (int i = 0; i < name->len; i++)
		if (name->data[i] != ' ' || kept == 0 || name->data[kept - 1] != ' ')
			name->data[kept++] = name->data[i];
	name->len = kept;
	name->data[kept] = '\0';
}

/*
 * read_subfields: a German field, whose separator follows its code.
 */
static void
read_subfields(ArBankReader *reader, StringInfo field, int at, const char *transaction_type)
{
	char		separator = field->data[at + 3];
	const char *end = field->data + field->len;
	const char *c = field->data + at + 3;
	StringInfoData purpose;
	StringInfoData marks;		/* x where a subfield begins in the purpose */
	StringInfoData name;
	StringInfoData text;
	StringInfoData code;
	char	   *booking_code = pnstrdup(field->data + at, 3);
	int			last = 0;		/* length of the last subfield of the purpose */

	initStringInfo(&purpose);
	initStringInfo(&marks);
	initStringInfo(&name);
	initStringInfo(&text);
	initStringInfo(&code);
	while (c + 2 < end && *c == separator)
	{
		int			number = (c[1] - '0') * 10 + (c[2] - '0');
		const char *begun = c + 3;
		ArBytes		value;

		for (c = begun; c < end; c++)
			if (*c == separator && c + 2 < end && ar_is_digit(c[1]) && ar_is_digit(c[2]))
				break;
		value = ar_bytes(begun, c - begun);
		if (number == 0)
			ar_bank_set_original(reader, "booking_text", value);
		else if (number == 10)
			ar_bank_set_original(reader, "journal_number", value);
		else if ((number >= 20 && number <= 29) || (number >= 60 && number <= 63))
		{
			if (purpose.len > 0 && last < SUBFIELD_FULL)
			{
				appendStringInfoChar(&purpose, ' ');
				appendStringInfoChar(&marks, ' ');
			}
			for (int i = 0; i < value.length; i++)
				appendStringInfoChar(&marks, i == 0 ? 'x' : ' ');
			appendBinaryStringInfo(&purpose, value.data, value.length);
			last = value.length;
		}
		else if (number == 30)
			ar_bank_set_text(reader, AR_BANK_PAYER_BANK, value);
		else if (number == 31 || number == 38)
			ar_bank_set_text(reader, AR_BANK_PAYER_ACCOUNT, value);
		else if (number == 32 || number == 33)
		{
			appendBinaryStringInfo(&name, value.data, value.length);
			if (value.length < SUBFIELD_FULL)
				appendStringInfoChar(&name, ' ');
		}
		else if (number == 34)
		{
			/* Why a direct debit or a transfer came back. */
			if (strcmp(booking_code, "108") == 0 || strcmp(booking_code, "109") == 0 ||
				strcmp(booking_code, "159") == 0)
				ar_bank_set_text(reader, AR_BANK_RETURN_REASON, value);
			ar_bank_set_original(reader, "text_key", value);
		}
		else if (number == 70 || number == 71)
			ar_bank_set_original(reader, number == 70 ? "recipient" : "recipient_2", value);
	}
	without_gaps(&name);
	ar_bank_set_text(reader, AR_BANK_PAYER_NAME, ar_bytes(name.data, name.len));
	read_purpose(reader, &purpose, &marks, &text);
	ar_bank_set_text(reader, AR_BANK_TEXT, ar_bytes(text.data, text.len));
	appendStringInfo(&code, "%s+%s", transaction_type, booking_code);
	ar_bank_set_cstring(reader, AR_BANK_TRANSACTION_CODE, code.data);
	pfree(purpose.data);
	pfree(marks.data);
	pfree(name.data);
	pfree(text.data);
	pfree(code.data);
	pfree(booking_code);
}

/*
 * read_slashes: names between slashes.  What stands between two names belongs
 * to the first; of a purpose, the word that says how it is written is dropped.
 */
static void
read_slashes(ArBankReader *reader, StringInfo field)
{
	const Label *name = NULL;
	const char *end = field->data + field->len;
	const char *begun = field->data;
	const char *c = field->data;
	StringInfoData text;

	initStringInfo(&text);
	while (c < end)
	{
		const Label *next = NULL;

		if (*c == '/')
			next = find_label(slash_labels, lengthof(slash_labels), c + 1, end, '/');
		if (next == NULL)
		{
			c++;
			continue;
		}
		if (name != NULL)
			keep(reader, name, ar_bytes(begun, c - begun), &text);
		name = next;
		begun = c + strlen(name->name) + 2;
		if (name->column == AR_BANK_TEXT)
		{
			if (end - begun >= 5 && memcmp(begun, "USTD/", 5) == 0)
				begun += 5;
			else if (end - begun >= 5 && memcmp(begun, "STRD/", 5) == 0)
				begun += 5;
			if (begun < end && *begun == '/')
				begun++;
		}
		/* The slash that ends a name may begin the next. */
		c = find_label(slash_labels, lengthof(slash_labels), begun, end, '/') != NULL ? begun - 1 : begun;
	}
	/* The last value may have a slash to close it, or none. */
	if (name != NULL)
		keep(reader, name, ar_bytes(begun, end - begun - (end > begun && end[-1] == '/' ? 1 : 0)), &text);
	ar_bank_set_text(reader, AR_BANK_TEXT, ar_bytes(text.data, text.len));
	pfree(text.data);
}

/*
 * without_breaks: the field in one line.  A break is no blank in the German
 * way of writing, whose lines are filled; elsewhere a full line had none.
 */
static void
without_breaks(StringInfo field)
{
	int			kept = 0;

	for (int i = 0; i < field->len; i++)
		if (field->data[i] != '\n')
			field->data[kept++] = field->data[i];
	field->len = kept;
	field->data[kept] = '\0';
}

/*
 * is_separator: what may stand between subfields.
 */
static bool
is_separator(char c)
{
	return c > ' ' && c <= '~' && !ar_is_digit(c) &&
		!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z');
}

/*
 * without_padding: the lines of a field without the blanks that fill them up.
 */
static void
without_padding(StringInfo field)
{
	int			kept = 0;

	for (int i = 0; i < field->len; i++)
	{
		if (field->data[i] == '\n')
			while (kept > 0 && field->data[kept - 1] == ' ')
				kept--;
		field->data[kept++] = field->data[i];
	}
	field->len = kept;
	field->data[kept] = '\0';
}

/*
 * ar_mt940_information reads field 86 of a booking, all its lines, into the
 * row being made.
 */
void
ar_mt940_information(ArBankReader *reader, StringInfo field, const char *transaction_type)
{
	int			at = 0;

	while (at < field->len && field->data[at] == ' ')
		at++;
	if (field->len - at >= 6 && ar_all_digits(ar_bytes(field->data + at, 3)) &&
		is_separator(field->data[at + 3]) &&
		ar_all_digits(ar_bytes(field->data + at + 4, 2)))
	{
		without_breaks(field);
		read_subfields(reader, field, at, transaction_type);
		return;
	}
	if (field->len - at >= 6 && field->data[at] == '/')
	{
		StringInfoData joined;

		initStringInfo(&joined);
		appendBinaryStringInfo(&joined, field->data, field->len);
		without_breaks(&joined);
		for (const char *c = joined.data; c < joined.data + joined.len; c++)
			if (*c == '/' && find_label(slash_labels, lengthof(slash_labels), c + 1, joined.data + joined.len, '/') != NULL)
			{
				read_slashes(reader, &joined);
				pfree(joined.data);
				return;
			}
		pfree(joined.data);
	}
	without_padding(field);
	ar_bank_set_text(reader, AR_BANK_TEXT, ar_bytes(field->data, field->len));
}
