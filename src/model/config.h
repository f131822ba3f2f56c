/*
 * A model's configuration as one JSON object, whatever file it came from. The names are those of
 * config.json; the keys of a GGUF file are translated to them (wg_config_from_gguf), so that a
 * family has one reader. What transformers 5 renamed is read in both forms.
 *
 * Getters: an absent or null key gives the default; a value of another kind or outside the bounds
 * is WG_E_INPUT with file, key and rule.
 */
#ifndef WG_MODEL_CONFIG_H
#define WG_MODEL_CONFIG_H

#include "base/json.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct wg_gguf;

struct wg_config {
    json_t *root;       /* owned */
    const json_t *text; /* the text model's object: root, or its text_config */
    const char *name;   /* file, for messages; borrowed */
    char arch[64];      /* "LlamaForCausalLM", or the GGUF architecture */
    bool gguf;
};

/* Both: *c is released by the caller, also after a failure. */
enum wg_status wg_config_load(const char *path, struct wg_config *c,
                              struct wg_err *err) WG_NODISCARD;
enum wg_status wg_config_from_gguf(const struct wg_gguf *g, struct wg_config *c,
                                   struct wg_err *err) WG_NODISCARD;
void wg_config_release(struct wg_config *c);

/* lo <= value <= hi. */
enum wg_status wg_cfg_i64(const struct wg_config *c, const char *key, int64_t def, int64_t lo,
                          int64_t hi, int64_t *out, struct wg_err *err) WG_NODISCARD;
/* As wg_cfg_i64 for a key that may be an array with one value a layer. */
enum wg_status wg_cfg_layer_i64(const struct wg_config *c, const char *key, int layer, int n_layers,
                                int64_t def, int64_t lo, int64_t hi, int64_t *out,
                                struct wg_err *err) WG_NODISCARD;
/* Finite. */
enum wg_status wg_cfg_f64(const struct wg_config *c, const char *key, double def, double *out,
                          struct wg_err *err) WG_NODISCARD;
enum wg_status wg_cfg_bool(const struct wg_config *c, const char *key, bool def, bool *out,
                           struct wg_err *err) WG_NODISCARD;
/* Borrowed; NULL default allowed. */
enum wg_status wg_cfg_string(const struct wg_config *c, const char *key, const char *def,
                             const char **out, struct wg_err *err) WG_NODISCARD;
/* Item `i` of an array of strings such as layer_types, or NULL when the key is absent. An array of
 * another length than n is WG_E_INPUT. */
enum wg_status wg_cfg_item_string(const struct wg_config *c, const char *key, int i, int n,
                                  const char **out, struct wg_err *err) WG_NODISCARD;
bool wg_cfg_has(const struct wg_config *c, const char *key);

/* Rotary embedding as configured, before it becomes frequencies (rope.h). */
struct wg_rope_config {
    const char *type;              /* "default", "linear", "llama3", "yarn", "longrope"; borrowed */
    double theta, factor, partial; /* factor, partial 0: not given */
    double low_freq_factor, high_freq_factor; /* llama3 */
    double beta_fast, beta_slow;              /* yarn */
    double attention_factor;                  /* 0: not given */
    double mscale, mscale_all_dim;            /* 0: not given */
    bool truncate;                            /* yarn: whole numbers in the ramp's bounds */
    int64_t original_context;
    const json_t *short_factor, *long_factor; /* longrope; borrowed arrays */
    double temp_beta; /* llama_4_scaling_beta: queries grow with the position; 0: not */
};

/* rope_parameters (of one layer type where it is a map of them: "full_attention", ...), or the
 * older rope_theta and rope_scaling. */
enum wg_status wg_cfg_rope(const struct wg_config *c, const char *layer_type, double default_theta,
                           struct wg_rope_config *out, struct wg_err *err) WG_NODISCARD;

#endif
