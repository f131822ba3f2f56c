/* Frequencies of rotary embeddings from their configuration: plain, linear, llama3, yarn, longrope.
 */
#ifndef WG_MODEL_ROPE_H
#define WG_MODEL_ROPE_H

#include "model/config.h"
#include "model/spec.h"

/*
 * Adds the embedding to the spec; *index names it. `dims` values of a head are rotated. A scaling
 * that is not one of the five is WG_E_UNSUPPORTED by name.
 */
enum wg_status wg_rope_add(struct wg_spec *s, const struct wg_config *c,
                           const struct wg_rope_config *rc, enum wg_rope_layout layout, int dims,
                           int *index, struct wg_err *err) WG_NODISCARD;

/* From which length on a longrope model uses the frequencies of long texts, and its magnitude. */
enum wg_status wg_rope_set_long(struct wg_spec *s, const struct wg_config *c,
                                const struct wg_rope_config *rc, struct wg_err *err) WG_NODISCARD;

/* Factors that a GGUF file keeps as tensors: the frequencies are divided by factors[dims / 2],
 * those of long texts too when `long_text`. A factor that is not positive is WG_E_INPUT. */
enum wg_status wg_rope_divide(struct wg_rope *r, const float *factors, bool long_text,
                              const char *name, struct wg_err *err) WG_NODISCARD;

#endif
