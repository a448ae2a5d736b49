/*
 * compat.h
 *		The one place where PostgreSQL versions 15 to 18 are told apart.
 */
#ifndef AR_COMPAT_H
#define AR_COMPAT_H

/* Soft errors came with 16; before it an input function simply raises. */
#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"
#else
#define ereturn(context, dummy_value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return dummy_value; \
	} while (0)
#endif

/* 18 writes it before the declaration, where C23 has it. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

#if PG_VERSION_NUM >= 180000
#define AR_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "ar_ext", .version = AR_EXT_VERSION)
#else
#define AR_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif							/* AR_COMPAT_H */
