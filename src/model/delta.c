/*
 * Gated delta net (spec.h, struct wg_delta_spec): projections, convolution, scan over the tokens.
 *
 * A session's state is carried from token to token, so that one prompt gives the same bits however
 * it is cut: the heads are shared among the threads, and a thread takes the tokens in the order of
 * the batch, each with the state of its own session.
 */
#include "model/forward_impl.h"

#include <math.h>
#include <string.h>

static int64_t place(const struct wg_heads *h, int64_t group, int64_t head)
{
    return h->first + group * h->group + head * h->head;
}

/* All projections side by side in f->qkv; ends in a barrier. */
static void project(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_delta *n = l->delta;
    int64_t d = f->m->spec->d_model, at = 0, begin, end;
    struct wg_packed in = {0};

    for (int p = 0; p < n->n_in; p++) {
        const struct wg_matrix *m = &n->in[p];
        bool same = p > 0 && wg_same_pack(f, n->in[p - 1].type, m->type);
        if (p > 0 && !same)
            wg_repack_barrier(f, w);
        if (!same)
            in = wg_pack_rows(f, w, m->type, f->x, d, d, &l->attn_norm);
        wg_share(w, m->rows, wg_matmul_of(f, m->type)->row_unit, &begin, &end);
        wg_matmul_rows(f, m, in, f->qkv + at, f->qkv_width, begin, end);
        at += m->rows;
    }
    wg_barrier(w);
}

/* y = the convolution of n channels at x, of the inputs before it in `past` (rows `channels`
 * apart), which x then joins. */
static void convolve(const float *taps, int n_taps, int64_t channels, float *past, const float *x,
                     float *y, int64_t n)
{
    const float *own = taps + (n_taps - 1) * channels;

    memset(y, 0, (size_t)n * sizeof *y);
    for (int j = 0; j + 1 < n_taps; j++)
        for (int64_t c = 0; c < n; c++)
            y[c] += taps[j * channels + c] * past[j * channels + c];
    for (int64_t c = 0; c < n; c++)
        y[c] += own[c] * x[c];
    for (int j = 0; j + 2 < n_taps; j++)
        memcpy(past + j * channels, past + (j + 1) * channels, (size_t)n * sizeof *past);
    if (n_taps > 1)
        memcpy(past + (n_taps - 2) * channels, x, (size_t)n * sizeof *past);
}

/* x / sqrt(x.x + 1e-6), times `scale`. */
static void to_length(const struct wg_forward *f, float *x, int64_t n, double scale)
{
    f->k->scale(x, (float)(scale / sqrt((double)f->k->dot(x, x, n) + 1e-6)), n);
}

/* Heads of Q, of K and of V are one list here; one of them, for all tokens. */
static void convolve_head(const struct wg_forward *f, int layer, int64_t head)
{
    const struct wg_delta_spec *d = &f->m->spec->layers[layer].delta;
    const struct wg_delta *n = f->m->layers[layer].delta;
    int64_t channels = wg_delta_channels(d), keys = d->n_k_heads, value = head - 2 * keys, from, to;
    int64_t per_key = d->n_v_heads / d->n_k_heads, width = value < 0 ? d->d_k : d->d_v;

    if (value >= 0)
        from = place(&n->v, value / per_key, value % per_key);
    else
        from = head < keys ? place(&n->q, head, 0) : place(&n->k, head - keys, 0);
    to = value < 0 ? head * d->d_k : 2 * keys * d->d_k + value * d->d_v;
    for (int t = 0; t < f->n; t++) {
        float *y = f->conv + t * f->conv_width + to;
        convolve(n->conv + to, d->taps, channels, f->tokens[t].kv->layers[layer].past + to,
                 f->qkv + t * f->qkv_width + from, y, width);
        f->k->gated(d->act, y, NULL, width);
        if (value < 0)
            to_length(f, y, width, head < keys ? 1 / sqrt((double)d->d_k) : 1);
    }
}

/* ln(1 + e^x) */
static float softplus(float x)
{
    return x > 20 ? x : log1pf(expf(x));
}

/* One token through the state of value head (g, j): the head's output goes to `out`. */
static void scan_token(const struct wg_forward *f, int layer, int64_t g, int64_t j, int t,
                       float *out)
{
    const struct wg_delta_spec *d = &f->m->spec->layers[layer].delta;
    const struct wg_delta *n = f->m->layers[layer].delta;
    const float *in = f->qkv + t * f->qkv_width, *conv = f->conv + t * f->conv_width;
    int64_t h = g * (d->n_v_heads / d->n_k_heads) + j, keys = (int64_t)d->n_k_heads * d->d_k;
    const float *q = conv + g * d->d_k, *k = q + keys, *v = conv + 2 * keys + h * d->d_v;
    float *state = f->tokens[t].kv->layers[layer].state + h * d->d_v * d->d_k;
    float beta = 1.0f / (1.0f + expf(-in[place(&n->beta, g, j)]));
    float decay = expf(n->decay[h] * softplus(in[place(&n->alpha, g, j)] + n->dt[h]));

    f->k->scale(state, decay, (int64_t)d->d_v * d->d_k);
    for (int i = 0; i < d->d_v; i++) {
        float *row = state + (int64_t)i * d->d_k;
        f->k->mul_add(row, k, beta * (v[i] - f->k->dot(row, k, d->d_k)), d->d_k);
        out[i] = f->k->dot(row, q, d->d_k);
    }
}

/* Value head (g, j) for all tokens, normed and gated, to its place in f->attn. */
static void scan_head(const struct wg_forward *f, int layer, int64_t g, int64_t j)
{
    const struct wg_delta_spec *d = &f->m->spec->layers[layer].delta;
    const struct wg_delta *n = f->m->layers[layer].delta;

    for (int t = 0; t < f->n; t++) {
        float *out = f->attn + t * f->attn_width + place(&n->out, g, j);
        float *z = f->qkv + t * f->qkv_width + place(&n->z, g, j);
        scan_token(f, layer, g, j, t, out);
        wg_norm_row(f, out, &n->norm, out, d->d_v);
        f->k->gated(WG_ACT_SILU, z, out, d->d_v);
        memcpy(out, z, (size_t)d->d_v * sizeof *out);
    }
}

void wg_delta_net(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_delta_spec *d = &f->m->spec->layers[layer].delta;
    int64_t per_key = d->n_v_heads / d->n_k_heads, begin, end;

    project(f, w, layer);
    wg_share(w, 2 * (int64_t)d->n_k_heads + d->n_v_heads, 1, &begin, &end);
    for (int64_t h = begin; h < end; h++)
        convolve_head(f, layer, h);
    wg_barrier(w);
    wg_share(w, d->n_v_heads, 1, &begin, &end);
    for (int64_t h = begin; h < end; h++)
        scan_head(f, layer, h / per_key, h % per_key);
    wg_barrier(w);
}
