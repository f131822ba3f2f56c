#include "model/forward.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum {
    BUF_ALIGN = 64,
    /* Up to this many tokens every thread norms and packs all of them for itself: cheaper than a
     * barrier. The values are the same either way. */
    PRIVATE_PACK_TOKENS = 2,
};

struct wg_forward {
    const struct wg_model *m;
    const struct wg_kernels *k;
    int max_tokens, threads;
    bool exact;

    float *x;     /* [tokens][d_model] residual stream */
    float *qkv;   /* [tokens][qkv_width] */
    float *attn;  /* [tokens][max heads * d_head] */
    float *ff;    /* [tokens][2][max d_ff] gate, then up */
    float *delta; /* [tokens][d_model] output of a block before it is added */
    float *cs;    /* [ropes][tokens][max dims] cosine, sine pairs */
    char *act;    /* [tokens][act_bytes] packed activations, shared */
    char *own;    /* [threads][own_bytes]: private packs, attention scratch */
    size_t act_bytes, own_bytes, attn_scratch_bytes, pack_bytes;
    int64_t qkv_width, attn_width, ff_width, cs_width;

    const struct wg_batch_token *tokens;
    int n;
    bool wants_logits;
};

struct sizes {
    int64_t qkv, attn, ff, rope, max_cols;
    size_t attn_scratch;
};

static size_t align_up(size_t n)
{
    return (n + BUF_ALIGN - 1) & ~(size_t)(BUF_ALIGN - 1);
}

static struct sizes widths(const struct wg_spec *s)
{
    struct sizes z = {.max_cols = s->d_model};

    for (int i = 0; i < s->n_layers; i++) {
        const struct wg_attn_spec *a = &s->layers[i].attn;
        int64_t q = (int64_t)a->n_heads * a->d_head, kv = (int64_t)a->n_kv_heads * a->d_head;
        size_t scratch = wg_attn_scratch_bytes(a->n_heads / a->n_kv_heads, a->d_head, a->d_head);
        z.qkv = WG_MAX(z.qkv, q + 2 * kv);
        z.attn = WG_MAX(z.attn, q);
        z.ff = WG_MAX(z.ff, s->layers[i].mlp.d_ff);
        z.attn_scratch = WG_MAX(z.attn_scratch, scratch);
    }
    z.max_cols = WG_MAX(z.max_cols, WG_MAX(z.attn, z.ff));
    for (int i = 0; i < s->n_ropes; i++)
        z.rope = WG_MAX(z.rope, s->ropes[i].dims);
    return z;
}

static const struct wg_matmul *matmul_of(const struct wg_forward *f, enum wg_type type)
{
    return f->exact ? &f->k->matmul_exact[type] : &f->k->matmul[type];
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
    uint64_t floats = (uint64_t)(2 * s->d_model + z.qkv + z.attn + 2 * z.ff) +
                      (uint64_t)(z.rope * s->n_ropes);
    size_t pack = max_act_bytes(z.max_cols);

    return t * (4 * floats + pack) +
           (uint64_t)threads * (PRIVATE_PACK_TOKENS * pack + align_up(z.attn_scratch) +
                                align_up((size_t)s->d_model * 4));
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
    const struct wg_spec *s = &m->spec;
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
                             .ff_width = z.ff,
                             .cs_width = z.rope,
                             .act_bytes = max_act_bytes(z.max_cols),
                             .attn_scratch_bytes = align_up(z.attn_scratch)};
    f->pack_bytes = PRIVATE_PACK_TOKENS * f->act_bytes;
    f->own_bytes = f->pack_bytes + f->attn_scratch_bytes + align_up((size_t)s->d_model * 4);
    int64_t t = max_tokens;
    bool ok = alloc_floats(&f->x, t, s->d_model) && alloc_floats(&f->delta, t, s->d_model) &&
              alloc_floats(&f->qkv, t, z.qkv) && alloc_floats(&f->attn, t, z.attn) &&
              alloc_floats(&f->ff, 2 * t, z.ff) && alloc_floats(&f->cs, t * s->n_ropes, z.rope);
    f->act = ok ? wg_alloc_aligned(BUF_ALIGN, (size_t)t, f->act_bytes) : NULL;
    f->own = ok ? wg_alloc_aligned(BUF_ALIGN, (size_t)threads, f->own_bytes) : NULL;
    if (!ok || !f->act || !f->own) {
        wg_forward_free(f);
        return wg_fail(err, WG_E_OOM, "no memory for the work buffers of %d tokens", max_tokens);
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
    wg_free(f->ff);
    wg_free(f->cs);
    wg_free(f->act);
    wg_free(f->own);
    wg_free(f);
}

