/*
 * Qwen3-Next, and Qwen3.5 with and without experts (text): three of four layers are gated delta
 * nets, the others full attention with gated output, norms on Q and K, and a quarter of each head
 * rotated. Norm weights are kept less 1 in Hugging Face files.
 *
 * GGUF files of Qwen3.5 order the value heads of the delta nets otherwise (wg_delta_spec.tiled).
 */
#include "model/families/families.h"

#include <string.h>

static const struct wg_dense_defaults qwen3_next = {
    .vocab = 151936,
    .d_model = 2048,
    .d_ff = 5632,
    .layers = 48,
    .heads = 16,
    .kv_heads = 2,
    .d_head = 256,
    .context = 32768,
    .eps = 1e-6,
    .theta = 10000,
    .partial = 0.25,
    .act = "silu",
};

static const struct wg_dense_defaults qwen3_5 = {
    .vocab = 248320,
    .d_model = 4096,
    .d_ff = 12288,
    .layers = 32,
    .heads = 16,
    .kv_heads = 4,
    .d_head = 256,
    .context = 32768,
    .eps = 1e-6,
    .theta = 10000,
    .partial = 0.25,
    .act = "silu",
};

static const struct wg_dense_defaults qwen3_5_moe = {
    .vocab = 248320,
    .d_model = 2048,
    .d_ff = 512,
    .layers = 40,
    .heads = 16,
    .kv_heads = 2,
    .d_head = 256,
    .context = 32768,
    .eps = 1e-6,
    .theta = 10000,
    .partial = 0.25,
    .act = "silu",
};

static const struct wg_moe_defaults next_experts = {
    .experts = 512, .used = 10, .d_ff = 512, .d_shared = 512, .normalize = true};

static const struct wg_moe_defaults qwen3_5_experts = {
    .experts = 256, .used = 8, .d_ff = 512, .d_shared = 512, .normalize = true};

static bool is_next(const struct wg_config *c)
{
    return strcmp(c->arch, "qwen3next") == 0 || strcmp(c->arch, "Qwen3NextForCausalLM") == 0;
}

static bool is_moe(const struct wg_config *c)
{
    return strstr(c->arch, "Moe") || strcmp(c->arch, "qwen35moe") == 0;
}

/* Sizes of the delta nets, the same in all of them. */
static enum wg_status read_delta(const struct wg_config *c, enum wg_act act,
                                 struct wg_delta_spec *d, struct wg_err *err)
{
    int64_t keys, values, d_k, d_v, taps, inner;

    WG_TRY(wg_cfg_i64(c, "linear_num_key_heads", 16, 1, 4096, &keys, err));
    WG_TRY(wg_cfg_i64(c, "linear_num_value_heads", 32, 1, 4096, &values, err));
    WG_TRY(wg_cfg_i64(c, "linear_key_head_dim", 128, 1, 1024, &d_k, err));
    WG_TRY(wg_cfg_i64(c, "linear_value_head_dim", 128, 1, 1024, &d_v, err));
    WG_TRY(wg_cfg_i64(c, "linear_conv_kernel_dim", 4, 1, 64, &taps, err));
    if (c->gguf) {
        WG_TRY(wg_cfg_i64(c, "ssm_inner_size", values * d_k, 1, 1 << 24, &inner, err));
        if (inner % values != 0)
            return wg_fail(err, WG_E_INPUT, "%s: ssm.inner_size %lld is not a multiple of %lld",
                           c->name, (long long)inner, (long long)values);
        d_v = inner / values;
    }
    *d = (struct wg_delta_spec){.n_k_heads = (int)keys,
                                .n_v_heads = (int)values,
                                .d_k = (int)d_k,
                                .d_v = (int)d_v,
                                .taps = (int)taps,
                                .act = act,
                                .tiled = c->gguf && !is_next(c)};
    return WG_OK;
}

/* By layer_types or, in GGUF files, recurrent_layers; else every full_attention_interval-th layer
 * attends. */
static enum wg_status layer_mixer(const struct wg_config *c, int layer, int n_layers,
                                  enum wg_mixer *out, struct wg_err *err)
{
    const json_t *recurrent = json_object_get(c->text, "recurrent_layers");
    int64_t interval;
    const char *type;

    WG_TRY(wg_cfg_i64(c, "full_attention_interval", 4, 1, WG_MAX_LAYERS, &interval, err));
    WG_TRY(wg_cfg_item_string(c, "layer_types", layer, n_layers, &type, err));
    *out = (layer + 1) % interval ? WG_MIXER_DELTA : WG_MIXER_ATTENTION;
    if (json_is_array(recurrent)) {
        if (json_array_size(recurrent) != (size_t)n_layers)
            return wg_fail(err, WG_E_INPUT, "%s: recurrent_layers has %zu items for %d layers",
                           c->name, json_array_size(recurrent), n_layers);
        *out = json_is_true(json_array_get(recurrent, (size_t)layer)) ? WG_MIXER_DELTA
                                                                      : WG_MIXER_ATTENTION;
    }
    if (!type)
        return WG_OK;
    if (strcmp(type, "linear_attention") != 0 && strcmp(type, "full_attention") != 0)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: layer type \"%.40s\" is not supported", c->name,
                       type);
    *out = strcmp(type, "linear_attention") == 0 ? WG_MIXER_DELTA : WG_MIXER_ATTENTION;
    return WG_OK;
}

static enum wg_status read_mixers(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    struct wg_delta_spec delta;

    WG_TRY(read_delta(c, s->layers[0].mlp.act, &delta, err));
    for (int i = 0; i < s->n_layers; i++) {
        struct wg_layer_spec *l = &s->layers[i];
        WG_TRY(layer_mixer(c, i, s->n_layers, &l->mixer, err));
        if (l->mixer == WG_MIXER_DELTA) {
            l->delta = delta;
            l->attn = (struct wg_attn_spec){.rope = -1};
        } else {
            l->attn.qk_norm = l->attn.gated = true;
        }
    }
    return WG_OK;
}

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    const json_t *tied = json_object_get(c->root, "tie_word_embeddings");
    int64_t experts;

    WG_TRY(wg_read_dense(c,
                         is_next(c)  ? &qwen3_next
                         : is_moe(c) ? &qwen3_5_moe
                                     : &qwen3_5,
                         s, err));
    /* With a vision part, the whole model's configuration says it. */
    if (json_is_boolean(tied))
        s->tied_output = json_is_true(tied);
    WG_TRY(read_mixers(c, s, err));
    if (is_next(c)) {
        WG_TRY(wg_cfg_i64(c, "num_experts", next_experts.experts, 0, 4096, &experts, err));
        return experts ? wg_read_sparse_layers(c, &next_experts, s, err) : WG_OK;
    }
    for (int i = 0; i < s->n_layers && is_moe(c); i++) {
        WG_TRY(wg_read_moe_layer(c, &qwen3_5_experts, s, i, err));
        s->layers[i].mlp.moe.normalize = true;
    }
    return WG_OK;
}

static const char *const gguf_archs[] = {"qwen3next", "qwen35", "qwen35moe", NULL};
static const char *const hf_archs[] = {"Qwen3NextForCausalLM",
                                       "Qwen3_5ForCausalLM",
                                       "Qwen3_5MoeForCausalLM",
                                       "Qwen3_5ForConditionalGeneration",
                                       "Qwen3_5MoeForConditionalGeneration",
                                       NULL};

const struct wg_family wg_family_qwen_next = {.name = "Qwen",
                                              .gguf_archs = gguf_archs,
                                              .hf_archs = hf_archs,
                                              .read = read,
                                              .norm_plus_one = true};
