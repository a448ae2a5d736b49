/*
 * bank.h
 *		What the readers of bank files share: bytes in, rows of ar.bank_record out.
 *
 * A reader walks once over the bytes of a file.  It keeps what it found in
 * the columns of one row, and puts the row out: a line, a statement, or the
 * file itself.  Texts are converted from the encoding of the file to that of
 * the server when they are kept; whatever is wrong raises RA008 with the
 * number of the line.
 */
#ifndef AR_CASH_BANK_H
#define AR_CASH_BANK_H

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/jsonb.h"
#include "utils/tuplestore.h"

/* The columns of ar.bank_record, in its order. */
typedef enum ArBankColumn
{
	AR_BANK_RECORD,
	AR_BANK_STATEMENT,
	AR_BANK_POSITION,
	AR_BANK_LINE_NUMBER,
	/* of a statement */
	AR_BANK_ACCOUNT,
	AR_BANK_BANK,
	AR_BANK_ACCOUNT_NAME,
	AR_BANK_CURRENCY,
	AR_BANK_KIND,
	AR_BANK_REFERENCE,
	AR_BANK_OPENED_ON,
	AR_BANK_CLOSED_ON,
	AR_BANK_OPENING,
	AR_BANK_CLOSING,
	AR_BANK_ENTRIES,
	AR_BANK_TRANSACTION_DETAILS,
	AR_BANK_MISMATCH,
	/* of a line */
	AR_BANK_AMOUNT,
	AR_BANK_BOOKED_ON,
	AR_BANK_VALUE_ON,
	AR_BANK_IS_BOOKED,
	AR_BANK_IS_REVERSAL,
	AR_BANK_BANK_REFERENCE,
	AR_BANK_ENTRY_REFERENCE,
	AR_BANK_ENTRY_AMOUNT,
	AR_BANK_BATCH_SIZE,
	AR_BANK_DETAIL_POSITION,
	AR_BANK_END_TO_END_REFERENCE,
	AR_BANK_MANDATE_REFERENCE,
	AR_BANK_STRUCTURED_REFERENCE,
	AR_BANK_CHEQUE_NUMBER,
	AR_BANK_TRANSACTION_CODE,
	AR_BANK_TEXT,
	AR_BANK_PAYER_NAME,
	AR_BANK_PAYER_ACCOUNT,
	AR_BANK_PAYER_BANK,
	AR_BANK_RETURN_REASON,
	AR_BANK_ORIGINAL_END_TO_END_REFERENCE,
	AR_BANK_ORIGINAL,
	AR_BANK_COLUMNS				/* how many there are */
} ArBankColumn;

/* Bytes of the file, or of one field: not terminated. */
typedef struct ArBytes
{
	const char *data;
	int			length;
} ArBytes;

typedef struct ArBankReader
{
	const char *format;			/* for messages */
	const char *cursor;			/* the next line */
	const char *end;
	int			line_number;	/* of the line read last, from 1 */
	int			encoding;		/* of the file */
	uint32		default_currency;	/* where the file names none; 0: none */
	bool		month_has_30_days;	/* 29 and 30 February are its last day */
	Tuplestorestate *store;
	TupleDesc	desc;
	MemoryContext row_context;	/* what the row being made holds */
	Datum		values[AR_BANK_COLUMNS];
	bool		nulls[AR_BANK_COLUMNS];
	JsonbParseState *original;	/* other fields, or NULL while there are none */
	ArrayBuildState *mismatch;	/* what does not agree, or NULL */
} ArBankReader;

/* One of the formats: reads the whole file. */
typedef void (*ArBankFormat) (ArBankReader *reader);

extern void ar_bank_read_mt940(ArBankReader *reader);
extern void ar_bank_read_bai2(ArBankReader *reader);
extern void ar_bank_read_lockbox(ArBankReader *reader);
extern void ar_bank_read_ofx(ArBankReader *reader);

extern void ar_mt940_information(ArBankReader *reader, StringInfo text,
								 const char *transaction_type);

extern void ar_bank_begin(ArBankReader *reader, FunctionCallInfo fcinfo,
						  const char *format, ArBytes content,
						  const char *encoding);
extern bool ar_bank_next_line(ArBankReader *reader, ArBytes *line);

extern char *ar_bank_text(ArBankReader *reader, ArBytes bytes, int *length);
extern void ar_bank_set(ArBankReader *reader, ArBankColumn column, Datum value);
extern void ar_bank_set_int(ArBankReader *reader, ArBankColumn column, int value);
extern void ar_bank_set_bool(ArBankReader *reader, ArBankColumn column, bool value);
extern void ar_bank_set_text(ArBankReader *reader, ArBankColumn column, ArBytes bytes);
extern void ar_bank_set_reference(ArBankReader *reader, ArBankColumn column, ArBytes bytes);
extern void ar_bank_set_cstring(ArBankReader *reader, ArBankColumn column, const char *value);
extern void ar_bank_set_amount(ArBankReader *reader, ArBankColumn column,
							   int64 minor, uint32 currency);
extern void ar_bank_set_original(ArBankReader *reader, const char *key, ArBytes bytes);
extern void ar_bank_mismatch(ArBankReader *reader, const char *what);
extern void ar_bank_put(ArBankReader *reader, const char *record);

extern uint32 ar_bank_currency(ArBankReader *reader, ArBytes code, int line_number);
extern int64 ar_bank_minor(ArBankReader *reader, ArBytes amount, uint32 currency,
						   char decimal, int line_number);
extern int64 ar_bank_units(ArBankReader *reader, ArBytes digits, int line_number);
extern int64 ar_bank_add(ArBankReader *reader, int64 left, int64 right, int line_number);
extern DateADT ar_bank_date(ArBankReader *reader, int year, int month, int day,
							int line_number);
extern DateADT ar_bank_date_digits(ArBankReader *reader, ArBytes digits, int line_number);
extern bool ar_date_exists(int year, int month, int day);
extern char *ar_bank_quote(ArBytes bytes);

/* Raises RA008: what is wrong, in the words of errdetail(). */
#define ar_bank_malformed(reader, line, ...) \
	ereport(ERROR, \
			(errcode(ERRCODE_AR_MALFORMED_BANK_FILE), \
			 errmsg("malformed %s file, line %d", (reader)->format, (line)), \
			 errdetail(__VA_ARGS__), \
			 errhint("Nothing of the file was imported. Ask the bank for it again.")))

static inline ArBytes
ar_bytes(const char *data, int length)
{
	ArBytes		bytes = {data, length};

	return bytes;
}

static inline bool
ar_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

extern ArBytes ar_trim(ArBytes bytes);
extern bool ar_bytes_are(ArBytes bytes, const char *text);
extern bool ar_all_digits(ArBytes bytes);

#endif							/* AR_CASH_BANK_H */
