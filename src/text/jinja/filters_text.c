/* Filters on text. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define FILTER(name)                                                                               \
    static enum wg_status name(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out)

/* The string method of that name on str(value). */
static enum wg_status by_method(struct wgj_run *r, struct wgj_call *c, const char *name,
                                struct wgj_val *out)
{
    struct wgj_call m = {.pos = c->arg};
    bool refused;

    WG_TRY(wgj_soft_str(r, c->self, &m.self));
    while (m.n < WGJ_MAX_PARAMS && c->arg[m.n].t != WGJ_MISSING)
        m.n++;
    m.fn = wgj_find_method(m.self, name, strlen(name), &refused);
    return wgj_invoke(r, &m, out);
}

FILTER(do_upper)
{
    return by_method(r, c, "upper", out);
}

FILTER(do_lower)
{
    return by_method(r, c, "lower", out);
}

FILTER(do_capitalize)
{
    return by_method(r, c, "capitalize", out);
}

FILTER(do_trim)
{
    return by_method(r, c, "strip", out);
}

FILTER(do_center)
{
    if (c->arg[0].t == WGJ_MISSING)
        c->arg[0] = WGJ_INT_VAL(80);
    return by_method(r, c, "center", out);
}

/* Words begin after white space, hyphens and opening brackets. */
FILTER(do_title)
{
    struct wgj_val s;
    struct wg_buf b;
    bool inside = false;
    int len;

    WG_TRY(wgj_to_str(r, c->self, &s));
    WG_TRY(wgj_work(r, s.s->n));
    wgj_buf_start(r, &b);
    const char *word = s.s->p, *end = s.s->p + s.s->n;
    for (const char *p = word; p < end; p += len) {
        uint32_t cp = wgj_cp(p, &len);
        bool gap = wgj_is_space(cp) || (cp < 0x80 && cp && strchr("-({[<", (int)cp));
        if (gap || !inside)
            word = p;
        wgj_add_case(&b, inside && !gap ? WGJ_LOWER : WGJ_UPPER, inside ? p : word, p, end);
        inside = !gap;
    }
    return wgj_buf_finish(r, &b, WG_OK, out);
}

FILTER(do_replace)
{
    struct wgj_val s, old, new;
    int64_t max = -1;

    WG_TRY(wgj_to_str(r, c->self, &s));
    WG_TRY(wgj_to_str(r, c->arg[0], &old));
    WG_TRY(wgj_to_str(r, c->arg[1], &new));
    if (c->arg[2].t != WGJ_MISSING && c->arg[2].t != WGJ_NONE) {
        if (!WGJ_IS_INT(c->arg[2]))
            return wgj_fail(r, WG_E_INPUT, "'%s' object cannot be interpreted as an integer",
                            wgj_type_name(c->arg[2]));
        max = WGJ_AS_INT(c->arg[2]);
    }
    return wgj_replace(r, s.s, old.s, new.s, max, out);
}

FILTER(do_escape)
{
    return wgj_escape(r, c->self, out);
}

FILTER(do_forceescape)
{
    WG_TRY(wgj_to_str(r, c->self, out));
    return wgj_escape(r, *out, out);
}

/* indent(width=4, first=False, blank=False) */
FILTER(do_indent)
{
    struct wgj_val by = c->arg[0], s = c->self, newline, blank;
    struct wgj_call lines = {0};
    struct wg_buf b;
    bool refused, all = c->arg[2].t != WGJ_MISSING && wgj_truth(c->arg[2]);

    if (by.t != WGJ_STR) {
        WG_TRY(wgj_str_z(r, " ", &blank));
        WG_TRY(wgj_arith(r, '*', blank, by.t == WGJ_MISSING ? WGJ_INT_VAL(4) : by, &by));
    }
    WG_TRY(wgj_str_z(r, "\n", &newline));
    WG_TRY(wgj_arith(r, '+', s, newline, &lines.self));
    lines.fn = wgj_find_method(lines.self, "splitlines", 10, &refused);
    WG_TRY(wgj_invoke(r, &lines, out));
    const struct wgj_list *l = out->l;
    wgj_buf_start(r, &b);
    if (c->arg[1].t != WGJ_MISSING && wgj_truth(c->arg[1]))
        wg_buf_add(&b, by.s->p, by.s->n);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            wg_buf_addc(&b, '\n');
        if (i && (all || l->v[i].s->n))
            wg_buf_add(&b, by.s->p, by.s->n);
        wg_buf_add(&b, l->v[i].s->p, l->v[i].s->n);
    }
    WG_TRY(wgj_buf_finish(r, &b, WG_OK, out));
    return wgj_mark(r, *out, lines.self.s->markup, out);
}

