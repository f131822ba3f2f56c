#include "text/added.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "text/limits.h"
#include "text/normalize.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

void wg_added_init(struct wg_added *a)
{
    *a = (struct wg_added){0};
    wg_arena_init(&a->texts, WG_TEXT_MAX_VOCAB_BYTES);
}

void wg_added_release(struct wg_added *a)
{
    wg_arena_release(&a->texts);
    wg_free(a->v);
    *a = (struct wg_added){0};
}

enum wg_status wg_added_add(struct wg_added *a, const char *text, size_t n, int32_t id,
                            unsigned flags, struct wg_err *err)
{
    if (n == 0)
        return WG_OK; /* matches nothing */
    if (n > WG_TEXT_MAX_ADDED_BYTES)
        return wg_fail(err, WG_E_LIMIT,
                       "token %d is matched in raw text and has %zu bytes; the "
                       "limit is %d",
                       id, n, WG_TEXT_MAX_ADDED_BYTES);
    if (a->n == a->cap) {
        size_t cap = a->cap ? a->cap * 2 : 64;
        struct wg_added_entry *v = wg_realloc(a->v, cap, sizeof *v);
        if (!v)
            return wg_oom(err, "added tokens");
        a->v = v;
        a->cap = cap;
    }
    const char *copy = wg_arena_strndup(&a->texts, text, n);
    if (!copy)
        return wg_oom(err, "added tokens");
    a->v[a->n++] = (struct wg_added_entry){copy, (uint32_t)n, id, flags};
    return WG_OK;
}

static int by_text(const void *pa, const void *pb)
{
    const struct wg_added_entry *a = pa, *b = pb;
    int c = memcmp(a->text, b->text, a->n < b->n ? a->n : b->n);

    if (c == 0)
        c = (a->n > b->n) - (a->n < b->n);
    return c ? c : (a->id > b->id) - (a->id < b->id);
}

void wg_added_build(struct wg_added *a)
{
    size_t i = 0;

    if (a->n)
        qsort(a->v, a->n, sizeof *a->v, by_text);
    for (unsigned b = 0; b < 256; b++) {
        a->first[b] = (uint32_t)i;
        for (; i < a->n && (unsigned char)a->v[i].text[0] == b; i++)
            a->any_late |= (a->v[i].flags & WG_ADDED_LATE) != 0;
    }
    a->first[256] = (uint32_t)i;
}

/* Letters, marks, digits and connectors: what \w is in the `tokenizers` library. */
static bool is_word_char(uint32_t cp)
{
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);

    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO) || c == UTF8PROC_CATEGORY_PC;
}

static bool inside_word(const char *text, size_t n, size_t begin, size_t end)
{
    uint32_t cp;

    if (begin > 0) {
        size_t at = begin - 1;
        while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
            at--;
        if (wg_utf8_decode(text + at, begin - at, &cp) > 0 && is_word_char(cp))
            return true;
    }
    return end < n && wg_utf8_decode(text + end, n - end, &cp) > 0 && is_word_char(cp);
}

static bool wanted(const struct wg_added_entry *e, const char *text, size_t n, size_t at,
                   bool control, bool late)
{
    if ((e->flags & WG_ADDED_CONTROL) && !control)
        return false;
    if (((e->flags & WG_ADDED_LATE) != 0) != late)
        return false;
    return !(e->flags & WG_ADDED_WORD) || !inside_word(text, n, at, at + e->n);
}

/* Longest wanted entry that text[at..n) begins with. */
static const struct wg_added_entry *match_at(const struct wg_added *a, const char *text, size_t n,
                                             size_t at, bool control, bool late)
{
    const struct wg_added_entry *best = NULL;
    size_t lo = a->first[(unsigned char)text[at]], hi = a->first[(unsigned char)text[at] + 1];

    for (size_t d = 1; lo < hi; d++) {
        /* All of [lo, hi) begin with text[at..at + d); those that end here come first. */
        for (; lo < hi && a->v[lo].n == d; lo++)
            if (wanted(&a->v[lo], text, n, at, control, late))
                best = &a->v[lo];
        if (at + d >= n)
            break;
        unsigned char c = (unsigned char)text[at + d];
        size_t l = lo, r = hi;
        while (l < r) {
            size_t mid = l + (r - l) / 2;
            if ((unsigned char)a->v[mid].text[d] < c)
                l = mid + 1;
            else
                r = mid;
        }
        size_t begin = l;
        r = hi;
        while (l < r) {
            size_t mid = l + (r - l) / 2;
            if ((unsigned char)a->v[mid].text[d] <= c)
                l = mid + 1;
            else
                r = mid;
        }
        lo = begin;
        hi = l;
    }
    return best;
}

bool wg_added_find(const struct wg_added *a, const char *text, size_t n, size_t from, bool control,
                   bool late, struct wg_added_match *m)
{
    if (a->n == 0 || (late && !a->any_late))
        return false;
    for (size_t at = from; at < n; at++) {
        unsigned char c = (unsigned char)text[at];
        if (a->first[c] == a->first[c + 1])
            continue;
        const struct wg_added_entry *e = match_at(a, text, n, at, control, late);
        if (!e)
            continue;
        *m = (struct wg_added_match){at, at + e->n, e->id};
        if (e->flags & WG_ADDED_LSTRIP)
            m->begin = from + wg_space_before(text + from, at - from);
        if (e->flags & WG_ADDED_RSTRIP)
            m->end += wg_space_after(text + m->end, n - m->end);
        return true;
    }
    return false;
}
