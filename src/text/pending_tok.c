/* Placeholder so that the engine links: delete this file (and its line in meson.build) in the commit
 * that brings tokenizer.c. */
#include "text/tokenizer.h"

#include "base/mem.h"

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

enum wg_status wg_tok_from_gguf(const struct wg_gguf *g, struct wg_tok **out, struct wg_err *err)
{
    (void)g;
    *out = NULL;
    return wg_fail(err, WG_E_UNSUPPORTED, "tokenizers are not in this build");
}

void wg_tok_free(struct wg_tok *t)
{
    (void)t;
}

const struct wg_tok_info *wg_tok_info(const struct wg_tok *t)
{
    (void)t;
    return NULL;
}

bool wg_tok_is_eog(const struct wg_tok *t, int32_t id)
{
    (void)t;
    return id < 0;
}

const char *wg_tok_spelling(const struct wg_tok *t, int32_t id, size_t *n)
{
    (void)t;
    (void)id;
    *n = 0;
    return "";
}

enum wg_status wg_tok_encode(const struct wg_tok *t, const char *text, size_t n, unsigned flags,
                             struct wg_ids *out, struct wg_err *err)
{
    (void)t;
    (void)text;
    (void)n;
    (void)flags;
    (void)out;
    return wg_fail(err, WG_E_UNSUPPORTED, "tokenizers are not in this build");
}

void wg_detok_init(struct wg_detok *d, const struct wg_tok *t, bool special)
{
    *d = (struct wg_detok){.tok = t, .special = special};
}

void wg_detok_feed(struct wg_detok *d, int32_t id, struct wg_buf *out)
{
    (void)d;
    (void)id;
    (void)out;
}

void wg_detok_finish(struct wg_detok *d, struct wg_buf *out)
{
    (void)d;
    (void)out;
}
