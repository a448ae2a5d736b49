/*
 * monetary_aggregate.c
 *		The aggregates of ar.monetary, and their state types.
 *
 * A transition changes its state in place when an aggregate calls it, and a
 * copy when anybody else does.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "ar_ext.h"
#include "compat.h"
#include "type/monetary.h"
#include "type/monetary_aggregate.h"
#include "type/rounding.h"

/* ar.monetary_total_state: a sum per currency, in the order of currencies. */
typedef struct ArTotal
{
	int32		vl_len_;		/* varlena header (do not touch directly!) */
	int32		count;
	ArSum		sums[FLEXIBLE_ARRAY_MEMBER];
} ArTotal;

#define TOTAL_SIZE(count)		(offsetof(ArTotal, sums) + sizeof(ArSum) * (count))
#define PG_GETARG_TOTAL_P(n)	((ArTotal *) PG_GETARG_VARLENA_P(n))
#define PG_RETURN_TOTAL_P(x)	PG_RETURN_POINTER(x)

/* More sums than there can be currencies: 26 letters, three times. */
#define TOTAL_LIMIT		(26 * 26 * 26)

#define BINARY_VERSION	1

PG_FUNCTION_INFO_V1(ar_monetary_sum_state_in);
PG_FUNCTION_INFO_V1(ar_monetary_sum_state_out);
PG_FUNCTION_INFO_V1(ar_monetary_sum_state_recv);
PG_FUNCTION_INFO_V1(ar_monetary_sum_state_send);
PG_FUNCTION_INFO_V1(ar_monetary_sum_accumulate);
PG_FUNCTION_INFO_V1(ar_monetary_sum_remove);
PG_FUNCTION_INFO_V1(ar_monetary_sum_combine);
PG_FUNCTION_INFO_V1(ar_monetary_sum_result);
PG_FUNCTION_INFO_V1(ar_monetary_average_result);
PG_FUNCTION_INFO_V1(ar_monetary_smaller);
PG_FUNCTION_INFO_V1(ar_monetary_larger);
PG_FUNCTION_INFO_V1(ar_monetary_total_state_in);
PG_FUNCTION_INFO_V1(ar_monetary_total_state_out);
PG_FUNCTION_INFO_V1(ar_monetary_total_state_recv);
PG_FUNCTION_INFO_V1(ar_monetary_total_state_send);
PG_FUNCTION_INFO_V1(ar_monetary_total_accumulate);
PG_FUNCTION_INFO_V1(ar_monetary_total_remove);
PG_FUNCTION_INFO_V1(ar_monetary_total_combine);
PG_FUNCTION_INFO_V1(ar_monetary_total_result);

/*
 * ar_sum_raise_mixed refuses to aggregate two currencies.
 */
void
ar_sum_raise_mixed(uint32 left, uint32 right)
{
	char		left_code[4];
	char		right_code[4];

	if (left >> 8 == right >> 8)
		ar_currency_raise_mismatch(left, right);	/* tells the decimals */
	ar_currency_code(left, left_code);
	ar_currency_code(right, right_code);
	ereport(ERROR,
			(errcode(ERRCODE_AR_CURRENCY_MISMATCH),
			 errmsg("cannot aggregate amounts of different currencies"),
			 errdetail("One amount is in %s, another in %s.", left_code, right_code),
			 errhint("Group by ar.currency(), or use ar.total(), which sums per currency.")));
}

/*
 * check_version reads the first byte of a binary state.
 */
static void
check_version(StringInfo message, const char *type)
{
	int			version = pq_getmsgbyte(message);

	if (version != BINARY_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("unknown version of the external binary representation of type %s: %d",
						type, version)));
}

/*
 * check_end makes sure that nothing follows a binary state.
 */
static void
check_end(StringInfo message, const char *type)
{
	if (message->cursor != message->len)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("external binary representation of type %s is too long", type)));
}

/*
 * ar_monetary_sum_state_in reads the text of a state: "0" when empty, or what
 * ar_sum_print says.
 */
