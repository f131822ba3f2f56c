/* Binds the tensors of a source to the places in the graph, and accounts for every one of them. */
#include "model/model.h"

#include "base/mem.h"
#include "model/rope.h"
#include "model/source.h"
#include "package/gguf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Ceiling of the arena: vectors only; the matrices stay in the file. */
#define MODEL_ARENA_BYTES ((size_t)1 << 30)

struct binder {
    struct wg_source *s;
    struct wg_model *m;
    struct wg_err *err;
    int layer; /* < 0 outside the layers */
};

/* "blk.<layer>.<stem>.<kind>" */
static void full_name(const struct binder *b, const char *stem, const char *kind, char out[128])
{
    if (b->layer < 0)
        snprintf(out, 128, "%s.%s", stem, kind);
    else
        snprintf(out, 128, "blk.%d.%s.%s", b->layer, stem, kind);
}

static enum wg_status check_tensor(struct binder *b, const struct wg_tensor *t, int64_t cols,
                                   int64_t rows)
{
    int64_t rest = 1;

    for (int i = 2; i < WG_MAX_DIMS; i++)
        rest = t->ne[i] == 1 ? rest : 0;
    if (t->ne[0] != cols || t->ne[1] != rows || rest != 1)
        return wg_fail(
            b->err, WG_E_INPUT,
            "%s: tensor %s has shape %lld x %lld x %lld x %lld, the configuration says %lld x %lld",
            b->s->name, t->name, (long long)t->ne[0], (long long)t->ne[1], (long long)t->ne[2],
            (long long)t->ne[3], (long long)cols, (long long)rows);
    if (!wg_kernels()->dequant[t->type])
        return wg_fail(b->err, WG_E_UNSUPPORTED,
                       "%s: tensor %s has type %s, which this version cannot compute with",
                       b->s->name, t->name, wg_type_info((uint32_t)t->type)->name);
    return WG_OK;
}

static enum wg_status missing(struct binder *b, const char *name)
{
    return wg_fail(b->err, WG_E_INPUT, "%s: the tensor %s is missing", b->s->name, name);
}

/* A vector of `total` values as f32, from `first` on; *out stays NULL when it is absent and
 * optional. */
static enum wg_status bind_vector(struct binder *b, const char *name, int64_t total, int64_t first,
                                  bool optional, const float **out)
{
    const struct wg_tensor *t = wg_source_take(b->s, name);

    if (!t)
        return optional ? WG_OK : missing(b, name);
    WG_TRY(check_tensor(b, t, total, 1));
    float *v = wg_arena_alloc(&b->m->arena, (size_t)total, sizeof *v);
    if (!v)
        return wg_oom(b->err, name);
    wg_kernels()->dequant[t->type](t->data, v, total);
    for (int64_t i = 0; i < total; i++)
        if (!isfinite(v[i]))
            return wg_fail(b->err, WG_E_INPUT, "%s: tensor %s: value %lld is not finite",
                           b->s->name, t->name, (long long)i);
    *out = v + first;
    return WG_OK;
}

static enum wg_status bind_norm(struct binder *b, const char *stem, int64_t n, struct wg_norm *out)
{
    char name[128];

    full_name(b, stem, "weight", name);
    WG_TRY(bind_vector(b, name, n, 0, false, &out->weight));
    if (b->s->norm_plus_one) {
        float *w = (float *)out->weight; /* made by bind_vector just now */
        for (int64_t i = 0; i < n; i++)
            w[i] += 1.0f;
    }
    full_name(b, stem, "bias", name);
    return bind_vector(b, name, n, 0, b->m->spec->norm != WG_NORM_LAYER, &out->bias);
}

