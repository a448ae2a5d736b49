/*
 * aging_aggregate.c
 *		The aggregate ar.aging(): every bucket of an aging report in one pass.
 *
 * The state is a type of its own, ar.aging_state, rather than "internal", so
 * that parallel workers and distributed databases can pass it on.  It holds
 * the boundaries of the scheme, and per bucket a sum of 128 bits: the buckets
 * overflow only if the result itself does.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "ar_ext.h"
#include "compat.h"
#include "type/aging_bucket.h"
#include "type/monetary.h"

PG_FUNCTION_INFO_V1(ar_aging_state_in);
PG_FUNCTION_INFO_V1(ar_aging_state_out);
PG_FUNCTION_INFO_V1(ar_aging_state_recv);
PG_FUNCTION_INFO_V1(ar_aging_state_send);
PG_FUNCTION_INFO_V1(ar_aging_add);
PG_FUNCTION_INFO_V1(ar_aging_remove);
PG_FUNCTION_INFO_V1(ar_aging_combine);
PG_FUNCTION_INFO_V1(ar_aging_finish);

#define STATE_VERSION	1		/* of the binary form */

/* A sum of 128 bits in two's complement; any compiler can add these. */
typedef struct Sum
{
	uint64		low;
	int64		high;
} Sum;

/*
 * The state.  The type has alignment double and storage plain, so a state is
 * always aligned and never has a short header.  It lies in one piece: this
 * head, a sum for every bucket, then the boundaries.
 */
typedef struct AgingState
{
	int32		varlena_header;
	uint32		currency;		/* of the sums; void while row_count is 0 */
	int64		row_count;		/* rows in the sums */
	int32		boundary_count;
	int32		unused;			/* zero */
	Sum			sums[FLEXIBLE_ARRAY_MEMBER];
} AgingState;

#define PG_GETARG_AGING_STATE_P(n)	((AgingState *) PG_GETARG_POINTER(n))

/*
 * state_boundaries returns where the boundaries of a state lie.
 */
static inline int32 *
state_boundaries(AgingState *state)
{
	return (int32 *) &state->sums[state->boundary_count + 1];
}

/*
 * state_size returns how many bytes a state of so many boundaries takes.
 */
static Size
state_size(int boundary_count)
{
	return offsetof(AgingState, sums) +
		(boundary_count + 1) * sizeof(Sum) + boundary_count * sizeof(int32);
}

/*
 * make_state returns an empty state of a scheme.
 */
static AgingState *
make_state(const ArAgingScheme *scheme)
{
	Size		size = state_size(scheme->boundary_count);
	AgingState *state = palloc0(size);

	SET_VARSIZE(state, size);
	state->boundary_count = scheme->boundary_count;
	memcpy(state_boundaries(state), scheme->boundaries,
		   scheme->boundary_count * sizeof(int32));
	return state;
}

static inline void
sum_add(Sum *sum, Sum term)
{
	sum->low += term.low;
	sum->high += term.high + (sum->low < term.low);
}

static void
sum_subtract(Sum *sum, Sum term)
{
	sum->high -= term.high + (sum->low < term.low);
	sum->low -= term.low;
}

static inline Sum
sum_of(int64 value)
{
	Sum			sum = {(uint64) value, value < 0 ? -1 : 0};

	return sum;
}

/*
 * sum_value gives back a sum as an amount, or raises 22003.
 */
static int64
sum_value(Sum sum)
{
	int64		value = (int64) sum.low;

	if (sum.high != (value < 0 ? -1 : 0))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("aging bucket out of range"),
				 errdetail("The sum of a bucket does not fit type %s.",
						   "ar.monetary"),
				 errhint("Aggregate fewer rows, for example by customer.")));
	return value;
}

/*
 * has_scheme tells whether a state sums by that scheme.
 */
static inline bool
has_scheme(AgingState *state, const ArAgingScheme *scheme)
{
	const int32 *boundaries = state_boundaries(state);

	if (state->boundary_count != scheme->boundary_count)
		return false;
	for (int i = 0; i < scheme->boundary_count; i++)
	{
		if (boundaries[i] != scheme->boundaries[i])
			return false;
	}
	return true;
}

/*
 * refuse_schemes raises 22023: buckets of two schemes have no sum.
 */
static void
refuse_schemes(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("boundaries of aging buckets differ within one group"),
			 errhint("Give ar.aging the same boundaries in every row, or add them to GROUP BY.")));
}

/*
 * argument_scheme returns the scheme that an aggregate's arguments ask for.
 */
