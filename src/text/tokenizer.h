/*
 * Tokenizers: text to ids and back, exactly as the model was trained with.
 *
 * A tokenizer is immutable after opening and may be used by any number of threads; encode and
 * decode keep their state on the caller's side. Ids are the model's own, from 0 to size - 1.
 *
 * Kinds: gpt2 (byte-level BPE with a pre-tokenizer expression run by PCRE2), spm (SentencePiece
 * BPE: scores, byte fallback, space prefix), bpe (merges over characters, Gemma 4), wordpiece,
 * tekken (byte-level BPE with ranks). To add a pre-tokenizer expression: 1. a row in
 * src/text/pretok_table.c; 2. a case in tools/make_tokenizer_fixtures.py. To add a kind: 1. its
 * struct wg_tok_ops in tok.h and a file tok_<kind>.c; 2. its row in tok_kinds of tok_gguf.c; 3.
 * fixtures. tests/unit/test_tokenizer.c and tests/cli/test_tokenize.py read the fixtures.
 */
#ifndef WG_TEXT_TOKENIZER_H
#define WG_TEXT_TOKENIZER_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_gguf;
struct wg_pkg;
struct wg_tok;

enum wg_tok_flags {
    WG_TOK_SPECIAL = 1 << 0, /* text that spells a control token becomes that token */
    WG_TOK_BOS = 1 << 1,     /* put what the model's own tokenizer puts before a text */
    WG_TOK_EOS = 1 << 2,     /* and after it, where the model's own tokenizer does */
};

/* How a token id is used; bits. */
enum wg_tok_attr {
    WG_TOK_CONTROL = 1 << 0, /* never text: BOS, EOS, <|im_start|> ... */
    WG_TOK_UNKNOWN = 1 << 1,
    WG_TOK_BYTE = 1 << 2, /* one raw byte (byte fallback) */
    WG_TOK_USER = 1 << 3, /* added text token, matched before the pre-tokenizer */
    WG_TOK_UNUSED = 1 << 4,
};

struct wg_tok_info {
    const char *kind; /* "gpt2", "spm", "bpe", "wordpiece", "tekken" */
    const char *pre;  /* name of the pre-tokenizer, "" when the kind has none */
    int32_t size;
    int32_t bos, eos, unk, pad; /* -1 when the model has none */
    bool add_bos, add_eos;      /* what the model's own tokenizer does by default */
};

struct wg_ids {
    int32_t *v;
    size_t n, cap;
};
void wg_ids_release(struct wg_ids *ids);
enum wg_status wg_ids_add(struct wg_ids *ids, int32_t id, struct wg_err *err) WG_NODISCARD;

/* Reads the vocabulary of a GGUF file; the tokenizer keeps no pointer into it. A vocabulary that
 * contradicts itself is WG_E_INPUT; a kind or pre-tokenizer that is not known, WG_E_UNSUPPORTED. */
enum wg_status wg_tok_from_gguf(const struct wg_gguf *g, struct wg_tok **out,
                                struct wg_err *err) WG_NODISCARD;
/* tokenizer.json, tokenizer.model or tekken.json of a package in Hugging Face layout. */
enum wg_status wg_tok_from_folder(const struct wg_pkg *pkg, struct wg_tok **out,
                                  struct wg_err *err) WG_NODISCARD;
/* Whichever of the two the package has. */
enum wg_status wg_tok_open(const struct wg_pkg *pkg, struct wg_tok **out,
                           struct wg_err *err) WG_NODISCARD;
void wg_tok_free(struct wg_tok *t);

const struct wg_tok_info *wg_tok_info(const struct wg_tok *t);
/* Bits of enum wg_tok_attr; 0 for ordinary text. id must be in range. */
uint32_t wg_tok_attr(const struct wg_tok *t, int32_t id);
/* True for every id that ends a turn or a text (EOS, <|im_end|>, <end_of_turn> ...). */
bool wg_tok_is_eog(const struct wg_tok *t, int32_t id);
/* The id whose vocabulary entry spells exactly this, or -1. */
int32_t wg_tok_find(const struct wg_tok *t, const char *piece, size_t n);
/* The entry as it stands in the vocabulary (with its byte-level or U+2581 spelling), borrowed. */
const char *wg_tok_spelling(const struct wg_tok *t, int32_t id, size_t *n);

/*
 * Appends ids of text[0..n) to *out. Any bytes are accepted: each maximal ill-formed part of UTF-8
 * is read as U+FFFD, which is what the reference tokenizers are fed. A character that the
 * vocabulary cannot spell becomes the unknown token; without one it is left out, as the references
 * do, and a warning is logged. Near linear in n: O(w log w) for the longest word w.
 */
enum wg_status wg_tok_encode(const struct wg_tok *t, const char *text, size_t n, unsigned flags,
                             struct wg_ids *out, struct wg_err *err) WG_NODISCARD;

/* The bytes that an id stands for in running text, borrowed (empty for control tokens unless
 * `special`). */
const char *wg_tok_bytes(const struct wg_tok *t, int32_t id, bool special, size_t *n);
/* Appends the text of ids, byte for byte: ids that stop in the middle of a character give malformed
 * UTF-8. Unless `special`, control tokens give nothing. */
enum wg_status wg_tok_decode(const struct wg_tok *t, const int32_t *ids, size_t n, bool special,
                             struct wg_buf *out, struct wg_err *err) WG_NODISCARD;

/* Streaming decode: feed one id at a time; out gets only whole characters, and U+FFFD for bytes
 * that belong to none. To continue a text whose beginning was decoded elsewhere, set `started`. */
struct wg_detok {
    const struct wg_tok *tok;
    bool special;
    bool started; /* something was fed: the space prefix rule is over */
    char tail[8]; /* bytes of a character that is not finished */
    size_t n_tail;
};
void wg_detok_init(struct wg_detok *d, const struct wg_tok *t, bool special);
void wg_detok_feed(struct wg_detok *d, int32_t id, struct wg_buf *out);
/* Unfinished bytes at the end become U+FFFD. */
void wg_detok_finish(struct wg_detok *d, struct wg_buf *out);

#endif