Datum
ar_monetary_sum_state_in(PG_FUNCTION_ARGS)
{
	char	   *given = PG_GETARG_CSTRING(0);
	ArSum	   *sum = (ArSum *) palloc0(sizeof(ArSum));
	const char *end;

	if (strcmp(given, "0") == 0)
		PG_RETURN_AR_SUM_P(sum);
	end = ar_sum_parse(given, sum);
	if (end == NULL || *end != '\0')
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"",
						"monetary_sum_state", given),
				 errhint("A state is a count, a currency and a sum, such as \"3 USD 12.50\", or \"0\" when it is empty.")));
	PG_RETURN_AR_SUM_P(sum);
}

/*
 * ar_monetary_sum_state_out writes the text of a state.
 */
Datum
ar_monetary_sum_state_out(PG_FUNCTION_ARGS)
{
	const ArSum *sum = PG_GETARG_AR_SUM_P(0);
	StringInfoData text;

	initStringInfo(&text);
	if (sum->count == 0)
		appendStringInfoChar(&text, '0');
	else
		ar_sum_print(&text, sum);
	PG_RETURN_CSTRING(text.data);
}

/*
 * ar_monetary_sum_state_recv reads the binary form of a state.
 */
Datum
ar_monetary_sum_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	ArSum	   *sum = (ArSum *) palloc0(sizeof(ArSum));

	check_version(message, "monetary_sum_state");
	if (message->cursor < message->len)
		ar_sum_receive(message, sum);
	check_end(message, "monetary_sum_state");
	PG_RETURN_AR_SUM_P(sum);
}

/*
 * ar_monetary_sum_state_send writes the binary form of a state, which is the
 * version alone when it is empty.
 */
Datum
ar_monetary_sum_state_send(PG_FUNCTION_ARGS)
{
	const ArSum *sum = PG_GETARG_AR_SUM_P(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, BINARY_VERSION);
	if (sum->count > 0)
		ar_sum_send(&message, sum);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * own_sum returns the state to change: the very one within an aggregate, a
 * copy anywhere else.
 */
static ArSum *
own_sum(FunctionCallInfo fcinfo)
{
	ArSum	   *sum = PG_GETARG_AR_SUM_P(0);
	ArSum	   *copy;

	if (ar_is_aggregate(fcinfo))
		return sum;
	copy = (ArSum *) palloc(sizeof(ArSum));
	*copy = *sum;
	return copy;
}

/*
 * ar_monetary_sum_accumulate adds a value to a state.
 */
Datum
ar_monetary_sum_accumulate(PG_FUNCTION_ARGS)
{
	ArSum	   *sum = own_sum(fcinfo);
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(1);

	ar_sum_accumulate(sum, ar_monetary_minor(m), m->currency);
	PG_RETURN_AR_SUM_P(sum);
}

/*
 * ar_monetary_sum_remove takes a value out of a state.
 */
Datum
ar_monetary_sum_remove(PG_FUNCTION_ARGS)
{
	ArSum	   *sum = own_sum(fcinfo);
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(1);

	ar_sum_remove(sum, ar_monetary_minor(m), m->currency);
	PG_RETURN_AR_SUM_P(sum);
}

/*
 * ar_monetary_sum_combine adds a state to another.
 */
Datum
ar_monetary_sum_combine(PG_FUNCTION_ARGS)
{
	ArSum	   *sum = own_sum(fcinfo);

	ar_sum_combine(sum, PG_GETARG_AR_SUM_P(1));
	PG_RETURN_AR_SUM_P(sum);
}

/*
 * ar_monetary_sum_result is the sum, or null when there was no value.
 */
Datum
ar_monetary_sum_result(PG_FUNCTION_ARGS)
{
	const ArSum *sum = PG_GETARG_AR_SUM_P(0);

	if (sum->count == 0)
		PG_RETURN_NULL();
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(ar_sum_result(sum), sum->currency));
}

/*
 * ar_monetary_average_result is the average, rounded half-even, or null when
 * there was no value.  The sum may well be out of range here.
 */
Datum
ar_monetary_average_result(PG_FUNCTION_ARGS)
{
	const ArSum *sum = PG_GETARG_AR_SUM_P(0);
	int64		minor;

	if (sum->count == 0)
		PG_RETURN_NULL();
	minor = ar_divide_rounded(ar_sum_to_numeric(sum), int64_to_numeric(sum->count),
							  AR_ROUND_HALF_EVEN, sum->currency);
	PG_RETURN_AR_MONETARY_P(ar_monetary_make(minor, sum->currency));
}

