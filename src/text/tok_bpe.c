/* Words to ids with BPE: byte-level (GPT-2 and its children), over characters, by scores. */
#include "base/mem.h"
#include "base/utf8.h"
#include "text/tok.h"
#include "text/word_cache.h"

#include <string.h>

static enum wg_status push(struct wg_enc *e, int32_t id, struct wg_err *err)
{
    if (WG_LIKELY(e->out->n < e->out->cap)) {
        e->out->v[e->out->n++] = id;
        return WG_OK;
    }
    return wg_ids_add(e->out, id, err);
}

/* The cached ids of a word; false when they are not there. */
static bool from_cache(struct wg_enc *e, const char *word, size_t n, struct wg_err *err,
                       enum wg_status *st)
{
    size_t at, count;

    if (!e->cache || !wg_word_cache_get(e->cache, word, n, &at, &count))
        return false;
    *st = WG_OK;
    for (size_t i = 0; i < count && *st == WG_OK; i++)
        *st = push(e, e->out->v[at + i], err);
    return true;
}

static enum wg_status byte_word(struct wg_enc *e, const char *word, size_t n, struct wg_err *err)
{
    const struct wg_tok *t = e->t;
    size_t first = e->out->n, k = 0;
    enum wg_status st;

    if (from_cache(e, word, n, err, &st))
        return st;
    if (t->whole_words) {
        int32_t id = wg_vocab_find_bytes(&t->vocab, word, n);
        if (id >= 0) {
            WG_TRY(push(e, id, err));
            if (e->cache)
                wg_word_cache_put(e->cache, word, n, first, 1);
            return WG_OK;
        }
    }
    WG_TRY(wg_enc_syms(e, n, err));
    for (size_t i = 0; i < n; i++)
        e->sym[k++] = (struct wg_sym){t->byte_id[(unsigned char)word[i]], (uint32_t)i};
    WG_TRY(wg_bpe_join(&t->bpe, word, n, e->sym, &k, &e->work, err));
    e->last_unk = false;
    for (size_t i = 0; i < k; i++)
        WG_TRY(e->sym[i].id >= 0 ? push(e, e->sym[i].id, err) : wg_enc_unknown(e, err));
    if (e->cache)
        wg_word_cache_put(e->cache, word, n, first, e->out->n - first);
    return WG_OK;
}

/* A character that is no entry: its bytes where the vocabulary has them, else unknown. */
static enum wg_status push_unknown(struct wg_enc *e, const char *s, size_t n, struct wg_err *err)
{
    bool all = e->t->byte_fallback;

    for (size_t i = 0; i < n && all; i++)
        all = e->t->byte_id[(unsigned char)s[i]] >= 0;
    if (!all)
        return wg_enc_unknown(e, err);
    e->last_unk = false;
    for (size_t i = 0; i < n; i++)
        WG_TRY(push(e, e->t->byte_id[(unsigned char)s[i]], err));
    return WG_OK;
}

/* Text that spells "<0x0A>", "<s>" or an unknown token is text. */
static int32_t find_text(const struct wg_vocab *v, const char *s, size_t n)
{
    int32_t id = wg_vocab_find(v, s, n);

    return id >= 0 && (v->attr[id] & (WG_TOK_CONTROL | WG_TOK_UNKNOWN | WG_TOK_BYTE)) ? -1 : id;
}

static enum wg_status char_word(struct wg_enc *e, const char *word, size_t n, struct wg_err *err)
{
    const struct wg_tok *t = e->t;
    size_t first = e->out->n, k = 0;
    bool known = true;
    enum wg_status st;

    if (from_cache(e, word, n, err, &st)) {
        e->last_unk = false;
        return st;
    }
    WG_TRY(wg_enc_syms(e, n, err));
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        int len = wg_utf8_decode(word + i, n - i, &cp);
        size_t step = len > 0 ? (size_t)len : 1;
        e->sym[k++] = (struct wg_sym){find_text(&t->vocab, word + i, step), (uint32_t)i};
        i += step;
    }
    WG_TRY(wg_bpe_join(&t->bpe, word, n, e->sym, &k, &e->work, err));
    for (size_t i = 0; i < k; i++) {
        size_t end = i + 1 < k ? e->sym[i + 1].at : n;
        if (e->sym[i].id >= 0) {
            e->last_unk = false;
            WG_TRY(push(e, e->sym[i].id, err));
        } else {
            known = false;
            WG_TRY(push_unknown(e, word + e->sym[i].at, end - e->sym[i].at, err));
        }
    }
    if (e->cache && known)
        wg_word_cache_put(e->cache, word, n, first, e->out->n - first);
    return WG_OK;
}

const struct wg_tok_ops wg_tok_bpe = {.kind = "gpt2", .word = byte_word};
const struct wg_tok_ops wg_tok_tekken = {.kind = "tekken", .word = byte_word};
const struct wg_tok_ops wg_tok_chars = {.kind = "bpe", .word = char_word};
const struct wg_tok_ops wg_tok_spm = {.kind = "spm", .word = char_word};
