/*
 * Known texts in a sequence of words, by comparison word for word. No score: a text matches or does
 * not.
 *
 * Soft words (enumerators) may be absent on one side; where both sides have one at the same place
 * they have to be equal. Holes take only what license/ref.h says; what they took is in the match.
 */
#ifndef WG_LICENSE_MATCH_H
#define WG_LICENSE_MATCH_H

#include "license/words.h"
#include "license/ref.h"

#include <stdbool.h>

enum { WG_MATCH_MAX_PARTS = 24 };

struct wg_match {
    const struct wg_ref_text *ref;
    size_t first, end; /* words of the text: [first, end) */
    struct {
        uint32_t first, end; /* words that the part or hole took; both 0 when it is not there */
    } part[WG_MATCH_MAX_PARTS];
};

/* The leftmost match of ref that begins at or after `from`; false for none. Where optional parts
 * give a choice the longer match wins. */
bool wg_match_find(const struct wg_ref_text *ref, const struct wg_words *w, size_t from,
                   struct wg_match *out);

/* First place at or after `from` where `n` words of the reference, from ref token `first` on, stand
 * in the text (soft words as above); false for none. *at and *end are words of the text. */
bool wg_match_range(const struct wg_ref_text *ref, uint32_t first, uint32_t n,
                    const struct wg_words *w, size_t from, size_t *at, size_t *end);

/* Words of the copyright statement at word `at`, which has to begin its line when line_start is
 * set; 0 when there is none. */
size_t wg_match_copyright(const struct wg_words *w, size_t at, bool line_start);
/* A word that a permission or a restriction is made of ("not", "only", "commercial" ...). */
bool wg_match_is_term(uint64_t hash);

#endif
