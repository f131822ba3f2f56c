/*
 * A Hugging Face folder to GGUF. What the two store differently (model/source.h) is turned around
 * here: rows of Q and K for Llama, norms less 1 for Gemma, experts one by one, rotary factors in
 * the configuration.
 */
#include "convert/from.h"

#include "base/file.h"
#include "convert/hf_keys.h"
#include "convert/hf_tokenizer.h"
#include "convert/limits.h"
#include "kernel/kernel.h"
#include "package/gguf_write.h"
#include "package/package.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct filler {
    const struct wg_source *s;
    const struct wg_hf_arch *arch;
    const struct wg_convert_opts *o;
    struct wg_recipe_model model;
    struct wg_conv_job *j;
    struct wg_err *err;
};

static struct wg_conv_tensor *new_tensor(struct filler *f, const char *name)
{
    struct wg_conv_tensor *t = &f->j->tensors[f->j->n_tensors++];

    *t = (struct wg_conv_tensor){.name = name};
    return t;
}

/* Vectors and routers in F32, matrices as they are; what GGUF has no type for in BF16. */
static enum wg_type stored_type(const struct wg_conv_tensor *t)
{
    enum wg_type from = t->parts[0]->type;

    if (t->n_dims < 2 || strstr(t->name, "ffn_gate_inp"))
        return WG_TYPE_F32;
    return from == WG_TYPE_F32 || from == WG_TYPE_F16 ? from : WG_TYPE_BF16;
}

static enum wg_status finish_tensor(struct filler *f, struct wg_conv_tensor *t)
{
    const struct wg_tensor *from = t->parts[0];

    if (!wg_kernels()->dequant[from->type])
        return wg_fail(f->err, WG_E_UNSUPPORTED,
                       "%s: tensor %s has type %s, which cannot be converted", f->s->name,
                       from->name, wg_type_info((uint32_t)from->type)->name);
    for (int i = 0; i < 4; i++)
        t->ne[i] = i < from->n_dims ? from->ne[i] : 1;
    t->n_dims = from->n_dims;
    if (t->n_parts > 1) {
        t->ne[2] = t->n_parts;
        t->n_dims = 3;
    }
    if (from->n_dims < 1 || from->n_dims > 2)
        return wg_fail(f->err, WG_E_UNSUPPORTED, "%s: tensor %s has %d dimensions; 1 or 2 convert",
                       f->s->name, from->name, from->n_dims);
    bool key = strstr(t->name, ".attn_k."), query = strstr(t->name, ".attn_q.");
    if (f->arch->turned && (key || query))
        t->head_rows = f->s->spec.layers[0].attn.d_head;
    int64_t rows = t->n_dims == 1 ? t->ne[0] : t->ne[1];
    if (t->head_rows && rows % t->head_rows != 0)
        return wg_fail(f->err, WG_E_INPUT,
                       "%s: tensor %s has %lld rows, no multiple of a head's %lld", f->s->name,
                       from->name, (long long)rows, (long long)t->head_rows);
    if (f->s->norm_plus_one && strstr(t->name, "norm.weight"))
        t->add = 1;
    return wg_conv_choose(f->j, f->o, &f->model, stored_type(t), t, f->err);
}

/* "blk.0.ffn_up.7.weight" -> 7 and "blk.0.ffn_up_exps.weight"; -1 for any other name. */
static long expert_of(const char *name, char out[128])
{
    const char *rest;
    char *end;
    int64_t layer = wg_recipe_layer(name, &rest);
    const char *dot = strchr(rest, '.');

    if (layer < 0 || !dot || dot[1] < '0' || dot[1] > '9')
        return -1;
    long expert = strtol(dot + 1, &end, 10);
    if (strcmp(end, ".weight") != 0)
        return -1;
    snprintf(out, 128, "blk.%lld.%.*s_exps.weight", (long long)layer, (int)(dot - rest), rest);
    return expert;
}

static const struct wg_tensor *find(const struct wg_source *s, const char *name)
{
    for (size_t i = 0; i < s->n_tensors; i++)
        if (strcmp(s->tensors[i].name, name) == 0)
            return s->tensors[i].tensor;
    return NULL;
}

/* All experts of one place, which the first of them (by number) brings. */
static enum wg_status add_experts(struct filler *f, const char *first, const char *all)
{
    int n = f->s->spec.layers[0].mlp.moe.n_experts;
    const struct wg_tensor **parts = wg_arena_alloc(&f->j->arena, (size_t)n, sizeof(void *));
    char *name = wg_arena_strndup(&f->j->arena, all, strlen(all)), one[128];
    size_t stem = strlen(first) - strlen("0.weight");

    if (!parts || !name)
        return wg_oom(f->err, "the tensor list");
    for (int i = 0; i < n; i++) {
        snprintf(one, sizeof one, "%.*s%d.weight", (int)stem, first, i);
        parts[i] = find(f->s, one);
        if (!parts[i])
            return wg_fail(f->err, WG_E_INPUT, "%s: the tensor %s is missing", f->s->name, one);
        if (memcmp(parts[i]->ne, parts[0]->ne, sizeof parts[0]->ne) != 0 ||
            parts[i]->n_dims != parts[0]->n_dims)
            return wg_fail(f->err, WG_E_INPUT, "%s: tensors %s and %s differ in shape", f->s->name,
                           parts[0]->name, parts[i]->name);
    }
    struct wg_conv_tensor *t = new_tensor(f, name);
    t->parts = parts;
    t->n_parts = n;
    return finish_tensor(f, t);
}

