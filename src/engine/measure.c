#include "engine/measure.h"

#include "base/log.h"
#include "base/mem.h"
#include "model/spec.h"

#include <math.h>

/* One measurement: what a run needs, and the running sums of its rates. */
struct measure {
    struct wg_engine *e;
    struct wg_session *sessions[WG_MEASURE_MAX_BATCH];
    int64_t tokens;
    int batch;
    int32_t *ids;  /* [tokens] */
    float *logits; /* [batch][n_vocab] */
};

static void fill_ids(int32_t *ids, int64_t n, int64_t vocab)
{
    uint64_t x = 12345;

    for (int64_t i = 0; i < n; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        ids[i] = (int32_t)((x >> 33) % (uint64_t)vocab);
    }
}

static enum wg_status open_all(struct measure *m, struct wg_err *err)
{
    int64_t vocab = wg_engine_spec(m->e)->n_vocab;

    m->ids = wg_calloc((size_t)m->tokens, sizeof *m->ids);
    m->logits = wg_calloc((size_t)m->batch * (size_t)vocab, sizeof *m->logits);
    if (!m->ids || !m->logits)
        return wg_oom(err, "the measurement");
    fill_ids(m->ids, m->tokens, vocab);
    for (int i = 0; i < m->batch; i++)
        WG_TRY(wg_session_new(m->e, m->tokens, &m->sessions[i], err));
    return WG_OK;
}

static void close_all(struct measure *m)
{
    for (int i = 0; i < m->batch; i++)
        wg_session_free(m->sessions[i]);
    wg_free(m->ids);
    wg_free(m->logits);
}

static enum wg_status run_prefill(struct measure *m, double *seconds, struct wg_err *err)
{
    struct wg_feed feed = {
        .session = m->sessions[0], .ids = m->ids, .n = m->tokens, .logits = m->logits};

    wg_session_truncate(m->sessions[0], 0);
    double start = wg_now_s();
    WG_TRY(wg_engine_step(m->e, &feed, 1, err));
    *seconds = wg_now_s() - start;
    return WG_OK;
}

static enum wg_status run_decode(struct measure *m, double *seconds, struct wg_err *err)
{
    struct wg_feed feeds[WG_MEASURE_MAX_BATCH];
    int64_t vocab = wg_engine_spec(m->e)->n_vocab;

    for (int i = 0; i < m->batch; i++) {
        wg_session_truncate(m->sessions[i], 0);
        feeds[i] = (struct wg_feed){
            .session = m->sessions[i], .ids = m->ids, .n = 1, .logits = m->logits + i * vocab};
    }
    double start = wg_now_s();
    for (int64_t t = 0; t < m->tokens; t++)
        WG_TRY(wg_engine_step(m->e, feeds, m->batch, err));
    *seconds = wg_now_s() - start;
    return WG_OK;
}

static enum wg_status repeat(struct measure *m,
                             enum wg_status (*work)(struct measure *, double *, struct wg_err *),
                             int repeats, struct wg_rate *out, struct wg_err *err)
{
    double mean = 0, squares = 0, seconds = 0;

    WG_TRY(work(m, &seconds, err));
    for (int i = 1; i <= repeats; i++) {
        WG_TRY(work(m, &seconds, err));
        /* Welford 1962: no cancellation between large sums. */
        double rate = (double)m->tokens * m->batch / seconds, before = rate - mean;
        mean += before / i;
        squares += before * (rate - mean);
    }
    out->tokens_per_s = mean;
    out->stddev = repeats > 1 ? sqrt(squares / (repeats - 1)) : 0;
    return WG_OK;
}

static enum wg_status measure(struct wg_engine *e, int64_t tokens, int batch, int repeats,
                              enum wg_status (*work)(struct measure *, double *, struct wg_err *),
                              struct wg_rate *out, struct wg_err *err)
{
    struct measure m = {.e = e, .tokens = tokens, .batch = batch};

    if (tokens < 1 || batch < 1 || batch > WG_MEASURE_MAX_BATCH || repeats < 1 ||
        repeats > WG_MEASURE_MAX_REPEATS)
        return wg_fail(err, WG_E_USAGE,
                       "a measurement of %lld tokens, %d sessions, %d repeats: use at least 1, at "
                       "most %d sessions and %d repeats",
                       (long long)tokens, batch, repeats, WG_MEASURE_MAX_BATCH,
                       WG_MEASURE_MAX_REPEATS);
    enum wg_status st = open_all(&m, err);
    if (st == WG_OK)
        st = repeat(&m, work, repeats, out, err);
    close_all(&m);
    return st;
}

enum wg_status wg_measure_prefill(struct wg_engine *e, int64_t tokens, int repeats,
                                  struct wg_rate *out, struct wg_err *err)
{
    *out = (struct wg_rate){.test = "prefill", .tokens = tokens, .batch = 1};
    return measure(e, tokens, 1, repeats, run_prefill, out, err);
}

enum wg_status wg_measure_decode(struct wg_engine *e, int64_t tokens, int batch, int repeats,
                                 struct wg_rate *out, struct wg_err *err)
{
    *out = (struct wg_rate){.test = "decode", .tokens = tokens, .batch = batch};
    return measure(e, tokens, batch, repeats, run_decode, out, err);
}
