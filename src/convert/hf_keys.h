/* The keys of a GGUF file that say what a model from a Hugging Face folder computes. */
#ifndef WG_CONVERT_HF_KEYS_H
#define WG_CONVERT_HF_KEYS_H

#include "base/status.h"
#include "model/source.h"

#include <stdbool.h>

struct wg_gguf_out;
struct wg_pkg;

/*
 * How an architecture is written. To add one: 1. its row in hf_keys.c; 2. its tiny model in
 * tests/cli/test_convert.py.
 */
struct wg_hf_arch {
    const char *hf, *gguf; /* "LlamaForCausalLM", "llama" */
    bool turned;           /* rows of Q and K are kept in the interleaved order */
    bool windows;          /* llama.cpp looks at its sliding windows */
    bool normalizes;       /* readers take it that weights of chosen experts sum to 1 */
    bool all_experts;      /* readers take it that all layers have experts, when one has */
};

/* WG_E_UNSUPPORTED for an architecture without a row, and for a configuration that a GGUF file of
 * it cannot say. */
enum wg_status wg_hf_arch_find(const struct wg_source *s, const struct wg_hf_arch **out,
                               struct wg_err *err) WG_NODISCARD;

/* name: general.name. */
enum wg_status wg_hf_put_keys(const struct wg_source *s, const struct wg_hf_arch *a,
                              const char *name, struct wg_gguf_out *out,
                              struct wg_err *err) WG_NODISCARD;

/* hf_card.c: general.license and its like, as the card of the folder names it. A card that cannot
 * be read is a warning. */
enum wg_status wg_hf_put_card(const struct wg_pkg *pkg, struct wg_gguf_out *out,
                              struct wg_err *err) WG_NODISCARD;

#endif
