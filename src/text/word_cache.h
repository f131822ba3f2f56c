/*
 * Words of one text that were encoded before: most words of a text repeat. The cache belongs to one
 * call of wg_tok_encode and points into its output, so that it holds no ids of its own.
 */
#ifndef WG_TEXT_WORD_CACHE_H
#define WG_TEXT_WORD_CACHE_H

#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct wg_word_cache;

struct wg_word_cache *wg_word_cache_new(void) WG_NODISCARD; /* NULL when out of memory */
void wg_word_cache_free(struct wg_word_cache *c);
/* Where the ids of this word stand in the output. */
bool wg_word_cache_get(const struct wg_word_cache *c, const char *word, size_t n, size_t *at,
                       size_t *count);
/* Remembers it; long words and long results are not kept. */
void wg_word_cache_put(struct wg_word_cache *c, const char *word, size_t n, size_t at,
                       size_t count);

#endif
