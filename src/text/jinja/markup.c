/*
 * Markup: strings that the filters safe and escape return. Jinja never escapes output by itself
 * with the settings of chat templates, but joining such a string to a plain one escapes the plain
 * one for HTML, and templates exist whose prompts depend on it.
 */
#include "text/jinja/run.h"

#include <string.h>

void wgj_add_escaped(struct wg_buf *b, const char *p, size_t n)
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

enum wg_status wgj_mark(struct wgj_run *r, struct wgj_val v, bool markup, struct wgj_val *out)
{
    *out = v;
    if (v.s->markup == markup)
        return WG_OK;
    WG_TRY(wgj_str_borrow(r, v.s->p, v.s->n, out));
    out->s->chars = v.s->chars;
    out->s->tail = v.s->tail;
    out->s->markup = markup;
    return WG_OK;
}

enum wg_status wgj_escape(struct wgj_run *r, struct wgj_val v, struct wgj_val *out)
{
    struct wgj_val s;
    struct wg_buf b;

    *out = v;
    if (WGJ_IS_MARKUP(v))
        return WG_OK;
    WG_TRY(wgj_to_str(r, v, &s));
    WG_TRY(wgj_work(r, s.s->n));
    wgj_buf_start(r, &b);
    wgj_add_escaped(&b, s.s->p, s.s->n);
    WG_TRY(wgj_buf_finish(r, &b, WG_OK, out));
    out->s->markup = true;
    return WG_OK;
}

/* The arguments of a string method that go into the text are escaped first. */
static enum wg_status escape_args(struct wgj_run *r, struct wgj_call *c)
{
    const char *name = c->fn->name;
    int i = strcmp(name, "replace") == 0 ? 1
            : strcmp(name, "ljust") == 0 || strcmp(name, "rjust") == 0 ||
                    strcmp(name, "center") == 0
                ? 1
                : -1;

    if (i >= 0 && c->arg[i].t == WGJ_STR)
        return wgj_escape(r, c->arg[i], &c->arg[i]);
    if (strcmp(name, "join") != 0)
        return WG_OK;
    struct wgj_list *items;
    WG_TRY(wgj_to_list(r, c->arg[0], &items));
    for (size_t k = 0; k < items->n; k++)
        WG_TRY(wgj_escape(r, items->v[k], &items->v[k]));
    c->arg[0] = WGJ_LIST_VAL(items);
    return WG_OK;
}

enum wg_status wgj_markup_method(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out)
{
    WG_TRY(escape_args(r, c));
    WG_TRY(c->fn->fn(r, c, out));
    if (out->t == WGJ_STR)
        return wgj_mark(r, *out, true, out);
    for (size_t i = 0; WGJ_IS_SEQUENCE(*out) && i < out->l->n; i++)
        WG_TRY(wgj_mark(r, out->l->v[i], true, &out->l->v[i]));
    return WG_OK;
}
