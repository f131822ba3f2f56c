/*
 * Heap allocation with overflow checks and a fault hook for tests. Functions return NULL on
 * failure; callers turn that into wg_oom(). Nothing else in src/ calls malloc directly.
 */
#ifndef WG_BASE_MEM_H
#define WG_BASE_MEM_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>

/* n * size bytes, zeroed; NULL on overflow, failure, or an injected fault. n or size 0 gives 1. */
void *wg_calloc(size_t n, size_t size) WG_NODISCARD;
/* As realloc with an overflow check; the old block stays valid on failure. */
void *wg_realloc(void *p, size_t n, size_t size) WG_NODISCARD;
/* n * size bytes, not zeroed, aligned to `align` (a power of two); release with wg_free. */
void *wg_alloc_aligned(size_t align, size_t n, size_t size) WG_NODISCARD;
char *wg_strdup(const char *s) WG_NODISCARD;
char *wg_strndup(const char *s, size_t n) WG_NODISCARD;
void wg_free(void *p);

/* *out = a * b or a + b; false on overflow. */
bool wg_mul_ok(size_t a, size_t b, size_t *out) WG_NODISCARD;
bool wg_add_ok(size_t a, size_t b, size_t *out) WG_NODISCARD;

/* Tests: let the next `n` allocations succeed and the one after fail once; n < 0 turns it off. */
void wg_mem_fail_after(long n);
/* Tests: number of allocations made by this process so far. */
unsigned long wg_mem_count(void);

#endif
