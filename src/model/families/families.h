/*
 * Registry of model families. A family reads metadata into a wg_spec; it computes nothing.
 *
 * To add one:
 *   1. src/model/families/<family>.c with `const struct wg_family wg_family_<name>`;
 *   2. its line in WG_FAMILIES below and in src/model/meson.build;
 *   3. a configuration in tools/make_model_fixtures.py, and its row in docs/MODELS.md.
 * tests/unit/test_model.c compares every fixture's logits with the reference implementation's.
 */
#ifndef WG_MODEL_FAMILIES_FAMILIES_H
#define WG_MODEL_FAMILIES_FAMILIES_H

#include "model/spec.h"

struct wg_gguf;

struct wg_family {
    const char *name;
    const char *const *gguf_archs; /* values of general.architecture, NULL at the end */
    /* Fills *spec (initialised by the callee; the caller releases it, also after a failure). */
    enum wg_status (*read_gguf)(const struct wg_gguf *g, const char *arch, struct wg_spec *spec,
                                struct wg_err *err);
};

#define WG_FAMILIES(X) X(llama)

/* Spec of a GGUF file; WG_E_UNSUPPORTED names an architecture that no family reads. */
enum wg_status wg_spec_from_gguf(const struct wg_gguf *g, struct wg_spec *spec,
                                 struct wg_err *err) WG_NODISCARD;

/* Keys "<arch>.<key>": required (absent is WG_E_INPUT) and optional (absent keeps *out). */
enum wg_status wg_arch_i64(const struct wg_gguf *g, const char *arch, const char *key, int64_t *out,
                           struct wg_err *err) WG_NODISCARD;
enum wg_status wg_arch_opt_i64(const struct wg_gguf *g, const char *arch, const char *key,
                               int64_t *out, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_arch_f64(const struct wg_gguf *g, const char *arch, const char *key, double *out,
                           struct wg_err *err) WG_NODISCARD;
enum wg_status wg_arch_opt_f64(const struct wg_gguf *g, const char *arch, const char *key,
                               double *out, struct wg_err *err) WG_NODISCARD;
/* Item `i` of a key that is one number for all layers or an array with one a layer. */
enum wg_status wg_arch_layer_i64(const struct wg_gguf *g, const char *arch, const char *key,
                                 int layer, int n_layers, int64_t *out,
                                 struct wg_err *err) WG_NODISCARD;

#endif
