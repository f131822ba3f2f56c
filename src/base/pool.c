#include "base/pool.h"

#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* About 20 us of spinning before the first yield, and a few yields before sleeping. */
enum { SPINS_BEFORE_YIELD = 2000, YIELDS_BEFORE_SLEEP = 200 };

struct wg_pool {
    int threads;
    pthread_t *ids; /* [threads - 1] */

    void (*fn)(void *arg, const struct wg_worker *w);
    void *arg;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    int sleepers; /* under lock */
    bool stop;    /* written under lock before the generation moves */

    /* Each on its own cache line: written by different threads. */
    WG_ALIGNED(64) atomic_uint generation; /* job number; a change starts the job */
    WG_ALIGNED(64) atomic_int running;     /* helpers that have not finished the job */
    WG_ALIGNED(64) atomic_int arrived;     /* at the current barrier */
    WG_ALIGNED(64) atomic_uint barrier_generation;
};

struct start {
    struct wg_pool *pool;
    int index;
};

static inline void relax(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* One step of waiting inside a job, where sleeping is not worth its wake-up. */
static inline void spin_or_yield(unsigned *spins)
{
    if (++*spins < SPINS_BEFORE_YIELD)
        relax();
    else
        sched_yield();
}

static void wait_for_job(struct wg_pool *p, unsigned seen)
{
    for (unsigned i = 0; i < SPINS_BEFORE_YIELD + YIELDS_BEFORE_SLEEP; i++) {
        if (atomic_load_explicit(&p->generation, memory_order_acquire) != seen)
            return;
        if (i < SPINS_BEFORE_YIELD)
            relax();
        else
            sched_yield();
    }
    pthread_mutex_lock(&p->lock);
    p->sleepers++;
    while (atomic_load_explicit(&p->generation, memory_order_acquire) == seen)
        pthread_cond_wait(&p->wake, &p->lock);
    p->sleepers--;
    pthread_mutex_unlock(&p->lock);
}

static void *helper_main(void *arg)
{
    struct start s = *(struct start *)arg;
    struct wg_pool *p = s.pool;
    unsigned seen = 0;

    wg_free(arg);
    for (;;) {
        wait_for_job(p, seen);
        seen++;
        if (p->stop)
            return NULL;
        struct wg_worker w = {.pool = p, .index = s.index, .count = p->threads};
        p->fn(p->arg, &w);
        atomic_fetch_sub_explicit(&p->running, 1, memory_order_release);
    }
}

static void start_job(struct wg_pool *p)
{
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add_explicit(&p->generation, 1, memory_order_release);
    if (p->sleepers)
        pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
}

enum wg_status wg_pool_new(int threads, struct wg_pool **out, struct wg_err *err)
{
    if (threads < 1 || threads > 1024)
        return wg_fail(err, WG_E_USAGE, "%d threads: use 1 to 1024", threads);
    struct wg_pool *p = wg_alloc_aligned(64, 1, sizeof *p);
    if (!p)
        return wg_oom(err, "the thread pool");
    memset(p, 0, sizeof *p);
    p->threads = 1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->wake, NULL);
    p->ids = wg_calloc((size_t)threads, sizeof *p->ids);
    if (!p->ids) {
        wg_pool_free(p);
        return wg_oom(err, "the thread pool");
    }
    for (int i = 1; i < threads; i++) {
        struct start *s = wg_calloc(1, sizeof *s);
        int rc = s ? 0 : ENOMEM;
        if (s) {
            *s = (struct start){.pool = p, .index = i};
            rc = pthread_create(&p->ids[i - 1], NULL, helper_main, s);
        }
        if (rc != 0) {
            wg_free(s);
            wg_pool_free(p);
            return wg_fail(err, WG_E_FAILED, "cannot start thread %d of %d: %s", i + 1, threads,
                           strerror(rc));
        }
        p->threads = i + 1;
    }
    *out = p;
    return WG_OK;
}

void wg_pool_free(struct wg_pool *p)
{
    if (!p)
        return;
    p->stop = true;
    start_job(p);
    for (int i = 1; i < p->threads; i++)
        pthread_join(p->ids[i - 1], NULL);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    wg_free(p->ids);
    wg_free(p);
}

int wg_pool_threads(const struct wg_pool *p)
{
    return p->threads;
}

void wg_pool_run(struct wg_pool *p, void (*fn)(void *arg, const struct wg_worker *w), void *arg)
{
    struct wg_worker self = {.pool = p, .index = 0, .count = p->threads};
    unsigned spins = 0;

    p->fn = fn;
    p->arg = arg;
    if (p->threads > 1) {
        atomic_store_explicit(&p->running, p->threads - 1, memory_order_relaxed);
        start_job(p);
    }
    fn(arg, &self);
    while (p->threads > 1 && atomic_load_explicit(&p->running, memory_order_acquire) > 0)
        spin_or_yield(&spins);
}

void wg_barrier(const struct wg_worker *w)
{
    struct wg_pool *p = w->pool;
    unsigned spins = 0;

    if (w->count == 1)
        return;
    unsigned gen = atomic_load_explicit(&p->barrier_generation, memory_order_relaxed);
    if (atomic_fetch_add_explicit(&p->arrived, 1, memory_order_acq_rel) == w->count - 1) {
        atomic_store_explicit(&p->arrived, 0, memory_order_relaxed);
        atomic_fetch_add_explicit(&p->barrier_generation, 1, memory_order_release);
        return;
    }
    while (atomic_load_explicit(&p->barrier_generation, memory_order_acquire) == gen)
        spin_or_yield(&spins);
}
