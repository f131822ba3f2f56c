#include "text/tokenizer.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/limits.h"
#include "text/tok.h"
#include "text/word_cache.h"

#include <string.h>

enum { CACHE_FROM_BYTES = 2048 }; /* a shorter text does not repay the cache's zeroing */
static const char SPACE_MARK[] = "\xE2\x96\x81";

void wg_ids_release(struct wg_ids *ids)
{
    wg_free(ids->v);
    *ids = (struct wg_ids){0};
}

enum wg_status wg_ids_add(struct wg_ids *ids, int32_t id, struct wg_err *err)
{
    if (ids->n == ids->cap) {
        size_t cap = ids->cap ? ids->cap * 2 : 64;
        int32_t *v = wg_realloc(ids->v, cap, sizeof *v);
        if (!v)
            return wg_oom(err, "token ids");
        ids->v = v;
        ids->cap = cap;
    }
    ids->v[ids->n++] = id;
    return WG_OK;
}

struct wg_tok *wg_tok_new(const struct wg_tok_ops *ops, struct wg_err *err)
{
    struct wg_tok *t = wg_calloc(1, sizeof *t);

    if (!t) {
        (void)wg_oom(err, "the tokenizer");
        return NULL;
    }
    t->ops = ops;
    t->info = (struct wg_tok_info){
        .kind = ops->kind, .pre = "", .bos = -1, .eos = -1, .unk = -1, .pad = -1};
    wg_added_init(&t->added);
    return t;
}

void wg_tok_free(struct wg_tok *t)
{
    if (!t)
        return;
    wg_vocab_release(&t->vocab);
    wg_added_release(&t->added);
    wg_bpe_release(&t->bpe);
    wg_pretok_free(t->pretok);
    wg_free(t->joints);
    wg_free(t->eog);
    wg_free(t->pre);
    wg_free(t);
}

const struct wg_tok_info *wg_tok_info(const struct wg_tok *t)
{
    return &t->info;
}

uint32_t wg_tok_attr(const struct wg_tok *t, int32_t id)
{
    return t->vocab.attr[id];
}

bool wg_tok_is_eog(const struct wg_tok *t, int32_t id)
{
    return id >= 0 && id < t->vocab.size && t->eog[id];
}

int32_t wg_tok_find(const struct wg_tok *t, const char *piece, size_t n)
{
    return wg_vocab_find(&t->vocab, piece, n);
}

const char *wg_tok_spelling(const struct wg_tok *t, int32_t id, size_t *n)
{
    return wg_vocab_spelling(&t->vocab, id, n);
}

enum wg_status wg_enc_syms(struct wg_enc *e, size_t n, struct wg_err *err)
{
    if (n <= e->sym_cap)
        return WG_OK;
    size_t cap = n < 256 ? 256 : n;
    struct wg_sym *sym = wg_realloc(e->sym, cap, sizeof *sym);
    if (!sym)
        return wg_oom(err, "a word");
    e->sym = sym;
    e->sym_cap = cap;
    return WG_OK;
}

enum wg_status wg_enc_unknown(struct wg_enc *e, struct wg_err *err)
{
    if (e->t->info.unk < 0) {
        e->dropped++;
        return WG_OK;
    }
    if (e->last_unk && e->t->fuse_unk)
        return WG_OK;
    e->last_unk = true;
    return wg_ids_add(e->out, e->t->info.unk, err);
}

static enum wg_status on_word(void *arg, const char *word, size_t n, struct wg_err *err)
{
    struct wg_enc *e = arg;

    return e->t->ops->word(e, word, n, err);
}

static bool is_joint(const struct wg_tok *t, unsigned p, unsigned q)
{
    unsigned bit = p << 8 | q;

    return t->joints[bit / 64] >> (bit % 64) & 1;
}

/* Emits a run of k >= 1 U+2581 as the longest run tokens; returns how many are left over. */
static enum wg_status space_run(struct wg_enc *e, size_t *k, struct wg_err *err)
{
    const struct wg_tok *t = e->t;

    while (*k > 1) {
        size_t len = *k < (size_t)t->max_space_run ? *k : (size_t)t->max_space_run;
        while (len > 1 && t->space_run[len] == 0)
            len--;
        if (len < 2)
            break;
        e->last_unk = false;
        WG_TRY(wg_ids_add(e->out, t->space_run[len], err));
        *k -= len;
    }
    return WG_OK;
}

/* Cuts where no entry of the vocabulary reaches across. */
static enum wg_status split_at_joints(struct wg_enc *e, const char *s, size_t n, struct wg_err *err)
{
    const struct wg_tok *t = e->t;
    size_t word = 0, marks = 0;
    unsigned prev = 0;

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        int len = wg_utf8_decode(s + i, n - i, &cp);
        size_t step = len > 0 ? (size_t)len : 1;
        bool mark = cp == 0x2581;
        unsigned q = mark ? ' ' : (unsigned char)s[i];
        if (i > word && !is_joint(t, prev, q)) {
            WG_TRY(on_word(e, s + word, i - word, err));
            word = i;
        }
        if (mark && t->max_space_run > 1) {
            for (marks = 1;
                 i + marks * 3 + 3 <= n && memcmp(s + i + marks * 3, SPACE_MARK, 3) == 0;)
                marks++;
            if (marks > 1) {
                size_t left = marks;
                if (i > word)
                    WG_TRY(on_word(e, s + word, i - word, err));
                WG_TRY(space_run(e, &left, err));
                word = i + (marks - left) * 3;
                i += marks * 3;
                prev = ' ';
                continue;
            }
        }
        prev = mark ? ' ' : (unsigned char)s[i + step - 1];
        i += step;
    }
    return n > word ? on_word(e, s + word, n - word, err) : WG_OK;
}

