/*
 * Tokens that are found in raw text before anything else looks at it: control tokens
 * ("<|im_start|>") and tokens that were added to a vocabulary. The leftmost match wins, and of
 * those that begin at one place the longest, as in the `tokenizers` library.
 *
 * A sorted table: a match narrows a range of it byte by byte. Immutable once built.
 */
#ifndef WG_TEXT_ADDED_H
#define WG_TEXT_ADDED_H

#include "base/arena.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wg_added_flags {
    WG_ADDED_CONTROL = 1 << 0, /* only where control tokens are asked for */
    WG_ADDED_LSTRIP = 1 << 1,  /* swallows white space before it */
    WG_ADDED_RSTRIP = 1 << 2,  /* and after it */
    WG_ADDED_WORD = 1 << 3,    /* not inside a word */
    WG_ADDED_LATE = 1 << 4,    /* looked for after normalisation, in what the others left */
};

struct wg_added_entry {
    const char *text;
    uint32_t n;
    int32_t id;
    unsigned flags;
};

struct wg_added {
    struct wg_arena texts;
    struct wg_added_entry *v;
    size_t n, cap;
    uint32_t first[257]; /* entries that begin with byte b are [first[b], first[b + 1]) */
    bool any_late;
};

void wg_added_init(struct wg_added *a);
void wg_added_release(struct wg_added *a);
enum wg_status wg_added_add(struct wg_added *a, const char *text, size_t n, int32_t id,
                            unsigned flags, struct wg_err *err) WG_NODISCARD;
/* Call once, after the last add. */
void wg_added_build(struct wg_added *a);

struct wg_added_match {
    size_t begin, end; /* with the white space that the token swallows */
    int32_t id;
};

/* The first match in text[from..n) that starts at `from` or later; false when there is none. */
bool wg_added_find(const struct wg_added *a, const char *text, size_t n, size_t from, bool control,
                   bool late, struct wg_added_match *m);

#endif