/* Packed activation rows of one matmul input. */
struct packed {
    const char *rows;
    size_t stride;
};

static char *own_memory(const struct wg_forward *f, const struct wg_worker *w)
{
    return f->own + (size_t)w->index * f->own_bytes;
}

static void norm_row(const struct wg_forward *f, const float *x, const float *weight, float *y)
{
    const struct wg_spec *s = &f->m->spec;

    if (s->norm == WG_NORM_RMS)
        f->k->rmsnorm(x, weight, y, s->d_model, s->norm_eps);
    else
        f->k->layernorm(x, weight, NULL, y, s->d_model, s->norm_eps);
}

/*
 * Packs the rows of `x` (after the norm with `norm_weight`, unless NULL) for a matmul with weights
 * of `type`. Few rows: each thread packs all of them into its own memory and goes on. Many: the
 * threads share the rows and meet at a barrier.
 */
static struct packed pack_rows(const struct wg_forward *f, const struct wg_worker *w,
                               enum wg_type type, const float *x, int64_t x_stride, int64_t cols,
                               const float *norm_weight)
{
    const struct wg_matmul *mm = matmul_of(f, type);
    bool own = f->n <= PRIVATE_PACK_TOKENS;
    char *dst = own ? own_memory(f, w) : f->act;
    float *tmp = (float *)(own_memory(f, w) + f->pack_bytes + f->attn_scratch_bytes);
    struct packed p = {.rows = dst, .stride = align_up(mm->act_bytes(cols))};
    int64_t begin = 0, end = f->n;

    if (!own)
        wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        const float *row = x + t * x_stride;
        if (norm_weight) {
            norm_row(f, row, norm_weight, tmp);
            row = tmp;
        }
        mm->pack(row, dst + (size_t)t * p.stride, cols);
    }
    if (!own)
        wg_barrier(w);
    return p;
}

/* Rows [begin, end) of y = W a + bias for all tokens: y[token * y_stride + row]. */
static void matmul_rows(const struct wg_forward *f, const struct wg_matrix *m, struct packed a,
                        float *y, int64_t y_stride, int64_t begin, int64_t end)
{
    if (begin >= end)
        return;
    matmul_of(f, m->type)
        ->run((const char *)m->data + (size_t)begin * m->stride, m->stride, a.rows, a.stride,
              m->cols, y + begin, y_stride, end - begin, f->n);
    if (!m->bias)
        return;
    for (int64_t t = 0; t < f->n; t++)
        f->k->add(y + t * y_stride + begin, m->bias + begin, end - begin);
}

static void rotate(const struct wg_forward *f, const struct wg_attn_spec *a, float *head, int t)
{
    if (a->rope < 0)
        return;
    const struct wg_rope *r = &f->m->spec.ropes[a->rope];
    const float *cs = f->cs + ((int64_t)a->rope * f->max_tokens + t) * f->cs_width;
    if (r->layout == WG_ROPE_NEOX)
        f->k->rope_neox(head, cs, r->dims / 2);
    else
        f->k->rope_interleaved(head, cs, r->dims / 2);
}

static void store(const struct wg_forward *f, const struct wg_kv *kv, char *dst, const float *src,
                  int64_t n)
{
    if (kv->type == WG_KV_F32)
        memcpy(dst, src, (size_t)n * sizeof *src);
    else
        f->k->f32_to_f16(src, (uint16_t *)(void *)dst, n);
}

/* Rotates one head of a token's Q, or rotates and stores one head of its K or V. */
static void finish_head(const struct wg_forward *f, int layer, int head, int t)
{
    const struct wg_attn_spec *a = &f->m->spec.layers[layer].attn;
    const struct wg_batch_token *tok = &f->tokens[t];
    const struct wg_kv_layer *kl = &tok->kv->layers[layer];
    float *v = f->qkv + (int64_t)t * f->qkv_width + (int64_t)head * a->d_head;
    size_t row = (size_t)tok->pos * kl->row_bytes;

    if (head < a->n_heads) {
        rotate(f, a, v, t);
    } else if (head < a->n_heads + a->n_kv_heads) {
        rotate(f, a, v, t);
        store(f, tok->kv, kl->k + (size_t)(head - a->n_heads) * kl->head_bytes + row, v, a->d_head);
    } else {
        int h = head - a->n_heads - a->n_kv_heads;
        store(f, tok->kv, kl->v + (size_t)h * kl->head_bytes + row, v, a->d_head);
    }
}

