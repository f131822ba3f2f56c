#include "plan/machine.h"

#include "base/file.h"
#include "base/fmt.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "kernel/kernel.h"
#include "package/store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum {
    MAX_CACHE_BYTES = 1 << 20,
    MAX_CACHED_MACHINES = 32,
    CACHE_VERSION = 1,
    MATMUL_K = 1024,   /* a multiple of every block */
    MATMUL_ROWS = 192, /* 120 KiB of Q4_1: stays in a core's own cache */
    MATMUL_COLS = 64,
    LINE = 64,
    MAX_THREADS = 1024,
};
static const double measure_s = 0.06; /* for each figure, after the first pass */
static const uint64_t read_sizes[WG_MACHINE_SIZES] = {8 << 20, 64 << 20, 256 << 20, 512 << 20};

/* ---- streaming read ---- */

struct read_job {
    const uint64_t *p;
    int64_t n;
    uint64_t sums[MAX_THREADS]; /* one a thread, so that no load is optimised away */
};

static void touch(void *arg, const struct wg_worker *w)
{
    struct read_job *j = arg;
    int64_t begin, end;

    wg_share(w, j->n, LINE, &begin, &end);
    memset((uint64_t *)(uintptr_t)j->p + begin, 1, (size_t)(end - begin) * sizeof *j->p);
}

static void read_all(void *arg, const struct wg_worker *w)
{
    struct read_job *j = arg;
    int64_t begin, end;
    uint64_t s[8] = {0};

    wg_share(w, j->n, LINE, &begin, &end);
    for (const uint64_t *p = j->p + begin, *stop = j->p + end - 7; p < stop; p += 8)
        for (int i = 0; i < 8; i++)
            s[i] += p[i];
    j->sums[w->index] = s[0] + s[1] + s[2] + s[3] + s[4] + s[5] + s[6] + s[7];
}

/* Shortest time of one pass of fn, over measure_s of them. */
static double best_seconds(struct wg_pool *pool, void (*fn)(void *, const struct wg_worker *),
                           void *arg)
{
    double best = (double)INFINITY, start = wg_now_s(), before, now;

    wg_pool_run(pool, fn, arg);
    do {
        before = wg_now_s();
        wg_pool_run(pool, fn, arg);
        now = wg_now_s();
        best = fmin(best, now - before);
    } while (now - start < measure_s);
    return best;
}

static enum wg_status measure_read(struct wg_machine *m, struct wg_pool *pool, struct wg_err *err)
{
    struct read_job *j = wg_calloc(1, sizeof *j);
    uint64_t most = read_sizes[0];

    if (!j)
        return wg_oom(err, "the bandwidth measurement");
    for (int i = 0; i < WG_MACHINE_SIZES; i++)
        if (read_sizes[i] <= m->memory_available_bytes / 4)
            most = read_sizes[i];
    uint64_t *p = wg_alloc_aligned(4096, most, 1);
    if (!p) {
        wg_free(j);
        return wg_oom(err, "the bandwidth measurement");
    }
    *j = (struct read_job){.p = p, .n = (int64_t)(most / sizeof *p)};
    wg_pool_run(pool, touch, j);
    for (int i = 0; i < WG_MACHINE_SIZES; i++) {
        uint64_t bytes = WG_MIN(read_sizes[i], most);
        j->n = (int64_t)(bytes / sizeof *p);
        m->read[i].bytes = read_sizes[i];
        m->read[i].bytes_per_s = (double)bytes / best_seconds(pool, read_all, j);
    }
    wg_free(p);
    wg_free(j);
    return WG_OK;
}

/* ---- matrix products ---- */

struct matmul_job {
    const struct wg_matmul *kernel;
    size_t stride, act_stride;
    char *w, *act; /* [threads] blocks */
    float *y;
    int cols, repeats;
};

static void multiply(void *arg, const struct wg_worker *t)
{
    struct matmul_job *j = arg;
    const char *w = j->w + (size_t)t->index * MATMUL_ROWS * j->stride;
    float *y = j->y + (size_t)t->index * MATMUL_ROWS * MATMUL_COLS;

    for (int i = 0; i < j->repeats; i++)
        j->kernel->run(w, j->stride, j->act, j->act_stride, MATMUL_K, y, MATMUL_ROWS, MATMUL_ROWS,
                       j->cols);
}

static enum wg_status measure_matmul(struct wg_machine *m, struct wg_pool *pool, enum wg_type type,
                                     struct wg_err *err)
{
    const struct wg_matmul *kernel = &wg_kernels()->matmul[type];
    struct wg_machine_matmul *out = &m->matmul[type];
    size_t threads = (size_t)m->threads;
    float row[MATMUL_K] = {0};

