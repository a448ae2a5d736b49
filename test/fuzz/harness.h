/*
 * harness.h
 *		What the libFuzzer harnesses of the parsers share.
 *
 * A harness is linked with the parser, and with PostgreSQL's library for
 * programs that are no server (StringInfo, palloc from malloc).  What a
 * parser would call of the server itself is left unresolved: to call it
 * crashes the harness, and so proves that the parser needs no server.  So does
 * a failed assertion.
 */
#ifndef AR_FUZZ_HARNESS_H
#define AR_FUZZ_HARNESS_H

#include "postgres.h"

extern int	LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

/* demand stops the fuzzer where the parser breaks a promise. */
static inline void
demand(bool promise, const char *words)
{
	if (!promise)
	{
		fprintf(stderr, "broken promise: %s\n", words);
		abort();
	}
}

/*
 * exact_copy copies bytes into memory that ends with them, and a terminating
 * zero when asked for, so that reading beyond is noticed.
 */
static inline char *
exact_copy(const uint8 *data, size_t size, bool terminated)
{
	char	   *copy = malloc(size + (terminated ? 1 : 0));

	if (copy == NULL && size + terminated > 0)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	if (terminated)
		copy[size] = '\0';
	return copy;
}

#endif							/* AR_FUZZ_HARNESS_H */
