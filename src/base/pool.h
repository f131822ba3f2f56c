/*
 * Thread pool for data-parallel work: every thread runs the same function over its share and meets
 * the others at barriers. Waiting spins for a short while (work steps are microseconds apart in a
 * decode loop), then yields, then sleeps, so that a pool shares a machine with its neighbours.
 *
 * One job at a time; wg_pool_run is called by one thread at a time (the engine's worker).
 */
#ifndef WG_BASE_POOL_H
#define WG_BASE_POOL_H

#include "base/status.h"

#include <stdint.h>

struct wg_pool;

/* One thread's view of a running job. */
struct wg_worker {
    struct wg_pool *pool;
    int index; /* 0 is the caller of wg_pool_run */
    int count;
};

/* `threads` >= 1 counts the caller: threads - 1 are started. */
enum wg_status wg_pool_new(int threads, struct wg_pool **out, struct wg_err *err) WG_NODISCARD;
void wg_pool_free(struct wg_pool *p);
int wg_pool_threads(const struct wg_pool *p);

/* Runs fn(arg, worker) on every thread and returns when all are done. */
void wg_pool_run(struct wg_pool *p, void (*fn)(void *arg, const struct wg_worker *w), void *arg);

/* Inside fn: waits until all threads are here. Writes before it are seen by all after it. */
void wg_barrier(const struct wg_worker *w);

/* Inside fn: the [begin, end) share of n items of this thread in multiples of `unit` (>= 1). */
static inline void wg_share(const struct wg_worker *w, int64_t n, int64_t unit, int64_t *begin,
                            int64_t *end)
{
    int64_t units = (n + unit - 1) / unit;
    int64_t lo = units * w->index / w->count * unit;
    int64_t hi = units * (w->index + 1) / w->count * unit;

    *begin = lo < n ? lo : n;
    *end = hi < n ? hi : n;
}

#endif
