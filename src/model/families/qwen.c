/*
 * Qwen 1.5, 2, 2.5 (biases on Q, K, V) and 3 (norms on Q and K, no biases): otherwise the Llama
 * graph with the rotation in halves, in both file forms.
 */
#include "model/families/families.h"

#include <string.h>

static const struct wg_dense_defaults qwen2 = {
    .vocab = 151936,
    .d_model = 4096,
    .d_ff = 22016,
    .layers = 32,
    .heads = 32,
    .kv_heads = 32,
    .context = 32768,
    .eps = 1e-6,
    .theta = 10000,
    .act = "silu",
};

/* The last layers slide, where a window is asked for at all. */
static bool after_full_layers(const struct wg_config *c, int layer)
{
    const json_t *v = json_object_get(c->text, "max_window_layers");

    return layer >= (json_is_integer(v) ? json_integer_value(v) : 28);
}

static const struct wg_moe_defaults qwen2_experts = {
    .experts = 60, .used = 4, .d_ff = 1408, .d_shared = 5632};

static const struct wg_moe_defaults qwen3_experts = {.experts = 128, .used = 8, .d_ff = 768};

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    struct wg_dense_defaults d = qwen2;
    struct wg_moe_defaults x;
    bool third = strstr(c->arch, "wen3") != NULL, use_window;
    bool moe = strstr(c->arch, "moe") != NULL || strstr(c->arch, "Moe") != NULL;
    int64_t window;

    if (third)
        d.d_head = 128;
    if (moe && third)
        d.kv_heads = 4;
    if (moe && !third)
        d.kv_heads = 16;
    WG_TRY(wg_read_dense(c, &d, s, err));
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].attn.qk_norm = third;
    x = third ? qwen3_experts : qwen2_experts;
    /* GGUF files of Qwen3-MoE do not say it: all of them normalize. */
    x.normalize = c->gguf && third;
    if (moe)
        WG_TRY(wg_read_sparse_layers(c, &x, s, err));
    WG_TRY(wg_cfg_bool(c, "use_sliding_window", false, &use_window, err));
    WG_TRY(wg_cfg_i64(c, "sliding_window", 4096, 0, INT64_C(1) << 32, &window, err));
    return use_window && window ? wg_read_windows(c, s, window, after_full_layers, err) : WG_OK;
}

static const char *const gguf_archs[] = {"qwen2", "qwen3", "qwen2moe", "qwen3moe", NULL};
static const char *const hf_archs[] = {"Qwen2ForCausalLM", "Qwen3ForCausalLM",
                                       "Qwen2MoeForCausalLM", "Qwen3MoeForCausalLM", NULL};

const struct wg_family wg_family_qwen = {
    .name = "Qwen", .gguf_archs = gguf_archs, .hf_archs = hf_archs, .read = read};