static inline ArAgingScheme
argument_scheme(FunctionCallInfo fcinfo)
{
	if (PG_NARGS() <= 4)
		return *ar_aging_scheme_default();
	if (PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("boundaries of aging buckets must not be null"),
				 errhint("Leave the argument out for 1-30, 31-60, 61-90 and 91+ days.")));
	return ar_aging_scheme_from_array(PG_GETARG_ARRAYTYPE_P(4));
}

/*
 * argument_bucket returns the number of the bucket that an aggregate's
 * arguments fall into.  A missing date is refused: taken for "not due" it
 * would hide overdue money.
 */
static inline int
argument_bucket(FunctionCallInfo fcinfo, const ArAgingScheme *scheme)
{
	if (PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of an open amount must not be null",
						PG_ARGISNULL(2) ? "due date" : "as-of date"),
				 errhint("Leave out such rows with FILTER, or fill in a date such as coalesce(due_on, issued_on).")));
	return ar_aging_scheme_find(scheme, ar_days_past_due(PG_GETARG_DATEADT(2),
														 PG_GETARG_DATEADT(3)));
}

/*
 * ar_aging_add is the transition function: (state, open, due_on, as_of
 * [, boundaries]).  It changes the state in place, as an aggregate may, and
 * copies it when called in any other way.
 */
Datum
ar_aging_add(PG_FUNCTION_ARGS)
{
	AgingState *state = PG_ARGISNULL(0) ? NULL : PG_GETARG_AGING_STATE_P(0);
	ArAgingScheme scheme;
	ArMonetary *open;
	int			bucket;

	/* A moving aggregate needs a state even before its first amount. */
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state ? state : make_state(ar_aging_scheme_default()));
	scheme = argument_scheme(fcinfo);
	bucket = argument_bucket(fcinfo, &scheme);
	open = PG_GETARG_AR_MONETARY_P(1);

	/* A state without rows may go on with another scheme. */
	if (state == NULL ||
		(state->row_count == 0 && !has_scheme(state, &scheme)))
		state = make_state(&scheme);
	else if (!has_scheme(state, &scheme))
		refuse_schemes();
	else if (!AggCheckCallContext(fcinfo, NULL))
	{
		AgingState *copy = palloc(VARSIZE(state));

		memcpy(copy, state, VARSIZE(state));
		state = copy;
	}

	if (state->row_count == 0)
		state->currency = open->currency;
	ar_check_same_currency(state->currency, open->currency);
	sum_add(&state->sums[bucket], sum_of(ar_monetary_minor(open)));
	state->row_count++;
	PG_RETURN_POINTER(state);
}

/*
 * ar_aging_remove takes a row out again, for a moving window.
 */
Datum
ar_aging_remove(PG_FUNCTION_ARGS)
{
	AgingState *state;
	ArAgingScheme scheme;
	int			bucket;

	if (AggCheckCallContext(fcinfo, NULL) == 0 || PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot remove an amount outside a window"),
				 errhint("Use the aggregate ar.aging.")));
	state = PG_GETARG_AGING_STATE_P(0);
	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);

	scheme = argument_scheme(fcinfo);
	if (!has_scheme(state, &scheme))
		refuse_schemes();
	bucket = argument_bucket(fcinfo, &scheme);
	sum_subtract(&state->sums[bucket],
				 sum_of(ar_monetary_minor(PG_GETARG_AR_MONETARY_P(1))));
	state->row_count--;
	PG_RETURN_POINTER(state);
}

/*
 * ar_aging_combine adds the state of one worker to that of another.
 */
Datum
ar_aging_combine(PG_FUNCTION_ARGS)
{
	AgingState *state = PG_GETARG_AGING_STATE_P(0);
	AgingState *other = PG_GETARG_AGING_STATE_P(1);
	ArAgingScheme scheme = {other->boundary_count, state_boundaries(other)};

	if (other->row_count == 0)
		PG_RETURN_POINTER(state);
	if (state->row_count == 0)
		PG_RETURN_POINTER(other);
	if (!has_scheme(state, &scheme))
		refuse_schemes();
	ar_check_same_currency(state->currency, other->currency);

	if (AggCheckCallContext(fcinfo, NULL) == 0)
	{
		AgingState *copy = palloc(VARSIZE(state));

		memcpy(copy, state, VARSIZE(state));
		state = copy;
	}
	for (int i = 0; i <= state->boundary_count; i++)
		sum_add(&state->sums[i], other->sums[i]);
	state->row_count += other->row_count;
	PG_RETURN_POINTER(state);
}

