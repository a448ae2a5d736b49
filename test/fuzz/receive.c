/*
 * receive.c
 *		Fuzzes the binary and the text input of types from within a server.
 *
 * Built by tools/fuzzers.sh as a module of its own, never part of ar_ext.
 * Input functions may raise, and allocate from the server's memory, so they
 * need one.  Half of what they get are random bytes, half are valid values
 * with a few bytes changed, put in, left out or cut off.
 *
 * Promises: any bytes are a value, or an error that is not internal; what is
 * sent of a value is received as the same value.
 */
#include "postgres.h"

#include <time.h>

#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"

PG_MODULE_MAGIC;

PG_FUNCTION_INFO_V1(fuzz_type);

#define RANDOM_LENGTH	48

/* The functions of a type, in one of its two forms. */
typedef struct Subject
{
	bool		is_binary;
	FmgrInfo	input;
	FmgrInfo	output;
	Oid			type_parameter;
	int			example_count;
	bytea	  **examples;		/* valid values in that form */
} Subject;

static Datum
read_value(Subject *subject, StringInfo bytes)
{
	StringInfoData copy;

	/* In memory of exactly that size and a terminating zero, as a message. */
	copy.data = palloc(bytes->len + 1);
	memcpy(copy.data, bytes->data, bytes->len);
	copy.data[bytes->len] = '\0';
	copy.len = bytes->len;
	copy.maxlen = bytes->len + 1;
	copy.cursor = 0;
	if (subject->is_binary)
	{
		Datum		value = ReceiveFunctionCall(&subject->input, &copy,
												subject->type_parameter, -1);

		/* As every caller does with what is left. */
		if (copy.cursor != copy.len)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("incorrect binary data format")));
		return value;
	}
	return InputFunctionCall(&subject->input, copy.data,
							 subject->type_parameter, -1);
}

static bytea *
write_value(Subject *subject, Datum value)
{
	if (subject->is_binary)
		return SendFunctionCall(&subject->output, value);
	return (bytea *) cstring_to_text(OutputFunctionCall(&subject->output, value));
}

/*
 * choose_bytes makes up what to read.
 */
static void
choose_bytes(Subject *subject, pg_prng_state *random, StringInfo bytes)
{
	int			changes = 0;

	resetStringInfo(bytes);
	if (subject->example_count == 0 || pg_prng_bool(random))
	{
		int			length = (int) pg_prng_uint64_range(random, 0, RANDOM_LENGTH);

		for (int i = 0; i < length; i++)
			appendStringInfoChar(bytes, (char) pg_prng_uint32(random));
	}
	else
	{
		bytea	   *example = subject->examples[pg_prng_uint64_range(random, 0, subject->example_count - 1)];

		appendBinaryStringInfo(bytes, VARDATA_ANY(example),
							   VARSIZE_ANY_EXHDR(example));
		changes = (int) pg_prng_uint64_range(random, 0, 4);
	}
	while (changes-- > 0 && bytes->len > 0)
	{
		int			at = (int) pg_prng_uint64_range(random, 0, bytes->len - 1);

		switch (pg_prng_uint32(random) % 5)
		{
			case 0:
				bytes->data[at] = (char) pg_prng_uint32(random);
				break;
			case 1:
				bytes->data[at] ^= 1 << (pg_prng_uint32(random) % 8);
				break;
			case 2:				/* put one in */
				appendStringInfoChar(bytes, '\0');
				memmove(bytes->data + at + 1, bytes->data + at,
						bytes->len - at - 1);
				bytes->data[at] = (char) pg_prng_uint32(random);
				break;
			case 3:				/* leave one out */
				memmove(bytes->data + at, bytes->data + at + 1,
						bytes->len - at - 1);
				bytes->len--;
				break;
			case 4:				/* cut off */
				bytes->len = at;
				break;
		}
	}
	bytes->data[bytes->len] = '\0';
}

/*
 * try_bytes reads some bytes; tells whether they were a value.
 */
static bool
try_bytes(Subject *subject, StringInfo bytes, MemoryContext workspace)
{
	volatile bool is_value = false;

	PG_TRY();
	{
		Datum		value = read_value(subject, bytes);
		bytea	   *written = write_value(subject, value);
		StringInfoData again;
		bytea	   *rewritten;

		is_value = true;
		initStringInfo(&again);
		appendBinaryStringInfo(&again, VARDATA_ANY(written),
							   VARSIZE_ANY_EXHDR(written));
		rewritten = write_value(subject, read_value(subject, &again));
		if (VARSIZE_ANY_EXHDR(written) != VARSIZE_ANY_EXHDR(rewritten) ||
			memcmp(VARDATA_ANY(written), VARDATA_ANY(rewritten),
				   VARSIZE_ANY_EXHDR(written)) != 0)
			elog(ERROR, "what was written of a value is another value");
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(workspace);
		error = CopyErrorData();
		if (error->sqlerrcode == ERRCODE_INTERNAL_ERROR ||
			error->sqlerrcode == ERRCODE_QUERY_CANCELED || is_value)
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	return is_value;
}

/*
 * fuzz_type(type regtype, is_binary boolean, examples text[], runs bigint,
 * seconds integer, seed bigint) returns how many of the runs read a value.
 * Seconds end it early; 0 is no limit.
 */
Datum
fuzz_type(PG_FUNCTION_ARGS)
{
	Oid			type = PG_GETARG_OID(0);
	int64		runs = PG_GETARG_INT64(3);
	time_t		end = time(NULL) + PG_GETARG_INT32(4);
	Subject		subject = {.is_binary = PG_GETARG_BOOL(1)};
	FmgrInfo	text_input;
	Oid			input;
	Oid			text_input_oid;
	Oid			output;
	bool		is_varlena;
	Datum	   *texts;
	StringInfoData bytes;
	MemoryContext workspace = AllocSetContextCreate(CurrentMemoryContext,
													"fuzz_type",
													ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;
	pg_prng_state random;
	int64		value_count = 0;

	getTypeInputInfo(type, &text_input_oid, &subject.type_parameter);
	fmgr_info(text_input_oid, &text_input);
	if (subject.is_binary)
	{
		getTypeBinaryInputInfo(type, &input, &subject.type_parameter);
		getTypeBinaryOutputInfo(type, &output, &is_varlena);
	}
	else
	{
		input = text_input_oid;
		getTypeOutputInfo(type, &output, &is_varlena);
	}
	fmgr_info(input, &subject.input);
	fmgr_info(output, &subject.output);

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT,
					  &texts, NULL, &subject.example_count);
	subject.examples = palloc(sizeof(bytea *) * Max(subject.example_count, 1));
	for (int i = 0; i < subject.example_count; i++)
		subject.examples[i] =
			write_value(&subject,
						InputFunctionCall(&text_input,
										  TextDatumGetCString(texts[i]),
										  subject.type_parameter, -1));

	initStringInfo(&bytes);
	pg_prng_seed(&random, (uint64) PG_GETARG_INT64(5));
	caller = MemoryContextSwitchTo(workspace);
	for (int64 i = 0; i < runs; i++)
	{
		if (i % 1024 == 0)
		{
			CHECK_FOR_INTERRUPTS();
			if (PG_GETARG_INT32(4) > 0 && time(NULL) >= end)
				break;
		}
		choose_bytes(&subject, &random, &bytes);
		if (try_bytes(&subject, &bytes, workspace))
			value_count++;
		MemoryContextReset(workspace);
		MemoryContextSwitchTo(workspace);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(workspace);
	PG_RETURN_INT64(value_count);
}
