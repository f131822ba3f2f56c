#include "engine/sampler.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

struct candidate {
    int32_t id;
    float logit;
    double p;
};

struct wg_sampler {
    struct wg_sampling opts;
    int64_t n_vocab;
    struct candidate *c; /* [n_vocab] */
    uint64_t rng;
};

struct wg_sampling wg_sampling_greedy(void)
{
    return (struct wg_sampling){.top_p = 1, .repetition_penalty = 1};
}

static enum wg_status bound(const char *name, double v, double lo, double hi, struct wg_err *err)
{
    if (v >= lo && v <= hi)
        return WG_OK;
    return wg_fail(err, WG_E_USAGE, "%s is %g, outside %g to %g", name, v, lo, hi);
}

enum wg_status wg_sampling_check(const struct wg_sampling *s, struct wg_err *err)
{
    WG_TRY(bound("temperature", s->temperature, 0, 100, err));
    WG_TRY(bound("top_k", (double)s->top_k, 0, 1 << 24, err));
    WG_TRY(bound("top_p", s->top_p, 0, 1, err));
    WG_TRY(bound("min_p", s->min_p, 0, 1, err));
    WG_TRY(bound("repetition_penalty", s->repetition_penalty, 0.01, 100, err));
    return bound("repetition_window", (double)s->repetition_window, 0, 1e9, err);
}

static uint32_t pcg_next(uint64_t *state)
{
    uint64_t old = *state;

    *state = old * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint32_t x = (uint32_t)(((old >> 18) ^ old) >> 27), rot = (uint32_t)(old >> 59);
    return x >> rot | x << (-rot & 31);
}

enum wg_status wg_sampler_new(const struct wg_sampling *s, int64_t n_vocab, struct wg_sampler **out,
                              struct wg_err *err)
{
    WG_TRY(wg_sampling_check(s, err));
    struct wg_sampler *p = wg_calloc(1, sizeof *p);
    if (!p)
        return wg_oom(err, "the sampler");
    p->opts = *s;
    p->n_vocab = n_vocab;
    p->c = wg_calloc((size_t)n_vocab, sizeof *p->c);
    if (!p->c) {
        wg_free(p);
        return wg_oom(err, "the sampler");
    }
    p->rng = s->seed + UINT64_C(1442695040888963407);
    pcg_next(&p->rng);
    *out = p;
    return WG_OK;
}

void wg_sampler_free(struct wg_sampler *s)
{
    if (!s)
        return;
    wg_free(s->c);
    wg_free(s);
}

/* Each token of the window is penalised once, however often it occurs. c[] is free between two
 * draws: its ids mark here which tokens were done. */
static void penalise(struct wg_sampler *s, float *logits, const int32_t *history, int64_t n)
{
    float r = (float)s->opts.repetition_penalty;
    int64_t window = s->opts.repetition_window, first = window && window < n ? n - window : 0;

    if (s->opts.repetition_penalty == 1)
        return;
    for (int64_t i = first; i < n; i++)
        s->c[history[i]].id = 0;
    for (int64_t i = first; i < n; i++) {
        int32_t id = history[i];
        if (s->c[id].id < 0)
            continue;
        s->c[id].id = -1;
        logits[id] = logits[id] > 0 ? logits[id] / r : logits[id] * r;
    }
}

static int by_rank(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;

    if (a->logit != b->logit)
        return a->logit > b->logit ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

/* Moves the k best candidates to the front, in any order (quickselect). */
static void select_top(struct candidate *c, int64_t n, int64_t k)
{
    int64_t lo = 0, hi = n - 1;

    while (lo < hi) {
        struct candidate pivot = c[lo + (hi - lo) / 2];
        int64_t i = lo, j = hi;
        while (i <= j) {
            while (by_rank(&c[i], &pivot) < 0)
                i++;
            while (by_rank(&c[j], &pivot) > 0)
                j--;
            if (i <= j) {
                struct candidate t = c[i];
                c[i++] = c[j];
                c[j--] = t;
            }
        }
        if (k - 1 <= j)
            hi = j;
        else if (k - 1 >= i)
            lo = i;
        else
            return;
    }
}

/* Candidates that can matter: all of them only when nothing cuts the list. */
static int64_t rank_candidates(struct wg_sampler *s, const float *logits, float best)
{
    const struct wg_sampling *o = &s->opts;
    int64_t n = 0;
    /* p >= min_p * p_max is logit >= best + T ln(min_p); p below 1e-9 of the best adds nothing
     * that top_p could notice, so the tail is not sorted. */
    double floor_p = WG_MAX(o->min_p, 1e-9);
    double floor_logit = (double)best + o->temperature * log(floor_p);

    for (int64_t i = 0; i < s->n_vocab; i++)
        if ((double)logits[i] >= floor_logit)
            s->c[n++] = (struct candidate){.id = (int32_t)i, .logit = logits[i]};
    if (o->top_k && o->top_k < n) {
        select_top(s->c, n, o->top_k);
        n = o->top_k;
    }
    qsort(s->c, (size_t)n, sizeof *s->c, by_rank);
    return n;
}

static int32_t draw(struct wg_sampler *s, int64_t n)
{
    const struct wg_sampling *o = &s->opts;
    double sum = 0, kept = 0;
    int64_t last = 0;

    for (int64_t i = 0; i < n; i++) {
        s->c[i].p = exp(((double)s->c[i].logit - (double)s->c[0].logit) / o->temperature);
        sum += s->c[i].p;
    }
    for (last = 0; last < n; last++) {
        kept += s->c[last].p;
        if (o->top_p < 1 && kept >= o->top_p * sum)
            break;
    }
    if (last == n)
        last = n - 1;
    uint64_t bits = (uint64_t)pcg_next(&s->rng) << 32;
    bits |= pcg_next(&s->rng);
    double u = (double)(bits >> 11) * 0x1p-53 * kept;
    for (int64_t i = 0; i < last; i++) {
        u -= s->c[i].p;
        if (u < 0)
            return s->c[i].id;
    }
    return s->c[last].id;
}

enum wg_status wg_sampler_next(struct wg_sampler *s, float *logits, const int32_t *history,
                               int64_t n_history, int32_t *id, struct wg_err *err)
{
    int64_t best = 0;

    penalise(s, logits, history, n_history);
    for (int64_t i = 0; i < s->n_vocab; i++) {
        if (isnan(logits[i]))
            return wg_fail(err, WG_E_FAILED,
                           "the model gave a logit that is not a number (token %lld); the weights "
                           "may be damaged: run weigh verify",
                           (long long)i);
        if (logits[i] > logits[best])
            best = i;
    }
    if (s->opts.temperature == 0 || !isfinite(logits[best])) {
        *id = (int32_t)best;
        return WG_OK;
    }
    *id = draw(s, rank_candidates(s, logits, logits[best]));
    return WG_OK;
}