/* Rows [first, first + rows) of a matrix of `total` rows, and of its bias if it has one. */
static enum wg_status bind_rows(struct binder *b, const char *stem, int64_t cols, int64_t total,
                                int64_t first, int64_t rows, struct wg_matrix *out)
{
    char name[128];

    full_name(b, stem, "weight", name);
    const struct wg_tensor *t = wg_source_take(b->s, name);
    if (!t)
        return missing(b, name);
    WG_TRY(check_tensor(b, t, cols, total));
    size_t stride = wg_row_bytes(t->type, cols);
    *out = (struct wg_matrix){.data = (const char *)t->data + (size_t)first * stride,
                              .type = t->type,
                              .rows = rows,
                              .cols = cols,
                              .stride = stride};
    full_name(b, stem, "bias", name);
    return bind_vector(b, name, total, first, true, &out->bias);
}

static enum wg_status bind_matrix(struct binder *b, const char *stem, int64_t cols, int64_t rows,
                                  struct wg_matrix *out)
{
    return bind_rows(b, stem, cols, rows, 0, rows, out);
}

static bool has(struct binder *b, const char *stem)
{
    char name[128];

    full_name(b, stem, "weight", name);
    return wg_source_take(b->s, name) != NULL;
}

static enum wg_status bind_latent(struct binder *b, const struct wg_attn_spec *a,
                                  struct wg_layer *l)
{
    const struct wg_mla_spec *m = &a->mla;
    int64_t d = b->m->spec->d_model, q = (int64_t)a->n_heads * (m->d_nope + m->d_rope);
    struct wg_latent *x = wg_arena_alloc(&b->m->arena, 1, sizeof *x);
    char name[128];

    l->latent = x;
    if (!x)
        return wg_oom(b->err, "latent attention");
    if (m->q_rank) {
        WG_TRY(bind_matrix(b, "attn_q_a", d, m->q_rank, &x->q_a));
        full_name(b, "attn_q_a_norm", "weight", name);
        WG_TRY(bind_vector(b, name, m->q_rank, 0, false, &x->q_norm));
        WG_TRY(bind_matrix(b, "attn_q_b", m->q_rank, q, &x->q_b));
    } else {
        WG_TRY(bind_matrix(b, "attn_q", d, q, &l->q));
    }
    WG_TRY(bind_matrix(b, "attn_kv_a_mqa", d, m->kv_rank + m->d_rope, &x->kv_a));
    full_name(b, "attn_kv_a_norm", "weight", name);
    WG_TRY(bind_vector(b, name, m->kv_rank, 0, false, &x->kv_norm));
    WG_TRY(bind_matrix(b, "attn_kv_b", m->kv_rank, (int64_t)a->n_heads * (m->d_nope + m->d_v),
                       &x->kv_b));
    return bind_matrix(b, "attn_output", (int64_t)a->n_heads * m->d_v, d, &l->o);
}

/* Q, K and V as three matrices, or one above the other in attn_qkv. */
static enum wg_status bind_attention(struct binder *b, const struct wg_attn_spec *a,
                                     struct wg_layer *l)
{
    int64_t d = b->m->spec->d_model, q = (int64_t)a->n_heads * a->d_head;
    int64_t kv = (int64_t)a->n_kv_heads * a->d_head, all = q + 2 * kv;

    if (a->mla.kv_rank)
        return bind_latent(b, a, l);
    if (has(b, "attn_qkv")) {
        WG_TRY(bind_rows(b, "attn_qkv", d, all, 0, q, &l->q));
        WG_TRY(bind_rows(b, "attn_qkv", d, all, q, kv, &l->k));
        WG_TRY(bind_rows(b, "attn_qkv", d, all, q + kv, kv, &l->v));
    } else {
        WG_TRY(bind_matrix(b, "attn_q", d, q, &l->q));
        WG_TRY(bind_matrix(b, "attn_k", d, kv, &l->k));
        WG_TRY(bind_matrix(b, "attn_v", d, kv, &l->v));
    }
    if (a->qk_norm) {
        WG_TRY(bind_norm(b, "attn_q_norm", a->d_head, &l->q_norm));
        WG_TRY(bind_norm(b, "attn_k_norm", a->d_head, &l->k_norm));
    }
    return bind_matrix(b, "attn_output", q, d, &l->o);
}

