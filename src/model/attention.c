/* Attention block: Q, K, V, norms and rotation of heads, cache, and the weighted sum. */
#include "model/forward_impl.h"

#include <math.h>
#include <string.h>

void wg_rotate(const struct wg_forward *f, const struct wg_attn_spec *a, float *head, int t)
{
    if (a->rope < 0)
        return;
    const struct wg_rope *r = &f->m->spec->ropes[a->rope];
    const float *cs = f->cs + ((int64_t)a->rope * f->max_tokens + t) * f->cs_width;
    if (r->layout == WG_ROPE_NEOX)
        f->k->rope_neox(head, cs, r->dims / 2);
    else
        f->k->rope_interleaved(head, cs, r->dims / 2);
}

/* Queries far into a text are made larger, so that attention stays sharp over many positions. */
static void scale_by_position(const struct wg_forward *f, const struct wg_attn_spec *a, float *q,
                              int64_t pos)
{
    if (a->temp_beta == 0 || a->temp_context < 1)
        return;
    double scale = 1 + (double)a->temp_beta * log1p((double)(pos / a->temp_context));
    f->k->scale(q, (float)scale, a->d_head);
}

void wg_kv_store(const struct wg_forward *f, const struct wg_kv *kv, char *dst, const float *src,
                 int64_t n)
{
    if (kv->type == WG_KV_F32)
        memcpy(dst, src, (size_t)n * sizeof *src);
    else
        f->k->f32_to_f16(src, (uint16_t *)(void *)dst, n);
}

/* Values from one query head to the next, and where head `head` of a token's Q, K, V is. */
static int64_t q_stride(const struct wg_attn_spec *a)
{
    return a->gated ? 2 * (int64_t)a->d_head : a->d_head;
}

static int64_t head_at(const struct wg_attn_spec *a, int64_t head)
{
    return head * a->d_head + WG_MIN(head, a->n_heads) * (q_stride(a) - a->d_head);
}

/* Norms and rotates one head of a token's Q; norms, rotates and stores one of its K; stores one of
 * V. */
static void finish_head(const struct wg_forward *f, int layer, int head, int t)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_batch_token *tok = &f->tokens[t];
    const struct wg_kv_layer *kl = &tok->kv->layers[layer];
    float *v = f->qkv + (int64_t)t * f->qkv_width + head_at(a, head);
    size_t pos = (size_t)tok->pos;

    if (head < a->n_heads) {
        if (a->qk_norm)
            wg_norm_row(f, v, &l->q_norm, v, a->d_head);
        wg_rotate(f, a, v, t);
        scale_by_position(f, a, v, tok->pos);
    } else if (head < a->n_heads + a->n_kv_heads) {
        int h = head - a->n_heads;
        if (a->qk_norm)
            wg_norm_row(f, v, &l->k_norm, v, a->d_head);
        wg_rotate(f, a, v, t);
        wg_kv_store(f, tok->kv, kl->k + (size_t)h * kl->k_head_bytes + pos * kl->k_row_bytes, v,
                    a->d_head);
    } else {
        int h = head - a->n_heads - a->n_kv_heads;
        wg_kv_store(f, tok->kv, kl->v + (size_t)h * kl->v_head_bytes + pos * kl->v_row_bytes, v,
                    a->d_head);
    }
}

/* Q, K and V, whole heads a thread, so that no barrier is needed before the rotation. */
static void project_qkv(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_spec *s = f->m->spec;
    const struct wg_attn_spec *a = &s->layers[layer].attn;
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_matrix *parts[3] = {&l->q, &l->k, &l->v};
    const int heads[3] = {a->n_heads, a->n_kv_heads, a->n_kv_heads};
    struct wg_packed in = {0};
    int64_t begin, end;
    int first = 0;

    wg_share(w, a->n_heads + 2 * (int64_t)a->n_kv_heads, 1, &begin, &end);
    for (int p = 0; p < 3; p++) {
        /* Matrices of one layer may differ in type and so in the packing they need. */
        if (p > 0 && !wg_same_pack(f, parts[p - 1]->type, parts[p]->type))
            wg_repack_barrier(f, w);
        if (p == 0 || !wg_same_pack(f, parts[p - 1]->type, parts[p]->type))
            in = wg_pack_rows(f, w, parts[p]->type, f->x, s->d_model, s->d_model, &l->attn_norm);
        int64_t lo = WG_MAX(begin, first) - first, hi = WG_MIN(end, first + heads[p]) - first;
        int64_t width = p == 0 ? q_stride(a) : a->d_head;
        wg_matmul_rows(f, parts[p], in, f->qkv + head_at(a, first), f->qkv_width, lo * width,
                       hi * width);
        first += heads[p];
    }
    for (int t = 0; t < f->n; t++)
        for (int64_t h = begin; h < end; h++)
            finish_head(f, layer, (int)h, t);
    wg_barrier(w);
}

static void gate_head(const struct wg_attn_spec *a, const float *gate, float *out)
{
    for (int i = 0; i < a->d_head; i++)
        out[i] *= 1.0f / (1.0f + expf(-gate[i]));
}

/* The query heads of KV head g for token t. */
static void attend(const struct wg_forward *f, const struct wg_worker *w, int layer, int t, int g)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    const struct wg_batch_token *tok = &f->tokens[t];
    const struct wg_kv_layer *kl = &tok->kv->layers[layer];
    int group = a->n_heads / a->n_kv_heads;
    int64_t visible = tok->pos + 1, first = 0;

    if (a->window > 0 && visible > a->window) {
        first = visible - a->window;
        visible = a->window;
    }
    struct wg_attn_args args = {
        .q = f->qkv + (int64_t)t * f->qkv_width + head_at(a, (int64_t)g * group),
        .k = kl->k + (size_t)g * kl->k_head_bytes + (size_t)first * kl->k_row_bytes,
        .v = kl->v + (size_t)g * kl->v_head_bytes + (size_t)first * kl->v_row_bytes,
        .out = f->attn + (int64_t)t * f->attn_width + (int64_t)g * group * a->d_head,
        .q_stride = q_stride(a),
        .out_stride = a->d_head,
        .k_stride = kl->k_row_bytes,
        .v_stride = kl->v_row_bytes,
        .n_kv = visible,
        .n_heads = group,
        .d_k = a->d_head,
        .d_v = a->d_head,
        .scale = a->scale,
        .softcap = a->softcap,
        .scratch = wg_own_memory(f, w) + f->pack_bytes,
    };
    f->k->attn[tok->kv->type](&args);
    for (int h = 0; a->gated && h < group; h++)
        gate_head(a, args.q + h * args.q_stride + a->d_head, args.out + h * args.out_stride);
}

void wg_attention(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;

    if (a->mla.kv_rank) {
        wg_mla(f, w, layer);
        return;
    }
    project_qkv(f, w, layer);
    /* Later tokens see more positions: dealing them out in turn evens the load. */
    for (int64_t i = w->index; i < (int64_t)f->n * a->n_kv_heads; i += w->count)
        attend(f, w, layer, (int)(i / a->n_kv_heads), (int)(i % a->n_kv_heads));
    wg_barrier(w);
}
