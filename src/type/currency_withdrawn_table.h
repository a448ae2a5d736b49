/*
 * currency_withdrawn_table.h
 *		The currencies that the euro replaced, in the order of their codes.
 *
 * Generated from currency_withdrawn.csv by tools/currency_table.pl: do not edit.
 */
{AR_CURRENCY('A', 'T', 'S', 2), "040", "Austrian Schilling"},
{AR_CURRENCY('B', 'E', 'F', 0), "056", "Belgian Franc"},
{AR_CURRENCY('B', 'G', 'N', 2), "975", "Bulgarian Lev"},
{AR_CURRENCY('C', 'Y', 'P', 2), "196", "Cyprus Pound"},
{AR_CURRENCY('D', 'E', 'M', 2), "276", "Deutsche Mark"},
{AR_CURRENCY('E', 'E', 'K', 2), "233", "Kroon"},
{AR_CURRENCY('E', 'S', 'P', 0), "724", "Spanish Peseta"},
{AR_CURRENCY('F', 'I', 'M', 2), "246", "Markka"},
{AR_CURRENCY('F', 'R', 'F', 2), "250", "French Franc"},
{AR_CURRENCY('G', 'R', 'D', 0), "300", "Drachma"},
{AR_CURRENCY('H', 'R', 'K', 2), "191", "Kuna"},
{AR_CURRENCY('I', 'E', 'P', 2), "372", "Irish Pound"},
{AR_CURRENCY('I', 'T', 'L', 0), "380", "Italian Lira"},
{AR_CURRENCY('L', 'T', 'L', 2), "440", "Lithuanian Litas"},
{AR_CURRENCY('L', 'U', 'F', 0), "442", "Luxembourg Franc"},
{AR_CURRENCY('L', 'V', 'L', 2), "428", "Latvian Lats"},
{AR_CURRENCY('M', 'T', 'L', 2), "470", "Maltese Lira"},
{AR_CURRENCY('N', 'L', 'G', 2), "528", "Netherlands Guilder"},
{AR_CURRENCY('P', 'T', 'E', 0), "620", "Portuguese Escudo"},
{AR_CURRENCY('S', 'I', 'T', 2), "705", "Tolar"},
{AR_CURRENCY('S', 'K', 'K', 2), "703", "Slovak Koruna"},
