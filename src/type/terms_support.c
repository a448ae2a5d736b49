/*
 * terms_support.c
 *		What the planner is told about credit terms.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"

#include "compat.h"
#include "type/monetary.h"
#include "type/terms.h"

PG_FUNCTION_INFO_V1(ar_terms_schedule_support);

/*
 * ar_terms_schedule_support is the support function of ar.schedule(): one row
 * an instalment, and a single one for a total of zero.
 */
Datum
ar_terms_schedule_support(PG_FUNCTION_ARGS)
{
	SupportRequestRows *request = (SupportRequestRows *) PG_GETARG_POINTER(0);
	List	   *arguments;
	Const	   *terms;
	Const	   *total;
	ArTerms    *text;
	ArTermsParsed parsed;
	ArTermsError error;

	if (!IsA(request, SupportRequestRows) || !IsA(request->node, FuncExpr))
		PG_RETURN_POINTER(NULL);
	arguments = ((FuncExpr *) request->node)->args;
	total = (Const *) estimate_expression_value(request->root, lsecond(arguments));
	if (IsA(total, Const) && !total->constisnull &&
		ar_monetary_minor(DatumGetArMonetaryP(total->constvalue)) == 0)
	{
		request->rows = 1;
		PG_RETURN_POINTER(request);
	}
	terms = (Const *) estimate_expression_value(request->root, linitial(arguments));
	if (!IsA(terms, Const) || terms->constisnull)
		PG_RETURN_POINTER(NULL);
	text = DatumGetArTermsPP(terms->constvalue);
	if (!ar_terms_parse(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text), &parsed, &error))
		PG_RETURN_POINTER(NULL);
	request->rows = parsed.instalment_count;
	PG_RETURN_POINTER(request);
}
