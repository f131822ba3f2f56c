/* The forward pass: buffers, embedding, the layers in order, output head. */
#include "model/forward_impl.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum { BUF_ALIGN = 64 };

struct sizes {
    int64_t qkv, attn, conv, ff, rope, max_cols, latent;
    int64_t row; /* of a thread's own scratch */
    size_t attn_scratch;
};

static size_t align_up(size_t n)
{
    return (n + BUF_ALIGN - 1) & ~(size_t)(BUF_ALIGN - 1);
}

static void widen_for_attention(struct sizes *z, const struct wg_attn_spec *a)
{
    int64_t q = (int64_t)a->n_heads * a->d_head, kv = (int64_t)a->n_kv_heads * a->d_head;
    size_t scratch = wg_attn_scratch_bytes(a->n_heads / a->n_kv_heads, a->d_head, a->d_head);

    z->qkv = WG_MAX(z->qkv, (a->gated ? 2 * q : q) + 2 * kv);
    z->attn = WG_MAX(z->attn, q);
    z->attn_scratch = WG_MAX(z->attn_scratch, scratch);
}

/* Compressed Q and KV stand in the same row as the full Q. */
static void widen_for_latent(struct sizes *z, const struct wg_attn_spec *a)
{
    const struct wg_mla_spec *m = &a->mla;
    int width = m->kv_rank + m->d_rope;

    z->qkv = WG_MAX(z->qkv, (int64_t)a->n_heads * a->d_head + m->q_rank + width);
    z->latent = WG_MAX(z->latent, (int64_t)a->n_heads * (width + m->kv_rank));
    z->row = WG_MAX(z->row, m->kv_rank);
    z->attn = WG_MAX(z->attn, (int64_t)a->n_heads * m->d_v);
    z->max_cols = WG_MAX(z->max_cols, m->q_rank);
    z->attn_scratch = WG_MAX(z->attn_scratch, wg_attn_scratch_bytes(a->n_heads, width, m->kv_rank));
}

static void widen_for_delta(struct sizes *z, const struct wg_delta_spec *d)
{
    int64_t channels = wg_delta_channels(d), values = (int64_t)d->n_v_heads * d->d_v;

    z->qkv = WG_MAX(z->qkv, channels + values + 2 * (int64_t)d->n_v_heads);
    z->conv = WG_MAX(z->conv, channels);
    z->attn = WG_MAX(z->attn, values);
}

static struct sizes widths(const struct wg_spec *s)
{
    struct sizes z = {.max_cols = s->d_model, .row = s->d_model};

    for (int i = 0; i < s->n_layers; i++) {
        const struct wg_layer_spec *l = &s->layers[i];
        z.ff = WG_MAX(z.ff, WG_MAX(l->mlp.d_ff, l->mlp.moe.d_shared));
        if (l->mixer == WG_MIXER_DELTA)
            widen_for_delta(&z, &l->delta);
        else
            widen_for_attention(&z, &l->attn);
        if (l->attn.mla.kv_rank)
            widen_for_latent(&z, &l->attn);
    }
    z.max_cols = WG_MAX(z.max_cols, WG_MAX(z.attn, z.ff));
    for (int i = 0; i < s->n_ropes; i++)
        z.rope = WG_MAX(z.rope, s->ropes[i].dims);
    return z;
}

/* Largest packed row that any matrix of any type in the table asks for. */
static size_t max_act_bytes(int64_t cols)
{
    const struct wg_kernels *k = wg_kernels();
    size_t most = 0;

    for (int t = 0; t < WG_TYPE_LIMIT; t++) {
        const struct wg_type_info *info = wg_type_info((uint32_t)t);
        if (!info || !k->matmul[t].run)
            continue;
        int64_t block = info->block_values, padded = (cols + block - 1) / block * block;
        most = WG_MAX(most, k->matmul[t].act_bytes(padded));
        most = WG_MAX(most, k->matmul_exact[t].act_bytes(padded));
    }
    return align_up(most);
}