    if (!kernel->run)
        return WG_OK; /* stays unknown: the engine refuses the type by name */
    struct matmul_job j = {.kernel = kernel,
                           .stride = wg_row_bytes(type, MATMUL_K),
                           .act_stride = kernel->act_bytes(MATMUL_K),
                           .repeats = 4};
    j.w = wg_alloc_aligned(LINE, threads * MATMUL_ROWS, j.stride);
    j.act = wg_alloc_aligned(LINE, MATMUL_COLS, j.act_stride);
    j.y = wg_alloc_aligned(LINE, threads * MATMUL_ROWS * MATMUL_COLS, sizeof *j.y);
    enum wg_status st = j.w && j.act && j.y ? WG_OK : wg_oom(err, "the speed measurement");
    if (st == WG_OK) {
        double values = (double)threads * MATMUL_ROWS * MATMUL_K * j.repeats;
        memset(j.w, 0, threads * MATMUL_ROWS * j.stride);
        for (int c = 0; c < MATMUL_COLS; c++)
            kernel->pack(row, j.act + (size_t)c * j.act_stride, MATMUL_K);
        j.cols = 1;
        out->row_bytes_per_s = (double)threads * MATMUL_ROWS * (double)j.stride * j.repeats /
                               best_seconds(pool, multiply, &j);
        j.cols = MATMUL_COLS;
        out->batch_flops = 2 * values * MATMUL_COLS / best_seconds(pool, multiply, &j);
        out->known = true;
    }
    wg_free(j.w);
    wg_free(j.act);
    wg_free(j.y);
    return st;
}

/* ---- the cache file ---- */

static void take_cached(struct wg_machine *m, const json_t *entry)
{
    const json_t *sizes = json_object_get(entry, "read"), *types = json_object_get(entry, "matmul");
    const char *name;
    json_t *row;
    size_t i;

    if (json_array_size(sizes) != WG_MACHINE_SIZES)
        return;
    json_array_foreach(sizes, i, row) {
        m->read[i].bytes = (uint64_t)json_integer_value(json_object_get(row, "bytes"));
        m->read[i].bytes_per_s = json_number_value(json_object_get(row, "bytes_per_s"));
        if (m->read[i].bytes != read_sizes[i] || !(m->read[i].bytes_per_s > 0)) {
            memset(m->read, 0, sizeof m->read);
            return;
        }
    }
    for (int t = 0; t < WG_TYPE_LIMIT; t++) {
        const struct wg_type_info *info = wg_type_info((uint32_t)t);
        name = info ? info->name : "";
        row = json_object_get(types, name);
        double bytes = json_number_value(json_object_get(row, "row_bytes_per_s"));
        double flops = json_number_value(json_object_get(row, "batch_flops"));
        if (bytes > 0 && flops > 0)
            m->matmul[t] = (struct wg_machine_matmul){bytes, flops, true};
    }
}

static json_t *matmul_json(const struct wg_machine *m)
{
    json_t *out = json_object();

    for (int t = 0; t < WG_TYPE_LIMIT; t++)
        if (m->matmul[t].known)
            json_object_set_new(out, wg_type_info((uint32_t)t)->name,
                                json_pack("{s:f, s:f}", "row_bytes_per_s",
                                          m->matmul[t].row_bytes_per_s, "batch_flops",
                                          m->matmul[t].batch_flops));
    return out;
}

static json_t *read_json(const struct wg_machine *m)
{
    json_t *out = json_array();

    for (int i = 0; i < WG_MACHINE_SIZES; i++)
        json_array_append_new(out, json_pack("{s:I, s:f}", "bytes", (json_int_t)m->read[i].bytes,
                                             "bytes_per_s", m->read[i].bytes_per_s));
    return out;
}

/* A cache file of another version, or with too many machines, is begun anew. */
static json_t *load_cache(const char *path)
{
    json_t *doc = NULL;
    struct wg_err err = {0};

    if (!path || !wg_is_file(path))
        return NULL;
    if (wg_json_load(path, MAX_CACHE_BYTES, &doc, &err) != WG_OK) {
        wg_log(WG_LOG_WARN, "measuring this machine anew: %s", err.msg);
        return NULL;
    }
    const json_t *machines = json_object_get(doc, "machines");
    if (json_integer_value(json_object_get(doc, "version")) != CACHE_VERSION ||
        !json_is_object(machines) || json_object_size(machines) > MAX_CACHED_MACHINES) {
        json_decref(doc);
        return NULL;
    }
    return doc;
}

static void save_cache(const char *path, json_t *doc, const struct wg_machine *m)
{
    struct wg_buf b;
    struct wg_err err = {0};
    json_t *fresh = doc ? json_incref(doc)
                        : json_pack("{s:i, s:{}}", "version", CACHE_VERSION, "machines");

    wg_buf_init(&b, MAX_CACHE_BYTES);
    json_object_set_new(json_object_get(fresh, "machines"), m->fingerprint,
                        json_pack("{s:s, s:s, s:s, s:i, s:o, s:o}", "cpu", wg_cpu_name(), "kernel",
                                  m->kernel, "isa", wg_isa_name(m->isa), "threads", m->threads,
                                  "read", read_json(m), "matmul", matmul_json(m)));
    enum wg_status st = wg_json_write(&b, fresh, 1, &err);
    if (st == WG_OK)
        st = wg_file_write(path, b.p, b.len, &err);
    if (st != WG_OK)
        wg_log(WG_LOG_WARN, "the measurement of this machine is not kept: %s", err.msg);
    wg_buf_release(&b);
    json_decref(fresh);
}

