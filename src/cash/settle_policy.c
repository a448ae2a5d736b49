/*
 * settle_policy.c
 *		What a ledger does with the money that comes in: ar.cash_policy.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "cash/row.h"
#include "cash/settle.h"
#include "item/writer.h"

/* Of a percentage so many parts of one percent are told apart. */
#define PERCENT_PARTS	INT64CONST(100000000)

static ArStatement find_applied_on_receipt =
{
	.sql =
	"SELECT FROM ar.cash_policy AS p WHERE p.ledger_id = $1 AND p.apply_on_receipt LIMIT 1",
	.nargs = 1,
	.argtypes = {INT4OID}
};

static ArStatement read_policies =
{
	.sql =
	"SELECT p.customer_id, p.apply_on_receipt, p.rules, p.remainder, p.tolerance,"
	"  trunc(p.tolerance_percent * 100000000)::bigint, p.overpayment, p.discount_grace_days,"
	"  p.partial_discount, trunc(p.confidence_threshold * 10000)::integer,"
	"  p.double_payment_days"
	" FROM ar.cash_policies($1, $2) AS p",
	.nargs = 2,
	.argtypes = {INT4OID, INT8ARRAYOID}
};

/*
 * ar_is_applied_on_receipt tells whether a payment that says nothing may be
 * applied at all in a ledger.
 */
bool
ar_is_applied_on_receipt(int32 ledger_id)
{
	Datum		value = Int32GetDatum(ledger_id);

	return ar_writer_execute(&find_applied_on_receipt, &value, SPI_OK_SELECT) > 0;
}

/*
 * read_rules reads the rules of a policy, in their order.
 */
static void
read_rules(ArPolicy *policy, Datum rules)
{
	Datum	   *names;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(rules), TEXTOID, -1, false, TYPALIGN_INT,
					  &names, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		char	   *name = TextDatumGetCString(names[i]);

		for (int rule = 0; rule < AR_RULES_MAX; rule++)
			if (strcmp(name, ar_rule_name(rule)) == 0 && policy->rule_count < AR_RULES_MAX)
				policy->rules[policy->rule_count++] = rule;
	}
}

static int
compare_policies(const void *left, const void *right)
{
	const ArPolicy *a = left;
	const ArPolicy *b = right;

	return a->customer_id < b->customer_id ? -1 : a->customer_id > b->customer_id;
}

/*
 * ar_read_policies reads the policies of some customers, in the order of their
 * ids.
 */
ArPolicy *
ar_read_policies(ArSettlement *settlement, const int64 *customers, int count)
{
	Datum	   *ids = palloc_extended(sizeof(Datum) * (Size) Max(count, 1), MCXT_ALLOC_HUGE);
	Datum		values[2];
	uint64		rows;
	ArPolicy   *policies;

	for (int i = 0; i < count; i++)
		ids[i] = Int64GetDatum(customers[i]);
	values[0] = Int32GetDatum(settlement->ledger_id);
	values[1] = ar_array(ids, NULL, count, INT8OID);
	rows = ar_writer_execute(&read_policies, values, SPI_OK_SELECT);
	if (rows != (uint64) count)
		elog(ERROR, "ar_read_policies: %d customers have " UINT64_FORMAT " policies", count, rows);

	policies = MemoryContextAllocZero(settlement->chunk, sizeof(ArPolicy) * (Size) Max(count, 1));
	for (uint64 i = 0; i < rows; i++)
	{
		ArRow		row = ar_row(i);
		ArPolicy   *policy = &policies[i];
		bool		isnull;
		char	   *word;

		policy->customer_id = ar_row_integer(&row, 1);
		policy->apply_on_receipt = DatumGetBool(ar_row_value(&row, 2, &isnull));
		read_rules(policy, ar_row_value(&row, 3, &isnull));
		policy->remainder = ar_apply_from_text(ar_row_text(&row, 4));
		(void) ar_row_value(&row, 5, &isnull);
		policy->has_tolerance = !isnull;
		policy->tolerance = ar_row_minor(&row, 5, &policy->tolerance_currency);
		(void) ar_row_value(&row, 6, &isnull);
		policy->tolerance_percent = isnull ? -1 : ar_row_integer(&row, 6);
		word = ar_row_text(&row, 7);
		policy->overpayment = strcmp(word, "write_off") == 0 ? AR_OVERPAYMENT_WRITE_OFF :
			strcmp(word, "refund") == 0 ? AR_OVERPAYMENT_REFUND : AR_OVERPAYMENT_ON_ACCOUNT;
		policy->grace_days = ar_row_small(&row, 8, 0);
		word = ar_row_text(&row, 9);
		policy->partial_discount = strcmp(word, "pro_rata") == 0 ? AR_PARTIAL_PRO_RATA :
			strcmp(word, "closing") == 0 ? AR_PARTIAL_CLOSING : AR_PARTIAL_NONE;
		policy->threshold = ar_row_small(&row, 10, 0);
		policy->double_payment_days = ar_row_small(&row, 11, 0);
	}
	SPI_freetuptable(SPI_tuptable);
	qsort(policies, count, sizeof(ArPolicy), compare_policies);
	return policies;
}

/*
 * ar_tolerance is the most that may be missing, or be too much, of what is
 * open: the stricter of amount and percentage.
 */
int64
ar_tolerance(const ArPolicy *policy, uint32 currency, int64 open)
{
	int64		tolerance = -1;

	if (policy->has_tolerance && policy->tolerance_currency == currency)
		tolerance = policy->tolerance;
	if (policy->tolerance_percent >= 0)
	{
		int64		share = (int64) ((int128) open * policy->tolerance_percent / (100 * PERCENT_PARTS));

		tolerance = tolerance < 0 ? share : Min(tolerance, share);
	}
	return Max(tolerance, 0);
}
