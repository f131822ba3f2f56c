/*
 * Pre-tokenizers: cut a text into words that are encoded one by one. A pre-tokenizer is a list of
 * stages; each is a regular expression that cuts every piece of the stage before it into matches
 * and what lies between them (Split, behavior Isolated, in the `tokenizers` library). A piece is a
 * text of its own: look-around does not see its neighbours.
 *
 * Expressions are those of the models' own tokenizers, written for Oniguruma; PCRE2 runs them
 * (UTF, UCP, JIT) after a translation: \s is White_Space there, and Unicode is version 16.
 *
 * To add one: a row in pretok_table.c and a case in tools/make_tokenizer_fixtures.py.
 */
#ifndef WG_TEXT_PRETOK_H
#define WG_TEXT_PRETOK_H

#include "base/buf.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wg_pretok_flags {
    WG_PRE_WHOLE_WORDS = 1 << 0, /* a word that is an entry is that entry, merges or not */
    WG_PRE_NFC = 1 << 1,         /* the model's own tokenizer normalises first */
    WG_PRE_ADD_BOS = 1 << 2,     /* where the file does not say */
    WG_PRE_SPACES = 1 << 3,      /* spaces become U+2581 and bytes stay bytes (Gemma 4) */
};

enum { WG_PRETOK_ROW_STAGES = 6 };

struct wg_pretok_row {
    const char *names; /* values of tokenizer.ggml.pre, separated by spaces */
    unsigned flags;
    const char *stage[WG_PRETOK_ROW_STAGES];
};

/* The row of a name, or NULL. */
const struct wg_pretok_row *wg_pretok_row(const char *name, size_t n);
/* The row with these stages and this choice of WG_PRE_NFC and WG_PRE_WHOLE_WORDS, or NULL: what a
 * tokenizer.json is called in GGUF files. */
const struct wg_pretok_row *wg_pretok_row_of(const char *const *stage, int n, unsigned flags);
/* The names of all rows, for messages. */
void wg_pretok_names(struct wg_buf *b);
/* GPT-2's expression, which ByteLevel stages of tokenizer.json use. */
extern const char wg_pretok_gpt2[];

/* What becomes of a match: a piece of its own, nothing, or part of a neighbour. */
enum wg_split {
    WG_SPLIT_ISOLATED,
    WG_SPLIT_REMOVED,
    WG_SPLIT_WITH_PREVIOUS,
    WG_SPLIT_WITH_NEXT,
    WG_SPLIT_CONTIGUOUS
};

struct wg_pretok; /* immutable */

enum wg_status wg_pretok_new(struct wg_pretok **out, struct wg_err *err) WG_NODISCARD;
/* Appends a stage. With `invert` what lies between the matches counts as the matches. `name` is
 * for messages. A bad expression is WG_E_INPUT. */
enum wg_status wg_pretok_add(struct wg_pretok *p, const char *expr, size_t n, enum wg_split split,
                             bool invert, const char *name, struct wg_err *err) WG_NODISCARD;
void wg_pretok_free(struct wg_pretok *p);

/* What a running pre-tokenizer needs; one for a thread. */
struct wg_pretok_run;
enum wg_status wg_pretok_run_new(const struct wg_pretok *p, struct wg_pretok_run **out,
                                 struct wg_err *err) WG_NODISCARD;
void wg_pretok_run_free(struct wg_pretok_run *r);

/* Calls word() for every piece of text[0..n), in order. text is well-formed UTF-8. */
typedef enum wg_status (*wg_word_fn)(void *arg, const char *word, size_t n, struct wg_err *err);
enum wg_status wg_pretok_split(struct wg_pretok_run *r, const char *text, size_t n, wg_word_fn word,
                               void *arg, struct wg_err *err) WG_NODISCARD;

#endif
