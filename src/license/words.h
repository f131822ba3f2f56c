/*
 * The words of a licence text, as hashes with their places. Two texts with the same words in the
 * same order are the same licence, however they are laid out; everything that layout cannot change
 * is a word: numbers, currency and percent signs, comparison signs, addresses.
 *
 * What is one word: a run of letters and digits (ASCII lower-cased), with '.' and ',' inside a
 * number; a web address, without its scheme and closing punctuation, host lower-cased; one sign of
 * $ % & and the currency and mathematical signs of Unicode. What is none: white space, quotes,
 * dashes, brackets, bullets, Markdown marks, and other punctuation.
 *
 * Enumerators are words with WG_TOKEN_SOFT: "(a)" and "(ii)" anywhere, "1." "2.1" "b)" at the start
 * of a line that does not continue a sentence. Editions drop or add them, so they may be absent on
 * one side, but where both have one it has to be the same. A sign for copyright is the soft word
 * "c".
 *
 * A link target that the link text does not show is a word too: a swapped address is an edit.
 *
 * Suspicious characters are counted, with the line of the first: zero-width and bidirectional
 * controls, soft hyphens, control characters, bytes that are not UTF-8, Markdown strike-through,
 * and letters of other scripts inside a Latin word.
 *
 * Source of the list: SPDX matching guidelines, minus what they ignore and a licence of weights
 * cannot: titles, dates, versions, addresses.
 */
#ifndef WG_LICENSE_NORM_H
#define WG_LICENSE_NORM_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { WG_TOKEN_SOFT = 1 << 0, WG_TOKEN_NUMBER = 1 << 1, WG_TOKEN_ADDRESS = 1 << 2 };

struct wg_token {
    uint64_t hash;
    uint32_t offset, bytes; /* in the text */
    uint32_t line;          /* from 1; CR, LF and CRLF end a line */
    uint32_t flags;
};

struct wg_words {
    const char *text; /* borrowed */
    size_t text_bytes;
    struct wg_token *tokens; /* owned */
    size_t n, cap;
    size_t suspicious;        /* characters */
    uint32_t suspicious_line; /* of the first, 0 if none */
};

/* `text` has to live as long as the words. WG_E_LIMIT, with `name` and the rule, for a text over
 * WG_LICENSE_MAX_BYTES or with more than WG_LICENSE_MAX_TOKENS words. */
enum wg_status wg_words_read(struct wg_words *w, const char *text, size_t n, const char *name,
                             struct wg_err *err) WG_NODISCARD;
void wg_words_release(struct wg_words *w);

/* Hash of one word as it is in the table of a reference: 64-bit FNV-1a with a final mix. */
uint64_t wg_word_hash(const char *word, size_t n);

#endif
