/*
 * The tokenizer and chat template of a Hugging Face folder as keys of a GGUF file. Written are
 * SentencePiece BPE (tokenizer.model: Llama 2, Mistral 7B, Gemma, Phi-3) and byte-level BPE
 * (tokenizer.json: Llama 3, Qwen, Phi-4, SmolLM, Mistral Nemo).
 */
#ifndef WG_CONVERT_HF_TOKENIZER_H
#define WG_CONVERT_HF_TOKENIZER_H

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "package/gguf.h"

#include <stdint.h>

#define WG_HF_GO_WITHOUT "; --no-tokenizer makes a file without one"

/* tokenizer.ggml.token_type; those of SentencePiece are the same. */
enum wg_hf_token {
    WG_HF_NORMAL = 1,
    WG_HF_UNKNOWN = 2,
    WG_HF_CONTROL = 3,
    WG_HF_USER = 4,
    WG_HF_UNUSED = 5,
    WG_HF_BYTE = 6,
};

/* A tokenizer while it is read. */
struct wg_hf_tok {
    const char *name; /* path of the file, for messages */
    json_t *config;   /* tokenizer_config.json, or NULL */
    struct wg_arena *arena;
    struct wg_gguf_str *tokens; /* [n] */
    int32_t *types;             /* [n], 0 until it is set */
    int64_t n;                  /* rows of the embedding */
    struct wg_gguf_out *out;
};

struct wg_gguf_out;
struct wg_pkg;

/* n_vocab: rows of the embedding; ids that the tokenizer does not use become unused tokens. Memory
 * is taken from the arena. WG_E_UNSUPPORTED names what has no key and how to go without. */
enum wg_status wg_hf_put_tokenizer(const struct wg_pkg *pkg, int64_t n_vocab,
                                   struct wg_arena *arena, struct wg_gguf_out *out,
                                   struct wg_err *err) WG_NODISCARD;

/* Sets a token; an id outside the embedding is WG_E_INPUT. */
enum wg_status wg_hf_set_token(struct wg_hf_tok *t, json_int_t id, const char *s, size_t n,
                               enum wg_hf_token type, struct wg_err *err) WG_NODISCARD;
/* Names the tokens that are not set, and puts the list and the types. */
enum wg_status wg_hf_put_tokens(struct wg_hf_tok *t, struct wg_err *err) WG_NODISCARD;

/* hf_spm.c: reads tokenizer.model and puts model, tokens, scores and what is put around a text. */
enum wg_status wg_hf_put_spm(struct wg_hf_tok *t, const char *path,
                             struct wg_err *err) WG_NODISCARD;

#endif
