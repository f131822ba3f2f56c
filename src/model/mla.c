/*
 * Latent attention in absorbed form (DeepSeek-V2 2024, section 2.1): with the matrices W_UK and
 * W_UV that make a head's key and value of the latent c, q . k = (W_UK^T q_nope) . c + q_rope .
 * k_rope      out = W_UV (sum over positions of p c) so the cache holds c and k_rope only, one row
 * for all heads.
 */
#include "model/forward_impl.h"

#include <string.h>

enum {
    /* Heads that one call of the attention kernel takes: enough to reuse a cache row, few enough to
     * share out. */
    HEADS_A_CALL = 8,
};

/* The latents' norms have an epsilon of their own, whatever the configuration says. */
static const float latent_eps = 1e-6f;

/* The rows of a head in kv_b: d_nope of W_UK, then d_v of W_UV. */
static const char *head_rows(const struct wg_matrix *kv_b, const struct wg_mla_spec *m, int head)
{
    return (const char *)kv_b->data + (size_t)head * (size_t)(m->d_nope + m->d_v) * kv_b->stride;
}

/* One row as f32, in this thread's scratch row. */
static const float *row_f32(const struct wg_forward *f, const struct wg_worker *w,
                            const struct wg_matrix *m, const char *row)
{
    float *tmp = (float *)(void *)(wg_own_memory(f, w) + f->pack_bytes + f->attn_scratch_bytes);

    f->k->dequant[m->type](row, tmp, m->cols);
    return tmp;
}

/* q of all tokens in f->qkv, and behind it the latent and rotated key (not normed yet). */
static void project(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_latent *x = l->latent;
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    const struct wg_mla_spec *m = &a->mla;
    int64_t d = f->m->spec->d_model, begin, end;
    float *kv = f->qkv + (int64_t)a->n_heads * a->d_head;
    float *q_a = kv + m->kv_rank + m->d_rope;
    const struct wg_matrix *first = m->q_rank ? &x->q_a : &l->q;
    struct wg_packed in = wg_pack_rows(f, w, first->type, f->x, d, d, &l->attn_norm);

    wg_share(w, first->rows, wg_matmul_of(f, first->type)->row_unit, &begin, &end);
    wg_matmul_rows(f, first, in, m->q_rank ? q_a : f->qkv, f->qkv_width, begin, end);
    if (!wg_same_pack(f, first->type, x->kv_a.type)) {
        wg_repack_barrier(f, w);
        in = wg_pack_rows(f, w, x->kv_a.type, f->x, d, d, &l->attn_norm);
    }
    wg_share(w, x->kv_a.rows, wg_matmul_of(f, x->kv_a.type)->row_unit, &begin, &end);
    wg_matmul_rows(f, &x->kv_a, in, kv, f->qkv_width, begin, end);
    wg_barrier(w);
    if (!m->q_rank)
        return;
    wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++)
        f->k->rmsnorm(q_a + t * f->qkv_width, x->q_norm, q_a + t * f->qkv_width, m->q_rank,
                      latent_eps);
    wg_barrier(w);
    in = wg_pack_rows(f, w, x->q_b.type, q_a, f->qkv_width, m->q_rank, NULL);
    wg_share(w, x->q_b.rows, wg_matmul_of(f, x->q_b.type)->row_unit, &begin, &end);
    wg_matmul_rows(f, &x->q_b, in, f->qkv, f->qkv_width, begin, end);
    wg_barrier(w);
}

/* Norms and rotates the cache row of a token and stores it. */
static void store_latent(const struct wg_forward *f, int layer, int t)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    const struct wg_mla_spec *m = &a->mla;
    const struct wg_batch_token *tok = &f->tokens[t];
    const struct wg_kv_layer *kl = &tok->kv->layers[layer];
    float *kv = f->qkv + (int64_t)t * f->qkv_width + (int64_t)a->n_heads * a->d_head;

    f->k->rmsnorm(kv, f->m->layers[layer].latent->kv_norm, kv, m->kv_rank, latent_eps);
    wg_rotate(f, a, kv + m->kv_rank, t);
    wg_kv_store(f, tok->kv, kl->k + (size_t)tok->pos * kl->k_row_bytes, kv, m->kv_rank + m->d_rope);
}

