/* Computes the tensors of a job in chunks of rows, shared among threads, and writes them. */
#include "convert/job.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "convert/limits.h"
#include "kernel/kernel.h"
#include "kernel/quantize.h"
#include "package/gguf_write.h"

#include <math.h>
#include <string.h>

/* A tensor as rows of k values. */
struct grid {
    int64_t k, rows;
    int64_t part_rows; /* of each part */
};

/* What is wrong with a row; the least one is told. */
enum trouble { FINE, NOT_FINITE, TOO_LARGE };

struct fault {
    int64_t row;
    enum trouble trouble;
};

struct writer {
    const struct wg_conv_job *job;
    struct wg_gguf_out *out;
    struct wg_pool *pool;
    int threads;
    uint8_t *chunk; /* rows as they are written */
    size_t chunk_bytes;
    float *scratch;       /* two rows a thread */
    struct fault *faults; /* one a thread */
    int64_t max_k;
    struct wg_progress progress;
    uint64_t done;
};

/* A chunk of one tensor for all threads. */
struct chunk {
    struct writer *w;
    const struct wg_conv_tensor *t;
    struct grid grid;
    int64_t first, n;
};

static uint64_t tensor_bytes(const struct wg_conv_tensor *t)
{
    int64_t rows = t->ne[1] * t->ne[2] * t->ne[3];

    return (uint64_t)rows * wg_row_bytes(t->type, t->ne[0]);
}

uint64_t wg_conv_bytes(const struct wg_conv_job *j)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < j->n_tensors; i++)
        sum += tensor_bytes(&j->tensors[i]);
    return sum;
}

/* A vector whose halves are interleaved is a matrix with rows of one value. */
static struct grid grid_of(const struct wg_conv_tensor *t)
{
    int64_t rows = t->ne[1] * t->ne[2] * t->ne[3];
    bool turned = t->head_rows && t->n_dims == 1;
    struct grid g = {turned ? 1 : t->ne[0], turned ? t->ne[0] : rows, 0};

    g.part_rows = t->n_parts ? g.rows / t->n_parts : g.rows;
    return g;
}

static bool is_copy(const struct wg_conv_tensor *t)
{
    return t->n_parts == 1 && !t->head_rows && t->add == 0 && t->parts[0]->type == t->type;
}

/* Row of the source that becomes this row: (head, pair, half) was (head, half, pair). */
static int64_t source_row(const struct wg_conv_tensor *t, int64_t row)
{
    int64_t in_head = t->head_rows ? row % t->head_rows : 0;

    if (!t->head_rows)
        return row;
    return row - in_head + in_head % 2 * (t->head_rows / 2) + in_head / 2;
}

static void read_row(const struct chunk *c, int64_t row, float *x)
{
    const struct wg_conv_tensor *t = c->t;
    int64_t from = source_row(t, row), k = c->grid.k;

    if (t->values) {
        memcpy(x, t->values + from * k, (size_t)k * sizeof *x);
        return;
    }
    const struct wg_tensor *part = t->parts[from / c->grid.part_rows];
    const uint8_t *data = part->data;
    data += (size_t)(from % c->grid.part_rows) * wg_row_bytes(part->type, k);
    wg_kernels()->dequant[part->type](data, x, k);
    for (int64_t i = 0; i < k && t->add != 0; i++)
        x[i] += t->add;
}

static bool all_finite(const float *x, int64_t n)
{
    float sum = 0;

    /* 0 times a number that is not finite is NaN, and stays. */
    for (int64_t i = 0; i < n; i++)
        sum += x[i] * 0.0f;
    return sum == 0;
}

static void compute(void *arg, const struct wg_worker *worker)
{
    struct chunk *c = arg;
    struct writer *w = c->w;
    float *x = w->scratch + 2 * w->max_k * worker->index, *back = x + w->max_k;
    struct fault *fault = &w->faults[worker->index];
    size_t row_bytes = wg_row_bytes(c->t->type, c->grid.k);
    int64_t begin, end;

    wg_share(worker, c->n, 1, &begin, &end);
    for (int64_t i = begin; i < end && fault->trouble == FINE; i++) {
        uint8_t *to = w->chunk + (size_t)i * row_bytes;
        read_row(c, c->first + i, x);
        if (!all_finite(x, c->grid.k)) {
            *fault = (struct fault){c->first + i, NOT_FINITE};
            return;
        }
        wg_quantizer(c->t->type)(x, NULL, to, c->grid.k);
        wg_kernels()->dequant[c->t->type](to, back, c->grid.k);
        if (!all_finite(back, c->grid.k))
            *fault = (struct fault){c->first + i, TOO_LARGE};
    }
}

static enum wg_status check_faults(const struct chunk *c, struct wg_err *err)
{
    const struct fault *first = NULL;