/* Expert matrices: one tensor with all of them, or one tensor an expert. */
static enum wg_status bind_expert_set(struct binder *b, const char *all, const char *one, int n,
                                      int64_t cols, int64_t rows, struct wg_matrix **out)
{
    struct wg_matrix *m = wg_arena_alloc(&b->m->arena, (size_t)n, sizeof *m);
    char name[128], stem[64];

    *out = m;
    if (!m)
        return wg_oom(b->err, "the experts");
    full_name(b, all, "weight", name);
    const struct wg_tensor *t = wg_source_take(b->s, name);
    if (!t) {
        for (int e = 0; e < n; e++) {
            snprintf(stem, sizeof stem, "%s.%d", one, e);
            WG_TRY(bind_matrix(b, stem, cols, rows, &m[e]));
        }
        return WG_OK;
    }
    struct wg_tensor flat = *t;
    flat.ne[1] *= flat.ne[2];
    flat.ne[2] = 1;
    if (t->ne[1] != rows || t->ne[2] != n)
        return wg_fail(
            b->err, WG_E_INPUT,
            "%s: tensor %s has %lld experts of %lld rows, the configuration says %d of %lld",
            b->s->name, t->name, (long long)t->ne[2], (long long)t->ne[1], n, (long long)rows);
    WG_TRY(check_tensor(b, &flat, cols, rows * n));
    size_t stride = wg_row_bytes(t->type, cols);
    for (int e = 0; e < n; e++)
        m[e] = (struct wg_matrix){.data = (const char *)t->data + (size_t)(e * rows) * stride,
                                  .type = t->type,
                                  .rows = rows,
                                  .cols = cols,
                                  .stride = stride};
    return WG_OK;
}

static enum wg_status bind_experts(struct binder *b, const struct wg_mlp_spec *ms,
                                   struct wg_layer *l)
{
    int64_t d = b->m->spec->d_model, ff = ms->d_ff, shared = ms->moe.d_shared;
    int n = ms->moe.n_experts;
    struct wg_experts *x = wg_arena_alloc(&b->m->arena, 1, sizeof *x);
    char name[128];

    l->experts = x;
    if (!x)
        return wg_oom(b->err, "the experts");
    WG_TRY(bind_matrix(b, "ffn_gate_inp", d, n, &x->router));
    WG_TRY(bind_expert_set(b, "ffn_gate_exps", "ffn_gate", n, d, ff, &x->gate));
    WG_TRY(bind_expert_set(b, "ffn_up_exps", "ffn_up", n, d, ff, &x->up));
    WG_TRY(bind_expert_set(b, "ffn_down_exps", "ffn_down", n, ff, d, &x->down));
    full_name(b, "exp_probs_b", "bias", name);
    WG_TRY(bind_vector(b, name, n, 0, true, &x->correction));
    if (shared == 0)
        return WG_OK;
    WG_TRY(bind_matrix(b, "ffn_gate_shexp", d, shared, &x->shared_gate));
    WG_TRY(bind_matrix(b, "ffn_up_shexp", d, shared, &x->shared_up));
    WG_TRY(bind_matrix(b, "ffn_down_shexp", shared, d, &x->shared_down));
    if (ms->moe.shared_gate)
        return bind_matrix(b, "ffn_gate_inp_shexp", d, 1, &x->shared_score);
    return WG_OK;
}

/* Gate and up as two matrices, or the gate above up in ffn_up. */
static enum wg_status bind_mlp(struct binder *b, const struct wg_mlp_spec *ms, struct wg_layer *l)
{
    int64_t d = b->m->spec->d_model, ff = ms->d_ff;

    if (ms->gated && !has(b, "ffn_gate")) {
        WG_TRY(bind_rows(b, "ffn_up", d, 2 * ff, 0, ff, &l->gate));
        WG_TRY(bind_rows(b, "ffn_up", d, 2 * ff, ff, ff, &l->up));
    } else {
        if (ms->gated)
            WG_TRY(bind_matrix(b, "ffn_gate", d, ff, &l->gate));
        WG_TRY(bind_matrix(b, "ffn_up", d, ff, &l->up));
    }
    return bind_matrix(b, "ffn_down", ff, d, &l->down);
}

