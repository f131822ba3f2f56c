#include "model/families/families.h"

#include "model/rope.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WG_FAMILY_DECLARE(name) extern const struct wg_family wg_family_##name;
WG_FAMILIES(WG_FAMILY_DECLARE)
#undef WG_FAMILY_DECLARE

static const struct wg_family *const families[] = {
#define WG_FAMILY_ROW(name) &wg_family_##name,
    WG_FAMILIES(WG_FAMILY_ROW)
#undef WG_FAMILY_ROW
};

static const struct wg_family *find(const char *arch, bool gguf)
{
    for (size_t i = 0; i < WG_COUNT(families); i++)
        for (const char *const *a = gguf ? families[i]->gguf_archs : families[i]->hf_archs; *a; a++)
            if (strcmp(*a, arch) == 0)
                return families[i];
    return NULL;
}

enum wg_status wg_spec_read(const struct wg_config *c, struct wg_spec *spec,
                            const struct wg_family **family, struct wg_err *err)
{
    const struct wg_family *f = find(c->arch, c->gguf);

    *spec = (struct wg_spec){0};
    if (!f)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: architecture \"%s\" is not supported by this version (docs/MODELS.md "
                       "lists what is)",
                       c->name, c->arch);
    WG_TRY(f->read(c, spec, err));
    spec->family = f->name;
    memcpy(spec->architecture, c->arch, sizeof spec->architecture);
    *family = f;
    return wg_spec_check(spec, c->name, err);
}

enum wg_status wg_spec_from_gguf(const struct wg_gguf *g, struct wg_spec *spec, struct wg_err *err)
{
    const struct wg_family *family;
    struct wg_config c;

    *spec = (struct wg_spec){0};
    enum wg_status st = wg_config_from_gguf(g, &c, err);
    if (st == WG_OK)
        st = wg_spec_read(&c, spec, &family, err);
    wg_config_release(&c);
    return st;
}

enum wg_status wg_act_by_name(const struct wg_config *c, const char *name, enum wg_act *out,
                              struct wg_err *err)
{
    static const struct {
        const char *name;
        enum wg_act act;
    } acts[] = {
        {"silu", WG_ACT_SILU},           {"swish", WG_ACT_SILU},
        {"gelu_new", WG_ACT_GELU_TANH},  {"gelu_pytorch_tanh", WG_ACT_GELU_TANH},
        {"gelu_fast", WG_ACT_GELU_TANH}, {"gelu", WG_ACT_GELU_ERF},
        {"relu", WG_ACT_RELU},
    };

    for (size_t i = 0; i < WG_COUNT(acts); i++) {
        if (strcmp(acts[i].name, name) == 0) {
            *out = acts[i].act;
            return WG_OK;
        }
    }
    return wg_fail(err, WG_E_UNSUPPORTED, "%s: activation \"%.40s\" is not supported", c->name,
                   name);
}

/* A size that a GGUF file has to give and config.json may leave to its class. */
static enum wg_status size_key(const struct wg_config *c, const char *key, int64_t def, int64_t hi,
                               int64_t *out, struct wg_err *err)
{
    if (c->gguf && !wg_cfg_has(c, key))
        return wg_fail(err, WG_E_INPUT, "%s: the key for %s is missing", c->name, key);
    return wg_cfg_i64(c, key, def, 1, hi, out, err);
}

static enum wg_status read_layer(const struct wg_config *c, const struct wg_dense_defaults *d,
                                 int64_t d_head, int i, struct wg_spec *s, struct wg_err *err)
{
    struct wg_layer_spec *l = &s->layers[i];
    int64_t heads, kv;

    WG_TRY(
        wg_cfg_layer_i64(c, "num_attention_heads", i, s->n_layers, d->heads, 1, 4096, &heads, err));
    int64_t kv_default = c->gguf || d->kv_heads == 0 ? heads : d->kv_heads;
    WG_TRY(
        wg_cfg_layer_i64(c, "num_key_value_heads", i, s->n_layers, kv_default, 1, 4096, &kv, err));
    WG_TRY(wg_cfg_layer_i64(c, "intermediate_size", i, s->n_layers, d->d_ff, 1, 1 << 24,
                            &l->mlp.d_ff, err));
    l->mlp.gated = true;
    l->attn = (struct wg_attn_spec){.n_heads = (int)heads,
                                    .n_kv_heads = (int)kv,
                                    .d_head = (int)d_head,
                                    .rope = 0,
                                    .scale = (float)(1.0 / sqrt((double)d_head))};
    return WG_OK;
}

static enum wg_status read_rope(const struct wg_config *c, const struct wg_dense_defaults *d,
                                int64_t d_head, struct wg_spec *s, struct wg_err *err)
{
    struct wg_rope_config rc;
    int64_t dims;
    int index;

    WG_TRY(wg_cfg_rope(c, NULL, d->theta, &rc, err));
    if (rc.partial == 0)
        rc.partial = d->partial != 0 ? d->partial : 1;
    if (!(rc.partial > 0 && rc.partial <= 1))
        return wg_fail(err, WG_E_INPUT, "%s: partial_rotary_factor is %g, outside 0 to 1", c->name,
                       rc.partial);
    WG_TRY(wg_cfg_i64(c, "rope_dims", (int64_t)((double)d_head * rc.partial), 2, 1024, &dims, err));
    WG_TRY(wg_rope_add(s, c, &rc, WG_ROPE_NEOX, (int)dims, &index, err));
    for (int i = 0; i < s->n_layers; i++) {
        s->layers[i].attn.temp_beta = (float)rc.temp_beta;
        s->layers[i].attn.temp_context = rc.original_context;
    }
    return WG_OK;
}