/* Q, K and V of this layer, whole heads a thread, so that no barrier is needed before the rotation.
 */
static void project_qkv(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_spec *s = &f->m->spec;
    const struct wg_attn_spec *a = &s->layers[layer].attn;
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_matrix *parts[3] = {&l->q, &l->k, &l->v};
    const int heads[3] = {a->n_heads, a->n_kv_heads, a->n_kv_heads};
    struct packed in = {0};
    enum wg_type packed_for = WG_TYPE_LIMIT;
    int64_t begin, end;
    int first = 0;

    wg_share(w, a->n_heads + 2 * (int64_t)a->n_kv_heads, 1, &begin, &end);
    for (int p = 0; p < 3; p++) {
        /* Matrices of one layer may differ in type and so in the packing they need. */
        if (p == 0 || matmul_of(f, parts[p]->type)->pack != matmul_of(f, packed_for)->pack) {
            if (p > 0 && f->n > PRIVATE_PACK_TOKENS)
                wg_barrier(w);
            packed_for = parts[p]->type;
            in = pack_rows(f, w, packed_for, f->x, s->d_model, s->d_model, l->attn_norm);
        }
        int64_t lo = WG_MAX(begin, first) - first, hi = WG_MIN(end, first + heads[p]) - first;
        matmul_rows(f, parts[p], in, f->qkv + (int64_t)first * a->d_head, f->qkv_width,
                    lo * a->d_head, hi * a->d_head);
        first += heads[p];
    }
    for (int t = 0; t < f->n; t++)
        for (int64_t h = begin; h < end; h++)
            finish_head(f, layer, (int)h, t);
    wg_barrier(w);
}

/* The query heads of KV head g for token t. */
static void attend(const struct wg_forward *f, const struct wg_worker *w, int layer, int t, int g)
{
    const struct wg_attn_spec *a = &f->m->spec.layers[layer].attn;
    const struct wg_batch_token *tok = &f->tokens[t];
    const struct wg_kv_layer *kl = &tok->kv->layers[layer];
    int group = a->n_heads / a->n_kv_heads;
    int64_t visible = tok->pos + 1, first = 0;

    if (a->window > 0 && visible > a->window) {
        first = visible - a->window;
        visible = a->window;
    }
    size_t offset = (size_t)g * kl->head_bytes + (size_t)first * kl->row_bytes;
    struct wg_attn_args args = {
        .q = f->qkv + (int64_t)t * f->qkv_width + (int64_t)g * group * a->d_head,
        .k = kl->k + offset,
        .v = kl->v + offset,
        .out = f->attn + (int64_t)t * f->attn_width + (int64_t)g * group * a->d_head,
        .q_stride = a->d_head,
        .out_stride = a->d_head,
        .k_stride = kl->row_bytes,
        .v_stride = kl->row_bytes,
        .n_kv = visible,
        .n_heads = group,
        .d_k = a->d_head,
        .d_v = a->d_head,
        .scale = a->scale,
        .softcap = a->softcap,
        .scratch = own_memory(f, w) + f->pack_bytes,
    };
    f->k->attn[tok->kv->type](&args);
}

static void attention(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_attn_spec *a = &f->m->spec.layers[layer].attn;

    /* Later tokens see more positions: dealing them out in turn evens the load. */
    for (int64_t i = w->index; i < (int64_t)f->n * a->n_kv_heads; i += w->count)
        attend(f, w, layer, (int)(i / a->n_kv_heads), (int)(i % a->n_kv_heads));
    wg_barrier(w);
}

/* x += W in, rows shared out. */
static void add_projection(const struct wg_forward *f, const struct wg_worker *w,
                           const struct wg_matrix *m, const float *in, int64_t in_stride)
{
    int64_t d = f->m->spec.d_model, begin, end;
    struct packed a = pack_rows(f, w, m->type, in, in_stride, m->cols, NULL);

    wg_share(w, m->rows, matmul_of(f, m->type)->row_unit, &begin, &end);
    matmul_rows(f, m, a, f->delta, d, begin, end);
    for (int64_t t = 0; t < f->n; t++)
        f->k->add(f->x + t * d + begin, f->delta + t * d + begin, end - begin);
    wg_barrier(w);
}