/* Normalised text without added tokens. */
static enum wg_status encode_words(struct wg_enc *e, const char *s, size_t n, struct wg_err *err)
{
    e->last_unk = false;
    if (n == 0)
        return WG_OK;
    if (e->t->joints)
        return split_at_joints(e, s, n, err);
    return e->pretok ? wg_pretok_split(e->pretok, s, n, on_word, e, err) : on_word(e, s, n, err);
}

/* Normalised text: finds the added tokens that are looked for here. */
static enum wg_status encode_normalised(struct wg_enc *e, const char *s, size_t n, unsigned flags,
                                        struct wg_err *err)
{
    struct wg_added_match m;
    size_t at = 0;

    while (wg_added_find(&e->t->added, s, n, at, flags & WG_TOK_SPECIAL, true, &m)) {
        WG_TRY(encode_words(e, s + at, m.begin - at, err));
        WG_TRY(wg_ids_add(e->out, m.id, err));
        at = m.end;
    }
    return encode_words(e, s + at, n - at, err);
}

/* Text as it came, without the added tokens that are found in raw text. */
static enum wg_status encode_piece(struct wg_enc *e, const char *s, size_t n, bool first,
                                   unsigned flags, struct wg_err *err)
{
    const struct wg_tok *t = e->t;
    struct wg_buf form, marks;
    enum wg_status st = WG_OK;

    if (n == 0)
        return WG_OK;
    wg_buf_init(&form, SIZE_MAX);
    wg_buf_init(&marks, SIZE_MAX);
    if (t->normal_form) {
        st = wg_norm_unicode(&form, s, n, t->form, err);
        s = form.p;
        n = form.len;
    }
    if (st == WG_OK && t->spaces) {
        bool marked = n >= 3 && memcmp(s, SPACE_MARK, 3) == 0;
        if ((t->prefix == WG_PREFIX_EACH || (t->prefix == WG_PREFIX_FIRST && first)) &&
            !(t->prefix_unless_space && (marked || s[0] == ' ')))
            wg_buf_adds(&marks, SPACE_MARK);
        wg_norm_spaces(&marks, s, n);
        st = wg_buf_check(&marks, "normalised text", err);
        s = marks.p;
        n = marks.len;
    }
    if (st == WG_OK)
        st = encode_normalised(e, s, n, flags, err);
    wg_buf_release(&form);
    wg_buf_release(&marks);
    return st;
}

static enum wg_status encode_text(struct wg_enc *e, const char *s, size_t n, unsigned flags,
                                  struct wg_err *err)
{
    struct wg_added_match m;
    size_t at = 0;

    while (wg_added_find(&e->t->added, s, n, at, flags & WG_TOK_SPECIAL, false, &m)) {
        WG_TRY(encode_piece(e, s + at, m.begin - at, at == 0, flags, err));
        WG_TRY(wg_ids_add(e->out, m.id, err));
        at = m.end;
    }
    return encode_piece(e, s + at, n - at, at == 0, flags, err);
}

static enum wg_status add_around(struct wg_ids *out, const int32_t *ids, int n, struct wg_err *err)
{
    for (int i = 0; i < n; i++)
        WG_TRY(wg_ids_add(out, ids[i], err));
    return WG_OK;
}

static enum wg_status enc_init(struct wg_enc *e, const struct wg_tok *t, size_t n,
                               struct wg_ids *out, struct wg_err *err)
{
    *e = (struct wg_enc){.t = t, .out = out};
    if (n >= CACHE_FROM_BYTES) {
        e->cache = wg_word_cache_new();
        if (!e->cache)
            return wg_oom(err, "the word cache");
    }
    return t->pretok ? wg_pretok_run_new(t->pretok, &e->pretok, err) : WG_OK;
}

enum wg_status wg_tok_encode(const struct wg_tok *t, const char *text, size_t n, unsigned flags,
                             struct wg_ids *out, struct wg_err *err)
{
    struct wg_enc e;
    struct wg_buf whole;
    size_t before = out->n;

    if (n > WG_TEXT_MAX_BYTES)
        return wg_fail(err, WG_E_LIMIT, "the text has %zu bytes; the limit is %d", n,
                       WG_TEXT_MAX_BYTES);
    wg_buf_init(&whole, SIZE_MAX);
    enum wg_status st = enc_init(&e, t, n, out, err);
    if (st == WG_OK && !wg_utf8_valid(text, n)) {
        wg_norm_utf8(&whole, text, n);
        st = wg_buf_check(&whole, "the text", err);
        text = whole.p;
        n = whole.len;
    }
    if (st == WG_OK && (flags & WG_TOK_BOS))
        st = add_around(out, t->before, t->n_before, err);
    if (st == WG_OK)
        st = encode_text(&e, text, n, flags, err);
    if (st == WG_OK && (flags & WG_TOK_EOS))
        st = add_around(out, t->after, t->n_after, err);
    if (st != WG_OK)
        out->n = before;
    if (e.dropped)
        wg_log(WG_LOG_WARN,
               "%zu bytes of the text have no token in this vocabulary and were left out",
               e.dropped);
    wg_buf_release(&whole);
    wg_word_cache_free(e.cache);
    wg_pretok_run_free(e.pretok);
    wg_bpe_work_release(&e.work);
    wg_free(e.sym);
    return st;
}
