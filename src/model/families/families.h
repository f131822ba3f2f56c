/*
 * Registry of model families. A family reads a configuration into a wg_spec and names what its
 * Hugging Face tensors are called; it computes nothing.
 *
 * To add one:
 *   1. src/model/families/<family>.c with `const struct wg_family wg_family_<name>`;
 *   2. its line in WG_FAMILIES below and in src/model/meson.build;
 *   3. configurations in tools/make_tiny_models.py, several that turn each switch on and off;
 *   4. its row in docs/MODELS.md.
 * tests/cli/test_tiny_models.py compares every configuration's logits with transformers'.
 */
#ifndef WG_MODEL_FAMILIES_FAMILIES_H
#define WG_MODEL_FAMILIES_FAMILIES_H

#include "model/config.h"
#include "model/spec.h"

/* A tensor of a Hugging Face folder: "self_attn.dense" of a layer is "attn_output" here. */
struct wg_rename {
    const char *from, *to;
};

struct wg_family {
    const char *name;
    const char *const *gguf_archs; /* values of general.architecture, NULL at the end */
    const char *const *hf_archs;   /* of "architectures" in config.json, NULL at the end */
    /* Fills *spec (initialised by the callee; the caller releases it, also after a failure). */
    enum wg_status (*read)(const struct wg_config *c, struct wg_spec *spec, struct wg_err *err);
    const struct wg_rename
        *renames;       /* besides the common ones; NULL from at the end; may be NULL */
    bool norm_plus_one; /* Hugging Face files keep the norm weights less 1 */
};

// clang-format off
#define WG_FAMILIES(X) \
    X(llama) \
    X(mistral) \
    X(qwen) \
    X(qwen_next) \
    X(deepseek) \
    X(gemma) \
    X(phi)
// clang-format on

/* Spec of a configuration; WG_E_UNSUPPORTED names an architecture that no family reads. */
enum wg_status wg_spec_read(const struct wg_config *c, struct wg_spec *spec,
                            const struct wg_family **family, struct wg_err *err) WG_NODISCARD;

/* Both steps for a GGUF file. */
enum wg_status wg_spec_from_gguf(const struct wg_gguf *g, struct wg_spec *spec,
                                 struct wg_err *err) WG_NODISCARD;

/* What a family's configuration class takes for absent keys, and how its layers look. */
struct wg_dense_defaults {
    int64_t vocab, d_model, d_ff, layers, heads, kv_heads; /* kv_heads 0: as heads */
    int64_t d_head;                                        /* 0: d_model / heads */
    int64_t context;
    double eps, theta;
    double partial;      /* part of each head that is rotated; 0: all */
    const char *eps_key; /* NULL: rms_norm_eps */
    const char *act_key; /* NULL: hidden_act */
    const char *act;
    bool tied;
};

/*
 * Reads what all dense decoders have in common: sizes, norms, rotary embedding, MLP. GGUF files
 * must have the sizes; a config.json may leave out what its class has a default for. All layers get
 * the same rotary embedding (NEOX layout, all of the head or its partial_rotary_factor).
 */
enum wg_status wg_read_dense(const struct wg_config *c, const struct wg_dense_defaults *d,
                             struct wg_spec *s, struct wg_err *err) WG_NODISCARD;
/* Which experts: keys differ between families, so the caller names the defaults. */
struct wg_moe_defaults {
    int64_t experts, used, d_ff, d_shared; /* d_ff 0: intermediate_size */
    bool normalize;                        /* where norm_topk_prob is absent */
};

/* Makes the MLP of `layer` a mixture with a softmax router without groups. */
enum wg_status wg_read_moe_layer(const struct wg_config *c, const struct wg_moe_defaults *d,
                                 struct wg_spec *s, int layer, struct wg_err *err) WG_NODISCARD;

/* Qwen: layers of mlp_only_layers, and those off decoder_sparse_step, stay dense. */
enum wg_status wg_read_sparse_layers(const struct wg_config *c, const struct wg_moe_defaults *d,
                                     struct wg_spec *s, struct wg_err *err) WG_NODISCARD;

/* Activation by its name in transformers. */
enum wg_status wg_act_by_name(const struct wg_config *c, const char *name, enum wg_act *out,
                              struct wg_err *err) WG_NODISCARD;
/* Windows by layer_types where the key is there ("sliding_attention"), else by `sliding(i)`. */
enum wg_status wg_read_windows(const struct wg_config *c, struct wg_spec *s, int64_t window,
                               bool (*sliding)(const struct wg_config *c, int layer),
                               struct wg_err *err) WG_NODISCARD;

#endif
