/*
 * ar_ext.h
 *		What every file of ar_ext shares: the SQLSTATEs of the domain.
 *
 * Class RA is ours: the SQL standard reserves the classes 0-4 and A-H.
 */
#ifndef AR_EXT_H
#define AR_EXT_H

#define ERRCODE_AR_CREDIT_LIMIT_EXCEEDED	MAKE_SQLSTATE('R', 'A', '0', '0', '1')
#define ERRCODE_AR_OVER_APPLICATION			MAKE_SQLSTATE('R', 'A', '0', '0', '2')
#define ERRCODE_AR_IMMUTABLE				MAKE_SQLSTATE('R', 'A', '0', '0', '3')
#define ERRCODE_AR_INVALID_TRANSITION		MAKE_SQLSTATE('R', 'A', '0', '0', '4')
#define ERRCODE_AR_PERIOD_CLOSED			MAKE_SQLSTATE('R', 'A', '0', '0', '5')
#define ERRCODE_AR_EXTERNAL_ID_REUSED		MAKE_SQLSTATE('R', 'A', '0', '0', '6')
#define ERRCODE_AR_APPROVAL_REQUIRED		MAKE_SQLSTATE('R', 'A', '0', '0', '7')
#define ERRCODE_AR_MALFORMED_BANK_FILE		MAKE_SQLSTATE('R', 'A', '0', '0', '8')
#define ERRCODE_AR_CURRENCY_MISMATCH		MAKE_SQLSTATE('R', 'A', '0', '0', '9')

#endif							/* AR_EXT_H */