uint64_t wg_forward_bytes(const struct wg_spec *s, int max_tokens, int threads)
{
    struct sizes z = widths(s);
    uint64_t t = (uint64_t)max_tokens;
    uint64_t floats = (uint64_t)(2 * s->d_model + z.latent + z.qkv + z.attn + z.conv + 2 * z.ff) +
                      (uint64_t)(z.rope * s->n_ropes);
    size_t pack = max_act_bytes(z.max_cols);

    return t * (4 * floats + pack) +
           (uint64_t)threads * (WG_PRIVATE_PACK_TOKENS * pack + align_up(z.attn_scratch) +
                                align_up((size_t)z.row * 4)) +
           wg_moe_buffer_bytes(s, max_tokens, pack);
}

static bool alloc_floats(float **p, int64_t rows, int64_t width)
{
    size_t n;

    if (!wg_mul_ok((size_t)rows, (size_t)width, &n))
        return false;
    *p = wg_alloc_aligned(BUF_ALIGN, n + 16, sizeof **p);
    return *p != NULL;
}

enum wg_status wg_forward_new(const struct wg_model *m, int max_tokens, int threads, bool exact,
                              struct wg_forward **out, struct wg_err *err)
{
    const struct wg_spec *s = m->spec;
    struct sizes z = widths(s);
    struct wg_forward *f = wg_calloc(1, sizeof *f);

    if (!f)
        return wg_oom(err, "the forward pass");
    *f = (struct wg_forward){.m = m,
                             .k = wg_kernels(),
                             .max_tokens = max_tokens,
                             .threads = threads,
                             .exact = exact,
                             .qkv_width = z.qkv,
                             .attn_width = z.attn,
                             .conv_width = z.conv,
                             .ff_width = z.ff,
                             .cs_width = z.rope,
                             .latent_width = z.latent,
                             .act_bytes = max_act_bytes(z.max_cols),
                             .attn_scratch_bytes = align_up(z.attn_scratch)};
    f->pack_bytes = WG_PRIVATE_PACK_TOKENS * f->act_bytes;
    f->own_bytes = f->pack_bytes + f->attn_scratch_bytes + align_up((size_t)z.row * 4);
    int64_t t = max_tokens;
    bool ok = alloc_floats(&f->x, t, s->d_model) && alloc_floats(&f->delta, t, s->d_model) &&
              alloc_floats(&f->qkv, t, z.qkv) && alloc_floats(&f->attn, t, z.attn) &&
              alloc_floats(&f->conv, t, z.conv) && alloc_floats(&f->ff, 2 * t, z.ff) &&
              alloc_floats(&f->cs, t * s->n_ropes, z.rope) && alloc_floats(&f->latent, t, z.latent);
    f->act = ok ? wg_alloc_aligned(BUF_ALIGN, (size_t)t, f->act_bytes) : NULL;
    f->own = ok ? wg_alloc_aligned(BUF_ALIGN, (size_t)threads, f->own_bytes) : NULL;
    if (!ok || !f->act || !f->own) {
        wg_forward_free(f);
        return wg_fail(err, WG_E_OOM, "no memory for the work buffers of %d tokens", max_tokens);
    }
    enum wg_status st = wg_moe_buffers_new(s, max_tokens, f->act_bytes, &f->moe, err);
    if (st != WG_OK) {
        wg_forward_free(f);
        return st;
    }
    *out = f;
    return WG_OK;
}

void wg_forward_free(struct wg_forward *f)
{
    if (!f)
        return;
    wg_free(f->x);
    wg_free(f->delta);
    wg_free(f->qkv);
    wg_free(f->attn);
    wg_free(f->conv);
    wg_free(f->ff);
    wg_free(f->cs);
    wg_free(f->latent);
    wg_free(f->act);
    wg_free(f->own);
    wg_moe_buffers_free(f->moe);
    wg_free(f);
}

void wg_norm_row(const struct wg_forward *f, const float *x, const struct wg_norm *norm, float *y,
                 int64_t n)
{
    const struct wg_spec *s = f->m->spec;

    if (s->norm == WG_NORM_RMS)
        f->k->rmsnorm(x, norm->weight, y, n, s->norm_eps);
    else
        f->k->layernorm(x, norm->weight, norm->bias, y, n, s->norm_eps);
}