enum wg_status wg_read_dense(const struct wg_config *c, const struct wg_dense_defaults *d,
                             struct wg_spec *s, struct wg_err *err)
{
    int64_t layers, heads, d_head;
    const char *act;
    enum wg_act act_id = WG_ACT_SILU;
    double eps;

    WG_TRY(size_key(c, "num_hidden_layers", d->layers, WG_MAX_LAYERS, &layers, err));
    WG_TRY(wg_spec_init(s, (int)layers, err));
    WG_TRY(size_key(c, "hidden_size", d->d_model, 1 << 20, &s->d_model, err));
    WG_TRY(size_key(c, "vocab_size", d->vocab, 1 << 24, &s->n_vocab, err));
    WG_TRY(size_key(c, "max_position_embeddings", d->context, INT64_C(1) << 32, &s->context_length,
                    err));
    /* A model of experts only need not have a dense size. */
    if (c->gguf && (!wg_cfg_has(c, "num_attention_heads") ||
                    (!wg_cfg_has(c, "intermediate_size") && !wg_cfg_has(c, "num_experts"))))
        return wg_fail(err, WG_E_INPUT,
                       "%s: the keys for head counts or feed-forward size are missing", c->name);
    WG_TRY(
        wg_cfg_layer_i64(c, "num_attention_heads", 0, s->n_layers, d->heads, 1, 4096, &heads, err));
    WG_TRY(wg_cfg_i64(c, "head_dim", d->d_head && !c->gguf ? d->d_head : s->d_model / heads, 1,
                      1024, &d_head, err));
    WG_TRY(wg_cfg_f64(c, d->eps_key ? d->eps_key : "rms_norm_eps", d->eps, &eps, err));
    WG_TRY(wg_cfg_bool(c, "tie_word_embeddings", d->tied, &s->tied_output, err));
    s->norm_eps = (float)eps;
    WG_TRY(wg_cfg_string(c, d->act_key ? d->act_key : "hidden_act", d->act, &act, err));
    WG_TRY(wg_act_by_name(c, act, &act_id, err));
    for (int i = 0; i < s->n_layers; i++) {
        WG_TRY(read_layer(c, d, d_head, i, s, err));
        s->layers[i].mlp.act = act_id;
    }
    return read_rope(c, d, d_head, s, err);
}

enum wg_status wg_read_windows(const struct wg_config *c, struct wg_spec *s, int64_t window,
                               bool (*sliding)(const struct wg_config *c, int layer),
                               struct wg_err *err)
{
    for (int i = 0; i < s->n_layers; i++) {
        const char *type;
        bool slides;
        WG_TRY(wg_cfg_item_string(c, "layer_types", i, s->n_layers, &type, err));
        if (!type)
            slides = sliding(c, i);
        else if (strcmp(type, "sliding_attention") == 0)
            slides = true;
        else if (strcmp(type, "full_attention") == 0)
            slides = false;
        else
            return wg_fail(err, WG_E_UNSUPPORTED, "%s: layer type \"%.40s\" is not supported",
                           c->name, type);
        if (slides)
            s->layers[i].attn.window = window;
    }
    return WG_OK;
}

enum wg_status wg_read_moe_layer(const struct wg_config *c, const struct wg_moe_defaults *d,
                                 struct wg_spec *s, int layer, struct wg_err *err)
{
    struct wg_mlp_spec *mlp = &s->layers[layer].mlp;
    struct wg_moe_spec *m = &mlp->moe;
    int64_t experts, used, d_ff = d->d_ff ? d->d_ff : mlp->d_ff;

    /* transformers 5 saves num_local_experts where the older classes said num_experts. */
    const char *count = wg_cfg_has(c, "num_experts") ? "num_experts" : "num_local_experts";
    WG_TRY(wg_cfg_i64(c, count, d->experts, 1, 4096, &experts, err));
    WG_TRY(wg_cfg_i64(c, "num_experts_per_tok", d->used, 1, WG_MAX_EXPERTS_USED, &used, err));
    if (d->d_ff)
        WG_TRY(wg_cfg_i64(c, "moe_intermediate_size", d_ff, 1, 1 << 24, &d_ff, err));
    WG_TRY(wg_cfg_i64(c, "shared_expert_intermediate_size", d->d_shared, 0, 1 << 24, &m->d_shared,
                      err));
    WG_TRY(wg_cfg_bool(c, "norm_topk_prob", d->normalize, &m->normalize, err));
    mlp->d_ff = d_ff;
    m->n_experts = (int)experts;
    m->n_used = (int)used;
    m->router = WG_ROUTER_SOFTMAX;
    m->scale = 1;
    m->n_groups = m->groups_used = 1;
    m->shared_gate = m->d_shared > 0;
    return WG_OK;
}

enum wg_status wg_read_sparse_layers(const struct wg_config *c, const struct wg_moe_defaults *d,
                                     struct wg_spec *s, struct wg_err *err)
{
    const json_t *dense = json_object_get(c->text, "mlp_only_layers"), *item;
    int64_t step;
    size_t at;

    WG_TRY(wg_cfg_i64(c, "decoder_sparse_step", 1, 1, WG_MAX_LAYERS, &step, err));
    for (int i = 0; i < s->n_layers; i++) {
        bool sparse = (i + 1) % step == 0;
        json_array_foreach(dense, at, item)
            sparse = sparse && json_integer_value(item) != i;
        if (sparse)
            WG_TRY(wg_read_moe_layer(c, d, s, i, err));
    }
    return WG_OK;
}