/*
 * choose returns one of two amounts of the same currency.
 */
static Datum
choose(FunctionCallInfo fcinfo, bool larger)
{
	ArMonetary *left = PG_GETARG_AR_MONETARY_P(0);
	ArMonetary *right = PG_GETARG_AR_MONETARY_P(1);
	int			order;

	if (left->currency != right->currency)
		ar_sum_raise_mixed(left->currency, right->currency);
	order = ar_monetary_compare(left, right);
	PG_RETURN_AR_MONETARY_P((larger ? order >= 0 : order <= 0) ? left : right);
}

/*
 * ar_monetary_smaller is the transition of ar.min().
 */
Datum
ar_monetary_smaller(PG_FUNCTION_ARGS)
{
	return choose(fcinfo, false);
}

/*
 * ar_monetary_larger is the transition of ar.max().
 */
Datum
ar_monetary_larger(PG_FUNCTION_ARGS)
{
	return choose(fcinfo, true);
}

/*
 * make_total returns an empty state with room for some sums.
 */
static ArTotal *
make_total(int room)
{
	ArTotal    *total = (ArTotal *) palloc0(TOTAL_SIZE(room));

	SET_VARSIZE(total, TOTAL_SIZE(room));
	return total;
}

/*
 * ar_monetary_total_state_in reads the text of a state: sums with commas
 * between them, in the order of currencies, or nothing.
 */
Datum
ar_monetary_total_state_in(PG_FUNCTION_ARGS)
{
	char	   *given = PG_GETARG_CSTRING(0);
	const char *c = given;
	int			room = 0;
	ArTotal    *total;

	if (*c != '\0')
		room = 1;
	for (; *c != '\0'; c++)
		room += (*c == ',');
	if (room > TOTAL_LIMIT)
		room = TOTAL_LIMIT;
	total = make_total(room);
	for (c = given; total->count < room; c++)
	{
		ArSum	   *sum = &total->sums[total->count];

		c = ar_sum_parse(c, sum);
		if (c == NULL ||
			(total->count > 0 && sum->currency <= sum[-1].currency) ||
			(*c != ',' && *c != '\0'))
			ereturn(fcinfo->context, (Datum) 0,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("invalid input syntax for type %s: \"%s\"",
							"monetary_total_state", given),
					 errhint("A state is a sum per currency in the order of the codes, such as \"3 EUR 12.50,1 USD 2.00\", or empty.")));
		total->count++;
	}
	PG_RETURN_TOTAL_P(total);
}

/*
 * ar_monetary_total_state_out writes the text of a state.
 */
Datum
ar_monetary_total_state_out(PG_FUNCTION_ARGS)
{
	const ArTotal *total = PG_GETARG_TOTAL_P(0);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < total->count; i++)
	{
		if (text.len > 0)
			appendStringInfoChar(&text, ',');
		ar_sum_print(&text, &total->sums[i]);
	}
	PG_RETURN_CSTRING(text.data);
}

/*
 * ar_monetary_total_state_recv reads the binary form of a state.
 */
Datum
ar_monetary_total_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo	message = (StringInfo) PG_GETARG_POINTER(0);
	ArTotal    *total;
	int32		count;

	check_version(message, "monetary_total_state");
	count = pq_getmsgint(message, 4);
	if (count < 0 || count > TOTAL_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid number of currencies in external binary representation: %d",
						count)));
	total = make_total(count);
	for (; total->count < count; total->count++)
	{
		ArSum	   *sum = &total->sums[total->count];

		ar_sum_receive(message, sum);
		if (total->count > 0 && sum->currency <= sum[-1].currency)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
					 errmsg("currencies out of order in external binary representation")));
	}
	check_end(message, "monetary_total_state");
	PG_RETURN_TOTAL_P(total);
}

/*
 * ar_monetary_total_state_send writes the binary form of a state.
 */
