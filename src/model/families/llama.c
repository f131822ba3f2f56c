/*
 * Llama 1 to 3.3 and what shares their graph (DeepSeek LLM and Coder, SmolLM): RMS norms before
 * attention and MLP, rotary positions, grouped-query attention, SiLU-gated MLP (Touvron et al.
 * 2023). GGUF files keep the rows of Q and K in the order of the original code: the interleaved
 * rotation.
 */
#include "model/families/families.h"

static const struct wg_dense_defaults defaults = {
    .vocab = 32000,
    .d_model = 4096,
    .d_ff = 11008,
    .layers = 32,
    .heads = 32,
    .context = 2048,
    .eps = 1e-6,
    .theta = 10000,
    .act = "silu",
};

static bool all_layers(const struct wg_config *c, int layer)
{
    (void)c;
    (void)layer;
    return true;
}

/* GGUF files of Mistral 7B and Mixtral say "llama" too: the first has a window. */
static const struct wg_moe_defaults mixtral = {.experts = 8, .used = 2, .normalize = true};

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    int64_t window = 0;

    WG_TRY(wg_read_dense(c, &defaults, s, err));
    if (c->gguf) {
        s->ropes[0].layout = WG_ROPE_INTERLEAVED;
        WG_TRY(wg_cfg_i64(c, "sliding_window", 0, 0, INT64_C(1) << 32, &window, err));
    }
    if (window)
        WG_TRY(wg_read_windows(c, s, window, all_layers, err));
    for (int i = 0; i < s->n_layers && c->gguf && wg_cfg_has(c, "num_experts"); i++)
        WG_TRY(wg_read_moe_layer(c, &mixtral, s, i, err));
    return WG_OK;
}

static const char *const gguf_archs[] = {"llama", NULL};
static const char *const hf_archs[] = {"LlamaForCausalLM", NULL};

const struct wg_family wg_family_llama = {
    .name = "Llama", .gguf_archs = gguf_archs, .hf_archs = hf_archs, .read = read};
