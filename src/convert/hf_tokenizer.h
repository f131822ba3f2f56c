/*
 * The tokenizer and chat template of a Hugging Face folder as keys of a GGUF file. Written is
 * byte-level BPE (tokenizer.json of Llama 3, Qwen, Phi-4, SmolLM, Mistral Nemo and the like).
 */
#ifndef WG_CONVERT_HF_TOKENIZER_H
#define WG_CONVERT_HF_TOKENIZER_H

#include "base/arena.h"
#include "base/status.h"

#include <stdint.h>

struct wg_gguf_out;
struct wg_pkg;

/* n_vocab: rows of the embedding; ids that the tokenizer does not use become unused tokens. Memory
 * is taken from the arena. WG_E_UNSUPPORTED names what has no key and how to go without. */
enum wg_status wg_hf_put_tokenizer(const struct wg_pkg *pkg, int64_t n_vocab,
                                   struct wg_arena *arena, struct wg_gguf_out *out,
                                   struct wg_err *err) WG_NODISCARD;

#endif