struct wg_packed wg_pack_rows(const struct wg_forward *f, const struct wg_worker *w,
                              enum wg_type type, const float *x, int64_t x_stride, int64_t cols,
                              const struct wg_norm *norm)
{
    const struct wg_matmul *mm = wg_matmul_of(f, type);
    bool own = f->n <= WG_PRIVATE_PACK_TOKENS;
    char *dst = own ? wg_own_memory(f, w) : f->act;
    float *tmp = (float *)(void *)(wg_own_memory(f, w) + f->pack_bytes + f->attn_scratch_bytes);
    struct wg_packed p = {.rows = dst, .stride = align_up(mm->act_bytes(cols))};
    int64_t begin = 0, end = f->n;

    if (!own)
        wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        const float *row = x + t * x_stride;
        if (norm) {
            wg_norm_row(f, row, norm, tmp, cols);
            row = tmp;
        }
        mm->pack(row, dst + (size_t)t * p.stride, cols);
    }
    if (!own)
        wg_barrier(w);
    return p;
}

bool wg_same_pack(const struct wg_forward *f, enum wg_type a, enum wg_type b)
{
    return wg_matmul_of(f, a)->pack == wg_matmul_of(f, b)->pack;
}

void wg_repack_barrier(const struct wg_forward *f, const struct wg_worker *w)
{
    if (f->n > WG_PRIVATE_PACK_TOKENS)
        wg_barrier(w);
}

void wg_matmul_rows(const struct wg_forward *f, const struct wg_matrix *m, struct wg_packed a,
                    float *y, int64_t y_stride, int64_t begin, int64_t end)
{
    if (begin >= end)
        return;
    wg_matmul_of(f, m->type)
        ->run((const char *)m->data + (size_t)begin * m->stride, m->stride, a.rows, a.stride,
              m->cols, y + begin, y_stride, end - begin, f->n);
    if (!m->bias)
        return;
    for (int64_t t = 0; t < f->n; t++)
        f->k->add(y + t * y_stride + begin, m->bias + begin, end - begin);
}

void wg_add_projection(const struct wg_forward *f, const struct wg_worker *w,
                       const struct wg_matrix *m, const struct wg_norm *norm, const float *in,
                       int64_t in_stride)
{
    int64_t d = f->m->spec->d_model, begin, end;
    struct wg_packed a = wg_pack_rows(f, w, m->type, in, in_stride, m->cols, NULL);

    wg_share(w, m->rows, wg_matmul_of(f, m->type)->row_unit, &begin, &end);
    wg_matmul_rows(f, m, a, f->delta, d, begin, end);
    if (norm->weight) {
        wg_add_delta(f, w, norm);
        return;
    }
    for (int64_t t = 0; t < f->n; t++)
        f->k->add(f->x + t * d + begin, f->delta + t * d + begin, end - begin);
    wg_barrier(w);
}

void wg_add_delta(const struct wg_forward *f, const struct wg_worker *w, const struct wg_norm *norm)
{
    int64_t d = f->m->spec->d_model, begin, end;

    /* A norm needs whole rows: the threads share tokens. */
    wg_barrier(w);
    wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        if (norm->weight)
            wg_norm_row(f, f->delta + t * d, norm, f->delta + t * d, d);
        f->k->add(f->x + t * d, f->delta + t * d, d);
    }
    wg_barrier(w);
}

/* Cosines and sines of one token for every rotary embedding. */
static void turn(const struct wg_forward *f, int64_t t)
{
    const struct wg_spec *s = f->m->spec;
    const struct wg_batch_token *tok = &f->tokens[t];

    for (int r = 0; r < s->n_ropes; r++) {
        const struct wg_rope *rope = &s->ropes[r];
        const double *freq = tok->kv->long_text && rope->inv_freq_long ? rope->inv_freq_long
                                                                       : rope->inv_freq;
        float *cs = f->cs + ((int64_t)r * f->max_tokens + t) * f->cs_width;
        for (int i = 0; i < rope->dims / 2; i++) {
            double angle = (double)tok->pos * freq[i];
            cs[2 * i] = (float)cos(angle) * rope->mscale;
            cs[2 * i + 1] = (float)sin(angle) * rope->mscale;
        }
    }
}

