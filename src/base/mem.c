#include "base/mem.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static atomic_long fail_after = -1;
static atomic_ulong alloc_count;

static bool fault(void)
{
    atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed);
    if (atomic_load_explicit(&fail_after, memory_order_relaxed) < 0)
        return false;
    return atomic_fetch_sub_explicit(&fail_after, 1, memory_order_relaxed) == 0;
}

bool wg_mul_ok(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool wg_add_ok(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

void *wg_calloc(size_t n, size_t size)
{
    size_t bytes;

    if (!wg_mul_ok(n, size, &bytes) || fault())
        return NULL;
    return calloc(1, bytes ? bytes : 1);
}

void *wg_realloc(void *p, size_t n, size_t size)
{
    size_t bytes;

    if (!wg_mul_ok(n, size, &bytes) || fault())
        return NULL;
    return realloc(p, bytes ? bytes : 1);
}

void *wg_alloc_aligned(size_t align, size_t n, size_t size)
{
    size_t bytes;

    if (!wg_mul_ok(n, size, &bytes) || !wg_add_ok(bytes, align - 1, &bytes) || fault())
        return NULL;
    bytes &= ~(align - 1);
    return aligned_alloc(align, bytes ? bytes : align);
}

char *wg_strndup(const char *s, size_t n)
{
    char *out = wg_calloc(n + 1, 1);

    if (out)
        memcpy(out, s, n);
    return out;
}

char *wg_strdup(const char *s)
{
    return wg_strndup(s, strlen(s));
}

void wg_free(void *p)
{
    free(p);
}

void wg_mem_fail_after(long n)
{
    atomic_store(&fail_after, n);
}

unsigned long wg_mem_count(void)
{
    return atomic_load(&alloc_count);
}
