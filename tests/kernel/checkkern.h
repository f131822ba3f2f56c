/*
 * checkkern: every entry of the dispatch table at every level against the reference, after dav1d's
 * checkasm. A kernel is run on guarded buffers with ordinary and extreme values; a crash inside it
 * is caught and named. A new table entry or type is found by itself.
 */
#ifndef CHECKKERN_H
#define CHECKKERN_H

#include "base/attr.h"
#include "kernel/kernel.h"

#include <stdbool.h>
#include <stdio.h>

/* What is being tested: set before a kernel runs, printed when it fails or crashes. */
struct check {
    struct wg_kernels ref, k; /* reference, and the level under test */
    bool bench;
    const char *filter; /* only kernels with this name (a type or an operation); NULL: all */
    int failed, passed;
    uint64_t digest;
    bool print_digests; /* instead of comparing them */
    char what[160];
};
extern struct check ck;

void ck_begin(const char *fmt, ...) WG_PRINTF(1, 2);
void ck_fail(const char *fmt, ...) WG_PRINTF(1, 2);
/* Runs fn(arg); a SIGILL, SIGSEGV, SIGBUS or SIGFPE in it is a failure. False if it crashed. */
bool ck_call(void (*fn)(void *arg), void *arg);

/* Random numbers, reseeded for each kernel so that one kernel's cases do not depend on others. */
void ck_seed(uint64_t seed);
uint64_t ck_seed_default(void);
uint32_t ck_random(void);
int ck_random_below(int n);
float ck_random_float(void); /* about normal, times a random power of two */

/* Memory whose end (rounded down to `align`) touches an inaccessible page, as does its start when
 * `bytes` is whole pages. Filled with a pattern. */
void *ck_alloc(size_t bytes, size_t align);
void ck_free_all(void);

/* Kinds of input. */
enum ck_fill { CK_NORMAL, CK_ZERO, CK_MAX, CK_MIN, CK_DENORMAL, CK_MIXED, CK_FILL_COUNT };
void ck_fill_floats(float *x, int64_t n, enum ck_fill kind);

/* True when equal bits, or both NaN, or |a - b| <= tol * scale; reports the first difference. */
bool ck_equal(const float *got, const float *want, int64_t n, float tol, float scale);

/* True when the filter lets a kernel of this name through. */
bool ck_wanted(const char *name);

/* Bits of the reference's results, the same on every machine: mixes results into the digest of the
 * kernel under test; ends it and compares it with tests/fixtures/kernel_digests.txt. */
void ck_digest(const float *x, int64_t n);
void ck_digest_end(const char *kind, const char *name);

/* Nanoseconds a call of fn(arg), the best of several runs. */
double ck_time(void (*fn)(void *arg), void *arg);

void check_quant(void);
void check_matmul(void);
void check_ops(void);
void check_attn(void);

#endif