static enum wg_status add_one(struct filler *f, const struct wg_source_tensor *from)
{
    const struct wg_tensor **part = wg_arena_alloc(&f->j->arena, 1, sizeof(void *));
    char all[128];
    long expert = expert_of(from->name, all);

    if (expert == 0)
        return add_experts(f, from->name, all);
    if (expert > 0)
        return WG_OK;
    if (!part)
        return wg_oom(f->err, "the tensor list");
    *part = from->tensor;
    struct wg_conv_tensor *t = new_tensor(f, from->name);
    t->parts = part;
    t->n_parts = 1;
    return finish_tensor(f, t);
}

/* What the frequencies were divided by, beyond their base: llama3 and longrope. */
static enum wg_status add_factors(struct filler *f, const char *name, const double *inv_freq)
{
    const struct wg_rope *r = &f->s->spec.ropes[0];
    float *v = wg_arena_alloc(&f->j->arena, (size_t)r->dims / 2, sizeof *v);

    if (!v)
        return wg_oom(f->err, "the rotary factors");
    for (int i = 0; i < r->dims / 2; i++)
        v[i] = (float)(pow(r->base, -2.0 * i / r->dims) / inv_freq[i]);
    struct wg_conv_tensor *t = new_tensor(f, name);
    t->values = v;
    t->type = WG_TYPE_F32;
    t->n_dims = 1;
    memcpy(t->ne, (const int64_t[4]){r->dims / 2, 1, 1, 1}, sizeof t->ne);
    return WG_OK;
}

static enum wg_status add_rope(struct filler *f)
{
    const struct wg_rope *r = &f->s->spec.ropes[0];
    struct wg_rope_config rc;

    WG_TRY(wg_cfg_rope(&f->s->config, "full_attention", 10000, &rc, f->err));
    if (strcmp(rc.type, "llama3") == 0)
        return add_factors(f, "rope_freqs.weight", r->inv_freq);
    if (strcmp(rc.type, "longrope") != 0)
        return WG_OK;
    WG_TRY(add_factors(f, "rope_factors_short.weight", r->inv_freq));
    return add_factors(f, "rope_factors_long.weight", r->inv_freq_long);
}

/* By layer, then as the source has them; what is of no layer first. */
static int in_order(const void *a, const void *b)
{
    const struct wg_conv_tensor *x = a, *y = b;
    const char *rest;
    int64_t i = wg_recipe_layer(x->name, &rest), k = wg_recipe_layer(y->name, &rest);

    if (i != k)
        return i < k ? -1 : 1;
    return strcmp(x->name, y->name);
}

static enum wg_status fill(struct filler *f)
{
    const struct wg_source *s = f->s;
    const struct wg_attn_spec *a = &s->spec.layers[0].attn;

    f->model = (struct wg_recipe_model){.n_layers = s->spec.n_layers,
                                        .heads_per_kv = a->n_heads / a->n_kv_heads,
                                        .tied = s->spec.tied_output};
    f->j->tensors = wg_arena_alloc(&f->j->arena, s->n_tensors + 2, sizeof *f->j->tensors);
    if (!f->j->tensors)
        return wg_oom(f->err, "the tensor list");
    for (size_t i = 0; i < s->n_tensors; i++)
        WG_TRY(add_one(f, &s->tensors[i]));
    WG_TRY(add_rope(f));
    qsort(f->j->tensors, f->j->n_tensors, sizeof *f->j->tensors, in_order);
    return WG_OK;
}

/* general.file_type: the type that most values have. */
static enum wg_status put_file_type(const struct wg_conv_job *j, const struct wg_convert_opts *o,
                                    struct wg_gguf_out *out, struct wg_err *err)
{
    static const struct {
        enum wg_type type;
        const char *recipe;
    } types[] = {{WG_TYPE_F32, "F32"}, {WG_TYPE_F16, "F16"}, {WG_TYPE_BF16, "BF16"}};
    int64_t count[WG_TYPE_LIMIT] = {0};
    size_t most = 0;

    if (o->recipe)
        return wg_conv_put_types(out, o->recipe, err);
    for (size_t i = 0; i < j->n_tensors; i++)
        count[j->tensors[i].type] += j->tensors[i].ne[0] * j->tensors[i].ne[1];
    for (size_t i = 1; i < WG_COUNT(types); i++)
        most = count[types[i].type] > count[types[most].type] ? i : most;
    return wg_conv_put_types(out, wg_recipe_find(types[most].recipe), err);
}

enum wg_status wg_conv_from_hf(const struct wg_pkg *pkg, const struct wg_source *s,
                               const struct wg_convert_opts *o, struct wg_conv_job *j,
                               struct wg_gguf_out *out, struct wg_err *err)
{
    struct filler f = {.s = s, .o = o, .j = j, .err = err};

    j->source = s->name;
    WG_TRY(wg_hf_arch_find(s, &f.arch, err));
    WG_TRY(wg_hf_put_keys(s, f.arch, wg_basename(pkg->name), out, err));
    WG_TRY(wg_hf_put_card(pkg, out, err));
    if (o->no_tokenizer)
        WG_TRY(wg_gguf_put_string(out, "tokenizer.ggml.model", "none", 4, err));
    else
        WG_TRY(wg_hf_put_tokenizer(pkg, s->spec.n_vocab, &j->arena, out, err));
    WG_TRY(fill(&f));
    return put_file_type(j, o, out, err);
}
