/*
 * Markup: strings that the filters safe and escape return. Jinja never escapes output by itself
 * with the settings of chat templates, but joining such a string to a plain one escapes the plain
 * one for HTML, and templates exist whose prompts depend on it.
 */
#include "text/jinja/run.h"

#include <string.h>

void wg_j_add_escaped(struct wg_buf *b, const char *p, size_t n)
{
    static const struct {
        char c;
        const char *to;
    } map[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'\'', "&#39;"}, {'"', "&#34;"}};
    size_t done = 0;

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < WG_COUNT(map); k++) {
            if (p[i] != map[k].c)
                continue;
            wg_buf_add(b, p + done, i - done);
            wg_buf_adds(b, map[k].to);
            done = i + 1;
        }
    }
    if (n)
        wg_buf_add(b, p + done, n - done);
}

enum wg_status wg_j_mark(struct wg_j_run *r, struct wg_j_val v, bool markup, struct wg_j_val *out)
{
    *out = v;
    if (v.s->markup == markup)
        return WG_OK;
    WG_TRY(wg_j_str_borrow(r, v.s->p, v.s->n, out));
    out->s->chars = v.s->chars;
    out->s->tail = v.s->tail;
    out->s->markup = markup;
    return WG_OK;
}

enum wg_status wg_j_escape(struct wg_j_run *r, struct wg_j_val v, struct wg_j_val *out)
{
    struct wg_j_val s;
    struct wg_buf b;

    *out = v;
    if (WG_J_IS_MARKUP(v))
        return WG_OK;
    WG_TRY(wg_j_to_str(r, v, &s));
    WG_TRY(wg_j_work(r, s.s->n));
    wg_j_buf_start(r, &b);
    wg_j_add_escaped(&b, s.s->p, s.s->n);
    WG_TRY(wg_j_buf_finish(r, &b, WG_OK, out));
    out->s->markup = true;
    return WG_OK;
}

/* The arguments of a string method that go into the text are escaped first. */
static enum wg_status escape_args(struct wg_j_run *r, struct wg_j_call *c)
{
    const char *name = c->fn->name;
    int i = strcmp(name, "replace") == 0 ? 1
            : strcmp(name, "ljust") == 0 || strcmp(name, "rjust") == 0 ||
                    strcmp(name, "center") == 0
                ? 1
                : -1;

    if (i >= 0 && c->arg[i].t == WG_J_STR)
        return wg_j_escape(r, c->arg[i], &c->arg[i]);
    if (strcmp(name, "join") != 0)
        return WG_OK;
    struct wg_j_list *items;
    WG_TRY(wg_j_to_list(r, c->arg[0], &items));
    for (size_t k = 0; k < items->n; k++)
        WG_TRY(wg_j_escape(r, items->v[k], &items->v[k]));
    c->arg[0] = WG_J_LIST_VAL(items);
    return WG_OK;
}

enum wg_status wg_j_markup_method(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    WG_TRY(escape_args(r, c));
    WG_TRY(c->fn->fn(r, c, out));
    if (out->t == WG_J_STR)
        return wg_j_mark(r, *out, true, out);
    for (size_t i = 0; WG_J_IS_SEQUENCE(*out) && i < out->l->n; i++)
        WG_TRY(wg_j_mark(r, out->l->v[i], true, &out->l->v[i]));
    return WG_OK;
}
