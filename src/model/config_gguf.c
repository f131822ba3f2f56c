/* Keys of a GGUF file (ggml docs/gguf.md) to the names of config.json. */
#include "model/config.h"

#include "base/buf.h"
#include "package/gguf.h"

#include <stdio.h>
#include <string.h>

/* "<arch>.<gguf>" -> config. A key with a dot in its config name goes into that object. */
static const struct {
    const char *gguf, *config;
} keys[] = {
    {"block_count", "num_hidden_layers"},
    {"embedding_length", "hidden_size"},
    {"context_length", "max_position_embeddings"},
    {"feed_forward_length", "intermediate_size"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.key_length", "head_dim"},
    {"attention.layer_norm_rms_epsilon", "rms_norm_eps"},
    {"attention.layer_norm_epsilon", "layer_norm_eps"},
    {"attention.sliding_window", "sliding_window"},
    {"attention.temperature_scale", "rope_scaling.llama_4_scaling_beta"},
    {"attn_logit_softcapping", "attn_logit_softcapping"},
    {"final_logit_softcapping", "final_logit_softcapping"},
    {"rope.dimension_count", "rope_dims"},
    {"rope.freq_base", "rope_theta"},
    {"rope.scaling.type", "rope_scaling.rope_type"},
    {"rope.scaling.factor", "rope_scaling.factor"},
    {"rope.scaling.attn_factor", "rope_scaling.attention_factor"},
    {"rope.scaling.original_context_length", "rope_scaling.original_max_position_embeddings"},
    {"rope.scaling.yarn_beta_fast", "rope_scaling.beta_fast"},
    {"rope.scaling.yarn_beta_slow", "rope_scaling.beta_slow"},
    {"rope.scaling.yarn_log_multiplier", "rope_scaling.yarn_log_multiplier"},
    {"expert_count", "num_experts"},
    {"expert_used_count", "num_experts_per_tok"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {"expert_shared_feed_forward_length", "shared_expert_intermediate_size"},
    {"full_attention_interval", "full_attention_interval"},
    {"attention.recurrent_layers", "recurrent_layers"},
    {"nextn_predict_layers", "nextn_predict_layers"},
    {"ssm.conv_kernel", "linear_conv_kernel_dim"},
    {"ssm.state_size", "linear_key_head_dim"},
    {"ssm.group_count", "linear_num_key_heads"},
    {"ssm.time_step_rank", "linear_num_value_heads"},
    {"ssm.inner_size", "ssm_inner_size"},
};

static enum wg_status scalar_json(const struct wg_gguf_kv *kv, uint64_t i, json_t **out,
                                  struct wg_err *err)
{
    enum wg_gguf_kind kind = kv->kind == WG_GGUF_ARRAY ? kv->item_kind : kv->kind;
    int64_t whole;
    double real;

    *out = NULL;
    if (kind == WG_GGUF_STRING) {
        *out = wg_json_text(kv->strs[i].p, kv->strs[i].n);
    } else if (kind == WG_GGUF_F32 || kind == WG_GGUF_F64) {
        WG_TRY(wg_gguf_item_f64(kv, i, &real, err));
        *out = json_real(real);
        if (!*out)
            return wg_fail(err, WG_E_INPUT, "the key %s is not a finite number", kv->key);
    } else if (kind == WG_GGUF_BOOL) {
        *out = json_boolean(((const uint8_t *)kv->data)[i]);
    } else {
        WG_TRY(wg_gguf_item_i64(kv, i, &whole, err));
        *out = json_integer(whole);
    }
    return *out ? WG_OK : wg_oom(err, "the configuration");
}

static enum wg_status value_json(const struct wg_gguf_kv *kv, json_t **out, struct wg_err *err)
{
    enum { MAX_ITEMS = 4096 };

    if (kv->kind != WG_GGUF_ARRAY)
        return scalar_json(kv, 0, out, err);
    if (kv->count > MAX_ITEMS)
        return wg_fail(err, WG_E_LIMIT, "the key %s has more than %d items", kv->key, MAX_ITEMS);
    json_t *list = json_array();
    for (uint64_t i = 0; i < kv->count; i++) {
        json_t *item;
        enum wg_status st = scalar_json(kv, i, &item, err);
        if (st == WG_OK && json_array_append_new(list, item) != 0)
            st = wg_oom(err, "the configuration");
        if (st != WG_OK) {
            json_decref(list);
            return st;
        }
    }
    *out = list;
    return WG_OK;
}

static enum wg_status set_key(json_t *root, const char *name, json_t *value, struct wg_err *err)
{
    const char *dot = strchr(name, '.');
    char object[32];

    if (dot) {
        snprintf(object, sizeof object, "%.*s", (int)(dot - name), name);
        if (!json_object_get(root, object))
            json_object_set_new(root, object, json_object());
        root = json_object_get(root, object);
        name = dot + 1;
    }
    return json_object_set_new(root, name, value) == 0 ? WG_OK : wg_oom(err, "the configuration");
}

/* Layers after the last one draft tokens (multi-token prediction): the model is counted, and its
 * lists of one value a layer are cut, without them. */
static enum wg_status drop_draft_layers(struct wg_config *c, struct wg_err *err)
{
    int64_t drafts, layers;
    const char *key;
    json_t *value;

    WG_TRY(wg_cfg_i64(c, "nextn_predict_layers", 0, 0, INT32_MAX, &drafts, err));
    WG_TRY(wg_cfg_i64(c, "num_hidden_layers", 0, 0, INT32_MAX, &layers, err));
    if (drafts == 0)
        return WG_OK;
    if (drafts >= layers)
        return wg_fail(err, WG_E_INPUT,
                       "%s: nextn_predict_layers %lld is not less than %lld layers", c->name,
                       (long long)drafts, (long long)layers);
    json_object_foreach(c->root, key, value) {
        bool each = json_is_array(value) && json_array_size(value) == (size_t)layers;
        for (int64_t i = 0; each && i < drafts; i++)
            json_array_remove(value, json_array_size(value) - 1);
    }
    return set_key(c->root, "num_hidden_layers", json_integer(layers - drafts), err);
}

enum wg_status wg_config_from_gguf(const struct wg_gguf *g, struct wg_config *c, struct wg_err *err)
{
    struct wg_gguf_str arch = {"", 0};
    bool found = false;
    char key[128];

    *c = (struct wg_config){.name = wg_gguf_path(g), .gguf = true, .root = json_object()};
    c->text = c->root;
    if (!c->root)
        return wg_oom(err, "the configuration");
    WG_TRY(wg_gguf_string(g, "general.architecture", &arch, &found, err));
    if (!found || arch.n == 0 || arch.n >= sizeof c->arch)
        return wg_fail(err, WG_E_INPUT, "%s: the key general.architecture %s", c->name,
                       found ? "names no architecture" : "is missing");
    snprintf(c->arch, sizeof c->arch, "%.*s", (int)arch.n, arch.p);
    for (size_t i = 0; i < WG_COUNT(keys); i++) {
        snprintf(key, sizeof key, "%s.%s", c->arch, keys[i].gguf);
        const struct wg_gguf_kv *kv = wg_gguf_find(g, key);
        json_t *value;
        if (!kv)
            continue;
        enum wg_status st = value_json(kv, &value, err);
        if (st != WG_OK)
            return wg_err_prefix(err, "%s", c->name);
        WG_TRY(set_key(c->root, keys[i].config, value, err));
    }
    WG_TRY(drop_draft_layers(c, err));
    const struct wg_tensor *embed = wg_gguf_tensor(g, "token_embd.weight");
    if (!embed)
        return wg_fail(err, WG_E_INPUT, "%s: the tensor token_embd.weight is missing", c->name);
    WG_TRY(set_key(c->root, "vocab_size", json_integer(embed->ne[1]), err));
    return set_key(c->root, "tie_word_embeddings",
                   json_boolean(wg_gguf_tensor(g, "output.weight") == NULL), err);
}
