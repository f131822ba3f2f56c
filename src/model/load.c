/* Binds the tensors of a file to the places in the graph, and accounts for every one of them. */
#include "model/model.h"

#include "base/mem.h"
#include "model/families/families.h"
#include "package/gguf.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Ceiling of the arena: vectors only; the matrices stay in the file. */
#define MODEL_ARENA_BYTES ((size_t)1 << 30)

struct binder {
    const struct wg_gguf *g;
    struct wg_model *m;
    struct wg_err *err;
    bool *used; /* [tensor count] */
};

static const struct wg_tensor *take(struct binder *b, const char *name)
{
    const struct wg_tensor *t = wg_gguf_tensor(b->g, name);

    if (t)
        b->used[t - wg_gguf_tensor_at(b->g, 0)] = true;
    return t;
}

static enum wg_status wrong_shape(struct binder *b, const struct wg_tensor *t, int64_t cols,
                                  int64_t rows)
{
    return wg_fail(b->err, WG_E_INPUT,
                   "%s: tensor %s has shape %lld x %lld x %lld x %lld, the graph needs %lld x %lld",
                   wg_gguf_path(b->g), t->name, (long long)t->ne[0], (long long)t->ne[1],
                   (long long)t->ne[2], (long long)t->ne[3], (long long)cols, (long long)rows);
}

static enum wg_status check_tensor(struct binder *b, const struct wg_tensor *t, int64_t cols,
                                   int64_t rows)
{
    if (t->ne[0] != cols || t->ne[1] != rows || t->ne[2] != 1 || t->ne[3] != 1)
        return wrong_shape(b, t, cols, rows);
    if (!wg_kernels()->dequant[t->type])
        return wg_fail(b->err, WG_E_UNSUPPORTED,
                       "%s: tensor %s has type %s, which this version cannot compute with",
                       wg_gguf_path(b->g), t->name, wg_type_info((uint32_t)t->type)->name);
    return WG_OK;
}

static enum wg_status missing(struct binder *b, const char *name)
{
    return wg_fail(b->err, WG_E_INPUT, "%s: the tensor %s is missing", wg_gguf_path(b->g), name);
}

/* *out = the vector as f32, or NULL when it is absent and optional. */
static enum wg_status bind_vector(struct binder *b, const char *name, int64_t n, bool optional,
                                  const float **out)
{
    const struct wg_tensor *t = take(b, name);

    if (!t)
        return optional ? WG_OK : missing(b, name);
    WG_TRY(check_tensor(b, t, n, 1));
    float *v = wg_arena_alloc(&b->m->arena, (size_t)n, sizeof *v);
    if (!v)
        return wg_oom(b->err, name);
    wg_kernels()->dequant[t->type](t->data, v, n);
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(v[i]))
            return wg_fail(b->err, WG_E_INPUT, "%s: tensor %s: value %lld is not finite",
                           wg_gguf_path(b->g), name, (long long)i);
    *out = v;
    return WG_OK;
}

static enum wg_status bind_matrix(struct binder *b, const char *stem, int64_t cols, int64_t rows,
                                  struct wg_matrix *out)
{
    char name[128];

    snprintf(name, sizeof name, "%s.weight", stem);
    const struct wg_tensor *t = take(b, name);
    if (!t)
        return missing(b, name);
    WG_TRY(check_tensor(b, t, cols, rows));
    *out = (struct wg_matrix){.data = t->data,
                              .type = t->type,
                              .rows = rows,
                              .cols = cols,
                              .stride = wg_row_bytes(t->type, cols)};
    snprintf(name, sizeof name, "%s.bias", stem);
    return bind_vector(b, name, rows, true, &out->bias);
}

static enum wg_status bind_layer(struct binder *b, int i)
{
    const struct wg_spec *s = &b->m->spec;
    const struct wg_attn_spec *a = &s->layers[i].attn;
    struct wg_layer *l = &b->m->layers[i];
    int64_t d = s->d_model, ff = s->layers[i].mlp.d_ff;
    int64_t dq = (int64_t)a->n_heads * a->d_head, dkv = (int64_t)a->n_kv_heads * a->d_head;
    const struct {
        const char *stem;
        int64_t cols, rows;
        struct wg_matrix *to;
    } matrices[] = {
        {"attn_q", d, dq, &l->q},      {"attn_k", d, dkv, &l->k},     {"attn_v", d, dkv, &l->v},
        {"attn_output", dq, d, &l->o}, {"ffn_gate", d, ff, &l->gate}, {"ffn_up", d, ff, &l->up},
        {"ffn_down", ff, d, &l->down},
    };
    char name[128];

    snprintf(name, sizeof name, "blk.%d.attn_norm.weight", i);
    WG_TRY(bind_vector(b, name, d, false, &l->attn_norm));
    snprintf(name, sizeof name, "blk.%d.ffn_norm.weight", i);
    WG_TRY(bind_vector(b, name, d, false, &l->mlp_norm));
    for (size_t j = 0; j < WG_COUNT(matrices); j++) {
        snprintf(name, sizeof name, "blk.%d.%s", i, matrices[j].stem);
        WG_TRY(bind_matrix(b, name, matrices[j].cols, matrices[j].rows, matrices[j].to));
    }
    return WG_OK;
}

static enum wg_status bind_all(struct binder *b)
{
    struct wg_model *m = b->m;
    const struct wg_spec *s = &m->spec;

    m->layers = wg_arena_alloc(&m->arena, (size_t)s->n_layers, sizeof *m->layers);
    if (!m->layers)
        return wg_oom(b->err, "the model's layers");
    WG_TRY(bind_matrix(b, "token_embd", s->d_model, s->n_vocab, &m->embed));
    WG_TRY(bind_vector(b, "output_norm.weight", s->d_model, false, &m->output_norm));
    if (s->tied_output)
        m->output = m->embed;
    else
        WG_TRY(bind_matrix(b, "output", s->d_model, s->n_vocab, &m->output));
    for (int i = 0; i < s->n_layers; i++)
        WG_TRY(bind_layer(b, i));
    for (size_t i = 0; i < wg_gguf_tensor_count(b->g); i++) {
        const struct wg_tensor *t = wg_gguf_tensor_at(b->g, i);
        if (!b->used[i])
            return wg_fail(b->err, WG_E_UNSUPPORTED,
                           "%s: tensor %s has no place in the %s graph of this version",
                           wg_gguf_path(b->g), t->name, s->architecture);
        m->n_parameters += (uint64_t)(t->ne[0] * t->ne[1] * t->ne[2] * t->ne[3]);
        m->weight_bytes += t->bytes;
    }
    return WG_OK;
}

enum wg_status wg_model_load(const struct wg_gguf *g, struct wg_model *m, struct wg_err *err)
{
    struct binder b = {.g = g, .m = m, .err = err};

    *m = (struct wg_model){0};
    wg_arena_init(&m->arena, MODEL_ARENA_BYTES);
    WG_TRY(wg_spec_from_gguf(g, &m->spec, err));
    b.used = wg_calloc(wg_gguf_tensor_count(g), sizeof *b.used);
    if (!b.used)
        return wg_oom(err, "the tensor list");
    enum wg_status st = bind_all(&b);
    wg_free(b.used);
    return st;
}

void wg_model_release(struct wg_model *m)
{
    wg_spec_release(&m->spec);
    wg_arena_release(&m->arena);
    *m = (struct wg_model){0};
}
