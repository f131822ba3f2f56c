/*
 * Mixture of experts: each token goes through the few experts that the router scores best (Shazeer
 * et al. 2017; groups and correction bias: DeepSeek-V2, -V3). Tokens are gathered by expert, so
 * that an expert's weights are read once for all of them; a token's weighted sum is taken in the
 * order in which the router ranked its experts, whoever its neighbours are.
 */
#include "model/forward_impl.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

struct wg_moe_buffers {
    float *scores;    /* [tokens][n_experts] */
    int32_t *expert;  /* [tokens][n_used] ids, best first */
    float *weight;    /* [tokens][n_used] */
    int32_t *slot;    /* [tokens][n_used] row of the gathered buffers */
    int32_t *token;   /* [slots] the token of a row */
    int32_t *first;   /* [n_experts + 1] rows of an expert */
    char *act;        /* [slots][act_bytes] */
    float *gate, *up; /* [slots][d_ff] */
    float *out;       /* [slots][d_model] */
    float *shared;    /* [tokens] gate of the shared expert */
    size_t act_bytes;
    int64_t ff_width;
};

struct sizes {
    int experts, used;
    int64_t ff;
};

static struct sizes most(const struct wg_spec *s)
{
    struct sizes z = {0};

    for (int i = 0; i < s->n_layers; i++) {
        const struct wg_mlp_spec *m = &s->layers[i].mlp;
        if (m->moe.n_experts == 0)
            continue;
        z.experts = WG_MAX(z.experts, m->moe.n_experts);
        z.used = WG_MAX(z.used, m->moe.n_used);
        z.ff = WG_MAX(z.ff, m->d_ff);
    }
    return z;
}

uint64_t wg_moe_buffer_bytes(const struct wg_spec *s, int max_tokens, size_t act_bytes)
{
    struct sizes z = most(s);
    uint64_t t = (uint64_t)max_tokens, slots = t * (uint64_t)z.used;

    if (z.experts == 0)
        return 0;
    return t * (uint64_t)z.experts * 4 + slots * (16 + act_bytes) +
           slots * (uint64_t)(2 * z.ff + s->d_model) * 4 + ((uint64_t)z.experts + 1 + t) * 4;
}

enum wg_status wg_moe_buffers_new(const struct wg_spec *s, int max_tokens, size_t act_bytes,
                                  struct wg_moe_buffers **out, struct wg_err *err)
{
    struct sizes z = most(s);
    size_t t = (size_t)max_tokens, slots = t * (size_t)z.used;

    *out = NULL;
    if (z.experts == 0)
        return WG_OK;
    struct wg_moe_buffers *b = wg_calloc(1, sizeof *b);
    if (!b)
        return wg_oom(err, "the work buffers of the experts");
    *out = b;
    b->act_bytes = act_bytes;
    b->ff_width = z.ff;
    b->scores = wg_calloc(t * (size_t)z.experts, sizeof *b->scores);
    b->expert = wg_calloc(slots, sizeof *b->expert);
    b->weight = wg_calloc(slots, sizeof *b->weight);
    b->slot = wg_calloc(slots, sizeof *b->slot);
    b->token = wg_calloc(slots, sizeof *b->token);
    b->first = wg_calloc((size_t)z.experts + 1, sizeof *b->first);
    b->act = wg_alloc_aligned(64, slots, act_bytes);
    b->gate = wg_calloc(slots * (size_t)z.ff, sizeof *b->gate);
    b->up = wg_calloc(slots * (size_t)z.ff, sizeof *b->up);
    b->out = wg_calloc(slots * (size_t)s->d_model, sizeof *b->out);
    b->shared = wg_calloc(t, sizeof *b->shared);
    if (b->scores && b->expert && b->weight && b->slot && b->token && b->first && b->act &&
        b->gate && b->up && b->out && b->shared)
        return WG_OK;
    wg_moe_buffers_free(b);
    *out = NULL;
    return wg_oom(err, "the work buffers of the experts");
}

void wg_moe_buffers_free(struct wg_moe_buffers *b)
{
    if (!b)
        return;
    wg_free(b->scores);
    wg_free(b->expert);
    wg_free(b->weight);
    wg_free(b->slot);
    wg_free(b->token);
    wg_free(b->first);
    wg_free(b->act);
    wg_free(b->gate);
    wg_free(b->up);
    wg_free(b->out);
    wg_free(b->shared);
    wg_free(b);
}

/* Logits to scores, in place, in f32 as the references compute them. */
static void score(const struct wg_forward *f, const struct wg_moe_spec *m, float *v)
{
    if (m->router == WG_ROUTER_SOFTMAX) {
        f->k->softmax(v, m->n_experts);
        return;
    }
    for (int i = 0; i < m->n_experts; i++)
        v[i] = 1.0f / (1.0f + expf(-v[i]));
}