/*
 * ar_aging_finish returns the sums as an array, one element a bucket.
 */
Datum
ar_aging_finish(PG_FUNCTION_ARGS)
{
	AgingState *state = PG_GETARG_AGING_STATE_P(0);
	int			count = state->boundary_count + 1;
	Oid			monetary = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	ArMonetary *amounts;
	Datum	   *elements;

	if (state->row_count == 0)
		PG_RETURN_NULL();
	amounts = palloc(count * sizeof(ArMonetary));
	elements = palloc(count * sizeof(Datum));
	for (int i = 0; i < count; i++)
	{
		ar_monetary_set(&amounts[i], sum_value(state->sums[i]), state->currency);
		elements[i] = PointerGetDatum(&amounts[i]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(elements, count, monetary,
										  sizeof(ArMonetary), false,
										  TYPALIGN_INT));
}

/*
 * write_state appends the binary form, in network order.
 */
static void
write_state(StringInfo message, AgingState *state)
{
	const int32 *boundaries = state_boundaries(state);

	pq_sendbyte(message, STATE_VERSION);
	pq_sendint64(message, (uint64) state->row_count);
	if (state->row_count > 0)
		ar_currency_send(message, state->currency);
	pq_sendint32(message, (uint32) state->boundary_count);
	for (int i = 0; i < state->boundary_count; i++)
		pq_sendint32(message, (uint32) boundaries[i]);
	for (int i = 0; i <= state->boundary_count; i++)
	{
		pq_sendint64(message, (uint64) state->sums[i].high);
		pq_sendint64(message, state->sums[i].low);
	}
}

/*
 * read_state reads the binary form.  It trusts nothing: whoever may call the
 * input function may send any bytes.
 */
static AgingState *
read_state(StringInfo message)
{
	int			version = pq_getmsgbyte(message);
	int64		row_count = pq_getmsgint64(message);
	uint32		currency = 0;
	int32		boundary_count;
	int32	   *boundaries;
	ArAgingScheme scheme;
	AgingState *state;

	if (version != STATE_VERSION || row_count < 0)
		goto malformed;
	if (row_count > 0)
		currency = ar_currency_receive(message);

	/* The bytes that are there bound what is allocated. */
	boundary_count = (int32) pq_getmsgint(message, 4);
	if (boundary_count < 1 ||
		boundary_count > (message->len - message->cursor) / (int) sizeof(int32))
		goto malformed;
	boundaries = palloc(boundary_count * sizeof(int32));
	for (int i = 0; i < boundary_count; i++)
		boundaries[i] = (int32) pq_getmsgint(message, 4);
	if (!ar_aging_boundaries_are_valid(boundaries, boundary_count))
		goto malformed;

	scheme.boundary_count = boundary_count;
	scheme.boundaries = boundaries;
	state = make_state(&scheme);
	state->currency = currency;
	state->row_count = row_count;
	for (int i = 0; i <= boundary_count; i++)
	{
		state->sums[i].high = pq_getmsgint64(message);
		state->sums[i].low = (uint64) pq_getmsgint64(message);
	}
	return state;

malformed:
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary value for type %s", "ar.aging_state"),
			 errhint("Only the aggregate ar.aging makes such values.")));
}

/*
 * ar_aging_state_recv and ar_aging_state_send carry a state between servers.
 */
Datum
ar_aging_state_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(read_state((StringInfo) PG_GETARG_POINTER(0)));
}

Datum
ar_aging_state_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	write_state(&message, PG_GETARG_AGING_STATE_P(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * ar_aging_state_out writes the binary form as hexadecimal digits: nobody
 * reads a state, but distributed databases pass it on as text.
 */
Datum
ar_aging_state_out(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	char	   *text;

	initStringInfo(&message);
	write_state(&message, PG_GETARG_AGING_STATE_P(0));
	text = palloc(2 * message.len + 1);
	text[hex_encode(message.data, message.len, text)] = '\0';
	PG_RETURN_CSTRING(text);
}

/*
 * ar_aging_state_in reads the text that ar_aging_state_out wrote.
 */
Datum
ar_aging_state_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	StringInfoData message;
	AgingState *state;

	initStringInfo(&message);
	enlargeStringInfo(&message, strlen(text) / 2 + 1);
	message.len = (int) hex_decode(text, strlen(text), message.data);
	state = read_state(&message);
	pq_getmsgend(&message);
	PG_RETURN_POINTER(state);
}
