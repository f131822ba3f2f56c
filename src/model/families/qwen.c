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

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    struct wg_dense_defaults d = qwen2;
    bool third = strcmp(c->arch, "qwen3") == 0 || strcmp(c->arch, "Qwen3ForCausalLM") == 0;
    bool use_window;
    int64_t window;

    if (third)
        d.d_head = 128;
    WG_TRY(wg_read_dense(c, &d, s, err));
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].attn.qk_norm = third;
    WG_TRY(wg_cfg_bool(c, "use_sliding_window", false, &use_window, err));
    WG_TRY(wg_cfg_i64(c, "sliding_window", 4096, 0, INT64_C(1) << 32, &window, err));
    return use_window && window ? wg_read_windows(c, s, window, after_full_layers, err) : WG_OK;
}

static const char *const gguf_archs[] = {"qwen2", "qwen3", NULL};
static const char *const hf_archs[] = {"Qwen2ForCausalLM", "Qwen3ForCausalLM", NULL};

const struct wg_family wg_family_qwen = {
    .name = "Qwen", .gguf_archs = gguf_archs, .hf_archs = hf_archs, .read = read};