/* Index of the largest of n values that is not yet taken; ties go to the smaller index. */
static int best_of(const float *v, const bool *taken, int n)
{
    int best = -1;

    for (int i = 0; i < n; i++)
        if (!taken[i] && (best < 0 || v[i] > v[best]))
            best = i;
    return best;
}

/* Worth of a group: its best score, or the sum of its two best. */
static float group_worth(const struct wg_moe_spec *m, const float *v, int size)
{
    float first = -INFINITY, second = -INFINITY;

    for (int i = 0; i < size; i++) {
        if (v[i] > first) {
            second = first;
            first = v[i];
        } else if (v[i] > second) {
            second = v[i];
        }
    }
    return m->router == WG_ROUTER_SIGMOID && size > 1 ? first + second : first;
}

/* Marks the experts of all but the best groups as taken. */
static void limit_groups(const struct wg_moe_spec *m, const float *choice, bool *taken)
{
    int size = m->n_experts / m->n_groups;
    bool kept[4096] = {false};
    float worth[4096];

    for (int g = 0; g < m->n_groups; g++)
        worth[g] = group_worth(m, choice + g * size, size);
    for (int i = 0; i < m->groups_used; i++)
        kept[best_of(worth, kept, m->n_groups)] = true;
    for (int e = 0; e < m->n_experts; e++)
        taken[e] = !kept[e / size];
}

/* The experts of one token and their weights, best first. */
static void choose(const struct wg_forward *f, const struct wg_moe_spec *m, const float *correction,
                   float *scores, int32_t *expert, float *weight)
{
    float choice[4096], sum = 0;
    bool taken[4096] = {false};

    score(f, m, scores);
    for (int e = 0; e < m->n_experts; e++)
        choice[e] = scores[e] + (correction ? correction[e] : 0);
    if (m->groups_used < m->n_groups)
        limit_groups(m, choice, taken);
    for (int i = 0; i < m->n_used; i++) {
        expert[i] = best_of(choice, taken, m->n_experts);
        taken[expert[i]] = true;
        weight[i] = scores[expert[i]];
        sum += weight[i];
    }
    for (int i = 0; i < m->n_used; i++) {
        if (m->normalize)
            weight[i] /= m->router == WG_ROUTER_SIGMOID ? sum + 1e-20f : sum;
        weight[i] *= m->scale;
    }
}

/* Scores, choice, and the rows of each expert; ends in a barrier. */
static void route(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_moe_spec *m = &f->m->spec->layers[layer].mlp.moe;
    struct wg_moe_buffers *b = f->moe;
    int64_t d = f->m->spec->d_model, begin, end;
    int used = m->n_used;

    struct wg_packed in = wg_pack_rows(f, w, l->experts->router.type, f->x, d, d, &l->mlp_norm);
    wg_share(w, m->n_experts, 1, &begin, &end);
    wg_matmul_rows(f, &l->experts->router, in, b->scores, m->n_experts, begin, end);
    wg_barrier(w);
    wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++)
        choose(f, m, l->experts->correction, b->scores + t * m->n_experts, b->expert + t * used,
               b->weight + t * used);
    wg_barrier(w);
    if (w->index == 0) {
        memset(b->first, 0, ((size_t)m->n_experts + 1) * sizeof *b->first);
        for (int64_t i = 0; i < (int64_t)f->n * used; i++)
            b->first[b->expert[i] + 1]++;
        for (int e = 0; e < m->n_experts; e++)
            b->first[e + 1] += b->first[e];
        for (int64_t i = 0; i < (int64_t)f->n * used; i++) {
            b->slot[i] = b->first[b->expert[i]]++;
            b->token[b->slot[i]] = (int32_t)(i / used);
        }
        for (int e = m->n_experts; e > 0; e--)
            b->first[e] = b->first[e - 1];
        b->first[0] = 0;
    }
    wg_barrier(w);
}

/* Packs the gathered rows: norm(x) of each row's token, or the rows of `from`; ends in a barrier.
 */
static void pack_slots(const struct wg_forward *f, const struct wg_worker *w, int layer,
                       enum wg_type type, const float *from, int64_t cols)
{
    const struct wg_layer *l = &f->m->layers[layer];
    struct wg_moe_buffers *b = f->moe;
    const struct wg_matmul *mm = wg_matmul_of(f, type);
    float *tmp = (float *)(void *)(wg_own_memory(f, w) + f->pack_bytes + f->attn_scratch_bytes);
    int64_t begin, end;

    wg_share(w, (int64_t)f->n * f->m->spec->layers[layer].mlp.moe.n_used, 1, &begin, &end);
    for (int64_t s = begin; s < end; s++) {
        const float *row = tmp;
        if (from)
            row = from + s * b->ff_width;
        else
            wg_norm_row(f, f->x + b->token[s] * cols, &l->mlp_norm, tmp, cols);
        mm->pack(row, b->act + (size_t)s * b->act_bytes, cols);
    }
    wg_barrier(w);
}