static void mlp(const struct wg_forward *f, const struct wg_worker *w, int layer)
{
    const struct wg_spec *s = &f->m->spec;
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_mlp_spec *ms = &s->layers[layer].mlp;
    int64_t begin, end,
        unit = WG_MAX(matmul_of(f, l->gate.type)->row_unit, matmul_of(f, l->up.type)->row_unit);
    float *up = f->ff + (int64_t)f->max_tokens * f->ff_width;
    struct packed in = pack_rows(f, w, l->gate.type, f->x, s->d_model, s->d_model, l->mlp_norm);

    wg_share(w, ms->d_ff, unit, &begin, &end);
    matmul_rows(f, &l->gate, in, f->ff, f->ff_width, begin, end);
    if (matmul_of(f, l->up.type)->pack != matmul_of(f, l->gate.type)->pack) {
        if (f->n > PRIVATE_PACK_TOKENS)
            wg_barrier(w);
        in = pack_rows(f, w, l->up.type, f->x, s->d_model, s->d_model, l->mlp_norm);
    }
    matmul_rows(f, &l->up, in, up, f->ff_width, begin, end);
    for (int64_t t = 0; t < f->n; t++)
        f->k->gated(ms->act, f->ff + t * f->ff_width + begin, up + t * f->ff_width + begin,
                    end - begin);
    wg_barrier(w);
    add_projection(f, w, &l->down, f->ff, f->ff_width);
}

static void embed(const struct wg_forward *f, const struct wg_worker *w)
{
    const struct wg_model *m = f->m;
    const struct wg_spec *s = &m->spec;
    int64_t begin, end;

    wg_share(w, f->n, 1, &begin, &end);
    for (int64_t t = begin; t < end; t++) {
        float *x = f->x + t * s->d_model;
        f->k->dequant[m->embed.type](
            (const char *)m->embed.data + (size_t)f->tokens[t].id * m->embed.stride, x, s->d_model);
        if (s->embed_scale != 1.0f)
            f->k->scale(x, s->embed_scale, s->d_model);
        for (int r = 0; r < s->n_ropes; r++) {
            const struct wg_rope *rope = &s->ropes[r];
            float *cs = f->cs + ((int64_t)r * f->max_tokens + t) * f->cs_width;
            for (int i = 0; i < rope->dims / 2; i++) {
                double angle = (double)f->tokens[t].pos * rope->inv_freq[i];
                cs[2 * i] = (float)cos(angle) * rope->mscale;
                cs[2 * i + 1] = (float)sin(angle) * rope->mscale;
            }
        }
    }
    wg_barrier(w);
}

/* Logits of `count` tokens whose rows follow each other in memory. */
static void output_run(const struct wg_forward *f, const struct wg_worker *w, struct packed in,
                       float *y, int64_t count)
{
    const struct wg_model *m = f->m;
    const struct wg_matmul *mm = matmul_of(f, m->output.type);
    float cap = m->spec.logit_softcap;
    int64_t vocab = m->spec.n_vocab, begin, end;

    wg_share(w, vocab, mm->row_unit, &begin, &end);
    if (begin == end)
        return;
    mm->run((const char *)m->output.data + (size_t)begin * m->output.stride, m->output.stride,
            in.rows, in.stride, m->spec.d_model, y + begin, vocab, end - begin, count);
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
    int64_t vocab = m->spec.n_vocab;

    struct packed in =
        pack_rows(f, w, m->output.type, f->x, m->spec.d_model, m->spec.d_model, m->output_norm);
    for (int t = 0; t < f->n;) {
        float *y = f->tokens[t].logits;
        int count = 1;
        if (!y) {
            t++;
            continue;
        }
        while (t + count < f->n && f->tokens[t + count].logits == y + count * vocab)
            count++;
        struct packed run = {.rows = in.rows + (size_t)t * in.stride, .stride = in.stride};
        output_run(f, w, run, y, count);
        t += count;
    }
}

static void run_layers(void *arg, const struct wg_worker *w)
{
    const struct wg_forward *f = arg;

    embed(f, w);
    for (int i = 0; i < f->m->spec.n_layers; i++) {
        project_qkv(f, w, i);
        attention(f, w, i);
        add_projection(f, w, &f->m->layers[i].o, f->attn, f->attn_width);
        mlp(f, w, i);
    }
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