static enum wg_status bind_layer(struct binder *b, int i)
{
    const struct wg_spec *s = b->m->spec;
    struct wg_layer *l = &b->m->layers[i];

    b->layer = i;
    WG_TRY(bind_norm(b, "attn_norm", s->d_model, &l->attn_norm));
    if (!s->parallel)
        WG_TRY(bind_norm(b, "ffn_norm", s->d_model, &l->mlp_norm));
    if (s->post_norms) {
        WG_TRY(bind_norm(b, "post_attention_norm", s->d_model, &l->post_attn_norm));
        WG_TRY(bind_norm(b, "post_ffw_norm", s->d_model, &l->post_mlp_norm));
    }
    WG_TRY(bind_attention(b, &s->layers[i].attn, l));
    return s->layers[i].mlp.moe.n_experts ? bind_experts(b, &s->layers[i].mlp, l)
                                          : bind_mlp(b, &s->layers[i].mlp, l);
}

/* GGUF files keep the factors of llama3 and longrope scaling as tensors. */
static enum wg_status bind_rope_factors(struct binder *b)
{
    static const struct {
        const char *name;
        bool long_text;
    } tensors[] = {{"rope_freqs.weight", false},
                   {"rope_factors_short.weight", false},
                   {"rope_factors_long.weight", true}};
    struct wg_spec *spec = &b->s->spec;

    for (size_t i = 0; i < WG_COUNT(tensors) && spec->n_ropes; i++) {
        const float *factors = NULL;
        int64_t n = spec->ropes[0].dims / 2;
        WG_TRY(bind_vector(b, tensors[i].name, n, 0, true, &factors));
        if (!factors)
            continue;
        WG_TRY(wg_rope_divide(&spec->ropes[0], factors, tensors[i].long_text, tensors[i].name,
                              b->err));
        if (tensors[i].long_text) {
            struct wg_rope_config rc;
            WG_TRY(wg_cfg_rope(&b->s->config, NULL, 10000, &rc, b->err));
            WG_TRY(wg_rope_set_long(spec, &b->s->config, &rc, b->err));
        }
    }
    return WG_OK;
}

static enum wg_status account(struct binder *b)
{
    for (size_t i = 0; i < b->s->n_tensors; i++) {
        const struct wg_source_tensor *st = &b->s->tensors[i];
        const struct wg_tensor *t = st->tensor;
        if (!st->used)
            return wg_fail(b->err, WG_E_UNSUPPORTED,
                           "%s: tensor %s has no place in the %s graph of this version", b->s->name,
                           t->name, b->m->spec->architecture);
        b->m->n_parameters += (uint64_t)(t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]);
        b->m->weight_bytes += t->bytes;
    }
    return WG_OK;
}

static enum wg_status bind_all(struct binder *b)
{
    struct wg_model *m = b->m;
    const struct wg_spec *s = m->spec;

    m->layers = wg_arena_alloc(&m->arena, (size_t)s->n_layers, sizeof *m->layers);
    if (!m->layers)
        return wg_oom(b->err, "the model's layers");
    b->layer = -1;
    WG_TRY(bind_matrix(b, "token_embd", s->d_model, s->n_vocab, &m->embed));
    WG_TRY(bind_norm(b, "output_norm", s->d_model, &m->output_norm));
    if (s->tied_output)
        m->output = m->embed;
    else
        WG_TRY(bind_matrix(b, "output", s->d_model, s->n_vocab, &m->output));
    WG_TRY(bind_rope_factors(b));
    for (int i = 0; i < s->n_layers; i++)
        WG_TRY(bind_layer(b, i));
    return account(b);
}

enum wg_status wg_model_load(struct wg_source *source, struct wg_model *m, struct wg_err *err)
{
    struct binder b = {.s = source, .m = m, .err = err};

    *m = (struct wg_model){.spec = &source->spec};
    wg_arena_init(&m->arena, MODEL_ARENA_BYTES);
    return bind_all(&b);
}

void wg_model_release(struct wg_model *m)
{
    wg_arena_release(&m->arena);
    *m = (struct wg_model){0};
}