/* ---- the whole ---- */

static void identify(struct wg_machine *m, int threads)
{
    struct utsname u;
    char text[512];

    *m = (struct wg_machine){.isa = wg_cpu_isa(),
                             .threads = threads,
                             .memory_total_bytes = wg_mem_total_bytes(),
                             .memory_available_bytes = wg_mem_available_bytes()};
    snprintf(m->kernel, sizeof m->kernel, "%.64s", uname(&u) == 0 ? u.release : "unknown");
    int n = snprintf(text, sizeof text, "%s|%s|%d|%s|%s", wg_cpu_name(), wg_isa_name(m->isa),
                     threads, m->kernel, WG_VERSION);
    wg_sha256_hex(text, (size_t)n, m->fingerprint);
}

static enum wg_status measure_missing(struct wg_machine *m, const enum wg_type *types, size_t n,
                                      bool *measured, struct wg_err *err)
{
    struct wg_pool *pool = NULL;
    bool read = m->read[0].bytes_per_s > 0, all = read;

    for (size_t i = 0; i < n; i++)
        all = all && m->matmul[types[i]].known;
    if (all)
        return WG_OK;
    WG_TRY(wg_pool_new(m->threads, &pool, err));
    enum wg_status st = read ? WG_OK : measure_read(m, pool, err);
    for (size_t i = 0; i < n && st == WG_OK; i++)
        if (!m->matmul[types[i]].known)
            st = measure_matmul(m, pool, types[i], err);
    wg_pool_free(pool);
    *measured = true;
    return st;
}

/* NULL when there is no place to keep anything: then every run measures. */
static char *cache_path(void)
{
    char *home = NULL, *path = NULL;

    if (wg_store_home(&home, NULL) == WG_OK && wg_mkdirs(home, NULL) == WG_OK)
        path = wg_path_join(home, "machine.json");
    wg_free(home);
    return path;
}

enum wg_status wg_machine_facts(int threads, const enum wg_type *types, size_t n, bool fresh,
                                struct wg_machine *out, struct wg_err *err)
{
    bool measured = false;

    if (threads < 1 || threads > MAX_THREADS)
        return wg_fail(err, WG_E_USAGE, "%d threads: use 1 to %d", threads, MAX_THREADS);
    identify(out, threads);
    char *path = cache_path();
    json_t *cache = load_cache(path);
    if (!fresh)
        take_cached(out, json_object_get(json_object_get(cache, "machines"), out->fingerprint));
    enum wg_status st = measure_missing(out, types, n, &measured, err);
    if (st == WG_OK && measured && path)
        save_cache(path, cache, out);
    json_decref(cache);
    wg_free(path);
    return st;
}

double wg_machine_bandwidth(const struct wg_machine *m, uint64_t bytes)
{
    const struct wg_machine_read *r = m->read;
    int last = WG_MACHINE_SIZES - 1;

    if (bytes <= r[0].bytes)
        return r[0].bytes_per_s;
    for (int i = 1; i <= last; i++) {
        if (bytes <= r[i].bytes) {
            double t = log((double)bytes / (double)r[i - 1].bytes) /
                       log((double)r[i].bytes / (double)r[i - 1].bytes);
            return r[i - 1].bytes_per_s + t * (r[i].bytes_per_s - r[i - 1].bytes_per_s);
        }
    }
    return r[last].bytes_per_s;
}

char *wg_machine_describe(const struct wg_machine *m)
{
    char memory[WG_FMT_BYTES];
    struct wg_buf b;

    wg_buf_init(&b, 1024);
    wg_buf_addf(&b, "%s, %d thread%s, %s, %s of memory", wg_cpu_name(), m->threads,
                m->threads == 1 ? "" : "s", wg_isa_name(m->isa),
                wg_fmt_bytes(memory, m->memory_total_bytes));
    return wg_buf_detach(&b);
}

json_t *wg_machine_json(const struct wg_machine *m)
{
    char *text = wg_machine_describe(m);
    json_t *doc = json_pack(
        "{s:s?, s:s, s:s, s:s, s:i, s:I, s:I, s:o, s:o}", "description", text, "cpu", wg_cpu_name(),
        "isa", wg_isa_name(m->isa), "kernel", m->kernel, "threads", m->threads,
        "memory_total_bytes", (json_int_t)m->memory_total_bytes, "memory_available_bytes",
        (json_int_t)m->memory_available_bytes, "read", read_json(m), "matmul", matmul_json(m));

    wg_free(text);
    return doc;
}
