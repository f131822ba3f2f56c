/*
 * Phi-1, 1.5, 2: layer norms with biases, attention and MLP side by side on one norm, a plain MLP,
 * and part of each head rotated. Phi-3, 3.5, 4 and 4-mini: the Llama graph with Q, K, V and gate,
 * up in one matrix each, and longrope.
 */
#include "model/families/families.h"

#include <string.h>

static const struct wg_dense_defaults phi2 = {
    .vocab = 51200,
    .d_model = 2048,
    .d_ff = 8192,
    .layers = 24,
    .heads = 32,
    .context = 2048,
    .eps = 1e-5,
    .eps_key = "layer_norm_eps",
    .theta = 10000,
    .partial = 0.5,
    .act = "gelu_new",
};

static const struct wg_dense_defaults phi3 = {
    .vocab = 32064,
    .d_model = 3072,
    .d_ff = 8192,
    .layers = 32,
    .heads = 32,
    .context = 4096,
    .eps = 1e-5,
    .theta = 10000,
    .act = "silu",
};

static bool all_layers(const struct wg_config *c, int layer)
{
    (void)c;
    (void)layer;
    return true;
}

static enum wg_status read_phi2(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    bool qk_norm;

    WG_TRY(wg_cfg_bool(c, "qk_layernorm", false, &qk_norm, err));
    if (qk_norm)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: qk_layernorm is not supported by this version",
                       c->name);
    WG_TRY(wg_read_dense(c, &phi2, s, err));
    s->norm = WG_NORM_LAYER;
    s->parallel = true;
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].mlp.gated = false;
    return WG_OK;
}

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    int64_t window;

    if (strcmp(c->arch, "phi2") == 0 || strcmp(c->arch, "PhiForCausalLM") == 0)
        return read_phi2(c, s, err);
    WG_TRY(wg_read_dense(c, &phi3, s, err));
    WG_TRY(wg_cfg_i64(c, "sliding_window", 0, 0, INT64_C(1) << 32, &window, err));
    /* Converted files of Phi-3.5 and Phi-4 carry a window of the whole context. */
    if (window >= s->context_length)
        window = 0;
    return window ? wg_read_windows(c, s, window, all_layers, err) : WG_OK;
}

static const char *const gguf_archs[] = {"phi2", "phi3", NULL};
static const char *const hf_archs[] = {"PhiForCausalLM", "Phi3ForCausalLM", NULL};

static const struct wg_rename renames[] = {
    {"self_attn.dense", "attn_output"}, {"mlp.fc1", "ffn_up"}, {"mlp.fc2", "ffn_down"},
    {"final_layernorm", "output_norm"}, {NULL, NULL},
};

const struct wg_family wg_family_phi = {.name = "Phi",
                                        .gguf_archs = gguf_archs,
                                        .hf_archs = hf_archs,
                                        .read = read,
                                        .renames = renames};