static void embed(const struct wg_forward *f, const struct wg_worker *w)
{
    const struct wg_model *m = f->m;
    const struct wg_spec *s = m->spec;
    int64_t begin, end;

    wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        float *x = f->x + t * s->d_model;
        f->k->dequant[m->embed.type](
            (const char *)m->embed.data + (size_t)f->tokens[t].id * m->embed.stride, x, s->d_model);
        if (s->embed_scale != 1.0f)
            f->k->scale(x, s->embed_scale, s->d_model);
        turn(f, t);
    }
    wg_barrier(w);
}

/* Logits of `count` tokens whose rows follow each other in memory. */
static void output_run(const struct wg_forward *f, const struct wg_worker *w, struct wg_packed in,
                       float *y, int64_t count)
{
    const struct wg_model *m = f->m;
    const struct wg_matmul *mm = wg_matmul_of(f, m->output.type);
    float cap = m->spec->logit_softcap;
    int64_t vocab = m->spec->n_vocab, begin, end;

    wg_share(w, vocab, mm->row_unit, &begin, &end);
    if (begin == end)
        return;
    mm->run((const char *)m->output.data + (size_t)begin * m->output.stride, m->output.stride,
            in.rows, in.stride, m->spec->d_model, y + begin, vocab, end - begin, count);
    for (int64_t t = 0; t < count; t++) {
        float *row = y + t * vocab;
        if (m->output.bias)
            f->k->add(row + begin, m->output.bias + begin, end - begin);
        for (int64_t i = begin; cap > 0 && i < end; i++)
            row[i] = cap * tanhf(row[i] / cap);
    }
}

/* Final norm and output head, for the tokens that ask for logits only. */
static void output(const struct wg_forward *f, const struct wg_worker *w)
{
    const struct wg_model *m = f->m;
    int64_t vocab = m->spec->n_vocab;

    struct wg_packed in = wg_pack_rows(f, w, m->output.type, f->x, m->spec->d_model,
                                       m->spec->d_model, &m->output_norm);
    for (int t = 0; t < f->n;) {
        float *y = f->tokens[t].logits;
        int count = 1;
        if (!y) {
            t++;
            continue;
        }
        while (t + count < f->n && f->tokens[t + count].logits == y + count * vocab)
            count++;
        struct wg_packed run = {.rows = in.rows + (size_t)t * in.stride, .stride = in.stride};
        output_run(f, w, run, y, count);
        t += count;
    }
}

static void run_layer(const struct wg_forward *f, const struct wg_worker *w, int i)
{
    const struct wg_layer *l = &f->m->layers[i];
    bool parallel = f->m->spec->parallel;

    if (l->delta)
        wg_delta_net(f, w, i);
    else
        wg_attention(f, w, i);
    if (parallel)
        wg_mlp_hidden(f, w, i, &l->attn_norm);
    wg_add_projection(f, w, &l->o, &l->post_attn_norm, f->attn, f->attn_width);
    if (l->experts) {
        wg_moe(f, w, i);
        return;
    }
    if (!parallel)
        wg_mlp_hidden(f, w, i, &l->mlp_norm);
    wg_add_projection(f, w, &l->down, &l->post_mlp_norm, f->ff, f->ff_width);
}

static void run_layers(void *arg, const struct wg_worker *w)
{
    const struct wg_forward *f = arg;

    embed(f, w);
    for (int i = 0; i < f->m->spec->n_layers; i++)
        run_layer(f, w, i);
    if (f->wants_logits)
        output(f, w);
}

void wg_forward_run(struct wg_forward *f, struct wg_pool *pool, const struct wg_batch_token *tokens,
                    int n)
{
    f->tokens = tokens;
    f->n = n;
    f->wants_logits = false;
    for (int i = 0; i < n; i++)
        f->wants_logits |= tokens[i].logits != NULL;
    wg_pool_run(pool, run_layers, f);
    for (int i = 0; i < n; i++)
        tokens[i].kv->length = WG_MAX(tokens[i].kv->length, tokens[i].pos + 1);
}