Datum
ar_monetary_total_state_send(PG_FUNCTION_ARGS)
{
	const ArTotal *total = PG_GETARG_TOTAL_P(0);
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, BINARY_VERSION);
	pq_sendint32(&message, total->count);
	for (int i = 0; i < total->count; i++)
		ar_sum_send(&message, &total->sums[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * own_total returns the state to change, as own_sum does.
 */
static ArTotal *
own_total(FunctionCallInfo fcinfo)
{
	if (ar_is_aggregate(fcinfo))
		return PG_GETARG_TOTAL_P(0);
	return (ArTotal *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
}

/*
 * find_sum returns the index of the sum of a currency, or of the first one
 * beyond it.
 */
static int
find_sum(const ArTotal *total, uint32 currency)
{
	int			low = 0;
	int			high = total->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (total->sums[middle].currency < currency)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool
has_sum(const ArTotal *total, int at, uint32 currency)
{
	return at < total->count && total->sums[at].currency == currency;
}

/*
 * insert_sum returns a larger state with an empty sum at an index.  The new
 * one lies in the caller's memory, from where an aggregate copies it.
 */
static ArTotal *
insert_sum(const ArTotal *total, int at)
{
	ArTotal    *larger = make_total(total->count + 1);

	larger->count = total->count + 1;
	memcpy(&larger->sums[0], &total->sums[0], sizeof(ArSum) * at);
	memcpy(&larger->sums[at + 1], &total->sums[at],
		   sizeof(ArSum) * (total->count - at));
	return larger;
}

/*
 * ar_monetary_total_accumulate adds a value to the sum of its currency.
 */
Datum
ar_monetary_total_accumulate(PG_FUNCTION_ARGS)
{
	ArTotal    *total = own_total(fcinfo);
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(1);
	int			at = find_sum(total, m->currency);

	if (!has_sum(total, at, m->currency))
		total = insert_sum(total, at);
	ar_sum_accumulate(&total->sums[at], ar_monetary_minor(m), m->currency);
	PG_RETURN_TOTAL_P(total);
}

/*
 * ar_monetary_total_remove takes a value out of the sum of its currency, and
 * an emptied sum out of the state.
 */
Datum
ar_monetary_total_remove(PG_FUNCTION_ARGS)
{
	ArTotal    *total = own_total(fcinfo);
	const ArMonetary *m = PG_GETARG_AR_MONETARY_P(1);
	int			at = find_sum(total, m->currency);

	if (!has_sum(total, at, m->currency))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot remove an amount from an empty sum")));
	ar_sum_remove(&total->sums[at], ar_monetary_minor(m), m->currency);
	if (total->sums[at].count == 0)
	{
		total->count--;
		memmove(&total->sums[at], &total->sums[at + 1],
				sizeof(ArSum) * (total->count - at));
		SET_VARSIZE(total, TOTAL_SIZE(total->count));
	}
	PG_RETURN_TOTAL_P(total);
}

/*
 * ar_monetary_total_combine adds a state to another, currency by currency.
 */
Datum
ar_monetary_total_combine(PG_FUNCTION_ARGS)
{
	ArTotal    *total = own_total(fcinfo);
	const ArTotal *other = PG_GETARG_TOTAL_P(1);

	for (int i = 0; i < other->count; i++)
	{
		uint32		currency = other->sums[i].currency;
		int			at = find_sum(total, currency);

		if (!has_sum(total, at, currency))
			total = insert_sum(total, at);
		ar_sum_combine(&total->sums[at], &other->sums[i]);
	}
	PG_RETURN_TOTAL_P(total);
}

/*
 * ar_monetary_total_result is the array of the sums, or null when there was no
 * value.
 */
Datum
ar_monetary_total_result(PG_FUNCTION_ARGS)
{
	const ArTotal *total = PG_GETARG_TOTAL_P(0);
	Oid			element_type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	Datum	   *datums;

	if (total->count == 0)
		PG_RETURN_NULL();
	datums = (Datum *) palloc(sizeof(Datum) * total->count);
	for (int i = 0; i < total->count; i++)
	{
		const ArSum *sum = &total->sums[i];

		datums[i] = ArMonetaryPGetDatum(ar_monetary_make(ar_sum_result(sum), sum->currency));
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(datums, total->count, element_type,
										  sizeof(ArMonetary), false, TYPALIGN_INT));
}