    for (int i = 0; i < c->w->threads; i++) {
        const struct fault *f = &c->w->faults[i];
        if (f->trouble != FINE && (!first || f->row < first->row))
            first = f;
    }
    if (!first)
        return WG_OK;
    if (first->trouble == NOT_FINITE)
        return wg_fail(err, WG_E_INPUT,
                       "%s: tensor %s: row %lld has a value that is no finite number",
                       c->w->job->source, c->t->name, (long long)first->row);
    return wg_fail(err, WG_E_INPUT,
                   "%s: tensor %s: row %lld has a value that is too large for %s; BF16 and F32 "
                   "hold it",
                   c->w->job->source, c->t->name, (long long)first->row,
                   wg_type_info((uint32_t)c->t->type)->name);
}

static enum wg_status put(struct writer *w, const void *bytes, size_t n, struct wg_err *err)
{
    WG_TRY(wg_gguf_out_data(w->out, bytes, n, err));
    w->done += n;
    wg_progress_at(&w->progress, w->done);
    if (wg_interrupted())
        return wg_fail(err, WG_E_INTERRUPTED, "interrupted; nothing was kept");
    return WG_OK;
}

static enum wg_status copy_tensor(struct writer *w, const struct wg_conv_tensor *t,
                                  struct wg_err *err)
{
    const uint8_t *p = t->parts[0]->data;
    size_t left = t->parts[0]->bytes;

    while (left > 0) {
        size_t n = left < WG_CONV_CHUNK_BYTES ? left : WG_CONV_CHUNK_BYTES;
        WG_TRY(put(w, p, n, err));
        p += n;
        left -= n;
    }
    return WG_OK;
}

static enum wg_status compute_tensor(struct writer *w, const struct wg_conv_tensor *t,
                                     struct wg_err *err)
{
    struct chunk c = {.w = w, .t = t, .grid = grid_of(t)};
    size_t row_bytes = wg_row_bytes(t->type, c.grid.k);
    int64_t at_once = (int64_t)(w->chunk_bytes / row_bytes);

    while (c.first < c.grid.rows) {
        c.n = c.grid.rows - c.first < at_once ? c.grid.rows - c.first : at_once;
        wg_pool_run(w->pool, compute, &c);
        WG_TRY(check_faults(&c, err));
        WG_TRY(put(w, w->chunk, (size_t)c.n * row_bytes, err));
        c.first += c.n;
    }
    return WG_OK;
}

/* Sizes of the buffers: a chunk holds at least a row of any tensor. */
static enum wg_status measure(struct writer *w, struct wg_err *err)
{
    w->chunk_bytes = WG_CONV_CHUNK_BYTES;
    for (size_t i = 0; i < w->job->n_tensors; i++) {
        const struct wg_conv_tensor *t = &w->job->tensors[i];
        if (is_copy(t))
            continue;
        struct grid g = grid_of(t);
        size_t row = wg_row_bytes(t->type, g.k);
        if (g.k > WG_CONV_MAX_ROW)
            return wg_fail(err, WG_E_LIMIT, "%s: tensor %s has rows of %lld values; at most %d",
                           w->job->source, t->name, (long long)g.k, WG_CONV_MAX_ROW);
        w->max_k = g.k > w->max_k ? g.k : w->max_k;
        w->chunk_bytes = row > w->chunk_bytes ? row : w->chunk_bytes;
    }
    return WG_OK;
}

static enum wg_status write_tensors(struct writer *w, struct wg_err *err)
{
    const struct wg_conv_job *j = w->job;

    WG_TRY(measure(w, err));
    w->chunk = wg_alloc_aligned(64, w->chunk_bytes, 1);
    w->scratch =
        wg_alloc_aligned(64, 2 * (size_t)w->max_k * (size_t)w->threads + 1, sizeof *w->scratch);
    w->faults = wg_calloc((size_t)w->threads, sizeof *w->faults);
    if (!w->chunk || !w->scratch || !w->faults)
        return wg_oom(err, "the rows");
    for (size_t i = 0; i < j->n_tensors; i++) {
        const struct wg_conv_tensor *t = &j->tensors[i];
        WG_TRY(wg_gguf_out_tensor(w->out, t->name, t->type, t->n_dims, t->ne, err));
    }
    WG_TRY(wg_gguf_out_begin(w->out, err));
    for (size_t i = 0; i < j->n_tensors; i++) {
        const struct wg_conv_tensor *t = &j->tensors[i];
        wg_log(WG_LOG_DEBUG, "%s %s", t->name, wg_type_info((uint32_t)t->type)->name);
        WG_TRY(is_copy(t) ? copy_tensor(w, t, err) : compute_tensor(w, t, err));
    }
    return wg_gguf_out_finish(w->out, err);
}

enum wg_status wg_conv_write(const struct wg_conv_job *j, struct wg_gguf_out *out, int threads,
                             struct wg_err *err)
{
    struct writer w = {.job = j, .out = out, .threads = threads};

    WG_TRY(wg_pool_new(threads, &w.pool, err));
    wg_progress_start(&w.progress, "write", "B", 0, wg_conv_bytes(j));
    enum wg_status st = write_tensors(&w, err);
    wg_progress_end(&w.progress);
    wg_pool_free(w.pool);
    wg_free(w.chunk);
    wg_free(w.scratch);
    wg_free(w.faults);
    return st;
}
