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

/* "blk.<layer>.<stem>.<kind>", or without a kind where that is NULL */
static void full_name(const struct binder *b, const char *stem, const char *kind, char out[128])
{
    const char *dot = kind ? "." : "";

    kind = kind ? kind : "";
    if (b->layer < 0)
        snprintf(out, 128, "%s%s%s", stem, dot, kind);
    else
        snprintf(out, 128, "blk.%d.%s%s%s", b->layer, stem, dot, kind);
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

/* All values of a checked tensor as f32. */
static enum wg_status to_floats(struct binder *b, const struct wg_tensor *t, int64_t total,
                                float **out)
{
    float *v = wg_arena_alloc(&b->m->arena, (size_t)total, sizeof *v);

    *out = v;
    if (!v)
        return wg_oom(b->err, t->name);
    wg_kernels()->dequant[t->type](t->data, v, total);
    for (int64_t i = 0; i < total; i++)
        if (!isfinite(v[i]))
            return wg_fail(b->err, WG_E_INPUT, "%s: tensor %s: value %lld is not finite",
                           b->s->name, t->name, (long long)i);
    return WG_OK;
}

/* A vector of `total` values as f32, from `first` on; *out stays NULL when it is absent and
 * optional. */
static enum wg_status bind_vector(struct binder *b, const char *name, int64_t total, int64_t first,
                                  bool optional, const float **out)
{
    const struct wg_tensor *t = wg_source_take(b->s, name);
    float *v;

    if (!t)
        return optional ? WG_OK : missing(b, name);
    WG_TRY(check_tensor(b, t, total, 1));
    WG_TRY(to_floats(b, t, total, &v));
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
    int64_t d = b->m->spec->d_model, out = (int64_t)a->n_heads * a->d_head;
    int64_t q = a->gated ? 2 * out : out;
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
    return bind_matrix(b, "attn_output", out, d, &l->o);
}

/* The next projection of a delta net's input. */
static enum wg_status bind_projection(struct binder *b, const char *stem, int64_t rows,
                                      struct wg_delta *n)
{
    return bind_matrix(b, stem, b->m->spec->d_model, rows, &n->in[n->n_in++]);
}

/*
 * Matrices and places. Files have Q, K, V and z in ssm_in, key head by key head with its value
 * heads (Qwen3-Next as transformers has it), or Q, K, V in attn_qkv and z in attn_gate; beta and
 * alpha in ssm_ba, key head by key head, or each its own.
 */
static enum wg_status bind_projections(struct binder *b, const struct wg_delta_spec *d,
                                       struct wg_delta *n)
{
    int64_t per_key = d->n_v_heads / d->n_k_heads, values = (int64_t)d->n_v_heads * d->d_v;
    int64_t keys = (int64_t)d->n_k_heads * d->d_k, at = 2 * keys + 2 * values;
    int64_t group = d->tiled ? 1 : per_key, head = d->tiled ? d->n_k_heads : 1;

    n->out = (struct wg_heads){0, group * d->d_v, head * d->d_v};
    if (has(b, "ssm_in")) {
        int64_t own = per_key * d->d_v, all = 2 * d->d_k + 2 * own;
        WG_TRY(bind_projection(b, "ssm_in", at, n));
        n->q = (struct wg_heads){0, all, 0};
        n->k = (struct wg_heads){d->d_k, all, 0};
        n->v = (struct wg_heads){2 * d->d_k, all, d->d_v};
        n->z = (struct wg_heads){2 * d->d_k + own, all, d->d_v};
    } else {
        WG_TRY(bind_projection(b, "attn_qkv", 2 * keys + values, n));
        WG_TRY(bind_projection(b, "attn_gate", values, n));
        n->q = (struct wg_heads){0, d->d_k, 0};
        n->k = (struct wg_heads){keys, d->d_k, 0};
        n->v = (struct wg_heads){2 * keys, group * d->d_v, head * d->d_v};
        n->z = (struct wg_heads){2 * keys + values, group * d->d_v, head * d->d_v};
    }
    if (has(b, "ssm_ba")) {
        n->beta = (struct wg_heads){at, 2 * per_key, 1};
        n->alpha = (struct wg_heads){at + per_key, 2 * per_key, 1};
        return bind_projection(b, "ssm_ba", 2 * (int64_t)d->n_v_heads, n);
    }
    n->beta = (struct wg_heads){at, group, head};
    n->alpha = (struct wg_heads){at + d->n_v_heads, group, head};
    WG_TRY(bind_projection(b, "ssm_beta", d->n_v_heads, n));
    return bind_projection(b, "ssm_alpha", d->n_v_heads, n);
}

/* Value head (g, j) as its file counts. */
static int64_t stored_head(const struct wg_delta_spec *d, int64_t h)
{
    int64_t per_key = d->n_v_heads / d->n_k_heads;

    return d->tiled ? h % per_key * d->n_k_heads + h / per_key : h;
}

/* One value a head, in the order of heads. */
static enum wg_status bind_head_values(struct binder *b, const struct wg_delta_spec *d,
                                       const char *stem, const char *kind, float **out)
{
    const float *stored = NULL;
    char name[128];

    full_name(b, stem, kind, name);
    WG_TRY(bind_vector(b, name, d->n_v_heads, 0, false, &stored));
    float *v = wg_arena_alloc(&b->m->arena, (size_t)d->n_v_heads, sizeof *v);
    if (!v)
        return wg_oom(b->err, name);
    for (int64_t h = 0; h < d->n_v_heads; h++)
        v[h] = stored[stored_head(d, h)];
    *out = v;
    return WG_OK;
}

/* The convolution [channels][taps] of the file as [taps][channels]. */
static enum wg_status bind_convolution(struct binder *b, const struct wg_delta_spec *d,
                                       const float **out)
{
    int64_t channels = wg_delta_channels(d), fixed = 2 * (int64_t)d->n_k_heads * d->d_k;
    char name[128];
    float *stored;

    full_name(b, "ssm_conv1d", "weight", name);
    const struct wg_tensor *t = wg_source_take(b->s, name);
    if (!t)
        return missing(b, name);
    struct wg_tensor flat = *t;
    if (flat.ne[1] == 1) {
        flat.ne[1] = flat.ne[2];
        flat.ne[2] = 1;
    }
    WG_TRY(check_tensor(b, &flat, d->taps, channels));
    WG_TRY(to_floats(b, t, d->taps * channels, &stored));
    float *v = wg_arena_alloc(&b->m->arena, (size_t)(d->taps * channels), sizeof *v);
    if (!v)
        return wg_oom(b->err, name);
    for (int64_t c = 0; c < channels; c++) {
        int64_t h = (c - fixed) / d->d_v, from = c;
        if (c >= fixed)
            from = fixed + stored_head(d, h) * d->d_v + (c - fixed) % d->d_v;
        for (int j = 0; j < d->taps; j++)
            v[j * channels + c] = stored[from * d->taps + j];
    }
    *out = v;
    return WG_OK;
}

static enum wg_status bind_delta(struct binder *b, const struct wg_delta_spec *d,
                                 struct wg_layer *l)
{
    struct wg_delta *n = wg_arena_alloc(&b->m->arena, 1, sizeof *n);
    float *decay, *dt;
    char name[128];

    l->delta = n;
    if (!n)
        return wg_oom(b->err, "the delta net");
    WG_TRY(bind_projections(b, d, n));
    WG_TRY(bind_convolution(b, d, &n->conv));
    WG_TRY(bind_head_values(b, d, "ssm_dt", "bias", &dt));
    WG_TRY(bind_head_values(b, d, "ssm_a", NULL, &decay));
    /* Hugging Face files have the logarithm. */
    for (int i = 0; !b->s->gguf && i < d->n_v_heads; i++)
        decay[i] = -expf(decay[i]);
    for (int i = 0; i < d->n_v_heads; i++)
        if (!(decay[i] <= 0) || !isfinite(decay[i]))
            return wg_fail(b->err, WG_E_INPUT, "%s: blk.%d.ssm_a: head %d would grow, not decay",
                           b->s->name, b->layer, i);
    n->dt = dt;
    n->decay = decay;
    /* This norm is never kept less 1. */
    full_name(b, "ssm_norm", "weight", name);
    WG_TRY(bind_vector(b, name, d->d_v, 0, false, &n->norm.weight));
    return bind_matrix(b, "ssm_out", (int64_t)d->n_v_heads * d->d_v, b->m->spec->d_model, &l->o);
}

/* Rows [first, first + rows) of the `total` rows that each expert has in a tensor of all. */
static enum wg_status bind_expert_rows(struct binder *b, const struct wg_tensor *t, int n,
                                       int64_t cols, int64_t total, int64_t first, int64_t rows,
                                       struct wg_matrix *m)
{
    struct wg_tensor flat = *t;

    if (t->ne[1] != total || t->ne[2] != n)
        return wg_fail(
            b->err, WG_E_INPUT,
            "%s: tensor %s has %lld experts of %lld rows, the configuration says %d of %lld",
            b->s->name, t->name, (long long)t->ne[2], (long long)t->ne[1], n, (long long)total);
    flat.ne[1] *= flat.ne[2];
    flat.ne[2] = 1;
    WG_TRY(check_tensor(b, &flat, cols, total * n));
    size_t stride = wg_row_bytes(t->type, cols);
    for (int e = 0; e < n; e++)
        m[e] =
            (struct wg_matrix){.data = (const char *)t->data + (size_t)(e * total + first) * stride,
                               .type = t->type,
                               .rows = rows,
                               .cols = cols,
                               .stride = stride};
    return WG_OK;
}

/* Expert matrices: one tensor with all of them, or one tensor an expert. */
static enum wg_status bind_expert_set(struct binder *b, const char *all, const char *one, int n,
                                      int64_t cols, int64_t rows, struct wg_matrix *m)
{
    char name[128], stem[64];

    full_name(b, all, "weight", name);
    const struct wg_tensor *t = wg_source_take(b->s, name);
    if (t)
        return bind_expert_rows(b, t, n, cols, rows, 0, rows, m);
    for (int e = 0; e < n; e++) {
        snprintf(stem, sizeof stem, "%s.%d", one, e);
        WG_TRY(bind_matrix(b, stem, cols, rows, &m[e]));
    }
    return WG_OK;
}

/* The gate of each expert above its up in one tensor, or two sets. */
static enum wg_status bind_expert_inputs(struct binder *b, const struct wg_mlp_spec *ms,
                                         struct wg_experts *x)
{
    int64_t d = b->m->spec->d_model, ff = ms->d_ff;
    int n = ms->moe.n_experts;
    char name[128];

    full_name(b, "ffn_gate_up_exps", "weight", name);
    const struct wg_tensor *t = wg_source_take(b->s, name);
    if (t) {
        WG_TRY(bind_expert_rows(b, t, n, d, 2 * ff, 0, ff, x->gate));
        return bind_expert_rows(b, t, n, d, 2 * ff, ff, ff, x->up);
    }
    WG_TRY(bind_expert_set(b, "ffn_gate_exps", "ffn_gate", n, d, ff, x->gate));
    return bind_expert_set(b, "ffn_up_exps", "ffn_up", n, d, ff, x->up);
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
    x->gate = wg_arena_alloc(&b->m->arena, (size_t)n, sizeof *x->gate);
    x->up = wg_arena_alloc(&b->m->arena, (size_t)n, sizeof *x->up);
    x->down = wg_arena_alloc(&b->m->arena, (size_t)n, sizeof *x->down);
    if (!x->gate || !x->up || !x->down)
        return wg_oom(b->err, "the experts");
    WG_TRY(bind_expert_inputs(b, ms, x));
    WG_TRY(bind_expert_set(b, "ffn_down_exps", "ffn_down", n, ff, d, x->down));
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
    if (!s->parallel) {
        /* GGUF files of Qwen3-Next and 3.5 keep the name that Hugging Face gives this norm. */
        bool after = !s->post_norms && has(b, "post_attention_norm");
        WG_TRY(bind_norm(b, after ? "post_attention_norm" : "ffn_norm", s->d_model, &l->mlp_norm));
    }
    if (s->post_norms) {
        WG_TRY(bind_norm(b, "post_attention_norm", s->d_model, &l->post_attn_norm));
        WG_TRY(bind_norm(b, "post_ffw_norm", s->d_model, &l->post_mlp_norm));
    }
    WG_TRY(s->layers[i].mixer == WG_MIXER_DELTA ? bind_delta(b, &s->layers[i].delta, l)
                                                : bind_attention(b, &s->layers[i].attn, l));
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