/* y[slot] = W of the slot's expert times its packed row, rows [begin, end). */
static void multiply(const struct wg_forward *f, const struct wg_matrix *experts, int n_experts,
                     float *y, int64_t y_stride, int64_t begin, int64_t end)
{
    const struct wg_moe_buffers *b = f->moe;

    for (int e = 0; e < n_experts && begin < end; e++) {
        const struct wg_matrix *m = &experts[e];
        int64_t from = b->first[e], count = b->first[e + 1] - from;
        if (count == 0)
            continue;
        wg_matmul_of(f, m->type)
            ->run((const char *)m->data + (size_t)begin * m->stride, m->stride,
                  b->act + (size_t)from * b->act_bytes, b->act_bytes, m->cols,
                  y + from * y_stride + begin, y_stride, end - begin, count);
    }
}

static int64_t row_unit(const struct wg_forward *f, enum wg_type a, enum wg_type b)
{
    return WG_MAX(wg_matmul_of(f, a)->row_unit, wg_matmul_of(f, b)->row_unit);
}

/* f->moe->out = the experts' outputs for all rows; ends in a barrier. */
static void run_experts(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_experts *x = f->m->layers[layer].experts;
    const struct wg_mlp_spec *ms = &f->m->spec->layers[layer].mlp;
    struct wg_moe_buffers *b = f->moe;
    int64_t d = f->m->spec->d_model, begin, end, slots = (int64_t)f->n * ms->moe.n_used;
    enum wg_type gate = x->gate[0].type, up = x->up[0].type, down = x->down[0].type;

    pack_slots(f, w, layer, gate, NULL, d);
    wg_share(w, ms->d_ff, row_unit(f, gate, up), &begin, &end);
    multiply(f, x->gate, ms->moe.n_experts, b->gate, b->ff_width, begin, end);
    if (!wg_same_pack(f, gate, up)) {
        wg_barrier(w);
        pack_slots(f, w, layer, up, NULL, d);
    }
    multiply(f, x->up, ms->moe.n_experts, b->up, b->ff_width, begin, end);
    for (int64_t s = 0; s < slots; s++)
        f->k->gated(ms->act, b->gate + s * b->ff_width + begin, b->up + s * b->ff_width + begin,
                    end - begin);
    wg_barrier(w);
    pack_slots(f, w, layer, down, b->gate, ms->d_ff);
    wg_share(w, d, row_unit(f, down, down), &begin, &end);
    multiply(f, x->down, ms->moe.n_experts, b->out, d, begin, end);
    wg_barrier(w);
}

/* f->delta = output of the shared expert, times its gate; not behind a barrier. */
static void run_shared(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_experts *x = l->experts;
    const struct wg_mlp_spec *ms = &f->m->spec->layers[layer].mlp;
    int64_t d = f->m->spec->d_model, begin, end;

    if (ms->moe.shared_gate) {
        struct wg_packed in = wg_pack_rows(f, w, x->shared_score.type, f->x, d, d, &l->mlp_norm);
        if (w->index == 0)
            wg_matmul_rows(f, &x->shared_score, in, f->moe->shared, 1, 0, 1);
        wg_barrier(w);
    }
    wg_gated_hidden(f, w, ms, ms->moe.d_shared, &x->shared_gate, &x->shared_up, &l->mlp_norm);
    struct wg_packed in =
        wg_pack_rows(f, w, x->shared_down.type, f->ff, f->ff_width, ms->moe.d_shared, NULL);
    wg_share(w, d, wg_matmul_of(f, x->shared_down.type)->row_unit, &begin, &end);
    wg_matmul_rows(f, &x->shared_down, in, f->delta, d, begin, end);
    for (int64_t t = 0; ms->moe.shared_gate && t < f->n; t++)
        f->k->scale(f->delta + t * d + begin, 1.0f / (1.0f + expf(-f->moe->shared[t])),
                    end - begin);
}

void wg_moe(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_moe_spec *m = &f->m->spec->layers[layer].mlp.moe;
    const struct wg_moe_buffers *b = f->moe;
    int64_t d = f->m->spec->d_model, begin, end;

    route(f, w, layer);
    run_experts(f, w, layer);
    if (m->d_shared)
        run_shared(f, w, layer);
    wg_barrier(w);
    wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        float *delta = f->delta + t * d;
        if (!m->d_shared)
            memset(delta, 0, (size_t)d * sizeof *delta);
        for (int i = 0; i < m->n_used; i++)
            f->k->mul_add(delta, b->out + b->slot[t * m->n_used + i] * d,
                          b->weight[t * m->n_used + i], d);
    }
    wg_add_delta(f, w, &l->post_mlp_norm);
}