/* truncate(length=255, killwords=False, end='...', leeway=5) */
FILTER(do_truncate)
{
    struct wgj_val s = c->self, end = c->arg[2], cut;
    int64_t n[2] = {255, 5};

    for (int i = 0; i < 2; i++) {
        struct wgj_val v = c->arg[i * 3];
        if (v.t == WGJ_MISSING || (i == 1 && v.t == WGJ_NONE))
            continue;
        if (!WGJ_IS_INT(v))
            return wgj_fail(r, WG_E_INPUT, "truncate() needs whole numbers, not %s",
                            wgj_type_name(v));
        n[i] = WGJ_AS_INT(v);
    }
    if (end.t == WGJ_MISSING)
        WG_TRY(wgj_str_z(r, "...", &end));
    if (end.t != WGJ_STR || (s.t != WGJ_STR && s.t != WGJ_UNDEFINED))
        return wgj_fail(r, WG_E_INPUT, "truncate() needs strings, not %s",
                        wgj_type_name(end.t != WGJ_STR ? end : s));
    int64_t end_chars = (int64_t)wgj_chars(end.s);
    if (n[0] < end_chars)
        return wgj_fail(r, WG_E_INPUT, "expected length >= %lld, got %lld", (long long)end_chars,
                        (long long)n[0]);
    if (n[1] < 0)
        return wgj_fail(r, WG_E_INPUT, "expected leeway >= 0, got %lld", (long long)n[1]);
    *out = s;
    if (s.t == WGJ_UNDEFINED)
        return WG_OK;
    WG_TRY(wgj_work(r, s.s->n));
    if ((int64_t)wgj_chars(s.s) <= n[0] || (int64_t)wgj_chars(s.s) - n[0] <= n[1])
        return WG_OK;
    size_t keep = wgj_char_offset(s.s, (size_t)(n[0] - end_chars));
    if (c->arg[1].t == WGJ_MISSING || !wgj_truth(c->arg[1])) {
        const char *blank = memrchr(s.s->p, ' ', keep);
        keep = blank ? (size_t)(blank - s.s->p) : keep;
    }
    WG_TRY(wgj_str_borrow(r, s.s->p, keep, &cut));
    cut.s->markup = s.s->markup;
    return wgj_arith(r, '+', cut, end, out);
}

FILTER(do_wordcount)
{
    struct wgj_val s;
    int64_t words = 0;
    bool inside = false;
    int len;

    WG_TRY(wgj_to_str(r, c->self, &s));
    WG_TRY(wgj_work(r, s.s->n));
    for (size_t i = 0; i < s.s->n; i += (size_t)len) {
        bool word = wgj_is_word(wgj_cp(s.s->p + i, &len));
        words += word && !inside;
        inside = word;
    }
    *out = WGJ_INT_VAL(words);
    return WG_OK;
}

/* "..." % args, with positional or keyword arguments. */
FILTER(do_format)
{
    struct wgj_list *l;
    struct wgj_dict *d;
    struct wgj_val s;

    if (c->n && c->n_kw)
        return wgj_fail(r, WG_E_INPUT,
                        "can't handle positional and keyword arguments at the same time");
    WG_TRY(wgj_soft_str(r, c->self, &s));
    if (c->n_kw) {
        WG_TRY(wgj_dict_new(r, c->n_kw, &d));
        for (size_t i = 0; i < c->n_kw; i++)
            WG_TRY(wgj_dict_put(r, d, WGJ_STR_VAL(c->kw[i].name), c->kw[i].v));
        return wgj_percent(r, s, WGJ_DICT_VAL(d), out);
    }
    WG_TRY(wgj_list_new(r, c->n, &l));
    for (size_t i = 0; i < c->n; i++)
        l->v[l->n++] = c->pos[i];
    return wgj_percent(r, s, WGJ_TUPLE_VAL(l), out);
}

const struct wgj_builtin wgj_filters_text[] = {
    {"capitalize", "", 0, do_capitalize},
    {"center", "width", 0, do_center},
    {"e", "", 0, do_escape},
    {"escape", "", 0, do_escape},
    {"forceescape", "", 0, do_forceescape},
    {"format", "*", 0, do_format},
    {"indent", "width first blank", 0, do_indent},
    {"lower", "", 0, do_lower},
    {"replace", "old new count", 2, do_replace},
    {"title", "", 0, do_title},
    {"trim", "chars", 0, do_trim},
    {"truncate", "length killwords end leeway", 0, do_truncate},
    {"upper", "", 0, do_upper},
    {"wordcount", "", 0, do_wordcount},
    {0},
};
