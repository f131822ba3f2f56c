/*
 * Mistral 7B, Nemo, Small 3, Ministral 3: the Llama graph with a sliding window (7B v0.1), a head
 * size of its own (Nemo), and queries that grow with the position over a yarn rotation (Ministral
 * 3). Models with a vision part load their text part. GGUF files of the older ones say "llama".
 */
#include "model/families/families.h"

#include <string.h>

static const struct wg_dense_defaults mistral = {
    .vocab = 32000,
    .d_model = 4096,
    .d_ff = 14336,
    .layers = 32,
    .heads = 32,
    .kv_heads = 8,
    .context = 4096 * 32,
    .eps = 1e-6,
    .theta = 10000,
    .act = "silu",
};

static const struct wg_dense_defaults ministral3 = {
    .vocab = 131072,
    .d_model = 4096,
    .d_ff = 14336,
    .layers = 34,
    .heads = 32,
    .kv_heads = 8,
    .d_head = 128,
    .context = 262144,
    .eps = 1e-5,
    .theta = 1000000,
    .act = "silu",
};

static const struct wg_dense_defaults mixtral = {
    .vocab = 32000,
    .d_model = 4096,
    .d_ff = 14336,
    .layers = 32,
    .heads = 32,
    .kv_heads = 8,
    .context = 4096 * 32,
    .eps = 1e-5,
    .theta = 1000000,
    .act = "silu",
};

static const struct wg_moe_defaults mixtral_experts = {.experts = 8, .used = 2, .normalize = true};

static bool all_layers(const struct wg_config *c, int layer)
{
    (void)c;
    (void)layer;
    return true;
}

static bool is_ministral3(const struct wg_config *c)
{
    const char *type = json_string_value(json_object_get(c->text, "model_type"));

    return strcmp(c->arch, "Ministral3ForCausalLM") == 0 ||
           (type && strcmp(type, "ministral3") == 0);
}

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    bool newer = is_ministral3(c), moe = strcmp(c->arch, "MixtralForCausalLM") == 0;
    int64_t window;

    WG_TRY(wg_read_dense(c, newer ? &ministral3 : moe ? &mixtral : &mistral, s, err));
    for (int i = 0; i < s->n_layers && moe; i++)
        WG_TRY(wg_read_moe_layer(c, &mixtral_experts, s, i, err));
    if (c->gguf)
        s->ropes[0].layout = WG_ROPE_INTERLEAVED;
    /* The class default of Mistral is a window of 4096, where the key is absent and not null. */
    bool absent = json_object_get(c->text, "sliding_window") == NULL;
    int64_t def = absent && !newer && !moe && !c->gguf ? 4096 : 0;
    WG_TRY(wg_cfg_i64(c, "sliding_window", def, 0, INT64_C(1) << 32, &window, err));
    return window ? wg_read_windows(c, s, window, all_layers, err) : WG_OK;
}

static const char *const gguf_archs[] = {"mistral3", NULL};
static const char *const hf_archs[] = {"MistralForCausalLM", "Ministral3ForCausalLM",
                                       "MixtralForCausalLM", "Mistral3ForConditionalGeneration",
                                       NULL};

const struct wg_family wg_family_mistral = {
    .name = "Mistral", .gguf_archs = gguf_archs, .hf_archs = hf_archs, .read = read};