/* The query of one head in the latent's space: W_UK^T q_nope, then the rotated part. */
static void absorb(const struct wg_forward *f, const struct wg_worker *w, int layer, int t,
                   int head)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    const struct wg_mla_spec *m = &a->mla;
    const struct wg_matrix *kv_b = &f->m->layers[layer].latent->kv_b;
    const char *rows = head_rows(kv_b, m, head);
    float *q = f->qkv + (int64_t)t * f->qkv_width + (int64_t)head * a->d_head;
    float *out = f->latent + (int64_t)t * f->latent_width +
                 (int64_t)head * (m->kv_rank + m->d_rope);

    memset(out, 0, (size_t)m->kv_rank * sizeof *out);
    for (int i = 0; i < m->d_nope; i++)
        f->k->mul_add(out, row_f32(f, w, kv_b, rows + (size_t)i * kv_b->stride), q[i], m->kv_rank);
    wg_rotate(f, a, q + m->d_nope, t);
    memcpy(out + m->kv_rank, q + m->d_nope, (size_t)m->d_rope * sizeof *out);
}

/* Heads [from, from + n) of token t: the weighted latents, behind all queries, then W_UV of them.
 */
static void attend(const struct wg_forward *f, const struct wg_worker *w, int layer, int t,
                   int from, int n)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    const struct wg_mla_spec *m = &a->mla;
    const struct wg_matrix *kv_b = &f->m->layers[layer].latent->kv_b;
    const struct wg_batch_token *tok = &f->tokens[t];
    const struct wg_kv_layer *kl = &tok->kv->layers[layer];
    int width = m->kv_rank + m->d_rope;
    float *q = f->latent + (int64_t)t * f->latent_width + (int64_t)from * width;
    float *sums = f->latent + (int64_t)t * f->latent_width + (int64_t)a->n_heads * width;
    struct wg_attn_args args = {
        .q = q,
        .k = kl->k,
        .v = kl->k,
        .out = sums + (int64_t)from * m->kv_rank,
        .q_stride = width,
        .out_stride = m->kv_rank,
        .k_stride = kl->k_row_bytes,
        .v_stride = kl->k_row_bytes,
        .n_kv = tok->pos + 1,
        .n_heads = n,
        .d_k = width,
        .d_v = m->kv_rank,
        .scale = a->scale,
        .scratch = wg_own_memory(f, w) + f->pack_bytes,
    };

    f->k->attn[tok->kv->type](&args);
    for (int h = from; h < from + n; h++) {
        const char *rows = head_rows(kv_b, m, h) + (size_t)m->d_nope * kv_b->stride;
        float *out = f->attn + (int64_t)t * f->attn_width + (int64_t)h * m->d_v;
        for (int i = 0; i < m->d_v; i++)
            out[i] = f->k->dot(row_f32(f, w, kv_b, rows + (size_t)i * kv_b->stride),
                               sums + (int64_t)h * m->kv_rank, m->kv_rank);
    }
}

void wg_mla(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_attn_spec *a = &f->m->spec->layers[layer].attn;
    int calls = (a->n_heads + HEADS_A_CALL - 1) / HEADS_A_CALL;

    project(f, w, layer);
    for (int t = w->index; t < f->n; t += w->count)
        store_latent(f, layer, t);
    for (int64_t i = w->index; i < (int64_t)f->n * a->n_heads; i += w->count)
        absorb(f, w, layer, (int)(i / a->n_heads), (int)(i % a->n_heads));
    wg_barrier(w);
    for (int64_t i = w->index; i < (int64_t)f->n * calls; i += w->count) {
        int from = (int)(i % calls) * HEADS_A_CALL;
        attend(f, w, layer, (int)(i / calls), from, WG_MIN(HEADS_A_CALL, a->n_heads - from));
    }
    wg_barrier(w);
}
