/*
 * Gemma 1, 2 and 3 (text): embeddings scaled by sqrt(d_model), GELU-gated MLP, norm weights kept
 * less 1 in Hugging Face files. Gemma 2 adds norms after each block, soft caps and alternating
 * windows; Gemma 3 norms Q and K instead of capping, and rotates local layers with a base of their
 * own.
 */
#include "model/families/families.h"

#include "model/rope.h"

#include <math.h>
#include <string.h>

static const struct wg_dense_defaults gemma1 = {
    .vocab = 256000,
    .d_model = 3072,
    .d_ff = 24576,
    .layers = 28,
    .heads = 16,
    .kv_heads = 16,
    .d_head = 256,
    .context = 8192,
    .eps = 1e-6,
    .theta = 10000,
    .act = "gelu_pytorch_tanh",
    .tied = true,
};

static const struct wg_dense_defaults gemma2 = {
    .vocab = 256000,
    .d_model = 2304,
    .d_ff = 9216,
    .layers = 26,
    .heads = 8,
    .kv_heads = 4,
    .d_head = 256,
    .context = 8192,
    .eps = 1e-6,
    .theta = 10000,
    .act_key = "hidden_activation",
    .act = "gelu_pytorch_tanh",
    .tied = true,
};

static const struct wg_dense_defaults gemma3 = {
    .vocab = 262208,
    .d_model = 2304,
    .d_ff = 9216,
    .layers = 26,
    .heads = 8,
    .kv_heads = 4,
    .d_head = 256,
    .context = 131072,
    .eps = 1e-6,
    .theta = 1000000,
    .act_key = "hidden_activation",
    .act = "gelu_pytorch_tanh",
    .tied = true,
};

static int generation(const struct wg_config *c)
{
    if (strcmp(c->arch, "gemma") == 0 || strcmp(c->arch, "GemmaForCausalLM") == 0)
        return 1;
    return strcmp(c->arch, "gemma2") == 0 || strcmp(c->arch, "Gemma2ForCausalLM") == 0 ? 2 : 3;
}

static bool every_other(const struct wg_config *c, int layer)
{
    (void)c;
    return layer % 2 == 0;
}

static bool five_of_six(const struct wg_config *c, int layer)
{
    const json_t *v = json_object_get(c->text, "sliding_window_pattern");
    json_int_t period = json_is_integer(v) && json_integer_value(v) > 0 ? json_integer_value(v) : 6;

    return (layer + 1) % period != 0;
}

/* Queries are scaled by query_pre_attn_scalar, which GGUF files leave out: the head size, except in
 * the two large models where it is d_model / heads. */
static enum wg_status read_scale(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    const struct wg_attn_spec *a = &s->layers[0].attn;
    bool large = c->gguf && ((s->n_layers == 46 && s->d_model == 4608) ||
                             (s->n_layers == 62 && s->d_model == 5376));
    double def = !c->gguf ? 256 : large ? (double)s->d_model / a->n_heads : a->d_head, scalar;

    WG_TRY(wg_cfg_f64(c, "query_pre_attn_scalar", def, &scalar, err));
    if (!(scalar > 0))
        return wg_fail(err, WG_E_INPUT, "%s: query_pre_attn_scalar is not positive", c->name);
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].attn.scale = (float)(1.0 / sqrt(scalar));
    return WG_OK;
}

static enum wg_status read_caps(const struct wg_config *c, double attn, double final,
                                struct wg_spec *s, struct wg_err *err)
{
    /* In config.json null turns a cap off; an absent key takes the class default. */
    bool has_attn = json_object_get(c->text, "attn_logit_softcapping") != NULL;
    bool has_final = json_object_get(c->text, "final_logit_softcapping") != NULL;

    WG_TRY(wg_cfg_f64(c, "attn_logit_softcapping", has_attn ? 0 : attn, &attn, err));
    WG_TRY(wg_cfg_f64(c, "final_logit_softcapping", has_final ? 0 : final, &final, err));
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].attn.softcap = (float)attn;
    s->logit_softcap = (float) final;
    return WG_OK;
}

/* Local layers turn with a base of 10,000 and without scaling, in files that say nothing else. */
static enum wg_status read_local_rope(const struct wg_config *c, struct wg_spec *s,
                                      struct wg_err *err)
{
    struct wg_rope_config full, local;
    int index, dims = s->ropes[0].dims;
    double base;

    bool by_type = json_is_object(
        json_object_get(json_object_get(c->text, "rope_parameters"), "sliding_attention"));
    WG_TRY(wg_cfg_f64(c, "rope_local_base_freq", 10000, &base, err));
    WG_TRY(wg_cfg_rope(c, "sliding_attention", base, &local, err));
    if (!by_type)
        local = (struct wg_rope_config){.type = "default", .theta = base};
    WG_TRY(wg_cfg_rope(c, "full_attention", 1000000, &full, err));
    if (by_type) {
        /* The reader of dense models saw no single embedding: make the global one anew. */
        wg_spec_drop_ropes(s);
        WG_TRY(wg_rope_add(s, c, &full, WG_ROPE_NEOX, dims, &index, err));
    }
    WG_TRY(wg_rope_add(s, c, &local, WG_ROPE_NEOX, dims, &index, err));
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].attn.rope = s->layers[i].attn.window ? index : 0;
    return WG_OK;
}

static enum wg_status read(const struct wg_config *c, struct wg_spec *s, struct wg_err *err)
{
    static const struct wg_dense_defaults *const defaults[] = {&gemma1, &gemma2, &gemma3};
    struct wg_dense_defaults d;
    int gen = generation(c);
    int64_t window;

    d = *defaults[gen - 1];
    /* Old files of Gemma 1 say "gelu" and mean the tanh form. */
    const char *act = json_string_value(json_object_get(c->text, "hidden_act"));
    if (gen == 1 && act && strcmp(act, "gelu") == 0)
        d.act_key = "hidden_activation";
    WG_TRY(wg_read_dense(c, &d, s, err));
    s->embed_scale = sqrtf((float)s->d_model);
    if (gen == 1)
        return WG_OK;
    s->post_norms = true;
    WG_TRY(read_scale(c, s, err));
    WG_TRY(read_caps(c, gen == 2 ? 50 : 0, gen == 2 ? 30 : 0, s, err));
    WG_TRY(wg_cfg_i64(c, "sliding_window", 4096, 1, INT64_C(1) << 32, &window, err));
    WG_TRY(wg_read_windows(c, s, window, gen == 2 ? every_other : five_of_six, err));
    if (gen == 2)
        return WG_OK;
    for (int i = 0; i < s->n_layers; i++)
        s->layers[i].attn.qk_norm = true;
    return read_local_rope(c, s, err);
}

static const char *const gguf_archs[] = {"gemma", "gemma2", "gemma3", NULL};
static const char *const hf_archs[] = {"GemmaForCausalLM", "Gemma2ForCausalLM", "Gemma3ForCausalLM",
                                       "Gemma3ForConditionalGeneration", NULL};

/* With norms on both sides of a block, Hugging Face's post_attention_layernorm is what its name
 * says; in the other families it is the norm before the MLP. */
static const struct wg_rename renames[] = {
    {"pre_feedforward_layernorm", "ffn_norm"},
    {"post_feedforward_layernorm", "post_ffw_norm"},
    {NULL, NULL},
};

const struct wg_family wg_family_gemma = {.name = "Gemma",
                                          .gguf_archs = gguf_archs,
                                          .hf_archs = hf_archs,
                                          .read = read,
                                          .renames = renames,
                                          .norm_plus_one = true};
