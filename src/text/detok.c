/* Ids back to text, at once and as they come. */
#include "base/utf8.h"
#include "text/normalize.h"
#include "text/tok.h"

#include <string.h>

const char *wg_tok_bytes(const struct wg_tok *t, int32_t id, bool special, size_t *n)
{
    if (!special && (t->vocab.attr[id] & (WG_TOK_CONTROL | WG_TOK_UNKNOWN))) {
        *n = 0;
        return "";
    }
    return wg_vocab_bytes(&t->vocab, id, n);
}

/* The bytes of the next id in running text: the first text of all loses the space that encoding
 * put before it. */
static const char *next_bytes(const struct wg_tok *t, int32_t id, bool special, bool *started,
                              size_t *n)
{
    const char *p = wg_tok_bytes(t, id, special, n);

    if (*n > 0 && !*started) {
        *started = true;
        if (t->strip_prefix && p[0] == ' ') {
            p++;
            --*n;
        }
    }
    return p;
}

enum wg_status wg_tok_decode(const struct wg_tok *t, const int32_t *ids, size_t n, bool special,
                             struct wg_buf *out, struct wg_err *err)
{
    bool started = false;

    for (size_t i = 0; i < n; i++) {
        size_t len;
        if (ids[i] < 0 || ids[i] >= t->vocab.size)
            return wg_fail(err, WG_E_INPUT, "id %d at position %zu is outside the vocabulary of %d",
                           ids[i], i, t->vocab.size);
        const char *p = next_bytes(t, ids[i], special, &started, &len);
        wg_buf_add(out, p, len);
    }
    return wg_buf_check(out, "the text", err);
}

void wg_detok_init(struct wg_detok *d, const struct wg_tok *t, bool special)
{
    *d = (struct wg_detok){.tok = t, .special = special};
}

void wg_detok_feed(struct wg_detok *d, int32_t id, struct wg_buf *out)
{
    size_t n;

    if (id < 0 || id >= d->tok->vocab.size)
        return;
    const char *p = next_bytes(d->tok, id, d->special, &d->started, &n);
    /* Finish the character that the last ids began, byte by byte, then take the rest at once. */
    for (; d->n_tail > 0 && n > 0; p++, n--) {
        d->tail[d->n_tail++] = *p;
        size_t whole = wg_utf8_complete(d->tail, d->n_tail);
        if (whole == 0)
            continue;
        wg_norm_utf8(out, d->tail, whole);
        d->n_tail -= whole;
        memmove(d->tail, d->tail + whole, d->n_tail);
    }
    size_t whole = n ? wg_utf8_complete(p, n) : 0;
    if (whole > 0)
        wg_norm_utf8(out, p, whole);
    if (n > whole) { /* at most three bytes, and nothing is waiting before them */
        memcpy(d->tail, p + whole, n - whole);
        d->n_tail = n - whole;
    }
}

void wg_detok_finish(struct wg_detok *d, struct wg_buf *out)
{
    if (d->n_tail > 0)
        wg_norm_utf8(out, d->tail, d->n_tail);
    d->n_tail = 0;
}
